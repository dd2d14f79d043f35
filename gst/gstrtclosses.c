/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which viewers were told as lost a while ago. One thread at a time. */
#include "gstrtclosses.h"

/* A viewer that was lost asks again by itself; what comes of that within this
 * time is the same failure and is not told again. */
#define SAME_LOSS (60 * G_TIME_SPAN_SECOND)

struct _GstRtcLosses
{
  GHashTable *told; /* stream and user -> gint64 when it was told as lost */
};

GstRtcLosses *
gst_rtc_losses_new (void)
{
  GstRtcLosses *self = g_new0 (GstRtcLosses, 1);

  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
gst_rtc_losses_free (GstRtcLosses *self)
{
  g_hash_table_unref (self->told);
  g_free (self);
}

static gchar *
make_key (const gchar *user_id, gboolean screen)
{
  return g_strdup_printf ("%d %s", screen, user_id ? user_id : "");
}

static gboolean
is_long_lost (gpointer key, gpointer value, gpointer now)
{
  return *(const gint64 *)now - *(gint64 *)value > SAME_LOSS;
}

gboolean
gst_rtc_losses_note (
    GstRtcLosses *self, const gchar *user_id, gboolean screen, gint64 now)
{
  g_hash_table_foreach_remove (self->told, is_long_lost, &now);
  return g_hash_table_insert (
      self->told, make_key (user_id, screen), g_memdup2 (&now, sizeof (now)));
}

void
gst_rtc_losses_forget_all (GstRtcLosses *self)
{
  g_hash_table_remove_all (self->told);
}
