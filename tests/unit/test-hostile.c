/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attacks on the program rtc-room-server, one for each guard that must stop
 * them: the client gets the stated end, the memory of the server stays within
 * bounds, and a client of good manners is let in within a second. Attackers
 * come from 127.0.0.2, so that the share of their address is their own. */
#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "patience.h"

#define GOOD_ADDRESS "127.0.0.1"
#define BAD_ADDRESS "127.0.0.2"

#define PATIENCE 20 /* seconds for any one byte */
#define GOOD_SPAN (rtc_patience () * G_TIME_SPAN_SECOND)

/* What an attack may add to the peak of the memory, in KiB. A sanitizer adds
 * to each block. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_FACTOR 8
#else
#define MEMORY_FACTOR 1
#endif
#define SOME_MEMORY (8 * 1024 * MEMORY_FACTOR)

#define FINAL 0x80
#define CONTINUATION 0x0
#define TEXT 0x1
#define BINARY 0x2
#define CLOSE 0x8
#define PING 0x9

#define UPGRADE                                                                \
  "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"              \
  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                       \
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                            \
  "Sec-WebSocket-Extensions: permessage-deflate\r\n"                           \
  "Sec-WebSocket-Protocol: rtc-room.v1\r\n\r\n"

typedef struct
{
  GSubprocess *process;
  GDataInputStream *output;
  guint16 port;
  guint base; /* KiB at its peak before the attack */
} Server;

/* --- sockets --- */

static int
bad_open_from (const Server *server, const gchar *from, gint receive_buffer)
{
  struct sockaddr_in local = {.sin_family = AF_INET};
  struct sockaddr_in remote = {
      .sin_family = AF_INET, .sin_port = htons (server->port)};
  struct timeval patience = {.tv_sec = PATIENCE * rtc_patience ()};
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;

  g_assert_cmpint (fd, >=, 0);
  local.sin_addr.s_addr = inet_addr (from);
  remote.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof (patience));
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof (patience));
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof (on));
  setsockopt (fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof (on));
  if (receive_buffer)
    setsockopt (
        fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof (receive_buffer));
  g_assert_cmpint (bind (fd, (struct sockaddr *)&local, sizeof (local)), ==, 0);
  g_assert_cmpint (
      connect (fd, (struct sockaddr *)&remote, sizeof (remote)), ==, 0);
  return fd;
}

static int
bad_connect (const Server *server)
{
  return bad_open_from (server, BAD_ADDRESS, 0);
}

/* FALSE when the server has ended the connection. */
static gboolean
put (int fd, gconstpointer data, gsize length)
{
  const guint8 *at = data;

  while (length > 0) {
    ssize_t sent = send (fd, at, length, MSG_NOSIGNAL);

    if (sent < 0 && errno == EAGAIN)
      g_error ("the server neither reads nor ends the connection");
    if (sent < 0)
      return FALSE;
    at += sent;
    length -= (gsize)sent;
  }
  return TRUE;
}

/* FALSE at the end of the connection. */
static gboolean
take (int fd, gpointer data, gsize length)
{
  guint8 *at = data;

  while (length > 0) {
    ssize_t got = recv (fd, at, length, 0);

    if (got < 0 && errno == EAGAIN)
      g_error ("the server neither answers nor ends the connection");
    if (got <= 0)
      return FALSE;
    at += got;
    length -= (gsize)got;
  }
  return TRUE;
}

static void
expect_end (int fd)
{
  guint8 byte;

  while (take (fd, &byte, 1))
    ;
}

