/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The HTTP half of the room server: who may ask, and what getconfig answers.
 * Belongs to the thread of the server. */
#include "rtcserverhttp.h"

#include <string.h>

#include "rtcconfig.h"
#include "rtcerror.h"
#include "rtcjson.h"
#include "rtcserverpage.h"

struct _GstRtcServerHttp
{
  const GstRtcServerSettings *settings;
  gchar *host;
};

/* One server of an ICE configuration, as a browser wants it. */
typedef struct
{
  gchar *url;
  gchar *username;
  gchar *credential;
} IceServer;

static void
ice_server_free (IceServer *server)
{
  g_free (server->url);
  g_free (server->username);
  g_free (server->credential);
  g_free (server);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (IceServer, ice_server_free)

/* `turn:user:password@host:port?query`, with or without `//`. */
static IceServer *
parse_ice_server (const gchar *address)
{
  static const gchar *const schemes[] = {
      "stun", "stuns", "turn", "turns", NULL};
  g_autoptr (IceServer) server = g_new0 (IceServer, 1);
  g_autofree gchar *scheme = g_uri_parse_scheme (address);
  g_autofree gchar *with_slashes = NULL;
  g_autoptr (GUri) uri = NULL;
  const gchar *rest;

  if (!scheme || !g_strv_contains (schemes, scheme))
    return NULL;
  rest = address + strlen (scheme) + 1;
  while (*rest == '/')
    rest++;
  with_slashes = g_strconcat (scheme, "://", rest, NULL);
  uri = g_uri_parse (with_slashes, G_URI_FLAGS_HAS_PASSWORD, NULL);
  if (!uri || !g_uri_get_host (uri) || !*g_uri_get_host (uri))
    return NULL;

  rest = strrchr (rest, '@') ? strrchr (rest, '@') + 1 : rest;
  server->url = g_strconcat (scheme, ":", rest, NULL);
  server->username = g_strdup (g_uri_get_user (uri));
  server->credential = g_strdup (g_uri_get_password (uri));
  return g_steal_pointer (&server);
}

/* The authority of a Host header or an Origin, or NULL. */
static GUri *
parse_authority (const gchar *authority)
{
  g_autofree gchar *text = g_strconcat ("http://", authority, NULL);
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);

  if (!uri || !g_uri_get_host (uri) || !*g_uri_get_host (uri) ||
      *g_uri_get_path (uri) || g_uri_get_userinfo (uri) ||
      g_uri_get_query (uri) || g_uri_get_fragment (uri))
    return NULL;
  return g_steal_pointer (&uri);
}

/* The authority of `http://host:port`, borrowed, or NULL. */
static const gchar *
get_authority (const gchar *origin)
{
  if (g_ascii_strncasecmp (origin, "http://", 7) == 0)
    return origin + 7;
  if (g_ascii_strncasecmp (origin, "https://", 8) == 0)
    return origin + 8;
  return NULL;
}

/* The address that the client reached, without the prefix that IPv6 sockets
 * give to IPv4. */
