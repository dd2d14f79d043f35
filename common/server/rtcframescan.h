/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows the frames of a WebSocket (RFC 6455 section 5.2) in one direction
 * without keeping a byte of them. No I/O; belongs to one thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GstRtcFrameScan:
 * @max_message_bytes: set by the caller; 0 for no limit
 * @n_frames: frames that began
 * @n_ended: frames that are complete
 * @n_pings, @n_pongs, @n_closes: of them
 * @n_data: frames of text and binary messages that are complete
 * @data_bytes: payload of these
 * @too_big: a message, all its fragments together, passes the limit; known
 *   as soon as a length says so
 * @bad_control: a control frame is longer than RFC 6455 section 5.5 allows
 *
 * Zero it to start.
 */
typedef struct
{
  gsize max_message_bytes;
  guint64 n_frames;
  guint64 n_ended;
  guint64 n_pings;
  guint64 n_pongs;
  guint64 n_closes;
  guint64 n_data;
  guint64 data_bytes;
  gboolean too_big;
  gboolean bad_control;

  /*< private >*/
  guint8 header[14];
  guint header_length;
  guint64 payload_left;
  gsize message_bytes;
} GstRtcFrameScan;

void gst_rtc_frame_scan_feed (
    GstRtcFrameScan *scan, const guint8 *data, gsize length);

/* TRUE in the middle of a frame. */
gboolean gst_rtc_frame_scan_is_inside (const GstRtcFrameScan *scan);

G_END_DECLS
