/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is in a VideoRoom and what they send. Belongs to the worker. */
#include "rtcjanusfeeds.h"

#include <string.h>

#include "rtcconfig.h"
#include "rtcjanuswire.h"

/* Beyond it members are not looked at: anybody may join. */
#define MAX_FEEDS 8192
#define MAX_CODEC_LENGTH 16

/* What has ended while a snapshot is on its way, which may name it still. */
typedef enum
{
  ENDED_NOTHING,
  ENDED_STREAM,
  ENDED_MEMBERSHIP
} Ended;

struct _GstRtcJanusFeeds
{
  GstRtcJanusFeedsFunc tell;
  gpointer user_data;
  gboolean string_ids;
  gboolean quiet;
  guint64 last_serial;
  GHashTable *own;   /* set of ids */
  GHashTable *feeds; /* id: GstRtcJanusFeed */
  GHashTable *ended; /* id: Ended, during a snapshot */
};

static void
feed_free (GstRtcJanusFeed *feed)
{
  g_free (feed->id);
  g_free (feed->user_id);
  g_free (feed->mids[0]);
  g_free (feed->mids[1]);
  gst_rtc_stream_free (feed->stream);
  g_free (feed);
}

static void
tell (GstRtcJanusFeeds *self, GstRtcEventType type, const GstRtcJanusFeed *feed,
    const gchar *reason)
{
  const GstRtcEvent event = {
      .type = type,
      .user_id = feed->user_id,
      .screen = feed->screen,
      .stream = feed->stream,
      .media = feed->stream ? feed->stream->muted : GST_RTC_MEDIA_NONE,
      .reason = reason,
  };

  if (!self->quiet)
    self->tell (&event, self->user_data);
}

/* An id that no user of ours can have still needs a name here. */
static gchar *
make_user_id (const gchar *text)
{
  g_autofree gchar *hash = NULL;

  if (gst_rtc_id_is_valid (text, NULL))
    return g_strdup (text);
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
  return g_strdup_printf ("janus-%.16s", hash);
}

/* Whose member it is. Names need not be set, or be one of ours. */
static gchar *
read_user_id (const GstRtcJanusFeeds *self, const gchar *id,
    const gchar *display, gboolean *screen)
{
  const gchar *name = self->string_ids || !display ? id : display;
  g_autofree gchar *user = g_strdup (name);

  *screen = g_str_has_suffix (name, GST_RTC_JANUS_SCREEN_SUFFIX);
  if (*screen)
    user[strlen (name) - strlen (GST_RTC_JANUS_SCREEN_SUFFIX)] = '\0';
  if (gst_rtc_id_is_valid (user, NULL))
    return g_steal_pointer (&user);
  return make_user_id (self->string_ids ? user : id);
}

static GstRtcJanusFeed *
find_by_user (GstRtcJanusFeeds *self, const gchar *user_id, gboolean screen,
    const GstRtcJanusFeed *but)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->feeds);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const GstRtcJanusFeed *feed = value;

    if (feed != but && feed->screen == screen &&
        g_str_equal (feed->user_id, user_id))
      return value;
  }
  return NULL;
}

static void
drop_stream (GstRtcJanusFeeds *self, GstRtcJanusFeed *feed, const gchar *reason)
{
  g_autoptr (GstRtcStream) stream = NULL;

  if (!feed->stream)
    return;
  tell (self, GST_RTC_EVENT_STREAM_REMOVED, feed, reason);
  stream = g_steal_pointer (&feed->stream);
  feed->described = feed->moderated = GST_RTC_MEDIA_NONE;
}

/* A name belongs to the last one who has taken it. */
static void
replace_namesake (GstRtcJanusFeeds *self, const GstRtcJanusFeed *feed)
{
  GstRtcJanusFeed *old = find_by_user (self, feed->user_id, feed->screen, feed);

  if (!old)
    return;
  drop_stream (self, old, "the user came again");
  g_hash_table_remove (self->feeds, old->id);
}

