/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process behind a FaultParty. On the thread of the test. */
#include "faultparty.h"

#include "rtcjson.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOP_MS 30000
#define PICTURES_A_SECOND 15
/* How much longer than on an idle machine pictures may take, and how many are
 * enough there. */
#define PATIENCE 8
#define FEWEST_PICTURES 5
#define LONGEST_LINE 65536
/* What libraries keep open once they have been used: event descriptors, the
 * watch of resolv.conf, the monitor of the network. */
#define FILES_OF_LIBRARIES 8

static void
free_message (gpointer data)
{
  FaultMessage *message = data;

  g_free (message->source);
  g_free (message->operation);
  g_free (message->reason);
  g_free (message);
}

static void
read_failure (FaultParty *party, GstRtcJson *json, FaultSeverity severity)
{
  FaultMessage *message = g_new0 (FaultMessage, 1);

  message->severity = severity;
  message->code = (gint)gst_rtc_json_get_int (json, "code", 0);
  message->source = g_strdup (gst_rtc_json_get_string (json, "source"));
  message->operation = g_strdup (gst_rtc_json_get_string (json, "operation"));
  message->reason = g_strdup (gst_rtc_json_get_string (json, "reason"));
  message->when = g_get_monotonic_time ();
  g_ptr_array_add (party->messages, message);
}

static void
read_tick (FaultParty *party, GstRtcJson *json)
{
  const guint frames = (guint)gst_rtc_json_get_int (json, "frames", 0);
  /* Its clock is ours, and it may have been some time ago. */
  const gint64 now = gst_rtc_json_get_int (json, "time", 0);

  const FaultParty *publisher = party->scene->publisher;
  const guint painted = publisher ? publisher->frames : 0;

  if (party->last_frame > 0) {
    party->longest_gap = MAX (party->longest_gap,
        now - MAX (party->last_frame, party->scene->provoked));
    party->most_missed =
        MAX (party->most_missed, painted - MIN (painted, party->painted));
  }
  if (frames > party->frames) {
    party->last_frame = now;
    party->painted = painted;
  }
  party->frames = frames;
  party->last = (guint)gst_rtc_json_get_int (json, "last", 0);
  party->audio = (guint)gst_rtc_json_get_int (json, "audio", 0);
  party->heap = gst_rtc_json_get_int (json, "heap", 0);
  g_free (party->state);
  party->state = g_strdup (gst_rtc_json_get_string (json, "state"));
}

static void
read_line (FaultParty *party, const gchar *line, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcJson) json =
      gst_rtc_json_parse (line, length, LONGEST_LINE, 8, &error);
  const gchar *tell;

  if (!json)
    fault_fail (party->scene, "%s says: %s", party->name, line);
  tell = gst_rtc_json_get_string (json, "tell");
  if (g_str_equal (tell, "error"))
    read_failure (party, json, FAULT_ERROR);
  else if (g_str_equal (tell, "warning"))
    read_failure (party, json, FAULT_WARNING);
  else if (g_str_equal (tell, "fact"))
    g_ptr_array_add (
        party->facts, g_strdup (gst_rtc_json_get_string (json, "text")));
  else if (g_str_equal (tell, "tick"))
    read_tick (party, json);
  else if (g_str_equal (tell, "eos"))
    party->eos = TRUE;
  else if (g_str_equal (tell, "end")) {
    party->told_end = TRUE;
    party->files_more = gst_rtc_json_get_int (json, "files", 0) -
                        gst_rtc_json_get_int (json, "files-before", 0);
  }
}

/* FALSE at its end. */
static gboolean
read_output (FaultParty *party)
{
  for (;;) {
    g_autofree gchar *line = NULL;
    gsize length, end;
    const GIOStatus status =
        g_io_channel_read_line (party->output, &line, &length, &end, NULL);

    if (status == G_IO_STATUS_NORMAL)
      read_line (party, line, end);
    else
      return status == G_IO_STATUS_AGAIN;
  }
}

static gboolean
on_output (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  FaultParty *party = user_data;

  if (read_output (party))
    return G_SOURCE_CONTINUE;
  party->watches[0] = 0;
  return G_SOURCE_REMOVE;
}

static void
clear_watch (guint *watch)
{
  if (*watch)
    g_source_remove (*watch);
  *watch = 0;
}

static void
on_end (GPid pid, gint status, gpointer user_data)
{
  FaultParty *party = user_data;

  read_output (party);
  clear_watch (&party->watches[0]);
  party->watches[1] = 0;
  party->ended = TRUE;
  party->status = status;
}

static GPid
spawn (FaultParty *party, NetemEnd end, gchar **argv, gint *output)
{
  FaultScene *scene = party->scene;
  gint space = scene->net ? netem_client_get_space (scene->net, end) : -1;
  g_autoptr (GError) error = NULL;
  GPid pid;

  g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
      netem_child_setup, scene->net ? &space : NULL, &pid, &party->input,
      output, NULL, &error);
  g_assert_no_error (error);
  return pid;
}

