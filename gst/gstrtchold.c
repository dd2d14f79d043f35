/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps errors back until the application can hear them. Belongs to the
 * notifier of its element. */
#include "gstrtchold.h"

#define LONGEST_MS 1000

struct _GstRtcHold
{
  GstElement *element;
  gboolean holding;
  GQueue errors; /* GstMessage */
  GSource *timer;
};

GstRtcHold *
gst_rtc_hold_new (GstElement *element)
{
  GstRtcHold *self = g_new0 (GstRtcHold, 1);

  self->element = element;
  g_queue_init (&self->errors);
  return self;
}

static void
clear_timer (GstRtcHold *self)
{
  if (self->timer)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

void
gst_rtc_hold_free (GstRtcHold *hold)
{
  if (!hold)
    return;
  clear_timer (hold);
  g_queue_clear_full (&hold->errors, (GDestroyNotify)gst_message_unref);
  g_free (hold);
}

void
gst_rtc_hold_end (GstRtcHold *hold)
{
  GstMessage *message;

  clear_timer (hold);
  hold->holding = FALSE;
  while ((message = g_queue_pop_head (&hold->errors)))
    gst_element_post_message (hold->element, message);
}

static gboolean
on_timer (gpointer user_data)
{
  gst_rtc_hold_end (user_data);
  return G_SOURCE_REMOVE;
}

void
gst_rtc_hold_begin (GstRtcHold *hold)
{
  gst_rtc_hold_end (hold);
  hold->holding = TRUE;
  hold->timer = g_timeout_source_new (LONGEST_MS);
  g_source_set_static_name (hold->timer, "rtc held errors");
  g_source_set_callback (hold->timer, on_timer, hold, NULL);
  g_source_attach (hold->timer, g_main_context_get_thread_default ());
}

void
gst_rtc_hold_post (GstRtcHold *hold, GstMessage *message)
{
  if (hold->holding && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    g_queue_push_tail (&hold->errors, message);
  else
    gst_element_post_message (hold->element, message);
}
