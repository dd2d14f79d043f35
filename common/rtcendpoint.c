/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The getconfig step over HTTP. Belongs to the worker: results come on the
 * thread-default context. */
#include "rtcendpoint.h"

#include <string.h>

#include "rtcerror-private.h"
#include "rtcfiles.h"
#include "rtchttp.h"
#include "rtcjson.h"

#define MAX_BODY_BYTES (64 * 1024)
#define READ_BYTES (8 * 1024)
#define MAX_ADDRESSES 16
#define MAX_ICE_SERVERS 16
#define MAX_URL_LENGTH 2048
#define DEFAULT_PING_SECONDS 2
#define MAX_PING_SECONDS 60

typedef struct
{
  GstRtcConfig *config;
  SoupSession *session;
  SoupMessage *message;
  GInputStream *stream;
  GByteArray *body;
  GSource *timer;
  GCancellable *cancellable; /* of the I/O; follows that of the caller */
  GCancellable *outer;       /* of the caller, NULL without one */
  gulong outer_id;
  gboolean timed_out;
  gboolean headers_read; /* and not told by on_sent () yet */
  gboolean cancel_due;   /* as soon as that is told */
} Fetch;

static void
fetch_free (Fetch *fetch)
{
  if (fetch->timer) {
    g_source_destroy (fetch->timer);
    g_source_unref (fetch->timer);
  }
  g_cancellable_disconnect (fetch->outer, fetch->outer_id);
  g_clear_object (&fetch->outer);
  if (fetch->message)
    g_signal_handlers_disconnect_by_data (fetch->message, fetch);
  g_clear_object (&fetch->cancellable);
  g_clear_object (&fetch->stream);
  g_clear_object (&fetch->message);
  g_clear_object (&fetch->session);
  g_byte_array_unref (fetch->body);
  gst_rtc_config_unref (fetch->config);
  g_free (fetch);
}

/* GUri takes line breaks and other bytes that would end up in the request. */
static gboolean
is_printable (const gchar *url)
{
  for (; *url; url++) {
    if (!g_ascii_isgraph (*url))
      return FALSE;
  }
  return TRUE;
}

/* The parts of an address after a check that libsoup could use it. */
static gboolean
address_is_usable (const gchar *url, gboolean secure)
{
  g_autoptr (GUri) uri = NULL;
  const gchar *host;

  if (!url || strlen (url) > MAX_URL_LENGTH || !is_printable (url))
    return FALSE;
  uri = g_uri_parse (url, G_URI_FLAGS_HAS_PASSWORD, NULL);
  if (!uri || g_uri_get_port (uri) == 0 || g_uri_get_userinfo (uri) ||
      g_uri_get_fragment (uri))
    return FALSE;
  host = g_uri_get_host (uri);
  if (!host || !*host)
    return FALSE;
  if (g_strcmp0 (g_uri_get_scheme (uri), "wss") == 0)
    return TRUE;
  if (g_strcmp0 (g_uri_get_scheme (uri), "ws") != 0)
    return FALSE;
  /* What was asked for over TLS must not go on in the clear. */
  return !secure || gst_rtc_host_is_loopback (host);
}

static gchar **
read_addresses (GstRtcJson *json, gboolean secure)
{
  const guint n = MIN (
      gst_rtc_json_get_array_length (json, "websocketUrls"), MAX_ADDRESSES);
  g_autoptr (GStrvBuilder) urls = g_strv_builder_new ();

  for (guint i = 0; i < n; i++) {
    const gchar *url = gst_rtc_json_get_array_string (json, "websocketUrls", i);

    if (address_is_usable (url, secure))
      g_strv_builder_add (urls, url);
  }
  return g_strv_builder_end (urls);
}

/* A name or an address without a zone. GUri gives it decoded, so that it
 * could hold anything, and it is written into another address. */
static gboolean
host_is_plain (const gchar *host)
{
  if (!host || !*host)
    return FALSE;
  if (g_hostname_is_ip_address (host))
    return strchr (host, '%') == NULL;
  for (; *host; host++) {
    if (!g_ascii_isalnum (*host) && !strchr ("-._", *host))
      return FALSE;
  }
  return TRUE;
}

