/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with a room: requests go down to the dialect, what the
 * server tells comes up as answers and events. Belongs to the worker.
 *
 * Three helpers keep this file to the conversation: GstRtcRoomState knows
 * what comes next, GstRtcLedger what the own user publishes and subscribes,
 * GstRtcOutbox hands everything out in order. */
#include "rtcroomclient-private.h"

#include <gst/gst.h>

#include "rtcerror-private.h"

GST_DEBUG_CATEGORY (gst_rtc_room_client_debug);
#define GST_CAT_DEFAULT gst_rtc_room_client_debug

/* With the server's ping interval of 2 s, the second by which a ping can be
 * late and the second look, a dead connection is known after 5 s. */
#define PONG_TIMEOUT_MS 1750
#define SHUTDOWN_LEAVE_TIMEOUT_MS 250
#define CLOSE_NORMAL 1000
#define CLOSE_PROTOCOL_ERROR 1002
/* Of an attempt to come back: 1000 would tell the server that we leave. */
#define CLOSE_ABANDONED 4000

/* One request that is not answered yet. */
typedef struct
{
  GstRtcRoomClient *client; /* owns this */
  guint id;
  GstRtcRequest *request;
  GSource *timer; /* NULL for a leave: the state has its deadline */
  guint timeout;  /* ms */
  GstRtcAnswerFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
  GstRtcOwnAnswerFunc own_func; /* instead of them and of the ledger */
} Pending;

G_DEFINE_FINAL_TYPE (GstRtcRoomClient, gst_rtc_room_client, G_TYPE_OBJECT)

