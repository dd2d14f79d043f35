/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Real peers in one process on 127.0.0.1. */
#include <string.h>

#include "patience.h"
#include "peerpair.h"
#include "rtcerror.h"
#include "rtctest.h"

static void
setup_join (Pair *pair, Side **sender, Side **receiver, gboolean audio)
{
  GstRtcPeerSettings send, receive;

  pair_init (pair);
  send = pair_settings (pair, GST_RTC_PEER_SENDER);
  receive = pair_settings (pair, GST_RTC_PEER_RECEIVER);
  *sender = pair_add (pair, &send);
  *receiver = pair_add (pair, &receive);
  pair_start_media (pair, audio);
}

static void
wait_connected (Pair *pair, Side *sender, Side *receiver)
{
  pair_wait (pair, (gint *)&sender->n_connected, "the sender");
  pair_wait (pair, (gint *)&receiver->n_connected, "the receiver");
  pair_force_keyframe (pair);
}

static void
assert_failed (Side *side, gint code, const gchar *reason)
{
  g_assert_error (side->error, GST_RTC_ERROR, code);
  if (!strstr (side->error->message, reason))
    g_error ("no \"%s\" in \"%s\"", reason, side->error->message);
  g_assert_cmpuint (side->n_failed, ==, 1);
}

static void
test_media_arrives (void)
{
  Pair pair;
  Side *sender, *receiver;
  const GstStructure *s;

  setup_join (&pair, &sender, &receiver, TRUE);
  side_decode (&pair, receiver);
  pair_join (sender, receiver);
  wait_connected (&pair, sender, receiver);
  g_assert_true (gst_rtc_peer_is_connected (sender->peer));
  pair_wait (&pair, &receiver->n_decoded, "a picture");
  pair_wait (&pair, &receiver->n_audio, "sound");

  g_assert_cmpuint (sender->n_connected, ==, 1);
  g_assert_nonnull (receiver->video_caps);
  s = gst_caps_get_structure (receiver->video_caps, 0);
  g_assert_cmpstr (gst_structure_get_string (s, "encoding-name"), ==, "VP8");
  s = gst_caps_get_structure (receiver->audio_caps, 0);
  g_assert_cmpstr (gst_structure_get_string (s, "encoding-name"), ==, "OPUS");
  pair_clear (&pair);
}

static void
test_times_are_clock_times (void)
{
  Pair pair;
  Side *sender, *receiver;
  GstClockTimeDiff age;

  setup_join (&pair, &sender, &receiver, FALSE);
  pair_join (sender, receiver);
  wait_connected (&pair, sender, receiver);
  pair_wait (&pair, &receiver->n_video, "video");
  age = GST_CLOCK_DIFF (receiver->last_pts, gst_clock_get_time (pair.clock));
  g_assert_cmpint (age, >, -(gint64)GST_SECOND);
  g_assert_cmpint (age, <, (gint64)GST_SECOND);
  pair_clear (&pair);
}

static void
test_only_the_wanted_address_is_gathered (void)
{
  Pair pair;
  Side *sender, *receiver;

  setup_join (&pair, &sender, &receiver, FALSE);
  pair_join (sender, receiver);
  pair_wait (&pair, &sender->gathered, "the end of gathering");
  pair_wait (&pair, &receiver->gathered, "the end of gathering");
  g_assert_cmpuint (sender->candidates->len, >, 0);
  for (guint i = 0; i < sender->candidates->len; i++)
    g_assert_nonnull (
        strstr (g_ptr_array_index (sender->candidates, i), " 127.0.0.1 "));
  for (guint i = 0; i < receiver->candidates->len; i++)
    g_assert_nonnull (
        strstr (g_ptr_array_index (receiver->candidates, i), " 127.0.0.1 "));
  pair_clear (&pair);
}

