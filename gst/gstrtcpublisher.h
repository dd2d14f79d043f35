/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an rtcsink publishes, a camera and a screen stream: from the wish, by
 * the wait for the caps of the pads, to the end. Worker only. */
#pragma once

#include "gstrtcelement.h"
#include "gstrtctracks.h"

G_BEGIN_DECLS

typedef struct _GstRtcPublisher GstRtcPublisher;

/**
 * GstRtcPublisherAnswers:
 * @published, @unpublished: the done of its requests, for the element to pass
 *   on to gst_rtc_publisher_published () and gst_rtc_publisher_unpublished ()
 */
typedef struct
{
  GstRtcElementDone published;
  GstRtcElementDone unpublished;
} GstRtcPublisherAnswers;

/* Borrows all; @element owns it. Made and freed on any thread. */
GstRtcPublisher *gst_rtc_publisher_new (GstRtcElement *element,
    GstRtcTracks *tracks,
    const GstRtcPublisherAnswers *answers) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_publisher_free (GstRtcPublisher *publisher);

/* Publishes what there are pads for; takes @call over, which with camera and
 * screen both is answered when both have ended. */
void gst_rtc_publisher_publish (
    GstRtcPublisher *publisher, GstRtcElementCall *call);
/* Ends what is published, takes @call over. */
void gst_rtc_publisher_unpublish (
    GstRtcPublisher *publisher, GstRtcElementCall *call);
/* As the state asks for it. */
void gst_rtc_publisher_activate (GstRtcPublisher *publisher);
/* The connection stands again: publishes what could not be asked for. */
void gst_rtc_publisher_resume (GstRtcPublisher *publisher);

void gst_rtc_publisher_published (GstRtcPublisher *publisher,
    const GstRtcRequest *request, const GError *error);
void gst_rtc_publisher_unpublished (GstRtcPublisher *publisher,
    const GstRtcRequest *request, const GError *error);

/* What the room tells of publications and of the way out of it. */
void gst_rtc_publisher_room_event (
    GstRtcPublisher *publisher, const GstRtcEvent *event);
/* The own user is not shown any more. */
void gst_rtc_publisher_hide (GstRtcPublisher *publisher);
/* Nothing is published, and what waits is answered. */
void gst_rtc_publisher_reset (GstRtcPublisher *publisher);

/* A track has caps. */
void gst_rtc_publisher_track_ready (GstRtcPublisher *publisher);
/* A track of the stream @screen has failed. */
void gst_rtc_publisher_track_failed (
    GstRtcPublisher *publisher, gboolean screen, const gchar *reason);
/* A pad has gone: a stream without any is no longer published. */
void gst_rtc_publisher_pad_released (GstRtcPublisher *publisher);

G_END_DECLS