enum
{
  SIGNAL_EVENT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

typedef struct
{
  GstRtcActions action;
  void (*perform) (GstRtcRoomClient *self, const GError *cause);
} Deed;

static Pending *add_pending (GstRtcRoomClient *self,
    const GstRtcRequest *request, GstRtcAnswerFunc func, gpointer user_data,
    GDestroyNotify destroy);

static void
clear_source (GSource **source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

GSource *
gst_rtc_room_client_start_timer (
    GstRtcRoomClient *self, guint ms, GSourceFunc func, gpointer user_data)
{
  GSource *source = g_timeout_source_new (ms);

  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, self->context);
  return source;
}

static void
pending_free (Pending *pending)
{
  clear_source (&pending->timer);
  gst_rtc_request_free (pending->request);
  if (pending->destroy)
    pending->destroy (pending->user_data);
  g_free (pending);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pending, pending_free)

void
gst_rtc_room_client_push_event (
    GstRtcRoomClient *self, const GstRtcEvent *event)
{
  gst_rtc_outbox_push_event (self->outbox, event);
}

static gboolean
is_out (GstRtcRoomClient *self)
{
  return self->state.phase == GST_RTC_PHASE_NEW ||
         self->state.phase == GST_RTC_PHASE_INITED;
}

/* What the server has taken is what a join that is sent again has to say. */
static void
keep_settings (GstRtcRoomClient *self, const GstRtcRequest *request)
{
  GstRtcConfigValues values = *gst_rtc_config_get_values (self->config);
  GstRtcConfig *config;

  if (request->operation == GST_RTC_OPERATION_RENEW_TOKEN)
    values.token = request->token;
  else if (request->operation == GST_RTC_OPERATION_SET_VISIBILITY)
    values.visible = request->enable;
  else
    return;
  config = gst_rtc_config_new (&values, NULL);
  if (!config)
    return;
  gst_rtc_config_unref (self->config);
  self->config = config;
}

/* Ends request @id: exactly one of @answer and @error is set. */
static void
answer_request (GstRtcRoomClient *self, guint id, const GstRtcAnswer *answer,
    const GError *error)
{
  g_autoptr (Pending) pending = NULL;
  gpointer value = NULL;

  g_hash_table_steal_extended (
      self->pending, GUINT_TO_POINTER (id), NULL, &value);
  pending = value;
  if (!pending)
    return;
  if (id == self->join_id)
    self->join_id = 0;
  if (id == self->leave_id)
    self->leave_id = 0;

  GST_DEBUG_OBJECT (self, "%s: %s",
      gst_rtc_operation_get_nick (pending->request->operation),
      error ? error->message : "done");
  if (pending->own_func) {
    pending->own_func (self, pending->request, answer, error);
    return;
  }
  gst_rtc_ledger_end (self->ledger, pending->request, answer, error);
  if (!error && gst_rtc_room_client_is_in_room (self))
    keep_settings (self, pending->request);
  gst_rtc_outbox_push_answer (self->outbox, pending->func, pending->user_data,
      g_steal_pointer (&pending->destroy), answer, error);
}

static gint
compare_ids (gconstpointer a, gconstpointer b)
{
  const guint first = GPOINTER_TO_UINT (a);
  const guint second = GPOINTER_TO_UINT (b);

  return first < second ? -1 : first > second;
}

/* In the order in which they were asked; the leave stays when @keep_leave. */
static void
fail_requests (GstRtcRoomClient *self, gboolean keep_leave, const GError *error)
{
  g_autoptr (GList) ids =
      g_list_sort (g_hash_table_get_keys (self->pending), compare_ids);

  for (GList *item = ids; item; item = item->next) {
    const guint id = GPOINTER_TO_UINT (item->data);

    if (!keep_leave || id != self->leave_id)
      answer_request (self, id, NULL, error);
  }
}

static void
close_session (GstRtcRoomClient *self, guint16 code, const gchar *reason)
{
  gst_rtc_session_close (g_steal_pointer (&self->session), code, reason);
}

static void
start_request (GstRtcRoomClient *self, guint id, const GstRtcRequest *request)
{
  GST_RTC_DIALECT_GET_IFACE (self->dialect)
      ->start_request (self->dialect, id, request);
}

static void
forget_request (GstRtcRoomClient *self, guint id)
{
  if (self->dialect)
    GST_RTC_DIALECT_GET_IFACE (self->dialect)
        ->forget_request (self->dialect, id);
}

void
gst_rtc_room_client_send_and_forget (
    GstRtcRoomClient *self, const GstRtcRequest *request)
{
  const guint id = ++self->last_id;

  start_request (self, id, request);
  forget_request (self, id);
}

/* A publication that the server may have accepted too late must not stay
 * there: the caller was told that it failed. */
static void
undo_publish (GstRtcRoomClient *self, const GstRtcRequest *request)
{
  const GstRtcRequest undo = {
      .operation = GST_RTC_OPERATION_UNPUBLISH,
      .screen = request->stream->screen,
  };

  gst_rtc_room_client_send_and_forget (self, &undo);
}

static gboolean
on_request_timeout (gpointer user_data)
{
  Pending *pending = user_data;
  g_autoptr (GstRtcRoomClient) self = g_object_ref (pending->client);
  const GstRtcOperation operation = pending->request->operation;
  g_autoptr (GError) error = gst_rtc_error_new (GST_RTC_ERROR_SIGNALING_TIMEOUT,
      0, "%s was not answered within %u ms",
      gst_rtc_operation_get_nick (operation), pending->timeout);

  forget_request (self, pending->id);
  if (operation == GST_RTC_OPERATION_PUBLISH)
    undo_publish (self, pending->request);
  if (pending->id == self->join_id)
    gst_rtc_room_client_feed (self, GST_RTC_INPUT_JOIN_REFUSED, 0, error);
  else
    answer_request (self, pending->id, NULL, error);
  return G_SOURCE_REMOVE;
}

static void
arm_request_timer (GstRtcRoomClient *self, Pending *pending, guint ms)
{
  clear_source (&pending->timer);
  pending->timeout = ms;
  pending->timer =
      gst_rtc_room_client_start_timer (self, ms, on_request_timeout, pending);
}

static void
start_request_timer (GstRtcRoomClient *self, Pending *pending)
{
  arm_request_timer (self, pending,
      gst_rtc_config_get_values (self->config)->signaling_timeout);
}

/* What the dialect calls */

void
gst_rtc_room_client_request_by_itself (GstRtcRoomClient *self,
    const GstRtcRequest *request, GstRtcOwnAnswerFunc func)
{
  Pending *pending = add_pending (self, request, NULL, NULL, NULL);

  pending->own_func = func;
  start_request_timer (self, pending);
  start_request (self, pending->id, pending->request);
}

static void
on_dialect_answered (guint id, const GstRtcAnswer *answer, const GError *error,
    gpointer user_data)
{
  GstRtcRoomClient *self = user_data;

  if (id == self->leave_id) {
    gst_rtc_room_client_feed (self, GST_RTC_INPUT_LEAVE_ANSWERED, 0, error);
  } else if (id == self->rejoin_id) {
    gst_rtc_room_return_end (self, answer, error);
  } else if (id != self->join_id) {
    answer_request (self, id, answer, error);
  } else if (error) {
    gst_rtc_room_client_feed (self, GST_RTC_INPUT_JOIN_REFUSED, 0, error);
  } else {
    g_free (self->user_id);
    self->user_id = g_strdup (
        answer->user_id ? answer->user_id
                        : gst_rtc_config_get_values (self->config)->user_id);
    gst_rtc_room_client_feed (self, GST_RTC_INPUT_JOIN_ACCEPTED, 0, NULL);
    if (answer->roster)
      gst_rtc_room_return_compare_roster (self, answer->roster, TRUE);
  }
}

static void
on_dialect_send (const gchar *text, gpointer user_data)
{
  GstRtcRoomClient *self = user_data;

  if (self->session)
    gst_rtc_session_send (self->session, text);
}

static void
on_dialect_extend (guint id, guint ms, gpointer user_data)
{
  GstRtcRoomClient *self = user_data;
  Pending *pending = g_hash_table_lookup (self->pending, GUINT_TO_POINTER (id));

  if (pending && pending->timer)
    arm_request_timer (self, pending,
        ms > 0 ? ms
               : gst_rtc_config_get_values (self->config)->signaling_timeout);
}

static void lose_socket (GstRtcRoomClient *self, const GError *error);

static gboolean
on_dialect_alarm (gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = g_object_ref (user_data);
  g_autoptr (GstRtcDialect) dialect = g_object_ref (self->dialect);
  g_autoptr (GError) error = NULL;

  clear_source (&self->alarm);
  if (GST_RTC_DIALECT_GET_IFACE (dialect)->wake (
          dialect, g_get_monotonic_time (), &error))
    return G_SOURCE_REMOVE;
  close_session (self, CLOSE_ABANDONED, NULL);
  lose_socket (self, error);
  return G_SOURCE_REMOVE;
}

static void
on_dialect_wake (guint ms, gpointer user_data)
{
  GstRtcRoomClient *self = user_data;

  clear_source (&self->alarm);
  if (ms > 0 && self->dialect)
    self->alarm =
        gst_rtc_room_client_start_timer (self, ms, on_dialect_alarm, self);
}

static void
on_dialect_event (const GstRtcEvent *event, gpointer user_data)
{
  gst_rtc_room_client_take_event (user_data, event);
}

static const GstRtcDialectHost dialect_host = {
    .send = on_dialect_send,
    .answered = on_dialect_answered,
    .extend = on_dialect_extend,
    .wake = on_dialect_wake,
    .event = on_dialect_event,
};

/* What the session calls */

static void
on_session_opened (gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = g_object_ref (user_data);

  gst_rtc_room_client_feed (self, GST_RTC_INPUT_SOCKET_OPENED, 0, NULL);
}

static void
lose_socket (GstRtcRoomClient *self, const GError *error)
{
  const GstRtcEvent banned = {
      .type = GST_RTC_EVENT_CLIENT_BANNED,
      .reason = error->message,
  };
  const guint16 removed_code =
      self->dialect ? GST_RTC_DIALECT_GET_IFACE (self->dialect)->removed_code
                    : 0;

  if (self->dialect)
    GST_RTC_DIALECT_GET_IFACE (self->dialect)->reset (self->dialect);
  if (removed_code != 0 && gst_rtc_phase_is_in_room (self->state.phase) &&
      gst_rtc_error_get_native_code (error) == removed_code)
    gst_rtc_room_client_take_event (self, &banned);
  else
    gst_rtc_room_client_feed (self, GST_RTC_INPUT_SOCKET_LOST, 0, error);
}

static void
note_attempt (GstRtcRoomClient *self, const GError *error)
{
  if (self->attempts->len > 0)
    g_string_append (self->attempts, "; ");
  g_string_append_printf (self->attempts, "%s: %s",
      self->endpoint->websocket_urls[self->state.address], error->message);
}

static void
on_session_closed (
    gboolean opened_before, const GError *error, gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = g_object_ref (user_data);

  close_session (self, CLOSE_NORMAL, NULL);
  if (opened_before) {
    lose_socket (self, error);
  } else {
    note_attempt (self, error);
    gst_rtc_room_client_feed (self, GST_RTC_INPUT_SOCKET_UNOPENED, 0, error);
  }
}

static void
on_session_received (const gchar *text, gsize length, gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = g_object_ref (user_data);
  g_autoptr (GstRtcDialect) dialect = NULL;
  g_autoptr (GError) error = NULL;

  if (!self->dialect)
    return;
  dialect = g_object_ref (self->dialect);
  if (GST_RTC_DIALECT_GET_IFACE (dialect)->receive (
          dialect, text, length, &error))
    return;
  GST_WARNING_OBJECT (self, "%s", error->message);
  close_session (self, CLOSE_PROTOCOL_ERROR, "protocol error");
  lose_socket (self, error);
}

static const GstRtcSessionListener session_listener = {
    .opened = on_session_opened,
    .received = on_session_received,
    .closed = on_session_closed,
};

/* What the state machine orders */

static void
on_shutdown_done (gpointer data, gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = data;

  gst_rtc_outbox_drop_events (self->outbox);
  if (self->shutdown_func)
    self->shutdown_func (self->shutdown_data, NULL);
}

/* The end of a shutdown waits for what still holds the client. */
static void
finish_shutdown (GstRtcRoomClient *self)
{
  if (!self->shutting_down || self->shut_down || self->n_fetching > 0 ||
      !is_out (self))
    return;
  self->shut_down = TRUE;
  gst_rtc_outbox_push_call (
      self->outbox, on_shutdown_done, g_object_ref (self));
}

static void
on_endpoint_fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcEndpoint) endpoint =
      gst_rtc_endpoint_fetch_finish (result, &error);

  self->n_fetching--;
  finish_shutdown (self);
  /* The join that wanted it is gone. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_clear_object (&self->fetching);
  if (!endpoint) {
    gst_rtc_room_client_feed (self, GST_RTC_INPUT_CONFIG_FAILED, 0, error);
    return;
  }
  gst_rtc_endpoint_free (self->endpoint);
  self->endpoint = g_steal_pointer (&endpoint);
  gst_rtc_room_client_feed (self, GST_RTC_INPUT_CONFIGURED,
      g_strv_length (self->endpoint->websocket_urls), NULL);
}

static void
fetch_config (GstRtcRoomClient *self, const GError *cause)
{
  /* What it said of ICE servers stays good on the way back. */
  if (!gst_rtc_phase_is_returning (self->state.phase))
    g_clear_pointer (&self->endpoint, gst_rtc_endpoint_free);
  g_string_truncate (self->attempts, 0);
  self->fetching = g_cancellable_new ();
  self->n_fetching++;
  gst_rtc_endpoint_fetch_async (
      self->config, self->fetching, on_endpoint_fetched, g_object_ref (self));
}

