/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs one row of the code matrix. On the thread of the test. */
#include "matrix-provoke.h"

#include <string.h>

#define PICTURES                                                               \
  " videotestsrc is-live=true ! "                                              \
  "video/x-raw,format=I420,width=64,height=64,framerate=10/1 ! rtc.video_0"
/* Who is there in the room of the scripted server. */
#define USERS                                                                  \
  "[{\"user\":\"bob\",\"streams\":[{\"screen\":false,"                         \
  "\"videoCodec\":\"VP8\"}]},{\"user\":\"carol\",\"streams\":[]}]"

static const MatrixCall call_init = {"init", NULL, NULL};
static const MatrixCall call_join = {"join", NULL, NULL};
static const MatrixCall call_leave = {"leave", NULL, NULL};
static const MatrixCall call_publish = {"publish", NULL, NULL};
static const MatrixCall call_subscribe = {"subscribe", "bob", NULL};

GstElement *
matrix_get_element (Matrix *self)
{
  return rtc_pipeline_get (self->pipeline, "rtc");
}

const gchar *
matrix_get_url (Matrix *self)
{
  if (self->janus)
    return janus_server_get_element_url (self->janus);
  return self->real ? gst_rtc_server_get_url (self->real)
                    : scripted_server_get_url (self->fixture.scripted);
}

GstRtcMessageType
matrix_get_request (const gchar *action)
{
  static const struct
  {
    const gchar *action;
    GstRtcMessageType type;
  } types[] = {
      {"join", GST_RTC_MESSAGE_JOIN},
      {"leave", GST_RTC_MESSAGE_LEAVE},
      {"renew-token", GST_RTC_MESSAGE_RENEW_TOKEN},
      {"set-user-visibility", GST_RTC_MESSAGE_SET_VISIBILITY},
      {"publish", GST_RTC_MESSAGE_PUBLISH},
      {"unpublish", GST_RTC_MESSAGE_UNPUBLISH},
      {"subscribe", GST_RTC_MESSAGE_SUBSCRIBE},
      {"unsubscribe", GST_RTC_MESSAGE_UNSUBSCRIBE},
      {"mute-local", GST_RTC_MESSAGE_MUTE_LOCAL},
      {"mute-remote", GST_RTC_MESSAGE_MUTE_REMOTE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_strcmp0 (types[i].action, action) == 0)
      return types[i].type;
  }
  return GST_RTC_N_MESSAGES;
}

/* --- calls --- */

static GstStructure *
parse_options (const gchar *options)
{
  g_autofree gchar *text = NULL;
  GstStructure *structure;

  if (!options)
    return NULL;
  text = g_strconcat ("options, ", options, NULL);
  structure = gst_structure_from_string (text, NULL);
  g_assert_nonnull (structure);
  return structure;
}

static gchar *
make_join_token (Matrix *self)
{
  const MatrixToken which = self->row->token;

  return matrix_make_token (
      which != TOKEN_NONE && self->recovering ? TOKEN_GOOD : which,
      MATRIX_USER);
}

/* `@GOOD@` and `@OTHER-ROOM@` stand for tokens. */
static gchar *
make_argument (const gchar *argument)
{
  if (g_strcmp0 (argument, "@GOOD@") == 0)
    return matrix_make_token (TOKEN_GOOD, MATRIX_USER);
  if (g_strcmp0 (argument, "@OTHER-ROOM@") == 0)
    return matrix_make_token (TOKEN_OTHER_ROOM, MATRIX_USER);
  return g_strdup (argument);
}

static void
emit (Matrix *self, const MatrixCall *call, GstPromise *promise)
{
  GstElement *rtc = matrix_get_element (self);
  const gchar *action = call->action;
  g_autofree gchar *argument = make_argument (call->argument);
  g_autoptr (GstStructure) options = NULL;

  if (g_str_equal (action, "init") || g_str_equal (action, "renew-token")) {
    g_signal_emit_by_name (rtc, action, argument, promise);
  } else if (g_str_equal (action, "join")) {
    g_autofree gchar *token = make_join_token (self);

    g_signal_emit_by_name (
        rtc, action, token, call->argument, call->options, promise);
  } else if (g_str_equal (action, "set-user-visibility")) {
    g_signal_emit_by_name (
        rtc, action, g_str_equal (call->argument, "true"), promise);
  } else if (g_str_equal (action, "mute-local")) {
    options = parse_options (call->options);
    g_signal_emit_by_name (rtc, action, options, promise);
  } else if (strstr (action, "subscribe") ||
             g_str_equal (action, "mute-remote")) {
    options = parse_options (call->options);
    g_signal_emit_by_name (rtc, action, call->argument, options, promise);
  } else {
    g_signal_emit_by_name (rtc, action, promise);
  }
}

