/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the Janus dialect, with requests of a room client and what a
 * server makes of them. A model beside it knows what may be told.
 *
 * Lines of the script: one that begins with `{` is a message of the server,
 * in which $ stands for the transaction of the last request and # for the one
 * before. Of the others the first letters count; c and s are camera and
 * screen.
 *   J join     L leave      T renew-token    V set-visibility
 *   pc publish   uc unpublish   ac mute-local (audio)   vc (video)
 *   sc subscribe bob   xc unsubscribe   mc mute-remote
 *   d description   k candidate   q close: of the last media session
 *   f the last request is given up
 *   w half a minute passes    R the socket is lost */
#include <string.h>

#include "fuzz.h"
#include "rtcdialectjanus.h"
#include "rtcerror-private.h"
#include "rtcjson.h"

#define MAX_LINES 300

typedef struct
{
  GstRtcDialect *dialect;
  GstRtcConfig *config;
  GHashTable *open;     /* id: operation of a request to be answered */
  GHashTable *sessions; /* set of open media sessions */
  GHashTable *users;    /* set */
  GHashTable *streams;  /* set of `user/screen` */
  gchar *last_session;
  gchar *transactions[2]; /* the last, and the one before */
  guint last_id;
  guint join;
  gint64 now;
  gboolean joined;
  gboolean over; /* banned, or left */
} Model;

static void
on_send (const gchar *text, gpointer user_data)
{
  Model *model = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcJson) json =
      gst_rtc_json_parse (text, strlen (text), 1024 * 1024, 16, &error);
  const gchar *transaction;

  g_assert_no_error (error);
  transaction = gst_rtc_json_get_string (json, "transaction");
  g_assert (transaction);
  /* Every request has the secret, or the server would refuse it. */
  g_assert_cmpstr (gst_rtc_json_get_string (json, "apisecret"), ==, "secret");
  g_free (model->transactions[1]);
  model->transactions[1] = model->transactions[0];
  model->transactions[0] = g_strdup (transaction);
}

static void
take_roster (Model *model, const GstRtcAnswer *answer)
{
  g_autoptr (GPtrArray) users = gst_rtc_roster_get_users (answer->roster);

  model->joined = TRUE;
  if (!answer->resumed)
    g_hash_table_remove_all (model->sessions);
  g_hash_table_remove_all (model->users);
  g_hash_table_remove_all (model->streams);
  for (guint i = 0; i < users->len; i++) {
    const gchar *user = g_ptr_array_index (users, i);

    g_assert (gst_rtc_id_is_valid (user, NULL));
    g_hash_table_add (model->users, g_strdup (user));
    for (gint screen = FALSE; screen <= TRUE; screen++) {
      if (gst_rtc_roster_get_stream (answer->roster, user, screen))
        g_hash_table_add (
            model->streams, g_strdup_printf ("%s/%d", user, screen));
    }
  }
}

static void
check_error (GstRtcOperation operation, const GError *error)
{
  g_assert (error->domain == GST_RTC_ERROR);
  g_assert (gst_rtc_error_lookup (error->code));
  g_assert (fuzz_is_one_line (gst_rtc_error_lookup (error->code)->symbol));
  g_assert (error->code == gst_rtc_operation_get_refusal_code (operation) ||
            error->code == GST_RTC_ERROR_STREAM_ID_NOT_FOUND);
}

static void
on_answered (
    guint id, const GstRtcAnswer *answer, const GError *error, gpointer data)
{
  Model *model = data;
  gpointer operation;

  g_assert (g_hash_table_steal_extended (
      model->open, GUINT_TO_POINTER (id), NULL, &operation));
  g_assert ((answer == NULL) != (error == NULL));
  if (error)
    check_error (GPOINTER_TO_INT (operation), error);
  if (id == model->join) {
    model->join = 0;
    if (answer)
      take_roster (model, answer);
    else
      model->over = TRUE;
  }
  if (GPOINTER_TO_INT (operation) == GST_RTC_OPERATION_LEAVE)
    model->over = TRUE;
}

static void
on_extend (guint id, guint ms, gpointer user_data)
{
  Model *model = user_data;

  g_assert (g_hash_table_contains (model->open, GUINT_TO_POINTER (id)));
}

static void
on_wake (guint ms, gpointer user_data)
{
}

static void
check_stream (Model *model, const GstRtcEvent *event)
{
  g_autofree gchar *key =
      g_strdup_printf ("%s/%d", event->user_id, event->screen);
  const gboolean known = g_hash_table_contains (model->streams, key);

  g_assert (g_hash_table_contains (model->users, event->user_id));
  if (event->type == GST_RTC_EVENT_STREAM_ADDED) {
    g_assert (!known && event->stream);
    g_assert (gst_rtc_stream_get_media (event->stream) != GST_RTC_MEDIA_NONE);
    g_assert (event->stream->screen == event->screen);
    g_hash_table_add (model->streams, g_steal_pointer (&key));
    return;
  }
  g_assert (known);
  if (event->type == GST_RTC_EVENT_STREAM_REMOVED)
    g_hash_table_remove (model->streams, key);
}

