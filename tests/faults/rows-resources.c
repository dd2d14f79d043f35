/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the fault table: what the system gives is used up, comes in pieces
 * or is wrong. On the thread of the test. */
#define _GNU_SOURCE /* prlimit */
#include "faultscene.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define QUICK "reconnect-delay=100 reconnect-attempts=100"
/* A stream is asked for five times, so that the last comes late enough. */
#define PATIENT "reconnect-delay=3000"

/* --- what is loaded before a program --- */

/* A sanitizer wants to be loaded first and need not be. */
static void
begin_preload (const gchar *library)
{
  const gchar *options = g_getenv ("ASAN_OPTIONS");
  g_autofree gchar *more =
      g_strconcat (options ? options : "", ":verify_asan_link_order=0", NULL);

  g_setenv ("LD_PRELOAD", library, TRUE);
  g_setenv ("ASAN_OPTIONS", more, TRUE);
}

static void
end_preload (void)
{
  g_unsetenv ("LD_PRELOAD");
}

static void
check_loaded (FaultScene *scene, GPid pid, const gchar *name)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/%d/maps", pid);
  g_autofree gchar *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL) || !strstr (text, name))
    fault_fail (scene, "%s is not loaded in %d", name, pid);
}

/* --- F10: the clock on the wall --- */

static void
set_clock (FaultScene *scene, gint64 seconds)
{
  const gchar *path = g_getenv ("JUMP_CLOCK_FILE");
  const gint fd = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0 || write (fd, &seconds, sizeof (seconds)) != sizeof (seconds))
    fault_fail (scene, "%s: %s", path, g_strerror (errno));
  close (fd);
}

static void
prepare_clocks (FaultScene *scene)
{
  g_autofree gchar *path = g_build_filename (scene->directory, "clock", NULL);

  g_setenv ("JUMP_CLOCK_FILE", path, TRUE);
  set_clock (scene, 0);
  begin_preload (g_getenv ("FAULTS_JUMP_CLOCK"));
  fault_prepare_call (scene);
  end_preload ();
  check_loaded (scene, scene->server, "jump-clock");
  check_loaded (scene, scene->publisher->pid, "jump-clock");
  check_loaded (scene, scene->viewer->pid, "jump-clock");
}

static void
jump (FaultScene *scene)
{
  static const gint64 offsets[] = {3600, -3600, 2};

  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++) {
    set_clock (scene, offsets[i]);
    fault_let_pass (scene, 2000);
  }
}

/* --- F32: no descriptors --- */

static guint
find_free_file (GPid pid)
{
  for (guint fd = 0;; fd++) {
    g_autofree gchar *path = g_strdup_printf ("/proc/%d/fd/%u", pid, fd);

    if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
      return fd;
  }
}

/* From now on @pid can open no file; those that are open stay so. */
static void
take_files (FaultScene *scene, GPid pid)
{
  struct rlimit limit;

  if (prlimit (pid, RLIMIT_NOFILE, NULL, &limit) != 0)
    fault_fail (scene, "no limit of files: %s", g_strerror (errno));
  limit.rlim_cur = find_free_file (pid);
  prlimit (pid, RLIMIT_NOFILE, &limit, NULL);
}

static void
give_files_back (FaultScene *scene, GPid pid)
{
  struct rlimit limit;

  prlimit (pid, RLIMIT_NOFILE, NULL, &limit);
  limit.rlim_cur = limit.rlim_max;
  if (prlimit (pid, RLIMIT_NOFILE, &limit, NULL) != 0)
    fault_fail (scene, "no limit of files: %s", g_strerror (errno));
}

static void
expect_reason (FaultScene *scene, FaultParty *party)
{
  for (guint i = 0; i < party->messages->len; i++) {
    const FaultMessage *message = g_ptr_array_index (party->messages, i);

    if (strstr (message->reason, "file descriptors"))
      return;
  }
  fault_fail (scene, "%s does not say what it lacks", party->name);
}

static void
start_without_files (FaultScene *scene)
{
  g_autofree gchar *usual = fault_usual_properties (scene, "bob");

  scene->viewer = fault_party_new (
      scene, "viewer", "bob", NETEM_B, scene->server_url, usual, "--files=20");
}

