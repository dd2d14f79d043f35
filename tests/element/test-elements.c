/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of rtcsink and rtcsrc, their properties and pads. From the
 * plugin. */
#include "elementcheck.h"

#include <openssl/crypto.h>

static const gchar *const factories[] = {"rtcsink", "rtcsrc"};

static GstElement *
make (guint i)
{
  GstElement *element = gst_element_factory_make (factories[i], NULL);

  g_assert_nonnull (element);
  return gst_object_ref_sink (element);
}

/* --- life --- */

static void
test_create_and_free (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) {
    for (guint round = 0; round < 10; round++) {
      GstElement *element = make (i);
      gpointer watched = element;

      g_object_add_weak_pointer (G_OBJECT (element), &watched);
      gst_object_unref (element);
      g_assert_null (watched);
    }
  }
}

static void
test_ready_and_back (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) {
    GstElement *element = make (i);

    for (guint round = 0; round < 10; round++) {
      g_assert_cmpint (GST_STATE_CHANGE_SUCCESS, ==,
          gst_element_set_state (element, GST_STATE_READY));
      g_assert_cmpint (GST_STATE_CHANGE_SUCCESS, ==,
          gst_element_set_state (element, GST_STATE_NULL));
    }
    g_assert_cmpint (1, ==, GST_OBJECT_REFCOUNT_VALUE (element));
    gst_object_unref (element);
  }
}

static void
call_again_and_again (Fixture *fixture, guint n_rounds)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  RtcPipeline *publisher = check_publisher_new (url, "");
  RtcPipeline *viewer = check_viewer_new (url, "on-stream-removed=wait");
  Counter *frames =
      counter_new (fixture, rtc_pipeline_get (viewer, "video"), "sink");

  for (guint round = 0; round < n_rounds; round++) {
    rtc_pipeline_play (publisher);
    rtc_pipeline_play (viewer);
    counter_wait (fixture, frames, 3);
    check_no_failure (publisher);
    check_no_failure (viewer);
    if (round % 2)
      rtc_pipeline_stop (publisher);
    rtc_pipeline_stop (viewer);
    rtc_pipeline_stop (publisher);
  }
  rtc_pipeline_free (viewer);
  rtc_pipeline_free (publisher);
  counter_free (frames);
}

static void
test_again_and_again (Fixture *fixture, gconstpointer data)
{
  call_again_and_again (fixture, 10);
}

static void
on_openssl_ended (void)
{
  g_print ("OpenSSL has ended\n");
}

/* Threads of DTLS transports that are ending would not survive it. */
static void
test_openssl_outlives_all (Fixture *fixture, gconstpointer data)
{
  if (g_test_subprocess ()) {
    call_again_and_again (fixture, 1);
    g_assert_cmpint (1, ==, OPENSSL_atexit (on_openssl_ended));
    return;
  }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout_unmatched ("*OpenSSL has ended*");
}

static GstPadProbeReturn
on_held (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_OK;
}

/* What was known of the media of the time before says nothing of what comes:
 * its SSRC is another one. */
static void
test_restart_waits_for_media (Fixture *fixture, gconstpointer data)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  RtcPipeline *publisher = check_publisher_new (url, "");
  RtcPipeline *viewer = check_viewer_new (url, "on-stream-removed=wait");
  Counter *frames =
      counter_new (fixture, rtc_pipeline_get (viewer, "video"), "sink");
  g_autoptr (GstPad) source = gst_element_get_static_pad (
      rtc_pipeline_get (publisher, "frames"), "src");
  gulong probe;

  rtc_pipeline_play (publisher);
  rtc_pipeline_play (viewer);
  counter_wait (fixture, frames, 3);
  rtc_pipeline_stop (publisher);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (viewer, GST_MESSAGE_ELEMENT, "rtc-peer-leave") !=
          NULL);

  rtc_pipeline_forget (viewer);
  probe = gst_pad_add_probe (
      source, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, on_held, NULL, NULL);
  rtc_pipeline_play (publisher);
  check_wait_connected (fixture, publisher);
  check_let_pass (fixture, 200);
  g_assert_null (
      rtc_pipeline_find (viewer, GST_MESSAGE_ELEMENT, "rtc-stream-added"));
  gst_pad_remove_probe (source, probe);
  rtc_test_wait (fixture->context,
      rtc_pipeline_find (viewer, GST_MESSAGE_ELEMENT, "rtc-stream-added") !=
          NULL);
  counter_wait (fixture, frames, 3);
  check_no_failure (publisher);
  check_no_failure (viewer);
  rtc_pipeline_free (viewer);
  rtc_pipeline_free (publisher);
  counter_free (frames);
}

