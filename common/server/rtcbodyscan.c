/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a request tells of a body. One thread. */
#include "rtcbodyscan.h"

#include <string.h>

enum
{
  TRANSFER_ENCODING,
  CONTENT_LENGTH,
  N_NAMES
};

static const gchar *const names[N_NAMES] = {
    [TRANSFER_ENCODING] = "transfer-encoding:",
    [CONTENT_LENGTH] = "content-length:",
};

gboolean
gst_rtc_body_scan (GstRtcBodyScan *scan, guint8 byte)
{
  if (byte == '\n') {
    *scan = (GstRtcBodyScan){0};
    return FALSE;
  }
  if (byte == 0) /* libsoup looks past it */
    return FALSE;
  if (scan->in_value)
    return !strchr (" \t\r0", byte);
  if (scan->length == 0 && (byte == ' ' || byte == '\t'))
    return TRUE;

  for (guint i = 0; i < N_NAMES; i++) {
    if (scan->others & 1 << i)
      continue;
    if (names[i][scan->length] != g_ascii_tolower ((gchar)byte))
      scan->others |= 1 << i;
    else if (byte == ':' && i == TRANSFER_ENCODING)
      return TRUE;
    else if (byte == ':')
      scan->in_value = TRUE;
  }
  scan->length++;
  return FALSE;
}
