/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The publishing process of rtc-demo: a test picture with a running clock
 * and a melody, or a media file, into rtcsink, with a room server inside
 * unless there is a Janus. Main thread, but for the pad probes. */
#include "demo.h"

#include <signal.h>

#define TEST_PIPELINE                                                          \
  "videotestsrc is-live=true pattern=smpte "                                   \
  "! video/x-raw,format=I420,width=640,height=360,framerate=30/1 "             \
  "! clockoverlay time-format=\"%H:%M:%S\" shaded-background=true "            \
  "font-desc=\"Sans, 28\" "                                                    \
  "! timeoverlay halignment=right valignment=bottom "                          \
  "shaded-background=true font-desc=\"Sans, 20\" "                             \
  "! queue ! sink.video_0 "                                                    \
  "audiotestsrc name=tones is-live=true wave=sine volume=0.3 "                 \
  "! audio/x-raw,rate=48000,channels=2 ! queue ! sink.audio_0 "                \
  "rtcsink name=sink"

#define FILE_PIPELINE                                                          \
  "uridecodebin name=file caps=\"video/x-raw; audio/x-raw\" "                  \
  "rtcsink name=sink"

#define NOTE_LENGTH 400 /* ms */

typedef struct
{
  const DemoOptions *options;
  GMainLoop *loop;
  GstElement *pipeline;
  GstElement *sink;
  gchar *address; /* of the server, NULL until it runs */
  gboolean tracks_known;
  gboolean ready;
  guint note;
  gint status;
  gint has_video; /* atomic */
  gint has_audio; /* atomic */
  gint hold;      /* atomic: nothing is sent any more */
} Publisher;

/* A pentatonic scale up and down: easy to tell from hum or silence. */
static const gdouble melody[] = {
    261.63, 293.66, 329.63, 392.00, 440.00, 392.00, 329.63, 293.66};

static void
tell (const gchar *word, const gchar *text)
{
  g_autofree gchar *line = g_strdup (text);

  g_print ("%s %s\n", word, g_strdelimit (line, "\r\n", ' '));
}

