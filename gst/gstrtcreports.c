/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the RTP sessions of one webrtcbin report. Any thread, unless said
 * otherwise. */
#include "gstrtcreports.h"

#include <gst/rtp/rtp.h>

#include "gstrtcrate.h"
#include "gstrtcstats.h"

/* RTCP is due only each 5 s otherwise, too slow to tell silence from it. */
#define RTCP_MIN_INTERVAL GST_SECOND

struct _GstRtcReports
{
  GstObject *owner; /* borrowed */

  /* Worker. */
  GstRtcRate rate;
  guint64 last_report; /* of the loss */

  GMutex lock;
  /* Under the lock. */
  GPtrArray *sessions; /* (element-type GObject) */
  gboolean stopped;

  /* Atomic. */
  gint follows; /* the rate of the other side */
  guint limit;  /* of it, bit/s; 0 before it has named one */
};

static void
release_owner (gpointer data, GClosure *unused)
{
  GstRtcReports *self = data;

  gst_object_unref (self->owner);
}

static GPtrArray *
ref_sessions (GstRtcReports *self)
{
  GPtrArray *sessions = g_ptr_array_new_with_free_func (g_object_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->sessions->len; i++)
    g_ptr_array_add (
        sessions, g_object_ref (g_ptr_array_index (self->sessions, i)));
  g_mutex_unlock (&self->lock);
  return sessions;
}

/* A streaming thread. */
static void
on_feedback (GObject *session, guint type, guint format, guint sender,
    guint media, GstBuffer *fci, gpointer user_data)
{
  GstRtcReports *self = user_data;
  guint8 bytes[8];
  guint limit;

  if (type != GST_RTCP_TYPE_PSFB || format != GST_RTCP_PSFB_TYPE_AFB || !fci)
    return;
  if (gst_rtc_rate_parse_remb (
          bytes, gst_buffer_extract (fci, 0, bytes, sizeof (bytes)), &limit))
    g_atomic_int_set (&self->limit, MAX (limit, 1));
}

void
gst_rtc_reports_follow_rate (
    GstRtcReports *self, guint least, guint start, guint most)
{
  gst_rtc_rate_init (&self->rate, least, start, most);
  g_atomic_int_set (&self->follows, TRUE);
}

gboolean
gst_rtc_reports_follows_rate (GstRtcReports *self)
{
  return g_atomic_int_get (&self->follows);
}

gboolean
gst_rtc_reports_update_rate (GstRtcReports *self, guint *rate)
{
  g_autoptr (GPtrArray) sessions = ref_sessions (self);
  const guint before = self->rate.target;
  const guint limit = g_atomic_int_get (&self->limit);
  guint64 report;
  guint loss;

  if (limit > 0)
    gst_rtc_rate_set_limit (&self->rate, limit);
  if (gst_rtc_stats_get_loss (sessions, &loss, &report) &&
      report != self->last_report) {
    self->last_report = report;
    gst_rtc_rate_report (&self->rate, loss);
  }
  *rate = self->rate.target;
  return *rate != before;
}

void
gst_rtc_reports_watch (GstRtcReports *self, GstElement *rtpsession)
{
  GObject *session = NULL;

  g_object_set (rtpsession, "rtcp-min-interval", RTCP_MIN_INTERVAL, NULL);
  g_object_get (rtpsession, "internal-session", &session, NULL);
  if (!session)
    return;
  g_mutex_lock (&self->lock);
  if (g_atomic_int_get (&self->follows) && !self->stopped) {
    gst_object_ref (self->owner);
    g_signal_connect_data (session, "on-feedback-rtcp",
        G_CALLBACK (on_feedback), self, release_owner, 0);
  }
  g_ptr_array_add (self->sessions, session);
  g_mutex_unlock (&self->lock);
}

GstStructure *
gst_rtc_reports_get_stats (GstRtcReports *self, gboolean sends)
{
  g_autoptr (GPtrArray) sessions = ref_sessions (self);

  return gst_rtc_stats_new (sessions, sends);
}

void
gst_rtc_reports_stop (GstRtcReports *self)
{
  g_autoptr (GPtrArray) sessions = NULL;

  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  g_mutex_unlock (&self->lock);
  sessions = ref_sessions (self);
  for (guint i = 0; i < sessions->len; i++)
    g_signal_handlers_disconnect_by_data (
        g_ptr_array_index (sessions, i), self);
}

GstRtcReports *
gst_rtc_reports_new (GstObject *owner)
{
  GstRtcReports *self = g_new0 (GstRtcReports, 1);

  self->owner = owner;
  g_mutex_init (&self->lock);
  self->sessions = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

void
gst_rtc_reports_free (GstRtcReports *self)
{
  if (!self)
    return;
  g_ptr_array_unref (self->sessions);
  g_mutex_clear (&self->lock);
  g_free (self);
}
