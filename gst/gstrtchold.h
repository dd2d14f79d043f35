/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps errors back until the application can hear them. Belongs to the
 * notifier of its element, and after it to whoever frees it.
 *
 * gst-launch-1.0 1.22 leaves its main loop from within the post of an error.
 * One that comes before that loop runs, while the pipeline is still being
 * set to PAUSED, is lost on it and it waits for ever. So errors wait for
 * PLAYING, which it asks for from its loop, or for a second. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _GstRtcHold GstRtcHold;

/* @element is borrowed. */
GstRtcHold *gst_rtc_hold_new (GstElement *element) G_GNUC_WARN_UNUSED_RESULT;
/* Drops what is held; NULL does nothing. */
void gst_rtc_hold_free (GstRtcHold *hold);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcHold, gst_rtc_hold_free)

/* Posts what was held before and holds from now on. The second is counted on
 * the thread default main context. */
void gst_rtc_hold_begin (GstRtcHold *hold);
/* Posts what was held and holds no more. */
void gst_rtc_hold_end (GstRtcHold *hold);

/* Posts @message (transfer full), an error perhaps later. */
void gst_rtc_hold_post (GstRtcHold *hold, GstMessage *message);

G_END_DECLS
