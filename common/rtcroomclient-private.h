/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the room client share: rtcroomclient.c (the conversation),
 * rtcroomclientevents.c (what the room tells), rtcroomclientmedia.c (media
 * sessions) and rtcroomreturn.c (coming back to a room). Belongs to the worker.
 */
#pragma once

#include "rtcdialect.h"
#include "rtcendpoint.h"
#include "rtcledger.h"
#include "rtcoutbox.h"
#include "rtcroomclient.h"
#include "rtcroomstate.h"
#include "rtcsession.h"

G_BEGIN_DECLS

/* Ends a request that the client has made by itself. */
typedef void (*GstRtcOwnAnswerFunc) (GstRtcRoomClient *client,
    const GstRtcRequest *request, const GstRtcAnswer *answer,
    const GError *error);

/* A media session that the element has not closed.
 * @user_id: (nullable): NULL for the server itself
 * @connected: its transport has come up
 * @in_doubt: it had not when the connection came back
 * @stale: the server does not know it any more */
typedef struct
{
  gchar *user_id;
  gboolean screen;
  gboolean sends;
  gboolean connected;
  gboolean in_doubt;
  gboolean stale;
} GstRtcRoomMedia;

/* Of a publication whose media broke at the server.
 * @steady_at: monotonic time from which on it counts as good again */
typedef struct
{
  guint n_attempts;
  GSource *timer;
  gint64 steady_at;
} GstRtcRepublish;

struct _GstRtcRoomClient
{
  GObject parent;

  GMainContext *context;
  GstRtcOutbox *outbox;

  GstRtcRoomState state;
  GSource *deadline; /* of the state */
  GstRtcConnectionState connection;

  gchar *app_id;          /* since init */
  GstRtcOptional visible; /* for the next join, over its config */
  GstRtcConfig *config;   /* of the last join */
  gchar *user_id;         /* while in a room */

  GCancellable *fetching;
  guint n_fetching; /* cancelled ones too, until they have come back */
  GstRtcEndpoint *endpoint;
  GString *attempts; /* each address that did not open, and why */
  GstRtcSession *session;
  GstRtcDialect *dialect;
  GSource *alarm; /* of the dialect */

  GHashTable *pending; /* id: Pending */
  guint last_id;
  guint join_id; /* 0 for none */
  guint leave_id;
  guint rejoin_id;

  GError *broken;         /* why the socket broke, on the way back */
  gboolean gave_up;       /* until the next join or leave */
  const gchar *comeback;  /* how: resumed or rejoined */
  GPtrArray *undos;       /* (element-type GstRtcRequest): what takes back
                             requests that broke with the socket */
  GPtrArray *late_closes; /* what ended when nobody
                             could be told */
  GHashTable *missing;    /* keys of users and streams that were there before
                             the server lost the room */
  GSource *missing_timer;
  GSource *doubt_timer;         /* of media sessions in doubt */
  GstRtcRepublish republish[2]; /* camera, screen */

  GstRtcRoster *roster;
  GstRtcLedger *ledger;
  GHashTable *media; /* media session: Media */

  gboolean shutting_down;
  gboolean shut_down;
  GFunc shutdown_func;
  gpointer shutdown_data;
};

/* The conversation, for coming back. */

void gst_rtc_room_client_feed (GstRtcRoomClient *client, GstRtcInput input,
    guint value, const GError *cause);
void gst_rtc_room_client_push_event (
    GstRtcRoomClient *client, const GstRtcEvent *event);
/* A request of the client's own, whose end is told to @func. */
void gst_rtc_room_client_request_by_itself (GstRtcRoomClient *client,
    const GstRtcRequest *request, GstRtcOwnAnswerFunc func);
/* One whose answer nobody waits for. */
void gst_rtc_room_client_send_and_forget (
    GstRtcRoomClient *client, const GstRtcRequest *request);
GSource *gst_rtc_room_client_start_timer (
    GstRtcRoomClient *client, guint ms, GSourceFunc func, gpointer user_data);

/* What the room tells. */
void gst_rtc_room_client_take_event (
    GstRtcRoomClient *client, const GstRtcEvent *event);

/* A change by such an event, or one that was seen afterwards. */
void gst_rtc_room_client_add_user (
    GstRtcRoomClient *client, const GstRtcEvent *online);
void gst_rtc_room_client_remove_user (
    GstRtcRoomClient *client, const GstRtcEvent *gone);
void gst_rtc_room_client_add_stream (
    GstRtcRoomClient *client, const GstRtcEvent *added);
void gst_rtc_room_client_remove_stream (GstRtcRoomClient *client,
    const gchar *user_id, gboolean screen, const gchar *reason);
void gst_rtc_room_client_mute_stream (
    GstRtcRoomClient *client, const GstRtcEvent *muted);

/* Media sessions. */

/* Whether the stream comes by one of them. */
gboolean gst_rtc_room_client_receives (
    GstRtcRoomClient *client, const gchar *user_id, gboolean screen);
/* The table of those that stand. */
GHashTable *gst_rtc_room_client_new_media (void) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_room_client_open_media (
    GstRtcRoomClient *client, const GstRtcEvent *opened);
void gst_rtc_room_client_end_media (
    GstRtcRoomClient *client, const GstRtcEvent *closed);
void gst_rtc_room_client_close_all_media (
    GstRtcRoomClient *client, const gchar *reason);

/* Coming back, for the conversation. */

void gst_rtc_room_return_init (GstRtcRoomClient *client);
void gst_rtc_room_return_finalize (GstRtcRoomClient *client);
/* Out of the room: nothing of it is waited for any more. */
void gst_rtc_room_return_clear (GstRtcRoomClient *client);
/* @request broke with the socket. */
void gst_rtc_room_return_note_undo (
    GstRtcRoomClient *client, const GstRtcRequest *request);
/* A media session that ended when nobody could be told. */
void gst_rtc_room_return_close_media_later (
    GstRtcRoomClient *client, const gchar *media_session, const gchar *reason);
/* The media of a publication has ended at the server: it is published again,
 * by the delays of the connection. */
void gst_rtc_room_return_republish (
    GstRtcRoomClient *client, const GstRtcEvent *broken);
/* The end of the join that is to bring it back. */
void gst_rtc_room_return_end (
    GstRtcRoomClient *client, const GstRtcAnswer *answer, const GError *error);
/* Who is there now, against who was there. */
void gst_rtc_room_return_compare_roster (
    GstRtcRoomClient *client, GstRtcRoster *now, gboolean resumed);
/* A user or a stream that is not waited for any more; TRUE when a stream
 * was. */
void gst_rtc_room_return_forget_user (
    GstRtcRoomClient *client, const gchar *user_id);
gboolean gst_rtc_room_return_forget_stream (
    GstRtcRoomClient *client, const gchar *user_id, gboolean screen);
/* TRUE when @stream was waited for and is the one that was there before, but
 * for what is muted: its subscription goes on. */
gboolean gst_rtc_room_return_take_stream (
    GstRtcRoomClient *client, const gchar *user_id, const GstRtcStream *stream);

G_END_DECLS