/* The one query of RFC 7065. */
static gboolean
query_is_plain (const gchar *query)
{
  return g_strcmp0 (query, "transport=udp") == 0 ||
         g_strcmp0 (query, "transport=tcp") == 0;
}

/* RFC 7064 and 7065 write `turn:host:port?transport=udp`, without slashes
 * and often without a port; the ICE agent wants both and the user too. */
static gchar *
rewrite_ice_url (
    const gchar *url, const gchar *username, const gchar *credential)
{
  g_autoptr (GUri) uri = NULL;
  g_autofree gchar *slashed = NULL;
  g_autofree gchar *user = NULL;
  const gchar *colon = strchr (url, ':');
  const gchar *scheme, *host, *query;
  gboolean turn, ipv6;
  gint port;

  if (!colon || strlen (url) > MAX_URL_LENGTH)
    return NULL;
  slashed = g_strdup_printf ("%.*s://%s", (gint)(colon - url), url, colon + 1);
  uri = g_uri_parse (slashed, G_URI_FLAGS_ENCODED, NULL);
  if (!uri || !host_is_plain (g_uri_get_host (uri)))
    return NULL;

  scheme = g_uri_get_scheme (uri);
  host = g_uri_get_host (uri);
  query = g_uri_get_query (uri);
  ipv6 = strchr (host, ':') != NULL;
  turn = g_str_has_prefix (scheme, "turn");
  port = g_uri_get_port (uri);
  if (port <= 0)
    port = g_str_has_suffix (scheme, "s") ? 5349 : 3478;
  if (turn) {
    g_autofree gchar *name = NULL;
    g_autofree gchar *secret = NULL;

    if (!username || !credential)
      return NULL;
    name = g_uri_escape_string (username, NULL, FALSE);
    secret = g_uri_escape_string (credential, NULL, FALSE);
    user = g_strdup_printf ("%s:%s@", name, secret);
  }
  if (!turn || !query_is_plain (query))
    query = NULL;
  return g_strdup_printf ("%s://%s%s%s%s:%d%s%s", scheme, user ? user : "",
      ipv6 ? "[" : "", host, ipv6 ? "]" : "", port, query ? "?" : "",
      query ? query : "");
}

static void
add_ice_url (GstRtcEndpoint *endpoint, GStrvBuilder *turn_servers,
    GstRtcJson *server, const gchar *url)
{
  g_autofree gchar *rewritten = NULL;

  if (!url)
    return;
  rewritten =
      rewrite_ice_url (url, gst_rtc_json_get_string (server, "username"),
          gst_rtc_json_get_string (server, "credential"));
  if (!rewritten)
    return;
  if (g_str_has_prefix (rewritten, "turn:") ||
      g_str_has_prefix (rewritten, "turns:"))
    g_strv_builder_add (turn_servers, rewritten);
  else if (g_str_has_prefix (rewritten, "stun:") && !endpoint->stun_server)
    endpoint->stun_server = g_steal_pointer (&rewritten);
}

/* `urls` of an RTCIceServer (W3C WebRTC, section 4.2.4) is one text or a
 * list of them. */
static void
read_ice_server (
    GstRtcEndpoint *endpoint, GStrvBuilder *turn_servers, GstRtcJson *server)
{
  guint n;

  if (gst_rtc_json_get_kind (server, "urls") == GST_RTC_JSON_STRING) {
    add_ice_url (endpoint, turn_servers, server,
        gst_rtc_json_get_string (server, "urls"));
    return;
  }
  n = MIN (gst_rtc_json_get_array_length (server, "urls"), MAX_ICE_SERVERS);
  for (guint i = 0; i < n; i++)
    add_ice_url (endpoint, turn_servers, server,
        gst_rtc_json_get_array_string (server, "urls", i));
}

