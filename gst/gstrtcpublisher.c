/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an rtcsink publishes. Worker only. */
#include "gstrtcpublisher.h"

#include "rtcerror-private.h"

typedef enum
{
  PUBLICATION_NONE,
  PUBLICATION_WAITING, /* for the caps of a pad */
  PUBLICATION_PENDING, /* request sent */
  PUBLICATION_DONE
} PublicationPhase;

/**
 * Publication:
 * @call: while waiting, what goes out when the pads are ready
 * @deadline: while waiting
 * @automatic: the state asks for it
 * @broken_off: it could not be asked for, and is to be when the connection
 *   stands again
 *
 * Of one stream.
 */
typedef struct
{
  PublicationPhase phase;
  GstRtcElementCall *call;
  GSource *deadline;
  gboolean automatic;
  gboolean broken_off;
} Publication;

struct _GstRtcPublisher
{
  GstRtcElement *element;
  GstRtcTracks *tracks;
  const GstRtcPublisherAnswers *answers;
  Publication publications[GST_RTC_N_STREAMS];
};

static void
post_failure (GstRtcPublisher *self, GstMessageType severity,
    const GError *error, gboolean screen)
{
  gst_rtc_element_post_failure (self->element, severity, error,
      GST_RTC_OPERATION_PUBLISH, NULL, gst_rtc_failure_stream (screen));
}

static void
clear_deadline (Publication *publication)
{
  if (!publication->deadline)
    return;
  g_source_destroy (publication->deadline);
  g_clear_pointer (&publication->deadline, g_source_unref);
}

static void
drop_publication (GstRtcPublisher *self, gboolean screen, const GError *error)
{
  Publication *publication = &self->publications[screen];

  clear_deadline (publication);
  gst_rtc_element_call_drop (
      self->element, g_steal_pointer (&publication->call), error);
  publication->phase = PUBLICATION_NONE;
  publication->automatic = FALSE;
  publication->broken_off = FALSE;
}

static void
reset_publication (GstRtcPublisher *self, gboolean screen)
{
  g_autoptr (GError) error = gst_rtc_error_new (
      GST_RTC_ERROR_NOT_IN_ROOM, 0, "the room has been left");

  drop_publication (self, screen, error);
}

/* A publish that waits for media, and is not wanted any more. FALSE when there
 * is none. */
static gboolean
cancel_waiting (GstRtcPublisher *self, gboolean screen, const gchar *reason)
{
  g_autoptr (GError) error = NULL;

  if (self->publications[screen].phase != PUBLICATION_WAITING)
    return FALSE;
  error = gst_rtc_error_new (GST_RTC_ERROR_PUBLISH_ERROR, 0, "%s", reason);
  drop_publication (self, screen, error);
  return TRUE;
}

/* What was muted belonged to the publication before. */
static void
unmute_tracks (GstRtcPublisher *self, gboolean screen)
{
  g_autoptr (GPtrArray) tracks =
      gst_rtc_tracks_ref_stream (self->tracks, screen);

  for (guint i = 0; i < tracks->len; i++)
    gst_rtc_track_set_muted (g_ptr_array_index (tracks, i), FALSE);
}

void
gst_rtc_publisher_published (
    GstRtcPublisher *self, const GstRtcRequest *request, const GError *error)
{
  Publication *publication = &self->publications[request->screen];

  /* A refusal of a second publish says nothing about the first. */
  if (publication->phase != PUBLICATION_PENDING)
    return;
  if (!error)
    unmute_tracks (self, request->screen);
  publication->phase = error ? PUBLICATION_NONE : PUBLICATION_DONE;
  publication->broken_off =
      publication->automatic && gst_rtc_element_is_broken_off (error);
}

