/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Source of one media transport. Lists come in on any thread and leave on the
 * one of the feed, which lives from READY to PAUSED and back. */
#include "gstrtcfeed.h"

#include <gst/base/gstqueuearray.h>

GST_DEBUG_CATEGORY_STATIC (feed_debug);
#define GST_CAT_DEFAULT feed_debug

#define QUEUE_START_SIZE 8

/* A pad and what begins its stream. Added before the thread lives. */
typedef struct
{
  GstPad *pad; /* borrowed: the feed never removes it */
  GstCaps *caps;
  gboolean begun; /* thread only */
} Outlet;

/* A list that waits. */
typedef struct
{
  Outlet *outlet;
  GstBufferList *list;
  GstClockTime pts;
  gsize bytes;
} Item;

struct _GstRtcFeed
{
  GstElement parent;

  /* Set before the thread lives. */
  GstClockTime max_time;
  gsize max_bytes;
  GPtrArray *outlets; /* (element-type Outlet) */

  GThread *thread; /* state changes only */

  GMutex lock;
  GCond filled;
  /* Under lock. */
  GstQueueArray *items; /* (element-type Item) */
  gsize bytes;          /* of all items */
  gboolean waiting;     /* the thread does, for an item */
  gboolean open;        /* the thread lives and shall go on */
};

G_DEFINE_TYPE (GstRtcFeed, gst_rtc_feed, GST_TYPE_ELEMENT)

static void
free_outlet (gpointer data)
{
  Outlet *outlet = data;

  gst_caps_unref (outlet->caps);
  g_free (outlet);
}

/* --- the queue, with the lock held --- */

/* FALSE when there is none. The caller gets the list. */
static gboolean
take_item (GstRtcFeed *self, Item *item)
{
  const Item *head = gst_queue_array_pop_head_struct (self->items);

  if (!head)
    return FALSE;
  *item = *head;
  self->bytes -= item->bytes;
  return TRUE;
}

static gboolean
drop_item (GstRtcFeed *self)
{
  Item item;

  if (!take_item (self, &item))
    return FALSE;
  gst_buffer_list_unref (item.list);
  return TRUE;
}

static gboolean
is_behind (GstRtcFeed *self, GstClockTime newest)
{
  const Item *head = gst_queue_array_peek_head_struct (self->items);

  return self->bytes > self->max_bytes ||
         GST_CLOCK_DIFF (head->pts, newest) > (GstClockTimeDiff)self->max_time;
}

static void
add_item (GstRtcFeed *self, const Item *item)
{
  gst_queue_array_push_tail_struct (self->items, (gpointer)item);
  self->bytes += item->bytes;
  while (gst_queue_array_get_length (self->items) > 1 &&
         is_behind (self, item->pts)) {
    GST_DEBUG_OBJECT (self, "the transport is slow: a list is dropped");
    drop_item (self);
  }
}

/* --- the thread --- */

static void
begin_stream (GstRtcFeed *self, Outlet *outlet)
{
  g_autofree gchar *id = gst_pad_create_stream_id (
      outlet->pad, GST_ELEMENT (self), GST_PAD_NAME (outlet->pad));
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (outlet->pad, gst_event_new_stream_start (id));
  gst_pad_push_event (outlet->pad, gst_event_new_caps (outlet->caps));
  gst_pad_push_event (outlet->pad, gst_event_new_segment (&segment));
  outlet->begun = TRUE;
}

static GstFlowReturn
push_item (GstRtcFeed *self, const Item *item)
{
  if (!item->outlet->begun)
    begin_stream (self, item->outlet);
  return gst_pad_push_list (item->outlet->pad, item->list);
}

static gboolean
wait_item (GstRtcFeed *self, Item *item)
{
  gboolean taken = FALSE;

  g_mutex_lock (&self->lock);
  while (self->open && !(taken = take_item (self, item))) {
    self->waiting = TRUE;
    g_cond_wait (&self->filled, &self->lock);
    self->waiting = FALSE;
  }
  g_mutex_unlock (&self->lock);
  return taken;
}

static void
close_queue (GstRtcFeed *self)
{
  g_mutex_lock (&self->lock);
  self->open = FALSE;
  while (drop_item (self))
    ;
  g_cond_signal (&self->filled);
  g_mutex_unlock (&self->lock);
}

static gpointer
run_feed (gpointer data)
{
  GstRtcFeed *self = data;
  Item item;

  while (wait_item (self, &item)) {
    GstFlowReturn flow = push_item (self, &item);

    if (flow >= GST_FLOW_OK)
      continue;
    close_queue (self);
    if (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS)
      GST_ELEMENT_FLOW_ERROR (self, flow);
  }
  return NULL;
}

/* --- pads --- */

