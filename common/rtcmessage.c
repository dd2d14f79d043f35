/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One message of the room protocol as an immutable value: build, parse,
 * describe. Any thread.
 *
 * A message type is one row of message_table, a field one row of
 * field_table; nothing else knows a wire name. */
#include "rtcmessage.h"

#include <string.h>

#include "rtcconfig.h"
#include "rtcerror-private.h"
#include "rtcjson.h"

typedef enum
{
  FIELD_ID,
  FIELD_APP,
  FIELD_ROOM,
  FIELD_SESSION,
  FIELD_USER,
  FIELD_TOKEN,
  FIELD_SECRET,
  FIELD_VISIBLE,
  FIELD_SCREEN,
  FIELD_AUDIO,
  FIELD_VIDEO,
  FIELD_AUDIO_CODEC,
  FIELD_VIDEO_CODEC,
  FIELD_AUDIO_MUTED,
  FIELD_VIDEO_MUTED,
  FIELD_SDP,
  FIELD_CANDIDATE,
  FIELD_MID,
  FIELD_MLINE,
  FIELD_CODE,
  FIELD_REASON,
  FIELD_SECONDS,
  FIELD_USERS,
  FIELD_RESUMED,
  FIELD_SESSIONS,
  N_FIELDS
} Field;

typedef enum
{
  KIND_COUNT, /* guint from 1, 0 absent */
  KIND_INDEX, /* gint from 0, -1 absent */
  KIND_CODE,  /* gint from 1, 0 absent */
  KIND_NAME,  /* text under the rule for ids */
  KIND_LINES, /* text of several lines, not empty */
  KIND_MAYBE, /* one line, may be empty */
  KIND_FLAG,  /* GstRtcOptional */
  KIND_USERS,
  KIND_NAMES /* list of texts under the rule for ids */
} Kind;

typedef enum
{
  SHOW_VALUE,
  SHOW_SIZE,
  SHOW_PRESENCE
} Show;

typedef struct
{
  const gchar *name;
  Kind kind;
  gint64 limit; /* bytes of a text, largest number, or elements */
  Show show;    /* what a log may tell */
  gsize offset;
} FieldRow;

#define AT(member) G_STRUCT_OFFSET (GstRtcMessageFields, member)

static const FieldRow field_table[N_FIELDS] = {
    [FIELD_ID] = {"id", KIND_COUNT, G_MAXUINT32, SHOW_VALUE, AT (id)},
    [FIELD_APP] = {"app", KIND_NAME, GST_RTC_ID_MAX, SHOW_VALUE, AT (app)},
    [FIELD_ROOM] = {"room", KIND_NAME, GST_RTC_ID_MAX, SHOW_VALUE, AT (room)},
    [FIELD_USER] = {"user", KIND_NAME, GST_RTC_ID_MAX, SHOW_VALUE, AT (user)},
    [FIELD_TOKEN] = {"token", KIND_MAYBE, GST_RTC_MAX_TOKEN_LENGTH,
        SHOW_PRESENCE, AT (token)},
    [FIELD_SECRET] = {"secret", KIND_MAYBE, 128, SHOW_PRESENCE, AT (secret)},
    [FIELD_VISIBLE] = {"visible", KIND_FLAG, 0, SHOW_VALUE, AT (visible)},
    [FIELD_SCREEN] = {"screen", KIND_FLAG, 0, SHOW_VALUE, AT (screen)},
    [FIELD_AUDIO] = {"audio", KIND_FLAG, 0, SHOW_VALUE, AT (audio)},
    [FIELD_VIDEO] = {"video", KIND_FLAG, 0, SHOW_VALUE, AT (video)},
    [FIELD_AUDIO_CODEC] = {"audioCodec", KIND_NAME, 32, SHOW_VALUE,
        AT (audio_codec)},
    [FIELD_VIDEO_CODEC] = {"videoCodec", KIND_NAME, 32, SHOW_VALUE,
        AT (video_codec)},
    [FIELD_AUDIO_MUTED] = {"audioMuted", KIND_FLAG, 0, SHOW_VALUE,
        AT (audio_muted)},
    [FIELD_VIDEO_MUTED] = {"videoMuted", KIND_FLAG, 0, SHOW_VALUE,
        AT (video_muted)},
    [FIELD_SESSION] = {"session", KIND_NAME, 64, SHOW_VALUE, AT (session)},
    [FIELD_SDP] = {"sdp", KIND_LINES, GST_RTC_MAX_MESSAGE_BYTES, SHOW_SIZE,
        AT (sdp)},
    [FIELD_CANDIDATE] = {"candidate", KIND_MAYBE, 1024, SHOW_SIZE,
        AT (candidate)},
    [FIELD_MID] = {"mid", KIND_MAYBE, 64, SHOW_VALUE, AT (mid)},
    [FIELD_MLINE] = {"mline", KIND_INDEX, 255, SHOW_VALUE, AT (mline)},
    [FIELD_CODE] = {"code", KIND_CODE, G_MAXINT32, SHOW_VALUE, AT (code)},
    [FIELD_REASON] = {"reason", KIND_MAYBE, 512, SHOW_VALUE, AT (reason)},
    [FIELD_SECONDS] = {"seconds", KIND_COUNT, G_MAXUINT32, SHOW_VALUE,
        AT (seconds)},
    [FIELD_USERS] = {"users", KIND_USERS, 1024, SHOW_SIZE, AT (users)},
    [FIELD_RESUMED] = {"resumed", KIND_FLAG, 0, SHOW_VALUE, AT (resumed)},
    [FIELD_SESSIONS] = {"sessions", KIND_NAMES, GST_RTC_MAX_LISTED_SESSIONS,
        SHOW_SIZE, AT (sessions)},
};

