/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread with a main context of its own, to which others queue work. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GstRtcWorker GstRtcWorker;

/* Starts the thread @name (at most 15 bytes are shown by the kernel). The
 * context is the thread default of that thread. */
GstRtcWorker *gst_rtc_worker_new (const gchar *name) G_GNUC_WARN_UNUSED_RESULT;

/* A worker without a thread on @context, which the caller iterates. For
 * tests, whose fixture owns its context. */
GstRtcWorker *gst_rtc_worker_new_for_context (
    GMainContext *context) G_GNUC_WARN_UNUSED_RESULT;

/* Any thread may hold a reference. A worker with a thread must be stopped
 * before the last reference goes. */
GstRtcWorker *gst_rtc_worker_ref (GstRtcWorker *worker);
void gst_rtc_worker_unref (GstRtcWorker *worker);

/* Borrowed. */
GMainContext *gst_rtc_worker_get_context (GstRtcWorker *worker);

/* TRUE when called on the worker's own thread. */
gboolean gst_rtc_worker_is_current (GstRtcWorker *worker);

/* Queues @func to run once on the worker, in the order of the calls. Never
 * blocks and never runs inline, also when called on the worker. @destroy
 * (nullable) is called once after it; after gst_rtc_worker_stop () only
 * @destroy runs, at once and in the calling thread. Any thread. */
void gst_rtc_worker_invoke (
    GstRtcWorker *worker, GFunc func, gpointer data, GDestroyNotify destroy);

/* Ends the loop, joins the thread and destroys what is still queued. Can be
 * called twice. On the worker itself the thread is not joined: it ends when
 * the running function returns. */
void gst_rtc_worker_stop (GstRtcWorker *worker);

/* Waits until the function that runs now, if any, has returned. FALSE when
 * @ms were not enough. Does not wait on the worker itself. */
gboolean gst_rtc_worker_wait (GstRtcWorker *worker, guint ms);

/* As gst_rtc_worker_stop (), but a function that does not return within @ms
 * is left to itself: FALSE, and the thread ends after it. */
gboolean gst_rtc_worker_stop_within (GstRtcWorker *worker, guint ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcWorker, gst_rtc_worker_unref)

G_END_DECLS
