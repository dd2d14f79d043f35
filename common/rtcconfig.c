/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks what a user has set and keeps it as an immutable value. Any
 * thread. */
#include "rtcconfig.h"

#include <gio/gio.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/random.h>

#include "rtcerror-private.h"

#define MAX_URL_LENGTH 2048
#define MAX_LIST_LENGTH 32
#define MAX_CA_FILE_BYTES (16 * 1024 * 1024)

struct _GstRtcConfig
{
  gatomicrefcount ref_count;
  GstRtcConfigValues values; /* its strings are ours */
  GstRtcBackend backend;
  gboolean uses_getconfig;
  gchar *websocket_url;
  gchar *host;
  guint16 port;
};

typedef struct
{
  const gchar *scheme;
  GstRtcBackend backend;
  gboolean uses_getconfig;
  const gchar *websocket_scheme; /* NULL with getconfig */
  guint16 default_port;
} SchemeInfo;

static const SchemeInfo schemes[] = {
    {"http", GST_RTC_BACKEND_ROOM, TRUE, NULL, 80},
    {"https", GST_RTC_BACKEND_ROOM, TRUE, NULL, 443},
    {"ws", GST_RTC_BACKEND_ROOM, FALSE, "ws", 80},
    {"wss", GST_RTC_BACKEND_ROOM, FALSE, "wss", 443},
    {"janus+ws", GST_RTC_BACKEND_JANUS, FALSE, "ws", 8188},
    {"janus+wss", GST_RTC_BACKEND_JANUS, FALSE, "wss", 8989},
    {"livekit+ws", GST_RTC_BACKEND_LIVEKIT, FALSE, "ws", 80},
    {"livekit+wss", GST_RTC_BACKEND_LIVEKIT, FALSE, "wss", 443},
};

static const SchemeInfo *
lookup_scheme (const gchar *scheme)
{
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    if (g_ascii_strcasecmp (schemes[i].scheme, scheme) == 0)
      return &schemes[i];
  }
  return NULL;
}

static gboolean
is_text (const gchar *text)
{
  return g_utf8_validate (text, -1, NULL);
}

static gboolean
is_printable (const gchar *text)
{
  for (; *text; text++) {
    if (!g_ascii_isgraph (*text))
      return FALSE;
  }
  return TRUE;
}

static void add_fault (GString *faults, const gchar *field, const gchar *format,
    ...) G_GNUC_PRINTF (3, 4);

static void
add_fault (GString *faults, const gchar *field, const gchar *format, ...)
{
  va_list args;

  if (faults->len > 0)
    g_string_append (faults, "; ");
  g_string_append_printf (faults, "%s: ", field);
  va_start (args, format);
  g_string_append_vprintf (faults, format, args);
  va_end (args);
}

static void
check_id (GString *faults, const gchar *field, const gchar *id)
{
  g_autofree gchar *fault = NULL;

  if (!gst_rtc_id_is_valid (id, &fault))
    add_fault (faults, field, "%s", fault);
}

static void
check_range (
    GString *faults, const gchar *field, guint value, guint min, guint max)
{
  if (value < min || value > max)
    add_fault (faults, field, "%u is outside %u to %u", value, min, max);
}

/* A host name or address of ASCII letters; GUri has taken the brackets of an
 * IPv6 address off and made an international name ASCII. */
static gboolean
host_is_usable (const gchar *host)
{
  if (!host || !*host)
    return FALSE;
  for (const gchar *p = host; *p; p++) {
    if (!g_ascii_isalnum (*p) && !strchr (".-_:%", *p))
      return FALSE;
  }
  return !strchr (host, ':') || g_hostname_is_ip_address (host);
}

/* Parses @url; on failure NULL, and the fault is noted without the URL,
 * which may hold a password. */
static GUri *
parse_url (GString *faults, const gchar *field, const gchar *url)
{
  g_autoptr (GUri) uri = NULL;

  if (!is_text (url)) {
    add_fault (faults, field, "is not UTF-8");
    return NULL;
  }
  if (strlen (url) > MAX_URL_LENGTH) {
    add_fault (faults, field, "is longer than %d bytes", MAX_URL_LENGTH);
    return NULL;
  }
  uri = g_uri_parse (url, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED, NULL);
  if (!uri) {
    add_fault (faults, field, "is not a URL with a port from 1 to 65535");
    return NULL;
  }
  if (!host_is_usable (g_uri_get_host (uri))) {
    add_fault (faults, field, "has no usable host");
    return NULL;
  }
  if (g_uri_get_port (uri) == 0) {
    add_fault (faults, field, "port 0 is outside 1 to 65535");
    return NULL;
  }
  return g_steal_pointer (&uri);
}

