/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the settings: what is valid, and how a fault is named. */
#include "rtcconfig.h"

#include <glib/gstdio.h>
#include <string.h>

#include "rtcerror.h"
#include "rtctest.h"

static GstRtcConfigValues
good_values (void)
{
  return rtc_test_config_values ("http://127.0.0.1:7800", "alice");
}

static void
assert_valid (const GstRtcConfigValues *values)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcConfig) config = gst_rtc_config_new (values, &error);

  g_assert_no_error (error);
  g_assert_nonnull (config);
}

/* Refused with 100001 that names @field. */
static void
assert_fault (const GstRtcConfigValues *values, const gchar *field)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcConfig) config = gst_rtc_config_new (values, &error);
  g_autofree gchar *prefix = g_strdup_printf ("%s: ", field);

  g_assert_null (config);
  g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_INVALID_PARAMS);
  if (!strstr (error->message, prefix))
    g_error ("`%s` does not name %s", error->message, field);
}

static void
test_defaults (void)
{
  GstRtcConfigValues values = good_values ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcConfig) config = NULL;
  const GstRtcConfigValues *got;

  values.server_url = NULL;
  values.user_id = NULL;
  config = gst_rtc_config_new (&values, &error);
  g_assert_no_error (error);
  got = gst_rtc_config_get_values (config);
  g_assert_cmpstr (GST_RTC_DEFAULT_SERVER_URL, ==, got->server_url);
  g_assert_cmpstr (GST_RTC_DEFAULT_APP_ID, ==, got->app_id);
  g_assert_true (gst_rtc_id_is_valid (got->user_id, NULL));
  g_assert_cmpstr ("127.0.0.1", ==, gst_rtc_config_get_host (config));
  g_assert_cmpuint (7800, ==, gst_rtc_config_get_port (config));
}

static void
test_copies (void)
{
  GstRtcConfigValues values = good_values ();
  gchar room[] = "before";
  g_autoptr (GstRtcConfig) config = NULL;

  values.room_id = room;
  config = gst_rtc_config_new (&values, NULL);
  strcpy (room, "after");
  g_assert_cmpstr ("before", ==, gst_rtc_config_get_values (config)->room_id);
}

static void
test_schemes (void)
{
  static const struct
  {
    const gchar *url;
    GstRtcBackend backend;
    gboolean getconfig;
    const gchar *websocket;
    const gchar *host;
    guint port;
  } rows[] = {
      {"http://h.example", GST_RTC_BACKEND_ROOM, TRUE, NULL, "h.example", 80},
      {"https://h.example/x/", GST_RTC_BACKEND_ROOM, TRUE, NULL, "h.example",
          443},
      {"ws://h", GST_RTC_BACKEND_ROOM, FALSE, "ws://h", "h", 80},
      {"ws://[::1]:81/ws", GST_RTC_BACKEND_ROOM, FALSE, "ws://[::1]:81/ws",
          "::1", 81},
      {"wss://h/ws?a=b", GST_RTC_BACKEND_ROOM, FALSE, "wss://h/ws?a=b", "h",
          443},
      {"janus+ws://h:8188/", GST_RTC_BACKEND_JANUS, FALSE, "ws://h:8188/", "h",
          8188},
      {"janus+ws://h:1", GST_RTC_BACKEND_JANUS, FALSE, "ws://h:1", "h", 1},
      {"janus+wss://h", GST_RTC_BACKEND_JANUS, FALSE, "wss://h:8989", "h",
          8989},
      {"janus+ws://[::1]/a/b?c=d", GST_RTC_BACKEND_JANUS, FALSE,
          "ws://[::1]:8188/a/b?c=d", "::1", 8188},
      {"livekit+ws://h", GST_RTC_BACKEND_LIVEKIT, FALSE, "ws://h", "h", 80},
      {"livekit+wss://h", GST_RTC_BACKEND_LIVEKIT, FALSE, "wss://h", "h", 443},
      {"livekit+wss://h:65535", GST_RTC_BACKEND_LIVEKIT, FALSE, "wss://h:65535",
          "h", 65535},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    GstRtcConfigValues values = good_values ();
    g_autoptr (GError) error = NULL;
    g_autoptr (GstRtcConfig) config = NULL;

    values.server_url = rows[i].url;
    config = gst_rtc_config_new (&values, &error);
    g_assert_no_error (error);
    g_assert_cmpint (rows[i].backend, ==, gst_rtc_config_get_backend (config));
    g_assert_cmpint (
        rows[i].getconfig, ==, gst_rtc_config_uses_getconfig (config));
    g_assert_cmpstr (
        rows[i].websocket, ==, gst_rtc_config_get_websocket_url (config));
    g_assert_cmpstr (rows[i].host, ==, gst_rtc_config_get_host (config));
    g_assert_cmpuint (rows[i].port, ==, gst_rtc_config_get_port (config));
  }
}

