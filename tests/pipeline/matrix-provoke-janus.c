/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes the conditions of the code matrix at a Janus. On the thread of
 * the test. */

#include "janus-admin.h"
#include "matrix-provoke.h"

#define ROOM "\"" MATRIX_ROOM "\""
#define PLUGIN "janus.plugin.videoroom"

static JanusAdmin *
get_admin (Matrix *self)
{
  if (!self->admin)
    self->admin = janus_admin_new (
        janus_server_get_url (self->janus), self->row->janus->api_secret);
  return self->admin;
}

void
matrix_stop_janus (Matrix *self)
{
  rtc_pipeline_free (self->bob);
  g_clear_pointer (&self->admin, janus_admin_free);
  janus_server_free (self->janus);
}

/* --- before the call --- */

/* Our user, elsewhere. */
void
prepare_janus_alice_there (Matrix *self)
{
  gst_rtc_json_unref (janus_admin_request (get_admin (self),
      "\"request\":\"join\",\"ptype\":\"publisher\",\"room\":" ROOM
      ",\"id\":\"" MATRIX_USER "\""));
}

void
prepare_janus_bob_publishes (Matrix *self)
{
  self->bob = rtc_pipeline_new (
      "rtcsink name=sink server-url=%s room-id=" MATRIX_ROOM
      " user-id=bob " CHECK_LOCAL " videotestsrc is-live=true ! "
      "video/x-raw,format=I420,width=64,height=64,framerate=10/1 ! "
      "sink.video_0",
      matrix_get_url (self));
  rtc_pipeline_play (self->bob);
  rtc_test_wait (self->fixture.context,
      janus_admin_count_publishers (get_admin (self), ROOM) == 1);
}

/* It takes connections and says nothing. */
void
prepare_janus_halts (Matrix *self)
{
  janus_server_halt (self->janus);
}

void
prepare_janus_is_gone (Matrix *self)
{
  janus_server_kill (self->janus);
}

/* Our room server speaks another protocol. */
void
prepare_janus_is_none (Matrix *self)
{
  const gchar *url = gst_rtc_server_get_url (self->fixture.server);
  g_autofree gchar *other =
      g_strconcat ("janus+ws", strchr (url, ':'), "/ws", NULL);

  g_object_set (matrix_get_element (self), "server-url", other, NULL);
}

/* The good one is made of the secret of the row's Janus. */
static void
set_api_token (
    Matrix *self, const gchar *secret, const gchar *descriptor, gint seconds)
{
  g_autofree gchar *token =
      janus_server_make_token (secret, "janus", descriptor, seconds);

  g_object_set (matrix_get_element (self), "api-token", token, NULL);
}

void
prepare_janus_token (Matrix *self)
{
  set_api_token (self, self->row->janus->token_secret, PLUGIN, 60);
}

void
prepare_janus_token_expired (Matrix *self)
{
  set_api_token (self, self->row->janus->token_secret, PLUGIN, -60);
}

void
prepare_janus_token_tampered (Matrix *self)
{
  set_api_token (self, "another", PLUGIN, 60);
}

void
prepare_janus_token_other_plugin (Matrix *self)
{
  set_api_token (
      self, self->row->janus->token_secret, "janus.plugin.echotest", 60);
}

static void
set_room_token (Matrix *self, const gchar *descriptor)
{
  g_autofree gchar *token = janus_server_make_token (
      self->row->janus->token_secret, PLUGIN, descriptor, 60);

  prepare_janus_token (self);
  g_object_set (matrix_get_element (self), "token", token, NULL);
}

void
prepare_janus_room_token (Matrix *self)
{
  set_room_token (self, "room=" MATRIX_ROOM);
}

void
prepare_janus_token_other_room (Matrix *self)
{
  set_room_token (self, "room=elsewhere");
}

/* --- after the call, or instead --- */

void
provoke_janus_kick (Matrix *self)
{
  janus_admin_kick (get_admin (self), ROOM, "\"" MATRIX_USER "\"", NULL);
}

void
provoke_janus_killed (Matrix *self)
{
  janus_server_kill (self->janus);
}

/* --- when the failure has been told --- */

void
finish_janus_goes_on (Matrix *self)
{
  janus_server_go_on (self->janus);
}

void
finish_janus_alice_leaves (Matrix *self)
{
  g_clear_pointer (&self->admin, janus_admin_free);
}

void
finish_janus_bob_stops (Matrix *self)
{
  g_clear_pointer (&self->bob, rtc_pipeline_free);
  rtc_test_wait (self->fixture.context,
      janus_admin_count_publishers (get_admin (self), ROOM) == 0);
}

void
finish_janus_is_back (Matrix *self)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->admin, janus_admin_free);
  janus_server_restart (self->janus, &error);
  g_assert_no_error (error);
}

void
finish_janus_good_url (Matrix *self)
{
  g_object_set (
      matrix_get_element (self), "server-url", matrix_get_url (self), NULL);
}

void
finish_janus_good_pin (Matrix *self)
{
  g_object_set (
      matrix_get_element (self), "room-pin", self->row->janus->pin, NULL);
}

void
finish_janus_good_secret (Matrix *self)
{
  g_object_set (matrix_get_element (self), "api-secret",
      self->row->janus->api_secret, NULL);
}

void
finish_janus_create_room (Matrix *self)
{
  g_object_set (matrix_get_element (self), "create-room", TRUE, NULL);
}
