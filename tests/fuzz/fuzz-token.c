/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: room tokens. The first byte says how the rest is read:
 *   s  the signed block of a token, which is signed here
 *   b  both blocks, only encoded here
 *   any other: the whole text from that byte on */
#include <string.h>

#include "fuzz.h"
#include "rtcerror.h"
#include "rtctoken.h"

#define APP "0123456789abcdef01234567"
#define KEY "testkey"
#define NOW 1700000000

static void
append_block (GByteArray *bytes, const guint8 *data, gsize size)
{
  guint8 length[2] = {size & 0xff, (size >> 8) & 0xff};

  g_byte_array_append (bytes, length, 2);
  if (size)
    g_byte_array_append (bytes, data, (guint)size);
}

static gchar *
encode (const guint8 *content, gsize size)
{
  g_autofree gchar *base64 = g_base64_encode (content, size);

  return g_strconcat ("001" APP, base64, NULL);
}

static gchar *
sign (const guint8 *message, gsize size)
{
  g_autoptr (GByteArray) content = g_byte_array_new ();
  g_autoptr (GHmac) hmac =
      g_hmac_new (G_CHECKSUM_SHA256, (const guchar *)KEY, strlen (KEY));
  guint8 digest[32];
  gsize length = sizeof (digest);

  g_hmac_update (hmac, message, (gssize)size);
  g_hmac_get_digest (hmac, digest, &length);
  append_block (content, message, size);
  append_block (content, digest, sizeof (digest));
  return encode (content->data, content->len);
}

static gchar *
make_text (const guint8 *data, gsize size)
{
  if (size > 0 && data[0] == 's')
    return sign (data + 1, MIN (size - 1, 65535));
  if (size > 0 && data[0] == 'b')
    return encode (data + 1, size - 1);
  return fuzz_dup_text (data, size);
}

/* What was accepted says what it must, and can be made again. */
static void
check_token (const GstRtcToken *token)
{
  g_autofree gchar *text = gst_rtc_token_make (token, KEY);
  g_autofree gchar *text_again = NULL;
  g_autoptr (GstRtcToken) again = NULL;

  g_assert_cmpstr (token->app_id, ==, APP);
  g_assert (g_str_equal (token->room_id, "*") ||
            g_str_equal (token->room_id, "room1"));
  g_assert_cmpstr (token->user_id, ==, "user1");
  g_assert (token->expires == 0 || token->expires >= NOW);
  g_assert (token->publish || token->subscribe);
  if (gst_rtc_token_allows (token, GST_RTC_PRIVILEGE_PUBLISH, NOW))
    g_assert (token->publish);
  if (gst_rtc_token_allows (token, GST_RTC_PRIVILEGE_SUBSCRIBE, NOW))
    g_assert (token->subscribe);

  again = gst_rtc_token_verify (text, KEY, APP, "room1", "user1", NOW, NULL);
  g_assert (again);
  text_again = gst_rtc_token_make (again, KEY);
  g_assert_cmpstr (text, ==, text_again);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GstRtcToken) token = NULL;
  g_autoptr (GError) error = NULL;

  fuzz_setup ();
  text = make_text (data, size);
  token = gst_rtc_token_verify (text, KEY, APP, "room1", "user1", NOW, &error);
  g_assert ((token == NULL) == (error != NULL));
  if (token)
    check_token (token);
  else
    g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR);
  return 0;
}
