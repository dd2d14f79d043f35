/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of one client WebSocket against servers that behave and servers that
 * do not. */
#include "rtcsession.h"

#include <libsoup/soup.h>
#include <string.h>

#include "raw-server.h"
#include "rtcconfig.h"
#include "rtcerror-private.h"
#include "rtctest.h"
#include "soup-listener.h"

#define SUBPROTOCOL "rtc-room.v1"

typedef struct
{
  GMainContext *context;
  SoupServer *server;
  GSocketService *listener;
  SoupWebsocketConnection *peer; /* of the client, at the server */
  gchar *url;

  GstRtcSession *session;
  guint n_opened;
  guint n_received;
  gchar *received;
  guint n_closed;
  gboolean opened_before;
  GError *error;
} Fixture;

static void
on_peer_message (
    SoupWebsocketConnection *peer, gint type, GBytes *data, gpointer user_data)
{
  soup_websocket_connection_send_message (peer, type, data);
}

static void
on_peer (SoupServer *server, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *peer, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_set_object (&fixture->peer, peer);
  g_signal_connect (peer, "message", G_CALLBACK (on_peer_message), NULL);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  char *protocols[] = {(char *)SUBPROTOCOL, NULL};
  guint16 port;

  fixture->context = rtc_test_context_enter ();
  fixture->server = soup_server_new (NULL, NULL);
  soup_server_add_websocket_handler (
      fixture->server, "/ws", NULL, protocols, on_peer, fixture, NULL);
  soup_server_add_websocket_handler (
      fixture->server, "/other", NULL, NULL, on_peer, fixture, NULL);
  fixture->listener = soup_listener_start (fixture->server, &port);
  fixture->url = g_strdup_printf ("ws://127.0.0.1:%u/ws", port);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gst_rtc_session_close (fixture->session, 1000, NULL);
  if (fixture->peer)
    rtc_test_wait (
        fixture->context, soup_websocket_connection_get_state (fixture->peer) ==
                              SOUP_WEBSOCKET_STATE_CLOSED);
  soup_listener_stop (fixture->listener);
  soup_server_disconnect (fixture->server);
  g_clear_object (&fixture->peer);
  g_object_unref (fixture->server);
  g_free (fixture->url);
  g_free (fixture->received);
  g_clear_error (&fixture->error);
  rtc_test_context_leave (fixture->context);
}

static void
on_opened (gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_opened++;
}

static void
on_received (const gchar *text, gsize length, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_received++;
  g_free (fixture->received);
  fixture->received = g_strndup (text, length);
}

static void
on_closed (gboolean opened_before, const GError *error, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_closed++;
  fixture->opened_before = opened_before;
  g_clear_error (&fixture->error);
  fixture->error = g_error_copy (error);
}

static const GstRtcSessionListener listener = {
    .opened = on_opened,
    .received = on_received,
    .closed = on_closed,
};

static void
start (Fixture *fixture, const gchar *url, guint connect_timeout)
{
  const GstRtcSessionSettings settings = {
      .max_message_bytes = GST_RTC_MAX_MESSAGE_BYTES,
      .url = url,
      .subprotocol = SUBPROTOCOL,
      .connect_timeout = connect_timeout,
      .ping_interval = 1000,
      .pong_timeout = 100,
  };

  fixture->session = gst_rtc_session_connect (&settings, &listener, fixture);
  g_assert_false (gst_rtc_session_is_open (fixture->session));
}

static void
start_open (Fixture *fixture)
{
  start (fixture, fixture->url, 10000);
  rtc_test_wait (fixture->context, fixture->n_opened == 1 && fixture->peer);
  g_assert_true (gst_rtc_session_is_open (fixture->session));
}

static void
assert_lost (Fixture *fixture, gint close_code)
{
  rtc_test_wait (fixture->context, fixture->n_closed > 0);
  rtc_test_settle (fixture->context);
  g_assert_cmpuint (1, ==, fixture->n_closed);
  g_assert_true (fixture->opened_before);
  g_assert_error (
      fixture->error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED);
  g_assert_cmpint (
      close_code, ==, gst_rtc_error_get_native_code (fixture->error));
  g_assert_false (gst_rtc_session_is_open (fixture->session));
}

