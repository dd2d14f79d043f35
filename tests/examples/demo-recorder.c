/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records, counts and looks at what rtcsrc gives. Main thread, but for the
 * pad probes, the appsink callbacks and pad-added. */
#include "demo-recorder.h"

#include "demo.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include <math.h>

/* What is recorded does not wait for what is decoded, nor audio for video:
 * the queues take what one branch is ahead of the other. */
#define RECORD_QUEUE                                                           \
  "queue max-size-buffers=0 max-size-time=0 max-size-bytes=67108864 "
#define VIDEO_BRANCH                                                           \
  "capsfilter name=video caps=video/x-vp8 ! valve name=video-valve "           \
  "! tee name=video-tee "                                                      \
  "video-tee. ! " RECORD_QUEUE "! mux.video_0 "                                \
  "video-tee. ! queue ! vp8dec ! videoconvert "                                \
  "! video/x-raw,format=I420 ! appsink name=pictures sync=false "
#define AUDIO_BRANCH                                                           \
  "capsfilter name=audio caps=audio/x-opus ! valve name=audio-valve "          \
  "! tee name=audio-tee "                                                      \
  "audio-tee. ! " RECORD_QUEUE "! opusparse ! mux.audio_0 "                    \
  "audio-tee. ! queue ! opusdec ! audioconvert "                               \
  "! audio/x-raw,format=F32LE ! appsink name=sounds sync=false "
#define COMMON_PART                                                            \
  "rtcsrc name=source webmmux name=mux offset-to-zero=true "                   \
  "! filesink name=file "

typedef struct
{
  GstElement *valve;
  GstPad *entry;     /* the first pad after the valve */
  gboolean keyframe; /* streaming thread: seen */
} Branch;

struct _DemoRecorder
{
  GstElement *pipeline;
  GstElement *source;
  gboolean wants_video;
  Branch video;
  Branch audio;
  GMutex lock;
  DemoFigures figures;     /* lock */
  GstSample *picture;      /* lock */
  gboolean picture_chosen; /* lock */
};

static GstPadProbeReturn
on_encoded_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  DemoRecorder *self = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  Branch *branch = pad == self->video.entry ? &self->video : &self->audio;

  if (branch == &self->video && !branch->keyframe) {
    /* A player can start at a keyframe only. */
    if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT)) {
      gst_pad_push_event (pad, gst_video_event_new_upstream_force_key_unit (
                                   GST_CLOCK_TIME_NONE, TRUE, 0));
      return GST_PAD_PROBE_DROP;
    }
    branch->keyframe = TRUE;
  }
  g_mutex_lock (&self->lock);
  self->figures.n_bytes += gst_buffer_get_size (buffer);
  g_mutex_unlock (&self->lock);
  return GST_PAD_PROBE_OK;
}

static void
post_first_media (DemoRecorder *self)
{
  gst_element_post_message (
      self->pipeline, gst_message_new_application (GST_OBJECT (self->pipeline),
                          gst_structure_new_empty ("first-media")));
}

static GstFlowReturn
on_picture (GstAppSink *sink, gpointer user_data)
{
  DemoRecorder *self = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  const GstStructure *format;
  gboolean first;

  if (!sample)
    return GST_FLOW_EOS;
  format = gst_caps_get_structure (gst_sample_get_caps (sample), 0);

  g_mutex_lock (&self->lock);
  first = self->figures.n_frames++ == 0;
  gst_structure_get_int (format, "width", &self->figures.width);
  gst_structure_get_int (format, "height", &self->figures.height);
  if (!self->picture_chosen) {
    g_clear_pointer (&self->picture, gst_sample_unref);
    self->picture = g_steal_pointer (&sample);
  }
  g_mutex_unlock (&self->lock);

  if (first)
    post_first_media (self);
  return GST_FLOW_OK;
}

static GstFlowReturn
on_sound (GstAppSink *sink, gpointer user_data)
{
  DemoRecorder *self = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  GstBuffer *buffer;
  GstMapInfo map;
  gfloat peak = 0;
  gboolean first;

  if (!sample)
    return GST_FLOW_EOS;
  buffer = gst_sample_get_buffer (sample);
  if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    const gfloat *values = (const gfloat *)map.data;

    for (gsize i = 0; i < map.size / sizeof (gfloat); i++)
      peak = MAX (peak, fabsf (values[i]));
    gst_buffer_unmap (buffer, &map);
  }

  g_mutex_lock (&self->lock);
  first = self->figures.audio_time == 0;
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    self->figures.audio_time += GST_BUFFER_DURATION (buffer);
  self->figures.loudest = MAX (self->figures.loudest, (gdouble)peak);
  g_mutex_unlock (&self->lock);

  if (first && !self->wants_video)
    post_first_media (self);
  return GST_FLOW_OK;
}

