/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The actions of rtcsink and rtcsrc without auto-join: every promise is
 * answered once, every call out of order has its code. */
#include "elementcheck.h"

#include "raw-server.h"

#define BY_HAND "auto-join=false auto-publish=false"
#define BY_HAND_SRC "auto-join=false auto-subscribe=none"
#define BOB_WITH_CAMERA                                                        \
  "[{\"user\":\"bob\",\"streams\":[{\"screen\":false,"                         \
  "\"videoCodec\":\"VP8\",\"audioCodec\":\"OPUS\"}]}]"

/* --- helpers --- */

static void
expect (Fixture *fixture, gint code, const gchar *operation, Answer *answer)
{
  g_assert_cmpint (code, ==, answer_wait (fixture, answer, operation));
  answer_free (answer);
}

/* With exactly one WARNING, which is forgotten. */
static void
expect_warning (Fixture *fixture, RtcPipeline *pipeline, gint code,
    const gchar *operation, Answer *answer)
{
  expect (fixture, code, operation, answer);
  check_failure (fixture, pipeline, GST_MESSAGE_WARNING, code, operation);
  rtc_pipeline_forget (pipeline);
}

static void
enter (Fixture *fixture, RtcPipeline *pipeline)
{
  rtc_pipeline_play (pipeline);
  expect (fixture, 0, "init", check_init (fixture, pipeline));
  expect (fixture, 0, "join", check_join (fixture, pipeline));
}

static Answer *
check_renew (Fixture *fixture, RtcPipeline *pipeline)
{
  Answer *answer = answer_new (fixture);

  g_signal_emit_by_name (rtc_pipeline_get (pipeline, "rtc"), "renew-token",
      "token", answer->promise);
  return answer;
}

static Answer *
check_mute_local (Fixture *fixture, RtcPipeline *pipeline)
{
  return check_act_on_user (
      fixture, pipeline, "mute-local", NULL, "options, audio=(boolean)true");
}

static const gchar *
get_options (const gchar *action)
{
  return g_str_equal (action, "mute-remote") ? "options, audio=(boolean)true"
                                             : NULL;
}

/* --- in order --- */

static void
test_publisher_by_hand (Fixture *fixture, gconstpointer data)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  RtcPipeline *publisher = check_publisher_new (url, BY_HAND);
  RtcPipeline *viewer = check_viewer_new (url, BY_HAND_SRC);
  Counter *frames =
      counter_new (fixture, rtc_pipeline_get (viewer, "video"), "sink");

  enter (fixture, publisher);
  enter (fixture, viewer);
  expect (fixture, 0, "publish", check_act (fixture, publisher, "publish"));
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (viewer, GST_MESSAGE_ELEMENT, "rtc-stream-added") !=
          NULL);
  expect (fixture, 0, "subscribe",
      check_act_on_user (fixture, viewer, "subscribe", "alice", NULL));
  counter_wait (fixture, frames, 5);

  expect (fixture, 0, "mute-local",
      check_act_on_user (fixture, publisher, "mute-local", NULL,
          "options, video=(boolean)true"));
  expect (fixture, 0, "mute-local",
      check_act_on_user (fixture, publisher, "mute-local", NULL,
          "options, video=(boolean)false"));
  counter_wait (fixture, frames, 5);
  expect (fixture, 0, "mute-remote",
      check_act_on_user (fixture, viewer, "mute-remote", "alice",
          "options, video=(boolean)true"));
  expect (fixture, 0, "mute-remote",
      check_act_on_user (fixture, viewer, "mute-remote", "alice",
          "options, video=(boolean)false"));
  counter_wait (fixture, frames, 5);

  expect (fixture, 0, "unsubscribe",
      check_act_on_user (fixture, viewer, "unsubscribe", "alice", NULL));
  expect (fixture, 0, "unpublish", check_act (fixture, publisher, "unpublish"));
  expect (fixture, 0, "leave", check_act (fixture, viewer, "leave"));
  expect (fixture, 0, "leave", check_act (fixture, publisher, "leave"));
  check_barrier (fixture, publisher);
  check_barrier (fixture, viewer);
  check_no_failure (publisher);
  check_no_failure (viewer);

  /* And once more from the join on, then without an unpublish between. */
  for (guint i = 0; i < 2; i++) {
    expect (fixture, 0, "join", check_join (fixture, publisher));
    expect (fixture, 0, "publish", check_act (fixture, publisher, "publish"));
    expect (fixture, 0, "leave", check_act (fixture, publisher, "leave"));
  }
  check_no_failure (publisher);
  rtc_pipeline_free (viewer);
  rtc_pipeline_free (publisher);
  counter_free (frames);
}

