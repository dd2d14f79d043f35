/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of the Janus API and of its VideoRoom plugin: parsing, building,
 * and the table of its error numbers. Plain values, no I/O. */
#pragma once

#include "rtcjson.h"
#include "rtcrequest.h"

G_BEGIN_DECLS

#define GST_RTC_JANUS_SUBPROTOCOL "janus-protocol"
#define GST_RTC_JANUS_PLUGIN "janus.plugin.videoroom"
/* A `joined` event of a full room passes what our own server may send. */
#define GST_RTC_JANUS_MAX_MESSAGE_BYTES (1024 * 1024)

/* The member `janus` of what the server sends. */
typedef enum
{
  GST_RTC_JANUS_OTHER, /* nothing that we act upon */
  GST_RTC_JANUS_ACK,
  GST_RTC_JANUS_SUCCESS,
  GST_RTC_JANUS_SERVER_INFO,
  GST_RTC_JANUS_EVENT,
  GST_RTC_JANUS_ERROR,
  GST_RTC_JANUS_WEBRTCUP,
  GST_RTC_JANUS_MEDIA,
  GST_RTC_JANUS_SLOWLINK,
  GST_RTC_JANUS_TRICKLE,
  GST_RTC_JANUS_HANGUP,
  GST_RTC_JANUS_DETACHED,
  GST_RTC_JANUS_TIMEOUT,
  GST_RTC_JANUS_N_VERBS
} GstRtcJanusVerb;

/**
 * GstRtcJanusMessage:
 * @transaction: (nullable): of the request that it answers
 * @session_id, @sender: session and handle, 0 where there is none
 * @root: the whole of it
 * @data: (nullable): of the plugin, or of a reply of the core
 * @sdp: (nullable): of a description that came with it
 * @sdp_is_offer: its type
 * @error_code: of the core or of the plugin, 0 for none
 * @error_reason: (nullable)
 *
 * Strings and objects belong to the message.
 */
typedef struct
{
  GstRtcJanusVerb verb;
  const gchar *transaction;
  gint64 session_id;
  gint64 sender;
  GstRtcJson *root;
  GstRtcJson *data;
  const gchar *sdp;
  gboolean sdp_is_offer;
  gint error_code;
  const gchar *error_reason;
  GstRtcJson *parts[4]; /* what the strings are borrowed from */
} GstRtcJanusMessage;

/* NULL with a fault in @error (domain of rtcjson) for what is no JSON object
 * within the bounds, or has no member `janus`. */
GstRtcJanusMessage *gst_rtc_janus_message_parse (
    const gchar *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_janus_message_free (GstRtcJanusMessage *message);

/* `ack`, `event`, ... for logs. */
const gchar *gst_rtc_janus_verb_get_nick (GstRtcJanusVerb verb);

/* Numbers that something can be done about. */
#define GST_RTC_JANUS_NO_SUCH_ROOM 426
#define GST_RTC_JANUS_ROOM_EXISTS 427
#define GST_RTC_JANUS_NO_SUCH_FEED 428
#define GST_RTC_JANUS_INVALID_ELEMENT 430
#define GST_RTC_JANUS_ID_EXISTS 436
#define GST_RTC_JANUS_WEBRTC_STATE 471
#define GST_RTC_JANUS_UNKNOWN 490

/* What an error number says beside that the request was refused. */
typedef enum
{
  GST_RTC_JANUS_REFUSED,
  GST_RTC_JANUS_NO_TARGET,    /* the stream that was named is not there */
  GST_RTC_JANUS_SESSION_GONE, /* the session is not known any more */
  GST_RTC_JANUS_HANDLE_GONE,  /* likewise, the handle */
  GST_RTC_JANUS_NOT_JOINED,   /* the handle is in no room, or left it */
  GST_RTC_JANUS_NOT_PUBLISHED
} GstRtcJanusFate;

/**
 * GstRtcJanusErrorInfo:
 * @code: of the core (403, 450 to 490) or of VideoRoom (421 to 438, 499)
 * @name: as Janus spells it, without its prefix
 * @retryable: the same again can succeed
 */
typedef struct
{
  gint code;
  const gchar *name;
  GstRtcJanusFate fate;
  gboolean retryable;
} GstRtcJanusErrorInfo;

/* All of Janus 1.1 to 1.4, in the order of their numbers. */
const GstRtcJanusErrorInfo *gst_rtc_janus_get_errors (guint *n_errors);

/* Numbers that no table has are refusals that can be tried again. */
GstRtcJanusFate gst_rtc_janus_get_fate (gint code);

/* TRUE when the error says that what @operation is to end has ended: that is
 * success to its caller. */
gboolean gst_rtc_janus_is_done (GstRtcOperation operation, gint code);

/* The error of a refused @operation, with @code as native code: its own code,
 * or 200001 where a stream was named that is not there. @reason nullable. */
GError *gst_rtc_janus_make_refusal (GstRtcOperation operation, gint code,
    const gchar *reason) G_GNUC_WARN_UNUSED_RESULT;

/* An id of a room or of a member, which is a number or a string: its text,
 * NULL when @json has neither under @name. */
gchar *gst_rtc_janus_get_id (
    GstRtcJson *json, const gchar *name) G_GNUC_WARN_UNUSED_RESULT;
/* Sets @id, as a string when @as_string, else as the number that it is. */
void gst_rtc_janus_set_id (
    GstRtcJson *json, const gchar *name, const gchar *id, gboolean as_string);
/* TRUE for what can be an id of a room that is a number. */
gboolean gst_rtc_janus_id_is_number (const gchar *id);

/* A body of a plugin request. */
GstRtcJson *gst_rtc_janus_body_new (
    const gchar *request) G_GNUC_WARN_UNUSED_RESULT;

/* The mid of the first m-line of @medium (`audio`, `video`) of a description,
 * NULL when there is none. */
gchar *gst_rtc_janus_find_mid (
    const gchar *sdp, const gchar *medium) G_GNUC_WARN_UNUSED_RESULT;

/* The offer of a subscription as webrtcbin 1.22 answers it well. @text has
 * CRLF at the ends of its lines. */
gchar *gst_rtc_janus_adapt_offer (const gchar *text) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcJanusMessage, gst_rtc_janus_message_free)

G_END_DECLS
