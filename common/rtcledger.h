/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the own user publishes and subscribes, and the checks that follow
 * from it. No I/O, no time; belongs to one thread at a time. */
#pragma once

#include "rtcrequest.h"

G_BEGIN_DECLS

typedef struct _GstRtcLedger GstRtcLedger;

GstRtcLedger *gst_rtc_ledger_new (void) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_ledger_free (GstRtcLedger *ledger);
void gst_rtc_ledger_clear (GstRtcLedger *ledger);

/* Publish state, then user, then stream, in the documented order. FALSE and
 * 100005, 100006, 100007 or 200001. */
gboolean gst_rtc_ledger_check (GstRtcLedger *ledger,
    const GstRtcRequest *request, GstRtcRoster *roster, const gchar *own_id,
    GError **error);

/* @request has been sent, and has ended: @answer when it succeeded, else
 * @error. A failure takes back what its start has changed. */
void gst_rtc_ledger_begin (GstRtcLedger *ledger, const GstRtcRequest *request);
void gst_rtc_ledger_end (GstRtcLedger *ledger, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error);

/* Subscriptions that are gone with what they were of. */
void gst_rtc_ledger_drop_user (GstRtcLedger *ledger, const gchar *user_id);
void gst_rtc_ledger_drop_stream (
    GstRtcLedger *ledger, const gchar *user_id, gboolean screen);
void gst_rtc_ledger_drop_session (
    GstRtcLedger *ledger, const gchar *media_session);

gboolean gst_rtc_ledger_is_published (GstRtcLedger *ledger, gboolean screen);
gboolean gst_rtc_ledger_is_subscribed (
    GstRtcLedger *ledger, const gchar *user_id, gboolean screen);

/* Own media that the server has confirmed as muted. */
GstRtcMedia gst_rtc_ledger_get_muted (GstRtcLedger *ledger, gboolean screen);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcLedger, gst_rtc_ledger_free)

G_END_DECLS
