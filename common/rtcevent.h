/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a room tells, in words that every back-end shares. Plain values. */
#pragma once

#include <glib.h>

#include "rtcroster.h"

G_BEGIN_DECLS

/* Of the signaling connection. */
typedef enum
{
  GST_RTC_CONNECTION_DISCONNECTED,
  GST_RTC_CONNECTION_CONNECTING,
  GST_RTC_CONNECTION_CONNECTED, /* in the room */
  GST_RTC_CONNECTION_RECONNECTING,
  GST_RTC_CONNECTION_FAILED
} GstRtcConnectionState;

/* `disconnected`, `connecting`, ... */
const gchar *gst_rtc_connection_state_get_nick (GstRtcConnectionState state);

typedef enum
{
  /* old_state, new_state, attempt, delay, reason; after an attempt that
   * succeeded the reason is `resumed` or `rejoined` */
  GST_RTC_EVENT_CONNECTION_STATE,
  /* user_id; reason of the leave */
  GST_RTC_EVENT_PEER_ONLINE,
  GST_RTC_EVENT_PEER_LEAVE,
  /* user_id, stream; reason of the removal (`muted` when by muting) */
  GST_RTC_EVENT_STREAM_ADDED,
  GST_RTC_EVENT_STREAM_REMOVED,
  /* user_id, screen, media (all that is muted now): only from a dialect to
   * the room client, which makes the facts around it out of it */
  GST_RTC_EVENT_STREAM_MUTED,
  /* user_id, stream */
  GST_RTC_EVENT_MUTE_AUDIO,
  GST_RTC_EVENT_UNMUTE_AUDIO,
  GST_RTC_EVENT_MUTE_VIDEO,
  GST_RTC_EVENT_UNMUTE_VIDEO,
  /* reason; the client is out of the room, and error follows as FAILED */
  GST_RTC_EVENT_CLIENT_BANNED,
  /* seconds */
  GST_RTC_EVENT_TOKEN_WILL_EXPIRE,
  /* media_session, user_id (of the other side, NULL for a server that takes
   * it for all), screen, sends, media (wanted by a viewer). Again with the
   * same id when media changes */
  GST_RTC_EVENT_MEDIA_OPENED,
  /* media_session, sdp */
  GST_RTC_EVENT_MEDIA_DESCRIPTION,
  /* media_session, mline, candidate (`candidate:...`, empty at the end) */
  GST_RTC_EVENT_MEDIA_CANDIDATE,
  /* media_session, reason, error (nullable: ended in order) */
  GST_RTC_EVENT_MEDIA_CLOSED,
  /* media_session, user_id, screen, error: something is wrong with it, and it
   * goes on */
  GST_RTC_EVENT_MEDIA_TROUBLE,
  /* error, retrying: a failure that no request asked for. retrying FALSE:
   * the client is out of the room, or in it without a connection where
   * attempts to come back are turned off */
  GST_RTC_EVENT_FAILED,
  /* screen, error: the media of what is published has ended at a server that
   * takes it for all, and the room client publishes again. Once for a series
   * of attempts; without one PUBLICATION_LOST comes instead */
  GST_RTC_EVENT_PUBLICATION_BROKEN,
  /* screen, error: what was published is not any more: the server refused it
   * when the connection or its media came back, or it did not come back */
  GST_RTC_EVENT_PUBLICATION_LOST,
  GST_RTC_N_EVENTS
} GstRtcEventType;

/**
 * GstRtcEvent:
 *
 * Which fields are set is said at the type. Borrowed during the callback.
 */
typedef struct
{
  GstRtcEventType type;
  const gchar *user_id;
  const GstRtcStream *stream;
  gboolean screen;
  const gchar *reason;
  GstRtcConnectionState old_state;
  GstRtcConnectionState new_state;
  guint attempt;
  guint delay; /* ms until the attempt */
  guint seconds;
  const gchar *media_session;
  gboolean sends; /* TRUE: the own side is the sender, and offers */
  GstRtcMedia media;
  const gchar *sdp;
  guint mline;
  const gchar *candidate;
  const GError *error;
  gboolean retrying;
} GstRtcEvent;

/* `peer-online`, `stream-added`, ...; with `rtc-` before it the name of the
 * element message of a fact. */
const gchar *gst_rtc_event_type_get_nick (GstRtcEventType type);

/* An owned copy of all that @event points to, and its end (NULL is fine).
 * Only for copies: a borrowed event is never freed. */
GstRtcEvent *gst_rtc_event_copy (
    const GstRtcEvent *event) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_event_free (GstRtcEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcEvent, gst_rtc_event_free)

G_END_DECLS
