/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire of our own room server: requests and notices out, answers and
 * events in. Belongs to the worker. */
#include "rtcdialectroom.h"

#include <gst/gst.h>
#include <string.h>

#include "rtcerror-private.h"
#include "rtcmessage.h"

GST_DEBUG_CATEGORY_STATIC (message_debug);
#define GST_CAT_DEFAULT message_debug

#define MAX_MEDIA_SESSIONS 1024
/* The server names no more that stand. */
#define MAX_CLOSED GST_RTC_MAX_LISTED_SESSIONS
#define MAX_CANDIDATE_LENGTH 1024
#define MAX_REASON_LENGTH 256
#define CLOSE_REMOVED 4001

/* What has to be remembered of a request until it is answered. */
typedef struct
{
  GstRtcOperation operation;
  gchar *user_id;
  gboolean screen;
  GstRtcMedia media;
} Pending;

typedef struct
{
  gboolean sends;
  gchar *user_id;
  gboolean screen;
  GstRtcMedia media;
  guint n_candidates; /* received */
} Media;

/* A media session that was given up, of which the server perhaps never read. */
typedef struct
{
  gchar *session;
  gchar *reason;
  gint code;
} Closed;

struct _GstRtcDialectRoom
{
  GObject parent;

  GstRtcDialectHost host;
  gpointer host_data;
  GHashTable *pending; /* id: Pending */
  GHashTable *media;   /* session id: Media */
  GPtrArray *closed;   /* of Closed, the latest last */
  gchar *secret;       /* of the last join, resumes it; never logged */
};

static void init_interface (GstRtcDialectInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GstRtcDialectRoom, gst_rtc_dialect_room,
    G_TYPE_OBJECT, G_IMPLEMENT_INTERFACE (GST_RTC_TYPE_DIALECT, init_interface))

typedef void (*Handler) (
    GstRtcDialectRoom *self, const GstRtcMessageFields *fields);

static void
pending_free (Pending *pending)
{
  g_free (pending->user_id);
  g_free (pending);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pending, pending_free)

static void
media_free (Media *media)
{
  g_free (media->user_id);
  g_free (media);
}

static void
closed_free (Closed *closed)
{
  g_free (closed->session);
  g_free (closed->reason);
  g_free (closed);
}

static GstRtcOptional
to_optional (gboolean value)
{
  return value ? GST_RTC_TRUE : GST_RTC_FALSE;
}

/* A camera stream is what an absent `screen` means. */
static GstRtcOptional
screen_to_optional (gboolean screen)
{
  return screen ? GST_RTC_TRUE : GST_RTC_UNSET;
}

static gboolean
read_screen (const GstRtcMessageFields *fields)
{
  return gst_rtc_optional_get (fields->screen, FALSE);
}

static GstRtcMedia
make_media (gboolean audio, gboolean video)
{
  return (audio ? GST_RTC_MEDIA_AUDIO : 0) | (video ? GST_RTC_MEDIA_VIDEO : 0);
}

static GstRtcMedia
read_wanted (GstRtcOptional audio, GstRtcOptional video)
{
  return make_media (
      gst_rtc_optional_get (audio, TRUE), gst_rtc_optional_get (video, TRUE));
}

static GstRtcMedia
read_muted (const GstRtcMessageFields *fields)
{
  return make_media (gst_rtc_optional_get (fields->audio_muted, FALSE),
      gst_rtc_optional_get (fields->video_muted, FALSE));
}

static void
send_message (GstRtcDialectRoom *self, GstRtcMessageType type,
    const GstRtcMessageFields *fields)
{
  g_autoptr (GstRtcMessage) message = gst_rtc_message_new (type, fields);
  g_autofree gchar *text = gst_rtc_message_to_text (message);
  g_autofree gchar *line = gst_rtc_message_describe (message);

  /* The server would break the connection off for it. */
  if (strlen (text) > GST_RTC_MAX_MESSAGE_BYTES) {
    GST_WARNING_OBJECT (self, "not sent, too long: %s", line);
    return;
  }
  GST_DEBUG_OBJECT (self, "sent %s", line);
  self->host.send (text, self->host_data);
}

