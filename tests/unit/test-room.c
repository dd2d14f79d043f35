/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the room logic: messages in, messages out, with the time given. */
#include "rtcroom.h"

#include <gst/gst.h>
#include <string.h>

#include "rtcerror.h"
#include "rtctoken.h"

#define N_CONNECTIONS 8
#define SECOND G_TIME_SPAN_SECOND
#define APP "0123456789abcdef01234567"
#define KEY "testkey"
#define WALL (1700000000 * SECOND)

typedef struct
{
  GstRtcRooms *rooms;
  GQueue heard[N_CONNECTIONS]; /* texts */
  guint16 closed[N_CONNECTIONS];
  gint64 now;
  gint64 wall;
} Fixture;

static void
on_send (
    GstRtcConnectionId connection, GstRtcMessage *message, gpointer user_data)
{
  Fixture *f = user_data;

  /* Those of a crowd are not listened to. */
  if (connection < N_CONNECTIONS)
    g_queue_push_tail (
        &f->heard[connection], gst_rtc_message_to_text (message));
}

static void
on_close (GstRtcConnectionId connection, guint16 code, const gchar *reason,
    gpointer user_data)
{
  ((Fixture *)user_data)->closed[connection] = code;
}

static const GstRtcRoomsOutput output = {.send = on_send, .close = on_close};

static GstRtcRoomsSettings
get_settings (void)
{
  return (GstRtcRoomsSettings){
      .max_rooms = 2,
      .max_visible_users = 3,
      .max_invisible_users = 2,
      .max_streams = 3,
      .max_subscriptions = 2,
      .ping_interval = 5000,
      .grace_time = 10000,
  };
}

static void
start (Fixture *f, const GstRtcRoomsSettings *settings)
{
  *f = (Fixture){.now = 100 * SECOND, .wall = WALL};
  f->rooms = gst_rtc_rooms_new (settings, &output, f);
  for (guint i = 0; i < N_CONNECTIONS; i++) {
    g_queue_init (&f->heard[i]);
    gst_rtc_rooms_open (f->rooms, i);
  }
}

static void
start_default (Fixture *f)
{
  GstRtcRoomsSettings settings = get_settings ();

  start (f, &settings);
}

static void
finish (Fixture *f)
{
  for (guint i = 0; i < N_CONNECTIONS; i++)
    g_queue_clear_full (&f->heard[i], g_free);
  gst_rtc_rooms_free (f->rooms);
}

static void
say (Fixture *f, guint connection, const gchar *text)
{
  gst_rtc_rooms_receive (
      f->rooms, connection, text, strlen (text), f->now, f->wall);
}

static void
forget (Fixture *f)
{
  for (guint i = 0; i < N_CONNECTIONS; i++)
    g_queue_clear_full (&f->heard[i], g_free);
}

/* The next message of @connection matches @pattern (with * for anything). */
static void
expect (Fixture *f, guint connection, const gchar *pattern)
{
  g_autofree gchar *text = g_queue_pop_head (&f->heard[connection]);

  if (!text || !g_pattern_match_simple (pattern, text))
    g_error ("%u heard %s instead of %s", connection, text ? text : "nothing",
        pattern);
}

static void
expect_nothing (Fixture *f, guint connection)
{
  const gchar *text = g_queue_peek_head (&f->heard[connection]);

  if (text)
    g_error ("%u heard %s", connection, text);
}

static void
expect_silence (Fixture *f)
{
  for (guint i = 0; i < N_CONNECTIONS; i++)
    expect_nothing (f, i);
}

static void
expect_error (Fixture *f, guint connection, guint id, gint code)
{
  g_autofree gchar *pattern = g_strdup_printf (
      "{\"type\":\"error\",\"id\":%u,\"code\":%d,\"reason\":\"*\"}", id, code);

  expect (f, connection, pattern);
}

/* The text of the member @name of @text. */
static gchar *
get_member (const gchar *text, const gchar *name)
{
  g_autofree gchar *key = g_strdup_printf ("\"%s\":\"", name);
  const gchar *at = strstr (text, key);

  g_assert_nonnull (at);
  at += strlen (key);
  return g_strndup (at, strcspn (at, "\""));
}

/* Enters and returns the secret. */
static gchar *
join_as (Fixture *f, guint connection, const gchar *room, const gchar *user,
    gboolean visible)
{
  g_autofree gchar *text =
      g_strdup_printf ("{\"type\":\"join\",\"id\":1,\"app\":\"a\","
                       "\"room\":\"%s\",\"user\":\"%s\",\"visible\":%s}",
          room, user, visible ? "true" : "false");

  say (f, connection, text);
  if (!gst_rtc_rooms_has_joined (f->rooms, connection))
    return NULL;
  return get_member (g_queue_peek_tail (&f->heard[connection]), "secret");
}

static void
join (Fixture *f, guint connection, const gchar *user, gboolean visible)
{
  g_autofree gchar *secret = join_as (f, connection, "r", user, visible);

  g_assert_nonnull (secret);
}

static void
resume (Fixture *f, guint connection, const gchar *user, const gchar *secret)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"join\",\"id\":1,\"app\":\"a\",\"room\":\"r\","
      "\"user\":\"%s\",\"secret\":\"%s\"}",
      user, secret);

  say (f, connection, text);
}

/* 0 is ann, who publishes; 1 is bob, who watches; both are visible. */
static gchar *
start_session (Fixture *f)
{
  g_autofree gchar *answer = NULL;

  join (f, 0, "ann", TRUE);
  join (f, 1, "bob", TRUE);
  say (f, 0,
      "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\","
      "\"videoCodec\":\"VP8\"}");
  forget (f);
  say (f, 1, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"ann\"}");
  answer = g_queue_pop_head (&f->heard[1]);
  return get_member (answer, "session");
}

static gchar *
format_with (const gchar *pattern, const gchar *session)
{
  g_auto (GStrv) parts = g_strsplit (pattern, "SESSION", -1);

  return g_strjoinv (session, parts);
}

static void
say_with (Fixture *f, guint connection, const gchar *text, const gchar *session)
{
  g_autofree gchar *full = format_with (text, session);

  say (f, connection, full);
}

static void
expect_with (
    Fixture *f, guint connection, const gchar *pattern, const gchar *session)
{
  g_autofree gchar *full = format_with (pattern, session);

  expect (f, connection, full);
}

