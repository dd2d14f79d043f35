/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Janus of the distribution as a child process. A thread reads its log
 * for as long as it runs. */
#include "janus-server.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_DEADLINE (10 * G_TIME_SPAN_SECOND)
/* Of the last thing that it starts. */
#define READY "Admin Websockets server started"
#define N_LOG_LINES 12

/* Blocks of ports below those that Linux gives to outgoing connections, one
 * of which could have the port when the server starts again. The first is
 * that of rooms, the second that of the Admin API, the others are for media. */
#define FIRST_PORT 16000
#define N_BLOCKS 80
#define BLOCK_SIZE 200
#define N_TRIES 5
#define N_SOCKETS 2

#define PLUGINS_OFF                                                            \
  "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,"          \
  "libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,"                  \
  "libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,"                \
  "libjanus_videocall.so,libjanus_voicemail.so"
#define TRANSPORTS_OFF                                                         \
  "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,"                     \
  "libjanus_pfunix.so,libjanus_rabbitmq.so"

static const gchar *const file_names[] = {"janus.jcfg",
    "janus.transport.websockets.jcfg", "janus.plugin.videoroom.jcfg"};

struct _JanusServer
{
  JanusOptions options;
  gchar *folder;
  GSocket *claim; /* on the first port of the block, by UDP */
  guint port;
  gchar *url;
  gchar *element_url;
  gchar *admin_url;
  GSubprocess *process;
  GThread *reader;

  GMutex lock;
  GCond changed;
  /* Under lock. */
  gboolean ready;
  gboolean ended;
  GQueue log; /* its last lines */
};

gboolean
janus_server_is_available (void)
{
  g_autofree gchar *path = g_find_program_in_path ("janus");

  return path != NULL;
}

/* --- ports --- */

