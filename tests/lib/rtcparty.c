/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A room on a real server with a publisher and viewers in it. On the thread
 * of the test. */
#include "rtcparty.h"

void
rtc_room_set_up (RtcRoomFixture *fixture, gconstpointer data)
{
  fixture->context = rtc_test_context_enter ();
  fixture->server = rtc_test_server_start ();
}

void
rtc_room_tear_down (RtcRoomFixture *fixture, gconstpointer data)
{
  gst_rtc_server_stop (fixture->server);
  g_object_unref (fixture->server);
  rtc_test_context_leave (fixture->context);
}

RtcPublisher *
rtc_publisher_new (RtcRoomFixture *fixture, const gchar *user_id)
{
  RtcPublisher *self = g_new0 (RtcPublisher, 1);

  self->pipeline = rtc_pipeline_new (
      "rtcsink name=sink server-url=%s room-id=room user-id=%s " RTC_TEST_LOCAL
      " videotestsrc is-live=true pattern=smpte ! "
      "video/x-raw,format=I420,width=320,height=192,framerate=30/1 ! "
      "identity name=frames ! sink.video_0 "
      "audiotestsrc is-live=true freq=%d samplesperbuffer=960 ! "
      "audio/x-raw,rate=48000,channels=1 ! sink.audio_0",
      gst_rtc_server_get_url (fixture->server), user_id, RTC_TEST_TONE);
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
      "rtcsrc name=src server-url=%s room-id=room %s " RTC_TEST_LOCAL
      " src.video_0 ! video/x-raw,format=I420 ! "
      "fakesink name=video sync=false async=false "
      "src.audio_0 ! audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
      "fakesink name=audio sync=false async=false",
      gst_rtc_server_get_url (fixture->server), properties);
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
rtc_pipeline_assert_no_failure (RtcPipeline *pipeline)
{
  g_assert_cmpint (0, ==, rtc_pipeline_get_code (pipeline, GST_MESSAGE_ERROR));
  g_assert_cmpint (
      0, ==, rtc_pipeline_get_code (pipeline, GST_MESSAGE_WARNING));
}
