/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the answer to getconfig, over TLS and in the clear. */
#include <string.h>

#include "fuzz.h"
#include "rtcconfig.h"
#include "rtcendpoint.h"
#include "rtcerror.h"

static void
check_websocket_url (const gchar *url, gboolean secure)
{
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  gboolean plain;

  g_assert (uri);
  g_assert (fuzz_is_one_line (url));
  plain = g_str_equal (g_uri_get_scheme (uri), "ws");
  g_assert (plain || g_str_equal (g_uri_get_scheme (uri), "wss"));
  g_assert (g_uri_get_host (uri) && *g_uri_get_host (uri));
  g_assert (!g_uri_get_userinfo (uri));
  if (secure && plain)
    g_assert (gst_rtc_host_is_loopback (g_uri_get_host (uri)));
}

/* `scheme://...host:port`, as the ICE agent reads it. */
static void
check_ice_url (const gchar *url, gboolean turn)
{
  g_autoptr (GUri) uri =
      g_uri_parse (url, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED, NULL);

  g_assert (uri);
  g_assert (fuzz_is_one_line (url));
  g_assert (g_str_has_prefix (url, turn ? "turn" : "stun"));
  g_assert (g_uri_get_host (uri) && *g_uri_get_host (uri));
  g_assert (g_uri_get_port (uri) > 0);
  g_assert ((g_uri_get_user (uri) != NULL) == turn);
  g_assert ((g_uri_get_password (uri) != NULL) == turn);
}

static void
run (const gchar *text, gsize length, gboolean secure)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcEndpoint) endpoint =
      gst_rtc_endpoint_parse (text, length, secure, &error);

  g_assert ((endpoint == NULL) == (error != NULL));
  if (!endpoint) {
    g_assert (
        g_error_matches (
            error, GST_RTC_ERROR, GST_RTC_ERROR_GET_CONFIG_ERROR) ||
        g_error_matches (error, GST_RTC_ERROR, GST_RTC_ERROR_NO_WEBSOCKET_URL));
    return;
  }
  g_assert (endpoint->websocket_urls[0]);
  for (guint i = 0; endpoint->websocket_urls[i]; i++)
    check_websocket_url (endpoint->websocket_urls[i], secure);
  if (endpoint->stun_server)
    check_ice_url (endpoint->stun_server, FALSE);
  for (guint i = 0; endpoint->turn_servers[i]; i++)
    check_ice_url (endpoint->turn_servers[i], TRUE);
  g_assert (endpoint->ping_interval >= 1000);
  g_assert (endpoint->ping_interval <= 60000);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  fuzz_setup ();
  run ((const gchar *)data, size, FALSE);
  run ((const gchar *)data, size, TRUE);
  return 0;
}
