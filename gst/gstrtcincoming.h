/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media that one transport receives: takes the packets of each new pad of
 * a webrtcbin, and asks for keyframes there. Any thread; packets come on
 * streaming threads. */
#pragma once

#include <gst/gst.h>

#include "rtcroster.h"

G_BEGIN_DECLS

typedef struct _GstRtcIncoming GstRtcIncoming;
typedef void (*GstRtcIncomingFunc) (
    GstObject *owner, GstRtcMedia medium, GstCaps *caps, GstBuffer *buffer);

/* @rtp: one packet, PTS in running time; transfer full, @caps borrowed; a
 * streaming thread, no lock held. @owner is its argument, frees what is
 * returned here in its finalize, and is referenced by each pad's sink. */
GstRtcIncoming *gst_rtc_incoming_new (
    GstObject *owner, GstRtcIncomingFunc rtp) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_incoming_free (GstRtcIncoming *self);

/* @pad: one that webrtcbin has added, with no packet through it yet; @caps are
 * its own. @pipeline: what takes its packets lives there from now on. FALSE
 * when that could not be linked. */
gboolean gst_rtc_incoming_add_pad (
    GstRtcIncoming *self, GstBin *pipeline, GstPad *pad, const GstCaps *caps);

/* Nothing before there was a packet of video: there is no SSRC to name. */
void gst_rtc_incoming_request_keyframe (GstRtcIncoming *self);

/* Asks for no keyframe any more. */
void gst_rtc_incoming_stop (GstRtcIncoming *self);

G_END_DECLS
