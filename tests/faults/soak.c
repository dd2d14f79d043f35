/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Program rtc-soak: a publisher and a viewer stay in a room for a long time,
 * guests come and go, and once in each round something goes wrong. Says at
 * the end whether everything was told once, whether media came back, and
 * whether memory, threads and files of the processes stayed level. In network
 * namespaces where they can be had. On the main thread. */
#include "faultparty.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_GUESTS 2
#define GUEST_STAYS_MS 2000
#define SETTLE_MS 1500
#define QUIET_MS 4000
#define STOP_MS 20000
#define BACK_MS 30000
#define FRAMES_BACK 20
/* Fewer do not show whether something grows. */
#define LEAST_SAMPLES 8
#define KIB 1024

/* What may grow from the second quarter of the run to the last one, by
 * medians. Memory: what a heap that is used by many threads still takes, in
 * KiB and of what is there. Threads and files: one of each may just begin or
 * end. */
#define MEMORY_MAY_GROW (4.0 * KIB)
#define MEMORY_MAY_GROW_BY 0.05
#define HEAP_MAY_GROW (1.0 * KIB)
#define COUNT_MAY_GROW 2.0

typedef enum
{
  MEMORY, /* KiB that are its own */
  HEAP,   /* KiB of them that are allocated; of parties only */
  THREADS,
  FILES,
  N_QUANTITIES
} Quantity;

static const gchar *const quantity_names[N_QUANTITIES] = {
    "memory, KiB", "heap, KiB", "threads", "files"};

typedef struct
{
  const gchar *name;
  GArray *samples[N_QUANTITIES]; /* of gdouble */
} Series;

typedef enum
{
  SERVER,
  PUBLISHER,
  VIEWER,
  N_SERIES
} Who;

typedef struct
{
  FaultScene *scene;
  FaultParty *guests[N_GUESTS];
  guint n_guests; /* so far */
  Series series[N_SERIES];
  GArray *times; /* of gdouble: seconds at which samples were taken */
  guint n_rounds;
  guint n_failures;
} Soak;

/**
 * Fault:
 * @needs_network: only with an emulated link
 * @provoke: until what is to be told can be told
 * @repair: (nullable)
 * @publisher, @viewer: codes of the warnings that they are to tell, 0 none
 * @guests: likewise
 */
typedef struct
{
  const gchar *name;
  gboolean needs_network;
  void (*provoke) (Soak *soak);
  void (*repair) (Soak *soak);
  gint publisher[2];
  gint viewer[2];
  gint guests[2];
  guint times; /* written */
  gdouble longest_back;
} Fault;

#define LOST GST_RTC_ERROR_WEBSOCKET_FAILED
#define VIEWER_LOST GST_RTC_ERROR_PUBLISH_ERROR
#define STREAM_LOST GST_RTC_ERROR_SUBSCRIBE_FAILED

static void fail (Soak *soak, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static void
fail (Soak *soak, const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  soak->n_failures++;
  printf ("FAILED in round %u: %s\n", soak->n_rounds, text);
  for (guint i = 0; i < soak->scene->parties->len; i++)
    fault_party_print (g_ptr_array_index (soak->scene->parties, i));
  fflush (stdout);
}

/* FALSE when @ms were not enough. */
static gboolean
wait_until (Soak *soak, guint ms, gboolean (*is_so) (Soak *soak))
{
  const gint64 until = g_get_monotonic_time () + (gint64)ms * 1000;

  while (!is_so (soak)) {
    if (g_get_monotonic_time () > until)
      return FALSE;
    fault_iterate (soak->scene);
  }
  return TRUE;
}

/* --- what goes wrong --- */

static void
do_nothing (Soak *soak)
{
  fault_let_pass (soak->scene, 1000);
}

static void
kill_server (Soak *soak)
{
  fault_signal_server (soak->scene, SIGKILL);
  fault_let_pass (soak->scene, (guint)g_random_int_range (0, 3000));
  fault_start_server (soak->scene);
}

static void
drain_server (Soak *soak)
{
  fault_signal_server (soak->scene, SIGTERM);
  fault_wait_server_end (soak->scene);
  fault_let_pass (soak->scene, (guint)g_random_int_range (0, 1000));
  fault_start_server (soak->scene);
}

static void
freeze_server (Soak *soak)
{
  fault_signal_server (soak->scene, SIGSTOP);
  fault_let_pass (soak->scene, 8000);
  fault_signal_server (soak->scene, SIGCONT);
}

static void
stop_viewer (Soak *soak)
{
  fault_party_signal (soak->scene->viewer, SIGSTOP);
  fault_let_pass (soak->scene, 8000);
  fault_party_signal (soak->scene->viewer, SIGCONT);
}

static void
kill_guest (Soak *soak)
{
  FaultParty *guest = soak->guests[0];

  fault_party_signal (guest, SIGKILL);
  g_ptr_array_remove (soak->scene->parties, guest);
  fault_party_free (guest);
  soak->guests[0] = NULL;
}

static void
mute_and_unmute (Soak *soak)
{
  fault_party_say (soak->scene->publisher, "mute on");
  fault_let_pass (soak->scene, 2000);
  fault_party_say (soak->scene->publisher, "mute off");
}

/* And back, since a larger picture takes more memory. */
static void
change_caps (Soak *soak)
{
  static const gchar *const sizes[] = {
      "width=640,height=384", "width=256,height=160", "width=320,height=192"};

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree gchar *line = g_strdup_printf (
        "caps video/x-raw,format=I420,%s,framerate=15/1", sizes[i]);

    fault_party_say (soak->scene->publisher, line);
    fault_let_pass (soak->scene, 1500);
  }
}

