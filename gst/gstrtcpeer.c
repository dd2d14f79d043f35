/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One media transport: a pipeline of its own around one webrtcbin.
 * Threads: the worker owns all signaling; webrtcbin's threads and the bus
 * only queue to it; RTP passes on streaming threads. */
#include "gstrtcpeer.h"

#include <gst/webrtc/webrtc.h>

#include "gstrtcdtls.h"
#include "gstrtcincoming.h"
#include "gstrtcliveness.h"
#include "gstrtcnegotiation.h"
#include "gstrtcoutgoing.h"
#include "gstrtcpeerlog.h"
#include "gstrtcreports.h"
#include "gstrtcsdp.h"
#include "gstrtcwebrtc.h"
#include "rtcaddress.h"
#include "rtcerror-private.h"
#include "rtcfiles.h"

#define GST_CAT_DEFAULT gst_rtc_peer_log_get_category ()

/* How long the end of gathering may be owed (it may never be told). */
#define GATHERING_DEADLINE_MS 3000
#define RATE_INTERVAL_MS 1000

struct _GstRtcPeer
{
  GstObject parent;

  /* Set by gst_rtc_peer_new (). */
  GstRtcWorker *worker;
  GstRtcPeerListener listener;
  gpointer user_data;
  GstRtcPeerRole role;
  guint latency;
  guint connect_timeout;
  guint media_timeout;

  /* Its parts, from the first to the last moment. */
  GstRtcDtls *dtls;
  GstRtcIncoming *incoming;
  GstRtcNegotiation *negotiation;
  GstRtcOutgoing *outgoing;
  GstRtcReports *reports;

  /* Worker. */
  GstElement *pipeline; /* NULL once stopped */
  GstElement *webrtc;   /* NULL once stopped */
  gboolean started;
  gboolean over; /* stopped or failed: the listener hears no more */
  gboolean gathering_told;
  GSource *connect_timer;
  GSource *gathering_timer;
  GSource *liveness_timer;
  GSource *rate_timer;
  GstRtcLiveness liveness;
  GstRtcAddressWatch *address_watch; /* while connected */

  /* Object lock. */
  gboolean quiet; /* no listener call may start */
  guint n_calls;  /* listener calls on streaming threads */
  GCond calls_done;

  /* Orders the start and the end of the pipeline, which run on helper
   * threads. */
  GMutex state_lock;
  gboolean torn; /* state lock */

  /* Atomic. */
  gint connected;
  gint files; /* descriptors are reserved */
};

G_DEFINE_TYPE (GstRtcPeer, gst_rtc_peer, GST_TYPE_OBJECT)

typedef struct _Event Event;
typedef void (*EventFunc) (GstRtcPeer *peer, Event *event);

/* What another thread tells the worker. */
struct _Event
{
  GstRtcPeer *peer;
  EventFunc func;
  guint mline;
  gchar *text;
};

static void
event_free (gpointer data)
{
  Event *event = data;

  gst_object_unref (event->peer);
  g_free (event->text);
  g_free (event);
}

static void
run_event (gpointer data, gpointer unused)
{
  Event *event = data;

  if (!event->peer->over)
    event->func (event->peer, event);
}

/* Takes @text. */
static void
queue_event (GstRtcPeer *peer, EventFunc func, guint mline, gchar *text)
{
  Event *event = g_new (Event, 1);

  *event = (Event){gst_object_ref (peer), func, mline, text};
  gst_rtc_worker_invoke (peer->worker, run_event, event, event_free);
}

static void
clear_source (GSource **source)
{
  if (*source) {
    g_source_destroy (*source);
    g_clear_pointer (source, g_source_unref);
  }
}

static GSource *
add_timer (GstRtcPeer *peer, guint interval, GSourceFunc func)
{
  GSource *source = g_timeout_source_new (interval);

  g_source_set_callback (source, func, peer, NULL);
  g_source_attach (source, gst_rtc_worker_get_context (peer->worker));
  return source;
}

/* --- calls on streaming threads --- */

static gboolean
begin_call (GstRtcPeer *peer)
{
  gboolean ok;

  GST_OBJECT_LOCK (peer);
  ok = !peer->quiet;
  if (ok)
    peer->n_calls++;
  GST_OBJECT_UNLOCK (peer);
  return ok;
}

static void
end_call (GstRtcPeer *peer)
{
  GST_OBJECT_LOCK (peer);
  if (--peer->n_calls == 0)
    g_cond_broadcast (&peer->calls_done);
  GST_OBJECT_UNLOCK (peer);
}

