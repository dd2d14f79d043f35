/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with a room: feeds the state machine, obeys its actions,
 * keeps the roster, answers each request exactly once. It knows no wire
 * format. Belongs to the worker; its callbacks run there. */
#pragma once

#include <glib-object.h>

#include "rtcevent.h"
#include "rtcrequest.h"

G_BEGIN_DECLS

#define GST_RTC_TYPE_ROOM_CLIENT (gst_rtc_room_client_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRtcRoomClient, gst_rtc_room_client, GST_RTC, ROOM_CLIENT, GObject)

/* A connection that breaks in a room is made again, as often as the settings
 * of the join say: FAILED with `retrying` tells of the break, requests then
 * fail with 300010, and media goes on. Where the server still holds the
 * session (`resumed`) only what changed meanwhile is told. Where it has lost
 * it (`rejoined`), publications and subscriptions are asked for again, with
 * what was muted or paused: MEDIA_OPENED with a new id then takes the place
 * of the media session with the same user, stream and direction, for which
 * no MEDIA_CLOSED comes. Others who are not there yet are waited for. */

/* Signal `event` (const GstRtcEvent *event) tells all that happens, in
 * order, and never while gst_rtc_room_client_request () is on the stack
 * below it. */
GstRtcRoomClient *gst_rtc_room_client_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Checks @request in the documented order and sends it. @func (nullable) is
 * called exactly once, from the main context and never inline: with the
 * answer, a local error (nothing was sent then), the refusal of the server,
 * 300009 after signaling_timeout, 500001 when the socket broke, 300008 for a
 * join cut off by leave, or 100002 when the client is shut down. @destroy
 * runs after it. */
void gst_rtc_room_client_request (GstRtcRoomClient *client,
    const GstRtcRequest *request, GstRtcAnswerFunc func, gpointer user_data,
    GDestroyNotify destroy);

/* The own side of a media session. Unknown sessions are ignored: they may
 * have ended in the meantime. */
void gst_rtc_room_client_send_description (
    GstRtcRoomClient *client, const gchar *media_session, const gchar *sdp);
void gst_rtc_room_client_send_candidate (GstRtcRoomClient *client,
    const gchar *media_session, guint mline, const gchar *candidate);
void gst_rtc_room_client_media_connected (
    GstRtcRoomClient *client, const gchar *media_session);
/* @reason: (nullable): of the failure, NULL for an end in order. TRUE when
 * the client is about to subscribe the stream again by itself,
 * since the connection broke meanwhile: MEDIA_OPENED follows, or MEDIA_CLOSED
 * with the old id and an error, or STREAM_REMOVED. */
gboolean gst_rtc_room_client_close_media (
    GstRtcRoomClient *client, const gchar *media_session, const gchar *reason);

/* Valid from entry to exit; borrowed. */
GstRtcRoster *gst_rtc_room_client_get_roster (GstRtcRoomClient *client);
const gchar *gst_rtc_room_client_get_user_id (GstRtcRoomClient *client);

/* From getconfig; borrowed, NULL or empty when it named none. */
const gchar *gst_rtc_room_client_get_stun_server (GstRtcRoomClient *client);
const gchar *const *gst_rtc_room_client_get_turn_servers (
    GstRtcRoomClient *client);

/* TRUE while in a room (also with the socket down). */
gboolean gst_rtc_room_client_is_in_room (GstRtcRoomClient *client);

/* Whether the state of the room allows @operation; 100001 before an init,
 * 100002, 100003, 100004. */
gboolean gst_rtc_room_client_check_state (
    GstRtcRoomClient *client, GstRtcOperation operation, GError **error);

/* TRUE while the socket is down and attempts to come back are made. */
gboolean gst_rtc_room_client_is_returning (GstRtcRoomClient *client);

/* What the server has confirmed as muted of the own camera or screen stream;
 * a refused mute-local changes nothing. */
GstRtcMedia gst_rtc_room_client_get_muted (
    GstRtcRoomClient *client, gboolean screen);

/* Leaves without waiting for the answer longer than 250 ms, answers what is
 * pending with 100002 and closes the socket. @func (nullable) runs from the
 * main context when nothing is left to do; no event is emitted after it. To
 * be called once; requests after it are answered with 100002. */
void gst_rtc_room_client_shutdown (
    GstRtcRoomClient *client, GFunc func, gpointer user_data);

G_END_DECLS
