/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One subscribed stream of another user. Worker, but for packets, which
 * pass on streaming threads. */
#include "gstrtcsubscription.h"

#include "rtcroomstate.h"

#define N_MEDIA 2 /* audio and video */
/* How long the transport before goes on beyond the jitter buffer when the
 * next one stands. */
#define HANDOVER_MS 500
/* Media that flowed for as long makes a failure the first one again. */
#define STEADY (10 * G_TIME_SPAN_SECOND)

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
  guint latency;
  gboolean restarts; /* the transport takes the place of another one */
  guint n_attempts;
  gint64 flows_since; /* monotonic, 0 while nothing flows */
  GSource *timer;     /* of the next attempt */
  GSource *handover;

  GMutex lock;
  /* Under lock: read by the statistics, for keyframes and by packets. */
  gchar *media_session;
  GstRtcPeer *peer;
  GstRtcPeer *old_peer;   /* brings media until the other one does */
  GstRtcMedia taken_over; /* media that come from the peer now */
};

static void
clear_source (GSource **source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

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

  if (peer != self->peer)
    return;
  gst_rtc_room_client_send_description (
      gst_rtc_element_get_client (self->element), self->media_session, sdp);
}

static void
on_local_candidate (
    GstRtcPeer *peer, guint mline, const gchar *candidate, gpointer user_data)
{
  GstRtcSubscription *self = user_data;

  if (peer != self->peer)
    return;
  gst_rtc_room_client_send_candidate (
      gst_rtc_element_get_client (self->element), self->media_session, mline,
      candidate ? candidate : "");
}

static void
stop_old_peer (GstRtcSubscription *self)
{
  g_autoptr (GstRtcPeer) peer = NULL;

  clear_source (&self->handover);
  g_mutex_lock (&self->lock);
  peer = g_steal_pointer (&self->old_peer);
  g_mutex_unlock (&self->lock);
  if (peer)
    gst_rtc_peer_stop (peer);
}

static gboolean
on_handover_over (gpointer user_data)
{
  stop_old_peer (user_data);
  return G_SOURCE_REMOVE;
}

static void
start_handover (GstRtcSubscription *self)
{
  g_autoptr (GstRtcWorker) worker = gst_rtc_element_ref_worker (self->element);

  clear_source (&self->handover);
  if (!self->old_peer || !worker)
    return;
  self->handover = g_timeout_source_new (self->latency + HANDOVER_MS);
  g_source_set_static_name (self->handover, "rtc handover");
  g_source_set_callback (self->handover, on_handover_over, self, NULL);
  g_source_attach (self->handover, gst_rtc_worker_get_context (worker));
}

static void
on_connected (GstRtcPeer *peer, gpointer user_data)
{
  GstRtcSubscription *self = user_data;
  gboolean restarted = self->restarts;

  if (peer != self->peer)
    return;
  self->restarts = FALSE;
  self->flows_since = g_get_monotonic_time ();
  start_handover (self);
  gst_rtc_room_client_media_connected (
      gst_rtc_element_get_client (self->element), self->media_session);
  self->listener->connected (self, restarted, self->user_data);
}

static void
on_failed (GstRtcPeer *peer, const GError *error, gpointer user_data)
{
  GstRtcSubscription *self = user_data;

  if (peer == self->peer)
    self->listener->failed (self, error, self->user_data);
  else if (peer == self->old_peer)
    stop_old_peer (self);
}

static const GstRtcMedia each_medium[N_MEDIA] = {
    GST_RTC_MEDIA_AUDIO, GST_RTC_MEDIA_VIDEO};

static void
ensure_outputs (GstRtcSubscription *self)
{
  for (guint i = 0; i < N_MEDIA; i++) {
    GstRtcMedia medium = each_medium[i];

    if ((self->wanted & self->offered & medium) && !self->outputs[i]) {
      g_atomic_pointer_set (
          &self->outputs[i], self->listener->new_output (self, medium,
                                 &output_listener, self->user_data));
    }
  }
}

static void
on_remote_tracks (
    GstRtcPeer *peer, GstCaps *audio, GstCaps *video, gpointer user_data)
{
  GstRtcSubscription *self = user_data;

  if (peer != self->peer)
    return;
  self->offered = (audio ? GST_RTC_MEDIA_AUDIO : GST_RTC_MEDIA_NONE) |
                  (video ? GST_RTC_MEDIA_VIDEO : GST_RTC_MEDIA_NONE);
  ensure_outputs (self);
}

/* Both transports carry the same packets, and the depayloader drops those
 * that it has had: each medium changes over with its first new packet. */
static gboolean
is_current (GstRtcSubscription *self, GstRtcPeer *peer, GstRtcMedia medium)
{
  gboolean current = TRUE;

  g_mutex_lock (&self->lock);
  if (peer == self->peer)
    self->taken_over |= medium;
  else
    current = (self->taken_over & medium) == 0;
  g_mutex_unlock (&self->lock);
  return current;
}

