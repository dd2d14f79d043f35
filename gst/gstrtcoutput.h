/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One remote track: a bin that takes RTP packets and gives what the linked
 * pad wants, raw before encoded, and the sometimes pad of rtcsrc in front of
 * it. Packets come from a transport; decoding runs on a thread of its own. */
#pragma once

#include <gst/gst.h>

#include "gstrtccodec.h"

G_BEGIN_DECLS

#define GST_RTC_TYPE_OUTPUT (gst_rtc_output_get_type ())
G_DECLARE_FINAL_TYPE (GstRtcOutput, gst_rtc_output, GST_RTC, OUTPUT, GstBin)

/* Names of the tags that a track carries. */
#define GST_RTC_TAG_USER_ID "rtc-user-id" /* string */
#define GST_RTC_TAG_SCREEN "rtc-screen"   /* boolean */
#define GST_RTC_TAG_MUTED "rtc-muted"     /* boolean */

/**
 * GstRtcOutputListener:
 * @keyframe_wanted: the decoder cannot go on without one; at most five times
 *   a second
 * @ended: EOS has left it, or could not; it can be detached
 *
 * On a streaming thread, with no lock held.
 */
typedef struct
{
  void (*keyframe_wanted) (GstRtcOutput *output, gpointer user_data);
  void (*ended) (GstRtcOutput *output, gpointer user_data);
} GstRtcOutputListener;

/**
 * GstRtcOutputInfo:
 * @pad_name: of the sometimes pad
 * @template: of that pad
 * @stream_id: of its stream-start
 * @group_id: shared by the tracks of one stream
 * @latency: ms that the transport adds
 */
typedef struct
{
  GstRtcMedia medium;
  const gchar *pad_name;
  GstPadTemplate *template;
  const gchar *stream_id;
  guint group_id;
  const gchar *user_id;
  gboolean screen;
  guint latency;
} GstRtcOutputInfo;

/* @user_data must live until the output is detached. */
GstRtcOutput *gst_rtc_output_new (const GstRtcOutputInfo *info,
    const GstRtcOutputListener *listener,
    gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

/* Adds bin and pad to @element, which emits pad-added. Once, and on a thread
 * where the application may do anything. FALSE when it was detached before
 * or meanwhile. */
gboolean gst_rtc_output_attach (GstRtcOutput *output, GstElement *element);

/* Takes bin and pad out of their element and stops them; later ones do
 * nothing. Not on a streaming thread of the output. */
void gst_rtc_output_detach (GstRtcOutput *output);

/* One packet with its RTP caps; takes @buffer, whose PTS is the absolute
 * time of the clock. Dropped while the element does not play and while the
 * pad is not linked. Any thread, never blocks. */
void gst_rtc_output_push (
    GstRtcOutput *output, GstCaps *caps, GstBuffer *buffer);

/* The track is over: EOS goes out after what was pushed, then ended () is
 * told. Any thread but the output's own. */
void gst_rtc_output_end (GstRtcOutput *output);

/* The publisher has disabled the medium: shows on the pad, which notifies.
 * Any thread where the application may be called. */
void gst_rtc_output_set_muted (GstRtcOutput *output, gboolean muted);

/* Tells downstream, after what was pushed, that nothing came up to now, so
 * that the timeline goes on while a medium is muted or paused. Any thread,
 * never blocks. */
void gst_rtc_output_fill_gap (GstRtcOutput *output);

/* Packets that were pushed and not dropped. Any thread. */
guint64 gst_rtc_output_get_packets (GstRtcOutput *output);

G_END_DECLS
