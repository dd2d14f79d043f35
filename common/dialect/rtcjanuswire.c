/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages of the Janus API and of its VideoRoom plugin. Plain values. */
#include "rtcjanuswire.h"

#include <string.h>

#include "rtcerror-private.h"

/* Ids are 53 bit, so that they fit the numbers of JavaScript. */
#define MAX_NUMBER G_GINT64_CONSTANT (9007199254740991)

static const gchar *const verbs[GST_RTC_JANUS_N_VERBS] = {
    [GST_RTC_JANUS_OTHER] = "other",
    [GST_RTC_JANUS_ACK] = "ack",
    [GST_RTC_JANUS_SUCCESS] = "success",
    [GST_RTC_JANUS_SERVER_INFO] = "server_info",
    [GST_RTC_JANUS_EVENT] = "event",
    [GST_RTC_JANUS_ERROR] = "error",
    [GST_RTC_JANUS_WEBRTCUP] = "webrtcup",
    [GST_RTC_JANUS_MEDIA] = "media",
    [GST_RTC_JANUS_SLOWLINK] = "slowlink",
    [GST_RTC_JANUS_TRICKLE] = "trickle",
    [GST_RTC_JANUS_HANGUP] = "hangup",
    [GST_RTC_JANUS_DETACHED] = "detached",
    [GST_RTC_JANUS_TIMEOUT] = "timeout",
};

static const GstRtcJanusErrorInfo errors[] = {
    {403, "UNAUTHORIZED", GST_RTC_JANUS_REFUSED, FALSE},
    {405, "UNAUTHORIZED_PLUGIN", GST_RTC_JANUS_REFUSED, FALSE},
    {421, "NO_MESSAGE", GST_RTC_JANUS_REFUSED, FALSE},
    {422, "INVALID_JSON", GST_RTC_JANUS_REFUSED, FALSE},
    {423, "INVALID_REQUEST", GST_RTC_JANUS_REFUSED, FALSE},
    {424, "JOIN_FIRST", GST_RTC_JANUS_NOT_JOINED, TRUE},
    {425, "ALREADY_JOINED", GST_RTC_JANUS_REFUSED, TRUE},
    {426, "NO_SUCH_ROOM", GST_RTC_JANUS_NOT_JOINED, FALSE},
    {427, "ROOM_EXISTS", GST_RTC_JANUS_REFUSED, TRUE},
    {428, "NO_SUCH_FEED", GST_RTC_JANUS_NO_TARGET, TRUE},
    {429, "MISSING_ELEMENT", GST_RTC_JANUS_REFUSED, FALSE},
    {430, "INVALID_ELEMENT", GST_RTC_JANUS_REFUSED, FALSE},
    {431, "INVALID_SDP_TYPE", GST_RTC_JANUS_REFUSED, FALSE},
    {432, "PUBLISHERS_FULL", GST_RTC_JANUS_REFUSED, TRUE},
    {433, "UNAUTHORIZED", GST_RTC_JANUS_REFUSED, FALSE},
    {434, "ALREADY_PUBLISHED", GST_RTC_JANUS_REFUSED, TRUE},
    {435, "NOT_PUBLISHED", GST_RTC_JANUS_NOT_PUBLISHED, TRUE},
    {436, "ID_EXISTS", GST_RTC_JANUS_REFUSED, TRUE},
    {437, "INVALID_SDP", GST_RTC_JANUS_REFUSED, FALSE},
    {438, "INVALID_FEED", GST_RTC_JANUS_REFUSED, FALSE},
    {450, "TRANSPORT_SPECIFIC", GST_RTC_JANUS_REFUSED, TRUE},
    {452, "MISSING_REQUEST", GST_RTC_JANUS_REFUSED, FALSE},
    {453, "UNKNOWN_REQUEST", GST_RTC_JANUS_REFUSED, FALSE},
    {454, "INVALID_JSON", GST_RTC_JANUS_REFUSED, FALSE},
    {455, "INVALID_JSON_OBJECT", GST_RTC_JANUS_REFUSED, FALSE},
    {456, "MISSING_MANDATORY_ELEMENT", GST_RTC_JANUS_REFUSED, FALSE},
    {457, "INVALID_REQUEST_PATH", GST_RTC_JANUS_REFUSED, FALSE},
    {458, "SESSION_NOT_FOUND", GST_RTC_JANUS_SESSION_GONE, TRUE},
    {459, "HANDLE_NOT_FOUND", GST_RTC_JANUS_HANDLE_GONE, TRUE},
    {460, "PLUGIN_NOT_FOUND", GST_RTC_JANUS_REFUSED, FALSE},
    {461, "PLUGIN_ATTACH", GST_RTC_JANUS_REFUSED, TRUE},
    {462, "PLUGIN_MESSAGE", GST_RTC_JANUS_REFUSED, TRUE},
    {463, "PLUGIN_DETACH", GST_RTC_JANUS_REFUSED, TRUE},
    {464, "JSEP_UNKNOWN_TYPE", GST_RTC_JANUS_REFUSED, FALSE},
    {465, "JSEP_INVALID_SDP", GST_RTC_JANUS_REFUSED, FALSE},
    {466, "TRICKE_INVALID_STREAM", GST_RTC_JANUS_REFUSED, FALSE},
    {467, "INVALID_ELEMENT_TYPE", GST_RTC_JANUS_REFUSED, FALSE},
    {468, "SESSION_CONFLICT", GST_RTC_JANUS_REFUSED, TRUE},
    {469, "UNEXPECTED_ANSWER", GST_RTC_JANUS_REFUSED, TRUE},
    {470, "TOKEN_NOT_FOUND", GST_RTC_JANUS_REFUSED, FALSE},
    {471, "WEBRTC_STATE", GST_RTC_JANUS_REFUSED, TRUE},
    {472, "NOT_ACCEPTING_SESSIONS", GST_RTC_JANUS_REFUSED, TRUE},
    {490, "UNKNOWN", GST_RTC_JANUS_REFUSED, TRUE},
    {499, "UNKNOWN_ERROR", GST_RTC_JANUS_REFUSED, TRUE},
};

