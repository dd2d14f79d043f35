/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: every message of the room protocol, of both ends. */
#include <string.h>

#include "fuzz.h"
#include "rtcerror.h"
#include "rtcmessage.h"

static GstRtcMessage *
parse (const gchar *text, gsize length, guint *id)
{
  g_autoptr (GError) error = NULL;
  GstRtcMessage *message = gst_rtc_message_parse (text, length, id, &error);

  g_assert ((message == NULL) == (error != NULL));
  if (error)
    g_assert_error (error, GST_RTC_ERROR, GST_RTC_ERROR_INVALID_PARAMS);
  return message;
}

static gchar *
blot_out (const gchar *text)
{
  return text ? g_strnfill (strlen (text), '?') : NULL;
}

/* The line for the log stays the same whatever the secret fields hold. */
static void
check_description (const GstRtcMessage *message)
{
  GstRtcMessageFields fields = *gst_rtc_message_get_fields (message);
  g_autofree gchar *token = blot_out (fields.token);
  g_autofree gchar *secret = blot_out (fields.secret);
  g_autofree gchar *sdp = blot_out (fields.sdp);
  g_autofree gchar *candidate = blot_out (fields.candidate);
  g_autofree gchar *line = gst_rtc_message_describe (message);
  g_autofree gchar *blotted_line = NULL;
  g_autoptr (GstRtcMessage) blotted = NULL;

  fields.token = token;
  fields.secret = secret;
  fields.sdp = sdp;
  fields.candidate = candidate;
  blotted =
      gst_rtc_message_new (gst_rtc_message_get_type_id (message), &fields);
  blotted_line = gst_rtc_message_describe (blotted);
  g_assert_cmpstr (line, ==, blotted_line);
  g_assert (fuzz_is_one_line (line));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GstRtcMessage) message = NULL;
  g_autoptr (GstRtcMessage) again = NULL;
  g_autoptr (GstRtcMessage) copy = NULL;
  g_autofree gchar *text = NULL;
  g_autofree gchar *text_again = NULL;
  g_autofree gchar *copy_text = NULL;
  GstRtcMessageType type;
  guint id = 99;
  guint id_again = 99;

  fuzz_setup ();
  message = parse ((const gchar *)data, size, &id);
  if (!message)
    return 0;
  type = gst_rtc_message_get_type_id (message);
  if (gst_rtc_message_type_is_request (type))
    g_assert (id != 0 && id == gst_rtc_message_get_fields (message)->id);
  check_description (message);

  text = gst_rtc_message_to_text (message);
  /* A relay must not make a message longer than its receiver takes. */
  if (gst_rtc_message_type_is_from_client (type))
    g_assert (strlen (text) <= size);
  again = parse (text, strlen (text), &id_again);
  if (!again) {
    /* A roster whose defaults are written out can outgrow a message. */
    g_assert (strlen (text) > size);
    return 0;
  }
  g_assert (type == gst_rtc_message_get_type_id (again));
  text_again = gst_rtc_message_to_text (again);
  g_assert_cmpstr (text, ==, text_again);
  copy = gst_rtc_message_new (type, gst_rtc_message_get_fields (message));
  copy_text = gst_rtc_message_to_text (copy);
  g_assert_cmpstr (text, ==, copy_text);
  return 0;
}
