/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of room tokens. */
#include "rtctoken.h"

#include <string.h>

#include "rtcerror-private.h"

#define APP "0123456789abcdef01234567"
#define KEY "testkey"
#define ISSUED 1700000000
#define EXPIRES 1700003600

/* The vector of the room API, section 5.4. */
#define VECTOR                                                                 \
  "0010123456789abcdef01234567OgAEAwIBAPFTZRD/U2UFAHJvb20xBQB1c2VyMQUAAAAA"    \
  "AAAAAQAAAAAAAgAAAAAAAwAAAAAABAAAAAAAIAAhz5/VdmB4zQ/QSHGl/NKWBvRxVneuZG/"    \
  "PCNXYByWo6Q=="

static const GstRtcToken vector = {
    .app_id = (gchar *)APP,
    .room_id = (gchar *)"room1",
    .user_id = (gchar *)"user1",
    .nonce = 0x01020304,
    .issued = ISSUED,
    .expires = EXPIRES,
    .publish = TRUE,
    .subscribe = TRUE,
};

static GstRtcToken *
verify (const gchar *text, gint64 now, GError **error)
{
  return gst_rtc_token_verify (text, KEY, APP, "room1", "user1", now, error);
}

static void
assert_refused (GstRtcToken *token, GError **error, const gchar *reason)
{
  g_assert_null (token);
  g_assert_error (*error, GST_RTC_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR);
  g_assert_cmpint (0, ==, gst_rtc_error_get_native_code (*error));
  g_assert_nonnull (strstr ((*error)->message, reason));
}

static void
assert_made_is_refused (
    const GstRtcToken *token, gint64 now, const gchar *reason)
{
  g_autofree gchar *text = gst_rtc_token_make (token, KEY);
  g_autoptr (GError) error = NULL;

  assert_refused (verify (text, now, &error), &error, reason);
}

static void
the_vector_is_made (void)
{
  g_autofree gchar *text = gst_rtc_token_make (&vector, KEY);

  g_assert_cmpstr (VECTOR, ==, text);
}

static void
the_vector_is_read (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcToken) token = verify (VECTOR, ISSUED, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (APP, ==, token->app_id);
  g_assert_cmpstr ("room1", ==, token->room_id);
  g_assert_cmpstr ("user1", ==, token->user_id);
  g_assert_cmpuint (0x01020304, ==, token->nonce);
  g_assert_cmpuint (ISSUED, ==, token->issued);
  g_assert_cmpuint (EXPIRES, ==, token->expires);
  g_assert_true (token->publish);
  g_assert_true (token->subscribe);
}

/* A change of any one character is noticed. */
static void
tampering_is_refused (void)
{
  for (gsize i = 0; i < strlen (VECTOR); i++) {
    g_autofree gchar *text = g_strdup (VECTOR);
    g_autoptr (GError) error = NULL;
    g_autoptr (GstRtcToken) token = NULL;

    text[i] = text[i] == 'B' ? 'C' : 'B';
    token = verify (text, ISSUED, &error);
    assert_refused (token, &error, "token");
  }
}

static void
a_cut_token_is_refused (void)
{
  for (gsize i = 0; i < strlen (VECTOR); i++) {
    g_autofree gchar *text = g_strndup (VECTOR, i);
    g_autoptr (GError) error = NULL;

    assert_refused (verify (text, ISSUED, &error), &error, "token");
  }
}

static void
append_block (GByteArray *content, gconstpointer data, guint length)
{
  const guint8 prefix[] = {length & 0xff, (guint8)(length >> 8)};

  g_byte_array_append (content, prefix, sizeof (prefix));
  g_byte_array_append (content, data, length);
}

