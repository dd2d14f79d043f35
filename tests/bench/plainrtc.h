/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A webrtcbin wired by hand and left at its defaults: what the elements are
 * measured against. Its callbacks run on threads of webrtcbin. */
#pragma once

#include <gst/webrtc/webrtc.h>

G_BEGIN_DECLS

/**
 * PlainMessage:
 * @description: or NULL for a candidate
 *
 * What the two ends tell each other.
 */
typedef struct
{
  GstWebRTCSessionDescription *description;
  guint mline;
  const gchar *candidate;
} PlainMessage;

typedef void (*PlainSend) (const PlainMessage *message, gpointer user_data);

typedef struct
{
  GstElement *webrtc; /* floating until it is in a bin */
  PlainSend send;
  gpointer user_data;
  gint connected;      /* atomic */
  gint64 connected_at; /* monotonic, us; set before connected */
} PlainRtc;

/* One end, on 127.0.0.1. Who has tracks when it starts makes the offer. */
PlainRtc *plain_rtc_new (gboolean offers, PlainSend send, gpointer user_data);
/* After webrtcbin is in NULL. */
void plain_rtc_free (PlainRtc *self);
/* From any thread. */
void plain_rtc_receive (PlainRtc *self, const PlainMessage *message);

/* Messages between processes, over a socket; each for the end @index. */
typedef void (*PlainDeliver) (
    const PlainMessage *message, guint index, gpointer user_data);
/* From any thread. */
void plain_wire_send (gint fd, const PlainMessage *message, guint index);
/* Calls @deliver on the main context. Once in a process. */
void plain_wire_open (gint fd, PlainDeliver deliver, gpointer user_data);

/**
 * PlainTimes:
 *
 * From start, in ms.
 */
typedef struct
{
  gdouble connected;
  gdouble picture;
} PlainTimes;

/* Connects a sender and a receiver within this process, which hand each other
 * their descriptions, and takes both down again. VP8, 360p, 30 fps. */
PlainTimes plain_join (void);

G_END_DECLS