static gboolean
has_ended (int fd)
{
  guint8 buffer[1024];
  ssize_t got;

  while ((got = recv (fd, buffer, sizeof (buffer), MSG_DONTWAIT)) > 0)
    ;
  return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

static void
upgrade (int fd)
{
  g_autoptr (GString) answer = g_string_new (NULL);
  gchar byte;

  g_assert_true (put (fd, UPGRADE, strlen (UPGRADE)));
  while (!strstr (answer->str, "\r\n\r\n") && take (fd, &byte, 1))
    g_string_append_c (answer, byte);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 101 "));
  /* Guard (b): compression is asked for and not had. */
  g_assert_null (strstr (answer->str, "Extensions"));
}

static int
bad_open (const Server *server)
{
  int fd = bad_connect (server);

  upgrade (fd);
  return fd;
}

static gboolean
put_frame (int fd, guint8 first, gconstpointer payload, gsize length)
{
  g_autoptr (GByteArray) frame = g_byte_array_new ();
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
  g_byte_array_append (frame, header, size + 4);
  if (length)
    g_byte_array_append (frame, payload, (guint)length);
  return put (fd, frame->data, frame->len);
}

static gboolean
say (int fd, const gchar *text)
{
  return put_frame (fd, FINAL | TEXT, text, strlen (text));
}

/* The payload of the next frame, ended by NUL, or NULL at the end. */
static gchar *
take_frame (int fd, guint *opcode)
{
  guint8 header[2];
  guint8 bytes[8];
  guint64 length;
  guint n_bytes = 0;
  gchar *payload;

  if (!take (fd, header, 2))
    return NULL;
  length = header[1] & 0x7f;
  if (length >= 126) {
    n_bytes = length == 126 ? 2 : 8;
    length = 0;
    if (!take (fd, bytes, n_bytes))
      return NULL;
  }
  for (guint i = 0; i < n_bytes; i++)
    length = length << 8 | bytes[i];
  payload = g_malloc0 (length + 1);
  *opcode = header[0] & 0xf;
  if (!take (fd, payload, length))
    g_clear_pointer (&payload, g_free);
  return payload;
}

/* The next text, pings left out. */
static gchar *
hear (int fd)
{
  guint opcode = PING;
  gchar *text = NULL;

  while (opcode != TEXT) {
    g_free (text);
    text = take_frame (fd, &opcode);
    if (!text || opcode == CLOSE)
      g_error ("the server has closed");
  }
  return text;
}

/* Reads on until the end; the code of a close frame, 0 without one. */
static guint
take_close (int fd)
{
  guint code = 0;
  guint opcode;
  gchar *payload;

  while ((payload = take_frame (fd, &opcode))) {
    if (opcode == CLOSE && code == 0) {
      code = (guint)(guint8)payload[0] << 8 | (guint8)payload[1];
      put_frame (fd, FINAL | CLOSE, payload, 2);
    }
    g_free (payload);
  }
  return code;
}

static void
expect_close (int fd, guint code)
{
  g_assert_cmpuint (code, ==, take_close (fd));
  close (fd);
}

static void
join_room (int fd, const gchar *room, const gchar *user)
{
  g_autofree gchar *text =
      g_strdup_printf ("{\"type\":\"join\",\"id\":1,\"app\":\"a\","
                       "\"room\":\"%s\",\"user\":\"%s\"}",
          room, user);
  g_autofree gchar *answer = NULL;

  g_assert_true (say (fd, text));
  answer = hear (fd);
  if (!g_str_has_prefix (answer, "{\"type\":\"ok\",\"id\":1,"))
    g_error ("the join was answered by %s", answer);
}

static void
join (int fd, const gchar *user)
{
  join_room (fd, "r", user);
}

/* --- the server --- */

static guint
get_peak (const Server *server)
{
  g_autofree gchar *path = g_strdup_printf (
      "/proc/%s/status", g_subprocess_get_identifier (server->process));
  g_autofree gchar *text = NULL;
  const gchar *line;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  line = strstr (text, "VmHWM:");
  g_assert_nonnull (line);
  return (guint)g_ascii_strtoull (line + strlen ("VmHWM:"), NULL, 10);
}

/* Guard of all guards: whatever went on, the next one is served at once. */
static void
good_client_joins (const Server *server)
{
  gint64 before = g_get_monotonic_time ();
  int fd = bad_open_from (server, GOOD_ADDRESS, 0);

  upgrade (fd);
  join_room (fd, "quiet", "good");
  g_assert_cmpint (g_get_monotonic_time () - before, <, GOOD_SPAN);
  put_frame (fd, FINAL | CLOSE, "\x03\xe8", 2);
  expect_end (fd);
  close (fd);
}

/* A sanitizer would keep 256 MiB of what was freed. */
static void
forget_what_is_freed (GSubprocessLauncher *launcher)
{
  const gchar *options = g_getenv ("ASAN_OPTIONS");
  g_autofree gchar *more = g_strconcat (
      options ? options : "", options ? ":" : "", "quarantine_size_mb=4", NULL);

  g_subprocess_launcher_setenv (launcher, "ASAN_OPTIONS", more, TRUE);
}

/* A test that fails leaves nothing running. */
static void
end_with_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static Server *
server_start (const gchar *options)
{
  const gchar *program = g_getenv ("RTC_ROOM_SERVER");
  g_autofree gchar *line =
      g_strdup_printf ("%s --listen http://127.0.0.1:0 %s", program, options);
  g_auto (GStrv) arguments = g_strsplit (g_strchomp (line), " ", -1);
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) error = NULL;
  Server *server = g_new0 (Server, 1);
  g_autofree gchar *url = NULL;

  forget_what_is_freed (launcher);
  g_subprocess_launcher_set_child_setup (launcher, end_with_parent, NULL, NULL);
  server->process = g_subprocess_launcher_spawnv (
      launcher, (const gchar *const *)arguments, &error);
  g_assert_no_error (error);
  server->output =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (server->process));
  url = g_data_input_stream_read_line (server->output, NULL, NULL, NULL);
  g_assert_nonnull (url);
  server->port = (guint16)g_ascii_strtoull (strrchr (url, ':') + 1, NULL, 10);
  good_client_joins (server);
  server->base = get_peak (server);
  return server;
}

