/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the rooms of the server, with several connections that a
 * script drives. Beside them runs a model of what each client was told, and
 * the two are compared after each step.
 *
 * The script is made of letters with arguments of one byte each, so that
 * seeds can be written by hand; other bytes are skipped. A K at the very
 * beginning makes it a server that asks for tokens. C: connection, U: user.
 *   +C open      -C lost      ~C closed by a goodbye
 *   tN time passes           TN the wall clock is set
 *   jCRUVSK join: room, user, visible, secret, token
 *   lC leave     iC ping      nCK renew-token     vCB set-visibility
 *   pCM publish  uCB unpublish   mCM mute-local
 *   sCUM subscribe   xCUB unsubscribe   MCUM mute-remote
 *   oCN offer   aCN answer   cCN candidate   dCN session-closed
 *   rC... any text up to the end of the line
 *   Z the server stops */
#include <string.h>

#include "fuzz.h"
#include "rtcerror-private.h"
#include "rtcroom-private.h"

#define APP "0123456789abcdef01234567"
#define KEY "testkey"
#define N_SLOTS 6
#define MAX_STEPS 400
#define GRACE_MS 10000
#define START_WALL (1700000000 * G_TIME_SPAN_SECOND)

static const gchar *const room_names[] = {"hall", "yard", "attic"};
static const gchar *const user_names[] = {"ann", "bob", "cid", "dan"};
static const gint64 spans[] = {
    0, 1, 999, 1000, 5000, 9999, 10000, 10001, 29999, 30001, 60000, 3600000};

/* What one client knows. */
typedef struct
{
  GstRtcConnectionId id; /* 0: not open */
  gboolean closed;       /* the rooms asked for it */
  gchar *secret;         /* NULL: in no room */
  gchar *user;
  GHashTable *roster; /* user -> set of streams as bits */
} Slot;

/* Which media session: `v user screen` of the viewer, `p user screen` of the
 * publisher, with the user of the other end. */
typedef GHashTable Sessions;

typedef struct
{
  GstRtcRooms *rooms;
  Slot slots[N_SLOTS];
  GHashTable *members; /* secret -> Sessions */
  GPtrArray *sessions; /* every id that was told to somebody */
  gchar *secrets[G_N_ELEMENTS (user_names)]; /* the last of each user */
  GstRtcConnectionId last_id;
  gint64 now;
  gint64 wall;
  guint request_id;
  gboolean keyed;

  /* The message that is being received. */
  Slot *sender;
  GstRtcMessage *request; /* NULL: unreadable */
  guint answers;
  guint answer_id;
  gboolean refused;
} World;

static Slot *
find_slot (World *world, GstRtcConnectionId id)
{
  for (guint i = 0; i < N_SLOTS; i++) {
    if (world->slots[i].id == id)
      return &world->slots[i];
  }
  g_error ("a connection that is not there");
}

static void
leave_slot (Slot *slot)
{
  g_clear_pointer (&slot->secret, g_free);
  g_clear_pointer (&slot->user, g_free);
  g_hash_table_remove_all (slot->roster);
}

static Sessions *
get_sessions (World *world, const Slot *slot)
{
  Sessions *sessions;

  g_assert (slot->secret);
  sessions = g_hash_table_lookup (world->members, slot->secret);
  g_assert (sessions);
  return sessions;
}

static gboolean
is_screen (const GstRtcMessageFields *fields)
{
  return gst_rtc_optional_get (fields->screen, FALSE);
}

static guint
get_bit (gboolean screen)
{
  return screen ? 2 : 1;
}

static gchar *
make_role (gchar side, const GstRtcMessageFields *fields)
{
  return g_strdup_printf ("%c %s %d", side, fields->user, is_screen (fields));
}

static void
take_session (
    World *world, Slot *slot, gchar side, const gchar *id, gchar *role)
{
  Sessions *sessions = get_sessions (world, slot);
  const gchar *known = g_hash_table_lookup (sessions, id);

  if (known)
    g_assert_cmpstr (known, ==, role);
  else
    g_ptr_array_add (world->sessions, g_strdup (id));
  g_hash_table_replace (sessions, g_strdup (id), role);
}

