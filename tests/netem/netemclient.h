/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An emulator run by a test. On the thread of the test; calls wait for the
 * emulator, which answers at once. */
#pragma once

#include "netemspace.h"

G_BEGIN_DECLS

typedef struct _NetemClient NetemClient;

/* Starts the program named by RTC_NETEM in the environment. @settings as in
 * netem_link_set (), for both directions. Aborts on failure: ask
 * netem_space_is_possible () before. */
NetemClient *netem_client_new (const gchar *settings, guint64 seed, guint mtu);
void netem_client_free (NetemClient *client);

/* `a delay=25`, `both outage=on`; aborts where it is refused. */
void netem_client_set (NetemClient *client, const gchar *settings);
/* What @end sends by UDP gets source ports from @first on, anew where it had
 * others: those are forgotten. */
void netem_client_set_nat (NetemClient *client, NetemEnd end, guint16 first);
/* Such as `a.lost`, `b.longest-queue-ms`. */
gdouble netem_client_get_counter (NetemClient *client, const gchar *name);

/* Until @n packets in all have come to the emulator from @end. */
void netem_client_wait_packets (NetemClient *client, NetemEnd end, guint64 n);

/* Borrowed descriptor. */
gint netem_client_get_space (NetemClient *client, NetemEnd end);

/**
 * NetemEntry:
 * @when: seconds since the emulator started
 *
 * One packet of the log.
 */
typedef struct
{
  gdouble when;
  gboolean from_a;
  guint size;
  gchar *protocol;
  gchar *source;      /* address:port */
  gchar *destination; /* address:port */
  gdouble queued;     /* ms */
  gchar *verdict;
} NetemEntry;

/* (element-type NetemEntry): all packets so far. */
GPtrArray *netem_client_read_log (NetemClient *client);

/* For g_spawn_*: the child dies with the thread that started it, and, where
 * @space (a pointer to its descriptor) is not NULL, runs in it. */
void netem_child_setup (gpointer space);

G_END_DECLS
