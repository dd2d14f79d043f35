/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media half of the room logic: streams, subscriptions and the relay of
 * media sessions. Belongs to one thread. */
#include "rtcroom-private.h"

#include "rtcconfig.h"
#include "rtcerror.h"

static GstRtcOptional
to_optional (guint value)
{
  return value ? GST_RTC_TRUE : GST_RTC_FALSE;
}

static guint
set_medium (guint set, GstRtcMedia medium, GstRtcOptional value)
{
  if (value == GST_RTC_UNSET)
    return set;
  return value == GST_RTC_TRUE ? set | medium : set & ~(guint)medium;
}

/* @set with what a mute request changes in it. */
static GstRtcMedia
apply_mute (GstRtcMedia set, const GstRtcMessageFields *fields)
{
  guint muted = set_medium (set, GST_RTC_MEDIA_AUDIO, fields->audio);

  return (GstRtcMedia)set_medium (muted, GST_RTC_MEDIA_VIDEO, fields->video);
}

static gboolean
is_screen (const GstRtcMessageFields *fields)
{
  return gst_rtc_optional_get (fields->screen, FALSE);
}

static const GstRtcStream *
get_own_stream (GstRtcRoomRequest *request)
{
  return gst_rtc_roster_get_stream (request->member->room->roster,
      request->member->user, is_screen (request->fields));
}

static GstRtcMediaSession *
find_view (GstRtcMember *viewer, GstRtcMember *publisher, gboolean screen)
{
  for (guint i = 0; i < viewer->viewing->len; i++) {
    GstRtcMediaSession *session = g_ptr_array_index (viewer->viewing, i);

    if (session->publisher == publisher && session->screen == screen)
      return session;
  }
  return NULL;
}

static GstRtcMediaSession *
open_session (GstRtcRooms *rooms, GstRtcMember *publisher, GstRtcMember *viewer,
    gboolean screen)
{
  GstRtcMediaSession *session = g_new0 (GstRtcMediaSession, 1);

  session->id = gst_rtc_generate_id ("");
  session->publisher = publisher;
  session->viewer = viewer;
  session->screen = screen;
  g_ptr_array_add (publisher->serving, session);
  g_ptr_array_add (viewer->viewing, session);
  g_hash_table_insert (rooms->sessions, session->id, session);
  return session;
}

static void
tell_closed (GstRtcRooms *rooms, GstRtcMember *member,
    const GstRtcMediaSession *session, const gchar *reason, gint code)
{
  GstRtcMessageFields fields = {
      .session = session->id, .reason = reason, .code = code, .mline = -1};

  gst_rtc_room_tell (rooms, member, GST_RTC_MESSAGE_SESSION_CLOSED, &fields);
}

static void
end_session (GstRtcRooms *rooms, GstRtcMediaSession *session)
{
  g_ptr_array_remove (session->publisher->serving, session);
  g_ptr_array_remove (session->viewer->viewing, session);
  g_hash_table_remove (rooms->sessions, session->id);
}

/* The publisher learns what of the stream the viewer is to get. */
static void
tell_opened (GstRtcRooms *rooms, GstRtcMediaSession *session)
{
  guint flowing = session->wanted & ~(guint)session->paused;
  GstRtcMessageFields fields = {
      .session = session->id,
      .user = session->viewer->user,
      .screen = to_optional (session->screen),
      .audio = to_optional (flowing & GST_RTC_MEDIA_AUDIO),
      .video = to_optional (flowing & GST_RTC_MEDIA_VIDEO),
      .mline = -1,
  };

  gst_rtc_room_tell (
      rooms, session->publisher, GST_RTC_MESSAGE_SESSION_OPENED, &fields);
}

static void
set_session_media (GstRtcRooms *rooms, GstRtcMediaSession *session,
    GstRtcMedia wanted, GstRtcMedia paused)
{
  guint before = session->wanted & ~(guint)session->paused;
  guint after = wanted & ~(guint)paused;

  session->wanted = wanted;
  session->paused = paused;
  if (before != after)
    tell_opened (rooms, session);
}

