/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How rtcsink and rtcsrc go, at whatever moment: bounded, without a deadlock
 * and leaving nothing behind. Objects are told by the tracer `leaks`. */
#include "elementcheck.h"

#include "patience.h"
#include "raw-server.h"

#define N_CUTS 30
#define LONGEST_CUT_MS 300
/* A goodbye that nobody answers is waited for this long, and then some for
 * a machine that is busy. */
#define LONGEST_STOP                                                           \
  (2 * rtc_patience () * rtc_load_patience () * G_TIME_SPAN_SECOND)
#define SESSION_OPENED                                                         \
  "{\"type\":\"session-opened\",\"session\":\"s1\",\"user\":\"bob\","          \
  "\"screen\":false}"
#define BOB_WITH_CAMERA                                                        \
  "[{\"user\":\"bob\",\"streams\":[{\"screen\":false,"                         \
  "\"videoCodec\":\"VP8\"}]}]"

static const gchar *const factories[] = {"rtcsink", "rtcsrc"};

static void
stop_in_time (RtcPipeline *pipeline)
{
  gint64 started = g_get_monotonic_time ();

  rtc_pipeline_stop (pipeline);
  g_assert_cmpfloat (g_get_monotonic_time () - started, <, LONGEST_STOP);
}

/* --- what the process has --- */

typedef struct
{
  guint threads;
  guint descriptors;
} Footprint;

static Footprint
measure (void)
{
  return (Footprint){.threads = rtc_test_count_threads (),
      .descriptors = rtc_test_count_files ()};
}

static gboolean
is_back (const Footprint *before)
{
  Footprint now = measure ();

  return now.threads <= before->threads &&
         now.descriptors <= before->descriptors;
}

static gboolean
on_look_again (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static GstTracer *
find_leaks_tracer (void)
{
  GList *tracers = gst_tracing_get_active_tracers ();
  GstTracer *found = NULL;

  for (GList *item = tracers; item; item = item->next) {
    if (g_str_equal ("GstLeaksTracer", G_OBJECT_TYPE_NAME (item->data)))
      found = gst_object_ref (item->data);
  }
  g_list_free_full (tracers, gst_object_unref);
  return found;
}

/* What the registry keeps, and what the DTLS plugin does: one agent for the
 * process. */
static gboolean
may_stay (const gchar *type)
{
  const gchar *const kept[] = {"GstRegistry", "GstPlugin", "GstElementFactory",
      "GstTypeFindFactory", "GstDeviceProviderFactory", "GstDynamicTypeFactory",
      "GstTracerFactory", "GstPadTemplate", "GstSystemClock", "GstDtlsAgent",
      "GstTaskPool", "GstCaps", "GstAllocatorSysmem", "GstLeaksTracer", NULL};

  return g_strv_contains (kept, type);
}

/* The tracer gives the objects without a reference. Some may be gone when
 * they are looked at, so only their types are, and the answers must never be
 * freed. */
static GSList *answers;

static gboolean
has_left_nothing (GstTracer *tracer, gboolean tell)
{
  GstStructure *live = NULL;
  const GValue *list;
  gboolean nothing = TRUE;

  g_signal_emit_by_name (tracer, "get-live-objects", &live);
  answers = g_slist_prepend (answers, live);
  list = gst_structure_get_value (live, "live-objects-list");
  for (guint i = 0; i < gst_value_list_get_size (list); i++) {
    const GstStructure *row =
        gst_value_get_structure (gst_value_list_get_value (list, i));
    const GValue *object = gst_structure_get_value (row, "object");
    const gchar *type = G_VALUE_TYPE_NAME (object);

    if (may_stay (type))
      continue;
    nothing = FALSE;
    if (tell)
      g_test_message ("left behind: %s %s", type,
          G_VALUE_HOLDS (object, GST_TYPE_OBJECT)
              ? GST_OBJECT_NAME (g_value_get_object (object))
              : "");
  }
  return nothing;
}

static void
tell_what_is_left (void)
{
  g_autoptr (GstTracer) tracer = find_leaks_tracer ();
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *entry;

  while ((entry = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_strdup_printf ("/proc/self/task/%s/comm", entry);
    g_autofree gchar *name = NULL;

    if (g_file_get_contents (path, &name, NULL, NULL))
      g_test_message ("thread %s", g_strchomp (name));
  }
  g_dir_close (dir);
  if (tracer)
    has_left_nothing (tracer, TRUE);
}

/* Idle threads of pools end by themselves. */
static void
wait_until_back (Fixture *fixture, const Footprint *before)
{
  GSource *source = g_timeout_source_new (5);

  g_thread_pool_stop_unused_threads ();
  g_source_set_callback (source, on_look_again, NULL, NULL);
  g_source_attach (source, fixture->context);
  for (guint i = 0; i < 800 && !is_back (before); i++)
    g_main_context_iteration (fixture->context, TRUE);
  if (!is_back (before))
    tell_what_is_left ();
  g_assert_true (is_back (before));
  g_source_destroy (source);
  g_source_unref (source);
}

/* --- stopping at given moments --- */

static void
test_while_configuring (Fixture *fixture, gconstpointer data)
{
  RawServer *silent = raw_server_new (NULL, TRUE);
  const gchar *schemes[] = {"http", "ws"};

  for (guint i = 0; i < G_N_ELEMENTS (factories) * 2; i++) {
    g_autofree gchar *url = raw_server_dup_url (silent, schemes[i / 2]);
    RtcPipeline *pipeline = check_lone_new (factories[i % 2], url, "");

    for (guint round = 1; round <= 2; round++) {
      rtc_pipeline_play (pipeline);
      rtc_test_wait (fixture->context,
          raw_server_get_n_connections (silent) == i * 2 + round);
      stop_in_time (pipeline);
    }
    check_no_failure (pipeline);
    rtc_pipeline_free (pipeline);
  }
  raw_server_free (silent);
}

static void
test_while_joining (Fixture *fixture, gconstpointer data)
{
  scripted_server_add (
      fixture->scripted, (ScriptedRow){.type = GST_RTC_MESSAGE_JOIN,
                             .act = SCRIPTED_SILENT,
                             .always = TRUE});
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) {
    RtcPipeline *pipeline = check_lone_new (
        factories[i], scripted_server_get_url (fixture->scripted), "");

    rtc_pipeline_play (pipeline);
    rtc_test_wait (fixture->context, scripted_server_count (fixture->scripted,
                                         GST_RTC_MESSAGE_JOIN) == i + 1);
    stop_in_time (pipeline);
    check_no_failure (pipeline);
    rtc_pipeline_free (pipeline);
  }
}

static void
test_while_offering (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_publisher_new (scripted_server_get_url (fixture->scripted), "");

  rtc_pipeline_play (pipeline);
  rtc_test_wait (fixture->context,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_PUBLISH) == 1);
  scripted_server_send (fixture->scripted, SESSION_OPENED);
  rtc_test_wait (fixture->context,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_OFFER) == 1);
  stop_in_time (pipeline);
  check_no_failure (pipeline);
  rtc_pipeline_free (pipeline);
}

