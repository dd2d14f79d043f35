/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of one participant as an immutable value. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GST_RTC_ID_MAX 128
#define GST_RTC_MAX_TOKEN_LENGTH 4096

#define GST_RTC_DEFAULT_SERVER_URL "http://127.0.0.1:7800"
#define GST_RTC_DEFAULT_APP_ID "default"
#define GST_RTC_DEFAULT_SIGNALING_TIMEOUT 3000
#define GST_RTC_DEFAULT_CONNECT_TIMEOUT 10000
#define GST_RTC_DEFAULT_MEDIA_TIMEOUT 5000
#define GST_RTC_DEFAULT_RECONNECT_ATTEMPTS 10
#define GST_RTC_DEFAULT_RECONNECT_DELAY 300

/* Bounds of what a peer or a server can make us hold. */
#define GST_RTC_MAX_MESSAGE_BYTES (64 * 1024)
#define GST_RTC_MAX_JSON_DEPTH 32
#define GST_RTC_MAX_REQUEST_VALUES 128 /* of JSON, in what a client says */
#define GST_RTC_MAX_PENDING_REQUESTS 64
#define GST_RTC_MAX_CANDIDATES 100

typedef enum
{
  GST_RTC_ICE_POLICY_ALL,
  GST_RTC_ICE_POLICY_RELAY
} GstRtcIcePolicy;

/* Which wire the scheme of server-url names. */
typedef enum
{
  GST_RTC_BACKEND_ROOM,   /* http(s): by getconfig; ws(s): straight */
  GST_RTC_BACKEND_JANUS,  /* janus+ws(s) */
  GST_RTC_BACKEND_LIVEKIT /* livekit+ws(s) */
} GstRtcBackend;

/* `room`, `janus`, `livekit`. */
const gchar *gst_rtc_backend_get_nick (GstRtcBackend backend);
/* By the scheme of @url alone; our room for one that is not known. */
GstRtcBackend gst_rtc_backend_of_url (const gchar *url);

/**
 * GstRtcConfigValues:
 *
 * What a user sets. Durations are in milliseconds. Strings may be NULL,
 * which counts as unset. create_room, room_pin, api_secret and api_token are
 * for back-ends other than our room. The strings belong to whoever fills the
 * struct; gst_rtc_config_new () copies them.
 */
typedef struct
{
  const gchar *server_url;
  const gchar *app_id;
  const gchar *room_id;
  const gchar *user_id; /* NULL: one is generated */
  const gchar *token;
  gboolean create_room;
  const gchar *room_pin;
  const gchar *api_secret;
  const gchar *api_token;
  gboolean visible;
  gboolean serve;
  guint signaling_timeout;
  guint connect_timeout;
  guint media_timeout;
  guint reconnect_attempts;
  guint reconnect_delay;
  const gchar *stun_server;
  const gchar *const *turn_servers;
  GstRtcIcePolicy ice_transport_policy;
  const gchar *const *local_addresses;
  const gchar *tls_ca_file;
} GstRtcConfigValues;

typedef struct _GstRtcConfig GstRtcConfig;

/* Checks and copies @values. On failure NULL and one 100001 whose message
 * names each field that is wrong and why (never the token itself). */
GstRtcConfig *gst_rtc_config_new (
    const GstRtcConfigValues *values, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GstRtcConfig *gst_rtc_config_ref (GstRtcConfig *config);
void gst_rtc_config_unref (GstRtcConfig *config);

/* Borrowed; user_id is never NULL here, nor are app_id and server_url. */
const GstRtcConfigValues *gst_rtc_config_get_values (
    const GstRtcConfig *config);
GstRtcBackend gst_rtc_config_get_backend (const GstRtcConfig *config);

/* TRUE when the address of the WebSocket comes from getconfig. */
gboolean gst_rtc_config_uses_getconfig (const GstRtcConfig *config);

/* `ws://` or `wss://` address for a URL that needs no getconfig; borrowed,
 * NULL otherwise. */
const gchar *gst_rtc_config_get_websocket_url (const GstRtcConfig *config);

/* Host (without brackets) and port of server_url; the default port of the
 * scheme where none is written. Borrowed. */
const gchar *gst_rtc_config_get_host (const GstRtcConfig *config);
guint16 gst_rtc_config_get_port (const GstRtcConfig *config);

/* Room, user and app ids: 1 to 128 of a-z A-Z 0-9 @ _ - . (room API 1.0).
 * On failure @fault (nullable) receives why, to be freed. */
gboolean gst_rtc_id_is_valid (const gchar *id, gchar **fault);

/* TRUE for the literal addresses 127.0.0.0/8 and ::1 and for `localhost`. */
gboolean gst_rtc_host_is_loopback (const gchar *host);

/* A user id that nobody else has, from the kernel's random source. */
gchar *gst_rtc_generate_id (const gchar *prefix) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcConfig, gst_rtc_config_unref)

G_END_DECLS
