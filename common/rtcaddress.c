/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of this machine, and a source that tells of their changes. It
 * belongs to the thread that iterates its main context. */
#include "rtcaddress.h"

#include <glib/gstdio.h>

#ifdef __linux__
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#endif

#define SETTLE (200 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  GSource source;
  gint fd;
  gpointer tag;
  GList *watches; /* of GstRtcAddressWatch, borrowed */
} Notices;

struct _GstRtcAddressWatch
{
  void (*changed) (gpointer user_data);
  gpointer user_data;
  Notices *notices;
  gboolean due; /* to be told of the changes */
};

/* Without its zone, which GInetAddress of GLib 2.74 has not. */
static gboolean
needs_zone (GInetAddress *address)
{
  return g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6 &&
         g_inet_address_get_is_link_local (address);
}

gboolean
gst_rtc_address_is_local (GInetAddress *address)
{
  g_autoptr (GSocket) probe = g_socket_new (g_inet_address_get_family (address),
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (address, 0);

  return needs_zone (address) || !probe ||
         g_socket_bind (probe, any_port, FALSE, NULL);
}

/* --- what the system tells --- */

#ifdef __linux__

static gint
open_notices (void)
{
  const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
      .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
  const gint fd = socket (
      AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

  if (fd < 0 || bind (fd, (const struct sockaddr *)&groups, sizeof groups) == 0)
    return fd;
  g_close (fd, NULL);
  return -1;
}

/* What is told does not matter, nor that more was told than the socket could
 * hold: each watch looks for itself. */
static void
drain_notices (gint fd)
{
  gchar notice[4096];

  while (recv (fd, notice, sizeof notice, 0) >= 0 || errno == ENOBUFS ||
         errno == EINTR)
    ;
}

#else

static gint
open_notices (void)
{
  return -1;
}

static void
drain_notices (gint fd)
{
}

#endif

/* --- one source for all watches of a context --- */

static GstRtcAddressWatch *
find_due (Notices *notices)
{
  for (GList *item = notices->watches; item; item = item->next) {
    if (((GstRtcAddressWatch *)item->data)->due)
      return item->data;
  }
  return NULL;
}

/* Each may free itself and others, and make new ones, which need not be
 * told. */
static void
tell_all (Notices *notices)
{
  GstRtcAddressWatch *watch;

  for (GList *item = notices->watches; item; item = item->next)
    ((GstRtcAddressWatch *)item->data)->due = TRUE;
  while ((watch = find_due (notices))) {
    watch->due = FALSE;
    watch->changed (watch->user_data);
  }
}

static gboolean
dispatch_notices (GSource *source, GSourceFunc callback, gpointer user_data)
{
  Notices *notices = (Notices *)source;

  if (g_source_query_unix_fd (source, notices->tag)) {
    drain_notices (notices->fd);
    if (g_source_get_ready_time (source) < 0)
      g_source_set_ready_time (source, g_get_monotonic_time () + SETTLE);
  } else {
    g_source_set_ready_time (source, -1);
    tell_all (notices);
  }
  return G_SOURCE_CONTINUE;
}

static void
finalize_notices (GSource *source)
{
  g_close (((Notices *)source)->fd, NULL);
}

static GSourceFuncs notices_funcs = {
    .dispatch = dispatch_notices, .finalize = finalize_notices};

static gboolean
do_nothing (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* The one of @context, which has another reference then, or a new one. */
static GSource *
ref_notices (GMainContext *context)
{
  GSource *source = g_main_context_find_source_by_funcs_user_data (
      context, &notices_funcs, NULL);
  gint fd;

  if (source)
    return g_source_ref (source);
  fd = open_notices ();
  if (fd < 0)
    return NULL;
  source = g_source_new (&notices_funcs, sizeof (Notices));
  ((Notices *)source)->fd = fd;
  ((Notices *)source)->tag = g_source_add_unix_fd (source, fd, G_IO_IN);
  g_source_set_static_name (source, "rtc addresses");
  /* A main context finds no source without a callback. */
  g_source_set_callback (source, do_nothing, NULL, NULL);
  g_source_attach (source, context);
  return source;
}

GstRtcAddressWatch *
gst_rtc_address_watch_new (
    void (*changed) (gpointer user_data), gpointer user_data)
{
  Notices *notices =
      (Notices *)ref_notices (g_main_context_get_thread_default ());
  GstRtcAddressWatch *watch;

  if (!notices)
    return NULL;
  watch = g_new0 (GstRtcAddressWatch, 1);
  watch->changed = changed;
  watch->user_data = user_data;
  watch->notices = notices;
  notices->watches = g_list_prepend (notices->watches, watch);
  return watch;
}

void
gst_rtc_address_watch_free (GstRtcAddressWatch *watch)
{
  Notices *notices;

  if (!watch)
    return;
  notices = watch->notices;
  notices->watches = g_list_remove (notices->watches, watch);
  if (!notices->watches)
    g_source_destroy (&notices->source);
  g_source_unref (&notices->source);
  g_free (watch);
}