/* The offer is being made. */
static void
test_before_the_offer (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_publisher_new (scripted_server_get_url (fixture->scripted), "");

  rtc_pipeline_play (pipeline);
  rtc_test_wait (fixture->context,
      scripted_server_count (fixture->scripted, GST_RTC_MESSAGE_PUBLISH) == 1);
  scripted_server_send (fixture->scripted, SESSION_OPENED);
  rtc_test_settle (fixture->context);
  stop_in_time (pipeline);
  check_no_failure (pipeline);
  rtc_pipeline_free (pipeline);
}

static void
test_while_awaiting_the_offer (Fixture *fixture, gconstpointer data)
{
  RtcPipeline *pipeline =
      check_viewer_new (scripted_server_get_url (fixture->scripted), "");

  scripted_server_set_users (fixture->scripted, BOB_WITH_CAMERA);
  rtc_pipeline_play (pipeline);
  rtc_test_wait (fixture->context, scripted_server_count (fixture->scripted,
                                       GST_RTC_MESSAGE_SUBSCRIBE) == 1);
  check_barrier (fixture, pipeline);
  stop_in_time (pipeline);
  check_no_failure (pipeline);
  rtc_pipeline_free (pipeline);
}

static void
test_with_the_server_gone (Fixture *fixture, gconstpointer data)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  RtcPipeline *publisher = check_publisher_new (url, "");
  RtcPipeline *viewer = check_viewer_new (url, "");
  Counter *frames =
      counter_new (fixture, rtc_pipeline_get (viewer, "video"), "sink");

  rtc_pipeline_play (publisher);
  rtc_pipeline_play (viewer);
  counter_wait (fixture, frames, 3);
  gst_rtc_server_stop (fixture->server);
  g_clear_object (&fixture->server);

  /* One when it knows, the other right away. */
  check_failure (fixture, publisher, GST_MESSAGE_ERROR,
      GST_RTC_ERROR_WEBSOCKET_FAILED, "none");
  stop_in_time (viewer);
  stop_in_time (publisher);
  counter_free (frames);
  rtc_pipeline_free (viewer);
  rtc_pipeline_free (publisher);
}

