/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that speak to a Janus in its own words: to its VideoRoom, for what
 * no element of ours would do there, and to its Admin API. Each call waits for
 * its answer. On the thread-default context of the test. */
#pragma once

#include "rtcjson.h"

G_BEGIN_DECLS

typedef struct _JanusAdmin JanusAdmin;

/* With a session and a handle. @url as janus_server_get_url () gives it,
 * @api_secret nullable. */
JanusAdmin *janus_admin_new (const gchar *url, const gchar *api_secret);
/* Without both, for the Admin API at @url. */
JanusAdmin *janus_admin_new_core (const gchar *url);
void janus_admin_free (JanusAdmin *self);

/* @verb of the core (to the handle), with the members @more (nullable), such as
 * `"candidate":{"completed":true}`. The final answer, whole. */
GstRtcJson *janus_admin_call (JanusAdmin *self, const gchar *verb,
    const gchar *more) G_GNUC_WARN_UNUSED_RESULT;
/* A request to the plugin with the members of @format, such as
 * `"request":"list"`. What the plugin says to it. */
GstRtcJson *janus_admin_request (JanusAdmin *self, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3) G_GNUC_WARN_UNUSED_RESULT;

/* The first event of the plugin so far that has @member, NULL for none. */
GstRtcJson *janus_admin_find_event (
    JanusAdmin *self, const gchar *member) G_GNUC_WARN_UNUSED_RESULT;

/* These assert that it was done. Ids are JSON: `1234` or `"hall"`; @more
 * (nullable) are further members, each behind a comma. */
void janus_admin_create_room (
    JanusAdmin *self, const gchar *room, const gchar *more);
void janus_admin_destroy_room (
    JanusAdmin *self, const gchar *room, const gchar *more);
void janus_admin_kick (
    JanusAdmin *self, const gchar *room, const gchar *user, const gchar *more);
/* @mid: of the stream */
void janus_admin_moderate (JanusAdmin *self, const gchar *room,
    const gchar *user, const gchar *mid, gboolean mute, const gchar *more);

/* Members of @room, and those of them who publish. */
guint janus_admin_count_members (JanusAdmin *self, const gchar *room);
guint janus_admin_count_publishers (JanusAdmin *self, const gchar *room);
/* JSON of the id of the member whose display name or id is @name, NULL for
 * none. */
gchar *janus_admin_find_member (JanusAdmin *self, const gchar *room,
    const gchar *name) G_GNUC_WARN_UNUSED_RESULT;

/* By the Admin API. The transport of the publisher that is shown as @name is
 * hung up. */
void janus_admin_hang_up (JanusAdmin *core, const gchar *name);
/* Sessions without a request for @seconds expire. */
void janus_admin_set_session_timeout (JanusAdmin *core, guint seconds);
guint janus_admin_count_sessions (JanusAdmin *core);

G_END_DECLS
