/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element rtcsrc: receives the media that others publish in a room.
 * Subscriptions belong to the worker, pads are added on the notifier. */

/**
 * SECTION:element-rtcsrc
 *
 * Receives what others publish in a room, with one sometimes pad for each
 * remote track. What is linked to a pad decides: raw media where it takes
 * that, else the encoding as it travels.
 *
 * ## Example pipeline
 * |[
 * gst-launch-1.0 rtcsrc room-id=demo ! videoconvert ! autovideosink
 * ]|
 */
#include "gstrtcsrc.h"

#include "gstrtcoptions.h"
#include "gstrtcoutputs.h"
#include "gstrtcpads.h"
#include "gstrtcsettings.h"
#include "rtcerror-private.h"

GST_DEBUG_CATEGORY_STATIC (src_debug);
#define GST_CAT_DEFAULT src_debug

#define DEFAULT_LATENCY 200
/* How often the timeline of muted media is told to go on. */
#define GAP_INTERVAL_MS 100
/* How often a stream that failed is asked for again, at most. */
#define MAX_ATTEMPTS 5

typedef enum
{
  AUTO_SUBSCRIBE_ALL,
  AUTO_SUBSCRIBE_NONE
} AutoSubscribe;

typedef enum
{
  ON_STREAM_REMOVED_EOS,
  ON_STREAM_REMOVED_WAIT
} OnStreamRemoved;

enum
{
  PROP_AUTO_SUBSCRIBE = GST_RTC_ELEMENT_FIRST_PROP,
  PROP_USER_IDS,
  PROP_LATENCY,
  PROP_ON_STREAM_REMOVED
};

enum
{
  SIGNAL_SUBSCRIBE,
  SIGNAL_UNSUBSCRIBE,
  SIGNAL_MUTE_REMOTE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

struct _GstRtcSrc
{
  GstRtcElement parent;

  /* Under the object lock. */
  AutoSubscribe auto_subscribe;
  gchar **user_ids;
  guint latency;
  OnStreamRemoved on_stream_removed;
  /* (element-type GstRtcSubscription) snapshot for the statistics */
  GPtrArray *known;

  GstRtcOutputs *outputs; /* any thread */

  /* Worker only. */
  GHashTable *subscriptions; /* key of (user, screen) -> subscription */
  GHashTable *requested;     /* set of keys: asked for, not answered */
  GHashTable *broken_off;    /* set of keys: could not be asked for */
  GHashTable *declined;      /* set of keys: unsubscribed by an action */
  guint next_pad[2];         /* audio, video */
  GSource *gap_timer;        /* while some media is muted or paused */
};

G_DEFINE_TYPE (GstRtcSrc, gst_rtc_src, GST_RTC_TYPE_ELEMENT)

static GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE ("video_%u", GST_PAD_SRC, GST_PAD_SOMETIMES,
        GST_STATIC_CAPS ("video/x-raw; video/x-vp8; video/x-vp9; video/x-h264; "
                         "video/x-av1"));
static GstStaticPadTemplate audio_template =
    GST_STATIC_PAD_TEMPLATE ("audio_%u", GST_PAD_SRC, GST_PAD_SOMETIMES,
        GST_STATIC_CAPS ("audio/x-raw; audio/x-opus; audio/x-mulaw; "
                         "audio/x-alaw"));

static GType
auto_subscribe_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
      {AUTO_SUBSCRIBE_ALL, "Every stream, or those of user-ids", "all"},
      {AUTO_SUBSCRIBE_NONE, "Only by the action subscribe", "none"},
      {0, NULL, NULL},
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstRtcAutoSubscribe", values);
    g_once_init_leave (&type, registered);
  }
  return type;
}

static GType
on_stream_removed_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
      {ON_STREAM_REMOVED_EOS, "Send EOS and remove the pad", "eos"},
      {ON_STREAM_REMOVED_WAIT, "Keep the pad until the stream is back", "wait"},
      {0, NULL, NULL},
  };

  if (g_once_init_enter (&type)) {
    GType registered = g_enum_register_static ("GstRtcOnStreamRemoved", values);
    g_once_init_leave (&type, registered);
  }
  return type;
}

/* --- outputs --- */

static void
attach_output (GstRtcElement *element, gpointer data)
{
  GstRtcOutput *output = data;

  if (!gst_rtc_output_attach (output, GST_ELEMENT (element)))
    return;
  gst_element_post_message (
      GST_ELEMENT (element), gst_message_new_latency (GST_OBJECT (element)));
}

static void
remove_output (GstRtcElement *element, gpointer data)
{
  gst_rtc_outputs_remove (GST_RTC_SRC (element)->outputs, data);
}

