/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The embedded room server: sockets around the room logic. All but the three
 * public functions runs on the server's own worker. */
#include "rtcserver.h"

#include <gst/gst.h>
#include <libsoup/soup.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "rtcadmission.h"
#include "rtcbucket.h"
#include "rtcconfig.h"
#include "rtcerror-private.h"
#include "rtcfiles.h"
#include "rtcguardstream.h"
#include "rtcroom.h"
#include "rtcserverhttp.h"
#include "rtcserversettings.h"
#include "rtcworker.h"

GST_DEBUG_CATEGORY_STATIC (server_debug);
#define GST_CAT_DEFAULT server_debug

#define MAX_REQUEST_BYTES (16 * 1024)
#define MAX_REQUEST_LINES 100
/* Of a client that was never in a room: what it can make the server hold is
 * to be small. The longest join, each byte of it escaped, fits. */
#define STRANGER_MESSAGE_BYTES (16 * 1024)
#define STRANGER_QUEUED_BYTES (64 * 1024)
/* What libsoup needs for a message that waits, beside the text. */
#define MESSAGE_OVERHEAD 256
/* Kept by the system for a client that does not read; it takes twice that. */
#define SEND_BUFFER (64 * 1024)
/* Bytes a second, as messages of full size. */
#define BYTE_RATE_MESSAGES 8

/* Connections that wait to be accepted. GIO asks for 10, so that the system
 * drops every other one of a crowd, which then tries again after a second. */
#define BACKLOG 1024
/* Descriptors that are kept for those who are in. */
#define FILES_KEPT 8
/* How long those who wait go on to wait where none is left. */
#define ACCEPT_PAUSE (50 * G_TIME_SPAN_MILLISECOND)

/* Who broke a limit does not get a burst again by connecting anew. */
#define SECONDS_WHEN_BLAMED 1

#define LINGER_TIME (1 * G_TIME_SPAN_SECOND)
#define STOP_TIME (1 * G_TIME_SPAN_SECOND)
#define SWEEP_SHORTEST (20 * G_TIME_SPAN_MILLISECOND)
#define SWEEP_LONGEST (1 * G_TIME_SPAN_SECOND)

#define CLOSE_NORMAL 1000
#define CLOSE_GOING_AWAY 1001
#define CLOSE_PROTOCOL 1002
#define CLOSE_UNSUPPORTED 1003
#define CLOSE_POLICY 1008

/* One accepted socket, a WebSocket once it has been upgraded. */
typedef struct
{
  GstRtcServer *server;
  GstRtcConnectionId id;
  gchar *peer;    /* address and port */
  gchar *network; /* what the cap for each address counts */
  GstRtcGuardStream *guard;
  SoupWebsocketConnection *websocket; /* NULL before the upgrade */
  gint64 accepted;
  gint64 upgraded;
  gint64 cut_at;      /* when it is ended whatever it does, 0 not yet */
  gint64 close_at;    /* when the close frame goes out, 0 not yet */
  gboolean joined;    /* once was in a room */
  gboolean ended;     /* nothing more comes; the next sweep forgets it */
  gboolean clean;     /* by a goodbye of the client */
  gboolean doubted;   /* silent for too long at the last look */
  guint64 data_sent;  /* payload given to libsoup */
  guint64 n_sent;     /* messages of it */
  guint16 fault_code; /* what the guard found, 0 nothing */
  const gchar *fault;
} Connection;

struct _GstRtcServer
{
  GObject parent;

  GstRtcServerSettings settings; /* strings owned; constant */
  gchar *host;                   /* of the listen address; constant */
  gchar *url;                    /* constant once it listens */
  GstRtcWorker *worker;

  /* Of the worker. */
  GSocket *listener;
  GSource *acceptor; /* NULL while it pauses */
  GSource *resume;   /* ends the pause */
  gboolean paused;   /* since the last one was accepted */
  GTlsCertificate *certificate;
  SoupServer *soup;
  GstRtcServerHttp *http;
  GstRtcRooms *rooms;
  GHashTable *connections; /* id -> Connection, owned */
  GHashTable *peers;       /* peer -> Connection, until the upgrade */
  GstRtcAdmission *admission;
  GstRtcConnectionId last_id;
  GSource *sweep;
  GSource *tick;
  GstRtcMessage *cached; /* what cached_text is the text of */
  gchar *cached_text;
  gboolean stopping;