/* --- from inside a callback --- */

typedef struct
{
  Fixture *fixture;
  GstElement *pipeline;
  gboolean destroy; /* the last reference too */
  gint done;        /* atomic */
} Stopper;

static void
stop_here (Stopper *stopper)
{
  GstElement *pipeline = g_atomic_pointer_get (&stopper->pipeline);

  if (!pipeline || !g_atomic_pointer_compare_and_exchange (
                       &stopper->pipeline, pipeline, NULL))
    return;
  g_assert_cmpint (GST_STATE_CHANGE_SUCCESS, ==,
      gst_element_set_state (pipeline, GST_STATE_NULL));
  if (stopper->destroy)
    gst_object_unref (pipeline);
  g_atomic_int_set (&stopper->done, TRUE);
  g_main_context_wakeup (stopper->fixture->context);
}

static void
on_pad_added (GstElement *rtc, GstPad *pad, gpointer user_data)
{
  stop_here (user_data);
}

static void
on_viewer_added (
    GstElement *rtc, const gchar *user_id, gboolean screen, gpointer user_data)
{
  stop_here (user_data);
}

static void
on_peer_created (GstElement *rtc, const gchar *user_id, GstElement *webrtcbin,
    gpointer user_data)
{
  stop_here (user_data);
}

static void
on_connection_state (GObject *rtc, GParamSpec *pspec, gpointer user_data)
{
  gint state;

  g_object_get (rtc, "connection-state", &state, NULL);
  if (state != 0)
    stop_here (user_data);
}

static void
on_promise (GstPromise *promise, gpointer user_data)
{
  stop_here (user_data);
}

typedef enum
{
  AT_PAD_ADDED,
  AT_VIEWER_ADDED,
  AT_PEER_CREATED,
  AT_CONNECTION_STATE,
  AT_PROMISE,
  N_MOMENTS
} Moment;

static void
connect_moment (
    Moment moment, GstElement *sink, GstElement *src, Stopper *stopper)
{
  switch (moment) {
    case AT_PAD_ADDED:
      g_signal_connect (src, "pad-added", G_CALLBACK (on_pad_added), stopper);
      break;
    case AT_VIEWER_ADDED:
      g_signal_connect (
          sink, "viewer-added", G_CALLBACK (on_viewer_added), stopper);
      break;
    case AT_PEER_CREATED:
      g_signal_connect (
          sink, "peer-created", G_CALLBACK (on_peer_created), stopper);
      break;
    case AT_CONNECTION_STATE:
      g_signal_connect (src, "notify::connection-state",
          G_CALLBACK (on_connection_state), stopper);
      break;
    default:
      break;
  }
}

static void
ask_with_promise (GstElement *src, Stopper *stopper)
{
  GstPromise *promise =
      gst_promise_new_with_change_func (on_promise, stopper, NULL);

  g_signal_emit_by_name (src, "set-user-visibility", FALSE, promise);
  gst_promise_unref (promise);
}

static GstElement *
parse_pipeline (const gchar *format, const gchar *url)
{
  g_autofree gchar *line = g_strdup_printf (
      "%s server-url=%s room-id=room " CHECK_LOCAL "%s", format, url,
      g_str_has_prefix (format, "rtcsink") ? CHECK_PUBLISHER
                                           : " fakesink async=false");
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  return gst_object_ref_sink (pipeline);
}

static void
stop_at (Fixture *fixture, Moment moment, gboolean destroy)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  GstElement *publisher = parse_pipeline ("rtcsink name=rtc", url);
  GstElement *viewer = parse_pipeline ("rtcsrc name=rtc", url);
  gboolean of_publisher =
      moment == AT_VIEWER_ADDED || moment == AT_PEER_CREATED;
  GstElement *stopped = of_publisher ? publisher : viewer;
  GstElement *other = of_publisher ? viewer : publisher;
  GstElement *sink = gst_bin_get_by_name (GST_BIN (publisher), "rtc");
  GstElement *src = gst_bin_get_by_name (GST_BIN (viewer), "rtc");
  Stopper stopper = {
      .fixture = fixture, .pipeline = stopped, .destroy = destroy};

  /* Given to the callback, which may be there before this thread is done
   * with starting it. */
  if (destroy)
    gst_object_ref (stopped);
  connect_moment (moment, sink, src, &stopper);
  gst_element_set_state (other, GST_STATE_PLAYING);
  gst_element_set_state (stopped, GST_STATE_PLAYING);
  if (moment == AT_PROMISE)
    ask_with_promise (src, &stopper);
  gst_object_unref (sink);
  gst_object_unref (src);
  if (destroy)
    gst_object_unref (stopped);

  rtc_test_wait (fixture->context, g_atomic_int_get (&stopper.done));
  gst_element_set_state (other, GST_STATE_NULL);
  gst_object_unref (other);
  if (!destroy) {
    gst_element_set_state (stopped, GST_STATE_NULL);
    gst_object_unref (stopped);
  }
}

