/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A webrtcbin wired by hand and left at its defaults. */
#include "plainrtc.h"

#include <gst/sdp/sdp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "benchutil.h"

#define WAIT_LIMIT (20 * G_TIME_SPAN_SECOND)

/* --- one end --- */

static void
send_description (PlainRtc *self, GstPromise *promise, const gchar *field)
{
  PlainMessage message = {NULL};

  gst_promise_wait (promise);
  gst_structure_get (gst_promise_get_reply (promise), field,
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &message.description, NULL);
  if (!message.description)
    bench_die ("webrtcbin made no %s", field);
  g_signal_emit_by_name (
      self->webrtc, "set-local-description", message.description, NULL);
  self->send (&message, self->user_data);
  gst_webrtc_session_description_free (message.description);
}

static void
on_answer (GstPromise *promise, gpointer user_data)
{
  send_description (user_data, promise, "answer");
  gst_promise_unref (promise);
}

static void
on_offer (GstPromise *promise, gpointer user_data)
{
  send_description (user_data, promise, "offer");
  gst_promise_unref (promise);
}

static void
on_negotiation_needed (GstElement *webrtc, gpointer user_data)
{
  g_signal_emit_by_name (webrtc, "create-offer", NULL,
      gst_promise_new_with_change_func (on_offer, user_data, NULL));
}

static void
on_candidate (
    GstElement *webrtc, guint mline, const gchar *text, gpointer user_data)
{
  PlainRtc *self = user_data;
  PlainMessage message = {.mline = mline, .candidate = text};

  self->send (&message, self->user_data);
}

static void
on_state (GObject *webrtc, GParamSpec *pspec, gpointer user_data)
{
  PlainRtc *self = user_data;
  GstWebRTCPeerConnectionState state;

  g_object_get (webrtc, "connection-state", &state, NULL);
  if (state != GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED ||
      g_atomic_int_get (&self->connected))
    return;
  self->connected_at = g_get_monotonic_time ();
  g_atomic_int_set (&self->connected, TRUE);
}

/* The elements are held to the same address. */
static void
keep_to_loopback (GstElement *webrtc)
{
  g_autoptr (GObject) ice = NULL;
  gboolean added = FALSE;

  g_object_get (webrtc, "ice-agent", &ice, NULL);
  g_signal_emit_by_name (ice, "add-local-ip-address", "127.0.0.1", &added);
  if (!added)
    bench_die ("127.0.0.1 is no local address");
}

PlainRtc *
plain_rtc_new (gboolean offers, PlainSend send, gpointer user_data)
{
  PlainRtc *self = g_new0 (PlainRtc, 1);

  self->send = send;
  self->user_data = user_data;
  self->webrtc = gst_element_factory_make ("webrtcbin", NULL);
  if (!self->webrtc)
    bench_die ("element webrtcbin is not installed");
  g_object_set (
      self->webrtc, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, NULL);
  keep_to_loopback (self->webrtc);
  if (offers)
    g_signal_connect (self->webrtc, "on-negotiation-needed",
        G_CALLBACK (on_negotiation_needed), self);
  g_signal_connect (
      self->webrtc, "on-ice-candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (
      self->webrtc, "notify::connection-state", G_CALLBACK (on_state), self);
  return self;
}

void
plain_rtc_free (PlainRtc *self)
{
  g_free (self);
}

void
plain_rtc_receive (PlainRtc *self, const PlainMessage *message)
{
  if (!message->description) {
    g_signal_emit_by_name (
        self->webrtc, "add-ice-candidate", message->mline, message->candidate);
    return;
  }
  g_signal_emit_by_name (
      self->webrtc, "set-remote-description", message->description, NULL);
  if (message->description->type == GST_WEBRTC_SDP_TYPE_OFFER)
    g_signal_emit_by_name (self->webrtc, "create-answer", NULL,
        gst_promise_new_with_change_func (on_answer, self, NULL));
}

/* --- messages between processes --- */

static PlainDeliver wire_deliver;

static gchar *
format_message (const PlainMessage *message, guint index)
{
  g_autofree gchar *text = NULL;
  g_autofree gchar *code = NULL;

  if (!message->description)
    return g_strdup_printf (
        "candidate %u %u %s\n", index, message->mline, message->candidate);
  text = gst_sdp_message_as_text (message->description->sdp);
  code = g_base64_encode ((const guchar *)text, strlen (text));
  return g_strdup_printf (
      "description %u %d %s\n", index, message->description->type, code);
}

