/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How rtcsink and rtcsrc fail: one message with its code, then they can be
 * started again. */
#include "elementcheck.h"
#include "raw-server.h"

/* The socket is cut off: nothing says why, so there is no native code. */
#define NO_CLOSE_CODE 0

static const gchar *const factories[] = {"rtcsink", "rtcsrc"};

static void
set_string (RtcPipeline *pipeline, const gchar *property, const gchar *value)
{
  g_object_set (rtc_pipeline_get (pipeline, "rtc"), property, value, NULL);
}

static gint
native_code (const GstStructure *details)
{
  gint code = 0;

  gst_structure_get_int (details, GST_RTC_DETAIL_NATIVE_CODE, &code);
  return code;
}

static gboolean
is_retryable (const GstStructure *details)
{
  gboolean retryable = FALSE;

  g_assert_true (gst_structure_get_boolean (
      details, GST_RTC_DETAIL_RETRYABLE, &retryable));
  return retryable;
}

static void
assert_reason_has (const GstStructure *details, const gchar *word)
{
  const gchar *reason =
      gst_structure_get_string (details, GST_RTC_DETAIL_REASON);

  if (!strstr (reason, word))
    g_test_message ("\"%s\" is not in \"%s\"", word, reason);
  g_assert_nonnull (strstr (reason, word));
}

/* --- settings --- */

typedef struct
{
  const gchar *room_id;
  const gchar *user_id;
  const gchar *server_url; /* NULL: that of the server */
  const gchar *words[3];   /* of the reason */
} BadSettings;

static void
check_bad_settings (
    Fixture *fixture, const gchar *factory, const BadSettings *row)
{
  RtcPipeline *pipeline =
      check_lone_new (factory, scripted_server_get_url (fixture->scripted), "");
  const GstStructure *details;

  set_string (pipeline, "room-id", row->room_id);
  set_string (pipeline, "user-id", row->user_id);
  if (row->server_url)
    set_string (pipeline, "server-url", row->server_url);
  g_assert_cmpint (GST_STATE_CHANGE_FAILURE, ==,
      gst_element_set_state (pipeline->pipeline, GST_STATE_PLAYING));

  details = check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_INVALID_PARAMS, "join");
  for (guint i = 0; i < G_N_ELEMENTS (row->words) && row->words[i]; i++)
    assert_reason_has (details, row->words[i]);
  g_assert_cmpuint (0, ==, scripted_server_get_n_configs (fixture->scripted));
  set_string (pipeline, "user-id", NULL);
  check_recovers (fixture, pipeline);
  rtc_pipeline_free (pipeline);
}

static void
test_bad_settings (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *long_id = g_strnfill (129, 'x');
  const BadSettings rows[] = {
      {NULL, NULL, NULL, {"room-id"}},
      {"", NULL, NULL, {"room-id"}},
      {"a b", NULL, NULL, {"room-id"}},
      {"r\303\244um", NULL, NULL, {"room-id"}},
      {long_id, NULL, NULL, {"room-id"}},
      {"room", "", NULL, {"user-id"}},
      {"room", "a/b", NULL, {"user-id"}},
      {"room", NULL, "ftp://127.0.0.1", {"server-url"}},
      {"room", NULL, "not an address", {"server-url"}},
      {"room", NULL, "", {"server-url"}},
      {NULL, long_id, "ftp://x", {"room-id", "user-id", "server-url"}},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    for (guint f = 0; f < G_N_ELEMENTS (factories); f++)
      check_bad_settings (fixture, factories[f], &rows[i]);
  }
}

static void
test_good_ids (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *long_id = g_strnfill (128, 'x');
  const gchar *ids[] = {"@", "_", "-", ".", "Az09@_-.", long_id};

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    RtcPipeline *pipeline = check_lone_new (
        "rtcsink", gst_rtc_server_get_url (fixture->server), "");

    set_string (pipeline, "room-id", ids[i]);
    set_string (pipeline, "user-id", ids[i]);
    set_string (pipeline, "app-id", ids[i]);
    rtc_pipeline_play (pipeline);
    check_wait_connected (fixture, pipeline);
    check_barrier (fixture, pipeline);
    check_no_failure (pipeline);
    rtc_pipeline_free (pipeline);
  }
}

/* --- getconfig --- */