static void
test_null_in_a_callback (Fixture *fixture, gconstpointer data)
{
  for (guint moment = 0; moment < N_MOMENTS; moment++)
    stop_at (fixture, (Moment)moment, FALSE);
}

static void
test_destroyed_in_a_callback (Fixture *fixture, gconstpointer data)
{
  for (guint moment = 0; moment < N_MOMENTS; moment++)
    stop_at (fixture, (Moment)moment, TRUE);
}

/* --- a callback of one thread, a state change of another --- */

typedef struct
{
  GMutex lock;
  GCond changed;
  GstElement *pipeline;
  GstElement *sink;   /* under lock; added by the callback */
  GstState going_to;  /* under lock; what the sink is left in */
  gboolean stops_too; /* the callback changes the state of all */
  gboolean inside;    /* under lock */
  gboolean done;      /* under lock */
} Overlap;

static GstBusSyncReply
on_overlap_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Overlap *overlap = user_data;

  g_mutex_lock (&overlap->lock);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STATE_CHANGED &&
      overlap->sink && GST_MESSAGE_SRC (message) == (gpointer)overlap->sink) {
    gst_message_parse_state_changed (message, NULL, &overlap->going_to, NULL);
    g_cond_broadcast (&overlap->changed);
  }
  g_mutex_unlock (&overlap->lock);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/* Adds a sink; while it does, the other thread has got as far as READY. */
static void
on_overlapping_pad (GstElement *rtc, GstPad *pad, gpointer user_data)
{
  Overlap *overlap = user_data;

  g_mutex_lock (&overlap->lock);
  if (overlap->sink) {
    g_mutex_unlock (&overlap->lock);
    return;
  }
  overlap->sink = gst_element_factory_make ("fakesink", NULL);
  g_object_set (overlap->sink, "async", FALSE, NULL);
  g_mutex_unlock (&overlap->lock);
  gst_bin_add (GST_BIN (overlap->pipeline), overlap->sink);
  gst_element_set_state (overlap->sink, GST_STATE_PLAYING);

  g_mutex_lock (&overlap->lock);
  overlap->inside = TRUE;
  g_cond_broadcast (&overlap->changed);
  while (overlap->going_to != GST_STATE_READY)
    g_cond_wait (&overlap->changed, &overlap->lock);
  g_mutex_unlock (&overlap->lock);

  if (overlap->stops_too)
    gst_element_set_state (overlap->pipeline, GST_STATE_NULL);
  else
    gst_element_set_state (overlap->sink, GST_STATE_PLAYING);
  g_mutex_lock (&overlap->lock);
  overlap->done = TRUE;
  g_cond_broadcast (&overlap->changed);
  g_mutex_unlock (&overlap->lock);
}

static void
wait_overlap (Overlap *overlap, const gboolean *flag)
{
  g_mutex_lock (&overlap->lock);
  while (!*flag)
    g_cond_wait (&overlap->changed, &overlap->lock);
  g_mutex_unlock (&overlap->lock);
}

