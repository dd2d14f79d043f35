/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time from start to the first decoded picture, VP8 360p in one process: a
 * pair of peers against a pair of webrtcbins wired by hand with the defaults.
 * Both in turn; prints p50 and p95 of each and the ratio.
 * bench-peer [joins, default 20] */
#include <gst/webrtc/webrtc.h>
#include <stdlib.h>

#include "peerpair.h"

typedef struct
{
  gdouble connected;
  gdouble picture;
} Times;

static gdouble
get_ms (gint64 from, gint64 to)
{
  return (to - from) / 1000.0;
}

/* --- ours --- */

static Times
join_peers (void)
{
  Pair pair;
  GstRtcPeerSettings send, receive;
  Side *sender, *receiver;
  gint64 start, connected;
  Times times;

  pair_init (&pair);
  send = pair_settings (&pair, GST_RTC_PEER_SENDER);
  receive = pair_settings (&pair, GST_RTC_PEER_RECEIVER);
  start = g_get_monotonic_time ();
  pair_start_media (&pair, FALSE);
  sender = pair_add (&pair, &send);
  receiver = pair_add (&pair, &receive);
  side_decode (&pair, receiver);
  pair_join (sender, receiver);
  pair_wait (&pair, (gint *)&sender->n_connected, "the sender");
  connected = g_get_monotonic_time ();
  pair_force_keyframe (&pair);
  pair_wait (&pair, &receiver->n_decoded, "a picture");
  times =
      (Times){get_ms (start, connected), get_ms (start, receiver->decoded_at)};
  pair_clear (&pair);
  return times;
}

/* --- by hand, with the defaults --- */

typedef struct
{
  GstElement *sender, *receiver, *send_rtc, *receive_rtc;
  gint connected;
  gint decoded;
  gint64 connected_at, decoded_at;
} Plain;

static void
set_description (GstPromise *promise, const gchar *field, GstElement *local,
    GstElement *remote)
{
  g_autoptr (GstWebRTCSessionDescription) description = NULL;

  gst_promise_wait (promise);
  gst_structure_get (gst_promise_get_reply (promise), field,
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL);
  g_signal_emit_by_name (local, "set-local-description", description, NULL);
  g_signal_emit_by_name (remote, "set-remote-description", description, NULL);
}

static void
on_answer (GstPromise *promise, gpointer user_data)
{
  Plain *plain = user_data;

  set_description (promise, "answer", plain->receive_rtc, plain->send_rtc);
}

static void
on_offer (GstPromise *promise, gpointer user_data)
{
  Plain *plain = user_data;
  GstPromise *answer =
      gst_promise_new_with_change_func (on_answer, plain, NULL);

  set_description (promise, "offer", plain->send_rtc, plain->receive_rtc);
  g_signal_emit_by_name (plain->receive_rtc, "create-answer", NULL, answer);
}

static void
on_negotiation_needed (GstElement *rtc, gpointer user_data)
{
  GstPromise *offer =
      gst_promise_new_with_change_func (on_offer, user_data, NULL);

  g_signal_emit_by_name (rtc, "create-offer", NULL, offer);
}

static void
on_send_candidate (
    GstElement *rtc, guint mline, const gchar *text, gpointer user_data)
{
  Plain *plain = user_data;

  g_signal_emit_by_name (plain->receive_rtc, "add-ice-candidate", mline, text);
}

static void
on_receive_candidate (
    GstElement *rtc, guint mline, const gchar *text, gpointer user_data)
{
  Plain *plain = user_data;

  g_signal_emit_by_name (plain->send_rtc, "add-ice-candidate", mline, text);
}

static void
on_state (GObject *rtc, GParamSpec *pspec, gpointer user_data)
{
  Plain *plain = user_data;
  GstWebRTCPeerConnectionState state;

  g_object_get (rtc, "connection-state", &state, NULL);
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED &&
      g_atomic_int_compare_and_exchange (&plain->connected, FALSE, TRUE))
    plain->connected_at = g_get_monotonic_time ();
}

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Plain *plain = user_data;

  if (!g_atomic_int_get (&plain->decoded))
    plain->decoded_at = g_get_monotonic_time ();
  g_atomic_int_set (&plain->decoded, TRUE);
  return GST_PAD_PROBE_OK;
}

