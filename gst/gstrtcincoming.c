/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media that one transport receives. Any thread; packets come on streaming
 * threads. */
#include "gstrtcincoming.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

struct _GstRtcIncoming
{
  GstObject *owner; /* borrowed */
  GstRtcIncomingFunc rtp;

  GMutex lock;
  GstPad *video_pad; /* under lock: of webrtcbin, where keyframes are asked */
};

static GstRtcMedia
get_caps_medium (const GstCaps *caps)
{
  const gchar *media = NULL;

  if (caps && gst_caps_get_size (caps) > 0)
    media =
        gst_structure_get_string (gst_caps_get_structure (caps, 0), "media");
  if (g_strcmp0 (media, "video") == 0)
    return GST_RTC_MEDIA_VIDEO;
  if (g_strcmp0 (media, "audio") == 0)
    return GST_RTC_MEDIA_AUDIO;
  return GST_RTC_MEDIA_NONE;
}

/* The base time of the pipeline is 0, so running time is clock time. */
static GstBuffer *
take_buffer (GstSample *sample)
{
  GstBuffer *buffer = gst_buffer_ref (gst_sample_get_buffer (sample));
  const GstSegment *segment = gst_sample_get_segment (sample);

  buffer = gst_buffer_make_writable (buffer);
  if (segment->format == GST_FORMAT_TIME)
    GST_BUFFER_PTS (buffer) = gst_segment_to_running_time (
        segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  return buffer;
}

static GstFlowReturn
on_sample (GstAppSink *appsink, gpointer user_data)
{
  GstRtcIncoming *self = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (appsink);
  GstCaps *caps;
  GstRtcMedia medium;

  if (!sample || !gst_sample_get_buffer (sample))
    return GST_FLOW_OK;
  caps = gst_sample_get_caps (sample);
  medium = get_caps_medium (caps);
  if (medium != GST_RTC_MEDIA_NONE)
    self->rtp (self->owner, medium, caps, take_buffer (sample));
  return GST_FLOW_OK;
}

static void
release_owner (gpointer data)
{
  GstRtcIncoming *self = data;

  gst_object_unref (self->owner);
}

static GstElement *
make_appsink (GstRtcIncoming *self)
{
  GstElement *appsink = gst_element_factory_make ("appsink", NULL);
  GstAppSinkCallbacks callbacks = {.new_sample = on_sample};

  g_object_set (appsink, "sync", FALSE, "async", FALSE, "max-buffers", 16,
      "enable-last-sample", FALSE, "wait-on-eos", FALSE, NULL);
  gst_object_ref (self->owner);
  gst_app_sink_set_callbacks (
      GST_APP_SINK (appsink), &callbacks, self, release_owner);
  return appsink;
}

gboolean
gst_rtc_incoming_add_pad (
    GstRtcIncoming *self, GstBin *pipeline, GstPad *pad, const GstCaps *caps)
{
  GstElement *appsink;
  g_autoptr (GstPad) sink_pad = NULL;

  if (get_caps_medium (caps) == GST_RTC_MEDIA_VIDEO) {
    g_mutex_lock (&self->lock);
    gst_object_replace ((GstObject **)&self->video_pad, GST_OBJECT (pad));
    g_mutex_unlock (&self->lock);
  }

  appsink = make_appsink (self);
  gst_bin_add (pipeline, appsink);
  gst_element_sync_state_with_parent (appsink);
  sink_pad = gst_element_get_static_pad (appsink, "sink");
  return gst_pad_link (pad, sink_pad) == GST_PAD_LINK_OK;
}

void
gst_rtc_incoming_request_keyframe (GstRtcIncoming *self)
{
  g_autoptr (GstPad) pad = NULL;

  g_mutex_lock (&self->lock);
  if (self->video_pad)
    pad = gst_object_ref (self->video_pad);
  g_mutex_unlock (&self->lock);
  if (pad)
    gst_pad_send_event (pad, gst_video_event_new_upstream_force_key_unit (
                                 GST_CLOCK_TIME_NONE, TRUE, 0));
}

void
gst_rtc_incoming_stop (GstRtcIncoming *self)
{
  g_autoptr (GstPad) pad = NULL;

  g_mutex_lock (&self->lock);
  pad = g_steal_pointer (&self->video_pad);
  g_mutex_unlock (&self->lock);
}

GstRtcIncoming *
gst_rtc_incoming_new (GstObject *owner, GstRtcIncomingFunc rtp)
{
  GstRtcIncoming *self = g_new0 (GstRtcIncoming, 1);

  g_mutex_init (&self->lock);
  self->owner = owner;
  self->rtp = rtp;
  return self;
}

void
gst_rtc_incoming_free (GstRtcIncoming *self)
{
  if (!self)
    return;
  gst_clear_object (&self->video_pad);
  g_mutex_clear (&self->lock);
  g_free (self);
}
