/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of what the own user publishes and subscribes: the order of the
 * checks, and that a failure takes back what its start changed. */
#include "rtcledger.h"

#include <string.h>

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

/* To bob's camera, by the media session that run () answers with. */
static gboolean
is_subscribed (Fixture *fixture)
{
  return gst_rtc_ledger_get_media_session (fixture->ledger, "bob", FALSE) !=
         NULL;
}

static void
test_subscription (Fixture *fixture, gconstpointer data)
{
  run (fixture, GST_RTC_OPERATION_SUBSCRIBE, NULL);
  run (fixture, GST_RTC_OPERATION_SUBSCRIBE, NULL);
  g_assert_cmpint (
      0, ==, check (fixture, GST_RTC_OPERATION_MUTE_REMOTE, "bob", FALSE));
  run (fixture, GST_RTC_OPERATION_UNSUBSCRIBE, NULL);
  g_assert_false (is_subscribed (fixture));
}

static void
test_dropping (Fixture *fixture, gconstpointer data)
{
  run (fixture, GST_RTC_OPERATION_SUBSCRIBE, NULL);
  gst_rtc_ledger_drop_stream (fixture->ledger, "bob", TRUE);
  gst_rtc_ledger_drop_session (fixture->ledger, "other");
  g_assert_true (is_subscribed (fixture));
  gst_rtc_ledger_drop_session (fixture->ledger, "session");
  g_assert_false (is_subscribed (fixture));
  run (fixture, GST_RTC_OPERATION_SUBSCRIBE, NULL);
  gst_rtc_ledger_drop_user (fixture->ledger, "bob");
  g_assert_false (is_subscribed (fixture));
}

/* --- what the server has lost --- */

static void
run_request (Fixture *fixture, const GstRtcRequest *request)
{
  const GstRtcAnswer answer = {.media_session = "session"};

  gst_rtc_ledger_begin (fixture->ledger, request);
  gst_rtc_ledger_end (fixture->ledger, request, &answer, NULL);
}

/* Camera and screen, of which the sound of the screen is muted. */
static void
publish_both (Fixture *fixture)
{
  g_autoptr (GstRtcStream) screen =
      gst_rtc_stream_new (TRUE, "PCMU", "VP9", GST_RTC_MEDIA_NONE);

  run (fixture, GST_RTC_OPERATION_PUBLISH, NULL);
  run_request (fixture, &(GstRtcRequest){.operation = GST_RTC_OPERATION_PUBLISH,
                            .stream = screen});
  run_request (
      fixture, &(GstRtcRequest){.operation = GST_RTC_OPERATION_MUTE_LOCAL,
                   .screen = TRUE,
                   .audio = GST_RTC_TRUE});
}

static void
check_lost_publications (Fixture *fixture, gboolean camera, gboolean screen)
{
  GstRtcRequest publish, mute;

  g_assert_cmpint (camera, ==,
      gst_rtc_ledger_get_lost_publication (
          fixture->ledger, FALSE, &publish, &mute));
  if (camera) {
    g_assert_cmpint (GST_RTC_OPERATION_PUBLISH, ==, publish.operation);
    g_assert_cmpstr ("VP8", ==, publish.stream->video_codec);
    g_assert_cmpint (GST_RTC_OPERATION_NONE, ==, mute.operation);
  }
  g_assert_cmpint (screen, ==,
      gst_rtc_ledger_get_lost_publication (
          fixture->ledger, TRUE, &publish, &mute));
  if (screen) {
    g_assert_true (publish.screen);
    g_assert_cmpstr ("VP9", ==, publish.stream->video_codec);
    g_assert_cmpint (GST_RTC_OPERATION_MUTE_LOCAL, ==, mute.operation);
    g_assert_true (mute.screen);
    g_assert_cmpint (GST_RTC_TRUE, ==, mute.audio);
    g_assert_cmpint (GST_RTC_UNSET, ==, mute.video);
  }
}

static void
test_lost_publications (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest camera = {
      .operation = GST_RTC_OPERATION_PUBLISH, .stream = fixture->camera};

  gst_rtc_ledger_mark_lost (fixture->ledger);
  g_assert_false (
      gst_rtc_ledger_mark_publication_lost (fixture->ledger, FALSE));
  gst_rtc_ledger_set_lost (fixture->ledger, &camera);
  check_lost_publications (fixture, FALSE, FALSE);

  publish_both (fixture);
  check_lost_publications (fixture, FALSE, FALSE);
  g_assert_true (gst_rtc_ledger_mark_publication_lost (fixture->ledger, TRUE));
  check_lost_publications (fixture, FALSE, TRUE);
  gst_rtc_ledger_mark_lost (fixture->ledger);
  check_lost_publications (fixture, TRUE, TRUE);
  gst_rtc_ledger_set_found (fixture->ledger, &camera);
  check_lost_publications (fixture, FALSE, TRUE);
  gst_rtc_ledger_set_lost (fixture->ledger, &camera);
  check_lost_publications (fixture, TRUE, TRUE);
  gst_rtc_ledger_remove (fixture->ledger, &camera);
  check_lost_publications (fixture, FALSE, TRUE);
  g_assert_false (gst_rtc_ledger_is_published (fixture->ledger, FALSE));
}

