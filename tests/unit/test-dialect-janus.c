/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Janus dialect without a socket: messages of a server in, requests,
 * answers and events out. */
#include <string.h>

#include "rtcdialectjanus.h"
#include "rtcerror-private.h"
#include "rtcjanuswire.h"
#include "rtcjson.h"
#include "rtctest.h"

#define SESSION 11
#define MAIN 21
#define OFFER                                                                  \
  "v=0\\r\\nm=audio 9 UDP/TLS/RTP/SAVPF 111\\r\\na=setup:actpass\\r\\n"        \
  "m=video 9 UDP/TLS/RTP/SAVPF 96\\r\\na=rtcp-fb:96 ccm fir\\r\\n"             \
  "a=rtcp-fb:96 nack pli\\r\\na=setup:actpass\\r\\n"

/* What the dialect has done, as lines of text. */
typedef struct
{
  GMainContext *context;
  GstRtcDialect *dialect;
  GstRtcConfigValues values;
  GPtrArray *sent;     /* (element-type GstRtcJson) */
  GPtrArray *answers;  /* `7 ok`, `7 300006/432` */
  GPtrArray *events;   /* `stream-added ann camera` */
  GPtrArray *sessions; /* ids of media sessions in the order of opening */
  gchar *last_sdp;
  GstRtcRoster *roster;
  gboolean resumed;
  gboolean retryable; /* of the last error */
  guint n_extended;
  guint extension;
  guint alarm; /* ms */
  guint last_id;
} Fixture;

static void
on_send (const gchar *text, gpointer user_data)
{
  Fixture *fixture = user_data;
  GstRtcJson *json = gst_rtc_json_parse (text, strlen (text), 65536, 16, NULL);

  g_assert_nonnull (json);
  g_ptr_array_add (fixture->sent, json);
}

static void
on_answered (
    guint id, const GstRtcAnswer *answer, const GError *error, gpointer data)
{
  Fixture *fixture = data;

  g_assert_true ((answer == NULL) != (error == NULL));
  if (error) {
    fixture->retryable = gst_rtc_error_get_retryable (error);
    g_ptr_array_add (
        fixture->answers, g_strdup_printf ("%u %d/%d", id, error->code,
                              gst_rtc_error_get_native_code (error)));
    return;
  }
  g_ptr_array_add (fixture->answers,
      answer->media_session ? g_strdup_printf ("%u %s", id, "session")
                            : g_strdup_printf ("%u ok", id));
  if (!answer->roster)
    return;
  fixture->resumed = answer->resumed;
  gst_rtc_roster_clear (fixture->roster);
  {
    g_autoptr (GPtrArray) users = gst_rtc_roster_get_users (answer->roster);

    for (guint i = 0; i < users->len; i++) {
      const gchar *user = g_ptr_array_index (users, i);

      gst_rtc_roster_add_user (fixture->roster, user);
      for (gint screen = FALSE; screen <= TRUE; screen++) {
        const GstRtcStream *stream =
            gst_rtc_roster_get_stream (answer->roster, user, screen);

        if (stream)
          gst_rtc_roster_set_stream (fixture->roster, user, stream);
      }
    }
  }
}

static void
on_extend (guint id, guint ms, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_extended++;
  fixture->extension = ms;
}

static void
on_wake (guint ms, gpointer user_data)
{
  ((Fixture *)user_data)->alarm = ms;
}

static gboolean
names_stream (GstRtcEventType type)
{
  return type == GST_RTC_EVENT_STREAM_ADDED ||
         type == GST_RTC_EVENT_STREAM_REMOVED ||
         type == GST_RTC_EVENT_STREAM_MUTED ||
         type == GST_RTC_EVENT_MEDIA_OPENED ||
         type == GST_RTC_EVENT_MEDIA_TROUBLE ||
         type == GST_RTC_EVENT_PUBLICATION_BROKEN;
}

static void
on_event (const GstRtcEvent *event, gpointer user_data)
{
  Fixture *fixture = user_data;
  GString *line = g_string_new (gst_rtc_event_type_get_nick (event->type));

  if (event->type == GST_RTC_EVENT_MEDIA_OPENED)
    g_ptr_array_add (fixture->sessions, g_strdup (event->media_session));
  if (event->type == GST_RTC_EVENT_MEDIA_DESCRIPTION) {
    g_free (fixture->last_sdp);
    fixture->last_sdp = g_strdup (event->sdp);
  }
  if (event->user_id)
    g_string_append_printf (line, " %s", event->user_id);
  if (names_stream (event->type))
    g_string_append_printf (line, " %s", event->screen ? "screen" : "camera");
  if (event->type == GST_RTC_EVENT_STREAM_MUTED)
    g_string_append_printf (line, " %d", event->media);
  if (event->type == GST_RTC_EVENT_MEDIA_CANDIDATE)
    g_string_append_printf (line, " %u:%s", event->mline, event->candidate);
  if (event->type == GST_RTC_EVENT_CLIENT_BANNED)
    g_string_append_printf (line, " %s", event->reason);
  if (event->error)
    g_string_append_printf (line, " %d", event->error->code);
  g_ptr_array_add (fixture->events, g_string_free (line, FALSE));
}

static const GstRtcDialectHost host = {
    .send = on_send,
    .answered = on_answered,
    .extend = on_extend,
    .wake = on_wake,
    .event = on_event,
};

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->context = rtc_test_context_enter ();
  fixture->dialect = GST_RTC_DIALECT (gst_rtc_dialect_janus_new ());
  fixture->values = rtc_test_config_values ("janus+ws://127.0.0.1", "ann");
  fixture->values.room_id = "1234";
  fixture->sent =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_json_unref);
  fixture->answers = g_ptr_array_new_with_free_func (g_free);
  fixture->events = g_ptr_array_new_with_free_func (g_free);
  fixture->sessions = g_ptr_array_new_with_free_func (g_free);
  fixture->roster = gst_rtc_roster_new ();
  GST_RTC_DIALECT_GET_IFACE (fixture->dialect)
      ->set_host (fixture->dialect, &host, fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->dialect);
  g_ptr_array_unref (fixture->sent);
  g_ptr_array_unref (fixture->answers);
  g_ptr_array_unref (fixture->events);
  g_ptr_array_unref (fixture->sessions);
  gst_rtc_roster_free (fixture->roster);
  g_free (fixture->last_sdp);
  rtc_test_context_leave (fixture->context);
}

/* --- in and out --- */

static gboolean
try_receive (Fixture *fixture, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  gboolean alive =
      GST_RTC_DIALECT_GET_IFACE (fixture->dialect)
          ->receive (fixture->dialect, text, strlen (text), &error);

  if (!alive)
    g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED);
  return alive;
}

static void G_GNUC_PRINTF (2, 3)
    receive (Fixture *fixture, const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_assert_true (try_receive (fixture, text));
}

static const gchar *
get_request_name (GstRtcJson *json)
{
  g_autoptr (GstRtcJson) body = gst_rtc_json_get_object (json, "body");

  return body ? gst_rtc_json_get_string (body, "request")
              : gst_rtc_json_get_string (json, "janus");
}

/* The last one of that name, with the name in the body of a message. */
static GstRtcJson *
find_sent (Fixture *fixture, const gchar *name)
{
  for (guint i = fixture->sent->len; i > 0; i--) {
    GstRtcJson *json = g_ptr_array_index (fixture->sent, i - 1);

    if (g_strcmp0 (get_request_name (json), name) == 0)
      return json;
  }
  return NULL;
}

static GstRtcJson *
expect_sent (Fixture *fixture, const gchar *name)
{
  GstRtcJson *json = find_sent (fixture, name);

  if (!json)
    g_error ("no request %s was sent", name);
  return json;
}

static guint
count_sent (Fixture *fixture, const gchar *name)
{
  guint n = 0;

  for (guint i = 0; i < fixture->sent->len; i++)
    n += g_strcmp0 (get_request_name (g_ptr_array_index (fixture->sent, i)),
             name) == 0;
  return n;
}

static const gchar *
transaction_of (Fixture *fixture, const gchar *name)
{
  return gst_rtc_json_get_string (expect_sent (fixture, name), "transaction");
}

/* The body of the last request of that name as text. */
static gchar *
get_body (Fixture *fixture, const gchar *name)
{
  g_autoptr (GstRtcJson) body =
      gst_rtc_json_get_object (expect_sent (fixture, name), "body");

  return gst_rtc_json_to_text (body);
}

#define assert_body(fixture, name, text)                                       \
  G_STMT_START                                                                 \
  {                                                                            \
    g_autofree gchar *rtc_body = get_body (fixture, name);                     \
    g_assert_cmpstr (rtc_body, ==, text);                                      \
  }                                                                            \
  G_STMT_END

/* Those since the last look, joined by `, `. */
static gchar *
take_lines (GPtrArray *lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "",
        (const gchar *)g_ptr_array_index (lines, i));
  g_ptr_array_set_size (lines, 0);
  return g_string_free (text, FALSE);
}

#define assert_answers(fixture, text)                                          \
  G_STMT_START                                                                 \
  {                                                                            \
    g_autofree gchar *rtc_lines = take_lines ((fixture)->answers);             \
    g_assert_cmpstr (rtc_lines, ==, text);                                     \
  }                                                                            \
  G_STMT_END

