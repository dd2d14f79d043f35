/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The viewers of an rtcsink. Worker, but for packets, wanted keyframes and
 * statistics. */
#include "gstrtcviewers.h"

#include "gstrtclosses.h"
#include "rtcerror-private.h"

/* How long a transport goes on beside the one that takes its place, so that
 * what is under way and what a viewer has in its jitter buffer is not lost. */
#define HANDOVER_MS 1000

struct _GstRtcViewers
{
  GstRtcElement *element;
  GstRtcTracks *tracks;
  const GstRtcViewersListener *listener;
  gpointer user_data;
  GHashTable *viewers; /* media session -> GstRtcViewer */
  GstRtcLosses *losses;

  GMutex lock;
  /* Under the lock: snapshots that the tracks send to; replaced, never
   * changed. (element-type GstRtcViewer) */
  GPtrArray *routes[GST_RTC_N_STREAMS];
};

/* --- packets, on streaming threads --- */

void
gst_rtc_viewers_push (
    GPtrArray *route, GstRtcMedia medium, GstBufferList *list, gboolean key)
{
  for (guint i = 0; i < route->len; i++) {
    GstRtcViewer *viewer = g_ptr_array_index (route, i);

    if (medium == GST_RTC_MEDIA_AUDIO ||
        gst_rtc_viewer_begin_video (viewer, key))
      gst_rtc_viewer_push (viewer, medium, list);
  }
}

/* --- who is there --- */

static GPtrArray *
make_route (GstRtcViewers *self, gboolean screen)
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
update_routes (GstRtcViewers *self)
{
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++) {
    g_autoptr (GPtrArray) route = make_route (self, screen);
    g_autoptr (GPtrArray) tracks =
        gst_rtc_tracks_ref_stream (self->tracks, screen);
    g_autoptr (GPtrArray) old = NULL;

    for (guint i = 0; i < tracks->len; i++)
      gst_rtc_track_set_route (g_ptr_array_index (tracks, i), route);
    g_mutex_lock (&self->lock);
    old = g_steal_pointer (&self->routes[screen]);
    self->routes[screen] = g_steal_pointer (&route);
    g_mutex_unlock (&self->lock);
  }
}

/* A viewer and those who are told of it. */
typedef struct
{
  GstRtcViewers *self;
  GstRtcViewer *viewer;
} Notice;

static void
free_notice (gpointer data)
{
  Notice *notice = data;

  gst_rtc_viewer_unref (notice->viewer);
  g_free (notice);
}

static Notice *
make_notice (GstRtcViewers *self, GstRtcViewer *viewer)
{
  Notice *notice = g_new (Notice, 1);

  *notice = (Notice){.self = self, .viewer = gst_rtc_viewer_ref (viewer)};
  return notice;
}

static void
tell_added (GstRtcElement *element, gpointer data)
{
  Notice *notice = data;
  GstRtcViewers *self = notice->self;

  self->listener->added (gst_rtc_viewer_get_user_id (notice->viewer),
      gst_rtc_viewer_get_screen (notice->viewer), self->user_data);
}

static void
tell_removed (GstRtcElement *element, gpointer data)
{
  Notice *notice = data;
  GstRtcViewers *self = notice->self;

  self->listener->removed (gst_rtc_viewer_get_user_id (notice->viewer),
      gst_rtc_viewer_get_screen (notice->viewer), self->user_data);
}

/* Who looks on is not known where a server takes the stream for all. */
static void
tell_viewer (GstRtcViewers *self, GstRtcViewer *viewer, GstRtcElementFunc func)
{
  if (!gst_rtc_viewer_is_server (viewer))
    gst_rtc_element_notify (
        self->element, func, make_notice (self, viewer), free_notice);
}

static void
request_keyframes (GstRtcViewers *self, gboolean screen)
{
  g_autoptr (GPtrArray) tracks =
      gst_rtc_tracks_ref_stream (self->tracks, screen);

  for (guint i = 0; i < tracks->len; i++)
    gst_rtc_track_request_keyframe (g_ptr_array_index (tracks, i));
}

/* @user_id: NULL for a server. */
static gboolean
serves (GstRtcViewer *viewer, const gchar *user_id, gboolean screen)
{
  return gst_rtc_viewer_get_screen (viewer) == screen &&
         g_strcmp0 (gst_rtc_viewer_get_user_id (viewer), user_id) == 0;
}