static void
test_join_tells_the_user (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new (
      "rtcsrc", gst_rtc_server_get_url (fixture->server), BY_HAND_SRC);
  Answer *answer;

  rtc_pipeline_play (pipeline);
  expect (fixture, 0, "init", check_init (fixture, pipeline));
  answer = answer_new (fixture);
  g_signal_emit_by_name (rtc_pipeline_get (pipeline, "rtc"), "join", NULL,
      "other-room", "carol", answer->promise);
  g_assert_cmpint (0, ==, answer_wait (fixture, answer, "join"));
  g_assert_cmpstr ("carol", ==,
      gst_structure_get_string (
          gst_promise_get_reply (answer->promise), "user-id"));
  answer_free (answer);
  rtc_pipeline_free (pipeline);
}

/* A promise may be NULL. */
static void
test_no_promise (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new (
      "rtcsink", gst_rtc_server_get_url (fixture->server), BY_HAND);
  GstElement *rtc = rtc_pipeline_get (pipeline, "rtc");

  g_signal_emit_by_name (rtc, "leave", NULL);
  rtc_pipeline_play (pipeline);
  g_signal_emit_by_name (rtc, "init", "default", NULL);
  g_signal_emit_by_name (rtc, "join", NULL, NULL, NULL, NULL);
  check_wait_connected (fixture, pipeline);
  g_signal_emit_by_name (rtc, "leave", NULL);
  rtc_test_wait (fixture->context, !check_is_connected (pipeline));
  check_barrier (fixture, pipeline);
  check_no_failure (pipeline);
  rtc_pipeline_free (pipeline);
}

/* --- out of order --- */

static void
test_before_init (Fixture *fixture, gconstpointer data)
{
  const gint code = GST_RTC_ERROR_INVALID_PARAMS;
  const gchar *url = scripted_server_get_url (fixture->scripted);
  RtcPipeline *sink = check_lone_new ("rtcsink", url, BY_HAND);
  RtcPipeline *src = check_lone_new ("rtcsrc", url, BY_HAND_SRC);
  const gchar *named[] = {"leave", "publish", "unpublish"};
  const gchar *on_user[] = {"subscribe", "unsubscribe", "mute-remote"};

  rtc_pipeline_play (sink);
  rtc_pipeline_play (src);
  for (guint i = 0; i < G_N_ELEMENTS (named); i++) {
    expect_warning (
        fixture, sink, code, named[i], check_act (fixture, sink, named[i]));
  }
  for (guint i = 0; i < G_N_ELEMENTS (on_user); i++) {
    expect_warning (fixture, src, code, on_user[i],
        check_act_on_user (
            fixture, src, on_user[i], "bob", get_options (on_user[i])));
  }
  expect_warning (fixture, sink, code, "join", check_join (fixture, sink));
  expect_warning (
      fixture, sink, code, "mute-local", check_mute_local (fixture, sink));
  expect_warning (
      fixture, src, code, "renew-token", check_renew (fixture, src));
  g_assert_cmpuint (0, ==, scripted_server_get_n_configs (fixture->scripted));
  rtc_pipeline_free (sink);
  rtc_pipeline_free (src);
}

static void
test_outside_of_a_room (Fixture *fixture, gconstpointer data)
{
  const gint code = GST_RTC_ERROR_NOT_IN_ROOM;
  const gchar *url = scripted_server_get_url (fixture->scripted);
  RtcPipeline *sink = check_publisher_new (url, BY_HAND);
  RtcPipeline *src = check_lone_new ("rtcsrc", url, BY_HAND_SRC);
  const gchar *named[] = {"leave", "publish", "unpublish"};
  const gchar *on_user[] = {"subscribe", "unsubscribe", "mute-remote"};

  rtc_pipeline_play (sink);
  rtc_pipeline_play (src);
  expect (fixture, 0, "init", check_init (fixture, sink));
  expect (fixture, 0, "init", check_init (fixture, src));
  for (guint i = 0; i < G_N_ELEMENTS (named); i++) {
    expect_warning (
        fixture, sink, code, named[i], check_act (fixture, sink, named[i]));
  }
  for (guint i = 0; i < G_N_ELEMENTS (on_user); i++) {
    expect_warning (fixture, src, code, on_user[i],
        check_act_on_user (
            fixture, src, on_user[i], "bob", get_options (on_user[i])));
  }
  expect_warning (
      fixture, sink, code, "mute-local", check_mute_local (fixture, sink));
  g_assert_cmpuint (0, ==, scripted_server_get_n_seen (fixture->scripted));
  rtc_pipeline_free (sink);
  rtc_pipeline_free (src);
}

