/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One local track: a bin that paces its input, encodes it once (or passes it
 * through) and hands its RTP packets to its listener.
 * Made and freed in state changes and pad requests; works on the streaming
 * thread of its input. */
#pragma once

#include <gst/gst.h>

#include "gstrtccodec.h"

G_BEGIN_DECLS

#define GST_RTC_TYPE_TRACK (gst_rtc_track_get_type ())
G_DECLARE_FINAL_TYPE (GstRtcTrack, gst_rtc_track, GST_RTC, TRACK, GstBin)

/**
 * GstRtcTrackListener:
 * @ready: codec and RTP caps are known; again when the caps change
 * @packets: the RTP packets that the payloader made at once, of a frame as a
 *   rule, for those on @route; @list borrowed, PTS in absolute time of the
 *   clock, for all viewers to share and not to be written to. @key: a
 *   keyframe begins with it. Under the lock that orders it with a replay
 * @failed: no encoding can be had, or it broke; once until the track is
 *   READY again; @reason for a person. Any thread
 * @encoder_setup: the encoder before it runs
 *
 * The others on the streaming thread of the input, all with no lock held.
 */
typedef struct
{
  void (*ready) (GstRtcTrack *track, gpointer user_data);
  void (*packets) (GstRtcTrack *track, GstBufferList *list, gboolean key,
      GPtrArray *route, gpointer user_data);
  void (*failed) (GstRtcTrack *track, const gchar *reason, gpointer user_data);
  void (*encoder_setup) (
      GstRtcTrack *track, GstElement *encoder, gpointer user_data);
} GstRtcTrackListener;

/* @codecs: NULL-terminated names in order of preference, for raw input.
 * @bitrate: of a video encoder, bit/s. @listener and @user_data must outlive
 * the track's streaming. */
GstRtcTrack *gst_rtc_track_new (GstRtcMedia medium, const gchar *const *codecs,
    guint bitrate, const GstRtcTrackListener *listener,
    gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

GstRtcMedia gst_rtc_track_get_medium (GstRtcTrack *track);

/* Name of the encoding and its RTP caps (transfer full), NULL before they
 * are known. Any thread. */
const gchar *gst_rtc_track_get_codec_name (GstRtcTrack *track);
GstCaps *gst_rtc_track_ref_rtp_caps (GstRtcTrack *track);

/* Takes the track out of service: @listener is told, and what comes in is
 * dropped until READY, so that the input has no failure of its own to tell.
 * Any thread. */
void gst_rtc_track_fail (GstRtcTrack *track, const gchar *reason);
gboolean gst_rtc_track_has_failed (GstRtcTrack *track);

/* Of the video encoder; nothing for media that passes through. Any thread. */
void gst_rtc_track_set_bitrate (GstRtcTrack *track, guint bitrate);

/* To whom packets go; what it holds is for the listener to know. Keeps a
 * reference of @route, which must not change any more. When it returns, nothing
 * is on its way by the route of before. Any thread but from within @packets. */
void gst_rtc_track_set_route (GstRtcTrack *track, GPtrArray *route);

/* While muted nothing leaves, and nothing is encoded. Any thread. */
void gst_rtc_track_set_muted (GstRtcTrack *track, gboolean muted);

/* Asks the encoder for a keyframe, at most five times a second: requests in
 * between are merged into one. Nothing for audio. Any thread. */
void gst_rtc_track_request_keyframe (GstRtcTrack *track);

/* Asks for one ahead of need, unless one was asked for just now. Any
 * thread. */
void gst_rtc_track_prepare_keyframe (GstRtcTrack *track);

/* Calls @func with all that was handed out since a keyframe of the last
 * 200 ms, in its order and before anything later is; FALSE when there is
 * none. Any thread. */
typedef void (*GstRtcTrackReplayFunc) (GstBufferList *list, gpointer user_data);
gboolean gst_rtc_track_replay (
    GstRtcTrack *track, GstRtcTrackReplayFunc func, gpointer user_data);

/* Packets and frames handed out so far. Any thread. */
void gst_rtc_track_get_sent (
    GstRtcTrack *track, guint64 *packets, guint64 *frames);

G_END_DECLS
