/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An amount that time refills and use empties: bounds a rate, and lets bursts
 * pass. No I/O, takes time as a parameter; belongs to one thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How many seconds' worth are there at most. */
#define GST_RTC_BUCKET_SECONDS 10

typedef struct
{
  guint rate; /* a second */
  gdouble level;
  gint64 filled; /* monotonic time */
} GstRtcBucket;

/* With @seconds' worth in it. */
void gst_rtc_bucket_init (
    GstRtcBucket *bucket, guint rate, guint seconds, gint64 now);

/* FALSE when there is less than @amount, which is taken all the same. */
gboolean gst_rtc_bucket_take (GstRtcBucket *bucket, gdouble amount, gint64 now);

gboolean gst_rtc_bucket_is_full (const GstRtcBucket *bucket, gint64 now);

G_END_DECLS
