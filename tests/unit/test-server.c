/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the room server over real sockets of the loopback interface, most
 * of them with clients that do what no good client does. */
#include "rtcserver.h"

#include <gst/gst.h>
#include <libsoup/soup.h>
#include <string.h>
#include <sys/socket.h>

#include "patience.h"
#include "rtcerror-private.h"
#include "rtctest.h"

#define TIMEOUT 10 /* seconds until a socket gives up */

#define OPCODE_CONTINUATION 0x0
#define OPCODE_TEXT 0x1
#define OPCODE_BINARY 0x2
#define OPCODE_CLOSE 0x8
#define OPCODE_PING 0x9
#define FINAL 0x80
#define COMPRESSED 0x40

/* A client without manners: it blocks, and sends bytes as it likes. */
typedef struct
{
  GSocketConnection *connection;
  GInputStream *input;
  GOutputStream *output;
} Raw;

static GstRtcServer *
start_with (GstRtcServerSettings *settings)
{
  g_autoptr (GError) error = NULL;
  GstRtcServer *server;

  settings->listen = "http://127.0.0.1:0";
  server = gst_rtc_server_start (settings, &error);
  g_assert_no_error (error);
  return server;
}

static GstRtcServer *
start (void)
{
  GstRtcServerSettings settings;

  gst_rtc_server_settings_init (&settings);
  return start_with (&settings);
}

static const gchar *
get_authority (GstRtcServer *server)
{
  return strstr (gst_rtc_server_get_url (server), "//") + 2;
}

static Raw
raw_connect_with_buffer (GstRtcServer *server, gint receive_buffer)
{
  g_autoptr (GSocketConnectable) address =
      g_network_address_parse (get_authority (server), 0, NULL);
  g_autoptr (GSocketAddressEnumerator) addresses =
      g_socket_connectable_enumerate (address);
  g_autoptr (GSocketAddress) first =
      g_socket_address_enumerator_next (addresses, NULL, NULL);
  g_autoptr (GSocket) socket = g_socket_new (
      G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GError) error = NULL;
  Raw raw;

  if (receive_buffer)
    g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, receive_buffer, NULL);
  g_socket_set_timeout (socket, (guint)(TIMEOUT * rtc_patience ()));
  g_socket_connect (socket, first, NULL, &error);
  g_assert_no_error (error);
  raw.connection = g_socket_connection_factory_create_connection (socket);
  raw.input = g_io_stream_get_input_stream (G_IO_STREAM (raw.connection));
  raw.output = g_io_stream_get_output_stream (G_IO_STREAM (raw.connection));
  return raw;
}

static Raw
raw_connect (GstRtcServer *server)
{
  return raw_connect_with_buffer (server, 0);
}

static void
raw_close (Raw *raw)
{
  g_clear_object (&raw->connection);
}

/* FALSE when the server does not take it any more. */
static gboolean
raw_send (Raw *raw, gconstpointer data, gsize length)
{
  return g_output_stream_write_all (
      raw->output, data, length, NULL, NULL, NULL);
}

