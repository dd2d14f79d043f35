/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether ThreadSanitizer, with tsan-glib.c preloaded, tells what is a race
 * from what is not. Each argument is run as a program of its own. */
#include <gio/gio.h>
#include <string.h>

typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean handed_over; /* under lock */
  gboolean unlocked;
  guint number;
  GHashTable *table;
  GAsyncQueue *queue;
  GMainContext *context;
  gboolean quit;
} Shared;

static void
count (Shared *shared)
{
  if (!shared->unlocked)
    g_mutex_lock (&shared->lock);
  shared->number++;
  if (!shared->unlocked)
    g_mutex_unlock (&shared->lock);
}

static gpointer
count_often (gpointer data)
{
  for (guint i = 0; i < 1000; i++)
    count (data);
  return NULL;
}

static void
insert (Shared *shared)
{
  if (!shared->unlocked)
    g_mutex_lock (&shared->lock);
  g_hash_table_insert (shared->table, (gpointer) "key", NULL);
  if (!shared->unlocked)
    g_mutex_unlock (&shared->lock);
}

/* One thread after the other for sure, yet nothing that says so. */
static gpointer
insert_once (gpointer data)
{
  insert (data);
  return NULL;
}

static void
run_twice (Shared *shared, GThreadFunc func)
{
  GThread *one = g_thread_new ("one", func, shared);
  GThread *two = g_thread_new ("two", func, shared);

  g_thread_join (one);
  g_thread_join (two);
}

static gpointer
hand_over (gpointer data)
{
  Shared *shared = data;

  shared->number = 1;
  g_mutex_lock (&shared->lock);
  shared->handed_over = TRUE;
  g_cond_signal (&shared->changed);
  g_mutex_unlock (&shared->lock);
  return NULL;
}

static void
take_over (Shared *shared)
{
  GThread *thread = g_thread_new ("giver", hand_over, shared);

  g_mutex_lock (&shared->lock);
  while (!shared->handed_over)
    g_cond_wait (&shared->changed, &shared->lock);
  g_mutex_unlock (&shared->lock);
  shared->number++;
  g_thread_join (thread);
}

static gpointer
queue_number (gpointer data)
{
  Shared *shared = data;

  for (guint i = 0; i < 100; i++) {
    guint *number = g_new (guint, 1);

    *number = i;
    g_async_queue_push (shared->queue, number);
  }
  return NULL;
}

static void
take_from_queue (Shared *shared)
{
  GThread *thread = g_thread_new ("giver", queue_number, shared);

  for (guint i = 0; i < 100; i++) {
    g_autofree guint *number = g_async_queue_pop (shared->queue);

    g_assert_cmpuint (*number, ==, i);
  }
  g_thread_join (thread);
}

static gboolean
read_number (gpointer data)
{
  Shared *shared = data;

  shared->quit = shared->number == 2;
  return G_SOURCE_REMOVE;
}

static gpointer
send_to_loop (gpointer data)
{
  Shared *shared = data;
  GSource *source = g_idle_source_new ();

  shared->number = 2;
  g_source_set_callback (source, read_number, shared, NULL);
  g_source_attach (source, shared->context);
  g_source_unref (source);
  return NULL;
}

static void
run_loop (Shared *shared)
{
  GThread *thread = g_thread_new ("giver", send_to_loop, shared);

  while (!shared->quit)
    g_main_context_iteration (shared->context, TRUE);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  const gchar *what = argc > 1 ? argv[1] : "";
  Shared shared = {.table = g_hash_table_new (g_str_hash, g_str_equal),
      .queue = g_async_queue_new (),
      .context = g_main_context_new ()};

  g_mutex_init (&shared.lock);
  g_cond_init (&shared.changed);
  shared.unlocked = g_str_has_prefix (what, "race-");
  if (strstr (what, "number"))
    run_twice (&shared, count_often);
  else if (strstr (what, "table"))
    run_twice (&shared, insert_once);
  else if (strstr (what, "condition"))
    take_over (&shared);
  else if (strstr (what, "queue"))
    take_from_queue (&shared);
  else if (strstr (what, "loop"))
    run_loop (&shared);
  else
    g_error ("no such case: %s", what);
  g_hash_table_unref (shared.table);
  g_async_queue_unref (shared.queue);
  g_main_context_unref (shared.context);
  g_mutex_clear (&shared.lock);
  g_cond_clear (&shared.changed);
  return 0;
}
