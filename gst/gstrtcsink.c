/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element rtcsink: publishes the media of a pipeline into a room. Pads and
 * tracks are under the object lock, publications and viewers belong to the
 * worker. */

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
#include "gstrtcviewer.h"
#include "rtcerror-private.h"

GST_DEBUG_CATEGORY_STATIC (sink_debug);
#define GST_CAT_DEFAULT sink_debug

#define N_STREAMS 2 /* camera and screen */
/* How long a transport goes on beside the one that takes its place, so that
 * what is under way and what a viewer has in its jitter buffer is not lost. */
#define HANDOVER_MS 1000
/* A viewer that was lost asks again by itself; what comes of that within this
 * time is the same failure and is not told again. */
#define SAME_LOSS (60 * G_TIME_SPAN_SECOND)

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

  /* Under the object lock. */
  GstRtcSinkSettings settings;
  /* Snapshots that the tracks send to; replaced, never changed.
   * (element-type GstRtcViewer) */
  GPtrArray *routes[N_STREAMS];

  /* Worker only. */
  GHashTable *viewers; /* media session -> GstRtcViewer */
  GHashTable *lost;    /* user and stream -> gint64 when it was told as lost */
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

static GstRtcFailureStream
failure_stream (gboolean screen)
{
  return screen ? GST_RTC_FAILURE_SCREEN : GST_RTC_FAILURE_CAMERA;
}

/* --- packets, on streaming threads --- */

static void
on_track_packets (GstRtcTrack *track, GstBufferList *list, gboolean key,
    GPtrArray *route, gpointer user_data)
{
  GstRtcMedia medium = gst_rtc_track_get_medium (track);

  for (guint i = 0; i < route->len; i++) {
    GstRtcViewer *viewer = g_ptr_array_index (route, i);

    if (medium == GST_RTC_MEDIA_AUDIO ||
        gst_rtc_viewer_begin_video (viewer, key))
      gst_rtc_viewer_push (viewer, medium, list);
  }
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

/* --- viewers, on the worker --- */

static GPtrArray *
make_route (GstRtcSink *self, gboolean screen)
{
  GPtrArray *route =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_viewer_unref);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (gst_rtc_viewer_get_screen (value) == screen)
      g_ptr_array_add (route, gst_rtc_viewer_ref (value));
  }
  return route;
}

/* Of both streams, since a pad may have changed from one to the other. */
static void
update_routes (GstRtcSink *self)
{
  for (guint screen = 0; screen < N_STREAMS; screen++) {
    g_autoptr (GPtrArray) route = make_route (self, screen);
    g_autoptr (GPtrArray) tracks =
        gst_rtc_tracks_ref_stream (self->tracks, screen);
    g_autoptr (GPtrArray) old = NULL;

    for (guint i = 0; i < tracks->len; i++)
      gst_rtc_track_set_route (g_ptr_array_index (tracks, i), route);
    GST_OBJECT_LOCK (self);
    old = g_steal_pointer (&self->routes[screen]);
    self->routes[screen] = g_steal_pointer (&route);
    GST_OBJECT_UNLOCK (self);
  }
}

/* A viewer and what the application is to be told of it. */
typedef struct
{
  GstRtcViewer *viewer;
  guint signal;
} ViewerNotice;

static void
free_viewer_notice (gpointer data)
{
  ViewerNotice *notice = data;

  gst_rtc_viewer_unref (notice->viewer);
  g_free (notice);
}

static void
emit_viewer_signal (GstRtcElement *element, gpointer data)
{
  ViewerNotice *notice = data;

  g_signal_emit (element, signals[notice->signal], 0,
      gst_rtc_viewer_get_user_id (notice->viewer),
      gst_rtc_viewer_get_screen (notice->viewer));
}

static void
queue_viewer_notice (GstRtcSink *self, GstRtcViewer *viewer, guint signal,
    GstRtcElementFunc func)
{
  ViewerNotice *notice = g_new (ViewerNotice, 1);

  *notice =
      (ViewerNotice){.viewer = gst_rtc_viewer_ref (viewer), .signal = signal};
  gst_rtc_element_notify (
      GST_RTC_ELEMENT (self), func, notice, free_viewer_notice);
}