static void
stop_under_callback (Fixture *fixture, gboolean stops_too)
{
  RtcPipeline *publisher =
      check_publisher_new (gst_rtc_server_get_url (fixture->server), "");
  GstElement *viewer = parse_pipeline (
      "rtcsrc name=rtc", gst_rtc_server_get_url (fixture->server));
  GstElement *src = gst_bin_get_by_name (GST_BIN (viewer), "rtc");
  g_autoptr (GstBus) bus = gst_element_get_bus (viewer);
  Overlap overlap = {.pipeline = viewer, .stops_too = stops_too};
  gint64 started;

  g_mutex_init (&overlap.lock);
  g_cond_init (&overlap.changed);
  gst_bus_set_sync_handler (bus, on_overlap_message, &overlap, NULL);
  g_signal_connect (
      src, "pad-added", G_CALLBACK (on_overlapping_pad), &overlap);
  rtc_pipeline_play (publisher);
  gst_element_set_state (viewer, GST_STATE_PLAYING);
  wait_overlap (&overlap, &overlap.inside);

  started = g_get_monotonic_time ();
  gst_element_set_state (viewer, GST_STATE_NULL);
  g_assert_cmpfloat (g_get_monotonic_time () - started, <, 2 * LONGEST_STOP);
  wait_overlap (&overlap, &overlap.done);
  g_assert_cmpint (GST_STATE_NULL, ==, GST_STATE (overlap.sink));
  g_assert_cmpint (GST_STATE_NULL, ==, GST_STATE (src));

  gst_object_unref (src);
  gst_object_unref (viewer);
  rtc_pipeline_free (publisher);
  g_mutex_clear (&overlap.lock);
  g_cond_clear (&overlap.changed);
}

/* What the application adds in a callback goes to NULL with the pipeline. */
static void
test_null_while_a_sink_is_added (Fixture *fixture, gconstpointer data)
{
  stop_under_callback (fixture, FALSE);
}

/* Each waits for the other; the element does so for a bounded time. */
static void
test_null_from_two_threads (Fixture *fixture, gconstpointer data)
{
  stop_under_callback (fixture, TRUE);
}

/* --- any moment --- */

static void
cut (Fixture *fixture, guint ms, gboolean publisher_first)
{
  const gchar *url = gst_rtc_server_get_url (fixture->server);
  RtcPipeline *publisher = check_publisher_new (url, "");
  RtcPipeline *viewer = check_viewer_new (url, "");

  rtc_pipeline_play (publisher);
  rtc_pipeline_play (viewer);
  check_let_pass (fixture, ms);
  stop_in_time (publisher_first ? publisher : viewer);
  stop_in_time (publisher_first ? viewer : publisher);
  check_no_failure (publisher);
  check_no_failure (viewer);
  rtc_pipeline_free (publisher);
  rtc_pipeline_free (viewer);
}

static void
test_any_moment (Fixture *fixture, gconstpointer data)
{
  Footprint before;

  /* Whole, so that all that stays in a process is there. */
  cut (fixture, 2 * LONGEST_CUT_MS, FALSE);
  g_thread_pool_stop_unused_threads ();
  rtc_test_settle (fixture->context);
  before = measure ();
  for (guint i = 0; i < N_CUTS; i++) {
    cut (fixture, (guint)g_test_rand_int_range (0, LONGEST_CUT_MS),
        g_test_rand_bit ());
  }
  wait_until_back (fixture, &before);
}

/* --- what is left --- */

/* Goes last, so that it sees what the others left. */
static void
test_nothing_is_left (void)
{
  g_autoptr (GMainContext) context = rtc_test_context_enter ();
  g_autoptr (GstTracer) tracer = find_leaks_tracer ();
  GSource *source = g_timeout_source_new (20);

  if (!tracer) {
    g_test_skip ("the tracer leaks is not active");
    return;
  }
  g_source_set_callback (source, on_look_again, NULL, NULL);
  g_source_attach (source, context);
  for (guint i = 0; i < 100 && !has_left_nothing (tracer, FALSE); i++)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (source);
  g_source_unref (source);
  g_assert_true (has_left_nothing (tracer, TRUE));
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  check_register ();

  CHECK_ADD ("/going/while-configuring", test_while_configuring);
  CHECK_ADD ("/going/while-joining", test_while_joining);
  CHECK_ADD ("/going/while-offering", test_while_offering);
  CHECK_ADD ("/going/before-the-offer", test_before_the_offer);
  CHECK_ADD ("/going/while-awaiting-the-offer", test_while_awaiting_the_offer);
  CHECK_ADD ("/going/with-the-server-gone", test_with_the_server_gone);
  CHECK_ADD ("/going/null-in-a-callback", test_null_in_a_callback);
  CHECK_ADD ("/going/destroyed-in-a-callback", test_destroyed_in_a_callback);
  CHECK_ADD (
      "/going/null-while-a-sink-is-added", test_null_while_a_sink_is_added);
  CHECK_ADD ("/going/null-from-two-threads", test_null_from_two_threads);
  CHECK_ADD ("/going/any-moment", test_any_moment);
  g_test_add_func ("/going/nothing-is-left", test_nothing_is_left);
  return g_test_run ();
}