static GstRtcOutput *
on_new_output (GstRtcSubscription *subscription, GstRtcMedia medium,
    const GstRtcOutputListener *listener, gpointer user_data)
{
  GstRtcSrc *self = user_data;
  const gchar *nick = gst_rtc_medium_get_nick (medium);
  const gchar *user_id = gst_rtc_subscription_get_user_id (subscription);
  gboolean screen = gst_rtc_subscription_get_screen (subscription);
  g_autoptr (GstRtcConfig) config =
      gst_rtc_element_ref_config (GST_RTC_ELEMENT (self));
  g_autofree gchar *template_name = g_strconcat (nick, "_%u", NULL);
  g_autofree gchar *pad_name = g_strdup_printf (
      "%s_%u", nick, self->next_pad[medium == GST_RTC_MEDIA_VIDEO]++);
  g_autofree gchar *stream_id = g_strdup_printf ("rtc/%s/%s/%s/%s",
      gst_rtc_config_get_values (config)->room_id, user_id,
      gst_rtc_stream_get_nick (screen), nick);
  GstRtcOutputInfo info = {.medium = medium,
      .pad_name = pad_name,
      .template = gst_element_class_get_pad_template (
          GST_ELEMENT_GET_CLASS (self), template_name),
      .stream_id = stream_id,
      .group_id = gst_rtc_subscription_get_group_id (subscription),
      .user_id = user_id,
      .screen = screen};
  GstRtcOutput *output;

  GST_OBJECT_LOCK (self);
  info.latency = self->latency;
  GST_OBJECT_UNLOCK (self);
  output = gst_rtc_output_new (&info, listener, subscription);
  gst_rtc_output_set_muted (
      output, (gst_rtc_subscription_get_muted (subscription) & medium) != 0);
  if (gst_rtc_outputs_add (self->outputs, output, subscription)) {
    gst_rtc_element_notify (GST_RTC_ELEMENT (self), attach_output,
        gst_object_ref (output), gst_object_unref);
  }
  return output;
}

static void
on_output_ended (
    GstRtcSubscription *subscription, GstRtcOutput *output, gpointer user_data)
{
  gst_rtc_element_notify (GST_RTC_ELEMENT (user_data), remove_output,
      gst_object_ref (output), gst_object_unref);
}

/* --- subscriptions, on the worker --- */

static gchar *
make_key (const gchar *user_id, gboolean screen)
{
  return g_strdup_printf ("%s/%s", user_id, gst_rtc_stream_get_nick (screen));
}

static GstRtcSubscription *
find_subscription (GstRtcSrc *self, const gchar *user_id, gboolean screen)
{
  g_autofree gchar *key = make_key (user_id, screen);

  return g_hash_table_lookup (self->subscriptions, key);
}

static GstRtcSubscription *
find_media_session (GstRtcSrc *self, const gchar *media_session)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (g_strcmp0 (
            gst_rtc_subscription_get_media_session (value), media_session) == 0)
      return value;
  }
  return NULL;
}

/* --- muted media --- */

typedef struct
{
  GstRtcOutput *output;
  gboolean muted;
} MutedNotice;

static void
free_muted_notice (gpointer data)
{
  MutedNotice *notice = data;

  gst_object_unref (notice->output);
  g_free (notice);
}

static void
show_muted (GstRtcElement *element, gpointer data)
{
  MutedNotice *notice = data;

  gst_rtc_output_set_muted (notice->output, notice->muted);
}

static gboolean
on_gap_timer (gpointer user_data)
{
  GstRtcSrc *self = user_data;
  GHashTableIter iter;
  gboolean needed = FALSE;
  gpointer value;

  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    needed |= gst_rtc_subscription_fill_gaps (value);
  if (needed)
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->gap_timer, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
start_gap_timer (GstRtcSrc *self)
{
  g_autoptr (GstRtcWorker) worker =
      gst_rtc_element_ref_worker (GST_RTC_ELEMENT (self));

  if (self->gap_timer)
    return;
  self->gap_timer = g_timeout_source_new (GAP_INTERVAL_MS);
  g_source_set_static_name (self->gap_timer, "rtc gaps");
  g_source_set_callback (self->gap_timer, on_gap_timer, self, NULL);
  g_source_attach (self->gap_timer, gst_rtc_worker_get_context (worker));
}

static void
stop_gap_timer (GstRtcSrc *self)
{
  if (!self->gap_timer)
    return;
  g_source_destroy (self->gap_timer);
  g_clear_pointer (&self->gap_timer, g_source_unref);
}

/* Shows on the pads what the publisher has disabled. */
static void
update_muted (GstRtcSrc *self, const gchar *user_id, const GstRtcStream *stream)
{
  const GstRtcMedia media[] = {GST_RTC_MEDIA_AUDIO, GST_RTC_MEDIA_VIDEO};
  GstRtcSubscription *subscription =
      stream ? find_subscription (self, user_id, stream->screen) : NULL;

  if (!subscription)
    return;
  gst_rtc_subscription_set_muted (subscription, stream->muted);
  start_gap_timer (self);
  for (guint i = 0; i < G_N_ELEMENTS (media); i++) {
    GstRtcOutput *output =
        gst_rtc_subscription_get_output (subscription, media[i]);
    MutedNotice *notice;

    if (!output)
      continue;
    notice = g_new (MutedNotice, 1);
    *notice = (MutedNotice){.output = gst_object_ref (output),
        .muted = (stream->muted & media[i]) != 0};
    gst_rtc_element_notify (
        GST_RTC_ELEMENT (self), show_muted, notice, free_muted_notice);
  }
}

/* --- the life of subscriptions --- */

static void
update_known (GstRtcSrc *self)
{
  GPtrArray *known = g_ptr_array_new_with_free_func (
      (GDestroyNotify)gst_rtc_subscription_unref);
  GPtrArray *old;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (known, gst_rtc_subscription_ref (value));

  GST_OBJECT_LOCK (self);
  old = self->known;
  self->known = known;
  GST_OBJECT_UNLOCK (self);
  g_ptr_array_unref (old);
}

/* The stream has gone; the pads end or wait, as the application chose. */
static void
lose_stream (GstRtcSrc *self, GstRtcSubscription *subscription)
{
  g_autofree gchar *key =
      make_key (gst_rtc_subscription_get_user_id (subscription),
          gst_rtc_subscription_get_screen (subscription));
  gboolean wait;

  GST_OBJECT_LOCK (self);
  wait = self->on_stream_removed == ON_STREAM_REMOVED_WAIT;
  GST_OBJECT_UNLOCK (self);

  gst_rtc_subscription_close (subscription);
  if (wait)
    return;
  gst_rtc_subscription_end_outputs (subscription);
  g_hash_table_remove (self->subscriptions, key);
  update_known (self);
}

static void
post_stream_failed (
    GstRtcSrc *self, GstRtcSubscription *subscription, const gchar *reason)
{
  gst_rtc_element_post_fact (GST_RTC_ELEMENT (self),
      gst_structure_new ("rtc-stream-failed", "user-id", G_TYPE_STRING,
          gst_rtc_subscription_get_user_id (subscription), "screen",
          G_TYPE_BOOLEAN, gst_rtc_subscription_get_screen (subscription),
          "reason", G_TYPE_STRING, reason, NULL));
}

/* One remote stream lost; the element goes on. */
static void
tell_failure (
    GstRtcSrc *self, GstRtcSubscription *subscription, const GError *error)
{
  post_stream_failed (self, subscription, error->message);
  gst_rtc_element_post_failure (GST_RTC_ELEMENT (self), GST_MESSAGE_WARNING,
      error, GST_RTC_OPERATION_SUBSCRIBE,
      gst_rtc_subscription_get_user_id (subscription),
      gst_rtc_failure_stream (gst_rtc_subscription_get_screen (subscription)));
}

static void
fail_stream (
    GstRtcSrc *self, GstRtcSubscription *subscription, const GError *error)
{
  tell_failure (self, subscription, error);
  lose_stream (self, subscription);
}

/* --- streams that failed are asked for again --- */

static void on_asked_again (GstRtcElement *element,
    const GstRtcRequest *request, const GstRtcAnswer *answer,
    const GError *error);

/* What the application chose to receive of it is chosen again. */
static void
ask_again (GstRtcSrc *self, GstRtcSubscription *subscription)
{
  GstRtcMedia wanted = gst_rtc_subscription_get_wanted (subscription);
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_SUBSCRIBE,
      .user_id = gst_rtc_subscription_get_user_id (subscription),
      .screen = gst_rtc_subscription_get_screen (subscription),
      .audio = wanted & GST_RTC_MEDIA_AUDIO ? GST_RTC_UNSET : GST_RTC_FALSE,
      .video = wanted & GST_RTC_MEDIA_VIDEO ? GST_RTC_UNSET : GST_RTC_FALSE};

  gst_rtc_element_call_start (
      GST_RTC_ELEMENT (self), gst_rtc_element_call_new (&request,
                                  GST_MESSAGE_UNKNOWN, NULL, on_asked_again));
}

