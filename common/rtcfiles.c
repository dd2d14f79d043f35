/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this process may open more files. Any thread. */
#include "rtcfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

static GMutex lock;
static guint n_reserved; /* under lock */

/* The system gives the lowest number that is free, so that those at the top
 * are free for as long as there are many. */
static gboolean
has_free (guint n)
{
  struct rlimit limit;
  guint n_free = 0;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return TRUE;
  for (rlim_t fd = MIN (limit.rlim_cur, G_MAXINT); fd > 0 && n_free < n; fd--)
    n_free += fcntl ((gint)fd - 1, F_GETFD) < 0 && errno == EBADF;
  return n_free >= n;
}

gboolean
gst_rtc_files_are_free (guint n)
{
  gboolean are_free;

  g_mutex_lock (&lock);
  are_free = has_free (n_reserved + n);
  g_mutex_unlock (&lock);
  return are_free;
}

gboolean
gst_rtc_files_reserve (guint n, guint spare)
{
  gboolean are_free;

  g_mutex_lock (&lock);
  are_free = has_free (n_reserved + n + spare);
  if (are_free)
    n_reserved += n;
  g_mutex_unlock (&lock);
  return are_free;
}

void
gst_rtc_files_release (guint n)
{
  g_mutex_lock (&lock);
  g_assert (n_reserved >= n);
  n_reserved -= n;
  g_mutex_unlock (&lock);
}
