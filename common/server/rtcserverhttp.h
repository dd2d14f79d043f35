/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The HTTP half of the room server: who may ask, and what getconfig answers.
 * Belongs to the thread of the server. */
#pragma once

#include <libsoup/soup.h>

#include "rtcserver.h"

G_BEGIN_DECLS

typedef struct _GstRtcServerHttp GstRtcServerHttp;

/* @settings outlive it; @host is the host of the listen address. */
GstRtcServerHttp *gst_rtc_server_http_new (const GstRtcServerSettings *settings,
    const gchar *host) G_GNUC_WARN_UNUSED_RESULT;
void gst_rtc_server_http_free (GstRtcServerHttp *http);

/* FALSE and the answer set when the request must go no further: another
 * method than GET or HEAD, a Host that is not this server's, or a web page of
 * somebody else. */
gboolean gst_rtc_server_http_admit (
    GstRtcServerHttp *http, SoupServerMessage *message);

/* Answers of the plain paths. @query is (nullable). */
void gst_rtc_server_http_answer_config (
    GstRtcServerHttp *http, SoupServerMessage *message, GHashTable *query);
void gst_rtc_server_http_answer_health (SoupServerMessage *message);

/* What the page has to know of this server before it asks for anything. */
void gst_rtc_server_http_answer_settings (
    GstRtcServerHttp *http, SoupServerMessage *message);

/* The page and its files, and 404 for what is not there. */
void gst_rtc_server_http_answer_other (
    SoupServerMessage *message, const gchar *path);

/* A STUN or TURN address in the form of RFC 7064 and RFC 7065, or with
 * slashes and `user:password@`. */
gboolean gst_rtc_server_http_check_ice_server (const gchar *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstRtcServerHttp, gst_rtc_server_http_free)

G_END_DECLS