/* A stream and the element that receives it. */
typedef struct
{
  GstRtcSrc *self; /* borrowed: it closes its subscriptions first */
  GstRtcSubscription *subscription;
} Retry;

static gboolean
on_retry_due (gpointer user_data)
{
  Retry *retry = user_data;

  ask_again (retry->self, retry->subscription);
  return G_SOURCE_REMOVE;
}

/* FALSE when it was tried often enough, or is not to be tried. */
static gboolean
retry_stream (GstRtcSrc *self, GstRtcSubscription *subscription)
{
  g_autoptr (GstRtcConfig) config =
      gst_rtc_element_ref_config (GST_RTC_ELEMENT (self));
  g_autoptr (GstRtcWorker) worker =
      gst_rtc_element_ref_worker (GST_RTC_ELEMENT (self));
  const GstRtcConfigValues *values = gst_rtc_config_get_values (config);
  gint delay = gst_rtc_subscription_next_attempt (subscription,
      MIN (values->reconnect_attempts, MAX_ATTEMPTS), values->reconnect_delay);
  GSource *timer;
  Retry *retry;

  if (delay < 0 || !worker)
    return FALSE;
  retry = g_new (Retry, 1);
  *retry = (Retry){.self = self, .subscription = subscription};
  timer = g_timeout_source_new ((guint)delay);
  g_source_set_static_name (timer, "rtc stream again");
  g_source_set_callback (timer, on_retry_due, retry, g_free);
  g_source_attach (timer, gst_rtc_worker_get_context (worker));
  gst_rtc_subscription_take_timer (subscription, timer);
  return TRUE;
}

static gboolean
is_published (GstRtcSrc *self, GstRtcSubscription *subscription)
{
  return gst_rtc_roster_get_stream (
             gst_rtc_room_client_get_roster (
                 gst_rtc_element_get_client (GST_RTC_ELEMENT (self))),
             gst_rtc_subscription_get_user_id (subscription),
             gst_rtc_subscription_get_screen (subscription)) != NULL;
}

/* The media session is lost and the stream is there: another session comes
 * in its place, behind the same pads. One warning for all the attempts.
 * @restored: the room client asks for it */
static void
recover_stream (GstRtcSrc *self, GstRtcSubscription *subscription,
    const GError *error, gboolean restored)
{
  gboolean first = gst_rtc_subscription_is_first_attempt (subscription);

  if (!is_published (self, subscription) ||
      !gst_rtc_error_get_retryable (error)) {
    fail_stream (self, subscription, error);
    return;
  }
  if (first)
    tell_failure (self, subscription, error);
  gst_rtc_subscription_suspend (subscription);
  if (restored || retry_stream (self, subscription))
    return;
  if (!first)
    post_stream_failed (self, subscription, "given up");
  lose_stream (self, subscription);
}