/* Who looks on is not known where a server takes the stream for all. */
static void
tell_viewer (GstRtcSink *self, GstRtcViewer *viewer, guint signal)
{
  if (!gst_rtc_viewer_is_server (viewer))
    queue_viewer_notice (self, viewer, signal, emit_viewer_signal);
}

static void
remove_viewer (GstRtcSink *self, GstRtcViewer *viewer)
{
  g_autoptr (GstRtcViewer) kept = gst_rtc_viewer_ref (viewer);

  gst_rtc_viewer_stop (kept);
  g_hash_table_remove (self->viewers, gst_rtc_viewer_get_media_session (kept));
  update_routes (self);
  tell_viewer (self, kept, SIGNAL_VIEWER_REMOVED);
}

static void
request_keyframes (GstRtcSink *self, gboolean screen)
{
  g_autoptr (GPtrArray) tracks =
      gst_rtc_tracks_ref_stream (self->tracks, screen);

  for (guint i = 0; i < tracks->len; i++)
    gst_rtc_track_request_keyframe (g_ptr_array_index (tracks, i));
}

static gboolean
is_replaced_by (GstRtcViewer *old, GstRtcViewer *viewer)
{
  return old != viewer && gst_rtc_viewer_is_retired (old) &&
         gst_rtc_viewer_get_screen (old) ==
             gst_rtc_viewer_get_screen (viewer) &&
         g_strcmp0 (gst_rtc_viewer_get_user_id (old),
             gst_rtc_viewer_get_user_id (viewer)) == 0;
}

/* Those that @viewer takes the place of. */
static GList *
list_replaced (GstRtcSink *self, GstRtcViewer *viewer)
{
  GList *replaced = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (is_replaced_by (value, viewer))
      replaced = g_list_prepend (replaced, value);
  }
  return replaced;
}

/* The viewer that has taken over, and in what. */
typedef struct
{
  GstRtcSink *self;
  GstRtcViewer *viewer;
} Handover;

static void
free_handover (gpointer data)
{
  Handover *handover = data;

  gst_rtc_viewer_unref (handover->viewer);
  gst_object_unref (handover->self);
  g_free (handover);
}

static gboolean
on_handover_over (gpointer user_data)
{
  Handover *handover = user_data;
  g_autoptr (GList) replaced = list_replaced (handover->self, handover->viewer);

  for (GList *item = replaced; item; item = item->next)
    remove_viewer (handover->self, item->data);
  return G_SOURCE_REMOVE;
}

static void
start_handover (GstRtcSink *self, GstRtcViewer *viewer)
{
  g_autoptr (GList) replaced = list_replaced (self, viewer);
  g_autoptr (GstRtcWorker) worker =
      gst_rtc_element_ref_worker (GST_RTC_ELEMENT (self));
  g_autoptr (GSource) timer = NULL;
  Handover *handover;

  if (!replaced || !worker)
    return;
  handover = g_new (Handover, 1);
  *handover = (Handover){
      .self = gst_object_ref (self), .viewer = gst_rtc_viewer_ref (viewer)};
  timer = g_timeout_source_new (HANDOVER_MS);
  g_source_set_static_name (timer, "rtc handover");
  g_source_set_callback (timer, on_handover_over, handover, free_handover);
  g_source_attach (timer, gst_rtc_worker_get_context (worker));
}

/* Under the out lock of the track. */
typedef struct
{
  GstRtcViewer *viewer;
  gboolean begun; /* this replay is the begin of its video */
} Replay;

static void
replay_packets (GstBufferList *list, gpointer user_data)
{
  Replay *replay = user_data;

  if (!gst_rtc_viewer_has_video (replay->viewer))
    replay->begun = gst_rtc_viewer_begin_video (replay->viewer, TRUE);
  if (replay->begun)
    gst_rtc_viewer_push (replay->viewer, GST_RTC_MEDIA_VIDEO, list);
}