static void
test_init_twice (Fixture *fixture, gconstpointer data)
{
  const gint code = GST_RTC_ERROR_HAS_INITED;
  const gchar *url = scripted_server_get_url (fixture->scripted);
  RtcPipeline *by_hand = check_lone_new ("rtcsrc", url, BY_HAND_SRC);
  RtcPipeline *by_state = check_lone_new ("rtcsrc", url, "");

  rtc_pipeline_play (by_hand);
  expect (fixture, 0, "init", check_init (fixture, by_hand));
  expect_warning (
      fixture, by_hand, code, "init", check_init (fixture, by_hand));
  rtc_pipeline_play (by_state);
  expect_warning (
      fixture, by_state, code, "init", check_init (fixture, by_state));
  rtc_pipeline_free (by_hand);
  rtc_pipeline_free (by_state);
}

static void
test_join_twice (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new (
      "rtcsrc", scripted_server_get_url (fixture->scripted), BY_HAND_SRC);
  Answer *first;

  scripted_server_add (fixture->scripted,
      (ScriptedRow){
          .type = GST_RTC_MESSAGE_JOIN, .act = SCRIPTED_LATE, .delay = 200});
  rtc_pipeline_play (pipeline);
  expect (fixture, 0, "init", check_init (fixture, pipeline));
  first = check_join (fixture, pipeline);
  expect_warning (fixture, pipeline, GST_RTC_ERROR_CONNECTING, "join",
      check_join (fixture, pipeline));
  expect (fixture, 0, "join", first);
  expect_warning (fixture, pipeline, GST_RTC_ERROR_ALREADY_IN_ROOM, "join",
      check_join (fixture, pipeline));
  g_assert_true (check_is_connected (pipeline));
  g_assert_cmpuint (
      1, ==, scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_JOIN));
  rtc_pipeline_free (pipeline);
}

static void
test_bad_join (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new (
      "rtcsrc", scripted_server_get_url (fixture->scripted), BY_HAND_SRC);
  Answer *answer = answer_new (fixture);

  rtc_pipeline_play (pipeline);
  expect (fixture, 0, "init", check_init (fixture, pipeline));
  g_signal_emit_by_name (rtc_pipeline_get (pipeline, "rtc"), "join", NULL,
      "no room", NULL, answer->promise);
  expect_warning (
      fixture, pipeline, GST_RTC_ERROR_INVALID_PARAMS, "join", answer);
  expect (fixture, 0, "join", check_join (fixture, pipeline));
  rtc_pipeline_free (pipeline);
}

static void
test_refused_join_is_a_warning (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new (
      "rtcsrc", scripted_server_get_url (fixture->scripted), BY_HAND_SRC);

  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_JOIN,
                             .act = SCRIPTED_REFUSE,
                             .code = GST_RTC_ERROR_JOIN_ROOM_ERROR});
  rtc_pipeline_play (pipeline);
  expect (fixture, 0, "init", check_init (fixture, pipeline));
  expect_warning (fixture, pipeline, GST_RTC_ERROR_JOIN_ROOM_ERROR, "join",
      check_join (fixture, pipeline));
  expect (fixture, 0, "join", check_join (fixture, pipeline));
  rtc_pipeline_free (pipeline);
}

static void
test_publish_order (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_publisher_new (
      scripted_server_get_url (fixture->scripted), BY_HAND);
  Answer *pending;

  enter (fixture, pipeline);
  expect_warning (fixture, pipeline, GST_RTC_ERROR_NOT_PUBLISHED, "unpublish",
      check_act (fixture, pipeline, "unpublish"));
  expect_warning (fixture, pipeline, GST_RTC_ERROR_NOT_PUBLISHED, "mute-local",
      check_mute_local (fixture, pipeline));

  scripted_server_add (fixture->scripted,
      (ScriptedRow){
          .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_LATE, .delay = 200});
  pending = check_act (fixture, pipeline, "publish");
  expect_warning (fixture, pipeline, GST_RTC_ERROR_ALREADY_PUBLISHED, "publish",
      check_act (fixture, pipeline, "publish"));
  expect (fixture, 0, "publish", pending);
  expect_warning (fixture, pipeline, GST_RTC_ERROR_ALREADY_PUBLISHED, "publish",
      check_act (fixture, pipeline, "publish"));
  expect (fixture, 0, "unpublish", check_act (fixture, pipeline, "unpublish"));
  expect (fixture, 0, "publish", check_act (fixture, pipeline, "publish"));
  rtc_pipeline_free (pipeline);
}