static void
check_session (Model *model, const GstRtcEvent *event)
{
  const gboolean known =
      g_hash_table_contains (model->sessions, event->media_session);

  if (event->type == GST_RTC_EVENT_MEDIA_OPENED) {
    g_assert (!known);
    g_hash_table_add (model->sessions, g_strdup (event->media_session));
    g_free (model->last_session);
    model->last_session = g_strdup (event->media_session);
    return;
  }
  g_assert (known);
  if (event->type == GST_RTC_EVENT_MEDIA_CLOSED)
    g_hash_table_remove (model->sessions, event->media_session);
}

static void
on_event (const GstRtcEvent *event, gpointer user_data)
{
  Model *model = user_data;

  g_assert (model->joined || model->join != 0);
  if (event->user_id)
    g_assert (gst_rtc_id_is_valid (event->user_id, NULL));
  switch (event->type) {
    case GST_RTC_EVENT_PEER_ONLINE:
      g_assert (g_hash_table_add (model->users, g_strdup (event->user_id)));
      break;
    case GST_RTC_EVENT_PEER_LEAVE:
      g_assert (g_hash_table_remove (model->users, event->user_id));
      break;
    case GST_RTC_EVENT_STREAM_ADDED:
    case GST_RTC_EVENT_STREAM_REMOVED:
    case GST_RTC_EVENT_STREAM_MUTED:
      check_stream (model, event);
      break;
    case GST_RTC_EVENT_MEDIA_OPENED:
    case GST_RTC_EVENT_MEDIA_DESCRIPTION:
    case GST_RTC_EVENT_MEDIA_CANDIDATE:
    case GST_RTC_EVENT_MEDIA_CLOSED:
    case GST_RTC_EVENT_MEDIA_TROUBLE:
      check_session (model, event);
      break;
    case GST_RTC_EVENT_PUBLICATION_BROKEN:
      check_error (GST_RTC_OPERATION_PUBLISH, event->error);
      break;
    case GST_RTC_EVENT_CLIENT_BANNED:
      model->over = TRUE;
      break;
    default:
      g_assert_not_reached ();
  }
}

static const GstRtcDialectHost host = {
    .send = on_send,
    .answered = on_answered,
    .extend = on_extend,
    .wake = on_wake,
    .event = on_event,
};

static void
lose_socket (Model *model)
{
  GST_RTC_DIALECT_GET_IFACE (model->dialect)->reset (model->dialect);
  g_hash_table_remove_all (model->open);
  model->join = 0;
  model->joined = FALSE;
}

static void
request (Model *model, GstRtcRequest *wanted)
{
  const guint id = ++model->last_id;

  if (wanted->operation == GST_RTC_OPERATION_JOIN)
    model->join = id;
  g_hash_table_insert (
      model->open, GUINT_TO_POINTER (id), GINT_TO_POINTER (wanted->operation));
  GST_RTC_DIALECT_GET_IFACE (model->dialect)
      ->start_request (model->dialect, id, wanted);
}

static void
request_stream (Model *model, gchar letter, gboolean screen)
{
  const GstRtcStream stream = {
      .screen = screen,
      .audio_codec = (gchar *)"OPUS",
      .video_codec = (gchar *)"VP8",
  };
  GstRtcRequest wanted = {
      .user_id = "bob", .screen = screen, .stream = &stream};

  switch (letter) {
    case 'p':
      wanted.operation = GST_RTC_OPERATION_PUBLISH;
      break;
    case 'u':
      wanted.operation = GST_RTC_OPERATION_UNPUBLISH;
      break;
    case 'a':
    case 'v':
      wanted.operation = GST_RTC_OPERATION_MUTE_LOCAL;
      wanted.audio = letter == 'a' ? GST_RTC_TRUE : GST_RTC_FALSE;
      wanted.video = letter == 'v' ? GST_RTC_TRUE : GST_RTC_UNSET;
      break;
    case 's':
      wanted.operation = GST_RTC_OPERATION_SUBSCRIBE;
      wanted.video = model->last_id % 2 ? GST_RTC_FALSE : GST_RTC_UNSET;
      break;
    case 'x':
      wanted.operation = GST_RTC_OPERATION_UNSUBSCRIBE;
      break;
    case 'm':
      wanted.operation = GST_RTC_OPERATION_MUTE_REMOTE;
      wanted.video = model->last_id % 2 ? GST_RTC_FALSE : GST_RTC_TRUE;
      break;
    default:
      return;
  }
  request (model, &wanted);
}