Answer *
matrix_emit (Matrix *self, const MatrixCall *call)
{
  Answer *answer = answer_new (&self->fixture);
  MatrixCall filled = *call;

  if (g_str_equal (call->action, "init") && call == &call_init)
    filled.argument = self->real ? MATRIX_APP : "default";
  emit (self, &filled, answer->promise);
  return answer;
}

static void
await (Matrix *self, Answer *answer, const gchar *action, gint code)
{
  const gint got = answer_wait (&self->fixture, answer, action);

  if (got != code)
    g_test_message ("%s: %s", action,
        gst_structure_get_string (
            gst_promise_get_reply (answer->promise), "reason"));
  g_assert_cmpint (code, ==, got);
}

void
matrix_call (Matrix *self, const MatrixCall *call, gint code)
{
  Answer *answer = matrix_emit (self, call);

  await (self, answer, call->action, code);
  answer_free (answer);
}

static void
work (Matrix *self, const MatrixCall *call)
{
  matrix_call (self, call, 0);
}

/* --- stages --- */

static void
forget (Matrix *self)
{
  matrix_barrier (self);
  rtc_pipeline_forget (self->pipeline);
}

static void
reset_socket (Matrix *self)
{
  scripted_server_reset (self->fixture.scripted);
  rtc_test_wait (self->fixture.context,
      rtc_pipeline_find (self->pipeline, GST_MESSAGE_ERROR, NULL) != NULL);
  g_assert_cmpint (
      500001, ==, rtc_pipeline_get_code (self->pipeline, GST_MESSAGE_ERROR));
}

static void
evict (Matrix *self)
{
  scripted_server_send (self->fixture.scripted,
      "{\"type\":\"client-banned\",\"reason\":\"by the administrator\"}");
  rtc_test_wait (self->fixture.context,
      rtc_pipeline_find (self->pipeline, GST_MESSAGE_ERROR, NULL) != NULL);
}

static void
reach_stage (Matrix *self, MatrixStage stage)
{
  if (stage == AT_READY || stage == AT_NULL)
    return;
  work (self, &call_init);
  if (stage == AT_INITED)
    return;
  work (self, &call_join);

  switch (stage) {
    case AT_PUBLISHED:
    case AT_PUBLISHED_LOST:
      work (self, &call_publish);
      break;
    case AT_SUBSCRIBED:
    case AT_SUBSCRIBED_LOST:
      work (self, &call_subscribe);
      break;
    case AT_LEFT:
      work (self, &call_leave);
      break;
    case AT_EVICTED:
      evict (self);
      break;
    default:
      break;
  }
  if (stage == AT_LOST || stage == AT_PUBLISHED_LOST ||
      stage == AT_SUBSCRIBED_LOST)
    reset_socket (self);
}

/* --- set-up --- */

static gchar *
replace (const gchar *text, const gchar *mark, const gchar *with)
{
  g_auto (GStrv) parts = g_strsplit (text ? text : "", mark, -1);

  return g_strjoinv (with, parts);
}

static gchar *
fill_in (Matrix *self, const gchar *text)
{
  g_autofree gchar *dead = g_strdup_printf ("%u", self->dead_port);
  g_autofree gchar *raw =
      g_strdup_printf ("%u", self->raw ? raw_server_get_port (self->raw) : 0);
  g_autofree gchar *half = replace (text, "@DEAD@", dead);

  return replace (half, "@RAW@", raw);
}

static void
start_real_server (Matrix *self)
{
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;

  gst_rtc_server_settings_init (&settings);
  settings.listen = "http://127.0.0.1:0";
  self->row->configure (&settings);
  self->real = gst_rtc_server_start (&settings, &error);
  g_assert_no_error (error);
}

static void
start_janus (Matrix *self)
{
  g_autoptr (GError) error = NULL;

  self->janus = janus_server_start (self->row->janus, &error);
  g_assert_no_error (error);
  check_backend = "janus";
}

