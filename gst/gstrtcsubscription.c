/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One subscribed stream of another user. Worker, but for packets, which
 * pass on streaming threads. */
#include "gstrtcsubscription.h"

#define N_MEDIA 2 /* audio and video */

struct _GstRtcSubscription
{
  gatomicrefcount ref_count;
  GstRtcElement *element; /* borrowed: it closes its subscriptions first */
  gchar *user_id;
  gboolean screen;
  guint group_id;
  const GstRtcSubscriptionListener *listener;
  gpointer user_data;

  /* Atomic: set on the worker, read by packets; cleared only while there is
   * no transport. */
  GstRtcOutput *outputs[N_MEDIA];

  /* Worker only. */
  GstRtcMedia wanted;
  GstRtcMedia offered;
  GstRtcMedia muted;
  GstRtcMedia paused;

  GMutex lock;
  /* Under lock: read by the statistics and for keyframes. */
  gchar *media_session;
  GstRtcPeer *peer;
};

static guint
index_of (GstRtcMedia medium)
{
  return medium == GST_RTC_MEDIA_VIDEO ? 1 : 0;
}

static GstRtcPeer *
ref_peer (GstRtcSubscription *self)
{
  GstRtcPeer *peer;

  g_mutex_lock (&self->lock);
  peer = self->peer ? gst_object_ref (self->peer) : NULL;
  g_mutex_unlock (&self->lock);
  return peer;
}

/* --- from the outputs --- */

static void
on_keyframe_wanted (GstRtcOutput *output, gpointer user_data)
{
  g_autoptr (GstRtcPeer) peer = ref_peer (user_data);

  if (peer)
    gst_rtc_peer_request_keyframe (peer);
}

static void
on_ended (GstRtcOutput *output, gpointer user_data)
{
  GstRtcSubscription *self = user_data;

  self->listener->output_ended (self, output, self->user_data);
}

static const GstRtcOutputListener output_listener = {
    .keyframe_wanted = on_keyframe_wanted,
    .ended = on_ended,
};

/* --- from the transport --- */

static void
on_local_description (GstRtcPeer *peer, const gchar *sdp, gpointer user_data)
{
  GstRtcSubscription *self = user_data;

  gst_rtc_room_client_send_description (
      gst_rtc_element_get_client (self->element), self->media_session, sdp);
}

static void
on_local_candidate (GstRtcPeer *peer, guint mline, const gchar *candidate,
    gpointer user_data)
{
  GstRtcSubscription *self = user_data;

  gst_rtc_room_client_send_candidate (
      gst_rtc_element_get_client (self->element), self->media_session, mline,
      candidate ? candidate : "");
}

static void
on_connected (GstRtcPeer *peer, gpointer user_data)
{
  GstRtcSubscription *self = user_data;

  gst_rtc_room_client_media_connected (
      gst_rtc_element_get_client (self->element), self->media_session);
  self->listener->connected (self, self->user_data);
}

static void
on_failed (GstRtcPeer *peer, const GError *error, gpointer user_data)
{
  GstRtcSubscription *self = user_data;

  self->listener->failed (self, error, self->user_data);
}

static const GstRtcMedia each_medium[N_MEDIA] = {
    GST_RTC_MEDIA_AUDIO, GST_RTC_MEDIA_VIDEO};

static void
ensure_outputs (GstRtcSubscription *self)
{
  for (guint i = 0; i < N_MEDIA; i++) {
    GstRtcMedia medium = each_medium[i];

    if ((self->wanted & self->offered & medium) && !self->outputs[i]) {
      g_atomic_pointer_set (&self->outputs[i],
          self->listener->new_output (
              self, medium, &output_listener, self->user_data));
    }
  }
}

static void
on_remote_tracks (
    GstRtcPeer *peer, GstCaps *audio, GstCaps *video, gpointer user_data)
{
  GstRtcSubscription *self = user_data;

  self->offered = (audio ? GST_RTC_MEDIA_AUDIO : GST_RTC_MEDIA_NONE) |
                  (video ? GST_RTC_MEDIA_VIDEO : GST_RTC_MEDIA_NONE);
  ensure_outputs (self);
}

static void
on_rtp (GstRtcPeer *peer, GstRtcMedia medium, GstCaps *caps,
    GstBuffer *buffer, gpointer user_data)
{
  GstRtcSubscription *self = user_data;
  GstRtcOutput *output =
      g_atomic_pointer_get (&self->outputs[index_of (medium)]);

  if (output)
    gst_rtc_output_push (output, caps, buffer);
  else
    gst_buffer_unref (buffer);
}

static const GstRtcPeerListener peer_listener = {
    .local_description = on_local_description,
    .local_candidate = on_local_candidate,
    .connected = on_connected,
    .failed = on_failed,
    .remote_tracks = on_remote_tracks,
    .rtp = on_rtp,
};

/* --- public --- */