static void
send_session_closed (GstRtcDialectRoom *self, const gchar *session,
    const gchar *reason, gint code)
{
  g_autofree gchar *text = NULL;
  GstRtcMessageFields fields = {.mline = -1, .session = session, .code = code};

  if (reason)
    text = g_utf8_substring (
        reason, 0, MIN (g_utf8_strlen (reason, -1), MAX_REASON_LENGTH / 4));
  fields.reason = text;
  send_message (self, GST_RTC_MESSAGE_SESSION_CLOSED, &fields);
}

static void
remember_closed (GstRtcDialectRoom *self, const gchar *session,
    const gchar *reason, gint code)
{
  Closed *closed = g_new (Closed, 1);

  *closed = (Closed){g_strdup (session), g_strdup (reason), code};
  if (self->closed->len == MAX_CLOSED)
    g_ptr_array_remove_index (self->closed, 0);
  g_ptr_array_add (self->closed, closed);
}

static const Closed *
find_closed (GstRtcDialectRoom *self, const gchar *session)
{
  for (guint i = 0; i < self->closed->len; i++) {
    const Closed *closed = g_ptr_array_index (self->closed, i);

    if (g_str_equal (closed->session, session))
      return closed;
  }
  return NULL;
}

static void
emit (GstRtcDialectRoom *self, const GstRtcEvent *event)
{
  self->host.event (event, self->host_data);
}

static void
emit_media_opened (
    GstRtcDialectRoom *self, const gchar *session, const Media *media)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_MEDIA_OPENED,
      .media_session = session,
      .user_id = media->user_id,
      .screen = media->screen,
      .sends = media->sends,
      .media = media->media,
  };

  emit (self, &event);
}

static void
emit_media_closed (GstRtcDialectRoom *self, const gchar *session,
    const gchar *reason, const GError *error)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_MEDIA_CLOSED,
      .media_session = session,
      .reason = reason,
      .error = error,
  };

  emit (self, &event);
}

/* Opens a media session, or changes what is wanted of it. */
static void
open_media (GstRtcDialectRoom *self, const gchar *session, gboolean sends,
    const gchar *user_id, gboolean screen, GstRtcMedia wanted)
{
  Media *media = g_hash_table_lookup (self->media, session);

  if (media) {
    if (media->sends != sends || media->media == wanted)
      return;
    media->media = wanted;
    emit_media_opened (self, session, media);
    return;
  }
  if (sends && find_closed (self, session))
    return;
  if (g_hash_table_size (self->media) >= MAX_MEDIA_SESSIONS) {
    send_session_closed (self, session, "too many media sessions", 0);
    return;
  }
  media = g_new0 (Media, 1);
  media->sends = sends;
  media->user_id = g_strdup (user_id);
  media->screen = screen;
  media->media = wanted;
  g_hash_table_insert (self->media, g_strdup (session), media);
  emit_media_opened (self, session, media);
}

/* The session that brings the stream to us; owned text, NULL for none. */
static gchar *
find_received (GstRtcDialectRoom *self, const gchar *user_id, gboolean screen)
{
  GHashTableIter iter;
  gpointer session, value;

  g_hash_table_iter_init (&iter, self->media);
  while (g_hash_table_iter_next (&iter, &session, &value)) {
    const Media *media = value;

    if (!media->sends && media->screen == screen &&
        g_str_equal (media->user_id, user_id))
      return g_strdup (session);
  }
  return NULL;
}

static void
tell_stream (
    GstRtcDialectRoom *self, const gchar *user_id, const GstRtcStream *stream)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_STREAM_ADDED,
      .user_id = user_id,
      .screen = stream->screen,
      .stream = stream,
  };

  emit (self, &event);
}

static void
tell_user (GstRtcDialectRoom *self, GstRtcEventType type, const gchar *user_id,
    const gchar *reason)
{
  const GstRtcEvent event = {
      .type = type,
      .user_id = user_id,
      .reason = reason,
  };

  emit (self, &event);
}

