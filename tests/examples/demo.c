/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rtc-demo: publishes and receives over a room server of its own, in two
 * processes of this machine, and says whether it worked. Main thread. */
#include "demo.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define SUMMARY                                                                \
  "A room server, a publisher and a receiver on 127.0.0.1: a test picture\n"   \
  "with a running clock and a melody, or a media file, is published by one\n"  \
  "process and received by another, which records it and tells what happens."

static gboolean
check_file (const gchar *name)
{
  GStatBuf status;

  if (g_stat (name, &status) != 0 || g_access (name, R_OK) != 0) {
    g_printerr ("%s cannot be read: %s\n", name, g_strerror (errno));
    return FALSE;
  }
  if (S_ISDIR (status.st_mode)) {
    g_printerr ("%s is a folder, not a media file\n", name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_output (DemoOptions *options)
{
  g_autofree gchar *folder = NULL;

  if (!options->output)
    options->output = g_strdup ("demo");
  if (g_file_test (options->output, G_FILE_TEST_IS_DIR)) {
    gchar *inside = g_build_filename (options->output, "demo", NULL);

    g_free (options->output);
    options->output = inside;
  }
  folder = g_path_get_dirname (options->output);
  if (g_access (folder, W_OK) != 0) {
    g_printerr (
        "cannot write into folder %s: %s\n", folder, g_strerror (errno));
    return FALSE;
  }
  return TRUE;
}

static void
clear_options (DemoOptions *options)
{
  g_clear_pointer (&options->publish, g_free);
  g_clear_pointer (&options->output, g_free);
  g_clear_pointer (&options->server_url, g_free);
}

int
main (int argc, char *argv[])
{
  DemoOptions options = {.seconds = 10};
  g_autofree gchar *role = NULL;
  const GOptionEntry entries[] = {
      {"seconds", 's', 0, G_OPTION_ARG_INT, &options.seconds,
          "Receive for N seconds (10)", "N"},
      {"publish", 'p', 0, G_OPTION_ARG_FILENAME, &options.publish,
          "Publish a media file instead of the test picture", "FILE"},
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
          "Write PREFIX.webm and PREFIX.png (demo)", "PREFIX"},
      {"keep", 'k', 0, G_OPTION_ARG_NONE, &options.keep,
          "Go on publishing until Ctrl-C, for a browser to watch", NULL},
      {"role", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &role, NULL, NULL},
      {"server-url", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING,
          &options.server_url, NULL, NULL},
      {NULL, 0, 0, 0, NULL, NULL, NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *program = NULL;
  gint status = 1;

  setlocale (LC_ALL, "");
  g_option_context_set_summary (context, SUMMARY);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s; --help lists the options\n", error->message);
    status = 2;
  } else if (argc > 1 || options.seconds < 1) {
    g_printerr (argc > 1 ? "unexpected argument; --help lists the options\n"
                         : "--seconds must be 1 or more\n");
    status = 2;
  } else if (g_strcmp0 (role, "publish") == 0 && options.server_url) {
    status = demo_publish (&options);
  } else if (demo_check_elements () &&
             (!options.publish || check_file (options.publish)) &&
             check_output (&options)) {
    program = g_file_read_link ("/proc/self/exe", NULL);
    status = demo_receive (&options, program ? program : argv[0]);
  }

  clear_options (&options);
  gst_deinit ();
  return status;
}
