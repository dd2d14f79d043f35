/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire of the VideoRoom plugin of a Janus server: its parts put together,
 * and what happens in the room. Belongs to the worker. */
#include "rtcdialectjanus.h"

#include <gst/gst.h>

#include "rtcerror-private.h"
#include "rtcjanusentry.h"
#include "rtcjanuspublish.h"
#include "rtcjanussubscribe.h"

GST_DEBUG_CATEGORY_STATIC (janus_debug);
#define GST_CAT_DEFAULT janus_debug

struct _GstRtcDialectJanus
{
  GObject parent;

  GstRtcDialectHost host;
  gpointer host_data;
  GstRtcJanusRoom room;
  gboolean leaving;
};

static void init_interface (GstRtcDialectInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GstRtcDialectJanus, gst_rtc_dialect_janus,
    G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (GST_RTC_TYPE_DIALECT, init_interface))

static const GstRtcConfigValues *
get_values (GstRtcDialectJanus *self)
{
  return gst_rtc_config_get_values (self->room.config);
}

static void
set_alarm (GstRtcDialectJanus *self, gint64 now)
{
  gint64 due = gst_rtc_janus_entry_get_due (self->room.entry);

  if (gst_rtc_janus_entry_is_joined (self->room.entry))
    due = MIN (due, gst_rtc_janus_media_look (self->room.media, now));
  if (due == G_MAXINT64)
    self->host.wake (0, self->host_data);
  else
    self->host.wake ((guint)(MAX (due - now, 0) / G_TIME_SPAN_MILLISECOND + 1),
        self->host_data);
}

/* --- the other requests about the room --- */

static void
on_destroyed (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  if (reply->error_code != 0 &&
      !gst_rtc_janus_is_done (GST_RTC_OPERATION_LEAVE, reply->error_code))
    gst_rtc_janus_room_refuse (user_data, tag, GST_RTC_OPERATION_LEAVE, reply);
  else
    gst_rtc_janus_room_answer (user_data, tag, NULL);
}

static void
on_left (GstRtcJanusHandle *handle, guint tag, const GstRtcJanusMessage *reply,
    gpointer user_data)
{
  gst_rtc_janus_entry_destroy (
      ((GstRtcJanusRoom *)user_data)->entry, tag, on_destroyed);
}

/* The end of the session ends all its handles. With a word before it the
 * others learn that the user has left, and not that it has unpublished. */
static void
start_leave (GstRtcDialectJanus *self, guint id)
{
  GstRtcJanusHandle *main = self->room.main;

  self->leaving = TRUE;
  gst_rtc_janus_entry_end (self->room.entry);
  if (main && !gst_rtc_janus_handle_is_busy (main))
    gst_rtc_janus_link_message (self->room.link, main,
        gst_rtc_janus_body_new ("leave"), NULL, NULL, id, on_left);
  else
    gst_rtc_janus_entry_destroy (self->room.entry, id, on_destroyed);
}

static void
use_token (GstRtcJanusRoom *room, const gchar *token)
{
  g_free (room->token);
  room->token = g_strdup (token);
  if (!gst_rtc_config_get_values (room->config)->api_token)
    gst_rtc_janus_link_set_token (room->link, token);
}

static void
on_renewed (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;
  g_autofree gchar *old = g_steal_pointer (&room->old_token);

  if (reply->error_code == 0) {
    gst_rtc_janus_room_answer (room, tag, NULL);
    return;
  }
  use_token (room, old);
  gst_rtc_janus_room_refuse (room, tag, GST_RTC_OPERATION_RENEW_TOKEN, reply);
}

/* Janus checks the token of each request, so that any request tries it. The
 * one of the room is looked at when something is joined. */
static void
start_renewal (GstRtcDialectJanus *self, guint id, const gchar *token)
{
  g_free (self->room.old_token);
  self->room.old_token = g_strdup (self->room.token);
  use_token (&self->room, token);
  gst_rtc_janus_link_ask (self->room.link, "keepalive", id, on_renewed);
}

