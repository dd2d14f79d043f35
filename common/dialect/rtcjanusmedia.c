/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media sessions of the Janus dialect. Belongs to the worker. */
#include "rtcjanusmedia.h"

#include <gst/gst.h>
#include <string.h>

#include "rtcerror-private.h"

GST_DEBUG_CATEGORY_STATIC (media_debug);
#define GST_CAT_DEFAULT media_debug

#define MAX_MLINES 8
/* Janus tells the end of a transport before the last of it has gone, which
 * takes along a new one on that handle, for good. */
#define SETTLE (250 * G_TIME_SPAN_MILLISECOND)

const GstRtcMedia gst_rtc_janus_medium[GST_RTC_JANUS_N_MEDIA] = {
    GST_RTC_MEDIA_AUDIO, GST_RTC_MEDIA_VIDEO};

struct _GstRtcJanusMedia
{
  GstRtcJanusRoom *room;
  guint64 last_session; /* ids are never used again */
  GHashTable *sessions; /* id: GstRtcJanusSession */
};

static void
session_free (GstRtcJanusSession *session)
{
  g_free (session->id);
  g_free (session->user_id);
  g_free (session->member);
  gst_rtc_stream_free (session->stream);
  for (guint i = 0; i < GST_RTC_JANUS_N_MEDIA; i++)
    g_free (session->mids[i]);
  g_array_unref (session->changes);
  g_queue_clear_full (&session->early, (GDestroyNotify)gst_rtc_event_free);
  g_queue_clear_full (&session->held, (GDestroyNotify)gst_rtc_event_free);
  g_free (session->offer);
  g_free (session);
}

/* The replies of the link come with the room, whose owner is the dialect;
 * the session is found by its handle. */
GstRtcJanusSession *
gst_rtc_janus_session_of (GstRtcJanusHandle *handle)
{
  return handle ? gst_rtc_janus_handle_get_data (handle) : NULL;
}

GstRtcJanusSession *
gst_rtc_janus_media_find (GstRtcJanusMedia *self, gboolean sends,
    const gchar *user_id, gboolean screen)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    GstRtcJanusSession *session = value;

    if (session->sends == sends && session->screen == screen &&
        g_strcmp0 (session->user_id, user_id) == 0)
      return session;
  }
  return NULL;
}

GstRtcJanusSession *
gst_rtc_janus_media_add (GstRtcJanusMedia *self, gboolean sends,
    const gchar *user_id, gboolean screen, guint request)
{
  GstRtcJanusSession *session = g_new0 (GstRtcJanusSession, 1);

  session->id =
      g_strdup_printf ("janus-%" G_GUINT64_FORMAT, ++self->last_session);
  session->sends = sends;
  session->user_id = g_strdup (user_id);
  session->screen = screen;
  session->tag = session->request = request;
  session->wanted = GST_RTC_MEDIA_BOTH;
  session->changes = g_array_new (FALSE, TRUE, sizeof (GstRtcJanusChange));
  g_queue_init (&session->early);
  g_queue_init (&session->held);
  g_hash_table_insert (self->sessions, session->id, session);
  return session;
}

guint
gst_rtc_janus_media_get_n_sessions (GstRtcJanusMedia *media)
{
  return g_hash_table_size (media->sessions);
}

GstRtcJanusSession *
gst_rtc_janus_media_lookup (GstRtcJanusMedia *media, const gchar *id)
{
  return g_hash_table_lookup (media->sessions, id);
}

static GstRtcOperation
get_operation (const GstRtcJanusSession *session)
{
  return session->sends ? GST_RTC_OPERATION_PUBLISH
                        : GST_RTC_OPERATION_SUBSCRIBE;
}

/* --- what the element is told --- */

static void
tell_closed (GstRtcJanusMedia *self, const GstRtcJanusSession *session,
    const gchar *reason, const GError *error)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_MEDIA_CLOSED,
      .media_session = session->id,
      .reason = reason,
      .error = error,
  };

  if (session->opened)
    gst_rtc_janus_room_emit (self->room, &event);
}

