/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fixture that runs the Janus of the distribution, and the client that
 * administrates it. On the thread of the test. */
#include <gio/gio.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "janus-admin.h"
#include "janus-server.h"
#include "rtctest.h"

#define ROOM JANUS_SERVER_ROOM
#define SECRET "not for everybody"

typedef struct
{
  GMainContext *context;
  JanusServer *server;
} Fixture;

static gchar *own_path;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->context = rtc_test_context_enter ();
  fixture->server = janus_server_start (data, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  janus_server_free (fixture->server);
  rtc_test_context_leave (fixture->context);
}

static JanusAdmin *
connect_to (Fixture *fixture)
{
  return janus_admin_new (janus_server_get_url (fixture->server), NULL);
}

static gint64
get_error (GstRtcJson *data)
{
  return gst_rtc_json_get_int (data, "error_code", 0);
}

/* --- what it does --- */

static void
test_join (Fixture *fixture, gconstpointer data)
{
  JanusAdmin *admin = connect_to (fixture);
  g_autoptr (GstRtcJson) joined = janus_admin_request (admin,
      "\"request\":\"join\",\"ptype\":\"publisher\",\"room\":" ROOM
      ",\"id\":7,\"display\":\"alice\"");
  g_autofree gchar *id = janus_admin_find_member (admin, ROOM, "alice");

  g_assert_cmpstr ("joined", ==, gst_rtc_json_get_string (joined, "videoroom"));
  g_assert_cmpint (7, ==, gst_rtc_json_get_int (joined, "id", 0));
  g_assert_cmpstr ("7", ==, id);
  g_assert_cmpuint (1, ==, janus_admin_count_members (admin, ROOM));
  g_assert_cmpuint (0, ==, janus_admin_count_publishers (admin, ROOM));
  janus_admin_free (admin);
}

static void
test_room_missing (Fixture *fixture, gconstpointer data)
{
  JanusAdmin *admin = connect_to (fixture);
  g_autoptr (GstRtcJson) answer = janus_admin_request (
      admin, "\"request\":\"join\",\"ptype\":\"publisher\",\"room\":4711");

  g_assert_cmpint (426, ==, get_error (answer));
  janus_admin_free (admin);
}

static void
test_kick (Fixture *fixture, gconstpointer data)
{
  JanusAdmin *admin = connect_to (fixture);
  JanusAdmin *alice = connect_to (fixture);
  g_autoptr (GstRtcJson) joined = janus_admin_request (alice,
      "\"request\":\"join\",\"ptype\":\"publisher\",\"room\":" ROOM
      ",\"id\":7");
  g_autoptr (GstRtcJson) event = NULL;

  g_assert_cmpint (0, ==, get_error (joined));
  janus_admin_kick (admin, ROOM, "7", NULL);
  rtc_test_wait (fixture->context,
      (event = janus_admin_find_event (alice, "leaving")) != NULL);
  g_assert_cmpstr ("kicked", ==, gst_rtc_json_get_string (event, "reason"));
  g_assert_cmpuint (0, ==, janus_admin_count_members (admin, ROOM));
  janus_admin_free (alice);
  janus_admin_free (admin);
}

static void
test_rooms (Fixture *fixture, gconstpointer data)
{
  JanusAdmin *admin = connect_to (fixture);
  g_autoptr (GstRtcJson) joined = NULL;
  g_autoptr (GstRtcJson) again = NULL;

  janus_admin_create_room (admin, "\"hall\"", ",\"secret\":\"" SECRET "\"");
  joined = janus_admin_request (admin,
      "\"request\":\"join\",\"ptype\":\"publisher\",\"room\":\"hall\","
      "\"id\":\"alice\"");
  g_assert_cmpstr ("alice", ==, gst_rtc_json_get_string (joined, "id"));
  janus_admin_destroy_room (admin, "\"hall\"", ",\"secret\":\"" SECRET "\"");
  again = janus_admin_request (
      admin, "\"request\":\"listparticipants\",\"room\":\"hall\"");
  g_assert_cmpint (426, ==, get_error (again));
  janus_admin_free (admin);
}

static void
test_secret (Fixture *fixture, gconstpointer data)
{
  JanusAdmin *admin =
      janus_admin_new (janus_server_get_url (fixture->server), SECRET);

  g_assert_cmpuint (0, ==, janus_admin_count_members (admin, ROOM));
  janus_admin_free (admin);
}

