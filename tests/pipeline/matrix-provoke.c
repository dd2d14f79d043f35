/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes the conditions of the code matrix, with the scripted server. On
 * the thread of the test. */
#include "matrix-provoke.h"

#include <gst/app/gstappsrc.h>

#define GOOD_CONFIG "{\"websocketUrls\":[\"@URL@\"]}"
#define OPEN_VIEWER(session, user)                                             \
  "{\"type\":\"session-opened\",\"session\":\"" session "\",\"user\":\"" user  \
  "\"}"

static ScriptedServer *
get_server (Matrix *self)
{
  return self->fixture.scripted;
}

static void
wait_for_fact (Matrix *self, const gchar *name)
{
  rtc_test_wait (self->fixture.context,
      rtc_pipeline_find (self->pipeline, GST_MESSAGE_ELEMENT, name) != NULL);
}

static void
wait_for_requests (Matrix *self, GstRtcMessageType type, guint n)
{
  rtc_test_wait (self->fixture.context,
      scripted_server_count (get_server (self), type) >= n);
}

/* Until that of the call of the row has come. */
static void
wait_for_call (Matrix *self)
{
  wait_for_requests (
      self, matrix_get_request (self->row->call.action), self->n_requests + 1);
}

static void
wait_for_config (Matrix *self)
{
  rtc_test_wait (self->fixture.context,
      scripted_server_get_n_configs (get_server (self)) > self->n_configs);
}

static void
leave (Matrix *self)
{
  const MatrixCall call = {"leave", NULL, NULL};

  matrix_call (self, &call, 0);
}

/* The next request of @type is not that of the script. */
static void
allow_next (Matrix *self, GstRtcMessageType type)
{
  scripted_server_add (get_server (self), (ScriptedRow){.type = type});
}

static void
set_url (Matrix *self, const gchar *scheme, guint port)
{
  g_autofree gchar *url = g_strdup_printf ("%s://127.0.0.1:%u", scheme, port);

  g_object_set (matrix_get_element (self), "server-url", url, NULL);
}

/* The configuration names the raw server only. */
static void
name_raw_server (Matrix *self, const gchar *reply)
{
  g_autofree gchar *url = NULL;
  g_autofree gchar *body = NULL;

  self->raw = raw_server_new (reply, FALSE);
  url = raw_server_dup_url (self->raw, "ws");
  body = g_strdup_printf ("{\"websocketUrls\":[\"%s/\"]}", url);
  scripted_server_set_config (get_server (self), 200, body);
}

/* --- before the call --- */

void
prepare_join (Matrix *self)
{
  const MatrixCall call = {"join", NULL, NULL};

  matrix_call (self, &call, 0);
}

void
prepare_unpublish (Matrix *self)
{
  const MatrixCall call = {"unpublish", NULL, NULL};

  matrix_call (self, &call, 0);
}

void
prepare_muted_local (Matrix *self)
{
  const MatrixCall call = {"mute-local", NULL, "video=true"};

  allow_next (self, GST_RTC_MESSAGE_MUTE_LOCAL);
  matrix_call (self, &call, 0);
}

void
prepare_muted_remote (Matrix *self)
{
  const MatrixCall call = {"mute-remote", "bob", "video=true"};

  allow_next (self, GST_RTC_MESSAGE_MUTE_REMOTE);
  matrix_call (self, &call, 0);
}

void
prepare_many_requests (Matrix *self)
{
  const MatrixCall pause = {"mute-remote", "bob", "video=true"};

  scripted_server_add (
      get_server (self), (ScriptedRow){.type = GST_RTC_MESSAGE_MUTE_REMOTE,
                             .act = SCRIPTED_SILENT,
                             .always = TRUE});
  for (guint i = 0; i < GST_RTC_MAX_PENDING_REQUESTS; i++) {
    answer_free (matrix_emit (self, &pause));
  }
  wait_for_requests (
      self, GST_RTC_MESSAGE_MUTE_REMOTE, GST_RTC_MAX_PENDING_REQUESTS);
}

void
prepare_bob_leaves (Matrix *self)
{
  scripted_server_send (
      get_server (self), "{\"type\":\"peer-leave\",\"user\":\"bob\"}");
  wait_for_fact (self, "rtc-peer-leave");
}

void
prepare_bob_unpublishes (Matrix *self)
{
  scripted_server_send (
      get_server (self), "{\"type\":\"stream-removed\",\"user\":\"bob\"}");
  wait_for_fact (self, "rtc-stream-removed");
}

void
prepare_stalled_config (Matrix *self)
{
  scripted_server_set_config_stalled (get_server (self), TRUE);
}

