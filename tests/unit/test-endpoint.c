/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the getconfig step: what an answer may hold, and each way in
 * which the request can fail. */
#include "rtcendpoint.h"

#include <string.h>

#include "raw-server.h"
#include "rtcerror-private.h"
#include "rtctest.h"
#include "scripted-server.h"

typedef struct
{
  GMainContext *context;
  gboolean done;
  GstRtcEndpoint *endpoint;
  GError *error;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->context = rtc_test_context_enter ();
}

static void
clear_result (Fixture *fixture)
{
  g_clear_pointer (&fixture->endpoint, gst_rtc_endpoint_free);
  g_clear_error (&fixture->error);
  fixture->done = FALSE;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  clear_result (fixture);
  rtc_test_context_leave (fixture->context);
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_false (fixture->done);
  fixture->endpoint = gst_rtc_endpoint_fetch_finish (result, &fixture->error);
  fixture->done = TRUE;
}

static void
fetch (Fixture *fixture, const gchar *url, guint timeout)
{
  GstRtcConfigValues values = rtc_test_config_values (url, "alice");
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcConfig) config = NULL;

  clear_result (fixture);
  values.app_id = "app";
  values.connect_timeout = timeout;
  config = gst_rtc_config_new (&values, &error);
  g_assert_no_error (error);
  gst_rtc_endpoint_fetch_async (config, NULL, on_fetched, fixture);
  rtc_test_wait (fixture->context, fixture->done);
}

static void
assert_failed (Fixture *fixture, GstRtcError code, gint native_code)
{
  g_assert_null (fixture->endpoint);
  g_assert_error (fixture->error, GST_RTC_ERROR, (gint)code);
  g_assert_cmpint (
      native_code, ==, gst_rtc_error_get_native_code (fixture->error));
}

static void
assert_reply_fails (Fixture *fixture, const gchar *reply, gint native_code)
{
  RawServer *server = raw_server_new (reply, FALSE);
  g_autofree gchar *url = raw_server_dup_url (server, "http");

  fetch (fixture, url, 10000);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, native_code);
  raw_server_free (server);
}

static void
test_parse (void)
{
  static const struct
  {
    const gchar *text;
    gboolean secure;
    gint code; /* 0: good */
    const gchar *urls;
    gint native_code;
  } rows[] = {
      {"{\"websocketUrls\":[\"ws://a/x\",\"wss://b\"]}", FALSE, 0,
          "ws://a/x wss://b"},
      {"{\"websocketUrls\":[\"http://x\",\"ws://a\"]}", FALSE, 0, "ws://a"},
      {"{\"websocketUrls\":[\"ws://a\",\"wss://b\"]}", TRUE, 0, "wss://b"},
      {"{\"websocketUrls\":[\"ws://127.0.0.1:1\"]}", TRUE, 0,
          "ws://127.0.0.1:1"},
      {"{\"websocketUrls\":[\"ws://a\"]}", TRUE, 200003, NULL},
      {"{\"websocketUrls\":[]}", FALSE, 200003, NULL},
      {"{}", FALSE, 200003, NULL},
      {"{\"websocketUrls\":\"ws://a\"}", FALSE, 200003, NULL},
      {"{\"websocketUrls\":[1,null,{}]}", FALSE, 200003, NULL},
      {"{\"websocketUrls\":[\"ws://h/a\\nb\",\"ws://h/a b\"]}", FALSE, 200003,
          NULL},
      {"{\"websocketUrls\":[\"ws://h#a\",\"ws://h\"]}", FALSE, 0, "ws://h"},
      {"{\"websocketUrls\":[\"http://x\",\"\",\"ws:\",\"ws://u:p@a\","
       "\"ws://a:0\",\"ws://a:99999\"]}",
          FALSE, 200003, NULL},
      {"{\"error\":{\"code\":1,\"reason\":\"no\"},"
       "\"websocketUrls\":[\"ws://a\"]}",
          FALSE, 200002, NULL, 1},
      {"{\"error\":\"no\"}", FALSE, 200002, NULL},
      {"{\"error\":{}}", FALSE, 200002, NULL},
      {"{\"error\":{\"code\":2147483647}}", FALSE, 200002, NULL, G_MAXINT32},
      {"{\"error\":{\"code\":2147483648}}", FALSE, 200002, NULL},
      {"{\"error\":{\"code\":-2147483648}}", FALSE, 200002, NULL, G_MININT32},
      {"{\"error\":{\"code\":-2147483649}}", FALSE, 200002, NULL},
      {"", FALSE, 200002, NULL},
      {"[]", FALSE, 200002, NULL},
      {"{\"websocketUrls\":[\"ws://a\"", FALSE, 200002, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstRtcEndpoint) endpoint = gst_rtc_endpoint_parse (
        rows[i].text, strlen (rows[i].text), rows[i].secure, &error);
    g_autofree gchar *urls = NULL;

    g_test_message ("%s", rows[i].text);
    if (rows[i].code != 0) {
      g_assert_error (error, GST_RTC_ERROR, rows[i].code);
      g_assert_cmpint (
          rows[i].native_code, ==, gst_rtc_error_get_native_code (error));
      continue;
    }
    g_assert_no_error (error);
    urls = g_strjoinv (" ", endpoint->websocket_urls);
    g_assert_cmpstr (rows[i].urls, ==, urls);
  }
}

