/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a row of the fault table plays in. On the thread of the test. */
#include "faultscene.h"

#include "faultparty.h"
#include "rtctoken.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 120000
#define SETTLE_MS 600
#define FRAMES_OF_A_CALL 10
#define FRAMES_OF_A_RETURN 20
/* What counts as media that goes on. On a machine that is busy there are
 * fewer pictures, so that a gap is long in time and has many of them, and the
 * publisher's own is longer. */
#define LONGEST_GAP_MS 3000
#define LONGEST_GAP 50
#define LONGEST_PAINTING_GAP_MS 12000
#define ROOM "room"
/* A soak is not to outlast its tokens. */
#define TOKEN_SECONDS (G_GINT64_CONSTANT (7) * 24 * 3600)

/* --- failing --- */

void
fault_party_print (const FaultParty *party)
{
  g_printerr ("#   %s: %s, %u frames, %u audio, longest gap %d ms%s%s\n",
      party->name, party->state, party->frames, party->audio,
      (gint)(party->longest_gap / 1000), party->eos ? ", EOS" : "",
      party->ended ? ", ended" : "");
  for (guint i = 0; i < party->messages->len; i++) {
    const FaultMessage *message = g_ptr_array_index (party->messages, i);

    g_printerr ("#     %+.1f s %c %d %s (%s): %s\n",
        (gdouble)(message->when - party->scene->provoked) / G_USEC_PER_SEC,
        message->severity, message->code, message->source,
        message->operation ? message->operation : "-", message->reason);
  }
  for (guint i = 0; i < party->facts->len; i++)
    g_printerr (
        "#     fact %s\n", (gchar *)g_ptr_array_index (party->facts, i));
}

static void
remove_directory (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *file = g_build_filename (path, name, NULL);

    g_unlink (file);
  }
  g_rmdir (path);
}

void
fault_fail (FaultScene *scene, const gchar *format, ...)
{
  gchar *text;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_printerr ("# %s: %s\n", scene->row->id, text);
  g_free (text);
  for (guint i = 0; i < scene->parties->len && i < 4; i++)
    fault_party_print (g_ptr_array_index (scene->parties, i));
  remove_directory (scene->directory);
  netem_client_free (scene->net);
  exit (EXIT_FAILURE);
}

