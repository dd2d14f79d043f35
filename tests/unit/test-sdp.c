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

/* One m-line of @medium with @formats and what is left of it to say. */
static gchar *
make_single (const gchar *medium, const gchar *formats, const gchar *rest)
{
  return g_strdup_printf ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
                          "m=%s 9 UDP/TLS/RTP/SAVPF %s\r\n" ICE
                          "a=setup:passive\r\n"
                          "a=sendonly\r\na=rtcp-mux\r\n%s\r\n",
      medium, formats, rest);
}

/* What is written of an offer of one m-line, NULL where it is refused. */
static gchar *
rewrite_single (const gchar *medium, const gchar *formats, const gchar *rest)
{
  g_autofree gchar *text = make_single (medium, formats, rest);
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp = gst_rtc_sdp_new (text, GST_RTC_SDP_OFFER, &fault);

  g_test_message ("%s, %s: %s", formats, rest, fault ? fault : "taken");
  return sdp ? write_out (sdp) : NULL;
}

#define SHA256_LINE "\r\na=fingerprint:sha-256 " FP

static void
test_single_is_written_whole (void)
{
  g_autofree gchar *text = rewrite_single ("video", "35 127",
      "a=rtpmap:127 H264/90000\r\n"
      "a=rtcp-fb:* ccm fir\r\na=rtcp-fb:12 nack pli\r\n"
      "a=rtcp-fb:127 nack pli\r\na=rtcp-rsize\r\na=ice-lite\r\n"
      "a=fmtp:127 packetization-mode=1; tier;profile-level-id=;"
      "profile-level-id=42e01f" SHA256_LINE);

  g_assert_cmpstr (
      "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
      "a=group:BUNDLE 0\r\na=ice-options:trickle\r\n"
      "m=video 9 UDP/TLS/RTP/SAVPF 127\r\n"
      "c=IN IP4 0.0.0.0\r\na=mid:0\r\n" ICE "a=setup:passive" SHA256_LINE "\r\n"
      "a=sendonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
      "a=rtpmap:127 H264/90000\r\n"
      "a=rtcp-fb:127 nack pli\r\na=rtcp-fb:127 ccm fir\r\n"
      "a=fmtp:127 packetization-mode=1;profile-level-id=42e01f\r\n",
      ==, text);
}