static gchar *
dup_local_address (SoupServerMessage *message)
{
  GSocketAddress *address = soup_server_message_get_local_address (message);
  g_autofree gchar *text = NULL;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;
  text = g_inet_address_to_string (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
  if (g_str_has_prefix (text, "::ffff:"))
    return g_strdup (text + strlen ("::ffff:"));
  return g_steal_pointer (&text);
}

/* Any web page can make a name of its own point here; the names that we
 * answer to are those that its owner cannot choose. */
static gboolean
is_own_host (
    GstRtcServerHttp *http, SoupServerMessage *message, const gchar *host)
{
  const gchar *const *origins = http->settings->allowed_origins;
  g_autofree gchar *local = dup_local_address (message);

  if (gst_rtc_host_is_loopback (host) ||
      g_ascii_strcasecmp (host, http->host) == 0)
    return TRUE;
  if (local && g_ascii_strcasecmp (host, local) == 0)
    return TRUE;
  for (guint i = 0; origins && origins[i]; i++) {
    const gchar *authority = get_authority (origins[i]);
    g_autoptr (GUri) uri = authority ? parse_authority (authority) : NULL;

    if (uri && g_ascii_strcasecmp (g_uri_get_host (uri), host) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_good_host (
    GstRtcServerHttp *http, SoupServerMessage *message, const gchar *header)
{
  g_autoptr (GUri) uri = header ? parse_authority (header) : NULL;

  return uri && is_own_host (http, message, g_uri_get_host (uri));
}

/* Programs send none; the page that we serve sends our own. */
static gboolean
is_good_origin (GstRtcServerHttp *http, const gchar *origin, const gchar *host)
{
  const gchar *const *origins = http->settings->allowed_origins;
  const gchar *authority;

  if (!origin)
    return TRUE;
  for (guint i = 0; origins && origins[i]; i++) {
    if (g_ascii_strcasecmp (origins[i], origin) == 0)
      return TRUE;
  }
  authority = get_authority (origin);
  return authority && g_ascii_strcasecmp (authority, host) == 0;
}

static void
answer (
    SoupServerMessage *message, guint status, const gchar *type, gchar *body)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_response_headers (message);

  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace (headers, "Connection", "close");
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (
      message, type, SOUP_MEMORY_TAKE, body, strlen (body));
}

static void
answer_error (SoupServerMessage *message, guint status, const gchar *reason)
{
  g_autoptr (GstRtcJson) body = gst_rtc_json_new ();
  GstRtcJson *error = gst_rtc_json_new ();

  gst_rtc_json_set_int (error, "code", GST_RTC_ERROR_INVALID_PARAMS);
  gst_rtc_json_set_string (error, "reason", reason);
  gst_rtc_json_take_object (body, "error", error);
  answer (message, status, "application/json", gst_rtc_json_to_text (body));
}

static void
add_ice_servers (GstRtcJson *body, const gchar *const *addresses)
{
  gst_rtc_json_add_array (body, "iceServers");
  for (guint i = 0; addresses && addresses[i]; i++) {
    g_autoptr (IceServer) server = parse_ice_server (addresses[i]);
    GstRtcJson *element = gst_rtc_json_new ();

    gst_rtc_json_add_array (element, "urls");
    gst_rtc_json_array_add_string (element, "urls", server->url);
    gst_rtc_json_set_string (element, "username", server->username);
    gst_rtc_json_set_string (element, "credential", server->credential);
    gst_rtc_json_array_take_object (body, "iceServers", element);
  }
}

/* The three ids checked; the fault of the first bad one, or NULL. */
static gchar *
find_query_fault (GHashTable *query)
{
  static const gchar *const names[] = {"appId", "roomId", "userId"};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const gchar *value = query ? g_hash_table_lookup (query, names[i]) : NULL;
    g_autofree gchar *fault = NULL;

    if (!value)
      return g_strdup_printf ("%s is missing", names[i]);
    if (!gst_rtc_id_is_valid (value, &fault))
      return g_strdup_printf ("%s: %s", names[i], fault);
  }
  return NULL;
}

GstRtcServerHttp *
gst_rtc_server_http_new (
    const GstRtcServerSettings *settings, const gchar *host)
{
  GstRtcServerHttp *http = g_new0 (GstRtcServerHttp, 1);

  http->settings = settings;
  http->host = g_strdup (host);
  return http;
}

void
gst_rtc_server_http_free (GstRtcServerHttp *http)
{
  if (!http)
    return;
  g_free (http->host);
  g_free (http);
}

static gboolean
is_good_method (SoupServerMessage *message)
{
  const gchar *method = soup_server_message_get_method (message);

  return g_str_equal (method, "GET") || g_str_equal (method, "HEAD");
}

static void
answer_method_not_allowed (SoupServerMessage *message)
{
  soup_message_headers_replace (
      soup_server_message_get_response_headers (message), "Allow", "GET, HEAD");
  answer_error (message, SOUP_STATUS_METHOD_NOT_ALLOWED,
      "only GET and HEAD are understood here");
}

/* A browser lets a page read what it may only after it is told so. */
static void
allow_origin (SoupServerMessage *message, const gchar *origin)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_response_headers (message);

  soup_message_headers_replace (headers, "Access-Control-Allow-Origin", origin);
  soup_message_headers_replace (headers, "Vary", "Origin");
}

gboolean
gst_rtc_server_http_admit (GstRtcServerHttp *http, SoupServerMessage *message)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);
  const gchar *host = soup_message_headers_get_one (headers, "Host");
  const gchar *origin = soup_message_headers_get_one (headers, "Origin");

  if (!is_good_method (message))
    answer_method_not_allowed (message);
  else if (!is_good_host (http, message, host))
    answer_error (message, SOUP_STATUS_FORBIDDEN,
        "the Host is not a name of this server");
  else if (!is_good_origin (http, origin, host))
    answer_error (message, SOUP_STATUS_FORBIDDEN,
        "the Origin is not allowed to use this server");
  else {
    if (origin)
      allow_origin (message, origin);
    return TRUE;
  }
  return FALSE;
}

