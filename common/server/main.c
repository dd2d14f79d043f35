/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program rtc-room-server: the room server by itself, and a maker of
 * tokens for it. The main thread waits; the server has its own. */
#include <gio/gio.h>
#include <glib-unix.h>
#include <gst/gst.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "rtcconfig.h"
#include "rtcserver.h"
#include "rtctoken.h"

#define EXIT_USAGE 2

typedef struct
{
  gchar *app_id;
  gchar *app_key_file;
  gchar *room;
  gchar *user;
  gint expires_in;
  gboolean no_publish;
  gboolean no_subscribe;
} TokenOptions;

/* One option for each number of the settings that a user may want to set. */
typedef struct
{
  const gchar *name;
  gsize offset;
  const gchar *text;
} LimitOption;

#define AT(member) G_STRUCT_OFFSET (GstRtcServerSettings, member)

static const LimitOption limit_options[] = {
    {"max-connections", AT (max_connections), "Connections at a time"},
    {"max-connections-per-address", AT (max_connections_per_address),
        "Connections at a time from one address"},
    {"max-connection-rate", AT (max_connection_rate),
        "Connections a second from one address"},
    {"max-rooms", AT (max_rooms), "Rooms at a time"},
    {"max-visible-users", AT (max_visible_users),
        "Visible users of a room, up to 200"},
    {"max-invisible-users", AT (max_invisible_users),
        "Invisible users of a room"},
    {"max-streams", AT (max_streams), "Streams of a room, up to 100"},
    {"max-subscriptions", AT (max_subscriptions), "Subscriptions of a user"},
    {"max-message-rate", AT (max_message_rate),
        "Messages a second from one client"},
    {"max-queued-bytes", AT (max_queued_bytes),
        "Bytes that wait for one slow client"},
    {"ping-interval", AT (ping_interval), "Milliseconds between pings"},
    {"pong-timeout", AT (pong_timeout),
        "Milliseconds that a client has to answer one"},
    {"grace-time", AT (grace_time),
        "Milliseconds for which a lost user is held"},
};

#define N_LIMITS G_N_ELEMENTS (limit_options)

typedef struct
{
  gchar *listen;
  gchar *app_id;
  gchar *app_key_file;
  gchar *tls_cert;
  gchar *tls_key;
  gchar **origins;
  gchar **ice_servers;
  gint limits[N_LIMITS]; /* in the order of limit_options */
} ServeOptions;

static const gchar summary[] =
    "Runs a room server: it introduces users of a room to each other, who then "
    "send\nmedia directly. Prints the URL it listens at and runs until "
    "SIGINT or SIGTERM.";

static const gchar description[] =
    "Without --app-key-file anybody may enter any room, so only loopback "
    "addresses\ncan be listened at. With it every user needs a token:\n"
    "\n"
    "  rtc-room-server token --app-id ID --app-key-file FILE --room ROOM "
    "--user USER\n"
    "\n"
    "Examples:\n"
    "  rtc-room-server\n"
    "  rtc-room-server --listen http://0.0.0.0:7800 --app-id ID \\\n"
    "      --app-key-file key.txt --tls-cert cert.pem --tls-key key.pem\n";

static const gchar token_summary[] =
    "Prints a token with which one user may enter one room of a server that "
    "was\nstarted with the same application key.";

static gint
report (const GError *error)
{
  g_printerr ("rtc-room-server: %s\n", error->message);
  return EXIT_FAILURE;
}

static gint
report_usage (const gchar *text)
{
  g_printerr ("rtc-room-server: %s (see --help)\n", text);
  return EXIT_USAGE;
}

/* The key of @path without the white space around it; NULL on failure. */
static gchar *
read_key (const gchar *path, GError **error)
{
  gchar *key = NULL;

  if (!g_file_get_contents (path, &key, NULL, error))
    return NULL;
  return g_strstrip (key);
}

static gboolean
on_signal (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

/* As many files as the system lets us have, one for each connection. */
static void
raise_file_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit (RLIMIT_NOFILE, &limit);
}

