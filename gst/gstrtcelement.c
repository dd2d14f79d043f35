/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Abstract bin that rtcsink and rtcsrc derive from: settings, room client,
 * worker, state changes, promises and messages. Fields say their thread. */
#include "gstrtcelement.h"

#include <gio/gio.h>

#include "gstrtcahead.h"
#include "gstrtcdtls.h"
#include "gstrtchold.h"
#include "gstrtcserve.h"
#include "gstrtcsettings.h"
#include "rtcerror-private.h"
#include "rtcfiles.h"
#include "rtclinger.h"

GST_DEBUG_CATEGORY_STATIC (element_debug);
#define GST_CAT_DEFAULT element_debug

/* How long READY to NULL waits for the goodbye to reach the server. */
#define SHUTDOWN_TIMEOUT (500 * G_TIME_SPAN_MILLISECOND)
/* For a callback of the application that may itself be waiting for the state
 * change that waits for it. */
#define CALLBACK_TIMEOUT_MS 1000
#define TRANSPORTS_TIMEOUT_MS 1000

enum
{
  PROP_CONNECTION_STATE = GST_RTC_N_SETTINGS,
  PROP_STATS
};

enum
{
  SIGNAL_INIT,
  SIGNAL_JOIN,
  SIGNAL_LEAVE,
  SIGNAL_RENEW_TOKEN,
  SIGNAL_SET_USER_VISIBILITY,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef struct
{
  /* Under the object lock. */
  GstRtcSettings settings;
  GstRtcConfig *config;
  GstRtcConnectionState connection_state;
  GstRtcWorker *worker;   /* from NULL to READY until back */
  GstRtcWorker *notifier; /* likewise */

  /* State changes only, which GStreamer serialises. */
  GstRtcServe *serve;

  /* Worker only. */
  GstRtcRoomClient *client;
  gboolean want_room; /* by the state, not by an action */
  gboolean leaving;
  gboolean playing;
  gboolean active;
  gboolean shutting_down; /* nothing is begun any more */
  gboolean foreign_port;  /* somebody else listens where we were to serve */
  GstRtcElementCall *queued_join; /* waits for the leave before it */

  /* Notifier only. */
  GstRtcHold *hold; /* from NULL to READY until back */
} GstRtcElementPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (
    GstRtcElement, gst_rtc_element, GST_TYPE_BIN)

static GstRtcElementPrivate *
get_private (GstRtcElement *self)
{
  return gst_rtc_element_get_instance_private (self);
}

/* --- jobs for the worker and the notifier --- */

typedef struct
{
  GstRtcElement *self;
  GstRtcElementFunc func;
  gpointer data;
  GDestroyNotify destroy;
} ElementJob;

static void
run_element_job (gpointer data, gpointer unused)
{
  ElementJob *job = data;

  job->func (job->self, job->data);
}

static void
free_element_job (gpointer data)
{
  ElementJob *job = data;

  if (job->destroy)
    job->destroy (job->data);
  gst_object_unref (job->self);
  g_free (job);
}

static GstRtcWorker *
ref_worker (GstRtcElement *self, gboolean notifier)
{
  GstRtcElementPrivate *priv = get_private (self);
  GstRtcWorker *worker;

  GST_OBJECT_LOCK (self);
  worker = notifier ? priv->notifier : priv->worker;
  if (worker)
    gst_rtc_worker_ref (worker);
  GST_OBJECT_UNLOCK (self);
  return worker;
}

static void
queue_job (GstRtcElement *self, gboolean notifier, GstRtcElementFunc func,
    gpointer data, GDestroyNotify destroy)
{
  g_autoptr (GstRtcWorker) worker = ref_worker (self, notifier);
  ElementJob *job = g_new (ElementJob, 1);

  *job = (ElementJob){.self = gst_object_ref (self),
      .func = func,
      .data = data,
      .destroy = destroy};
  if (worker)
    gst_rtc_worker_invoke (worker, run_element_job, job, free_element_job);
  else
    free_element_job (job);
}

void
gst_rtc_element_invoke (GstRtcElement *self, GstRtcElementFunc func,
    gpointer data, GDestroyNotify destroy)
{
  queue_job (self, FALSE, func, data, destroy);
}

void
gst_rtc_element_wait_for_callback (GstRtcElement *self)
{
  g_autoptr (GstRtcWorker) notifier = ref_worker (self, TRUE);

  if (notifier && !gst_rtc_worker_wait (notifier, CALLBACK_TIMEOUT_MS))
    GST_WARNING_OBJECT (self, "a callback does not return");
}

void
gst_rtc_element_notify (GstRtcElement *self, GstRtcElementFunc func,
    gpointer data, GDestroyNotify destroy)
{
  queue_job (self, TRUE, func, data, destroy);
}

GstRtcWorker *
gst_rtc_element_ref_worker (GstRtcElement *self)
{
  return ref_worker (self, FALSE);
}

GstRtcRoomClient *
gst_rtc_element_get_client (GstRtcElement *self)
{
  return get_private (self)->client;
}

GstRtcConfig *
gst_rtc_element_ref_config (GstRtcElement *self)
{
  GstRtcElementPrivate *priv = get_private (self);
  GstRtcConfig *config;

  GST_OBJECT_LOCK (self);
  config = priv->config ? gst_rtc_config_ref (priv->config) : NULL;
  GST_OBJECT_UNLOCK (self);
  return config;
}

gboolean
gst_rtc_element_is_active (GstRtcElement *self)
{
  return get_private (self)->active;
}

/* --- messages --- */

static void
post_job (GstRtcElement *self, gpointer data)
{
  gst_rtc_hold_post (get_private (self)->hold, gst_message_ref (data));
}

static void
queue_message (GstRtcElement *self, GstMessage *message)
{
  gst_rtc_element_notify (
      self, post_job, message, (GDestroyNotify)gst_message_unref);
}

void
gst_rtc_element_complete_failure (
    GstRtcElement *self, GstRtcFailure *failure, GstRtcConfig *config)
{
  g_autofree gchar *url = NULL;

  if (!config) { /* before the first join */
    g_object_get (self, "server-url", &url, NULL);
    failure->backend = gst_rtc_backend_of_url (url ? url : "");
    return;
  }
  failure->room_id = gst_rtc_config_get_values (config)->room_id;
  failure->backend = gst_rtc_config_get_backend (config);
}

void
gst_rtc_element_post_failure (GstRtcElement *self, GstMessageType severity,
    const GError *error, GstRtcOperation operation, const gchar *user_id,
    GstRtcFailureStream stream)
{
  g_autoptr (GstRtcConfig) config = gst_rtc_element_ref_config (self);
  GstRtcFailure failure = {.error = error,
      .operation = operation,
      .stream = stream,
      .user_id = user_id};

  gst_rtc_element_complete_failure (self, &failure, config);
  queue_message (
      self, gst_rtc_bus_new_failure (GST_ELEMENT (self), severity, &failure));
}

void
gst_rtc_element_post_fact (GstRtcElement *self, GstStructure *fact)
{
  queue_message (self, gst_message_new_element (GST_OBJECT (self), fact));
}

/* Within a state change that fails of it. */
static void
post_error_at_once (
    GstRtcElement *self, const GError *error, GstRtcOperation operation)
{
  GstRtcFailure failure = {.error = error, .operation = operation};

  gst_rtc_element_complete_failure (self, &failure, NULL);
  gst_element_post_message (
      GST_ELEMENT (self), gst_rtc_bus_new_failure (
                              GST_ELEMENT (self), GST_MESSAGE_ERROR, &failure));
}

static void
hold_errors (GstRtcElement *self, gpointer unused)
{
  gst_rtc_hold_begin (get_private (self)->hold);
}

static void
release_errors (GstRtcElement *self, gpointer unused)
{
  gst_rtc_hold_end (get_private (self)->hold);
}

/* --- joining and leaving, on the worker --- */

static void
update_active (GstRtcElement *self)
{
  GstRtcElementPrivate *priv = get_private (self);
  gboolean active = priv->playing && priv->client && !priv->leaving &&
                    gst_rtc_room_client_is_in_room (priv->client);

  if (active == priv->active)
    return;
  priv->active = active;
  if (active)
    GST_RTC_ELEMENT_GET_CLASS (self)->activate (self);
}

static void
on_joined (GstRtcElement *self, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  update_active (self);
}

/* The join that the state asked for. What it did not get ends the pipeline,
 * unless the state has been taken back in the meantime. */
static void
on_auto_joined (GstRtcElement *self, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  GstRtcElementPrivate *priv = get_private (self);
  g_autoptr (GError) owner = NULL;

  if (error && priv->want_room) {
    if (priv->foreign_port && error->code == GST_RTC_ERROR_GET_CONFIG_ERROR) {
      owner = gst_rtc_error_new (GST_RTC_ERROR_INVALID_PARAMS,
          gst_rtc_error_get_native_code (error),
          "server-url: the port is used by something that is not a room "
          "server (%s)",
          error->message);
      error = owner;
    }
    gst_rtc_element_post_failure (self, GST_MESSAGE_ERROR, error,
        GST_RTC_OPERATION_JOIN, NULL, GST_RTC_FAILURE_NO_STREAM);
  }
  on_joined (self, request, answer, error);
}

static void
on_left (GstRtcElement *self, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  GstRtcElementPrivate *priv = get_private (self);

  priv->leaving = FALSE;
  if (priv->queued_join)
    gst_rtc_element_call_send (self, g_steal_pointer (&priv->queued_join));
}

static void
join_by_state (GstRtcElement *self, GstRtcElementCall *call)
{
  GstRtcElementPrivate *priv = get_private (self);

  priv->want_room = TRUE;
  g_clear_pointer (&priv->queued_join, gst_rtc_element_call_free);
  if (priv->leaving)
    priv->queued_join = call;
  else
    gst_rtc_element_call_send (self, call);
}

/* PAUSED to READY. Whatever the room was asked before ends with the leave,
 * and that is nothing to complain about. */
static void
leave_by_state (GstRtcElement *self, GstRtcElementCall *call)
{
  GstRtcElementPrivate *priv = get_private (self);

  priv->want_room = FALSE;
  g_clear_pointer (&priv->queued_join, gst_rtc_element_call_free);
  GST_RTC_ELEMENT_GET_CLASS (self)->reset (self);
  if (priv->leaving) {
    gst_rtc_element_call_free (call);
    return;
  }
  priv->leaving = TRUE;
  update_active (self);
  gst_rtc_element_call_send (self, call);
}

static void
set_playing_job (GstRtcElement *self, gpointer data)
{
  get_private (self)->playing = GPOINTER_TO_INT (data);
  update_active (self);
}

static void
notify_connection_state (GstRtcElement *self, gpointer data)
{
  g_object_notify (G_OBJECT (self), "connection-state");
}

static void
on_room_event (
    GstRtcRoomClient *client, const GstRtcEvent *event, GstRtcElement *self)
{
  GstRtcElementPrivate *priv = get_private (self);
  GstStructure *fact = gst_rtc_bus_describe_event (event);

  if (event->type == GST_RTC_EVENT_CONNECTION_STATE) {
    GST_OBJECT_LOCK (self);
    priv->connection_state = event->new_state;
    GST_OBJECT_UNLOCK (self);
    gst_rtc_element_notify (self, notify_connection_state, NULL, NULL);
    /* Not before there is a room: who cannot join should not wait for it. */
    if (event->new_state == GST_RTC_CONNECTION_CONNECTED)
      gst_rtc_ahead_make_certificate ();
  }
  if (fact)
    gst_rtc_element_post_fact (self, fact);

  if (!priv->shutting_down)
    GST_RTC_ELEMENT_GET_CLASS (self)->room_event (self, event);

  if (event->type == GST_RTC_EVENT_FAILED) {
    gst_rtc_element_post_failure (self,
        event->retrying ? GST_MESSAGE_WARNING : GST_MESSAGE_ERROR, event->error,
        GST_RTC_OPERATION_NONE, NULL, GST_RTC_FAILURE_NO_STREAM);
  }
  update_active (self);
  if (event->type == GST_RTC_EVENT_CONNECTION_STATE &&
      event->old_state == GST_RTC_CONNECTION_RECONNECTING &&
      event->new_state == GST_RTC_CONNECTION_CONNECTED && priv->active)
    GST_RTC_ELEMENT_GET_CLASS (self)->returned (self);
}

/* --- media transports --- */

/* Those of the settings go before those of the room. */
static gchar **
join_lists (const gchar *const *first, const gchar *const *second)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (first)
    g_strv_builder_addv (builder, (const gchar **)first);
  if (second)
    g_strv_builder_addv (builder, (const gchar **)second);
  return g_strv_builder_end (builder);
}

