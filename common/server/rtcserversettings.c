/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of the room server: defaults, copy and check. Any thread. */
#include "rtcserversettings.h"

#include <string.h>

#include "rtcconfig.h"
#include "rtcerror-private.h"
#include "rtcserverhttp.h"
#include "rtctoken.h"

/* The roster of a room must fit one message of GST_RTC_MAX_MESSAGE_BYTES. */
#define MAX_VISIBLE_USERS 200
#define MAX_STREAMS 100

#define HTTP_PORT 80
#define HTTPS_PORT 443

#define AT(member) G_STRUCT_OFFSET (GstRtcServerSettings, member)

/* The numbers, for which 0 means the default. */
static const gsize numbers[] = {
    AT (max_connections),
    AT (max_connections_per_address),
    AT (max_connection_rate),
    AT (max_rooms),
    AT (max_visible_users),
    AT (max_invisible_users),
    AT (max_streams),
    AT (max_subscriptions),
    AT (max_message_bytes),
    AT (max_message_rate),
    AT (max_queued_bytes),
    AT (handshake_timeout),
    AT (join_timeout),
    AT (ping_interval),
    AT (pong_timeout),
    AT (grace_time),
};

static gboolean
refuse (GError **error, const gchar *reason)
{
  return gst_rtc_error_set (
      error, GST_RTC_ERROR_INVALID_PARAMS, 0, "%s", reason);
}

static gboolean
check_limits (const GstRtcServerSettings *settings, GError **error)
{
  if (settings->max_visible_users > MAX_VISIBLE_USERS)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "a room has at most %d visible users", MAX_VISIBLE_USERS);
  if (settings->max_streams > MAX_STREAMS)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "a room has at most %d streams", MAX_STREAMS);
  if (settings->max_message_bytes > GST_RTC_MAX_MESSAGE_BYTES)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "a message has at most %d bytes", GST_RTC_MAX_MESSAGE_BYTES);
  return TRUE;
}

static gboolean
check_ice_servers (const gchar *const *servers, GError **error)
{
  for (guint i = 0; servers && servers[i]; i++) {
    if (!gst_rtc_server_http_check_ice_server (servers[i]))
      return refuse (error, "an ICE server is not a stun: or turn: address");
  }
  return TRUE;
}

static gboolean
check_app (
    const GstRtcServerSettings *settings, const gchar *host, GError **error)
{
  if (settings->app_id && !gst_rtc_id_is_valid (settings->app_id, NULL))
    return refuse (error, "the application id is not valid");
  if (!settings->app_key && !gst_rtc_host_is_loopback (host))
    return refuse (error,
        "without an application key anybody may enter, so only a loopback "
        "address can be listened at");
  if (!settings->app_key)
    return TRUE;
  if (!*settings->app_key)
    return refuse (error, "the application key is empty");
  if (settings->app_id &&
      strlen (settings->app_id) != GST_RTC_TOKEN_APP_ID_LENGTH)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "with tokens an application id has %d characters",
        GST_RTC_TOKEN_APP_ID_LENGTH);
  return TRUE;
}

static gboolean
check_tls (
    const GstRtcServerSettings *settings, const gchar *scheme, GError **error)
{
  if (!settings->tls_cert != !settings->tls_key)
    return refuse (error, "TLS needs a certificate and its key");
  if (!settings->tls_cert && g_str_equal (scheme, "https"))
    return refuse (error, "https needs a certificate and its key");
  return TRUE;
}

/* Names are not looked up: what a server listens at is an address. */
static GUri *
parse_listen (const gchar *listen, GError **error)
{
  g_autoptr (GUri) uri =
      listen ? g_uri_parse (listen, G_URI_FLAGS_NONE, NULL) : NULL;
  const gchar *host = uri ? g_uri_get_host (uri) : NULL;
  const gchar *scheme = uri ? g_uri_get_scheme (uri) : NULL;

  if (!host ||
      (!g_str_equal (scheme, "http") && !g_str_equal (scheme, "https"))) {
    refuse (error, "the listen address is not http://address:port");
    return NULL;
  }
  if (g_ascii_strcasecmp (host, "localhost") != 0 &&
      !g_hostname_is_ip_address (host)) {
    refuse (error, "the listen address names neither an IP address nor "
                   "localhost");
    return NULL;
  }
  return g_steal_pointer (&uri);
}

static guint16
get_port (GUri *uri, gboolean secure)
{
  gint port = g_uri_get_port (uri);

  if (port >= 0)
    return (guint16)port;
  return secure ? HTTPS_PORT : HTTP_PORT;
}

void
gst_rtc_server_settings_init (GstRtcServerSettings *settings)
{
  *settings = (GstRtcServerSettings){
      .listen = GST_RTC_DEFAULT_SERVER_URL,
      .max_connections = 1000,
      .max_connections_per_address = 250,
      .max_connection_rate = 200,
      .max_rooms = 1000,
      .max_visible_users = 50,
      .max_invisible_users = 1000,
      .max_streams = 30,
      .max_subscriptions = 30,
      .max_message_bytes = GST_RTC_MAX_MESSAGE_BYTES,
      .max_message_rate = 200,
      .max_queued_bytes = 1024 * 1024,
      .handshake_timeout = 5000,
      .join_timeout = 5000,
      /* A client that is gone is known within 5 s, the sweep included. */
      .ping_interval = 2000,
      .pong_timeout = 2000,
      .grace_time = 10000,
  };
}

void
gst_rtc_server_settings_copy (
    const GstRtcServerSettings *source, GstRtcServerSettings *target)
{
  GstRtcServerSettings defaults;

  gst_rtc_server_settings_init (&defaults);
  *target = *source;
  target->listen = g_strdup (source->listen);
  target->app_id = g_strdup (source->app_id);
  target->app_key = g_strdup (source->app_key);
  target->tls_cert = g_strdup (source->tls_cert);
  target->tls_key = g_strdup (source->tls_key);
  target->allowed_origins =
      (const gchar *const *)g_strdupv ((gchar **)source->allowed_origins);
  target->ice_servers =
      (const gchar *const *)g_strdupv ((gchar **)source->ice_servers);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    guint *value = G_STRUCT_MEMBER_P (target, numbers[i]);

    if (*value == 0)
      *value = G_STRUCT_MEMBER (guint, &defaults, numbers[i]);
  }
}

void
gst_rtc_server_settings_clear (GstRtcServerSettings *settings)
{
  g_free ((gchar *)settings->listen);
  g_free ((gchar *)settings->app_id);
  g_free ((gchar *)settings->app_key);
  g_free ((gchar *)settings->tls_cert);
  g_free ((gchar *)settings->tls_key);
  g_strfreev ((gchar **)settings->allowed_origins);
  g_strfreev ((gchar **)settings->ice_servers);
}

gboolean
gst_rtc_server_settings_check (const GstRtcServerSettings *settings,
    gchar **host, guint16 *port, GError **error)
{
  g_autoptr (GUri) uri = parse_listen (settings->listen, error);

  if (!uri)
    return FALSE;
  if (!check_tls (settings, g_uri_get_scheme (uri), error) ||
      !check_app (settings, g_uri_get_host (uri), error) ||
      !check_limits (settings, error) ||
      !check_ice_servers (settings->ice_servers, error))
    return FALSE;
  *host = g_strdup (g_uri_get_host (uri));
  *port = get_port (uri, settings->tls_cert != NULL);
  return TRUE;
}