static void
open_address (GstRtcRoomClient *self, const GError *cause)
{
  const GstRtcConfigValues *values = gst_rtc_config_get_values (self->config);
  const GstRtcSessionSettings settings = {
      .url = self->endpoint->websocket_urls[self->state.address],
      .subprotocol = GST_RTC_DIALECT_GET_IFACE (self->dialect)->subprotocol,
      .tls_ca_file = values->tls_ca_file,
      .connect_timeout = values->connect_timeout,
      .ping_interval = self->endpoint->ping_interval,
      .pong_timeout = PONG_TIMEOUT_MS,
      .max_message_bytes =
          GST_RTC_DIALECT_GET_IFACE (self->dialect)->max_message_bytes,
  };

  close_session (self, CLOSE_NORMAL, NULL);
  GST_INFO_OBJECT (self, "connecting to %s", settings.url);
  self->session = gst_rtc_session_connect (&settings, &session_listener, self);
}

static gboolean
config_is_as_asked (GstRtcRoomClient *self, const GstRtcConfigValues *values)
{
  return g_str_equal (values->app_id, self->app_id) &&
         !!values->visible ==
             gst_rtc_optional_get (self->visible, values->visible);
}

/* The app-id of the first init and a visibility that was asked for before
 * the join go over what the config says. */
