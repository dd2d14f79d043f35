/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests share: a main context of their own, waiting for a condition
 * under a watchdog, what the process has open, settings that are valid. */
#pragma once

#include "rtcconfig.h"

G_BEGIN_DECLS

#define RTC_TEST_WATCHDOG_MS 30000

/* For the rest of the test case, criticals and warnings that libraries are
 * known to make by themselves do not end it. */
void rtc_test_forgive_libraries (void);

/* It logs what a peer sent, which need not be UTF-8, as the output of a test
 * must. For the life of the process. */
void rtc_test_silence_libsoup (void);

/* Forgives libraries. Acquired and pushed as thread default; _leave () lets
 * what is due finish, then undoes that and frees it. */
GMainContext *rtc_test_context_enter (void);
void rtc_test_context_leave (GMainContext *context);

/* One iteration under a watchdog that aborts with @what. */
void rtc_test_iterate (GMainContext *context, gint64 since, const gchar *what,
    const gchar *file, gint line);

/* Iterates until @condition holds, and fails in the name of @what. */
#define rtc_test_wait_for(context, condition, what)                            \
  G_STMT_START                                                                 \
  {                                                                            \
    const gint64 rtc_since = g_get_monotonic_time ();                          \
    while (!(condition))                                                       \
      rtc_test_iterate (context, rtc_since, what, __FILE__, __LINE__);         \
  }                                                                            \
  G_STMT_END

#define rtc_test_wait(context, condition)                                      \
  rtc_test_wait_for (context, condition, #condition)

/* Iterates for as long as sources are ready without waiting. */
void rtc_test_settle (GMainContext *context);

/* Those of this process. */
guint rtc_test_count_files (void);
guint rtc_test_count_threads (void);

/* A room on @server_url with the defaults of every other value. */
GstRtcConfigValues rtc_test_config_values (
    const gchar *server_url, const gchar *user_id);

G_END_DECLS
