/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one webrtcbin and the other side tell each other: the description and
 * the candidates of the other side on their way to webrtcbin, and the
 * description that webrtcbin makes. Worker, unless said otherwise; webrtcbin
 * answers on its own thread. */
#pragma once

#include <gst/gst.h>

#include "gstrtcsdp.h"

G_BEGIN_DECLS

typedef struct _GstRtcNegotiation GstRtcNegotiation;

/**
 * GstRtcNegotiationListener:
 * @described: the offer or answer of webrtcbin, which it takes for its own
 *   from now on; transfer full. No candidate of it was told before
 * @failed: webrtcbin made or took none; @reason is a sentence
 *
 * Both run on webrtcbin's thread, with no lock held.
 */
typedef struct
{
  void (*described) (GstObject *owner, gchar *sdp);
  void (*failed) (GstObject *owner, const gchar *reason);
} GstRtcNegotiationListener;

/* @offers: who does not, answers. @owner is the argument of @listener, frees
 * what is returned here in its finalize, and is referenced by each question to
 * webrtcbin that is not answered yet. */
GstRtcNegotiation *gst_rtc_negotiation_new (GstObject *owner,
    const GstRtcNegotiationListener *listener, GstElement *webrtc,
    gboolean offers) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_negotiation_free (GstRtcNegotiation *self);

/* webrtcbin's thread is there, which answers questions. */
void gst_rtc_negotiation_begin (GstRtcNegotiation *self);

/* The description of the other side, once; takes @sdp and keeps it. It goes to
 * webrtcbin by gst_rtc_negotiation_apply_remote (), if need be not before
 * gst_rtc_negotiation_begin (). */
void gst_rtc_negotiation_take_remote (GstRtcNegotiation *self, GstRtcSdp *sdp);
void gst_rtc_negotiation_apply_remote (GstRtcNegotiation *self);

/* Borrowed; NULL before it was there. */
const GstRtcSdp *gst_rtc_negotiation_get_remote (GstRtcNegotiation *self);

/* A candidate of the other side, not checked yet; a bad one is dropped. Kept
 * until webrtcbin has the description. */
void gst_rtc_negotiation_add_candidate (
    GstRtcNegotiation *self, guint mline, const gchar *candidate);

/* Lets go of webrtcbin: nothing is asked of it any more. Worker, or any thread
 * when the worker has stopped. */
void gst_rtc_negotiation_stop (GstRtcNegotiation *self);

/* A webrtcbin that ends drops what it has not done yet without an answer, and
 * GStreamer warns of a promise that is freed so. Any thread, before webrtcbin
 * goes to NULL. */
void gst_rtc_negotiation_interrupt (GstRtcNegotiation *self);

G_END_DECLS