static GstRtcConfig *
adapt_config (GstRtcRoomClient *self, GstRtcConfig *config, GError **error)
{
  GstRtcConfigValues values = *gst_rtc_config_get_values (config);

  if (config_is_as_asked (self, &values))
    return gst_rtc_config_ref (config);
  values.app_id = self->app_id;
  values.visible = gst_rtc_optional_get (self->visible, values.visible);
  return gst_rtc_config_new (&values, error);
}

static void
send_join (GstRtcRoomClient *self, const GError *cause)
{
  Pending *pending =
      g_hash_table_lookup (self->pending, GUINT_TO_POINTER (self->join_id));
  g_autoptr (GError) error = NULL;
  GstRtcConfig *config = adapt_config (self, self->config, &error);

  /* It was valid when the join began; the file of the authorities may be
   * gone since. The connection stands, so what is known stays good. */
  if (config) {
    gst_rtc_config_unref (self->config);
    self->config = config;
  }
  gst_rtc_config_unref (pending->request->config);
  pending->request->config = gst_rtc_config_ref (self->config);
  start_request_timer (self, pending);
  start_request (self, pending->id, pending->request);
}

static void
send_leave (GstRtcRoomClient *self, const GError *cause)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_LEAVE};

  start_request (self, self->leave_id, &request);
}

static void
fail_pending (GstRtcRoomClient *self, const GError *cause)
{
  GHashTableIter iter;
  gpointer pending;

  /* A publication that is restored once more may stand as it is. */
  g_hash_table_iter_init (&iter, self->pending);
  while (g_hash_table_iter_next (&iter, NULL, &pending)) {
    const GstRtcRequest *request = ((Pending *)pending)->request;

    if (!((Pending *)pending)->own_func ||
        request->operation == GST_RTC_OPERATION_SUBSCRIBE)
      gst_rtc_room_return_note_undo (self, request);
  }
  fail_requests (self, FALSE, cause);
}

static void
tell_break (GstRtcRoomClient *self, const GError *cause)
{
  const GstRtcEvent failed = {
      .type = GST_RTC_EVENT_FAILED,
      .reason = cause->message,
      .error = cause,
      .retrying = TRUE,
  };

  g_clear_error (&self->broken);
  self->broken = g_error_copy (cause);
  gst_rtc_room_client_push_event (self, &failed);
}

/* Nothing of an attempt stays. The server is told of a leave, but not when
 * we come again. */
static void
abandon_attempt (GstRtcRoomClient *self, const GError *cause)
{
  g_cancellable_cancel (self->fetching);
  g_clear_object (&self->fetching);
  if (self->rejoin_id != 0)
    forget_request (self, self->rejoin_id);
  self->rejoin_id = 0;
  close_session (self, is_out (self) ? CLOSE_NORMAL : CLOSE_ABANDONED, NULL);
  GST_RTC_DIALECT_GET_IFACE (self->dialect)->reset (self->dialect);
}

static void
push_connection (
    GstRtcRoomClient *self, GstRtcConnectionState state, const gchar *reason)
{
  const gboolean returning = state == GST_RTC_CONNECTION_RECONNECTING;
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_CONNECTION_STATE,
      .old_state = self->connection,
      .new_state = state,
      .attempt = returning ? self->state.attempt : 0,
      .delay = returning ? self->state.delay : 0,
      .reason = reason,
  };

  self->connection = state;
  gst_rtc_room_client_push_event (self, &event);
}

static void
tell_attempt (GstRtcRoomClient *self, const GError *cause)
{
  push_connection (
      self, GST_RTC_CONNECTION_RECONNECTING, cause ? cause->message : NULL);
}

static void
send_rejoin (GstRtcRoomClient *self, const GError *cause)
{
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_JOIN,
      .config = self->config,
  };

  self->rejoin_id = ++self->last_id;
  start_request (self, self->rejoin_id, &request);
}

static void
reenter_room (GstRtcRoomClient *self, const GError *cause)
{
  g_clear_error (&self->broken);
  push_connection (self, GST_RTC_CONNECTION_CONNECTED, self->comeback);
}

static void
give_up (GstRtcRoomClient *self, const GError *cause)
{
  self->gave_up = TRUE;
}

static void
cancel_join (GstRtcRoomClient *self, const GError *cause)
{
  g_autoptr (GError) error = gst_rtc_error_new (
      GST_RTC_ERROR_JOIN_ROOM_ERROR, 0, "the join was cut off by leave");

  answer_request (self, self->join_id, NULL, error);
}