#define assert_events(fixture, text)                                           \
  G_STMT_START                                                                 \
  {                                                                            \
    g_autofree gchar *rtc_lines = take_lines ((fixture)->events);              \
    g_assert_cmpstr (rtc_lines, ==, text);                                     \
  }                                                                            \
  G_STMT_END

static guint
request (Fixture *fixture, const GstRtcRequest *wanted)
{
  const guint id = ++fixture->last_id;

  GST_RTC_DIALECT_GET_IFACE (fixture->dialect)
      ->start_request (fixture->dialect, id, wanted);
  return id;
}

/* A reply of the core with a new id, to the last request @name. */
static void
reply_id (Fixture *fixture, const gchar *name, gint64 id)
{
  receive (fixture,
      "{\"janus\":\"success\",\"transaction\":\"%s\",\"data\":{\"id\":%d}}",
      transaction_of (fixture, name), (gint)id);
}

static void
reply_success (Fixture *fixture, const gchar *name)
{
  receive (fixture, "{\"janus\":\"success\",\"transaction\":\"%s\"}",
      transaction_of (fixture, name));
}

/* A reply of the plugin. @jsep may be empty. */
static void
reply_event (Fixture *fixture, const gchar *name, gint64 sender,
    const gchar *data, const gchar *jsep)
{
  receive (fixture,
      "{\"janus\":\"event\",\"session_id\":%d,\"sender\":%d,"
      "\"transaction\":\"%s\",\"plugindata\":{\"plugin\":\"x\",\"data\":%s}"
      "%s%s}",
      SESSION, (gint)sender, transaction_of (fixture, name), data,
      *jsep ? ",\"jsep\":" : "", jsep);
}

static void
reply_refusal (Fixture *fixture, const gchar *name, gint64 sender, gint code)
{
  g_autofree gchar *data = g_strdup_printf (
      "{\"videoroom\":\"event\",\"error_code\":%d,\"error\":\"no\"}", code);

  reply_event (fixture, name, sender, data, "");
}

static void
reply_core_error (Fixture *fixture, const gchar *name, gint code)
{
  receive (fixture,
      "{\"janus\":\"error\",\"transaction\":\"%s\","
      "\"error\":{\"code\":%d,\"reason\":\"no\"}}",
      transaction_of (fixture, name), code);
}

/* Something that was not asked for. */
static void
tell (Fixture *fixture, const gchar *data)
{
  receive (fixture,
      "{\"janus\":\"event\",\"session_id\":%d,\"sender\":%d,"
      "\"plugindata\":{\"plugin\":\"x\",\"data\":%s}}",
      SESSION, MAIN, data);
}

static void
tell_core (
    Fixture *fixture, const gchar *verb, gint64 sender, const gchar *members)
{
  receive (fixture, "{\"janus\":\"%s\",\"session_id\":%d,\"sender\":%d%s%s}",
      verb, SESSION, (gint)sender, *members ? "," : "", members);
}

#define BOB                                                                    \
  "{\"id\":5,\"display\":\"bob\",\"streams\":["                                \
  "{\"type\":\"audio\",\"mindex\":0,\"mid\":\"a\",\"codec\":\"opus\"},"        \
  "{\"type\":\"video\",\"mindex\":1,\"mid\":\"v\",\"codec\":\"vp8\"}]}"

static guint
start_join (Fixture *fixture)
{
  g_autoptr (GstRtcConfig) config = gst_rtc_config_new (&fixture->values, NULL);
  const GstRtcRequest join = {
      .operation = GST_RTC_OPERATION_JOIN,
      .config = config,
  };

  g_assert_nonnull (config);
  return request (fixture, &join);
}

static void
join_with (Fixture *fixture, const gchar *publishers)
{
  g_autofree gchar *data = g_strdup_printf (
      "{\"videoroom\":\"joined\",\"room\":1234,\"id\":1,\"private_id\":99,"
      "\"publishers\":[%s]}",
      publishers);

  start_join (fixture);
  reply_id (fixture, "create", SESSION);
  reply_id (fixture, "attach", MAIN);
  reply_event (fixture, "join", MAIN, data, "");
  assert_answers (fixture, "1 ok");
  assert_events (fixture, "");
}

static guint
start_publish (Fixture *fixture, gboolean screen)
{
  const GstRtcStream stream = {
      .screen = screen,
      .audio_codec = (gchar *)(screen ? NULL : "OPUS"),
      .video_codec = (gchar *)"VP8",
  };
  const GstRtcRequest publish = {
      .operation = GST_RTC_OPERATION_PUBLISH,
      .stream = &stream,
  };

  return request (fixture, &publish);
}

static guint
start_target (Fixture *fixture, GstRtcOperation operation, gboolean screen,
    GstRtcOptional audio, GstRtcOptional video)
{
  const GstRtcRequest wanted = {
      .operation = operation,
      .user_id = "bob",
      .screen = screen,
      .audio = audio,
      .video = video,
  };

  return request (fixture, &wanted);
}

static const gchar *
last_session (Fixture *fixture)
{
  g_assert_cmpuint (fixture->sessions->len, >, 0);
  return g_ptr_array_index (fixture->sessions, fixture->sessions->len - 1);
}

static void
describe (Fixture *fixture, const gchar *sdp)
{
  GST_RTC_DIALECT_GET_IFACE (fixture->dialect)
      ->send_description (fixture->dialect, last_session (fixture), sdp);
}

#define CONFIGURED                                                             \
  "{\"videoroom\":\"event\",\"configured\":\"ok\",\"streams\":["               \
  "{\"type\":\"audio\",\"mid\":\"audio0\"},"                                   \
  "{\"type\":\"video\",\"mid\":\"video1\"}]}"
#define ANSWER "{\"type\":\"answer\",\"sdp\":\"answer\"}"

static void
wake_later (Fixture *fixture, gint64 later)
{
  g_assert_true (
      GST_RTC_DIALECT_GET_IFACE (fixture->dialect)
          ->wake (fixture->dialect, g_get_monotonic_time () + later, NULL));
}

/* The transport of the main handle has gone, with what is left of it. */
static void
end_transport (Fixture *fixture)
{
  tell_core (fixture, "hangup", MAIN, "\"reason\":\"Close PC\"");
  wake_later (fixture, G_TIME_SPAN_SECOND);
}

static void
publish_camera (Fixture *fixture)
{
  start_publish (fixture, FALSE);
  wake_later (fixture, G_TIME_SPAN_SECOND);
  describe (fixture, "offer");
  reply_event (fixture, "publish", MAIN, CONFIGURED, ANSWER);
  tell_core (fixture, "webrtcup", MAIN, "");
  g_ptr_array_set_size (fixture->answers, 0);
  g_ptr_array_set_size (fixture->events, 0);
}

#define ATTACHED                                                               \
  "{\"videoroom\":\"attached\",\"room\":1234,\"streams\":["                    \
  "{\"type\":\"audio\",\"mid\":\"0\",\"feed_mid\":\"a\"},"                     \
  "{\"type\":\"video\",\"mid\":\"1\",\"feed_mid\":\"v\"}]}"

static void
subscribe_bob (Fixture *fixture)
{
  start_target (fixture, GST_RTC_OPERATION_SUBSCRIBE, FALSE, GST_RTC_UNSET,
      GST_RTC_UNSET);
  reply_id (fixture, "attach", 31);
  reply_event (fixture, "join", 31, ATTACHED,
      "{\"type\":\"offer\",\"sdp\":\"" OFFER "\"}");
  g_ptr_array_set_size (fixture->answers, 0);
  g_ptr_array_set_size (fixture->events, 0);
}

/* --- joining --- */

static void
test_join (Fixture *fixture, gconstpointer data)
{
  GstRtcJson *json;

  fixture->values.token = "tok";
  fixture->values.room_pin = "pin";
  fixture->values.api_secret = "sec";
  start_join (fixture);
  json = expect_sent (fixture, "create");
  g_assert_cmpstr (gst_rtc_json_get_string (json, "apisecret"), ==, "sec");
  g_assert_cmpstr (gst_rtc_json_get_string (json, "token"), ==, "tok");
  reply_id (fixture, "create", SESSION);
  /* Not of a session: Janus would not know the request. */
  g_assert_cmpint (
      gst_rtc_json_get_int (expect_sent (fixture, "info"), "session_id", 0), ==,
      0);
  json = expect_sent (fixture, "attach");
  g_assert_cmpint (gst_rtc_json_get_int (json, "session_id", 0), ==, SESSION);
  g_assert_cmpstr (
      gst_rtc_json_get_string (json, "plugin"), ==, "janus.plugin.videoroom");
  reply_id (fixture, "attach", MAIN);
  assert_body (fixture, "join",
      "{\"request\":\"join\",\"room\":1234,\"ptype\":\"publisher\","
      "\"pin\":\"pin\",\"token\":\"tok\",\"display\":\"ann\"}");
  reply_event (fixture, "join", MAIN,
      "{\"videoroom\":\"joined\",\"id\":1,\"private_id\":99,"
      "\"attendees\":[{\"id\":6,\"display\":\"cid\"},{\"id\":7}],"
      "\"publishers\":[" BOB ",{\"id\":8,\"display\":\"bob/screen\","
      "\"streams\":[{\"type\":\"video\",\"mid\":\"0\",\"codec\":\"vp8\"}]},"
      "{\"id\":9,\"display\":\"a b\",\"streams\":[]}]}",
      "");
  /* The ack may come behind it. */
  receive (fixture, "{\"janus\":\"ack\",\"transaction\":\"%s\"}",
      transaction_of (fixture, "join"));
  assert_answers (fixture, "1 ok");
  assert_events (fixture, "");
  g_assert_cmpuint (gst_rtc_roster_get_n_users (fixture->roster), ==, 3);
  g_assert_true (gst_rtc_roster_has_user (fixture->roster, "cid"));
  g_assert_true (gst_rtc_roster_has_user (fixture->roster, "9"));
  g_assert_cmpstr (
      gst_rtc_roster_get_stream (fixture->roster, "bob", FALSE)->audio_codec,
      ==, "OPUS");
  g_assert_nonnull (gst_rtc_roster_get_stream (fixture->roster, "bob", TRUE));
  g_assert_cmpuint (fixture->alarm, >, 0);
  g_assert_cmpuint (fixture->alarm, <=, 25001);
}

