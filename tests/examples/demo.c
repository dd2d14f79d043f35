/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rtc-demo: publishes and receives over a room server or a Janus of its own,
 * in two processes of this machine, and says whether it worked. Main
 * thread. */
#include "demo.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "janus-server.h"

#define EXIT_MISSING 77 /* a test that lacks something */

#define SUMMARY                                                                \
  "A room server, a publisher and a receiver on 127.0.0.1: a test picture\n"   \
  "with a running clock and a melody, or a media file, is published by one\n"  \
  "process and received by another, which records it and tells what "          \
  "happens.\n"                                                                 \
  "With --backend janus a Janus server takes the place of the room server."

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

/* Exit status, 0 for good options. */
static gint
check_options (DemoOptions *options, gint argc, const gchar *backend)
{
  const gchar *fault = NULL;

  options->janus = g_strcmp0 (backend, "janus") == 0;
  if (argc > 1)
    fault = "unexpected argument; --help lists the options";
  else if (options->seconds < 1)
    fault = "--seconds must be 1 or more";
  else if (backend && !options->janus && !g_str_equal (backend, "room"))
    fault = "--backend is room or janus";
  else if (options->janus && options->keep)
    fault = "--keep is for the page of the room server, which Janus has not";
  if (!fault)
    return 0;
  g_printerr ("%s\n", fault);
  return 2;
}

/* Exit status. */
static gint
receive_by_janus (DemoOptions *options, const gchar *program)
{
  const JanusOptions janus = {.string_ids = TRUE, .room = DEMO_ROOM};
  g_autoptr (JanusServer) server = NULL;
  g_autoptr (GError) error = NULL;

  if (!janus_server_is_available ()) {
    g_printerr ("missing program janus (Debian package janus)\n");
    return EXIT_MISSING;
  }
  server = janus_server_start (&janus, &error);
  if (!server) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  g_print (
      "   0.00 s  janus      started at %s\n", janus_server_get_url (server));
  options->server_url = g_strdup (janus_server_get_element_url (server));
  return demo_receive (options, program);
}

int
main (int argc, char *argv[])
{
  DemoOptions options = {.seconds = 10};
  g_autofree gchar *role = NULL;
  g_autofree gchar *backend = NULL;
  const GOptionEntry entries[] = {
      {"seconds", 's', 0, G_OPTION_ARG_INT, &options.seconds,
          "Receive for N seconds (10)", "N"},
      {"publish", 'p', 0, G_OPTION_ARG_FILENAME, &options.publish,
          "Publish a media file instead of the test picture", "FILE"},
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
          "Write PREFIX.webm and PREFIX.png (demo)", "PREFIX"},
      {"keep", 'k', 0, G_OPTION_ARG_NONE, &options.keep,
          "Go on publishing until Ctrl-C, for a browser to watch", NULL},
      {"backend", 'b', 0, G_OPTION_ARG_STRING, &backend,
          "By our room server (room) or by a Janus (janus)", "NAME"},
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
  } else if ((status = check_options (&options, argc, backend)) != 0) {
    /* It has been said. */
  } else if (g_strcmp0 (role, "publish") == 0 && options.server_url) {
    status = demo_publish (&options);
  } else if (demo_check_elements () &&
             (!options.publish || check_file (options.publish)) &&
             check_output (&options)) {
    program = g_file_read_link ("/proc/self/exe", NULL);
    if (!program)
      program = g_strdup (argv[0]);
    status = options.janus ? receive_by_janus (&options, program)
                           : demo_receive (&options, program);
  } else {
    status = 1;
  }

  clear_options (&options);
  gst_deinit ();
  return status;
}
