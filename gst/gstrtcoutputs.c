/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outputs of an rtcsrc. Any thread. */
#include "gstrtcoutputs.h"

typedef struct
{
  GstRtcOutput *output;
  GstRtcSubscription *subscription;
} Entry;

struct _GstRtcOutputs
{
  GMutex lock;
  GPtrArray *entries; /* (element-type Entry), attached or about to be */
  gboolean open;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  gst_object_unref (entry->output);
  gst_rtc_subscription_unref (entry->subscription);
  g_free (entry);
}

GstRtcOutputs *
gst_rtc_outputs_new (void)
{
  GstRtcOutputs *self = g_new0 (GstRtcOutputs, 1);

  g_mutex_init (&self->lock);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  return self;
}

void
gst_rtc_outputs_free (GstRtcOutputs *outputs)
{
  g_ptr_array_unref (outputs->entries);
  g_mutex_clear (&outputs->lock);
  g_free (outputs);
}

void
gst_rtc_outputs_open (GstRtcOutputs *outputs)
{
  g_mutex_lock (&outputs->lock);
  outputs->open = TRUE;
  g_mutex_unlock (&outputs->lock);
}

void
gst_rtc_outputs_close (GstRtcOutputs *outputs)
{
  g_autoptr (GPtrArray) entries = NULL;

  g_mutex_lock (&outputs->lock);
  outputs->open = FALSE;
  entries = g_steal_pointer (&outputs->entries);
  outputs->entries = g_ptr_array_new_with_free_func (entry_free);
  g_mutex_unlock (&outputs->lock);

  for (guint i = 0; i < entries->len; i++) {
    const Entry *entry = g_ptr_array_index (entries, i);

    gst_rtc_output_detach (entry->output);
  }
}

gboolean
gst_rtc_outputs_add (GstRtcOutputs *outputs, GstRtcOutput *output,
    GstRtcSubscription *subscription)
{
  gboolean open;

  g_mutex_lock (&outputs->lock);
  open = outputs->open;
  if (open) {
    Entry *entry = g_new (Entry, 1);

    *entry = (Entry){.output = gst_object_ref (output),
        .subscription = gst_rtc_subscription_ref (subscription)};
    g_ptr_array_add (outputs->entries, entry);
  }
  g_mutex_unlock (&outputs->lock);
  return open;
}

void
gst_rtc_outputs_remove (GstRtcOutputs *outputs, GstRtcOutput *output)
{
  Entry *found = NULL;

  g_mutex_lock (&outputs->lock);
  for (guint i = 0; i < outputs->entries->len && !found; i++) {
    const Entry *entry = g_ptr_array_index (outputs->entries, i);

    if (entry->output == output)
      found = g_ptr_array_steal_index (outputs->entries, i);
  }
  g_mutex_unlock (&outputs->lock);
  if (!found)
    return;
  gst_rtc_output_detach (found->output);
  entry_free (found);
}

GstRtcSubscription *
gst_rtc_outputs_find (GstRtcOutputs *outputs, GstObject *child)
{
  GstRtcSubscription *found = NULL;

  g_mutex_lock (&outputs->lock);
  for (guint i = 0; i < outputs->entries->len && !found; i++) {
    const Entry *entry = g_ptr_array_index (outputs->entries, i);

    if (GST_OBJECT (entry->output) == child)
      found = gst_rtc_subscription_ref (entry->subscription);
  }
  g_mutex_unlock (&outputs->lock);
  return found;
}
