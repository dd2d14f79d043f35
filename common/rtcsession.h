/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One client WebSocket: connect, send, receive, ping with pong deadline,
 * close. It knows no room. Belongs to the worker. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * GstRtcSessionSettings:
 * @url: ws or wss
 * @subprotocol: (nullable): that the server must accept
 * @tls_ca_file: (nullable): PEM file of the authorities to trust
 * @connect_timeout: ms for TCP, TLS and the upgrade together
 * @ping_interval: ms between pings, rounded up to seconds; 0: no pings
 * @max_message_bytes: longer messages break the connection
 * @pong_timeout: ms without a pong or a message after a ping was due; a
 *   second is added, since pings can be that late
 */
typedef struct
{
  const gchar *url;
  const gchar *subprotocol;
  const gchar *tls_ca_file;
  guint connect_timeout;
  guint ping_interval;
  guint pong_timeout;
  gsize max_message_bytes;
} GstRtcSessionSettings;

/**
 * GstRtcSessionListener:
 * @opened: the upgrade is done
 * @received: one text message
 * @closed: the end, exactly once after connect unless
 *   gst_rtc_session_close () was called before. @opened_before: it had been
 *   open. @error: 500001 with the close code as native code (0 when there
 *   was none); an address that did not open has the same domain and code
 *   with opened_before FALSE
 */
typedef struct
{
  void (*opened) (gpointer user_data);
  void (*received) (const gchar *text, gsize length, gpointer user_data);
  void (*closed) (
      gboolean opened_before, const GError *error, gpointer user_data);
} GstRtcSessionListener;

typedef struct _GstRtcSession GstRtcSession;

/* Starts to connect at once, on the thread-default context. */
GstRtcSession *gst_rtc_session_connect (const GstRtcSessionSettings *settings,
    const GstRtcSessionListener *listener,
    gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

gboolean gst_rtc_session_is_open (GstRtcSession *session);

/* Queued by the socket; silently dropped when it is not open. */
void gst_rtc_session_send (GstRtcSession *session, const gchar *text);

/* Says goodbye with @code and @reason and frees @session; the listener is
 * not called any more. The close handshake goes on by itself for at most a
 * second. */
void gst_rtc_session_close (
    GstRtcSession *session, guint16 code, const gchar *reason);

G_END_DECLS
