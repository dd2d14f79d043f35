/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element rtcsink: publishes the media of a pipeline into a room. */
#pragma once

#include "gstrtcelement.h"

G_BEGIN_DECLS

#define GST_RTC_TYPE_SINK (gst_rtc_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstRtcSink, gst_rtc_sink, GST_RTC, SINK, GstRtcElement)

G_END_DECLS
