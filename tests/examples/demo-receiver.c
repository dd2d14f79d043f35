/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The receiving process of rtc-demo: starts the publisher, lets the recorder
 * receive, tells what happens and says in the end whether it worked. Main
 * thread. */
#include "demo-recorder.h"
#include "demo.h"

#include <gio/gio.h>
#include <glib-unix.h>

#include <math.h>
#include <signal.h>
#include <string.h>

/* All in ms. */
#define READY_TIMEOUT 20000 /* until the publisher is ready */
#define FRAME_TIMEOUT 15000 /* from there to the first media */
#define DRAIN_TIME 500      /* for what is under way or in a jitter buffer */
#define STOP_TIMEOUT 5000   /* for the file to be completed */

typedef enum
{
  PHASE_STARTING, /* the publisher gets ready */
  PHASE_WAITING,  /* no media yet */
  PHASE_RECEIVING,
  PHASE_DRAINING, /* the publisher has stopped or been asked to */
  PHASE_STOPPING, /* the file is being completed */
  PHASE_KEEPING,  /* the verdict is out, the publisher goes on */
  PHASE_ENDED
} Phase;

typedef struct
{
  const DemoOptions *options;
  GMainLoop *loop;
  gint64 start; /* monotonic time, us */
  Phase phase;
  gint status;
  guint timer;

  GSubprocess *child;
  GDataInputStream *child_output;
  GOutputStream *child_input; /* borrowed */
  GCancellable *cancellable;
  gboolean child_exited;
  gboolean child_silent; /* its output has ended */
  gboolean child_gone;   /* both */
  gchar *page;

  DemoRecorder *recorder; /* NULL until the publisher is ready */
  gboolean wants_video;
  gboolean wants_audio;
  gint64 asked_to_join; /* monotonic time, us */
  guint seconds;
  DemoFigures before; /* a second ago */
  guint64 n_received; /* frames, just before the publisher counts its own */
  guint64 n_sent;
  gboolean sent_known;
  gboolean file_complete;
  gchar *failure; /* the first thing that went wrong */
} Receiver;

static void stop (Receiver *self);
static void end (Receiver *self);

static void say (Receiver *self, const gchar *who, const gchar *format, ...)
    G_GNUC_PRINTF (3, 4);

static void
say (Receiver *self, const gchar *who, const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%7.2f s  %-9s  %s\n",
      (gdouble)(g_get_monotonic_time () - self->start) / G_USEC_PER_SEC, who,
      text);
}

/* Takes @text. */
static void
fail (Receiver *self, gchar *text)
{
  if (self->failure)
    g_free (text);
  else
    self->failure = text;
  stop (self);
}

static void
set_timer (Receiver *self, guint timeout, GSourceFunc func)
{
  if (self->timer)
    g_source_remove (self->timer);
  self->timer = timeout ? g_timeout_add (timeout, func, self) : 0;
}

static void
command (Receiver *self, const gchar *line)
{
  if (self->child_gone || !self->child_input)
    return;
  g_output_stream_write_all (
      self->child_input, line, strlen (line), NULL, NULL, NULL);
}

/* Files. */

static gchar *
get_file_name (Receiver *self, const gchar *suffix)
{
  return g_strconcat (self->options->output, suffix, NULL);
}

static gboolean
write_picture (Receiver *self)
{
  g_autofree gchar *name = get_file_name (self, ".png");
  g_autoptr (GError) error = NULL;

  if (demo_recorder_write_picture (self->recorder, name, &error))
    return TRUE;
  say (self, "receiver", "no picture: %s", error->message);
  return FALSE;
}

static void
print_file (Receiver *self, const gchar *suffix)
{
  g_autofree gchar *name = get_file_name (self, suffix);
  g_autoptr (GFile) file = g_file_new_for_path (name);
  g_autoptr (GFileInfo) info = g_file_query_info (
      file, G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE, NULL, NULL);

  if (info) {
    g_autofree gchar *size =
        g_format_size ((guint64)g_file_info_get_size (info));
    g_print ("  file   %s (%s)\n", name, size);
  }
}

