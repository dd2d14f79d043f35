/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of the room server on loopback that sends any bytes, and a relay
 * in front of the server that changes what passes. Calls of the client block,
 * with a limit; the relay has a thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The usual handshake, which asks for compression too. */
#define RAW_CLIENT_UPGRADE                                                     \
  "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"              \
  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                       \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                            \
  "Sec-WebSocket-Extensions: permessage-deflate\r\n"                           \
  "Sec-WebSocket-Protocol: rtc-room.v1\r\n\r\n"

typedef enum
{
  RAW_TAKEN,
  RAW_END,    /* the other side has closed */
  RAW_SILENCE /* nothing came in time */
} RawResult;

/* Connected, -1 when refused. */
gint raw_client_open (guint16 port);
/* From the address @from (NULL any); with @receive_buffer bytes, 0 the
 * default of the system. */
gint raw_client_open_from (
    guint16 port, const gchar *from, gint receive_buffer);
/* FALSE when the other side has closed or takes nothing for @ms. */
gboolean raw_client_send (gint fd, gconstpointer data, gsize size, gint ms);
/* FALSE when it is refused. */
gboolean raw_client_upgrade (gint fd);
/* @head: first byte of the frame (FIN and opcode). */
gboolean raw_client_send_frame (
    gint fd, guint8 head, gboolean masked, gconstpointer data, gsize size);
gboolean raw_client_send_text (gint fd, const gchar *text);

/* Waits up to @ms for each piece. */
RawResult raw_client_take (gint fd, gpointer data, gsize size, gint ms);
/* An HTTP answer up to its empty line, NULL when it does not come. */
gchar *raw_client_take_head (gint fd, gint ms);
/* @head: first byte of the frame. @payload has a byte of 0 behind it. */
RawResult raw_client_take_frame (
    gint fd, guint8 *head, GBytes **payload, gint ms);
/* As the one user of the one room that there is for it; takes the answer.
 * FALSE when that does not come within @ms, or is none to request 1. */
gboolean raw_client_join (gint fd, gint ms);
/* Reads and forgets; TRUE when the other side closed within @ms. */
gboolean raw_client_wait_closed (gint fd, gint ms);

typedef struct _RawRelay RawRelay;

/* May change @data, which came from the server, without its length; returns
 * what is to follow it, NULL, or RAW_RELAY_CUT, which loses it and ends the
 * connection on both sides. On the thread of the relay. */
typedef GBytes *(*RawRelayFunc) (guint8 *data, gsize size);
#define RAW_RELAY_CUT ((GBytes *)GUINT_TO_POINTER (1))

RawRelay *raw_relay_new (guint16 server_port, RawRelayFunc func);
guint16 raw_relay_get_port (RawRelay *relay);

/* A frame of the shortest form; @mask of four bytes, NULL for none. */
void raw_append_frame (GByteArray *bytes, guint8 head, const guint8 *mask,
    gconstpointer data, gsize size);
/* A text frame as a server sends it. */
void raw_append_server_frame (GByteArray *bytes, const gchar *text);

G_END_DECLS