static void
on_wire_line (gchar *line, gpointer user_data)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 4);
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  PlainMessage message = {NULL};
  GstSDPMessage *sdp;
  gsize length;
  guint number;

  if (g_strv_length (words) != 4)
    bench_die ("cannot read \"%s\"", line);
  number = (guint)atoi (words[2]);
  if (g_str_equal (words[0], "candidate")) {
    message.mline = number;
    message.candidate = words[3];
  } else {
    g_base64_decode_inplace (words[3], &length);
    gst_sdp_message_new (&sdp);
    if (gst_sdp_message_parse_buffer (
            (const guint8 *)words[3], (guint)length, sdp) != GST_SDP_OK)
      bench_die ("cannot read a description");
    description =
        gst_webrtc_session_description_new ((GstWebRTCSDPType)number, sdp);
    message.description = description;
  }
  wire_deliver (&message, (guint)atoi (words[1]), user_data);
}

void
plain_wire_send (gint fd, const PlainMessage *message, guint index)
{
  static GMutex lock;
  g_autofree gchar *line = format_message (message, index);
  gsize left = strlen (line);
  const gchar *at = line;

  g_mutex_lock (&lock);
  while (left > 0) {
    gssize done = write (fd, at, left);

    if (done <= 0)
      bench_die ("the other process is gone");
    at += done;
    left -= (gsize)done;
  }
  g_mutex_unlock (&lock);
}

void
plain_wire_open (gint fd, PlainDeliver deliver, gpointer user_data)
{
  wire_deliver = deliver;
  bench_read_lines (fd, on_wire_line, user_data);
}

/* --- a pair in one process --- */

typedef struct
{
  PlainRtc *sender, *receiver;
  GstElement *in, *out; /* their pipelines */
  gint decoded;         /* atomic */
  gint64 decoded_at;
} Pair;

static void
send_to_receiver (const PlainMessage *message, gpointer user_data)
{
  plain_rtc_receive (((Pair *)user_data)->receiver, message);
}

static void
send_to_sender (const PlainMessage *message, gpointer user_data)
{
  plain_rtc_receive (((Pair *)user_data)->sender, message);
}

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Pair *pair = user_data;

  pair->decoded_at = g_get_monotonic_time ();
  g_atomic_int_set (&pair->decoded, TRUE);
  return GST_PAD_PROBE_REMOVE;
}

static void
on_pad_added (GstElement *webrtc, GstPad *pad, gpointer user_data)
{
  Pair *pair = user_data;
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
      picture_pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, pair, NULL);
  gst_bin_add (GST_BIN (pair->out), decoder);
  gst_element_sync_state_with_parent (decoder);
  sink_pad = gst_element_get_static_pad (decoder, "sink");
  gst_pad_link (pad, sink_pad);
}

/* The encoder starts with the join, not before, which is in its favour: its
 * first picture is a keyframe and waits at webrtcbin until that connects. */
static void
build_pair (Pair *pair)
{
  g_autoptr (GstElement) last = NULL;

  pair->sender = plain_rtc_new (TRUE, send_to_receiver, pair);
  pair->receiver = plain_rtc_new (FALSE, send_to_sender, pair);
  pair->in = bench_launch (BENCH_PICTURE " ! " BENCH_ENCODER
                                         " ! identity name=last silent=true",
      640, 360, bench_get_threads (), 500000);
  last = gst_bin_get_by_name (GST_BIN (pair->in), "last");
  gst_bin_add (GST_BIN (pair->in), pair->sender->webrtc);
  gst_element_link (last, pair->sender->webrtc);
  pair->out = gst_pipeline_new (NULL);
  bench_watch (pair->out);
  gst_bin_add (GST_BIN (pair->out), pair->receiver->webrtc);
  g_signal_connect (
      pair->receiver->webrtc, "pad-added", G_CALLBACK (on_pad_added), pair);
}

PlainTimes
plain_join (void)
{
  Pair pair = {NULL};
  PlainTimes times;
  gint64 start;

  build_pair (&pair);
  start = g_get_monotonic_time ();
  gst_element_set_state (pair.out, GST_STATE_PLAYING);
  gst_element_set_state (pair.in, GST_STATE_PLAYING);

  /* All its work is on threads of its own. */
  while (!g_atomic_int_get (&pair.decoded)) {
    if (g_get_monotonic_time () - start > WAIT_LIMIT)
      bench_die ("webrtcbin gave no picture");
    g_usleep (500);
  }
  times = (PlainTimes){
      (pair.sender->connected_at - start) / 1000.0,
      (pair.decoded_at - start) / 1000.0,
  };
  gst_element_set_state (pair.in, GST_STATE_NULL);
  gst_element_set_state (pair.out, GST_STATE_NULL);
  gst_object_unref (pair.in);
  gst_object_unref (pair.out);
  plain_rtc_free (pair.sender);
  plain_rtc_free (pair.receiver);
  return times;
}
