/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One embedded room server for all elements of the process that ask for the
 * same address. Any thread. */
#pragma once

#include "rtcconfig.h"

G_BEGIN_DECLS

typedef struct _GstRtcServe GstRtcServe;

/* Starts the room server at the address of @config, or shares the one that
 * another element of this process runs there. NULL and 100001 when the
 * address cannot be had; the native code is G_IO_ERROR_ADDRESS_IN_USE where
 * somebody else owns the port. */
GstRtcServe *gst_rtc_serve_acquire (
    GstRtcConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The last release stops the server. Accepts NULL. */
void gst_rtc_serve_release (GstRtcServe *serve);

/* With the real port. Borrowed. */
const gchar *gst_rtc_serve_get_url (GstRtcServe *serve);

/* TRUE when this call started the server, FALSE when it was there. */
gboolean gst_rtc_serve_is_first (GstRtcServe *serve);

G_END_DECLS
