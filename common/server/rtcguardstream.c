/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stream between libsoup and the socket: counts and bounds. Belongs to
 * the thread of the server.
 *
 * libsoup 3.2 has no limit for a message in fragments, for a half-sent
 * request, for a pong or for pongs that are not taken. Bytes pass unchanged. */
#include "rtcguardstream.h"

#include <string.h>
#include <sys/socket.h>

#include "rtcbodyscan.h"
#include "rtcbucket.h"
#include "rtcframescan.h"

/* Between two reads from a peer at fault, so that it costs next to nothing and
 * the network slows it down. */
#define DROP_INTERVAL_MS 10
/* Pongs that libsoup may have waiting for a peer that does not read. */
#define MAX_PONGS_WAITING 64
/* For one frame. Who sends a byte now and then is heard, yet answers no ping
 * meanwhile: nothing can come inside a frame. */
#define MAX_FRAME_TIME (10 * G_TIME_SPAN_SECOND)

#define CLOSE_PROTOCOL 1002
#define CLOSE_POLICY 1008
#define CLOSE_TOO_BIG 1009

/* Where the answer begins with this, frames follow. */
static const gchar switching[] = "HTTP/1.1 101";
#define SWITCHING_LENGTH (sizeof (switching) - 1)

typedef enum
{
  PHASE_REQUEST,  /* until the empty line */
  PHASE_WAIT,     /* for the answer; nothing may come meanwhile */
  PHASE_ANSWERED, /* anything but an upgrade */
  PHASE_FRAMES
} Phase;

#define GST_RTC_TYPE_GUARD_INPUT (gst_rtc_guard_input_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRtcGuardInput, gst_rtc_guard_input, GST_RTC, GUARD_INPUT, GInputStream)

#define GST_RTC_TYPE_GUARD_OUTPUT (gst_rtc_guard_output_get_type ())
G_DECLARE_FINAL_TYPE (GstRtcGuardOutput, gst_rtc_guard_output, GST_RTC,
    GUARD_OUTPUT, GOutputStream)

struct _GstRtcGuardInput
{
  GInputStream parent;
  GstRtcGuardStream *guard; /* NULL once that is gone */
  GInputStream *base;
};

struct _GstRtcGuardOutput
{
  GOutputStream parent;
  GstRtcGuardStream *guard;
  GOutputStream *base;
};

struct _GstRtcGuardStream
{
  GIOStream parent;

  GIOStream *base;
  GSocketConnection *socket;
  GstRtcGuardInput *input;
  GstRtcGuardOutput *output;

  GstRtcGuardLimits limits;
  GstRtcGuardFaultFunc fault_func;
  GstRtcGuardClosedFunc closed_func;
  gpointer user_data;
  gboolean faulty;
  gboolean had_turn; /* has read in this round of the main loop */

  Phase phase;
  gsize request_bytes;
  guint request_lines;
  gsize line_length; /* of the line of the request that is being read */
  GstRtcBodyScan body;
  gint64 last_seen;
  GstRtcBucket frames;
  GstRtcBucket bytes;
  GstRtcFrameScan incoming;
  gint64 frame_begun; /* the frame that is not complete, 0 without one */

  gsize answer_bytes;       /* seen of its first line */
  gsize answer_line_length; /* of the headers before the frames */
  gboolean answer_headers_done;
  GstRtcFrameScan outgoing;
};

static void gst_rtc_guard_input_poll_init (
    GPollableInputStreamInterface *iface);
static void gst_rtc_guard_output_poll_init (
    GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GstRtcGuardInput, gst_rtc_guard_input,
    G_TYPE_INPUT_STREAM,
    G_IMPLEMENT_INTERFACE (
        G_TYPE_POLLABLE_INPUT_STREAM, gst_rtc_guard_input_poll_init))
G_DEFINE_FINAL_TYPE_WITH_CODE (GstRtcGuardOutput, gst_rtc_guard_output,
    G_TYPE_OUTPUT_STREAM,
    G_IMPLEMENT_INTERFACE (
        G_TYPE_POLLABLE_OUTPUT_STREAM, gst_rtc_guard_output_poll_init))
G_DEFINE_FINAL_TYPE (GstRtcGuardStream, gst_rtc_guard_stream, G_TYPE_IO_STREAM)