static void
drop_udp (Soak *soak)
{
  netem_client_set (soak->scene->net, "both drop=udp");
}

static void
drop_tcp (Soak *soak)
{
  netem_client_set (soak->scene->net, "both drop=tcp");
}

static void
lose_some (Soak *soak)
{
  netem_client_set (soak->scene->net, "both loss=10");
  fault_let_pass (soak->scene, 5000);
  netem_client_set (soak->scene->net, "both clear delay=10");
}

static void
break_link (Soak *soak)
{
  netem_client_set (soak->scene->net, "both outage=on");
  fault_let_pass (soak->scene, 10000);
  netem_client_set (soak->scene->net, "both clear delay=10");
}

static void
restore_link (Soak *soak)
{
  netem_client_set (soak->scene->net, "both clear delay=10");
}

static Fault faults[] = {
    {"nothing", .provoke = do_nothing},
    {"server killed", .provoke = kill_server, .publisher = {LOST},
        .viewer = {LOST}, .guests = {LOST}},
    {"server stopped", .provoke = drain_server, .publisher = {LOST},
        .viewer = {LOST}, .guests = {LOST}},
    {"server frozen for 8 s", .provoke = freeze_server, .publisher = {LOST},
        .viewer = {LOST}, .guests = {LOST}},
    {"viewer asleep for 8 s", .provoke = stop_viewer,
        .publisher = {VIEWER_LOST}, .viewer = {LOST}},
    {"guest killed", .provoke = kill_guest, .publisher = {VIEWER_LOST}},
    {"muted for 2 s", .provoke = mute_and_unmute},
    {"size of the picture changed", .provoke = change_caps},
    {"UDP blocked", TRUE, drop_udp, restore_link, {VIEWER_LOST}, {STREAM_LOST}},
    {"TCP blocked", TRUE, drop_tcp, restore_link, .viewer = {LOST}},
    {"loss of 10 % for 5 s", TRUE, lose_some},
    {"link broken for 10 s", TRUE, break_link, .publisher = {VIEWER_LOST},
        .viewer = {LOST, STREAM_LOST}},
};

/* --- what was told --- */

static guint
count_told (const FaultParty *party, gint code)
{
  guint n = 0;

  for (guint i = 0; i < party->messages->len; i++) {
    const FaultMessage *message = g_ptr_array_index (party->messages, i);

    n += message->severity == FAULT_WARNING && message->code == code;
  }
  return n;
}

static gboolean
has_told (const FaultParty *party, const gint codes[2])
{
  for (guint i = 0; party && i < 2 && codes[i]; i++) {
    if (count_told (party, codes[i]) == 0)
      return FALSE;
  }
  return TRUE;
}

/* Each once, and nothing else. */
static gboolean
has_told_exactly (const FaultParty *party, const gint codes[2])
{
  guint expected = 0;

  for (guint i = 0; party && i < 2 && codes[i]; i++) {
    if (count_told (party, codes[i]) != 1)
      return FALSE;
    expected++;
  }
  return !party || party->messages->len == expected;
}

