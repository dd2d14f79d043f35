/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client WebSocket around libsoup. Belongs to the worker.
 *
 * libsoup 3.2 bounds a frame and not a message: a server that never ends a
 * fragmented message can make it collect without limit, and a client has no
 * place where a counting stream could be put below it. The server is a party
 * that was chosen, so the total is only checked when it has arrived. */
#include "rtcsession.h"

#include <gst/gst.h>

#include "rtcaddress.h"
#include "rtcconfig.h"
#include "rtcerror-private.h"
#include "rtcfiles.h"
#include "rtchttp.h"
#include "rtclinger.h"

GST_DEBUG_CATEGORY_STATIC (session_debug);
#define GST_CAT_DEFAULT session_debug

#define FAREWELL_TIMEOUT_MS 1000
/* libsoup's pings are due at whole seconds, up to one late. */
#define PING_SLACK_MS 1000
/* What arrived while this process had no time is read before it is judged. */
#define SECOND_LOOK_MS 250
#define ADDRESS_LOST "the address of this machine that it used has gone"

struct _GstRtcSession
{
  grefcount ref_count;
  GstRtcSessionListener listener;
  gpointer user_data;
  gboolean silent; /* the listener is not to be called any more */

  guint connect_timeout; /* ms */
  guint ping_interval;   /* ms, a whole number of seconds */
  guint pong_timeout;    /* ms */
  gsize max_message_bytes;
  gchar *subprotocol;

  SoupSession *http;
  SoupMessage *message;
  GCancellable *cancellable;
  gboolean timed_out;
  GInetAddress *local_address; /* (nullable) once TCP is connected */
  GstRtcAddressWatch *address_watch;
  gboolean address_lost;
  SoupWebsocketConnection *socket; /* once it is open */
  GSource *timer;                  /* of the connect, then of the pong */
  gboolean doubted;                /* silent for too long at the first look */
  gint64 heard;  /* when the server was last heard, monotonic */
  GError *fault; /* what libsoup found wrong with a frame */
};

/* A socket on its way out, with nobody listening. */
typedef struct
{
  SoupWebsocketConnection *socket;
  GSource *linger;
  gulong closed_id;
} Farewell;