static void
test_formats (void)
{
  static const struct
  {
    const gchar *medium, *formats, *rest;
    const gchar *rtpmap; /* NULL: no codec that we take */
  } rows[] = {
      {"audio", "0", "a=x", "0 PCMU/8000"},
      {"audio", "8", "a=x", "8 PCMA/8000"},
      {"audio", "18 8", "a=rtpmap:18 G729/8000", "8 PCMA/8000"},
      {"audio", "0", "a=rtpmap:0 PCMU/8000/1", "0 PCMU/8000/1"},
      {"audio", "0", "a=rtpmap:0 PCMU/8000/2", NULL},
      {"audio", "0", "a=rtpmap:0 G729/8000", NULL},
      {"audio", "7", "a=x", NULL},
      {"audio", "96", "a=rtpmap:96 opus/48000", "96 OPUS/48000"},
      {"audio", "96", "a=rtpmap:96 opus/48000/1", "96 OPUS/48000/1"},
      {"audio", "96", "a=rtpmap:96 opus/48000/0", NULL},
      {"audio", "96", "a=rtpmap:96 opus/48000/2/1", NULL},
      {"audio", "96", "a=rtpmap:96 opus/48001/2", NULL},
      {"audio", "96", "a=rtpmap:96 opus", NULL},
      {"audio", "96", "a=rtpmap:9 opus/48000/2", NULL},
      {"audio", "96", "a=rtpmap:96 VP8/90000", NULL},
      {"video", "96", "a=rtpmap:96 VP8/90000/1", NULL},
      {"video", "96", "a=rtpmap:96 AV1/90000/1", NULL},
      {"video", "96", "a=rtpmap:96 av1/90000", "96 AV1/90000"},
      {"video", "96", "a=rtpmap:96 vp9/90000", "96 VP9/90000"},
      {"video", "63", "a=rtpmap:63 VP8/90000", "63 VP8/90000"},
      {"video", "64", "a=rtpmap:64 VP8/90000", NULL},
      {"video", "95", "a=rtpmap:95 VP8/90000", NULL},
      {"video", "127", "a=rtpmap:127 VP8/90000", "127 VP8/90000"},
      {"video", "128", "a=rtpmap:128 VP8/90000", NULL},
      {"video", "0", "a=x", NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *rest = g_strconcat (rows[i].rest, SHA256_LINE, NULL);
    g_autofree gchar *text =
        rewrite_single (rows[i].medium, rows[i].formats, rest);
    g_autofree gchar *line =
        g_strdup_printf ("a=rtpmap:%s\r\n", rows[i].rtpmap);

    g_assert_true ((text == NULL) == (rows[i].rtpmap == NULL));
    if (text)
      assert_has (text, line);
  }
}

static void
test_fingerprints (void)
{
  g_autofree gchar *last = g_strdup (FP);
  g_autofree gchar *colon = g_strdup (FP);
  g_autofree gchar *longer = g_strdup (FP ":AB");
  g_autofree gchar *sha384 = g_strdup (FP ":" FP_8 "AB:AB:AB:AB:AB:AB:AB:AB");
  g_autofree gchar *sha512 = g_strdup (FP ":" FP);
  const struct
  {
    const gchar *first_hash, *first, *second_hash, *second;
    const gchar *kept; /* NULL: refused */
  } rows[] = {
      {"sha-256", FP, "sha-256", FP_LOWER, "sha-256"},
      {"SHA-384", sha384, "sha-1", "AB", "sha-384"},
      {"sha-1", "AB", "sha-512", sha512, "sha-512"},
      {"sha-256", FP, "sha-512", sha512, "sha-256"},
      {"sha-512", sha512, "sha-256", FP, "sha-256"},
      {"sha-1", "AB", "md5", "AB", NULL},
      {"sha-384", sha512, "sha-256", FP, NULL},
      {"sha-256", FP, "sha-256", longer, NULL},
      {"sha-256", last, "sha-256", last, NULL},
      {"sha-256", colon, "sha-256", colon, NULL},
  };

  last[strlen (last) - 1] = 'G';
  colon[strlen (colon) - 3] = '-';
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *rest = g_strdup_printf (
        "a=fingerprint\r\na=fingerprint:sha-256\r\n"
        "a=fingerprint:%s %s\r\na=fingerprint:%s %s",
        rows[i].first_hash, rows[i].first, rows[i].second_hash, rows[i].second);
    g_autofree gchar *text = rewrite_single ("audio", "0", rest);
    g_autofree gchar *line =
        g_strdup_printf ("a=fingerprint:%s AB:AB:", rows[i].kept);

    g_assert_true ((text == NULL) == (rows[i].kept == NULL));
    if (text)
      assert_has (text, line);
  }
}

static void
test_lengths (void)
{
  static const struct
  {
    const gchar *line;
    guint most;
  } rows[] = {
      {"a=mid:%s", 32},
      {"a=x:%s", 8192 - 4},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    for (guint n = rows[i].most; n <= rows[i].most + 1; n++) {
      g_autofree gchar *filling = g_strnfill (n, 'a');
      g_autofree gchar *line = swap (rows[i].line, "%s", filling);
      g_autofree gchar *rest = g_strconcat (line, SHA256_LINE, NULL);
      g_autofree gchar *text = rewrite_single ("audio", "0", rest);

      g_assert_true ((text != NULL) == (n == rows[i].most));
    }
  }
}

static void
test_credentials_are_bounded (void)
{
  for (guint n = 256; n <= 257; n++) {
    g_autofree gchar *filling = g_strnfill (n, 'a');
    g_autofree gchar *ufrag_line = g_strconcat ("a=ice-ufrag:", filling, NULL);
    g_autofree gchar *pwd_line = g_strconcat ("a=ice-pwd:", filling, NULL);
    g_autofree gchar *ufrag = swap (offer, "a=ice-ufrag:abcd", ufrag_line);
    g_autofree gchar *pwd =
        swap (offer, "a=ice-pwd:0123456789012345678901", pwd_line);
    g_autoptr (GstRtcSdp) a = gst_rtc_sdp_new (ufrag, GST_RTC_SDP_OFFER, NULL);
    g_autoptr (GstRtcSdp) b = gst_rtc_sdp_new (pwd, GST_RTC_SDP_OFFER, NULL);

    g_assert_true ((a != NULL) == (n == 256));
    g_assert_true ((b != NULL) == (n == 256));
  }
}

