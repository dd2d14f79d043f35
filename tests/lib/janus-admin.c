/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that speak to a Janus in its own words. On the thread-default
 * context of the test. */
#include "janus-admin.h"

#include <libsoup/soup.h>
#include <string.h>

#include "janus-server.h"
#include "rtctest.h"

#define MAX_BYTES (1024 * 1024)
#define MAX_DEPTH 32

struct _JanusAdmin
{
  GMainContext *context;
  SoupSession *soup;
  SoupWebsocketConnection *socket;
  gchar *secret; /* member of each request, or empty */
  gint64 session_id;
  gint64 handle_id;
  guint n_requests;
  GstRtcJson *answer;
  GPtrArray *events; /* what the plugin said by itself */
};

/* --- messages --- */

static gboolean
is_answer (JanusAdmin *self, GstRtcJson *message)
{
  const gchar *transaction = gst_rtc_json_get_string (message, "transaction");

  return transaction &&
         g_ascii_strtoull (transaction, NULL, 10) == self->n_requests &&
         g_strcmp0 (gst_rtc_json_get_string (message, "janus"), "ack") != 0;
}

static GstRtcJson *
get_plugin_data (GstRtcJson *message)
{
  g_autoptr (GstRtcJson) plugin =
      gst_rtc_json_get_object (message, "plugindata");

  return plugin ? gst_rtc_json_get_object (plugin, "data") : NULL;
}

static void
on_text (SoupWebsocketConnection *socket, gint type, GBytes *bytes,
    gpointer user_data)
{
  JanusAdmin *self = user_data;
  gsize length;
  const gchar *text = g_bytes_get_data (bytes, &length);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcJson) message =
      gst_rtc_json_parse (text, length, MAX_BYTES, MAX_DEPTH, &error);
  GstRtcJson *data;

  g_assert_no_error (error);
  if (is_answer (self, message)) {
    g_assert_null (self->answer);
    self->answer = g_steal_pointer (&message);
    return;
  }
  data = get_plugin_data (message);
  if (data)
    g_ptr_array_add (self->events, data);
}

static GstRtcJson *
ask (JanusAdmin *self, const gchar *verb, const gchar *more)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text, "{\"janus\":\"%s\",\"transaction\":\"%u\"%s", verb,
      ++self->n_requests, self->secret);
  if (self->session_id)
    g_string_append_printf (
        text, ",\"session_id\":%" G_GINT64_FORMAT, self->session_id);
  if (self->handle_id)
    g_string_append_printf (
        text, ",\"handle_id\":%" G_GINT64_FORMAT, self->handle_id);
  if (more)
    g_string_append_printf (text, ",%s", more);
  g_string_append_c (text, '}');
  soup_websocket_connection_send_text (self->socket, text->str);
  rtc_test_wait (self->context, self->answer != NULL);
  return g_steal_pointer (&self->answer);
}

static gint64
ask_for_id (JanusAdmin *self, const gchar *verb, const gchar *more)
{
  g_autoptr (GstRtcJson) answer = ask (self, verb, more);
  g_autoptr (GstRtcJson) data = gst_rtc_json_get_object (answer, "data");

  g_assert_cmpstr ("success", ==, gst_rtc_json_get_string (answer, "janus"));
  g_assert_nonnull (data);
  return gst_rtc_json_get_int (data, "id", 0);
}

/* --- the connection --- */

static void
on_connected (GObject *session, GAsyncResult *result, gpointer user_data)
{
  JanusAdmin *self = user_data;
  g_autoptr (GError) error = NULL;

  self->socket = soup_session_websocket_connect_finish (
      SOUP_SESSION (session), result, &error);
  g_assert_no_error (error);
}

/* @secret: a member, with a comma before it, or empty */
static JanusAdmin *
connect_to (const gchar *url, const gchar *protocol, gchar *secret)
{
  JanusAdmin *self = g_new0 (JanusAdmin, 1);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);
  gchar *protocols[] = {(gchar *)protocol, NULL};

  self->context = g_main_context_ref_thread_default ();
  self->events =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_json_unref);
  self->secret = secret;
  self->soup = soup_session_new ();
  soup_session_websocket_connect_async (self->soup, message, NULL, protocols,
      G_PRIORITY_DEFAULT, NULL, on_connected, self);
  rtc_test_wait (self->context, self->socket != NULL);
  soup_websocket_connection_set_max_incoming_payload_size (
      self->socket, MAX_BYTES);
  g_signal_connect (self->socket, "message", G_CALLBACK (on_text), self);
  return self;
}