static void
start_video (GstRtcSink *self, GstRtcViewer *viewer)
{
  g_autoptr (GPtrArray) tracks = gst_rtc_tracks_ref_stream (
      self->tracks, gst_rtc_viewer_get_screen (viewer));

  for (guint i = 0; i < tracks->len; i++) {
    GstRtcTrack *track = g_ptr_array_index (tracks, i);
    Replay replay = {.viewer = viewer};

    if (gst_rtc_track_get_medium (track) == GST_RTC_MEDIA_VIDEO &&
        !gst_rtc_track_replay (track, replay_packets, &replay))
      gst_rtc_track_request_keyframe (track);
  }
}

static gchar *
make_lost_key (const gchar *user_id, gboolean screen)
{
  return g_strdup_printf ("%d %s", screen, GST_STR_NULL (user_id));
}

static gboolean
is_long_lost (gpointer key, gpointer value, gpointer now)
{
  return *(const gint64 *)now - *(gint64 *)value > SAME_LOSS;
}

/* TRUE when the loss of a viewer is news: it is not when the attempts that
 * follow a loss fail as well. */
static gboolean
note_lost_user (GstRtcSink *self, const gchar *user_id, gboolean screen)
{
  gint64 now = g_get_monotonic_time ();

  g_hash_table_foreach_remove (self->lost, is_long_lost, &now);
  return g_hash_table_insert (self->lost, make_lost_key (user_id, screen),
      g_memdup2 (&now, sizeof (now)));
}

static gboolean
note_lost (GstRtcSink *self, GstRtcViewer *viewer)
{
  const gboolean first = note_lost_user (self,
      gst_rtc_viewer_get_user_id (viewer), gst_rtc_viewer_get_screen (viewer));

  return first || gst_rtc_viewer_has_been_steady (viewer);
}

static void
on_viewer_connected (GstRtcViewer *viewer, gpointer user_data)
{
  GstRtcSink *self = user_data;

  start_handover (self, viewer);
  start_video (self, viewer);
  tell_viewer (self, viewer, SIGNAL_VIEWER_ADDED);
}

static void
warn_of_viewer (GstRtcSink *self, GstRtcViewer *viewer, const GError *error)
{
  gst_rtc_element_post_failure (GST_RTC_ELEMENT (self), GST_MESSAGE_WARNING,
      error, GST_RTC_OPERATION_PUBLISH, gst_rtc_viewer_get_user_id (viewer),
      failure_stream (gst_rtc_viewer_get_screen (viewer)));
}

/* One viewer lost; the publication goes on. What the end of the way to a
 * server means is the room client's to tell. */
static void
on_viewer_failed (GstRtcViewer *viewer, const GError *error, gpointer user_data)
{
  GstRtcSink *self = user_data;

  if (!gst_rtc_viewer_is_retired (viewer) &&
      !gst_rtc_viewer_is_server (viewer) && note_lost (self, viewer))
    warn_of_viewer (self, viewer, error);
  gst_rtc_room_client_close_media (
      gst_rtc_element_get_client (GST_RTC_ELEMENT (self)),
      gst_rtc_viewer_get_media_session (viewer), error->message);
  remove_viewer (self, viewer);
}

static void
on_viewer_keyframe_wanted (GstRtcViewer *viewer, gpointer user_data)
{
  request_keyframes (user_data, gst_rtc_viewer_get_screen (viewer));
}

/* Of the way to a server. Direct media has one encoding for many ways. */
static void
on_viewer_bitrate (GstRtcViewer *viewer, guint bitrate, gpointer user_data)
{
  g_autoptr (GPtrArray) tracks = gst_rtc_tracks_ref_stream (
      GST_RTC_SINK (user_data)->tracks, gst_rtc_viewer_get_screen (viewer));

  for (guint i = 0; i < tracks->len; i++)
    gst_rtc_track_set_bitrate (g_ptr_array_index (tracks, i), bitrate);
}

static const GstRtcViewerListener viewer_listener = {
    .connected = on_viewer_connected,
    .failed = on_viewer_failed,
    .keyframe_wanted = on_viewer_keyframe_wanted,
    .bitrate = on_viewer_bitrate,
};

