/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the error contract. */
#include "rtcerror-private.h"

#include <string.h>

/* The documented page, typed once more. */
static const struct
{
  gint code;
  const gchar *symbol;
  const gchar *category;
} documented[] = {
    {100001, "INVALID_PARAMS", "parameter"},
    {100002, "NOT_IN_ROOM", "sequence"},
    {100003, "ALREADY_IN_ROOM", "sequence"},
    {100004, "CONNECTING", "sequence"},
    {100005, "ALREADY_PUBLISHED", "sequence"},
    {100006, "NOT_PUBLISHED", "sequence"},
    {100007, "UID_NOT_FOUND", "sequence"},
    {100008, "HAS_INITED", "sequence"},
    {200001, "STREAM_ID_NOT_FOUND", "internal"},
    {200002, "GET_CONFIG_ERROR", "internal"},
    {200003, "NO_WEBSOCLET_URL", "internal"},
    {300001, "SUBSCRIBE_FAILED", "signaling"},
    {300002, "UNSUBSCRIBE_FAILED", "signaling"},
    {300003, "MUTE_LOCAL_ERRO", "signaling"},
    {300004, "MUTE_REMOTE_ERROR", "signaling"},
    {300005, "LEAVE_ERROR", "signaling"},
    {300006, "PUBLISH_ERROR", "signaling"},
    {300007, "UNPUBLISH_ERRO", "signaling"},
    {300008, "JOIN_ROOM_ERROR", "signaling"},
    {300009, "SIGNALING_TIMEOUT", "signaling"},
    {300010, "WEBSOCKET_NOT_CONNECTED", "signaling"},
    {500001, "WEBSOCKET_FAILED", "websocket"},
};

static void
the_table_is_the_documented_one (void)
{
  guint n_rows;
  const GstRtcErrorInfo *rows = gst_rtc_error_get_table (&n_rows);

  g_assert_cmpuint (G_N_ELEMENTS (documented), ==, n_rows);
  for (guint i = 0; i < n_rows; i++) {
    g_assert_cmpint (documented[i].code, ==, rows[i].code);
    g_assert_cmpstr (documented[i].symbol, ==, rows[i].symbol);
    g_assert_cmpstr (documented[i].category, ==, rows[i].category);
    g_assert_cmpuint (strlen (rows[i].text), >, 10);
    g_assert_false (g_str_has_suffix (rows[i].text, "."));
    g_assert_true (gst_rtc_error_lookup (documented[i].code) == &rows[i]);
  }
}

static void
misspelt_symbols_have_an_alias (void)
{
  g_assert_cmpstr ("NO_WEBSOCKET_URL", ==,
      gst_rtc_error_lookup (GST_RTC_ERROR_NO_WEBSOCLET_URL)->alias);
  g_assert_cmpstr ("MUTE_LOCAL_ERROR", ==,
      gst_rtc_error_lookup (GST_RTC_ERROR_MUTE_LOCAL_ERRO)->alias);
  g_assert_cmpstr ("UNPUBLISH_ERROR", ==,
      gst_rtc_error_lookup (GST_RTC_ERROR_UNPUBLISH_ERRO)->alias);
  g_assert_null (gst_rtc_error_lookup (GST_RTC_ERROR_NOT_IN_ROOM)->alias);
  g_assert_cmpint (
      GST_RTC_ERROR_NO_WEBSOCLET_URL, ==, GST_RTC_ERROR_NO_WEBSOCKET_URL);
}

static void
unknown_numbers_have_no_row (void)
{
  g_assert_null (gst_rtc_error_lookup (0));
  g_assert_null (gst_rtc_error_lookup (100009));
  g_assert_null (gst_rtc_error_lookup (-1));
}

static void
the_domain_is_the_installed_one (void)
{
  g_autoptr (GError) error =
      gst_rtc_error_new (GST_RTC_ERROR_CONNECTING, 0, "x");

  g_assert_error (error, GST_RTC_ERROR, 100004);
  g_assert_cmpstr (
      "gst-rtc-error-quark", ==, g_quark_to_string (error->domain));
}

static void
a_copy_has_the_native_code (void)
{
  g_autoptr (GError) error =
      gst_rtc_error_new (GST_RTC_ERROR_GET_CONFIG_ERROR, 404, "no %s", "way");
  g_autoptr (GError) copy = NULL;

  gst_rtc_error_set_retryable (error, FALSE);
  copy = g_error_copy (error);
  g_assert_cmpstr ("no way", ==, copy->message);
  g_assert_cmpint (404, ==, gst_rtc_error_get_native_code (copy));
  g_assert_false (gst_rtc_error_get_retryable (copy));
}

static void
the_row_says_whether_to_retry (void)
{
  g_autoptr (GError) yes =
      gst_rtc_error_new (GST_RTC_ERROR_GET_CONFIG_ERROR, 0, "x");
  g_autoptr (GError) no =
      gst_rtc_error_new (GST_RTC_ERROR_INVALID_PARAMS, 0, "x");

  g_assert_true (gst_rtc_error_get_retryable (yes));
  g_assert_false (gst_rtc_error_get_retryable (no));
}

static void
other_domains_have_no_native_code (void)
{
  g_autoptr (GError) error =
      g_error_new_literal (G_FILE_ERROR, G_FILE_ERROR_NOENT, "x");

  g_assert_cmpint (0, ==, gst_rtc_error_get_native_code (error));
  g_assert_false (gst_rtc_error_get_retryable (error));
}

static void
setting_returns_false (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (gst_rtc_error_set (NULL, GST_RTC_ERROR_LEAVE_ERROR, 0, "x"));
  g_assert_false (
      gst_rtc_error_set (&error, GST_RTC_ERROR_LEAVE_ERROR, 7, "x"));
  g_assert_cmpint (7, ==, gst_rtc_error_get_native_code (error));
}

/* Errors of the inline quark of the header, made without our functions. */
static void
a_plain_error_of_the_domain_is_sound (void)
{
  g_autoptr (GError) first =
      gst_rtc_error_new (GST_RTC_ERROR_CONNECTING, 1, "x");
  g_autoptr (GError) error =
      g_error_new (GST_RTC_ERROR, GST_RTC_ERROR_PUBLISH_ERROR, "x");

  g_assert_cmpint (1, ==, gst_rtc_error_get_native_code (first));
  g_assert_cmpint (0, ==, gst_rtc_error_get_native_code (error));
  g_assert_true (gst_rtc_error_get_retryable (error));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/the-table-is-the-documented-one",
      the_table_is_the_documented_one);
  g_test_add_func (
      "/error/misspelt-symbols-have-an-alias", misspelt_symbols_have_an_alias);
  g_test_add_func (
      "/error/unknown-numbers-have-no-row", unknown_numbers_have_no_row);
  g_test_add_func ("/error/the-domain-is-the-installed-one",
      the_domain_is_the_installed_one);
  g_test_add_func (
      "/error/a-copy-has-the-native-code", a_copy_has_the_native_code);
  g_test_add_func (
      "/error/the-row-says-whether-to-retry", the_row_says_whether_to_retry);
  g_test_add_func ("/error/other-domains-have-no-native-code",
      other_domains_have_no_native_code);
  g_test_add_func ("/error/setting-returns-false", setting_returns_false);
  g_test_add_func ("/error/a-plain-error-of-the-domain-is-sound",
      a_plain_error_of_the_domain_is_sound);
  return g_test_run ();
}