static void
test_all_publications_end (Fixture *fixture, gconstpointer data)
{
  publish_both (fixture);
  run_request (
      fixture, &(GstRtcRequest){.operation = GST_RTC_OPERATION_SET_VISIBILITY,
                   .enable = TRUE});
  g_assert_true (gst_rtc_ledger_is_published (fixture->ledger, FALSE));
  run_request (
      fixture, &(GstRtcRequest){.operation = GST_RTC_OPERATION_SET_VISIBILITY});
  for (gint screen = FALSE; screen <= TRUE; screen++)
    g_assert_false (gst_rtc_ledger_is_published (fixture->ledger, screen));
  publish_both (fixture);
  gst_rtc_ledger_clear (fixture->ledger);
  for (gint screen = FALSE; screen <= TRUE; screen++)
    g_assert_false (gst_rtc_ledger_is_published (fixture->ledger, screen));
}

/* Bob's camera without sound, and his screen. */
static void
subscribe_to_both (Fixture *fixture)
{
  GstRtcRequest request = {.operation = GST_RTC_OPERATION_SUBSCRIBE,
      .user_id = "bob",
      .audio = GST_RTC_FALSE,
      .video = GST_RTC_TRUE};

  run_request (fixture, &request);
  request.screen = TRUE;
  run_request (fixture, &request);
  gst_rtc_ledger_set_media_session (
      fixture->ledger, "bob", TRUE, "screen-session");
}

/* The streams, by what is asked for again; 'c' and 's'. */
static void
check_lost_subscriptions (Fixture *fixture, const gchar *expected)
{
  g_autoptr (GPtrArray) lost =
      gst_rtc_ledger_list_lost_subscriptions (fixture->ledger);

  g_assert_cmpuint (strlen (expected), ==, lost->len);
  for (guint i = 0; i < lost->len; i++) {
    const GstRtcRequest *request = g_ptr_array_index (lost, i);

    g_assert_cmpint (GST_RTC_OPERATION_SUBSCRIBE, ==, request->operation);
    g_assert_cmpstr ("bob", ==, request->user_id);
    g_assert_cmpint (expected[i] == 's', ==, request->screen);
    g_assert_cmpint (GST_RTC_FALSE, ==, request->audio);
    g_assert_cmpint (GST_RTC_TRUE, ==, request->video);
  }
}

static void
test_lost_subscriptions (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest camera = {
      .operation = GST_RTC_OPERATION_SUBSCRIBE, .user_id = "bob"};

  subscribe_to_both (fixture);
  check_lost_subscriptions (fixture, "");
  g_assert_false (gst_rtc_ledger_mark_stream_lost (fixture->ledger, "other"));
  g_assert_true (
      gst_rtc_ledger_mark_stream_lost (fixture->ledger, "screen-session"));
  check_lost_subscriptions (fixture, "s");
  gst_rtc_ledger_mark_lost (fixture->ledger);
  check_lost_subscriptions (fixture, "cs");
  gst_rtc_ledger_set_found (fixture->ledger, &camera);
  check_lost_subscriptions (fixture, "s");
  gst_rtc_ledger_set_lost (fixture->ledger, &camera);
  check_lost_subscriptions (fixture, "cs");
  gst_rtc_ledger_remove (fixture->ledger, &camera);
  check_lost_subscriptions (fixture, "s");
  g_assert_null (
      gst_rtc_ledger_get_media_session (fixture->ledger, "bob", FALSE));
  g_assert_cmpstr ("screen-session", ==,
      gst_rtc_ledger_get_media_session (fixture->ledger, "bob", TRUE));
  /* Of what is not subscribed nothing is lost. */
  gst_rtc_ledger_set_lost (fixture->ledger, &camera);
  gst_rtc_ledger_set_media_session (fixture->ledger, "bob", FALSE, "session");
  check_lost_subscriptions (fixture, "s");
}

static void
test_pause (Fixture *fixture, gconstpointer data)
{
  GstRtcRequest pause = {.operation = GST_RTC_OPERATION_MUTE_REMOTE,
      .user_id = "bob",
      .screen = TRUE,
      .audio = GST_RTC_TRUE,
      .video = GST_RTC_TRUE};
  GstRtcRequest again;

  run_request (fixture, &pause);
  subscribe_to_both (fixture);
  g_assert_false (
      gst_rtc_ledger_get_pause (fixture->ledger, "bob", TRUE, &again));
  run_request (fixture, &pause);
  g_assert_true (
      gst_rtc_ledger_get_pause (fixture->ledger, "bob", TRUE, &again));
  g_assert_cmpint (GST_RTC_TRUE, ==, again.audio);
  pause.audio = GST_RTC_FALSE;
  pause.video = GST_RTC_UNSET;
  run_request (fixture, &pause);
  g_assert_false (
      gst_rtc_ledger_get_pause (fixture->ledger, "bob", FALSE, &again));
  g_assert_true (
      gst_rtc_ledger_get_pause (fixture->ledger, "bob", TRUE, &again));
  g_assert_cmpint (GST_RTC_OPERATION_MUTE_REMOTE, ==, again.operation);
  g_assert_cmpstr ("bob", ==, again.user_id);
  g_assert_true (again.screen);
  g_assert_cmpint (GST_RTC_UNSET, ==, again.audio);
  g_assert_cmpint (GST_RTC_TRUE, ==, again.video);
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
  add ("/ledger/lost-publications", test_lost_publications);
  add ("/ledger/all-publications-end", test_all_publications_end);
  add ("/ledger/lost-subscriptions", test_lost_subscriptions);
  add ("/ledger/pause", test_pause);
  return g_test_run ();
}
