/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that a WebSocket server of libsoup can do: sends back each text,
 * unread and unguarded. Prints its URL. Runs on the main thread. */
#include <libsoup/soup.h>
#include <stdlib.h>

#include "benchutil.h"

static void
on_message (SoupWebsocketConnection *connection, gint type, GBytes *message,
    gpointer user_data)
{
  soup_websocket_connection_send_message (
      connection, SOUP_WEBSOCKET_DATA_TEXT, message);
}

static void
on_connection (SoupServer *server, SoupServerMessage *request, const char *path,
    SoupWebsocketConnection *connection, gpointer user_data)
{
  g_signal_connect (connection, "message", G_CALLBACK (on_message), NULL);
  g_signal_connect (connection, "closed", G_CALLBACK (g_object_unref), NULL);
  g_object_ref (connection);
}

int
main (int argc, char **argv)
{
  static gchar *protocols[] = {(gchar *)"rtc-room.v1", NULL};
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (GError) error = NULL;
  GSList *uris;

  bench_init (&argc, &argv);
  soup_server_add_websocket_handler (
      server, "/ws", NULL, protocols, on_connection, NULL, NULL);
  if (!soup_server_listen_local (
          server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error))
    bench_die ("%s", error->message);
  uris = soup_server_get_uris (server);
  bench_say ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify)g_uri_unref);
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}
