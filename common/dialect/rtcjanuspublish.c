/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Own streams in a VideoRoom: publish, unpublish, mute. The camera goes by
 * the handle of the user, the screen by a member of its own. Belongs to the
 * worker. */
#include "rtcjanuspublish.h"

#include "rtcerror-private.h"

/* How often an offer is sent again that meets what is left of the transport
 * before. */
#define MAX_TRIES 12
#define RETRY_DELAY (250 * G_TIME_SPAN_MILLISECOND)

static void send_screen_join (
    GstRtcJanusRoom *room, GstRtcJanusSession *session);

static void
on_screen_joined (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);

  if (!session)
    return;
  /* A session of ours that broke may hold the id for a moment more. */
  if (reply->error_code == GST_RTC_JANUS_ID_EXISTS && room->came_back) {
    session->retry = send_screen_join;
    session->retry_due = g_get_monotonic_time () + GST_RTC_JANUS_GHOST_RETRY;
    return;
  }
  if (reply->error_code != 0) {
    gst_rtc_janus_media_refuse (room->media, session, reply);
    return;
  }
  if (reply->data)
    session->member = gst_rtc_janus_get_id (reply->data, "id");
  if (!session->member) {
    gst_rtc_janus_media_fail (
        room->media, session, "the server gives the member no id");
    return;
  }
  gst_rtc_janus_feeds_add_own (room->feeds, session->member);
  gst_rtc_janus_media_start (room->media, session);
}

static void
send_screen_join (GstRtcJanusRoom *room, GstRtcJanusSession *session)
{
  gst_rtc_janus_link_message (room->link, session->handle,
      gst_rtc_janus_room_new_join (room, "publisher", TRUE, TRUE), NULL, NULL,
      session->tag, on_screen_joined);
}

static void
on_screen_attached (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);

  if (!session)
    return;
  if (reply->error_code != 0) {
    gst_rtc_janus_media_refuse (room->media, session, reply);
    return;
  }
  gst_rtc_janus_room_extend (room, session->request, 0);
  send_screen_join (room, session);
}

/* ms */
static guint
get_cleaning_timeout (GstRtcJanusRoom *room)
{
  return gst_rtc_config_get_values (room->config)->signaling_timeout +
         GST_RTC_JANUS_CLEANING_MS;
}

void
gst_rtc_janus_publish (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request)
{
  const gboolean screen = request->stream->screen;
  GstRtcJanusSession *session =
      gst_rtc_janus_media_find (room->media, TRUE, NULL, screen);
  g_autoptr (GError) error = NULL;

  if (!gst_rtc_config_get_values (room->config)->visible) {
    error = gst_rtc_error_new (
        GST_RTC_ERROR_PUBLISH_ERROR, 0, "an invisible user does not publish");
    gst_rtc_janus_room_fail (room, id, error);
    return;
  }
  if (session)
    gst_rtc_janus_media_end (room->media, session, "published again");
  session = gst_rtc_janus_media_add (room->media, TRUE, NULL, screen, id);
  session->stream = gst_rtc_stream_copy (request->stream);
  if (screen) {
    session->handle =
        gst_rtc_janus_link_attach (room->link, id, on_screen_attached);
    gst_rtc_janus_handle_set_data (session->handle, session);
    return;
  }
  session->handle = room->main;
  session->waiting = g_get_monotonic_time () < room->main_free;
  if (session->waiting)
    gst_rtc_janus_room_extend (room, id, get_cleaning_timeout (room));
  else
    gst_rtc_janus_media_start (room->media, session);
}

static void send_publish (GstRtcJanusRoom *room, GstRtcJanusSession *session);

/* The end of a transport is told before all of it has gone. */
static gboolean
can_offer_again (GstRtcJanusRoom *room, const GstRtcJanusSession *session,
    const GstRtcJanusMessage *reply)
{
  return (reply->error_code == GST_RTC_JANUS_WEBRTC_STATE ||
             reply->error_code == GST_RTC_JANUS_UNKNOWN) &&
         session->handle == room->main && room->main_used &&
         session->n_tries < MAX_TRIES;
}

/* Janus begins with the transport before the room says no, and would keep it
 * in the way of the next one. */
static void
clear_refused (GstRtcJanusRoom *room, GstRtcJanusHandle *handle)
{
  if (handle != room->main)
    return;
  room->main_used = TRUE;
  gst_rtc_janus_media_hang_up (room->media);
}

