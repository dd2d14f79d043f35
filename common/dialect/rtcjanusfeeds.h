/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is in a VideoRoom and what they send, in the words of Janus, told on as
 * users and streams. No I/O; belongs to the worker. */
#pragma once

#include "rtcevent.h"
#include "rtcjson.h"

G_BEGIN_DECLS

/* The id or the name of the member that sends the screen of a user is that of
 * the user with this behind it, which no user id can hold. */
#define GST_RTC_JANUS_SCREEN_SUFFIX "/screen"
/* The description of a stream that its sender has muted, and of one that is
 * not muted any more. */
#define GST_RTC_JANUS_MUTED "muted"
#define GST_RTC_JANUS_LIVE "live"

/**
 * GstRtcJanusFeed:
 * @id: of the member, text also where it is a number
 * @stream: (nullable): what it sends
 * @serial: of the stream, never the same twice
 * @mids: of audio and video (nullable)
 * @seen, @sending: of a snapshot: it is there, and sends something
 *
 * One member of the room. A user has at most two: itself with the camera
 * stream, and one for its screen stream.
 */
typedef struct
{
  gchar *id;
  gchar *user_id;
  gboolean screen;
  GstRtcStream *stream;
  guint64 serial;
  gchar *mids[2];
  GstRtcMedia described; /* as muted by itself */
  GstRtcMedia moderated; /* muted by a moderator */
  gboolean seen;
  gboolean sending;
} GstRtcJanusFeed;

typedef struct _GstRtcJanusFeeds GstRtcJanusFeeds;

typedef void (*GstRtcJanusFeedsFunc) (
    const GstRtcEvent *event, gpointer user_data);

/* @tell gets PEER_ONLINE, PEER_LEAVE, STREAM_ADDED, STREAM_REMOVED and
 * STREAM_MUTED. */
GstRtcJanusFeeds *gst_rtc_janus_feeds_new (
    GstRtcJanusFeedsFunc tell, gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_janus_feeds_free (GstRtcJanusFeeds *feeds);
void gst_rtc_janus_feeds_clear (GstRtcJanusFeeds *feeds);

/* Whether ids are strings; then they are the user ids, else the names that
 * are shown are. */
void gst_rtc_janus_feeds_set_string_ids (
    GstRtcJanusFeeds *feeds, gboolean string_ids);
/* What is said of the member @id is about ourselves, and is not told. */
void gst_rtc_janus_feeds_add_own (GstRtcJanusFeeds *feeds, const gchar *id);
gboolean gst_rtc_janus_feeds_is_own (GstRtcJanusFeeds *feeds, const gchar *id);

/* Between both nothing is told; members that are not named are dropped, and
 * streams that are not. The roster at the end says it all. Begins when the
 * lists are asked for: what is told meanwhile may be newer than they are. */
void gst_rtc_janus_feeds_begin_snapshot (GstRtcJanusFeeds *feeds);
void gst_rtc_janus_feeds_end_snapshot (GstRtcJanusFeeds *feeds);

/* An object {id, display?} of a member, and {id, display?, streams} of one
 * that sends or has changed what it sends. */
void gst_rtc_janus_feeds_take_member (
    GstRtcJanusFeeds *feeds, GstRtcJson *member);
void gst_rtc_janus_feeds_take_publisher (
    GstRtcJanusFeeds *feeds, GstRtcJson *publisher);
/* The same of the lists of a snapshot. */
void gst_rtc_janus_feeds_take_listed_member (
    GstRtcJanusFeeds *feeds, GstRtcJson *member);
void gst_rtc_janus_feeds_take_listed_publisher (
    GstRtcJanusFeeds *feeds, GstRtcJson *publisher);
/* One of these for each object of the array @name of @data. */
void gst_rtc_janus_feeds_take_each (GstRtcJanusFeeds *feeds, GstRtcJson *data,
    const gchar *name, void (*take) (GstRtcJanusFeeds *, GstRtcJson *));
void gst_rtc_janus_feeds_unpublished (GstRtcJanusFeeds *feeds, const gchar *id);
void gst_rtc_janus_feeds_left (
    GstRtcJanusFeeds *feeds, const gchar *id, const gchar *reason);
void gst_rtc_janus_feeds_moderated (
    GstRtcJanusFeeds *feeds, const gchar *id, const gchar *mid, gboolean muted);

/* What sends the stream; borrowed, NULL when nothing does. */
const GstRtcJanusFeed *gst_rtc_janus_feeds_find (
    GstRtcJanusFeeds *feeds, const gchar *user_id, gboolean screen);

GstRtcRoster *gst_rtc_janus_feeds_make_roster (
    GstRtcJanusFeeds *feeds) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcJanusFeeds, gst_rtc_janus_feeds_free)

G_END_DECLS