/* The middle states: PAUSED leaves the room where it is, READY leaves it. */
static void
test_states_between (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) {
    RtcPipeline *pipeline = check_lone_new (
        factories[i], gst_rtc_server_get_url (fixture->server), "");

    g_assert_cmpint (GST_STATE_CHANGE_FAILURE, !=,
        gst_element_set_state (pipeline->pipeline, GST_STATE_PAUSED));
    check_wait_connected (fixture, pipeline);
    rtc_pipeline_play (pipeline);
    g_assert_cmpint (GST_STATE_CHANGE_FAILURE, !=,
        gst_element_set_state (pipeline->pipeline, GST_STATE_PAUSED));
    check_barrier (fixture, pipeline);
    g_assert_true (check_is_connected (pipeline));
    g_assert_cmpint (GST_STATE_CHANGE_SUCCESS, ==,
        gst_element_set_state (pipeline->pipeline, GST_STATE_READY));
    rtc_test_wait (fixture->context, !check_is_connected (pipeline));
    rtc_pipeline_play (pipeline);
    check_wait_connected (fixture, pipeline);
    check_barrier (fixture, pipeline);
    check_no_failure (pipeline);
    rtc_pipeline_free (pipeline);
  }
}

/* --- properties --- */

static gboolean
is_ours (const GParamSpec *pspec)
{
  return g_str_has_prefix (g_type_name (pspec->owner_type), "GstRtc");
}

static gboolean
is_secret (const GParamSpec *pspec)
{
  static const gchar *const names[] = {
      "api-secret", "api-token", "room-pin", "token", "turn-servers", NULL};

  return g_strv_contains (names, pspec->name);
}

/* Another value than the default that is in range. */
static void
pick_value (const GParamSpec *pspec, GValue *value)
{
  g_value_init (value, pspec->value_type);
  g_param_value_set_default ((GParamSpec *)pspec, value);
  if (G_IS_PARAM_SPEC_STRING (pspec)) {
    g_value_set_static_string (value, "http://[::1]:9/x");
  } else if (G_IS_PARAM_SPEC_BOOLEAN (pspec)) {
    g_value_set_boolean (value, !g_value_get_boolean (value));
  } else if (G_IS_PARAM_SPEC_UINT (pspec)) {
    const GParamSpecUInt *number = (const GParamSpecUInt *)pspec;

    g_value_set_uint (value, number->default_value == number->maximum
                                 ? number->minimum
                                 : number->maximum);
  } else if (G_IS_PARAM_SPEC_ENUM (pspec)) {
    g_value_set_enum (value, 1);
  } else {
    g_auto (GValue) element = G_VALUE_INIT;

    g_assert_true (GST_IS_PARAM_SPEC_ARRAY_LIST (pspec));
    g_value_init (&element, G_TYPE_STRING);
    g_value_set_static_string (&element, "one");
    gst_value_array_append_value (value, &element);
  }
}

static void
check_property (GstElement *element, GParamSpec *pspec)
{
  g_auto (GValue) expected = G_VALUE_INIT;
  g_auto (GValue) shown = G_VALUE_INIT;
  g_auto (GValue) initial = G_VALUE_INIT;

  g_assert_cmpuint (10, <, strlen (g_param_spec_get_blurb (pspec)));
  g_assert_nonnull (g_param_spec_get_nick (pspec));
  if (is_secret (pspec)) {
    g_assert_cmpint (
        G_PARAM_WRITABLE, ==, (gint)(pspec->flags & G_PARAM_READWRITE));
    pick_value (pspec, &expected);
    g_object_set_property (G_OBJECT (element), pspec->name, &expected);
    return;
  }

  g_value_init (&initial, pspec->value_type);
  g_object_get_property (G_OBJECT (element), pspec->name, &initial);
  if (!(pspec->flags & G_PARAM_WRITABLE))
    return;
  /* The lists say their defaults in the blurb. */
  if (!GST_IS_PARAM_SPEC_ARRAY_LIST (pspec))
    g_assert_true (g_param_value_defaults (pspec, &initial));

  pick_value (pspec, &expected);
  g_assert_cmpint (0, !=, g_param_values_cmp (pspec, &expected, &initial));
  g_object_set_property (G_OBJECT (element), pspec->name, &expected);
  g_value_init (&shown, pspec->value_type);
  g_object_get_property (G_OBJECT (element), pspec->name, &shown);
  g_assert_cmpint (GST_VALUE_EQUAL, ==, gst_value_compare (&expected, &shown));
  g_object_set_property (G_OBJECT (element), pspec->name, &initial);
}