/* What is announced of @tracks; NULL while one of them has no caps yet. */
static GstRtcStream *
describe_stream (GPtrArray *tracks, gboolean screen)
{
  const gchar *codecs[2] = {NULL, NULL};

  for (guint i = 0; i < tracks->len; i++) {
    GstRtcTrack *track = g_ptr_array_index (tracks, i);
    const gchar *codec = gst_rtc_track_get_codec_name (track);

    if (!codec)
      return NULL;
    codecs[gst_rtc_track_get_medium (track) == GST_RTC_MEDIA_VIDEO] = codec;
  }
  return gst_rtc_stream_new (screen, codecs[0], codecs[1], GST_RTC_MEDIA_NONE);
}

/* Sends the publication when its pads are ready. */
static void
try_publication (GstRtcPublisher *self, gboolean screen)
{
  Publication *publication = &self->publications[screen];
  g_autoptr (GPtrArray) tracks =
      gst_rtc_tracks_ref_stream (self->tracks, screen);
  g_autoptr (GstRtcStream) stream = describe_stream (tracks, screen);
  GstRtcElementCall *call;

  if (!stream)
    return;
  clear_deadline (publication);
  publication->phase = PUBLICATION_PENDING;
  call = g_steal_pointer (&publication->call);
  gst_rtc_element_call_set_stream (call, stream, self->answers->published);
  gst_rtc_element_call_start (self->element, call);
}

void
gst_rtc_publisher_track_ready (GstRtcPublisher *self)
{
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++) {
    if (self->publications[screen].phase == PUBLICATION_WAITING)
      try_publication (self, screen);
  }
}

static void
fail_waiting (GstRtcPublisher *self, gboolean screen, const gchar *reason)
{
  Publication *publication = &self->publications[screen];
  g_autoptr (GError) error =
      gst_rtc_error_new (GST_RTC_ERROR_PUBLISH_ERROR, 0, "%s", reason);

  clear_deadline (publication);
  publication->phase = PUBLICATION_NONE;
  gst_rtc_element_call_fail (
      self->element, g_steal_pointer (&publication->call), error);
}

static gboolean
on_publication_deadline (GstRtcPublisher *self, gboolean screen)
{
  g_autofree gchar *missing =
      gst_rtc_tracks_describe_missing (self->tracks, screen);
  g_autofree gchar *reason =
      g_strconcat ("no media has arrived in time at pad", missing, NULL);

  fail_waiting (self, screen, reason);
  return G_SOURCE_REMOVE;
}

static gboolean
on_camera_deadline (gpointer user_data)
{
  return on_publication_deadline (user_data, FALSE);
}

static gboolean
on_screen_deadline (gpointer user_data)
{
  return on_publication_deadline (user_data, TRUE);
}

static void
start_deadline (GstRtcPublisher *self, gboolean screen)
{
  Publication *publication = &self->publications[screen];
  g_autoptr (GstRtcConfig) config = gst_rtc_element_ref_config (self->element);
  g_autoptr (GstRtcWorker) worker = gst_rtc_element_ref_worker (self->element);

  publication->deadline = g_timeout_source_new (
      gst_rtc_config_get_values (config)->connect_timeout);
  g_source_set_static_name (publication->deadline, "rtc publish deadline");
  g_source_set_callback (publication->deadline,
      screen ? on_screen_deadline : on_camera_deadline, self, NULL);
  g_source_attach (publication->deadline, gst_rtc_worker_get_context (worker));
}

static void
publish_stream (GstRtcPublisher *self, gboolean screen, gboolean automatic,
    GstRtcElementCall *call)
{
  Publication *publication = &self->publications[screen];
  g_autoptr (GError) error = NULL;

  gst_rtc_element_call_get_request (call)->screen = screen;
  if (publication->phase != PUBLICATION_NONE) {
    error = gst_rtc_error_new (GST_RTC_ERROR_ALREADY_PUBLISHED, 0,
        publication->phase == PUBLICATION_DONE
            ? "the stream is published already"
            : "a publish of this stream is pending");
    gst_rtc_element_call_fail (self->element, call, error);
    return;
  }

  if (gst_rtc_tracks_has_failed (self->tracks, screen)) {
    error = gst_rtc_error_new (
        GST_RTC_ERROR_PUBLISH_ERROR, 0, "the encoding has failed before");
    gst_rtc_element_call_fail (self->element, call, error);
    return;
  }

  publication->phase = PUBLICATION_WAITING;
  publication->automatic = automatic;
  publication->broken_off = FALSE;
  if (automatic)
    gst_rtc_element_call_set_automatic (call);
  publication->call = call;
  start_deadline (self, screen);
  try_publication (self, screen);
}