static gboolean
on_nothing (gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

void
fault_iterate (FaultScene *scene)
{
  GSource *tick = g_timeout_source_new (50);

  g_source_set_callback (tick, on_nothing, NULL, NULL);
  g_source_attach (tick, scene->context);
  g_main_context_iteration (scene->context, TRUE);
  g_source_destroy (tick);
  g_source_unref (tick);
}

void
fault_let_pass (FaultScene *scene, guint ms)
{
  const gint64 until = g_get_monotonic_time () + (gint64)ms * 1000;

  while (g_get_monotonic_time () < until)
    fault_iterate (scene);
}

/* --- the server --- */

gchar *
fault_make_token (
    const gchar *room, const gchar *user, gint64 seconds, const gchar *key)
{
  const gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  const GstRtcToken token = {
      .app_id = (gchar *)FAULT_APP_ID,
      .room_id = (gchar *)room,
      .user_id = (gchar *)user,
      .nonce = g_random_int (),
      .issued = (guint32)now,
      .expires = (guint32)(now + seconds),
      .publish = TRUE,
      .subscribe = TRUE,
  };

  return gst_rtc_token_make (&token, key);
}

/* Off loopback the server wants tokens. */
static gboolean
has_tokens (FaultScene *scene)
{
  return scene->net || strstr (scene->server_options, "--app-id");
}

static gchar *
write_key (FaultScene *scene)
{
  gchar *path = g_build_filename (scene->directory, "key", NULL);

  g_file_set_contents (path, FAULT_APP_KEY, -1, NULL);
  return path;
}

/* Each call after the first listens at the same port. */
void
fault_start_server (FaultScene *scene)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_auto (GStrv) options = g_strsplit (scene->server_options, " ", -1);
  g_autofree gchar *line = NULL;
  g_autoptr (GError) error = NULL;
  gsize size = 0;
  gint space = -1, output;
  FILE *stream;

  g_ptr_array_add (argv, g_strdup (g_getenv ("RTC_ROOM_SERVER")));
  g_ptr_array_add (argv, g_strdup ("--listen"));
  g_ptr_array_add (argv, g_strdup_printf ("%s://%s:%d", scene->server_scheme,
                             scene->server_address, scene->server_port));
  if (has_tokens (scene)) {
    g_ptr_array_add (argv, g_strdup ("--app-key-file"));
    g_ptr_array_add (argv, write_key (scene));
  }
  if (scene->net) {
    g_ptr_array_add (argv, g_strdup ("--app-id=" FAULT_APP_ID));
    space = netem_client_get_space (scene->net, NETEM_A);
  }
  for (guint i = 0; options[i]; i++) {
    if (*options[i])
      g_ptr_array_add (argv, g_strdup (options[i]));
  }
  g_ptr_array_add (argv, NULL);
  g_spawn_async_with_pipes (NULL, (gchar **)argv->pdata, NULL,
      G_SPAWN_DO_NOT_REAP_CHILD, netem_child_setup, scene->net ? &space : NULL,
      &scene->server, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  stream = fdopen (output, "r");
  if (getline (&line, &size, stream) < 0)
    fault_fail (scene, "the server did not start");
  fclose (stream);
  g_free (scene->server_url);
  scene->server_url = g_strdup (g_strchomp (line));
  scene->server_port = atoi (strrchr (scene->server_url, ':') + 1);
}

void
fault_signal_server (FaultScene *scene, gint signal)
{
  kill (scene->server, signal);
  if (signal == SIGKILL) {
    waitpid (scene->server, NULL, 0);
    scene->server = 0;
  }
}

void
fault_wait_server_end (FaultScene *scene)
{
  gint status = 0;

  fault_wait (scene, 5000, waitpid (scene->server, &status, WNOHANG) > 0);
  scene->server = 0;
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
    fault_fail (scene, "the server ended with status %#x", status);
}

static void
stop_server (FaultScene *scene)
{
  if (!scene->server)
    return;
  kill (scene->server, SIGCONT);
  kill (scene->server, SIGTERM);
  fault_wait_server_end (scene);
}

/* --- the call --- */

gchar *
fault_usual_properties (FaultScene *scene, const gchar *user)
{
  /* A busy machine is not what a row is about. */
  g_autoptr (GString) text = g_string_new ("connect-timeout=60000 ");

  if (!scene->net)
    g_string_append_printf (
        text, "local-addresses=<\"%s\"> ", scene->media_address);
  if (has_tokens (scene)) {
    g_autofree gchar *token =
        fault_make_token (ROOM, user, TOKEN_SECONDS, FAULT_APP_KEY);

    g_string_append_printf (
        text, "app-id=" FAULT_APP_ID " token=\"%s\" ", token);
  }
  return g_strdup (text->str);
}

static FaultParty *
start_party (FaultScene *scene, const gchar *role, const gchar *user,
    NetemEnd end, const gchar *properties)
{
  g_autofree gchar *usual = fault_usual_properties (scene, user);
  g_autofree gchar *all =
      g_strconcat (usual, properties ? properties : "", NULL);

  return fault_party_new (scene, role, user, end, scene->server_url, all, NULL);
}

void
fault_start_publisher (FaultScene *scene)
{
  scene->publisher =
      start_party (scene, "publisher", "alice", NETEM_A, scene->row->publisher);
}

void
fault_start_viewer (FaultScene *scene)
{
  scene->viewer =
      start_party (scene, "viewer", "bob", NETEM_B, scene->row->viewer);
}

static gboolean
has_failed (const FaultParty *party)
{
  for (guint i = 0; i < party->messages->len; i++) {
    const FaultMessage *message = g_ptr_array_index (party->messages, i);

    if (message->severity == FAULT_ERROR)
      return TRUE;
  }
  return FALSE;
}

void
fault_wait_for_media (FaultScene *scene)
{
  const FaultParty *viewer = scene->viewer;

  fault_wait (scene, START_MS,
      viewer->frames >= FRAMES_OF_A_CALL || has_failed (viewer));
  if (viewer->frames < FRAMES_OF_A_CALL)
    fault_fail (scene, "there is no call");
}

void
fault_prepare_call (FaultScene *scene)
{
  fault_start_server (scene);
  fault_start_publisher (scene);
  fault_start_viewer (scene);
  fault_wait_for_media (scene);
}

/* --- what is checked of each row --- */

static gboolean
is_expected (const FaultTold *told, const FaultMessage *message)
{
  return told->code == message->code && told->severity == message->severity;
}

static guint
count_told (FaultParty *party, const FaultTold *told)
{
  guint n = 0;

  for (guint i = 0; i < party->messages->len; i++)
    n += is_expected (told, g_ptr_array_index (party->messages, i));
  return n;
}

static gboolean
has_told_all (FaultParty *party, const FaultTold *told)
{
  for (; party && told->code; told++) {
    if (!told->maybe && count_told (party, told) < MAX (1, told->times))
      return FALSE;
  }
  return TRUE;
}

static void
check_told (FaultScene *scene, FaultParty *party, const FaultTold *told)
{
  guint expected = 0;

  for (; party && told->code; told++) {
    const guint n = count_told (party, told);
    const guint times = told->maybe && n == 0 ? 0 : MAX (1, told->times);

    expected += times;
    if (n != times)
      fault_fail (scene, "%s told %c %d %u times, not %u", party->name,
          told->severity, told->code, n, times);
  }
  if (party && party->messages->len != expected)
    fault_fail (scene, "%s told %u failures, not %u", party->name,
        party->messages->len, expected);
}

static gboolean
has_long_gap (const FaultParty *party)
{
  if (party == party->scene->publisher)
    return party->longest_gap > LONGEST_PAINTING_GAP_MS * 1000;
  return party->longest_gap > LONGEST_GAP_MS * 1000 &&
         party->most_missed > LONGEST_GAP;
}

static void
wait_for_end (FaultScene *scene, FaultParty *party, FaultEnd end)
{
  const guint back = MAX (scene->row->back, 1000);

  switch (end) {
    case FAULT_GOES_ON:
      fault_wait (scene, back, fault_party_is_connected (party));
      fault_party_wait_frames (party, 5, 2 * LONGEST_GAP_MS);
      if (has_long_gap (party))
        fault_fail (scene, "%s had no media for %d ms", party->name,
            (gint)(party->longest_gap / 1000));
      break;
    case FAULT_BACK:
      fault_wait (scene, back, fault_party_is_connected (party));
      fault_party_wait_frames (party, FRAMES_OF_A_RETURN, back);
      break;
    case FAULT_IN_ROOM:
      fault_wait (scene, back, fault_party_is_connected (party));
      break;
    case FAULT_ENDED:
      fault_wait (scene, back, !fault_party_is_connected (party));
      break;
    default:
      break;
  }
}

static void
stop_parties (FaultScene *scene)
{
  while (scene->parties->len > 0) {
    FaultParty *party = g_ptr_array_index (scene->parties, 0);

    if (!party->ended)
      fault_party_stop (party);
    g_ptr_array_remove_index (scene->parties, 0);
    fault_party_free (party);
  }
}

static void
mark_provoked (FaultScene *scene)
{
  scene->provoked = g_get_monotonic_time ();
  for (guint i = 0; i < scene->parties->len; i++) {
    FaultParty *party = g_ptr_array_index (scene->parties, i);

    party->longest_gap = 0;
    party->most_missed = 0;
    party->painted = scene->publisher ? scene->publisher->frames : 0;
  }
}

void
fault_scene_init (FaultScene *scene, const FaultRow *row)
{
  g_autoptr (GError) error = NULL;

  *scene = (FaultScene){.row = row,
      .context = g_main_context_default (),
      .parties = g_ptr_array_new (),
      .started = g_get_monotonic_time (),
      .server_address = "127.0.0.1",
      .server_scheme = "http",
      .server_options = g_strdup (row->server ? row->server : ""),
      .media_address = "127.0.0.1"};
  scene->directory = g_dir_make_tmp ("fault-XXXXXX", &error);
  g_assert_no_error (error);
  if (row->flags & FAULT_NETWORK) {
    scene->net = netem_client_new (
        "delay=10", 1, row->flags & FAULT_SMALL_MTU ? 1280 : 1500);
    scene->server_address = NETEM_ADDRESS_A;
  }
}

void
fault_scene_clear (FaultScene *scene)
{
  stop_parties (scene);
  stop_server (scene);
  netem_client_free (scene->net);
  remove_directory (scene->directory);
  g_free (scene->directory);
  g_free (scene->server_url);
  g_free (scene->server_options);
  g_ptr_array_unref (scene->parties);
}

void
fault_row_run (const FaultRow *row)
{
  FaultScene scene;

  fault_scene_init (&scene, row);
  if (row->prepare)
    row->prepare (&scene);
  else
    fault_prepare_call (&scene);
  mark_provoked (&scene);
  if (row->provoke)
    row->provoke (&scene);

  fault_wait (&scene, MAX (row->allowed, 100),
      has_told_all (scene.publisher, row->publisher_told) &&
          has_told_all (scene.viewer, row->viewer_told));
  g_printerr ("# %s: told after %.2f s\n", row->id,
      (gdouble)(g_get_monotonic_time () - scene.provoked) / G_USEC_PER_SEC);
  if (row->repair)
    row->repair (&scene);
  wait_for_end (&scene, scene.publisher, row->publisher_end);
  wait_for_end (&scene, scene.viewer, row->viewer_end);
  g_printerr ("# %s: as promised after %.2f s\n", row->id,
      (gdouble)(g_get_monotonic_time () - scene.provoked) / G_USEC_PER_SEC);
  fault_let_pass (&scene, SETTLE_MS);
  check_told (&scene, scene.publisher, row->publisher_told);
  check_told (&scene, scene.viewer, row->viewer_told);
  fault_scene_clear (&scene);
}
