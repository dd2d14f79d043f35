/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The room logic of the server: who is in which room, for how long and by
 * which right. Belongs to one thread. */
#include "rtcroom-private.h"

#include <gst/gst.h>

#include "rtcconfig.h"
#include "rtcerror-private.h"

GST_DEBUG_CATEGORY_STATIC (server_debug);
#define GST_CAT_DEFAULT server_debug

/* WebSocket close codes; 4000 to 4999 are for applications. */
#define CLOSE_NORMAL 1000
#define CLOSE_GOING_AWAY 1001
#define CLOSE_POLICY 1008
#define CLOSE_BANNED 4001

/* Seconds before the end of a token at which its user is warned. */
#define TOKEN_WARNING 30
/* The wall clock can be set, so a deadline on it is looked at this often. */
#define TOKEN_CHECK (60 * G_TIME_SPAN_SECOND)

typedef void (*RequestFunc) (GstRtcRoomRequest *request);

static void handle_join (GstRtcRoomRequest *request);
static void handle_leave (GstRtcRoomRequest *request);
static void handle_renew_token (GstRtcRoomRequest *request);
static void handle_set_visibility (GstRtcRoomRequest *request);
static void handle_ping (GstRtcRoomRequest *request);

static const struct
{
  RequestFunc func;
  gboolean needs_room;
} handlers[GST_RTC_N_MESSAGES] = {
    [GST_RTC_MESSAGE_JOIN] = {handle_join, FALSE},
    [GST_RTC_MESSAGE_LEAVE] = {handle_leave, TRUE},
    [GST_RTC_MESSAGE_RENEW_TOKEN] = {handle_renew_token, TRUE},
    [GST_RTC_MESSAGE_SET_VISIBILITY] = {handle_set_visibility, TRUE},
    [GST_RTC_MESSAGE_PUBLISH] = {gst_rtc_room_publish, TRUE},
    [GST_RTC_MESSAGE_UNPUBLISH] = {gst_rtc_room_unpublish, TRUE},
    [GST_RTC_MESSAGE_SUBSCRIBE] = {gst_rtc_room_subscribe, TRUE},
    [GST_RTC_MESSAGE_UNSUBSCRIBE] = {gst_rtc_room_unsubscribe, TRUE},
    [GST_RTC_MESSAGE_MUTE_LOCAL] = {gst_rtc_room_mute_local, TRUE},
    [GST_RTC_MESSAGE_MUTE_REMOTE] = {gst_rtc_room_mute_remote, TRUE},
    [GST_RTC_MESSAGE_PING] = {handle_ping, FALSE},
    [GST_RTC_MESSAGE_OFFER] = {gst_rtc_room_relay, FALSE},
    [GST_RTC_MESSAGE_ANSWER] = {gst_rtc_room_relay, FALSE},
    [GST_RTC_MESSAGE_CANDIDATE] = {gst_rtc_room_relay, FALSE},
    [GST_RTC_MESSAGE_SESSION_CLOSED] = {gst_rtc_room_relay, FALSE},
};

/* Neither an app nor a room id can hold the line feed. */
static gchar *
make_key (const gchar *app, const gchar *room)
{
  return g_strconcat (app, "\n", room, NULL);
}

static void
member_free (GstRtcMember *member)
{
  g_free (member->user);
  g_free (member->secret);
  gst_rtc_token_free (member->token);
  g_ptr_array_unref (member->serving);
  g_ptr_array_unref (member->viewing);
  g_free (member);
}

static void
room_free (GstRtcRoom *room)
{
  g_hash_table_unref (room->members);
  gst_rtc_roster_free (room->roster);
  g_free (room->key);
  g_free (room->app);
  g_free (room->name);
  g_free (room);
}

static GstRtcRoom *
add_room (GstRtcRooms *rooms, const gchar *app, const gchar *name)
{
  GstRtcRoom *room = g_new0 (GstRtcRoom, 1);

  room->key = make_key (app, name);
  room->app = g_strdup (app);
  room->name = g_strdup (name);
  room->members = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify)member_free);
  room->roster = gst_rtc_roster_new ();
  g_hash_table_insert (rooms->rooms, room->key, room);
  GST_INFO ("room %s: opened", name);
  return room;
}