static gboolean
drop_by_role (gpointer key, gpointer value, gpointer role)
{
  return g_str_equal (value, role);
}

static gboolean
is_not_listed (gpointer session, gpointer role, gpointer listed)
{
  return !g_ptr_array_find_with_equal_func (listed, session, g_str_equal, NULL);
}

static void
hear_joined (World *world, Slot *slot, const GstRtcMessageFields *fields)
{
  gboolean resumed = gst_rtc_optional_get (fields->resumed, FALSE);
  const gchar *user = gst_rtc_message_get_fields (world->request)->user;

  g_assert (!slot->secret);
  g_assert_cmpstr (fields->user, ==, user);
  for (guint i = 0; i < N_SLOTS; i++) {
    if (resumed && g_strcmp0 (world->slots[i].secret, fields->secret) == 0)
      leave_slot (&world->slots[i]);
  }
  g_assert (g_hash_table_contains (world->members, fields->secret) == resumed);
  if (!resumed)
    g_hash_table_insert (world->members, g_strdup (fields->secret),
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free));
  slot->secret = g_strdup (fields->secret);
  slot->user = g_strdup (user);
  g_assert (resumed == (fields->sessions != NULL));
  if (resumed)
    g_hash_table_foreach_remove (
        get_sessions (world, slot), is_not_listed, fields->sessions);
  for (guint i = 0; i < G_N_ELEMENTS (user_names); i++) {
    if (g_str_equal (user_names[i], user)) {
      g_free (world->secrets[i]);
      world->secrets[i] = g_strdup (fields->secret);
    }
  }

  g_hash_table_remove_all (slot->roster);
  for (guint i = 0; i < fields->users->len; i++) {
    const GstRtcMessageUser *row = g_ptr_array_index (fields->users, i);
    guint streams = 0;

    for (guint j = 0; j < row->streams->len; j++) {
      const GstRtcStream *stream = g_ptr_array_index (row->streams, j);

      g_assert (!(streams & get_bit (stream->screen)));
      streams |= get_bit (stream->screen);
    }
    g_assert_cmpstr (row->user, !=, user);
    g_assert (g_hash_table_insert (
        slot->roster, g_strdup (row->user), GUINT_TO_POINTER (streams)));
  }
}

static void
hear_ok (World *world, Slot *slot, const GstRtcMessageFields *fields)
{
  const GstRtcMessageFields *asked =
      gst_rtc_message_get_fields (world->request);
  g_autofree gchar *role = NULL;

  switch (gst_rtc_message_get_type_id (world->request)) {
    case GST_RTC_MESSAGE_JOIN:
      hear_joined (world, slot, fields);
      break;
    case GST_RTC_MESSAGE_LEAVE:
      g_hash_table_remove (world->members, slot->secret);
      leave_slot (slot);
      break;
    case GST_RTC_MESSAGE_SUBSCRIBE:
      g_assert (fields->session);
      take_session (world, slot, 'v', fields->session, make_role ('v', asked));
      break;
    case GST_RTC_MESSAGE_UNSUBSCRIBE:
      role = make_role ('v', asked);
      g_assert (g_hash_table_foreach_remove (
                    get_sessions (world, slot), drop_by_role, role) == 1);
      break;
    default:
      break;
  }
}

static void
hear_answer (World *world, Slot *slot, GstRtcMessageType type,
    const GstRtcMessageFields *fields)
{
  g_assert (slot == world->sender);
  g_assert (world->answers++ == 0);
  world->answer_id = fields->id;
  world->refused = type == GST_RTC_MESSAGE_ERROR;
  if (world->refused)
    g_assert (gst_rtc_error_lookup (fields->code));
  else
    hear_ok (world, slot, fields);
}

static void
hear_session (World *world, Slot *slot, GstRtcMessageType type,
    const GstRtcMessageFields *fields)
{
  Sessions *sessions;
  const gchar *role;

  if (type == GST_RTC_MESSAGE_SESSION_CLOSED && slot == world->sender &&
      g_strcmp0 (fields->reason, "unknown session") == 0)
    return;
  sessions = get_sessions (world, slot);
  role = g_hash_table_lookup (sessions, fields->session);
  g_assert (role);
  if (type == GST_RTC_MESSAGE_OFFER)
    g_assert (role[0] == 'v');
  if (type == GST_RTC_MESSAGE_ANSWER)
    g_assert (role[0] == 'p');
  if (type == GST_RTC_MESSAGE_SESSION_CLOSED)
    g_hash_table_remove (sessions, fields->session);
}

