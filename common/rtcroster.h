/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users and their streams as plain data, for the server and the client. No
 * I/O, no time; belongs to one thread at a time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Media as a set: of a stream, wanted by a subscription, muted. */
typedef enum
{
  GST_RTC_MEDIA_NONE = 0,
  GST_RTC_MEDIA_AUDIO = 1 << 0,
  GST_RTC_MEDIA_VIDEO = 1 << 1,
  GST_RTC_MEDIA_BOTH = GST_RTC_MEDIA_AUDIO | GST_RTC_MEDIA_VIDEO
} GstRtcMedia;

/**
 * GstRtcStream:
 * @screen: the screen stream of its user, else the camera stream
 * @audio_codec: (nullable): RTP encoding name, NULL without an audio track
 * @video_codec: (nullable): RTP encoding name, NULL without a video track
 * @muted: which of its media the publisher has disabled
 *
 * What one user publishes under (user, screen).
 */
typedef struct
{
  gboolean screen;
  gchar *audio_codec;
  gchar *video_codec;
  GstRtcMedia muted;
} GstRtcStream;

GstRtcStream *gst_rtc_stream_new (gboolean screen, const gchar *audio_codec,
    const gchar *video_codec, GstRtcMedia muted) G_GNUC_WARN_UNUSED_RESULT;
GstRtcStream *gst_rtc_stream_copy (
    const GstRtcStream *stream) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_stream_free (GstRtcStream *stream);

/* The media it has tracks for, and those of them that are not muted. A
 * stream without enabled media counts as removed for the room (room API,
 * section 2). */
GstRtcMedia gst_rtc_stream_get_media (const GstRtcStream *stream);
GstRtcMedia gst_rtc_stream_get_enabled (const GstRtcStream *stream);

/* `camera` or `screen`. */
const gchar *gst_rtc_stream_get_nick (gboolean screen);

/* What the room is told when the muted media of a stream change. */
typedef enum
{
  GST_RTC_MUTE_CHANGE_NONE = 0,
  GST_RTC_MUTE_CHANGE_MUTE_AUDIO = 1 << 0,
  GST_RTC_MUTE_CHANGE_UNMUTE_AUDIO = 1 << 1,
  GST_RTC_MUTE_CHANGE_MUTE_VIDEO = 1 << 2,
  GST_RTC_MUTE_CHANGE_UNMUTE_VIDEO = 1 << 3,
  GST_RTC_MUTE_CHANGE_STREAM_REMOVED = 1 << 4,
  GST_RTC_MUTE_CHANGE_STREAM_ADDED = 1 << 5
} GstRtcMuteChange;

typedef struct _GstRtcRoster GstRtcRoster;

GstRtcRoster *gst_rtc_roster_new (void) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_roster_free (GstRtcRoster *roster);
void gst_rtc_roster_clear (GstRtcRoster *roster);

/* TRUE when the user was not there before. */
gboolean gst_rtc_roster_add_user (GstRtcRoster *roster, const gchar *user_id);
/* TRUE when the user was there; its streams go with it. */
gboolean gst_rtc_roster_remove_user (
    GstRtcRoster *roster, const gchar *user_id);
gboolean gst_rtc_roster_has_user (GstRtcRoster *roster, const gchar *user_id);
guint gst_rtc_roster_get_n_users (GstRtcRoster *roster);
/* Borrowed ids in the order of entry; free the array itself. */
GPtrArray *gst_rtc_roster_get_users (
    GstRtcRoster *roster) G_GNUC_WARN_UNUSED_RESULT;

/* Adds or replaces (user, stream->screen) and adds the user when it was not
 * there. Takes a copy. TRUE when the stream was not there before. */
gboolean gst_rtc_roster_set_stream (
    GstRtcRoster *roster, const gchar *user_id, const GstRtcStream *stream);
gboolean gst_rtc_roster_remove_stream (
    GstRtcRoster *roster, const gchar *user_id, gboolean screen);
/* Borrowed, NULL when it is not there. */
const GstRtcStream *gst_rtc_roster_get_stream (
    GstRtcRoster *roster, const gchar *user_id, gboolean screen);
guint gst_rtc_roster_get_n_streams (GstRtcRoster *roster);

/* Sets the muted media of a stream and returns what that changes for the
 * room: the last enabled medium going gives STREAM_REMOVED and not MUTE_*,
 * the first coming back STREAM_ADDED and not UNMUTE_*. */
GstRtcMuteChange gst_rtc_roster_set_muted (GstRtcRoster *roster,
    const gchar *user_id, gboolean screen, GstRtcMedia muted);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcRoster, gst_rtc_roster_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcStream, gst_rtc_stream_free)

G_END_DECLS
