/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One local track: paces, encodes once, hands out RTP packets. Runs on the
 * streaming thread of its input. */
#include "gstrtctrack.h"

#include <gst/rtp/rtp.h>
#include <gst/video/video.h>

GST_DEBUG_CATEGORY_STATIC (track_debug);
#define GST_CAT_DEFAULT track_debug

#define KEYFRAME_INTERVAL (200 * GST_MSECOND)

struct _GstRtcTrack
{
  GstBin parent;

  GstRtcMedia medium;
  gchar **codecs;
  const GstRtcTrackListener *listener;
  gpointer user_data;

  /* In their order. The chain is put into the slot when it is complete, so
   * that no link is made in a bin whose state may change at that moment:
   * GstBin would take it for a loop. */
  GstElement *pace; /* clocksync */
  GstElement *slot; /* bin */
  GstElement *end;  /* fakesink */

  /* Streaming thread only. */
  const GstRtcCodec *codec;
  gboolean built;
  GstSegment segment;

  gboolean starts_keyframe; /* the next packets begin a keyframe */

  GMutex out_lock; /* orders live packets, replay and a new route */
  /* Under out_lock: (element-type GstBufferList) what was handed out since the
   * last keyframe while it is fresh, and its monotonic time. */
  GPtrArray *recent;
  GstClockTime recent_since;
  GPtrArray *route;
  guint64 packets;
  guint64 frames;

  /* Under the object lock. */
  GstCaps *rtp_caps;
  const gchar *codec_name;
  guint bitrate;
  GstElement *encoder;        /* NULL before it is made, and without one */
  GstClockTime last_keyframe; /* monotonic time of the last request */

  gint failed;           /* atomic: until READY */
  gint muted;            /* atomic */
  gint keyframe_pending; /* atomic: to be asked for when the interval is over */
};

G_DEFINE_TYPE (GstRtcTrack, gst_rtc_track, GST_TYPE_BIN)

/* --- keyframes --- */

static GstClockTime
monotonic_now (void)
{
  return (GstClockTime)g_get_monotonic_time () * GST_USECOND;
}

/* TRUE when the interval since the last request is over, which starts a new
 * one. */
static gboolean
take_keyframe_turn (GstRtcTrack *self)
{
  GstClockTime now = monotonic_now ();
  gboolean turn;

  GST_OBJECT_LOCK (self);
  turn = !GST_CLOCK_TIME_IS_VALID (self->last_keyframe) ||
         now >= self->last_keyframe + KEYFRAME_INTERVAL;
  if (turn)
    self->last_keyframe = now;
  GST_OBJECT_UNLOCK (self);
  return turn;
}

static void
send_keyframe_request (GstRtcTrack *self)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (self->end, "sink");

  GST_DEBUG_OBJECT (self, "asking the encoder for a keyframe");
  gst_pad_push_event (pad, gst_video_event_new_upstream_force_key_unit (
                               GST_CLOCK_TIME_NONE, TRUE, 0));
}

void
gst_rtc_track_request_keyframe (GstRtcTrack *self)
{
  if (self->medium != GST_RTC_MEDIA_VIDEO)
    return;
  if (take_keyframe_turn (self))
    send_keyframe_request (self);
  else
    g_atomic_int_set (&self->keyframe_pending, TRUE);
}

void
gst_rtc_track_prepare_keyframe (GstRtcTrack *self)
{
  if (self->medium == GST_RTC_MEDIA_VIDEO && take_keyframe_turn (self))
    send_keyframe_request (self);
}

/* As long as no other keyframe can be asked for. */
static gboolean
is_fresh (GstRtcTrack *self)
{
  return GST_CLOCK_TIME_IS_VALID (self->recent_since) &&
         monotonic_now () < self->recent_since + KEYFRAME_INTERVAL;
}

gboolean
gst_rtc_track_replay (
    GstRtcTrack *self, GstRtcTrackReplayFunc func, gpointer user_data)
{
  gboolean any;

  g_mutex_lock (&self->out_lock);
  any = is_fresh (self) && self->recent->len > 0;
  for (guint i = 0; any && i < self->recent->len; i++)
    func (g_ptr_array_index (self->recent, i), user_data);
  g_mutex_unlock (&self->out_lock);
  return any;
}

