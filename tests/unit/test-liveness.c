/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When silence of the other side means that it is gone. Time is a number. */
#include "gstrtcliveness.h"

#define MS G_TIME_SPAN_MILLISECOND
#define TIMEOUT 1000
#define TICK 100

typedef struct
{
  GstRtcLiveness liveness;
  gint64 now;
} Fixture;

static void
setup (Fixture *fixture, gconstpointer unused)
{
  fixture->now = 5000 * MS;
  g_assert_cmpuint (TICK, ==,
      gst_rtc_liveness_init (&fixture->liveness, TIMEOUT, fixture->now));
}

/* The gap in ms, when the tick that is due finds one that is too long. */
static gint64
tick (Fixture *fixture, gboolean heard, gboolean sent)
{
  fixture->now += TICK * MS;
  return gst_rtc_liveness_tick (&fixture->liveness, fixture->now, heard, sent) /
         MS;
}

/* Ticks without a sound until it counts as gone; the gap in ms. */
static gint64
be_silent (Fixture *fixture, gboolean sent)
{
  gint64 gap = 0;

  for (guint i = 0; gap == 0; i++) {
    g_assert_cmpuint (i, <, 1000);
    gap = tick (fixture, FALSE, sent);
  }
  return gap;
}

/* Something comes each @gap ms, ten times. */
static void
be_heard_each (Fixture *fixture, guint gap)
{
  for (guint n = 0; n < 10; n++) {
    for (guint i = TICK; i < gap; i += TICK)
      g_assert_cmpint (0, ==, tick (fixture, FALSE, FALSE));
    g_assert_cmpint (0, ==, tick (fixture, TRUE, FALSE));
  }
}

/* Ever more seldom, as far as silence does not count as the end. */
static void
be_heard_seldom (Fixture *fixture)
{
  be_heard_each (fixture, 900);
  be_heard_each (fixture, 2500);
}

static void
test_ticks_follow_the_timeout (void)
{
  GstRtcLiveness liveness;

  g_assert_cmpuint (10, ==, gst_rtc_liveness_init (&liveness, 1, 0));
  g_assert_cmpuint (50, ==, gst_rtc_liveness_init (&liveness, 500, 0));
  g_assert_cmpuint (250, ==, gst_rtc_liveness_init (&liveness, 60000, 0));
}

static void
test_silence_after_a_stream (Fixture *fixture, gconstpointer unused)
{
  be_heard_each (fixture, TICK);
  g_assert_cmpint (TIMEOUT - TICK, ==, be_silent (fixture, FALSE));
}

/* Who reports seldom has missed several of its own reports. */
static void
test_seldom_reports (Fixture *fixture, gconstpointer unused)
{
  be_heard_each (fixture, 600);
  g_assert_cmpint (3 * 600 + TICK, ==, be_silent (fixture, FALSE));
}

static void
test_seldom_reports_have_a_limit (Fixture *fixture, gconstpointer unused)
{
  be_heard_seldom (fixture);
  g_assert_cmpint (4 * TIMEOUT + TICK, ==, be_silent (fixture, FALSE));
}

static void
test_one_long_gap_is_forgotten (Fixture *fixture, gconstpointer unused)
{
  be_heard_seldom (fixture);
  for (guint i = 0; i < 300; i++)
    g_assert_cmpint (0, ==, tick (fixture, TRUE, FALSE));
  g_assert_cmpint (TIMEOUT - TICK, ==, be_silent (fixture, FALSE));
}

/* The time before the first packet is no gap between two. */
static void
test_the_first_one_may_be_late (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (0, ==, tick (fixture, FALSE, TRUE));
  g_assert_cmpint (0, ==, tick (fixture, TRUE, TRUE));
  g_assert_cmpint (TIMEOUT + TICK, ==, be_silent (fixture, TRUE));
}

static void
test_never_heard (Fixture *fixture, gconstpointer unused)
{
  g_assert_cmpint (3 * TIMEOUT + TICK, ==, be_silent (fixture, TRUE));
}

static void
test_no_media_is_no_silence (Fixture *fixture, gconstpointer unused)
{
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpint (0, ==, tick (fixture, FALSE, FALSE));
  /* Counts from the first packet that is sent. */
  g_assert_cmpint (3 * TIMEOUT + TICK, ==, be_silent (fixture, TRUE));
}

/* As when the process was stopped: it has not listened. */
static void
test_a_late_tick_is_no_silence (Fixture *fixture, gconstpointer unused)
{
  be_heard_each (fixture, TICK);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint (0, ==, tick (fixture, FALSE, FALSE));
  fixture->now += 3000 * MS;
  g_assert_cmpint (0, ==, tick (fixture, FALSE, FALSE));
  g_assert_cmpint (TIMEOUT - TICK, ==, be_silent (fixture, FALSE));
}

/* A tick that is a little late is not forgiven, or many would add up. */
static void
test_ticks_that_are_a_little_late (Fixture *fixture, gconstpointer unused)
{
  gint64 gap = 0;
  guint n = 0;

  be_heard_each (fixture, TICK);
  while (gap == 0 && n++ < 100) {
    fixture->now += 400 * MS;
    gap = tick (fixture, FALSE, FALSE);
  }
  g_assert_cmpuint (2, ==, n);
  g_assert_cmpint (1000, ==, gap);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                        \
  g_test_add ("/liveness/" path, Fixture, NULL, setup, func, NULL)
  g_test_add_func ("/liveness/ticks", test_ticks_follow_the_timeout);
  ADD ("silence-after-a-stream", test_silence_after_a_stream);
  ADD ("seldom-reports", test_seldom_reports);
  ADD ("seldom-reports-have-a-limit", test_seldom_reports_have_a_limit);
  ADD ("one-long-gap", test_one_long_gap_is_forgotten);
  ADD ("late-first-packet", test_the_first_one_may_be_late);
  ADD ("never-heard", test_never_heard);
  ADD ("no-media", test_no_media_is_no_silence);
  ADD ("late-tick", test_a_late_tick_is_no_silence);
  ADD ("little-late-ticks", test_ticks_that_are_a_little_late);
#undef ADD
  return g_test_run ();
}
