/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page by which a browser takes part in a room, out of the program
 * itself. Belongs to the thread of the server. */
#include "rtcserverpage.h"

#include <string.h>

#include "rtcconfig.h"
#include "rtcpage.h"

#define FOLDER "/rtc/page/"
#define INDEX "index.html"

typedef struct
{
  const gchar *suffix;
  const gchar *type;
} Type;

static const Type types[] = {
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

/* Only files of ours run, and they talk to nobody but this server. */
static const gchar content_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

static const gchar *
get_type (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_str_has_suffix (name, types[i].suffix))
      return types[i].type;
  }
  return "application/octet-stream";
}

/* The name of the file at @path, borrowed from it or static, NULL for none.
 * Rooms have no slash in their names, so that none hides a file. */
static const gchar *
find_name (const gchar *path)
{
  g_autofree gchar *room = NULL;

  if (g_str_has_prefix (path, "/page/"))
    return path + strlen ("/page/");
  if (g_str_equal (path, "/"))
    return INDEX;
  /* Asked for by browsers on their own account; a room of that name can be
   * entered from `/`. */
  if (g_str_equal (path, "/favicon.ico") || g_str_equal (path, "/robots.txt"))
    return NULL;
  room = g_uri_unescape_string (path + 1, NULL);
  if (!room || g_str_equal (room, ".") || g_str_equal (room, "..") ||
      !gst_rtc_id_is_valid (room, NULL))
    return NULL;
  return INDEX;
}

static gchar *
make_etag (GBytes *bytes)
{
  g_autofree gchar *sum =
      g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);

  return g_strdup_printf ("\"%.32s\"", sum);
}

static void
set_headers (SoupMessageHeaders *headers, const gchar *etag)
{
  soup_message_headers_replace (headers, "ETag", etag);
  /* Kept, but asked about each time: a newer server has a newer page. */
  soup_message_headers_replace (headers, "Cache-Control", "no-cache");
  soup_message_headers_replace (headers, "Connection", "close");
  soup_message_headers_replace (
      headers, "Content-Security-Policy", content_policy);
  soup_message_headers_replace (
      headers, "Cross-Origin-Opener-Policy", "same-origin");
  soup_message_headers_replace (headers, "Permissions-Policy",
      "camera=(self), display-capture=(self), fullscreen=(self), "
      "microphone=(self)");
  soup_message_headers_replace (headers, "Referrer-Policy", "no-referrer");
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
}

gboolean
gst_rtc_server_page_answer (SoupServerMessage *message, const gchar *path)
{
  SoupMessageHeaders *request =
      soup_server_message_get_request_headers (message);
  const gchar *known = soup_message_headers_get_list (request, "If-None-Match");
  const gchar *range_of = soup_message_headers_get_one (request, "If-Range");
  const gchar *name = find_name (path);
  g_autofree gchar *resource = NULL;
  g_autofree gchar *etag = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (!name || !*name || strchr (name, '/'))
    return FALSE;
  resource = g_strconcat (FOLDER, name, NULL);
  bytes = g_resource_lookup_data (gst_rtc_page_get_resource (), resource,
      G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  if (!bytes)
    return FALSE;

  etag = make_etag (bytes);
  set_headers (soup_server_message_get_response_headers (message), etag);
  if (known && (g_str_equal (known, "*") || strstr (known, etag))) {
    soup_server_message_set_status (message, SOUP_STATUS_NOT_MODIFIED, NULL);
    return TRUE;
  }
  /* libsoup answers ranges, yet does not look at this condition. */
  if (range_of && !g_str_equal (range_of, etag))
    soup_message_headers_remove (request, "Range");
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, get_type (name), SOUP_MEMORY_COPY,
      g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  return TRUE;
}