/* Figures. */

static gboolean
on_second (gpointer user_data)
{
  Receiver *self = user_data;
  g_autoptr (GString) line = g_string_new (NULL);
  DemoFigures now;

  demo_recorder_get_figures (self->recorder, &now);
  if (self->wants_video) {
    g_string_append_printf (line,
        "%4" G_GUINT64_FORMAT " frames (%2" G_GUINT64_FORMAT "/s), %dx%d, ",
        now.n_frames, now.n_frames - self->before.n_frames, now.width,
        now.height);
  }
  if (self->wants_audio) {
    g_string_append_printf (
        line, "audio %4.1f s, ", (gdouble)now.audio_time / GST_SECOND);
  }
  g_string_append_printf (line, "%4" G_GUINT64_FORMAT " kbit/s",
      (now.n_bytes - self->before.n_bytes) * 8 / 1000);
  if (now.lost >= 0) {
    g_string_append_printf (
        line, ", %" G_GINT64_FORMAT " packets lost", now.lost);
  }
  say (self, "receiver", "%s", line->str);
  self->before = now;

  self->seconds++;
  if (self->seconds == (guint)MAX (1, self->options->seconds / 2))
    demo_recorder_choose_picture (self->recorder);
  if (self->seconds < (guint)self->options->seconds)
    return G_SOURCE_CONTINUE;
  self->timer = 0;
  stop (self);
  return G_SOURCE_REMOVE;
}

static void
on_first_media (Receiver *self)
{
  gint64 after = g_get_monotonic_time () - self->asked_to_join;

  if (self->phase != PHASE_WAITING)
    return;
  self->phase = PHASE_RECEIVING;
  say (self, "receiver", "first %s after %" G_GINT64_FORMAT " ms",
      self->wants_video ? "frame" : "audio", after / 1000);
  demo_recorder_get_figures (self->recorder, &self->before);
  self->before.n_frames = 0;
  set_timer (self, 1000, on_second);
}

/* The end. */

static gboolean
print_verdict (Receiver *self)
{
  DemoFigures all;
  gboolean picture;

  demo_recorder_get_figures (self->recorder, &all);
  /* More may have come since, where the publisher goes on. */
  if (self->sent_known)
    all.n_frames = self->n_received;
  picture = all.n_frames > 0 && write_picture (self);
  if (!self->failure && self->wants_video && all.n_frames == 0)
    self->failure = g_strdup ("no frame arrived");
  if (!self->failure && self->wants_audio && all.audio_time == 0)
    self->failure = g_strdup ("no audio arrived");
  if (!self->failure && !self->file_complete)
    self->failure = g_strdup ("the file could not be completed");

  g_print ("\n");
  if (self->wants_video) {
    g_print ("  video  ");
    /* A Janus takes frames before anybody looks on. */
    if (self->sent_known && !self->options->janus)
      g_print ("%" G_GUINT64_FORMAT " frames sent, ", self->n_sent);
    g_print ("%" G_GUINT64_FORMAT " frames received, %dx%d", all.n_frames,
        all.width, all.height);
    if (all.lost >= 0)
      g_print (", %" G_GINT64_FORMAT " packets lost", all.lost);
    g_print ("\n");
  }
  if (self->wants_audio) {
    g_print ("  audio  %.1f s received, loudest %.0f dB\n",
        (gdouble)all.audio_time / GST_SECOND,
        20 * log10 (MAX (all.loudest, 1e-5)));
  }
  if (all.n_frames > 0 || all.audio_time > 0)
    print_file (self, ".webm");
  if (picture)
    print_file (self, ".png");
  if (self->failure)
    g_print ("It did not work: %s\n", self->failure);
  else
    g_print ("It works.\n");
  return self->failure == NULL;
}

