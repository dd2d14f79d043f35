/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The getconfig step: settings in, WebSocket addresses and ICE servers out.
 * Belongs to the worker: results come on the thread-default context. */
#pragma once

#include <gio/gio.h>

#include "rtcconfig.h"

G_BEGIN_DECLS

/**
 * GstRtcEndpoint:
 * @websocket_urls: NULL-terminated, usable ws / wss URLs in the order of the
 *   server, never empty
 * @stun_server: (nullable): first one named, `stun://host:port`
 * @turn_servers: NULL-terminated, `turn(s)://user:pass@host:port`
 * @ping_interval: ms
 */
typedef struct
{
  gchar **websocket_urls;
  gchar *stun_server;
  gchar **turn_servers;
  guint ping_interval;
} GstRtcEndpoint;

void gst_rtc_endpoint_free (GstRtcEndpoint *endpoint);

/* Asks the server of @config, or makes the answer up without any I/O where
 * the URL needs no getconfig. Bounded by connect_timeout. Redirects are not
 * followed. */
void gst_rtc_endpoint_fetch_async (GstRtcConfig *config,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);

/* Errors: 200002 (refused, DNS, TLS, not 2xx with the HTTP status as native
 * code, timed out, unparsable, error in the body), 200003 (no usable
 * address); G_IO_ERROR_CANCELLED passes unchanged. */
GstRtcEndpoint *gst_rtc_endpoint_fetch_finish (
    GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads the body of an answer; public for the tests and the fuzz target.
 * @secure: it came over TLS, plain addresses are then used on loopback only.
 * Errors: 200002, 200003. */
GstRtcEndpoint *gst_rtc_endpoint_parse (const gchar *text, gsize length,
    gboolean secure, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcEndpoint, gst_rtc_endpoint_free)

G_END_DECLS
