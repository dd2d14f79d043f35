/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One remote track: RTP in, what the linked pad wants out. The chain belongs
 * to the thread of its appsrc, the rest says its lock. */
#include "gstrtcoutput.h"

#include <gst/app/app.h>
#include <gst/video/video.h>

#include "gstrtcpads.h"

GST_DEBUG_CATEGORY_STATIC (output_debug);
#define GST_CAT_DEFAULT output_debug

/* What may wait for a slow decoder or sink before the oldest goes. */
#define QUEUE_BYTES (8 * 1024 * 1024)
#define QUEUE_TIME (2 * GST_SECOND)
#define KEYFRAME_INTERVAL (200 * G_TIME_SPAN_MILLISECOND)

typedef enum
{
  PLACE_NOWHERE,
  PLACE_ATTACHING,
  PLACE_ATTACHED,
  PLACE_DETACHED
} Place;

typedef enum
{
  CHAIN_NONE,
  CHAIN_RAW,
  CHAIN_ENCODED,
  CHAIN_REFUSED /* the linked pad takes nothing that we have */
} Chain;

struct _GstRtcOutput
{
  GstBin parent;

  GstRtcMedia medium;
  gchar *stream_id;
  guint group_id;
  GstClockTime latency;
  GstTagList *tags;
  GstElement *source; /* appsrc */
  GstPad *inner;      /* ghost pad of this bin */
  GstPad *outer;      /* ghost pad of rtcsrc */
  const GstRtcOutputListener *listener;
  gpointer user_data;

  /* Thread of the appsrc only. */
  Chain chain;
  GPtrArray *elements; /* of the chain, borrowed from the bin */
  gint64 last_keyframe;

  /* Under the object lock. */
  GstCaps *caps;
  Place place;
  gboolean condemned; /* to be detached by who is attaching */
  guint64 packets;
  GstClockTime filled; /* running time up to which data or gaps went out */

  gint renewed; /* atomic: another chain is due: the pad was unlinked, or media
                   paused, since it was built */
  gint built;   /* atomic: some chain carries data */
};

G_DEFINE_TYPE (GstRtcOutput, gst_rtc_output, GST_TYPE_BIN)

static void
register_tags (void)
{
  static gsize registered = 0;

  if (!g_once_init_enter (&registered))
    return;
  gst_tag_register_static (GST_RTC_TAG_USER_ID, GST_TAG_FLAG_META,
      G_TYPE_STRING, "RTC user", "Whose track this is", NULL);
  gst_tag_register_static (GST_RTC_TAG_SCREEN, GST_TAG_FLAG_META,
      G_TYPE_BOOLEAN, "RTC screen", "Of the screen stream of the user", NULL);
  gst_tag_register_static (GST_RTC_TAG_MUTED, GST_TAG_FLAG_META, G_TYPE_BOOLEAN,
      "RTC muted", "Disabled by its publisher", NULL);
  g_once_init_leave (&registered, 1);
}

static GstEvent *
new_stream_start (GstRtcOutput *self)
{
  GstEvent *event = gst_event_new_stream_start (self->stream_id);

  gst_event_set_group_id (event, self->group_id);
  return event;
}

/* --- the chain, on the thread of the appsrc --- */

static void
tear_chain_down (GstRtcOutput *self)
{
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->inner), NULL);
  for (guint i = 0; i < self->elements->len; i++) {
    GstElement *element = g_ptr_array_index (self->elements, i);

    gst_element_set_locked_state (element, TRUE);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (self), element);
  }
  g_ptr_array_set_size (self->elements, 0);
  self->chain = CHAIN_NONE;
  g_atomic_int_set (&self->built, FALSE);
}

static gboolean
append (GstRtcOutput *self, GstElement *element)
{
  GstElement *previous =
      self->elements->len > 0
          ? g_ptr_array_index (self->elements, self->elements->len - 1)
          : self->source;

  if (!element)
    return FALSE;
  gst_bin_add (GST_BIN (self), element);
  g_ptr_array_add (self->elements, element);
  return gst_element_link (previous, element);
}

static gboolean
append_made (GstRtcOutput *self, const gchar *factory)
{
  g_autofree gchar *reason = NULL;

  return append (self, gst_rtc_codec_make (factory, &reason));
}