/* The names of another kind of server, which it says by its refusal. */
static void
test_string_ids (Fixture *fixture, gconstpointer data)
{
  fixture->values.visible = TRUE;
  start_join (fixture);
  reply_id (fixture, "create", SESSION);
  reply_id (fixture, "attach", MAIN);
  reply_refusal (fixture, "join", MAIN, 430);
  assert_answers (fixture, "");
  assert_body (fixture, "join",
      "{\"request\":\"join\",\"room\":\"1234\",\"ptype\":\"publisher\","
      "\"display\":\"ann\",\"id\":\"ann\"}");
  reply_event (fixture, "join", MAIN,
      "{\"videoroom\":\"joined\",\"id\":\"ann\",\"publishers\":["
      "{\"id\":\"bob\",\"display\":\"Bob B.\",\"streams\":[]},"
      "{\"id\":\"bob/screen\",\"streams\":[{\"type\":\"video\",\"mid\":\"0\","
      "\"codec\":\"vp8\"}]},{\"id\":\"b c\",\"streams\":[]}]}",
      "");
  assert_answers (fixture, "1 ok");
  g_assert_cmpuint (gst_rtc_roster_get_n_users (fixture->roster), ==, 2);
  g_assert_nonnull (gst_rtc_roster_get_stream (fixture->roster, "bob", TRUE));
  /* A second refusal of the kind would be final. */
  start_publish (fixture, TRUE);
  reply_id (fixture, "attach", 41);
  assert_body (fixture, "join",
      "{\"request\":\"join\",\"room\":\"1234\",\"ptype\":\"publisher\","
      "\"display\":\"ann/screen\",\"id\":\"ann/screen\"}");
}

static void
test_invisible (Fixture *fixture, gconstpointer data)
{
  fixture->values.visible = FALSE;
  fixture->values.room_id = "hall";
  start_join (fixture);
  reply_id (fixture, "create", SESSION);
  reply_id (fixture, "attach", MAIN);
  assert_body (fixture, "join",
      "{\"request\":\"join\",\"room\":\"hall\",\"ptype\":\"publisher\"}");
  reply_event (fixture, "join", MAIN, "{\"id\":\"x-1\"}", "");
  assert_answers (fixture, "1 ok");
  start_publish (fixture, FALSE);
  assert_answers (fixture, "2 300006/0");
}

static void
test_create_room (Fixture *fixture, gconstpointer data)
{
  fixture->values.create_room = TRUE;
  fixture->values.room_pin = "pin";
  start_join (fixture);
  reply_id (fixture, "create", SESSION);
  reply_id (fixture, "attach", MAIN);
  reply_refusal (fixture, "join", MAIN, 426);
  assert_body (fixture, "create",
      "{\"request\":\"create\",\"room\":1234,\"pin\":\"pin\","
      "\"publishers\":100,\"audiocodec\":\"opus,pcmu,pcma\","
      "\"videocodec\":\"vp8,h264,vp9,av1\",\"notify_joining\":true}");
  /* Somebody was faster. */
  reply_refusal (fixture, "create", MAIN, 427);
  g_assert_cmpuint (count_sent (fixture, "join"), ==, 2);
  reply_refusal (fixture, "join", MAIN, 426);
  assert_answers (fixture, "1 300008/426");
  /* The session does not stay for as long as the server would keep it. */
  g_assert_cmpint (
      gst_rtc_json_get_int (expect_sent (fixture, "destroy"), "session_id", 0),
      ==, SESSION);
}

static void
test_join_refused (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const gchar *step;
    gint code;
    gboolean retryable;
  } rows[] = {
      {"create", 403, FALSE},
      {"create", 472, TRUE},
      {"attach", 405, FALSE},
      {"attach", 460, FALSE},
      {"join", 426, FALSE},
      {"join", 429, FALSE},
      {"join", 433, FALSE},
      {"join", 436, TRUE},
      {"join", 499, TRUE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *expected = NULL;

    if (i > 0) {
      tear_down (fixture, NULL);
      *fixture = (Fixture){NULL};
      set_up (fixture, NULL);
    }
    start_join (fixture);
    if (!g_str_equal (rows[i].step, "create"))
      reply_id (fixture, "create", SESSION);
    if (g_str_equal (rows[i].step, "join")) {
      reply_id (fixture, "attach", MAIN);
      reply_refusal (fixture, "join", MAIN, rows[i].code);
    } else {
      reply_core_error (fixture, rows[i].step, rows[i].code);
    }
    expected = g_strdup_printf ("1 300008/%d", rows[i].code);
    assert_answers (fixture, expected);
    g_assert_cmpint (fixture->retryable, ==, rows[i].retryable);
  }
}

static void
test_leave (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest leave = {.operation = GST_RTC_OPERATION_LEAVE};

  join_with (fixture, BOB);
  request (fixture, &leave);
  g_assert_null (find_sent (fixture, "destroy"));
  reply_event (fixture, "leave", MAIN, "{\"leaving\":\"ok\"}", "");
  /* What the session tells of its own end is no loss of it. */
  tell_core (fixture, "detached", MAIN, "");
  tell (fixture, "{\"videoroom\":\"event\",\"leaving\":\"ok\"}");
  assert_events (fixture, "");
  reply_core_error (fixture, "destroy", 458);
  assert_answers (fixture, "2 ok");
}

/* --- publishing --- */

static void
test_publish (Fixture *fixture, gconstpointer data)
{
  GstRtcJson *json;
  g_autoptr (GstRtcJson) jsep = NULL;

  join_with (fixture, "");
  start_publish (fixture, FALSE);
  assert_events (fixture, "media-opened camera");
  /* What the transport takes is not the server's time. */
  g_assert_cmpuint (
      fixture->extension, ==, GST_RTC_DEFAULT_CONNECT_TIMEOUT + 3000);
  describe (fixture, "offer");
  g_assert_cmpuint (fixture->extension, ==, 0);
  assert_body (fixture, "publish",
      "{\"request\":\"publish\",\"audiocodec\":\"opus\","
      "\"videocodec\":\"vp8\"}");
  json = expect_sent (fixture, "publish");
  jsep = gst_rtc_json_get_object (json, "jsep");
  g_assert_cmpstr (gst_rtc_json_get_string (jsep, "type"), ==, "offer");
  receive (fixture, "{\"janus\":\"ack\",\"transaction\":\"%s\"}",
      transaction_of (fixture, "publish"));
  tell_core (fixture, "trickle", MAIN,
      "\"candidate\":{\"sdpMLineIndex\":0,\"candidate\":\"candidate:1\"}");
  reply_event (fixture, "publish", MAIN, CONFIGURED, ANSWER);
  assert_events (fixture, "media-candidate 0:candidate:1, media-description");
  g_assert_cmpstr (fixture->last_sdp, ==, "answer");
  /* Published is what the others can see. */
  assert_answers (fixture, "");
  tell_core (fixture, "webrtcup", MAIN, "");
  assert_answers (fixture, "2 ok");
}

static void
test_publish_refused (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, "");
  start_publish (fixture, FALSE);
  describe (fixture, "offer");
  reply_refusal (fixture, "publish", MAIN, 432);
  assert_answers (fixture, "2 300006/432");
  assert_events (fixture, "media-opened camera, media-closed");
  g_assert_nonnull (find_sent (fixture, "hangup"));

  /* A codec that the room does not have is no error to Janus. */
  start_publish (fixture, FALSE);
  end_transport (fixture);
  describe (fixture, "offer");
  reply_event (fixture, "publish", MAIN,
      "{\"configured\":\"ok\",\"streams\":[{\"type\":\"audio\",\"mid\":\"a\"},"
      "{\"type\":\"video\",\"mid\":\"v\",\"disabled\":true}]}",
      ANSWER);
  assert_answers (fixture, "3 300006/0");
  assert_events (fixture, "media-opened camera, media-closed");
  g_assert_cmpuint (count_sent (fixture, "unpublish"), ==, 1);
  reply_event (fixture, "unpublish", MAIN, "{\"unpublished\":\"ok\"}", "");

  /* Nor is one without an answer. */
  start_publish (fixture, FALSE);
  end_transport (fixture);
  describe (fixture, "offer");
  reply_event (fixture, "publish", MAIN, "{\"configured\":\"ok\"}", "");
  assert_answers (fixture, "4 300006/0");
}

