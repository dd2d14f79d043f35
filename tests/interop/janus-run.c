/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* janus-run: the Janus of the tests for programs that are not in C. Prints
 * its address and runs it until the end of the input; with an argument, only
 * looks whether there is one. Ends with 77 where there is none. Main
 * thread. */
#include "janus-server.h"

#include <unistd.h>

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JanusServer) server = NULL;
  gchar input[64];

  if (!janus_server_is_available ()) {
    g_printerr ("janus is not installed\n");
    return 77;
  }
  if (argc > 1)
    return 0;
  server = janus_server_start (NULL, &error);
  if (!server) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  g_print ("%s %s\n", janus_server_get_url (server), JANUS_SERVER_ROOM);
  while (read (STDIN_FILENO, input, sizeof input) > 0)
    ;
  return 0;
}
