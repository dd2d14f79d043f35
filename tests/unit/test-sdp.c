/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is taken and what is refused of descriptions and candidates. */
#include <string.h>

#include "gstrtcsdp.h"
#include "rtcconfig.h"

#define FP_BYTE "AB:"
#define FP_8 FP_BYTE FP_BYTE FP_BYTE FP_BYTE FP_BYTE FP_BYTE FP_BYTE FP_BYTE
#define FP FP_8 FP_8 FP_8 "AB:AB:AB:AB:AB:AB:AB:CD"
#define FP_LOWER                                                               \
  "ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:ab:"      \
  "ab:ab:ab:ab:ab:ab:ab:ab:cd"
#define ICE "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"

static const gchar offer[] =
    "v=0\r\n"
    "o=- 1 1 IN IP4 0.0.0.0\r\n"
    "s=-\r\n"
    "t=0 0\r\n"
    "a=group:LS 0 1\r\n"
    "a=group:BUNDLE 0 1\r\n"
    "a=extmap-allow-mixed\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 100 97 96\r\n"
    "c=IN IP4 0.0.0.0\r\n"
    "a=candidate:1 1 udp 2015364095 192.0.2.1 4000 typ host generation 0\r\n"
    "a=candidate:2 1 tcp 2015364095 192.0.2.1 9 typ host tcptype active\r\n" ICE
    "a=fingerprint:sha-256 " FP "\r\n"
    "a=setup:actpass\r\n"
    "a=mid:0\r\n"
    "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    "a=sendonly\r\n"
    "a=rtcp-mux\r\n"
    "a=rtpmap:100 H265/90000\r\n"
    "a=rtpmap:97 rtx/90000\r\n"
    "a=fmtp:97 apt=96\r\n"
    "a=rtpmap:96 vp8/90000\r\n"
    "a=rtcp-fb:96 nack\r\n"
    "a=rtcp-fb:96 nack pli\r\n"
    "a=rtcp-fb:96 transport-cc\r\n"
    "a=fmtp:96 max-fr=30; clock-rate=evil;payload=1\r\n"
    "a=ssrc:1111 cname:me\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
    "c=IN IP4 0.0.0.0\r\n" ICE "a=fingerprint:sha-256 " FP_LOWER "\r\n"
    "a=setup:actpass\r\n"
    "a=mid:1\r\n"
    "a=sendonly\r\n"
    "a=rtcp-mux\r\n"
    "a=rtpmap:111 opus/48000/2\r\n"
    "a=fmtp:111 minptime=10;useinbandfec=1;sprop-stereo=1;stereo=1\r\n";

/* @text with each @from replaced. */
static gchar *
swap (const gchar *text, const gchar *from, const gchar *to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, -1);

  g_assert_cmpuint (g_strv_length (parts), >, 1);
  return g_strjoinv (to, parts);
}

static gchar *
write_out (const GstRtcSdp *sdp)
{
  return gst_sdp_message_as_text (gst_rtc_sdp_get_message (sdp));
}

static gchar *
make_answer (void)
{
  g_autofree gchar *a = swap (offer, "a=sendonly", "a=recvonly");

  return swap (a, "a=setup:actpass", "a=setup:active");
}

static void
assert_has (const gchar *text, const gchar *part)
{
  if (!strstr (text, part))
    g_error ("no \"%s\" in:\n%s", part, text);
}

static void
assert_lacks (const gchar *text, const gchar *part)
{
  if (strstr (text, part))
    g_error ("\"%s\" in:\n%s", part, text);
}

static void
assert_refused (const gchar *text, GstRtcSdpType type, const gchar *why)
{
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp = gst_rtc_sdp_new (text, type, &fault);

  if (sdp)
    g_error ("taken, though it should be refused as: %s", why);
  g_assert_nonnull (fault);
  assert_has (fault, why);
}