/* The transport before has to be gone. */
static void
test_publish_again (Fixture *fixture, gconstpointer data)
{
  GstRtcDialectInterface *iface = GST_RTC_DIALECT_GET_IFACE (fixture->dialect);

  join_with (fixture, "");
  publish_camera (fixture);
  start_target (fixture, GST_RTC_OPERATION_UNPUBLISH, FALSE, GST_RTC_UNSET,
      GST_RTC_UNSET);
  reply_event (fixture, "unpublish", MAIN, "{\"unpublished\":\"ok\"}", "");
  assert_answers (fixture, "3 ok");
  assert_events (fixture, "media-closed");
  start_publish (fixture, FALSE);
  assert_events (fixture, "");
  /* Its end is told before all of it has gone. */
  tell_core (fixture, "hangup", MAIN, "\"reason\":\"Close PC\"");
  assert_events (fixture, "");
  g_assert_cmpuint (fixture->alarm, <=, 1000);
  wake_later (fixture, G_TIME_SPAN_SECOND);
  assert_events (fixture, "media-opened camera");
  describe (fixture, "offer");
  iface->send_candidate (
      fixture->dialect, last_session (fixture), 0, "candidate:1");
  reply_core_error (fixture, "publish", 490);
  assert_answers (fixture, "");
  wake_later (fixture, G_TIME_SPAN_SECOND);
  g_assert_cmpuint (count_sent (fixture, "publish"), ==, 3);
  g_assert_null (find_sent (fixture, "trickle"));
  reply_event (fixture, "publish", MAIN, CONFIGURED, ANSWER);
  g_assert_nonnull (find_sent (fixture, "trickle"));
  tell_core (fixture, "webrtcup", MAIN, "");
  assert_answers (fixture, "4 ok");
}

/* A transport that never came up is not ended by the room, and would spoil
 * the next one on the handle. */
static void
test_publish_after_a_failure (Fixture *fixture, gconstpointer data)
{
  GstRtcDialectInterface *iface = GST_RTC_DIALECT_GET_IFACE (fixture->dialect);

  join_with (fixture, "");
  start_publish (fixture, FALSE);
  describe (fixture, "offer");
  reply_event (fixture, "publish", MAIN, CONFIGURED, ANSWER);
  iface->close_media (fixture->dialect, last_session (fixture), "no ICE");
  assert_answers (fixture, "2 300006/0");
  start_publish (fixture, FALSE);
  g_assert_null (find_sent (fixture, "hangup"));
  reply_refusal (fixture, "unpublish", MAIN, 435);
  g_assert_nonnull (find_sent (fixture, "hangup"));
  g_assert_cmpuint (1, ==, fixture->sessions->len);
  end_transport (fixture);
  g_assert_cmpuint (2, ==, fixture->sessions->len);

  /* One whose end is told in time is not ended again. */
  describe (fixture, "offer");
  reply_event (fixture, "publish", MAIN, CONFIGURED, ANSWER);
  iface->close_media (fixture->dialect, last_session (fixture), "no ICE");
  tell_core (fixture, "hangup", MAIN, "\"reason\":\"DTLS alert\"");
  reply_refusal (fixture, "unpublish", MAIN, 435);
  g_assert_cmpuint (count_sent (fixture, "hangup"), ==, 1);
  assert_answers (fixture, "3 300006/0");

  /* One whose end is never told is not waited for for ever. */
  start_publish (fixture, FALSE);
  wake_later (fixture, G_TIME_SPAN_SECOND);
  describe (fixture, "offer");
  reply_event (fixture, "publish", MAIN, CONFIGURED, ANSWER);
  iface->close_media (fixture->dialect, last_session (fixture), "no ICE");
  start_publish (fixture, FALSE);
  wake_later (fixture, 2 * G_TIME_SPAN_SECOND);
  g_assert_cmpuint (3, ==, fixture->sessions->len);
  wake_later (fixture, 4 * G_TIME_SPAN_SECOND);
  g_assert_cmpuint (4, ==, fixture->sessions->len);
}

/* The room client gave up; what the server does all the same is undone. */
static void
test_publish_forgotten (Fixture *fixture, gconstpointer data)
{
  GstRtcDialectInterface *iface = GST_RTC_DIALECT_GET_IFACE (fixture->dialect);
  guint id;

  join_with (fixture, "");
  start_publish (fixture, FALSE);
  describe (fixture, "offer");
  iface->forget_request (fixture->dialect, 2);
  id = start_target (fixture, GST_RTC_OPERATION_UNPUBLISH, FALSE, GST_RTC_UNSET,
      GST_RTC_UNSET);
  iface->forget_request (fixture->dialect, id);
  /* One request at a time. */
  g_assert_cmpuint (count_sent (fixture, "unpublish"), ==, 0);
  reply_event (fixture, "publish", MAIN, CONFIGURED, ANSWER);
  g_assert_cmpuint (count_sent (fixture, "unpublish"), ==, 1);
  assert_events (fixture, "media-opened camera");
  /* The next one is not what the unpublish ends. */
  start_publish (fixture, FALSE);
  assert_events (fixture, "media-closed");
  reply_event (fixture, "unpublish", MAIN, "{\"unpublished\":\"ok\"}", "");
  assert_answers (fixture, "");
  assert_events (fixture, "");
  end_transport (fixture);
  assert_events (fixture, "media-opened camera");
}

/* Nor does the next one begin before it is known what becomes of that one. */
static void
test_publish_too_early (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, "");
  start_publish (fixture, FALSE);
  describe (fixture, "offer");
  start_target (fixture, GST_RTC_OPERATION_UNPUBLISH, FALSE, GST_RTC_UNSET,
      GST_RTC_UNSET);
  start_publish (fixture, FALSE);
  assert_events (fixture, "media-opened camera, media-closed");
  reply_event (fixture, "publish", MAIN, CONFIGURED, ANSWER);
  reply_event (fixture, "unpublish", MAIN, "{\"unpublished\":\"ok\"}", "");
  assert_events (fixture, "");
  end_transport (fixture);
  assert_events (fixture, "media-opened camera");
}

static void
test_screen (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, "");
  start_publish (fixture, TRUE);
  assert_events (fixture, "");
  reply_id (fixture, "attach", 41);
  assert_body (fixture, "join",
      "{\"request\":\"join\",\"room\":1234,\"ptype\":\"publisher\","
      "\"display\":\"ann/screen\"}");
  reply_event (fixture, "join", 41,
      "{\"videoroom\":\"joined\",\"id\":2,\"publishers\":[" BOB "]}", "");
  /* The others are told to the main handle. */
  assert_events (fixture, "media-opened screen");
  describe (fixture, "offer");
  reply_event (fixture, "publish", 41,
      "{\"configured\":\"ok\",\"streams\":[{\"type\":\"video\",\"mid\":\"v\"}]"
      "}",
      ANSWER);
  tell_core (fixture, "webrtcup", 41, "");
  assert_answers (fixture, "2 ok");
  tell (fixture, "{\"videoroom\":\"event\",\"publishers\":[{\"id\":2,"
                 "\"display\":\"ann/screen\",\"streams\":[]}]}");
  assert_events (fixture, "media-description");
  start_target (
      fixture, GST_RTC_OPERATION_UNPUBLISH, TRUE, GST_RTC_UNSET, GST_RTC_UNSET);
  reply_event (fixture, "leave", 41, "{\"leaving\":\"ok\"}", "");
  assert_answers (fixture, "3 ok");
  g_assert_cmpuint (count_sent (fixture, "detach"), ==, 1);
}

static void
test_mute_local (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, "");
  start_publish (fixture, FALSE);
  /* Too early, and not lost. */
  start_target (fixture, GST_RTC_OPERATION_MUTE_LOCAL, FALSE, GST_RTC_UNSET,
      GST_RTC_TRUE);
  describe (fixture, "v=0\r\nm=audio 9 x 1\r\na=mid:a\r\n"
                     "m=video 9 x 1\r\na=mid:v\r\n");
  assert_body (fixture, "publish",
      "{\"request\":\"publish\",\"audiocodec\":\"opus\","
      "\"videocodec\":\"vp8\",\"descriptions\":[{\"mid\":\"v\","
      "\"description\":\"muted\"}]}");
  reply_event (fixture, "publish", MAIN, CONFIGURED, ANSWER);
  /* Janus would announce what nobody can subscribe yet. */
  g_assert_null (find_sent (fixture, "configure"));
  tell_core (fixture, "webrtcup", MAIN, "");
  assert_answers (fixture, "2 ok");
  assert_body (fixture, "configure",
      "{\"request\":\"configure\",\"streams\":[{\"mid\":\"video1\","
      "\"send\":false}],\"descriptions\":[{\"mid\":\"video1\","
      "\"description\":\"muted\"}]}");
  reply_event (fixture, "configure", MAIN, "{\"configured\":\"ok\"}", "");
  assert_answers (fixture, "3 ok");
  start_target (fixture, GST_RTC_OPERATION_MUTE_LOCAL, FALSE, GST_RTC_FALSE,
      GST_RTC_FALSE);
  assert_body (fixture, "configure",
      "{\"request\":\"configure\",\"streams\":[{\"mid\":\"audio0\","
      "\"send\":true},{\"mid\":\"video1\",\"send\":true,\"keyframe\":true}],"
      "\"descriptions\":[{\"mid\":\"audio0\",\"description\":\"live\"},"
      "{\"mid\":\"video1\",\"description\":\"live\"}]}");
  reply_refusal (fixture, "configure", MAIN, 428);
  assert_answers (fixture, "4 300003/428");
}

