/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream that libsoup is given instead of the socket: it bounds what
 * libsoup 3.2 does not, and knows when the peer was last heard. Belongs to
 * the thread of the server. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define GST_RTC_TYPE_GUARD_STREAM (gst_rtc_guard_stream_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRtcGuardStream, gst_rtc_guard_stream, GST_RTC, GUARD_STREAM, GIOStream)

/**
 * GstRtcGuardLimits:
 * @max_request_bytes: of the HTTP request
 * @max_request_lines: of it
 * @max_message_bytes: of a WebSocket message, all its fragments together
 * @max_message_rate: frames a second, on average; ten seconds' worth at once
 * @max_byte_rate: bytes a second, on average; ten seconds' worth at once
 * @first_seconds: how many seconds' worth are there at the start
 */
typedef struct
{
  gsize max_request_bytes;
  guint max_request_lines;
  gsize max_message_bytes;
  guint max_message_rate;
  guint max_byte_rate;
  guint first_seconds;
} GstRtcGuardLimits;

/* Called once when the peer broke a limit; nothing that it sends reaches
 * libsoup from then on. Runs inside a read, so it may only take notice.
 * @code is a WebSocket close code. */
typedef void (*GstRtcGuardFaultFunc) (
    guint16 code, const gchar *reason, gpointer user_data);

/* Called once when libsoup is through with the stream; may only take notice
 * too. */
typedef void (*GstRtcGuardClosedFunc) (gpointer user_data);

/* @base carries the bytes (the socket, or TLS over it), @socket is what is
 * closed in the end. */
GstRtcGuardStream *gst_rtc_guard_stream_new (GIOStream *base,
    GSocketConnection *socket,
    const GstRtcGuardLimits *limits) G_GNUC_WARN_UNUSED_RESULT;

/* NULL to disconnect. */
void gst_rtc_guard_stream_set_funcs (GstRtcGuardStream *guard,
    GstRtcGuardFaultFunc fault_func, GstRtcGuardClosedFunc closed_func,
    gpointer user_data);

/* TRUE once the HTTP request is complete and its answer has begun. */
gboolean gst_rtc_guard_stream_is_answered (GstRtcGuardStream *guard);

/* Monotonic time of the last byte that was received. */
gint64 gst_rtc_guard_stream_get_last_seen (GstRtcGuardStream *guard);

/* For the messages from now on. */
void gst_rtc_guard_stream_set_max_message_bytes (
    GstRtcGuardStream *guard, gsize max_message_bytes);

/* Payload of the messages that the system has taken so far, and how many. */
guint64 gst_rtc_guard_stream_get_data_written (GstRtcGuardStream *guard);
guint64 gst_rtc_guard_stream_get_n_written (GstRtcGuardStream *guard);

/* Ends the connection at once; libsoup then finds it closed. */
void gst_rtc_guard_stream_cut (GstRtcGuardStream *guard);

G_END_DECLS
