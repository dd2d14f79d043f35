/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which addresses may connect to the room server. Belongs to the thread of the
 * server. */
#include "rtcadmission.h"

#include "rtcbucket.h"

#define BLAME_TIME (10 * G_TIME_SPAN_SECOND)

/* One address, while it is connected or has been a moment ago. */
typedef struct
{
  guint n_connections;
  GstRtcBucket attempts;
  gint64 blamed_until;
} Guest;

struct _GstRtcAdmission
{
  guint max_each;
  guint rate;
  GHashTable *guests; /* address -> Guest, owned */
};

GstRtcAdmission *
gst_rtc_admission_new (guint max_each, guint rate)
{
  GstRtcAdmission *admission = g_new0 (GstRtcAdmission, 1);

  admission->max_each = max_each;
  admission->rate = rate;
  admission->guests =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return admission;
}

void
gst_rtc_admission_free (GstRtcAdmission *admission)
{
  if (!admission)
    return;
  g_hash_table_unref (admission->guests);
  g_free (admission);
}

static Guest *
get_guest (GstRtcAdmission *admission, const gchar *address, gint64 now)
{
  Guest *guest = g_hash_table_lookup (admission->guests, address);

  if (guest)
    return guest;
  guest = g_new0 (Guest, 1);
  gst_rtc_bucket_init (
      &guest->attempts, admission->rate, GST_RTC_BUCKET_SECONDS, now);
  g_hash_table_insert (admission->guests, g_strdup (address), guest);
  return guest;
}

gboolean
gst_rtc_admission_enter (GstRtcAdmission *admission, const gchar *address,
    gint64 now, const gchar **reason)
{
  Guest *guest = get_guest (admission, address, now);

  if (!gst_rtc_bucket_take (&guest->attempts, 1, now)) {
    /* Given back: who never stops trying is let in at the rate. */
    gst_rtc_bucket_take (&guest->attempts, -1, now);
    *reason = "too often";
    return FALSE;
  }
  if (guest->n_connections >= admission->max_each) {
    *reason = "too many";
    return FALSE;
  }
  guest->n_connections++;
  return TRUE;
}

void
gst_rtc_admission_leave (GstRtcAdmission *admission, const gchar *address)
{
  Guest *guest = g_hash_table_lookup (admission->guests, address);

  g_return_if_fail (guest && guest->n_connections > 0);
  guest->n_connections--;
}

void
gst_rtc_admission_blame (
    GstRtcAdmission *admission, const gchar *address, gint64 now)
{
  get_guest (admission, address, now)->blamed_until = now + BLAME_TIME;
}

gboolean
gst_rtc_admission_is_blamed (
    GstRtcAdmission *admission, const gchar *address, gint64 now)
{
  const Guest *guest = g_hash_table_lookup (admission->guests, address);

  return guest && now < guest->blamed_until;
}

static gboolean
is_unknown (gpointer address, gpointer value, gpointer user_data)
{
  const Guest *guest = value;
  const gint64 now = *(gint64 *)user_data;

  return guest->n_connections == 0 && now >= guest->blamed_until &&
         gst_rtc_bucket_is_full (&guest->attempts, now);
}

guint
gst_rtc_admission_prune (GstRtcAdmission *admission, gint64 now)
{
  g_hash_table_foreach_remove (admission->guests, is_unknown, &now);
  return g_hash_table_size (admission->guests);
}