/* After it no streaming thread is inside the listener or enters it, and none
 * opens the way out. */
static void
silence_calls (GstRtcPeer *peer)
{
  g_atomic_int_set (&peer->connected, FALSE);
  GST_OBJECT_LOCK (peer);
  peer->quiet = TRUE;
  while (peer->n_calls > 0)
    g_cond_wait (&peer->calls_done, GST_OBJECT_GET_LOCK (peer));
  GST_OBJECT_UNLOCK (peer);
  gst_rtc_outgoing_set_open (peer->outgoing, FALSE);
}

/* --- descriptors --- */

static GstRtcError
get_code (GstRtcPeerRole role)
{
  return role == GST_RTC_PEER_SENDER ? GST_RTC_ERROR_PUBLISH_ERROR
                                     : GST_RTC_ERROR_SUBSCRIBE_FAILED;
}

static gboolean
reserve_files (GstRtcPeer *peer, GError **error)
{
  if (!gst_rtc_files_reserve (GST_RTC_FILES_OF_A_PEER, GST_RTC_FILES_SPARE))
    /* The other side is told it too. */
    return gst_rtc_error_set (error, get_code (peer->role), 0,
        "the %s process has no file descriptors left",
        peer->role == GST_RTC_PEER_SENDER ? "sending" : "receiving");
  g_atomic_int_set (&peer->files, TRUE);
  return TRUE;
}

static void
release_files (GstRtcPeer *peer)
{
  if (g_atomic_int_compare_and_exchange (&peer->files, TRUE, FALSE))
    gst_rtc_files_release (GST_RTC_FILES_OF_A_PEER);
}

/* --- failure --- */

static void
stop_watching (GstRtcPeer *peer)
{
  clear_source (&peer->connect_timer);
  clear_source (&peer->gathering_timer);
  clear_source (&peer->liveness_timer);
  clear_source (&peer->rate_timer);
  g_clear_pointer (&peer->address_watch, gst_rtc_address_watch_free);
}

static void G_GNUC_PRINTF (2, 3)
    fail (GstRtcPeer *peer, const gchar *format, ...)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *reason = NULL;
  va_list args;

  if (peer->over)
    return;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  GST_INFO_OBJECT (peer, "failed (%s)", reason);

  peer->over = TRUE;
  stop_watching (peer);
  silence_calls (peer);
  error = gst_rtc_error_new (get_code (peer->role), 0, "%s", reason);
  if (peer->listener.failed)
    peer->listener.failed (peer, error, peer->user_data);
}

static void
on_failure (GstRtcPeer *peer, Event *event)
{
  fail (peer, "%s", event->text);
}

static void G_GNUC_PRINTF (2, 3)
    queue_failure (GstRtcPeer *peer, const gchar *format, ...)
{
  gchar *reason;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  queue_event (peer, on_failure, 0, reason);
}

/* Nothing of a peer's pipeline is for the bus of an application. */
static GstBusSyncReply
on_bus_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  GstRtcPeer *peer = user_data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *debug = NULL;

    gst_message_parse_error (message, &error, &debug);
    GST_WARNING_OBJECT (peer, "%s: %s (%s)", GST_MESSAGE_SRC_NAME (message),
        error->message, GST_STR_NULL (debug));
    queue_failure (peer, "media transport: %s", error->message);
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/* --- liveness --- */

static gboolean
on_liveness_tick (gpointer user_data)
{
  GstRtcPeer *peer = user_data;
  const gint64 silence = gst_rtc_liveness_tick (&peer->liveness,
      g_get_monotonic_time (), gst_rtc_dtls_take_heard (peer->dtls),
      gst_rtc_outgoing_has_sent (peer->outgoing));

  if (silence == 0)
    return G_SOURCE_CONTINUE;
  fail (peer, "nothing came from the other side for %d ms",
      (gint)(silence / 1000));
  return G_SOURCE_REMOVE;
}

/* Silence would tell it too, media-timeout later. */
static void
on_addresses_changed (gpointer user_data)
{
  GstRtcPeer *peer = user_data;

  if (gst_rtc_webrtc_has_lost_address (peer->webrtc))
    fail (peer, "the address of this machine that media used has gone");
}

static void
start_liveness (GstRtcPeer *peer)
{
  guint interval;

  if (peer->media_timeout == 0)
    return;
  interval = gst_rtc_liveness_init (
      &peer->liveness, peer->media_timeout, g_get_monotonic_time ());
  peer->liveness_timer = add_timer (peer, interval, on_liveness_tick);
}

