/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The embedded room server: HTTP and WebSocket by libsoup around the room
 * logic of rtcroom. It has a worker of its own; its functions may be called
 * from any thread. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * GstRtcServerSettings:
 * @listen: `http://host:port` (port 0: any free one)
 * @app_id: the only application served, NULL any
 * @app_key: tokens are verified with it; NULL: open mode, loopback only
 *
 * Limits of 0 mean the default of gst_rtc_server_settings_init ().
 */
typedef struct
{
  const gchar *listen;
  const gchar *app_id;
  const gchar *app_key;
  const gchar *tls_cert; /* PEM file, NULL: plain */
  const gchar *tls_key;
  const gchar *const *allowed_origins; /* beside the server's own */
  const gchar *const *ice_servers;     /* handed out by getconfig */
  guint max_connections;
  guint max_connections_per_address;
  guint max_connection_rate; /* connections a second of one address */
  guint max_rooms;
  guint max_visible_users;   /* in a room */
  guint max_invisible_users; /* in a room */
  guint max_streams;         /* in a room */
  guint max_subscriptions;   /* of a user */
  guint max_message_bytes;
  guint max_message_rate;  /* messages a second of one connection */
  guint max_queued_bytes;  /* of one slow reader */
  guint handshake_timeout; /* ms until the request is complete */
  guint join_timeout;      /* ms from the upgrade until the join */
  guint ping_interval;     /* ms */
  guint pong_timeout;      /* ms */
  guint grace_time;        /* ms a lost user is held */
} GstRtcServerSettings;

void gst_rtc_server_settings_init (GstRtcServerSettings *settings);

#define GST_RTC_TYPE_SERVER (gst_rtc_server_get_type ())
G_DECLARE_FINAL_TYPE (GstRtcServer, gst_rtc_server, GST_RTC, SERVER, GObject)

/* Listens and serves until gst_rtc_server_stop (). NULL and 100001 when the
 * settings are not valid or the address cannot be had; the native code is
 * then the GIOErrorEnum, G_IO_ERROR_ADDRESS_IN_USE for an owned port. */
GstRtcServer *gst_rtc_server_start (const GstRtcServerSettings *settings,
    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* `http://127.0.0.1:7800`, with the real port. Borrowed. */
const gchar *gst_rtc_server_get_url (GstRtcServer *server);

/* Tells the clients, closes the sockets and joins the worker. Bounded by
 * 2 seconds. Can be called twice. */
void gst_rtc_server_stop (GstRtcServer *server);

G_END_DECLS