static void
test_unknown_targets (Fixture *fixture, gconstpointer data)
{
  const gchar *actions[] = {"subscribe", "unsubscribe", "mute-remote"};
  RtcPipeline *pipeline = check_lone_new (
      "rtcsrc", scripted_server_get_url (fixture->scripted), BY_HAND_SRC);
  guint seen;

  scripted_server_set_users (fixture->scripted, BOB_WITH_CAMERA);
  enter (fixture, pipeline);
  seen = scripted_server_get_n_seen (fixture->scripted);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++) {
    expect_warning (fixture, pipeline, GST_RTC_ERROR_UID_NOT_FOUND, actions[i],
        check_act_on_user (
            fixture, pipeline, actions[i], "nobody", get_options (actions[i])));
    expect_warning (fixture, pipeline, GST_RTC_ERROR_STREAM_ID_NOT_FOUND,
        actions[i],
        check_act_on_user (fixture, pipeline, actions[i], "bob",
            i == 2 ? "options, screen=(boolean)true, audio=(boolean)true"
                   : "options, screen=(boolean)true"));
    expect_warning (fixture, pipeline, GST_RTC_ERROR_INVALID_PARAMS, actions[i],
        check_act_on_user (fixture, pipeline, actions[i], "b b", NULL));
    expect_warning (fixture, pipeline, GST_RTC_ERROR_INVALID_PARAMS, actions[i],
        check_act_on_user (fixture, pipeline, actions[i], "bob",
            "options, smell=(boolean)true"));
    expect_warning (fixture, pipeline, GST_RTC_ERROR_INVALID_PARAMS, actions[i],
        check_act_on_user (
            fixture, pipeline, actions[i], "bob", "options, audio=(int)1"));
  }
  expect_warning (fixture, pipeline, GST_RTC_ERROR_INVALID_PARAMS, "subscribe",
      check_act_on_user (fixture, pipeline, "subscribe", "bob",
          "options, audio=(boolean)false, video=(boolean)false"));
  /* Nothing of it but the barriers went out. */
  g_assert_cmpuint (scripted_server_get_n_seen (fixture->scripted) - seen, ==,
      scripted_server_count (
          fixture->scripted, GST_RTC_MESSAGE_SET_VISIBILITY));
  rtc_pipeline_free (pipeline);
}

/* What an application gives as the name of an option may be anything. */
static void
test_option_that_is_not_utf8 (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_publisher_new (
      scripted_server_get_url (fixture->scripted), BY_HAND);
  GstStructure *options = gst_structure_new_empty ("options");
  Answer *answer = answer_new (fixture);

  gst_structure_set (options, "vid\377eo", G_TYPE_BOOLEAN, TRUE, NULL);
  enter (fixture, pipeline);
  g_signal_emit_by_name (rtc_pipeline_get (pipeline, "rtc"), "mute-local",
      options, answer->promise);
  expect_warning (
      fixture, pipeline, GST_RTC_ERROR_INVALID_PARAMS, "mute-local", answer);
  gst_structure_free (options);
  rtc_pipeline_free (pipeline);
}

/* --- hiding --- */

static Answer *
check_hide (Fixture *fixture, RtcPipeline *pipeline)
{
  Answer *answer = answer_new (fixture);

  g_signal_emit_by_name (rtc_pipeline_get (pipeline, "rtc"),
      "set-user-visibility", FALSE, answer->promise);
  return answer;
}

/* One frame of raw video into the appsrc `media`. */
static void
push_frame (RtcPipeline *pipeline)
{
  GstElement *media = rtc_pipeline_get (pipeline, "media");
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      "video/x-raw,format=I420,width=64,height=64,framerate=30/1");
  g_autoptr (GstBuffer) frame = gst_buffer_new_allocate (NULL, 6144, NULL);
  GstFlowReturn flow;

  gst_buffer_memset (frame, 0, 128, 6144);
  GST_BUFFER_PTS (frame) = 0;
  g_object_set (media, "caps", caps, NULL);
  g_signal_emit_by_name (media, "push-buffer", frame, &flow);
  g_assert_cmpint (GST_FLOW_OK, ==, flow);
}