static void
prepare_servers (Matrix *self)
{
  const MatrixRow *row = self->row;
  ScriptedServer *scripted = self->fixture.scripted;
  g_autofree gchar *body = NULL;

  self->dead_port = raw_server_find_dead_port ();
  if (row->configure)
    start_real_server (self);
  if (row->janus)
    start_janus (self);
  if (row->settings && strstr (row->settings, "@RAW@"))
    self->raw = raw_server_new (
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", FALSE);
  else if (row->body && strstr (row->body, "@RAW@"))
    self->raw = raw_server_new (NULL, TRUE);

  scripted_server_set_users (scripted, USERS);
  if (row->script.act != SCRIPTED_OK || row->script.text)
    scripted_server_add (scripted, row->script);
  if (!row->body)
    return;
  body = fill_in (self, row->body);
  scripted_server_set_config (scripted, row->status, body);
}

static void
set_bad_property (Matrix *self)
{
  const MatrixRow *row = self->row;
  GObject *rtc = G_OBJECT (matrix_get_element (self));
  GParamSpec *pspec;

  if (!row->property)
    return;
  pspec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (rtc), row->property);
  g_assert_nonnull (pspec);
  if (G_IS_PARAM_SPEC_STRING (pspec))
    g_object_set (rtc, row->property, row->value, NULL);
  else
    gst_util_set_object_arg (rtc, row->property, row->value);
}

static void
set_token (Matrix *self, MatrixToken which)
{
  g_autofree gchar *token = matrix_make_token (which, MATRIX_USER);

  if (token)
    g_object_set (matrix_get_element (self), "token", token, NULL);
}

static void
make_pipeline (Matrix *self)
{
  const MatrixRow *row = self->row;
  const gboolean sink = row->element == MATRIX_SINK;
  const gchar *autos = row->automatic ? ""
                       : sink         ? "auto-join=false auto-publish=false"
                                      : "auto-join=false auto-subscribe=none";
  g_autofree gchar *settings = fill_in (self, row->settings);

  self->pipeline = rtc_pipeline_new (
      "%s name=rtc server-url=%s app-id=%s room-id=" MATRIX_ROOM
      " user-id=" MATRIX_USER " reconnect-attempts=0 " CHECK_LOCAL " %s %s %s",
      sink ? "rtcsink" : "rtcsrc", matrix_get_url (self),
      self->real ? MATRIX_APP : "default", autos, settings,
      sink && !row->bare ? PICTURES : "");
  set_bad_property (self);
  if (row->automatic)
    set_token (self, row->token);
}

/* --- the condition --- */

static void
check_answer (Matrix *self, Answer *answer)
{
  const MatrixRow *row = self->row;
  const gboolean fails_later = row->by == BY_MEDIA;

  await (self, answer, row->call.action, fails_later ? 0 : row->code);
  if (row->code != 0 && !fails_later)
    matrix_check_details (row, gst_promise_get_reply (answer->promise));
}

static gchar *
dup_connection_state (Matrix *self)
{
  GObject *rtc = G_OBJECT (matrix_get_element (self));
  GParamSpec *pspec = g_object_class_find_property (
      G_OBJECT_GET_CLASS (rtc), "connection-state");
  gint value;

  g_object_get (rtc, "connection-state", &value, NULL);
  return g_strdup (
      g_enum_get_value (G_PARAM_SPEC_ENUM (pspec)->enum_class, value)
          ->value_nick);
}

static gboolean
is_in_state (Matrix *self, const gchar *nick)
{
  g_autofree gchar *state = dup_connection_state (self);

  return g_str_equal (nick, state);
}

static void
make_it_happen (Matrix *self)
{
  const MatrixRow *row = self->row;
  Answer *answer = NULL;

  if (row->prepare)
    row->prepare (self);
  if (row->pending.action)
    self->pending = matrix_emit (self, &row->pending);
  if (row->ready)
    row->ready (self);
  matrix_note_seen (self);
  if (row->automatic)
    gst_element_set_state (self->pipeline->pipeline, GST_STATE_PLAYING);
  else if (row->call.action)
    answer = matrix_emit (self, &row->call);
  if (row->provoke)
    row->provoke (self);
  if (answer) {
    check_answer (self, answer);
    rtc_test_settle (self->fixture.context);
    matrix_check_seen (self);
  }

  if (row->code == 0 && row->automatic)
    rtc_test_wait (self->fixture.context, is_in_state (self, row->after));
  matrix_check_messages (self);
  if (!answer)
    matrix_check_seen (self);
  if (!row->pending.action)
    rtc_test_wait (self->fixture.context, is_in_state (self, row->after));
  if (row->finish)
    row->finish (self);
  if (self->pending) {
    await (self, self->pending, row->pending.action, 0);
    answer_free (g_steal_pointer (&self->pending));
    matrix_barrier (self);
  }
  if (answer) {
    g_assert_cmpint (1, ==, g_atomic_int_get (&answer->answered));
    answer_free (answer);
  }
  if (row->pending.action)
    rtc_test_wait (self->fixture.context, is_in_state (self, row->after));
}

/* --- afterwards --- */