static void
keep_recent (GstRtcTrack *self, GstBufferList *list, gboolean key)
{
  if (key) {
    g_ptr_array_set_size (self->recent, 0);
    self->recent_since = monotonic_now ();
  }
  if (is_fresh (self))
    g_ptr_array_add (self->recent, gst_buffer_list_ref (list));
  else
    g_ptr_array_set_size (self->recent, 0);
}

static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRtcTrack *self = user_data;

  self->starts_keyframe = !GST_BUFFER_FLAG_IS_SET (
      GST_PAD_PROBE_INFO_BUFFER (info), GST_BUFFER_FLAG_DELTA_UNIT);
  return GST_PAD_PROBE_OK;
}

static void
watch_frames (GstRtcTrack *self, GstElement *payloader)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (payloader, "sink");

  if (self->medium == GST_RTC_MEDIA_VIDEO)
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, self, NULL);
}

static void
serve_pending_keyframe (GstRtcTrack *self)
{
  if (!g_atomic_int_get (&self->keyframe_pending) || !take_keyframe_turn (self))
    return;
  g_atomic_int_set (&self->keyframe_pending, FALSE);
  send_keyframe_request (self);
}

/* --- failures --- */

void
gst_rtc_track_fail (GstRtcTrack *self, const gchar *reason)
{
  if (g_atomic_int_compare_and_exchange (&self->failed, FALSE, TRUE))
    self->listener->failed (self, reason, self->user_data);
}

gboolean
gst_rtc_track_has_failed (GstRtcTrack *self)
{
  return g_atomic_int_get (&self->failed);
}

/* --- packets --- */

/* What is being handed out. */
typedef struct
{
  GstRtcTrack *track;
  GstClockTime base_time;
  guint n_frames; /* that end in it */
} Batch;

/* What lies outside the segment goes no further. */
static gboolean
set_clock_time (GstBuffer **buffer, guint index, gpointer user_data)
{
  Batch *batch = user_data;
  GstClockTime running = gst_segment_to_running_time (
      &batch->track->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (*buffer));

  if (!GST_CLOCK_TIME_IS_VALID (running)) {
    gst_clear_buffer (buffer);
    return TRUE;
  }
  *buffer = gst_buffer_make_writable (*buffer);
  GST_BUFFER_PTS (*buffer) = running + batch->base_time;
  GST_BUFFER_DTS (*buffer) = GST_CLOCK_TIME_NONE;
  batch->n_frames += batch->track->medium == GST_RTC_MEDIA_AUDIO ||
                     GST_BUFFER_FLAG_IS_SET (*buffer, GST_BUFFER_FLAG_MARKER);
  return TRUE;
}

/* Takes @list. */
static void
hand_out (GstRtcTrack *self, GstBufferList *list)
{
  Batch batch = {.track = self,
      .base_time = gst_element_get_base_time (GST_ELEMENT (self))};
  guint length;

  list = gst_buffer_list_make_writable (list);
  gst_buffer_list_foreach (list, set_clock_time, &batch);
  length = gst_buffer_list_length (list);
  if (length > 0) {
    g_mutex_lock (&self->out_lock);
    self->packets += length;
    self->frames += batch.n_frames;
    if (self->medium == GST_RTC_MEDIA_VIDEO)
      keep_recent (self, list, self->starts_keyframe);
    self->listener->packets (
        self, list, self->starts_keyframe, self->route, self->user_data);
    self->starts_keyframe = FALSE;
    g_mutex_unlock (&self->out_lock);
  }
  gst_buffer_list_unref (list);
}

static GstBufferList *
make_list (GstBuffer *buffer)
{
  GstBufferList *list = gst_buffer_list_new_sized (1);

  gst_buffer_list_add (list, buffer);
  return list;
}

static void
take_rtp_caps (GstRtcTrack *self, GstCaps *caps)
{
  GST_OBJECT_LOCK (self);
  gst_caps_replace (&self->rtp_caps, caps);
  self->codec_name = self->codec->name;
  GST_OBJECT_UNLOCK (self);
  GST_INFO_OBJECT (self, "ready: %" GST_PTR_FORMAT, caps);
  self->listener->ready (self, self->user_data);
}

