/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The request pads of an rtcsink, each with the track behind it. Any thread;
 * its lock goes before those of pads and tracks. */
#pragma once

#include "gstrtcpads.h"
#include "gstrtctrack.h"

G_BEGIN_DECLS

/* Camera and screen. */
#define GST_RTC_N_STREAMS 2

typedef struct _GstRtcTracks GstRtcTracks;

GstRtcTracks *gst_rtc_tracks_new (void) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_tracks_free (GstRtcTracks *tracks);

/* Makes the pad of @track, of the number that @name (nullable) ends in, else
 * of the next one. A second pad of a kind is the screen unless told otherwise.
 * Keeps a reference of both; the pad is borrowed. */
GstPad *gst_rtc_tracks_add (GstRtcTracks *tracks, GstRtcTrack *track,
    GstPadTemplate *template, const gchar *name);
/* Lets go of @pad; its track (transfer full), NULL when it is not here. */
GstRtcTrack *gst_rtc_tracks_remove (
    GstRtcTracks *tracks, GstPad *pad) G_GNUC_WARN_UNUSED_RESULT;

/* New references of the tracks of one stream. */
GPtrArray *gst_rtc_tracks_ref_stream (
    GstRtcTracks *tracks, gboolean screen) G_GNUC_WARN_UNUSED_RESULT;
gboolean gst_rtc_tracks_has_stream (GstRtcTracks *tracks, gboolean screen);
/* Whether one of the stream has failed. */
gboolean gst_rtc_tracks_has_failed (GstRtcTracks *tracks, gboolean screen);
/* Names the pads of the stream that have no caps, each after a blank. */
gchar *gst_rtc_tracks_describe_missing (
    GstRtcTracks *tracks, gboolean screen) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @track belongs to the screen stream; FALSE also when its pad has
 * been released. */
gboolean gst_rtc_tracks_is_screen (GstRtcTracks *tracks, GstRtcTrack *track);
/* The track that @child is (transfer full), NULL where it is none, or none any
 * more. */
GstRtcTrack *gst_rtc_tracks_find (
    GstRtcTracks *tracks, GstObject *child) G_GNUC_WARN_UNUSED_RESULT;

/* Frames that the tracks of one medium have handed out. */
guint64 gst_rtc_tracks_count_frames (GstRtcTracks *tracks, GstRtcMedia medium);

G_END_DECLS
