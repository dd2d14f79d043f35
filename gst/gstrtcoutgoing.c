/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The media that one transport sends. Tracks are added on the worker before it
 * starts, then only read; packets come from any thread. */
#include "gstrtcoutgoing.h"

#include <gst/video/video.h>
#include <gst/webrtc/webrtc.h>

#include "gstrtcfeed.h"
#include "gstrtcpeerlog.h"

#define GST_CAT_DEFAULT gst_rtc_peer_log_get_category ()

/* A transport this far behind has lost its live character. */
#define SEND_QUEUE_TIME GST_SECOND
#define SEND_QUEUE_BYTES (2 * 1024 * 1024)

enum
{
  TRACK_AUDIO,
  TRACK_VIDEO,
  N_TRACKS
};

typedef struct
{
  guint index; /* of its pad of the feed */
  GstPad *pad; /* borrowed from the feed, NULL without this medium */
  gulong probe;
  GstCaps *caps;
} Track;

struct _GstRtcOutgoing
{
  GstObject *owner; /* borrowed */
  GstRtcOutgoingFunc keyframe_wanted;

  /* Written before start, then read by any thread. */
  GstRtcFeed *feed; /* kept for gst_rtc_outgoing_push () until the end */
  Track tracks[N_TRACKS];
  guint track_order[N_TRACKS];
  guint n_tracks;

  /* Atomic. */
  gint open; /* media may be sent */
  gint sent; /* a packet was pushed */
};

static guint
get_track_index (GstRtcMedia medium)
{
  return medium == GST_RTC_MEDIA_VIDEO ? TRACK_VIDEO : TRACK_AUDIO;
}

static void
release_owner (gpointer data)
{
  GstRtcOutgoing *self = data;

  gst_object_unref (self->owner);
}

static GstPadProbeReturn
on_upstream_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRtcOutgoing *self = user_data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

  if (!gst_video_event_is_force_key_unit (event))
    return GST_PAD_PROBE_OK;
  self->keyframe_wanted (self->owner);
  return GST_PAD_PROBE_DROP;
}

/* What the offer says of a track. `rtcp-fb-nack` and do-nack of the
 * transceiver would turn retransmission on. No transport-wide congestion
 * control: an rtpsession of 1.22 leaves its sequence number out of the packets
 * of a list. */
static GstCaps *
make_preferences (GstRtcMedia medium, GstCaps *rtp_caps)
{
  GstCaps *caps = gst_caps_copy (rtp_caps);

  if (medium == GST_RTC_MEDIA_VIDEO)
    gst_caps_set_simple (caps, "rtcp-fb-nack-pli", G_TYPE_BOOLEAN, TRUE,
        "rtcp-fb-ccm-fir", G_TYPE_BOOLEAN, TRUE, NULL);
  return caps;
}

void
gst_rtc_outgoing_add_track (GstRtcOutgoing *self, GstElement *webrtc,
    GstRtcMedia medium, GstCaps *rtp_caps)
{
  guint index = get_track_index (medium);
  Track *track = &self->tracks[index];
  g_autoptr (GstCaps) preferences = NULL;
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
  g_autoptr (GstPad) sink_pad = NULL;
  GstPadTemplate *templ;

  if (!self->feed) {
    self->feed = gst_object_ref_sink (
        gst_rtc_feed_new (SEND_QUEUE_TIME, SEND_QUEUE_BYTES));
    gst_bin_add (
        GST_BIN (GST_OBJECT_PARENT (webrtc)), GST_ELEMENT (self->feed));
  }
  track->caps = gst_caps_ref (rtp_caps);
  track->pad = gst_rtc_feed_add_pad (self->feed, rtp_caps);
  track->index = self->n_tracks;
  self->track_order[self->n_tracks++] = index;

  templ = gst_element_get_pad_template (webrtc, "sink_%u");
  sink_pad = gst_element_request_pad (webrtc, templ, NULL, rtp_caps);
  preferences = make_preferences (medium, rtp_caps);
  g_object_get (sink_pad, "transceiver", &transceiver, NULL);
  g_object_set (transceiver, "direction",
      GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY, "codec-preferences",
      preferences, NULL);
  gst_object_ref (self->owner);
  track->probe =
      gst_pad_add_probe (track->pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
          on_upstream_event, self, release_owner);
  if (gst_pad_link (track->pad, sink_pad) != GST_PAD_LINK_OK)
    GST_ERROR_OBJECT (
        self->owner, "no link with caps %" GST_PTR_FORMAT, rtp_caps);
}

