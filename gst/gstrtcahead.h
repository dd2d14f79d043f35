/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a first transport would wait for, done ahead and once in the process.
 * Each on a thread of its own; started and joined from any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Load the plugins of a transport, and make the certificate of the process.
 * Only the first call does anything. Any thread, never block. */
void gst_rtc_ahead_load_plugins (void);
void gst_rtc_ahead_make_certificate (void);

/* Waits for those to end: no thread of ours may be at work in a library when
 * the process exits, whose exit handlers take that down. Any thread but the
 * workers. */
void gst_rtc_ahead_end (void);

G_END_DECLS
