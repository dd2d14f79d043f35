/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and refusal codes of what can be asked of a room. Any thread. */
#include "rtcrequest.h"

#include "rtcerror.h"

typedef struct
{
  const gchar *nick;
  GstRtcError refusal;
} OperationInfo;

static const OperationInfo operations[GST_RTC_N_OPERATIONS] = {
    [GST_RTC_OPERATION_NONE] = {"none", GST_RTC_ERROR_INVALID_PARAMS},
    [GST_RTC_OPERATION_INIT] = {"init", GST_RTC_ERROR_INVALID_PARAMS},
    [GST_RTC_OPERATION_JOIN] = {"join", GST_RTC_ERROR_JOIN_ROOM_ERROR},
    [GST_RTC_OPERATION_LEAVE] = {"leave", GST_RTC_ERROR_LEAVE_ERROR},
    [GST_RTC_OPERATION_RENEW_TOKEN] = {"renew-token",
        GST_RTC_ERROR_JOIN_ROOM_ERROR},
    [GST_RTC_OPERATION_SET_VISIBILITY] = {"set-user-visibility",
        GST_RTC_ERROR_PUBLISH_ERROR},
    [GST_RTC_OPERATION_PUBLISH] = {"publish", GST_RTC_ERROR_PUBLISH_ERROR},
    [GST_RTC_OPERATION_UNPUBLISH] = {"unpublish",
        GST_RTC_ERROR_UNPUBLISH_ERROR},
    [GST_RTC_OPERATION_SUBSCRIBE] = {"subscribe",
        GST_RTC_ERROR_SUBSCRIBE_FAILED},
    [GST_RTC_OPERATION_UNSUBSCRIBE] = {"unsubscribe",
        GST_RTC_ERROR_UNSUBSCRIBE_FAILED},
    [GST_RTC_OPERATION_MUTE_LOCAL] = {"mute-local",
        GST_RTC_ERROR_MUTE_LOCAL_ERROR},
    [GST_RTC_OPERATION_MUTE_REMOTE] = {"mute-remote",
        GST_RTC_ERROR_MUTE_REMOTE_ERROR},
};

const gchar *
gst_rtc_operation_get_nick (GstRtcOperation operation)
{
  g_return_val_if_fail (operation < GST_RTC_N_OPERATIONS, NULL);

  return operations[operation].nick;
}

gint
gst_rtc_operation_get_refusal_code (GstRtcOperation operation)
{
  g_return_val_if_fail (
      operation < GST_RTC_N_OPERATIONS, GST_RTC_ERROR_INVALID_PARAMS);

  return (gint)operations[operation].refusal;
}