static gboolean
append_decoder (GstRtcOutput *self, const GstRtcCodec *codec)
{
  if (codec->decoder_parser && !append_made (self, codec->decoder_parser))
    return FALSE;
  if (!append_made (self, codec->decoder))
    return FALSE;
  if (self->medium == GST_RTC_MEDIA_VIDEO)
    return append_made (self, "videoconvert");
  return append_made (self, "audioconvert") &&
         append_made (self, "audioresample");
}

static gboolean
finish_chain (GstRtcOutput *self)
{
  GstElement *last =
      g_ptr_array_index (self->elements, self->elements->len - 1);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (last, "src");

  if (!gst_ghost_pad_set_target (GST_GHOST_PAD (self->inner), pad))
    return FALSE;
  for (guint i = self->elements->len; i > 0; i--)
    gst_element_sync_state_with_parent (
        g_ptr_array_index (self->elements, i - 1));
  return TRUE;
}

static Chain
choose_chain (GstRtcOutput *self, const GstRtcCodec *codec)
{
  g_autoptr (GstCaps) wanted = gst_pad_peer_query_caps (self->outer, NULL);
  g_autoptr (GstCaps) raw = gst_rtc_codec_get_raw_caps (self->medium);
  g_autoptr (GstCaps) encoded = gst_caps_from_string (codec->encoded_caps);

  GST_DEBUG_OBJECT (self, "linked to what takes %" GST_PTR_FORMAT, wanted);
  if (gst_caps_can_intersect (wanted, raw))
    return CHAIN_RAW;
  if (gst_caps_can_intersect (wanted, encoded))
    return CHAIN_ENCODED;
  return CHAIN_REFUSED;
}

static const GstRtcCodec *
current_codec (GstRtcOutput *self)
{
  const GstRtcCodec *codec = NULL;

  GST_OBJECT_LOCK (self);
  if (self->caps) {
    codec = gst_rtc_codec_find (gst_structure_get_string (
        gst_caps_get_structure (self->caps, 0), "encoding-name"));
  }
  GST_OBJECT_UNLOCK (self);
  return codec;
}

static void
refuse_chain (GstRtcOutput *self, const gchar *reason)
{
  tear_chain_down (self);
  self->chain = CHAIN_REFUSED;
  GST_ELEMENT_ERROR (self, STREAM, FAILED, ("%s", reason),
      ("pad %s", GST_OBJECT_NAME (self->outer)));
}

/* The appsrc pushes what is stored before the buffer at hand. */
static void
store_tags (GstRtcOutput *self)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (self->source, "src");
  g_autoptr (GstEvent) event =
      gst_event_new_tag (gst_tag_list_ref (self->tags));

  gst_pad_store_sticky_event (pad, event);
}

static void
build_chain (GstRtcOutput *self)
{
  const GstRtcCodec *codec = current_codec (self);
  Chain chain;
  gboolean ok;

  g_return_if_fail (codec != NULL);
  chain = choose_chain (self, codec);
  if (chain == CHAIN_REFUSED) {
    refuse_chain (self, "the linked element takes neither raw media nor the "
                        "encoding of the track");
    return;
  }

  ok = append_made (self, codec->depayloader);
  if (ok && chain == CHAIN_RAW)
    ok = append_decoder (self, codec);
  else if (ok && codec->parser)
    ok = append_made (self, codec->parser);
  if (!ok || !finish_chain (self)) {
    g_autofree gchar *reason = g_strdup_printf (
        "no %s decoder is installed or it cannot be linked", codec->name);

    refuse_chain (self, reason);
    return;
  }
  store_tags (self);
  self->chain = chain;
  g_atomic_int_set (&self->built, TRUE);
  GST_INFO_OBJECT (self, "%s %s", codec->name,
      chain == CHAIN_RAW ? "decoded" : "passed on encoded");
}

static void
ask_for_keyframe (GstRtcOutput *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->medium != GST_RTC_MEDIA_VIDEO ||
      now - self->last_keyframe < KEYFRAME_INTERVAL)
    return;
  self->last_keyframe = now;
  GST_DEBUG_OBJECT (self, "asking for a keyframe");
  self->listener->keyframe_wanted (self, self->user_data);
}

/* The end is told when EOS has arrived and not before: whoever hears of it
 * takes the pad away. Takes @eos. */