static void
test_parse_ice_servers (void)
{
  const gchar *text =
      "{\"websocketUrls\":[\"ws://a\"],\"pingInterval\":7,\"iceServers\":["
      "{\"urls\":\"stun:s.example\"},{\"urls\":[\"stun:other:1\","
      "\"turn:[::1]:5?transport=tcp\",\"turns:t\"],\"username\":\"u:1\","
      "\"credential\":\"p@\"},{\"urls\":\"turn:nobody\"},{\"urls\":\"x\"},"
      "{\"urls\":\"http:h\"},7]}";
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcEndpoint) endpoint =
      gst_rtc_endpoint_parse (text, strlen (text), FALSE, &error);

  g_assert_no_error (error);
  g_assert_cmpstr ("stun://s.example:3478", ==, endpoint->stun_server);
  g_assert_cmpuint (2, ==, g_strv_length (endpoint->turn_servers));
  g_assert_cmpstr (
      "turn://u%3A1:p%40@[::1]:5?transport=tcp", ==, endpoint->turn_servers[0]);
  g_assert_cmpstr ("turns://u%3A1:p%40@t:5349", ==, endpoint->turn_servers[1]);
  g_assert_cmpuint (7000, ==, endpoint->ping_interval);
}

static void
test_ice_urls (void)
{
  static const struct
  {
    const gchar *url;
    const gchar *stun;
    const gchar *turn;
  } rows[] = {
      {"stun:h", "stun://h:3478", NULL},
      {"stun:h:1", "stun://h:1", NULL},
      {"stun:h?transport=udp", "stun://h:3478", NULL},
      {"stun:192.0.2.1:65535", "stun://192.0.2.1:65535", NULL},
      {"stun:[2001:db8::1]", "stun://[2001:db8::1]:3478", NULL},
      {"stun:a-b._c", "stun://a-b._c:3478", NULL},
      {"turn:h", NULL, "turn://u:p@h:3478"},
      {"turns:h:1", NULL, "turns://u:p@h:1"},
      {"turn:h?transport=udp", NULL, "turn://u:p@h:3478?transport=udp"},
      {"turns:h?transport=tcp", NULL, "turns://u:p@h:5349?transport=tcp"},
      {"turn:h?transport=sctp", NULL, "turn://u:p@h:3478"},
      {"stuns:h", NULL, NULL},
      {"stun:", NULL, NULL},
      {"stun:h:65536", NULL, NULL},
      {"stun:a b", NULL, NULL},
      {"stun:a%20b", NULL, NULL},
      {"stun:[fe80::1%25eth0]", NULL, NULL},
      {"turnip:h", NULL, NULL},
      {"h", NULL, NULL},
      {"", NULL, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *text =
        g_strdup_printf ("{\"websocketUrls\":[\"ws://a\"],\"iceServers\":[{"
                         "\"urls\":\"%s\",\"username\":\"u\","
                         "\"credential\":\"p\"}]}",
            rows[i].url);
    g_autoptr (GError) error = NULL;
    g_autoptr (GstRtcEndpoint) endpoint =
        gst_rtc_endpoint_parse (text, strlen (text), FALSE, &error);

    g_test_message ("%s", rows[i].url);
    g_assert_no_error (error);
    g_assert_cmpstr (rows[i].stun, ==, endpoint->stun_server);
    g_assert_cmpstr (rows[i].turn, ==, endpoint->turn_servers[0]);
  }
}

/* A name that @length bytes make of "stun:..." or "ws://...". */
static gchar *
make_long (const gchar *start, gsize length)
{
  g_autofree gchar *rest = g_strnfill (length - strlen (start), 'a');

  return g_strconcat (start, rest, NULL);
}

static void
test_long_urls (void)
{
  for (gsize length = 2047; length <= 2049; length++) {
    g_autofree gchar *address = make_long ("ws://h/", length);
    g_autofree gchar *stun = make_long ("stun:", length);
    g_autofree gchar *text =
        g_strdup_printf ("{\"websocketUrls\":[\"%s\",\"ws://b\"],"
                         "\"iceServers\":[{\"urls\":\"%s\"}]}",
            address, stun);
    g_autoptr (GstRtcEndpoint) endpoint =
        gst_rtc_endpoint_parse (text, strlen (text), FALSE, NULL);

    g_assert_nonnull (endpoint);
    g_assert_cmpuint (
        length > 2048 ? 1 : 2, ==, g_strv_length (endpoint->websocket_urls));
    g_assert_true ((endpoint->stun_server != NULL) == (length <= 2048));
  }
}

/* What is above the bound is left out; the rest holds. */
static void
test_long_lists (void)
{
  GString *text = g_string_new ("{\"websocketUrls\":[");
  g_autoptr (GstRtcEndpoint) endpoint = NULL;

  for (guint i = 0; i < 17; i++)
    g_string_append_printf (text, "%s\"ws://h%u\"", i ? "," : "", i);
  g_string_append (text, "],\"iceServers\":[");
  for (guint i = 0; i < 17; i++)
    g_string_append_printf (text,
        "%s{\"urls\":[\"turn:h%u\"],\"username\":\"u\","
        "\"credential\":\"p\"}",
        i ? "," : "", i);
  g_string_append (text, "]}");
  endpoint = gst_rtc_endpoint_parse (text->str, text->len, FALSE, NULL);
  g_string_free (text, TRUE);
  g_assert_nonnull (endpoint);
  g_assert_cmpuint (16, ==, g_strv_length (endpoint->websocket_urls));
  g_assert_cmpuint (16, ==, g_strv_length (endpoint->turn_servers));
}

static void
test_ping_intervals (void)
{
  static const struct
  {
    const gchar *member;
    guint interval;
  } rows[] = {
      {"", 2000},
      {",\"pingInterval\":\"7\"", 2000},
      {",\"pingInterval\":1", 1000},
      {",\"pingInterval\":0", 1000},
      {",\"pingInterval\":-9223372036854775808", 1000},
      {",\"pingInterval\":60", 60000},
      {",\"pingInterval\":61", 60000},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *text =
        g_strdup_printf ("{\"websocketUrls\":[\"ws://a\"]%s}", rows[i].member);
    g_autoptr (GstRtcEndpoint) endpoint =
        gst_rtc_endpoint_parse (text, strlen (text), FALSE, NULL);

    g_assert_nonnull (endpoint);
    g_assert_cmpuint (rows[i].interval, ==, endpoint->ping_interval);
  }
}

static void
test_success (Fixture *fixture, gconstpointer data)
{
  ScriptedServer *server = scripted_server_new (NULL);

  fetch (fixture, scripted_server_get_url (server), 10000);
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (scripted_server_get_websocket_url (server), ==,
      fixture->endpoint->websocket_urls[0]);
  g_assert_cmpuint (1, ==, scripted_server_get_n_configs (server));
  scripted_server_free (server);
}

static void
test_request (Fixture *fixture, gconstpointer data)
{
  RawServer *server = raw_server_new ("HTTP/1.1 404 x\r\n\r\n", FALSE);
  g_autofree gchar *base = raw_server_dup_url (server, "http");
  g_autofree gchar *url = g_strconcat (base, "/base/", NULL);
  const gchar *request;

  fetch (fixture, url, 10000);
  request = raw_server_get_request (server);
  g_assert_true (g_str_has_prefix (request,
      "GET /base/getconfig?appId=app&roomId=room&userId=alice HTTP/1.1\r\n"));
  g_assert_null (strstr (request, "Accept-Encoding"));
  g_assert_null (strstr (request, "Cookie"));
  raw_server_free (server);
}

static void
test_without_getconfig (Fixture *fixture, gconstpointer data)
{
  fetch (fixture, "wss://h.example/ws", 10000);
  g_assert_no_error (fixture->error);
  g_assert_cmpuint (1, ==, g_strv_length (fixture->endpoint->websocket_urls));
  g_assert_cmpstr (
      "wss://h.example/ws", ==, fixture->endpoint->websocket_urls[0]);
  g_assert_null (fixture->endpoint->stun_server);
  g_assert_cmpuint (0, ==, g_strv_length (fixture->endpoint->turn_servers));
  g_assert_cmpuint (2000, ==, fixture->endpoint->ping_interval);
}

static void
test_status (Fixture *fixture, gconstpointer data)
{
  const guint status = GPOINTER_TO_UINT (data);
  ScriptedServer *server = scripted_server_new (NULL);

  scripted_server_set_config (server, status, "not JSON");
  fetch (fixture, scripted_server_get_url (server), 10000);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, (gint)status);
  scripted_server_free (server);
}

