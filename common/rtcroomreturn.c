/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Coming back to a room after its connection broke: what changed meanwhile is
 * told, what the server has lost is asked for again, and who is not back yet
 * is waited for. Belongs to the worker. */
#include "rtcroomclient-private.h"

#include <gst/gst.h>

#include "rtcerror-private.h"

GST_DEBUG_CATEGORY_EXTERN (gst_rtc_room_client_debug);
#define GST_CAT_DEFAULT gst_rtc_room_client_debug

/* How often media of a publication that broke is tried again. */
#define MAX_PUBLISH_ATTEMPTS 5
/* How long a publisher that is back waits for transports that were being set
 * up. */
#define DOUBT_MS 1000
/* Told to a viewer. */
#define HALF_OPEN_REASON                                                       \
  "the publisher lost its connection before the transport was up"

/* A media session that ended when nobody could be told. */
typedef struct
{
  gchar *media_session;
  gchar *reason;
} LateClose;

static void
late_close_free (LateClose *late)
{
  g_free (late->media_session);
  g_free (late->reason);
  g_free (late);
}

static void
clear_timer (GSource **timer)
{
  if (*timer)
    g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}

/* What was there */

static gchar *
make_key (const gchar *user_id, gboolean screen)
{
  return g_strdup_printf ("%s/%s", user_id, gst_rtc_stream_get_nick (screen));
}

gboolean
gst_rtc_room_return_forget_stream (
    GstRtcRoomClient *self, const gchar *user_id, gboolean screen)
{
  g_autofree gchar *key = make_key (user_id, screen);

  return g_hash_table_remove (self->missing, key);
}

static gboolean
has_same_codecs (const GstRtcStream *a, const GstRtcStream *b)
{
  return g_strcmp0 (a->audio_codec, b->audio_codec) == 0 &&
         g_strcmp0 (a->video_codec, b->video_codec) == 0;
}

/* A stream that was there before, and is as it was but for what is muted.
 * FALSE when it has to be told as another one. */
static gboolean
recognise_stream (
    GstRtcRoomClient *self, const gchar *user_id, const GstRtcStream *stream)
{
  const GstRtcStream *old =
      gst_rtc_roster_get_stream (self->roster, user_id, stream->screen);
  const GstRtcEvent muted = {
      .type = GST_RTC_EVENT_STREAM_MUTED,
      .user_id = user_id,
      .screen = stream->screen,
      .media = stream->muted,
  };

  if (!old)
    return FALSE;
  if (!has_same_codecs (old, stream)) {
    gst_rtc_room_client_remove_stream (
        self, user_id, stream->screen, "published again");
    return FALSE;
  }
  gst_rtc_room_client_mute_stream (self, &muted);
  return TRUE;
}

/* What is asked for again */

/* TRUE when there was nobody to ask: the next attempt asks again. */
static gboolean
is_broken_off (GstRtcRoomClient *self, const GError *error)
{
  return g_error_matches (
             error, GST_RTC_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED) ||
         !gst_rtc_room_client_is_in_room (self);
}

static void
on_mute_restored (GstRtcRoomClient *self, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  if (!error)
    return;
  GST_WARNING_OBJECT (
      self, "what was muted is not any more: %s", error->message);
  if (is_broken_off (self, error))
    gst_rtc_ledger_set_lost (self->ledger, request);
}

static void publish_later (
    GstRtcRoomClient *self, gboolean screen, const GError *error);

static void
reset_republish (GstRtcRepublish *republish)
{
  clear_timer (&republish->timer);
  *republish = (GstRtcRepublish){0};
}

static void
lose_publication (GstRtcRoomClient *self, gboolean screen, const GError *error)
{
  const GstRtcStream stream = {.screen = screen};
  const GstRtcRequest request = {
      .operation = GST_RTC_OPERATION_PUBLISH,
      .screen = screen,
      .stream = &stream,
  };
  const GstRtcEvent lost = {
      .type = GST_RTC_EVENT_PUBLICATION_LOST,
      .screen = screen,
      .error = error,
  };

  gst_rtc_ledger_remove (self->ledger, &request);
  reset_republish (&self->republish[screen]);
  gst_rtc_room_client_push_event (self, &lost);
}