static void
assert_not_opened (Fixture *fixture, gint native_code)
{
  rtc_test_wait (fixture->context, fixture->n_closed > 0);
  rtc_test_settle (fixture->context);
  g_assert_cmpuint (0, ==, fixture->n_opened);
  g_assert_cmpuint (1, ==, fixture->n_closed);
  g_assert_false (fixture->opened_before);
  g_assert_error (
      fixture->error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED);
  g_assert_cmpint (
      native_code, ==, gst_rtc_error_get_native_code (fixture->error));
}

static void
test_echo (Fixture *fixture, gconstpointer data)
{
  start_open (fixture);
  gst_rtc_session_send (fixture->session, "{\"a\":1}");
  rtc_test_wait (fixture->context, fixture->n_received == 1);
  g_assert_cmpstr ("{\"a\":1}", ==, fixture->received);
}

static void
test_nothing_compressed (Fixture *fixture, gconstpointer data)
{
  RawServer *server = raw_server_new (RAW_UPGRADE_ROOM, TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "ws");

  start (fixture, url, 10000);
  rtc_test_wait (fixture->context, fixture->n_opened == 1);
  g_assert_null (
      strstr (raw_server_get_request (server), "Sec-WebSocket-Extensions"));
  g_assert_nonnull (strstr (
      raw_server_get_request (server), "Sec-WebSocket-Protocol: " SUBPROTOCOL));
  raw_server_free (server);
}

static void
test_largest_message (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *text = g_strnfill (GST_RTC_MAX_MESSAGE_BYTES, 'x');

  start_open (fixture);
  soup_websocket_connection_send_text (fixture->peer, text);
  rtc_test_wait (fixture->context, fixture->n_received == 1);
  g_assert_cmpuint (GST_RTC_MAX_MESSAGE_BYTES, ==, strlen (fixture->received));
}

static void
test_too_large (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *text = g_strnfill (GST_RTC_MAX_MESSAGE_BYTES + 1, 'x');

  start_open (fixture);
  soup_websocket_connection_send_text (fixture->peer, text);
  assert_lost (fixture, SOUP_WEBSOCKET_CLOSE_TOO_BIG);
  g_assert_cmpuint (0, ==, fixture->n_received);
}

/* One frame head for each part: a text in two fragments of 40,000 bytes. */
static void
test_too_large_in_fragments (Fixture *fixture, gconstpointer data)
{
  const guint length = 40000;
  guint8 head[4] = {0x01, 126, (guint8)(length >> 8), (guint8)length};
  g_autofree gchar *text = g_strnfill (length, 'x');
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GBytes) tail = NULL;
  RawServer *server = raw_server_new (RAW_UPGRADE_ROOM, TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "ws");

  g_byte_array_append (bytes, head, sizeof (head));
  g_byte_array_append (bytes, (guint8 *)text, length);
  head[0] = 0x80;
  g_byte_array_append (bytes, head, sizeof (head));
  g_byte_array_append (bytes, (guint8 *)text, length);
  tail = g_bytes_new (bytes->data, bytes->len);
  raw_server_set_tail (server, tail);
  start (fixture, url, 10000);
  assert_lost (fixture, SOUP_WEBSOCKET_CLOSE_TOO_BIG);
  g_assert_cmpuint (0, ==, fixture->n_received);
  raw_server_free (server);
}

static void
test_binary (Fixture *fixture, gconstpointer data)
{
  start_open (fixture);
  soup_websocket_connection_send_binary (fixture->peer, "{}", 2);
  assert_lost (fixture, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA);
  g_assert_cmpuint (0, ==, fixture->n_received);
}

/* What a server must not send once the WebSocket is open, and the close code
 * that is told of it. */
typedef struct
{
  const gchar *what;
  const gchar *bytes;
  gsize length;
  gint code;
} Breach;

#define BREACH(what, bytes, code)                                              \
  {                                                                            \
    what, bytes, sizeof (bytes) - 1, code                                      \
  }