  GMutex lock;
  GCond changed;
  gboolean started;    /* under lock: the start was tried */
  GError *start_error; /* under lock */
  gboolean drained;    /* under lock: no connection is left */
  gboolean cleared;    /* under lock: the worker's fields are gone */
  gboolean stopped;    /* under lock: stop was called */
};

G_DEFINE_FINAL_TYPE (GstRtcServer, gst_rtc_server, G_TYPE_OBJECT)

static gint64
to_span (guint milliseconds)
{
  return milliseconds * G_TIME_SPAN_MILLISECOND;
}

static void
clear_source (GSource **source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* A source that runs when its ready time comes, on the clock of
 * g_get_monotonic_time (). */
static gboolean
dispatch_timer (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSourceFuncs timer_funcs = {.dispatch = dispatch_timer};

static GSource *
add_timer (GstRtcServer *server, const gchar *name, GSourceFunc func)
{
  GSource *source = g_source_new (&timer_funcs, sizeof (GSource));

  g_source_set_static_name (source, name);
  g_source_set_callback (source, func, server, NULL);
  g_source_attach (source, gst_rtc_worker_get_context (server->worker));
  return source;
}

static void
wake_by (GSource *timer, gint64 when)
{
  gint64 ready = g_source_get_ready_time (timer);

  if (when != G_MAXINT64 && (ready == -1 || when < ready))
    g_source_set_ready_time (timer, when);
}

static void
run_tick (GstRtcServer *server)
{
  gint64 due = gst_rtc_rooms_tick (
      server->rooms, g_get_monotonic_time (), g_get_real_time ());

  wake_by (server->tick, due);
}

static gboolean
on_tick (gpointer user_data)
{
  run_tick (user_data);
  return G_SOURCE_CONTINUE;
}

static void
connection_free (Connection *connection)
{
  gst_rtc_guard_stream_set_funcs (connection->guard, NULL, NULL, NULL);
  if (connection->websocket)
    g_signal_handlers_disconnect_by_data (connection->websocket, connection);
  g_clear_object (&connection->websocket);
  g_object_unref (connection->guard);
  g_free (connection->peer);
  g_free (connection->network);
  g_free (connection);
}

static gboolean
is_open (const Connection *connection)
{
  return connection->websocket && !connection->ended &&
         soup_websocket_connection_get_state (connection->websocket) ==
             SOUP_WEBSOCKET_STATE_OPEN;
}

static void
cut_connection (Connection *connection, const gchar *reason)
{
  GST_INFO (
      "connection %" G_GUINT64_FORMAT ": cut (%s)", connection->id, reason);
  gst_rtc_guard_stream_cut (connection->guard);
  /* libsoup ends what it polls; this is for what it does not. */
  connection->cut_at = 0;
  connection->ended = TRUE;
  g_source_set_ready_time (connection->server->sweep, 0);
}

/* Says goodbye with @code, and cuts when that takes too long. */
static void
close_connection (Connection *connection, guint16 code, const gchar *reason)
{
  if (!is_open (connection)) {
    cut_connection (connection, reason);
    return;
  }
  GST_DEBUG ("connection %" G_GUINT64_FORMAT ": closing with %u (%s)",
      connection->id, code, reason);
  connection->close_at = 0;
  connection->cut_at = g_get_monotonic_time () + LINGER_TIME;
  wake_by (connection->server->sweep, connection->cut_at);
  soup_websocket_connection_close (connection->websocket, code, reason);
}

static guint64
get_queued_bytes (const Connection *connection)
{
  GstRtcGuardStream *guard = connection->guard;

  return connection->data_sent - gst_rtc_guard_stream_get_data_written (guard) +
         MESSAGE_OVERHEAD *
             (connection->n_sent - gst_rtc_guard_stream_get_n_written (guard));
}

static guint
get_max_queued_bytes (const Connection *connection)
{
  const guint limit = connection->server->settings.max_queued_bytes;

  if (connection->joined ||
      gst_rtc_rooms_has_joined (connection->server->rooms, connection->id))
    return limit;
  return MIN (limit, STRANGER_QUEUED_BYTES);
}

/* Output of the rooms. */
static void
send_to_connection (
    GstRtcConnectionId id, GstRtcMessage *message, gpointer user_data)
{
  GstRtcServer *server = user_data;
  Connection *connection = g_hash_table_lookup (server->connections, &id);

  if (!connection || !is_open (connection))
    return;
  /* What many are told is written out once. */
  if (server->cached != message) {
    g_clear_pointer (&server->cached, gst_rtc_message_unref);
    g_free (server->cached_text);
    server->cached = gst_rtc_message_ref (message);
    server->cached_text = gst_rtc_message_to_text (message);
  }
  soup_websocket_connection_send_text (
      connection->websocket, server->cached_text);
  connection->data_sent += strlen (server->cached_text);
  connection->n_sent++;
  if (get_queued_bytes (connection) > get_max_queued_bytes (connection))
    cut_connection (connection, "does not read");
}

/* Output of the rooms. A client that left closes first, if it is quick. */
static void
close_by_rooms (GstRtcConnectionId id, guint16 code, const gchar *reason,
    gpointer user_data)
{
  GstRtcServer *server = user_data;
  Connection *connection = g_hash_table_lookup (server->connections, &id);

  if (!connection || connection->ended)
    return;
  if (code == CLOSE_NORMAL) {
    connection->close_at = g_get_monotonic_time () + LINGER_TIME;
    wake_by (server->sweep, connection->close_at);
    return;
  }
  close_connection (connection, code, reason);
}

static const GstRtcRoomsOutput rooms_output = {
    .send = send_to_connection,
    .close = close_by_rooms,
};

/* Takes the connection out of all but the table of connections. */
static void
forget_connection (Connection *connection)
{
  GstRtcServer *server = connection->server;

  GST_DEBUG ("connection %" G_GUINT64_FORMAT ": ended", connection->id);
  if (g_hash_table_lookup (server->peers, connection->peer) == connection)
    g_hash_table_remove (server->peers, connection->peer);
  gst_rtc_admission_leave (server->admission, connection->network);
  if (connection->websocket)
    gst_rtc_rooms_lost (server->rooms, connection->id, connection->clean,
        g_get_monotonic_time ());
}

static gint64
get_handshake_end (const Connection *connection)
{
  gint64 span = to_span (connection->server->settings.handshake_timeout);

  /* The answer gets as long again. */
  if (gst_rtc_guard_stream_is_answered (connection->guard))
    span *= 2;
  return connection->accepted + span;
}

static void
check_websocket (Connection *connection, gint64 now)
{
  const GstRtcServerSettings *settings = &connection->server->settings;
  gint64 silence = now - gst_rtc_guard_stream_get_last_seen (connection->guard);
  gboolean silent = silence > to_span (settings->ping_interval) +
                                  to_span (settings->pong_timeout);

  if (connection->close_at && now >= connection->close_at)
    close_connection (connection, CLOSE_NORMAL, NULL);
  else if (silent && connection->doubted)
    cut_connection (connection, "no pong in time");
  else if (!connection->joined && !connection->cut_at &&
           now >= connection->upgraded + to_span (settings->join_timeout))
    close_connection (connection, CLOSE_POLICY, "no join in time");
  /* What arrived while the server had no time is read before it is judged. */
  connection->doubted = silent;
}

static void
check_connection (Connection *connection, gint64 now)
{
  if (connection->fault_code) {
    close_connection (connection, connection->fault_code, connection->fault);
    connection->fault_code = 0;
  } else if (connection->cut_at && now >= connection->cut_at) {
    cut_connection (connection, "did not close in time");
  } else if (connection->websocket) {
    check_websocket (connection, now);
  } else if (now >= get_handshake_end (connection)) {
    cut_connection (connection, "no complete request in time");
  }
}

static gint64
get_sweep_interval (const GstRtcServer *server)
{
  const GstRtcServerSettings *settings = &server->settings;
  guint shortest =
      MIN (MIN (settings->handshake_timeout, settings->join_timeout),
          settings->pong_timeout);

  return CLAMP (to_span (shortest) / 4, SWEEP_SHORTEST, SWEEP_LONGEST);
}

/* Sets @flag, which is under the lock. */
static void
signal_flag (GstRtcServer *server, gboolean *flag)
{
  g_mutex_lock (&server->lock);
  *flag = TRUE;
  g_cond_broadcast (&server->changed);
  g_mutex_unlock (&server->lock);
}

/* Looks at every connection: what ended is forgotten, what is late ends. */
static gboolean
on_sweep (gpointer user_data)
{
  GstRtcServer *server = user_data;
  gint64 now = g_get_monotonic_time ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, server->connections);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Connection *connection = value;

    if (!connection->ended)
      check_connection (connection, now);
    if (connection->ended) {
      forget_connection (connection);
      g_hash_table_iter_remove (&iter);
    }
  }
  gst_rtc_admission_prune (server->admission, now);
  run_tick (server);
  if (g_hash_table_size (server->connections) > 0)
    wake_by (server->sweep, now + get_sweep_interval (server));
  else if (server->stopping)
    signal_flag (server, &server->drained);
  return G_SOURCE_CONTINUE;
}

