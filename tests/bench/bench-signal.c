/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Round trips of the room protocol's ping, by a bare client so that the
 * server is what is measured.
 *   bench-signal PORT PID IDLE SECONDS [RATE]
 * opens IDLE connections that stay silent, then sends one ping after another
 * on one more, then on ACTIVE at once, SECONDS each. Prints p50 and p99 in
 * us, the messages a second and the CPU time of PID for each, in us. With RATE
 * it sends that many pings a second instead, as a guest within its limits,
 * and prints p50 and p99: from when each was due, so that one that waits for
 * the answer before counts too. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "benchutil.h"

#define ACTIVE 8
#define MAX_EVENTS 64
#define WAIT_LIMIT_MS 5000
#define FRAME_MAX 65536

enum
{
  OPCODE_TEXT = 1,
  OPCODE_CLOSE = 8,
  OPCODE_PING = 9,
  OPCODE_PONG = 10
};

typedef struct
{
  gint fd;
  gboolean active; /* its answers are counted */
  guint id;        /* of the last request */
  gint64 sent_at;  /* ns */
  guint8 input[FRAME_MAX];
  gsize n_input;
} Client;

static gint poller;
static GArray *trips; /* ns, of what was answered */
static guint n_answers;
static gboolean running;

static gint64
now_ns (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec * G_GINT64_CONSTANT (1000000000) + time.tv_nsec;
}

/* --- frames (RFC 6455) --- */

static void
send_all (gint fd, const void *data, gsize length)
{
  /* A blocking socket: short only when the other side is gone. */
  if (send (fd, data, length, MSG_NOSIGNAL) != (gssize)length)
    bench_die ("the server has closed a connection");
}

/* Masked with zeros, which a server cannot tell from any other mask. */
static void
send_frame (Client *client, guint opcode, const void *data, gsize length)
{
  guint8 frame[256] = {0};
  gsize header = 2;

  frame[0] = (guint8)(0x80 | opcode);
  if (length < 126) {
    frame[1] = (guint8)(0x80 | length);
  } else {
    frame[1] = 0x80 | 126;
    frame[2] = (guint8)(length >> 8);
    frame[3] = (guint8)length;
    header = 4;
  }
  header += 4;
  g_assert (header + length <= sizeof frame);
  memcpy (frame + header, data, length);
  send_all (client->fd, frame, header + length);
}

static void
send_text (Client *client, const gchar *text)
{
  client->sent_at = now_ns ();
  send_frame (client, OPCODE_TEXT, text, strlen (text));
}

static void
send_ping (Client *client)
{
  gchar text[64];

  g_snprintf (text, sizeof text, "{\"type\":\"ping\",\"id\":%u}", ++client->id);
  send_text (client, text);
}

static void
handle_frame (Client *client, guint opcode, const guint8 *data, gsize length)
{
  gint64 trip;

  if (opcode == OPCODE_PING) {
    send_frame (client, OPCODE_PONG, data, length);
    return;
  }
  if (opcode == OPCODE_CLOSE)
    bench_die ("the server has ended a connection");
  if (opcode != OPCODE_TEXT)
    return;
  n_answers++;
  if (!client->active)
    return;
  trip = now_ns () - client->sent_at;
  g_array_append_val (trips, trip);
  if (running)
    send_ping (client);
}

/* Length of the first frame of the input, 0 while it is not whole. */
static gsize
take_frame (Client *client)
{
  const guint8 *in = client->input;
  gsize header = 2, length;

  if (client->n_input < header)
    return 0;
  length = in[1] & 0x7f;
  if (length == 126) {
    header = 4;
    if (client->n_input < header)
      return 0;
    length = (gsize)in[2] << 8 | in[3];
  } else if (length == 127) {
    bench_die ("an answer is too long");
  }
  if (client->n_input < header + length)
    return 0;
  handle_frame (client, in[0] & 0x0f, in + header, length);
  return header + length;
}

static void
read_client (Client *client)
{
  gssize n = recv (client->fd, client->input + client->n_input,
      sizeof client->input - client->n_input, MSG_DONTWAIT);
  gsize used;

  if (n < 0 && errno == EAGAIN)
    return;
  if (n <= 0)
    bench_die ("the server has closed a connection");
  client->n_input += (gsize)n;
  while ((used = take_frame (client)) > 0) {
    client->n_input -= used;
    memmove (client->input, client->input + used, client->n_input);
  }
}

static void
serve (gint timeout_ms)
{
  struct epoll_event events[MAX_EVENTS];
  gint n = epoll_wait (poller, events, MAX_EVENTS, timeout_ms);

  for (gint i = 0; i < n; i++)
    read_client (events[i].data.ptr);
}

/* --- connections --- */

static void
upgrade (Client *client, guint16 port)
{
  gchar request[512];

  g_snprintf (request, sizeof request,
      "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: rtc-room.v1\r\n\r\n",
      port);
  send_all (client->fd, request, strlen (request));
  /* By bytes: what follows the head belongs to the first frame. */
  while (client->n_input < 4 ||
         memcmp (client->input + client->n_input - 4, "\r\n\r\n", 4) != 0) {
    if (recv (client->fd, client->input + client->n_input, 1, 0) != 1 ||
        ++client->n_input == sizeof client->input)
      bench_die ("no answer to the upgrade");
  }
  if (memcmp (client->input, "HTTP/1.1 101", 12) != 0)
    bench_die ("the upgrade is refused: %.60s", client->input);
  client->n_input = 0;
}

