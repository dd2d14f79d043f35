/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The figures of a transport, read from its RTP sessions: webrtcbin's own
 * statistics are wrong when media is bundled (1.22). Any thread. */
#include "gstrtcstats.h"

typedef struct
{
  guint64 packets_sent, bytes_sent, packets_received, bytes_received;
  gint packets_lost;
  guint jitter;     /* ns */
  guint round_trip; /* us */
  gint clock_rate;  /* of what we send */
  guint rb_jitter;  /* units of the clock rate of what we send */
} Figures;

static guint
to_nanoseconds (guint units, gint clock_rate)
{
  if (clock_rate <= 0)
    return 0;
  return gst_util_uint64_scale_int (units, GST_SECOND, clock_rate);
}

static void
add_own_source (Figures *figures, const GstStructure *s)
{
  guint64 packets = 0, bytes = 0;

  gst_structure_get (s, "packets-sent", G_TYPE_UINT64, &packets, "octets-sent",
      G_TYPE_UINT64, &bytes, "clock-rate", G_TYPE_INT, &figures->clock_rate,
      NULL);
  figures->packets_sent += packets;
  figures->bytes_sent += bytes;
}

static void
add_remote_source (Figures *figures, const GstStructure *s)
{
  guint64 packets = 0, bytes = 0;
  gint lost = 0, clock_rate = 0;
  guint jitter = 0, trip = 0;
  gboolean have_rb = FALSE;

  gst_structure_get (s, "packets-received", G_TYPE_UINT64, &packets,
      "octets-received", G_TYPE_UINT64, &bytes, "clock-rate", G_TYPE_INT,
      &clock_rate, "jitter", G_TYPE_UINT, &jitter, "packets-lost", G_TYPE_INT,
      &lost, NULL);
  if (packets > 0) {
    figures->packets_received += packets;
    figures->bytes_received += bytes;
    figures->packets_lost += MAX (lost, 0);
    figures->jitter =
        MAX (figures->jitter, to_nanoseconds (jitter, clock_rate));
  }
  gst_structure_get_boolean (s, "have-rb", &have_rb);
  if (!have_rb)
    return;
  lost = 0;
  jitter = 0;
  gst_structure_get (s, "rb-packetslost", G_TYPE_INT, &lost, "rb-jitter",
      G_TYPE_UINT, &jitter, "rb-round-trip", G_TYPE_UINT, &trip, NULL);
  figures->packets_lost += MAX (lost, 0);
  figures->rb_jitter = MAX (figures->rb_jitter, jitter);
  /* NTP short format: units of 1/65536 s. */
  figures->round_trip = MAX (
      figures->round_trip, (guint)gst_util_uint64_scale (trip, 1000000, 65536));
}

static void
add_session (Figures *figures, GObject *session)
{
  g_autoptr (GstStructure) stats = NULL;
  const GValue *value;
  GValueArray *sources;

  g_object_get (session, "stats", &stats, NULL);
  value = stats ? gst_structure_get_value (stats, "source-stats") : NULL;
  sources = value ? g_value_get_boxed (value) : NULL;
  for (guint i = 0; sources && i < sources->n_values; i++) {
    const GstStructure *s = g_value_get_boxed (&sources->values[i]);
    gboolean internal = FALSE;

    gst_structure_get_boolean (s, "internal", &internal);
    if (internal)
      add_own_source (figures, s);
    else
      add_remote_source (figures, s);
  }
}

GstStructure *
gst_rtc_stats_new (GPtrArray *sessions, gboolean sends)
{
  Figures figures = {0};

  for (guint i = 0; i < sessions->len; i++)
    add_session (&figures, g_ptr_array_index (sessions, i));
  if (sends)
    figures.jitter = to_nanoseconds (figures.rb_jitter, figures.clock_rate);

  return gst_structure_new ("rtc-peer-stats", "packets-sent", G_TYPE_UINT64,
      figures.packets_sent, "bytes-sent", G_TYPE_UINT64, figures.bytes_sent,
      "packets-received", G_TYPE_UINT64, figures.packets_received,
      "bytes-received", G_TYPE_UINT64, figures.bytes_received, "packets-lost",
      G_TYPE_INT, figures.packets_lost, "jitter", G_TYPE_UINT, figures.jitter,
      "round-trip-time", G_TYPE_UINT, figures.round_trip, NULL);
}

static gboolean
add_report (GObject *session, guint *loss, guint64 *report)
{
  g_autoptr (GstStructure) stats = NULL;
  const GValue *value;
  GValueArray *sources;
  gboolean any = FALSE;

  g_object_get (session, "stats", &stats, NULL);
  value = stats ? gst_structure_get_value (stats, "source-stats") : NULL;
  sources = value ? g_value_get_boxed (value) : NULL;
  for (guint i = 0; sources && i < sources->n_values; i++) {
    const GstStructure *s = g_value_get_boxed (&sources->values[i]);
    gboolean have_rb = FALSE;
    guint fraction = 0, highest = 0, ssrc = 0;

    if (!gst_structure_get_boolean (s, "have-rb", &have_rb) || !have_rb)
      continue;
    any = TRUE;
    gst_structure_get (s, "rb-fractionlost", G_TYPE_UINT, &fraction,
        "rb-exthighestseq", G_TYPE_UINT, &highest, "rb-ssrc", G_TYPE_UINT,
        &ssrc, NULL);
    *loss = MAX (*loss, fraction);
    *report += ((guint64)ssrc << 32) ^ highest;
  }
  return any;
}

gboolean
gst_rtc_stats_get_loss (GPtrArray *sessions, guint *loss, guint64 *report)
{
  gboolean any = FALSE;

  *loss = 0;
  *report = 0;
  for (guint i = 0; i < sessions->len; i++)
    any |= add_report (g_ptr_array_index (sessions, i), loss, report);
  return any;
}