static void
on_rtp (GstRtcPeer *peer, GstRtcMedia medium, GstCaps *caps, GstBuffer *buffer,
    gpointer user_data)
{
  GstRtcSubscription *self = user_data;
  GstRtcOutput *output =
      g_atomic_pointer_get (&self->outputs[index_of (medium)]);

  if (output && is_current (self, peer, medium))
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
  gst_clear_object (&self->old_peer);
  clear_source (&self->timer);
  clear_source (&self->handover);
  g_mutex_clear (&self->lock);
  g_free (self->media_session);
  g_free (self->user_id);
  g_free (self);
}

/* The peer becomes the old one, where that has not brought media it goes. */
static void
replace_peer (GstRtcSubscription *self, GstRtcPeer *peer)
{
  g_autoptr (GstRtcPeer) unused = NULL;

  clear_source (&self->handover);
  g_mutex_lock (&self->lock);
  if (self->peer && gst_rtc_peer_is_connected (self->peer)) {
    unused = self->old_peer;
    self->old_peer = self->peer;
  } else {
    unused = self->peer;
  }
  self->peer = peer;
  self->taken_over = GST_RTC_MEDIA_NONE;
  g_mutex_unlock (&self->lock);
  if (unused)
    gst_rtc_peer_stop (unused);
}

gboolean
gst_rtc_subscription_open (GstRtcSubscription *self, const gchar *media_session,
    guint latency, GError **error)
{
  g_autofree gchar *name = g_strdup_printf ("from-%s", self->user_id);
  GstRtcPeer *peer = gst_rtc_element_new_peer (self->element,
      GST_RTC_PEER_RECEIVER, name, latency, &peer_listener, self, error);

  g_mutex_lock (&self->lock);
  g_free (self->media_session);
  self->media_session = g_strdup (media_session);
  g_mutex_unlock (&self->lock);
  if (!peer)
    return FALSE;
  clear_source (&self->timer);
  self->offered = GST_RTC_MEDIA_NONE;
  self->latency = latency;
  self->restarts = gst_rtc_subscription_has_outputs (self);
  self->flows_since = 0;
  replace_peer (self, peer);
  gst_rtc_peer_start (peer);
  return TRUE;
}

gboolean
gst_rtc_subscription_runs_by (GstRtcSubscription *self, GstClock *clock)
{
  return !self->peer || gst_rtc_peer_runs_by (self->peer, clock);
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

GstRtcMedia
gst_rtc_subscription_get_wanted (GstRtcSubscription *self)
{
  return self->wanted;
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

static gboolean
has_been_steady (GstRtcSubscription *self)
{
  return self->flows_since > 0 &&
         g_get_monotonic_time () - self->flows_since >= STEADY;
}

gint
gst_rtc_subscription_next_attempt (
    GstRtcSubscription *self, guint max_attempts, guint delay)
{
  if (has_been_steady (self))
    self->n_attempts = 0;
  self->flows_since = 0;
  if (self->n_attempts >= max_attempts)
    return -1;
  self->n_attempts++;
  return (gint)gst_rtc_get_retry_delay (
      self->n_attempts, delay, g_random_int ());
}

gboolean
gst_rtc_subscription_is_first_attempt (GstRtcSubscription *self)
{
  return self->n_attempts == 0 || has_been_steady (self);
}

void
gst_rtc_subscription_take_timer (GstRtcSubscription *self, GSource *timer)
{
  clear_source (&self->timer);
  self->timer = timer;
}

void
gst_rtc_subscription_suspend (GstRtcSubscription *self)
{
  g_autoptr (GstRtcPeer) peer = NULL;

  clear_source (&self->timer);
  clear_source (&self->handover);
  self->offered = GST_RTC_MEDIA_NONE;
  g_mutex_lock (&self->lock);
  peer = g_steal_pointer (&self->peer);
  self->taken_over = GST_RTC_MEDIA_NONE;
  g_mutex_unlock (&self->lock);
  if (peer)
    gst_rtc_peer_stop (peer);
}

void
gst_rtc_subscription_close (GstRtcSubscription *self)
{
  gst_rtc_subscription_suspend (self);
  stop_old_peer (self);
  self->paused = GST_RTC_MEDIA_NONE;
  self->n_attempts = 0;
  self->flows_since = 0;
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->media_session, g_free);
  g_mutex_unlock (&self->lock);
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
gst_rtc_subscription_get_output (GstRtcSubscription *self, GstRtcMedia medium)
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
  gst_structure_set (stats, "user-id", G_TYPE_STRING, self->user_id, "screen",
      G_TYPE_BOOLEAN, self->screen, NULL);
  return stats;
}
