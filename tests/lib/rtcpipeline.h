/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pipelines under test: their messages, frames with a number painted in, and
 * tones. The pipeline's streams run on their own threads, everything else
 * belongs to the thread of the test. */
#pragma once

#include <gst/gst.h>

#include "rtcserver.h"
#include "rtctest.h"

G_BEGIN_DECLS

/**
 * RtcPipeline:
 * @messages: (element-type GstMessage): all that came over the bus
 */
typedef struct
{
  GstElement *pipeline;
  GMainContext *context;
  GPtrArray *messages;
} RtcPipeline;

/* From a gst-launch line; messages arrive on the thread-default context. */
RtcPipeline *rtc_pipeline_new (const gchar *format, ...) G_GNUC_PRINTF (1, 2);
void rtc_pipeline_play (RtcPipeline *self);
/* Goes to NULL and checks that this worked. */
void rtc_pipeline_stop (RtcPipeline *self);
void rtc_pipeline_free (RtcPipeline *self);
GstElement *rtc_pipeline_get (RtcPipeline *self, const gchar *name);

/* Borrowed; the first message of @type, and for element messages of @name
 * (nullable). */
GstMessage *rtc_pipeline_find (
    RtcPipeline *self, GstMessageType type, const gchar *name);
guint rtc_pipeline_count (
    RtcPipeline *self, GstMessageType type, const gchar *name);
/* Forgets what came so far. */
void rtc_pipeline_forget (RtcPipeline *self);
/* The code of the first ERROR or WARNING message, 0 without one. */
gint rtc_pipeline_get_code (RtcPipeline *self, GstMessageType type);
/* All errors and warnings so far, into the log of the test. */
void rtc_pipeline_print_failures (RtcPipeline *pipeline);

/* Paints the frame number into each buffer (I420, at least 256 x 32) that
 * leaves @element, and remembers the picture. */
typedef struct _RtcPainter RtcPainter;
RtcPainter *rtc_painter_new (GstElement *element);
void rtc_painter_free (RtcPainter *self);

/* Reads them at the sink pad of @element, which must get I420. @painter is
 * nullable: pictures are then not compared. */
typedef struct _RtcReader RtcReader;
RtcReader *rtc_reader_new (
    GstElement *element, RtcPainter *painter, GMainContext *context);
void rtc_reader_free (RtcReader *self);
guint rtc_reader_get_frames (RtcReader *self);
/* Frames whose number was not above that of the frame before. */
guint rtc_reader_get_disorder (RtcReader *self);
/* The greatest mean difference of a block to the picture that was sent. */
guint rtc_reader_get_difference (RtcReader *self);
guint rtc_reader_get_last_number (RtcReader *self);
/* Frames missing between two that followed one another, the most so far, and
 * the longest time between two, in ms. */
guint rtc_reader_get_most_missing (RtcReader *self);
guint rtc_reader_get_longest_pause (RtcReader *self);
/* Begins with both anew. */
void rtc_reader_forget_gaps (RtcReader *self);
/* Monotonic time of the first frame, 0 before. */
gint64 rtc_reader_get_first_time (RtcReader *self);

/* Measures the tone at the sink pad of @element (S16LE, 48000 Hz, mono). */
typedef struct _RtcToneMeter RtcToneMeter;
RtcToneMeter *rtc_tone_meter_new (GstElement *element, GMainContext *context);
void rtc_tone_meter_free (RtcToneMeter *self);
/* Hz over the last half second, 0 for silence and before there is as much. */
gdouble rtc_tone_meter_get_frequency (RtcToneMeter *self);
guint64 rtc_tone_meter_get_samples (RtcToneMeter *self);

/* A room server on a free loopback port. */
GstRtcServer *rtc_test_server_start (void);

G_END_DECLS
