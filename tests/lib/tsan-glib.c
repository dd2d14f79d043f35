/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ThreadSanitizer does not see of GLib: its locks are futexes and its
 * atomic operations are not instrumented, so that all that is handed from one
 * thread to another looks like a race. Preloaded, this stands between GLib and
 * everybody who calls it, does what was asked with the real function and tells
 * ThreadSanitizer what happened before what.
 *
 * GLib calls its own functions without passing here, hence the entries for
 * what is made of others inside it. In a process without ThreadSanitizer all
 * is passed on unchanged. */
#define _GNU_SOURCE /* dl_iterate_phdr, RTLD_NEXT */
#include <dlfcn.h>
#include <gst/gst.h>
#include <link.h>
#include <string.h>

/* --- the interface of ThreadSanitizer, absent elsewhere --- */

#pragma GCC diagnostic ignored "-Wredundant-decls"

void __tsan_acquire (void *) __attribute__ ((weak));
void __tsan_release (void *) __attribute__ ((weak));
void __tsan_read8_pc (void *, void *) __attribute__ ((weak));
void __tsan_write8_pc (void *, void *) __attribute__ ((weak));
void __tsan_mutex_destroy (void *, unsigned) __attribute__ ((weak));
void __tsan_mutex_pre_lock (void *, unsigned) __attribute__ ((weak));
void __tsan_mutex_post_lock (void *, unsigned, int) __attribute__ ((weak));
int __tsan_mutex_pre_unlock (void *, unsigned) __attribute__ ((weak));
void __tsan_mutex_post_unlock (void *, unsigned) __attribute__ ((weak));

enum
{
  READ_LOCK = 1 << 3,
  TRY_LOCK = 1 << 4,
  TRY_FAILED = 1 << 5,
  RECURSIVE = 1 << 1,
};

static void
acquire (gpointer address)
{
  if (__tsan_acquire && address)
    __tsan_acquire (address);
}

static void
release (gpointer address)
{
  if (__tsan_release && address)
    __tsan_release (address);
}

static void
pre_lock (gpointer lock, guint flags)
{
  if (__tsan_mutex_pre_lock)
    __tsan_mutex_pre_lock (lock, flags);
}

static void
post_lock (gpointer lock, guint flags)
{
  if (__tsan_mutex_post_lock)
    __tsan_mutex_post_lock (lock, flags, 1);
}

static void
pre_unlock (gpointer lock, guint flags)
{
  if (__tsan_mutex_pre_unlock)
    __tsan_mutex_pre_unlock (lock, flags);
}

static void
post_unlock (gpointer lock, guint flags)
{
  if (__tsan_mutex_post_unlock)
    __tsan_mutex_post_unlock (lock, flags);
}

static void
forget_lock (gpointer lock)
{
  if (__tsan_mutex_destroy)
    __tsan_mutex_destroy (lock, 0);
}

/* --- what is called instead --- */

#define EXPORT __attribute__ ((visibility ("default")))