/* What ends a publication, and what is only worth a word. */
static void
test_publication_events (Fixture *fixture, gconstpointer data)
{
  GstRtcDialectInterface *iface = GST_RTC_DIALECT_GET_IFACE (fixture->dialect);
  const gint64 later = g_get_monotonic_time () + 6 * G_TIME_SPAN_SECOND;

  join_with (fixture, "");
  publish_camera (fixture);
  tell_core (fixture, "slowlink", MAIN,
      "\"media\":\"video\",\"uplink\":true,\"lost\":9");
  assert_events (fixture, "media-trouble camera 300006");
  tell (fixture, "{\"videoroom\":\"event\",\"id\":1,\"mid\":\"video1\","
                 "\"moderation\":\"muted\"}");
  assert_events (fixture, "media-trouble camera 300006");
  tell (fixture, "{\"videoroom\":\"event\",\"id\":1,\"mid\":\"video1\","
                 "\"moderation\":\"unmuted\"}");
  assert_events (fixture, "");

  tell_core (fixture, "media", MAIN, "\"type\":\"video\",\"receiving\":false");
  assert_events (fixture, "");
  g_assert_cmpuint (fixture->alarm, <=, GST_RTC_DEFAULT_MEDIA_TIMEOUT + 1);
  tell_core (fixture, "media", MAIN, "\"type\":\"video\",\"receiving\":true");
  g_assert_true (iface->wake (fixture->dialect, later, NULL));
  assert_events (fixture, "");

  tell_core (fixture, "hangup", MAIN, "\"reason\":\"ICE failed\"");
  assert_events (fixture, "media-closed, publication-broken camera 300006");
  g_assert_null (find_sent (fixture, "unpublish"));

  /* The own side has given it up. */
  publish_camera (fixture);
  iface->close_media (fixture->dialect, last_session (fixture), "no ICE");
  assert_events (fixture, "publication-broken camera 300006");
  g_assert_nonnull (find_sent (fixture, "unpublish"));
}

/* --- subscribing --- */

static void
test_subscribe (Fixture *fixture, gconstpointer data)
{
  GstRtcDialectInterface *iface = GST_RTC_DIALECT_GET_IFACE (fixture->dialect);
  GstRtcJson *json;

  join_with (fixture, BOB);
  start_target (fixture, GST_RTC_OPERATION_SUBSCRIBE, FALSE, GST_RTC_UNSET,
      GST_RTC_FALSE);
  reply_id (fixture, "attach", 31);
  assert_body (fixture, "join",
      "{\"request\":\"join\",\"room\":1234,\"ptype\":\"subscriber\","
      "\"private_id\":99,\"autoupdate\":false,\"streams\":["
      "{\"feed\":5,\"mid\":\"v\"},{\"feed\":5,\"mid\":\"a\"}]}");
  /* Candidates come before the offer. */
  tell_core (fixture, "trickle", 31,
      "\"candidate\":{\"sdpMLineIndex\":0,\"candidate\":\"candidate:1\"}");
  tell_core (fixture, "trickle", 31, "\"candidate\":{\"completed\":true}");
  assert_events (fixture, "");
  reply_event (fixture, "join", 31, ATTACHED,
      "{\"type\":\"offer\",\"sdp\":\"" OFFER "\"}");
  assert_answers (fixture, "2 session");
  assert_events (fixture,
      "media-opened bob camera, media-candidate 0:candidate:1, "
      "media-candidate 0:, media-description");
  g_assert_null (strstr (fixture->last_sdp, "ccm fir"));
  g_assert_null (strstr (fixture->last_sdp, "actpass"));
  g_assert_nonnull (strstr (fixture->last_sdp, "a=setup:active\r\n"));
  g_assert_nonnull (strstr (fixture->last_sdp, "nack pli\r\n"));
  /* What is not wanted is not delivered. */
  assert_body (fixture, "configure",
      "{\"request\":\"configure\",\"streams\":[{\"mid\":\"1\","
      "\"send\":false}]}");
  describe (fixture, "answer");
  g_assert_null (find_sent (fixture, "start"));
  reply_event (fixture, "configure", 31, "{\"configured\":\"ok\"}", "");
  assert_body (fixture, "start", "{\"request\":\"start\"}");

  iface->send_candidate (
      fixture->dialect, last_session (fixture), 0, "candidate:2");
  json = expect_sent (fixture, "trickle");
  g_assert_cmpint (gst_rtc_json_get_int (json, "handle_id", 0), ==, 31);
  iface->send_candidate (fixture->dialect, last_session (fixture), 0, "");
  reply_event (fixture, "start", 31, "{\"started\":\"ok\"}", "");

  /* Again, with other options. */
  start_target (fixture, GST_RTC_OPERATION_SUBSCRIBE, FALSE, GST_RTC_UNSET,
      GST_RTC_UNSET);
  assert_body (fixture, "configure",
      "{\"request\":\"configure\",\"streams\":[{\"mid\":\"1\","
      "\"send\":true}]}");
  reply_event (fixture, "configure", 31, "{\"configured\":\"ok\"}", "");
  assert_answers (fixture, "3 session");

  start_target (fixture, GST_RTC_OPERATION_UNSUBSCRIBE, FALSE, GST_RTC_UNSET,
      GST_RTC_UNSET);
  assert_answers (fixture, "4 ok");
  assert_events (fixture, "media-closed");
  g_assert_cmpuint (count_sent (fixture, "detach"), ==, 1);
}

static void
test_subscribe_refused (Fixture *fixture, gconstpointer data)
{
  gint64 later = g_get_monotonic_time ();

  join_with (fixture, BOB);
  start_target (fixture, GST_RTC_OPERATION_SUBSCRIBE, FALSE, GST_RTC_UNSET,
      GST_RTC_UNSET);
  reply_id (fixture, "attach", 31);
  /* It may be told before it is there. */
  for (guint i = 0; i < 10; i++) {
    reply_refusal (fixture, "join", 31, 428);
    assert_answers (fixture, "");
    g_assert_cmpuint (fixture->alarm, <=, 251);
    later += G_TIME_SPAN_SECOND;
    g_assert_true (GST_RTC_DIALECT_GET_IFACE (fixture->dialect)
                       ->wake (fixture->dialect, later, NULL));
  }
  reply_refusal (fixture, "join", 31, 428);
  assert_answers (fixture, "2 200001/428");
  start_target (fixture, GST_RTC_OPERATION_SUBSCRIBE, FALSE, GST_RTC_UNSET,
      GST_RTC_UNSET);
  reply_core_error (fixture, "attach", 461);
  assert_answers (fixture, "3 300001/461");
  start_target (
      fixture, GST_RTC_OPERATION_SUBSCRIBE, TRUE, GST_RTC_UNSET, GST_RTC_UNSET);
  assert_answers (fixture, "4 200001/0");
  assert_events (fixture, "");
}

static void
test_mute_remote (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, BOB);
  subscribe_bob (fixture);
  start_target (fixture, GST_RTC_OPERATION_MUTE_REMOTE, FALSE, GST_RTC_UNSET,
      GST_RTC_TRUE);
  reply_refusal (fixture, "configure", 31, 499);
  assert_answers (fixture, "3 300004/499");
  /* It was not muted, so it is asked for again. */
  start_target (fixture, GST_RTC_OPERATION_MUTE_REMOTE, FALSE, GST_RTC_UNSET,
      GST_RTC_TRUE);
  g_assert_cmpuint (count_sent (fixture, "configure"), ==, 2);
  reply_event (fixture, "configure", 31, "{\"configured\":\"ok\"}", "");
  assert_answers (fixture, "4 session");
  /* One that the end of the stream cuts off. */
  start_target (fixture, GST_RTC_OPERATION_MUTE_REMOTE, FALSE, GST_RTC_TRUE,
      GST_RTC_UNSET);
  tell (fixture, "{\"videoroom\":\"event\",\"unpublished\":5}");
  assert_answers (fixture, "5 300004/0");
  assert_events (fixture, "stream-removed bob camera, media-closed");
}

static void
test_subscription_events (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, BOB);
  subscribe_bob (fixture);
  tell_core (fixture, "slowlink", 31, "\"media\":\"video\",\"lost\":3");
  assert_events (fixture, "media-trouble bob camera 300001");
  tell_core (fixture, "event", 31,
      "\"plugindata\":{\"plugin\":\"janus.plugin.videoroom\",\"data\":"
      "{\"videoroom\":\"updated\"}},\"jsep\":{\"type\":\"offer\","
      "\"sdp\":\"v=0\"}");
  assert_events (fixture, "media-description");
  tell_core (fixture, "hangup", 31, "\"reason\":\"DTLS alert\"");
  assert_events (fixture, "media-closed 300001");
  subscribe_bob (fixture);
  tell_core (fixture, "detached", 31, "");
  assert_events (fixture, "media-closed 300001");
}

/* --- the room --- */

