/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Janus of the distribution as a child process, with a configuration of
 * its own, on loopback ports that no other fixture has. It ends with the
 * thread that started it, whatever becomes of that. With G_MESSAGES_DEBUG=all
 * its log shows. On one thread. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define JANUS_SERVER_ROOM "1234"
#define JANUS_SERVER_ADMIN_SECRET "of the administrator"

/**
 * JanusOptions:
 * @string_ids: rooms and users have strings for ids, not numbers
 * @api_secret: (nullable): in every request
 * @token_secret: (nullable): of the signed tokens that every request needs,
 *   unless it has the API secret
 * @session_timeout: s without a request until a session ends, 0: 60
 * @reclaim_timeout: s that a session outlives its WebSocket, 0: none
 * @admin_key: (nullable): needed to create a room
 * @no_room: there is none at the start; else there is one:
 * @room: (nullable): its id, JANUS_SERVER_ROOM by default
 * @secret: (nullable): of those who administrate it
 * @pin: (nullable): to enter it
 * @signed_tokens: to enter it, a token of @token_secret for it is needed
 * @publishers: at most, 0: 100
 * @bitrate: bits/s for each publisher, 0: as it comes
 * @video_codec: (nullable): list of Janus, `vp8` by default
 * @audio_codec: (nullable): likewise, `opus`
 * @quiet_members: who does not publish is not announced
 *
 * Borrowed by janus_server_start () for as long as the server lives.
 */
typedef struct
{
  gboolean string_ids;
  const gchar *api_secret;
  const gchar *token_secret;
  guint session_timeout;
  guint reclaim_timeout;
  const gchar *admin_key;
  gboolean no_room;
  const gchar *room;
  const gchar *secret;
  const gchar *pin;
  gboolean signed_tokens;
  guint publishers;
  guint bitrate;
  const gchar *video_codec;
  const gchar *audio_codec;
  gboolean quiet_members;
} JanusOptions;

typedef struct _JanusServer JanusServer;

/* Whether the program is installed. */
gboolean janus_server_is_available (void);

/* Runs when this returns. NULL with @error, which holds the end of its log,
 * where it does not start. @options nullable. */
JanusServer *janus_server_start (
    const JanusOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Kills it if it runs. */
void janus_server_free (JanusServer *self);

/* `ws://127.0.0.1:port`, and the same as the elements take it. */
const gchar *janus_server_get_url (JanusServer *self);
const gchar *janus_server_get_element_url (JanusServer *self);
/* That of the Admin API, whose secret is JANUS_SERVER_ADMIN_SECRET. */
const gchar *janus_server_get_admin_url (JanusServer *self);

/* Asks it to end (SIGTERM) or ends it at once (SIGKILL), and waits. */
void janus_server_stop (JanusServer *self);
void janus_server_kill (JanusServer *self);
/* Starts it again at the same address. */
gboolean janus_server_restart (JanusServer *self, GError **error);

/* It takes connections and says nothing until it goes on. None of its threads
 * runs any more when the first one returns. */
void janus_server_halt (JanusServer *self);
void janus_server_go_on (JanusServer *self);

GPid janus_server_get_pid (JanusServer *self);
/* Open descriptors of the process. */
guint janus_server_count_descriptors (JanusServer *self);

/* A token signed with @secret: for the core with @realm `janus` and the name
 * of a plugin as @descriptor, for a room with the name of the plugin as
 * @realm and `room=<id>`. @seconds: until it expires, negative for before. */
gchar *janus_server_make_token (const gchar *secret, const gchar *realm,
    const gchar *descriptor, gint seconds) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (JanusServer, janus_server_free)

G_END_DECLS