/* --- the rate --- */

static gboolean
on_rate_tick (gpointer user_data)
{
  GstRtcPeer *peer = user_data;
  guint rate;

  if (gst_rtc_reports_update_rate (peer->reports, &rate) &&
      peer->listener.bitrate) {
    GST_DEBUG_OBJECT (peer, "bitrate %u", rate);
    peer->listener.bitrate (peer, rate, peer->user_data);
  }
  return G_SOURCE_CONTINUE;
}

void
gst_rtc_peer_follow_rate (
    GstRtcPeer *peer, guint least, guint start, guint most)
{
  g_return_if_fail (GST_RTC_IS_PEER (peer));
  g_return_if_fail (peer->role == GST_RTC_PEER_SENDER && !peer->started);

  gst_rtc_reports_follow_rate (peer->reports, least, start, most);
}

/* --- connecting --- */

static gboolean
on_connect_timeout (gpointer user_data)
{
  GstRtcPeer *peer = user_data;
  GstWebRTCICEConnectionState ice;

  g_object_get (peer->webrtc, "ice-connection-state", &ice, NULL);
  if (!gst_rtc_negotiation_get_remote (peer->negotiation))
    fail (peer, "no description came within %u ms", peer->connect_timeout);
  else if (ice != GST_WEBRTC_ICE_CONNECTION_STATE_CONNECTED &&
           ice != GST_WEBRTC_ICE_CONNECTION_STATE_COMPLETED)
    fail (peer, "ICE did not connect within %u ms", peer->connect_timeout);
  else
    fail (peer, "DTLS did not connect within %u ms", peer->connect_timeout);
  return G_SOURCE_REMOVE;
}

static void
on_connected (GstRtcPeer *peer, Event *event)
{
  if (g_atomic_int_get (&peer->connected))
    return;

  GST_INFO_OBJECT (peer, "connecting -> connected");
  clear_source (&peer->connect_timer);
  release_files (peer);
  g_atomic_int_set (&peer->connected, TRUE);
  start_liveness (peer);
  peer->address_watch = gst_rtc_address_watch_new (on_addresses_changed, peer);
  if (gst_rtc_reports_follows_rate (peer->reports))
    peer->rate_timer = add_timer (peer, RATE_INTERVAL_MS, on_rate_tick);
  if (peer->listener.connected)
    peer->listener.connected (peer, peer->user_data);
}

/* Without it the RTP sessions do not know when a packet is due and their
 * sender reports do not tie the media together. Nobody watches the bus of
 * this pipeline for the message that asks for it. */
static void
distribute_latency (GstRtcPeer *peer)
{
  g_autoptr (GstElement) pipeline = NULL;

  GST_OBJECT_LOCK (peer);
  if (peer->pipeline)
    pipeline = gst_object_ref (peer->pipeline);
  GST_OBJECT_UNLOCK (peer);
  if (pipeline && peer->role == GST_RTC_PEER_SENDER &&
      !gst_bin_recalculate_latency (GST_BIN (pipeline)))
    GST_WARNING_OBJECT (peer, "no latency could be set");
}

/* webrtcbin's thread. The gate opens here and not on the worker, so that a
 * busy worker costs no picture. */
static void
on_connection_state (GObject *webrtc, GParamSpec *pspec, gpointer user_data)
{
  GstRtcPeer *peer = user_data;
  GstWebRTCPeerConnectionState state;

  g_object_get (webrtc, "connection-state", &state, NULL);
  GST_DEBUG_OBJECT (peer, "connection-state is %d", state);
  switch (state) {
    case GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED:
      if (!gst_rtc_dtls_is_verified (peer->dtls)) {
        queue_failure (peer, "the other side has shown no certificate that "
                             "its description names");
        return;
      }
      distribute_latency (peer);
      if (begin_call (peer)) {
        gst_rtc_outgoing_set_open (peer->outgoing, TRUE);
        end_call (peer);
      }
      queue_event (peer, on_connected, 0, NULL);
      break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_FAILED:
      queue_failure (peer, "the media transport failed");
      break;
    case GST_WEBRTC_PEER_CONNECTION_STATE_CLOSED:
      queue_failure (peer, "the media transport was closed");
      break;
    default:
      break;
  }
}