static void
on_published (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);
  const gchar *refused = NULL;

  if (session && (!session->sends || session->tag != tag))
    session = NULL;
  /* One that was given up meanwhile has a transport there all the same. */
  if (reply->error_code == 0 && handle == room->main &&
      (!session || session->ending))
    gst_rtc_janus_media_await_hangup (room->media);
  if (!session || session->ending) {
    if (reply->error_code != 0)
      clear_refused (room, handle);
    return;
  }
  if (can_offer_again (room, session, reply)) {
    session->n_tries++;
    session->retry = send_publish;
    session->retry_due = g_get_monotonic_time () + RETRY_DELAY;
    return;
  }
  if (reply->error_code != 0) {
    session->sent = FALSE;
    clear_refused (room, handle);
    gst_rtc_janus_media_refuse (room->media, session, reply);
    return;
  }
  session->described = TRUE;
  room->main_used |= handle == room->main;
  g_clear_pointer (&session->offer, g_free);
  gst_rtc_janus_media_send_held (room->media, session);
  if (!reply->data || !reply->sdp || reply->sdp_is_offer) {
    gst_rtc_janus_media_fail (
        room->media, session, "the server does not answer the offer");
    return;
  }
  if (!gst_rtc_janus_session_read_mids (session, reply->data, &refused)) {
    const gchar *codec = g_str_equal (refused, "video")
                             ? session->stream->video_codec
                             : session->stream->audio_codec;

    gst_rtc_janus_media_fail (room->media, session,
        "the room does not take %s as %s", refused, codec ? codec : "it is");
    return;
  }
  gst_rtc_janus_media_wait (room->media, session);
  gst_rtc_janus_media_tell_description (room->media, session, reply->sdp);
}

static void
add_description (GstRtcJson *body, const gchar *mid, gboolean on)
{
  GstRtcJson *description = gst_rtc_json_new ();

  gst_rtc_json_set_string (description, "mid", mid);
  gst_rtc_json_set_string (description, "description",
      on ? GST_RTC_JANUS_LIVE : GST_RTC_JANUS_MUTED);
  gst_rtc_json_array_take_object (body, "descriptions", description);
}

/* So that what was muted before is shown so from the beginning. */
static void
add_late_descriptions (
    GstRtcJanusSession *session, GstRtcJson *body, const gchar *sdp)
{
  static const gchar *const names[GST_RTC_JANUS_N_MEDIA] = {"audio", "video"};
  GstRtcMedia off = GST_RTC_MEDIA_NONE;

  for (guint i = 0; i < session->changes->len; i++) {
    const GstRtcJanusChange *change =
        &g_array_index (session->changes, GstRtcJanusChange, i);

    off = (off | change->off) & ~change->on;
  }
  if (off == GST_RTC_MEDIA_NONE)
    return;
  gst_rtc_json_add_array (body, "descriptions");
  for (guint i = 0; i < GST_RTC_JANUS_N_MEDIA; i++) {
    g_autofree gchar *mid = NULL;

    if (off & gst_rtc_janus_medium[i])
      mid = gst_rtc_janus_find_mid (sdp, names[i]);
    if (mid)
      add_description (body, mid, FALSE);
  }
}

static void
set_codec (GstRtcJson *body, const gchar *name, const gchar *codec)
{
  g_autofree gchar *lower = codec ? g_ascii_strdown (codec, -1) : NULL;

  gst_rtc_json_set_string (body, name, lower);
}

/* ms, 0 for that of every request */
static guint
get_publish_timeout (GstRtcJanusRoom *room, const GstRtcJanusSession *session)
{
  if (session->handle != room->main || !room->main_used)
    return 0;
  return get_cleaning_timeout (room);
}

static void
send_publish (GstRtcJanusRoom *room, GstRtcJanusSession *session)
{
  GstRtcJson *body = gst_rtc_janus_body_new ("publish");

  set_codec (body, "audiocodec", session->stream->audio_codec);
  set_codec (body, "videocodec", session->stream->video_codec);
  add_late_descriptions (session, body, session->offer);
  gst_rtc_janus_room_extend (
      room, session->request, get_publish_timeout (room, session));
  gst_rtc_janus_link_message (room->link, session->handle, body, "offer",
      session->offer, session->tag, on_published);
}

void
gst_rtc_janus_send_offer (
    GstRtcJanusRoom *room, GstRtcJanusSession *session, const gchar *sdp)
{
  session->sent = TRUE;
  g_free (session->offer);
  session->offer = g_strdup (sdp);
  send_publish (room, session);
}

