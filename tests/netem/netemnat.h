/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ports of a NAT: what its side sends by UDP has another source port
 * outside, and nothing comes in but to such a port, from whomever. Addresses
 * and TCP stay as they are. Knows no file, no clock and no thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _NetemNat NetemNat;

/* Ports outside count from @first. */
NetemNat *netem_nat_new (guint16 first);
void netem_nat_free (NetemNat *nat);

/* A packet (IPv4) of its side goes out. */
void netem_nat_go_out (NetemNat *nat, guint8 *packet, gsize size);

/* One comes in; FALSE when it has nowhere to go. */
gboolean netem_nat_come_in (NetemNat *nat, guint8 *packet, gsize size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetemNat, netem_nat_free)

G_END_DECLS
