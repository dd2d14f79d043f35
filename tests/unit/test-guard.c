/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the stream that stands between libsoup and the socket, and of
 * what follows its frames. */
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>

#include "rtcframescan.h"
#include "rtcguardstream.h"

static GSocketConnection *
new_connection (GSocket **socket, GSocket **peer)
{
  int pair[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
  *socket = g_socket_new_from_fd (pair[0], NULL);
  *peer = g_socket_new_from_fd (pair[1], NULL);
  g_assert_true (*socket && *peer);
  return g_socket_connection_factory_create_connection (*socket);
}

static GstRtcGuardStream *
new_guard (GSocket **socket, GSocket **peer)
{
  const GstRtcGuardLimits limits = {16384, 100, 65536, 200, 524288, 10};
  g_autoptr (GSocketConnection) connection = new_connection (socket, peer);

  return gst_rtc_guard_stream_new (
      G_IO_STREAM (connection), connection, &limits);
}

/* A guard over memory, so that a test has both ends of it. */
typedef struct
{
  GInputStream *in;
  GstRtcGuardStream *guard;
  gboolean polled; /* whether it is read and written as libsoup does */
  guint n_faults;
  guint code;
  const gchar *reason;
} Wire;

static void
on_fault (guint16 code, const gchar *reason, gpointer user_data)
{
  Wire *wire = user_data;

  wire->n_faults++;
  wire->code = code;
  wire->reason = reason;
}

/* 100 bytes and 4 lines of a request, 50 bytes of a message; at once 20 frames
 * of 300 bytes. */
static const GstRtcGuardLimits tight = {100, 4, 50, 2, 30, 10};
static const GstRtcGuardLimits loose = {100, 4, 50, 1000, 100000, 10};

static Wire *
wire_new (const GstRtcGuardLimits *limits, gboolean polled)
{
  Wire *wire = g_new0 (Wire, 1);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocket) peer = NULL;
  g_autoptr (GSocketConnection) connection = new_connection (&socket, &peer);
  g_autoptr (GIOStream) base = NULL;

  wire->in = g_memory_input_stream_new ();
  wire->polled = polled;
  base = g_simple_io_stream_new (wire->in, out);
  wire->guard = gst_rtc_guard_stream_new (base, connection, limits);
  gst_rtc_guard_stream_set_funcs (wire->guard, on_fault, NULL, wire);
  return wire;
}

static void
wire_free (Wire *wire)
{
  g_object_unref (wire->guard);
  g_object_unref (wire->in);
  g_free (wire);
}

static gssize
read_once (Wire *wire, GError **error)
{
  GInputStream *stream =
      g_io_stream_get_input_stream (G_IO_STREAM (wire->guard));
  gchar buffer[1024];

  if (wire->polled)
    return g_pollable_input_stream_read_nonblocking (
        G_POLLABLE_INPUT_STREAM (stream), buffer, sizeof (buffer), NULL, error);
  return g_input_stream_read (stream, buffer, sizeof (buffer), NULL, error);
}

/* The peer sends; returns what libsoup would read once it has a turn. */
static gssize
hear (Wire *wire, const gchar *text, GError **error)
{
  for (guint i = 0; i < 2 && read_once (wire, NULL) != -1; i++)
    ;
  g_memory_input_stream_add_data (
      G_MEMORY_INPUT_STREAM (wire->in), g_strdup (text), strlen (text), g_free);
  return read_once (wire, error);
}

static void
hear_well (Wire *wire, const gchar *text)
{
  g_assert_cmpint (strlen (text), ==, hear (wire, text, NULL));
}

static void
say (Wire *wire, const gchar *text)
{
  GOutputStream *stream =
      g_io_stream_get_output_stream (G_IO_STREAM (wire->guard));
  const gsize length = strlen (text);

  g_assert_cmpint (length, ==,
      wire->polled
          ? g_pollable_output_stream_write_nonblocking (
                G_POLLABLE_OUTPUT_STREAM (stream), text, length, NULL, NULL)
          : g_output_stream_write (stream, text, length, NULL, NULL));
}

