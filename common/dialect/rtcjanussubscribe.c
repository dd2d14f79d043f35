/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams of others in a VideoRoom, each by a handle of its own. Belongs to
 * the worker. */
#include "rtcjanussubscribe.h"

#include "rtcerror-private.h"

/* How often a stream is asked for that is told and not there yet. */
#define MAX_TRIES 10
#define RETRY_DELAY (250 * G_TIME_SPAN_MILLISECOND)

/* Asks for @on to be delivered, and @off not to be. FALSE when there is
 * nothing to ask. */
static gboolean
send_configure (GstRtcJanusRoom *room, GstRtcJanusSession *session,
    GstRtcMedia on, GstRtcMedia off, guint tag, GstRtcJanusReplyFunc func)
{
  GstRtcJson *body = gst_rtc_janus_body_new ("configure");
  gboolean any = FALSE;

  gst_rtc_json_add_array (body, "streams");
  for (guint i = 0; i < GST_RTC_JANUS_N_MEDIA; i++) {
    if (!((on | off) & gst_rtc_janus_medium[i]) || !session->mids[i])
      continue;
    any = TRUE;
    gst_rtc_janus_session_add_stream (
        body, session->mids[i], (on & gst_rtc_janus_medium[i]) != 0, FALSE);
  }
  if (any)
    gst_rtc_janus_link_message (
        room->link, session->handle, body, NULL, NULL, tag, func);
  else
    gst_rtc_json_unref (body);
  return any;
}

static void
end_change (GstRtcJanusRoom *room, GstRtcJanusSession *session,
    const GstRtcJanusChange *change)
{
  const GstRtcAnswer answer = {.media_session = session->id};

  session->off = (session->off | change->off) & ~change->on;
  gst_rtc_janus_room_answer (room, change->id, &answer);
}

static void
on_changed (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);
  GstRtcJanusChange change;

  if (!gst_rtc_janus_session_take_change (session, tag, &change))
    return;
  if (reply->error_code == 0) {
    end_change (user_data, session, &change);
    return;
  }
  if (change.operation == GST_RTC_OPERATION_SUBSCRIBE)
    session->wanted = change.wanted;
  gst_rtc_janus_room_refuse (user_data, tag, change.operation, reply);
}

/* What the room says of the stream that is to be received; NULL when it has
 * ended. */
static const GstRtcJanusFeed *
find_feed (GstRtcJanusRoom *room, const GstRtcJanusSession *session)
{
  const GstRtcJanusFeed *feed =
      gst_rtc_janus_feeds_find (room->feeds, session->user_id, session->screen);

  return feed && feed->serial == session->serial ? feed : NULL;
}

static void send_view_join (GstRtcJanusRoom *room, GstRtcJanusSession *session);

/* A stream can be told before its publisher is connected. */
static gboolean
can_try_again (GstRtcJanusRoom *room, const GstRtcJanusSession *session,
    const GstRtcJanusMessage *reply)
{
  return reply->error_code == GST_RTC_JANUS_NO_SUCH_FEED &&
         session->n_tries < MAX_TRIES && find_feed (room, session);
}

static void
on_view_joined (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);
  g_autofree gchar *offer = NULL;
  const gchar *refused = NULL;
  GstRtcAnswer answer = {NULL};

  if (!session)
    return;
  if (can_try_again (room, session, reply)) {
    session->n_tries++;
    session->retry = send_view_join;
    session->retry_due = g_get_monotonic_time () + RETRY_DELAY;
    return;
  }
  if (reply->error_code != 0) {
    gst_rtc_janus_media_refuse (room->media, session, reply);
    return;
  }
  if (!reply->data || !reply->sdp || !reply->sdp_is_offer ||
      !gst_rtc_janus_session_read_mids (session, reply->data, &refused)) {
    gst_rtc_janus_media_fail (
        room->media, session, "the server does not offer the stream");
    return;
  }
  answer.media_session = session->id;
  gst_rtc_janus_room_answer (room, session->request, &answer);
  session->request = 0;
  offer = gst_rtc_janus_adapt_offer (reply->sdp);
  gst_rtc_janus_media_open (room->media, session);
  gst_rtc_janus_media_tell_description (room->media, session, offer);
  send_configure (room, session, GST_RTC_MEDIA_NONE,
      GST_RTC_MEDIA_BOTH & ~session->wanted, 0, NULL);
}

