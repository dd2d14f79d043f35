/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main job: rtcsink to rtcsrc through a real room server, ours or with
 * `--janus` a Janus, with the picture compared and the tone measured. */
#include <gst/video/video.h>

#include "patience.h"
#include "rtcparty.h"

#include "gstrtcoutput.h"

/* --- tests --- */

static void
test_picture_and_tone (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer = rtc_viewer_new (fixture, publisher->painter, "");

  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (viewer->reader) >= 45);
  rtc_test_wait (fixture->context, rtc_viewer_hears_tone (viewer));

  rtc_viewer_assert_good_picture (viewer);
  rtc_pipeline_assert_no_failure (publisher->pipeline);
  rtc_pipeline_assert_no_failure (viewer->pipeline);
  g_assert_cmpuint (1, ==,
      rtc_pipeline_count (
          viewer->pipeline, GST_MESSAGE_ELEMENT, "rtc-stream-added"));
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

/* As a sink or a source with a clock of its own does that comes later. */
static void
play_with_another_clock (RtcPipeline *pipeline)
{
  g_autoptr (GstClock) clock = g_object_new (GST_TYPE_SYSTEM_CLOCK, "name",
      "another", "clock-type", GST_CLOCK_TYPE_REALTIME, NULL);

  gst_object_ref_sink (clock);
  gst_element_set_state (pipeline->pipeline, GST_STATE_PAUSED);
  gst_pipeline_use_clock (GST_PIPELINE (pipeline->pipeline), clock);
  rtc_pipeline_play (pipeline);
}

static void
wait_for_more (RtcRoomFixture *fixture, RtcViewer *viewer)
{
  const guint before = rtc_reader_get_frames (viewer->reader);

  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (viewer->reader) >= before + 20);
}

