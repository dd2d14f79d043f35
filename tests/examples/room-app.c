/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rtc-room-app, an application that decides by itself: it joins a room, lists
 * who is there, watches one user, mutes that user for a moment and leaves.
 * Answers, events and failures all arrive in on_message (), on the main
 * thread; what runs on another thread says so and only posts a message. */
#include <gst/gst.h>

#include <gst/rtc/rtcerror.h>

#define JOIN_ATTEMPTS 2
#define JOIN_AGAIN_AFTER 300 /* ms */
#define MUTE_FOR 500         /* ms */

/* The exit status, one for each category of failures. */
typedef enum
{
  STATUS_DONE = 0,
  STATUS_NOTHING_SEEN = 1,
  STATUS_USAGE = 2,
  STATUS_PARAMETER = 3,
  STATUS_SEQUENCE = 4,
  STATUS_INTERNAL = 5,
  STATUS_SIGNALING = 6,
  STATUS_WEBSOCKET = 7,
  STATUS_OTHER = 8
} Status;

typedef struct
{
  const gchar *category;
  Status status;
  const gchar *advice;
} Advice;

static const Advice advices[] = {
    {"parameter", STATUS_PARAMETER, "check the arguments of this program"},
    {"sequence", STATUS_SEQUENCE, "change the order of the calls"},
    {"internal", STATUS_INTERNAL,
        "try again; is --server-url right, does the server run?"},
    {"signaling", STATUS_SIGNALING,
        "try again; if it goes on, look at the server"},
    {"websocket", STATUS_WEBSOCKET,
        "look at the network and at the close code (native-code)"},
};

typedef struct
{
  GMainLoop *loop;
  GstElement *pipeline;
  GstElement *rtcsrc;
  const gchar *token;  /* NULL: none */
  const gchar *wanted; /* user to watch, NULL: the first with a stream */
  gchar *watched;      /* user that was subscribed to */
  guint joins;
  gboolean resuming;
  gboolean leaving;
  Status status;
} App;

/* --- calls --- */

/* Runs on a thread of the element: hands the answer to the main thread. */
static void
on_answer (GstPromise *promise, gpointer user_data)
{
  GstElement *pipeline = user_data;
  const GstStructure *reply = gst_promise_get_reply (promise);

  if (!reply)
    return;
  gst_element_post_message (
      pipeline, gst_message_new_application (
                    GST_OBJECT (pipeline), gst_structure_copy (reply)));
}

/* The element takes a reference for as long as it needs the promise, and
 * answers it exactly once; ours goes after the call. */
static GstPromise *
new_promise (App *app)
{
  return gst_promise_new_with_change_func (
      on_answer, gst_object_ref (app->pipeline), gst_object_unref);
}

static void
init (App *app)
{
  g_autoptr (GstPromise) promise = new_promise (app);

  g_signal_emit_by_name (app->rtcsrc, "init", "default", promise);
}

/* Room and own id are properties here; the call could name others. */
static gboolean
join (gpointer user_data)
{
  App *app = user_data;
  g_autoptr (GstPromise) promise = new_promise (app);

  app->joins++;
  g_signal_emit_by_name (app->rtcsrc, "join", app->token, NULL, NULL, promise);
  return G_SOURCE_REMOVE;
}

static void
subscribe (App *app, const gchar *user_id)
{
  g_autoptr (GstPromise) promise = new_promise (app);
  g_autoptr (GstStructure) options =
      gst_structure_new ("options", "audio", G_TYPE_BOOLEAN, TRUE, "video",
          G_TYPE_BOOLEAN, TRUE, "screen", G_TYPE_BOOLEAN, FALSE, NULL);

  app->watched = g_strdup (user_id);
  g_signal_emit_by_name (app->rtcsrc, "subscribe", user_id, options, promise);
}

/* In the mute calls TRUE disables; the sound is not named and stays. */
static void
mute_video (App *app, gboolean mute)
{
  g_autoptr (GstPromise) promise = new_promise (app);
  g_autoptr (GstStructure) options =
      gst_structure_new ("options", "video", G_TYPE_BOOLEAN, mute, NULL);

  app->resuming = !mute;
  g_signal_emit_by_name (
      app->rtcsrc, "mute-remote", app->watched, options, promise);
}

