/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client that sends any bytes, and a relay that changes what passes. */
#include "raw-client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MASKED 0x80

static struct sockaddr_in
get_address (guint16 port)
{
  return (struct sockaddr_in){.sin_family = AF_INET,
      .sin_port = htons (port),
      .sin_addr = {.s_addr = htonl (INADDR_LOOPBACK)}};
}

gint
raw_client_open_from (guint16 port, const gchar *from, gint receive_buffer)
{
  struct sockaddr_in address = get_address (port);
  struct sockaddr_in local = {.sin_family = AF_INET};
  const gint on = 1;
  const gint fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof (on));
  if (receive_buffer)
    setsockopt (
        fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof (receive_buffer));
  if (from) {
    local.sin_addr.s_addr = inet_addr (from);
    /* The port is chosen when both ends are known, and so do not run out. */
    setsockopt (fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof (on));
    bind (fd, (gpointer)&local, sizeof (local));
  }
  if (connect (fd, (gpointer)&address, sizeof (address)) == 0)
    return fd;
  close (fd);
  return -1;
}

gint
raw_client_open (guint16 port)
{
  return raw_client_open_from (port, NULL, 0);
}

static gboolean
wait_for (gint fd, short what, gint ms)
{
  struct pollfd wait = {.fd = fd, .events = what};

  return poll (&wait, 1, ms) == 1;
}

gboolean
raw_client_send (gint fd, gconstpointer data, gsize size, gint ms)
{
  const guint8 *at = data;

  while (size > 0) {
    gssize n;

    if (!wait_for (fd, POLLOUT, ms))
      return FALSE;
    n = send (fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN)
      return FALSE;
    at += MAX (n, 0);
    size -= (gsize)MAX (n, 0);
  }
  return TRUE;
}

RawResult
raw_client_take (gint fd, gpointer data, gsize size, gint ms)
{
  guint8 *at = data;

  while (size > 0) {
    gssize n;

    if (!wait_for (fd, POLLIN, ms))
      return RAW_SILENCE;
    n = recv (fd, at, size, 0);
    if (n <= 0)
      return RAW_END;
    at += n;
    size -= (gsize)n;
  }
  return RAW_TAKEN;
}

/* By bytes: what follows the empty line belongs to the first frame. */
gchar *
raw_client_take_head (gint fd, gint ms)
{
  g_autoptr (GString) head = g_string_new (NULL);
  gchar byte;

  while (!g_str_has_suffix (head->str, "\r\n\r\n")) {
    if (raw_client_take (fd, &byte, 1, ms) != RAW_TAKEN)
      return NULL;
    g_string_append_c (head, byte);
  }
  return g_string_free (g_steal_pointer (&head), FALSE);
}

gboolean
raw_client_upgrade (gint fd)
{
  static const gchar request[] = RAW_CLIENT_UPGRADE;
  g_autofree gchar *head = NULL;

  if (!raw_client_send (fd, request, strlen (request), 2000))
    return FALSE;
  head = raw_client_take_head (fd, 5000);
  return head && g_str_has_prefix (head, "HTTP/1.1 101");
}

RawResult
raw_client_take_frame (gint fd, guint8 *head, GBytes **payload, gint ms)
{
  guint8 bytes[8];
  guint64 size;
  guint n_bytes;
  gchar *data;
  RawResult result;

  if ((result = raw_client_take (fd, head, 1, ms)) != RAW_TAKEN ||
      (result = raw_client_take (fd, bytes, 1, ms)) != RAW_TAKEN)
    return result;
  size = bytes[0] & 0x7f;
  n_bytes = size < 126 ? 0 : size == 126 ? 2 : 8;
  if ((result = raw_client_take (fd, bytes, n_bytes, ms)) != RAW_TAKEN)
    return result;
  for (guint i = 0; i < n_bytes; i++)
    size = (i ? size << 8 : 0) | bytes[i];
  data = g_malloc0 (size + 1);
  result = raw_client_take (fd, data, size, ms);
  if (result == RAW_TAKEN)
    *payload = g_bytes_new_take (data, size);
  else
    g_free (data);
  return result;
}

static void
append_length (GByteArray *frame, guint8 mask, gsize size)
{
  guint8 head[9];
  guint n = 1;

  if (size < 126) {
    head[0] = mask | (guint8)size;
  } else if (size < 65536) {
    head[0] = mask | 126;
    head[1] = (guint8)(size >> 8);
    head[2] = (guint8)size;
    n = 3;
  } else {
    head[0] = mask | 127;
    for (guint i = 0; i < 8; i++)
      head[1 + i] = (guint8)((guint64)size >> (56 - 8 * i));
    n = 9;
  }
  g_byte_array_append (frame, head, n);
}