/* The port that a scheme stands for may be another one than a WebSocket's. */
static gchar *
build_websocket_url (const SchemeInfo *info, GUri *uri, const gchar *url)
{
  const gint port = g_uri_get_port (uri);

  if (!info->websocket_scheme)
    return NULL;
  if (port > 0 || info->default_port == 80 || info->default_port == 443)
    return g_strconcat (info->websocket_scheme, strchr (url, ':'), NULL);
  return g_uri_join (G_URI_FLAGS_ENCODED, info->websocket_scheme, NULL,
      g_uri_get_host (uri), info->default_port, g_uri_get_path (uri),
      g_uri_get_query (uri), NULL);
}

static void
check_server_url (GstRtcConfig *self, GString *faults)
{
  const gchar *url = self->values.server_url;
  g_autoptr (GUri) uri = parse_url (faults, "server-url", url);
  const SchemeInfo *info;

  if (!uri)
    return;
  info = lookup_scheme (g_uri_get_scheme (uri));
  if (!info) {
    add_fault (faults, "server-url",
        "scheme must be http, https, ws, wss, janus+ws, janus+wss, "
        "livekit+ws or livekit+wss");
    return;
  }
  if (g_uri_get_userinfo (uri))
    add_fault (faults, "server-url", "must not hold a user or a password");
  if (g_uri_get_fragment (uri))
    add_fault (faults, "server-url", "must not have a fragment");
  if (info->uses_getconfig && g_uri_get_query (uri))
    add_fault (faults, "server-url", "must not have a query");

  self->backend = info->backend;
  self->uses_getconfig = info->uses_getconfig;
  self->websocket_url = build_websocket_url (info, uri, url);
  self->host = g_strdup (g_uri_get_host (uri));
  self->port = g_uri_get_port (uri) > 0 ? (guint16)g_uri_get_port (uri)
                                        : info->default_port;
  if (!self->values.serve)
    return;
  if (!g_str_equal (info->scheme, "http") ||
      !gst_rtc_host_is_loopback (self->host))
    add_fault (
        faults, "serve", "needs a server-url of http on a loopback address");
}

static void
check_token (GString *faults, const gchar *field, const gchar *token)
{
  if (!token)
    return;
  if (strlen (token) > GST_RTC_MAX_TOKEN_LENGTH)
    add_fault (
        faults, field, "is longer than %d bytes", GST_RTC_MAX_TOKEN_LENGTH);
  else if (!is_printable (token))
    add_fault (faults, field, "has characters that are not printable ASCII");
}

/* Somebody else chose it, perhaps with more than ASCII. */
static void
check_secret (GString *faults, const gchar *field, const gchar *secret)
{
  if (!secret)
    return;
  if (strlen (secret) > GST_RTC_MAX_TOKEN_LENGTH)
    add_fault (
        faults, field, "is longer than %d bytes", GST_RTC_MAX_TOKEN_LENGTH);
  else if (!is_text (secret))
    add_fault (faults, field, "is not UTF-8");
}

static void
check_stun_server (GString *faults, const gchar *url)
{
  g_autoptr (GUri) uri = NULL;

  if (!url)
    return;
  uri = parse_url (faults, "stun-server", url);
  if (!uri)
    return;
  if (g_strcmp0 (g_uri_get_scheme (uri), "stun") != 0 ||
      g_uri_get_userinfo (uri) || *g_uri_get_path (uri) ||
      g_uri_get_query (uri) || g_uri_get_fragment (uri))
    add_fault (faults, "stun-server", "must be stun://host:port");
}

static gboolean
turn_uri_is_valid (GUri *uri)
{
  const gchar *scheme = g_uri_get_scheme (uri);
  const gchar *query = g_uri_get_query (uri);

  if (!g_str_equal (scheme, "turn") && !g_str_equal (scheme, "turns"))
    return FALSE;
  if (!g_uri_get_user (uri) || !*g_uri_get_user (uri) ||
      !g_uri_get_password (uri))
    return FALSE;
  if (*g_uri_get_path (uri) || g_uri_get_fragment (uri))
    return FALSE;
  return !query || g_str_equal (query, "transport=udp") ||
         g_str_equal (query, "transport=tcp");
}

static void
check_turn_servers (GString *faults, const gchar *const *urls)
{
  if (!urls)
    return;
  if (g_strv_length ((gchar **)urls) > MAX_LIST_LENGTH) {
    add_fault (faults, "turn-servers", "more than %d", MAX_LIST_LENGTH);
    return;
  }
  for (; *urls; urls++) {
    g_autoptr (GUri) uri = parse_url (faults, "turn-servers", *urls);

    if (uri && !turn_uri_is_valid (uri))
      add_fault (faults, "turn-servers",
          "must be turn(s)://user:password@host:port, which "
          "?transport=udp or tcp may follow");
  }
}