static void raw_print (Raw *raw, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static void
raw_print (Raw *raw, const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_assert_true (raw_send (raw, text, strlen (text)));
}

/* FALSE when the connection ended first; a timeout is a failure. */
static gboolean
raw_read (Raw *raw, gpointer data, gsize length)
{
  g_autoptr (GError) error = NULL;
  gsize got = 0;

  g_input_stream_read_all (raw->input, data, length, &got, NULL, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_error ("the server did not react");
  return got == length;
}

static void
raw_expect_end (Raw *raw)
{
  gchar byte;

  while (raw_read (raw, &byte, 1))
    ;
}

static gchar *
raw_read_all (Raw *raw)
{
  GString *text = g_string_new (NULL);
  gchar byte;

  while (raw_read (raw, &byte, 1))
    g_string_append_c (text, byte);
  return g_string_free (text, FALSE);
}

static gchar *
raw_read_headers (Raw *raw)
{
  GString *text = g_string_new (NULL);
  gchar byte;

  while (!strstr (text->str, "\r\n\r\n") && raw_read (raw, &byte, 1))
    g_string_append_c (text, byte);
  return g_string_free (text, FALSE);
}

static void
raw_send_frame (Raw *raw, guint8 first, gconstpointer payload, gsize length)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  guint8 header[14] = {first};
  gsize size = 2;

  if (length < 126) {
    header[1] = 0x80 | (guint8)length;
  } else {
    guint n_bytes = length < 65536 ? 2 : 8;

    header[1] = 0x80 | (n_bytes == 2 ? 126 : 127);
    for (guint i = 0; i < n_bytes; i++)
      header[size++] = (guint8)((guint64)length >> 8 * (n_bytes - 1 - i));
  }
  /* The mask of zeros that follows leaves the payload as it is. */
  g_byte_array_append (frame, header, (guint)size + 4);
  g_byte_array_append (frame, payload, (guint)length);
  raw_send (raw, frame->data, frame->len);
}

static void
raw_say (Raw *raw, const gchar *text)
{
  raw_send_frame (raw, FINAL | OPCODE_TEXT, text, strlen (text));
}

/* The payload of the next frame, ended by NUL, or NULL at the end. */
static gchar *
raw_read_frame (Raw *raw, guint *opcode)
{
  guint8 header[2];
  guint8 bytes[8];
  guint64 length;
  guint n_bytes = 0;
  gchar *payload;

  if (!raw_read (raw, header, 2))
    return NULL;
  length = header[1] & 0x7f;
  if (length >= 126) {
    n_bytes = length == 126 ? 2 : 8;
    length = 0;
    if (!raw_read (raw, bytes, n_bytes))
      return NULL;
  }
  for (guint i = 0; i < n_bytes; i++)
    length = length << 8 | bytes[i];
  payload = g_malloc0 (length + 1);
  *opcode = header[0] & 0xf;
  if (!raw_read (raw, payload, length))
    g_clear_pointer (&payload, g_free);
  return payload;
}

/* The next message, pings left out. */
static gchar *
raw_hear (Raw *raw)
{
  guint opcode = OPCODE_PING;
  gchar *text = NULL;

  while (opcode == OPCODE_PING) {
    g_free (text);
    text = raw_read_frame (raw, &opcode);
    if (!text)
      g_error ("the server has closed");
  }
  if (opcode != OPCODE_TEXT)
    g_error ("a frame of kind %u instead of text", opcode);
  return text;
}

static void
raw_expect (Raw *raw, const gchar *pattern)
{
  g_autofree gchar *text = raw_hear (raw);

  if (!g_pattern_match_simple (pattern, text))
    g_error ("heard %s instead of %s", text, pattern);
}

/* Reads on until a close frame with @code, then the end. */
static void
raw_expect_close (Raw *raw, guint16 code)
{
  guint opcode = OPCODE_PING;
  g_autofree gchar *payload = NULL;

  while (opcode != OPCODE_CLOSE) {
    g_free (payload);
    payload = raw_read_frame (raw, &opcode);
    if (!payload)
      g_error ("the connection ended without a close frame");
  }
  g_assert_cmpuint (
      code, ==, (guint)(guint8)payload[0] << 8 | (guint)(guint8)payload[1]);
  raw_send_frame (raw, FINAL | OPCODE_CLOSE, payload, 2);
  raw_expect_end (raw);
}

#define UPGRADE                                                                \
  "Upgrade: websocket\r\nConnection: Upgrade\r\n"                              \
  "Sec-WebSocket-Version: 13\r\n"                                              \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                            \
  "Sec-WebSocket-Extensions: permessage-deflate\r\n"
#define PROTOCOL "Sec-WebSocket-Protocol: rtc-room.v1\r\n"

static void
raw_upgrade (Raw *raw, GstRtcServer *server)
{
  g_autofree gchar *answer = NULL;

  raw_print (raw, "GET /ws HTTP/1.1\r\nHost: %s\r\n" UPGRADE PROTOCOL "\r\n",
      get_authority (server));
  answer = raw_read_headers (raw);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 101 "));
  g_assert_nonnull (strstr (answer, PROTOCOL));
  g_assert_null (strstr (answer, "Sec-WebSocket-Extensions"));
}

static Raw
raw_open (GstRtcServer *server)
{
  Raw raw = raw_connect (server);

  raw_upgrade (&raw, server);
  return raw;
}

static void
raw_join (Raw *raw, const gchar *user)
{
  g_autofree gchar *text =
      g_strdup_printf ("{\"type\":\"join\",\"id\":1,\"app\":\"a\","
                       "\"room\":\"r\",\"user\":\"%s\"}",
          user);

  raw_say (raw, text);
  raw_expect (raw, "{\"type\":\"ok\",\"id\":1,*");
}

/* The whole answer to a GET of @path with more @headers. */
static gchar *
get_with_headers (GstRtcServer *server, const gchar *path, const gchar *headers)
{
  Raw raw = raw_connect (server);
  gchar *answer;

  raw_print (&raw, "GET %s HTTP/1.1\r\n%s\r\n", path, headers);
  answer = raw_read_all (&raw);
  raw_close (&raw);
  return answer;
}

static void
assert_answer (GstRtcServer *server, const gchar *path, const gchar *headers,
    const gchar *pattern)
{
  g_autofree gchar *own =
      g_strdup_printf ("Host: %s\r\n", get_authority (server));
  g_autofree gchar *answer =
      get_with_headers (server, path, headers ? headers : own);

  if (!g_pattern_match_simple (pattern, answer))
    g_error ("%s gives %s instead of %s", path, answer, pattern);
}

/* The server lives and serves others. */
static void
assert_alive (GstRtcServer *server)
{
  assert_answer (server, "/healthz", NULL, "HTTP/1.1 200 *ok\n");
}

static void
getconfig_names_the_websocket (void)
{
  g_autoptr (GstRtcServer) server = start ();
  g_autofree gchar *pattern = g_strdup_printf (
      "HTTP/1.1 200 *\r\n\r\n{\"websocketUrls\":[\"ws://%s/ws\"],"
      "\"iceServers\":[],\"pingInterval\":2}",
      get_authority (server));

  assert_answer (server, "/getconfig?appId=a&roomId=r&userId=u", NULL, pattern);
}

static void
getconfig_hands_out_ice_servers (void)
{
  static const gchar *const ice[] = {"stun:192.0.2.1:3478",
      "turn://ann:secret@192.0.2.1:3478?transport=tcp", NULL};
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.ice_servers = ice;
  server = start_with (&settings);
  assert_answer (server, "/getconfig?appId=a&roomId=r&userId=u", NULL,
      "*\"iceServers\":[{\"urls\":[\"stun:192.0.2.1:3478\"]},"
      "{\"urls\":[\"turn:192.0.2.1:3478?transport=tcp\"],"
      "\"username\":\"ann\",\"credential\":\"secret\"}]*");
}

static void
getconfig_checks_its_ids (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.app_id = "a";
  server = start_with (&settings);
  assert_answer (server, "/getconfig", NULL,
      "HTTP/1.1 400 *{\"error\":{\"code\":100001,\"reason\":\"*\"}}");
  assert_answer (server, "/getconfig?appId=a&roomId=%20&userId=u", NULL,
      "HTTP/1.1 400 *{\"error\":{\"code\":100001,*");
  assert_answer (server, "/getconfig?appId=b&roomId=r&userId=u", NULL,
      "HTTP/1.1 404 *{\"error\":{\"code\":100001,*");
}

static void
other_paths_are_not_found (void)
{
  static const gchar *const paths[] = {"/a/b", "/ws/x", "/healthz/", "//ws",
      "/%20", "/favicon.ico", "/page/", "/page/nope.js", "/page/page.js/",
      "/page//page.js", "/page/page.js%00", "/page/..%2frtc-room-server",
      "/a%2fb"};
  /* What is left of these once the dots are gone. */
  static const gchar *const dotted[] = {"/..", "/../../etc", "/page/../..",
      "/page/%2e%2e/%2e%2e/passwd", "/../etc/passwd"};
  g_autoptr (GstRtcServer) server = start ();

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    assert_answer (server, paths[i], NULL, "HTTP/1.1 40? *");
  for (guint i = 0; i < G_N_ELEMENTS (dotted); i++) {
    g_autofree gchar *own =
        g_strdup_printf ("Host: %s\r\n", get_authority (server));
    g_autofree gchar *answer = get_with_headers (server, dotted[i], own);

    if (!g_str_has_prefix (answer, "HTTP/1.1 40") &&
        !strstr (answer, "<!doctype html>"))
      g_error ("%s gives %s", dotted[i], answer);
  }
}

/* The value of a header, NULL when there is none. */
static gchar *
find_header (const gchar *answer, const gchar *name)
{
  g_autofree gchar *start = g_strdup_printf ("\r\n%s: ", name);
  const gchar *found = strstr (answer, start);

  if (!found)
    return NULL;
  found += strlen (start);
  return g_strndup (found, strcspn (found, "\r"));
}

static void
the_page_is_served (void)
{
  static const struct
  {
    const gchar *path;
    const gchar *type;
  } rows[] = {
      {"/", "text/html; charset=utf-8"},
      {"/hall", "text/html; charset=utf-8"},
      {"/a%40b", "text/html; charset=utf-8"},
      {"/page/page.css", "text/css; charset=utf-8"},
      {"/page/rtc-room.js", "text/javascript; charset=utf-8"},
      {"/page/errors.js", "text/javascript; charset=utf-8"},
      {"/page/icon.svg", "image/svg+xml"},
  };
  g_autoptr (GstRtcServer) server = start ();
  g_autofree gchar *own =
      g_strdup_printf ("Host: %s\r\n", get_authority (server));

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *answer = get_with_headers (server, rows[i].path, own);
    g_autofree gchar *type = find_header (answer, "Content-Type");
    g_autofree gchar *policy = find_header (answer, "Content-Security-Policy");
    g_autofree gchar *sniff = find_header (answer, "X-Content-Type-Options");

    g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
    g_assert_cmpstr (rows[i].type, ==, type);
    g_assert_cmpstr ("nosniff", ==, sniff);
    g_assert_true (g_str_has_prefix (policy, "default-src 'none'; "));
    g_assert_null (strstr (policy, "unsafe"));
    g_assert_null (strstr (policy, "*"));
  }
  assert_answer (server, "/page/settings.json", NULL,
      "HTTP/1.1 200 *{\"appId\":\"default\",\"tokenNeeded\":false}");
}

