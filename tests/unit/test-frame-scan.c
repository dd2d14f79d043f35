/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of following WebSocket frames without keeping them. */
#include "rtcframescan.h"

#define MAX_MESSAGE 1000

/* Appends the header of a frame and a payload of @length bytes. */
static void
add_frame (GByteArray *bytes, guint8 first, gboolean masked, gsize length)
{
  guint8 header[14] = {first};
  guint size = 2;
  g_autofree guint8 *payload = g_malloc0 (length + 1);

  header[1] = masked ? 0x80 : 0;
  if (length < 126) {
    header[1] |= (guint8)length;
  } else if (length < 65536) {
    header[1] |= 126;
    header[size++] = (guint8)(length >> 8);
    header[size++] = (guint8)length;
  } else {
    header[1] |= 127;
    for (gint shift = 56; shift >= 0; shift -= 8)
      header[size++] = (guint8)((guint64)length >> shift);
  }
  g_byte_array_append (bytes, header, size + (masked ? 4 : 0));
  g_byte_array_append (bytes, payload, (guint)length);
}

/* The same in pieces of every size. */
static GstRtcFrameScan
scan_in_pieces (const GByteArray *bytes, gsize piece)
{
  GstRtcFrameScan scan = {.max_message_bytes = MAX_MESSAGE};

  for (gsize at = 0; at < bytes->len; at += piece)
    gst_rtc_frame_scan_feed (
        &scan, bytes->data + at, MIN (piece, bytes->len - at));
  return scan;
}

static void
frames_are_counted_however_they_come (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (guint i = 0; i < 2; i++) {
    gboolean masked = i == 1;

    add_frame (bytes, 0x81, masked, 0);
    add_frame (bytes, 0x81, masked, 125);
    add_frame (bytes, 0x01, masked, 126);
    add_frame (bytes, 0x89, masked, 125);
    add_frame (bytes, 0x8a, masked, 0);
    add_frame (bytes, 0x80, masked, 300);
    add_frame (bytes, 0x88, masked, 2);
  }
  for (gsize piece = 1; piece <= bytes->len; piece++) {
    GstRtcFrameScan scan = scan_in_pieces (bytes, piece);

    g_assert_cmpuint (14, ==, scan.n_frames);
    g_assert_cmpuint (2, ==, scan.n_pings);
    g_assert_cmpuint (2, ==, scan.n_pongs);
    g_assert_cmpuint (2, ==, scan.n_closes);
    g_assert_cmpuint (8, ==, scan.n_data);
    g_assert_cmpuint (2 * (125 + 126 + 300), ==, scan.data_bytes);
    g_assert_false (scan.too_big);
  }
}

static gboolean
is_too_big (const GByteArray *bytes)
{
  return scan_in_pieces (bytes, 7).too_big;
}

static void
fragments_add_up (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  add_frame (bytes, 0x01, TRUE, 500);
  add_frame (bytes, 0x89, TRUE, 100);
  add_frame (bytes, 0x00, TRUE, 500);
  g_assert_false (is_too_big (bytes));
  add_frame (bytes, 0x80, TRUE, 1);
  g_assert_true (is_too_big (bytes));
}

static void
a_new_message_starts_from_nothing (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (guint i = 0; i < 5; i++) {
    add_frame (bytes, 0x01, TRUE, 600);
    add_frame (bytes, 0x80, TRUE, 400);
    add_frame (bytes, 0x81, TRUE, 1000);
  }
  g_assert_false (is_too_big (bytes));
}

/* Before the mask and a byte of the payload have come. */
static void
a_length_is_enough_to_be_too_big (void)
{
  static const guint8 header[] = {
      0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  GstRtcFrameScan scan = {.max_message_bytes = MAX_MESSAGE};

  gst_rtc_frame_scan_feed (&scan, header, sizeof (header) - 1);
  g_assert_false (scan.too_big);
  gst_rtc_frame_scan_feed (&scan, header + sizeof (header) - 1, 1);
  g_assert_true (scan.too_big);
}

static void
a_control_frame_has_a_limit_of_its_own (void)
{
  for (guint opcode = 8; opcode < 16; opcode++) {
    g_autoptr (GByteArray) bytes = g_byte_array_new ();

    add_frame (bytes, (guint8)(0x80 | opcode), TRUE, 125);
    g_assert_false (scan_in_pieces (bytes, 7).bad_control);
    add_frame (bytes, (guint8)(0x80 | opcode), TRUE, 126);
    g_assert_true (scan_in_pieces (bytes, 7).bad_control);
    g_assert_false (is_too_big (bytes));
    /* What is too long is no goodbye. */
    g_assert_cmpuint (
        opcode == 8 ? 1 : 0, ==, scan_in_pieces (bytes, 7).n_closes);
  }
}

static void
no_limit_is_no_limit (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  GstRtcFrameScan scan = {0};

  add_frame (bytes, 0x81, FALSE, 100000);
  gst_rtc_frame_scan_feed (&scan, bytes->data, bytes->len);
  g_assert_false (scan.too_big);
  g_assert_cmpuint (100000, ==, scan.data_bytes);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame-scan/frames-are-counted-however-they-come",
      frames_are_counted_however_they_come);
  g_test_add_func ("/frame-scan/fragments-add-up", fragments_add_up);
  g_test_add_func ("/frame-scan/a-new-message-starts-from-nothing",
      a_new_message_starts_from_nothing);
  g_test_add_func ("/frame-scan/a-length-is-enough-to-be-too-big",
      a_length_is_enough_to_be_too_big);
  g_test_add_func ("/frame-scan/a-control-frame-has-a-limit-of-its-own",
      a_control_frame_has_a_limit_of_its_own);
  g_test_add_func ("/frame-scan/no-limit-is-no-limit", no_limit_is_no_limit);
  return g_test_run ();
}
