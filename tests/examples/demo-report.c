/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings, checks and texts that both processes of rtc-demo need. Main
 * thread. */
#include "demo.h"

#include "rtcerror.h"

static const struct
{
  const gchar *element;
  const gchar *package;
} needed_elements[] = {
    {"rtcsink", "this project: ./dev build, then GST_PLUGIN_PATH=build/gst"},
    {"rtcsrc", "this project: ./dev build, then GST_PLUGIN_PATH=build/gst"},
    {"clockoverlay", "gstreamer1.0-x"},
    {"nicesrc", "gstreamer1.0-nice"},
    {"opusdec", "gstreamer1.0-plugins-base"},
    {"opusparse", "gstreamer1.0-plugins-bad"},
    {"pngenc", "gstreamer1.0-plugins-good"},
    {"videotestsrc", "gstreamer1.0-plugins-base"},
    {"vp8dec", "gstreamer1.0-plugins-good"},
    {"webmmux", "gstreamer1.0-plugins-good"},
    {"webrtcbin", "gstreamer1.0-plugins-bad"},
};

gboolean
demo_check_elements (void)
{
  gboolean complete = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (needed_elements); i++) {
    g_autoptr (GstElementFactory) factory =
        gst_element_factory_find (needed_elements[i].element);

    if (factory)
      continue;
    g_printerr ("missing element %s (%s)\n", needed_elements[i].element,
        needed_elements[i].package);
    complete = FALSE;
  }
  return complete;
}

void
demo_configure (
    GstElement *element, const gchar *server_url, const gchar *user_id)
{
  g_auto (GValue) addresses = G_VALUE_INIT;
  g_auto (GValue) address = G_VALUE_INIT;

  g_value_init (&addresses, GST_TYPE_ARRAY);
  g_value_init (&address, G_TYPE_STRING);
  g_value_set_static_string (&address, "127.0.0.1");
  gst_value_array_append_value (&addresses, &address);
  g_object_set_property (G_OBJECT (element), "local-addresses", &addresses);
  g_object_set (element, "server-url", server_url, "room-id", DEMO_ROOM,
      "user-id", user_id, NULL);
}

gchar *
demo_describe_failure (GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  const GstStructure *details = NULL;
  const gchar *symbol;
  const gchar *reason;
  gint code;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, &debug);
    gst_message_parse_error_details (message, &details);
  } else {
    gst_message_parse_warning (message, &error, &debug);
    gst_message_parse_warning_details (message, &details);
  }
  if (!details ||
      !gst_structure_get_int (details, GST_RTC_DETAIL_CODE, &code)) {
    return g_strdup_printf (
        "%s (from %s)", error->message, GST_MESSAGE_SRC_NAME (message));
  }
  symbol = gst_structure_get_string (details, GST_RTC_DETAIL_SYMBOL);
  reason = gst_structure_get_string (details, GST_RTC_DETAIL_REASON);
  return g_strdup_printf (
      "%d %s: %s", code, symbol, reason ? reason : error->message);
}

static gboolean
get_flag (const GstStructure *fact, const gchar *field)
{
  gboolean flag = FALSE;

  return gst_structure_get_boolean (fact, field, &flag) && flag;
}

static gchar *
describe_stream (const GstStructure *fact, const gchar *what)
{
  const gchar *user = gst_structure_get_string (fact, "user-id");
  const gchar *reason = gst_structure_get_string (fact, "reason");
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_printf (line, "%s stream of %s %s",
      get_flag (fact, "screen") ? "screen" : "camera", user ? user : "?", what);
  if (get_flag (fact, "video"))
    g_string_append (line, ", video");
  if (get_flag (fact, "audio"))
    g_string_append (line, ", audio");
  if (reason)
    g_string_append_printf (line, " (%s)", reason);
  return g_string_free (g_steal_pointer (&line), FALSE);
}

static gchar *
describe_connection (const GstStructure *fact)
{
  const gchar *state = gst_structure_get_string (fact, "new");
  const gchar *reason = gst_structure_get_string (fact, "reason");

  if (g_strcmp0 (state, "connected") == 0)
    return g_strdup ("joined room " DEMO_ROOM);
  if (reason)
    return g_strdup_printf ("%s (%s)", state, reason);
  return g_strdup (state);
}

gchar *
demo_describe_fact (GstMessage *message)
{
  const GstStructure *fact = gst_message_get_structure (message);
  const gchar *name = gst_structure_get_name (fact);
  const gchar *user = gst_structure_get_string (fact, "user-id");

  if (!g_str_has_prefix (name, "rtc-"))
    return NULL;
  if (g_str_equal (name, "rtc-connection-state"))
    return describe_connection (fact);
  if (g_str_equal (name, "rtc-server-started")) {
    return g_strdup_printf (
        "server started at %s", gst_structure_get_string (fact, "address"));
  }
  if (g_str_equal (name, "rtc-peer-online"))
    return g_strdup_printf ("%s is in the room", user);
  if (g_str_equal (name, "rtc-peer-leave"))
    return g_strdup_printf ("%s left the room", user);
  if (g_str_equal (name, "rtc-stream-added"))
    return describe_stream (fact, "added");
  if (g_str_equal (name, "rtc-stream-removed"))
    return describe_stream (fact, "removed");
  return gst_structure_to_string (fact);
}
