/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The figures of a transport, read from its RTP sessions. Any thread. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* The structure of gst_rtc_peer_get_stats (). @sessions: (element-type
 * GObject): the internal sessions of rtpsession. @sends: whether the jitter is
 * the one that the other side reports. */
GstStructure *gst_rtc_stats_new (
    GPtrArray *sessions, gboolean sends) G_GNUC_WARN_UNUSED_RESULT;

/* What the other side reports of what we send: the greatest loss, in 1/256 of
 * the packets, and a number that changes with each report. FALSE before the
 * first one. */
gboolean gst_rtc_stats_get_loss (
    GPtrArray *sessions, guint *loss, guint64 *report);

G_END_DECLS