/* Once the address is printed a signal may come, so they are caught before. */
static gint
run_server (const GstRtcServerSettings *settings)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GstRtcServer) server = NULL;
  g_autoptr (GError) error = NULL;

  raise_file_limit ();
  g_unix_signal_add (SIGINT, on_signal, loop);
  g_unix_signal_add (SIGTERM, on_signal, loop);
  server = gst_rtc_server_start (settings, &error);
  if (!server)
    return report (error);
  g_print ("%s\n", gst_rtc_server_get_url (server));
  fflush (stdout);
  g_main_loop_run (loop);
  gst_rtc_server_stop (server);
  return EXIT_SUCCESS;
}

static void
add_limit_options (GOptionGroup *group, gint *limits)
{
  for (guint i = 0; i < N_LIMITS; i++) {
    const GOptionEntry entries[] = {
        {limit_options[i].name, 0, 0, G_OPTION_ARG_INT, &limits[i],
            limit_options[i].text, "NUMBER"},
        {NULL},
    };

    g_option_group_add_entries (group, entries);
  }
}

static gboolean
parse_serve_options (
    gint *argc, gchar ***argv, ServeOptions *options, GError **error)
{
  const GOptionEntry entries[] = {
      {"listen", 'l', 0, G_OPTION_ARG_STRING, &options->listen,
          "Address and port to listen at, port 0 for any "
          "(" GST_RTC_DEFAULT_SERVER_URL ")",
          "URL"},
      {"app-id", 0, 0, G_OPTION_ARG_STRING, &options->app_id,
          "Serve only this application; 24 characters with tokens", "ID"},
      {"app-key-file", 0, 0, G_OPTION_ARG_FILENAME, &options->app_key_file,
          "Ask for tokens signed with the key in this file", "FILE"},
      {"tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &options->tls_cert,
          "Serve https and wss with this certificate (PEM)", "FILE"},
      {"tls-key", 0, 0, G_OPTION_ARG_FILENAME, &options->tls_key,
          "Private key of the certificate (PEM)", "FILE"},
      {"allow-origin", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->origins,
          "Web origin, such as https://example.org, whose pages may use this "
          "server and whose host is a name of it; may be repeated",
          "ORIGIN"},
      {"ice-server", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->ice_servers,
          "stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT for the users; may "
          "be repeated",
          "ADDRESS"},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  GOptionGroup *group = g_option_group_new (
      "limits", "Limits:", "Show the options for limits", NULL, NULL);

  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);
  g_option_context_add_main_entries (context, entries, NULL);
  add_limit_options (group, options->limits);
  g_option_context_add_group (context, group);
  return g_option_context_parse (context, argc, argv, error);
}

/* FALSE for a number that no limit can have. */
static gboolean
apply_limits (const gint *limits, GstRtcServerSettings *settings)
{
  for (guint i = 0; i < N_LIMITS; i++) {
    guint *value = G_STRUCT_MEMBER_P (settings, limit_options[i].offset);

    if (limits[i] < 0)
      return FALSE;
    if (limits[i] > 0)
      *value = (guint)limits[i];
  }
  return TRUE;
}

static void
clear_serve_options (ServeOptions *options)
{
  g_free (options->listen);
  g_free (options->app_id);
  g_free (options->app_key_file);
  g_free (options->tls_cert);
  g_free (options->tls_key);
  g_strfreev (options->origins);
  g_strfreev (options->ice_servers);
}

static gint
serve_with_options (const ServeOptions *options)
{
  GstRtcServerSettings settings;
  g_autofree gchar *key = NULL;
  g_autoptr (GError) error = NULL;

  gst_rtc_server_settings_init (&settings);
  if (!apply_limits (options->limits, &settings))
    return report_usage ("a limit cannot be negative");
  if (options->app_key_file) {
    key = read_key (options->app_key_file, &error);
    if (!key)
      return report (error);
  }
  if (options->listen)
    settings.listen = options->listen;
  settings.app_id = options->app_id;
  settings.app_key = key;
  settings.tls_cert = options->tls_cert;
  settings.tls_key = options->tls_key;
  settings.allowed_origins = (const gchar *const *)options->origins;
  settings.ice_servers = (const gchar *const *)options->ice_servers;
  return run_server (&settings);
}

