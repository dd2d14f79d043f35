/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the fault table: the network. The publisher and the server are at
 * A, the viewer is at B. On the thread of the test. */
#include "faultscene.h"

#define NEW_ADDRESS_B "10.77.0.3"

static void
with_space (FaultScene *scene, NetemEnd end,
    gboolean (*act) (gconstpointer data, GError **error), gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  const gint before =
      netem_space_enter (netem_client_get_space (scene->net, end), &error);

  g_assert_no_error (error);
  act (data, &error);
  netem_space_return (before);
  g_assert_no_error (error);
}

static gboolean
set_up (gconstpointer data, GError **error)
{
  return netem_space_set_up (GPOINTER_TO_INT (data), error);
}

static gboolean
set_address (gconstpointer data, GError **error)
{
  return netem_space_set_address (data, error);
}

/* --- what goes wrong --- */

static void
cut_one_way (FaultScene *scene)
{
  netem_client_set (scene->net, "b outage=on");
}

static void
restore (FaultScene *scene)
{
  netem_client_set (scene->net, "both clear delay=10");
}

static void
change_address (FaultScene *scene)
{
  with_space (scene, NETEM_B, set_address, NEW_ADDRESS_B);
}

/* One address stands for the NAT and for who is behind it. */
static void
prepare_behind_nat (FaultScene *scene)
{
  netem_client_set_nat (scene->net, NETEM_B, 40000);
  fault_prepare_call (scene);
}

static void
rebind (FaultScene *scene)
{
  netem_client_set_nat (scene->net, NETEM_B, 50000);
}

static void
link_down_and_up (FaultScene *scene)
{
  with_space (scene, NETEM_B, set_up, GINT_TO_POINTER (FALSE));
  fault_let_pass (scene, 1000);
  with_space (scene, NETEM_B, set_up, GINT_TO_POINTER (TRUE));
}

static void
drop_udp (FaultScene *scene)
{
  netem_client_set (scene->net, "both drop=udp");
}

static void
drop_tcp (FaultScene *scene)
{
  netem_client_set (scene->net, "both drop=tcp");
}

static void
impair (FaultScene *scene, const gchar *settings, guint ms)
{
  netem_client_set (scene->net, settings);
  fault_let_pass (scene, ms);
}

static void
lose_some (FaultScene *scene)
{
  impair (scene, "both loss=10", 8000);
}

static void
lose_in_bursts (FaultScene *scene)
{
  impair (scene, "both burst-enter=1 burst-leave=20", 8000);
}

static void
disorder (FaultScene *scene)
{
  impair (
      scene, "both jitter=10 order=free reorder=10 hold=30 duplicate=2", 6000);
}

static void
damage (FaultScene *scene)
{
  impair (scene, "both corrupt=0.5", 6000);
}

static void
outage_2s (FaultScene *scene)
{
  impair (scene, "both outage=on", 2000);
  restore (scene);
}

static void
outage_3s (FaultScene *scene)
{
  impair (scene, "both outage=on", 3000);
  restore (scene);
}

static void
outage_10s (FaultScene *scene)
{
  impair (scene, "both outage=on", 10000);
  restore (scene);
}

static void
narrow_link (FaultScene *scene)
{
  impair (scene, "a rate=500 queue=300", 6000);
  restore (scene);
}

static void
tiny_link (FaultScene *scene)
{
  impair (scene, "both rate=50 queue=1000", 6000);
  restore (scene);
}

static void
drop_fragments (FaultScene *scene)
{
  impair (scene, "both drop=fragments", 4000);
}

#define PERHAPS_LOST                                                           \
  {                                                                            \
    FAULT_WARNING, GST_RTC_ERROR_WEBSOCKET_FAILED, .maybe = TRUE               \
  }

