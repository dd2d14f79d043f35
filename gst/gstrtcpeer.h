/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One media transport: a pipeline of its own around one webrtcbin, with its
 * descriptions, candidates, liveness and fingerprint check. It knows no
 * room, no element and no codec beyond RTP caps.
 * The signaling half lives on a worker; RTP passes on streaming threads. */
#pragma once

#include <gst/gst.h>

#include "rtcconfig.h"
#include "rtcroster.h"
#include "rtcworker.h"

G_BEGIN_DECLS

#define GST_RTC_TYPE_PEER (gst_rtc_peer_get_type ())
G_DECLARE_FINAL_TYPE (GstRtcPeer, gst_rtc_peer, GST_RTC, PEER, GstObject)

/* The side that sends media makes the offer, the other one answers. */
typedef enum
{
  GST_RTC_PEER_SENDER,
  GST_RTC_PEER_RECEIVER
} GstRtcPeerRole;

/**
 * GstRtcPeerSettings:
 * @name: for logs and object names, unique in the process is best
 * @clock: clock of the pipeline that media comes from or goes to
 * @stun_server: (nullable): `stun://host:port`
 * @turn_servers: (nullable): NULL-terminated, `turn(s)://user:pass@host:port`
 * @ice_policy: which candidates may be used
 * @local_addresses: (nullable): NULL-terminated literal addresses to gather
 *   candidates on, all interfaces when NULL or empty
 * @latency: of the jitter buffer, ms; receiver only
 * @connect_timeout: ms from start until ICE, DTLS and the fingerprint check
 *   are through, else it fails
 * @media_timeout: ms without any RTP or RTCP after which the peer counts as
 *   dead, 0 never; longer, up to four times, where the other side has been
 *   seen to report seldom. Counts from the first packet sent or received
 *
 * Copied by gst_rtc_peer_new (). Peer and media pipeline share @clock, and
 * the base time of the peer's pipeline is 0: every PTS in and out of a peer
 * is the absolute time of @clock.
 */
typedef struct
{
  const gchar *name;
  GstRtcPeerRole role;
  GstClock *clock;
  const gchar *stun_server;
  const gchar *const *turn_servers;
  GstRtcIcePolicy ice_policy;
  const gchar *const *local_addresses;
  guint latency;
  guint connect_timeout;
  guint media_timeout;
} GstRtcPeerSettings;

/**
 * GstRtcPeerListener:
 * @local_description: offer (sender) or answer (receiver) for the other side
 * @local_candidate: candidate text beginning with `candidate:`; NULL text
 *   at the end of gathering
 * @connected: ICE and DTLS are up and the fingerprint is the one of the
 *   remote description; RTP passes from now on. Once
 * @failed: it is over; @error says why with domain GST_RTC_ERROR and code
 *   300006 (sender) or 300001 (receiver). At most once, nothing after it
 * @remote_tracks: receiver: the media of a remote description that will be
 *   received, each with its RTP caps (media, payload, encoding-name,
 *   clock-rate, ...), NULL where the medium is absent. Before the answer
 * @keyframe_wanted: sender: the other side asks for a keyframe
 * @bitrate: sender that was asked to follow: what to send of video, bit/s
 * @rtp: receiver: one RTP packet in order, PTS in absolute time of the
 *   clock; transfer full. @caps borrowed
 *
 * All but keyframe_wanted and rtp run on the worker, with no lock held;
 * keyframe_wanted and rtp run on a streaming thread, so that the first packet
 * can come a moment before connected is told (never before the fingerprint is
 * checked). None runs after gst_rtc_peer_stop () has returned, which waits for
 * those under way: they must not wait for the worker.
 */
typedef struct
{
  void (*local_description) (
      GstRtcPeer *peer, const gchar *sdp, gpointer user_data);
  void (*local_candidate) (GstRtcPeer *peer, guint mline,
      const gchar *candidate, gpointer user_data);
  void (*connected) (GstRtcPeer *peer, gpointer user_data);
  void (*failed) (GstRtcPeer *peer, const GError *error, gpointer user_data);
  void (*remote_tracks) (
      GstRtcPeer *peer, GstCaps *audio, GstCaps *video, gpointer user_data);
  void (*keyframe_wanted) (GstRtcPeer *peer, gpointer user_data);
  void (*bitrate) (GstRtcPeer *peer, guint bitrate, gpointer user_data);
  void (*rtp) (GstRtcPeer *peer, GstRtcMedia medium, GstCaps *caps,
      GstBuffer *buffer, gpointer user_data);
} GstRtcPeerListener;