static GstRtcMember *
add_member (GstRtcRoom *room, const gchar *user)
{
  GstRtcMember *member = g_new0 (GstRtcMember, 1);

  member->room = room;
  member->user = g_strdup (user);
  member->secret = gst_rtc_generate_id ("");
  member->serving = g_ptr_array_new ();
  member->viewing = g_ptr_array_new ();
  g_hash_table_insert (room->members, member->user, member);
  return member;
}

/* Takes @member out of the tables; its streams and sessions are gone. */
static void
drop_member (GstRtcRooms *rooms, GstRtcMember *member)
{
  GstRtcRoom *room = member->room;

  if (member->link)
    member->link->member = NULL;
  gst_rtc_roster_remove_user (room->roster, member->user);
  g_hash_table_remove (room->members, member->user);
  if (g_hash_table_size (room->members) == 0) {
    GST_INFO ("room %s: closed (empty)", room->name);
    g_hash_table_remove (rooms->rooms, room->key);
  }
}

static void
send_message (GstRtcRooms *rooms, GstRtcLink *link, GstRtcMessage *message)
{
  rooms->output.send (link->id, message, rooms->user_data);
}

static void
close_link (
    GstRtcRooms *rooms, GstRtcLink *link, guint16 code, const gchar *reason)
{
  if (link->ended)
    return;
  link->ended = TRUE;
  rooms->output.close (link->id, code, reason, rooms->user_data);
}

static void
tell_peer_leave (GstRtcRooms *rooms, GstRtcMember *member, const gchar *reason)
{
  gst_rtc_room_tell_others (rooms, member, GST_RTC_MESSAGE_PEER_LEAVE,
      &(GstRtcMessageFields){
          .user = member->user, .reason = reason, .mline = -1});
}

static void
tell_peer_online (GstRtcRooms *rooms, GstRtcMember *member)
{
  gst_rtc_room_tell_others (rooms, member, GST_RTC_MESSAGE_PEER_ONLINE,
      &(GstRtcMessageFields){.user = member->user, .mline = -1});
}

static void
remove_member (GstRtcRooms *rooms, GstRtcMember *member, const gchar *reason)
{
  GST_INFO (
      "room %s: %s is gone (%s)", member->room->name, member->user, reason);
  gst_rtc_room_end_streams (rooms, member, reason, FALSE);
  gst_rtc_room_end_views (rooms, member, reason);
  if (member->visible)
    tell_peer_leave (rooms, member, reason);
  drop_member (rooms, member);
}

/* Tells the user why and closes its connection; it stays in the tables. */
static void
ban_member (GstRtcRooms *rooms, GstRtcMember *member, const gchar *reason)
{
  GstRtcLink *link = member->link;

  if (!link)
    return;
  gst_rtc_room_tell (rooms, member, GST_RTC_MESSAGE_CLIENT_BANNED,
      &(GstRtcMessageFields){.reason = reason, .mline = -1});
  member->link = NULL;
  link->member = NULL;
  close_link (rooms, link, CLOSE_BANNED, reason);
}

static guint
count_invisible (GstRtcRoom *room)
{
  return g_hash_table_size (room->members) -
         gst_rtc_roster_get_n_users (room->roster);
}

/* Whether one more fits; @leaving (nullable) makes place. */
static gboolean
check_place (GstRtcRooms *rooms, GstRtcRoom *room, gboolean visible,
    const GstRtcMember *leaving)
{
  guint used = visible ? gst_rtc_roster_get_n_users (room->roster)
                       : count_invisible (room);
  guint places = visible ? rooms->settings.max_visible_users
                         : rooms->settings.max_invisible_users;

  if (leaving && leaving->visible == visible)
    used--;
  return used < places;
}

static void
set_visible (GstRtcRooms *rooms, GstRtcMember *member, gboolean visible)
{
  if (member->visible == visible)
    return;
  if (visible) {
    member->visible = TRUE;
    gst_rtc_roster_add_user (member->room->roster, member->user);
    tell_peer_online (rooms, member);
  } else {
    gst_rtc_room_end_streams (rooms, member, "invisible", TRUE);
    member->visible = FALSE;
    gst_rtc_roster_remove_user (member->room->roster, member->user);
    tell_peer_leave (rooms, member, "invisible");
  }
}

/* Makes the next tick come no later than @due. */
static void
note_due (GstRtcRooms *rooms, gint64 due)
{
  rooms->due = MIN (rooms->due, due);
}

