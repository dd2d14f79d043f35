/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the room on their way through an element: what gstrtcelement.h
 * says of GstRtcElementCall. A call belongs to the worker once it is started;
 * promises are answered on the notifier. */
#include "gstrtcelement.h"

#include "rtcerror-private.h"

/* Two calls that are one to the application. */
typedef struct
{
  guint n_left;
  GstPromise *promise;
  GstStructure *reply; /* of the first that failed, else of the last */
  gboolean failed;
} Pair;

struct _GstRtcElementCall
{
  GstRtcRequest request; /* with own copies of what it points to */
  GstMessageType severity;
  gboolean automatic;
  GstPromise *promise;
  Pair *pair; /* instead of @promise; until this call is answered */
  GstRtcElementDone done;
  GstRtcElement *self; /* from start to end */
};

GstRtcElementCall *
gst_rtc_element_call_new (const GstRtcRequest *request, GstMessageType severity,
    GstPromise *promise, GstRtcElementDone done)
{
  GstRtcElementCall *call = g_new0 (GstRtcElementCall, 1);

  call->request = *request;
  if (request->config)
    call->request.config = gst_rtc_config_ref (request->config);
  call->request.app_id = g_strdup (request->app_id);
  call->request.user_id = g_strdup (request->user_id);
  call->request.token = g_strdup (request->token);
  if (request->stream)
    call->request.stream = gst_rtc_stream_copy (request->stream);
  call->severity = severity;
  call->promise = promise ? gst_promise_ref (promise) : NULL;
  call->done = done;
  return call;
}

static GstRtcFailureStream
stream_of_request (const GstRtcRequest *request)
{
  switch (request->operation) {
    case GST_RTC_OPERATION_PUBLISH:
    case GST_RTC_OPERATION_UNPUBLISH:
    case GST_RTC_OPERATION_SUBSCRIBE:
    case GST_RTC_OPERATION_UNSUBSCRIBE:
    case GST_RTC_OPERATION_MUTE_LOCAL:
    case GST_RTC_OPERATION_MUTE_REMOTE:
      return gst_rtc_failure_stream (request->screen);
    default:
      return GST_RTC_FAILURE_NO_STREAM;
  }
}

typedef struct
{
  GstPromise *promise;
  GstStructure *reply;
} ReplyJob;

/* The promise is answered also when the notifier has stopped: its jobs are
 * then destroyed instead of run. */
static void
free_reply_job (gpointer data)
{
  ReplyJob *job = data;

  gst_promise_reply (job->promise, job->reply);
  gst_promise_unref (job->promise);
  g_free (job);
}

static void
nothing_to_run (GstRtcElement *self, gpointer data)
{
}

/* Takes both. */
static void
queue_reply (GstRtcElement *self, GstPromise *promise, GstStructure *reply)
{
  ReplyJob *job = g_new (ReplyJob, 1);

  *job = (ReplyJob){.promise = promise, .reply = reply};
  gst_rtc_element_notify (self, nothing_to_run, job, free_reply_job);
}

/* Takes @reply, which may have to wait for the other call. */
static void
answer_pair (
    GstRtcElement *self, Pair *pair, GstStructure *reply, gboolean failed)
{
  if (pair->failed) {
    gst_structure_free (reply);
  } else {
    gst_clear_structure (&pair->reply);
    pair->reply = reply;
    pair->failed = failed;
  }
  if (--pair->n_left > 0)
    return;
  queue_reply (self, pair->promise, pair->reply);
  g_free (pair);
}

static void
answer_promise (GstRtcElement *self, GstRtcElementCall *call,
    const GstRtcAnswer *answer, const GError *error)
{
  GstStructure *reply;

  if (!call->promise && !call->pair)
    return;

  if (error) {
    g_autoptr (GstRtcConfig) config = gst_rtc_element_ref_config (self);
    GstRtcFailure failure = {.error = error,
        .operation = call->request.operation,
        .stream = stream_of_request (&call->request),
        .user_id = call->request.user_id};

    gst_rtc_element_complete_failure (self, &failure, config);
    reply = gst_rtc_bus_describe_failure (&failure);
    gst_structure_set (reply, "error", G_TYPE_ERROR, error, NULL);
  } else {
    reply = gst_structure_new ("rtc-answer", "operation", G_TYPE_STRING,
        gst_rtc_operation_get_nick (call->request.operation), NULL);
    if (answer && answer->user_id) {
      gst_structure_set (
          reply, "user-id", G_TYPE_STRING, answer->user_id, NULL);
    }
  }

  if (call->pair)
    answer_pair (self, g_steal_pointer (&call->pair), reply, error != NULL);
  else
    queue_reply (self, g_steal_pointer (&call->promise), reply);
}

gboolean
gst_rtc_element_is_broken_off (const GError *error)
{
  return g_error_matches (
             error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED) ||
         g_error_matches (
             error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_NOT_CONNECTED);
}

/* What the state asked for and the loss of the connection or of the room has
 * ended: that has a message of its own. */
