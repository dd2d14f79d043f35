/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the fault table: many at once, as room clients without media in the
 * process of the test. On its thread. */
#include "faultscene.h"

#include "rtcroomclient.h"

#include <signal.h>
#include <sys/resource.h>

#define ROOM_SIZE 50
#define JOIN_MS 30000

typedef struct
{
  GstRtcRoomClient *client;
  gboolean connected;
  gboolean shut_down;
  guint attempts; /* that it has needed, since it was last connected */
  guint n_failures;
  gchar *failure; /* the first */
} Member;

typedef struct
{
  Member *members;
  guint n;
} Crowd;

static void
note_failure (Member *member, const gchar *reason)
{
  if (member->n_failures++ == 0)
    member->failure = g_strdup (reason);
}

static void
on_event (GstRtcRoomClient *client, const GstRtcEvent *event, Member *member)
{
  if (event->type == GST_RTC_EVENT_CONNECTION_STATE) {
    member->connected = event->new_state == GST_RTC_CONNECTION_CONNECTED;
    member->attempts = MAX (member->attempts, event->attempt);
  } else if (event->type == GST_RTC_EVENT_FAILED && !event->retrying) {
    note_failure (member, event->error->message);
  }
}

static void
on_answered (
    const GstRtcAnswer *answer, const GError *error, gpointer user_data)
{
  if (error)
    note_failure (user_data, error->message);
}

static void
join (FaultScene *scene, Member *member, guint number)
{
  g_autofree gchar *user = g_strdup_printf ("user-%u", number);
  g_autofree gchar *room = g_strdup_printf ("room-%u", number / ROOM_SIZE);
  GstRtcConfigValues values = rtc_test_config_values (scene->server_url, user);
  const GstRtcRequest init = {
      .operation = GST_RTC_OPERATION_INIT, .app_id = GST_RTC_DEFAULT_APP_ID};
  GstRtcRequest request = {.operation = GST_RTC_OPERATION_JOIN};
  g_autoptr (GstRtcConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  values.room_id = room;
  config = gst_rtc_config_new (&values, &error);
  g_assert_no_error (error);
  request.config = config;
  member->client = gst_rtc_room_client_new ();
  g_signal_connect (member->client, "event", G_CALLBACK (on_event), member);
  gst_rtc_room_client_request (
      member->client, &init, on_answered, member, NULL);
  gst_rtc_room_client_request (
      member->client, &request, on_answered, member, NULL);
}

static guint
count_connected (Crowd *crowd)
{
  guint n = 0;

  for (guint i = 0; i < crowd->n; i++)
    n += crowd->members[i].connected;
  return n;
}

static void
check_failures (FaultScene *scene, Crowd *crowd)
{
  for (guint i = 0; i < crowd->n; i++) {
    if (crowd->members[i].n_failures > 0)
      fault_fail (scene, "user-%u told %u failures: %s", i,
          crowd->members[i].n_failures, crowd->members[i].failure);
  }
}

/* Each sees all the others of its room. */
static gboolean
sees_all (Crowd *crowd)
{
  for (guint i = 0; i < crowd->n; i++) {
    if (gst_rtc_roster_get_n_users (gst_rtc_room_client_get_roster (
            crowd->members[i].client)) != ROOM_SIZE - 1)
      return FALSE;
  }
  return TRUE;
}

/* Until all are in and see each other. */
static void
wait_for_all (FaultScene *scene, Crowd *crowd, guint ms)
{
  const gint64 begun = g_get_monotonic_time ();

  while (count_connected (crowd) < crowd->n || !sees_all (crowd)) {
    check_failures (scene, crowd);
    if (g_get_monotonic_time () - begun > (gint64)ms * 1000)
      fault_fail (scene, "%u of %u are in the room after %u ms",
          count_connected (crowd), crowd->n, ms);
    fault_iterate (scene);
  }
  check_failures (scene, crowd);
  g_printerr ("# all %u are in after %.2f s\n", crowd->n,
      (gdouble)(g_get_monotonic_time () - begun) / G_USEC_PER_SEC);
}

static void
gather (FaultScene *scene, guint n)
{
  Crowd *crowd = g_new0 (Crowd, 1);
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
  g_main_context_acquire (scene->context); /* as the worker has its own */
  crowd->members = g_new0 (Member, n);
  crowd->n = n;
  scene->data = crowd;
  for (guint i = 0; i < n; i++)
    join (scene, &crowd->members[i], i);
  wait_for_all (scene, crowd, JOIN_MS);
}

static void
on_shut_down (gpointer data, gpointer user_data)
{
  Member *member = data;

  member->shut_down = TRUE;
}

static gboolean
are_shut_down (Crowd *crowd)
{
  for (guint i = 0; i < crowd->n; i++) {
    if (!crowd->members[i].shut_down)
      return FALSE;
  }
  return TRUE;
}

static void
disperse (FaultScene *scene)
{
  Crowd *crowd = scene->data;

  for (guint i = 0; i < crowd->n; i++)
    gst_rtc_room_client_shutdown (
        crowd->members[i].client, on_shut_down, &crowd->members[i]);
  fault_wait (scene, 5000, are_shut_down (crowd));
  check_failures (scene, crowd);
  for (guint i = 0; i < crowd->n; i++)
    g_object_unref (crowd->members[i].client);
  g_main_context_release (scene->context);
  g_free (crowd->members);
  g_free (crowd);
}

/* --- F34: joins --- */

static void
join_at_once (FaultScene *scene)
{
  gather (scene, 100);
}

/* --- F1: the server goes while many are in --- */

#define MANY 500
#define BACK_MS 20000
#define MOST_ATTEMPTS 10

static void
prepare_many (FaultScene *scene)
{
  fault_start_server (scene);
  gather (scene, MANY);
}

static void
restart_under_many (FaultScene *scene)
{
  Crowd *crowd = scene->data;
  guint most = 0, sum = 0;

  fault_signal_server (scene, SIGKILL);
  fault_let_pass (scene, 1500);
  if (count_connected (crowd) > 0)
    fault_fail (scene, "%u have not noticed", count_connected (crowd));
  fault_start_server (scene);
  wait_for_all (scene, crowd, BACK_MS);
  for (guint i = 0; i < crowd->n; i++) {
    most = MAX (most, crowd->members[i].attempts);
    sum += crowd->members[i].attempts;
  }
  g_printerr ("# attempts: %.1f on average, %u at most\n",
      (gdouble)sum / crowd->n, most);
  if (most > MOST_ATTEMPTS)
    fault_fail (scene, "one needed %u attempts", most);
}

const FaultRow fault_storm_rows[] = {
    {.id = "F34-join-storm-server",
        .condition = "100 clients join one server at once",
        .happens = "All are in, and see all others of their room",
        .prepare = fault_start_server,
        .provoke = join_at_once,
        .repair = disperse},
    {.id = "F1-storm",
        .condition =
            "The server is killed and comes back after 1.5 s, with 500 "
            "clients in 10 rooms",
        .happens = "All enter again within 20 s, none with more than 10 "
                   "attempts",
        .flags = FAULT_HEAVY,
        .server = "--max-connections=2000 --max-connections-per-address=2000",
        .prepare = prepare_many,
        .provoke = restart_under_many,
        .repair = disperse},
    {NULL},
};