const FaultRow fault_network_rows[] = {
    {.id = "F3-half-open",
        .condition = "Nothing of what the viewer sends gets through",
        .happens = "The viewer enters again when the link is whole",
        .flags = FAULT_NETWORK,
        .publisher = "media-timeout=2000",
        .viewer = "reconnect-attempts=100 reconnect-delay=100",
        .provoke = cut_one_way,
        .repair = restore,
        .publisher_told = {FAULT_VIEWER_LOST},
        .viewer_told = {FAULT_STREAM_LOST, FAULT_LOST},
        FAULT_VIEWER_IS_BACK,
        .allowed = 17000,
        .back = 12000},
    {.id = "F5-nat-rebinding",
        .condition = "The viewer's NAT forgets its UDP ports and gives others",
        .happens = "Pictures arrive again, by another transport",
        .flags = FAULT_NETWORK,
        .prepare = prepare_behind_nat,
        .provoke = rebind,
        .publisher_told = {FAULT_VIEWER_LOST},
        .viewer_told = {FAULT_STREAM_LOST},
        FAULT_VIEWER_IS_BACK,
        .allowed = 8000,
        .back = 5000},
    {.id = "F6-address-changed",
        .condition = "The viewer's machine gets another address",
        .happens = "The viewer resumes; pictures arrive by another transport",
        .flags = FAULT_NETWORK,
        .provoke = change_address,
        .publisher_told = {FAULT_VIEWER_LOST},
        .viewer_told = {FAULT_STREAM_LOST, FAULT_LOST},
        FAULT_VIEWER_IS_BACK,
        .allowed = 3000,
        .back = 5000},
    {.id = "F6-link-down-and-up",
        .condition = "The viewer's interface goes down for 1 s",
        .happens = "The call goes on afterwards",
        .flags = FAULT_NETWORK,
        .publisher = "media-timeout=8000",
        .viewer = "media-timeout=8000",
        .provoke = link_down_and_up,
        FAULT_VIEWER_IS_BACK,
        .back = 8000},
    {.id = "F7-media-dead",
        .condition = "UDP is blocked, TCP is not",
        .happens = "Pictures arrive again when UDP passes",
        .flags = FAULT_NETWORK,
        .publisher = "media-timeout=2000",
        .viewer = "media-timeout=2000 connect-timeout=8000",
        .provoke = drop_udp,
        .repair = restore,
        .publisher_told = {FAULT_VIEWER_LOST},
        .viewer_told = {FAULT_STREAM_LOST},
        FAULT_VIEWER_IS_BACK,
        .allowed = 10000,
        .back = 12000},
    {.id = "F8-signaling-dead",
        .condition = "TCP is blocked, UDP is not",
        .happens = "Media is untouched; the connection is restored",
        .flags = FAULT_NETWORK,
        .viewer = "reconnect-attempts=100 reconnect-delay=100",
        .provoke = drop_tcp,
        .repair = restore,
        .viewer_told = {FAULT_LOST},
        FAULT_BOTH_GO_ON,
        .allowed = 17000,
        .back = 12000},
    {.id = "F28-loss",
        .condition = "10 % of all packets are lost",
        .happens = "The call goes on",
        .flags = FAULT_NETWORK,
        .provoke = lose_some,
        FAULT_BOTH_GO_ON,
        .back = 5000},
    {.id = "F28-bursts",
        .condition = "Packets are lost in bursts of 20 on average",
        .happens = "The call goes on",
        .flags = FAULT_NETWORK,
        .provoke = lose_in_bursts,
        FAULT_BOTH_GO_ON,
        .back = 5000},
    {.id = "F28-disorder",
        .condition = "Packets overtake each other, 2 % come twice",
        .happens = "The call goes on",
        .flags = FAULT_NETWORK,
        .provoke = disorder,
        FAULT_BOTH_GO_ON,
        .back = 5000},
    {.id = "F28-damage",
        .condition = "One bit is wrong in 0.5 % of the packets",
        .happens = "The call goes on",
        .flags = FAULT_NETWORK,
        .provoke = damage,
        FAULT_BOTH_GO_ON,
        .back = 5000},
    {.id = "F29-outage-2s",
        .condition = "No packet passes for 2 s",
        .happens = "The call goes on afterwards",
        .flags = FAULT_NETWORK,
        .provoke = outage_2s,
        FAULT_VIEWER_IS_BACK,
        .back = 5000},
    {.id = "F29-outage-3s",
        .condition = "No packet passes for 3 s",
        .happens = "The call goes on afterwards; whether the connection to "
                   "the server counts as broken depends on when the last "
                   "ping was",
        .flags = FAULT_NETWORK,
        .provoke = outage_3s,
        .viewer_told = {PERHAPS_LOST},
        FAULT_VIEWER_IS_BACK,
        .back = 8000},
    {.id = "F29-outage-10s",
        .condition = "No packet passes for 10 s",
        .happens = "Pictures arrive again afterwards",
        .flags = FAULT_NETWORK,
        .publisher = "media-timeout=3000",
        .viewer = "media-timeout=3000 reconnect-attempts=100 "
                  "reconnect-delay=100",
        .provoke = outage_10s,
        .publisher_told = {FAULT_VIEWER_LOST},
        .viewer_told = {FAULT_STREAM_LOST, FAULT_LOST},
        FAULT_VIEWER_IS_BACK,
        .allowed = 8000,
        .back = 12000},
    {.id = "F30-narrow-link",
        .condition = "The link carries a third of the video for 6 s",
        .happens = "Pictures break; the call goes on",
        .flags = FAULT_NETWORK,
        .provoke = narrow_link,
        FAULT_VIEWER_IS_BACK,
        .back = 8000},
    {.id = "F30-tiny-link",
        .condition = "The link carries 50 kbit/s for 6 s",
        .happens = "Pictures stand still, and answers to pings may come too "
                   "late; the call goes on afterwards",
        .flags = FAULT_NETWORK,
        .provoke = tiny_link,
        .viewer_told = {PERHAPS_LOST},
        FAULT_VIEWER_IS_BACK,
        .back = 8000},
    {.id = "F31-small-packets",
        .condition = "MTU 1280, and fragments are dropped",
        .happens = "The call goes on",
        .flags = FAULT_NETWORK | FAULT_SMALL_MTU,
        .provoke = drop_fragments,
        FAULT_BOTH_GO_ON,
        .back = 5000},
    {NULL},
};