static const GstRtcJanusErrorInfo *
find_error (gint code)
{
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++) {
    if (errors[i].code == code)
      return &errors[i];
  }
  return NULL;
}

static GstRtcJanusVerb
find_verb (const gchar *name)
{
  for (guint i = GST_RTC_JANUS_OTHER + 1; i < G_N_ELEMENTS (verbs); i++) {
    if (g_str_equal (verbs[i], name))
      return i;
  }
  return GST_RTC_JANUS_OTHER;
}

/* Takes @part, so that what is borrowed from it lives as long. */
static GstRtcJson *
keep_part (GstRtcJanusMessage *message, GstRtcJson *part)
{
  for (guint i = 0; i < G_N_ELEMENTS (message->parts); i++) {
    if (!message->parts[i]) {
      message->parts[i] = part;
      return part;
    }
  }
  g_assert_not_reached ();
}

static GstRtcJson *
get_part (GstRtcJanusMessage *message, GstRtcJson *json, const gchar *name)
{
  return json ? keep_part (message, gst_rtc_json_get_object (json, name))
              : NULL;
}

static gint
get_code (GstRtcJson *json, const gchar *name)
{
  const gint64 code = gst_rtc_json_get_int (json, name, 0);

  return code > 0 && code <= G_MAXINT ? (gint)code : 0;
}

static void
read_error (GstRtcJanusMessage *message)
{
  GstRtcJson *core = get_part (message, message->root, "error");

  if (message->verb == GST_RTC_JANUS_ERROR) {
    message->error_code = core ? get_code (core, "code") : 0;
    message->error_reason =
        core ? gst_rtc_json_get_string (core, "reason") : NULL;
    /* An error without a number is one all the same. */
    if (message->error_code == 0)
      message->error_code = 490;
  } else if (message->data) {
    message->error_code = get_code (message->data, "error_code");
    message->error_reason = gst_rtc_json_get_string (message->data, "error");
  }
}

