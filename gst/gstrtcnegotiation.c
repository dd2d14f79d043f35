/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one webrtcbin and the other side tell each other. Worker, unless said
 * otherwise; webrtcbin answers on its own thread. */
#include "gstrtcnegotiation.h"

#include <gst/sdp/sdp.h>
#include <gst/webrtc/webrtc.h>

#include "gstrtcpeerlog.h"
#include "rtcconfig.h"

#define GST_CAT_DEFAULT gst_rtc_peer_log_get_category ()

typedef struct
{
  guint mline;
  gchar *text;
} Candidate;

struct _GstRtcNegotiation
{
  GstObject *owner; /* borrowed */
  const GstRtcNegotiationListener *listener;
  gboolean offers;

  /* Worker. */
  gboolean ready;    /* webrtcbin's thread is there */
  GstRtcSdp *sdp;    /* of the other side */
  GQueue candidates; /* of Candidate, until webrtcbin has the description */
  guint n_candidates;

  GMutex lock;
  /* Under lock. */
  GstElement *webrtc;  /* NULL once stopped; written by the worker only */
  GPtrArray *promises; /* given to webrtcbin; NULL once interrupted */
};

static void
candidate_free (gpointer data)
{
  Candidate *candidate = data;

  g_free (candidate->text);
  g_free (candidate);
}

static void
release_owner (gpointer data)
{
  GstRtcNegotiation *self = data;

  gst_object_unref (self->owner);
}

static void G_GNUC_PRINTF (2, 3)
    tell_failure (GstRtcNegotiation *self, const gchar *format, ...)
{
  g_autofree gchar *reason = NULL;
  va_list args;

  va_start (args, format);
  reason = g_strdup_vprintf (format, args);
  va_end (args);
  self->listener->failed (self->owner, reason);
}

static void
on_description_set (GstPromise *promise, gpointer user_data)
{
  GstRtcNegotiation *self = user_data;
  const GstStructure *reply;
  g_autoptr (GError) error = NULL;

  if (gst_promise_wait (promise) != GST_PROMISE_RESULT_REPLIED)
    return;
  reply = gst_promise_get_reply (promise);
  if (reply && gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL))
    tell_failure (self, "a description was not taken: %s", error->message);
}

static GstPromise *
make_promise (GstRtcNegotiation *self, GstPromiseChangeFunc func)
{
  GstPromise *promise =
      gst_promise_new_with_change_func (func, self, release_owner);
  gboolean interrupted;

  gst_object_ref (self->owner);
  g_mutex_lock (&self->lock);
  interrupted = !self->promises;
  if (!interrupted)
    g_ptr_array_add (self->promises, gst_promise_ref (promise));
  g_mutex_unlock (&self->lock);
  if (interrupted)
    gst_promise_interrupt (promise);
  return promise;
}

/* webrtcbin's thread. Goes on without a turn over the worker: each hop would
 * be added to every join. */
static void
on_description_created (GstPromise *promise, gpointer user_data)
{
  GstRtcNegotiation *self = user_data;
  const gchar *field = self->offers ? "offer" : "answer";
  const GstStructure *reply;
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  g_autoptr (GstElement) webrtc = NULL;
  g_autoptr (GstPromise) set = NULL;
  g_autoptr (GError) error = NULL;

  if (gst_promise_wait (promise) != GST_PROMISE_RESULT_REPLIED)
    return;
  reply = gst_promise_get_reply (promise);
  if (reply)
    gst_structure_get (
        reply, field, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL);
  if (!description) {
    if (reply)
      gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL);
    tell_failure (
        self, "no %s: %s", field, error ? error->message : "webrtcbin is gone");
    return;
  }

  g_mutex_lock (&self->lock);
  if (self->webrtc)
    webrtc = gst_object_ref (self->webrtc);
  g_mutex_unlock (&self->lock);
  if (!webrtc)
    return;
  /* This is the thread that will set it, so its candidates can't come before
   * the text is queued; an answer to it must not come before it is set. */
  set = make_promise (self, on_description_set);
  g_signal_emit_by_name (webrtc, "set-local-description", description, set);
  self->listener->described (
      self->owner, gst_sdp_message_as_text (description->sdp));
}

static void
create_description (GstRtcNegotiation *self)
{
  g_autoptr (GstPromise) promise = make_promise (self, on_description_created);

  g_signal_emit_by_name (self->webrtc,
      self->offers ? "create-offer" : "create-answer", NULL, promise);
}

static void
add_candidate (GstRtcNegotiation *self, guint mline, const gchar *text)
{
  if (mline >= gst_rtc_sdp_get_n_tracks (self->sdp)) {
    GST_WARNING_OBJECT (self->owner, "candidate for m-line %u dropped", mline);
    return;
  }
  /* Only one transport is used; the others' candidates lead nowhere. */
  if (mline == gst_rtc_sdp_get_bundle_mline (self->sdp))
    g_signal_emit_by_name (self->webrtc, "add-ice-candidate", mline, text);
}