static void
on_asked_again (GstRtcElement *element, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  GstRtcSubscription *subscription =
      find_subscription (self, request->user_id, request->screen);
  GstRtcMedia paused;
  GstRtcRequest mute = *request;

  if (!subscription || !gst_rtc_subscription_get_media_session (subscription))
    return;
  if (gst_rtc_element_is_broken_off (error)) {
    g_hash_table_add (
        self->broken_off, make_key (request->user_id, request->screen));
    return;
  }
  if (error) {
    recover_stream (self, subscription, error, FALSE);
    return;
  }

  paused = gst_rtc_subscription_get_paused (subscription);
  if (paused == GST_RTC_MEDIA_NONE)
    return;
  mute.operation = GST_RTC_OPERATION_MUTE_REMOTE;
  mute.audio = paused & GST_RTC_MEDIA_AUDIO ? GST_RTC_TRUE : GST_RTC_UNSET;
  mute.video = paused & GST_RTC_MEDIA_VIDEO ? GST_RTC_TRUE : GST_RTC_UNSET;
  gst_rtc_element_call_start (element,
      gst_rtc_element_call_new (&mute, GST_MESSAGE_WARNING, NULL, NULL));
}

static void
on_subscription_connected (
    GstRtcSubscription *subscription, gboolean restarted, gpointer user_data)
{
  const gchar *user_id = gst_rtc_subscription_get_user_id (subscription);

  GST_INFO_OBJECT (user_data, "media of %s flows", user_id);
  if (!restarted)
    return;
  gst_rtc_element_post_fact (GST_RTC_ELEMENT (user_data),
      gst_structure_new ("rtc-stream-restarted", "user-id", G_TYPE_STRING,
          user_id, "screen", G_TYPE_BOOLEAN,
          gst_rtc_subscription_get_screen (subscription), NULL));
}

static void
on_subscription_failed (
    GstRtcSubscription *subscription, const GError *error, gpointer user_data)
{
  GstRtcSrc *self = user_data;
  g_autoptr (GstRtcSubscription) kept = gst_rtc_subscription_ref (subscription);
  gboolean restored = gst_rtc_room_client_close_media (
      gst_rtc_element_get_client (GST_RTC_ELEMENT (self)),
      gst_rtc_subscription_get_media_session (kept), error->message);

  recover_stream (self, kept, error, restored);
}

static const GstRtcSubscriptionListener subscription_listener = {
    .new_output = on_new_output,
    .output_ended = on_output_ended,
    .connected = on_subscription_connected,
    .failed = on_subscription_failed,
};

/* Each by a transport that runs by the new clock, behind the same pads. */
static void
gst_rtc_src_clock_changed (GstRtcElement *element, GstClock *clock)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  g_autoptr (GPtrArray) known = NULL;

  GST_OBJECT_LOCK (self);
  known = g_ptr_array_ref (self->known);
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < known->len; i++) {
    GstRtcSubscription *subscription = g_ptr_array_index (known, i);

    if (gst_rtc_subscription_runs_by (subscription, clock))
      continue;
    gst_rtc_room_client_close_media (gst_rtc_element_get_client (element),
        gst_rtc_subscription_get_media_session (subscription), NULL);
    gst_rtc_subscription_suspend (subscription);
    ask_again (self, subscription);
  }
}

static GstRtcSubscription *
ensure_subscription (GstRtcSrc *self, const gchar *user_id, gboolean screen)
{
  GstRtcSubscription *subscription = find_subscription (self, user_id, screen);

  if (subscription)
    return subscription;
  subscription = gst_rtc_subscription_new (
      GST_RTC_ELEMENT (self), user_id, screen, &subscription_listener, self);
  g_hash_table_insert (
      self->subscriptions, make_key (user_id, screen), subscription);
  update_known (self);
  return subscription;
}

static void
open_media (GstRtcSrc *self, const GstRtcEvent *event)
{
  GstRtcSubscription *subscription =
      ensure_subscription (self, event->user_id, event->screen);
  g_autoptr (GError) error = NULL;
  guint latency;

  if (g_strcmp0 (gst_rtc_subscription_get_media_session (subscription),
          event->media_session) == 0)
    return;

  GST_OBJECT_LOCK (self);
  latency = self->latency;
  GST_OBJECT_UNLOCK (self);
  if (!gst_rtc_subscription_open (
          subscription, event->media_session, latency, &error)) {
    on_subscription_failed (subscription, error, self);
    return;
  }
  update_muted (self, event->user_id,
      gst_rtc_roster_get_stream (
          gst_rtc_room_client_get_roster (
              gst_rtc_element_get_client (GST_RTC_ELEMENT (self))),
          event->user_id, event->screen));
}

static GstRtcMedia
wanted_media (const GstRtcRequest *request)
{
  return (gst_rtc_optional_get (request->audio, TRUE) ? GST_RTC_MEDIA_AUDIO
                                                      : 0) |
         (gst_rtc_optional_get (request->video, TRUE) ? GST_RTC_MEDIA_VIDEO
                                                      : 0);
}

static void
on_subscribed (GstRtcElement *element, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  g_autofree gchar *key = make_key (request->user_id, request->screen);

  g_hash_table_remove (self->requested, key);
  if (!error) {
    g_hash_table_remove (self->declined, key);
    gst_rtc_subscription_set_wanted (
        ensure_subscription (self, request->user_id, request->screen),
        wanted_media (request));
  }
  if (error) {
    GST_INFO_OBJECT (
        element, "no subscription to %s: %s", request->user_id, error->message);
  }
}

static void
on_auto_subscribed (GstRtcElement *element, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  if (gst_rtc_element_is_broken_off (error))
    g_hash_table_add (GST_RTC_SRC (element)->broken_off,
        make_key (request->user_id, request->screen));
  on_subscribed (element, request, answer, error);
}