static GSocket *
claim_port (guint port)
{
  g_autoptr (GSocket) claim = g_socket_new (G_SOCKET_FAMILY_IPV4,
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string ("127.0.0.1", port);

  if (!claim || !g_socket_bind (claim, address, FALSE, NULL))
    return NULL;
  return g_steal_pointer (&claim);
}

/* Who has bound the first port by UDP has the block, for as long as the
 * process lives. */
static gboolean
claim_block (JanusServer *self)
{
  const guint first = (guint)g_random_int_range (0, N_BLOCKS);

  g_clear_object (&self->claim);
  for (guint i = 0; i < N_BLOCKS && !self->claim; i++) {
    self->port = FIRST_PORT + (first + i) % N_BLOCKS * BLOCK_SIZE;
    self->claim = claim_port (self->port);
  }
  return self->claim != NULL;
}

/* --- configuration --- */

static void
add_string (GString *text, const gchar *name, const gchar *value)
{
  if (value)
    g_string_append_printf (text, "  %s = \"%s\"\n", name, value);
}

static void
add_number (GString *text, const gchar *name, guint value)
{
  g_string_append_printf (text, "  %s = %u\n", name, value);
}

static void
add_flag (GString *text, const gchar *name, gboolean value)
{
  g_string_append_printf (text, "  %s = %s\n", name, value ? "true" : "false");
}

static gchar *
make_core (JanusServer *self)
{
  const JanusOptions *options = &self->options;
  GString *text = g_string_new ("general: {\n");

  add_string (text, "configs_folder", self->folder);
  add_string (text, "interface", "127.0.0.1");
  add_number (text, "debug_level", 4);
  add_flag (text, "debug_colors", FALSE);
  add_number (text, "session_timeout",
      options->session_timeout ? options->session_timeout : 60);
  add_number (text, "reclaim_session_timeout", options->reclaim_timeout);
  add_string (text, "admin_secret", JANUS_SERVER_ADMIN_SECRET);
  add_string (text, "api_secret", options->api_secret);
  add_flag (text, "token_auth", options->token_secret != NULL);
  add_string (text, "token_auth_secret", options->token_secret);
  g_string_append (text, "}\nmedia: {\n  ipv6 = false\n");
  g_string_append_printf (text, "  rtp_port_range = \"%u-%u\"\n",
      self->port + N_SOCKETS, self->port + BLOCK_SIZE - 1);
  g_string_append (text, "}\nnat: {\n");
  add_flag (text, "full_trickle", TRUE);
  add_flag (text, "ignore_mdns", TRUE);
  add_string (text, "ice_enforce_list", "127.0.0.1");
  g_string_append (text, "}\nplugins: {\n");
  add_string (text, "disable", PLUGINS_OFF);
  g_string_append (text, "}\ntransports: {\n");
  add_string (text, "disable", TRANSPORTS_OFF);
  g_string_append (text, "}\nloggers: {\n");
  add_string (text, "disable", "libjanus_jsonlog.so");
  g_string_append (text, "}\nevents: {\n  broadcast = false\n}\n");
  return g_string_free (text, FALSE);
}

static gchar *
make_transport (JanusServer *self)
{
  GString *text = g_string_new ("general: {\n");

  add_string (text, "json", "compact");
  add_flag (text, "ws", TRUE);
  add_number (text, "ws_port", self->port);
  add_string (text, "ws_ip", "127.0.0.1");
  g_string_append (text, "}\nadmin: {\n");
  add_flag (text, "admin_ws", TRUE);
  add_number (text, "admin_ws_port", self->port + 1);
  add_string (text, "admin_ws_ip", "127.0.0.1");
  g_string_append (text, "}\n");
  return g_string_free (text, FALSE);
}

static gchar *
make_videoroom (JanusServer *self)
{
  const JanusOptions *options = &self->options;
  GString *text = g_string_new ("general: {\n");

  add_string (text, "admin_key", options->admin_key);
  add_flag (text, "string_ids", options->string_ids);
  g_string_append (text, "}\n");
  if (options->no_room)
    return g_string_free (text, FALSE);

  g_string_append_printf (
      text, "room-%s: {\n", options->room ? options->room : JANUS_SERVER_ROOM);
  add_string (text, "secret", options->secret);
  add_string (text, "pin", options->pin);
  add_flag (text, "signed_tokens", options->signed_tokens);
  add_number (
      text, "publishers", options->publishers ? options->publishers : 100);
  if (options->bitrate)
    add_number (text, "bitrate", options->bitrate);
  add_string (
      text, "videocodec", options->video_codec ? options->video_codec : "vp8");
  add_string (
      text, "audiocodec", options->audio_codec ? options->audio_codec : "opus");
  add_flag (text, "notify_joining", !options->quiet_members);
  g_string_append (text, "}\n");
  return g_string_free (text, FALSE);
}

static gboolean
write_file (
    JanusServer *self, const gchar *name, const gchar *text, GError **error)
{
  g_autofree gchar *path = g_build_filename (self->folder, name, NULL);

  return g_file_set_contents (path, text, -1, error);
}

static gboolean
write_configuration (JanusServer *self, GError **error)
{
  g_autofree gchar *core = make_core (self);
  g_autofree gchar *transport = make_transport (self);
  g_autofree gchar *videoroom = make_videoroom (self);

  return write_file (self, file_names[0], core, error) &&
         write_file (self, file_names[1], transport, error) &&
         write_file (self, file_names[2], videoroom, error);
}

/* --- the process --- */

static void
note_line (JanusServer *self, gchar *line)
{
  g_debug ("janus: %s", line);
  g_mutex_lock (&self->lock);
  if (g_str_has_prefix (line, READY)) {
    self->ready = TRUE;
    g_cond_signal (&self->changed);
  }
  g_queue_push_tail (&self->log, line);
  if (g_queue_get_length (&self->log) > N_LOG_LINES)
    g_free (g_queue_pop_head (&self->log));
  g_mutex_unlock (&self->lock);
}

static gpointer
read_log (gpointer user_data)
{
  JanusServer *self = user_data;
  g_autoptr (GDataInputStream) lines =
      g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  gchar *line;

  while ((line = g_data_input_stream_read_line (lines, NULL, NULL, NULL)))
    note_line (self, line);
  g_debug ("janus: ended");
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_signal (&self->changed);
  g_mutex_unlock (&self->lock);
  return NULL;
}

/* Between fork and exec. Ctrl-C is for its starter alone, and where it crashes
 * nothing is left. */
static void
end_with_parent (gpointer user_data)
{
  const struct rlimit none = {0, 0};

  setpgid (0, 0);
  setrlimit (RLIMIT_CORE, &none);
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != GPOINTER_TO_INT (user_data))
    _exit (1);
}

static gboolean
launch (JanusServer *self, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);

  g_subprocess_launcher_setenv (launcher, "LD_PRELOAD", JANUS_LOOPBACK, TRUE);
  g_subprocess_launcher_set_child_setup (
      launcher, end_with_parent, GINT_TO_POINTER (getpid ()), NULL);
  self->process = g_subprocess_launcher_spawn (
      launcher, error, "janus", "--configs-folder", self->folder, NULL);
  if (!self->process)
    return FALSE;
  self->ready = FALSE;
  self->ended = FALSE;
  self->reader = g_thread_new ("janus-log", read_log, self);
  return TRUE;
}

static gboolean
wait_ready (JanusServer *self)
{
  const gint64 deadline = g_get_monotonic_time () + START_DEADLINE;
  gboolean ready;

  g_mutex_lock (&self->lock);
  while (!self->ready && !self->ended &&
         g_cond_wait_until (&self->changed, &self->lock, deadline))
    ;
  ready = self->ready && !self->ended;
  g_mutex_unlock (&self->lock);
  return ready;
}

static void
end_process (JanusServer *self)
{
  if (!self->process)
    return;
  g_subprocess_wait (self->process, NULL, NULL);
  g_thread_join (self->reader);
  g_clear_object (&self->process);
}

static void
set_start_error (JanusServer *self, GError **error)
{
  g_autoptr (GString) tail = g_string_new (NULL);

  for (GList *line = self->log.head; line; line = line->next)
    g_string_append_printf (tail, "\n%s", (const gchar *)line->data);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
      "Janus does not start; its last lines:%s", tail->str);
}