/* The second on the wall clock at which a token is looked at next, 0 never. */
static gint64
get_token_second (const GstRtcMember *member)
{
  if (!member->token || member->token->expires == 0)
    return 0;
  if (!member->warned)
    return (gint64)member->token->expires - TOKEN_WARNING;
  return (gint64)member->token->expires + 1;
}

/* Likewise the second after which a privilege in use is over. Who is away
 * keeps what it has, since it could not be told. */
static gint64
get_privilege_second (const GstRtcMember *member)
{
  const GstRtcToken *token = member->token;
  gint64 second = G_MAXINT64;

  if (!token || !member->link)
    return 0;
  if (gst_rtc_room_publishes (member))
    second = token->publish ? token->publish_expires : 1;
  if (second == 0)
    second = G_MAXINT64;
  if (member->viewing->len > 0 && !token->subscribe)
    second = 1;
  else if (member->viewing->len > 0 && token->subscribe_expires)
    second = MIN (second, token->subscribe_expires);
  return second == G_MAXINT64 ? 0 : second + 1;
}

static gint64
get_member_due (const GstRtcMember *member, gint64 now, gint64 wall)
{
  const gint64 seconds[] = {
      get_token_second (member), get_privilege_second (member)};
  gint64 due = member->link ? G_MAXINT64 : member->held_until;

  for (guint i = 0; i < G_N_ELEMENTS (seconds); i++) {
    if (seconds[i])
      due = MIN (due,
          now + CLAMP (seconds[i] * G_TIME_SPAN_SECOND - wall, 0, TOKEN_CHECK));
  }
  return due;
}

void
gst_rtc_room_note_use (GstRtcRoomRequest *request)
{
  note_due (request->rooms,
      get_member_due (request->member, request->now, request->wall));
}

static void
set_token (GstRtcRoomRequest *request, GstRtcToken *token)
{
  GstRtcMember *member = request->member;

  gst_rtc_token_free (member->token);
  member->token = token;
  member->warned = FALSE;
  gst_rtc_room_note_use (request);
}

/* The token of a request verified, or NULL and no error in open mode. */
static GstRtcToken *
verify_token (GstRtcRoomRequest *request, const gchar *app, const gchar *room,
    const gchar *user, GError **error)
{
  const gchar *key = request->rooms->settings.app_key;
  const gchar *text = request->fields->token;

  if (!key)
    return NULL;
  return gst_rtc_token_verify (text ? text : "", key, app, room, user,
      request->wall / G_TIME_SPAN_SECOND, error);
}

static GPtrArray *
list_users (GstRtcMember *member)
{
  GstRtcRoster *roster = member->room->roster;
  g_autoptr (GPtrArray) ids = gst_rtc_roster_get_users (roster);
  GPtrArray *users = g_ptr_array_new_with_free_func (
      (GDestroyNotify)gst_rtc_message_user_free);

  for (guint i = 0; i < ids->len; i++) {
    const gchar *id = g_ptr_array_index (ids, i);
    GstRtcMessageUser *user;

    if (g_str_equal (id, member->user))
      continue;
    user = gst_rtc_message_user_new (id);
    for (gint screen = FALSE; screen <= TRUE; screen++) {
      const GstRtcStream *stream =
          gst_rtc_roster_get_stream (roster, id, screen);

      if (stream)
        g_ptr_array_add (user->streams, gst_rtc_stream_copy (stream));
    }
    g_ptr_array_add (users, user);
  }
  return users;
}

static guint
count_sessions (const GstRtcMember *member)
{
  return member->serving->len + member->viewing->len;
}

/* Borrowed ids. */
static GPtrArray *
list_sessions (const GstRtcMember *member)
{
  const GPtrArray *const both[] = {member->serving, member->viewing};
  GPtrArray *ids = g_ptr_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (both); i++) {
    for (guint j = 0; j < both[i]->len; j++) {
      const GstRtcMediaSession *session = g_ptr_array_index (both[i], j);

      g_ptr_array_add (ids, session->id);
    }
  }
  return ids;
}

