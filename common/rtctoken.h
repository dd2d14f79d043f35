/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Room tokens (room API, section 5.4): make, parse, verify. Pure: the time
 * is an argument. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define GST_RTC_TOKEN_APP_ID_LENGTH 24

typedef enum
{
  GST_RTC_PRIVILEGE_PUBLISH = 0, /* brings the internal 1, 2 and 3 along */
  GST_RTC_PRIVILEGE_SUBSCRIBE = 4
} GstRtcPrivilege;

/**
 * GstRtcToken:
 * @app_id: 24 characters
 * @room_id: `*` for every room
 * @expires: Unix seconds, 0 never
 * @publish, @subscribe: the privilege is held
 * @publish_expires, @subscribe_expires: Unix seconds, 0 with the token
 */
typedef struct
{
  gchar *app_id;
  gchar *room_id;
  gchar *user_id;
  guint32 nonce;
  guint32 issued;
  guint32 expires;
  gboolean publish;
  guint32 publish_expires;
  gboolean subscribe;
  guint32 subscribe_expires;
} GstRtcToken;

void gst_rtc_token_free (GstRtcToken *token);

/* The text of @token signed with @app_key. */
gchar *gst_rtc_token_make (
    const GstRtcToken *token, const gchar *app_key) G_GNUC_WARN_UNUSED_RESULT;

/* Reads @text and checks its signature (in constant time), that it is for
 * @app_id, @room_id and @user_id, that it grants something, and that it has
 * not expired at @now (Unix seconds). NULL and 300008 with the reason. */
GstRtcToken *gst_rtc_token_verify (const gchar *text, const gchar *app_key,
    const gchar *app_id, const gchar *room_id, const gchar *user_id, gint64 now,
    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the privilege is held at @now. */
gboolean gst_rtc_token_allows (
    const GstRtcToken *token, GstRtcPrivilege privilege, gint64 now);

/* FALSE takes as long as TRUE for strings of one length. */
gboolean gst_rtc_secret_equal (const gchar *a, const gchar *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcToken, gst_rtc_token_free)

G_END_DECLS
