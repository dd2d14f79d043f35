/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the own user publishes and subscribes. One thread at a time. */
#include "rtcledger.h"

#include "rtcerror-private.h"

typedef enum
{
  IDLE,
  PUBLISHING,
  PUBLISHED,
  UNPUBLISHING
} PublishState;

typedef struct
{
  PublishState state;
  GstRtcMedia muted;
  GstRtcStream *stream; /* while published, or about to be */
  gboolean lost;        /* the server does not know it any more */
} Publication;

typedef struct
{
  gchar *user_id;
  gboolean screen;
  gchar *media_session;
  GstRtcOptional audio; /* wanted */
  GstRtcOptional video;
  GstRtcMedia paused;
  gboolean lost;
} Subscription;

struct _GstRtcLedger
{
  Publication publications[2]; /* camera, screen */
  GPtrArray *subscriptions;
};

static void
subscription_free (Subscription *subscription)
{
  g_free (subscription->user_id);
  g_free (subscription->media_session);
  g_free (subscription);
}

static Publication *
get_publication (GstRtcLedger *self, gboolean screen)
{
  return &self->publications[screen ? 1 : 0];
}

static Subscription *
find_subscription (
    GstRtcLedger *self, const gchar *user_id, gboolean screen, guint *index)
{
  for (guint i = 0; i < self->subscriptions->len; i++) {
    Subscription *subscription = g_ptr_array_index (self->subscriptions, i);

    if (subscription->screen == !!screen &&
        g_str_equal (subscription->user_id, user_id)) {
      if (index)
        *index = i;
      return subscription;
    }
  }
  return NULL;
}

static void
set_subscription (GstRtcLedger *self, const GstRtcRequest *request,
    const gchar *media_session)
{
  Subscription *subscription =
      find_subscription (self, request->user_id, request->screen, NULL);

  if (!subscription) {
    subscription = g_new0 (Subscription, 1);
    subscription->user_id = g_strdup (request->user_id);
    subscription->screen = !!request->screen;
    g_ptr_array_add (self->subscriptions, subscription);
  }
  g_free (subscription->media_session);
  subscription->media_session = g_strdup (media_session);
  subscription->audio = request->audio;
  subscription->video = request->video;
}

static gboolean
request_screen (const GstRtcRequest *request)
{
  return request->operation == GST_RTC_OPERATION_PUBLISH
             ? request->stream->screen
             : request->screen;
}

static gboolean
check_publication (
    GstRtcLedger *self, const GstRtcRequest *request, GError **error)
{
  const gboolean screen = request_screen (request);
  const Publication *publication = get_publication (self, screen);

  switch (request->operation) {
    case GST_RTC_OPERATION_PUBLISH:
      if (publication->state == IDLE)
        return TRUE;
      return gst_rtc_error_set (error, GST_RTC_ERROR_ALREADY_PUBLISHED, 0,
          "the %s stream is published already, or about to be",
          gst_rtc_stream_get_nick (screen));
    case GST_RTC_OPERATION_UNPUBLISH:
    case GST_RTC_OPERATION_MUTE_LOCAL:
      if (publication->state == PUBLISHED)
        return TRUE;
      return gst_rtc_error_set (error, GST_RTC_ERROR_NOT_PUBLISHED, 0,
          "the %s stream is not published", gst_rtc_stream_get_nick (screen));
    default:
      return TRUE;
  }
}

static gboolean
has_target (const GstRtcRequest *request)
{
  return request->operation == GST_RTC_OPERATION_SUBSCRIBE ||
         request->operation == GST_RTC_OPERATION_UNSUBSCRIBE ||
         request->operation == GST_RTC_OPERATION_MUTE_REMOTE;
}