static void
end_stream (GstRtcRooms *rooms, GstRtcMember *member, gboolean screen,
    const gchar *reason, gboolean tell_member)
{
  GstRtcMessageFields fields = {
      .user = member->user,
      .screen = to_optional (screen),
      .reason = reason,
      .mline = -1,
  };

  if (!gst_rtc_roster_remove_stream (
          member->room->roster, member->user, screen))
    return;
  gst_rtc_room_tell_others (
      rooms, member, GST_RTC_MESSAGE_STREAM_REMOVED, &fields);
  for (guint i = member->serving->len; i > 0; i--) {
    GstRtcMediaSession *session = g_ptr_array_index (member->serving, i - 1);

    if (session->screen != screen)
      continue;
    tell_closed (rooms, session->viewer, session, reason, 0);
    if (tell_member)
      tell_closed (rooms, member, session, reason, 0);
    end_session (rooms, session);
  }
}

/* The other user that a request names, or NULL and the request answered. */
static GstRtcMember *
find_target (GstRtcRoomRequest *request)
{
  GstRtcMember *target =
      gst_rtc_room_find_member (request->member->room, request->fields->user);

  if (target && target->visible && target != request->member)
    return target;
  gst_rtc_room_answer_error (request, GST_RTC_ERROR_UID_NOT_FOUND,
      target == request->member ? "that is the own user"
                                : "the user is not in the room");
  return NULL;
}

/* The subscription that a request names, or NULL and the request answered. */
static GstRtcMediaSession *
find_target_view (GstRtcRoomRequest *request)
{
  GstRtcMember *target = find_target (request);
  GstRtcMediaSession *session;

  if (!target)
    return NULL;
  session = find_view (request->member, target, is_screen (request->fields));
  if (!session)
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_STREAM_ID_NOT_FOUND,
        "the stream is not subscribed to");
  return session;
}

static void
tell_stream (
    GstRtcRoomRequest *request, GstRtcMessageType type, GstRtcMedia muted)
{
  const GstRtcStream *stream = get_own_stream (request);
  GstRtcMessageFields fields = {
      .user = request->member->user,
      .screen = to_optional (stream->screen),
      .audio_codec = stream->audio_codec,
      .video_codec = stream->video_codec,
      .audio_muted = to_optional (muted & GST_RTC_MEDIA_AUDIO),
      .video_muted = to_optional (muted & GST_RTC_MEDIA_VIDEO),
      .mline = -1,
  };

  gst_rtc_room_tell_others (request->rooms, request->member, type, &fields);
}

void
gst_rtc_room_publish (GstRtcRoomRequest *request)
{
  GstRtcRooms *rooms = request->rooms;
  GstRtcMember *member = request->member;
  GstRtcRoster *roster = member->room->roster;
  const GstRtcMessageFields *fields = request->fields;
  g_autoptr (GstRtcStream) stream = NULL;

  if (!fields->audio_codec && !fields->video_codec) {
    gst_rtc_room_answer_error (
        request, GST_RTC_ERROR_INVALID_PARAMS, "a stream needs audio or video");
  } else if (get_own_stream (request)) {
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_ALREADY_PUBLISHED,
        "the stream is published already");
  } else if (!member->visible) {
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_PUBLISH_ERROR,
        "an invisible user cannot publish");
  } else if (!gst_rtc_room_member_allowed (
                 member, GST_RTC_PRIVILEGE_PUBLISH, request->wall)) {
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_PUBLISH_ERROR,
        "the token does not allow publishing");
  } else if (gst_rtc_roster_get_n_streams (roster) >=
             rooms->settings.max_streams) {
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_PUBLISH_ERROR,
        "the room has as many streams as it can");
  } else {
    stream = gst_rtc_stream_new (is_screen (fields), fields->audio_codec,
        fields->video_codec, GST_RTC_MEDIA_NONE);
    gst_rtc_roster_set_stream (roster, member->user, stream);
    gst_rtc_room_answer_ok (request, NULL);
    tell_stream (request, GST_RTC_MESSAGE_STREAM_ADDED, GST_RTC_MEDIA_NONE);
    gst_rtc_room_note_use (request);
  }
}