static void
on_pad_added (GstElement *source, GstPad *pad, gpointer user_data)
{
  DemoRecorder *self = user_data;
  const gchar *name =
      g_str_has_prefix (GST_PAD_NAME (pad), "video") ? "video" : "audio";
  g_autoptr (GstElement) filter =
      gst_bin_get_by_name (GST_BIN (self->pipeline), name);
  g_autoptr (GstPad) entry = NULL;
  GstPadLinkReturn result;

  if (!filter)
    return;
  entry = gst_element_get_static_pad (filter, "sink");
  if (gst_pad_is_linked (entry))
    return;
  result = gst_pad_link (pad, entry);
  if (GST_PAD_LINK_FAILED (result)) {
    GST_ELEMENT_ERROR (self->pipeline, CORE, NEGOTIATION,
        ("Pad %s of rtcsrc could not be linked: %s", GST_PAD_NAME (pad),
            gst_pad_link_get_name (result)),
        (NULL));
  }
}

static gboolean add_lost (GQuark field, const GValue *value, gpointer total);

static void
add_lost_of_value (const GValue *value, gint64 *total)
{
  if (GST_VALUE_HOLDS_STRUCTURE (value)) {
    gst_structure_foreach (gst_value_get_structure (value), add_lost, total);
  } else if (GST_VALUE_HOLDS_ARRAY (value)) {
    for (guint i = 0; i < gst_value_array_get_size (value); i++)
      add_lost_of_value (gst_value_array_get_value (value, i), total);
  } else if (GST_VALUE_HOLDS_LIST (value)) {
    for (guint i = 0; i < gst_value_list_get_size (value); i++)
      add_lost_of_value (gst_value_list_get_value (value, i), total);
  }
}

static gboolean
add_lost (GQuark field, const GValue *value, gpointer user_data)
{
  gint64 *total = user_data;
  g_auto (GValue) number = G_VALUE_INIT;

  if (!g_str_equal (g_quark_to_string (field), "packets-lost")) {
    add_lost_of_value (value, total);
    return TRUE;
  }
  g_value_init (&number, G_TYPE_INT64);
  if (g_value_transform (value, &number))
    *total = MAX (*total, 0) + g_value_get_int64 (&number);
  return TRUE;
}

/* -1 when the element does not tell. */
static gint64
get_lost (DemoRecorder *self)
{
  g_autoptr (GstStructure) stats = NULL;
  gint64 total = -1;

  if (!g_object_class_find_property (
          G_OBJECT_GET_CLASS (self->source), "stats"))
    return -1;
  g_object_get (self->source, "stats", &stats, NULL);
  if (stats)
    gst_structure_foreach (stats, add_lost, &total);
  return total;
}

/* Ends the stream behind the valve. A branch that had no data yet needs the
 * events that an end of stream must follow. */
static void
end_branch (Branch *branch)
{
  g_autoptr (GstEvent) begun = NULL;
  g_autoptr (GstEvent) segment = NULL;

  if (!branch->entry)
    return;
  g_object_set (branch->valve, "drop", TRUE, NULL);
  begun = gst_pad_get_sticky_event (branch->entry, GST_EVENT_STREAM_START, 0);
  segment = gst_pad_get_sticky_event (branch->entry, GST_EVENT_SEGMENT, 0);
  if (!begun)
    gst_pad_send_event (branch->entry, gst_event_new_stream_start ("none"));
  if (!segment) {
    GstSegment empty;

    gst_segment_init (&empty, GST_FORMAT_TIME);
    gst_pad_send_event (branch->entry, gst_event_new_segment (&empty));
  }
  gst_pad_send_event (branch->entry, gst_event_new_eos ());
}

void
demo_recorder_end (DemoRecorder *self)
{
  end_branch (&self->video);
  end_branch (&self->audio);
}

static void
set_up_branch (DemoRecorder *self, Branch *branch, const gchar *medium,
    const gchar *sink_name, GstFlowReturn (*on_sample) (GstAppSink *, gpointer))
{
  GstAppSinkCallbacks callbacks = {.new_sample = on_sample};
  g_autofree gchar *valve_name = g_strconcat (medium, "-valve", NULL);
  g_autofree gchar *tee_name = g_strconcat (medium, "-tee", NULL);
  g_autoptr (GstElement) tee = NULL;
  g_autoptr (GstElement) sink = NULL;

  branch->valve = gst_bin_get_by_name (GST_BIN (self->pipeline), valve_name);
  tee = gst_bin_get_by_name (GST_BIN (self->pipeline), tee_name);
  branch->entry = gst_element_get_static_pad (tee, "sink");
  gst_pad_add_probe (
      branch->entry, GST_PAD_PROBE_TYPE_BUFFER, on_encoded_buffer, self, NULL);
  sink = gst_bin_get_by_name (GST_BIN (self->pipeline), sink_name);
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, self, NULL);
}

