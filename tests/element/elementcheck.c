/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of rtcsink and rtcsrc share. On the thread of the test;
 * probes and promises count atomically from theirs. */
#include "elementcheck.h"

#include "gstrtcsink.h"
#include "gstrtcsrc.h"
#include "rtcerror-private.h"

#define CONNECTED "connected"

void
check_register (void)
{
  g_assert_true (
      gst_element_register (NULL, "rtcsink", GST_RANK_NONE, GST_RTC_TYPE_SINK));
  g_assert_true (
      gst_element_register (NULL, "rtcsrc", GST_RANK_NONE, GST_RTC_TYPE_SRC));
}

void
check_hide_element (const gchar *factory)
{
  GstRegistry *registry = gst_registry_get ();
  g_autoptr (GstPluginFeature) feature =
      gst_registry_lookup_feature (registry, factory);

  if (feature)
    gst_registry_remove_feature (registry, feature);
}

void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
  fixture->context = rtc_test_context_enter ();
  fixture->server = rtc_test_server_start ();
  fixture->scripted = scripted_server_new (NULL);
}

void
fixture_tear_down (Fixture *fixture, gconstpointer data)
{
  scripted_server_free (fixture->scripted);
  if (fixture->server) {
    gst_rtc_server_stop (fixture->server);
    g_object_unref (fixture->server);
  }
  rtc_test_context_leave (fixture->context);
}

/* --- pipelines --- */

RtcPipeline *
check_lone_new (
    const gchar *factory, const gchar *server_url, const gchar *properties)
{
  return rtc_pipeline_new (
      "%s name=rtc server-url=%s room-id=room reconnect-attempts=0 " CHECK_LOCAL
      " %s",
      factory, server_url, properties);
}

RtcPipeline *
check_publisher_new (const gchar *server_url, const gchar *properties)
{
  return rtc_pipeline_new (
      "rtcsink name=rtc server-url=%s room-id=room user-id=alice "
      "reconnect-attempts=0 " CHECK_LOCAL " %s" CHECK_PUBLISHER,
      server_url, properties);
}

/* Each time anew, unlike what a launch line does. */
static void
link_pad (GstElement *rtc, GstPad *pad, gpointer user_data)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (user_data, "sink");

  if (g_str_has_prefix (GST_OBJECT_NAME (pad), "video"))
    g_assert_cmpint (GST_PAD_LINK_OK, ==, gst_pad_link (pad, sink));
}

RtcPipeline *
check_viewer_new (const gchar *server_url, const gchar *properties)
{
  RtcPipeline *pipeline =
      rtc_pipeline_new ("rtcsrc name=rtc server-url=%s room-id=room "
                        "reconnect-attempts=0 " CHECK_LOCAL " %s "
                        "capsfilter name=filter caps=video/x-raw ! "
                        "fakesink name=video sync=false async=false",
          server_url, properties);

  g_signal_connect (rtc_pipeline_get (pipeline, "rtc"), "pad-added",
      G_CALLBACK (link_pad), rtc_pipeline_get (pipeline, "filter"));
  return pipeline;
}

gboolean
check_is_connected (RtcPipeline *pipeline)
{
  g_autofree gchar *state = NULL;
  GObject *rtc = G_OBJECT (rtc_pipeline_get (pipeline, "rtc"));
  GParamSpec *pspec = g_object_class_find_property (
      G_OBJECT_GET_CLASS (rtc), "connection-state");
  gint value;

  g_object_get (rtc, "connection-state", &value, NULL);
  return g_str_equal (
      CONNECTED, g_enum_get_value (G_PARAM_SPEC_ENUM (pspec)->enum_class, value)
                     ->value_nick);
}

void
check_wait_connected (Fixture *fixture, RtcPipeline *pipeline)
{
  rtc_test_wait (fixture->context, check_is_connected (pipeline));
}

/* --- failures --- */

static guint
count_failures (RtcPipeline *pipeline)
{
  return rtc_pipeline_count (pipeline, GST_MESSAGE_ERROR, NULL) +
         rtc_pipeline_count (pipeline, GST_MESSAGE_WARNING, NULL);
}

void
check_no_failure (RtcPipeline *pipeline)
{
  if (count_failures (pipeline) > 0)
    rtc_pipeline_print_failures (pipeline);
  g_assert_cmpuint (0, ==, count_failures (pipeline));
}

const gchar *check_backend = "room";