static void
test_bad_urls (void)
{
  static const gchar *const urls[] = {"", "example.org", "ftp://h", "http://",
      "http://:80", "http://h:0", "http://h:65536", "http://h:x",
      "http://user@h", "http://user:secret@h", "http://h/#part",
      "http://h/?a=b", "http://a b", "janus+http://h", "http://h\xff"};

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++) {
    GstRtcConfigValues values = good_values ();

    values.server_url = urls[i];
    g_test_message ("%u", i);
    assert_fault (&values, "server-url");
  }
}

static void
test_password_is_not_told (void)
{
  GstRtcConfigValues values = good_values ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcConfig) config = NULL;

  values.server_url = "http://user:hidden@h:0";
  values.token = "hidden hidden";
  config = gst_rtc_config_new (&values, &error);
  g_assert_null (config);
  g_assert_null (strstr (error->message, "hidden"));
}

static void
test_ids (void)
{
  g_autofree gchar *longest = g_strnfill (128, 'a');
  g_autofree gchar *too_long = g_strnfill (129, 'a');
  const gchar *good[] = {"a", "@_-.", "A9", longest};
  const gchar *bad[] = {NULL, "", "a b", "a/b", "\xc3\xa4", "\xff", too_long};

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (gst_rtc_id_is_valid (good[i], NULL));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    GstRtcConfigValues values = good_values ();
    g_autofree gchar *fault = NULL;

    g_assert_false (gst_rtc_id_is_valid (bad[i], &fault));
    g_assert_nonnull (fault);
    values.room_id = bad[i];
    assert_fault (&values, "room-id");
    if (!bad[i])
      continue;
    values = good_values ();
    values.user_id = bad[i];
    assert_fault (&values, "user-id");
    values = good_values ();
    values.app_id = bad[i];
    assert_fault (&values, "app-id");
  }
}

static void
test_generated_ids_differ (void)
{
  g_autofree gchar *first = gst_rtc_generate_id ("user");
  g_autofree gchar *second = gst_rtc_generate_id ("user");
  g_autofree gchar *bare = gst_rtc_generate_id (NULL);

  g_assert_true (g_str_has_prefix (first, "user-"));
  g_assert_true (gst_rtc_id_is_valid (first, NULL));
  g_assert_cmpuint (strlen ("user-") + 32, ==, strlen (first));
  g_assert_cmpuint (32, ==, strlen (bare));
  g_assert_true (gst_rtc_id_is_valid (bare, NULL));
  g_assert_cmpstr (first, !=, second);
}

static void
assert_range (gsize offset, const gchar *field, guint min, guint max)
{
  GstRtcConfigValues values = good_values ();
  guint *value = G_STRUCT_MEMBER_P (&values, offset);

  *value = min;
  assert_valid (&values);
  *value = max;
  assert_valid (&values);
  *value = max + 1;
  assert_fault (&values, field);
  if (min > 0) {
    *value = min - 1;
    assert_fault (&values, field);
  }
}

static void
test_ranges (void)
{
  GstRtcConfigValues values = good_values ();

#define OFFSET(member) G_STRUCT_OFFSET (GstRtcConfigValues, member)
  assert_range (OFFSET (signaling_timeout), "signaling-timeout", 100, 60000);
  assert_range (OFFSET (connect_timeout), "connect-timeout", 100, 120000);
  assert_range (OFFSET (media_timeout), "media-timeout", 500, 600000);
  assert_range (OFFSET (reconnect_attempts), "reconnect-attempts", 0, 1000);
  assert_range (OFFSET (reconnect_delay), "reconnect-delay", 0, 60000);
#undef OFFSET
  values.media_timeout = 0;
  assert_valid (&values);
  values.ice_transport_policy = 7;
  assert_fault (&values, "ice-transport-policy");
}

