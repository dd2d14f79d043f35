/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The source of a transport: what comes out of it, and what does not when
 * the transport does not keep up. Lists are counted by their references. */
#include "gstrtcfeed.h"

#include "patience.h"

#define MAX_TIME GST_SECOND
#define MAX_BYTES 10000
#define N_PACKETS 3
#define WATCHDOG (10 * rtc_patience () * G_TIME_SPAN_SECOND)

/* What is behind a pad. */
typedef struct
{
  GstPad *pad;
  GMutex lock;
  GCond changed;
  /* Under lock. */
  GPtrArray *lists;  /* (element-type GstBufferList) in the order of coming */
  GPtrArray *events; /* (element-type GstEvent) */
  GThread *thread;   /* of the last list */
  gboolean held;     /* the next list is taken when this is over */
  GstFlowReturn flow;
} Drain;

typedef struct
{
  GstRtcFeed *feed;
  GstCaps *caps;
  GPtrArray *drains;
} Fixture;

static GstFlowReturn
on_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  Drain *drain = gst_pad_get_element_private (pad);
  GstFlowReturn flow;

  g_mutex_lock (&drain->lock);
  g_ptr_array_add (drain->lists, list);
  drain->thread = g_thread_self ();
  g_cond_broadcast (&drain->changed);
  while (drain->held)
    g_cond_wait (&drain->changed, &drain->lock);
  flow = drain->flow;
  g_mutex_unlock (&drain->lock);
  return flow;
}

static gboolean
on_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  Drain *drain = gst_pad_get_element_private (pad);

  g_mutex_lock (&drain->lock);
  g_ptr_array_add (drain->events, event);
  g_mutex_unlock (&drain->lock);
  return TRUE;
}

static Drain *
drain_add (Fixture *fixture)
{
  Drain *drain = g_new0 (Drain, 1);
  GstPad *pad = gst_rtc_feed_add_pad (fixture->feed, fixture->caps);

  g_mutex_init (&drain->lock);
  g_cond_init (&drain->changed);
  drain->lists =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_buffer_list_unref);
  drain->events =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_event_unref);
  drain->pad = gst_object_ref_sink (gst_pad_new ("sink", GST_PAD_SINK));
  gst_pad_set_element_private (drain->pad, drain);
  gst_pad_set_chain_list_function (drain->pad, on_list);
  gst_pad_set_event_function (drain->pad, on_event);
  gst_pad_set_active (drain->pad, TRUE);
  g_assert_cmpint (gst_pad_link (pad, drain->pad), ==, GST_PAD_LINK_OK);
  g_ptr_array_add (fixture->drains, drain);
  return drain;
}

static void
drain_free (gpointer data)
{
  Drain *drain = data;

  gst_object_unref (drain->pad);
  g_ptr_array_unref (drain->lists);
  g_ptr_array_unref (drain->events);
  g_cond_clear (&drain->changed);
  g_mutex_clear (&drain->lock);
  g_free (drain);
}

static void
drain_hold (Drain *drain, gboolean held)
{
  g_mutex_lock (&drain->lock);
  drain->held = held;
  g_cond_broadcast (&drain->changed);
  g_mutex_unlock (&drain->lock);
}

static void
drain_wait (Drain *drain, guint n)
{
  gint64 end = g_get_monotonic_time () + WATCHDOG;

  g_mutex_lock (&drain->lock);
  while (drain->lists->len < n) {
    if (!g_cond_wait_until (&drain->changed, &drain->lock, end))
      g_error ("%u of %u lists came", drain->lists->len, n);
  }
  g_mutex_unlock (&drain->lock);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->feed = gst_object_ref_sink (gst_rtc_feed_new (MAX_TIME, MAX_BYTES));
  fixture->caps = gst_caps_from_string (
      "application/x-rtp, media=(string)video, payload=(int)96");
  fixture->drains = g_ptr_array_new_with_free_func (drain_free);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  gst_element_set_state (GST_ELEMENT (fixture->feed), GST_STATE_NULL);
  g_assert_cmpint (GST_OBJECT_REFCOUNT_VALUE (fixture->feed), ==, 1);
  gst_object_unref (fixture->feed);
  gst_caps_unref (fixture->caps);
  g_ptr_array_unref (fixture->drains);
}