static void
test_every_property (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) {
    GstElement *element = make (i);
    g_autofree GParamSpec **pspecs = NULL;
    guint n, n_ours = 0;

    pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (element), &n);
    for (guint p = 0; p < n; p++) {
      if (!is_ours (pspecs[p]))
        continue;
      check_property (element, pspecs[p]);
      n_ours++;
    }
    g_assert_cmpuint (20, <, n_ours);
    gst_object_unref (element);
  }
}

static void
append_number (GValue *list)
{
  GValue number = G_VALUE_INIT;

  g_value_init (&number, G_TYPE_INT);
  gst_value_array_append_and_take_value (list, &number);
}

/* GObject says so and leaves the value as it is. */
static void
test_wrong_types (Fixture *fixture, gconstpointer data)
{
  const gchar *names[] = {"room-id", "signaling-timeout", "auto-join",
      "local-addresses", "ice-transport-policy"};
  /* A warning that has grown worse. */
  const GLogLevelFlags level = glib_check_version (2, 76, 0)
                                   ? G_LOG_LEVEL_WARNING
                                   : G_LOG_LEVEL_CRITICAL;

  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) {
    GstElement *element = make (i);
    g_auto (GValue) wrong = G_VALUE_INIT;
    guint timeout;

    g_value_init (&wrong, G_TYPE_BYTES);
    for (guint n = 0; n < G_N_ELEMENTS (names); n++) {
      g_test_expect_message ("GLib-GObject", level, "unable to set property*");
      g_object_set_property (G_OBJECT (element), names[n], &wrong);
      g_test_assert_expected_messages ();
    }
    /* The elements of a list have a type as well. */
    g_value_unset (&wrong);
    g_value_init (&wrong, GST_TYPE_ARRAY);
    append_number (&wrong);
    g_test_expect_message ("GLib-GObject", level, "*invalid or out of range*");
    g_object_set_property (G_OBJECT (element), "local-addresses", &wrong);
    g_test_assert_expected_messages ();
    g_object_get (element, "signaling-timeout", &timeout, NULL);
    g_assert_cmpuint (3000, ==, timeout);
    gst_object_unref (element);
  }
}

static void
test_templates (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) {
    GstElement *element = make (i);
    GstElementFactory *factory = gst_element_get_factory (element);
    const GList *templates =
        gst_element_factory_get_static_pad_templates (factory);

    g_assert_cmpuint (2, ==, g_list_length ((GList *)templates));
    for (; templates; templates = templates->next) {
      const GstStaticPadTemplate *template = templates->data;
      g_autoptr (GstCaps) caps =
          gst_static_caps_get ((GstStaticCaps *)&template->static_caps);

      g_assert_cmpint (
          i == 0 ? GST_PAD_SINK : GST_PAD_SRC, ==, template->direction);
      g_assert_cmpint (
          i == 0 ? GST_PAD_REQUEST : GST_PAD_SOMETIMES, ==, template->presence);
      g_assert_false (gst_caps_is_any (caps));
      g_assert_cmpuint (4, <=, gst_caps_get_size (caps));
    }
    g_assert_cmpstr ("", !=,
        gst_element_factory_get_metadata (
            factory, GST_ELEMENT_METADATA_DESCRIPTION));
    gst_object_unref (element);
  }
}

static void
test_statistics (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) {
    GstElement *element = make (i);
    g_autoptr (GstStructure) stats = NULL;

    g_object_get (element, "stats", &stats, NULL);
    g_assert_nonnull (stats);
    g_assert_true (gst_structure_has_field (stats, "peers"));
    gst_object_unref (element);
  }
}

/* --- pads --- */

static gboolean
is_screen (GstPad *pad)
{
  gboolean screen;

  g_object_get (pad, "screen", &screen, NULL);
  return screen;
}

static void
check_pads (GstElement *element)
{
  const gchar *names[] = {"video_%u", "audio_%u"};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    GstPad *first = gst_element_request_pad_simple (element, names[i]);
    GstPad *second = gst_element_request_pad_simple (element, names[i]);
    gpointer watched = first;

    g_assert_false (is_screen (first));
    g_assert_true (is_screen (second));
    g_object_set (second, "screen", FALSE, NULL);
    g_assert_false (is_screen (second));
    g_assert_cmpuint (2, ==, element->numsinkpads);
    g_object_add_weak_pointer (G_OBJECT (first), &watched);
    gst_element_release_request_pad (element, first);
    gst_object_unref (first);
    g_assert_null (watched);
    gst_element_release_request_pad (element, second);
    gst_object_unref (second);
    g_assert_cmpuint (0, ==, element->numsinkpads);
    g_assert_cmpint (0, ==, GST_BIN_NUMCHILDREN (element));
  }
}