/* It still serves, is no bigger than allowed, and goes by itself. */
static void
server_end (Server *server, guint allowed)
{
  guint grown;

  good_client_joins (server);
  grown = get_peak (server) - server->base;
  g_test_message ("the peak of the memory grew by %u KiB", grown);
  g_assert_cmpuint (grown, <=, allowed);
  g_subprocess_send_signal (server->process, SIGTERM);
  g_subprocess_wait (server->process, NULL, NULL);
  g_assert_true (g_subprocess_get_if_exited (server->process));
  g_assert_cmpint (g_subprocess_get_exit_status (server->process), ==, 0);
  g_object_unref (server->output);
  g_object_unref (server->process);
  g_free (server);
}

/* --- (a) size and depth before the parser --- */

static void
towers_are_refused (void)
{
  static const struct
  {
    const gchar *piece;
    guint count;
    guint code;
  } rows[] = {
      {"[", 130000, 1009},
      {"[", 65537, 1009},
      {"[", 65536, 1008},
      {"{\"a\":", 13000, 1008},
      {"{\"a\":[", 10000, 1008},
      {"\"", 65536, 1008},
  };
  Server *server = server_start ("");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autofree gchar *user = g_strdup_printf ("tower%u", i);
    int fd = bad_open (server);

    join (fd, user);
    for (guint j = 0; j < rows[i].count; j++)
      g_string_append (text, rows[i].piece);
    put_frame (fd, FINAL | TEXT, text->str, text->len);
    expect_close (fd, rows[i].code);
  }
  server_end (server, SOME_MEMORY);
}

/* A tower in a member that is read, and one that passes for a request. */
static void
towers_in_messages_are_refused (void)
{
  Server *server = server_start ("");
  g_autofree gchar *tower = g_strnfill (60000, '[');
  g_autofree gchar *text =
      g_strdup_printf ("{\"type\":\"ping\",\"id\":1,\"x\":%s", tower);
  int fd = bad_open (server);

  join (fd, "tower");
  say (fd, text);
  expect_close (fd, 1008);
  server_end (server, SOME_MEMORY);
}

/* --- (b) compression --- */

static GBytes *
deflate (gsize length, gchar c)
{
  g_autofree gchar *text = g_strnfill (length, c);
  g_autoptr (GConverter) converter =
      G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, 9));
  g_autoptr (GInputStream) memory =
      g_memory_input_stream_new_from_data (text, (gssize)length, NULL);
  g_autoptr (GInputStream) packed =
      g_converter_input_stream_new (memory, converter);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();

  g_output_stream_splice (out, packed,
      G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
      NULL, NULL);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