FaultParty *
fault_party_new (FaultScene *scene, const gchar *role, const gchar *user,
    NetemEnd end, const gchar *url, const gchar *properties,
    const gchar *options)
{
  FaultParty *party = g_new0 (FaultParty, 1);
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) words = g_strsplit (options ? options : "", " ", -1);
  gint output;

  party->scene = scene;
  party->name = g_strdup (user);
  party->state = g_strdup ("unknown");
  party->messages = g_ptr_array_new_with_free_func (free_message);
  party->facts = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (argv, g_strdup (g_getenv ("FAULTS_PARTY")));
  g_ptr_array_add (argv, g_strconcat ("--role=", role, NULL));
  g_ptr_array_add (argv, g_strconcat ("--url=", url, NULL));
  g_ptr_array_add (argv, g_strdup ("--room=room"));
  g_ptr_array_add (argv, g_strconcat ("--user=", user, NULL));
  g_ptr_array_add (
      argv, g_strconcat ("--properties=", properties ? properties : "", NULL));
  for (guint i = 0; words[i]; i++) {
    if (*words[i])
      g_ptr_array_add (argv, g_strdup (words[i]));
  }
  g_ptr_array_add (argv, NULL);

  party->pid = spawn (party, end, (gchar **)argv->pdata, &output);
  party->output = g_io_channel_unix_new (output);
  g_io_channel_set_close_on_unref (party->output, TRUE);
  g_io_channel_set_encoding (party->output, NULL, NULL);
  g_io_channel_set_flags (party->output, G_IO_FLAG_NONBLOCK, NULL);
  party->watches[0] =
      g_io_add_watch (party->output, G_IO_IN | G_IO_HUP, on_output, party);
  party->watches[1] = g_child_watch_add (party->pid, on_end, party);
  g_ptr_array_add (scene->parties, party);
  return party;
}

void
fault_party_free (FaultParty *party)
{
  FaultScene *scene = party->scene;

  if (scene->publisher == party)
    scene->publisher = NULL;
  if (scene->viewer == party)
    scene->viewer = NULL;
  /* One that has not ended is killed by the end of this process. */
  clear_watch (&party->watches[0]);
  clear_watch (&party->watches[1]);
  g_io_channel_unref (party->output);
  close (party->input);
  g_ptr_array_unref (party->messages);
  g_ptr_array_unref (party->facts);
  g_free (party->state);
  g_free (party->name);
  g_free (party);
}

void
fault_party_say (FaultParty *party, const gchar *line)
{
  g_autofree gchar *text = g_strconcat (line, "\n", NULL);

  if (write (party->input, text, strlen (text)) < 0)
    fault_fail (party->scene, "%s does not listen: %s", party->name,
        g_strerror (errno));
}

void
fault_party_signal (FaultParty *party, gint signal)
{
  kill (party->pid, signal);
  if (signal == SIGKILL)
    fault_wait (party->scene, 2000, party->ended);
}

gboolean
fault_party_is_connected (FaultParty *party)
{
  return g_str_equal (party->state, "connected");
}

guint
fault_party_count_facts (FaultParty *party, const gchar *name)
{
  guint n = 0;

  for (guint i = 0; i < party->facts->len; i++)
    n += g_str_has_prefix (g_ptr_array_index (party->facts, i), name);
  return n;
}

void
fault_party_expect (
    FaultParty *party, FaultSeverity severity, gint code, guint ms)
{
  const FaultMessage *message;

  fault_wait (party->scene, ms, party->messages->len > 0);
  message = g_ptr_array_index (party->messages, 0);
  fault_let_pass (party->scene, 300);
  if (party->messages->len != 1 || message->severity != severity ||
      message->code != code)
    fault_fail (party->scene, "%s told %c %d and %u more, not only %c %d",
        party->name, message->severity, message->code, party->messages->len - 1,
        severity, code);
}

/* A machine that is busy paints fewer pictures, and as much later they all
 * are. */
static gboolean
has_painted (const FaultParty *publisher, guint before, guint ms)
{
  return !publisher || publisher->ended ||
         publisher->frames >= before + ms * PICTURES_A_SECOND / 1000;
}

void
fault_party_wait_frames (FaultParty *party, guint n, guint ms)
{
  FaultScene *scene = party->scene;
  const FaultParty *publisher = scene->publisher;
  const guint painted = publisher ? publisher->frames : 0;
  const gint64 begun = g_get_monotonic_time ();
  const guint before = party->frames;

  while (party->frames < before + n) {
    const gint64 waited = (g_get_monotonic_time () - begun) / 1000;

    const gboolean slow = waited > ms && !has_painted (publisher, painted, ms);

    if (slow && party->frames >= before + FEWEST_PICTURES)
      return;
    if (waited > PATIENCE * (gint64)ms || (waited > ms && !slow))
      fault_fail (scene, "%s had %u of %u pictures after %d ms", party->name,
          party->frames - before, n, (gint)waited);
    fault_iterate (scene);
  }
}

void
fault_party_stop (FaultParty *party)
{
  FaultScene *scene = party->scene;

  fault_party_say (party, "stop");
  fault_wait (scene, STOP_MS, party->ended);
  if (!WIFEXITED (party->status) || WEXITSTATUS (party->status) != 0)
    fault_fail (scene, "%s ended with status %#x%s", party->name, party->status,
        WIFEXITED (party->status) && WEXITSTATUS (party->status) == 3
            ? ": objects are left alive"
            : "");
  if (!party->told_end || party->files_more > FILES_OF_LIBRARIES)
    fault_fail (
        scene, "%s leaves %d files open", party->name, (gint)party->files_more);
}
