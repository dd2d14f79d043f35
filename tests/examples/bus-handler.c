/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A complete application: plays the pipeline of its arguments and acts on
 * the number of a failure instead of its text. */
#include <gst/gst.h>

#include <gst/rtc/rtcerror.h>

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  GMainLoop *loop = user_data;
  g_autoptr (GError) error = NULL;
  const GstStructure *details = NULL;
  gboolean retryable = FALSE;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT: /* facts: rtc-stream-added and the like */
      gst_println (
          "%" GST_PTR_FORMAT, (gpointer)gst_message_get_structure (message));
      return G_SOURCE_CONTINUE;
    case GST_MESSAGE_EOS:
      g_main_loop_quit (loop);
      return G_SOURCE_CONTINUE;
    case GST_MESSAGE_WARNING: /* the element goes on */
      gst_message_parse_warning (message, &error, NULL);
      gst_message_parse_warning_details (message, &details);
      break;
    case GST_MESSAGE_ERROR: /* it does not */
      gst_message_parse_error (message, &error, NULL);
      gst_message_parse_error_details (message, &details);
      g_main_loop_quit (loop);
      break;
    default:
      return G_SOURCE_CONTINUE;
  }

  if (error->domain != GST_RTC_ERROR || !details) {
    g_printerr ("%s\n", error->message);
    return G_SOURCE_CONTINUE;
  }
  gst_structure_get_boolean (details, GST_RTC_DETAIL_RETRYABLE, &retryable);
  g_printerr ("%d %s in %s: %s\n", error->code,
      gst_structure_get_string (details, GST_RTC_DETAIL_SYMBOL),
      gst_structure_get_string (details, GST_RTC_DETAIL_OPERATION),
      gst_structure_get_string (details, GST_RTC_DETAIL_REASON));
  if (error->code == GST_RTC_ERROR_JOIN_ROOM_ERROR && !retryable)
    g_printerr ("fetch a new token, or choose another room\n");
  else if (retryable)
    g_printerr ("trying again can help\n");
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GError) error = NULL;

  gst_init (&argc, &argv);
  pipeline = gst_parse_launchv ((const gchar **)argv + 1, &error);
  if (!pipeline) {
    g_printerr ("%s\n", error ? error->message : "no pipeline");
    return 1;
  }
  bus = gst_element_get_bus (pipeline);
  gst_bus_add_watch (bus, on_message, loop);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (loop);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  return 0;
}
