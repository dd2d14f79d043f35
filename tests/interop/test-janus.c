/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a call through a Janus when that Janus, who administrates
 * it, or the connection to it does something to it. The call itself is tested
 * by the programs of tests/pipeline, with `--janus`. */
#include "janus-call.h"

#include <string.h>

#include "rtcerror.h"

#define LIMITED_BITRATE 300000 /* bit/s */
#define RECONNECT "reconnect-delay=50 "
#define MORE ",\"secret\":\"" JANUS_CALL_SECRET "\""
#define RECLAIM_S 20
/* At 30/s: what media may lose on a busy machine while nothing but the
 * signaling breaks. */
#define FEW_FRAMES 30
#define DESTROY_MS 300
#define STOP_WITHIN (5 * G_TIME_SPAN_SECOND)

static void
assert_told_once (
    RtcPipeline *pipeline, GstMessageType severity, GstRtcError code)
{
  g_assert_cmpuint (1, ==,
      rtc_pipeline_count (pipeline, GST_MESSAGE_WARNING, NULL) +
          rtc_pipeline_count (pipeline, GST_MESSAGE_ERROR, NULL));
  g_assert_cmpint (code, ==, rtc_pipeline_get_code (pipeline, severity));
}

static void
wait_told (RtcPipeline *pipeline, GstMessageType severity)
{
  rtc_test_wait (
      pipeline->context, rtc_pipeline_find (pipeline, severity, NULL) != NULL);
}

static void
assert_pads_stayed (JanusCall *call)
{
  RtcPipeline *pipeline = call->viewer->pipeline;

  g_assert_null (rtc_pipeline_find (pipeline, GST_MESSAGE_EOS, NULL));
  g_assert_cmpuint (2, ==, rtc_pipeline_get (pipeline, "src")->numsrcpads);
}

/* --- the connection --- */

static void
check_resumed (
    JanusCall *call, CutProxy *proxy, RtcPipeline *broken, RtcPipeline *other)
{
  cut_proxy_cut (proxy);
  rtc_pipeline_wait_state (broken, "connected", "resumed");
  janus_call_wait_media (call);
  rtc_pipeline_assert_one_break (broken);
  rtc_pipeline_assert_no_failure (other);
  g_assert_cmpuint (0, ==,
      rtc_pipeline_count_fact (call->viewer->pipeline, "rtc-stream-removed"));
  g_assert_cmpuint (0, ==,
      rtc_pipeline_count_fact (call->viewer->pipeline, "rtc-stream-restarted"));
  assert_pads_stayed (call);
  g_assert_cmpuint (
      rtc_reader_get_most_missing (call->viewer->reader), <=, FEW_FRAMES);
}

static void
test_cut_viewer_claims_its_session (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, RECONNECT);
  check_resumed (
      call, call->to_viewer, call->viewer->pipeline, call->publisher->pipeline);
}

static void
test_cut_publisher_claims_its_session (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, RECONNECT);
  check_resumed (call, call->to_publisher, call->publisher->pipeline,
      call->viewer->pipeline);
}

/* A stream that ends while nobody listens, and another one that begins. */
static void
test_claim_learns_what_was_missed (JanusCall *call, gconstpointer data)
{
  RtcPublisher *carol;

  janus_call_start (call, RECONNECT);
  cut_proxy_set_refusing (call->to_viewer, TRUE);
  cut_proxy_cut (call->to_viewer);
  rtc_pipeline_wait_state (call->viewer->pipeline, "reconnecting", NULL);
  rtc_pipeline_stop (call->publisher->pipeline);
  carol = rtc_publisher_new (&call->room, "carol");
  rtc_test_wait (call->room.context, janus_admin_count_publishers (call->admin,
                                         janus_call_get_room (call)) == 1);
  cut_proxy_set_refusing (call->to_viewer, FALSE);
  rtc_pipeline_wait_state (call->viewer->pipeline, "connected", "resumed");
  rtc_pipeline_wait_fact (call->viewer->pipeline, "rtc-peer-leave");
  rtc_pipeline_wait_fact (call->viewer->pipeline, "rtc-peer-online");
  rtc_pipeline_wait_fact (call->viewer->pipeline, "rtc-stream-added");
  rtc_pipeline_assert_one_break (call->viewer->pipeline);
  rtc_publisher_free (carol);
}

