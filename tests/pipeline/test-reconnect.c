/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a call when its server, the connection to it, or the other
 * side goes away. Clients reach the server through proxies that cut. */
#include "rtcparty.h"

#include <signal.h>
#include <sys/prctl.h>

#include "cut-proxy.h"
#include "patience.h"
#include "rtcerror.h"

#define RECONNECT "reconnect-delay=50"
#define GRACE_MS 500
/* At 30/s: what media may lose while transports change over. */
#define FEW_FRAMES ((guint)(5 * rtc_patience () * rtc_load_patience ()))
/* The promise to users, and what a busy machine adds. */
#define KNOWN_WITHIN (5 * G_TIME_SPAN_SECOND)
#define SLACK (rtc_patience () * G_TIME_SPAN_SECOND)

typedef struct
{
  GMainContext *context;
  GstRtcServer *server;
  gchar *url; /* of the server, with its port */
  CutProxy *to_publisher;
  CutProxy *to_viewer;
  RtcPipeline *publisher;
  RtcPainter *painter;
  RtcPipeline *viewer;
  RtcReader *reader;
  GSubprocess *child;
} Fixture;

static void
start_server (Fixture *fixture)
{
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.listen = fixture->url ? fixture->url : "http://127.0.0.1:0";
  settings.grace_time = GRACE_MS;
  fixture->server = gst_rtc_server_start (&settings, &error);
  g_assert_no_error (error);
  if (!fixture->url)
    fixture->url = g_strdup (gst_rtc_server_get_url (fixture->server));
}

static void
stop_server (Fixture *fixture)
{
  gst_rtc_server_stop (fixture->server);
  g_clear_object (&fixture->server);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->context = rtc_test_context_enter ();
  start_server (fixture);
  fixture->to_publisher = cut_proxy_new (fixture->url);
  fixture->to_viewer = cut_proxy_new (fixture->url);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  if (fixture->viewer)
    rtc_pipeline_stop (fixture->viewer);
  rtc_reader_free (fixture->reader);
  rtc_pipeline_free (fixture->viewer);
  rtc_pipeline_free (fixture->publisher);
  rtc_painter_free (fixture->painter);
  if (fixture->child) {
    g_subprocess_force_exit (fixture->child);
    g_assert_true (g_subprocess_wait (fixture->child, NULL, NULL));
    g_object_unref (fixture->child);
  }
  cut_proxy_free (fixture->to_publisher);
  cut_proxy_free (fixture->to_viewer);
  if (fixture->server)
    stop_server (fixture);
  g_free (fixture->url);
  rtc_test_context_leave (fixture->context);
}

#define PUBLISHER                                                              \
  "rtcsink name=rtc server-url=%s room-id=room user-id=alice " RTC_TEST_LOCAL  \
  " %s videotestsrc is-live=true ! "                                           \
  "video/x-raw,format=I420,width=320,height=192,framerate=30/1 ! "             \
  "identity name=frames ! rtc.video_0 "                                        \
  "audiotestsrc is-live=true samplesperbuffer=960 ! "                          \
  "audio/x-raw,rate=48000,channels=1 ! rtc.audio_0"

static void
start_publisher (Fixture *fixture, const gchar *properties)
{
  fixture->publisher = rtc_pipeline_new (
      PUBLISHER, cut_proxy_get_url (fixture->to_publisher), properties);
  fixture->painter =
      rtc_painter_new (rtc_pipeline_get (fixture->publisher, "frames"));
  rtc_pipeline_play (fixture->publisher);
}

static RtcPipeline *
make_viewer (const gchar *url, const gchar *properties)
{
  return rtc_pipeline_new (
      "rtcsrc name=rtc server-url=%s room-id=room user-id=bob " RTC_TEST_LOCAL
      " %s rtc.video_0 ! video/x-raw,format=I420 ! "
      "fakesink name=video sync=false async=false "
      "rtc.audio_0 ! audio/x-raw ! fakesink sync=false async=false",
      url, properties);
}

static void
start_viewer (Fixture *fixture, const gchar *properties)
{
  fixture->viewer =
      make_viewer (cut_proxy_get_url (fixture->to_viewer), properties);
  fixture->reader = rtc_reader_new (rtc_pipeline_get (fixture->viewer, "video"),
      fixture->painter, fixture->context);
  rtc_pipeline_play (fixture->viewer);
}