static void
fail_join (GstRtcRoomClient *self, const GError *cause)
{
  answer_request (self, self->join_id, NULL, cause);
}

static void
fail_without_address (GstRtcRoomClient *self, const GError *cause)
{
  g_autoptr (GError) error = gst_rtc_error_new (GST_RTC_ERROR_NO_WEBSOCKET_URL,
      0, "no address could be opened: %s", self->attempts->str);

  answer_request (self, self->join_id, NULL, error);
}

/* In order, so that the server keeps nothing of us. */
static void
say_farewell (GstRtcRoomClient *self)
{
  if (self->session && self->dialect &&
      GST_RTC_DIALECT_GET_IFACE (self->dialect)->farewell)
    GST_RTC_DIALECT_GET_IFACE (self->dialect)->farewell (self->dialect);
}

static void
close_socket (GstRtcRoomClient *self, const GError *cause)
{
  say_farewell (self);
  close_session (self, CLOSE_NORMAL, "leave");
}

static void
enter_room (GstRtcRoomClient *self, const GError *cause)
{
  const GstRtcAnswer answer = {.user_id = self->user_id};

  self->visible = GST_RTC_UNSET;
  answer_request (self, self->join_id, &answer, NULL);
}

static void
exit_room (GstRtcRoomClient *self, const GError *cause)
{
  g_autoptr (GError) error = gst_rtc_error_new (GST_RTC_ERROR_NOT_IN_ROOM, 0,
      "%s", cause ? cause->message : "the room was left");

  fail_requests (self, TRUE, error);
  gst_rtc_room_client_close_all_media (self, error->message);
  gst_rtc_roster_clear (self->roster);
  gst_rtc_ledger_clear (self->ledger);
  gst_rtc_room_return_clear (self);
  g_clear_pointer (&self->user_id, g_free);
}

static void
answer_leave (GstRtcRoomClient *self, const GError *cause)
{
  const GstRtcAnswer answer = {NULL};

  answer_request (self, self->leave_id, cause ? NULL : &answer, cause);
}

/* In the order in which they have to happen. */
static const Deed deeds[] = {
    {GST_RTC_DO_FETCH_CONFIG, fetch_config},
    {GST_RTC_DO_OPEN_ADDRESS, open_address},
    {GST_RTC_DO_SEND_JOIN, send_join},
    {GST_RTC_DO_SEND_LEAVE, send_leave},
    {GST_RTC_DO_FAIL_PENDING, fail_pending},
    {GST_RTC_DO_TELL_BREAK, tell_break},
    {GST_RTC_DO_ABANDON, abandon_attempt},
    {GST_RTC_DO_TELL_ATTEMPT, tell_attempt},
    {GST_RTC_DO_SEND_REJOIN, send_rejoin},
    {GST_RTC_DO_REENTERED, reenter_room},
    {GST_RTC_DO_CANCEL_JOIN, cancel_join},
    {GST_RTC_DO_FAIL_JOIN, fail_join},
    {GST_RTC_DO_NO_ADDRESS, fail_without_address},
    {GST_RTC_DO_CLOSE_SOCKET, close_socket},
    {GST_RTC_DO_ENTERED, enter_room},
    {GST_RTC_DO_LEFT, exit_room},
    {GST_RTC_DO_ANSWER_LEAVE, answer_leave},
    {GST_RTC_DO_TELL_END, give_up},
};

static GstRtcConnectionState
get_connection (GstRtcRoomClient *self)
{
  const GstRtcPhase phase = self->state.phase;

  if (gst_rtc_phase_is_returning (phase))
    return GST_RTC_CONNECTION_RECONNECTING;
  switch (phase) {
    case GST_RTC_PHASE_CONFIGURING:
    case GST_RTC_PHASE_OPENING:
    case GST_RTC_PHASE_JOINING:
      return GST_RTC_CONNECTION_CONNECTING;
    case GST_RTC_PHASE_JOINED:
    case GST_RTC_PHASE_LEAVING:
      return GST_RTC_CONNECTION_CONNECTED;
    default:
      return self->gave_up ? GST_RTC_CONNECTION_FAILED
                           : GST_RTC_CONNECTION_DISCONNECTED;
  }
}

static void
update_connection (GstRtcRoomClient *self, const GError *cause)
{
  const GstRtcConnectionState state = get_connection (self);

  if (state != self->connection)
    push_connection (self, state, cause ? cause->message : NULL);
}

/* The failure that ends it. After a number of attempts it is still the
 * connection that broke, whatever kept the last one from succeeding. */
static void
tell_end (GstRtcRoomClient *self, GstRtcInput input, const GError *cause)
{
  g_autoptr (GError) error = NULL;
  GstRtcEvent failed = {.type = GST_RTC_EVENT_FAILED};

  if (self->broken && input != GST_RTC_INPUT_JOIN_REFUSED)
    error = gst_rtc_error_new (GST_RTC_ERROR_WEBSOCKET_FAILED,
        gst_rtc_error_get_native_code (self->broken),
        "given up after %u attempts to come back: %s",
        gst_rtc_config_get_values (self->config)->reconnect_attempts,
        cause ? cause->message : self->broken->message);
  else
    error = g_error_copy (cause);
  g_clear_error (&self->broken);
  failed.reason = error->message;
  failed.error = error;
  gst_rtc_room_client_push_event (self, &failed);
}

