/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulator: its decisions alone, then packets through it. On the thread
 * of the test. */
#include "netemclient.h"
#include "netemlink.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE 1000
#define UDP 17
#define TCP 6

/* --- one direction, without packets --- */

static void
make_packet (guint8 *packet, guint8 protocol)
{
  memset (packet, 0, SIZE);
  packet[0] = 0x45;
  packet[9] = protocol;
}

/* Offers @n packets, one each ms, and takes what comes out in between. */
static GString *
offer_many (NetemLink *link, guint n)
{
  GString *verdicts = g_string_new (NULL);
  guint8 packet[SIZE];

  make_packet (packet, UDP);
  for (guint i = 0; i < n; i++) {
    gint64 queued;
    GBytes *bytes;

    g_string_append_c (
        verdicts, (gchar)('0' + netem_link_offer (link, packet, SIZE,
                                    (gint64)i * 1000, &queued)));
    while ((bytes = netem_link_take (link, (gint64)i * 1000)))
      g_bytes_unref (bytes);
  }
  return verdicts;
}

static gdouble
percent_of (NetemLink *link, NetemVerdict verdict)
{
  const NetemCounters *counters = netem_link_get_counters (link);

  return 100.0 * (gdouble)counters->verdicts[verdict] /
         (gdouble)counters->packets;
}

static void
set (NetemLink *link, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  netem_link_set (link, text, &error);
  g_assert_no_error (error);
}

static void
test_same_seed (void)
{
  g_autoptr (NetemLink) first = netem_link_new (7);
  g_autoptr (NetemLink) second = netem_link_new (7);
  g_autoptr (NetemLink) other = netem_link_new (8);
  GString *texts[3];

  set (first, "loss=10 burst-enter=1 burst-leave=30");
  set (second, "loss=10 burst-enter=1 burst-leave=30");
  set (other, "loss=10 burst-enter=1 burst-leave=30");
  texts[0] = offer_many (first, 2000);
  texts[1] = offer_many (second, 2000);
  texts[2] = offer_many (other, 2000);
  g_assert_cmpstr (texts[0]->str, ==, texts[1]->str);
  g_assert_cmpstr (texts[0]->str, !=, texts[2]->str);
  for (guint i = 0; i < 3; i++)
    g_string_free (texts[i], TRUE);
}

static void
test_loss_rate (void)
{
  g_autoptr (NetemLink) link = netem_link_new (1);

  set (link, "loss=10");
  g_string_free (offer_many (link, 50000), TRUE);
  g_assert_cmpfloat_with_epsilon (10, percent_of (link, NETEM_LOST), 0.5);
}

/* Bad 1 / (1 + 20 / 1) of the time, all lost in it, 5 in a row on average. */
static void
test_bursts (void)
{
  g_autoptr (NetemLink) link = netem_link_new (1);
  GString *verdicts;
  guint bursts = 0;

  set (link, "burst-enter=1 burst-leave=20 burst-loss=100");
  verdicts = offer_many (link, 50000);
  for (guint i = 1; i < verdicts->len; i++) {
    bursts += verdicts->str[i] == '0' + NETEM_BURST &&
              verdicts->str[i - 1] != '0' + NETEM_BURST;
  }
  g_assert_cmpfloat_with_epsilon (
      100.0 / 21, percent_of (link, NETEM_BURST), 1);
  g_assert_cmpfloat_with_epsilon (5,
      (gdouble)netem_link_get_counters (link)->verdicts[NETEM_BURST] / bursts,
      0.7);
  g_string_free (verdicts, TRUE);
}

static void
test_duplicates_and_damage (void)
{
  g_autoptr (NetemLink) link = netem_link_new (1);

  set (link, "duplicate=2 corrupt=3");
  g_string_free (offer_many (link, 20000), TRUE);
  g_assert_cmpfloat_with_epsilon (
      2, netem_link_get_counters (link)->duplicated / 200.0, 0.5);
  g_assert_cmpfloat_with_epsilon (
      3, netem_link_get_counters (link)->corrupted / 200.0, 0.6);
}

static void
test_order (void)
{
  g_autoptr (NetemLink) kept = netem_link_new (1);
  g_autoptr (NetemLink) free_one = netem_link_new (1);
  g_autoptr (NetemLink) held = netem_link_new (1);

  set (kept, "delay=20 jitter=10");
  set (free_one, "delay=20 jitter=10 order=free");
  set (held, "delay=20 reorder=5 hold=4");
  g_string_free (offer_many (kept, 10000), TRUE);
  g_string_free (offer_many (free_one, 10000), TRUE);
  g_string_free (offer_many (held, 10000), TRUE);
  g_assert_cmpuint (0, ==, netem_link_get_counters (kept)->overtaken);
  g_assert_cmpuint (1000, <, netem_link_get_counters (free_one)->overtaken);
  g_assert_cmpfloat_with_epsilon (
      5, netem_link_get_counters (held)->overtaken / 100.0, 1);
}

