/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The property table that rtcsink and rtcsrc share, and the values behind
 * it, from which a GstRtcConfig is made. A value belongs to whoever holds
 * the lock of its element. */
#pragma once

#include <gst/gst.h>

#include "rtcconfig.h"
#include "rtcevent.h"

G_BEGIN_DECLS

/* Ids of the shared properties; an element's own ones start at
 * GST_RTC_N_SETTINGS. */
typedef enum
{
  GST_RTC_SETTING_NONE,
  GST_RTC_SETTING_SERVER_URL,
  GST_RTC_SETTING_APP_ID,
  GST_RTC_SETTING_ROOM_ID,
  GST_RTC_SETTING_USER_ID,
  GST_RTC_SETTING_TOKEN,
  GST_RTC_SETTING_CREATE_ROOM,
  GST_RTC_SETTING_ROOM_PIN,
  GST_RTC_SETTING_API_SECRET,
  GST_RTC_SETTING_API_TOKEN,
  GST_RTC_SETTING_VISIBLE,
  GST_RTC_SETTING_AUTO_JOIN,
  GST_RTC_SETTING_SERVE,
  GST_RTC_SETTING_SIGNALING_TIMEOUT,
  GST_RTC_SETTING_CONNECT_TIMEOUT,
  GST_RTC_SETTING_MEDIA_TIMEOUT,
  GST_RTC_SETTING_RECONNECT_ATTEMPTS,
  GST_RTC_SETTING_RECONNECT_DELAY,
  GST_RTC_SETTING_STUN_SERVER,
  GST_RTC_SETTING_TURN_SERVERS,
  GST_RTC_SETTING_ICE_TRANSPORT_POLICY,
  GST_RTC_SETTING_LOCAL_ADDRESSES,
  GST_RTC_SETTING_TLS_CA_FILE,
  GST_RTC_N_SETTINGS
} GstRtcSetting;

/**
 * GstRtcSettings:
 *
 * One field for each shared property; strings and arrays are owned.
 */
typedef struct
{
  gchar *server_url;
  gchar *app_id;
  gchar *room_id;
  gchar *user_id;
  gchar *token;
  gboolean create_room;
  gchar *room_pin;
  gchar *api_secret;
  gchar *api_token;
  gboolean visible;
  gboolean auto_join;
  gboolean serve;
  guint signaling_timeout;
  guint connect_timeout;
  guint media_timeout;
  guint reconnect_attempts;
  guint reconnect_delay;
  gchar *stun_server;
  gchar **turn_servers;
  gint ice_transport_policy;
  gchar **local_addresses;
  gchar *tls_ca_file;
} GstRtcSettings;

/* Fills in the defaults of the table; @visible is the element's own. */
void gst_rtc_settings_init (GstRtcSettings *settings, gboolean visible);
void gst_rtc_settings_clear (GstRtcSettings *settings);

/* Installs the shared properties on a concrete class; @visible is the
 * default of the property of that name. */
void gst_rtc_settings_install (GObjectClass *klass, gboolean visible);

/* FALSE for an id that is not of the table. */
gboolean gst_rtc_settings_set (
    GstRtcSettings *settings, guint id, const GValue *value);
gboolean gst_rtc_settings_get (
    const GstRtcSettings *settings, guint id, GValue *value);

/* The config of @settings; room, user and token (nullable) win over the
 * properties. 100001 with all faults at once. */
GstRtcConfig *gst_rtc_settings_make_config (const GstRtcSettings *settings,
    const gchar *room_id, const gchar *user_id, const gchar *token,
    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Registered enum types of the public interface. */
#define GST_RTC_TYPE_ICE_POLICY (gst_rtc_ice_policy_get_type ())
GType gst_rtc_ice_policy_get_type (void);
#define GST_RTC_TYPE_CONNECTION_STATE (gst_rtc_connection_state_get_type ())
GType gst_rtc_connection_state_get_type (void);

/* A GST_TYPE_ARRAY of strings and back. */
void gst_rtc_strv_to_array (const gchar *const *strings, GValue *array);
gchar **gst_rtc_array_to_strv (const GValue *array) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