void
gst_rtc_room_unpublish (GstRtcRoomRequest *request)
{
  if (!get_own_stream (request)) {
    gst_rtc_room_answer_error (
        request, GST_RTC_ERROR_NOT_PUBLISHED, "the stream is not published");
    return;
  }
  gst_rtc_room_answer_ok (request, NULL);
  end_stream (request->rooms, request->member, is_screen (request->fields),
      "unpublished", TRUE);
}

static GstRtcMedia
get_wanted (const GstRtcMessageFields *fields)
{
  return apply_mute (GST_RTC_MEDIA_BOTH, fields);
}

/* Why @request may not open another session, NULL when it may. */
static const gchar *
get_subscribe_fault (GstRtcRoomRequest *request)
{
  GstRtcMember *member = request->member;

  if (!gst_rtc_room_member_allowed (
          member, GST_RTC_PRIVILEGE_SUBSCRIBE, request->wall))
    return "the token does not allow subscribing";
  if (member->viewing->len >= request->rooms->settings.max_subscriptions)
    return "the user has as many subscriptions as it can";
  return NULL;
}

void
gst_rtc_room_subscribe (GstRtcRoomRequest *request)
{
  GstRtcRooms *rooms = request->rooms;
  GstRtcMember *member = request->member;
  gboolean screen = is_screen (request->fields);
  GstRtcMedia wanted = get_wanted (request->fields);
  GstRtcMember *target;
  GstRtcMediaSession *session;
  const gchar *fault = NULL;
  gboolean opened;

  if (wanted == GST_RTC_MEDIA_NONE) {
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_INVALID_PARAMS,
        "a subscription needs audio or video");
    return;
  }
  target = find_target (request);
  if (!target)
    return;
  if (!gst_rtc_roster_get_stream (member->room->roster, target->user, screen)) {
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_STREAM_ID_NOT_FOUND,
        "the user does not publish this stream");
    return;
  }
  session = find_view (member, target, screen);
  opened = session == NULL;
  if (opened)
    fault = get_subscribe_fault (request);
  if (fault) {
    gst_rtc_room_answer_error (request, GST_RTC_ERROR_SUBSCRIBE_FAILED, fault);
    return;
  }

  if (opened)
    session = open_session (rooms, target, member, screen);
  gst_rtc_room_answer_ok (
      request, &(GstRtcMessageFields){.session = session->id, .mline = -1});
  set_session_media (rooms, session, wanted, session->paused);
  gst_rtc_room_note_use (request);
}

void
gst_rtc_room_unsubscribe (GstRtcRoomRequest *request)
{
  GstRtcMediaSession *session = find_target_view (request);

  if (!session)
    return;
  gst_rtc_room_answer_ok (request, NULL);
  tell_closed (request->rooms, session->publisher, session, "unsubscribed", 0);
  end_session (request->rooms, session);
}

void
gst_rtc_room_mute_local (GstRtcRoomRequest *request)
{
  const GstRtcStream *stream = get_own_stream (request);
  GstRtcMedia muted;
  gboolean changed;

  if (!stream) {
    gst_rtc_room_answer_error (
        request, GST_RTC_ERROR_NOT_PUBLISHED, "the stream is not published");
    return;
  }
  muted = apply_mute (stream->muted, request->fields);
  changed = muted != stream->muted;
  gst_rtc_room_answer_ok (request, NULL);
  if (!changed)
    return;
  gst_rtc_roster_set_muted (request->member->room->roster,
      request->member->user, stream->screen, muted);
  tell_stream (request, GST_RTC_MESSAGE_STREAM_MUTED, muted);
}

void
gst_rtc_room_mute_remote (GstRtcRoomRequest *request)
{
  GstRtcMediaSession *session = find_target_view (request);

  if (!session)
    return;
  gst_rtc_room_answer_ok (request, NULL);
  set_session_media (request->rooms, session, session->wanted,
      apply_mute (session->paused, request->fields));
}

/* Both ends can close a session at once, so closing what is gone is not
 * answered. */
