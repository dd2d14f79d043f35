/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ports of a NAT. Knows no file, no clock and no thread. */
#include "netemnat.h"

#include <netinet/in.h>

#define N_PORTS 65536
#define UDP_HEADER 8

struct _NetemNat
{
  guint first;
  guint next;
  guint16 outer[N_PORTS]; /* of a port inside, 0 none */
  guint16 inner[N_PORTS]; /* of a port outside, 0 none */
};

static guint16
read_16 (const guint8 *at)
{
  return (guint16)(at[0] << 8 | at[1]);
}

static void
write_16 (guint8 *at, guint16 value)
{
  at[0] = (guint8)(value >> 8);
  at[1] = (guint8)value;
}

/* The UDP header, NULL where the packet has none. */
static guint8 *
find_udp (guint8 *packet, gsize size)
{
  const gsize header = size > 0 ? (gsize)(packet[0] & 0x0f) * 4 : 0;

  if (header < 20 || size < header + UDP_HEADER || packet[9] != IPPROTO_UDP ||
      packet[6] & 0x1f || packet[7])
    return NULL;
  return packet + header;
}

/* RFC 1624, equation 3. No checksum stays none. */
static void
change_port (guint8 *udp, guint offset, guint16 port)
{
  const guint16 checksum = read_16 (udp + 6);
  guint32 sum = (guint16)~checksum + (guint16)~read_16 (udp + offset) + port;

  write_16 (udp + offset, port);
  if (checksum == 0)
    return;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = ~sum & 0xffff;
  write_16 (udp + 6, (guint16)(sum ? sum : 0xffff));
}

void
netem_nat_go_out (NetemNat *nat, guint8 *packet, gsize size)
{
  guint8 *udp = find_udp (packet, size);
  guint16 port;

  if (!udp)
    return;
  port = read_16 (udp);
  if (nat->outer[port] == 0) {
    nat->outer[port] = (guint16)nat->next;
    nat->inner[nat->next] = port;
    nat->next = nat->next + 1 < N_PORTS ? nat->next + 1 : nat->first;
  }
  change_port (udp, 0, nat->outer[port]);
}

gboolean
netem_nat_come_in (NetemNat *nat, guint8 *packet, gsize size)
{
  guint8 *udp = find_udp (packet, size);
  guint16 port;

  if (!udp)
    return TRUE;
  port = nat->inner[read_16 (udp + 2)];
  if (port == 0)
    return FALSE;
  change_port (udp, 2, port);
  return TRUE;
}

NetemNat *
netem_nat_new (guint16 first)
{
  NetemNat *nat = g_new0 (NetemNat, 1);

  nat->first = nat->next = MAX (first, 1);
  return nat;
}

void
netem_nat_free (NetemNat *nat)
{
  g_free (nat);
}
