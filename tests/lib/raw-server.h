/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A TCP server on loopback that answers whatever HTTP request comes with the
 * bytes it was given, however wrong. On the thread-default context. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Opens a WebSocket; `@ACCEPT@` becomes what the key of the request asks
 * for. */
#define RAW_UPGRADE                                                            \
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"                 \
  "Connection: Upgrade\r\nSec-WebSocket-Accept: @ACCEPT@\r\n"
#define RAW_UPGRADE_ROOM                                                       \
  RAW_UPGRADE "Sec-WebSocket-Protocol: rtc-room.v1\r\n\r\n"

typedef struct _RawServer RawServer;

/* @reply (nullable): NULL never answers. @hold: keep the connection open
 * after it and say nothing more. */
RawServer *raw_server_new (const gchar *reply, gboolean hold);
void raw_server_free (RawServer *server);

/* Bytes after the reply, also zeros and frames. */
void raw_server_set_tail (RawServer *server, GBytes *tail);

guint16 raw_server_get_port (RawServer *server);
gchar *raw_server_dup_url (RawServer *server, const gchar *scheme);
/* The last request, NULL before it. */
const gchar *raw_server_get_request (RawServer *server);
guint raw_server_get_n_connections (RawServer *server);

/* A port of loopback on which nobody listens. */
guint16 raw_server_find_dead_port (void);

G_END_DECLS
