/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pipeline of the receiver of rtc-demo: records what rtcsrc gives as it
 * came over the network, and decodes it as well, to count and to look at it.
 * Main thread; what streaming threads share is inside. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _DemoRecorder DemoRecorder;

/**
 * DemoFigures:
 * @n_bytes: encoded, audio and video
 * @audio_time: decoded
 * @loudest: peak of the audio, 0 to 1
 * @lost: packets, -1 when the element does not tell
 */
typedef struct
{
  guint64 n_frames;
  guint64 n_bytes;
  gint width;
  gint height;
  GstClockTime audio_time;
  gdouble loudest;
  gint64 lost;
} DemoFigures;

/* Receives from the publisher of the demo into @file. @on_message gets the
 * messages of the pipeline, an application message at the first frame (the
 * first audio where no video is wanted) and EOS when the file is complete. */
DemoRecorder *demo_recorder_new (const gchar *server_url, const gchar *file,
    gboolean video, gboolean audio, GstBusFunc on_message, gpointer user_data,
    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void demo_recorder_free (DemoRecorder *recorder);

void demo_recorder_start (DemoRecorder *recorder);
void demo_recorder_get_figures (DemoRecorder *recorder, DemoFigures *figures);

/* Keeps the newest frame as the picture; else it is the last one. */
void demo_recorder_choose_picture (DemoRecorder *recorder);
gboolean demo_recorder_write_picture (
    DemoRecorder *recorder, const gchar *file, GError **error);

/* Takes nothing more and completes the file; EOS follows. */
void demo_recorder_end (DemoRecorder *recorder);
void demo_recorder_stop (DemoRecorder *recorder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DemoRecorder, demo_recorder_free)

G_END_DECLS
