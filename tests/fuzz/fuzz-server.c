/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the whole room server behind a socket of the loopback
 * interface. One server lives as long as the process; each input is one
 * connection. The bits of its first byte say what it is:
 *   0, 1  0 bytes after the upgrade as they are, 1 bytes from the very
 *         beginning, 2 frames, 3 frames after a join
 *   2     in small pieces, whose size is the second byte
 *   3     the connection is reset in the end, not closed
 * A frame is its first byte, a length (254 half of the rest, 255 the rest)
 * and that many bytes of payload. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "rtcmessage.h"
#include "rtcserver.h"

#define MODE_HTTP 1
#define MODE_JOINED 3
#define FLAG_PIECES 4
#define FLAG_RESET 8

#define PATIENCE 10       /* seconds */
#define CHECK_INTERVAL 64 /* inputs */
#define MAX_PIECES 300

#define UPGRADE                                                                \
  "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"              \
  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                       \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                            \
  "Sec-WebSocket-Protocol: rtc-room.v1\r\n\r\n"
#define JOIN                                                                   \
  "{\"type\":\"join\",\"id\":1,\"app\":\"a\",\"room\":\"r\",\"user\":\"u\"}"

static GstRtcServer *server = NULL;
static struct sockaddr_in server_address = {.sin_family = AF_INET};

/* Small caps, so that connections that are not forgotten are noticed. */
static void
start_server (void)
{
  GstRtcServerSettings settings;
  g_autoptr (GError) error = NULL;
  const gchar *url;

  gst_rtc_server_settings_init (&settings);
  settings.listen = "http://127.0.0.1:0";
  settings.max_connections = 32;
  settings.max_connections_per_address = 32;
  settings.max_connection_rate = 1000 * 1000;
  settings.grace_time = 1;
  server = gst_rtc_server_start (&settings, &error);
  g_assert_no_error (error);
  url = gst_rtc_server_get_url (server);
  server_address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  server_address.sin_port = htons ((guint16)atoi (strrchr (url, ':') + 1));
}

/* libFuzzer's alarm interrupts what waits; a connect cannot be gone on with. */
static int
open_socket (void)
{
  struct timeval patience = {.tv_sec = PATIENCE};
  int on = 1;
  int fd;
  int result;

  do {
    fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert (fd >= 0);
    setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof (patience));
    setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof (patience));
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof (on));
    result = connect (
        fd, (struct sockaddr *)&server_address, sizeof (server_address));
    if (result != 0 && errno != EINTR)
      g_error ("the server cannot be reached: %s", g_strerror (errno));
    if (result != 0)
      close (fd);
  } while (result != 0);
  return fd;
}

/* FALSE when the server has ended the connection. */
static gboolean
send_all (int fd, gconstpointer data, gsize length)
{
  const guint8 *at = data;

  while (length > 0) {
    ssize_t sent = send (fd, at, length, MSG_NOSIGNAL);

    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0) {
      g_assert (errno != EAGAIN);
      return FALSE;
    }
    at += sent;
    length -= (gsize)sent;
  }
  return TRUE;
}

/* 0 at the end, however it came; the server must not leave us waiting. */
static gsize
receive (int fd, gpointer buffer, gsize size)
{
  ssize_t got;

  do {
    got = recv (fd, buffer, size, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN)
    g_error ("the server neither answers nor ends the connection");
  return got > 0 ? (gsize)got : 0;
}

static gboolean
receive_headers (int fd, GString *text)
{
  while (!strstr (text->str, "\r\n\r\n")) {
    gchar buffer[1024];
    gsize got = receive (fd, buffer, sizeof (buffer));

    if (got == 0)
      return FALSE;
    g_string_append_len (text, buffer, (gssize)got);
  }
  return TRUE;
}

/* FALSE when the server has closed at once. What followed the headers is left
 * in @rest. */
static gboolean
upgrade (int fd, GByteArray *rest)
{
  g_autoptr (GString) answer = g_string_new (NULL);
  gsize length;

  if (!send_all (fd, UPGRADE, strlen (UPGRADE)) ||
      !receive_headers (fd, answer))
    return FALSE;
  g_assert (g_str_has_prefix (answer->str, "HTTP/1.1 101 "));
  length = (gsize)(strstr (answer->str, "\r\n\r\n") + 4 - answer->str);
  g_byte_array_append (
      rest, (guint8 *)answer->str + length, (guint)(answer->len - length));
  return TRUE;
}

static void
end_socket (int fd, gboolean reset)
{
  struct linger linger = {.l_onoff = 1};

  if (reset)
    setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof (linger));
  close (fd);
}

/* Places of connections that have ended must be free again before long. */
static int
open_websocket (GByteArray *rest)
{
  gint64 end = g_get_monotonic_time () + PATIENCE * G_TIME_SPAN_SECOND;
  int fd = open_socket ();

  while (!upgrade (fd, rest)) {
    if (g_get_monotonic_time () > end)
      g_error ("the server does not forget connections that ended");
    close (fd);
    g_usleep (2000);
    fd = open_socket ();
  }
  return fd;
}

