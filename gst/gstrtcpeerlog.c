/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log category that a transport and its parts share. Any thread. */
#include "gstrtcpeerlog.h"

GstDebugCategory *
gst_rtc_peer_log_get_category (void)
{
  static gsize once;
  static GstDebugCategory *category;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (
        category, "rtcpeer", 0, "Media transports of the RTC elements");
    g_once_init_leave (&once, 1);
  }
  return category;
}
