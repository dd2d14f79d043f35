/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time that a test grants, where a tool makes everything slow. */
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

G_END_DECLS
