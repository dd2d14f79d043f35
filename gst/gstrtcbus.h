/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one place that turns a failure or a room event into a GstMessage. Its
 * functions may be called from any thread, with no lock held. */
#pragma once

#include <gst/gst.h>

#include "rtcevent.h"
#include "rtcrequest.h"

G_BEGIN_DECLS

/* Which stream a failure is about. */
typedef enum
{
  GST_RTC_FAILURE_NO_STREAM,
  GST_RTC_FAILURE_CAMERA,
  GST_RTC_FAILURE_SCREEN
} GstRtcFailureStream;

GstRtcFailureStream gst_rtc_failure_stream (gboolean screen);

/**
 * GstRtcFailure:
 * @error: domain GST_RTC_ERROR
 * @operation: the request that failed
 * @user_id, @room_id: (nullable): where they apply
 *
 * One failure and what it is about.
 */
typedef struct
{
  const GError *error;
  GstRtcOperation operation;
  GstRtcFailureStream stream;
  const gchar *user_id;
  const gchar *room_id;
  GstRtcBackend backend;
} GstRtcFailure;

/* The details structure of error-codes: `rtc-failure` with the fields of
 * rtcerror.h. */
GstStructure *gst_rtc_bus_describe_failure (
    const GstRtcFailure *failure) G_GNUC_WARN_UNUSED_RESULT;

/* @failure as GST_MESSAGE_ERROR or GST_MESSAGE_WARNING of @element. */
GstMessage *gst_rtc_bus_new_failure (GstElement *element,
    GstMessageType severity,
    const GstRtcFailure *failure) G_GNUC_WARN_UNUSED_RESULT;

/* The element message of a fact (`rtc-stream-added`, ...), NULL for an event
 * that is none. */
GstStructure *gst_rtc_bus_describe_event (
    const GstRtcEvent *event) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