/* One row of a roster and one stream in it are read and written by the same
 * rows of the field table. */
#define NAME_STREAMS "streams"
#define NAME_TYPE "type"

typedef enum
{
  WAY_REQUEST, /* client to server, with an id */
  WAY_ANSWER,  /* server to client, with an id */
  WAY_NOTICE,  /* both ways */
  WAY_EVENT    /* server to client */
} Way;

typedef struct
{
  const gchar *name;
  Way way;
  guint32 required; /* sets of BIT (Field) */
  guint32 optional;
} MessageRow;

#define BIT(field) (1u << (field))
#define STREAM_STATE                                                           \
  (BIT (FIELD_SCREEN) | BIT (FIELD_AUDIO_MUTED) | BIT (FIELD_VIDEO_MUTED))
#define STREAM_CODECS (BIT (FIELD_AUDIO_CODEC) | BIT (FIELD_VIDEO_CODEC))
#define WANTED (BIT (FIELD_SCREEN) | BIT (FIELD_AUDIO) | BIT (FIELD_VIDEO))

G_STATIC_ASSERT (N_FIELDS <= 32);

static const MessageRow message_table[GST_RTC_N_MESSAGES] = {
    [GST_RTC_MESSAGE_JOIN] = {"join", WAY_REQUEST,
        BIT (FIELD_ID) | BIT (FIELD_APP) | BIT (FIELD_ROOM) | BIT (FIELD_USER),
        BIT (FIELD_TOKEN) | BIT (FIELD_VISIBLE) | BIT (FIELD_SECRET)},
    [GST_RTC_MESSAGE_LEAVE] = {"leave", WAY_REQUEST, BIT (FIELD_ID), 0},
    [GST_RTC_MESSAGE_RENEW_TOKEN] = {"renew-token", WAY_REQUEST,
        BIT (FIELD_ID) | BIT (FIELD_TOKEN), 0},
    [GST_RTC_MESSAGE_SET_VISIBILITY] = {"set-visibility", WAY_REQUEST,
        BIT (FIELD_ID) | BIT (FIELD_VISIBLE), 0},
    [GST_RTC_MESSAGE_PUBLISH] = {"publish", WAY_REQUEST, BIT (FIELD_ID),
        BIT (FIELD_SCREEN) | STREAM_CODECS},
    [GST_RTC_MESSAGE_UNPUBLISH] = {"unpublish", WAY_REQUEST, BIT (FIELD_ID),
        BIT (FIELD_SCREEN)},
    [GST_RTC_MESSAGE_SUBSCRIBE] = {"subscribe", WAY_REQUEST,
        BIT (FIELD_ID) | BIT (FIELD_USER), WANTED},
    [GST_RTC_MESSAGE_UNSUBSCRIBE] = {"unsubscribe", WAY_REQUEST,
        BIT (FIELD_ID) | BIT (FIELD_USER), BIT (FIELD_SCREEN)},
    [GST_RTC_MESSAGE_MUTE_LOCAL] = {"mute-local", WAY_REQUEST, BIT (FIELD_ID),
        WANTED},
    [GST_RTC_MESSAGE_MUTE_REMOTE] = {"mute-remote", WAY_REQUEST,
        BIT (FIELD_ID) | BIT (FIELD_USER), WANTED},
    [GST_RTC_MESSAGE_PING] = {"ping", WAY_REQUEST, BIT (FIELD_ID), 0},
    [GST_RTC_MESSAGE_OK] = {"ok", WAY_ANSWER, BIT (FIELD_ID),
        BIT (FIELD_USER) | BIT (FIELD_SESSION) | BIT (FIELD_SECRET) |
            BIT (FIELD_SECONDS) | BIT (FIELD_USERS) | BIT (FIELD_RESUMED) |
            BIT (FIELD_SESSIONS)},
    [GST_RTC_MESSAGE_ERROR] = {"error", WAY_ANSWER,
        BIT (FIELD_ID) | BIT (FIELD_CODE), BIT (FIELD_REASON)},
    [GST_RTC_MESSAGE_OFFER] = {"offer", WAY_NOTICE,
        BIT (FIELD_SESSION) | BIT (FIELD_SDP), 0},
    [GST_RTC_MESSAGE_ANSWER] = {"answer", WAY_NOTICE,
        BIT (FIELD_SESSION) | BIT (FIELD_SDP), 0},
    [GST_RTC_MESSAGE_CANDIDATE] = {"candidate", WAY_NOTICE,
        BIT (FIELD_SESSION) | BIT (FIELD_MLINE) | BIT (FIELD_CANDIDATE),
        BIT (FIELD_MID)},
    [GST_RTC_MESSAGE_SESSION_CLOSED] = {"session-closed", WAY_NOTICE,
        BIT (FIELD_SESSION), BIT (FIELD_REASON) | BIT (FIELD_CODE)},
    [GST_RTC_MESSAGE_SESSION_OPENED] = {"session-opened", WAY_EVENT,
        BIT (FIELD_SESSION) | BIT (FIELD_USER), WANTED},
    [GST_RTC_MESSAGE_PEER_ONLINE] = {"peer-online", WAY_EVENT, BIT (FIELD_USER),
        0},
    [GST_RTC_MESSAGE_PEER_LEAVE] = {"peer-leave", WAY_EVENT, BIT (FIELD_USER),
        BIT (FIELD_REASON)},
    [GST_RTC_MESSAGE_STREAM_ADDED] = {"stream-added", WAY_EVENT,
        BIT (FIELD_USER), STREAM_STATE | STREAM_CODECS},
    [GST_RTC_MESSAGE_STREAM_REMOVED] = {"stream-removed", WAY_EVENT,
        BIT (FIELD_USER), BIT (FIELD_SCREEN) | BIT (FIELD_REASON)},
    [GST_RTC_MESSAGE_STREAM_MUTED] = {"stream-muted", WAY_EVENT,
        BIT (FIELD_USER), STREAM_STATE},
    [GST_RTC_MESSAGE_CLIENT_BANNED] = {"client-banned", WAY_EVENT, 0,
        BIT (FIELD_REASON)},
    [GST_RTC_MESSAGE_TOKEN_WILL_EXPIRE] = {"token-will-expire", WAY_EVENT,
        BIT (FIELD_SECONDS), 0},
    [GST_RTC_MESSAGE_CLOSING] = {"closing", WAY_EVENT, 0, BIT (FIELD_REASON)},
};

