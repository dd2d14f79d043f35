/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire of the VideoRoom plugin of a Janus server: the way into the room
 * and out of it, and what happens there. Media is the business of
 * rtcjanusmedia. Belongs to the worker. */
#include "rtcdialectjanus.h"

#include <gst/gst.h>

#include "rtcerror-private.h"
#include "rtcjanuspublish.h"
#include "rtcjanussubscribe.h"

GST_DEBUG_CATEGORY_STATIC (janus_debug);
#define GST_CAT_DEFAULT janus_debug

/* A session of Janus ends without requests after 60 s by default; it is kept
 * alive with room for two that get lost. */
#define DEFAULT_SESSION_TIMEOUT_S 60
#define MAX_KEEPALIVE_MS 25000
#define MIN_KEEPALIVE_MS 500
/* Of a room that is created on demand. The default of Janus is 3. */
#define CREATED_PUBLISHERS 100
#define CREATED_AUDIO_CODECS "opus,pcmu,pcma"
#define CREATED_VIDEO_CODECS "vp8,h264,vp9,av1"

struct _GstRtcDialectJanus
{
  GObject parent;

  GstRtcDialectHost host;
  gpointer host_data;
  GstRtcJanusRoom room;
  GstRtcJanusMedia *media;

  guint join; /* the request under way, 0 for none */
  gboolean leaving;
  gboolean joined;
  gboolean tried_other_ids;
  gboolean tried_create;
  GstRtcJanusHandle *probe; /* looks at the room after a claim */

  gchar *old_token; /* while a new one is tried */
  guint renewal;

  guint keepalive_ms;
  gint64 keepalive_due; /* monotonic, G_MAXINT64 for never */
  gint64 answer_due;    /* of the keepalive that is under way */
  gint64 join_due;      /* when the join is tried again */
  GError *lost;         /* why the session is lost, until it is told */
};

static void init_interface (GstRtcDialectInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GstRtcDialectJanus, gst_rtc_dialect_janus,
    G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (GST_RTC_TYPE_DIALECT, init_interface))

static GstRtcDialectJanus *
self_of (gpointer room)
{
  return ((GstRtcJanusRoom *)room)->owner;
}

static const GstRtcConfigValues *
get_values (GstRtcDialectJanus *self)
{
  return gst_rtc_config_get_values (self->room.config);
}

/* --- time --- */

static void
set_alarm (GstRtcDialectJanus *self, gint64 now)
{
  gint64 due = MIN (self->keepalive_due, self->answer_due);

  due = MIN (due, self->join_due);
  if (self->joined)
    due = MIN (due, gst_rtc_janus_media_look (self->media, now));
  if (due == G_MAXINT64)
    self->host.wake (0, self->host_data);
  else
    self->host.wake ((guint)(MAX (due - now, 0) / G_TIME_SPAN_MILLISECOND + 1),
        self->host_data);
}

static gint64
after (guint ms)
{
  return g_get_monotonic_time () + ms * (gint64)G_TIME_SPAN_MILLISECOND;
}

static void
stop_alarms (GstRtcDialectJanus *self)
{
  self->keepalive_due = self->answer_due = self->join_due = G_MAXINT64;
}

/* --- the end of the session --- */

/* The next join makes another one. */
static void
discard_session (GstRtcDialectJanus *self)
{
  gst_rtc_janus_media_clear (self->media);
  gst_rtc_janus_feeds_clear (self->room.feeds);
  gst_rtc_janus_link_set_session (self->room.link, 0);
  self->room.main = NULL;
  self->room.private_id = 0;
  g_clear_pointer (&self->room.main_id, g_free);
  self->probe = NULL;
  self->joined = FALSE;
  self->keepalive_ms = MAX_KEEPALIVE_MS;
  stop_alarms (self);
}

/* The socket is given up for it, from which the room client comes back. */
static void
lose_session (GstRtcDialectJanus *self, gint code, const gchar *reason)
{
  GST_WARNING_OBJECT (self, "session lost: %s", reason);
  discard_session (self);
  g_clear_error (&self->lost);
  self->lost =
      gst_rtc_error_new (GST_RTC_ERROR_WEBSOCKET_FAILED, code, "%s", reason);
}

static gboolean
take_loss (GstRtcDialectJanus *self, GError **error)
{
  if (!self->lost)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->lost));
  return FALSE;
}

/* --- keepalive --- */