/* In the room, where a room server has to keep it. */
static Client *
enter (guint16 port, guint number)
{
  Client *client = g_new0 (Client, 1);
  struct sockaddr_in address = {.sin_family = AF_INET,
      .sin_port = htons (port),
      .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
  guint before = n_answers;
  gint one = 1;
  gchar text[160];

  client->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect (client->fd, (struct sockaddr *)&address, sizeof address) != 0)
    bench_die ("cannot connect: %s", g_strerror (errno));
  setsockopt (client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  upgrade (client, port);
  epoll_ctl (poller, EPOLL_CTL_ADD, client->fd, &event);
  g_snprintf (text, sizeof text,
      "{\"type\":\"join\",\"id\":%u,\"app\":\"default\",\"room\":\"bench\","
      "\"user\":\"user-%u\",\"visible\":false}",
      ++client->id, number);
  send_text (client, text);
  while (n_answers == before)
    serve (WAIT_LIMIT_MS);
  return client;
}

/* --- measuring --- */

static gint64
get_cpu_us (const gchar *pid)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/%s/stat", pid);
  g_autofree gchar *text = NULL;
  gulong user, system;

  if (!g_file_get_contents (path, &text, NULL, NULL) ||
      sscanf (strrchr (text, ')'),
          ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
          &system) != 2)
    bench_die ("cannot read %s", path);
  return (gint64)(user + system) * G_USEC_PER_SEC / sysconf (_SC_CLK_TCK);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

  return (x > y) - (x < y);
}

static gdouble
get_rank (guint per_mille)
{
  return g_array_index (trips, gint64, trips->len * per_mille / 1000) / 1000.0;
}

/* Messages a second. */
static gdouble
run (Client **clients, guint n, gdouble seconds)
{
  gint64 start = now_ns ();
  gint64 end = start + (gint64)(seconds * 1e9);
  gint64 at;

  g_array_set_size (trips, 0);
  running = TRUE;
  for (guint i = 0; i < n; i++) {
    clients[i]->active = TRUE;
    send_ping (clients[i]);
  }
  while ((at = now_ns ()) < end)
    serve (100);
  running = FALSE;
  if (trips->len == 0)
    bench_die ("the server answers no ping");
  g_array_sort (trips, compare);
  return trips->len / ((at - start) / 1e9);
}

static void
wait_until (gint64 due)
{
  const struct timespec time = {
      .tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};

  clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static void
run_paced (Client *client, gdouble seconds, guint rate)
{
  const gint64 gap = 1000000000 / rate;
  const gint64 start = now_ns () + gap;
  const guint n = (guint)(seconds * rate);

  prctl (PR_SET_TIMERSLACK, 1);
  g_array_set_size (trips, 0);
  client->active = TRUE;
  for (guint i = 0; i < n; i++) {
    wait_until (start + i * gap);
    send_ping (client);
    client->sent_at = start + i * gap;
    while (trips->len <= i)
      serve (WAIT_LIMIT_MS);
  }
  g_array_sort (trips, compare);
}

static void
drain (void)
{
  gint64 end = now_ns () + 50 * 1000000;

  while (now_ns () < end)
    serve (10);
}

int
main (int argc, char **argv)
{
  Client *clients[ACTIVE];
  guint16 port;
  guint n_idle;
  gdouble seconds, p50, p99, rate;
  gint64 cpu;

  bench_init (&argc, &argv);
  if (argc != 5 && argc != 6)
    bench_die ("PORT PID IDLE SECONDS [RATE]");
  port = (guint16)atoi (argv[1]);
  n_idle = (guint)atoi (argv[3]);
  seconds = g_ascii_strtod (argv[4], NULL);
  poller = epoll_create1 (EPOLL_CLOEXEC);
  trips = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < ACTIVE; i++)
    clients[i] = enter (port, i);
  for (guint i = 0; i < n_idle; i++)
    enter (port, ACTIVE + i);

  if (argc == 6) {
    run_paced (clients[0], seconds, (guint)atoi (argv[5]));
    bench_say (
        "{\"p50\": %.2f, \"p99\": %.2f}", get_rank (500), get_rank (990));
    return EXIT_SUCCESS;
  }
  run (clients, 1, 0.2); /* to warm up */
  drain ();
  run (clients, 1, seconds);
  p50 = get_rank (500);
  p99 = get_rank (990);
  drain ();
  cpu = get_cpu_us (argv[2]);
  rate = run (clients, ACTIVE, seconds);
  cpu = get_cpu_us (argv[2]) - cpu;
  bench_say ("{\"p50\": %.2f, \"p99\": %.2f, \"rate\": %.0f, "
             "\"cost\": %.3f}",
      p50, p99, rate, (gdouble)cpu / trips->len);
  return EXIT_SUCCESS;
}
