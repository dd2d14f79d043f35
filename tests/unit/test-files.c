/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether files may be opened. On the main thread, alone in the process. */
#include "rtcfiles.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define LIMIT 64

/* Descriptors that can really be opened now. */
static guint
count_free (void)
{
  gint fds[LIMIT];
  guint n = 0;

  while (n < LIMIT && (fds[n] = fcntl (STDIN_FILENO, F_DUPFD, 0)) >= 0)
    n++;
  for (guint i = 0; i < n; i++)
    close (fds[i]);
  return n;
}

static void
test_free (void)
{
  const guint n = count_free ();

  g_assert_true (gst_rtc_files_are_free (n));
  g_assert_false (gst_rtc_files_are_free (n + 1));
}

static void
test_gap (void)
{
  const gint last = fcntl (STDIN_FILENO, F_DUPFD, LIMIT - 1);
  const guint n = count_free ();

  g_assert_true (gst_rtc_files_are_free (n));
  g_assert_false (gst_rtc_files_are_free (n + 1));
  close (last);
  g_assert_true (gst_rtc_files_are_free (n + 1));
}

static void
test_reserved (void)
{
  const guint n = count_free ();

  g_assert_false (gst_rtc_files_reserve (2, n - 1));
  g_assert_true (gst_rtc_files_reserve (2, n - 2));
  g_assert_false (gst_rtc_files_are_free (n - 1));
  g_assert_false (gst_rtc_files_reserve (n - 1, 0));
  g_assert_true (gst_rtc_files_are_free (n - 2));
  gst_rtc_files_release (2);
  g_assert_true (gst_rtc_files_are_free (n));
}

static void
test_limit_below_open (void)
{
  const gint high = fcntl (STDIN_FILENO, F_DUPFD, 20);
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 1;
  setrlimit (RLIMIT_NOFILE, &limit);
  g_assert_true (gst_rtc_files_are_free (0));
  g_assert_false (gst_rtc_files_are_free (1));
  limit.rlim_cur = LIMIT;
  setrlimit (RLIMIT_NOFILE, &limit);
  close (high);
}

int
main (int argc, char **argv)
{
  struct rlimit limit;

  g_test_init (&argc, &argv, NULL);
  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = LIMIT;
  setrlimit (RLIMIT_NOFILE, &limit);
  g_test_add_func ("/files/free", test_free);
  g_test_add_func ("/files/gap-at-the-top", test_gap);
  g_test_add_func ("/files/reserved", test_reserved);
  g_test_add_func ("/files/limit-below-what-is-open", test_limit_below_open);
  return g_test_run ();
}
