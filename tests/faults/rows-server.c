/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the fault table: the server goes, stays silent or refuses, and the
 * process at the other end dies or sleeps. On the thread of the test. */
#include "faultscene.h"

#include "rtctoken.h"
#include "scripted-server.h"

#include <signal.h>

#define WRONG_KEY "another key altogether"
#define KEYED "--app-id=" FAULT_APP_ID

/* --- the server goes --- */

static void
kill_and_restart (FaultScene *scene)
{
  fault_signal_server (scene, SIGKILL);
  fault_let_pass (scene, 500);
  fault_start_server (scene);
}

static void
kill_server (FaultScene *scene)
{
  fault_signal_server (scene, SIGKILL);
}

static void
drain_and_restart (FaultScene *scene)
{
  fault_signal_server (scene, SIGTERM);
  fault_wait_server_end (scene);
  fault_let_pass (scene, 300);
  fault_start_server (scene);
}

static void
freeze_server (FaultScene *scene)
{
  fault_signal_server (scene, SIGSTOP);
}

static void
thaw_server (FaultScene *scene)
{
  fault_signal_server (scene, SIGCONT);
}

/* --- the server says nothing --- */

static void
prepare_scripted (FaultScene *scene)
{
  scene->data = scripted_server_new (NULL);
  scene->server_url = g_strdup (scripted_server_get_url (scene->data));
}

static void
never_answer (FaultScene *scene)
{
  scripted_server_add (scene->data, (ScriptedRow){.type = GST_RTC_MESSAGE_JOIN,
                                        .act = SCRIPTED_SILENT,
                                        .always = TRUE});
  fault_start_viewer (scene);
}

static void
answer_late (FaultScene *scene)
{
  scripted_server_add (scene->data,
      (ScriptedRow){
          .type = GST_RTC_MESSAGE_JOIN, .act = SCRIPTED_LATE, .delay = 1500});
  fault_start_viewer (scene);
}

static void
wait_for_late_answer (FaultScene *scene)
{
  fault_let_pass (scene, 1500);
}

/* --- a process dies or sleeps --- */

static void
kill_publisher (FaultScene *scene)
{
  fault_party_signal (scene->publisher, SIGKILL);
}

static void
kill_viewer (FaultScene *scene)
{
  fault_party_signal (scene->viewer, SIGKILL);
}

static void
stop_publisher (FaultScene *scene)
{
  fault_party_signal (scene->publisher, SIGSTOP);
  fault_let_pass (scene, 8000);
  fault_party_signal (scene->publisher, SIGCONT);
}

static void
sleep_viewer (FaultScene *scene)
{
  fault_party_signal (scene->viewer, SIGSTOP);
  fault_let_pass (scene, 8000);
  fault_party_signal (scene->viewer, SIGCONT);
}

/* --- tokens --- */

static FaultParty *
start_with_token (
    FaultScene *scene, const gchar *role, const gchar *user, gchar *token)
{
  g_autofree gchar *text = token;
  g_autofree gchar *properties = g_strdup_printf (
      "connect-timeout=30000 local-addresses=<127.0.0.1> app-id=" FAULT_APP_ID
      " token=\"%s\" reconnect-delay=500",
      text);

  return fault_party_new (
      scene, role, user, NETEM_A, scene->server_url, properties, NULL);
}

static void
join_expired (FaultScene *scene)
{
  scene->viewer = start_with_token (scene, "viewer", "bob",
      fault_make_token ("room", "bob", -1, FAULT_APP_KEY));
}

static void
join_with_bad_tokens (FaultScene *scene)
{
  gchar *tokens[] = {
      fault_make_token ("room", "bob", 3600, WRONG_KEY),
      fault_make_token ("elsewhere", "bob", 3600, FAULT_APP_KEY),
      fault_make_token ("room", "carol", 3600, FAULT_APP_KEY),
      g_strdup ("001" FAULT_APP_ID "none"),
      g_strdup ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ."),
  };
  FaultParty *parties[G_N_ELEMENTS (tokens)];

  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    parties[i] = start_with_token (scene, "viewer", "bob", tokens[i]);
  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    fault_party_expect (
        parties[i], FAULT_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR, 15000);
  scene->viewer = parties[0];
}