static void
check_local_addresses (GString *faults, const gchar *const *addresses)
{
  if (!addresses)
    return;
  if (g_strv_length ((gchar **)addresses) > MAX_LIST_LENGTH) {
    add_fault (faults, "local-addresses", "more than %d", MAX_LIST_LENGTH);
    return;
  }
  for (; *addresses; addresses++) {
    if (!is_text (*addresses))
      add_fault (faults, "local-addresses", "is not UTF-8");
    else if (!g_hostname_is_ip_address (*addresses))
      add_fault (
          faults, "local-addresses", "`%.64s` is no IP address", *addresses);
  }
}

static void
free_certificates (GList *certificates)
{
  g_list_free_full (certificates, g_object_unref);
}

static void
check_ca_file (GString *faults, const gchar *path)
{
  g_autoptr (GError) error = NULL;
  GList *certificates;
  GStatBuf info;

  if (!path)
    return;
  if (g_stat (path, &info) != 0) {
    add_fault (faults, "tls-ca-file", "%s", g_strerror (errno));
    return;
  }
  /* A device or a pipe could be read for ever. */
  if (!S_ISREG (info.st_mode) || info.st_size > MAX_CA_FILE_BYTES) {
    add_fault (faults, "tls-ca-file", "is no ordinary file of at most %d MiB",
        MAX_CA_FILE_BYTES / (1024 * 1024));
    return;
  }
  certificates = g_tls_certificate_list_new_from_file (path, &error);
  if (error)
    add_fault (faults, "tls-ca-file", "%s", error->message);
  else if (!certificates)
    add_fault (faults, "tls-ca-file", "has no PEM certificate");
  free_certificates (certificates);
}

static void
check_numbers (GString *faults, const GstRtcConfigValues *values)
{
  check_range (
      faults, "signaling-timeout", values->signaling_timeout, 100, 60000);
  check_range (faults, "connect-timeout", values->connect_timeout, 100, 120000);
  if (values->media_timeout != 0)
    check_range (faults, "media-timeout", values->media_timeout, 500, 600000);
  check_range (
      faults, "reconnect-attempts", values->reconnect_attempts, 0, 1000);
  check_range (faults, "reconnect-delay", values->reconnect_delay, 0, 60000);
  if (values->ice_transport_policy != GST_RTC_ICE_POLICY_ALL &&
      values->ice_transport_policy != GST_RTC_ICE_POLICY_RELAY)
    add_fault (faults, "ice-transport-policy", "must be all or relay");
}

static void
check_values (GstRtcConfig *self, GString *faults)
{
  const GstRtcConfigValues *values = &self->values;

  check_server_url (self, faults);
  check_id (faults, "app-id", values->app_id);
  check_id (faults, "room-id", values->room_id);
  check_id (faults, "user-id", values->user_id);
  check_token (faults, "token", values->token);
  check_token (faults, "api-token", values->api_token);
  check_secret (faults, "room-pin", values->room_pin);
  check_secret (faults, "api-secret", values->api_secret);
  check_numbers (faults, values);
  check_stun_server (faults, values->stun_server);
  check_turn_servers (faults, values->turn_servers);
  check_local_addresses (faults, values->local_addresses);
  check_ca_file (faults, values->tls_ca_file);
}

static gchar *
dup_or_null (const gchar *text)
{
  return text && *text ? g_strdup (text) : NULL;
}

/* An empty text unsets what may be unset; an id must not be empty. */
static void
copy_values (GstRtcConfigValues *copy, const GstRtcConfigValues *values)
{
  *copy = *values;
  copy->server_url = g_strdup (
      values->server_url ? values->server_url : GST_RTC_DEFAULT_SERVER_URL);
  copy->app_id =
      g_strdup (values->app_id ? values->app_id : GST_RTC_DEFAULT_APP_ID);
  copy->room_id = g_strdup (values->room_id);
  copy->user_id = values->user_id ? g_strdup (values->user_id)
                                  : gst_rtc_generate_id ("user");
  copy->token = dup_or_null (values->token);
  copy->room_pin = dup_or_null (values->room_pin);
  copy->api_secret = dup_or_null (values->api_secret);
  copy->api_token = dup_or_null (values->api_token);
  copy->stun_server = dup_or_null (values->stun_server);
  copy->turn_servers =
      (const gchar *const *)g_strdupv ((gchar **)values->turn_servers);
  copy->local_addresses =
      (const gchar *const *)g_strdupv ((gchar **)values->local_addresses);
  copy->tls_ca_file = dup_or_null (values->tls_ca_file);
}

static void
clear_values (GstRtcConfigValues *values)
{
  g_free ((gchar *)values->server_url);
  g_free ((gchar *)values->app_id);
  g_free ((gchar *)values->room_id);
  g_free ((gchar *)values->user_id);
  g_free ((gchar *)values->token);
  g_free ((gchar *)values->room_pin);
  g_free ((gchar *)values->api_secret);
  g_free ((gchar *)values->api_token);
  g_free ((gchar *)values->stun_server);
  g_strfreev ((gchar **)values->turn_servers);
  g_strfreev ((gchar **)values->local_addresses);
  g_free ((gchar *)values->tls_ca_file);
}