static void
check_cannot_join (Fixture *fixture, const gchar *server_url,
    const gchar *properties, gint code, gint native)
{
  for (guint f = 0; f < G_N_ELEMENTS (factories); f++) {
    RtcPipeline *pipeline =
        check_lone_new (factories[f], server_url, properties);
    const GstStructure *details;

    rtc_pipeline_play (pipeline);
    details =
        check_failure (fixture, pipeline, GST_MESSAGE_ERROR, code, "join");
    if (native != 0)
      g_assert_cmpint (native, ==, native_code (details));
    g_assert_cmpstr (
        "room", ==, gst_structure_get_string (details, GST_RTC_DETAIL_ROOM_ID));
    check_recovers (fixture, pipeline);
    rtc_pipeline_free (pipeline);
  }
}

static void
test_no_server (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *url =
      g_strdup_printf ("http://127.0.0.1:%u", raw_server_find_dead_port ());

  check_cannot_join (fixture, url, "", GST_RTC_ERROR_GET_CONFIG_ERROR, 0);
}

/* Until it has given the join up. */
static RtcPipeline *
check_pauses_without_server (Fixture *fixture)
{
  g_autofree gchar *url =
      g_strdup_printf ("http://127.0.0.1:%u", raw_server_find_dead_port ());
  RtcPipeline *pipeline = check_lone_new ("rtcsrc", url, "");

  gst_element_set_state (pipeline->pipeline, GST_STATE_PAUSED);
  rtc_test_wait (
      fixture->context, rtc_pipeline_count (pipeline, GST_MESSAGE_ELEMENT,
                            "rtc-connection-state") == 2);
  return pipeline;
}

static void
test_error_waits_for_playing (Fixture *fixture, gconstpointer data)
{
  const gint64 begun = g_get_monotonic_time ();
  RtcPipeline *pipeline = check_pauses_without_server (fixture);

  check_barrier (fixture, pipeline);
  /* Not on a machine that took longer than errors are held. */
  if (g_get_monotonic_time () - begun < G_TIME_SPAN_SECOND)
    check_no_failure (pipeline);
  rtc_pipeline_play (pipeline);
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_GET_CONFIG_ERROR, "join");
  rtc_pipeline_free (pipeline);
}

static void
test_error_comes_in_paused (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_pauses_without_server (fixture);

  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_GET_CONFIG_ERROR, "join");
  rtc_pipeline_free (pipeline);
}

static void
test_bad_getconfig (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    guint status;
    const gchar *body;
    gint code;
    gint native;
  } rows[] = {
      {500, "{}", GST_RTC_ERROR_GET_CONFIG_ERROR, 500},
      {404, "not here", GST_RTC_ERROR_GET_CONFIG_ERROR, 404},
      {200, "garbage", GST_RTC_ERROR_GET_CONFIG_ERROR, 0},
      {200, "[]", GST_RTC_ERROR_GET_CONFIG_ERROR, 0},
      {200, "{\"error\":{\"code\":7,\"reason\":\"no\"}}",
          GST_RTC_ERROR_GET_CONFIG_ERROR, 0},
      {200, "{}", GST_RTC_ERROR_NO_WEBSOCKET_URL, 0},
      {200, "{\"websocketUrls\":[]}", GST_RTC_ERROR_NO_WEBSOCKET_URL, 0},
      {200, "{\"websocketUrls\":[\"http://127.0.0.1/\"]}",
          GST_RTC_ERROR_NO_WEBSOCKET_URL, 0},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    scripted_server_set_config (
        fixture->scripted, rows[i].status, rows[i].body);
    check_cannot_join (fixture, scripted_server_get_url (fixture->scripted), "",
        rows[i].code, rows[i].native);
  }
}

static void
test_stalled_getconfig (Fixture *fixture, gconstpointer data)
{
  scripted_server_set_config_stalled (fixture->scripted, TRUE);
  check_cannot_join (fixture, scripted_server_get_url (fixture->scripted),
      "connect-timeout=200", GST_RTC_ERROR_GET_CONFIG_ERROR, 0);
}

