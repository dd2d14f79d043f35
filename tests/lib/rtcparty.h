/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A room on a real server, ours or a Janus, with a publisher and viewers in
 * it. On the thread of the test. */
#pragma once

#include "janus-server.h"
#include "rtcpipeline.h"

G_BEGIN_DECLS

#define RTC_TEST_LOCAL "local-addresses=\"<127.0.0.1>\""
#define RTC_TEST_TONE 440 /* Hz */
/* VP8 at the default bitrate keeps a block's mean within this of the source. */
#define RTC_TEST_TOLERANCE 16

/**
 * RtcRoomFixture:
 * @server, @janus: one of them
 * @url: for `server-url`, borrowed
 * @room_id: borrowed
 * @properties: (nullable): of all elements in the room, borrowed
 */
typedef struct
{
  GMainContext *context;
  GstRtcServer *server;
  JanusServer *janus;
  const gchar *url;
  const gchar *room_id;
  const gchar *properties;
} RtcRoomFixture;

/* @data: JanusOptions of a Janus, NULL for a server of ours. */
void rtc_room_set_up (RtcRoomFixture *fixture, gconstpointer data);
void rtc_room_tear_down (RtcRoomFixture *fixture, gconstpointer data);

/* Those for the tests of a program whose first argument is `--janus`: of a
 * room `room` that takes every codec of ours. NULL without that argument.
 * Ends the program, as skipped, where it wants a Janus and has none. */
const JanusOptions *rtc_room_choose_server (int argc, char **argv);

/**
 * RtcPublisher:
 *
 * rtcsink `sink` in the room with numbered frames of 320x192 at 30/s and a
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
 * rtcsrc `src` in the room, whose first video pad goes to the fakesink
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

/* Waits for @more frames from now on. */
void rtc_viewer_wait_frames (RtcViewer *viewer, guint more);
gboolean rtc_viewer_pad_is_muted (RtcViewer *viewer, const gchar *name);

/* A call of an element, whose promise is told to it: the end waits for the
 * answer, and returns its code, 0 for success. */
typedef struct _RtcCall RtcCall;
RtcCall *rtc_call_new (GMainContext *context);
GstPromise *rtc_call_get_promise (RtcCall *call);
gint rtc_call_end (RtcCall *call);

/* Calls of an element `sink` or `src`. They wait for the answer, whose code
 * they return, 0 for success; @options as text, `options, video=true`. */
gint rtc_pipeline_mute_local (RtcPipeline *pipeline, const gchar *options);
gint rtc_pipeline_act_on_stream (RtcPipeline *pipeline, const gchar *action,
    const gchar *user_id, const gchar *options);

guint rtc_pipeline_count_fact (RtcPipeline *pipeline, const gchar *name);
void rtc_pipeline_wait_fact (RtcPipeline *pipeline, const gchar *name);
/* Borrowed; there has to be one. */
const GstStructure *rtc_pipeline_get_fact (
    RtcPipeline *pipeline, const gchar *name);
/* Whether the connection went into @state, for @reason (nullable). */
gboolean rtc_pipeline_has_been (
    RtcPipeline *pipeline, const gchar *state, const gchar *reason);
void rtc_pipeline_wait_state (
    RtcPipeline *pipeline, const gchar *state, const gchar *reason);

void rtc_pipeline_assert_no_failure (RtcPipeline *pipeline);
/* One warning of a break of the connection, and nothing else went wrong. */
void rtc_pipeline_assert_one_break (RtcPipeline *pipeline);

/**
 * RtcFlow:
 * @gaps, @buffers: atomic
 *
 * What passes at the sink pad of an element.
 */
typedef struct
{
  GMainContext *context;
  gint gaps;
  gint buffers;
} RtcFlow;

/* @flow begins at 0 and outlives the pipeline. */
void rtc_flow_watch (RtcFlow *flow, RtcPipeline *pipeline, const gchar *name);
/* Waits until gaps pass and buffers do not. */
void rtc_flow_wait_for_gaps (RtcFlow *flow);

G_END_DECLS
