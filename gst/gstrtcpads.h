/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pads of rtcsink and rtcsrc: ghost pads that say which stream they belong
 * to. Properties may be read from any thread. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Request pad of rtcsink with the property `screen`. */
#define GST_RTC_TYPE_SINK_PAD (gst_rtc_sink_pad_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRtcSinkPad, gst_rtc_sink_pad, GST_RTC, SINK_PAD, GstGhostPad)

GstPad *gst_rtc_sink_pad_new (const gchar *name, GstPadTemplate *template,
    gboolean screen) G_GNUC_WARN_UNUSED_RESULT;
gboolean gst_rtc_sink_pad_get_screen (GstRtcSinkPad *pad);

/* Sometimes pad of rtcsrc with the properties `user-id`, `screen`,
 * `muted`. */
#define GST_RTC_TYPE_SRC_PAD (gst_rtc_src_pad_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRtcSrcPad, gst_rtc_src_pad, GST_RTC, SRC_PAD, GstGhostPad)

GstPad *gst_rtc_src_pad_new (const gchar *name, GstPadTemplate *template,
    const gchar *user_id, gboolean screen) G_GNUC_WARN_UNUSED_RESULT;

/* Notifies when it changes, on the calling thread. */
void gst_rtc_src_pad_set_muted (GstRtcSrcPad *pad, gboolean muted);

G_END_DECLS