static void
report_fault (GstRtcGuardStream *guard, guint16 code, const gchar *reason)
{
  if (guard->faulty)
    return;
  guard->faulty = TRUE;
  if (guard->fault_func)
    guard->fault_func (code, reason, guard->user_data);
}

/* Takes one byte of headers, in lines that may end in LF alone as libsoup
 * allows. TRUE when it ends them. */
static gboolean
take_header_byte (gsize *line_length, guint8 byte)
{
  if (byte == '\n') {
    if (*line_length == 0)
      return TRUE;
    *line_length = 0;
  } else if (byte != '\r') {
    (*line_length)++;
  }
  return FALSE;
}

/* Requests here have no body, and frames may come only after the answer, so
 * that it is certain where they begin. */
static void
watch_request (GstRtcGuardStream *guard, const guint8 *data, gsize length)
{
  gsize at = 0;
  gboolean has_body = FALSE;

  guard->request_bytes += length;
  while (at < length && guard->phase == PHASE_REQUEST) {
    has_body |= gst_rtc_body_scan (&guard->body, data[at]);
    guard->request_lines += data[at] == '\n' ? 1 : 0;
    if (take_header_byte (&guard->line_length, data[at++]))
      guard->phase = PHASE_WAIT;
  }
  if (has_body)
    report_fault (guard, CLOSE_POLICY, "a request with a body");
  else if (guard->request_bytes > guard->limits.max_request_bytes)
    report_fault (guard, CLOSE_TOO_BIG, "request too long");
  else if (guard->request_lines > guard->limits.max_request_lines)
    report_fault (guard, CLOSE_TOO_BIG, "request of too many lines");
  else if (at < length)
    report_fault (guard, CLOSE_POLICY, "data after the request");
}

/* FALSE when a frame has been coming for too long. */
static gboolean
check_frame_time (GstRtcGuardStream *guard, guint64 ended_before, gint64 now)
{
  if (!gst_rtc_frame_scan_is_inside (&guard->incoming))
    guard->frame_begun = 0;
  else if (!guard->frame_begun || guard->incoming.n_ended != ended_before)
    guard->frame_begun = now;
  return !guard->frame_begun || now - guard->frame_begun <= MAX_FRAME_TIME;
}

static void
watch_frames (GstRtcGuardStream *guard, const guint8 *data, gsize length)
{
  guint64 before = guard->incoming.n_frames;
  guint64 ended_before = guard->incoming.n_ended;
  gint64 now = guard->last_seen;
  gdouble new_frames;

  gst_rtc_frame_scan_feed (&guard->incoming, data, length);
  new_frames = (gdouble)(guard->incoming.n_frames - before);
  if (guard->incoming.too_big)
    report_fault (guard, CLOSE_TOO_BIG, "message too long");
  else if (guard->incoming.bad_control)
    report_fault (guard, CLOSE_PROTOCOL, "control frame too long");
  else if (!gst_rtc_bucket_take (&guard->frames, new_frames, now))
    report_fault (guard, CLOSE_POLICY, "too many messages");
  else if (!gst_rtc_bucket_take (&guard->bytes, (gdouble)length, now))
    report_fault (guard, CLOSE_POLICY, "too many bytes");
  else if (!check_frame_time (guard, ended_before, now))
    report_fault (guard, CLOSE_POLICY, "a frame takes too long");
  else if (guard->incoming.n_pings >
           guard->outgoing.n_pongs + MAX_PONGS_WAITING)
    report_fault (guard, CLOSE_POLICY, "pongs are not read");
}

static void
watch_input (GstRtcGuardStream *guard, const guint8 *data, gsize length)
{
  guard->last_seen = g_get_monotonic_time ();
  if (guard->faulty)
    gst_rtc_frame_scan_feed (&guard->incoming, data, length);
  else if (guard->phase == PHASE_FRAMES)
    watch_frames (guard, data, length);
  else
    watch_request (guard, data, length);
}

static void
begin_frames (GstRtcGuardStream *guard)
{
  gint64 now = g_get_monotonic_time ();

  guard->phase = PHASE_FRAMES;
  guard->last_seen = now;
  gst_rtc_bucket_init (&guard->frames, guard->limits.max_message_rate,
      guard->limits.first_seconds, now);
  gst_rtc_bucket_init (&guard->bytes, guard->limits.max_byte_rate,
      guard->limits.first_seconds, now);
}

