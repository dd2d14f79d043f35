/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of two room clients and the real room server between them. The
 * server has a thread of its own; the clients run on that of the test. */
#include "rtcroomclient.h"

#include <string.h>

#include "rtcerror-private.h"
#include "rtcserver.h"
#include "rtctest.h"

typedef struct
{
  GstRtcRoomClient *client;
  GPtrArray *events;
  guint n_answers;
  GError *error; /* of the last request */
  gchar *media_session;
  gboolean shut_down;
} Side;

typedef struct
{
  GMainContext *context;
  GstRtcServer *server;
  Side alice; /* publishes */
  Side bob;   /* receives */
} Fixture;

static void
on_event (GstRtcRoomClient *client, const GstRtcEvent *event, Side *side)
{
  g_ptr_array_add (side->events, gst_rtc_event_copy (event));
}

static void
on_answered (
    const GstRtcAnswer *answer, const GError *error, gpointer user_data)
{
  Side *side = user_data;

  side->n_answers++;
  g_clear_error (&side->error);
  side->error = error ? g_error_copy (error) : NULL;
  if (answer && answer->media_session) {
    g_free (side->media_session);
    side->media_session = g_strdup (answer->media_session);
  }
}

static void
on_shut_down (gpointer data, gpointer user_data)
{
  Side *side = data;

  side->shut_down = TRUE;
}

static void
set_up_side (Side *side)
{
  side->client = gst_rtc_room_client_new ();
  side->events =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_event_free);
  g_signal_connect (side->client, "event", G_CALLBACK (on_event), side);
}

static void
tear_down_side (Fixture *fixture, Side *side)
{
  gst_rtc_room_client_shutdown (side->client, on_shut_down, side);
  rtc_test_wait (fixture->context, side->shut_down);
  g_assert_finalize_object (side->client);
  g_ptr_array_unref (side->events);
  g_clear_error (&side->error);
  g_free (side->media_session);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;

  fixture->context = rtc_test_context_enter ();
  gst_rtc_server_settings_init (&settings);
  settings.listen = "http://127.0.0.1:0";
  fixture->server = gst_rtc_server_start (&settings, &error);
  g_assert_no_error (error);
  set_up_side (&fixture->alice);
  set_up_side (&fixture->bob);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  tear_down_side (fixture, &fixture->alice);
  tear_down_side (fixture, &fixture->bob);
  gst_rtc_server_stop (fixture->server);
  g_object_unref (fixture->server);
  rtc_test_context_leave (fixture->context);
}

static void
ask (Fixture *fixture, Side *side, const GstRtcRequest *request)
{
  const guint before = side->n_answers;

  gst_rtc_room_client_request (side->client, request, on_answered, side, NULL);
  rtc_test_wait (fixture->context, side->n_answers > before);
  g_assert_cmpuint (before + 1, ==, side->n_answers);
}

static void
ask_ok (Fixture *fixture, Side *side, const GstRtcRequest *request)
{
  ask (fixture, side, request);
  g_assert_no_error (side->error);
}

static void
join_as (Fixture *fixture, Side *side, const gchar *user_id, gboolean visible)
{
  GstRtcConfigValues values = rtc_test_config_values (
      gst_rtc_server_get_url (fixture->server), user_id);
  const GstRtcRequest init = {
      .operation = GST_RTC_OPERATION_INIT, .app_id = "default"};
  GstRtcRequest join = {.operation = GST_RTC_OPERATION_JOIN};
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcConfig) config = NULL;

  values.visible = visible;
  config = gst_rtc_config_new (&values, &error);
  g_assert_no_error (error);
  join.config = config;
  ask_ok (fixture, side, &init);
  ask_ok (fixture, side, &join);
}