static void
on_publication_restored (GstRtcRoomClient *self, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  GstRtcRepublish *republish = &self->republish[request->screen];

  if (!error || gst_rtc_error_get_native_code (error) ==
                    GST_RTC_ERROR_ALREADY_PUBLISHED) {
    republish->steady_at = g_get_monotonic_time () +
                           GST_RTC_STEADY_MS * (gint64)G_TIME_SPAN_MILLISECOND;
  } else if (is_broken_off (self, error)) {
    gst_rtc_ledger_set_lost (self->ledger, request);
  } else if (republish->n_attempts > 0 && gst_rtc_error_get_retryable (error)) {
    /* One that only follows the connection is not tried again. */
    publish_later (self, request->screen, error);
  } else {
    lose_publication (self, request->screen, error);
  }
}

static void
restore_publication (GstRtcRoomClient *self, gboolean screen)
{
  GstRtcRequest publish;
  GstRtcRequest mute;

  if (!gst_rtc_ledger_get_lost_publication (
          self->ledger, screen, &publish, &mute))
    return;
  clear_timer (&self->republish[screen].timer);
  gst_rtc_ledger_set_found (self->ledger, &publish);
  gst_rtc_room_client_request_by_itself (
      self, &publish, on_publication_restored);
  if (mute.operation != GST_RTC_OPERATION_NONE)
    gst_rtc_room_client_request_by_itself (self, &mute, on_mute_restored);
}

static void
restore_publications (GstRtcRoomClient *self)
{
  for (gint screen = FALSE; screen <= TRUE; screen++)
    restore_publication (self, screen);
}

/* Without a connection it waits for that, and is then restored with the
 * rest. */
static void
publish_now (GstRtcRoomClient *self, gboolean screen)
{
  clear_timer (&self->republish[screen].timer);
  if (self->state.phase == GST_RTC_PHASE_JOINED)
    restore_publication (self, screen);
}

static gboolean
on_camera_due (gpointer user_data)
{
  publish_now (user_data, FALSE);
  return G_SOURCE_REMOVE;
}

static gboolean
on_screen_due (gpointer user_data)
{
  publish_now (user_data, TRUE);
  return G_SOURCE_REMOVE;
}

/* The first attempt is at once. */
static void
publish_later (GstRtcRoomClient *self, gboolean screen, const GError *error)
{
  const GstRtcConfigValues *values = gst_rtc_config_get_values (self->config);
  GstRtcRepublish *republish = &self->republish[screen];

  if (republish->n_attempts >=
      MIN (values->reconnect_attempts, MAX_PUBLISH_ATTEMPTS)) {
    lose_publication (self, screen, error);
    return;
  }
  if (!gst_rtc_ledger_mark_publication_lost (self->ledger, screen))
    return;
  republish->n_attempts++;
  clear_timer (&republish->timer);
  republish->timer = gst_rtc_room_client_start_timer (self,
      gst_rtc_get_retry_delay (
          republish->n_attempts, values->reconnect_delay, g_random_int ()),
      screen ? on_screen_due : on_camera_due, self);
}

void
gst_rtc_room_return_republish (
    GstRtcRoomClient *self, const GstRtcEvent *broken)
{
  GstRtcRepublish *republish = &self->republish[broken->screen];

  if (!gst_rtc_ledger_is_published (self->ledger, broken->screen))
    return;
  if (!gst_rtc_error_get_retryable (broken->error)) {
    lose_publication (self, broken->screen, broken->error);
    return;
  }
  if (republish->steady_at > 0 &&
      g_get_monotonic_time () >= republish->steady_at)
    reset_republish (republish);
  publish_later (self, broken->screen, broken->error);
  if (republish->n_attempts == 1)
    gst_rtc_room_client_push_event (self, broken);
}

