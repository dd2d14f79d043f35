/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzz targets share. */
#include "fuzz.h"

#include <gst/gst.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#define FINDS_LEAKS 1
#endif
#endif

#ifdef FINDS_LEAKS
/* Even before libraries are loaded; fuzz_setup () ends it. */
__attribute__ ((section (".preinit_array"),
    used)) static void (*const before_libraries) (void) = fuzz_keep_begin;
#endif

/* A fatal message of GLib ends by a trap, of which libFuzzer knows nothing; it
 * keeps the input of what aborts. */
static void
on_trap (int number)
{
  abort ();
}

/* GLib's table of quarks grows by leaving the old one. That happens here, and
 * then not again for long. */
static void
grow_quarks (void)
{
  for (guint i = 0; i < 2048; i++) {
    g_autofree gchar *name = g_strdup_printf ("fuzz-%u", i);

    g_quark_from_string (name);
  }
}

void
fuzz_setup (void)
{
  static gsize done = 0;

  if (!g_once_init_enter (&done))
    return;
  signal (SIGTRAP, on_trap);
  gst_registry_fork_set_enabled (FALSE);
  g_setenv ("GST_REGISTRY_UPDATE", "no", FALSE);
  gst_init (NULL, NULL);
  grow_quarks ();
  fuzz_keep_end ();
  g_log_set_always_fatal (
      (GLogLevelFlags)(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL |
                       G_LOG_LEVEL_WARNING));
  g_once_init_leave (&done, 1);
}

void
fuzz_keep_begin (void)
{
#ifdef FINDS_LEAKS
  __lsan_disable ();
#endif
}

void
fuzz_keep_end (void)
{
#ifdef FINDS_LEAKS
  __lsan_enable ();
#endif
}

gchar *
fuzz_dup_text (const uint8_t *data, size_t size)
{
  gchar *text = g_malloc (size + 1);

  if (size)
    memcpy (text, data, size);
  text[size] = '\0';
  return text;
}

gboolean
fuzz_is_one_line (const gchar *text)
{
  for (; *text; text++) {
    if (g_ascii_iscntrl (*text))
      return FALSE;
  }
  return TRUE;
}