static gboolean
check_target (GstRtcLedger *self, const GstRtcRequest *request,
    GstRtcRoster *roster, const gchar *own_id, GError **error)
{
  const gchar *user_id = request->user_id;
  const gchar *nick = gst_rtc_stream_get_nick (request->screen);

  if (g_strcmp0 (user_id, own_id) == 0 ||
      !gst_rtc_roster_has_user (roster, user_id))
    return gst_rtc_error_set (error, GST_RTC_ERROR_UID_NOT_FOUND, 0,
        "there is no other user %s in the room", user_id);
  if (!gst_rtc_roster_get_stream (roster, user_id, request->screen))
    return gst_rtc_error_set (error, GST_RTC_ERROR_STREAM_ID_NOT_FOUND, 0,
        "user %s does not publish a %s stream", user_id, nick);
  if (request->operation != GST_RTC_OPERATION_SUBSCRIBE &&
      !find_subscription (self, user_id, request->screen, NULL))
    return gst_rtc_error_set (error, GST_RTC_ERROR_STREAM_ID_NOT_FOUND, 0,
        "the %s stream of user %s is not subscribed", nick, user_id);
  return TRUE;
}

static void
set_muted (GstRtcMedia *muted, GstRtcMedia medium, GstRtcOptional disabled)
{
  if (disabled == GST_RTC_TRUE)
    *muted |= medium;
  else if (disabled == GST_RTC_FALSE)
    *muted &= ~medium;
}

static void
set_paused (GstRtcLedger *self, const GstRtcRequest *request)
{
  Subscription *subscription =
      find_subscription (self, request->user_id, request->screen, NULL);

  if (!subscription)
    return;
  set_muted (&subscription->paused, GST_RTC_MEDIA_AUDIO, request->audio);
  set_muted (&subscription->paused, GST_RTC_MEDIA_VIDEO, request->video);
}

static void
reset_publication (Publication *publication, PublishState state)
{
  gst_rtc_stream_free (publication->stream);
  *publication = (Publication){.state = state};
}

/* Becoming invisible unpublishes. */
static void
end_visibility (GstRtcLedger *self, const GstRtcRequest *request)
{
  if (request->enable)
    return;
  reset_publication (get_publication (self, FALSE), IDLE);
  reset_publication (get_publication (self, TRUE), IDLE);
}

static void
end_well (GstRtcLedger *self, const GstRtcRequest *request,
    const GstRtcAnswer *answer)
{
  Publication *publication = get_publication (self, request_screen (request));

  switch (request->operation) {
    case GST_RTC_OPERATION_PUBLISH:
      reset_publication (publication, PUBLISHED);
      publication->stream = gst_rtc_stream_copy (request->stream);
      break;
    case GST_RTC_OPERATION_UNPUBLISH:
      reset_publication (publication, IDLE);
      break;
    case GST_RTC_OPERATION_MUTE_LOCAL:
      set_muted (&publication->muted, GST_RTC_MEDIA_AUDIO, request->audio);
      set_muted (&publication->muted, GST_RTC_MEDIA_VIDEO, request->video);
      break;
    case GST_RTC_OPERATION_SUBSCRIBE:
      set_subscription (self, request, answer->media_session);
      break;
    case GST_RTC_OPERATION_UNSUBSCRIBE:
      gst_rtc_ledger_drop_stream (self, request->user_id, request->screen);
      break;
    case GST_RTC_OPERATION_MUTE_REMOTE:
      set_paused (self, request);
      break;
    case GST_RTC_OPERATION_SET_VISIBILITY:
      end_visibility (self, request);
      break;
    default:
      break;
  }
}

static void
end_badly (
    GstRtcLedger *self, const GstRtcRequest *request, const GError *error)
{
  Publication *publication = get_publication (self, request_screen (request));

  if (request->operation == GST_RTC_OPERATION_PUBLISH) {
    if (publication->state == PUBLISHING)
      reset_publication (publication, IDLE);
  } else if (request->operation == GST_RTC_OPERATION_UNPUBLISH) {
    /* A server that knows of no publication must not keep us in one. */
    if (gst_rtc_error_get_native_code (error) == GST_RTC_ERROR_NOT_PUBLISHED)
      reset_publication (publication, IDLE);
    else if (publication->state == UNPUBLISHING)
      publication->state = PUBLISHED;
  }
}

GstRtcLedger *
gst_rtc_ledger_new (void)
{
  GstRtcLedger *self = g_new0 (GstRtcLedger, 1);

  self->subscriptions =
      g_ptr_array_new_with_free_func ((GDestroyNotify)subscription_free);
  return self;
}

