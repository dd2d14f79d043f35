/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users and their streams as plain data, for the server and the client.
 * Belongs to one thread at a time. */
#include "rtcroster.h"

/* A user has at most one camera and one screen stream. */
typedef struct
{
  GList *link; /* in order */
  GstRtcStream *streams[2];
} User;

struct _GstRtcRoster
{
  GHashTable *users; /* id -> User, owns both */
  GQueue order;      /* ids, borrowed from users */
  guint n_streams;
};

static void
user_free (User *user)
{
  for (guint i = 0; i < G_N_ELEMENTS (user->streams); i++)
    gst_rtc_stream_free (user->streams[i]);
  g_free (user);
}

static User *
find_user (GstRtcRoster *roster, const gchar *user_id)
{
  return g_hash_table_lookup (roster->users, user_id);
}

static GstRtcStream *
find_stream (GstRtcRoster *roster, const gchar *user_id, gboolean screen)
{
  User *user = find_user (roster, user_id);

  return user ? user->streams[!!screen] : NULL;
}

GstRtcStream *
gst_rtc_stream_new (gboolean screen, const gchar *audio_codec,
    const gchar *video_codec, GstRtcMedia muted)
{
  GstRtcStream *stream = g_new (GstRtcStream, 1);

  *stream = (GstRtcStream){
      .screen = !!screen,
      .audio_codec = g_strdup (audio_codec),
      .video_codec = g_strdup (video_codec),
      .muted = muted,
  };
  return stream;
}

GstRtcStream *
gst_rtc_stream_copy (const GstRtcStream *stream)
{
  return gst_rtc_stream_new (
      stream->screen, stream->audio_codec, stream->video_codec, stream->muted);
}

void
gst_rtc_stream_free (GstRtcStream *stream)
{
  if (!stream)
    return;
  g_free (stream->audio_codec);
  g_free (stream->video_codec);
  g_free (stream);
}

GstRtcMedia
gst_rtc_stream_get_media (const GstRtcStream *stream)
{
  guint media = GST_RTC_MEDIA_NONE;

  if (stream->audio_codec)
    media |= GST_RTC_MEDIA_AUDIO;
  if (stream->video_codec)
    media |= GST_RTC_MEDIA_VIDEO;
  return (GstRtcMedia)media;
}

GstRtcMedia
gst_rtc_stream_get_enabled (const GstRtcStream *stream)
{
  guint media = gst_rtc_stream_get_media (stream);

  return (GstRtcMedia)(media & ~(guint)stream->muted);
}

const gchar *
gst_rtc_stream_get_nick (gboolean screen)
{
  return screen ? "screen" : "camera";
}

GstRtcRoster *
gst_rtc_roster_new (void)
{
  GstRtcRoster *roster = g_new0 (GstRtcRoster, 1);

  roster->users = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify)user_free);
  g_queue_init (&roster->order);
  return roster;
}

void
gst_rtc_roster_free (GstRtcRoster *roster)
{
  if (!roster)
    return;
  g_queue_clear (&roster->order);
  g_hash_table_unref (roster->users);
  g_free (roster);
}

void
gst_rtc_roster_clear (GstRtcRoster *roster)
{
  g_queue_clear (&roster->order);
  g_hash_table_remove_all (roster->users);
  roster->n_streams = 0;
}

gboolean
gst_rtc_roster_add_user (GstRtcRoster *roster, const gchar *user_id)
{
  gchar *id;
  User *user;

  if (find_user (roster, user_id))
    return FALSE;
  id = g_strdup (user_id);
  user = g_new0 (User, 1);
  g_queue_push_tail (&roster->order, id);
  user->link = g_queue_peek_tail_link (&roster->order);
  g_hash_table_insert (roster->users, id, user);
  return TRUE;
}

gboolean
gst_rtc_roster_remove_user (GstRtcRoster *roster, const gchar *user_id)
{
  User *user = find_user (roster, user_id);

  if (!user)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (user->streams); i++)
    roster->n_streams -= user->streams[i] ? 1 : 0;
  g_queue_delete_link (&roster->order, user->link);
  g_hash_table_remove (roster->users, user_id);
  return TRUE;
}

gboolean
gst_rtc_roster_has_user (GstRtcRoster *roster, const gchar *user_id)
{
  return find_user (roster, user_id) != NULL;
}

guint
gst_rtc_roster_get_n_users (GstRtcRoster *roster)
{
  return g_hash_table_size (roster->users);
}

GPtrArray *
gst_rtc_roster_get_users (GstRtcRoster *roster)
{
  GPtrArray *users =
      g_ptr_array_sized_new (gst_rtc_roster_get_n_users (roster));

  for (GList *l = roster->order.head; l; l = l->next)
    g_ptr_array_add (users, l->data);
  return users;
}

gboolean
gst_rtc_roster_set_stream (
    GstRtcRoster *roster, const gchar *user_id, const GstRtcStream *stream)
{
  GstRtcStream *copy = gst_rtc_stream_copy (stream);
  GstRtcStream **slot;
  gboolean added;

  gst_rtc_roster_add_user (roster, user_id);
  slot = &find_user (roster, user_id)->streams[!!stream->screen];
  added = *slot == NULL;
  roster->n_streams += added ? 1 : 0;
  gst_rtc_stream_free (*slot);
  *slot = copy;
  return added;
}

gboolean
gst_rtc_roster_remove_stream (
    GstRtcRoster *roster, const gchar *user_id, gboolean screen)
{
  User *user = find_user (roster, user_id);

  if (!user || !user->streams[!!screen])
    return FALSE;
  g_clear_pointer (&user->streams[!!screen], gst_rtc_stream_free);
  roster->n_streams--;
  return TRUE;
}

const GstRtcStream *
gst_rtc_roster_get_stream (
    GstRtcRoster *roster, const gchar *user_id, gboolean screen)
{
  return find_stream (roster, user_id, screen);
}

guint
gst_rtc_roster_get_n_streams (GstRtcRoster *roster)
{
  return roster->n_streams;
}

GstRtcMuteChange
gst_rtc_roster_set_muted (GstRtcRoster *roster, const gchar *user_id,
    gboolean screen, GstRtcMedia muted)
{
  GstRtcStream *stream = find_stream (roster, user_id, screen);
  guint change = GST_RTC_MUTE_CHANGE_NONE;
  guint before;
  guint after;
  guint gone;
  guint back;

  if (!stream)
    return GST_RTC_MUTE_CHANGE_NONE;
  before = gst_rtc_stream_get_enabled (stream);
  stream->muted = muted;
  after = gst_rtc_stream_get_enabled (stream);
  gone = before & ~after;
  back = after & ~before;

  if (gone && !after)
    change |= GST_RTC_MUTE_CHANGE_STREAM_REMOVED;
  else if (gone)
    change |=
        (gone & GST_RTC_MEDIA_AUDIO ? GST_RTC_MUTE_CHANGE_MUTE_AUDIO : 0) |
        (gone & GST_RTC_MEDIA_VIDEO ? GST_RTC_MUTE_CHANGE_MUTE_VIDEO : 0);

  if (back && !before)
    change |= GST_RTC_MUTE_CHANGE_STREAM_ADDED;
  else if (back)
    change |=
        (back & GST_RTC_MEDIA_AUDIO ? GST_RTC_MUTE_CHANGE_UNMUTE_AUDIO : 0) |
        (back & GST_RTC_MEDIA_VIDEO ? GST_RTC_MUTE_CHANGE_UNMUTE_VIDEO : 0);
  return (GstRtcMuteChange)change;
}