/* The cause of a deadline that has passed, in the words of its phase. */
static GError *
make_timeout (GstRtcRoomClient *self)
{
  const guint ms = self->state.phase == GST_RTC_PHASE_LEAVING ||
                           self->state.phase == GST_RTC_PHASE_REJOINING
                       ? self->state.leave_timeout
                       : self->state.connect_timeout;
  gint code;

  switch (self->state.phase) {
    case GST_RTC_PHASE_CONFIGURING:
    case GST_RTC_PHASE_RECONFIGURING:
      code = GST_RTC_ERROR_GET_CONFIG_ERROR;
      break;
    case GST_RTC_PHASE_OPENING:
    case GST_RTC_PHASE_REOPENING:
      code = GST_RTC_ERROR_WEBSOCKET_FAILED;
      break;
    default:
      code = GST_RTC_ERROR_SIGNALING_TIMEOUT;
      break;
  }
  return gst_rtc_error_new (code, 0, "no answer within %u ms", ms);
}

static gboolean
on_deadline (gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = g_object_ref (user_data);
  g_autoptr (GError) error = make_timeout (self);

  clear_source (&self->deadline);
  if (self->state.phase == GST_RTC_PHASE_OPENING ||
      self->state.phase == GST_RTC_PHASE_REOPENING)
    note_attempt (self, error);
  gst_rtc_room_client_feed (self, GST_RTC_INPUT_TIMEOUT, 0, error);
  return G_SOURCE_REMOVE;
}

/* A millisecond more, since the clock of the source must not be early. */
static void
arm_deadline (GstRtcRoomClient *self)
{
  gint64 left = self->state.deadline - g_get_monotonic_time ();

  clear_source (&self->deadline);
  if (self->state.deadline == G_MAXINT64)
    return;
  left = MAX (left, 0) / G_TIME_SPAN_MILLISECOND + 1;
  self->deadline =
      gst_rtc_room_client_start_timer (self, (guint)left, on_deadline, self);
}

/* Whatever the way out of a room or a join was, nothing of it stays. */
static void
clean_up (GstRtcRoomClient *self)
{
  g_autoptr (GError) error = gst_rtc_error_new (
      GST_RTC_ERROR_NOT_IN_ROOM, 0, "the room was not entered");

  g_cancellable_cancel (self->fetching);
  g_clear_object (&self->fetching);
  fail_requests (self, FALSE, error);
  say_farewell (self);
  close_session (self, CLOSE_NORMAL, NULL);
  if (self->dialect)
    GST_RTC_DIALECT_GET_IFACE (self->dialect)->reset (self->dialect);
  clear_source (&self->alarm);
  g_clear_object (&self->dialect);
  finish_shutdown (self);
}

void
gst_rtc_room_client_feed (
    GstRtcRoomClient *self, GstRtcInput input, guint value, const GError *cause)
{
  const GstRtcPhase old = self->state.phase;
  const GstRtcActions actions = gst_rtc_room_state_feed (
      &self->state, input, value, g_random_int (), g_get_monotonic_time ());

  if (self->state.phase != old)
    GST_INFO_OBJECT (self, "%s -> %s (%s)", gst_rtc_phase_get_nick (old),
        gst_rtc_phase_get_nick (self->state.phase),
        gst_rtc_input_get_nick (input));
  for (guint i = 0; i < G_N_ELEMENTS (deeds); i++) {
    if (actions & deeds[i].action)
      deeds[i].perform (self, cause);
  }
  arm_deadline (self);
  update_connection (self, cause);
  if (actions & GST_RTC_DO_TELL_END)
    tell_end (self, input, cause);
  if (is_out (self) && old != self->state.phase)
    clean_up (self);
}

/* Requests */

static gboolean
check_join (
    GstRtcRoomClient *self, const GstRtcRequest *request, GError **error)
{
  g_autoptr (GstRtcDialect) dialect = NULL;
  g_autoptr (GstRtcConfig) config = NULL;
  GstRtcBackend backend;

  backend = gst_rtc_config_get_backend (request->config);
  dialect = gst_rtc_dialect_new (backend);
  if (!dialect)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "server-url: this build does not speak %s",
        gst_rtc_backend_get_nick (backend));
  config = adapt_config (self, request->config, error);
  return config != NULL;
}

static gboolean
check_socket (
    GstRtcRoomClient *self, const GstRtcRequest *request, GError **error)
{
  if ((self->state.phase == GST_RTC_PHASE_DISCONNECTED ||
          gst_rtc_phase_is_returning (self->state.phase)) &&
      request->operation != GST_RTC_OPERATION_LEAVE)
    return gst_rtc_error_set (error, GST_RTC_ERROR_WEBSOCKET_NOT_CONNECTED, 0,
        "the connection to the room server is down");
  if (g_hash_table_size (self->pending) >= GST_RTC_MAX_PENDING_REQUESTS &&
      request->operation != GST_RTC_OPERATION_LEAVE)
    return gst_rtc_error_set (error,
        gst_rtc_operation_get_refusal_code (request->operation), 0,
        "%d requests are not answered yet", GST_RTC_MAX_PENDING_REQUESTS);
  return TRUE;
}

/* The documented order: initialised, parameters, room, publication, user,
 * stream, socket. */
