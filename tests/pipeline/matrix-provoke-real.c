/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes the conditions of the code matrix, with the real server and
 * other users in the room. On the thread of the test. */
#include "matrix-provoke.h"

static void
wait_for_fact (Matrix *self, const gchar *name)
{
  rtc_test_wait (self->fixture.context,
      rtc_pipeline_find (self->pipeline, GST_MESSAGE_ELEMENT, name) != NULL);
}

/* --- settings --- */

void
configure_nothing (GstRtcServerSettings *settings)
{
}

void
configure_key (GstRtcServerSettings *settings)
{
  settings->app_key = MATRIX_KEY;
}

/* By an authority that nobody has been told to trust. */
void
configure_tls (GstRtcServerSettings *settings)
{
  settings->listen = "https://127.0.0.1:0";
  settings->tls_cert = MATRIX_VECTORS "/tls/cert.pem";
  settings->tls_key = MATRIX_VECTORS "/tls/key.pem";
}

void
configure_other_app (GstRtcServerSettings *settings)
{
  settings->app_id = "somebody-else";
}

void
configure_one_user (GstRtcServerSettings *settings)
{
  settings->max_visible_users = 1;
  settings->max_invisible_users = 1;
}

void
configure_one_room (GstRtcServerSettings *settings)
{
  settings->max_rooms = 1;
}

void
configure_one_stream (GstRtcServerSettings *settings)
{
  settings->max_streams = 1;
}

void
configure_one_subscription (GstRtcServerSettings *settings)
{
  settings->max_subscriptions = 1;
}

/* --- others in the room --- */

void
prepare_bob_there (Matrix *self)
{
  matrix_add_guest (self, "bob", TRUE, FALSE);
}

void
prepare_ghost_there (Matrix *self)
{
  matrix_add_guest (self, "ghost", FALSE, FALSE);
}

void
prepare_bob_publishes (Matrix *self)
{
  matrix_add_guest (self, "bob", TRUE, TRUE);
  if (!self->row->automatic)
    wait_for_fact (self, "rtc-stream-added");
}

void
prepare_one_subscription (Matrix *self)
{
  const MatrixCall call = {"subscribe", "bob", NULL};

  prepare_bob_publishes (self);
  rtc_pipeline_forget (self->pipeline);
  matrix_add_guest (self, "carol", TRUE, TRUE);
  wait_for_fact (self, "rtc-stream-added");
  matrix_call (self, &call, 0);
}

void
provoke_same_user (Matrix *self)
{
  matrix_add_guest (self, MATRIX_USER, TRUE, FALSE);
}

void
finish_guests_leave (Matrix *self)
{
  matrix_remove_guests (self);
}

/* --- tokens --- */

void
finish_was_warned (Matrix *self)
{
  g_assert_nonnull (rtc_pipeline_find (
      self->pipeline, GST_MESSAGE_ELEMENT, "rtc-token-will-expire"));
}

void
provoke_renewal (Matrix *self)
{
  const MatrixCall call = {"renew-token", "@GOOD@", NULL};

  wait_for_fact (self, "rtc-token-will-expire");
  matrix_call (self, &call, 0);
}

/* The first one ends a second after it was made. */
void
finish_outlive_token (Matrix *self)
{
  check_let_pass (&self->fixture, 2500);
  g_assert_true (check_is_connected (self->pipeline));
}

/* --- the end of the server --- */

void
provoke_server_stops (Matrix *self)
{
  gst_rtc_server_stop (self->real);
}
