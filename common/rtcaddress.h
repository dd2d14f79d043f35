/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of this machine. Neither TCP nor ICE notices that the one it
 * sends from has gone: both wait for their deadlines. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Whether something on this machine can still send from @address; TRUE in
 * doubt. Any thread. */
gboolean gst_rtc_address_is_local (GInetAddress *address);

typedef struct _GstRtcAddressWatch GstRtcAddressWatch;

/* Calls @changed from the thread-default main context when addresses have come
 * or gone; a moment later, so that one which was only put back is there again
 * (not of IPv6, which first looks for duplicates). All watches of a context
 * share one descriptor. NULL where the system does not tell: other than Linux,
 * or no descriptor left. */
GstRtcAddressWatch *gst_rtc_address_watch_new (
    void (*changed) (gpointer user_data),
    gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
/* @watch is nullable. On the thread that iterates the context, or owns it. */
void gst_rtc_address_watch_free (GstRtcAddressWatch *watch);

G_END_DECLS
