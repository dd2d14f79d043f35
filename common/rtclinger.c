/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What takes a while to end on a main context. Belongs to the thread that
 * iterates it. */
#include "rtclinger.h"

#define LONGEST_END_MS 1000

typedef struct
{
  GSource source;
  GSourceFunc try_to_end;
  gpointer data;
  GDestroyNotify destroy;
  gboolean tried;
} Linger;

static gboolean
dispatch_linger (GSource *source, GSourceFunc callback, gpointer user_data)
{
  Linger *linger = (Linger *)source;

  linger->tried = TRUE;
  g_source_set_ready_time (source, -1);
  return linger->try_to_end (linger->data);
}

static void
finalize_linger (GSource *source)
{
  Linger *linger = (Linger *)source;

  linger->destroy (linger->data);
}

static GSourceFuncs linger_funcs = {
    .dispatch = dispatch_linger, .finalize = finalize_linger};

static gboolean
do_nothing (gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

GSource *
gst_rtc_linger_start (
    guint ms, GSourceFunc try_to_end, gpointer data, GDestroyNotify destroy)
{
  GSource *source = g_source_new (&linger_funcs, sizeof (Linger));
  Linger *linger = (Linger *)source;

  linger->try_to_end = try_to_end;
  linger->data = data;
  linger->destroy = destroy;
  g_source_set_static_name (source, "rtc linger");
  /* A main context finds no source without a callback. */
  g_source_set_callback (source, do_nothing, NULL, NULL);
  g_source_set_ready_time (
      source, g_get_monotonic_time () + (gint64)ms * G_TIME_SPAN_MILLISECOND);
  g_source_attach (source, g_main_context_get_thread_default ());
  g_source_unref (source);
  return source;
}

static void
settle (GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
}

static gboolean
set_flag (gpointer user_data)
{
  *(gboolean *)user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
end_one (GMainContext *context, Linger *linger, const gboolean *late)
{
  if (!linger->tried)
    g_source_set_ready_time (&linger->source, 0);
  if (*late)
    g_source_destroy (&linger->source);
  else
    g_main_context_iteration (context, TRUE);
}

void
gst_rtc_linger_end_all (GMainContext *context)
{
  g_autoptr (GSource) timer = g_timeout_source_new (LONGEST_END_MS);
  GSource *source;
  gboolean late = FALSE;

  g_source_set_callback (timer, set_flag, &late, NULL);
  g_source_attach (timer, context);
  settle (context);
  while ((source = g_main_context_find_source_by_funcs_user_data (
              context, &linger_funcs, NULL)))
    end_one (context, (Linger *)source, &late);
  g_source_destroy (timer);
  settle (context);
}