static void
hear_event (World *world, Slot *slot, GstRtcMessageType type,
    const GstRtcMessageFields *fields)
{
  gpointer value = NULL;
  gboolean there;
  guint streams;

  if (type == GST_RTC_MESSAGE_CLOSING)
    return;
  g_assert (slot->secret);
  if (type == GST_RTC_MESSAGE_SESSION_OPENED) {
    take_session (world, slot, 'p', fields->session, make_role ('p', fields));
    return;
  }
  if (!fields->user)
    return;
  /* That its right to publish is over. */
  if (type == GST_RTC_MESSAGE_STREAM_REMOVED &&
      g_str_equal (fields->user, slot->user))
    return;
  g_assert_cmpstr (fields->user, !=, slot->user);
  there =
      g_hash_table_lookup_extended (slot->roster, fields->user, NULL, &value);
  streams = GPOINTER_TO_UINT (value);
  if (type == GST_RTC_MESSAGE_PEER_ONLINE) {
    g_assert (!there);
  } else {
    g_assert (there);
    if (type == GST_RTC_MESSAGE_PEER_LEAVE)
      g_assert (streams == 0);
    else if (type == GST_RTC_MESSAGE_STREAM_ADDED)
      g_assert (!(streams & get_bit (is_screen (fields))));
    else
      g_assert (streams & get_bit (is_screen (fields)));
  }
  if (type == GST_RTC_MESSAGE_STREAM_ADDED)
    streams |= get_bit (is_screen (fields));
  else if (type == GST_RTC_MESSAGE_STREAM_REMOVED)
    streams &= ~get_bit (is_screen (fields));
  if (type == GST_RTC_MESSAGE_PEER_LEAVE)
    g_hash_table_remove (slot->roster, fields->user);
  else
    g_hash_table_replace (
        slot->roster, g_strdup (fields->user), GUINT_TO_POINTER (streams));
}

static void
on_send (GstRtcConnectionId id, GstRtcMessage *message, gpointer user_data)
{
  World *world = user_data;
  Slot *slot = find_slot (world, id);
  GstRtcMessageType type = gst_rtc_message_get_type_id (message);
  const GstRtcMessageFields *fields = gst_rtc_message_get_fields (message);
  g_autofree gchar *text = gst_rtc_message_to_text (message);
  g_autoptr (GstRtcMessage) again =
      gst_rtc_message_parse (text, strlen (text), NULL, NULL);

  g_assert (!slot->closed);
  g_assert (again);
  g_assert (!gst_rtc_message_type_is_request (type));
  switch (type) {
    case GST_RTC_MESSAGE_OK:
    case GST_RTC_MESSAGE_ERROR:
      hear_answer (world, slot, type, fields);
      break;
    case GST_RTC_MESSAGE_OFFER:
    case GST_RTC_MESSAGE_ANSWER:
    case GST_RTC_MESSAGE_CANDIDATE:
    case GST_RTC_MESSAGE_SESSION_CLOSED:
      hear_session (world, slot, type, fields);
      break;
    default:
      hear_event (world, slot, type, fields);
      break;
  }
}

static void
on_close (GstRtcConnectionId id, guint16 code, const gchar *reason,
    gpointer user_data)
{
  World *world = user_data;
  Slot *slot = find_slot (world, id);

  g_assert (!slot->closed);
  g_assert (code == 1000 || code == 1001 || code == 1008 || code == 4001);
  g_assert (reason);
  slot->closed = TRUE;
}

static const GstRtcRoomsOutput output = {.send = on_send, .close = on_close};

/* --- rooms and model compared --- */

