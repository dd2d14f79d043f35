/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which losses of viewers are told: each once, for what it takes to try
 * again. */
#include "gstrtclosses.h"

#define SECOND G_TIME_SPAN_SECOND
#define START (1000 * SECOND)

static void
test_told_once (void)
{
  GstRtcLosses *losses = gst_rtc_losses_new ();

  g_assert_true (gst_rtc_losses_note (losses, "bob", FALSE, START));
  g_assert_false (gst_rtc_losses_note (losses, "bob", FALSE, START + SECOND));
  gst_rtc_losses_free (losses);
}

/* One that fails again and again stays the same failure. */
static void
test_time_begins_anew (void)
{
  GstRtcLosses *losses = gst_rtc_losses_new ();
  gint64 now = START;

  g_assert_true (gst_rtc_losses_note (losses, "bob", FALSE, now));
  for (guint i = 0; i < 3; i++) {
    now += 60 * SECOND;
    g_assert_false (gst_rtc_losses_note (losses, "bob", FALSE, now));
  }
  now += 60 * SECOND + 1;
  g_assert_true (gst_rtc_losses_note (losses, "bob", FALSE, now));
  gst_rtc_losses_free (losses);
}

static void
test_each_stream_of_each_user (void)
{
  GstRtcLosses *losses = gst_rtc_losses_new ();

  g_assert_true (gst_rtc_losses_note (losses, "bob", FALSE, START));
  g_assert_true (gst_rtc_losses_note (losses, "bob", TRUE, START));
  g_assert_true (gst_rtc_losses_note (losses, "carol", FALSE, START));
  g_assert_true (gst_rtc_losses_note (losses, NULL, FALSE, START));
  g_assert_false (gst_rtc_losses_note (losses, "bob", TRUE, START));
  gst_rtc_losses_free (losses);
}

static void
test_forgotten (void)
{
  GstRtcLosses *losses = gst_rtc_losses_new ();

  g_assert_true (gst_rtc_losses_note (losses, "bob", FALSE, START));
  gst_rtc_losses_forget_all (losses);
  g_assert_true (gst_rtc_losses_note (losses, "bob", FALSE, START));
  gst_rtc_losses_free (losses);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/losses/told-once", test_told_once);
  g_test_add_func ("/losses/time-begins-anew", test_time_begins_anew);
  g_test_add_func (
      "/losses/each-stream-of-each-user", test_each_stream_of_each_user);
  g_test_add_func ("/losses/forgotten", test_forgotten);
  return g_test_run ();
}
