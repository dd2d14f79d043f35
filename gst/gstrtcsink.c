/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element rtcsink: publishes the media of a pipeline into a room. Joins its
 * settings, pads, publications and viewers, each of which says its threads;
 * functions of the element say theirs by their section. */

/**
 * SECTION:element-rtcsink
 *
 * Publishes audio and video into a room. Raw media is encoded once, whatever
 * the number of viewers; media that is encoded already passes through. The
 * first video and audio pad are the camera stream of the user, a second one
 * of a kind is the screen stream.
 *
 * ## Example pipeline
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! rtcsink room-id=demo serve=true
 * ]|
 */
#include "gstrtcsink.h"

#include "gstrtcoptions.h"
#include "gstrtcpads.h"
#include "gstrtcpublisher.h"
#include "gstrtcsinksettings.h"
#include "gstrtctracks.h"
#include "gstrtcviewers.h"
#include "rtcerror-private.h"

GST_DEBUG_CATEGORY_STATIC (sink_debug);
#define GST_CAT_DEFAULT sink_debug

enum
{
  SIGNAL_PUBLISH,
  SIGNAL_UNPUBLISH,
  SIGNAL_MUTE_LOCAL,
  SIGNAL_ENCODER_SETUP,
  SIGNAL_VIEWER_ADDED,
  SIGNAL_VIEWER_REMOVED,
  SIGNAL_PEER_CREATED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

struct _GstRtcSink
{
  GstRtcElement parent;

  /* Set once. */
  GstRtcTracks *tracks;
  GstRtcPublisher *publisher;
  GstRtcViewers *viewers;

  /* Under the object lock. */
  GstRtcSinkSettings settings;
};

G_DEFINE_TYPE (GstRtcSink, gst_rtc_sink, GST_RTC_TYPE_ELEMENT)

static GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE ("video_%u", GST_PAD_SINK, GST_PAD_REQUEST,
        GST_STATIC_CAPS ("video/x-raw; video/x-vp8; video/x-vp9; video/x-h264; "
                         "video/x-av1"));
static GstStaticPadTemplate audio_template =
    GST_STATIC_PAD_TEMPLATE ("audio_%u", GST_PAD_SINK, GST_PAD_REQUEST,
        GST_STATIC_CAPS ("audio/x-raw; audio/x-opus; audio/x-mulaw; "
                         "audio/x-alaw"));

/* --- what tracks tell, on streaming threads --- */

static void
on_track_packets (GstRtcTrack *track, GstBufferList *list, gboolean key,
    GPtrArray *route, gpointer user_data)
{
  gst_rtc_viewers_push (route, gst_rtc_track_get_medium (track), list, key);
}

static void
track_ready_job (GstRtcElement *element, gpointer data)
{
  gst_rtc_publisher_track_ready (GST_RTC_SINK (element)->publisher);
}

static void
on_track_ready (GstRtcTrack *track, gpointer user_data)
{
  gst_rtc_element_invoke (
      GST_RTC_ELEMENT (user_data), track_ready_job, NULL, NULL);
}

/* Of the stream @screen. */
typedef struct
{
  gboolean screen;
  gchar *reason;
} TrackFailure;

static void
free_track_failure (gpointer data)
{
  TrackFailure *failure = data;

  g_free (failure->reason);
  g_free (failure);
}

static void
track_failed_job (GstRtcElement *element, gpointer data)
{
  TrackFailure *failure = data;

  gst_rtc_publisher_track_failed (
      GST_RTC_SINK (element)->publisher, failure->screen, failure->reason);
}

static void
on_track_failed (GstRtcTrack *track, const gchar *reason, gpointer user_data)
{
  TrackFailure *failure = g_new (TrackFailure, 1);

  *failure = (TrackFailure){.screen = gst_rtc_tracks_is_screen (
                                GST_RTC_SINK (user_data)->tracks, track),
      .reason = g_strdup (reason)};
  gst_rtc_element_invoke (GST_RTC_ELEMENT (user_data), track_failed_job,
      failure, free_track_failure);
}

static void
on_encoder_setup (GstRtcTrack *track, GstElement *encoder, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_ENCODER_SETUP], 0, encoder,
      gst_rtc_medium_get_nick (gst_rtc_track_get_medium (track)));
}

