/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loaded before a program (LD_PRELOAD): its TCP sockets read and write 1 to 7
 * bytes at a time, and every third call fails with EINTR or, where it need not
 * wait, EAGAIN; accept also with ECONNABORTED. All of that a system may do.
 * SHORT_IO_SEED in the environment makes another order. Any thread. */
#define _GNU_SOURCE /* accept4, RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define LONGEST 7

/* The functions of the system. */
#define REAL(name) ((__typeof__ (&name))dlsym (RTLD_NEXT, #name))

static atomic_uint_fast64_t n_calls;

static uint64_t
draw (void)
{
  const char *seed = getenv ("SHORT_IO_SEED");
  uint64_t x = (seed ? strtoull (seed, NULL, 10) : 1) << 32;

  /* The last steps of splitmix64. */
  x += (atomic_fetch_add (&n_calls, 1) + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

static int
is_tcp (int fd)
{
  int type = 0, domain = 0;
  socklen_t size = sizeof (int);
  const int before = errno;
  const int known = getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
                    getsockopt (fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0;

  errno = before;
  return known && type == SOCK_STREAM &&
         (domain == AF_INET || domain == AF_INET6);
}

static int
is_blocking (int fd, int flags)
{
  return !(flags & MSG_DONTWAIT) && !(fcntl (fd, F_GETFL) & O_NONBLOCK);
}

/* 1 when the call fails with errno set. */
static int
interrupt (int fd, int flags, uint64_t chance)
{
  if (chance % 3 != 0)
    return 0;
  errno = chance / 3 % 2 || is_blocking (fd, flags) ? EINTR : EAGAIN;
  return 1;
}

static size_t
shorten (size_t size, uint64_t chance)
{
  const size_t most = (size_t)(chance / 6 % LONGEST) + 1;

  return size < most ? size : most;
}

/* The first part of @parts that holds something. */
static struct iovec
shorten_parts (const struct iovec *parts, size_t n, uint64_t chance)
{
  struct iovec first = {NULL, 0};

  for (size_t i = 0; i < n && first.iov_len == 0; i++)
    first = parts[i];
  first.iov_len = shorten (first.iov_len, chance);
  return first;
}

ssize_t
recv (int fd, void *data, size_t size, int flags)
{
  const uint64_t chance = draw ();

  if (size == 0 || flags & MSG_PEEK || !is_tcp (fd))
    return REAL (recv) (fd, data, size, flags);
  if (interrupt (fd, flags, chance))
    return -1;
  return REAL (recv) (fd, data, shorten (size, chance), flags);
}

ssize_t
send (int fd, const void *data, size_t size, int flags)
{
  const uint64_t chance = draw ();

  if (size == 0 || !is_tcp (fd))
    return REAL (send) (fd, data, size, flags);
  if (interrupt (fd, flags, chance))
    return -1;
  return REAL (send) (fd, data, shorten (size, chance), flags);
}

ssize_t
recvmsg (int fd, struct msghdr *message, int flags)
{
  const uint64_t chance = draw ();
  struct msghdr shorter = *message;
  struct iovec part;
  ssize_t size;

  if (flags & MSG_PEEK || !is_tcp (fd))
    return REAL (recvmsg) (fd, message, flags);
  if (interrupt (fd, flags, chance))
    return -1;
  part = shorten_parts (message->msg_iov, message->msg_iovlen, chance);
  shorter.msg_iov = &part;
  shorter.msg_iovlen = 1;
  size = REAL (recvmsg) (fd, &shorter, flags);
  message->msg_flags = shorter.msg_flags;
  message->msg_namelen = shorter.msg_namelen;
  message->msg_controllen = shorter.msg_controllen;
  return size;
}

ssize_t
sendmsg (int fd, const struct msghdr *message, int flags)
{
  const uint64_t chance = draw ();
  struct msghdr shorter = *message;
  struct iovec part;

  if (!is_tcp (fd))
    return REAL (sendmsg) (fd, message, flags);
  if (interrupt (fd, flags, chance))
    return -1;
  part = shorten_parts (message->msg_iov, message->msg_iovlen, chance);
  shorter.msg_iov = &part;
  shorter.msg_iovlen = 1;
  return REAL (sendmsg) (fd, &shorter, flags);
}

ssize_t
read (int fd, void *data, size_t size)
{
  const uint64_t chance = draw ();

  if (size == 0 || !is_tcp (fd))
    return REAL (read) (fd, data, size);
  if (interrupt (fd, 0, chance))
    return -1;
  return REAL (read) (fd, data, shorten (size, chance));
}

ssize_t
write (int fd, const void *data, size_t size)
{
  const uint64_t chance = draw ();

  if (size == 0 || !is_tcp (fd))
    return REAL (write) (fd, data, size);
  if (interrupt (fd, 0, chance))
    return -1;
  return REAL (write) (fd, data, shorten (size, chance));
}

/* 1 when the call fails with errno set. */
static int
interrupt_accept (int fd)
{
  const uint64_t chance = draw ();

  if (!is_tcp (fd) || !interrupt (fd, 0, chance))
    return 0;
  if (chance / 6 % 2)
    errno = ECONNABORTED;
  return 1;
}

int
accept (int fd, struct sockaddr *address, socklen_t *size)
{
  return interrupt_accept (fd) ? -1 : REAL (accept) (fd, address, size);
}

int
accept4 (int fd, struct sockaddr *address, socklen_t *size, int flags)
{
  return interrupt_accept (fd) ? -1 : REAL (accept4) (fd, address, size, flags);
}