static void
send_view_join (GstRtcJanusRoom *room, GstRtcJanusSession *session)
{
  const GstRtcJanusFeed *feed = find_feed (room, session);
  GstRtcJson *body;

  if (!feed) {
    gst_rtc_janus_media_end (room->media, session, "the stream has ended");
    return;
  }
  gst_rtc_janus_room_extend (room, session->request, 0);
  body = gst_rtc_janus_room_new_join (room, "subscriber", FALSE, FALSE);
  if (room->private_id != 0)
    gst_rtc_json_set_int (body, "private_id", room->private_id);
  /* What the room tells of a stream that ends is enough. */
  gst_rtc_json_set_boolean (body, "autoupdate", FALSE);
  gst_rtc_json_add_array (body, "streams");
  /* Video first: where feedback comes with a report that names no source,
   * Janus 1.1 takes it for feedback about the first stream, and would drop a
   * request for a keyframe of the audio. */
  for (guint i = GST_RTC_JANUS_N_MEDIA; i-- > 0;) {
    GstRtcJson *stream;

    if (!feed->mids[i])
      continue;
    stream = gst_rtc_json_new ();
    gst_rtc_janus_set_id (stream, "feed", feed->id, room->string_ids);
    gst_rtc_json_set_string (stream, "mid", feed->mids[i]);
    gst_rtc_json_array_take_object (body, "streams", stream);
  }
  gst_rtc_janus_link_message (room->link, session->handle, body, NULL, NULL,
      session->tag, on_view_joined);
}

static void
on_view_attached (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);

  if (!session)
    return;
  if (reply->error_code != 0)
    gst_rtc_janus_media_refuse (room->media, session, reply);
  else
    send_view_join (room, session);
}

static GstRtcMedia
read_wanted (const GstRtcRequest *request)
{
  return (gst_rtc_optional_get (request->audio, TRUE) ? GST_RTC_MEDIA_AUDIO
                                                      : 0) |
         (gst_rtc_optional_get (request->video, TRUE) ? GST_RTC_MEDIA_VIDEO
                                                      : 0);
}

/* Again for a stream that is received: other media of it are wanted. */
static void
change_wanted (GstRtcJanusRoom *room, GstRtcJanusSession *session, guint id,
    const GstRtcRequest *request)
{
  const GstRtcMedia wanted = read_wanted (request);
  const GstRtcJanusChange change = {
      .id = id,
      .operation = GST_RTC_OPERATION_SUBSCRIBE,
      .wanted = session->wanted,
  };

  session->wanted = wanted;
  if (send_configure (room, session, wanted & ~change.wanted & ~session->off,
          change.wanted & ~wanted, id, on_changed))
    g_array_append_val (session->changes, change);
  else
    end_change (room, session, &change);
}

void
gst_rtc_janus_subscribe (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request)
{
  const GstRtcJanusFeed *feed =
      gst_rtc_janus_feeds_find (room->feeds, request->user_id, request->screen);
  GstRtcJanusSession *session = gst_rtc_janus_media_find (
      room->media, FALSE, request->user_id, request->screen);
  g_autoptr (GError) error = NULL;

  if (session && session->opened) {
    change_wanted (room, session, id, request);
    return;
  }
  if (session)
    gst_rtc_janus_media_end (room->media, session, "subscribed again");
  if (!feed)
    error = gst_rtc_error_new (
        GST_RTC_ERROR_STREAM_ID_NOT_FOUND, 0, "the stream has ended");
  else if (gst_rtc_janus_media_get_n_sessions (room->media) >=
           GST_RTC_JANUS_MAX_SESSIONS)
    error = gst_rtc_error_new (
        GST_RTC_ERROR_SUBSCRIBE_FAILED, 0, "too many media sessions");
  if (error) {
    gst_rtc_janus_room_fail (room, id, error);
    return;
  }
  session = gst_rtc_janus_media_add (
      room->media, FALSE, request->user_id, request->screen, id);
  session->wanted = read_wanted (request);
  session->serial = feed->serial;
  session->handle =
      gst_rtc_janus_link_attach (room->link, id, on_view_attached);
  gst_rtc_janus_handle_set_data (session->handle, session);
}

void
gst_rtc_janus_unsubscribe (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request)
{
  GstRtcJanusSession *session = gst_rtc_janus_media_find (
      room->media, FALSE, request->user_id, request->screen);

  gst_rtc_janus_room_answer (room, id, NULL);
  if (session)
    gst_rtc_janus_media_end (room->media, session, "unsubscribed");
}

void
gst_rtc_janus_mute_remote (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request)
{
  GstRtcJanusSession *session = gst_rtc_janus_media_find (
      room->media, FALSE, request->user_id, request->screen);
  const GstRtcJanusChange change = gst_rtc_janus_change_new (
      id, request->operation, request->audio, request->video);
  g_autoptr (GError) error = NULL;

  if (!session || !session->opened) {
    error = gst_rtc_error_new (
        GST_RTC_ERROR_STREAM_ID_NOT_FOUND, 0, "the stream is not received now");
    gst_rtc_janus_room_fail (room, id, error);
  } else if (send_configure (room, session, change.on & session->wanted,
                 change.off, id, on_changed)) {
    g_array_append_val (session->changes, change);
  } else {
    end_change (room, session, &change);
  }
}

static void
on_started (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);

  if (session && reply->error_code != 0)
    gst_rtc_janus_media_refuse (room->media, session, reply);
}

void
gst_rtc_janus_send_answer (
    GstRtcJanusRoom *room, GstRtcJanusSession *session, const gchar *sdp)
{
  session->sent = TRUE;
  gst_rtc_janus_link_message (room->link, session->handle,
      gst_rtc_janus_body_new ("start"), "answer", sdp, 0, on_started);
}