static void
test_dead_addresses (Fixture *fixture, gconstpointer data)
{
  const guint dead = raw_server_find_dead_port ();
  g_autofree gchar *one_good = g_strdup_printf (
      "{\"websocketUrls\":[\"ws://127.0.0.1:%u/ws\",\"@URL@\"]}", dead);
  g_autofree gchar *all_dead =
      g_strdup_printf ("{\"websocketUrls\":[\"ws://127.0.0.1:%u/ws\","
                       "\"ws://127.0.0.1:%u/\"]}",
          dead, dead);
  RtcPipeline *pipeline = check_lone_new (
      "rtcsrc", scripted_server_get_url (fixture->scripted), "");

  scripted_server_set_config (fixture->scripted, 200, one_good);
  rtc_pipeline_play (pipeline);
  check_wait_connected (fixture, pipeline);
  check_barrier (fixture, pipeline);
  check_no_failure (pipeline);
  rtc_pipeline_free (pipeline);

  scripted_server_set_config (fixture->scripted, 200, all_dead);
  check_cannot_join (fixture, scripted_server_get_url (fixture->scripted), "",
      GST_RTC_ERROR_NO_WEBSOCKET_URL, 0);
}

/* --- joining --- */

static void
test_join_refused (Fixture *fixture, gconstpointer data)
{
  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_JOIN,
                             .act = SCRIPTED_REFUSE,
                             .code = GST_RTC_ERROR_JOIN_ROOM_ERROR,
                             .text = "the room is full",
                             .always = TRUE});
  check_cannot_join (fixture, scripted_server_get_url (fixture->scripted), "",
      GST_RTC_ERROR_JOIN_ROOM_ERROR, 0);
}

static void
test_join_unanswered (Fixture *fixture, gconstpointer data)
{
  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_JOIN,
                             .act = SCRIPTED_SILENT,
                             .always = TRUE});
  check_cannot_join (fixture, scripted_server_get_url (fixture->scripted),
      "signaling-timeout=300", GST_RTC_ERROR_SIGNALING_TIMEOUT, 0);
}

static void
test_late_answer_is_ignored (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new ("rtcsrc",
      scripted_server_get_url (fixture->scripted), "signaling-timeout=200");

  scripted_server_add (fixture->scripted,
      (ScriptedRow){
          .type = GST_RTC_MESSAGE_JOIN, .act = SCRIPTED_LATE, .delay = 300});
  rtc_pipeline_play (pipeline);
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_SIGNALING_TIMEOUT, "join");
  check_let_pass (fixture, 300);
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_SIGNALING_TIMEOUT, "join");
  g_assert_false (check_is_connected (pipeline));
  check_recovers (fixture, pipeline);
  rtc_pipeline_free (pipeline);
}

/* --- the socket breaks --- */

static void
check_socket_broken (Fixture *fixture, const gchar *factory, guint16 close_code)
{
  RtcPipeline *pipeline =
      check_lone_new (factory, scripted_server_get_url (fixture->scripted), "");
  const GstStructure *details;

  rtc_pipeline_play (pipeline);
  check_wait_connected (fixture, pipeline);
  if (close_code == NO_CLOSE_CODE)
    scripted_server_reset (fixture->scripted);
  else
    scripted_server_close (fixture->scripted, close_code, "bye");
  details = check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_WEBSOCKET_FAILED, "none");
  g_assert_cmpint (close_code, ==, native_code (details));
  g_assert_false (check_is_connected (pipeline));
  check_recovers (fixture, pipeline);
  rtc_pipeline_free (pipeline);
}

static void
test_socket_broken (Fixture *fixture, gconstpointer data)
{
  const guint16 codes[] = {1000, 1011, NO_CLOSE_CODE};

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    for (guint f = 0; f < G_N_ELEMENTS (factories); f++)
      check_socket_broken (fixture, factories[f], codes[i]);
  }
}

/* --- publishing and subscribing --- */

static void
test_publish_refused (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_publisher_new (scripted_server_get_url (fixture->scripted), "");
  const GstStructure *details;

  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_PUBLISH,
                             .act = SCRIPTED_REFUSE,
                             .code = GST_RTC_ERROR_PUBLISH_ERROR,
                             .text = "no privilege"});
  rtc_pipeline_play (pipeline);
  details = check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");
  assert_reason_has (details, "no privilege");
  g_assert_cmpstr (
      "camera", ==, gst_structure_get_string (details, GST_RTC_DETAIL_STREAM));
  check_recovers (fixture, pipeline);
  rtc_pipeline_free (pipeline);
}

