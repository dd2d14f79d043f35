/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of rtc-demo share. The parent receives, a child process of
 * the same program publishes; both talk by lines:
 *   child to parent  `tell TEXT`, `page URL`, `ready URL MEDIA`,
 *                    `sent FRAMES`, `end`, `fail TEXT`
 *   parent to child  `count`, which is answered by `sent`; `hold`, which stops
 *                    the sending; the end of the input means stop
 * Main thread of each process. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define DEMO_ROOM "demo"
#define DEMO_PUBLISHER "demo-publisher"
#define DEMO_VIEWER "demo-viewer"

/**
 * DemoOptions:
 * @seconds: how long to receive
 * @publish: (nullable): media file, NULL for test picture and tones
 * @output: prefix of the files written
 * @keep: go on publishing after the verdict
 * @janus: by a Janus, else by a room server inside the publisher
 * @server_url: (nullable): where the Janus listens, or in the child the room
 *   server of its own
 */
typedef struct
{
  gint seconds;
  gchar *publish;
  gchar *output;
  gboolean keep;
  gboolean janus;
  gchar *server_url;
} DemoOptions;

/* Both return the exit status of the process. */
gint demo_publish (const DemoOptions *options);
gint demo_receive (const DemoOptions *options, const gchar *program);

/* Settings that both elements get. */
void demo_configure (
    GstElement *element, const gchar *server_url, const gchar *user_id);

/* FALSE when an element is missing; each is named on stderr with its Debian
 * package. */
gboolean demo_check_elements (void);

/* One line for an error or warning message: code, symbol and reason where
 * the details have them. */
gchar *demo_describe_failure (GstMessage *message) G_GNUC_WARN_UNUSED_RESULT;

/* One line for an element message `rtc-...`, NULL for any other. */
gchar *demo_describe_fact (GstMessage *message) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