static void
on_ice_connection_state (GObject *webrtc, GParamSpec *pspec, gpointer user_data)
{
  GstRtcPeer *peer = user_data;
  GstWebRTCICEConnectionState state;

  g_object_get (webrtc, "ice-connection-state", &state, NULL);
  GST_DEBUG_OBJECT (peer, "ice-connection-state is %d", state);
  if (state == GST_WEBRTC_ICE_CONNECTION_STATE_FAILED)
    queue_failure (peer, "ICE found no way to the other side");
}

static void
on_dtls_failed (GstObject *owner, const gchar *reason)
{
  GstRtcPeer *peer = GST_RTC_PEER (owner);

  gst_rtc_outgoing_set_open (peer->outgoing, FALSE);
  queue_failure (peer, "%s", reason);
}

/* --- the inside of webrtcbin --- */

static void
on_new_jitterbuffer (GstElement *rtpbin, GstElement *jitterbuffer,
    guint session, guint ssrc, gpointer user_data)
{
  GstRtcPeer *peer = user_data;

  gst_rtc_webrtc_hasten (jitterbuffer, peer->latency);
}

static void
connect_signal (
    GstRtcPeer *peer, gpointer object, const gchar *name, GCallback callback)
{
  g_signal_connect_data (object, name, callback, gst_object_ref (peer),
      (GClosureNotify)gst_object_unref, 0);
}

/* Any thread: webrtcbin makes its transports when descriptions are set. */
static void
on_deep_element_added (
    GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  GstRtcPeer *peer = user_data;
  GstElementFactory *factory = gst_element_get_factory (element);
  const gchar *name = factory ? GST_OBJECT_NAME (factory) : "";

  if (strcmp (name, "dtlssrtpdec") == 0)
    gst_rtc_dtls_watch (peer->dtls, element);
  else if (strcmp (name, "rtpsession") == 0)
    gst_rtc_reports_watch (peer->reports, element);
  else if (strcmp (name, "clocksync") == 0)
    /* Who pushes has paced already; a second wait could only add to it. */
    g_object_set (element, "sync", FALSE, NULL);
}

/* --- received media --- */

/* A streaming thread. */
static void
on_rtp (GstObject *owner, GstRtcMedia medium, GstCaps *caps, GstBuffer *buffer)
{
  GstRtcPeer *peer = GST_RTC_PEER (owner);

  if (!begin_call (peer)) {
    gst_buffer_unref (buffer);
    return;
  }
  if (peer->listener.rtp)
    peer->listener.rtp (peer, medium, caps, buffer, peer->user_data);
  else
    gst_buffer_unref (buffer);
  end_call (peer);
}

/* A streaming thread of webrtcbin, before the first packet of the pad. */
static void
on_pad_added (GstElement *webrtc, GstPad *pad, gpointer user_data)
{
  GstRtcPeer *peer = user_data;
  g_autoptr (GstObject) pipeline = NULL;
  g_autoptr (GstCaps) caps = NULL;

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  pipeline = gst_object_get_parent (GST_OBJECT (webrtc));
  if (!pipeline)
    return;

  caps = gst_pad_get_current_caps (pad);
  if (!caps)
    caps = gst_pad_query_caps (pad, NULL);
  GST_INFO_OBJECT (peer, "receives %" GST_PTR_FORMAT, caps);
  if (!gst_rtc_incoming_add_pad (peer->incoming, GST_BIN (pipeline), pad, caps))
    queue_failure (peer, "received media could not be linked");
}

/* --- sent media --- */

static void
on_keyframe_wanted (GstObject *owner)
{
  GstRtcPeer *peer = GST_RTC_PEER (owner);

  if (!begin_call (peer))
    return;
  GST_DEBUG_OBJECT (peer, "the other side asks for a keyframe");
  if (peer->listener.keyframe_wanted)
    peer->listener.keyframe_wanted (peer, peer->user_data);
  end_call (peer);
}

void
gst_rtc_peer_add_track (GstRtcPeer *peer, GstRtcMedia medium, GstCaps *rtp_caps)
{
  g_return_if_fail (GST_RTC_IS_PEER (peer));
  g_return_if_fail (peer->role == GST_RTC_PEER_SENDER && !peer->started);
  g_return_if_fail (
      peer->pipeline && !gst_rtc_outgoing_has_track (peer->outgoing, medium));

  gst_rtc_outgoing_add_track (peer->outgoing, peer->webrtc, medium, rtp_caps);
}

gboolean
gst_rtc_peer_push (GstRtcPeer *peer, GstRtcMedia medium, GstBufferList *list)
{
  return gst_rtc_outgoing_push (peer->outgoing, medium, list);
}

