/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A room server that does what a table tells it. On the thread-default
 * context of the test. */
#include "scripted-server.h"

#include <libsoup/soup.h>
#include <string.h>
#include <sys/socket.h>

#include "soup-listener.h"

struct _ScriptedServer
{
  SoupServer *soup;
  GSocketService *listener;
  SoupWebsocketConnection *socket;
  GArray *rows;
  GPtrArray *seen;
  gchar *url;
  gchar *websocket_url;
  gchar *config;
  guint config_status;
  gboolean config_stalled;
  GPtrArray *stalled; /* messages that wait for ever */
  gchar *users;
  guint n_configs;
  guint close_code;
  guint n_sessions;
  gboolean resumed;
  gchar *sessions; /* NULL: the answer to a join lists none */
};

typedef struct
{
  ScriptedServer *server;
  SoupWebsocketConnection *socket;
  gchar *text;
} Delayed;

static void
delayed_free (Delayed *delayed)
{
  g_object_unref (delayed->socket);
  g_free (delayed->text);
  g_free (delayed);
}

static gboolean
on_delay_over (gpointer user_data)
{
  Delayed *delayed = user_data;

  if (soup_websocket_connection_get_state (delayed->socket) ==
      SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text (delayed->socket, delayed->text);
  return G_SOURCE_REMOVE;
}

static void
send_later (ScriptedServer *self, const gchar *text, guint ms)
{
  Delayed *delayed = g_new0 (Delayed, 1);
  GSource *source = g_timeout_source_new (ms);

  delayed->server = self;
  delayed->socket = g_object_ref (self->socket);
  delayed->text = g_strdup (text);
  g_source_set_callback (
      source, on_delay_over, delayed, (GDestroyNotify)delayed_free);
  g_source_attach (source, g_main_context_get_thread_default ());
  g_source_unref (source);
}

static gboolean
take_row (ScriptedServer *self, GstRtcMessageType type, ScriptedRow *found)
{
  for (guint i = 0; i < self->rows->len; i++) {
    const ScriptedRow *row = &g_array_index (self->rows, ScriptedRow, i);

    if (row->type != type)
      continue;
    *found = *row;
    if (!row->always)
      g_array_remove_index (self->rows, i);
    return TRUE;
  }
  return FALSE;
}

static gchar *
make_usual_answer (ScriptedServer *self, GstRtcMessageType type, guint id)
{
  if (type == GST_RTC_MESSAGE_JOIN)
    return g_strdup_printf ("{\"id\":%u,\"type\":\"ok\",\"secret\":\"s\","
                            "\"seconds\":5,\"users\":%s,\"resumed\":%s,"
                            "\"sessions\":%s}",
        id, self->users, self->resumed ? "true" : "false",
        self->sessions ? self->sessions : "null");
  if (type == GST_RTC_MESSAGE_SUBSCRIBE)
    return g_strdup_printf (
        "{\"id\":%u,\"type\":\"ok\",\"session\":\"session-%u\"}", id,
        ++self->n_sessions);
  return g_strdup_printf ("{\"id\":%u,\"type\":\"ok\"}", id);
}

static gchar *
make_refusal (guint id, gint code, const gchar *reason)
{
  return g_strdup_printf (
      "{\"id\":%u,\"type\":\"error\",\"code\":%d,\"reason\":\"%s\"}", id, code,
      reason ? reason : "because");
}

static void
perform (ScriptedServer *self, const ScriptedRow *row, guint id)
{
  g_autofree gchar *usual = make_usual_answer (self, row->type, id);
  g_autofree gchar *refusal = make_refusal (id, row->code, row->text);
  g_autofree gchar *foreign = make_usual_answer (self, row->type, id + 1000);

  switch (row->act) {
    case SCRIPTED_OK:
      scripted_server_send (self, row->text ? row->text : usual);
      break;
    case SCRIPTED_SILENT:
      break;
    case SCRIPTED_REFUSE:
      scripted_server_send (self, refusal);
      break;
    case SCRIPTED_LATE:
      send_later (self, usual, row->delay);
      break;
    case SCRIPTED_TWICE:
      scripted_server_send (self, usual);
      scripted_server_send (self, refusal);
      break;
    case SCRIPTED_WRONG_ID:
      scripted_server_send (self, foreign);
      break;
    case SCRIPTED_GARBAGE:
      scripted_server_send (self, row->text ? row->text : "garbage");
      break;
    case SCRIPTED_BINARY:
      scripted_server_send_binary (self);
      break;
    case SCRIPTED_CLOSE:
      scripted_server_close (self, (guint16)row->code, row->text);
      break;
    case SCRIPTED_RESET:
      scripted_server_reset (self);
      break;
    default:
      g_assert_not_reached ();
  }
}

static void
on_message (SoupWebsocketConnection *socket, gint type, GBytes *data,
    ScriptedServer *self)
{
  gsize length;
  const gchar *text = g_bytes_get_data (data, &length);
  g_autoptr (GError) error = NULL;
  GstRtcMessage *message = gst_rtc_message_parse (text, length, NULL, &error);
  ScriptedRow row = {.act = SCRIPTED_OK};

  g_assert_no_error (error);
  g_ptr_array_add (self->seen, message);
  row.type = gst_rtc_message_get_type_id (message);
  if (!gst_rtc_message_type_is_request (row.type))
    return;
  take_row (self, row.type, &row);
  perform (self, &row, gst_rtc_message_get_fields (message)->id);
}

static void
drop_socket (ScriptedServer *self)
{
  if (!self->socket)
    return;
  g_signal_handlers_disconnect_by_data (self->socket, self);
  g_clear_object (&self->socket);
}

static void
on_closed (SoupWebsocketConnection *socket, ScriptedServer *self)
{
  g_autoptr (SoupWebsocketConnection) guard = g_object_ref (socket);

  self->close_code = soup_websocket_connection_get_close_code (socket);
  drop_socket (self);
}

static void
on_websocket (SoupServer *soup, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *socket, gpointer user_data)
{
  ScriptedServer *self = user_data;

  drop_socket (self);
  self->close_code = 0;
  self->socket = g_object_ref (socket);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
}

static gchar *
fill_in_url (const gchar *body, const gchar *url)
{
  g_auto (GStrv) parts = g_strsplit (body, "@URL@", -1);

  return g_strjoinv (url, parts);
}

static void
on_getconfig (SoupServer *soup, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user_data)
{
  ScriptedServer *self = user_data;
  gchar *body = fill_in_url (self->config, self->websocket_url);

  self->n_configs++;
  soup_server_message_set_status (message, self->config_status, NULL);
  soup_server_message_set_response (
      message, "application/json", SOUP_MEMORY_TAKE, body, strlen (body));
  if (self->config_stalled) {
    soup_server_message_pause (message);
    g_ptr_array_add (self->stalled, g_object_ref (message));
  }
}

ScriptedServer *
scripted_server_new (const ScriptedRow *rows)
{
  ScriptedServer *self = g_new0 (ScriptedServer, 1);
  char *protocols[] = {(char *)GST_RTC_ROOM_SUBPROTOCOL, NULL};
  guint16 port;

  self->soup = soup_server_new (NULL, NULL);
  self->rows = g_array_new (FALSE, FALSE, sizeof (ScriptedRow));
  self->seen =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_message_unref);
  self->stalled = g_ptr_array_new_with_free_func (g_object_unref);
  self->config_status = SOUP_STATUS_OK;
  self->config = g_strdup ("{\"websocketUrls\":[\"@URL@\"]}");
  self->users = g_strdup ("[]");
  for (; rows && rows->type != GST_RTC_N_MESSAGES; rows++)
    g_array_append_val (self->rows, *rows);

  soup_server_add_handler (self->soup, "/getconfig", on_getconfig, self, NULL);
  soup_server_add_websocket_handler (
      self->soup, "/ws", NULL, protocols, on_websocket, self, NULL);
  self->listener = soup_listener_start (self->soup, &port);
  self->url = g_strdup_printf ("http://127.0.0.1:%u", port);
  self->websocket_url = g_strdup_printf ("ws://127.0.0.1:%u/ws", port);
  return self;
}

