/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the fault table: names, addresses, resources and the application
 * itself. On the thread of the test. */
#include "faultscene.h"

/* --- F12: slow consumers --- */

static void
block_viewer (FaultScene *scene)
{
  fault_party_say (scene->viewer, "block 5000");
  fault_let_pass (scene, 6000);
}

/* --- F25: names --- */

static void
start_viewer_at (FaultScene *scene, const gchar *url, const gchar *properties,
    const gchar *options)
{
  scene->viewer = fault_party_new (
      scene, "viewer", "bob", NETEM_B, url, properties, options);
}

static void
prepare_nothing (FaultScene *scene)
{
}

static void
look_for_nobody (FaultScene *scene)
{
  start_viewer_at (scene, "http://nowhere.test:7800", NULL, "--resolver=50");
}

static void
wait_for_name (FaultScene *scene)
{
  start_viewer_at (scene, "http://late.test:7800", "connect-timeout=1000",
      "--resolver=60000");
}

static void
prepare_publisher (FaultScene *scene)
{
  fault_start_server (scene);
  fault_start_publisher (scene);
}

static void
find_name_late (FaultScene *scene)
{
  g_autofree gchar *url =
      g_strdup_printf ("http://late.test:%d", scene->server_port);

  start_viewer_at (scene, url,
      "connect-timeout=30000 local-addresses=<127.0.0.1>", "--resolver=1500");
  fault_wait_for_media (scene);
}

/* --- F27: IPv6 only --- */

static void
prepare_ipv6 (FaultScene *scene)
{
  scene->server_address = "[::1]";
  scene->media_address = "::1";
  fault_prepare_call (scene);
}

/* --- F34: what applications do --- */

static void
join_and_leave (FaultScene *scene)
{
  fault_party_say (scene->viewer, "churn 200");
  fault_wait (
      scene, 60000, fault_party_count_facts (scene->viewer, "churned") == 1);
}

static void
call_and_hang_up (FaultScene *scene)
{
  fault_party_say (scene->viewer, "churn-media 15");
  fault_wait (
      scene, 40000, fault_party_count_facts (scene->viewer, "churned") == 1);
}

static void
prepare_alone (FaultScene *scene)
{
  fault_start_server (scene);
  fault_start_viewer (scene);
  fault_wait (scene, 15000, fault_party_is_connected (scene->viewer));
}

#define N_STORM 50
#define STORM_SECONDS 100

static void
start_storm (FaultScene *scene)
{
  FaultParty *viewers[N_STORM];
  guint served = 0;

  for (guint i = 0; i < N_STORM; i++) {
    g_autofree gchar *user = g_strdup_printf ("viewer-%u", i);

    viewers[i] =
        fault_party_new (scene, "viewer", user, NETEM_A, scene->server_url,
            "connect-timeout=60000 local-addresses=<127.0.0.1>", NULL);
  }
  while (served < N_STORM) {
    served = 0;
    fault_iterate (scene);
    for (guint i = 0; i < N_STORM; i++) {
      if (viewers[i]->messages->len > 0)
        fault_fail (scene, "%s told %u failures: %s", viewers[i]->name,
            viewers[i]->messages->len,
            ((FaultMessage *)g_ptr_array_index (viewers[i]->messages, 0))
                ->reason);
      served += viewers[i]->frames > 0;
    }
    if (g_get_monotonic_time () - scene->provoked >
        STORM_SECONDS * G_USEC_PER_SEC)
      fault_fail (scene, "%u of %u see pictures after %d s", served, N_STORM,
          STORM_SECONDS);
  }
  g_printerr ("# all %u see pictures after %.1f s\n", N_STORM,
      (gdouble)(g_get_monotonic_time () - scene->provoked) / G_USEC_PER_SEC);
}

static void
add_and_release_pad (FaultScene *scene)
{
  for (guint i = 0; i < 3; i++) {
    fault_party_say (scene->publisher, "add-pad");
    fault_wait (scene, 8000,
        fault_party_count_facts (scene->viewer, "rtc-stream-added") == i + 2);
    fault_let_pass (scene, 700);
    fault_party_say (scene->publisher, "release-pad");
    fault_wait (scene, 8000,
        fault_party_count_facts (scene->viewer, "rtc-stream-removed") == i + 1);
  }
}