static const GstRtcTrackListener track_listener = {
    .ready = on_track_ready,
    .packets = on_track_packets,
    .failed = on_track_failed,
    .encoder_setup = on_encoder_setup,
};

/* --- publishing, on the worker --- */

static void
on_published (GstRtcElement *element, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  gst_rtc_publisher_published (
      GST_RTC_SINK (element)->publisher, request, error);
}

static void
on_unpublished (GstRtcElement *element, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  gst_rtc_publisher_unpublished (
      GST_RTC_SINK (element)->publisher, request, error);
}

static const GstRtcPublisherAnswers publisher_answers = {
    .published = on_published,
    .unpublished = on_unpublished,
};

static void
gst_rtc_sink_activate (GstRtcElement *element)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  gboolean wants;

  GST_OBJECT_LOCK (self);
  wants = self->settings.auto_publish;
  GST_OBJECT_UNLOCK (self);
  if (wants)
    gst_rtc_publisher_activate (self->publisher);
}

static void
gst_rtc_sink_returned (GstRtcElement *element)
{
  gst_rtc_publisher_resume (GST_RTC_SINK (element)->publisher);
}

static void
gst_rtc_sink_hidden (GstRtcElement *element)
{
  gst_rtc_publisher_hide (GST_RTC_SINK (element)->publisher);
}

/* --- viewers, on the notifier --- */

static void
on_viewer_added (const gchar *user_id, gboolean screen, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_VIEWER_ADDED], 0, user_id, screen);
}

static void
on_viewer_removed (const gchar *user_id, gboolean screen, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_VIEWER_REMOVED], 0, user_id, screen);
}

/* Worker. */
static gboolean
on_wants_peer (gpointer user_data)
{
  return g_signal_has_handler_pending (
      user_data, signals[SIGNAL_PEER_CREATED], 0, TRUE);
}

static void
on_peer_created (
    const gchar *user_id, GstElement *webrtcbin, gpointer user_data)
{
  g_signal_emit (
      user_data, signals[SIGNAL_PEER_CREATED], 0, user_id, webrtcbin);
}

static const GstRtcViewersListener viewers_listener = {
    .added = on_viewer_added,
    .removed = on_viewer_removed,
    .wants_peer = on_wants_peer,
    .peer_created = on_peer_created,
};

/* --- what the element tells, on the worker --- */

static void
open_viewer (GstRtcSink *self, const GstRtcEvent *event)
{
  GstRtcViewersLimits limits;

  GST_OBJECT_LOCK (self);
  limits = (GstRtcViewersLimits){.max_viewers = self->settings.max_viewers,
      .min_bitrate = self->settings.min_bitrate,
      .start_bitrate = self->settings.start_bitrate,
      .max_bitrate = self->settings.max_bitrate};
  GST_OBJECT_UNLOCK (self);
  gst_rtc_viewers_open (self->viewers, event, &limits);
}

static void
gst_rtc_sink_room_event (GstRtcElement *element, const GstRtcEvent *event)
{
  GstRtcSink *self = GST_RTC_SINK (element);

  if (event->type == GST_RTC_EVENT_MEDIA_OPENED && event->sends)
    open_viewer (self, event);
  gst_rtc_viewers_room_event (self->viewers, event);
  gst_rtc_publisher_room_event (self->publisher, event);
}

static void
gst_rtc_sink_clock_changed (GstRtcElement *element, GstClock *clock)
{
  gst_rtc_viewers_set_clock (GST_RTC_SINK (element)->viewers, clock);
}

static void
gst_rtc_sink_reset (GstRtcElement *element)
{
  GstRtcSink *self = GST_RTC_SINK (element);

  gst_rtc_publisher_reset (self->publisher);
  gst_rtc_viewers_reset (self->viewers);
}

/* --- failures of tracks, on any thread --- */

static void
gst_rtc_sink_child_failed (GstRtcElement *element, GstObject *child,
    GstObject *source, const GError *error)
{
  g_autoptr (GstRtcTrack) track =
      gst_rtc_tracks_find (GST_RTC_SINK (element)->tracks, child);
  g_autofree gchar *reason =
      g_strdup_printf ("%s: %s", GST_OBJECT_NAME (source), error->message);

  /* One that is in no track any more belongs to a pad that was released. */
  if (track)
    gst_rtc_track_fail (track, reason);
}

/* --- pads, on any thread --- */