static void
test_address_that_is_none (void)
{
  static const gchar *const bad[] = {"nobody", NULL};
  Pair pair;
  GstRtcPeerSettings settings;
  g_autoptr (GError) error = NULL;
  GstRtcPeerListener listener = {NULL};

  pair_init (&pair);
  settings = pair_settings (&pair, GST_RTC_PEER_RECEIVER);
  settings.local_addresses = bad;
  g_assert_null (
      gst_rtc_peer_new (pair.worker, &settings, &listener, NULL, &error));
  g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_SUBSCRIBE_FAILED);
  pair_clear (&pair);
}

/* libnice has declared it for construction only. */
static void
test_nomination_is_at_once (void)
{
  Pair pair;
  Side *sender, *receiver;
  g_autoptr (GstElement) webrtc = NULL;
  g_autoptr (GObject) ice = NULL;
  g_autoptr (GObject) agent = NULL;
  g_autoptr (GEnumClass) modes = NULL;
  GParamSpec *pspec;
  gint mode;

  setup_join (&pair, &sender, &receiver, FALSE);
  webrtc = gst_rtc_peer_ref_webrtcbin (sender->peer);
  g_object_get (webrtc, "ice-agent", &ice, NULL);
  g_object_get (ice, "agent", &agent, NULL);
  g_object_get (agent, "nomination-mode", &mode, NULL);
  pspec = g_object_class_find_property (
      G_OBJECT_GET_CLASS (agent), "nomination-mode");
  modes = g_type_class_ref (pspec->value_type);
  g_assert_cmpstr (
      "aggressive", ==, g_enum_get_value (modes, mode)->value_nick);
  pair_clear (&pair);
}

static gchar *
change_fingerprint (const gchar *sdp)
{
  gchar *text = g_strdup (sdp);
  gchar *c = text;

  /* The same digit in each m-line, or the sections would differ. */
  while ((c = strstr (c, "a=fingerprint:sha-256 "))) {
    c += strlen ("a=fingerprint:sha-256 ");
    *c = *c == '0' ? '1' : '0';
  }
  return text;
}

static gboolean
has_failed (gpointer data)
{
  return ((Side *)data)->n_failed > 0;
}

static void
test_tampered_offer (void)
{
  Pair pair;
  Side *sender, *receiver;

  setup_join (&pair, &sender, &receiver, FALSE);
  sender->tamper = change_fingerprint;
  pair_join (sender, receiver);
  pair_iterate_until (&pair, has_failed, receiver);
  assert_failed (receiver, GST_RTC_ERROR_SUBSCRIBE_FAILED, "fingerprint");
  g_assert_cmpuint (receiver->n_connected, ==, 0);
  g_assert_cmpint (receiver->n_video, ==, 0);
  pair_clear (&pair);
}

static void
test_tampered_answer (void)
{
  Pair pair;
  Side *sender, *receiver;

  setup_join (&pair, &sender, &receiver, FALSE);
  receiver->tamper = change_fingerprint;
  pair_join (sender, receiver);
  pair_iterate_until (&pair, has_failed, sender);
  assert_failed (sender, GST_RTC_ERROR_PUBLISH_ERROR, "fingerprint");
  g_assert_cmpuint (sender->n_connected, ==, 0);
  g_assert_cmpint (receiver->n_video, ==, 0);
  pair_clear (&pair);
}

static void
test_bad_description_fails (void)
{
  Pair pair;
  Side *sender, *receiver;

  setup_join (&pair, &sender, &receiver, FALSE);
  gst_rtc_peer_start (receiver->peer);
  gst_rtc_peer_set_remote_description (receiver->peer, "v=0\r\n");
  assert_failed (receiver, GST_RTC_ERROR_SUBSCRIBE_FAILED, "m-line");
  gst_rtc_peer_set_remote_description (receiver->peer, "v=0\r\n");
  g_assert_cmpuint (receiver->n_failed, ==, 1);
  g_assert_nonnull (sender);
  pair_clear (&pair);
}