static const Fault *current;

static gboolean
all_have_told (Soak *soak)
{
  gboolean told = has_told (soak->scene->publisher, current->publisher) &&
                  has_told (soak->scene->viewer, current->viewer);

  for (guint i = 0; i < N_GUESTS; i++)
    told = told && has_told (soak->guests[i], current->guests);
  return told;
}

static gboolean
all_have_told_exactly (Soak *soak)
{
  gboolean told =
      has_told_exactly (soak->scene->publisher, current->publisher) &&
      has_told_exactly (soak->scene->viewer, current->viewer);

  for (guint i = 0; i < N_GUESTS; i++)
    told = told && has_told_exactly (soak->guests[i], current->guests);
  return told;
}

/* --- media --- */

static void
mark_frames (Soak *soak)
{
  for (guint i = 0; i < soak->scene->parties->len; i++) {
    FaultParty *party = g_ptr_array_index (soak->scene->parties, i);

    party->marked = party->frames;
  }
}

static gboolean
all_have_media (Soak *soak)
{
  for (guint i = 0; i < soak->scene->parties->len; i++) {
    FaultParty *party = g_ptr_array_index (soak->scene->parties, i);

    if (!fault_party_is_connected (party) ||
        party->frames < party->marked + FRAMES_BACK)
      return FALSE;
  }
  return TRUE;
}

/* --- guests --- */

static void
invite_guests (Soak *soak)
{
  FaultScene *scene = soak->scene;

  for (guint i = 0; i < N_GUESTS; i++) {
    g_autofree gchar *user = g_strdup_printf ("guest-%u", soak->n_guests++);
    g_autofree gchar *properties = fault_usual_properties (scene, user);

    soak->guests[i] = fault_party_new (
        scene, "viewer", user, NETEM_A, scene->server_url, properties, NULL);
  }
  mark_frames (soak);
  if (!wait_until (soak, BACK_MS, all_have_media))
    fail (soak, "not everybody sees pictures %d ms after guests came", BACK_MS);
}

static gboolean
guests_have_ended (Soak *soak)
{
  for (guint i = 0; i < N_GUESTS; i++) {
    if (soak->guests[i] && !soak->guests[i]->ended)
      return FALSE;
  }
  return TRUE;
}

static void
see_guests_off (Soak *soak)
{
  for (guint i = 0; i < N_GUESTS; i++) {
    if (soak->guests[i])
      fault_party_say (soak->guests[i], "stop");
  }
  if (!wait_until (soak, STOP_MS, guests_have_ended))
    fail (soak, "a guest does not end");
  for (guint i = 0; i < N_GUESTS; i++) {
    FaultParty *guest = soak->guests[i];

    if (!guest)
      continue;
    if (!guest->ended)
      fault_party_signal (guest, SIGKILL);
    else if (!WIFEXITED (guest->status) || WEXITSTATUS (guest->status) != 0)
      fail (soak, "%s ended with status %#x", guest->name, guest->status);
    g_ptr_array_remove (soak->scene->parties, guest);
    fault_party_free (guest);
    soak->guests[i] = NULL;
  }
}

/* --- what the processes have --- */

static gdouble
read_status (GPid pid, const gchar *key)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/%d/status", (gint)pid);
  g_autofree gchar *text = NULL;
  const gchar *at;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  at = strstr (text, key);
  return at ? g_ascii_strtod (at + strlen (key), NULL) : 0;
}

static gdouble
count_files (GPid pid)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/%d/fd", (gint)pid);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  return n;
}

static void
add_sample (Series *series, GPid pid, gint64 heap)
{
  const gdouble values[N_QUANTITIES] = {
      [MEMORY] = read_status (pid, "RssAnon:"),
      [HEAP] = (gdouble)heap / KIB,
      [THREADS] = read_status (pid, "Threads:"),
      [FILES] = count_files (pid)};

  for (guint i = 0; i < N_QUANTITIES; i++)
    g_array_append_val (series->samples[i], values[i]);
}