static const Breach breaches[] = {
    BREACH ("masked-text", "\x81\x82\0\0\0\0{}", 1002),
    BREACH ("masked-ping", "\x89\x80\0\0\0\0", 1002),
    BREACH ("bit-1", "\x91\x02{}", 1002),
    BREACH ("bit-2", "\xa1\x02{}", 1002),
    BREACH ("bit-4", "\xc1\x02{}", 1002),
    BREACH ("all-bits", "\xf1\x02{}", 1002),
    BREACH ("bit-4-of-a-ping", "\xc9\x00", 1002),
    BREACH ("opcode-3", "\x83\x00", 1002),
    BREACH ("opcode-7", "\x87\x02{}", 1002),
    BREACH ("opcode-b", "\x8b\x00", 1002),
    BREACH ("opcode-f", "\x8f\x00", 1002),
    BREACH ("length-in-16-bits", "\x81\x7e\0\x02{}", 1002),
    BREACH ("length-in-64-bits", "\x81\x7f\0\0\0\0\0\0\0\x02{}", 1002),
    BREACH ("nothing-to-continue", "\x80\x02{}", 1002),
    BREACH ("text-in-a-message", "\x01\x01{\x81\x02{}", 1002),
    BREACH ("ping-in-fragments", "\x09\x01x", 1002),
    BREACH ("close-in-fragments", "\x08\x02\x03\xe8", 1002),
    BREACH ("not-utf8", "\x81\x02\xc3(", 1007),
    BREACH ("surrogate", "\x81\x03\xed\xa0\x80", 1007),
    BREACH ("not-utf8-in-fragments", "\x01\x01\xe2\x80\x01(", 1007),
    BREACH ("half-a-code", "\x88\x01\x03", 1002),
    BREACH ("code-1005", "\x88\x02\x03\xed", 1002),
    BREACH ("code-1006", "\x88\x02\x03\xee", 1002),
    BREACH ("code-1015", "\x88\x02\x03\xf7", 1002),
    BREACH ("code-0", "\x88\x02\0\0", 1002),
    BREACH ("code-999", "\x88\x02\x03\xe7", 1002),
    BREACH ("code-2999", "\x88\x02\x0b\xb7", 1002),
    BREACH ("code-5000", "\x88\x02\x13\x88", 1002),
    BREACH ("reason-that-is-not-utf8", "\x88\x04\x03\xe8\xc3(", 1002),
    BREACH ("4-gib-announced", "\x81\x7f\0\0\0\x01\0\0\0\0", 1009),
    BREACH ("highest-bit-of-the-length", "\x81\x7f\x80\0\0\0\0\0\0\0", 1009),
};

static void
test_breach (Fixture *fixture, gconstpointer data)
{
  const Breach *row = data;
  g_autoptr (GBytes) tail = g_bytes_new_static (row->bytes, row->length);
  RawServer *server = raw_server_new (RAW_UPGRADE_ROOM, TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "ws");

  raw_server_set_tail (server, tail);
  start (fixture, url, 10000);
  assert_lost (fixture, row->code);
  g_assert_cmpuint (0, ==, fixture->n_received);
  raw_server_free (server);
}

/* Answers to the upgrade that open nothing; the status that is told, 0 where
 * it is 101. */
typedef struct
{
  const gchar *what;
  const gchar *reply;
  gint code;
} Reply;

#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADED "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPTED "Sec-WebSocket-Accept: @ACCEPT@\r\n"
#define ROOM "Sec-WebSocket-Protocol: rtc-room.v1\r\n"

