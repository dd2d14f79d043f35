/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Program faults-party: one end of a call, a process of its own that can be
 * stopped, killed and run in another network namespace. It obeys lines on its
 * input and tells on its output, one JSON object a line, what its pipeline
 * tells and, each 100 ms, what has passed. On the main thread but for
 * probes. */
#include "garbage.h"
#include "rtcerror.h"
#include "rtcjson.h"
#include "rtcpipeline.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TICK_MS 100
#define EXIT_LEAK 3
/* But for what libraries keep for the process, such as its certificate. */
#define LEAKS                                                                  \
  "leaks(filters=\"GstElement,GstPad,GstBuffer,GstMessage,GstEvent,GstBus,"    \
  "GstPromise,GstRtcPeer\")"

typedef struct
{
  gchar *role;
  gchar *url;
  gchar *room;
  gchar *user;
  gchar *properties;
  gchar *resolver;
  gint files;
  gint garbage;
  gint keyframes;
} Options;

typedef struct
{
  Options options;
  GMainLoop *loop;
  RtcPipeline *pipeline;
  GstElement *rtc;
  RtcPainter *painter;
  GMutex lock;
  GPtrArray *readers; /* lock; of RtcReader, one for each video pad there was */
  guint n_removing;   /* lock; bins on their way out of the pipeline */
  GCond removed;      /* of one of them */
  GstElement *screen; /* source of the second pad */
  gint painted;       /* atomic */
  gint heard;         /* atomic; audio buffers */
  gint block;         /* atomic; ms for which the next buffer waits */
  gint broken;        /* atomic; the encoder fails */
  Garbage *garbage;   /* NULL without */
  GString *command;
} Party;

static gboolean leaked;

/* --- telling --- */

static void
tell (GstRtcJson *json)
{
  g_autofree gchar *text = gst_rtc_json_to_text (json);

  printf ("%s\n", text);
  fflush (stdout);
}

static void
tell_failure (GstMessage *message, gboolean is_error)
{
  g_autoptr (GstRtcJson) json = gst_rtc_json_new ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *name = gst_object_get_name (GST_MESSAGE_SRC (message));
  const GstStructure *details = NULL;

  if (is_error) {
    gst_message_parse_error (message, &error, NULL);
    gst_message_parse_error_details (message, &details);
  } else {
    gst_message_parse_warning (message, &error, NULL);
    gst_message_parse_warning_details (message, &details);
  }
  gst_rtc_json_set_string (json, "tell", is_error ? "error" : "warning");
  gst_rtc_json_set_int (json, "code",
      error->domain == GST_RTC_ERROR ? error->code : -error->code);
  gst_rtc_json_set_string (json, "source", name);
  gst_rtc_json_set_string (json, "reason", error->message);
  gst_rtc_json_set_string (json, "operation",
      details ? gst_structure_get_string (details, GST_RTC_DETAIL_OPERATION)
              : NULL);
  tell (json);
}

static void
tell_fact (GstMessage *message)
{
  const GstStructure *fact = gst_message_get_structure (message);
  g_autoptr (GstRtcJson) json = gst_rtc_json_new ();
  g_autofree gchar *text = gst_structure_to_string (fact);

  gst_rtc_json_set_string (json, "tell", "fact");
  gst_rtc_json_set_string (json, "name", gst_structure_get_name (fact));
  gst_rtc_json_set_string (json, "text", text);
  tell (json);
}

static void
tell_message (GstMessage *message)
{
  g_autoptr (GstRtcJson) json = NULL;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      tell_failure (message, TRUE);
      break;
    case GST_MESSAGE_WARNING:
      tell_failure (message, FALSE);
      break;
    case GST_MESSAGE_ELEMENT:
      tell_fact (message);
      break;
    case GST_MESSAGE_EOS:
      json = gst_rtc_json_new ();
      gst_rtc_json_set_string (json, "tell", "eos");
      tell (json);
      break;
    default:
      break;
  }
}

static void
tell_new_messages (Party *self)
{
  for (guint i = 0; i < self->pipeline->messages->len; i++)
    tell_message (g_ptr_array_index (self->pipeline->messages, i));
  rtc_pipeline_forget (self->pipeline);
}