void
check_details (const GstStructure *details, gint code, const gchar *operation)
{
  const GstRtcErrorInfo *info = gst_rtc_error_lookup (code);
  gint shown;
  gboolean retryable;

  g_assert_nonnull (info);
  g_assert_nonnull (details);
  g_assert_true (gst_structure_get_int (details, GST_RTC_DETAIL_CODE, &shown));
  g_assert_cmpint (code, ==, shown);
  g_assert_cmpstr (info->symbol, ==,
      gst_structure_get_string (details, GST_RTC_DETAIL_SYMBOL));
  g_assert_cmpstr (info->category, ==,
      gst_structure_get_string (details, GST_RTC_DETAIL_CATEGORY));
  g_assert_cmpstr (operation, ==,
      gst_structure_get_string (details, GST_RTC_DETAIL_OPERATION));
  g_assert_cmpstr (
      "", !=, gst_structure_get_string (details, GST_RTC_DETAIL_REASON));
  g_assert_nonnull (gst_structure_get_string (details, GST_RTC_DETAIL_REASON));
  g_assert_true (gst_structure_get_boolean (
      details, GST_RTC_DETAIL_RETRYABLE, &retryable));
  g_assert_cmpstr (check_backend, ==,
      gst_structure_get_string (details, GST_RTC_DETAIL_BACKEND));
}

const GstStructure *
check_failure (Fixture *fixture, RtcPipeline *pipeline, GstMessageType severity,
    gint code, const gchar *operation)
{
  g_autoptr (GError) error = NULL;
  const GstStructure *details;
  GstMessage *message;

  rtc_test_wait (fixture->context, count_failures (pipeline) > 0);
  check_barrier (fixture, pipeline);
  if (count_failures (pipeline) != 1)
    rtc_pipeline_print_failures (pipeline);
  g_assert_cmpuint (1, ==, count_failures (pipeline));
  message = rtc_pipeline_find (pipeline, severity, NULL);
  if (!message)
    rtc_pipeline_print_failures (pipeline);
  g_assert_nonnull (message);
  g_assert_true (GST_MESSAGE_SRC (message) ==
                 GST_OBJECT (rtc_pipeline_get (pipeline, "rtc")));
  if (severity == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    gst_message_parse_error_details (message, &details);
  } else {
    gst_message_parse_warning (message, &error, NULL);
    gst_message_parse_warning_details (message, &details);
  }
  if (error->code != code)
    rtc_pipeline_print_failures (pipeline);
  g_assert_error (error, GST_RTC_ERROR, code);
  check_details (details, code, operation);
  return details;
}

static gboolean
is_of_barrier (GstMessage *message)
{
  const GstStructure *details = NULL;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_WARNING)
    return FALSE;
  gst_message_parse_warning_details (message, &details);
  return details &&
         g_strcmp0 ("set-user-visibility",
             gst_structure_get_string (details, GST_RTC_DETAIL_OPERATION)) == 0;
}

void
check_barrier (Fixture *fixture, RtcPipeline *pipeline)
{
  GstElement *rtc = rtc_pipeline_get (pipeline, "rtc");
  Answer *answer = answer_new (fixture);
  gboolean visible;

  /* Asks for what is so already; through the worker, then the notifier. */
  g_object_get (rtc, "visible", &visible, NULL);
  g_signal_emit_by_name (rtc, "set-user-visibility", visible, answer->promise);
  rtc_test_wait (fixture->context, g_atomic_int_get (&answer->answered));
  answer_free (answer);
  rtc_test_settle (fixture->context);
  /* A room that is lost refuses it. */
  for (guint i = pipeline->messages->len; i > 0; i--) {
    if (is_of_barrier (g_ptr_array_index (pipeline->messages, i - 1)))
      g_ptr_array_remove_index (pipeline->messages, i - 1);
  }
}

static gboolean
on_time_over (gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_REMOVE;
}

void
check_let_pass (Fixture *fixture, guint ms)
{
  GSource *source = g_timeout_source_new (ms);
  gboolean over = FALSE;

  g_source_set_callback (source, on_time_over, &over, NULL);
  g_source_attach (source, fixture->context);
  g_source_unref (source);
  rtc_test_wait (fixture->context, over);
}

void
check_recovers (Fixture *fixture, RtcPipeline *pipeline)
{
  rtc_pipeline_stop (pipeline);
  rtc_test_settle (fixture->context);
  rtc_pipeline_forget (pipeline);
  g_object_set (rtc_pipeline_get (pipeline, "rtc"), "server-url",
      gst_rtc_server_get_url (fixture->server), "room-id", "room",
      "signaling-timeout", 3000, "connect-timeout", 10000, "serve", FALSE,
      NULL);
  rtc_pipeline_play (pipeline);
  check_wait_connected (fixture, pipeline);
  check_barrier (fixture, pipeline);
  check_no_failure (pipeline);
  rtc_pipeline_stop (pipeline);
}