static void
check_member_sessions (World *world, GstRtcMember *member, Slot *slot)
{
  Sessions *known = slot ? get_sessions (world, slot) : NULL;
  guint count = 0;

  for (guint i = 0; i < member->viewing->len; i++) {
    GstRtcMediaSession *session = g_ptr_array_index (member->viewing, i);

    g_assert (session->viewer == member);
    g_assert (session->publisher->room == member->room);
    g_assert (
        g_hash_table_lookup (world->rooms->sessions, session->id) == session);
    g_assert (gst_rtc_roster_get_stream (
        member->room->roster, session->publisher->user, session->screen));
    g_assert (!known || g_hash_table_contains (known, session->id));
    count++;
  }
  for (guint i = 0; i < member->serving->len; i++) {
    GstRtcMediaSession *session = g_ptr_array_index (member->serving, i);

    g_assert (session->publisher == member);
    g_assert (member->visible);
    g_assert (!known || g_hash_table_contains (known, session->id));
    count++;
  }
  g_assert (member->viewing->len <= world->rooms->settings.max_subscriptions);
  if (known)
    g_assert_cmpuint (g_hash_table_size (known), ==, count);
}

static void
check_member_roster (GstRtcMember *member, Slot *slot)
{
  g_autoptr (GPtrArray) users = gst_rtc_roster_get_users (member->room->roster);
  guint others = 0;

  for (guint i = 0; i < users->len; i++) {
    const gchar *user = g_ptr_array_index (users, i);
    gpointer value = NULL;
    guint streams = 0;

    if (g_str_equal (user, member->user))
      continue;
    others++;
    for (gint screen = FALSE; screen <= TRUE; screen++) {
      if (gst_rtc_roster_get_stream (member->room->roster, user, screen))
        streams |= get_bit (screen);
    }
    g_assert (g_hash_table_lookup_extended (slot->roster, user, NULL, &value));
    g_assert_cmpuint (GPOINTER_TO_UINT (value), ==, streams);
  }
  g_assert_cmpuint (g_hash_table_size (slot->roster), ==, others);
}

static void
check_member (World *world, GstRtcRoom *room, GstRtcMember *member)
{
  Slot *slot = NULL;

  g_assert (member->room == room);
  g_assert (
      gst_rtc_roster_has_user (room->roster, member->user) == member->visible);
  if (member->link) {
    slot = find_slot (world, member->link->id);
    g_assert (member->link->member == member);
  }
  /* What is being closed is told nothing more. */
  if (slot && slot->closed)
    slot = NULL;
  if (slot) {
    g_assert_cmpstr (slot->secret, ==, member->secret);
    check_member_roster (member, slot);
  }
  check_member_sessions (world, member, slot);
}

static void
check_world (World *world)
{
  const GstRtcRoomsSettings *settings = &world->rooms->settings;
  guint n_views = 0;
  GHashTableIter iter;
  gpointer value;

  g_assert (gst_rtc_rooms_get_n_rooms (world->rooms) <= settings->max_rooms);
  g_hash_table_iter_init (&iter, world->rooms->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    GstRtcRoom *room = value;
    guint visible = gst_rtc_roster_get_n_users (room->roster);
    guint all = g_hash_table_size (room->members);
    GHashTableIter members;
    gpointer member;

    g_assert (all > 0);
    g_assert (visible <= settings->max_visible_users);
    g_assert (all - visible <= settings->max_invisible_users);
    g_assert (
        gst_rtc_roster_get_n_streams (room->roster) <= settings->max_streams);
    g_hash_table_iter_init (&members, room->members);
    while (g_hash_table_iter_next (&members, NULL, &member)) {
      check_member (world, room, member);
      n_views += ((GstRtcMember *)member)->viewing->len;
    }
  }
  g_assert_cmpuint (g_hash_table_size (world->rooms->sessions), ==, n_views);
}

/* --- steps --- */

static void
forget_own_session (World *world, Slot *slot)
{
  const GstRtcMessageFields *fields =
      gst_rtc_message_get_fields (world->request);

  if (slot->secret && gst_rtc_message_get_type_id (world->request) ==
                          GST_RTC_MESSAGE_SESSION_CLOSED)
    g_hash_table_remove (get_sessions (world, slot), fields->session);
}