static void
watch_answer_byte (GstRtcGuardStream *guard, guint8 byte)
{
  if (guard->answer_bytes < SWITCHING_LENGTH) {
    if (byte != (guint8)switching[guard->answer_bytes])
      guard->phase = PHASE_ANSWERED;
    else if (++guard->answer_bytes == SWITCHING_LENGTH)
      begin_frames (guard);
  }
  if (take_header_byte (&guard->answer_line_length, byte))
    guard->answer_headers_done = TRUE;
}

static void
watch_output (GstRtcGuardStream *guard, const guint8 *data, gsize length)
{
  gsize at = 0;

  while (at < length && guard->phase != PHASE_ANSWERED &&
         !guard->answer_headers_done)
    watch_answer_byte (guard, data[at++]);
  if (guard->phase == PHASE_FRAMES)
    gst_rtc_frame_scan_feed (&guard->outgoing, data + at, length - at);
}

/* What a peer at fault sends is dropped, so that it can read why it is
 * closed; its own goodbye is the end. */
static gssize
drop_read (GstRtcGuardStream *guard, GError **error)
{
  if (guard->phase == PHASE_REQUEST || guard->phase == PHASE_WAIT) {
    /* At an end libsoup would take what it has for the whole request. */
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
        "the request is refused");
    return -1;
  }
  if (guard->phase != PHASE_FRAMES || guard->incoming.n_closes > 0)
    return 0;
  g_set_error_literal (
      error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "peer is being closed");
  return -1;
}

static gssize
gst_rtc_guard_input_read (GInputStream *stream, void *buffer, gsize count,
    GCancellable *cancellable, GError **error)
{
  GstRtcGuardInput *self = GST_RTC_GUARD_INPUT (stream);
  gssize length =
      g_input_stream_read (self->base, buffer, count, cancellable, error);

  if (length > 0 && self->guard) {
    watch_input (self->guard, buffer, (gsize)length);
    if (self->guard->faulty)
      return drop_read (self->guard, error);
  }
  return length;
}

/* libsoup reads for as long as something comes, which from a peer that never
 * pauses would be until a limit is reached. One read is a turn. */
static gboolean
take_turn (GstRtcGuardStream *guard)
{
  guard->had_turn = guard->phase == PHASE_FRAMES && !guard->had_turn;
  return guard->phase != PHASE_FRAMES || guard->had_turn;
}

static gssize
gst_rtc_guard_input_read_nonblocking (
    GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  GstRtcGuardInput *self = GST_RTC_GUARD_INPUT (stream);
  gssize length;

  if (self->guard && !take_turn (self->guard)) {
    g_set_error_literal (
        error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "others have their turn");
    return -1;
  }
  length = g_pollable_input_stream_read_nonblocking (
      G_POLLABLE_INPUT_STREAM (self->base), buffer, count, NULL, error);
  if (length > 0 && self->guard) {
    watch_input (self->guard, buffer, (gsize)length);
    if (self->guard->faulty)
      return drop_read (self->guard, error);
  }
  return length;
}

static gboolean
gst_rtc_guard_input_can_poll (GPollableInputStream *stream)
{
  return g_pollable_input_stream_can_poll (
      G_POLLABLE_INPUT_STREAM (GST_RTC_GUARD_INPUT (stream)->base));
}

static gboolean
gst_rtc_guard_input_is_readable (GPollableInputStream *stream)
{
  return g_pollable_input_stream_is_readable (
      G_POLLABLE_INPUT_STREAM (GST_RTC_GUARD_INPUT (stream)->base));
}

static GSource *
gst_rtc_guard_input_create_source (
    GPollableInputStream *stream, GCancellable *cancellable)
{
  GstRtcGuardInput *self = GST_RTC_GUARD_INPUT (stream);
  g_autoptr (GSource) source =
      self->guard && self->guard->faulty
          ? g_timeout_source_new (DROP_INTERVAL_MS)
          : g_pollable_input_stream_create_source (
                G_POLLABLE_INPUT_STREAM (self->base), NULL);

  return g_pollable_source_new_full (stream, source, cancellable);
}