void
gst_rtc_janus_media_tell_description (
    GstRtcJanusMedia *self, const GstRtcJanusSession *session, const gchar *sdp)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_MEDIA_DESCRIPTION,
      .media_session = session->id,
      .sdp = sdp,
  };

  gst_rtc_janus_room_emit (self->room, &event);
}

/* The element is told in time, and goes on. */
static void
tell_trouble (GstRtcJanusMedia *self, const GstRtcJanusSession *session,
    const GError *error)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_MEDIA_TROUBLE,
      .media_session = session->id,
      .user_id = session->user_id,
      .screen = session->screen,
      .error = error,
  };

  if (session->opened)
    gst_rtc_janus_room_emit (self->room, &event);
}

static void
tell_broken (GstRtcJanusMedia *self, gboolean screen, const GError *error)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_PUBLICATION_BROKEN,
      .screen = screen,
      .error = error,
  };

  gst_rtc_janus_room_emit (self->room, &event);
}

void
gst_rtc_janus_media_open (GstRtcJanusMedia *self, GstRtcJanusSession *session)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_MEDIA_OPENED,
      .media_session = session->id,
      .user_id = session->user_id,
      .screen = session->screen,
      .sends = session->sends,
      .media = GST_RTC_MEDIA_BOTH,
  };
  GstRtcEvent *early;

  session->opened = TRUE;
  gst_rtc_janus_room_emit (self->room, &event);
  while ((early = g_queue_pop_head (&session->early))) {
    gst_rtc_janus_room_emit (self->room, early);
    gst_rtc_event_free (early);
  }
}

/* --- the end of a session --- */

void
gst_rtc_janus_media_wait_for (GstRtcJanusMedia *self, guint request)
{
  const GstRtcConfigValues *values =
      gst_rtc_config_get_values (self->room->config);

  gst_rtc_janus_room_extend (
      self->room, request, values->connect_timeout + values->signaling_timeout);
}

void
gst_rtc_janus_media_wait (
    GstRtcJanusMedia *self, const GstRtcJanusSession *session)
{
  gst_rtc_janus_media_wait_for (self, session->request);
}

void
gst_rtc_janus_media_start (GstRtcJanusMedia *self, GstRtcJanusSession *session)
{
  session->waiting = FALSE;
  gst_rtc_janus_handle_set_data (session->handle, session);
  gst_rtc_janus_media_wait (self, session);
  gst_rtc_janus_media_open (self, session);
}

void
gst_rtc_janus_media_await_hangup (GstRtcJanusMedia *media)
{
  media->room->main_closing = TRUE;
  media->room->main_free =
      g_get_monotonic_time () +
      GST_RTC_JANUS_CLEANING_MS * (gint64)G_TIME_SPAN_MILLISECOND;
}

void
gst_rtc_janus_media_hang_up (GstRtcJanusMedia *media)
{
  gst_rtc_janus_media_await_hangup (media);
  gst_rtc_janus_link_hang_up (media->room->link, media->room->main);
}

static void
fail_changes (GstRtcJanusMedia *self, const GstRtcJanusSession *session,
    const gchar *reason)
{
  for (guint i = 0; i < session->changes->len; i++) {
    const GstRtcJanusChange *change =
        &g_array_index (session->changes, GstRtcJanusChange, i);
    g_autoptr (GError) error = gst_rtc_error_new (
        gst_rtc_operation_get_refusal_code (change->operation), 0, "%s",
        reason);

    gst_rtc_janus_room_fail (self->room, change->id, error);
  }
}

static void
on_closed_unpublished (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;

  /* One that never stood, which the room does not end. */
  if (reply->error_code != 0 && room->main_closing)
    gst_rtc_janus_media_hang_up (room->media);
}

