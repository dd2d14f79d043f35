/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two or more real peers in one process. All on the thread of the test, RTP
 * on streaming threads. */
#include "peerpair.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include "patience.h"
#include "rtctest.h"

#define WATCHDOG_S 30

static Pair *
get_pair (Side *side)
{
  return g_object_get_data (G_OBJECT (side->peer), "pair");
}

static void
note_call (Side *side)
{
  if (g_atomic_int_get (&side->stopped))
    g_atomic_int_inc (&side->n_late_calls);
}

static void
on_local_description (GstRtcPeer *peer, const gchar *sdp, gpointer user_data)
{
  Side *side = user_data;
  g_autofree gchar *arriving = NULL;

  note_call (side);
  side->description = g_strdup (sdp);
  if (g_getenv ("PEER_SDP"))
    g_printerr ("%s\n", sdp);
  if (!side->other || !side->other->peer)
    return;
  arriving = side->tamper ? side->tamper (sdp) : g_strdup (sdp);
  gst_rtc_peer_set_remote_description (side->other->peer, arriving);
}

static void
on_local_candidate (
    GstRtcPeer *peer, guint mline, const gchar *candidate, gpointer user_data)
{
  Side *side = user_data;

  note_call (side);
  if (!candidate) {
    side->gathered = TRUE;
    return;
  }
  g_ptr_array_add (side->candidates, g_strdup (candidate));
  if (side->other && side->other->peer)
    gst_rtc_peer_add_candidate (side->other->peer, mline, candidate);
}

static void
on_connected (GstRtcPeer *peer, gpointer user_data)
{
  Side *side = user_data;

  note_call (side);
  side->n_connected++;
}

static void
on_failed (GstRtcPeer *peer, const GError *error, gpointer user_data)
{
  Side *side = user_data;

  note_call (side);
  side->n_failed++;
  if (!side->error)
    side->error = g_error_copy (error);
}

static void
on_remote_tracks (
    GstRtcPeer *peer, GstCaps *audio, GstCaps *video, gpointer user_data)
{
  Side *side = user_data;

  note_call (side);
  gst_caps_replace (&side->audio_caps, audio);
  gst_caps_replace (&side->video_caps, video);
}

static void
on_keyframe_wanted (GstRtcPeer *peer, gpointer user_data)
{
  Side *side = user_data;

  note_call (side);
  g_atomic_int_inc (&side->n_keyframes_wanted);
  pair_force_keyframe (get_pair (side));
}

static void
on_rtp (GstRtcPeer *peer, GstRtcMedia medium, GstCaps *caps, GstBuffer *buffer,
    gpointer user_data)
{
  Side *side = user_data;

  note_call (side);
  if (medium == GST_RTC_MEDIA_AUDIO) {
    g_atomic_int_inc (&side->n_audio);
    gst_buffer_unref (buffer);
    return;
  }
  side->last_pts = GST_BUFFER_PTS (buffer);
  g_atomic_int_inc (&side->n_video);
  if (side->decoder_src) {
    g_autoptr (GstSample) sample = gst_sample_new (buffer, caps, NULL, NULL);

    gst_app_src_push_sample (GST_APP_SRC (side->decoder_src), sample);
  }
  gst_buffer_unref (buffer);
}

static const GstRtcPeerListener listener = {
    .local_description = on_local_description,
    .local_candidate = on_local_candidate,
    .connected = on_connected,
    .failed = on_failed,
    .remote_tracks = on_remote_tracks,
    .keyframe_wanted = on_keyframe_wanted,
    .rtp = on_rtp,
};

static void
side_free (gpointer data)
{
  Side *side = data;

  side_stop (side);
  if (side->decoder)
    gst_element_set_state (side->decoder, GST_STATE_NULL);
  gst_clear_object (&side->decoder_src);
  gst_clear_object (&side->decoder);
  g_ptr_array_unref (side->candidates);
  g_clear_error (&side->error);
  gst_clear_caps (&side->audio_caps);
  gst_clear_caps (&side->video_caps);
  g_free (side->description);
  g_free (side);
}

void
pair_init (Pair *pair)
{
  *pair = (Pair){0};
  pair->context = rtc_test_context_enter ();
  pair->worker = gst_rtc_worker_new_for_context (pair->context);
  pair->clock = gst_system_clock_obtain ();
  pair->sides = g_ptr_array_new_with_free_func (side_free);
  pair->targets = g_ptr_array_new ();
  g_mutex_init (&pair->lock);
  pair->video_caps = gst_caps_from_string (
      "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,"
      "payload=96,ssrc=(uint)1111");
  pair->audio_caps = gst_caps_from_string (
      "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,"
      "encoding-params=(string)2,payload=97,ssrc=(uint)2222");
}

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Streaming threads do not wake the context. */
static GSource *
add_tick (Pair *pair)
{
  GSource *tick = g_timeout_source_new (1);

  g_source_set_callback (tick, on_tick, NULL, NULL);
  g_source_attach (tick, pair->context);
  return tick;
}

