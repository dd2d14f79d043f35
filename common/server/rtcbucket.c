/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An amount that time refills and use empties. Belongs to one thread. */
#include "rtcbucket.h"

static gdouble
get_size (const GstRtcBucket *bucket)
{
  return (gdouble)bucket->rate * GST_RTC_BUCKET_SECONDS;
}

static gdouble
get_level (const GstRtcBucket *bucket, gint64 now)
{
  const gdouble passed = (gdouble)(now - bucket->filled) / G_TIME_SPAN_SECOND;

  return MIN (bucket->level + passed * bucket->rate, get_size (bucket));
}

void
gst_rtc_bucket_init (
    GstRtcBucket *bucket, guint rate, guint seconds, gint64 now)
{
  *bucket = (GstRtcBucket){
      .rate = rate, .level = (gdouble)rate * seconds, .filled = now};
}

gboolean
gst_rtc_bucket_take (GstRtcBucket *bucket, gdouble amount, gint64 now)
{
  bucket->level = get_level (bucket, now) - amount;
  bucket->filled = now;
  return bucket->level >= 0;
}

gboolean
gst_rtc_bucket_is_full (const GstRtcBucket *bucket, gint64 now)
{
  return get_level (bucket, now) >= get_size (bucket);
}