static void
test_offer_is_cut_down (void)
{
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp =
      gst_rtc_sdp_new (offer, GST_RTC_SDP_OFFER, &fault);
  g_autofree gchar *text = NULL;
  const GstRtcSdpTrack *track;
  const GstStructure *s;
  gint payload = 0;

  g_assert_cmpstr (fault, ==, NULL);
  text = write_out (sdp);
  assert_has (text, "a=group:BUNDLE 0 1");
  assert_has (text, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n");
  assert_has (text, "a=rtcp-fb:96 nack pli");
  assert_has (text, "a=fmtp:96 max-fr=30\r\n");
  assert_has (text, "sprop-stereo=1");
  assert_has (text, "a=ssrc:1111 cname:me");
  assert_has (
      text, "a=candidate:1 1 UDP 2015364095 192.0.2.1 4000 typ host\r\n");
  assert_lacks (text, " tcp ");
  assert_lacks (text, "extmap");
  assert_lacks (text, "rtx");
  assert_lacks (text, "H265");
  assert_lacks (text, "transport-cc");
  assert_lacks (text, "evil");
  assert_lacks (text, "group:LS");

  g_assert_cmpuint (gst_rtc_sdp_get_n_tracks (sdp), ==, 2);
  g_assert_cmpuint (gst_rtc_sdp_get_bundle_mline (sdp), ==, 0);
  g_assert_cmpuint (gst_rtc_sdp_get_n_candidates (sdp), ==, 1);
  track = gst_rtc_sdp_get_track (sdp, 0);
  g_assert_cmpint (track->medium, ==, GST_RTC_MEDIA_VIDEO);
  s = gst_caps_get_structure (track->caps, 0);
  g_assert_cmpstr (gst_structure_get_name (s), ==, "application/x-rtp");
  g_assert_cmpstr (gst_structure_get_string (s, "encoding-name"), ==, "VP8");
  g_assert_true (gst_structure_get_int (s, "payload", &payload));
  g_assert_cmpint (payload, ==, 96);
  track = gst_rtc_sdp_get_track (sdp, 1);
  s = gst_caps_get_structure (track->caps, 0);
  g_assert_cmpstr (gst_structure_get_string (s, "encoding-name"), ==, "OPUS");
}

static void
test_answer_loses_stereo (void)
{
  g_autofree gchar *answer = make_answer ();
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp =
      gst_rtc_sdp_new (answer, GST_RTC_SDP_ANSWER, &fault);
  g_autofree gchar *text = NULL;

  g_assert_cmpstr (fault, ==, NULL);
  text = write_out (sdp);
  assert_lacks (text, "stereo");
  assert_has (text, "useinbandfec=1");
}

static void
test_answer_may_refuse_one_track (void)
{
  g_autofree gchar *answer = make_answer ();
  g_autofree gchar *refused = swap (answer, "m=audio 9", "m=audio 0");
  g_autofree gchar *bundle = swap (refused, "BUNDLE 0 1", "BUNDLE 0");
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp =
      gst_rtc_sdp_new (bundle, GST_RTC_SDP_ANSWER, &fault);
  g_autofree gchar *none = swap (bundle, "m=video 9", "m=video 0");

  g_assert_cmpstr (fault, ==, NULL);
  g_assert_null (gst_rtc_sdp_get_track (sdp, 1)->caps);
  assert_refused (none, GST_RTC_SDP_ANSWER, "refuses all media");
}

static void
test_session_level_moves_down (void)
{
  g_autofree gchar *a = swap (offer, ICE, "");
  g_autofree gchar *b = swap (a, "a=setup:actpass\r\n", "");
  g_autofree gchar *c = swap (b, "a=fingerprint:sha-256 " FP "\r\n", "");
  g_autofree gchar *d = swap (c, "a=fingerprint:sha-256 " FP_LOWER "\r\n", "");
  g_autofree gchar *e = swap (d, "a=extmap-allow-mixed\r\n",
      ICE "a=setup:actpass\r\na=fingerprint:SHA-256 " FP_LOWER "\r\n");
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp = gst_rtc_sdp_new (e, GST_RTC_SDP_OFFER, &fault);
  const GstSDPMessage *message;
  GChecksumType hash;

  g_assert_cmpstr (fault, ==, NULL);
  g_assert_cmpstr (gst_rtc_sdp_get_fingerprint (sdp, &hash), ==, FP);
  g_assert_cmpint (hash, ==, G_CHECKSUM_SHA256);
  message = gst_rtc_sdp_get_message (sdp);
  g_assert_null (gst_sdp_message_get_attribute_val (message, "fingerprint"));
  g_assert_null (gst_sdp_message_get_attribute_val (message, "setup"));
  for (guint i = 0; i < 2; i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (message, i);

    g_assert_nonnull (gst_sdp_media_get_attribute_val (media, "ice-ufrag"));
    g_assert_nonnull (gst_sdp_media_get_attribute_val (media, "setup"));
    g_assert_nonnull (gst_sdp_media_get_attribute_val (media, "fingerprint"));
  }
}

static void
test_missing_mid_of_a_single_track (void)
{
  g_autofree gchar *video =
      g_strndup (offer, strstr (offer, "m=audio") - offer);
  g_autofree gchar *a = swap (video, "a=mid:0\r\n", "");
  g_autofree gchar *b = swap (a, "a=group:BUNDLE 0 1\r\n", "");
  g_autofree gchar *c = swap (b, "a=group:LS 0 1\r\n", "");
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp = gst_rtc_sdp_new (c, GST_RTC_SDP_OFFER, &fault);
  g_autofree gchar *text = NULL;

  g_assert_cmpstr (fault, ==, NULL);
  text = write_out (sdp);
  assert_has (text, "a=mid:0");
  assert_has (text, "a=group:BUNDLE 0");
}

typedef struct
{
  const gchar *from;
  const gchar *to;
  const gchar *why;
} BadOffer;

static const BadOffer bad_offers[] = {
    {"v=0", "v=1", "v=0"},
    {"s=-\r\n", "s=-\r\nnonsense\r\n", "no SDP"},
    {"s=-\r\n", "s=-\r\nk=clear:1\r\n", "k= line"},
    {"s=-", "s=\x01", "control character"},
    {"s=-", "s=\xff", "UTF-8"},
    {"m=audio", "m=application", "neither audio nor video"},
    {"UDP/TLS/RTP/SAVPF 111", "RTP/AVP 111", "SAVPF"},
    {"m=audio 9", "m=audio 0", "disabled"},
    {"a=mid:1\r\n", "", "mid"},
    {"a=mid:1\r\n", "a=mid:0\r\n", "twice"},
    {"a=mid:1\r\n", "a=mid:a b\r\n", "mid"},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:abc", "ICE credentials"},
    {"a=ice-ufrag:abcd", "a=ice-ufrag:ab d", "ICE credentials"},
    {"a=ice-pwd:0123456789012345678901", "a=ice-pwd:012345678901234567890",
        "ICE credentials"},
    {"a=setup:actpass\r\n", "", "setup"},
    {"a=setup:actpass", "a=setup:holdconn", "setup"},
    {"a=sendonly", "a=recvonly", "is recvonly"},
    {"a=sendonly", "a=inactive", "is inactive"},
    {"a=rtcp-mux\r\n", "", "rtcp-mux"},
    {"vp8/90000", "H265/90000", "no codec"},
    {"vp8/90000", "VP8/8000", "no codec"},
    {"opus/48000/2", "opus/48000/3", "no codec"},
    {"opus/48000/2", "opus/48000/255", "no codec"},
    {"111", "70", "no codec"},
    {"111", "200", "no codec"},
    {"111", "96", "payload type"},
    {"a=group:BUNDLE 0 1", "a=group:BUNDLE 0", "not bundled"},
    {"a=group:BUNDLE 0 1", "a=group:BUNDLE 0 1 2", "unknown mid"},
    {"a=group:BUNDLE 0 1", "a=group:BUNDLE 0 1 1", "twice"},
    {"a=group:BUNDLE 0 1", "a=group:BUNDLE", "refuses all"},
    {"a=group:BUNDLE 0 1\r\n", "", "not bundled"},
    {"a=fingerprint:sha-256 " FP "\r\n", "", "no fingerprint"},
    {"a=fingerprint:sha-256 AB", "a=fingerprint:sha-256 AC", "differ"},
    {"a=fingerprint:sha-256", "a=fingerprint:sha-1", "no fingerprint"},
    {"a=fingerprint:sha-256 AB:", "a=fingerprint:sha-256 ", "malformed"},
    {"a=fingerprint:sha-256 AB", "a=fingerprint:sha-256 XY", "malformed"},
};

static void
test_bad_offers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_offers); i++) {
    const BadOffer *row = &bad_offers[i];
    g_autofree gchar *text = swap (offer, row->from, row->to);
    g_autofree gchar *fault = NULL;
    g_autoptr (GstRtcSdp) sdp = NULL;

    g_test_message ("%s", row->why);
    sdp = gst_rtc_sdp_new (text, GST_RTC_SDP_OFFER, &fault);
    /* Where nothing says bundled at all, another sentence may come first. */
    if (sdp || !fault)
      g_error ("taken: \"%s\" for \"%s\"", row->to, row->from);
    if (strcmp (row->why, "refuses all") != 0)
      assert_has (fault, row->why);
  }
}

