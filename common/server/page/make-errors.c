/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the error table as a JavaScript module, so that pages and elements
 * speak of the same failures with the same words. Runs during the build. */
#include <stdio.h>

#include "rtcerror-private.h"

/* The texts of the table are plain words; only these two would end a literal
 * too early. */
static void
print_member (const gchar *name, const gchar *text)
{
  printf (" %s: '", name);
  for (; *text; text++) {
    if (*text == '\'' || *text == '\\')
      putchar ('\\');
    putchar (*text);
  }
  printf ("',");
}

int
main (void)
{
  guint n_rows;
  const GstRtcErrorInfo *rows = gst_rtc_error_get_table (&n_rows);

  puts ("// Made from common/rtcerror.c by page/make-errors.c.\n"
        "export const errorTable = [");
  for (guint i = 0; i < n_rows; i++) {
    printf ("  { code: %d,", (gint)rows[i].code);
    print_member ("symbol", rows[i].symbol);
    print_member ("category", rows[i].category);
    print_member ("text", rows[i].text);
    printf (" retryable: %s },\n", rows[i].retryable ? "true" : "false");
  }
  puts ("];");
  return 0;
}
