/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Program rtc-netem: joins two network namespaces by an emulated link. One
 * thread. */
#include "netemlink.h"
#include "netemnat.h"
#include "netemspace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define FIRST_SPACE_FD 10
#define LONGEST_PACKET 65536
#define LONGEST_COMMAND 4096
#define EXIT_USAGE 2
#define EXIT_IMPOSSIBLE 77

enum
{
  TAG_TUN_A,
  TAG_TUN_B,
  TAG_TIMER,
  TAG_COMMANDS,
  N_TAGS
};

typedef struct
{
  NetemLink *links[NETEM_N_ENDS]; /* by the end that sends */
  NetemNat *nats[NETEM_N_ENDS];   /* by the end behind it, NULL none */
  gint tuns[NETEM_N_ENDS];
  gint timer;
  gint poll;
  FILE *log;
  gint64 started;
  guint64 n_foreign[NETEM_N_ENDS];
  guint64 n_unmapped[NETEM_N_ENDS];
  guint64 awaited; /* packets of an end, 0 none */
  NetemEnd awaited_end;
  GString *command;
  gboolean ended;
} Emulator;

/* Read once for each wake-up, it is the clock of what is then done. */
static gint64
get_now (void)
{
  return g_get_monotonic_time ();
}

/* --- packets --- */

static gboolean
is_on_the_link (const guint8 *packet, gsize size)
{
  /* 10.77.0.0/24 */
  return size >= 20 && packet[16] == 10 && packet[17] == 77 && packet[18] == 0;
}

static const gchar *
get_protocol (guint8 number)
{
  switch (number) {
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_ICMP:
      return "icmp";
    default:
      return "other";
  }
}

static void
print_address (FILE *log, const guint8 *packet, gsize size, guint offset)
{
  gchar text[INET_ADDRSTRLEN];
  const gsize header = (gsize)(packet[0] & 0x0f) * 4;
  const gsize port = header + (offset == 16 ? 2 : 0);
  const gboolean has_port =
      (packet[9] == IPPROTO_UDP || packet[9] == IPPROTO_TCP) &&
      !(packet[6] & 0x1f) && !packet[7] && size >= port + 2;

  inet_ntop (AF_INET, packet + offset, text, sizeof (text));
  fprintf (log, "%s:%u\t", text,
      has_port ? (guint)packet[port] << 8 | packet[port + 1] : 0);
}

/* One line: seconds, direction, bytes, protocol, source, destination,
 * milliseconds in the queue, verdict. */
static void
write_log (Emulator *self, NetemEnd from, const guint8 *packet, gsize size,
    gint64 now, gint64 queued, NetemVerdict verdict)
{
  if (!self->log)
    return;
  fprintf (self->log, "%.6f\t%s\t%" G_GSIZE_FORMAT "\t",
      (gdouble)(now - self->started) / G_USEC_PER_SEC,
      from == NETEM_A ? "a>b" : "b>a", size);
  if (size >= 20) {
    fprintf (self->log, "%s\t", get_protocol (packet[9]));
    print_address (self->log, packet, size, 12);
    print_address (self->log, packet, size, 16);
  } else {
    fputs ("other\t-\t-\t", self->log);
  }
  fprintf (self->log, "%.3f\t%s\n", (gdouble)queued / 1000,
      netem_verdict_get_nick (verdict));
}

static NetemVerdict
forward (Emulator *self, NetemEnd from, guint8 *packet, gsize size, gint64 now,
    gint64 *queued)
{
  if (!is_on_the_link (packet, size)) {
    self->n_foreign[from]++;
    return NETEM_FOREIGN;
  }
  if (self->nats[from])
    netem_nat_go_out (self->nats[from], packet, size);
  if (self->nats[!from] &&
      !netem_nat_come_in (self->nats[!from], packet, size)) {
    self->n_unmapped[from]++;
    return NETEM_UNMAPPED;
  }
  return netem_link_offer (self->links[from], packet, size, now, queued);
}

static void
read_packets (Emulator *self, NetemEnd from)
{
  guint8 packet[LONGEST_PACKET];
  gssize size;

  while ((size = read (self->tuns[from], packet, sizeof (packet))) > 0) {
    const gint64 now = get_now ();
    NetemVerdict verdict;
    gint64 queued = 0;

    if (packet[0] >> 4 != 4)
      continue; /* no IPv6 on this link */
    verdict = forward (self, from, packet, (gsize)size, now, &queued);
    write_log (self, from, packet, (gsize)size, now, queued, verdict);
  }
}

