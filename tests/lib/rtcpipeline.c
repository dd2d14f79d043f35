/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pipelines under test. Probes run on streaming threads and share their
 * figures under a lock. */
#include "rtcpipeline.h"

#include <gst/video/video.h>

#define BLOCK 16
#define N_BITS 16
#define GRID_X 16
#define GRID_Y 8
#define N_REMEMBERED 128
#define TONE_RATE 48000
#define TONE_WINDOW (TONE_RATE / 2)
#define TONE_FLOOR 500

/* --- pipelines --- */

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  RtcPipeline *self = user_data;

  g_ptr_array_add (self->messages, gst_message_ref (message));
  return G_SOURCE_CONTINUE;
}

RtcPipeline *
rtc_pipeline_new (const gchar *format, ...)
{
  RtcPipeline *self = g_new0 (RtcPipeline, 1);
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);

  self->context = g_main_context_ref_thread_default ();
  self->messages =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_message_unref);
  self->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  if (!GST_IS_PIPELINE (self->pipeline)) {
    GstElement *only = self->pipeline;

    self->pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (self->pipeline), only);
  }
  bus = gst_element_get_bus (self->pipeline);
  gst_bus_add_watch (bus, on_message, self);
  return self;
}

void
rtc_pipeline_play (RtcPipeline *self)
{
  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_PLAYING),
      !=, GST_STATE_CHANGE_FAILURE);
}

void
rtc_pipeline_stop (RtcPipeline *self)
{
  g_assert_cmpint (gst_element_set_state (self->pipeline, GST_STATE_NULL), ==,
      GST_STATE_CHANGE_SUCCESS);
}

void
rtc_pipeline_free (RtcPipeline *self)
{
  g_autoptr (GstBus) bus = NULL;

  if (!self)
    return;
  bus = gst_element_get_bus (self->pipeline);
  rtc_pipeline_stop (self);
  gst_bus_remove_watch (bus);
  gst_object_unref (self->pipeline);
  g_ptr_array_unref (self->messages);
  g_main_context_unref (self->context);
  g_free (self);
}

GstElement *
rtc_pipeline_get (RtcPipeline *self, const gchar *name)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (self->pipeline), name);

  g_assert_nonnull (element);
  gst_object_unref (element); /* the pipeline keeps it */
  return element;
}

static gboolean
matches (GstMessage *message, GstMessageType type, const gchar *name)
{
  return GST_MESSAGE_TYPE (message) == type &&
         (!name || gst_message_has_name (message, name));
}

GstMessage *
rtc_pipeline_find (RtcPipeline *self, GstMessageType type, const gchar *name)
{
  for (guint i = 0; i < self->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (self->messages, i);

    if (matches (message, type, name))
      return message;
  }
  return NULL;
}

guint
rtc_pipeline_count (RtcPipeline *self, GstMessageType type, const gchar *name)
{
  guint n = 0;

  for (guint i = 0; i < self->messages->len; i++)
    n += matches (g_ptr_array_index (self->messages, i), type, name);
  return n;
}

void
rtc_pipeline_forget (RtcPipeline *self)
{
  g_ptr_array_set_size (self->messages, 0);
}

void
rtc_pipeline_print_failures (RtcPipeline *pipeline)
{
  for (guint i = 0; i < pipeline->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (pipeline->messages, i);
    g_autofree gchar *text = NULL;

    if (!(GST_MESSAGE_TYPE (message) &
            (GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)))
      continue;
    text = gst_structure_to_string (gst_message_get_structure (message));
    g_test_message ("%s from %s: %s", GST_MESSAGE_TYPE_NAME (message),
        GST_MESSAGE_SRC_NAME (message), text);
  }
}

gint
rtc_pipeline_get_code (RtcPipeline *self, GstMessageType type)
{
  GstMessage *message = rtc_pipeline_find (self, type, NULL);
  g_autoptr (GError) error = NULL;

  if (!message)
    return 0;
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  return error->code;
}

/* --- painted frames --- */

typedef guint8 Grid[GRID_X * GRID_Y];

struct _RtcPainter
{
  GMutex lock;
  GstPad *pad;
  gulong probe;
  guint next; /* under lock */
  Grid sent[N_REMEMBERED];
};

static void
measure_grid (GstVideoFrame *frame, Grid grid)
{
  const guint8 *plane = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  gint cell_x = GST_VIDEO_FRAME_WIDTH (frame) / GRID_X;
  gint cell_y = GST_VIDEO_FRAME_HEIGHT (frame) / GRID_Y;

  for (gint i = 0; i < GRID_X * GRID_Y; i++) {
    const guint8 *cell = plane + (gsize)(i / GRID_X) * cell_y * stride +
                         (gsize)(i % GRID_X) * cell_x;
    guint sum = 0;

    for (gint y = 0; y < cell_y; y++) {
      for (gint x = 0; x < cell_x; x++)
        sum += cell[y * stride + x];
    }
    grid[i] = sum / (cell_x * cell_y);
  }
}