static void
a_join_tells_who_is_there (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  expect (&f, 0,
      "{\"type\":\"ok\",\"id\":1,\"user\":\"ann\",\"secret\":\"*\","
      "\"seconds\":5,\"users\":[],\"resumed\":false}");
  say (&f, 0,
      "{\"type\":\"publish\",\"id\":2,\"screen\":true,"
      "\"videoCodec\":\"VP8\"}");
  join (&f, 1, "bob", FALSE);
  join (&f, 2, "eve", TRUE);
  expect (&f, 2,
      "{\"type\":\"ok\",\"id\":1,\"user\":\"eve\",\"secret\":\"*\","
      "\"seconds\":5,\"users\":[{\"user\":\"ann\",\"streams\":["
      "{\"screen\":true,\"videoCodec\":\"VP8\",\"audioMuted\":false,"
      "\"videoMuted\":false}]}],\"resumed\":false}");
  finish (&f);
}

static void
others_hear_of_visible_users_only (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  join (&f, 1, "bob", FALSE);
  forget (&f);
  join (&f, 2, "eve", FALSE);
  expect_nothing (&f, 0);
  join (&f, 3, "zoe", TRUE);
  expect (&f, 0, "{\"type\":\"peer-online\",\"user\":\"zoe\"}");
  expect (&f, 1, "{\"type\":\"peer-online\",\"user\":\"zoe\"}");
  forget (&f);
  say (&f, 2, "{\"type\":\"leave\",\"id\":2}");
  expect_nothing (&f, 0);
  say (&f, 3, "{\"type\":\"leave\",\"id\":2}");
  expect (
      &f, 0, "{\"type\":\"peer-leave\",\"user\":\"zoe\",\"reason\":\"left\"}");
  finish (&f);
}

static void
rooms_and_apps_are_apart (void)
{
  Fixture f;

  start_default (&f);
  g_free (join_as (&f, 0, "r", "ann", TRUE));
  g_free (join_as (&f, 1, "s", "bob", TRUE));
  expect (&f, 1, "*\"users\":[]*");
  forget (&f);
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":2,\"user\":\"ann\"}");
  expect_error (&f, 1, 2, 100007);
  g_assert_cmpuint (2, ==, gst_rtc_rooms_get_n_rooms (f.rooms));
  finish (&f);
}

static void
a_leave_is_answered_then_closed (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  forget (&f);
  say (&f, 0, "{\"type\":\"leave\",\"id\":2}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":2}");
  g_assert_cmpuint (1000, ==, f.closed[0]);
  g_assert_cmpuint (0, ==, gst_rtc_rooms_get_n_rooms (f.rooms));
  say (&f, 0, "{\"type\":\"ping\",\"id\":3}");
  expect_silence (&f);
  finish (&f);
}

static void
requests_need_a_room (void)
{
  static const gchar *const texts[] = {
      "{\"type\":\"leave\",\"id\":7}",
      "{\"type\":\"renew-token\",\"id\":7,\"token\":\"x\"}",
      "{\"type\":\"set-visibility\",\"id\":7,\"visible\":true}",
      "{\"type\":\"publish\",\"id\":7,\"audioCodec\":\"OPUS\"}",
      "{\"type\":\"unpublish\",\"id\":7}",
      "{\"type\":\"subscribe\",\"id\":7,\"user\":\"u\"}",
      "{\"type\":\"unsubscribe\",\"id\":7,\"user\":\"u\"}",
      "{\"type\":\"mute-local\",\"id\":7}",
      "{\"type\":\"mute-remote\",\"id\":7,\"user\":\"u\"}",
  };
  Fixture f;

  start_default (&f);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    say (&f, 0, texts[i]);
    expect_error (&f, 0, 7, 100002);
  }
  say (&f, 0, "{\"type\":\"ping\",\"id\":7}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":7}");
  finish (&f);
}

static void
a_second_join_is_refused (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  forget (&f);
  say (&f, 0,
      "{\"type\":\"join\",\"id\":2,\"app\":\"a\",\"room\":\"r\","
      "\"user\":\"ann\"}");
  expect_error (&f, 0, 2, 100003);
  g_assert_true (gst_rtc_rooms_has_joined (f.rooms, 0));
  finish (&f);
}

static void
what_is_no_request_is_answered_or_closed (void)
{
  static const struct
  {
    const gchar *text;
    gboolean closes;
  } rows[] = {
      {"{\"id\":4,\"type\":\"dance\"}", FALSE},
      {"{\"id\":4,\"type\":\"join\"}", FALSE},
      {"{\"id\":4,\"type\":\"ok\"}", FALSE},
      {"{\"id\":4,\"type\":\"error\",\"code\":1}", FALSE},
      {"{\"type\":\"closing\"}", TRUE},
      {"{\"type\":\"peer-online\",\"user\":\"x\"}", TRUE},
      {"nonsense", TRUE},
      {"", TRUE},
      {"[[[[", TRUE},
      {"{\"type\":\"offer\",\"session\":\"x\"}", TRUE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    Fixture f;

    start_default (&f);
    join (&f, 0, "ann", TRUE);
    forget (&f);
    say (&f, 0, rows[i].text);
    g_assert_cmpuint (rows[i].closes ? 1008 : 0, ==, f.closed[0]);
    if (!rows[i].closes)
      expect_error (&f, 0, 4, 100001);
    expect_silence (&f);
    finish (&f);
  }
}

static void
the_later_entry_evicts_the_earlier (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  join (&f, 2, "eve", FALSE);
  forget (&f);
  join (&f, 3, "ann", TRUE);
  expect (&f, 0, "{\"type\":\"client-banned\",\"reason\":\"*\"}");
  expect_nothing (&f, 0);
  g_assert_cmpuint (4001, ==, f.closed[0]);
  g_assert_false (gst_rtc_rooms_has_joined (f.rooms, 0));
  expect (&f, 1, "{\"type\":\"stream-removed\",\"user\":\"ann\",*");
  expect_with (&f, 1, "{\"type\":\"session-closed\",\"session\":\"SESSION\",*}",
      session);
  expect_nothing (&f, 1);
  expect (&f, 2, "{\"type\":\"stream-removed\",\"user\":\"ann\",*");
  expect_nothing (&f, 2);
  expect (&f, 3, "*\"users\":[{\"user\":\"bob\",\"streams\":[]}]*");
  gst_rtc_rooms_lost (f.rooms, 0, FALSE, f.now);
  g_assert_true (gst_rtc_rooms_has_joined (f.rooms, 3));
  finish (&f);
}

static void
an_eviction_ends_what_the_viewer_watched (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  forget (&f);
  join (&f, 2, "bob", FALSE);
  expect_with (&f, 0, "{\"type\":\"session-closed\",\"session\":\"SESSION\",*}",
      session);
  expect (&f, 0,
      "{\"type\":\"peer-leave\",\"user\":\"bob\",\"reason\":\"invisible\"}");
  expect_nothing (&f, 0);
  finish (&f);
}

static void
a_full_room_refuses (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "u0", TRUE);
  join (&f, 1, "u1", TRUE);
  join (&f, 2, "u2", TRUE);
  g_assert_null (join_as (&f, 3, "r", "u3", TRUE));
  expect_error (&f, 3, 1, 300008);
  join (&f, 3, "u3", FALSE);
  join (&f, 4, "u4", FALSE);
  forget (&f);
  g_assert_null (join_as (&f, 5, "r", "u5", FALSE));
  expect_error (&f, 5, 1, 300008);
  /* The place of the one that is evicted is free. */
  join (&f, 6, "u0", TRUE);
  forget (&f);
  say (&f, 3, "{\"type\":\"set-visibility\",\"id\":2,\"visible\":true}");
  expect_error (&f, 3, 2, 300008);
  finish (&f);
}

