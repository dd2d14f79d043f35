/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of the room server on loopback that sends any bytes, and a relay
 * in front of the server that changes what passes. Calls of the client block,
 * with a limit; the relay has a thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Connected, -1 when refused. */
gint raw_client_open (guint16 port);
/* FALSE when the other side has closed or takes nothing for @ms. */
gboolean raw_client_send (gint fd, gconstpointer data, gsize size, gint ms);
/* The usual handshake; FALSE when refused. */
gboolean raw_client_upgrade (gint fd);
/* @head: first byte of the frame (FIN and opcode). */
gboolean raw_client_send_frame (
    gint fd, guint8 head, gboolean masked, gconstpointer data, gsize size);
gboolean raw_client_send_text (gint fd, const gchar *text);
/* Reads and forgets; TRUE when the other side closed within @ms. */
gboolean raw_client_wait_closed (gint fd, gint ms);

typedef struct _RawRelay RawRelay;

/* May change @data, which came from the server, without its length; returns
 * what is to follow it, or NULL. On the thread of the relay. */
typedef GBytes *(*RawRelayFunc) (guint8 *data, gsize size);

RawRelay *raw_relay_new (guint16 server_port, RawRelayFunc func);
guint16 raw_relay_get_port (RawRelay *relay);

/* A text frame as a server sends it. */
void raw_append_server_frame (GByteArray *bytes, const gchar *text);

G_END_DECLS