/* --- descriptions --- */

static gboolean on_gathering_deadline (gpointer user_data);

static void
on_local_description (GstRtcPeer *peer, Event *event)
{
  /* Gathering begins with the description, which may be long in coming where
   * it answers one. */
  if (!peer->gathering_timer && !peer->gathering_told)
    peer->gathering_timer =
        add_timer (peer, GATHERING_DEADLINE_MS, on_gathering_deadline);
  if (peer->listener.local_description)
    peer->listener.local_description (peer, event->text, peer->user_data);
}

static void
on_described (GstObject *owner, gchar *sdp)
{
  queue_event (GST_RTC_PEER (owner), on_local_description, 0, sdp);
}

static void
on_negotiation_failed (GstObject *owner, const gchar *reason)
{
  queue_failure (GST_RTC_PEER (owner), "%s", reason);
}

static const GstRtcNegotiationListener negotiation_listener = {
    .described = on_described,
    .failed = on_negotiation_failed,
};

static void
tell_tracks (GstRtcPeer *peer)
{
  const GstRtcSdp *sdp = gst_rtc_negotiation_get_remote (peer->negotiation);
  GstCaps *audio = NULL, *video = NULL;

  for (guint i = 0; i < gst_rtc_sdp_get_n_tracks (sdp); i++) {
    const GstRtcSdpTrack *track = gst_rtc_sdp_get_track (sdp, i);

    if (track->medium == GST_RTC_MEDIA_VIDEO)
      video = track->caps;
    else
      audio = track->caps;
  }
  if (peer->listener.remote_tracks)
    peer->listener.remote_tracks (peer, audio, video, peer->user_data);
}

/* webrtcbin has no ICE restart (1.22): it would go on with the old credentials
 * until nothing comes any more. @another: (nullable): what could be read */
static void
check_another (
    GstRtcPeer *peer, const GstRtcSdp *before, const GstRtcSdp *another)
{
  if (another && peer->role == GST_RTC_PEER_RECEIVER &&
      !g_str_equal (gst_rtc_sdp_get_ice_ufrag (before),
          gst_rtc_sdp_get_ice_ufrag (another)))
    fail (peer, "the other side restarts ICE, which takes another transport");
  else
    GST_WARNING_OBJECT (peer, "ignoring a second remote description");
}

void
gst_rtc_peer_set_remote_description (GstRtcPeer *peer, const gchar *sdp)
{
  gboolean is_offer;
  const GstRtcSdp *before;
  const gchar *fingerprint;
  GChecksumType hash;
  g_autoptr (GstRtcSdp) parsed = NULL;
  g_autofree gchar *fault = NULL;

  g_return_if_fail (GST_RTC_IS_PEER (peer));
  g_return_if_fail (gst_rtc_worker_is_current (peer->worker));

  if (peer->over)
    return;
  before = gst_rtc_negotiation_get_remote (peer->negotiation);
  is_offer = peer->role == GST_RTC_PEER_RECEIVER;
  parsed = gst_rtc_sdp_new (
      sdp, is_offer ? GST_RTC_SDP_OFFER : GST_RTC_SDP_ANSWER, &fault);
  if (before) {
    check_another (peer, before, parsed);
    return;
  }
  if (!parsed || (!is_offer && !gst_rtc_outgoing_check_answer (
                                   peer->outgoing, parsed, &fault))) {
    fail (peer, "bad description of the other side: %s", fault);
    return;
  }

  fingerprint = gst_rtc_sdp_get_fingerprint (parsed, &hash);
  gst_rtc_dtls_set_fingerprint (peer->dtls, fingerprint, hash);
  gst_rtc_negotiation_take_remote (
      peer->negotiation, g_steal_pointer (&parsed));

  if (is_offer)
    tell_tracks (peer);
  if (!peer->over)
    gst_rtc_negotiation_apply_remote (peer->negotiation);
}

void
gst_rtc_peer_add_candidate (
    GstRtcPeer *peer, guint mline, const gchar *candidate)
{
  g_return_if_fail (GST_RTC_IS_PEER (peer));
  g_return_if_fail (gst_rtc_worker_is_current (peer->worker));

  /* The end of gathering is not passed on: libnice has its own deadline. */
  if (!peer->over && candidate && *candidate)
    gst_rtc_negotiation_add_candidate (peer->negotiation, mline, candidate);
}

/* --- local candidates --- */