#define STREAM_ADDED(user)                                                     \
  "{\"type\":\"stream-added\",\"user\":\"" user "\",\"videoCodec\":\"VP8\"}"

static void
test_subscribe_refused (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new (
      "rtcsrc", scripted_server_get_url (fixture->scripted), "");
  const GstStructure *details;

  scripted_server_set_users (fixture->scripted,
      "[{\"user\":\"bob\",\"streams\":[{\"screen\":false,"
      "\"videoCodec\":\"VP8\"}]}]");
  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_SUBSCRIBE,
                             .act = SCRIPTED_REFUSE,
                             .code = GST_RTC_ERROR_SUBSCRIBE_FAILED,
                             .text = "limit"});
  rtc_pipeline_play (pipeline);
  details = check_failure (fixture, pipeline, GST_MESSAGE_WARNING,
      GST_RTC_ERROR_SUBSCRIBE_FAILED, "subscribe");
  g_assert_cmpstr (
      "bob", ==, gst_structure_get_string (details, GST_RTC_DETAIL_USER_ID));
  g_assert_cmpstr (
      "camera", ==, gst_structure_get_string (details, GST_RTC_DETAIL_STREAM));

  /* It goes on: the next stream is asked for. */
  scripted_server_send (fixture->scripted, STREAM_ADDED ("carol"));
  rtc_test_wait (fixture->context, scripted_server_count (fixture->scripted,
                                       GST_RTC_MESSAGE_SUBSCRIBE) == 2);
  g_assert_true (check_is_connected (pipeline));
  check_recovers (fixture, pipeline);
  rtc_pipeline_free (pipeline);
}

static void
test_pad_without_media (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = rtc_pipeline_new (
      "rtcsink name=rtc server-url=%s room-id=room connect-timeout=300 "
      "appsrc name=never is-live=true format=time ! rtc.video_7",
      gst_rtc_server_get_url (fixture->server));
  const GstStructure *details;

  rtc_pipeline_play (pipeline);
  details = check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");
  assert_reason_has (details, "video_7");
  check_recovers (fixture, pipeline);
  rtc_pipeline_free (pipeline);
}

/* --- encoders --- */

static void
test_no_encoder (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_publisher_new (gst_rtc_server_get_url (fixture->server),
          "connect-timeout=400 video-codecs=<AV1>");
  Counter *frames =
      counter_new (fixture, rtc_pipeline_get (pipeline, "frames"), "src");

  check_hide_element ("rtpav1pay");
  rtc_pipeline_play (pipeline);
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");
  /* The source is not made to complain too, nor is the deadline told. */
  counter_wait (fixture, frames, 20);
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");
  rtc_pipeline_stop (pipeline);
  rtc_pipeline_free (pipeline);
  counter_free (frames);
}

static void
keep_encoder (GstElement *rtc, GstElement *encoder, const gchar *medium,
    gpointer user_data)
{
  g_assert_cmpstr ("video", ==, medium);
  g_atomic_pointer_set ((GstElement **)user_data, gst_object_ref (encoder));
}

static void
test_encoder_fails (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_publisher_new (gst_rtc_server_get_url (fixture->server), "");
  RtcPipeline *viewer =
      check_viewer_new (gst_rtc_server_get_url (fixture->server), "");
  Counter *frames =
      counter_new (fixture, rtc_pipeline_get (viewer, "video"), "sink");
  GstElement *encoder = NULL;

  g_signal_connect (rtc_pipeline_get (pipeline, "rtc"), "encoder-setup",
      G_CALLBACK (keep_encoder), &encoder);
  rtc_pipeline_play (pipeline);
  rtc_pipeline_play (viewer);
  counter_wait (fixture, frames, 3);
  check_no_failure (pipeline);

  /* As hardware may do, more than once. */
  g_assert_nonnull (encoder);
  GST_ELEMENT_ERROR (encoder, LIBRARY, ENCODE, ("gone"), (NULL));
  GST_ELEMENT_ERROR (encoder, LIBRARY, ENCODE, ("still gone"), (NULL));
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");
  rtc_pipeline_stop (viewer);
  check_recovers (fixture, pipeline);
  rtc_pipeline_free (pipeline);
  rtc_pipeline_free (viewer);
  counter_free (frames);
  gst_object_unref (encoder);
}

#define TWO_PADS                                                               \
  " videotestsrc is-live=true ! video/x-raw,width=64,height=64 ! rtc.video_1"

