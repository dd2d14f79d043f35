/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of users and streams as data, and of what muting means to a room. */
#include "rtcroster.h"

#define A GST_RTC_MEDIA_AUDIO
#define V GST_RTC_MEDIA_VIDEO
#define AV GST_RTC_MEDIA_BOTH
#define NONE GST_RTC_MEDIA_NONE

static void
add_stream (GstRtcRoster *roster, const gchar *user, gboolean screen,
    GstRtcMedia media, GstRtcMedia muted)
{
  g_autoptr (GstRtcStream) stream = gst_rtc_stream_new (
      screen, media & A ? "OPUS" : NULL, media & V ? "VP8" : NULL, muted);

  gst_rtc_roster_set_stream (roster, user, stream);
}

static void
users_keep_the_order_of_entry (void)
{
  g_autoptr (GstRtcRoster) roster = gst_rtc_roster_new ();
  g_autoptr (GPtrArray) users = NULL;

  g_assert_true (gst_rtc_roster_add_user (roster, "zoe"));
  g_assert_true (gst_rtc_roster_add_user (roster, "bob"));
  g_assert_true (gst_rtc_roster_add_user (roster, "ann"));
  g_assert_false (gst_rtc_roster_add_user (roster, "bob"));
  g_assert_true (gst_rtc_roster_remove_user (roster, "bob"));
  g_assert_false (gst_rtc_roster_remove_user (roster, "bob"));
  users = gst_rtc_roster_get_users (roster);
  g_assert_cmpuint (2, ==, users->len);
  g_assert_cmpstr ("zoe", ==, g_ptr_array_index (users, 0));
  g_assert_cmpstr ("ann", ==, g_ptr_array_index (users, 1));
  g_assert_false (gst_rtc_roster_has_user (roster, "bob"));
}

static void
a_stream_makes_its_user_known (void)
{
  g_autoptr (GstRtcRoster) roster = gst_rtc_roster_new ();

  add_stream (roster, "ann", FALSE, AV, NONE);
  g_assert_true (gst_rtc_roster_has_user (roster, "ann"));
  g_assert_cmpuint (1, ==, gst_rtc_roster_get_n_streams (roster));
}

static void
camera_and_screen_are_two_streams (void)
{
  g_autoptr (GstRtcRoster) roster = gst_rtc_roster_new ();

  add_stream (roster, "ann", FALSE, A, NONE);
  add_stream (roster, "ann", TRUE, V, NONE);
  g_assert_cmpuint (2, ==, gst_rtc_roster_get_n_streams (roster));
  g_assert_cmpstr ("OPUS", ==,
      gst_rtc_roster_get_stream (roster, "ann", FALSE)->audio_codec);
  g_assert_null (gst_rtc_roster_get_stream (roster, "ann", TRUE)->audio_codec);
  g_assert_true (gst_rtc_roster_remove_stream (roster, "ann", FALSE));
  g_assert_false (gst_rtc_roster_remove_stream (roster, "ann", FALSE));
  g_assert_cmpuint (1, ==, gst_rtc_roster_get_n_streams (roster));
  g_assert_null (gst_rtc_roster_get_stream (roster, "ann", FALSE));
  g_assert_nonnull (gst_rtc_roster_get_stream (roster, "ann", TRUE));
}

static void
a_stream_is_replaced_in_its_place (void)
{
  g_autoptr (GstRtcRoster) roster = gst_rtc_roster_new ();
  g_autoptr (GstRtcStream) stream =
      gst_rtc_stream_new (FALSE, NULL, "VP9", NONE);

  g_assert_true (gst_rtc_roster_set_stream (roster, "ann", stream));
  g_assert_false (gst_rtc_roster_set_stream (roster, "ann", stream));
  /* Its own row may be given back to it. */
  gst_rtc_roster_set_stream (
      roster, "ann", gst_rtc_roster_get_stream (roster, "ann", FALSE));
  g_assert_cmpuint (1, ==, gst_rtc_roster_get_n_streams (roster));
  g_assert_cmpstr (
      "VP9", ==, gst_rtc_roster_get_stream (roster, "ann", FALSE)->video_codec);
}

static void
streams_go_with_their_user (void)
{
  g_autoptr (GstRtcRoster) roster = gst_rtc_roster_new ();
  g_autoptr (GPtrArray) users = NULL;

  add_stream (roster, "ann", FALSE, AV, NONE);
  add_stream (roster, "ann", TRUE, V, NONE);
  add_stream (roster, "bob", FALSE, A, NONE);
  gst_rtc_roster_remove_user (roster, "ann");
  g_assert_cmpuint (1, ==, gst_rtc_roster_get_n_streams (roster));
  gst_rtc_roster_remove_user (roster, "bob");
  g_assert_cmpuint (0, ==, gst_rtc_roster_get_n_streams (roster));
  add_stream (roster, "ann", FALSE, AV, NONE);
  gst_rtc_roster_clear (roster);
  users = gst_rtc_roster_get_users (roster);
  g_assert_cmpuint (0, ==, users->len);
  g_assert_cmpuint (0, ==, gst_rtc_roster_get_n_streams (roster));
  g_assert_cmpuint (0, ==, gst_rtc_roster_get_n_users (roster));
}