GstRtcSubscription *
gst_rtc_subscription_new (GstRtcElement *element, const gchar *user_id,
    gboolean screen, const GstRtcSubscriptionListener *listener,
    gpointer user_data)
{
  GstRtcSubscription *self = g_new0 (GstRtcSubscription, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->element = element;
  self->user_id = g_strdup (user_id);
  self->screen = screen;
  self->group_id = gst_util_group_id_next ();
  self->wanted = GST_RTC_MEDIA_BOTH;
  self->listener = listener;
  self->user_data = user_data;
  return self;
}

GstRtcSubscription *
gst_rtc_subscription_ref (GstRtcSubscription *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
gst_rtc_subscription_unref (GstRtcSubscription *self)
{
  if (!self)
    return;
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < N_MEDIA; i++)
    gst_clear_object (&self->outputs[i]);
  gst_clear_object (&self->peer);
  g_mutex_clear (&self->lock);
  g_free (self->media_session);
  g_free (self->user_id);
  g_free (self);
}

gboolean
gst_rtc_subscription_open (GstRtcSubscription *self,
    const gchar *media_session, guint latency, GError **error)
{
  g_autofree gchar *name = g_strdup_printf ("from-%s", self->user_id);
  GstRtcPeer *peer;

  gst_rtc_subscription_close (self);
  peer = gst_rtc_element_new_peer (self->element, GST_RTC_PEER_RECEIVER,
      name, latency, &peer_listener, self, error);
  if (!peer)
    return FALSE;

  g_mutex_lock (&self->lock);
  self->peer = peer;
  self->media_session = g_strdup (media_session);
  g_mutex_unlock (&self->lock);
  gst_rtc_peer_start (peer);
  return TRUE;
}

void
gst_rtc_subscription_set_offer (GstRtcSubscription *self, const gchar *sdp)
{
  if (self->peer)
    gst_rtc_peer_set_remote_description (self->peer, sdp);
}

void
gst_rtc_subscription_add_candidate (
    GstRtcSubscription *self, guint mline, const gchar *candidate)
{
  if (self->peer)
    gst_rtc_peer_add_candidate (self->peer, mline, candidate);
}

void
gst_rtc_subscription_set_wanted (GstRtcSubscription *self, GstRtcMedia wanted)
{
  self->wanted = wanted;
  ensure_outputs (self);
}

void
gst_rtc_subscription_set_muted (GstRtcSubscription *self, GstRtcMedia muted)
{
  self->muted = muted;
}

GstRtcMedia
gst_rtc_subscription_get_muted (GstRtcSubscription *self)
{
  return self->muted;
}

void
gst_rtc_subscription_set_paused (GstRtcSubscription *self, GstRtcMedia paused)
{
  self->paused = paused;
}

GstRtcMedia
gst_rtc_subscription_get_paused (GstRtcSubscription *self)
{
  return self->paused;
}

gboolean
gst_rtc_subscription_fill_gaps (GstRtcSubscription *self)
{
  GstRtcMedia absent = self->muted | self->paused;

  for (guint i = 0; i < N_MEDIA; i++) {
    if ((absent & each_medium[i]) && self->outputs[i])
      gst_rtc_output_fill_gap (self->outputs[i]);
  }
  return absent != GST_RTC_MEDIA_NONE;
}

void
gst_rtc_subscription_close (GstRtcSubscription *self)
{
  g_autoptr (GstRtcPeer) peer = NULL;
  g_autofree gchar *media_session = NULL;

  self->offered = GST_RTC_MEDIA_NONE;
  self->paused = GST_RTC_MEDIA_NONE;

  g_mutex_lock (&self->lock);
  peer = g_steal_pointer (&self->peer);
  media_session = g_steal_pointer (&self->media_session);
  g_mutex_unlock (&self->lock);
  if (peer)
    gst_rtc_peer_stop (peer);
}

void
gst_rtc_subscription_end_outputs (GstRtcSubscription *self)
{
  for (guint i = 0; i < N_MEDIA; i++) {
    g_autoptr (GstRtcOutput) output = g_steal_pointer (&self->outputs[i]);

    if (output)
      gst_rtc_output_end (output);
  }
}

const gchar *
gst_rtc_subscription_get_media_session (GstRtcSubscription *self)
{
  return self->media_session;
}

const gchar *
gst_rtc_subscription_get_user_id (GstRtcSubscription *self)
{
  return self->user_id;
}

gboolean
gst_rtc_subscription_get_screen (GstRtcSubscription *self)
{
  return self->screen;
}

guint
gst_rtc_subscription_get_group_id (GstRtcSubscription *self)
{
  return self->group_id;
}

gboolean
gst_rtc_subscription_has_outputs (GstRtcSubscription *self)
{
  return self->outputs[0] || self->outputs[1];
}

GstRtcOutput *
gst_rtc_subscription_get_output (
    GstRtcSubscription *self, GstRtcMedia medium)
{
  return self->outputs[index_of (medium)];
}

GstStructure *
gst_rtc_subscription_get_stats (GstRtcSubscription *self)
{
  g_autoptr (GstRtcPeer) peer = ref_peer (self);
  GstStructure *stats;

  if (!peer)
    return NULL;
  stats = gst_rtc_peer_get_stats (peer);
  gst_structure_set (stats, "user-id", G_TYPE_STRING, self->user_id,
      "screen", G_TYPE_BOOLEAN, self->screen, NULL);
  return stats;
}