static void
wait_frames (Fixture *fixture, guint n)
{
  guint before = rtc_reader_get_frames (fixture->reader);

  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (fixture->reader) >= before + n);
}

/* A call that runs, and nothing that was told so far. */
static void
start_call (Fixture *fixture, const gchar *properties)
{
  start_publisher (fixture, properties);
  start_viewer (fixture, properties);
  wait_frames (fixture, 30);
  rtc_pipeline_forget (fixture->publisher);
  rtc_pipeline_forget (fixture->viewer);
  rtc_reader_forget_gaps (fixture->reader);
}

static void
assert_pads_stayed (Fixture *fixture)
{
  g_assert_null (rtc_pipeline_find (fixture->viewer, GST_MESSAGE_EOS, NULL));
  g_assert_cmpuint (
      2, ==, rtc_pipeline_get (fixture->viewer, "rtc")->numsrcpads);
}

static void
assert_media_never_stopped (Fixture *fixture)
{
  g_test_message ("most missing %u frames, longest pause %u ms",
      rtc_reader_get_most_missing (fixture->reader),
      rtc_reader_get_longest_pause (fixture->reader));
  g_assert_cmpuint (
      rtc_reader_get_most_missing (fixture->reader), <=, FEW_FRAMES);
}

/* --- the connection --- */

static void
test_cut_viewer_resumes (Fixture *fixture, gconstpointer data)
{
  start_call (fixture, RECONNECT);
  cut_proxy_cut (fixture->to_viewer);
  rtc_pipeline_wait_state (fixture->viewer, "connected", "resumed");
  wait_frames (fixture, 30);
  rtc_pipeline_assert_one_break (fixture->viewer);
  rtc_pipeline_assert_no_failure (fixture->publisher);
  g_assert_cmpuint (
      0, ==, rtc_pipeline_count_fact (fixture->viewer, "rtc-stream-restarted"));
  g_assert_cmpuint (
      0, ==, rtc_pipeline_count_fact (fixture->viewer, "rtc-stream-removed"));
  assert_pads_stayed (fixture);
  assert_media_never_stopped (fixture);
}

static void
test_cut_publisher_resumes (Fixture *fixture, gconstpointer data)
{
  start_call (fixture, RECONNECT);
  cut_proxy_cut (fixture->to_publisher);
  rtc_pipeline_wait_state (fixture->publisher, "connected", "resumed");
  wait_frames (fixture, 30);
  rtc_pipeline_assert_one_break (fixture->publisher);
  rtc_pipeline_assert_no_failure (fixture->viewer);
  g_assert_cmpuint (
      0, ==, rtc_pipeline_count_fact (fixture->viewer, "rtc-peer-leave"));
  assert_pads_stayed (fixture);
  assert_media_never_stopped (fixture);
}

/* Nothing comes and nothing breaks: only the pings tell. */
static void
test_frozen_connection (Fixture *fixture, gconstpointer data)
{
  gint64 started;

  start_call (fixture, RECONNECT);
  started = g_get_monotonic_time ();
  cut_proxy_set_frozen (fixture->to_viewer, TRUE);
  rtc_pipeline_wait_state (fixture->viewer, "reconnecting", NULL);
  g_assert_cmpint (g_get_monotonic_time () - started, <, KNOWN_WITHIN + SLACK);
  cut_proxy_set_frozen (fixture->to_viewer, FALSE);
  rtc_pipeline_wait_state (fixture->viewer, "connected", NULL);
  wait_frames (fixture, 30);
  rtc_pipeline_assert_one_break (fixture->viewer);
  assert_pads_stayed (fixture);
}

/* --- the server --- */

static void
assert_new_viewer_sees (Fixture *fixture)
{
  RtcPipeline *late = rtc_pipeline_new (
      "rtcsrc name=rtc server-url=%s room-id=room " RTC_TEST_LOCAL
      " ! video/x-raw,format=I420 ! "
      "fakesink name=video sync=false async=false",
      fixture->url);
  RtcReader *reader = rtc_reader_new (
      rtc_pipeline_get (late, "video"), fixture->painter, fixture->context);

  rtc_pipeline_play (late);
  rtc_test_wait (fixture->context, rtc_reader_get_frames (reader) >= 5);
  rtc_pipeline_assert_no_failure (late);
  rtc_pipeline_stop (late);
  rtc_reader_free (reader);
  rtc_pipeline_free (late);
}

