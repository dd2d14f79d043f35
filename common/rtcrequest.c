/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names, refusal codes, checks and copies of what can be asked of a room.
 * Any thread. */
#include "rtcrequest.h"

#include <string.h>

#include "rtcerror-private.h"

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

static gboolean
check_id (const gchar *field, const gchar *id, GError **error)
{
  g_autofree gchar *fault = NULL;

  if (gst_rtc_id_is_valid (id, &fault))
    return TRUE;
  return gst_rtc_error_set (
      error, GST_RTC_ERROR_INVALID_PARAMS, 0, "%s: %s", field, fault);
}

static gboolean
check_subscribe (const GstRtcRequest *request, GError **error)
{
  if (!check_id ("user-id", request->user_id, error))
    return FALSE;
  if (request->audio == GST_RTC_FALSE && request->video == GST_RTC_FALSE)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "subscribe: audio and video are both off");
  return TRUE;
}

/* A subscription ends as a whole; one medium less is a second subscribe. */
static gboolean
check_unsubscribe (const GstRtcRequest *request, GError **error)
{
  if (!check_id ("user-id", request->user_id, error))
    return FALSE;
  if (request->audio == GST_RTC_UNSET && request->video == GST_RTC_UNSET)
    return TRUE;
  return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
      "unsubscribe: knows no option %s, only screen",
      request->audio == GST_RTC_UNSET ? "video" : "audio");
}

static gboolean
check_mute (const GstRtcRequest *request, GError **error)
{
  if (request->operation == GST_RTC_OPERATION_MUTE_REMOTE &&
      !check_id ("user-id", request->user_id, error))
    return FALSE;
  if (request->audio != GST_RTC_UNSET || request->video != GST_RTC_UNSET)
    return TRUE;
  return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
      "%s: neither audio nor video is named",
      gst_rtc_operation_get_nick (request->operation));
}

static gboolean
check_publish (const GstRtcRequest *request, GError **error)
{
  if (!request->stream ||
      gst_rtc_stream_get_media (request->stream) == GST_RTC_MEDIA_NONE)
    return gst_rtc_error_set (
        error, GST_RTC_ERROR_INVALID_PARAMS, 0, "publish: there is no track");
  return TRUE;
}

static gboolean
check_token (const gchar *token, GError **error)
{
  gboolean valid =
      token && *token && strlen (token) <= GST_RTC_MAX_TOKEN_LENGTH;

  for (const gchar *p = token; valid && *p; p++)
    valid = g_ascii_isgraph (*p);
  if (valid)
    return TRUE;
  return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
      "token: must be 1 to %d printable ASCII characters",
      GST_RTC_MAX_TOKEN_LENGTH);
}

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

gboolean
gst_rtc_request_check (const GstRtcRequest *request, GError **error)
{
  switch (request->operation) {
    case GST_RTC_OPERATION_INIT:
      return check_id ("app-id", request->app_id, error);
    case GST_RTC_OPERATION_JOIN:
      return request->config ||
             gst_rtc_error_set (
                 error, GST_RTC_ERROR_INVALID_PARAMS, 0, "join: no settings");
    case GST_RTC_OPERATION_RENEW_TOKEN:
      return check_token (request->token, error);
    case GST_RTC_OPERATION_PUBLISH:
      return check_publish (request, error);
    case GST_RTC_OPERATION_SUBSCRIBE:
      return check_subscribe (request, error);
    case GST_RTC_OPERATION_UNSUBSCRIBE:
      return check_unsubscribe (request, error);
    case GST_RTC_OPERATION_MUTE_LOCAL:
    case GST_RTC_OPERATION_MUTE_REMOTE:
      return check_mute (request, error);
    case GST_RTC_OPERATION_NONE:
    case GST_RTC_N_OPERATIONS:
      return gst_rtc_error_set (
          error, GST_RTC_ERROR_INVALID_PARAMS, 0, "no such operation");
    default:
      return TRUE;
  }
}

GstRtcRequest *
gst_rtc_request_copy (const GstRtcRequest *request)
{
  GstRtcRequest *copy = g_new (GstRtcRequest, 1);

  *copy = *request;
  copy->config = request->config ? gst_rtc_config_ref (request->config) : NULL;
  copy->app_id = g_strdup (request->app_id);
  copy->user_id = g_strdup (request->user_id);
  copy->token = g_strdup (request->token);
  copy->stream = request->stream ? gst_rtc_stream_copy (request->stream) : NULL;
  return copy;
}

void
gst_rtc_request_free (GstRtcRequest *request)
{
  if (!request)
    return;
  gst_rtc_config_unref (request->config);
  g_free ((gchar *)request->app_id);
  g_free ((gchar *)request->user_id);
  g_free ((gchar *)request->token);
  gst_rtc_stream_free ((GstRtcStream *)request->stream);
  g_free (request);
}