static GstRtcRoster *
read_roster (GPtrArray *users)
{
  GstRtcRoster *roster = gst_rtc_roster_new ();

  for (guint i = 0; users && i < users->len; i++) {
    const GstRtcMessageUser *user = g_ptr_array_index (users, i);

    gst_rtc_roster_add_user (roster, user->user);
    for (guint j = 0; user->streams && j < user->streams->len; j++)
      gst_rtc_roster_set_stream (
          roster, user->user, g_ptr_array_index (user->streams, j));
  }
  return roster;
}

static gboolean
has_ended (gpointer session, gpointer value, gpointer listed)
{
  return !g_ptr_array_find_with_equal_func (listed, session, g_str_equal, NULL);
}

/* What the server has ended while nobody was listening. */
static void
forget_ended (GstRtcDialectRoom *self, const GstRtcAnswer *answer)
{
  if (!answer->resumed)
    g_hash_table_remove_all (self->media);
  else if (answer->media_sessions)
    g_hash_table_foreach_remove (
        self->media, has_ended, answer->media_sessions);
}

/* What was given up over a connection that was dead already stands at the
 * server, which must not answer with it when the stream is wanted again. */
static void
repeat_closed (GstRtcDialectRoom *self, const GstRtcAnswer *answer)
{
  const GPtrArray *standing = answer->media_sessions;

  if (!answer->resumed)
    g_ptr_array_set_size (self->closed, 0);
  for (guint i = 0; standing && i < standing->len; i++) {
    const gchar *session = g_ptr_array_index (standing, i);
    const Closed *closed = find_closed (self, session);

    if (closed)
      send_session_closed (self, session, closed->reason, closed->code);
  }
}

static void
answer_join (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  g_autoptr (GstRtcRoster) roster = read_roster (fields->users);
  const GstRtcAnswer answer = {
      .user_id = fields->user,
      .roster = roster,
      .resumed = gst_rtc_optional_get (fields->resumed, FALSE),
      .media_sessions = fields->sessions,
  };

  g_free (self->secret);
  self->secret = g_strdup (fields->secret);
  forget_ended (self, &answer);
  repeat_closed (self, &answer);
  self->host.answered (fields->id, &answer, NULL, self->host_data);
}

static void
answer_subscribe (GstRtcDialectRoom *self, guint id, const Pending *pending,
    const GstRtcMessageFields *fields)
{
  const GstRtcAnswer answer = {.media_session = fields->session};
  g_autoptr (GError) error = NULL;

  if (!fields->session) {
    error = gst_rtc_error_new (
        GST_RTC_ERROR_SUBSCRIBE_FAILED, 0, "the server names no media session");
    self->host.answered (id, NULL, error, self->host_data);
    return;
  }
  self->host.answered (id, &answer, NULL, self->host_data);
  open_media (self, fields->session, FALSE, pending->user_id, pending->screen,
      pending->media);
}

/* The server tells the end of its session only to the publisher. */
static void
answer_unsubscribe (GstRtcDialectRoom *self, guint id, const Pending *pending)
{
  const GstRtcAnswer answer = {NULL};
  g_autofree gchar *session =
      find_received (self, pending->user_id, pending->screen);

  self->host.answered (id, &answer, NULL, self->host_data);
  if (session && g_hash_table_remove (self->media, session))
    emit_media_closed (self, session, "unsubscribed", NULL);
}

static Pending *
steal_pending (GstRtcDialectRoom *self, guint id)
{
  gpointer pending = NULL;

  g_hash_table_steal_extended (
      self->pending, GUINT_TO_POINTER (id), NULL, &pending);
  return pending;
}

static void
on_ok (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  g_autoptr (Pending) pending = steal_pending (self, fields->id);
  const GstRtcAnswer answer = {NULL};

  /* Given up, answered before, or never asked. */
  if (!pending) {
    GST_DEBUG_OBJECT (self, "answer to %u ignored", fields->id);
    return;
  }
  switch (pending->operation) {
    case GST_RTC_OPERATION_JOIN:
      answer_join (self, fields);
      break;
    case GST_RTC_OPERATION_SUBSCRIBE:
      answer_subscribe (self, fields->id, pending, fields);
      break;
    case GST_RTC_OPERATION_UNSUBSCRIBE:
      answer_unsubscribe (self, fields->id, pending);
      break;
    default:
      self->host.answered (fields->id, &answer, NULL, self->host_data);
      break;
  }
}