#define REAL(name)                                                             \
  ({                                                                           \
    static gpointer found = NULL;                                              \
    gpointer address = __atomic_load_n (&found, __ATOMIC_RELAXED);             \
    if (!address) {                                                            \
      address = dlsym (RTLD_NEXT, #name);                                      \
      __atomic_store_n (&found, address, __ATOMIC_RELAXED);                    \
    }                                                                          \
    (__typeof__ (&name))address;                                               \
  })

#define LOCK(name, Type, flags)                                                \
  EXPORT void name (Type *lock)                                                \
  {                                                                            \
    pre_lock (lock, flags);                                                    \
    REAL (name) (lock);                                                        \
    post_lock (lock, flags);                                                   \
  }

#define TRYLOCK(name, Type, flags)                                             \
  EXPORT gboolean name (Type *lock)                                            \
  {                                                                            \
    gboolean locked;                                                           \
                                                                               \
    pre_lock (lock, (flags) | TRY_LOCK);                                       \
    locked = REAL (name) (lock);                                               \
    post_lock (lock, (flags) | TRY_LOCK | (locked ? 0 : TRY_FAILED));          \
    return locked;                                                             \
  }

#define UNLOCK(name, Type, flags)                                              \
  EXPORT void name (Type *lock)                                                \
  {                                                                            \
    pre_unlock (lock, flags);                                                  \
    REAL (name) (lock);                                                        \
    post_unlock (lock, flags);                                                 \
  }

#define CLEAR(name, Type)                                                      \
  EXPORT void name (Type *lock)                                                \
  {                                                                            \
    REAL (name) (lock);                                                        \
    forget_lock (lock);                                                        \
  }

/* Of a counted reference: what others did before they let go has happened
 * before the last one frees. */
#define UNREF(name, Type)                                                      \
  EXPORT void name (Type *object)                                              \
  {                                                                            \
    release (object);                                                          \
    acquire (object);                                                          \
    REAL (name) (object);                                                      \
  }

LOCK (g_mutex_lock, GMutex, 0)
TRYLOCK (g_mutex_trylock, GMutex, 0)
UNLOCK (g_mutex_unlock, GMutex, 0)
CLEAR (g_mutex_clear, GMutex)

LOCK (g_rec_mutex_lock, GRecMutex, RECURSIVE)
TRYLOCK (g_rec_mutex_trylock, GRecMutex, RECURSIVE)
UNLOCK (g_rec_mutex_unlock, GRecMutex, 0)
CLEAR (g_rec_mutex_clear, GRecMutex)

LOCK (g_rw_lock_writer_lock, GRWLock, 0)
TRYLOCK (g_rw_lock_writer_trylock, GRWLock, 0)
UNLOCK (g_rw_lock_writer_unlock, GRWLock, 0)
LOCK (g_rw_lock_reader_lock, GRWLock, READ_LOCK)
TRYLOCK (g_rw_lock_reader_trylock, GRWLock, READ_LOCK)
UNLOCK (g_rw_lock_reader_unlock, GRWLock, READ_LOCK)
CLEAR (g_rw_lock_clear, GRWLock)

EXPORT void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  pre_unlock (mutex, 0);
  post_unlock (mutex, 0);
  REAL (g_cond_wait) (cond, mutex);
  pre_lock (mutex, 0);
  post_lock (mutex, 0);
}

EXPORT gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean signalled;

  pre_unlock (mutex, 0);
  post_unlock (mutex, 0);
  signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  pre_lock (mutex, 0);
  post_lock (mutex, 0);
  return signalled;
}

/* --- things that are set up once --- */

/* Who comes later reads the location, which is seen where the reader is
 * instrumented. */
EXPORT void (g_once_init_leave) (volatile void *location, gsize result)
{
  release ((gpointer)location);
  REAL (g_once_init_leave) (location, result);
}

typedef struct
{
  GOnce *once;
  GThreadFunc func;
  gpointer arg;
} OnceCall;

static gpointer
call_once (gpointer data)
{
  OnceCall *call = data;
  gpointer result = call->func (call->arg);

  release (call->once);
  return result;
}

EXPORT gpointer
g_once_impl (GOnce *once, GThreadFunc func, gpointer arg)
{
  OnceCall call = {.once = once, .func = func, .arg = arg};
  gpointer result = REAL (g_once_impl) (once, call_once, &call);

  acquire (once);
  return result;
}

/* --- counted references --- */

UNREF (g_object_unref, void)
UNREF (g_bytes_unref, GBytes)
UNREF (g_closure_unref, GClosure)
UNREF (g_hash_table_unref, GHashTable)
UNREF (g_main_context_unref, GMainContext)
UNREF (g_ptr_array_unref, GPtrArray)
UNREF (g_source_unref, GSource)
UNREF (g_variant_unref, GVariant)
UNREF (gst_mini_object_unref, GstMiniObject)

EXPORT
gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  release (count);
  acquire (count);
  return REAL (g_atomic_ref_count_dec) (count);
}

/* --- queues --- */

