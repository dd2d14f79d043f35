/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One viewer of an own stream: its media session and the transport to it.
 * Worker, but for packets, which come from streaming threads. */
#include "gstrtcviewer.h"

/* The other side may refuse a transport right after it stood here, since it
 * checks a certificate of its own. */
#define STEADY (2 * G_TIME_SPAN_SECOND)

struct _GstRtcViewer
{
  gatomicrefcount ref_count;
  GstRtcElement *element; /* borrowed: the element stops its viewers first */
  gchar *media_session;
  gchar *user_id;
  gboolean screen;
  GstRtcPeer *peer;
  gboolean retired;
  gint64 connected_at; /* monotonic, 0 before */
  gint wanted;         /* atomic GstRtcMedia */
  gint has_video;      /* atomic: a keyframe has been sent */
  gint n_video;        /* atomic: frames sent */
  gint n_audio;        /* likewise */
  const GstRtcViewerListener *listener;
  gpointer user_data;
  gboolean has_track; /* and so something to offer */
};

static void
on_local_description (GstRtcPeer *peer, const gchar *sdp, gpointer user_data)
{
  GstRtcViewer *self = user_data;

  gst_rtc_room_client_send_description (
      gst_rtc_element_get_client (self->element), self->media_session, sdp);
}

static void
on_local_candidate (
    GstRtcPeer *peer, guint mline, const gchar *candidate, gpointer user_data)
{
  GstRtcViewer *self = user_data;

  gst_rtc_room_client_send_candidate (
      gst_rtc_element_get_client (self->element), self->media_session, mline,
      candidate ? candidate : "");
}

static void
on_connected (GstRtcPeer *peer, gpointer user_data)
{
  GstRtcViewer *self = user_data;

  self->connected_at = g_get_monotonic_time ();
  gst_rtc_room_client_media_connected (
      gst_rtc_element_get_client (self->element), self->media_session);
  self->listener->connected (self, self->user_data);
}

static void
on_failed (GstRtcPeer *peer, const GError *error, gpointer user_data)
{
  GstRtcViewer *self = user_data;

  self->listener->failed (self, error, self->user_data);
}

static void
on_keyframe_wanted (GstRtcPeer *peer, gpointer user_data)
{
  GstRtcViewer *self = user_data;

  self->listener->keyframe_wanted (self, self->user_data);
}

static void
on_bitrate (GstRtcPeer *peer, guint bitrate, gpointer user_data)
{
  GstRtcViewer *self = user_data;

  self->listener->bitrate (self, bitrate, self->user_data);
}

static const GstRtcPeerListener peer_listener = {
    .local_description = on_local_description,
    .local_candidate = on_local_candidate,
    .connected = on_connected,
    .failed = on_failed,
    .keyframe_wanted = on_keyframe_wanted,
    .bitrate = on_bitrate,
};