#define REQUEST "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define UPGRADE "HTTP/1.1 101 Yes\r\nUpgrade: x\r\n\r\n"
/* Frames of one byte. */
#define PING "\x89\x01x"
#define PONG "\x8a\x01x"
#define TEXT "\x81\x01x"
#define CLOSE "\x88\x01x"

static Wire *
wire_new_upgraded (const GstRtcGuardLimits *limits, gboolean polled)
{
  Wire *wire = wire_new (limits, polled);

  hear_well (wire, REQUEST);
  say (wire, UPGRADE);
  return wire;
}

/* In one piece and by the byte. */
static void
requests_are_bounded (void)
{
  static const gchar too_long[] = "request too long";
  static const gchar lines[] = "request of too many lines";
  static const gchar late[] = "data after the request";
  static const gchar body[] = "a request with a body";
  g_autofree gchar *longest = g_strnfill (100, 'x');
  g_autofree gchar *longer = g_strnfill (101, 'x');
  const struct
  {
    const gchar *text;
    guint code; /* 0: none */
    const gchar *reason;
  } rows[] = {
      {REQUEST, 0, NULL},
      {"GET / HTTP/1.1\n\n", 0, NULL},
      {"GET / HTTP/1.1\nH\n\n", 0, NULL},
      {"GET / HTTP/1.1\n\nx", 1008, late},
      {REQUEST "x", 1008, late},
      {"GET / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n", 1008, body},
      {"GET / HTTP/1.1\nTRANSFER-ENCODING:", 1008, body},
      {"GET / HTTP/1.1\r\nTransfer-Encoding", 0, NULL},
      {"GET / HTTP/1.1\r\nX-Transfer-Encoding: x\r\n\r\n", 0, NULL},
      {"GET / HTTP/1.1\r\nTransfer-Encodings: x\r\n\r\n", 0, NULL},
      {"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 0, NULL},
      {"GET / HTTP/1.1\r\nContent-Length:\r\nA: 1\r\n\r\n", 0, NULL},
      {"GET / HTTP/1.1\r\ncontent-LENGTH: 1", 1008, body},
      {"GET / HTTP/1.1\r\nContent-Length: 0x", 1008, body},
      {"GET / HTTP/1.1\r\nContent-Lengths: 1\r\n\r\n", 0, NULL},
      {"GET / HTTP/1.1\r\nA: 1\r\n b", 1008, body},
      {"GET / HTTP/1.1\r\nA: 1\r\n\tb", 1008, body},
      {"1\n2\n3\n\n", 0, NULL},
      {"1\n2\n3\n4\n\n", 1009, lines},
      {longest, 0, NULL},
      {longer, 1009, too_long},
  };

  for (guint i = 0; i < 4 * G_N_ELEMENTS (rows); i++) {
    const guint row = i / 4;
    Wire *wire = wire_new (&tight, i & 1);
    const gsize piece = i & 2 ? 1 : 200;

    g_test_message ("%s", rows[row].text);
    for (gsize at = 0; at < strlen (rows[row].text); at += piece) {
      g_autofree gchar *text = g_strndup (rows[row].text + at, piece);

      hear (wire, text, NULL);
    }
    g_assert_cmpuint (rows[row].code, ==, wire->code);
    g_assert_cmpstr (rows[row].reason, ==, wire->reason);
    g_assert_cmpuint (rows[row].code ? 1 : 0, ==, wire->n_faults);
    wire_free (wire);
  }
}

static void
answers_are_followed (void)
{
  static const struct
  {
    const gchar *text;
    gboolean answered;
    guint written;
  } rows[] = {
      {"", FALSE, 0},
      {"HTTP/1.1 10", FALSE, 0},
      {"HTTP/1.1 101", TRUE, 0},
      {"HTTP/1.1 102", TRUE, 0},
      {"HTTP/1.1 200 OK\r\n\r\n" TEXT, TRUE, 0},
      {UPGRADE, TRUE, 0},
      {UPGRADE TEXT, TRUE, 1},
      {"HTTP/1.1 101 Yes\n\n" TEXT PONG TEXT, TRUE, 2},
  };

  for (guint i = 0; i < 4 * G_N_ELEMENTS (rows); i++) {
    const guint row = i / 4;
    Wire *wire = wire_new (&tight, i & 1);
    const gsize piece = i & 2 ? 1 : 200;

    hear_well (wire, REQUEST);
    for (gsize at = 0; at < strlen (rows[row].text); at += piece) {
      g_autofree gchar *text = g_strndup (rows[row].text + at, piece);

      say (wire, text);
    }
    g_assert_true (
        rows[row].answered == gst_rtc_guard_stream_is_answered (wire->guard));
    g_assert_cmpuint (rows[row].written, ==,
        gst_rtc_guard_stream_get_data_written (wire->guard));
    g_assert_cmpuint (rows[row].written, ==,
        gst_rtc_guard_stream_get_n_written (wire->guard));
    wire_free (wire);
  }
}

static void
bytes_are_seen_when_they_come (void)
{
  const gint64 start = g_get_monotonic_time ();
  Wire *wire = wire_new (&tight, FALSE);
  const gint64 created = gst_rtc_guard_stream_get_last_seen (wire->guard);
  gint64 before;

  g_assert_cmpint (start, <=, created);
  before = g_get_monotonic_time ();
  hear_well (wire, REQUEST);
  g_assert_cmpint (
      before, <=, gst_rtc_guard_stream_get_last_seen (wire->guard));
  wire_free (wire);
}

/* The owner of both does. */
static void
one_half_closes_nothing (void)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocket) peer = NULL;
  g_autoptr (GstRtcGuardStream) guard = new_guard (&socket, &peer);
  GIOStream *stream = G_IO_STREAM (guard);

  g_assert_true (
      g_input_stream_close (g_io_stream_get_input_stream (stream), NULL, NULL));
  g_assert_true (g_output_stream_close (
      g_io_stream_get_output_stream (stream), NULL, NULL));
  g_assert_false (g_socket_is_closed (socket));
  g_assert_true (g_io_stream_close (stream, NULL, NULL));
  g_assert_true (g_socket_is_closed (socket));
}