static void
count_viewer (
    GstElement *sink, const gchar *user_id, gboolean screen, gpointer user_data)
{
  gint *count = user_data;

  g_atomic_int_inc (count);
}

/* @kill: no goodbye */
static void
check_server_restart (Fixture *fixture, gboolean kill)
{
  GstElement *sink;
  gint64 restarted;
  gint n_added = 0, n_removed = 0;

  start_call (fixture, RECONNECT);
  sink = rtc_pipeline_get (fixture->publisher, "rtc");
  g_signal_connect (sink, "viewer-added", G_CALLBACK (count_viewer), &n_added);
  g_signal_connect (
      sink, "viewer-removed", G_CALLBACK (count_viewer), &n_removed);
  if (kill) {
    cut_proxy_set_refusing (fixture->to_publisher, TRUE);
    cut_proxy_set_refusing (fixture->to_viewer, TRUE);
    cut_proxy_cut (fixture->to_publisher);
    cut_proxy_cut (fixture->to_viewer);
  }
  stop_server (fixture);
  rtc_pipeline_wait_state (fixture->viewer, "reconnecting", NULL);
  rtc_pipeline_wait_state (fixture->publisher, "reconnecting", NULL);
  wait_frames (fixture, 15);

  restarted = g_get_monotonic_time ();
  start_server (fixture);
  cut_proxy_set_refusing (fixture->to_publisher, FALSE);
  cut_proxy_set_refusing (fixture->to_viewer, FALSE);
  rtc_pipeline_wait_state (fixture->publisher, "connected", "rejoined");
  g_test_message ("published again %d ms after the restart",
      (gint)((g_get_monotonic_time () - restarted) / 1000));
  rtc_test_wait (fixture->context,
      rtc_pipeline_count_fact (fixture->viewer, "rtc-stream-restarted") == 1);
  wait_frames (fixture, 60);
  g_assert_cmpint (0, ==, g_atomic_int_get (&n_added));
  g_assert_cmpint (0, ==, g_atomic_int_get (&n_removed));

  assert_new_viewer_sees (fixture);
  rtc_test_wait (fixture->context, g_atomic_int_get (&n_removed) > 0);
  g_assert_cmpint (1, ==, g_atomic_int_get (&n_added));
  g_assert_cmpint (1, ==, g_atomic_int_get (&n_removed));
  g_signal_handlers_disconnect_by_func (sink, count_viewer, &n_added);
  g_signal_handlers_disconnect_by_func (sink, count_viewer, &n_removed);
  rtc_pipeline_assert_one_break (fixture->viewer);
  rtc_pipeline_assert_one_break (fixture->publisher);
  g_assert_cmpuint (
      1, ==, rtc_pipeline_count_fact (fixture->viewer, "rtc-stream-restarted"));
  g_assert_cmpuint (
      0, ==, rtc_pipeline_count_fact (fixture->viewer, "rtc-stream-removed"));
  g_assert_cmpuint (
      0, ==, rtc_pipeline_count_fact (fixture->viewer, "rtc-peer-leave"));
  assert_pads_stayed (fixture);
  assert_media_never_stopped (fixture);
}

static void
test_server_restarted (Fixture *fixture, gconstpointer data)
{
  check_server_restart (fixture, FALSE);
}

static void
test_server_killed (Fixture *fixture, gconstpointer data)
{
  check_server_restart (fixture, TRUE);
}

/* --- the end of it --- */

static void
test_reconnecting_off (Fixture *fixture, gconstpointer data)
{
  start_call (fixture, "reconnect-attempts=0");
  cut_proxy_cut (fixture->to_viewer);
  rtc_pipeline_wait_state (fixture->viewer, "failed", NULL);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (fixture->viewer, GST_MESSAGE_ERROR, NULL) != NULL);
  g_assert_cmpuint (
      1, ==, rtc_pipeline_count (fixture->viewer, GST_MESSAGE_ERROR, NULL));
  g_assert_cmpint (GST_RTC_ERROR_WEBSOCKET_FAILED, ==,
      rtc_pipeline_get_code (fixture->viewer, GST_MESSAGE_ERROR));
  g_assert_cmpuint (
      0, ==, rtc_pipeline_count (fixture->viewer, GST_MESSAGE_WARNING, NULL));
  g_assert_false (
      rtc_pipeline_has_been (fixture->viewer, "reconnecting", NULL));
}