static gboolean
serve_the_same (GstRtcViewer *one, GstRtcViewer *other)
{
  return serves (one, gst_rtc_viewer_get_user_id (other),
      gst_rtc_viewer_get_screen (other));
}

/* Another transport brings the stream to the same user. */
static gboolean
receives_otherwise (GstRtcViewers *self, GstRtcViewer *viewer)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (value != viewer && gst_rtc_viewer_has_connected (value) &&
        serve_the_same (value, viewer))
      return TRUE;
  }
  return FALSE;
}

static void
remove_viewer (GstRtcViewers *self, GstRtcViewer *viewer)
{
  g_autoptr (GstRtcViewer) kept = gst_rtc_viewer_ref (viewer);

  gst_rtc_viewer_stop (kept);
  g_hash_table_remove (self->viewers, gst_rtc_viewer_get_media_session (kept));
  update_routes (self);
  if (gst_rtc_viewer_has_connected (kept) && !receives_otherwise (self, kept))
    tell_viewer (self, kept, tell_removed);
}

/* Those that @viewer takes the place of. */
static GList *
list_replaced (GstRtcViewers *self, GstRtcViewer *viewer)
{
  GList *replaced = NULL;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (value != viewer && gst_rtc_viewer_is_retired (value) &&
        serve_the_same (value, viewer))
      replaced = g_list_prepend (replaced, value);
  }
  return replaced;
}

/* The viewer that has taken over, and in what. */
typedef struct
{
  GstRtcViewers *self;
  GstRtcElement *element; /* keeps @self */
  GstRtcViewer *viewer;
} Handover;

static void
free_handover (gpointer data)
{
  Handover *handover = data;

  gst_rtc_viewer_unref (handover->viewer);
  gst_object_unref (handover->element);
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
start_handover (GstRtcViewers *self, GstRtcViewer *viewer)
{
  g_autoptr (GList) replaced = list_replaced (self, viewer);
  g_autoptr (GstRtcWorker) worker = gst_rtc_element_ref_worker (self->element);
  g_autoptr (GSource) timer = NULL;
  Handover *handover;

  if (!replaced || !worker)
    return;
  handover = g_new (Handover, 1);
  *handover = (Handover){.self = self,
      .element = gst_object_ref (self->element),
      .viewer = gst_rtc_viewer_ref (viewer)};
  timer = g_timeout_source_new (HANDOVER_MS);
  g_source_set_static_name (timer, "rtc handover");
  g_source_set_callback (timer, on_handover_over, handover, free_handover);
  g_source_attach (timer, gst_rtc_worker_get_context (worker));
}

static void
start_video (GstRtcViewers *self, GstRtcViewer *viewer)
{
  g_autoptr (GPtrArray) tracks = gst_rtc_tracks_ref_stream (
      self->tracks, gst_rtc_viewer_get_screen (viewer));

  for (guint i = 0; i < tracks->len; i++)
    gst_rtc_viewer_start_video (viewer, g_ptr_array_index (tracks, i));
}

static gboolean
note_lost (GstRtcViewers *self, GstRtcViewer *viewer)
{
  const gboolean first =
      gst_rtc_losses_note (self->losses, gst_rtc_viewer_get_user_id (viewer),
          gst_rtc_viewer_get_screen (viewer), g_get_monotonic_time ());

  return first || gst_rtc_viewer_has_been_steady (viewer);
}

static void
on_viewer_connected (GstRtcViewer *viewer, gpointer user_data)
{
  GstRtcViewers *self = user_data;

  start_handover (self, viewer);
  start_video (self, viewer);
  if (!receives_otherwise (self, viewer))
    tell_viewer (self, viewer, tell_added);
}

static void
warn_of_viewer (GstRtcViewers *self, GstRtcViewer *viewer, const GError *error)
{
  gst_rtc_element_post_failure (self->element, GST_MESSAGE_WARNING, error,
      GST_RTC_OPERATION_PUBLISH, gst_rtc_viewer_get_user_id (viewer),
      gst_rtc_failure_stream (gst_rtc_viewer_get_screen (viewer)));
}

/* One viewer lost; the publication goes on. What the end of the way to a
 * server means is the room client's to tell. */
static void
on_viewer_failed (GstRtcViewer *viewer, const GError *error, gpointer user_data)
{
  GstRtcViewers *self = user_data;

  if (!gst_rtc_viewer_is_retired (viewer) &&
      !gst_rtc_viewer_is_server (viewer) && note_lost (self, viewer))
    warn_of_viewer (self, viewer, error);
  gst_rtc_room_client_close_media (gst_rtc_element_get_client (self->element),
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
  GstRtcViewers *self = user_data;
  g_autoptr (GPtrArray) tracks = gst_rtc_tracks_ref_stream (
      self->tracks, gst_rtc_viewer_get_screen (viewer));

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
  Notice *notice = data;

  /* It may have gone while the application looked at its peer. */
  if (g_hash_table_contains (notice->self->viewers,
          gst_rtc_viewer_get_media_session (notice->viewer)))
    gst_rtc_viewer_start (notice->viewer);
}

static void
tell_peer_created (GstRtcElement *element, gpointer data)
{
  Notice *notice = data;
  GstRtcViewers *self = notice->self;
  g_autoptr (GstElement) webrtcbin =
      gst_rtc_peer_ref_webrtcbin (gst_rtc_viewer_get_peer (notice->viewer));

  if (webrtcbin) {
    self->listener->peer_created (gst_rtc_viewer_get_user_id (notice->viewer),
        webrtcbin, self->user_data);
  }
  gst_rtc_element_invoke (element, start_viewer_job,
      make_notice (self, notice->viewer), free_notice);
}

/* The application sees the transport before it is negotiated. */
static void
start_viewer (GstRtcViewers *self, GstRtcViewer *viewer)
{
  if (self->listener->wants_peer (self->user_data)) {
    gst_rtc_element_notify (self->element, tell_peer_created,
        make_notice (self, viewer), free_notice);
  } else {
    gst_rtc_viewer_start (viewer);
  }
}

/* A user has one media session for a stream: one that is still there is of
 * the time before the server lost the room, and goes on until @viewer is
 * connected. */
static void
retire_others (GstRtcViewers *self, GstRtcViewer *viewer)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (serve_the_same (value, viewer))
      gst_rtc_viewer_retire (value);
  }
}