/* One that is waited for in vain ends when it is not wanted any more. */
static void
test_unpublish_ends_a_waiting_publish (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = rtc_pipeline_new (
      "rtcsink name=rtc server-url=%s room-id=room connect-timeout=120000 "
      "auto-publish=false "
      "appsrc name=media is-live=true format=time ! rtc.video_0",
      scripted_server_get_url (fixture->scripted));
  Answer *waiting;

  rtc_pipeline_play (pipeline);
  check_wait_connected (fixture, pipeline);
  waiting = check_act (fixture, pipeline, "publish");
  expect (fixture, 0, "unpublish", check_act (fixture, pipeline, "unpublish"));
  expect (fixture, GST_RTC_ERROR_PUBLISH_ERROR, "publish", waiting);
  check_no_failure (pipeline);

  waiting = check_act (fixture, pipeline, "publish");
  push_frame (pipeline);
  expect (fixture, 0, "publish", waiting);
  g_assert_cmpuint (0, ==,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_UNPUBLISH));
  rtc_pipeline_free (pipeline);
}

/* And not only when there are caps, or none in time. */
static void
test_hiding_ends_a_waiting_publish (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = rtc_pipeline_new (
      "rtcsink name=rtc server-url=%s room-id=room connect-timeout=120000 "
      "appsrc name=media is-live=true format=time ! rtc.video_0",
      scripted_server_get_url (fixture->scripted));
  Answer *by_hand;

  rtc_pipeline_play (pipeline);
  check_wait_connected (fixture, pipeline);
  check_barrier (fixture, pipeline);
  check_no_failure (pipeline);
  expect (fixture, 0, "set-user-visibility", check_hide (fixture, pipeline));
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");

  /* Shown again, another one takes its place. */
  by_hand = check_act (fixture, pipeline, "publish");
  push_frame (pipeline);
  expect (fixture, 0, "publish", by_hand);
  g_assert_cmpuint (1, ==,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_PUBLISH));
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");
  rtc_pipeline_free (pipeline);
}

/* --- camera and screen by one call --- */

/* With time for the second encoder on a busy machine. */
#define BOTH_STREAMS                                                           \
  BY_HAND " signaling-timeout=30000 videotestsrc is-live=true ! "              \
          "video/x-raw,width=64,height=64 ! rtc.video_1"

static void
test_publish_fails_with_either_stream (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_publisher_new (
      scripted_server_get_url (fixture->scripted), BOTH_STREAMS);
  const gchar *const streams[] = {"camera", "screen", NULL};
  const GstStructure *details;

  enter (fixture, pipeline);
  /* The one whose format is known first. */
  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_PUBLISH,
                             .act = SCRIPTED_REFUSE,
                             .code = GST_RTC_ERROR_PUBLISH_ERROR});
  expect (fixture, GST_RTC_ERROR_PUBLISH_ERROR, "publish",
      check_act (fixture, pipeline, "publish"));
  details = check_failure (fixture, pipeline, GST_MESSAGE_WARNING,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");
  g_assert_true (g_strv_contains (
      streams, gst_structure_get_string (details, GST_RTC_DETAIL_STREAM)));
  rtc_pipeline_forget (pipeline);

  /* The other one is published all the same. */
  expect (fixture, 0, "publish", check_act (fixture, pipeline, "publish"));
  g_assert_cmpuint (3, ==,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_PUBLISH));
  expect_warning (fixture, pipeline, GST_RTC_ERROR_ALREADY_PUBLISHED, "publish",
      check_act (fixture, pipeline, "publish"));
  rtc_pipeline_free (pipeline);
}

