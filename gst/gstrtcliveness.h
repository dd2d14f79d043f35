/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the other side of a transport is still there, judged by when
 * something came from it. Plain values with the time passed in, no timer and
 * no clock. One thread at a time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GstRtcLiveness:
 * @timeout: within which silence is to be known, us
 * @interval: between two ticks, us
 * @next_tick: when it is due
 * @last_heard: when something came, as far as the ticks can tell
 * @longest_gap: between two times that something came, us; decays
 * @ever_heard: something came at least once
 *
 * All times are monotonic, in microseconds.
 */
typedef struct
{
  gint64 timeout;
  gint64 interval;
  gint64 next_tick;
  gint64 last_heard;
  gint64 longest_gap;
  gboolean ever_heard;
} GstRtcLiveness;

/* @timeout: ms, above 0. Returns the ms from one tick to the next. */
guint gst_rtc_liveness_init (
    GstRtcLiveness *liveness, guint timeout, gint64 now);

/* @heard: something came since the last tick. @sent: RTP was sent at any time,
 * so that the other side owes a report. Returns how long nothing came, in us,
 * when that is too long, else 0. */
gint64 gst_rtc_liveness_tick (
    GstRtcLiveness *liveness, gint64 now, gboolean heard, gboolean sent);

G_END_DECLS