static void
test_ice_servers (void)
{
  static const gchar *const bad_stun[] = {"h:3478", "stun:h:3478", "stun://",
      "stun://u@h", "stun://h/x", "stun://h?x", "stun://h#x", "turn://h",
      "\xff"};
  static const gchar *const bad_turn[] = {"turn://h", "turn://u@h",
      "turn://:p@h", "stun://u:p@h", "turn://u:p@h?transport=sctp",
      "turn://u:p@h:0", "turn://u:p@h/x", "turn://u:p@h#x"};
  const gchar *const good_turn[] = {"turn://u:p@h:3478?transport=tcp",
      "turns://u%40x:p@[::1]", "turn://u:p@h", "turn://u:p@h?transport=udp",
      NULL};
  GstRtcConfigValues values = good_values ();

  values.stun_server = "stun://stun.example:3478";
  values.turn_servers = good_turn;
  assert_valid (&values);
  for (guint i = 0; i < G_N_ELEMENTS (bad_stun); i++) {
    values = good_values ();
    values.stun_server = bad_stun[i];
    assert_fault (&values, "stun-server");
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad_turn); i++) {
    const gchar *const list[] = {good_turn[0], bad_turn[i], NULL};

    values = good_values ();
    values.turn_servers = list;
    assert_fault (&values, "turn-servers");
  }
}

static void
test_local_addresses (void)
{
  const gchar *const good[] = {"127.0.0.1", "::1", NULL};
  const gchar *const bad[] = {"127.0.0.1", "localhost", NULL};
  const gchar *const not_text[] = {"\xff", NULL};
  GstRtcConfigValues values = good_values ();

  values.local_addresses = good;
  assert_valid (&values);
  values.local_addresses = bad;
  assert_fault (&values, "local-addresses");
  values.local_addresses = not_text;
  assert_fault (&values, "local-addresses");
}

static void
test_lists_are_bounded (void)
{
  const gchar *addresses[34] = {NULL};
  const gchar *servers[34] = {NULL};
  GstRtcConfigValues values = good_values ();

  for (guint i = 0; i < 32; i++) {
    addresses[i] = "127.0.0.1";
    servers[i] = "turn://u:p@h";
  }
  values.local_addresses = addresses;
  values.turn_servers = servers;
  assert_valid (&values);
  addresses[32] = addresses[0];
  assert_fault (&values, "local-addresses");
  addresses[32] = NULL;
  servers[32] = servers[0];
  assert_fault (&values, "turn-servers");
}

static void
test_ca_file (void)
{
  g_autofree gchar *folder = g_dir_make_tmp ("rtc-config-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "ca.pem", NULL);
  g_autofree gchar *good = g_test_build_filename (
      G_TEST_DIST, "tests", "vectors", "tls", "cert.pem", NULL);
  GstRtcConfigValues values = good_values ();

  values.tls_ca_file = good;
  assert_valid (&values);
  values.tls_ca_file = path;
  assert_fault (&values, "tls-ca-file");
  g_assert_true (g_file_set_contents (path, "no PEM", -1, NULL));
  assert_fault (&values, "tls-ca-file");
  g_assert_true (g_file_set_contents (path,
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", -1,
      NULL));
  assert_fault (&values, "tls-ca-file");
  values.tls_ca_file = folder;
  assert_fault (&values, "tls-ca-file");
  values.tls_ca_file = "/dev/zero";
  assert_fault (&values, "tls-ca-file");
  g_unlink (path);
  g_rmdir (folder);
}

static void
test_token (void)
{
  g_autofree gchar *longest = g_strnfill (4096, 't');
  g_autofree gchar *too_long = g_strnfill (4097, 't');
  GstRtcConfigValues values = good_values ();

  values.token = longest;
  assert_valid (&values);
  values.token = too_long;
  assert_fault (&values, "token");
  values.token = "a\nb";
  assert_fault (&values, "token");
}

/* Of Janus: those of its own kind, and texts that somebody chose. */
static void
test_secrets (void)
{
  static const struct
  {
    gsize offset;
    const gchar *field;
    gboolean printable;
  } rows[] = {
      {G_STRUCT_OFFSET (GstRtcConfigValues, api_token), "api-token", TRUE},
      {G_STRUCT_OFFSET (GstRtcConfigValues, room_pin), "room-pin", FALSE},
      {G_STRUCT_OFFSET (GstRtcConfigValues, api_secret), "api-secret", FALSE},
  };
  g_autofree gchar *longest = g_strnfill (4096, 't');
  g_autofree gchar *too_long = g_strnfill (4097, 't');

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    GstRtcConfigValues values = good_values ();
    const gchar **value = G_STRUCT_MEMBER_P (&values, rows[i].offset);

    *value = longest;
    assert_valid (&values);
    *value = too_long;
    assert_fault (&values, rows[i].field);
    *value = "\xff";
    assert_fault (&values, rows[i].field);
    *value = "a \xc3\xa4";
    if (rows[i].printable)
      assert_fault (&values, rows[i].field);
    else
      assert_valid (&values);
  }
}

static void
test_long_url (void)
{
  g_autofree gchar *path = g_strnfill (2049 - strlen ("http://h/"), 'a');
  g_autofree gchar *url = g_strconcat ("http://h/", path, NULL);
  GstRtcConfigValues values = good_values ();

  values.server_url = url;
  assert_fault (&values, "server-url");
  url[2048] = '\0';
  assert_valid (&values);
}