/* @gone: Janus has ended its side already. */
static void
end_at_server (
    GstRtcJanusMedia *self, const GstRtcJanusSession *session, gboolean gone)
{
  GstRtcJanusRoom *room = self->room;

  if (!session->handle)
    return;
  gst_rtc_janus_handle_set_data (session->handle, NULL);
  if (session->handle != room->main) {
    gst_rtc_janus_link_drop (room->link, session->handle, 0, NULL);
  } else if (session->sent && !session->ending && !gone) {
    gst_rtc_janus_media_await_hangup (self);
    gst_rtc_janus_link_message (room->link, session->handle,
        gst_rtc_janus_body_new ("unpublish"), NULL, NULL, 0,
        on_closed_unpublished);
  }
}

/* Takes it out of the table, so that what follows cannot meet it again. */
static void
remove_session (
    GstRtcJanusMedia *self, GstRtcJanusSession *session, gboolean gone)
{
  g_hash_table_steal (self->sessions, session->id);
  end_at_server (self, session, gone);
}

/* It ended in order, or with what it was of. */
void
gst_rtc_janus_media_end (
    GstRtcJanusMedia *self, GstRtcJanusSession *session, const gchar *reason)
{
  g_autoptr (GError) error = gst_rtc_error_new (
      gst_rtc_operation_get_refusal_code (get_operation (session)), 0, "%s",
      reason);

  remove_session (self, session, FALSE);
  gst_rtc_janus_room_fail (self->room, session->request, error);
  fail_changes (self, session, reason);
  tell_closed (self, session, reason, NULL);
  session_free (session);
}

/* It failed: the request that asked for it, or the element, learns why. */
static void
fail_session (GstRtcJanusMedia *self, GstRtcJanusSession *session,
    const GError *error, gboolean gone)
{
  const gboolean pending = session->request != 0;

  remove_session (self, session, gone);
  fail_changes (self, session, error->message);
  gst_rtc_janus_room_fail (self->room, session->request, error);
  tell_closed (
      self, session, error->message, pending || session->sends ? NULL : error);
  if (session->sends && !pending)
    tell_broken (self, session->screen, error);
  session_free (session);
}

void
gst_rtc_janus_media_refuse (GstRtcJanusMedia *self, GstRtcJanusSession *session,
    const GstRtcJanusMessage *reply)
{
  g_autoptr (GError) error = gst_rtc_janus_make_refusal (
      get_operation (session), reply->error_code, reply->error_reason);

  fail_session (self, session, error, FALSE);
}

void
gst_rtc_janus_media_fail (GstRtcJanusMedia *self, GstRtcJanusSession *session,
    const gchar *format, ...)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  error = gst_rtc_error_new (
      gst_rtc_operation_get_refusal_code (get_operation (session)), 0, "%s",
      reason);
  fail_session (self, session, error, FALSE);
}

/* --- mids --- */

GstRtcJanusChange
gst_rtc_janus_change_new (guint id, GstRtcOperation operation,
    GstRtcOptional audio, GstRtcOptional video)
{
  const GstRtcOptional disabled[GST_RTC_JANUS_N_MEDIA] = {audio, video};
  GstRtcJanusChange change = {.id = id, .operation = operation};

  for (guint i = 0; i < GST_RTC_JANUS_N_MEDIA; i++) {
    if (disabled[i] == GST_RTC_TRUE)
      change.off |= gst_rtc_janus_medium[i];
    else if (disabled[i] == GST_RTC_FALSE)
      change.on |= gst_rtc_janus_medium[i];
  }
  return change;
}

gboolean
gst_rtc_janus_session_take_change (
    GstRtcJanusSession *session, guint id, GstRtcJanusChange *change)
{
  for (guint i = 0; session && i < session->changes->len; i++) {
    if (g_array_index (session->changes, GstRtcJanusChange, i).id != id)
      continue;
    *change = g_array_index (session->changes, GstRtcJanusChange, i);
    g_array_remove_index (session->changes, i);
    return TRUE;
  }
  return FALSE;
}

