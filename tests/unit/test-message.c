/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the messages of the room protocol, with the examples of its
 * page. */
#include "rtcmessage.h"

#include <string.h>

#include "rtcconfig.h"
#include "rtcerror-private.h"
#include "rtcjson.h"

/* One text for each type, with every field that it can have. */
static const gchar *const full[GST_RTC_N_MESSAGES] = {
    [GST_RTC_MESSAGE_JOIN] =
        "{\"type\":\"join\",\"id\":1,\"app\":\"a\",\"room\":\"r\","
        "\"user\":\"u\",\"token\":\"tokentext\",\"secret\":\"secrettext\","
        "\"visible\":false}",
    [GST_RTC_MESSAGE_LEAVE] = "{\"type\":\"leave\",\"id\":1}",
    [GST_RTC_MESSAGE_RENEW_TOKEN] =
        "{\"type\":\"renew-token\",\"id\":1,\"token\":\"tokentext\"}",
    [GST_RTC_MESSAGE_SET_VISIBILITY] =
        "{\"type\":\"set-visibility\",\"id\":1,\"visible\":true}",
    [GST_RTC_MESSAGE_PUBLISH] =
        "{\"type\":\"publish\",\"id\":1,\"screen\":true,"
        "\"audioCodec\":\"OPUS\",\"videoCodec\":\"VP8\"}",
    [GST_RTC_MESSAGE_UNPUBLISH] =
        "{\"type\":\"unpublish\",\"id\":1,\"screen\":true}",
    [GST_RTC_MESSAGE_SUBSCRIBE] =
        "{\"type\":\"subscribe\",\"id\":1,\"user\":\"u\",\"screen\":true,"
        "\"audio\":true,\"video\":false}",
    [GST_RTC_MESSAGE_UNSUBSCRIBE] =
        "{\"type\":\"unsubscribe\",\"id\":1,\"user\":\"u\",\"screen\":false}",
    [GST_RTC_MESSAGE_MUTE_LOCAL] =
        "{\"type\":\"mute-local\",\"id\":1,\"screen\":false,\"audio\":true,"
        "\"video\":false}",
    [GST_RTC_MESSAGE_MUTE_REMOTE] =
        "{\"type\":\"mute-remote\",\"id\":1,\"user\":\"u\",\"screen\":false,"
        "\"audio\":true,\"video\":false}",
    [GST_RTC_MESSAGE_PING] = "{\"type\":\"ping\",\"id\":4294967295}",
    [GST_RTC_MESSAGE_OK] =
        "{\"type\":\"ok\",\"id\":1,\"user\":\"u\",\"secret\":\"secrettext\","
        "\"session\":\"s1\",\"seconds\":5,\"users\":[{\"user\":\"v\","
        "\"streams\":[{\"screen\":true,\"audioCodec\":\"OPUS\","
        "\"audioMuted\":true,\"videoMuted\":false}]},{\"user\":\"w\","
        "\"streams\":[]}],\"resumed\":true,\"sessions\":[\"s1\",\"s2\"]}",
    [GST_RTC_MESSAGE_ERROR] =
        "{\"type\":\"error\",\"id\":1,\"code\":300008,\"reason\":\"full\"}",
    [GST_RTC_MESSAGE_OFFER] =
        "{\"type\":\"offer\",\"session\":\"s1\",\"sdp\":\"v=0\\r\\n\"}",
    [GST_RTC_MESSAGE_ANSWER] =
        "{\"type\":\"answer\",\"session\":\"s1\",\"sdp\":\"v=0\\r\\n\"}",
    [GST_RTC_MESSAGE_CANDIDATE] =
        "{\"type\":\"candidate\",\"session\":\"s1\","
        "\"candidate\":\"candidate:1\",\"mid\":\"m\",\"mline\":0}",
    [GST_RTC_MESSAGE_SESSION_CLOSED] =
        "{\"type\":\"session-closed\",\"session\":\"s1\",\"code\":300001,"
        "\"reason\":\"x\"}",
    [GST_RTC_MESSAGE_SESSION_OPENED] =
        "{\"type\":\"session-opened\",\"session\":\"s1\",\"user\":\"u\","
        "\"screen\":false,\"audio\":true,\"video\":true}",
    [GST_RTC_MESSAGE_PEER_ONLINE] = "{\"type\":\"peer-online\",\"user\":\"u\"}",
    [GST_RTC_MESSAGE_PEER_LEAVE] =
        "{\"type\":\"peer-leave\",\"user\":\"u\",\"reason\":\"left\"}",
    [GST_RTC_MESSAGE_STREAM_ADDED] =
        "{\"type\":\"stream-added\",\"user\":\"u\",\"screen\":false,"
        "\"audioCodec\":\"OPUS\",\"videoCodec\":\"VP8\",\"audioMuted\":false,"
        "\"videoMuted\":true}",
    [GST_RTC_MESSAGE_STREAM_REMOVED] =
        "{\"type\":\"stream-removed\",\"user\":\"u\",\"screen\":true,"
        "\"reason\":\"x\"}",
    [GST_RTC_MESSAGE_STREAM_MUTED] =
        "{\"type\":\"stream-muted\",\"user\":\"u\",\"screen\":true,"
        "\"audioMuted\":false,\"videoMuted\":true}",
    [GST_RTC_MESSAGE_CLIENT_BANNED] =
        "{\"type\":\"client-banned\",\"reason\":\"x\"}",
    [GST_RTC_MESSAGE_TOKEN_WILL_EXPIRE] =
        "{\"type\":\"token-will-expire\",\"seconds\":30}",
    [GST_RTC_MESSAGE_CLOSING] = "{\"type\":\"closing\",\"reason\":\"x\"}",
};