static void
queue_encoder (GstElement *rtc, GstElement *encoder, const gchar *medium,
    gpointer user_data)
{
  g_async_queue_push (user_data, gst_object_ref (encoder));
}

/* Of two pads the one is told that has failed, and then the other. */
static void
test_encoders_of_two_pads_fail (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_publisher_new (
      scripted_server_get_url (fixture->scripted), TWO_PADS);
  g_autoptr (GAsyncQueue) encoders = g_async_queue_new_full (gst_object_unref);
  guint told[2] = {0, 0}; /* camera, screen */

  g_signal_connect (rtc_pipeline_get (pipeline, "rtc"), "encoder-setup",
      G_CALLBACK (queue_encoder), encoders);
  rtc_pipeline_play (pipeline);
  /* Codecs are known when the encoders run. */
  rtc_test_wait (fixture->context,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_PUBLISH) == 2);
  check_barrier (fixture, pipeline);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstElement) encoder = g_async_queue_pop (encoders);
    const GstStructure *details;

    GST_ELEMENT_ERROR (encoder, LIBRARY, ENCODE, ("gone"), (NULL));
    details = check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
        GST_RTC_ERROR_PUBLISH_ERROR, "publish");
    told[g_str_equal (
        "screen", gst_structure_get_string (details, GST_RTC_DETAIL_STREAM))]++;
    rtc_pipeline_forget (pipeline);
  }
  g_assert_cmpuint (1, ==, told[FALSE]);
  g_assert_cmpuint (1, ==, told[TRUE]);
  rtc_pipeline_free (pipeline);
}

/* Its inner source stands in for a decoder, which has to fail by itself. */
static void
keep_source (GstBin *bin, GstBin *child_bin, GstElement *child, gpointer queue)
{
  if (g_str_has_prefix (G_OBJECT_TYPE_NAME (child), "GstAppSrc"))
    g_async_queue_push (queue, gst_object_ref (child));
}

/* Likewise of two streams that come in. */
static void
test_outputs_of_two_streams_fail (Fixture *fixture, gconstpointer data)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  RtcPipeline *publisher = check_publisher_new (url, TWO_PADS);
  RtcPipeline *viewer = check_lone_new ("rtcsrc", url, "");
  g_autoptr (GAsyncQueue) sources = g_async_queue_new_full (gst_object_unref);
  guint told[2] = {0, 0}; /* camera, screen */

  g_signal_connect (rtc_pipeline_get (viewer, "rtc"), "deep-element-added",
      G_CALLBACK (keep_source), sources);
  rtc_pipeline_play (publisher);
  rtc_pipeline_play (viewer);
  rtc_test_wait (fixture->context, g_async_queue_length (sources) == 2);
  /* The later one first. */
  g_async_queue_push (sources, g_async_queue_pop (sources));
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstElement) source = g_async_queue_pop (sources);
    const GstStructure *details;

    GST_ELEMENT_ERROR (source, LIBRARY, FAILED, ("gone"), (NULL));
    details = check_failure (fixture, viewer, GST_MESSAGE_WARNING,
        GST_RTC_ERROR_SUBSCRIBE_FAILED, "subscribe");
    told[g_str_equal (
        "screen", gst_structure_get_string (details, GST_RTC_DETAIL_STREAM))]++;
    rtc_pipeline_forget (viewer);
  }
  g_assert_cmpuint (1, ==, told[FALSE]);
  g_assert_cmpuint (1, ==, told[TRUE]);
  rtc_pipeline_free (viewer);
  rtc_pipeline_free (publisher);
}

static GstPadProbeReturn
refuse_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  gst_clear_buffer ((GstBuffer **)&info->data);
  GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_ERROR;
  return GST_PAD_PROBE_HANDLED;
}

/* An encoder that returns an error for a frame, having told why: its source
 * must not tell it once more. */