static GstRtcJanusFeed *
add_feed (GstRtcJanusFeeds *self, const gchar *id, const gchar *display)
{
  GstRtcJanusFeed *feed;
  gboolean known;

  if (g_hash_table_size (self->feeds) >= MAX_FEEDS)
    return NULL;
  feed = g_new0 (GstRtcJanusFeed, 1);
  feed->id = g_strdup (id);
  feed->user_id = read_user_id (self, id, display, &feed->screen);
  known = find_by_user (self, feed->user_id, FALSE, NULL) ||
          find_by_user (self, feed->user_id, TRUE, NULL);
  replace_namesake (self, feed);
  g_hash_table_insert (self->feeds, feed->id, feed);
  if (!known)
    tell (self, GST_RTC_EVENT_PEER_ONLINE, feed, NULL);
  return feed;
}

static GstRtcJanusFeed *
ensure_feed (GstRtcJanusFeeds *self, GstRtcJson *member, gboolean hidden_too)
{
  g_autofree gchar *id = gst_rtc_janus_get_id (member, "id");
  const gchar *display = gst_rtc_json_get_string (member, "display");
  GstRtcJanusFeed *feed;

  if (!id || gst_rtc_janus_feeds_is_own (self, id))
    return NULL;
  g_hash_table_remove (self->ended, id);
  feed = g_hash_table_lookup (self->feeds, id);
  if (!feed && (display || hidden_too))
    feed = add_feed (self, id, display);
  if (feed)
    feed->seen = TRUE;
  return feed;
}

/* Codecs as we name them; what we do not know keeps its name. */
static gchar *
read_codec (GstRtcJson *stream)
{
  const gchar *codec = gst_rtc_json_get_string (stream, "codec");

  if (!codec || !*codec || strlen (codec) > MAX_CODEC_LENGTH)
    return NULL;
  return g_ascii_strup (codec, -1);
}

/* What one object of the array `streams` says; FALSE for what carries no
 * media of ours. */
static gboolean
read_stream (
    GstRtcJson *json, GstRtcMedia *medium, gchar **codec, const gchar **mid)
{
  const gchar *type = gst_rtc_json_get_string (json, "type");

  if (g_strcmp0 (type, "audio") == 0)
    *medium = GST_RTC_MEDIA_AUDIO;
  else if (g_strcmp0 (type, "video") == 0)
    *medium = GST_RTC_MEDIA_VIDEO;
  else
    return FALSE;
  *mid = gst_rtc_json_get_string (json, "mid");
  if (!*mid || gst_rtc_json_get_boolean (json, "disabled", FALSE))
    return FALSE;
  *codec = read_codec (json);
  return *codec != NULL;
}

/* The first audio and the first video of a member are its stream: a member
 * that is no client of ours may send more. */
static GstRtcStream *
read_streams (GstRtcJson *publisher, gchar *mids[2], GstRtcMedia *described,
    GstRtcMedia *moderated)
{
  g_autofree gchar *audio = NULL;
  g_autofree gchar *video = NULL;
  const guint n = gst_rtc_json_get_array_length (publisher, "streams");

  for (guint i = 0; i < n; i++) {
    g_autoptr (GstRtcJson) json =
        gst_rtc_json_get_array_object (publisher, "streams", i);
    g_autofree gchar *codec = NULL;
    GstRtcMedia medium;
    const gchar *mid;
    gchar **first;

    if (!json || !read_stream (json, &medium, &codec, &mid))
      continue;
    first = medium == GST_RTC_MEDIA_VIDEO ? &video : &audio;
    if (*first)
      continue;
    *first = g_steal_pointer (&codec);
    mids[medium == GST_RTC_MEDIA_VIDEO] = g_strdup (mid);
    if (g_strcmp0 (gst_rtc_json_get_string (json, "description"),
            GST_RTC_JANUS_MUTED) == 0)
      *described |= medium;
    if (gst_rtc_json_get_boolean (json, "moderated", FALSE))
      *moderated |= medium;
  }
  if (!audio && !video)
    return NULL;
  return gst_rtc_stream_new (FALSE, audio, video, *described | *moderated);
}

static gboolean
is_same_stream (const GstRtcJanusFeed *feed, const GstRtcStream *stream,
    gchar *const mids[2])
{
  return feed->stream &&
         g_strcmp0 (feed->stream->audio_codec, stream->audio_codec) == 0 &&
         g_strcmp0 (feed->stream->video_codec, stream->video_codec) == 0 &&
         g_strcmp0 (feed->mids[0], mids[0]) == 0 &&
         g_strcmp0 (feed->mids[1], mids[1]) == 0;
}