static void
test_unpublish_ends_what_is_published (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_publisher_new (
      scripted_server_get_url (fixture->scripted), BOTH_STREAMS);

  enter (fixture, pipeline);
  expect (fixture, 0, "publish", check_act (fixture, pipeline, "publish"));
  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_UNPUBLISH,
                             .act = SCRIPTED_REFUSE,
                             .code = GST_RTC_ERROR_UNPUBLISH_ERROR});
  expect_warning (fixture, pipeline, GST_RTC_ERROR_UNPUBLISH_ERROR, "unpublish",
      check_act (fixture, pipeline, "unpublish"));
  g_assert_cmpuint (2, ==,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_UNPUBLISH));
  /* One is left, and the end of that is no failure. */
  expect (fixture, 0, "unpublish", check_act (fixture, pipeline, "unpublish"));
  check_barrier (fixture, pipeline);
  check_no_failure (pipeline);
  g_assert_cmpuint (3, ==,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_UNPUBLISH));
  expect_warning (fixture, pipeline, GST_RTC_ERROR_NOT_PUBLISHED, "unpublish",
      check_act (fixture, pipeline, "unpublish"));
  rtc_pipeline_free (pipeline);
}

/* Nobody waits less than the documented 3 s, nor much more. */
static void
test_default_timeout (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new (
      "rtcsrc", scripted_server_get_url (fixture->scripted), BY_HAND_SRC);
  gint64 started;
  gint64 passed;

  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_RENEW_TOKEN,
                             .act = SCRIPTED_SILENT});
  enter (fixture, pipeline);
  started = g_get_monotonic_time ();
  expect (fixture, GST_RTC_ERROR_SIGNALING_TIMEOUT, "renew-token",
      check_renew (fixture, pipeline));
  passed = (g_get_monotonic_time () - started) / G_TIME_SPAN_MILLISECOND;
  g_assert_cmpint (2900, <=, passed);
  g_assert_cmpint (passed, <=, 6000); /* of a busy machine */
  rtc_pipeline_free (pipeline);
}

/* --- answered whatever happens --- */

static void
test_state_null (Fixture *fixture, gconstpointer data)
{
  const gchar *url = scripted_server_get_url (fixture->scripted);
  RtcPipeline *sink = check_lone_new ("rtcsink", url, BY_HAND);
  RtcPipeline *src = check_lone_new ("rtcsrc", url, BY_HAND_SRC);
  const gint code = GST_RTC_ERROR_INVALID_PARAMS;

  expect (fixture, code, "init", check_init (fixture, sink));
  expect (fixture, code, "join", check_join (fixture, sink));
  expect (fixture, code, "publish", check_act (fixture, sink, "publish"));
  expect (fixture, code, "unpublish", check_act (fixture, sink, "unpublish"));
  expect (fixture, code, "mute-local", check_mute_local (fixture, sink));
  expect (fixture, code, "leave", check_act (fixture, sink, "leave"));
  expect (fixture, code, "renew-token", check_renew (fixture, sink));
  expect (fixture, code, "subscribe",
      check_act_on_user (fixture, src, "subscribe", "bob", NULL));
  expect (fixture, code, "unsubscribe",
      check_act_on_user (fixture, src, "unsubscribe", "bob", NULL));
  expect (fixture, code, "mute-remote",
      check_act_on_user (fixture, src, "mute-remote", "bob", NULL));
  rtc_pipeline_free (sink);
  rtc_pipeline_free (src);
}

/* By now, and without waiting. */
static void
expect_answered (
    Fixture *fixture, gint code, const gchar *operation, Answer *answer)
{
  g_assert_cmpint (1, ==, g_atomic_int_get (&answer->answered));
  expect (fixture, code, operation, answer);
}

/* Going to NULL answers what is pending before it returns. */
static void
stop_while_pending (
    Fixture *fixture, GstRtcMessageType silent, const gchar *action, gint code)
{
  ScriptedServer *server = scripted_server_new (NULL);
  RtcPipeline *pipeline =
      check_publisher_new (scripted_server_get_url (server), BY_HAND);
  Answer *pending;

  scripted_server_add (
      server, (ScriptedRow){.type = silent, .act = SCRIPTED_SILENT});
  rtc_pipeline_play (pipeline);
  expect (fixture, 0, "init", check_init (fixture, pipeline));
  pending = check_join (fixture, pipeline);
  if (silent != GST_RTC_MESSAGE_JOIN) {
    expect (fixture, 0, "join", pending);
    pending = check_act (fixture, pipeline, action);
  }
  rtc_test_wait (fixture->context, scripted_server_count (server, silent) == 1);
  g_assert_cmpint (0, ==, g_atomic_int_get (&pending->answered));
  rtc_pipeline_stop (pipeline);
  expect_answered (fixture, code, action, pending);
  rtc_pipeline_free (pipeline);
  scripted_server_free (server);
}

