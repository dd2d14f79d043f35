/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the stream that stands between libsoup and the socket, and of
 * what follows its frames. */
#include <gio/gio.h>
#include <sys/socket.h>

#include "rtcframescan.h"
#include "rtcguardstream.h"

static GstRtcGuardStream *
new_guard (GSocket **socket, GSocket **peer)
{
  const GstRtcGuardLimits limits = {16384, 100, 65536, 200, 524288, 10};
  g_autoptr (GSocketConnection) connection = NULL;
  GstRtcGuardStream *guard;
  int pair[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
  *socket = g_socket_new_from_fd (pair[0], NULL);
  *peer = g_socket_new_from_fd (pair[1], NULL);
  g_assert_true (*socket && *peer);
  connection = g_socket_connection_factory_create_connection (*socket);
  guard =
      gst_rtc_guard_stream_new (G_IO_STREAM (connection), connection, &limits);
  return guard;
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
  g_test_add_func ("/guard/frames-are-followed-by-the-byte",
      frames_are_followed_by_the_byte);
  return g_test_run ();
}
