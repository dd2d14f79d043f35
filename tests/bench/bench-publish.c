/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Publishes one encoded picture to viewers in another process.
 *   bench-publish room URL ROOM WIDTH HEIGHT BITRATE   by rtcsink
 *   bench-publish plain FD WIDTH HEIGHT BITRATE        by one webrtcbin each
 * Says "ready" when it plays. "plain" obeys "viewers N" on its stdin and
 * talks to the other process over the socket FD. */
#include <stdlib.h>
#include <unistd.h>

#include "benchutil.h"
#include "plainrtc.h"

#define MAX_VIEWERS 64

static GstElement *pipeline;
static gint wire;
static PlainRtc *viewers[MAX_VIEWERS];
static guint n_viewers;

static void
send_message (const PlainMessage *message, gpointer user_data)
{
  plain_wire_send (wire, message, GPOINTER_TO_UINT (user_data));
}

static void
deliver (const PlainMessage *message, guint index, gpointer user_data)
{
  if (index < n_viewers)
    plain_rtc_receive (viewers[index], message);
}

static GstPadProbeReturn
on_blocked (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_OK;
}

/* Each element plays before data can reach it: a tee ends the source when a
 * branch says that it is flushing. */
static void
add_viewer (void)
{
  PlainRtc *rtc =
      plain_rtc_new (TRUE, send_message, GUINT_TO_POINTER (n_viewers));
  GstElement *queue = gst_element_factory_make ("queue", NULL);
  g_autoptr (GstElement) tee = gst_bin_get_by_name (GST_BIN (pipeline), "tee");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (queue, "src");
  gulong probe = gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, on_blocked, NULL, NULL);

  viewers[n_viewers++] = rtc;
  gst_bin_add_many (GST_BIN (pipeline), queue, rtc->webrtc, NULL);
  gst_element_sync_state_with_parent (queue);
  if (!gst_element_link (queue, rtc->webrtc) ||
      !gst_element_link_pads (tee, "src_%u", queue, "sink"))
    bench_die ("webrtcbin cannot be linked");
  gst_element_sync_state_with_parent (rtc->webrtc);
  gst_pad_remove_probe (pad, probe);
}

static void
on_command (gchar *line, gpointer user_data)
{
  gint wanted = bench_parse_command (line);

  while (wire && (gint)n_viewers < MIN (wanted, MAX_VIEWERS))
    add_viewer ();
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  guint width, height, bitrate;
  gboolean room;

  bench_init (&argc, &argv);
  room = argc == 7 && g_str_equal (argv[1], "room");
  if (!room && !(argc == 6 && g_str_equal (argv[1], "plain")))
    bench_die ("room URL ROOM | plain FD, then WIDTH HEIGHT BITRATE");
  width = (guint)atoi (argv[argc - 3]);
  height = (guint)atoi (argv[argc - 2]);
  bitrate = (guint)atoi (argv[argc - 1]);

  if (room) {
    pipeline = bench_launch (BENCH_PICTURE
        " ! rtcsink server-url=%s room-id=%s user-id=publisher "
        "start-bitrate=%u local-addresses=\"<127.0.0.1>\"",
        width, height, argv[2], argv[3], bitrate);
  } else {
    wire = atoi (argv[2]);
    pipeline =
        bench_launch (BENCH_PICTURE " ! " BENCH_ENCODER " ! tee name=tee "
                                    "allow-not-linked=true",
            width, height, bench_get_threads (), bitrate);
    plain_wire_open (wire, deliver, NULL);
  }
  bench_read_lines (STDIN_FILENO, on_command, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  if (gst_element_get_state (pipeline, NULL, NULL, 10 * GST_SECOND) ==
      GST_STATE_CHANGE_FAILURE)
    bench_die ("the pipeline does not play");
  bench_say ("ready");
  g_main_loop_run (loop);
  return EXIT_SUCCESS;
}
