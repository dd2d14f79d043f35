/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the worker thread. */
#include "rtcworker.h"

#include <gst/gst.h>

#define N_JOBS 100

typedef struct
{
  GstRtcWorker *worker;
  GMutex lock;
  GCond changed;
  GString *order; /* under lock */
  guint n_run;    /* under lock */
  guint n_destroyed;
  gboolean current;
} Record;

static void
record_init (Record *record)
{
  *record = (Record){.order = g_string_new (NULL)};
  g_mutex_init (&record->lock);
  g_cond_init (&record->changed);
}

static void
record_clear (Record *record)
{
  gst_rtc_worker_unref (record->worker);
  g_string_free (record->order, TRUE);
  g_mutex_clear (&record->lock);
  g_cond_clear (&record->changed);
}

static void
wait_for_runs (Record *record, guint n_run)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&record->lock);
  while (record->n_run < n_run) {
    if (!g_cond_wait_until (&record->changed, &record->lock, end))
      g_error ("the worker did not run its jobs");
  }
  g_mutex_unlock (&record->lock);
}

static void
note (Record *record, gchar letter)
{
  g_mutex_lock (&record->lock);
  g_string_append_c (record->order, letter);
  record->n_run++;
  record->current = gst_rtc_worker_is_current (record->worker);
  g_cond_broadcast (&record->changed);
  g_mutex_unlock (&record->lock);
}

static void
run_letter_a (gpointer data, gpointer unused)
{
  note (data, 'a');
}

static void
run_letter_b (gpointer data, gpointer unused)
{
  note (data, 'b');
}

static void
run_nested (gpointer data, gpointer unused)
{
  Record *record = data;

  gst_rtc_worker_invoke (record->worker, run_letter_b, record, NULL);
  note (record, 'a');
}

static void
count_destroyed (gpointer data)
{
  g_atomic_int_inc (&((Record *)data)->n_destroyed);
}

static void
jobs_run_in_their_order (void)
{
  Record record;

  record_init (&record);
  record.worker = gst_rtc_worker_new ("rtc-test");
  for (guint i = 0; i < N_JOBS; i++)
    gst_rtc_worker_invoke (record.worker, i % 2 ? run_letter_b : run_letter_a,
        &record, count_destroyed);
  wait_for_runs (&record, N_JOBS);
  gst_rtc_worker_stop (record.worker);
  for (guint i = 0; i < N_JOBS; i++)
    g_assert_cmpint (i % 2 ? 'b' : 'a', ==, record.order->str[i]);
  g_assert_cmpuint (N_JOBS, ==, record.n_destroyed);
  g_assert_true (record.current);
  g_assert_false (gst_rtc_worker_is_current (record.worker));
  record_clear (&record);
}

static void
a_job_of_a_job_is_queued (void)
{
  Record record;

  record_init (&record);
  record.worker = gst_rtc_worker_new ("rtc-test");
  gst_rtc_worker_invoke (record.worker, run_nested, &record, NULL);
  wait_for_runs (&record, 2);
  g_assert_cmpstr ("ab", ==, record.order->str);
  record_clear (&record);
}

static void
after_the_stop_jobs_are_only_destroyed (void)
{
  Record record;

  record_init (&record);
  record.worker = gst_rtc_worker_new ("rtc-test");
  gst_rtc_worker_stop (record.worker);
  gst_rtc_worker_invoke (record.worker, run_letter_a, &record, count_destroyed);
  g_assert_cmpuint (1, ==, record.n_destroyed);
  g_assert_cmpuint (0, ==, record.n_run);
  record_clear (&record);
}

static void
what_is_queued_at_the_stop_is_destroyed (void)
{
  Record record;
  GMainContext *context = g_main_context_new ();

  record_init (&record);
  record.worker = gst_rtc_worker_new_for_context (context);
  gst_rtc_worker_invoke (record.worker, run_letter_a, &record, count_destroyed);
  gst_rtc_worker_invoke (record.worker, run_letter_a, &record, count_destroyed);
  gst_rtc_worker_stop (record.worker);
  g_assert_cmpuint (2, ==, record.n_destroyed);
  g_assert_cmpuint (0, ==, record.n_run);
  record_clear (&record);
  g_main_context_unref (context);
}

