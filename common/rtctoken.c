/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Room tokens: make, parse, verify. Any thread.
 *
 * Text: "001", the application id, then base64 of two blocks, the message
 * and its HMAC-SHA256. Integers are little-endian; a block is a 16 bit
 * length and that many bytes. */
#include "rtctoken.h"

#include <string.h>

#include "rtcerror-private.h"

#define VERSION "001"
#define VERSION_LENGTH 3
#define SIGNATURE_LENGTH 32
/* Publishing brings these along; nothing else uses them. */
#define LAST_PUBLISH_PRIVILEGE 3

/* What is left to read; short of bytes it stays FALSE in good. */
typedef struct
{
  const guint8 *at;
  gsize left;
  gboolean good;
} Reader;

static const guint8 *
read_bytes (Reader *reader, gsize length)
{
  const guint8 *bytes = reader->at;

  if (!reader->good || reader->left < length) {
    reader->good = FALSE;
    return NULL;
  }
  reader->at += length;
  reader->left -= length;
  return bytes;
}

static guint32
read_number (Reader *reader, gsize length)
{
  const guint8 *bytes = read_bytes (reader, length);
  guint32 value = 0;

  for (gsize i = 0; bytes && i < length; i++)
    value |= (guint32)bytes[i] << (8 * i);
  return value;
}

static Reader
read_block (Reader *reader)
{
  gsize length = read_number (reader, 2);
  const guint8 *bytes = read_bytes (reader, length);

  return (Reader){.at = bytes, .left = length, .good = bytes != NULL};
}

/* NULL when the block holds a NUL, which no id has. */
static gchar *
read_string (Reader *reader)
{
  Reader block = read_block (reader);

  if (!block.good || (block.left && memchr (block.at, 0, block.left))) {
    reader->good = FALSE;
    return NULL;
  }
  return g_strndup ((const gchar *)block.at, block.left);
}

static void
append_number (GByteArray *bytes, guint32 value, guint length)
{
  for (guint i = 0; i < length; i++) {
    guint8 byte = (value >> (8 * i)) & 0xff;

    g_byte_array_append (bytes, &byte, 1);
  }
}

static void
append_block (GByteArray *bytes, gconstpointer data, gsize length)
{
  append_number (bytes, (guint32)length, 2);
  g_byte_array_append (bytes, data, (guint)length);
}

static void
append_privilege (GByteArray *bytes, guint privilege, guint32 expires)
{
  append_number (bytes, privilege, 2);
  append_number (bytes, expires, 4);
}

static void
sign_message (const gchar *app_key, gconstpointer message, gsize length,
    guint8 signature[SIGNATURE_LENGTH])
{
  g_autoptr (GHmac) hmac =
      g_hmac_new (G_CHECKSUM_SHA256, (const guchar *)app_key, strlen (app_key));
  gsize signature_length = SIGNATURE_LENGTH;

  g_hmac_update (hmac, message, (gssize)length);
  g_hmac_get_digest (hmac, signature, &signature_length);
}

/* Looks at every byte, whatever it finds. */
static gboolean
equal_bytes (const guint8 *a, const guint8 *b, gsize length)
{
  volatile guint8 difference = 0;

  for (gsize i = 0; i < length; i++)
    difference |= a[i] ^ b[i];
  return difference == 0;
}

static GstRtcToken *
parse_message (Reader message)
{
  g_autoptr (GstRtcToken) token = g_new0 (GstRtcToken, 1);
  guint count;

  token->nonce = read_number (&message, 4);
  token->issued = read_number (&message, 4);
  token->expires = read_number (&message, 4);
  token->room_id = read_string (&message);
  token->user_id = read_string (&message);
  count = read_number (&message, 2);
  for (guint i = 0; i < count && message.good; i++) {
    guint privilege = read_number (&message, 2);
    guint32 expires = read_number (&message, 4);

    if (privilege == GST_RTC_PRIVILEGE_PUBLISH) {
      token->publish = TRUE;
      token->publish_expires = expires;
    } else if (privilege == GST_RTC_PRIVILEGE_SUBSCRIBE) {
      token->subscribe = TRUE;
      token->subscribe_expires = expires;
    }
  }
  if (!message.good || message.left)
    return NULL;
  return g_steal_pointer (&token);
}

static gboolean
refuse (GError **error, const gchar *reason)
{
  return gst_rtc_error_set (
      error, GST_RTC_ERROR_JOIN_ROOM_ERROR, 0, "%s", reason);
}

/* Undoes base64 and checks the signature. @content receives the bytes that
 * @message points into. */
