/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of the room server: copy and check. Any thread. */
#pragma once

#include "rtcserver.h"

G_BEGIN_DECLS

/* Copies @source over @target, which is taken to be empty, and puts the
 * defaults where a limit is 0. */
void gst_rtc_server_settings_copy (
    const GstRtcServerSettings *source, GstRtcServerSettings *target);
void gst_rtc_server_settings_clear (GstRtcServerSettings *settings);

/* FALSE and 100001 when a server cannot be run with @settings. @host (without
 * brackets, to be freed) and @port receive the listen address. */
gboolean gst_rtc_server_settings_check (const GstRtcServerSettings *settings,
    gchar **host, guint16 *port, GError **error);

G_END_DECLS