static void
on_kept_alive (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);

  self->answer_due = G_MAXINT64;
  self->keepalive_due = after (self->keepalive_ms);
  if (reply->error_code == 0)
    return;
  if (gst_rtc_janus_get_fate (reply->error_code) == GST_RTC_JANUS_SESSION_GONE)
    lose_session (self, reply->error_code, "the session is gone");
  else
    GST_WARNING_OBJECT (self, "keepalive refused: %d", reply->error_code);
}

static void
send_keepalive (GstRtcDialectJanus *self)
{
  self->keepalive_due = G_MAXINT64;
  self->answer_due = after (get_values (self)->signaling_timeout);
  gst_rtc_janus_link_ask (self->room.link, "keepalive", 0, on_kept_alive);
}

static void
on_server_info (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);
  const gint64 seconds = gst_rtc_json_get_int (
      reply->root, "session-timeout", DEFAULT_SESSION_TIMEOUT_S);

  if (reply->error_code != 0 || seconds <= 0 || seconds > G_MAXINT / 1000)
    return;
  self->keepalive_ms =
      (guint)CLAMP (seconds * 1000 / 3, MIN_KEEPALIVE_MS, MAX_KEEPALIVE_MS);
  self->keepalive_due = MIN (self->keepalive_due, after (self->keepalive_ms));
}

/* --- joining --- */

static void send_room_join (GstRtcDialectJanus *self);

/* What was made for a join that failed does not stay: a session can outlive
 * its socket. */
static void
fail_join (GstRtcDialectJanus *self, const GstRtcJanusMessage *reply)
{
  const guint id = self->join;

  self->join = 0;
  if (gst_rtc_janus_link_get_session (self->room.link) != 0)
    gst_rtc_janus_link_ask (self->room.link, "destroy", 0, NULL);
  discard_session (self);
  gst_rtc_janus_room_refuse (&self->room, id, GST_RTC_OPERATION_JOIN, reply);
}

static void
step_on (GstRtcDialectJanus *self)
{
  gst_rtc_janus_room_extend (&self->room, self->join, 0);
}

typedef void (*TakeFunc) (GstRtcJanusFeeds *feeds, GstRtcJson *json);

static void
take_each (GstRtcDialectJanus *self, GstRtcJson *data, const gchar *name,
    TakeFunc take)
{
  const guint n = gst_rtc_json_get_array_length (data, name);

  for (guint i = 0; i < n; i++) {
    g_autoptr (GstRtcJson) json = gst_rtc_json_get_array_object (data, name, i);

    if (json)
      take (self->room.feeds, json);
  }
}

static void
take_snapshot (GstRtcDialectJanus *self, GstRtcJson *data)
{
  take_each (self, data, "attendees", gst_rtc_janus_feeds_take_member);
  take_each (self, data, "publishers", gst_rtc_janus_feeds_take_publisher);
}

static void
answer_join (GstRtcDialectJanus *self, gboolean resumed)
{
  g_autoptr (GstRtcRoster) roster =
      gst_rtc_janus_feeds_make_roster (self->room.feeds);
  const GstRtcAnswer answer = {
      .user_id = get_values (self)->user_id,
      .roster = roster,
      .resumed = resumed,
  };
  const guint id = self->join;

  self->join = 0;
  self->joined = TRUE;
  gst_rtc_janus_room_answer (&self->room, id, &answer);
}

static void
on_room_created (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);

  /* Somebody else may have been faster. */
  if (reply->error_code != 0 &&
      reply->error_code != GST_RTC_JANUS_ROOM_EXISTS) {
    fail_join (self, reply);
    return;
  }
  step_on (self);
  send_room_join (self);
}

static void
create_room (GstRtcDialectJanus *self)
{
  GstRtcJson *body = gst_rtc_janus_room_new_body (&self->room, "create");

  GST_INFO_OBJECT (self, "the room is created");
  self->tried_create = TRUE;
  gst_rtc_json_set_string (body, "pin", get_values (self)->room_pin);
  gst_rtc_json_set_int (body, "publishers", CREATED_PUBLISHERS);
  gst_rtc_json_set_string (body, "audiocodec", CREATED_AUDIO_CODECS);
  gst_rtc_json_set_string (body, "videocodec", CREATED_VIDEO_CODECS);
  gst_rtc_json_set_boolean (body, "notify_joining", TRUE);
  gst_rtc_janus_link_message (self->room.link, self->room.main, body, NULL,
      NULL, self->join, on_room_created);
}

