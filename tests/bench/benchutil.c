/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmark programs share. Main thread. */
#include "benchutil.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MAX_THREADS 8

typedef struct
{
  BenchLineFunc func;
  gpointer user_data;
} Reader;

guint
bench_get_threads (void)
{
  return MIN (g_get_num_processors (), MAX_THREADS);
}

void
bench_init (int *argc, char ***argv)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  gst_init (argc, argv);
}

void
bench_die (const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_printerr ("%s: %s\n", g_get_prgname (), text);
  exit (EXIT_FAILURE);
}

void
bench_say (const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static gboolean
on_line (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  Reader *reader = user_data;
  g_autofree gchar *line = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) !=
      G_IO_STATUS_NORMAL)
    exit (EXIT_SUCCESS);
  reader->func (g_strchomp (line), reader->user_data);
  return G_SOURCE_CONTINUE;
}

void
bench_read_lines (gint fd, BenchLineFunc func, gpointer user_data)
{
  GIOChannel *channel = g_io_channel_unix_new (fd);
  Reader *reader = g_new (Reader, 1);

  *reader = (Reader){func, user_data};
  g_io_add_watch_full (
      channel, G_PRIORITY_DEFAULT, G_IO_IN | G_IO_HUP, on_line, reader, g_free);
  g_io_channel_unref (channel);
}

gint
bench_parse_command (const gchar *line)
{
  if (g_str_equal (line, "stat"))
    return -1;
  if (!g_str_has_prefix (line, "viewers "))
    bench_die ("there is no command \"%s\"", line);
  return atoi (line + strlen ("viewers "));
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    bench_die ("%s: %s", GST_MESSAGE_SRC_NAME (message), error->message);
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

void
bench_watch (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_bus_set_sync_handler (bus, on_message, NULL, NULL);
}

GstElement *
bench_launch (const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;
  GstElement *pipeline;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  pipeline = gst_parse_launch (text, &error);
  if (error)
    bench_die ("%s", error->message);
  bench_watch (pipeline);
  return pipeline;
}