/* 1 Mbit/s takes 8 ms for 1000 bytes; the queue holds 40 ms, which is 5
 * packets behind the one under way and the one at the limit. */
static void
test_queue (void)
{
  g_autoptr (NetemLink) link = netem_link_new (1);
  guint8 packet[SIZE];

  make_packet (packet, UDP);
  set (link, "rate=1000 queue=40 delay=5");
  for (guint i = 0; i < 6; i++) {
    gint64 queued;

    g_assert_cmpint (
        NETEM_PASSED, ==, netem_link_offer (link, packet, SIZE, 0, &queued));
    g_assert_cmpint (i * 8000, ==, queued);
  }
  {
    gint64 queued;

    g_assert_cmpint (NETEM_QUEUE_FULL, ==,
        netem_link_offer (link, packet, SIZE, 0, &queued));
  }
  g_assert_cmpint (13000, ==, netem_link_get_next (link));
}

static void
test_filters (void)
{
  g_autoptr (NetemLink) link = netem_link_new (1);
  guint8 packet[SIZE];
  gint64 queued;

#define OFFER() netem_link_offer (link, packet, SIZE, 0, &queued)
  make_packet (packet, UDP);
  set (link, "drop=udp");
  g_assert_cmpint (NETEM_FILTERED, ==, OFFER ());
  set (link, "drop=tcp,fragments");
  g_assert_cmpint (NETEM_PASSED, ==, OFFER ());
  packet[6] = 0x20;
  g_assert_cmpint (NETEM_FILTERED, ==, OFFER ());
  make_packet (packet, TCP);
  g_assert_cmpint (NETEM_FILTERED, ==, OFFER ());
  set (link, "drop=none mtu=999");
  g_assert_cmpint (NETEM_TOO_BIG, ==, OFFER ());
  set (link, "mtu=1000 outage=on");
  g_assert_cmpint (NETEM_OUTAGE, ==, OFFER ());
  set (link, "clear");
  g_assert_cmpint (NETEM_PASSED, ==, OFFER ());
#undef OFFER
}

static void
test_bad_settings (void)
{
  static const gchar *const texts[] = {"delay", "delay=", "delay=-1",
      "loss=101", "loss=x", "speed=1", "drop=sctp", "outage=maybe",
      "delay=1 loss=nan", "order=any"};
  g_autoptr (NetemLink) link = netem_link_new (1);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (netem_link_set (link, texts[i], &error));
    g_assert_nonnull (error);
  }
  g_assert_cmpfloat (0, ==, netem_link_get_settings (link)->delay);
}

/* --- packets through it --- */

typedef struct
{
  NetemClient *client;
  gint sockets[NETEM_N_ENDS]; /* UDP, connected to each other */
} Pair;

static gint
open_socket (NetemClient *client, NetemEnd end)
{
  static const gchar *const addresses[] = {NETEM_ADDRESS_A, NETEM_ADDRESS_B};
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons (7000)};
  struct sockaddr_in other = own;
  g_autoptr (GError) error = NULL;
  gint before, fd;

  before = netem_space_enter (netem_client_get_space (client, end), &error);
  g_assert_no_error (error);
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  inet_pton (AF_INET, addresses[end], &own.sin_addr);
  inet_pton (AF_INET, addresses[!end], &other.sin_addr);
  g_assert_cmpint (0, ==, bind (fd, (gpointer)&own, sizeof (own)));
  g_assert_cmpint (0, ==, connect (fd, (gpointer)&other, sizeof (other)));
  netem_space_return (before);
  return fd;
}

static void
pair_open (Pair *pair, const gchar *settings)
{
  pair->client = netem_client_new (settings, 3, 1500);
  for (gint end = 0; end < NETEM_N_ENDS; end++)
    pair->sockets[end] = open_socket (pair->client, end);
}

static void
pair_close (Pair *pair)
{
  for (gint end = 0; end < NETEM_N_ENDS; end++)
    close (pair->sockets[end]);
  netem_client_free (pair->client);
}

static gboolean
receive (gint fd, gint timeout_ms)
{
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  guint8 packet[2048];

  return poll (&wait, 1, timeout_ms) == 1 &&
         recv (fd, packet, sizeof (packet), 0) > 0;
}

