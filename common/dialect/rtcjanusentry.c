/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way into a room of a Janus server and back into it: session, keepalive,
 * join, claim. Belongs to the worker. */
#include "rtcjanusentry.h"

#include <gst/gst.h>

#include "rtcerror-private.h"
#include "rtcjanusmedia.h"

GST_DEBUG_CATEGORY_STATIC (entry_debug);
#define GST_CAT_DEFAULT entry_debug

/* A session of Janus ends without requests after 60 s by default; it is kept
 * alive with room for two that get lost. */
#define DEFAULT_SESSION_TIMEOUT_S 60
#define MAX_KEEPALIVE_MS 25000
#define MIN_KEEPALIVE_MS 500
/* Of a room that is created on demand. The default of Janus is 3. */
#define CREATED_PUBLISHERS 100
#define CREATED_AUDIO_CODECS "opus,pcmu,pcma"
#define CREATED_VIDEO_CODECS "vp8,h264,vp9,av1"

struct _GstRtcJanusEntry
{
  GstRtcJanusRoom *room;

  guint join; /* the request under way, 0 for none */
  gboolean joined;
  gboolean destroyed; /* that is asked for */
  gboolean tried_other_ids;
  gboolean tried_create;
  GstRtcJanusHandle *probe; /* looks at the room after a claim */

  guint keepalive_ms;
  gint64 keepalive_due; /* monotonic, G_MAXINT64 for never */
  gint64 answer_due;    /* of the keepalive that is under way */
  gint64 join_due;      /* when the join is tried again */
  GError *lost;         /* why the session is lost, until it is told */
};

static GstRtcJanusEntry *
entry_of (gpointer room)
{
  return ((GstRtcJanusRoom *)room)->entry;
}

static const GstRtcConfigValues *
get_values (GstRtcJanusEntry *self)
{
  return gst_rtc_config_get_values (self->room->config);
}

static gint64
after (guint ms)
{
  return g_get_monotonic_time () + ms * (gint64)G_TIME_SPAN_MILLISECOND;
}

static void
stop_alarms (GstRtcJanusEntry *self)
{
  self->keepalive_due = self->answer_due = self->join_due = G_MAXINT64;
}

/* --- the end of the session --- */

void
gst_rtc_janus_entry_destroy (
    GstRtcJanusEntry *self, guint tag, GstRtcJanusReplyFunc func)
{
  if (self->destroyed || gst_rtc_janus_link_get_session (self->room->link) == 0)
    return;
  self->destroyed = TRUE;
  gst_rtc_janus_link_ask (self->room->link, "destroy", tag, func);
}

/* The next join makes another one. */
void
gst_rtc_janus_entry_discard (GstRtcJanusEntry *self)
{
  gst_rtc_janus_media_clear (self->room->media);
  gst_rtc_janus_feeds_clear (self->room->feeds);
  gst_rtc_janus_link_set_session (self->room->link, 0);
  self->room->main = NULL;
  self->room->main_used = FALSE;
  self->room->main_free = 0;
  self->room->private_id = 0;
  g_clear_pointer (&self->room->main_id, g_free);
  self->probe = NULL;
  self->joined = FALSE;
  self->destroyed = FALSE;
  self->keepalive_ms = MAX_KEEPALIVE_MS;
  stop_alarms (self);
}

/* The socket is given up for it, from which the room client comes back. */
void
gst_rtc_janus_entry_lose (
    GstRtcJanusEntry *self, gint code, const gchar *reason)
{
  GST_WARNING ("session lost: %s", reason);
  gst_rtc_janus_entry_discard (self);
  g_clear_error (&self->lost);
  self->lost =
      gst_rtc_error_new (GST_RTC_ERROR_WEBSOCKET_FAILED, code, "%s", reason);
}

gboolean
gst_rtc_janus_entry_take_loss (GstRtcJanusEntry *self, GError **error)
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
  GstRtcJanusEntry *self = entry_of (user_data);

  self->answer_due = G_MAXINT64;
  self->keepalive_due = after (self->keepalive_ms);
  if (reply->error_code == 0)
    return;
  if (gst_rtc_janus_get_fate (reply->error_code) == GST_RTC_JANUS_SESSION_GONE)
    gst_rtc_janus_entry_lose (self, reply->error_code, "the session is gone");
  else
    GST_WARNING ("keepalive refused: %d", reply->error_code);
}

