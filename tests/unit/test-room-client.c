/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the conversation against a server that follows a script: each
 * documented code is provoked, and nothing is answered twice or not at all. */
#include "rtcroomclient.h"

#include <string.h>

#include "patience.h"
#include "raw-server.h"
#include "rtcerror-private.h"
#include "rtctest.h"
#include "scripted-server.h"

#define TIMEOUT_MS 150 /* signaling-timeout where silence is the point */
#define USERS                                                                  \
  "[{\"user\":\"bob\",\"streams\":[{\"audioCodec\":\"OPUS\","                  \
  "\"videoCodec\":\"VP8\"}]},{\"user\":\"carol\",\"streams\":[{"               \
  "\"screen\":true,\"videoCodec\":\"VP8\",\"videoMuted\":true}]},"             \
  "{\"user\":\"dave\",\"streams\":[]}]"

typedef struct
{
  guint n;
  gchar *user_id;
  gchar *media_session;
  GError *error;
  gboolean destroyed;
} Reply;

typedef struct
{
  GMainContext *context;
  ScriptedServer *server;
  GstRtcRoomClient *client;
  GString *log; /* what the signal told, in short */
  GPtrArray *events;
  Reply reply; /* of the last ask () */
  gboolean shut_down;
  guint signaling_timeout;
  guint connect_timeout;
  guint reconnect_attempts; /* none unless a test is about them */
  guint reconnect_delay;
} Fixture;

static void
clear_reply (Reply *reply)
{
  g_free (reply->user_id);
  g_free (reply->media_session);
  g_clear_error (&reply->error);
  *reply = (Reply){0};
}

static void
on_event (GstRtcRoomClient *client, const GstRtcEvent *event, Fixture *fixture)
{
  g_assert_false (fixture->shut_down);
  g_ptr_array_add (fixture->events, gst_rtc_event_copy (event));
  if (fixture->log->len > 0)
    g_string_append_c (fixture->log, ' ');
  g_string_append (fixture->log, gst_rtc_event_type_get_nick (event->type));
  if (event->type == GST_RTC_EVENT_CONNECTION_STATE)
    g_string_append_printf (fixture->log, "=%s",
        gst_rtc_connection_state_get_nick (event->new_state));
  if (event->user_id)
    g_string_append_printf (fixture->log, ":%s", event->user_id);
  if (event->stream)
    g_string_append_printf (
        fixture->log, "/%s", gst_rtc_stream_get_nick (event->stream->screen));
}

static void
on_answered (
    const GstRtcAnswer *answer, const GError *error, gpointer user_data)
{
  Reply *reply = user_data;

  g_assert_true ((answer == NULL) != (error == NULL));
  g_assert_cmpuint (0, ==, reply->n);
  g_assert_false (reply->destroyed);
  reply->n++;
  if (answer) {
    reply->user_id = g_strdup (answer->user_id);
    reply->media_session = g_strdup (answer->media_session);
  } else {
    reply->error = g_error_copy (error);
  }
}

static void
on_destroyed (gpointer user_data)
{
  Reply *reply = user_data;

  g_assert_cmpuint (1, ==, reply->n);
  reply->destroyed = TRUE;
}

static void
on_shut_down (gpointer data, gpointer user_data)
{
  Fixture *fixture = data;

  fixture->shut_down = TRUE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->context = rtc_test_context_enter ();
  fixture->server = scripted_server_new (NULL);
  fixture->client = gst_rtc_room_client_new ();
  fixture->log = g_string_new (NULL);
  fixture->events =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_event_free);
  fixture->signaling_timeout = 5000;
  fixture->connect_timeout = 5000;
  g_signal_connect (fixture->client, "event", G_CALLBACK (on_event), fixture);
}

static void
shut_down (Fixture *fixture)
{
  gst_rtc_room_client_shutdown (fixture->client, on_shut_down, fixture);
  rtc_test_wait (fixture->context, fixture->shut_down);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  if (!fixture->shut_down)
    shut_down (fixture);
  g_assert_finalize_object (fixture->client);
  if (scripted_server_is_connected (fixture->server))
    rtc_test_wait (
        fixture->context, !scripted_server_is_connected (fixture->server));
  scripted_server_free (fixture->server);
  clear_reply (&fixture->reply);
  g_string_free (fixture->log, TRUE);
  g_ptr_array_unref (fixture->events);
  rtc_test_context_leave (fixture->context);
}

static void
ask_for (Fixture *fixture, const GstRtcRequest *request, Reply *reply)
{
  clear_reply (reply);
  gst_rtc_room_client_request (
      fixture->client, request, on_answered, reply, on_destroyed);
  g_assert_cmpuint (0, ==, reply->n);
}

static void
ask (Fixture *fixture, const GstRtcRequest *request)
{
  ask_for (fixture, request, &fixture->reply);
  rtc_test_wait (fixture->context, fixture->reply.destroyed);
}

#define assert_ok(fixture) g_assert_no_error ((fixture)->reply.error)
#define assert_code(fixture, code)                                             \
  g_assert_error ((fixture)->reply.error, GST_RTC_ERROR, (gint)(code))

static GstRtcConfig *
make_config (Fixture *fixture, const gchar *url)
{
  GstRtcConfigValues values = rtc_test_config_values (url, "alice");
  g_autoptr (GError) error = NULL;
  GstRtcConfig *config;

  values.signaling_timeout = fixture->signaling_timeout;
  values.connect_timeout = fixture->connect_timeout;
  values.reconnect_attempts = fixture->reconnect_attempts;
  values.reconnect_delay = fixture->reconnect_delay;
  config = gst_rtc_config_new (&values, &error);
  g_assert_no_error (error);
  return config;
}

static void
init (Fixture *fixture)
{
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_INIT, .app_id = "default"};

  ask (fixture, &request);
  assert_ok (fixture);
}

static void
start_join_url (Fixture *fixture, const gchar *url, Reply *reply)
{
  g_autoptr (GstRtcConfig) config = make_config (fixture, url);
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_JOIN, .config = config};

  ask_for (fixture, &request, reply);
}

static void
start_join (Fixture *fixture, Reply *reply)
{
  start_join_url (fixture, scripted_server_get_url (fixture->server), reply);
}

static void
join (Fixture *fixture)
{
  start_join (fixture, &fixture->reply);
  rtc_test_wait (fixture->context, fixture->reply.destroyed);
}

static void
enter (Fixture *fixture)
{
  init (fixture);
  scripted_server_set_users (fixture->server, USERS);
  join (fixture);
  assert_ok (fixture);
  rtc_test_settle (fixture->context);
  g_string_truncate (fixture->log, 0);
  g_ptr_array_set_size (fixture->events, 0);
}

static void
leave (Fixture *fixture)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_LEAVE};

  ask (fixture, &request);
}

static void
publish (Fixture *fixture)
{
  g_autoptr (GstRtcStream) stream =
      gst_rtc_stream_new (FALSE, "OPUS", "VP8", GST_RTC_MEDIA_NONE);
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_PUBLISH, .stream = stream};

  ask (fixture, &request);
}

static void
subscribe (Fixture *fixture)
{
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_SUBSCRIBE, .user_id = "bob"};

  ask (fixture, &request);
}

static void
wait_log (Fixture *fixture, const gchar *log)
{
  rtc_test_wait (fixture->context, fixture->log->len >= strlen (log));
  rtc_test_settle (fixture->context);
  g_assert_cmpstr (log, ==, fixture->log->str);
}

/* One request of every kind that goes to the server in a room, valid as far
 * as a client that has published and subscribed can know. */
typedef struct
{
  GstRtcOperation operation;
  GstRtcMessageType message;
  gint refusal;
} Kind;

static const Kind kinds[] = {
    {GST_RTC_OPERATION_RENEW_TOKEN, GST_RTC_MESSAGE_RENEW_TOKEN, 300008},
    {GST_RTC_OPERATION_SET_VISIBILITY, GST_RTC_MESSAGE_SET_VISIBILITY, 300006},
    {GST_RTC_OPERATION_PUBLISH, GST_RTC_MESSAGE_PUBLISH, 300006},
    {GST_RTC_OPERATION_UNPUBLISH, GST_RTC_MESSAGE_UNPUBLISH, 300007},
    {GST_RTC_OPERATION_SUBSCRIBE, GST_RTC_MESSAGE_SUBSCRIBE, 300001},
    {GST_RTC_OPERATION_UNSUBSCRIBE, GST_RTC_MESSAGE_UNSUBSCRIBE, 300002},
    {GST_RTC_OPERATION_MUTE_LOCAL, GST_RTC_MESSAGE_MUTE_LOCAL, 300003},
    {GST_RTC_OPERATION_MUTE_REMOTE, GST_RTC_MESSAGE_MUTE_REMOTE, 300004},
    {GST_RTC_OPERATION_LEAVE, GST_RTC_MESSAGE_LEAVE, 300005},
};

/* A mute call has to name a medium, an unsubscribe must not. */
static GstRtcOptional
get_audio (GstRtcOperation operation)
{
  return operation == GST_RTC_OPERATION_UNSUBSCRIBE ? GST_RTC_UNSET
                                                    : GST_RTC_TRUE;
}

static void
ask_kind (Fixture *fixture, const Kind *kind, Reply *reply)
{
  g_autoptr (GstRtcStream) stream =
      gst_rtc_stream_new (TRUE, NULL, "VP8", GST_RTC_MEDIA_NONE);
  const GstRtcRequest request = {
      .operation = kind->operation,
      .user_id = "bob",
      .token = "token",
      .enable = TRUE,
      .stream = stream,
      .audio = get_audio (kind->operation),
  };

  ask_for (fixture, &request, reply);
}