static void
fail (Publisher *self, const gchar *text)
{
  tell ("fail", text);
  self->status = 1;
  g_main_loop_quit (self->loop);
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Publisher *self = user_data;

  return g_atomic_int_get (&self->hold) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static void
watch_track (Publisher *self, GstPad *sink_pad, gboolean video)
{
  g_atomic_int_set (video ? &self->has_video : &self->has_audio, TRUE);
  gst_pad_add_probe (
      sink_pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, self, NULL);
}

/* The first video and the first audio track of the file are published, the
 * others end in nothing. */
static void
on_file_pad (GstElement *file, GstPad *pad, gpointer user_data)
{
  Publisher *self = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const gchar *media;
  gboolean video;
  const gchar *description;
  GstElement *branch;
  g_autoptr (GstPad) entry = NULL;
  g_autoptr (GstPad) exit = NULL;
  g_autoptr (GstPad) target = NULL;

  if (!caps)
    caps = gst_pad_query_caps (pad, NULL);
  media = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  video = g_str_has_prefix (media, "video/");
  if (!video && !g_str_has_prefix (media, "audio/"))
    return;
  if (g_atomic_int_get (video ? &self->has_video : &self->has_audio))
    return;

  description =
      video ? "queue ! videoconvert" : "queue ! audioconvert ! audioresample";
  branch = gst_parse_bin_from_description (description, TRUE, NULL);
  if (!branch)
    return;
  gst_bin_add (GST_BIN (self->pipeline), branch);
  entry = gst_element_get_static_pad (branch, "sink");
  exit = gst_element_get_static_pad (branch, "src");
  target = gst_element_request_pad_simple (
      self->sink, video ? "video_%u" : "audio_%u");
  if (!target || GST_PAD_LINK_FAILED (gst_pad_link (exit, target)) ||
      GST_PAD_LINK_FAILED (gst_pad_link (pad, entry))) {
    GST_ELEMENT_ERROR (self->pipeline, CORE, NEGOTIATION,
        ("A track of the file could not be linked to rtcsink"), (NULL));
    return;
  }
  watch_track (self, target, video);
  gst_element_sync_state_with_parent (branch);
}

static void
on_file_pads_complete (GstElement *file, gpointer user_data)
{
  Publisher *self = user_data;

  gst_element_post_message (
      self->pipeline, gst_message_new_application (GST_OBJECT (self->pipeline),
                          gst_structure_new_empty ("tracks-known")));
}

static void
play (Publisher *self)
{
  if (gst_element_set_state (self->pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE) {
    g_debug ("the pipeline does not play; a message says why");
  }
}

static void
report_ready (Publisher *self)
{
  if (self->ready || !self->address || !self->tracks_known)
    return;
  self->ready = TRUE;
  g_print ("ready %s %s%s\n", self->address,
      g_atomic_int_get (&self->has_video) ? "video " : "",
      g_atomic_int_get (&self->has_audio) ? "audio" : "");
}

static void
on_tracks_known (Publisher *self)
{
  if (!g_atomic_int_get (&self->has_video) &&
      !g_atomic_int_get (&self->has_audio)) {
    g_autofree gchar *text = g_strdup_printf (
        "%s holds neither video nor audio that can be decoded here",
        self->options->publish);
    fail (self, text);
    return;
  }
  self->tracks_known = TRUE;
  play (self);
  report_ready (self);
}

static void
on_element_message (Publisher *self, GstMessage *message)
{
  const GstStructure *fact = gst_message_get_structure (message);
  g_autofree gchar *text = demo_describe_fact (message);

  if (!text)
    return;
  tell ("tell", text);
  if (gst_structure_has_name (fact, "rtc-server-started")) {
    g_autofree gchar *page =
        g_strconcat (gst_structure_get_string (fact, "page"), DEMO_ROOM, NULL);

    g_free (self->address);
    self->address = g_strdup (gst_structure_get_string (fact, "address"));
    tell ("page", page);
    report_ready (self);
  }
}

static void
on_error (Publisher *self, GstMessage *message)
{
  g_autofree gchar *text = demo_describe_failure (message);
  g_autoptr (GstElement) file =
      gst_bin_get_by_name (GST_BIN (self->pipeline), "file");

  if (file && (GST_MESSAGE_SRC (message) == GST_OBJECT (file) ||
                  gst_object_has_as_ancestor (
                      GST_MESSAGE_SRC (message), GST_OBJECT (file)))) {
    g_autofree gchar *whole = g_strdup_printf (
        "%s cannot be played: %s", self->options->publish, text);
    fail (self, whole);
    return;
  }
  fail (self, text);
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Publisher *self = user_data;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      on_element_message (self, message);
      break;
    case GST_MESSAGE_WARNING: {
      g_autofree gchar *text = demo_describe_failure (message);
      g_autofree gchar *line = g_strconcat ("warning ", text, NULL);
      tell ("tell", line);
      break;
    }
    case GST_MESSAGE_ERROR:
      on_error (self, message);
      break;
    case GST_MESSAGE_EOS:
      g_print ("end\n");
      break;
    case GST_MESSAGE_APPLICATION:
      on_tracks_known (self);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_note (gpointer user_data)
{
  Publisher *self = user_data;
  g_autoptr (GstElement) tones =
      gst_bin_get_by_name (GST_BIN (self->pipeline), "tones");

  g_object_set (
      tones, "freq", melody[self->note++ % G_N_ELEMENTS (melody)], NULL);
  return G_SOURCE_CONTINUE;
}

/* The frames that were sent to the viewer of the demo, which begin with the
 * keyframe that it is given first. Others may watch too. */
static guint64
count_sent (Publisher *self)
{
  g_autoptr (GstStructure) stats = NULL;
  const GValue *peers;
  guint64 n_sent = 0;

  g_object_get (self->sink, "stats", &stats, NULL);
  peers = gst_structure_get_value (stats, "peers");
  for (guint i = 0; i < gst_value_list_get_size (peers); i++) {
    const GstStructure *peer =
        gst_value_get_structure (gst_value_list_get_value (peers, i));
    guint64 n_frames = 0;

    if (g_strcmp0 (gst_structure_get_string (peer, "user-id"), DEMO_VIEWER))
      continue;
    gst_structure_get_uint64 (peer, "video-frames-sent", &n_frames);
    n_sent += n_frames;
  }
  return n_sent;
}

static gboolean
on_input (GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
  Publisher *self = user_data;
  g_autofree gchar *line = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) !=
      G_IO_STATUS_NORMAL) {
    g_main_loop_quit (self->loop);
    return G_SOURCE_REMOVE;
  }
  if (g_str_has_prefix (line, "hold"))
    g_atomic_int_set (&self->hold, TRUE);
  if (g_str_has_prefix (line, "count"))
    g_print ("sent %" G_GUINT64_FORMAT "\n", count_sent (self));
  return G_SOURCE_CONTINUE;
}

static gboolean
build (Publisher *self, GError **error)
{
  const gchar *file = self->options->publish;

  self->pipeline =
      gst_parse_launch (file ? FILE_PIPELINE : TEST_PIPELINE, error);
  if (!self->pipeline)
    return FALSE;
  self->sink = gst_bin_get_by_name (GST_BIN (self->pipeline), "sink");
  demo_configure (self->sink, self->options->server_url, DEMO_PUBLISHER);
  g_object_set (self->sink, "serve", !self->options->janus, NULL);
  if (self->options->janus)
    self->address = g_strdup (self->options->server_url);

  if (file) {
    g_autoptr (GstElement) source =
        gst_bin_get_by_name (GST_BIN (self->pipeline), "file");
    g_autofree gchar *uri = gst_filename_to_uri (file, error);

    if (!uri)
      return FALSE;
    g_object_set (source, "uri", uri, NULL);
    g_signal_connect (source, "pad-added", G_CALLBACK (on_file_pad), self);
    g_signal_connect (
        source, "no-more-pads", G_CALLBACK (on_file_pads_complete), self);
  } else {
    g_autoptr (GstPad) video =
        gst_element_get_static_pad (self->sink, "video_0");
    g_autoptr (GstPad) audio =
        gst_element_get_static_pad (self->sink, "audio_0");

    watch_track (self, video, TRUE);
    watch_track (self, audio, FALSE);
    self->tracks_known = TRUE;
    g_timeout_add (NOTE_LENGTH, on_note, self);
    report_ready (self); /* where nothing else has to be waited for */
  }
  return TRUE;
}

gint
demo_publish (const DemoOptions *options)
{
  Publisher self = {.options = options};
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  g_autoptr (GstBus) bus = NULL;

  /* Ctrl-C reaches the whole process group; the parent says when to stop. */
  signal (SIGINT, SIG_IGN);
  self.loop = g_main_loop_new (NULL, FALSE);
  if (build (&self, &error)) {
    bus = gst_element_get_bus (self.pipeline);
    gst_bus_add_watch (bus, on_message, &self);
    g_io_add_watch (input, G_IO_IN | G_IO_HUP, on_input, &self);
    if (self.tracks_known)
      play (&self);
    else
      gst_element_set_state (self.pipeline, GST_STATE_PAUSED);
    g_main_loop_run (self.loop);
    gst_element_set_state (self.pipeline, GST_STATE_NULL);
    gst_bus_remove_watch (bus);
  } else {
    tell ("fail", error->message);
    self.status = 1;
  }

  gst_clear_object (&self.sink);
  gst_clear_object (&self.pipeline);
  g_main_loop_unref (self.loop);
  g_free (self.address);
  return self.status;
}
