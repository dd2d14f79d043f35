/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media sessions of the room client: what the room and the element tell
 * each other of them. Belongs to the worker. */
#include "rtcroomclient-private.h"

static void
media_free (GstRtcRoomMedia *media)
{
  g_free (media->user_id);
  g_free (media);
}

GHashTable *
gst_rtc_room_client_new_media (void)
{
  return g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify)media_free);
}

static gboolean
is_of (const GstRtcRoomMedia *media, gboolean sends, const gchar *user_id,
    gboolean screen)
{
  return media->sends == sends && media->screen == screen &&
         g_strcmp0 (media->user_id, user_id) == 0;
}

/* The one that @event takes the place of: its transport is the element's. */
static gboolean
is_replaced (gpointer key, gpointer value, gpointer user_data)
{
  const GstRtcRoomMedia *media = value;
  const GstRtcEvent *event = user_data;

  return media->stale &&
         is_of (media, event->sends, event->user_id, event->screen);
}

gboolean
gst_rtc_room_client_receives (
    GstRtcRoomClient *self, const gchar *user_id, gboolean screen)
{
  GHashTableIter iter;
  gpointer media;

  g_hash_table_iter_init (&iter, self->media);
  while (g_hash_table_iter_next (&iter, NULL, &media)) {
    if (!((GstRtcRoomMedia *)media)->stale &&
        is_of (media, FALSE, user_id, screen))
      return TRUE;
  }
  return FALSE;
}

void
gst_rtc_room_client_open_media (
    GstRtcRoomClient *self, const GstRtcEvent *event)
{
  GstRtcRoomMedia *media =
      g_hash_table_lookup (self->media, event->media_session);

  g_hash_table_foreach_remove (self->media, is_replaced, (gpointer)event);
  if (!media) {
    media = g_new0 (GstRtcRoomMedia, 1);
    media->user_id = g_strdup (event->user_id);
    media->screen = event->screen;
    media->sends = event->sends;
    g_hash_table_insert (self->media, g_strdup (event->media_session), media);
  }
  gst_rtc_room_client_push_event (self, event);
}

void
gst_rtc_room_client_end_media (GstRtcRoomClient *self, const GstRtcEvent *event)
{
  gst_rtc_ledger_drop_session (self->ledger, event->media_session);
  if (g_hash_table_remove (self->media, event->media_session))
    gst_rtc_room_client_push_event (self, event);
}

void
gst_rtc_room_client_close_all_media (
    GstRtcRoomClient *self, const gchar *reason)
{
  g_autoptr (GHashTable) media = g_steal_pointer (&self->media);
  GHashTableIter iter;
  gpointer session;

  self->media = gst_rtc_room_client_new_media ();
  g_hash_table_iter_init (&iter, media);
  while (g_hash_table_iter_next (&iter, &session, NULL)) {
    const GstRtcEvent event = {
        .type = GST_RTC_EVENT_MEDIA_CLOSED,
        .media_session = session,
        .reason = reason,
    };

    gst_rtc_room_client_push_event (self, &event);
  }
}

/* FALSE when there is nobody to tell: an ended media session, or no
 * socket. */
static gboolean
can_tell_media (GstRtcRoomClient *self, const gchar *media_session)
{
  const GstRtcRoomMedia *media;

  g_return_val_if_fail (g_main_context_is_owner (self->context), FALSE);

  media = g_hash_table_lookup (self->media, media_session);
  return self->dialect && self->session && media && !media->stale &&
         !gst_rtc_phase_is_returning (self->state.phase);
}

void
gst_rtc_room_client_send_description (
    GstRtcRoomClient *client, const gchar *media_session, const gchar *sdp)
{
  if (can_tell_media (client, media_session))
    GST_RTC_DIALECT_GET_IFACE (client->dialect)
        ->send_description (client->dialect, media_session, sdp);
}

void
gst_rtc_room_client_send_candidate (GstRtcRoomClient *client,
    const gchar *media_session, guint mline, const gchar *candidate)
{
  if (can_tell_media (client, media_session))
    GST_RTC_DIALECT_GET_IFACE (client->dialect)
        ->send_candidate (client->dialect, media_session, mline, candidate);
}

void
gst_rtc_room_client_media_connected (
    GstRtcRoomClient *client, const gchar *media_session)
{
  GstRtcRoomMedia *media = g_hash_table_lookup (client->media, media_session);

  if (media)
    media->connected = TRUE;
  if (can_tell_media (client, media_session))
    GST_RTC_DIALECT_GET_IFACE (client->dialect)
        ->media_connected (client->dialect, media_session);
}

gboolean
gst_rtc_room_client_close_media (
    GstRtcRoomClient *client, const gchar *media_session, const gchar *reason)
{
  GstRtcRoomMedia *media = g_hash_table_lookup (client->media, media_session);
  const gboolean returning = gst_rtc_phase_is_returning (client->state.phase);

  if (!media)
    return FALSE;
  if (can_tell_media (client, media_session))
    GST_RTC_DIALECT_GET_IFACE (client->dialect)
        ->close_media (client->dialect, media_session, reason);
  else if (returning && !media->stale)
    gst_rtc_room_return_close_media_later (client, media_session, reason);
  if ((returning || media->stale) && !media->sends &&
      gst_rtc_ledger_mark_stream_lost (client->ledger, media_session)) {
    media->stale = TRUE;
    return TRUE;
  }
  gst_rtc_ledger_drop_session (client->ledger, media_session);
  g_hash_table_remove (client->media, media_session);
  return FALSE;
}