static void
test_another_clock (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer = rtc_viewer_new (fixture, publisher->painter, "");

  wait_for_more (fixture, viewer);
  play_with_another_clock (viewer->pipeline);
  rtc_test_wait (
      fixture->context, rtc_pipeline_count (viewer->pipeline,
                            GST_MESSAGE_ELEMENT, "rtc-stream-restarted") == 1);
  wait_for_more (fixture, viewer);
  play_with_another_clock (publisher->pipeline);
  wait_for_more (fixture, viewer);

  rtc_pipeline_assert_no_failure (publisher->pipeline);
  rtc_pipeline_assert_no_failure (viewer->pipeline);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

/* Threads that a pause has woken may not have looked when it is over. */
static void
test_short_pauses (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer = rtc_viewer_new (fixture, publisher->painter, "");

  wait_for_more (fixture, viewer);
  for (guint i = 0; i < 200; i++) {
    gst_element_set_state (viewer->pipeline->pipeline, GST_STATE_PAUSED);
    gst_element_set_state (viewer->pipeline->pipeline, GST_STATE_PLAYING);
  }
  wait_for_more (fixture, viewer);

  rtc_pipeline_assert_no_failure (publisher->pipeline);
  rtc_pipeline_assert_no_failure (viewer->pipeline);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_pad_says_whose_it_is (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer = rtc_viewer_new (fixture, publisher->painter, "");
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPad) sink = NULL;
  g_autoptr (GstEvent) tags = NULL;
  g_autoptr (GstEvent) segment = NULL;
  g_autofree gchar *user_id = NULL;
  g_autofree gchar *tagged = NULL;
  g_autofree gchar *stream_id = NULL;
  const GstSegment *values;
  g_autoptr (GstQuery) latency = gst_query_new_latency ();
  GstTagList *list;
  GstClockTime least;
  gboolean live;
  gboolean screen = TRUE;

  rtc_test_wait (fixture->context, rtc_reader_get_frames (viewer->reader) >= 1);
  pad = gst_element_get_static_pad (
      rtc_pipeline_get (viewer->pipeline, "src"), "video_0");
  g_assert_nonnull (pad);
  g_object_get (pad, "user-id", &user_id, "screen", &screen, NULL);
  g_assert_cmpstr ("alice", ==, user_id);
  g_assert_false (screen);
  g_assert_true (gst_pad_query (pad, latency));
  gst_query_parse_latency (latency, &live, &least, NULL);
  g_assert_true (live);
  g_assert_cmpuint (200 * GST_MSECOND, <=, least);

  sink = gst_element_get_static_pad (
      rtc_pipeline_get (viewer->pipeline, "video"), "sink");
  stream_id = gst_pad_get_stream_id (sink);
  g_assert_cmpstr ("rtc/room/alice/camera/video", ==, stream_id);
  tags = gst_pad_get_sticky_event (pad, GST_EVENT_TAG, 0);
  g_assert_nonnull (tags);
  gst_event_parse_tag (tags, &list);
  g_assert_true (gst_tag_list_get_string (list, GST_RTC_TAG_USER_ID, &tagged));
  g_assert_cmpstr ("alice", ==, tagged);
  segment = gst_pad_get_sticky_event (sink, GST_EVENT_SEGMENT, 0);
  g_assert_nonnull (segment);
  gst_event_parse_segment (segment, &values);
  g_assert_cmpint (GST_FORMAT_TIME, ==, values->format);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_three_viewers (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewers[3];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (viewers); i++)
    viewers[i] = rtc_viewer_new (fixture, publisher->painter, "");
  for (i = 0; i < G_N_ELEMENTS (viewers); i++) {
    rtc_test_wait (
        fixture->context, rtc_reader_get_frames (viewers[i]->reader) >= 30);
    rtc_test_wait (fixture->context, rtc_viewer_hears_tone (viewers[i]));
    rtc_viewer_assert_good_picture (viewers[i]);
  }

  /* One goes, the others do not notice. */
  rtc_viewer_free (viewers[0]);
  for (i = 1; i < G_N_ELEMENTS (viewers); i++) {
    guint before = rtc_reader_get_frames (viewers[i]->reader);

    rtc_test_wait (fixture->context,
        rtc_reader_get_frames (viewers[i]->reader) >= before + 30);
    rtc_viewer_assert_good_picture (viewers[i]);
    rtc_pipeline_assert_no_failure (viewers[i]->pipeline);
    rtc_viewer_free (viewers[i]);
  }
  rtc_pipeline_assert_no_failure (publisher->pipeline);
  rtc_publisher_free (publisher);
}

static void
test_late_viewer (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *first = rtc_viewer_new (fixture, publisher->painter, "");
  RtcViewer *late;

  rtc_test_wait (fixture->context, rtc_reader_get_frames (first->reader) >= 60);
  late = rtc_viewer_new (fixture, publisher->painter, "");
  rtc_test_wait (fixture->context, rtc_reader_get_frames (late->reader) >= 1);
  /* The promise to users, twentyfold what it takes. */
  g_assert_cmpint (rtc_reader_get_first_time (late->reader) - late->started, <,
      rtc_patience () * G_TIME_SPAN_SECOND);
  rtc_viewer_free (late);
  rtc_viewer_free (first);
  rtc_publisher_free (publisher);
}

/* What is still to get lost, each atomic. */
typedef struct
{
  gint packets;
  gint requests;
} Losses;

static GstPadProbeReturn
lose_one (gint *left)
{
  return g_atomic_int_add (left, -1) > 0 ? GST_PAD_PROBE_DROP
                                         : GST_PAD_PROBE_REMOVE;
}

static GstPadProbeReturn
on_packets_to_lose (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Losses *losses = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const gchar *medium =
      gst_structure_get_string (gst_caps_get_structure (caps, 0), "media");

  if (!g_str_equal ("video", medium))
    return GST_PAD_PROBE_REMOVE;
  return lose_one (&losses->packets);
}

static GstPadProbeReturn
on_request_to_lose (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Losses *losses = user_data;

  if (!gst_video_event_is_force_key_unit (GST_PAD_PROBE_INFO_EVENT (info)))
    return GST_PAD_PROBE_OK;
  return lose_one (&losses->requests);
}

static void
on_peer_that_loses (GstElement *sink, const gchar *user_id,
    GstElement *webrtcbin, gpointer losses)
{
  for (GList *item = webrtcbin->sinkpads; item; item = item->next) {
    gst_pad_add_probe (item->data,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST,
        on_packets_to_lose, losses, NULL);
    gst_pad_add_probe (item->data, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
        on_request_to_lose, losses, NULL);
  }
}

/* As with packets that overtake the end of the DTLS handshake: the viewer
 * knows of no gap. */
static void
test_first_keyframe_lost (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer;
  Losses losses = {.packets = 4, .requests = 2};

  g_signal_connect (rtc_pipeline_get (publisher->pipeline, "sink"),
      "peer-created", G_CALLBACK (on_peer_that_loses), &losses);
  viewer = rtc_viewer_new (fixture, publisher->painter, "");
  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (viewer->reader) >= 10);
  g_assert_cmpint (0, >=, g_atomic_int_get (&losses.packets));
  rtc_viewer_assert_good_picture (viewer);
  rtc_pipeline_assert_no_failure (viewer->pipeline);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_viewer_first (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcViewer *viewer = rtc_viewer_new (fixture, NULL, "");
  RtcPublisher *publisher;

  rtc_test_wait (fixture->context,
      rtc_pipeline_find (viewer->pipeline, GST_MESSAGE_ELEMENT,
          "rtc-connection-state") != NULL);
  publisher = rtc_publisher_new (fixture, "alice");
  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (viewer->reader) >= 10);
  rtc_publisher_free (publisher);
  rtc_viewer_free (viewer);
}