static void
update_muted (GstRtcJanusFeeds *self, GstRtcJanusFeed *feed)
{
  const GstRtcMedia muted = feed->described | feed->moderated;

  if (!feed->stream || feed->stream->muted == muted)
    return;
  feed->stream->muted = muted;
  tell (self, GST_RTC_EVENT_STREAM_MUTED, feed, NULL);
}

GstRtcJanusFeeds *
gst_rtc_janus_feeds_new (GstRtcJanusFeedsFunc func, gpointer user_data)
{
  GstRtcJanusFeeds *self = g_new0 (GstRtcJanusFeeds, 1);

  self->tell = func;
  self->user_data = user_data;
  self->own = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->feeds = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify)feed_free);
  self->ended = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
gst_rtc_janus_feeds_free (GstRtcJanusFeeds *feeds)
{
  if (!feeds)
    return;
  g_hash_table_unref (feeds->own);
  g_hash_table_unref (feeds->feeds);
  g_hash_table_unref (feeds->ended);
  g_free (feeds);
}

void
gst_rtc_janus_feeds_clear (GstRtcJanusFeeds *feeds)
{
  g_hash_table_remove_all (feeds->own);
  g_hash_table_remove_all (feeds->feeds);
  g_hash_table_remove_all (feeds->ended);
  feeds->quiet = FALSE;
}

void
gst_rtc_janus_feeds_set_string_ids (
    GstRtcJanusFeeds *feeds, gboolean string_ids)
{
  feeds->string_ids = string_ids;
}

void
gst_rtc_janus_feeds_add_own (GstRtcJanusFeeds *feeds, const gchar *id)
{
  g_hash_table_add (feeds->own, g_strdup (id));
}

gboolean
gst_rtc_janus_feeds_is_own (GstRtcJanusFeeds *feeds, const gchar *id)
{
  return g_hash_table_contains (feeds->own, id);
}

void
gst_rtc_janus_feeds_begin_snapshot (GstRtcJanusFeeds *feeds)
{
  GHashTableIter iter;
  gpointer feed;

  feeds->quiet = TRUE;
  g_hash_table_remove_all (feeds->ended);
  g_hash_table_iter_init (&iter, feeds->feeds);
  while (g_hash_table_iter_next (&iter, NULL, &feed))
    ((GstRtcJanusFeed *)feed)->seen = ((GstRtcJanusFeed *)feed)->sending =
        FALSE;
}

static gboolean
end_unseen (gpointer id, gpointer value, gpointer self)
{
  GstRtcJanusFeed *feed = value;

  if (!feed->sending)
    drop_stream (self, feed, NULL);
  return !feed->seen;
}

void
gst_rtc_janus_feeds_end_snapshot (GstRtcJanusFeeds *feeds)
{
  g_hash_table_foreach_remove (feeds->feeds, end_unseen, feeds);
  g_hash_table_remove_all (feeds->ended);
  feeds->quiet = FALSE;
}

void
gst_rtc_janus_feeds_take_member (GstRtcJanusFeeds *feeds, GstRtcJson *member)
{
  ensure_feed (feeds, member, FALSE);
}

void
gst_rtc_janus_feeds_take_publisher (
    GstRtcJanusFeeds *feeds, GstRtcJson *publisher)
{
  GstRtcJanusFeed *feed = ensure_feed (feeds, publisher, TRUE);
  gchar *mids[2] = {NULL, NULL};
  GstRtcMedia described = GST_RTC_MEDIA_NONE;
  GstRtcMedia moderated = GST_RTC_MEDIA_NONE;
  g_autoptr (GstRtcStream) stream = NULL;

  if (!feed)
    return;
  feed->sending = TRUE;
  stream = read_streams (publisher, mids, &described, &moderated);
  if (stream && is_same_stream (feed, stream, mids)) {
    feed->described = described;
    feed->moderated = moderated;
    update_muted (feeds, feed);
  } else {
    drop_stream (feeds, feed, "published again");
    for (guint i = 0; i < G_N_ELEMENTS (mids); i++) {
      g_free (feed->mids[i]);
      feed->mids[i] = g_steal_pointer (&mids[i]);
    }
    if (stream) {
      stream->screen = feed->screen;
      feed->stream = g_steal_pointer (&stream);
      feed->serial = ++feeds->last_serial;
      feed->described = described;
      feed->moderated = moderated;
      tell (feeds, GST_RTC_EVENT_STREAM_ADDED, feed, NULL);
    }
  }
  g_free (mids[0]);
  g_free (mids[1]);
}