static void
check_rejoined (JanusCall *call, RtcPipeline *broken)
{
  rtc_pipeline_wait_state (broken, "connected", "rejoined");
  janus_call_wait_media (call);
  rtc_pipeline_assert_one_break (broken);
  assert_pads_stayed (call);
}

/* This Janus ends a session with its socket. */
static void
test_cut_viewer_rejoins (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, RECONNECT);
  cut_proxy_cut (call->to_viewer);
  check_rejoined (call, call->viewer->pipeline);
  rtc_pipeline_assert_no_failure (call->publisher->pipeline);
}

static void
test_cut_publisher_rejoins (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, RECONNECT);
  cut_proxy_cut (call->to_publisher);
  check_rejoined (call, call->publisher->pipeline);
  rtc_pipeline_assert_no_failure (call->viewer->pipeline);
}

static void
test_frozen_connection_is_noticed (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, RECONNECT);
  cut_proxy_set_frozen (call->to_viewer, TRUE);
  rtc_pipeline_wait_state (call->viewer->pipeline, "reconnecting", NULL);
  cut_proxy_set_frozen (call->to_viewer, FALSE);
  rtc_pipeline_wait_state (call->viewer->pipeline, "connected", NULL);
  janus_call_wait_media (call);
  rtc_pipeline_assert_one_break (call->viewer->pipeline);
  assert_pads_stayed (call);
}

/* --- the server --- */

static void
test_server_restarted (JanusCall *call, gconstpointer data)
{
  gint64 restarted;

  janus_call_start (call, RECONNECT);
  janus_call_kill_server (call);
  rtc_pipeline_wait_state (call->publisher->pipeline, "reconnecting", NULL);
  rtc_pipeline_wait_state (call->viewer->pipeline, "reconnecting", NULL);
  restarted = g_get_monotonic_time ();
  janus_call_restart_server (call);
  rtc_pipeline_wait_state (call->publisher->pipeline, "connected", "rejoined");
  rtc_pipeline_wait_state (call->viewer->pipeline, "connected", "rejoined");
  rtc_pipeline_wait_fact (call->viewer->pipeline, "rtc-stream-restarted");
  janus_call_wait_media (call);
  g_test_message ("media again %d ms after the restart",
      (gint)((g_get_monotonic_time () - restarted) / 1000));
  rtc_pipeline_assert_one_break (call->publisher->pipeline);
  rtc_pipeline_assert_one_break (call->viewer->pipeline);
  assert_pads_stayed (call);
}

static void
test_attempts_run_out (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, RECONNECT "reconnect-attempts=1");
  janus_call_kill_server (call);
  wait_told (call->publisher->pipeline, GST_MESSAGE_ERROR);
  wait_told (call->viewer->pipeline, GST_MESSAGE_ERROR);
  g_assert_cmpint (GST_RTC_ERROR_WEBSOCKET_FAILED, ==,
      rtc_pipeline_get_code (call->publisher->pipeline, GST_MESSAGE_ERROR));
  g_assert_cmpint (GST_RTC_ERROR_WEBSOCKET_FAILED, ==,
      rtc_pipeline_get_code (call->viewer->pipeline, GST_MESSAGE_ERROR));
  g_assert_true (
      rtc_pipeline_has_been (call->viewer->pipeline, "failed", NULL));
}

static void
test_session_timed_out (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, RECONNECT);
  janus_admin_set_session_timeout (call->core, 1);
  rtc_pipeline_wait_state (call->publisher->pipeline, "reconnecting", NULL);
  rtc_pipeline_wait_state (call->viewer->pipeline, "reconnecting", NULL);
  janus_admin_set_session_timeout (call->core, 60);
  rtc_pipeline_wait_state (call->publisher->pipeline, "connected", "rejoined");
  rtc_pipeline_wait_state (call->viewer->pipeline, "connected", "rejoined");
  janus_call_wait_media (call);
  rtc_pipeline_assert_one_break (call->publisher->pipeline);
  rtc_pipeline_assert_one_break (call->viewer->pipeline);
  assert_pads_stayed (call);
}