static void
test_end_of_stream (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer = rtc_viewer_new (fixture, publisher->painter, "");

  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (viewer->reader) >= 10);
  rtc_pipeline_stop (publisher->pipeline);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (viewer->pipeline, GST_MESSAGE_EOS, NULL) != NULL);
  rtc_test_wait (
      fixture->context, rtc_pipeline_find (viewer->pipeline,
                            GST_MESSAGE_ELEMENT, "rtc-stream-removed") != NULL);
  rtc_test_wait (
      fixture->context, rtc_pipeline_find (viewer->pipeline,
                            GST_MESSAGE_ELEMENT, "rtc-peer-leave") != NULL);
  rtc_pipeline_assert_no_failure (viewer->pipeline);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_publisher_returns (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcViewer *viewer =
      rtc_viewer_new (fixture, publisher->painter, "on-stream-removed=wait");
  guint before;

  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (viewer->reader) >= 10);
  rtc_pipeline_stop (publisher->pipeline);
  rtc_test_wait (
      fixture->context, rtc_pipeline_find (viewer->pipeline,
                            GST_MESSAGE_ELEMENT, "rtc-peer-leave") != NULL);

  before = rtc_reader_get_frames (viewer->reader);
  rtc_pipeline_play (publisher->pipeline);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (viewer->pipeline, GST_MESSAGE_ELEMENT,
          "rtc-stream-restarted") != NULL);
  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (viewer->reader) >= before + 30);
  rtc_test_wait (fixture->context, rtc_viewer_hears_tone (viewer));
  g_assert_null (rtc_pipeline_find (viewer->pipeline, GST_MESSAGE_EOS, NULL));
  g_assert_cmpuint (
      2, ==, rtc_pipeline_get (viewer->pipeline, "src")->numsrcpads);
  rtc_pipeline_assert_no_failure (viewer->pipeline);
  rtc_viewer_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_encoded_when_wanted (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcPipeline *viewer = rtc_pipeline_new (
      "rtcsrc name=src server-url=%s room-id=room " RTC_TEST_LOCAL
      " src.video_0 ! video/x-vp8 ! vp8dec ! video/x-raw,format=I420 ! "
      "fakesink name=video sync=false async=false "
      "src.audio_0 ! audio/x-opus ! opusdec ! "
      "audio/x-raw,rate=48000,channels=1 ! "
      "fakesink name=audio sync=false async=false",
      fixture->url);
  RtcReader *reader = rtc_reader_new (
      rtc_pipeline_get (viewer, "video"), publisher->painter, fixture->context);
  RtcToneMeter *tone =
      rtc_tone_meter_new (rtc_pipeline_get (viewer, "audio"), fixture->context);

  rtc_pipeline_play (viewer);
  rtc_test_wait (fixture->context, rtc_reader_get_frames (reader) >= 20);
  rtc_test_wait (fixture->context,
      ABS (rtc_tone_meter_get_frequency (tone) - RTC_TEST_TONE) <= 4);
  g_assert_cmpuint (rtc_reader_get_difference (reader), <=, RTC_TEST_TOLERANCE);
  rtc_pipeline_stop (viewer);
  rtc_reader_free (reader);
  rtc_tone_meter_free (tone);
  rtc_pipeline_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_unlinked_pad_harms_nothing (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPublisher *publisher = rtc_publisher_new (fixture, "alice");
  RtcPipeline *viewer = rtc_pipeline_new (
      "rtcsrc name=src server-url=%s room-id=room " RTC_TEST_LOCAL
      " src.video_0 ! video/x-raw,format=I420 ! "
      "fakesink name=video sync=false async=false",
      fixture->url);
  GstElement *sink = rtc_pipeline_get (viewer, "video");
  RtcReader *reader =
      rtc_reader_new (sink, publisher->painter, fixture->context);
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPad) peer = NULL;
  guint before;

  rtc_pipeline_play (viewer);
  rtc_test_wait (fixture->context, rtc_reader_get_frames (reader) >= 20);

  /* Unlinked later, then linked again. */
  pad =
      gst_element_get_static_pad (rtc_pipeline_get (viewer, "src"), "video_0");
  peer = gst_pad_get_peer (pad);
  g_assert_true (gst_pad_unlink (pad, peer));
  before = rtc_reader_get_frames (reader);
  g_assert_cmpint (GST_PAD_LINK_OK, ==, gst_pad_link (pad, peer));
  rtc_test_wait (
      fixture->context, rtc_reader_get_frames (reader) >= before + 20);
  g_assert_cmpuint (rtc_reader_get_difference (reader), <=, RTC_TEST_TOLERANCE);
  rtc_pipeline_assert_no_failure (viewer);
  rtc_pipeline_stop (viewer);
  rtc_reader_free (reader);
  rtc_pipeline_free (viewer);
  rtc_publisher_free (publisher);
}