static void
on_websocket_message (SoupWebsocketConnection *websocket, gint type,
    GBytes *message, gpointer user_data)
{
  Connection *connection = user_data;
  GstRtcServer *server = connection->server;
  gsize length;
  gconstpointer data = g_bytes_get_data (message, &length);

  if (!is_open (connection))
    return;
  if (type != SOUP_WEBSOCKET_DATA_TEXT) {
    close_connection (connection, CLOSE_UNSUPPORTED, "text messages only");
    return;
  }
  gst_rtc_rooms_receive (server->rooms, connection->id, data, length,
      g_get_monotonic_time (), g_get_real_time ());
  if (!connection->joined &&
      gst_rtc_rooms_has_joined (server->rooms, connection->id)) {
    connection->joined = TRUE;
    gst_rtc_guard_stream_set_max_message_bytes (
        connection->guard, server->settings.max_message_bytes);
  }
  run_tick (server);
}

static void
on_websocket_closed (SoupWebsocketConnection *websocket, gpointer user_data)
{
  Connection *connection = user_data;
  gushort code = soup_websocket_connection_get_close_code (websocket);

  connection->ended = TRUE;
  connection->clean = code == CLOSE_NORMAL || code == CLOSE_GOING_AWAY;
  /* Not here: libsoup may be in the middle of a call of ours. */
  g_source_set_ready_time (connection->server->sweep, 0);
}