#define PUSH(name)                                                             \
  EXPORT void name (GAsyncQueue *queue, gpointer data)                         \
  {                                                                            \
    release (queue);                                                           \
    REAL (name) (queue, data);                                                 \
  }

#define POP(name)                                                              \
  EXPORT gpointer name (GAsyncQueue *queue)                                    \
  {                                                                            \
    gpointer data = REAL (name) (queue);                                       \
                                                                               \
    acquire (queue);                                                           \
    return data;                                                               \
  }

PUSH (g_async_queue_push)
PUSH (g_async_queue_push_unlocked)
POP (g_async_queue_pop)
POP (g_async_queue_pop_unlocked)
POP (g_async_queue_try_pop)
POP (g_async_queue_try_pop_unlocked)

EXPORT gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  gpointer data = REAL (g_async_queue_timeout_pop) (queue, timeout);

  acquire (queue);
  return data;
}

/* --- containers, which GLib reads and writes --- */

typedef struct
{
  gsize start;
  gsize end;
} Range;

/* The program and the plugin; both stay where they are. */
static Range own_ranges[2];

static int
look_at_module (struct dl_phdr_info *info, size_t size, void *data)
{
  const gsize pc = *(gsize *)data;
  const gboolean plugin = strstr (info->dlpi_name, "libgstrtc.so") != NULL;
  Range *range = &own_ranges[plugin];

  /* The first has no name: the program. */
  if (*info->dlpi_name != '\0' && !plugin)
    return 0;
  for (guint i = 0; i < info->dlpi_phnum; i++) {
    const gsize start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    const gsize end = start + info->dlpi_phdr[i].p_memsz;

    if (info->dlpi_phdr[i].p_type != PT_LOAD || pc < start || pc >= end)
      continue;
    __atomic_store_n (&range->end, end, __ATOMIC_RELAXED);
    __atomic_store_n (&range->start, start, __ATOMIC_RELEASE);
    return 1;
  }
  return 0;
}

/* Only the calls of this project are judged. Libraries may have arrangements
 * among themselves that are not seen here. */
static gboolean
is_own (gsize pc)
{
  static __thread gsize foreign_pages[64];
  const gsize page = pc >> 12;
  gsize *foreign = &foreign_pages[page % G_N_ELEMENTS (foreign_pages)];

  for (guint i = 0; i < G_N_ELEMENTS (own_ranges); i++) {
    const gsize start =
        __atomic_load_n (&own_ranges[i].start, __ATOMIC_ACQUIRE);

    if (start && pc >= start &&
        pc < __atomic_load_n (&own_ranges[i].end, __ATOMIC_RELAXED))
      return TRUE;
  }
  if (*foreign == page)
    return FALSE;
  if (dl_iterate_phdr (look_at_module, &pc))
    return TRUE;
  *foreign = page;
  return FALSE;
}

#define NOTE(access, address)                                                  \
  G_STMT_START                                                                 \
  {                                                                            \
    gpointer pc = __builtin_return_address (0);                                \
                                                                               \
    if (access && is_own ((gsize)pc))                                          \
      access (address, pc);                                                    \
  }                                                                            \
  G_STMT_END

#define READ(address) NOTE (__tsan_read8_pc, address)
#define WRITE(address) NOTE (__tsan_write8_pc, address)

#define ACCESS(how, Result, name, parameters, arguments, container)            \
  EXPORT Result name parameters                                                \
  {                                                                            \
    how (container);                                                           \
    return REAL (name) arguments;                                              \
  }

/* clang-format off */
ACCESS (WRITE, gboolean, g_hash_table_insert,
    (GHashTable *table, gpointer key, gpointer value), (table, key, value),
    table)
ACCESS (WRITE, gboolean, g_hash_table_replace,
    (GHashTable *table, gpointer key, gpointer value), (table, key, value),
    table)
ACCESS (WRITE, gboolean, g_hash_table_add,
    (GHashTable *table, gpointer key), (table, key), table)
