/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with the core of Janus. Belongs to the worker. */
#include "rtcjanuslink.h"

#include <gst/gst.h>
#include <string.h>

GST_DEBUG_CATEGORY_STATIC (link_debug);
#define GST_CAT_DEFAULT link_debug

struct _GstRtcJanusHandle
{
  grefcount ref_count; /* held by the link and by each request */
  gint64 id;           /* 0 until it is attached */
  gboolean dropped;
  GQueue waiting; /* of Ask, to be sent one after the other */
  gboolean busy;  /* one of them is sent and not answered */
  gpointer data;
};

/* One request that is not answered yet. */
typedef struct
{
  gchar *transaction;
  const gchar *verb;
  GstRtcJson *json; /* while it waits */
  GstRtcJanusHandle *handle;
  gboolean queued; /* makes its handle busy */
  gboolean acked;
  guint tag;
  GstRtcJanusReplyFunc func;
} Ask;

struct _GstRtcJanusLink
{
  GstRtcJanusLinkFuncs funcs;
  gpointer user_data;
  gchar *secret;
  gchar *token;
  gint64 session;
  guint64 last_transaction; /* never reset: a late reply must meet nothing */
  GHashTable *asks;         /* transaction: Ask */
  GHashTable *handles;      /* set of GstRtcJanusHandle */
};

static void
handle_unref (GstRtcJanusHandle *handle)
{
  if (g_ref_count_dec (&handle->ref_count))
    g_free (handle);
}

static void
ask_free (Ask *ask)
{
  g_free (ask->transaction);
  g_clear_pointer (&ask->json, gst_rtc_json_unref);
  g_clear_pointer (&ask->handle, handle_unref);
  g_free (ask);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ask, ask_free)

static void
clear_queue (GstRtcJanusHandle *handle)
{
  g_queue_clear_full (&handle->waiting, (GDestroyNotify)ask_free);
  handle->busy = FALSE;
}

static void
send_json (GstRtcJanusLink *self, GstRtcJson *json)
{
  g_autofree gchar *text = NULL;

  if (self->secret)
    gst_rtc_json_set_string (json, "apisecret", self->secret);
  if (self->token)
    gst_rtc_json_set_string (json, "token", self->token);
  text = gst_rtc_json_to_text (json);
  self->funcs.send (text, self->user_data);
}

static GstRtcJson *
new_request (const gchar *verb, gint64 session, gint64 handle)
{
  GstRtcJson *json = gst_rtc_json_new ();

  gst_rtc_json_set_string (json, "janus", verb);
  if (session != 0)
    gst_rtc_json_set_int (json, "session_id", session);
  if (handle != 0)
    gst_rtc_json_set_int (json, "handle_id", handle);
  return json;
}

static gchar *
next_transaction (GstRtcJanusLink *self)
{
  return g_strdup_printf ("t%" G_GUINT64_FORMAT, ++self->last_transaction);
}

static Ask *
new_ask (GstRtcJanusLink *self, const gchar *verb, GstRtcJson *json,
    GstRtcJanusHandle *handle, guint tag, GstRtcJanusReplyFunc func)
{
  Ask *ask = g_new0 (Ask, 1);

  ask->transaction = next_transaction (self);
  ask->verb = verb;
  ask->json = json;
  ask->tag = tag;
  ask->func = func;
  if (handle) {
    g_ref_count_inc (&handle->ref_count);
    ask->handle = handle;
  }
  gst_rtc_json_set_string (json, "transaction", ask->transaction);
  return ask;
}

static void
send_ask (GstRtcJanusLink *self, Ask *ask)
{
  g_autoptr (GstRtcJson) json = g_steal_pointer (&ask->json);

  GST_DEBUG ("%s: sent %s", ask->transaction, ask->verb);
  g_hash_table_insert (self->asks, ask->transaction, ask);
  send_json (self, json);
}

static void
send_next (GstRtcJanusLink *self, GstRtcJanusHandle *handle)
{
  Ask *ask;

  if (handle->busy || handle->dropped || handle->id == 0)
    return;
  ask = g_queue_pop_head (&handle->waiting);
  if (!ask)
    return;
  handle->busy = TRUE;
  gst_rtc_json_set_int (ask->json, "session_id", self->session);
  gst_rtc_json_set_int (ask->json, "handle_id", handle->id);
  send_ask (self, ask);
}

static gboolean
is_of_handle (gpointer key, gpointer value, gpointer handle)
{
  return ((Ask *)value)->handle == handle;
}

GstRtcJanusLink *
gst_rtc_janus_link_new (const GstRtcJanusLinkFuncs *funcs, gpointer user_data)
{
  GstRtcJanusLink *self = g_new0 (GstRtcJanusLink, 1);

  GST_DEBUG_CATEGORY_INIT (
      link_debug, "rtcjanuslink", 0, "Requests to a Janus server");
  self->funcs = *funcs;
  self->user_data = user_data;
  self->asks = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify)ask_free);
  self->handles = g_hash_table_new (NULL, NULL);
  return self;
}