static guint
count_viewers (GstRtcViewers *self)
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
is_known_viewer (GstRtcViewers *self, const GstRtcEvent *event)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (!gst_rtc_viewer_is_retired (value) &&
        serves (value, event->user_id, event->screen))
      return TRUE;
  }
  return FALSE;
}

static GstRtcViewer *
make_viewer (GstRtcViewers *self, const GstRtcEvent *event,
    const GstRtcViewersLimits *limits, GError **error)
{
  g_autoptr (GPtrArray) tracks =
      gst_rtc_tracks_ref_stream (self->tracks, event->screen);
  GstRtcViewer *viewer;

  if (event->user_id && count_viewers (self) >= limits->max_viewers &&
      !is_known_viewer (self, event)) {
    gst_rtc_error_set (error, GST_RTC_ERROR_PUBLISH_ERROR, 0,
        "the publisher serves %u viewers, which is its limit",
        limits->max_viewers);
    return NULL;
  }

  viewer = gst_rtc_viewer_new (self->element, event->media_session,
      event->user_id, event->screen, &viewer_listener, self, error);
  if (viewer && gst_rtc_viewer_is_server (viewer))
    gst_rtc_viewer_follow_rate (viewer, limits->min_bitrate,
        limits->start_bitrate, limits->max_bitrate);
  for (guint i = 0; viewer && i < tracks->len; i++)
    gst_rtc_viewer_add_track (viewer, g_ptr_array_index (tracks, i));
  return viewer;
}

/* So that it is there when the viewer is. */
static void
prepare_keyframes (GstRtcViewers *self, gboolean screen)
{
  g_autoptr (GPtrArray) tracks =
      gst_rtc_tracks_ref_stream (self->tracks, screen);

  for (guint i = 0; i < tracks->len; i++)
    gst_rtc_track_prepare_keyframe (g_ptr_array_index (tracks, i));
}

static void
refuse_viewer (
    GstRtcViewers *self, const GstRtcEvent *event, const GError *error)
{
  if (!event->user_id || gst_rtc_losses_note (self->losses, event->user_id,
                             event->screen, g_get_monotonic_time ()))
    gst_rtc_element_post_failure (self->element, GST_MESSAGE_WARNING, error,
        GST_RTC_OPERATION_PUBLISH, event->user_id,
        gst_rtc_failure_stream (event->screen));
  gst_rtc_room_client_close_media (gst_rtc_element_get_client (self->element),
      event->media_session, error->message);
}