/* --- who administrates it --- */

static void
assert_removed (RtcPipeline *pipeline)
{
  wait_told (pipeline, GST_MESSAGE_ERROR);
  assert_told_once (pipeline, GST_MESSAGE_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR);
  g_assert_cmpuint (
      1, ==, rtc_pipeline_count_fact (pipeline, "rtc-client-banned"));
  g_assert_false (rtc_pipeline_has_been (pipeline, "reconnecting", NULL));
}

/* Janus 1.1.2 does not always survive members who go while it is still at it:
 * ours learn of it later. */
static void
test_room_destroyed (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, RECONNECT);
  cut_proxy_set_delay (call->to_publisher, DESTROY_MS);
  cut_proxy_set_delay (call->to_viewer, DESTROY_MS);
  janus_admin_destroy_room (call->admin, janus_call_get_room (call), MORE);
  assert_removed (call->publisher->pipeline);
  assert_removed (call->viewer->pipeline);
}

static void
test_publisher_kicked (JanusCall *call, gconstpointer data)
{
  g_autofree gchar *member = NULL;

  janus_call_start (call, RECONNECT);
  member = janus_call_find_member (call, "alice");
  janus_admin_kick (call->admin, janus_call_get_room (call), member, MORE);
  assert_removed (call->publisher->pipeline);
  rtc_pipeline_wait_fact (call->viewer->pipeline, "rtc-stream-removed");
  rtc_pipeline_wait_fact (call->viewer->pipeline, "rtc-peer-leave");
  rtc_pipeline_assert_no_failure (call->viewer->pipeline);
}

static void
test_viewer_kicked (JanusCall *call, gconstpointer data)
{
  g_autofree gchar *member = NULL;

  janus_call_start (call, RECONNECT);
  member = janus_call_find_member (call, "bob");
  janus_admin_kick (call->admin, janus_call_get_room (call), member, MORE);
  assert_removed (call->viewer->pipeline);
  rtc_pipeline_wait_fact (call->publisher->pipeline, "rtc-peer-leave");
  rtc_pipeline_assert_no_failure (call->publisher->pipeline);
}

static void
moderate (JanusCall *call, const gchar *member, gboolean mute)
{
  janus_admin_moderate (
      call->admin, janus_call_get_room (call), member, "video0", mute, MORE);
}

static void
test_moderated (JanusCall *call, gconstpointer data)
{
  RtcFlow flow = {NULL};
  g_autofree gchar *member = NULL;

  janus_call_start (call, RECONNECT);
  rtc_flow_watch (&flow, call->viewer->pipeline, "video");
  member = janus_call_find_member (call, "alice");
  moderate (call, member, TRUE);
  rtc_pipeline_wait_fact (call->viewer->pipeline, "rtc-mute-video");
  wait_told (call->publisher->pipeline, GST_MESSAGE_WARNING);
  rtc_flow_wait_for_gaps (&flow);
  g_assert_true (rtc_viewer_pad_is_muted (call->viewer, "video_0"));

  moderate (call, member, FALSE);
  rtc_pipeline_wait_fact (call->viewer->pipeline, "rtc-unmute-video");
  janus_call_wait_media (call);
  rtc_pipeline_assert_no_failure (call->viewer->pipeline);
  g_assert_cmpuint (0, ==,
      rtc_pipeline_count (call->publisher->pipeline, GST_MESSAGE_ERROR, NULL));
  assert_pads_stayed (call);
  rtc_pipeline_stop (call->viewer->pipeline); /* it has a probe on flow */
}

/* The transport of the publisher is ended by the server: it is told, and
 * published again. */
