/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error contract as one table, and errors that carry a native code. Any
 * thread. */
#include "rtcerror-private.h"

typedef struct
{
  gint native_code;
  gint retryable; /* -1: as the row says */
} ErrorData;

static const GstRtcErrorInfo error_table[] = {
    {GST_RTC_ERROR_INVALID_PARAMS, "INVALID_PARAMS", NULL, "parameter", FALSE,
        "A setting or an argument is not valid"},
    {GST_RTC_ERROR_NOT_IN_ROOM, "NOT_IN_ROOM", NULL, "sequence", FALSE,
        "This needs a room, and none has been joined"},
    {GST_RTC_ERROR_ALREADY_IN_ROOM, "ALREADY_IN_ROOM", NULL, "sequence", FALSE,
        "A room has been joined already"},
    {GST_RTC_ERROR_CONNECTING, "CONNECTING", NULL, "sequence", FALSE,
        "A join is still under way"},
    {GST_RTC_ERROR_ALREADY_PUBLISHED, "ALREADY_PUBLISHED", NULL, "sequence",
        FALSE, "The stream is published already"},
    {GST_RTC_ERROR_NOT_PUBLISHED, "NOT_PUBLISHED", NULL, "sequence", FALSE,
        "The stream is not published"},
    {GST_RTC_ERROR_UID_NOT_FOUND, "UID_NOT_FOUND", NULL, "sequence", FALSE,
        "The user is not in the room"},
    {GST_RTC_ERROR_HAS_INITED, "HAS_INITED", NULL, "sequence", FALSE,
        "The element is initialised already"},
    {GST_RTC_ERROR_STREAM_ID_NOT_FOUND, "STREAM_ID_NOT_FOUND", NULL, "internal",
        TRUE, "The user does not publish this stream"},
    {GST_RTC_ERROR_GET_CONFIG_ERROR, "GET_CONFIG_ERROR", NULL, "internal", TRUE,
        "The configuration could not be had from the room server"},
    {GST_RTC_ERROR_NO_WEBSOCLET_URL, "NO_WEBSOCLET_URL", "NO_WEBSOCKET_URL",
        "internal", TRUE,
        "The room server named no WebSocket address that can be used"},
    {GST_RTC_ERROR_SUBSCRIBE_FAILED, "SUBSCRIBE_FAILED", NULL, "signaling",
        TRUE, "The stream could not be received"},
    {GST_RTC_ERROR_UNSUBSCRIBE_FAILED, "UNSUBSCRIBE_FAILED", NULL, "signaling",
        TRUE, "The subscription could not be ended"},
    {GST_RTC_ERROR_MUTE_LOCAL_ERRO, "MUTE_LOCAL_ERRO", "MUTE_LOCAL_ERROR",
        "signaling", TRUE, "Own media could not be muted or unmuted"},
    {GST_RTC_ERROR_MUTE_REMOTE_ERROR, "MUTE_REMOTE_ERROR", NULL, "signaling",
        TRUE, "Received media could not be paused or resumed"},
    {GST_RTC_ERROR_LEAVE_ERROR, "LEAVE_ERROR", NULL, "signaling", TRUE,
        "The room was left, but the server did not confirm it"},
    {GST_RTC_ERROR_PUBLISH_ERROR, "PUBLISH_ERROR", NULL, "signaling", TRUE,
        "The stream could not be published"},
    {GST_RTC_ERROR_UNPUBLISH_ERRO, "UNPUBLISH_ERRO", "UNPUBLISH_ERROR",
        "signaling", TRUE, "The publication could not be ended"},
    {GST_RTC_ERROR_JOIN_ROOM_ERROR, "JOIN_ROOM_ERROR", NULL, "signaling", TRUE,
        "The room could not be entered"},
    {GST_RTC_ERROR_SIGNALING_TIMEOUT, "SIGNALING_TIMEOUT", NULL, "signaling",
        TRUE, "The room server did not answer in time"},
    {GST_RTC_ERROR_WEBSOCKET_NOT_CONNECTED, "WEBSOCKET_NOT_CONNECTED", NULL,
        "signaling", TRUE, "The connection to the room server is down"},
    {GST_RTC_ERROR_WEBSOCKET_FAILED, "WEBSOCKET_FAILED", NULL, "websocket",
        TRUE, "The connection to the room server broke"},
};

static void init_data (GError *error);
static void copy_data (const GError *source, GError *target);
static void clear_data (GError *error);

/* Registers the domain with the same name that the inline quark of the
 * installed header has, so that both are one domain. */
static void
ensure_domain (void)
{
  static gsize registered = 0;

  if (g_once_init_enter (&registered)) {
    g_error_domain_register_static ("gst-rtc-error-quark", sizeof (ErrorData),
        init_data, copy_data, clear_data);
    g_once_init_leave (&registered, 1);
  }
}

/* The private data lie before the GError, at the distance that GLib uses for
 * an extended domain. */
static ErrorData *
get_data (const GError *error)
{
  const gsize align = 2 * sizeof (gsize);
  const gsize size = (sizeof (ErrorData) + align - 1) & ~(align - 1);

  return (ErrorData *)(((guint8 *)error) - size);
}

static void
init_data (GError *error)
{
  get_data (error)->native_code = 0;
  get_data (error)->retryable = -1;
}

static void
copy_data (const GError *source, GError *target)
{
  *get_data (target) = *get_data (source);
}

static void
clear_data (GError *error)
{
}

const GstRtcErrorInfo *
gst_rtc_error_get_table (guint *n_rows)
{
  *n_rows = G_N_ELEMENTS (error_table);
  return error_table;
}

const GstRtcErrorInfo *
gst_rtc_error_lookup (gint code)
{
  for (guint i = 0; i < G_N_ELEMENTS (error_table); i++) {
    if ((gint)error_table[i].code == code)
      return &error_table[i];
  }
  return NULL;
}

static GError *
new_valist (
    GstRtcError code, gint native_code, const gchar *format, va_list args)
{
  GError *error;

  ensure_domain ();
  error = g_error_new_valist (GST_RTC_ERROR, (gint)code, format, args);
  get_data (error)->native_code = native_code;
  return error;
}

GError *
gst_rtc_error_new (GstRtcError code, gint native_code, const gchar *format, ...)
{
  GError *error;
  va_list args;

  va_start (args, format);
  error = new_valist (code, native_code, format, args);
  va_end (args);
  return error;
}

gboolean
gst_rtc_error_set (GError **error, GstRtcError code, gint native_code,
    const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error)
    *error = new_valist (code, native_code, format, args);
  va_end (args);
  return FALSE;
}

gint
gst_rtc_error_get_native_code (const GError *error)
{
  if (error->domain != GST_RTC_ERROR)
    return 0;
  return get_data (error)->native_code;
}

gboolean
gst_rtc_error_get_retryable (const GError *error)
{
  const GstRtcErrorInfo *info;

  if (error->domain != GST_RTC_ERROR)
    return FALSE;
  if (get_data (error)->retryable != -1)
    return get_data (error)->retryable;
  info = gst_rtc_error_lookup (error->code);
  return info && info->retryable;
}

void
gst_rtc_error_set_retryable (GError *error, gboolean retryable)
{
  g_return_if_fail (error->domain == GST_RTC_ERROR);

  get_data (error)->retryable = !!retryable;
}