static gchar *
change_ufrag (const gchar *sdp)
{
  g_auto (GStrv) parts = g_strsplit (sdp, "a=ice-ufrag:", -1);

  return g_strjoinv ("a=ice-ufrag:other", parts);
}

/* Only that of credentials that have changed restarts ICE. */
static void
test_second_descriptions (void)
{
  Pair pair;
  Side *sender, *receiver;
  g_autofree gchar *restart = NULL;
  g_autofree gchar *answer = NULL;

  setup_join (&pair, &sender, &receiver, FALSE);
  pair_join (sender, receiver);
  wait_connected (&pair, sender, receiver);
  restart = change_ufrag (sender->description);
  answer = change_ufrag (receiver->description);
  gst_rtc_peer_set_remote_description (receiver->peer, sender->description);
  gst_rtc_peer_set_remote_description (receiver->peer, "v=0\r\n");
  gst_rtc_peer_set_remote_description (sender->peer, answer);
  g_assert_cmpuint (receiver->n_failed + sender->n_failed, ==, 0);
  gst_rtc_peer_set_remote_description (receiver->peer, restart);
  assert_failed (receiver, GST_RTC_ERROR_SUBSCRIBE_FAILED, "restarts ICE");
  pair_clear (&pair);
}

static gchar *
change_payload (const gchar *sdp)
{
  g_auto (GStrv) parts = g_strsplit (sdp, "SAVPF 96", -1);
  g_autofree gchar *text = g_strjoinv ("SAVPF 98", parts);
  g_auto (GStrv) maps = g_strsplit (text, ":96 ", -1);

  return g_strjoinv (":98 ", maps);
}

static void
test_answer_with_another_codec (void)
{
  Pair pair;
  Side *sender, *receiver;

  setup_join (&pair, &sender, &receiver, FALSE);
  receiver->tamper = change_payload;
  pair_join (sender, receiver);
  pair_iterate_until (&pair, has_failed, sender);
  assert_failed (sender, GST_RTC_ERROR_PUBLISH_ERROR, "another codec");
  pair_clear (&pair);
}

static void
test_connect_timeout (void)
{
  Pair pair;
  GstRtcPeerSettings settings;
  Side *sender;

  pair_init (&pair);
  settings = pair_settings (&pair, GST_RTC_PEER_SENDER);
  settings.connect_timeout = 200;
  sender = pair_add (&pair, &settings);
  side_add_tracks (&pair, sender);
  gst_rtc_peer_start (sender->peer);
  pair_iterate_until (&pair, has_failed, sender);
  assert_failed (sender, GST_RTC_ERROR_PUBLISH_ERROR, "no description");
  pair_clear (&pair);
}

/* The candidates of the other side lead nowhere. */
static void
test_connect_timeout_names_ice (void)
{
  Pair pair;
  GstRtcPeerSettings send, receive;
  Side *sender, *receiver;

  pair_init (&pair);
  send = pair_settings (&pair, GST_RTC_PEER_SENDER);
  receive = pair_settings (&pair, GST_RTC_PEER_RECEIVER);
  receive.connect_timeout = 400;
  sender = pair_add (&pair, &send);
  receiver = pair_add (&pair, &receive);
  sender->other = receiver;
  side_add_tracks (&pair, sender);
  gst_rtc_peer_start (receiver->peer);
  gst_rtc_peer_start (sender->peer);
  pair_iterate_until (&pair, has_failed, receiver);
  assert_failed (receiver, GST_RTC_ERROR_SUBSCRIBE_FAILED, "ICE");
  pair_clear (&pair);
}