static void
test_null_while_pending (Fixture *fixture, gconstpointer data)
{
  stop_while_pending (
      fixture, GST_RTC_MESSAGE_JOIN, "join", GST_RTC_ERROR_JOIN_ROOM_ERROR);
  stop_while_pending (
      fixture, GST_RTC_MESSAGE_PUBLISH, "publish", GST_RTC_ERROR_NOT_IN_ROOM);
  stop_while_pending (
      fixture, GST_RTC_MESSAGE_LEAVE, "leave", GST_RTC_ERROR_SIGNALING_TIMEOUT);
}

/* One answer also where there are two streams. */
static void
test_null_while_both_are_pending (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_publisher_new (
      scripted_server_get_url (fixture->scripted), BOTH_STREAMS);
  Answer *pending;

  enter (fixture, pipeline);
  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_PUBLISH,
                             .act = SCRIPTED_SILENT,
                             .always = TRUE});
  pending = check_act (fixture, pipeline, "publish");
  rtc_test_wait (fixture->context,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_PUBLISH) == 2);
  rtc_pipeline_stop (pipeline);
  expect_answered (fixture, GST_RTC_ERROR_NOT_IN_ROOM, "publish", pending);
  rtc_pipeline_free (pipeline);
}

/* A publish that waits for the caps of its pad. */
static void
test_null_while_waiting_for_caps (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      rtc_pipeline_new ("rtcsink name=rtc server-url=%s room-id=room " BY_HAND
                        " appsrc is-live=true format=time ! rtc.video_0",
          gst_rtc_server_get_url (fixture->server));
  Answer *pending;

  enter (fixture, pipeline);
  pending = check_act (fixture, pipeline, "publish");
  check_barrier (fixture, pipeline);
  g_assert_cmpint (0, ==, g_atomic_int_get (&pending->answered));
  rtc_pipeline_stop (pipeline);
  expect_answered (fixture, GST_RTC_ERROR_NOT_IN_ROOM, "publish", pending);
  rtc_pipeline_free (pipeline);
}

static void
test_leave_cuts_a_join_off (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new (
      "rtcsrc", scripted_server_get_url (fixture->scripted), BY_HAND_SRC);
  Answer *join;
  Answer *leave;

  scripted_server_add (fixture->scripted,
      (ScriptedRow){.type = GST_RTC_MESSAGE_JOIN, .act = SCRIPTED_SILENT});
  rtc_pipeline_play (pipeline);
  expect (fixture, 0, "init", check_init (fixture, pipeline));
  join = check_join (fixture, pipeline);
  rtc_test_wait (fixture->context,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_JOIN) == 1);
  leave = check_act (fixture, pipeline, "leave");
  expect_warning (
      fixture, pipeline, GST_RTC_ERROR_JOIN_ROOM_ERROR, "join", join);
  expect (fixture, 0, "leave", leave);
  expect (fixture, 0, "join", check_join (fixture, pipeline));
  rtc_pipeline_free (pipeline);
}

/* --- from any thread --- */

#define N_CALLERS 4
#define N_CALLS 60

typedef struct
{
  Fixture *fixture;
  RtcPipeline *sink;
  RtcPipeline *src;
  guint first; /* call */
  Answer *answers[N_CALLS];
  gint done; /* atomic */
} Caller;

static Answer *
call_something (Caller *self, guint which)
{
  static const struct
  {
    gboolean of_src;
    const gchar *action;
    const gchar *user_id;
    const gchar *options;
  } calls[] = {
      {FALSE, "publish", NULL, NULL},
      {TRUE, "subscribe", "alice", NULL},
      {FALSE, "mute-local", NULL, "options, video=(boolean)true"},
      {TRUE, "mute-remote", "alice", "options, audio=(boolean)true"},
      {FALSE, "unpublish", NULL, NULL},
      {TRUE, "unsubscribe", "alice", NULL},
      {FALSE, "leave", NULL, NULL},
      {TRUE, "leave", NULL, NULL},
  };
  RtcPipeline *pipeline;

  which %= G_N_ELEMENTS (calls) + 4;
  switch (which) {
    case 0:
      return check_init (self->fixture, self->sink);
    case 1:
      return check_init (self->fixture, self->src);
    case 2:
      return check_join (self->fixture, self->sink);
    case 3:
      return check_join (self->fixture, self->src);
    default:
      which -= 4;
      break;
  }
  pipeline = calls[which].of_src ? self->src : self->sink;
  if (!calls[which].user_id && !calls[which].options)
    return check_act (self->fixture, pipeline, calls[which].action);
  return check_act_on_user (self->fixture, pipeline, calls[which].action,
      calls[which].user_id, calls[which].options);
}