struct _GstRtcMessage
{
  gatomicrefcount ref_count;
  GstRtcMessageType type;
  GstRtcMessageFields fields; /* owned; only those of the row are set */
};

static gboolean read_fields (GstRtcJson *json, guint32 required,
    guint32 optional, GstRtcMessageFields *fields, GError **error);
static void write_fields (
    GstRtcJson *json, guint32 set, const GstRtcMessageFields *fields);

static gpointer
get_slot (GstRtcMessageFields *fields, const FieldRow *row)
{
  return G_STRUCT_MEMBER_P (fields, row->offset);
}

static gconstpointer
peek_slot (const GstRtcMessageFields *fields, const FieldRow *row)
{
  return ((const guint8 *)fields) + row->offset;
}

static gboolean
is_text (const FieldRow *row)
{
  return row->kind == KIND_NAME || row->kind == KIND_LINES ||
         row->kind == KIND_MAYBE;
}

static gboolean
has_field (const GstRtcMessageFields *fields, const FieldRow *row)
{
  gconstpointer slot = peek_slot (fields, row);

  switch (row->kind) {
    case KIND_COUNT:
      return *(const guint *)slot != 0;
    case KIND_INDEX:
      return *(const gint *)slot >= 0;
    case KIND_CODE:
      return *(const gint *)slot != 0;
    case KIND_FLAG:
      return *(const GstRtcOptional *)slot != GST_RTC_UNSET;
    default:
      return *(const gpointer *)slot != NULL;
  }
}