static void
halves_outlive_the_guard (void)
{
  Wire *wire = wire_new_upgraded (&tight, FALSE);
  GIOStream *stream = G_IO_STREAM (wire->guard);
  g_autoptr (GInputStream) in =
      g_object_ref (g_io_stream_get_input_stream (stream));
  g_autoptr (GOutputStream) out =
      g_object_ref (g_io_stream_get_output_stream (stream));
  guint8 byte;

  g_memory_input_stream_add_data (
      G_MEMORY_INPUT_STREAM (wire->in), TEXT, 3, NULL);
  wire_free (wire);
  g_assert_cmpint (1, ==,
      g_pollable_input_stream_read_nonblocking (
          G_POLLABLE_INPUT_STREAM (in), &byte, 1, NULL, NULL));
  g_assert_cmpint (3, ==,
      g_pollable_output_stream_write_nonblocking (
          G_POLLABLE_OUTPUT_STREAM (out), TEXT, 3, NULL, NULL));
}

static void
the_limit_of_a_message_can_be_set (void)
{
  Wire *wire = wire_new_upgraded (&loose, FALSE);

  gst_rtc_guard_stream_set_max_message_bytes (wire->guard, 2);
  hear_well (wire, "\x81\x02xx");
  hear (wire, "\x81\x03xxx", NULL);
  g_assert_cmpstr ("message too long", ==, wire->reason);
  wire_free (wire);
}