static gboolean
resume (gpointer user_data)
{
  App *app = user_data;

  if (!app->leaving)
    mute_video (app, FALSE);
  return G_SOURCE_REMOVE;
}

static void
leave (App *app)
{
  g_autoptr (GstPromise) promise = new_promise (app);

  if (app->leaving)
    return;
  app->leaving = TRUE;
  g_signal_emit_by_name (app->rtcsrc, "leave", promise);
}

/* --- media --- */

/* Runs on a streaming thread, once for each time that it is added. */
static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstElement *pipeline = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  gint width = 0;
  gint height = 0;

  if (!caps)
    return GST_PAD_PROBE_OK;
  gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &width);
  gst_structure_get_int (gst_caps_get_structure (caps, 0), "height", &height);
  gst_element_post_message (
      pipeline, gst_message_new_application (GST_OBJECT (pipeline),
                    gst_structure_new ("app-picture", "width", G_TYPE_INT,
                        width, "height", G_TYPE_INT, height, NULL)));
  return GST_PAD_PROBE_REMOVE;
}

static void
await_picture (GstElement *pipeline)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "pictures");
  g_autoptr (GstPad) pad = NULL;

  if (!sink)
    return;
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_picture,
      gst_object_ref (pipeline), gst_object_unref);
}

/* Runs on a thread of the element. A converter takes raw media only, so that
 * the element decodes. A player has autovideosink and autoaudiosink here. */
static void
on_pad_added (GstElement *rtcsrc, GstPad *pad, gpointer user_data)
{
  GstElement *pipeline = user_data;
  gboolean video = g_str_has_prefix (GST_PAD_NAME (pad), "video");
  g_autoptr (GError) error = NULL;
  g_autoptr (GstPad) sink_pad = NULL;
  GstElement *branch = gst_parse_bin_from_description (
      video ? "queue ! videoconvert ! fakesink name=pictures"
            : "queue ! audioconvert ! fakesink",
      TRUE, &error);

  if (!branch) {
    GST_ELEMENT_ERROR (
        pipeline, CORE, MISSING_PLUGIN, ("%s", error->message), (NULL));
    return;
  }
  gst_bin_add (GST_BIN (pipeline), branch);
  sink_pad = gst_element_get_static_pad (branch, "sink");
  if (video)
    await_picture (pipeline);
  gst_element_sync_state_with_parent (branch);
  if (GST_PAD_LINK_FAILED (gst_pad_link (pad, sink_pad)))
    GST_ELEMENT_ERROR (pipeline, CORE, PAD,
        ("%s could not be linked", GST_PAD_NAME (pad)), (NULL));
}

/* --- what happens --- */

static void
quit (App *app)
{
  g_main_loop_quit (app->loop);
}

static gboolean
on_time_over (gpointer user_data)
{
  App *app = user_data;

  if (app->watched)
    g_printerr ("no picture of %s in time\n", app->watched);
  else if (app->wanted)
    g_printerr ("%s did not come in time\n", app->wanted);
  else
    g_printerr ("nobody published in time\n");
  leave (app);
  return G_SOURCE_REMOVE;
}

/* What to do depends on the category, the text is for people. */
static void
explain_failure (App *app, const GstStructure *details)
{
  const gchar *category =
      gst_structure_get_string (details, GST_RTC_DETAIL_CATEGORY);
  gint code = 0;
  gint native_code = 0;

  gst_structure_get_int (details, GST_RTC_DETAIL_CODE, &code);
  g_printerr ("%d %s in %s: %s\n", code,
      gst_structure_get_string (details, GST_RTC_DETAIL_SYMBOL),
      gst_structure_get_string (details, GST_RTC_DETAIL_OPERATION),
      gst_structure_get_string (details, GST_RTC_DETAIL_REASON));
  if (gst_structure_get_int (details, GST_RTC_DETAIL_NATIVE_CODE, &native_code))
    g_printerr ("  native-code %d\n", native_code);

  app->status = STATUS_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS (advices); i++) {
    if (g_strcmp0 (category, advices[i].category) != 0)
      continue;
    g_printerr ("  %s: %s\n", category, advices[i].advice);
    app->status = advices[i].status;
  }
}