static void
on_candidate_event (GstRtcPeer *peer, Event *event)
{
  if (peer->listener.local_candidate && !peer->gathering_told)
    peer->listener.local_candidate (
        peer, event->mline, event->text, peer->user_data);
}

/* webrtcbin 1.26 tells the end of each m-line by a text that is empty. */
static void
on_local_candidate (
    GstElement *webrtc, guint mline, const gchar *text, gpointer user_data)
{
  if (text && *text)
    queue_event (user_data, on_candidate_event, mline, g_strdup (text));
}

static void
on_gathering_done (GstRtcPeer *peer, Event *event)
{
  if (peer->gathering_told)
    return;
  peer->gathering_told = TRUE;
  release_files (peer); /* all that it needs are open */
  clear_source (&peer->gathering_timer);
  if (peer->listener.local_candidate)
    peer->listener.local_candidate (peer, 0, NULL, peer->user_data);
}

static gboolean
on_gathering_deadline (gpointer user_data)
{
  GstRtcPeer *peer = user_data;

  GST_DEBUG_OBJECT (peer, "gathering takes too long");
  clear_source (&peer->gathering_timer);
  on_gathering_done (peer, NULL);
  return G_SOURCE_REMOVE;
}

static void
on_gathering_state (GObject *webrtc, GParamSpec *pspec, gpointer user_data)
{
  GstWebRTCICEGatheringState state;

  g_object_get (webrtc, "ice-gathering-state", &state, NULL);
  if (state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE)
    queue_event (user_data, on_gathering_done, 0, NULL);
}

/* --- start and stop --- */

static void
on_playing (GstRtcPeer *peer, Event *event)
{
  gst_rtc_negotiation_begin (peer->negotiation);
}

/* A helper thread: a state change may take its time. */
static void
play_pipeline (GstElement *pipeline, gpointer user_data)
{
  GstRtcPeer *peer = user_data;
  GstStateChangeReturn result = GST_STATE_CHANGE_SUCCESS;
  gboolean torn;

  g_mutex_lock (&peer->state_lock);
  torn = peer->torn;
  if (!torn)
    result = gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_mutex_unlock (&peer->state_lock);

  if (torn)
    return;
  if (result == GST_STATE_CHANGE_FAILURE)
    queue_failure (peer, "the media pipeline did not start");
  else
    queue_event (peer, on_playing, 0, NULL);
}

static void
end_pipeline (GstElement *pipeline, gpointer user_data)
{
  GstRtcPeer *peer = user_data;

  g_mutex_lock (&peer->state_lock);
  peer->torn = TRUE;
  /* Before webrtcbin's thread lets go of them. */
  gst_rtc_negotiation_interrupt (peer->negotiation);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_rtc_webrtc_end_stragglers (pipeline);
  g_mutex_unlock (&peer->state_lock);
  release_files (peer);
  GST_DEBUG_OBJECT (peer, "pipeline ended");
}

void
gst_rtc_peer_start (GstRtcPeer *peer)
{
  g_return_if_fail (GST_RTC_IS_PEER (peer));
  g_return_if_fail (gst_rtc_worker_is_current (peer->worker));

  if (peer->over || peer->started)
    return;
  g_return_if_fail (peer->role == GST_RTC_PEER_RECEIVER ||
                    gst_rtc_outgoing_get_n_tracks (peer->outgoing) > 0);

  peer->started = TRUE;
  if (peer->connect_timeout > 0)
    peer->connect_timer =
        add_timer (peer, peer->connect_timeout, on_connect_timeout);
  gst_element_call_async (peer->pipeline, play_pipeline, gst_object_ref (peer),
      (GDestroyNotify)gst_object_unref);
}

static void
disconnect_signals (GstRtcPeer *peer)
{
  g_autoptr (GstElement) rtpbin =
      gst_bin_get_by_name (GST_BIN (peer->webrtc), "rtpbin");
  g_autoptr (GstBus) bus = gst_element_get_bus (peer->pipeline);

  g_signal_handlers_disconnect_by_data (peer->webrtc, peer);
  g_signal_handlers_disconnect_by_data (peer->pipeline, peer);
  if (rtpbin)
    g_signal_handlers_disconnect_by_data (rtpbin, peer);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_bus_set_flushing (bus, TRUE);
  gst_rtc_reports_stop (peer->reports);
  gst_rtc_outgoing_stop (peer->outgoing);
}

/* Pipelines of the whole process that were stopped and are still there. */
static GMutex ends_lock;
static GCond one_ended;
static guint n_ends; /* under lock */

