/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The room logic of the server: messages in, messages out. No socket, no
 * thread, no clock: the time is an argument. Belongs to one thread. */
#pragma once

#include <glib.h>

#include "rtcmessage.h"

G_BEGIN_DECLS

/* Owned by the caller of the rooms, opaque here: one connection. */
typedef guint64 GstRtcConnectionId;

typedef struct
{
  const gchar *app_id;  /* only this application, NULL any */
  const gchar *app_key; /* NULL: open mode */
  guint max_rooms;
  guint max_visible_users;
  guint max_invisible_users;
  guint max_streams;
  guint max_subscriptions;
  guint ping_interval; /* ms, told to the client in the answer to a join */
  guint grace_time;    /* ms */
} GstRtcRoomsSettings;

/**
 * GstRtcRoomsOutput:
 * @send: one message for @connection, borrowed
 * @close: @connection is to be closed after what was sent, with a WebSocket
 *   close code (RFC 6455 section 7.4) and a reason
 *
 * Neither of them calls back into the rooms.
 */
typedef struct
{
  void (*send) (GstRtcConnectionId connection, GstRtcMessage *message,
      gpointer user_data);
  void (*close) (GstRtcConnectionId connection, guint16 code,
      const gchar *reason, gpointer user_data);
} GstRtcRoomsOutput;

typedef struct _GstRtcRooms GstRtcRooms;

GstRtcRooms *gst_rtc_rooms_new (const GstRtcRoomsSettings *settings,
    const GstRtcRoomsOutput *output,
    gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_rooms_free (GstRtcRooms *rooms);

/* A connection that opened, one message from it, and its end. The room of a
 * user lives on for the grace time when @clean is FALSE. @now is monotonic
 * time, @wall is Unix time, both in microseconds. */
void gst_rtc_rooms_open (GstRtcRooms *rooms, GstRtcConnectionId connection);
void gst_rtc_rooms_receive (GstRtcRooms *rooms, GstRtcConnectionId connection,
    const gchar *text, gsize length, gint64 now, gint64 wall);
void gst_rtc_rooms_lost (GstRtcRooms *rooms, GstRtcConnectionId connection,
    gboolean clean, gint64 now);

/* Does what has become due (grace times, token expiry) and returns when to
 * come next, on the clock of @now, G_MAXINT64 for never. */
gint64 gst_rtc_rooms_tick (GstRtcRooms *rooms, gint64 now, gint64 wall);

/* Tells every client that the server stops, and closes its connection. */
void gst_rtc_rooms_close_all (GstRtcRooms *rooms, const gchar *reason);

/* TRUE while the connection is in a room. */
gboolean gst_rtc_rooms_has_joined (
    GstRtcRooms *rooms, GstRtcConnectionId connection);
guint gst_rtc_rooms_get_n_rooms (GstRtcRooms *rooms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcRooms, gst_rtc_rooms_free)

G_END_DECLS
