/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which source a payload type comes from. One thread at a time. */
#include "gstrtcsources.h"

/* A source that has been silent for this long may be followed by another, as
 * after a collision (RFC 3550, section 8.2). */
#define SILENCE (1 * G_TIME_SPAN_SECOND)
/* Packets in a row that are no stray ones. */
#define SERIOUS 8

static GstRtcSource *
find_current (GstRtcSources *sources, guint8 payload_type)
{
  for (guint i = 0; i < sources->n_pairs; i++) {
    if (sources->pairs[i].current &&
        sources->pairs[i].payload_type == payload_type)
      return &sources->pairs[i];
  }
  return NULL;
}

/* TRUE once @ssrc alone goes on where the current source has stopped. */
static gboolean
has_taken_over (GstRtcSource *current, guint32 ssrc, gint64 now)
{
  if (now - current->last < SILENCE)
    return FALSE;
  if (current->rival != ssrc)
    current->n_rival = 0;
  current->rival = ssrc;
  return ++current->n_rival >= SERIOUS;
}

static gboolean
is_known (GstRtcSources *sources, guint8 payload_type, guint32 ssrc)
{
  for (guint i = 0; i < sources->n_pairs; i++) {
    if (sources->pairs[i].ssrc == ssrc &&
        sources->pairs[i].payload_type == payload_type)
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_room (GstRtcSources *sources, guint32 ssrc)
{
  guint n = 1;

  for (guint i = 0; i < sources->n_pairs; i++) {
    gboolean counted = sources->pairs[i].ssrc == ssrc;

    for (guint k = 0; k < i && !counted; k++)
      counted = sources->pairs[k].ssrc == sources->pairs[i].ssrc;
    n += !counted;
  }
  return n <= GST_RTC_MAX_SOURCES &&
         sources->n_pairs < GST_RTC_SOURCES_MAX_PAIRS;
}

GstRtcSourceVerdict
gst_rtc_sources_judge (
    GstRtcSources *sources, const guint8 header[12], gint64 now)
{
  const guint8 payload_type = header[1] & 0x7f;
  const guint32 ssrc = (guint32)header[8] << 24 | (guint32)header[9] << 16 |
                       (guint32)header[10] << 8 | header[11];
  GstRtcSource *current = find_current (sources, payload_type);

  if (current && current->ssrc == ssrc) {
    current->last = now;
    current->n_rival = 0;
    return GST_RTC_SOURCE_KNOWN;
  }
  if (current && !has_taken_over (current, ssrc, now))
    return GST_RTC_SOURCE_FOREIGN;
  /* rtpbin keeps what it made for a source and makes it known once. */
  if (is_known (sources, payload_type, ssrc) || !has_room (sources, ssrc))
    return current ? GST_RTC_SOURCE_LOST : GST_RTC_SOURCE_FOREIGN;
  if (current)
    current->current = FALSE;
  sources->pairs[sources->n_pairs++] =
      (GstRtcSource){payload_type, TRUE, ssrc, now, 0, 0};
  return GST_RTC_SOURCE_KNOWN;
}