/* Packets end here; events go on to the sink, which posts EOS. */
static GstPadProbeReturn
on_end_data (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRtcTrack *self = user_data;

  if (!self->codec)
    return GST_PAD_PROBE_OK;

  if (info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
    GstCaps *caps;

    if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
      gst_event_parse_caps (event, &caps);
      take_rtp_caps (self, caps);
    } else if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
      gst_event_copy_segment (event, &self->segment);
    }
    return GST_PAD_PROBE_OK;
  }

  serve_pending_keyframe (self);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST)
    hand_out (self, g_steal_pointer (&info->data));
  else
    hand_out (self, make_list (g_steal_pointer (&info->data)));
  return GST_PAD_PROBE_HANDLED;
}

/* The payloader begins anew with another SSRC, which is in its caps. */
static void
forget_packets (GstRtcTrack *self)
{
  g_mutex_lock (&self->out_lock);
  g_ptr_array_set_size (self->recent, 0);
  self->recent_since = GST_CLOCK_TIME_NONE;
  g_mutex_unlock (&self->out_lock);
  GST_OBJECT_LOCK (self);
  gst_clear_caps (&self->rtp_caps);
  self->codec_name = NULL;
  GST_OBJECT_UNLOCK (self);
}

/* --- the chain --- */

static void
add_ghost (GstElement *bin, const gchar *name, GstElement *child)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (child, name);

  gst_element_add_pad (bin, gst_ghost_pad_new (name, pad));
}

static void
aim_slot (GstRtcTrack *self, const gchar *name, GstElement *chain)
{
  g_autoptr (GstPad) ghost = gst_element_get_static_pad (self->slot, name);
  g_autoptr (GstPad) pad =
      chain ? gst_element_get_static_pad (chain, name) : NULL;

  gst_ghost_pad_set_target (GST_GHOST_PAD (ghost), pad);
}

/* Links @elements in a bin of their own and puts that into the slot. */
static gboolean
fill_slot (GstRtcTrack *self, GPtrArray *elements, gchar **reason)
{
  g_autoptr (GstElement) chain = gst_object_ref_sink (gst_bin_new ("chain"));

  for (guint i = 0; i < elements->len; i++)
    gst_bin_add (GST_BIN (chain), g_ptr_array_index (elements, i));
  for (guint i = 1; i < elements->len; i++) {
    GstElement *previous = g_ptr_array_index (elements, i - 1);
    GstElement *element = g_ptr_array_index (elements, i);

    if (!gst_element_link (previous, element)) {
      *reason = g_strdup_printf ("%s does not take what %s gives",
          GST_OBJECT_NAME (element), GST_OBJECT_NAME (previous));
      return FALSE;
    }
  }
  add_ghost (chain, "sink", g_ptr_array_index (elements, 0));
  add_ghost (chain, "src", g_ptr_array_index (elements, elements->len - 1));

  gst_bin_add (GST_BIN (self->slot), chain);
  aim_slot (self, "src", chain);
  aim_slot (self, "sink", chain);
  gst_element_sync_state_with_parent (chain);
  return TRUE;
}

/* While no data flows. */
static void
empty_slot (GstRtcTrack *self)
{
  g_autoptr (GstElement) chain =
      gst_bin_get_by_name (GST_BIN (self->slot), "chain");

  if (!chain)
    return;
  aim_slot (self, "sink", NULL);
  aim_slot (self, "src", NULL);
  gst_element_set_locked_state (chain, TRUE);
  gst_element_set_state (chain, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self->slot), chain);
}

static gboolean
add_made (GPtrArray *elements, GstElement *element)
{
  if (!element)
    return FALSE;
  g_ptr_array_add (elements, gst_object_ref_sink (element));
  return TRUE;
}

static GstElement *
make_channel_filter (void)
{
  GstElement *filter = gst_element_factory_make ("capsfilter", NULL);
  g_autoptr (GstCaps) caps =
      gst_caps_from_string ("audio/x-raw, channels = (int) [ 1, 2 ]");

  if (filter)
    g_object_set (filter, "caps", caps, NULL);
  return filter;
}