static void
write_packets (Emulator *self)
{
  const gint64 now = get_now ();

  for (guint from = 0; from < NETEM_N_ENDS; from++) {
    GBytes *bytes;

    while ((bytes = netem_link_take (self->links[from], now))) {
      gsize size;
      gconstpointer data = g_bytes_get_data (bytes, &size);

      /* What the other end cannot take is lost, as on any link. */
      if (write (self->tuns[!from], data, size) < 0 && errno == EBADF)
        self->ended = TRUE;
      g_bytes_unref (bytes);
    }
  }
}

static void
arm_timer (Emulator *self)
{
  const gint64 next = MIN (netem_link_get_next (self->links[NETEM_A]),
      netem_link_get_next (self->links[NETEM_B]));
  struct itimerspec when = {{0, 0}, {0, 0}};

  if (next != G_MAXINT64) {
    when.it_value.tv_sec = next / G_USEC_PER_SEC;
    when.it_value.tv_nsec = next % G_USEC_PER_SEC * 1000;
  }
  timerfd_settime (self->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* --- commands --- */

static void
print_counters (const gchar *name, NetemLink *link)
{
  const NetemCounters *counters = netem_link_get_counters (link);

  g_print (" %s.packets=%" G_GUINT64_FORMAT " %s.bytes=%" G_GUINT64_FORMAT,
      name, counters->packets, name, counters->bytes);
  for (guint i = 0; i < NETEM_FOREIGN; i++) {
    g_print (" %s.%s=%" G_GUINT64_FORMAT, name, netem_verdict_get_nick (i),
        counters->verdicts[i]);
  }
  g_print (" %s.duplicated=%" G_GUINT64_FORMAT
           " %s.corrupted=%" G_GUINT64_FORMAT " %s.overtaken=%" G_GUINT64_FORMAT
           " %s.longest-queue-ms=%.3f",
      name, counters->duplicated, name, counters->corrupted, name,
      counters->overtaken, name, (gdouble)counters->longest_queue / 1000);
}

static gboolean
change_links (Emulator *self, const gchar *text, GError **error)
{
  const gchar *rest = strchr (text, ' ');
  const gboolean both = g_str_has_prefix (text, "both ");

  if (!rest || (!both && !g_str_has_prefix (text, "a ") &&
                   !g_str_has_prefix (text, "b "))) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
        "set needs a, b or both and then settings");
    return FALSE;
  }
  if ((both || *text == 'a') &&
      !netem_link_set (self->links[NETEM_A], rest, error))
    return FALSE;
  return !(both || *text == 'b') ||
         netem_link_set (self->links[NETEM_B], rest, error);
}

/* Answers a `wait` once that many packets have come from its end. */
static void
answer_wait (Emulator *self)
{
  const NetemCounters *counters;

  if (self->awaited == 0)
    return;
  counters = netem_link_get_counters (self->links[self->awaited_end]);
  if (counters->packets + self->n_foreign[self->awaited_end] +
          self->n_unmapped[self->awaited_end] <
      self->awaited)
    return;
  self->awaited = 0;
  g_print ("ok\n");
  fflush (stdout);
}

static gboolean
set_nat (Emulator *self, NetemEnd end, const gchar *text)
{
  guint64 first;

  if (!g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &first, NULL))
    return FALSE;
  netem_nat_free (self->nats[end]);
  self->nats[end] = netem_nat_new ((guint16)first);
  return TRUE;
}