/* --- buffers --- */

static GstPadProbeReturn
count_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Counter *self = user_data;

  g_atomic_int_inc (&self->count);
  g_main_context_wakeup (self->context);
  return GST_PAD_PROBE_OK;
}

Counter *
counter_new (Fixture *fixture, GstElement *element, const gchar *pad)
{
  Counter *self = g_new0 (Counter, 1);

  self->context = g_main_context_ref (fixture->context);
  self->pad = gst_element_get_static_pad (element, pad);
  g_assert_nonnull (self->pad);
  self->probe = gst_pad_add_probe (
      self->pad, GST_PAD_PROBE_TYPE_BUFFER, count_buffer, self, NULL);
  return self;
}

void
counter_free (Counter *self)
{
  gst_pad_remove_probe (self->pad, self->probe);
  gst_object_unref (self->pad);
  g_main_context_unref (self->context);
  g_free (self);
}

void
counter_wait (Fixture *fixture, Counter *self, guint n)
{
  const gint wanted = g_atomic_int_get (&self->count) + (gint)n;

  rtc_test_wait (fixture->context, g_atomic_int_get (&self->count) >= wanted);
}

/* --- promises --- */

static void
answer_unref (gpointer data)
{
  Answer *self = data;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_main_context_unref (self->context);
  g_free (self);
}

static void
on_answered (GstPromise *promise, gpointer user_data)
{
  Answer *self = user_data;

  self->thread = g_thread_self ();
  g_atomic_int_inc (&self->answered);
  g_main_context_wakeup (self->context);
}

Answer *
answer_new (Fixture *fixture)
{
  Answer *self = g_new0 (Answer, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_atomic_ref_count_inc (&self->ref_count);
  self->context = g_main_context_ref (fixture->context);
  self->promise =
      gst_promise_new_with_change_func (on_answered, self, answer_unref);
  return self;
}

void
answer_free (Answer *self)
{
  gst_promise_unref (self->promise);
  answer_unref (self);
}

gint
answer_wait (Fixture *fixture, Answer *self, const gchar *operation)
{
  const GstStructure *reply;
  const GError *error = NULL;
  gint code = 0;

  rtc_test_wait (fixture->context, g_atomic_int_get (&self->answered) > 0);
  g_assert_cmpint (1, ==, g_atomic_int_get (&self->answered));
  g_assert_cmpint (
      GST_PROMISE_RESULT_REPLIED, ==, gst_promise_wait (self->promise));
  reply = gst_promise_get_reply (self->promise);
  g_assert_nonnull (reply);
  g_assert_cmpstr (
      operation, ==, gst_structure_get_string (reply, "operation"));
  if (!gst_structure_get_int (reply, GST_RTC_DETAIL_CODE, &code)) {
    g_assert_false (gst_structure_has_field (reply, "error"));
    return 0;
  }
  check_details (reply, code, operation);
  error = g_value_get_boxed (gst_structure_get_value (reply, "error"));
  g_assert_error (error, GST_RTC_ERROR, code);
  return code;
}

Answer *
check_act (Fixture *fixture, RtcPipeline *pipeline, const gchar *action)
{
  Answer *answer = answer_new (fixture);

  g_signal_emit_by_name (
      rtc_pipeline_get (pipeline, "rtc"), action, answer->promise);
  return answer;
}

Answer *
check_act_on_user (Fixture *fixture, RtcPipeline *pipeline, const gchar *action,
    const gchar *user_id, const gchar *options)
{
  GstElement *rtc = rtc_pipeline_get (pipeline, "rtc");
  Answer *answer = answer_new (fixture);
  g_autoptr (GstStructure) parsed =
      options ? gst_structure_from_string (options, NULL) : NULL;

  if (user_id)
    g_signal_emit_by_name (rtc, action, user_id, parsed, answer->promise);
  else
    g_signal_emit_by_name (rtc, action, parsed, answer->promise);
  return answer;
}

Answer *
check_init (Fixture *fixture, RtcPipeline *pipeline)
{
  Answer *answer = answer_new (fixture);

  g_signal_emit_by_name (
      rtc_pipeline_get (pipeline, "rtc"), "init", "default", answer->promise);
  return answer;
}

Answer *
check_join (Fixture *fixture, RtcPipeline *pipeline)
{
  Answer *answer = answer_new (fixture);

  g_signal_emit_by_name (rtc_pipeline_get (pipeline, "rtc"), "join", NULL, NULL,
      NULL, answer->promise);
  return answer;
}
