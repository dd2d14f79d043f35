/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks JSON text against RFC 8259 and our bounds without building
 * anything. Any thread.
 *
 * json-glib 1.6 recurses without a limit, takes single quotes and `var x =`,
 * lets the last of two equal members win and wraps large integers, so it is
 * shown only what has passed here. */
#include "rtcjsonscan.h"

#include <math.h>
#include <string.h>

typedef enum
{
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END, /* after [ */
  EXPECT_NAME,
  EXPECT_NAME_OR_END, /* after { */
  EXPECT_COMMA_OR_END,
  EXPECT_NOTHING
} Expect;

typedef struct
{
  GHashTable *names; /* NULL for an array */
} Level;

typedef struct
{
  const gchar *start;
  const gchar *at;
  const gchar *end;
  Expect expect;
  Level *levels;
  guint depth;
  guint max_depth;
  guint values_left;
  const gchar *fault;
} Scanner;

static gboolean
fail (Scanner *scanner, const gchar *fault)
{
  scanner->fault = fault;
  return FALSE;
}

static void
skip_space (Scanner *scanner)
{
  while (scanner->at < scanner->end && *scanner->at &&
         strchr (" \t\r\n", *scanner->at))
    scanner->at++;
}

static gboolean
at_digit (const Scanner *scanner)
{
  return scanner->at < scanner->end && g_ascii_isdigit (*scanner->at);
}

static gboolean
take_char (Scanner *scanner, gchar c)
{
  if (scanner->at >= scanner->end || *scanner->at != c)
    return FALSE;
  scanner->at++;
  return TRUE;
}

static gboolean
take_word (Scanner *scanner, const gchar *word)
{
  gsize length = strlen (word);

  if ((gsize)(scanner->end - scanner->at) < length ||
      memcmp (scanner->at, word, length) != 0)
    return fail (scanner, "not a JSON value");
  scanner->at += length;
  scanner->expect = EXPECT_COMMA_OR_END;
  return TRUE;
}

/* Whether the integer from @start to @at fits 64 bits with a sign. */
static gboolean
check_integer (Scanner *scanner, const gchar *start)
{
  gchar copy[24];
  gsize length = scanner->at - start;

  if (length >= sizeof (copy))
    return fail (scanner, "integer outside 64 bits");
  memcpy (copy, start, length);
  copy[length] = '\0';
  if (!g_ascii_string_to_signed (copy, 10, G_MININT64, G_MAXINT64, NULL, NULL))
    return fail (scanner, "integer outside 64 bits");
  return TRUE;
}

static gboolean
check_double (Scanner *scanner, const gchar *start)
{
  g_autofree gchar *copy = g_strndup (start, scanner->at - start);

  if (!isfinite (g_ascii_strtod (copy, NULL)))
    return fail (scanner, "number that is not finite");
  return TRUE;
}

static gboolean
scan_digits (Scanner *scanner)
{
  if (!at_digit (scanner))
    return fail (scanner, "number without a digit");
  while (at_digit (scanner))
    scanner->at++;
  return TRUE;
}

static gboolean
scan_number (Scanner *scanner)
{
  const gchar *start = scanner->at;
  gboolean integer = TRUE;

  take_char (scanner, '-');
  if (!take_char (scanner, '0') && !scan_digits (scanner))
    return FALSE;
  if (at_digit (scanner))
    return fail (scanner, "number with a leading zero");

  if (take_char (scanner, '.')) {
    integer = FALSE;
    if (!scan_digits (scanner))
      return FALSE;
  }
  if (take_char (scanner, 'e') || take_char (scanner, 'E')) {
    integer = FALSE;
    if (!take_char (scanner, '+'))
      take_char (scanner, '-');
    if (!scan_digits (scanner))
      return FALSE;
  }
  scanner->expect = EXPECT_COMMA_OR_END;
  return integer ? check_integer (scanner, start)
                 : check_double (scanner, start);
}

static gboolean
scan_hex (Scanner *scanner, gunichar *value)
{
  *value = 0;
  for (guint i = 0; i < 4; i++) {
    if (scanner->at >= scanner->end || !g_ascii_isxdigit (*scanner->at))
      return fail (scanner, "\\u without four hexadecimal digits");
    *value = *value * 16 + (gunichar)g_ascii_xdigit_value (*scanner->at++);
  }
  return TRUE;
}

/* What follows a \u; pairs of surrogates make one character. */
static gboolean
scan_unicode_escape (Scanner *scanner, GString *decoded)
{
  gunichar value;
  gunichar low;

  if (!scan_hex (scanner, &value))
    return FALSE;
  if (value == 0)
    return fail (scanner, "\\u0000 in a string");
  if (value >= 0xdc00 && value <= 0xdfff)
    return fail (scanner, "lone surrogate in a string");
  if (value >= 0xd800 && value <= 0xdbff) {
    if (!take_char (scanner, '\\') || !take_char (scanner, 'u'))
      return fail (scanner, "lone surrogate in a string");
    if (!scan_hex (scanner, &low))
      return FALSE;
    if (low < 0xdc00 || low > 0xdfff)
      return fail (scanner, "lone surrogate in a string");
    value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
  }
  if (decoded)
    g_string_append_unichar (decoded, value);
  return TRUE;
}

static gboolean
scan_escape (Scanner *scanner, GString *decoded)
{
  static const gchar names[] = "\"\\/bfnrt";
  static const gchar values[] = "\"\\/\b\f\n\r\t";
  const gchar *found;

  if (take_char (scanner, 'u'))
    return scan_unicode_escape (scanner, decoded);
  if (scanner->at >= scanner->end || *scanner->at == '\0')
    return fail (scanner, "unfinished string");
  found = strchr (names, *scanner->at++);
  if (!found)
    return fail (scanner, "unknown escape in a string");
  if (decoded)
    g_string_append_c (decoded, values[found - names]);
  return TRUE;
}