static void
test_signed_token (Fixture *fixture, gconstpointer data)
{
  JanusAdmin *admin =
      janus_admin_new (janus_server_get_url (fixture->server), SECRET);
  const gchar *const rooms[] = {"room=4711", "room=" ROOM};
  const gint expected[] = {433, 0};

  for (guint i = 0; i < G_N_ELEMENTS (rooms); i++) {
    g_autofree gchar *token = janus_server_make_token (
        SECRET, "janus.plugin.videoroom", rooms[i], 60);
    g_autoptr (GstRtcJson) answer = janus_admin_request (admin,
        "\"request\":\"join\",\"ptype\":\"publisher\",\"room\":" ROOM
        ",\"token\":\"%s\"",
        token);

    g_assert_cmpint (expected[i], ==, get_error (answer));
  }
  janus_admin_free (admin);
}

static void
test_admin_api (Fixture *fixture, gconstpointer data)
{
  JanusAdmin *core =
      janus_admin_new_core (janus_server_get_admin_url (fixture->server));
  JanusAdmin *admin = connect_to (fixture);

  g_assert_cmpuint (1, ==, janus_admin_count_sessions (core));
  janus_admin_set_session_timeout (core, 30);
  janus_admin_free (admin);
  janus_admin_free (core);
}

/* --- its life --- */

static void
test_two_at_once (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JanusServer) other = janus_server_start (NULL, &error);
  JanusAdmin *here = connect_to (fixture);
  JanusAdmin *there;

  g_assert_no_error (error);
  there = janus_admin_new (janus_server_get_url (other), NULL);
  g_assert_cmpuint (0, ==, janus_admin_count_members (here, ROOM));
  g_assert_cmpuint (0, ==, janus_admin_count_members (there, ROOM));
  janus_admin_free (there);
  janus_admin_free (here);
}

static void
test_starts_again (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *url = g_strdup (janus_server_get_url (fixture->server));
  g_autoptr (GError) error = NULL;
  JanusAdmin *admin;

  for (guint i = 0; i < 2; i++) {
    if (i == 0)
      janus_server_kill (fixture->server);
    else
      janus_server_stop (fixture->server);
    janus_server_restart (fixture->server, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (url, ==, janus_server_get_url (fixture->server));
    admin = connect_to (fixture);
    g_assert_cmpuint (0, ==, janus_admin_count_members (admin, ROOM));
    janus_admin_free (admin);
  }
}

/* In another process: says who the server is, and is gone. */
static int
start_and_crash (void)
{
  JanusServer *server = janus_server_start (NULL, NULL);

  g_assert_nonnull (server);
  g_print ("%d\n", janus_server_get_pid (server));
  return raise (SIGKILL);
}

static void
test_ends_with_its_starter (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) starter = NULL;
  g_autofree gchar *text = NULL;
  gint status = 0;
  pid_t pid;

  /* Its child becomes one of this process. */
  g_assert_cmpint (0, ==, prctl (PR_SET_CHILD_SUBREAPER, 1));
  starter = g_subprocess_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, own_path, "--crash", NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (starter, NULL, NULL, &text, NULL, &error);
  g_assert_no_error (error);
  pid = (pid_t)g_ascii_strtoll (text, NULL, 10);
  g_assert_cmpint (pid, >, 0);
  g_assert_cmpint (pid, ==, waitpid (pid, &status, 0));
  g_assert_true (WIFSIGNALED (status));
  g_assert_cmpint (SIGKILL, ==, WTERMSIG (status));
}

int
main (int argc, char **argv)
{
  static const JanusOptions strings = {.string_ids = TRUE, .no_room = TRUE};
  static const JanusOptions secret = {.api_secret = SECRET};
  static const JanusOptions tokens = {
      .api_secret = SECRET, .token_secret = SECRET, .signed_tokens = TRUE};
  int failures;

  if (argc == 2 && g_str_equal (argv[1], "--crash"))
    return start_and_crash ();
  if (!janus_server_is_available ()) {
    g_print ("1..0 # SKIP janus is not installed\n");
    return 0;
  }
  own_path = g_file_read_link ("/proc/self/exe", NULL);
  g_test_init (&argc, &argv, NULL);

#define ADD(path, options, func)                                               \
  g_test_add ("/janus-server/" path, Fixture, options, set_up, func, tear_down)
  ADD ("join", NULL, test_join);
  ADD ("room-missing", NULL, test_room_missing);
  ADD ("kick", NULL, test_kick);
  ADD ("rooms-with-string-ids", &strings, test_rooms);
  ADD ("api-secret", &secret, test_secret);
  ADD ("signed-token", &tokens, test_signed_token);
  ADD ("admin-api", NULL, test_admin_api);
  ADD ("two-at-once", NULL, test_two_at_once);
  ADD ("starts-again", NULL, test_starts_again);
#undef ADD
  g_test_add_func (
      "/janus-server/ends-with-its-starter", test_ends_with_its_starter);
  failures = g_test_run ();
  g_free (own_path);
  return failures;
}
