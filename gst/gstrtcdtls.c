/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DTLS transports of one webrtcbin: who they lead to, and what is let in
 * from there. Any thread; certificates and packets come on streaming
 * threads. */
#include "gstrtcdtls.h"

#include <openssl/crypto.h>

#include "gstrtcsdp.h"
#include "gstrtcsources.h"

struct _GstRtcDtls
{
  GstObject *owner; /* borrowed */
  GstRtcDtlsFunc failed;

  GMutex lock;
  /* Under lock: what the certificate must have. */
  gchar *fingerprint;
  GChecksumType hash;

  /* Atomic. */
  gint n_transports;
  gint n_verified;
  gint heard; /* packets came since that was asked */
};

/* One DTLS transport. Belongs to its dtlssrtpdec. */
typedef struct
{
  GstRtcDtls *dtls;      /* lives as long as its owner, which this one holds */
  gint verified;         /* atomic */
  GstRtcSources sources; /* streaming thread of RTP */
} Transport;

static void
transport_free (gpointer data)
{
  Transport *transport = data;

  gst_object_unref (transport->dtls->owner);
  g_free (transport);
}

static gboolean
check_certificate (GstRtcDtls *self, const gchar *pem)
{
  g_autofree gchar *expected = NULL;
  g_autofree gchar *shown = NULL;
  GChecksumType hash;

  g_mutex_lock (&self->lock);
  expected = g_strdup (self->fingerprint);
  hash = self->hash;
  g_mutex_unlock (&self->lock);

  shown = gst_rtc_fingerprint_new (pem, hash);
  return expected && shown && gst_rtc_fingerprint_equal (expected, shown);
}

/* This runs inside the handshake, before the keys exist and so before any
 * media. */
static void
on_peer_certificate (GObject *dec, GParamSpec *pspec, gpointer user_data)
{
  Transport *transport = user_data;
  GstRtcDtls *self = transport->dtls;
  g_autofree gchar *pem = NULL;

  g_object_get (dec, "peer-pem", &pem, NULL);
  if (check_certificate (self, pem)) {
    if (g_atomic_int_compare_and_exchange (&transport->verified, FALSE, TRUE))
      g_atomic_int_inc (&self->n_verified);
    return;
  }
  if (g_atomic_int_compare_and_exchange (&transport->verified, TRUE, FALSE))
    g_atomic_int_add (&self->n_verified, -1);
  self->failed (self->owner, "fingerprint mismatch: the certificate of the "
                             "other side is not the one that its description "
                             "names");
}

static GstPadProbeReturn
on_received (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Transport *transport = user_data;

  if (!g_atomic_int_get (&transport->verified))
    return GST_PAD_PROBE_DROP;
  g_atomic_int_set (&transport->dtls->heard, TRUE);
  return GST_PAD_PROBE_OK;
}

static gboolean
is_wanted (Transport *transport, GstBuffer *packet)
{
  GstRtcDtls *self = transport->dtls;
  guint8 header[12];

  if (gst_buffer_extract (packet, 0, header, sizeof (header)) < sizeof (header))
    return FALSE;
  switch (gst_rtc_sources_judge (
      &transport->sources, header, g_get_monotonic_time ())) {
    case GST_RTC_SOURCE_KNOWN:
      return TRUE;
    case GST_RTC_SOURCE_LOST:
      self->failed (self->owner,
          "the other side has changed the source of its media too often");
      return FALSE;
    default:
      return FALSE;
  }
}

static gboolean
drop_unwanted (GstBuffer **packet, guint index, gpointer user_data)
{
  if (!is_wanted (user_data, *packet))
    gst_clear_buffer (packet);
  return TRUE;
}

static GstPadProbeReturn
on_received_rtp (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Transport *transport = user_data;

  if (!g_atomic_int_get (&transport->verified))
    return GST_PAD_PROBE_DROP;
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    info->data = gst_buffer_list_make_writable (info->data);
    gst_buffer_list_foreach (info->data, drop_unwanted, transport);
  } else if (!is_wanted (transport, info->data)) {
    return GST_PAD_PROBE_DROP;
  }
  return on_received (pad, info, user_data);
}

void
gst_rtc_dtls_watch (GstRtcDtls *self, GstElement *dec)
{
  static const gchar *const pads[] = {"rtp_src", "rtcp_src"};
  static const GstPadProbeCallback probes[] = {on_received_rtp, on_received};
  Transport *transport = g_new0 (Transport, 1);

  transport->dtls = self;
  gst_object_ref (self->owner);
  g_object_set_data_full (
      G_OBJECT (dec), "rtc-peer-transport", transport, transport_free);
  g_atomic_int_inc (&self->n_transports);
  g_signal_connect (
      dec, "notify::peer-pem", G_CALLBACK (on_peer_certificate), transport);
  for (guint i = 0; i < G_N_ELEMENTS (pads); i++) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (dec, pads[i]);

    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, probes[i],
        transport, NULL);
  }
}

gboolean
gst_rtc_dtls_is_verified (GstRtcDtls *self)
{
  gint n_transports = g_atomic_int_get (&self->n_transports);

  return n_transports > 0 &&
         g_atomic_int_get (&self->n_verified) == n_transports;
}

gboolean
gst_rtc_dtls_take_heard (GstRtcDtls *self)
{
  return g_atomic_int_compare_and_exchange (&self->heard, TRUE, FALSE);
}

void
gst_rtc_dtls_set_fingerprint (
    GstRtcDtls *self, const gchar *fingerprint, GChecksumType hash)
{
  g_mutex_lock (&self->lock);
  g_free (self->fingerprint);
  self->fingerprint = g_strdup (fingerprint);
  self->hash = hash;
  g_mutex_unlock (&self->lock);
}

void
gst_rtc_dtls_keep_openssl (void)
{
  OPENSSL_init_crypto (OPENSSL_INIT_NO_ATEXIT, NULL);
}

GstRtcDtls *
gst_rtc_dtls_new (GstObject *owner, GstRtcDtlsFunc failed)
{
  GstRtcDtls *self = g_new0 (GstRtcDtls, 1);

  g_mutex_init (&self->lock);
  self->owner = owner;
  self->failed = failed;
  return self;
}

void
gst_rtc_dtls_free (GstRtcDtls *self)
{
  if (!self)
    return;
  g_mutex_clear (&self->lock);
  g_free (self->fingerprint);
  g_free (self);
}