/* One object of an array `streams` of what we said we want. */
void
gst_rtc_janus_session_add_stream (
    GstRtcJson *body, const gchar *mid, gboolean on, gboolean keyframe)
{
  GstRtcJson *stream = gst_rtc_json_new ();

  gst_rtc_json_set_string (stream, "mid", mid);
  gst_rtc_json_set_boolean (stream, "send", on);
  if (keyframe)
    gst_rtc_json_set_boolean (stream, "keyframe", TRUE);
  gst_rtc_json_array_take_object (body, "streams", stream);
}

/* Those of the reply, by medium; FALSE and which one where the server does
 * not take a medium (which it does not call an error). */
gboolean
gst_rtc_janus_session_read_mids (
    GstRtcJanusSession *session, GstRtcJson *data, const gchar **refused)
{
  const guint n = gst_rtc_json_get_array_length (data, "streams");

  for (guint i = 0; i < n && i < MAX_MLINES; i++) {
    g_autoptr (GstRtcJson) json =
        gst_rtc_json_get_array_object (data, "streams", i);
    const gchar *type = json ? gst_rtc_json_get_string (json, "type") : NULL;
    const gchar *mid = json ? gst_rtc_json_get_string (json, "mid") : NULL;
    const guint index = g_strcmp0 (type, "video") == 0 ? GST_RTC_JANUS_VIDEO
                                                       : GST_RTC_JANUS_AUDIO;

    if (!mid ||
        (index == GST_RTC_JANUS_AUDIO && g_strcmp0 (type, "audio") != 0))
      continue;
    if (gst_rtc_json_get_boolean (json, "disabled", FALSE)) {
      *refused = index == GST_RTC_JANUS_VIDEO ? "video" : "audio";
      return FALSE;
    }
    g_free (session->mids[index]);
    session->mids[index] = g_strdup (mid);
  }
  return TRUE;
}

/* --- from the own side --- */

/* What is left of the transport before on the main handle would refuse
 * them. */
static gboolean
is_held_up (GstRtcJanusMedia *self, const GstRtcJanusSession *session)
{
  return session->sends && !session->described && self->room->main_used &&
         session->handle == self->room->main;
}

void
gst_rtc_janus_media_send_candidate (GstRtcJanusMedia *media,
    const gchar *session_id, guint mline, const gchar *candidate)
{
  GstRtcJanusSession *session =
      g_hash_table_lookup (media->sessions, session_id);
  const GstRtcEvent event = {.mline = mline, .candidate = candidate};

  if (!session || session->ending)
    return;
  if (!is_held_up (media, session))
    gst_rtc_janus_link_trickle (
        media->room->link, session->handle, mline, candidate);
  else if (session->held.length < GST_RTC_MAX_CANDIDATES)
    g_queue_push_tail (&session->held, gst_rtc_event_copy (&event));
}

void
gst_rtc_janus_media_send_held (
    GstRtcJanusMedia *media, GstRtcJanusSession *session)
{
  GstRtcEvent *event;

  while ((event = g_queue_pop_head (&session->held))) {
    gst_rtc_janus_link_trickle (
        media->room->link, session->handle, event->mline, event->candidate);
    gst_rtc_event_free (event);
  }
}

/* Unlike in fail_session () the element knows already. */
void
gst_rtc_janus_media_close (
    GstRtcJanusMedia *media, const gchar *session_id, const gchar *reason)
{
  GstRtcJanusSession *session =
      g_hash_table_lookup (media->sessions, session_id);

  if (!session)
    return;
  session->opened = FALSE;
  gst_rtc_janus_media_fail (media, session, "%s", reason ? reason : "closed");
}

void
gst_rtc_janus_media_forget (GstRtcJanusMedia *media, guint id)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_remove (media->room->open, GUINT_TO_POINTER (id));
  g_hash_table_iter_init (&iter, media->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    GstRtcJanusSession *session = value;

    if (id == 0 || session->request != id)
      continue;
    /* An unpublish comes after it by itself. */
    session->request = 0;
    if (!session->sends)
      gst_rtc_janus_media_end (media, session, "given up");
    return;
  }
}