static void
compressed_bombs_are_refused (void)
{
  Server *server = server_start ("");
  g_autoptr (GBytes) small = deflate (130000, '[');
  g_autoptr (GBytes) large = deflate (60 * 1024 * 1024, '\0');
  int fd = bad_open (server);

  g_assert_cmpuint (g_bytes_get_size (small), <, 200);
  put_frame (fd, FINAL | 0x40 | TEXT, g_bytes_get_data (small, NULL),
      g_bytes_get_size (small));
  expect_close (fd, 1002);

  g_assert_cmpuint (g_bytes_get_size (large), <, 65536);
  fd = bad_open (server);
  join (fd, "bomber");
  put_frame (fd, FINAL | 0x40 | TEXT, g_bytes_get_data (large, NULL),
      g_bytes_get_size (large));
  expect_close (fd, 1002);
  server_end (server, SOME_MEMORY);
}

/* --- (c) frames and messages --- */

static void
headers_that_announce_too_much_are_refused (void)
{
  static const guint8 headers[][14] = {
      /* 65,537 bytes; 4 GiB; the largest; beyond it */
      {0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1},
      {0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0},
      {0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
      {0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
      {0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
  };
  Server *server = server_start ("");

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++) {
    int fd = bad_open (server);

    /* Not a byte of the payload is waited for. */
    g_assert_true (put (fd, headers[i], 14));
    expect_close (fd, 1009);
  }
  server_end (server, SOME_MEMORY);
}

static void
fragments_without_end_are_cut (void)
{
  static const struct
  {
    gsize size;
    guint code;
  } rows[] = {{100000, 1009}, {10000, 1009}, {1, 1008}, {0, 1008}};
  Server *server = server_start ("");
  g_autofree gchar *piece = g_strnfill (100000, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    int fd = bad_open (server);
    gboolean taken = put_frame (fd, TEXT, piece, rows[i].size);

    for (guint j = 0; taken && j < 4000; j++)
      taken = put_frame (fd, CONTINUATION, piece, rows[i].size);
    /* Whoever goes on sending instead of reading may miss the code. */
    if (taken)
      g_assert_cmpuint (take_close (fd), ==, rows[i].code);
    else
      expect_end (fd);
    close (fd);
  }
  server_end (server, SOME_MEMORY);
}

static void
long_pings_are_refused (void)
{
  static const gsize lengths[] = {126, 1000, 60000};
  Server *server = server_start ("");
  g_autofree gchar *payload = g_strnfill (70000, 'x');
  int fd;

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    fd = bad_open (server);
    put_frame (fd, FINAL | PING, payload, lengths[i]);
    expect_close (fd, 1002);
    fd = bad_open (server);
    put_frame (fd, FINAL | CLOSE, payload, lengths[i]);
    expect_close (fd, 1002);
  }
  /* Here the system throws the goodbye away with what was not read. */
  fd = bad_open (server);
  put_frame (fd, FINAL | PING, payload, 70000);
  expect_end (fd);
  close (fd);
  server_end (server, SOME_MEMORY);
}

typedef struct
{
  const gchar *what;
  const gchar *bytes;
  gsize length;
  guint code;
} Breach;

#define BREACH(what, bytes, code)                                              \
  {                                                                            \
    what, bytes, sizeof (bytes) - 1, code                                      \
  }
#define MASK "\0\0\0\0"

/* RFC 6455 by its sections: each ends with the close code of its breach. */
static const Breach breaches[] = {
    BREACH ("5.1 not masked", "\x81\x01x", 1002),
    BREACH ("5.1 not masked, empty", "\x81\x00", 1002),
    BREACH ("5.2 RSV1", "\xc1\x81" MASK "x", 1002),
    BREACH ("5.2 RSV2", "\xa1\x81" MASK "x", 1002),
    BREACH ("5.2 RSV3", "\x91\x81" MASK "x", 1002),
    BREACH ("5.2 RSV1 of a ping", "\xc9\x80" MASK, 1002),
    BREACH ("5.2 opcode 3", "\x83\x81" MASK "x", 1002),
    BREACH ("5.2 opcode 7", "\x87\x80" MASK, 1002),
    BREACH ("5.2 opcode b", "\x8b\x80" MASK, 1002),
    BREACH ("5.2 opcode f", "\x8f\x80" MASK, 1002),
    BREACH ("5.4 nothing to continue", "\x80\x81" MASK "x", 1002),
    BREACH ("5.4 text inside a message", "\x01\x81" MASK "x\x81\x81" MASK "x",
        1002),
    BREACH ("5.5 ping in fragments", "\x09\x81" MASK "x", 1002),
    BREACH ("5.5 close in fragments", "\x08\x82" MASK "\x03\xe8", 1002),
    BREACH ("5.6 not UTF-8", "\x81\x82" MASK "\xc3\x28", 1007),
    BREACH ("5.6 surrogate", "\x81\x83" MASK "\xed\xa0\x80", 1007),
    BREACH ("8.1 not UTF-8 in fragments",
        "\x01\x81" MASK "\xc3\x80\x81" MASK "(", 1007),
    BREACH ("binary", "\x82\x81" MASK "x", 1003),
    BREACH ("7.4 one byte of a code", "\x88\x81" MASK "\x03", 1002),
};

static void
breaches_of_the_protocol_are_closed (void)
{
  Server *server = server_start ("");

  for (guint i = 0; i < G_N_ELEMENTS (breaches); i++) {
    const Breach *row = &breaches[i];
    int fd = bad_open (server);

    g_test_message ("%s", row->what);
    g_assert_true (put (fd, row->bytes, row->length));
    expect_close (fd, row->code);
  }
  server_end (server, SOME_MEMORY);
}

/* Codes that may not be sent, and none at all: the connection ends. */
static void
close_codes_do_no_harm (void)
{
  static const guint codes[] = {
      0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535};
  Server *server = server_start ("");

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    guint8 payload[2] = {codes[i] >> 8, codes[i] & 0xff};
    int fd = bad_open (server);

    put_frame (fd, FINAL | CLOSE, payload, 2);
    expect_end (fd);
    close (fd);
  }
  server_end (server, SOME_MEMORY);
}

