/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the Janus dialect share: the membership of the room, and
 * the way up to the room client. Belongs to the worker. */
#pragma once

#include "rtcevent.h"
#include "rtcjanusfeeds.h"
#include "rtcjanuslink.h"

G_BEGIN_DECLS

/* How long after it a name is tried again that an old session of ours may
 * still hold. */
#define GST_RTC_JANUS_GHOST_RETRY (250 * G_TIME_SPAN_MILLISECOND)

/**
 * GstRtcJanusUp:
 *
 * The way up: as in GstRtcDialectHost.
 */
typedef struct
{
  void (*send) (const gchar *text, gpointer user_data);
  void (*answered) (guint id, const GstRtcAnswer *answer, const GError *error,
      gpointer user_data);
  void (*extend) (guint id, guint ms, gpointer user_data);
  void (*event) (const GstRtcEvent *event, gpointer user_data);
} GstRtcJanusUp;

/**
 * GstRtcJanusRoom:
 * @config: of the join
 * @token: (nullable): the one of the room, renewed or not
 * @main: (nullable): the handle that is in the room as the user; the camera
 *   is published by it, and what happens in the room is told to it
 * @main_id: its id in the room
 * @private_id: proof of membership for subscriptions, 0 for none
 * @main_used: it has had a transport
 * @main_closing: that is on its way out
 * @main_free: monotonic time before which it takes no other one
 * @came_back: not by the first join: members of ours that broke may still be
 *   in the room
 * @open: ids of requests that are not answered
 * @old_token: (nullable): while another one is tried
 * @media, @entry: the other parts, not owned
 */
typedef struct
{
  GstRtcJanusUp up;
  gpointer up_data;
  GstRtcConfig *config;
  gchar *token;
  gchar *old_token;
  gboolean string_ids;
  GstRtcJanusLink *link;
  GstRtcJanusFeeds *feeds;
  GstRtcJanusHandle *main;
  gchar *main_id;
  gint64 private_id;
  gboolean main_used;
  gboolean main_closing;
  gint64 main_free;
  gboolean came_back;
  GHashTable *open;
  struct _GstRtcJanusMedia *media;
  struct _GstRtcJanusEntry *entry;
} GstRtcJanusRoom;

/* Makes link and feeds; the rest is zero. */
void gst_rtc_janus_room_init (GstRtcJanusRoom *room);
void gst_rtc_janus_room_clear (GstRtcJanusRoom *room);

/* Ends of a request; nothing happens when it has ended before, or is 0. */
void gst_rtc_janus_room_answer (
    GstRtcJanusRoom *room, guint id, const GstRtcAnswer *answer);
void gst_rtc_janus_room_fail (
    GstRtcJanusRoom *room, guint id, const GError *error);
/* By the refusal that @reply is. */
void gst_rtc_janus_room_refuse (GstRtcJanusRoom *room, guint id,
    GstRtcOperation operation, const GstRtcJanusMessage *reply);
/* A step of it is done, and the next one has a deadline of its own: @ms, 0
 * for that of every request. */
void gst_rtc_janus_room_extend (GstRtcJanusRoom *room, guint id, guint ms);

void gst_rtc_janus_room_emit (GstRtcJanusRoom *room, const GstRtcEvent *event);

/* A body that enters the room as @ptype. With @named it is told who we are:
 * for the screen stream when @screen is set. */
GstRtcJson *gst_rtc_janus_room_new_join (GstRtcJanusRoom *room,
    const gchar *ptype, gboolean named,
    gboolean screen) G_GNUC_WARN_UNUSED_RESULT;
/* A body with the room in it. */
GstRtcJson *gst_rtc_janus_room_new_body (
    GstRtcJanusRoom *room, const gchar *request) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