GstRtcPeer *
gst_rtc_element_new_peer (GstRtcElement *self, GstRtcPeerRole role,
    const gchar *name, guint latency, const GstRtcPeerListener *listener,
    gpointer user_data, GError **error)
{
  GstRtcElementPrivate *priv = get_private (self);
  g_autoptr (GstRtcConfig) config = gst_rtc_element_ref_config (self);
  const GstRtcConfigValues *values = gst_rtc_config_get_values (config);
  g_autoptr (GstRtcWorker) worker = gst_rtc_element_ref_worker (self);
  g_autoptr (GstClock) clock = gst_element_get_clock (GST_ELEMENT (self));
  g_auto (GStrv) turn_servers = join_lists (values->turn_servers,
      gst_rtc_room_client_get_turn_servers (priv->client));
  GstRtcPeerSettings settings = {.name = name,
      .role = role,
      .stun_server = values->stun_server,
      .turn_servers = (const gchar *const *)turn_servers,
      .ice_policy = values->ice_transport_policy,
      .local_addresses = values->local_addresses,
      .latency = latency,
      .connect_timeout = values->connect_timeout,
      .media_timeout = values->media_timeout};

  if (!settings.stun_server)
    settings.stun_server = gst_rtc_room_client_get_stun_server (priv->client);
  if (!clock)
    clock = gst_system_clock_obtain ();
  settings.clock = clock;
  return gst_rtc_peer_new (worker, &settings, listener, user_data, error);
}

