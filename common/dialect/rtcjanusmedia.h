/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media sessions of the Janus dialect, own and others': what both have in
 * common, and what the server tells of them. Belongs to the worker. */
#pragma once

#include "rtcjanusroom.h"

G_BEGIN_DECLS

#define GST_RTC_JANUS_MAX_SESSIONS 1024
/* How long Janus waits with an offer for the transport before to go. */
#define GST_RTC_JANUS_CLEANING_MS 3000

enum
{
  GST_RTC_JANUS_AUDIO,
  GST_RTC_JANUS_VIDEO,
  GST_RTC_JANUS_N_MEDIA
};

/* The medium of an index. */
extern const GstRtcMedia gst_rtc_janus_medium[GST_RTC_JANUS_N_MEDIA];

/**
 * GstRtcJanusChange:
 * @id: of the request
 * @operation: MUTE_LOCAL, MUTE_REMOTE or a second SUBSCRIBE
 * @on, @off: media that are to flow, and not to
 * @wanted: SUBSCRIBE: what was wanted before
 * @sent: else it waits for the publication to stand
 *
 * A change of what flows that is not answered yet.
 */
typedef struct
{
  guint id;
  GstRtcOperation operation;
  GstRtcMedia on;
  GstRtcMedia off;
  GstRtcMedia wanted;
  gboolean sent;
} GstRtcJanusChange;

/**
 * GstRtcJanusSession:
 * @sends: an own publication, else a subscription
 * @user_id: (nullable): whose stream it is, NULL for the own one
 * @serial: of the stream that is subscribed
 * @member: (nullable): own id of the screen stream in the room
 * @tag: id of the PUBLISH or SUBSCRIBE that it is for
 * @request: the same until it is answered, then 0
 * @waiting: for the transport of the publication before it to end
 * @opened: the element knows it
 * @sent: our description is on its way to Janus
 * @described: Janus has answered it: there is a transport there
 * @up: that transport has been connected
 * @ending: an unpublish is on its way
 * @off: media that is not to be delivered: muted by us, or paused
 * @changes: (element-type GstRtcJanusChange)
 * @early: (element-type GstRtcEvent): candidates before it was opened
 * @offer: (nullable): the own one, until it is answered
 * @held: (element-type GstRtcEvent): own candidates that Janus would refuse
 *   before that
 * @silent_since: monotonic time from which on Janus receives nothing of a
 *   medium, 0 while it does; @silence_told: the element knows of it
 * @retry: (nullable): to be called at @retry_due, monotonic
 * @n_tries: of a join that was refused for the moment
 * @stood: (nullable): to be called once when it is up
 *
 * One media session.
 */
typedef struct _GstRtcJanusSession GstRtcJanusSession;

struct _GstRtcJanusSession
{
  gchar *id;
  gboolean sends;
  gboolean screen;
  gchar *user_id;
  guint64 serial;
  gchar *member;
  GstRtcJanusHandle *handle;
  guint tag;
  guint request;
  gboolean waiting;
  gboolean opened;
  gboolean sent;
  gboolean described;
  gboolean up;
  gboolean ending;
  GstRtcStream *stream;
  gchar *mids[GST_RTC_JANUS_N_MEDIA];
  GstRtcMedia wanted;
  GstRtcMedia off;
  GArray *changes;
  GQueue early;
  gchar *offer;
  GQueue held;
  guint n_candidates;
  gint64 silent_since[GST_RTC_JANUS_N_MEDIA];
  gboolean silence_told[GST_RTC_JANUS_N_MEDIA];
  void (*retry) (GstRtcJanusRoom *room, GstRtcJanusSession *session);
  gint64 retry_due;
  guint n_tries;
  void (*stood) (GstRtcJanusRoom *room, GstRtcJanusSession *session);
};

typedef struct _GstRtcJanusMedia GstRtcJanusMedia;

GstRtcJanusMedia *gst_rtc_janus_media_new (
    GstRtcJanusRoom *room) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_janus_media_free (GstRtcJanusMedia *media);

/* --- for those who publish and subscribe --- */

/* Of a handle (nullable), NULL for none. */
GstRtcJanusSession *gst_rtc_janus_session_of (GstRtcJanusHandle *handle);

guint gst_rtc_janus_media_get_n_sessions (GstRtcJanusMedia *media);
/* NULL when there is none. */
GstRtcJanusSession *gst_rtc_janus_media_find (GstRtcJanusMedia *media,
    gboolean sends, const gchar *user_id, gboolean screen);
GstRtcJanusSession *gst_rtc_janus_media_lookup (
    GstRtcJanusMedia *media, const gchar *id);
/* A new one, for @request. */
GstRtcJanusSession *gst_rtc_janus_media_add (GstRtcJanusMedia *media,
    gboolean sends, const gchar *user_id, gboolean screen, guint request);

