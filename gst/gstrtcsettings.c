/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The property table that rtcsink and rtcsrc share. No thread of its own:
 * the element locks. */
#include "gstrtcsettings.h"

typedef enum
{
  KIND_STRING,
  KIND_BOOLEAN,
  KIND_UINT,
  KIND_ENUM,
  KIND_STRINGS
} SettingKind;

/**
 * SettingRow:
 * @offset: of the field in GstRtcSettings
 * @text: default of a string
 * @number, @least, @most: default and range of a number
 * @flags: beside G_PARAM_STATIC_STRINGS
 */
typedef struct
{
  GstRtcSetting id;
  const gchar *name;
  SettingKind kind;
  gsize offset;
  const gchar *text;
  guint number;
  guint least;
  guint most;
  GParamFlags flags;
  const gchar *nick;
  const gchar *blurb;
} SettingRow;

#define FIELD(name) G_STRUCT_OFFSET (GstRtcSettings, name)
#define WHILE_READY (G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY)
#define SECRET (G_PARAM_WRITABLE | GST_PARAM_MUTABLE_READY)

static const SettingRow setting_table[] = {
    {GST_RTC_SETTING_SERVER_URL, "server-url", KIND_STRING, FIELD (server_url),
        GST_RTC_DEFAULT_SERVER_URL, 0, 0, 0, WHILE_READY, "Server URL",
        "Where the room is: http(s) for a room server asked by getconfig, "
        "ws(s) for one asked directly, janus+ws(s) for VideoRoom of a Janus "
        "server"},
    {GST_RTC_SETTING_APP_ID, "app-id", KIND_STRING, FIELD (app_id),
        GST_RTC_DEFAULT_APP_ID, 0, 0, 0, WHILE_READY, "Application id",
        "Application that the room belongs to; 1 to 128 characters of "
        "a-z A-Z 0-9 @ _ - ."},
    {GST_RTC_SETTING_ROOM_ID, "room-id", KIND_STRING, FIELD (room_id), NULL, 0,
        0, 0, WHILE_READY, "Room id",
        "Room to join, required; 1 to 128 characters of "
        "a-z A-Z 0-9 @ _ - ."},
    {GST_RTC_SETTING_USER_ID, "user-id", KIND_STRING, FIELD (user_id), NULL, 0,
        0, 0, WHILE_READY, "User id",
        "Own id in the room; generated when unset, evicts an earlier user "
        "of the same id"},
    {GST_RTC_SETTING_TOKEN, "token", KIND_STRING, FIELD (token), NULL, 0, 0, 0,
        SECRET, "Token",
        "Token for the room, where the server asks for one; never shown"},
    {GST_RTC_SETTING_CREATE_ROOM, "create-room", KIND_BOOLEAN,
        FIELD (create_room), NULL, FALSE, 0, 0, WHILE_READY, "Create the room",
        "Make a room that does not exist; Janus only, our room server makes "
        "every room by itself"},
    {GST_RTC_SETTING_ROOM_PIN, "room-pin", KIND_STRING, FIELD (room_pin), NULL,
        0, 0, 0, SECRET, "Room PIN",
        "PIN of the room, where it has one; Janus only, never shown"},
    {GST_RTC_SETTING_API_SECRET, "api-secret", KIND_STRING, FIELD (api_secret),
        NULL, 0, 0, 0, SECRET, "API secret",
        "Secret that the server wants with every request; Janus only, never "
        "shown"},
    {GST_RTC_SETTING_API_TOKEN, "api-token", KIND_STRING, FIELD (api_token),
        NULL, 0, 0, 0, SECRET, "API token",
        "Token that the server wants with every request, where it is not the "
        "one of the room; Janus only, never shown"},
    {GST_RTC_SETTING_VISIBLE, "visible", KIND_BOOLEAN, FIELD (visible), NULL,
        FALSE, 0, 0, WHILE_READY, "Visible",
        "Be shown to the others in the room, which publishing needs"},
    {GST_RTC_SETTING_AUTO_JOIN, "auto-join", KIND_BOOLEAN, FIELD (auto_join),
        NULL, TRUE, 0, 0, WHILE_READY, "Join automatically",
        "Join at READY to PAUSED; when false the application emits init and "
        "join"},
    {GST_RTC_SETTING_SERVE, "serve", KIND_BOOLEAN, FIELD (serve), NULL, FALSE,
        0, 0, WHILE_READY, "Serve",
        "Run the room server inside this process at server-url, which must "
        "be a loopback address"},
    {GST_RTC_SETTING_SIGNALING_TIMEOUT, "signaling-timeout", KIND_UINT,
        FIELD (signaling_timeout), NULL, GST_RTC_DEFAULT_SIGNALING_TIMEOUT, 100,
        60000, WHILE_READY, "Signaling timeout",
        "Deadline of each request to the room, in ms"},
    {GST_RTC_SETTING_CONNECT_TIMEOUT, "connect-timeout", KIND_UINT,
        FIELD (connect_timeout), NULL, GST_RTC_DEFAULT_CONNECT_TIMEOUT, 100,
        120000, WHILE_READY, "Connect timeout",
        "Deadline of getconfig, of each WebSocket handshake and of each "
        "media connection, in ms"},
    {GST_RTC_SETTING_MEDIA_TIMEOUT, "media-timeout", KIND_UINT,
        FIELD (media_timeout), NULL, GST_RTC_DEFAULT_MEDIA_TIMEOUT, 0, 600000,
        WHILE_READY, "Media timeout",
        "Silence within which the other side of a media connection counts as "
        "dead, in ms; 0 never"},
    {GST_RTC_SETTING_RECONNECT_ATTEMPTS, "reconnect-attempts", KIND_UINT,
        FIELD (reconnect_attempts), NULL, GST_RTC_DEFAULT_RECONNECT_ATTEMPTS, 0,
        1000, WHILE_READY, "Reconnect attempts",
        "How often a broken connection to the room is tried again; 0 never. "
        "The first connect is never retried"},
    {GST_RTC_SETTING_RECONNECT_DELAY, "reconnect-delay", KIND_UINT,
        FIELD (reconnect_delay), NULL, GST_RTC_DEFAULT_RECONNECT_DELAY, 0,
        60000, WHILE_READY, "Reconnect delay",
        "Delay before the second attempt, in ms, doubled up to 7000 with "
        "full jitter; the first attempt is at once"},
    {GST_RTC_SETTING_STUN_SERVER, "stun-server", KIND_STRING,
        FIELD (stun_server), NULL, 0, 0, 0, WHILE_READY, "STUN server",
        "stun://host:port; none by default, and it goes before one that the "
        "room server names"},
    {GST_RTC_SETTING_TURN_SERVERS, "turn-servers", KIND_STRINGS,
        FIELD (turn_servers), NULL, 0, 0, 0, SECRET, "TURN servers",
        "turn(s)://user:password@host:port each; they go before those that "
        "the room server names; never shown"},
    {GST_RTC_SETTING_ICE_TRANSPORT_POLICY, "ice-transport-policy", KIND_ENUM,
        FIELD (ice_transport_policy), NULL, GST_RTC_ICE_POLICY_ALL, 0, 0,
        WHILE_READY, "ICE transport policy", "Which candidates media may use"},
    {GST_RTC_SETTING_LOCAL_ADDRESSES, "local-addresses", KIND_STRINGS,
        FIELD (local_addresses), NULL, 0, 0, 0, WHILE_READY, "Local addresses",
        "Literal IP addresses to gather candidates on; every interface when "
        "empty"},
    {GST_RTC_SETTING_TLS_CA_FILE, "tls-ca-file", KIND_STRING,
        FIELD (tls_ca_file), NULL, 0, 0, 0, WHILE_READY, "TLS authorities",
        "PEM file of the authorities to trust instead of the system's"},
};

