/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One viewer of an own stream, or the server that takes it for all viewers:
 * its media session and the transport to it. Made and stopped on the worker;
 * packets come from streaming threads. */
#pragma once

#include "gstrtcelement.h"
#include "gstrtctrack.h"

G_BEGIN_DECLS

typedef struct _GstRtcViewer GstRtcViewer;

/**
 * GstRtcViewerListener:
 * @connected: media flows to it
 * @failed: it is lost; @error has code 300006
 * @keyframe_wanted: streaming thread
 * @bitrate: what to send of video, bit/s, where the viewer was asked to
 *   follow the other side
 *
 * All but keyframe_wanted on the worker.
 */
typedef struct
{
  void (*connected) (GstRtcViewer *viewer, gpointer user_data);
  void (*failed) (
      GstRtcViewer *viewer, const GError *error, gpointer user_data);
  void (*keyframe_wanted) (GstRtcViewer *viewer, gpointer user_data);
  void (*bitrate) (GstRtcViewer *viewer, guint bitrate, gpointer user_data);
} GstRtcViewerListener;

/* Makes the transport towards @user_id (NULL for the server) for the media
 * session of that id.
 * @user_data must live until gst_rtc_viewer_stop (). NULL and 300006. */
GstRtcViewer *gst_rtc_viewer_new (GstRtcElement *element,
    const gchar *media_session, const gchar *user_id, gboolean screen,
    const GstRtcViewerListener *listener, gpointer user_data,
    GError **error) G_GNUC_WARN_UNUSED_RESULT;
GstRtcViewer *gst_rtc_viewer_ref (GstRtcViewer *viewer);
void gst_rtc_viewer_unref (GstRtcViewer *viewer);

/* Worker, before start: offers @track to it. */
void gst_rtc_viewer_add_track (GstRtcViewer *viewer, GstRtcTrack *track);
/* Worker, before start: see gst_rtc_peer_follow_rate (). */
void gst_rtc_viewer_follow_rate (
    GstRtcViewer *viewer, guint least, guint start, guint most);
/* Worker. Makes the offer and sends it through the room client. */
void gst_rtc_viewer_start (GstRtcViewer *viewer);
/* Worker. From the other side. */
void gst_rtc_viewer_set_answer (GstRtcViewer *viewer, const gchar *sdp);
void gst_rtc_viewer_add_candidate (
    GstRtcViewer *viewer, guint mline, const gchar *candidate);
/* Worker. No callback comes after it. */
void gst_rtc_viewer_stop (GstRtcViewer *viewer);

/* Worker. Another one takes its place; what happens to it is nothing to tell
 * any more. */
void gst_rtc_viewer_retire (GstRtcViewer *viewer);
gboolean gst_rtc_viewer_is_retired (GstRtcViewer *viewer);

/* The media it wants delivered now. Any thread. */
void gst_rtc_viewer_set_wanted (GstRtcViewer *viewer, GstRtcMedia wanted);

/* Video begins with a keyframe: TRUE once that has come, which @key says of
 * the packets at hand. Under the lock of the track that orders packets. */
gboolean gst_rtc_viewer_begin_video (GstRtcViewer *viewer, gboolean key);
/* Begins it with what @track has handed out since its last keyframe, or with
 * a new one. Any thread. */
void gst_rtc_viewer_start_video (GstRtcViewer *viewer, GstRtcTrack *track);

/* Packets for it, if it wants the medium. @list borrowed. Any thread, never
 * blocks. */
void gst_rtc_viewer_push (
    GstRtcViewer *viewer, GstRtcMedia medium, GstBufferList *list);

/* Those of its transport, whose it is, and the frames that the transport was
 * given so far. Any thread. */
GstStructure *gst_rtc_viewer_get_stats (
    GstRtcViewer *viewer) G_GNUC_WARN_UNUSED_RESULT;

/* Set once. Borrowed. */
const gchar *gst_rtc_viewer_get_media_session (GstRtcViewer *viewer);
const gchar *gst_rtc_viewer_get_user_id (GstRtcViewer *viewer);
/* TRUE for the server that takes the stream for all viewers. */
gboolean gst_rtc_viewer_is_server (GstRtcViewer *viewer);
gboolean gst_rtc_viewer_get_screen (GstRtcViewer *viewer);
/* Media has flowed to it. Worker. */
gboolean gst_rtc_viewer_has_connected (GstRtcViewer *viewer);
/* FALSE for one that was connected for a moment only. Worker. */
gboolean gst_rtc_viewer_has_been_steady (GstRtcViewer *viewer);
GstRtcPeer *gst_rtc_viewer_get_peer (GstRtcViewer *viewer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcViewer, gst_rtc_viewer_unref)

G_END_DECLS
