/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread with a main context of its own, to which others queue work.
 * Functions may be called from any thread unless they say otherwise. */
#include "rtcworker.h"

#include <gst/gst.h>

#include "rtclinger.h"

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
  GCond returned;   /* from a job */
  gboolean stopped; /* under lock */
  gboolean busy;    /* under lock: a job runs */
  guint64 n_done;   /* under lock; jobs that have run */
  GQueue jobs;      /* under lock */
  GSource *wakeup;  /* under lock: ready while jobs are queued */
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
  gboolean stopped;

  g_mutex_lock (&worker->lock);
  stopped = worker->stopped;
  job = g_queue_pop_head (&worker->jobs);
  worker->busy = job != NULL;
  if (!stopped && g_queue_is_empty (&worker->jobs))
    g_source_set_ready_time (worker->wakeup, -1);
  g_mutex_unlock (&worker->lock);

  if (!job)
    return stopped ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
  job->func (job->data, NULL);

  g_mutex_lock (&worker->lock);
  worker->busy = FALSE;
  worker->n_done++;
  g_cond_broadcast (&worker->returned);
  g_mutex_unlock (&worker->lock);
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
  gst_rtc_linger_end_all (worker->context);
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
  g_cond_init (&worker->returned);
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
  g_cond_clear (&worker->returned);
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

gboolean
gst_rtc_worker_wait (GstRtcWorker *worker, guint ms)
{
  const gint64 deadline =
      g_get_monotonic_time () + (gint64)ms * G_TIME_SPAN_MILLISECOND;
  gboolean in_time = TRUE;
  guint64 n_done;

  if (gst_rtc_worker_is_current (worker))
    return TRUE;
  g_mutex_lock (&worker->lock);
  n_done = worker->n_done;
  while (in_time && worker->busy && worker->n_done == n_done)
    in_time = g_cond_wait_until (&worker->returned, &worker->lock, deadline);
  g_mutex_unlock (&worker->lock);
  return in_time;
}

/* From now on nothing is queued; FALSE when it was so before. */
static gboolean
refuse_jobs (GstRtcWorker *worker, GQueue *left, GSource **wakeup)
{
  gboolean first;

  g_mutex_lock (&worker->lock);
  first = !worker->stopped;
  worker->stopped = TRUE;
  if (first) {
    *left = worker->jobs;
    g_queue_init (&worker->jobs);
    *wakeup = g_steal_pointer (&worker->wakeup);
  }
  g_mutex_unlock (&worker->lock);
  return first;
}

static void
end_thread (GstRtcWorker *worker, gboolean join, GQueue *left, GSource *wakeup)
{
  g_atomic_int_set (&worker->ended, TRUE);
  g_main_context_wakeup (worker->context);
  if (join && g_thread_self () != worker->thread)
    g_clear_pointer (&worker->thread, g_thread_join);
  else
    g_clear_pointer (&worker->thread, g_thread_unref);
  g_source_destroy (wakeup);
  g_source_unref (wakeup);
  g_queue_clear_full (left, (GDestroyNotify)job_free);
}

void
gst_rtc_worker_stop (GstRtcWorker *worker)
{
  GQueue left = G_QUEUE_INIT;
  GSource *wakeup;

  if (refuse_jobs (worker, &left, &wakeup))
    end_thread (worker, TRUE, &left, wakeup);
}

gboolean
gst_rtc_worker_stop_within (GstRtcWorker *worker, guint ms)
{
  GQueue left = G_QUEUE_INIT;
  gboolean returned;
  GSource *wakeup;

  if (!refuse_jobs (worker, &left, &wakeup))
    return TRUE;
  returned = gst_rtc_worker_wait (worker, ms);
  end_thread (worker, returned, &left, wakeup);
  return returned;
}