static GstElement *
make_encoder (GstRtcTrack *self, gchar **reason)
{
  GstElement *encoder;
  guint bitrate;

  GST_OBJECT_LOCK (self);
  bitrate = self->bitrate;
  GST_OBJECT_UNLOCK (self);
  encoder = gst_rtc_codec_make_encoder (self->codec, bitrate, reason);
  GST_OBJECT_LOCK (self);
  gst_object_replace ((GstObject **)&self->encoder, GST_OBJECT (encoder));
  GST_OBJECT_UNLOCK (self);
  return encoder;
}

static gboolean
collect_encoding (GstRtcTrack *self, GPtrArray *elements, gchar **reason)
{
  GstElement *encoder;

  if (self->medium == GST_RTC_MEDIA_VIDEO) {
    if (!add_made (elements, gst_rtc_codec_make ("videoconvert", reason)))
      return FALSE;
  } else {
    if (!add_made (elements, gst_rtc_codec_make ("audioconvert", reason)) ||
        !add_made (elements, gst_rtc_codec_make ("audioresample", reason)) ||
        !add_made (elements, make_channel_filter ()))
      return FALSE;
  }

  encoder = make_encoder (self, reason);
  if (!add_made (elements, encoder))
    return FALSE;
  self->listener->encoder_setup (self, encoder, self->user_data);
  return TRUE;
}

static gboolean
build_chain (GstRtcTrack *self, GstCaps *caps, gchar **reason)
{
  g_autoptr (GPtrArray) elements =
      g_ptr_array_new_with_free_func (gst_object_unref);
  const GstRtcCodec *input = gst_rtc_codec_find_for_caps (caps);

  self->codec = input ? input
                      : gst_rtc_codec_choose (self->medium,
                            (const gchar *const *)self->codecs, reason);
  if (!self->codec)
    return FALSE;
  if (!input && !collect_encoding (self, elements, reason))
    return FALSE;
  if (input && self->codec->parser &&
      !add_made (elements, gst_rtc_codec_make (self->codec->parser, reason)))
    return FALSE;
  if (!add_made (elements, gst_rtc_codec_make_payloader (self->codec, reason)))
    return FALSE;
  watch_frames (self, g_ptr_array_index (elements, elements->len - 1));
  return fill_slot (self, elements, reason);
}

static GstElement *
make_core_element (const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (!element)
    g_error ("element %s of the GStreamer core is missing", factory);
  return element;
}

/* For an input that ends before it said what it is, and still ends. */
static void
build_passage (GstRtcTrack *self)
{
  g_autoptr (GPtrArray) elements =
      g_ptr_array_new_with_free_func (gst_object_unref);
  g_autofree gchar *reason = NULL;

  add_made (elements, make_core_element ("identity"));
  if (!fill_slot (self, elements, &reason))
    GST_ERROR_OBJECT (self, "%s", reason);
}

/* A live input comes at its own pace. */
static void
choose_pace (GstRtcTrack *self, GstPad *pad)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  g_autoptr (GstPad) sink = gst_element_get_static_pad (self->pace, "sink");
  gboolean live = FALSE;

  if (gst_pad_peer_query (sink, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  GST_DEBUG_OBJECT (self, "input is %slive", live ? "" : "not ");
  g_object_set (self->pace, "sync", !live, NULL);
}

static GstPadProbeReturn
take_input_caps (GstRtcTrack *self, GstPad *pad, GstEvent *event)
{
  g_autofree gchar *reason = NULL;
  GstCaps *caps;
  const GstRtcCodec *input;

  gst_event_parse_caps (event, &caps);
  input = gst_rtc_codec_find_for_caps (caps);
  if (self->built) {
    /* A raw format may change under the encoder, an encoding may not. */
    if (input && input != self->codec) {
      reason = g_strdup_printf (
          "the input changed from %s to %s", self->codec->name, input->name);
      gst_rtc_track_fail (self, reason);
      return GST_PAD_PROBE_DROP;
    }
    return GST_PAD_PROBE_OK;
  }

  choose_pace (self, pad);
  self->built = TRUE;
  if (!build_chain (self, caps, &reason)) {
    self->codec = NULL;
    gst_rtc_track_fail (self, reason);
    return GST_PAD_PROBE_DROP;
  }
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_input (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRtcTrack *self = user_data;
  GstEvent *event;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    if (g_atomic_int_get (&self->muted) || gst_rtc_track_has_failed (self))
      return GST_PAD_PROBE_DROP;
    return GST_PAD_PROBE_OK;
  }

  event = GST_PAD_PROBE_INFO_EVENT (info);
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      return take_input_caps (self, pad, event);
    case GST_EVENT_EOS:
      if (!self->built) {
        self->built = TRUE;
        build_passage (self);
      }
      return GST_PAD_PROBE_OK;
    default:
      return GST_PAD_PROBE_OK;
  }
}