static void
on_pad_added (GstElement *rtc, GstPad *pad, gpointer user_data)
{
  Plain *plain = user_data;
  GstElement *decoder;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) sink_pad = NULL;
  g_autoptr (GstPad) picture_pad = NULL;

  decoder = gst_parse_bin_from_description (
      "rtpvp8depay ! vp8dec ! fakesink name=sink sync=false async=false", TRUE,
      NULL);
  sink = gst_bin_get_by_name (GST_BIN (decoder), "sink");
  picture_pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (
      picture_pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, plain, NULL);
  gst_bin_add (GST_BIN (plain->receiver), decoder);
  gst_element_sync_state_with_parent (decoder);
  sink_pad = gst_element_get_static_pad (decoder, "sink");
  gst_pad_link (pad, sink_pad);
}

static Times
join_plain (void)
{
  Plain plain = {NULL};
  gint64 start = g_get_monotonic_time ();
  Times times;

  plain.sender = gst_parse_launch (
      "videotestsrc is-live=true ! "
      "video/x-raw,width=640,height=360,framerate=30/1 ! "
      "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=2000 lag-in-frames=0 "
      "target-bitrate=500000 ! rtpvp8pay pt=96 picture-id-mode=2 ! "
      "application/x-rtp,media=video,encoding-name=VP8,payload=96 ! "
      "webrtcbin name=rtc bundle-policy=max-bundle",
      NULL);
  plain.receiver = gst_pipeline_new (NULL);
  plain.send_rtc = gst_bin_get_by_name (GST_BIN (plain.sender), "rtc");
  plain.receive_rtc = gst_element_factory_make ("webrtcbin", NULL);
  g_object_set (plain.receive_rtc, "bundle-policy", 3, NULL);
  gst_bin_add (GST_BIN (plain.receiver), plain.receive_rtc);
  g_signal_connect (plain.send_rtc, "on-negotiation-needed",
      G_CALLBACK (on_negotiation_needed), &plain);
  g_signal_connect (plain.send_rtc, "on-ice-candidate",
      G_CALLBACK (on_send_candidate), &plain);
  g_signal_connect (plain.receive_rtc, "on-ice-candidate",
      G_CALLBACK (on_receive_candidate), &plain);
  g_signal_connect (plain.send_rtc, "notify::connection-state",
      G_CALLBACK (on_state), &plain);
  g_signal_connect (
      plain.receive_rtc, "pad-added", G_CALLBACK (on_pad_added), &plain);
  gst_element_set_state (plain.receiver, GST_STATE_PLAYING);
  gst_element_set_state (plain.sender, GST_STATE_PLAYING);

  /* All its work is on threads of its own. */
  while (!g_atomic_int_get (&plain.decoded))
    g_usleep (500);
  times = (Times){
      get_ms (start, plain.connected_at), get_ms (start, plain.decoded_at)};
  gst_element_set_state (plain.sender, GST_STATE_NULL);
  gst_element_set_state (plain.receiver, GST_STATE_NULL);
  gst_object_unref (plain.send_rtc);
  gst_object_unref (plain.sender);
  gst_object_unref (plain.receiver);
  return times;
}

static int
compare (const void *a, const void *b)
{
  gdouble x = *(const gdouble *)a, y = *(const gdouble *)b;

  return (x > y) - (x < y);
}

static gdouble
get_rank (gdouble *values, guint n, guint percent)
{
  qsort (values, n, sizeof *values, compare);
  return values[MIN (n - 1, n * percent / 100)];
}

static gdouble
report (const gchar *name, const Times *times, guint n)
{
  g_autofree gdouble *connected = g_new (gdouble, n);
  g_autofree gdouble *picture = g_new (gdouble, n);

  for (guint i = 0; i < n; i++) {
    connected[i] = times[i].connected;
    picture[i] = times[i].picture;
  }
  g_print ("%-8s connected p50 %6.1f p95 %6.1f ms, first picture p50 %6.1f "
           "p95 %6.1f ms\n",
      name, get_rank (connected, n, 50), get_rank (connected, n, 95),
      get_rank (picture, n, 50), get_rank (picture, n, 95));
  return get_rank (picture, n, 50);
}

int
main (int argc, char **argv)
{
  guint n;
  g_autofree Times *ours = NULL;
  g_autofree Times *plain = NULL;
  gdouble a, b;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, "--quiet", NULL);
  n = argc > 1 ? MAX (atoi (argv[1]), 1) : 20;
  ours = g_new (Times, n);
  plain = g_new (Times, n);
  join_plain ();
  join_peers ();
  for (guint i = 0; i < n; i++) {
    plain[i] = join_plain ();
    ours[i] = join_peers ();
  }
  b = report ("default", plain, n);
  a = report ("peer", ours, n);
  g_print ("ratio of p50: %.3f over %u joins\n", a / b, n);
  return 0;
}
