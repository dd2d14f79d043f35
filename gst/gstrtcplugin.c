/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registers rtcsink and rtcsrc. */
#include <gst/gst.h>

#include "gstrtcsink.h"
#include "gstrtcsrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (
             plugin, "rtcsink", GST_RANK_NONE, GST_RTC_TYPE_SINK) &&
         gst_element_register (
             plugin, "rtcsrc", GST_RANK_NONE, GST_RTC_TYPE_SRC);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, rtc,
    "Publishes into and receives from RTC rooms", plugin_init, VERSION, "LGPL",
    PACKAGE, "gst-rtc")
