/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network namespaces and TUNs, by system calls alone. Any thread. */
#define _GNU_SOURCE /* setns, unshare */
#include "netemspace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define TUN_NAME "link0"
#define TUN_MAJOR 10
#define TUN_MINOR 200
#define NETMASK "255.255.255.0"
#define OWN_SPACE "/proc/thread-self/ns/net"

static gboolean
fail (GError **error, const gchar *what)
{
  const gint number = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "%s: %s",
      what, g_strerror (number));
  return FALSE;
}

static gint
open_own_space (void)
{
  return open (OWN_SPACE, O_RDONLY | O_CLOEXEC);
}

/* Where the system has no node for it one of our own is made, used and
 * removed. */
static gint
open_tun_device (void)
{
  gint fd = open ("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  g_autofree gchar *path = NULL;

  if (fd >= 0 || errno != ENOENT)
    return fd;
  path = g_strdup_printf ("%s/tun-%d", g_get_tmp_dir (), (gint)getpid ());
  if (mknod (path, S_IFCHR | 0600, makedev (TUN_MAJOR, TUN_MINOR)) != 0)
    return -1;
  fd = open (path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  unlink (path);
  return fd;
}

static gboolean
add_tun (gint *tun, GError **error)
{
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

  g_strlcpy (request.ifr_name, TUN_NAME, IFNAMSIZ);
  *tun = open_tun_device ();
  if (*tun < 0)
    return fail (error, "no TUN device");
  if (ioctl (*tun, TUNSETIFF, &request) == 0)
    return TRUE;
  fail (error, "no TUN in the namespace");
  close (*tun);
  *tun = -1;
  return FALSE;
}

static gboolean
set_up (gint control, const gchar *name, gboolean up)
{
  struct ifreq request = {.ifr_flags = 0};

  g_strlcpy (request.ifr_name, name, IFNAMSIZ);
  if (ioctl (control, SIOCGIFFLAGS, &request) != 0)
    return FALSE;
  if (up)
    request.ifr_flags |= IFF_UP | IFF_RUNNING;
  else
    request.ifr_flags &= ~(IFF_UP | IFF_RUNNING);
  return ioctl (control, SIOCSIFFLAGS, &request) == 0;
}

static void
fill_address (struct sockaddr *address, const gchar *text)
{
  struct sockaddr_in *in = (struct sockaddr_in *)(gpointer)address;

  in->sin_family = AF_INET;
  inet_pton (AF_INET, text, &in->sin_addr);
}

static gboolean
set_address (gint control, const gchar *text)
{
  struct ifreq request = {.ifr_flags = 0};

  g_strlcpy (request.ifr_name, TUN_NAME, IFNAMSIZ);
  fill_address (&request.ifr_addr, text);
  if (ioctl (control, SIOCSIFADDR, &request) != 0)
    return FALSE;
  fill_address (&request.ifr_netmask, NETMASK);
  return ioctl (control, SIOCSIFNETMASK, &request) == 0;
}

static gboolean
set_mtu (gint control, guint mtu)
{
  struct ifreq request = {.ifr_flags = 0};

  g_strlcpy (request.ifr_name, TUN_NAME, IFNAMSIZ);
  request.ifr_mtu = (gint)mtu;
  return ioctl (control, SIOCSIFMTU, &request) == 0;
}

/* Everything goes into the TUN, so that the log shows each packet for an
 * address that nobody here has. */
static gboolean
add_default_route (gint control)
{
  struct rtentry route = {.rt_flags = RTF_UP, .rt_dev = (gchar *)TUN_NAME};

  fill_address (&route.rt_dst, "0.0.0.0");
  fill_address (&route.rt_genmask, "0.0.0.0");
  return ioctl (control, SIOCADDRT, &route) == 0 || errno == EEXIST;
}

static gboolean
configure (const gchar *address, guint mtu, GError **error)
{
  const gint control = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean ok;

  if (control < 0)
    return fail (error, "no socket");
  ok = set_up (control, "lo", TRUE) && set_address (control, address) &&
       set_mtu (control, mtu) && set_up (control, TUN_NAME, TRUE) &&
       add_default_route (control);
  if (!ok)
    fail (error, "the TUN cannot be configured");
  close (control);
  return ok;
}

gint
netem_space_enter (gint space, GError **error)
{
  const gint before = open_own_space ();

  if (before >= 0 && setns (space, CLONE_NEWNET) == 0)
    return before;
  fail (error, "the namespace cannot be entered");
  if (before >= 0)
    close (before);
  return -1;
}

void
netem_space_return (gint before)
{
  if (setns (before, CLONE_NEWNET) != 0)
    g_error ("no way back to the namespace before: %s", g_strerror (errno));
  close (before);
}

gboolean
netem_space_new (
    const gchar *address, guint mtu, gint *space, gint *tun, GError **error)
{
  const gint before = open_own_space ();
  gboolean ok;

  *space = *tun = -1;
  if (before < 0)
    return fail (error, "the own namespace is not known");
  if (unshare (CLONE_NEWNET) != 0) {
    fail (error, "no namespace can be made");
    close (before);
    return FALSE;
  }
  *space = open_own_space ();
  ok = *space >= 0 && add_tun (tun, error) && configure (address, mtu, error);
  netem_space_return (before);
  if (!ok && *space >= 0)
    close (*space);
  if (!ok && *tun >= 0)
    close (*tun);
  return ok;
}

gboolean
netem_space_is_possible (GError **error)
{
  gint space, tun;

  if (!netem_space_new (NETEM_ADDRESS_A, 1500, &space, &tun, error))
    return FALSE;
  close (tun);
  close (space);
  return TRUE;
}

gint
netem_space_open (GPid pid, NetemEnd end, GError **error)
{
  /* The emulator keeps them under these numbers. */
  g_autofree gchar *path =
      g_strdup_printf ("/proc/%d/fd/%d", (gint)pid, 10 + (gint)end);
  const gint fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    fail (error, path);
  return fd;
}

static gboolean
with_control (gboolean (*act) (gint control, gconstpointer data),
    gconstpointer data, GError **error)
{
  const gint control = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean ok = control >= 0 && act (control, data);

  if (!ok)
    fail (error, "the TUN cannot be changed");
  if (control >= 0)
    close (control);
  return ok;
}

static gboolean
change_address (gint control, gconstpointer data)
{
  return set_address (control, data) && add_default_route (control);
}

static gboolean
change_up (gint control, gconstpointer data)
{
  const gboolean up = GPOINTER_TO_INT (data);

  return set_up (control, TUN_NAME, up) && (!up || add_default_route (control));
}

gboolean
netem_space_set_address (const gchar *address, GError **error)
{
  return with_control (change_address, address, error);
}

gboolean
netem_space_set_up (gboolean up, GError **error)
{
  return with_control (change_up, GINT_TO_POINTER (up), error);
}