/* An id that nobody can have would be waited for in vain. */
static gboolean
gst_rtc_src_check_settings (GstRtcElement *element, GError **error)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  g_autofree gchar *fault = NULL;

  GST_OBJECT_LOCK (self);
  for (guint i = 0; self->user_ids && self->user_ids[i] && !fault; i++)
    gst_rtc_id_is_valid (self->user_ids[i], &fault);
  GST_OBJECT_UNLOCK (self);
  if (!fault)
    return TRUE;
  return gst_rtc_error_set (
      error, GST_RTC_ERROR_INVALID_PARAMS, 0, "user-ids: %s", fault);
}

static gboolean
wants_user (GstRtcSrc *self, const gchar *user_id)
{
  gboolean wants;

  GST_OBJECT_LOCK (self);
  wants = self->auto_subscribe == AUTO_SUBSCRIBE_ALL &&
          (!self->user_ids || !self->user_ids[0] ||
              g_strv_contains ((const gchar *const *)self->user_ids, user_id));
  GST_OBJECT_UNLOCK (self);
  return wants;
}

static void
auto_subscribe (GstRtcSrc *self, const gchar *user_id, gboolean screen)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_SUBSCRIBE,
      .user_id = user_id,
      .screen = screen};
  GstRtcSubscription *subscription = find_subscription (self, user_id, screen);
  g_autofree gchar *key = make_key (user_id, screen);
  GstRtcElementCall *call;

  if (!gst_rtc_element_is_active (GST_RTC_ELEMENT (self)) ||
      !wants_user (self, user_id))
    return;
  if (subscription && gst_rtc_subscription_get_media_session (subscription))
    return;
  if (g_hash_table_contains (self->declined, key))
    return;
  if (!g_hash_table_add (self->requested, g_steal_pointer (&key)))
    return;
  call = gst_rtc_element_call_new (
      &request, GST_MESSAGE_WARNING, NULL, on_auto_subscribed);
  gst_rtc_element_call_set_automatic (call);
  gst_rtc_element_call_start (GST_RTC_ELEMENT (self), call);
}

static void
gst_rtc_src_activate (GstRtcElement *element)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  GstRtcRoster *roster =
      gst_rtc_room_client_get_roster (gst_rtc_element_get_client (element));
  g_autoptr (GPtrArray) users = gst_rtc_roster_get_users (roster);

  for (guint i = 0; i < users->len; i++) {
    const gchar *user_id = g_ptr_array_index (users, i);

    for (gint screen = FALSE; screen <= TRUE; screen++) {
      const GstRtcStream *stream =
          gst_rtc_roster_get_stream (roster, user_id, screen);

      if (stream && gst_rtc_stream_get_enabled (stream))
        auto_subscribe (self, user_id, screen);
    }
  }
}

/* Subscriptions that stood are seen to by the room client. */
static void
gst_rtc_src_returned (GstRtcElement *element)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  g_autoptr (GHashTable) keys = g_steal_pointer (&self->broken_off);
  GHashTableIter iter;
  gpointer key;

  self->broken_off =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_iter_init (&iter, keys);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    GstRtcSubscription *subscription =
        g_hash_table_lookup (self->subscriptions, key);
    gchar *slash = strrchr (key, '/');
    gboolean screen = g_str_equal (slash + 1, gst_rtc_stream_get_nick (TRUE));

    *slash = '\0';
    if (subscription && gst_rtc_subscription_get_media_session (subscription))
      ask_again (self, subscription);
    else if (gst_rtc_roster_get_stream (
                 gst_rtc_room_client_get_roster (
                     gst_rtc_element_get_client (element)),
                 key, screen))
      auto_subscribe (self, key, screen);
  }
}

/* --- what the room tells --- */

static void
remove_stream (GstRtcSrc *self, const GstRtcEvent *event)
{
  gboolean screen = event->stream ? event->stream->screen : event->screen;
  GstRtcSubscription *subscription =
      find_subscription (self, event->user_id, screen);

  /* Muting everything is told as a removal, but the stream goes on. */
  if (g_strcmp0 (event->reason, "muted") == 0)
    update_muted (self, event->user_id, event->stream);
  else if (subscription)
    lose_stream (self, subscription);
}

/* What the application has unsubscribed is wanted again when it is another
 * stream, not when this one comes back from being muted altogether. */
static void
add_stream (GstRtcSrc *self, const GstRtcEvent *event)
{
  const gboolean screen = event->stream->screen;
  g_autofree gchar *key = make_key (event->user_id, screen);

  if (g_strcmp0 (event->reason, "unmuted") != 0)
    g_hash_table_remove (self->declined, key);
  update_muted (self, event->user_id, event->stream);
  auto_subscribe (self, event->user_id, screen);
}

static void
close_media (GstRtcSrc *self, const GstRtcEvent *event)
{
  GstRtcSubscription *subscription =
      find_media_session (self, event->media_session);
  g_autoptr (GError) error = NULL;

  if (!subscription)
    return;
  if (event->error) {
    recover_stream (self, subscription, event->error, FALSE);
  } else if (gst_rtc_room_client_is_in_room (
                 gst_rtc_element_get_client (GST_RTC_ELEMENT (self))) &&
             is_published (self, subscription)) {
    error = gst_rtc_error_new (GST_RTC_ERROR_SUBSCRIBE_FAILED, 0,
        "the media connection was ended: %s",
        event->reason ? event->reason : "no reason is given");
    recover_stream (self, subscription, error, FALSE);
  } else {
    lose_stream (self, subscription);
  }
}

