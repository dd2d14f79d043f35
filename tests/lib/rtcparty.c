/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A room on a real server with a publisher and viewers in it. On the thread
 * of the test. */
#include "rtcparty.h"

#include <stdlib.h>

#include "rtcerror.h"

#define ROOM "room"

static void
start_janus (RtcRoomFixture *fixture, const JanusOptions *options)
{
  g_autoptr (GError) error = NULL;

  fixture->janus = janus_server_start (options, &error);
  g_assert_no_error (error);
  fixture->url = janus_server_get_element_url (fixture->janus);
  fixture->room_id = options->room ? options->room : JANUS_SERVER_ROOM;
}

void
rtc_room_set_up (RtcRoomFixture *fixture, gconstpointer data)
{
  fixture->context = rtc_test_context_enter ();
  if (data) {
    start_janus (fixture, data);
    return;
  }
  fixture->server = rtc_test_server_start ();
  fixture->url = gst_rtc_server_get_url (fixture->server);
  fixture->room_id = ROOM;
}

void
rtc_room_tear_down (RtcRoomFixture *fixture, gconstpointer data)
{
  janus_server_free (fixture->janus);
  if (fixture->server)
    gst_rtc_server_stop (fixture->server);
  g_clear_object (&fixture->server);
  rtc_test_context_leave (fixture->context);
}

const JanusOptions *
rtc_room_choose_server (int argc, char **argv)
{
  static const JanusOptions options = {
      .string_ids = TRUE,
      .room = ROOM,
      .video_codec = "vp8,vp9,h264",
      .audio_codec = "opus,pcmu",
  };

  if (argc < 2 || !g_str_equal (argv[1], "--janus"))
    return NULL;
  if (!janus_server_is_available ()) {
    g_print ("1..0 # SKIP janus is not installed\n");
    exit (EXIT_SUCCESS);
  }
  return &options;
}

static const gchar *
get_properties (RtcRoomFixture *fixture)
{
  return fixture->properties ? fixture->properties : "";
}

RtcPublisher *
rtc_publisher_new (RtcRoomFixture *fixture, const gchar *user_id)
{
  RtcPublisher *self = g_new0 (RtcPublisher, 1);

  self->pipeline = rtc_pipeline_new (
      "rtcsink name=sink server-url=%s room-id=%s user-id=%s %s " RTC_TEST_LOCAL
      " videotestsrc is-live=true pattern=smpte ! "
      "video/x-raw,format=I420,width=320,height=192,framerate=30/1 ! "
      "identity name=frames ! sink.video_0 "
      "audiotestsrc is-live=true freq=%d samplesperbuffer=960 ! "
      "audio/x-raw,rate=48000,channels=1 ! sink.audio_0",
      fixture->url, fixture->room_id, user_id, get_properties (fixture),
      RTC_TEST_TONE);
  self->painter = rtc_painter_new (rtc_pipeline_get (self->pipeline, "frames"));
  rtc_pipeline_play (self->pipeline);
  return self;
}

void
rtc_publisher_free (RtcPublisher *self)
{
  rtc_pipeline_free (self->pipeline);
  rtc_painter_free (self->painter);
  g_free (self);
}

RtcViewer *
rtc_viewer_new (
    RtcRoomFixture *fixture, RtcPainter *painter, const gchar *properties)
{
  RtcViewer *self = g_new0 (RtcViewer, 1);

  self->pipeline = rtc_pipeline_new (
      "rtcsrc name=src server-url=%s room-id=%s %s %s " RTC_TEST_LOCAL
      " src.video_0 ! video/x-raw,format=I420 ! "
      "fakesink name=video sync=false async=false "
      "src.audio_0 ! audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
      "fakesink name=audio sync=false async=false",
      fixture->url, fixture->room_id, get_properties (fixture), properties);
  self->reader = rtc_reader_new (
      rtc_pipeline_get (self->pipeline, "video"), painter, fixture->context);
  self->tone = rtc_tone_meter_new (
      rtc_pipeline_get (self->pipeline, "audio"), fixture->context);
  self->started = g_get_monotonic_time ();
  rtc_pipeline_play (self->pipeline);
  return self;
}

void
rtc_viewer_free (RtcViewer *self)
{
  rtc_pipeline_stop (self->pipeline);
  rtc_reader_free (self->reader);
  rtc_tone_meter_free (self->tone);
  rtc_pipeline_free (self->pipeline);
  g_free (self);
}

gboolean
rtc_viewer_hears_tone (RtcViewer *viewer)
{
  return ABS (rtc_tone_meter_get_frequency (viewer->tone) - RTC_TEST_TONE) <= 4;
}

void
rtc_viewer_assert_good_picture (RtcViewer *viewer)
{
  g_assert_cmpuint (0, ==, rtc_reader_get_disorder (viewer->reader));
  g_assert_cmpuint (
      rtc_reader_get_difference (viewer->reader), <=, RTC_TEST_TOLERANCE);
}

void
rtc_viewer_wait_frames (RtcViewer *viewer, guint more)
{
  const guint before = rtc_reader_get_frames (viewer->reader);

  rtc_test_wait (viewer->pipeline->context,
      rtc_reader_get_frames (viewer->reader) >= before + more);
}

gboolean
rtc_viewer_pad_is_muted (RtcViewer *viewer, const gchar *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (
      rtc_pipeline_get (viewer->pipeline, "src"), name);
  gboolean muted;

  g_assert_nonnull (pad);
  g_object_get (pad, "muted", &muted, NULL);
  return muted;
}

/* --- calls by promise --- */

struct _RtcCall
{
  GMainContext *context;
  GstPromise *promise;
  gint answered; /* atomic */
};

