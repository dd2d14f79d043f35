/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The libsoup session that getconfig and the WebSocket share in kind: no
 * cookies, no credentials, nothing compressed. Belongs to the worker. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* For requests to @host. @tls_ca_file (nullable) replaces the authorities of
 * the system. NULL and a GIO error when that file cannot be read. */
SoupSession *gst_rtc_http_session_new (const gchar *host,
    const gchar *tls_ca_file, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A GET that follows no redirect; NULL when @url is not one libsoup takes. */
SoupMessage *gst_rtc_http_message_new (
    const gchar *url) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