/* us there and back, -1 when it did not come. */
static gint64
echo (Pair *pair, gsize size, gint timeout_ms)
{
  guint8 packet[1400] = {0};
  const gint64 start = g_get_monotonic_time ();

  g_assert_cmpint (
      send (pair->sockets[NETEM_A], packet, size, 0), ==, (gssize)size);
  if (!receive (pair->sockets[NETEM_B], timeout_ms))
    return -1;
  g_assert_cmpint (
      send (pair->sockets[NETEM_B], packet, size, 0), ==, (gssize)size);
  return receive (pair->sockets[NETEM_A], timeout_ms)
             ? g_get_monotonic_time () - start
             : -1;
}

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  const gint64 difference = *(const gint64 *)a - *(const gint64 *)b;

  return difference < 0 ? -1 : difference > 0;
}

static gint64
median_echo (Pair *pair, gsize size, guint n)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < n; i++) {
    const gint64 time = echo (pair, size, 2000);

    g_assert_cmpint (time, >=, 0);
    g_array_append_val (times, time);
  }
  g_array_sort (times, compare_times);
  g_test_message ("round trip of %" G_GSIZE_FORMAT " bytes: least %.2f, "
                  "median %.2f, greatest %.2f ms",
      size, g_array_index (times, gint64, 0) / 1000.0,
      g_array_index (times, gint64, n / 2) / 1000.0,
      g_array_index (times, gint64, n - 1) / 1000.0);
  return g_array_index (times, gint64, n / 2);
}

static void
test_round_trip (void)
{
  Pair pair;
  gint64 time;

  pair_open (&pair, "delay=25");
  time = median_echo (&pair, 100, 40);
  g_assert_cmpint (time, >=, 50000);
  g_assert_cmpint (time, <=, 60000);
  netem_client_set (pair.client, "both delay=0");
  g_assert_cmpint (median_echo (&pair, 100, 40), <=, 10000);
  pair_close (&pair);
}

/* 1228 bytes with their headers take 9.82 ms at 1 Mbit/s. */
static void
test_rate (void)
{
  Pair pair;
  gint64 time;

  pair_open (&pair, "delay=25 rate=1000");
  time = median_echo (&pair, 1200, 20);
  g_assert_cmpint (time, >=, 69500);
  g_assert_cmpint (time, <=, 80000);
  pair_close (&pair);
}

static void
test_lost_packets (void)
{
  const guint n = 20000;
  guint8 packet[100] = {0};
  guint received = 0;
  g_autoptr (GPtrArray) log = NULL;
  Pair pair;

  pair_open (&pair, "");
  netem_client_set (pair.client, "a loss=10");
  for (guint i = 0; i < n; i++) {
    g_assert_cmpint (send (pair.sockets[NETEM_A], packet, sizeof (packet), 0),
        ==, (gssize)sizeof (packet));
    if (i % 50 == 49) { /* no more than the buffers hold */
      netem_client_wait_packets (pair.client, NETEM_A, i + 1);
      while (receive (pair.sockets[NETEM_B], 1))
        received++;
    }
  }
  while (receive (pair.sockets[NETEM_B], 500))
    received++;
  log = netem_client_read_log (pair.client);
  g_test_message ("%.2f %% lost of %u", 100.0 - 100.0 * received / n, n);
  g_assert_cmpfloat_with_epsilon (10, 100.0 - 100.0 * received / n, 1);
  g_assert_cmpuint (n, ==, log->len);
  g_assert_cmpfloat (
      n - received, ==, netem_client_get_counter (pair.client, "a.lost"));
  pair_close (&pair);
}

static void
test_outage (void)
{
  Pair pair;

  pair_open (&pair, "");
  g_assert_cmpint (echo (&pair, 100, 2000), >=, 0);
  netem_client_set (pair.client, "both outage=on");
  g_assert_cmpint (-1, ==, echo (&pair, 100, 200));
  netem_client_set (pair.client, "both outage=off");
  g_assert_cmpint (echo (&pair, 100, 2000), >=, 0);
  netem_client_set (pair.client, "b drop=udp");
  g_assert_cmpint (-1, ==, echo (&pair, 100, 200));
  g_assert_cmpfloat (
      1, ==, netem_client_get_counter (pair.client, "b.filtered"));
  pair_close (&pair);
}

static guint16
get_sender (gint fd)
{
  struct sockaddr_in sender = {0};
  socklen_t size = sizeof (sender);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  guint8 packet[100];

  if (poll (&wait, 1, 2000) != 1 ||
      recvfrom (fd, packet, sizeof (packet), 0, (gpointer)&sender, &size) < 0)
    return 0;
  return ntohs (sender.sin_port);
}

static void
answer (gint fd, guint16 port)
{
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons (port)};

  inet_pton (AF_INET, NETEM_ADDRESS_B, &to.sin_addr);
  g_assert_cmpint (1, ==, sendto (fd, "y", 1, 0, (gpointer)&to, sizeof (to)));
}

