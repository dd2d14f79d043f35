/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a publisher that has gone mad sends under valid SRTP: a probe between
 * the RTP session and the encryption of a webrtcbin. Streaming threads, but
 * for the functions here, which are for any. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _Garbage Garbage;

/* Equal seeds make equal garbage of equal packets. */
Garbage *garbage_new (guint32 seed);
void garbage_free (Garbage *self);

/* @webrtcbin has no transport yet. It must not outlive @self. */
void garbage_attach (Garbage *self, GstElement *webrtcbin);

/* Words with commas: `replay` sends packets again, `ssrc` others under a
 * foreign SSRC, `jump` lets sequence numbers jump, `rtcp` sends RTCP that is
 * none, `move` changes all SSRCs once; `none`. FALSE where one is unknown. */
gboolean garbage_set (Garbage *self, const gchar *kinds);

/* Packets that were sent beside the usual ones. */
guint garbage_count (Garbage *self);

G_END_DECLS