static gboolean
check_request (
    GstRtcRoomClient *self, const GstRtcRequest *request, GError **error)
{
  if (self->shutting_down)
    return gst_rtc_error_set (
        error, GST_RTC_ERROR_NOT_IN_ROOM, 0, "the client has been shut down");
  if (self->state.phase == GST_RTC_PHASE_NEW &&
      request->operation != GST_RTC_OPERATION_INIT)
    return gst_rtc_room_state_check (&self->state, request->operation, error);
  if (!gst_rtc_request_check (request, error))
    return FALSE;
  if (request->operation == GST_RTC_OPERATION_JOIN &&
      !check_join (self, request, error))
    return FALSE;
  return gst_rtc_room_state_check (&self->state, request->operation, error) &&
         gst_rtc_ledger_check (
             self->ledger, request, self->roster, self->user_id, error) &&
         check_socket (self, request, error);
}

static Pending *
add_pending (GstRtcRoomClient *self, const GstRtcRequest *request,
    GstRtcAnswerFunc func, gpointer user_data, GDestroyNotify destroy)
{
  Pending *pending = g_new0 (Pending, 1);

  pending->client = self;
  pending->id = ++self->last_id;
  pending->request = gst_rtc_request_copy (request);
  pending->func = func;
  pending->user_data = user_data;
  pending->destroy = destroy;
  g_hash_table_insert (self->pending, GUINT_TO_POINTER (pending->id), pending);
  return pending;
}

static void
begin_init (GstRtcRoomClient *self, Pending *pending)
{
  const GstRtcAnswer answer = {NULL};

  g_free (self->app_id);
  self->app_id = g_strdup (pending->request->app_id);
  answer_request (self, pending->id, &answer, NULL);
  gst_rtc_room_client_feed (self, GST_RTC_INPUT_INIT, 0, NULL);
}

static void
begin_join (GstRtcRoomClient *self, Pending *pending)
{
  const GstRtcConfigValues *values;

  gst_rtc_config_unref (self->config);
  /* Checked before; only a file that vanished this instant could fail. */
  self->config = adapt_config (self, pending->request->config, NULL);
  if (!self->config)
    self->config = gst_rtc_config_ref (pending->request->config);
  values = gst_rtc_config_get_values (self->config);
  self->state.connect_timeout = values->connect_timeout;
  self->state.leave_timeout = values->signaling_timeout;
  self->state.reconnect_attempts = values->reconnect_attempts;
  self->state.reconnect_delay = values->reconnect_delay;
  self->gave_up = FALSE;
  self->dialect =
      gst_rtc_dialect_new (gst_rtc_config_get_backend (self->config));
  GST_RTC_DIALECT_GET_IFACE (self->dialect)
      ->set_host (self->dialect, &dialect_host, self);
  self->join_id = pending->id;
  gst_rtc_room_client_feed (self, GST_RTC_INPUT_JOIN, 0, NULL);
}

static void
begin_leave (GstRtcRoomClient *self, Pending *pending)
{
  self->gave_up = FALSE;
  self->leave_id = pending->id;
  gst_rtc_room_client_feed (self, GST_RTC_INPUT_LEAVE, 0, NULL);
}

/* Before the join request has gone, it is the one that carries it. */
static gboolean
remember_visibility (GstRtcRoomClient *self, Pending *pending)
{
  const GstRtcAnswer answer = {NULL};

  if (pending->request->operation != GST_RTC_OPERATION_SET_VISIBILITY ||
      self->state.phase >= GST_RTC_PHASE_JOINING)
    return FALSE;
  self->visible = pending->request->enable ? GST_RTC_TRUE : GST_RTC_FALSE;
  answer_request (self, pending->id, &answer, NULL);
  return TRUE;
}

static void
begin_request (GstRtcRoomClient *self, Pending *pending)
{
  switch (pending->request->operation) {
    case GST_RTC_OPERATION_INIT:
      begin_init (self, pending);
      break;
    case GST_RTC_OPERATION_JOIN:
      begin_join (self, pending);
      break;
    case GST_RTC_OPERATION_LEAVE:
      begin_leave (self, pending);
      break;
    default:
      if (remember_visibility (self, pending))
        break;
      gst_rtc_ledger_begin (self->ledger, pending->request);
      start_request_timer (self, pending);
      start_request (self, pending->id, pending->request);
      break;
  }
}

GstRtcRoomClient *
gst_rtc_room_client_new (void)
{
  return g_object_new (GST_RTC_TYPE_ROOM_CLIENT, NULL);
}

void
gst_rtc_room_client_request (GstRtcRoomClient *client,
    const GstRtcRequest *request, GstRtcAnswerFunc func, gpointer user_data,
    GDestroyNotify destroy)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (GST_RTC_IS_ROOM_CLIENT (client));
  g_return_if_fail (g_main_context_is_owner (client->context));

  if (check_request (client, request, &error)) {
    begin_request (
        client, add_pending (client, request, func, user_data, destroy));
    return;
  }
  GST_DEBUG_OBJECT (client, "%s: %s",
      gst_rtc_operation_get_nick (request->operation), error->message);
  gst_rtc_outbox_push_answer (
      client->outbox, func, user_data, destroy, NULL, error);
}

GstRtcRoster *
gst_rtc_room_client_get_roster (GstRtcRoomClient *client)
{
  return client->roster;
}

const gchar *
gst_rtc_room_client_get_user_id (GstRtcRoomClient *client)
{
  return client->user_id;
}

const gchar *
gst_rtc_room_client_get_stun_server (GstRtcRoomClient *client)
{
  return client->endpoint ? client->endpoint->stun_server : NULL;
}

