/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One direction of an emulated link: what happens to each packet, and when
 * it comes out. Knows no file, no clock and no thread; the caller gives the
 * time. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  NETEM_PASSED,
  NETEM_LOST,       /* by chance */
  NETEM_BURST,      /* by chance, in a bad phase */
  NETEM_QUEUE_FULL, /* waited for too long behind others */
  NETEM_FILTERED,   /* its protocol is not let through */
  NETEM_OUTAGE,
  NETEM_TOO_BIG,
  /* Not decided here: */
  NETEM_FOREIGN,  /* for an address outside the link */
  NETEM_UNMAPPED, /* for a port that a NAT does not know */
  NETEM_N_VERDICTS
} NetemVerdict;

/* A word for the log. */
const gchar *netem_verdict_get_nick (NetemVerdict verdict);

typedef enum
{
  NETEM_DROP_NONE = 0,
  NETEM_DROP_UDP = 1 << 0,
  NETEM_DROP_TCP = 1 << 1,
  NETEM_DROP_FRAGMENTS = 1 << 2
} NetemDrop;

/**
 * NetemSettings:
 * @delay: ms, of each packet
 * @jitter: ms, equally distributed around @delay
 * @free_order: whether jitter may change the order
 * @rate: kbit/s, 0 unlimited
 * @queue: ms that a packet may wait for those before it; dropped otherwise
 * @loss: percent, independent
 * @burst_enter: percent of packets at which a bad phase begins
 * @burst_leave: percent of packets at which it ends
 * @burst_loss: percent lost within it
 * @duplicate: percent
 * @corrupt: percent of packets in which one bit behind the IP header changes
 * @reorder: percent held back by @hold, without the others waiting
 * @hold: ms
 * @mtu: bytes, longer packets vanish, 0 any
 * @drop: what is not let through
 * @outage: nothing is let through
 */
typedef struct
{
  gdouble delay;
  gdouble jitter;
  gboolean free_order;
  gdouble rate;
  gdouble queue;
  gdouble loss;
  gdouble burst_enter;
  gdouble burst_leave;
  gdouble burst_loss;
  gdouble duplicate;
  gdouble corrupt;
  gdouble reorder;
  gdouble hold;
  gdouble mtu;
  guint drop; /* NetemDrop */
  gboolean outage;
} NetemSettings;

/**
 * NetemCounters:
 * @overtaken: packets that came out after one that went in later
 * @longest_queue: us
 */
typedef struct
{
  guint64 packets;
  guint64 bytes;
  guint64 verdicts[NETEM_N_VERDICTS];
  guint64 duplicated;
  guint64 corrupted;
  guint64 overtaken;
  gint64 longest_queue;
} NetemCounters;

typedef struct _NetemLink NetemLink;

/* Equal seeds give equal verdicts for packets of equal number. */
NetemLink *netem_link_new (guint64 seed);
void netem_link_free (NetemLink *link);

/* Words such as `delay=25 loss=1 drop=udp outage=on`; nothing changes unless
 * all are good. `clear` gives a perfect link. */
gboolean netem_link_set (NetemLink *link, const gchar *text, GError **error);
const NetemSettings *netem_link_get_settings (NetemLink *link);
const NetemCounters *netem_link_get_counters (NetemLink *link);

/* A packet (IPv4) goes in at @now (us); @queued receives the us that it waits
 * for others. Copied. */
NetemVerdict netem_link_offer (NetemLink *link, const guint8 *packet,
    gsize size, gint64 now, gint64 *queued);

/* When the next one comes out, G_MAXINT64 when none is under way. */
gint64 netem_link_get_next (NetemLink *link);

/* The next one that is due at @now, NULL when none is. */
GBytes *netem_link_take (NetemLink *link, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetemLink, netem_link_free)

G_END_DECLS