/* A refusal is the operation's own code; of the others only those that the
 * contract lets a server raise stay. */
static GError *
make_refusal (GstRtcOperation operation, gint code, const gchar *reason)
{
  const gint own = gst_rtc_operation_get_refusal_code (operation);
  const gboolean names_target = operation == GST_RTC_OPERATION_SUBSCRIBE ||
                                operation == GST_RTC_OPERATION_UNSUBSCRIBE ||
                                operation == GST_RTC_OPERATION_MUTE_REMOTE;
  const gboolean kept =
      code == own ||
      (names_target && (code == GST_RTC_ERROR_UID_NOT_FOUND ||
                           code == GST_RTC_ERROR_STREAM_ID_NOT_FOUND));

  if (!reason || !*reason)
    reason = "the server gives no reason";
  return gst_rtc_error_new (kept ? code : own, kept ? 0 : code, "%s", reason);
}

static void
on_refused (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  g_autoptr (Pending) pending = steal_pending (self, fields->id);
  g_autoptr (GError) error = NULL;

  if (!pending) {
    GST_DEBUG_OBJECT (self, "refusal of %u ignored", fields->id);
    return;
  }
  error = make_refusal (pending->operation, fields->code, fields->reason);
  self->host.answered (fields->id, NULL, error, self->host_data);
}

static void
receive_description (GstRtcDialectRoom *self, const GstRtcMessageFields *fields,
    gboolean for_sender)
{
  const Media *media = g_hash_table_lookup (self->media, fields->session);
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_MEDIA_DESCRIPTION,
      .media_session = fields->session,
      .sdp = fields->sdp,
  };

  if (media && media->sends == for_sender)
    emit (self, &event);
}

static void
on_offer (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  /* Of a subscription that was given up before it was answered: the server
   * and the publisher would keep it up for nobody. */
  if (!g_hash_table_contains (self->media, fields->session))
    send_session_closed (self, fields->session, "unknown session", 0);
  else
    receive_description (self, fields, FALSE);
}

static void
on_answer (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  receive_description (self, fields, TRUE);
}

static void
on_candidate (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  Media *media = g_hash_table_lookup (self->media, fields->session);
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_MEDIA_CANDIDATE,
      .media_session = fields->session,
      .mline = (guint)MAX (fields->mline, 0),
      .candidate = fields->candidate,
  };

  if (!media)
    return;
  if (media->n_candidates >= GST_RTC_MAX_CANDIDATES) {
    GST_WARNING_OBJECT (
        self, "%s: too many candidates, one dropped", fields->session);
    return;
  }
  media->n_candidates++;
  emit (self, &event);
}

static void
on_session_closed (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  const Media *media = g_hash_table_lookup (self->media, fields->session);
  g_autoptr (GError) error = NULL;
  GstRtcOperation operation;

  if (!media)
    return;
  operation =
      media->sends ? GST_RTC_OPERATION_PUBLISH : GST_RTC_OPERATION_SUBSCRIBE;
  if (fields->code != 0)
    error = make_refusal (operation, fields->code, fields->reason);
  g_hash_table_remove (self->media, fields->session);
  emit_media_closed (self, fields->session, fields->reason, error);
}

static void
on_session_opened (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  open_media (self, fields->session, TRUE, fields->user, read_screen (fields),
      read_wanted (fields->audio, fields->video));
}

static void
on_peer_online (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  tell_user (self, GST_RTC_EVENT_PEER_ONLINE, fields->user, NULL);
}

static void
on_peer_leave (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  tell_user (self, GST_RTC_EVENT_PEER_LEAVE, fields->user, fields->reason);
}