static void
test_encoded_input_passes (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcPipeline *publisher = rtc_pipeline_new (
      "rtcsink name=sink server-url=%s room-id=room " RTC_TEST_LOCAL
      " videotestsrc is-live=true ! "
      "video/x-raw,format=I420,width=320,height=192,framerate=30/1 ! "
      "identity name=frames ! vp8enc deadline=1 ! sink.video_0",
      fixture->url);
  RtcPainter *painter =
      rtc_painter_new (rtc_pipeline_get (publisher, "frames"));
  RtcPipeline *viewer =
      rtc_pipeline_new ("rtcsrc server-url=%s room-id=room " RTC_TEST_LOCAL
                        " ! video/x-raw,format=I420 ! "
                        "fakesink name=video sync=false async=false",
          fixture->url);
  RtcReader *reader = rtc_reader_new (
      rtc_pipeline_get (viewer, "video"), painter, fixture->context);

  rtc_pipeline_play (publisher);
  rtc_pipeline_play (viewer);
  rtc_test_wait (fixture->context, rtc_reader_get_frames (reader) >= 20);
  rtc_pipeline_assert_no_failure (publisher);
  rtc_pipeline_stop (viewer);
  rtc_reader_free (reader);
  rtc_pipeline_free (viewer);
  rtc_pipeline_free (publisher);
  rtc_painter_free (painter);
}