/* Waits for an event of @type, takes it and all before it out. */
static GstRtcEvent *
take_event (Fixture *fixture, Side *side, GstRtcEventType type)
{
  guint index = 0;
  GstRtcEvent *event = NULL;

  while (!event) {
    rtc_test_wait (fixture->context, index < side->events->len);
    event = g_ptr_array_index (side->events, index++);
    if (event->type != type)
      event = NULL;
  }
  event = g_ptr_array_steal_index (side->events, index - 1);
  g_ptr_array_remove_range (side->events, 0, index - 1);
  return event;
}

static void
drop_until (Fixture *fixture, Side *side, GstRtcEventType type)
{
  gst_rtc_event_free (take_event (fixture, side, type));
}

static void
publish (Fixture *fixture, Side *side)
{
  g_autoptr (GstRtcStream) stream =
      gst_rtc_stream_new (FALSE, "OPUS", "VP8", GST_RTC_MEDIA_NONE);
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_PUBLISH, .stream = stream};

  ask (fixture, side, &request);
}

static const GstRtcRequest subscribe = {
    .operation = GST_RTC_OPERATION_SUBSCRIBE, .user_id = "alice"};
static const GstRtcRequest leave = {.operation = GST_RTC_OPERATION_LEAVE};

/* alice publishes, bob receives; both know the media session. */
static void
connect_both (Fixture *fixture)
{
  g_autoptr (GstRtcEvent) sends = NULL;
  g_autoptr (GstRtcEvent) receives = NULL;

  join_as (fixture, &fixture->alice, "alice", TRUE);
  publish (fixture, &fixture->alice);
  g_assert_no_error (fixture->alice.error);
  join_as (fixture, &fixture->bob, "bob", FALSE);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_STREAM_ADDED);
  ask_ok (fixture, &fixture->bob, &subscribe);
  receives = take_event (fixture, &fixture->bob, GST_RTC_EVENT_MEDIA_OPENED);
  sends = take_event (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_OPENED);
  g_assert_true (sends->sends);
  g_assert_false (receives->sends);
  g_assert_cmpstr ("bob", ==, sends->user_id);
  g_assert_cmpstr ("alice", ==, receives->user_id);
  g_assert_cmpstr (sends->media_session, ==, receives->media_session);
  g_assert_cmpstr (sends->media_session, ==, fixture->bob.media_session);
}

static void
test_join (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstRtcEvent) event = NULL;

  join_as (fixture, &fixture->alice, "alice", TRUE);
  join_as (fixture, &fixture->bob, "bob", TRUE);
  event = take_event (fixture, &fixture->alice, GST_RTC_EVENT_PEER_ONLINE);
  g_assert_cmpstr ("bob", ==, event->user_id);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_PEER_ONLINE);
  ask_ok (fixture, &fixture->bob, &leave);
  drop_until (fixture, &fixture->alice, GST_RTC_EVENT_PEER_LEAVE);
}

static void
test_published_before_and_after (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstRtcEvent) event = NULL;

  join_as (fixture, &fixture->bob, "bob", FALSE);
  join_as (fixture, &fixture->alice, "alice", TRUE);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_PEER_ONLINE);
  publish (fixture, &fixture->alice);
  g_assert_no_error (fixture->alice.error);
  event = take_event (fixture, &fixture->bob, GST_RTC_EVENT_STREAM_ADDED);
  g_assert_cmpstr ("alice", ==, event->user_id);
  g_assert_cmpstr ("VP8", ==, event->stream->video_codec);
  g_assert_cmpstr ("OPUS", ==, event->stream->audio_codec);
}

static void
test_invisible_cannot_publish (Fixture *fixture, gconstpointer data)
{
  join_as (fixture, &fixture->bob, "bob", FALSE);
  publish (fixture, &fixture->bob);
  g_assert_error (
      fixture->bob.error, GST_RTC_ERROR, GST_RTC_ERROR_PUBLISH_ERROR);
}