/* The fields without which a type is no message. */
static const struct
{
  GstRtcMessageType type;
  const gchar *fields;
} required[] = {
    {GST_RTC_MESSAGE_JOIN, "id app room user"},
    {GST_RTC_MESSAGE_LEAVE, "id"},
    {GST_RTC_MESSAGE_RENEW_TOKEN, "id token"},
    {GST_RTC_MESSAGE_SET_VISIBILITY, "id visible"},
    {GST_RTC_MESSAGE_PUBLISH, "id"},
    {GST_RTC_MESSAGE_UNPUBLISH, "id"},
    {GST_RTC_MESSAGE_SUBSCRIBE, "id user"},
    {GST_RTC_MESSAGE_UNSUBSCRIBE, "id user"},
    {GST_RTC_MESSAGE_MUTE_LOCAL, "id"},
    {GST_RTC_MESSAGE_MUTE_REMOTE, "id user"},
    {GST_RTC_MESSAGE_PING, "id"},
    {GST_RTC_MESSAGE_OK, "id"},
    {GST_RTC_MESSAGE_ERROR, "id code"},
    {GST_RTC_MESSAGE_OFFER, "session sdp"},
    {GST_RTC_MESSAGE_ANSWER, "session sdp"},
    {GST_RTC_MESSAGE_CANDIDATE, "session mline candidate"},
    {GST_RTC_MESSAGE_SESSION_CLOSED, "session"},
    {GST_RTC_MESSAGE_SESSION_OPENED, "session user"},
    {GST_RTC_MESSAGE_PEER_ONLINE, "user"},
    {GST_RTC_MESSAGE_PEER_LEAVE, "user"},
    {GST_RTC_MESSAGE_STREAM_ADDED, "user"},
    {GST_RTC_MESSAGE_STREAM_REMOVED, "user"},
    {GST_RTC_MESSAGE_STREAM_MUTED, "user"},
    {GST_RTC_MESSAGE_CLIENT_BANNED, ""},
    {GST_RTC_MESSAGE_TOKEN_WILL_EXPIRE, "seconds"},
    {GST_RTC_MESSAGE_CLOSING, ""},
};

static GstRtcMessage *
parse (const gchar *text, guint *id, GError **error)
{
  return gst_rtc_message_parse (text, strlen (text), id, error);
}

static GstRtcMessage *
parse_good (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  GstRtcMessage *message = parse (text, NULL, &error);

  if (error)
    g_test_message ("%s", text);
  g_assert_no_error (error);
  return message;
}

