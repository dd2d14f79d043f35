/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the Janus dialect share. Belongs to the worker. */
#include "rtcjanusroom.h"

static void
on_link_send (const gchar *text, gpointer user_data)
{
  GstRtcJanusRoom *room = user_data;

  room->up.send (text, room->up_data);
}

static void
on_link_progress (guint tag, gpointer user_data)
{
  gst_rtc_janus_room_extend (user_data, tag, 0);
}

static void
on_feeds_event (const GstRtcEvent *event, gpointer user_data)
{
  gst_rtc_janus_room_emit (user_data, event);
}

void
gst_rtc_janus_room_init (GstRtcJanusRoom *room)
{
  static const GstRtcJanusLinkFuncs funcs = {
      .send = on_link_send,
      .progress = on_link_progress,
  };

  room->open = g_hash_table_new (NULL, NULL);
  room->link = gst_rtc_janus_link_new (&funcs, room);
  room->feeds = gst_rtc_janus_feeds_new (on_feeds_event, room);
}

void
gst_rtc_janus_room_clear (GstRtcJanusRoom *room)
{
  g_clear_pointer (&room->link, gst_rtc_janus_link_free);
  g_clear_pointer (&room->feeds, gst_rtc_janus_feeds_free);
  g_clear_pointer (&room->config, gst_rtc_config_unref);
  g_clear_pointer (&room->open, g_hash_table_unref);
  g_clear_pointer (&room->token, g_free);
  g_clear_pointer (&room->old_token, g_free);
  g_clear_pointer (&room->main_id, g_free);
}

void
gst_rtc_janus_room_answer (
    GstRtcJanusRoom *room, guint id, const GstRtcAnswer *answer)
{
  const GstRtcAnswer empty = {NULL};

  if (g_hash_table_remove (room->open, GUINT_TO_POINTER (id)))
    room->up.answered (id, answer ? answer : &empty, NULL, room->up_data);
}

void
gst_rtc_janus_room_fail (GstRtcJanusRoom *room, guint id, const GError *error)
{
  if (g_hash_table_remove (room->open, GUINT_TO_POINTER (id)))
    room->up.answered (id, NULL, error, room->up_data);
}

void
gst_rtc_janus_room_refuse (GstRtcJanusRoom *room, guint id,
    GstRtcOperation operation, const GstRtcJanusMessage *reply)
{
  g_autoptr (GError) error = gst_rtc_janus_make_refusal (
      operation, reply->error_code, reply->error_reason);

  gst_rtc_janus_room_fail (room, id, error);
}

void
gst_rtc_janus_room_extend (GstRtcJanusRoom *room, guint id, guint ms)
{
  if (g_hash_table_contains (room->open, GUINT_TO_POINTER (id)))
    room->up.extend (id, ms, room->up_data);
}

void
gst_rtc_janus_room_emit (GstRtcJanusRoom *room, const GstRtcEvent *event)
{
  room->up.event (event, room->up_data);
}

GstRtcJson *
gst_rtc_janus_room_new_body (GstRtcJanusRoom *room, const gchar *request)
{
  GstRtcJson *body = gst_rtc_janus_body_new (request);

  gst_rtc_janus_set_id (body, "room",
      gst_rtc_config_get_values (room->config)->room_id, room->string_ids);
  return body;
}

GstRtcJson *
gst_rtc_janus_room_new_join (
    GstRtcJanusRoom *room, const gchar *ptype, gboolean named, gboolean screen)
{
  const GstRtcConfigValues *values = gst_rtc_config_get_values (room->config);
  GstRtcJson *body = gst_rtc_janus_room_new_body (room, "join");
  g_autofree gchar *name = g_strconcat (
      values->user_id, screen ? GST_RTC_JANUS_SCREEN_SUFFIX : "", NULL);

  gst_rtc_json_set_string (body, "ptype", ptype);
  gst_rtc_json_set_string (body, "pin", values->room_pin);
  gst_rtc_json_set_string (body, "token", room->token);
  if (named) {
    gst_rtc_json_set_string (body, "display", name);
    if (room->string_ids)
      gst_rtc_json_set_string (body, "id", name);
  }
  return body;
}