static const SettingRow *
find_row (guint id)
{
  for (guint i = 0; i < G_N_ELEMENTS (setting_table); i++) {
    if ((guint)setting_table[i].id == id)
      return &setting_table[i];
  }
  return NULL;
}

static gpointer
field_of (const GstRtcSettings *settings, const SettingRow *row)
{
  return G_STRUCT_MEMBER_P (settings, row->offset);
}

GType
gst_rtc_ice_policy_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
      {GST_RTC_ICE_POLICY_ALL, "All candidates", "all"},
      {GST_RTC_ICE_POLICY_RELAY, "Relay candidates only", "relay"},
      {0, NULL, NULL},
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstRtcIcePolicy", values);
    g_once_init_leave (&type, registered);
  }
  return type;
}

GType
gst_rtc_connection_state_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
      {GST_RTC_CONNECTION_DISCONNECTED, "Not in a room", "disconnected"},
      {GST_RTC_CONNECTION_CONNECTING, "Joining", "connecting"},
      {GST_RTC_CONNECTION_CONNECTED, "In the room", "connected"},
      {GST_RTC_CONNECTION_RECONNECTING, "Connection lost, being restored",
          "reconnecting"},
      {GST_RTC_CONNECTION_FAILED, "Connection lost for good", "failed"},
      {0, NULL, NULL},
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstRtcConnectionState", values);
    g_once_init_leave (&type, registered);
  }
  return type;
}

