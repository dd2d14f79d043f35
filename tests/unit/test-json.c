/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the bounded JSON: the vectors, getters and setters. */
#include "rtcjson.h"

#include <string.h>

#include "rtcconfig.h"

static GstRtcJson *
parse (const gchar *text, GError **error)
{
  return gst_rtc_json_parse (text, strlen (text), GST_RTC_MAX_MESSAGE_BYTES,
      GST_RTC_MAX_JSON_DEPTH, error);
}

static GstRtcJson *
parse_file (const gchar *path, GError **error)
{
  g_autofree gchar *text = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  return gst_rtc_json_parse (
      text, length, GST_RTC_MAX_MESSAGE_BYTES, GST_RTC_MAX_JSON_DEPTH, error);
}

static void
assert_refused (gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcJson) json = parse_file (user_data, &error);

  g_assert_null (json);
  g_assert_error (error, g_quark_from_string ("gst-rtc-json-error"), 0);
}

/* What is written again reads the same. */
static void
assert_accepted (gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcJson) json = parse_file (user_data, &error);
  g_autofree gchar *text = NULL;
  g_autofree gchar *again = NULL;
  g_autoptr (GstRtcJson) copy = NULL;

  g_assert_no_error (error);
  text = gst_rtc_json_to_text (json);
  copy = parse (text, &error);
  g_assert_no_error (error);
  again = gst_rtc_json_to_text (copy);
  g_assert_cmpstr (text, ==, again);
}

static void
getters_give_what_is_there (void)
{
  g_autoptr (GstRtcJson) json =
      parse ("{\"s\":\"x\",\"i\":-5,\"d\":1.5,\"b\":true,\"n\":null,"
             "\"o\":{\"i\":7},\"a\":[\"p\",{\"i\":8},3]}",
          NULL);
  g_autoptr (GstRtcJson) object = gst_rtc_json_get_object (json, "o");
  g_autoptr (GstRtcJson) element = gst_rtc_json_get_array_object (json, "a", 1);

  g_assert_cmpstr ("x", ==, gst_rtc_json_get_string (json, "s"));
  g_assert_cmpint (-5, ==, gst_rtc_json_get_int (json, "i", 0));
  g_assert_true (gst_rtc_json_get_boolean (json, "b", FALSE));
  g_assert_cmpint (7, ==, gst_rtc_json_get_int (object, "i", 0));
  g_assert_cmpuint (3, ==, gst_rtc_json_get_array_length (json, "a"));
  g_assert_cmpstr ("p", ==, gst_rtc_json_get_array_string (json, "a", 0));
  g_assert_cmpint (8, ==, gst_rtc_json_get_int (element, "i", 0));
}

static void
getters_fall_back_on_other_kinds (void)
{
  g_autoptr (GstRtcJson) json =
      parse ("{\"s\":\"x\",\"i\":-5,\"d\":1.5,\"n\":null,\"a\":[3]}", NULL);

  g_assert_null (gst_rtc_json_get_string (json, "i"));
  g_assert_null (gst_rtc_json_get_string (json, "n"));
  g_assert_null (gst_rtc_json_get_string (json, "none"));
  g_assert_cmpint (9, ==, gst_rtc_json_get_int (json, "s", 9));
  g_assert_cmpint (9, ==, gst_rtc_json_get_int (json, "d", 9));
  g_assert_true (gst_rtc_json_get_boolean (json, "i", TRUE));
  g_assert_null (gst_rtc_json_get_object (json, "a"));
  g_assert_cmpuint (0, ==, gst_rtc_json_get_array_length (json, "s"));
  g_assert_null (gst_rtc_json_get_array_string (json, "a", 0));
  g_assert_null (gst_rtc_json_get_array_object (json, "a", 0));
  g_assert_null (gst_rtc_json_get_array_object (json, "a", 1));
}

static void
kinds_are_told_apart (void)
{
  g_autoptr (GstRtcJson) json =
      parse ("{\"n\":null,\"b\":false,\"i\":1,\"d\":1.0,\"s\":\"\","
             "\"o\":{},\"a\":[]}",
          NULL);

  g_assert_cmpint (GST_RTC_JSON_ABSENT, ==, gst_rtc_json_get_kind (json, "x"));
  g_assert_cmpint (GST_RTC_JSON_NULL, ==, gst_rtc_json_get_kind (json, "n"));
  g_assert_cmpint (GST_RTC_JSON_BOOLEAN, ==, gst_rtc_json_get_kind (json, "b"));
  g_assert_cmpint (GST_RTC_JSON_INTEGER, ==, gst_rtc_json_get_kind (json, "i"));
  g_assert_cmpint (GST_RTC_JSON_DOUBLE, ==, gst_rtc_json_get_kind (json, "d"));
  g_assert_cmpint (GST_RTC_JSON_STRING, ==, gst_rtc_json_get_kind (json, "s"));
  g_assert_cmpint (GST_RTC_JSON_OBJECT, ==, gst_rtc_json_get_kind (json, "o"));
  g_assert_cmpint (GST_RTC_JSON_ARRAY, ==, gst_rtc_json_get_kind (json, "a"));
}

