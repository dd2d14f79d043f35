/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log category that a transport and its parts share. Any thread. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* `rtcpeer`; what these files define GST_CAT_DEFAULT as. */
GstDebugCategory *gst_rtc_peer_log_get_category (void);

G_END_DECLS
