/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time from start to the first decoded picture, VP8 360p in one process: a
 * pair of peers against a pair of webrtcbins wired by hand with the defaults.
 * Both in turn; prints p50 and p95 of each and the ratio.
 * bench-peer [joins, default 20] */
#include <stdlib.h>

#include "peerpair.h"
#include "plainrtc.h"

static gdouble
get_ms (gint64 from, gint64 to)
{
  return (to - from) / 1000.0;
}

/* --- ours --- */

static PlainTimes
join_peers (void)
{
  Pair pair;
  GstRtcPeerSettings send, receive;
  Side *sender, *receiver;
  gint64 start, connected;
  PlainTimes times;

  pair_init (&pair);
  send = pair_settings (&pair, GST_RTC_PEER_SENDER);
  receive = pair_settings (&pair, GST_RTC_PEER_RECEIVER);
  start = g_get_monotonic_time ();
  pair_start_media (&pair, FALSE);
  sender = pair_add (&pair, &send);
  receiver = pair_add (&pair, &receive);
  side_decode (&pair, receiver);
  pair_join (sender, receiver);
  pair_wait (&pair, (gint *)&sender->n_connected, "the sender");
  connected = g_get_monotonic_time ();
  pair_force_keyframe (&pair);
  pair_wait (&pair, &receiver->n_decoded, "a picture");
  times = (PlainTimes){
      get_ms (start, connected), get_ms (start, receiver->decoded_at)};
  pair_clear (&pair);
  return times;
}

/* --- both --- */

static int
compare (const void *a, const void *b)
{
  gdouble x = *(const gdouble *)a, y = *(const gdouble *)b;

  return (x > y) - (x < y);
}

static gdouble
get_rank (gdouble *values, guint n, guint percent)
{
  qsort (values, n, sizeof *values, compare);
  return values[MIN (n - 1, n * percent / 100)];
}

static gdouble
report (const gchar *name, const PlainTimes *times, guint n)
{
  g_autofree gdouble *connected = g_new (gdouble, n);
  g_autofree gdouble *picture = g_new (gdouble, n);

  for (guint i = 0; i < n; i++) {
    connected[i] = times[i].connected;
    picture[i] = times[i].picture;
  }
  g_print ("%-8s connected p50 %6.1f p95 %6.1f ms, first picture p50 %6.1f "
           "p95 %6.1f ms\n",
      name, get_rank (connected, n, 50), get_rank (connected, n, 95),
      get_rank (picture, n, 50), get_rank (picture, n, 95));
  return get_rank (picture, n, 50);
}

int
main (int argc, char **argv)
{
  guint n;
  g_autofree PlainTimes *ours = NULL;
  g_autofree PlainTimes *plain = NULL;
  gdouble a, b;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, "--quiet", NULL);
  n = argc > 1 ? MAX (atoi (argv[1]), 1) : 20;
  ours = g_new (PlainTimes, n);
  plain = g_new (PlainTimes, n);
  plain_join ();
  join_peers ();
  for (guint i = 0; i < n; i++) {
    plain[i] = plain_join ();
    ours[i] = join_peers ();
  }
  b = report ("default", plain, n);
  a = report ("peer", ours, n);
  g_print ("ratio of p50: %.3f over %u joins\n", a / b, n);
  return 0;
}
