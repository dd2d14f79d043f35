/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire of our own room server, common/server/PROTOCOL.md. Belongs to the
 * worker. */
#pragma once

#include "rtcdialect.h"

G_BEGIN_DECLS

#define GST_RTC_TYPE_DIALECT_ROOM (gst_rtc_dialect_room_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRtcDialectRoom, gst_rtc_dialect_room, GST_RTC, DIALECT_ROOM, GObject)

GstRtcDialectRoom *gst_rtc_dialect_room_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