static void
take_samples (Soak *soak)
{
  const gdouble seconds =
      (gdouble)(g_get_monotonic_time () - soak->scene->started) /
      G_USEC_PER_SEC;

  g_array_append_val (soak->times, seconds);
  add_sample (&soak->series[SERVER], soak->scene->server, 0);
  add_sample (&soak->series[PUBLISHER], soak->scene->publisher->pid,
      soak->scene->publisher->heap);
  add_sample (&soak->series[VIEWER], soak->scene->viewer->pid,
      soak->scene->viewer->heap);
}

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  const gdouble first = *(const gdouble *)a;
  const gdouble second = *(const gdouble *)b;

  return first < second ? -1 : first > second;
}

/* Of the samples from quarter @from of the run to quarter @to. */
static gdouble
get_median (GArray *samples, guint from, guint to)
{
  const guint begin = samples->len * from / 4;
  const guint end = samples->len * to / 4;
  g_autoptr (GArray) part =
      g_array_sized_new (FALSE, FALSE, sizeof (gdouble), end - begin);

  g_array_append_vals (
      part, &g_array_index (samples, gdouble, begin), end - begin);
  g_array_sort (part, compare_doubles);
  return g_array_index (part, gdouble, part->len / 2);
}

/* By least squares over the last three quarters. */
static gdouble
get_slope_per_hour (GArray *times, GArray *samples)
{
  const guint begin = samples->len / 4;
  const gdouble n = samples->len - begin;
  gdouble x = 0, y = 0, xx = 0, xy = 0, divisor;

  for (guint i = begin; i < samples->len; i++) {
    const gdouble hours = g_array_index (times, gdouble, i) / 3600;
    const gdouble value = g_array_index (samples, gdouble, i);

    x += hours;
    y += value;
    xx += hours * hours;
    xy += hours * value;
  }
  divisor = n * xx - x * x;
  return fabs (divisor) > 1e-12 ? (n * xy - x * y) / divisor : 0;
}

static gdouble
get_allowance (Quantity quantity, gdouble before)
{
  switch (quantity) {
    case MEMORY:
      return MAX (MEMORY_MAY_GROW, before * MEMORY_MAY_GROW_BY);
    case HEAP:
      return HEAP_MAY_GROW;
    default:
      return COUNT_MAY_GROW;
  }
}

static gboolean
print_series (const Series *series, GArray *times)
{
  gboolean level = TRUE;

  for (guint i = 0; i < N_QUANTITIES; i++) {
    GArray *samples = series->samples[i];
    const gdouble before = get_median (samples, 1, 2);
    const gdouble after = get_median (samples, 3, 4);
    const gdouble allowed = get_allowance ((Quantity)i, before);
    const gboolean good = after - before <= allowed;

    printf ("%-10s %-12s %9.0f %9.0f %+9.0f %9.0f %+11.0f  %s\n", series->name,
        quantity_names[i], before, after, after - before, allowed,
        get_slope_per_hour (times, samples), good ? "level" : "GROWS");
    level = level && good;
  }
  return level;
}

/* --- rounds --- */

static void
forget_told (Soak *soak)
{
  for (guint i = 0; i < soak->scene->parties->len; i++) {
    FaultParty *party = g_ptr_array_index (soak->scene->parties, i);

    g_ptr_array_set_size (party->messages, 0);
    g_ptr_array_set_size (party->facts, 0);
  }
}

static void
go_through (Soak *soak, Fault *fault)
{
  FaultScene *scene = soak->scene;
  gdouble seconds;
  gint64 repaired;

  current = fault;
  forget_told (soak);
  scene->provoked = g_get_monotonic_time ();
  fault->provoke (soak);
  if (!wait_until (soak, BACK_MS, all_have_told))
    fail (soak, "%s: not told", fault->name);
  if (fault->repair)
    fault->repair (soak);
  repaired = g_get_monotonic_time ();
  mark_frames (soak);
  if (!wait_until (soak, BACK_MS, all_have_media))
    fail (soak, "%s: no media after %d ms", fault->name, BACK_MS);
  seconds = (gdouble)(g_get_monotonic_time () - repaired) / G_USEC_PER_SEC;
  fault_let_pass (scene, SETTLE_MS);
  if (!all_have_told_exactly (soak))
    fail (soak, "%s: not told as expected", fault->name);
  fault->times++;
  fault->longest_back = MAX (fault->longest_back, seconds);
}

static Fault *
choose_fault (Soak *soak)
{
  for (;;) {
    Fault *fault = &faults[g_random_int_range (0, G_N_ELEMENTS (faults))];

    if (soak->scene->net || !fault->needs_network)
      return fault;
  }
}

