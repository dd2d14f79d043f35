/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page by which a browser takes part in a room, out of the program
 * itself. Belongs to the thread of the server. */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Answers `/`, `/ROOM` and `/page/FILE` from the files compiled in. FALSE,
 * and nothing set, when @path is none of these. */
gboolean gst_rtc_server_page_answer (
    SoupServerMessage *message, const gchar *path);

G_END_DECLS
