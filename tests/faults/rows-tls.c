/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the fault table: TLS, with certificates made for the row. On the
 * thread of the test. */
#include "faultscene.h"

#include <stdlib.h>
#include <sys/wait.h>

static void G_GNUC_PRINTF (2, 3)
    run_openssl (FaultScene *scene, const gchar *format, ...)
{
  g_autofree gchar *line = NULL;
  g_autofree gchar *errors = NULL;
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  gint status;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  argv = g_strsplit (line, " ", -1);
  if (!g_spawn_sync (scene->directory, argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
          NULL, NULL, &errors, &status, &error) ||
      status != 0)
    fault_fail (scene, "%s: %s", line, error ? error->message : errors);
}

#define NEW_KEY "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

/* OpenSSL 3.5 makes no certificate that ends before it begins, and 3.0 knows no
 * other way to one that has ended. */
static const gchar *
get_past (FaultScene *scene)
{
  g_autofree gchar *help = NULL;
  const gchar *argv[] = {"openssl", "x509", "-help", NULL};

  g_spawn_sync (scene->directory, (gchar **)argv, NULL, G_SPAWN_SEARCH_PATH,
      NULL, NULL, NULL, &help, NULL, NULL);
  return help && strstr (help, "-not_after")
             ? "-not_before 20200101000000Z -not_after 20200102000000Z"
             : "-days -1";
}

/* An authority and a certificate of it for @host, which has ended or is good
 * for ten days. */
static void
make_certificate (FaultScene *scene, const gchar *host, gboolean ended)
{
  g_autofree gchar *names = g_build_filename (scene->directory, "names", NULL);
  g_autofree gchar *text = g_strdup_printf ("subjectAltName=%s\n", host);

  run_openssl (scene, "openssl req -x509 " NEW_KEY
                      " -keyout ca.key -out ca.pem -days 10 -subj /CN=tests");
  run_openssl (scene, "openssl req " NEW_KEY
                      " -keyout key.pem -out request.pem -subj /CN=server");
  g_file_set_contents (names, text, -1, NULL);
  run_openssl (scene,
      "openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key "
      "-CAcreateserial -out cert.pem %s -extfile names",
      ended ? get_past (scene) : "-days 10");
}

static gchar *
in_directory (FaultScene *scene, const gchar *name)
{
  return g_build_filename (scene->directory, name, NULL);
}

static void
serve (FaultScene *scene, const gchar *host, gboolean ended)
{
  g_autofree gchar *cert = in_directory (scene, "cert.pem");
  g_autofree gchar *key = in_directory (scene, "key.pem");

  make_certificate (scene, host, ended);
  g_free (scene->server_options);
  scene->server_options =
      g_strdup_printf ("--tls-cert=%s --tls-key=%s", cert, key);
  scene->server_scheme = "https";
  fault_start_server (scene);
}

static void
prepare_good (FaultScene *scene)
{
  serve (scene, "IP:127.0.0.1", FALSE);
}

static void
prepare_expired (FaultScene *scene)
{
  serve (scene, "IP:127.0.0.1", TRUE);
}

static void
prepare_other_host (FaultScene *scene)
{
  serve (scene, "DNS:elsewhere.test", FALSE);
}

static FaultParty *
start_trusting (FaultScene *scene, const gchar *role, const gchar *user)
{
  g_autofree gchar *authority = in_directory (scene, "ca.pem");
  g_autofree gchar *properties = g_strdup_printf (
      "connect-timeout=30000 local-addresses=<127.0.0.1> tls-ca-file=%s",
      authority);

  return fault_party_new (
      scene, role, user, NETEM_A, scene->server_url, properties, NULL);
}

static void
view_trusting (FaultScene *scene)
{
  scene->viewer = start_trusting (scene, "viewer", "bob");
}

static void
call_trusting (FaultScene *scene)
{
  scene->publisher = start_trusting (scene, "publisher", "alice");
  scene->viewer = start_trusting (scene, "viewer", "bob");
  fault_wait_for_media (scene);
}

#define NO_CONFIG                                                              \
  {                                                                            \
    FAULT_ERROR, GST_RTC_ERROR_GET_CONFIG_ERROR                                \
  }

const FaultRow fault_tls_rows[] = {
    {.id = "F26-tls-expired",
        .condition = "The certificate of the server has expired",
        .happens = "The pipeline ends",
        .prepare = prepare_expired,
        .provoke = view_trusting,
        .viewer_told = {NO_CONFIG},
        .viewer_end = FAULT_ENDED,
        .allowed = 10000},
    {.id = "F26-tls-wrong-host",
        .condition = "The certificate is for another host",
        .happens = "The pipeline ends",
        .prepare = prepare_other_host,
        .provoke = view_trusting,
        .viewer_told = {NO_CONFIG},
        .viewer_end = FAULT_ENDED,
        .allowed = 10000},
    {.id = "F26-tls-unknown-authority",
        .condition = "The certificate is of an authority nobody knows",
        .happens = "The pipeline ends",
        .prepare = prepare_good,
        .provoke = fault_start_viewer,
        .viewer_told = {NO_CONFIG},
        .viewer_end = FAULT_ENDED,
        .allowed = 10000},
    {.id = "F26-tls-ca-file",
        .condition = "The same, with tls-ca-file naming the authority",
        .happens = "The call is made",
        .prepare = prepare_good,
        .provoke = call_trusting,
        .publisher_end = FAULT_GOES_ON,
        .viewer_end = FAULT_GOES_ON},
    {NULL},
};
