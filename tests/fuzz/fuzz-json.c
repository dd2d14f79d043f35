/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the bounded JSON reader. */
#include <string.h>

#include "fuzz.h"
#include "rtcconfig.h"
#include "rtcjson.h"

static GstRtcJson *
parse (const gchar *text, gsize length, gsize max_bytes)
{
  g_autoptr (GError) error = NULL;
  GstRtcJson *json = gst_rtc_json_parse (
      text, length, max_bytes, GST_RTC_MAX_JSON_DEPTH, &error);

  g_assert ((json == NULL) == (error != NULL));
  return json;
}

/* Depth by another way than that of the reader: brackets outside strings. */
static guint
measure_depth (const gchar *text, gsize length)
{
  gboolean in_string = FALSE;
  guint depth = 0;
  guint deepest = 0;

  for (gsize i = 0; i < length; i++) {
    if (in_string && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (!in_string && (text[i] == '{' || text[i] == '['))
      depth++;
    else if (!in_string && (text[i] == '}' || text[i] == ']'))
      depth--;
    deepest = MAX (deepest, depth);
  }
  g_assert (depth == 0 && !in_string);
  return deepest;
}

/* Each getter for a name, whatever it holds; objects are walked into. */
static void
ask_all (GstRtcJson *json, guint depth)
{
  static const gchar *const names[] = {"a", "type", ""};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const gchar *name = names[i];
    GstRtcJsonKind kind = gst_rtc_json_get_kind (json, name);
    const gchar *string = gst_rtc_json_get_string (json, name);
    g_autoptr (GstRtcJson) object = gst_rtc_json_get_object (json, name);
    guint length = gst_rtc_json_get_array_length (json, name);

    g_assert ((string != NULL) == (kind == GST_RTC_JSON_STRING));
    g_assert ((object != NULL) == (kind == GST_RTC_JSON_OBJECT));
    g_assert (length == 0 || kind == GST_RTC_JSON_ARRAY);
    if (string)
      g_assert (g_utf8_validate (string, -1, NULL));
    if (kind != GST_RTC_JSON_INTEGER)
      g_assert (gst_rtc_json_get_int (json, name, 7) == 7);
    if (kind != GST_RTC_JSON_BOOLEAN)
      g_assert (gst_rtc_json_get_boolean (json, name, 7) == 7);
    if (object)
      ask_all (object, depth + 1);
    for (guint j = 0; j < MIN (length, 4); j++) {
      g_autoptr (GstRtcJson) element =
          gst_rtc_json_get_array_object (json, name, j);

      if (element)
        ask_all (element, depth + 1);
      else
        gst_rtc_json_get_array_string (json, name, j);
    }
  }
  g_assert (depth < GST_RTC_MAX_JSON_DEPTH);
}

/* json-glib 1.6 writes 1e22 as 1e+22.0; see gst_rtc_json_to_text (). */
static gchar *
mend_doubles (const gchar *text)
{
  GString *mended = g_string_new (NULL);
  gboolean in_string = FALSE;
  gboolean in_exponent = FALSE;

  for (const gchar *c = text; *c; c++) {
    if (in_string && *c == '\\') {
      g_string_append_c (mended, *c++);
    } else if (*c == '"') {
      in_string = !in_string;
    } else if (!in_string && *c == 'e' && (c[1] == '+' || c[1] == '-')) {
      in_exponent = TRUE;
    } else if (in_exponent && *c == '.') {
      c++;
      continue;
    } else if (!strchr ("+-0123456789", *c)) {
      in_exponent = FALSE;
    }
    g_string_append_c (mended, *c);
  }
  return g_string_free (mended, FALSE);
}

static gchar *
write_out (GstRtcJson *json)
{
  g_autofree gchar *text = gst_rtc_json_to_text (json);

  return mend_doubles (text);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const gchar *text = (const gchar *)data;
  g_autoptr (GstRtcJson) json = NULL;
  g_autoptr (GstRtcJson) copy = NULL;
  g_autofree gchar *written = NULL;
  g_autofree gchar *again = NULL;

  fuzz_setup ();
  json = parse (text, size, GST_RTC_MAX_MESSAGE_BYTES);
  if (!json)
    return 0;
  g_assert (size <= GST_RTC_MAX_MESSAGE_BYTES);
  g_assert (measure_depth (text, size) <= GST_RTC_MAX_JSON_DEPTH);
  ask_all (json, 0);

  /* One byte less is no object any more, unless it was space. */
  if (text[size - 1] == '}') {
    g_autoptr (GstRtcJson) cut = parse (text, size - 1, size);

    g_assert (!cut);
  }
  /* What is written reads the same; escapes may make it longer. */
  written = write_out (json);
  copy = parse (written, strlen (written), G_MAXSIZE);
  g_assert (copy);
  again = write_out (copy);
  g_assert_cmpstr (written, ==, again);
  return 0;
}
