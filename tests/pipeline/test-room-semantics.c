/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a room means: muting, visibility, camera and screen, options of a
 * subscription, the roster at entry. Real elements, real server: ours, or with
 * `--janus` a Janus. */
#include "rtcerror.h"
#include "rtcparty.h"

static gint
act (RtcPipeline *pipeline, const gchar *action)
{
  RtcCall *call = rtc_call_new (pipeline->context);

  g_signal_emit_by_name (
      rtc_pipeline_get (pipeline, "sink"), action, rtc_call_get_promise (call));
  return rtc_call_end (call);
}

static gint
set_visibility (RtcRoomFixture *fixture, GstElement *element, gboolean enable)
{
  RtcCall *call = rtc_call_new (fixture->context);

  g_signal_emit_by_name (
      element, "set-user-visibility", enable, rtc_call_get_promise (call));
  return rtc_call_end (call);
}

/* Frames of video that the publisher has made packets of. */
static guint64
get_sent_frames (RtcPublisher *publisher)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 frames;

  g_object_get (
      rtc_pipeline_get (publisher->pipeline, "sink"), "stats", &stats, NULL);
  g_assert_true (
      gst_structure_get_uint64 (stats, "video-frames-encoded", &frames));
  return frames;
}

/* --- tests --- */

static void
test_muted_video_leaves_a_gap (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer = rtc_viewer_new (fixture, publisher->painter, "");
  RtcFlow flow = {NULL};
  guint64 sent;
  guint before;

  rtc_viewer_wait_frames (viewer, 10);
  rtc_flow_watch (&flow, viewer->pipeline, "video");

  g_assert_cmpint (0, ==,
      rtc_pipeline_mute_local (
          publisher->pipeline, "options, video=(boolean)true"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-mute-video");
  rtc_test_wait (fixture->context, rtc_viewer_pad_is_muted (viewer, "video_0"));
  g_assert_false (rtc_viewer_pad_is_muted (viewer, "audio_0"));

  rtc_flow_wait_for_gaps (&flow); /* the timeline goes on */
  sent = get_sent_frames (publisher);
  rtc_flow_wait_for_gaps (&flow);
  g_assert_cmpuint (sent, ==, get_sent_frames (publisher));
  rtc_test_wait (fixture->context, rtc_viewer_hears_tone (viewer));

  before = rtc_reader_get_frames (viewer->reader);
  g_assert_cmpint (0, ==,
      rtc_pipeline_mute_local (
          publisher->pipeline, "options, video=(boolean)false"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-unmute-video");
  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (viewer->reader) >= before + 10);
  rtc_test_wait (
      fixture->context, !rtc_viewer_pad_is_muted (viewer, "video_0"));
  rtc_viewer_assert_good_picture (viewer);
  rtc_pipeline_assert_no_failure (viewer->pipeline);
  g_assert_null (rtc_pipeline_find (
      viewer->pipeline, GST_MESSAGE_ELEMENT, "rtc-stream-restarted"));
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_muting_all_removes_the_stream (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer = rtc_viewer_new (fixture, publisher->painter, "");
  guint before;

  rtc_viewer_wait_frames (viewer, 10);
  g_assert_cmpint (0, ==,
      rtc_pipeline_mute_local (
          publisher->pipeline, "options, audio=(boolean)true"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-mute-audio");
  rtc_pipeline_forget (viewer->pipeline);

  g_assert_cmpint (0, ==,
      rtc_pipeline_mute_local (
          publisher->pipeline, "options, video=(boolean)true"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-stream-removed");
  g_assert_cmpstr ("muted", ==,
      gst_structure_get_string (
          rtc_pipeline_get_fact (viewer->pipeline, "rtc-stream-removed"),
          "reason"));
  g_assert_null (rtc_pipeline_find (
      viewer->pipeline, GST_MESSAGE_ELEMENT, "rtc-mute-video"));

  before = rtc_reader_get_frames (viewer->reader);
  g_assert_cmpint (0, ==,
      rtc_pipeline_mute_local (publisher->pipeline,
          "options, video=(boolean)false, audio=(boolean)false"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-stream-added");
  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (viewer->reader) >= before + 10);
  rtc_test_wait (fixture->context, rtc_viewer_hears_tone (viewer));
  g_assert_null (rtc_pipeline_find (viewer->pipeline, GST_MESSAGE_EOS, NULL));
  g_assert_cmpuint (
      2, ==, rtc_pipeline_get (viewer->pipeline, "src")->numsrcpads);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_mute_remote_pauses (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer = rtc_viewer_new (fixture, publisher->painter, "");
  RtcViewer *other = rtc_viewer_new (fixture, publisher->painter, "");
  RtcFlow flow = {NULL};

  rtc_viewer_wait_frames (viewer, 10);
  rtc_viewer_wait_frames (other, 10);
  rtc_flow_watch (&flow, viewer->pipeline, "video");
  g_assert_cmpint (0, ==,
      rtc_pipeline_act_on_stream (viewer->pipeline, "mute-remote", "alice",
          "options, video=(boolean)true"));
  rtc_flow_wait_for_gaps (&flow);
  g_assert_false (rtc_viewer_pad_is_muted (viewer, "video_0"));
  rtc_viewer_wait_frames (other, 10);

  g_assert_cmpint (0, ==,
      rtc_pipeline_act_on_stream (viewer->pipeline, "mute-remote", "alice",
          "options, video=(boolean)false"));
  rtc_viewer_wait_frames (viewer, 10);
  rtc_viewer_assert_good_picture (viewer);
  rtc_viewer_free (other);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_camera_and_screen (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPipeline *publisher = rtc_pipeline_new (
      "rtcsink name=sink server-url=%s room-id=room "
      "user-id=alice " RTC_TEST_LOCAL " videotestsrc is-live=true ! "
      "video/x-raw,width=320,height=192,framerate=15/1 ! sink.video_0 "
      "videotestsrc is-live=true ! "
      "video/x-raw,width=640,height=192,framerate=15/1 ! sink.video_1",
      fixture->url);
  RtcPipeline *viewer = rtc_pipeline_new (
      "rtcsrc name=src server-url=%s room-id=room " RTC_TEST_LOCAL
      " src.video_0 ! video/x-raw ! fakesink name=a sync=false async=false "
      " src.video_1 ! video/x-raw ! fakesink name=b sync=false async=false",
      fixture->url);
  const gchar *names[] = {"video_0", "video_1"};
  guint screens = 0;

  rtc_pipeline_play (publisher);
  rtc_pipeline_play (viewer);
  rtc_test_wait (
      fixture->context, rtc_pipeline_get (viewer, "src")->numsrcpads == 2 &&
                            rtc_pipeline_count (viewer, GST_MESSAGE_ELEMENT,
                                "rtc-stream-added") == 2);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstPad) pad =
        gst_element_get_static_pad (rtc_pipeline_get (viewer, "src"), names[i]);
    g_autoptr (GstCaps) caps = NULL;
    gboolean screen;
    gint width = 0;

    g_object_get (pad, "screen", &screen, NULL);
    screens += screen;
    rtc_test_wait (fixture->context, gst_pad_has_current_caps (pad) != FALSE);
    caps = gst_pad_get_current_caps (pad);
    gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &width);
    g_assert_cmpint (screen ? 640 : 320, ==, width);
  }
  g_assert_cmpuint (1, ==, screens);
  rtc_pipeline_assert_no_failure (publisher);
  rtc_pipeline_assert_no_failure (viewer);
  rtc_pipeline_free (viewer);
  rtc_pipeline_free (publisher);
}

static void
test_visibility (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer =
      rtc_viewer_new (fixture, publisher->painter, "user-id=bob");
  GstElement *src = rtc_pipeline_get (viewer->pipeline, "src");
  GstElement *sink = rtc_pipeline_get (publisher->pipeline, "sink");

  rtc_viewer_wait_frames (viewer, 5);
  g_assert_null (rtc_pipeline_find (
      publisher->pipeline, GST_MESSAGE_ELEMENT, "rtc-peer-online"));

  g_assert_cmpint (0, ==, set_visibility (fixture, src, TRUE));
  rtc_pipeline_wait_fact (publisher->pipeline, "rtc-peer-online");
  g_assert_cmpstr ("bob", ==,
      gst_structure_get_string (
          rtc_pipeline_get_fact (publisher->pipeline, "rtc-peer-online"),
          "user-id"));
  g_assert_cmpint (0, ==, set_visibility (fixture, src, FALSE));
  rtc_pipeline_wait_fact (publisher->pipeline, "rtc-peer-leave");

  /* Who hides ends the publication first. */
  g_assert_cmpint (0, ==, set_visibility (fixture, sink, FALSE));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-stream-removed");
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-peer-leave");
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (viewer->pipeline, GST_MESSAGE_EOS, NULL) != NULL);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_shown_again_can_publish (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer =
      rtc_viewer_new (fixture, publisher->painter, "on-stream-removed=wait");
  GstElement *sink = rtc_pipeline_get (publisher->pipeline, "sink");

  rtc_viewer_wait_frames (viewer, 5);
  g_assert_cmpint (0, ==, set_visibility (fixture, sink, FALSE));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-peer-leave");
  g_assert_cmpint (
      GST_RTC_ERROR_PUBLISH_ERROR, ==, act (publisher->pipeline, "publish"));
  g_assert_cmpint (0, ==, set_visibility (fixture, sink, TRUE));
  g_assert_cmpint (0, ==, act (publisher->pipeline, "publish"));
  rtc_viewer_wait_frames (viewer, 10);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

/* What was muted belongs to the publication, and ends with it. */
static void
test_new_publication_is_not_muted (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer =
      rtc_viewer_new (fixture, publisher->painter, "on-stream-removed=wait");

  rtc_viewer_wait_frames (viewer, 5);
  g_assert_cmpint (0, ==,
      rtc_pipeline_mute_local (
          publisher->pipeline, "options, video=(boolean)true"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-mute-video");
  g_assert_cmpint (0, ==, act (publisher->pipeline, "unpublish"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-stream-removed");
  rtc_pipeline_forget (viewer->pipeline);
  g_assert_cmpint (0, ==, act (publisher->pipeline, "publish"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-stream-added");
  rtc_viewer_wait_frames (viewer, 10);
  rtc_test_wait (
      fixture->context, !rtc_viewer_pad_is_muted (viewer, "video_0"));
  rtc_pipeline_assert_no_failure (publisher->pipeline);
  rtc_pipeline_assert_no_failure (viewer->pipeline);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_options_of_a_subscription (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer =
      rtc_viewer_new (fixture, publisher->painter, "auto-subscribe=none");
  GstElement *src = rtc_pipeline_get (viewer->pipeline, "src");

  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-stream-added");
  g_assert_cmpint (0, ==,
      rtc_pipeline_act_on_stream (viewer->pipeline, "subscribe", "alice",
          "options, audio=(boolean)false"));
  rtc_viewer_wait_frames (viewer, 10);
  g_assert_cmpuint (1, ==, src->numsrcpads);
  g_assert_cmpuint (0, ==, rtc_tone_meter_get_samples (viewer->tone));

  /* A second call changes the options. */
  g_assert_cmpint (0, ==,
      rtc_pipeline_act_on_stream (viewer->pipeline, "subscribe", "alice",
          "options, audio=(boolean)true"));
  rtc_test_wait (fixture->context, rtc_viewer_hears_tone (viewer));
  g_assert_cmpuint (2, ==, src->numsrcpads);

  g_assert_cmpint (0, ==,
      rtc_pipeline_act_on_stream (
          viewer->pipeline, "unsubscribe", "alice", "options"));
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (viewer->pipeline, GST_MESSAGE_EOS, NULL) != NULL);
  rtc_pipeline_assert_no_failure (viewer->pipeline);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static guint
count_peers (RtcViewer *viewer)
{
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (
      rtc_pipeline_get (viewer->pipeline, "src"), "stats", &stats, NULL);
  return gst_value_list_get_size (gst_structure_get_value (stats, "peers"));
}

static void
test_unsubscribed_stays_so (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer =
      rtc_viewer_new (fixture, publisher->painter, "on-stream-removed=wait");
  GstElement *src = rtc_pipeline_get (viewer->pipeline, "src");

  rtc_viewer_wait_frames (viewer, 5);
  g_assert_cmpint (0, ==,
      rtc_pipeline_act_on_stream (
          viewer->pipeline, "unsubscribe", "alice", "options"));
  g_assert_cmpint (0, ==,
      rtc_pipeline_mute_local (publisher->pipeline,
          "options, audio=(boolean)true, video=(boolean)true"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-stream-removed");
  rtc_pipeline_forget (viewer->pipeline);
  g_assert_cmpint (0, ==,
      rtc_pipeline_mute_local (publisher->pipeline,
          "options, audio=(boolean)false, video=(boolean)false"));
  rtc_pipeline_wait_fact (viewer->pipeline, "rtc-stream-added");
  /* Answered after whatever was asked for before it. */
  g_assert_cmpint (0, ==, set_visibility (fixture, src, FALSE));
  g_assert_cmpuint (0, ==, count_peers (viewer));

  /* Another stream is received without being asked for. */
  g_assert_cmpint (0, ==, act (publisher->pipeline, "unpublish"));
  g_assert_cmpint (0, ==, act (publisher->pipeline, "publish"));
  rtc_viewer_wait_frames (viewer, 5);
  g_assert_cmpuint (1, ==, count_peers (viewer));
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_roster_at_entry (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *alice = rtc_publisher_new (fixture, "alice");
  RtcPublisher *bob = rtc_publisher_new (fixture, "bob");
  RtcViewer *viewer;

  rtc_pipeline_wait_fact (bob->pipeline, "rtc-stream-added");
  rtc_pipeline_wait_fact (alice->pipeline, "rtc-stream-added");
  viewer = rtc_viewer_new (fixture, bob->painter, "user-ids=\"<bob>\"");
  rtc_viewer_wait_frames (viewer, 10);
  g_assert_cmpuint (2, ==,
      rtc_pipeline_count (
          viewer->pipeline, GST_MESSAGE_ELEMENT, "rtc-peer-online"));
  g_assert_cmpuint (2, ==,
      rtc_pipeline_count (
          viewer->pipeline, GST_MESSAGE_ELEMENT, "rtc-stream-added"));
  /* Only the user that was asked for. */
  g_assert_cmpuint (
      2, ==, rtc_pipeline_get (viewer->pipeline, "src")->numsrcpads);
  rtc_viewer_assert_good_picture (viewer);
  rtc_viewer_free (viewer);
  rtc_publisher_free (bob);
  rtc_publisher_free (alice);
}

/* --- the fields of facts --- */

/* Waits for a fact and compares it with @fields, as text. */
static void
expect_fact (RtcRoomFixture *fixture, RtcPipeline *pipeline, const gchar *name,
    const gchar *fields)
{
  g_autofree gchar *text = g_strdup_printf ("%s, %s", name, fields);
  g_autoptr (GstStructure) expected = gst_structure_from_string (text, NULL);
  g_autofree gchar *told = NULL;

  g_assert_nonnull (expected);
  rtc_pipeline_wait_fact (pipeline, name);
  told = gst_structure_to_string (rtc_pipeline_get_fact (pipeline, name));
  if (!gst_structure_is_equal (
          expected, rtc_pipeline_get_fact (pipeline, name)))
    g_test_message ("not %s but %s", text, told);
  g_assert_true (gst_structure_is_equal (
      expected, rtc_pipeline_get_fact (pipeline, name)));
}

#define OF_ALICE "user-id=(string)alice, screen=(boolean)false, "
#define CODECS ", audio-codec=(string)OPUS, video-codec=(string)VP8"
#define BOTH "audio=(boolean)true, video=(boolean)true" CODECS
#define ONLY_AUDIO "audio=(boolean)true, video=(boolean)false" CODECS
#define ONLY_VIDEO "audio=(boolean)false, video=(boolean)true" CODECS

static void
mute_and_expect (RtcRoomFixture *fixture, RtcPublisher *publisher,
    RtcPipeline *viewer, const gchar *options, const gchar *name,
    const gchar *fields)
{
  rtc_pipeline_forget (viewer);
  g_assert_cmpint (
      0, ==, rtc_pipeline_mute_local (publisher->pipeline, options));
  expect_fact (fixture, viewer, name, fields);
}

static void
test_facts_have_their_fields (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPipeline *viewer = rtc_pipeline_new (
      "rtcsrc name=src server-url=%s room-id=room user-id=bob "
      "auto-subscribe=none " RTC_TEST_LOCAL,
      fixture->url);
  RtcPublisher *publisher;

  rtc_pipeline_play (viewer);
  expect_fact (fixture, viewer, "rtc-connection-state",
      "old=(string)disconnected, new=(string)connecting, attempt=(uint)0, "
      "delay=(uint)0");
  publisher = rtc_publisher_new (fixture, "alice");
  expect_fact (fixture, viewer, "rtc-peer-online", "user-id=(string)alice");
  expect_fact (fixture, viewer, "rtc-stream-added", OF_ALICE BOTH);
  /* Its publisher knows that it is published when it makes an offer. */
  g_assert_cmpint (0, ==,
      rtc_pipeline_act_on_stream (viewer, "subscribe", "alice", "options"));
  rtc_test_wait (
      fixture->context, rtc_pipeline_get (viewer, "src")->numsrcpads == 2);
  mute_and_expect (fixture, publisher, viewer, "options, audio=(boolean)true",
      "rtc-mute-audio", OF_ALICE ONLY_VIDEO);
  mute_and_expect (fixture, publisher, viewer, "options, audio=(boolean)false",
      "rtc-unmute-audio", OF_ALICE BOTH);
  mute_and_expect (fixture, publisher, viewer, "options, video=(boolean)true",
      "rtc-mute-video", OF_ALICE ONLY_AUDIO);
  mute_and_expect (fixture, publisher, viewer, "options, video=(boolean)false",
      "rtc-unmute-video", OF_ALICE BOTH);
  mute_and_expect (fixture, publisher, viewer, "options, video=(boolean)true",
      "rtc-mute-video", OF_ALICE ONLY_AUDIO);
  mute_and_expect (fixture, publisher, viewer, "options, audio=(boolean)true",
      "rtc-stream-removed",
      OF_ALICE "audio=(boolean)false, video=(boolean)false, "
               "reason=(string)muted" CODECS);
  /* The first that is back brings the stream back. */
  mute_and_expect (fixture, publisher, viewer, "options, audio=(boolean)false",
      "rtc-stream-added", OF_ALICE ONLY_AUDIO ", reason=(string)unmuted");
  mute_and_expect (fixture, publisher, viewer, "options, video=(boolean)false",
      "rtc-unmute-video", OF_ALICE BOTH);
  g_assert_null (
      rtc_pipeline_find (viewer, GST_MESSAGE_ELEMENT, "rtc-stream-added"));
  rtc_publisher_free (publisher);
  expect_fact (fixture, viewer, "rtc-stream-removed",
      OF_ALICE BOTH ", reason=(string)left");
  expect_fact (fixture, viewer, "rtc-peer-leave",
      "user-id=(string)alice, reason=(string)left");
  rtc_pipeline_free (viewer);
}

int
main (int argc, char **argv)
{
  const JanusOptions *janus = rtc_room_choose_server (argc, argv);
  gint failures;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                        \
  g_test_add ("/room-semantics/" path, RtcRoomFixture, janus, rtc_room_set_up, \
      func, rtc_room_tear_down)
  ADD ("muted-video-leaves-a-gap", test_muted_video_leaves_a_gap);
  ADD ("muting-all-removes-the-stream", test_muting_all_removes_the_stream);
  ADD ("mute-remote-pauses", test_mute_remote_pauses);
  ADD ("camera-and-screen", test_camera_and_screen);
  if (!janus) { /* which shows and hides only who enters */
    ADD ("visibility", test_visibility);
    ADD ("shown-again-can-publish", test_shown_again_can_publish);
  }
  ADD ("new-publication-is-not-muted", test_new_publication_is_not_muted);
  ADD ("options-of-a-subscription", test_options_of_a_subscription);
  ADD ("unsubscribed-stays-so", test_unsubscribed_stays_so);
  ADD ("roster-at-entry", test_roster_at_entry);
  ADD ("facts-have-their-fields", test_facts_have_their_fields);
#undef ADD
  failures = g_test_run ();
  gst_deinit (); /* the leaks tracer reports here */
  return failures;
}