/* Each failed call comes twice: as a warning on the bus, which has been
 * explained already, and here, where it is known which step it stops. */
static void
on_call_failed (App *app, const GstStructure *details)
{
  const gchar *operation =
      gst_structure_get_string (details, GST_RTC_DETAIL_OPERATION);
  gboolean retryable = FALSE;

  gst_structure_get_boolean (details, GST_RTC_DETAIL_RETRYABLE, &retryable);
  if (g_strcmp0 (operation, "join") == 0 && retryable && !app->leaving &&
      app->joins < JOIN_ATTEMPTS) {
    g_printerr ("joining again\n");
    g_timeout_add (JOIN_AGAIN_AFTER, join, app);
  } else if (g_strcmp0 (operation, "subscribe") == 0 ||
             g_strcmp0 (operation, "mute-remote") == 0) {
    leave (app);
  } else {
    quit (app); /* init, join and leave: there is no room to go on with */
  }
}

static void
on_call_done (App *app, const GstStructure *answer)
{
  const gchar *operation = gst_structure_get_string (answer, "operation");

  if (g_strcmp0 (operation, "init") == 0) {
    join (app);
  } else if (g_strcmp0 (operation, "join") == 0) {
    app->status = STATUS_NOTHING_SEEN; /* until a picture says otherwise */
    g_print ("joined as %s\n", gst_structure_get_string (answer, "user-id"));
  } else if (g_strcmp0 (operation, "subscribe") == 0) {
    g_print ("subscribed to %s\n", app->watched);
  } else if (g_strcmp0 (operation, "mute-remote") == 0 && !app->resuming) {
    g_print ("muted the video\n");
    g_timeout_add (MUTE_FOR, resume, app);
  } else if (g_strcmp0 (operation, "mute-remote") == 0) {
    g_print ("resumed the video\n");
    await_picture (app->pipeline);
  } else if (g_strcmp0 (operation, "leave") == 0) {
    g_print ("left\n");
    quit (app);
  }
}

static void
on_picture_seen (App *app, const GstStructure *picture)
{
  gint width = 0;
  gint height = 0;

  gst_structure_get_int (picture, "width", &width);
  gst_structure_get_int (picture, "height", &height);
  if (app->leaving)
    return;
  if (!app->resuming) {
    g_print ("first picture %dx%d\n", width, height);
    mute_video (app, TRUE);
  } else {
    g_print ("picture again %dx%d\n", width, height);
    app->status = STATUS_DONE;
    leave (app);
  }
}

/* What the room tells. */
static void
on_fact (App *app, const GstStructure *fact)
{
  const gchar *user_id = gst_structure_get_string (fact, "user-id");
  gboolean screen = FALSE;

  if (gst_structure_has_name (fact, "rtc-peer-online")) {
    g_print ("user %s\n", user_id);
  } else if (gst_structure_has_name (fact, "rtc-peer-leave")) {
    g_print ("user %s left\n", user_id);
  } else if (gst_structure_has_name (fact, "rtc-stream-added")) {
    gst_structure_get_boolean (fact, "screen", &screen);
    g_print ("stream of %s: %s\n", user_id, screen ? "screen" : "camera");
    if (!screen && !app->watched && !app->leaving &&
        (!app->wanted || g_str_equal (app->wanted, user_id)))
      subscribe (app, user_id);
  } else if (gst_structure_has_name (fact, "rtc-stream-removed")) {
    g_print ("stream of %s removed: %s\n", user_id,
        gst_structure_get_string (fact, "reason"));
    /* One that is muted altogether comes back. */
    if (g_strcmp0 (user_id, app->watched) == 0 &&
        g_strcmp0 (gst_structure_get_string (fact, "reason"), "muted") != 0)
      leave (app);
  }
}

