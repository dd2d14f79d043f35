/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be asked of a room, and the answer, in words that every back-end
 * shares. Plain values, any thread. */
#pragma once

#include <glib.h>

#include "rtcconfig.h"
#include "rtcmessage.h"
#include "rtcroster.h"

G_BEGIN_DECLS

typedef enum
{
  GST_RTC_OPERATION_NONE,
  GST_RTC_OPERATION_INIT,
  GST_RTC_OPERATION_JOIN,
  GST_RTC_OPERATION_LEAVE,
  GST_RTC_OPERATION_RENEW_TOKEN,
  GST_RTC_OPERATION_SET_VISIBILITY,
  GST_RTC_OPERATION_PUBLISH,
  GST_RTC_OPERATION_UNPUBLISH,
  GST_RTC_OPERATION_SUBSCRIBE,
  GST_RTC_OPERATION_UNSUBSCRIBE,
  GST_RTC_OPERATION_MUTE_LOCAL,
  GST_RTC_OPERATION_MUTE_REMOTE,
  GST_RTC_N_OPERATIONS
} GstRtcOperation;

/* `none`, `init`, `join`, `set-user-visibility`, `mute-local`, ...: the name
 * of the action signal and of the `operation` field of a failure. */
const gchar *gst_rtc_operation_get_nick (GstRtcOperation operation);

/* The code of a refusal of @operation by the server; 100001 for those that
 * never reach a server. renew-token is refused as 300008, a visibility that
 * cannot be changed as 300006. */
gint gst_rtc_operation_get_refusal_code (GstRtcOperation operation);

/**
 * GstRtcRequest:
 * @config: of JOIN
 * @app_id: of INIT
 * @user_id: of SUBSCRIBE, UNSUBSCRIBE, MUTE_REMOTE
 * @token: of RENEW_TOKEN
 * @enable: of SET_VISIBILITY
 * @screen: which stream
 * @audio, @video: SUBSCRIBE: wanted (unset: yes); mute: disabled (unset: as
 *   it is)
 * @stream: of PUBLISH: what is published
 *
 * Borrowed by gst_rtc_room_client_request () during the call only.
 */
typedef struct
{
  GstRtcOperation operation;
  GstRtcConfig *config;
  const gchar *app_id;
  const gchar *user_id;
  const gchar *token;
  gboolean enable;
  gboolean screen;
  GstRtcOptional audio;
  GstRtcOptional video;
  const GstRtcStream *stream;
} GstRtcRequest;

/* The arguments alone, before any state: FALSE and 100001 with the argument
 * and the rule. */
gboolean gst_rtc_request_check (const GstRtcRequest *request, GError **error);

/* An owned copy of all that @request points to, and its end (NULL is fine).
 * Only for copies: a borrowed request is never freed. */
GstRtcRequest *gst_rtc_request_copy (
    const GstRtcRequest *request) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_request_free (GstRtcRequest *request);

/**
 * GstRtcAnswer:
 * @user_id: JOIN: the own user id
 * @media_session: SUBSCRIBE: id of the media session that will bring it
 * @roster: JOIN, from a dialect to the room client only (nullable): who is
 *   there
 * @resumed: JOIN, likewise: what was published, subscribed and opened before
 *   the connection broke still stands
 * @media_sessions: JOIN that resumed, likewise (nullable) (element-type
 *   utf8): the ids of those that stand, NULL where all of them do
 *
 * Of a request that succeeded; borrowed during the callback.
 */
typedef struct
{
  const gchar *user_id;
  const gchar *media_session;
  GstRtcRoster *roster;
  gboolean resumed;
  GPtrArray *media_sessions;
} GstRtcAnswer;

/* Exactly one of @answer and @error is set. */
typedef void (*GstRtcAnswerFunc) (
    const GstRtcAnswer *answer, const GError *error, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcRequest, gst_rtc_request_free)

G_END_DECLS