static gpointer
call_a_lot (gpointer data)
{
  Caller *self = data;

  for (guint i = 0; i < N_CALLS; i++) {
    self->answers[i] = call_something (self, self->first + i);
    g_thread_yield ();
  }
  g_atomic_int_set (&self->done, TRUE);
  g_main_context_wakeup (self->fixture->context);
  return NULL;
}

static void
call_from_threads (Fixture *fixture, guint n_done_at_stop)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  RtcPipeline *sink = check_publisher_new (url, BY_HAND);
  RtcPipeline *src = check_lone_new ("rtcsrc", url, BY_HAND_SRC);
  Caller callers[N_CALLERS];
  GThread *threads[N_CALLERS];

  rtc_pipeline_play (sink);
  rtc_pipeline_play (src);
  for (guint i = 0; i < N_CALLERS; i++) {
    callers[i] =
        (Caller){.fixture = fixture, .sink = sink, .src = src, .first = i * 3};
    threads[i] = g_thread_new ("caller", call_a_lot, &callers[i]);
  }
  for (guint i = 0; i < n_done_at_stop; i++)
    rtc_test_wait (fixture->context, g_atomic_int_get (&callers[i].done));
  rtc_pipeline_stop (sink);
  rtc_pipeline_stop (src);

  /* All have their answer when NULL is reached, or had it at once. */
  for (guint i = 0; i < N_CALLERS; i++) {
    g_thread_join (threads[i]);
    for (guint j = 0; j < N_CALLS; j++) {
      g_assert_cmpint (
          1, ==, g_atomic_int_get (&callers[i].answers[j]->answered));
      answer_free (callers[i].answers[j]);
    }
  }
  rtc_pipeline_free (sink);
  rtc_pipeline_free (src);
}

static void
test_any_thread (Fixture *fixture, gconstpointer data)
{
  call_from_threads (fixture, N_CALLERS);
  /* And into the way to NULL. */
  call_from_threads (fixture, 1);
  call_from_threads (fixture, 0);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  check_register ();

  CHECK_ADD ("/actions/publisher-by-hand", test_publisher_by_hand);
  CHECK_ADD ("/actions/join-tells-the-user", test_join_tells_the_user);
  CHECK_ADD ("/actions/no-promise", test_no_promise);
  CHECK_ADD ("/actions/before-init", test_before_init);
  CHECK_ADD ("/actions/outside-of-a-room", test_outside_of_a_room);
  CHECK_ADD ("/actions/init-twice", test_init_twice);
  CHECK_ADD ("/actions/join-twice", test_join_twice);
  CHECK_ADD ("/actions/bad-join", test_bad_join);
  CHECK_ADD (
      "/actions/refused-join-is-a-warning", test_refused_join_is_a_warning);
  CHECK_ADD ("/actions/publish-order", test_publish_order);
  CHECK_ADD ("/actions/unknown-targets", test_unknown_targets);
  CHECK_ADD ("/actions/option-that-is-not-utf8", test_option_that_is_not_utf8);
  CHECK_ADD ("/actions/default-timeout", test_default_timeout);
  CHECK_ADD ("/actions/unpublish-ends-a-waiting-publish",
      test_unpublish_ends_a_waiting_publish);
  CHECK_ADD ("/actions/hiding-ends-a-waiting-publish",
      test_hiding_ends_a_waiting_publish);
  CHECK_ADD ("/actions/publish-fails-with-either-stream",
      test_publish_fails_with_either_stream);
  CHECK_ADD ("/actions/unpublish-ends-what-is-published",
      test_unpublish_ends_what_is_published);
  CHECK_ADD ("/actions/state-null", test_state_null);
  CHECK_ADD ("/actions/null-while-pending", test_null_while_pending);
  CHECK_ADD (
      "/actions/null-while-both-are-pending", test_null_while_both_are_pending);
  CHECK_ADD (
      "/actions/null-while-waiting-for-caps", test_null_while_waiting_for_caps);
  CHECK_ADD ("/actions/leave-cuts-a-join-off", test_leave_cuts_a_join_off);
  CHECK_ADD ("/actions/any-thread", test_any_thread);
  return g_test_run ();
}