static GstRtcTrack *
make_track (GstRtcSink *self, GstRtcMedia medium)
{
  g_auto (GStrv) codecs = NULL;
  guint bitrate;

  GST_OBJECT_LOCK (self);
  codecs = gst_rtc_sink_settings_dup_codecs (&self->settings, medium);
  bitrate = gst_rtc_sink_settings_get_first_bitrate (&self->settings);
  GST_OBJECT_UNLOCK (self);
  return gst_rtc_track_new (
      medium, (const gchar *const *)codecs, bitrate, &track_listener, self);
}

static GstPad *
gst_rtc_sink_request_new_pad (GstElement *element, GstPadTemplate *template,
    const gchar *name, const GstCaps *caps)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  GstRtcMedia medium =
      g_str_has_prefix (GST_PAD_TEMPLATE_NAME_TEMPLATE (template), "video")
          ? GST_RTC_MEDIA_VIDEO
          : GST_RTC_MEDIA_AUDIO;
  GstRtcTrack *track = make_track (self, medium);
  GstPad *pad = gst_rtc_tracks_add (self->tracks, track, template, name);
  g_autoptr (GstPad) target = NULL;

  gst_bin_add (GST_BIN (self), GST_ELEMENT (track));
  target = gst_element_get_static_pad (GST_ELEMENT (track), "sink");
  gst_ghost_pad_set_target (GST_GHOST_PAD (pad), target);
  gst_element_sync_state_with_parent (GST_ELEMENT (track));
  gst_pad_set_active (pad, TRUE);
  if (!gst_element_add_pad (element, pad)) {
    gst_element_release_request_pad (element, pad);
    return NULL;
  }
  return pad;
}

static void
pad_released_job (GstRtcElement *element, gpointer data)
{
  gst_rtc_publisher_pad_released (GST_RTC_SINK (element)->publisher);
}

static void
gst_rtc_sink_release_pad (GstElement *element, GstPad *pad)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  g_autoptr (GstPad) kept = gst_object_ref (pad);
  g_autoptr (GstRtcTrack) track = gst_rtc_tracks_remove (self->tracks, pad);

  if (!track)
    return;
  gst_pad_set_active (pad, FALSE);
  gst_element_set_locked_state (GST_ELEMENT (track), TRUE);
  gst_element_set_state (GST_ELEMENT (track), GST_STATE_NULL);
  /* A bin that is disposed of has let its children go already. */
  if (GST_OBJECT_PARENT (track) == GST_OBJECT (element))
    gst_bin_remove (GST_BIN (self), GST_ELEMENT (track));
  if (GST_OBJECT_PARENT (pad) == GST_OBJECT (element))
    gst_element_remove_pad (element, pad);
  /* One that is disposed of has no room any more. */
  if (GST_STATE (self) > GST_STATE_READY)
    gst_rtc_element_invoke (
        GST_RTC_ELEMENT (self), pad_released_job, NULL, NULL);
}

/* --- actions, on any thread, and what the worker makes of them --- */

static void
publish_by_action (GstRtcElement *element, GstRtcElementCall *call)
{
  gst_rtc_publisher_publish (GST_RTC_SINK (element)->publisher, call);
}

static void
action_publish (GstRtcSink *self, GstPromise *promise)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_PUBLISH};

  gst_rtc_element_call_invoke (GST_RTC_ELEMENT (self),
      gst_rtc_element_call_new (&request, GST_MESSAGE_WARNING, promise, NULL),
      publish_by_action);
}

static void
unpublish_by_action (GstRtcElement *element, GstRtcElementCall *call)
{
  gst_rtc_publisher_unpublish (GST_RTC_SINK (element)->publisher, call);
}

static void
action_unpublish (GstRtcSink *self, GstPromise *promise)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_UNPUBLISH};

  gst_rtc_element_call_invoke (GST_RTC_ELEMENT (self),
      gst_rtc_element_call_new (
          &request, GST_MESSAGE_WARNING, promise, on_unpublished),
      unpublish_by_action);
}

static void
on_local_muted (GstRtcElement *element, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  g_autoptr (GPtrArray) tracks = gst_rtc_tracks_ref_stream (
      GST_RTC_SINK (element)->tracks, request->screen);

  for (guint i = 0; !error && i < tracks->len; i++) {
    GstRtcTrack *track = g_ptr_array_index (tracks, i);
    GstRtcOptional muted =
        gst_rtc_track_get_medium (track) == GST_RTC_MEDIA_VIDEO
            ? request->video
            : request->audio;

    if (muted != GST_RTC_UNSET)
      gst_rtc_track_set_muted (track, muted == GST_RTC_TRUE);
  }
}