/* --- the worker's life --- */

static void
create_client_job (GstRtcElement *self, gpointer data)
{
  GstRtcElementPrivate *priv = get_private (self);

  priv->shutting_down = FALSE;
  priv->client = gst_rtc_room_client_new ();
  g_signal_connect (priv->client, "event", G_CALLBACK (on_room_event), self);
}

static gboolean
check_files (GstRtcElement *self)
{
  g_autoptr (GError) error = NULL;

  if (gst_rtc_files_are_free (GST_RTC_FILES_OF_AN_ELEMENT))
    return TRUE;
  error =
      gst_rtc_error_new (GST_RTC_ERROR_GET_CONFIG_ERROR, 0, GST_RTC_NO_FILES);
  post_error_at_once (self, error, GST_RTC_OPERATION_INIT);
  return FALSE;
}

static void
open_worker (GstRtcElement *self)
{
  GstRtcElementPrivate *priv = get_private (self);

  priv->hold = gst_rtc_hold_new (GST_ELEMENT (self));
  GST_OBJECT_LOCK (self);
  priv->worker = gst_rtc_worker_new ("rtc-worker");
  priv->notifier = gst_rtc_worker_new ("rtc-notifier");
  GST_OBJECT_UNLOCK (self);
  gst_rtc_element_invoke (self, create_client_job, NULL, NULL);
}