static void
test_publisher_hung_up (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, RECONNECT);
  janus_admin_hang_up (call->core, "alice");
  wait_told (call->publisher->pipeline, GST_MESSAGE_WARNING);
  rtc_pipeline_wait_fact (call->viewer->pipeline, "rtc-stream-restarted");
  janus_call_wait_media (call);
  assert_told_once (call->publisher->pipeline, GST_MESSAGE_WARNING,
      GST_RTC_ERROR_PUBLISH_ERROR);
  rtc_pipeline_assert_no_failure (call->viewer->pipeline);
  assert_pads_stayed (call);
}

/* --- the rate --- */

static GstElement *
find_encoder (RtcPipeline *pipeline)
{
  g_auto (GValue) item = G_VALUE_INIT;
  GstIterator *encoders = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (pipeline->pipeline), "vp8enc");
  GstElement *encoder = NULL;

  if (gst_iterator_next (encoders, &item) == GST_ITERATOR_OK)
    encoder = g_value_dup_object (&item);
  gst_iterator_free (encoders);
  g_assert_nonnull (encoder);
  return encoder;
}

static gint
get_bitrate (GstElement *encoder)
{
  gint bitrate;

  g_object_get (encoder, "target-bitrate", &bitrate, NULL);
  return bitrate;
}

/* Janus names the limit of the room to each publisher (REMB), which the
 * encoder follows down from what it starts with. */
static void
test_rate_follows_the_room (JanusCall *call, gconstpointer data)
{
  g_autoptr (GstElement) encoder = NULL;

  janus_call_start (call, RECONNECT);
  encoder = find_encoder (call->publisher->pipeline);
  rtc_test_wait (call->room.context, get_bitrate (encoder) <= LIMITED_BITRATE);
  g_assert_cmpint (0, <, get_bitrate (encoder));
  janus_call_wait_media (call);
  rtc_pipeline_assert_no_failure (call->publisher->pipeline);
  rtc_pipeline_assert_no_failure (call->viewer->pipeline);
}

/* --- the end --- */

static guint
count_sessions (JanusCall *call)
{
  return janus_admin_count_sessions (call->core);
}

static void
check_stop_in_time (JanusCall *call)
{
  const gint64 started = g_get_monotonic_time ();

  if (call->viewer)
    rtc_pipeline_stop (call->viewer->pipeline);
  if (call->publisher)
    rtc_pipeline_stop (call->publisher->pipeline);
  g_assert_cmpint (g_get_monotonic_time () - started, <, STOP_WITHIN);
}

/* And Janus is told. */
static void
check_stop (JanusCall *call, guint sessions)
{
  check_stop_in_time (call);
  rtc_test_wait (call->room.context, count_sessions (call) == sessions);
}

static void
test_stop_in_a_call (JanusCall *call, gconstpointer data)
{
  const guint sessions = count_sessions (call);

  janus_call_start (call, RECONNECT);
  check_stop (call, sessions);
  g_assert_cmpuint (0, ==,
      janus_admin_count_members (call->admin, janus_call_get_room (call)));
}

/* A session that Janus makes when the socket it was asked for by has gone
 * stays until its timeout, so that they are not counted. */
static void
test_stop_while_starting (JanusCall *call, gconstpointer data)
{
  janus_call_start_publisher (call, RECONNECT);
  janus_call_start_viewer (call, RECONNECT);
  check_stop_in_time (call);
}

static void
test_stop_when_joined (JanusCall *call, gconstpointer data)
{
  const guint sessions = count_sessions (call);

  janus_call_start_viewer (call, RECONNECT);
  rtc_pipeline_wait_state (call->viewer->pipeline, "connected", NULL);
  check_stop (call, sessions);
}

/* Janus takes connections and says nothing. */
static void
test_stop_while_connecting (JanusCall *call, gconstpointer data)
{
  const guint sessions = count_sessions (call);

  janus_server_halt (call->room.janus);
  janus_call_start_publisher (call, RECONNECT);
  janus_call_start_viewer (call, RECONNECT);
  rtc_pipeline_wait_state (call->publisher->pipeline, "connecting", NULL);
  check_stop_in_time (call);
  janus_server_go_on (call->room.janus);
  rtc_test_wait (call->room.context, count_sessions (call) == sessions);
}