gboolean
janus_server_restart (JanusServer *self, GError **error)
{
  g_return_val_if_fail (!self->process, FALSE);

  if (!write_configuration (self, error) || !launch (self, error))
    return FALSE;
  if (wait_ready (self))
    return TRUE;
  janus_server_kill (self);
  set_start_error (self, error);
  return FALSE;
}

/* The signal alone is no halt: the threads stop one by one, and one of them may
 * answer until it does. */
void
janus_server_halt (JanusServer *self)
{
  const pid_t pid = atoi (g_subprocess_get_identifier (self->process));
  siginfo_t info;

  g_subprocess_send_signal (self->process, SIGSTOP);
  while (waitid (P_PID, pid, &info, WSTOPPED | WNOWAIT) < 0 && errno == EINTR)
    ;
}

void
janus_server_go_on (JanusServer *self)
{
  g_subprocess_send_signal (self->process, SIGCONT);
}

void
janus_server_kill (JanusServer *self)
{
  if (self->process)
    g_subprocess_force_exit (self->process);
  end_process (self);
}

/* A signal that comes while Janus is still about to run is lost. */
void
janus_server_stop (JanusServer *self)
{
  g_return_if_fail (self->process);

  g_mutex_lock (&self->lock);
  while (!self->ended) {
    const gint64 again = g_get_monotonic_time () + 2 * G_TIME_SPAN_SECOND;

    g_subprocess_send_signal (self->process, SIGTERM);
    while (
        !self->ended && g_cond_wait_until (&self->changed, &self->lock, again))
      ;
  }
  g_mutex_unlock (&self->lock);
  end_process (self);
}

GPid
janus_server_get_pid (JanusServer *self)
{
  return (GPid)g_ascii_strtoll (
      g_subprocess_get_identifier (self->process), NULL, 10);
}

guint
janus_server_count_descriptors (JanusServer *self)
{
  g_autofree gchar *path = g_strdup_printf (
      "/proc/%s/fd", g_subprocess_get_identifier (self->process));
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (folder && g_dir_read_name (folder))
    n++;
  return n;
}

/* --- the server --- */

/* Somebody else may have the port: then another block. */
static gboolean
start_somewhere (JanusServer *self, GError **error)
{
  for (guint i = 0; i < N_TRIES; i++) {
    g_clear_error (error);
    if (!claim_block (self)) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
          "all ports for a Janus are taken");
      return FALSE;
    }
    if (janus_server_restart (self, error))
      return TRUE;
  }
  return FALSE;
}

JanusServer *
janus_server_start (const JanusOptions *options, GError **error)
{
  g_autoptr (JanusServer) self = g_new0 (JanusServer, 1);
  g_autoptr (GError) fault = NULL;

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->log);
  if (options)
    self->options = *options;
  self->folder = g_dir_make_tmp ("gst-rtc-janus-XXXXXX", error);
  if (!self->folder)
    return NULL;
  if (!start_somewhere (self, &fault)) {
    g_propagate_error (error, g_steal_pointer (&fault));
    return NULL;
  }
  self->url = g_strdup_printf ("ws://127.0.0.1:%u", self->port);
  self->element_url = g_strconcat ("janus+", self->url, NULL);
  self->admin_url = g_strdup_printf ("ws://127.0.0.1:%u", self->port + 1);
  return g_steal_pointer (&self);
}

static void
remove_folder (JanusServer *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (file_names); i++) {
    g_autofree gchar *path =
        g_build_filename (self->folder, file_names[i], NULL);

    g_unlink (path);
  }
  g_rmdir (self->folder);
}

void
janus_server_free (JanusServer *self)
{
  if (!self)
    return;
  janus_server_kill (self);
  if (self->folder)
    remove_folder (self);
  g_clear_object (&self->claim);
  g_queue_clear_full (&self->log, g_free);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self->folder);
  g_free (self->url);
  g_free (self->element_url);
  g_free (self->admin_url);
  g_free (self);
}

const gchar *
janus_server_get_url (JanusServer *self)
{
  return self->url;
}

const gchar *
janus_server_get_element_url (JanusServer *self)
{
  return self->element_url;
}

const gchar *
janus_server_get_admin_url (JanusServer *self)
{
  return self->admin_url;
}

gchar *
janus_server_make_token (const gchar *secret, const gchar *realm,
    const gchar *descriptor, gint seconds)
{
  const gint64 expires = g_get_real_time () / G_TIME_SPAN_SECOND + seconds;
  g_autofree gchar *head = g_strdup_printf (
      "%" G_GINT64_FORMAT ",%s,%s", expires, realm, descriptor);
  g_autoptr (GHmac) hmac =
      g_hmac_new (G_CHECKSUM_SHA1, (const guchar *)secret, strlen (secret));
  guint8 digest[20];
  gsize length = sizeof digest;
  g_autofree gchar *signature = NULL;

  g_hmac_update (hmac, (const guchar *)head, -1);
  g_hmac_get_digest (hmac, digest, &length);
  signature = g_base64_encode (digest, length);
  return g_strconcat (head, ":", signature, NULL);
}