static void
refuse_notice (GstRtcRoomRequest *request)
{
  g_autoptr (GstRtcMessage) message = NULL;

  if (request->type == GST_RTC_MESSAGE_SESSION_CLOSED)
    return;
  message = gst_rtc_message_new (GST_RTC_MESSAGE_SESSION_CLOSED,
      &(GstRtcMessageFields){.session = request->fields->session,
          .reason = "unknown session",
          .mline = -1});
  request->rooms->output.send (
      request->link->id, message, request->rooms->user_data);
}

static gboolean
is_wrong_way (
    const GstRtcRoomRequest *request, const GstRtcMediaSession *session)
{
  if (request->type == GST_RTC_MESSAGE_OFFER)
    return request->member != session->publisher;
  if (request->type == GST_RTC_MESSAGE_ANSWER)
    return request->member != session->viewer;
  return FALSE;
}

void
gst_rtc_room_relay (GstRtcRoomRequest *request)
{
  GstRtcRooms *rooms = request->rooms;
  GstRtcMember *member = request->member;
  GstRtcMediaSession *session =
      g_hash_table_lookup (rooms->sessions, request->fields->session);
  GstRtcMember *other;

  if (!session || !member ||
      (session->publisher != member && session->viewer != member)) {
    refuse_notice (request);
    return;
  }
  other = session->publisher == member ? session->viewer : session->publisher;
  if (is_wrong_way (request, session)) {
    tell_closed (rooms, member, session, "description of the wrong side", 0);
    tell_closed (rooms, other, session, "description of the wrong side", 0);
    end_session (rooms, session);
  } else if (request->type == GST_RTC_MESSAGE_SESSION_CLOSED) {
    tell_closed (
        rooms, other, session, request->fields->reason, request->fields->code);
    end_session (rooms, session);
  } else {
    gst_rtc_room_tell (rooms, other, request->type, request->fields);
  }
}

void
gst_rtc_room_end_streams (GstRtcRooms *rooms, GstRtcMember *member,
    const gchar *reason, gboolean tell_member)
{
  end_stream (rooms, member, FALSE, reason, tell_member);
  end_stream (rooms, member, TRUE, reason, tell_member);
}

void
gst_rtc_room_end_views (
    GstRtcRooms *rooms, GstRtcMember *member, const gchar *reason)
{
  while (member->viewing->len > 0) {
    GstRtcMediaSession *session =
        g_ptr_array_index (member->viewing, member->viewing->len - 1);

    tell_closed (rooms, session->publisher, session, reason, 0);
    end_session (rooms, session);
  }
}

gboolean
gst_rtc_room_publishes (const GstRtcMember *member)
{
  GstRtcRoster *roster = member->room->roster;

  return gst_rtc_roster_get_stream (roster, member->user, FALSE) ||
         gst_rtc_roster_get_stream (roster, member->user, TRUE);
}

void
gst_rtc_room_revoke_streams (
    GstRtcRooms *rooms, GstRtcMember *member, const gchar *reason)
{
  for (gint screen = FALSE; screen <= TRUE; screen++) {
    const GstRtcMessageFields fields = {
        .user = member->user,
        .screen = to_optional (screen),
        .reason = reason,
        .mline = -1,
    };

    if (!gst_rtc_roster_get_stream (member->room->roster, member->user, screen))
      continue;
    end_stream (rooms, member, screen, reason, TRUE);
    gst_rtc_room_tell (rooms, member, GST_RTC_MESSAGE_STREAM_REMOVED, &fields);
  }
}

void
gst_rtc_room_revoke_views (
    GstRtcRooms *rooms, GstRtcMember *member, const gchar *reason)
{
  for (guint i = 0; i < member->viewing->len; i++)
    tell_closed (rooms, member, g_ptr_array_index (member->viewing, i), reason,
        GST_RTC_ERROR_SUBSCRIBE_FAILED);
  gst_rtc_room_end_views (rooms, member, reason);
}

void
gst_rtc_room_repeat_sessions (GstRtcRooms *rooms, GstRtcMember *member)
{
  for (guint i = 0; i < member->serving->len; i++)
    tell_opened (rooms, g_ptr_array_index (member->serving, i));
}

void
gst_rtc_media_session_free (GstRtcMediaSession *session)
{
  g_free (session->id);
  g_free (session);
}