/* What can be done about a join that was refused. */
static gboolean
can_try_again (GstRtcDialectJanus *self, gint code)
{
  const GstRtcConfigValues *values = get_values (self);

  switch (code) {
    case GST_RTC_JANUS_INVALID_ELEMENT: /* a number in place of a string */
      if (self->tried_other_ids || self->room.string_ids)
        return FALSE;
      self->tried_other_ids = TRUE;
      self->room.string_ids = TRUE;
      gst_rtc_janus_feeds_set_string_ids (self->room.feeds, TRUE);
      send_room_join (self);
      return TRUE;
    case GST_RTC_JANUS_NO_SUCH_ROOM:
      if (!values->create_room || self->tried_create)
        return FALSE;
      create_room (self);
      return TRUE;
    case GST_RTC_JANUS_ID_EXISTS: /* our own, by the session that broke */
      if (!self->room.came_back)
        return FALSE;
      self->join_due = g_get_monotonic_time () + GST_RTC_JANUS_GHOST_RETRY;
      return TRUE;
    default:
      return FALSE;
  }
}

static void
on_room_joined (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);
  GstRtcJanusRoom *room = user_data;

  if (self->join == 0)
    return;
  if (reply->error_code != 0) {
    if (can_try_again (self, reply->error_code))
      step_on (self);
    else
      fail_join (self, reply);
    return;
  }
  room->main_id = reply->data ? gst_rtc_janus_get_id (reply->data, "id") : NULL;
  if (!room->main_id) {
    fail_join (self, reply);
    return;
  }
  room->private_id = gst_rtc_json_get_int (reply->data, "private_id", 0);
  gst_rtc_janus_feeds_add_own (room->feeds, room->main_id);
  gst_rtc_janus_feeds_begin_snapshot (room->feeds);
  take_snapshot (self, reply->data);
  gst_rtc_janus_feeds_end_snapshot (room->feeds);
  answer_join (self, FALSE);
}

static void
send_room_join (GstRtcDialectJanus *self)
{
  GstRtcJson *body = gst_rtc_janus_room_new_join (
      &self->room, "publisher", get_values (self)->visible, FALSE);

  gst_rtc_janus_link_message (self->room.link, self->room.main, body, NULL,
      NULL, self->join, on_room_joined);
}

static void
on_main_attached (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);

  if (self->join == 0)
    return;
  if (reply->error_code != 0) {
    fail_join (self, reply);
    return;
  }
  step_on (self);
  send_room_join (self);
}

static void
on_session_created (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);
  const gint64 session =
      reply->data ? gst_rtc_json_get_int (reply->data, "id", 0) : 0;

  if (self->join == 0)
    return;
  if (reply->error_code != 0 || session == 0) {
    fail_join (self, reply);
    return;
  }
  gst_rtc_janus_link_set_session (self->room.link, session);
  self->keepalive_due = after (self->keepalive_ms);
  step_on (self);
  gst_rtc_janus_link_ask_of (self->room.link, 0, "info", 0, on_server_info);
  self->room.main =
      gst_rtc_janus_link_attach (self->room.link, self->join, on_main_attached);
}

static void
create_session (GstRtcDialectJanus *self)
{
  discard_session (self);
  gst_rtc_janus_link_ask (
      self->room.link, "create", self->join, on_session_created);
}

/* --- back to a session that stands --- */

static void
collect_ids (GstRtcJson *data, const gchar *name, GHashTable *ids)
{
  const guint n = gst_rtc_json_get_array_length (data, name);

  for (guint i = 0; i < n; i++) {
    g_autoptr (GstRtcJson) json = gst_rtc_json_get_array_object (data, name, i);
    gchar *id = json ? gst_rtc_janus_get_id (json, "id") : NULL;

    if (id)
      g_hash_table_add (ids, id);
  }
}

static void
drop_probe (GstRtcDialectJanus *self)
{
  GstRtcJanusHandle *probe = g_steal_pointer (&self->probe);

  if (probe)
    gst_rtc_janus_link_drop (self->room.link, probe, 0, NULL);
}

/* What has happened while nobody listened: the room as it is now, against
 * what we knew. */
static void
on_probe_joined (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);
  g_autoptr (GHashTable) publishing =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (self->join == 0)
    return;
  if (reply->error_code != 0 || !reply->data) {
    create_session (self);
    return;
  }
  take_snapshot (self, reply->data);
  gst_rtc_janus_feeds_end_snapshot (self->room.feeds);
  collect_ids (reply->data, "publishers", publishing);
  drop_probe (self);
  answer_join (self, TRUE);
  gst_rtc_janus_media_check_published (self->media, publishing);
  gst_rtc_janus_media_drop_orphans (self->media);
}