static void
clear_source (GSource **source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static GSource *
start_timer (guint ms, GSourceFunc func, gpointer data, GDestroyNotify destroy)
{
  GSource *source = g_timeout_source_new (ms);

  g_source_set_callback (source, func, data, destroy);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

static GstRtcSession *
session_ref (GstRtcSession *self)
{
  g_ref_count_inc (&self->ref_count);
  return self;
}

static void
stop_looking (GstRtcSession *self)
{
  clear_source (&self->timer);
  g_clear_pointer (&self->address_watch, gst_rtc_address_watch_free);
}

static void
session_unref (GstRtcSession *self)
{
  if (!g_ref_count_dec (&self->ref_count))
    return;
  stop_looking (self);
  g_clear_object (&self->local_address);
  g_clear_object (&self->socket);
  if (self->message)
    g_signal_handlers_disconnect_by_data (self->message, self);
  g_clear_object (&self->message);
  g_clear_object (&self->http);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->fault);
  g_free (self->subprotocol);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcSession, session_unref)

static void
farewell_free (Farewell *farewell)
{
  g_signal_handler_disconnect (farewell->socket, farewell->closed_id);
  g_object_unref (farewell->socket);
  g_free (farewell);
}

static void
on_farewell_closed (SoupWebsocketConnection *socket, Farewell *farewell)
{
  g_source_set_ready_time (farewell->linger, 0);
}

/* A cancelled close does not wait for anything, and libsoup then has nothing
 * to close. It fails where libsoup is at it already. */
static gboolean
end_farewell (gpointer user_data)
{
  Farewell *farewell = user_data;
  GIOStream *stream =
      soup_websocket_connection_get_io_stream (farewell->socket);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  g_cancellable_cancel (cancelled);
  g_io_stream_close (stream, cancelled, NULL);
  return g_io_stream_is_closed (stream) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* Lets go of the socket, which may take up to @ms to end. Its last reference
 * must not go inside one of its own signals, since libsoup goes on to use it,
 * and its descriptor is given back now and not when libsoup's own timer of
 * 5 s says so. */
static void
retire_socket (GstRtcSession *self, guint ms)
{
  Farewell *farewell;

  if (!self->socket)
    return;
  g_signal_handlers_disconnect_by_data (self->socket, self);
  farewell = g_new0 (Farewell, 1);
  farewell->socket = g_steal_pointer (&self->socket);
  farewell->closed_id = g_signal_connect (
      farewell->socket, "closed", G_CALLBACK (on_farewell_closed), farewell);
  farewell->linger = gst_rtc_linger_start (
      ms, end_farewell, farewell, (GDestroyNotify)farewell_free);
}

/* The one way to the listener's closed (). Takes @error. */
static void
report_end (GstRtcSession *self, gboolean opened_before, GError *error)
{
  stop_looking (self);
  if (!self->silent) {
    self->silent = TRUE;
    GST_INFO ("%s: %s", opened_before ? "socket lost" : "socket not opened",
        error->message);
    self->listener.closed (opened_before, error, self->user_data);
  }
  g_error_free (error);
}

static void
lose_socket (GstRtcSession *self, gint close_code, const gchar *reason)
{
  g_autoptr (GstRtcSession) guard = session_ref (self);

  retire_socket (self, FAREWELL_TIMEOUT_MS);
  report_end (self, TRUE,
      gst_rtc_error_new (
          GST_RTC_ERROR_WEBSOCKET_FAILED, close_code, "%s", reason));
}

static gchar *
describe_close (gint code, const gchar *data)
{
  if (code == 0 || code == SOUP_WEBSOCKET_CLOSE_ABNORMAL ||
      code == SOUP_WEBSOCKET_CLOSE_NO_STATUS)
    return g_strdup ("the server closed the connection without a word");
  return g_strdup_printf ("the server closed the connection with %d%s%s", code,
      data && *data ? ": " : "", data ? data : "");
}

/* For `closing`, since libsoup then waits up to 5 s for the server to close
 * TCP before it says `closed`, and for `closed` where nothing came before. */
static void
on_closed (SoupWebsocketConnection *socket, GstRtcSession *self)
{
  const gint code = soup_websocket_connection_get_close_code (socket);
  g_autofree gchar *reason =
      describe_close (code, soup_websocket_connection_get_close_data (socket));

  lose_socket (self, code, reason);
}

/* libsoup sends the closing frame that fits and waits as above. */
static void
on_error (SoupWebsocketConnection *socket, GError *error, GstRtcSession *self)
{
  const gboolean is_close_code = error->domain == SOUP_WEBSOCKET_ERROR &&
                                 error->code >= SOUP_WEBSOCKET_CLOSE_NORMAL;
  g_autofree gchar *reason =
      g_strdup_printf ("the connection broke: %s", error->message);

  lose_socket (self, is_close_code ? error->code : 0, reason);
}

static void
on_pong (SoupWebsocketConnection *socket, GBytes *data, GstRtcSession *self)
{
  self->heard = g_get_monotonic_time ();
}

static void
refuse_message (GstRtcSession *self, gushort code, const gchar *reason)
{
  g_autoptr (SoupWebsocketConnection) socket = g_object_ref (self->socket);

  lose_socket (self, code, reason);
  soup_websocket_connection_close (socket, code, NULL);
}

static void
on_message (SoupWebsocketConnection *socket, gint type, GBytes *data,
    GstRtcSession *self)
{
  g_autoptr (GstRtcSession) guard = session_ref (self);
  gsize length;
  const gchar *text = g_bytes_get_data (data, &length);

  self->heard = g_get_monotonic_time ();
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    refuse_message (self, SOUP_WEBSOCKET_CLOSE_UNSUPPORTED_DATA,
        "the server sent a binary message");
  else if (length > self->max_message_bytes)
    refuse_message (self, SOUP_WEBSOCKET_CLOSE_TOO_BIG,
        "the server sent a message that is too long");
  else if (!self->silent)
    self->listener.received (text, length, self->user_data);
}

static guint
get_allowed_silence (GstRtcSession *self)
{
  return self->ping_interval + PING_SLACK_MS + self->pong_timeout;
}

static gboolean
on_pong_due (gpointer user_data)
{
  GstRtcSession *self = user_data;
  const gint64 silence =
      (g_get_monotonic_time () - self->heard) / G_TIME_SPAN_MILLISECOND;
  const gint64 allowed = get_allowed_silence (self);

  clear_source (&self->timer);
  if (silence < allowed) {
    self->doubted = FALSE;
    self->timer =
        start_timer ((guint)(allowed - silence), on_pong_due, self, NULL);
  } else if (!self->doubted) {
    self->doubted = TRUE;
    self->timer = start_timer (SECOND_LOOK_MS, on_pong_due, self, NULL);
  } else {
    lose_socket (self, 0, "the server does not answer pings");
  }
  return G_SOURCE_REMOVE;
}

/* libsoup sends the pings; that none is answered only we notice. */
static void
start_pings (GstRtcSession *self)
{
  if (self->ping_interval == 0)
    return;
  soup_websocket_connection_set_keepalive_interval (
      self->socket, self->ping_interval / 1000);
  self->timer =
      start_timer (get_allowed_silence (self), on_pong_due, self, NULL);
}

static void
adopt_socket (GstRtcSession *self)
{
  SoupWebsocketConnection *socket = self->socket;

  clear_source (&self->timer);
  self->heard = g_get_monotonic_time ();
  soup_websocket_connection_set_max_incoming_payload_size (
      socket, self->max_message_bytes);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (socket, "pong", G_CALLBACK (on_pong), self);
  g_signal_connect (socket, "error", G_CALLBACK (on_error), self);
  g_signal_connect (socket, "closing", G_CALLBACK (on_closed), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
  start_pings (self);
}

static GError *
describe_connect_failure (GstRtcSession *self, const GError *cause)
{
  const guint status =
      self->message ? soup_message_get_status (self->message) : 0;

  if (self->timed_out)
    return gst_rtc_error_new (GST_RTC_ERROR_WEBSOCKET_FAILED, 0,
        "not open within %u ms", self->connect_timeout);
  if (self->address_lost)
    return gst_rtc_error_new (GST_RTC_ERROR_WEBSOCKET_FAILED, 0, ADDRESS_LOST);
  if (status >= 200 && status < 600)
    return gst_rtc_error_new (GST_RTC_ERROR_WEBSOCKET_FAILED, (gint)status,
        "answered with HTTP status %u", status);
  return gst_rtc_error_new (
      GST_RTC_ERROR_WEBSOCKET_FAILED, 0, "%s", cause->message);
}

/* A server that is silent about the subprotocol has not agreed to it. */
static gboolean
check_subprotocol (GstRtcSession *self, SoupWebsocketConnection *socket)
{
  return !self->subprotocol ||
         g_strcmp0 (soup_websocket_connection_get_protocol (socket),
             self->subprotocol) == 0;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GstRtcSession) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) socket =
      soup_session_websocket_connect_finish (
          SOUP_SESSION (source), result, &error);

  if (!socket) {
    if (!self->silent)
      report_end (self, FALSE, describe_connect_failure (self, error));
    return;
  }
  self->socket = g_object_ref (socket);
  if (self->silent) {
    retire_socket (self, FAREWELL_TIMEOUT_MS);
    soup_websocket_connection_close (
        socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
    return;
  }
  if (!check_subprotocol (self, self->socket)) {
    retire_socket (self, 0);
    report_end (self, FALSE,
        gst_rtc_error_new (GST_RTC_ERROR_WEBSOCKET_FAILED, 0,
            "the server does not speak %s", self->subprotocol));
    return;
  }
  adopt_socket (self);
  GST_DEBUG ("socket open");
  self->listener.opened (self->user_data);
}

static gboolean
on_connect_timeout (gpointer user_data)
{
  GstRtcSession *self = user_data;

  self->timed_out = TRUE;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

/* --- the address that it is sent from --- */

static void
on_network_event (SoupMessage *message, GSocketClientEvent event,
    GIOStream *connection, GstRtcSession *self)
{
  g_autoptr (GSocketAddress) address = NULL;

  if (event != G_SOCKET_CLIENT_CONNECTED ||
      !G_IS_SOCKET_CONNECTION (connection))
    return;
  address = g_socket_connection_get_local_address (
      G_SOCKET_CONNECTION (connection), NULL);
  if (G_IS_INET_SOCKET_ADDRESS (address))
    g_set_object (&self->local_address,
        g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

static void
on_addresses_changed (gpointer user_data)
{
  GstRtcSession *self = user_data;

  if (!self->local_address || gst_rtc_address_is_local (self->local_address))
    return;
  if (self->socket) {
    lose_socket (self, 0, ADDRESS_LOST);
    return;
  }
  self->address_lost = TRUE;
  g_cancellable_cancel (self->cancellable);
}

/* A fault that is known before any I/O is told from the main context too:
 * the caller has no session to speak of yet. */
static gboolean
on_fault (gpointer user_data)
{
  GstRtcSession *self = user_data;

  report_end (self, FALSE,
      gst_rtc_error_new (
          GST_RTC_ERROR_WEBSOCKET_FAILED, 0, "%s", self->fault->message));
  return G_SOURCE_REMOVE;
}

static gboolean
prepare (GstRtcSession *self, const GstRtcSessionSettings *settings)
{
  g_autoptr (GUri) uri =
      g_uri_parse (settings->url, SOUP_HTTP_URI_FLAGS, &self->fault);

  if (!uri)
    return FALSE;
  if (!gst_rtc_files_are_free (GST_RTC_FILES_OF_A_CONNECTION))
    return gst_rtc_error_set (
        &self->fault, GST_RTC_ERROR_WEBSOCKET_FAILED, 0, GST_RTC_NO_FILES);
  self->http = gst_rtc_http_session_new (
      g_uri_get_host (uri), settings->tls_ca_file, &self->fault);
  if (!self->http)
    return FALSE;
  self->message = gst_rtc_http_message_new (settings->url);
  if (!self->message)
    return gst_rtc_error_set (&self->fault, GST_RTC_ERROR_WEBSOCKET_FAILED, 0,
        "not a WebSocket address");
  g_signal_connect (
      self->message, "network-event", G_CALLBACK (on_network_event), self);
  self->address_watch = gst_rtc_address_watch_new (on_addresses_changed, self);
  return TRUE;
}

/* libsoup counts its pings in seconds. */
static guint
round_to_seconds (guint ms)
{
  return (ms + 999) / 1000 * 1000;
}

GstRtcSession *
gst_rtc_session_connect (const GstRtcSessionSettings *settings,
    const GstRtcSessionListener *listener, gpointer user_data)
{
  GstRtcSession *self = g_new0 (GstRtcSession, 1);
  gchar *protocols[] = {(gchar *)settings->subprotocol, NULL};

  GST_DEBUG_CATEGORY_INIT (
      session_debug, "rtcsession", 0, "WebSocket of the RTC elements");

  g_ref_count_init (&self->ref_count);
  self->listener = *listener;
  self->user_data = user_data;
  self->connect_timeout = settings->connect_timeout;
  self->ping_interval = round_to_seconds (settings->ping_interval);
  self->pong_timeout = settings->pong_timeout;
  self->max_message_bytes = settings->max_message_bytes;
  self->subprotocol = g_strdup (settings->subprotocol);
  self->cancellable = g_cancellable_new ();

  if (!prepare (self, settings)) {
    self->timer = start_timer (
        0, on_fault, session_ref (self), (GDestroyNotify)session_unref);
    return self;
  }
  self->timer =
      start_timer (settings->connect_timeout, on_connect_timeout, self, NULL);
  soup_session_websocket_connect_async (self->http, self->message, NULL,
      settings->subprotocol ? protocols : NULL, G_PRIORITY_DEFAULT,
      self->cancellable, on_connected, session_ref (self));
  return self;
}

gboolean
gst_rtc_session_is_open (GstRtcSession *session)
{
  return session->socket && soup_websocket_connection_get_state (
                                session->socket) == SOUP_WEBSOCKET_STATE_OPEN;
}

void
gst_rtc_session_send (GstRtcSession *session, const gchar *text)
{
  if (gst_rtc_session_is_open (session))
    soup_websocket_connection_send_text (session->socket, text);
}

void
gst_rtc_session_close (
    GstRtcSession *session, guint16 code, const gchar *reason)
{
  g_autoptr (SoupWebsocketConnection) socket = NULL;

  if (!session)
    return;
  session->silent = TRUE;
  stop_looking (session);
  g_cancellable_cancel (session->cancellable);
  if (gst_rtc_session_is_open (session))
    socket = g_object_ref (session->socket);
  retire_socket (session, FAREWELL_TIMEOUT_MS);
  if (socket)
    soup_websocket_connection_close (socket, code, reason);
  session_unref (session);
}