/* An empty text unsets what may be unset. */
static void
test_empty_texts (void)
{
  GstRtcConfigValues values = good_values ();
  g_autoptr (GstRtcConfig) config = NULL;

  values.token = values.room_pin = values.api_secret = values.api_token = "";
  values.stun_server = values.tls_ca_file = "";
  config = gst_rtc_config_new (&values, NULL);
  g_assert_nonnull (config);
  g_assert_null (gst_rtc_config_get_values (config)->token);
  g_assert_null (gst_rtc_config_get_values (config)->stun_server);
}

static void
test_references (void)
{
  GstRtcConfigValues values = good_values ();
  GstRtcConfig *config = gst_rtc_config_new (&values, NULL);
  g_autoptr (GstRtcConfig) kept = gst_rtc_config_ref (config);

  gst_rtc_config_unref (config);
  gst_rtc_config_unref (NULL);
  g_assert_cmpstr ("127.0.0.1", ==, gst_rtc_config_get_host (kept));
}

static void
test_backends (void)
{
  static const struct
  {
    const gchar *url;
    const gchar *nick;
  } rows[] = {
      {"http://h", "room"},
      {"WSS://h", "room"},
      {"janus+wss://h", "janus"},
      {"livekit+ws://h", "livekit"},
      {"ftp://h", "room"},
      {"h", "room"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpstr (rows[i].nick, ==,
        gst_rtc_backend_get_nick (gst_rtc_backend_of_url (rows[i].url)));
}

static void
test_serve (void)
{
  static const gchar *const good[] = {
      "http://127.0.0.1:1", "http://localhost", "http://[::1]:2"};
  static const gchar *const bad[] = {
      "http://192.0.2.1", "https://127.0.0.1", "ws://127.0.0.1"};
  GstRtcConfigValues values = good_values ();

  values.serve = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    values.server_url = good[i];
    assert_valid (&values);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    values.server_url = bad[i];
    assert_fault (&values, "serve");
  }
}

static void
test_all_faults_at_once (void)
{
  GstRtcConfigValues values = good_values ();

  values.server_url = "ftp://h";
  values.room_id = "";
  values.user_id = "a b";
  values.signaling_timeout = 1;
  values.stun_server = "x";
  assert_fault (&values, "server-url");
  assert_fault (&values, "room-id");
  assert_fault (&values, "user-id");
  assert_fault (&values, "signaling-timeout");
  assert_fault (&values, "stun-server");
}

static void
test_loopback (void)
{
  g_assert_true (gst_rtc_host_is_loopback ("127.1.2.3"));
  g_assert_true (gst_rtc_host_is_loopback ("::1"));
  g_assert_true (gst_rtc_host_is_loopback ("LocalHost"));
  g_assert_false (gst_rtc_host_is_loopback (NULL));
  g_assert_false (gst_rtc_host_is_loopback (""));
  g_assert_false (gst_rtc_host_is_loopback ("128.0.0.1"));
  g_assert_false (gst_rtc_host_is_loopback ("localhost.example"));
  g_assert_false (gst_rtc_host_is_loopback ("127.0.0.1.example"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/defaults", test_defaults);
  g_test_add_func ("/config/copies", test_copies);
  g_test_add_func ("/config/schemes", test_schemes);
  g_test_add_func ("/config/bad-urls", test_bad_urls);
  g_test_add_func ("/config/password-is-not-told", test_password_is_not_told);
  g_test_add_func ("/config/ids", test_ids);
  g_test_add_func ("/config/generated-ids-differ", test_generated_ids_differ);
  g_test_add_func ("/config/ranges", test_ranges);
  g_test_add_func ("/config/ice-servers", test_ice_servers);
  g_test_add_func ("/config/local-addresses", test_local_addresses);
  g_test_add_func ("/config/ca-file", test_ca_file);
  g_test_add_func ("/config/token", test_token);
  g_test_add_func ("/config/lists-are-bounded", test_lists_are_bounded);
  g_test_add_func ("/config/secrets", test_secrets);
  g_test_add_func ("/config/long-url", test_long_url);
  g_test_add_func ("/config/empty-texts", test_empty_texts);
  g_test_add_func ("/config/references", test_references);
  g_test_add_func ("/config/backends", test_backends);
  g_test_add_func ("/config/serve", test_serve);
  g_test_add_func ("/config/all-faults-at-once", test_all_faults_at_once);
  g_test_add_func ("/config/loopback", test_loopback);
  return g_test_run ();
}
