/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the room tells, for the room client: its roster follows, and what has
 * changed is handed on. Belongs to the worker. */
#include "rtcroomclient-private.h"

#include <gst/gst.h>

#include "rtcerror-private.h"

GST_DEBUG_CATEGORY_EXTERN (gst_rtc_room_client_debug);
#define GST_CAT_DEFAULT gst_rtc_room_client_debug

#define MAX_USERS 4096

static void
tell_stream (GstRtcRoomClient *self, GstRtcEventType type, const gchar *user_id,
    const GstRtcStream *stream, const gchar *reason)
{
  const GstRtcEvent event = {
      .type = type,
      .user_id = user_id,
      .stream = stream,
      .screen = stream->screen,
      .reason = reason,
  };

  gst_rtc_room_client_push_event (self, &event);
}

void
gst_rtc_room_client_add_user (GstRtcRoomClient *self, const GstRtcEvent *event)
{
  gst_rtc_room_return_forget_user (self, event->user_id);
  if (gst_rtc_roster_get_n_users (self->roster) >= MAX_USERS) {
    GST_WARNING_OBJECT (self, "more than %d users, one ignored", MAX_USERS);
    return;
  }
  if (gst_rtc_roster_add_user (self->roster, event->user_id))
    gst_rtc_room_client_push_event (self, event);
}

void
gst_rtc_room_client_remove_stream (GstRtcRoomClient *self, const gchar *user_id,
    gboolean screen, const gchar *reason)
{
  const GstRtcStream *stream =
      gst_rtc_roster_get_stream (self->roster, user_id, screen);

  gst_rtc_room_return_forget_stream (self, user_id, screen);
  gst_rtc_ledger_drop_stream (self->ledger, user_id, screen);
  if (!stream)
    return;
  /* One that is muted altogether has been told as removed before. */
  if (gst_rtc_stream_get_enabled (stream) != GST_RTC_MEDIA_NONE)
    tell_stream (self, GST_RTC_EVENT_STREAM_REMOVED, user_id, stream, reason);
  gst_rtc_roster_remove_stream (self->roster, user_id, screen);
}

void
gst_rtc_room_client_remove_user (
    GstRtcRoomClient *self, const GstRtcEvent *event)
{
  gst_rtc_room_client_remove_stream (
      self, event->user_id, FALSE, event->reason);
  gst_rtc_room_client_remove_stream (self, event->user_id, TRUE, event->reason);
  gst_rtc_room_return_forget_user (self, event->user_id);
  if (gst_rtc_roster_remove_user (self->roster, event->user_id))
    gst_rtc_room_client_push_event (self, event);
}

void
gst_rtc_room_client_add_stream (
    GstRtcRoomClient *self, const GstRtcEvent *event)
{
  const gboolean known = gst_rtc_roster_has_user (self->roster, event->user_id);

  if (!known && gst_rtc_roster_get_n_users (self->roster) >= MAX_USERS)
    return;
  if (gst_rtc_room_return_take_stream (self, event->user_id, event->stream))
    return;
  if (gst_rtc_roster_set_stream (self->roster, event->user_id, event->stream) &&
      gst_rtc_stream_get_enabled (event->stream) != GST_RTC_MEDIA_NONE)
    gst_rtc_room_client_push_event (self, event);
}

/* The server has ended what the own user publishes. */
static void
on_own_stream_removed (GstRtcRoomClient *self, const GstRtcEvent *event)
{
  const GstRtcRequest publication = {
      .operation = GST_RTC_OPERATION_UNPUBLISH, .screen = event->screen};
  g_autoptr (GError) error = gst_rtc_error_new (GST_RTC_ERROR_PUBLISH_ERROR, 0,
      "the server has ended the publication: %s",
      event->reason ? event->reason : "it gives no reason");
  const GstRtcEvent lost = {
      .type = GST_RTC_EVENT_PUBLICATION_LOST,
      .screen = event->screen,
      .error = error,
  };

  if (!gst_rtc_ledger_is_published (self->ledger, event->screen))
    return;
  gst_rtc_error_set_retryable (error, FALSE);
  gst_rtc_ledger_remove (self->ledger, &publication);
  gst_rtc_room_client_push_event (self, &lost);
}

static void
on_stream_removed (GstRtcRoomClient *self, const GstRtcEvent *event)
{
  gst_rtc_room_client_remove_stream (
      self, event->user_id, event->screen, event->reason);
}