/* After a goodbye nothing is listened to: no join, no answer. */
static void
data_after_close_is_ignored (void)
{
  Server *server = server_start ("");
  int watcher = bad_open (server);
  int fd = bad_open (server);
  g_autofree gchar *answer = NULL;
  guint opcode;
  gchar *payload;

  join (watcher, "watcher");
  put_frame (fd, FINAL | CLOSE, "\x03\xe8", 2);
  for (guint i = 0; i < 100; i++)
    say (fd, "{\"type\":\"join\",\"id\":1,\"app\":\"a\",\"room\":\"r\","
             "\"user\":\"late\"}");
  while ((payload = take_frame (fd, &opcode))) {
    g_assert_cmpuint (opcode, ==, CLOSE);
    g_free (payload);
  }
  close (fd);
  say (watcher, "{\"type\":\"ping\",\"id\":2}");
  answer = hear (watcher);
  g_assert_cmpstr (answer, ==, "{\"type\":\"ok\",\"id\":2}");
  close (watcher);
  server_end (server, SOME_MEMORY);
}

/* --- (d) time --- */

#define N_SLOW 50

typedef struct
{
  const gchar *what;
  const gchar *lead; /* what is sent at once */
  gboolean upgraded;
  gboolean joined;
  gdouble limit; /* seconds in which it must have been cut */
} Slow;

static const Slow slow_rows[] = {
    {"nothing", "", FALSE, FALSE, 6.5},
    {"request line", "G", FALSE, FALSE, 6.5},
    {"headers", "GET /ws HTTP/1.1\r\nHost: localhost\r\nX: ", FALSE, FALSE,
        6.5},
    {"frame header", "\x81", TRUE, FALSE, 7.5},
    {"frame payload", "\x81\xfe\x40\x40", TRUE, FALSE, 7.5},
    {"frame payload of a user", "\x81\xfe\x40\x40", TRUE, TRUE, 13},
};

#define N_SLOW_ROWS G_N_ELEMENTS (slow_rows)

static gdouble
get_seconds (gint64 since)
{
  return (gdouble)(g_get_monotonic_time () - since) / G_TIME_SPAN_SECOND;
}

/* Slowloris at every stage, many at a time; @dead counts the ended ones. */
static void
drip (int fds[N_SLOW_ROWS][N_SLOW], guint dead[N_SLOW_ROWS])
{
  for (guint i = 0; i < N_SLOW_ROWS; i++) {
    for (guint j = 0; j < N_SLOW; j++) {
      if (fds[i][j] < 0)
        continue;
      if (i > 0)
        send (fds[i][j], "x", 1, MSG_NOSIGNAL);
      if (has_ended (fds[i][j])) {
        close (fds[i][j]);
        fds[i][j] = -1;
        dead[i]++;
      }
    }
  }
}