static void
test_sizes (void)
{
  g_autofree gchar *many = NULL;
  g_autofree gchar *big = NULL;
  GString *text = g_string_new (offer);

  for (guint i = 0; i < GST_RTC_SDP_MAX_MLINES; i++)
    g_string_append (text, "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n");
  many = g_string_free (text, FALSE);
  assert_refused (many, GST_RTC_SDP_OFFER, "more than 8");

  text = g_string_new (offer);
  while (text->len <= GST_RTC_SDP_MAX_BYTES)
    g_string_append (text, "a=x:0123456789\r\n");
  big = g_string_free (text, FALSE);
  assert_refused (big, GST_RTC_SDP_OFFER, "longer than");
  assert_refused ("", GST_RTC_SDP_OFFER, "v=0");
  assert_refused ("v=0\r\n", GST_RTC_SDP_OFFER, "no m-line");
}

static void
test_answer_direction_and_setup (void)
{
  g_autofree gchar *answer = make_answer ();
  g_autofree gchar *both = swap (answer, "a=recvonly", "a=sendrecv");
  g_autofree gchar *open = swap (answer, "a=setup:active", "a=setup:actpass");

  assert_refused (both, GST_RTC_SDP_ANSWER, "sendrecv");
  assert_refused (open, GST_RTC_SDP_ANSWER, "setup");
}

