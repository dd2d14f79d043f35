/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests share. On the thread of the test. */
#include "rtctest.h"

#include <string.h>

#include "patience.h"
#include "rtclinger.h"

/* Criticals and warnings that GStreamer 1.22 makes by itself, when things meet
 * at a bad moment. Every other one ends the test. */
static const struct
{
  const gchar *function;
  const gchar *why;
} library_faults[] = {
    {"g_hash_table_foreach:", "rtpsession lets go of its lock amid a loop over "
                              "its sources, to ask for packets again"},
    {"gst_pad_create_stream_id_internal:",
        "srtpdec gets a packet before the event that begins the stream"},
    {"gst_dtls_connection_process:",
        "OpenSSL has left a part of the packet before"},
};

/* Why @message is forgiven, NULL when it is not. */
static const gchar *
find_excuse (const gchar *message)
{
  for (guint i = 0; i < G_N_ELEMENTS (library_faults); i++) {
    if (strstr (message, library_faults[i].function))
      return library_faults[i].why;
  }
  return NULL;
}

static gboolean
is_fatal (const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer user_data)
{
  return find_excuse (message) == NULL;
}

/* GLib's own would call the test off in its output, fatal or not. */
static GLogFunc glib_handler;

static void
log_unless_excused (const gchar *domain, GLogLevelFlags level,
    const gchar *message, gpointer user_data)
{
  const gchar *excuse = find_excuse (message);

  if (excuse)
    g_test_message ("%s: %s", message, excuse);
  else
    glib_handler (domain, level, message, user_data);
}

void
rtc_test_forgive_libraries (void)
{
  GLogFunc before = g_log_set_default_handler (log_unless_excused, NULL);

  if (before != log_unless_excused)
    glib_handler = before;
  g_test_log_set_fatal_handler (is_fatal, NULL);
}

static void
drop_log (const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer user_data)
{
}

void
rtc_test_silence_libsoup (void)
{
  g_log_set_handler ("libsoup", G_LOG_LEVEL_DEBUG, drop_log, NULL);
}

GMainContext *
rtc_test_context_enter (void)
{
  GMainContext *context = g_main_context_new ();

  rtc_test_forgive_libraries ();
  g_assert_true (g_main_context_acquire (context));
  g_main_context_push_thread_default (context);
  return context;
}

void
rtc_test_context_leave (GMainContext *context)
{
  gst_rtc_linger_end_all (context);
  g_main_context_pop_thread_default (context);
  g_main_context_release (context);
  g_main_context_unref (context);
}

static gboolean
on_tick (gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

void
rtc_test_iterate (GMainContext *context, gint64 since, const gchar *what,
    const gchar *file, gint line)
{
  const gint64 waited =
      (g_get_monotonic_time () - since) / G_TIME_SPAN_MILLISECOND;
  GSource *tick;

  if (waited > RTC_TEST_WATCHDOG_MS * rtc_patience ())
    g_error ("%s: %s:%d: still waiting for: %s", g_test_get_path (), file, line,
        what);

  /* Wakes up in time for the watchdog where nothing else does. */
  tick = g_timeout_source_new (RTC_TEST_WATCHDOG_MS / 4);
  g_source_set_callback (tick, on_tick, NULL, NULL);
  g_source_attach (tick, context);
  g_main_context_iteration (context, TRUE);
  g_source_destroy (tick);
  g_source_unref (tick);
}

void
rtc_test_settle (GMainContext *context)
{
  while (g_main_context_iteration (context, FALSE))
    ;
}

static guint
count_entries (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  g_assert_nonnull (dir);
  while (g_dir_read_name (dir))
    n++;
  return n;
}

guint
rtc_test_count_files (void)
{
  return count_entries ("/proc/self/fd");
}

guint
rtc_test_count_threads (void)
{
  return count_entries ("/proc/self/task");
}

GstRtcConfigValues
rtc_test_config_values (const gchar *server_url, const gchar *user_id)
{
  return (GstRtcConfigValues){
      .server_url = server_url,
      .room_id = "room",
      .user_id = user_id,
      .visible = TRUE,
      .signaling_timeout = GST_RTC_DEFAULT_SIGNALING_TIMEOUT,
      .connect_timeout = GST_RTC_DEFAULT_CONNECT_TIMEOUT,
      .media_timeout = GST_RTC_DEFAULT_MEDIA_TIMEOUT,
      .reconnect_attempts = GST_RTC_DEFAULT_RECONNECT_ATTEMPTS,
      .reconnect_delay = GST_RTC_DEFAULT_RECONNECT_DELAY,
  };
}