static void
fail_subscription (
    GstRtcRoomClient *self, const GstRtcRequest *request, const GError *error)
{
  g_autofree gchar *media_session = g_strdup (gst_rtc_ledger_get_media_session (
      self->ledger, request->user_id, request->screen));
  const GstRtcEvent closed = {
      .type = GST_RTC_EVENT_MEDIA_CLOSED,
      .media_session = media_session,
      .reason = error->message,
      .error = error,
  };

  gst_rtc_ledger_remove (self->ledger, request);
  if (!media_session)
    return;
  g_hash_table_remove (self->media, media_session);
  gst_rtc_room_client_push_event (self, &closed);
}

static void
on_subscription_restored (GstRtcRoomClient *self, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  GstRtcRequest pause;

  if (!error) {
    gst_rtc_ledger_set_found (self->ledger, request);
    gst_rtc_ledger_set_media_session (
        self->ledger, request->user_id, request->screen, answer->media_session);
    if (gst_rtc_ledger_get_pause (
            self->ledger, request->user_id, request->screen, &pause))
      gst_rtc_room_client_request_by_itself (self, &pause, on_mute_restored);
  } else if (is_broken_off (self, error) ||
             error->code == GST_RTC_ERROR_UID_NOT_FOUND ||
             error->code == GST_RTC_ERROR_STREAM_ID_NOT_FOUND) {
    gst_rtc_ledger_set_lost (self->ledger, request);
  } else {
    g_autoptr (GError) refusal = gst_rtc_error_new (
        GST_RTC_ERROR_SUBSCRIBE_FAILED, error->code, "%s", error->message);

    fail_subscription (self, request, refusal);
  }
}

/* Those whose stream is there; the others wait for it. */
static void
restore_subscriptions (GstRtcRoomClient *self)
{
  g_autoptr (GPtrArray) lost =
      gst_rtc_ledger_list_lost_subscriptions (self->ledger);

  if (self->state.phase != GST_RTC_PHASE_JOINED)
    return;
  for (guint i = 0; i < lost->len; i++) {
    const GstRtcRequest *request = g_ptr_array_index (lost, i);
    g_autofree gchar *key = make_key (request->user_id, request->screen);

    if (g_hash_table_contains (self->missing, key))
      continue;
    gst_rtc_ledger_set_found (self->ledger, request);
    gst_rtc_room_client_request_by_itself (
        self, request, on_subscription_restored);
  }
}

gboolean
gst_rtc_room_return_take_stream (
    GstRtcRoomClient *self, const gchar *user_id, const GstRtcStream *stream)
{
  if (!gst_rtc_room_return_forget_stream (self, user_id, stream->screen) ||
      !recognise_stream (self, user_id, stream))
    return FALSE;
  restore_subscriptions (self);
  return TRUE;
}

void
gst_rtc_room_return_forget_user (GstRtcRoomClient *self, const gchar *user_id)
{
  g_hash_table_remove (self->missing, user_id);
}

/* Who is there now, against who was there. Right after the server has lost
 * the room (not @resumed) nobody has come back yet: those who are not there
 * are waited for, since their media goes on. */

static void
expect_missing (GstRtcRoomClient *self, const gchar *user_id)
{
  g_hash_table_add (self->missing, g_strdup (user_id));
  for (gint screen = FALSE; screen <= TRUE; screen++) {
    if (gst_rtc_roster_get_stream (self->roster, user_id, screen))
      g_hash_table_add (self->missing, make_key (user_id, screen));
  }
}