/* What is too much is far above the limit, which time lifts. */
static void
frames_are_bounded (void)
{
  g_autofree gchar *filling = g_strnfill (50, 'x');
  g_autofree gchar *longest = g_strconcat ("\x81\x32", filling, NULL);
  g_autofree gchar *longer = g_strconcat ("\x81\x33x", filling, NULL);
  const struct
  {
    const GstRtcGuardLimits *limits;
    const gchar *frame;
    guint count;
    guint code;
    const gchar *reason;
  } rows[] = {
      {&tight, TEXT, 20, 0, NULL},
      {&tight, TEXT, 40, 1008, "too many messages"},
      {&tight, longest, 5, 0, NULL},
      {&tight, longest, 10, 1008, "too many bytes"},
      {&tight, longer, 1, 1009, "message too long"},
      {&loose, "\x89\x7e\x01\x01", 1, 1002, "control frame too long"},
      {&loose, PING, 64, 0, NULL},
      {&loose, PING, 65, 1008, "pongs are not read"},
      {&loose, TEXT, 65, 0, NULL},
  };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (rows); i++) {
    Wire *wire = wire_new_upgraded (rows[i / 2].limits, i & 1);

    for (guint j = 0; j < rows[i / 2].count; j++)
      hear (wire, rows[i / 2].frame, NULL);
    g_assert_cmpuint (rows[i / 2].code, ==, wire->code);
    g_assert_cmpstr (rows[i / 2].reason, ==, wire->reason);
    wire_free (wire);
  }
}

static void
pongs_that_are_read_make_room (void)
{
  Wire *wire = wire_new_upgraded (&loose, TRUE);

  for (guint i = 0; i < 65; i++) {
    if (i == 64)
      say (wire, PONG);
    hear_well (wire, PING);
  }
  g_assert_cmpuint (0, ==, wire->n_faults);
  wire_free (wire);
}

