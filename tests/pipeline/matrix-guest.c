/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Other users and tokens for the rows of the code matrix that run against a
 * real server. On the thread of the test. */
#include "matrix.h"

#include "rtcroomclient.h"
#include "rtctoken.h"

#define OTHER_APP "fedcba9876543210fedcba98"

/* --- tokens --- */

gchar *
matrix_make_token (MatrixToken which, const gchar *user_id)
{
  const gint64 now = g_get_real_time () / G_TIME_SPAN_SECOND;
  const gboolean expired = which == TOKEN_EXPIRED;
  const gboolean soon = which == TOKEN_ENDS_SOON;
  const GstRtcToken token = {
      .app_id = (gchar *)(which == TOKEN_OTHER_APP ? OTHER_APP : MATRIX_APP),
      .room_id =
          (gchar *)(which == TOKEN_OTHER_ROOM ? "elsewhere" : MATRIX_ROOM),
      .user_id = (gchar *)(which == TOKEN_OTHER_USER ? "mallory" : user_id),
      .nonce = 1,
      .issued = (guint32)(now - 60),
      .expires = (guint32)(expired ? now - 30
                           : soon  ? now + 1
                                   : now + 3600),
      .publish = which != TOKEN_NO_PUBLISH,
      .subscribe = which != TOKEN_NO_SUBSCRIBE,
  };

  switch (which) {
    case TOKEN_NONE:
      return NULL;
    case TOKEN_GARBAGE:
      return g_strdup ("garbage");
    default:
      return gst_rtc_token_make (
          &token, which == TOKEN_TAMPERED ? "not the key" : MATRIX_KEY);
  }
}

/* --- guests --- */

struct _MatrixGuest
{
  Matrix *matrix;
  GstRtcRoomClient *client;
  guint n_answers;
  GError *error; /* of the last request */
  gboolean shut_down;
};

static void
on_answered (
    const GstRtcAnswer *answer, const GError *error, gpointer user_data)
{
  MatrixGuest *guest = user_data;

  guest->n_answers++;
  g_clear_error (&guest->error);
  guest->error = error ? g_error_copy (error) : NULL;
}

static void
on_shut_down (gpointer data, gpointer user_data)
{
  MatrixGuest *guest = data;

  guest->shut_down = TRUE;
}

static void
ask (MatrixGuest *guest, const GstRtcRequest *request)
{
  const guint before = guest->n_answers;

  gst_rtc_room_client_request (
      guest->client, request, on_answered, guest, NULL);
  rtc_test_wait (guest->matrix->fixture.context, guest->n_answers > before);
  g_assert_no_error (guest->error);
}

static void
join (MatrixGuest *guest, const gchar *user_id, gboolean visible)
{
  GstRtcConfigValues values = rtc_test_config_values (
      gst_rtc_server_get_url (guest->matrix->real), user_id);
  const GstRtcRequest init = {
      .operation = GST_RTC_OPERATION_INIT, .app_id = MATRIX_APP};
  GstRtcRequest request = {.operation = GST_RTC_OPERATION_JOIN};
  g_autoptr (GError) error = NULL;
  g_autoptr (GstRtcConfig) config = NULL;
  g_autofree gchar *token = NULL;

  if (guest->matrix->row->token != TOKEN_NONE)
    token = matrix_make_token (TOKEN_GOOD, user_id);
  values.token = token;
  values.app_id = MATRIX_APP;
  values.room_id = MATRIX_ROOM;
  values.visible = visible;
  config = gst_rtc_config_new (&values, &error);
  g_assert_no_error (error);
  request.config = config;
  ask (guest, &init);
  ask (guest, &request);
}

void
matrix_add_guest (
    Matrix *self, const gchar *user_id, gboolean visible, gboolean publishes)
{
  MatrixGuest *guest = g_new0 (MatrixGuest, 1);
  const GstRtcStream stream = {.video_codec = (gchar *)"VP8"};
  const GstRtcRequest publish = {
      .operation = GST_RTC_OPERATION_PUBLISH, .stream = &stream};

  guest->matrix = self;
  guest->client = gst_rtc_room_client_new ();
  g_ptr_array_add (self->guests, guest);
  join (guest, user_id, visible);
  if (publishes)
    ask (guest, &publish);
}

void
matrix_remove_guests (Matrix *self)
{
  for (guint i = 0; i < self->guests->len; i++) {
    MatrixGuest *guest = g_ptr_array_index (self->guests, i);

    gst_rtc_room_client_shutdown (guest->client, on_shut_down, guest);
    rtc_test_wait (self->fixture.context, guest->shut_down);
    g_assert_finalize_object (guest->client);
    g_clear_error (&guest->error);
    g_free (guest);
  }
  g_ptr_array_set_size (self->guests, 0);
}