static void
start_visibility (GstRtcDialectJanus *self, guint id, gboolean enable)
{
  g_autoptr (GError) error = NULL;

  if (!!enable == !!get_values (self)->visible) {
    gst_rtc_janus_room_answer (&self->room, id, NULL);
    return;
  }
  error = gst_rtc_error_new (GST_RTC_ERROR_PUBLISH_ERROR, 0,
      "a Janus room has no way to show or to hide who is in it already");
  gst_rtc_error_set_retryable (error, FALSE);
  gst_rtc_janus_room_fail (&self->room, id, error);
}

/* --- what happens in the room --- */

static void
ban (GstRtcDialectJanus *self, const gchar *reason)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_CLIENT_BANNED,
      .reason = reason,
  };

  gst_rtc_janus_entry_destroy (self->room.entry, 0, NULL);
  gst_rtc_janus_entry_discard (self->room.entry);
  gst_rtc_janus_room_emit (&self->room, &event);
}

static void
on_leaving (GstRtcDialectJanus *self, GstRtcJson *data)
{
  g_autofree gchar *id = gst_rtc_janus_get_id (data, "leaving");

  if (g_strcmp0 (id, "ok") == 0) {
    const gchar *reason = gst_rtc_json_get_string (data, "reason");

    ban (self, reason ? reason : "the server has ended the membership");
    return;
  }
  if (id)
    gst_rtc_janus_feeds_left (self->room.feeds, id, "left");
}

static void
on_moderation (GstRtcDialectJanus *self, GstRtcJson *data)
{
  g_autofree gchar *id = gst_rtc_janus_get_id (data, "id");
  const gchar *mid = gst_rtc_json_get_string (data, "mid");
  const gchar *what = gst_rtc_json_get_string (data, "moderation");
  const gboolean muted = g_strcmp0 (what, "muted") == 0;

  if (!id || !mid)
    return;
  if (gst_rtc_janus_feeds_is_own (self->room.feeds, id))
    gst_rtc_janus_media_take_moderation (self->room.media, id, mid, muted);
  else
    gst_rtc_janus_feeds_moderated (self->room.feeds, id, mid, muted);
}

static gboolean
has (GstRtcJson *json, const gchar *name)
{
  return gst_rtc_json_get_kind (json, name) != GST_RTC_JSON_ABSENT;
}

static void
on_unpublished (GstRtcDialectJanus *self, GstRtcJson *data)
{
  g_autofree gchar *id = gst_rtc_janus_get_id (data, "unpublished");

  if (id)
    gst_rtc_janus_feeds_unpublished (self->room.feeds, id);
}

static void
on_kicked (GstRtcDialectJanus *self, GstRtcJson *data)
{
  g_autofree gchar *id = gst_rtc_janus_get_id (data, "kicked");

  if (id)
    gst_rtc_janus_feeds_left (self->room.feeds, id, "kicked");
}

static void
on_joining (GstRtcDialectJanus *self, GstRtcJson *data)
{
  g_autoptr (GstRtcJson) member = gst_rtc_json_get_object (data, "joining");

  if (member)
    gst_rtc_janus_feeds_take_member (self->room.feeds, member);
}

/* Told to the main handle. */
static void
take_room_event (GstRtcDialectJanus *self, GstRtcJson *data)
{
  const gchar *type = gst_rtc_json_get_string (data, "videoroom");

  if (g_strcmp0 (type, "destroyed") == 0) {
    ban (self, "the room was destroyed");
    return;
  }
  if (g_strcmp0 (type, "event") != 0)
    return;
  gst_rtc_janus_feeds_take_each (
      self->room.feeds, data, "publishers", gst_rtc_janus_feeds_take_publisher);
  if (has (data, "joining"))
    on_joining (self, data);
  if (has (data, "unpublished"))
    on_unpublished (self, data);
  if (has (data, "kicked"))
    on_kicked (self, data);
  if (has (data, "moderation"))
    on_moderation (self, data);
  if (has (data, "leaving"))
    on_leaving (self, data);
  gst_rtc_janus_media_drop_orphans (self->room.media);
}

/* The other handles hear the same as the main one, but for their own end. */
static void
take_other_event (GstRtcDialectJanus *self, GstRtcJanusHandle *handle,
    const GstRtcJanusMessage *message)
{
  GstRtcJson *data = message->data;
  const gchar *leaving = gst_rtc_json_get_string (data, "leaving");

  if (message->sdp && message->sdp_is_offer)
    gst_rtc_janus_media_take_offer (self->room.media, handle, message->sdp);
  if (g_strcmp0 (leaving, "ok") == 0)
    gst_rtc_janus_media_take_removal (self->room.media, handle,
        gst_rtc_json_get_string (data, "reason")
            ? gst_rtc_json_get_string (data, "reason")
            : "no reason is given");
}

