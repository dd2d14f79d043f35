/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two halves of the room logic share: rtcroom.c (who is there) and
 * rtcroommedia.c (streams and media sessions). Belongs to one thread. */
#pragma once

#include "rtcroom.h"
#include "rtctoken.h"

G_BEGIN_DECLS

typedef struct _GstRtcRoom GstRtcRoom;
typedef struct _GstRtcMember GstRtcMember;

/**
 * GstRtcLink:
 * @id: the connection
 * @member: (nullable): who joined over it
 * @ended: the room asked to close it; what still arrives is ignored
 *
 * One open connection.
 */
typedef struct
{
  GstRtcConnectionId id;
  GstRtcMember *member;
  gboolean ended;
} GstRtcLink;

/**
 * GstRtcMediaSession:
 * @wanted: what the viewer subscribed to
 * @paused: what the viewer muted
 *
 * One stream on its way to one viewer; the other half of a subscription.
 */
typedef struct
{
  gchar *id;
  GstRtcMember *publisher;
  GstRtcMember *viewer;
  gboolean screen;
  GstRtcMedia wanted;
  GstRtcMedia paused;
} GstRtcMediaSession;

/**
 * GstRtcMember:
 * @link: (nullable): NULL while the user is held after a lost connection
 * @held_until: monotonic time, while @link is NULL
 * @token: (nullable): NULL in open mode
 * @serving: (element-type GstRtcMediaSession): in which it publishes
 * @viewing: (element-type GstRtcMediaSession): in which it views; owned by
 *   the table of sessions, both
 *
 * One user of a room, visible or not.
 */
struct _GstRtcMember
{
  GstRtcRoom *room;
  gchar *user;
  gchar *secret;
  gboolean visible;
  GstRtcLink *link;
  gint64 held_until;
  GstRtcToken *token;
  gboolean warned; /* of the end of the token */
  GPtrArray *serving;
  GPtrArray *viewing;
};

/**
 * GstRtcRoom:
 * @members: user id to member, owned
 * @roster: the visible ones and what they publish
 */
struct _GstRtcRoom
{
  gchar *key;
  gchar *app;
  gchar *name;
  GHashTable *members;
  GstRtcRoster *roster;
};

struct _GstRtcRooms
{
  GstRtcRoomsSettings settings; /* strings owned */
  GstRtcRoomsOutput output;
  gpointer user_data;
  GHashTable *links;    /* connection -> link, owned */
  GHashTable *rooms;    /* key -> room, owned */
  GHashTable *sessions; /* id -> media session, owned */
  gint64 due;           /* monotonic time of the next tick that matters */
};

/* One message that is being handled. */
typedef struct
{
  GstRtcRooms *rooms;
  GstRtcLink *link;
  GstRtcMember *member; /* NULL before the join */
  GstRtcMessageType type;
  const GstRtcMessageFields *fields;
  gint64 now;
  gint64 wall;
} GstRtcRoomRequest;

/* Answers to @request; exactly one of them is called for it. */
void gst_rtc_room_answer_ok (
    GstRtcRoomRequest *request, const GstRtcMessageFields *fields);
void gst_rtc_room_answer_error (
    GstRtcRoomRequest *request, gint code, const gchar *reason);

/* A message for one user; nothing where it would not hear it. */
void gst_rtc_room_tell (GstRtcRooms *rooms, GstRtcMember *member,
    GstRtcMessageType type, const GstRtcMessageFields *fields);
/* And for all in its room but itself. */
void gst_rtc_room_tell_others (GstRtcRooms *rooms, GstRtcMember *member,
    GstRtcMessageType type, const GstRtcMessageFields *fields);

GstRtcMember *gst_rtc_room_find_member (GstRtcRoom *room, const gchar *user);
gboolean gst_rtc_room_member_allowed (
    GstRtcMember *member, GstRtcPrivilege privilege, gint64 wall);

/* rtcroommedia.c: the requests and notices about media. */
void gst_rtc_room_publish (GstRtcRoomRequest *request);
void gst_rtc_room_unpublish (GstRtcRoomRequest *request);
void gst_rtc_room_subscribe (GstRtcRoomRequest *request);
void gst_rtc_room_unsubscribe (GstRtcRoomRequest *request);
void gst_rtc_room_mute_local (GstRtcRoomRequest *request);
void gst_rtc_room_mute_remote (GstRtcRoomRequest *request);
void gst_rtc_room_relay (GstRtcRoomRequest *request);

/* The sender uses a privilege from now on, whose end is to be noticed. */
void gst_rtc_room_note_use (GstRtcRoomRequest *request);

gboolean gst_rtc_room_publishes (const GstRtcMember *member);
/* Ends what @member publishes or views for want of the right to it. Unlike
 * others it has not asked for that, so it is told of each. */
void gst_rtc_room_revoke_streams (
    GstRtcRooms *rooms, GstRtcMember *member, const gchar *reason);
void gst_rtc_room_revoke_views (
    GstRtcRooms *rooms, GstRtcMember *member, const gchar *reason);

/* Ends all that @member publishes: the room hears of each stream, viewers of
 * each session, and so does @member when @tell_member. */
void gst_rtc_room_end_streams (GstRtcRooms *rooms, GstRtcMember *member,
    const gchar *reason, gboolean tell_member);
/* Ends all that @member views; the publishers hear of it. */
void gst_rtc_room_end_views (
    GstRtcRooms *rooms, GstRtcMember *member, const gchar *reason);
/* Tells @member, who came back, what it is to serve. */
void gst_rtc_room_repeat_sessions (GstRtcRooms *rooms, GstRtcMember *member);

void gst_rtc_media_session_free (GstRtcMediaSession *session);

G_END_DECLS