static Ended
get_ended (GstRtcJanusFeeds *self, GstRtcJson *member)
{
  g_autofree gchar *id = gst_rtc_janus_get_id (member, "id");

  return id ? GPOINTER_TO_INT (g_hash_table_lookup (self->ended, id))
            : ENDED_NOTHING;
}

void
gst_rtc_janus_feeds_take_listed_member (
    GstRtcJanusFeeds *feeds, GstRtcJson *member)
{
  if (get_ended (feeds, member) != ENDED_MEMBERSHIP)
    gst_rtc_janus_feeds_take_member (feeds, member);
}

void
gst_rtc_janus_feeds_take_listed_publisher (
    GstRtcJanusFeeds *feeds, GstRtcJson *publisher)
{
  if (get_ended (feeds, publisher) == ENDED_NOTHING)
    gst_rtc_janus_feeds_take_publisher (feeds, publisher);
  else
    gst_rtc_janus_feeds_take_listed_member (feeds, publisher);
}

void
gst_rtc_janus_feeds_take_each (GstRtcJanusFeeds *feeds, GstRtcJson *data,
    const gchar *name, void (*take) (GstRtcJanusFeeds *, GstRtcJson *))
{
  const guint n = gst_rtc_json_get_array_length (data, name);

  for (guint i = 0; i < n; i++) {
    g_autoptr (GstRtcJson) json = gst_rtc_json_get_array_object (data, name, i);

    if (json)
      take (feeds, json);
  }
}

static void
note_end (GstRtcJanusFeeds *self, const gchar *id, Ended ended)
{
  if (self->quiet && g_hash_table_size (self->ended) < MAX_FEEDS)
    g_hash_table_insert (self->ended, g_strdup (id), GINT_TO_POINTER (ended));
}

/* Comes twice, and also for those that never sent anything. */
void
gst_rtc_janus_feeds_unpublished (GstRtcJanusFeeds *feeds, const gchar *id)
{
  GstRtcJanusFeed *feed = g_hash_table_lookup (feeds->feeds, id);

  note_end (feeds, id, ENDED_STREAM);
  if (feed)
    drop_stream (feeds, feed, "unpublished");
}

void
gst_rtc_janus_feeds_left (
    GstRtcJanusFeeds *feeds, const gchar *id, const gchar *reason)
{
  GstRtcJanusFeed *feed = g_hash_table_lookup (feeds->feeds, id);

  note_end (feeds, id, ENDED_MEMBERSHIP);
  if (!feed)
    return;
  drop_stream (feeds, feed, reason);
  if (!find_by_user (feeds, feed->user_id, !feed->screen, NULL))
    tell (feeds, GST_RTC_EVENT_PEER_LEAVE, feed, reason);
  g_hash_table_remove (feeds->feeds, id);
}

void
gst_rtc_janus_feeds_moderated (
    GstRtcJanusFeeds *feeds, const gchar *id, const gchar *mid, gboolean muted)
{
  GstRtcJanusFeed *feed = g_hash_table_lookup (feeds->feeds, id);
  const GstRtcMedia media[] = {GST_RTC_MEDIA_AUDIO, GST_RTC_MEDIA_VIDEO};

  for (guint i = 0; feed && i < G_N_ELEMENTS (media); i++) {
    if (g_strcmp0 (feed->mids[i], mid) != 0)
      continue;
    if (muted)
      feed->moderated |= media[i];
    else
      feed->moderated &= ~media[i];
  }
  if (feed)
    update_muted (feeds, feed);
}

const GstRtcJanusFeed *
gst_rtc_janus_feeds_find (
    GstRtcJanusFeeds *feeds, const gchar *user_id, gboolean screen)
{
  const GstRtcJanusFeed *feed = find_by_user (feeds, user_id, screen, NULL);

  return feed && feed->stream ? feed : NULL;
}

GstRtcRoster *
gst_rtc_janus_feeds_make_roster (GstRtcJanusFeeds *feeds)
{
  GstRtcRoster *roster = gst_rtc_roster_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, feeds->feeds);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const GstRtcJanusFeed *feed = value;

    gst_rtc_roster_add_user (roster, feed->user_id);
    if (feed->stream)
      gst_rtc_roster_set_stream (roster, feed->user_id, feed->stream);
  }
  return roster;
}