static void
read_ice_servers (GstRtcEndpoint *endpoint, GstRtcJson *json)
{
  const guint n =
      MIN (gst_rtc_json_get_array_length (json, "iceServers"), MAX_ICE_SERVERS);
  g_autoptr (GStrvBuilder) turn_servers = g_strv_builder_new ();

  for (guint i = 0; i < n; i++) {
    g_autoptr (GstRtcJson) server =
        gst_rtc_json_get_array_object (json, "iceServers", i);

    if (server)
      read_ice_server (endpoint, turn_servers, server);
  }
  endpoint->turn_servers = g_strv_builder_end (turn_servers);
}

/* FALSE when the body says that the server refuses. @status: of HTTP, 0
 * where it was a success. */
static gboolean
check_refusal (GstRtcJson *json, guint status, GError **error)
{
  g_autoptr (GstRtcJson) refusal = NULL;
  const gchar *reason;
  gint64 code;

  if (gst_rtc_json_get_kind (json, "error") == GST_RTC_JSON_ABSENT)
    return TRUE;
  refusal = gst_rtc_json_get_object (json, "error");
  code = refusal ? gst_rtc_json_get_int (refusal, "code", 0) : 0;
  reason = refusal ? gst_rtc_json_get_string (refusal, "reason") : NULL;
  if (code < G_MININT32 || code > G_MAXINT32)
    code = 0;
  return gst_rtc_error_set (error, GST_RTC_ERROR_GET_CONFIG_ERROR,
      status ? (gint)status : (gint)code, "getconfig was refused: %s (%d)",
      reason ? reason : "no reason given", status ? (gint)status : (gint)code);
}

static GstRtcJson *
parse_body (const gchar *text, gsize length, GError **error)
{
  g_autoptr (GError) fault = NULL;
  GstRtcJson *json = gst_rtc_json_parse (
      text, length, MAX_BODY_BYTES, GST_RTC_MAX_JSON_DEPTH, &fault);

  if (!json)
    gst_rtc_error_set (error, GST_RTC_ERROR_GET_CONFIG_ERROR, 0,
        "the answer to getconfig cannot be read: %s", fault->message);
  return json;
}

static guint
read_ping_interval (GstRtcJson *json)
{
  const gint64 seconds =
      gst_rtc_json_get_int (json, "pingInterval", DEFAULT_PING_SECONDS);

  return (guint)CLAMP (seconds, 1, MAX_PING_SECONDS) * 1000;
}

GstRtcEndpoint *
gst_rtc_endpoint_parse (
    const gchar *text, gsize length, gboolean secure, GError **error)
{
  g_autoptr (GstRtcJson) json = parse_body (text, length, error);
  g_autoptr (GstRtcEndpoint) endpoint = NULL;

  if (!json || !check_refusal (json, 0, error))
    return NULL;

  endpoint = g_new0 (GstRtcEndpoint, 1);
  endpoint->websocket_urls = read_addresses (json, secure);
  if (!endpoint->websocket_urls[0]) {
    gst_rtc_error_set (error, GST_RTC_ERROR_NO_WEBSOCKET_URL, 0,
        "getconfig names no %s address that can be used",
        secure ? "wss" : "ws or wss");
    return NULL;
  }
  read_ice_servers (endpoint, json);
  endpoint->ping_interval = read_ping_interval (json);
  return g_steal_pointer (&endpoint);
}

static void
fail (GTask *task, const GError *cause, const gchar *step)
{
  Fetch *fetch = g_task_get_task_data (task);
  const guint timeout =
      gst_rtc_config_get_values (fetch->config)->connect_timeout;

  if (fetch->timed_out)
    g_task_return_error (
        task, gst_rtc_error_new (GST_RTC_ERROR_GET_CONFIG_ERROR, 0,
                  "getconfig was not answered within %u ms", timeout));
  else if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_error (task, g_error_copy (cause));
  else
    g_task_return_error (
        task, gst_rtc_error_new (GST_RTC_ERROR_GET_CONFIG_ERROR, 0, "%s: %s",
                  step, cause->message));
}