const gchar *const *
gst_rtc_room_client_get_turn_servers (GstRtcRoomClient *client)
{
  return client->endpoint ? (const gchar *const *)client->endpoint->turn_servers
                          : NULL;
}

gboolean
gst_rtc_room_client_is_in_room (GstRtcRoomClient *client)
{
  return gst_rtc_phase_is_in_room (client->state.phase) ||
         client->state.phase == GST_RTC_PHASE_LEAVING;
}

gboolean
gst_rtc_room_client_is_returning (GstRtcRoomClient *client)
{
  return gst_rtc_phase_is_returning (client->state.phase);
}

gboolean
gst_rtc_room_client_check_state (
    GstRtcRoomClient *client, GstRtcOperation operation, GError **error)
{
  return gst_rtc_room_state_check (&client->state, operation, error);
}

GstRtcMedia
gst_rtc_room_client_get_muted (GstRtcRoomClient *client, gboolean screen)
{
  return gst_rtc_ledger_get_muted (client->ledger, screen);
}

/* A leave that nobody asked for but the end of the client. */
static void
leave_for_shutdown (GstRtcRoomClient *self)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_LEAVE};
  g_autoptr (GError) error = gst_rtc_error_new (
      GST_RTC_ERROR_NOT_IN_ROOM, 0, "the client has been shut down");
  g_autoptr (GList) ids =
      g_list_sort (g_hash_table_get_keys (self->pending), compare_ids);

  for (GList *item = ids; item; item = item->next) {
    const guint id = GPOINTER_TO_UINT (item->data);

    if (id != self->join_id && id != self->leave_id)
      answer_request (self, id, NULL, error);
  }
  self->state.leave_timeout = SHUTDOWN_LEAVE_TIMEOUT_MS;
  if (self->state.phase != GST_RTC_PHASE_LEAVING) {
    begin_leave (self, add_pending (self, &request, NULL, NULL, NULL));
    return;
  }
  self->state.deadline = MIN (self->state.deadline,
      g_get_monotonic_time () +
          SHUTDOWN_LEAVE_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND);
  arm_deadline (self);
}

void
gst_rtc_room_client_shutdown (
    GstRtcRoomClient *client, GFunc func, gpointer user_data)
{
  g_return_if_fail (GST_RTC_IS_ROOM_CLIENT (client));
  g_return_if_fail (g_main_context_is_owner (client->context));
  g_return_if_fail (!client->shutting_down);

  client->shutting_down = TRUE;
  client->shutdown_func = func;
  client->shutdown_data = user_data;
  if (is_out (client))
    clean_up (client);
  else
    leave_for_shutdown (client);
}

/* The outbox hands out nothing any more once its client is being disposed
 * of, hence no reference. */
static void
emit_event (const GstRtcEvent *event, gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = g_object_ref (user_data);

  g_signal_emit (self, signals[SIGNAL_EVENT], 0, event);
}

static void
dispose (GObject *object)
{
  GstRtcRoomClient *self = GST_RTC_ROOM_CLIENT (object);
  g_autoptr (GError) error = gst_rtc_error_new (
      GST_RTC_ERROR_NOT_IN_ROOM, 0, "the client has been shut down");

  clear_source (&self->deadline);
  gst_rtc_room_return_clear (self);
  g_cancellable_cancel (self->fetching);
  g_clear_object (&self->fetching);
  say_farewell (self);
  close_session (self, CLOSE_NORMAL, NULL);
  clear_source (&self->alarm);
  g_clear_object (&self->dialect);
  if (self->outbox)
    fail_requests (self, FALSE, error);
  g_clear_pointer (&self->outbox, gst_rtc_outbox_free);
  G_OBJECT_CLASS (gst_rtc_room_client_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  GstRtcRoomClient *self = GST_RTC_ROOM_CLIENT (object);

  g_hash_table_unref (self->pending);
  g_hash_table_unref (self->media);
  gst_rtc_room_return_finalize (self);
  g_clear_error (&self->broken);
  gst_rtc_roster_free (self->roster);
  gst_rtc_ledger_free (self->ledger);
  gst_rtc_endpoint_free (self->endpoint);
  gst_rtc_config_unref (self->config);
  g_string_free (self->attempts, TRUE);
  g_free (self->app_id);
  g_free (self->user_id);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (gst_rtc_room_client_parent_class)->finalize (object);
}

static void
gst_rtc_room_client_init (GstRtcRoomClient *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->outbox = gst_rtc_outbox_new (self->context, emit_event, self);
  self->attempts = g_string_new (NULL);
  self->pending =
      g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)pending_free);
  self->media = gst_rtc_room_client_new_media ();
  gst_rtc_room_return_init (self);
  self->roster = gst_rtc_roster_new ();
  self->ledger = gst_rtc_ledger_new ();
  gst_rtc_room_state_init (&self->state, GST_RTC_DEFAULT_CONNECT_TIMEOUT,
      GST_RTC_DEFAULT_SIGNALING_TIMEOUT);
}

static void
gst_rtc_room_client_class_init (GstRtcRoomClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (gst_rtc_room_client_debug, "rtcclient", 0,
      "Room client of the RTC elements");

  object_class->dispose = dispose;
  object_class->finalize = finalize;

  /* On the worker, with no lock held. */
  signals[SIGNAL_EVENT] = g_signal_new ("event", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
}