static void
test_stop_of_a_frozen_call (JanusCall *call, gconstpointer data)
{
  const guint sessions = count_sessions (call);

  janus_call_start (call, RECONNECT);
  cut_proxy_set_frozen (call->to_publisher, TRUE);
  cut_proxy_set_frozen (call->to_viewer, TRUE);
  check_stop_in_time (call);
  cut_proxy_set_frozen (call->to_publisher, FALSE);
  cut_proxy_set_frozen (call->to_viewer, FALSE);
  rtc_test_wait (call->room.context, count_sessions (call) == sessions);
}

static void
test_stop_while_reconnecting (JanusCall *call, gconstpointer data)
{
  janus_call_start (call, "reconnect-delay=60000");
  janus_call_kill_server (call);
  rtc_pipeline_wait_state (call->publisher->pipeline, "reconnecting", NULL);
  rtc_pipeline_wait_state (call->viewer->pipeline, "reconnecting", NULL);
  check_stop_in_time (call);
}

static void
call_and_stop (JanusCall *call, guint sessions)
{
  janus_call_start (call, RECONNECT);
  check_stop (call, sessions);
  g_clear_pointer (&call->viewer, rtc_viewer_free);
  g_clear_pointer (&call->publisher, rtc_publisher_free);
}

static void
test_no_descriptor_is_left (JanusCall *call, gconstpointer data)
{
  const guint sessions = count_sessions (call);
  guint own;
  guint janus;

  /* What is made once is there after the first call. */
  call_and_stop (call, sessions);
  own = rtc_test_count_files ();
  janus = janus_server_count_descriptors (call->room.janus);
  for (guint i = 0; i < 3; i++)
    call_and_stop (call, sessions);
  rtc_test_wait (call->room.context, rtc_test_count_files () <= own);
  rtc_test_wait (call->room.context,
      janus_server_count_descriptors (call->room.janus) <= janus);
}

/* --- many --- */

#define N_PUBLISHERS 20

typedef struct
{
  GMainContext *context;
  gint buffers[N_PUBLISHERS]; /* atomic, by user */
  gint n_pads;                /* atomic */
} Crowd;

static GstPadProbeReturn
count_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc ((gint *)user_data);
  return GST_PAD_PROBE_OK;
}

/* Users are `user-0` and so on. */
static void
on_pad_added (GstElement *src, GstPad *pad, gpointer user_data)
{
  Crowd *crowd = user_data;
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) sink_pad = gst_element_get_static_pad (sink, "sink");
  g_autofree gchar *user_id = NULL;
  guint64 number;

  g_object_get (pad, "user-id", &user_id, NULL);
  number = g_ascii_strtoull (user_id + strlen ("user-"), NULL, 10);
  g_assert_cmpuint (number, <, N_PUBLISHERS);
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (GST_ELEMENT_PARENT (src)), sink);
  gst_element_sync_state_with_parent (sink);
  gst_pad_add_probe (sink_pad, GST_PAD_PROBE_TYPE_BUFFER, count_buffer,
      &crowd->buffers[number], NULL);
  g_assert_cmpint (GST_PAD_LINK_OK, ==, gst_pad_link (pad, sink_pad));
  g_atomic_int_inc (&crowd->n_pads);
  g_main_context_wakeup (crowd->context);
}

static gboolean
all_are_seen (Crowd *crowd)
{
  for (guint i = 0; i < N_PUBLISHERS; i++) {
    if (g_atomic_int_get (&crowd->buffers[i]) < 10)
      return FALSE;
  }
  return TRUE;
}

