/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which addresses may connect to the room server: counts, rates, and who broke
 * a limit a moment ago. No I/O, takes time as a parameter; belongs to the
 * thread of the server. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GstRtcAdmission GstRtcAdmission;

/* @max_each: connections of one address at a time; @rate: connections of one
 * address a second, ten seconds' worth at once. */
GstRtcAdmission *gst_rtc_admission_new (
    guint max_each, guint rate) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_admission_free (GstRtcAdmission *admission);

/* FALSE and @reason (static) when @address has to go. Each TRUE needs a
 * gst_rtc_admission_leave (). */
gboolean gst_rtc_admission_enter (GstRtcAdmission *admission,
    const gchar *address, gint64 now, const gchar **reason);
void gst_rtc_admission_leave (GstRtcAdmission *admission, const gchar *address);

/* It broke a limit; known for ten seconds. */
void gst_rtc_admission_blame (
    GstRtcAdmission *admission, const gchar *address, gint64 now);
gboolean gst_rtc_admission_is_blamed (
    GstRtcAdmission *admission, const gchar *address, gint64 now);

/* Forgets those of whom there is nothing to know, and tells how many are
 * left. */
guint gst_rtc_admission_prune (GstRtcAdmission *admission, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcAdmission, gst_rtc_admission_free)

G_END_DECLS
