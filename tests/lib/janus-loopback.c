/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loaded before Janus (LD_PRELOAD), which gathers no candidate on a loopback
 * interface: here it finds that loopback is an ordinary interface, and the
 * only one that is up. Any thread. */
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stddef.h>

typedef int (*GetIfAddrs) (struct ifaddrs **list);

int
getifaddrs (struct ifaddrs **list)
{
  const GetIfAddrs system_call = (GetIfAddrs)dlsym (RTLD_NEXT, "getifaddrs");
  const int result = system_call ? system_call (list) : -1;

  if (result != 0)
    return result;
  for (struct ifaddrs *entry = *list; entry; entry = entry->ifa_next) {
    if (entry->ifa_flags & IFF_LOOPBACK)
      entry->ifa_flags &= ~(unsigned int)IFF_LOOPBACK;
    else
      entry->ifa_flags &= ~(unsigned int)(IFF_UP | IFF_RUNNING);
  }
  return 0;
}