static void
the_error_table_reaches_the_page (void)
{
  g_autoptr (GstRtcServer) server = start ();
  guint n_rows;
  const GstRtcErrorInfo *rows = gst_rtc_error_get_table (&n_rows);

  for (guint i = 0; i < n_rows; i++) {
    g_autofree gchar *pattern =
        g_strdup_printf ("*{ code: %d, symbol: '%s', category: '%s', *",
            (gint)rows[i].code, rows[i].symbol, rows[i].category);

    assert_answer (server, "/page/errors.js", NULL, pattern);
  }
}

static void
the_page_is_cached_by_its_etag (void)
{
  g_autoptr (GstRtcServer) server = start ();
  g_autofree gchar *own =
      g_strdup_printf ("Host: %s\r\n", get_authority (server));
  g_autofree gchar *answer = get_with_headers (server, "/page/page.js", own);
  g_autofree gchar *etag = find_header (answer, "ETag");
  g_autofree gchar *caching = find_header (answer, "Cache-Control");
  g_autofree gchar *same =
      g_strconcat (own, "If-None-Match: ", etag, "\r\n", NULL);
  g_autofree gchar *other = g_strconcat (own, "If-None-Match: \"x\"\r\n", NULL);
  g_autofree gchar *range = g_strconcat (own, "Range: bytes=0-9\r\n", NULL);
  g_autofree gchar *old_range =
      g_strconcat (own, "Range: bytes=0-9\r\nIf-Range: \"x\"\r\n", NULL);

  g_assert_cmpstr ("no-cache", ==, caching);
  assert_answer (server, "/page/page.js", same, "HTTP/1.1 304 *\r\n\r\n");
  assert_answer (server, "/page/page.js", other, "HTTP/1.1 200 *");
  assert_answer (server, "/page/page.js", range,
      "HTTP/1.1 206 *Content-Range: bytes 0-9/*\r\n\r\n// SPDX-Li");
  assert_answer (server, "/page/page.js", old_range, "HTTP/1.1 200 *");
}