static void
test_room_events (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const gchar *told;
    const gchar *events;
  } rows[] = {
      {"{\"videoroom\":\"event\",\"joining\":{\"id\":6,\"display\":\"cid\"}}",
          "peer-online cid"},
      {"{\"videoroom\":\"event\",\"joining\":{\"id\":7}}", ""},
      {"{\"videoroom\":\"event\",\"publishers\":[" BOB "]}",
          "peer-online bob, stream-added bob camera"},
      {"{\"videoroom\":\"event\",\"publishers\":[" BOB "]}", ""},
      {"{\"videoroom\":\"event\",\"publishers\":[{\"id\":8,"
       "\"display\":\"bob/screen\",\"streams\":[{\"type\":\"video\","
       "\"mid\":\"0\",\"codec\":\"vp8\"}]}]}",
          "stream-added bob screen"},
      {"{\"videoroom\":\"event\",\"publishers\":[{\"id\":5,"
       "\"display\":\"bob\",\"streams\":["
       "{\"type\":\"audio\",\"mid\":\"a\",\"codec\":\"opus\","
       "\"description\":\"muted\"},"
       "{\"type\":\"video\",\"mid\":\"v\",\"codec\":\"vp8\"}]}]}",
          "stream-muted bob camera 1"},
      {"{\"videoroom\":\"event\",\"id\":5,\"mid\":\"v\","
       "\"moderation\":\"muted\"}",
          "stream-muted bob camera 3"},
      {"{\"videoroom\":\"event\",\"id\":5,\"mid\":\"v\","
       "\"moderation\":\"unmuted\"}",
          "stream-muted bob camera 1"},
      {"{\"videoroom\":\"event\",\"publishers\":[{\"id\":5,"
       "\"display\":\"bob\",\"streams\":["
       "{\"type\":\"audio\",\"mid\":\"a\",\"codec\":\"opus\"},"
       "{\"type\":\"video\",\"mid\":\"v\",\"codec\":\"h264\"}]}]}",
          "stream-removed bob camera, stream-added bob camera"},
      {"{\"videoroom\":\"event\",\"id\":5,\"display\":\"eve\"}", ""},
      {"{\"videoroom\":\"event\",\"unpublished\":5}",
          "stream-removed bob camera"},
      {"{\"videoroom\":\"event\",\"unpublished\":5}", ""},
      {"{\"videoroom\":\"event\",\"leaving\":5}", ""},
      {"{\"videoroom\":\"event\",\"kicked\":8}",
          "stream-removed bob screen, peer-leave bob"},
      {"{\"videoroom\":\"event\",\"leaving\":7}", ""},
      {"{\"videoroom\":\"event\",\"leaving\":6}", "peer-leave cid"},
      {"{\"videoroom\":\"talking\",\"id\":5}", ""},
      /* A name belongs to the last one who has taken it. */
      {"{\"videoroom\":\"event\",\"publishers\":[" BOB "]}",
          "peer-online bob, stream-added bob camera"},
      {"{\"videoroom\":\"event\",\"publishers\":[{\"id\":15,"
       "\"display\":\"bob\",\"streams\":[{\"type\":\"audio\",\"mid\":\"a\","
       "\"codec\":\"opus\"}]}]}",
          "stream-removed bob camera, stream-added bob camera"},
      {"{\"videoroom\":\"event\",\"leaving\":5}", ""},
      {"{\"videoroom\":\"event\",\"publishers\":[{\"id\":16,"
       "\"streams\":[{\"type\":\"data\",\"mid\":\"d\"},"
       "{\"type\":\"video\",\"mid\":\"v\",\"codec\":\"vp8\",\"disabled\":true}"
       "]}]}",
          "peer-online 16"},
  };

  join_with (fixture, "");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    tell (fixture, rows[i].told);
    assert_events (fixture, rows[i].events);
  }
}

static void
test_removed (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, "");
  tell (fixture,
      "{\"videoroom\":\"event\",\"leaving\":\"ok\",\"reason\":\"kicked\"}");
  assert_events (fixture, "client-banned kicked");
  tear_down (fixture, NULL);
  *fixture = (Fixture){NULL};
  set_up (fixture, NULL);
  join_with (fixture, "");
  tell (fixture, "{\"videoroom\":\"destroyed\",\"room\":1234}");
  assert_events (fixture, "client-banned the room was destroyed");
  g_assert_cmpuint (fixture->alarm, ==, 0);
}

/* --- the session --- */

static void
lose_socket (Fixture *fixture)
{
  GST_RTC_DIALECT_GET_IFACE (fixture->dialect)->reset (fixture->dialect);
  g_ptr_array_set_size (fixture->sent, 0);
  g_ptr_array_set_size (fixture->answers, 0);
  g_ptr_array_set_size (fixture->events, 0);
}

static void
test_session_lost (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, BOB);
  publish_camera (fixture);
  g_assert_false (
      try_receive (fixture, "{\"janus\":\"timeout\",\"session_id\":11}"));
  lose_socket (fixture);
  /* Nothing is left that could be claimed. */
  start_join (fixture);
  g_assert_nonnull (find_sent (fixture, "create"));
  g_assert_null (find_sent (fixture, "claim"));
  reply_id (fixture, "create", SESSION);
  reply_id (fixture, "attach", MAIN);
  /* The member before may not be gone yet. */
  reply_refusal (fixture, "join", MAIN, 436);
  assert_answers (fixture, "");
  g_assert_cmpuint (fixture->alarm, <=, 251);
  g_assert_true (
      GST_RTC_DIALECT_GET_IFACE (fixture->dialect)
          ->wake (fixture->dialect,
              g_get_monotonic_time () + 300 * G_TIME_SPAN_MILLISECOND, NULL));
  g_assert_cmpuint (count_sent (fixture, "join"), ==, 2);
  reply_event (fixture, "join", MAIN, "{\"id\":3,\"publishers\":[]}", "");
  assert_answers (fixture, "3 ok");
  g_assert_false (fixture->resumed);

  tear_down (fixture, NULL);
  *fixture = (Fixture){NULL};
  set_up (fixture, NULL);
  join_with (fixture, "");
  g_assert_false (try_receive (
      fixture, "{\"janus\":\"detached\",\"session_id\":11,\"sender\":21}"));
}

static void
test_keepalive (Fixture *fixture, gconstpointer data)
{
  GstRtcDialectInterface *iface = GST_RTC_DIALECT_GET_IFACE (fixture->dialect);
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  start_join (fixture);
  reply_id (fixture, "create", SESSION);
  receive (fixture,
      "{\"janus\":\"server_info\",\"transaction\":\"%s\","
      "\"session-timeout\":9}",
      transaction_of (fixture, "info"));
  g_assert_cmpuint (fixture->alarm, <=, 3001);
  reply_id (fixture, "attach", MAIN);
  reply_event (fixture, "join", MAIN, "{\"id\":1}", "");

  g_assert_true (iface->wake (fixture->dialect, now, NULL));
  g_assert_null (find_sent (fixture, "keepalive"));
  now += 4 * G_TIME_SPAN_SECOND;
  g_assert_true (iface->wake (fixture->dialect, now, NULL));
  receive (fixture, "{\"janus\":\"ack\",\"transaction\":\"%s\"}",
      transaction_of (fixture, "keepalive"));
  now += 4 * G_TIME_SPAN_SECOND;
  g_assert_true (iface->wake (fixture->dialect, now, NULL));
  g_assert_cmpuint (count_sent (fixture, "keepalive"), ==, 2);
  /* A server that is silent is not there any more. */
  g_assert_false (iface->wake (fixture->dialect, now, &error));
  g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED);
}

#define CID                                                                    \
  "{\"id\":6,\"display\":\"cid\",\"streams\":["                                \
  "{\"type\":\"audio\",\"mid\":\"a\",\"codec\":\"opus\"}]}"

static void
assert_room_of_cid (Fixture *fixture, gboolean sending)
{
  g_assert_cmpuint (gst_rtc_roster_get_n_users (fixture->roster), ==, 1);
  g_assert_true (gst_rtc_roster_has_user (fixture->roster, "cid"));
  g_assert_cmpint (sending, ==,
      gst_rtc_roster_get_stream (fixture->roster, "cid", FALSE) != NULL);
}

/* Janus may tell of an end before it sends the list that it made before. */
static void
test_list_is_older (Fixture *fixture, gconstpointer data)
{
  start_join (fixture);
  reply_id (fixture, "create", SESSION);
  reply_id (fixture, "attach", MAIN);
  tell (fixture, "{\"videoroom\":\"event\",\"leaving\":5}");
  tell (fixture, "{\"videoroom\":\"event\",\"unpublished\":6}");
  reply_event (
      fixture, "join", MAIN, "{\"id\":1,\"publishers\":[" BOB "," CID "]}", "");
  assert_answers (fixture, "1 ok");
  assert_room_of_cid (fixture, FALSE);
  assert_events (fixture, "");
  tell (fixture, "{\"videoroom\":\"event\",\"publishers\":[" BOB "," CID "]}");
  assert_events (fixture,
      "peer-online bob, stream-added bob camera, stream-added cid camera");

  lose_socket (fixture);
  start_join (fixture);
  reply_success (fixture, "claim");
  tell (fixture, "{\"videoroom\":\"event\",\"leaving\":5}");
  reply_event (fixture, "listparticipants", MAIN,
      "{\"participants\":[{\"id\":1},{\"id\":5,\"display\":\"bob\"},"
      "{\"id\":6}]}",
      "");
  reply_id (fixture, "attach", 51);
  /* What begins again counts. */
  tell (fixture, "{\"videoroom\":\"event\",\"unpublished\":6}");
  tell (fixture, "{\"videoroom\":\"event\",\"publishers\":[" CID "]}");
  reply_event (
      fixture, "join", 51, "{\"id\":52,\"publishers\":[" BOB "," CID "]}", "");
  assert_answers (fixture, "2 ok");
  assert_room_of_cid (fixture, TRUE);
}