static GstPadProbeReturn
paint (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  RtcPainter *self = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  GstVideoFrame frame;
  GstVideoInfo video;
  guint8 *plane;

  info->data = buffer;
  g_assert_true (gst_video_info_from_caps (&video, caps));
  g_assert_true (
      gst_video_frame_map (&frame, &video, buffer, GST_MAP_READWRITE));
  plane = GST_VIDEO_FRAME_PLANE_DATA (&frame, 0);

  g_mutex_lock (&self->lock);
  for (guint bit = 0; bit < N_BITS; bit++) {
    for (guint y = 0; y < BLOCK; y++) {
      memset (plane + (gsize)y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0) +
                  bit * BLOCK,
          self->next >> bit & 1 ? 235 : 16, BLOCK);
    }
  }
  measure_grid (&frame, self->sent[self->next % N_REMEMBERED]);
  self->next++;
  g_mutex_unlock (&self->lock);
  gst_video_frame_unmap (&frame);
  return GST_PAD_PROBE_OK;
}

RtcPainter *
rtc_painter_new (GstElement *element)
{
  RtcPainter *self = g_new0 (RtcPainter, 1);

  g_mutex_init (&self->lock);
  self->pad = gst_element_get_static_pad (element, "src");
  self->probe = gst_pad_add_probe (
      self->pad, GST_PAD_PROBE_TYPE_BUFFER, paint, self, NULL);
  return self;
}

void
rtc_painter_free (RtcPainter *self)
{
  if (!self)
    return;
  gst_pad_remove_probe (self->pad, self->probe);
  gst_object_unref (self->pad);
  g_mutex_clear (&self->lock);
  g_free (self);
}

struct _RtcReader
{
  GMutex lock;
  GMainContext *context;
  RtcPainter *painter;
  GstPad *pad;
  gulong probe;
  /* Under lock. */
  guint frames;
  guint disorder;
  guint difference;
  guint last;
  guint missing;
  guint pause; /* ms */
  gint64 first_time;
  gint64 last_time;
};

static guint
read_number (GstVideoFrame *frame)
{
  const guint8 *plane = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  guint number = 0;

  for (guint bit = 0; bit < N_BITS; bit++) {
    if (plane[BLOCK / 2 * stride + bit * BLOCK + BLOCK / 2] > 128)
      number |= 1u << bit;
  }
  return number;
}

static guint
compare (RtcPainter *painter, guint number, Grid grid)
{
  guint greatest = 0;

  g_mutex_lock (&painter->lock);
  for (guint i = 0; i < G_N_ELEMENTS (painter->sent[0]); i++) {
    gint difference = painter->sent[number % N_REMEMBERED][i] - grid[i];

    greatest = MAX (greatest, (guint)ABS (difference));
  }
  g_mutex_unlock (&painter->lock);
  return greatest;
}

static void
note_gap (RtcReader *self, guint number, gint64 now)
{
  if (number <= self->last)
    self->disorder++;
  else
    self->missing = MAX (self->missing, number - self->last - 1);
  self->pause = MAX (
      self->pause, (guint)((now - self->last_time) / G_TIME_SPAN_MILLISECOND));
}

static void
note_frame (RtcReader *self, GstVideoFrame *frame)
{
  gint64 now = g_get_monotonic_time ();
  guint number = read_number (frame);
  Grid grid;

  measure_grid (frame, grid);
  g_mutex_lock (&self->lock);
  if (self->frames == 0)
    self->first_time = now;
  else
    note_gap (self, number, now);
  self->last = number;
  self->last_time = now;
  self->frames++;
  if (self->painter) {
    self->difference =
        MAX (self->difference, compare (self->painter, number, grid));
  }
  g_mutex_unlock (&self->lock);
  g_main_context_wakeup (self->context);
}

static GstPadProbeReturn
read_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoFrame frame;
  GstVideoInfo video;

  g_assert_true (gst_video_info_from_caps (&video, caps));
  g_assert_true (gst_video_frame_map (
      &frame, &video, GST_PAD_PROBE_INFO_BUFFER (info), GST_MAP_READ));
  note_frame (user_data, &frame);
  gst_video_frame_unmap (&frame);
  return GST_PAD_PROBE_OK;
}