static const Reply replies[] = {
    {"wrong-accept",
        SWITCHING UPGRADED
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" ROOM "\r\n",
        0},
    {"no-accept", SWITCHING UPGRADED ROOM "\r\n", 0},
    {"no-upgrade", SWITCHING "Connection: Upgrade\r\n" ACCEPTED ROOM "\r\n", 0},
    {"another-upgrade",
        SWITCHING "Upgrade: h2c\r\nConnection: Upgrade\r\n" ACCEPTED ROOM
                  "\r\n",
        0},
    {"no-connection", SWITCHING "Upgrade: websocket\r\n" ACCEPTED ROOM "\r\n",
        0},
    {"no-subprotocol", RAW_UPGRADE "\r\n", 0},
    {"wrong-subprotocol",
        RAW_UPGRADE "Sec-WebSocket-Protocol: rtc-room.v2\r\n\r\n", 0},
    {"an-extension-not-asked-for",
        RAW_UPGRADE ROOM "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        0},
    {"200-instead", "HTTP/1.1 200 OK\r\n" UPGRADED ACCEPTED ROOM "\r\n", 200},
    {"no-http", "\x81\x02{}", 0},
};

static void
test_reply (Fixture *fixture, gconstpointer data)
{
  const Reply *row = data;
  RawServer *server =
      raw_server_new (row->reply, g_str_has_prefix (row->reply, SWITCHING));
  g_autofree gchar *url = raw_server_dup_url (server, "ws");

  start (fixture, url, 10000);
  assert_not_opened (fixture, row->code);
  raw_server_free (server);
}

static void
test_close_code (Fixture *fixture, gconstpointer data)
{
  const guint16 code = (guint16)GPOINTER_TO_UINT (data);

  start_open (fixture);
  soup_websocket_connection_close (fixture->peer, code, "because");
  assert_lost (fixture, code);
  g_assert_nonnull (strstr (fixture->error->message, "because"));
}

static void
test_tcp_closed (Fixture *fixture, gconstpointer data)
{
  start_open (fixture);
  g_io_stream_close (
      soup_websocket_connection_get_io_stream (fixture->peer), NULL, NULL);
  rtc_test_wait (fixture->context, fixture->n_closed == 1);
  g_assert_true (fixture->opened_before);
  g_assert_error (
      fixture->error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED);
}

static void
test_silent_server (Fixture *fixture, gconstpointer data)
{
  RawServer *server = raw_server_new (RAW_UPGRADE_ROOM, TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "ws");

  start (fixture, url, 10000);
  assert_lost (fixture, 0);
  g_assert_nonnull (strstr (fixture->error->message, "ping"));
  raw_server_free (server);
}

/* Two ping intervals without a message: only pongs keep it open. */
static void
test_pongs_keep_it_open (Fixture *fixture, gconstpointer data)
{
  gint64 until;

  start_open (fixture);
  until = g_get_monotonic_time () + 2500 * G_TIME_SPAN_MILLISECOND;
  rtc_test_wait (fixture->context,
      fixture->n_closed > 0 || g_get_monotonic_time () > until);
  g_assert_cmpuint (0, ==, fixture->n_closed);
}

static void
test_other_subprotocol (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *url =
      g_strndup (fixture->url, strlen (fixture->url) - strlen ("/ws"));
  g_autofree gchar *other = g_strconcat (url, "/other", NULL);

  start (fixture, other, 10000);
  assert_not_opened (fixture, 0);
}

static void
test_not_found (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *url = g_strconcat (fixture->url, "/../nothing", NULL);

  start (fixture, url, 10000);
  assert_not_opened (fixture, 404);
}

static void
test_redirect (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *reply = g_strdup_printf (
      "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
      fixture->url);
  RawServer *server = raw_server_new (reply, FALSE);
  g_autofree gchar *url = raw_server_dup_url (server, "ws");

  start (fixture, url, 10000);
  assert_not_opened (fixture, 302);
  g_assert_null (fixture->peer);
  raw_server_free (server);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *url =
      g_strdup_printf ("ws://127.0.0.1:%u", raw_server_find_dead_port ());

  start (fixture, url, 10000);
  assert_not_opened (fixture, 0);
}

static void
test_bad_url (Fixture *fixture, gconstpointer data)
{
  start (fixture, "ws://a b", 10000);
  g_assert_cmpuint (0, ==, fixture->n_closed);
  assert_not_opened (fixture, 0);
}

static void
test_missing_ca_file (Fixture *fixture, gconstpointer data)
{
  const GstRtcSessionSettings settings = {
      .max_message_bytes = GST_RTC_MAX_MESSAGE_BYTES,
      .url = "wss://127.0.0.1:1",
      .tls_ca_file = "/nowhere.pem",
      .connect_timeout = 10000,
  };

  fixture->session = gst_rtc_session_connect (&settings, &listener, fixture);
  assert_not_opened (fixture, 0);
}

static void
test_connect_timeout (Fixture *fixture, gconstpointer data)
{
  RawServer *server = raw_server_new (NULL, TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "ws");

  start (fixture, url, 100);
  assert_not_opened (fixture, 0);
  g_assert_nonnull (strstr (fixture->error->message, "100 ms"));
  raw_server_free (server);
}

static void
close_session (Fixture *fixture)
{
  gst_rtc_session_close (g_steal_pointer (&fixture->session), 1000, "goodbye");
}

static void
test_own_close_is_silent (Fixture *fixture, gconstpointer data)
{
  start_open (fixture);
  close_session (fixture);
  rtc_test_wait (
      fixture->context, soup_websocket_connection_get_state (fixture->peer) ==
                            SOUP_WEBSOCKET_STATE_CLOSED);
  g_assert_cmpuint (
      1000, ==, soup_websocket_connection_get_close_code (fixture->peer));
  g_assert_cmpstr (
      "goodbye", ==, soup_websocket_connection_get_close_data (fixture->peer));
  g_assert_cmpuint (0, ==, fixture->n_closed);
}

static void
test_close_while_connecting (Fixture *fixture, gconstpointer data)
{
  RawServer *server = raw_server_new (NULL, TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "ws");

  start (fixture, url, 10000);
  rtc_test_wait (fixture->context, raw_server_get_n_connections (server) == 1);
  close_session (fixture);
  rtc_test_settle (fixture->context);
  g_assert_cmpuint (0, ==, fixture->n_opened);
  g_assert_cmpuint (0, ==, fixture->n_closed);
  raw_server_free (server);
}

static void
test_send_after_the_end (Fixture *fixture, gconstpointer data)
{
  start_open (fixture);
  soup_websocket_connection_close (fixture->peer, 1011, NULL);
  assert_lost (fixture, 1011);
  gst_rtc_session_send (fixture->session, "{}");
}

static void
add (const gchar *path, void (*test) (Fixture *fixture, gconstpointer data),
    gpointer data)
{
  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

static void
add_breaches (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (breaches); i++) {
    g_autofree gchar *path =
        g_strconcat ("/session/breach/", breaches[i].what, NULL);

    add (path, test_breach, (gpointer)&breaches[i]);
  }
}

static void
add_replies (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (replies); i++) {
    g_autofree gchar *path =
        g_strconcat ("/session/reply/", replies[i].what, NULL);

    add (path, test_reply, (gpointer)&replies[i]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  rtc_test_silence_libsoup ();
  add ("/session/echo", test_echo, NULL);
  add ("/session/nothing-compressed", test_nothing_compressed, NULL);
  add ("/session/largest-message", test_largest_message, NULL);
  add ("/session/too-large", test_too_large, NULL);
  add ("/session/too-large-in-fragments", test_too_large_in_fragments, NULL);
  add ("/session/binary", test_binary, NULL);
  add_breaches ();
  add_replies ();
  add ("/session/close-1000", test_close_code, GUINT_TO_POINTER (1000));
  add ("/session/close-1011", test_close_code, GUINT_TO_POINTER (1011));
  add ("/session/close-4001", test_close_code, GUINT_TO_POINTER (4001));
  add ("/session/tcp-closed", test_tcp_closed, NULL);
  add ("/session/silent-server", test_silent_server, NULL);
  add ("/session/pongs-keep-it-open", test_pongs_keep_it_open, NULL);
  add ("/session/other-subprotocol", test_other_subprotocol, NULL);
  add ("/session/not-found", test_not_found, NULL);
  add ("/session/redirect", test_redirect, NULL);
  add ("/session/refused", test_refused, NULL);
  add ("/session/bad-url", test_bad_url, NULL);
  add ("/session/missing-ca-file", test_missing_ca_file, NULL);
  add ("/session/connect-timeout", test_connect_timeout, NULL);
  add ("/session/own-close-is-silent", test_own_close_is_silent, NULL);
  add ("/session/close-while-connecting", test_close_while_connecting, NULL);
  add ("/session/send-after-the-end", test_send_after_the_end, NULL);
  return g_test_run ();
}
