/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The viewers of an rtcsink, and the servers that take a stream for all: who
 * comes, who takes whose place, who goes. Worker, but where it says
 * otherwise. */
#pragma once

#include "gstrtctracks.h"
#include "gstrtcviewer.h"

G_BEGIN_DECLS

typedef struct _GstRtcViewers GstRtcViewers;

/**
 * GstRtcViewersListener:
 * @added: @user_id now receives
 * @removed: @user_id, who did receive, does so no longer. Where one transport
 *   takes the place of another without a break, neither is told
 * @wants_peer: whether somebody cares for @peer_created. Worker
 * @peer_created: @webrtcbin, which is not negotiated before this returns;
 *   @user_id is NULL for a server
 *
 * All but @wants_peer on the notifier thread, with no lock held.
 */
typedef struct
{
  void (*added) (const gchar *user_id, gboolean screen, gpointer user_data);
  void (*removed) (const gchar *user_id, gboolean screen, gpointer user_data);
  gboolean (*wants_peer) (gpointer user_data);
  void (*peer_created) (
      const gchar *user_id, GstElement *webrtcbin, gpointer user_data);
} GstRtcViewersListener;

/**
 * GstRtcViewersLimits:
 * @max_viewers: served at once, beside servers
 * @min_bitrate, @start_bitrate, @max_bitrate: of what a server gets, bit/s
 */
typedef struct
{
  guint max_viewers;
  guint min_bitrate;
  guint start_bitrate;
  guint max_bitrate;
} GstRtcViewersLimits;

/* Borrows all; @element owns it. Made and freed on any thread, freed after
 * gst_rtc_viewers_reset (). */
GstRtcViewers *gst_rtc_viewers_new (GstRtcElement *element,
    GstRtcTracks *tracks, const GstRtcViewersListener *listener,
    gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_viewers_free (GstRtcViewers *viewers);

/* A media session that sends was opened, or what its viewer wants has
 * changed. */
void gst_rtc_viewers_open (GstRtcViewers *viewers, const GstRtcEvent *event,
    const GstRtcViewersLimits *limits);
/* What the room tells of media sessions that are open. */
void gst_rtc_viewers_room_event (
    GstRtcViewers *viewers, const GstRtcEvent *event);
/* The element runs by @clock now. */
void gst_rtc_viewers_set_clock (GstRtcViewers *viewers, GstClock *clock);
/* Stops all, and forgets who was lost. */
void gst_rtc_viewers_reset (GstRtcViewers *viewers);

/* Packets of a track for the viewers on its @route. Under the lock of the
 * track that orders packets. */
void gst_rtc_viewers_push (
    GPtrArray *route, GstRtcMedia medium, GstBufferList *list, gboolean key);

/* Adds `viewers`, how many there are beside servers, and `peers`, a list of
 * the statistics of each. Any thread. */
void gst_rtc_viewers_add_stats (GstRtcViewers *viewers, GstStructure *stats);

G_END_DECLS
