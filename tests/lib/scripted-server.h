/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A room server that does what a table tells it, right or wrong, and keeps
 * what it saw. On the thread-default context of the test, on a free port of
 * loopback. */
#pragma once

#include <gio/gio.h>

#include "rtcmessage.h"

G_BEGIN_DECLS

typedef enum
{
  SCRIPTED_OK,     /* the usual answer; with @text, that text as it is */
  SCRIPTED_SILENT, /* none */
  SCRIPTED_REFUSE, /* error with @code and @text as reason */
  SCRIPTED_LATE,   /* the usual answer, @delay ms later */
  SCRIPTED_TWICE,  /* the usual answer and then a refusal with its id */
  SCRIPTED_WRONG_ID,
  SCRIPTED_GARBAGE, /* @text, no JSON by default */
  SCRIPTED_BINARY,
  SCRIPTED_CLOSE, /* closes with @code and @text */
  SCRIPTED_RESET  /* cuts TCP off */
} ScriptedAct;

/* What happens at a request of @type: the first row that fits is used, and
 * used up unless it is @always. */
typedef struct
{
  GstRtcMessageType type;
  ScriptedAct act;
  gint code;
  const gchar *text;
  guint delay;
  gboolean always;
} ScriptedRow;

typedef struct _ScriptedServer ScriptedServer;

/* Where @rows (ended by type GST_RTC_N_MESSAGES, NULL none) say nothing,
 * every request is accepted. */
ScriptedServer *scripted_server_new (const ScriptedRow *rows);
void scripted_server_free (ScriptedServer *server);

/* Adds one row before the others. */
void scripted_server_add (ScriptedServer *server, ScriptedRow row);

/* What getconfig answers with, with `@URL@` for the address of the
 * WebSocket; the status of HTTP; FALSE to leave it unanswered. */
void scripted_server_set_config (
    ScriptedServer *server, guint status, const gchar *body);
void scripted_server_set_config_stalled (
    ScriptedServer *server, gboolean stalled);
/* Answers what was left unanswered, and from now on. */
void scripted_server_release_config (ScriptedServer *server);

/* The roster in the answer to a join; JSON of the array `users`. */
void scripted_server_set_users (ScriptedServer *server, const gchar *users);
/* Whether joins from now on resume. */
void scripted_server_set_resumed (ScriptedServer *server, gboolean resumed);
/* The media sessions that stand then; JSON of the array `sessions`, NULL
 * none. */
void scripted_server_set_sessions (
    ScriptedServer *server, const gchar *sessions);

/* `http://127.0.0.1:port`, `ws://127.0.0.1:port/ws`. */
const gchar *scripted_server_get_url (ScriptedServer *server);
const gchar *scripted_server_get_websocket_url (ScriptedServer *server);

/* To the client that is connected. */
void scripted_server_send (ScriptedServer *server, const gchar *text);
void scripted_server_close (
    ScriptedServer *server, guint16 code, const gchar *reason);
void scripted_server_reset (ScriptedServer *server);
/* The same by a TCP reset instead of the end of the stream. */
void scripted_server_reset_tcp (ScriptedServer *server);
void scripted_server_send_binary (ScriptedServer *server);
/* Past all framing. */
void scripted_server_send_bytes (
    ScriptedServer *server, const gchar *bytes, gsize length);

gboolean scripted_server_is_connected (ScriptedServer *server);
/* 0 while it is open or when it ended without a closing frame. */
guint scripted_server_get_close_code (ScriptedServer *server);
guint scripted_server_get_n_configs (ScriptedServer *server);
/* Messages seen: all, the names of the last ones in their order, those of one
 * type, and the last of them (borrowed). */
guint scripted_server_get_n_seen (ScriptedServer *server);
gchar *scripted_server_list_last (ScriptedServer *server, guint n);
guint scripted_server_count (ScriptedServer *server, GstRtcMessageType type);
GstRtcMessage *scripted_server_get_last (
    ScriptedServer *server, GstRtcMessageType type);

G_END_DECLS