static void
test_relay (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstRtcEvent) offer = NULL;
  g_autoptr (GstRtcEvent) answer = NULL;
  g_autoptr (GstRtcEvent) candidate = NULL;
  const gchar *session;

  connect_both (fixture);
  session = fixture->bob.media_session;
  gst_rtc_room_client_send_description (
      fixture->alice.client, session, "v=0\r\no=offer\r\n");
  offer = take_event (fixture, &fixture->bob, GST_RTC_EVENT_MEDIA_DESCRIPTION);
  g_assert_cmpstr ("v=0\r\no=offer\r\n", ==, offer->sdp);
  gst_rtc_room_client_send_description (
      fixture->bob.client, session, "v=0\r\no=answer\r\n");
  answer =
      take_event (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_DESCRIPTION);
  g_assert_cmpstr ("v=0\r\no=answer\r\n", ==, answer->sdp);
  gst_rtc_room_client_send_candidate (fixture->bob.client, session, 1,
      "candidate:1 1 UDP 1 127.0.0.1 9 typ host");
  candidate =
      take_event (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_CANDIDATE);
  g_assert_cmpuint (1, ==, candidate->mline);
  g_assert_true (g_str_has_prefix (candidate->candidate, "candidate:1"));
}

static void
test_mute (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest mute_local = {
      .operation = GST_RTC_OPERATION_MUTE_LOCAL, .video = GST_RTC_TRUE};
  const GstRtcRequest mute_remote = {
      .operation = GST_RTC_OPERATION_MUTE_REMOTE,
      .user_id = "alice",
      .audio = GST_RTC_TRUE,
  };
  g_autoptr (GstRtcEvent) opened = NULL;

  connect_both (fixture);
  ask_ok (fixture, &fixture->alice, &mute_local);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_MUTE_VIDEO);
  ask_ok (fixture, &fixture->bob, &mute_remote);
  opened = take_event (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_OPENED);
  g_assert_cmpint (GST_RTC_MEDIA_VIDEO, ==, opened->media);
}

static void
test_subscribe_again (Fixture *fixture, gconstpointer data)
{
  GstRtcRequest again = subscribe;
  g_autofree gchar *session = NULL;
  g_autoptr (GstRtcEvent) sends = NULL;
  g_autoptr (GstRtcEvent) receives = NULL;

  connect_both (fixture);
  session = g_strdup (fixture->bob.media_session);
  again.audio = GST_RTC_FALSE;
  ask_ok (fixture, &fixture->bob, &again);
  g_assert_cmpstr (session, ==, fixture->bob.media_session);
  sends = take_event (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_OPENED);
  g_assert_cmpint (GST_RTC_MEDIA_VIDEO, ==, sends->media);
  receives = take_event (fixture, &fixture->bob, GST_RTC_EVENT_MEDIA_OPENED);
  g_assert_cmpint (GST_RTC_MEDIA_VIDEO, ==, receives->media);
}

static void
test_unsubscribe (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest unsubscribe = {
      .operation = GST_RTC_OPERATION_UNSUBSCRIBE, .user_id = "alice"};

  connect_both (fixture);
  ask_ok (fixture, &fixture->bob, &unsubscribe);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_MEDIA_CLOSED);
  drop_until (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_CLOSED);
  ask_ok (fixture, &fixture->bob, &subscribe);
  drop_until (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_OPENED);
}

static void
test_unpublish (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest unpublish = {.operation = GST_RTC_OPERATION_UNPUBLISH};

  connect_both (fixture);
  ask_ok (fixture, &fixture->alice, &unpublish);
  drop_until (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_CLOSED);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_STREAM_REMOVED);
  ask (fixture, &fixture->bob, &subscribe);
  g_assert_error (
      fixture->bob.error, GST_RTC_ERROR, GST_RTC_ERROR_STREAM_ID_NOT_FOUND);
}

static void
test_viewer_gives_up (Fixture *fixture, gconstpointer data)
{
  connect_both (fixture);
  gst_rtc_room_client_close_media (
      fixture->bob.client, fixture->bob.media_session, "media failed");
  drop_until (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_CLOSED);
  ask_ok (fixture, &fixture->bob, &subscribe);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_MEDIA_OPENED);
}