void
prepare_dead_url (Matrix *self)
{
  set_url (self, "http", self->dead_port);
}

void
prepare_dead_websocket (Matrix *self)
{
  set_url (self, "ws", self->dead_port);
}

void
prepare_websocket (Matrix *self)
{
  g_object_set (matrix_get_element (self), "server-url",
      scripted_server_get_websocket_url (get_server (self)), NULL);
}

void
prepare_cut_url (Matrix *self)
{
  self->raw = raw_server_new ("", FALSE);
  set_url (self, "http", raw_server_get_port (self->raw));
}

void
prepare_plain_address (Matrix *self)
{
  name_raw_server (self, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

void
prepare_foreign_protocol (Matrix *self)
{
  name_raw_server (self, RAW_UPGRADE "Sec-WebSocket-Protocol: other\r\n\r\n");
}

/* --- until the pending call is on its way --- */

void
ready_config_seen (Matrix *self)
{
  rtc_test_wait (self->fixture.context,
      scripted_server_get_n_configs (get_server (self)) == 1);
}

void
ready_handshake_seen (Matrix *self)
{
  rtc_test_wait (
      self->fixture.context, raw_server_get_request (self->raw) != NULL);
}

void
ready_join_seen (Matrix *self)
{
  wait_for_requests (self, GST_RTC_MESSAGE_JOIN, 1);
}

void
ready_leave_seen (Matrix *self)
{
  wait_for_requests (self, GST_RTC_MESSAGE_LEAVE, 1);
}

void
ready_publish_seen (Matrix *self)
{
  wait_for_requests (self, GST_RTC_MESSAGE_PUBLISH, 1);
}

void
ready_unpublish_seen (Matrix *self)
{
  wait_for_requests (self, GST_RTC_MESSAGE_UNPUBLISH, 1);
}

/* --- after the call, or instead --- */

void
provoke_leave_when_seen (Matrix *self)
{
  wait_for_call (self);
  leave (self);
}

void
provoke_leave_after_config (Matrix *self)
{
  wait_for_config (self);
  leave (self);
}

void
provoke_leave_in_handshake (Matrix *self)
{
  ready_handshake_seen (self);
  leave (self);
}

void
provoke_bad_offer (Matrix *self)
{
  wait_for_call (self);
  scripted_server_send (get_server (self),
      "{\"type\":\"offer\",\"session\":\"session-1\",\"sdp\":\"garbage\"}");
}

void
provoke_session_closed (Matrix *self)
{
  wait_for_call (self);
  scripted_server_send (get_server (self),
      "{\"type\":\"session-closed\",\"session\":\"session-1\","
      "\"reason\":\"no connection\",\"code\":300001}");
}

void
provoke_viewer (Matrix *self)
{
  scripted_server_send (get_server (self), OPEN_VIEWER ("one", "bob"));
}

void
provoke_two_viewers (Matrix *self)
{
  provoke_viewer (self);
  scripted_server_send (get_server (self), OPEN_VIEWER ("two", "carol"));
}

void
provoke_bad_answer (Matrix *self)
{
  provoke_viewer (self);
  wait_for_requests (self, GST_RTC_MESSAGE_OFFER, 1);
  scripted_server_send (get_server (self),
      "{\"type\":\"answer\",\"session\":\"one\",\"sdp\":\"garbage\"}");
}

void
provoke_close_1000 (Matrix *self)
{
  scripted_server_close (get_server (self), 1000, "bye");
}

void
provoke_close_1011 (Matrix *self)
{
  scripted_server_close (get_server (self), 1011, "a fault");
}

void
provoke_reset (Matrix *self)
{
  scripted_server_reset (get_server (self));
}

void
provoke_tcp_reset (Matrix *self)
{
  scripted_server_reset_tcp (get_server (self));
}

void
provoke_garbage (Matrix *self)
{
  scripted_server_send (get_server (self), "garbage");
}

void
provoke_wrong_way (Matrix *self)
{
  scripted_server_send (get_server (self), "{\"type\":\"leave\",\"id\":7}");
}

void
provoke_binary (Matrix *self)
{
  scripted_server_send_binary (get_server (self));
}

/* A text frame with a reserved bit set (RFC 6455, section 5.2). */
void
provoke_bad_frame (Matrix *self)
{
  scripted_server_send_bytes (get_server (self), "\xf1\x02{}", 4);
}

/* --- when the failure has been told --- */

void
finish_in_first_room (Matrix *self)
{
  GstMessage *message =
      rtc_pipeline_find (self->pipeline, GST_MESSAGE_WARNING, NULL);
  const GstStructure *details;
  g_autofree gchar *user_id = NULL;

  gst_message_parse_warning_details (message, &details);
  g_assert_cmpstr (MATRIX_ROOM, ==,
      gst_structure_get_string (details, GST_RTC_DETAIL_ROOM_ID));
}

void
finish_first_app (Matrix *self)
{
  GstRtcMessage *message;

  prepare_join (self);
  message = scripted_server_get_last (get_server (self), GST_RTC_MESSAGE_JOIN);
  g_assert_cmpstr ("default", ==, gst_rtc_message_get_fields (message)->app);
}

void
finish_release_config (Matrix *self)
{
  scripted_server_release_config (get_server (self));
}

void
finish_good_config (Matrix *self)
{
  scripted_server_set_config_stalled (get_server (self), FALSE);
  scripted_server_set_config (get_server (self), 200, GOOD_CONFIG);
}

void
finish_good_url (Matrix *self)
{
  g_object_set (matrix_get_element (self), "server-url",
      scripted_server_get_url (get_server (self)), NULL);
}

void
finish_bob_returns (Matrix *self)
{
  rtc_pipeline_forget (self->pipeline);
  scripted_server_send (
      get_server (self), "{\"type\":\"peer-online\",\"user\":\"bob\"}");
  scripted_server_send (get_server (self),
      "{\"type\":\"stream-added\",\"user\":\"bob\",\"videoCodec\":\"VP8\"}");
  wait_for_fact (self, "rtc-stream-added");
}

void
finish_socket_closed (Matrix *self)
{
  rtc_test_wait (self->fixture.context,
      scripted_server_get_close_code (get_server (self)) == 1000);
}

/* What the server may have accepted too late does not stay there. */
void
finish_publish_undone (Matrix *self)
{
  wait_for_requests (self, GST_RTC_MESSAGE_UNPUBLISH, 1);
}

void
finish_after_late_answer (Matrix *self)
{
  check_let_pass (&self->fixture, 900);
  matrix_barrier (self);
  g_assert_cmpuint (
      1, ==, rtc_pipeline_count (self->pipeline, GST_MESSAGE_WARNING, NULL));
  g_assert_cmpuint (
      0, ==, rtc_pipeline_count (self->pipeline, GST_MESSAGE_ERROR, NULL));
}

/* Leaving answers all that is pending. */
void
finish_many_requests (Matrix *self)
{
  const MatrixCall subscribe = {"subscribe", "bob", NULL};

  leave (self);
  prepare_join (self);
  matrix_call (self, &subscribe, 0);
  allow_next (self, GST_RTC_MESSAGE_MUTE_REMOTE);
}

void
finish_push_picture (Matrix *self)
{
  GstElement *source = rtc_pipeline_get (self->pipeline, "late");
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 64 * 64 * 3 / 2, NULL);

  gst_util_set_object_arg (G_OBJECT (source), "caps",
      "video/x-raw,format=I420,width=64,height=64,framerate=10/1");
  gst_buffer_memset (buffer, 0, 128, gst_buffer_get_size (buffer));
  GST_BUFFER_PTS (buffer) = 0;
  g_assert_cmpint (
      GST_FLOW_OK, ==, gst_app_src_push_buffer (GST_APP_SRC (source), buffer));
}

/* A picture source at a pad that is requested now. */
static void
add_pictures (Matrix *self)
{
  g_autoptr (GError) error = NULL;
  GstElement *source = gst_parse_bin_from_description (
      "videotestsrc is-live=true ! capsfilter caps="
      "video/x-raw,format=I420,width=64,height=64,framerate=10/1",
      TRUE, &error);

  g_assert_no_error (error);
  gst_bin_add (GST_BIN (self->pipeline->pipeline), source);
  g_assert_true (gst_element_link (source, matrix_get_element (self)));
  gst_element_sync_state_with_parent (source);
}

void
finish_add_pictures (Matrix *self)
{
  add_pictures (self);
}

void
prepare_no_encoder (Matrix *self)
{
  check_hide_element ("rtpav1pay");
}

/* Codecs are read when a pad is requested. */
void
finish_new_pad (Matrix *self)
{
  GstElement *rtc = matrix_get_element (self);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (rtc, "video_0");
  g_autoptr (GstPad) peer = gst_pad_get_peer (pad);
  g_autoptr (GstElement) source = gst_pad_get_parent_element (peer);

  leave (self);
  rtc_test_wait (
      self->fixture.context, !scripted_server_is_connected (get_server (self)));
  rtc_pipeline_stop (self->pipeline);
  gst_pad_unlink (peer, pad);
  gst_element_release_request_pad (rtc, pad);
  gst_util_set_object_arg (G_OBJECT (rtc), "video-codecs", "<VP8>");
  g_assert_true (gst_element_link (source, rtc));
}