static gboolean
is_set (gpointer data)
{
  return g_atomic_int_get ((gint *)data) != 0;
}

void
pair_iterate (Pair *pair)
{
  g_main_context_iteration (pair->context, TRUE);
}

void
pair_iterate_until (Pair *pair, gboolean (*done) (gpointer data), gpointer data)
{
  g_autoptr (GSource) tick = add_tick (pair);
  const gint seconds = WATCHDOG_S * rtc_patience ();
  gint64 end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;

  while (!done (data)) {
    if (g_get_monotonic_time () > end)
      g_error ("nothing happened for %d s", seconds);
    g_main_context_iteration (pair->context, TRUE);
  }
  g_source_destroy (tick);
}

void
pair_wait (Pair *pair, const gint *value, const gchar *what)
{
  g_test_message ("waiting for %s", what);
  pair_iterate_until (pair, is_set, (gpointer)value);
}

static gboolean
no_peer_is_left (gpointer data)
{
  return g_atomic_int_get (&((Pair *)data)->n_peers) == 0;
}

void
pair_clear (Pair *pair)
{
  g_mutex_lock (&pair->lock);
  g_ptr_array_set_size (pair->targets, 0);
  g_mutex_unlock (&pair->lock);
  if (pair->encoder)
    gst_element_set_state (pair->encoder, GST_STATE_NULL);
  gst_clear_object (&pair->encoder);
  g_ptr_array_unref (pair->sides);
  pair_iterate_until (pair, no_peer_is_left, pair);
  gst_rtc_worker_unref (pair->worker);
  while (g_main_context_iteration (pair->context, FALSE))
    ;
  g_ptr_array_unref (pair->targets);
  gst_object_unref (pair->clock);
  gst_clear_caps (&pair->video_caps);
  gst_clear_caps (&pair->audio_caps);
  g_mutex_clear (&pair->lock);
  rtc_test_context_leave (pair->context);
}

/* The packets of a frame as they come from the payloader. */
static GstBufferList *
ref_packets (GstSample *sample)
{
  GstBufferList *list = gst_sample_get_buffer_list (sample);
  GstBuffer *buffer = gst_sample_get_buffer (sample);

  if (list)
    return gst_buffer_list_ref (list);
  list = gst_buffer_list_new_sized (1);
  gst_buffer_list_add (list, gst_buffer_ref (buffer));
  return list;
}

static GstFlowReturn
push_sample (GstAppSink *appsink, Pair *pair, GstRtcMedia medium)
{
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (appsink);
  g_autoptr (GstBufferList) list = sample ? ref_packets (sample) : NULL;

  if (!list || g_atomic_int_get (&pair->muted))
    return GST_FLOW_OK;
  g_mutex_lock (&pair->lock);
  for (guint i = 0; i < pair->targets->len; i++) {
    Side *side = g_ptr_array_index (pair->targets, i);

    gst_rtc_peer_push (side->peer, medium, list);
  }
  g_mutex_unlock (&pair->lock);
  return GST_FLOW_OK;
}

static GstFlowReturn
on_video_sample (GstAppSink *appsink, gpointer user_data)
{
  return push_sample (appsink, user_data, GST_RTC_MEDIA_VIDEO);
}

static GstFlowReturn
on_audio_sample (GstAppSink *appsink, gpointer user_data)
{
  return push_sample (appsink, user_data, GST_RTC_MEDIA_AUDIO);
}

static void
use_clock (Pair *pair, GstElement *pipeline)
{
  gst_pipeline_use_clock (GST_PIPELINE (pipeline), pair->clock);
  gst_element_set_start_time (pipeline, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time (pipeline, 0);
}

static void
set_callback (Pair *pair, const gchar *name,
    GstFlowReturn (*func) (GstAppSink *, gpointer))
{
  GstAppSinkCallbacks callbacks = {.new_sample = func};
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pair->encoder), name);

  if (sink)
    gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, pair, NULL);
}

void
pair_start_media (Pair *pair, gboolean audio)
{
  g_autofree gchar *text = g_strdup_printf (
      "videotestsrc is-live=true do-timestamp=false ! "
      "video/x-raw,width=640,height=360,framerate=30/1 ! "
      "vp8enc name=enc deadline=1 cpu-used=8 keyframe-max-dist=2000 "
      "lag-in-frames=0 target-bitrate=500000 ! "
      "rtpvp8pay pt=96 ssrc=1111 picture-id-mode=2 ! "
      "appsink name=video sync=false async=false buffer-list=true %s",
      audio ? "audiotestsrc is-live=true samplesperbuffer=960 ! "
              "audio/x-raw,rate=48000,channels=2 ! opusenc ! "
              "rtpopuspay pt=97 ssrc=2222 ! "
              "appsink name=audio sync=false async=false"
            : "");

  pair->encoder = gst_parse_launch (text, NULL);
  gst_object_ref_sink (pair->encoder);
  use_clock (pair, pair->encoder);
  set_callback (pair, "video", on_video_sample);
  set_callback (pair, "audio", on_audio_sample);
  gst_element_set_state (pair->encoder, GST_STATE_PLAYING);
}

