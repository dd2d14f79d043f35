/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows the frames of a WebSocket without keeping them. Belongs to one
 * thread. */
#include "rtcframescan.h"

#define FINAL 0x80
#define MASKED 0x80
#define OPCODE_CLOSE 0x8
#define OPCODE_PING 0x9
#define OPCODE_PONG 0xa
#define MAX_CONTROL_BYTES 125

static guint
get_opcode (const GstRtcFrameScan *scan)
{
  return scan->header[0] & 0x0f;
}

static gboolean
is_control (const GstRtcFrameScan *scan)
{
  return (get_opcode (scan) & 0x8) != 0;
}

/* Bytes of length that follow the first two bytes. */
static guint
get_length_size (const GstRtcFrameScan *scan)
{
  switch (scan->header[1] & 0x7f) {
    case 126:
      return 2;
    case 127:
      return 8;
    default:
      return 0;
  }
}

static guint
get_header_size (const GstRtcFrameScan *scan)
{
  if (scan->header_length < 2)
    return 2;
  return 2 + get_length_size (scan) + (scan->header[1] & MASKED ? 4 : 0);
}

static guint64
get_payload_size (const GstRtcFrameScan *scan)
{
  guint size = get_length_size (scan);
  guint64 length = 0;

  if (size == 0)
    return scan->header[1] & 0x7f;
  for (guint i = 0; i < size; i++)
    length = length << 8 | scan->header[2 + i];
  return length;
}

static void
end_frame (GstRtcFrameScan *scan)
{
  const gboolean is_data = !is_control (scan);

  if (is_data && (scan->header[0] & FINAL))
    scan->message_bytes = 0;
  scan->header_length = 0;
  scan->n_ended++;
  scan->n_data += is_data ? 1 : 0;
}

static void
check_length (GstRtcFrameScan *scan)
{
  const guint64 length = get_payload_size (scan);

  if (is_control (scan))
    scan->bad_control |= length > MAX_CONTROL_BYTES;
  else if (scan->max_message_bytes &&
           length > scan->max_message_bytes - scan->message_bytes)
    scan->too_big = TRUE;
}

static void
begin_payload (GstRtcFrameScan *scan)
{
  scan->n_frames++;
  scan->n_pings += get_opcode (scan) == OPCODE_PING ? 1 : 0;
  scan->n_pongs += get_opcode (scan) == OPCODE_PONG ? 1 : 0;
  scan->payload_left = get_payload_size (scan);
  /* One that is too long is no goodbye. */
  scan->n_closes += get_opcode (scan) == OPCODE_CLOSE &&
                            scan->payload_left <= MAX_CONTROL_BYTES
                        ? 1
                        : 0;
  if (scan->payload_left == 0)
    end_frame (scan);
}

/* The length is looked at before the mask has come: libsoup does so too, and
 * then ends the connection without a word. */
static void
take_header_byte (GstRtcFrameScan *scan, guint8 byte)
{
  scan->header[scan->header_length++] = byte;
  if (scan->header_length < 2)
    return;
  if (scan->header_length == 2 + get_length_size (scan))
    check_length (scan);
  if (scan->header_length == get_header_size (scan))
    begin_payload (scan);
}

static void
take_payload (GstRtcFrameScan *scan, gsize length)
{
  scan->payload_left -= length;
  if (!is_control (scan)) {
    scan->data_bytes += length;
    scan->message_bytes += length;
  }
  if (scan->payload_left == 0)
    end_frame (scan);
}

void
gst_rtc_frame_scan_feed (
    GstRtcFrameScan *scan, const guint8 *data, gsize length)
{
  while (length > 0) {
    gsize taken = 1;

    if (scan->payload_left > 0) {
      taken = (gsize)MIN (scan->payload_left, length);
      take_payload (scan, taken);
    } else {
      take_header_byte (scan, *data);
    }
    data += taken;
    length -= taken;
  }
}

gboolean
gst_rtc_frame_scan_is_inside (const GstRtcFrameScan *scan)
{
  return scan->header_length > 0;
}
