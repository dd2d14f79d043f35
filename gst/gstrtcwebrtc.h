/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A webrtcbin as a transport needs it: how it is made and set up beyond its
 * own properties, and what of it must be ended by hand (1.22). Keeps nothing;
 * the thread is said at each function. */
#pragma once

#include <gst/gst.h>

#include "rtcconfig.h"

G_BEGIN_DECLS

/* A sentence that names the factories which a transport needs and which are
 * not installed; NULL when all are there. Any thread. */
gchar *gst_rtc_webrtc_find_missing (void) G_GNUC_WARN_UNUSED_RESULT;

/* Transfer full, not floating. @latency: of its jitter buffers, ms. Worker. */
GstElement *gst_rtc_webrtc_new (guint latency) G_GNUC_WARN_UNUSED_RESULT;

/* Servers (both nullable) and policy as in GstRtcPeerSettings. Worker, before
 * it leaves NULL. */
void gst_rtc_webrtc_set_servers (GstElement *webrtc, const gchar *stun_server,
    const gchar *const *turn_servers, GstRtcIcePolicy policy);

/* Sets its ICE agent up. @local_addresses: (nullable): as in
 * GstRtcPeerSettings. FALSE and a sentence in @fault, to be freed, when that
 * can't be. Worker, before it leaves NULL. */
gboolean gst_rtc_webrtc_set_up_ice (
    GstElement *webrtc, const gchar *const *local_addresses, gchar **fault);

/* Whether it sends from an address that this machine has no longer. What is
 * sent through a relay does not count. Worker. */
gboolean gst_rtc_webrtc_has_lost_address (GstElement *webrtc);

/* @jitterbuffer: just made, will wait for @latency ms, but not with its first
 * packet. The thread that makes it. */
void gst_rtc_webrtc_hasten (GstElement *jitterbuffer, guint latency);

/* Ends what stays behind in @pipeline when that has gone to NULL: what
 * webrtcbin's thread, which has ended then, was starting meanwhile. The thread
 * of that state change. */
void gst_rtc_webrtc_end_stragglers (GstElement *pipeline);

G_END_DECLS