/* A token of any message, well signed, and @n_more bytes after it. */
static gchar *
make_of_bytes (const guint8 *message, gsize length, guint n_more)
{
  g_autoptr (GByteArray) content = g_byte_array_new ();
  g_autoptr (GHmac) hmac =
      g_hmac_new (G_CHECKSUM_SHA256, (const guchar *)KEY, strlen (KEY));
  guint8 signature[32];
  gsize signature_length = sizeof (signature);
  g_autofree gchar *encoded = NULL;

  g_hmac_update (hmac, message, (gssize)length);
  g_hmac_get_digest (hmac, signature, &signature_length);
  append_block (content, message, (guint)length);
  append_block (content, signature, sizeof (signature));
  g_byte_array_append (content, signature, n_more);
  encoded = g_base64_encode (content->data, content->len);
  return g_strconcat ("001" APP, encoded, NULL);
}

/* Whoever has the key may still be wrong. */
static void
a_signed_message_of_a_wrong_length_is_refused (void)
{
  gsize size;
  g_autofree guint8 *content =
      g_base64_decode (VECTOR + strlen ("001" APP), &size);
  const guint8 *message = content + 2;
  const gsize length = content[0];
  g_autofree gchar *whole = make_of_bytes (message, length, 0);
  g_autofree gchar *followed = make_of_bytes (message, length, 1);
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (VECTOR, ==, whole);
  assert_refused (verify (followed, ISSUED, &error), &error, "malformed");
  /* One that is longer runs into the signature. */
  for (gsize i = 0; i <= length + 1; i++) {
    g_autofree gchar *text = make_of_bytes (message, i, 0);
    g_autoptr (GError) fault = NULL;

    if (i != length)
      assert_refused (verify (text, ISSUED, &fault), &fault, "malformed");
  }
}

static void
another_key_is_refused (void)
{
  g_autoptr (GError) error = NULL;

  assert_refused (gst_rtc_token_verify (
                      VECTOR, "other", APP, "room1", "user1", ISSUED, &error),
      &error, "signature");
}

static void
another_app_room_or_user_is_refused (void)
{
  g_autoptr (GError) app = NULL;
  g_autoptr (GError) bare = NULL;
  g_autoptr (GError) room = NULL;
  g_autoptr (GError) user = NULL;

  assert_refused (gst_rtc_token_verify (VECTOR, KEY, "x123456789abcdef01234567",
                      "room1", "user1", ISSUED, &app),
      &app, "application");
  assert_refused (verify ("001x123456789abcdef01234567", ISSUED, &bare), &bare,
      "application");
  assert_refused (
      gst_rtc_token_verify (VECTOR, KEY, APP, "room2", "user1", ISSUED, &room),
      &room, "another room");
  assert_refused (
      gst_rtc_token_verify (VECTOR, KEY, APP, "room1", "user2", ISSUED, &user),
      &user, "another user");
}