static void
rooms_are_limited (void)
{
  Fixture f;

  start_default (&f);
  g_free (join_as (&f, 0, "r0", "u", TRUE));
  g_free (join_as (&f, 1, "r1", "u", TRUE));
  g_assert_null (join_as (&f, 2, "r2", "u", TRUE));
  expect_error (&f, 2, 1, 300008);
  say (&f, 0, "{\"type\":\"leave\",\"id\":2}");
  g_free (join_as (&f, 2, "r2", "u", TRUE));
  g_assert_true (gst_rtc_rooms_has_joined (f.rooms, 2));
  finish (&f);
}

static void
one_app_can_be_the_only_one (void)
{
  GstRtcRoomsSettings settings = get_settings ();
  Fixture f;

  settings.app_id = "b";
  start (&f, &settings);
  g_assert_null (join_as (&f, 0, "r", "ann", TRUE));
  expect_error (&f, 0, 1, 300008);
  finish (&f);
}

static void
publishing_is_told_to_all_others (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  join (&f, 1, "bob", TRUE);
  join (&f, 2, "eve", FALSE);
  forget (&f);
  say (&f, 0,
      "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\","
      "\"videoCodec\":\"VP8\"}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":2}");
  for (guint i = 1; i <= 2; i++)
    expect (&f, i,
        "{\"type\":\"stream-added\",\"user\":\"ann\",\"screen\":false,"
        "\"audioCodec\":\"OPUS\",\"videoCodec\":\"VP8\",\"audioMuted\":false,"
        "\"videoMuted\":false}");
  say (&f, 0, "{\"type\":\"unpublish\",\"id\":3}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":3}");
  for (guint i = 1; i <= 2; i++)
    expect (&f, i,
        "{\"type\":\"stream-removed\",\"user\":\"ann\",\"screen\":false,"
        "\"reason\":\"unpublished\"}");
  expect_silence (&f);
  finish (&f);
}

static void
publish_is_refused_by_the_rules (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  join (&f, 1, "bob", FALSE);
  join (&f, 2, "eve", TRUE);
  forget (&f);
  say (&f, 0, "{\"type\":\"publish\",\"id\":2}");
  expect_error (&f, 0, 2, 100001);
  say (&f, 1, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  expect_error (&f, 1, 2, 300006);
  say (&f, 0, "{\"type\":\"unpublish\",\"id\":3}");
  expect_error (&f, 0, 3, 100006);
  say (&f, 0, "{\"type\":\"publish\",\"id\":4,\"audioCodec\":\"OPUS\"}");
  say (&f, 0,
      "{\"type\":\"publish\",\"id\":5,\"screen\":true,"
      "\"videoCodec\":\"VP8\"}");
  say (&f, 2, "{\"type\":\"publish\",\"id\":6,\"audioCodec\":\"OPUS\"}");
  forget (&f);
  say (&f, 0, "{\"type\":\"publish\",\"id\":7,\"audioCodec\":\"OPUS\"}");
  expect_error (&f, 0, 7, 100005);
  say (&f, 2,
      "{\"type\":\"publish\",\"id\":8,\"screen\":true,"
      "\"audioCodec\":\"OPUS\"}");
  expect_error (&f, 2, 8, 300006);
  expect_silence (&f);
  finish (&f);
}

static void
a_subscription_opens_a_session (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  g_assert_cmpuint (32, ==, strlen (session));
  expect_with (&f, 0,
      "{\"type\":\"session-opened\",\"session\":\"SESSION\","
      "\"user\":\"bob\",\"screen\":false,\"audio\":true,\"video\":true}",
      session);
  expect_silence (&f);
  finish (&f);
}

static void
a_second_subscription_changes_the_first (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  forget (&f);
  say (&f, 1,
      "{\"type\":\"subscribe\",\"id\":4,\"user\":\"ann\","
      "\"video\":false}");
  expect_with (
      &f, 1, "{\"type\":\"ok\",\"id\":4,\"session\":\"SESSION\"}", session);
  expect_with (&f, 0,
      "{\"type\":\"session-opened\",\"session\":\"SESSION\","
      "\"user\":\"bob\",\"screen\":false,\"audio\":true,\"video\":false}",
      session);
  expect_silence (&f);
  finish (&f);
}

static void
subscribe_is_refused_by_the_rules (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  join (&f, 1, "bob", TRUE);
  join (&f, 2, "eve", TRUE);
  join (&f, 3, "sly", FALSE);
  forget (&f);
  say (&f, 1,
      "{\"type\":\"subscribe\",\"id\":2,\"user\":\"ann\",\"audio\":false,"
      "\"video\":false}");
  expect_error (&f, 1, 2, 100001);
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"who\"}");
  expect_error (&f, 1, 3, 100007);
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":4,\"user\":\"bob\"}");
  expect_error (&f, 1, 4, 100007);
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":5,\"user\":\"sly\"}");
  expect_error (&f, 1, 5, 100007);
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":6,\"user\":\"ann\"}");
  expect_error (&f, 1, 6, 200001);
  say (&f, 0, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  say (&f, 0,
      "{\"type\":\"publish\",\"id\":3,\"screen\":true,"
      "\"videoCodec\":\"VP8\"}");
  say (&f, 2, "{\"type\":\"publish\",\"id\":4,\"audioCodec\":\"OPUS\"}");
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":7,\"user\":\"ann\"}");
  say (&f, 1,
      "{\"type\":\"subscribe\",\"id\":8,\"user\":\"ann\",\"screen\":true}");
  forget (&f);
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":9,\"user\":\"eve\"}");
  expect_error (&f, 1, 9, 300001);
  expect_silence (&f);
  finish (&f);
}

