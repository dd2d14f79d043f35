/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of what the own user publishes and subscribes: the order of the
 * checks, and that a failure takes back what its start changed. */
#include "rtcledger.h"

#include "rtcerror-private.h"

typedef struct
{
  GstRtcLedger *ledger;
  GstRtcRoster *roster;
  GstRtcStream *camera;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->ledger = gst_rtc_ledger_new ();
  fixture->roster = gst_rtc_roster_new ();
  fixture->camera =
      gst_rtc_stream_new (FALSE, "OPUS", "VP8", GST_RTC_MEDIA_NONE);
  gst_rtc_roster_add_user (fixture->roster, "bob");
  gst_rtc_roster_set_stream (fixture->roster, "bob", fixture->camera);
  gst_rtc_roster_add_user (fixture->roster, "carol");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gst_rtc_ledger_free (fixture->ledger);
  gst_rtc_roster_free (fixture->roster);
  gst_rtc_stream_free (fixture->camera);
}

/* 0 where nothing speaks against it. */
static gint
check (Fixture *fixture, GstRtcOperation operation, const gchar *user_id,
    gboolean screen)
{
  const GstRtcRequest request = {
      .operation = operation,
      .user_id = user_id,
      .screen = screen,
      .stream = fixture->camera,
  };
  g_autoptr (GError) error = NULL;

  if (gst_rtc_ledger_check (
          fixture->ledger, &request, fixture->roster, "alice", &error))
    return 0;
  return error->code;
}

static void
run (Fixture *fixture, GstRtcOperation operation, const GError *error)
{
  const GstRtcAnswer answer = {.media_session = "session"};
  const GstRtcRequest request = {
      .operation = operation,
      .user_id = "bob",
      .stream = fixture->camera,
      .audio = GST_RTC_TRUE,
  };

  gst_rtc_ledger_begin (fixture->ledger, &request);
  gst_rtc_ledger_end (fixture->ledger, &request, error ? NULL : &answer, error);
}

static void
test_publishing (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest publish = {
      .operation = GST_RTC_OPERATION_PUBLISH, .stream = fixture->camera};

  g_assert_cmpint (
      100006, ==, check (fixture, GST_RTC_OPERATION_UNPUBLISH, NULL, FALSE));
  gst_rtc_ledger_begin (fixture->ledger, &publish);
  g_assert_cmpint (
      100005, ==, check (fixture, GST_RTC_OPERATION_PUBLISH, NULL, FALSE));
  g_assert_cmpint (
      100006, ==, check (fixture, GST_RTC_OPERATION_MUTE_LOCAL, NULL, FALSE));
  gst_rtc_ledger_end (fixture->ledger, &publish, &(GstRtcAnswer){NULL}, NULL);
  g_assert_true (gst_rtc_ledger_is_published (fixture->ledger, FALSE));
  g_assert_false (gst_rtc_ledger_is_published (fixture->ledger, TRUE));
  g_assert_cmpint (
      0, ==, check (fixture, GST_RTC_OPERATION_MUTE_LOCAL, NULL, FALSE));
}

static void
test_failed_publish (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error =
      gst_rtc_error_new (GST_RTC_ERROR_PUBLISH_ERROR, 0, "no");

  run (fixture, GST_RTC_OPERATION_PUBLISH, error);
  g_assert_cmpint (
      0, ==, check (fixture, GST_RTC_OPERATION_PUBLISH, NULL, FALSE));
}

static void
test_failed_unpublish (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) refused =
      gst_rtc_error_new (GST_RTC_ERROR_UNPUBLISH_ERROR, 0, "no");
  g_autoptr (GError) unknown = gst_rtc_error_new (
      GST_RTC_ERROR_UNPUBLISH_ERROR, GST_RTC_ERROR_NOT_PUBLISHED, "what");

  run (fixture, GST_RTC_OPERATION_PUBLISH, NULL);
  run (fixture, GST_RTC_OPERATION_UNPUBLISH, refused);
  g_assert_true (gst_rtc_ledger_is_published (fixture->ledger, FALSE));
  run (fixture, GST_RTC_OPERATION_UNPUBLISH, unknown);
  g_assert_false (gst_rtc_ledger_is_published (fixture->ledger, FALSE));
}

