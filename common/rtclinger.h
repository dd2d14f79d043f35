/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has been let go of and takes a while to end, such as a socket that
 * says goodbye. It ends with a worker, while the main context is still there:
 * GLib does not free a source that another one takes out of a context which
 * is being freed, and what finishes in a thread of GIO's would come back to
 * nobody and keep the context. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A source on the thread default main context, which owns it, that calls
 * @try_to_end after @ms, or sooner when its ready time is set to 0. Where that
 * answers G_SOURCE_CONTINUE it has begun to end, and whoever learns of the end
 * sets the ready time to 0 once more. @destroy frees @data. */
GSource *gst_rtc_linger_start (
    guint ms, GSourceFunc try_to_end, gpointer data, GDestroyNotify destroy);

/* Ends those of @context now, and iterates it for as long as they take, at
 * most a second, and then for as long as sources are ready. The caller owns
 * @context and has it pushed as thread default. */
void gst_rtc_linger_end_all (GMainContext *context);

G_END_DECLS
