/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: a remote description, as an offer and as an answer. */
#include <string.h>

#include "fuzz.h"
#include "gstrtcsdp.h"
#include "rtcconfig.h"

static GstRtcSdp *
parse (const gchar *text, GstRtcSdpType type)
{
  g_autofree gchar *fault = NULL;
  GstRtcSdp *sdp = gst_rtc_sdp_new (text, type, &fault);

  g_assert ((sdp == NULL) == (fault != NULL));
  return sdp;
}

static void
check_tracks (const GstRtcSdp *sdp)
{
  guint n_tracks = gst_rtc_sdp_get_n_tracks (sdp);
  guint bundle = gst_rtc_sdp_get_bundle_mline (sdp);

  g_assert (n_tracks >= 1 && n_tracks <= GST_RTC_SDP_MAX_MLINES);
  g_assert (bundle < n_tracks);
  g_assert (gst_rtc_sdp_get_track (sdp, bundle)->caps);
  for (guint i = 0; i < n_tracks; i++) {
    const GstRtcSdpTrack *track = gst_rtc_sdp_get_track (sdp, i);

    g_assert (track->medium == GST_RTC_MEDIA_AUDIO ||
              track->medium == GST_RTC_MEDIA_VIDEO);
    if (track->caps)
      g_assert (gst_caps_is_fixed (track->caps));
  }
}

static void
check_fingerprint (const GstRtcSdp *sdp)
{
  GChecksumType hash;
  const gchar *fingerprint = gst_rtc_sdp_get_fingerprint (sdp, &hash);

  g_assert (
      strlen (fingerprint) == (gsize)g_checksum_type_get_length (hash) * 3 - 1);
  g_assert (strspn (fingerprint, "0123456789ABCDEF:") == strlen (fingerprint));
}

/* What goes on is ASCII of whole lines and a fixed point of the check. */
static void
check_text (const GstRtcSdp *sdp, GstRtcSdpType type)
{
  g_autofree gchar *text =
      gst_sdp_message_as_text (gst_rtc_sdp_get_message (sdp));
  g_autofree gchar *text_again = NULL;
  g_autoptr (GstRtcSdp) again = NULL;

  for (const gchar *c = text; *c; c++)
    g_assert (g_ascii_isprint (*c) || *c == '\r' || *c == '\n');
  again = parse (text, type);
  g_assert (again);
  text_again = gst_sdp_message_as_text (gst_rtc_sdp_get_message (again));
  g_assert_cmpstr (text, ==, text_again);
}

static void
run (const gchar *text, GstRtcSdpType type)
{
  g_autoptr (GstRtcSdp) sdp = parse (text, type);

  if (!sdp)
    return;
  g_assert (gst_rtc_sdp_get_n_candidates (sdp) <= GST_RTC_MAX_CANDIDATES);
  check_tracks (sdp);
  check_fingerprint (sdp);
  check_text (sdp, type);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *text = NULL;

  fuzz_setup ();
  text = fuzz_dup_text (data, size);
  run (text, GST_RTC_SDP_OFFER);
  run (text, GST_RTC_SDP_ANSWER);
  return 0;
}
