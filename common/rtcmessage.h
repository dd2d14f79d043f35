/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message of the room protocol (common/server/PROTOCOL.md) as an
 * immutable value: build, parse, describe. Any thread. */
#pragma once

#include <glib.h>

#include "rtcroster.h"

G_BEGIN_DECLS

#define GST_RTC_ROOM_SUBPROTOCOL "rtc-room.v1"

/* What fits the answer to a join beside the largest roster. */
#define GST_RTC_MAX_LISTED_SESSIONS 512

typedef enum
{
  /* Requests: client to server, with an id, answered by OK or ERROR. */
  GST_RTC_MESSAGE_JOIN,
  GST_RTC_MESSAGE_LEAVE,
  GST_RTC_MESSAGE_RENEW_TOKEN,
  GST_RTC_MESSAGE_SET_VISIBILITY,
  GST_RTC_MESSAGE_PUBLISH,
  GST_RTC_MESSAGE_UNPUBLISH,
  GST_RTC_MESSAGE_SUBSCRIBE,
  GST_RTC_MESSAGE_UNSUBSCRIBE,
  GST_RTC_MESSAGE_MUTE_LOCAL,
  GST_RTC_MESSAGE_MUTE_REMOTE,
  GST_RTC_MESSAGE_PING, /* for clients that cannot send WebSocket pings */
  /* Answers: server to client, with the id of the request. */
  GST_RTC_MESSAGE_OK,
  GST_RTC_MESSAGE_ERROR,
  /* Media session notices: both ways, no id, no answer. */
  GST_RTC_MESSAGE_OFFER,
  GST_RTC_MESSAGE_ANSWER,
  GST_RTC_MESSAGE_CANDIDATE,
  GST_RTC_MESSAGE_SESSION_CLOSED,
  /* Events: server to client, no id. */
  GST_RTC_MESSAGE_SESSION_OPENED,
  GST_RTC_MESSAGE_PEER_ONLINE,
  GST_RTC_MESSAGE_PEER_LEAVE,
  GST_RTC_MESSAGE_STREAM_ADDED,
  GST_RTC_MESSAGE_STREAM_REMOVED,
  GST_RTC_MESSAGE_STREAM_MUTED,
  GST_RTC_MESSAGE_CLIENT_BANNED,
  GST_RTC_MESSAGE_TOKEN_WILL_EXPIRE,
  GST_RTC_MESSAGE_CLOSING,
  GST_RTC_N_MESSAGES
} GstRtcMessageType;

/* A boolean that may be absent from the wire. */
typedef enum
{
  GST_RTC_UNSET,
  GST_RTC_FALSE,
  GST_RTC_TRUE
} GstRtcOptional;

/**
 * GstRtcMessageUser:
 * @user: id
 * @streams: (element-type GstRtcStream): owned
 *
 * One row of the roster that the answer to a join carries.
 */
typedef struct
{
  gchar *user;
  GPtrArray *streams;
} GstRtcMessageUser;

GstRtcMessageUser *gst_rtc_message_user_new (
    const gchar *user) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_message_user_free (GstRtcMessageUser *user);

/**
 * GstRtcMessageFields:
 *
 * Every field that some message has; which of them a message carries, and
 * which it must, is its row of the table in rtcmessage.c. A field is absent
 * from the wire when it is NULL, 0 or unset. Strings are borrowed by
 * gst_rtc_message_new (), which copies.
 */
typedef struct
{
  guint id;            /* of a request and its answer, from 1 */
  const gchar *app;    /* application id */
  const gchar *room;   /* room id */
  const gchar *user;   /* user id */
  const gchar *token;  /* never described */
  const gchar *secret; /* to resume a session; never described */
  GstRtcOptional visible;
  GstRtcOptional screen; /* which stream; unset means camera */
  GstRtcOptional audio;  /* subscribe: wanted; mute: disabled */
  GstRtcOptional video;
  const gchar *audio_codec; /* RTP encoding name */
  const gchar *video_codec;
  GstRtcOptional audio_muted; /* state of a stream */
  GstRtcOptional video_muted;
  const gchar *session; /* media session id */
  const gchar *sdp;
  const gchar *candidate; /* empty text: end of candidates */
  const gchar *mid;
  gint mline;             /* index of the m-line from 0; -1 absent */
  gint code;              /* of ERROR: a documented code */
  const gchar *reason;    /* for a person */
  guint seconds;          /* until something happens, or an interval */
  GPtrArray *users;       /* (element-type GstRtcMessageUser) of a join */
  GstRtcOptional resumed; /* answer to a join: the held session goes on */
  GPtrArray *sessions;    /* (element-type utf8) that stand, when it does */
} GstRtcMessageFields;

typedef struct _GstRtcMessage GstRtcMessage;

/* Copies @fields. A required field that is missing is our own bug. */
GstRtcMessage *gst_rtc_message_new (GstRtcMessageType type,
    const GstRtcMessageFields *fields) G_GNUC_WARN_UNUSED_RESULT;

/* Parses one text frame of at most GST_RTC_MAX_MESSAGE_BYTES. NULL and
 * 100001 when it is not a message of this protocol: bad JSON, unknown type,
 * a required field missing, a wrong kind, a bad id. Unknown fields are
 * ignored. @id (nullable) receives the request id also on failure, where one
 * could be read, else 0, so that a server can answer. */
GstRtcMessage *gst_rtc_message_parse (const gchar *text, gsize length,
    guint *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for the server, which refuses more than
 * GST_RTC_MAX_REQUEST_VALUES as well. */
GstRtcMessage *gst_rtc_message_parse_of_client (const gchar *text, gsize length,
    guint *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

GstRtcMessage *gst_rtc_message_ref (GstRtcMessage *message);
void gst_rtc_message_unref (GstRtcMessage *message);

GstRtcMessageType gst_rtc_message_get_type_id (const GstRtcMessage *message);
/* Borrowed, valid as long as @message. */
const GstRtcMessageFields *gst_rtc_message_get_fields (
    const GstRtcMessage *message);

/* The wire name of @type. */
const gchar *gst_rtc_message_type_get_name (GstRtcMessageType type);
/* TRUE for the types that carry an id and are answered. */
gboolean gst_rtc_message_type_is_request (GstRtcMessageType type);
/* TRUE for what a client may send. */
gboolean gst_rtc_message_type_is_from_client (GstRtcMessageType type);

/* The text frame. Free with g_free (). */
gchar *gst_rtc_message_to_text (
    const GstRtcMessage *message) G_GNUC_WARN_UNUSED_RESULT;

/* One line for the log: type, ids, sizes; no token, secret, description or
 * candidate. Free with g_free (). */
gchar *gst_rtc_message_describe (
    const GstRtcMessage *message) G_GNUC_WARN_UNUSED_RESULT;

/* @fallback where @value is unset. */
gboolean gst_rtc_optional_get (GstRtcOptional value, gboolean fallback);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcMessage, gst_rtc_message_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcMessageUser, gst_rtc_message_user_free)

G_END_DECLS
