/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joins again and again in one process and prints for each the milliseconds
 * to its first decoded picture; the first join is a cold one.
 *   bench-join room URL ROOM JOINS   rtcsrc, of what is published there
 *   bench-join plain JOINS           two webrtcbins wired by hand
 * "room" prints as well when the room was entered, the stream was known and
 * the pad was there; "plain" when it was connected. */
#include <stdlib.h>

#include "benchutil.h"
#include "plainrtc.h"

#define WAIT_LIMIT (20 * G_TIME_SPAN_SECOND)
/* Longer than a keyframe that an earlier join has still to come to affects
 * the next. */
#define PAUSE (500 * G_TIME_SPAN_MILLISECOND)
#define FRAME (33 * G_TIME_SPAN_MILLISECOND)

/* Monotonic, us; 0 until it happens. Written by streaming threads before
 * decoded is set. */
typedef struct
{
  gint64 joined, stream, pad, picture;
  gint decoded; /* atomic */
} Moments;

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Moments *moments = user_data;

  moments->picture = g_get_monotonic_time ();
  g_atomic_int_set (&moments->decoded, TRUE);
  return GST_PAD_PROBE_REMOVE;
}

static void
on_pad_added (GstElement *src, GstPad *pad, gpointer user_data)
{
  ((Moments *)user_data)->pad = g_get_monotonic_time ();
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Moments *moments = user_data;
  const GstStructure *fact = gst_message_get_structure (message);
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    bench_die ("%s", error->message);
  }
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT) {
    if (gst_structure_has_name (fact, "rtc-connection-state"))
      moments->joined = g_get_monotonic_time ();
    else if (gst_structure_has_name (fact, "rtc-stream-added"))
      moments->stream = g_get_monotonic_time ();
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static gdouble
get_ms (gint64 start, gint64 moment)
{
  return moment ? (moment - start) / 1000.0 : 0;
}

static void
join_room (const gchar *url, const gchar *room)
{
  Moments moments = {0};
  GstElement *pipeline = bench_launch (
      "rtcsrc name=src server-url=%s room-id=%s "
      "local-addresses=\"<127.0.0.1>\" src.video_0 ! video/x-raw ! "
      "fakesink name=sink sync=false async=false",
      url, room);
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gint64 start;

  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_bus_set_sync_handler (bus, on_message, &moments, NULL);
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture, &moments, NULL);
  g_signal_connect (src, "pad-added", G_CALLBACK (on_pad_added), &moments);

  start = g_get_monotonic_time ();
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!g_atomic_int_get (&moments.decoded)) {
    if (g_get_monotonic_time () - start > WAIT_LIMIT)
      bench_die ("rtcsrc gave no picture");
    g_usleep (500);
  }
  bench_say ("{\"picture\": %.3f, \"joined\": %.3f, \"stream\": %.3f, "
             "\"pad\": %.3f}",
      get_ms (start, moments.picture), get_ms (start, moments.joined),
      get_ms (start, moments.stream), get_ms (start, moments.pad));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

int
main (int argc, char **argv)
{
  gboolean room;
  gint n;

  bench_init (&argc, &argv);
  room = argc == 5 && g_str_equal (argv[1], "room");
  if (!room && !(argc == 3 && g_str_equal (argv[1], "plain")))
    bench_die ("room URL ROOM JOINS | plain JOINS");
  n = atoi (argv[argc - 1]);

  for (gint i = 0; i < n; i++) {
    if (room) {
      join_room (argv[2], argv[3]);
    } else {
      PlainTimes times = plain_join ();

      bench_say ("{\"picture\": %.3f, \"connected\": %.3f}", times.picture,
          times.connected);
    }
    /* Not in step with the frames of the publisher. */
    g_usleep (PAUSE + g_random_int_range (0, FRAME));
  }
  return EXIT_SUCCESS;
}