static void
start_viewer_job (GstRtcElement *element, gpointer data)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  ViewerNotice *notice = data;

  /* It may have gone while the application looked at its peer. */
  if (g_hash_table_contains (
          self->viewers, gst_rtc_viewer_get_media_session (notice->viewer)))
    gst_rtc_viewer_start (notice->viewer);
}

static void
emit_peer_created (GstRtcElement *element, gpointer data)
{
  ViewerNotice *notice = data;
  ViewerNotice *next = g_new (ViewerNotice, 1);
  g_autoptr (GstElement) webrtcbin =
      gst_rtc_peer_ref_webrtcbin (gst_rtc_viewer_get_peer (notice->viewer));

  if (webrtcbin) {
    g_signal_emit (element, signals[SIGNAL_PEER_CREATED], 0,
        gst_rtc_viewer_get_user_id (notice->viewer), webrtcbin);
  }
  *next = (ViewerNotice){.viewer = gst_rtc_viewer_ref (notice->viewer)};
  gst_rtc_element_invoke (element, start_viewer_job, next, free_viewer_notice);
}

/* The application sees the transport before it is negotiated. */
static void
start_viewer (GstRtcSink *self, GstRtcViewer *viewer)
{
  if (g_signal_has_handler_pending (
          self, signals[SIGNAL_PEER_CREATED], 0, TRUE)) {
    queue_viewer_notice (self, viewer, SIGNAL_PEER_CREATED, emit_peer_created);
  } else {
    gst_rtc_viewer_start (viewer);
  }
}

/* A user has one media session for a stream: one that is still there is of
 * the time before the server lost the room, and goes on until @viewer is
 * connected. */
static void
retire_others (GstRtcSink *self, GstRtcViewer *viewer)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (gst_rtc_viewer_get_screen (value) ==
            gst_rtc_viewer_get_screen (viewer) &&
        g_strcmp0 (gst_rtc_viewer_get_user_id (value),
            gst_rtc_viewer_get_user_id (viewer)) == 0)
      gst_rtc_viewer_retire (value);
  }
}

static guint
count_viewers (GstRtcSink *self)
{
  GHashTableIter iter;
  gpointer value;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    n +=
        !gst_rtc_viewer_is_retired (value) && !gst_rtc_viewer_is_server (value);
  return n;
}