static void
on_websocket_error (
    SoupWebsocketConnection *websocket, GError *error, gpointer user_data)
{
  Connection *connection = user_data;

  GST_WARNING (
      "connection %" G_GUINT64_FORMAT ": %s", connection->id, error->message);
}

/* Runs inside a read of libsoup. */
static void
on_guard_fault (guint16 code, const gchar *reason, gpointer user_data)
{
  Connection *connection = user_data;

  GST_WARNING ("connection %" G_GUINT64_FORMAT ": %s", connection->id, reason);
  connection->fault_code = code;
  connection->fault = reason;
  gst_rtc_admission_blame (connection->server->admission, connection->network,
      g_get_monotonic_time ());
  g_source_set_ready_time (connection->server->sweep, 0);
}

static void
on_guard_closed (gpointer user_data)
{
  Connection *connection = user_data;

  /* A WebSocket says it by itself. */
  if (!connection->websocket)
    connection->ended = TRUE;
  g_source_set_ready_time (connection->server->sweep, 0);
}

static gchar *
dup_peer (GSocketAddress *address)
{
  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}

/* IPv6 hands out networks of 64 bits to one household. */
static gchar *
dup_network (GSocketAddress *address)
{
  GInetAddress *inet =
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  g_autofree gchar *text = g_inet_address_to_string (inet);
  const guint8 *bytes = g_inet_address_to_bytes (inet);

  if (g_inet_address_get_family (inet) != G_SOCKET_FAMILY_IPV6 ||
      g_str_has_prefix (text, "::ffff:"))
    return g_steal_pointer (&text);
  return g_strdup_printf ("%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", bytes[0],
      bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

static void
on_websocket_opened (SoupServer *soup, SoupServerMessage *message,
    const char *path, SoupWebsocketConnection *websocket, gpointer user_data)
{
  GstRtcServer *server = user_data;
  g_autofree gchar *peer =
      dup_peer (soup_server_message_get_remote_address (message));
  Connection *connection = g_hash_table_lookup (server->peers, peer);

  if (!connection || connection->ended)
    return;
  g_hash_table_remove (server->peers, peer);
  connection->websocket = g_object_ref (websocket);
  connection->upgraded = g_get_monotonic_time ();
  g_object_set (websocket, "max-incoming-payload-size",
      (guint64)server->settings.max_message_bytes, "keepalive-interval",
      MAX (server->settings.ping_interval / 1000, 1), NULL);
  g_signal_connect (
      websocket, "message", G_CALLBACK (on_websocket_message), connection);
  g_signal_connect (
      websocket, "error", G_CALLBACK (on_websocket_error), connection);
  g_signal_connect (
      websocket, "closed", G_CALLBACK (on_websocket_closed), connection);
  gst_rtc_rooms_open (server->rooms, connection->id);
  GST_DEBUG ("connection %" G_GUINT64_FORMAT ": upgraded", connection->id);

  if (!soup_websocket_connection_get_protocol (websocket))
    close_connection (connection, CLOSE_PROTOCOL,
        "subprotocol " GST_RTC_ROOM_SUBPROTOCOL " is needed");
}

/* libsoup gives a handler all paths that begin with its own. */
static void
on_request (SoupServer *soup, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user_data)
{
  GstRtcServer *server = user_data;

  if (!gst_rtc_server_http_admit (server->http, message))
    return;
  if (g_str_equal (path, "/getconfig"))
    gst_rtc_server_http_answer_config (server->http, message, query);
  else if (g_str_equal (path, "/healthz"))
    gst_rtc_server_http_answer_health (message);
  else if (g_str_equal (path, "/page/settings.json"))
    gst_rtc_server_http_answer_settings (server->http, message);
  else if (!g_str_equal (path, "/ws"))
    gst_rtc_server_http_answer_other (message, path);
}

static GIOStream *
wrap_tls (GstRtcServer *server, GSocketConnection *socket)
{
  g_autoptr (GError) error = NULL;
  GIOStream *stream;

  if (!server->certificate)
    return g_object_ref (G_IO_STREAM (socket));
  stream = g_tls_server_connection_new (
      G_IO_STREAM (socket), server->certificate, &error);
  if (!stream)
    GST_WARNING ("no TLS: %s", error->message);
  return stream;
}

static GstRtcGuardStream *
new_guard (GstRtcServer *server, GIOStream *base, GSocketConnection *socket,
    const gchar *network)
{
  const GstRtcServerSettings *settings = &server->settings;
  GstRtcGuardLimits limits = {
      .max_request_bytes = MAX_REQUEST_BYTES,
      .max_request_lines = MAX_REQUEST_LINES,
      .max_message_bytes =
          MIN (settings->max_message_bytes, STRANGER_MESSAGE_BYTES),
      .max_message_rate = settings->max_message_rate,
      .max_byte_rate = settings->max_message_bytes * BYTE_RATE_MESSAGES,
      .first_seconds = gst_rtc_admission_is_blamed (
                           server->admission, network, g_get_monotonic_time ())
                           ? SECONDS_WHEN_BLAMED
                           : GST_RTC_BUCKET_SECONDS,
  };

  return gst_rtc_guard_stream_new (base, socket, &limits);
}

/* FALSE when the connection has to go at once. */
static gboolean
admit (GstRtcServer *server, const gchar *network)
{
  const gchar *reason = "too many";

  if (!server->stopping &&
      g_hash_table_size (server->connections) <
          server->settings.max_connections &&
      gst_rtc_admission_enter (
          server->admission, network, g_get_monotonic_time (), &reason))
    return TRUE;
  GST_WARNING ("connection from %s refused: %s", network, reason);
  return FALSE;
}

static void
add_connection (GstRtcServer *server, GSocketConnection *socket,
    GSocketAddress *remote, GstRtcGuardStream *guard)
{
  Connection *connection = g_new0 (Connection, 1);

  connection->server = server;
  connection->id = ++server->last_id;
  connection->peer = dup_peer (remote);
  connection->network = dup_network (remote);
  connection->guard = g_object_ref (guard);
  connection->accepted = g_get_monotonic_time ();
  g_hash_table_insert (server->connections, &connection->id, connection);
  g_hash_table_replace (server->peers, connection->peer, connection);
  gst_rtc_guard_stream_set_funcs (
      guard, on_guard_fault, on_guard_closed, connection);
  GST_DEBUG ("connection %" G_GUINT64_FORMAT ": accepted from %s",
      connection->id, connection->peer);
  wake_by (server->sweep, connection->accepted + get_sweep_interval (server));
}

static void
take_connection (GstRtcServer *server, GSocketConnection *socket)
{
  g_autoptr (GSocketAddress) remote =
      g_socket_connection_get_remote_address (socket, NULL);
  g_autoptr (GSocketAddress) local =
      g_socket_connection_get_local_address (socket, NULL);
  g_autofree gchar *network = NULL;
  g_autoptr (GIOStream) base = NULL;
  g_autoptr (GstRtcGuardStream) guard = NULL;
  g_autoptr (GError) error = NULL;

  if (!remote || !local)
    return; /* gone again */
  network = dup_network (remote);
  if (!admit (server, network)) {
    g_io_stream_close (G_IO_STREAM (socket), NULL, NULL);
    return;
  }
  g_socket_set_option (g_socket_connection_get_socket (socket), IPPROTO_TCP,
      TCP_NODELAY, 1, NULL);
  g_socket_set_option (g_socket_connection_get_socket (socket), SOL_SOCKET,
      SO_SNDBUF, SEND_BUFFER, NULL);
  base = wrap_tls (server, socket);
  if (!base) {
    gst_rtc_admission_leave (server->admission, network);
    return;
  }
  guard = new_guard (server, base, socket, network);
  add_connection (server, socket, remote, guard);
  if (!soup_server_accept_iostream (
          server->soup, G_IO_STREAM (guard), local, remote, &error))
    GST_WARNING ("connection from %s refused: %s", network, error->message);
}

static GSocket *
take_socket (GSocket *listener, GError **error)
{
  if (gst_rtc_files_are_free (FILES_KEPT))
    return g_socket_accept (listener, NULL, error);
  g_set_error_literal (
      error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES, GST_RTC_NO_FILES);
  return NULL;
}

/* One that cannot be accepted keeps the listener readable. */
static void
pause_accepting (GstRtcServer *server, const gchar *reason)
{
  if (!server->paused)
    GST_WARNING ("connections have to wait: %s", reason);
  server->paused = TRUE;
  clear_source (&server->acceptor);
  wake_by (server->resume, g_get_monotonic_time () + ACCEPT_PAUSE);
}

static gboolean
on_acceptable (GSocket *listener, GIOCondition condition, gpointer user_data)
{
  GstRtcServer *server = user_data;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = take_socket (listener, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE; /* gone again */
  if (!socket) {
    pause_accepting (server, error->message);
    return G_SOURCE_REMOVE;
  }
  server->paused = FALSE;
  connection = g_socket_connection_factory_create_connection (socket);
  take_connection (server, connection);
  return G_SOURCE_CONTINUE;
}

static gboolean
start_accepting (gpointer user_data)
{
  GstRtcServer *server = user_data;

  if (server->stopping)
    return G_SOURCE_CONTINUE;
  server->acceptor = g_socket_create_source (server->listener, G_IO_IN, NULL);
  g_source_set_static_name (server->acceptor, "rtc server acceptor");
  g_source_set_callback (
      server->acceptor, G_SOURCE_FUNC (on_acceptable), server, NULL);
  g_source_attach (
      server->acceptor, gst_rtc_worker_get_context (server->worker));
  return G_SOURCE_CONTINUE;
}

static void
start_soup (GstRtcServer *server)
{
  gchar *protocols[] = {(gchar *)GST_RTC_ROOM_SUBPROTOCOL, NULL};

  server->soup = soup_server_new (NULL, NULL);
  /* A message of 144 bytes that unpacks to more than a parser survives is
   * not worth what compression saves here. */
  soup_server_remove_websocket_extension (
      server->soup, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  /* The handler of a path hides the one for all paths. */
  soup_server_add_early_handler (server->soup, NULL, on_request, server, NULL);
  soup_server_add_early_handler (server->soup, "/ws", on_request, server, NULL);
  soup_server_add_websocket_handler (
      server->soup, "/ws", NULL, protocols, on_websocket_opened, server, NULL);
}

static void
start_rooms (GstRtcServer *server)
{
  const GstRtcServerSettings *settings = &server->settings;
  GstRtcRoomsSettings rooms_settings = {
      .app_id = settings->app_id,
      .app_key = settings->app_key,
      .max_rooms = settings->max_rooms,
      .max_visible_users = settings->max_visible_users,
      .max_invisible_users = settings->max_invisible_users,
      .max_streams = settings->max_streams,
      .max_subscriptions = settings->max_subscriptions,
      .ping_interval = settings->ping_interval,
      .grace_time = settings->grace_time,
  };

  server->rooms = gst_rtc_rooms_new (&rooms_settings, &rooms_output, server);
}

static gboolean
load_certificate (GstRtcServer *server, GError **error)
{
  const GstRtcServerSettings *settings = &server->settings;
  g_autoptr (GError) cause = NULL;

  if (!settings->tls_cert)
    return TRUE;
  server->certificate = g_tls_certificate_new_from_files (
      settings->tls_cert, settings->tls_key, &cause);
  if (server->certificate)
    return TRUE;
  return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
      "the certificate cannot be used: %s", cause->message);
}

static GSocket *
open_listener (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) listener =
      g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
          G_SOCKET_PROTOCOL_TCP, error);

  if (!listener)
    return NULL;
  g_socket_set_blocking (listener, FALSE);
  g_socket_set_listen_backlog (listener, BACKLOG);
  if (!g_socket_bind (listener, address, TRUE, error) ||
      !g_socket_listen (listener, error))
    return NULL;
  return g_steal_pointer (&listener);
}

static gboolean
listen_on_address (GstRtcServer *server, guint16 port, GError **error)
{
  const gchar *literal = g_ascii_strcasecmp (server->host, "localhost") == 0
                             ? "127.0.0.1"
                             : server->host;
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (literal, port);
  g_autoptr (GSocketAddress) effective = NULL;
  g_autoptr (GError) cause = NULL;
  gboolean ipv6 = strchr (server->host, ':') != NULL;

  server->listener = open_listener (address, &cause);
  if (server->listener)
    effective = g_socket_get_local_address (server->listener, &cause);
  if (!effective) {
    gint native = cause->domain == G_IO_ERROR ? cause->code : 0;

    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, native,
        "cannot listen at %s: %s", server->settings.listen, cause->message);
  }
  port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (effective));
  server->url =
      g_strdup_printf ("%s://%s%s%s:%u", server->certificate ? "https" : "http",
          ipv6 ? "[" : "", server->host, ipv6 ? "]" : "", port);
  start_accepting (server);
  return TRUE;
}

