/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a SoupServer of a test listens. On the thread-default context. */
#include "soup-listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection,
    GObject *source, SoupServer *soup)
{
  g_autoptr (GSocketAddress) local =
      g_socket_connection_get_local_address (connection, NULL);
  g_autoptr (GSocketAddress) remote =
      g_socket_connection_get_remote_address (connection, NULL);

  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP,
      TCP_NODELAY, 1, NULL);
  if (local && remote)
    soup_server_accept_iostream (
        soup, G_IO_STREAM (connection), local, remote, NULL);
  return TRUE;
}

GSocketService *
soup_listener_start (SoupServer *soup, guint16 *port)
{
  GSocketService *service = g_socket_service_new ();
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (service, "incoming", G_CALLBACK (on_incoming), soup);
  g_socket_listener_add_address (G_SOCKET_LISTENER (service), any,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return service;
}

void
soup_listener_stop (GSocketService *listener)
{
  g_socket_service_stop (listener);
  g_socket_listener_close (G_SOCKET_LISTENER (listener));
  g_object_unref (listener);
}