const gchar *
gst_rtc_backend_get_nick (GstRtcBackend backend)
{
  switch (backend) {
    case GST_RTC_BACKEND_JANUS:
      return "janus";
    case GST_RTC_BACKEND_LIVEKIT:
      return "livekit";
    case GST_RTC_BACKEND_ROOM:
    default:
      return "room";
  }
}

GstRtcBackend
gst_rtc_backend_of_url (const gchar *url)
{
  const gchar *scheme = g_uri_peek_scheme (url);
  const SchemeInfo *info = scheme ? lookup_scheme (scheme) : NULL;

  return info ? info->backend : GST_RTC_BACKEND_ROOM;
}

GstRtcConfig *
gst_rtc_config_new (const GstRtcConfigValues *values, GError **error)
{
  g_autoptr (GstRtcConfig) self = g_new0 (GstRtcConfig, 1);
  g_autoptr (GString) faults = g_string_new (NULL);

  g_atomic_ref_count_init (&self->ref_count);
  copy_values (&self->values, values);
  check_values (self, faults);
  if (faults->len > 0) {
    gst_rtc_error_set (
        error, GST_RTC_ERROR_INVALID_PARAMS, 0, "%s", faults->str);
    return NULL;
  }
  return g_steal_pointer (&self);
}

GstRtcConfig *
gst_rtc_config_ref (GstRtcConfig *config)
{
  g_atomic_ref_count_inc (&config->ref_count);
  return config;
}

void
gst_rtc_config_unref (GstRtcConfig *config)
{
  if (!config || !g_atomic_ref_count_dec (&config->ref_count))
    return;
  clear_values (&config->values);
  g_free (config->websocket_url);
  g_free (config->host);
  g_free (config);
}

const GstRtcConfigValues *
gst_rtc_config_get_values (const GstRtcConfig *config)
{
  return &config->values;
}

GstRtcBackend
gst_rtc_config_get_backend (const GstRtcConfig *config)
{
  return config->backend;
}

gboolean
gst_rtc_config_uses_getconfig (const GstRtcConfig *config)
{
  return config->uses_getconfig;
}

const gchar *
gst_rtc_config_get_websocket_url (const GstRtcConfig *config)
{
  return config->websocket_url;
}

const gchar *
gst_rtc_config_get_host (const GstRtcConfig *config)
{
  return config->host;
}

guint16
gst_rtc_config_get_port (const GstRtcConfig *config)
{
  return config->port;
}

static gboolean
id_character_is_valid (gchar c)
{
  return g_ascii_isalnum (c) || c == '@' || c == '_' || c == '-' || c == '.';
}

/* Why @id is not valid, NULL when it is. */
static gchar *
find_id_fault (const gchar *id)
{
  if (!id)
    return g_strdup ("is missing");
  if (!*id)
    return g_strdup ("is empty");
  if (!is_text (id))
    return g_strdup ("is not UTF-8");
  if (strlen (id) > GST_RTC_ID_MAX)
    return g_strdup_printf ("is longer than %d characters", GST_RTC_ID_MAX);
  for (; *id; id++) {
    if (!id_character_is_valid (*id))
      return g_strdup ("has characters other than a-z A-Z 0-9 @ _ - .");
  }
  return NULL;
}

gboolean
gst_rtc_id_is_valid (const gchar *id, gchar **fault)
{
  g_autofree gchar *found = find_id_fault (id);
  const gboolean valid = found == NULL;

  if (fault)
    *fault = g_steal_pointer (&found);
  return valid;
}

gboolean
gst_rtc_host_is_loopback (const gchar *host)
{
  g_autoptr (GInetAddress) address = NULL;

  if (!host)
    return FALSE;
  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return TRUE;
  address = g_inet_address_new_from_string (host);
  return address && g_inet_address_get_is_loopback (address);
}

/* The kernel gives up to 256 bytes whole once its pool is ready. */
static void
fill_random (guint8 *bytes, gsize length)
{
  gssize got;

  do {
    got = getrandom (bytes, length, 0);
  } while (got < 0 && errno == EINTR);
  g_assert (got == (gssize)length);
}

gchar *
gst_rtc_generate_id (const gchar *prefix)
{
  guint8 bytes[16];
  GString *id = g_string_new (prefix);

  if (id->len > 0)
    g_string_append_c (id, '-');
  fill_random (bytes, sizeof (bytes));
  for (guint i = 0; i < sizeof (bytes); i++)
    g_string_append_printf (id, "%02x", bytes[i]);
  return g_string_free (id, FALSE);
}