static void
head_is_get_without_the_body (void)
{
  static const gchar *const paths[] = {"/", "/page/page.js", "/healthz"};
  g_autoptr (GstRtcServer) server = start ();

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    Raw raw = raw_connect (server);
    g_autofree gchar *answer = NULL;
    g_autofree gchar *length = NULL;

    raw_print (&raw, "HEAD %s HTTP/1.1\r\nHost: %s\r\n\r\n", paths[i],
        get_authority (server));
    answer = raw_read_all (&raw);
    length = find_header (answer, "Content-Length");
    g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 200 "));
    g_assert_true (g_str_has_suffix (answer, "\r\n\r\n"));
    g_assert_cmpint (g_ascii_strtoll (length, NULL, 10), >, 0);
    raw_close (&raw);
  }
}

static void
allowed_pages_may_read_the_answer (void)
{
  static const gchar *const allowed[] = {"https://rooms.example", NULL};
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.allowed_origins = allowed;
  server = start_with (&settings);
  assert_answer (server, "/getconfig?appId=a&roomId=r&userId=u",
      "Host: localhost\r\nOrigin: https://rooms.example\r\n",
      "HTTP/1.1 200 *Access-Control-Allow-Origin: https://rooms.example\r\n*");
}

static void
foreign_hosts_and_origins_are_refused (void)
{
  static const gchar *const headers[] = {
      "Host: evil.example\r\n",
      "Host: 127.0.0.1.evil.example\r\n",
      "Host: 127.0.0.1@evil.example\r\n",
      "Host: 192.0.2.1\r\n",
      "Host: localhost\r\nOrigin: http://evil.example\r\n",
      "Host: localhost\r\nOrigin: http://localhost:1\r\n",
      "Host: localhost\r\nOrigin: null\r\n",
  };
  static const gchar *const paths[] = {
      "/getconfig?appId=a&roomId=r&userId=u", "/", "/ws"};
  g_autoptr (GstRtcServer) server = start ();

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++) {
    for (guint j = 0; j < G_N_ELEMENTS (paths); j++) {
      g_autofree gchar *all =
          g_strconcat (headers[i], j == 2 ? UPGRADE PROTOCOL : "", NULL);
      g_autofree gchar *answer = get_with_headers (server, paths[j], all);

      /* libsoup refuses what is no authority by itself. */
      if (!g_str_has_prefix (answer, "HTTP/1.1 403 ") &&
          !g_str_has_prefix (answer, "HTTP/1.1 400 "))
        g_error ("%s with %s gives %s", paths[j], headers[i], answer);
    }
  }
}

static void
own_and_allowed_origins_are_served (void)
{
  static const gchar *const allowed[] = {"https://rooms.example", NULL};
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  g_autofree gchar *own = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.allowed_origins = allowed;
  server = start_with (&settings);
  own = g_strdup_printf ("Host: %s\r\nOrigin: http://%s\r\n",
      get_authority (server), get_authority (server));
  assert_answer (server, "/healthz", own, "HTTP/1.1 200 *");
  assert_answer (server, "/healthz",
      "Host: localhost\r\nOrigin: https://rooms.example\r\n", "HTTP/1.1 200 *");
  assert_answer (
      server, "/healthz", "Host: rooms.example\r\n", "HTTP/1.1 200 *");
  assert_answer (server, "/healthz", "Host: [::1]:7800\r\n", "HTTP/1.1 200 *");
}

static void
only_get_is_understood (void)
{
  g_autoptr (GstRtcServer) server = start ();
  Raw raw = raw_connect (server);
  g_autofree gchar *answer = NULL;

  raw_print (&raw,
      "POST /healthz HTTP/1.1\r\nHost: %s\r\n"
      "Content-Length: 0\r\n\r\n",
      get_authority (server));
  answer = raw_read_all (&raw);
  g_assert_true (g_str_has_prefix (answer, "HTTP/1.1 405 "));
  raw_close (&raw);
}

typedef struct
{
  SoupWebsocketConnection *websocket;
  gchar *heard;
  gboolean closed;
} Guest;

static void
on_guest_message (SoupWebsocketConnection *websocket, gint type,
    GBytes *message, Guest *guest)
{
  g_free (guest->heard);
  guest->heard =
      g_strndup (g_bytes_get_data (message, NULL), g_bytes_get_size (message));
}

static void
on_guest_closed (SoupWebsocketConnection *websocket, Guest *guest)
{
  guest->closed = TRUE;
}

static void
on_guest_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Guest *guest = user_data;
  g_autoptr (GError) error = NULL;

  guest->websocket = soup_session_websocket_connect_finish (
      SOUP_SESSION (source), result, &error);
  g_assert_no_error (error);
  g_signal_connect (
      guest->websocket, "message", G_CALLBACK (on_guest_message), guest);
  g_signal_connect (
      guest->websocket, "closed", G_CALLBACK (on_guest_closed), guest);
}

static gboolean
on_accept_certificate (SoupMessage *message, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer user_data)
{
  return TRUE;
}

/* A well-behaved client comes in and goes out. */
static void
visit (GstRtcServer *server)
{
  GMainContext *context = rtc_test_context_enter ();
  SoupSession *session = soup_session_new ();
  g_autofree gchar *url =
      g_strconcat (gst_rtc_server_get_url (server), "/ws", NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);
  gchar *protocols[] = {(gchar *)"rtc-room.v1", NULL};
  Guest guest = {NULL};

  g_signal_connect (
      message, "accept-certificate", G_CALLBACK (on_accept_certificate), NULL);
  soup_session_websocket_connect_async (
      session, message, NULL, protocols, 0, NULL, on_guest_connected, &guest);
  rtc_test_wait (context, guest.websocket);
  g_assert_null (soup_websocket_connection_get_extensions (guest.websocket));
  soup_websocket_connection_send_text (guest.websocket,
      "{\"type\":\"join\",\"id\":1,\"app\":\"a\",\"room\":\"r\","
      "\"user\":\"u\"}");
  rtc_test_wait (context, guest.heard);
  g_assert_true (g_str_has_prefix (guest.heard, "{\"type\":\"ok\",\"id\":1,"));
  g_clear_pointer (&guest.heard, g_free);
  soup_websocket_connection_send_text (
      guest.websocket, "{\"type\":\"leave\",\"id\":2}");
  rtc_test_wait (context, guest.heard);
  g_assert_cmpstr ("{\"type\":\"ok\",\"id\":2}", ==, guest.heard);
  soup_websocket_connection_close (guest.websocket, 1000, NULL);
  rtc_test_wait (context, guest.closed);
  g_assert_cmpuint (
      1000, ==, soup_websocket_connection_get_close_code (guest.websocket));
  g_free (guest.heard);
  g_object_unref (guest.websocket);
  g_object_unref (session);
  rtc_test_context_leave (context);
}

