/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A track whose input says what it is while the state changes: the chain is
 * built on the streaming thread. A warning of GStreamer fails the test. */
#include "gstrtctrack.h"

#include "patience.h"

#define N_ROUNDS 60
#define PICTURE_BYTES (160 * 96 * 3 / 2)
#define PICTURE_TIME (GST_SECOND / 10)
/* A query passes a probe twice. */
#define N_EARLY_QUERIES 2
#define WATCHDOG (10 * rtc_patience () * G_TIME_SPAN_SECOND)
#define LINK_DELAY 200     /* us */
#define LONGEST_BUILD 8000 /* us */

/* What a track tells. */
typedef struct
{
  GMutex lock;
  GCond changed;
  /* Under lock. */
  guint n_ready;
  guint n_failed;
  guint n_packets;
  GPtrArray *lists;  /* (element-type GstBufferList) */
  guint n_keys;      /* lists that begin a keyframe */
  GPtrArray *route;  /* borrowed: of the last list */
  gboolean finished; /* the thread of the input has ended */
} Told;

typedef enum
{
  STEP_NONE,
  STEP_LINKING,
  STEP_SORTED,
  STEP_LINKED,
  STEP_MET
} Step;

static void
on_ready (GstRtcTrack *track, gpointer user_data)
{
  Told *told = user_data;

  g_mutex_lock (&told->lock);
  told->n_ready++;
  g_cond_broadcast (&told->changed);
  g_mutex_unlock (&told->lock);
}

static void
on_packets (GstRtcTrack *track, GstBufferList *list, gboolean key,
    GPtrArray *route, gpointer user_data)
{
  Told *told = user_data;

  g_mutex_lock (&told->lock);
  told->n_packets += gst_buffer_list_length (list);
  told->n_keys += key;
  told->route = route;
  g_ptr_array_add (told->lists, gst_buffer_list_ref (list));
  g_cond_broadcast (&told->changed);
  g_mutex_unlock (&told->lock);
}

static void
on_failed (GstRtcTrack *track, const gchar *reason, gpointer user_data)
{
  Told *told = user_data;

  g_mutex_lock (&told->lock);
  told->n_failed++;
  g_cond_broadcast (&told->changed);
  g_mutex_unlock (&told->lock);
}

static void
on_encoder_setup (GstRtcTrack *track, GstElement *encoder, gpointer user_data)
{
}

static const GstRtcTrackListener listener = {
    .ready = on_ready,
    .packets = on_packets,
    .failed = on_failed,
    .encoder_setup = on_encoder_setup,
};

typedef struct
{
  Told told;
  GstElement *pipeline;
  GstRtcTrack *track;
  GstPad *src; /* pushes into the track */
  Step step;   /* under the lock of told */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_mutex_init (&fixture->told.lock);
  g_cond_init (&fixture->told.changed);
  fixture->told.lists =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_buffer_list_unref);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_ptr_array_unref (fixture->told.lists);
  g_cond_clear (&fixture->told.changed);
  g_mutex_clear (&fixture->told.lock);
}

/* An input that is live, as the track asks. */
static gboolean
answer_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

static void
open_track (Fixture *fixture, GstRtcMedia medium, const gchar *codec)
{
  const gchar *const codecs[] = {codec, NULL};
  g_autoptr (GstPad) sink = NULL;

  fixture->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  fixture->track =
      gst_rtc_track_new (medium, codecs, 500000, &listener, &fixture->told);
  gst_bin_add (GST_BIN (fixture->pipeline), GST_ELEMENT (fixture->track));
  sink = gst_element_get_static_pad (GST_ELEMENT (fixture->track), "sink");
  fixture->src = gst_object_ref_sink (gst_pad_new ("src", GST_PAD_SRC));
  gst_pad_set_query_function (fixture->src, answer_query);
  gst_pad_set_active (fixture->src, TRUE);
  g_assert_cmpint (
      gst_pad_link_full (fixture->src, sink, GST_PAD_LINK_CHECK_NOTHING), ==,
      GST_PAD_LINK_OK);
}