/* --- from the core --- */

static void
on_up (GstRtcJanusMedia *self, GstRtcJanusSession *session)
{
  if (session->up)
    return;
  session->up = TRUE;
  if (session->sends) {
    gst_rtc_janus_room_answer (self->room, session->request, NULL);
    session->request = 0;
  }
  if (session->stood)
    session->stood (self->room, session);
}

static void
on_candidate (GstRtcJanusMedia *self, GstRtcJanusSession *session,
    const GstRtcJanusMessage *message)
{
  g_autoptr (GstRtcJson) json =
      gst_rtc_json_get_object (message->root, "candidate");
  const gint64 mline =
      json ? gst_rtc_json_get_int (json, "sdpMLineIndex", 0) : 0;
  const gchar *text = json ? gst_rtc_json_get_string (json, "candidate") : NULL;
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_MEDIA_CANDIDATE,
      .media_session = session->id,
      .mline = (guint)CLAMP (mline, 0, MAX_MLINES),
      .candidate = text ? text : "",
  };

  if (!json || (!text && !gst_rtc_json_get_boolean (json, "completed", FALSE)))
    return;
  if (session->n_candidates >= GST_RTC_MAX_CANDIDATES)
    return;
  session->n_candidates++;
  if (session->opened)
    gst_rtc_janus_room_emit (self->room, &event);
  else
    g_queue_push_tail (&session->early, gst_rtc_event_copy (&event));
}

static void
on_hangup (GstRtcJanusMedia *self, GstRtcJanusHandle *handle,
    GstRtcJanusSession *session, const gchar *reason)
{
  g_autoptr (GError) error = NULL;

  if (handle == self->room->main) {
    const gboolean awaited = self->room->main_closing;

    self->room->main_closing = FALSE;
    self->room->main_free = g_get_monotonic_time () + SETTLE;
    if (awaited)
      return;
  }
  if (!session || session->ending || !session->opened)
    return;
  error = gst_rtc_error_new (
      gst_rtc_operation_get_refusal_code (get_operation (session)), 0,
      "the server has ended the transport: %s",
      reason ? reason : "no reason is given");
  fail_session (self, session, error, TRUE);
}

/* Whether Janus still receives what we send. */
static void
on_receiving (
    GstRtcJanusSession *session, const GstRtcJanusMessage *message, gint64 now)
{
  const gchar *type = gst_rtc_json_get_string (message->root, "type");
  const guint index = g_strcmp0 (type, "video") == 0 ? GST_RTC_JANUS_VIDEO
                                                     : GST_RTC_JANUS_AUDIO;
  const gboolean receiving =
      gst_rtc_json_get_boolean (message->root, "receiving", TRUE);

  if (!session->sends ||
      (index == GST_RTC_JANUS_AUDIO && g_strcmp0 (type, "audio") != 0))
    return;
  GST_DEBUG ("%s: the server receives %s: %d", session->id, type, receiving);
  if (receiving) {
    session->silent_since[index] = 0;
    session->silence_told[index] = FALSE;
  } else if (session->silent_since[index] == 0) {
    session->silent_since[index] = now;
  }
}

static void
on_slow_link (GstRtcJanusMedia *self, GstRtcJanusSession *session,
    const GstRtcJanusMessage *message)
{
  const gchar *kind = gst_rtc_json_get_string (message->root, "media");
  const gint64 lost = gst_rtc_json_get_int (message->root, "lost", 0);
  g_autoptr (GError) error = gst_rtc_error_new (
      gst_rtc_operation_get_refusal_code (get_operation (session)), 0,
      "the server reports a slow link: %" G_GINT64_FORMAT
      " packets of %s lost lately",
      lost, kind ? kind : "media");

  tell_trouble (self, session, error);
}