static void
request_room (Model *model, gchar letter)
{
  GstRtcRequest wanted = {.config = model->config, .token = "token"};

  switch (letter) {
    case 'L':
      wanted.operation = GST_RTC_OPERATION_LEAVE;
      break;
    case 'T':
      wanted.operation = GST_RTC_OPERATION_RENEW_TOKEN;
      break;
    default:
      wanted.operation = GST_RTC_OPERATION_SET_VISIBILITY;
      break;
  }
  request (model, &wanted);
}

static void
run_media (Model *model, gchar letter)
{
  GstRtcDialectInterface *iface = GST_RTC_DIALECT_GET_IFACE (model->dialect);

  if (!model->last_session ||
      !g_hash_table_contains (model->sessions, model->last_session))
    return;
  if (letter == 'd') {
    iface->send_description (model->dialect, model->last_session, "v=0");
  } else if (letter == 'k') {
    iface->send_candidate (
        model->dialect, model->last_session, 0, "candidate:1");
  } else {
    g_hash_table_remove (model->sessions, model->last_session);
    iface->close_media (model->dialect, model->last_session, "closed");
  }
}

static void
take_message (Model *model, const gchar *line)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  /* There is a socket from a join to its loss. */
  if (!model->joined && model->join == 0)
    return;
  for (; *line; line++) {
    if (*line == '$' && model->transactions[0])
      g_string_append (text, model->transactions[0]);
    else if (*line == '#' && model->transactions[1])
      g_string_append (text, model->transactions[1]);
    else
      g_string_append_c (text, *line);
  }
  if (GST_RTC_DIALECT_GET_IFACE (model->dialect)
          ->receive (model->dialect, text->str, text->len, &error))
    return;
  g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED);
  lose_socket (model);
}

static void
pass_time (Model *model)
{
  g_autoptr (GError) error = NULL;

  model->now += 30 * G_TIME_SPAN_SECOND;
  if (!GST_RTC_DIALECT_GET_IFACE (model->dialect)
           ->wake (model->dialect, model->now, &error))
    lose_socket (model);
}

static void
start_join (Model *model)
{
  GstRtcRequest wanted = {
      .operation = GST_RTC_OPERATION_JOIN, .config = model->config};

  if (!model->joined && model->join == 0)
    request (model, &wanted);
}

static void
forget_last (Model *model)
{
  const gpointer id = GUINT_TO_POINTER (model->last_id);

  if (model->last_id == model->join || !g_hash_table_remove (model->open, id))
    return;
  GST_RTC_DIALECT_GET_IFACE (model->dialect)
      ->forget_request (model->dialect, model->last_id);
}

static void
run_line (Model *model, const gchar *line)
{
  if (*line == '{')
    take_message (model, line);
  else if (*line == 'J')
    start_join (model);
  else if (*line == 'R')
    lose_socket (model);
  else if (*line == 'w')
    pass_time (model);
  else if (!model->joined)
    return;
  else if (*line == 'f')
    forget_last (model);
  else if (*line && strchr ("LTV", *line))
    request_room (model, *line);
  else if (*line && strchr ("dkq", *line))
    run_media (model, *line);
  else if (line[0] && (line[1] == 'c' || line[1] == 's'))
    request_stream (model, line[0], line[1] == 's');
}

static GHashTable *
new_set (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
run (const gchar *text)
{
  const GstRtcConfigValues values = {
      .server_url = "janus+ws://127.0.0.1",
      .room_id = "1234",
      .user_id = "ann",
      .api_secret = "secret",
      .create_room = TRUE,
      .visible = TRUE,
      .signaling_timeout = 3000,
      .connect_timeout = 10000,
      .media_timeout = 5000,
  };
  Model model = {
      .dialect = GST_RTC_DIALECT (gst_rtc_dialect_janus_new ()),
      .config = gst_rtc_config_new (&values, NULL),
      .open = g_hash_table_new (NULL, NULL),
      .sessions = new_set (),
      .users = new_set (),
      .streams = new_set (),
      .now = g_get_monotonic_time (),
  };
  g_auto (GStrv) lines = g_strsplit (text, "\n", MAX_LINES);

  GST_RTC_DIALECT_GET_IFACE (model.dialect)
      ->set_host (model.dialect, &host, &model);
  for (guint i = 0; lines[i] && !model.over; i++)
    run_line (&model, lines[i]);
  g_object_unref (model.dialect);
  gst_rtc_config_unref (model.config);
  g_hash_table_unref (model.open);
  g_hash_table_unref (model.sessions);
  g_hash_table_unref (model.users);
  g_hash_table_unref (model.streams);
  g_free (model.last_session);
  g_free (model.transactions[0]);
  g_free (model.transactions[1]);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *text = NULL;

  fuzz_setup ();
  text = fuzz_dup_text (data, size);
  run (text);
  return 0;
}