/* Shared between the state change that waits and the worker that ends. */
typedef struct
{
  gatomicrefcount ref_count;
  GMutex lock;
  GCond cond;
  gboolean ended; /* under lock */
} Shutdown;

static void
shutdown_unref (gpointer data)
{
  Shutdown *wait = data;

  if (!g_atomic_ref_count_dec (&wait->ref_count))
    return;
  g_mutex_clear (&wait->lock);
  g_cond_clear (&wait->cond);
  g_free (wait);
}

static void
on_client_shut_down (gpointer data, gpointer user_data)
{
  Shutdown *wait = data;

  g_mutex_lock (&wait->lock);
  wait->ended = TRUE;
  g_cond_signal (&wait->cond);
  g_mutex_unlock (&wait->lock);
  shutdown_unref (wait);
}

static void
shutdown_job (GstRtcElement *self, gpointer data)
{
  GstRtcElementPrivate *priv = get_private (self);
  Shutdown *wait = data;

  priv->want_room = FALSE;
  priv->shutting_down = TRUE;
  g_clear_pointer (&priv->queued_join, gst_rtc_element_call_free);
  GST_RTC_ELEMENT_GET_CLASS (self)->reset (self);
  g_atomic_ref_count_inc (&wait->ref_count);
  gst_rtc_room_client_shutdown (priv->client, on_client_shut_down, wait);
}

static void
wait_for_shutdown (GstRtcElement *self)
{
  Shutdown *wait = g_new0 (Shutdown, 1);
  gint64 deadline = g_get_monotonic_time () + SHUTDOWN_TIMEOUT;

  g_atomic_ref_count_init (&wait->ref_count);
  g_atomic_ref_count_inc (&wait->ref_count);
  g_mutex_init (&wait->lock);
  g_cond_init (&wait->cond);
  gst_rtc_element_invoke (self, shutdown_job, wait, shutdown_unref);

  g_mutex_lock (&wait->lock);
  while (!wait->ended) {
    if (!g_cond_wait_until (&wait->cond, &wait->lock, deadline)) {
      GST_WARNING_OBJECT (self, "the room did not let go in time");
      break;
    }
  }
  g_mutex_unlock (&wait->lock);
  shutdown_unref (wait);
}

static void
close_worker (GstRtcElement *self)
{
  GstRtcElementPrivate *priv = get_private (self);
  g_autoptr (GstRtcWorker) worker = NULL;
  g_autoptr (GstRtcWorker) notifier = NULL;
  GMainContext *context;

  wait_for_shutdown (self);

  GST_OBJECT_LOCK (self);
  worker = g_steal_pointer (&priv->worker);
  GST_OBJECT_UNLOCK (self);
  gst_rtc_worker_stop (worker);

  /* The worker has gone; this thread takes its context over to clean up. */
  context = gst_rtc_worker_get_context (worker);
  g_main_context_acquire (context);
  g_main_context_push_thread_default (context);
  g_signal_handlers_disconnect_by_data (priv->client, self);
  g_clear_object (&priv->client);
  gst_rtc_linger_end_all (context);
  g_main_context_pop_thread_default (context);
  g_main_context_release (context);
  priv->leaving = priv->playing = priv->active = FALSE;

  GST_OBJECT_LOCK (self);
  notifier = g_steal_pointer (&priv->notifier);
  priv->connection_state = GST_RTC_CONNECTION_DISCONNECTED;
  g_clear_pointer (&priv->config, gst_rtc_config_unref);
  GST_OBJECT_UNLOCK (self);
  if (!gst_rtc_worker_stop_within (notifier, CALLBACK_TIMEOUT_MS))
    GST_WARNING_OBJECT (self, "a callback does not return");
  g_clear_pointer (&priv->hold, gst_rtc_hold_free);
}