void
gst_rtc_strv_to_array (const gchar *const *strings, GValue *array)
{
  for (; strings && *strings; strings++) {
    g_auto (GValue) element = G_VALUE_INIT;

    g_value_init (&element, G_TYPE_STRING);
    g_value_set_string (&element, *strings);
    gst_value_array_append_value (array, &element);
  }
}

gchar **
gst_rtc_array_to_strv (const GValue *array)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < gst_value_array_get_size (array); i++) {
    const GValue *element = gst_value_array_get_value (array, i);
    const gchar *text =
        G_VALUE_HOLDS_STRING (element) ? g_value_get_string (element) : NULL;

    /* An element of another kind becomes an empty string, which the
     * validation names as the fault. */
    g_strv_builder_add (builder, text ? text : "");
  }
  return g_strv_builder_end (builder);
}

void
gst_rtc_settings_init (GstRtcSettings *settings, gboolean visible)
{
  memset (settings, 0, sizeof (*settings));
  for (guint i = 0; i < G_N_ELEMENTS (setting_table); i++) {
    const SettingRow *row = &setting_table[i];
    gpointer field = field_of (settings, row);

    switch (row->kind) {
      case KIND_STRING:
        *(gchar **)field = g_strdup (row->text);
        break;
      case KIND_STRINGS:
        *(gchar ***)field = g_new0 (gchar *, 1);
        break;
      default:
        *(guint *)field = row->number;
        break;
    }
  }
  settings->visible = visible;
}

void
gst_rtc_settings_clear (GstRtcSettings *settings)
{
  for (guint i = 0; i < G_N_ELEMENTS (setting_table); i++) {
    gpointer field = field_of (settings, &setting_table[i]);

    if (setting_table[i].kind == KIND_STRING)
      g_clear_pointer ((gchar **)field, g_free);
    else if (setting_table[i].kind == KIND_STRINGS)
      g_clear_pointer ((gchar ***)field, g_strfreev);
  }
}

