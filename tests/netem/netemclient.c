/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An emulator run by a test. On the thread of the test. */
#define _GNU_SOURCE /* setns, unshare */
#include "netemclient.h"

#include <gio/gio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct _NetemClient
{
  GPid pid;
  FILE *commands;
  FILE *answers;
  gchar *log;
  gint spaces[NETEM_N_ENDS];
};

void
netem_child_setup (gpointer space)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (space && setns (*(const gint *)space, CLONE_NEWNET) != 0)
    _exit (EXIT_FAILURE);
}

static gchar *
read_answer (NetemClient *self, const gchar *expected)
{
  g_autofree gchar *line = NULL;
  gsize size = 0;

  if (getline (&line, &size, self->answers) < 0)
    g_error ("the emulator ended; what it said is above");
  g_strchomp (line);
  if (!g_str_has_prefix (line, expected))
    g_error ("the emulator says: %s", line);
  return g_steal_pointer (&line);
}

static gchar *
ask (NetemClient *self, const gchar *command)
{
  fprintf (self->commands, "%s\n", command);
  fflush (self->commands);
  return read_answer (self, "ok");
}

static void
spawn (NetemClient *self, gchar **argv)
{
  g_autoptr (GError) error = NULL;
  gint in, out;

  g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
      netem_child_setup, NULL, &self->pid, &in, &out, NULL, &error);
  g_assert_no_error (error);
  self->commands = fdopen (in, "w");
  self->answers = fdopen (out, "r");
}

NetemClient *
netem_client_new (const gchar *settings, guint64 seed, guint mtu)
{
  NetemClient *self = g_new0 (NetemClient, 1);
  const gchar *program = g_getenv ("RTC_NETEM");
  g_autofree gchar *text = g_strdup_printf ("%" G_GUINT64_FORMAT, seed);
  g_autofree gchar *bytes = g_strdup_printf ("%u", mtu);
  g_auto (GStrv) words = g_strsplit (settings ? settings : "", " ", -1);
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  const gint fd = g_file_open_tmp ("netem-XXXXXX.log", &self->log, &error);

  g_assert_no_error (error);
  close (fd);
  if (!program)
    g_error ("RTC_NETEM does not name the emulator");
  g_ptr_array_add (argv, (gchar *)program);
  g_ptr_array_add (argv, (gchar *)"run");
  g_ptr_array_add (argv, (gchar *)"--seed");
  g_ptr_array_add (argv, text);
  g_ptr_array_add (argv, (gchar *)"--mtu");
  g_ptr_array_add (argv, bytes);
  g_ptr_array_add (argv, (gchar *)"--log");
  g_ptr_array_add (argv, self->log);
  for (guint i = 0; words[i]; i++)
    g_ptr_array_add (argv, words[i]);
  g_ptr_array_add (argv, NULL);

  spawn (self, (gchar **)argv->pdata);
  g_free (read_answer (self, "ready"));
  for (gint end = 0; end < NETEM_N_ENDS; end++) {
    self->spaces[end] = netem_space_open (self->pid, end, &error);
    g_assert_no_error (error);
  }
  return self;
}

void
netem_client_free (NetemClient *self)
{
  if (!self)
    return;
  fclose (self->commands);
  fclose (self->answers);
  for (gint end = 0; end < NETEM_N_ENDS; end++)
    close (self->spaces[end]);
  waitpid (self->pid, NULL, 0);
  unlink (self->log);
  g_free (self->log);
  g_free (self);
}

void
netem_client_set (NetemClient *self, const gchar *settings)
{
  g_autofree gchar *command = g_strconcat ("set ", settings, NULL);

  g_free (ask (self, command));
}

void
netem_client_set_nat (NetemClient *self, NetemEnd end, guint16 first)
{
  g_autofree gchar *command =
      g_strdup_printf ("nat %c %u", end == NETEM_A ? 'a' : 'b', first);

  g_free (ask (self, command));
}

gdouble
netem_client_get_counter (NetemClient *self, const gchar *name)
{
  g_autofree gchar *answer = ask (self, "stats");
  g_auto (GStrv) words = g_strsplit (answer, " ", -1);
  const gsize length = strlen (name);

  for (guint i = 0; words[i]; i++) {
    if (g_str_has_prefix (words[i], name) && words[i][length] == '=')
      return g_ascii_strtod (words[i] + length + 1, NULL);
  }
  g_error ("the emulator does not count %s", name);
}

void
netem_client_wait_packets (NetemClient *self, NetemEnd end, guint64 n)
{
  g_autofree gchar *command = g_strdup_printf (
      "wait %c %" G_GUINT64_FORMAT, end == NETEM_A ? 'a' : 'b', n);

  g_free (ask (self, command));
}

gint
netem_client_get_space (NetemClient *self, NetemEnd end)
{
  return self->spaces[end];
}

static void
free_entry (gpointer data)
{
  NetemEntry *entry = data;

  g_free (entry->protocol);
  g_free (entry->source);
  g_free (entry->destination);
  g_free (entry->verdict);
  g_free (entry);
}

static NetemEntry *
parse_entry (const gchar *line)
{
  g_auto (GStrv) words = g_strsplit (line, "\t", -1);
  NetemEntry *entry;

  if (g_strv_length (words) != 8)
    return NULL;
  entry = g_new0 (NetemEntry, 1);
  entry->when = g_ascii_strtod (words[0], NULL);
  entry->from_a = g_str_equal (words[1], "a>b");
  entry->size = (guint)g_ascii_strtoull (words[2], NULL, 10);
  entry->protocol = g_strdup (words[3]);
  entry->source = g_strdup (words[4]);
  entry->destination = g_strdup (words[5]);
  entry->queued = g_ascii_strtod (words[6], NULL);
  entry->verdict = g_strdup (words[7]);
  return entry;
}

GPtrArray *
netem_client_read_log (NetemClient *self)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func (free_entry);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GError) error = NULL;

  g_free (ask (self, "flush"));
  g_file_get_contents (self->log, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    NetemEntry *entry = parse_entry (lines[i]);

    if (entry)
      g_ptr_array_add (entries, entry);
  }
  return entries;
}