/* What breaks behind this pad is told here, not by the input as well. */
static GstFlowReturn
take_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstFlowReturn flow = gst_proxy_pad_chain_default (pad, parent, buffer);
  g_autofree gchar *reason = NULL;

  if (flow >= GST_FLOW_OK || flow == GST_FLOW_FLUSHING || flow == GST_FLOW_EOS)
    return flow;
  reason =
      g_strdup_printf ("the encoding stopped: %s", gst_flow_get_name (flow));
  gst_rtc_track_fail (GST_RTC_TRACK (parent), reason);
  return GST_FLOW_OK;
}

/* Before the chain stands, the pad answers for what it will take. */
static gboolean
query_input (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstRtcTrack *self = GST_RTC_TRACK (parent);

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS: {
      g_autoptr (GstCaps) caps = gst_rtc_codec_get_all_caps (self->medium);
      GstCaps *filter;

      gst_query_parse_caps (query, &filter);
      if (filter) {
        g_autoptr (GstCaps) all = g_steal_pointer (&caps);

        caps = gst_caps_intersect_full (filter, all, GST_CAPS_INTERSECT_FIRST);
      }
      gst_query_set_caps_result (query, caps);
      return TRUE;
    }
    case GST_QUERY_ACCEPT_CAPS: {
      g_autoptr (GstCaps) all = gst_rtc_codec_get_all_caps (self->medium);
      GstCaps *caps;

      gst_query_parse_accept_caps (query, &caps);
      gst_query_set_accept_caps_result (
          query, gst_caps_can_intersect (caps, all));
      return TRUE;
    }
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

/* --- public --- */

GstRtcMedia
gst_rtc_track_get_medium (GstRtcTrack *self)
{
  return self->medium;
}

const gchar *
gst_rtc_track_get_codec_name (GstRtcTrack *self)
{
  const gchar *name;

  GST_OBJECT_LOCK (self);
  name = self->codec_name;
  GST_OBJECT_UNLOCK (self);
  return name;
}

GstCaps *
gst_rtc_track_ref_rtp_caps (GstRtcTrack *self)
{
  GstCaps *caps;

  GST_OBJECT_LOCK (self);
  caps = self->rtp_caps ? gst_caps_ref (self->rtp_caps) : NULL;
  GST_OBJECT_UNLOCK (self);
  return caps;
}

void
gst_rtc_track_set_bitrate (GstRtcTrack *self, guint bitrate)
{
  g_autoptr (GstElement) encoder = NULL;

  if (self->medium != GST_RTC_MEDIA_VIDEO)
    return;
  GST_OBJECT_LOCK (self);
  self->bitrate = bitrate;
  if (self->encoder)
    encoder = gst_object_ref (self->encoder);
  GST_OBJECT_UNLOCK (self);
  if (encoder)
    gst_rtc_codec_set_bitrate (encoder, bitrate);
}

void
gst_rtc_track_set_route (GstRtcTrack *self, GPtrArray *route)
{
  GPtrArray *old;

  g_mutex_lock (&self->out_lock);
  old = self->route;
  self->route = g_ptr_array_ref (route);
  g_mutex_unlock (&self->out_lock);
  g_ptr_array_unref (old);
}

void
gst_rtc_track_set_muted (GstRtcTrack *self, gboolean muted)
{
  if (g_atomic_int_get (&self->muted) == muted)
    return;
  g_atomic_int_set (&self->muted, muted);
  if (!muted)
    gst_rtc_track_request_keyframe (self);
}

void
gst_rtc_track_get_sent (GstRtcTrack *self, guint64 *packets, guint64 *frames)
{
  g_mutex_lock (&self->out_lock);
  *packets = self->packets;
  *frames = self->frames;
  g_mutex_unlock (&self->out_lock);
}

static GstElement *
make_slot (void)
{
  GstElement *slot = gst_bin_new ("slot");

  gst_element_add_pad (
      slot, gst_ghost_pad_new_no_target ("sink", GST_PAD_SINK));
  gst_element_add_pad (slot, gst_ghost_pad_new_no_target ("src", GST_PAD_SRC));
  return slot;
}

GstRtcTrack *
gst_rtc_track_new (GstRtcMedia medium, const gchar *const *codecs,
    guint bitrate, const GstRtcTrackListener *listener, gpointer user_data)
{
  GstRtcTrack *self = g_object_new (GST_RTC_TYPE_TRACK, NULL);
  g_autoptr (GstPad) input = NULL;
  g_autoptr (GstPad) paced = NULL;
  g_autoptr (GstPad) end = NULL;
  GstPad *ghost;

  self->medium = medium;
  self->codecs = g_strdupv ((gchar **)codecs);
  self->bitrate = bitrate;
  self->listener = listener;
  self->user_data = user_data;

  self->pace = make_core_element ("clocksync");
  self->slot = make_slot ();
  self->end = make_core_element ("fakesink");
  g_object_set (self->end, "sync", FALSE, "async", FALSE, "enable-last-sample",
      FALSE, NULL);
  gst_bin_add_many (GST_BIN (self), self->pace, self->slot, self->end, NULL);
  gst_element_link_many (self->pace, self->slot, self->end, NULL);

  input = gst_element_get_static_pad (self->pace, "sink");
  ghost = gst_ghost_pad_new ("sink", input);
  gst_pad_set_query_function (ghost, query_input);
  gst_pad_set_chain_function (ghost, take_buffer);
  gst_element_add_pad (GST_ELEMENT (self), ghost);

  paced = gst_element_get_static_pad (self->pace, "src");
  gst_pad_add_probe (paced,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_input,
      self, NULL);
  end = gst_element_get_static_pad (self->end, "sink");
  gst_pad_add_probe (end,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST |
          GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      on_end_data, self, NULL);
  return self;
}

/* A track that failed is tried again by the next start. */
static GstStateChangeReturn
gst_rtc_track_change_state (GstElement *element, GstStateChange transition)
{
  GstRtcTrack *self = GST_RTC_TRACK (element);
  GstStateChangeReturn ret = GST_ELEMENT_CLASS (gst_rtc_track_parent_class)
                                 ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    g_atomic_int_set (&self->failed, FALSE);
    forget_packets (self);
    if (!self->codec) {
      empty_slot (self);
      self->built = FALSE;
    }
  }
  return ret;
}

static void
gst_rtc_track_finalize (GObject *object)
{
  GstRtcTrack *self = GST_RTC_TRACK (object);

  g_strfreev (self->codecs);
  gst_clear_caps (&self->rtp_caps);
  gst_clear_object (&self->encoder);
  g_ptr_array_unref (self->recent);
  g_ptr_array_unref (self->route);
  g_mutex_clear (&self->out_lock);
  G_OBJECT_CLASS (gst_rtc_track_parent_class)->finalize (object);
}

static void
gst_rtc_track_class_init (GstRtcTrackClass *klass)
{
  GST_DEBUG_CATEGORY_INIT (track_debug, "rtctrack", 0, "Local tracks");
  G_OBJECT_CLASS (klass)->finalize = gst_rtc_track_finalize;
  GST_ELEMENT_CLASS (klass)->change_state = gst_rtc_track_change_state;
}

static void
gst_rtc_track_init (GstRtcTrack *self)
{
  g_mutex_init (&self->out_lock);
  self->recent =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_buffer_list_unref);
  self->recent_since = GST_CLOCK_TIME_NONE;
  self->route = g_ptr_array_new ();
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
  self->last_keyframe = GST_CLOCK_TIME_NONE;
}
