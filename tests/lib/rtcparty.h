/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A room on a real server with a publisher and viewers in it. On the thread
 * of the test. */
#pragma once

#include "rtcpipeline.h"

G_BEGIN_DECLS

#define RTC_TEST_LOCAL "local-addresses=\"<127.0.0.1>\""
#define RTC_TEST_TONE 440 /* Hz */
/* VP8 at the default bitrate keeps a block's mean within this of the source. */
#define RTC_TEST_TOLERANCE 16

typedef struct
{
  GMainContext *context;
  GstRtcServer *server;
} RtcRoomFixture;

void rtc_room_set_up (RtcRoomFixture *fixture, gconstpointer data);
void rtc_room_tear_down (RtcRoomFixture *fixture, gconstpointer data);

/**
 * RtcPublisher:
 *
 * rtcsink `sink` in room `room` with numbered frames of 320x192 at 30/s and a
 * tone of RTC_TEST_TONE.
 */
typedef struct
{
  RtcPipeline *pipeline;
  RtcPainter *painter;
} RtcPublisher;

RtcPublisher *rtc_publisher_new (RtcRoomFixture *fixture, const gchar *user_id);
void rtc_publisher_free (RtcPublisher *self);

/**
 * RtcViewer:
 *
 * rtcsrc `src` in room `room`, whose first video pad goes to the fakesink
 * `video` and whose first audio pad to `audio`.
 */
typedef struct
{
  RtcPipeline *pipeline;
  RtcReader *reader;
  RtcToneMeter *tone;
  gint64 started;
} RtcViewer;

RtcViewer *rtc_viewer_new (
    RtcRoomFixture *fixture, RtcPainter *painter, const gchar *properties);
void rtc_viewer_free (RtcViewer *self);
gboolean rtc_viewer_hears_tone (RtcViewer *viewer);
void rtc_viewer_assert_good_picture (RtcViewer *viewer);

void rtc_pipeline_assert_no_failure (RtcPipeline *pipeline);

G_END_DECLS