static void
setters_build_text (void)
{
  g_autoptr (GstRtcJson) json = gst_rtc_json_new ();
  GstRtcJson *object = gst_rtc_json_new ();
  GstRtcJson *element = gst_rtc_json_new ();
  g_autofree gchar *text = NULL;

  gst_rtc_json_set_string (json, "s", "x\"");
  gst_rtc_json_set_string (json, "none", NULL);
  gst_rtc_json_set_int (json, "i", G_MININT64);
  gst_rtc_json_set_boolean (json, "b", TRUE);
  gst_rtc_json_set_int (object, "k", 1);
  gst_rtc_json_take_object (json, "o", object);
  gst_rtc_json_take_object (json, "gone", NULL);
  gst_rtc_json_add_array (json, "a");
  gst_rtc_json_array_add_string (json, "a", "y");
  gst_rtc_json_array_take_object (json, "a", element);
  text = gst_rtc_json_to_text (json);
  g_assert_cmpstr ("{\"s\":\"x\\\"\",\"i\":-9223372036854775808,\"b\":true,"
                   "\"o\":{\"k\":1},\"a\":[\"y\",{}]}",
      ==, text);
}

static void
text_that_is_not_utf8_is_made_so (void)
{
  g_autoptr (GstRtcJson) json = gst_rtc_json_new ();
  g_autofree gchar *text = NULL;

  gst_rtc_json_set_string (json, "s", "a\xff");
  text = gst_rtc_json_to_text (json);
  g_assert_cmpstr ("{\"s\":\"a\xef\xbf\xbd\"}", ==, text);
}

static void
every_character_comes_back (void)
{
  for (guint code = 1; code <= 0x7f; code++) {
    const gchar value[] = {(gchar)code, 'x', (gchar)code, '\0'};
    g_autoptr (GstRtcJson) json = gst_rtc_json_new ();
    g_autoptr (GstRtcJson) copy = NULL;
    g_autofree gchar *text = NULL;
    g_autoptr (GError) error = NULL;

    gst_rtc_json_set_string (json, "a", value);
    text = gst_rtc_json_to_text (json);
    copy = gst_rtc_json_parse (text, strlen (text), 100, 2, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (value, ==, gst_rtc_json_get_string (copy, "a"));
  }
}

static void
a_reference_keeps_it (void)
{
  GstRtcJson *json = parse ("{\"i\":7}", NULL);
  g_autoptr (GstRtcJson) kept = gst_rtc_json_ref (json);

  gst_rtc_json_unref (json);
  gst_rtc_json_unref (NULL);
  g_assert_cmpint (7, ==, gst_rtc_json_get_int (kept, "i", 0));
}

static void
text_needs_no_nul (void)
{
  const gchar text[] = {'{', '}', 'x'};
  g_autoptr (GstRtcJson) json = gst_rtc_json_parse (text, 2, 2, 1, NULL);
  g_autoptr (GstRtcJson) more = gst_rtc_json_parse (text, 3, 3, 1, NULL);

  g_assert_nonnull (json);
  g_assert_null (more);
}

static void
bounds_are_arguments (void)
{
  g_assert_null (gst_rtc_json_parse ("{}", 2, 1, 1, NULL));
  g_assert_null (gst_rtc_json_parse ("{}", 2, 2, 0, NULL));
}

/* Of each kind, and what holds them. */
static void
values_are_counted (void)
{
  static const gchar text[] = "{\"a\":[1,\"1,1\",null,true,{}],\"b\":-1e3}";
  const gsize length = strlen (text);
  g_autoptr (GstRtcJson) json =
      gst_rtc_json_parse_bounded (text, length, length, 3, 8, NULL);

  g_assert_nonnull (json);
  g_assert_null (gst_rtc_json_parse_bounded (text, length, length, 3, 7, NULL));
}

static void
add_vectors (const gchar *folder, GTestDataFunc func)
{
  g_autofree gchar *path =
      g_test_build_filename (G_TEST_DIST, "tests", "vectors", folder, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint count = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir))) {
    g_autofree gchar *test = g_strdup_printf ("/json/%s/%s", folder, name);

    g_test_add_data_func_full (
        test, g_build_filename (path, name, NULL), func, g_free);
    count++;
  }
  g_assert_cmpuint (count, >, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_vectors ("bad", assert_refused);
  add_vectors ("good", assert_accepted);
  g_test_add_func (
      "/json/getters-give-what-is-there", getters_give_what_is_there);
  g_test_add_func ("/json/getters-fall-back-on-other-kinds",
      getters_fall_back_on_other_kinds);
  g_test_add_func ("/json/kinds-are-told-apart", kinds_are_told_apart);
  g_test_add_func ("/json/setters-build-text", setters_build_text);
  g_test_add_func ("/json/text-that-is-not-utf8-is-made-so",
      text_that_is_not_utf8_is_made_so);
  g_test_add_func (
      "/json/every-character-comes-back", every_character_comes_back);
  g_test_add_func ("/json/a-reference-keeps-it", a_reference_keeps_it);
  g_test_add_func ("/json/text-needs-no-nul", text_needs_no_nul);
  g_test_add_func ("/json/bounds-are-arguments", bounds_are_arguments);
  g_test_add_func ("/json/values-are-counted", values_are_counted);
  return g_test_run ();
}