JanusAdmin *
janus_admin_new (const gchar *url, const gchar *api_secret)
{
  JanusAdmin *self = connect_to (url, "janus-protocol",
      api_secret ? g_strdup_printf (",\"apisecret\":\"%s\"", api_secret)
                 : g_strdup (""));

  self->session_id = ask_for_id (self, "create", NULL);
  self->handle_id =
      ask_for_id (self, "attach", "\"plugin\":\"janus.plugin.videoroom\"");
  return self;
}

JanusAdmin *
janus_admin_new_core (const gchar *url)
{
  return connect_to (url, "janus-admin-protocol",
      g_strdup (",\"admin_secret\":\"" JANUS_SERVER_ADMIN_SECRET "\""));
}

static gboolean
is_closed (JanusAdmin *self)
{
  return soup_websocket_connection_get_state (self->socket) ==
         SOUP_WEBSOCKET_STATE_CLOSED;
}

void
janus_admin_free (JanusAdmin *self)
{
  if (!self)
    return;
  if (!is_closed (self)) {
    soup_websocket_connection_close (
        self->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    rtc_test_wait (self->context, is_closed (self));
  }
  g_signal_handlers_disconnect_by_data (self->socket, self);
  g_object_unref (self->socket);
  soup_session_abort (self->soup);
  g_object_unref (self->soup);
  g_ptr_array_unref (self->events);
  g_main_context_unref (self->context);
  g_free (self->secret);
  g_free (self);
}

/* --- requests --- */

GstRtcJson *
janus_admin_call (JanusAdmin *self, const gchar *verb, const gchar *more)
{
  return ask (self, verb, more);
}

static GstRtcJson *
request (JanusAdmin *self, const gchar *body)
{
  g_autofree gchar *member = g_strdup_printf ("\"body\":{%s}", body);
  g_autoptr (GstRtcJson) answer = ask (self, "message", member);
  GstRtcJson *data = get_plugin_data (answer);

  g_assert_nonnull (data);
  return data;
}

GstRtcJson *
janus_admin_request (JanusAdmin *self, const gchar *format, ...)
{
  g_autofree gchar *body = NULL;
  va_list args;

  va_start (args, format);
  body = g_strdup_vprintf (format, args);
  va_end (args);
  return request (self, body);
}

GstRtcJson *
janus_admin_find_event (JanusAdmin *self, const gchar *member)
{
  for (guint i = 0; i < self->events->len; i++) {
    GstRtcJson *event = g_ptr_array_index (self->events, i);

    if (gst_rtc_json_get_kind (event, member) != GST_RTC_JSON_ABSENT)
      return gst_rtc_json_ref (event);
  }
  return NULL;
}

static void
command (JanusAdmin *self, const gchar *name, const gchar *room,
    const gchar *what, const gchar *more)
{
  g_autofree gchar *body =
      g_strdup_printf ("\"request\":\"%s\",\"room\":%s%s%s", name, room,
          what ? what : "", more ? more : "");
  g_autoptr (GstRtcJson) data = request (self, body);

  if (gst_rtc_json_get_string (data, "error"))
    g_error ("%s: %s", name, gst_rtc_json_get_string (data, "error"));
}

void
janus_admin_create_room (JanusAdmin *self, const gchar *room, const gchar *more)
{
  command (self, "create", room, NULL, more);
}

void
janus_admin_destroy_room (
    JanusAdmin *self, const gchar *room, const gchar *more)
{
  command (self, "destroy", room, NULL, more);
}

void
janus_admin_kick (
    JanusAdmin *self, const gchar *room, const gchar *user, const gchar *more)
{
  g_autofree gchar *what = g_strdup_printf (",\"id\":%s", user);

  command (self, "kick", room, what, more);
}

void
janus_admin_moderate (JanusAdmin *self, const gchar *room, const gchar *user,
    const gchar *mid, gboolean mute, const gchar *more)
{
  g_autofree gchar *what =
      g_strdup_printf (",\"id\":%s,\"mid\":\"%s\",\"mute\":%s", user, mid,
          mute ? "true" : "false");

  command (self, "moderate", room, what, more);
}

/* --- members --- */

static GstRtcJson *
list_members (JanusAdmin *self, const gchar *room, guint *n)
{
  GstRtcJson *list = janus_admin_request (
      self, "\"request\":\"listparticipants\",\"room\":%s", room);

  *n = gst_rtc_json_get_array_length (list, "participants");
  return list;
}

guint
janus_admin_count_members (JanusAdmin *self, const gchar *room)
{
  guint n;
  g_autoptr (GstRtcJson) list = list_members (self, room, &n);

  return n;
}

guint
janus_admin_count_publishers (JanusAdmin *self, const gchar *room)
{
  guint n;
  guint n_publishers = 0;
  g_autoptr (GstRtcJson) list = list_members (self, room, &n);

  for (guint i = 0; i < n; i++) {
    g_autoptr (GstRtcJson) member =
        gst_rtc_json_get_array_object (list, "participants", i);

    n_publishers += gst_rtc_json_get_boolean (member, "publisher", FALSE);
  }
  return n_publishers;
}

static gchar *
get_id (GstRtcJson *member)
{
  const gchar *id = gst_rtc_json_get_string (member, "id");

  return id ? g_strdup_printf ("\"%s\"", id)
            : g_strdup_printf (
                  "%" G_GINT64_FORMAT, gst_rtc_json_get_int (member, "id", 0));
}

gchar *
janus_admin_find_member (JanusAdmin *self, const gchar *room, const gchar *name)
{
  guint n;
  g_autoptr (GstRtcJson) list = list_members (self, room, &n);

  for (guint i = 0; i < n; i++) {
    g_autoptr (GstRtcJson) member =
        gst_rtc_json_get_array_object (list, "participants", i);

    if (g_strcmp0 (gst_rtc_json_get_string (member, "id"), name) == 0 ||
        g_strcmp0 (gst_rtc_json_get_string (member, "display"), name) == 0)
      return get_id (member);
  }
  return NULL;
}

/* --- the Admin API --- */

/* Numbers of the array @name, as text. */
static GStrv
get_numbers (GstRtcJson *json, const gchar *name)
{
  g_autofree gchar *text = gst_rtc_json_to_text (json);
  g_autofree gchar *start = g_strdup_printf ("\"%s\":[", name);
  gchar *list = strstr (text, start);

  g_assert_nonnull (list);
  list += strlen (start);
  *strchr (list, ']') = '\0';
  return g_strsplit (list, ",", -1);
}

static GstRtcJson *
ask_core (JanusAdmin *core, const gchar *verb, const gchar *session,
    const gchar *handle)
{
  g_autofree gchar *more =
      handle ? g_strdup_printf (
                   "\"session_id\":%s,\"handle_id\":%s", session, handle)
      : session ? g_strdup_printf ("\"session_id\":%s", session)
                : NULL;

  return ask (core, verb, more);
}

static gboolean
publishes_as (GstRtcJson *answer, const gchar *name)
{
  g_autoptr (GstRtcJson) info = gst_rtc_json_get_object (answer, "info");
  g_autoptr (GstRtcJson) plugin =
      info ? gst_rtc_json_get_object (info, "plugin_specific") : NULL;

  return plugin &&
         g_strcmp0 (gst_rtc_json_get_string (plugin, "type"), "publisher") ==
             0 &&
         g_strcmp0 (gst_rtc_json_get_string (plugin, "display"), name) == 0;
}

static gboolean
hang_up_in (JanusAdmin *core, const gchar *session, const gchar *name)
{
  g_autoptr (GstRtcJson) list = ask_core (core, "list_handles", session, NULL);
  g_auto (GStrv) handles = get_numbers (list, "handles");

  for (guint i = 0; handles[i]; i++) {
    g_autoptr (GstRtcJson) answer =
        ask_core (core, "handle_info", session, handles[i]);

    if (publishes_as (answer, name)) {
      gst_rtc_json_unref (
          ask_core (core, "hangup_webrtc", session, handles[i]));
      return TRUE;
    }
  }
  return FALSE;
}

void
janus_admin_hang_up (JanusAdmin *core, const gchar *name)
{
  g_autoptr (GstRtcJson) list = ask_core (core, "list_sessions", NULL, NULL);
  g_auto (GStrv) sessions = get_numbers (list, "sessions");
  gboolean done = FALSE;

  for (guint i = 0; sessions[i] && !done; i++)
    done = hang_up_in (core, sessions[i], name);
  g_assert_true (done);
}

void
janus_admin_set_session_timeout (JanusAdmin *core, guint seconds)
{
  g_autofree gchar *more = g_strdup_printf ("\"timeout\":%u", seconds);
  g_autoptr (GstRtcJson) answer = ask (core, "set_session_timeout", more);

  g_assert_cmpstr ("success", ==, gst_rtc_json_get_string (answer, "janus"));
}

guint
janus_admin_count_sessions (JanusAdmin *core)
{
  g_autoptr (GstRtcJson) list = ask_core (core, "list_sessions", NULL, NULL);
  g_auto (GStrv) sessions = get_numbers (list, "sessions");

  return g_str_equal (sessions[0] ? sessions[0] : "", "")
             ? 0
             : g_strv_length (sessions);
}