void
scripted_server_free (ScriptedServer *self)
{
  drop_socket (self);
  soup_listener_stop (self->listener);
  soup_server_disconnect (self->soup);
  g_object_unref (self->soup);
  g_ptr_array_unref (self->stalled);
  g_array_unref (self->rows);
  g_ptr_array_unref (self->seen);
  g_free (self->url);
  g_free (self->websocket_url);
  g_free (self->config);
  g_free (self->users);
  g_free (self->sessions);
  g_free (self);
}

void
scripted_server_add (ScriptedServer *self, ScriptedRow row)
{
  g_array_prepend_val (self->rows, row);
}

void
scripted_server_set_config (
    ScriptedServer *self, guint status, const gchar *body)
{
  g_free (self->config);
  self->config = g_strdup (body);
  self->config_status = status;
}

void
scripted_server_set_config_stalled (ScriptedServer *self, gboolean stalled)
{
  self->config_stalled = stalled;
}

void
scripted_server_release_config (ScriptedServer *self)
{
  self->config_stalled = FALSE;
  for (guint i = 0; i < self->stalled->len; i++)
    soup_server_message_unpause (g_ptr_array_index (self->stalled, i));
  g_ptr_array_set_size (self->stalled, 0);
}

void
scripted_server_set_users (ScriptedServer *self, const gchar *users)
{
  g_free (self->users);
  self->users = g_strdup (users);
}

