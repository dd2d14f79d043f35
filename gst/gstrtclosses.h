/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which viewers were told as lost a while ago: one that was lost asks again by
 * itself, and what comes of that is the same failure. One thread at a time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GstRtcLosses GstRtcLosses;

GstRtcLosses *gst_rtc_losses_new (void) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_losses_free (GstRtcLosses *losses);

/* TRUE when the loss of a viewer is news: it is not when the attempts that
 * follow a loss fail as well. @user_id: (nullable); @now: monotonic, us. */
gboolean gst_rtc_losses_note (
    GstRtcLosses *losses, const gchar *user_id, gboolean screen, gint64 now);
void gst_rtc_losses_forget_all (GstRtcLosses *losses);

G_END_DECLS
