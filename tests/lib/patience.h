/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time that a test grants, where a tool makes everything slow, or the machine
 * has too much to do. */
#pragma once

#include <glib.h>
#include <stdlib.h>

G_BEGIN_DECLS

/* How many times the usual time all may take: RTC_TEST_PATIENCE in the
 * environment, which the runs with sanitizers and valgrind set, or once. */
static inline gint
rtc_patience (void)
{
  const gchar *times = g_getenv ("RTC_TEST_PATIENCE");

  return times ? CLAMP (atoi (times), 1, 100) : 1;
}

/* How many times the usual time the machine may take, by its load average:
 * from 1, which an idle one has, to 8. */
static inline gdouble
rtc_load_patience (void)
{
  gdouble load = 0;

  if (getloadavg (&load, 1) != 1)
    return 1;
  return CLAMP (load / (2.0 * g_get_num_processors ()), 1, 8);
}

G_END_DECLS
