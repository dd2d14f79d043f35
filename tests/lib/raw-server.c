/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A TCP server that answers with given bytes. On the thread-default context
 * of the test. */
#include "raw-server.h"

#include <string.h>

#define MAX_REQUEST 4096
#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455 */

struct _RawServer
{
  GSocketService *service;
  GPtrArray *connections;
  guint16 port;
  gchar *reply;
  gboolean hold;
  GBytes *tail;
  gchar *request;
  GCancellable *cancellable;
};

typedef struct
{
  RawServer *server;
  GSocketConnection *connection;
  GString *request;
  gchar buffer[512];
} Exchange;

static void
exchange_free (Exchange *exchange)
{
  g_object_unref (exchange->connection);
  g_string_free (exchange->request, TRUE);
  g_free (exchange);
}

static gchar *
make_accept (const gchar *request)
{
  const gchar *start = strstr (request, "Sec-WebSocket-Key: ");
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize length = sizeof (digest);

  if (!start)
    return g_strdup ("");
  start += strlen ("Sec-WebSocket-Key: ");
  g_checksum_update (checksum, (const guchar *)start, strcspn (start, "\r"));
  g_checksum_update (checksum, (const guchar *)WEBSOCKET_GUID, -1);
  g_checksum_get_digest (checksum, digest, &length);
  return g_base64_encode (digest, length);
}

static void
answer (Exchange *exchange)
{
  RawServer *self = exchange->server;
  GOutputStream *out =
      g_io_stream_get_output_stream (G_IO_STREAM (exchange->connection));
  g_autofree gchar *accept = make_accept (exchange->request->str);
  g_auto (GStrv) parts = NULL;
  g_autofree gchar *reply = NULL;

  g_free (self->request);
  self->request = g_strdup (exchange->request->str);
  if (!self->reply)
    return;
  parts = g_strsplit (self->reply, "@ACCEPT@", -1);
  reply = g_strjoinv (accept, parts);
  /* It fits into the buffer of the socket. */
  g_output_stream_write_all (out, reply, strlen (reply), NULL, NULL, NULL);
  if (self->tail)
    g_output_stream_write_all (out, g_bytes_get_data (self->tail, NULL),
        g_bytes_get_size (self->tail), NULL, NULL, NULL);
  if (!self->hold)
    g_io_stream_close (G_IO_STREAM (exchange->connection), NULL, NULL);
}

static void read_more (Exchange *exchange);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Exchange *exchange = user_data;
  const gssize got =
      g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL);

  if (got <= 0) {
    exchange_free (exchange);
    return;
  }
  g_string_append_len (exchange->request, exchange->buffer, got);
  if (strstr (exchange->request->str, "\r\n\r\n")) {
    answer (exchange);
    exchange_free (exchange);
  } else {
    read_more (exchange);
  }
}

static void
read_more (Exchange *exchange)
{
  GInputStream *in =
      g_io_stream_get_input_stream (G_IO_STREAM (exchange->connection));

  g_assert_cmpuint (exchange->request->len, <, MAX_REQUEST);
  g_input_stream_read_async (in, exchange->buffer, sizeof (exchange->buffer),
      G_PRIORITY_DEFAULT, exchange->server->cancellable, on_read, exchange);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection,
    GObject *source, RawServer *self)
{
  Exchange *exchange = g_new0 (Exchange, 1);

  g_ptr_array_add (self->connections, g_object_ref (connection));
  exchange->server = self;
  exchange->connection = g_object_ref (connection);
  exchange->request = g_string_new (NULL);
  read_more (exchange);
  return TRUE;
}

RawServer *
raw_server_new (const gchar *reply, gboolean hold)
{
  RawServer *self = g_new0 (RawServer, 1);
  g_autoptr (GInetAddress) loopback =
      g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (GError) error = NULL;

  self->reply = g_strdup (reply);
  self->hold = hold;
  self->cancellable = g_cancellable_new ();
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->service = g_socket_service_new ();
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &effective, &error);
  g_assert_no_error (error);
  self->port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  return self;
}

void
raw_server_free (RawServer *self)
{
  GMainContext *context = g_main_context_get_thread_default ();

  g_cancellable_cancel (self->cancellable);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_object_unref (self->service);
  g_ptr_array_unref (self->connections);
  g_clear_pointer (&self->tail, g_bytes_unref);
  g_object_unref (self->cancellable);
  g_free (self->reply);
  g_free (self->request);
  g_free (self);
}

void
raw_server_set_tail (RawServer *self, GBytes *tail)
{
  g_clear_pointer (&self->tail, g_bytes_unref);
  self->tail = g_bytes_ref (tail);
}

guint16
raw_server_get_port (RawServer *self)
{
  return self->port;
}

gchar *
raw_server_dup_url (RawServer *self, const gchar *scheme)
{
  return g_strdup_printf ("%s://127.0.0.1:%u", scheme, self->port);
}

const gchar *
raw_server_get_request (RawServer *self)
{
  return self->request;
}

guint
raw_server_get_n_connections (RawServer *self)
{
  return self->connections->len;
}

/* The kernel does not hand the port out again for a while. */
guint16
raw_server_find_dead_port (void)
{
  RawServer *server = raw_server_new (NULL, FALSE);
  const guint16 port = server->port;

  raw_server_free (server);
  return port;
}