static void
assert_refused (const gchar *text, guint expected_id)
{
  g_autoptr (GError) error = NULL;
  guint id = 99;

  if (parse (text, &id, &error))
    g_error ("accepted: %s", text);
  g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_INVALID_PARAMS);
  g_assert_cmpint (0, ==, gst_rtc_error_get_native_code (error));
  g_assert_cmpuint (expected_id, ==, id);
}

/* Members in the order of the alphabet, so that texts can be compared. */
static gint
count_members (const gchar *text, const gchar *needle)
{
  gint count = 0;

  for (const gchar *at = strstr (text, needle); at;
       at = strstr (at + 1, needle))
    count++;
  return count;
}

static void
assert_same_members (const gchar *expected, const gchar *text)
{
  g_auto (GStrv) parts = g_strsplit (expected, ",", -1);

  g_assert_cmpuint (strlen (expected), ==, strlen (text));
  for (guint i = 0; parts[i]; i++) {
    const gchar *part = parts[i] + strspn (parts[i], "{");
    g_autofree gchar *bare = g_strndup (part, strcspn (part, "}]"));

    if (count_members (text, bare) < 1)
      g_error ("%s is not in %s", bare, text);
  }
}

static void
every_type_survives_a_round_trip (void)
{
  for (guint i = 0; i < GST_RTC_N_MESSAGES; i++) {
    g_autoptr (GstRtcMessage) message = parse_good (full[i]);
    g_autoptr (GstRtcMessage) copy = NULL;
    g_autofree gchar *text = gst_rtc_message_to_text (message);
    g_autofree gchar *again = NULL;

    g_assert_cmpint (i, ==, gst_rtc_message_get_type_id (message));
    assert_same_members (full[i], text);
    copy = gst_rtc_message_new (
        (GstRtcMessageType)i, gst_rtc_message_get_fields (message));
    again = gst_rtc_message_to_text (copy);
    g_assert_cmpstr (text, ==, again);
  }
}

/* @text without the member @name. */
static gchar *
drop_member (const gchar *text, const gchar *name)
{
  g_autofree gchar *pattern =
      g_strdup_printf (",\"%s\":(\"[^\"]*\"|[^,}\\[]*)", name);
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);

  return g_regex_replace_literal (regex, text, -1, 0, "", 0, NULL);
}

static void
each_required_field_is_required (void)
{
  g_assert_cmpuint (GST_RTC_N_MESSAGES, ==, G_N_ELEMENTS (required));
  for (guint i = 0; i < G_N_ELEMENTS (required); i++) {
    const gchar *text = full[required[i].type];
    g_auto (GStrv) names = g_strsplit (required[i].fields, " ", -1);
    gboolean has_id = strstr (text, "\"id\":") != NULL;

    for (guint j = 0; names[j]; j++) {
      g_autofree gchar *cut = drop_member (text, names[j]);
      gboolean still = has_id && !g_str_equal (names[j], "id");
      gboolean ping = required[i].type == GST_RTC_MESSAGE_PING;

      g_assert_cmpstr (text, !=, cut);
      assert_refused (cut, still ? (ping ? 4294967295u : 1) : 0);
    }
  }
}

static void
everything_else_is_optional (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (required); i++) {
    GstRtcMessageType type = required[i].type;
    g_autofree gchar *text = g_strdup (full[type]);
    g_auto (GStrv) needed = g_strsplit (required[i].fields, " ", -1);
    static const gchar *const names[] = {"token", "secret", "visible", "screen",
        "audio", "video", "audioCodec", "videoCodec", "audioMuted",
        "videoMuted", "mid", "reason", "code", "user", "session", "seconds"};

    if (type == GST_RTC_MESSAGE_OK)
      continue; /* has members inside of members */
    for (guint j = 0; j < G_N_ELEMENTS (names); j++) {
      if (!g_strv_contains ((const gchar *const *)needed, names[j])) {
        gchar *cut = drop_member (text, names[j]);

        g_free (text);
        text = cut;
      }
    }
    gst_rtc_message_unref (parse_good (text));
  }
}