static void
prepare_kinds (Fixture *fixture)
{
  enter (fixture);
  publish (fixture);
  assert_ok (fixture);
  subscribe (fixture);
  assert_ok (fixture);
}

static void
test_enter (Fixture *fixture, gconstpointer data)
{
  GstRtcRoster *roster;

  init (fixture);
  scripted_server_set_users (fixture->server, USERS);
  join (fixture);
  assert_ok (fixture);
  g_assert_cmpstr ("alice", ==, fixture->reply.user_id);
  wait_log (fixture,
      "connection-state=connecting connection-state=connected "
      "peer-online:bob stream-added:bob/camera peer-online:carol "
      "peer-online:dave");
  roster = gst_rtc_room_client_get_roster (fixture->client);
  g_assert_cmpuint (3, ==, gst_rtc_roster_get_n_users (roster));
  g_assert_nonnull (gst_rtc_roster_get_stream (roster, "carol", TRUE));
  g_assert_true (gst_rtc_room_client_is_in_room (fixture->client));
  g_assert_cmpstr (
      "alice", ==, gst_rtc_room_client_get_user_id (fixture->client));
}

static void
test_join_message (Fixture *fixture, gconstpointer data)
{
  const GstRtcMessageFields *fields;
  const GstRtcRequest hide = {
      .operation = GST_RTC_OPERATION_SET_VISIBILITY, .enable = FALSE};

  init (fixture);
  ask (fixture, &hide);
  assert_ok (fixture);
  join (fixture);
  fields = gst_rtc_message_get_fields (
      scripted_server_get_last (fixture->server, GST_RTC_MESSAGE_JOIN));
  g_assert_cmpstr ("default", ==, fields->app);
  g_assert_cmpstr ("room", ==, fields->room);
  g_assert_cmpstr ("alice", ==, fields->user);
  g_assert_cmpint (GST_RTC_FALSE, ==, fields->visible);
  g_assert_cmpuint (1, ==, scripted_server_get_n_seen (fixture->server));
}

static void
test_first_app_id_stays (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest first = {
      .operation = GST_RTC_OPERATION_INIT, .app_id = "first"};
  const GstRtcRequest second = {
      .operation = GST_RTC_OPERATION_INIT, .app_id = "second"};

  ask (fixture, &first);
  assert_ok (fixture);
  ask (fixture, &second);
  assert_code (fixture, GST_RTC_ERROR_HAS_INITED);
  join (fixture);
  assert_ok (fixture);
  g_assert_cmpstr ("first", ==,
      gst_rtc_message_get_fields (
          scripted_server_get_last (fixture->server, GST_RTC_MESSAGE_JOIN))
          ->app);
}

static void
test_before_init (Fixture *fixture, gconstpointer data)
{
  join (fixture);
  assert_code (fixture, GST_RTC_ERROR_INVALID_PARAMS);
  leave (fixture);
  assert_code (fixture, GST_RTC_ERROR_INVALID_PARAMS);
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_INVALID_PARAMS);
  g_assert_cmpuint (0, ==, scripted_server_get_n_configs (fixture->server));
}

static void
test_outside_a_room (Fixture *fixture, gconstpointer data)
{
  init (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (kinds[i].operation == GST_RTC_OPERATION_SET_VISIBILITY)
      continue;
    ask_kind (fixture, &kinds[i], &fixture->reply);
    rtc_test_wait (fixture->context, fixture->reply.destroyed);
    assert_code (fixture, GST_RTC_ERROR_NOT_IN_ROOM);
  }
  g_assert_cmpuint (0, ==, scripted_server_get_n_configs (fixture->server));
}

static void
test_bad_parameters (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstRtcConfig) unspoken =
      make_config (fixture, "livekit+ws://127.0.0.1:1");
  g_autoptr (GstRtcStream) empty =
      gst_rtc_stream_new (FALSE, NULL, NULL, GST_RTC_MEDIA_NONE);
  const GstRtcRequest requests[] = {
      {.operation = GST_RTC_OPERATION_NONE},
      {.operation = GST_RTC_OPERATION_INIT, .app_id = ""},
      {.operation = GST_RTC_OPERATION_JOIN},
      {.operation = GST_RTC_OPERATION_JOIN, .config = unspoken},
      {.operation = GST_RTC_OPERATION_RENEW_TOKEN},
      {.operation = GST_RTC_OPERATION_RENEW_TOKEN, .token = "a b"},
      {.operation = GST_RTC_OPERATION_PUBLISH},
      {.operation = GST_RTC_OPERATION_PUBLISH, .stream = empty},
      {.operation = GST_RTC_OPERATION_SUBSCRIBE},
      {.operation = GST_RTC_OPERATION_SUBSCRIBE, .user_id = "b o b"},
      {.operation = GST_RTC_OPERATION_SUBSCRIBE,
          .user_id = "bob",
          .audio = GST_RTC_FALSE,
          .video = GST_RTC_FALSE},
      {.operation = GST_RTC_OPERATION_UNSUBSCRIBE, .user_id = ""},
      {.operation = GST_RTC_OPERATION_UNSUBSCRIBE,
          .user_id = "bob",
          .video = GST_RTC_TRUE},
      {.operation = GST_RTC_OPERATION_MUTE_LOCAL},
      {.operation = GST_RTC_OPERATION_MUTE_REMOTE, .audio = GST_RTC_TRUE},
      {.operation = GST_RTC_OPERATION_MUTE_REMOTE, .user_id = "bob"},
  };

  init (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++) {
    ask (fixture, &requests[i]);
    assert_code (fixture, GST_RTC_ERROR_INVALID_PARAMS);
  }
  g_assert_cmpuint (0, ==, scripted_server_get_n_configs (fixture->server));
}

/* In a room: sequence, user and stream. Nothing goes to the server. */
static void
test_local_failures (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    GstRtcOperation operation;
    const gchar *user_id;
    gboolean screen;
    gint code;
  } rows[] = {
      {GST_RTC_OPERATION_UNPUBLISH, NULL, FALSE, 100006},
      {GST_RTC_OPERATION_MUTE_LOCAL, NULL, FALSE, 100006},
      {GST_RTC_OPERATION_SUBSCRIBE, "nobody", FALSE, 100007},
      {GST_RTC_OPERATION_SUBSCRIBE, "alice", FALSE, 100007},
      {GST_RTC_OPERATION_MUTE_REMOTE, "alice", FALSE, 100007},
      {GST_RTC_OPERATION_UNSUBSCRIBE, "nobody", FALSE, 100007},
      {GST_RTC_OPERATION_SUBSCRIBE, "dave", FALSE, 200001},
      {GST_RTC_OPERATION_SUBSCRIBE, "bob", TRUE, 200001},
      {GST_RTC_OPERATION_UNSUBSCRIBE, "bob", FALSE, 200001},
      {GST_RTC_OPERATION_MUTE_REMOTE, "bob", FALSE, 200001},
  };
  guint seen;

  enter (fixture);
  seen = scripted_server_get_n_seen (fixture->server);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const GstRtcRequest request = {
        .operation = rows[i].operation,
        .user_id = rows[i].user_id,
        .screen = rows[i].screen,
        .audio = get_audio (rows[i].operation),
    };

    ask (fixture, &request);
    assert_code (fixture, rows[i].code);
  }
  g_assert_cmpuint (seen, ==, scripted_server_get_n_seen (fixture->server));
}

static void
test_join_twice (Fixture *fixture, gconstpointer data)
{
  enter (fixture);
  join (fixture);
  assert_code (fixture, GST_RTC_ERROR_ALREADY_IN_ROOM);
  g_assert_cmpuint (1, ==, scripted_server_get_n_configs (fixture->server));
  publish (fixture);
  assert_ok (fixture);
}

static void
test_join_while_joining (Fixture *fixture, gconstpointer data)
{
  Reply first = {0};

  init (fixture);
  start_join (fixture, &first);
  join (fixture);
  assert_code (fixture, GST_RTC_ERROR_CONNECTING);
  rtc_test_wait (fixture->context, first.destroyed);
  g_assert_no_error (first.error);
  clear_reply (&first);
}

static void
test_publish_twice (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest unpublish = {.operation = GST_RTC_OPERATION_UNPUBLISH};
  const Kind *kind = &kinds[2];
  Reply first = {0};

  enter (fixture);
  ask_kind (fixture, kind, &first);
  ask_kind (fixture, kind, &fixture->reply);
  rtc_test_wait (fixture->context, fixture->reply.destroyed);
  assert_code (fixture, GST_RTC_ERROR_ALREADY_PUBLISHED);
  rtc_test_wait (fixture->context, first.destroyed);
  g_assert_no_error (first.error);
  ask_kind (fixture, kind, &fixture->reply);
  rtc_test_wait (fixture->context, fixture->reply.destroyed);
  assert_code (fixture, GST_RTC_ERROR_ALREADY_PUBLISHED);
  g_assert_cmpuint (
      1, ==, scripted_server_count (fixture->server, GST_RTC_MESSAGE_PUBLISH));

  /* The screen is not the camera. */
  publish (fixture);
  assert_ok (fixture);
  ask (fixture, &unpublish);
  assert_ok (fixture);
  publish (fixture);
  assert_ok (fixture);
  clear_reply (&first);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  prepare_kinds (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    const ScriptedRow row = {.type = kinds[i].message,
        .act = SCRIPTED_REFUSE,
        .code = 999999,
        .text = "not today"};

    scripted_server_add (fixture->server, row);
    ask_kind (fixture, &kinds[i], &fixture->reply);
    rtc_test_wait (fixture->context, fixture->reply.destroyed);
    assert_code (fixture, kinds[i].refusal);
    g_assert_cmpstr ("not today", ==, fixture->reply.error->message);
    g_assert_cmpint (
        999999, ==, gst_rtc_error_get_native_code (fixture->reply.error));
  }
  /* The last was a leave, which ends the stay all the same. */
  g_assert_false (gst_rtc_room_client_is_in_room (fixture->client));
  rtc_test_wait (
      fixture->context, !scripted_server_is_connected (fixture->server));
}