static void
on_stream_added (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  const GstRtcStream stream = {
      .screen = read_screen (fields),
      .audio_codec = (gchar *)fields->audio_codec,
      .video_codec = (gchar *)fields->video_codec,
      .muted = read_muted (fields),
  };

  tell_stream (self, fields->user, &stream);
}

static void
on_stream_removed (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_STREAM_REMOVED,
      .user_id = fields->user,
      .screen = read_screen (fields),
      .reason = fields->reason,
  };

  emit (self, &event);
}

static void
on_stream_muted (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_STREAM_MUTED,
      .user_id = fields->user,
      .screen = read_screen (fields),
      .media = read_muted (fields),
  };

  emit (self, &event);
}

static void
on_client_banned (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  tell_user (self, GST_RTC_EVENT_CLIENT_BANNED, NULL, fields->reason);
}

static void
on_token_will_expire (
    GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  const GstRtcEvent event = {
      .type = GST_RTC_EVENT_TOKEN_WILL_EXPIRE,
      .seconds = fields->seconds,
  };

  emit (self, &event);
}

/* The close code that follows says the same. */
static void
on_server_closing (GstRtcDialectRoom *self, const GstRtcMessageFields *fields)
{
  GST_INFO_OBJECT (self, "the server is going to close");
}

/* What a server may send; the rest is NULL. */
static const Handler handlers[GST_RTC_N_MESSAGES] = {
    [GST_RTC_MESSAGE_OK] = on_ok,
    [GST_RTC_MESSAGE_ERROR] = on_refused,
    [GST_RTC_MESSAGE_OFFER] = on_offer,
    [GST_RTC_MESSAGE_ANSWER] = on_answer,
    [GST_RTC_MESSAGE_CANDIDATE] = on_candidate,
    [GST_RTC_MESSAGE_SESSION_CLOSED] = on_session_closed,
    [GST_RTC_MESSAGE_SESSION_OPENED] = on_session_opened,
    [GST_RTC_MESSAGE_PEER_ONLINE] = on_peer_online,
    [GST_RTC_MESSAGE_PEER_LEAVE] = on_peer_leave,
    [GST_RTC_MESSAGE_STREAM_ADDED] = on_stream_added,
    [GST_RTC_MESSAGE_STREAM_REMOVED] = on_stream_removed,
    [GST_RTC_MESSAGE_STREAM_MUTED] = on_stream_muted,
    [GST_RTC_MESSAGE_CLIENT_BANNED] = on_client_banned,
    [GST_RTC_MESSAGE_TOKEN_WILL_EXPIRE] = on_token_will_expire,
    [GST_RTC_MESSAGE_CLOSING] = on_server_closing,
};

static void
set_host (
    GstRtcDialect *dialect, const GstRtcDialectHost *host, gpointer user_data)
{
  GstRtcDialectRoom *self = GST_RTC_DIALECT_ROOM (dialect);

  self->host = *host;
  self->host_data = user_data;
}

static GstRtcMessageType
fill_join (const GstRtcRequest *request, GstRtcMessageFields *fields)
{
  const GstRtcConfigValues *values =
      gst_rtc_config_get_values (request->config);

  fields->app = values->app_id;
  fields->room = values->room_id;
  fields->user = values->user_id;
  fields->token = values->token;
  fields->visible = to_optional (values->visible);
  return GST_RTC_MESSAGE_JOIN;
}

static GstRtcMessageType
fill_publish (const GstRtcRequest *request, GstRtcMessageFields *fields)
{
  fields->screen = screen_to_optional (request->stream->screen);
  fields->audio_codec = request->stream->audio_codec;
  fields->video_codec = request->stream->video_codec;
  return GST_RTC_MESSAGE_PUBLISH;
}

static GstRtcMessageType
fill_target (const GstRtcRequest *request, GstRtcMessageFields *fields,
    GstRtcMessageType type)
{
  fields->user = request->user_id;
  fields->screen = screen_to_optional (request->screen);
  fields->audio = request->audio;
  fields->video = request->video;
  return type;
}