static void
the_examples_of_the_page_are_messages (void)
{
  g_autofree gchar *path = g_test_build_filename (
      G_TEST_DIST, "common", "server", "PROTOCOL.md", NULL);
  g_autofree gchar *page = NULL;
  g_auto (GStrv) parts = NULL;
  gboolean seen[GST_RTC_N_MESSAGES] = {FALSE};

  g_assert_true (g_file_get_contents (path, &page, NULL, NULL));
  parts = g_strsplit (page, "```json\n", -1);
  g_assert_cmpuint (g_strv_length (parts), >, GST_RTC_N_MESSAGES);
  for (guint i = 1; parts[i]; i++) {
    g_autofree gchar *text =
        g_strndup (parts[i], strstr (parts[i], "\n```") - parts[i]);
    g_autoptr (GstRtcMessage) message = parse_good (text);
    g_autofree gchar *again = gst_rtc_message_to_text (message);
    g_autoptr (GstRtcMessage) copy = parse_good (again);
    g_autofree gchar *twice = gst_rtc_message_to_text (copy);

    g_assert_cmpuint (strlen (text), ==, strlen (again));
    g_assert_cmpstr (again, ==, twice);
    seen[gst_rtc_message_get_type_id (message)] = TRUE;
  }
  for (guint i = 0; i < GST_RTC_N_MESSAGES; i++) {
    if (!seen[i])
      g_error ("no example of %s",
          gst_rtc_message_type_get_name ((GstRtcMessageType)i));
  }
}

static void
fields_of_a_join_answer_are_read (void)
{
  g_autoptr (GstRtcMessage) message = parse_good (full[GST_RTC_MESSAGE_OK]);
  const GstRtcMessageFields *fields = gst_rtc_message_get_fields (message);
  const GstRtcMessageUser *user = g_ptr_array_index (fields->users, 0);
  const GstRtcStream *stream = g_ptr_array_index (user->streams, 0);

  g_assert_cmpuint (2, ==, fields->users->len);
  g_assert_cmpstr ("v", ==, user->user);
  g_assert_true (stream->screen);
  g_assert_cmpstr ("OPUS", ==, stream->audio_codec);
  g_assert_null (stream->video_codec);
  g_assert_cmpint (GST_RTC_MEDIA_AUDIO, ==, stream->muted);
  g_assert_cmpint (GST_RTC_TRUE, ==, fields->resumed);
  g_assert_cmpuint (2, ==, fields->sessions->len);
  g_assert_cmpstr ("s2", ==, g_ptr_array_index (fields->sessions, 1));
  g_assert_cmpint (-1, ==, fields->mline);
  g_assert_cmpint (GST_RTC_UNSET, ==, fields->visible);
}