void
gst_rtc_room_client_mute_stream (
    GstRtcRoomClient *self, const GstRtcEvent *event)
{
  static const struct
  {
    GstRtcMuteChange change;
    GstRtcEventType type;
    const gchar *reason;
  } facts[] = {
      {GST_RTC_MUTE_CHANGE_STREAM_ADDED, GST_RTC_EVENT_STREAM_ADDED, "unmuted"},
      {GST_RTC_MUTE_CHANGE_STREAM_REMOVED, GST_RTC_EVENT_STREAM_REMOVED,
          "muted"},
      {GST_RTC_MUTE_CHANGE_MUTE_AUDIO, GST_RTC_EVENT_MUTE_AUDIO, NULL},
      {GST_RTC_MUTE_CHANGE_UNMUTE_AUDIO, GST_RTC_EVENT_UNMUTE_AUDIO, NULL},
      {GST_RTC_MUTE_CHANGE_MUTE_VIDEO, GST_RTC_EVENT_MUTE_VIDEO, NULL},
      {GST_RTC_MUTE_CHANGE_UNMUTE_VIDEO, GST_RTC_EVENT_UNMUTE_VIDEO, NULL},
  };
  const GstRtcMuteChange changes = gst_rtc_roster_set_muted (
      self->roster, event->user_id, event->screen, event->media);
  const GstRtcStream *stream =
      gst_rtc_roster_get_stream (self->roster, event->user_id, event->screen);

  for (guint i = 0; stream && i < G_N_ELEMENTS (facts); i++) {
    if (changes & facts[i].change)
      tell_stream (
          self, facts[i].type, event->user_id, stream, facts[i].reason);
  }
}

static void
on_banned (GstRtcRoomClient *self, const GstRtcEvent *event)
{
  const gboolean told = gst_rtc_phase_is_in_room (self->state.phase);
  g_autoptr (GError) error = gst_rtc_error_new (GST_RTC_ERROR_JOIN_ROOM_ERROR,
      0, "removed from the room: %s",
      event->reason ? event->reason : "the server gives no reason");
  const GstRtcEvent failed = {
      .type = GST_RTC_EVENT_FAILED,
      .reason = error->message,
      .error = error,
  };

  gst_rtc_error_set_retryable (error, FALSE);
  gst_rtc_room_client_feed (self, GST_RTC_INPUT_REMOVED, 0, error);
  if (told) {
    gst_rtc_room_client_push_event (self, event);
    gst_rtc_room_client_push_event (self, &failed);
  }
}

typedef void (*EventHandler) (GstRtcRoomClient *self, const GstRtcEvent *event);

static const EventHandler event_handlers[GST_RTC_N_EVENTS] = {
    [GST_RTC_EVENT_PEER_ONLINE] = gst_rtc_room_client_add_user,
    [GST_RTC_EVENT_PEER_LEAVE] = gst_rtc_room_client_remove_user,
    [GST_RTC_EVENT_STREAM_ADDED] = gst_rtc_room_client_add_stream,
    [GST_RTC_EVENT_STREAM_REMOVED] = on_stream_removed,
    [GST_RTC_EVENT_STREAM_MUTED] = gst_rtc_room_client_mute_stream,
    [GST_RTC_EVENT_TOKEN_WILL_EXPIRE] = gst_rtc_room_client_push_event,
    [GST_RTC_EVENT_MEDIA_OPENED] = gst_rtc_room_client_open_media,
    [GST_RTC_EVENT_MEDIA_DESCRIPTION] = gst_rtc_room_client_push_event,
    [GST_RTC_EVENT_MEDIA_CANDIDATE] = gst_rtc_room_client_push_event,
    [GST_RTC_EVENT_MEDIA_CLOSED] = gst_rtc_room_client_end_media,
    [GST_RTC_EVENT_MEDIA_TROUBLE] = gst_rtc_room_client_push_event,
    [GST_RTC_EVENT_PUBLICATION_BROKEN] = gst_rtc_room_return_republish,
};

void
gst_rtc_room_client_take_event (
    GstRtcRoomClient *self, const GstRtcEvent *event)
{
  if (event->type == GST_RTC_EVENT_CLIENT_BANNED) {
    on_banned (self, event);
    return;
  }
  /* A room tells nothing before it has been entered or after the exit, and
   * nothing about ourselves but the end of a publication. */
  if (!gst_rtc_room_client_is_in_room (self) || !event_handlers[event->type])
    return;
  if (event->user_id && g_strcmp0 (event->user_id, self->user_id) == 0) {
    if (event->type == GST_RTC_EVENT_STREAM_REMOVED)
      on_own_stream_removed (self, event);
    return;
  }
  event_handlers[event->type](self, event);
}
