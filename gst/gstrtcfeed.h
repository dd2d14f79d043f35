/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Source of one media transport: what is pushed into it leaves by its pads,
 * all on one thread of its own, so that who pushes never waits for the
 * transport. Every transport is given the same list as it is: no copy, and
 * one wake-up for all packets of a frame. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_RTC_TYPE_FEED (gst_rtc_feed_get_type ())
G_DECLARE_FINAL_TYPE (GstRtcFeed, gst_rtc_feed, GST_RTC, FEED, GstElement)

/* @max_time: ns of running time between the oldest list that waits and the
 * newest. @max_bytes: that wait, of all pads. Past either the oldest are
 * dropped. */
GstRtcFeed *gst_rtc_feed_new (
    GstClockTime max_time, gsize max_bytes) G_GNUC_WARN_UNUSED_RESULT;

/* In state NULL. @caps: of all that is pushed to this pad. The pad is
 * borrowed from the feed. */
GstPad *gst_rtc_feed_add_pad (GstRtcFeed *feed, GstCaps *caps);

/* @index: of the pad, from 0 in the order of adding. @list: not empty, PTS are
 * running time; transfer full. Dropped while the feed is below PAUSED. Any
 * thread, never blocks. */
void gst_rtc_feed_push (GstRtcFeed *feed, guint index, GstBufferList *list);

G_END_DECLS