/* A publish that waits for the track is what failed then. */
void
gst_rtc_publisher_track_failed (
    GstRtcPublisher *self, gboolean screen, const gchar *reason)
{
  g_autoptr (GError) error = NULL;

  if (self->publications[screen].phase == PUBLICATION_WAITING) {
    fail_waiting (self, screen, reason);
    return;
  }
  error = gst_rtc_error_new (GST_RTC_ERROR_PUBLISH_ERROR, 0, "%s", reason);
  post_failure (self, GST_MESSAGE_ERROR, error, screen);
}

void
gst_rtc_publisher_publish (GstRtcPublisher *self, GstRtcElementCall *call)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_PUBLISH};
  gboolean camera = gst_rtc_tracks_has_stream (self->tracks, FALSE);
  gboolean screen = gst_rtc_tracks_has_stream (self->tracks, TRUE);
  g_autoptr (GError) error = NULL;

  /* Before there is a stream that could be sent. */
  if (!gst_rtc_room_client_check_state (
          gst_rtc_element_get_client (self->element), GST_RTC_OPERATION_PUBLISH,
          &error)) {
    gst_rtc_element_call_fail (self->element, call, error);
    return;
  }
  if (!camera && !screen) {
    error = gst_rtc_error_new (
        GST_RTC_ERROR_PUBLISH_ERROR, 0, "the element has no pad to publish");
    gst_rtc_element_call_fail (self->element, call, error);
    return;
  }

  /* Of two streams the one that is published already is left alone. */
  if (camera && screen && self->publications[TRUE].phase != PUBLICATION_NONE)
    screen = FALSE;
  else if (camera && screen &&
           self->publications[FALSE].phase == PUBLICATION_NONE) {
    GstRtcElementCall *first = gst_rtc_element_call_new (
        &request, gst_rtc_element_call_get_severity (call), NULL, NULL);

    gst_rtc_element_call_pair (first, call);
    publish_stream (self, FALSE, FALSE, first);
  }
  publish_stream (self, screen, FALSE, call);
}

/* What a track that has failed means has been told already. */
static void
publish_by_state (GstRtcPublisher *self, gboolean screen)
{
  const GstRtcRequest request = {.operation = GST_RTC_OPERATION_PUBLISH};

  if (gst_rtc_tracks_has_stream (self->tracks, screen) &&
      !gst_rtc_tracks_has_failed (self->tracks, screen) &&
      self->publications[screen].phase == PUBLICATION_NONE)
    publish_stream (self, screen, TRUE,
        gst_rtc_element_call_new (&request, GST_MESSAGE_ERROR, NULL, NULL));
}

void
gst_rtc_publisher_activate (GstRtcPublisher *self)
{
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++)
    publish_by_state (self, screen);
}

/* Publications that stood are seen to by the room client. */
void
gst_rtc_publisher_resume (GstRtcPublisher *self)
{
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++) {
    if (self->publications[screen].broken_off)
      publish_by_state (self, screen);
  }
}

void
gst_rtc_publisher_reset (GstRtcPublisher *self)
{
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++)
    reset_publication (self, screen);
}

static void
lose_publication (GstRtcPublisher *self, const GstRtcEvent *event)
{
  reset_publication (self, event->screen);
  post_failure (self, GST_MESSAGE_ERROR, event->error, event->screen);
}