/* --- state changes --- */

static void
auto_init (GstRtcElement *self)
{
  GstRtcElementPrivate *priv = get_private (self);
  GstRtcRequest request = {.operation = GST_RTC_OPERATION_INIT};
  g_autofree gchar *app_id = NULL;

  GST_OBJECT_LOCK (self);
  app_id = g_strdup (priv->settings.app_id);
  GST_OBJECT_UNLOCK (self);
  /* A bad one is told with all the other faults when the room is joined. */
  if (!gst_rtc_id_is_valid (app_id, NULL))
    return;
  request.app_id = app_id;
  gst_rtc_element_call_start (
      self, gst_rtc_element_call_new (&request, GST_MESSAGE_ERROR, NULL, NULL));
}

static GstRtcConfig *
make_config (GstRtcElement *self, const gchar *room_id, const gchar *user_id,
    const gchar *token, GError **error)
{
  GstRtcElementPrivate *priv = get_private (self);
  GstRtcElementClass *klass = GST_RTC_ELEMENT_GET_CLASS (self);
  GstRtcConfig *config;

  GST_OBJECT_LOCK (self);
  config = gst_rtc_settings_make_config (
      &priv->settings, room_id, user_id, token, error);
  GST_OBJECT_UNLOCK (self);
  if (config && klass->check_settings && !klass->check_settings (self, error))
    g_clear_pointer (&config, gst_rtc_config_unref);
  return config;
}

static void
take_config (GstRtcElement *self, GstRtcConfig *config)
{
  GstRtcElementPrivate *priv = get_private (self);
  GstRtcConfig *old;

  GST_OBJECT_LOCK (self);
  old = priv->config;
  priv->config = config;
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&old, gst_rtc_config_unref);
}

/* The settings with the address that the embedded server really has. */
static GstRtcConfig *
config_for_served (GstRtcElement *self, GstRtcConfig *config, GError **error)
{
  const GstRtcConfigValues *old = gst_rtc_config_get_values (config);
  GstRtcConfigValues values = *old;

  values.server_url = gst_rtc_serve_get_url (get_private (self)->serve);
  return gst_rtc_config_new (&values, error);
}

static void
post_server_started (GstRtcElement *self)
{
  const gchar *url = gst_rtc_serve_get_url (get_private (self)->serve);
  g_autofree gchar *page = g_strconcat (url, "/", NULL);

  gst_rtc_element_post_fact (
      self, gst_structure_new ("rtc-server-started", "address", G_TYPE_STRING,
                url, "page", G_TYPE_STRING, page, NULL));
}

static gboolean
serve (GstRtcElement *self, GstRtcConfig **config, GError **error)
{
  GstRtcElementPrivate *priv = get_private (self);
  g_autoptr (GError) local_error = NULL;
  GstRtcServe *server;
  GstRtcConfig *served;

  priv->foreign_port = FALSE;
  if (!gst_rtc_config_get_values (*config)->serve)
    return TRUE;

  server = gst_rtc_serve_acquire (*config, &local_error);
  if (!server) {
    /* Perhaps a room server answers there; the join will tell. */
    priv->foreign_port = gst_rtc_error_get_native_code (local_error) ==
                         G_IO_ERROR_ADDRESS_IN_USE;
    if (priv->foreign_port)
      return TRUE;
    g_propagate_error (error, g_steal_pointer (&local_error));
    return FALSE;
  }

  gst_rtc_serve_release (priv->serve);
  priv->serve = server;
  served = config_for_served (self, *config, error);
  if (!served)
    return FALSE;
  gst_rtc_config_unref (*config);
  *config = served;
  if (gst_rtc_serve_is_first (server))
    post_server_started (self);
  return TRUE;
}

static gboolean
auto_join (GstRtcElement *self)
{
  g_autoptr (GError) error = NULL;
  GstRtcConfig *config = make_config (self, NULL, NULL, NULL, &error);
  GstRtcRequest request = {.operation = GST_RTC_OPERATION_JOIN};
  GstRtcElementCall *call;

  if (!config || !serve (self, &config, &error)) {
    post_error_at_once (self, error, GST_RTC_OPERATION_JOIN);
    g_clear_pointer (&config, gst_rtc_config_unref);
    return FALSE;
  }

  request.config = config;
  call = gst_rtc_element_call_new (
      &request, GST_MESSAGE_UNKNOWN, NULL, on_auto_joined);
  /* First, since what fails at once is told with the room as well. */
  take_config (self, config);
  gst_rtc_element_call_invoke (self, call, join_by_state);
  return TRUE;
}