static void
init_fields (GstRtcMessageFields *fields)
{
  *fields = (GstRtcMessageFields){.mline = -1};
}

static void
clear_fields (GstRtcMessageFields *fields)
{
  for (guint i = 0; i < N_FIELDS; i++) {
    const FieldRow *row = &field_table[i];

    if (is_text (row))
      g_clear_pointer ((gchar **)get_slot (fields, row), g_free);
  }
  g_clear_pointer (&fields->users, g_ptr_array_unref);
  g_clear_pointer (&fields->sessions, g_ptr_array_unref);
}

static GPtrArray *
new_users (void)
{
  return g_ptr_array_new_with_free_func (
      (GDestroyNotify)gst_rtc_message_user_free);
}

static GPtrArray *
copy_users (const GPtrArray *users)
{
  GPtrArray *copy = new_users ();

  for (guint i = 0; i < users->len; i++) {
    const GstRtcMessageUser *user = g_ptr_array_index (users, i);
    GstRtcMessageUser *row = gst_rtc_message_user_new (user->user);

    for (guint j = 0; j < user->streams->len; j++)
      g_ptr_array_add (row->streams,
          gst_rtc_stream_copy (g_ptr_array_index (user->streams, j)));
    g_ptr_array_add (copy, row);
  }
  return copy;
}

static GPtrArray *
copy_names (const GPtrArray *names)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < names->len; i++)
    g_ptr_array_add (copy, g_strdup (g_ptr_array_index (names, i)));
  return copy;
}

/* Our own texts may quote others (a cause, a host name), so they are fitted
 * instead of refused. */
static gchar *
copy_reason (const gchar *reason, gsize limit)
{
  gchar *copy = g_utf8_make_valid (reason, -1);

  if (strlen (copy) > limit)
    *g_utf8_find_prev_char (copy, copy + limit + 1) = '\0';
  for (gchar *at = copy; *at; at++) {
    if (g_ascii_iscntrl (*at))
      *at = ' ';
  }
  return copy;
}

static void
copy_field (
    const GstRtcMessageFields *source, GstRtcMessageFields *target, Field field)
{
  const FieldRow *row = &field_table[field];
  gconstpointer from = peek_slot (source, row);
  gpointer to = get_slot (target, row);

  if (!has_field (source, row))
    return;
  if (field == FIELD_REASON)
    target->reason = copy_reason (source->reason, (gsize)row->limit);
  else if (is_text (row))
    *(gchar **)to = g_strdup (*(gchar *const *)from);
  else if (row->kind == KIND_USERS)
    target->users = copy_users (source->users);
  else if (row->kind == KIND_NAMES)
    *(GPtrArray **)to = copy_names (*(GPtrArray *const *)from);
  else if (row->kind == KIND_FLAG)
    *(GstRtcOptional *)to = *(const GstRtcOptional *)from;
  else
    *(guint *)to = *(const guint *)from;
}

/* Control characters have no meaning in any field, could forge lines of a
 * log, and would grow when they are written again. */
static gboolean
has_control (const gchar *text, gboolean lines)
{
  for (; *text; text++) {
    if (g_ascii_iscntrl (*text) && !(lines && strchr ("\r\n\t", *text)))
      return TRUE;
  }
  return FALSE;
}