static void
test_encoder_refuses_frame (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_publisher_new (gst_rtc_server_get_url (fixture->server), "");
  Counter *frames =
      counter_new (fixture, rtc_pipeline_get (pipeline, "frames"), "src");
  GstElement *encoder = NULL;
  g_autoptr (GstPad) sink = NULL;
  gulong probe;

  g_signal_connect (rtc_pipeline_get (pipeline, "rtc"), "encoder-setup",
      G_CALLBACK (keep_encoder), &encoder);
  rtc_pipeline_play (pipeline);
  rtc_test_wait (fixture->context, g_atomic_pointer_get (&encoder) != NULL);
  counter_wait (fixture, frames, 3);
  sink = gst_element_get_static_pad (encoder, "sink");
  probe = gst_pad_add_probe (
      sink, GST_PAD_PROBE_TYPE_BUFFER, refuse_buffer, NULL, NULL);
  GST_ELEMENT_ERROR (encoder, STREAM, ENCODE, ("refused"), (NULL));
  counter_wait (fixture, frames, 10);
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");
  gst_pad_remove_probe (sink, probe);
  check_recovers (fixture, pipeline);
  rtc_pipeline_free (pipeline);
  counter_free (frames);
  gst_object_unref (encoder);
}

/* --- others in the room --- */

static void
test_evicted (Fixture *fixture, gconstpointer data)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  RtcPipeline *first = check_lone_new ("rtcsink", url, "user-id=alice");
  RtcPipeline *second = check_lone_new ("rtcsrc", url, "user-id=alice");
  const GstStructure *details;
  GstMessage *fact;
  GstMessage *error;
  guint fact_index, error_index;

  rtc_pipeline_play (first);
  check_wait_connected (fixture, first);
  rtc_pipeline_play (second);
  details = check_failure (
      fixture, first, GST_MESSAGE_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR, "none");
  g_assert_false (is_retryable (details));
  fact = rtc_pipeline_find (first, GST_MESSAGE_ELEMENT, "rtc-client-banned");
  error = rtc_pipeline_find (first, GST_MESSAGE_ERROR, NULL);
  g_assert_true (g_ptr_array_find (first->messages, fact, &fact_index));
  g_assert_true (g_ptr_array_find (first->messages, error, &error_index));
  g_assert_cmpuint (fact_index, <, error_index);
  g_assert_cmpuint (1, ==,
      rtc_pipeline_count (first, GST_MESSAGE_ELEMENT, "rtc-client-banned"));

  check_wait_connected (fixture, second);
  check_no_failure (second);
  rtc_pipeline_free (second);
  check_recovers (fixture, first);
  rtc_pipeline_free (first);
}

static void
test_too_many_viewers (Fixture *fixture, gconstpointer data)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  RtcPipeline *publisher = check_publisher_new (url, "max-viewers=1");
  RtcPipeline *first = check_viewer_new (url, "user-id=first");
  RtcPipeline *second = check_viewer_new (url, "user-id=second");
  Counter *frames =
      counter_new (fixture, rtc_pipeline_get (first, "video"), "sink");
  const GstStructure *details;

  rtc_pipeline_play (publisher);
  rtc_pipeline_play (first);
  counter_wait (fixture, frames, 1);
  rtc_pipeline_play (second);
  details = check_failure (fixture, second, GST_MESSAGE_WARNING,
      GST_RTC_ERROR_SUBSCRIBE_FAILED, "subscribe");
  g_assert_cmpstr (
      "alice", ==, gst_structure_get_string (details, GST_RTC_DETAIL_USER_ID));
  details = check_failure (fixture, publisher, GST_MESSAGE_WARNING,
      GST_RTC_ERROR_PUBLISH_ERROR, "publish");
  g_assert_cmpstr (
      "second", ==, gst_structure_get_string (details, GST_RTC_DETAIL_USER_ID));

  /* The one that is served goes on. */
  counter_wait (fixture, frames, 10);
  check_no_failure (first);
  rtc_pipeline_free (second);
  rtc_pipeline_free (first);
  rtc_pipeline_free (publisher);
  counter_free (frames);
}

/* --- serving --- */

static void
test_foreign_port (Fixture *fixture, gconstpointer data)
{
  RawServer *raw = raw_server_new (
      "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", FALSE);
  g_autofree gchar *url = raw_server_dup_url (raw, "http");

  check_cannot_join (
      fixture, url, "serve=true", GST_RTC_ERROR_INVALID_PARAMS, 0);
  raw_server_free (raw);
}

static void
test_serve_not_loopback (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_lone_new ("rtcsrc", "http://192.0.2.1:7800", "serve=true");

  g_assert_cmpint (GST_STATE_CHANGE_FAILURE, ==,
      gst_element_set_state (pipeline->pipeline, GST_STATE_PLAYING));
  check_failure (fixture, pipeline, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_INVALID_PARAMS, "join");
  check_recovers (fixture, pipeline);
  rtc_pipeline_free (pipeline);
}

