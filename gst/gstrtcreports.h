/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the RTP sessions of one webrtcbin report: figures, and the rate to send
 * that follows from them. Any thread, unless said otherwise. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _GstRtcReports GstRtcReports;

/* @owner frees what is returned here in its finalize, and is referenced by
 * each session until gst_rtc_reports_stop (). */
GstRtcReports *gst_rtc_reports_new (GstObject *owner) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_reports_free (GstRtcReports *self);

/* As gst_rtc_peer_follow_rate (), before the first session. Worker. */
void gst_rtc_reports_follow_rate (
    GstRtcReports *self, guint least, guint start, guint most);
gboolean gst_rtc_reports_follows_rate (GstRtcReports *self);

/* About once a second, where the rate is followed: TRUE when it has changed to
 * @rate, in bit/s. Worker. */
gboolean gst_rtc_reports_update_rate (GstRtcReports *self, guint *rate);

/* @rtpsession: one that is just made. */
void gst_rtc_reports_watch (GstRtcReports *self, GstElement *rtpsession);

/* As gst_rtc_stats_new (). */
GstStructure *gst_rtc_reports_get_stats (
    GstRtcReports *self, gboolean sends) G_GNUC_WARN_UNUSED_RESULT;

/* Lets go of the owner; figures can still be had. */
void gst_rtc_reports_stop (GstRtcReports *self);

G_END_DECLS