ACCESS (WRITE, gboolean, g_hash_table_remove,
    (GHashTable *table, gconstpointer key), (table, key), table)
ACCESS (WRITE, gboolean, g_hash_table_steal,
    (GHashTable *table, gconstpointer key), (table, key), table)
ACCESS (WRITE, void, g_hash_table_remove_all, (GHashTable *table), (table),
    table)
ACCESS (WRITE, guint, g_hash_table_foreach_remove,
    (GHashTable *table, GHRFunc func, gpointer data), (table, func, data),
    table)
ACCESS (READ, gpointer, g_hash_table_lookup,
    (GHashTable *table, gconstpointer key), (table, key), table)
ACCESS (READ, gboolean, g_hash_table_contains,
    (GHashTable *table, gconstpointer key), (table, key), table)
ACCESS (READ, guint, g_hash_table_size, (GHashTable *table), (table), table)
ACCESS (READ, void, g_hash_table_iter_init,
    (GHashTableIter *iter, GHashTable *table), (iter, table), table)

ACCESS (WRITE, void, g_ptr_array_add, (GPtrArray *array, gpointer data),
    (array, data), array)
ACCESS (WRITE, gpointer, g_ptr_array_remove_index,
    (GPtrArray *array, guint index), (array, index), array)
ACCESS (WRITE, gboolean, g_ptr_array_remove,
    (GPtrArray *array, gpointer data), (array, data), array)

ACCESS (WRITE, void, g_queue_push_tail, (GQueue *queue, gpointer data),
    (queue, data), queue)
ACCESS (WRITE, void, g_queue_push_head, (GQueue *queue, gpointer data),
    (queue, data), queue)
ACCESS (WRITE, gpointer, g_queue_pop_head, (GQueue *queue), (queue), queue)
ACCESS (WRITE, gpointer, g_queue_pop_tail, (GQueue *queue), (queue), queue)
ACCESS (READ, gboolean, g_queue_is_empty, (GQueue *queue), (queue), queue)
ACCESS (READ, gpointer, g_queue_peek_head, (GQueue *queue), (queue), queue)

ACCESS (WRITE, GString *, g_string_append_len,
    (GString *string, const gchar *text, gssize length),
    (string, text, length), string)
/* clang-format on */

/* --- main contexts --- */

/* GLib asks for the function and its data in the thread that dispatches,
 * just before it calls it. */
typedef struct
{
  gint ref_count;
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static void
callback_ref (gpointer data)
{
  __atomic_add_fetch (&((Callback *)data)->ref_count, 1, __ATOMIC_RELAXED);
}

static void
callback_unref (gpointer data)
{
  Callback *callback = data;

  release (callback);
  if (__atomic_sub_fetch (&callback->ref_count, 1, __ATOMIC_ACQ_REL) > 0)
    return;
  acquire (callback);
  if (callback->notify)
    callback->notify (callback->data);
  g_free (callback);
}

static void
callback_get (
    gpointer data, GSource *source, GSourceFunc *func, gpointer *func_data)
{
  Callback *callback = data;

  acquire (source);
  *func = callback->func;
  *func_data = callback->data;
}

static GSourceCallbackFuncs callback_funcs = {
    .ref = callback_ref, .unref = callback_unref, .get = callback_get};

EXPORT void
g_source_set_callback (
    GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Callback *callback = g_new (Callback, 1);

  *callback =
      (Callback){.ref_count = 1, .func = func, .data = data, .notify = notify};
  release (callback);
  release (source);
  g_source_set_callback_indirect (source, callback, &callback_funcs);
}

EXPORT guint
g_source_attach (GSource *source, GMainContext *context)
{
  release (source);
  return REAL (g_source_attach) (source, context);
}

EXPORT void
g_source_set_ready_time (GSource *source, gint64 ready_time)
{
  release (source);
  REAL (g_source_set_ready_time) (source, ready_time);
}

static guint
attach_new (GSource *source, gint priority, GSourceFunc func, gpointer data,
    GDestroyNotify notify)
{
  guint id;

  g_source_set_priority (source, priority);
  g_source_set_callback (source, func, data, notify);
  id = g_source_attach (source, NULL);
  g_source_unref (source);
  return id;
}

EXPORT guint
g_idle_add_full (
    gint priority, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  return attach_new (g_idle_source_new (), priority, func, data, notify);
}

EXPORT guint
g_idle_add (GSourceFunc func, gpointer data)
{
  return g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, func, data, NULL);
}