static void
close_track (Fixture *fixture)
{
  gst_element_set_state (fixture->pipeline, GST_STATE_NULL);
  gst_pad_set_active (fixture->src, FALSE);
  gst_object_unref (fixture->src);
  gst_object_unref (fixture->pipeline);
}

static void
push_start (Fixture *fixture, const gchar *caps_text)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (caps_text);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (fixture->src, gst_event_new_stream_start ("test"));
  gst_pad_push_event (fixture->src, gst_event_new_caps (caps));
  gst_pad_push_event (fixture->src, gst_event_new_segment (&segment));
}

/* 20 ms of silence. */
static GstFlowReturn
push_silence (Fixture *fixture)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 320, NULL);

  gst_buffer_memset (buffer, 0, 0, 320);
  GST_BUFFER_PTS (buffer) = 0;
  return gst_pad_push (fixture->src, buffer);
}

static gpointer
push_sound (gpointer data)
{
  Fixture *fixture = data;

  push_start (fixture, "audio/x-raw, format=S16LE, layout=interleaved, "
                       "rate=8000, channels=1");
  push_silence (fixture);
  g_mutex_lock (&fixture->told.lock);
  fixture->told.finished = TRUE;
  g_cond_broadcast (&fixture->told.changed);
  g_mutex_unlock (&fixture->told.lock);
  return NULL;
}

/* --- a stop during a link ---
 *
 * A bin that goes to READY forgets which of its pads are being linked. The
 * one between the second and the third element of a chain of sound is held up
 * until the bin has sorted its children, and then until it has met the first
 * of the chain. */

static void
set_step (Fixture *fixture, Step step)
{
  g_mutex_lock (&fixture->told.lock);
  fixture->step = step;
  g_cond_broadcast (&fixture->told.changed);
  g_mutex_unlock (&fixture->told.lock);
}

static void
wait_step (Fixture *fixture, Step step)
{
  gint64 end = g_get_monotonic_time () + WATCHDOG;

  g_mutex_lock (&fixture->told.lock);
  while (fixture->step < step) {
    if (!g_cond_wait_until (&fixture->told.changed, &fixture->told.lock, end))
      g_error ("step %d is not reached", step);
  }
  g_mutex_unlock (&fixture->told.lock);
}

static GstPadProbeReturn
on_link_query (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  static guint n_queries;
  g_autoptr (GstElement) element = gst_pad_get_parent_element (pad);
  g_autoptr (GstPad) sink = gst_element_get_static_pad (element, "sink");

  /* The link before this one asks too, and so does this one before it tells
   * the bin. */
  if (!gst_pad_is_linked (sink) || ++n_queries <= N_EARLY_QUERIES)
    return GST_PAD_PROBE_OK;
  set_step (user_data, STEP_LINKING);
  wait_step (user_data, STEP_SORTED);
  return GST_PAD_PROBE_REMOVE;
}

static void
on_linked (GstPad *pad, GstPad *peer, gpointer user_data)
{
  set_step (user_data, STEP_LINKED);
  wait_step (user_data, STEP_MET);
}

static gboolean
is_made_by (GstObject *object, const gchar *factory_name)
{
  GstElementFactory *factory =
      GST_IS_ELEMENT (object) ? gst_element_get_factory (GST_ELEMENT (object))
                              : NULL;

  return factory && g_str_equal (GST_OBJECT_NAME (factory), factory_name);
}

static void
on_element_added (
    GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  g_autoptr (GstPad) pad = NULL;

  if (!is_made_by (GST_OBJECT (element), "audioresample"))
    return;
  pad = gst_element_get_static_pad (element, "src");
  if (gst_pad_is_linked (pad))
    return;
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_QUERY_BOTH, on_link_query, user_data, NULL);
  g_signal_connect (pad, "linked", G_CALLBACK (on_linked), user_data);
}