static gboolean
check_text (const FieldRow *row, const gchar *text, GError **error)
{
  g_autofree gchar *fault = NULL;

  if (strlen (text) > (gsize)row->limit)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "field %s is longer than %" G_GINT64_FORMAT " bytes", row->name,
        row->limit);
  if (row->kind == KIND_NAME && !gst_rtc_id_is_valid (text, &fault))
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "field %s: %s", row->name, fault);
  if (row->kind != KIND_MAYBE && !*text)
    return gst_rtc_error_set (
        error, GST_RTC_ERROR_INVALID_PARAMS, 0, "field %s is empty", row->name);
  if (has_control (text, row->kind == KIND_LINES))
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "field %s has control characters", row->name);
  return TRUE;
}

static gboolean
wrong_kind (const FieldRow *row, GError **error)
{
  return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
      "field %s is of the wrong kind", row->name);
}

static gboolean
read_number (
    GstRtcJson *json, const FieldRow *row, gpointer slot, GError **error)
{
  gint64 smallest = row->kind == KIND_INDEX ? 0 : 1;
  gint64 value;

  if (gst_rtc_json_get_kind (json, row->name) != GST_RTC_JSON_INTEGER)
    return wrong_kind (row, error);
  value = gst_rtc_json_get_int (json, row->name, 0);
  if (value < smallest || value > row->limit)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "field %s is out of range", row->name);
  *(guint *)slot = (guint)value;
  return TRUE;
}

static gboolean
read_text (GstRtcJson *json, const FieldRow *row, gpointer slot, GError **error)
{
  const gchar *text = gst_rtc_json_get_string (json, row->name);

  if (!text)
    return wrong_kind (row, error);
  if (!check_text (row, text, error))
    return FALSE;
  *(gchar **)slot = g_strdup (text);
  return TRUE;
}

static GstRtcStream *
read_stream (GstRtcJson *json, GError **error)
{
  GstRtcMessageFields fields;
  GstRtcStream *stream = NULL;
  guint muted = GST_RTC_MEDIA_NONE;

  init_fields (&fields);
  if (read_fields (json, 0, STREAM_STATE | STREAM_CODECS, &fields, error)) {
    if (gst_rtc_optional_get (fields.audio_muted, FALSE))
      muted |= GST_RTC_MEDIA_AUDIO;
    if (gst_rtc_optional_get (fields.video_muted, FALSE))
      muted |= GST_RTC_MEDIA_VIDEO;
    stream = gst_rtc_stream_new (gst_rtc_optional_get (fields.screen, FALSE),
        fields.audio_codec, fields.video_codec, (GstRtcMedia)muted);
  }
  clear_fields (&fields);
  return stream;
}

static GstRtcMessageUser *
read_user (GstRtcJson *json, GError **error)
{
  g_autoptr (GstRtcMessageUser) user = NULL;
  GstRtcMessageFields fields;
  guint n_streams = gst_rtc_json_get_array_length (json, NAME_STREAMS);

  init_fields (&fields);
  if (read_fields (json, BIT (FIELD_USER), 0, &fields, error))
    user = gst_rtc_message_user_new (fields.user);
  clear_fields (&fields);
  if (!user)
    return NULL;

  for (guint i = 0; i < n_streams; i++) {
    g_autoptr (GstRtcJson) row =
        gst_rtc_json_get_array_object (json, NAME_STREAMS, i);
    GstRtcStream *stream = NULL;

    if (row)
      stream = read_stream (row, error);
    else
      gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
          "field %s has an element that is no object", NAME_STREAMS);
    if (!stream)
      return NULL;
    g_ptr_array_add (user->streams, stream);
  }
  return g_steal_pointer (&user);
}

static gboolean
read_length (
    GstRtcJson *json, const FieldRow *row, guint *length, GError **error)
{
  if (gst_rtc_json_get_kind (json, row->name) != GST_RTC_JSON_ARRAY)
    return wrong_kind (row, error);
  *length = gst_rtc_json_get_array_length (json, row->name);
  if (*length > row->limit)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "field %s is too long", row->name);
  return TRUE;
}

