/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A TCP proxy that cuts, freezes and delays. Everything but the counter
 * belongs to its worker. */
#include "cut-proxy.h"

#include <gio/gio.h>
#include <sys/socket.h>

#include "rtcworker.h"

#define PIECE 16384

struct _CutProxy
{
  GstRtcWorker *worker;
  gchar *url;
  GSocketAddress *target;
  GSocketListener *listener;
  GCancellable *stop;
  GPtrArray *links;
  guint n_links; /* those that are ended and have a step under way, too */
  gboolean refusing;
  gboolean frozen;
  guint delay;
  gint n_connections; /* atomic */
};

typedef struct
{
  grefcount ref_count; /* held by each step that is under way */
  CutProxy *proxy;     /* outlives its links */
  GCancellable *cut;
  GSocketConnection *ends[2]; /* client, server */
} Link;

/* One direction of a link. */
typedef struct
{
  Link *link;
  guint from;
  gchar data[PIECE];
  gsize length;
} Pump;

static void read_piece (Pump *pump);

static void
link_unref (Link *link)
{
  if (!g_ref_count_dec (&link->ref_count))
    return;
  g_clear_object (&link->ends[0]);
  g_clear_object (&link->ends[1]);
  g_object_unref (link->cut);
  link->proxy->n_links--;
  g_free (link);
}

/* Without lingering a socket ends with a reset. */
static void
reset_connection (GSocketConnection *connection)
{
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  GSocket *socket = g_socket_connection_get_socket (connection);

  setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &at_once,
      sizeof at_once);
  g_socket_close (socket, NULL);
}

static void
end_link (Link *link, gboolean reset)
{
  if (g_cancellable_is_cancelled (link->cut))
    return;
  g_cancellable_cancel (link->cut);
  for (guint i = 0; i < G_N_ELEMENTS (link->ends); i++) {
    if (link->ends[i] && reset)
      reset_connection (link->ends[i]);
    else if (link->ends[i])
      g_socket_close (g_socket_connection_get_socket (link->ends[i]), NULL);
  }
  g_ptr_array_remove_fast (link->proxy->links, link);
}

static void
pump_free (Pump *pump)
{
  link_unref (pump->link);
  g_free (pump);
}

static void
end_pump (Pump *pump)
{
  end_link (pump->link, FALSE);
  pump_free (pump);
}

static void
on_written (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  Pump *pump = user_data;

  if (g_output_stream_write_all_finish (
          G_OUTPUT_STREAM (stream), result, NULL, NULL))
    read_piece (pump);
  else
    end_pump (pump);
}

static void
write_piece (Pump *pump)
{
  if (g_cancellable_is_cancelled (pump->link->cut)) {
    pump_free (pump);
    return;
  }
  g_output_stream_write_all_async (g_io_stream_get_output_stream (G_IO_STREAM (
                                       pump->link->ends[!pump->from])),
      pump->data, pump->length, G_PRIORITY_DEFAULT, pump->link->cut, on_written,
      pump);
}

/* Frozen pieces are looked at again; nothing else has to know them. */
static gboolean
on_piece_due (gpointer user_data)
{
  Pump *pump = user_data;

  if (pump->link->proxy->frozen &&
      !g_cancellable_is_cancelled (pump->link->cut))
    return G_SOURCE_CONTINUE;
  write_piece (pump);
  return G_SOURCE_REMOVE;
}

static void
pass_piece (Pump *pump)
{
  CutProxy *proxy = pump->link->proxy;
  GSource *source;

  if (!proxy->frozen && proxy->delay == 0) {
    write_piece (pump);
    return;
  }
  source = g_timeout_source_new (proxy->frozen ? 5 : proxy->delay);
  g_source_set_callback (source, on_piece_due, pump, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  g_source_unref (source);
}

static void
on_read (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  Pump *pump = user_data;
  gssize length =
      g_input_stream_read_finish (G_INPUT_STREAM (stream), result, NULL);

  if (length <= 0) {
    end_pump (pump);
    return;
  }
  pump->length = (gsize)length;
  pass_piece (pump);
}

static void
read_piece (Pump *pump)
{
  g_input_stream_read_async (
      g_io_stream_get_input_stream (G_IO_STREAM (pump->link->ends[pump->from])),
      pump->data, PIECE, G_PRIORITY_DEFAULT, pump->link->cut, on_read, pump);
}

static void
start_pump (Link *link, guint from)
{
  Pump *pump = g_new0 (Pump, 1);

  g_ref_count_inc (&link->ref_count);
  pump->link = link;
  pump->from = from;
  read_piece (pump);
}

static void
on_target_connected (GObject *client, GAsyncResult *result, gpointer user_data)
{
  Link *link = user_data;

  link->ends[1] =
      g_socket_client_connect_finish (G_SOCKET_CLIENT (client), result, NULL);
  if (!link->ends[1]) {
    end_link (link, TRUE);
  } else if (!g_cancellable_is_cancelled (link->cut)) {
    start_pump (link, 0);
    start_pump (link, 1);
  }
  link_unref (link);
}

static void
add_link (CutProxy *self, GSocketConnection *connection)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  Link *link = g_new0 (Link, 1);

  g_ref_count_init (&link->ref_count);
  link->proxy = self;
  self->n_links++;
  link->cut = g_cancellable_new ();
  link->ends[0] = g_object_ref (connection);
  g_ptr_array_add (self->links, link);
  g_ref_count_inc (&link->ref_count);
  g_socket_client_connect_async (client, G_SOCKET_CONNECTABLE (self->target),
      link->cut, on_target_connected, link);
}