/* All that was in it has gone, sockets and threads too. */
static void
note_end (gpointer unused, GObject *pipeline)
{
  g_mutex_lock (&ends_lock);
  n_ends--;
  g_cond_broadcast (&one_ended);
  g_mutex_unlock (&ends_lock);
}

gboolean
gst_rtc_peer_wait_for_ends (guint ms)
{
  const gint64 deadline =
      g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;
  gboolean ended = TRUE;

  g_mutex_lock (&ends_lock);
  while (n_ends > 0 && ended)
    ended = g_cond_wait_until (&one_ended, &ends_lock, deadline);
  g_mutex_unlock (&ends_lock);
  return ended;
}

void
gst_rtc_peer_stop (GstRtcPeer *peer)
{
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) webrtc = NULL;

  g_return_if_fail (GST_RTC_IS_PEER (peer));

  peer->over = TRUE;
  stop_watching (peer);
  silence_calls (peer);
  if (!peer->pipeline)
    return;

  GST_INFO_OBJECT (peer, "stopping");
  disconnect_signals (peer);
  gst_rtc_incoming_stop (peer->incoming);
  gst_rtc_negotiation_stop (peer->negotiation);
  GST_OBJECT_LOCK (peer);
  pipeline = g_steal_pointer (&peer->pipeline);
  webrtc = g_steal_pointer (&peer->webrtc);
  GST_OBJECT_UNLOCK (peer);
  g_mutex_lock (&ends_lock);
  n_ends++;
  g_mutex_unlock (&ends_lock);
  g_object_weak_ref (G_OBJECT (pipeline), note_end, NULL);
  gst_element_call_async (pipeline, end_pipeline, gst_object_ref (peer),
      (GDestroyNotify)gst_object_unref);
}

/* --- the rest of the interface --- */

gboolean
gst_rtc_peer_runs_by (GstRtcPeer *peer, GstClock *clock)
{
  g_autoptr (GstClock) own = NULL;

  if (!peer->pipeline)
    return FALSE;
  own = gst_pipeline_get_pipeline_clock (GST_PIPELINE (peer->pipeline));
  return own == clock;
}

void
gst_rtc_peer_set_clock (GstRtcPeer *peer, GstClock *clock)
{
  g_return_if_fail (peer->role == GST_RTC_PEER_SENDER);

  if (!peer->pipeline)
    return;
  gst_pipeline_use_clock (GST_PIPELINE (peer->pipeline), clock);
  gst_element_set_clock (peer->pipeline, clock);
}

void
gst_rtc_peer_request_keyframe (GstRtcPeer *peer)
{
  g_return_if_fail (GST_RTC_IS_PEER (peer));

  gst_rtc_incoming_request_keyframe (peer->incoming);
}

gboolean
gst_rtc_peer_is_connected (GstRtcPeer *peer)
{
  g_return_val_if_fail (GST_RTC_IS_PEER (peer), FALSE);

  return g_atomic_int_get (&peer->connected);
}

GstElement *
gst_rtc_peer_ref_webrtcbin (GstRtcPeer *peer)
{
  GstElement *webrtc;

  g_return_val_if_fail (GST_RTC_IS_PEER (peer), NULL);

  GST_OBJECT_LOCK (peer);
  webrtc = peer->webrtc ? gst_object_ref (peer->webrtc) : NULL;
  GST_OBJECT_UNLOCK (peer);
  return webrtc;
}

GstStructure *
gst_rtc_peer_get_stats (GstRtcPeer *peer)
{
  g_return_val_if_fail (GST_RTC_IS_PEER (peer), NULL);

  return gst_rtc_reports_get_stats (
      peer->reports, peer->role == GST_RTC_PEER_SENDER);
}

/* --- making one --- */