static void
compare_absent (GstRtcRoomClient *self, GstRtcRoster *now, gboolean resumed)
{
  g_autoptr (GPtrArray) users = gst_rtc_roster_get_users (self->roster);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  /* The ids go with the users. */
  for (guint i = 0; i < users->len; i++)
    g_ptr_array_add (ids, g_strdup (g_ptr_array_index (users, i)));
  for (guint i = 0; i < ids->len; i++) {
    const GstRtcEvent gone = {
        .type = GST_RTC_EVENT_PEER_LEAVE,
        .user_id = g_ptr_array_index (ids, i),
        .reason = "left while the connection was lost",
    };

    if (gst_rtc_roster_has_user (now, gone.user_id))
      continue;
    if (!resumed)
      expect_missing (self, gone.user_id);
    else if (!g_hash_table_contains (self->missing, gone.user_id))
      gst_rtc_room_client_remove_user (self, &gone);
  }
}

static void
compare_stream (GstRtcRoomClient *self, GstRtcRoster *now, const gchar *user_id,
    gboolean screen, gboolean resumed)
{
  const GstRtcStream *stream = gst_rtc_roster_get_stream (now, user_id, screen);
  const GstRtcEvent added = {
      .type = GST_RTC_EVENT_STREAM_ADDED,
      .user_id = user_id,
      .screen = screen,
      .stream = stream,
  };
  g_autofree gchar *key = make_key (user_id, screen);

  if (stream) {
    g_hash_table_remove (self->missing, key);
    if (!recognise_stream (self, user_id, stream))
      gst_rtc_room_client_add_stream (self, &added);
  } else if (gst_rtc_roster_get_stream (self->roster, user_id, screen)) {
    if (!resumed)
      g_hash_table_add (self->missing, g_steal_pointer (&key));
    else if (!g_hash_table_contains (self->missing, key))
      gst_rtc_room_client_remove_stream (
          self, user_id, screen, "ended while the connection was lost");
  }
}

void
gst_rtc_room_return_compare_roster (
    GstRtcRoomClient *self, GstRtcRoster *now, gboolean resumed)
{
  g_autoptr (GPtrArray) users = gst_rtc_roster_get_users (now);

  compare_absent (self, now, resumed);
  for (guint i = 0; i < users->len; i++) {
    const GstRtcEvent online = {
        .type = GST_RTC_EVENT_PEER_ONLINE,
        .user_id = g_ptr_array_index (users, i),
    };

    if (g_strcmp0 (online.user_id, self->user_id) == 0)
      continue;
    gst_rtc_room_client_add_user (self, &online);
    for (gint screen = FALSE; screen <= TRUE; screen++)
      compare_stream (self, now, online.user_id, screen, resumed);
  }
}

/* They have had the time that the attempts of theirs can take. */
static gboolean
on_missing_due (gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = g_object_ref (user_data);
  g_autoptr (GPtrArray) users = gst_rtc_roster_get_users (self->roster);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  clear_timer (&self->missing_timer);
  for (guint i = 0; i < users->len; i++)
    g_ptr_array_add (ids, g_strdup (g_ptr_array_index (users, i)));
  for (guint i = 0; i < ids->len; i++) {
    const GstRtcEvent gone = {
        .type = GST_RTC_EVENT_PEER_LEAVE,
        .user_id = g_ptr_array_index (ids, i),
        .reason = "did not come back",
    };

    if (g_hash_table_contains (self->missing, gone.user_id))
      gst_rtc_room_client_remove_user (self, &gone);
    for (gint screen = FALSE; screen <= TRUE; screen++) {
      if (gst_rtc_room_return_forget_stream (self, gone.user_id, screen))
        gst_rtc_room_client_remove_stream (
            self, gone.user_id, screen, gone.reason);
    }
  }
  g_hash_table_remove_all (self->missing);
  return G_SOURCE_REMOVE;
}

static void
wait_for_missing (GstRtcRoomClient *self)
{
  const GstRtcConfigValues *values = gst_rtc_config_get_values (self->config);

  clear_timer (&self->missing_timer);
  if (g_hash_table_size (self->missing) == 0)
    return;
  self->missing_timer = gst_rtc_room_client_start_timer (self,
      MAX (values->reconnect_delay, GST_RTC_MAX_RECONNECT_DELAY) +
          values->signaling_timeout,
      on_missing_due, self);
}