void
gst_rtc_publisher_room_event (GstRtcPublisher *self, const GstRtcEvent *event)
{
  switch (event->type) {
    case GST_RTC_EVENT_PUBLICATION_BROKEN:
      post_failure (self, GST_MESSAGE_WARNING, event->error, event->screen);
      break;
    case GST_RTC_EVENT_PUBLICATION_LOST:
      lose_publication (self, event);
      break;
    case GST_RTC_EVENT_CONNECTION_STATE:
      /* Whatever the way out of the room was, nothing is published. */
      if (event->new_state == GST_RTC_CONNECTION_DISCONNECTED ||
          event->new_state == GST_RTC_CONNECTION_FAILED)
        gst_rtc_publisher_reset (self);
      break;
    default:
      break;
  }
}

/* A request that is under way is refused by the server. */
void
gst_rtc_publisher_hide (GstRtcPublisher *self)
{
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++) {
    if (self->publications[screen].phase == PUBLICATION_DONE)
      reset_publication (self, screen);
    else if (self->publications[screen].phase == PUBLICATION_WAITING)
      fail_waiting (self, screen, "an invisible user does not publish");
  }
}

void
gst_rtc_publisher_pad_released (GstRtcPublisher *self)
{
  for (guint screen = 0; screen < GST_RTC_N_STREAMS; screen++) {
    const GstRtcRequest request = {
        .operation = GST_RTC_OPERATION_UNPUBLISH, .screen = screen};

    if (self->publications[screen].phase == PUBLICATION_NONE ||
        gst_rtc_tracks_has_stream (self->tracks, screen))
      continue;
    if (cancel_waiting (self, screen, "its pads have been released"))
      continue;
    gst_rtc_element_call_start (
        self->element, gst_rtc_element_call_new (&request, GST_MESSAGE_UNKNOWN,
                           NULL, self->answers->unpublished));
  }
}

void
gst_rtc_publisher_unpublished (
    GstRtcPublisher *self, const GstRtcRequest *request, const GError *error)
{
  /* A server that knows of no publication must not keep us in one. */
  if (!error ||
      gst_rtc_error_get_native_code (error) == GST_RTC_ERROR_NOT_PUBLISHED)
    reset_publication (self, request->screen);
}

void
gst_rtc_publisher_unpublish (GstRtcPublisher *self, GstRtcElementCall *call)
{
  gboolean cancelled = FALSE;
  gboolean camera, screen;

  for (guint i = 0; i < GST_RTC_N_STREAMS; i++)
    cancelled |= cancel_waiting (
        self, i, "it was unpublished before its media was there");
  camera = self->publications[FALSE].phase != PUBLICATION_NONE;
  screen = self->publications[TRUE].phase != PUBLICATION_NONE;
  if (cancelled && !camera && !screen) {
    gst_rtc_element_call_succeed (self->element, call);
    return;
  }

  if (camera && screen) {
    GstRtcElementCall *first =
        gst_rtc_element_call_new (gst_rtc_element_call_get_request (call),
            gst_rtc_element_call_get_severity (call), NULL,
            self->answers->unpublished);

    gst_rtc_element_call_pair (first, call);
    gst_rtc_element_call_send (self->element, first);
  }
  gst_rtc_element_call_get_request (call)->screen =
      screen || (!camera && !gst_rtc_tracks_has_stream (self->tracks, FALSE) &&
                    gst_rtc_tracks_has_stream (self->tracks, TRUE));
  gst_rtc_element_call_send (self->element, call);
}

GstRtcPublisher *
gst_rtc_publisher_new (GstRtcElement *element, GstRtcTracks *tracks,
    const GstRtcPublisherAnswers *answers)
{
  GstRtcPublisher *self = g_new0 (GstRtcPublisher, 1);

  self->element = element;
  self->tracks = tracks;
  self->answers = answers;
  return self;
}

void
gst_rtc_publisher_free (GstRtcPublisher *self)
{
  g_free (self);
}