EXPORT guint
g_timeout_add_full (gint priority, guint interval, GSourceFunc func,
    gpointer data, GDestroyNotify notify)
{
  return attach_new (
      g_timeout_source_new (interval), priority, func, data, notify);
}

EXPORT guint
g_timeout_add (guint interval, GSourceFunc func, gpointer data)
{
  return g_timeout_add_full (G_PRIORITY_DEFAULT, interval, func, data, NULL);
}

EXPORT
guint (g_timeout_add_seconds) (guint interval, GSourceFunc func, gpointer data)
{
  return attach_new (g_timeout_source_new_seconds (interval),
      G_PRIORITY_DEFAULT, func, data, NULL);
}

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Invocation;

static gboolean
run_invocation (gpointer data)
{
  Invocation *invocation = data;

  acquire (invocation);
  return invocation->func (invocation->data);
}

static void
free_invocation (gpointer data)
{
  Invocation *invocation = data;

  acquire (invocation);
  if (invocation->notify)
    invocation->notify (invocation->data);
  g_free (invocation);
}

EXPORT void
g_main_context_invoke_full (GMainContext *context, gint priority,
    GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Invocation *invocation = g_new (Invocation, 1);

  *invocation = (Invocation){.func = func, .data = data, .notify = notify};
  release (invocation);
  REAL (g_main_context_invoke_full)
  (context, priority, run_invocation, invocation, free_invocation);
}

EXPORT void
g_main_context_invoke (GMainContext *context, GSourceFunc func, gpointer data)
{
  g_main_context_invoke_full (context, G_PRIORITY_DEFAULT, func, data, NULL);
}

/* --- GStreamer, where it hands over without a lock --- */

EXPORT gboolean
gst_bus_post (GstBus *bus, GstMessage *message)
{
  release (message);
  return REAL (gst_bus_post) (bus, message);
}

EXPORT gboolean
gst_element_post_message (GstElement *element, GstMessage *message)
{
  release (message);
  return REAL (gst_element_post_message) (element, message);
}

EXPORT GstMessage *
gst_bus_timed_pop_filtered (
    GstBus *bus, GstClockTime timeout, GstMessageType types)
{
  GstMessage *message = REAL (gst_bus_timed_pop_filtered) (bus, timeout, types);

  acquire (message);
  return message;
}

EXPORT GstMessage *
gst_bus_pop_filtered (GstBus *bus, GstMessageType types)
{
  GstMessage *message = REAL (gst_bus_pop_filtered) (bus, types);

  acquire (message);
  return message;
}

EXPORT GstMessage *
gst_bus_pop (GstBus *bus)
{
  GstMessage *message = REAL (gst_bus_pop) (bus);

  acquire (message);
  return message;
}

typedef struct
{
  GstElementCallAsyncFunc func;
  gpointer data;
  GDestroyNotify notify;
} AsyncCall;

static void
run_async_call (GstElement *element, gpointer data)
{
  AsyncCall *call = data;

  acquire (call);
  call->func (element, call->data);
}

static void
free_async_call (gpointer data)
{
  AsyncCall *call = data;

  acquire (call);
  if (call->notify)
    call->notify (call->data);
  g_free (call);
}

EXPORT void
gst_element_call_async (GstElement *element, GstElementCallAsyncFunc func,
    gpointer data, GDestroyNotify notify)
{
  AsyncCall *call = g_new (AsyncCall, 1);

  *call = (AsyncCall){.func = func, .data = data, .notify = notify};
  release (call);
  REAL (gst_element_call_async)
  (element, run_async_call, call, free_async_call);
}