/* The way back */

static void
refuse_rejoin (GstRtcRoomClient *self, const GError *error)
{
  g_autoptr (GError) final = g_error_copy (error);

  gst_rtc_error_set_retryable (final, FALSE);
  gst_rtc_room_client_feed (self, GST_RTC_INPUT_JOIN_REFUSED, 0, final);
}

static void
tell_late_closes (GstRtcRoomClient *self, gboolean resumed)
{
  for (guint i = 0; resumed && i < self->late_closes->len; i++) {
    const LateClose *late = g_ptr_array_index (self->late_closes, i);

    GST_RTC_DIALECT_GET_IFACE (self->dialect)
        ->close_media (self->dialect, late->media_session, late->reason);
  }
  g_ptr_array_set_size (self->late_closes, 0);
}

static void
take_back (GstRtcRoomClient *self, gboolean resumed)
{
  for (guint i = 0; resumed && i < self->undos->len; i++)
    gst_rtc_room_client_send_and_forget (
        self, g_ptr_array_index (self->undos, i));
  g_ptr_array_set_size (self->undos, 0);
}

static void
lose_server_state (GstRtcRoomClient *self)
{
  GHashTableIter iter;
  gpointer media;

  gst_rtc_ledger_mark_lost (self->ledger);
  g_hash_table_iter_init (&iter, self->media);
  while (g_hash_table_iter_next (&iter, NULL, &media))
    ((GstRtcRoomMedia *)media)->stale = TRUE;
}

/* Who viewed asks for the stream again. */
static void
give_up_media (
    GstRtcRoomClient *self, const gchar *session, const gchar *reason)
{
  GstRtcRoomMedia *media = g_hash_table_lookup (self->media, session);
  g_autofree gchar *id = g_strdup (session);
  const GstRtcEvent closed = {
      .type = GST_RTC_EVENT_MEDIA_CLOSED,
      .media_session = id,
      .reason = reason,
  };

  if (!media->sends &&
      gst_rtc_ledger_mark_stream_lost (self->ledger, session)) {
    media->stale = TRUE;
    return;
  }
  gst_rtc_ledger_drop_session (self->ledger, session);
  g_hash_table_remove (self->media, session);
  gst_rtc_room_client_push_event (self, &closed);
}

/* @told: (nullable): what makes the other side ask again */
static void
close_media (GstRtcRoomClient *self, const gchar *session, const gchar *told)
{
  GST_RTC_DIALECT_GET_IFACE (self->dialect)
      ->close_media (self->dialect, session, told);
  give_up_media (self, session, "it was not up when the connection was lost");
}

/* Offers, answers and candidates that were under way when the connection broke
 * may be lost. A publication at an SFU (no user) is answered only when its
 * media is up, and asked for again where that did not come. */
static gboolean
can_be_half_open (const GstRtcRoomMedia *media)
{
  return !media->connected && media->user_id && !media->stale;
}

static gboolean
on_doubt_due (gpointer user_data)
{
  g_autoptr (GstRtcRoomClient) self = g_object_ref (user_data);
  g_autoptr (GList) sessions = g_hash_table_get_keys (self->media);

  clear_timer (&self->doubt_timer);
  for (GList *item = sessions; item; item = item->next) {
    GstRtcRoomMedia *media = g_hash_table_lookup (self->media, item->data);

    if (media->in_doubt && can_be_half_open (media) &&
        self->state.phase == GST_RTC_PHASE_JOINED)
      close_media (self, item->data, HALF_OPEN_REASON);
    else
      media->in_doubt = FALSE;
  }
  return G_SOURCE_REMOVE;
}

/* Media sessions whose end the server could not tell, or told in vain, and
 * those that may wait for what is lost.
 * @standing: (nullable): the ids of all that the server holds */