static void
on_accepted (GObject *listener, GAsyncResult *result, gpointer user_data)
{
  CutProxy *self = user_data;
  g_autoptr (GSocketConnection) connection = g_socket_listener_accept_finish (
      G_SOCKET_LISTENER (listener), result, NULL, NULL);

  if (!connection)
    return;
  g_atomic_int_inc (&self->n_connections);
  if (self->refusing)
    reset_connection (connection);
  else
    add_link (self, connection);
  g_socket_listener_accept_async (
      self->listener, self->stop, on_accepted, self);
}

/* --- jobs of the worker --- */

static void
start_job (gpointer data, gpointer unused)
{
  CutProxy *self = data;

  g_socket_listener_accept_async (
      self->listener, self->stop, on_accepted, self);
}

static void
cut_job (gpointer data, gpointer unused)
{
  CutProxy *self = data;

  while (self->links->len > 0)
    end_link (g_ptr_array_index (self->links, 0), TRUE);
}

static void
stop_job (gpointer data, gpointer unused)
{
  CutProxy *self = data;

  g_cancellable_cancel (self->stop);
  g_socket_listener_close (self->listener);
  cut_job (self, NULL);
}

static void
refuse_job (gpointer data, gpointer unused)
{
  ((CutProxy *)data)->refusing = TRUE;
}

static void
admit_job (gpointer data, gpointer unused)
{
  ((CutProxy *)data)->refusing = FALSE;
}

static void
freeze_job (gpointer data, gpointer unused)
{
  ((CutProxy *)data)->frozen = TRUE;
}

static void
thaw_job (gpointer data, gpointer unused)
{
  ((CutProxy *)data)->frozen = FALSE;
}

typedef struct
{
  CutProxy *proxy;
  guint delay;
} Delay;

static void
delay_job (gpointer data, gpointer unused)
{
  Delay *delay = data;

  delay->proxy->delay = delay->delay;
}

/* --- public --- */

CutProxy *
cut_proxy_new (const gchar *url)
{
  CutProxy *self = g_new0 (CutProxy, 1);
  g_autoptr (GUri) uri = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  self->target = g_inet_socket_address_new_from_string (
      g_uri_get_host (uri), (guint)g_uri_get_port (uri));
  self->stop = g_cancellable_new ();
  self->links = g_ptr_array_new_with_free_func ((GDestroyNotify)link_unref);
  self->listener = g_socket_listener_new ();
  g_socket_listener_add_address (self->listener, any, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, NULL, &address, &error);
  g_assert_no_error (error);
  self->url = g_strdup_printf ("http://127.0.0.1:%u",
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address)));
  self->worker = gst_rtc_worker_new ("cut-proxy");
  gst_rtc_worker_invoke (self->worker, start_job, self, NULL);
  return self;
}

void
cut_proxy_free (CutProxy *self)
{
  GMainContext *context;

  if (!self)
    return;
  gst_rtc_worker_invoke (self->worker, stop_job, self, NULL);
  gst_rtc_worker_stop (self->worker);

  /* What is under way ends with the cancellation; it needs the context. */
  context = gst_rtc_worker_get_context (self->worker);
  g_main_context_acquire (context);
  g_main_context_push_thread_default (context);
  stop_job (self, NULL);
  while (self->n_links > 0)
    g_main_context_iteration (context, TRUE);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
  g_main_context_release (context);
  gst_rtc_worker_unref (self->worker);

  g_ptr_array_unref (self->links);
  g_object_unref (self->listener);
  g_object_unref (self->stop);
  g_object_unref (self->target);
  g_free (self->url);
  g_free (self);
}

const gchar *
cut_proxy_get_url (CutProxy *self)
{
  return self->url;
}

void
cut_proxy_cut (CutProxy *self)
{
  gst_rtc_worker_invoke (self->worker, cut_job, self, NULL);
}

void
cut_proxy_set_refusing (CutProxy *self, gboolean refusing)
{
  gst_rtc_worker_invoke (
      self->worker, refusing ? refuse_job : admit_job, self, NULL);
}

void
cut_proxy_set_frozen (CutProxy *self, gboolean frozen)
{
  gst_rtc_worker_invoke (
      self->worker, frozen ? freeze_job : thaw_job, self, NULL);
}

void
cut_proxy_set_delay (CutProxy *self, guint ms)
{
  Delay *delay = g_new (Delay, 1);

  *delay = (Delay){.proxy = self, .delay = ms};
  gst_rtc_worker_invoke (self->worker, delay_job, delay, g_free);
}

guint
cut_proxy_get_n_connections (CutProxy *self)
{
  return (guint)g_atomic_int_get (&self->n_connections);
}