/* Tells the element of it, with the candidates that came before. */
void gst_rtc_janus_media_open (
    GstRtcJanusMedia *media, GstRtcJanusSession *session);
/* The same for a publication, whose handle is free now. */
void gst_rtc_janus_media_start (
    GstRtcJanusMedia *media, GstRtcJanusSession *session);
/* What the transport has to do now has a deadline by itself, which comes
 * before that of the request. */
void gst_rtc_janus_media_wait (
    GstRtcJanusMedia *media, const GstRtcJanusSession *session);
/* The same for a request that waits for the transport to stand. */
void gst_rtc_janus_media_wait_for (GstRtcJanusMedia *media, guint request);
void gst_rtc_janus_media_tell_description (GstRtcJanusMedia *media,
    const GstRtcJanusSession *session, const gchar *sdp);

/* All three end @session, at the server too. It ended in order: */
void gst_rtc_janus_media_end (
    GstRtcJanusMedia *media, GstRtcJanusSession *session, const gchar *reason);
/* It failed by @reply, or by what @format says: */
void gst_rtc_janus_media_refuse (GstRtcJanusMedia *media,
    GstRtcJanusSession *session, const GstRtcJanusMessage *reply);
void gst_rtc_janus_media_fail (GstRtcJanusMedia *media,
    GstRtcJanusSession *session, const gchar *format, ...) G_GNUC_PRINTF (3, 4);
/* The transport of the main handle is on its way out: the next publication
 * waits for its end, but not for ever. */
void gst_rtc_janus_media_await_hangup (GstRtcJanusMedia *media);
/* The same, and it ends by this. */
void gst_rtc_janus_media_hang_up (GstRtcJanusMedia *media);

/* The media that @audio and @video turn on and off. */
GstRtcJanusChange gst_rtc_janus_change_new (guint id, GstRtcOperation operation,
    GstRtcOptional audio, GstRtcOptional video);
/* Takes out the change of request @id; FALSE when there is none. */
gboolean gst_rtc_janus_session_take_change (
    GstRtcJanusSession *session, guint id, GstRtcJanusChange *change);

/* Adds an object to the array `streams` of @body. */
void gst_rtc_janus_session_add_stream (
    GstRtcJson *body, const gchar *mid, gboolean on, gboolean keyframe);
/* Those of a reply, by medium; FALSE and which one where the server does not
 * take a medium (which it does not call an error). */
gboolean gst_rtc_janus_session_read_mids (
    GstRtcJanusSession *session, GstRtcJson *data, const gchar **refused);

/* Those that were held. */
void gst_rtc_janus_media_send_held (
    GstRtcJanusMedia *media, GstRtcJanusSession *session);

/* --- for the dialect --- */

/* The room client has given up @id. */
void gst_rtc_janus_media_forget (GstRtcJanusMedia *media, guint id);

/* From the own side of a media session. */
void gst_rtc_janus_media_send_candidate (GstRtcJanusMedia *media,
    const gchar *id, guint mline, const gchar *candidate);
void gst_rtc_janus_media_close (
    GstRtcJanusMedia *media, const gchar *id, const gchar *reason);

/* What the core tells of @handle: webrtcup, trickle, hangup, ... */
void gst_rtc_janus_media_take_event (GstRtcJanusMedia *media,
    GstRtcJanusHandle *handle, const GstRtcJanusMessage *message);
/* An offer without a request: the server wants another ICE transport. */
void gst_rtc_janus_media_take_offer (
    GstRtcJanusMedia *media, GstRtcJanusHandle *handle, const gchar *sdp);
/* The member of @handle was removed from the room, where it is that of the
 * own screen stream. */
void gst_rtc_janus_media_take_removal (
    GstRtcJanusMedia *media, GstRtcJanusHandle *handle, const gchar *reason);
/* A moderator has muted or unmuted the member @id of ours. */
void gst_rtc_janus_media_take_moderation (
    GstRtcJanusMedia *media, const gchar *id, const gchar *mid, gboolean muted);

/* Ends subscriptions to streams that are not there any more. */
void gst_rtc_janus_media_drop_orphans (GstRtcJanusMedia *media);
/* Ends publications that stand, but are not among @publishing (set of ids of
 * members). */
void gst_rtc_janus_media_check_published (
    GstRtcJanusMedia *media, GHashTable *publishing);

/* The socket is gone: requests are forgotten, and what has no handle yet.
 * Before that of the link. The session is gone: all is. */
void gst_rtc_janus_media_reset (GstRtcJanusMedia *media);
void gst_rtc_janus_media_clear (GstRtcJanusMedia *media);

/* Does what is due: tells of media that the server has not received for long,
 * and tries again. Returns the monotonic time at which to look again,
 * G_MAXINT64 for never. */
gint64 gst_rtc_janus_media_look (GstRtcJanusMedia *media, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcJanusMedia, gst_rtc_janus_media_free)

G_END_DECLS