/* Each prefix and each description with a line missing: refused or taken,
 * but never a crash. */
static void
test_mutilated (void)
{
  gsize len = strlen (offer);
  g_auto (GStrv) lines = g_strsplit (offer, "\r\n", -1);

  for (gsize i = 0; i < len; i += 3) {
    g_autofree gchar *text = g_strndup (offer, i);

    gst_rtc_sdp_free (gst_rtc_sdp_new (text, GST_RTC_SDP_OFFER, NULL));
  }
  for (guint i = 0; lines[i]; i++) {
    GString *text = g_string_new (NULL);

    for (guint k = 0; lines[k]; k++) {
      if (k != i)
        g_string_append_printf (text, "%s\r\n", lines[k]);
    }
    gst_rtc_sdp_free (gst_rtc_sdp_new (text->str, GST_RTC_SDP_OFFER, NULL));
    g_string_free (text, TRUE);
  }
}

typedef struct
{
  const gchar *text;
  GstRtcCandidateVerdict verdict;
  const gchar *normalized;
} Candidate;

static const Candidate candidates[] = {
    {"candidate:1 1 UDP 2015364095 127.0.0.1 38498 typ host",
        GST_RTC_CANDIDATE_USABLE,
        "candidate:1 1 UDP 2015364095 127.0.0.1 38498 typ host"},
    {"a=candidate:1 1 udp 1 ::1 1 typ host", GST_RTC_CANDIDATE_USABLE,
        "candidate:1 1 UDP 1 ::1 1 typ host"},
    {"candidate:842163049 1 udp 1677729535 192.0.2.7 46154 typ srflx raddr "
     "0.0.0.0 rport 0 generation 0 ufrag abcd network-cost 999",
        GST_RTC_CANDIDATE_USABLE,
        "candidate:842163049 1 UDP 1677729535 192.0.2.7 46154 typ srflx raddr "
        "0.0.0.0 rport 0"},
    {"candidate:1 1 udp 1 192.0.2.7 5 typ relay raddr name.local rport 9",
        GST_RTC_CANDIDATE_USABLE, "candidate:1 1 UDP 1 192.0.2.7 5 typ relay"},
    {"candidate:1 1 tcp 1 192.0.2.7 9 typ host tcptype active",
        GST_RTC_CANDIDATE_UNUSABLE, NULL},
    {"candidate:1 1 udp 1 0a1b.local 5 typ host", GST_RTC_CANDIDATE_UNUSABLE,
        NULL},
    {"candidate:1 2 udp 1 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_UNUSABLE,
        NULL},
    {"", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 1 192.0.2.7 5 typ", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate: 1 udp 1 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1-2 1 udp 1 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 0 udp 1 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 257 udp 1 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 sctp 1 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 0 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 2147483648 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_BAD,
        NULL},
    {"candidate:1 1 udp -1 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 1 192.0.2.7 0 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 1 192.0.2.7 65536 typ host", GST_RTC_CANDIDATE_BAD,
        NULL},
    {"candidate:1 1 udp 1 192.0.2.7 5 type host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 1 192.0.2.7 5 typ hos", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 1 0.0.0.0 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 1 224.0.0.1 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 1 fe80::1%eth0 5 typ host", GST_RTC_CANDIDATE_BAD,
        NULL},
    {"candidate:1 1 udp 1 192.0.2.7 5 typ host rport", GST_RTC_CANDIDATE_BAD,
        NULL},
    {"candidate:1 1 udp 1 192.0.2.7 5 typ host\r\na=x", GST_RTC_CANDIDATE_BAD,
        NULL},
};