static gboolean
has_thread (GPid pid, const gchar *name)
{
  g_autofree gchar *tasks = g_strdup_printf ("/proc/%d/task", pid);
  g_autoptr (GDir) dir = g_dir_open (tasks, 0, NULL);
  const gchar *task;

  while (dir && (task = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename (tasks, task, "comm", NULL);
    g_autofree gchar *text = NULL;

    if (g_file_get_contents (path, &text, NULL, NULL) &&
        g_str_has_prefix (text, name))
      return TRUE;
  }
  return FALSE;
}

/* GStreamer tries only once to load a plugin. */
static void
prepare_viewer (FaultScene *scene)
{
  fault_start_server (scene);
  fault_start_viewer (scene);
  fault_wait (scene, 15000, fault_party_is_connected (scene->viewer));
  fault_wait (scene, 15000,
      !has_thread (scene->viewer->pid, "rtc-plugins") &&
          !has_thread (scene->viewer->pid, "rtc-certificate"));
}

static void
take_files_of_viewer (FaultScene *scene)
{
  take_files (scene, scene->viewer->pid);
  fault_start_publisher (scene);
}

static void
give_files_to_viewer (FaultScene *scene)
{
  expect_reason (scene, scene->viewer);
  give_files_back (scene, scene->viewer->pid);
}

/* Bob's call goes on; carol comes. */
static void
take_files_of_publisher (FaultScene *scene)
{
  g_autofree gchar *usual = fault_usual_properties (scene, "carol");
  g_autofree gchar *all = g_strconcat (usual, PATIENT, NULL);
  FaultParty *carol;

  take_files (scene, scene->publisher->pid);
  carol = fault_party_new (
      scene, "viewer", "carol", NETEM_B, scene->server_url, all, NULL);
  fault_party_expect (
      carol, FAULT_WARNING, GST_RTC_ERROR_SUBSCRIBE_FAILED, 10000);
  scene->data = carol;
}

static void
give_files_to_publisher (FaultScene *scene)
{
  expect_reason (scene, scene->publisher);
  expect_reason (scene, scene->data);
  give_files_back (scene, scene->publisher->pid);
  fault_party_wait_frames (scene->data, 20, 10000);
  fault_party_expect (
      scene->data, FAULT_WARNING, GST_RTC_ERROR_SUBSCRIBE_FAILED, 100);
}

static void
let_viewer_return (FaultScene *scene)
{
  if (fault_party_is_connected (scene->viewer))
    fault_fail (scene, "the viewer had files left");
  give_files_back (scene, scene->viewer->pid);
}

static void
restart_server (FaultScene *scene)
{
  fault_signal_server (scene, SIGKILL);
  take_files (scene, scene->viewer->pid);
  fault_start_server (scene);
  fault_let_pass (scene, 1500);
}

/* ms of the processor that @pid has used. */
static guint
get_used_time (FaultScene *scene, GPid pid)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree gchar *text = NULL;
  unsigned long user, system;
  const gchar *rest;

  if (!g_file_get_contents (path, &text, NULL, NULL) ||
      !(rest = strrchr (text, ')')) ||
      sscanf (rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
          &user, &system) != 2)
    fault_fail (scene, "there is no %s", path);
  return (guint)((user + system) * 1000 / (gulong)sysconf (_SC_CLK_TCK));
}

#define WAIT_MS 1000

static void
enter_full_server (FaultScene *scene)
{
  g_autofree gchar *usual = fault_usual_properties (scene, "carol");
  FaultParty *carol;
  guint used;

  take_files (scene, scene->server);
  carol = fault_party_new (
      scene, "viewer", "carol", NETEM_B, scene->server_url, usual, NULL);
  fault_let_pass (scene, WAIT_MS);
  used = get_used_time (scene, scene->server);
  fault_let_pass (scene, WAIT_MS);
  used = get_used_time (scene, scene->server) - used;
  if (used > WAIT_MS / 4)
    fault_fail (scene, "the server waits busily: %u ms of %u", used, WAIT_MS);
  if (fault_party_is_connected (carol) || carol->messages->len > 0)
    fault_fail (scene, "carol does not wait");

  give_files_back (scene, scene->server);
  fault_wait (scene, 8000, carol->frames > 0);
  if (carol->messages->len > 0)
    fault_fail (scene, "carol told a failure");
}

/* --- F33: calls that do less than was asked --- */

/* What is started until it is ended again has such sockets. */
static void
begin_short_calls (void)
{
  begin_preload (g_getenv ("FAULTS_SHORT_IO"));
}

static void
end_short_calls (FaultScene *scene, GPid pid)
{
  end_preload ();
  check_loaded (scene, pid, "short-io");
}

static void
prepare_short_server (FaultScene *scene)
{
  begin_short_calls ();
  fault_start_server (scene);
  end_short_calls (scene, scene->server);
  fault_start_publisher (scene);
  fault_start_viewer (scene);
  fault_wait_for_media (scene);
}