static void
send_keepalive (GstRtcJanusEntry *self)
{
  self->keepalive_due = G_MAXINT64;
  self->answer_due = after (get_values (self)->signaling_timeout);
  gst_rtc_janus_link_ask (self->room->link, "keepalive", 0, on_kept_alive);
}

static void
on_server_info (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusEntry *self = entry_of (user_data);
  const gint64 seconds = gst_rtc_json_get_int (
      reply->root, "session-timeout", DEFAULT_SESSION_TIMEOUT_S);

  if (reply->error_code != 0 || seconds <= 0 || seconds > G_MAXINT / 1000)
    return;
  self->keepalive_ms =
      (guint)CLAMP (seconds * 1000 / 3, MIN_KEEPALIVE_MS, MAX_KEEPALIVE_MS);
  self->keepalive_due = MIN (self->keepalive_due, after (self->keepalive_ms));
}

/* --- joining --- */

static void send_room_join (GstRtcJanusEntry *self);

/* What was made for a join that failed does not stay: a session can outlive
 * its socket. */
static void
fail_join (GstRtcJanusEntry *self, const GstRtcJanusMessage *reply)
{
  const guint id = self->join;

  self->join = 0;
  gst_rtc_janus_entry_destroy (self, 0, NULL);
  gst_rtc_janus_entry_discard (self);
  gst_rtc_janus_room_refuse (self->room, id, GST_RTC_OPERATION_JOIN, reply);
}

static void
step_on (GstRtcJanusEntry *self)
{
  gst_rtc_janus_room_extend (self->room, self->join, 0);
}

static void
take_snapshot (GstRtcJanusEntry *self, GstRtcJson *data)
{
  gst_rtc_janus_feeds_take_each (self->room->feeds, data, "attendees",
      gst_rtc_janus_feeds_take_listed_member);
  gst_rtc_janus_feeds_take_each (self->room->feeds, data, "publishers",
      gst_rtc_janus_feeds_take_listed_publisher);
}

static void
answer_join (GstRtcJanusEntry *self, gboolean resumed)
{
  g_autoptr (GstRtcRoster) roster =
      gst_rtc_janus_feeds_make_roster (self->room->feeds);
  const GstRtcAnswer answer = {
      .user_id = get_values (self)->user_id,
      .roster = roster,
      .resumed = resumed,
  };
  const guint id = self->join;

  self->join = 0;
  self->joined = TRUE;
  gst_rtc_janus_room_answer (self->room, id, &answer);
}

