/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The libsoup session that getconfig and the WebSocket share in kind.
 * Belongs to the worker. */
#include "rtchttp.h"

#include "rtcconfig.h"

SoupSession *
gst_rtc_http_session_new (
    const gchar *host, const gchar *tls_ca_file, GError **error)
{
  g_autoptr (SoupSession) session =
      soup_session_new_with_options ("user-agent", "gst-rtc", NULL);

  /* A compressed answer could be any number of bytes long. */
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  soup_session_remove_feature_by_type (
      session, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_AUTH_MANAGER);

  /* A proxy of the environment would look for the server on its own host. */
  if (gst_rtc_host_is_loopback (host))
    soup_session_set_proxy_resolver (session, NULL);

  if (tls_ca_file) {
    g_autoptr (GTlsDatabase) database =
        g_tls_file_database_new (tls_ca_file, error);

    if (!database)
      return NULL;
    soup_session_set_tls_database (session, database);
  }
  return g_steal_pointer (&session);
}

SoupMessage *
gst_rtc_http_message_new (const gchar *url)
{
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, url);

  if (!message)
    return NULL;
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  soup_message_disable_feature (message, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  soup_message_disable_feature (message, SOUP_TYPE_AUTH_MANAGER);
  return g_steal_pointer (&message);
}