static void
test_not_answered (Fixture *fixture, gconstpointer data)
{
  fixture->signaling_timeout = TIMEOUT_MS;
  prepare_kinds (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    const ScriptedRow row = {.type = kinds[i].message, .act = SCRIPTED_SILENT};
    const gint64 start = g_get_monotonic_time ();

    scripted_server_add (fixture->server, row);
    ask_kind (fixture, &kinds[i], &fixture->reply);
    rtc_test_wait (fixture->context, fixture->reply.destroyed);
    assert_code (fixture, GST_RTC_ERROR_SIGNALING_TIMEOUT);
    g_assert_cmpint (g_get_monotonic_time () - start, >=, TIMEOUT_MS * 1000);
  }
  g_assert_false (gst_rtc_room_client_is_in_room (fixture->client));
}

static void
test_answered_late (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow late = {
      .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_LATE, .delay = 100};

  enter (fixture);
  scripted_server_add (fixture->server, late);
  publish (fixture);
  assert_ok (fixture);
}

/* The answer comes when the request has been given up: it must not count,
 * and the server is told to take the publication back. */
static void
test_answered_too_late (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow late = {.type = GST_RTC_MESSAGE_PUBLISH,
      .act = SCRIPTED_LATE,
      .delay = 2 * TIMEOUT_MS};
  const GstRtcRequest unpublish = {.operation = GST_RTC_OPERATION_UNPUBLISH};
  gint64 until;

  fixture->signaling_timeout = TIMEOUT_MS;
  enter (fixture);
  scripted_server_add (fixture->server, late);
  until = g_get_monotonic_time () + 3 * TIMEOUT_MS * 1000;
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_SIGNALING_TIMEOUT);
  rtc_test_wait (fixture->context, g_get_monotonic_time () > until);
  g_assert_cmpuint (1, ==,
      scripted_server_count (fixture->server, GST_RTC_MESSAGE_UNPUBLISH));
  ask (fixture, &unpublish);
  assert_code (fixture, GST_RTC_ERROR_NOT_PUBLISHED);
  publish (fixture);
  assert_ok (fixture);
}

static void
test_answered_twice (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow twice = {
      .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_TWICE, .code = 300006};

  enter (fixture);
  scripted_server_add (fixture->server, twice);
  publish (fixture);
  assert_ok (fixture);
  subscribe (fixture);
  assert_ok (fixture);
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_ALREADY_PUBLISHED);
}

static void
test_wrong_id (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow wrong = {
      .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_WRONG_ID};

  fixture->signaling_timeout = TIMEOUT_MS;
  enter (fixture);
  scripted_server_add (fixture->server, wrong);
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_SIGNALING_TIMEOUT);
}

static void
test_target_vanished (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow gone = {.type = GST_RTC_MESSAGE_SUBSCRIBE,
      .act = SCRIPTED_REFUSE,
      .code = 200001};

  enter (fixture);
  scripted_server_add (fixture->server, gone);
  subscribe (fixture);
  assert_code (fixture, GST_RTC_ERROR_STREAM_ID_NOT_FOUND);
  g_assert_cmpint (0, ==, gst_rtc_error_get_native_code (fixture->reply.error));
}

static void
test_mute_rolls_back (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow refuse = {.type = GST_RTC_MESSAGE_MUTE_LOCAL,
      .act = SCRIPTED_REFUSE,
      .code = 300003};
  GstRtcRequest mute = {
      .operation = GST_RTC_OPERATION_MUTE_LOCAL, .audio = GST_RTC_TRUE};

  enter (fixture);
  publish (fixture);
  ask (fixture, &mute);
  assert_ok (fixture);
  g_assert_cmpint (GST_RTC_MEDIA_AUDIO, ==,
      gst_rtc_room_client_get_muted (fixture->client, FALSE));
  mute.audio = GST_RTC_FALSE;
  mute.video = GST_RTC_TRUE;
  scripted_server_add (fixture->server, refuse);
  ask (fixture, &mute);
  assert_code (fixture, GST_RTC_ERROR_MUTE_LOCAL_ERROR);
  g_assert_cmpint (GST_RTC_MEDIA_AUDIO, ==,
      gst_rtc_room_client_get_muted (fixture->client, FALSE));
}

static void
test_refused_unsubscribe_keeps_it (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow refuse = {.type = GST_RTC_MESSAGE_UNSUBSCRIBE,
      .act = SCRIPTED_REFUSE,
      .code = 300002};
  const GstRtcRequest unsubscribe = {
      .operation = GST_RTC_OPERATION_UNSUBSCRIBE, .user_id = "bob"};

  enter (fixture);
  subscribe (fixture);
  scripted_server_add (fixture->server, refuse);
  ask (fixture, &unsubscribe);
  assert_code (fixture, GST_RTC_ERROR_UNSUBSCRIBE_FAILED);
  ask (fixture, &unsubscribe);
  assert_ok (fixture);
  ask (fixture, &unsubscribe);
  assert_code (fixture, GST_RTC_ERROR_STREAM_ID_NOT_FOUND);
  wait_log (fixture, "media-opened:bob media-closed");
}

static void
test_too_many_requests (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow silent = {.type = GST_RTC_MESSAGE_RENEW_TOKEN,
      .act = SCRIPTED_SILENT,
      .always = TRUE};
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_RENEW_TOKEN, .token = "t"};

  enter (fixture);
  scripted_server_add (fixture->server, silent);
  for (guint i = 0; i < GST_RTC_MAX_PENDING_REQUESTS; i++)
    gst_rtc_room_client_request (fixture->client, &request, NULL, NULL, NULL);
  ask (fixture, &request);
  assert_code (fixture, GST_RTC_ERROR_JOIN_ROOM_ERROR);
  leave (fixture);
  assert_ok (fixture);
}

/* Joins that fail; the client is then ready for another. */

static void
assert_join_fails (Fixture *fixture, gint code)
{
  join (fixture);
  assert_code (fixture, code);
  g_assert_false (gst_rtc_room_client_is_in_room (fixture->client));
  wait_log (
      fixture, "connection-state=connecting connection-state=disconnected");
  join (fixture);
  assert_ok (fixture);
}

static void
test_join_fails_at_server (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow *row = data;

  fixture->signaling_timeout = TIMEOUT_MS;
  init (fixture);
  scripted_server_add (fixture->server, *row);
  assert_join_fails (fixture, row->delay);
}

static void
test_getconfig_fails (Fixture *fixture, gconstpointer data)
{
  init (fixture);
  scripted_server_set_config (fixture->server, 500, "");
  join (fixture);
  assert_code (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR);
  g_assert_cmpint (
      500, ==, gst_rtc_error_get_native_code (fixture->reply.error));
  scripted_server_set_config (fixture->server, 200, "{\"websocketUrls\":[]}");
  join (fixture);
  assert_code (fixture, GST_RTC_ERROR_NO_WEBSOCKET_URL);
  scripted_server_set_config (
      fixture->server, 200, "{\"websocketUrls\":[\"@URL@\"]}");
  join (fixture);
  assert_ok (fixture);
}

static void
test_getconfig_stalls (Fixture *fixture, gconstpointer data)
{
  fixture->connect_timeout = 100;
  init (fixture);
  scripted_server_set_config_stalled (fixture->server, TRUE);
  join (fixture);
  assert_code (fixture, GST_RTC_ERROR_GET_CONFIG_ERROR);
}

static void
test_second_address_is_good (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *config =
      g_strdup_printf ("{\"websocketUrls\":[\"ws://127.0.0.1:%u\",\"@URL@\"]}",
          raw_server_find_dead_port ());

  init (fixture);
  scripted_server_set_config (fixture->server, 200, config);
  join (fixture);
  assert_ok (fixture);
}

static void
test_no_address_opens (Fixture *fixture, gconstpointer data)
{
  RawServer *stalled = raw_server_new (NULL, TRUE);
  g_autofree gchar *first = raw_server_dup_url (stalled, "ws");
  g_autofree gchar *second =
      g_strdup_printf ("ws://127.0.0.1:%u", raw_server_find_dead_port ());
  g_autofree gchar *config =
      g_strdup_printf ("{\"websocketUrls\":[\"%s\",\"%s\"]}", first, second);

  fixture->connect_timeout = 100;
  init (fixture);
  scripted_server_set_config (fixture->server, 200, config);
  join (fixture);
  assert_code (fixture, GST_RTC_ERROR_NO_WEBSOCKET_URL);
  g_assert_nonnull (strstr (fixture->reply.error->message, first));
  g_assert_nonnull (strstr (fixture->reply.error->message, second));
  raw_server_free (stalled);
}

