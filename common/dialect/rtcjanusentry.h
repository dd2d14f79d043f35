/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way into a room of a Janus server and back into it. Belongs to the
 * worker. */
#pragma once

#include "rtcjanusroom.h"

G_BEGIN_DECLS

typedef struct _GstRtcJanusEntry GstRtcJanusEntry;

GstRtcJanusEntry *gst_rtc_janus_entry_new (
    GstRtcJanusRoom *room) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_janus_entry_free (GstRtcJanusEntry *entry);

/* The request @id, which is answered unless it is forgotten before. Where a
 * session stands it is claimed, else everything is new. */
void gst_rtc_janus_entry_join (
    GstRtcJanusEntry *entry, guint id, GstRtcConfig *config);
void gst_rtc_janus_entry_forget (GstRtcJanusEntry *entry, guint id);
gboolean gst_rtc_janus_entry_is_joined (GstRtcJanusEntry *entry);

/* The session goes, in order: nothing keeps it alive. */
void gst_rtc_janus_entry_end (GstRtcJanusEntry *entry);
/* Asks the server to end the session, once; where there is none or it has
 * been asked before, nothing happens. A session can outlive its socket. */
void gst_rtc_janus_entry_destroy (
    GstRtcJanusEntry *entry, guint tag, GstRtcJanusReplyFunc func);
/* Nothing of the session is left. */
void gst_rtc_janus_entry_discard (GstRtcJanusEntry *entry);
/* The same, and the socket is to be given up for it: by take_loss (), which is
 * FALSE with 500001 then. */
void gst_rtc_janus_entry_lose (
    GstRtcJanusEntry *entry, gint code, const gchar *reason);
gboolean gst_rtc_janus_entry_take_loss (
    GstRtcJanusEntry *entry, GError **error);
/* The socket is gone. Before that of media and link. */
void gst_rtc_janus_entry_reset (GstRtcJanusEntry *entry);

/* When to be woken, monotonic, G_MAXINT64 for never. */
gint64 gst_rtc_janus_entry_get_due (GstRtcJanusEntry *entry);
void gst_rtc_janus_entry_wake (GstRtcJanusEntry *entry, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcJanusEntry, gst_rtc_janus_entry_free)

G_END_DECLS
