/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams of others in a VideoRoom. Belongs to the worker. */
#pragma once

#include "rtcjanusmedia.h"

G_BEGIN_DECLS

/* Each is answered, unless it is forgotten before. A subscribe is answered
 * when the server offers the stream. */
void gst_rtc_janus_subscribe (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request);
void gst_rtc_janus_unsubscribe (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request);
void gst_rtc_janus_mute_remote (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request);

/* The answer of the own side of @session, once. */
void gst_rtc_janus_send_answer (
    GstRtcJanusRoom *room, GstRtcJanusSession *session, const gchar *sdp);

G_END_DECLS