static void
slow_clients_are_cut (void)
{
  Server *server =
      server_start ("--max-connections-per-address 500 --max-visible-users 80");
  int fds[N_SLOW_ROWS][N_SLOW];
  guint dead[N_SLOW_ROWS] = {0};
  gint64 since = g_get_monotonic_time ();
  guint total = 0;

  for (guint i = 0; i < N_SLOW_ROWS; i++) {
    for (guint j = 0; j < N_SLOW; j++) {
      int fd = bad_connect (server);

      if (slow_rows[i].upgraded)
        upgrade (fd);
      if (slow_rows[i].joined) {
        g_autofree gchar *user = g_strdup_printf ("slow%u", j);

        join (fd, user);
      }
      g_assert_true (put (fd, slow_rows[i].lead, strlen (slow_rows[i].lead)));
      fds[i][j] = fd;
    }
  }
  good_client_joins (server);
  g_assert_cmpuint (dead[0], ==, 0);

  while (total < N_SLOW_ROWS * N_SLOW) {
    total = 0;
    drip (fds, dead);
    for (guint i = 0; i < N_SLOW_ROWS; i++) {
      const gdouble limit = slow_rows[i].limit * rtc_patience ();

      total += dead[i];
      if (dead[i] < N_SLOW && get_seconds (since) > limit)
        g_error ("%s: %u of %u live after %.1f s", slow_rows[i].what,
            N_SLOW - dead[i], N_SLOW, limit);
    }
    poll (NULL, 0, 200);
    good_client_joins (server);
  }
  server_end (server, 2 * SOME_MEMORY);
}

static void
clients_without_pongs_are_cut (void)
{
  Server *server = server_start ("--ping-interval 200 --pong-timeout 300");
  gint64 since = g_get_monotonic_time ();
  int fd = bad_open (server);

  join (fd, "mute");
  expect_end (fd);
  g_assert_cmpfloat (get_seconds (since), <, 3 * rtc_patience ());
  close (fd);
  server_end (server, SOME_MEMORY);
}

/* --- (e) caps --- */

#define FLOOD 600
#define SHARE 100

static void
a_flood_of_handshakes_gets_its_share (void)
{
  Server *server = server_start ("--max-connections-per-address 100");
  int fds[FLOOD];
  guint held = 0;

  for (guint i = 0; i < FLOOD; i++) {
    fds[i] = bad_connect (server);
    put (fds[i], "GET /ws HTTP/1.1\r\n", 18);
    if (i % 100 == 0)
      good_client_joins (server);
  }
  good_client_joins (server);
  for (guint i = 0; i < FLOOD; i++)
    held += has_ended (fds[i]) ? 0 : 1;
  g_assert_cmpuint (held, ==, SHARE);
  for (guint i = 0; i < FLOOD; i++)
    close (fds[i]);
  server_end (server, 2 * SOME_MEMORY);
}

/* Connections that come and go as fast as they can. */
static void
a_storm_of_connections_leaves_nothing (void)
{
  Server *server = server_start ("--max-connections-per-address 100");
  struct linger linger = {.l_onoff = 1};

  for (guint i = 0; i < 3000; i++) {
    int fd = bad_connect (server);

    if (i % 3 == 1)
      put (fd, UPGRADE, i % sizeof (UPGRADE));
    if (i % 3 == 2)
      put (fd, UPGRADE, strlen (UPGRADE));
    setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof (linger));
    close (fd);
  }
  server_end (server, 2 * SOME_MEMORY);
}

static void
too_many_messages_are_refused (void)
{
  Server *server = server_start ("--max-message-rate 20");
  int fd = bad_open (server);
  gboolean taken = TRUE;

  join (fd, "loud");
  for (guint i = 0; taken && i < 5000; i++)
    taken = say (fd, "{\"type\":\"ping\",\"id\":2}");
  if (taken)
    g_assert_cmpuint (take_close (fd), ==, 1008);
  else
    expect_end (fd);
  close (fd);
  server_end (server, SOME_MEMORY);
}