static void
a_guest_joins_and_leaves (void)
{
  g_autoptr (GstRtcServer) server = start ();

  visit (server);
}

static void
tls_is_served (void)
{
  g_autofree gchar *cert = g_test_build_filename (
      G_TEST_DIST, "tests", "vectors", "tls", "cert.pem", NULL);
  g_autofree gchar *key = g_test_build_filename (
      G_TEST_DIST, "tests", "vectors", "tls", "key.pem", NULL);
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.tls_cert = cert;
  settings.tls_key = key;
  server = start_with (&settings);
  g_assert_true (
      g_str_has_prefix (gst_rtc_server_get_url (server), "https://"));
  visit (server);
}

static void
a_client_that_left_is_closed (void)
{
  g_autoptr (GstRtcServer) server = start ();
  Raw raw = raw_open (server);

  raw_join (&raw, "ann");
  raw_say (&raw, "{\"type\":\"leave\",\"id\":2}");
  raw_expect (&raw, "{\"type\":\"ok\",\"id\":2}");
  raw_expect_close (&raw, 1000);
  raw_close (&raw);
}

static void
two_raw_clients_meet (void)
{
  g_autoptr (GstRtcServer) server = start ();
  Raw ann = raw_open (server);
  Raw bob = raw_open (server);

  raw_join (&ann, "ann");
  raw_join (&bob, "bob");
  raw_expect (&ann, "{\"type\":\"peer-online\",\"user\":\"bob\"}");
  raw_send_frame (&bob, FINAL | OPCODE_CLOSE, "\x03\xe8", 2);
  raw_expect (
      &ann, "{\"type\":\"peer-leave\",\"user\":\"bob\",\"reason\":\"left\"}");
  raw_close (&ann);
  raw_close (&bob);
}

static void
a_message_in_pieces_is_one (void)
{
  g_autoptr (GstRtcServer) server = start ();
  Raw raw = raw_open (server);

  raw_send_frame (&raw, OPCODE_TEXT, "{\"type\":", 8);
  raw_send_frame (&raw, FINAL | OPCODE_PING, "x", 1);
  raw_send_frame (&raw, FINAL | OPCODE_CONTINUATION, "\"ping\",\"id\":1}", 14);
  {
    guint opcode;
    g_autofree gchar *pong = raw_read_frame (&raw, &opcode);

    g_assert_cmpstr ("x", ==, pong);
  }
  raw_expect (&raw, "{\"type\":\"ok\",\"id\":1}");
  raw_close (&raw);
}

/* @length bytes of [ as deflate packs them. */
static GBytes *
make_bomb (gsize length)
{
  g_autofree gchar *text = g_strnfill (length, '[');
  g_autoptr (GConverter) converter =
      G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, 9));
  g_autoptr (GInputStream) memory =
      g_memory_input_stream_new_from_data (text, (gssize)length, NULL);
  g_autoptr (GInputStream) packed =
      g_converter_input_stream_new (memory, converter);

  return g_input_stream_read_bytes (packed, 4096, NULL, NULL);
}

static void
a_compressed_bomb_is_refused (void)
{
  g_autoptr (GstRtcServer) server = start ();
  g_autoptr (GBytes) bomb = make_bomb (130000);
  Raw raw = raw_open (server);

  g_assert_cmpuint (g_bytes_get_size (bomb), <, 200);
  raw_send_frame (&raw, FINAL | COMPRESSED | OPCODE_TEXT,
      g_bytes_get_data (bomb, NULL), g_bytes_get_size (bomb));
  raw_expect_close (&raw, 1002);
  raw_close (&raw);
  assert_alive (server);
}

static void
a_tower_of_brackets_is_refused (void)
{
  static const struct
  {
    gsize length;
    guint16 code;
  } rows[] = {{130000, 1009}, {65537, 1009}, {65536, 1008}, {1000, 1008}};
  g_autoptr (GstRtcServer) server = start ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *text = g_strnfill (rows[i].length, '[');
    g_autofree gchar *user = g_strdup_printf ("user%u", i);
    Raw raw = raw_open (server);

    raw_join (&raw, user);
    raw_say (&raw, text);
    raw_expect_close (&raw, rows[i].code);
    raw_close (&raw);
  }
  assert_alive (server);
}

static void
endless_fragments_are_cut (void)
{
  g_autoptr (GstRtcServer) server = start ();
  g_autofree gchar *piece = g_strnfill (10000, 'x');
  Raw raw = raw_open (server);

  raw_send_frame (&raw, OPCODE_TEXT, piece, 10000);
  for (guint i = 0; i < 20; i++)
    raw_send_frame (&raw, OPCODE_CONTINUATION, piece, 10000);
  raw_expect_close (&raw, 1009);
  raw_close (&raw);
  assert_alive (server);
}