static gboolean
read_users (GstRtcJson *json, const FieldRow *row, GstRtcMessageFields *fields,
    GError **error)
{
  guint length;

  if (!read_length (json, row, &length, error))
    return FALSE;

  fields->users = new_users ();
  for (guint i = 0; i < length; i++) {
    g_autoptr (GstRtcJson) element =
        gst_rtc_json_get_array_object (json, row->name, i);
    GstRtcMessageUser *user;

    if (!element)
      return wrong_kind (row, error);
    user = read_user (element, error);
    if (!user)
      return FALSE;
    g_ptr_array_add (fields->users, user);
  }
  return TRUE;
}

static gboolean
read_names (
    GstRtcJson *json, const FieldRow *row, GPtrArray **slot, GError **error)
{
  guint length;

  if (!read_length (json, row, &length, error))
    return FALSE;

  *slot = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < length; i++) {
    const gchar *name = gst_rtc_json_get_array_string (json, row->name, i);
    g_autofree gchar *fault = NULL;

    if (!name)
      return wrong_kind (row, error);
    if (!gst_rtc_id_is_valid (name, &fault))
      return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
          "field %s: %s", row->name, fault);
    g_ptr_array_add (*slot, g_strdup (name));
  }
  return TRUE;
}

static gboolean
read_field (GstRtcJson *json, const FieldRow *row, GstRtcMessageFields *fields,
    GError **error)
{
  gpointer slot = get_slot (fields, row);

  switch (row->kind) {
    case KIND_COUNT:
    case KIND_INDEX:
    case KIND_CODE:
      return read_number (json, row, slot, error);
    case KIND_USERS:
      return read_users (json, row, fields, error);
    case KIND_NAMES:
      return read_names (json, row, slot, error);
    case KIND_FLAG:
      if (gst_rtc_json_get_kind (json, row->name) != GST_RTC_JSON_BOOLEAN)
        return wrong_kind (row, error);
      *(GstRtcOptional *)slot =
          gst_rtc_json_get_boolean (json, row->name, FALSE) ? GST_RTC_TRUE
                                                            : GST_RTC_FALSE;
      return TRUE;
    default:
      return read_text (json, row, slot, error);
  }
}

/* null counts as absent. */
static gboolean
read_fields (GstRtcJson *json, guint32 required, guint32 optional,
    GstRtcMessageFields *fields, GError **error)
{
  for (guint i = 0; i < N_FIELDS; i++) {
    const FieldRow *row = &field_table[i];
    GstRtcJsonKind kind;

    if (!((required | optional) & BIT (i)))
      continue;
    kind = gst_rtc_json_get_kind (json, row->name);
    if (kind != GST_RTC_JSON_ABSENT && kind != GST_RTC_JSON_NULL) {
      if (!read_field (json, row, fields, error))
        return FALSE;
    } else if (required & BIT (i)) {
      return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
          "field %s is missing", row->name);
    }
  }
  return TRUE;
}

static GstRtcOptional
to_optional (gboolean value)
{
  return value ? GST_RTC_TRUE : GST_RTC_FALSE;
}

static void
write_users (GstRtcJson *json, const FieldRow *row, const GPtrArray *users)
{
  gst_rtc_json_add_array (json, row->name);
  for (guint i = 0; i < users->len; i++) {
    const GstRtcMessageUser *user = g_ptr_array_index (users, i);
    GstRtcMessageFields name = {.user = user->user, .mline = -1};
    GstRtcJson *element = gst_rtc_json_new ();

    write_fields (element, BIT (FIELD_USER), &name);
    gst_rtc_json_add_array (element, NAME_STREAMS);
    for (guint j = 0; j < user->streams->len; j++) {
      const GstRtcStream *stream = g_ptr_array_index (user->streams, j);
      GstRtcMessageFields fields = {
          .screen = to_optional (stream->screen),
          .audio_codec = stream->audio_codec,
          .video_codec = stream->video_codec,
          .audio_muted = to_optional (stream->muted & GST_RTC_MEDIA_AUDIO),
          .video_muted = to_optional (stream->muted & GST_RTC_MEDIA_VIDEO),
          .mline = -1,
      };
      GstRtcJson *text = gst_rtc_json_new ();

      write_fields (text, STREAM_STATE | STREAM_CODECS, &fields);
      gst_rtc_json_array_take_object (element, NAME_STREAMS, text);
    }
    gst_rtc_json_array_take_object (json, row->name, element);
  }
}