static void
test_status_with_reason (Fixture *fixture, gconstpointer data)
{
  ScriptedServer *server = scripted_server_new (NULL);

  scripted_server_set_config (
      server, 404, "{\"error\":{\"code\":100001,\"reason\":\"who\"}}");
  fetch (fixture, scripted_server_get_url (server), 10000);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, 404);
  g_assert_nonnull (strstr (fixture->error->message, "who"));
  scripted_server_free (server);
}

static void
test_error_body (Fixture *fixture, gconstpointer data)
{
  ScriptedServer *server = scripted_server_new (NULL);

  scripted_server_set_config (
      server, 200, "{\"error\":{\"code\":42,\"reason\":\"full\"}}");
  fetch (fixture, scripted_server_get_url (server), 10000);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, 42);
  scripted_server_free (server);
}

static void
test_empty_list (Fixture *fixture, gconstpointer data)
{
  ScriptedServer *server = scripted_server_new (NULL);

  scripted_server_set_config (server, 200, "{\"websocketUrls\":[]}");
  fetch (fixture, scripted_server_get_url (server), 10000);
  assert_failed (fixture, GST_RTC_ERROR_NO_WEBSOCKET_URL, 0);
  scripted_server_free (server);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *url =
      g_strdup_printf ("http://127.0.0.1:%u", raw_server_find_dead_port ());

  fetch (fixture, url, 10000);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, 0);
}