static void
empty_fragments_count_as_messages (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  Raw raw;

  gst_rtc_server_settings_init (&settings);
  settings.max_message_rate = 5;
  server = start_with (&settings);
  raw = raw_open (server);
  raw_send_frame (&raw, OPCODE_TEXT, "", 0);
  for (guint i = 0; i < 100; i++)
    raw_send_frame (&raw, OPCODE_CONTINUATION, "", 0);
  raw_expect_close (&raw, 1008);
  raw_close (&raw);
}

static void
too_many_messages_are_refused (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  Raw raw;

  gst_rtc_server_settings_init (&settings);
  settings.max_message_rate = 5;
  server = start_with (&settings);
  raw = raw_open (server);
  raw_join (&raw, "ann");
  for (guint i = 0; i < 200; i++)
    raw_say (&raw, "{\"type\":\"ping\",\"id\":2}");
  raw_expect_close (&raw, 1008);
  raw_close (&raw);
}

/* What a first connection may send at once is too much for the next. */
static void
a_new_connection_is_no_new_burst (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.max_message_rate = 5;
  server = start_with (&settings);
  for (guint i = 0; i < 2; i++) {
    Raw raw = raw_open (server);

    raw_join (&raw, "ann");
    for (guint j = 0; j < (i == 0 ? 100 : 45); j++)
      raw_say (&raw, "{\"type\":\"ping\",\"id\":2}");
    raw_expect_close (&raw, 1008);
    raw_close (&raw);
  }
}

static void
binary_messages_are_refused (void)
{
  g_autoptr (GstRtcServer) server = start ();
  Raw raw = raw_open (server);

  raw_send_frame (&raw, FINAL | OPCODE_BINARY, "x", 1);
  raw_expect_close (&raw, 1003);
  raw_close (&raw);
}

static void
text_that_is_not_utf8_is_refused (void)
{
  g_autoptr (GstRtcServer) server = start ();
  Raw raw = raw_open (server);

  raw_send_frame (&raw, FINAL | OPCODE_TEXT, "\xff\xfe", 2);
  raw_expect_close (&raw, 1007);
  raw_close (&raw);
}

static void
the_subprotocol_is_needed (void)
{
  g_autoptr (GstRtcServer) server = start ();
  Raw raw = raw_connect (server);
  g_autofree gchar *answer = NULL;

  raw_print (&raw, "GET /ws HTTP/1.1\r\nHost: localhost\r\n" UPGRADE "\r\n");
  answer = raw_read_headers (&raw);
  raw_expect_close (&raw, 1002);
  raw_close (&raw);
}

static void
a_half_sent_request_is_cut (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  Raw raw;
  Raw silent;

  gst_rtc_server_settings_init (&settings);
  settings.handshake_timeout = 100;
  server = start_with (&settings);
  raw = raw_connect (server);
  silent = raw_connect (server);
  raw_print (&raw, "GET /ws HTTP/1.1\r\nHost: loc");
  raw_expect_end (&raw);
  raw_expect_end (&silent);
  raw_close (&raw);
  raw_close (&silent);
  assert_alive (server);
}

/* libsoup would answer it and lose its path. */
static void
a_request_with_a_body_is_cut (void)
{
  static const struct
  {
    const gchar *text;
    gsize length;
  } lines[] = {
      {"Transfer-Encoding: nonsense", 27},
      {"tRANSFER-eNCODING:chunked", 25},
      {"Tran\0sfer-Encoding: nonsense", 28},
      {"Content-Length: nonsense", 24},
      {"Content-Length: -1", 18},
      {"Content-Length: 0\r\n 1", 21},
  };
  g_autoptr (GstRtcServer) server = start ();

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    Raw raw = raw_connect (server);
    g_autofree gchar *answer = NULL;

    raw_print (
        &raw, "GET /healthz HTTP/1.1\r\nHost: %s\r\n", get_authority (server));
    raw_send (&raw, lines[i].text, lines[i].length);
    raw_print (&raw, "\r\n\r\n");
    answer = raw_read_all (&raw);
    g_assert_cmpstr ("", ==, answer);
    raw_close (&raw);
  }
}

static void
a_request_that_does_not_end_is_cut (void)
{
  g_autoptr (GstRtcServer) server = start ();
  g_autofree gchar *line = g_strnfill (1000, 'x');
  Raw raw = raw_connect (server);
  gboolean taken = TRUE;

  raw_print (&raw, "GET /ws HTTP/1.1\r\n");
  for (guint i = 0; taken && i < 40; i++) {
    g_autofree gchar *header = g_strdup_printf ("X-%u: %s\r\n", i, line);

    taken = raw_send (&raw, header, strlen (header));
  }
  raw_expect_end (&raw);
  raw_close (&raw);
  assert_alive (server);
}

static void
frames_before_the_answer_are_cut (void)
{
  g_autoptr (GstRtcServer) server = start ();
  Raw raw = raw_connect (server);

  raw_print (&raw, "GET /ws HTTP/1.1\r\nHost: localhost\r\n" UPGRADE PROTOCOL
                   "\r\n\x81\x80");
  raw_expect_end (&raw);
  raw_close (&raw);
  assert_alive (server);
}

static void
a_client_that_does_not_join_is_closed (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  Raw raw;

  gst_rtc_server_settings_init (&settings);
  settings.join_timeout = 100;
  server = start_with (&settings);
  raw = raw_open (server);
  raw_expect_close (&raw, 1008);
  raw_close (&raw);
}

static void
a_client_without_pongs_is_cut (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  Raw raw;

  gst_rtc_server_settings_init (&settings);
  settings.ping_interval = 100;
  settings.pong_timeout = 200;
  server = start_with (&settings);
  raw = raw_open (server);
  raw_join (&raw, "ann");
  raw_expect_end (&raw);
  raw_close (&raw);
}

