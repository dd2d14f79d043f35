/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The request pads of an rtcsink and the tracks behind them. Any thread. */
#include "gstrtctracks.h"

/* Both belong to the bin as long as the pad does. */
typedef struct
{
  GstRtcSinkPad *pad;
  GstRtcTrack *track;
} Entry;

struct _GstRtcTracks
{
  GMutex lock;
  GPtrArray *entries; /* (element-type Entry) */
  guint next_pad[2];  /* audio, video */
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  gst_object_unref (entry->pad);
  gst_object_unref (entry->track);
  g_free (entry);
}

GstRtcTracks *
gst_rtc_tracks_new (void)
{
  GstRtcTracks *self = g_new0 (GstRtcTracks, 1);

  g_mutex_init (&self->lock);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  return self;
}

void
gst_rtc_tracks_free (GstRtcTracks *self)
{
  g_ptr_array_unref (self->entries);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
parse_pad_number (const gchar *name, guint *number)
{
  const gchar *digits = name ? strrchr (name, '_') : NULL;
  guint64 value;

  if (!digits ||
      !g_ascii_string_to_unsigned (digits + 1, 10, 0, G_MAXINT, &value, NULL))
    return FALSE;
  *number = (guint)value;
  return TRUE;
}

/* Under the lock. */
static gboolean
has_camera_pad (GstRtcTracks *self, GstRtcMedia medium)
{
  for (guint i = 0; i < self->entries->len; i++) {
    const Entry *entry = g_ptr_array_index (self->entries, i);

    if (gst_rtc_track_get_medium (entry->track) == medium &&
        !gst_rtc_sink_pad_get_screen (entry->pad))
      return TRUE;
  }
  return FALSE;
}

GstPad *
gst_rtc_tracks_add (GstRtcTracks *self, GstRtcTrack *track,
    GstPadTemplate *template, const gchar *name)
{
  GstRtcMedia medium = gst_rtc_track_get_medium (track);
  guint *next = &self->next_pad[medium == GST_RTC_MEDIA_VIDEO];
  Entry *entry = g_new0 (Entry, 1);
  g_autofree gchar *pad_name = NULL;
  guint number;
  GstPad *pad;

  g_mutex_lock (&self->lock);
  if (!parse_pad_number (name, &number))
    number = *next;
  *next = MAX (*next, number + 1);
  pad_name =
      g_strdup_printf ("%s_%u", gst_rtc_medium_get_nick (medium), number);
  pad =
      gst_rtc_sink_pad_new (pad_name, template, has_camera_pad (self, medium));
  entry->pad = GST_RTC_SINK_PAD (gst_object_ref_sink (pad));
  entry->track = gst_object_ref_sink (track);
  g_ptr_array_add (self->entries, entry);
  g_mutex_unlock (&self->lock);
  return pad;
}

GstRtcTrack *
gst_rtc_tracks_remove (GstRtcTracks *self, GstPad *pad)
{
  Entry *entry = NULL;
  GstRtcTrack *track;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->entries->len && !entry; i++) {
    const Entry *candidate = g_ptr_array_index (self->entries, i);

    if (GST_PAD (candidate->pad) == pad)
      entry = g_ptr_array_steal_index (self->entries, i);
  }
  g_mutex_unlock (&self->lock);
  if (!entry)
    return NULL;
  track = gst_object_ref (entry->track);
  entry_free (entry);
  return track;
}

GPtrArray *
gst_rtc_tracks_ref_stream (GstRtcTracks *self, gboolean screen)
{
  GPtrArray *tracks = g_ptr_array_new_with_free_func (gst_object_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->entries->len; i++) {
    const Entry *entry = g_ptr_array_index (self->entries, i);

    if (gst_rtc_sink_pad_get_screen (entry->pad) == screen)
      g_ptr_array_add (tracks, gst_object_ref (entry->track));
  }
  g_mutex_unlock (&self->lock);
  return tracks;
}

gboolean
gst_rtc_tracks_has_stream (GstRtcTracks *self, gboolean screen)
{
  g_autoptr (GPtrArray) tracks = gst_rtc_tracks_ref_stream (self, screen);

  return tracks->len > 0;
}

gboolean
gst_rtc_tracks_has_failed (GstRtcTracks *self, gboolean screen)
{
  g_autoptr (GPtrArray) tracks = gst_rtc_tracks_ref_stream (self, screen);
  gboolean failed = FALSE;

  for (guint i = 0; i < tracks->len; i++)
    failed |= gst_rtc_track_has_failed (g_ptr_array_index (tracks, i));
  return failed;
}

gchar *
gst_rtc_tracks_describe_missing (GstRtcTracks *self, gboolean screen)
{
  GString *text = g_string_new (NULL);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->entries->len; i++) {
    const Entry *entry = g_ptr_array_index (self->entries, i);

    if (gst_rtc_sink_pad_get_screen (entry->pad) == screen &&
        !gst_rtc_track_get_codec_name (entry->track))
      g_string_append_printf (text, " %s", GST_OBJECT_NAME (entry->pad));
  }
  g_mutex_unlock (&self->lock);
  return g_string_free (text, FALSE);
}

gboolean
gst_rtc_tracks_is_screen (GstRtcTracks *self, GstRtcTrack *track)
{
  gboolean screen = FALSE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->entries->len; i++) {
    const Entry *entry = g_ptr_array_index (self->entries, i);

    if (entry->track == track)
      screen = gst_rtc_sink_pad_get_screen (entry->pad);
  }
  g_mutex_unlock (&self->lock);
  return screen;
}

GstRtcTrack *
gst_rtc_tracks_find (GstRtcTracks *self, GstObject *child)
{
  GstRtcTrack *track = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->entries->len && !track; i++) {
    const Entry *entry = g_ptr_array_index (self->entries, i);

    if (GST_OBJECT (entry->track) == child)
      track = gst_object_ref (entry->track);
  }
  g_mutex_unlock (&self->lock);
  return track;
}

static guint64
count_frames_of (GPtrArray *tracks, GstRtcMedia medium)
{
  guint64 n = 0;

  for (guint i = 0; i < tracks->len; i++) {
    GstRtcTrack *track = g_ptr_array_index (tracks, i);
    guint64 packets, frames;

    gst_rtc_track_get_sent (track, &packets, &frames);
    if (gst_rtc_track_get_medium (track) == medium)
      n += frames;
  }
  return n;
}

guint64
gst_rtc_tracks_count_frames (GstRtcTracks *self, GstRtcMedia medium)
{
  g_autoptr (GPtrArray) camera = gst_rtc_tracks_ref_stream (self, FALSE);
  g_autoptr (GPtrArray) screen = gst_rtc_tracks_ref_stream (self, TRUE);

  return count_frames_of (camera, medium) + count_frames_of (screen, medium);
}