static void
gst_rtc_src_room_event (GstRtcElement *element, const GstRtcEvent *event)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  GstRtcSubscription *subscription =
      event->media_session ? find_media_session (self, event->media_session)
                           : NULL;

  switch (event->type) {
    case GST_RTC_EVENT_STREAM_ADDED:
      add_stream (self, event);
      break;
    case GST_RTC_EVENT_STREAM_REMOVED:
      remove_stream (self, event);
      break;
    case GST_RTC_EVENT_MUTE_AUDIO:
    case GST_RTC_EVENT_UNMUTE_AUDIO:
    case GST_RTC_EVENT_MUTE_VIDEO:
    case GST_RTC_EVENT_UNMUTE_VIDEO:
      update_muted (self, event->user_id, event->stream);
      break;
    case GST_RTC_EVENT_MEDIA_OPENED:
      if (!event->sends)
        open_media (self, event);
      break;
    case GST_RTC_EVENT_MEDIA_DESCRIPTION:
      if (subscription)
        gst_rtc_subscription_set_offer (subscription, event->sdp);
      break;
    case GST_RTC_EVENT_MEDIA_CANDIDATE:
      if (subscription)
        gst_rtc_subscription_add_candidate (
            subscription, event->mline, event->candidate);
      break;
    case GST_RTC_EVENT_MEDIA_CLOSED:
      close_media (self, event);
      break;
    case GST_RTC_EVENT_MEDIA_TROUBLE:
      if (subscription) {
        gst_rtc_element_post_failure (element, GST_MESSAGE_WARNING,
            event->error, GST_RTC_OPERATION_SUBSCRIBE, event->user_id,
            gst_rtc_failure_stream (event->screen));
      }
      break;
    default:
      break;
  }
}

static void
gst_rtc_src_reset (GstRtcElement *element)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    gst_rtc_subscription_close (value);
  g_hash_table_remove_all (self->subscriptions);
  g_hash_table_remove_all (self->requested);
  g_hash_table_remove_all (self->broken_off);
  g_hash_table_remove_all (self->declined);
  stop_gap_timer (self);
  update_known (self);
}

/* --- failures of outputs --- */

typedef struct
{
  GstRtcSubscription *subscription;
  GError *error;
} OutputFailure;

static void
free_output_failure (gpointer data)
{
  OutputFailure *failure = data;

  gst_rtc_subscription_unref (failure->subscription);
  g_error_free (failure->error);
  g_free (failure);
}

static void
fail_output_job (GstRtcElement *element, gpointer data)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  OutputFailure *failure = data;
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_UNSUBSCRIBE,
      .user_id = gst_rtc_subscription_get_user_id (failure->subscription),
      .screen = gst_rtc_subscription_get_screen (failure->subscription)};

  /* Several elements of one chain may complain of the same fault. */
  if (find_subscription (self, request.user_id, request.screen) !=
          failure->subscription ||
      !gst_rtc_subscription_get_media_session (failure->subscription))
    return;
  gst_rtc_element_call_start (element,
      gst_rtc_element_call_new (&request, GST_MESSAGE_UNKNOWN, NULL, NULL));
  fail_stream (self, failure->subscription, failure->error);
}

static void
gst_rtc_src_child_failed (GstRtcElement *element, GstObject *child,
    GstObject *source, const GError *error)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  GstRtcSubscription *subscription =
      gst_rtc_outputs_find (self->outputs, child);
  OutputFailure *failure;

  if (!subscription)
    return;
  failure = g_new (OutputFailure, 1);
  *failure = (OutputFailure){.subscription = subscription,
      .error = gst_rtc_error_new (GST_RTC_ERROR_SUBSCRIBE_FAILED, 0, "%s: %s",
          GST_OBJECT_NAME (source), error->message)};
  gst_rtc_element_invoke (
      element, fail_output_job, failure, free_output_failure);
}

/* --- actions --- */

static void
start_action (GstRtcSrc *self, GstRtcOperation operation, const gchar *user_id,
    const GstStructure *options, GstPromise *promise, GstRtcElementDone done)
{
  GstRtcRequest request = {.operation = operation, .user_id = user_id};
  g_autoptr (GError) error = NULL;
  gboolean valid = gst_rtc_options_parse (options, &request, &error);
  GstRtcElementCall *call = gst_rtc_element_call_new (
      &request, GST_MESSAGE_WARNING, promise, valid ? done : NULL);

  if (valid)
    gst_rtc_element_call_start (GST_RTC_ELEMENT (self), call);
  else
    gst_rtc_element_call_fail (GST_RTC_ELEMENT (self), call, error);
}

static void
on_unsubscribed (GstRtcElement *element, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  GstRtcSubscription *subscription =
      find_subscription (self, request->user_id, request->screen);

  if (error)
    return;
  g_hash_table_add (
      self->declined, make_key (request->user_id, request->screen));
  if (subscription)
    lose_stream (self, subscription);
}

static void
set_paused (GstRtcOptional value, GstRtcMedia medium, GstRtcMedia *paused)
{
  if (value == GST_RTC_TRUE)
    *paused |= medium;
  else if (value == GST_RTC_FALSE)
    *paused &= ~medium;
}

static void
on_remote_muted (GstRtcElement *element, const GstRtcRequest *request,
    const GstRtcAnswer *answer, const GError *error)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  GstRtcSubscription *subscription =
      error ? NULL
            : find_subscription (self, request->user_id, request->screen);
  GstRtcMedia paused;

  if (!subscription)
    return;
  paused = gst_rtc_subscription_get_paused (subscription);
  set_paused (request->audio, GST_RTC_MEDIA_AUDIO, &paused);
  set_paused (request->video, GST_RTC_MEDIA_VIDEO, &paused);
  gst_rtc_subscription_set_paused (subscription, paused);
  start_gap_timer (self);
}