static void
answer_join (GstRtcRoomRequest *request, gboolean resumed)
{
  GstRtcMember *member = request->member;
  g_autoptr (GPtrArray) users = list_users (member);
  g_autoptr (GPtrArray) sessions = resumed ? list_sessions (member) : NULL;
  GstRtcMessageFields fields = {
      .user = member->user,
      .secret = member->secret,
      .seconds = MAX (request->rooms->settings.ping_interval / 1000, 1),
      .users = users,
      .resumed = resumed ? GST_RTC_TRUE : GST_RTC_FALSE,
      .sessions = sessions,
      .mline = -1,
  };

  GST_INFO ("room %s: %s %s (%s)", member->room->name, member->user,
      resumed ? "is back" : "entered",
      member->visible ? "visible" : "invisible");
  gst_rtc_room_answer_ok (request, &fields);
}

static void
attach_link (GstRtcRoomRequest *request, GstRtcMember *member)
{
  member->link = request->link;
  request->link->member = member;
  request->member = member;
}

/* The user of a lost connection is back and knows the secret. Its old
 * connection may not have been noticed to be dead. */
static void
resume_member (GstRtcRoomRequest *request, GstRtcMember *member)
{
  GstRtcRooms *rooms = request->rooms;
  GstRtcLink *old = member->link;

  if (old) {
    old->member = NULL;
    close_link (rooms, old, CLOSE_BANNED, "resumed by another connection");
  }
  attach_link (request, member);
  answer_join (request, TRUE);
  gst_rtc_room_repeat_sessions (rooms, member);
}

/* Who was there under the same id goes; the room is told of its streams,
 * and of a change of visibility only. */
static gboolean
evict_member (GstRtcRooms *rooms, GstRtcMember *member)
{
  const gchar *reason = "the user entered again";
  gboolean visible = member->visible;

  ban_member (rooms, member, reason);
  gst_rtc_room_end_streams (rooms, member, reason, FALSE);
  gst_rtc_room_end_views (rooms, member, reason);
  gst_rtc_roster_remove_user (member->room->roster, member->user);
  g_hash_table_remove (member->room->members, member->user);
  return visible;
}

static void
enter_room (GstRtcRoomRequest *request, GstRtcRoom *room, GstRtcMember *earlier,
    gboolean visible)
{
  GstRtcRooms *rooms = request->rooms;
  gboolean was_visible = FALSE;
  GstRtcMember *member;

  if (earlier)
    was_visible = evict_member (rooms, earlier);
  member = add_member (room, request->fields->user);
  member->visible = visible;
  if (visible)
    gst_rtc_roster_add_user (room->roster, member->user);
  attach_link (request, member);
  answer_join (request, FALSE);
  if (visible && !was_visible)
    tell_peer_online (rooms, member);
  else if (!visible && was_visible)
    tell_peer_leave (rooms, member, "invisible");
}

/* Why @request may not enter, NULL when it may. @room is NULL when it would
 * be a new one. */
static const gchar *
get_join_fault (GstRtcRoomRequest *request, GstRtcRoom *room,
    const GstRtcMember *earlier, gboolean visible)
{
  GstRtcRooms *rooms = request->rooms;

  if (room) {
    gboolean fits = check_place (rooms, room, visible, earlier);

    return fits ? NULL : "the room is full";
  }
  if (g_hash_table_size (rooms->rooms) >= rooms->settings.max_rooms)
    return "the server has as many rooms as it can";
  if ((visible ? rooms->settings.max_visible_users
               : rooms->settings.max_invisible_users) == 0)
    return "the room is full";
  return NULL;
}

static void
join_room (GstRtcRoomRequest *request)
{
  GstRtcRooms *rooms = request->rooms;
  const GstRtcMessageFields *fields = request->fields;
  g_autofree gchar *key = make_key (fields->app, fields->room);
  GstRtcRoom *room = g_hash_table_lookup (rooms->rooms, key);
  GstRtcMember *earlier =
      room ? gst_rtc_room_find_member (room, fields->user) : NULL;
  gboolean resumes = earlier && fields->secret &&
                     gst_rtc_secret_equal (fields->secret, earlier->secret) &&
                     count_sessions (earlier) <= GST_RTC_MAX_LISTED_SESSIONS;
  gboolean visible =
      gst_rtc_optional_get (fields->visible, resumes ? earlier->visible : TRUE);
  g_autoptr (GstRtcToken) token = NULL;
  g_autoptr (GError) error = NULL;
  const gchar *fault;

  token =
      verify_token (request, fields->app, fields->room, fields->user, &error);
  if (error) {
    gst_rtc_room_answer_error (
        request, GST_RTC_ERROR_JOIN_ROOM_ERROR, error->message);
    return;
  }
  fault = get_join_fault (request, room, earlier, visible);
  if (fault) {
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_JOIN_ROOM_ERROR, fault);
    return;
  }

  if (resumes) {
    resume_member (request, earlier);
    set_visible (rooms, earlier, visible);
  } else {
    if (!room)
      room = add_room (rooms, fields->app, fields->room);
    enter_room (request, room, earlier, visible);
  }
  set_token (request, g_steal_pointer (&token));
}