GstRtcViewer *
gst_rtc_viewer_new (GstRtcElement *element, const gchar *media_session,
    const gchar *user_id, gboolean screen, const GstRtcViewerListener *listener,
    gpointer user_data, GError **error)
{
  g_autofree gchar *name =
      user_id ? g_strdup_printf ("viewer-%s", user_id) : g_strdup ("uplink");
  GstRtcViewer *self = g_new0 (GstRtcViewer, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->element = element;
  self->media_session = g_strdup (media_session);
  self->user_id = g_strdup (user_id);
  self->screen = screen;
  self->listener = listener;
  self->user_data = user_data;
  self->wanted = GST_RTC_MEDIA_BOTH;
  self->peer = gst_rtc_element_new_peer (
      element, GST_RTC_PEER_SENDER, name, 0, &peer_listener, self, error);
  if (!self->peer)
    g_clear_pointer (&self, gst_rtc_viewer_unref);
  return self;
}

GstRtcViewer *
gst_rtc_viewer_ref (GstRtcViewer *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
gst_rtc_viewer_unref (GstRtcViewer *self)
{
  if (!self)
    return;
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  gst_clear_object (&self->peer);
  g_free (self->media_session);
  g_free (self->user_id);
  g_free (self);
}

void
gst_rtc_viewer_add_track (GstRtcViewer *self, GstRtcTrack *track)
{
  g_autoptr (GstCaps) caps = gst_rtc_track_ref_rtp_caps (track);

  /* None while the element goes to READY. */
  if (!caps)
    return;
  gst_rtc_peer_add_track (self->peer, gst_rtc_track_get_medium (track), caps);
  self->has_track = TRUE;
}

void
gst_rtc_viewer_follow_rate (
    GstRtcViewer *self, guint least, guint start, guint most)
{
  gst_rtc_peer_follow_rate (self->peer, least, start, most);
}

void
gst_rtc_viewer_start (GstRtcViewer *self)
{
  if (self->has_track)
    gst_rtc_peer_start (self->peer);
}

void
gst_rtc_viewer_set_answer (GstRtcViewer *self, const gchar *sdp)
{
  gst_rtc_peer_set_remote_description (self->peer, sdp);
}

void
gst_rtc_viewer_add_candidate (
    GstRtcViewer *self, guint mline, const gchar *candidate)
{
  gst_rtc_peer_add_candidate (self->peer, mline, candidate);
}

void
gst_rtc_viewer_stop (GstRtcViewer *self)
{
  gst_rtc_peer_stop (self->peer);
}

void
gst_rtc_viewer_retire (GstRtcViewer *self)
{
  self->retired = TRUE;
}

gboolean
gst_rtc_viewer_is_retired (GstRtcViewer *self)
{
  return self->retired;
}

void
gst_rtc_viewer_set_wanted (GstRtcViewer *self, GstRtcMedia wanted)
{
  /* What was paused goes on with a keyframe. */
  if (!(g_atomic_int_get (&self->wanted) & GST_RTC_MEDIA_VIDEO))
    g_atomic_int_set (&self->has_video, FALSE);
  g_atomic_int_set (&self->wanted, (gint)wanted);
}

gboolean
gst_rtc_viewer_begin_video (GstRtcViewer *self, gboolean key)
{
  if (key && gst_rtc_peer_is_connected (self->peer))
    g_atomic_int_set (&self->has_video, TRUE);
  return g_atomic_int_get (&self->has_video);
}

static gboolean
ends_frame (GstBufferList *list)
{
  return GST_BUFFER_FLAG_IS_SET (
      gst_buffer_list_get (list, gst_buffer_list_length (list) - 1),
      GST_BUFFER_FLAG_MARKER);
}

void
gst_rtc_viewer_push (
    GstRtcViewer *self, GstRtcMedia medium, GstBufferList *list)
{
  if (!(g_atomic_int_get (&self->wanted) & medium) ||
      !gst_rtc_peer_push (self->peer, medium, list))
    return;
  if (medium == GST_RTC_MEDIA_AUDIO)
    g_atomic_int_add (&self->n_audio, (gint)gst_buffer_list_length (list));
  else if (ends_frame (list))
    g_atomic_int_inc (&self->n_video);
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

  if (!g_atomic_int_get (&replay->viewer->has_video))
    replay->begun = gst_rtc_viewer_begin_video (replay->viewer, TRUE);
  if (replay->begun)
    gst_rtc_viewer_push (replay->viewer, GST_RTC_MEDIA_VIDEO, list);
}

void
gst_rtc_viewer_start_video (GstRtcViewer *self, GstRtcTrack *track)
{
  Replay replay = {.viewer = self};

  if (gst_rtc_track_get_medium (track) == GST_RTC_MEDIA_VIDEO &&
      !gst_rtc_track_replay (track, replay_packets, &replay))
    gst_rtc_track_request_keyframe (track);
}

GstStructure *
gst_rtc_viewer_get_stats (GstRtcViewer *self)
{
  GstStructure *stats = gst_rtc_peer_get_stats (self->peer);

  gst_structure_set (stats, "screen", G_TYPE_BOOLEAN, self->screen,
      "video-frames-sent", G_TYPE_UINT64,
      (guint64)(guint)g_atomic_int_get (&self->n_video), "audio-frames-sent",
      G_TYPE_UINT64, (guint64)(guint)g_atomic_int_get (&self->n_audio), NULL);
  if (!gst_rtc_viewer_is_server (self))
    gst_structure_set (stats, "user-id", G_TYPE_STRING, self->user_id, NULL);
  return stats;
}

const gchar *
gst_rtc_viewer_get_media_session (GstRtcViewer *self)
{
  return self->media_session;
}

const gchar *
gst_rtc_viewer_get_user_id (GstRtcViewer *self)
{
  return self->user_id;
}

gboolean
gst_rtc_viewer_is_server (GstRtcViewer *self)
{
  return self->user_id == NULL;
}

gboolean
gst_rtc_viewer_get_screen (GstRtcViewer *self)
{
  return self->screen;
}

gboolean
gst_rtc_viewer_has_connected (GstRtcViewer *self)
{
  return self->connected_at > 0;
}

gboolean
gst_rtc_viewer_has_been_steady (GstRtcViewer *self)
{
  return gst_rtc_viewer_has_connected (self) &&
         g_get_monotonic_time () - self->connected_at >= STEADY;
}

GstRtcPeer *
gst_rtc_viewer_get_peer (GstRtcViewer *self)
{
  return self->peer;
}