static void
renew_token (FaultParty *party, gchar *token)
{
  g_autofree gchar *text = token;
  g_autofree gchar *line = g_strconcat ("token ", text, NULL);

  fault_party_say (party, line);
}

static void
shorten_token (FaultScene *scene)
{
  renew_token (
      scene->viewer, fault_make_token ("room", "bob", 2, FAULT_APP_KEY));
}

/* One with which one may watch only. */
static void
withdraw_privilege (FaultScene *scene)
{
  const GstRtcToken token = {
      .app_id = (gchar *)FAULT_APP_ID,
      .room_id = (gchar *)"room",
      .user_id = (gchar *)"alice",
      .subscribe = TRUE,
  };

  renew_token (scene->publisher, gst_rtc_token_make (&token, FAULT_APP_KEY));
}

static void
check_stream_removed (FaultScene *scene)
{
  fault_wait (scene, 5000,
      fault_party_count_facts (scene->viewer, "rtc-stream-removed") == 1);
}

static void
check_banned (FaultScene *scene)
{
  if (fault_party_count_facts (scene->viewer, "rtc-client-banned") != 1)
    fault_fail (scene, "the viewer was not told that it is out");
}

/* The server is away while the token ends, which it took in time. */
static void
restart_after_token (FaultScene *scene)
{
  renew_token (
      scene->viewer, fault_make_token ("room", "bob", 6, FAULT_APP_KEY));
  fault_let_pass (scene, 2000);
  fault_signal_server (scene, SIGKILL);
  fault_let_pass (scene, 5500);
  fault_start_server (scene);
}

/* --- the same user twice --- */

static void
enter_again (FaultScene *scene)
{
  g_autofree gchar *usual = fault_usual_properties (scene, "alice");

  fault_party_new (
      scene, "publisher", "alice", NETEM_A, scene->server_url, usual, NULL);
}

static void
check_publisher_banned (FaultScene *scene)
{
  if (fault_party_count_facts (scene->publisher, "rtc-client-banned") != 1)
    fault_fail (scene, "the publisher was not told that it is out");
}

static guint
count_connected (FaultScene *scene)
{
  guint n = 0;

  for (guint i = 0; i < scene->parties->len; i++)
    n += fault_party_is_connected (g_ptr_array_index (scene->parties, i));
  return n;
}

static guint
count_evicted (FaultScene *scene)
{
  guint n = 0;

  for (guint i = 0; i < scene->parties->len; i++) {
    const FaultParty *party = g_ptr_array_index (scene->parties, i);
    const FaultMessage *message = party->messages->len > 0
                                      ? g_ptr_array_index (party->messages, 0)
                                      : NULL;

    n += party->messages->len == 1 && message->severity == FAULT_ERROR &&
         message->code == GST_RTC_ERROR_JOIN_ROOM_ERROR;
  }
  return n;
}

static void
enter_many_times (FaultScene *scene)
{
  const guint n = 12;
  g_autofree gchar *usual = fault_usual_properties (scene, "bob");

  for (guint i = 0; i < n; i++)
    fault_party_new (
        scene, "viewer", "bob", NETEM_A, scene->server_url, usual, NULL);
  fault_wait (scene, 20000,
      count_evicted (scene) == n - 1 && count_connected (scene) == 1);
  fault_let_pass (scene, 500);
  if (count_evicted (scene) != n - 1 || count_connected (scene) != 1)
    fault_fail (scene, "%u were evicted and %u are connected",
        count_evicted (scene), count_connected (scene));
}

#define QUICK "reconnect-delay=100 "
#define GIVEN_UP                                                               \
  {                                                                            \
    FAULT_ERROR, GST_RTC_ERROR_WEBSOCKET_FAILED                                \
  }
/* Where the viewer has gone before the publisher is back to hear of it. */
#define VIEWER_PERHAPS_LOST                                                    \
  {                                                                            \
    FAULT_WARNING, GST_RTC_ERROR_PUBLISH_ERROR, .maybe = TRUE                  \
  }