static gboolean
start_all (GstRtcServer *server, guint16 port, GError **error)
{
  server->connections = g_hash_table_new_full (
      g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)connection_free);
  server->peers = g_hash_table_new (g_str_hash, g_str_equal);
  server->admission =
      gst_rtc_admission_new (server->settings.max_connections_per_address,
          server->settings.max_connection_rate);
  server->sweep = add_timer (server, "rtc server sweep", on_sweep);
  server->tick = add_timer (server, "rtc server tick", on_tick);
  server->resume = add_timer (server, "rtc server resume", start_accepting);
  server->http = gst_rtc_server_http_new (&server->settings, server->host);
  start_rooms (server);
  start_soup (server);
  return load_certificate (server, error) &&
         listen_on_address (server, port, error);
}

typedef struct
{
  GstRtcServer *server;
  guint16 port;
} StartJob;

static void
run_start (gpointer data, gpointer unused)
{
  StartJob *job = data;
  GError *error = NULL;

  start_all (job->server, job->port, &error);
  g_mutex_lock (&job->server->lock);
  job->server->started = TRUE;
  job->server->start_error = error;
  g_cond_broadcast (&job->server->changed);
  g_mutex_unlock (&job->server->lock);
}

static void
run_stop (gpointer data, gpointer unused)
{
  GstRtcServer *server = data;
  GHashTableIter iter;
  gpointer value;

  server->stopping = TRUE;
  clear_source (&server->acceptor);
  if (server->listener)
    g_socket_close (server->listener, NULL);
  gst_rtc_rooms_close_all (server->rooms, "the server stops");
  g_hash_table_iter_init (&iter, server->connections);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Connection *connection = value;

    if (!connection->websocket)
      cut_connection (connection, "the server stops");
  }
  g_source_set_ready_time (server->sweep, 0);
}