RtcReader *
rtc_reader_new (GstElement *element, RtcPainter *painter, GMainContext *context)
{
  RtcReader *self = g_new0 (RtcReader, 1);

  g_mutex_init (&self->lock);
  self->context = g_main_context_ref (context);
  self->painter = painter;
  self->pad = gst_element_get_static_pad (element, "sink");
  self->probe = gst_pad_add_probe (
      self->pad, GST_PAD_PROBE_TYPE_BUFFER, read_frame, self, NULL);
  return self;
}

void
rtc_reader_free (RtcReader *self)
{
  if (!self)
    return;
  gst_pad_remove_probe (self->pad, self->probe);
  gst_object_unref (self->pad);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static guint
get_figure (RtcReader *self, const guint *figure)
{
  guint value;

  g_mutex_lock (&self->lock);
  value = *figure;
  g_mutex_unlock (&self->lock);
  return value;
}

guint
rtc_reader_get_frames (RtcReader *self)
{
  return get_figure (self, &self->frames);
}

guint
rtc_reader_get_disorder (RtcReader *self)
{
  return get_figure (self, &self->disorder);
}

guint
rtc_reader_get_difference (RtcReader *self)
{
  return get_figure (self, &self->difference);
}

guint
rtc_reader_get_last_number (RtcReader *self)
{
  return get_figure (self, &self->last);
}

guint
rtc_reader_get_most_missing (RtcReader *self)
{
  return get_figure (self, &self->missing);
}

guint
rtc_reader_get_longest_pause (RtcReader *self)
{
  return get_figure (self, &self->pause);
}

void
rtc_reader_forget_gaps (RtcReader *self)
{
  g_mutex_lock (&self->lock);
  self->missing = 0;
  self->pause = 0;
  g_mutex_unlock (&self->lock);
}

gint64
rtc_reader_get_first_time (RtcReader *self)
{
  gint64 time;

  g_mutex_lock (&self->lock);
  time = self->first_time;
  g_mutex_unlock (&self->lock);
  return time;
}

/* --- tones --- */

struct _RtcToneMeter
{
  GMutex lock;
  GMainContext *context;
  GstPad *pad;
  gulong probe;
  /* Under lock. */
  gint16 window[TONE_WINDOW];
  guint64 samples;
};

static GstPadProbeReturn
hear (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  RtcToneMeter *self = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_mutex_lock (&self->lock);
  for (gsize i = 0; i < map.size / sizeof (gint16); i++) {
    self->window[self->samples % TONE_WINDOW] = ((gint16 *)map.data)[i];
    self->samples++;
  }
  g_mutex_unlock (&self->lock);
  gst_buffer_unmap (buffer, &map);
  g_main_context_wakeup (self->context);
  return GST_PAD_PROBE_OK;
}

RtcToneMeter *
rtc_tone_meter_new (GstElement *element, GMainContext *context)
{
  RtcToneMeter *self = g_new0 (RtcToneMeter, 1);

  g_mutex_init (&self->lock);
  self->context = g_main_context_ref (context);
  self->pad = gst_element_get_static_pad (element, "sink");
  self->probe = gst_pad_add_probe (
      self->pad, GST_PAD_PROBE_TYPE_BUFFER, hear, self, NULL);
  return self;
}

void
rtc_tone_meter_free (RtcToneMeter *self)
{
  if (!self)
    return;
  gst_pad_remove_probe (self->pad, self->probe);
  gst_object_unref (self->pad);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Upward zero crossings; the sample before is the neighbour in the ring. */
static gdouble
count_crossings (RtcToneMeter *self)
{
  guint64 first = self->samples - TONE_WINDOW;
  gint16 peak = 0;
  guint crossings = 0;

  for (guint64 i = first + 1; i < self->samples; i++) {
    gint16 before = self->window[(i - 1) % TONE_WINDOW];
    gint16 now = self->window[i % TONE_WINDOW];

    peak = MAX (peak, now);
    crossings += before < 0 && now >= 0;
  }
  return peak < TONE_FLOOR ? 0 : crossings * 2.0;
}

gdouble
rtc_tone_meter_get_frequency (RtcToneMeter *self)
{
  gdouble frequency = 0;

  g_mutex_lock (&self->lock);
  if (self->samples >= TONE_WINDOW)
    frequency = count_crossings (self);
  g_mutex_unlock (&self->lock);
  return frequency;
}

guint64
rtc_tone_meter_get_samples (RtcToneMeter *self)
{
  guint64 samples;

  g_mutex_lock (&self->lock);
  samples = self->samples;
  g_mutex_unlock (&self->lock);
  return samples;
}

GstRtcServer *
rtc_test_server_start (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;
  GstRtcServer *server;

  gst_rtc_server_settings_init (&settings);
  settings.listen = "http://127.0.0.1:0";
  server = gst_rtc_server_start (&settings, &error);
  g_assert_no_error (error);
  return server;
}
