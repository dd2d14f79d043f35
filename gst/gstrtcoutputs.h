/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outputs of an rtcsrc, each with the subscription that it calls back,
 * which it keeps alive. Any thread; pads come and go on the calling one. */
#pragma once

#include "gstrtcoutput.h"
#include "gstrtcsubscription.h"

G_BEGIN_DECLS

typedef struct _GstRtcOutputs GstRtcOutputs;

GstRtcOutputs *gst_rtc_outputs_new (void) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_outputs_free (GstRtcOutputs *outputs);

/* From now on outputs are taken; at first they are not. */
void gst_rtc_outputs_open (GstRtcOutputs *outputs);
/* Takes no more, and detaches those that are there. */
void gst_rtc_outputs_close (GstRtcOutputs *outputs);

/* FALSE when it is not taken, and must not be attached. */
gboolean gst_rtc_outputs_add (GstRtcOutputs *outputs, GstRtcOutput *output,
    GstRtcSubscription *subscription);
/* Detaches @output, once. */
void gst_rtc_outputs_remove (GstRtcOutputs *outputs, GstRtcOutput *output);

/* The subscription of the output @child; (transfer full), NULL where that is
 * no output, or none any more. */
GstRtcSubscription *gst_rtc_outputs_find (
    GstRtcOutputs *outputs, GstObject *child) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