static void
write_names (GstRtcJson *json, const FieldRow *row, const GPtrArray *names)
{
  gst_rtc_json_add_array (json, row->name);
  for (guint i = 0; i < names->len; i++)
    gst_rtc_json_array_add_string (
        json, row->name, g_ptr_array_index (names, i));
}

static void
write_field (
    GstRtcJson *json, const FieldRow *row, const GstRtcMessageFields *fields)
{
  gconstpointer slot = peek_slot (fields, row);

  switch (row->kind) {
    case KIND_COUNT:
      gst_rtc_json_set_int (json, row->name, *(const guint *)slot);
      break;
    case KIND_INDEX:
    case KIND_CODE:
      gst_rtc_json_set_int (json, row->name, *(const gint *)slot);
      break;
    case KIND_FLAG:
      gst_rtc_json_set_boolean (
          json, row->name, *(const GstRtcOptional *)slot == GST_RTC_TRUE);
      break;
    case KIND_USERS:
      write_users (json, row, fields->users);
      break;
    case KIND_NAMES:
      write_names (json, row, *(GPtrArray *const *)slot);
      break;
    default:
      gst_rtc_json_set_string (json, row->name, *(gchar *const *)slot);
      break;
  }
}

static void
write_fields (GstRtcJson *json, guint32 set, const GstRtcMessageFields *fields)
{
  for (guint i = 0; i < N_FIELDS; i++) {
    const FieldRow *row = &field_table[i];

    if ((set & BIT (i)) && has_field (fields, row))
      write_field (json, row, fields);
  }
}

static void
describe_field (
    GString *text, const FieldRow *row, const GstRtcMessageFields *fields)
{
  gconstpointer slot = peek_slot (fields, row);

  g_string_append_printf (text, " %s=", row->name);
  if (row->show == SHOW_PRESENCE) {
    g_string_append (text, "(set)");
  } else if (row->kind == KIND_USERS || row->kind == KIND_NAMES) {
    g_string_append_printf (text, "(%u)", (*(GPtrArray *const *)slot)->len);
  } else if (row->show == SHOW_SIZE) {
    g_string_append_printf (
        text, "(%" G_GSIZE_FORMAT " bytes)", strlen (*(gchar *const *)slot));
  } else if (is_text (row)) {
    g_string_append (text, *(gchar *const *)slot);
  } else if (row->kind == KIND_FLAG) {
    g_string_append (
        text, *(const GstRtcOptional *)slot == GST_RTC_TRUE ? "true" : "false");
  } else {
    g_string_append_printf (text, "%u", *(const guint *)slot);
  }
}

static gboolean
find_type (const gchar *name, GstRtcMessageType *type)
{
  for (guint i = 0; i < GST_RTC_N_MESSAGES; i++) {
    if (g_str_equal (message_table[i].name, name)) {
      *type = (GstRtcMessageType)i;
      return TRUE;
    }
  }
  return FALSE;
}

static GstRtcMessage *
new_message (GstRtcMessageType type)
{
  GstRtcMessage *message = g_new0 (GstRtcMessage, 1);

  g_atomic_ref_count_init (&message->ref_count);
  message->type = type;
  init_fields (&message->fields);
  return message;
}

GstRtcMessageUser *
gst_rtc_message_user_new (const gchar *user)
{
  GstRtcMessageUser *row = g_new0 (GstRtcMessageUser, 1);

  row->user = g_strdup (user);
  row->streams =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_rtc_stream_free);
  return row;
}

void
gst_rtc_message_user_free (GstRtcMessageUser *user)
{
  if (!user)
    return;
  g_free (user->user);
  g_ptr_array_unref (user->streams);
  g_free (user);
}

GstRtcMessage *
gst_rtc_message_new (GstRtcMessageType type, const GstRtcMessageFields *fields)
{
  const MessageRow *row;
  g_autoptr (GstRtcMessage) message = NULL;

  g_return_val_if_fail (type < GST_RTC_N_MESSAGES, NULL);

  row = &message_table[type];
  message = new_message (type);
  for (guint i = 0; i < N_FIELDS; i++) {
    if ((row->required | row->optional) & BIT (i))
      copy_field (fields, &message->fields, (Field)i);
    if ((row->required & BIT (i)) &&
        !has_field (&message->fields, &field_table[i])) {
      g_critical ("message %s without %s", row->name, field_table[i].name);
      return NULL;
    }
  }
  return g_steal_pointer (&message);
}