static void
handle_join (GstRtcRoomRequest *request)
{
  const gchar *only_app = request->rooms->settings.app_id;

  if (request->member)
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_ALREADY_IN_ROOM,
        "this connection has joined a room already");
  else if (only_app && !g_str_equal (only_app, request->fields->app))
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_JOIN_ROOM_ERROR,
        "the application is not known here");
  else
    join_room (request);
}

static void
handle_leave (GstRtcRoomRequest *request)
{
  GstRtcLink *link = request->link;

  gst_rtc_room_answer_ok (request, NULL);
  remove_member (request->rooms, request->member, "left");
  close_link (request->rooms, link, CLOSE_NORMAL, "left");
}

static void
handle_renew_token (GstRtcRoomRequest *request)
{
  GstRtcMember *member = request->member;
  g_autoptr (GError) error = NULL;
  GstRtcToken *token = verify_token (
      request, member->room->app, member->room->name, member->user, &error);

  if (error) {
    gst_rtc_room_answer_error (
        request, GST_RTC_ERROR_JOIN_ROOM_ERROR, error->message);
    return;
  }
  gst_rtc_room_answer_ok (request, NULL);
  set_token (request, token);
}

static void
handle_set_visibility (GstRtcRoomRequest *request)
{
  GstRtcMember *member = request->member;
  gboolean visible = gst_rtc_optional_get (request->fields->visible, TRUE);

  if (visible != member->visible &&
      !check_place (request->rooms, member->room, visible, NULL)) {
    gst_rtc_room_answer_error (
        request, GST_RTC_ERROR_JOIN_ROOM_ERROR, "the room is full");
    return;
  }
  gst_rtc_room_answer_ok (request, NULL);
  set_visible (request->rooms, member, visible);
}

static void
handle_ping (GstRtcRoomRequest *request)
{
  gst_rtc_room_answer_ok (request, NULL);
}

static void
answer_full (GstRtcRooms *rooms, GstRtcLink *link, GstRtcMessageType type,
    const GstRtcMessageFields *fields)
{
  g_autoptr (GstRtcMessage) message = gst_rtc_message_new (type, fields);

  send_message (rooms, link, message);
}

static void
answer_fault (GstRtcRooms *rooms, GstRtcLink *link, guint id, gint code,
    const gchar *reason)
{
  answer_full (rooms, link, GST_RTC_MESSAGE_ERROR,
      &(GstRtcMessageFields){
          .id = id, .code = code, .reason = reason, .mline = -1});
}

/* What is no message of a client: answered where it names a request. */
static void
refuse_message (
    GstRtcRooms *rooms, GstRtcLink *link, guint id, const gchar *reason)
{
  GST_WARNING ("connection %" G_GUINT64_FORMAT ": %s", link->id, reason);
  if (id)
    answer_fault (rooms, link, id, GST_RTC_ERROR_INVALID_PARAMS, reason);
  else
    close_link (rooms, link, CLOSE_POLICY, "not a message of this protocol");
}

static void
handle_message (GstRtcRoomRequest *request)
{
  if (handlers[request->type].needs_room && !request->member)
    gst_rtc_room_answer_error (
        request, GST_RTC_ERROR_NOT_IN_ROOM, "no room has been joined");
  else
    handlers[request->type].func (request);
}

void
gst_rtc_room_answer_ok (
    GstRtcRoomRequest *request, const GstRtcMessageFields *fields)
{
  GstRtcMessageFields answer = {.mline = -1};

  if (fields)
    answer = *fields;
  answer.id = request->fields->id;
  answer_full (request->rooms, request->link, GST_RTC_MESSAGE_OK, &answer);
}

void
gst_rtc_room_answer_error (
    GstRtcRoomRequest *request, gint code, const gchar *reason)
{
  answer_fault (
      request->rooms, request->link, request->fields->id, code, reason);
}

