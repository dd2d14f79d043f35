/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media that one transport sends: its tracks, and the feed that their
 * packets wait in. Tracks are added on the worker before it starts, then only
 * read; packets come from any thread. */
#pragma once

#include <gst/gst.h>

#include "gstrtcsdp.h"

G_BEGIN_DECLS

typedef struct _GstRtcOutgoing GstRtcOutgoing;
typedef void (*GstRtcOutgoingFunc) (GstObject *owner);

/* @keyframe_wanted: the other side asks for a keyframe; a streaming thread, no
 * lock held. @owner is its argument, frees what is returned here in its
 * finalize, and is referenced by each track until gst_rtc_outgoing_stop (). */
GstRtcOutgoing *gst_rtc_outgoing_new (GstObject *owner,
    GstRtcOutgoingFunc keyframe_wanted) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_outgoing_free (GstRtcOutgoing *self);

/* One track with the RTP caps of what will be pushed, at most one for each
 * medium. @webrtc in its pipeline, both in state NULL. Worker. */
void gst_rtc_outgoing_add_track (GstRtcOutgoing *self, GstElement *webrtc,
    GstRtcMedia medium, GstCaps *rtp_caps);
gboolean gst_rtc_outgoing_has_track (GstRtcOutgoing *self, GstRtcMedia medium);
guint gst_rtc_outgoing_get_n_tracks (GstRtcOutgoing *self);

/* Whether @sdp answers the offer of these tracks, in their order; else FALSE
 * and a sentence in @fault, to be freed. What it refuses is no fault. Any
 * thread. */
gboolean gst_rtc_outgoing_check_answer (
    GstRtcOutgoing *self, const GstRtcSdp *sdp, gchar **fault);

/* Packets are dropped until this is TRUE. Any thread. */
void gst_rtc_outgoing_set_open (GstRtcOutgoing *self, gboolean open);

/* As gst_rtc_peer_push (). */
gboolean gst_rtc_outgoing_push (
    GstRtcOutgoing *self, GstRtcMedia medium, GstBufferList *list);

/* Whether anything was pushed while it was open. Any thread. */
gboolean gst_rtc_outgoing_has_sent (GstRtcOutgoing *self);

/* No keyframe is asked for after those calls that are under way. Worker, or
 * any thread when the worker has stopped. */
void gst_rtc_outgoing_stop (GstRtcOutgoing *self);

G_END_DECLS