static void
action_mute_local (GstRtcSink *self, GstStructure *options, GstPromise *promise)
{
  GstRtcRequest request = {.operation = GST_RTC_OPERATION_MUTE_LOCAL};
  g_autoptr (GError) error = NULL;
  gboolean valid = gst_rtc_options_parse (options, &request, &error);
  GstRtcElementCall *call = gst_rtc_element_call_new (
      &request, GST_MESSAGE_WARNING, promise, valid ? on_local_muted : NULL);

  if (valid)
    gst_rtc_element_call_start (GST_RTC_ELEMENT (self), call);
  else
    gst_rtc_element_call_fail (GST_RTC_ELEMENT (self), call, error);
}

/* --- statistics --- */

static GstStructure *
gst_rtc_sink_get_stats (GstRtcElement *element)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  GstStructure *stats = gst_structure_new ("rtc-sink-stats",
      "audio-frames-encoded", G_TYPE_UINT64,
      gst_rtc_tracks_count_frames (self->tracks, GST_RTC_MEDIA_AUDIO),
      "video-frames-encoded", G_TYPE_UINT64,
      gst_rtc_tracks_count_frames (self->tracks, GST_RTC_MEDIA_VIDEO), NULL);

  gst_rtc_viewers_add_stats (self->viewers, stats);
  return stats;
}

/* --- GObject --- */

static gboolean
gst_rtc_sink_check_settings (GstRtcElement *element, GError **error)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  gboolean valid;

  GST_OBJECT_LOCK (self);
  valid = gst_rtc_sink_settings_check (&self->settings, error);
  GST_OBJECT_UNLOCK (self);
  return valid;
}