void
gst_rtc_janus_media_take_event (GstRtcJanusMedia *media,
    GstRtcJanusHandle *handle, const GstRtcJanusMessage *message)
{
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);

  if (message->verb == GST_RTC_JANUS_HANGUP ||
      message->verb == GST_RTC_JANUS_DETACHED) {
    on_hangup (media, handle, session,
        message->verb == GST_RTC_JANUS_DETACHED
            ? "the handle was detached"
            : gst_rtc_json_get_string (message->root, "reason"));
    return;
  }
  if (!session)
    return;
  switch (message->verb) {
    case GST_RTC_JANUS_WEBRTCUP:
      on_up (media, session);
      break;
    case GST_RTC_JANUS_TRICKLE:
      on_candidate (media, session, message);
      break;
    case GST_RTC_JANUS_MEDIA:
      on_receiving (session, message, g_get_monotonic_time ());
      break;
    case GST_RTC_JANUS_SLOWLINK:
      on_slow_link (media, session, message);
      break;
    default:
      break;
  }
}

void
gst_rtc_janus_media_take_offer (
    GstRtcJanusMedia *media, GstRtcJanusHandle *handle, const gchar *sdp)
{
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);
  g_autofree gchar *offer = NULL;

  if (!session || session->sends || session->ending || !session->opened)
    return;
  offer = gst_rtc_janus_adapt_offer (sdp);
  gst_rtc_janus_media_tell_description (media, session, offer);
}

void
gst_rtc_janus_media_take_removal (
    GstRtcJanusMedia *media, GstRtcJanusHandle *handle, const gchar *reason)
{
  GstRtcJanusSession *session = gst_rtc_janus_session_of (handle);
  g_autoptr (GError) error = NULL;

  if (!session || !session->sends || session->ending)
    return;
  error = gst_rtc_error_new (
      GST_RTC_ERROR_PUBLISH_ERROR, 0, "removed from the room: %s", reason);
  gst_rtc_error_set_retryable (error, FALSE);
  fail_session (media, session, error, FALSE);
}

void
gst_rtc_janus_media_take_moderation (
    GstRtcJanusMedia *media, const gchar *id, const gchar *mid, gboolean muted)
{
  const gboolean screen = g_strcmp0 (id, media->room->main_id) != 0;
  GstRtcJanusSession *session =
      gst_rtc_janus_media_find (media, TRUE, NULL, screen);
  g_autoptr (GError) error = NULL;

  GST_INFO ("%s %s by a moderator", mid, muted ? "muted" : "unmuted");
  if (!muted || !session || (screen && g_strcmp0 (session->member, id) != 0))
    return;
  error = gst_rtc_error_new (GST_RTC_ERROR_PUBLISH_ERROR, 0,
      "a moderator has muted the %s",
      g_strcmp0 (mid, session->mids[GST_RTC_JANUS_VIDEO]) == 0 ? "video"
                                                               : "audio");
  tell_trouble (media, session, error);
}

/* --- the rest --- */

void
gst_rtc_janus_media_drop_orphans (GstRtcJanusMedia *media)
{
  g_autoptr (GList) sessions = g_hash_table_get_values (media->sessions);

  for (GList *item = sessions; item; item = item->next) {
    GstRtcJanusSession *session = item->data;
    const GstRtcJanusFeed *feed;

    if (session->sends)
      continue;
    feed = gst_rtc_janus_feeds_find (
        media->room->feeds, session->user_id, session->screen);
    if (!feed || feed->serial != session->serial)
      gst_rtc_janus_media_end (media, session, "the stream has ended");
  }
}

void
gst_rtc_janus_media_check_published (
    GstRtcJanusMedia *media, GHashTable *publishing)
{
  g_autoptr (GList) sessions = g_hash_table_get_values (media->sessions);

  for (GList *item = sessions; item; item = item->next) {
    GstRtcJanusSession *session = item->data;
    const gchar *id = session->member ? session->member : media->room->main_id;

    if (session->sends && session->up &&
        !g_hash_table_contains (publishing, id))
      gst_rtc_janus_media_fail (media, session,
          "the server has ended the publication while the connection was "
          "lost");
  }
}

