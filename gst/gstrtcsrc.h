/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element rtcsrc: receives the media that others publish in a room. */
#pragma once

#include "gstrtcelement.h"

G_BEGIN_DECLS

#define GST_RTC_TYPE_SRC (gst_rtc_src_get_type ())
G_DECLARE_FINAL_TYPE (GstRtcSrc, gst_rtc_src, GST_RTC, SRC, GstRtcElement)

G_END_DECLS