/* On the worker, as libsoup wants to be taken down where it was made. */
static void
run_clear (gpointer data, gpointer unused)
{
  GstRtcServer *server = data;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, server->connections);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    gst_rtc_guard_stream_cut (((Connection *)value)->guard);
  g_hash_table_remove_all (server->connections);
  clear_source (&server->sweep);
  clear_source (&server->tick);
  clear_source (&server->resume);
  clear_source (&server->acceptor);
  g_clear_object (&server->listener);
  soup_server_disconnect (server->soup);
  g_clear_object (&server->soup);
  g_clear_pointer (&server->peers, g_hash_table_unref);
  g_clear_pointer (&server->connections, g_hash_table_unref);
  g_clear_pointer (&server->admission, gst_rtc_admission_free);
  g_clear_pointer (&server->rooms, gst_rtc_rooms_free);
  g_clear_pointer (&server->http, gst_rtc_server_http_free);
  g_clear_object (&server->certificate);
  g_clear_pointer (&server->cached, gst_rtc_message_unref);
  g_clear_pointer (&server->cached_text, g_free);
  signal_flag (server, &server->cleared);
}

static void
wait_for_flag (GstRtcServer *server, const gboolean *flag, gint64 span)
{
  gint64 end = g_get_monotonic_time () + span;

  g_mutex_lock (&server->lock);
  while (!*flag && g_cond_wait_until (&server->changed, &server->lock, end))
    ;
  g_mutex_unlock (&server->lock);
}