/* The row of a request; GST_RTC_N_MESSAGES where it has no wire form. */
static GstRtcMessageType
fill_request (const GstRtcRequest *request, GstRtcMessageFields *fields)
{
  switch (request->operation) {
    case GST_RTC_OPERATION_JOIN:
      return fill_join (request, fields);
    case GST_RTC_OPERATION_LEAVE:
      return GST_RTC_MESSAGE_LEAVE;
    case GST_RTC_OPERATION_RENEW_TOKEN:
      fields->token = request->token;
      return GST_RTC_MESSAGE_RENEW_TOKEN;
    case GST_RTC_OPERATION_SET_VISIBILITY:
      fields->visible = to_optional (request->enable);
      return GST_RTC_MESSAGE_SET_VISIBILITY;
    case GST_RTC_OPERATION_PUBLISH:
      return fill_publish (request, fields);
    case GST_RTC_OPERATION_UNPUBLISH:
      fields->screen = screen_to_optional (request->screen);
      return GST_RTC_MESSAGE_UNPUBLISH;
    case GST_RTC_OPERATION_SUBSCRIBE:
      return fill_target (request, fields, GST_RTC_MESSAGE_SUBSCRIBE);
    case GST_RTC_OPERATION_UNSUBSCRIBE:
      fields->user = request->user_id;
      fields->screen = screen_to_optional (request->screen);
      return GST_RTC_MESSAGE_UNSUBSCRIBE;
    case GST_RTC_OPERATION_MUTE_LOCAL:
      return fill_target (request, fields, GST_RTC_MESSAGE_MUTE_LOCAL);
    case GST_RTC_OPERATION_MUTE_REMOTE:
      return fill_target (request, fields, GST_RTC_MESSAGE_MUTE_REMOTE);
    default:
      return GST_RTC_N_MESSAGES;
  }
}

static void
start_request (GstRtcDialect *dialect, guint id, const GstRtcRequest *request)
{
  GstRtcDialectRoom *self = GST_RTC_DIALECT_ROOM (dialect);
  GstRtcMessageFields fields = {.id = id, .mline = -1};
  const GstRtcMessageType type = fill_request (request, &fields);
  Pending *pending;

  g_return_if_fail (type < GST_RTC_N_MESSAGES);

  if (type == GST_RTC_MESSAGE_JOIN)
    fields.secret = self->secret;
  pending = g_new0 (Pending, 1);
  pending->operation = request->operation;
  pending->user_id = g_strdup (request->user_id);
  pending->screen = request->screen;
  pending->media = read_wanted (request->audio, request->video);
  g_hash_table_insert (self->pending, GUINT_TO_POINTER (id), pending);
  send_message (self, type, &fields);
}

static void
forget_request (GstRtcDialect *dialect, guint id)
{
  GstRtcDialectRoom *self = GST_RTC_DIALECT_ROOM (dialect);

  g_hash_table_remove (self->pending, GUINT_TO_POINTER (id));
}

static gboolean
receive (
    GstRtcDialect *dialect, const gchar *text, gsize length, GError **error)
{
  GstRtcDialectRoom *self = GST_RTC_DIALECT_ROOM (dialect);
  g_autoptr (GError) fault = NULL;
  g_autoptr (GstRtcMessage) message =
      gst_rtc_message_parse (text, length, NULL, &fault);
  g_autofree gchar *line = NULL;
  GstRtcMessageType type;

  if (!message)
    return gst_rtc_error_set (error, GST_RTC_ERROR_WEBSOCKET_FAILED, 0,
        "the server sent what is no message of the room protocol: %s",
        fault->message);

  type = gst_rtc_message_get_type_id (message);
  line = gst_rtc_message_describe (message);
  GST_DEBUG_OBJECT (self, "received %s", line);
  if (!handlers[type])
    return gst_rtc_error_set (error, GST_RTC_ERROR_WEBSOCKET_FAILED, 0,
        "the server sent a %s, which is for clients to send",
        gst_rtc_message_type_get_name (type));
  handlers[type](self, gst_rtc_message_get_fields (message));
  return TRUE;
}

