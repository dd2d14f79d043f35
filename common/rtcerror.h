/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The error contract: domain, codes and names of the fields in the details.
 * Installed as <gst/rtc/rtcerror.h>; needs GLib only, nothing to link.
 * Usable from any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GST_RTC_ERROR:
 *
 * Domain of each #GError that rtcsink and rtcsrc post on the bus or put in
 * the answer of a promise. Its codes are #GstRtcError.
 */
#define GST_RTC_ERROR (gst_rtc_error_quark ())

static inline GQuark
gst_rtc_error_quark (void)
{
  return g_quark_from_static_string ("gst-rtc-error-quark");
}

/**
 * GstRtcError:
 *
 * The documented codes. Numbers never change their meaning. Three names are
 * kept in the spelling of the documentation and have a corrected alias.
 */
typedef enum
{
  GST_RTC_ERROR_INVALID_PARAMS = 100001,
  GST_RTC_ERROR_NOT_IN_ROOM = 100002,
  GST_RTC_ERROR_ALREADY_IN_ROOM = 100003,
  GST_RTC_ERROR_CONNECTING = 100004,
  GST_RTC_ERROR_ALREADY_PUBLISHED = 100005,
  GST_RTC_ERROR_NOT_PUBLISHED = 100006,
  GST_RTC_ERROR_UID_NOT_FOUND = 100007,
  GST_RTC_ERROR_HAS_INITED = 100008,
  GST_RTC_ERROR_STREAM_ID_NOT_FOUND = 200001,
  GST_RTC_ERROR_GET_CONFIG_ERROR = 200002,
  GST_RTC_ERROR_NO_WEBSOCLET_URL = 200003,
  GST_RTC_ERROR_NO_WEBSOCKET_URL = GST_RTC_ERROR_NO_WEBSOCLET_URL,
  GST_RTC_ERROR_SUBSCRIBE_FAILED = 300001,
  GST_RTC_ERROR_UNSUBSCRIBE_FAILED = 300002,
  GST_RTC_ERROR_MUTE_LOCAL_ERRO = 300003,
  GST_RTC_ERROR_MUTE_LOCAL_ERROR = GST_RTC_ERROR_MUTE_LOCAL_ERRO,
  GST_RTC_ERROR_MUTE_REMOTE_ERROR = 300004,
  GST_RTC_ERROR_LEAVE_ERROR = 300005,
  GST_RTC_ERROR_PUBLISH_ERROR = 300006,
  GST_RTC_ERROR_UNPUBLISH_ERRO = 300007,
  GST_RTC_ERROR_UNPUBLISH_ERROR = GST_RTC_ERROR_UNPUBLISH_ERRO,
  GST_RTC_ERROR_JOIN_ROOM_ERROR = 300008,
  GST_RTC_ERROR_SIGNALING_TIMEOUT = 300009,
  GST_RTC_ERROR_WEBSOCKET_NOT_CONNECTED = 300010,
  GST_RTC_ERROR_WEBSOCKET_FAILED = 500001
} GstRtcError;

/* Fields of the details structure; gst_message_parse_error_details () and
 * gst_message_parse_warning_details () return it. */
#define GST_RTC_DETAIL_CODE "rtc-code"           /* int */
#define GST_RTC_DETAIL_SYMBOL "rtc-symbol"       /* string */
#define GST_RTC_DETAIL_CATEGORY "rtc-category"   /* string */
#define GST_RTC_DETAIL_OPERATION "operation"     /* string */
#define GST_RTC_DETAIL_REASON "reason"           /* string */
#define GST_RTC_DETAIL_RETRYABLE "retryable"     /* boolean */
#define GST_RTC_DETAIL_USER_ID "user-id"         /* string, where it applies */
#define GST_RTC_DETAIL_STREAM "stream"           /* string: camera, screen */
#define GST_RTC_DETAIL_ROOM_ID "room-id"         /* string, where it applies */
#define GST_RTC_DETAIL_NATIVE_CODE "native-code" /* int, where there is one */
#define GST_RTC_DETAIL_BACKEND "backend"         /* string */

G_END_DECLS