static void
test_muting (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error =
      gst_rtc_error_new (GST_RTC_ERROR_MUTE_LOCAL_ERROR, 0, "no");

  run (fixture, GST_RTC_OPERATION_PUBLISH, NULL);
  run (fixture, GST_RTC_OPERATION_MUTE_LOCAL, error);
  g_assert_cmpint (GST_RTC_MEDIA_NONE, ==,
      gst_rtc_ledger_get_muted (fixture->ledger, FALSE));
  run (fixture, GST_RTC_OPERATION_MUTE_LOCAL, NULL);
  g_assert_cmpint (GST_RTC_MEDIA_AUDIO, ==,
      gst_rtc_ledger_get_muted (fixture->ledger, FALSE));
  run (fixture, GST_RTC_OPERATION_UNPUBLISH, NULL);
  g_assert_cmpint (GST_RTC_MEDIA_NONE, ==,
      gst_rtc_ledger_get_muted (fixture->ledger, FALSE));
}

static void
test_targets (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    GstRtcOperation operation;
    const gchar *user_id;
    gboolean screen;
    gint code;
  } rows[] = {
      {GST_RTC_OPERATION_SUBSCRIBE, "bob", FALSE, 0},
      {GST_RTC_OPERATION_SUBSCRIBE, "bob", TRUE, 200001},
      {GST_RTC_OPERATION_SUBSCRIBE, "carol", FALSE, 200001},
      {GST_RTC_OPERATION_SUBSCRIBE, "alice", FALSE, 100007},
      {GST_RTC_OPERATION_SUBSCRIBE, "dave", FALSE, 100007},
      {GST_RTC_OPERATION_UNSUBSCRIBE, "bob", FALSE, 200001},
      {GST_RTC_OPERATION_UNSUBSCRIBE, "dave", FALSE, 100007},
      {GST_RTC_OPERATION_MUTE_REMOTE, "bob", FALSE, 200001},
      {GST_RTC_OPERATION_RENEW_TOKEN, NULL, FALSE, 0},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (rows[i].code, ==,
        check (fixture, rows[i].operation, rows[i].user_id, rows[i].screen));
}

static void
test_subscription (Fixture *fixture, gconstpointer data)
{
  run (fixture, GST_RTC_OPERATION_SUBSCRIBE, NULL);
  run (fixture, GST_RTC_OPERATION_SUBSCRIBE, NULL);
  g_assert_cmpint (
      0, ==, check (fixture, GST_RTC_OPERATION_MUTE_REMOTE, "bob", FALSE));
  run (fixture, GST_RTC_OPERATION_UNSUBSCRIBE, NULL);
  g_assert_false (gst_rtc_ledger_is_subscribed (fixture->ledger, "bob", FALSE));
}

static void
test_dropping (Fixture *fixture, gconstpointer data)
{
  run (fixture, GST_RTC_OPERATION_SUBSCRIBE, NULL);
  gst_rtc_ledger_drop_stream (fixture->ledger, "bob", TRUE);
  gst_rtc_ledger_drop_session (fixture->ledger, "other");
  g_assert_true (gst_rtc_ledger_is_subscribed (fixture->ledger, "bob", FALSE));
  gst_rtc_ledger_drop_session (fixture->ledger, "session");
  g_assert_false (gst_rtc_ledger_is_subscribed (fixture->ledger, "bob", FALSE));
  run (fixture, GST_RTC_OPERATION_SUBSCRIBE, NULL);
  gst_rtc_ledger_drop_user (fixture->ledger, "bob");
  g_assert_false (gst_rtc_ledger_is_subscribed (fixture->ledger, "bob", FALSE));
}

static void
add (const gchar *path, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/ledger/publishing", test_publishing);
  add ("/ledger/failed-publish", test_failed_publish);
  add ("/ledger/failed-unpublish", test_failed_unpublish);
  add ("/ledger/muting", test_muting);
  add ("/ledger/targets", test_targets);
  add ("/ledger/subscription", test_subscription);
  add ("/ledger/dropping", test_dropping);
  return g_test_run ();
}