/* An answer that is no success; its body may say why. */
static GError *
describe_refusal (Fetch *fetch)
{
  const guint status = soup_message_get_status (fetch->message);
  const gchar *phrase = soup_message_get_reason_phrase (fetch->message);
  g_autoptr (GstRtcJson) json =
      gst_rtc_json_parse ((const gchar *)fetch->body->data, fetch->body->len,
          MAX_BODY_BYTES, GST_RTC_MAX_JSON_DEPTH, NULL);
  GError *error = NULL;

  if (json && !check_refusal (json, status, &error))
    return error;
  return gst_rtc_error_new (GST_RTC_ERROR_GET_CONFIG_ERROR, (gint)status,
      "getconfig was answered with HTTP status %u %s", status,
      phrase && g_utf8_validate (phrase, -1, NULL) ? phrase : "");
}

static void
body_done (GTask *task)
{
  Fetch *fetch = g_task_get_task_data (task);
  const gboolean secure = g_str_has_prefix (
      g_uri_get_scheme (soup_message_get_uri (fetch->message)), "https");
  GstRtcEndpoint *endpoint;
  GError *error = NULL;

  if (!SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (fetch->message))) {
    g_task_return_error (task, describe_refusal (fetch));
    return;
  }
  endpoint = gst_rtc_endpoint_parse (
      (const gchar *)fetch->body->data, fetch->body->len, secure, &error);
  if (endpoint)
    g_task_return_pointer (
        task, endpoint, (GDestroyNotify)gst_rtc_endpoint_free);
  else
    g_task_return_error (task, error);
}

static void on_read (GObject *source, GAsyncResult *result, gpointer user_data);

static void
read_more (GTask *task)
{
  Fetch *fetch = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (fetch->stream, READ_BYTES,
      G_PRIORITY_DEFAULT, fetch->cancellable, on_read, g_object_ref (task));
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Fetch *fetch = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (
      G_INPUT_STREAM (source), result, &error);

  if (!bytes) {
    fail (task, error, "the answer to getconfig broke off");
    return;
  }
  if (g_bytes_get_size (bytes) == 0) {
    body_done (task);
    return;
  }
  g_byte_array_append (fetch->body, g_bytes_get_data (bytes, NULL),
      (guint)g_bytes_get_size (bytes));
  if (fetch->body->len > MAX_BODY_BYTES) {
    g_cancellable_cancel (fetch->cancellable);
    g_task_return_error (task,
        gst_rtc_error_new (GST_RTC_ERROR_GET_CONFIG_ERROR, 0,
            "the answer to getconfig is longer than %d bytes", MAX_BODY_BYTES));
    return;
  }
  read_more (task);
}

/* libsoup 3.6.5 frees a request too early that is cancelled between its last
 * header and the moment in which that is told. On the worker alone. */
static void
cancel_io (Fetch *fetch)
{
  if (fetch->headers_read)
    fetch->cancel_due = TRUE;
  else
    g_cancellable_cancel (fetch->cancellable);
}

static void
on_got_headers (SoupMessage *message, gpointer user_data)
{
  Fetch *fetch = user_data;

  /* Of HTTP/2, where a body may be long in coming, it is not known. */
  fetch->headers_read =
      soup_message_get_http_version (message) <= SOUP_HTTP_1_1;
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Fetch *fetch = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  fetch->stream =
      soup_session_send_finish (SOUP_SESSION (source), result, &error);
  fetch->headers_read = FALSE;
  if (fetch->cancel_due)
    cancel_io (fetch);
  if (!fetch->stream)
    fail (task, error, "getconfig failed");
  else
    read_more (task);
}

static gboolean
on_timeout (gpointer user_data)
{
  Fetch *fetch = user_data;

  fetch->timed_out = TRUE;
  cancel_io (fetch);
  return G_SOURCE_REMOVE;
}

static void
on_outer_cancelled (GCancellable *outer, gpointer user_data)
{
  cancel_io (user_data);
}

static gchar *
build_url (GstRtcConfig *config)
{
  const GstRtcConfigValues *values = gst_rtc_config_get_values (config);
  gsize length = strlen (values->server_url);

  while (length > 0 && values->server_url[length - 1] == '/')
    length--;
  /* Ids need no escaping: they are made of unreserved characters and `@`,
   * which a query may hold (RFC 3986, section 3.4). */
  return g_strdup_printf ("%.*s/getconfig?appId=%s&roomId=%s&userId=%s",
      (gint)length, values->server_url, values->app_id, values->room_id,
      values->user_id);
}