static void
check_calls_work (Matrix *self)
{
  const MatrixRow *row = self->row;
  guint i;

  if (row->automatic || row->stage == AT_NULL)
    return;
  forget (self);
  self->recovering = TRUE;
  /* For the next join. */
  g_object_set (matrix_get_element (self), "signaling-timeout", 3000,
      "connect-timeout", 10000, NULL);
  for (i = 0; i < MATRIX_MAX_CALLS && row->then[i].action; i++) {
    if (g_str_equal (row->then[i].action, "init") && !row->then[i].argument)
      work (self, &call_init);
    else
      work (self, &row->then[i]);
  }
  if (i == 0 && row->call.action && row->code != 0)
    work (self, &row->call);
  matrix_barrier (self);
  matrix_check_no_failure (self);
}

/* A server on this thread cannot say goodbye while the thread waits in a
 * state change, which then takes its time. */
static void
leave_scripted (Matrix *self)
{
  ScriptedServer *scripted = self->fixture.scripted;

  if (!scripted_server_is_connected (scripted))
    return;
  if (is_in_state (self, "connected")) {
    Answer *answer = matrix_emit (self, &call_leave);

    rtc_test_wait (self->fixture.context, g_atomic_int_get (&answer->answered));
    answer_free (answer);
  }
  rtc_test_wait (
      self->fixture.context, !scripted_server_is_connected (scripted));
  rtc_test_settle (self->fixture.context);
}

/* With good settings everything works from NULL to PLAYING. */
static void
check_restart_works (Matrix *self)
{
  const MatrixRow *row = self->row;
  const gboolean keyed = row->token != TOKEN_NONE;
  GstRtcServer *server = keyed ? self->real : self->fixture.server;
  GstElement *rtc = matrix_get_element (self);

  if (!row->automatic && !row->restarts && row->stage != AT_NULL)
    return;
  leave_scripted (self);
  rtc_pipeline_stop (self->pipeline);
  check_backend = "room";
  matrix_remove_guests (self);
  rtc_test_settle (self->fixture.context);
  rtc_pipeline_forget (self->pipeline);
  g_object_set (rtc, "server-url", gst_rtc_server_get_url (server), "app-id",
      keyed ? MATRIX_APP : "default", "room-id", MATRIX_ROOM, "user-id",
      MATRIX_USER, "token", NULL, "room-pin", NULL, "api-secret", NULL,
      "api-token", NULL, "visible", TRUE, "serve", FALSE, "auto-join", TRUE,
      "signaling-timeout", 3000, "connect-timeout", 10000, "media-timeout",
      5000, "stun-server", NULL, "tls-ca-file", NULL, NULL);
  gst_util_set_object_arg (G_OBJECT (rtc), "turn-servers", "<>");
  gst_util_set_object_arg (G_OBJECT (rtc), "local-addresses", "<127.0.0.1>");
  if (row->element == MATRIX_SRC) {
    gst_util_set_object_arg (G_OBJECT (rtc), "user-ids", "<>");
  } else {
    gst_util_set_object_arg (G_OBJECT (rtc), "video-codecs", "<VP8>");
    gst_util_set_object_arg (G_OBJECT (rtc), "audio-codecs", "<OPUS>");
  }
  if (keyed)
    set_token (self, TOKEN_GOOD);
  rtc_pipeline_play (self->pipeline);
  rtc_test_wait (self->fixture.context, is_in_state (self, "connected"));
  matrix_barrier (self);
  matrix_check_no_failure (self);
}

void
matrix_run (gconstpointer data)
{
  Matrix matrix = {.row = data};
  const MatrixRow *row = data;

  check_backend = "room";
  fixture_set_up (&matrix.fixture, NULL);
  matrix.guests = g_ptr_array_new ();
  prepare_servers (&matrix);
  make_pipeline (&matrix);
  if (!row->automatic && row->stage != AT_NULL) {
    rtc_pipeline_play (matrix.pipeline);
    reach_stage (&matrix, row->stage);
    forget (&matrix);
  }
  make_it_happen (&matrix);
  check_calls_work (&matrix);
  check_restart_works (&matrix);

  leave_scripted (&matrix);
  rtc_pipeline_free (matrix.pipeline);
  matrix_stop_janus (&matrix);
  matrix_remove_guests (&matrix);
  g_ptr_array_unref (matrix.guests);
  if (matrix.raw)
    raw_server_free (matrix.raw);
  if (matrix.real) {
    gst_rtc_server_stop (matrix.real);
    g_object_unref (matrix.real);
  }
  fixture_tear_down (&matrix.fixture, NULL);
}