static void
on_unpublished (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);

  /* The next publication may have the handle by now. */
  if (session && !session->ending)
    session = NULL;
  if (reply->error_code != 0 &&
      !gst_rtc_janus_is_done (GST_RTC_OPERATION_UNPUBLISH, reply->error_code)) {
    room->main_closing = FALSE;
    room->main_free = 0;
    if (session)
      session->ending = FALSE;
    gst_rtc_janus_room_refuse (room, tag, GST_RTC_OPERATION_UNPUBLISH, reply);
    return;
  }
  if (reply->error_code != 0 && room->main_closing)
    gst_rtc_janus_media_hang_up (room->media);
  gst_rtc_janus_room_answer (room, tag, NULL);
  if (session)
    gst_rtc_janus_media_end (room->media, session, "unpublished");
}

void
gst_rtc_janus_unpublish (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request)
{
  GstRtcJanusSession *session =
      gst_rtc_janus_media_find (room->media, TRUE, NULL, request->screen);
  const gboolean by_leave = session && session->member;

  /* Nothing that a server would have to be asked about. */
  if (!session || (!by_leave && !session->sent)) {
    gst_rtc_janus_room_answer (room, id, NULL);
    if (session)
      gst_rtc_janus_media_end (room->media, session, "unpublished");
    return;
  }
  session->ending = TRUE;
  if (!by_leave)
    gst_rtc_janus_media_await_hangup (room->media);
  /* The member of the screen goes with its stream: in order, so that its id
   * is free for the next one. */
  gst_rtc_janus_link_message (room->link, session->handle,
      gst_rtc_janus_body_new (by_leave ? "leave" : "unpublish"), NULL, NULL, id,
      on_unpublished);
}

/* --- muting own media --- */

static void
on_muted (GstRtcJanusHandle *handle, guint tag, const GstRtcJanusMessage *reply,
    gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);
  GstRtcJanusChange change;

  if (reply->error_code != 0) {
    gst_rtc_janus_session_take_change (session, tag, &change);
    gst_rtc_janus_room_refuse (room, tag, GST_RTC_OPERATION_MUTE_LOCAL, reply);
    return;
  }
  if (gst_rtc_janus_session_take_change (session, tag, &change))
    session->off = (session->off | change.off) & ~change.on;
  gst_rtc_janus_room_answer (room, tag, NULL);
}

/* Janus stops relaying and tells nobody; the descriptions tell the room. */
static void
send_change (GstRtcJanusRoom *room, GstRtcJanusSession *session,
    GstRtcJanusChange *change)
{
  GstRtcJson *body = gst_rtc_janus_body_new ("configure");

  gst_rtc_json_add_array (body, "streams");
  gst_rtc_json_add_array (body, "descriptions");
  for (guint i = 0; i < GST_RTC_JANUS_N_MEDIA; i++) {
    const gboolean on = (change->on & gst_rtc_janus_medium[i]) != 0;

    if (!((change->on | change->off) & gst_rtc_janus_medium[i]) ||
        !session->mids[i])
      continue;
    gst_rtc_janus_session_add_stream (
        body, session->mids[i], on, on && i == GST_RTC_JANUS_VIDEO);
    add_description (body, session->mids[i], on);
    session->silent_since[i] = 0;
  }
  change->sent = TRUE;
  gst_rtc_janus_link_message (
      room->link, session->handle, body, NULL, NULL, change->id, on_muted);
}

/* Not before the others can see the publication: Janus would tell them of
 * one that they cannot subscribe. */
static void
send_late_changes (GstRtcJanusRoom *room, GstRtcJanusSession *session)
{
  for (guint i = 0; i < session->changes->len; i++) {
    GstRtcJanusChange *change =
        &g_array_index (session->changes, GstRtcJanusChange, i);

    if (!change->sent) {
      gst_rtc_janus_room_extend (room, change->id, 0);
      send_change (room, session, change);
    }
  }
}

void
gst_rtc_janus_mute_local (
    GstRtcJanusRoom *room, guint id, const GstRtcRequest *request)
{
  GstRtcJanusSession *session =
      gst_rtc_janus_media_find (room->media, TRUE, NULL, request->screen);
  const GstRtcJanusChange change = gst_rtc_janus_change_new (
      id, request->operation, request->audio, request->video);
  g_autoptr (GError) error = NULL;

  if (!session) {
    error = gst_rtc_error_new (
        GST_RTC_ERROR_MUTE_LOCAL_ERROR, 0, "the publication is being restored");
    gst_rtc_janus_room_fail (room, id, error);
    return;
  }
  g_array_append_val (session->changes, change);
  session->stood = send_late_changes;
  if (session->up)
    send_late_changes (room, session);
  else
    gst_rtc_janus_media_wait_for (room->media, id);
}
