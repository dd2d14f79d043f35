/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of what takes a while to end on a main context. */
#include "rtclinger.h"

#include <gst/gst.h>

#include "rtctest.h"
#include "rtcworker.h"

#define LONG_MS 3600000

typedef struct
{
  GSource *linger;
  guint n_tries;
  guint n_to_wait; /* tries that do not end it */
  guint n_destroyed;
  GThread *ended_by;
} Record;

static gpointer
close_slowly (gpointer data)
{
  Record *record = data;

  g_source_set_ready_time (record->linger, 0);
  return NULL;
}

/* As a stream that GIO closes in a thread. */
static gboolean
try_to_end (gpointer data)
{
  Record *record = data;

  record->ended_by = g_thread_self ();
  if (record->n_tries++ >= record->n_to_wait)
    return G_SOURCE_REMOVE;
  g_thread_unref (g_thread_new ("closer", close_slowly, record));
  return G_SOURCE_CONTINUE;
}

static gboolean
never_end (gpointer data)
{
  ((Record *)data)->n_tries++;
  return G_SOURCE_CONTINUE;
}

static void
count_destroyed (gpointer data)
{
  ((Record *)data)->n_destroyed++;
}

static void
ends_when_it_is_due (void)
{
  Record record = {0};
  GMainContext *context = rtc_test_context_enter ();

  record.linger =
      gst_rtc_linger_start (1, try_to_end, &record, count_destroyed);
  rtc_test_wait (context, record.n_destroyed == 1);
  g_assert_cmpuint (1, ==, record.n_tries);
  rtc_test_context_leave (context);
}

typedef struct
{
  Record records[3];
  gboolean started; /* atomic */
} Several;

static void
start_all (gpointer data, gpointer unused)
{
  Several *several = data;

  for (guint i = 0; i < G_N_ELEMENTS (several->records); i++) {
    Record *record = &several->records[i];

    record->linger =
        gst_rtc_linger_start (LONG_MS, try_to_end, record, count_destroyed);
  }
  g_atomic_int_set (&several->started, TRUE);
}

static void
all_end_with_the_worker (void)
{
  Several several = {.records = {{0}, {.n_to_wait = 1}, {.n_to_wait = 2}}};
  GstRtcWorker *worker = gst_rtc_worker_new ("rtc-test");

  gst_rtc_worker_invoke (worker, start_all, &several, NULL);
  while (!g_atomic_int_get (&several.started))
    g_thread_yield ();
  gst_rtc_worker_stop (worker);
  for (guint i = 0; i < G_N_ELEMENTS (several.records); i++) {
    const Record *record = &several.records[i];

    g_assert_cmpuint (record->n_to_wait + 1, ==, record->n_tries);
    g_assert_cmpuint (1, ==, record->n_destroyed);
    g_assert_true (record->ended_by != g_thread_self ());
  }
  gst_rtc_worker_unref (worker);
}

static void
who_never_ends_is_given_up (void)
{
  Record record = {0};
  GMainContext *context = rtc_test_context_enter ();

  record.linger =
      gst_rtc_linger_start (LONG_MS, never_end, &record, count_destroyed);
  gst_rtc_linger_end_all (context);
  g_assert_cmpuint (1, ==, record.n_tries);
  g_assert_cmpuint (1, ==, record.n_destroyed);
  rtc_test_context_leave (context);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/linger/ends-when-it-is-due", ends_when_it_is_due);
  g_test_add_func ("/linger/all-end-with-the-worker", all_end_with_the_worker);
  g_test_add_func (
      "/linger/who-never-ends-is-given-up", who_never_ends_is_given_up);
  return g_test_run ();
}
