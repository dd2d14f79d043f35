/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One subscribed stream of another user: its media session, the transport,
 * and the outputs behind which transports may follow one another. Belongs to
 * the worker; packets pass on streaming threads. */
#pragma once

#include "gstrtcelement.h"
#include "gstrtcoutput.h"

G_BEGIN_DECLS

typedef struct _GstRtcSubscription GstRtcSubscription;

/**
 * GstRtcSubscriptionListener:
 * @new_output: a medium has no output yet; makes one (transfer full) and has
 *   it attached
 * @output_ended: an output is over. Streaming thread
 * @connected: media flows; @restarted: in place of a transport before it
 * @failed: the transport is lost; @error has code 300001
 *
 * On the worker, but for output_ended.
 */
typedef struct
{
  GstRtcOutput *(*new_output) (GstRtcSubscription *subscription,
      GstRtcMedia medium, const GstRtcOutputListener *output_listener,
      gpointer user_data);
  void (*output_ended) (GstRtcSubscription *subscription, GstRtcOutput *output,
      gpointer user_data);
  void (*connected) (
      GstRtcSubscription *subscription, gboolean restarted, gpointer user_data);
  void (*failed) (GstRtcSubscription *subscription, const GError *error,
      gpointer user_data);
} GstRtcSubscriptionListener;

GstRtcSubscription *gst_rtc_subscription_new (GstRtcElement *element,
    const gchar *user_id, gboolean screen,
    const GstRtcSubscriptionListener *listener,
    gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
GstRtcSubscription *gst_rtc_subscription_ref (GstRtcSubscription *subscription);
void gst_rtc_subscription_unref (GstRtcSubscription *subscription);

/* Makes the transport of @media_session, in place of one that was there,
 * which goes on until the new one brings media. FALSE and 300001 when it
 * cannot be had. */
gboolean gst_rtc_subscription_open (GstRtcSubscription *subscription,
    const gchar *media_session, guint latency, GError **error);
/* FALSE when there is a transport that runs by another clock. */
gboolean gst_rtc_subscription_runs_by (
    GstRtcSubscription *self, GstClock *clock);
void gst_rtc_subscription_set_offer (
    GstRtcSubscription *subscription, const gchar *sdp);
void gst_rtc_subscription_add_candidate (
    GstRtcSubscription *subscription, guint mline, const gchar *candidate);
/* The media that was asked for; only they have an output. */
void gst_rtc_subscription_set_wanted (
    GstRtcSubscription *subscription, GstRtcMedia wanted);
GstRtcMedia gst_rtc_subscription_get_wanted (GstRtcSubscription *subscription);
/* Media that does not come at present: muted by the publisher, or paused
 * here. */
void gst_rtc_subscription_set_muted (
    GstRtcSubscription *subscription, GstRtcMedia muted);
GstRtcMedia gst_rtc_subscription_get_muted (GstRtcSubscription *subscription);
void gst_rtc_subscription_set_paused (
    GstRtcSubscription *subscription, GstRtcMedia paused);
GstRtcMedia gst_rtc_subscription_get_paused (GstRtcSubscription *subscription);
/* Lets the timeline of such media go on; FALSE when there is none. */
gboolean gst_rtc_subscription_fill_gaps (GstRtcSubscription *subscription);
/* Stops the transport only: what was asked for stays, and so do the media
 * session until another one is opened, and media of a transport that was to
 * be replaced. */
void gst_rtc_subscription_suspend (GstRtcSubscription *subscription);

/* The time until a stream that failed is to be asked for again, ms; -1 when
 * that was done often enough. @delay: doubled with each attempt, with full
 * jitter, but for the first one, which is at once. Media that flows for a
 * while starts the count again. */
gint gst_rtc_subscription_next_attempt (
    GstRtcSubscription *subscription, guint max_attempts, guint delay);
/* Whether it is the first attempt since then. */
gboolean gst_rtc_subscription_is_first_attempt (
    GstRtcSubscription *subscription);
/* Takes @timer (nullable), destroys the one before. Closing destroys it. */
void gst_rtc_subscription_take_timer (
    GstRtcSubscription *subscription, GSource *timer);

/* Stops the transport; the outputs stay and wait. */
void gst_rtc_subscription_close (GstRtcSubscription *subscription);
/* Ends the outputs with EOS, and forgets them. */
void gst_rtc_subscription_end_outputs (GstRtcSubscription *subscription);

/* Borrowed; the media session is NULL while closed. */
const gchar *gst_rtc_subscription_get_media_session (
    GstRtcSubscription *subscription);
const gchar *gst_rtc_subscription_get_user_id (
    GstRtcSubscription *subscription);
gboolean gst_rtc_subscription_get_screen (GstRtcSubscription *subscription);
/* Shared by the outputs in their stream-start. */
guint gst_rtc_subscription_get_group_id (GstRtcSubscription *subscription);
gboolean gst_rtc_subscription_has_outputs (GstRtcSubscription *subscription);
GstRtcOutput *gst_rtc_subscription_get_output (
    GstRtcSubscription *subscription, GstRtcMedia medium);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcSubscription, gst_rtc_subscription_unref)

/* Figures of the transport with user-id and screen; NULL
 * while closed. Any thread. */
GstStructure *gst_rtc_subscription_get_stats (
    GstRtcSubscription *subscription) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