static void
run_command (Emulator *self, const gchar *line)
{
  g_autoptr (GError) error = NULL;

  if (g_str_has_prefix (line, "set ")) {
    if (change_links (self, line + 4, &error))
      g_print ("ok\n");
    else
      g_print ("error %s\n", error->message);
  } else if (g_str_equal (line, "stats")) {
    g_print ("ok");
    print_counters ("a", self->links[NETEM_A]);
    print_counters ("b", self->links[NETEM_B]);
    g_print (" a.foreign=%" G_GUINT64_FORMAT " b.foreign=%" G_GUINT64_FORMAT
             " a.unmapped=%" G_GUINT64_FORMAT " b.unmapped=%" G_GUINT64_FORMAT
             "\n",
        self->n_foreign[NETEM_A], self->n_foreign[NETEM_B],
        self->n_unmapped[NETEM_A], self->n_unmapped[NETEM_B]);
  } else if ((g_str_has_prefix (line, "nat a ") ||
                 g_str_has_prefix (line, "nat b ")) &&
             set_nat (self, line[4] == 'a' ? NETEM_A : NETEM_B, line + 6)) {
    g_print ("ok\n");
  } else if (g_str_has_prefix (line, "wait a ") ||
             g_str_has_prefix (line, "wait b ")) {
    self->awaited_end = line[5] == 'a' ? NETEM_A : NETEM_B;
    self->awaited = g_ascii_strtoull (line + 7, NULL, 10);
    answer_wait (self);
    return;
  } else if (g_str_equal (line, "flush")) {
    if (self->log)
      fflush (self->log);
    g_print ("ok\n");
  } else if (g_str_equal (line, "quit")) {
    self->ended = TRUE;
    g_print ("ok\n");
  } else {
    g_print ("error the commands are set, nat, stats, wait, flush and quit\n");
  }
  fflush (stdout);
}

/* Ends with its input, so that it never outlives who started it. */
static void
read_commands (Emulator *self)
{
  gchar text[LONGEST_COMMAND];
  const gssize size = read (STDIN_FILENO, text, sizeof (text));
  gchar *end;

  if (size <= 0) {
    self->ended = TRUE;
    return;
  }
  g_string_append_len (self->command, text, size);
  while ((end = strchr (self->command->str, '\n'))) {
    *end = '\0';
    run_command (self, self->command->str);
    g_string_erase (self->command, 0, end - self->command->str + 1);
  }
}

/* --- the program --- */

static gboolean
watch (Emulator *self, gint fd, guint tag)
{
  struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = tag}};

  return epoll_ctl (self->poll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void
run (Emulator *self)
{
  while (!self->ended) {
    struct epoll_event events[N_TAGS];
    const gint n = epoll_wait (self->poll, events, N_TAGS, -1);

    for (gint i = 0; i < n; i++) {
      guint64 expirations;

      switch (events[i].data.u32) {
        case TAG_TUN_A:
          read_packets (self, NETEM_A);
          break;
        case TAG_TUN_B:
          read_packets (self, NETEM_B);
          break;
        case TAG_TIMER:
          if (read (self->timer, &expirations, sizeof (expirations)) < 0)
            continue;
          break;
        default:
          read_commands (self);
      }
    }
    write_packets (self);
    answer_wait (self);
    arm_timer (self);
  }
}

static gboolean
open_ends (Emulator *self, guint mtu, GError **error)
{
  static const gchar *const addresses[] = {NETEM_ADDRESS_A, NETEM_ADDRESS_B};

  for (gint end = 0; end < NETEM_N_ENDS; end++) {
    gint space;

    if (!netem_space_new (addresses[end], mtu, &space, &self->tuns[end], error))
      return FALSE;
    /* The ends are looked for under these numbers. */
    if (dup2 (space, FIRST_SPACE_FD + end) < 0 ||
        self->tuns[end] >= FIRST_SPACE_FD) {
      g_set_error (
          error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "too many files are open");
      return FALSE;
    }
    close (space);
  }
  return TRUE;
}

static gint
start (guint64 seed, guint mtu, const gchar *log, const gchar *settings)
{
  Emulator self = {.started = get_now (), .command = g_string_new (NULL)};
  g_autoptr (GError) error = NULL;
  g_autofree gchar *both = g_strconcat ("both ", settings, NULL);

  for (guint end = 0; end < NETEM_N_ENDS; end++)
    self.links[end] = netem_link_new (seed + end);
  if (!change_links (&self, both, &error)) {
    g_printerr ("rtc-netem: %s\n", error->message);
    return EXIT_USAGE;
  }
  if (!open_ends (&self, mtu, &error)) {
    g_printerr ("rtc-netem: %s\n", error->message);
    return EXIT_IMPOSSIBLE;
  }
  if (log && !(self.log = fopen (log, "we"))) {
    g_printerr ("rtc-netem: %s: %s\n", log, g_strerror (errno));
    return EXIT_FAILURE;
  }
  self.poll = epoll_create1 (EPOLL_CLOEXEC);
  self.timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (!watch (&self, self.tuns[NETEM_A], TAG_TUN_A) ||
      !watch (&self, self.tuns[NETEM_B], TAG_TUN_B) ||
      !watch (&self, self.timer, TAG_TIMER) ||
      !watch (&self, STDIN_FILENO, TAG_COMMANDS)) {
    g_printerr ("rtc-netem: %s\n", g_strerror (errno));
    return EXIT_FAILURE;
  }

  g_print ("ready %d\n", (gint)getpid ());
  fflush (stdout);
  run (&self);
  if (self.log)
    fclose (self.log);
  for (guint end = 0; end < NETEM_N_ENDS; end++) {
    netem_link_free (self.links[end]);
    netem_nat_free (self.nats[end]);
  }
  g_string_free (self.command, TRUE);
  return EXIT_SUCCESS;
}

static gint
main_run (gint argc, gchar **argv)
{
  gint64 seed = 1;
  gint mtu = 1500;
  g_autofree gchar *log = NULL;
  g_autofree gchar *settings = NULL;
  const GOptionEntry entries[] = {
      {"seed", 0, 0, G_OPTION_ARG_INT64, &seed,
          "Where chance begins; equal seeds give equal verdicts (1)", "NUMBER"},
      {"mtu", 0, 0, G_OPTION_ARG_INT, &mtu, "Of both TUNs (1500)", "BYTES"},
      {"log", 0, 0, G_OPTION_ARG_FILENAME, &log, "One line for each packet",
          "FILE"},
      {NULL},
  };
  g_autoptr (GOptionContext) context =
      g_option_context_new ("[SETTING=VALUE…]");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("rtc-netem: %s\n", error->message);
    return EXIT_USAGE;
  }
  settings = g_strjoinv (" ", argv + 1);
  return start ((guint64)seed, (guint)mtu, log, settings);
}