/* Exactly one answer to a request, and none to anything else. */
static void
say (World *world, Slot *slot, const gchar *text, gsize length)
{
  gboolean was_closed = slot->closed;
  gboolean is_request;
  gboolean is_welcome;
  guint id = 0;

  if (!slot->id)
    return;
  world->sender = slot;
  world->answers = 0;
  world->request = gst_rtc_message_parse_of_client (text, length, &id, NULL);
  is_request =
      world->request && gst_rtc_message_type_is_request (
                            gst_rtc_message_get_type_id (world->request));
  is_welcome =
      world->request && gst_rtc_message_type_is_from_client (
                            gst_rtc_message_get_type_id (world->request));
  if (!was_closed && world->request)
    forget_own_session (world, slot);
  gst_rtc_rooms_receive (
      world->rooms, slot->id, text, length, world->now, world->wall);

  if (was_closed || (is_welcome && !is_request))
    g_assert (world->answers == 0);
  else if (is_request || id)
    g_assert (world->answers == 1 && world->answer_id == id);
  else
    g_assert (world->answers == 0 && slot->closed);
  if (!was_closed && !is_welcome && id)
    g_assert (world->refused && !slot->closed);
  g_clear_pointer (&world->request, gst_rtc_message_unref);
  world->sender = NULL;
}

static void
say_message (World *world, Slot *slot, GstRtcMessageType type,
    GstRtcMessageFields *fields)
{
  g_autoptr (GstRtcMessage) message = NULL;
  g_autofree gchar *text = NULL;

  fields->id = ++world->request_id;
  message = gst_rtc_message_new (type, fields);
  text = gst_rtc_message_to_text (message);
  say (world, slot, text, strlen (text));
}

static gchar *
make_token (World *world, const gchar *room, const gchar *user, guint kind)
{
  static const guint32 lives[] = {0, 1, 30, 31, 100, 3600};
  guint32 now = (guint32)(world->wall / G_TIME_SPAN_SECOND);
  guint32 life = lives[kind % G_N_ELEMENTS (lives)];
  guint rights = (kind / 6) % 4;
  GstRtcToken token = {
      .app_id = (gchar *)APP,
      .room_id = (gchar *)(kind >= 24 ? "*" : room),
      .user_id = (gchar *)user,
      .expires = life ? now + life : 0,
      .publish = rights != 1,
      .subscribe = rights != 2,
      .publish_expires = rights == 3 ? now + 10 : 0,
  };

  return world->keyed ? gst_rtc_token_make (&token, KEY) : NULL;
}

/* The script as it is read; past its end everything is 0. */
typedef struct
{
  const guint8 *at;
  const guint8 *end;
} Script;

static guint
take (Script *script, guint n)
{
  return script->at < script->end ? (guint8)(*script->at++ - '0') % n : 0;
}

static Slot *
take_slot (World *world, Script *script)
{
  return &world->slots[take (script, N_SLOTS)];
}

static GstRtcOptional
take_optional (Script *script)
{
  return (GstRtcOptional)take (script, 3);
}

/* Bits 0 and 1 are media, bit 2 is the stream. */
static void
take_media (Script *script, GstRtcMessageFields *fields)
{
  guint set = take (script, 18);

  fields->screen = set & 1 ? GST_RTC_TRUE : GST_RTC_UNSET;
  fields->audio = (GstRtcOptional)(set / 2 % 3);
  fields->video = (GstRtcOptional)(set / 6);
}

static void
step_join (World *world, Script *script)
{
  Slot *slot = take_slot (world, script);
  const gchar *room = room_names[take (script, G_N_ELEMENTS (room_names))];
  guint user = take (script, G_N_ELEMENTS (user_names));
  GstRtcOptional visible = take_optional (script);
  guint secret = take (script, 3);
  g_autofree gchar *token =
      make_token (world, room, user_names[user], take (script, 30));
  GstRtcMessageFields fields = {
      .app = APP,
      .room = room,
      .user = user_names[user],
      .visible = visible,
      .secret = secret == 1 ? world->secrets[user] : NULL,
      .token = token,
      .mline = -1,
  };

  if (secret == 2)
    fields.secret = "00000000000000000000000000000000";
  say_message (world, slot, GST_RTC_MESSAGE_JOIN, &fields);
}