static gboolean
on_time_over (gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

static void
check_silence (gboolean sender_leaves, gboolean muted)
{
  Pair pair;
  GstRtcPeerSettings send, receive;
  Side *sender, *receiver, *leaver, *stayer;
  gint64 left;

  pair_init (&pair);
  send = pair_settings (&pair, GST_RTC_PEER_SENDER);
  receive = pair_settings (&pair, GST_RTC_PEER_RECEIVER);
  send.media_timeout = receive.media_timeout = 3000;
  sender = pair_add (&pair, &send);
  receiver = pair_add (&pair, &receive);
  pair_start_media (&pair, FALSE);
  pair_join (sender, receiver);
  wait_connected (&pair, sender, receiver);
  pair_wait (&pair, &receiver->n_video, "video");
  if (muted) {
    GSource *timer = g_timeout_source_new (7000);

    /* Nothing but RTCP for longer than the timeout: nobody gives up. */
    g_atomic_int_set (&pair.muted, TRUE);
    g_source_set_callback (timer, on_time_over, NULL, NULL);
    g_source_attach (timer, pair.context);
    while (!g_source_is_destroyed (timer)) {
      pair_iterate (&pair);
      g_assert_no_error (sender->error);
      g_assert_no_error (receiver->error);
    }
    g_source_unref (timer);
    pair_clear (&pair);
    return;
  }

  leaver = sender_leaves ? sender : receiver;
  stayer = sender_leaves ? receiver : sender;
  side_stop (leaver);
  left = g_get_monotonic_time ();
  pair_iterate_until (&pair, has_failed, stayer);
  g_assert_cmpint (
      g_get_monotonic_time () - left, <, 8 * rtc_patience () * G_USEC_PER_SEC);
  assert_failed (stayer,
      sender_leaves ? GST_RTC_ERROR_SUBSCRIBE_FAILED
                    : GST_RTC_ERROR_PUBLISH_ERROR,
      "nothing came");
  pair_clear (&pair);
}

static void
test_silent_sender (void)
{
  check_silence (TRUE, FALSE);
}

static void
test_silent_receiver (void)
{
  check_silence (FALSE, FALSE);
}

static void
test_muted_sender_is_alive (void)
{
  check_silence (FALSE, TRUE);
}

/* A publisher that starts muted: not even RTCP passes. */
static void
test_no_media_is_no_silence (void)
{
  Pair pair;
  GstRtcPeerSettings send, receive;
  Side *sender, *receiver;
  g_autoptr (GSource) timer = g_timeout_source_new (2000);

  pair_init (&pair);
  send = pair_settings (&pair, GST_RTC_PEER_SENDER);
  receive = pair_settings (&pair, GST_RTC_PEER_RECEIVER);
  send.media_timeout = receive.media_timeout = 200;
  sender = pair_add (&pair, &send);
  receiver = pair_add (&pair, &receive);
  pair_join (sender, receiver);
  wait_connected (&pair, sender, receiver);
  g_source_set_callback (timer, on_time_over, NULL, NULL);
  g_source_attach (timer, pair.context);
  while (!g_source_is_destroyed (timer))
    pair_iterate (&pair);
  g_assert_no_error (sender->error);
  g_assert_no_error (receiver->error);
  pair_clear (&pair);
}

static void
test_keyframe_request_arrives (void)
{
  Pair pair;
  Side *sender, *receiver;

  setup_join (&pair, &sender, &receiver, FALSE);
  pair_join (sender, receiver);
  wait_connected (&pair, sender, receiver);
  pair_wait (&pair, &receiver->n_video, "video");
  g_atomic_int_set (&sender->n_keyframes_wanted, 0);
  gst_rtc_peer_request_keyframe (receiver->peer);
  pair_wait (&pair, &sender->n_keyframes_wanted, "a keyframe request");
  pair_clear (&pair);
}

static gboolean
all_decoded (gpointer data)
{
  Side **receivers = data;

  for (guint i = 0; i < 3; i++) {
    if (g_atomic_int_get (&receivers[i]->n_decoded) < 5)
      return FALSE;
  }
  return TRUE;
}

static void
test_one_encoder_feeds_three (void)
{
  Pair pair;
  GstRtcPeerSettings send, receive;
  Side *receivers[3];

  pair_init (&pair);
  send = pair_settings (&pair, GST_RTC_PEER_SENDER);
  receive = pair_settings (&pair, GST_RTC_PEER_RECEIVER);
  pair_start_media (&pair, TRUE);
  for (guint i = 0; i < 3; i++) {
    Side *sender = pair_add (&pair, &send);

    receivers[i] = pair_add (&pair, &receive);
    side_decode (&pair, receivers[i]);
    pair_join (sender, receivers[i]);
    wait_connected (&pair, sender, receivers[i]);
  }
  pair_iterate_until (&pair, all_decoded, receivers);
  pair_clear (&pair);
}

typedef struct
{
  Side *sender;
  Side *receiver;
} Ends;

static guint64
get_figure (Side *side, const gchar *name)
{
  g_autoptr (GstStructure) stats = gst_rtc_peer_get_stats (side->peer);
  guint64 value = 0;
  guint small = 0;

  if (!gst_structure_get_uint64 (stats, name, &value) &&
      gst_structure_get_uint (stats, name, &small))
    value = small;
  return value;
}

static gboolean
figures_are_there (gpointer data)
{
  Ends *ends = data;

  return get_figure (ends->sender, "packets-sent") > 10 &&
         get_figure (ends->sender, "bytes-sent") > 1000 &&
         get_figure (ends->receiver, "packets-received") > 10 &&
         get_figure (ends->receiver, "bytes-received") > 1000 &&
         get_figure (ends->sender, "round-trip-time") > 0;
}

static void
test_stats (void)
{
  Pair pair;
  Side *sender, *receiver;
  Ends ends;

  setup_join (&pair, &sender, &receiver, FALSE);
  pair_join (sender, receiver);
  wait_connected (&pair, sender, receiver);
  ends = (Ends){sender, receiver};
  pair_iterate_until (&pair, figures_are_there, &ends);
  pair_clear (&pair);
}

static void
test_candidates_before_the_description (void)
{
  Pair pair;
  Side *sender, *receiver;

  setup_join (&pair, &sender, &receiver, FALSE);
  gst_rtc_peer_start (receiver->peer);
  gst_rtc_peer_add_candidate (
      receiver->peer, 0, "candidate:1 1 UDP 1 127.0.0.1 9 typ host");
  gst_rtc_peer_add_candidate (receiver->peer, 0, "candidate:nonsense");
  gst_rtc_peer_add_candidate (
      receiver->peer, 77, "candidate:1 1 UDP 1 127.0.0.1 9 typ host");
  for (guint i = 0; i < 2 * GST_RTC_MAX_CANDIDATES; i++)
    gst_rtc_peer_add_candidate (
        receiver->peer, 77, "candidate:1 1 UDP 1 127.0.0.1 9 typ host");
  pair_join (sender, receiver);
  wait_connected (&pair, sender, receiver);
  pair_clear (&pair);
}

/* Pipelines end on helper threads; the fixture only sees them go. */
typedef struct
{
  guint threads;
  guint descriptors;
} Usage;

static gboolean
is_back (gpointer data)
{
  Usage *usage = data;

  return rtc_test_count_files () <= usage->descriptors;
}

static gboolean
threads_are_back (gpointer data)
{
  Usage *usage = data;

  /* Some threads of GLib's pool are kept for reuse. */
  return rtc_test_count_threads () <= usage->threads + 8;
}

static void
run_start_stop (Pair *pair, gboolean joined)
{
  GstRtcPeerSettings send = pair_settings (pair, GST_RTC_PEER_SENDER);
  GstRtcPeerSettings receive = pair_settings (pair, GST_RTC_PEER_RECEIVER);
  Side *sender = pair_add (pair, &send);
  Side *receiver = pair_add (pair, &receive);

  if (joined) {
    pair_join (sender, receiver);
  } else {
    side_add_tracks (pair, sender);
    gst_rtc_peer_start (sender->peer);
    gst_rtc_peer_start (receiver->peer);
  }
  /* Each round gets a little further into the join. */
  for (guint i = 0; joined && i < pair->sides->len / 4; i++)
    g_main_context_iteration (pair->context, FALSE);
  gst_rtc_peer_stop (sender->peer);
  side_stop (sender);
  side_stop (receiver);
}

static void
check_start_stop (gboolean joined)
{
  Pair pair;
  Usage usage;

  pair_init (&pair);
  run_start_stop (&pair, joined);
  pair_clear (&pair);

  pair_init (&pair);
  usage = (Usage){rtc_test_count_threads (), rtc_test_count_files ()};
  for (guint i = 0; i < 50; i++)
    run_start_stop (&pair, joined);
  pair_iterate_until (&pair, is_back, &usage);
  g_thread_pool_stop_unused_threads ();
  pair_iterate_until (&pair, threads_are_back, &usage);
  for (guint i = 0; i < pair.sides->len; i++) {
    Side *side = g_ptr_array_index (pair.sides, i);

    g_assert_cmpint (side->n_late_calls, ==, 0);
  }
  pair_clear (&pair);
}

static void
test_start_stop_at_once (void)
{
  check_start_stop (FALSE);
}

static void
test_stop_while_joining (void)
{
  check_start_stop (TRUE);
}

static void
test_stop_under_media (void)
{
  for (guint i = 0; i < 5; i++) {
    Pair pair;
    Side *sender, *receiver;

    setup_join (&pair, &sender, &receiver, TRUE);
    pair_join (sender, receiver);
    wait_connected (&pair, sender, receiver);
    pair_wait (&pair, &receiver->n_video, "video");
    side_stop (receiver);
    side_stop (sender);
    side_stop (sender);
    for (guint k = 0; k < 10; k++)
      g_main_context_iteration (pair.context, FALSE);
    g_assert_cmpint (receiver->n_late_calls, ==, 0);
    g_assert_cmpint (sender->n_late_calls, ==, 0);
    pair_clear (&pair);
  }
}

int
main (int argc, char **argv)
{
  int result;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add_func ("/peer/" path, func)
  ADD ("media-arrives", test_media_arrives);
  ADD ("times-are-clock-times", test_times_are_clock_times);
  ADD ("only-the-wanted-address", test_only_the_wanted_address_is_gathered);
  ADD ("address-that-is-none", test_address_that_is_none);
  ADD ("nomination-is-at-once", test_nomination_is_at_once);
  ADD ("tampered-offer", test_tampered_offer);
  ADD ("tampered-answer", test_tampered_answer);
  ADD ("bad-description", test_bad_description_fails);
  ADD ("second-descriptions", test_second_descriptions);
  ADD ("answer-with-another-codec", test_answer_with_another_codec);
  ADD ("connect-timeout", test_connect_timeout);
  ADD ("connect-timeout-names-ice", test_connect_timeout_names_ice);
  ADD ("silent-sender", test_silent_sender);
  ADD ("silent-receiver", test_silent_receiver);
  ADD ("muted-sender-is-alive", test_muted_sender_is_alive);
  ADD ("no-media-is-no-silence", test_no_media_is_no_silence);
  ADD ("keyframe-request", test_keyframe_request_arrives);
  ADD ("one-encoder-three-viewers", test_one_encoder_feeds_three);
  ADD ("stats", test_stats);
  ADD ("early-candidates", test_candidates_before_the_description);
  ADD ("start-stop-at-once", test_start_stop_at_once);
  ADD ("stop-while-joining", test_stop_while_joining);
  ADD ("stop-under-media", test_stop_under_media);
  result = g_test_run ();
  /* The leaks tracer reports here. */
  gst_deinit ();
  return result;
}