static void
it_holds_until_the_second_it_names (void)
{
  g_autoptr (GstRtcToken) last = verify (VECTOR, EXPIRES, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (last);
  assert_refused (verify (VECTOR, EXPIRES + 1, &error), &error, "expired");
}

static void
zero_never_expires (void)
{
  GstRtcToken for_ever = vector;
  g_autofree gchar *text = NULL;
  g_autoptr (GstRtcToken) token = NULL;

  for_ever.expires = 0;
  text = gst_rtc_token_make (&for_ever, KEY);
  token = verify (text, G_MAXINT32 * G_GINT64_CONSTANT (4), NULL);
  g_assert_nonnull (token);
}

static void
a_wildcard_is_for_every_room (void)
{
  GstRtcToken wild = vector;
  g_autofree gchar *text = NULL;
  g_autoptr (GstRtcToken) token = NULL;

  wild.room_id = (gchar *)"*";
  text = gst_rtc_token_make (&wild, KEY);
  token = verify (text, ISSUED, NULL);
  g_assert_nonnull (token);
}

static void
a_token_without_privileges_is_refused (void)
{
  GstRtcToken empty = vector;

  empty.publish = FALSE;
  empty.subscribe = FALSE;
  assert_made_is_refused (&empty, ISSUED, "grants nothing");
}

static void
a_token_without_room_is_refused (void)
{
  GstRtcToken login = vector;

  login.room_id = (gchar *)"";
  assert_made_is_refused (&login, ISSUED, "another room");
}

static void
privileges_are_held_and_expire (void)
{
  GstRtcToken token = vector;

  token.subscribe = FALSE;
  token.publish_expires = ISSUED + 10;
  g_assert_true (
      gst_rtc_token_allows (&token, GST_RTC_PRIVILEGE_PUBLISH, ISSUED + 10));
  g_assert_false (
      gst_rtc_token_allows (&token, GST_RTC_PRIVILEGE_PUBLISH, ISSUED + 11));
  g_assert_false (
      gst_rtc_token_allows (&token, GST_RTC_PRIVILEGE_SUBSCRIBE, ISSUED));
  token.publish_expires = 0;
  g_assert_true (
      gst_rtc_token_allows (&token, GST_RTC_PRIVILEGE_PUBLISH, EXPIRES));
  g_assert_false (
      gst_rtc_token_allows (&token, GST_RTC_PRIVILEGE_PUBLISH, EXPIRES + 1));
}

static void
what_is_made_is_read (void)
{
  GstRtcToken only = vector;
  GstRtcToken both = vector;
  g_autofree gchar *text = NULL;
  g_autofree gchar *both_text = NULL;
  g_autoptr (GstRtcToken) token = NULL;
  g_autoptr (GstRtcToken) second = NULL;

  only.publish = FALSE;
  only.subscribe_expires = EXPIRES - 5;
  text = gst_rtc_token_make (&only, KEY);
  token = verify (text, ISSUED, NULL);
  g_assert_nonnull (token);
  g_assert_false (token->publish);
  g_assert_true (token->subscribe);
  g_assert_cmpuint (EXPIRES - 5, ==, token->subscribe_expires);

  both.publish_expires = EXPIRES - 7;
  both_text = gst_rtc_token_make (&both, KEY);
  second = verify (both_text, ISSUED, NULL);
  g_assert_nonnull (second);
  g_assert_cmpuint (EXPIRES - 7, ==, second->publish_expires);
  g_assert_cmpuint (0, ==, second->subscribe_expires);
}

static void
secrets_are_compared_whole (void)
{
  g_assert_true (gst_rtc_secret_equal ("", ""));
  g_assert_true (gst_rtc_secret_equal ("abc", "abc"));
  g_assert_false (gst_rtc_secret_equal ("abc", "abd"));
  g_assert_false (gst_rtc_secret_equal ("abc", "xbc"));
  g_assert_false (gst_rtc_secret_equal ("abc", "abcd"));
  g_assert_false (gst_rtc_secret_equal ("abc", ""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/token/the-vector-is-made", the_vector_is_made);
  g_test_add_func ("/token/the-vector-is-read", the_vector_is_read);
  g_test_add_func ("/token/tampering-is-refused", tampering_is_refused);
  g_test_add_func ("/token/a-cut-token-is-refused", a_cut_token_is_refused);
  g_test_add_func ("/token/a-signed-message-of-a-wrong-length-is-refused",
      a_signed_message_of_a_wrong_length_is_refused);
  g_test_add_func ("/token/another-key-is-refused", another_key_is_refused);
  g_test_add_func ("/token/another-app-room-or-user-is-refused",
      another_app_room_or_user_is_refused);
  g_test_add_func ("/token/it-holds-until-the-second-it-names",
      it_holds_until_the_second_it_names);
  g_test_add_func ("/token/zero-never-expires", zero_never_expires);
  g_test_add_func (
      "/token/a-wildcard-is-for-every-room", a_wildcard_is_for_every_room);
  g_test_add_func ("/token/a-token-without-privileges-is-refused",
      a_token_without_privileges_is_refused);
  g_test_add_func ("/token/a-token-without-room-is-refused",
      a_token_without_room_is_refused);
  g_test_add_func (
      "/token/privileges-are-held-and-expire", privileges_are_held_and_expire);
  g_test_add_func ("/token/what-is-made-is-read", what_is_made_is_read);
  g_test_add_func (
      "/token/secrets-are-compared-whole", secrets_are_compared_whole);
  return g_test_run ();
}
