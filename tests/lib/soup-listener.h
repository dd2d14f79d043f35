/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a SoupServer of a test listens. On the thread-default context. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Hands what connects to 127.0.0.1, at a port of the kernel's choice, to
 * @soup. libsoup 3.2 could listen by itself, but never frees the sockets that
 * it accepts nor the address. Free with soup_listener_stop (). */
GSocketService *soup_listener_start (SoupServer *soup, guint16 *port);
void soup_listener_stop (GSocketService *listener);

G_END_DECLS
