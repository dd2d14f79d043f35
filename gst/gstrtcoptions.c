/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options structure of an action. Any thread. */
#include "gstrtcoptions.h"

#include "rtcerror-private.h"

typedef struct
{
  GstRtcRequest *request;
  gchar *fault;
} OptionsScan;

static gboolean
read_option (GQuark field, const GValue *value, gpointer user_data)
{
  OptionsScan *scan = user_data;
  const gchar *name = g_quark_to_string (field);
  gboolean on;

  if (!g_utf8_validate (name, -1, NULL)) {
    scan->fault = g_strdup ("an option has a name that is not UTF-8");
    return FALSE;
  }
  if (!G_VALUE_HOLDS_BOOLEAN (value)) {
    scan->fault = g_strdup_printf (
        "option %s must be a boolean, not %s", name, G_VALUE_TYPE_NAME (value));
    return FALSE;
  }

  on = g_value_get_boolean (value);
  if (g_str_equal (name, "audio"))
    scan->request->audio = on ? GST_RTC_TRUE : GST_RTC_FALSE;
  else if (g_str_equal (name, "video"))
    scan->request->video = on ? GST_RTC_TRUE : GST_RTC_FALSE;
  else if (g_str_equal (name, "screen"))
    scan->request->screen = on;
  else
    scan->fault = g_strdup_printf (
        "unknown option %s; audio, video and screen are known", name);
  return scan->fault == NULL;
}

gboolean
gst_rtc_options_parse (
    const GstStructure *options, GstRtcRequest *request, GError **error)
{
  OptionsScan scan = {.request = request};
  g_autofree gchar *fault = NULL;

  if (!options || gst_structure_foreach (options, read_option, &scan))
    return TRUE;
  fault = scan.fault;
  return gst_rtc_error_set (
      error, GST_RTC_ERROR_INVALID_PARAMS, 0, "%s", fault);
}