/* Reads the id first, so that a request that is wrong otherwise can be
 * answered. */
static guint
read_id (GstRtcJson *json)
{
  gint64 id = gst_rtc_json_get_int (json, field_table[FIELD_ID].name, 0);

  return id >= 1 && id <= field_table[FIELD_ID].limit ? (guint)id : 0;
}

static GstRtcMessage *
parse_message (const gchar *text, gsize length, guint max_values, guint *id,
    GError **error)
{
  g_autoptr (GstRtcMessage) message = NULL;
  g_autoptr (GstRtcJson) json = NULL;
  g_autoptr (GError) fault = NULL;
  const gchar *name;
  GstRtcMessageType type;

  if (id)
    *id = 0;
  json = gst_rtc_json_parse_bounded (text, length, GST_RTC_MAX_MESSAGE_BYTES,
      GST_RTC_MAX_JSON_DEPTH, max_values, &fault);
  if (!json) {
    gst_rtc_error_set (
        error, GST_RTC_ERROR_INVALID_PARAMS, 0, "%s", fault->message);
    return NULL;
  }
  if (id)
    *id = read_id (json);

  name = gst_rtc_json_get_string (json, NAME_TYPE);
  if (!name || !find_type (name, &type)) {
    gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        name ? "unknown message type" : "message without a type");
    return NULL;
  }
  message = new_message (type);
  if (!read_fields (json, message_table[type].required,
          message_table[type].optional, &message->fields, error)) {
    g_prefix_error (error, "%s: ", message_table[type].name);
    return NULL;
  }
  return g_steal_pointer (&message);
}

GstRtcMessage *
gst_rtc_message_parse (
    const gchar *text, gsize length, guint *id, GError **error)
{
  return parse_message (text, length, G_MAXUINT, id, error);
}

GstRtcMessage *
gst_rtc_message_parse_of_client (
    const gchar *text, gsize length, guint *id, GError **error)
{
  return parse_message (text, length, GST_RTC_MAX_REQUEST_VALUES, id, error);
}

GstRtcMessage *
gst_rtc_message_ref (GstRtcMessage *message)
{
  g_atomic_ref_count_inc (&message->ref_count);
  return message;
}

void
gst_rtc_message_unref (GstRtcMessage *message)
{
  if (!message || !g_atomic_ref_count_dec (&message->ref_count))
    return;
  clear_fields (&message->fields);
  g_free (message);
}

GstRtcMessageType
gst_rtc_message_get_type_id (const GstRtcMessage *message)
{
  return message->type;
}

const GstRtcMessageFields *
gst_rtc_message_get_fields (const GstRtcMessage *message)
{
  return &message->fields;
}

const gchar *
gst_rtc_message_type_get_name (GstRtcMessageType type)
{
  g_return_val_if_fail (type < GST_RTC_N_MESSAGES, NULL);

  return message_table[type].name;
}

gboolean
gst_rtc_message_type_is_request (GstRtcMessageType type)
{
  return message_table[type].way == WAY_REQUEST;
}

gboolean
gst_rtc_message_type_is_from_client (GstRtcMessageType type)
{
  return message_table[type].way == WAY_REQUEST ||
         message_table[type].way == WAY_NOTICE;
}

gchar *
gst_rtc_message_to_text (const GstRtcMessage *message)
{
  const MessageRow *row = &message_table[message->type];
  g_autoptr (GstRtcJson) json = gst_rtc_json_new ();

  gst_rtc_json_set_string (json, NAME_TYPE, row->name);
  write_fields (json, row->required | row->optional, &message->fields);
  return gst_rtc_json_to_text (json);
}

gchar *
gst_rtc_message_describe (const GstRtcMessage *message)
{
  const MessageRow *row = &message_table[message->type];
  GString *text = g_string_new (row->name);

  for (guint i = 0; i < N_FIELDS; i++) {
    if (has_field (&message->fields, &field_table[i]))
      describe_field (text, &field_table[i], &message->fields);
  }
  return g_string_free (text, FALSE);
}

gboolean
gst_rtc_optional_get (GstRtcOptional value, gboolean fallback)
{
  return value == GST_RTC_UNSET ? fallback : value == GST_RTC_TRUE;
}
