/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which source a payload type comes from. */
#include "gstrtcsources.h"

#define VIDEO 96
#define AUDIO 97
#define MS G_TIME_SPAN_MILLISECOND

static GstRtcSourceVerdict
judge (GstRtcSources *sources, guint8 payload_type, guint32 ssrc, gint64 now)
{
  const guint8 header[12] = {0x80, (guint8)(0x80 | payload_type), 0, 1, 0, 0, 0,
      2, (guint8)(ssrc >> 24), (guint8)(ssrc >> 16), (guint8)(ssrc >> 8),
      (guint8)ssrc};

  return gst_rtc_sources_judge (sources, header, now);
}

/* The verdict of the last of a few. */
static GstRtcSourceVerdict
judge_row (GstRtcSources *sources, guint32 ssrc, gint64 now)
{
  for (guint i = 0; i < 7; i++)
    g_assert_cmpint (
        GST_RTC_SOURCE_FOREIGN, ==, judge (sources, VIDEO, ssrc, now));
  return judge (sources, VIDEO, ssrc, now);
}

static void
test_one_each (void)
{
  GstRtcSources sources = {0};

  g_assert_cmpint (
      GST_RTC_SOURCE_KNOWN, ==, judge (&sources, VIDEO, 0x80000001, 0));
  g_assert_cmpint (GST_RTC_SOURCE_KNOWN, ==, judge (&sources, AUDIO, 2, 0));
  g_assert_cmpint (
      GST_RTC_SOURCE_KNOWN, ==, judge (&sources, VIDEO, 0x80000001, 5000 * MS));
  g_assert_cmpint (
      GST_RTC_SOURCE_KNOWN, ==, judge (&sources, AUDIO, 2, 5000 * MS));
}

static void
test_foreign (void)
{
  GstRtcSources sources = {0};

  judge (&sources, VIDEO, 1, 0);
  judge (&sources, VIDEO, 1, 900 * MS);
  g_assert_cmpint (
      GST_RTC_SOURCE_FOREIGN, ==, judge (&sources, VIDEO, 3, 1000 * MS));
  g_assert_cmpint (
      GST_RTC_SOURCE_FOREIGN, ==, judge (&sources, VIDEO, 3, 1899 * MS));
  g_assert_cmpint (
      GST_RTC_SOURCE_KNOWN, ==, judge (&sources, VIDEO, 1, 1899 * MS));
}

static void
test_change (void)
{
  GstRtcSources sources = {0};

  judge (&sources, VIDEO, 1, 0);
  g_assert_cmpint (
      GST_RTC_SOURCE_KNOWN, ==, judge_row (&sources, 3, 1000 * MS));
  g_assert_cmpint (
      GST_RTC_SOURCE_FOREIGN, ==, judge (&sources, VIDEO, 1, 1001 * MS));
}

/* After a pause, packets of both come mixed. */
static void
test_strays (void)
{
  GstRtcSources sources = {0};

  judge (&sources, VIDEO, 1, 0);
  for (guint i = 0; i < 7; i++)
    judge (&sources, VIDEO, 3, 2000 * MS);
  g_assert_cmpint (
      GST_RTC_SOURCE_KNOWN, ==, judge (&sources, VIDEO, 1, 2000 * MS));
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (GST_RTC_SOURCE_FOREIGN, ==,
        judge (&sources, VIDEO, 3 + i % 2, 4000 * MS));
}

static void
test_back (void)
{
  GstRtcSources sources = {0};

  judge (&sources, VIDEO, 1, 0);
  judge_row (&sources, 3, 1000 * MS);
  g_assert_cmpint (GST_RTC_SOURCE_LOST, ==, judge_row (&sources, 1, 2000 * MS));
}

static void
test_too_many (void)
{
  GstRtcSources sources = {0};

  judge (&sources, VIDEO, 1, 0);
  for (guint i = 1; i < GST_RTC_MAX_SOURCES; i++)
    g_assert_cmpint (
        GST_RTC_SOURCE_KNOWN, ==, judge_row (&sources, i + 1, i * 1000 * MS));
  g_assert_cmpint (GST_RTC_SOURCE_LOST, ==, judge_row (&sources, 9, 9000 * MS));
  /* What was not there before is not missed. */
  g_assert_cmpint (
      GST_RTC_SOURCE_FOREIGN, ==, judge (&sources, AUDIO, 9, 9000 * MS));
}

/* Redundancy comes from the source that it belongs to. */
static void
test_same_source (void)
{
  GstRtcSources sources = {0};

  for (guint8 type = 96; type < 96 + GST_RTC_SOURCES_MAX_PAIRS; type++)
    g_assert_cmpint (GST_RTC_SOURCE_KNOWN, ==, judge (&sources, type, 1, 0));
  g_assert_cmpint (GST_RTC_SOURCE_FOREIGN, ==, judge (&sources, 120, 1, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sources/one-for-each-type", test_one_each);
  g_test_add_func ("/sources/foreign-one-beside-it", test_foreign);
  g_test_add_func ("/sources/another-after-silence", test_change);
  g_test_add_func ("/sources/strays-after-silence", test_strays);
  g_test_add_func ("/sources/an-earlier-one-comes-back", test_back);
  g_test_add_func ("/sources/too-many", test_too_many);
  g_test_add_func ("/sources/types-of-one-source", test_same_source);
  return g_test_run ();
}