void
pair_force_keyframe (Pair *pair)
{
  g_autoptr (GstElement) encoder = NULL;
  g_autoptr (GstPad) pad = NULL;

  if (!pair->encoder)
    return;
  encoder = gst_bin_get_by_name (GST_BIN (pair->encoder), "enc");
  pad = gst_element_get_static_pad (encoder, "src");
  gst_pad_send_event (pad, gst_video_event_new_upstream_force_key_unit (
                               GST_CLOCK_TIME_NONE, TRUE, 0));
}

GstRtcPeerSettings
pair_settings (Pair *pair, GstRtcPeerRole role)
{
  static const gchar *const loopback[] = {"127.0.0.1", NULL};

  return (GstRtcPeerSettings){
      .name = role == GST_RTC_PEER_SENDER ? "sender" : "receiver",
      .role = role,
      .clock = pair->clock,
      .ice_policy = GST_RTC_ICE_POLICY_ALL,
      .local_addresses = loopback,
      .latency = 200,
      .connect_timeout = GST_RTC_DEFAULT_CONNECT_TIMEOUT,
      .media_timeout = GST_RTC_DEFAULT_MEDIA_TIMEOUT,
  };
}

/* The thread that lets go of a peer last, usually its helper. */
static void
on_peer_gone (gpointer data, GObject *peer)
{
  Pair *pair = data;

  g_atomic_int_add (&pair->n_peers, -1);
}

Side *
pair_add (Pair *pair, const GstRtcPeerSettings *settings)
{
  Side *side = g_new0 (Side, 1);
  g_autoptr (GError) error = NULL;

  side->candidates = g_ptr_array_new_with_free_func (g_free);
  side->peer =
      gst_rtc_peer_new (pair->worker, settings, &listener, side, &error);
  g_assert_no_error (error);
  g_object_set_data (G_OBJECT (side->peer), "pair", pair);
  g_atomic_int_inc (&pair->n_peers);
  g_object_weak_ref (G_OBJECT (side->peer), on_peer_gone, pair);
  g_ptr_array_add (pair->sides, side);
  return side;
}

void
side_add_tracks (Pair *pair, Side *sender)
{
  gst_rtc_peer_add_track (sender->peer, GST_RTC_MEDIA_VIDEO, pair->video_caps);
  gst_rtc_peer_add_track (sender->peer, GST_RTC_MEDIA_AUDIO, pair->audio_caps);
  g_mutex_lock (&pair->lock);
  g_ptr_array_add (pair->targets, sender);
  g_mutex_unlock (&pair->lock);
}

void
pair_join (Side *sender, Side *receiver)
{
  Pair *pair = get_pair (sender);

  sender->other = receiver;
  receiver->other = sender;
  side_add_tracks (pair, sender);
  gst_rtc_peer_start (receiver->peer);
  gst_rtc_peer_start (sender->peer);
}

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Side *side = user_data;

  if (!g_atomic_int_get (&side->n_decoded))
    side->decoded_at = g_get_monotonic_time ();
  g_atomic_int_inc (&side->n_decoded);
  return GST_PAD_PROBE_OK;
}

void
side_decode (Pair *pair, Side *receiver)
{
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) pad = NULL;

  receiver->decoder = gst_parse_launch (
      "appsrc name=src is-live=true format=time ! rtpvp8depay ! vp8dec ! "
      "fakesink name=sink sync=false async=false",
      NULL);
  gst_object_ref_sink (receiver->decoder);
  use_clock (pair, receiver->decoder);
  receiver->decoder_src =
      gst_bin_get_by_name (GST_BIN (receiver->decoder), "src");
  sink = gst_bin_get_by_name (GST_BIN (receiver->decoder), "sink");
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, receiver, NULL);
  gst_element_set_state (receiver->decoder, GST_STATE_PLAYING);
}

void
side_stop (Side *side)
{
  Pair *pair;

  if (!side->peer)
    return;
  pair = get_pair (side);
  g_mutex_lock (&pair->lock);
  g_ptr_array_remove (pair->targets, side);
  g_mutex_unlock (&pair->lock);
  gst_rtc_peer_stop (side->peer);
  g_atomic_int_set (&side->stopped, TRUE);
  gst_clear_object (&side->peer);
}
