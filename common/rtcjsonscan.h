/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks JSON text against RFC 8259 and our bounds without building
 * anything. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Members of one object; bounds what colliding names can cost. */
#define GST_RTC_JSON_MAX_MEMBERS 1024

/* TRUE when @text is one object inside the bounds that
 * gst_rtc_json_parse_bounded () names. Else FALSE, @fault receives why (static)
 * and @offset the byte at which it was noticed. */
gboolean gst_rtc_json_scan (const gchar *text, gsize length, gsize max_bytes,
    guint max_depth, guint max_values, const gchar **fault,
    gsize *offset) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