void
gst_rtc_ledger_free (GstRtcLedger *ledger)
{
  if (!ledger)
    return;
  gst_rtc_ledger_clear (ledger);
  g_ptr_array_unref (ledger->subscriptions);
  g_free (ledger);
}

void
gst_rtc_ledger_clear (GstRtcLedger *ledger)
{
  reset_publication (&ledger->publications[0], IDLE);
  reset_publication (&ledger->publications[1], IDLE);
  g_ptr_array_set_size (ledger->subscriptions, 0);
}

gboolean
gst_rtc_ledger_check (GstRtcLedger *ledger, const GstRtcRequest *request,
    GstRtcRoster *roster, const gchar *own_id, GError **error)
{
  if (!check_publication (ledger, request, error))
    return FALSE;
  return !has_target (request) ||
         check_target (ledger, request, roster, own_id, error);
}

void
gst_rtc_ledger_begin (GstRtcLedger *ledger, const GstRtcRequest *request)
{
  Publication *publication = get_publication (ledger, request_screen (request));

  if (request->operation == GST_RTC_OPERATION_PUBLISH)
    reset_publication (publication, PUBLISHING);
  else if (request->operation == GST_RTC_OPERATION_UNPUBLISH)
    publication->state = UNPUBLISHING;
}

void
gst_rtc_ledger_end (GstRtcLedger *ledger, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  if (error)
    end_badly (ledger, request, error);
  else
    end_well (ledger, request, answer);
}

void
gst_rtc_ledger_drop_user (GstRtcLedger *ledger, const gchar *user_id)
{
  gst_rtc_ledger_drop_stream (ledger, user_id, FALSE);
  gst_rtc_ledger_drop_stream (ledger, user_id, TRUE);
}

void
gst_rtc_ledger_drop_stream (
    GstRtcLedger *ledger, const gchar *user_id, gboolean screen)
{
  guint index;

  if (find_subscription (ledger, user_id, screen, &index))
    g_ptr_array_remove_index (ledger->subscriptions, index);
}

void
gst_rtc_ledger_drop_session (GstRtcLedger *ledger, const gchar *media_session)
{
  for (guint i = 0; i < ledger->subscriptions->len; i++) {
    const Subscription *subscription =
        g_ptr_array_index (ledger->subscriptions, i);

    if (g_strcmp0 (subscription->media_session, media_session) == 0) {
      g_ptr_array_remove_index (ledger->subscriptions, i);
      return;
    }
  }
}

gboolean
gst_rtc_ledger_is_published (GstRtcLedger *ledger, gboolean screen)
{
  return get_publication (ledger, screen)->state == PUBLISHED;
}

void
gst_rtc_ledger_mark_lost (GstRtcLedger *ledger)
{
  for (guint i = 0; i < G_N_ELEMENTS (ledger->publications); i++)
    ledger->publications[i].lost = ledger->publications[i].state == PUBLISHED;
  for (guint i = 0; i < ledger->subscriptions->len; i++) {
    Subscription *subscription = g_ptr_array_index (ledger->subscriptions, i);

    subscription->lost = TRUE;
  }
}

gboolean
gst_rtc_ledger_mark_publication_lost (GstRtcLedger *ledger, gboolean screen)
{
  Publication *publication = get_publication (ledger, screen);

  publication->lost = publication->state == PUBLISHED;
  return publication->lost;
}

gboolean
gst_rtc_ledger_mark_stream_lost (
    GstRtcLedger *ledger, const gchar *media_session)
{
  for (guint i = 0; i < ledger->subscriptions->len; i++) {
    Subscription *subscription = g_ptr_array_index (ledger->subscriptions, i);

    if (g_strcmp0 (subscription->media_session, media_session) == 0) {
      subscription->lost = TRUE;
      return TRUE;
    }
  }
  return FALSE;
}

static GstRtcOptional
to_disabled (GstRtcMedia set, GstRtcMedia medium)
{
  return set & medium ? GST_RTC_TRUE : GST_RTC_UNSET;
}