static void
test_join_without_getconfig (Fixture *fixture, gconstpointer data)
{
  init (fixture);
  start_join_url (fixture, scripted_server_get_websocket_url (fixture->server),
      &fixture->reply);
  rtc_test_wait (fixture->context, fixture->reply.destroyed);
  assert_ok (fixture);
  g_assert_cmpuint (0, ==, scripted_server_get_n_configs (fixture->server));
}

/* Leaving */

static void
test_leave (Fixture *fixture, gconstpointer data)
{
  enter (fixture);
  subscribe (fixture);
  leave (fixture);
  assert_ok (fixture);
  wait_log (
      fixture, "media-opened:bob media-closed connection-state=disconnected");
  g_assert_false (gst_rtc_room_client_is_in_room (fixture->client));
  g_assert_cmpuint (0, ==,
      gst_rtc_roster_get_n_users (
          gst_rtc_room_client_get_roster (fixture->client)));
  rtc_test_wait (
      fixture->context, !scripted_server_is_connected (fixture->server));
  g_assert_cmpuint (1000, ==, scripted_server_get_close_code (fixture->server));
  leave (fixture);
  assert_code (fixture, GST_RTC_ERROR_NOT_IN_ROOM);
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_NOT_IN_ROOM);
  join (fixture);
  assert_ok (fixture);
}

static void
assert_join_cut_off (Fixture *fixture, Reply *joined)
{
  leave (fixture);
  assert_ok (fixture);
  g_assert_cmpuint (1, ==, joined->n);
  g_assert_error (joined->error, GST_RTC_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR);
  clear_reply (joined);
  if (scripted_server_is_connected (fixture->server))
    rtc_test_wait (
        fixture->context, !scripted_server_is_connected (fixture->server));
  scripted_server_set_config_stalled (fixture->server, FALSE);
  join (fixture);
  assert_ok (fixture);
}

static void
test_leave_while_configuring (Fixture *fixture, gconstpointer data)
{
  Reply joined = {0};

  init (fixture);
  scripted_server_set_config_stalled (fixture->server, TRUE);
  start_join (fixture, &joined);
  rtc_test_wait (
      fixture->context, scripted_server_get_n_configs (fixture->server) == 1);
  assert_join_cut_off (fixture, &joined);
}

static void
test_leave_while_opening (Fixture *fixture, gconstpointer data)
{
  RawServer *stalled = raw_server_new (NULL, TRUE);
  g_autofree gchar *url = raw_server_dup_url (stalled, "ws");
  Reply joined = {0};

  init (fixture);
  start_join_url (fixture, url, &joined);
  rtc_test_wait (fixture->context, raw_server_get_n_connections (stalled) == 1);
  assert_join_cut_off (fixture, &joined);
  raw_server_free (stalled);
}

static void
test_leave_while_joining (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow silent = {
      .type = GST_RTC_MESSAGE_JOIN, .act = SCRIPTED_SILENT};
  Reply joined = {0};

  init (fixture);
  scripted_server_add (fixture->server, silent);
  start_join (fixture, &joined);
  rtc_test_wait (fixture->context,
      scripted_server_count (fixture->server, GST_RTC_MESSAGE_JOIN) == 1);
  assert_join_cut_off (fixture, &joined);
}

/* Losing the socket */

static void
assert_socket_lost (Fixture *fixture, const gchar *log)
{
  const GstRtcEvent *failed;

  wait_log (fixture, log);
  failed = g_ptr_array_index (fixture->events, fixture->events->len - 1);
  g_assert_error (failed->error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED);
  g_assert_false (failed->retrying);
}

static void
test_socket_lost (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow *row = data;

  enter (fixture);
  subscribe (fixture);
  scripted_server_add (fixture->server, *row);
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_WEBSOCKET_FAILED);
  /* Media goes on without the server. */
  assert_socket_lost (
      fixture, "media-opened:bob connection-state=failed failed");
  if (row->act == SCRIPTED_CLOSE)
    g_assert_cmpint (
        row->code, ==, gst_rtc_error_get_native_code (fixture->reply.error));
}

static void
test_after_socket_lost (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest unknown = {
      .operation = GST_RTC_OPERATION_SUBSCRIBE, .user_id = "nobody"};

  enter (fixture);
  scripted_server_close (fixture->server, 1000, NULL);
  assert_socket_lost (fixture, "connection-state=failed failed");
  g_assert_true (gst_rtc_room_client_is_in_room (fixture->client));
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_WEBSOCKET_NOT_CONNECTED);
  subscribe (fixture);
  assert_code (fixture, GST_RTC_ERROR_WEBSOCKET_NOT_CONNECTED);
  ask (fixture, &unknown);
  assert_code (fixture, GST_RTC_ERROR_UID_NOT_FOUND);
  join (fixture);
  assert_code (fixture, GST_RTC_ERROR_ALREADY_IN_ROOM);
  leave (fixture);
  assert_ok (fixture);
  join (fixture);
  assert_ok (fixture);
}

static void
test_garbage (Fixture *fixture, gconstpointer data)
{
  static const gchar *const texts[] = {"garbage", "{\"type\":\"ok\"}",
      "{\"type\":\"no-such-thing\"}", "{\"id\":7,\"type\":\"leave\"}",
      "{\"type\":\"offer\"}"};

  init (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    join (fixture);
    assert_ok (fixture);
    rtc_test_settle (fixture->context);
    g_string_truncate (fixture->log, 0);
    scripted_server_send (fixture->server, texts[i]);
    assert_socket_lost (fixture, "connection-state=failed failed");
    rtc_test_wait (fixture->context,
        scripted_server_get_close_code (fixture->server) == 1002);
    leave (fixture);
    assert_ok (fixture);
  }
}

/* Coming back */

#define BOB_ALONE                                                              \
  "[{\"user\":\"bob\",\"streams\":[{\"audioCodec\":\"OPUS\","                  \
  "\"videoCodec\":\"VP8\"}]}]"
#define ONE_BREAK                                                              \
  "failed connection-state=reconnecting connection-state=connected"

static void
forget_log (Fixture *fixture)
{
  rtc_test_settle (fixture->context);
  g_string_truncate (fixture->log, 0);
  g_ptr_array_set_size (fixture->events, 0);
}

static void
enter_to_return (Fixture *fixture, guint attempts)
{
  fixture->reconnect_attempts = attempts;
  fixture->reconnect_delay = 10;
  enter (fixture);
}

static const GstRtcEvent *
get_event (Fixture *fixture, guint index)
{
  g_assert_cmpuint (index, <, fixture->events->len);
  return g_ptr_array_index (fixture->events, index);
}

static const GstRtcEvent *
find_event (Fixture *fixture, GstRtcEventType type)
{
  for (guint i = fixture->events->len; i > 0; i--) {
    if (get_event (fixture, i - 1)->type == type)
      return get_event (fixture, i - 1);
  }
  g_assert_not_reached ();
}

static const GstRtcMessageFields *
last_fields (Fixture *fixture, GstRtcMessageType type)
{
  GstRtcMessage *message = scripted_server_get_last (fixture->server, type);

  g_assert_nonnull (message);
  return gst_rtc_message_get_fields (message);
}

static void
wait_seen (Fixture *fixture, GstRtcMessageType type, guint n)
{
  rtc_test_wait (
      fixture->context, scripted_server_count (fixture->server, type) >= n);
  rtc_test_settle (fixture->context);
  g_assert_cmpuint (n, ==, scripted_server_count (fixture->server, type));
}

static void
test_resumed (Fixture *fixture, gconstpointer data)
{
  enter_to_return (fixture, 3);
  publish (fixture);
  subscribe (fixture);
  gst_rtc_room_client_media_connected (fixture->client, "session-1");
  forget_log (fixture);
  scripted_server_set_resumed (fixture->server, TRUE);
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK);
  g_assert_true (get_event (fixture, 0)->retrying);
  g_assert_cmpuint (1, ==, get_event (fixture, 1)->attempt);
  g_assert_cmpuint (0, ==, get_event (fixture, 1)->delay);
  g_assert_cmpstr ("resumed", ==, get_event (fixture, 2)->reason);
  g_assert_cmpstr (
      "s", ==, last_fields (fixture, GST_RTC_MESSAGE_JOIN)->secret);
  g_assert_cmpuint (2, ==, scripted_server_get_n_configs (fixture->server));
  /* Nothing is asked for twice, and media sessions stand. */
  wait_seen (fixture, GST_RTC_MESSAGE_PUBLISH, 1);
  wait_seen (fixture, GST_RTC_MESSAGE_SUBSCRIBE, 1);
  gst_rtc_room_client_send_candidate (
      fixture->client, "session-1", 0, "candidate:1");
  wait_seen (fixture, GST_RTC_MESSAGE_CANDIDATE, 1);
}

static void
test_what_changed_meanwhile (Fixture *fixture, gconstpointer data)
{
  enter_to_return (fixture, 3);
  scripted_server_set_resumed (fixture->server, TRUE);
  scripted_server_set_users (fixture->server,
      "[{\"user\":\"bob\",\"streams\":[{\"audioCodec\":\"OPUS\","
      "\"videoCodec\":\"VP8\",\"audioMuted\":true}]},"
      "{\"user\":\"erin\",\"streams\":[{\"videoCodec\":\"VP8\"}]},"
      "{\"user\":\"dave\",\"streams\":[]}]");
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK " peer-leave:carol mute-audio:bob/camera "
                               "peer-online:erin stream-added:erin/camera");
}

