/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers and events on their way up: kept in order and handed out from the
 * main context, never inline. Belongs to the worker. */
#pragma once

#include "rtcevent.h"
#include "rtcrequest.h"

G_BEGIN_DECLS

typedef struct _GstRtcOutbox GstRtcOutbox;

typedef void (*GstRtcEventFunc) (const GstRtcEvent *event, gpointer user_data);

GstRtcOutbox *gst_rtc_outbox_new (GMainContext *context, GstRtcEventFunc emit,
    gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

/* What is still in it is handed out now, except events. */
void gst_rtc_outbox_free (GstRtcOutbox *outbox);

/* All three copy what they are given. @func may be NULL; @destroy runs after
 * it, or alone. */
void gst_rtc_outbox_push_event (GstRtcOutbox *outbox, const GstRtcEvent *event);
void gst_rtc_outbox_push_answer (GstRtcOutbox *outbox, GstRtcAnswerFunc func,
    gpointer user_data, GDestroyNotify destroy, const GstRtcAnswer *answer,
    const GError *error);
void gst_rtc_outbox_push_call (
    GstRtcOutbox *outbox, GFunc func, gpointer user_data);

/* From now on events are dropped, those in it too. */
void gst_rtc_outbox_drop_events (GstRtcOutbox *outbox);

G_END_DECLS