static void
auto_leave (GstRtcElement *self)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_LEAVE};

  gst_rtc_element_call_invoke (self,
      gst_rtc_element_call_new (&request, GST_MESSAGE_UNKNOWN, NULL, on_left),
      leave_by_state);
}

static gboolean
wants_auto_join (GstRtcElement *self)
{
  GstRtcElementPrivate *priv = get_private (self);
  gboolean wants;

  GST_OBJECT_LOCK (self);
  wants = priv->settings.auto_join;
  GST_OBJECT_UNLOCK (self);
  return wants;
}

static void
leave_ready (GstRtcElement *self)
{
  GstRtcElementPrivate *priv = get_private (self);

  close_worker (self);
  g_clear_pointer (&priv->serve, gst_rtc_serve_release);
  gst_rtc_ahead_end ();
  if (!gst_rtc_peer_wait_for_ends (TRANSPORTS_TIMEOUT_MS))
    GST_WARNING_OBJECT (self, "transports take long to end");
}

static void
clock_job (GstRtcElement *self, gpointer data)
{
  GST_RTC_ELEMENT_GET_CLASS (self)->clock_changed (self, data);
}

/* Transports that are there run by the clock that was there. */
static gboolean
gst_rtc_element_set_clock (GstElement *element, GstClock *clock)
{
  if (!GST_ELEMENT_CLASS (gst_rtc_element_parent_class)
           ->set_clock (element, clock))
    return FALSE;
  if (clock)
    gst_rtc_element_invoke (GST_RTC_ELEMENT (element), clock_job,
        gst_object_ref (clock), gst_object_unref);
  return TRUE;
}

static GstStateChangeReturn
gst_rtc_element_change_state (GstElement *element, GstStateChange transition)
{
  GstRtcElement *self = GST_RTC_ELEMENT (element);
  GstStateChangeReturn ret;

  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (!check_files (self))
        return GST_STATE_CHANGE_FAILURE;
      gst_rtc_ahead_load_plugins ();
      open_worker (self);
      if (wants_auto_join (self))
        auto_init (self);
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      gst_rtc_element_notify (self, hold_errors, NULL, NULL);
      if (wants_auto_join (self) && !auto_join (self))
        return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      gst_rtc_element_invoke (
          self, set_playing_job, GINT_TO_POINTER (FALSE), NULL);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      auto_leave (self);
      break;
    default:
      break;
  }

  ret = GST_ELEMENT_CLASS (gst_rtc_element_parent_class)
            ->change_state (element, transition);

  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      if (ret == GST_STATE_CHANGE_FAILURE)
        leave_ready (self);
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (ret == GST_STATE_CHANGE_FAILURE)
        auto_leave (self);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      gst_rtc_element_notify (self, release_errors, NULL, NULL);
      if (ret != GST_STATE_CHANGE_FAILURE) {
        gst_rtc_element_invoke (
            self, set_playing_job, GINT_TO_POINTER (TRUE), NULL);
      }
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      gst_rtc_element_notify (self, release_errors, NULL, NULL);
      break;
    case GST_STATE_CHANGE_READY_TO_NULL:
      leave_ready (self);
      break;
    default:
      break;
  }
  return ret;
}

/* --- actions --- */

static GstRtcElementCall *
action_call (
    const GstRtcRequest *request, GstPromise *promise, GstRtcElementDone done)
{
  return gst_rtc_element_call_new (request, GST_MESSAGE_WARNING, promise, done);
}

static void
action_init (GstRtcElement *self, const gchar *app_id, GstPromise *promise)
{
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_INIT, .app_id = app_id};

  gst_rtc_element_call_start (self, action_call (&request, promise, NULL));
}

/* One that is refused leaves the settings of the room as they are. */
static void
join_by_action (GstRtcElement *self, GstRtcElementCall *call)
{
  GstRtcRoomClient *client = get_private (self)->client;

  if (client &&
      gst_rtc_room_client_check_state (client, GST_RTC_OPERATION_JOIN, NULL))
    take_config (self,
        gst_rtc_config_ref (gst_rtc_element_call_get_request (call)->config));
  gst_rtc_element_call_send (self, call);
}

static void
action_join (GstRtcElement *self, const gchar *token, const gchar *room_id,
    const gchar *user_id, GstPromise *promise)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcConfig) config =
      make_config (self, room_id, user_id, token, &error);
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_JOIN, .config = config};
  GstRtcElementCall *call =
      action_call (&request, promise, config ? on_joined : NULL);

  if (!config) {
    gst_rtc_element_call_fail (self, call, error);
    return;
  }
  gst_rtc_element_call_invoke (self, call, join_by_action);
}