static void
test_publisher_leaves (Fixture *fixture, gconstpointer data)
{
  connect_both (fixture);
  ask_ok (fixture, &fixture->alice, &leave);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_STREAM_REMOVED);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_PEER_LEAVE);
  ask (fixture, &fixture->bob, &subscribe);
  g_assert_error (
      fixture->bob.error, GST_RTC_ERROR, GST_RTC_ERROR_UID_NOT_FOUND);
}

static void
test_evicted (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstRtcEvent) failed = NULL;

  join_as (fixture, &fixture->alice, "same", TRUE);
  join_as (fixture, &fixture->bob, "same", TRUE);
  drop_until (fixture, &fixture->alice, GST_RTC_EVENT_CLIENT_BANNED);
  failed = take_event (fixture, &fixture->alice, GST_RTC_EVENT_FAILED);
  g_assert_error (failed->error, GST_RTC_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR);
  g_assert_false (gst_rtc_room_client_is_in_room (fixture->alice.client));
  publish (fixture, &fixture->bob);
  g_assert_no_error (fixture->bob.error);
}

static void
test_server_stops (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstRtcEvent) failed = NULL;

  connect_both (fixture);
  gst_rtc_server_stop (fixture->server);
  failed = take_event (fixture, &fixture->alice, GST_RTC_EVENT_FAILED);
  g_assert_error (failed->error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED);
  g_assert_cmpint (1001, ==, gst_rtc_error_get_native_code (failed->error));
  publish (fixture, &fixture->bob);
  g_assert_error (
      fixture->bob.error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_NOT_CONNECTED);
}

/* On the port that it had: both come back, and what they had with them. */
static void
test_server_restarts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstRtcEvent) sends = NULL;
  g_autoptr (GstRtcEvent) receives = NULL;
  g_autofree gchar *session = NULL;
  g_autofree gchar *url = g_strdup (gst_rtc_server_get_url (fixture->server));
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;

  connect_both (fixture);
  session = g_strdup (fixture->bob.media_session);
  gst_rtc_server_stop (fixture->server);
  g_object_unref (fixture->server);
  drop_until (fixture, &fixture->alice, GST_RTC_EVENT_FAILED);
  drop_until (fixture, &fixture->bob, GST_RTC_EVENT_FAILED);
  gst_rtc_server_settings_init (&settings);
  settings.listen = url;
  fixture->server = gst_rtc_server_start (&settings, &error);
  g_assert_no_error (error);

  receives = take_event (fixture, &fixture->bob, GST_RTC_EVENT_MEDIA_OPENED);
  sends = take_event (fixture, &fixture->alice, GST_RTC_EVENT_MEDIA_OPENED);
  g_assert_cmpstr (session, !=, receives->media_session);
  g_assert_cmpstr (sends->media_session, ==, receives->media_session);
  g_assert_cmpstr ("bob", ==, sends->user_id);
  publish (fixture, &fixture->alice);
  g_assert_error (
      fixture->alice.error, GST_RTC_ERROR, GST_RTC_ERROR_ALREADY_PUBLISHED);
}

static void
add (const gchar *name, void (*test) (Fixture *fixture, gconstpointer data))
{
  g_autofree gchar *path = g_strconcat ("/room-pair/", name, NULL);

  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("join", test_join);
  add ("published-before-and-after", test_published_before_and_after);
  add ("invisible-cannot-publish", test_invisible_cannot_publish);
  add ("relay", test_relay);
  add ("mute", test_mute);
  add ("subscribe-again", test_subscribe_again);
  add ("unsubscribe", test_unsubscribe);
  add ("unpublish", test_unpublish);
  add ("viewer-gives-up", test_viewer_gives_up);
  add ("publisher-leaves", test_publisher_leaves);
  add ("evicted", test_evicted);
  add ("server-stops", test_server_stops);
  add ("server-restarts", test_server_restarts);
  return g_test_run ();
}
