/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire of the VideoRoom plugin of a Janus server, JANUS.md beside it.
 * Belongs to the worker. */
#pragma once

#include "rtcdialect.h"

G_BEGIN_DECLS

#define GST_RTC_TYPE_DIALECT_JANUS (gst_rtc_dialect_janus_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRtcDialectJanus, gst_rtc_dialect_janus, GST_RTC, DIALECT_JANUS, GObject)

GstRtcDialectJanus *gst_rtc_dialect_janus_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