static void
gst_rtc_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRtcSink *self = GST_RTC_SINK (object);
  gboolean known;

  if (id < GST_RTC_ELEMENT_FIRST_PROP) {
    G_OBJECT_CLASS (gst_rtc_sink_parent_class)
        ->set_property (object, id, value, pspec);
    return;
  }

  GST_OBJECT_LOCK (self);
  known = gst_rtc_sink_settings_set (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_rtc_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRtcSink *self = GST_RTC_SINK (object);
  gboolean known;

  if (id < GST_RTC_ELEMENT_FIRST_PROP) {
    G_OBJECT_CLASS (gst_rtc_sink_parent_class)
        ->get_property (object, id, value, pspec);
    return;
  }

  GST_OBJECT_LOCK (self);
  known = gst_rtc_sink_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_rtc_sink_finalize (GObject *object)
{
  GstRtcSink *self = GST_RTC_SINK (object);

  gst_rtc_sink_settings_clear (&self->settings);
  gst_rtc_viewers_free (self->viewers);
  gst_rtc_publisher_free (self->publisher);
  gst_rtc_tracks_free (self->tracks);
  G_OBJECT_CLASS (gst_rtc_sink_parent_class)->finalize (object);
}

static void
install_signals (GType type)
{
  const GSignalFlags action = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;

  /**
   * GstRtcSink::publish:
   * @promise: (nullable): answered when the server has answered
   *
   * Publishes the streams that there are pads for. Errors: 100001, 100002,
   * 100005, 300006, 300009, 300010, 500001. Any thread, never blocks.
   */
  signals[SIGNAL_PUBLISH] = g_signal_new_class_handler ("publish", type, action,
      G_CALLBACK (action_publish), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);

  /**
   * GstRtcSink::unpublish:
   * @promise: (nullable): answered when the server has answered
   *
   * Ends the publications. Errors: 100001, 100002, 100006, 300007, 300009,
   * 300010, 500001. Any thread, never blocks.
   */
  signals[SIGNAL_UNPUBLISH] = g_signal_new_class_handler ("unpublish", type,
      action, G_CALLBACK (action_unpublish), NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_PROMISE);

  /**
   * GstRtcSink::mute-local:
   * @options: `audio`, `video` (true disables, absent stays), `screen`
   *   (which stream)
   * @promise: (nullable): answered when the server has answered
   *
   * Stops or restarts the sending of own media. Errors: 100001, 100002,
   * 100006, 300003, 300009, 300010, 500001. Any thread, never blocks.
   */
  signals[SIGNAL_MUTE_LOCAL] = g_signal_new_class_handler ("mute-local", type,
      action, G_CALLBACK (action_mute_local), NULL, NULL, NULL, G_TYPE_NONE, 2,
      GST_TYPE_STRUCTURE, GST_TYPE_PROMISE);

  /**
   * GstRtcSink::encoder-setup:
   * @encoder: before its first frame
   * @medium: `audio` or `video`
   *
   * For settings of the encoder that the element has no property for. On the
   * streaming thread, with no lock held.
   */
  signals[SIGNAL_ENCODER_SETUP] =
      g_signal_new ("encoder-setup", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 2, GST_TYPE_ELEMENT, G_TYPE_STRING);

  /**
   * GstRtcSink::viewer-added:
   * @user_id: who now receives
   * @screen: the screen stream, else the camera stream
   *
   * Once until viewer-removed, also where another transport takes the place
   * of the first. Not where a server such as Janus takes the stream for all
   * viewers. On the notifier thread, with no lock held.
   */
  signals[SIGNAL_VIEWER_ADDED] =
      g_signal_new ("viewer-added", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BOOLEAN);

  /**
   * GstRtcSink::viewer-removed:
   * @user_id: who was added and no longer receives
   * @screen: the screen stream, else the camera stream
   *
   * On the notifier thread, with no lock held.
   */
  signals[SIGNAL_VIEWER_REMOVED] =
      g_signal_new ("viewer-removed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BOOLEAN);

  /**
   * GstRtcSink::peer-created:
   * @user_id: (nullable): of the viewer, NULL for a server that takes the
   *   stream for all viewers
   * @webrtcbin: not negotiated yet
   *
   * For those who need the inside. On the notifier thread, with no lock
   * held; negotiation waits for it.
   */
  signals[SIGNAL_PEER_CREATED] =
      g_signal_new ("peer-created", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 2, G_TYPE_STRING, GST_TYPE_ELEMENT);
}

static void
gst_rtc_sink_class_init (GstRtcSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstRtcElementClass *rtc_class = GST_RTC_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      sink_debug, "rtcsink", 0, "Publishing into RTC rooms");

  object_class->set_property = gst_rtc_sink_set_property;
  object_class->get_property = gst_rtc_sink_get_property;
  object_class->finalize = gst_rtc_sink_finalize;
  element_class->request_new_pad = gst_rtc_sink_request_new_pad;
  element_class->release_pad = gst_rtc_sink_release_pad;
  rtc_class->check_settings = gst_rtc_sink_check_settings;
  rtc_class->room_event = gst_rtc_sink_room_event;
  rtc_class->activate = gst_rtc_sink_activate;
  rtc_class->returned = gst_rtc_sink_returned;
  rtc_class->clock_changed = gst_rtc_sink_clock_changed;
  rtc_class->reset = gst_rtc_sink_reset;
  rtc_class->hidden = gst_rtc_sink_hidden;
  rtc_class->child_failed = gst_rtc_sink_child_failed;
  rtc_class->get_stats = gst_rtc_sink_get_stats;

  gst_rtc_element_class_install_settings (rtc_class, TRUE);
  gst_rtc_sink_settings_install (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));

  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &video_template, GST_RTC_TYPE_SINK_PAD);
  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &audio_template, GST_RTC_TYPE_SINK_PAD);
  gst_type_mark_as_plugin_api (GST_RTC_TYPE_SINK_PAD, 0);
  gst_element_class_set_static_metadata (element_class, "RTC room sink",
      "Sink/Network/WebRTC", "Publishes audio and video into an RTC room",
      "The gst-rtc authors");
}

static void
gst_rtc_sink_init (GstRtcSink *self)
{
  gst_rtc_sink_settings_init (&self->settings);
  self->tracks = gst_rtc_tracks_new ();
  self->publisher = gst_rtc_publisher_new (
      GST_RTC_ELEMENT (self), self->tracks, &publisher_answers);
  self->viewers = gst_rtc_viewers_new (
      GST_RTC_ELEMENT (self), self->tracks, &viewers_listener, self);

  /* A sink also while it has no pad. */
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SINK | GST_ELEMENT_FLAG_SOURCE);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
}