static void
run_round (Soak *soak)
{
  Fault *fault = choose_fault (soak);

  soak->n_rounds++;
  invite_guests (soak);
  fault_let_pass (soak->scene, GUEST_STAYS_MS);
  go_through (soak, fault);
  see_guests_off (soak);
  fault_let_pass (soak->scene, QUIET_MS);
  take_samples (soak);
  fprintf (stderr,
      "# round %u: %s, %u failures so far; heap %.0f and %.0f KiB\n",
      soak->n_rounds, fault->name, soak->n_failures,
      (gdouble)soak->scene->publisher->heap / KIB,
      (gdouble)soak->scene->viewer->heap / KIB);
}

/* --- the verdict --- */

static gboolean
print_verdict (Soak *soak)
{
  gboolean level = TRUE;

  printf ("\n%-30s %6s %14s\n", "what went wrong", "times", "media back, s");
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    if (faults[i].times > 0)
      printf ("%-30s %6u %14.1f\n", faults[i].name, faults[i].times,
          faults[i].longest_back);
  }
  if (soak->times->len < LEAST_SAMPLES) {
    printf ("\n%u rounds, %u guests: too few to say what grows\n",
        soak->n_rounds, soak->n_guests);
  } else {
    printf ("\n%-10s %-12s %9s %9s %9s %9s %11s\n", "process", "has", "2nd qtr",
        "4th qtr", "more", "allowed", "an hour");
    for (guint i = 0; i < N_SERIES; i++)
      level = print_series (&soak->series[i], soak->times) && level;
    printf ("\n%u rounds, %u guests\n", soak->n_rounds, soak->n_guests);
  }
  printf ("%s\n", soak->n_failures == 0 && level ? "passed" : "FAILED");
  return soak->n_failures == 0 && level;
}

static void
soak_init (Soak *soak, FaultScene *scene)
{
  static const gchar *const names[N_SERIES] = {"server", "publisher", "viewer"};

  *soak = (Soak){
      .scene = scene, .times = g_array_new (FALSE, FALSE, sizeof (gdouble))};
  for (guint i = 0; i < N_SERIES; i++) {
    soak->series[i].name = names[i];
    for (guint j = 0; j < N_QUANTITIES; j++)
      soak->series[i].samples[j] = g_array_new (FALSE, FALSE, sizeof (gdouble));
  }
}

static void
soak_clear (Soak *soak)
{
  for (guint i = 0; i < N_SERIES; i++) {
    for (guint j = 0; j < N_QUANTITIES; j++)
      g_array_unref (soak->series[i].samples[j]);
  }
  g_array_unref (soak->times);
}

int
main (int argc, char **argv)
{
  gdouble minutes = 2;
  gint seed = 0;
  const GOptionEntry entries[] = {
      {"minutes", 'm', 0, G_OPTION_ARG_DOUBLE, &minutes,
          "How long; 2 by default", "N"},
      {"seed", 's', 0, G_OPTION_ARG_INT, &seed,
          "Faults in the order of an earlier run", "N"},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) no_network = NULL;
  const gboolean network = netem_space_is_possible (&no_network);
  const FaultRow row = {.id = "soak",
      .flags = network ? FAULT_NETWORK : FAULT_LOOPBACK,
      .publisher = "media-timeout=2000 reconnect-attempts=1000",
      .viewer = "media-timeout=2000 reconnect-attempts=1000"};
  FaultScene scene;
  gboolean passed;
  Soak soak;

  g_option_context_set_summary (context,
      "A room for a long time, with guests that come and go and faults.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  if (seed == 0)
    seed = (gint)(g_get_real_time () % G_MAXINT32);
  g_random_set_seed ((guint32)seed);
  signal (SIGPIPE, SIG_IGN);
  printf ("%.0f minutes, seed %d%s%s\n", minutes, seed,
      network ? "" : ", no faults of the network: ",
      network ? "" : no_network->message);
  fflush (stdout);

  fault_scene_init (&scene, &row);
  soak_init (&soak, &scene);
  fault_prepare_call (&scene);
  while (g_get_monotonic_time () - scene.started <
         (gint64)(minutes * 60 * G_USEC_PER_SEC))
    run_round (&soak);
  fault_scene_clear (&scene);
  passed = print_verdict (&soak);
  soak_clear (&soak);
  return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