GstRtcServer *
gst_rtc_server_start (const GstRtcServerSettings *settings, GError **error)
{
  g_autoptr (GstRtcServer) server = g_object_new (GST_RTC_TYPE_SERVER, NULL);
  StartJob job = {.server = server};
  GError *start_error;

  gst_rtc_server_settings_copy (settings, &server->settings);
  if (!gst_rtc_server_settings_check (
          &server->settings, &server->host, &job.port, error))
    return NULL;

  if (!gst_rtc_files_are_free (GST_RTC_FILES_OF_A_CONNECTION)) {
    gst_rtc_error_set (
        error, GST_RTC_ERROR_GET_CONFIG_ERROR, 0, GST_RTC_NO_FILES);
    return NULL;
  }
  server->worker = gst_rtc_worker_new ("rtc-server");
  gst_rtc_worker_invoke (server->worker, run_start, &job, NULL);
  g_mutex_lock (&server->lock);
  while (!server->started)
    g_cond_wait (&server->changed, &server->lock);
  start_error = g_steal_pointer (&server->start_error);
  g_mutex_unlock (&server->lock);

  if (start_error) {
    g_propagate_error (error, start_error);
    return NULL;
  }
  GST_INFO ("listening at %s", server->url);
  return g_steal_pointer (&server);
}