static void
read_description (GstRtcJanusMessage *message)
{
  GstRtcJson *jsep = get_part (message, message->root, "jsep");
  const gchar *type = jsep ? gst_rtc_json_get_string (jsep, "type") : NULL;

  if (!type || (!g_str_equal (type, "offer") && !g_str_equal (type, "answer")))
    return;
  message->sdp = gst_rtc_json_get_string (jsep, "sdp");
  message->sdp_is_offer = g_str_equal (type, "offer");
}

GstRtcJanusMessage *
gst_rtc_janus_message_parse (const gchar *text, gsize length, GError **error)
{
  g_autoptr (GstRtcJanusMessage) message = g_new0 (GstRtcJanusMessage, 1);
  GstRtcJson *plugin;
  const gchar *verb;

  message->root = gst_rtc_json_parse (text, length,
      GST_RTC_JANUS_MAX_MESSAGE_BYTES, GST_RTC_MAX_JSON_DEPTH, error);
  if (!message->root)
    return NULL;
  verb = gst_rtc_json_get_string (message->root, "janus");
  if (!verb) {
    gst_rtc_error_set (
        error, GST_RTC_ERROR_WEBSOCKET_FAILED, 0, "it has no member `janus`");
    return NULL;
  }
  message->verb = find_verb (verb);
  message->transaction = gst_rtc_json_get_string (message->root, "transaction");
  message->session_id = gst_rtc_json_get_int (message->root, "session_id", 0);
  message->sender = gst_rtc_json_get_int (message->root, "sender", 0);
  plugin = get_part (message, message->root, "plugindata");
  message->data = get_part (message, plugin ? plugin : message->root, "data");
  read_error (message);
  read_description (message);
  return g_steal_pointer (&message);
}

void
gst_rtc_janus_message_free (GstRtcJanusMessage *message)
{
  if (!message)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (message->parts); i++)
    g_clear_pointer (&message->parts[i], gst_rtc_json_unref);
  g_clear_pointer (&message->root, gst_rtc_json_unref);
  g_free (message);
}

const gchar *
gst_rtc_janus_verb_get_nick (GstRtcJanusVerb verb)
{
  g_return_val_if_fail (verb < GST_RTC_JANUS_N_VERBS, NULL);

  return verbs[verb];
}

const GstRtcJanusErrorInfo *
gst_rtc_janus_get_errors (guint *n_errors)
{
  *n_errors = G_N_ELEMENTS (errors);
  return errors;
}

GstRtcJanusFate
gst_rtc_janus_get_fate (gint code)
{
  const GstRtcJanusErrorInfo *info = find_error (code);

  return info ? info->fate : GST_RTC_JANUS_REFUSED;
}

gboolean
gst_rtc_janus_is_done (GstRtcOperation operation, gint code)
{
  const GstRtcJanusFate fate = gst_rtc_janus_get_fate (code);
  const gboolean gone = fate == GST_RTC_JANUS_SESSION_GONE ||
                        fate == GST_RTC_JANUS_HANDLE_GONE ||
                        fate == GST_RTC_JANUS_NOT_JOINED;

  switch (operation) {
    case GST_RTC_OPERATION_LEAVE:
      return gone;
    case GST_RTC_OPERATION_UNPUBLISH:
      return gone || fate == GST_RTC_JANUS_NOT_PUBLISHED;
    case GST_RTC_OPERATION_UNSUBSCRIBE:
      return gone || fate == GST_RTC_JANUS_NO_TARGET;
    default:
      return FALSE;
  }
}

