/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with the core of Janus: one session, its handles, and the
 * requests on them, each of which is answered once. It has no socket and no
 * clock; belongs to the worker. */
#pragma once

#include "rtcjanuswire.h"

G_BEGIN_DECLS

typedef struct _GstRtcJanusLink GstRtcJanusLink;
typedef struct _GstRtcJanusHandle GstRtcJanusHandle;

/* The final reply to a request; @reply->error_code is 0 when it succeeded.
 * @tag and @handle (nullable) are what the request was made with. */
typedef void (*GstRtcJanusReplyFunc) (GstRtcJanusHandle *handle, guint tag,
    const GstRtcJanusMessage *reply, gpointer user_data);

/**
 * GstRtcJanusLinkFuncs:
 * @send: one text frame
 * @progress: the server works at the request that was made with @tag
 */
typedef struct
{
  void (*send) (const gchar *text, gpointer user_data);
  void (*progress) (guint tag, gpointer user_data);
} GstRtcJanusLinkFuncs;

GstRtcJanusLink *gst_rtc_janus_link_new (const GstRtcJanusLinkFuncs *funcs,
    gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_janus_link_free (GstRtcJanusLink *link);

/* Go into every request, where they are set; never logged. */
void gst_rtc_janus_link_set_secret (GstRtcJanusLink *link, const gchar *secret);
void gst_rtc_janus_link_set_token (GstRtcJanusLink *link, const gchar *token);

/* 0 before there is one. Setting another one forgets the handles. */
gint64 gst_rtc_janus_link_get_session (GstRtcJanusLink *link);
void gst_rtc_janus_link_set_session (GstRtcJanusLink *link, gint64 session);

/* A request of the core, sent at once: `create`, `keepalive`, ... */
void gst_rtc_janus_link_ask (GstRtcJanusLink *link, const gchar *verb,
    guint tag, GstRtcJanusReplyFunc func);
/* The same for another session than the link's, 0 for none. */
void gst_rtc_janus_link_ask_of (GstRtcJanusLink *link, gint64 session,
    const gchar *verb, guint tag, GstRtcJanusReplyFunc func);

/* A handle of the VideoRoom plugin; @func is told when it is there. Lives
 * until gst_rtc_janus_link_drop () or another session. */
GstRtcJanusHandle *gst_rtc_janus_link_attach (GstRtcJanusLink *link, guint tag,
    GstRtcJanusReplyFunc func) G_GNUC_WARN_UNUSED_RESULT;

/* A request of the plugin: @body (transfer full) with a description where
 * @sdp is set. One at a time goes out for each handle, since Janus does not
 * keep their order. */
void gst_rtc_janus_link_message (GstRtcJanusLink *link,
    GstRtcJanusHandle *handle, GstRtcJson *body, const gchar *sdp_type,
    const gchar *sdp, guint tag, GstRtcJanusReplyFunc func);

/* Ends the transport of @handle. */
void gst_rtc_janus_link_hang_up (
    GstRtcJanusLink *link, GstRtcJanusHandle *handle);

/* An own candidate, empty at the end of them. */
void gst_rtc_janus_link_trickle (GstRtcJanusLink *link,
    GstRtcJanusHandle *handle, guint mline, const gchar *candidate);

/* Ends @handle here and on the server. What was asked of it is not answered
 * any more; @func (nullable) hears when the server has let go of it. FALSE
 * when it will hear nothing, since the handle was not attached yet. */
gboolean gst_rtc_janus_link_drop (GstRtcJanusLink *link,
    GstRtcJanusHandle *handle, guint tag, GstRtcJanusReplyFunc func);
/* The server has ended it. */
void gst_rtc_janus_link_forget_handle (
    GstRtcJanusLink *link, GstRtcJanusHandle *handle);

/* Of a message; NULL for one that we do not (or no longer) know. */
GstRtcJanusHandle *gst_rtc_janus_link_find (GstRtcJanusLink *link, gint64 id);

/* TRUE when @message is the reply to a request, or is to be left alone. */
gboolean gst_rtc_janus_link_take_reply (
    GstRtcJanusLink *link, const GstRtcJanusMessage *message);

/* The socket is gone: no reply comes any more. The session stays, and the
 * handles that are attached; the others are gone. */
void gst_rtc_janus_link_reset (GstRtcJanusLink *link);

gboolean gst_rtc_janus_handle_is_attached (GstRtcJanusHandle *handle);
/* TRUE while a request of the plugin is not answered. */
gboolean gst_rtc_janus_handle_is_busy (GstRtcJanusHandle *handle);

/* What the owner of a handle keeps with it; not freed. */
void gst_rtc_janus_handle_set_data (GstRtcJanusHandle *handle, gpointer data);
gpointer gst_rtc_janus_handle_get_data (GstRtcJanusHandle *handle);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcJanusLink, gst_rtc_janus_link_free)

G_END_DECLS