static void
prepare_short_publisher (FaultScene *scene)
{
  fault_start_server (scene);
  fault_start_viewer (scene);
  begin_short_calls ();
  fault_start_publisher (scene);
  fault_wait_for_media (scene);
  end_short_calls (scene, scene->publisher->pid);
}

static void
prepare_short_viewer (FaultScene *scene)
{
  fault_start_server (scene);
  fault_start_publisher (scene);
  begin_short_calls ();
  fault_start_viewer (scene);
  fault_wait_for_media (scene);
  end_short_calls (scene, scene->viewer->pid);
}

static void
mute_and_unmute (FaultScene *scene)
{
  fault_party_say (scene->publisher, "mute on");
  fault_wait (scene, 5000,
      fault_party_count_facts (scene->viewer, "rtc-mute-video") == 1);
  fault_party_say (scene->publisher, "mute off");
  fault_wait (scene, 5000,
      fault_party_count_facts (scene->viewer, "rtc-unmute-video") == 1);
  fault_let_pass (scene, 1000);
}

const FaultRow fault_resource_rows[] = {
    {.id = "F10-clock-jumps",
        .condition = "The clock on the wall of all jumps: an hour ahead, two "
                     "back, and to almost right",
        .happens = "The call goes on",
        .prepare = prepare_clocks,
        .provoke = jump,
        FAULT_BOTH_GO_ON},
    {.id = "F32-no-descriptors-at-start",
        .condition = "The viewer starts with too few file descriptors left",
        .happens = "The pipeline ends",
        .prepare = fault_start_server,
        .provoke = start_without_files,
        .viewer_told = {{FAULT_ERROR, GST_RTC_ERROR_GET_CONFIG_ERROR}},
        .viewer_end = FAULT_ENDED,
        .allowed = 8000},
    {.id = "F32-no-descriptors-viewer",
        .condition = "The viewer has no file descriptors left when a stream "
                     "comes",
        .happens = "Pictures arrive when there are some again",
        .viewer = PATIENT,
        .prepare = prepare_viewer,
        .provoke = take_files_of_viewer,
        .repair = give_files_to_viewer,
        .publisher_told = {FAULT_VIEWER_LOST},
        .viewer_told = {FAULT_STREAM_LOST},
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_BACK,
        .allowed = 8000,
        .back = 10000},
    {.id = "F32-no-descriptors-publisher",
        .condition = "The publisher has no file descriptors left when "
                     "another viewer comes",
        .happens = "The call goes on; the other viewer, which is told "
                   "300001, sees pictures when there are some again",
        .provoke = take_files_of_publisher,
        .repair = give_files_to_publisher,
        .publisher_told = {FAULT_VIEWER_LOST},
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_GOES_ON,
        .allowed = 1000,
        .back = 5000},
    {.id = "F32-no-descriptors-return",
        .condition = "The server is killed and comes back; the viewer has no "
                     "file descriptors left",
        .happens = "It enters again when there are some again",
        .publisher = QUICK,
        .viewer = QUICK,
        .provoke = restart_server,
        .repair = let_viewer_return,
        .publisher_told = {FAULT_LOST},
        .viewer_told = {FAULT_LOST},
        .publisher_end = FAULT_BACK,
        .viewer_end = FAULT_BACK,
        .allowed = 3000,
        .back = 12000},
    {.id = "F32-no-descriptors-server",
        .condition = "The server has no file descriptors left",
        .happens = "The call goes on; who comes waits, without the server "
                   "being busy, and gets in when there are some again",
        .provoke = enter_full_server,
        FAULT_BOTH_GO_ON},
    {.id = "F33-interrupted-server",
        .condition = "The server reads and writes 1 to 7 bytes at a time, and "
                     "every third call is interrupted",
        .happens = "The call is made and goes on",
        .prepare = prepare_short_server,
        .provoke = mute_and_unmute,
        FAULT_BOTH_GO_ON},
    {.id = "F33-interrupted-publisher",
        .condition = "The publisher's TCP does so",
        .happens = "The call is made and goes on",
        .prepare = prepare_short_publisher,
        .provoke = mute_and_unmute,
        FAULT_BOTH_GO_ON},
    {.id = "F33-interrupted-viewer",
        .condition = "The viewer's TCP does so",
        .happens = "The call is made and goes on",
        .prepare = prepare_short_viewer,
        .provoke = mute_and_unmute,
        FAULT_BOTH_GO_ON},
    {NULL},
};