static void
on_failure_message (App *app, GstMessage *message)
{
  gboolean fatal = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
  g_autoptr (GError) error = NULL;
  const GstStructure *details = NULL;

  if (fatal) {
    gst_message_parse_error (message, &error, NULL);
    gst_message_parse_error_details (message, &details);
  } else {
    gst_message_parse_warning (message, &error, NULL);
    gst_message_parse_warning_details (message, &details);
  }
  if (error->domain == GST_RTC_ERROR && details) {
    explain_failure (app, details);
  } else {
    g_printerr ("%s\n", error->message);
    if (fatal)
      app->status = STATUS_OTHER;
  }
  if (fatal)
    quit (app);
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  App *app = user_data;
  const GstStructure *content = gst_message_get_structure (message);

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      on_fact (app, content);
      break;
    case GST_MESSAGE_APPLICATION:
      if (gst_structure_has_name (content, "app-picture"))
        on_picture_seen (app, content);
      else if (gst_structure_has_field (content, GST_RTC_DETAIL_CODE))
        on_call_failed (app, content);
      else
        on_call_done (app, content);
      break;
    case GST_MESSAGE_WARNING:
    case GST_MESSAGE_ERROR:
      on_failure_message (app, message);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
build (App *app, const gchar *server_url, const gchar *room)
{
  app->pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  app->rtcsrc = gst_element_factory_make ("rtcsrc", NULL);
  if (!app->rtcsrc) {
    g_printerr ("there is no rtcsrc; is GST_PLUGIN_PATH set?\n");
    return FALSE;
  }
  g_object_set (app->rtcsrc, "auto-join", FALSE, "room-id", room, NULL);
  gst_util_set_object_arg (G_OBJECT (app->rtcsrc), "auto-subscribe", "none");
  if (server_url)
    g_object_set (app->rtcsrc, "server-url", server_url, NULL);
  g_signal_connect_object (
      app->rtcsrc, "pad-added", G_CALLBACK (on_pad_added), app->pipeline, 0);
  return gst_bin_add (GST_BIN (app->pipeline), app->rtcsrc);
}

static void
run (App *app, guint seconds)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (app->pipeline);

  app->loop = g_main_loop_new (NULL, FALSE);
  gst_bus_add_watch (bus, on_message, app);
  g_timeout_add_seconds (seconds, on_time_over, app);
  gst_element_set_state (app->pipeline, GST_STATE_PLAYING);
  init (app);
  g_main_loop_run (app->loop);
  gst_element_set_state (app->pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  g_main_loop_unref (app->loop);
}

int
main (int argc, char *argv[])
{
  App app = {.status = STATUS_NOTHING_SEEN};
  g_autofree gchar *server_url = NULL;
  g_autofree gchar *room = NULL;
  g_autofree gchar *user = NULL;
  g_autofree gchar *token = NULL;
  gint seconds = 10;
  const GOptionEntry entries[] = {
      {"server-url", 0, 0, G_OPTION_ARG_STRING, &server_url,
          "Where the room is (the default of rtcsrc)", "URL"},
      {"room", 0, 0, G_OPTION_ARG_STRING, &room, "Room to join (demo)", "ID"},
      {"user", 0, 0, G_OPTION_ARG_STRING, &user,
          "User to watch (the first with a stream)", "ID"},
      {"token", 0, 0, G_OPTION_ARG_STRING, &token,
          "Token for the room, where the server asks for one", "TOKEN"},
      {"seconds", 0, 0, G_OPTION_ARG_INT, &seconds,
          "Give up after so many (10)", "N"},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (context,
      "Joins a room, lists it, watches one user and leaves.\nExit status: 0 "
      "all seen, 1 nothing seen, 2 usage; failures: 3 parameter,\n4 sequence, "
      "5 internal, 6 signaling, 7 websocket, 8 other.");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error) || seconds < 1) {
    g_printerr ("%s\n", error ? error->message : "--seconds is at least 1");
    return STATUS_USAGE;
  }

  app.token = token;
  app.wanted = user;
  if (build (&app, server_url, room ? room : "demo"))
    run (&app, (guint)seconds);
  else
    app.status = STATUS_OTHER;
  g_clear_object (&app.pipeline);
  g_free (app.watched);
  return (int)app.status;
}
