/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much to send to a server that passes it on to all viewers: by the limit
 * that it names (REMB) and by the loss that it reports. Plain values, one
 * thread at a time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * GstRtcRate:
 * @least, @most: bounds, bit/s
 * @start: never passed before the server has named a limit
 * @limit: of the server, G_MAXUINT before it has named one
 * @target: what to send, bit/s
 */
typedef struct
{
  guint least;
  guint most;
  guint start;
  guint limit;
  guint target;
} GstRtcRate;

void gst_rtc_rate_init (GstRtcRate *rate, guint least, guint start, guint most);

/* The limit that the server has named last. */
void gst_rtc_rate_set_limit (GstRtcRate *rate, guint limit);

/* Once for each report of the server, about a second apart: @loss in 1/256 of
 * the packets. Much loss lowers the target at once, none lets it rise step by
 * step. */
void gst_rtc_rate_report (GstRtcRate *rate, guint loss);

/* Reads the feedback control information of a packet of application layer
 * feedback. FALSE when it is no REMB. @limit in bit/s, G_MAXUINT - 1 for
 * more. */
gboolean gst_rtc_rate_parse_remb (const guint8 *fci, gsize size, guint *limit);

G_END_DECLS