static gboolean
is_connected (Party *self)
{
  gint state;

  g_object_get (self->rtc, "connection-state", &state, NULL);
  return state == 2;
}

/* Pictures of the pads there are now. */
static guint
count_frames (Party *self)
{
  guint frames = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->readers->len; i++)
    frames += rtc_reader_get_frames (g_ptr_array_index (self->readers, i));
  g_mutex_unlock (&self->lock);
  return frames;
}

static gboolean
on_tick (gpointer user_data)
{
  Party *self = user_data;
  g_autoptr (GstRtcJson) json = gst_rtc_json_new ();
  g_auto (GValue) state = G_VALUE_INIT;
  g_autofree gchar *nick = NULL;
  guint frames = (guint)g_atomic_int_get (&self->painted) + count_frames (self);
  guint last = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->readers->len; i++)
    last = MAX (last,
        rtc_reader_get_last_number (g_ptr_array_index (self->readers, i)));
  g_mutex_unlock (&self->lock);
  g_value_init (&state, g_object_class_find_property (
                            G_OBJECT_GET_CLASS (self->rtc), "connection-state")
                            ->value_type);
  g_object_get_property (G_OBJECT (self->rtc), "connection-state", &state);
  nick = gst_value_serialize (&state);

  tell_new_messages (self);
  gst_rtc_json_set_string (json, "tell", "tick");
  gst_rtc_json_set_int (json, "time", g_get_monotonic_time ());
  gst_rtc_json_set_int (json, "frames", frames);
  gst_rtc_json_set_int (json, "last", last);
  gst_rtc_json_set_int (json, "audio", g_atomic_int_get (&self->heard));
  gst_rtc_json_set_int (json, "heap", (gint64)mallinfo2 ().uordblks);
  gst_rtc_json_set_string (json, "state", nick);
  tell (json);
  return G_SOURCE_CONTINUE;
}

/* --- media --- */

