/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options structure of an action. Any thread. */
#pragma once

#include <gst/gst.h>

#include "rtcrequest.h"

G_BEGIN_DECLS

/* Reads the booleans `audio`, `video` and `screen` of @options (nullable:
 * empty) into @request. FALSE and 100001 for anything else in it. */
gboolean gst_rtc_options_parse (
    const GstStructure *options, GstRtcRequest *request, GError **error);

G_END_DECLS