void
gst_rtc_janus_media_reset (GstRtcJanusMedia *media)
{
  g_autoptr (GList) sessions = g_hash_table_get_values (media->sessions);

  media->room->main_closing = FALSE;
  for (GList *item = sessions; item; item = item->next) {
    GstRtcJanusSession *session = item->data;

    if (!gst_rtc_janus_handle_is_attached (session->handle)) {
      g_hash_table_remove (media->sessions, session->id);
      continue;
    }
    session->request = 0;
    session->ending = FALSE;
    session->waiting = FALSE;
    g_array_set_size (session->changes, 0);
    session->retry = NULL;
  }
}

void
gst_rtc_janus_media_clear (GstRtcJanusMedia *media)
{
  media->room->main_closing = FALSE;
  g_hash_table_remove_all (media->sessions);
}

/* Media that is not muted and does not arrive is told once. */
static gint64
look_for_silence (
    GstRtcJanusMedia *self, GstRtcJanusSession *session, gint64 now)
{
  const guint limit =
      gst_rtc_config_get_values (self->room->config)->media_timeout;
  gint64 next = G_MAXINT64;

  for (guint i = 0; limit != 0 && i < GST_RTC_JANUS_N_MEDIA; i++) {
    const gint64 due =
        session->silent_since[i] + limit * (gint64)G_TIME_SPAN_MILLISECOND;
    g_autoptr (GError) error = NULL;

    if (session->silent_since[i] == 0 || session->silence_told[i] ||
        (session->off & gst_rtc_janus_medium[i]))
      continue;
    if (now < due) {
      next = MIN (next, due);
      continue;
    }
    session->silence_told[i] = TRUE;
    error = gst_rtc_error_new (GST_RTC_ERROR_PUBLISH_ERROR, 0,
        "the server has received no %s for %u ms",
        i == GST_RTC_JANUS_VIDEO ? "video" : "audio", limit);
    tell_trouble (self, session, error);
  }
  return next;
}

/* Of the publication that waits for the main handle. */
static gint64
look_for_start (GstRtcJanusMedia *self, gint64 now)
{
  GstRtcJanusSession *session =
      gst_rtc_janus_media_find (self, TRUE, NULL, FALSE);

  if (!session || !session->waiting)
    return G_MAXINT64;
  if (now < self->room->main_free)
    return self->room->main_free;
  gst_rtc_janus_media_start (self, session);
  return G_MAXINT64;
}

static gint64
look_for_retry (GstRtcJanusMedia *self, GstRtcJanusSession *session, gint64 now)
{
  void (*retry) (GstRtcJanusRoom *, GstRtcJanusSession *) = session->retry;

  if (!retry)
    return G_MAXINT64;
  if (now < session->retry_due)
    return session->retry_due;
  session->retry = NULL;
  retry (self->room, session);
  return G_MAXINT64;
}

gint64
gst_rtc_janus_media_look (GstRtcJanusMedia *media, gint64 now)
{
  gint64 next = look_for_start (media, now);
  g_autoptr (GList) sessions = g_hash_table_get_values (media->sessions);

  for (GList *item = sessions; item; item = item->next) {
    next = MIN (next, look_for_silence (media, item->data, now));
    next = MIN (next, look_for_retry (media, item->data, now));
  }
  return next;
}

GstRtcJanusMedia *
gst_rtc_janus_media_new (GstRtcJanusRoom *room)
{
  GstRtcJanusMedia *self = g_new0 (GstRtcJanusMedia, 1);

  GST_DEBUG_CATEGORY_INIT (
      media_debug, "rtcjanusmedia", 0, "Media sessions at a Janus server");
  self->room = room;
  self->sessions = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify)session_free);
  return self;
}

void
gst_rtc_janus_media_free (GstRtcJanusMedia *media)
{
  if (!media)
    return;
  g_hash_table_unref (media->sessions);
  g_free (media);
}