static void
test_ssrcs (void)
{
  g_autofree gchar *longest = g_strnfill (128, 'c');
  g_autofree gchar *rest = g_strdup_printf (
      "a=ssrc:0 cname:a\r\na=ssrc:4294967296 cname:a\r\na=ssrc:1 cname:a b\r\n"
      "a=ssrc:1 msid:a\r\na=ssrc:1 cname:%sc\r\na=ssrc:1 cname:%s\r\n"
      "a=ssrc:4294967295 cname:a\r\na=ssrc:3 cname:a\r\n"
      "a=ssrc:4 cname:a\r\na=ssrc:5 cname:a" SHA256_LINE,
      longest, longest);
  g_autofree gchar *text = rewrite_single ("audio", "0", rest);
  g_autofree gchar *kept = g_strdup_printf (
      "a=rtpmap:0 PCMU/8000\r\na=ssrc:1 cname:%s\r\n"
      "a=ssrc:4294967295 cname:a\r\na=ssrc:3 cname:a\r\na=ssrc:4 cname:a\r\n",
      longest);

  g_assert_nonnull (text);
  g_assert_true (g_str_has_suffix (text, kept));
}

static void
test_faults_name_the_line (void)
{
  g_autofree gchar *filling = g_strnfill (8192, 'x');
  g_autofree gchar *line = g_strconcat ("s=-\r\na=", filling, NULL);
  g_autofree gchar *longer = swap (offer, "s=-", line);
  g_autofree gchar *odd = swap (offer, "s=-", "s=-\r\nA=");
  g_autofree gchar *control = swap (offer, "s=-", "s=\x7f");

  assert_refused (longer, GST_RTC_SDP_OFFER, "line 4 is too long");
  assert_refused (odd, GST_RTC_SDP_OFFER, "line 4 is no SDP");
  assert_refused (control, GST_RTC_SDP_OFFER, "line 3 has a control");
}

/* The first of the group, wherever it stands, has the transport. */
static void
test_transport_of_the_tagged (void)
{
  g_autofree gchar *group = swap (offer, "BUNDLE 0 1", "BUNDLE  1 0");
  g_autofree gchar *text = swap (group,
      "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
      "a=ice-ufrag:abcd",
      "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
      "a=ice-ufrag:efgh");
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp = gst_rtc_sdp_new (text, GST_RTC_SDP_OFFER, &fault);
  g_autofree gchar *kept = NULL;

  g_assert_cmpstr (fault, ==, NULL);
  kept = write_out (sdp);
  assert_has (kept, "a=group:BUNDLE 1 0\r\n");
  assert_lacks (kept, "abcd");
  assert_lacks (kept, "a=candidate");
  g_assert_cmpuint (1, ==, gst_rtc_sdp_get_bundle_mline (sdp));
}