static void
an_unsubscription_is_told_to_the_publisher (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  forget (&f);
  say (&f, 1, "{\"type\":\"unsubscribe\",\"id\":4,\"user\":\"ann\"}");
  expect (&f, 1, "{\"type\":\"ok\",\"id\":4}");
  expect_with (&f, 0,
      "{\"type\":\"session-closed\",\"session\":\"SESSION\","
      "\"reason\":\"unsubscribed\"}",
      session);
  say (&f, 1, "{\"type\":\"unsubscribe\",\"id\":5,\"user\":\"ann\"}");
  expect_error (&f, 1, 5, 200001);
  say (&f, 1, "{\"type\":\"unsubscribe\",\"id\":6,\"user\":\"who\"}");
  expect_error (&f, 1, 6, 100007);
  expect_silence (&f);
  finish (&f);
}

static void
the_end_of_a_stream_ends_its_sessions (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  forget (&f);
  say (&f, 0, "{\"type\":\"unpublish\",\"id\":4}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":4}");
  for (guint i = 0; i <= 1; i++) {
    if (i == 1)
      expect (&f, 1, "{\"type\":\"stream-removed\",\"user\":\"ann\",*");
    expect_with (&f, i,
        "{\"type\":\"session-closed\",\"session\":\"SESSION\","
        "\"reason\":\"unpublished\"}",
        session);
  }
  expect_silence (&f);
  finish (&f);
}

static void
notices_are_relayed_to_the_other_end_only (void)
{
  static const struct
  {
    guint from;
    const gchar *text;
  } rows[] = {
      {0, "{\"type\":\"offer\",\"session\":\"SESSION\",\"sdp\":\"v=0\"}"},
      {1, "{\"type\":\"answer\",\"session\":\"SESSION\",\"sdp\":\"v=0\"}"},
      {0, "{\"type\":\"candidate\",\"session\":\"SESSION\","
          "\"candidate\":\"c\",\"mid\":\"m\",\"mline\":1}"},
      {1, "{\"type\":\"candidate\",\"session\":\"SESSION\","
          "\"candidate\":\"\",\"mline\":0}"},
  };
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  join (&f, 2, "eve", TRUE);
  forget (&f);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    say_with (&f, rows[i].from, rows[i].text, session);
    expect_with (&f, 1 - rows[i].from, rows[i].text, session);
    expect_silence (&f);
  }
  finish (&f);
}

static void
a_foreign_session_is_unknown (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  join (&f, 2, "eve", TRUE);
  forget (&f);
  /* 2 is in the room, 3 in none. */
  for (guint i = 2; i <= 3; i++) {
    say_with (&f, i,
        "{\"type\":\"candidate\",\"session\":\"SESSION\",\"mline\":0,"
        "\"candidate\":\"c\"}",
        session);
    expect_with (&f, i,
        "{\"type\":\"session-closed\",\"session\":\"SESSION\","
        "\"reason\":\"unknown session\"}",
        session);
    say_with (&f, i, "{\"type\":\"session-closed\",\"session\":\"SESSION\"}",
        session);
  }
  expect_silence (&f);
  finish (&f);
}