static GstPadProbeReturn
count_painted (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Party *self = user_data;

  g_atomic_int_inc (&self->painted);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
count_heard (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Party *self = user_data;

  g_atomic_int_inc (&self->heard);
  return GST_PAD_PROBE_OK;
}

/* An application that does not come back from its own code in time. */
static GstPadProbeReturn
hold_up (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Party *self = user_data;
  const gint ms = g_atomic_int_get (&self->block);

  if (ms > 0) {
    g_atomic_int_set (&self->block, 0);
    g_usleep ((gulong)ms * 1000);
  }
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
fail_encoder (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Party *self = user_data;
  g_autoptr (GstElement) encoder = gst_pad_get_parent_element (pad);

  if (!g_atomic_int_get (&self->broken))
    return GST_PAD_PROBE_OK;
  GST_ELEMENT_ERROR (
      encoder, STREAM, ENCODE, ("The encoder has failed."), ("by order"));
  gst_buffer_unref (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_ERROR;
  return GST_PAD_PROBE_HANDLED;
}

static void
on_encoder_setup (
    GstElement *rtc, GstElement *encoder, const gchar *medium, Party *self)
{
  g_autoptr (GstPad) pad = NULL;

  if (!g_str_equal (medium, "video"))
    return;
  if (self->options.keyframes > 0)
    g_object_set (encoder, "keyframe-max-dist", self->options.keyframes, NULL);
  pad = gst_element_get_static_pad (encoder, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, fail_encoder, self, NULL);
}

static void
on_peer_created (
    GstElement *rtc, const gchar *user, GstElement *webrtcbin, Party *self)
{
  garbage_attach (self->garbage, webrtcbin);
}

/* Any thread. */
static void
on_pad_added (GstElement *rtc, GstPad *pad, Party *self)
{
  const gboolean video = g_str_has_prefix (GST_PAD_NAME (pad), "video");
  g_autoptr (GError) error = NULL;
  g_autoptr (GstPad) target = NULL;
  g_autoptr (GstElement) sink = NULL;
  GstElement *bin = gst_parse_bin_from_description (
      video ? "capsfilter caps=video/x-raw,format=I420 ! "
              "fakesink name=last sync=false async=false"
            : "capsfilter caps=audio/x-raw ! "
              "fakesink name=last sync=false async=false",
      TRUE, &error);

  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (bin), "last");
  target = gst_element_get_static_pad (sink, "sink");
  if (video) {
    gst_pad_add_probe (target, GST_PAD_PROBE_TYPE_BUFFER, hold_up, self, NULL);
    g_mutex_lock (&self->lock);
    g_ptr_array_add (
        self->readers, rtc_reader_new (sink, NULL, g_main_context_default ()));
    g_mutex_unlock (&self->lock);
  } else {
    gst_pad_add_probe (
        target, GST_PAD_PROBE_TYPE_BUFFER, count_heard, self, NULL);
  }
  g_object_set_data (G_OBJECT (pad), "sink", bin);
  gst_bin_add (GST_BIN (self->pipeline->pipeline), bin);
  gst_element_sync_state_with_parent (bin);
  g_clear_object (&target);
  target = gst_element_get_static_pad (bin, "sink");
  g_assert_cmpint (GST_PAD_LINK_OK, ==, gst_pad_link (pad, target));
}

static void
remove_sink (GstElement *bin, gpointer user_data)
{
  Party *self = user_data;
  g_autoptr (GstObject) parent = gst_element_get_parent (bin);

  /* So that a state change of the pipeline does not take it up again. */
  gst_element_set_locked_state (bin, TRUE);
  gst_element_set_state (bin, GST_STATE_NULL);
  if (parent)
    gst_bin_remove (GST_BIN (parent), bin);

  g_mutex_lock (&self->lock);
  self->n_removing--;
  g_cond_signal (&self->removed);
  g_mutex_unlock (&self->lock);
}

/* The pipeline must not be freed under a bin that is being removed. */
static void
wait_for_removals (Party *self)
{
  g_mutex_lock (&self->lock);
  while (self->n_removing > 0)
    g_cond_wait (&self->removed, &self->lock);
  g_mutex_unlock (&self->lock);
}

static void
on_pad_removed (GstElement *rtc, GstPad *pad, Party *self)
{
  GstElement *bin = g_object_get_data (G_OBJECT (pad), "sink");

  if (!bin)
    return;
  g_mutex_lock (&self->lock);
  self->n_removing++;
  g_mutex_unlock (&self->lock);
  gst_element_call_async (bin, remove_sink, self, NULL);
}

/* --- the pipelines --- */

static void
make_publisher (Party *self)
{
  g_autoptr (GstPad) pad = NULL;

  self->pipeline = rtc_pipeline_new (
      "rtcsink name=rtc server-url=%s room-id=%s user-id=%s %s "
      "videotestsrc is-live=true pattern=smpte ! "
      "capsfilter name=size "
      "caps=video/x-raw,format=I420,width=320,height=192,framerate=15/1 ! "
      "identity name=frames ! rtc.video_0 "
      "audiotestsrc is-live=true samplesperbuffer=960 ! "
      "audio/x-raw,rate=48000,channels=1 ! rtc.audio_0",
      self->options.url, self->options.room, self->options.user,
      self->options.properties);
  self->painter = rtc_painter_new (rtc_pipeline_get (self->pipeline, "frames"));
  pad = gst_element_get_static_pad (
      rtc_pipeline_get (self->pipeline, "frames"), "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_painted, self, NULL);
  g_signal_connect (rtc_pipeline_get (self->pipeline, "rtc"), "encoder-setup",
      G_CALLBACK (on_encoder_setup), self);
  if (self->options.garbage == 0)
    return;
  self->garbage = garbage_new ((guint32)self->options.garbage);
  g_signal_connect (rtc_pipeline_get (self->pipeline, "rtc"), "peer-created",
      G_CALLBACK (on_peer_created), self);
}

static void
make_viewer (Party *self)
{
  self->pipeline = rtc_pipeline_new (
      "rtcsrc name=rtc server-url=%s room-id=%s user-id=%s %s",
      self->options.url, self->options.room, self->options.user,
      self->options.properties);
  g_signal_connect (rtc_pipeline_get (self->pipeline, "rtc"), "pad-added",
      G_CALLBACK (on_pad_added), self);
  g_signal_connect (rtc_pipeline_get (self->pipeline, "rtc"), "pad-removed",
      G_CALLBACK (on_pad_removed), self);
}

/* --- commands --- */

static void
mute (Party *self, gboolean on)
{
  g_autoptr (GstStructure) options =
      gst_structure_new ("options", "video", G_TYPE_BOOLEAN, on, NULL);

  g_signal_emit_by_name (self->rtc, "mute-local", options, NULL);
}

static void
change_caps (Party *self, const gchar *text)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (text);

  g_assert_nonnull (caps);
  g_object_set (rtc_pipeline_get (self->pipeline, "size"), "caps", caps, NULL);
}

static void
add_screen (Party *self)
{
  g_autoptr (GError) error = NULL;

  self->screen = gst_parse_bin_from_description (
      "videotestsrc is-live=true pattern=ball ! "
      "video/x-raw,format=I420,width=320,height=192,framerate=15/1 ! identity",
      TRUE, &error);
  g_assert_no_error (error);
  gst_bin_add (GST_BIN (self->pipeline->pipeline), self->screen);
  g_assert_true (
      gst_element_link_pads (self->screen, "src", self->rtc, "video_%u"));
  gst_element_sync_state_with_parent (self->screen);
  g_signal_emit_by_name (self->rtc, "publish", NULL);
}

static void
release_screen (Party *self)
{
  g_autoptr (GstPad) source = gst_element_get_static_pad (self->screen, "src");
  g_autoptr (GstPad) pad = gst_pad_get_peer (source);

  gst_element_set_state (self->screen, GST_STATE_NULL);
  gst_pad_unlink (source, pad);
  gst_bin_remove (GST_BIN (self->pipeline->pipeline), self->screen);
  self->screen = NULL;
  gst_element_release_request_pad (self->rtc, pad);
}

/* Joins and leaves @n times; the first tenth warms up, then no file and, when
 * there was no media, whose threads linger in a pool, no thread may come. */
static void
churn (Party *self, guint n, gboolean media)
{
  g_autoptr (GstRtcJson) json = gst_rtc_json_new ();
  g_autofree gchar *text = NULL;
  guint files = 0, threads = 0, before;

  for (guint i = 0; i < n; i++) {
    before = count_frames (self);
    rtc_pipeline_stop (self->pipeline);
    if (i == n / 10) {
      files = rtc_test_count_files ();
      threads = rtc_test_count_threads ();
    }
    rtc_pipeline_play (self->pipeline);
    while (!is_connected (self) || (media && count_frames (self) == before))
      g_main_context_iteration (NULL, TRUE);
  }
  rtc_pipeline_stop (self->pipeline);
  if (rtc_test_count_files () > files + 2 ||
      (!media && rtc_test_count_threads () > threads + 2))
    g_error ("%u files became %u, %u threads became %u", files,
        rtc_test_count_files (), threads, rtc_test_count_threads ());
  rtc_pipeline_play (self->pipeline);
  text = g_strdup_printf ("churned, files=%u, threads=%u", files, threads);
  gst_rtc_json_set_string (json, "tell", "fact");
  gst_rtc_json_set_string (json, "text", text);
  tell (json);
}

static void
send_garbage (Party *self, const gchar *kinds)
{
  g_autoptr (GstRtcJson) json = gst_rtc_json_new ();
  g_autofree gchar *text = NULL;

  if (!self->garbage || !garbage_set (self->garbage, kinds))
    g_error ("there is no garbage \"%s\"", kinds);
  text = g_strdup_printf (
      "garbage %s after %u", kinds, garbage_count (self->garbage));
  gst_rtc_json_set_string (json, "tell", "fact");
  gst_rtc_json_set_string (json, "text", text);
  tell (json);
}

static void
run_command (Party *self, const gchar *line)
{
  const gchar *rest = strchr (line, ' ');
  g_auto (GStrv) words = g_strsplit (line, " ", 3);

  if (g_str_equal (line, "stop"))
    g_main_loop_quit (self->loop);
  else if (g_str_equal (line, "mute on") || g_str_equal (line, "mute off"))
    mute (self, g_str_equal (line, "mute on"));
  else if (g_str_equal (line, "leave"))
    g_signal_emit_by_name (self->rtc, "leave", NULL);
  else if (g_str_equal (line, "break"))
    g_atomic_int_set (&self->broken, TRUE);
  else if (g_str_equal (line, "add-pad"))
    add_screen (self);
  else if (g_str_equal (line, "release-pad"))
    release_screen (self);
  else if (g_str_equal (line, "again")) {
    rtc_pipeline_stop (self->pipeline);
    rtc_pipeline_play (self->pipeline);
  } else if (rest && g_str_equal (words[0], "caps"))
    change_caps (self, rest + 1);
  else if (rest && g_str_equal (words[0], "garbage"))
    send_garbage (self, rest + 1);
  else if (rest && g_str_equal (words[0], "churn"))
    churn (self, (guint)atoi (rest), FALSE);
  else if (rest && g_str_equal (words[0], "churn-media"))
    churn (self, (guint)atoi (rest), TRUE);
  else if (rest && g_str_equal (words[0], "block"))
    g_atomic_int_set (&self->block, atoi (rest));
  else if (rest && g_str_equal (words[0], "token"))
    g_signal_emit_by_name (self->rtc, "renew-token", rest + 1, NULL);
  else if (rest && g_str_equal (words[0], "set") && words[2])
    gst_util_set_object_arg (G_OBJECT (self->rtc), words[1], words[2]);
  else
    g_error ("\"%s\" is no command", line);
}

static gboolean
on_command (gint fd, GIOCondition condition, gpointer user_data)
{
  Party *self = user_data;
  gchar text[1024];
  const gssize size = read (fd, text, sizeof (text));
  gchar *end;

  if (size <= 0) {
    g_main_loop_quit (self->loop);
    return G_SOURCE_REMOVE;
  }
  g_string_append_len (self->command, text, size);
  while ((end = strchr (self->command->str, '\n'))) {
    g_autofree gchar *line =
        g_strndup (self->command->str, (gsize)(end - self->command->str));

    g_string_erase (self->command, 0, (gssize)strlen (line) + 1);
    run_command (self, line);
  }
  return G_SOURCE_CONTINUE;
}

/* --- names --- */

/* Knows no name, at once or late, and asks nobody. */
typedef GResolver NameResolver;
typedef GResolverClass NameResolverClass;
static guint resolver_delay;
GType name_resolver_get_type (void);
G_DEFINE_TYPE (NameResolver, name_resolver, G_TYPE_RESOLVER)

static gboolean
answer_lookup (gpointer user_data)
{
  GTask *task = user_data;
  const gchar *name = g_task_get_task_data (task);

  if (g_str_equal (name, "late.test")) {
    GList *list =
        g_list_append (NULL, g_inet_address_new_from_string ("127.0.0.1"));

    g_task_return_pointer (
        task, list, (GDestroyNotify)g_resolver_free_addresses);
  } else {
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND,
        "%s: name not known", name);
  }
  return G_SOURCE_REMOVE;
}

static void
look_up (GResolver *resolver, const gchar *name, GResolverNameLookupFlags flags,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (resolver, cancellable, callback, user_data);
  GSource *source = g_timeout_source_new (resolver_delay);

  g_task_set_task_data (task, g_strdup (name), g_free);
  g_task_attach_source (task, source, answer_lookup);
  g_source_unref (source);
  g_object_ref (task);
}

static void
look_up_any (GResolver *resolver, const gchar *name, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  look_up (resolver, name, 0, cancellable, callback, user_data);
}

static GList *
look_up_done (GResolver *resolver, GAsyncResult *result, GError **error)
{
  GTask *task = G_TASK (result);
  GList *list = g_task_propagate_pointer (task, error);

  g_object_unref (task);
  return list;
}

static void
name_resolver_class_init (NameResolverClass *klass)
{
  klass->lookup_by_name_async = look_up_any;
  klass->lookup_by_name_finish = look_up_done;
  klass->lookup_by_name_with_flags_async = look_up;
  klass->lookup_by_name_with_flags_finish = look_up_done;
}

static void
name_resolver_init (NameResolver *self)
{
}

static void
use_resolver (const gchar *delay)
{
  g_autoptr (GResolver) resolver = NULL;

  if (!delay)
    return;
  resolver_delay = (guint)atoi (delay);
  resolver = g_object_new (name_resolver_get_type (), NULL);
  g_resolver_set_default (resolver);
}

/* --- the program --- */

static void
limit_files (gint n)
{
  struct rlimit limit;

  if (n <= 0)
    return;
  limit.rlim_cur = limit.rlim_max = (rlim_t)n;
  setrlimit (RLIMIT_NOFILE, &limit);
}

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  for (gsize i = 0; i < n_fields; i++) {
    if (g_str_equal (fields[i].key, "MESSAGE") &&
        strstr (fields[i].value, "Leaks detected"))
      leaked = TRUE;
  }
  return g_log_writer_default (level, fields, n_fields, user_data);
}