static void
action_leave (GstRtcElement *self, GstPromise *promise)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_LEAVE};

  gst_rtc_element_call_start (self, action_call (&request, promise, NULL));
}

static void
action_renew_token (
    GstRtcElement *self, const gchar *token, GstPromise *promise)
{
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_RENEW_TOKEN, .token = token};

  gst_rtc_element_call_start (self, action_call (&request, promise, NULL));
}

static void
on_visibility_set (GstRtcElement *self, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  GstRtcElementClass *klass = GST_RTC_ELEMENT_GET_CLASS (self);

  if (!error && !request->enable && klass->hidden)
    klass->hidden (self);
}

static void
action_set_user_visibility (
    GstRtcElement *self, gboolean enable, GstPromise *promise)
{
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_SET_VISIBILITY, .enable = enable};

  gst_rtc_element_call_start (
      self, action_call (&request, promise, on_visibility_set));
}

/* --- GstBin --- */

/* The child of @self that @source is or is inside of; a new reference. The way
 * up takes the object lock of each, that of @self included. */
static GstObject *
ref_child_around (GstRtcElement *self, GstObject *source)
{
  GstObject *child = gst_object_ref (source);
  GstObject *parent = gst_object_get_parent (child);

  while (parent && parent != GST_OBJECT (self)) {
    gst_object_unref (child);
    child = parent;
    parent = gst_object_get_parent (child);
  }
  gst_clear_object (&parent);
  return child;
}

static void
gst_rtc_element_handle_message (GstBin *bin, GstMessage *message)
{
  GstRtcElement *self = GST_RTC_ELEMENT (bin);
  g_autoptr (GstObject) child = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      gst_message_parse_error (message, &error, &debug);
      GST_WARNING_OBJECT (self, "child %s failed: %s (%s)",
          GST_MESSAGE_SRC_NAME (message), error->message, debug);
      child = ref_child_around (self, GST_MESSAGE_SRC (message));
      GST_RTC_ELEMENT_GET_CLASS (self)->child_failed (
          self, child, GST_MESSAGE_SRC (message), error);
      gst_message_unref (message);
      return;
    case GST_MESSAGE_WARNING:
    case GST_MESSAGE_INFO:
      GST_WARNING_OBJECT (self, "from child %s: %" GST_PTR_FORMAT,
          GST_MESSAGE_SRC_NAME (message), message);
      gst_message_unref (message);
      return;
    default:
      GST_BIN_CLASS (gst_rtc_element_parent_class)
          ->handle_message (bin, message);
  }
}

/* --- GObject --- */

static void
gst_rtc_element_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRtcElement *self = GST_RTC_ELEMENT (object);
  gboolean known;
  GstState state;

  GST_OBJECT_LOCK (self);
  known = gst_rtc_settings_set (&get_private (self)->settings, id, value);
  state = GST_STATE (self);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (state > GST_STATE_READY)
    GST_WARNING_OBJECT (
        self, "%s takes effect when the room is joined again", pspec->name);
}

/* The id in use is shown where none was set. */
static void
get_user_id (GstRtcElementPrivate *priv, GValue *value)
{
  if (!priv->settings.user_id && priv->config) {
    g_value_set_string (
        value, gst_rtc_config_get_values (priv->config)->user_id);
  } else {
    g_value_set_string (value, priv->settings.user_id);
  }
}

static void
gst_rtc_element_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRtcElement *self = GST_RTC_ELEMENT (object);
  GstRtcElementPrivate *priv = get_private (self);
  gboolean known = TRUE;

  if (id == PROP_STATS) {
    g_value_take_boxed (
        value, GST_RTC_ELEMENT_GET_CLASS (self)->get_stats (self));
    return;
  }

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_CONNECTION_STATE:
      g_value_set_enum (value, priv->connection_state);
      break;
    case GST_RTC_SETTING_USER_ID:
      get_user_id (priv, value);
      break;
    default:
      known = gst_rtc_settings_get (&priv->settings, id, value);
  }
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_rtc_element_constructed (GObject *object)
{
  GstRtcElement *self = GST_RTC_ELEMENT (object);

  G_OBJECT_CLASS (gst_rtc_element_parent_class)->constructed (object);
  get_private (self)->settings.visible =
      GST_RTC_ELEMENT_GET_CLASS (self)->visible;
}

static void
gst_rtc_element_finalize (GObject *object)
{
  GstRtcElementPrivate *priv = get_private (GST_RTC_ELEMENT (object));

  gst_rtc_settings_clear (&priv->settings);
  g_clear_pointer (&priv->config, gst_rtc_config_unref);
  G_OBJECT_CLASS (gst_rtc_element_parent_class)->finalize (object);
}

