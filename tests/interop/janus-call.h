/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call of two through a Janus, each reaching it through a proxy that cuts,
 * and who administrates that Janus. On the thread of the test. */
#pragma once

#include "cut-proxy.h"
#include "janus-admin.h"
#include "rtcparty.h"

G_BEGIN_DECLS

#define JANUS_CALL_SECRET "of the room"

/**
 * JanusCall:
 * @admin: in VideoRoom; NULL while there is no Janus to talk to
 * @core: in the Admin API, likewise
 * @publisher: of user `alice`, NULL before it starts
 * @viewer: of user `bob`, who is visible, likewise
 */
typedef struct
{
  RtcRoomFixture room;
  JanusAdmin *admin;
  JanusAdmin *core;
  CutProxy *to_publisher;
  CutProxy *to_viewer;
  RtcPublisher *publisher;
  RtcViewer *viewer;
} JanusCall;

/* @data: JanusOptions */
void janus_call_set_up (JanusCall *call, gconstpointer data);
void janus_call_tear_down (JanusCall *call, gconstpointer data);

/* With properties of both elements. */
void janus_call_start_publisher (JanusCall *call, const gchar *properties);
void janus_call_start_viewer (JanusCall *call, const gchar *properties);
/* Both; returns when media has arrived, and forgets what was told so far. */
void janus_call_start (JanusCall *call, const gchar *properties);

/* JSON of the id of the room, and of the member of alice or bob. */
const gchar *janus_call_get_room (JanusCall *call);
gchar *janus_call_find_member (
    JanusCall *call, const gchar *user_id) G_GNUC_WARN_UNUSED_RESULT;

/* The server goes without a goodbye, and is there again. */
void janus_call_kill_server (JanusCall *call);
void janus_call_restart_server (JanusCall *call);

/* More frames, a good picture and the tone have come to the viewer. */
void janus_call_wait_media (JanusCall *call);

G_END_DECLS
