/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DTLS transports of one webrtcbin, which takes any certificate (1.22,
 * fixed in 1.28.5): each must show the one that the description of the other
 * side names, and lets nothing in before; then only media of few sources. Any
 * thread; certificates and packets come on streaming threads. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Switches OpenSSL's exit handler off, if the process has not used OpenSSL yet.
 * Threads of DTLS transports end some time after their pipeline, and one that
 * does so while the process ends frees what that handler frees too (3.0). Any
 * thread; only the first call does anything. */
void gst_rtc_dtls_keep_openssl (void);

typedef struct _GstRtcDtls GstRtcDtls;
typedef void (*GstRtcDtlsFunc) (GstObject *owner, const gchar *reason);

/* @failed: another certificate was shown, inside the handshake, or the source
 * of media was changed too often; @reason is a sentence. A streaming thread, no
 * lock held. @owner is its argument, frees what is returned here in its
 * finalize, and is referenced by each transport. */
GstRtcDtls *gst_rtc_dtls_new (
    GstObject *owner, GstRtcDtlsFunc failed) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_dtls_free (GstRtcDtls *self);

/* What the certificate must have, as gst_rtc_sdp_get_fingerprint () tells it.
 * None fits before. */
void gst_rtc_dtls_set_fingerprint (
    GstRtcDtls *self, const gchar *fingerprint, GChecksumType hash);

/* @dec: a dtlssrtpdec that is just made. */
void gst_rtc_dtls_watch (GstRtcDtls *self, GstElement *dec);

/* Whether there is a transport, and each has shown its certificate. */
gboolean gst_rtc_dtls_is_verified (GstRtcDtls *self);

/* Whether RTP or RTCP came from the other side since the last call. */
gboolean gst_rtc_dtls_take_heard (GstRtcDtls *self);

G_END_DECLS