static void
take_event (GstRtcDialectJanus *self, const GstRtcJanusMessage *message)
{
  GstRtcJanusHandle *handle =
      gst_rtc_janus_link_find (self->room.link, message->sender);

  if (!handle)
    return;
  if (message->verb == GST_RTC_JANUS_DETACHED && handle == self->room.main) {
    gst_rtc_janus_entry_lose (
        self->room.entry, 0, "the handle of the room was detached");
    return;
  }
  if (message->verb != GST_RTC_JANUS_EVENT)
    gst_rtc_janus_media_take_event (self->room.media, handle, message);
  else if (message->data && handle == self->room.main)
    take_room_event (self, message->data);
  else if (message->data)
    take_other_event (self, handle, message);
}

static void
take_message (GstRtcDialectJanus *self, const GstRtcJanusMessage *message)
{
  if (gst_rtc_janus_link_take_reply (self->room.link, message))
    return;
  /* What a session tells of its own end is nothing to act upon. */
  if (self->leaving ||
      message->session_id != gst_rtc_janus_link_get_session (self->room.link))
    return;
  if (message->verb == GST_RTC_JANUS_TIMEOUT)
    gst_rtc_janus_entry_lose (
        self->room.entry, 0, "the server has let the session expire");
  else if (message->verb == GST_RTC_JANUS_ERROR)
    GST_WARNING_OBJECT (self, "error %d without a request: %s",
        message->error_code, GST_STR_NULL (message->error_reason));
  else
    take_event (self, message);
}

/* --- the interface --- */

static void
set_host (
    GstRtcDialect *dialect, const GstRtcDialectHost *host, gpointer user_data)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);

  self->host = *host;
  self->host_data = user_data;
  self->room.up = (GstRtcJanusUp){
      .send = host->send,
      .answered = host->answered,
      .extend = host->extend,
      .event = host->event,
  };
  self->room.up_data = user_data;
}

static void
start_request (GstRtcDialect *dialect, guint id, const GstRtcRequest *request)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);

  g_hash_table_add (self->room.open, GUINT_TO_POINTER (id));
  switch (request->operation) {
    case GST_RTC_OPERATION_JOIN:
      gst_rtc_janus_entry_join (self->room.entry, id, request->config);
      break;
    case GST_RTC_OPERATION_LEAVE:
      start_leave (self, id);
      break;
    case GST_RTC_OPERATION_RENEW_TOKEN:
      start_renewal (self, id, request->token);
      break;
    case GST_RTC_OPERATION_SET_VISIBILITY:
      start_visibility (self, id, request->enable);
      break;
    case GST_RTC_OPERATION_PUBLISH:
      gst_rtc_janus_publish (&self->room, id, request);
      break;
    case GST_RTC_OPERATION_UNPUBLISH:
      gst_rtc_janus_unpublish (&self->room, id, request);
      break;
    case GST_RTC_OPERATION_SUBSCRIBE:
      gst_rtc_janus_subscribe (&self->room, id, request);
      break;
    case GST_RTC_OPERATION_UNSUBSCRIBE:
      gst_rtc_janus_unsubscribe (&self->room, id, request);
      break;
    case GST_RTC_OPERATION_MUTE_LOCAL:
      gst_rtc_janus_mute_local (&self->room, id, request);
      break;
    case GST_RTC_OPERATION_MUTE_REMOTE:
      gst_rtc_janus_mute_remote (&self->room, id, request);
      break;
    default:
      g_return_if_reached ();
  }
  set_alarm (self, g_get_monotonic_time ());
}

static void
forget_request (GstRtcDialect *dialect, guint id)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);

  gst_rtc_janus_media_forget (self->room.media, id);
  gst_rtc_janus_entry_forget (self->room.entry, id);
}

