/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of rtcsink and rtcsrc share: one element in a pipeline, its
 * failures, the answers of its promises. On the thread of the test. */
#pragma once

#include "rtcerror.h"
#include "rtcpipeline.h"
#include "scripted-server.h"

G_BEGIN_DECLS

#define CHECK_LOCAL "local-addresses=\"<127.0.0.1>\""
#define CHECK_PUBLISHER                                                        \
  " videotestsrc is-live=true ! "                                              \
  "video/x-raw,format=I420,width=320,height=192,framerate=30/1 ! "             \
  "identity name=frames ! rtc.video_0 "

/**
 * Fixture:
 * @server: a real room server with a thread of its own
 * @scripted: one that misbehaves, on @context
 */
typedef struct
{
  GMainContext *context;
  GstRtcServer *server;
  ScriptedServer *scripted;
} Fixture;

/* Registers the elements that are linked into the program: a room server in
 * it then shares their types. Without it they come from the plugin. */
void check_register (void);

/* From now on nobody can make an element of @factory in this program. */
void check_hide_element (const gchar *factory);

void fixture_set_up (Fixture *fixture, gconstpointer data);
void fixture_tear_down (Fixture *fixture, gconstpointer data);

/* The element `rtc` of @factory, alone in a pipeline, in room `room`. */
RtcPipeline *check_lone_new (
    const gchar *factory, const gchar *server_url, const gchar *properties);
/* A source of pictures and rtcsink `rtc`, which is user `alice`. */
RtcPipeline *check_publisher_new (
    const gchar *server_url, const gchar *properties);
/* rtcsrc `rtc` with a fakesink `video` behind it. */
RtcPipeline *check_viewer_new (
    const gchar *server_url, const gchar *properties);

gboolean check_is_connected (RtcPipeline *pipeline);
void check_wait_connected (Fixture *fixture, RtcPipeline *pipeline);

/* Waits for the first failure message, then for all that was queued behind
 * it, and asserts that it is the only one, complete and of @code. Borrowed
 * details. */
const GstStructure *check_failure (Fixture *fixture, RtcPipeline *pipeline,
    GstMessageType severity, gint code, const gchar *operation);
/* That of the servers the elements talk to; `room` unless a test sets it. */
extern const gchar *check_backend;
/* Asserts what makes @details those of @code. */
void check_details (
    const GstStructure *details, gint code, const gchar *operation);
void check_no_failure (RtcPipeline *pipeline);

/* Until the element has told all that it knows by now. It must not be in
 * NULL. */
void check_barrier (Fixture *fixture, RtcPipeline *pipeline);
/* Iterates for that long, for what must not happen in that time. */
void check_let_pass (Fixture *fixture, guint ms);

/* To NULL, then again with good settings: works and tells no failure. */
void check_recovers (Fixture *fixture, RtcPipeline *pipeline);

/* Counts buffers that leave or enter a pad. */
typedef struct
{
  GMainContext *context;
  GstPad *pad;
  gulong probe;
  gint count; /* atomic */
} Counter;

Counter *counter_new (Fixture *fixture, GstElement *element, const gchar *pad);
void counter_free (Counter *counter);
/* Waits for @n more. */
void counter_wait (Fixture *fixture, Counter *counter, guint n);

/* A promise and what came of it. */
typedef struct
{
  gatomicrefcount ref_count;
  GMainContext *context;
  GstPromise *promise;
  GThread *thread; /* that answered */
  gint answered;   /* atomic: how often */
} Answer;

Answer *answer_new (Fixture *fixture);
void answer_free (Answer *answer);
/* Waits; 0 for success, else the code, whose fields are asserted. */
gint answer_wait (Fixture *fixture, Answer *answer, const gchar *operation);

/* Emits an action that takes nothing, or a user and options, or options. */
Answer *check_act (
    Fixture *fixture, RtcPipeline *pipeline, const gchar *action);
Answer *check_act_on_user (Fixture *fixture, RtcPipeline *pipeline,
    const gchar *action, const gchar *user_id, const gchar *options);
Answer *check_init (Fixture *fixture, RtcPipeline *pipeline);
Answer *check_join (Fixture *fixture, RtcPipeline *pipeline);

/* Adds a test and its fixture. */
#define CHECK_ADD(path, func)                                                  \
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

G_END_DECLS