/* Hands the description of the other side to webrtcbin, once both it and
 * webrtcbin's thread are there. */
static void
apply_remote_description (GstRtcNegotiation *self)
{
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  g_autoptr (GstPromise) promise = NULL;
  gboolean is_offer = !self->offers;
  GstSDPMessage *message;
  Candidate *candidate;

  gst_sdp_message_copy (gst_rtc_sdp_get_message (self->sdp), &message);
  description = gst_webrtc_session_description_new (
      is_offer ? GST_WEBRTC_SDP_TYPE_OFFER : GST_WEBRTC_SDP_TYPE_ANSWER,
      message);
  promise = make_promise (self, on_description_set);
  g_signal_emit_by_name (
      self->webrtc, "set-remote-description", description, promise);
  if (is_offer)
    create_description (self);
  while ((candidate = g_queue_pop_head (&self->candidates))) {
    add_candidate (self, candidate->mline, candidate->text);
    candidate_free (candidate);
  }
}

/* --- public --- */

void
gst_rtc_negotiation_begin (GstRtcNegotiation *self)
{
  self->ready = TRUE;
  if (self->offers)
    create_description (self);
  else if (self->sdp)
    apply_remote_description (self);
}

void
gst_rtc_negotiation_take_remote (GstRtcNegotiation *self, GstRtcSdp *sdp)
{
  self->n_candidates += gst_rtc_sdp_get_n_candidates (sdp);
  self->sdp = sdp;
}

void
gst_rtc_negotiation_apply_remote (GstRtcNegotiation *self)
{
  if (self->ready)
    apply_remote_description (self);
}

const GstRtcSdp *
gst_rtc_negotiation_get_remote (GstRtcNegotiation *self)
{
  return self->sdp;
}

void
gst_rtc_negotiation_add_candidate (
    GstRtcNegotiation *self, guint mline, const gchar *candidate)
{
  g_autofree gchar *text = NULL;
  g_autofree gchar *fault = NULL;
  Candidate *kept;

  switch (gst_rtc_candidate_check (candidate, &text, &fault)) {
    case GST_RTC_CANDIDATE_USABLE:
      break;
    case GST_RTC_CANDIDATE_UNUSABLE:
      GST_DEBUG_OBJECT (self->owner, "candidate dropped: %s", fault);
      return;
    default:
      GST_WARNING_OBJECT (self->owner, "bad candidate dropped: %s", fault);
      return;
  }
  if (self->n_candidates >= GST_RTC_MAX_CANDIDATES) {
    GST_WARNING_OBJECT (self->owner, "too many candidates");
    return;
  }
  self->n_candidates++;

  if (self->sdp && self->ready) {
    add_candidate (self, mline, text);
    return;
  }
  kept = g_new (Candidate, 1);
  *kept = (Candidate){mline, g_steal_pointer (&text)};
  g_queue_push_tail (&self->candidates, kept);
}

void
gst_rtc_negotiation_stop (GstRtcNegotiation *self)
{
  g_autoptr (GstElement) webrtc = NULL;

  g_mutex_lock (&self->lock);
  webrtc = g_steal_pointer (&self->webrtc);
  g_mutex_unlock (&self->lock);
}

void
gst_rtc_negotiation_interrupt (GstRtcNegotiation *self)
{
  g_autoptr (GPtrArray) promises = NULL;

  g_mutex_lock (&self->lock);
  promises = g_steal_pointer (&self->promises);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; promises && i < promises->len; i++)
    gst_promise_interrupt (g_ptr_array_index (promises, i));
}

GstRtcNegotiation *
gst_rtc_negotiation_new (GstObject *owner,
    const GstRtcNegotiationListener *listener, GstElement *webrtc,
    gboolean offers)
{
  GstRtcNegotiation *self = g_new0 (GstRtcNegotiation, 1);

  self->owner = owner;
  self->listener = listener;
  self->offers = offers;
  g_queue_init (&self->candidates);
  g_mutex_init (&self->lock);
  self->webrtc = gst_object_ref (webrtc);
  self->promises =
      g_ptr_array_new_with_free_func ((GDestroyNotify)gst_promise_unref);
  return self;
}

void
gst_rtc_negotiation_free (GstRtcNegotiation *self)
{
  if (!self)
    return;
  g_queue_clear_full (&self->candidates, candidate_free);
  g_clear_pointer (&self->sdp, gst_rtc_sdp_free);
  gst_clear_object (&self->webrtc);
  g_clear_pointer (&self->promises, g_ptr_array_unref);
  g_mutex_clear (&self->lock);
  g_free (self);
}