void
gst_rtc_viewers_open (GstRtcViewers *self, const GstRtcEvent *event,
    const GstRtcViewersLimits *limits)
{
  GstRtcViewer *viewer =
      g_hash_table_lookup (self->viewers, event->media_session);
  g_autoptr (GError) error = NULL;

  if (viewer) {
    gst_rtc_viewer_set_wanted (viewer, event->media);
    request_keyframes (self, event->screen);
    return;
  }

  viewer = make_viewer (self, event, limits, &error);
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
close_viewer (GstRtcViewers *self, GstRtcViewer *viewer, const GError *error)
{
  if (error && note_lost (self, viewer))
    warn_of_viewer (self, viewer, error);
  remove_viewer (self, viewer);
}

void
gst_rtc_viewers_room_event (GstRtcViewers *self, const GstRtcEvent *event)
{
  GstRtcViewer *viewer =
      event->media_session
          ? g_hash_table_lookup (self->viewers, event->media_session)
          : NULL;

  if (!viewer)
    return;
  switch (event->type) {
    case GST_RTC_EVENT_MEDIA_DESCRIPTION:
      gst_rtc_viewer_set_answer (viewer, event->sdp);
      break;
    case GST_RTC_EVENT_MEDIA_CANDIDATE:
      gst_rtc_viewer_add_candidate (viewer, event->mline, event->candidate);
      break;
    case GST_RTC_EVENT_MEDIA_CLOSED:
      close_viewer (self, viewer, event->error);
      break;
    case GST_RTC_EVENT_MEDIA_TROUBLE:
      warn_of_viewer (self, viewer, event->error);
      break;
    default:
      break;
  }
}

void
gst_rtc_viewers_set_clock (GstRtcViewers *self, GstClock *clock)
{
  GHashTableIter iter;
  gpointer viewer;

  g_hash_table_iter_init (&iter, self->viewers);
  while (g_hash_table_iter_next (&iter, NULL, &viewer)) {
    GstRtcPeer *peer = gst_rtc_viewer_get_peer (viewer);

    if (!gst_rtc_peer_runs_by (peer, clock))
      gst_rtc_peer_set_clock (peer, clock);
  }
}

void
gst_rtc_viewers_reset (GstRtcViewers *self)
{
  g_autoptr (GList) viewers = g_hash_table_get_values (self->viewers);

  for (GList *item = viewers; item; item = item->next)
    remove_viewer (self, item->data);
  gst_rtc_losses_forget_all (self->losses);
}

/* --- statistics --- */

static GPtrArray *
ref_viewers (GstRtcViewers *self)
{
  GPtrArray *viewers =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_viewer_unref);

  g_mutex_lock (&self->lock);
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++) {
    GPtrArray *route = self->routes[screen];

    for (guint i = 0; i < route->len; i++)
      g_ptr_array_add (
          viewers, gst_rtc_viewer_ref (g_ptr_array_index (route, i)));
  }
  g_mutex_unlock (&self->lock);
  return viewers;
}

static void
append_stats (GValue *list, GstRtcViewer *viewer)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, gst_rtc_viewer_get_stats (viewer));
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

void
gst_rtc_viewers_add_stats (GstRtcViewers *self, GstStructure *stats)
{
  g_autoptr (GPtrArray) viewers = ref_viewers (self);
  GValue list = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_LIST);
  for (guint i = 0; i < viewers->len; i++)
    append_stats (&list, g_ptr_array_index (viewers, i));
  gst_structure_set (
      stats, "viewers", G_TYPE_UINT, count_users (viewers), NULL);
  gst_structure_take_value (stats, "peers", &list);
}

/* --- life --- */

GstRtcViewers *
gst_rtc_viewers_new (GstRtcElement *element, GstRtcTracks *tracks,
    const GstRtcViewersListener *listener, gpointer user_data)
{
  GstRtcViewers *self = g_new0 (GstRtcViewers, 1);

  self->element = element;
  self->tracks = tracks;
  self->listener = listener;
  self->user_data = user_data;
  g_mutex_init (&self->lock);
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++) {
    self->routes[screen] =
        g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_viewer_unref);
  }
  self->viewers = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify)gst_rtc_viewer_unref);
  self->losses = gst_rtc_losses_new ();
  return self;
}

void
gst_rtc_viewers_free (GstRtcViewers *self)
{
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++)
    g_ptr_array_unref (self->routes[screen]);
  g_hash_table_unref (self->viewers);
  gst_rtc_losses_free (self->losses);
  g_mutex_clear (&self->lock);
  g_free (self);
}
