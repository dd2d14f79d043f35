/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a row of the code matrix expects: its messages, and what the server
 * saw. On the thread of the test. */
#include "matrix.h"

#include <string.h>

static const gchar *
get_operation (const MatrixRow *row)
{
  return row->operation ? row->operation : row->call.action;
}

/* --- messages --- */

static gboolean
is_failure (GstMessage *message)
{
  return (GST_MESSAGE_TYPE (message) &
             (GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)) != 0;
}

static guint
count_failures (Matrix *self)
{
  guint count = 0;

  for (guint i = 0; i < self->pipeline->messages->len; i++)
    count += is_failure (g_ptr_array_index (self->pipeline->messages, i));
  return count;
}

static const GstStructure *
get_details (GstMessage *message)
{
  const GstStructure *details = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error_details (message, &details);
  else
    gst_message_parse_warning_details (message, &details);
  return details;
}

static const gchar *
get_text (const GstStructure *details, const gchar *field)
{
  const gchar *text =
      details ? gst_structure_get_string (details, field) : NULL;

  return text ? text : "";
}

static void
print_failures (Matrix *self)
{
  for (guint i = 0; i < self->pipeline->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (self->pipeline->messages, i);
    g_autofree gchar *text = NULL;

    if (!is_failure (message))
      continue;
    text = gst_structure_to_string (gst_message_get_structure (message));
    g_test_message ("%s: %s", GST_MESSAGE_TYPE_NAME (message), text);
  }
}

static gboolean
is_of_barrier (GstMessage *message)
{
  const GstStructure *details;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_WARNING)
    return FALSE;
  details = get_details (message);
  return g_str_equal (
      "renew-token", get_text (details, GST_RTC_DETAIL_OPERATION));
}

static guint
count_barriers (Matrix *self, guint *last)
{
  GPtrArray *messages = self->pipeline->messages;
  guint count = 0;

  for (guint i = 0; i < messages->len; i++) {
    if (!is_of_barrier (g_ptr_array_index (messages, i)))
      continue;
    *last = i;
    count++;
  }
  return count;
}

/* An empty token is refused on the worker, whatever the state, and told by
 * the notifier, behind all that was told before. Its message has to be waited
 * for: a bus may hold one back while another thread is posting. */
void
matrix_barrier (Matrix *self)
{
  const MatrixCall call = {"renew-token", "", NULL};
  guint last = 0;
  const guint before = count_barriers (self, &last);

  matrix_call (self, &call, 100001);
  rtc_test_wait (self->fixture.context, count_barriers (self, &last) > before);
  g_ptr_array_remove_index (self->pipeline->messages, last);
}

/* --- what the server saw --- */

static guint
count_requests (Matrix *self)
{
  const GstRtcMessageType type = matrix_get_request (get_operation (self->row));

  return type == GST_RTC_N_MESSAGES
             ? 0
             : scripted_server_count (self->fixture.scripted, type);
}

void
matrix_note_seen (Matrix *self)
{
  ScriptedServer *scripted = self->fixture.scripted;

  rtc_test_settle (self->fixture.context);
  self->n_seen = scripted_server_get_n_seen (scripted);
  self->n_configs = scripted_server_get_n_configs (scripted);
  self->n_requests = count_requests (self);
}

void
matrix_check_seen (Matrix *self)
{
  ScriptedServer *scripted = self->fixture.scripted;
  const guint n_seen = scripted_server_get_n_seen (scripted);
  const guint n_configs = scripted_server_get_n_configs (scripted);

  if (self->real || self->janus)
    return;
  switch (self->row->seen) {
    case SEEN_NOTHING:
      g_assert_cmpuint (self->n_seen, ==, n_seen);
      g_assert_cmpuint (self->n_configs, ==, n_configs);
      break;
    case SEEN_CONFIG:
      g_assert_cmpuint (self->n_seen, ==, n_seen);
      g_assert_cmpuint (self->n_configs, <, n_configs);
      break;
    case SEEN_REQUEST:
      g_assert_cmpuint (self->n_requests, <, count_requests (self));
      break;
    case SEEN_SESSION:
      break;
  }
}

/* --- the failure --- */

static gint
get_native_code (const GstStructure *details)
{
  gint code = 0;

  gst_structure_get_int (details, GST_RTC_DETAIL_NATIVE_CODE, &code);
  return code;
}

/* Which stream a call is about, "" for none. */
static const gchar *
get_stream (const MatrixCall *call)
{
  const gboolean about_stream = strstr (call->action, "publish") ||
                                strstr (call->action, "subscribe") ||
                                strstr (call->action, "mute");

  if (!about_stream)
    return "";
  return call->options && strstr (call->options, "screen=true") ? "screen"
                                                                : "camera";
}