static void
too_many_bytes_are_refused (void)
{
  Server *server = server_start ("--max-message-rate 100000");
  g_autofree gchar *payload = g_strnfill (60000, 'x');
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"offer\",\"session\":\"s\",\"sdp\":\"%s\"}", payload);
  int fd = bad_open (server);
  gboolean taken = TRUE;

  join (fd, "large");
  for (guint i = 0; taken && i < 1000; i++)
    taken = say (fd, text);
  if (taken)
    g_assert_cmpuint (take_close (fd), ==, 1008);
  else
    expect_end (fd);
  close (fd);
  server_end (server, SOME_MEMORY);
}

/* Asks without reading the answers. */
static void
slow_readers_are_cut (void)
{
  Server *server = server_start ("--max-message-rate 100000 "
                                 "--max-queued-bytes 100000");
  int fd = bad_open_from (server, BAD_ADDRESS, 4096);
  gboolean taken = TRUE;

  upgrade (fd);
  join (fd, "deaf");
  for (guint i = 0; taken && i < 400000; i++)
    taken = say (fd, "{\"type\":\"nope\",\"id\":2}");
  g_assert_false (taken);
  close (fd);
  server_end (server, 2 * SOME_MEMORY);
}

/* --- (f) where it listens --- */

static void
public_addresses_need_a_key (void)
{
  static const gchar *const addresses[] = {
      "http://0.0.0.0:0", "http://[::]:0", "http://192.0.2.1:0"};

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *said = NULL;
    g_autoptr (GSubprocess) process = g_subprocess_new (
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE,
        &error, g_getenv ("RTC_ROOM_SERVER"), "--listen", addresses[i], NULL);

    g_assert_no_error (error);
    g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &said, &error);
    g_assert_no_error (error);
    g_assert_true (g_subprocess_get_if_exited (process));
    g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 1);
    g_assert_nonnull (strstr (said, "loopback"));
  }
}

/* A page of somebody else cannot reach into the own machine. */
static void
foreign_pages_are_refused (void)
{
  static const gchar *const headers[] = {
      "Host: rooms.example\r\n",
      "Host: localhost\r\nOrigin: https://rooms.example\r\n",
      "Host: localhost\r\nOrigin: null\r\n",
  };
  Server *server = server_start ("");

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++) {
    g_autofree gchar *request = g_strdup_printf (
        "GET /ws HTTP/1.1\r\n%s%s", headers[i], strstr (UPGRADE, "Upgrade:"));
    gchar status[13] = "";
    int fd = bad_connect (server);

    g_assert_true (put (fd, request, strlen (request)));
    g_assert_true (take (fd, status, 12));
    g_assert_cmpstr (status, ==, "HTTP/1.1 403");
    expect_end (fd);
    close (fd);
  }
  server_end (server, SOME_MEMORY);
}

#define ADD(name, func) g_test_add_func ("/hostile/" name, func)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a/towers-are-refused", towers_are_refused);
  ADD ("a/towers-in-messages-are-refused", towers_in_messages_are_refused);
  ADD ("b/compressed-bombs-are-refused", compressed_bombs_are_refused);
  ADD ("c/headers-that-announce-too-much-are-refused",
      headers_that_announce_too_much_are_refused);
  ADD ("c/fragments-without-end-are-cut", fragments_without_end_are_cut);
  ADD ("c/long-pings-are-refused", long_pings_are_refused);
  ADD ("c/breaches-of-the-protocol-are-closed",
      breaches_of_the_protocol_are_closed);
  ADD ("c/close-codes-do-no-harm", close_codes_do_no_harm);
  ADD ("c/data-after-close-is-ignored", data_after_close_is_ignored);
  ADD ("d/slow-clients-are-cut", slow_clients_are_cut);
  ADD ("d/clients-without-pongs-are-cut", clients_without_pongs_are_cut);
  ADD ("e/a-flood-of-handshakes-gets-its-share",
      a_flood_of_handshakes_gets_its_share);
  ADD ("e/a-storm-of-connections-leaves-nothing",
      a_storm_of_connections_leaves_nothing);
  ADD ("e/too-many-messages-are-refused", too_many_messages_are_refused);
  ADD ("e/too-many-bytes-are-refused", too_many_bytes_are_refused);
  ADD ("e/slow-readers-are-cut", slow_readers_are_cut);
  ADD ("f/public-addresses-need-a-key", public_addresses_need_a_key);
  ADD ("f/foreign-pages-are-refused", foreign_pages_are_refused);
  return g_test_run ();
}
