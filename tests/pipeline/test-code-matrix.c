/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The code matrix: provokes each of the documented codes in each way it can
 * arise, by the real elements. With the name of a part it runs that part,
 * with --print it writes the table of README.md instead. */
#include "matrix.h"

#include <string.h>

#include "rtcerror-private.h"

static const MatrixPart *const parts[] = {
    &matrix_parameters,
    &matrix_sequence,
    &matrix_connect,
    &matrix_refusals,
    &matrix_rights,
    &matrix_transport,
    &matrix_janus,
};

typedef void (*RowFunc) (const MatrixRow *row, gpointer user_data);

/* Rows in the order of their codes. */
static void
for_each_row (gint code, RowFunc func, gpointer user_data)
{
  for (guint p = 0; p < G_N_ELEMENTS (parts); p++) {
    for (guint i = 0; i < parts[p]->n_rows; i++) {
      if (parts[p]->rows[i].code == code)
        func (&parts[p]->rows[i], user_data);
    }
  }
}

/* --- the page --- */

static const gchar *
get_raiser (const MatrixRow *row)
{
  static const gchar *const names[] = {
      [BY_NOBODY] = "",
      [BY_LOCAL] = "local",
      [BY_HTTP] = "http",
      [BY_SERVER] = "server",
      [BY_TIMER] = "timer",
      [BY_TRANSPORT] = "transport",
      [BY_MEDIA] = "media",
  };

  return names[row->by];
}

static const gchar *
get_severity (const MatrixRow *row)
{
  if (row->code == 0)
    return "";
  if (row->severity == GST_MESSAGE_UNKNOWN)
    return "promise only";
  return row->severity == GST_MESSAGE_ERROR ? "error" : "warning";
}

static const gchar *
get_seen (const MatrixRow *row)
{
  static const gchar *const names[] = {
      [SEEN_NOTHING] = "nothing",
      [SEEN_CONFIG] = "getconfig",
      [SEEN_REQUEST] = "the request",
      [SEEN_SESSION] = "the session",
  };

  return names[row->seen];
}

static void
append_name (GString *text, const gchar *name)
{
  g_string_append_printf (text, "%s`%s`", text->len > 0 ? ", " : "", name);
}

/* What was tried afterwards and worked. */
static gchar *
describe_recovery (const MatrixRow *row)
{
  GString *text = g_string_new (NULL);
  guint i;

  if (!row->automatic && row->stage != AT_NULL) {
    for (i = 0; i < MATRIX_MAX_CALLS && row->then[i].action; i++)
      append_name (text, row->then[i].action);
    if (i == 0 && row->call.action && row->code != 0)
      g_string_append (text, "the same call");
  }
  if (row->automatic || row->restarts || row->stage == AT_NULL)
    g_string_append_printf (
        text, "%sNULL to PLAYING", text->len > 0 ? "; " : "");
  return g_string_free (text, FALSE);
}

static void
print_row (const MatrixRow *row, gpointer user_data)
{
  g_autofree gchar *recovery = describe_recovery (row);
  g_autofree gchar *code =
      row->code ? g_strdup_printf ("%d `%s`", row->code, row->symbol)
                : g_strdup ("none");
  const gchar *operation = row->operation ? row->operation : row->call.action;

  g_print ("| %s | %s | %s | %s | `%s` | %s | %s | %s | %s |\n", code,
      row->condition, get_raiser (row), get_severity (row), operation,
      row->code == 0   ? ""
      : row->retryable ? "yes"
                       : "no",
      get_seen (row), row->after, recovery);
}

static void
print_table (void)
{
  guint n_codes;
  const GstRtcErrorInfo *table = gst_rtc_error_get_table (&n_codes);

  g_print ("| Code | Condition | Raised by | Message | Operation | Retryable "
           "| The server sees | Connection afterwards | Then works |\n"
           "|---|---|---|---|---|---|---|---|---|\n");
  for (guint i = 0; i < n_codes; i++)
    for_each_row ((gint)table[i].code, print_row, NULL);
  for_each_row (0, print_row, NULL);
}

/* --- whether it is complete --- */

typedef struct
{
  const GstRtcErrorInfo *info;
  GHashTable *ids;
} Check;

static void
check_row (const MatrixRow *row, gpointer user_data)
{
  Check *check = user_data;

  g_assert_true (g_hash_table_add (check->ids, (gpointer)row->id));
  g_assert_nonnull (row->condition);
  g_assert_nonnull (row->after);
  if (!check->info)
    return;
  g_assert_cmpstr (check->info->symbol, ==, row->symbol);
  g_assert_cmpint (BY_NOBODY, !=, row->by);
  g_assert_true (row->operation || row->call.action);
}

static guint
check_code (gint code, const GstRtcErrorInfo *info)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  Check check = {.info = info, .ids = ids};

  for_each_row (code, check_row, &check);
  if (g_hash_table_size (ids) == 0)
    g_test_message ("%d has no row", code);
  g_assert_cmpuint (0, <, g_hash_table_size (ids));
  return g_hash_table_size (ids);
}

static void
test_every_code_has_a_row (void)
{
  guint n_codes;
  const GstRtcErrorInfo *table = gst_rtc_error_get_table (&n_codes);
  guint n_rows = check_code (0, NULL);
  guint n_all = 0;

  g_assert_cmpuint (22, ==, n_codes);
  for (guint i = 0; i < n_codes; i++)
    n_rows += check_code ((gint)table[i].code, &table[i]);
  /* None is of a code that does not exist. */
  for (guint p = 0; p < G_N_ELEMENTS (parts); p++)
    n_all += parts[p]->n_rows;
  g_assert_cmpuint (n_rows, ==, n_all);
  g_assert_cmpuint (60, <=, n_all);
  g_test_message ("%u rows", n_all);
}

static void
add_part (const MatrixPart *part)
{
  for (guint i = 0; i < part->n_rows; i++) {
    const MatrixRow *row = &part->rows[i];
    g_autofree gchar *path =
        g_strdup_printf ("/code-matrix/%d/%s", row->code, row->id);

    g_test_add_data_func (path, row, matrix_run);
  }
}

int
main (int argc, char **argv)
{
  const gchar *only;

  if (argc > 1 && g_str_equal (argv[1], "--print")) {
    print_table ();
    return 0;
  }
  only = argc > 1 ? argv[1] : NULL;
  if (g_strcmp0 (only, matrix_janus.name) == 0 &&
      !janus_server_is_available ()) {
    g_print ("1..0 # SKIP janus is not installed\n");
    return 0;
  }
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  check_register ();

  only = argc > 1 ? argv[1] : NULL;
  g_test_add_func ("/code-matrix/complete", test_every_code_has_a_row);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    if (!only || g_str_equal (only, parts[i]->name))
      add_part (parts[i]);
  }
  return g_test_run ();
}
