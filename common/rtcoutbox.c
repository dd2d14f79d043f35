/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers and events on their way up, in order. Belongs to the worker. */
#include "rtcoutbox.h"

struct _GstRtcOutbox
{
  grefcount ref_count; /* also held while one item is handed out */
  GMainContext *context;
  GstRtcEventFunc emit;
  gpointer user_data;
  gboolean drop_events;
  GQueue items;
  GSource *source; /* while there are items */
};

/* One of event, answer_func and call_func is set, or none. */
typedef struct
{
  GstRtcEvent *event;
  GstRtcAnswerFunc answer_func;
  GstRtcAnswer answer; /* owned texts */
  GError *error;
  GFunc call_func;
  gpointer user_data;
  GDestroyNotify destroy;
} Item;

static void
item_free (Item *item)
{
  if (item->destroy)
    item->destroy (item->user_data);
  gst_rtc_event_free (item->event);
  g_free ((gchar *)item->answer.user_id);
  g_free ((gchar *)item->answer.media_session);
  g_clear_error (&item->error);
  g_free (item);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Item, item_free)

static void
outbox_unref (GstRtcOutbox *outbox)
{
  if (!g_ref_count_dec (&outbox->ref_count))
    return;
  g_main_context_unref (outbox->context);
  g_free (outbox);
}

static void
hand_out (GstRtcOutbox *outbox, Item *item)
{
  if (item->event && !outbox->drop_events)
    outbox->emit (item->event, outbox->user_data);
  else if (item->answer_func)
    item->answer_func (
        item->error ? NULL : &item->answer, item->error, item->user_data);
  else if (item->call_func)
    item->call_func (item->user_data, NULL);
}

static gboolean
on_dispatch (gpointer user_data)
{
  GstRtcOutbox *outbox = user_data;
  g_autoptr (Item) item = g_queue_pop_head (&outbox->items);
  gboolean more;

  g_ref_count_inc (&outbox->ref_count);
  if (item)
    hand_out (outbox, item);
  more = !g_queue_is_empty (&outbox->items) && outbox->source;
  if (!more)
    g_clear_pointer (&outbox->source, g_source_unref);
  outbox_unref (outbox);
  return more;
}

static void
push (GstRtcOutbox *outbox, Item *item)
{
  g_queue_push_tail (&outbox->items, item);
  if (outbox->source)
    return;
  outbox->source = g_idle_source_new ();
  g_source_set_priority (outbox->source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (outbox->source, "rtc outbox");
  g_source_set_callback (outbox->source, on_dispatch, outbox, NULL);
  g_source_attach (outbox->source, outbox->context);
}

GstRtcOutbox *
gst_rtc_outbox_new (
    GMainContext *context, GstRtcEventFunc emit, gpointer user_data)
{
  GstRtcOutbox *outbox = g_new0 (GstRtcOutbox, 1);

  g_ref_count_init (&outbox->ref_count);
  outbox->context = g_main_context_ref (context);
  outbox->emit = emit;
  outbox->user_data = user_data;
  g_queue_init (&outbox->items);
  return outbox;
}

void
gst_rtc_outbox_free (GstRtcOutbox *outbox)
{
  Item *item;

  if (!outbox)
    return;
  outbox->drop_events = TRUE;
  while ((item = g_queue_pop_head (&outbox->items))) {
    hand_out (outbox, item);
    item_free (item);
  }
  if (outbox->source)
    g_source_destroy (outbox->source);
  g_clear_pointer (&outbox->source, g_source_unref);
  outbox_unref (outbox);
}

void
gst_rtc_outbox_push_event (GstRtcOutbox *outbox, const GstRtcEvent *event)
{
  Item *item;

  if (outbox->drop_events)
    return;
  item = g_new0 (Item, 1);
  item->event = gst_rtc_event_copy (event);
  push (outbox, item);
}

void
gst_rtc_outbox_push_answer (GstRtcOutbox *outbox, GstRtcAnswerFunc func,
    gpointer user_data, GDestroyNotify destroy, const GstRtcAnswer *answer,
    const GError *error)
{
  Item *item = g_new0 (Item, 1);

  item->answer_func = func;
  item->user_data = user_data;
  item->destroy = destroy;
  if (answer) {
    item->answer.user_id = g_strdup (answer->user_id);
    item->answer.media_session = g_strdup (answer->media_session);
  }
  item->error = error ? g_error_copy (error) : NULL;
  push (outbox, item);
}

void
gst_rtc_outbox_push_call (GstRtcOutbox *outbox, GFunc func, gpointer user_data)
{
  Item *item = g_new0 (Item, 1);

  item->call_func = func;
  item->user_data = user_data;
  push (outbox, item);
}

void
gst_rtc_outbox_drop_events (GstRtcOutbox *outbox)
{
  outbox->drop_events = TRUE;
}
