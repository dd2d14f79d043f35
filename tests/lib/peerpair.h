/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two or more real peers in one process that exchange their descriptions
 * directly, a source that feeds the sending ones and a decoder behind the
 * receiving ones. Everything but RTP runs on the thread of the test. */
#pragma once

#include "gstrtcpeer.h"

G_BEGIN_DECLS

typedef struct _Side Side;

/* One end. Fields are read by tests while they iterate the context. */
struct _Side
{
  GstRtcPeer *peer;
  Side *other; /* gets our descriptions and candidates; NULL: nobody */

  guint n_connected;
  GError *error;
  guint n_failed;
  GPtrArray *candidates; /* local ones, as text */
  gboolean gathered;
  gchar *description;  /* local */
  GstCaps *audio_caps; /* of remote_tracks */
  GstCaps *video_caps;
  /* Given the description on its way to the other side; returns the one
   * that arrives. */
  gchar *(*tamper) (const gchar *sdp);

  /* Atomic. */
  gint n_keyframes_wanted;
  gint n_audio;
  gint n_video;
  gint n_decoded;
  gint n_late_calls; /* listener calls after stop */
  gint stopped;

  GstElement *decoder;
  GstElement *decoder_src;
  gint64 decoded_at; /* monotonic, us; of the first picture */
  GstClockTime last_pts;
};

typedef struct
{
  GMainContext *context;
  GstRtcWorker *worker;
  GstClock *clock;
  GstElement *encoder;
  GPtrArray *sides;
  GMutex lock;
  GPtrArray *targets; /* lock: the sides that media is pushed to */
  GstCaps *video_caps;
  GstCaps *audio_caps;
  gint n_peers;       /* atomic: not yet freed */
  gint muted;         /* atomic */
  gint force_pending; /* atomic */
} Pair;

void pair_init (Pair *pair);
/* Stops all and waits until each peer is freed: none may leak. */
void pair_clear (Pair *pair);

/* Iterates until *@value is not 0, or fails the test after 30 s. */
void pair_wait (Pair *pair, const gint *value, const gchar *what);
void pair_iterate_until (
    Pair *pair, gboolean (*done) (gpointer data), gpointer data);
/* Iterates for @ms at most, or until something is dispatched. */
void pair_iterate (Pair *pair);

/* Starts the live source of VP8 (payload 96) and, if @audio, Opus (97). */
void pair_start_media (Pair *pair, gboolean audio);
void pair_force_keyframe (Pair *pair);

/* Settings for 127.0.0.1 only, 10 s and 5 s as in the defaults. */
GstRtcPeerSettings pair_settings (Pair *pair, GstRtcPeerRole role);
Side *pair_add (Pair *pair, const GstRtcPeerSettings *settings);
/* A sender with the tracks of the media and a receiver, joined. */
void pair_join (Side *sender, Side *receiver);
void side_add_tracks (Pair *pair, Side *sender);
void side_decode (Pair *pair, Side *receiver);
void side_stop (Side *side);

G_END_DECLS