/* FALSE while @member is held, and once its connection is being closed: what
 * is sent there now gets lost. The answer to its next join tells it. */
static gboolean
member_hears (const GstRtcMember *member)
{
  return member->link && !member->link->ended;
}

void
gst_rtc_room_tell (GstRtcRooms *rooms, GstRtcMember *member,
    GstRtcMessageType type, const GstRtcMessageFields *fields)
{
  if (member_hears (member))
    answer_full (rooms, member->link, type, fields);
}

void
gst_rtc_room_tell_others (GstRtcRooms *rooms, GstRtcMember *member,
    GstRtcMessageType type, const GstRtcMessageFields *fields)
{
  g_autoptr (GstRtcMessage) message = gst_rtc_message_new (type, fields);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, member->room->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    GstRtcMember *other = value;

    if (other != member && member_hears (other))
      send_message (rooms, other->link, message);
  }
}

GstRtcMember *
gst_rtc_room_find_member (GstRtcRoom *room, const gchar *user)
{
  return g_hash_table_lookup (room->members, user);
}

gboolean
gst_rtc_room_member_allowed (
    GstRtcMember *member, GstRtcPrivilege privilege, gint64 wall)
{
  return !member->token || gst_rtc_token_allows (member->token, privilege,
                               wall / G_TIME_SPAN_SECOND);
}

GstRtcRooms *
gst_rtc_rooms_new (const GstRtcRoomsSettings *settings,
    const GstRtcRoomsOutput *output, gpointer user_data)
{
  GstRtcRooms *rooms = g_new0 (GstRtcRooms, 1);

  GST_DEBUG_CATEGORY_INIT (server_debug, "rtcserver", 0, "RTC room server");

  rooms->settings = *settings;
  rooms->settings.app_id = g_strdup (settings->app_id);
  rooms->settings.app_key = g_strdup (settings->app_key);
  rooms->output = *output;
  rooms->user_data = user_data;
  rooms->links =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  rooms->rooms = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify)room_free);
  rooms->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify)gst_rtc_media_session_free);
  rooms->due = G_MAXINT64;
  return rooms;
}

void
gst_rtc_rooms_free (GstRtcRooms *rooms)
{
  if (!rooms)
    return;
  g_hash_table_unref (rooms->sessions);
  g_hash_table_unref (rooms->rooms);
  g_hash_table_unref (rooms->links);
  g_free ((gchar *)rooms->settings.app_id);
  g_free ((gchar *)rooms->settings.app_key);
  g_free (rooms);
}

static GstRtcLink *
find_link (GstRtcRooms *rooms, GstRtcConnectionId connection)
{
  return g_hash_table_lookup (rooms->links, &connection);
}

void
gst_rtc_rooms_open (GstRtcRooms *rooms, GstRtcConnectionId connection)
{
  GstRtcLink *link = g_new0 (GstRtcLink, 1);

  link->id = connection;
  g_hash_table_insert (rooms->links, &link->id, link);
}