static void
test_attempts_run_out (Fixture *fixture, gconstpointer data)
{
  start_publisher (fixture, "reconnect-attempts=2 reconnect-delay=50");
  rtc_pipeline_wait_state (fixture->publisher, "connected", NULL);
  rtc_pipeline_forget (fixture->publisher);
  stop_server (fixture);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (fixture->publisher, GST_MESSAGE_ERROR, NULL) != NULL);
  g_assert_true (rtc_pipeline_has_been (fixture->publisher, "failed", NULL));
  g_assert_cmpuint (
      1, ==, rtc_pipeline_count (fixture->publisher, GST_MESSAGE_ERROR, NULL));
  g_assert_cmpint (GST_RTC_ERROR_WEBSOCKET_FAILED, ==,
      rtc_pipeline_get_code (fixture->publisher, GST_MESSAGE_ERROR));
  g_assert_cmpuint (1, ==,
      rtc_pipeline_count (fixture->publisher, GST_MESSAGE_WARNING, NULL));
  g_assert_cmpint (GST_RTC_ERROR_WEBSOCKET_FAILED, ==,
      rtc_pipeline_get_code (fixture->publisher, GST_MESSAGE_WARNING));
}

static void
test_leave_while_reconnecting (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();

  start_publisher (fixture, "reconnect-delay=60000");
  rtc_pipeline_wait_state (fixture->publisher, "connected", NULL);
  stop_server (fixture);
  rtc_pipeline_wait_state (fixture->publisher, "reconnecting", NULL);
  g_signal_emit_by_name (
      rtc_pipeline_get (fixture->publisher, "rtc"), "leave", promise);
  rtc_pipeline_wait_state (fixture->publisher, "disconnected", NULL);
  g_assert_cmpint (GST_PROMISE_RESULT_REPLIED, ==, gst_promise_wait (promise));
  g_assert_true (
      gst_structure_has_name (gst_promise_get_reply (promise), "rtc-answer"));
  rtc_pipeline_assert_one_break (fixture->publisher);
}

static void
test_null_while_reconnecting (Fixture *fixture, gconstpointer data)
{
  gint64 started;

  start_call (fixture, "reconnect-delay=60000");
  stop_server (fixture);
  rtc_pipeline_wait_state (fixture->publisher, "reconnecting", NULL);
  rtc_pipeline_wait_state (fixture->viewer, "reconnecting", NULL);
  started = g_get_monotonic_time ();
  rtc_pipeline_stop (fixture->viewer);
  rtc_pipeline_stop (fixture->publisher);
  g_assert_cmpfloat (g_get_monotonic_time () - started, <,
      2 * rtc_load_patience () * G_TIME_SPAN_SECOND);
}

static void
test_eviction_is_not_retried (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *other;
  guint connections;

  start_publisher (fixture, RECONNECT);
  rtc_pipeline_wait_state (fixture->publisher, "connected", NULL);
  connections = cut_proxy_get_n_connections (fixture->to_publisher);
  other = rtc_pipeline_new (
      "rtcsrc name=rtc server-url=%s room-id=room user-id=alice", fixture->url);
  rtc_pipeline_play (other);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (fixture->publisher, GST_MESSAGE_ERROR, NULL) != NULL);
  g_assert_cmpint (GST_RTC_ERROR_JOIN_ROOM_ERROR, ==,
      rtc_pipeline_get_code (fixture->publisher, GST_MESSAGE_ERROR));
  g_assert_cmpuint (
      1, ==, rtc_pipeline_count_fact (fixture->publisher, "rtc-client-banned"));
  g_assert_false (
      rtc_pipeline_has_been (fixture->publisher, "reconnecting", NULL));
  rtc_pipeline_wait_state (other, "connected", NULL);
  g_assert_cmpuint (
      connections, ==, cut_proxy_get_n_connections (fixture->to_publisher));
  rtc_pipeline_free (other);
}

/* --- the other side --- */

static gchar *own_path;