/* The fields that say what a call was about. */
static void
check_subject (const MatrixRow *row, const GstStructure *details)
{
  const MatrixCall *call = &row->call;
  const gboolean names_user =
      call->action && (strstr (call->action, "subscribe") ||
                          g_str_equal (call->action, "mute-remote"));
  const gboolean has_room = row->stage >= AT_JOINED && row->stage != AT_NULL;

  if (has_room)
    g_assert_cmpstr (
        MATRIX_ROOM, ==, get_text (details, GST_RTC_DETAIL_ROOM_ID));
  if (!call->action || row->by == BY_MEDIA)
    return;
  g_assert_cmpstr (
      get_stream (call), ==, get_text (details, GST_RTC_DETAIL_STREAM));
  if (!names_user || !call->argument ||
      !g_utf8_validate (call->argument, -1, NULL))
    g_assert_cmpstr ("", ==, get_text (details, GST_RTC_DETAIL_USER_ID));
  else
    g_assert_cmpstr (
        call->argument, ==, get_text (details, GST_RTC_DETAIL_USER_ID));
}

void
matrix_check_details (const MatrixRow *row, const GstStructure *details)
{
  gboolean retryable = !row->retryable;

  check_details (details, row->code, get_operation (row));
  g_assert_cmpstr (row->symbol, ==, get_text (details, GST_RTC_DETAIL_SYMBOL));
  g_assert_true (gst_structure_get_boolean (
      details, GST_RTC_DETAIL_RETRYABLE, &retryable));
  g_assert_cmpint (row->retryable, ==, retryable);
  g_assert_cmpint (row->native_code, ==, get_native_code (details));
  check_subject (row, details);
  if (row->reason &&
      !strstr (get_text (details, GST_RTC_DETAIL_REASON), row->reason)) {
    g_test_message ("\"%s\" is not in \"%s\"", row->reason,
        get_text (details, GST_RTC_DETAIL_REASON));
    g_test_fail ();
  }
}

static GstMessage *
find_failure (Matrix *self, GstMessageType severity, const gchar *operation)
{
  for (guint i = 0; i < self->pipeline->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (self->pipeline->messages, i);

    if (GST_MESSAGE_TYPE (message) == severity &&
        g_str_equal (operation,
            get_text (get_details (message), GST_RTC_DETAIL_OPERATION)))
      return message;
  }
  return NULL;
}

static void
check_fact (Matrix *self, GstMessage *failure)
{
  GstMessage *fact;
  guint fact_at, failure_at;

  if (!self->row->fact)
    return;
  fact =
      rtc_pipeline_find (self->pipeline, GST_MESSAGE_ELEMENT, self->row->fact);
  g_assert_nonnull (fact);
  g_assert_true (g_ptr_array_find (self->pipeline->messages, fact, &fact_at));
  g_assert_true (
      g_ptr_array_find (self->pipeline->messages, failure, &failure_at));
  g_assert_cmpuint (fact_at, <, failure_at);
}

static void
check_socket_told (Matrix *self)
{
  GstMessage *message = find_failure (self, GST_MESSAGE_ERROR, "none");

  g_assert_nonnull (message);
  check_details (get_details (message), 500001, "none");
}

/* Exactly the messages that the row names have come. */
void
matrix_check_messages (Matrix *self)
{
  const MatrixRow *row = self->row;
  const guint expected =
      (row->code != 0 && row->severity != GST_MESSAGE_UNKNOWN) +
      (row->and_socket ? 1 : 0);
  GstMessage *message;

  rtc_test_wait (self->fixture.context, count_failures (self) >= expected);
  if (row->stage != AT_NULL)
    matrix_barrier (self);
  if (count_failures (self) != expected)
    print_failures (self);
  g_assert_cmpuint (expected, ==, count_failures (self));

  if (row->and_socket)
    check_socket_told (self);
  if (row->code == 0 || row->severity == GST_MESSAGE_UNKNOWN)
    return;
  message = find_failure (self, row->severity, get_operation (row));
  if (!message)
    print_failures (self);
  g_assert_nonnull (message);
  g_assert_true (
      GST_MESSAGE_SRC (message) == GST_OBJECT (matrix_get_element (self)));
  matrix_check_details (row, get_details (message));
  check_fact (self, message);
}

void
matrix_check_no_failure (Matrix *self)
{
  if (count_failures (self) > 0)
    print_failures (self);
  g_assert_cmpuint (0, ==, count_failures (self));
}