static void
test_claim (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, BOB "," CID);
  publish_camera (fixture);
  subscribe_bob (fixture);
  lose_socket (fixture);

  start_join (fixture);
  g_assert_cmpint (
      gst_rtc_json_get_int (expect_sent (fixture, "claim"), "session_id", 0),
      ==, SESSION);
  reply_success (fixture, "claim");
  reply_event (fixture, "listparticipants", MAIN,
      "{\"videoroom\":\"participants\",\"participants\":["
      "{\"id\":1,\"display\":\"ann\",\"publisher\":true},"
      "{\"id\":5,\"display\":\"bob\",\"publisher\":true},"
      "{\"id\":9,\"display\":\"dan\",\"publisher\":false}]}",
      "");
  reply_id (fixture, "attach", 51);
  /* Of those who publish, a new member is told everything. */
  assert_body (fixture, "join",
      "{\"request\":\"join\",\"room\":1234,\"ptype\":\"publisher\"}");
  reply_event (fixture, "join", 51,
      "{\"id\":52,\"publishers\":[{\"id\":1,\"streams\":[]}," BOB "]}", "");
  g_assert_cmpint (
      gst_rtc_json_get_int (expect_sent (fixture, "detach"), "handle_id", 0),
      ==, 51);
  assert_answers (fixture, "4 ok");
  g_assert_true (fixture->resumed);
  g_assert_cmpuint (gst_rtc_roster_get_n_users (fixture->roster), ==, 2);
  g_assert_true (gst_rtc_roster_has_user (fixture->roster, "dan"));
  /* What stands goes on. */
  assert_events (fixture, "");

  /* The same, but the stream of bob and our own have ended. */
  lose_socket (fixture);
  start_join (fixture);
  reply_success (fixture, "claim");
  reply_event (fixture, "listparticipants", MAIN,
      "{\"participants\":[{\"id\":1},{\"id\":5}]}", "");
  reply_id (fixture, "attach", 53);
  reply_event (fixture, "join", 53, "{\"id\":54,\"publishers\":[]}", "");
  assert_answers (fixture, "5 ok");
  assert_events (fixture, "media-closed, publication-broken camera 300006, "
                          "media-closed");
}

static void
test_claim_refused (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, BOB);
  subscribe_bob (fixture);
  lose_socket (fixture);
  start_join (fixture);
  reply_core_error (fixture, "claim", 458);
  reply_id (fixture, "create", 12);
  reply_id (fixture, "attach", 22);
  reply_event (fixture, "join", 22, "{\"id\":1,\"publishers\":[]}", "");
  assert_answers (fixture, "3 ok");
  g_assert_false (fixture->resumed);
  g_assert_cmpuint (gst_rtc_roster_get_n_users (fixture->roster), ==, 0);
  assert_events (fixture, "");

  /* In a room that was made anew we are not. */
  lose_socket (fixture);
  start_join (fixture);
  reply_success (fixture, "claim");
  reply_refusal (fixture, "listparticipants", 22, 426);
  g_assert_nonnull (find_sent (fixture, "create"));
}

static void
test_renew_token (Fixture *fixture, gconstpointer data)
{
  const GstRtcRequest renew = {
      .operation = GST_RTC_OPERATION_RENEW_TOKEN,
      .token = "new",
  };

  fixture->values.token = "old";
  join_with (fixture, "");
  request (fixture, &renew);
  g_assert_cmpstr (
      gst_rtc_json_get_string (expect_sent (fixture, "keepalive"), "token"), ==,
      "new");
  reply_core_error (fixture, "keepalive", 403);
  assert_answers (fixture, "2 300008/403");
  start_publish (fixture, TRUE);
  g_assert_cmpstr (
      gst_rtc_json_get_string (expect_sent (fixture, "attach"), "token"), ==,
      "old");
  request (fixture, &renew);
  receive (fixture, "{\"janus\":\"ack\",\"transaction\":\"%s\"}",
      transaction_of (fixture, "keepalive"));
  assert_answers (fixture, "4 ok");
}

/* --- the table and hostile replies --- */

/* The numbers of Janus 1.1 to 1.4: none is missing, and a refusal is always
 * the operation's own, or that of a stream that is not there. */
static void
test_error_table (void)
{
  static const gint codes[] = {403, 405, 421, 422, 423, 424, 425, 426, 427, 428,
      429, 430, 431, 432, 433, 434, 435, 436, 437, 438, 450, 452, 453, 454, 455,
      456, 457, 458, 459, 460, 461, 462, 463, 464, 465, 466, 467, 468, 469, 470,
      471, 472, 490, 499};
  guint n_errors;
  const GstRtcJanusErrorInfo *errors = gst_rtc_janus_get_errors (&n_errors);

  g_assert_cmpuint (n_errors, ==, G_N_ELEMENTS (codes));
  for (guint i = 0; i < n_errors; i++) {
    g_assert_cmpint (errors[i].code, ==, codes[i]);
    g_assert_cmpuint (strlen (errors[i].name), >, 0);
    for (gint operation = GST_RTC_OPERATION_JOIN;
         operation < GST_RTC_N_OPERATIONS; operation++) {
      g_autoptr (GError) error =
          gst_rtc_janus_make_refusal (operation, codes[i], NULL);
      const gboolean own =
          error->code == gst_rtc_operation_get_refusal_code (operation);
      const gboolean names_target =
          operation == GST_RTC_OPERATION_SUBSCRIBE ||
          operation == GST_RTC_OPERATION_UNSUBSCRIBE ||
          operation == GST_RTC_OPERATION_MUTE_REMOTE;

      g_assert_true (
          own ||
          (names_target && error->code == GST_RTC_ERROR_STREAM_ID_NOT_FOUND));
      g_assert_cmpint (error->code, >=, 200001);
      g_assert_cmpint (gst_rtc_error_get_native_code (error), ==, codes[i]);
      g_assert_cmpint (
          gst_rtc_error_get_retryable (error), ==, errors[i].retryable);
    }
  }
}

/* What is told of an operation that Janus refuses: that it is done, or a
 * code. */