static void
forget_handles (GstRtcJanusLink *self)
{
  g_autoptr (GList) handles = g_hash_table_get_keys (self->handles);

  for (GList *item = handles; item; item = item->next)
    gst_rtc_janus_link_forget_handle (self, item->data);
}

void
gst_rtc_janus_link_free (GstRtcJanusLink *link)
{
  if (!link)
    return;
  forget_handles (link);
  g_hash_table_unref (link->asks);
  g_hash_table_unref (link->handles);
  g_free (link->secret);
  g_free (link->token);
  g_free (link);
}

void
gst_rtc_janus_link_set_secret (GstRtcJanusLink *link, const gchar *secret)
{
  g_free (link->secret);
  link->secret = g_strdup (secret);
}

void
gst_rtc_janus_link_set_token (GstRtcJanusLink *link, const gchar *token)
{
  g_free (link->token);
  link->token = g_strdup (token);
}

gint64
gst_rtc_janus_link_get_session (GstRtcJanusLink *link)
{
  return link->session;
}

void
gst_rtc_janus_link_set_session (GstRtcJanusLink *link, gint64 session)
{
  if (link->session == session)
    return;
  forget_handles (link);
  link->session = session;
}

void
gst_rtc_janus_link_ask_of (GstRtcJanusLink *link, gint64 session,
    const gchar *verb, guint tag, GstRtcJanusReplyFunc func)
{
  send_ask (link,
      new_ask (link, verb, new_request (verb, session, 0), NULL, tag, func));
}

void
gst_rtc_janus_link_ask (GstRtcJanusLink *link, const gchar *verb, guint tag,
    GstRtcJanusReplyFunc func)
{
  gst_rtc_janus_link_ask_of (link, link->session, verb, tag, func);
}

GstRtcJanusHandle *
gst_rtc_janus_link_attach (
    GstRtcJanusLink *link, guint tag, GstRtcJanusReplyFunc func)
{
  GstRtcJanusHandle *handle = g_new0 (GstRtcJanusHandle, 1);
  GstRtcJson *json = new_request ("attach", link->session, 0);

  g_ref_count_init (&handle->ref_count);
  g_queue_init (&handle->waiting);
  g_hash_table_add (link->handles, handle);
  gst_rtc_json_set_string (json, "plugin", GST_RTC_JANUS_PLUGIN);
  send_ask (link, new_ask (link, "attach", json, handle, tag, func));
  return handle;
}

void
gst_rtc_janus_link_message (GstRtcJanusLink *link, GstRtcJanusHandle *handle,
    GstRtcJson *body, const gchar *sdp_type, const gchar *sdp, guint tag,
    GstRtcJanusReplyFunc func)
{
  GstRtcJson *json = new_request ("message", 0, 0);
  Ask *ask;

  gst_rtc_json_take_object (json, "body", body);
  if (sdp) {
    GstRtcJson *jsep = gst_rtc_json_new ();

    gst_rtc_json_set_string (jsep, "type", sdp_type);
    gst_rtc_json_set_string (jsep, "sdp", sdp);
    gst_rtc_json_take_object (json, "jsep", jsep);
  }
  ask = new_ask (link, "message", json, handle, tag, func);
  ask->queued = TRUE;
  g_queue_push_tail (&handle->waiting, ask);
  send_next (link, handle);
}

/* Nothing depends on the answer. */
void
gst_rtc_janus_link_trickle (GstRtcJanusLink *link, GstRtcJanusHandle *handle,
    guint mline, const gchar *candidate)
{
  g_autoptr (GstRtcJson) json = NULL;
  g_autofree gchar *transaction = next_transaction (link);
  GstRtcJson *object = gst_rtc_json_new ();

  json = new_request ("trickle", link->session, handle->id);
  if (*candidate) {
    gst_rtc_json_set_int (object, "sdpMLineIndex", mline);
    gst_rtc_json_set_string (object, "candidate", candidate);
  } else {
    gst_rtc_json_set_boolean (object, "completed", TRUE);
  }
  gst_rtc_json_take_object (json, "candidate", object);
  gst_rtc_json_set_string (json, "transaction", transaction);
  send_json (link, json);
}

void
gst_rtc_janus_link_hang_up (GstRtcJanusLink *link, GstRtcJanusHandle *handle)
{
  send_ask (link,
      new_ask (link, "hangup",
          new_request ("hangup", link->session, handle->id), NULL, 0, NULL));
}

