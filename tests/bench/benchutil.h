/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmark programs share. Main thread. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* VP8 as rtcsink encodes it, so that both sides send the same. */
#define BENCH_ENCODER                                                          \
  "vp8enc deadline=1 cpu-used=8 end-usage=cbr lag-in-frames=0 "                \
  "error-resilient=default keyframe-max-dist=2000 static-threshold=100 "       \
  "threads=%u target-bitrate=%u ! rtpvp8pay pt=96 mtu=1200 "                   \
  "picture-id-mode=15-bit ! "                                                  \
  "application/x-rtp,media=video,encoding-name=VP8,payload=96"
/* Moves, has edges and noise: fills the bitrate that is asked for. */
#define BENCH_PICTURE                                                          \
  "videotestsrc is-live=true pattern=smpte horizontal-speed=7 ! "              \
  "video/x-raw,format=I420,width=%u,height=%u,framerate=30/1"

/* libvpx threads, as many as rtcsink takes. */
guint bench_get_threads (void);

/* Dies with the process that started this one, and starts GStreamer. */
void bench_init (int *argc, char ***argv);

/* Ends the process with a message on stderr. */
void bench_die (const gchar *format, ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;

/* Prints a line and flushes it. */
void bench_say (const gchar *format, ...) G_GNUC_PRINTF (1, 2);

/* Called with each line of @fd without its end, on the main context; the
 * process ends with the file. */
typedef void (*BenchLineFunc) (gchar *line, gpointer user_data);
void bench_read_lines (gint fd, BenchLineFunc func, gpointer user_data);

/* The command "viewers N" or "stat"; dies of any other. -1 for "stat". */
gint bench_parse_command (const gchar *line);

/* Parses a pipeline; dies when it can't. Errors on its bus end the process. */
GstElement *bench_launch (const gchar *format, ...) G_GNUC_PRINTF (1, 2);
void bench_watch (GstElement *pipeline);

G_END_DECLS