/* The kernel at the other end checks the checksums. */
static void
test_nat (void)
{
  struct sockaddr nobody = {.sa_family = AF_UNSPEC};
  Pair pair;

  pair_open (&pair, "");
  connect (pair.sockets[NETEM_A], &nobody, sizeof (nobody));
  netem_client_set_nat (pair.client, NETEM_B, 40000);
  send (pair.sockets[NETEM_B], "x", 1, 0);
  g_assert_cmpuint (40000, ==, get_sender (pair.sockets[NETEM_A]));
  answer (pair.sockets[NETEM_A], 40000);
  g_assert_true (receive (pair.sockets[NETEM_B], 2000));
  /* Its own port leads nowhere. */
  answer (pair.sockets[NETEM_A], 7000);
  g_assert_false (receive (pair.sockets[NETEM_B], 100));

  netem_client_set_nat (pair.client, NETEM_B, 50000);
  answer (pair.sockets[NETEM_A], 40000);
  g_assert_false (receive (pair.sockets[NETEM_B], 100));
  g_assert_cmpfloat (
      2, ==, netem_client_get_counter (pair.client, "a.unmapped"));
  send (pair.sockets[NETEM_B], "x", 1, 0);
  g_assert_cmpuint (50000, ==, get_sender (pair.sockets[NETEM_A]));
  answer (pair.sockets[NETEM_A], 50000);
  g_assert_true (receive (pair.sockets[NETEM_B], 2000));
  pair_close (&pair);
}

/* Nothing reaches the network of the machine. */
static void
test_foreign_address (void)
{
  struct sockaddr_in other = {.sin_family = AF_INET, .sin_port = htons (9)};
  g_autoptr (GPtrArray) log = NULL;
  g_autoptr (GError) error = NULL;
  const NetemEntry *entry;
  Pair pair;
  gint before, fd;

  pair_open (&pair, "");
  before =
      netem_space_enter (netem_client_get_space (pair.client, NETEM_A), &error);
  g_assert_no_error (error);
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  netem_space_return (before);
  inet_pton (AF_INET, "192.0.2.1", &other.sin_addr);
  g_assert_cmpint (
      1, ==, sendto (fd, "x", 1, 0, (gpointer)&other, sizeof (other)));
  close (fd);
  netem_client_wait_packets (pair.client, NETEM_A, 1);
  g_assert_cmpfloat (
      1, ==, netem_client_get_counter (pair.client, "a.foreign"));

  log = netem_client_read_log (pair.client);
  g_assert_cmpuint (1, ==, log->len);
  entry = g_ptr_array_index (log, 0);
  g_assert_true (entry->from_a);
  g_assert_cmpstr ("foreign", ==, entry->verdict);
  g_assert_cmpstr ("udp", ==, entry->protocol);
  g_assert_cmpstr ("192.0.2.1:9", ==, entry->destination);
  pair_close (&pair);
}

static void
test_nothing_is_left (void)
{
  Pair pair;
  g_autofree gchar *own = NULL;
  g_autofree gchar *own_after = NULL;
  g_autoptr (GError) error = NULL;

  own = g_file_read_link ("/proc/self/ns/net", &error);
  g_assert_no_error (error);
  pair_open (&pair, "");
  pair_close (&pair);
  own_after = g_file_read_link ("/proc/self/ns/net", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (own, ==, own_after);
}

static const gchar *impossible;

static void
skip (void)
{
  g_test_skip (impossible);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *reason = NULL;

  g_test_init (&argc, &argv, NULL);
  if (!netem_space_is_possible (&error)) {
    reason = g_strdup_printf ("no network emulation here: %s", error->message);
    impossible = reason;
  }

#define LINK(path, func) g_test_add_func ("/netem/link/" path, func)
#define SPACE(path, func)                                                      \
  g_test_add_func ("/netem/space/" path, impossible ? skip : func)
  LINK ("same-seed", test_same_seed);
  LINK ("loss-rate", test_loss_rate);
  LINK ("bursts", test_bursts);
  LINK ("duplicates-and-damage", test_duplicates_and_damage);
  LINK ("order", test_order);
  LINK ("queue", test_queue);
  LINK ("filters", test_filters);
  LINK ("bad-settings", test_bad_settings);
  SPACE ("round-trip", test_round_trip);
  SPACE ("rate", test_rate);
  SPACE ("lost-packets", test_lost_packets);
  SPACE ("outage", test_outage);
  SPACE ("nat", test_nat);
  SPACE ("foreign-address", test_foreign_address);
  SPACE ("nothing-is-left", test_nothing_is_left);
#undef LINK
#undef SPACE
  return g_test_run ();
}