static gboolean
is_explained (const GstRtcElementCall *call, const GError *error)
{
  return call->automatic &&
         (gst_rtc_element_is_broken_off (error) ||
             g_error_matches (error, GST_RTC_ERROR, GST_RTC_ERROR_NOT_IN_ROOM));
}

static void
end_call (GstRtcElement *self, GstRtcElementCall *call,
    const GstRtcAnswer *answer, const GError *error)
{
  if (call->done)
    call->done (self, &call->request, answer, error);
  if (error && call->severity != GST_MESSAGE_UNKNOWN &&
      !is_explained (call, error)) {
    gst_rtc_element_post_failure (self, call->severity, error,
        call->request.operation, call->request.user_id,
        stream_of_request (&call->request));
  }
  answer_promise (self, call, answer, error);
}

void
gst_rtc_element_call_free (GstRtcElementCall *call)
{
  /* A promise is still here when the worker stopped before the call ran. */
  if (call->promise || call->pair) {
    g_autoptr (GError) error = gst_rtc_error_new (
        GST_RTC_ERROR_INVALID_PARAMS, 0, "the element is in state NULL");

    answer_promise (call->self, call, NULL, error);
  }
  g_clear_pointer (&call->request.config, gst_rtc_config_unref);
  g_free ((gchar *)call->request.app_id);
  g_free ((gchar *)call->request.user_id);
  g_free ((gchar *)call->request.token);
  gst_rtc_stream_free ((GstRtcStream *)call->request.stream);
  gst_clear_object (&call->self);
  g_free (call);
}

static void
on_call_answered (
    const GstRtcAnswer *answer, const GError *error, gpointer user_data)
{
  GstRtcElementCall *call = user_data;

  end_call (call->self, call, answer, error);
}

static void
own_call (GstRtcElement *self, GstRtcElementCall *call)
{
  if (!call->self)
    call->self = gst_object_ref (self);
}

void
gst_rtc_element_call_send (GstRtcElement *self, GstRtcElementCall *call)
{
  GstRtcRoomClient *client = gst_rtc_element_get_client (self);

  own_call (self, call);
  if (client)
    gst_rtc_room_client_request (client, &call->request, on_call_answered, call,
        (GDestroyNotify)gst_rtc_element_call_free);
  else
    gst_rtc_element_call_free (call);
}

typedef struct
{
  GstRtcElementCall *call; /* outlives the job that hands it on */
  GstRtcElementCallFunc func;
} CallJob;

static void
run_call_job (GstRtcElement *self, gpointer data)
{
  CallJob *job = data;

  job->func (self, g_steal_pointer (&job->call));
}

static void
free_call_job (gpointer data)
{
  CallJob *job = data;

  g_clear_pointer (&job->call, gst_rtc_element_call_free);
  g_free (job);
}

void
gst_rtc_element_call_invoke (
    GstRtcElement *self, GstRtcElementCall *call, GstRtcElementCallFunc func)
{
  CallJob *job = g_new (CallJob, 1);

  own_call (self, call);
  *job = (CallJob){.call = call, .func = func};
  gst_rtc_element_invoke (self, run_call_job, job, free_call_job);
}

void
gst_rtc_element_call_start (GstRtcElement *self, GstRtcElementCall *call)
{
  gst_rtc_element_call_invoke (self, call, gst_rtc_element_call_send);
}

void
gst_rtc_element_call_pair (GstRtcElementCall *first, GstRtcElementCall *second)
{
  Pair *pair;

  if (!second->promise)
    return;
  pair = g_new0 (Pair, 1);
  pair->n_left = 2;
  pair->promise = g_steal_pointer (&second->promise);
  first->pair = pair;
  second->pair = pair;
}

void
gst_rtc_element_call_set_automatic (GstRtcElementCall *call)
{
  call->automatic = TRUE;
}

GstRtcRequest *
gst_rtc_element_call_get_request (GstRtcElementCall *call)
{
  return &call->request;
}

GstMessageType
gst_rtc_element_call_get_severity (GstRtcElementCall *call)
{
  return call->severity;
}

void
gst_rtc_element_call_set_stream (
    GstRtcElementCall *call, const GstRtcStream *stream, GstRtcElementDone done)
{
  gst_rtc_stream_free ((GstRtcStream *)call->request.stream);
  call->request.stream = gst_rtc_stream_copy (stream);
  call->done = done;
}

void
gst_rtc_element_call_fail (
    GstRtcElement *self, GstRtcElementCall *call, const GError *error)
{
  own_call (self, call);
  end_call (self, call, NULL, error);
  gst_rtc_element_call_free (call);
}

void
gst_rtc_element_call_succeed (GstRtcElement *self, GstRtcElementCall *call)
{
  own_call (self, call);
  end_call (self, call, NULL, NULL);
  gst_rtc_element_call_free (call);
}

void
gst_rtc_element_call_drop (
    GstRtcElement *self, GstRtcElementCall *call, const GError *error)
{
  if (!call)
    return;
  own_call (self, call);
  answer_promise (self, call, NULL, error);
  gst_rtc_element_call_free (call);
}