const gchar *
gst_rtc_server_get_url (GstRtcServer *server)
{
  return server->url;
}

void
gst_rtc_server_stop (GstRtcServer *server)
{
  gboolean first;

  g_mutex_lock (&server->lock);
  first = !server->stopped;
  server->stopped = TRUE;
  g_mutex_unlock (&server->lock);
  if (!first || !server->worker)
    return;

  gst_rtc_worker_invoke (server->worker, run_stop, server, NULL);
  wait_for_flag (server, &server->drained, STOP_TIME);
  gst_rtc_worker_invoke (server->worker, run_clear, server, NULL);
  wait_for_flag (server, &server->cleared, STOP_TIME);
  gst_rtc_worker_stop (server->worker);
}

static void
gst_rtc_server_dispose (GObject *object)
{
  gst_rtc_server_stop (GST_RTC_SERVER (object));
  G_OBJECT_CLASS (gst_rtc_server_parent_class)->dispose (object);
}

static void
gst_rtc_server_finalize (GObject *object)
{
  GstRtcServer *server = GST_RTC_SERVER (object);

  g_clear_pointer (&server->worker, gst_rtc_worker_unref);
  gst_rtc_server_settings_clear (&server->settings);
  g_free (server->host);
  g_free (server->url);
  g_mutex_clear (&server->lock);
  g_cond_clear (&server->changed);
  G_OBJECT_CLASS (gst_rtc_server_parent_class)->finalize (object);
}

static void
gst_rtc_server_class_init (GstRtcServerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = gst_rtc_server_dispose;
  G_OBJECT_CLASS (klass)->finalize = gst_rtc_server_finalize;

  GST_DEBUG_CATEGORY_INIT (server_debug, "rtcserver", 0, "RTC room server");
}

static void
gst_rtc_server_init (GstRtcServer *server)
{
  g_mutex_init (&server->lock);
  g_cond_init (&server->changed);
}
