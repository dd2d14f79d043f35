/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of who may connect to the room server. */
#include "rtcadmission.h"

#include "rtcbucket.h"

#define SECOND G_TIME_SPAN_SECOND
#define MAX_EACH 3
#define RATE 2

static gboolean
enter (GstRtcAdmission *admission, const gchar *address, gint64 now)
{
  const gchar *reason;

  return gst_rtc_admission_enter (admission, address, now, &reason);
}

static void
each_address_has_its_share (void)
{
  g_autoptr (GstRtcAdmission) admission =
      gst_rtc_admission_new (MAX_EACH, RATE);

  for (guint i = 0; i < MAX_EACH; i++)
    g_assert_true (enter (admission, "a", 0));
  g_assert_false (enter (admission, "a", 0));
  g_assert_true (enter (admission, "b", 0));
  gst_rtc_admission_leave (admission, "a");
  g_assert_true (enter (admission, "a", 0));
}

static guint
count_visits (GstRtcAdmission *admission, gint64 now, guint tries)
{
  guint count = 0;

  for (guint i = 0; i < tries; i++) {
    if (enter (admission, "a", now)) {
      gst_rtc_admission_leave (admission, "a");
      count++;
    }
  }
  return count;
}

/* Trying on and on changes nothing of it. */
static void
visits_have_a_rate (void)
{
  g_autoptr (GstRtcAdmission) admission =
      gst_rtc_admission_new (MAX_EACH, RATE);

  g_assert_cmpuint (
      RATE * GST_RTC_BUCKET_SECONDS, ==, count_visits (admission, 0, 1000));
  g_assert_cmpuint (0, ==, count_visits (admission, SECOND / 4, 1000));
  g_assert_cmpuint (RATE, ==, count_visits (admission, SECOND, 1000));
  g_assert_true (enter (admission, "b", SECOND));
  g_assert_cmpuint (RATE * GST_RTC_BUCKET_SECONDS, ==,
      count_visits (admission, 100 * SECOND, 1000));
}

static void
blame_is_forgotten (void)
{
  g_autoptr (GstRtcAdmission) admission =
      gst_rtc_admission_new (MAX_EACH, RATE);

  gst_rtc_admission_blame (admission, "a", SECOND);
  g_assert_true (gst_rtc_admission_is_blamed (admission, "a", 10 * SECOND));
  g_assert_false (gst_rtc_admission_is_blamed (admission, "b", 10 * SECOND));
  g_assert_false (gst_rtc_admission_is_blamed (admission, "a", 11 * SECOND));
}

static void
nothing_is_kept_of_who_is_gone (void)
{
  g_autoptr (GstRtcAdmission) admission =
      gst_rtc_admission_new (MAX_EACH, RATE);

  g_assert_true (enter (admission, "a", 0));
  gst_rtc_admission_blame (admission, "b", 0);
  g_assert_cmpuint (2, ==, gst_rtc_admission_prune (admission, 0));
  g_assert_cmpuint (1, ==, gst_rtc_admission_prune (admission, 10 * SECOND));
  gst_rtc_admission_leave (admission, "a");
  g_assert_cmpuint (0, ==, gst_rtc_admission_prune (admission, 10 * SECOND));
  /* The rate outlives the connection. */
  count_visits (admission, 10 * SECOND, 1);
  g_assert_cmpuint (1, ==, gst_rtc_admission_prune (admission, 10 * SECOND));
  g_assert_cmpuint (0, ==, gst_rtc_admission_prune (admission, 11 * SECOND));
}

#define ADD(name, func) g_test_add_func ("/admission/" name, func)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("each-address-has-its-share", each_address_has_its_share);
  ADD ("visits-have-a-rate", visits_have_a_rate);
  ADD ("blame-is-forgotten", blame_is_forgotten);
  ADD ("nothing-is-kept-of-who-is-gone", nothing_is_kept_of_who_is_gone);
  return g_test_run ();
}
