/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interface of the back-ends, and which this build has. Belongs to the
 * worker. */
#include "rtcdialect.h"

#include "rtcdialectjanus.h"
#include "rtcdialectroom.h"

G_DEFINE_INTERFACE (GstRtcDialect, gst_rtc_dialect, G_TYPE_OBJECT)

static void
gst_rtc_dialect_default_init (GstRtcDialectInterface *iface)
{
}

GstRtcDialect *
gst_rtc_dialect_new (GstRtcBackend backend)
{
  switch (backend) {
    case GST_RTC_BACKEND_ROOM:
      return GST_RTC_DIALECT (gst_rtc_dialect_room_new ());
    case GST_RTC_BACKEND_JANUS:
      return GST_RTC_DIALECT (gst_rtc_dialect_janus_new ());
    case GST_RTC_BACKEND_LIVEKIT:
    default:
      return NULL;
  }
}