static void
step_renew (World *world, Script *script)
{
  Slot *slot = take_slot (world, script);
  guint kind = take (script, 30);
  g_autofree gchar *token =
      make_token (world, room_names[0], slot->user ? slot->user : "ann", kind);
  GstRtcMessageFields fields = {.token = token ? token : "x", .mline = -1};

  say_message (world, slot, GST_RTC_MESSAGE_RENEW_TOKEN, &fields);
}

static void
step_publish (World *world, Script *script)
{
  Slot *slot = take_slot (world, script);
  guint set = take (script, 8);
  GstRtcMessageFields fields = {
      .audio_codec = set & 1 ? "OPUS" : NULL,
      .video_codec = set & 2 ? "VP8" : NULL,
      .screen = set & 4 ? GST_RTC_TRUE : GST_RTC_FALSE,
      .mline = -1,
  };

  say_message (world, slot, GST_RTC_MESSAGE_PUBLISH, &fields);
}

static void
step_request (
    World *world, Script *script, GstRtcMessageType type, gboolean has_user)
{
  Slot *slot = take_slot (world, script);
  GstRtcMessageFields fields = {.mline = -1};

  if (has_user)
    fields.user = user_names[take (script, G_N_ELEMENTS (user_names))];
  if (type == GST_RTC_MESSAGE_SET_VISIBILITY)
    fields.visible = take (script, 2) ? GST_RTC_TRUE : GST_RTC_FALSE;
  else if (type != GST_RTC_MESSAGE_LEAVE && type != GST_RTC_MESSAGE_PING)
    take_media (script, &fields);
  say_message (world, slot, type, &fields);
}

/* Sessions are counted from the latest one. */
static void
step_notice (World *world, Script *script, GstRtcMessageType type)
{
  Slot *slot = take_slot (world, script);
  guint back = take (script, 10);
  const gchar *session = "nobody";
  GstRtcMessageFields fields = {.sdp = "v=0\r\n", .candidate = "", .mline = 0};

  if (back < world->sessions->len)
    session =
        g_ptr_array_index (world->sessions, world->sessions->len - 1 - back);
  fields.session = session;
  say_message (world, slot, type, &fields);
}

static void
step_raw (World *world, Script *script)
{
  Slot *slot = take_slot (world, script);
  gsize left = (gsize)(script->end - script->at);
  const guint8 *line_end = left ? memchr (script->at, '\n', left) : NULL;
  gsize length = line_end ? (gsize)(line_end - script->at) : left;
  g_autofree gchar *text = g_memdup2 (script->at, length);

  script->at += length;
  say (world, slot, text, length);
}

static void
step_open (World *world, Script *script)
{
  Slot *slot = take_slot (world, script);

  if (slot->id)
    return;
  slot->id = ++world->last_id;
  gst_rtc_rooms_open (world->rooms, slot->id);
}

static void
lose (World *world, Slot *slot, gboolean clean)
{
  GstRtcConnectionId id = slot->id;

  if (!id)
    return;
  slot->id = 0;
  slot->closed = FALSE;
  leave_slot (slot);
  gst_rtc_rooms_lost (world->rooms, id, clean, world->now);
}

static void
tick (World *world)
{
  gint64 due = gst_rtc_rooms_tick (world->rooms, world->now, world->wall);

  /* Else the server would never sleep again. */
  g_assert (due > world->now);
}

static void
step_time (World *world, Script *script, gboolean jump)
{
  guint n = take (script, 2 * G_N_ELEMENTS (spans));
  gint64 span = spans[n % G_N_ELEMENTS (spans)] * G_TIME_SPAN_MILLISECOND;

  if (jump && n >= G_N_ELEMENTS (spans))
    span = -span;
  if (!jump)
    world->now += span;
  world->wall += span;
  tick (world);
}