void
gst_rtc_rooms_receive (GstRtcRooms *rooms, GstRtcConnectionId connection,
    const gchar *text, gsize length, gint64 now, gint64 wall)
{
  GstRtcLink *link = find_link (rooms, connection);
  g_autoptr (GstRtcMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = NULL;
  GstRtcRoomRequest request;
  guint id;

  if (!link || link->ended)
    return;
  message = gst_rtc_message_parse_of_client (text, length, &id, &error);
  if (!message) {
    refuse_message (rooms, link, id, error->message);
    return;
  }
  request = (GstRtcRoomRequest){
      .rooms = rooms,
      .link = link,
      .member = link->member,
      .type = gst_rtc_message_get_type_id (message),
      .fields = gst_rtc_message_get_fields (message),
      .now = now,
      .wall = wall,
  };
  if (!gst_rtc_message_type_is_from_client (request.type)) {
    refuse_message (rooms, link, id, "not for a client to say");
    return;
  }
  line = gst_rtc_message_describe (message);
  GST_DEBUG ("connection %" G_GUINT64_FORMAT ": %s", connection, line);
  handle_message (&request);
}

void
gst_rtc_rooms_lost (GstRtcRooms *rooms, GstRtcConnectionId connection,
    gboolean clean, gint64 now)
{
  GstRtcLink *link = find_link (rooms, connection);
  GstRtcMember *member;

  if (!link)
    return;
  member = link->member;
  if (member) {
    member->link = NULL;
    link->member = NULL;
  }
  g_hash_table_remove (rooms->links, &connection);
  if (!member)
    return;

  if (clean) {
    remove_member (rooms, member, "left");
  } else if (rooms->settings.grace_time == 0) {
    remove_member (rooms, member, "connection lost");
  } else {
    GST_INFO ("room %s: %s is held (connection lost)", member->room->name,
        member->user);
    member->held_until =
        now + rooms->settings.grace_time * G_TIME_SPAN_MILLISECOND;
    note_due (rooms, member->held_until);
  }
}

/* What a token does not allow any more, or the one that took its place does
 * not, ends. */
static void
end_unprivileged (GstRtcRooms *rooms, GstRtcMember *member, gint64 wall)
{
  const gint64 second = get_privilege_second (member);

  if (!second || wall < second * G_TIME_SPAN_SECOND)
    return;
  if (!gst_rtc_room_member_allowed (member, GST_RTC_PRIVILEGE_PUBLISH, wall))
    gst_rtc_room_revoke_streams (rooms, member, "the right to publish is over");
  if (!gst_rtc_room_member_allowed (member, GST_RTC_PRIVILEGE_SUBSCRIBE, wall))
    gst_rtc_room_revoke_views (rooms, member, "the right to subscribe is over");
}

/* TRUE when that took @member out of its room. */
static gboolean
tick_member (GstRtcRooms *rooms, GstRtcMember *member, gint64 now, gint64 wall)
{
  gint64 second = get_token_second (member);
  gint64 left;

  if (!member->link && now >= member->held_until) {
    remove_member (rooms, member, "connection lost");
    return TRUE;
  }
  end_unprivileged (rooms, member, wall);
  if (!second || wall < second * G_TIME_SPAN_SECOND)
    return FALSE;

  left = (gint64)member->token->expires - wall / G_TIME_SPAN_SECOND;
  if (left < 0) {
    ban_member (rooms, member, "token expired");
    remove_member (rooms, member, "token expired");
    return TRUE;
  }
  member->warned = TRUE;
  gst_rtc_room_tell (rooms, member, GST_RTC_MESSAGE_TOKEN_WILL_EXPIRE,
      &(GstRtcMessageFields){.seconds = (guint)MAX (left, 1), .mline = -1});
  return FALSE;
}

static GPtrArray *
list_members (GstRtcRooms *rooms)
{
  GPtrArray *members = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, rooms->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    GstRtcRoom *room = value;
    GHashTableIter inner;
    gpointer member;

    g_hash_table_iter_init (&inner, room->members);
    while (g_hash_table_iter_next (&inner, NULL, &member))
      g_ptr_array_add (members, member);
  }
  return members;
}

gint64
gst_rtc_rooms_tick (GstRtcRooms *rooms, gint64 now, gint64 wall)
{
  g_autoptr (GPtrArray) members = NULL;

  if (now < rooms->due)
    return rooms->due;
  members = list_members (rooms);
  rooms->due = G_MAXINT64;
  for (guint i = 0; i < members->len; i++) {
    GstRtcMember *member = g_ptr_array_index (members, i);

    if (!tick_member (rooms, member, now, wall))
      note_due (rooms, get_member_due (member, now, wall));
  }
  return rooms->due;
}

void
gst_rtc_rooms_close_all (GstRtcRooms *rooms, const gchar *reason)
{
  g_autoptr (GstRtcMessage) message =
      gst_rtc_message_new (GST_RTC_MESSAGE_CLOSING,
          &(GstRtcMessageFields){.reason = reason, .mline = -1});
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, rooms->links);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    GstRtcLink *link = value;

    if (link->ended)
      continue;
    send_message (rooms, link, message);
    close_link (rooms, link, CLOSE_GOING_AWAY, reason);
  }
}

gboolean
gst_rtc_rooms_has_joined (GstRtcRooms *rooms, GstRtcConnectionId connection)
{
  GstRtcLink *link = find_link (rooms, connection);

  return link && link->member;
}

guint
gst_rtc_rooms_get_n_rooms (GstRtcRooms *rooms)
{
  return g_hash_table_size (rooms->rooms);
}