/* One that is not attached yet is detached when it is. */
gboolean
gst_rtc_janus_link_drop (GstRtcJanusLink *link, GstRtcJanusHandle *handle,
    guint tag, GstRtcJanusReplyFunc func)
{
  GstRtcJson *json;

  handle->dropped = TRUE;
  handle->data = NULL;
  clear_queue (handle);
  if (handle->id == 0)
    return FALSE;
  json = new_request ("detach", link->session, handle->id);
  send_ask (link, new_ask (link, "detach", json, NULL, tag, func));
  gst_rtc_janus_link_forget_handle (link, handle);
  return TRUE;
}

void
gst_rtc_janus_link_forget_handle (
    GstRtcJanusLink *link, GstRtcJanusHandle *handle)
{
  if (!g_hash_table_remove (link->handles, handle))
    return;
  handle->dropped = TRUE;
  handle->data = NULL;
  clear_queue (handle);
  g_hash_table_foreach_remove (link->asks, is_of_handle, handle);
  handle_unref (handle);
}

GstRtcJanusHandle *
gst_rtc_janus_link_find (GstRtcJanusLink *link, gint64 id)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, link->handles);
  while (g_hash_table_iter_next (&iter, &value, NULL)) {
    GstRtcJanusHandle *handle = value;

    if (id != 0 && handle->id == id && !handle->dropped)
      return handle;
  }
  return NULL;
}

/* TRUE for a request that the core answers by `ack` alone. */
static gboolean
ends_with_ack (const Ask *ask)
{
  return g_str_equal (ask->verb, "keepalive");
}

static void
take_attached (GstRtcJanusLink *self, Ask *ask, const GstRtcJanusMessage *reply)
{
  GstRtcJanusHandle *handle = ask->handle;

  if (reply->error_code == 0 && reply->data)
    handle->id = gst_rtc_json_get_int (reply->data, "id", 0);
  if (handle->dropped) {
    ask->func = NULL;
    gst_rtc_janus_link_drop (self, handle, 0, NULL);
    gst_rtc_janus_link_forget_handle (self, handle);
  }
}

static void
end_ask (GstRtcJanusLink *self, Ask *ask, const GstRtcJanusMessage *reply)
{
  GST_DEBUG ("%s: %s answered with %s %d", ask->transaction, ask->verb,
      gst_rtc_janus_verb_get_nick (reply->verb), reply->error_code);
  if (g_str_equal (ask->verb, "attach"))
    take_attached (self, ask, reply);
  if (ask->queued)
    ask->handle->busy = FALSE;
  if (ask->func)
    ask->func (ask->handle, ask->tag, reply, self->user_data);
  if (ask->handle)
    send_next (self, ask->handle);
}

static void
take_ack (GstRtcJanusLink *self, Ask *ask)
{
  if (ask->acked)
    return;
  ask->acked = TRUE;
  if (ask->tag != 0)
    self->funcs.progress (ask->tag, self->user_data);
}

gboolean
gst_rtc_janus_link_take_reply (
    GstRtcJanusLink *link, const GstRtcJanusMessage *message)
{
  g_autoptr (Ask) ask = NULL;
  gpointer value;

  if (!message->transaction)
    return FALSE;
  ask = g_hash_table_lookup (link->asks, message->transaction);
  /* Given up, a trickle, or an ack behind the reply. */
  if (!ask) {
    if (message->verb == GST_RTC_JANUS_ERROR)
      GST_INFO ("%s: refused: %d %s", message->transaction, message->error_code,
          GST_STR_NULL (message->error_reason));
    return TRUE;
  }
  if (message->verb == GST_RTC_JANUS_ACK && !ends_with_ack (ask)) {
    take_ack (link, g_steal_pointer (&ask));
    return TRUE;
  }
  g_hash_table_steal_extended (link->asks, message->transaction, NULL, &value);
  end_ask (link, ask, message);
  return TRUE;
}

void
gst_rtc_janus_link_reset (GstRtcJanusLink *link)
{
  g_autoptr (GList) handles = g_hash_table_get_keys (link->handles);

  g_hash_table_remove_all (link->asks);
  for (GList *item = handles; item; item = item->next) {
    GstRtcJanusHandle *handle = item->data;

    clear_queue (handle);
    /* The reply that would have told its id is lost. */
    if (handle->id == 0)
      gst_rtc_janus_link_forget_handle (link, handle);
  }
}

gboolean
gst_rtc_janus_handle_is_attached (GstRtcJanusHandle *handle)
{
  return handle->id != 0;
}

gboolean
gst_rtc_janus_handle_is_busy (GstRtcJanusHandle *handle)
{
  return handle->busy;
}

void
gst_rtc_janus_handle_set_data (GstRtcJanusHandle *handle, gpointer data)
{
  handle->data = data;
}

gpointer
gst_rtc_janus_handle_get_data (GstRtcJanusHandle *handle)
{
  return handle->data;
}