static gboolean
receive (
    GstRtcDialect *dialect, const gchar *text, gsize length, GError **error)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);
  g_autoptr (GError) fault = NULL;
  g_autoptr (GstRtcJanusMessage) message =
      gst_rtc_janus_message_parse (text, length, &fault);

  if (!message)
    return gst_rtc_error_set (error, GST_RTC_ERROR_WEBSOCKET_FAILED, 0,
        "the server sent what is no message of Janus: %s", fault->message);
  GST_DEBUG_OBJECT (self, "received %s %s",
      gst_rtc_janus_verb_get_nick (message->verb),
      message->transaction ? message->transaction : "");
  take_message (self, message);
  set_alarm (self, g_get_monotonic_time ());
  return gst_rtc_janus_entry_take_loss (self->room.entry, error);
}

static gboolean
wake (GstRtcDialect *dialect, gint64 now, GError **error)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);

  gst_rtc_janus_entry_wake (self->room.entry, now);
  set_alarm (self, now);
  return gst_rtc_janus_entry_take_loss (self->room.entry, error);
}

static void
reset (GstRtcDialect *dialect)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);

  g_hash_table_remove_all (self->room.open);
  gst_rtc_janus_entry_reset (self->room.entry);
  gst_rtc_janus_media_reset (self->room.media);
  gst_rtc_janus_link_reset (self->room.link);
  self->host.wake (0, self->host_data);
}

static void
farewell (GstRtcDialect *dialect)
{
  gst_rtc_janus_entry_destroy (
      GST_RTC_DIALECT_JANUS (dialect)->room.entry, 0, NULL);
}

static void
send_description (
    GstRtcDialect *dialect, const gchar *media_session, const gchar *sdp)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);
  GstRtcJanusSession *session =
      gst_rtc_janus_media_lookup (self->room.media, media_session);

  if (!session || session->sent || session->ending)
    return;
  if (session->sends)
    gst_rtc_janus_send_offer (&self->room, session, sdp);
  else
    gst_rtc_janus_send_answer (&self->room, session, sdp);
}

static void
send_candidate (GstRtcDialect *dialect, const gchar *media_session, guint mline,
    const gchar *candidate)
{
  gst_rtc_janus_media_send_candidate (
      GST_RTC_DIALECT_JANUS (dialect)->room.media, media_session, mline,
      candidate);
}

/* The server tells the same by `webrtcup`. */
static void
media_connected (GstRtcDialect *dialect, const gchar *media_session)
{
}

static void
close_media (
    GstRtcDialect *dialect, const gchar *media_session, const gchar *reason)
{
  gst_rtc_janus_media_close (
      GST_RTC_DIALECT_JANUS (dialect)->room.media, media_session, reason);
}

GstRtcDialectJanus *
gst_rtc_dialect_janus_new (void)
{
  return g_object_new (GST_RTC_TYPE_DIALECT_JANUS, NULL);
}

static void
finalize (GObject *object)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (object);

  gst_rtc_janus_entry_free (self->room.entry);
  gst_rtc_janus_media_free (self->room.media);
  gst_rtc_janus_room_clear (&self->room);
  G_OBJECT_CLASS (gst_rtc_dialect_janus_parent_class)->finalize (object);
}

static void
gst_rtc_dialect_janus_init (GstRtcDialectJanus *self)
{
  gst_rtc_janus_room_init (&self->room);
  self->room.media = gst_rtc_janus_media_new (&self->room);
  self->room.entry = gst_rtc_janus_entry_new (&self->room);
}

static void
gst_rtc_dialect_janus_class_init (GstRtcDialectJanusClass *klass)
{
  GST_DEBUG_CATEGORY_INIT (
      janus_debug, "rtcjanus", 0, "Conversation with a Janus server");
  G_OBJECT_CLASS (klass)->finalize = finalize;
}

static void
init_interface (GstRtcDialectInterface *iface)
{
  iface->subprotocol = GST_RTC_JANUS_SUBPROTOCOL;
  iface->max_message_bytes = GST_RTC_JANUS_MAX_MESSAGE_BYTES;
  iface->set_host = set_host;
  iface->start_request = start_request;
  iface->forget_request = forget_request;
  iface->receive = receive;
  iface->wake = wake;
  iface->reset = reset;
  iface->farewell = farewell;
  iface->send_description = send_description;
  iface->send_candidate = send_candidate;
  iface->media_connected = media_connected;
  iface->close_media = close_media;
}