/* On the thread that changes the state. */
static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Fixture *fixture = user_data;
  GstState new_state = GST_STATE_VOID_PENDING;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STATE_CHANGED)
    gst_message_parse_state_changed (message, NULL, &new_state, NULL);
  if (new_state == GST_STATE_READY && fixture->step != STEP_NONE) {
    if (is_made_by (GST_MESSAGE_SRC (message), "fakesink")) {
      set_step (fixture, STEP_SORTED);
      wait_step (fixture, STEP_LINKED);
    } else if (is_made_by (GST_MESSAGE_SRC (message), "audioconvert")) {
      set_step (fixture, STEP_MET);
    }
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static void
test_stop_during_link (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstBus) bus = NULL;
  GThread *thread;

  open_track (fixture, GST_RTC_MEDIA_AUDIO, "PCMU");
  g_signal_connect (fixture->pipeline, "deep-element-added",
      G_CALLBACK (on_element_added), fixture);
  gst_element_set_state (fixture->pipeline, GST_STATE_PAUSED);
  bus = gst_element_get_bus (fixture->pipeline);
  gst_bus_set_sync_handler (bus, on_message, fixture, NULL);
  thread = g_thread_new ("input", push_sound, fixture);
  g_mutex_lock (&fixture->told.lock);
  while (fixture->step == STEP_NONE && !fixture->told.finished)
    g_cond_wait (&fixture->told.changed, &fixture->told.lock);
  g_mutex_unlock (&fixture->told.lock);
  gst_element_set_state (fixture->pipeline, GST_STATE_READY);
  g_thread_join (thread);
  close_track (fixture);
}

static gboolean
is_finished (Fixture *fixture)
{
  gboolean finished;

  g_mutex_lock (&fixture->told.lock);
  finished = fixture->told.finished;
  g_mutex_unlock (&fixture->told.lock);
  return finished;
}

static void
test_caps_during_state_changes (Fixture *fixture, gconstpointer data)
{
  for (guint round = 0; round < N_ROUNDS; round++) {
    GThread *thread;

    open_track (fixture, GST_RTC_MEDIA_AUDIO, "PCMU");
    gst_element_set_state (fixture->pipeline, GST_STATE_PAUSED);
    fixture->told.finished = FALSE;
    thread = g_thread_new ("input", push_sound, fixture);
    while (!is_finished (fixture)) {
      gst_element_set_state (fixture->pipeline, GST_STATE_PLAYING);
      gst_element_set_state (fixture->pipeline, GST_STATE_PAUSED);
    }
    g_thread_join (thread);
    close_track (fixture);
    g_assert_cmpuint (fixture->told.n_failed, ==, 0);
    g_assert_cmpuint (fixture->told.n_ready, ==, round + 1);
    g_assert_cmpuint (fixture->told.n_packets, ==, round + 1);
  }
}

static void
test_end_without_caps (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  open_track (fixture, GST_RTC_MEDIA_AUDIO, "PCMU");
  bus = gst_element_get_bus (fixture->pipeline);
  gst_element_set_state (fixture->pipeline, GST_STATE_PLAYING);
  gst_pad_push_event (fixture->src, gst_event_new_stream_start ("test"));
  gst_pad_push_event (fixture->src, gst_event_new_eos ());
  message =
      gst_bus_timed_pop_filtered (bus, WATCHDOG * GST_USECOND, GST_MESSAGE_EOS);
  g_assert_nonnull (message);

  /* The next start knows nothing of it. */
  gst_element_set_state (fixture->pipeline, GST_STATE_READY);
  gst_pad_set_active (fixture->src, FALSE);
  gst_pad_set_active (fixture->src, TRUE);
  gst_element_set_state (fixture->pipeline, GST_STATE_PLAYING);
  push_sound (fixture);
  g_assert_cmpuint (fixture->told.n_packets, ==, 1);
  g_assert_cmpuint (fixture->told.n_failed, ==, 0);
  close_track (fixture);
}