static void
append_frame (GByteArray *out, guint8 first, const guint8 *data, gsize length)
{
  guint8 header[14] = {first};
  guint size = 2;

  if (length < 126) {
    header[1] = 0x80 | (guint8)length;
  } else {
    guint n_bytes = length < 65536 ? 2 : 8;

    header[1] = 0x80 | (n_bytes == 2 ? 126 : 127);
    for (guint i = 0; i < n_bytes; i++)
      header[size++] = (guint8)((guint64)length >> 8 * (n_bytes - 1 - i));
  }
  /* The mask of zeros that follows leaves the payload as it is. */
  g_byte_array_append (out, header, size + 4);
  if (length)
    g_byte_array_append (out, data, (guint)length);
}

static GByteArray *
make_frames (const guint8 *data, gsize size)
{
  GByteArray *out = g_byte_array_new ();

  while (size >= 2) {
    guint8 first = data[0];
    gsize length = data[1];

    data += 2;
    size -= 2;
    if (length == 254)
      length = size / 2;
    length = MIN (length, size);
    append_frame (out, first, data, length);
    data += length;
    size -= length;
  }
  return out;
}

/* Of a server: whole, not masked, and text is a message of the protocol. */
static void
check_frames (const GByteArray *bytes)
{
  const guint8 *at = bytes->data;
  gsize left = bytes->len;
  gboolean closed = FALSE;

  while (left > 0) {
    guint n_bytes = 0;
    gsize length;

    g_assert (!closed);
    if (left < 2)
      return; /* reset in the middle */
    g_assert ((at[0] & 0xf0) == 0x80);
    g_assert (!(at[1] & 0x80));
    length = at[1];
    if (length >= 126)
      n_bytes = length == 126 ? 2 : 8;
    if (left < 2 + n_bytes)
      return;
    for (guint i = 0; i < n_bytes; i++)
      length = (i ? length << 8 : 0) | at[2 + i];
    if (left - 2 - n_bytes < length)
      return;
    at += 2 + n_bytes;
    switch (at[-2 - (gint)n_bytes] & 0xf) {
      case 0x1: {
        g_autoptr (GstRtcMessage) message =
            gst_rtc_message_parse ((const gchar *)at, length, NULL, NULL);

        g_assert (message);
        break;
      }
      case 0x8:
        closed = TRUE;
        break;
      case 0x9:
      case 0xa:
        g_assert (length < 126);
        break;
      default:
        g_error ("an odd frame of the server");
    }
    at += length;
    left -= 2 + n_bytes + length;
  }
}

static void
send_input (int fd, const guint8 *data, gsize size, gsize piece)
{
  gsize pieces = 0;

  while (size > 0) {
    gsize length = ++pieces < MAX_PIECES ? MIN (piece, size) : size;

    if (!send_all (fd, data, length))
      return;
    data += length;
    size -= length;
  }
}

static void
receive_rest (int fd, GByteArray *bytes)
{
  guint8 buffer[4096];
  gsize got;

  while ((got = receive (fd, buffer, sizeof (buffer))) > 0)
    g_byte_array_append (bytes, buffer, (guint)got);
}

/* Somebody else is still let in, and gets an answer. */
static void
check_server (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GByteArray) frame = g_byte_array_new ();
  int fd = open_websocket (bytes);

  append_frame (frame, 0x81, (const guint8 *)JOIN, strlen (JOIN));
  g_assert (send_all (fd, frame->data, frame->len));
  while (bytes->len < 20) {
    guint8 buffer[256];
    gsize got = receive (fd, buffer, sizeof (buffer));

    if (got == 0)
      g_error ("the server ended a good connection after %u bytes: %s",
          bytes->len, g_strerror (errno));
    g_byte_array_append (bytes, buffer, (guint)got);
  }
  g_assert (bytes->data[0] == 0x81);
  end_socket (fd, TRUE);
}

static void
run (guint8 mode, gsize piece, const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) heard = g_byte_array_new ();
  g_autoptr (GByteArray) frames = NULL;
  int fd = (mode & 3) == MODE_HTTP ? open_socket () : open_websocket (heard);

  if ((mode & 3) > MODE_HTTP) {
    frames = make_frames (data, size);
    if ((mode & 3) == MODE_JOINED) {
      g_autoptr (GByteArray) all = g_byte_array_new ();

      append_frame (all, 0x81, (const guint8 *)JOIN, strlen (JOIN));
      g_byte_array_append (all, frames->data, frames->len);
      g_byte_array_unref (g_steal_pointer (&frames));
      frames = g_steal_pointer (&all);
    }
    data = frames->data;
    size = frames->len;
  }
  send_input (fd, data, size, piece);
  if (!(mode & FLAG_RESET)) {
    shutdown (fd, SHUT_WR);
    receive_rest (fd, heard);
    if ((mode & 3) != MODE_HTTP)
      check_frames (heard);
  }
  end_socket (fd, (mode & FLAG_RESET) != 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static guint count = 0;
  gsize piece = G_MAXSIZE;
  guint8 mode;

  fuzz_setup ();
  if (!server) {
    fuzz_keep_begin ();
    start_server ();
    check_server ();
    fuzz_keep_end ();
  }
  if (size < 2)
    return 0;
  mode = data[0];
  data++;
  size--;
  if (mode & FLAG_PIECES) {
    piece = (gsize)data[0] + 1;
    data++;
    size--;
  }
  run (mode, piece, data, size);
  if (++count % CHECK_INTERVAL == 0)
    check_server ();
  return 0;
}