static void
test_rejoined (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest mute_local = {
      .operation = GST_RTC_OPERATION_MUTE_LOCAL, .audio = GST_RTC_TRUE};
  const GstRtcRequest video_only = {.operation = GST_RTC_OPERATION_SUBSCRIBE,
      .user_id = "bob",
      .audio = GST_RTC_FALSE};
  const GstRtcRequest pause = {.operation = GST_RTC_OPERATION_MUTE_REMOTE,
      .user_id = "bob",
      .video = GST_RTC_TRUE};

  enter_to_return (fixture, 3);
  publish (fixture);
  ask (fixture, &mute_local);
  ask (fixture, &video_only);
  ask (fixture, &pause);
  assert_ok (fixture);
  forget_log (fixture);
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK " media-opened:bob");
  g_assert_cmpstr ("rejoined", ==, get_event (fixture, 2)->reason);
  g_assert_cmpstr ("session-1", !=, get_event (fixture, 3)->media_session);
  wait_seen (fixture, GST_RTC_MESSAGE_PUBLISH, 2);
  wait_seen (fixture, GST_RTC_MESSAGE_MUTE_LOCAL, 2);
  wait_seen (fixture, GST_RTC_MESSAGE_SUBSCRIBE, 2);
  wait_seen (fixture, GST_RTC_MESSAGE_MUTE_REMOTE, 2);
  g_assert_cmpstr (
      "OPUS", ==, last_fields (fixture, GST_RTC_MESSAGE_PUBLISH)->audio_codec);
  g_assert_cmpint (GST_RTC_TRUE, ==,
      last_fields (fixture, GST_RTC_MESSAGE_MUTE_LOCAL)->audio);
  g_assert_cmpint (GST_RTC_FALSE, ==,
      last_fields (fixture, GST_RTC_MESSAGE_SUBSCRIBE)->audio);
  g_assert_cmpint (GST_RTC_TRUE, ==,
      last_fields (fixture, GST_RTC_MESSAGE_MUTE_REMOTE)->video);
  /* The old session is none of the server's business. */
  gst_rtc_room_client_send_candidate (
      fixture->client, "session-1", 0, "candidate:1");
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_ALREADY_PUBLISHED);
  wait_seen (fixture, GST_RTC_MESSAGE_CANDIDATE, 0);
}

/* After a restart of the server everybody comes back by himself. */
static void
test_missing_are_waited_for (Fixture *fixture, gconstpointer data)
{
  enter_to_return (fixture, 3);
  subscribe (fixture);
  forget_log (fixture);
  scripted_server_set_users (fixture->server, "[]");
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK);
  wait_seen (fixture, GST_RTC_MESSAGE_SUBSCRIBE, 1);
  scripted_server_send (
      fixture->server, "{\"type\":\"peer-online\",\"user\":\"bob\"}");
  scripted_server_send (fixture->server,
      "{\"type\":\"stream-added\",\"user\":\"bob\",\"screen\":false,"
      "\"audioCodec\":\"OPUS\",\"videoCodec\":\"VP8\"}");
  wait_seen (fixture, GST_RTC_MESSAGE_SUBSCRIBE, 2);
  wait_log (fixture, ONE_BREAK " media-opened:bob");
}

static void
test_missing_for_good (Fixture *fixture, gconstpointer data)
{
  fixture->signaling_timeout = TIMEOUT_MS;
  enter_to_return (fixture, 3);
  scripted_server_set_users (fixture->server, BOB_ALONE);
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK);
  wait_log (fixture, ONE_BREAK " peer-leave:carol peer-leave:dave");
}

static void
test_requests_on_the_way_back (Fixture *fixture, gconstpointer data)
{
  enter_to_return (fixture, 1000);
  scripted_server_set_config_stalled (fixture->server, TRUE);
  scripted_server_reset (fixture->server);
  wait_log (fixture, "failed connection-state=reconnecting");
  g_assert_true (gst_rtc_room_client_is_in_room (fixture->client));
  g_assert_true (gst_rtc_room_client_is_returning (fixture->client));
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_WEBSOCKET_NOT_CONNECTED);
  subscribe (fixture);
  assert_code (fixture, GST_RTC_ERROR_WEBSOCKET_NOT_CONNECTED);
  join (fixture);
  assert_code (fixture, GST_RTC_ERROR_ALREADY_IN_ROOM);
  leave (fixture);
  assert_ok (fixture);
  g_assert_false (gst_rtc_room_client_is_in_room (fixture->client));
}

static void
test_given_up (Fixture *fixture, gconstpointer data)
{
  const GstRtcEvent *failed;

  enter_to_return (fixture, 2);
  subscribe (fixture);
  forget_log (fixture);
  scripted_server_set_config (fixture->server, 503, "{}");
  scripted_server_close (fixture->server, 1001, NULL);
  wait_log (fixture,
      "failed connection-state=reconnecting connection-state=reconnecting "
      "media-closed connection-state=failed failed");
  failed = find_event (fixture, GST_RTC_EVENT_FAILED);
  g_assert_false (failed->retrying);
  g_assert_error (failed->error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED);
  g_assert_cmpint (1001, ==, gst_rtc_error_get_native_code (failed->error));
  g_assert_false (gst_rtc_room_client_is_in_room (fixture->client));
  g_assert_cmpuint (3, ==, scripted_server_get_n_configs (fixture->server));
  leave (fixture);
  assert_code (fixture, GST_RTC_ERROR_NOT_IN_ROOM);
  scripted_server_set_config (
      fixture->server, 200, "{\"websocketUrls\":[\"@URL@\"]}");
  join (fixture);
  assert_ok (fixture);
}

static void
test_refused_on_the_way_back (Fixture *fixture, gconstpointer data)
{
  const GstRtcEvent *failed;

  enter_to_return (fixture, 10);
  scripted_server_add (
      fixture->server, (ScriptedRow){.type = GST_RTC_MESSAGE_JOIN,
                           .act = SCRIPTED_REFUSE,
                           .code = GST_RTC_ERROR_JOIN_ROOM_ERROR,
                           .text = "token expired"});
  scripted_server_reset (fixture->server);
  wait_log (fixture, "failed connection-state=reconnecting "
                     "connection-state=failed failed");
  failed = find_event (fixture, GST_RTC_EVENT_FAILED);
  g_assert_error (failed->error, GST_RTC_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR);
  g_assert_false (failed->retrying);
  g_assert_false (gst_rtc_error_get_retryable (failed->error));
  g_assert_cmpuint (2, ==, scripted_server_get_n_configs (fixture->server));
}

/* Silence and breaks at the join count as attempts. */
static void
test_attempts_that_fail_late (Fixture *fixture, gconstpointer data)
{
  fixture->signaling_timeout = TIMEOUT_MS;
  enter_to_return (fixture, 10);
  scripted_server_set_resumed (fixture->server, TRUE);
  scripted_server_add (fixture->server,
      (ScriptedRow){.type = GST_RTC_MESSAGE_JOIN, .act = SCRIPTED_SILENT});
  scripted_server_add (fixture->server,
      (ScriptedRow){.type = GST_RTC_MESSAGE_JOIN, .act = SCRIPTED_RESET});
  scripted_server_reset (fixture->server);
  wait_log (fixture,
      "failed connection-state=reconnecting connection-state=reconnecting "
      "connection-state=reconnecting connection-state=connected");
  wait_seen (fixture, GST_RTC_MESSAGE_JOIN, 4);
}

static void
test_closed_for_removal (Fixture *fixture, gconstpointer data)
{
  enter_to_return (fixture, 10);
  scripted_server_close (fixture->server, 4001, "removed");
  wait_log (fixture, "connection-state=disconnected client-banned failed");
  g_assert_error (find_event (fixture, GST_RTC_EVENT_FAILED)->error,
      GST_RTC_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR);
  g_assert_cmpuint (1, ==, scripted_server_get_n_configs (fixture->server));
}

/* What was told as failed is not left behind on the server. */
static void
test_broken_publish_is_undone (Fixture *fixture, gconstpointer data)
{
  enter_to_return (fixture, 3);
  scripted_server_set_resumed (fixture->server, TRUE);
  scripted_server_add (fixture->server,
      (ScriptedRow){.type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_RESET});
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_WEBSOCKET_FAILED);
  wait_log (fixture, ONE_BREAK);
  wait_seen (fixture, GST_RTC_MESSAGE_UNPUBLISH, 1);
  publish (fixture);
  assert_ok (fixture);
}

static void
test_publication_lost (Fixture *fixture, gconstpointer data)
{
  enter_to_return (fixture, 3);
  publish (fixture);
  scripted_server_add (
      fixture->server, (ScriptedRow){.type = GST_RTC_MESSAGE_PUBLISH,
                           .act = SCRIPTED_REFUSE,
                           .code = GST_RTC_ERROR_PUBLISH_ERROR});
  forget_log (fixture);
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK " publication-lost");
  publish (fixture);
  assert_ok (fixture);
}

/* Not by a request: the right to it is over. */
static void
test_publication_ended_by_the_server (Fixture *fixture, gconstpointer data)
{
  const GError *error;

  enter (fixture);
  publish (fixture);
  assert_ok (fixture);
  forget_log (fixture);
  for (guint i = 0; i < 2; i++)
    scripted_server_send (fixture->server,
        "{\"type\":\"stream-removed\",\"user\":\"alice\",\"screen\":false,"
        "\"reason\":\"over\"}");
  wait_log (fixture, "publication-lost");
  error = find_event (fixture, GST_RTC_EVENT_PUBLICATION_LOST)->error;
  g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_PUBLISH_ERROR);
  g_assert_nonnull (strstr (error->message, "over"));
  publish (fixture);
  assert_ok (fixture);
}