/* One of the same user and stream makes place for it. */
static gboolean
is_known_viewer (GstRtcSink *self, const GstRtcEvent *event)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (gst_rtc_viewer_get_screen (value) == event->screen &&
        !gst_rtc_viewer_is_retired (value) &&
        g_strcmp0 (gst_rtc_viewer_get_user_id (value), event->user_id) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
follow_rate (GstRtcSink *self, GstRtcViewer *viewer)
{
  guint least, start, most;

  GST_OBJECT_LOCK (self);
  least = self->settings.min_bitrate;
  start = self->settings.start_bitrate;
  most = self->settings.max_bitrate;
  GST_OBJECT_UNLOCK (self);
  gst_rtc_viewer_follow_rate (viewer, least, start, most);
}

static GstRtcViewer *
make_viewer (GstRtcSink *self, const GstRtcEvent *event, GError **error)
{
  g_autoptr (GPtrArray) tracks =
      gst_rtc_tracks_ref_stream (self->tracks, event->screen);
  GstRtcViewer *viewer;
  guint max_viewers;

  GST_OBJECT_LOCK (self);
  max_viewers = self->settings.max_viewers;
  GST_OBJECT_UNLOCK (self);
  if (event->user_id && count_viewers (self) >= max_viewers &&
      !is_known_viewer (self, event)) {
    gst_rtc_error_set (error, GST_RTC_ERROR_PUBLISH_ERROR, 0,
        "the publisher serves %u viewers, which is its limit", max_viewers);
    return NULL;
  }

  viewer = gst_rtc_viewer_new (GST_RTC_ELEMENT (self), event->media_session,
      event->user_id, event->screen, &viewer_listener, self, error);
  if (viewer && gst_rtc_viewer_is_server (viewer))
    follow_rate (self, viewer);
  for (guint i = 0; viewer && i < tracks->len; i++)
    gst_rtc_viewer_add_track (viewer, g_ptr_array_index (tracks, i));
  return viewer;
}

/* So that it is there when the viewer is. */
static void
prepare_keyframes (GstRtcSink *self, gboolean screen)
{
  g_autoptr (GPtrArray) tracks =
      gst_rtc_tracks_ref_stream (self->tracks, screen);

  for (guint i = 0; i < tracks->len; i++)
    gst_rtc_track_prepare_keyframe (g_ptr_array_index (tracks, i));
}

static void
refuse_viewer (GstRtcSink *self, const GstRtcEvent *event, const GError *error)
{
  GstRtcElement *element = GST_RTC_ELEMENT (self);

  if (!event->user_id || note_lost_user (self, event->user_id, event->screen))
    gst_rtc_element_post_failure (element, GST_MESSAGE_WARNING, error,
        GST_RTC_OPERATION_PUBLISH, event->user_id,
        failure_stream (event->screen));
  gst_rtc_room_client_close_media (gst_rtc_element_get_client (element),
      event->media_session, error->message);
}

static void
open_viewer (GstRtcSink *self, const GstRtcEvent *event)
{
  GstRtcViewer *viewer =
      g_hash_table_lookup (self->viewers, event->media_session);
  g_autoptr (GError) error = NULL;

  if (viewer) {
    gst_rtc_viewer_set_wanted (viewer, event->media);
    request_keyframes (self, event->screen);
    return;
  }

  viewer = make_viewer (self, event, &error);
  if (!viewer) {
    refuse_viewer (self, event, error);
    return;
  }

  retire_others (self, viewer);
  gst_rtc_viewer_set_wanted (viewer, event->media);
  g_hash_table_insert (self->viewers,
      g_strdup (gst_rtc_viewer_get_media_session (viewer)), viewer);
  update_routes (self);
  prepare_keyframes (self, event->screen);
  start_viewer (self, viewer);
}

/* @error: (nullable): the viewer's side failed, else it left. */
static void
close_viewer (GstRtcSink *self, GstRtcViewer *viewer, const GError *error)
{
  if (error && note_lost (self, viewer))
    warn_of_viewer (self, viewer, error);
  remove_viewer (self, viewer);
}

static void
gst_rtc_sink_room_event (GstRtcElement *element, const GstRtcEvent *event)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  GstRtcViewer *viewer =
      event->media_session
          ? g_hash_table_lookup (self->viewers, event->media_session)
          : NULL;

  switch (event->type) {
    case GST_RTC_EVENT_MEDIA_OPENED:
      if (event->sends)
        open_viewer (self, event);
      break;
    case GST_RTC_EVENT_MEDIA_DESCRIPTION:
      if (viewer)
        gst_rtc_viewer_set_answer (viewer, event->sdp);
      break;
    case GST_RTC_EVENT_MEDIA_CANDIDATE:
      if (viewer)
        gst_rtc_viewer_add_candidate (viewer, event->mline, event->candidate);
      break;
    case GST_RTC_EVENT_MEDIA_CLOSED:
      if (viewer)
        close_viewer (self, viewer, event->error);
      break;
    case GST_RTC_EVENT_MEDIA_TROUBLE:
      if (viewer)
        warn_of_viewer (self, viewer, event->error);
      break;
    default:
      break;
  }
  gst_rtc_publisher_room_event (self->publisher, event);
}

static void
gst_rtc_sink_clock_changed (GstRtcElement *element, GstClock *clock)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  GHashTableIter iter;
  gpointer viewer;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &viewer)) {
    GstRtcPeer *peer = gst_rtc_viewer_get_peer (viewer);

    if (!gst_rtc_peer_runs_by (peer, clock))
      gst_rtc_peer_set_clock (peer, clock);
  }
}

static void
gst_rtc_sink_reset (GstRtcElement *element)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  g_autoptr (GList) viewers = g_hash_table_get_values (self->viewers);

  gst_rtc_publisher_reset (self->publisher);
  for (GList *item = viewers; item; item = item->next)
    remove_viewer (self, item->data);
  g_hash_table_remove_all (self->lost);
}

