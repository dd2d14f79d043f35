/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the other side of a transport is still there. One thread at a
 * time. */
#include "gstrtcliveness.h"

#define MAX_INTERVAL_MS 250
#define LATE_TICK (500 * G_TIME_SPAN_MILLISECOND)
/* What the timeout is shortened by, so that silence is known within it although
 * it is looked for at ticks. */
#define MARGIN_TICKS 2

/* The other side may report seldom (a browser that only hears audio does so
 * each 5 s), so that several of its own intervals must be missed too. */
static gint64
get_silence_limit (const GstRtcLiveness *liveness)
{
  const gint64 timeout = liveness->timeout;

  if (!liveness->ever_heard)
    return 3 * timeout;
  if (liveness->longest_gap == 0)
    return timeout;
  return CLAMP (3 * liveness->longest_gap,
      MAX (timeout - MARGIN_TICKS * liveness->interval, liveness->interval),
      4 * timeout);
}

/* A process that was stopped or starved has heard nothing for want of
 * listening; that time is not the silence of the other side. */
static void
forgive_late_tick (GstRtcLiveness *liveness, gint64 now)
{
  gint64 late = now - liveness->next_tick;

  if (late > LATE_TICK)
    liveness->last_heard += late;
  liveness->next_tick = now + liveness->interval;
}

guint
gst_rtc_liveness_init (GstRtcLiveness *liveness, guint timeout, gint64 now)
{
  guint interval = CLAMP (timeout / 10, 10, MAX_INTERVAL_MS);

  *liveness = (GstRtcLiveness){
      .timeout = timeout * G_TIME_SPAN_MILLISECOND,
      .interval = interval * G_TIME_SPAN_MILLISECOND,
      .last_heard = now,
  };
  liveness->next_tick = now + liveness->interval;
  return interval;
}

gint64
gst_rtc_liveness_tick (
    GstRtcLiveness *liveness, gint64 now, gboolean heard, gboolean sent)
{
  gint64 gap;

  forgive_late_tick (liveness, now);
  gap = now - liveness->last_heard;
  if (heard) {
    if (liveness->ever_heard)
      liveness->longest_gap =
          MAX (gap, liveness->longest_gap - liveness->longest_gap / 64);
    liveness->ever_heard = TRUE;
    liveness->last_heard = now;
  } else if (!liveness->ever_heard && !sent) {
    /* A session sends no RTCP before its first RTP packet is sent or
     * received, so that two sides without media say nothing at all. Then the
     * keepalive of ICE alone tells that the other side is gone, after some
     * 45 s. */
    liveness->last_heard = now;
  } else if (gap > get_silence_limit (liveness)) {
    return gap;
  }
  return 0;
}