GError *
gst_rtc_janus_make_refusal (
    GstRtcOperation operation, gint code, const gchar *reason)
{
  const GstRtcJanusErrorInfo *info = find_error (code);
  const GstRtcJanusFate fate = gst_rtc_janus_get_fate (code);
  const gboolean names_target = operation == GST_RTC_OPERATION_SUBSCRIBE ||
                                operation == GST_RTC_OPERATION_UNSUBSCRIBE ||
                                operation == GST_RTC_OPERATION_MUTE_REMOTE;
  gint own = gst_rtc_operation_get_refusal_code (operation);
  GError *error;

  if (names_target &&
      (fate == GST_RTC_JANUS_NO_TARGET || fate == GST_RTC_JANUS_HANDLE_GONE))
    own = GST_RTC_ERROR_STREAM_ID_NOT_FOUND;
  if (!reason || !*reason)
    reason = info ? info->name : "the server gives no reason";
  error = gst_rtc_error_new (own, code, "%s", reason);
  if (info && !info->retryable)
    gst_rtc_error_set_retryable (error, FALSE);
  return error;
}

gchar *
gst_rtc_janus_get_id (GstRtcJson *json, const gchar *name)
{
  switch (gst_rtc_json_get_kind (json, name)) {
    case GST_RTC_JSON_STRING:
      return g_strdup (gst_rtc_json_get_string (json, name));
    case GST_RTC_JSON_INTEGER:
      return g_strdup_printf (
          "%" G_GINT64_FORMAT, gst_rtc_json_get_int (json, name, 0));
    default:
      return NULL;
  }
}

gboolean
gst_rtc_janus_id_is_number (const gchar *id)
{
  gint64 number;

  /* GLib takes spaces that are more than we take. */
  for (const gchar *p = id; *p; p++) {
    if (!g_ascii_isdigit (*p))
      return FALSE;
  }
  return g_ascii_string_to_signed (id, 10, 1, MAX_NUMBER, &number, NULL);
}

void
gst_rtc_janus_set_id (
    GstRtcJson *json, const gchar *name, const gchar *id, gboolean as_string)
{
  if (as_string)
    gst_rtc_json_set_string (json, name, id);
  else
    gst_rtc_json_set_int (json, name, g_ascii_strtoll (id, NULL, 10));
}

GstRtcJson *
gst_rtc_janus_body_new (const gchar *request)
{
  GstRtcJson *body = gst_rtc_json_new ();

  gst_rtc_json_set_string (body, "request", request);
  return body;
}

gchar *
gst_rtc_janus_find_mid (const gchar *sdp, const gchar *medium)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\n", -1);
  g_autofree gchar *start = g_strdup_printf ("m=%s ", medium);
  gboolean inside = FALSE;

  for (guint i = 0; lines[i]; i++) {
    const gchar *line = g_strchomp (lines[i]);

    if (g_str_has_prefix (line, "m="))
      inside = g_str_has_prefix (line, start);
    else if (inside && g_str_has_prefix (line, "a=mid:"))
      return g_strdup (line + strlen ("a=mid:"));
  }
  return NULL;
}

/* Two things of the offer of Janus are changed:
 * - With `actpass` webrtcbin would be the DTLS client, and its first message
 *   is often lost because Janus is not ready, which costs a second. An
 *   offerer that says `active` makes webrtcbin the server, as if it had
 *   chosen so.
 * - GStreamer would ask for keyframes by FIR where the offer allows it, which
 *   Janus does not understand in the form of RFC 5104. */
gchar *
gst_rtc_janus_adapt_offer (const gchar *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *adapted = g_string_sized_new (strlen (text));

  for (guint i = 0; lines[i]; i++) {
    gchar *line = g_strchomp (lines[i]);

    if (!*line || (g_str_has_prefix (line, "a=rtcp-fb:") &&
                      g_str_has_suffix (line, " ccm fir")))
      continue;
    if (g_str_equal (line, "a=setup:actpass"))
      line = (gchar *)"a=setup:active";
    g_string_append (adapted, line);
    g_string_append (adapted, "\r\n");
  }
  return g_string_free (adapted, FALSE);
}