static void
test_serve_is_shared (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *url =
      g_strdup_printf ("http://127.0.0.1:%u", raw_server_find_dead_port ());
  RtcPipeline *publisher = check_publisher_new (url, "serve=true");
  RtcPipeline *viewer = check_viewer_new (url, "serve=true");
  Counter *frames =
      counter_new (fixture, rtc_pipeline_get (viewer, "video"), "sink");

  rtc_pipeline_play (publisher);
  rtc_pipeline_play (viewer);
  counter_wait (fixture, frames, 3);
  g_assert_cmpuint (1, ==,
      rtc_pipeline_count (
          publisher, GST_MESSAGE_ELEMENT, "rtc-server-started"));
  g_assert_cmpuint (0, ==,
      rtc_pipeline_count (viewer, GST_MESSAGE_ELEMENT, "rtc-server-started"));
  check_no_failure (publisher);
  check_no_failure (viewer);
  rtc_pipeline_free (publisher);
  /* The last user ends it, so that the address is free again. */
  rtc_pipeline_stop (viewer);
  rtc_pipeline_forget (viewer);
  rtc_pipeline_play (viewer);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (viewer, GST_MESSAGE_ELEMENT, "rtc-server-started") !=
          NULL);
  rtc_pipeline_free (viewer);
  counter_free (frames);
}

static void
test_serve_beside_a_room_server (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline = check_lone_new (
      "rtcsink", gst_rtc_server_get_url (fixture->server), "serve=true");

  rtc_pipeline_play (pipeline);
  check_wait_connected (fixture, pipeline);
  check_barrier (fixture, pipeline);
  check_no_failure (pipeline);
  g_assert_null (
      rtc_pipeline_find (pipeline, GST_MESSAGE_ELEMENT, "rtc-server-started"));
  rtc_pipeline_free (pipeline);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  check_register ();

  CHECK_ADD ("/failures/bad-settings", test_bad_settings);
  CHECK_ADD ("/failures/good-ids", test_good_ids);
  CHECK_ADD ("/failures/no-server", test_no_server);
  CHECK_ADD ("/failures/error-waits-for-playing", test_error_waits_for_playing);
  CHECK_ADD ("/failures/error-comes-in-paused", test_error_comes_in_paused);
  CHECK_ADD ("/failures/bad-getconfig", test_bad_getconfig);
  CHECK_ADD ("/failures/stalled-getconfig", test_stalled_getconfig);
  CHECK_ADD ("/failures/dead-addresses", test_dead_addresses);
  CHECK_ADD ("/failures/join-refused", test_join_refused);
  CHECK_ADD ("/failures/join-unanswered", test_join_unanswered);
  CHECK_ADD ("/failures/late-answer-is-ignored", test_late_answer_is_ignored);
  CHECK_ADD ("/failures/socket-broken", test_socket_broken);
  CHECK_ADD ("/failures/publish-refused", test_publish_refused);
  CHECK_ADD ("/failures/subscribe-refused", test_subscribe_refused);
  CHECK_ADD ("/failures/pad-without-media", test_pad_without_media);
  CHECK_ADD ("/failures/no-encoder", test_no_encoder);
  CHECK_ADD ("/failures/encoder-fails", test_encoder_fails);
  CHECK_ADD (
      "/failures/encoders-of-two-pads-fail", test_encoders_of_two_pads_fail);
  CHECK_ADD ("/failures/outputs-of-two-streams-fail",
      test_outputs_of_two_streams_fail);
  CHECK_ADD ("/failures/encoder-refuses-frame", test_encoder_refuses_frame);
  CHECK_ADD ("/failures/evicted", test_evicted);
  CHECK_ADD ("/failures/too-many-viewers", test_too_many_viewers);
  CHECK_ADD ("/failures/foreign-port", test_foreign_port);
  CHECK_ADD ("/failures/serve-not-loopback", test_serve_not_loopback);
  CHECK_ADD ("/failures/serve-is-shared", test_serve_is_shared);
  CHECK_ADD (
      "/failures/serve-beside-a-room-server", test_serve_beside_a_room_server);
  return g_test_run ();
}