static void
play (Fixture *fixture)
{
  g_assert_cmpint (
      gst_element_set_state (GST_ELEMENT (fixture->feed), GST_STATE_PLAYING),
      ==, GST_STATE_CHANGE_SUCCESS);
}

static GstBufferList *
make_list (GstClockTime pts, gsize bytes)
{
  GstBufferList *list = gst_buffer_list_new ();

  for (guint i = 0; i < N_PACKETS; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, bytes, NULL);

    GST_BUFFER_PTS (buffer) = pts;
    gst_buffer_list_add (list, buffer);
  }
  return list;
}

static GstClockTime
get_pts (Drain *drain, guint index)
{
  return GST_BUFFER_PTS (
      gst_buffer_list_get (g_ptr_array_index (drain->lists, index), 0));
}

static void
test_as_it_is (Fixture *fixture, gconstpointer data)
{
  Drain *drain = drain_add (fixture);
  g_autoptr (GstBufferList) list = make_list (5 * GST_SECOND, 10);
  const GstEventType types[] = {
      GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT};
  GstCaps *caps;

  play (fixture);
  gst_rtc_feed_push (fixture->feed, 0, gst_buffer_list_ref (list));
  gst_rtc_feed_push (fixture->feed, 0, gst_buffer_list_ref (list));
  drain_wait (drain, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_true (g_ptr_array_index (drain->lists, i) == list);
  g_assert_cmpuint (gst_buffer_list_length (list), ==, N_PACKETS);
  g_assert_cmpuint (drain->events->len, ==, G_N_ELEMENTS (types));
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    g_assert_cmpint (
        GST_EVENT_TYPE (g_ptr_array_index (drain->events, i)), ==, types[i]);
  gst_event_parse_caps (g_ptr_array_index (drain->events, 1), &caps);
  g_assert_true (gst_caps_is_equal (caps, fixture->caps));
}

static void
test_one_thread (Fixture *fixture, gconstpointer data)
{
  Drain *video = drain_add (fixture);
  Drain *audio = drain_add (fixture);

  play (fixture);
  gst_rtc_feed_push (fixture->feed, 0, make_list (0, 10));
  gst_rtc_feed_push (fixture->feed, 1, make_list (0, 10));
  drain_wait (video, 1);
  drain_wait (audio, 1);
  g_assert_true (video->thread == audio->thread);
  g_assert_true (video->thread != g_thread_self ());
}

/* Pushes @n lists behind one that the transport is at, a tenth of a second
 * each. */
static void
push_behind (Fixture *fixture, Drain *drain, guint n, gsize bytes)
{
  play (fixture);
  drain_hold (drain, TRUE);
  gst_rtc_feed_push (fixture->feed, 0, make_list (0, bytes));
  drain_wait (drain, 1);
  for (guint i = 1; i <= n; i++)
    gst_rtc_feed_push (
        fixture->feed, 0, make_list (i * (GST_SECOND / 10), bytes));
  drain_hold (drain, FALSE);
}

static void
test_too_old (Fixture *fixture, gconstpointer data)
{
  Drain *drain = drain_add (fixture);

  push_behind (fixture, drain, 30, 1);
  drain_wait (drain, 12);
  for (guint i = 1; i < 12; i++)
    g_assert_cmpuint (get_pts (drain, i), ==, (19 + i) * (GST_SECOND / 10));
}

static void
test_too_much (Fixture *fixture, gconstpointer data)
{
  Drain *drain = drain_add (fixture);

  /* Three lists of 3,000 bytes may wait. */
  push_behind (fixture, drain, 9, 1000);
  drain_wait (drain, 4);
  for (guint i = 1; i < 4; i++)
    g_assert_cmpuint (get_pts (drain, i), ==, (6 + i) * (GST_SECOND / 10));
}

static void
test_too_large (Fixture *fixture, gconstpointer data)
{
  Drain *drain = drain_add (fixture);

  /* One that is too much by itself still goes out. */
  push_behind (fixture, drain, 3, MAX_BYTES);
  drain_wait (drain, 2);
  g_assert_cmpuint (get_pts (drain, 1), ==, 3 * (GST_SECOND / 10));
}

static void
test_not_running (Fixture *fixture, gconstpointer data)
{
  Drain *drain = drain_add (fixture);
  g_autoptr (GstBufferList) list = make_list (0, 10);

  gst_rtc_feed_push (fixture->feed, 0, gst_buffer_list_ref (list));
  gst_element_set_state (GST_ELEMENT (fixture->feed), GST_STATE_READY);
  gst_rtc_feed_push (fixture->feed, 0, gst_buffer_list_ref (list));
  g_assert_cmpint (GST_MINI_OBJECT_REFCOUNT_VALUE (list), ==, 1);
  g_assert_cmpuint (drain->lists->len, ==, 0);
}

static GstPadProbeReturn
on_blocked (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_set ((gint *)user_data, TRUE);
  return GST_PAD_PROBE_OK;
}

static void
test_stop_while_blocked (Fixture *fixture, gconstpointer data)
{
  Drain *drain = drain_add (fixture);
  g_autoptr (GstPad) pad = gst_pad_get_peer (drain->pad);
  g_autoptr (GstBufferList) list = make_list (0, 10);
  gint blocked = FALSE;

  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_blocked,
      &blocked, NULL);
  play (fixture);
  for (guint i = 0; i < 3; i++)
    gst_rtc_feed_push (fixture->feed, 0, gst_buffer_list_ref (list));
  while (!g_atomic_int_get (&blocked))
    g_thread_yield ();
  gst_element_set_state (GST_ELEMENT (fixture->feed), GST_STATE_NULL);
  g_assert_cmpint (GST_MINI_OBJECT_REFCOUNT_VALUE (list), ==, 1);
  g_assert_cmpuint (drain->lists->len, ==, 0);
}

