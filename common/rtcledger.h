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

/* The server has lost all that stands here, it has to be asked again for. */
void gst_rtc_ledger_mark_lost (GstRtcLedger *ledger);
/* The publication alone: FALSE when nothing is published. */
gboolean gst_rtc_ledger_mark_publication_lost (
    GstRtcLedger *ledger, gboolean screen);
/* The subscription alone: TRUE when there is one. */
gboolean gst_rtc_ledger_mark_stream_lost (
    GstRtcLedger *ledger, const gchar *media_session);

/* Fills @publish and @mute (operation NONE when nothing is muted) with what
 * brings a lost publication back; borrowed. FALSE when it is not lost. */
gboolean gst_rtc_ledger_get_lost_publication (GstRtcLedger *ledger,
    gboolean screen, GstRtcRequest *publish, GstRtcRequest *mute);
/* (transfer full) (element-type GstRtcRequest): SUBSCRIBE for each that is
 * lost. */
GPtrArray *gst_rtc_ledger_list_lost_subscriptions (
    GstRtcLedger *ledger) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE when nothing of it is paused. */
gboolean gst_rtc_ledger_get_pause (GstRtcLedger *ledger, const gchar *user_id,
    gboolean screen, GstRtcRequest *mute);

/* @request of them has been sent, and has failed for want of a connection,
 * or been refused: then it is out of the ledger. */
void gst_rtc_ledger_set_found (
    GstRtcLedger *ledger, const GstRtcRequest *request);
void gst_rtc_ledger_set_lost (
    GstRtcLedger *ledger, const GstRtcRequest *request);
void gst_rtc_ledger_remove (GstRtcLedger *ledger, const GstRtcRequest *request);
/* Borrowed, NULL where there is no such subscription. */
const gchar *gst_rtc_ledger_get_media_session (
    GstRtcLedger *ledger, const gchar *user_id, gboolean screen);
void gst_rtc_ledger_set_media_session (GstRtcLedger *ledger,
    const gchar *user_id, gboolean screen, const gchar *media_session);

/* Own media that the server has confirmed as muted. */
GstRtcMedia gst_rtc_ledger_get_muted (GstRtcLedger *ledger, gboolean screen);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcLedger, gst_rtc_ledger_free)

G_END_DECLS