static gboolean
open_token (const gchar *encoded, const gchar *app_key, guint8 **content,
    Reader *message, GError **error)
{
  guint8 expected[SIGNATURE_LENGTH];
  g_autofree gchar *again = NULL;
  Reader reader = {.good = TRUE};
  Reader signature;

  *content = g_base64_decode (encoded, &reader.left);
  again = g_base64_encode (*content, reader.left);
  if (!g_str_equal (again, encoded))
    return refuse (error, "the token is malformed");

  reader.at = *content;
  *message = read_block (&reader);
  signature = read_block (&reader);
  if (!reader.good || reader.left || !message->good ||
      signature.left != SIGNATURE_LENGTH)
    return refuse (error, "the token is malformed");

  sign_message (app_key, message->at, message->left, expected);
  if (!equal_bytes (expected, signature.at, SIGNATURE_LENGTH))
    return refuse (error, "the token has a wrong signature");
  return TRUE;
}

static gboolean
is_past (guint32 expires, gint64 now)
{
  return expires != 0 && now > expires;
}

static gboolean
check_token (const GstRtcToken *token, const gchar *room_id,
    const gchar *user_id, gint64 now, GError **error)
{
  if (!g_str_equal (token->room_id, "*") &&
      !g_str_equal (token->room_id, room_id))
    return refuse (error, "the token is for another room");
  if (!g_str_equal (token->user_id, user_id))
    return refuse (error, "the token is for another user");
  if (!token->publish && !token->subscribe)
    return refuse (error, "the token grants nothing");
  if (is_past (token->expires, now))
    return refuse (error, "the token has expired");
  return TRUE;
}

void
gst_rtc_token_free (GstRtcToken *token)
{
  if (!token)
    return;
  g_free (token->app_id);
  g_free (token->room_id);
  g_free (token->user_id);
  g_free (token);
}

gchar *
gst_rtc_token_make (const GstRtcToken *token, const gchar *app_key)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GByteArray) content = g_byte_array_new ();
  g_autofree gchar *encoded = NULL;
  guint8 signature[SIGNATURE_LENGTH];
  guint count = (token->publish ? LAST_PUBLISH_PRIVILEGE + 1 : 0) +
                (token->subscribe ? 1 : 0);

  g_return_val_if_fail (
      strlen (token->app_id) == GST_RTC_TOKEN_APP_ID_LENGTH, NULL);

  append_number (message, token->nonce, 4);
  append_number (message, token->issued, 4);
  append_number (message, token->expires, 4);
  append_block (message, token->room_id, strlen (token->room_id));
  append_block (message, token->user_id, strlen (token->user_id));
  append_number (message, count, 2);
  if (token->publish) {
    for (guint i = 0; i <= LAST_PUBLISH_PRIVILEGE; i++)
      append_privilege (message, i, token->publish_expires);
  }
  if (token->subscribe)
    append_privilege (
        message, GST_RTC_PRIVILEGE_SUBSCRIBE, token->subscribe_expires);

  sign_message (app_key, message->data, message->len, signature);
  append_block (content, message->data, message->len);
  append_block (content, signature, sizeof (signature));
  encoded = g_base64_encode (content->data, content->len);
  return g_strconcat (VERSION, token->app_id, encoded, NULL);
}

GstRtcToken *
gst_rtc_token_verify (const gchar *text, const gchar *app_key,
    const gchar *app_id, const gchar *room_id, const gchar *user_id, gint64 now,
    GError **error)
{
  g_autoptr (GstRtcToken) token = NULL;
  g_autofree guint8 *content = NULL;
  const gchar *rest = text + VERSION_LENGTH;
  Reader message;

  if (!g_str_has_prefix (text, VERSION) ||
      strlen (rest) < GST_RTC_TOKEN_APP_ID_LENGTH) {
    refuse (error, *text ? "the token is malformed" : "a token is needed");
    return NULL;
  }
  if (strlen (app_id) != GST_RTC_TOKEN_APP_ID_LENGTH ||
      strncmp (rest, app_id, GST_RTC_TOKEN_APP_ID_LENGTH) != 0) {
    refuse (error, "the token is for another application");
    return NULL;
  }
  if (!open_token (rest + GST_RTC_TOKEN_APP_ID_LENGTH, app_key, &content,
          &message, error))
    return NULL;
  token = parse_message (message);
  if (!token) {
    refuse (error, "the token is malformed");
    return NULL;
  }
  token->app_id = g_strndup (rest, GST_RTC_TOKEN_APP_ID_LENGTH);
  if (!check_token (token, room_id, user_id, now, error))
    return NULL;
  return g_steal_pointer (&token);
}

gboolean
gst_rtc_token_allows (
    const GstRtcToken *token, GstRtcPrivilege privilege, gint64 now)
{
  if (is_past (token->expires, now))
    return FALSE;
  if (privilege == GST_RTC_PRIVILEGE_PUBLISH)
    return token->publish && !is_past (token->publish_expires, now);
  return token->subscribe && !is_past (token->subscribe_expires, now);
}

gboolean
gst_rtc_secret_equal (const gchar *a, const gchar *b)
{
  gsize length = strlen (a);

  if (length != strlen (b))
    return FALSE;
  return equal_bytes ((const guint8 *)a, (const guint8 *)b, length);
}