static void
test_media_that_ended_meanwhile (Fixture *fixture, gconstpointer data)
{
  enter_to_return (fixture, 3);
  subscribe (fixture);
  forget_log (fixture);
  scripted_server_set_config_stalled (fixture->server, TRUE);
  scripted_server_set_resumed (fixture->server, TRUE);
  scripted_server_reset (fixture->server);
  wait_log (fixture, "failed connection-state=reconnecting");
  g_assert_true (gst_rtc_room_client_close_media (
      fixture->client, "session-1", "no media"));
  rtc_test_wait (
      fixture->context, scripted_server_get_n_configs (fixture->server) == 2);
  scripted_server_release_config (fixture->server);
  wait_log (fixture, ONE_BREAK " media-opened:bob");
  wait_seen (fixture, GST_RTC_MESSAGE_SESSION_CLOSED, 1);
  wait_seen (fixture, GST_RTC_MESSAGE_SUBSCRIBE, 2);
}

/* The connection was dead already when the client told their end: the server
 * still holds them, and opens those again that the user serves. */
static void
test_media_that_was_closed_in_vain (Fixture *fixture, gconstpointer data)
{
  const gchar *opened =
      "{\"type\":\"session-opened\",\"session\":\"out-0\",\"user\":\"carol\"}";
  static const gchar *const sessions[] = {"session-1", "out-0"};

  enter_to_return (fixture, 3);
  publish (fixture);
  subscribe (fixture);
  scripted_server_send (fixture->server, opened);
  wait_log (fixture, "media-opened:bob media-opened:carol");
  forget_log (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (sessions); i++)
    g_assert_false (gst_rtc_room_client_close_media (
        fixture->client, sessions[i], "no media"));
  wait_seen (fixture, GST_RTC_MESSAGE_SESSION_CLOSED, 2);
  scripted_server_set_resumed (fixture->server, TRUE);
  scripted_server_set_sessions (
      fixture->server, "[\"session-1\",\"out-0\",\"out-1\"]");
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK);
  wait_seen (fixture, GST_RTC_MESSAGE_SESSION_CLOSED, 4);
  g_assert_cmpstr ("no media", ==,
      last_fields (fixture, GST_RTC_MESSAGE_SESSION_CLOSED)->reason);
  forget_log (fixture);
  scripted_server_send (fixture->server, opened);
  scripted_server_send (
      fixture->server, "{\"type\":\"token-will-expire\",\"seconds\":30}");
  wait_log (fixture, "token-will-expire");
}

/* session-1, which is viewed, and out-0 and out-1, which are served. */
static void
open_both_ways (Fixture *fixture)
{
  enter_to_return (fixture, 3);
  publish (fixture);
  subscribe (fixture);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *opened =
        g_strdup_printf ("{\"type\":\"session-opened\",\"session\":\"out-%u\","
                         "\"user\":\"carol\",\"screen\":%s}",
            i, i ? "true" : "false");

    scripted_server_send (fixture->server, opened);
  }
  wait_log (fixture, "media-opened:bob media-opened:carol media-opened:carol");
  forget_log (fixture);
  scripted_server_set_resumed (fixture->server, TRUE);
}

/* The server has told their end over the connection that broke, or could not
 * tell it. */
static void
test_media_that_ended_unheard (Fixture *fixture, gconstpointer data)
{
  open_both_ways (fixture);
  gst_rtc_room_client_media_connected (fixture->client, "out-1");
  scripted_server_set_sessions (fixture->server, "[\"out-1\"]");
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK " media-closed media-opened:bob");
  g_assert_cmpstr ("out-0", ==, get_event (fixture, 3)->media_session);
  g_assert_null (get_event (fixture, 3)->error);
  g_assert_cmpstr ("session-1", !=, get_event (fixture, 4)->media_session);
  wait_seen (fixture, GST_RTC_MESSAGE_PUBLISH, 1);
  gst_rtc_room_client_send_candidate (
      fixture->client, "out-1", 0, "candidate:1");
  wait_seen (fixture, GST_RTC_MESSAGE_CANDIDATE, 1);
}

static const gchar all_sessions[] = "[\"session-1\",\"out-0\",\"out-1\"]";

static void
check_closed (Fixture *fixture, const gchar *session, gint code)
{
  const GstRtcMessageFields *closed;

  wait_seen (fixture, GST_RTC_MESSAGE_SESSION_CLOSED, 1);
  closed = last_fields (fixture, GST_RTC_MESSAGE_SESSION_CLOSED);
  g_assert_cmpstr (session, ==, closed->session);
  g_assert_cmpint (code, ==, closed->code);
}

/* What the publisher had to say may have been lost with the connection. */
static void
test_viewing_was_half_open (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *last = NULL;

  scripted_server_set_sessions (fixture->server, data);
  open_both_ways (fixture);
  gst_rtc_room_client_media_connected (fixture->client, "out-0");
  gst_rtc_room_client_media_connected (fixture->client, "out-1");
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK " media-opened:bob");
  g_assert_cmpstr ("session-1", !=, get_event (fixture, 3)->media_session);
  check_closed (fixture, "session-1", 0);
  /* The server would answer with the one that stands. */
  last = scripted_server_list_last (fixture->server, 2);
  g_assert_cmpstr ("session-closed subscribe", ==, last);
}

/* The server has opened another one, and could not say so. */
static void
test_viewing_was_half_open_twice (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *last = NULL;

  open_both_ways (fixture);
  gst_rtc_room_client_media_connected (fixture->client, "out-0");
  gst_rtc_room_client_media_connected (fixture->client, "out-1");
  scripted_server_add (fixture->server,
      (ScriptedRow){.type = GST_RTC_MESSAGE_SUBSCRIBE, .act = SCRIPTED_RESET});
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK " " ONE_BREAK " media-opened:bob");
  last = scripted_server_list_last (fixture->server, 3);
  g_assert_cmpstr ("join unsubscribe subscribe", ==, last);
}

/* Of the two that were not up, the one that does not come up is closed. */
static void
test_serving_was_half_open (Fixture *fixture, gconstpointer data)
{
  scripted_server_set_sessions (fixture->server, data);
  open_both_ways (fixture);
  gst_rtc_room_client_media_connected (fixture->client, "session-1");
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK);
  gst_rtc_room_client_media_connected (fixture->client, "out-1");
  wait_log (fixture, ONE_BREAK " media-closed");
  g_assert_cmpstr ("out-0", ==, get_event (fixture, 3)->media_session);
  g_assert_null (get_event (fixture, 3)->error);
  wait_seen (fixture, GST_RTC_MESSAGE_SUBSCRIBE, 1);
  check_closed (fixture, "out-0", GST_RTC_ERROR_SUBSCRIBE_FAILED);
}

static void
test_renewed_token_comes_back (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest renew = {
      .operation = GST_RTC_OPERATION_RENEW_TOKEN, .token = "newer"};

  enter_to_return (fixture, 3);
  ask (fixture, &renew);
  assert_ok (fixture);
  scripted_server_reset (fixture->server);
  wait_log (fixture, ONE_BREAK);
  g_assert_cmpstr (
      "newer", ==, last_fields (fixture, GST_RTC_MESSAGE_JOIN)->token);
}

/* Being told */

static void
test_banned (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow silent = {
      .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_SILENT};
  const GstRtcEvent *event;
  Reply published = {0};

  enter (fixture);
  subscribe (fixture);
  scripted_server_add (fixture->server, silent);
  ask_kind (fixture, &kinds[2], &published);
  scripted_server_send (
      fixture->server, "{\"type\":\"client-banned\",\"reason\":\"elsewhere\"}");
  wait_log (fixture, "media-opened:bob media-closed "
                     "connection-state=disconnected client-banned failed");
  event = g_ptr_array_index (fixture->events, 3);
  g_assert_cmpstr ("elsewhere", ==, event->reason);
  event = g_ptr_array_index (fixture->events, 4);
  g_assert_error (event->error, GST_RTC_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR);
  g_assert_false (gst_rtc_error_get_retryable (event->error));
  g_assert_false (event->retrying);
  g_assert_error (published.error, GST_RTC_ERROR, GST_RTC_ERROR_NOT_IN_ROOM);
  clear_reply (&published);
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_NOT_IN_ROOM);
  rtc_test_wait (
      fixture->context, !scripted_server_is_connected (fixture->server));
}

static void
assert_told (Fixture *fixture, const gchar *text, const gchar *log)
{
  rtc_test_settle (fixture->context);
  g_string_truncate (fixture->log, 0);
  g_ptr_array_set_size (fixture->events, 0);
  scripted_server_send (fixture->server, text);
  /* Something that is always told marks the end. */
  scripted_server_send (
      fixture->server, "{\"type\":\"token-will-expire\",\"seconds\":30}");
  rtc_test_wait (fixture->context,
      g_str_has_suffix (fixture->log->str, "token-will-expire"));
  if (fixture->log->len > strlen ("token-will-expire"))
    g_string_truncate (
        fixture->log, fixture->log->len - strlen (" token-will-expire"));
  else
    g_string_truncate (fixture->log, 0);
  g_assert_cmpstr (log, ==, fixture->log->str);
}