static void
faults_are_refused_with_their_id (void)
{
  static const struct
  {
    const gchar *text;
    guint id;
  } rows[] = {
      {"", 0},
      {"{}", 0},
      {"[]", 0},
      {"{\"id\":5}", 5},
      {"{\"id\":5,\"type\":7}", 5},
      {"{\"id\":5,\"type\":\"dance\"}", 5},
      {"{\"id\":5,\"type\":\"JOIN\"}", 5},
      {"{\"id\":0,\"type\":\"ping\"}", 0},
      {"{\"id\":-1,\"type\":\"ping\"}", 0},
      {"{\"id\":1.0,\"type\":\"ping\"}", 0},
      {"{\"id\":\"1\",\"type\":\"ping\"}", 0},
      {"{\"id\":4294967296,\"type\":\"ping\"}", 0},
      {"{\"id\":2,\"type\":\"subscribe\",\"user\":\"\"}", 2},
      {"{\"id\":2,\"type\":\"subscribe\",\"user\":\"a b\"}", 2},
      {"{\"id\":2,\"type\":\"subscribe\",\"user\":7}", 2},
      {"{\"id\":2,\"type\":\"subscribe\",\"user\":\"a\",\"audio\":1}", 2},
      {"{\"id\":2,\"type\":\"publish\",\"audioCodec\":\"no space\"}", 2},
      {"{\"type\":\"candidate\",\"session\":\"s\",\"mline\":-1,"
       "\"candidate\":\"\"}",
          0},
      {"{\"type\":\"candidate\",\"session\":\"s\",\"mline\":256,"
       "\"candidate\":\"\"}",
          0},
      {"{\"type\":\"candidate\",\"session\":\"s\",\"mline\":0,"
       "\"candidate\":\"a\\nb\"}",
          0},
      {"{\"type\":\"offer\",\"session\":\"s\",\"sdp\":\"\"}", 0},
      {"{\"type\":\"offer\",\"session\":\"s\",\"sdp\":\"a\\u0001\"}", 0},
      {"{\"type\":\"offer\",\"session\":\"s\",\"sdp\":\"a\x7f\"}", 0},
      {"{\"id\":1,\"type\":\"ok\",\"sessions\":\"s1\"}", 1},
      {"{\"id\":1,\"type\":\"ok\",\"sessions\":[1]}", 1},
      {"{\"id\":1,\"type\":\"ok\",\"sessions\":[\"no space\"]}", 1},
      {"{\"id\":1,\"type\":\"ok\",\"users\":{}}", 1},
      {"{\"id\":1,\"type\":\"ok\",\"users\":[1]}", 1},
      {"{\"id\":1,\"type\":\"ok\",\"users\":[{}]}", 1},
      {"{\"id\":1,\"type\":\"ok\",\"users\":[{\"user\":\"a\","
       "\"streams\":[1]}]}",
          1},
      {"{\"id\":1,\"type\":\"ok\",\"users\":[{\"user\":\"a\","
       "\"streams\":[{\"screen\":3}]}]}",
          1},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_refused (rows[i].text, rows[i].id);
}

static void
a_fault_names_type_and_field (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (parse ("{\"type\":\"offer\",\"sdp\":\"v\"}", NULL, &error));
  g_assert_cmpstr ("offer: field session is missing", ==, error->message);
}

/* @count times @unit between the two halves of @text, which a star parts. */
static gchar *
fill_in (const gchar *text, const gchar *unit, guint count)
{
  g_auto (GStrv) halves = g_strsplit (text, "*", 2);
  GString *filled = g_string_new (halves[0]);

  for (guint i = 0; i < count; i++)
    g_string_append (filled, unit);
  g_string_append (filled, halves[1]);
  return g_string_free (filled, FALSE);
}

static void
texts_and_lists_are_bounded (void)
{
  static const struct
  {
    const gchar *text;
    const gchar *unit;
    guint most;
  } rows[] = {
      {"{\"type\":\"peer-online\",\"user\":\"*\"}", "x", 128},
      {"{\"type\":\"renew-token\",\"id\":1,\"token\":\"*\"}", "x", 4096},
      {"{\"type\":\"ok\",\"id\":1,\"secret\":\"*\"}", "x", 128},
      {"{\"type\":\"ok\",\"id\":1,\"session\":\"*\"}", "x", 64},
      {"{\"type\":\"publish\",\"id\":1,\"audioCodec\":\"*\"}", "x", 32},
      {"{\"type\":\"publish\",\"id\":1,\"videoCodec\":\"*\"}", "x", 32},
      {"{\"type\":\"candidate\",\"session\":\"s\",\"mline\":0,"
       "\"candidate\":\"*\"}",
          "x", 1024},
      {"{\"type\":\"candidate\",\"session\":\"s\",\"mline\":0,"
       "\"candidate\":\"\",\"mid\":\"*\"}",
          "x", 64},
      {"{\"type\":\"closing\",\"reason\":\"*\"}", "x", 512},
      {"{\"type\":\"ok\",\"id\":1,\"users\":[*{\"user\":\"a\"}]}",
          "{\"user\":\"a\"},", 1023},
      {"{\"type\":\"ok\",\"id\":1,\"sessions\":[*\"a\"]}", "\"a\",", 511},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *good = fill_in (rows[i].text, rows[i].unit, rows[i].most);
    g_autofree gchar *bad =
        fill_in (rows[i].text, rows[i].unit, rows[i].most + 1);

    gst_rtc_message_unref (parse_good (good));
    assert_refused (bad, strstr (bad, "\"id\":1") ? 1 : 0);
  }
}

static void
numbers_are_bounded (void)
{
  static const struct
  {
    const gchar *text; /* with a star for the number */
    const gchar *least, *most, *too_little, *too_much;
  } rows[] = {
      {"{\"type\":\"candidate\",\"session\":\"s\",\"candidate\":\"\","
       "\"mline\":*}",
          "0", "255", "-1", "256"},
      {"{\"type\":\"session-closed\",\"session\":\"s\",\"code\":*}", "1",
          "2147483647", "0", "2147483648"},
      {"{\"type\":\"token-will-expire\",\"seconds\":*}", "1", "4294967295", "0",
          "4294967296"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *least = fill_in (rows[i].text, rows[i].least, 1);
    g_autofree gchar *most = fill_in (rows[i].text, rows[i].most, 1);
    g_autofree gchar *less = fill_in (rows[i].text, rows[i].too_little, 1);
    g_autofree gchar *more = fill_in (rows[i].text, rows[i].too_much, 1);
    const gchar *good[] = {least, most};

    for (guint j = 0; j < G_N_ELEMENTS (good); j++) {
      g_autoptr (GstRtcMessage) message = parse_good (good[j]);
      g_autofree gchar *again = gst_rtc_message_to_text (message);

      g_assert_cmpuint (strlen (good[j]), ==, strlen (again));
    }
    assert_refused (less, 0);
    assert_refused (more, 0);
  }
}

static void
null_and_unknown_fields_count_as_absent (void)
{
  g_autoptr (GstRtcMessage) message =
      parse_good ("{\"type\":\"subscribe\",\"id\":1,\"user\":\"u\","
                  "\"screen\":null,\"future\":{\"a\":[1]},\"sdp\":5}");

  g_assert_cmpint (
      GST_RTC_UNSET, ==, gst_rtc_message_get_fields (message)->screen);
  g_assert_null (gst_rtc_message_get_fields (message)->sdp);
}

static void
reasons_are_fitted (void)
{
  g_autofree gchar *longest = g_strnfill (600, 'x');
  GstRtcMessageFields fields = {.reason = longest, .mline = -1};
  g_autoptr (GstRtcMessage) cut = NULL;
  g_autoptr (GstRtcMessage) exact = NULL;
  g_autoptr (GstRtcMessage) clean = NULL;
  g_autofree gchar *text = NULL;

  /* A character of two bytes lies across the limit. */
  memcpy (longest + 511, "\xc3\xa9", 2);
  cut = gst_rtc_message_new (GST_RTC_MESSAGE_CLOSING, &fields);
  g_assert_cmpuint (511, ==, strlen (gst_rtc_message_get_fields (cut)->reason));
  text = gst_rtc_message_to_text (cut);
  gst_rtc_message_unref (parse_good (text));

  memset (longest + 511, 'x', 2);
  longest[512] = '\0';
  exact = gst_rtc_message_new (GST_RTC_MESSAGE_CLOSING, &fields);
  g_assert_cmpstr (longest, ==, gst_rtc_message_get_fields (exact)->reason);

  fields.reason = "a\nb\x01";
  clean = gst_rtc_message_new (GST_RTC_MESSAGE_CLOSING, &fields);
  g_assert_cmpstr ("a b ", ==, gst_rtc_message_get_fields (clean)->reason);
}

static void
describing_hides_what_is_secret_or_big (void)
{
  for (guint i = 0; i < GST_RTC_N_MESSAGES; i++) {
    g_autoptr (GstRtcMessage) message = parse_good (full[i]);
    g_autofree gchar *line = gst_rtc_message_describe (message);

    g_assert_true (g_str_has_prefix (
        line, gst_rtc_message_type_get_name ((GstRtcMessageType)i)));
    g_assert_null (strstr (line, "tokentext"));
    g_assert_null (strstr (line, "secrettext"));
    g_assert_null (strstr (line, "v=0"));
    g_assert_null (strstr (line, "candidate:1"));
    g_assert_null (strchr (line, '\n'));
  }
}

static void
descriptions_tell_what_may_be_told (void)
{
  static const struct
  {
    GstRtcMessageType type;
    const gchar *line;
  } rows[] = {
      {GST_RTC_MESSAGE_JOIN, "join id=1 app=a room=r user=u token=(set) "
                             "secret=(set) visible=false"},
      {GST_RTC_MESSAGE_OK, "ok id=1 session=s1 user=u secret=(set) seconds=5 "
                           "users=(2) resumed=true sessions=(2)"},
      {GST_RTC_MESSAGE_ERROR, "error id=1 code=300008 reason=full"},
      {GST_RTC_MESSAGE_OFFER, "offer session=s1 sdp=(5 bytes)"},
      {GST_RTC_MESSAGE_CANDIDATE,
          "candidate session=s1 candidate=(11 bytes) mid=m mline=0"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstRtcMessage) message = parse_good (full[rows[i].type]);
    g_autofree gchar *line = gst_rtc_message_describe (message);

    g_assert_cmpstr (rows[i].line, ==, line);
  }
}

static void
a_reference_keeps_it (void)
{
  GstRtcMessage *message = parse_good (full[GST_RTC_MESSAGE_ERROR]);
  g_autoptr (GstRtcMessage) kept = gst_rtc_message_ref (message);

  gst_rtc_message_unref (message);
  gst_rtc_message_unref (NULL);
  g_assert_cmpstr ("full", ==, gst_rtc_message_get_fields (kept)->reason);
}

static void
types_know_their_way (void)
{
  g_assert_true (gst_rtc_message_type_is_request (GST_RTC_MESSAGE_JOIN));
  g_assert_true (gst_rtc_message_type_is_request (GST_RTC_MESSAGE_PING));
  g_assert_false (gst_rtc_message_type_is_request (GST_RTC_MESSAGE_OK));
  g_assert_false (gst_rtc_message_type_is_request (GST_RTC_MESSAGE_OFFER));
  g_assert_true (gst_rtc_message_type_is_from_client (GST_RTC_MESSAGE_JOIN));
  g_assert_true (gst_rtc_message_type_is_from_client (GST_RTC_MESSAGE_OFFER));
  g_assert_false (gst_rtc_message_type_is_from_client (GST_RTC_MESSAGE_OK));
  g_assert_false (
      gst_rtc_message_type_is_from_client (GST_RTC_MESSAGE_CLOSING));
}

static void
unset_flags_have_a_fallback (void)
{
  g_assert_true (gst_rtc_optional_get (GST_RTC_UNSET, TRUE));
  g_assert_false (gst_rtc_optional_get (GST_RTC_UNSET, FALSE));
  g_assert_false (gst_rtc_optional_get (GST_RTC_FALSE, TRUE));
  g_assert_true (gst_rtc_optional_get (GST_RTC_TRUE, FALSE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/message/every-type-survives-a-round-trip",
      every_type_survives_a_round_trip);
  g_test_add_func ("/message/each-required-field-is-required",
      each_required_field_is_required);
  g_test_add_func (
      "/message/everything-else-is-optional", everything_else_is_optional);
  g_test_add_func ("/message/the-examples-of-the-page-are-messages",
      the_examples_of_the_page_are_messages);
  g_test_add_func ("/message/fields-of-a-join-answer-are-read",
      fields_of_a_join_answer_are_read);
  g_test_add_func ("/message/faults-are-refused-with-their-id",
      faults_are_refused_with_their_id);
  g_test_add_func (
      "/message/a-fault-names-type-and-field", a_fault_names_type_and_field);
  g_test_add_func (
      "/message/texts-and-lists-are-bounded", texts_and_lists_are_bounded);
  g_test_add_func ("/message/numbers-are-bounded", numbers_are_bounded);
  g_test_add_func ("/message/null-and-unknown-fields-count-as-absent",
      null_and_unknown_fields_count_as_absent);
  g_test_add_func ("/message/reasons-are-fitted", reasons_are_fitted);
  g_test_add_func ("/message/describing-hides-what-is-secret-or-big",
      describing_hides_what_is_secret_or_big);
  g_test_add_func ("/message/descriptions-tell-what-may-be-told",
      descriptions_tell_what_may_be_told);
  g_test_add_func ("/message/a-reference-keeps-it", a_reference_keeps_it);
  g_test_add_func ("/message/types-know-their-way", types_know_their_way);
  g_test_add_func (
      "/message/unset-flags-have-a-fallback", unset_flags_have_a_fallback);
  return g_test_run ();
}