void
raw_append_frame (GByteArray *bytes, guint8 head, const guint8 *mask,
    gconstpointer data, gsize size)
{
  guint start;

  g_byte_array_append (bytes, &head, 1);
  append_length (bytes, mask ? MASKED : 0, size);
  if (mask)
    g_byte_array_append (bytes, mask, 4);
  start = bytes->len;
  if (size > 0)
    g_byte_array_append (bytes, data, (guint)size);
  for (guint i = 0; mask && i < size; i++)
    bytes->data[start + i] ^= mask[i % 4];
}

gboolean
raw_client_send_frame (
    gint fd, guint8 head, gboolean masked, gconstpointer data, gsize size)
{
  static const guint8 no_change[4];
  g_autoptr (GByteArray) frame = g_byte_array_new ();

  raw_append_frame (frame, head, masked ? no_change : NULL, data, size);
  return raw_client_send (fd, frame->data, frame->len, 2000);
}

gboolean
raw_client_send_text (gint fd, const gchar *text)
{
  return raw_client_send_frame (fd, 0x81, TRUE, text, strlen (text));
}

gboolean
raw_client_join (gint fd, gint ms)
{
  g_autoptr (GBytes) answer = NULL;
  guint8 head;

  raw_client_send_text (fd, "{\"type\":\"join\",\"id\":1,\"app\":\"a\","
                            "\"room\":\"r\",\"user\":\"u\"}");
  return raw_client_take_frame (fd, &head, &answer, ms) == RAW_TAKEN &&
         g_str_has_prefix (
             g_bytes_get_data (answer, NULL), "{\"type\":\"ok\",\"id\":1,");
}

gboolean
raw_client_wait_closed (gint fd, gint ms)
{
  const gint64 until = g_get_monotonic_time () + (gint64)ms * 1000;
  gint64 left;

  while ((left = until - g_get_monotonic_time ()) > 0) {
    gchar forgotten[65536];

    if (!wait_for (fd, POLLIN, (gint)(left / 1000) + 1))
      continue;
    if (recv (fd, forgotten, sizeof (forgotten), 0) <= 0)
      return TRUE;
  }
  return FALSE;
}

/* --- the relay --- */

struct _RawRelay
{
  gint listener;
  guint16 port;
  guint16 server_port;
  RawRelayFunc func;
};

typedef struct
{
  RawRelay *relay;
  gint ends[2]; /* client, server */
} Connection;

static gboolean
pass_on (Connection *connection, guint from)
{
  guint8 data[65536];
  const gssize n = recv (connection->ends[from], data, sizeof (data), 0);
  GBytes *said = NULL;
  g_autoptr (GBytes) more = NULL;

  if (n <= 0)
    return FALSE;
  if (from == 1)
    said = connection->relay->func (data, (gsize)n);
  if (said == RAW_RELAY_CUT)
    return FALSE;
  more = said;
  return raw_client_send (connection->ends[!from], data, (gsize)n, 5000) &&
         (!more ||
             raw_client_send (connection->ends[!from],
                 g_bytes_get_data (more, NULL), g_bytes_get_size (more), 5000));
}

static gpointer
run_connection (gpointer data)
{
  Connection *connection = data;
  gboolean open = TRUE;

  while (open) {
    struct pollfd waits[2] = {
        {connection->ends[0], POLLIN, 0}, {connection->ends[1], POLLIN, 0}};

    if (poll (waits, 2, -1) < 0)
      break;
    for (guint i = 0; i < 2 && open; i++) {
      if (waits[i].revents)
        open = pass_on (connection, i);
    }
  }
  for (guint i = 0; i < 2; i++)
    close (connection->ends[i]);
  g_free (connection);
  return NULL;
}

/* As long as the process, which is one row. */
static gpointer
run_relay (gpointer data)
{
  RawRelay *relay = data;
  gint client;

  while ((client = accept (relay->listener, NULL, NULL)) >= 0) {
    const gint server = raw_client_open (relay->server_port);
    Connection *connection;

    if (server < 0) {
      close (client);
      continue;
    }
    connection = g_new (Connection, 1);
    *connection = (Connection){relay, {client, server}};
    g_thread_unref (
        g_thread_new ("relay connection", run_connection, connection));
  }
  return NULL;
}

RawRelay *
raw_relay_new (guint16 server_port, RawRelayFunc func)
{
  RawRelay *relay = g_new0 (RawRelay, 1);
  struct sockaddr_in address = get_address (0);
  socklen_t length = sizeof (address);

  relay->server_port = server_port;
  relay->func = func;
  relay->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind (relay->listener, (gpointer)&address, length) != 0 ||
      listen (relay->listener, 8) != 0 ||
      getsockname (relay->listener, (gpointer)&address, &length) != 0)
    g_error ("no relay: %s", g_strerror (errno));
  relay->port = ntohs (address.sin_port);
  g_thread_unref (g_thread_new ("relay", run_relay, relay));
  return relay;
}

guint16
raw_relay_get_port (RawRelay *relay)
{
  return relay->port;
}

void
raw_append_server_frame (GByteArray *bytes, const gchar *text)
{
  raw_append_frame (bytes, 0x81, NULL, text, strlen (text));
}