static void
test_session_level_direction (void)
{
  static const struct
  {
    const gchar *line;
    gboolean taken;
  } rows[] = {
      {"a=sendonly\r\n", TRUE},
      {"a=sendrecv\r\n", TRUE},
      {"", TRUE},
      {"a=recvonly\r\n", FALSE},
      {"a=inactive\r\n", FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *bare = swap (offer, "a=sendonly\r\n", "");
    g_autofree gchar *text =
        swap (bare, "a=extmap-allow-mixed\r\n", rows[i].line);
    g_autoptr (GstRtcSdp) sdp = gst_rtc_sdp_new (text, GST_RTC_SDP_OFFER, NULL);

    g_assert_true ((sdp != NULL) == rows[i].taken);
  }
}

/* All that a refused m-line needs is a mid of its own. */
static void
test_refused_track_is_bare (void)
{
  g_autofree gchar *answer = make_answer ();
  g_autofree gchar *video =
      g_strndup (answer, strstr (answer, "m=audio") - answer);
  g_autofree gchar *bundle = swap (video, "BUNDLE 0 1", "BUNDLE 0");
  g_autofree gchar *text = g_strconcat (
      bundle, "m=audio 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n", NULL);
  g_autofree gchar *twice = swap (text, "a=mid:1", "a=mid:0");
  g_autofree gchar *fault = NULL;
  g_autoptr (GstRtcSdp) sdp =
      gst_rtc_sdp_new (text, GST_RTC_SDP_ANSWER, &fault);
  g_autofree gchar *kept = NULL;

  g_assert_cmpstr (fault, ==, NULL);
  kept = write_out (sdp);
  g_assert_true (g_str_has_suffix (kept,
      "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n"
      "a=inactive\r\n"));
  assert_has (kept, "a=recvonly\r\na=rtcp-mux\r\n");
  assert_refused (twice, GST_RTC_SDP_ANSWER, "mid occurs twice");
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
    {"candidate:12345678901234567890123456789012 1 udp 2147483647 192.0.2.7 "
     "65535 typ prflx raddr 192.0.2.8 rport 65535",
        GST_RTC_CANDIDATE_USABLE,
        "candidate:12345678901234567890123456789012 1 UDP 2147483647 192.0.2.7 "
        "65535 typ prflx raddr 192.0.2.8 rport 65535"},
    {"candidate:1 1 udp 1 192.0.2.7 5 typ host raddr 192.0.2.8 rport 5",
        GST_RTC_CANDIDATE_USABLE, "candidate:1 1 UDP 1 192.0.2.7 5 typ host"},
    {"candidate:1 1 udp 1 192.0.2.7 5 typ srflx raddr 192.0.2.8",
        GST_RTC_CANDIDATE_USABLE, "candidate:1 1 UDP 1 192.0.2.7 5 typ srflx"},
    {"candidate:1 1 udp 1 192.0.2.7 5 typ srflx rport 5",
        GST_RTC_CANDIDATE_USABLE, "candidate:1 1 UDP 1 192.0.2.7 5 typ srflx"},
    {"candidate:1 1 tcp 1 192.0.2.7 0 typ host tcptype active",
        GST_RTC_CANDIDATE_UNUSABLE, NULL},
    {"candidate:1 256 udp 1 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_UNUSABLE,
        NULL},
    {"candidate:123456789012345678901234567890123 1 udp 1 192.0.2.7 5 typ host",
        GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 1 192.0.2.7 5 typ srflx raddr 192.0.2.8 rport 65536",
        GST_RTC_CANDIDATE_BAD, NULL},
    {"candidate:1 1 udp 1 a/b 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
    {"condidate:1 1 udp 1 192.0.2.7 5 typ host", GST_RTC_CANDIDATE_BAD, NULL},
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
test_candidates_are_bounded (void)
{
  static const gchar start[] = "candidate:1 1 udp 1 192.0.2.7 5 typ host x ";
  static const gchar named[] = "candidate:1 1 udp 1 %s 5 typ host";

  for (gsize length = 512; length <= 513; length++) {
    g_autofree gchar *filling = g_strnfill (length - strlen (start), 'x');
    g_autofree gchar *text = g_strconcat (start, filling, NULL);
    g_autofree gchar *normalized = NULL;

    g_assert_cmpint (
        length == 512 ? GST_RTC_CANDIDATE_USABLE : GST_RTC_CANDIDATE_BAD, ==,
        gst_rtc_candidate_check (text, &normalized, NULL));
  }
  for (gsize length = 253; length <= 254; length++) {
    g_autofree gchar *name = g_strnfill (length, 'x');
    g_autofree gchar *text = swap (named, "%s", name);
    g_autofree gchar *normalized = NULL;

    g_assert_cmpint (
        length == 253 ? GST_RTC_CANDIDATE_UNUSABLE : GST_RTC_CANDIDATE_BAD, ==,
        gst_rtc_candidate_check (text, &normalized, NULL));
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
  ADD ("single-is-written-whole", test_single_is_written_whole);
  ADD ("formats", test_formats);
  ADD ("fingerprints", test_fingerprints);
  ADD ("lengths", test_lengths);
  ADD ("credentials-are-bounded", test_credentials_are_bounded);
  ADD ("ssrcs", test_ssrcs);
  ADD ("faults-name-the-line", test_faults_name_the_line);
  ADD ("transport-of-the-tagged", test_transport_of_the_tagged);
  ADD ("session-level-direction", test_session_level_direction);
  ADD ("refused-track-is-bare", test_refused_track_is_bare);
  ADD ("candidates", test_candidates);
  ADD ("candidates-are-bounded", test_candidates_are_bounded);
  ADD ("candidates-are-capped", test_candidates_in_a_description_are_capped);
  ADD ("fingerprint-of-a-certificate", test_fingerprint_of_a_certificate);
  ADD ("offers-of-a-browser-are-cut-down",
      test_offers_of_a_browser_are_cut_down);
  ADD ("answer-of-a-browser-is-taken", test_answer_of_a_browser_is_taken);
  ADD ("fingerprints-compare", test_fingerprints_compare);
  return g_test_run ();
}