static void
fill_mute (GstRtcRequest *mute, GstRtcOperation operation, GstRtcMedia muted)
{
  *mute = (GstRtcRequest){
      .operation = muted ? operation : GST_RTC_OPERATION_NONE,
      .audio = to_disabled (muted, GST_RTC_MEDIA_AUDIO),
      .video = to_disabled (muted, GST_RTC_MEDIA_VIDEO),
  };
}

gboolean
gst_rtc_ledger_get_lost_publication (GstRtcLedger *ledger, gboolean screen,
    GstRtcRequest *publish, GstRtcRequest *mute)
{
  const Publication *publication = get_publication (ledger, screen);

  if (!publication->lost || !publication->stream)
    return FALSE;
  *publish = (GstRtcRequest){
      .operation = GST_RTC_OPERATION_PUBLISH,
      .screen = screen,
      .stream = publication->stream,
  };
  fill_mute (mute, GST_RTC_OPERATION_MUTE_LOCAL, publication->muted);
  mute->screen = screen;
  return TRUE;
}

GPtrArray *
gst_rtc_ledger_list_lost_subscriptions (GstRtcLedger *ledger)
{
  GPtrArray *list =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_request_free);

  for (guint i = 0; i < ledger->subscriptions->len; i++) {
    const Subscription *subscription =
        g_ptr_array_index (ledger->subscriptions, i);
    const GstRtcRequest request = {
        .operation = GST_RTC_OPERATION_SUBSCRIBE,
        .user_id = subscription->user_id,
        .screen = subscription->screen,
        .audio = subscription->audio,
        .video = subscription->video,
    };

    if (subscription->lost)
      g_ptr_array_add (list, gst_rtc_request_copy (&request));
  }
  return list;
}

gboolean
gst_rtc_ledger_get_pause (GstRtcLedger *ledger, const gchar *user_id,
    gboolean screen, GstRtcRequest *mute)
{
  const Subscription *subscription =
      find_subscription (ledger, user_id, screen, NULL);

  if (!subscription || subscription->paused == GST_RTC_MEDIA_NONE)
    return FALSE;
  fill_mute (mute, GST_RTC_OPERATION_MUTE_REMOTE, subscription->paused);
  mute->user_id = subscription->user_id;
  mute->screen = screen;
  return TRUE;
}

static void
set_lost (GstRtcLedger *self, const GstRtcRequest *request, gboolean lost)
{
  Subscription *subscription;

  if (!has_target (request)) {
    Publication *publication = get_publication (self, request_screen (request));

    publication->lost = lost && publication->state == PUBLISHED;
    return;
  }
  subscription =
      find_subscription (self, request->user_id, request->screen, NULL);
  if (subscription)
    subscription->lost = lost;
}

void
gst_rtc_ledger_set_found (GstRtcLedger *ledger, const GstRtcRequest *request)
{
  set_lost (ledger, request, FALSE);
}

void
gst_rtc_ledger_set_lost (GstRtcLedger *ledger, const GstRtcRequest *request)
{
  set_lost (ledger, request, TRUE);
}

void
gst_rtc_ledger_remove (GstRtcLedger *ledger, const GstRtcRequest *request)
{
  if (has_target (request))
    gst_rtc_ledger_drop_stream (ledger, request->user_id, request->screen);
  else
    reset_publication (
        get_publication (ledger, request_screen (request)), IDLE);
}

const gchar *
gst_rtc_ledger_get_media_session (
    GstRtcLedger *ledger, const gchar *user_id, gboolean screen)
{
  const Subscription *subscription =
      find_subscription (ledger, user_id, screen, NULL);

  return subscription ? subscription->media_session : NULL;
}

void
gst_rtc_ledger_set_media_session (GstRtcLedger *ledger, const gchar *user_id,
    gboolean screen, const gchar *media_session)
{
  Subscription *subscription =
      find_subscription (ledger, user_id, screen, NULL);

  if (!subscription)
    return;
  g_free (subscription->media_session);
  subscription->media_session = g_strdup (media_session);
}

GstRtcMedia
gst_rtc_ledger_get_muted (GstRtcLedger *ledger, gboolean screen)
{
  return get_publication (ledger, screen)->muted;
}