static void
test_unknown_name (Fixture *fixture, gconstpointer data)
{
  fetch (fixture, "http://nobody.invalid", 10000);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, 0);
}

static void
test_stalled (Fixture *fixture, gconstpointer data)
{
  RawServer *server = raw_server_new (NULL, TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "http");

  fetch (fixture, url, 100);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, 0);
  raw_server_free (server);
}

static void
test_stalled_body (Fixture *fixture, gconstpointer data)
{
  RawServer *server =
      raw_server_new ("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "http");

  fetch (fixture, url, 100);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, 0);
  raw_server_free (server);
}

static void
test_no_tls (Fixture *fixture, gconstpointer data)
{
  RawServer *server = raw_server_new ("HTTP/1.1 200 OK\r\n\r\n{}", FALSE);
  g_autofree gchar *url = raw_server_dup_url (server, "https");

  /* The hello of TLS has no empty line in it: nothing comes back. */
  fetch (fixture, url, 200);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, 0);
  raw_server_free (server);
}

static void
test_bad_replies (Fixture *fixture, gconstpointer data)
{
  assert_reply_fails (fixture,
      "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"websocketUrls\":[", 0);
  assert_reply_fails (fixture, "HTTP/1.1 200 OK\r\n\r\n", 0);
  assert_reply_fails (fixture, "no HTTP at all\r\n\r\n", 0);
  assert_reply_fails (fixture, "", 0);
}

