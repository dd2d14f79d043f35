/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a publisher that has gone mad sends under valid SRTP. Streaming
 * threads. */
#include "garbage.h"

#include <gst/rtp/rtp.h>
#include <string.h>

/* As many packets are remembered; SRTP takes none that is much older. */
#define MEMORY 16
/* SRTP takes less than 2^15 at a time; two of these are more. */
#define JUMP 0x7000
#define LONGEST_RTCP 96
/* Two in a row make a session believe in a source. */
#define FOREIGN_IN_A_ROW 4

typedef enum
{
  KIND_REPLAY = 1 << 0,
  KIND_SSRC = 1 << 1,
  KIND_JUMP = 1 << 2,
  KIND_RTCP = 1 << 3,
  KIND_MOVE = 1 << 4
} Kind;

static const gchar *const kind_names[] = {
    "replay", "ssrc", "jump", "rtcp", "move"};

struct _Garbage
{
  guint32 moved; /* bits of all SSRCs that are changed; one thread */
  gint kinds;    /* atomic */
  gint n_made;   /* atomic; packets that went out */

  GMutex lock;
  GRand *random;           /* lock */
  GstPad *rtp;             /* lock; where they go in; NULL before */
  GstPad *rtcp;            /* lock */
  GstBuffer *sent[MEMORY]; /* lock; the last ones, as they were */
  guint n_sent;            /* lock */
  GHashTable *offsets;     /* lock; SSRC -> what its numbers have jumped */
  gboolean inside;         /* of a packet that is made here; one thread */
};

/* One of @n. */
static gboolean
draw (Garbage *self, Kind kind, gint n)
{
  gboolean drawn;

  g_mutex_lock (&self->lock);
  drawn = g_rand_int_range (self->random, 0, n) == 0;
  g_mutex_unlock (&self->lock);
  return drawn && g_atomic_int_get (&self->kinds) & (gint)kind;
}

static guint32
draw_number (Garbage *self)
{
  guint32 number;

  g_mutex_lock (&self->lock);
  number = g_rand_int (self->random);
  g_mutex_unlock (&self->lock);
  return number;
}

/* NULL before the session has begun to use it. */
static GstPad *
ref_pad (Garbage *self, GstPad **pad)
{
  g_autoptr (GstPad) found = NULL;
  g_autoptr (GstEvent) begun = NULL;

  g_mutex_lock (&self->lock);
  found = *pad ? gst_object_ref (*pad) : NULL;
  g_mutex_unlock (&self->lock);
  if (found)
    begun = gst_pad_get_sticky_event (found, GST_EVENT_SEGMENT, 0);
  return begun ? g_steal_pointer (&found) : NULL;
}

static void
push (Garbage *self, GstPad **where, GstBuffer *buffer)
{
  g_autoptr (GstPad) pad = ref_pad (self, where);

  if (!pad) {
    gst_buffer_unref (buffer);
    return;
  }
  self->inside = TRUE;
  if (gst_pad_chain (pad, buffer) == GST_FLOW_OK)
    g_atomic_int_inc (&self->n_made);
  self->inside = FALSE;
}

/* --- packets --- */

static void
remember (Garbage *self, GstBuffer *buffer)
{
  const guint at = self->n_sent++ % MEMORY;

  g_mutex_lock (&self->lock);
  gst_buffer_replace (&self->sent[at], NULL);
  self->sent[at] = gst_buffer_copy_deep (buffer);
  g_mutex_unlock (&self->lock);
}

/* SRTP of the sender fails at a number that is much older than the last. */
static void
forget (Garbage *self)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < MEMORY; i++)
    gst_buffer_replace (&self->sent[i], NULL);
  g_mutex_unlock (&self->lock);
}

static void
replay (Garbage *self)
{
  const guint32 number = draw_number (self);
  GstBuffer *old;

  g_mutex_lock (&self->lock);
  old = self->sent[number % MEMORY];
  old = old ? gst_buffer_copy_deep (old) : NULL;
  g_mutex_unlock (&self->lock);
  if (old)
    push (self, &self->rtp, old);
}

static void
send_foreign (Garbage *self, GstBuffer *buffer)
{
  const guint32 ssrc = draw_number (self);

  for (guint i = 0; i < FOREIGN_IN_A_ROW; i++) {
    GstBuffer *copy = gst_buffer_copy_deep (buffer);
    GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;

    if (gst_rtp_buffer_map (copy, GST_MAP_READWRITE, &rtp)) {
      gst_rtp_buffer_set_ssrc (&rtp, ssrc);
      gst_rtp_buffer_set_seq (&rtp, (guint16)(ssrc + i));
      gst_rtp_buffer_unmap (&rtp);
    }
    push (self, &self->rtp, copy);
  }
}

/* What has jumped once goes on from there. */
static void
renumber (Garbage *self, GstBuffer *buffer)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  gpointer ssrc;
  guint offset;

  if (!gst_rtp_buffer_map (buffer, GST_MAP_READWRITE, &rtp))
    return;
  ssrc = GUINT_TO_POINTER (gst_rtp_buffer_get_ssrc (&rtp));
  offset = GPOINTER_TO_UINT (g_hash_table_lookup (self->offsets, ssrc));
  if (draw (self, KIND_JUMP, 100)) {
    offset += JUMP;
    forget (self);
  }
  g_hash_table_insert (self->offsets, ssrc, GUINT_TO_POINTER (offset));
  gst_rtp_buffer_set_seq (
      &rtp, (guint16)(gst_rtp_buffer_get_seq (&rtp) + offset));
  if (g_atomic_int_and ((guint *)&self->kinds, ~(guint)KIND_MOVE) & KIND_MOVE)
    self->moved = draw_number (self);
  gst_rtp_buffer_set_ssrc (&rtp, gst_rtp_buffer_get_ssrc (&rtp) ^ self->moved);
  gst_rtp_buffer_unmap (&rtp);
}