static Fetch *
fetch_new (GstRtcConfig *config, GCancellable *outer)
{
  Fetch *fetch = g_new0 (Fetch, 1);

  fetch->config = gst_rtc_config_ref (config);
  fetch->body = g_byte_array_new ();
  fetch->cancellable = g_cancellable_new ();
  if (outer) {
    fetch->outer = g_object_ref (outer);
    fetch->outer_id = g_cancellable_connect (
        outer, G_CALLBACK (on_outer_cancelled), fetch, NULL);
  }
  fetch->timer = g_timeout_source_new (
      gst_rtc_config_get_values (config)->connect_timeout);
  g_source_set_callback (fetch->timer, on_timeout, fetch, NULL);
  g_source_attach (fetch->timer, g_main_context_get_thread_default ());
  return fetch;
}

/* Back-ends without getconfig have one address and name nothing else. */
static GstRtcEndpoint *
make_up_endpoint (GstRtcConfig *config)
{
  GstRtcEndpoint *endpoint = g_new0 (GstRtcEndpoint, 1);

  endpoint->websocket_urls = g_new0 (gchar *, 2);
  endpoint->websocket_urls[0] =
      g_strdup (gst_rtc_config_get_websocket_url (config));
  endpoint->turn_servers = g_new0 (gchar *, 1);
  endpoint->ping_interval = DEFAULT_PING_SECONDS * 1000;
  return endpoint;
}

static void
start_fetch (GTask *task, Fetch *fetch)
{
  g_autofree gchar *url = build_url (fetch->config);
  g_autoptr (GError) error = NULL;

  if (!gst_rtc_files_are_free (GST_RTC_FILES_OF_A_CONNECTION)) {
    g_task_return_error (
        task, gst_rtc_error_new (
                  GST_RTC_ERROR_GET_CONFIG_ERROR, 0, GST_RTC_NO_FILES));
    return;
  }
  fetch->session =
      gst_rtc_http_session_new (gst_rtc_config_get_host (fetch->config),
          gst_rtc_config_get_values (fetch->config)->tls_ca_file, &error);
  if (!fetch->session) {
    fail (task, error, "tls-ca-file");
    return;
  }
  fetch->message = gst_rtc_http_message_new (url);
  if (!fetch->message) {
    g_task_return_error (
        task, gst_rtc_error_new (GST_RTC_ERROR_GET_CONFIG_ERROR, 0,
                  "server-url cannot be used for HTTP"));
    return;
  }
#if SOUP_CHECK_VERSION(3, 4, 0)
  soup_message_set_force_http1 (fetch->message, TRUE);
#endif
  g_signal_connect (
      fetch->message, "got-headers", G_CALLBACK (on_got_headers), fetch);
  soup_session_send_async (fetch->session, fetch->message, G_PRIORITY_DEFAULT,
      fetch->cancellable, on_sent, g_object_ref (task));
}

void
gst_rtc_endpoint_fetch_async (GstRtcConfig *config, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Fetch *fetch;

  g_task_set_source_tag (task, gst_rtc_endpoint_fetch_async);
  if (!gst_rtc_config_uses_getconfig (config)) {
    g_task_return_pointer (
        task, make_up_endpoint (config), (GDestroyNotify)gst_rtc_endpoint_free);
    return;
  }
  fetch = fetch_new (config, cancellable);
  g_task_set_task_data (task, fetch, (GDestroyNotify)fetch_free);
  start_fetch (task, fetch);
}

GstRtcEndpoint *
gst_rtc_endpoint_fetch_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
gst_rtc_endpoint_free (GstRtcEndpoint *endpoint)
{
  if (!endpoint)
    return;
  g_strfreev (endpoint->websocket_urls);
  g_free (endpoint->stun_server);
  g_strfreev (endpoint->turn_servers);
  g_free (endpoint);
}