static void
on_probe_attached (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);

  if (self->join == 0)
    return;
  if (reply->error_code != 0) {
    create_session (self);
    return;
  }
  gst_rtc_janus_link_message (self->room.link, handle,
      gst_rtc_janus_room_new_join (&self->room, "publisher", FALSE, FALSE),
      NULL, NULL, self->join, on_probe_joined);
}

/* Members without streams are told here alone, and streams to a new member
 * alone. */
static void
on_participants (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);
  g_autoptr (GHashTable) present =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (self->join == 0)
    return;
  if (reply->data)
    collect_ids (reply->data, "participants", present);
  /* A room that was made anew, or that we were removed from. */
  if (reply->error_code != 0 || !self->room.main_id ||
      !g_hash_table_contains (present, self->room.main_id)) {
    create_session (self);
    return;
  }
  gst_rtc_janus_feeds_begin_snapshot (self->room.feeds);
  take_each (
      self, reply->data, "participants", gst_rtc_janus_feeds_take_member);
  self->probe = gst_rtc_janus_link_attach (
      self->room.link, self->join, on_probe_attached);
}

static void
on_claimed (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);

  if (self->join == 0)
    return;
  if (reply->error_code != 0) {
    GST_INFO_OBJECT (self, "session not resumed: %d", reply->error_code);
    create_session (self);
    return;
  }
  self->keepalive_due = after (self->keepalive_ms);
  drop_probe (self);
  gst_rtc_janus_link_message (self->room.link, self->room.main,
      gst_rtc_janus_room_new_body (&self->room, "listparticipants"), NULL, NULL,
      self->join, on_participants);
}

static void
take_settings (GstRtcDialectJanus *self, GstRtcConfig *config)
{
  const GstRtcConfigValues *values = gst_rtc_config_get_values (config);

  gst_rtc_config_ref (config);
  gst_rtc_config_unref (self->room.config);
  self->room.config = config;
  g_free (self->room.token);
  self->room.token = g_strdup (values->token);
  gst_rtc_janus_link_set_secret (self->room.link, values->api_secret);
  gst_rtc_janus_link_set_token (
      self->room.link, values->api_token ? values->api_token : values->token);
}

static void
start_join (GstRtcDialectJanus *self, guint id, const GstRtcRequest *request)
{
  self->room.came_back = self->room.config != NULL;
  take_settings (self, request->config);
  self->join = id;
  self->tried_create = FALSE;
  self->tried_other_ids = FALSE;
  if (!self->room.came_back) {
    self->room.string_ids =
        !gst_rtc_janus_id_is_number (get_values (self)->room_id);
    gst_rtc_janus_feeds_set_string_ids (
        self->room.feeds, self->room.string_ids);
  }
  if (self->joined)
    gst_rtc_janus_link_ask (self->room.link, "claim", id, on_claimed);
  else
    create_session (self);
}

/* --- the other requests about the room --- */

static void
on_destroyed (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);

  if (reply->error_code != 0 &&
      !gst_rtc_janus_is_done (GST_RTC_OPERATION_LEAVE, reply->error_code))
    gst_rtc_janus_room_refuse (
        &self->room, tag, GST_RTC_OPERATION_LEAVE, reply);
  else
    gst_rtc_janus_room_answer (&self->room, tag, NULL);
}

/* The end of the session ends its handles, and the room learns of it. */
static void
start_leave (GstRtcDialectJanus *self, guint id)
{
  self->leaving = TRUE;
  gst_rtc_janus_link_ask (self->room.link, "destroy", id, on_destroyed);
  stop_alarms (self);
}

static void
on_renewed (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);
  g_autofree gchar *old = g_steal_pointer (&self->old_token);

  self->renewal = 0;
  if (reply->error_code == 0) {
    gst_rtc_janus_room_answer (&self->room, tag, NULL);
    return;
  }
  g_free (self->room.token);
  self->room.token = g_steal_pointer (&old);
  if (!get_values (self)->api_token)
    gst_rtc_janus_link_set_token (self->room.link, self->room.token);
  gst_rtc_janus_room_refuse (
      &self->room, tag, GST_RTC_OPERATION_RENEW_TOKEN, reply);
}

/* Janus checks the token of each request, so that any request tries it. The
 * one of the room is looked at when something is joined. */
static void
start_renewal (GstRtcDialectJanus *self, guint id, const gchar *token)
{
  g_free (self->old_token);
  self->old_token = g_steal_pointer (&self->room.token);
  self->room.token = g_strdup (token);
  self->renewal = id;
  if (!get_values (self)->api_token)
    gst_rtc_janus_link_set_token (self->room.link, token);
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

  discard_session (self);
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
    gst_rtc_janus_feeds_left (self->room.feeds, id, "leave");
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
    gst_rtc_janus_media_take_moderation (self->media, id, mid, muted);
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
  take_each (self, data, "publishers", gst_rtc_janus_feeds_take_publisher);
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
  gst_rtc_janus_media_drop_orphans (self->media);
}

