/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interface between the room client and the wire of one back-end: it
 * turns requests and media notices into text frames, and text frames into
 * answers and events. No socket, no timer of a request, no room state.
 * Belongs to the worker. */
#pragma once

#include <glib-object.h>

#include "rtcevent.h"
#include "rtcrequest.h"

G_BEGIN_DECLS

/**
 * GstRtcDialectHost:
 * @send: one text frame to the server
 * @answered: the end of request @id: @answer when it succeeded, else @error
 *   with the operation's code; exactly one of both
 * @extend: the server works at request @id, whose next step has a deadline of
 *   its own: @ms from now, 0 for the deadline of every request
 * @wake: calls wake () of the dialect after @ms, in place of the call that
 *   was asked for before; 0 for never
 * @event: something the room tells
 *
 * What the room client gives a dialect. All calls go to @user_data.
 */
typedef struct
{
  void (*send) (const gchar *text, gpointer user_data);
  void (*answered) (guint id, const GstRtcAnswer *answer, const GError *error,
      gpointer user_data);
  void (*extend) (guint id, guint ms, gpointer user_data);
  void (*wake) (guint ms, gpointer user_data);
  void (*event) (const GstRtcEvent *event, gpointer user_data);
} GstRtcDialectHost;

#define GST_RTC_TYPE_DIALECT (gst_rtc_dialect_get_type ())
G_DECLARE_INTERFACE (GstRtcDialect, gst_rtc_dialect, GST_RTC, DIALECT, GObject)

/**
 * GstRtcDialectInterface:
 * @subprotocol: WebSocket subprotocol
 * @max_message_bytes: what the server may send at once
 * @removed_code: close code that means a removal from the room for good, 0
 *   for none
 * @set_host: before anything else
 * @start_request: sends what the request needs; its end is told to
 *   answered () unless the room client gave the request up before
 * @forget_request: the room client has given @id up (deadline); a late
 *   answer is to be ignored
 * @receive: one text frame; FALSE and 500001 when it cannot be of this
 *   protocol, the socket is then closed
 * @wake: (nullable): the time that was asked for has come; @now is
 *   monotonic. FALSE and 500001 as in @receive, for a server that is not
 *   there any more
 * @reset: the socket is gone: requests are forgotten. A JOIN after it comes
 *   back to the room with whatever proves who it was; media sessions stand
 *   unless its answer says that nothing was resumed
 * @farewell: (nullable): the socket is about to be closed for good, in order:
 *   what the server would keep of us all the same is ended
 * @send_description, @send_candidate: of the own side of a media session
 * @media_connected: the transport is up
 * @close_media: the own side gives the media session up, for a failure with
 *   that reason, or (NULL) in order
 */
struct _GstRtcDialectInterface
{
  GTypeInterface parent;

  const gchar *subprotocol;
  gsize max_message_bytes;
  guint16 removed_code;
  void (*set_host) (GstRtcDialect *dialect, const GstRtcDialectHost *host,
      gpointer user_data);
  void (*start_request) (
      GstRtcDialect *dialect, guint id, const GstRtcRequest *request);
  void (*forget_request) (GstRtcDialect *dialect, guint id);
  gboolean (*receive) (
      GstRtcDialect *dialect, const gchar *text, gsize length, GError **error);
  gboolean (*wake) (GstRtcDialect *dialect, gint64 now, GError **error);
  void (*reset) (GstRtcDialect *dialect);
  void (*farewell) (GstRtcDialect *dialect);
  void (*send_description) (
      GstRtcDialect *dialect, const gchar *media_session, const gchar *sdp);
  void (*send_candidate) (GstRtcDialect *dialect, const gchar *media_session,
      guint mline, const gchar *candidate);
  void (*media_connected) (GstRtcDialect *dialect, const gchar *media_session);
  void (*close_media) (
      GstRtcDialect *dialect, const gchar *media_session, const gchar *reason);
};

/* The dialect of @backend, NULL when this build has none. */
GstRtcDialect *gst_rtc_dialect_new (
    GstRtcBackend backend) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
