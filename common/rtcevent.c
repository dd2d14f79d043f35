/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of what a room tells, and copies of it. Any thread. */
#include "rtcevent.h"

static const gchar *const connection_states[] = {
    [GST_RTC_CONNECTION_DISCONNECTED] = "disconnected",
    [GST_RTC_CONNECTION_CONNECTING] = "connecting",
    [GST_RTC_CONNECTION_CONNECTED] = "connected",
    [GST_RTC_CONNECTION_RECONNECTING] = "reconnecting",
    [GST_RTC_CONNECTION_FAILED] = "failed",
};

static const gchar *const event_types[GST_RTC_N_EVENTS] = {
    [GST_RTC_EVENT_CONNECTION_STATE] = "connection-state",
    [GST_RTC_EVENT_PEER_ONLINE] = "peer-online",
    [GST_RTC_EVENT_PEER_LEAVE] = "peer-leave",
    [GST_RTC_EVENT_STREAM_ADDED] = "stream-added",
    [GST_RTC_EVENT_STREAM_REMOVED] = "stream-removed",
    [GST_RTC_EVENT_STREAM_MUTED] = "stream-muted",
    [GST_RTC_EVENT_MUTE_AUDIO] = "mute-audio",
    [GST_RTC_EVENT_UNMUTE_AUDIO] = "unmute-audio",
    [GST_RTC_EVENT_MUTE_VIDEO] = "mute-video",
    [GST_RTC_EVENT_UNMUTE_VIDEO] = "unmute-video",
    [GST_RTC_EVENT_CLIENT_BANNED] = "client-banned",
    [GST_RTC_EVENT_TOKEN_WILL_EXPIRE] = "token-will-expire",
    [GST_RTC_EVENT_MEDIA_OPENED] = "media-opened",
    [GST_RTC_EVENT_MEDIA_DESCRIPTION] = "media-description",
    [GST_RTC_EVENT_MEDIA_CANDIDATE] = "media-candidate",
    [GST_RTC_EVENT_MEDIA_CLOSED] = "media-closed",
    [GST_RTC_EVENT_MEDIA_TROUBLE] = "media-trouble",
    [GST_RTC_EVENT_FAILED] = "failed",
    [GST_RTC_EVENT_PUBLICATION_BROKEN] = "publication-broken",
    [GST_RTC_EVENT_PUBLICATION_LOST] = "publication-lost",
};

const gchar *
gst_rtc_connection_state_get_nick (GstRtcConnectionState state)
{
  g_return_val_if_fail (state < G_N_ELEMENTS (connection_states), NULL);

  return connection_states[state];
}

const gchar *
gst_rtc_event_type_get_nick (GstRtcEventType type)
{
  g_return_val_if_fail (type < GST_RTC_N_EVENTS, NULL);

  return event_types[type];
}

GstRtcEvent *
gst_rtc_event_copy (const GstRtcEvent *event)
{
  GstRtcEvent *copy = g_new (GstRtcEvent, 1);

  *copy = *event;
  copy->user_id = g_strdup (event->user_id);
  copy->stream = event->stream ? gst_rtc_stream_copy (event->stream) : NULL;
  copy->reason = g_strdup (event->reason);
  copy->media_session = g_strdup (event->media_session);
  copy->sdp = g_strdup (event->sdp);
  copy->candidate = g_strdup (event->candidate);
  copy->error = event->error ? g_error_copy (event->error) : NULL;
  return copy;
}

void
gst_rtc_event_free (GstRtcEvent *event)
{
  if (!event)
    return;
  g_free ((gchar *)event->user_id);
  gst_rtc_stream_free ((GstRtcStream *)event->stream);
  g_free ((gchar *)event->reason);
  g_free ((gchar *)event->media_session);
  g_free ((gchar *)event->sdp);
  g_free ((gchar *)event->candidate);
  g_clear_error ((GError **)&event->error);
  g_free (event);
}
