/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client that abuses the room server as fast as it can.
 *   bench-flood PORT KIND
 * sends until it is killed, and connects anew whenever it is cut off. KIND:
 *   pings      WebSocket pings, their answers read
 *   requests   small requests, their answers read
 *   messages   requests of the size that the server takes from a guest
 *   joins      connections that join and go
 * From an address of its own, so that its share is no one else's. Prints
 * what it has sent each second, in bytes and connections. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "benchutil.h"

#define OWN_ADDRESS "127.0.0.2"
#define CHUNK (64 * 1024)
#define LARGEST 65000

typedef struct
{
  const gchar *kind;
  guint8 head;
  const gchar *text;
  gsize length;  /* blanks fill it up */
  gboolean goes; /* after one of it */
} Flood;

static const Flood floods[] = {
    {"pings", 0x89, "x", 125, FALSE},
    {"requests", 0x81, "{\"type\":\"ping\",\"id\":1}", 22, FALSE},
    {"messages", 0x81, "{\"type\":\"ping\",\"id\":1}", LARGEST, FALSE},
    {"joins", 0x81, "{\"type\":\"ping\",\"id\":1}", 22, TRUE},
};

static const gchar hello[] =
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: rtc-room.v1\r\n\r\n";
static const gchar join[] =
    "{\"type\":\"join\",\"id\":1,\"app\":\"default\",\"room\":\"flood\","
    "\"user\":\"flood\",\"visible\":false}";

/* Masked with zeros. */
static void
append_frame (GByteArray *bytes, guint8 head, const gchar *text, gsize length)
{
  guint8 header[14] = {head};
  const guint n = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const gsize written = strlen (text);
  guint start;

  header[1] = 0x80 | (n == 0 ? (guint8)length : n == 2 ? 126 : 127);
  for (guint i = 0; i < n; i++)
    header[2 + i] = (guint8)(length >> 8 * (n - 1 - i));
  g_byte_array_append (bytes, header, 2 + n + 4);
  start = bytes->len;
  g_byte_array_set_size (bytes, start + (guint)length);
  memset (bytes->data + start, ' ', length);
  memcpy (bytes->data + start, text, MIN (written, length));
}

static gint
open_socket (guint16 port)
{
  struct sockaddr_in local = {.sin_family = AF_INET};
  struct sockaddr_in remote = {.sin_family = AF_INET, .sin_port = htons (port)};
  const gint fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const gint on = 1;

  local.sin_addr.s_addr = inet_addr (OWN_ADDRESS);
  remote.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt (fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind (fd, (struct sockaddr *)&local, sizeof local) != 0 ||
      connect (fd, (struct sockaddr *)&remote, sizeof remote) != 0)
    bench_die ("cannot connect: %s", g_strerror (errno));
  fcntl (fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/* FALSE when the server has ended the connection. */
static gboolean
read_all (gint fd, gsize *got)
{
  static guint8 buffer[CHUNK];
  gssize n;

  while ((n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    *got += (gsize)n;
  return n < 0 && errno == EAGAIN;
}

/* Waits for the answer to be there; what it says is no matter. */
static gboolean
ask (gint fd, const void *data, gsize length)
{
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  gsize got = 0;

  if (send (fd, data, length, MSG_NOSIGNAL) != (gssize)length)
    return FALSE;
  while (got == 0) {
    poll (&wait, 1, -1);
    if (!read_all (fd, &got))
      return FALSE;
  }
  return TRUE;
}

static guint64 n_bytes, n_connections;

static void
report (void)
{
  static gint64 last;
  const gint64 now = g_get_monotonic_time ();

  if (last && now - last < G_USEC_PER_SEC)
    return;
  if (last)
    bench_say ("{\"bytes\": %" G_GUINT64_FORMAT
               ", \"connections\": %" G_GUINT64_FORMAT "}",
        n_bytes, n_connections);
  last = now;
  n_bytes = n_connections = 0;
}

/* As long as the server takes it. */
static void
pour (gint fd, const GByteArray *bytes, gboolean goes)
{
  struct pollfd wait = {.fd = fd, .events = POLLIN | POLLOUT};
  gsize at = 0, got = 0;

  while (!goes || at < bytes->len) {
    gssize n;

    poll (&wait, 1, -1);
    if ((wait.revents & ~POLLOUT) && !read_all (fd, &got))
      return;
    report ();
    n = send (fd, bytes->data + at % bytes->len, bytes->len - at % bytes->len,
        MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
      return;
    at += (gsize)MAX (n, 0);
    n_bytes += (guint64)MAX (n, 0);
  }
}

int
main (int argc, char **argv)
{
  const Flood *flood = floods;
  g_autoptr (GByteArray) enter = g_byte_array_new ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  struct linger linger = {.l_onoff = 1};

  bench_init (&argc, &argv);
  if (argc != 3)
    bench_die ("PORT KIND");
  while (!g_str_equal (flood->kind, argv[2])) {
    if (++flood == floods + G_N_ELEMENTS (floods))
      bench_die ("no kind %s", argv[2]);
  }
  append_frame (enter, 0x81, join, strlen (join));
  do
    append_frame (bytes, flood->head, flood->text, flood->length);
  while (!flood->goes && bytes->len < CHUNK);

  bench_say ("started");
  for (;;) {
    const gint fd = open_socket ((guint16)atoi (argv[1]));

    n_connections++;
    report ();
    if (ask (fd, hello, strlen (hello)) && ask (fd, enter->data, enter->len))
      pour (fd, bytes, flood->goes);
    /* No port stays taken. */
    setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close (fd);
  }
}