/* --- failures of tracks --- */

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

/* --- pads --- */

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

/* --- actions --- */

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

static GPtrArray *
ref_viewers (GstRtcSink *self)
{
  GPtrArray *viewers =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_viewer_unref);

  GST_OBJECT_LOCK (self);
  for (guint screen = 0; screen < N_STREAMS; screen++) {
    GPtrArray *route = self->routes[screen];

    for (guint i = 0; i < route->len; i++)
      g_ptr_array_add (
          viewers, gst_rtc_viewer_ref (g_ptr_array_index (route, i)));
  }
  GST_OBJECT_UNLOCK (self);
  return viewers;
}

static void
append_viewer_stats (GValue *list, GstRtcViewer *viewer)
{
  g_auto (GValue) value = G_VALUE_INIT;
  GstStructure *stats =
      gst_rtc_peer_get_stats (gst_rtc_viewer_get_peer (viewer));

  gst_structure_set (stats, "screen", G_TYPE_BOOLEAN,
      gst_rtc_viewer_get_screen (viewer), "video-frames-sent", G_TYPE_UINT64,
      (guint64)gst_rtc_viewer_get_frames (viewer, GST_RTC_MEDIA_VIDEO),
      "audio-frames-sent", G_TYPE_UINT64,
      (guint64)gst_rtc_viewer_get_frames (viewer, GST_RTC_MEDIA_AUDIO), NULL);
  if (!gst_rtc_viewer_is_server (viewer))
    gst_structure_set (stats, "user-id", G_TYPE_STRING,
        gst_rtc_viewer_get_user_id (viewer), NULL);
  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, stats);
  gst_value_list_append_and_take_value (list, &value);
}

static guint
count_users (GPtrArray *viewers)
{
  guint n = 0;

  for (guint i = 0; i < viewers->len; i++)
    n += !gst_rtc_viewer_is_server (g_ptr_array_index (viewers, i));
  return n;
}

static GstStructure *
gst_rtc_sink_get_stats (GstRtcElement *element)
{
  GstRtcSink *self = GST_RTC_SINK (element);
  g_autoptr (GPtrArray) viewers = ref_viewers (self);
  GstStructure *stats = gst_structure_new (
      "rtc-sink-stats", "viewers", G_TYPE_UINT, count_users (viewers), NULL);
  GValue list = G_VALUE_INIT;

  gst_structure_set (stats, "audio-frames-encoded", G_TYPE_UINT64,
      gst_rtc_tracks_count_frames (self->tracks, GST_RTC_MEDIA_AUDIO),
      "video-frames-encoded", G_TYPE_UINT64,
      gst_rtc_tracks_count_frames (self->tracks, GST_RTC_MEDIA_VIDEO), NULL);

  g_value_init (&list, GST_TYPE_LIST);
  for (guint i = 0; i < viewers->len; i++)
    append_viewer_stats (&list, g_ptr_array_index (viewers, i));
  gst_structure_take_value (stats, "peers", &list);
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
  gst_rtc_publisher_free (self->publisher);
  gst_rtc_tracks_free (self->tracks);
  for (guint screen = 0; screen < N_STREAMS; screen++)
    g_ptr_array_unref (self->routes[screen]);
  g_hash_table_unref (self->viewers);
  g_hash_table_unref (self->lost);
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
   * Not where a server such as Janus takes the stream for all viewers.
   * On the notifier thread, with no lock held.
   */
  signals[SIGNAL_VIEWER_ADDED] =
      g_signal_new ("viewer-added", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_BOOLEAN);

  /**
   * GstRtcSink::viewer-removed:
   * @user_id: who no longer receives
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
  for (guint screen = 0; screen < N_STREAMS; screen++) {
    self->routes[screen] =
        g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_viewer_unref);
  }
  self->viewers = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify)gst_rtc_viewer_unref);
  self->lost = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  /* A sink also while it has no pad. */
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SINK | GST_ELEMENT_FLAG_SOURCE);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
}