static gboolean
answer_caps (GstPad *pad, GstQuery *query, GstCaps *caps)
{
  g_autoptr (GstCaps) result = NULL;
  GstCaps *filter;

  gst_query_parse_caps (query, &filter);
  result =
      filter ? gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST)
             : gst_caps_ref (caps);
  gst_query_set_caps_result (query, result);
  return TRUE;
}

static gboolean
query_pad (GstPad *pad, GstObject *parent, GstQuery *query)
{
  const Outlet *outlet = gst_pad_get_element_private (pad);

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
      return answer_caps (pad, query, outlet->caps);
    case GST_QUERY_LATENCY:
      gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

/* There is nobody further up to tell. */
static gboolean
take_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  gboolean known = GST_EVENT_TYPE (event) == GST_EVENT_LATENCY;

  gst_event_unref (event);
  return known;
}

/* --- public --- */

GstRtcFeed *
gst_rtc_feed_new (GstClockTime max_time, gsize max_bytes)
{
  GstRtcFeed *self = g_object_new (GST_RTC_TYPE_FEED, NULL);

  self->max_time = max_time;
  self->max_bytes = max_bytes;
  return self;
}

GstPad *
gst_rtc_feed_add_pad (GstRtcFeed *self, GstCaps *caps)
{
  Outlet *outlet = g_new0 (Outlet, 1);
  g_autofree gchar *name = g_strdup_printf ("src_%u", self->outlets->len);

  outlet->caps = gst_caps_ref (caps);
  outlet->pad = gst_pad_new (name, GST_PAD_SRC);
  gst_pad_set_element_private (outlet->pad, outlet);
  gst_pad_set_query_function (outlet->pad, query_pad);
  gst_pad_set_event_function (outlet->pad, take_event);
  g_ptr_array_add (self->outlets, outlet);
  gst_element_add_pad (GST_ELEMENT (self), outlet->pad);
  return outlet->pad;
}

void
gst_rtc_feed_push (GstRtcFeed *self, guint index, GstBufferList *list)
{
  const Item item = {.outlet = g_ptr_array_index (self->outlets, index),
      .list = list,
      .pts = GST_BUFFER_PTS (gst_buffer_list_get (list, 0)),
      .bytes = gst_buffer_list_calculate_size (list)};
  gboolean open, wake;

  g_mutex_lock (&self->lock);
  open = self->open;
  if (open)
    add_item (self, &item);
  wake = open && self->waiting;
  g_mutex_unlock (&self->lock);

  /* Without the lock, which the thread would have to wait for. */
  if (wake)
    g_cond_signal (&self->filled);
  if (!open)
    gst_buffer_list_unref (list);
}

/* --- GObject --- */

static void
start_thread (GstRtcFeed *self)
{
  for (guint i = 0; i < self->outlets->len; i++)
    ((Outlet *)g_ptr_array_index (self->outlets, i))->begun = FALSE;
  g_mutex_lock (&self->lock);
  self->open = TRUE;
  g_mutex_unlock (&self->lock);
  self->thread = g_thread_new ("rtc-feed", run_feed, self);
}

static GstStateChangeReturn
gst_rtc_feed_change_state (GstElement *element, GstStateChange transition)
{
  GstRtcFeed *self = GST_RTC_FEED (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    close_queue (self);
  ret = GST_ELEMENT_CLASS (gst_rtc_feed_parent_class)
            ->change_state (element, transition);

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (ret == GST_STATE_CHANGE_FAILURE)
        return ret;
      start_thread (self);
      return GST_STATE_CHANGE_NO_PREROLL;
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      return GST_STATE_CHANGE_NO_PREROLL;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      /* The pads are flushing: it is held up by nothing. */
      g_clear_pointer (&self->thread, g_thread_join);
      return ret;
    default:
      return ret;
  }
}

static void
gst_rtc_feed_finalize (GObject *object)
{
  GstRtcFeed *self = GST_RTC_FEED (object);

  gst_queue_array_free (self->items);
  g_ptr_array_unref (self->outlets);
  g_cond_clear (&self->filled);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_rtc_feed_parent_class)->finalize (object);
}

static void
gst_rtc_feed_class_init (GstRtcFeedClass *klass)
{
  GST_DEBUG_CATEGORY_INIT (
      feed_debug, "rtcfeed", 0, "Sources of the media transports");

  G_OBJECT_CLASS (klass)->finalize = gst_rtc_feed_finalize;
  GST_ELEMENT_CLASS (klass)->change_state = gst_rtc_feed_change_state;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Feed of a media transport", "Source",
      "Hands out the RTP packets that are pushed into it",
      "The gst-rtc authors");
}

static void
gst_rtc_feed_init (GstRtcFeed *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->filled);
  self->outlets = g_ptr_array_new_with_free_func (free_outlet);
  self->items =
      gst_queue_array_new_for_struct (sizeof (Item), QUEUE_START_SIZE);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}