/* Makes the pipeline. NULL and 300006 / 300001 when webrtcbin or libnice's
 * elements are not installed (the reason names them). @user_data must live
 * until gst_rtc_peer_stop () has returned. Worker. */
GstRtcPeer *gst_rtc_peer_new (GstRtcWorker *worker,
    const GstRtcPeerSettings *settings, const GstRtcPeerListener *listener,
    gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sender, before start: one track with the RTP caps that will be pushed
 * (application/x-rtp with media, encoding-name, clock-rate, payload, ssrc). */
void gst_rtc_peer_add_track (
    GstRtcPeer *peer, GstRtcMedia medium, GstCaps *rtp_caps);

/* Sender, before start: what the other side says of its limit and of loss
 * leads to bitrate (), within @least and @most and beginning with @start. */
void gst_rtc_peer_follow_rate (
    GstRtcPeer *peer, guint least, guint start, guint most);

/* Sender: makes the offer. Receiver: waits for one. Worker. */
void gst_rtc_peer_start (GstRtcPeer *peer);

/* The offer (receiver) or answer (sender) of the other side, checked before
 * webrtcbin sees it; a bad one leads to failed (), and so does a second offer
 * that restarts ICE. Any other second one is ignored. Worker. */
void gst_rtc_peer_set_remote_description (GstRtcPeer *peer, const gchar *sdp);

/* A candidate of the other side, checked before libnice sees it; a bad one
 * is dropped with a warning in the log. Kept until the remote description
 * is there. Worker. */
void gst_rtc_peer_add_candidate (
    GstRtcPeer *peer, guint mline, const gchar *candidate);

/* Sender: RTP packets in a list that is not empty, PTS in absolute time of
 * the clock; @list borrowed, shared with others and never written to. Dropped
 * while not connected, which FALSE says, and oldest lists first when the
 * transport does not keep up: a slow peer costs nobody else. Any thread, never
 * blocks. */
gboolean gst_rtc_peer_push (
    GstRtcPeer *peer, GstRtcMedia medium, GstBufferList *list);

/* Receiver: asks the other side for a keyframe. Any thread. */
void gst_rtc_peer_request_keyframe (GstRtcPeer *peer);

/* TRUE once connected () has been told and it has not failed. Any thread. */
gboolean gst_rtc_peer_is_connected (GstRtcPeer *peer);

/* Cumulative figures of this transport: structure `rtc-peer-stats` with
 * packets-sent, bytes-sent, packets-received, bytes-received (uint64),
 * packets-lost (int), jitter (uint, ns), round-trip-time (uint, us, 0 when
 * unknown), by rtpsession, not by webrtcbin's get-stats. Any thread. */
GstStructure *gst_rtc_peer_get_stats (
    GstRtcPeer *peer) G_GNUC_WARN_UNUSED_RESULT;

/* The webrtcbin inside, a new reference, for the peer-created signal; NULL
 * after gst_rtc_peer_stop (). Any thread. */
GstElement *gst_rtc_peer_ref_webrtcbin (
    GstRtcPeer *peer) G_GNUC_WARN_UNUSED_RESULT;

/* Whether it runs by @clock; and, for a sender that does not, makes it do so.
 * What a receiver has in its jitter buffer is timed by the old one: it is to
 * be replaced. Worker. */
gboolean gst_rtc_peer_runs_by (GstRtcPeer *peer, GstClock *clock);
void gst_rtc_peer_set_clock (GstRtcPeer *peer, GstClock *clock);

/* Must be called before the last reference goes. No listener call starts
 * after it. The pipeline goes to NULL and is freed on
 * a helper thread. Can be called twice. Worker, or any thread when the worker
 * has stopped. */
void gst_rtc_peer_stop (GstRtcPeer *peer);

/* Until the pipelines of all that were stopped in this process have gone, for
 * @ms at most: a process that exits amid that can crash in the exit handlers
 * of the libraries under it. FALSE when some are not. Any thread but theirs. */
gboolean gst_rtc_peer_wait_for_ends (guint ms);

G_END_DECLS
