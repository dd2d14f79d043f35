/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a request tells of a body, byte by byte. No request here has one,
 * and libsoup 3.2 loses the path of a request whose Transfer-Encoding or
 * Content-Length it does not understand. Plain values, one thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  gsize length;      /* of the name of the header so far */
  guint others;      /* bits: names that it is not */
  gboolean in_value; /* of Content-Length */
} GstRtcBodyScan;

/* One byte of the request, from its start. TRUE when there is a body, or may
 * be: an encoding, a length other than 0, a header that goes on in the next
 * line. */
gboolean gst_rtc_body_scan (GstRtcBodyScan *scan, guint8 byte);

G_END_DECLS