static void
push_eos (GstRtcOutput *self, GstEvent *eos)
{
  gst_pad_push_event (self->outer, eos);
  self->listener->ended (self, self->user_data);
}

/* Data goes nowhere before somebody is linked, and is not decoded. */
static GstPadProbeReturn
on_source_buffer (GstRtcOutput *self, GstPad *pad)
{
  if (g_atomic_int_compare_and_exchange (&self->renewed, TRUE, FALSE) &&
      self->chain != CHAIN_NONE) {
    GstPad *peer = gst_pad_get_peer (pad);

    if (peer) {
      gst_pad_unlink (pad, peer);
      gst_object_unref (peer);
    }
    tear_chain_down (self);
  }
  if (!gst_pad_is_linked (self->outer))
    return GST_PAD_PROBE_DROP;
  if (self->chain == CHAIN_NONE) {
    build_chain (self);
    /* What came before was dropped; the decoder says so too late. */
    if (gst_rtc_output_get_packets (self) > 1)
      ask_for_keyframe (self);
  }
  return self->chain == CHAIN_REFUSED ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_source_data (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRtcOutput *self = user_data;
  GstEvent *event;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    return on_source_buffer (self, pad);

  event = GST_PAD_PROBE_INFO_EVENT (info);
  if (info->type & GST_PAD_PROBE_TYPE_EVENT_UPSTREAM) {
    if (gst_video_event_is_force_key_unit (event)) {
      ask_for_keyframe (self);
      return GST_PAD_PROBE_DROP;
    }
    return GST_PAD_PROBE_OK;
  }

  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START) {
    gst_event_unref (event);
    info->data = new_stream_start (self);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS &&
             !g_atomic_int_get (&self->built)) {
    /* No packet has ever come, so that there is no chain to end. */
    gst_pad_push_event (self->outer, new_stream_start (self));
    push_eos (self, gst_event_ref (event));
    return GST_PAD_PROBE_DROP;
  }
  return GST_PAD_PROBE_OK;
}

/* A source that says it is live by itself can stop for good when a short pause
 * is over before its thread has seen it (1.22, 1.26): this one is not, and
 * what comes in a pause is dropped before it. */
static GstPadProbeReturn
on_source_query (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRtcOutput *self = user_data;
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return GST_PAD_PROBE_OK;
  gst_query_set_latency (query, TRUE, self->latency, GST_CLOCK_TIME_NONE);
  return GST_PAD_PROBE_HANDLED;
}

/* --- the pad --- */