static void
only_from_publisher (GstElement *source)
{
  g_auto (GValue) users = G_VALUE_INIT;
  g_auto (GValue) user = G_VALUE_INIT;

  g_value_init (&users, GST_TYPE_ARRAY);
  g_value_init (&user, G_TYPE_STRING);
  g_value_set_static_string (&user, DEMO_PUBLISHER);
  gst_value_array_append_value (&users, &user);
  g_object_set_property (G_OBJECT (source), "user-ids", &users);
}

DemoRecorder *
demo_recorder_new (const gchar *server_url, const gchar *file, gboolean video,
    gboolean audio, GstBusFunc on_message, gpointer user_data, GError **error)
{
  g_autofree gchar *description = g_strconcat (
      COMMON_PART, video ? VIDEO_BRANCH : "", audio ? AUDIO_BRANCH : "", NULL);
  GstElement *pipeline = gst_parse_launch (description, error);
  g_autoptr (GstElement) file_sink = NULL;
  g_autoptr (GstBus) bus = NULL;
  DemoRecorder *self;

  if (!pipeline)
    return NULL;
  self = g_new0 (DemoRecorder, 1);
  g_mutex_init (&self->lock);
  self->pipeline = pipeline;
  self->wants_video = video;
  self->source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  demo_configure (self->source, server_url, DEMO_VIEWER);
  only_from_publisher (self->source);
  g_signal_connect (self->source, "pad-added", G_CALLBACK (on_pad_added), self);
  file_sink = gst_bin_get_by_name (GST_BIN (pipeline), "file");
  g_object_set (file_sink, "location", file, NULL);
  if (video)
    set_up_branch (self, &self->video, "video", "pictures", on_picture);
  if (audio)
    set_up_branch (self, &self->audio, "audio", "sounds", on_sound);
  bus = gst_element_get_bus (pipeline);
  gst_bus_add_watch (bus, on_message, user_data);
  return self;
}

void
demo_recorder_start (DemoRecorder *self)
{
  /* A refusal is told by an error message. */
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

void
demo_recorder_get_figures (DemoRecorder *self, DemoFigures *figures)
{
  gint64 lost = get_lost (self);

  g_mutex_lock (&self->lock);
  *figures = self->figures;
  g_mutex_unlock (&self->lock);
  figures->lost = lost;
}

void
demo_recorder_choose_picture (DemoRecorder *self)
{
  g_mutex_lock (&self->lock);
  self->picture_chosen = self->picture != NULL;
  g_mutex_unlock (&self->lock);
}

gboolean
demo_recorder_write_picture (
    DemoRecorder *self, const gchar *file, GError **error)
{
  g_autoptr (GstCaps) png = gst_caps_new_empty_simple ("image/png");
  g_autoptr (GstSample) picture = NULL;
  g_autoptr (GstSample) sample = NULL;
  GstMapInfo map;
  gboolean written;

  g_mutex_lock (&self->lock);
  if (self->picture)
    picture = gst_sample_ref (self->picture);
  g_mutex_unlock (&self->lock);

  if (!picture) {
    g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "no frame was decoded");
    return FALSE;
  }
  sample = gst_video_convert_sample (picture, png, 5 * GST_SECOND, error);
  if (!sample)
    return FALSE;
  gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
  written = g_file_set_contents (
      file, (const gchar *)map.data, (gssize)map.size, error);
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  return written;
}

void
demo_recorder_stop (DemoRecorder *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
}

void
demo_recorder_free (DemoRecorder *self)
{
  g_autoptr (GstBus) bus = NULL;

  if (!self)
    return;
  demo_recorder_stop (self);
  bus = gst_element_get_bus (self->pipeline);
  gst_bus_remove_watch (bus);
  gst_clear_object (&self->video.valve);
  gst_clear_object (&self->audio.valve);
  gst_clear_object (&self->video.entry);
  gst_clear_object (&self->audio.entry);
  gst_object_unref (self->source);
  gst_object_unref (self->pipeline);
  g_clear_pointer (&self->picture, gst_sample_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}