static void
a_description_of_the_wrong_side_ends_the_session (void)
{
  static const struct
  {
    guint from;
    const gchar *text;
  } rows[] = {
      {1, "{\"type\":\"offer\",\"session\":\"SESSION\",\"sdp\":\"v=0\"}"},
      {0, "{\"type\":\"answer\",\"session\":\"SESSION\",\"sdp\":\"v=0\"}"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    Fixture f;
    g_autofree gchar *session = NULL;

    start_default (&f);
    session = start_session (&f);
    forget (&f);
    say_with (&f, rows[i].from, rows[i].text, session);
    for (guint j = 0; j <= 1; j++)
      expect_with (&f, j,
          "{\"type\":\"session-closed\",\"session\":\"SESSION\",*}", session);
    expect_silence (&f);
    finish (&f);
  }
}

static void
either_end_can_close_a_session (void)
{
  for (guint from = 0; from <= 1; from++) {
    Fixture f;
    g_autofree gchar *session = NULL;

    start_default (&f);
    session = start_session (&f);
    forget (&f);
    say_with (&f, from,
        "{\"type\":\"session-closed\",\"session\":\"SESSION\","
        "\"code\":300001,\"reason\":\"no way\"}",
        session);
    expect_with (&f, 1 - from,
        "{\"type\":\"session-closed\",\"session\":\"SESSION\","
        "\"code\":300001,\"reason\":\"no way\"}",
        session);
    expect_silence (&f);
    say (&f, 1, "{\"type\":\"unsubscribe\",\"id\":4,\"user\":\"ann\"}");
    expect_error (&f, 1, 4, 200001);
    finish (&f);
  }
}

static void
muting_own_media_is_told_as_a_state (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  forget (&f);
  say (&f, 0, "{\"type\":\"mute-local\",\"id\":4,\"video\":true}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":4}");
  expect (&f, 1,
      "{\"type\":\"stream-muted\",\"user\":\"ann\",\"screen\":false,"
      "\"audioMuted\":false,\"videoMuted\":true}");
  /* The same again, and nothing at all, change nothing. */
  say (&f, 0, "{\"type\":\"mute-local\",\"id\":5,\"video\":true}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":5}");
  say (&f, 0, "{\"type\":\"mute-local\",\"id\":6}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":6}");
  say (&f, 0, "{\"type\":\"mute-local\",\"id\":7,\"screen\":true}");
  expect_error (&f, 0, 7, 100006);
  expect_silence (&f);
  finish (&f);
}

static void
muting_others_is_told_to_the_publisher (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  forget (&f);
  say (&f, 1,
      "{\"type\":\"mute-remote\",\"id\":4,\"user\":\"ann\","
      "\"audio\":true}");
  expect (&f, 1, "{\"type\":\"ok\",\"id\":4}");
  expect_with (&f, 0,
      "{\"type\":\"session-opened\",\"session\":\"SESSION\","
      "\"user\":\"bob\",\"screen\":false,\"audio\":false,\"video\":true}",
      session);
  say (&f, 1,
      "{\"type\":\"mute-remote\",\"id\":5,\"user\":\"ann\","
      "\"audio\":true}");
  expect (&f, 1, "{\"type\":\"ok\",\"id\":5}");
  expect_silence (&f);
  say (&f, 1,
      "{\"type\":\"mute-remote\",\"id\":6,\"user\":\"ann\","
      "\"screen\":true,\"audio\":true}");
  expect_error (&f, 1, 6, 200001);
  say (&f, 1, "{\"type\":\"mute-remote\",\"id\":7,\"user\":\"bob\"}");
  expect_error (&f, 1, 7, 100007);
  finish (&f);
}

static void
becoming_invisible_unpublishes_first (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  forget (&f);
  say (&f, 0, "{\"type\":\"set-visibility\",\"id\":4,\"visible\":false}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":4}");
  expect (&f, 0, "{\"type\":\"session-closed\",*");
  expect (&f, 1, "{\"type\":\"stream-removed\",*");
  expect (&f, 1, "{\"type\":\"session-closed\",*");
  expect (&f, 1,
      "{\"type\":\"peer-leave\",\"user\":\"ann\",\"reason\":\"invisible\"}");
  say (&f, 0, "{\"type\":\"set-visibility\",\"id\":5,\"visible\":false}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":5}");
  say (&f, 0, "{\"type\":\"set-visibility\",\"id\":6,\"visible\":true}");
  expect (&f, 0, "{\"type\":\"ok\",\"id\":6}");
  expect (&f, 1, "{\"type\":\"peer-online\",\"user\":\"ann\"}");
  expect_silence (&f);
  finish (&f);
}

static void
a_lost_user_is_held_for_the_grace_time (void)
{
  Fixture f;
  g_autofree gchar *session = NULL;

  start_default (&f);
  session = start_session (&f);
  forget (&f);
  gst_rtc_rooms_lost (f.rooms, 0, FALSE, f.now);
  expect_silence (&f);
  g_assert_cmpint (f.now + 10 * SECOND, ==,
      gst_rtc_rooms_tick (f.rooms, f.now + 10 * SECOND - 1, f.wall));
  expect_silence (&f);
  gst_rtc_rooms_tick (f.rooms, f.now + 10 * SECOND, f.wall);
  expect (&f, 1, "{\"type\":\"stream-removed\",*");
  expect_with (&f, 1,
      "{\"type\":\"session-closed\",\"session\":\"SESSION\","
      "\"reason\":\"connection lost\"}",
      session);
  expect (&f, 1,
      "{\"type\":\"peer-leave\",\"user\":\"ann\","
      "\"reason\":\"connection lost\"}");
  expect_silence (&f);
  g_assert_cmpint (G_MAXINT64, ==,
      gst_rtc_rooms_tick (f.rooms, f.now + 11 * SECOND, f.wall));
  finish (&f);
}

static void
a_clean_close_is_a_leave (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  join (&f, 1, "bob", TRUE);
  forget (&f);
  gst_rtc_rooms_lost (f.rooms, 0, TRUE, f.now);
  expect (
      &f, 1, "{\"type\":\"peer-leave\",\"user\":\"ann\",\"reason\":\"left\"}");
  finish (&f);
}

static void
the_secret_resumes (void)
{
  Fixture f;
  g_autofree gchar *secret = NULL;
  g_autofree gchar *session = NULL;
  g_autofree gchar *viewed = NULL;

  start_default (&f);
  session = start_session (&f);
  say (&f, 1, "{\"type\":\"leave\",\"id\":9}");
  secret = join_as (&f, 2, "r", "eve", TRUE);
  forget (&f);
  say (&f, 2, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"ann\"}");
  viewed = get_member (g_queue_peek_head (&f.heard[2]), "session");
  forget (&f);
  gst_rtc_rooms_lost (f.rooms, 2, FALSE, f.now);
  f.now += 9 * SECOND;
  resume (&f, 3, "eve", secret);
  expect_with (&f, 3,
      "*\"users\":[{\"user\":\"ann\",*\"resumed\":true,"
      "\"sessions\":[\"SESSION\"]}",
      viewed);
  expect_silence (&f);
  gst_rtc_rooms_tick (f.rooms, f.now + 20 * SECOND, f.wall);
  expect_silence (&f);
  /* The subscription stands. */
  say (&f, 3, "{\"type\":\"unsubscribe\",\"id\":4,\"user\":\"ann\"}");
  expect (&f, 3, "{\"type\":\"ok\",\"id\":4}");
  expect (&f, 0, "{\"type\":\"session-closed\",*");
  finish (&f);
}

static void
a_resumed_publisher_hears_of_its_sessions (void)
{
  Fixture f;
  g_autofree gchar *secret = NULL;
  g_autofree gchar *opened = NULL;

  start_default (&f);
  secret = join_as (&f, 0, "r", "ann", TRUE);
  join (&f, 1, "bob", TRUE);
  join (&f, 2, "eve", TRUE);
  say (&f, 0, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  forget (&f);
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"ann\"}");
  gst_rtc_rooms_lost (f.rooms, 0, FALSE, f.now);
  say (&f, 1, "{\"type\":\"unsubscribe\",\"id\":4,\"user\":\"ann\"}");
  forget (&f);
  say (&f, 2, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"ann\"}");
  opened = get_member (g_queue_peek_head (&f.heard[2]), "session");
  forget (&f);
  resume (&f, 3, "ann", secret);
  expect_with (&f, 3, "*\"resumed\":true,\"sessions\":[\"SESSION\"]}", opened);
  expect_with (&f, 3,
      "{\"type\":\"session-opened\",\"session\":\"SESSION\","
      "\"user\":\"eve\",*}",
      opened);
  expect_silence (&f);
  finish (&f);
}

static void
a_resume_takes_a_dead_connection_over (void)
{
  Fixture f;
  g_autofree gchar *secret = NULL;

  start_default (&f);
  secret = join_as (&f, 0, "r", "ann", TRUE);
  join (&f, 1, "bob", TRUE);
  forget (&f);
  resume (&f, 2, "ann", secret);
  expect (&f, 2, "*\"resumed\":true,\"sessions\":[]}");
  g_assert_cmpuint (4001, ==, f.closed[0]);
  gst_rtc_rooms_lost (f.rooms, 0, FALSE, f.now);
  g_assert_true (gst_rtc_rooms_has_joined (f.rooms, 2));
  expect_silence (&f);
  finish (&f);
}

/* Nothing would tell such a user which of its sessions stand. */
static void
more_sessions_than_can_be_listed_end (void)
{
  GstRtcRoomsSettings settings = get_settings ();
  Fixture f;
  g_autofree gchar *secret = NULL;

  settings.max_invisible_users = GST_RTC_MAX_LISTED_SESSIONS + 1;
  start (&f, &settings);
  secret = join_as (&f, 0, "r", "ann", TRUE);
  say (&f, 0, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  for (guint i = 0; i <= GST_RTC_MAX_LISTED_SESSIONS; i++) {
    const guint connection = N_CONNECTIONS + i;
    g_autofree gchar *user = g_strdup_printf ("viewer-%u", i);
    g_autofree gchar *text =
        g_strdup_printf ("{\"type\":\"join\",\"id\":1,\"app\":\"a\","
                         "\"room\":\"r\",\"user\":\"%s\",\"visible\":false}",
            user);

    if (i == GST_RTC_MAX_LISTED_SESSIONS) {
      gst_rtc_rooms_lost (f.rooms, 0, FALSE, f.now);
      forget (&f);
      resume (&f, 1, "ann", secret);
      expect (&f, 1, "*\"resumed\":true,\"sessions\":[*]}");
      forget (&f);
    }
    gst_rtc_rooms_open (f.rooms, connection);
    say (&f, connection, text);
    say (&f, connection, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"ann\"}");
  }
  gst_rtc_rooms_lost (f.rooms, 1, FALSE, f.now);
  forget (&f);
  resume (&f, 2, "ann", secret);
  expect (&f, 2, "*\"resumed\":false}");
  finish (&f);
}

static void
a_wrong_secret_is_an_ordinary_join (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  join (&f, 1, "bob", TRUE);
  gst_rtc_rooms_lost (f.rooms, 0, FALSE, f.now);
  forget (&f);
  resume (&f, 2, "ann", "00000000000000000000000000000000");
  expect (&f, 2, "*\"resumed\":false}");
  expect_silence (&f);
  finish (&f);
}

static gchar *
make_token (const gchar *user, guint32 expires, gboolean publish)
{
  GstRtcToken token = {
      .app_id = (gchar *)APP,
      .room_id = (gchar *)"r",
      .user_id = (gchar *)user,
      .issued = 1,
      .expires = expires,
      .publish = publish,
      .subscribe = !publish,
  };

  return gst_rtc_token_make (&token, KEY);
}

static void
start_with_tokens (Fixture *f)
{
  GstRtcRoomsSettings settings = get_settings ();

  settings.app_id = APP;
  settings.app_key = KEY;
  start (f, &settings);
}

static void
join_with_token (
    Fixture *f, guint connection, const gchar *user, const gchar *token)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"join\",\"id\":1,\"app\":\"" APP "\",\"room\":\"r\","
      "\"user\":\"%s\",\"token\":\"%s\"}",
      user, token);

  say (f, connection, text);
}

