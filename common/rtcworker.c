/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread with a main context of its own, to which others queue work.
 * Functions may be called from any thread unless they say otherwise. */
#include "rtcworker.h"

#include <gst/gst.h>

GST_DEBUG_CATEGORY_STATIC (worker_debug);
#define GST_CAT_DEFAULT worker_debug

struct _GstRtcWorker
{
  gatomicrefcount ref_count;
  GMainContext *context;
  GThread *thread; /* NULL without a thread of its own */
  gchar *name;
  gint ended; /* atomic */

  GMutex lock;
  gboolean stopped; /* under lock */
  GQueue jobs;      /* under lock */
  GSource *wakeup;  /* ready while jobs are queued */
};

typedef struct
{
  GFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Job;

static void
job_free (Job *job)
{
  if (job->destroy)
    job->destroy (job->data);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free)

static gboolean
run_next_job (gpointer user_data)
{
  GstRtcWorker *worker = user_data;
  g_autoptr (Job) job = NULL;

  g_mutex_lock (&worker->lock);
  job = g_queue_pop_head (&worker->jobs);
  if (g_queue_is_empty (&worker->jobs))
    g_source_set_ready_time (worker->wakeup, -1);
  g_mutex_unlock (&worker->lock);

  if (job)
    job->func (job->data, NULL);
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_wakeup (GSource *source, GSourceFunc callback, gpointer user_data)
{
  return callback (user_data);
}

static GSourceFuncs wakeup_funcs = {.dispatch = dispatch_wakeup};

static gpointer
run_thread (gpointer user_data)
{
  GstRtcWorker *worker = user_data;

  g_main_context_push_thread_default (worker->context);
  GST_DEBUG ("%s: running", worker->name);
  while (!g_atomic_int_get (&worker->ended))
    g_main_context_iteration (worker->context, TRUE);
  /* Lets what was already due finish, such as the close of a socket. */
  while (g_main_context_iteration (worker->context, FALSE))
    ;
  GST_DEBUG ("%s: ended", worker->name);
  g_main_context_pop_thread_default (worker->context);
  gst_rtc_worker_unref (worker);
  return NULL;
}

static GstRtcWorker *
worker_new_full (const gchar *name, GMainContext *context)
{
  GstRtcWorker *worker = g_new0 (GstRtcWorker, 1);

  GST_DEBUG_CATEGORY_INIT (
      worker_debug, "rtcworker", 0, "Worker threads of the RTC elements");

  g_atomic_ref_count_init (&worker->ref_count);
  worker->name = g_strdup (name);
  worker->context =
      context ? g_main_context_ref (context) : g_main_context_new ();
  g_mutex_init (&worker->lock);
  g_queue_init (&worker->jobs);

  worker->wakeup = g_source_new (&wakeup_funcs, sizeof (GSource));
  g_source_set_static_name (worker->wakeup, "rtc worker jobs");
  g_source_set_callback (worker->wakeup, run_next_job, worker, NULL);
  g_source_attach (worker->wakeup, worker->context);
  return worker;
}

GstRtcWorker *
gst_rtc_worker_new (const gchar *name)
{
  GstRtcWorker *worker = worker_new_full (name, NULL);

  worker->thread = g_thread_new (name, run_thread, gst_rtc_worker_ref (worker));
  return worker;
}

GstRtcWorker *
gst_rtc_worker_new_for_context (GMainContext *context)
{
  return worker_new_full ("context", context);
}

GstRtcWorker *
gst_rtc_worker_ref (GstRtcWorker *worker)
{
  g_atomic_ref_count_inc (&worker->ref_count);
  return worker;
}

void
gst_rtc_worker_unref (GstRtcWorker *worker)
{
  if (!worker)
    return;
  if (!g_atomic_ref_count_dec (&worker->ref_count))
    return;

  g_warn_if_fail (worker->stopped || !worker->thread);
  gst_rtc_worker_stop (worker);
  g_main_context_unref (worker->context);
  g_mutex_clear (&worker->lock);
  g_free (worker->name);
  g_free (worker);
}

GMainContext *
gst_rtc_worker_get_context (GstRtcWorker *worker)
{
  return worker->context;
}

gboolean
gst_rtc_worker_is_current (GstRtcWorker *worker)
{
  if (worker->thread)
    return g_thread_self () == worker->thread;
  return g_main_context_is_owner (worker->context);
}

void
gst_rtc_worker_invoke (
    GstRtcWorker *worker, GFunc func, gpointer data, GDestroyNotify destroy)
{
  Job *job = g_new (Job, 1);
  gboolean queued;

  *job = (Job){.func = func, .data = data, .destroy = destroy};

  g_mutex_lock (&worker->lock);
  queued = !worker->stopped;
  if (queued) {
    g_queue_push_tail (&worker->jobs, job);
    g_source_set_ready_time (worker->wakeup, 0);
  }
  g_mutex_unlock (&worker->lock);

  if (!queued)
    job_free (job);
}

void
gst_rtc_worker_stop (GstRtcWorker *worker)
{
  GQueue left = G_QUEUE_INIT;
  gboolean first;

  g_mutex_lock (&worker->lock);
  first = !worker->stopped;
  worker->stopped = TRUE;
  if (first) {
    left = worker->jobs;
    g_queue_init (&worker->jobs);
  }
  g_mutex_unlock (&worker->lock);

  if (!first)
    return;

  g_atomic_int_set (&worker->ended, TRUE);
  g_main_context_wakeup (worker->context);
  if (worker->thread && g_thread_self () == worker->thread)
    g_clear_pointer (&worker->thread, g_thread_unref);
  else
    g_clear_pointer (&worker->thread, g_thread_join);
  g_source_destroy (worker->wakeup);
  g_clear_pointer (&worker->wakeup, g_source_unref);
  g_queue_clear_full (&left, (GDestroyNotify)job_free);
}