static void
nothing_is_found_of_an_unknown_user (void)
{
  g_autoptr (GstRtcRoster) roster = gst_rtc_roster_new ();

  g_assert_null (gst_rtc_roster_get_stream (roster, "ann", FALSE));
  g_assert_false (gst_rtc_roster_remove_stream (roster, "ann", FALSE));
  g_assert_cmpint (GST_RTC_MUTE_CHANGE_NONE, ==,
      gst_rtc_roster_set_muted (roster, "ann", FALSE, A));
}

/* Every stream, every state before, every state after. */
static void
muting_is_told_by_what_is_left (void)
{
  static const struct
  {
    GstRtcMedia media, before, after;
    guint change;
  } rows[] = {
      {AV, NONE, NONE, GST_RTC_MUTE_CHANGE_NONE},
      {AV, NONE, A, GST_RTC_MUTE_CHANGE_MUTE_AUDIO},
      {AV, NONE, V, GST_RTC_MUTE_CHANGE_MUTE_VIDEO},
      {AV, NONE, AV, GST_RTC_MUTE_CHANGE_STREAM_REMOVED},
      {AV, A, NONE, GST_RTC_MUTE_CHANGE_UNMUTE_AUDIO},
      {AV, A, A, GST_RTC_MUTE_CHANGE_NONE},
      {AV, A, V,
          GST_RTC_MUTE_CHANGE_UNMUTE_AUDIO | GST_RTC_MUTE_CHANGE_MUTE_VIDEO},
      {AV, A, AV, GST_RTC_MUTE_CHANGE_STREAM_REMOVED},
      {AV, V, NONE, GST_RTC_MUTE_CHANGE_UNMUTE_VIDEO},
      {AV, V, A,
          GST_RTC_MUTE_CHANGE_MUTE_AUDIO | GST_RTC_MUTE_CHANGE_UNMUTE_VIDEO},
      {AV, V, AV, GST_RTC_MUTE_CHANGE_STREAM_REMOVED},
      {AV, AV, NONE, GST_RTC_MUTE_CHANGE_STREAM_ADDED},
      {AV, AV, A, GST_RTC_MUTE_CHANGE_STREAM_ADDED},
      {AV, AV, V, GST_RTC_MUTE_CHANGE_STREAM_ADDED},
      {AV, AV, AV, GST_RTC_MUTE_CHANGE_NONE},
      {A, NONE, A, GST_RTC_MUTE_CHANGE_STREAM_REMOVED},
      {A, NONE, V, GST_RTC_MUTE_CHANGE_NONE},
      {A, A, V, GST_RTC_MUTE_CHANGE_STREAM_ADDED},
      {V, NONE, AV, GST_RTC_MUTE_CHANGE_STREAM_REMOVED},
      {V, V, NONE, GST_RTC_MUTE_CHANGE_STREAM_ADDED},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstRtcRoster) roster = gst_rtc_roster_new ();

    add_stream (roster, "ann", FALSE, rows[i].media, rows[i].before);
    g_assert_cmpint (rows[i].change, ==,
        gst_rtc_roster_set_muted (roster, "ann", FALSE, rows[i].after));
    g_assert_cmpint (rows[i].after, ==,
        gst_rtc_roster_get_stream (roster, "ann", FALSE)->muted);
  }
}

static void
media_of_a_stream_follow_its_codecs (void)
{
  g_autoptr (GstRtcStream) stream = gst_rtc_stream_new (TRUE, "OPUS", NULL, AV);

  g_assert_cmpint (A, ==, gst_rtc_stream_get_media (stream));
  g_assert_cmpint (NONE, ==, gst_rtc_stream_get_enabled (stream));
  g_assert_cmpstr ("screen", ==, gst_rtc_stream_get_nick (TRUE));
  g_assert_cmpstr ("camera", ==, gst_rtc_stream_get_nick (FALSE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/roster/users-keep-the-order-of-entry", users_keep_the_order_of_entry);
  g_test_add_func (
      "/roster/a-stream-makes-its-user-known", a_stream_makes_its_user_known);
  g_test_add_func ("/roster/camera-and-screen-are-two-streams",
      camera_and_screen_are_two_streams);
  g_test_add_func ("/roster/a-stream-is-replaced-in-its-place",
      a_stream_is_replaced_in_its_place);
  g_test_add_func (
      "/roster/streams-go-with-their-user", streams_go_with_their_user);
  g_test_add_func ("/roster/nothing-is-found-of-an-unknown-user",
      nothing_is_found_of_an_unknown_user);
  g_test_add_func (
      "/roster/muting-is-told-by-what-is-left", muting_is_told_by_what_is_left);
  g_test_add_func ("/roster/media-of-a-stream-follow-its-codecs",
      media_of_a_stream_follow_its_codecs);
  return g_test_run ();
}
