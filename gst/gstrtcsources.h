/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which source (SSRC) a payload type comes from. webrtcbin shows the source
 * that came last and stays with it, so that one stray packet pair would end
 * the picture for good. Plain values, one thread at a time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* rtpbin makes a jitter buffer with a thread for each SSRC it meets. */
#define GST_RTC_MAX_SOURCES 4
#define GST_RTC_SOURCES_MAX_PAIRS 8

typedef enum
{
  GST_RTC_SOURCE_KNOWN,
  GST_RTC_SOURCE_FOREIGN, /* beside one that still sends: to be dropped */
  GST_RTC_SOURCE_LOST     /* the stream has a source that cannot be shown */
} GstRtcSourceVerdict;

typedef struct
{
  guint8 payload_type;
  gboolean current; /* the last one taken of its payload type */
  guint32 ssrc;
  gint64 last;   /* when it was heard, monotonic, us */
  guint32 rival; /* who has sent since, while it was silent */
  guint n_rival; /* its packets in a row */
} GstRtcSource;

typedef struct
{
  GstRtcSource pairs[GST_RTC_SOURCES_MAX_PAIRS];
  guint n_pairs;
} GstRtcSources;

/* Each packet of RTP at @now, from its first 12 bytes. */
GstRtcSourceVerdict gst_rtc_sources_judge (
    GstRtcSources *sources, const guint8 header[12], gint64 now);

G_END_DECLS