/* Told once, and nothing is let through; a goodbye is the end. */
static void
a_peer_at_fault_is_not_heard (void)
{
  for (guint i = 0; i < 2; i++) {
    Wire *wire = wire_new_upgraded (&loose, i);
    g_autoptr (GError) first = NULL;
    g_autoptr (GError) second = NULL;

    g_assert_cmpint (-1, ==, hear (wire, "\x81\x7d", &first));
    g_assert_error (first, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    wire_free (wire);

    wire = wire_new (&tight, i);
    g_assert_cmpint (-1, ==, hear (wire, REQUEST "x", &second));
    g_assert_error (second, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    wire_free (wire);

    wire = wire_new (&tight, i);
    hear_well (wire, REQUEST);
    say (wire, "HTTP/1.1 200 OK\r\n\r\n");
    g_assert_cmpint (0, ==, hear (wire, "x", NULL));
    wire_free (wire);
  }
}

static void
a_goodbye_after_a_fault_is_the_end (void)
{
  g_autofree gchar *rest = g_strnfill (51, 'x');

  for (guint i = 0; i < 2; i++) {
    Wire *wire = wire_new_upgraded (&loose, i);

    g_assert_cmpint (-1, ==, hear (wire, "\x81\x33", NULL));
    g_assert_cmpint (-1, ==, hear (wire, rest, NULL));
    g_assert_cmpint (-1, ==, hear (wire, TEXT, NULL));
    g_assert_cmpint (0, ==, hear (wire, CLOSE, NULL));
    g_assert_cmpuint (1, ==, wire->n_faults);
    wire_free (wire);
  }
}

static void
on_closed_here (gpointer user_data)
{
  GThread **thread = user_data;

  *thread = g_thread_self ();
}

/* In another thread it would race with a cut, which then hits whatever has
 * the number of the descriptor by that time. */
static void
closing_is_done_by_the_caller (void)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocket) peer = NULL;
  g_autoptr (GstRtcGuardStream) guard = new_guard (&socket, &peer);
  GThread *thread = NULL;

  gst_rtc_guard_stream_set_funcs (guard, NULL, on_closed_here, &thread);
  g_io_stream_close_async (
      G_IO_STREAM (guard), G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  g_assert_true (thread == g_thread_self ());
  g_assert_true (g_socket_is_closed (socket));
  gst_rtc_guard_stream_cut (guard);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Whoever sends without a pause keeps nobody else waiting. */
static void
one_read_is_a_turn (void)
{
  static const gchar answer[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
  static const guint8 frames[12] = {0x8a, 0x80, 0, 0, 0, 0, 0x8a, 0x80};
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocket) peer = NULL;
  g_autoptr (GstRtcGuardStream) guard = new_guard (&socket, &peer);
  GPollableInputStream *input = G_POLLABLE_INPUT_STREAM (
      g_io_stream_get_input_stream (G_IO_STREAM (guard)));
  guint8 buffer[6];

  g_assert_cmpint (sizeof (answer) - 1, ==,
      g_output_stream_write (
          g_io_stream_get_output_stream (G_IO_STREAM (guard)), answer,
          sizeof (answer) - 1, NULL, NULL));
  g_assert_cmpint (sizeof (frames), ==,
      g_socket_send (peer, (const gchar *)frames, sizeof (frames), NULL, NULL));
  for (guint i = 0; i < 4; i++) {
    g_autoptr (GError) error = NULL;
    const gssize n = g_pollable_input_stream_read_nonblocking (
        input, buffer, sizeof (buffer), NULL, &error);

    if (i % 2 == 0)
      g_assert_cmpint (sizeof (buffer), ==, n);
    else
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  }
}

/* Two frames, byte by byte: a ping of one byte and an empty text. */
static void
frames_are_followed_by_the_byte (void)
{
  static const guint8 bytes[] = {
      0x89, 0x81, 0, 0, 0, 0, 'x', 0x81, 0x80, 0, 0, 0, 0};
  GstRtcFrameScan scan = {.max_message_bytes = 100};

  for (guint i = 0; i < G_N_ELEMENTS (bytes); i++) {
    gst_rtc_frame_scan_feed (&scan, &bytes[i], 1);
    g_assert_true (gst_rtc_frame_scan_is_inside (&scan) == (i != 6 && i != 12));
    g_assert_cmpuint (scan.n_ended, ==, (i >= 6) + (i >= 12));
  }
  g_assert_cmpuint (scan.n_frames, ==, 2);
  g_assert_cmpuint (scan.n_pings, ==, 1);
  g_assert_false (scan.too_big);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/guard/closing-is-done-by-the-caller", closing_is_done_by_the_caller);
  g_test_add_func ("/guard/one-read-is-a-turn", one_read_is_a_turn);
  g_test_add_func ("/guard/requests-are-bounded", requests_are_bounded);
  g_test_add_func ("/guard/answers-are-followed", answers_are_followed);
  g_test_add_func (
      "/guard/bytes-are-seen-when-they-come", bytes_are_seen_when_they_come);
  g_test_add_func ("/guard/one-half-closes-nothing", one_half_closes_nothing);
  g_test_add_func ("/guard/halves-outlive-the-guard", halves_outlive_the_guard);
  g_test_add_func ("/guard/the-limit-of-a-message-can-be-set",
      the_limit_of_a_message_can_be_set);
  g_test_add_func ("/guard/frames-are-bounded", frames_are_bounded);
  g_test_add_func (
      "/guard/pongs-that-are-read-make-room", pongs_that_are_read_make_room);
  g_test_add_func (
      "/guard/a-peer-at-fault-is-not-heard", a_peer_at_fault_is_not_heard);
  g_test_add_func ("/guard/a-goodbye-after-a-fault-is-the-end",
      a_goodbye_after_a_fault_is_the_end);
  g_test_add_func ("/guard/frames-are-followed-by-the-byte",
      frames_are_followed_by_the_byte);
  return g_test_run ();
}
