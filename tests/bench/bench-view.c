/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Viewers that receive but do not decode.
 *   bench-view room URL ROOM   by rtcsrc with nothing linked to it
 *   bench-view plain FD        by a webrtcbin for each offer over the socket
 * On stdin "viewers N" (room) adds viewers until there are N, and "stat"
 * prints how many have received something and their bytes and packets. */
#include <stdlib.h>
#include <unistd.h>

#include "benchutil.h"
#include "plainrtc.h"

#define MAX_VIEWERS 64

typedef struct
{
  GstElement *src; /* rtcsrc */
  PlainRtc *rtc;   /* or this */
  guint64 packets; /* plain; under lock */
  guint64 bytes;
} Viewer;

static GstElement *pipeline;
static const gchar *url, *room;
static gint wire;
static GMutex lock;
static Viewer viewers[MAX_VIEWERS];
static guint n_viewers; /* main thread */

/* --- rtcsrc --- */

static void
add_room_viewer (void)
{
  Viewer *viewer = &viewers[n_viewers];
  g_autofree gchar *user_id = g_strdup_printf ("viewer-%u", n_viewers);

  viewer->src = gst_element_factory_make ("rtcsrc", NULL);
  if (!viewer->src)
    bench_die ("element rtcsrc is not found");
  g_object_set (viewer->src, "server-url", url, "room-id", room, "user-id",
      user_id, NULL);
  gst_util_set_object_arg (
      G_OBJECT (viewer->src), "local-addresses", "<127.0.0.1>");
  gst_bin_add (GST_BIN (pipeline), viewer->src);
  gst_element_sync_state_with_parent (viewer->src);
  n_viewers++;
}

/* The sum over its transports. */
static void
read_stats (Viewer *viewer)
{
  g_autoptr (GstStructure) stats = NULL;
  const GValue *list;

  g_object_get (viewer->src, "stats", &stats, NULL);
  list = stats ? gst_structure_get_value (stats, "peers") : NULL;
  viewer->packets = viewer->bytes = 0;
  for (guint i = 0; list && i < gst_value_list_get_size (list); i++) {
    const GstStructure *peer =
        g_value_get_boxed (gst_value_list_get_value (list, i));
    guint64 packets = 0, bytes = 0;

    gst_structure_get (peer, "packets-received", G_TYPE_UINT64, &packets,
        "bytes-received", G_TYPE_UINT64, &bytes, NULL);
    viewer->packets += packets;
    viewer->bytes += bytes;
  }
}

/* --- webrtcbin --- */

static void
send_message (const PlainMessage *message, gpointer user_data)
{
  plain_wire_send (wire, message, (guint)((Viewer *)user_data - viewers));
}

static GstPadProbeReturn
on_packet (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Viewer *viewer = user_data;

  g_mutex_lock (&lock);
  viewer->packets++;
  viewer->bytes += gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));
  g_mutex_unlock (&lock);
  return GST_PAD_PROBE_OK;
}

static void
on_pad_added (GstElement *webrtc, GstPad *pad, gpointer user_data)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) sink_pad = gst_element_get_static_pad (sink, "sink");

  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  gst_pad_add_probe (
      sink_pad, GST_PAD_PROBE_TYPE_BUFFER, on_packet, user_data, NULL);
  gst_pad_link (pad, sink_pad);
}

static void
add_plain_viewer (void)
{
  Viewer *viewer = &viewers[n_viewers++];

  viewer->rtc = plain_rtc_new (FALSE, send_message, viewer);
  g_signal_connect (
      viewer->rtc->webrtc, "pad-added", G_CALLBACK (on_pad_added), viewer);
  gst_bin_add (GST_BIN (pipeline), viewer->rtc->webrtc);
  gst_element_sync_state_with_parent (viewer->rtc->webrtc);
}

static void
deliver (const PlainMessage *message, guint index, gpointer user_data)
{
  if (index >= MAX_VIEWERS)
    return;
  while (index >= n_viewers)
    add_plain_viewer ();
  plain_rtc_receive (viewers[index].rtc, message);
}

/* --- both --- */

static void
print_stats (void)
{
  guint64 packets = 0, bytes = 0;
  guint live = 0;

  for (guint i = 0; i < n_viewers; i++) {
    if (viewers[i].src)
      read_stats (&viewers[i]);
  }
  g_mutex_lock (&lock);
  for (guint i = 0; i < n_viewers; i++) {
    packets += viewers[i].packets;
    bytes += viewers[i].bytes;
    live += viewers[i].packets > 0;
  }
  g_mutex_unlock (&lock);
  bench_say ("{\"live\": %u, \"packets\": %" G_GUINT64_FORMAT
             ", \"bytes\": %" G_GUINT64_FORMAT "}",
      live, packets, bytes);
}

static void
on_command (gchar *line, gpointer user_data)
{
  gint wanted = bench_parse_command (line);

  if (wanted < 0)
    print_stats ();
  while (url && (gint)n_viewers < MIN (wanted, MAX_VIEWERS))
    add_room_viewer ();
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  bench_init (&argc, &argv);
  pipeline = gst_pipeline_new (NULL);
  bench_watch (pipeline);
  if (argc == 4 && g_str_equal (argv[1], "room")) {
    url = argv[2];
    room = argv[3];
  } else if (argc == 3 && g_str_equal (argv[1], "plain")) {
    wire = atoi (argv[2]);
    plain_wire_open (wire, deliver, NULL);
  } else {
    bench_die ("room URL ROOM | plain FD");
  }
  bench_read_lines (STDIN_FILENO, on_command, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  bench_say ("ready");
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}