void
gst_rtc_server_http_answer_config (
    GstRtcServerHttp *http, SoupServerMessage *message, GHashTable *query)
{
  const GstRtcServerSettings *settings = http->settings;
  const gchar *host = soup_message_headers_get_one (
      soup_server_message_get_request_headers (message), "Host");
  g_autofree gchar *fault = find_query_fault (query);
  g_autofree gchar *url = NULL;
  g_autoptr (GstRtcJson) body = NULL;

  if (fault) {
    answer_error (message, SOUP_STATUS_BAD_REQUEST, fault);
    return;
  }
  if (settings->app_id &&
      !g_str_equal (settings->app_id, g_hash_table_lookup (query, "appId"))) {
    answer_error (
        message, SOUP_STATUS_NOT_FOUND, "the application is not known here");
    return;
  }
  body = gst_rtc_json_new ();
  url = g_strdup_printf ("%s://%s/ws", settings->tls_cert ? "wss" : "ws", host);
  gst_rtc_json_add_array (body, "websocketUrls");
  gst_rtc_json_array_add_string (body, "websocketUrls", url);
  add_ice_servers (body, settings->ice_servers);
  gst_rtc_json_set_int (
      body, "pingInterval", MAX (settings->ping_interval / 1000, 1));
  answer (
      message, SOUP_STATUS_OK, "application/json", gst_rtc_json_to_text (body));
}

void
gst_rtc_server_http_answer_health (SoupServerMessage *message)
{
  answer (message, SOUP_STATUS_OK, "text/plain", g_strdup ("ok\n"));
}

void
gst_rtc_server_http_answer_settings (
    GstRtcServerHttp *http, SoupServerMessage *message)
{
  const GstRtcServerSettings *settings = http->settings;
  g_autoptr (GstRtcJson) body = gst_rtc_json_new ();

  gst_rtc_json_set_string (body, "appId",
      settings->app_id ? settings->app_id : GST_RTC_DEFAULT_APP_ID);
  gst_rtc_json_set_boolean (body, "tokenNeeded", settings->app_key != NULL);
  answer (
      message, SOUP_STATUS_OK, "application/json", gst_rtc_json_to_text (body));
}

void
gst_rtc_server_http_answer_other (SoupServerMessage *message, const gchar *path)
{
  if (gst_rtc_server_page_answer (message, path))
    return;
  answer (message, SOUP_STATUS_NOT_FOUND, "text/plain",
      g_strdup ("nothing is here\n"));
}

gboolean
gst_rtc_server_http_check_ice_server (const gchar *address)
{
  g_autoptr (IceServer) server = parse_ice_server (address);

  return server != NULL;
}