static GParamSpec *
make_pspec (const SettingRow *row, gboolean visible)
{
  gboolean on =
      row->id == GST_RTC_SETTING_VISIBLE ? visible : (gboolean)row->number;
  GParamFlags flags = row->flags | G_PARAM_STATIC_STRINGS;

  switch (row->kind) {
    case KIND_STRING:
      return g_param_spec_string (
          row->name, row->nick, row->blurb, row->text, flags);
    case KIND_BOOLEAN:
      return g_param_spec_boolean (row->name, row->nick, row->blurb, on, flags);
    case KIND_UINT:
      return g_param_spec_uint (row->name, row->nick, row->blurb, row->least,
          row->most, row->number, flags);
    case KIND_ENUM:
      return g_param_spec_enum (row->name, row->nick, row->blurb,
          GST_RTC_TYPE_ICE_POLICY, (gint)row->number, flags);
    case KIND_STRINGS:
      return gst_param_spec_array (row->name, row->nick, row->blurb,
          g_param_spec_string (
              "element", "Element", "One of them", NULL, flags),
          flags);
  }
  g_return_val_if_reached (NULL);
}

void
gst_rtc_settings_install (GObjectClass *klass, gboolean visible)
{
  for (guint i = 0; i < G_N_ELEMENTS (setting_table); i++) {
    g_object_class_install_property (
        klass, setting_table[i].id, make_pspec (&setting_table[i], visible));
  }
}

gboolean
gst_rtc_settings_set (GstRtcSettings *settings, guint id, const GValue *value)
{
  const SettingRow *row = find_row (id);
  gpointer field;

  if (!row)
    return FALSE;

  field = field_of (settings, row);
  switch (row->kind) {
    case KIND_STRING:
      g_free (*(gchar **)field);
      *(gchar **)field = g_value_dup_string (value);
      break;
    case KIND_BOOLEAN:
      *(gboolean *)field = g_value_get_boolean (value);
      break;
    case KIND_UINT:
      *(guint *)field = g_value_get_uint (value);
      break;
    case KIND_ENUM:
      *(gint *)field = g_value_get_enum (value);
      break;
    case KIND_STRINGS:
      g_strfreev (*(gchar ***)field);
      *(gchar ***)field = gst_rtc_array_to_strv (value);
      break;
  }
  return TRUE;
}

gboolean
gst_rtc_settings_get (const GstRtcSettings *settings, guint id, GValue *value)
{
  const SettingRow *row = find_row (id);
  gpointer field;

  if (!row)
    return FALSE;

  field = field_of (settings, row);
  switch (row->kind) {
    case KIND_STRING:
      g_value_set_string (value, *(gchar **)field);
      break;
    case KIND_BOOLEAN:
      g_value_set_boolean (value, *(gboolean *)field);
      break;
    case KIND_UINT:
      g_value_set_uint (value, *(guint *)field);
      break;
    case KIND_ENUM:
      g_value_set_enum (value, *(gint *)field);
      break;
    case KIND_STRINGS:
      gst_rtc_strv_to_array (*(const gchar *const **)field, value);
      break;
  }
  return TRUE;
}

GstRtcConfig *
gst_rtc_settings_make_config (const GstRtcSettings *settings,
    const gchar *room_id, const gchar *user_id, const gchar *token,
    GError **error)
{
  const GstRtcConfigValues values = {
      .server_url = settings->server_url,
      .app_id = settings->app_id,
      .room_id = room_id ? room_id : settings->room_id,
      .user_id = user_id ? user_id : settings->user_id,
      .token = token ? token : settings->token,
      .create_room = settings->create_room,
      .room_pin = settings->room_pin,
      .api_secret = settings->api_secret,
      .api_token = settings->api_token,
      .visible = settings->visible,
      .serve = settings->serve,
      .signaling_timeout = settings->signaling_timeout,
      .connect_timeout = settings->connect_timeout,
      .media_timeout = settings->media_timeout,
      .reconnect_attempts = settings->reconnect_attempts,
      .reconnect_delay = settings->reconnect_delay,
      .stun_server = settings->stun_server,
      .turn_servers = (const gchar *const *)settings->turn_servers,
      .ice_transport_policy = (GstRtcIcePolicy)settings->ice_transport_policy,
      .local_addresses = (const gchar *const *)settings->local_addresses,
      .tls_ca_file = settings->tls_ca_file,
  };

  return gst_rtc_config_new (&values, error);
}
