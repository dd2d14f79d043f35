/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One embedded room server for all elements of the process that ask for the
 * same address. Any thread. */
#include "gstrtcserve.h"

#include "rtcserver.h"

typedef struct
{
  gchar *address; /* as asked for: host and port */
  GstRtcServer *server;
  guint users;
} SharedServer;

struct _GstRtcServe
{
  SharedServer *shared;
  gboolean first;
};

static GMutex servers_lock;
static GList *servers; /* (element-type SharedServer), under servers_lock */

static SharedServer *
find_server (const gchar *address)
{
  for (GList *item = servers; item; item = item->next) {
    SharedServer *shared = item->data;

    if (g_str_equal (shared->address, address))
      return shared;
  }
  return NULL;
}

static SharedServer *
start_server (GstRtcConfig *config, const gchar *address, GError **error)
{
  GstRtcServerSettings settings;
  GstRtcServer *server;
  SharedServer *shared;

  gst_rtc_server_settings_init (&settings);
  settings.listen = gst_rtc_config_get_values (config)->server_url;
  server = gst_rtc_server_start (&settings, error);
  if (!server)
    return NULL;

  shared = g_new0 (SharedServer, 1);
  shared->address = g_strdup (address);
  shared->server = server;
  servers = g_list_prepend (servers, shared);
  return shared;
}

GstRtcServe *
gst_rtc_serve_acquire (GstRtcConfig *config, GError **error)
{
  g_autofree gchar *address = g_strdup_printf ("%s:%u",
      gst_rtc_config_get_host (config), gst_rtc_config_get_port (config));
  GstRtcServe *serve = NULL;
  SharedServer *shared = NULL;
  gboolean first = FALSE;

  g_mutex_lock (&servers_lock);
  /* Port 0 asks for a server of one's own. */
  if (gst_rtc_config_get_port (config) != 0)
    shared = find_server (address);
  if (!shared) {
    shared = start_server (config, address, error);
    first = TRUE;
  }
  if (shared) {
    shared->users++;
    serve = g_new (GstRtcServe, 1);
    *serve = (GstRtcServe){.shared = shared, .first = first};
  }
  g_mutex_unlock (&servers_lock);
  return serve;
}

void
gst_rtc_serve_release (GstRtcServe *serve)
{
  SharedServer *shared;
  GstRtcServer *server = NULL;

  if (!serve)
    return;

  shared = serve->shared;
  g_mutex_lock (&servers_lock);
  if (--shared->users == 0) {
    servers = g_list_remove (servers, shared);
    server = shared->server;
    g_free (shared->address);
    g_free (shared);
  }
  g_mutex_unlock (&servers_lock);

  if (server) {
    gst_rtc_server_stop (server);
    g_object_unref (server);
  }
  g_free (serve);
}

const gchar *
gst_rtc_serve_get_url (GstRtcServe *serve)
{
  return gst_rtc_server_get_url (serve->shared->server);
}

gboolean
gst_rtc_serve_is_first (GstRtcServe *serve)
{
  return serve->first;
}