/* --- RTCP --- */

/* The SSRC of a packet that was sent, so that SRTP takes it. */
static guint32
get_own_ssrc (Garbage *self)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  guint32 ssrc = 0;

  g_mutex_lock (&self->lock);
  if (self->sent[0] && gst_rtp_buffer_map (self->sent[0], GST_MAP_READ, &rtp)) {
    ssrc = gst_rtp_buffer_get_ssrc (&rtp);
    gst_rtp_buffer_unmap (&rtp);
  }
  g_mutex_unlock (&self->lock);
  return ssrc;
}

/* A header of a report, source description, goodbye, feedback or something
 * unknown, with a length that need not be true, and anything behind. */
static void
send_rtcp (Garbage *self)
{
  const guint32 number = draw_number (self);
  const gsize size = 8 + number % (LONGEST_RTCP - 8);
  const gboolean true_length = number >> 8 & 1;
  guint8 *data = g_malloc (size);

  for (gsize i = 8; i < size; i++)
    data[i] = (guint8)draw_number (self);
  data[0] = (guint8)(0x80 | (number >> 9 & 0x3f)); /* padding, count */
  data[1] = (guint8)(200 + (number >> 16) % 9);
  GST_WRITE_UINT16_BE (
      data + 2, true_length ? size / 4 - 1 : number >> 20 & 0xff);
  GST_WRITE_UINT32_BE (data + 4, get_own_ssrc (self));
  push (self, &self->rtcp, gst_buffer_new_wrapped (data, size));
}

/* --- the probe --- */

static GstBuffer *
spoil (Garbage *self, GstBuffer *buffer)
{
  buffer = gst_buffer_make_writable (buffer);
  renumber (self, buffer);
  remember (self, buffer);
  if (draw (self, KIND_REPLAY, 5))
    replay (self);
  if (draw (self, KIND_SSRC, 20))
    send_foreign (self, buffer);
  if (draw (self, KIND_RTCP, 5))
    send_rtcp (self);
  return buffer;
}

static gboolean
spoil_each (GstBuffer **buffer, guint index, gpointer user_data)
{
  *buffer = spoil (user_data, *buffer);
  return TRUE;
}

static GstPadProbeReturn
on_packets (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Garbage *self = user_data;

  if (self->inside)
    return GST_PAD_PROBE_OK;
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = gst_buffer_list_make_writable (info->data);

    gst_buffer_list_foreach (list, spoil_each, self);
    info->data = list;
  } else {
    info->data = spoil (self, info->data);
  }
  return GST_PAD_PROBE_OK;
}

static void
on_pad_added (GstElement *encoder, GstPad *pad, gpointer user_data)
{
  Garbage *self = user_data;

  g_mutex_lock (&self->lock);
  if (g_str_has_prefix (GST_PAD_NAME (pad), "rtp_sink"))
    gst_object_replace ((GstObject **)&self->rtp, GST_OBJECT (pad));
  else if (g_str_has_prefix (GST_PAD_NAME (pad), "rtcp_sink"))
    gst_object_replace ((GstObject **)&self->rtcp, GST_OBJECT (pad));
  g_mutex_unlock (&self->lock);
  if (g_str_has_prefix (GST_PAD_NAME (pad), "rtp_sink"))
    gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packets,
        self, NULL);
}

static gboolean
take_pad (GstElement *encoder, GstPad *pad, gpointer user_data)
{
  on_pad_added (encoder, pad, user_data);
  return TRUE;
}

static void
on_element_added (
    GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  const gchar *name = factory ? GST_OBJECT_NAME (factory) : "";

  if (g_str_equal (name, "dtlssrtpenc")) {
    g_signal_connect (
        element, "pad-added", G_CALLBACK (on_pad_added), user_data);
    gst_element_foreach_sink_pad (element, take_pad, user_data);
  } else if (g_str_equal (name, "srtpenc"))
    g_object_set (element, "allow-repeat-tx", TRUE, NULL);
}

void
garbage_attach (Garbage *self, GstElement *webrtcbin)
{
  g_signal_connect (
      webrtcbin, "deep-element-added", G_CALLBACK (on_element_added), self);
}

gboolean
garbage_set (Garbage *self, const gchar *kinds)
{
  g_auto (GStrv) words = g_strsplit (kinds, ",", -1);
  gint set = 0;

  for (guint i = 0; words[i]; i++) {
    gboolean known = g_str_equal (words[i], "none");

    for (guint k = 0; k < G_N_ELEMENTS (kind_names); k++) {
      if (g_str_equal (words[i], kind_names[k])) {
        set |= 1 << k;
        known = TRUE;
      }
    }
    if (!known)
      return FALSE;
  }
  g_atomic_int_set (&self->kinds, set);
  return TRUE;
}

guint
garbage_count (Garbage *self)
{
  return (guint)g_atomic_int_get (&self->n_made);
}

Garbage *
garbage_new (guint32 seed)
{
  Garbage *self = g_new0 (Garbage, 1);

  g_mutex_init (&self->lock);
  self->random = g_rand_new_with_seed (seed);
  self->offsets = g_hash_table_new (NULL, NULL);
  return self;
}

void
garbage_free (Garbage *self)
{
  if (!self)
    return;
  forget (self);
  gst_clear_object (&self->rtp);
  gst_clear_object (&self->rtcp);
  g_hash_table_unref (self->offsets);
  g_rand_free (self->random);
  g_mutex_clear (&self->lock);
  g_free (self);
}