static void
stopping_twice_is_harmless (void)
{
  GstRtcWorker *worker = gst_rtc_worker_new ("rtc-test");

  gst_rtc_worker_stop (worker);
  gst_rtc_worker_stop (worker);
  gst_rtc_worker_unref (worker);
}

/* A job that does not return before it is told to. */
static void
run_held (gpointer data, gpointer user_data)
{
  Record *record = data;

  note (record, 'a');
  g_mutex_lock (&record->lock);
  while (record->n_run < 2)
    g_cond_wait (&record->changed, &record->lock);
  g_mutex_unlock (&record->lock);
}

static void
a_running_job_is_waited_for (void)
{
  Record record;

  record_init (&record);
  record.worker = gst_rtc_worker_new ("rtc-test");
  g_assert_true (gst_rtc_worker_wait (record.worker, 0));
  gst_rtc_worker_invoke (record.worker, run_held, &record, NULL);
  wait_for_runs (&record, 1);
  g_assert_false (gst_rtc_worker_wait (record.worker, 1));
  note (&record, 'b');
  g_assert_true (gst_rtc_worker_wait (record.worker, 10000));
  gst_rtc_worker_stop (record.worker);
  record_clear (&record);
}

static void
a_job_that_does_not_return_is_left_alone (void)
{
  GstRtcWorker *worker = gst_rtc_worker_new ("rtc-test");
  Record record;

  record_init (&record);
  record.worker = gst_rtc_worker_ref (worker);
  gst_rtc_worker_invoke (worker, run_held, &record, count_destroyed);
  wait_for_runs (&record, 1);
  g_assert_false (gst_rtc_worker_stop_within (worker, 1));
  g_assert_true (gst_rtc_worker_stop_within (worker, 1));
  note (&record, 'b');
  g_assert_true (gst_rtc_worker_wait (worker, 10000));
  gst_rtc_worker_unref (worker);
  while (!g_atomic_int_get (&record.n_destroyed))
    g_thread_yield ();
  record_clear (&record);
}

static void
the_last_unref_stops (void)
{
  GstRtcWorker *worker = gst_rtc_worker_new ("rtc-test");

  gst_rtc_worker_unref (gst_rtc_worker_ref (worker));
  gst_rtc_worker_unref (worker);
  gst_rtc_worker_unref (NULL);
}

static void
a_foreign_context_is_iterated_by_its_owner (void)
{
  Record record;
  GMainContext *context = g_main_context_new ();

  record_init (&record);
  record.worker = gst_rtc_worker_new_for_context (context);
  g_assert_true (g_main_context_acquire (context));
  gst_rtc_worker_invoke (record.worker, run_nested, &record, count_destroyed);
  g_assert_cmpuint (0, ==, record.n_run);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpstr ("ab", ==, record.order->str);
  g_assert_true (record.current);
  g_main_context_release (context);
  record_clear (&record);
  g_main_context_unref (context);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/worker/jobs-run-in-their-order", jobs_run_in_their_order);
  g_test_add_func (
      "/worker/a-job-of-a-job-is-queued", a_job_of_a_job_is_queued);
  g_test_add_func ("/worker/after-the-stop-jobs-are-only-destroyed",
      after_the_stop_jobs_are_only_destroyed);
  g_test_add_func ("/worker/what-is-queued-at-the-stop-is-destroyed",
      what_is_queued_at_the_stop_is_destroyed);
  g_test_add_func (
      "/worker/stopping-twice-is-harmless", stopping_twice_is_harmless);
  g_test_add_func (
      "/worker/a-running-job-is-waited-for", a_running_job_is_waited_for);
  g_test_add_func ("/worker/a-job-that-does-not-return-is-left-alone",
      a_job_that_does_not_return_is_left_alone);
  g_test_add_func ("/worker/the-last-unref-stops", the_last_unref_stops);
  g_test_add_func ("/worker/a-foreign-context-is-iterated-by-its-owner",
      a_foreign_context_is_iterated_by_its_owner);
  return g_test_run ();
}