static void
reset (GstRtcDialect *dialect)
{
  GstRtcDialectRoom *self = GST_RTC_DIALECT_ROOM (dialect);

  g_hash_table_remove_all (self->pending);
}

static void
send_description (
    GstRtcDialect *dialect, const gchar *media_session, const gchar *sdp)
{
  GstRtcDialectRoom *self = GST_RTC_DIALECT_ROOM (dialect);
  const Media *media = g_hash_table_lookup (self->media, media_session);
  const GstRtcMessageFields fields = {
      .mline = -1,
      .session = media_session,
      .sdp = sdp,
  };

  /* The side that sends media makes the offer. */
  if (media)
    send_message (self,
        media->sends ? GST_RTC_MESSAGE_OFFER : GST_RTC_MESSAGE_ANSWER, &fields);
}

static void
send_candidate (GstRtcDialect *dialect, const gchar *media_session, guint mline,
    const gchar *candidate)
{
  GstRtcDialectRoom *self = GST_RTC_DIALECT_ROOM (dialect);
  const GstRtcMessageFields fields = {
      .mline = (gint)mline,
      .session = media_session,
      .candidate = candidate,
  };

  if (!g_hash_table_contains (self->media, media_session))
    return;
  if (strlen (candidate) > MAX_CANDIDATE_LENGTH)
    GST_WARNING_OBJECT (self, "%s: candidate too long", media_session);
  else
    send_message (self, GST_RTC_MESSAGE_CANDIDATE, &fields);
}

/* Our server carries no media and need not know. */
static void
media_connected (GstRtcDialect *dialect, const gchar *media_session)
{
}

static void
close_media (
    GstRtcDialect *dialect, const gchar *media_session, const gchar *reason)
{
  GstRtcDialectRoom *self = GST_RTC_DIALECT_ROOM (dialect);
  const Media *media = g_hash_table_lookup (self->media, media_session);
  gint code;

  if (!media)
    return;
  /* Of the other side, which without a code takes it for an end in order. */
  code = reason ? gst_rtc_operation_get_refusal_code (
                      media->sends ? GST_RTC_OPERATION_SUBSCRIBE
                                   : GST_RTC_OPERATION_PUBLISH)
                : 0;
  remember_closed (self, media_session, reason, code);
  send_session_closed (self, media_session, reason, code);
  g_hash_table_remove (self->media, media_session);
}

GstRtcDialectRoom *
gst_rtc_dialect_room_new (void)
{
  return g_object_new (GST_RTC_TYPE_DIALECT_ROOM, NULL);
}

static void
finalize (GObject *object)
{
  GstRtcDialectRoom *self = GST_RTC_DIALECT_ROOM (object);

  g_hash_table_unref (self->pending);
  g_hash_table_unref (self->media);
  g_ptr_array_unref (self->closed);
  g_free (self->secret);
  G_OBJECT_CLASS (gst_rtc_dialect_room_parent_class)->finalize (object);
}

static void
gst_rtc_dialect_room_init (GstRtcDialectRoom *self)
{
  self->pending =
      g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)pending_free);
  self->media = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify)media_free);
  self->closed = g_ptr_array_new_with_free_func ((GDestroyNotify)closed_free);
}

static void
gst_rtc_dialect_room_class_init (GstRtcDialectRoomClass *klass)
{
  GST_DEBUG_CATEGORY_INIT (
      message_debug, "rtcmessage", 0, "Messages of the room protocol");
  G_OBJECT_CLASS (klass)->finalize = finalize;
}

static void
init_interface (GstRtcDialectInterface *iface)
{
  iface->subprotocol = GST_RTC_ROOM_SUBPROTOCOL;
  iface->max_message_bytes = GST_RTC_MAX_MESSAGE_BYTES;
  iface->removed_code = CLOSE_REMOVED;
  iface->set_host = set_host;
  iface->start_request = start_request;
  iface->forget_request = forget_request;
  iface->receive = receive;
  iface->reset = reset;
  iface->send_description = send_description;
  iface->send_candidate = send_candidate;
  iface->media_connected = media_connected;
  iface->close_media = close_media;
}