void
scripted_server_set_resumed (ScriptedServer *self, gboolean resumed)
{
  self->resumed = resumed;
}

void
scripted_server_set_sessions (ScriptedServer *self, const gchar *sessions)
{
  g_free (self->sessions);
  self->sessions = g_strdup (sessions);
}

const gchar *
scripted_server_get_url (ScriptedServer *self)
{
  return self->url;
}

const gchar *
scripted_server_get_websocket_url (ScriptedServer *self)
{
  return self->websocket_url;
}

void
scripted_server_send (ScriptedServer *self, const gchar *text)
{
  g_assert_nonnull (self->socket);
  soup_websocket_connection_send_text (self->socket, text);
}

void
scripted_server_close (ScriptedServer *self, guint16 code, const gchar *reason)
{
  g_assert_nonnull (self->socket);
  soup_websocket_connection_close (self->socket, code, reason);
}

/* By the socket itself, so that nothing says goodbye. */
void
scripted_server_reset (ScriptedServer *self)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream (self->socket);

  g_io_stream_close (stream, NULL, NULL);
}

static GSocket *
get_tcp_socket (ScriptedServer *self)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream (self->socket);

  /* libsoup wraps it. */
  if (!G_IS_SOCKET_CONNECTION (stream)) {
    g_object_get (stream, "base-iostream", &stream, NULL);
    g_object_unref (stream); /* the wrapper keeps it */
  }
  return g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
}

void
scripted_server_reset_tcp (ScriptedServer *self)
{
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  GSocket *socket = get_tcp_socket (self);

  g_assert_cmpint (0, ==,
      setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &at_once,
          sizeof (at_once)));
  scripted_server_reset (self);
}

void
scripted_server_send_binary (ScriptedServer *self)
{
  soup_websocket_connection_send_binary (self->socket, "{}", 2);
}

void
scripted_server_send_bytes (
    ScriptedServer *self, const gchar *bytes, gsize length)
{
  g_assert_cmpint ((gssize)length, ==,
      g_socket_send (get_tcp_socket (self), bytes, length, NULL, NULL));
}

gboolean
scripted_server_is_connected (ScriptedServer *self)
{
  return self->socket && soup_websocket_connection_get_state (self->socket) ==
                             SOUP_WEBSOCKET_STATE_OPEN;
}

guint
scripted_server_get_close_code (ScriptedServer *self)
{
  return self->close_code;
}

guint
scripted_server_get_n_configs (ScriptedServer *self)
{
  return self->n_configs;
}

guint
scripted_server_get_n_seen (ScriptedServer *self)
{
  return self->seen->len;
}

gchar *
scripted_server_list_last (ScriptedServer *self, guint n)
{
  GString *names = g_string_new (NULL);

  for (guint i = self->seen->len - MIN (n, self->seen->len);
       i < self->seen->len; i++) {
    if (names->len > 0)
      g_string_append_c (names, ' ');
    g_string_append (names,
        gst_rtc_message_type_get_name (
            gst_rtc_message_get_type_id (g_ptr_array_index (self->seen, i))));
  }
  return g_string_free (names, FALSE);
}

guint
scripted_server_count (ScriptedServer *self, GstRtcMessageType type)
{
  guint count = 0;

  for (guint i = 0; i < self->seen->len; i++) {
    if (gst_rtc_message_get_type_id (g_ptr_array_index (self->seen, i)) == type)
      count++;
  }
  return count;
}

GstRtcMessage *
scripted_server_get_last (ScriptedServer *self, GstRtcMessageType type)
{
  for (guint i = self->seen->len; i > 0; i--) {
    GstRtcMessage *message = g_ptr_array_index (self->seen, i - 1);

    if (gst_rtc_message_get_type_id (message) == type)
      return message;
  }
  return NULL;
}