static void
test_candidates (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++) {
    const Candidate *row = &candidates[i];
    g_autofree gchar *normalized = NULL;
    g_autofree gchar *fault = NULL;

    g_test_message ("%s", row->text);
    g_assert_cmpint (row->verdict, ==,
        gst_rtc_candidate_check (row->text, &normalized, &fault));
    g_assert_cmpstr (row->normalized, ==, normalized);
    g_assert_true (
        (fault == NULL) == (row->verdict == GST_RTC_CANDIDATE_USABLE));
  }
}

static void
test_candidates_in_a_description_are_capped (void)
{
  GString *lines = g_string_new ("a=mid:0\r\n");
  g_autofree gchar *text = NULL;
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp = NULL;

  for (guint i = 0; i < 2 * GST_RTC_MAX_CANDIDATES; i++)
    g_string_append (lines, "a=candidate:1 1 udp 1 192.0.2.7 5 typ host\r\n");
  text = swap (offer, "a=mid:0\r\n", lines->str);
  g_string_free (lines, TRUE);
  sdp = gst_rtc_sdp_new (text, GST_RTC_SDP_OFFER, &fault);
  g_assert_cmpstr (fault, ==, NULL);
  g_assert_cmpuint (
      gst_rtc_sdp_get_n_candidates (sdp), ==, GST_RTC_MAX_CANDIDATES);
}

/* The SHA-256 of `abc` is a vector of FIPS 180-2. */
static void
test_fingerprint_of_a_certificate (void)
{
  g_autofree gchar *text = gst_rtc_fingerprint_new (
      "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n",
      G_CHECKSUM_SHA256);

  g_assert_cmpstr (text, ==,
      "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:"
      "9C:B4:10:FF:61:F2:00:15:AD");
  g_assert_null (gst_rtc_fingerprint_new (NULL, G_CHECKSUM_SHA256));
  g_assert_null (gst_rtc_fingerprint_new ("YWJj", G_CHECKSUM_SHA256));
  g_assert_null (gst_rtc_fingerprint_new (
      "-----BEGIN CERTIFICATE-----\n", G_CHECKSUM_SHA256));
}