/* A string whose opening quote comes next; @decoded (nullable) receives it. */
static gboolean
scan_string (Scanner *scanner, GString *decoded)
{
  take_char (scanner, '"');
  while (scanner->at < scanner->end) {
    gchar c = *scanner->at++;

    if (c == '"')
      return TRUE;
    if ((guchar)c < 0x20)
      return fail (scanner, "control character in a string");
    if (c == '\\') {
      if (!scan_escape (scanner, decoded))
        return FALSE;
    } else if (decoded) {
      g_string_append_c (decoded, c);
    }
  }
  return fail (scanner, "unfinished string");
}

static gboolean
scan_name (Scanner *scanner)
{
  GHashTable *names = scanner->levels[scanner->depth - 1].names;
  GString *name;

  if (*scanner->at != '"')
    return fail (scanner, "member without a name");
  name = g_string_new (NULL);
  if (!scan_string (scanner, name)) {
    g_string_free (name, TRUE);
    return FALSE;
  }
  if (!g_hash_table_add (names, g_string_free (name, FALSE)))
    return fail (scanner, "member named twice");
  if (g_hash_table_size (names) > GST_RTC_JSON_MAX_MEMBERS)
    return fail (scanner, "too many members");
  skip_space (scanner);
  if (!take_char (scanner, ':'))
    return fail (scanner, "name without a colon");
  scanner->expect = EXPECT_VALUE;
  return TRUE;
}

static gboolean
open_level (Scanner *scanner, gboolean is_object)
{
  if (scanner->depth == scanner->max_depth)
    return fail (scanner, "nested too deeply");
  scanner->at++;
  scanner->levels[scanner->depth++].names =
      is_object ? g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL)
                : NULL;
  scanner->expect = is_object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
  return TRUE;
}

static gboolean
close_level (Scanner *scanner)
{
  Level *level = &scanner->levels[scanner->depth - 1];
  gchar closing = level->names ? '}' : ']';

  if (!take_char (scanner, closing))
    return fail (scanner, "comma or closing bracket missing");
  g_clear_pointer (&level->names, g_hash_table_unref);
  scanner->depth--;
  scanner->expect = scanner->depth ? EXPECT_COMMA_OR_END : EXPECT_NOTHING;
  return TRUE;
}

static gboolean
scan_value (Scanner *scanner)
{
  gchar c = *scanner->at;

  if (scanner->values_left-- == 0)
    return fail (scanner, "too many values");
  if (c == '{' || c == '[')
    return open_level (scanner, c == '{');
  if (c == '"') {
    scanner->expect = EXPECT_COMMA_OR_END;
    return scan_string (scanner, NULL);
  }
  if (c == '-' || g_ascii_isdigit (c))
    return scan_number (scanner);
  if (c == 't')
    return take_word (scanner, "true");
  if (c == 'f')
    return take_word (scanner, "false");
  return take_word (scanner, "null");
}

static gboolean
scan_step (Scanner *scanner)
{
  switch (scanner->expect) {
    case EXPECT_VALUE:
      return scan_value (scanner);
    case EXPECT_VALUE_OR_END:
      return *scanner->at == ']' ? close_level (scanner) : scan_value (scanner);
    case EXPECT_NAME:
      return scan_name (scanner);
    case EXPECT_NAME_OR_END:
      return *scanner->at == '}' ? close_level (scanner) : scan_name (scanner);
    case EXPECT_COMMA_OR_END:
      if (!take_char (scanner, ','))
        return close_level (scanner);
      scanner->expect = scanner->levels[scanner->depth - 1].names
                            ? EXPECT_NAME
                            : EXPECT_VALUE;
      return TRUE;
    case EXPECT_NOTHING:
    default:
      return fail (scanner, "text after the object");
  }
}

static gboolean
scan_text (Scanner *scanner)
{
  skip_space (scanner);
  if (scanner->at == scanner->end || *scanner->at != '{')
    return fail (scanner, "not an object");
  while (scanner->at < scanner->end) {
    if (!scan_step (scanner))
      return FALSE;
    skip_space (scanner);
  }
  if (scanner->expect != EXPECT_NOTHING)
    return fail (scanner, "unfinished text");
  return TRUE;
}

gboolean
gst_rtc_json_scan (const gchar *text, gsize length, gsize max_bytes,
    guint max_depth, guint max_values, const gchar **fault, gsize *offset)
{
  g_autofree Level *levels = NULL;
  Scanner scanner = {.expect = EXPECT_VALUE,
      .max_depth = max_depth,
      .values_left = max_values};
  gboolean good;

  if (length == 0)
    text = ""; /* an empty frame may come as NULL */
  scanner.start = scanner.at = text;
  scanner.end = text + length;
  if (length > max_bytes) {
    good = fail (&scanner, "too long");
  } else if (!g_utf8_validate_len (text, length, &scanner.at)) {
    good = fail (&scanner, "not valid UTF-8");
  } else {
    scanner.at = text;
    scanner.levels = levels = g_new0 (Level, max_depth);
    good = scan_text (&scanner);
  }

  while (scanner.depth > 0) {
    Level *level = &levels[--scanner.depth];

    g_clear_pointer (&level->names, g_hash_table_unref);
  }
  *fault = scanner.fault;
  *offset = scanner.at - scanner.start;
  return good;
}