static void
test_twenty_publishers (JanusCall *call, gconstpointer data)
{
  Crowd crowd = {.context = call->room.context};
  RtcPipeline *publishers[N_PUBLISHERS];
  RtcPipeline *viewer = rtc_pipeline_new (
      "rtcsrc name=src server-url=%s room-id=%s " RTC_TEST_LOCAL,
      call->room.url, call->room.room_id);

  g_signal_connect (rtc_pipeline_get (viewer, "src"), "pad-added",
      G_CALLBACK (on_pad_added), &crowd);
  rtc_pipeline_play (viewer);
  for (guint i = 0; i < N_PUBLISHERS; i++) {
    publishers[i] = rtc_pipeline_new (
        "rtcsink name=sink server-url=%s room-id=%s "
        "user-id=user-%u " RTC_TEST_LOCAL
        " videotestsrc is-live=true pattern=black ! "
        "video/x-raw,format=I420,width=64,height=64,framerate=5/1 ! "
        "sink.video_0",
        call->room.url, call->room.room_id, i);
    rtc_pipeline_play (publishers[i]);
    rtc_test_wait (
        crowd.context, g_atomic_int_get (&crowd.n_pads) == (gint)i + 1);
  }
  rtc_test_wait (crowd.context, all_are_seen (&crowd));
  rtc_pipeline_assert_no_failure (viewer);

  rtc_pipeline_free (viewer);
  for (guint i = 0; i < N_PUBLISHERS; i++) {
    rtc_pipeline_assert_no_failure (publishers[i]);
    rtc_pipeline_free (publishers[i]);
  }
}

int
main (int argc, char **argv)
{
  static const JanusOptions numbers = {.secret = JANUS_CALL_SECRET};
  static const JanusOptions reclaim = {
      .secret = JANUS_CALL_SECRET, .reclaim_timeout = RECLAIM_S};
  static const JanusOptions limited = {
      .secret = JANUS_CALL_SECRET, .bitrate = LIMITED_BITRATE};
  gint failures;

  if (!janus_server_is_available ()) {
    g_print ("1..0 # SKIP janus is not installed\n");
    return 0;
  }
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

#define ADD(path, options, func)                                               \
  g_test_add ("/janus/" path, JanusCall, options, janus_call_set_up, func,     \
      janus_call_tear_down)
  ADD ("cut-viewer-claims-its-session", &reclaim,
      test_cut_viewer_claims_its_session);
  ADD ("cut-publisher-claims-its-session", &reclaim,
      test_cut_publisher_claims_its_session);
  ADD ("claim-learns-what-was-missed", &reclaim,
      test_claim_learns_what_was_missed);
  ADD ("cut-viewer-rejoins", &numbers, test_cut_viewer_rejoins);
  ADD ("cut-publisher-rejoins", &numbers, test_cut_publisher_rejoins);
  ADD ("frozen-connection-is-noticed", &reclaim,
      test_frozen_connection_is_noticed);
  ADD ("server-restarted", &numbers, test_server_restarted);
  ADD ("attempts-run-out", &numbers, test_attempts_run_out);
  ADD ("session-timed-out", &numbers, test_session_timed_out);
  ADD ("room-destroyed", &numbers, test_room_destroyed);
  ADD ("publisher-kicked", &numbers, test_publisher_kicked);
  ADD ("viewer-kicked", &numbers, test_viewer_kicked);
  ADD ("moderated", &numbers, test_moderated);
  ADD ("publisher-hung-up", &numbers, test_publisher_hung_up);
  ADD ("rate-follows-the-room", &limited, test_rate_follows_the_room);
  ADD ("stop-in-a-call", &numbers, test_stop_in_a_call);
  ADD ("stop-while-starting", &numbers, test_stop_while_starting);
  ADD ("stop-when-joined", &numbers, test_stop_when_joined);
  ADD ("stop-while-connecting", &numbers, test_stop_while_connecting);
  ADD ("stop-of-a-frozen-call", &numbers, test_stop_of_a_frozen_call);
  ADD ("stop-while-reconnecting", &numbers, test_stop_while_reconnecting);
  ADD ("no-descriptor-is-left", &numbers, test_no_descriptor_is_left);
  ADD ("twenty-publishers", &numbers, test_twenty_publishers);
#undef ADD
  failures = g_test_run ();
  gst_deinit (); /* the leaks tracer reports here */
  return failures;
}