static gchar *
load_vector (const gchar *name)
{
  g_autofree gchar *path = g_test_build_filename (
      G_TEST_DIST, "tests", "vectors", "sdp", name, NULL);
  gchar *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s cannot be read", path);
  return text;
}

static const gchar *
get_encoding (const GstRtcSdp *sdp, guint mline)
{
  const GstRtcSdpTrack *track = gst_rtc_sdp_get_track (sdp, mline);

  return gst_structure_get_string (
      gst_caps_get_structure (track->caps, 0), "encoding-name");
}

/* As Chromium writes them by itself: all its codecs with RTX, RED and FEC,
 * all header extensions, transport-wide feedback and three layers. */
static void
test_offers_of_a_browser_are_cut_down (void)
{
  static const gchar *const names[] = {
      "chromium-offer-everything.sdp", "chromium-offer-page.sdp"};
  static const gchar *const unwanted[] = {"rtx", "red/", "ulpfec", "flexfec",
      "extmap", "transport-cc", "goog-remb", "simulcast", "a=rid", "msid",
      "rtcp-xr", "VP9", "H264", "AV1"};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *text = load_vector (names[i]);
    g_autofree gchar *fault = NULL;
    g_autoptr (GstRtcSdp) sdp =
        gst_rtc_sdp_new (text, GST_RTC_SDP_OFFER, &fault);
    g_autofree gchar *kept = NULL;
    guint last;

    g_assert_cmpstr (fault, ==, NULL);
    kept = write_out (sdp);
    for (guint j = 0; j < G_N_ELEMENTS (unwanted); j++)
      assert_lacks (kept, unwanted[j]);
    assert_has (kept, "nack pli");
    last = gst_rtc_sdp_get_n_tracks (sdp) - 1;
    g_assert_cmpstr (get_encoding (sdp, last), ==, "VP8");
    if (last > 0)
      g_assert_cmpstr (get_encoding (sdp, 0), ==, "OPUS");
  }
}

static void
test_answer_of_a_browser_is_taken (void)
{
  g_autofree gchar *text = load_vector ("chromium-answer.sdp");
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp =
      gst_rtc_sdp_new (text, GST_RTC_SDP_ANSWER, &fault);

  g_assert_cmpstr (fault, ==, NULL);
  g_assert_cmpuint (gst_rtc_sdp_get_n_tracks (sdp), ==, 2);
  g_assert_cmpstr (get_encoding (sdp, 0), ==, "VP8");
  g_assert_cmpstr (get_encoding (sdp, 1), ==, "OPUS");
}

static void
test_fingerprints_compare (void)
{
  g_assert_true (gst_rtc_fingerprint_equal ("AB:CD", "AB:CD"));
  g_assert_false (gst_rtc_fingerprint_equal ("AB:CD", "AB:CE"));
  g_assert_false (gst_rtc_fingerprint_equal ("AB:CD", "AB"));
  g_assert_false (gst_rtc_fingerprint_equal ("", ""));
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add_func ("/sdp/" path, func)
  ADD ("offer-is-cut-down", test_offer_is_cut_down);
  ADD ("answer-loses-stereo", test_answer_loses_stereo);
  ADD ("answer-may-refuse-one-track", test_answer_may_refuse_one_track);
  ADD ("session-level-moves-down", test_session_level_moves_down);
  ADD ("missing-mid-of-a-single-track", test_missing_mid_of_a_single_track);
  ADD ("bad-offers", test_bad_offers);
  ADD ("sizes", test_sizes);
  ADD ("answer-direction-and-setup", test_answer_direction_and_setup);
  ADD ("mutilated", test_mutilated);
  ADD ("candidates", test_candidates);
  ADD ("candidates-are-capped", test_candidates_in_a_description_are_capped);
  ADD ("fingerprint-of-a-certificate", test_fingerprint_of_a_certificate);
  ADD ("offers-of-a-browser-are-cut-down",
      test_offers_of_a_browser_are_cut_down);
  ADD ("answer-of-a-browser-is-taken", test_answer_of_a_browser_is_taken);
  ADD ("fingerprints-compare", test_fingerprints_compare);
  return g_test_run ();
}