static gboolean
on_child_overdue (gpointer user_data)
{
  Receiver *self = user_data;

  self->timer = 0;
  say (self, "publisher", "does not stop, ending it");
  g_subprocess_force_exit (self->child);
  return G_SOURCE_REMOVE;
}

static void
end (Receiver *self)
{
  self->phase = PHASE_ENDED;
  if (self->child_gone || !self->child) {
    g_main_loop_quit (self->loop);
    return;
  }
  g_output_stream_close (self->child_input, NULL, NULL);
  set_timer (self, STOP_TIMEOUT, on_child_overdue);
}

/* The file is complete, or never will be. */
static void
finish (Receiver *self)
{
  set_timer (self, 0, NULL);
  if (self->recorder) {
    gboolean good = print_verdict (self);

    demo_recorder_stop (self->recorder);
    if (good && self->options->keep && !self->child_gone) {
      self->phase = PHASE_KEEPING;
      g_print ("\nThe publisher goes on: %s shows it. Ctrl-C ends it.\n",
          self->page);
      return;
    }
  } else {
    g_print ("\nIt did not work: %s\n", self->failure);
  }
  if (self->failure)
    self->status = 1;
  end (self);
}

static gboolean
on_file_overdue (gpointer user_data)
{
  Receiver *self = user_data;

  self->timer = 0;
  finish (self);
  return G_SOURCE_REMOVE;
}

static void
complete_file (Receiver *self)
{
  self->phase = PHASE_STOPPING;
  if (self->file_complete) {
    finish (self);
    return;
  }
  set_timer (self, STOP_TIMEOUT, on_file_overdue);
  demo_recorder_end (self->recorder);
}

static gboolean
on_count_overdue (gpointer user_data)
{
  Receiver *self = user_data;

  self->timer = 0;
  complete_file (self);
  return G_SOURCE_REMOVE;
}

/* First what has arrived, then what was sent: nothing that is counted here is
 * missing there. */
static void
count (Receiver *self)
{
  DemoFigures now;

  demo_recorder_get_figures (self->recorder, &now);
  self->n_received = now.n_frames;
  command (self, "count\n");
  set_timer (self, STOP_TIMEOUT, on_count_overdue);
}

static gboolean
on_drained (gpointer user_data)
{
  Receiver *self = user_data;

  self->timer = 0;
  count (self);
  return G_SOURCE_REMOVE;
}

static void
stop (Receiver *self)
{
  switch (self->phase) {
    case PHASE_STARTING:
    case PHASE_WAITING:
      self->phase = PHASE_STOPPING;
      finish (self);
      break;
    case PHASE_RECEIVING:
      self->phase = PHASE_DRAINING;
      if (self->child_gone) {
        complete_file (self);
        break;
      }
      /* One that goes on has always something under way. */
      if (self->options->keep) {
        count (self);
        break;
      }
      command (self, "hold\n");
      set_timer (self, DRAIN_TIME, on_drained);
      break;
    case PHASE_KEEPING:
      end (self);
      break;
    case PHASE_DRAINING:
    case PHASE_STOPPING:
    case PHASE_ENDED:
      break;
  }
}

static gboolean
on_signal (gpointer user_data)
{
  Receiver *self = user_data;

  g_print ("\n");
  if (self->phase != PHASE_KEEPING && self->phase > PHASE_RECEIVING) {
    if (self->child && !self->child_gone)
      g_subprocess_force_exit (self->child);
    self->status = 1;
    g_main_loop_quit (self->loop);
    return G_SOURCE_CONTINUE;
  }
  if (self->phase < PHASE_RECEIVING)
    fail (self, g_strdup ("it was stopped before media arrived"));
  else
    stop (self);
  return G_SOURCE_CONTINUE;
}

