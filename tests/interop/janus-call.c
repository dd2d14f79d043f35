/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call of two through a Janus. On the thread of the test. */
#include "janus-call.h"

#include <string.h>

#define MORE_FRAMES 30

static CutProxy *
make_proxy (JanusCall *call)
{
  const gchar *url = janus_server_get_url (call->room.janus);
  g_autofree gchar *plain = g_strconcat ("http", url + strlen ("ws"), NULL);

  return cut_proxy_new (plain);
}

static void
connect_admins (JanusCall *call)
{
  call->admin = janus_admin_new (janus_server_get_url (call->room.janus), NULL);
  call->core =
      janus_admin_new_core (janus_server_get_admin_url (call->room.janus));
}

static void
disconnect_admins (JanusCall *call)
{
  g_clear_pointer (&call->admin, janus_admin_free);
  g_clear_pointer (&call->core, janus_admin_free);
}

void
janus_call_set_up (JanusCall *call, gconstpointer data)
{
  rtc_room_set_up (&call->room, data);
  connect_admins (call);
  call->to_publisher = make_proxy (call);
  call->to_viewer = make_proxy (call);
}

void
janus_call_tear_down (JanusCall *call, gconstpointer data)
{
  g_clear_pointer (&call->viewer, rtc_viewer_free);
  g_clear_pointer (&call->publisher, rtc_publisher_free);
  cut_proxy_free (call->to_publisher);
  cut_proxy_free (call->to_viewer);
  disconnect_admins (call);
  rtc_room_tear_down (&call->room, data);
}

/* The room as somebody sees it through @proxy. */
static gchar *
make_url (CutProxy *proxy)
{
  return g_strconcat (
      "janus+ws", cut_proxy_get_url (proxy) + strlen ("http"), NULL);
}

void
janus_call_start_publisher (JanusCall *call, const gchar *properties)
{
  g_autofree gchar *url = make_url (call->to_publisher);
  RtcRoomFixture room = call->room;

  room.url = url;
  room.properties = properties;
  call->publisher = rtc_publisher_new (&room, "alice");
}

void
janus_call_start_viewer (JanusCall *call, const gchar *properties)
{
  g_autofree gchar *url = make_url (call->to_viewer);
  RtcRoomFixture room = call->room;

  room.url = url;
  room.properties = properties;
  call->viewer =
      rtc_viewer_new (&room, call->publisher ? call->publisher->painter : NULL,
          "user-id=bob visible=true on-stream-removed=wait");
}

void
janus_call_start (JanusCall *call, const gchar *properties)
{
  janus_call_start_publisher (call, properties);
  janus_call_start_viewer (call, properties);
  janus_call_wait_media (call);
  rtc_pipeline_forget (call->publisher->pipeline);
  rtc_pipeline_forget (call->viewer->pipeline);
  rtc_reader_forget_gaps (call->viewer->reader);
}

void
janus_call_wait_media (JanusCall *call)
{
  rtc_viewer_wait_frames (call->viewer, MORE_FRAMES);
  rtc_test_wait (call->room.context, rtc_viewer_hears_tone (call->viewer));
  g_assert_cmpuint (
      rtc_reader_get_difference (call->viewer->reader), <=, RTC_TEST_TOLERANCE);
}

const gchar *
janus_call_get_room (JanusCall *call)
{
  return call->room.room_id;
}

gchar *
janus_call_find_member (JanusCall *call, const gchar *user_id)
{
  gchar *member = janus_admin_find_member (
      call->admin, janus_call_get_room (call), user_id);

  g_assert_nonnull (member);
  return member;
}

void
janus_call_kill_server (JanusCall *call)
{
  disconnect_admins (call);
  janus_server_kill (call->room.janus);
}

void
janus_call_restart_server (JanusCall *call)
{
  g_autoptr (GError) error = NULL;

  janus_server_restart (call->room.janus, &error);
  g_assert_no_error (error);
  connect_admins (call);
}