static void
test_pads_in_every_state (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_lone_new ("rtcsink", gst_rtc_server_get_url (fixture->server), "");
  GstElement *rtc = rtc_pipeline_get (pipeline, "rtc");

  check_pads (rtc);
  for (gint state = GST_STATE_READY; state <= GST_STATE_PLAYING; state++) {
    g_assert_cmpint (GST_STATE_CHANGE_FAILURE, !=,
        gst_element_set_state (pipeline->pipeline, (GstState)state));
    check_pads (rtc);
  }
  check_wait_connected (fixture, pipeline);
  check_pads (rtc);
  check_barrier (fixture, pipeline);
  check_no_failure (pipeline);
  rtc_pipeline_free (pipeline);
}

static void
test_pad_names (Fixture *fixture, gconstpointer data)
{
  GstElement *element = make (0);
  GstPad *named = gst_element_request_pad_simple (element, "video_4");
  GstPad *next = gst_element_request_pad_simple (element, "video_%u");

  g_assert_cmpstr ("video_4", ==, GST_OBJECT_NAME (named));
  g_assert_cmpstr ("video_5", ==, GST_OBJECT_NAME (next));
  gst_object_unref (named);
  gst_object_unref (next);
  gst_object_unref (element);
}

typedef struct
{
  GMainContext *context;
  gint is; /* atomic */
} Blocked;

static GstPadProbeReturn
on_blocked (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Blocked *blocked = user_data;

  g_atomic_int_set (&blocked->is, TRUE);
  g_main_context_wakeup (blocked->context);
  return GST_PAD_PROBE_OK;
}

/* Media flows in, the pad goes, the next one works. */
static void
test_release_while_data_flows (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_publisher_new (gst_rtc_server_get_url (fixture->server), "");
  GstElement *rtc = rtc_pipeline_get (pipeline, "rtc");
  GstElement *frames = rtc_pipeline_get (pipeline, "frames");
  Counter *counter = counter_new (fixture, frames, "src");
  g_autoptr (GstPad) src = gst_element_get_static_pad (frames, "src");
  g_autoptr (GstPad) sink = gst_pad_get_peer (src);
  Blocked blocked = {.context = fixture->context};
  gulong block;

  rtc_pipeline_play (pipeline);
  counter_wait (fixture, counter, 5);
  block = gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, on_blocked, &blocked, NULL);
  rtc_test_wait (fixture->context, g_atomic_int_get (&blocked.is));
  g_assert_true (gst_pad_unlink (src, sink));
  gst_element_release_request_pad (rtc, sink);
  g_clear_pointer (&sink, gst_object_unref);
  sink = gst_element_request_pad_simple (rtc, "video_%u");
  g_assert_cmpint (GST_PAD_LINK_OK, ==, gst_pad_link (src, sink));
  gst_pad_remove_probe (src, block);
  counter_wait (fixture, counter, 5);
  check_barrier (fixture, pipeline);
  check_no_failure (pipeline);
  rtc_pipeline_stop (pipeline);
  counter_free (counter);
  rtc_pipeline_free (pipeline);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  CHECK_ADD ("/elements/create-and-free", test_create_and_free);
  CHECK_ADD ("/elements/ready-and-back", test_ready_and_back);
  CHECK_ADD ("/elements/again-and-again", test_again_and_again);
  CHECK_ADD ("/elements/openssl-outlives-all", test_openssl_outlives_all);
  CHECK_ADD ("/elements/restart-waits-for-media", test_restart_waits_for_media);
  CHECK_ADD ("/elements/states-between", test_states_between);
  CHECK_ADD ("/elements/every-property", test_every_property);
  CHECK_ADD ("/elements/wrong-types", test_wrong_types);
  CHECK_ADD ("/elements/templates", test_templates);
  CHECK_ADD ("/elements/statistics", test_statistics);
  CHECK_ADD ("/elements/pads-in-every-state", test_pads_in_every_state);
  CHECK_ADD ("/elements/pad-names", test_pad_names);
  CHECK_ADD (
      "/elements/release-while-data-flows", test_release_while_data_flows);
  return g_test_run ();
}