static void
a_key_asks_for_tokens (void)
{
  Fixture f;
  g_autofree gchar *good = make_token ("ann", 1700000100, TRUE);
  g_autofree gchar *old = make_token ("ann", 1699999999, TRUE);

  start_with_tokens (&f);
  join_with_token (&f, 0, "ann", "");
  expect_error (&f, 0, 1, 300008);
  join_with_token (&f, 0, "bob", good);
  expect_error (&f, 0, 1, 300008);
  join_with_token (&f, 0, "ann", old);
  expect_error (&f, 0, 1, 300008);
  g_assert_cmpuint (0, ==, gst_rtc_rooms_get_n_rooms (f.rooms));
  join_with_token (&f, 0, "ann", good);
  expect (&f, 0, "{\"type\":\"ok\",*");
  finish (&f);
}

static void
privileges_are_kept (void)
{
  Fixture f;
  g_autofree gchar *can_publish = make_token ("ann", 0, TRUE);
  g_autofree gchar *can_watch = make_token ("bob", 0, FALSE);

  start_with_tokens (&f);
  join_with_token (&f, 0, "ann", can_publish);
  join_with_token (&f, 1, "bob", can_watch);
  forget (&f);
  say (&f, 1, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  expect_error (&f, 1, 2, 300006);
  say (&f, 0, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  expect (&f, 0, "{\"type\":\"ok\",*");
  expect (&f, 1, "{\"type\":\"stream-added\",*");
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"ann\"}");
  expect (&f, 1, "{\"type\":\"ok\",*");
  finish (&f);
}

/* A token whose privileges end before it does. */
static gchar *
make_short_token (
    const gchar *user, guint32 publish_expires, guint32 subscribe_expires)
{
  const GstRtcToken token = {
      .app_id = (gchar *)APP,
      .room_id = (gchar *)"r",
      .user_id = (gchar *)user,
      .issued = 1,
      .publish = TRUE,
      .publish_expires = publish_expires,
      .subscribe = TRUE,
      .subscribe_expires = subscribe_expires,
  };

  return gst_rtc_token_make (&token, KEY);
}

static void
pass_seconds (Fixture *f, guint seconds)
{
  f->now += seconds * SECOND;
  f->wall += seconds * SECOND;
  gst_rtc_rooms_tick (f->rooms, f->now, f->wall);
}

/* ann publishes until second 10, bob views until second 20. */
static gchar *
start_short_session (Fixture *f)
{
  g_autofree gchar *ann = make_short_token ("ann", 1700000010, 0);
  g_autofree gchar *bob = make_short_token ("bob", 0, 1700000020);

  start_with_tokens (f);
  join_with_token (f, 0, "ann", ann);
  join_with_token (f, 1, "bob", bob);
  say (f, 0, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  forget (f);
  say (f, 1, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"ann\"}");
  return get_member (g_queue_peek_head (&f->heard[1]), "session");
}

static void
a_publication_ends_with_its_privilege (void)
{
  Fixture f;
  g_autofree gchar *session = start_short_session (&f);

  forget (&f);
  pass_seconds (&f, 10);
  expect_silence (&f);
  pass_seconds (&f, 1);
  expect (&f, 1, "{\"type\":\"stream-removed\",\"user\":\"ann\",*");
  expect_with (&f, 1, "{\"type\":\"session-closed\",\"session\":\"SESSION\",*}",
      session);
  expect_with (&f, 0, "{\"type\":\"session-closed\",\"session\":\"SESSION\",*}",
      session);
  expect (&f, 0,
      "{\"type\":\"stream-removed\",\"user\":\"ann\",\"screen\":false,"
      "\"reason\":\"the right to publish is over\"}");
  say (&f, 0, "{\"type\":\"publish\",\"id\":4,\"audioCodec\":\"OPUS\"}");
  expect_error (&f, 0, 4, 300006);
  pass_seconds (&f, 60);
  expect_silence (&f);
  finish (&f);
}

static void
a_subscription_ends_with_its_privilege (void)
{
  Fixture f;
  g_autofree gchar *session = start_short_session (&f);
  g_autofree gchar *longer = make_short_token ("ann", 1700000100, 0);
  g_autofree gchar *renew = g_strdup_printf (
      "{\"type\":\"renew-token\",\"id\":4,\"token\":\"%s\"}", longer);

  say (&f, 0, renew);
  forget (&f);
  pass_seconds (&f, 20);
  expect_silence (&f);
  pass_seconds (&f, 1);
  expect_with (&f, 1,
      "{\"type\":\"session-closed\",\"session\":\"SESSION\","
      "\"code\":300001,*}",
      session);
  expect_with (&f, 0, "{\"type\":\"session-closed\",\"session\":\"SESSION\",*}",
      session);
  expect_silence (&f);
  finish (&f);
}

static void
a_new_token_without_the_privilege_ends_it (void)
{
  Fixture f;
  g_autofree gchar *session = start_short_session (&f);
  g_autofree gchar *watcher = make_token ("ann", 0, FALSE);
  g_autofree gchar *renew = g_strdup_printf (
      "{\"type\":\"renew-token\",\"id\":4,\"token\":\"%s\"}", watcher);

  forget (&f);
  say (&f, 0, renew);
  expect (&f, 0, "{\"type\":\"ok\",\"id\":4}");
  pass_seconds (&f, 0);
  expect (&f, 1, "{\"type\":\"stream-removed\",\"user\":\"ann\",*");
  finish (&f);
}

static void
who_is_away_keeps_its_publication (void)
{
  Fixture f;
  g_autofree gchar *session = start_short_session (&f);

  forget (&f);
  gst_rtc_rooms_lost (f.rooms, 0, FALSE, f.now);
  f.wall += 11 * SECOND;
  pass_seconds (&f, 1);
  expect_silence (&f);
  finish (&f);
}

static void
subscribing_needs_its_privilege (void)
{
  Fixture f;
  g_autofree gchar *ann = make_token ("ann", 0, TRUE);
  g_autofree gchar *bob = make_token ("bob", 0, TRUE);

  start_with_tokens (&f);
  join_with_token (&f, 0, "ann", ann);
  join_with_token (&f, 1, "bob", bob);
  say (&f, 0, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  forget (&f);
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"ann\"}");
  expect_error (&f, 1, 3, 300001);
  finish (&f);
}

/* Moves both clocks. */
static gint64
pass (Fixture *f, gint64 span)
{
  f->now += span;
  f->wall += span;
  return gst_rtc_rooms_tick (f->rooms, f->now, f->wall);
}

static void
a_token_warns_then_ends (void)
{
  Fixture f;
  g_autofree gchar *ann = make_token ("ann", 1700000050, TRUE);
  g_autofree gchar *bob = make_token ("bob", 0, TRUE);
  gint64 due;

  start_with_tokens (&f);
  join_with_token (&f, 0, "ann", ann);
  join_with_token (&f, 1, "bob", bob);
  forget (&f);
  due = pass (&f, 0);
  g_assert_cmpint (f.now + 20 * SECOND, ==, due);
  pass (&f, 20 * SECOND - 1);
  expect_silence (&f);
  pass (&f, 1);
  expect (&f, 0, "{\"type\":\"token-will-expire\",\"seconds\":30}");
  pass (&f, 30 * SECOND);
  expect_silence (&f);
  pass (&f, 1 * SECOND);
  expect (&f, 0, "{\"type\":\"client-banned\",\"reason\":\"token expired\"}");
  g_assert_cmpuint (4001, ==, f.closed[0]);
  expect (&f, 1,
      "{\"type\":\"peer-leave\",\"user\":\"ann\","
      "\"reason\":\"token expired\"}");
  expect_silence (&f);
  finish (&f);
}

static void
a_token_in_its_last_second_warns (void)
{
  Fixture f;
  g_autofree gchar *ann = make_token ("ann", 1700000000, TRUE);

  start_with_tokens (&f);
  join_with_token (&f, 0, "ann", ann);
  forget (&f);
  pass (&f, 0);
  expect (&f, 0, "{\"type\":\"token-will-expire\",\"seconds\":1}");
  expect_silence (&f);
  finish (&f);
}

/* A server that thought otherwise would wake up without end. */
static void
what_never_ends_needs_no_tick (void)
{
  Fixture f;
  g_autofree gchar *ann = make_short_token ("ann", 0, 0);
  g_autofree gchar *bob = make_short_token ("bob", 0, 1700000020);

  start_with_tokens (&f);
  join_with_token (&f, 0, "ann", ann);
  join_with_token (&f, 1, "bob", bob);
  say (&f, 0, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  say (&f, 1, "{\"type\":\"publish\",\"id\":2,\"audioCodec\":\"OPUS\"}");
  pass (&f, 0);
  g_assert_cmpint (G_MAXINT64, ==, pass (&f, 0));
  say (&f, 1, "{\"type\":\"subscribe\",\"id\":3,\"user\":\"ann\"}");
  g_assert_cmpint (f.now + 21 * SECOND, ==, pass (&f, 0));
  finish (&f);
}

static void
a_renewed_token_goes_on (void)
{
  Fixture f;
  g_autofree gchar *first = make_token ("ann", 1700000050, TRUE);
  g_autofree gchar *second = make_token ("ann", 1700000500, TRUE);
  g_autofree gchar *other = make_token ("bob", 1700000500, TRUE);
  g_autofree gchar *renew = NULL;
  g_autofree gchar *wrong = NULL;

  start_with_tokens (&f);
  join_with_token (&f, 0, "ann", first);
  pass (&f, 25 * SECOND);
  forget (&f);
  wrong = g_strdup_printf (
      "{\"type\":\"renew-token\",\"id\":2,\"token\":\"%s\"}", other);
  say (&f, 0, wrong);
  expect_error (&f, 0, 2, 300008);
  renew = g_strdup_printf (
      "{\"type\":\"renew-token\",\"id\":3,\"token\":\"%s\"}", second);
  say (&f, 0, renew);
  expect (&f, 0, "{\"type\":\"ok\",\"id\":3}");
  pass (&f, 100 * SECOND);
  expect_silence (&f);
  pass (&f, 350 * SECOND);
  expect (&f, 0, "{\"type\":\"token-will-expire\",*");
  finish (&f);
}

static void
stopping_tells_everybody (void)
{
  Fixture f;

  start_default (&f);
  join (&f, 0, "ann", TRUE);
  forget (&f);
  gst_rtc_rooms_close_all (f.rooms, "over");
  expect (&f, 0, "{\"type\":\"closing\",\"reason\":\"over\"}");
  expect (&f, 1, "{\"type\":\"closing\",\"reason\":\"over\"}");
  g_assert_cmpuint (1001, ==, f.closed[0]);
  g_assert_cmpuint (1001, ==, f.closed[1]);
  finish (&f);
}

static void
unknown_connections_are_harmless (void)
{
  Fixture f;

  start_default (&f);
  gst_rtc_rooms_receive (f.rooms, 77, "{}", 2, f.now, f.wall);
  gst_rtc_rooms_lost (f.rooms, 77, FALSE, f.now);
  g_assert_false (gst_rtc_rooms_has_joined (f.rooms, 77));
  expect_silence (&f);
  finish (&f);
}

#define ADD(name, func) g_test_add_func ("/room/" name, func)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  ADD ("a-join-tells-who-is-there", a_join_tells_who_is_there);
  ADD ("others-hear-of-visible-users-only", others_hear_of_visible_users_only);
  ADD ("rooms-and-apps-are-apart", rooms_and_apps_are_apart);
  ADD ("a-leave-is-answered-then-closed", a_leave_is_answered_then_closed);
  ADD ("requests-need-a-room", requests_need_a_room);
  ADD ("a-second-join-is-refused", a_second_join_is_refused);
  ADD ("what-is-no-request-is-answered-or-closed",
      what_is_no_request_is_answered_or_closed);
  ADD (
      "the-later-entry-evicts-the-earlier", the_later_entry_evicts_the_earlier);
  ADD ("an-eviction-ends-what-the-viewer-watched",
      an_eviction_ends_what_the_viewer_watched);
  ADD ("a-full-room-refuses", a_full_room_refuses);
  ADD ("rooms-are-limited", rooms_are_limited);
  ADD ("one-app-can-be-the-only-one", one_app_can_be_the_only_one);
  ADD ("publishing-is-told-to-all-others", publishing_is_told_to_all_others);
  ADD ("publish-is-refused-by-the-rules", publish_is_refused_by_the_rules);
  ADD ("a-subscription-opens-a-session", a_subscription_opens_a_session);
  ADD ("a-second-subscription-changes-the-first",
      a_second_subscription_changes_the_first);
  ADD ("subscribe-is-refused-by-the-rules", subscribe_is_refused_by_the_rules);
  ADD ("an-unsubscription-is-told-to-the-publisher",
      an_unsubscription_is_told_to_the_publisher);
  ADD ("the-end-of-a-stream-ends-its-sessions",
      the_end_of_a_stream_ends_its_sessions);
  ADD ("notices-are-relayed-to-the-other-end-only",
      notices_are_relayed_to_the_other_end_only);
  ADD ("a-foreign-session-is-unknown", a_foreign_session_is_unknown);
  ADD ("a-description-of-the-wrong-side-ends-the-session",
      a_description_of_the_wrong_side_ends_the_session);
  ADD ("either-end-can-close-a-session", either_end_can_close_a_session);
  ADD ("muting-own-media-is-told-as-a-state",
      muting_own_media_is_told_as_a_state);
  ADD ("muting-others-is-told-to-the-publisher",
      muting_others_is_told_to_the_publisher);
  ADD ("becoming-invisible-unpublishes-first",
      becoming_invisible_unpublishes_first);
  ADD ("a-lost-user-is-held-for-the-grace-time",
      a_lost_user_is_held_for_the_grace_time);
  ADD ("a-clean-close-is-a-leave", a_clean_close_is_a_leave);
  ADD ("the-secret-resumes", the_secret_resumes);
  ADD ("a-resumed-publisher-hears-of-its-sessions",
      a_resumed_publisher_hears_of_its_sessions);
  ADD ("more-sessions-than-can-be-listed-end",
      more_sessions_than_can_be_listed_end);
  ADD ("a-resume-takes-a-dead-connection-over",
      a_resume_takes_a_dead_connection_over);
  ADD (
      "a-wrong-secret-is-an-ordinary-join", a_wrong_secret_is_an_ordinary_join);
  ADD ("a-key-asks-for-tokens", a_key_asks_for_tokens);
  ADD ("privileges-are-kept", privileges_are_kept);
  ADD ("a-publication-ends-with-its-privilege",
      a_publication_ends_with_its_privilege);
  ADD ("a-subscription-ends-with-its-privilege",
      a_subscription_ends_with_its_privilege);
  ADD ("a-new-token-without-the-privilege-ends-it",
      a_new_token_without_the_privilege_ends_it);
  ADD ("who-is-away-keeps-its-publication", who_is_away_keeps_its_publication);
  ADD ("subscribing-needs-its-privilege", subscribing_needs_its_privilege);
  ADD ("a-token-warns-then-ends", a_token_warns_then_ends);
  ADD ("a-token-in-its-last-second-warns", a_token_in_its_last_second_warns);
  ADD ("what-never-ends-needs-no-tick", what_never_ends_needs_no_tick);
  ADD ("a-renewed-token-goes-on", a_renewed_token_goes_on);
  ADD ("stopping-tells-everybody", stopping_tells_everybody);
  ADD ("unknown-connections-are-harmless", unknown_connections_are_harmless);
  return g_test_run ();
}