/* Before the chain stands, the pad answers for what it could give. */
static gboolean
query_outer (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstRtcOutput *self = g_object_get_data (G_OBJECT (pad), "rtc-output");
  GstCaps *caps;
  GstCaps *filter;

  if (GST_QUERY_TYPE (query) != GST_QUERY_CAPS || !self ||
      g_atomic_int_get (&self->built))
    return gst_pad_query_default (pad, parent, query);

  caps = gst_rtc_codec_get_all_caps (self->medium);
  gst_query_parse_caps (query, &filter);
  if (filter) {
    GstCaps *all = caps;

    caps = gst_caps_intersect_full (filter, all, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref (all);
  }
  gst_query_set_caps_result (query, caps);
  gst_caps_unref (caps);
  return TRUE;
}

static void
on_outer_unlinked (GstPad *pad, GstPad *peer, GstRtcOutput *self)
{
  g_atomic_int_set (&self->renewed, TRUE);
}

/* Unlinked in the middle of a frame: that is no error of the track. */
static GstPadProbeReturn
on_outer_data (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return gst_pad_is_linked (pad) ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

static GstPadProbeReturn
on_inner_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  push_eos (user_data, g_steal_pointer (&info->data));
  return GST_PAD_PROBE_HANDLED;
}

static void
make_pads (GstRtcOutput *self, const GstRtcOutputInfo *info)
{
  GstEvent *tags = gst_event_new_tag (gst_tag_list_ref (self->tags));
  GstEvent *start = new_stream_start (self);

  self->inner = gst_ghost_pad_new_no_target ("src", GST_PAD_SRC);
  gst_element_add_pad (GST_ELEMENT (self), self->inner);
  gst_pad_add_probe (self->inner, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      on_inner_event, self, NULL);

  self->outer = gst_object_ref_sink (gst_rtc_src_pad_new (
      info->pad_name, info->template, info->user_id, info->screen));
  g_object_set_data (G_OBJECT (self->outer), "rtc-output", self);
  gst_pad_set_query_function (self->outer, query_outer);
  gst_pad_add_probe (self->outer,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_outer_data,
      NULL, NULL);
  g_signal_connect_object (
      self->outer, "unlinked", G_CALLBACK (on_outer_unlinked), self, 0);

  /* The pad can be asked for them before it is linked. */
  gst_pad_set_active (self->outer, TRUE);
  gst_pad_store_sticky_event (self->outer, start);
  gst_pad_store_sticky_event (self->outer, tags);
  gst_event_unref (start);
  gst_event_unref (tags);
}

/* --- public --- */

GstRtcOutput *
gst_rtc_output_new (const GstRtcOutputInfo *info,
    const GstRtcOutputListener *listener, gpointer user_data)
{
  GstRtcOutput *self = g_object_new (GST_RTC_TYPE_OUTPUT, NULL);
  g_autoptr (GstPad) pad = NULL;

  register_tags ();
  gst_object_ref_sink (self);
  self->medium = info->medium;
  self->stream_id = g_strdup (info->stream_id);
  self->group_id = info->group_id;
  self->latency = info->latency * GST_MSECOND;
  self->listener = listener;
  self->user_data = user_data;
  self->tags = gst_tag_list_new (GST_RTC_TAG_USER_ID, info->user_id,
      GST_RTC_TAG_SCREEN, info->screen, GST_RTC_TAG_MUTED, FALSE, NULL);
  gst_tag_list_set_scope (self->tags, GST_TAG_SCOPE_STREAM);

  self->source = gst_element_factory_make ("appsrc", NULL);
  if (!self->source)
    g_error ("element appsrc of the GStreamer base plugins is missing");
  g_object_set (self->source, "format", GST_FORMAT_TIME, "max-bytes",
      (guint64)QUEUE_BYTES, "max-time", (guint64)QUEUE_TIME, "leaky-type",
      GST_APP_LEAKY_TYPE_DOWNSTREAM, NULL);
  gst_bin_add (GST_BIN (self), self->source);

  pad = gst_element_get_static_pad (self->source, "src");
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_BOTH, on_source_data,
      self, NULL);
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, on_source_query, self, NULL);
  make_pads (self, info);
  return self;
}

static void
remove_from_parent (GstRtcOutput *self)
{
  g_autoptr (GstObject) parent = gst_object_get_parent (GST_OBJECT (self));

  gst_pad_set_active (self->outer, FALSE);
  gst_element_set_locked_state (GST_ELEMENT (self), TRUE);
  gst_element_set_state (GST_ELEMENT (self), GST_STATE_NULL);
  if (!parent)
    return;
  if (GST_OBJECT_PARENT (self->outer) == parent)
    gst_element_remove_pad (GST_ELEMENT (parent), self->outer);
  gst_bin_remove (GST_BIN (parent), GST_ELEMENT (self));
}

gboolean
gst_rtc_output_attach (GstRtcOutput *self, GstElement *element)
{
  gboolean condemned;

  GST_OBJECT_LOCK (self);
  if (self->place != PLACE_NOWHERE) {
    GST_OBJECT_UNLOCK (self);
    return FALSE;
  }
  self->place = PLACE_ATTACHING;
  GST_OBJECT_UNLOCK (self);

  gst_bin_add (GST_BIN (element), GST_ELEMENT (self));
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->outer), self->inner);
  gst_element_add_pad (element, self->outer);
  gst_element_sync_state_with_parent (GST_ELEMENT (self));

  GST_OBJECT_LOCK (self);
  condemned = self->condemned;
  self->place = condemned ? PLACE_DETACHED : PLACE_ATTACHED;
  GST_OBJECT_UNLOCK (self);
  if (condemned)
    remove_from_parent (self);
  return !condemned;
}

void
gst_rtc_output_detach (GstRtcOutput *self)
{
  Place place;

  GST_OBJECT_LOCK (self);
  place = self->place;
  if (place == PLACE_ATTACHING)
    self->condemned = TRUE;
  else
    self->place = PLACE_DETACHED;
  GST_OBJECT_UNLOCK (self);

  if (place == PLACE_ATTACHED)
    remove_from_parent (self);
}