static void
compare_media (GstRtcRoomClient *self, GPtrArray *standing)
{
  g_autoptr (GList) sessions = g_hash_table_get_keys (self->media);
  gboolean doubts = FALSE;

  for (GList *item = sessions; item; item = item->next) {
    GstRtcRoomMedia *media = g_hash_table_lookup (self->media, item->data);
    const gboolean stands =
        !standing || g_ptr_array_find_with_equal_func (
                         standing, item->data, g_str_equal, NULL);

    if (!stands && !media->stale)
      give_up_media (self, item->data, "ended while the connection was lost");
    else if (can_be_half_open (media) && !media->sends)
      close_media (self, item->data, NULL);
    else if (can_be_half_open (media))
      /* Its viewer would tell the end as a failure: what is not lost comes
       * up. */
      doubts = media->in_doubt = TRUE;
  }
  clear_timer (&self->doubt_timer);
  if (doubts)
    self->doubt_timer =
        gst_rtc_room_client_start_timer (self, DOUBT_MS, on_doubt_due, self);
}

/* Back in the room. What the server still holds goes on as it is; what it
 * has lost is asked for again. */
void
gst_rtc_room_return_end (
    GstRtcRoomClient *self, const GstRtcAnswer *answer, const GError *error)
{
  self->rejoin_id = 0;
  if (error) {
    refuse_rejoin (self, error);
    return;
  }
  self->comeback = answer->resumed ? "resumed" : "rejoined";
  if (!answer->resumed)
    lose_server_state (self);
  gst_rtc_room_client_feed (self, GST_RTC_INPUT_JOIN_ACCEPTED, 0, NULL);
  tell_late_closes (self, answer->resumed);
  take_back (self, answer->resumed);
  if (answer->roster)
    gst_rtc_room_return_compare_roster (self, answer->roster, answer->resumed);
  if (answer->resumed)
    compare_media (self, answer->media_sessions);
  wait_for_missing (self);
  restore_publications (self);
  restore_subscriptions (self);
}

/* The server may have done what nobody has heard of: that is taken back when
 * it still holds the session, since its caller is told that it failed. */
void
gst_rtc_room_return_note_undo (
    GstRtcRoomClient *self, const GstRtcRequest *request)
{
  GstRtcRequest undo = {.user_id = request->user_id, .screen = request->screen};

  if (request->operation == GST_RTC_OPERATION_PUBLISH) {
    undo.operation = GST_RTC_OPERATION_UNPUBLISH;
    undo.screen = request->stream->screen;
  } else if (request->operation == GST_RTC_OPERATION_SUBSCRIBE &&
             !gst_rtc_room_client_receives (
                 self, request->user_id, request->screen)) {
    undo.operation = GST_RTC_OPERATION_UNSUBSCRIBE;
  } else {
    return;
  }
  g_ptr_array_add (self->undos, gst_rtc_request_copy (&undo));
}

void
gst_rtc_room_return_close_media_later (
    GstRtcRoomClient *self, const gchar *media_session, const gchar *reason)
{
  LateClose *late = g_new0 (LateClose, 1);

  late->media_session = g_strdup (media_session);
  late->reason = g_strdup (reason);
  g_ptr_array_add (self->late_closes, late);
}

void
gst_rtc_room_return_init (GstRtcRoomClient *self)
{
  self->undos =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_request_free);
  self->late_closes =
      g_ptr_array_new_with_free_func ((GDestroyNotify)late_close_free);
  self->missing = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

void
gst_rtc_room_return_clear (GstRtcRoomClient *self)
{
  g_ptr_array_set_size (self->undos, 0);
  g_ptr_array_set_size (self->late_closes, 0);
  g_hash_table_remove_all (self->missing);
  clear_timer (&self->missing_timer);
  clear_timer (&self->doubt_timer);
  for (guint i = 0; i < G_N_ELEMENTS (self->republish); i++)
    reset_republish (&self->republish[i]);
}

void
gst_rtc_room_return_finalize (GstRtcRoomClient *self)
{
  g_ptr_array_unref (self->undos);
  g_ptr_array_unref (self->late_closes);
  g_hash_table_unref (self->missing);
}
