/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the files of the given folders through a fuzz target and prints TAP.
 * A folder that is not there holds nothing, since none is kept empty. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* What a target needs for one input at most; it is looked at with a wide
 * margin, since valgrind and sanitizers run here too. */
#define SLOW_SECONDS 20

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(gchar *const *)a, *(gchar *const *)b);
}

static GPtrArray *
list_files (const gchar *folder)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir)))
    g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (paths, compare_names);
  return paths;
}

/* FALSE when the file cannot be read or took too long. */
static gboolean
run_file (const gchar *path)
{
  g_autofree gchar *content = NULL;
  g_autofree guint8 *exact = NULL;
  gsize length;
  gint64 before;

  if (!g_file_get_contents (path, &content, &length, NULL))
    return FALSE;
  exact = g_memdup2 (content, length);
  before = g_get_monotonic_time ();
  LLVMFuzzerTestOneInput (exact, length);
  return g_get_monotonic_time () - before < SLOW_SECONDS * G_TIME_SPAN_SECOND;
}

int
main (int argc, char **argv)
{
  guint count = 0;
  guint failed = 0;

  for (gint i = 1; i < argc; i++) {
    g_autoptr (GPtrArray) paths = list_files (argv[i]);

    for (guint j = 0; j < paths->len; j++) {
      const gchar *path = g_ptr_array_index (paths, j);
      gboolean good;

      /* The last line says which input it was when the process dies. */
      printf ("# %s\n", path);
      fflush (stdout);
      good = run_file (path);
      failed += good ? 0 : 1;
      printf ("%sok %u\n", good ? "" : "not ", ++count);
      fflush (stdout);
    }
  }
  printf ("1..%u\n", count);
  if (count == 0)
    fputs ("replay: no input in the given folders\n", stderr);
  return failed || count == 0 ? 1 : 0;
}
