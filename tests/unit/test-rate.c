/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rate of what goes to a server: limits, loss and the packets that name
 * them. */
#include "gstrtcrate.h"

static void
test_bounds (void)
{
  GstRtcRate rate;

  gst_rtc_rate_init (&rate, 100, 500, 1000);
  g_assert_cmpuint (rate.target, ==, 500);
  gst_rtc_rate_init (&rate, 100, 50, 1000);
  g_assert_cmpuint (rate.target, ==, 100);
  gst_rtc_rate_init (&rate, 100, 5000, 1000);
  g_assert_cmpuint (rate.target, ==, 1000);
  gst_rtc_rate_init (&rate, 2000, 500, 1000);
  g_assert_cmpuint (rate.target, ==, 2000);
}

/* Nobody has said that there is more. */
static void
test_no_limit (void)
{
  GstRtcRate rate;

  gst_rtc_rate_init (&rate, 100, 500, 1000);
  for (guint i = 0; i < 100; i++)
    gst_rtc_rate_report (&rate, 0);
  g_assert_cmpuint (rate.target, ==, 500);
  gst_rtc_rate_report (&rate, 128);
  g_assert_cmpuint (rate.target, ==, 375);
  for (guint i = 0; i < 100; i++)
    gst_rtc_rate_report (&rate, 0);
  g_assert_cmpuint (rate.target, ==, 500);
}

static void
test_limit (void)
{
  GstRtcRate rate;

  gst_rtc_rate_init (&rate, 100, 500, 1000);
  gst_rtc_rate_set_limit (&rate, 300);
  g_assert_cmpuint (rate.target, ==, 300);
  gst_rtc_rate_set_limit (&rate, 50);
  g_assert_cmpuint (rate.target, ==, 100);
  /* It rises by steps, and not beyond what was set. */
  gst_rtc_rate_set_limit (&rate, 5000);
  g_assert_cmpuint (rate.target, ==, 100);
  gst_rtc_rate_report (&rate, 0);
  g_assert_cmpuint (rate.target, ==, 109);
  for (guint i = 0; i < 100; i++)
    gst_rtc_rate_report (&rate, 4);
  g_assert_cmpuint (rate.target, ==, 1000);
}

static void
test_loss (void)
{
  GstRtcRate rate;

  gst_rtc_rate_init (&rate, 100, 500, 1000);
  gst_rtc_rate_report (&rate, 10);
  g_assert_cmpuint (rate.target, ==, 500);
  gst_rtc_rate_report (&rate, 26);
  g_assert_cmpuint (rate.target, ==, 475);
  gst_rtc_rate_report (&rate, 1000);
  g_assert_cmpuint (rate.target, ==, 238);
  for (guint i = 0; i < 10; i++)
    gst_rtc_rate_report (&rate, 256);
  g_assert_cmpuint (rate.target, ==, 100);
}

static void
test_remb (void)
{
  const struct
  {
    guint8 bytes[8];
    guint limit; /* 0: is none */
  } rows[] = {
      {{'R', 'E', 'M', 'B', 1, 0, 0, 100}, 100},
      {{'R', 'E', 'M', 'B', 1, 0x0b, 0xff, 0xff}, 0x3ffff << 2},
      {{'R', 'E', 'M', 'B', 1, 0x08, 0x49, 0x3e}, 75000},
      {{'R', 'E', 'M', 'B', 0, 0xff, 0xff, 0xff}, G_MAXUINT - 1},
      {{'R', 'E', 'M', 'B', 0, 0x83, 0x00, 0x00}, G_MAXUINT - 1},
      {{'r', 'e', 'm', 'b', 1, 0, 0, 100}, 0},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    guint limit = 0;

    g_assert_cmpint (gst_rtc_rate_parse_remb (rows[i].bytes, 8, &limit), ==,
        rows[i].limit != 0);
    g_assert_cmpuint (limit, ==, rows[i].limit);
    g_assert_false (gst_rtc_rate_parse_remb (rows[i].bytes, 7, &limit));
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rate/bounds", test_bounds);
  g_test_add_func ("/rate/no-limit", test_no_limit);
  g_test_add_func ("/rate/limit", test_limit);
  g_test_add_func ("/rate/loss", test_loss);
  g_test_add_func ("/rate/remb", test_remb);
  return g_test_run ();
}