/* --- what is handed out --- */

/* A picture of noise, which fills several packets. */
static void
push_picture (Fixture *fixture, GstClockTime pts)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, PICTURE_BYTES, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < map.size; i++)
    map.data[i] = (guint8)g_test_rand_int ();
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_DURATION (buffer) = PICTURE_TIME;
  g_assert_cmpint (gst_pad_push (fixture->src, buffer), ==, GST_FLOW_OK);
}

static void
open_video (Fixture *fixture)
{
  open_track (fixture, GST_RTC_MEDIA_VIDEO, "VP8");
  gst_element_set_state (fixture->pipeline, GST_STATE_PLAYING);
  push_start (fixture, "video/x-raw, format=I420, width=160, height=96, "
                       "framerate=10/1");
}

static void
test_frame_in_one_list (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) route = g_ptr_array_new ();
  GstClockTime base_time;
  guint64 packets, frames;

  open_video (fixture);
  gst_rtc_track_set_route (fixture->track, route);
  for (guint i = 0; i < 3; i++)
    push_picture (fixture, i * PICTURE_TIME);

  g_assert_cmpuint (fixture->told.lists->len, ==, 3);
  g_assert_cmpuint (fixture->told.n_keys, ==, 1);
  g_assert_true (fixture->told.route == route);
  base_time = gst_element_get_base_time (GST_ELEMENT (fixture->track));
  for (guint i = 0; i < 3; i++) {
    GstBufferList *list = g_ptr_array_index (fixture->told.lists, i);
    guint length = gst_buffer_list_length (list);

    g_assert_cmpuint (length, >, 1);
    for (guint j = 0; j < length; j++) {
      GstBuffer *packet = gst_buffer_list_get (list, j);

      g_assert_cmpuint (
          GST_BUFFER_PTS (packet), ==, base_time + i * PICTURE_TIME);
      g_assert_cmpint (GST_BUFFER_FLAG_IS_SET (packet, GST_BUFFER_FLAG_MARKER),
          ==, j == length - 1);
    }
  }
  gst_rtc_track_get_sent (fixture->track, &packets, &frames);
  g_assert_cmpuint (packets, ==, fixture->told.n_packets);
  g_assert_cmpuint (frames, ==, 3);
  close_track (fixture);
}

static void
keep_list (GstBufferList *list, gpointer user_data)
{
  g_ptr_array_add (user_data, list);
}

/* A keyframe stays fresh for a time that a busy machine may exceed between
 * two steps; then there is nothing to replay. */
static void
test_replay (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) again = g_ptr_array_new ();
  guint n_first;

  open_video (fixture);
  g_assert_false (gst_rtc_track_replay (fixture->track, keep_list, again));
  do {
    n_first = fixture->told.lists->len;
    gst_rtc_track_request_keyframe (fixture->track);
    push_picture (fixture, n_first * PICTURE_TIME);
    push_picture (fixture, (n_first + 1) * PICTURE_TIME);
    g_ptr_array_set_size (again, 0);
    gst_rtc_track_replay (fixture->track, keep_list, again);
  } while (again->len < 2);

  g_assert_cmpuint (again->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_true (g_ptr_array_index (again, i) ==
                   g_ptr_array_index (fixture->told.lists, n_first + i));
  close_track (fixture);
}

#define ADD(name, func)                                                        \
  g_test_add ("/track/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("stop-during-link", test_stop_during_link);
  ADD ("caps-during-state-changes", test_caps_during_state_changes);
  ADD ("end-without-caps", test_end_without_caps);
  ADD ("frame-in-one-list", test_frame_in_one_list);
  ADD ("replay", test_replay);
  return g_test_run ();
}