/* The way in. */

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Receiver *self = user_data;
  g_autofree gchar *text = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      text = demo_describe_fact (message);
      if (text)
        say (self, "receiver", "%s", text);
      break;
    case GST_MESSAGE_APPLICATION:
      on_first_media (self);
      break;
    case GST_MESSAGE_WARNING:
      text = demo_describe_failure (message);
      say (self, "receiver", "warning %s", text);
      break;
    case GST_MESSAGE_ERROR:
      text = demo_describe_failure (message);
      say (self, "receiver", "error %s", text);
      fail (self, g_steal_pointer (&text));
      if (self->phase == PHASE_STOPPING)
        finish (self);
      break;
    case GST_MESSAGE_EOS:
      self->file_complete = TRUE;
      if (self->phase == PHASE_STOPPING)
        finish (self);
      else
        stop (self);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_no_media (gpointer user_data)
{
  Receiver *self = user_data;

  self->timer = 0;
  fail (self,
      g_strdup_printf ("no media arrived within %d s", FRAME_TIMEOUT / 1000));
  return G_SOURCE_REMOVE;
}

static void
receive (Receiver *self, const gchar *server_url)
{
  g_autofree gchar *name = get_file_name (self, ".webm");
  g_autoptr (GError) error = NULL;

  self->recorder = demo_recorder_new (server_url, name, self->wants_video,
      self->wants_audio, on_message, self, &error);
  if (!self->recorder) {
    fail (self, g_strdup (error->message));
    return;
  }
  self->phase = PHASE_WAITING;
  set_timer (self, FRAME_TIMEOUT, on_no_media);
  self->asked_to_join = g_get_monotonic_time ();
  demo_recorder_start (self->recorder);
}

static void
on_child_line (Receiver *self, const gchar *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 2);
  const gchar *rest = words[0] && words[1] ? words[1] : "";

  if (g_strcmp0 (words[0], "tell") == 0) {
    say (self, "publisher", "%s", rest);
  } else if (g_strcmp0 (words[0], "page") == 0) {
    g_free (self->page);
    self->page = g_strdup (rest);
    say (self, "publisher", "a browser can watch at %s", rest);
  } else if (g_strcmp0 (words[0], "ready") == 0) {
    g_auto (GStrv) parts = g_strsplit (rest, " ", 2);

    self->wants_video = strstr (parts[1], "video") != NULL;
    self->wants_audio = strstr (parts[1], "audio") != NULL;
    if (self->phase == PHASE_STARTING)
      receive (self, parts[0]);
  } else if (g_strcmp0 (words[0], "sent") == 0) {
    self->n_sent = g_ascii_strtoull (rest, NULL, 10);
    self->sent_known = TRUE;
    if (self->phase == PHASE_DRAINING)
      complete_file (self);
  } else if (g_strcmp0 (words[0], "end") == 0) {
    say (self, "publisher", "end of what is to be published");
    stop (self);
  } else if (g_strcmp0 (words[0], "fail") == 0) {
    say (self, "publisher", "error %s", rest);
    fail (self, g_strdup (rest));
  }
}

/* The child has exited and its last words have been read. */
static void
on_child_done (Receiver *self)
{
  self->child_gone = TRUE;
  if (self->phase == PHASE_ENDED) {
    g_main_loop_quit (self->loop);
    return;
  }
  if (g_subprocess_get_if_signaled (self->child)) {
    say (self, "publisher", "was killed by signal %d",
        g_subprocess_get_term_sig (self->child));
  } else {
    say (self, "publisher", "ended with status %d",
        g_subprocess_get_exit_status (self->child));
  }
  self->status = 1;
  fail (self, g_strdup ("the publisher ended too early"));
  if (self->phase == PHASE_DRAINING)
    complete_file (self);
}