static void
test_facts (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const gchar *text;
    const gchar *log;
  } rows[] = {
      {"{\"type\":\"peer-online\",\"user\":\"erin\"}", "peer-online:erin"},
      {"{\"type\":\"peer-online\",\"user\":\"erin\"}", ""},
      {"{\"type\":\"peer-online\",\"user\":\"alice\"}", ""},
      {"{\"type\":\"stream-added\",\"user\":\"erin\",\"audioCodec\":\"OPUS\","
       "\"videoCodec\":\"VP8\"}",
          "stream-added:erin/camera"},
      {"{\"type\":\"stream-muted\",\"user\":\"erin\",\"audioMuted\":true}",
          "mute-audio:erin/camera"},
      {"{\"type\":\"stream-muted\",\"user\":\"erin\",\"videoMuted\":true}",
          "unmute-audio:erin/camera mute-video:erin/camera"},
      {"{\"type\":\"stream-muted\",\"user\":\"erin\",\"audioMuted\":true,"
       "\"videoMuted\":true}",
          "stream-removed:erin/camera"},
      {"{\"type\":\"stream-muted\",\"user\":\"erin\",\"audioMuted\":true}",
          "stream-added:erin/camera"},
      {"{\"type\":\"stream-muted\",\"user\":\"nobody\",\"audioMuted\":true}",
          ""},
      {"{\"type\":\"stream-removed\",\"user\":\"erin\"}",
          "stream-removed:erin/camera"},
      {"{\"type\":\"stream-removed\",\"user\":\"erin\"}", ""},
      {"{\"type\":\"peer-leave\",\"user\":\"bob\",\"reason\":\"left\"}",
          "stream-removed:bob/camera peer-leave:bob"},
      {"{\"type\":\"peer-leave\",\"user\":\"carol\"}", "peer-leave:carol"},
      {"{\"type\":\"stream-added\",\"user\":\"new\",\"videoCodec\":\"VP8\"}",
          "stream-added:new/camera"},
      {"{\"type\":\"closing\",\"reason\":\"stop\"}", ""},
  };

  enter (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_told (fixture, rows[i].text, rows[i].log);
}

static void
test_subscription_ends_with_its_stream (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest unsubscribe = {
      .operation = GST_RTC_OPERATION_UNSUBSCRIBE, .user_id = "bob"};

  enter (fixture);
  subscribe (fixture);
  assert_told (fixture, "{\"type\":\"stream-removed\",\"user\":\"bob\"}",
      "stream-removed:bob/camera");
  assert_told (fixture,
      "{\"type\":\"session-closed\",\"session\":\"session-1\"}",
      "media-closed");
  ask (fixture, &unsubscribe);
  assert_code (fixture, GST_RTC_ERROR_STREAM_ID_NOT_FOUND);
}

/* Media sessions */

static void
test_receiving_side (Fixture *fixture, gconstpointer data)
{
  const GstRtcEvent *event;
  const GstRtcMessageFields *fields;

  enter (fixture);
  subscribe (fixture);
  assert_ok (fixture);
  g_assert_cmpstr ("session-1", ==, fixture->reply.media_session);
  wait_log (fixture, "media-opened:bob");
  event = g_ptr_array_index (fixture->events, 0);
  g_assert_false (event->sends);
  g_assert_cmpint (GST_RTC_MEDIA_BOTH, ==, event->media);

  assert_told (fixture,
      "{\"type\":\"offer\",\"session\":\"session-1\",\"sdp\":\"v=0\"}",
      "media-description");
  /* Only the sending side offers, and only sessions that are open count. */
  assert_told (fixture,
      "{\"type\":\"answer\",\"session\":\"session-1\",\"sdp\":\"v=0\"}", "");
  assert_told (fixture,
      "{\"type\":\"candidate\",\"session\":\"other\",\"mline\":0,"
      "\"candidate\":\"\"}",
      "");
  assert_told (fixture,
      "{\"type\":\"candidate\",\"session\":\"session-1\",\"mline\":1,"
      "\"candidate\":\"candidate:1\"}",
      "media-candidate");
  event = g_ptr_array_index (fixture->events, 0);
  g_assert_cmpuint (1, ==, event->mline);
  g_assert_cmpstr ("candidate:1", ==, event->candidate);

  gst_rtc_room_client_send_description (fixture->client, "session-1", "v=1");
  gst_rtc_room_client_send_candidate (
      fixture->client, "session-1", 0, "candidate:2");
  gst_rtc_room_client_send_candidate (fixture->client, "other", 0, "");
  gst_rtc_room_client_media_connected (fixture->client, "session-1");
  gst_rtc_room_client_close_media (
      fixture->client, "session-1", "media failed");
  rtc_test_wait (fixture->context, scripted_server_count (fixture->server,
                                       GST_RTC_MESSAGE_SESSION_CLOSED) == 1);
  g_assert_cmpuint (1, ==,
      scripted_server_count (fixture->server, GST_RTC_MESSAGE_CANDIDATE));
  fields = gst_rtc_message_get_fields (
      scripted_server_get_last (fixture->server, GST_RTC_MESSAGE_ANSWER));
  g_assert_cmpstr ("v=1", ==, fields->sdp);
}

static void
test_sending_side (Fixture *fixture, gconstpointer data)
{
  const GstRtcEvent *event;

  enter (fixture);
  publish (fixture);
  assert_told (fixture,
      "{\"type\":\"session-opened\",\"session\":\"s\",\"user\":\"bob\"}",
      "media-opened:bob");
  event = g_ptr_array_index (fixture->events, 0);
  g_assert_true (event->sends);
  assert_told (fixture,
      "{\"type\":\"session-opened\",\"session\":\"s\",\"user\":\"bob\"}", "");
  assert_told (fixture,
      "{\"type\":\"session-opened\",\"session\":\"s\",\"user\":\"bob\","
      "\"audio\":false}",
      "media-opened:bob");
  event = g_ptr_array_index (fixture->events, 0);
  g_assert_cmpint (GST_RTC_MEDIA_VIDEO, ==, event->media);
  gst_rtc_room_client_send_description (fixture->client, "s", "v=0");
  rtc_test_wait (fixture->context,
      scripted_server_count (fixture->server, GST_RTC_MESSAGE_OFFER) == 1);
  assert_told (fixture,
      "{\"type\":\"answer\",\"session\":\"s\",\"sdp\":\"v=0\"}",
      "media-description");
  assert_told (fixture,
      "{\"type\":\"session-closed\",\"session\":\"s\",\"reason\":\"x\","
      "\"code\":300001}",
      "media-closed");
  event = g_ptr_array_index (fixture->events, 0);
  g_assert_error (event->error, GST_RTC_ERROR, GST_RTC_ERROR_PUBLISH_ERROR);
}

/* The answer to a subscription came too late: the offer that follows is sent
 * back, or the publisher would go on for nobody. */
static void
test_offer_for_nobody (Fixture *fixture, gconstpointer data)
{
  enter (fixture);
  assert_told (
      fixture, "{\"type\":\"offer\",\"session\":\"lost\",\"sdp\":\"v=0\"}", "");
  rtc_test_wait (fixture->context, scripted_server_count (fixture->server,
                                       GST_RTC_MESSAGE_SESSION_CLOSED) == 1);
}

static void
test_candidates_are_bounded (Fixture *fixture, gconstpointer data)
{
  guint n = 0;

  enter (fixture);
  subscribe (fixture);
  for (guint i = 0; i < GST_RTC_MAX_CANDIDATES + 10; i++)
    scripted_server_send (fixture->server,
        "{\"type\":\"candidate\",\"session\":\"session-1\",\"mline\":0,"
        "\"candidate\":\"candidate:1\"}");
  scripted_server_send (
      fixture->server, "{\"type\":\"token-will-expire\",\"seconds\":30}");
  rtc_test_wait (fixture->context,
      g_str_has_suffix (fixture->log->str, "token-will-expire"));
  for (guint i = 0; i < fixture->events->len; i++) {
    const GstRtcEvent *event = g_ptr_array_index (fixture->events, i);

    n += event->type == GST_RTC_EVENT_MEDIA_CANDIDATE;
  }
  g_assert_cmpuint (GST_RTC_MAX_CANDIDATES, ==, n);
}

static void
test_invisible_is_unpublished (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest hide = {
      .operation = GST_RTC_OPERATION_SET_VISIBILITY, .enable = FALSE};
  const GstRtcRequest unpublish = {.operation = GST_RTC_OPERATION_UNPUBLISH};

  enter (fixture);
  publish (fixture);
  ask (fixture, &hide);
  assert_ok (fixture);
  ask (fixture, &unpublish);
  assert_code (fixture, GST_RTC_ERROR_NOT_PUBLISHED);
}

/* Shutting down */

static void
test_shutdown_leaves (Fixture *fixture, gconstpointer data)
{
  enter (fixture);
  shut_down (fixture);
  g_assert_cmpuint (
      1, ==, scripted_server_count (fixture->server, GST_RTC_MESSAGE_LEAVE));
  publish (fixture);
  assert_code (fixture, GST_RTC_ERROR_NOT_IN_ROOM);
}