static void
run_step (World *world, guint8 letter, Script *script)
{
  switch (letter) {
    case '+':
      step_open (world, script);
      break;
    case '-':
      lose (world, take_slot (world, script), FALSE);
      break;
    case '~':
      lose (world, take_slot (world, script), TRUE);
      break;
    case 't':
    case 'T':
      step_time (world, script, letter == 'T');
      break;
    case 'j':
      step_join (world, script);
      break;
    case 'l':
      step_request (world, script, GST_RTC_MESSAGE_LEAVE, FALSE);
      break;
    case 'i':
      step_request (world, script, GST_RTC_MESSAGE_PING, FALSE);
      break;
    case 'n':
      step_renew (world, script);
      break;
    case 'v':
      step_request (world, script, GST_RTC_MESSAGE_SET_VISIBILITY, FALSE);
      break;
    case 'p':
      step_publish (world, script);
      break;
    case 'u':
      step_request (world, script, GST_RTC_MESSAGE_UNPUBLISH, FALSE);
      break;
    case 'm':
      step_request (world, script, GST_RTC_MESSAGE_MUTE_LOCAL, FALSE);
      break;
    case 's':
      step_request (world, script, GST_RTC_MESSAGE_SUBSCRIBE, TRUE);
      break;
    case 'x':
      step_request (world, script, GST_RTC_MESSAGE_UNSUBSCRIBE, TRUE);
      break;
    case 'M':
      step_request (world, script, GST_RTC_MESSAGE_MUTE_REMOTE, TRUE);
      break;
    case 'o':
      step_notice (world, script, GST_RTC_MESSAGE_OFFER);
      break;
    case 'a':
      step_notice (world, script, GST_RTC_MESSAGE_ANSWER);
      break;
    case 'c':
      step_notice (world, script, GST_RTC_MESSAGE_CANDIDATE);
      break;
    case 'd':
      step_notice (world, script, GST_RTC_MESSAGE_SESSION_CLOSED);
      break;
    case 'r':
      step_raw (world, script);
      break;
    case 'Z':
      gst_rtc_rooms_close_all (world->rooms, "the server stops");
      break;
    default:
      break;
  }
}

static void
world_init (World *world, gboolean keyed)
{
  GstRtcRoomsSettings settings = {
      .app_id = APP,
      .app_key = keyed ? KEY : NULL,
      .max_rooms = 2,
      .max_visible_users = 3,
      .max_invisible_users = 2,
      .max_streams = 3,
      .max_subscriptions = 3,
      .ping_interval = 5000,
      .grace_time = GRACE_MS,
  };

  *world = (World){.now = 1000, .wall = START_WALL, .keyed = keyed};
  world->rooms = gst_rtc_rooms_new (&settings, &output, world);
  world->members = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
  world->sessions = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < N_SLOTS; i++)
    world->slots[i].roster =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* When all are gone and every grace time is over, nothing is left. */
static void
world_clear (World *world)
{
  for (guint i = 0; i < N_SLOTS; i++) {
    lose (world, &world->slots[i], FALSE);
    check_world (world);
    g_hash_table_unref (world->slots[i].roster);
  }
  world->now += GRACE_MS * G_TIME_SPAN_MILLISECOND;
  world->wall += GRACE_MS * G_TIME_SPAN_MILLISECOND;
  tick (world);
  g_assert (gst_rtc_rooms_get_n_rooms (world->rooms) == 0);
  g_assert (g_hash_table_size (world->rooms->sessions) == 0);
  g_assert (g_hash_table_size (world->rooms->links) == 0);
  /* The time of a token that is gone may still come, and nothing after it. */
  world->now = gst_rtc_rooms_tick (world->rooms, world->now, world->wall);
  g_assert (
      gst_rtc_rooms_tick (world->rooms, world->now, world->wall) == G_MAXINT64);
  for (guint i = 0; i < G_N_ELEMENTS (user_names); i++)
    g_free (world->secrets[i]);
  g_hash_table_unref (world->members);
  g_ptr_array_unref (world->sessions);
  gst_rtc_rooms_free (world->rooms);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Script script = {.at = data, .end = data + size};
  World world;

  fuzz_setup ();
  world_init (&world, size > 0 && data[0] == 'K');
  for (guint i = 0; i < MAX_STEPS && script.at < script.end; i++) {
    guint8 letter = *script.at++;

    run_step (&world, letter, &script);
    check_world (&world);
  }
  world_clear (&world);
  return 0;
}