/* A publisher in a process of its own, in a call. */
static void
start_call_with_child (Fixture *fixture, const gchar *properties)
{
  g_autoptr (GError) error = NULL;

  fixture->child = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, own_path,
      "--publish", cut_proxy_get_url (fixture->to_publisher), NULL);
  g_assert_no_error (error);
  start_viewer (fixture, properties);
  wait_frames (fixture, 30);
  rtc_pipeline_forget (fixture->viewer);
}

static void
check_told_in_time (Fixture *fixture, int with_signal)
{
  gint64 started;

  start_call_with_child (fixture, RECONNECT);
  started = g_get_monotonic_time ();
  g_subprocess_send_signal (fixture->child, with_signal);
  rtc_test_wait (fixture->context,
      rtc_pipeline_count_fact (fixture->viewer, "rtc-peer-leave") == 1);
  g_test_message (
      "told after %d ms", (gint)((g_get_monotonic_time () - started) / 1000));
  g_assert_cmpint (g_get_monotonic_time () - started, <,
      KNOWN_WITHIN + GRACE_MS * G_TIME_SPAN_MILLISECOND + SLACK);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (fixture->viewer, GST_MESSAGE_EOS, NULL) != NULL);
}

static void
test_publisher_killed (Fixture *fixture, gconstpointer data)
{
  check_told_in_time (fixture, SIGKILL);
}

static void
test_publisher_stopped (Fixture *fixture, gconstpointer data)
{
  check_told_in_time (fixture, SIGSTOP);
}

/* Silent for longer than media may be, and not long enough for the server:
 * another media session comes behind the same pads. */
static void
test_media_session_is_built_again (Fixture *fixture, gconstpointer data)
{
  start_call_with_child (fixture, RECONNECT " media-timeout=700");
  g_subprocess_send_signal (fixture->child, SIGSTOP);
  rtc_test_wait (fixture->context,
      rtc_pipeline_count_fact (fixture->viewer, "rtc-stream-failed") == 1);
  g_subprocess_send_signal (fixture->child, SIGCONT);
  rtc_test_wait (fixture->context,
      rtc_pipeline_count_fact (fixture->viewer, "rtc-stream-restarted") == 1);
  wait_frames (fixture, 30);
  g_assert_cmpuint (
      1, ==, rtc_pipeline_count (fixture->viewer, GST_MESSAGE_WARNING, NULL));
  g_assert_cmpint (GST_RTC_ERROR_SUBSCRIBE_FAILED, ==,
      rtc_pipeline_get_code (fixture->viewer, GST_MESSAGE_WARNING));
  g_assert_cmpuint (
      1, ==, rtc_pipeline_count_fact (fixture->viewer, "rtc-stream-failed"));
  assert_pads_stayed (fixture);
}

static int
publish_for_ever (const gchar *url)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autofree gchar *line = g_strdup_printf (PUBLISHER, url, "");
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (loop);
  return 0;
}

int
main (int argc, char **argv)
{
  gint failures;

  gst_init (&argc, &argv);
  if (argc == 3 && g_str_equal (argv[1], "--publish"))
    return publish_for_ever (argv[2]);
  own_path = g_file_read_link ("/proc/self/exe", NULL);
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                        \
  g_test_add ("/reconnect/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("cut-viewer-resumes", test_cut_viewer_resumes);
  ADD ("cut-publisher-resumes", test_cut_publisher_resumes);
  ADD ("frozen-connection", test_frozen_connection);
  ADD ("server-restarted", test_server_restarted);
  ADD ("server-killed", test_server_killed);
  ADD ("reconnecting-off", test_reconnecting_off);
  ADD ("attempts-run-out", test_attempts_run_out);
  ADD ("leave-while-reconnecting", test_leave_while_reconnecting);
  ADD ("null-while-reconnecting", test_null_while_reconnecting);
  ADD ("eviction-is-not-retried", test_eviction_is_not_retried);
  ADD ("publisher-killed", test_publisher_killed);
  ADD ("publisher-stopped", test_publisher_stopped);
  ADD ("media-session-is-built-again", test_media_session_is_built_again);
#undef ADD
  failures = g_test_run ();
  g_free (own_path);
  gst_deinit (); /* the leaks tracer reports here */
  return failures;
}
