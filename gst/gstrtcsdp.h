/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptions and candidates of the other side, checked and cut down to
 * what webrtcbin and libnice are known to survive. Pure, any thread. */
#pragma once

#include <gst/gst.h>
#include <gst/sdp/sdp.h>

#include "rtcroster.h"

G_BEGIN_DECLS

#define GST_RTC_SDP_MAX_BYTES (64 * 1024)
#define GST_RTC_SDP_MAX_MLINES 8

/* Offers come from the side that sends media, answers from the one that
 * receives it; the expected direction follows from that. */
typedef enum
{
  GST_RTC_SDP_OFFER,
  GST_RTC_SDP_ANSWER
} GstRtcSdpType;

/**
 * GstRtcSdpTrack:
 * @medium: audio or video
 * @caps: RTP caps of the one codec kept, NULL when the m-line was refused
 *   (answers only)
 *
 * One m-line.
 */
typedef struct
{
  GstRtcMedia medium;
  GstCaps *caps;
} GstRtcSdpTrack;

typedef struct _GstRtcSdp GstRtcSdp;

/* Checks @text and rewrites it: one codec for each m-line, one fingerprint,
 * known attributes only, ICE and DTLS attributes at media level. NULL and a
 * sentence in @fault (nullable, to be freed) when it must not be used. */
GstRtcSdp *gst_rtc_sdp_new (const gchar *text, GstRtcSdpType type,
    gchar **fault) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_sdp_free (GstRtcSdp *sdp);

/* What may be given to webrtcbin; borrowed. */
const GstSDPMessage *gst_rtc_sdp_get_message (const GstRtcSdp *sdp);

guint gst_rtc_sdp_get_n_tracks (const GstRtcSdp *sdp);
const GstRtcSdpTrack *gst_rtc_sdp_get_track (const GstRtcSdp *sdp, guint mline);

/* The m-line that carries the transport of all others. */
guint gst_rtc_sdp_get_bundle_mline (const GstRtcSdp *sdp);

/* Number of candidates kept inside the description. */
guint gst_rtc_sdp_get_n_candidates (const GstRtcSdp *sdp);

/* Borrowed; another one than before means an ICE restart (RFC 8839, 4.4.1.1.1).
 */
const gchar *gst_rtc_sdp_get_ice_ufrag (const GstRtcSdp *sdp);

/* `AA:BB:...` in capitals, borrowed, and the hash it was made with. */
const gchar *gst_rtc_sdp_get_fingerprint (
    const GstRtcSdp *sdp, GChecksumType *hash);

/* The fingerprint of a PEM certificate in the same form, NULL when @pem is
 * none. */
gchar *gst_rtc_fingerprint_new (
    const gchar *pem, GChecksumType hash) G_GNUC_WARN_UNUSED_RESULT;

/* Compares in a time that does not depend on where they differ. */
gboolean gst_rtc_fingerprint_equal (const gchar *a, const gchar *b);

typedef enum
{
  GST_RTC_CANDIDATE_USABLE,
  GST_RTC_CANDIDATE_UNUSABLE, /* well formed, but TCP, a name or RTCP */
  GST_RTC_CANDIDATE_BAD
} GstRtcCandidateVerdict;

/* Checks `candidate:...` (RFC 8839, 5.1; a leading `a=` is allowed) and puts
 * into @normalized the text for libnice without extensions. @fault
 * (nullable) says what is wrong. Both are to be freed. */
GstRtcCandidateVerdict gst_rtc_candidate_check (
    const gchar *candidate, gchar **normalized, gchar **fault);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcSdp, gst_rtc_sdp_free)

G_END_DECLS