static void
test_again (Fixture *fixture, gconstpointer data)
{
  Drain *drain = drain_add (fixture);

  for (guint round = 1; round <= 3; round++) {
    play (fixture);
    gst_rtc_feed_push (fixture->feed, 0, make_list (0, 10));
    drain_wait (drain, round);
    gst_element_set_state (GST_ELEMENT (fixture->feed), GST_STATE_NULL);
    g_assert_cmpuint (drain->events->len, ==, 3 * round);
  }
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  Drain *drain = drain_add (fixture);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_bus (GST_ELEMENT (fixture->feed), bus);
  drain->flow = GST_FLOW_ERROR;
  play (fixture);
  gst_rtc_feed_push (fixture->feed, 0, make_list (0, 10));
  message = gst_bus_timed_pop_filtered (
      bus, WATCHDOG * GST_USECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_element_set_bus (GST_ELEMENT (fixture->feed), NULL);
}

static void
test_queries (Fixture *fixture, gconstpointer data)
{
  Drain *drain = drain_add (fixture);
  g_autoptr (GstCaps) caps = gst_pad_peer_query_caps (drain->pad, NULL);
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  GstClockTime least, most;
  gboolean live;

  play (fixture);
  g_assert_true (gst_caps_is_equal (caps, fixture->caps));
  g_assert_true (gst_pad_peer_query (drain->pad, query));
  gst_query_parse_latency (query, &live, &least, &most);
  g_assert_true (live);
  g_assert_cmpuint (least, ==, 0);
  g_assert_cmpuint (most, ==, GST_CLOCK_TIME_NONE);
  g_assert_true (
      gst_pad_push_event (drain->pad, gst_event_new_latency (GST_MSECOND)));
}

#define ADD(name, func)                                                        \
  g_test_add ("/feed/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("as-it-is", test_as_it_is);
  ADD ("one-thread", test_one_thread);
  ADD ("too-old", test_too_old);
  ADD ("too-much", test_too_much);
  ADD ("too-large", test_too_large);
  ADD ("not-running", test_not_running);
  ADD ("stop-while-blocked", test_stop_while_blocked);
  ADD ("again", test_again);
  ADD ("refused", test_refused);
  ADD ("queries", test_queries);
  return g_test_run ();
}