/* The other handles hear the same as the main one, but for their own end. */
static void
take_other_event (
    GstRtcDialectJanus *self, GstRtcJanusHandle *handle, GstRtcJson *data)
{
  const gchar *leaving = gst_rtc_json_get_string (data, "leaving");

  if (g_strcmp0 (leaving, "ok") == 0)
    gst_rtc_janus_media_take_removal (self->media, handle,
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
    lose_session (self, 0, "the handle of the room was detached");
    return;
  }
  if (message->verb != GST_RTC_JANUS_EVENT)
    gst_rtc_janus_media_take_event (self->media, handle, message);
  else if (message->data && handle == self->room.main)
    take_room_event (self, message->data);
  else if (message->data)
    take_other_event (self, handle, message->data);
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
    lose_session (self, 0, "the server has let the session expire");
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
      start_join (self, id, request);
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

  gst_rtc_janus_media_forget (self->media, id);
  if (id != self->join)
    return;
  self->join = 0;
  self->join_due = G_MAXINT64;
  if (self->joined || gst_rtc_janus_link_get_session (self->room.link) == 0)
    return;
  gst_rtc_janus_link_ask (self->room.link, "destroy", 0, NULL);
  discard_session (self);
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
  return take_loss (self, error);
}

static gboolean
wake (GstRtcDialect *dialect, gint64 now, GError **error)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);

  if (now >= self->answer_due)
    lose_session (self, 0, "the server does not answer a keepalive");
  else if (now >= self->keepalive_due)
    send_keepalive (self);
  if (now >= self->join_due) {
    self->join_due = G_MAXINT64;
    if (self->join != 0)
      send_room_join (self);
  }
  set_alarm (self, now);
  return take_loss (self, error);
}

static void
reset (GstRtcDialect *dialect)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);

  g_hash_table_remove_all (self->room.open);
  self->join = 0;
  self->renewal = 0;
  stop_alarms (self);
  if (!self->joined)
    discard_session (self);
  if (self->probe && !gst_rtc_janus_handle_is_attached (self->probe))
    self->probe = NULL;
  gst_rtc_janus_media_reset (self->media);
  gst_rtc_janus_link_reset (self->room.link);
  g_clear_error (&self->lost);
  self->host.wake (0, self->host_data);
}

static void
send_description (
    GstRtcDialect *dialect, const gchar *media_session, const gchar *sdp)
{
  GstRtcDialectJanus *self = GST_RTC_DIALECT_JANUS (dialect);
  GstRtcJanusSession *session =
      gst_rtc_janus_media_lookup (self->media, media_session);

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
      GST_RTC_DIALECT_JANUS (dialect)->media, media_session, mline, candidate);
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
      GST_RTC_DIALECT_JANUS (dialect)->media, media_session, reason);
}

static void
on_link_send (const gchar *text, gpointer user_data)
{
  GstRtcDialectJanus *self = self_of (user_data);

  self->host.send (text, self->host_data);
}

static void
on_link_progress (guint tag, gpointer user_data)
{
  gst_rtc_janus_room_extend (user_data, tag, 0);
}

static void
on_feeds_event (const GstRtcEvent *event, gpointer user_data)
{
  gst_rtc_janus_room_emit (user_data, event);
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

  gst_rtc_janus_media_free (self->media);
  gst_rtc_janus_room_clear (&self->room);
  g_clear_error (&self->lost);
  g_free (self->old_token);
  G_OBJECT_CLASS (gst_rtc_dialect_janus_parent_class)->finalize (object);
}

static void
gst_rtc_dialect_janus_init (GstRtcDialectJanus *self)
{
  static const GstRtcJanusLinkFuncs funcs = {
      .send = on_link_send,
      .progress = on_link_progress,
  };

  gst_rtc_janus_room_init (&self->room, self);
  self->room.link = gst_rtc_janus_link_new (&funcs, &self->room);
  self->room.feeds = gst_rtc_janus_feeds_new (on_feeds_event, &self->room);
  self->media = gst_rtc_janus_media_new (&self->room);
  self->room.media = self->media;
  self->keepalive_ms = MAX_KEEPALIVE_MS;
  stop_alarms (self);
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
  iface->send_description = send_description;
  iface->send_candidate = send_candidate;
  iface->media_connected = media_connected;
  iface->close_media = close_media;
}
