/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this process may open more files. GLib ends a process that cannot
 * have the descriptor of a main context, and libnice and GStreamer make one
 * for each transport, so that it is asked before. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GST_RTC_NO_FILES "the process has no file descriptors left"
/* A socket, and for a while those of resolver and TLS. */
#define GST_RTC_FILES_OF_A_CONNECTION 16
/* The main contexts of the workers, and those of what is loaded ahead. */
#define GST_RTC_FILES_OF_AN_ELEMENT 24
/* With one local address; each more takes one more. */
#define GST_RTC_FILES_OF_A_PEER 8
/* For those that need more, and what else is opened meanwhile. */
#define GST_RTC_FILES_SPARE 24

/* Opens nothing: a thread that needs one meanwhile is not disturbed. */
gboolean gst_rtc_files_are_free (guint n);

/* Keeps @n from the next who asks until they are released, for what opens its
 * own later. FALSE when they and @spare more are not free. */
gboolean gst_rtc_files_reserve (guint n, guint spare);
void gst_rtc_files_release (guint n);

G_END_DECLS