static void
change_caps (FaultScene *scene)
{
  static const gchar *const sizes[] = {
      "width=640,height=384", "width=256,height=160", "width=320,height=192"};

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree gchar *line = g_strdup_printf (
        "caps video/x-raw,format=I420,%s,framerate=15/1", sizes[i]);

    fault_party_say (scene->publisher, line);
    fault_let_pass (scene, 1500);
    fault_party_wait_frames (scene->viewer, 10, 10000);
  }
}

static void
break_encoder (FaultScene *scene)
{
  fault_party_say (scene->publisher, "break");
}

static void
start_and_stop (FaultScene *scene)
{
  for (guint i = 0; i < 5; i++) {
    fault_party_say (scene->publisher, "again");
    fault_let_pass (scene, 50 * i);
  }
}

#define NO_CONFIG                                                              \
  {                                                                            \
    FAULT_ERROR, GST_RTC_ERROR_GET_CONFIG_ERROR                                \
  }

const FaultRow fault_local_rows[] = {
    {.id = "F12-blocked-application",
        .condition = "The application holds up a buffer for 5 s",
        .happens = "Pictures arrive again afterwards",
        .provoke = block_viewer,
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_BACK,
        .back = 5000},
    {.id = "F25-unknown-name",
        .condition = "The name of the server is not known",
        .happens = "The pipeline ends",
        .prepare = prepare_nothing,
        .provoke = look_for_nobody,
        .viewer_told = {NO_CONFIG},
        .viewer_end = FAULT_ENDED,
        .allowed = 8000},
    {.id = "F25-no-answer",
        .condition = "Nobody answers for the name, connect-timeout=1000",
        .happens = "The pipeline ends",
        .prepare = prepare_nothing,
        .provoke = wait_for_name,
        .viewer_told = {NO_CONFIG},
        .viewer_end = FAULT_ENDED,
        .allowed = 8000},
    {.id = "F25-late-answer",
        .condition = "The name is known after 1.5 s",
        .happens = "The call is made",
        .server = "--allow-origin=http://late.test",
        .prepare = prepare_publisher,
        .provoke = find_name_late,
        FAULT_BOTH_GO_ON},
    {.id = "F27-ipv6-only",
        .condition = "There is IPv6 only",
        .happens = "The call is made",
        .prepare = prepare_ipv6,
        FAULT_BOTH_GO_ON},
    {.id = "F34-joins-and-leaves",
        .condition = "200 joins and leaves of one element",
        .happens = "No thread and no file more than before",
        .prepare = prepare_alone,
        .provoke = join_and_leave,
        .viewer_end = FAULT_IN_ROOM,
        .back = 5000},
    {.id = "F34-calls-and-hang-ups",
        .condition = "15 calls of one element, each until pictures arrive",
        .happens = "No file more than before",
        .provoke = call_and_hang_up,
        .publisher_end = FAULT_BACK,
        .viewer_end = FAULT_BACK,
        .back = 8000},
    {.id = "F34-join-storm",
        .condition = "50 viewers join at once",
        .happens = "All see pictures",
        .flags = FAULT_HEAVY,
        .server = "--ping-interval=10000 --pong-timeout=20000",
        .publisher = "connect-timeout=60000",
        .prepare = prepare_publisher,
        .provoke = start_storm,
        .publisher_end = FAULT_BACK,
        .back = 5000},
    {.id = "F34-pad-added-and-released",
        .condition = "A second video pad is added and released while playing",
        .happens = "The viewer sees the screen stream come and go; the first "
                   "stream goes on",
        .provoke = add_and_release_pad,
        FAULT_BOTH_GO_ON},
    {.id = "F34-caps-changed",
        .condition = "The size of the picture changes while playing",
        .happens = "The call goes on",
        .provoke = change_caps,
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_BACK,
        .back = 5000},
    {.id = "F34-encoder-fails",
        .condition = "The encoder fails in the middle",
        .happens = "The publisher's pipeline is to be stopped",
        .provoke = break_encoder,
        .publisher_told = {{FAULT_ERROR, GST_RTC_ERROR_PUBLISH_ERROR}},
        .viewer_end = FAULT_IN_ROOM,
        .allowed = 5000},
    {.id = "F34-started-and-stopped",
        .condition = "The publisher goes to NULL and back five times at once",
        .happens = "The viewer sees pictures again",
        .provoke = start_and_stop,
        .publisher_end = FAULT_BACK,
        .viewer_end = FAULT_BACK,
        .back = 10000},
    {NULL},
};