/* The socket is closed by the stream that owns both halves. */
static gboolean
gst_rtc_guard_input_close (
    GInputStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
gst_rtc_guard_input_finalize (GObject *object)
{
  g_object_unref (GST_RTC_GUARD_INPUT (object)->base);
  G_OBJECT_CLASS (gst_rtc_guard_input_parent_class)->finalize (object);
}

static void
gst_rtc_guard_input_class_init (GstRtcGuardInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_rtc_guard_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = gst_rtc_guard_input_read;
  G_INPUT_STREAM_CLASS (klass)->close_fn = gst_rtc_guard_input_close;
}

static void
gst_rtc_guard_input_init (GstRtcGuardInput *self)
{
}

static void
gst_rtc_guard_input_poll_init (GPollableInputStreamInterface *iface)
{
  iface->can_poll = gst_rtc_guard_input_can_poll;
  iface->is_readable = gst_rtc_guard_input_is_readable;
  iface->create_source = gst_rtc_guard_input_create_source;
  iface->read_nonblocking = gst_rtc_guard_input_read_nonblocking;
}

static gssize
gst_rtc_guard_output_write (GOutputStream *stream, const void *buffer,
    gsize count, GCancellable *cancellable, GError **error)
{
  GstRtcGuardOutput *self = GST_RTC_GUARD_OUTPUT (stream);
  gssize length =
      g_output_stream_write (self->base, buffer, count, cancellable, error);

  if (length > 0 && self->guard)
    watch_output (self->guard, buffer, (gsize)length);
  return length;
}

static gssize
gst_rtc_guard_output_write_nonblocking (GPollableOutputStream *stream,
    const void *buffer, gsize count, GError **error)
{
  GstRtcGuardOutput *self = GST_RTC_GUARD_OUTPUT (stream);
  gssize length = g_pollable_output_stream_write_nonblocking (
      G_POLLABLE_OUTPUT_STREAM (self->base), buffer, count, NULL, error);

  if (length > 0 && self->guard)
    watch_output (self->guard, buffer, (gsize)length);
  return length;
}

static gboolean
gst_rtc_guard_output_can_poll (GPollableOutputStream *stream)
{
  return g_pollable_output_stream_can_poll (
      G_POLLABLE_OUTPUT_STREAM (GST_RTC_GUARD_OUTPUT (stream)->base));
}

static gboolean
gst_rtc_guard_output_is_writable (GPollableOutputStream *stream)
{
  return g_pollable_output_stream_is_writable (
      G_POLLABLE_OUTPUT_STREAM (GST_RTC_GUARD_OUTPUT (stream)->base));
}

static GSource *
gst_rtc_guard_output_create_source (
    GPollableOutputStream *stream, GCancellable *cancellable)
{
  g_autoptr (GSource) source = g_pollable_output_stream_create_source (
      G_POLLABLE_OUTPUT_STREAM (GST_RTC_GUARD_OUTPUT (stream)->base), NULL);

  return g_pollable_source_new_full (stream, source, cancellable);
}

static gboolean
gst_rtc_guard_output_close (
    GOutputStream *stream, GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static void
gst_rtc_guard_output_finalize (GObject *object)
{
  g_object_unref (GST_RTC_GUARD_OUTPUT (object)->base);
  G_OBJECT_CLASS (gst_rtc_guard_output_parent_class)->finalize (object);
}

static void
gst_rtc_guard_output_class_init (GstRtcGuardOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_rtc_guard_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = gst_rtc_guard_output_write;
  G_OUTPUT_STREAM_CLASS (klass)->close_fn = gst_rtc_guard_output_close;
}

static void
gst_rtc_guard_output_init (GstRtcGuardOutput *self)
{
}

static void
gst_rtc_guard_output_poll_init (GPollableOutputStreamInterface *iface)
{
  iface->can_poll = gst_rtc_guard_output_can_poll;
  iface->is_writable = gst_rtc_guard_output_is_writable;
  iface->create_source = gst_rtc_guard_output_create_source;
  iface->write_nonblocking = gst_rtc_guard_output_write_nonblocking;
}

GstRtcGuardStream *
gst_rtc_guard_stream_new (
    GIOStream *base, GSocketConnection *socket, const GstRtcGuardLimits *limits)
{
  GstRtcGuardStream *guard = g_object_new (GST_RTC_TYPE_GUARD_STREAM, NULL);

  guard->base = g_object_ref (base);
  guard->socket = g_object_ref (socket);
  guard->limits = *limits;
  guard->incoming.max_message_bytes = limits->max_message_bytes;
  guard->last_seen = g_get_monotonic_time ();
  guard->input->base = g_object_ref (g_io_stream_get_input_stream (base));
  guard->output->base = g_object_ref (g_io_stream_get_output_stream (base));
  return guard;
}

void
gst_rtc_guard_stream_set_funcs (GstRtcGuardStream *guard,
    GstRtcGuardFaultFunc fault_func, GstRtcGuardClosedFunc closed_func,
    gpointer user_data)
{
  guard->fault_func = fault_func;
  guard->closed_func = closed_func;
  guard->user_data = user_data;
}

gboolean
gst_rtc_guard_stream_is_answered (GstRtcGuardStream *guard)
{
  return guard->phase == PHASE_ANSWERED || guard->phase == PHASE_FRAMES;
}

gint64
gst_rtc_guard_stream_get_last_seen (GstRtcGuardStream *guard)
{
  return guard->last_seen;
}

void
gst_rtc_guard_stream_set_max_message_bytes (
    GstRtcGuardStream *guard, gsize max_message_bytes)
{
  guard->incoming.max_message_bytes = max_message_bytes;
}

guint64
gst_rtc_guard_stream_get_n_written (GstRtcGuardStream *guard)
{
  return guard->outgoing.n_data;
}

guint64
gst_rtc_guard_stream_get_data_written (GstRtcGuardStream *guard)
{
  return guard->outgoing.data_bytes;
}

void
gst_rtc_guard_stream_cut (GstRtcGuardStream *guard)
{
  GSocket *socket = g_socket_connection_get_socket (guard->socket);
  struct linger linger = {.l_onoff = 1, .l_linger = 0};

  if (g_socket_is_closed (socket))
    return;
  /* What a peer that does not read has not taken is thrown away. */
  setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &linger,
      sizeof (linger));
  g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

static GInputStream *
gst_rtc_guard_stream_get_input (GIOStream *stream)
{
  return G_INPUT_STREAM (GST_RTC_GUARD_STREAM (stream)->input);
}

static GOutputStream *
gst_rtc_guard_stream_get_output (GIOStream *stream)
{
  return G_OUTPUT_STREAM (GST_RTC_GUARD_STREAM (stream)->output);
}

/* Not the TLS stream: saying goodbye could block on a peer that does not
 * read. */
static gboolean
gst_rtc_guard_stream_close (
    GIOStream *stream, GCancellable *cancellable, GError **error)
{
  GstRtcGuardStream *guard = GST_RTC_GUARD_STREAM (stream);

  if (guard->closed_func)
    guard->closed_func (guard->user_data);
  return g_io_stream_close (G_IO_STREAM (guard->socket), cancellable, error);
}

/* GIO would close in a thread of a pool. While that is at it a cut could hit
 * whoever has got the number of the descriptor meanwhile. */
static void
gst_rtc_guard_stream_close_async (GIOStream *stream, int io_priority,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (stream, cancellable, callback, user_data);
  GError *error = NULL;

  g_task_set_source_tag (task, gst_rtc_guard_stream_close_async);
  if (gst_rtc_guard_stream_close (stream, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
gst_rtc_guard_stream_close_finish (
    GIOStream *stream, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
gst_rtc_guard_stream_finalize (GObject *object)
{
  GstRtcGuardStream *guard = GST_RTC_GUARD_STREAM (object);

  guard->input->guard = NULL;
  guard->output->guard = NULL;
  g_object_unref (guard->input);
  g_object_unref (guard->output);
  g_clear_object (&guard->base);
  g_clear_object (&guard->socket);
  G_OBJECT_CLASS (gst_rtc_guard_stream_parent_class)->finalize (object);
}

static void
gst_rtc_guard_stream_class_init (GstRtcGuardStreamClass *klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  stream_class->get_input_stream = gst_rtc_guard_stream_get_input;
  stream_class->get_output_stream = gst_rtc_guard_stream_get_output;
  stream_class->close_fn = gst_rtc_guard_stream_close;
  stream_class->close_async = gst_rtc_guard_stream_close_async;
  stream_class->close_finish = gst_rtc_guard_stream_close_finish;
  G_OBJECT_CLASS (klass)->finalize = gst_rtc_guard_stream_finalize;
}

static void
gst_rtc_guard_stream_init (GstRtcGuardStream *guard)
{
  guard->input = g_object_new (GST_RTC_TYPE_GUARD_INPUT, NULL);
  guard->output = g_object_new (GST_RTC_TYPE_GUARD_OUTPUT, NULL);
  guard->input->guard = guard;
  guard->output->guard = guard;
}