static gint
main_serve (gint argc, gchar **argv)
{
  ServeOptions options = {NULL};
  g_autoptr (GError) error = NULL;
  gint status;

  if (!parse_serve_options (&argc, &argv, &options, &error))
    status = report_usage (error->message);
  else if (argc > 1)
    status = report_usage ("there is no such command");
  else
    status = serve_with_options (&options);
  clear_serve_options (&options);
  return status;
}

static gboolean
parse_token_options (
    gint *argc, gchar ***argv, TokenOptions *options, GError **error)
{
  const GOptionEntry entries[] = {
      {"app-id", 0, 0, G_OPTION_ARG_STRING, &options->app_id,
          "Application, 24 characters", "ID"},
      {"app-key-file", 0, 0, G_OPTION_ARG_FILENAME, &options->app_key_file,
          "File with the key of the application", "FILE"},
      {"room", 0, 0, G_OPTION_ARG_STRING, &options->room,
          "Room, * for every room", "ID"},
      {"user", 0, 0, G_OPTION_ARG_STRING, &options->user, "User", "ID"},
      {"expires-in", 0, 0, G_OPTION_ARG_INT, &options->expires_in,
          "Seconds for which it is valid, 0 for ever (86400)", "SECONDS"},
      {"no-publish", 0, 0, G_OPTION_ARG_NONE, &options->no_publish,
          "Without the right to publish", NULL},
      {"no-subscribe", 0, 0, G_OPTION_ARG_NONE, &options->no_subscribe,
          "Without the right to subscribe", NULL},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context, token_summary);
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

/* Why no token can be made of @options, NULL when one can. */
static const gchar *
get_token_fault (const TokenOptions *options)
{
  if (!options->app_id || !options->app_key_file || !options->room ||
      !options->user)
    return "--app-id, --app-key-file, --room and --user are needed";
  if (strlen (options->app_id) != GST_RTC_TOKEN_APP_ID_LENGTH ||
      !gst_rtc_id_is_valid (options->app_id, NULL))
    return "the application id must have 24 characters";
  if (!g_str_equal (options->room, "*") &&
      !gst_rtc_id_is_valid (options->room, NULL))
    return "the room id is not valid";
  if (!gst_rtc_id_is_valid (options->user, NULL))
    return "the user id is not valid";
  if (options->expires_in < 0)
    return "--expires-in cannot be negative";
  if (options->no_publish && options->no_subscribe)
    return "a token must grant something";
  return NULL;
}

static gint
print_token (const TokenOptions *options)
{
  guint32 now = (guint32)(g_get_real_time () / G_TIME_SPAN_SECOND);
  guint32 expires =
      options->expires_in ? now + (guint32)options->expires_in : 0;
  GstRtcToken token = {
      .app_id = options->app_id,
      .room_id = options->room,
      .user_id = options->user,
      .nonce = g_random_int (),
      .issued = now,
      .expires = expires,
      .publish = !options->no_publish,
      .subscribe = !options->no_subscribe,
  };
  g_autofree gchar *key = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;

  key = read_key (options->app_key_file, &error);
  if (!key)
    return report (error);
  if (!*key)
    return report_usage ("the file with the key is empty");
  text = gst_rtc_token_make (&token, key);
  g_print ("%s\n", text);
  return EXIT_SUCCESS;
}

static gint
main_token (gint argc, gchar **argv)
{
  TokenOptions options = {.expires_in = 24 * 60 * 60};
  g_autoptr (GError) error = NULL;
  const gchar *fault;
  gint status;

  g_set_prgname ("rtc-room-server token");
  if (!parse_token_options (&argc, &argv, &options, &error)) {
    status = report_usage (error->message);
  } else {
    fault = argc > 1 ? "too many arguments" : get_token_fault (&options);
    status = fault ? report_usage (fault) : print_token (&options);
  }
  g_free (options.app_id);
  g_free (options.app_key_file);
  g_free (options.room);
  g_free (options.user);
  return status;
}

int
main (int argc, char **argv)
{
  /* Only its log is used; no plugin is looked for. */
  gst_registry_fork_set_enabled (FALSE);
  g_setenv ("GST_REGISTRY_UPDATE", "no", FALSE);
  gst_init (NULL, NULL);

  if (argc > 1 && g_str_equal (argv[1], "token"))
    return main_token (argc - 1, argv + 1);
  return main_serve (argc, argv);
}
