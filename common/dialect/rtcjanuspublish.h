/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Own streams in a VideoRoom: publish, unpublish, mute. Belongs to the
 * worker. */
#pragma once

#include "rtcjanusmedia.h"

G_BEGIN_DECLS

/* Each is answered, unless it is forgotten before. A publish is answered when
 * the transport is up at the server. */
void gst_rtc_janus_publish (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request);
void gst_rtc_janus_unpublish (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request);
void gst_rtc_janus_mute_local (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request);

/* The offer of the own side of @session, once. */
void gst_rtc_janus_send_offer (
    GstRtcJanusRoom *room, GstRtcJanusSession *session, const gchar *sdp);

G_END_DECLS