static void
one_address_gets_its_share_only (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  Raw first;
  Raw second;
  Raw third;

  gst_rtc_server_settings_init (&settings);
  settings.max_connections_per_address = 2;
  server = start_with (&settings);
  first = raw_open (server);
  second = raw_open (server);
  third = raw_connect (server);
  raw_expect_end (&third);
  /* A place that is given back can be had again. */
  raw_join (&first, "ann");
  raw_join (&second, "bob");
  raw_expect (&first, "{\"type\":\"peer-online\",\"user\":\"bob\"}");
  raw_send_frame (&second, FINAL | OPCODE_CLOSE, "\x03\xe8", 2);
  raw_expect (&first, "{\"type\":\"peer-leave\",*");
  assert_alive (server);
  raw_close (&first);
  raw_close (&second);
  raw_close (&third);
}

static void
the_server_has_its_share_only (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  Raw first;
  Raw second;

  gst_rtc_server_settings_init (&settings);
  settings.max_connections = 1;
  server = start_with (&settings);
  first = raw_open (server);
  second = raw_connect (server);
  raw_expect_end (&second);
  raw_close (&first);
  raw_close (&second);
}

static gchar *
get_session (const gchar *answer)
{
  const gchar *at = strstr (answer, "\"session\":\"");

  g_assert_nonnull (at);
  at += strlen ("\"session\":\"");
  return g_strndup (at, strcspn (at, "\""));
}

/* The publisher sends big offers to a viewer that reads nothing. */
static void
a_slow_reader_is_cut (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  g_autofree gchar *answer = NULL;
  g_autofree gchar *session = NULL;
  g_autofree gchar *sdp = g_strnfill (60000, 'x');
  g_autofree gchar *offer = NULL;
  Raw publisher;
  Raw viewer;

  gst_rtc_server_settings_init (&settings);
  settings.max_queued_bytes = 100000;
  settings.grace_time = 1;
  server = start_with (&settings);
  publisher = raw_open (server);
  viewer = raw_connect_with_buffer (server, 4096);
  raw_upgrade (&viewer, server);
  raw_join (&publisher, "ann");
  raw_say (
      &publisher, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  raw_expect (&publisher, "{\"type\":\"ok\",\"id\":2}");
  raw_join (&viewer, "bob");
  raw_say (&viewer, "{\"type\":\"subscribe\",\"id\":2,\"user\":\"ann\"}");
  answer = raw_hear (&viewer);
  session = get_session (answer);
  offer = g_strdup_printf (
      "{\"type\":\"offer\",\"session\":\"%s\",\"sdp\":\"%s\"}", session, sdp);
  for (guint i = 0; i < 80; i++)
    raw_say (&publisher, offer);
  raw_expect (&publisher, "{\"type\":\"peer-online\",*");
  raw_expect (&publisher, "{\"type\":\"session-opened\",*");
  raw_expect (&publisher, "{\"type\":\"session-closed\",*lost*");
  raw_expect (&publisher, "{\"type\":\"peer-leave\",*lost*");
  raw_expect_end (&viewer);
  raw_close (&publisher);
  raw_close (&viewer);
  assert_alive (server);
}

static void
pongs_that_nobody_reads_are_bounded (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GstRtcServer) server = NULL;
  g_autofree gchar *payload = g_strnfill (125, 'x');
  Raw raw;

  gst_rtc_server_settings_init (&settings);
  settings.max_message_rate = 100000;
  server = start_with (&settings);
  raw = raw_connect_with_buffer (server, 4096);
  raw_upgrade (&raw, server);
  for (guint i = 0; i < 35000; i++)
    raw_send_frame (&raw, FINAL | OPCODE_PING, payload, 125);
  raw_expect_end (&raw);
  raw_close (&raw);
  assert_alive (server);
}

static void
a_stop_tells_the_clients (void)
{
  GstRtcServer *server = start ();
  Raw joined = raw_open (server);
  Raw waiting = raw_open (server);
  Raw silent = raw_connect (server);
  gint64 before;

  raw_join (&joined, "ann");
  before = g_get_monotonic_time ();
  gst_rtc_server_stop (server);
  gst_rtc_server_stop (server);
  g_assert_cmpint (g_get_monotonic_time () - before, <,
      2 * rtc_patience () * G_TIME_SPAN_SECOND);
  raw_expect (&joined, "{\"type\":\"closing\",\"reason\":\"*\"}");
  raw_expect_close (&joined, 1001);
  raw_expect (&waiting, "{\"type\":\"closing\",\"reason\":\"*\"}");
  raw_expect_close (&waiting, 1001);
  raw_expect_end (&silent);
  raw_close (&joined);
  raw_close (&waiting);
  raw_close (&silent);
  g_object_unref (server);
}

static void
an_owned_port_is_named (void)
{
  g_autoptr (GstRtcServer) first = start ();
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.listen = gst_rtc_server_get_url (first);
  g_assert_null (gst_rtc_server_start (&settings, &error));
  g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_INVALID_PARAMS);
  g_assert_cmpint (
      G_IO_ERROR_ADDRESS_IN_USE, ==, gst_rtc_error_get_native_code (error));
}

static void
a_port_is_free_after_the_stop (void)
{
  GstRtcServer *first = start ();
  g_autofree gchar *url = g_strdup (gst_rtc_server_get_url (first));
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcServer) second = NULL;

  g_object_unref (first);
  gst_rtc_server_settings_init (&settings);
  settings.listen = url;
  second = gst_rtc_server_start (&settings, &error);
  g_assert_no_error (error);
  assert_alive (second);
}