static void
test_other_codecs (RtcRoomFixture *fixture, gconstpointer data)
{
  const gchar *codecs[] = {"VP9", "H264"};

  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    RtcPipeline *publisher = rtc_pipeline_new (
        "rtcsink name=sink server-url=%s room-id=room video-codecs=<%s> "
        "audio-codecs=<PCMU> " RTC_TEST_LOCAL " videotestsrc is-live=true ! "
        "video/x-raw,format=I420,width=320,height=192,framerate=30/1 ! "
        "sink.video_0 audiotestsrc is-live=true freq=%d ! sink.audio_0",
        fixture->url, codecs[i], RTC_TEST_TONE);
    RtcViewer *viewer = rtc_viewer_new (fixture, NULL, "");

    rtc_pipeline_play (publisher);
    rtc_test_wait (
        fixture->context, rtc_reader_get_frames (viewer->reader) >= 10);
    rtc_test_wait (fixture->context, rtc_viewer_hears_tone (viewer));
    rtc_viewer_free (viewer);
    rtc_pipeline_free (publisher);
  }
}

/* A source that is not live is paced by the clock and ends by itself. */
static void
test_file_like_source (RtcRoomFixture *fixture, gconstpointer data)
{
  RtcViewer *viewer = rtc_viewer_new (fixture, NULL, "");
  RtcPipeline *publisher = rtc_pipeline_new (
      "rtcsink name=sink server-url=%s room-id=room " RTC_TEST_LOCAL
      " videotestsrc num-buffers=90 ! "
      "video/x-raw,format=I420,width=320,height=192,framerate=30/1 ! "
      "sink.video_0 audiotestsrc num-buffers=150 samplesperbuffer=960 ! "
      "audio/x-raw,rate=48000,channels=1 ! sink.audio_0",
      fixture->url);
  gint64 started = g_get_monotonic_time ();

  rtc_pipeline_play (publisher);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (publisher, GST_MESSAGE_EOS, NULL) != NULL);
  g_assert_cmpint (
      g_get_monotonic_time () - started, >=, 28 * G_TIME_SPAN_SECOND / 10);
  /* The first ones come before there is anybody to see them. */
  g_assert_cmpuint (rtc_reader_get_frames (viewer->reader), >, 10);
  rtc_pipeline_free (publisher);
  rtc_viewer_free (viewer);
}

int
main (int argc, char **argv)
{
  const JanusOptions *janus = rtc_room_choose_server (argc, argv);
  gint failures;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                        \
  g_test_add ("/main-job/" path, RtcRoomFixture, janus, rtc_room_set_up, func, \
      rtc_room_tear_down)
  ADD ("picture-and-tone", test_picture_and_tone);
  ADD ("another-clock", test_another_clock);
  ADD ("short-pauses", test_short_pauses);
  ADD ("pad-says-whose-it-is", test_pad_says_whose_it_is);
  ADD ("three-viewers", test_three_viewers);
  ADD ("late-viewer", test_late_viewer);
  ADD ("first-keyframe-lost", test_first_keyframe_lost);
  ADD ("viewer-first", test_viewer_first);
  ADD ("end-of-stream", test_end_of_stream);
  ADD ("publisher-returns", test_publisher_returns);
  ADD ("encoded-when-wanted", test_encoded_when_wanted);
  ADD ("unlinked-pad-harms-nothing", test_unlinked_pad_harms_nothing);
  ADD ("encoded-input-passes", test_encoded_input_passes);
  ADD ("other-codecs", test_other_codecs);
  ADD ("file-like-source", test_file_like_source);
#undef ADD
  failures = g_test_run ();
  gst_deinit (); /* the leaks tracer reports here */
  return failures;
}