static void
test_shutdown_is_bounded (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow silent = {
      .type = GST_RTC_MESSAGE_LEAVE, .act = SCRIPTED_SILENT};
  const ScriptedRow mute = {
      .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_SILENT};
  const gint64 start = g_get_monotonic_time ();

  enter (fixture);
  scripted_server_add (fixture->server, silent);
  scripted_server_add (fixture->server, mute);
  ask_kind (fixture, &kinds[2], &fixture->reply);
  shut_down (fixture);
  assert_code (fixture, GST_RTC_ERROR_NOT_IN_ROOM);
  g_assert_cmpint (
      g_get_monotonic_time () - start, <, 3 * rtc_patience () * G_USEC_PER_SEC);
}

static void
test_shutdown_while_leaving (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow silent = {
      .type = GST_RTC_MESSAGE_LEAVE, .act = SCRIPTED_SILENT};

  enter (fixture);
  scripted_server_add (fixture->server, silent);
  ask_kind (fixture, &kinds[8], &fixture->reply);
  shut_down (fixture);
  assert_code (fixture, GST_RTC_ERROR_SIGNALING_TIMEOUT);
}

static void
test_shutdown_while_joining (Fixture *fixture, gconstpointer data)
{
  init (fixture);
  scripted_server_set_config_stalled (fixture->server, TRUE);
  start_join (fixture, &fixture->reply);
  rtc_test_wait (
      fixture->context, scripted_server_get_n_configs (fixture->server) == 1);
  shut_down (fixture);
  assert_code (fixture, GST_RTC_ERROR_JOIN_ROOM_ERROR);
}

static void
test_shutdown_unused (Fixture *fixture, gconstpointer data)
{
  shut_down (fixture);
}

/* No answer is lost when the last reference goes without a shutdown. */
static void
test_dropped (Fixture *fixture, gconstpointer data)
{
  const ScriptedRow silent = {
      .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_SILENT};

  enter (fixture);
  scripted_server_add (fixture->server, silent);
  ask_kind (fixture, &kinds[2], &fixture->reply);
  g_assert_finalize_object (fixture->client);
  g_assert_true (fixture->reply.destroyed);
  assert_code (fixture, GST_RTC_ERROR_NOT_IN_ROOM);
  fixture->client = gst_rtc_room_client_new ();
}

static void
add (const gchar *name, void (*test) (Fixture *fixture, gconstpointer data),
    gconstpointer data)
{
  g_autofree gchar *path = g_strconcat ("/room-client/", name, NULL);

  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

/* Here `delay` carries the code that the join fails with. */
static const ScriptedRow join_refused = {
    .type = GST_RTC_MESSAGE_JOIN,
    .act = SCRIPTED_REFUSE,
    .code = 300008,
    .delay = GST_RTC_ERROR_JOIN_ROOM_ERROR,
};
static const ScriptedRow join_refused_oddly = {
    .type = GST_RTC_MESSAGE_JOIN,
    .act = SCRIPTED_REFUSE,
    .code = 100003,
    .delay = GST_RTC_ERROR_JOIN_ROOM_ERROR,
};
static const ScriptedRow join_silent = {
    .type = GST_RTC_MESSAGE_JOIN,
    .act = SCRIPTED_SILENT,
    .delay = GST_RTC_ERROR_SIGNALING_TIMEOUT,
};
static const ScriptedRow join_garbage = {
    .type = GST_RTC_MESSAGE_JOIN,
    .act = SCRIPTED_GARBAGE,
    .delay = GST_RTC_ERROR_WEBSOCKET_FAILED,
};
static const ScriptedRow join_closed = {
    .type = GST_RTC_MESSAGE_JOIN,
    .act = SCRIPTED_CLOSE,
    .code = 1000,
    .delay = GST_RTC_ERROR_WEBSOCKET_FAILED,
};
static const ScriptedRow join_banned = {
    .type = GST_RTC_MESSAGE_JOIN,
    .act = SCRIPTED_GARBAGE,
    .text = "{\"type\":\"client-banned\",\"reason\":\"no\"}",
    .delay = GST_RTC_ERROR_JOIN_ROOM_ERROR,
};
static const ScriptedRow lost_1000 = {
    .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_CLOSE, .code = 1000};
static const ScriptedRow lost_1011 = {
    .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_CLOSE, .code = 1011};
static const ScriptedRow lost_reset = {
    .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_RESET};
static const ScriptedRow lost_binary = {
    .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_BINARY};
static const ScriptedRow lost_garbage = {
    .type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_GARBAGE};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("enter", test_enter, NULL);
  add ("join-message", test_join_message, NULL);
  add ("first-app-id-stays", test_first_app_id_stays, NULL);
  add ("before-init", test_before_init, NULL);
  add ("outside-a-room", test_outside_a_room, NULL);
  add ("bad-parameters", test_bad_parameters, NULL);
  add ("local-failures", test_local_failures, NULL);
  add ("join-twice", test_join_twice, NULL);
  add ("join-while-joining", test_join_while_joining, NULL);
  add ("publish-twice", test_publish_twice, NULL);
  add ("refused", test_refused, NULL);
  add ("not-answered", test_not_answered, NULL);
  add ("answered-late", test_answered_late, NULL);
  add ("answered-too-late", test_answered_too_late, NULL);
  add ("answered-twice", test_answered_twice, NULL);
  add ("wrong-id", test_wrong_id, NULL);
  add ("target-vanished", test_target_vanished, NULL);
  add ("mute-rolls-back", test_mute_rolls_back, NULL);
  add ("refused-unsubscribe-keeps-it", test_refused_unsubscribe_keeps_it, NULL);
  add ("too-many-requests", test_too_many_requests, NULL);
  add ("join-refused", test_join_fails_at_server, &join_refused);
  add ("join-refused-oddly", test_join_fails_at_server, &join_refused_oddly);
  add ("join-silent", test_join_fails_at_server, &join_silent);
  add ("join-garbage", test_join_fails_at_server, &join_garbage);
  add ("join-closed", test_join_fails_at_server, &join_closed);
  add ("join-banned", test_join_fails_at_server, &join_banned);
  add ("getconfig-fails", test_getconfig_fails, NULL);
  add ("getconfig-stalls", test_getconfig_stalls, NULL);
  add ("second-address-is-good", test_second_address_is_good, NULL);
  add ("no-address-opens", test_no_address_opens, NULL);
  add ("join-without-getconfig", test_join_without_getconfig, NULL);
  add ("leave", test_leave, NULL);
  add ("leave-while-configuring", test_leave_while_configuring, NULL);
  add ("leave-while-opening", test_leave_while_opening, NULL);
  add ("leave-while-joining", test_leave_while_joining, NULL);
  add ("socket-lost-1000", test_socket_lost, &lost_1000);
  add ("socket-lost-1011", test_socket_lost, &lost_1011);
  add ("socket-lost-reset", test_socket_lost, &lost_reset);
  add ("socket-lost-binary", test_socket_lost, &lost_binary);
  add ("socket-lost-garbage", test_socket_lost, &lost_garbage);
  add ("after-socket-lost", test_after_socket_lost, NULL);
  add ("garbage", test_garbage, NULL);
  add ("resumed", test_resumed, NULL);
  add ("what-changed-meanwhile", test_what_changed_meanwhile, NULL);
  add ("rejoined", test_rejoined, NULL);
  add ("missing-are-waited-for", test_missing_are_waited_for, NULL);
  add ("missing-for-good", test_missing_for_good, NULL);
  add ("requests-on-the-way-back", test_requests_on_the_way_back, NULL);
  add ("given-up", test_given_up, NULL);
  add ("refused-on-the-way-back", test_refused_on_the_way_back, NULL);
  add ("attempts-that-fail-late", test_attempts_that_fail_late, NULL);
  add ("closed-for-removal", test_closed_for_removal, NULL);
  add ("broken-publish-is-undone", test_broken_publish_is_undone, NULL);
  add ("publication-lost", test_publication_lost, NULL);
  add ("publication-ended-by-the-server", test_publication_ended_by_the_server,
      NULL);
  add ("media-that-ended-meanwhile", test_media_that_ended_meanwhile, NULL);
  add ("media-that-was-closed-in-vain", test_media_that_was_closed_in_vain,
      NULL);
  add ("media-that-ended-unheard", test_media_that_ended_unheard, NULL);
  add ("viewing-was-half-open", test_viewing_was_half_open, all_sessions);
  add ("viewing-was-half-open-no-list", test_viewing_was_half_open, NULL);
  add ("viewing-was-half-open-twice", test_viewing_was_half_open_twice, NULL);
  add ("serving-was-half-open", test_serving_was_half_open, all_sessions);
  add ("renewed-token-comes-back", test_renewed_token_comes_back, NULL);
  add ("banned", test_banned, NULL);
  add ("facts", test_facts, NULL);
  add ("subscription-ends-with-its-stream",
      test_subscription_ends_with_its_stream, NULL);
  add ("receiving-side", test_receiving_side, NULL);
  add ("sending-side", test_sending_side, NULL);
  add ("offer-for-nobody", test_offer_for_nobody, NULL);
  add ("candidates-are-bounded", test_candidates_are_bounded, NULL);
  add ("invisible-is-unpublished", test_invisible_is_unpublished, NULL);
  add ("shutdown-leaves", test_shutdown_leaves, NULL);
  add ("shutdown-is-bounded", test_shutdown_is_bounded, NULL);
  add ("shutdown-while-leaving", test_shutdown_while_leaving, NULL);
  add ("shutdown-while-joining", test_shutdown_while_joining, NULL);
  add ("shutdown-unused", test_shutdown_unused, NULL);
  add ("dropped", test_dropped, NULL);
  return g_test_run ();
}