static void
action_subscribe (GstRtcSrc *self, const gchar *user_id,
    const GstStructure *options, GstPromise *promise)
{
  start_action (self, GST_RTC_OPERATION_SUBSCRIBE, user_id, options, promise,
      on_subscribed);
}

static void
action_unsubscribe (GstRtcSrc *self, const gchar *user_id,
    const GstStructure *options, GstPromise *promise)
{
  start_action (self, GST_RTC_OPERATION_UNSUBSCRIBE, user_id, options, promise,
      on_unsubscribed);
}

static void
action_mute_remote (GstRtcSrc *self, const gchar *user_id,
    const GstStructure *options, GstPromise *promise)
{
  start_action (self, GST_RTC_OPERATION_MUTE_REMOTE, user_id, options, promise,
      on_remote_muted);
}

/* --- statistics --- */

static GstStructure *
gst_rtc_src_get_stats (GstRtcElement *element)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  GstStructure *stats = gst_structure_new_empty ("rtc-src-stats");
  g_autoptr (GPtrArray) known = NULL;
  GValue list = G_VALUE_INIT;

  GST_OBJECT_LOCK (self);
  known = g_ptr_array_ref (self->known);
  GST_OBJECT_UNLOCK (self);

  g_value_init (&list, GST_TYPE_LIST);
  for (guint i = 0; i < known->len; i++) {
    GstStructure *peer =
        gst_rtc_subscription_get_stats (g_ptr_array_index (known, i));
    g_auto (GValue) value = G_VALUE_INIT;

    if (!peer)
      continue;
    g_value_init (&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&value, peer);
    gst_value_list_append_value (&list, &value);
  }
  gst_structure_take_value (stats, "peers", &list);
  return stats;
}

/* --- GstElement --- */

static GstStateChangeReturn
gst_rtc_src_change_state (GstElement *element, GstStateChange transition)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    gst_rtc_outputs_open (self->outputs);

  ret = GST_ELEMENT_CLASS (gst_rtc_src_parent_class)
            ->change_state (element, transition);
  if (ret == GST_STATE_CHANGE_FAILURE)
    return ret;

  /* A bin without a pad yet would hang the pipeline in preroll; outputs on
   * their way out must not give their last return for the bin's. */
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED ||
      transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    ret = GST_STATE_CHANGE_NO_PREROLL;
  else if (ret == GST_STATE_CHANGE_NO_PREROLL)
    ret = GST_STATE_CHANGE_SUCCESS;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    gst_rtc_outputs_close (self->outputs);
    gst_rtc_element_wait_for_callback (GST_RTC_ELEMENT (self));
  }
  return ret;
}

/* Live with the latency of the jitter buffer, also before there is a pad. */
static gboolean
gst_rtc_src_query (GstElement *element, GstQuery *query)
{
  GstRtcSrc *self = GST_RTC_SRC (element);
  guint latency;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return GST_ELEMENT_CLASS (gst_rtc_src_parent_class)->query (element, query);

  GST_OBJECT_LOCK (self);
  latency = self->latency;
  GST_OBJECT_UNLOCK (self);
  gst_query_set_latency (
      query, TRUE, latency * GST_MSECOND, GST_CLOCK_TIME_NONE);
  return TRUE;
}

/* --- GObject --- */

