/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A TCP proxy on loopback between a client and its server that can do to
 * their connections what networks do. It has a thread of its own; its
 * functions take effect in their order. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _CutProxy CutProxy;

/* On a free port, for the server at @url (`http://127.0.0.1:port`). */
CutProxy *cut_proxy_new (const gchar *url);
void cut_proxy_free (CutProxy *proxy);

/* `http://127.0.0.1:port` */
const gchar *cut_proxy_get_url (CutProxy *proxy);

/* Resets all connections, on both sides. */
void cut_proxy_cut (CutProxy *proxy);
/* Resets every connection that is made from now on. */
void cut_proxy_set_refusing (CutProxy *proxy, gboolean refusing);
/* Keeps what comes, while both sides stay connected. */
void cut_proxy_set_frozen (CutProxy *proxy, gboolean frozen);
/* Passes each piece on only after @ms. */
void cut_proxy_set_delay (CutProxy *proxy, guint ms);

/* Connections that were taken so far, refused ones included. */
guint cut_proxy_get_n_connections (CutProxy *proxy);

G_END_DECLS