static void
test_refusals (void)
{
  static const struct
  {
    GstRtcOperation operation;
    gint native_code;
    gboolean done;
    gint code; /* 0: the operation's own */
  } rows[] = {
      {GST_RTC_OPERATION_LEAVE, 424, TRUE},
      {GST_RTC_OPERATION_LEAVE, 458, TRUE},
      {GST_RTC_OPERATION_LEAVE, 459, TRUE},
      {GST_RTC_OPERATION_LEAVE, 428, FALSE},
      {GST_RTC_OPERATION_LEAVE, 499, FALSE},
      {GST_RTC_OPERATION_UNPUBLISH, 435, TRUE},
      {GST_RTC_OPERATION_UNPUBLISH, 459, TRUE},
      {GST_RTC_OPERATION_UNPUBLISH, 499, FALSE},
      {GST_RTC_OPERATION_UNSUBSCRIBE, 428, TRUE, 200001},
      {GST_RTC_OPERATION_UNSUBSCRIBE, 459, TRUE, 200001},
      {GST_RTC_OPERATION_UNSUBSCRIBE, 435, FALSE},
      {GST_RTC_OPERATION_UNSUBSCRIBE, 499, FALSE},
      {GST_RTC_OPERATION_PUBLISH, 435, FALSE},
      {GST_RTC_OPERATION_PUBLISH, 459, FALSE},
      {GST_RTC_OPERATION_SUBSCRIBE, 428, FALSE, 200001},
      {GST_RTC_OPERATION_SUBSCRIBE, 433, FALSE},
      {GST_RTC_OPERATION_MUTE_REMOTE, 428, FALSE, 200001},
      {GST_RTC_OPERATION_MUTE_REMOTE, 1, FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const GstRtcOperation operation = rows[i].operation;
    g_autoptr (GError) error =
        gst_rtc_janus_make_refusal (operation, rows[i].native_code, "why");

    g_assert_cmpint (rows[i].done, ==,
        gst_rtc_janus_is_done (operation, rows[i].native_code));
    g_assert_cmpint (rows[i].code
                         ? rows[i].code
                         : gst_rtc_operation_get_refusal_code (operation),
        ==, error->code);
    g_assert_cmpstr ("why", ==, error->message);
  }
}

static void
test_ids (void)
{
  g_assert_true (gst_rtc_janus_id_is_number ("1"));
  g_assert_true (gst_rtc_janus_id_is_number ("9007199254740991"));
  g_assert_false (gst_rtc_janus_id_is_number ("9007199254740992"));
  g_assert_false (gst_rtc_janus_id_is_number ("0"));
  g_assert_false (gst_rtc_janus_id_is_number ("-1"));
  g_assert_false (gst_rtc_janus_id_is_number (" 1"));
  g_assert_false (gst_rtc_janus_id_is_number (""));
  g_assert_false (gst_rtc_janus_id_is_number ("1a"));
}

static void
test_offer_is_adapted (void)
{
  g_autofree gchar *adapted = gst_rtc_janus_adapt_offer (
      "v=0\r\n\r\na=setup:actpass\r\na=rtcp-fb:96 ccm fir\r\n"
      "a=rtcp-fb:96 nack pli\r\na=x ccm fir\r\na=setup:active\r\n");

  g_assert_cmpstr ("v=0\r\na=setup:active\r\na=rtcp-fb:96 nack pli\r\n"
                   "a=x ccm fir\r\na=setup:active\r\n",
      ==, adapted);
}

static void
test_mids_are_found (void)
{
  static const gchar sdp[] = "v=0\r\na=mid:s\r\nm=audio 9 x\r\na=mid:a1\r\n"
                             "m=video 9 x\r\na=sendrecv\r\na=mid:v1\r\n"
                             "m=application 9 x\r\n";
  g_autofree gchar *audio = gst_rtc_janus_find_mid (sdp, "audio");
  g_autofree gchar *video = gst_rtc_janus_find_mid (sdp, "video");
  g_autofree gchar *first =
      gst_rtc_janus_find_mid ("m=audio 9 x\r\na=mid:f\r\n", "audio");

  g_assert_cmpstr ("f", ==, first);
  g_assert_cmpstr ("a1", ==, audio);
  g_assert_cmpstr ("v1", ==, video);
  g_assert_null (gst_rtc_janus_find_mid (sdp, "application"));
  g_assert_null (gst_rtc_janus_find_mid (sdp, "vid"));
}

static void
test_messages_are_read (void)
{
  static const struct
  {
    const gchar *text;
    GstRtcJanusVerb verb;
    gint64 session, sender;
    gint code;
    const gchar *reason;
    const gchar *sdp;
  } rows[] = {
      {"{\"janus\":\"ack\"}", GST_RTC_JANUS_ACK, 0, 0, 0, NULL, NULL},
      {"{\"janus\":\"other\",\"session_id\":1,\"sender\":2}",
          GST_RTC_JANUS_OTHER, 1, 2, 0, NULL, NULL},
      {"{\"janus\":\"error\"}", GST_RTC_JANUS_ERROR, 0, 0, 490, NULL, NULL},
      {"{\"janus\":\"error\",\"error\":{\"code\":2147483647}}",
          GST_RTC_JANUS_ERROR, 0, 0, G_MAXINT, NULL, NULL},
      {"{\"janus\":\"error\",\"error\":{\"code\":2147483648,"
       "\"reason\":\"r\"}}",
          GST_RTC_JANUS_ERROR, 0, 0, 490, "r", NULL},
      {"{\"janus\":\"event\",\"plugindata\":{\"data\":{\"error_code\":1,"
       "\"error\":\"r\"}}}",
          GST_RTC_JANUS_EVENT, 0, 0, 1, "r", NULL},
      {"{\"janus\":\"event\",\"plugindata\":{\"data\":{\"error_code\":-1}}}",
          GST_RTC_JANUS_EVENT, 0, 0, 0, NULL, NULL},
      {"{\"janus\":\"event\",\"jsep\":{\"type\":\"answer\",\"sdp\":\"s\"}}",
          GST_RTC_JANUS_EVENT, 0, 0, 0, NULL, "s"},
      {"{\"janus\":\"event\",\"jsep\":{\"type\":\"pranswer\","
       "\"sdp\":\"s\"}}",
          GST_RTC_JANUS_EVENT, 0, 0, 0, NULL, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstRtcJanusMessage) message = gst_rtc_janus_message_parse (
        rows[i].text, strlen (rows[i].text), &error);

    g_test_message ("%s", rows[i].text);
    g_assert_no_error (error);
    g_assert_cmpint (rows[i].verb, ==, message->verb);
    g_assert_cmpint (rows[i].session, ==, message->session_id);
    g_assert_cmpint (rows[i].sender, ==, message->sender);
    g_assert_cmpint (rows[i].code, ==, message->error_code);
    g_assert_cmpstr (rows[i].reason, ==, message->error_reason);
    g_assert_cmpstr (rows[i].sdp, ==, message->sdp);
  }
}

static void
test_hostile (Fixture *fixture, gconstpointer data)
{
  static const gchar *const broken[] = {
      "", "[]", "{}", "{\"janus\":1}", "{\"janus\":\"event\"", "nonsense"};
  static const gchar *const useless[] = {
      "{\"janus\":\"new\"}",
      "{\"janus\":\"success\",\"transaction\":\"t1\"}",
      "{\"janus\":\"success\",\"transaction\":\"t999\",\"data\":{\"id\":1}}",
      "{\"janus\":\"error\"}",
      "{\"janus\":\"error\",\"transaction\":\"t77\",\"error\":[]}",
      "{\"janus\":\"event\",\"session_id\":12,\"sender\":21,"
      "\"plugindata\":{\"data\":{\"videoroom\":\"destroyed\"}}}",
      "{\"janus\":\"event\",\"session_id\":11,\"sender\":99,"
      "\"plugindata\":{\"data\":{\"videoroom\":\"destroyed\"}}}",
      "{\"janus\":\"event\",\"session_id\":11,\"sender\":21}",
      "{\"janus\":\"event\",\"session_id\":11,\"sender\":21,"
      "\"plugindata\":{\"data\":{\"videoroom\":\"event\",\"publishers\":"
      "[1,null,{\"id\":{}},{\"id\":4,\"streams\":{}}],\"leaving\":{},"
      "\"kicked\":null,\"joining\":7,\"moderation\":1}}}",
      "{\"janus\":\"trickle\",\"session_id\":11,\"sender\":21,"
      "\"candidate\":\"x\"}",
      "{\"janus\":\"hangup\",\"session_id\":11,\"sender\":21}",
      "{\"janus\":\"timeout\",\"session_id\":12}",
  };

  join_with (fixture, "");
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    g_assert_false (try_receive (fixture, broken[i]));
  for (guint i = 0; i < G_N_ELEMENTS (useless); i++)
    g_assert_true (try_receive (fixture, useless[i]));
  assert_answers (fixture, "");
  assert_events (fixture, "peer-online 4");
}

/* Candidates are kept while nobody wants them, but not without end. */
static void
test_candidates_bounded (Fixture *fixture, gconstpointer data)
{
  join_with (fixture, BOB);
  start_target (fixture, GST_RTC_OPERATION_SUBSCRIBE, FALSE, GST_RTC_UNSET,
      GST_RTC_UNSET);
  reply_id (fixture, "attach", 31);
  for (guint i = 0; i < 1000; i++)
    tell_core (fixture, "trickle", 31,
        "\"candidate\":{\"sdpMLineIndex\":99,\"candidate\":\"candidate:1\"}");
  reply_event (fixture, "join", 31, ATTACHED,
      "{\"type\":\"offer\",\"sdp\":\"" OFFER "\"}");
  g_assert_cmpuint (fixture->events->len, ==, GST_RTC_MAX_CANDIDATES + 2);
}

static void
add_test (const gchar *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add_test ("/dialect-janus/join", test_join);
  add_test ("/dialect-janus/string-ids", test_string_ids);
  add_test ("/dialect-janus/invisible", test_invisible);
  add_test ("/dialect-janus/create-room", test_create_room);
  add_test ("/dialect-janus/join-refused", test_join_refused);
  add_test ("/dialect-janus/leave", test_leave);
  add_test ("/dialect-janus/publish", test_publish);
  add_test ("/dialect-janus/publish-refused", test_publish_refused);
  add_test ("/dialect-janus/publish-again", test_publish_again);
  add_test (
      "/dialect-janus/publish-after-a-failure", test_publish_after_a_failure);
  add_test ("/dialect-janus/publish-forgotten", test_publish_forgotten);
  add_test ("/dialect-janus/publish-too-early", test_publish_too_early);
  add_test ("/dialect-janus/screen", test_screen);
  add_test ("/dialect-janus/mute-local", test_mute_local);
  add_test ("/dialect-janus/publication-events", test_publication_events);
  add_test ("/dialect-janus/subscribe", test_subscribe);
  add_test ("/dialect-janus/subscribe-refused", test_subscribe_refused);
  add_test ("/dialect-janus/mute-remote", test_mute_remote);
  add_test ("/dialect-janus/subscription-events", test_subscription_events);
  add_test ("/dialect-janus/room-events", test_room_events);
  add_test ("/dialect-janus/removed", test_removed);
  add_test ("/dialect-janus/session-lost", test_session_lost);
  add_test ("/dialect-janus/keepalive", test_keepalive);
  add_test ("/dialect-janus/list-is-older", test_list_is_older);
  add_test ("/dialect-janus/claim", test_claim);
  add_test ("/dialect-janus/claim-refused", test_claim_refused);
  add_test ("/dialect-janus/renew-token", test_renew_token);
  g_test_add_func ("/dialect-janus/error-table", test_error_table);
  g_test_add_func ("/dialect-janus/refusals", test_refusals);
  g_test_add_func ("/dialect-janus/ids", test_ids);
  g_test_add_func ("/dialect-janus/offer-is-adapted", test_offer_is_adapted);
  g_test_add_func ("/dialect-janus/mids-are-found", test_mids_are_found);
  g_test_add_func ("/dialect-janus/messages-are-read", test_messages_are_read);
  add_test ("/dialect-janus/hostile", test_hostile);
  add_test ("/dialect-janus/candidates-bounded", test_candidates_bounded);
  return g_test_run ();
}