static gboolean
take_caps (GstRtcOutput *self, GstCaps *caps, GstClockTime running)
{
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = self->caps != caps;
  gst_caps_replace (&self->caps, caps);
  self->packets++;
  self->filled = running;
  GST_OBJECT_UNLOCK (self);
  return changed;
}

void
gst_rtc_output_push (GstRtcOutput *self, GstCaps *caps, GstBuffer *buffer)
{
  GstClockTime base_time = gst_element_get_base_time (GST_ELEMENT (self));
  GstClockTime pts = GST_BUFFER_PTS (buffer);

  if (GST_STATE (self) != GST_STATE_PLAYING || !GST_CLOCK_TIME_IS_VALID (pts) ||
      pts < base_time) {
    gst_buffer_unref (buffer);
    return;
  }

  if (take_caps (self, caps, pts - base_time))
    gst_app_src_set_caps (GST_APP_SRC (self->source), caps);
  buffer = gst_buffer_make_writable (buffer);
  GST_BUFFER_PTS (buffer) = pts - base_time;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  gst_app_src_push_buffer (GST_APP_SRC (self->source), buffer);
}

/* The end of the gap lies the latency back, so that media which is still in
 * the jitter buffer does not come after it. */
static gboolean
take_gap (GstRtcOutput *self, GstClockTime now, GstClockTime *start,
    GstClockTime *end)
{
  gboolean found;

  GST_OBJECT_LOCK (self);
  *start = self->filled;
  *end = now > self->latency ? now - self->latency : 0;
  found = GST_CLOCK_TIME_IS_VALID (*start) && *end > *start;
  if (found)
    self->filled = *end;
  GST_OBJECT_UNLOCK (self);
  return found;
}

void
gst_rtc_output_fill_gap (GstRtcOutput *self)
{
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));
  GstClockTime start;
  GstClockTime end;

  if (!g_atomic_int_get (&self->built) || !GST_CLOCK_TIME_IS_VALID (now) ||
      !take_gap (self, now, &start, &end))
    return;
  /* A server may go on in the middle of a picture: a decoder that is new shows
   * nothing before the next keyframe. */
  if (self->medium == GST_RTC_MEDIA_VIDEO)
    g_atomic_int_set (&self->renewed, TRUE);
  gst_element_send_event (self->source, gst_event_new_gap (start, end - start));
}

void
gst_rtc_output_end (GstRtcOutput *self)
{
  if (gst_pad_is_linked (self->outer))
    gst_app_src_end_of_stream (GST_APP_SRC (self->source));
  else
    self->listener->ended (self, self->user_data);
}

void
gst_rtc_output_set_muted (GstRtcOutput *self, gboolean muted)
{
  gst_rtc_src_pad_set_muted (GST_RTC_SRC_PAD (self->outer), muted);
}

guint64
gst_rtc_output_get_packets (GstRtcOutput *self)
{
  guint64 packets;

  GST_OBJECT_LOCK (self);
  packets = self->packets;
  GST_OBJECT_UNLOCK (self);
  return packets;
}

static void
gst_rtc_output_dispose (GObject *object)
{
  GstRtcOutput *self = GST_RTC_OUTPUT (object);

  if (self->outer)
    g_object_set_data (G_OBJECT (self->outer), "rtc-output", NULL);
  gst_clear_object (&self->outer);
  G_OBJECT_CLASS (gst_rtc_output_parent_class)->dispose (object);
}

static void
gst_rtc_output_finalize (GObject *object)
{
  GstRtcOutput *self = GST_RTC_OUTPUT (object);

  g_free (self->stream_id);
  gst_tag_list_unref (self->tags);
  g_ptr_array_unref (self->elements);
  gst_clear_caps (&self->caps);
  G_OBJECT_CLASS (gst_rtc_output_parent_class)->finalize (object);
}

static void
gst_rtc_output_class_init (GstRtcOutputClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (output_debug, "rtcoutput", 0, "Remote tracks");
  object_class->dispose = gst_rtc_output_dispose;
  object_class->finalize = gst_rtc_output_finalize;
}

static void
gst_rtc_output_init (GstRtcOutput *self)
{
  self->elements = g_ptr_array_new ();
  self->last_keyframe = -KEYFRAME_INTERVAL;
  self->filled = GST_CLOCK_TIME_NONE;
}