static void
two_servers_live_side_by_side (void)
{
  g_autoptr (GstRtcServer) first = start ();
  g_autoptr (GstRtcServer) second = start ();
  Raw ann = raw_open (first);
  Raw bob = raw_open (second);

  raw_join (&ann, "ann");
  raw_say (&bob, "{\"type\":\"join\",\"id\":1,\"app\":\"a\",\"room\":\"r\","
                 "\"user\":\"bob\"}");
  raw_expect (&bob, "*\"users\":[]*");
  raw_close (&ann);
  raw_close (&bob);
}

static void
settings_are_checked (void)
{
  static const gchar *const bad_ice[] = {"http://192.0.2.1", NULL};
  const GstRtcServerSettings rows[] = {
      {.listen = NULL},
      {.listen = ""},
      {.listen = "127.0.0.1:7800"},
      {.listen = "ftp://127.0.0.1:0"},
      {.listen = "http://no-address.example:0"},
      {.listen = "http://0.0.0.0:0"},
      {.listen = "http://192.0.2.1:0"},
      {.listen = "https://127.0.0.1:0"},
      {.listen = "http://127.0.0.1:0", .tls_cert = "x"},
      {.listen = "http://127.0.0.1:0", .tls_cert = "x", .tls_key = "y"},
      {.listen = "http://127.0.0.1:0", .app_key = ""},
      {.listen = "http://127.0.0.1:0", .app_key = "k", .app_id = "short"},
      {.listen = "http://127.0.0.1:0", .app_id = "a b"},
      {.listen = "http://127.0.0.1:0", .max_visible_users = 201},
      {.listen = "http://127.0.0.1:0", .max_streams = 101},
      {.listen = "http://127.0.0.1:0", .max_message_bytes = 65537},
      {.listen = "http://127.0.0.1:0", .ice_servers = bad_ice},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    if (gst_rtc_server_start (&rows[i], &error))
      g_error ("row %u was accepted", i);
    g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_INVALID_PARAMS);
  }
}

#define ADD(name, func) g_test_add_func ("/server/" name, func)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  ADD ("getconfig-names-the-websocket", getconfig_names_the_websocket);
  ADD ("getconfig-hands-out-ice-servers", getconfig_hands_out_ice_servers);
  ADD ("getconfig-checks-its-ids", getconfig_checks_its_ids);
  ADD ("other-paths-are-not-found", other_paths_are_not_found);
  ADD ("the-page-is-served", the_page_is_served);
  ADD ("the-error-table-reaches-the-page", the_error_table_reaches_the_page);
  ADD ("the-page-is-cached-by-its-etag", the_page_is_cached_by_its_etag);
  ADD ("head-is-get-without-the-body", head_is_get_without_the_body);
  ADD ("allowed-pages-may-read-the-answer", allowed_pages_may_read_the_answer);
  ADD ("foreign-hosts-and-origins-are-refused",
      foreign_hosts_and_origins_are_refused);
  ADD (
      "own-and-allowed-origins-are-served", own_and_allowed_origins_are_served);
  ADD ("only-get-is-understood", only_get_is_understood);
  ADD ("a-guest-joins-and-leaves", a_guest_joins_and_leaves);
  ADD ("tls-is-served", tls_is_served);
  ADD ("a-client-that-left-is-closed", a_client_that_left_is_closed);
  ADD ("two-raw-clients-meet", two_raw_clients_meet);
  ADD ("a-message-in-pieces-is-one", a_message_in_pieces_is_one);
  ADD ("a-compressed-bomb-is-refused", a_compressed_bomb_is_refused);
  ADD ("a-tower-of-brackets-is-refused", a_tower_of_brackets_is_refused);
  ADD ("endless-fragments-are-cut", endless_fragments_are_cut);
  ADD ("empty-fragments-count-as-messages", empty_fragments_count_as_messages);
  ADD ("too-many-messages-are-refused", too_many_messages_are_refused);
  ADD ("a-new-connection-is-no-new-burst", a_new_connection_is_no_new_burst);
  ADD ("binary-messages-are-refused", binary_messages_are_refused);
  ADD ("text-that-is-not-utf8-is-refused", text_that_is_not_utf8_is_refused);
  ADD ("the-subprotocol-is-needed", the_subprotocol_is_needed);
  ADD ("a-half-sent-request-is-cut", a_half_sent_request_is_cut);
  ADD (
      "a-request-that-does-not-end-is-cut", a_request_that_does_not_end_is_cut);
  ADD ("a-request-with-a-body-is-cut", a_request_with_a_body_is_cut);
  ADD ("frames-before-the-answer-are-cut", frames_before_the_answer_are_cut);
  ADD ("a-client-that-does-not-join-is-closed",
      a_client_that_does_not_join_is_closed);
  ADD ("a-client-without-pongs-is-cut", a_client_without_pongs_is_cut);
  ADD ("one-address-gets-its-share-only", one_address_gets_its_share_only);
  ADD ("the-server-has-its-share-only", the_server_has_its_share_only);
  ADD ("a-slow-reader-is-cut", a_slow_reader_is_cut);
  ADD ("pongs-that-nobody-reads-are-bounded",
      pongs_that_nobody_reads_are_bounded);
  ADD ("a-stop-tells-the-clients", a_stop_tells_the_clients);
  ADD ("an-owned-port-is-named", an_owned_port_is_named);
  ADD ("a-port-is-free-after-the-stop", a_port_is_free_after_the_stop);
  ADD ("two-servers-live-side-by-side", two_servers_live_side_by_side);
  ADD ("settings-are-checked", settings_are_checked);
  return g_test_run ();
}