static void
test_redirect (Fixture *fixture, gconstpointer data)
{
  ScriptedServer *target = scripted_server_new (NULL);
  g_autofree gchar *reply = g_strdup_printf (
      "HTTP/1.1 302 Found\r\nLocation: %s/getconfig\r\nContent-Length: 0"
      "\r\n\r\n",
      scripted_server_get_url (target));

  assert_reply_fails (fixture, reply, 302);
  g_assert_cmpuint (0, ==, scripted_server_get_n_configs (target));
  scripted_server_free (target);
}

static void
test_too_long (Fixture *fixture, gconstpointer data)
{
  RawServer *server = raw_server_new ("HTTP/1.1 200 OK\r\n\r\n", TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "http");
  g_autofree gchar *spaces = g_strnfill (65 * 1024, ' ');
  g_autoptr (GBytes) tail = g_bytes_new (spaces, 65 * 1024);

  raw_server_set_tail (server, tail);
  fetch (fixture, url, 10000);
  assert_failed (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR, 0);
  g_assert_nonnull (strstr (fixture->error->message, "longer"));
  raw_server_free (server);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  RawServer *server = raw_server_new (NULL, TRUE);
  g_autofree gchar *url = raw_server_dup_url (server, "http");
  GstRtcConfigValues values = rtc_test_config_values (url, "alice");
  g_autoptr (GstRtcConfig) config = gst_rtc_config_new (&values, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  gst_rtc_endpoint_fetch_async (config, cancellable, on_fetched, fixture);
  rtc_test_wait (fixture->context, raw_server_get_n_connections (server) == 1);
  g_cancellable_cancel (cancellable);
  rtc_test_wait (fixture->context, fixture->done);
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  raw_server_free (server);
}

static void
add (const gchar *path, void (*test) (Fixture *fixture, gconstpointer data),
    gpointer data)
{
  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/endpoint/parse", test_parse);
  g_test_add_func ("/endpoint/parse-ice-servers", test_parse_ice_servers);
  g_test_add_func ("/endpoint/ice-urls", test_ice_urls);
  g_test_add_func ("/endpoint/long-urls", test_long_urls);
  g_test_add_func ("/endpoint/long-lists", test_long_lists);
  g_test_add_func ("/endpoint/ping-intervals", test_ping_intervals);
  add ("/endpoint/success", test_success, NULL);
  add ("/endpoint/request", test_request, NULL);
  add ("/endpoint/without-getconfig", test_without_getconfig, NULL);
  add ("/endpoint/status-404", test_status, GUINT_TO_POINTER (404));
  add ("/endpoint/status-500", test_status, GUINT_TO_POINTER (500));
  add ("/endpoint/status-with-reason", test_status_with_reason, NULL);
  add ("/endpoint/error-body", test_error_body, NULL);
  add ("/endpoint/empty-list", test_empty_list, NULL);
  add ("/endpoint/refused", test_refused, NULL);
  add ("/endpoint/unknown-name", test_unknown_name, NULL);
  add ("/endpoint/stalled", test_stalled, NULL);
  add ("/endpoint/stalled-body", test_stalled_body, NULL);
  add ("/endpoint/no-tls", test_no_tls, NULL);
  add ("/endpoint/bad-replies", test_bad_replies, NULL);
  add ("/endpoint/redirect", test_redirect, NULL);
  add ("/endpoint/too-long", test_too_long, NULL);
  add ("/endpoint/cancelled", test_cancelled, NULL);
  return g_test_run ();
}