#define NOT_ADMITTED                                                           \
  {                                                                            \
    FAULT_ERROR, GST_RTC_ERROR_JOIN_ROOM_ERROR                                 \
  }
#define NO_ANSWER                                                              \
  {                                                                            \
    FAULT_ERROR, GST_RTC_ERROR_SIGNALING_TIMEOUT                               \
  }

const FaultRow fault_server_rows[] = {
    {.id = "F1-server-restarted",
        .condition = "The server is killed and comes back after 0.5 s",
        .happens = "Both enter again by themselves; pictures arrive",
        .publisher = QUICK,
        .viewer = QUICK,
        .provoke = kill_and_restart,
        .publisher_told = {FAULT_LOST},
        .viewer_told = {FAULT_LOST},
        .publisher_end = FAULT_BACK,
        .viewer_end = FAULT_BACK,
        .allowed = 3000,
        .back = 10000},
    {.id = "F1-server-gone",
        .condition = "The server is killed and stays away, 3 attempts",
        .happens = "Told when the connection breaks and when it is given up",
        .publisher = QUICK "reconnect-attempts=3",
        .viewer = QUICK "reconnect-attempts=3",
        .provoke = kill_server,
        .publisher_told = {FAULT_LOST, GIVEN_UP},
        .viewer_told = {FAULT_LOST, GIVEN_UP},
        .publisher_end = FAULT_ENDED,
        .viewer_end = FAULT_ENDED,
        .allowed = 10000},
    {.id = "F1-no-attempts",
        .condition = "The server is killed, reconnect-attempts=0",
        .happens = "The pipelines end at once",
        .publisher = "reconnect-attempts=0",
        .viewer = "reconnect-attempts=0",
        .provoke = kill_server,
        .publisher_told = {GIVEN_UP},
        .viewer_told = {GIVEN_UP},
        .publisher_end = FAULT_ENDED,
        .viewer_end = FAULT_ENDED,
        .allowed = 3000},
    {.id = "F2-server-drained",
        .condition = "The server stops properly (1001) and comes back",
        .happens = "Both enter again by themselves; pictures arrive",
        .publisher = QUICK,
        .viewer = QUICK,
        .provoke = drain_and_restart,
        .publisher_told = {FAULT_LOST},
        .viewer_told = {FAULT_LOST},
        .publisher_end = FAULT_BACK,
        .viewer_end = FAULT_BACK,
        .allowed = 3000,
        .back = 10000},
    {.id = "F3-server-frozen",
        .condition = "The server is stopped (SIGSTOP) and later continues",
        .happens = "Media is untouched; the connection is restored",
        .publisher = QUICK "reconnect-attempts=100",
        .viewer = QUICK "reconnect-attempts=100",
        .provoke = freeze_server,
        .repair = thaw_server,
        .publisher_told = {FAULT_LOST},
        .viewer_told = {FAULT_LOST},
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_GOES_ON,
        .allowed = 17000,
        .back = 12000},
    {.id = "F4-join-unanswered",
        .condition = "The server takes the connection and says nothing",
        .happens = "The pipeline ends",
        .viewer = "signaling-timeout=500",
        .prepare = prepare_scripted,
        .provoke = never_answer,
        .viewer_told = {NO_ANSWER},
        .viewer_end = FAULT_ENDED,
        .allowed = 10000},
    {.id = "F4-join-answered-late",
        .condition = "The server answers after signaling-timeout",
        .happens = "The pipeline ends; the late answer changes nothing",
        .viewer = "signaling-timeout=500",
        .prepare = prepare_scripted,
        .provoke = answer_late,
        .repair = wait_for_late_answer,
        .viewer_told = {NO_ANSWER},
        .viewer_end = FAULT_ENDED,
        .allowed = 10000},
    {.id = "F9-publisher-killed",
        .condition = "The publishing process dies",
        .happens = "The viewer stays in the room",
        .viewer = "media-timeout=2000",
        .provoke = kill_publisher,
        .viewer_told = {FAULT_STREAM_LOST},
        .publisher_end = FAULT_GONE,
        .viewer_end = FAULT_IN_ROOM,
        .allowed = 10000},
    {.id = "F9-viewer-killed",
        .condition = "A viewing process dies",
        .happens = "The publisher goes on",
        .publisher = "media-timeout=2000",
        .provoke = kill_viewer,
        .publisher_told = {FAULT_VIEWER_LOST},
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_GONE,
        .allowed = 10000},
    {.id = "F9-publisher-stopped",
        .condition = "The publishing process stands still for 8 s",
        .happens = "It enters again and pictures arrive when it runs again",
        .publisher = "media-timeout=2000",
        .viewer = "media-timeout=2000",
        .provoke = stop_publisher,
        .publisher_told = {FAULT_LOST},
        .viewer_told = {FAULT_STREAM_LOST},
        .publisher_end = FAULT_BACK,
        .viewer_end = FAULT_BACK,
        .allowed = 10000,
        .back = 10000},
    {.id = "F37-viewer-sleeps",
        .condition = "The viewer's machine sleeps for 8 s",
        .happens = "It enters again and pictures arrive after waking up",
        .publisher = "media-timeout=2000",
        .viewer = "media-timeout=2000",
        .provoke = sleep_viewer,
        .publisher_told = {FAULT_VIEWER_LOST},
        .viewer_told = {FAULT_LOST},
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_BACK,
        .allowed = 8000,
        .back = 10000},
    {.id = "F13-token-expired",
        .condition = "The token has expired before the join",
        .happens = "The pipeline ends",
        .server = KEYED,
        .prepare = fault_start_server,
        .provoke = join_expired,
        .viewer_told = {NOT_ADMITTED},
        .viewer_end = FAULT_ENDED,
        .allowed = 10000},
    {.id = "F13-token-ends-while-away",
        .condition = "The token expires while the server is away",
        .happens = "Entering again is refused and the pipeline ends",
        .server = KEYED,
        .publisher = QUICK "reconnect-attempts=100",
        .provoke = restart_after_token,
        .publisher_told = {FAULT_LOST, VIEWER_PERHAPS_LOST},
        .viewer_told = {FAULT_LOST, NOT_ADMITTED},
        .publisher_end = FAULT_BACK,
        .viewer_end = FAULT_ENDED,
        .allowed = 10000,
        .back = 10000},
    {.id = "F14-wrong-tokens",
        .condition = "Tokens of a wrong key, room, user, or no token at all",
        .happens = "Each pipeline ends",
        .server = KEYED,
        .prepare = fault_start_server,
        .provoke = join_with_bad_tokens,
        .viewer_told = {NOT_ADMITTED},
        .viewer_end = FAULT_ENDED,
        .allowed = 3000},
    {.id = "F15-same-user-again",
        .condition = "The publisher's user enters again from elsewhere",
        .happens = "The first one is out (rtc-client-banned) and ends; the "
                   "viewer sees the second",
        .provoke = enter_again,
        .repair = check_publisher_banned,
        .publisher_told = {NOT_ADMITTED},
        .publisher_end = FAULT_ENDED,
        .viewer_end = FAULT_BACK,
        .allowed = 8000,
        .back = 10000},
    {.id = "F15-same-user-at-once",
        .condition = "12 processes enter as one user at the same time",
        .happens = "One stays; each other ends with one message",
        .prepare = fault_start_server,
        .provoke = enter_many_times,
        .allowed = 1000},
    {.id = "F16-token-ends-in-call",
        .condition = "The token expires during the call and is not renewed",
        .happens = "The viewer is out (rtc-client-banned) and ends; the "
                   "publisher goes on",
        .server = KEYED,
        .provoke = shorten_token,
        .repair = check_banned,
        .viewer_told = {NOT_ADMITTED},
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_ENDED,
        .allowed = 12000},
    {.id = "F16-privilege-ends-in-call",
        .condition = "The publisher may not publish any more",
        .happens = "The stream is removed; both stay in the room",
        .server = KEYED,
        .provoke = withdraw_privilege,
        .repair = check_stream_removed,
        .publisher_told = {{FAULT_ERROR, GST_RTC_ERROR_PUBLISH_ERROR}},
        .publisher_end = FAULT_IN_ROOM,
        .viewer_end = FAULT_IN_ROOM,
        .allowed = 5000},
    {NULL},
};