static void
make_pipeline (GstRtcPeer *peer, const GstRtcPeerSettings *settings)
{
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstElement) rtpbin = NULL;

  peer->pipeline = gst_object_ref_sink (gst_pipeline_new (settings->name));
  gst_pipeline_use_clock (GST_PIPELINE (peer->pipeline), settings->clock);
  gst_element_set_start_time (peer->pipeline, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time (peer->pipeline, 0);
  bus = gst_element_get_bus (peer->pipeline);
  gst_bus_set_sync_handler (bus, on_bus_message, gst_object_ref (peer),
      (GDestroyNotify)gst_object_unref);
  connect_signal (peer, peer->pipeline, "deep-element-added",
      G_CALLBACK (on_deep_element_added));

  peer->webrtc = gst_rtc_webrtc_new (settings->latency);
  rtpbin = gst_bin_get_by_name (GST_BIN (peer->webrtc), "rtpbin");
  connect_signal (
      peer, rtpbin, "new-jitterbuffer", G_CALLBACK (on_new_jitterbuffer));
  connect_signal (
      peer, peer->webrtc, "on-ice-candidate", G_CALLBACK (on_local_candidate));
  connect_signal (peer, peer->webrtc, "notify::ice-gathering-state",
      G_CALLBACK (on_gathering_state));
  connect_signal (peer, peer->webrtc, "notify::ice-connection-state",
      G_CALLBACK (on_ice_connection_state));
  connect_signal (peer, peer->webrtc, "notify::connection-state",
      G_CALLBACK (on_connection_state));
  connect_signal (peer, peer->webrtc, "pad-added", G_CALLBACK (on_pad_added));
  gst_bin_add (GST_BIN (peer->pipeline), peer->webrtc);
  peer->negotiation = gst_rtc_negotiation_new (GST_OBJECT (peer),
      &negotiation_listener, peer->webrtc, peer->role == GST_RTC_PEER_SENDER);
}

/* Trying again changes nothing. */
static void
fail_for_good (GstRtcPeerRole role, const gchar *fault, GError **error)
{
  gst_rtc_error_set (error, get_code (role), 0, "%s", fault);
  if (error && *error)
    gst_rtc_error_set_retryable (*error, FALSE);
}

GstRtcPeer *
gst_rtc_peer_new (GstRtcWorker *worker, const GstRtcPeerSettings *settings,
    const GstRtcPeerListener *listener, gpointer user_data, GError **error)
{
  g_autoptr (GstRtcPeer) peer = NULL;
  g_autofree gchar *fault = NULL;

  g_return_val_if_fail (worker && settings && listener, NULL);
  g_return_val_if_fail (GST_IS_CLOCK (settings->clock), NULL);

  fault = gst_rtc_webrtc_find_missing ();
  if (fault) {
    fail_for_good (settings->role, fault, error);
    return NULL;
  }

  peer = g_object_new (GST_RTC_TYPE_PEER, "name", settings->name, NULL);
  gst_object_ref_sink (peer);
  peer->worker = gst_rtc_worker_ref (worker);
  peer->listener = *listener;
  peer->user_data = user_data;
  peer->role = settings->role;
  peer->latency = settings->latency;
  peer->connect_timeout = settings->connect_timeout;
  peer->media_timeout = settings->media_timeout;

  if (!reserve_files (peer, error))
    return NULL;
  make_pipeline (peer, settings);
  if (!gst_rtc_webrtc_set_up_ice (
          peer->webrtc, settings->local_addresses, &fault)) {
    fail_for_good (settings->role, fault, error);
    gst_rtc_peer_stop (peer);
    return NULL;
  }
  gst_rtc_webrtc_set_servers (peer->webrtc, settings->stun_server,
      settings->turn_servers, settings->ice_policy);
  return g_steal_pointer (&peer);
}

static void
gst_rtc_peer_finalize (GObject *object)
{
  GstRtcPeer *peer = GST_RTC_PEER (object);

  release_files (peer);
  g_clear_pointer (&peer->worker, gst_rtc_worker_unref);
  gst_rtc_dtls_free (peer->dtls);
  gst_rtc_incoming_free (peer->incoming);
  gst_rtc_outgoing_free (peer->outgoing);
  gst_rtc_reports_free (peer->reports);
  gst_rtc_negotiation_free (peer->negotiation);
  g_cond_clear (&peer->calls_done);
  g_mutex_clear (&peer->state_lock);

  G_OBJECT_CLASS (gst_rtc_peer_parent_class)->finalize (object);
}

static void
gst_rtc_peer_init (GstRtcPeer *peer)
{
  peer->dtls = gst_rtc_dtls_new (GST_OBJECT (peer), on_dtls_failed);
  peer->incoming = gst_rtc_incoming_new (GST_OBJECT (peer), on_rtp);
  peer->outgoing = gst_rtc_outgoing_new (GST_OBJECT (peer), on_keyframe_wanted);
  peer->reports = gst_rtc_reports_new (GST_OBJECT (peer));
  g_cond_init (&peer->calls_done);
  g_mutex_init (&peer->state_lock);
}

static void
gst_rtc_peer_class_init (GstRtcPeerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_rtc_peer_finalize;
  gst_rtc_dtls_keep_openssl ();
}