static void
gst_rtc_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRtcSrc *self = GST_RTC_SRC (object);

  if (id < GST_RTC_ELEMENT_FIRST_PROP) {
    G_OBJECT_CLASS (gst_rtc_src_parent_class)
        ->set_property (object, id, value, pspec);
    return;
  }

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_AUTO_SUBSCRIBE:
      self->auto_subscribe = g_value_get_enum (value);
      break;
    case PROP_USER_IDS:
      g_strfreev (self->user_ids);
      self->user_ids = gst_rtc_array_to_strv (value);
      break;
    case PROP_LATENCY:
      self->latency = g_value_get_uint (value);
      break;
    case PROP_ON_STREAM_REMOVED:
      self->on_stream_removed = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rtc_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRtcSrc *self = GST_RTC_SRC (object);

  if (id < GST_RTC_ELEMENT_FIRST_PROP) {
    G_OBJECT_CLASS (gst_rtc_src_parent_class)
        ->get_property (object, id, value, pspec);
    return;
  }

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_AUTO_SUBSCRIBE:
      g_value_set_enum (value, self->auto_subscribe);
      break;
    case PROP_USER_IDS:
      gst_rtc_strv_to_array ((const gchar *const *)self->user_ids, value);
      break;
    case PROP_LATENCY:
      g_value_set_uint (value, self->latency);
      break;
    case PROP_ON_STREAM_REMOVED:
      g_value_set_enum (value, self->on_stream_removed);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rtc_src_finalize (GObject *object)
{
  GstRtcSrc *self = GST_RTC_SRC (object);

  g_strfreev (self->user_ids);
  gst_rtc_outputs_free (self->outputs);
  g_ptr_array_unref (self->known);
  g_hash_table_unref (self->subscriptions);
  g_hash_table_unref (self->requested);
  g_hash_table_unref (self->broken_off);
  g_hash_table_unref (self->declined);
  G_OBJECT_CLASS (gst_rtc_src_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  g_object_class_install_property (klass, PROP_AUTO_SUBSCRIBE,
      g_param_spec_enum ("auto-subscribe", "Subscribe automatically",
          "What to receive without being asked, in PLAYING",
          auto_subscribe_get_type (), AUTO_SUBSCRIBE_ALL,
          flags | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (klass, PROP_USER_IDS,
      gst_param_spec_array ("user-ids", "User ids",
          "Receive from these users only, who are waited for when absent; "
          "from everybody when empty",
          g_param_spec_string ("user-id", "User id", "One of them", NULL,
              flags | GST_PARAM_MUTABLE_READY),
          flags | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (klass, PROP_LATENCY,
      g_param_spec_uint ("latency", "Latency",
          "Jitter that is evened out, in ms; the least latency of the "
          "element. Read when a stream is subscribed",
          0, 10000, DEFAULT_LATENCY, flags | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (klass, PROP_ON_STREAM_REMOVED,
      g_param_spec_enum ("on-stream-removed", "When a stream is removed",
          "What becomes of the pads of a stream that ended; muting never "
          "ends a pad",
          on_stream_removed_get_type (), ON_STREAM_REMOVED_EOS,
          flags | GST_PARAM_MUTABLE_PLAYING));
}

static guint
new_stream_action (GType type, const gchar *name, GCallback callback)
{
  return g_signal_new_class_handler (name, type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, callback, NULL, NULL, NULL,
      G_TYPE_NONE, 3, G_TYPE_STRING, GST_TYPE_STRUCTURE, GST_TYPE_PROMISE);
}

static void
install_signals (GType type)
{
  /**
   * GstRtcSrc::subscribe:
   * @user_id: whose stream
   * @options: (nullable): `audio`, `video` (wanted, default true), `screen`
   * @promise: (nullable): answered when the server has answered
   *
   * Receives a stream; a second call changes the options. Errors: 100001,
   * 100002, 100007, 200001, 300001, 300009, 300010, 500001. Any thread,
   * never blocks.
   */
  signals[SIGNAL_SUBSCRIBE] =
      new_stream_action (type, "subscribe", G_CALLBACK (action_subscribe));

  /**
   * GstRtcSrc::unsubscribe:
   * @user_id: whose stream
   * @options: (nullable): `screen`
   * @promise: (nullable): answered when the server has answered
   *
   * Ends a subscription. Errors: 100001, 100002, 100007, 200001, 300002,
   * 300009, 300010, 500001. Any thread, never blocks.
   */
  signals[SIGNAL_UNSUBSCRIBE] =
      new_stream_action (type, "unsubscribe", G_CALLBACK (action_unsubscribe));

  /**
   * GstRtcSrc::mute-remote:
   * @user_id: whose stream
   * @options: `audio`, `video` (true pauses, absent stays), `screen`
   * @promise: (nullable): answered when the server has answered
   *
   * Pauses or resumes delivery of a subscribed stream. Errors: 100001,
   * 100002, 100007, 200001, 300004, 300009, 300010, 500001. Any thread,
   * never blocks.
   */
  signals[SIGNAL_MUTE_REMOTE] =
      new_stream_action (type, "mute-remote", G_CALLBACK (action_mute_remote));
}

static void
gst_rtc_src_class_init (GstRtcSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstRtcElementClass *rtc_class = GST_RTC_ELEMENT_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (src_debug, "rtcsrc", 0, "Receiving from RTC rooms");

  object_class->set_property = gst_rtc_src_set_property;
  object_class->get_property = gst_rtc_src_get_property;
  object_class->finalize = gst_rtc_src_finalize;
  element_class->change_state = gst_rtc_src_change_state;
  element_class->query = gst_rtc_src_query;
  rtc_class->check_settings = gst_rtc_src_check_settings;
  rtc_class->room_event = gst_rtc_src_room_event;
  rtc_class->activate = gst_rtc_src_activate;
  rtc_class->returned = gst_rtc_src_returned;
  rtc_class->clock_changed = gst_rtc_src_clock_changed;
  rtc_class->reset = gst_rtc_src_reset;
  rtc_class->child_failed = gst_rtc_src_child_failed;
  rtc_class->get_stats = gst_rtc_src_get_stats;

  gst_rtc_element_class_install_settings (rtc_class, FALSE);
  install_properties (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));

  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &video_template, GST_RTC_TYPE_SRC_PAD);
  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &audio_template, GST_RTC_TYPE_SRC_PAD);
  gst_type_mark_as_plugin_api (GST_RTC_TYPE_SRC_PAD, 0);
  gst_type_mark_as_plugin_api (auto_subscribe_get_type (), 0);
  gst_type_mark_as_plugin_api (on_stream_removed_get_type (), 0);
  gst_element_class_set_static_metadata (element_class, "RTC room source",
      "Source/Network/WebRTC",
      "Receives audio and video that others publish in an RTC room",
      "The gst-rtc authors");
}

static void
gst_rtc_src_init (GstRtcSrc *self)
{
  self->auto_subscribe = AUTO_SUBSCRIBE_ALL;
  self->user_ids = g_new0 (gchar *, 1);
  self->latency = DEFAULT_LATENCY;
  self->on_stream_removed = ON_STREAM_REMOVED_EOS;
  self->outputs = gst_rtc_outputs_new ();
  self->known = g_ptr_array_new_with_free_func (
      (GDestroyNotify)gst_rtc_subscription_unref);
  self->subscriptions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify)gst_rtc_subscription_unref);

  self->requested =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->broken_off =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->declined =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  /* A source also while it has no pad. */
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SINK | GST_ELEMENT_FLAG_SOURCE);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}
