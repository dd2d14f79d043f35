/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the program rtc-room-server, whose path is in the environment. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "rtctoken.h"

#define APP "0123456789abcdef01234567"

static GSubprocess *run (const gchar *first, ...) G_GNUC_NULL_TERMINATED;

/* The program with these arguments, output and errors in one pipe. */
static GSubprocess *
run (const gchar *first, ...)
{
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  const gchar *argument;
  GSubprocess *process;
  va_list args;

  g_ptr_array_add (arguments, (gpointer)g_getenv ("RTC_ROOM_SERVER"));
  va_start (args, first);
  for (argument = first; argument; argument = va_arg (args, const gchar *))
    g_ptr_array_add (arguments, (gpointer)argument);
  va_end (args);
  g_ptr_array_add (arguments, NULL);
  process = g_subprocess_newv ((const gchar *const *)arguments->pdata,
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);
  g_assert_no_error (error);
  return process;
}

/* Waits for the end; the text is what it printed. */
static gchar *
finish (GSubprocess *process, gint status)
{
  g_autoptr (GError) error = NULL;
  gchar *text = NULL;

  g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (status, ==, g_subprocess_get_exit_status (process));
  return text;
}

static void
a_signal_ends_it_cleanly (gconstpointer user_data)
{
  g_autoptr (GSubprocess) process =
      run ("--listen", "http://127.0.0.1:0", NULL);
  g_autoptr (GDataInputStream) output =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  g_autofree gchar *line =
      g_data_input_stream_read_line_utf8 (output, NULL, NULL, NULL);

  g_assert_nonnull (line);
  g_assert_true (g_str_has_prefix (line, "http://127.0.0.1:"));
  g_assert_cmpint (0, !=, atoi (strrchr (line, ':') + 1));
  g_subprocess_send_signal (process, GPOINTER_TO_INT (user_data));
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (0, ==, g_subprocess_get_exit_status (process));
}

static void
help_names_the_options (void)
{
  g_autoptr (GSubprocess) process = run ("--help-all", NULL);
  g_autofree gchar *text = finish (process, 0);

  g_assert_nonnull (strstr (text, "--listen"));
  g_assert_nonnull (strstr (text, "--app-key-file"));
  g_assert_nonnull (strstr (text, "--max-connections"));
  g_assert_nonnull (strstr (text, "rtc-room-server token"));
}

static void
anybody_is_not_let_in_from_afar (void)
{
  g_autoptr (GSubprocess) process = run ("--listen", "http://0.0.0.0:0", NULL);
  g_autofree gchar *text = finish (process, 1);

  g_assert_nonnull (strstr (text, "application key"));
}

static void
wrong_usage_is_told (void)
{
  g_autoptr (GSubprocess) option = run ("--nonsense", NULL);
  g_autoptr (GSubprocess) command = run ("nonsense", NULL);
  g_autoptr (GSubprocess) negative = run ("--max-rooms=-1", NULL);
  g_autoptr (GSubprocess) token = run ("token", "--room", "r", NULL);

  g_free (finish (option, 2));
  g_free (finish (command, 2));
  g_free (finish (negative, 2));
  g_free (finish (token, 2));
}

static void
tokens_are_made (void)
{
  g_autofree gchar *path = NULL;
  gint fd = g_file_open_tmp ("rtc-key-XXXXXX", &path, NULL);
  g_autoptr (GSubprocess) process = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (GstRtcToken) token = NULL;
  g_autoptr (GError) error = NULL;
  gint64 now = g_get_real_time () / G_TIME_SPAN_SECOND;

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, " testkey\n", -1, NULL));
  process = run ("token", "--app-id", APP, "--app-key-file", path, "--room",
      "r", "--user", "u", "--expires-in", "60", "--no-publish", NULL);
  text = g_strstrip (finish (process, 0));
  g_unlink (path);
  token = gst_rtc_token_verify (text, "testkey", APP, "r", "u", now, &error);
  g_assert_no_error (error);
  g_assert_false (token->publish);
  g_assert_true (token->subscribe);
  g_assert_cmpint (token->expires, >=, now + 50);
  g_assert_cmpint (token->expires, <=, now + 70);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/server-program/sigterm-ends-it-cleanly",
      GINT_TO_POINTER (SIGTERM), a_signal_ends_it_cleanly);
  g_test_add_data_func ("/server-program/sigint-ends-it-cleanly",
      GINT_TO_POINTER (SIGINT), a_signal_ends_it_cleanly);
  g_test_add_func (
      "/server-program/help-names-the-options", help_names_the_options);
  g_test_add_func ("/server-program/anybody-is-not-let-in-from-afar",
      anybody_is_not_let_in_from_afar);
  g_test_add_func ("/server-program/wrong-usage-is-told", wrong_usage_is_told);
  g_test_add_func ("/server-program/tokens-are-made", tokens_are_made);
  return g_test_run ();
}