static void
on_line_read (GObject *stream, GAsyncResult *result, gpointer user_data)
{
  Receiver *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = g_data_input_stream_read_line_finish (
      G_DATA_INPUT_STREAM (stream), result, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (line) {
    on_child_line (self, line);
    g_data_input_stream_read_line_async (self->child_output, G_PRIORITY_DEFAULT,
        self->cancellable, on_line_read, self);
    return;
  }
  self->child_silent = TRUE;
  if (self->child_exited)
    on_child_done (self);
}

static void
on_child_exited (GObject *child, GAsyncResult *result, gpointer user_data)
{
  Receiver *self = user_data;

  if (!g_subprocess_wait_finish (G_SUBPROCESS (child), result, NULL))
    return;
  self->child_exited = TRUE;
  if (self->child_silent)
    on_child_done (self);
}

static gboolean
on_not_ready (gpointer user_data)
{
  Receiver *self = user_data;

  self->timer = 0;
  fail (self, g_strdup_printf ("the publisher was not ready within %d s",
                  READY_TIMEOUT / 1000));
  return G_SOURCE_REMOVE;
}

/* A port that was free a moment ago, 0 when there is none. */
static guint
find_port (GError **error)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) found = NULL;

  if (!g_socket_listener_add_address (listener, any, G_SOCKET_TYPE_STREAM,
          G_SOCKET_PROTOCOL_TCP, NULL, &found, error))
    return 0;
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (found));
}

static gboolean
start_publisher (Receiver *self, const gchar *program, GError **error)
{
  g_autofree gchar *server_url = g_strdup (self->options->server_url);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();

  if (!server_url) {
    const guint port = find_port (error);

    if (port == 0)
      return FALSE;
    server_url = g_strdup_printf ("http://127.0.0.1:%u", port);
  }
  g_ptr_array_add (arguments, (gpointer)program);
  g_ptr_array_add (arguments, (gpointer) "--role=publish");
  g_ptr_array_add (arguments, (gpointer) "--server-url");
  g_ptr_array_add (arguments, server_url);
  if (self->options->janus)
    g_ptr_array_add (arguments, (gpointer) "--backend=janus");
  if (self->options->publish) {
    g_ptr_array_add (arguments, (gpointer) "--publish");
    g_ptr_array_add (arguments, self->options->publish);
  }
  g_ptr_array_add (arguments, NULL);

  self->child = g_subprocess_newv ((const gchar *const *)arguments->pdata,
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, error);
  if (!self->child)
    return FALSE;
  self->child_input = g_subprocess_get_stdin_pipe (self->child);
  self->child_output =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->child));
  g_data_input_stream_read_line_async (self->child_output, G_PRIORITY_DEFAULT,
      self->cancellable, on_line_read, self);
  g_subprocess_wait_async (
      self->child, self->cancellable, on_child_exited, self);
  say (self, "publisher", "process %s started",
      g_subprocess_get_identifier (self->child));
  return TRUE;
}

static void
clear (Receiver *self)
{
  set_timer (self, 0, NULL);
  g_cancellable_cancel (self->cancellable);
  while (g_main_context_iteration (NULL, FALSE)) {
    /* The cancelled reads come back. */
  }
  g_clear_pointer (&self->recorder, demo_recorder_free);
  g_clear_object (&self->child_output);
  g_clear_object (&self->child);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_free (self->page);
  g_free (self->failure);
}

gint
demo_receive (const DemoOptions *options, const gchar *program)
{
  Receiver self = {.options = options};
  g_autoptr (GError) error = NULL;
  guint on_int, on_term;
  gint status;

  self.start = g_get_monotonic_time ();
  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  signal (SIGPIPE, SIG_IGN);
  on_int = g_unix_signal_add (SIGINT, on_signal, &self);
  on_term = g_unix_signal_add (SIGTERM, on_signal, &self);

  if (start_publisher (&self, program, &error)) {
    set_timer (&self, READY_TIMEOUT, on_not_ready);
    g_main_loop_run (self.loop);
  } else {
    g_printerr ("the publisher could not be started: %s\n", error->message);
    self.status = 1;
  }

  g_source_remove (on_int);
  g_source_remove (on_term);
  status = self.status;
  clear (&self);
  return status;
}