gboolean
gst_rtc_outgoing_has_track (GstRtcOutgoing *self, GstRtcMedia medium)
{
  return self->tracks[get_track_index (medium)].pad != NULL;
}

guint
gst_rtc_outgoing_get_n_tracks (GstRtcOutgoing *self)
{
  return self->n_tracks;
}

gboolean
gst_rtc_outgoing_check_answer (
    GstRtcOutgoing *self, const GstRtcSdp *sdp, gchar **fault)
{
  if (gst_rtc_sdp_get_n_tracks (sdp) != self->n_tracks) {
    *fault = g_strdup ("it has another number of m-lines than the offer");
    return FALSE;
  }
  for (guint i = 0; i < self->n_tracks; i++) {
    const GstRtcSdpTrack *answer = gst_rtc_sdp_get_track (sdp, i);
    const Track *track = &self->tracks[self->track_order[i]];
    gint wanted = -1, got = -1;

    if (get_track_index (answer->medium) != self->track_order[i]) {
      *fault = g_strdup_printf ("m-line %u is another medium", i);
      return FALSE;
    }
    if (!answer->caps) {
      GST_WARNING_OBJECT (self->owner, "m-line %u was refused", i);
      continue;
    }
    gst_structure_get_int (
        gst_caps_get_structure (track->caps, 0), "payload", &wanted);
    gst_structure_get_int (
        gst_caps_get_structure (answer->caps, 0), "payload", &got);
    if (wanted != got) {
      *fault = g_strdup_printf ("m-line %u answers with another codec", i);
      return FALSE;
    }
  }
  return TRUE;
}

void
gst_rtc_outgoing_set_open (GstRtcOutgoing *self, gboolean open)
{
  g_atomic_int_set (&self->open, open);
}

gboolean
gst_rtc_outgoing_push (
    GstRtcOutgoing *self, GstRtcMedia medium, GstBufferList *list)
{
  const Track *track = &self->tracks[get_track_index (medium)];

  if (!track->pad || !g_atomic_int_get (&self->open))
    return FALSE;
  g_atomic_int_set (&self->sent, TRUE);
  gst_rtc_feed_push (self->feed, track->index, gst_buffer_list_ref (list));
  return TRUE;
}

gboolean
gst_rtc_outgoing_has_sent (GstRtcOutgoing *self)
{
  return g_atomic_int_get (&self->sent);
}

void
gst_rtc_outgoing_stop (GstRtcOutgoing *self)
{
  for (guint i = 0; i < N_TRACKS; i++) {
    if (self->tracks[i].pad)
      gst_pad_remove_probe (self->tracks[i].pad, self->tracks[i].probe);
  }
}

GstRtcOutgoing *
gst_rtc_outgoing_new (GstObject *owner, GstRtcOutgoingFunc keyframe_wanted)
{
  GstRtcOutgoing *self = g_new0 (GstRtcOutgoing, 1);

  self->owner = owner;
  self->keyframe_wanted = keyframe_wanted;
  return self;
}

void
gst_rtc_outgoing_free (GstRtcOutgoing *self)
{
  if (!self)
    return;
  gst_clear_object (&self->feed);
  for (guint i = 0; i < N_TRACKS; i++)
    gst_clear_caps (&self->tracks[i].caps);
  g_free (self);
}