static void
run (Party *self)
{
  guint tick;

  self->rtc = rtc_pipeline_get (self->pipeline, "rtc");
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_command, self);
  tick = g_timeout_add (TICK_MS, on_tick, self);
  limit_files (self->options.files);
  gst_element_set_state (self->pipeline->pipeline, GST_STATE_PLAYING);
  g_main_loop_run (self->loop);
  tell_new_messages (self);
  g_source_remove (tick);
}

static void
options_clear (Options *options)
{
  g_free (options->role);
  g_free (options->url);
  g_free (options->room);
  g_free (options->user);
  g_free (options->properties);
  g_free (options->resolver);
}

static void
tell_end (guint files_before)
{
  g_autoptr (GstRtcJson) json = gst_rtc_json_new ();

  gst_rtc_json_set_string (json, "tell", "end");
  gst_rtc_json_set_int (json, "files-before", files_before);
  gst_rtc_json_set_int (json, "files", rtc_test_count_files ());
  tell (json);
}

int
main (int argc, char **argv)
{
  Party party = {.loop = g_main_loop_new (NULL, FALSE),
      .readers =
          g_ptr_array_new_with_free_func ((GDestroyNotify)rtc_reader_free),
      .command = g_string_new (NULL)};
  Options *options = &party.options;
  const GOptionEntry entries[] = {
      {"role", 0, 0, G_OPTION_ARG_STRING, &options->role, "", ""},
      {"url", 0, 0, G_OPTION_ARG_STRING, &options->url, "", ""},
      {"room", 0, 0, G_OPTION_ARG_STRING, &options->room, "", ""},
      {"user", 0, 0, G_OPTION_ARG_STRING, &options->user, "", ""},
      {"properties", 0, 0, G_OPTION_ARG_STRING, &options->properties, "", ""},
      {"resolver", 0, 0, G_OPTION_ARG_STRING, &options->resolver,
          "Names are answered after so many ms", "MS"},
      {"files", 0, 0, G_OPTION_ARG_INT, &options->files,
          "No more than so many files", "N"},
      {"garbage", 0, 0, G_OPTION_ARG_INT, &options->garbage,
          "Obeys `garbage KINDS`, with this seed", "SEED"},
      {"keyframes", 0, 0, G_OPTION_ARG_INT, &options->keyframes,
          "One of so many pictures needs no other", "N"},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  guint files_before;

  g_log_set_writer_func (write_log, NULL, NULL);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  g_setenv ("GST_TRACERS", LEAKS, TRUE);
  gst_init (NULL, NULL);
  use_resolver (options->resolver);
  files_before = rtc_test_count_files ();

  if (g_str_equal (options->role, "publisher"))
    make_publisher (&party);
  else
    make_viewer (&party);
  run (&party);

  rtc_pipeline_stop (party.pipeline);
  wait_for_removals (&party);
  g_ptr_array_set_size (party.readers, 0);
  rtc_painter_free (party.painter);
  rtc_pipeline_free (party.pipeline);
  garbage_free (party.garbage);
  tell_end (files_before);
  g_ptr_array_unref (party.readers);
  g_string_free (party.command, TRUE);
  g_main_loop_unref (party.loop);
  options_clear (&party.options);
  gst_deinit ();
  return leaked ? EXIT_LEAK : EXIT_SUCCESS;
}
