/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two network namespaces without a name, each with its own loopback and one
 * TUN. They last as long as somebody has them open. Any thread; a namespace
 * is entered by the calling thread alone. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  NETEM_A,
  NETEM_B,
  NETEM_N_ENDS
} NetemEnd;

#define NETEM_ADDRESS_A "10.77.0.1"
#define NETEM_ADDRESS_B "10.77.0.2"

/* FALSE with the reason where the system does not let this process make
 * namespaces and TUNs. */
gboolean netem_space_is_possible (GError **error);

/* Makes a namespace whose TUN has @address in 10.77.0.0/24 and is the way to
 * everywhere. The file of the namespace and the TUN, or FALSE. */
gboolean netem_space_new (
    const gchar *address, guint mtu, gint *space, gint *tun, GError **error);

/* Descriptor of the namespace @end of the emulator @pid, -1 on failure. */
gint netem_space_open (GPid pid, NetemEnd end, GError **error);

/* Enters @space; returns the one before, to be entered and closed by
 * netem_space_return (). */
gint netem_space_enter (gint space, GError **error);
void netem_space_return (gint before);

/* In the namespace of the calling thread: another address of the TUN, or the
 * TUN down and up. */
gboolean netem_space_set_address (const gchar *address, GError **error);
gboolean netem_space_set_up (gboolean up, GError **error);

G_END_DECLS