static void
on_answer (GstPromise *promise, gpointer user_data)
{
  RtcCall *call = user_data;

  g_atomic_int_set (&call->answered, TRUE);
  g_main_context_wakeup (call->context);
}

RtcCall *
rtc_call_new (GMainContext *context)
{
  RtcCall *call = g_new0 (RtcCall, 1);

  call->context = context;
  call->promise = gst_promise_new_with_change_func (on_answer, call, NULL);
  return call;
}

GstPromise *
rtc_call_get_promise (RtcCall *call)
{
  return call->promise;
}

gint
rtc_call_end (RtcCall *call)
{
  gint code = 0;

  rtc_test_wait (call->context, g_atomic_int_get (&call->answered));
  g_assert_cmpint (
      GST_PROMISE_RESULT_REPLIED, ==, gst_promise_wait (call->promise));
  gst_structure_get_int (
      gst_promise_get_reply (call->promise), "rtc-code", &code);
  gst_promise_unref (call->promise);
  g_free (call);
  return code;
}

gint
rtc_pipeline_mute_local (RtcPipeline *pipeline, const gchar *options)
{
  RtcCall *call = rtc_call_new (pipeline->context);
  g_autoptr (GstStructure) structure =
      gst_structure_from_string (options, NULL);

  g_signal_emit_by_name (rtc_pipeline_get (pipeline, "sink"), "mute-local",
      structure, call->promise);
  return rtc_call_end (call);
}

gint
rtc_pipeline_act_on_stream (RtcPipeline *pipeline, const gchar *action,
    const gchar *user_id, const gchar *options)
{
  RtcCall *call = rtc_call_new (pipeline->context);
  g_autoptr (GstStructure) structure =
      gst_structure_from_string (options, NULL);

  g_signal_emit_by_name (rtc_pipeline_get (pipeline, "src"), action, user_id,
      structure, call->promise);
  return rtc_call_end (call);
}

/* --- messages --- */

guint
rtc_pipeline_count_fact (RtcPipeline *pipeline, const gchar *name)
{
  return rtc_pipeline_count (pipeline, GST_MESSAGE_ELEMENT, name);
}

void
rtc_pipeline_wait_fact (RtcPipeline *pipeline, const gchar *name)
{
  rtc_test_wait_for (pipeline->context,
      rtc_pipeline_find (pipeline, GST_MESSAGE_ELEMENT, name) != NULL, name);
}

const GstStructure *
rtc_pipeline_get_fact (RtcPipeline *pipeline, const gchar *name)
{
  GstMessage *message = rtc_pipeline_find (pipeline, GST_MESSAGE_ELEMENT, name);

  g_assert_nonnull (message);
  return gst_message_get_structure (message);
}

gboolean
rtc_pipeline_has_been (
    RtcPipeline *pipeline, const gchar *state, const gchar *reason)
{
  for (guint i = 0; i < pipeline->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (pipeline->messages, i);
    const GstStructure *fact = gst_message_get_structure (message);

    if (gst_message_has_name (message, "rtc-connection-state") &&
        g_strcmp0 (gst_structure_get_string (fact, "new"), state) == 0 &&
        (!reason ||
            g_strcmp0 (gst_structure_get_string (fact, "reason"), reason) == 0))
      return TRUE;
  }
  return FALSE;
}

void
rtc_pipeline_wait_state (
    RtcPipeline *pipeline, const gchar *state, const gchar *reason)
{
  rtc_test_wait (
      pipeline->context, rtc_pipeline_has_been (pipeline, state, reason));
}

void
rtc_pipeline_assert_no_failure (RtcPipeline *pipeline)
{
  rtc_pipeline_print_failures (pipeline);
  g_assert_cmpint (0, ==, rtc_pipeline_get_code (pipeline, GST_MESSAGE_ERROR));
  g_assert_cmpint (
      0, ==, rtc_pipeline_get_code (pipeline, GST_MESSAGE_WARNING));
}

void
rtc_pipeline_assert_one_break (RtcPipeline *pipeline)
{
  rtc_pipeline_print_failures (pipeline);
  g_assert_cmpuint (
      1, ==, rtc_pipeline_count (pipeline, GST_MESSAGE_WARNING, NULL));
  g_assert_cmpint (GST_RTC_ERROR_WEBSOCKET_FAILED, ==,
      rtc_pipeline_get_code (pipeline, GST_MESSAGE_WARNING));
  g_assert_cmpuint (
      0, ==, rtc_pipeline_count (pipeline, GST_MESSAGE_ERROR, NULL));
}

/* --- what passes at a sink --- */

static GstPadProbeReturn
watch_flow (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  RtcFlow *flow = user_data;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    g_atomic_int_inc (&flow->buffers);
  else if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_GAP)
    g_atomic_int_inc (&flow->gaps);
  g_main_context_wakeup (flow->context);
  return GST_PAD_PROBE_OK;
}

void
rtc_flow_watch (RtcFlow *flow, RtcPipeline *pipeline, const gchar *name)
{
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (rtc_pipeline_get (pipeline, name), "sink");

  flow->context = pipeline->context;
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      watch_flow, flow, NULL);
}

void
rtc_flow_wait_for_gaps (RtcFlow *flow)
{
  gint gaps = g_atomic_int_get (&flow->gaps);
  gint buffers;

  rtc_test_wait (flow->context, g_atomic_int_get (&flow->gaps) >= gaps + 2);
  buffers = g_atomic_int_get (&flow->buffers);
  gaps = g_atomic_int_get (&flow->gaps);
  rtc_test_wait (flow->context, g_atomic_int_get (&flow->gaps) >= gaps + 3);
  g_assert_cmpint (buffers, ==, g_atomic_int_get (&flow->buffers));
}