static gint
main_exec (gint argc, gchar **argv)
{
  g_autoptr (GError) error = NULL;
  gint space;

  if (argc < 5 || !g_str_equal (argv[3], "--") ||
      (g_ascii_strcasecmp (argv[2], "a") != 0 &&
          g_ascii_strcasecmp (argv[2], "b") != 0)) {
    g_printerr ("Usage: rtc-netem exec PID A|B -- COMMAND [ARGUMENT…]\n");
    return EXIT_USAGE;
  }
  space = netem_space_open ((GPid)atoi (argv[1]),
      g_ascii_strcasecmp (argv[2], "a") == 0 ? NETEM_A : NETEM_B, &error);
  if (space < 0 || netem_space_enter (space, &error) < 0) {
    g_printerr ("rtc-netem: %s\n", error->message);
    return EXIT_FAILURE;
  }
  execvp (argv[4], argv + 4);
  g_printerr ("rtc-netem: %s: %s\n", argv[4], g_strerror (errno));
  return EXIT_FAILURE;
}

static const gchar usage[] =
    "Usage: rtc-netem run [--seed N] [--mtu BYTES] [--log FILE] "
    "[SETTING=VALUE…]\n"
    "       rtc-netem exec PID A|B -- COMMAND [ARGUMENT…]\n"
    "\n"
    "run makes two network namespaces, " NETEM_ADDRESS_A
    " in A and " NETEM_ADDRESS_B " in B,\n"
    "prints \"ready PID\" and obeys lines from its input until that ends:\n"
    "  set a|b|both SETTING=VALUE…   what a or b sends; clear: a perfect "
    "link\n"
    "  nat a|b PORT   UDP of a or b leaves from PORT on; again: from others\n"
    "  stats | wait END PACKETS | flush | quit\n"
    "Settings: delay jitter hold queue (ms), rate (kbit/s), loss duplicate "
    "corrupt\nreorder burst-enter burst-leave burst-loss (percent), mtu "
    "(bytes),\norder=keep|free, drop=none|udp|tcp|fragments (joined by "
    "commas), outage=on|off.\n";

gint
main (gint argc, gchar **argv)
{
  if (argc > 1 && g_str_equal (argv[1], "run"))
    return main_run (argc - 1, argv + 1);
  if (argc > 1 && g_str_equal (argv[1], "exec"))
    return main_exec (argc, argv);
  g_printerr ("%s", usage);
  return EXIT_USAGE;
}