static guint
new_action (const gchar *name, GCallback callback, guint n_params, ...)
{
  guint id;
  va_list types;

  va_start (types, n_params);
  id = g_signal_new_valist (name, GST_RTC_TYPE_ELEMENT,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      g_cclosure_new (callback, NULL, NULL), NULL, NULL, NULL, G_TYPE_NONE,
      n_params, types);
  va_end (types);
  return id;
}

static void
install_actions (void)
{
  /**
   * GstRtcElement::init:
   * @app_id: 1 to 128 characters of a-z A-Z 0-9 @ _ - .
   * @promise: (nullable): always answered
   *
   * Prepares for join; needed once with `auto-join=false`. Errors: 100001,
   * 100008. Any thread, never blocks.
   */
  signals[SIGNAL_INIT] = new_action (
      "init", G_CALLBACK (action_init), 2, G_TYPE_STRING, GST_TYPE_PROMISE);

  /**
   * GstRtcElement::join:
   * @token, @room_id, @user_id: (nullable): the property of that name where
   *   NULL
   * @promise: (nullable): answered with `user-id` when in the room
   *
   * Enters a room. Errors: 100001, 100003, 100004, 200002, 200003, 300008,
   * 300009, 500001. Any thread, never blocks.
   */
  signals[SIGNAL_JOIN] = new_action ("join", G_CALLBACK (action_join), 4,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING, GST_TYPE_PROMISE);

  /**
   * GstRtcElement::leave:
   * @promise: (nullable): answered when the room has been left
   *
   * Leaves the room; a join under way is cut off with 300008. Errors:
   * 100001, 100002, 300005, 300009, 500001. Any thread, never blocks.
   */
  signals[SIGNAL_LEAVE] =
      new_action ("leave", G_CALLBACK (action_leave), 1, GST_TYPE_PROMISE);

  /**
   * GstRtcElement::renew-token:
   * @token: that replaces the one of the join
   * @promise: (nullable): answered when the server has taken it
   *
   * Answers rtc-token-will-expire. Errors: 100001, 100002, 300008, 300009,
   * 300010, 500001. Any thread, never blocks.
   */
  signals[SIGNAL_RENEW_TOKEN] = new_action ("renew-token",
      G_CALLBACK (action_renew_token), 2, G_TYPE_STRING, GST_TYPE_PROMISE);

  /**
   * GstRtcElement::set-user-visibility:
   * @enable: FALSE hides the own user, and unpublishes first
   * @promise: (nullable): answered when the server has done it
   *
   * Before a join it is remembered for the join. Errors: 100001, 300006,
   * 300009, 300010, 500001. Any thread, never blocks.
   */
  signals[SIGNAL_SET_USER_VISIBILITY] = new_action ("set-user-visibility",
      G_CALLBACK (action_set_user_visibility), 2, G_TYPE_BOOLEAN,
      GST_TYPE_PROMISE);
}

void
gst_rtc_element_class_install_settings (
    GstRtcElementClass *klass, gboolean visible)
{
  klass->visible = visible;
  gst_rtc_settings_install (G_OBJECT_CLASS (klass), visible);
}

static void
gst_rtc_element_class_init (GstRtcElementClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (
      element_debug, "rtcelement", 0, "What rtcsink and rtcsrc share");

  /* Before the certificate is made ahead. */
  gst_rtc_dtls_keep_openssl ();

  object_class->set_property = gst_rtc_element_set_property;
  object_class->get_property = gst_rtc_element_get_property;
  object_class->constructed = gst_rtc_element_constructed;
  object_class->finalize = gst_rtc_element_finalize;
  GST_ELEMENT_CLASS (klass)->change_state = gst_rtc_element_change_state;
  GST_ELEMENT_CLASS (klass)->set_clock = gst_rtc_element_set_clock;
  GST_BIN_CLASS (klass)->handle_message = gst_rtc_element_handle_message;

  /* Changes from the notifier, with no lock held. */
  g_object_class_install_property (object_class, PROP_CONNECTION_STATE,
      g_param_spec_enum ("connection-state", "Connection state",
          "State of the connection to the room; notifies",
          GST_RTC_TYPE_CONNECTION_STATE, GST_RTC_CONNECTION_DISCONNECTED,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Packets, bytes, loss, jitter and round trip, in all and for each "
          "media connection; of rtcsink also the frames sent to each viewer",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));

  install_actions ();

  gst_type_mark_as_plugin_api (GST_RTC_TYPE_ELEMENT, 0);
  gst_type_mark_as_plugin_api (GST_RTC_TYPE_ICE_POLICY, 0);
  gst_type_mark_as_plugin_api (GST_RTC_TYPE_CONNECTION_STATE, 0);
}

static void
gst_rtc_element_init (GstRtcElement *self)
{
  gst_rtc_settings_init (&get_private (self)->settings, FALSE);
}
