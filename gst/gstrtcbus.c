/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one place that turns a failure or a room event into a GstMessage. Any
 * thread. */
#include "gstrtcbus.h"

#include "rtcerror-private.h"

GstRtcFailureStream
gst_rtc_failure_stream (gboolean screen)
{
  return screen ? GST_RTC_FAILURE_SCREEN : GST_RTC_FAILURE_CAMERA;
}

/* What an application gave as an id may be anything. */
static void
set_string (GstStructure *structure, const gchar *field, const gchar *value)
{
  if (value && g_utf8_validate (value, -1, NULL))
    gst_structure_set (structure, field, G_TYPE_STRING, value, NULL);
}

GstStructure *
gst_rtc_bus_describe_failure (const GstRtcFailure *failure)
{
  const GError *error = failure->error;
  const GstRtcErrorInfo *info = gst_rtc_error_lookup (error->code);
  gint native_code = gst_rtc_error_get_native_code (error);
  GstStructure *details;

  g_return_val_if_fail (info != NULL, NULL);

  details = gst_structure_new ("rtc-failure", GST_RTC_DETAIL_CODE, G_TYPE_INT,
      error->code, GST_RTC_DETAIL_SYMBOL, G_TYPE_STRING, info->symbol,
      GST_RTC_DETAIL_CATEGORY, G_TYPE_STRING, info->category,
      GST_RTC_DETAIL_OPERATION, G_TYPE_STRING,
      gst_rtc_operation_get_nick (failure->operation), GST_RTC_DETAIL_REASON,
      G_TYPE_STRING, error->message, GST_RTC_DETAIL_RETRYABLE, G_TYPE_BOOLEAN,
      gst_rtc_error_get_retryable (error), GST_RTC_DETAIL_BACKEND,
      G_TYPE_STRING, gst_rtc_backend_get_nick (failure->backend), NULL);
  set_string (details, GST_RTC_DETAIL_USER_ID, failure->user_id);
  set_string (details, GST_RTC_DETAIL_ROOM_ID, failure->room_id);
  if (failure->stream != GST_RTC_FAILURE_NO_STREAM) {
    set_string (details, GST_RTC_DETAIL_STREAM,
        gst_rtc_stream_get_nick (failure->stream == GST_RTC_FAILURE_SCREEN));
  }
  if (native_code != 0) {
    gst_structure_set (
        details, GST_RTC_DETAIL_NATIVE_CODE, G_TYPE_INT, native_code, NULL);
  }
  return details;
}

GstMessage *
gst_rtc_bus_new_failure (
    GstElement *element, GstMessageType severity, const GstRtcFailure *failure)
{
  const GstRtcErrorInfo *info = gst_rtc_error_lookup (failure->error->code);
  GstStructure *details = gst_rtc_bus_describe_failure (failure);
  g_autoptr (GError) posted = g_error_copy (failure->error);
  g_autofree gchar *debug = NULL;
  GstMessage *message;

  g_return_val_if_fail (details != NULL, NULL);

  g_free (posted->message);
  posted->message =
      g_strdup_printf ("%s: %s", info->text, failure->error->message);
  debug = g_strdup_printf ("%d %s, operation %s", posted->code, info->symbol,
      gst_rtc_operation_get_nick (failure->operation));

  if (severity == GST_MESSAGE_ERROR) {
    message = gst_message_new_error_with_details (
        GST_OBJECT (element), posted, debug, details);
  } else {
    message = gst_message_new_warning_with_details (
        GST_OBJECT (element), posted, debug, details);
  }
  GST_INFO_OBJECT (element, "%s (%s)", posted->message, debug);
  return message;
}

static GstStructure *
new_fact (const GstRtcEvent *event)
{
  g_autofree gchar *name =
      g_strconcat ("rtc-", gst_rtc_event_type_get_nick (event->type), NULL);
  GstStructure *fact = gst_structure_new_empty (name);

  set_string (fact, "user-id", event->user_id);
  set_string (fact, "reason", event->reason);
  return fact;
}

static void
set_stream (GstStructure *fact, const GstRtcStream *stream)
{
  GstRtcMedia enabled = gst_rtc_stream_get_enabled (stream);

  gst_structure_set (fact, "screen", G_TYPE_BOOLEAN, stream->screen, "audio",
      G_TYPE_BOOLEAN, (enabled & GST_RTC_MEDIA_AUDIO) != 0, "video",
      G_TYPE_BOOLEAN, (enabled & GST_RTC_MEDIA_VIDEO) != 0, NULL);
  set_string (fact, "audio-codec", stream->audio_codec);
  set_string (fact, "video-codec", stream->video_codec);
}

GstStructure *
gst_rtc_bus_describe_event (const GstRtcEvent *event)
{
  GstStructure *fact;

  switch (event->type) {
    case GST_RTC_EVENT_PEER_ONLINE:
    case GST_RTC_EVENT_PEER_LEAVE:
    case GST_RTC_EVENT_CLIENT_BANNED:
      return new_fact (event);
    case GST_RTC_EVENT_STREAM_ADDED:
    case GST_RTC_EVENT_STREAM_REMOVED:
    case GST_RTC_EVENT_MUTE_AUDIO:
    case GST_RTC_EVENT_UNMUTE_AUDIO:
    case GST_RTC_EVENT_MUTE_VIDEO:
    case GST_RTC_EVENT_UNMUTE_VIDEO:
      fact = new_fact (event);
      if (event->stream)
        set_stream (fact, event->stream);
      return fact;
    case GST_RTC_EVENT_TOKEN_WILL_EXPIRE:
      fact = new_fact (event);
      gst_structure_set (fact, "seconds", G_TYPE_UINT, event->seconds, NULL);
      return fact;
    case GST_RTC_EVENT_CONNECTION_STATE:
      fact = new_fact (event);
      gst_structure_set (fact, "old", G_TYPE_STRING,
          gst_rtc_connection_state_get_nick (event->old_state), "new",
          G_TYPE_STRING, gst_rtc_connection_state_get_nick (event->new_state),
          "attempt", G_TYPE_UINT, event->attempt, "delay", G_TYPE_UINT,
          event->delay, NULL);
      return fact;
    default:
      return NULL;
  }
}