static void
on_room_created (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusEntry *self = entry_of (user_data);

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
create_room (GstRtcJanusEntry *self)
{
  GstRtcJson *body = gst_rtc_janus_room_new_body (self->room, "create");

  GST_INFO ("the room is created");
  self->tried_create = TRUE;
  gst_rtc_json_set_string (body, "pin", get_values (self)->room_pin);
  gst_rtc_json_set_int (body, "publishers", CREATED_PUBLISHERS);
  gst_rtc_json_set_string (body, "audiocodec", CREATED_AUDIO_CODECS);
  gst_rtc_json_set_string (body, "videocodec", CREATED_VIDEO_CODECS);
  gst_rtc_json_set_boolean (body, "notify_joining", TRUE);
  gst_rtc_janus_link_message (self->room->link, self->room->main, body, NULL,
      NULL, self->join, on_room_created);
}

/* What can be done about a join that was refused. */
static gboolean
can_try_again (GstRtcJanusEntry *self, gint code)
{
  const GstRtcConfigValues *values = get_values (self);

  switch (code) {
    case GST_RTC_JANUS_INVALID_ELEMENT: /* a number in place of a string */
      if (self->tried_other_ids || self->room->string_ids)
        return FALSE;
      self->tried_other_ids = TRUE;
      self->room->string_ids = TRUE;
      gst_rtc_janus_feeds_set_string_ids (self->room->feeds, TRUE);
      send_room_join (self);
      return TRUE;
    case GST_RTC_JANUS_NO_SUCH_ROOM:
      if (!values->create_room || self->tried_create)
        return FALSE;
      create_room (self);
      return TRUE;
    case GST_RTC_JANUS_ID_EXISTS: /* our own, by the session that broke */
      if (!self->room->came_back)
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
  GstRtcJanusEntry *self = entry_of (user_data);
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
  take_snapshot (self, reply->data);
  gst_rtc_janus_feeds_end_snapshot (room->feeds);
  answer_join (self, FALSE);
}

static void
send_room_join (GstRtcJanusEntry *self)
{
  GstRtcJson *body = gst_rtc_janus_room_new_join (
      self->room, "publisher", get_values (self)->visible, FALSE);

  gst_rtc_janus_feeds_begin_snapshot (self->room->feeds);
  gst_rtc_janus_link_message (self->room->link, self->room->main, body, NULL,
      NULL, self->join, on_room_joined);
}

static void
on_main_attached (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusEntry *self = entry_of (user_data);

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
  GstRtcJanusEntry *self = entry_of (user_data);
  const gint64 session =
      reply->data ? gst_rtc_json_get_int (reply->data, "id", 0) : 0;

  if (self->join == 0)
    return;
  if (reply->error_code != 0 || session == 0) {
    fail_join (self, reply);
    return;
  }
  gst_rtc_janus_link_set_session (self->room->link, session);
  self->keepalive_due = after (self->keepalive_ms);
  step_on (self);
  gst_rtc_janus_link_ask_of (self->room->link, 0, "info", 0, on_server_info);
  self->room->main = gst_rtc_janus_link_attach (
      self->room->link, self->join, on_main_attached);
}

static void
create_session (GstRtcJanusEntry *self)
{
  gst_rtc_janus_entry_discard (self);
  gst_rtc_janus_link_ask (
      self->room->link, "create", self->join, on_session_created);
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
drop_probe (GstRtcJanusEntry *self)
{
  GstRtcJanusHandle *probe = g_steal_pointer (&self->probe);

  if (probe)
    gst_rtc_janus_link_drop (self->room->link, probe, 0, NULL);
}

/* What has happened while nobody listened: the room as it is now, against
 * what we knew. */
static void
on_probe_joined (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusEntry *self = entry_of (user_data);
  g_autoptr (GHashTable) publishing =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (self->join == 0)
    return;
  if (reply->error_code != 0 || !reply->data) {
    create_session (self);
    return;
  }
  take_snapshot (self, reply->data);
  gst_rtc_janus_feeds_end_snapshot (self->room->feeds);
  collect_ids (reply->data, "publishers", publishing);
  drop_probe (self);
  answer_join (self, TRUE);
  gst_rtc_janus_media_check_published (self->room->media, publishing);
  gst_rtc_janus_media_drop_orphans (self->room->media);
}

static void
on_probe_attached (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusEntry *self = entry_of (user_data);

  if (self->join == 0)
    return;
  if (reply->error_code != 0) {
    create_session (self);
    return;
  }
  gst_rtc_janus_link_message (self->room->link, handle,
      gst_rtc_janus_room_new_join (self->room, "publisher", FALSE, FALSE), NULL,
      NULL, self->join, on_probe_joined);
}

/* Members without streams are told here alone, and streams to a new member
 * alone. */
static void
on_participants (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusEntry *self = entry_of (user_data);
  g_autoptr (GHashTable) present =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (self->join == 0)
    return;
  if (reply->data)
    collect_ids (reply->data, "participants", present);
  /* A room that was made anew, or that we were removed from. */
  if (reply->error_code != 0 || !self->room->main_id ||
      !g_hash_table_contains (present, self->room->main_id)) {
    create_session (self);
    return;
  }
  gst_rtc_janus_feeds_take_each (self->room->feeds, reply->data, "participants",
      gst_rtc_janus_feeds_take_listed_member);
  self->probe = gst_rtc_janus_link_attach (
      self->room->link, self->join, on_probe_attached);
}

static void
on_claimed (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusEntry *self = entry_of (user_data);

  if (self->join == 0)
    return;
  if (reply->error_code != 0) {
    GST_INFO ("session not resumed: %d", reply->error_code);
    create_session (self);
    return;
  }
  self->keepalive_due = after (self->keepalive_ms);
  drop_probe (self);
  gst_rtc_janus_feeds_begin_snapshot (self->room->feeds);
  gst_rtc_janus_link_message (self->room->link, self->room->main,
      gst_rtc_janus_room_new_body (self->room, "listparticipants"), NULL, NULL,
      self->join, on_participants);
}

static void
take_settings (GstRtcJanusEntry *self, GstRtcConfig *config)
{
  const GstRtcConfigValues *values = gst_rtc_config_get_values (config);

  gst_rtc_config_ref (config);
  gst_rtc_config_unref (self->room->config);
  self->room->config = config;
  g_free (self->room->token);
  self->room->token = g_strdup (values->token);
  gst_rtc_janus_link_set_secret (self->room->link, values->api_secret);
  gst_rtc_janus_link_set_token (
      self->room->link, values->api_token ? values->api_token : values->token);
}

void
gst_rtc_janus_entry_join (
    GstRtcJanusEntry *self, guint id, GstRtcConfig *config)
{
  self->room->came_back = self->room->config != NULL;
  take_settings (self, config);
  self->join = id;
  self->tried_create = FALSE;
  self->tried_other_ids = FALSE;
  if (!self->room->came_back) {
    self->room->string_ids =
        !gst_rtc_janus_id_is_number (get_values (self)->room_id);
    gst_rtc_janus_feeds_set_string_ids (
        self->room->feeds, self->room->string_ids);
  }
  if (self->joined)
    gst_rtc_janus_link_ask (self->room->link, "claim", id, on_claimed);
  else
    create_session (self);
}

/* What was begun for it at the server does not stay. */
void
gst_rtc_janus_entry_forget (GstRtcJanusEntry *self, guint id)
{
  if (id != self->join)
    return;
  self->join = 0;
  self->join_due = G_MAXINT64;
  if (self->joined)
    return;
  gst_rtc_janus_entry_destroy (self, 0, NULL);
  gst_rtc_janus_entry_discard (self);
}

gboolean
gst_rtc_janus_entry_is_joined (GstRtcJanusEntry *self)
{
  return self->joined;
}

void
gst_rtc_janus_entry_reset (GstRtcJanusEntry *self)
{
  self->join = 0;
  stop_alarms (self);
  if (!self->joined)
    gst_rtc_janus_entry_discard (self);
  if (self->probe && !gst_rtc_janus_handle_is_attached (self->probe))
    self->probe = NULL;
  g_clear_error (&self->lost);
}

void
gst_rtc_janus_entry_end (GstRtcJanusEntry *self)
{
  stop_alarms (self);
}

gint64
gst_rtc_janus_entry_get_due (GstRtcJanusEntry *self)
{
  return MIN (MIN (self->keepalive_due, self->answer_due), self->join_due);
}

void
gst_rtc_janus_entry_wake (GstRtcJanusEntry *self, gint64 now)
{
  if (now >= self->answer_due)
    gst_rtc_janus_entry_lose (
        self, 0, "the server does not answer a keepalive");
  else if (now >= self->keepalive_due)
    send_keepalive (self);
  if (now >= self->join_due) {
    self->join_due = G_MAXINT64;
    if (self->join != 0)
      send_room_join (self);
  }
}

GstRtcJanusEntry *
gst_rtc_janus_entry_new (GstRtcJanusRoom *room)
{
  GstRtcJanusEntry *self = g_new0 (GstRtcJanusEntry, 1);

  GST_DEBUG_CATEGORY_INIT (
      entry_debug, "rtcjanusentry", 0, "The way into a room of a Janus server");
  self->room = room;
  self->keepalive_ms = MAX_KEEPALIVE_MS;
  stop_alarms (self);
  return self;
}

void
gst_rtc_janus_entry_free (GstRtcJanusEntry *entry)
{
  if (!entry)
    return;
  g_clear_error (&entry->lost);
  g_free (entry);
}
