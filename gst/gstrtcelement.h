/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Abstract bin that rtcsink and rtcsrc derive from: settings, room client,
 * worker, state changes, promises and messages.
 * The worker does signaling; the notifier, a second thread, runs whatever
 * can call into the application (messages, promises, pads, signals), in
 * order, so that an application may do anything in them. */
#pragma once

#include <gst/gst.h>

#include "gstrtcbus.h"
#include "gstrtcpeer.h"
#include "rtcroomclient.h"
#include "rtcworker.h"

G_BEGIN_DECLS

#define GST_RTC_TYPE_ELEMENT (gst_rtc_element_get_type ())
G_DECLARE_DERIVABLE_TYPE (
    GstRtcElement, gst_rtc_element, GST_RTC, ELEMENT, GstBin)

/* The first property id of a class that derives from it; those before are
 * the shared ones. */
#define GST_RTC_ELEMENT_FIRST_PROP 64

/* Installs the shared properties in the class_init of a concrete class.
 * @visible is the default of the property of that name. */
void gst_rtc_element_class_install_settings (
    GstRtcElementClass *klass, gboolean visible);

/**
 * GstRtcElementClass:
 * @check_settings: (nullable): own properties before a join; FALSE and
 *   100001. Any thread
 * @room_event: something the room told. Worker
 * @activate: the element is in a room and PLAYING, which was not so before.
 *   Worker
 * @returned: the connection to the room was broken and stands again. Worker
 * @reset: the room is being left or has gone: media sessions are to be
 *   stopped. Worker
 * @hidden: (nullable): the own user is not shown any more, which has ended what
 *   it published. Worker
 * @child_failed: an error of @source, which is @child of the bin or inside of
 *   it: to be told with its code. Any thread
 * @get_stats: (transfer full): what the property `stats` shows. Any thread
 */
struct _GstRtcElementClass
{
  GstBinClass parent_class;

  gboolean visible; /* set by gst_rtc_element_class_install_settings () */
  gboolean (*check_settings) (GstRtcElement *self, GError **error);
  void (*room_event) (GstRtcElement *self, const GstRtcEvent *event);
  void (*activate) (GstRtcElement *self);
  void (*returned) (GstRtcElement *self);
  void (*clock_changed) (GstRtcElement *self, GstClock *clock);
  void (*reset) (GstRtcElement *self);
  void (*hidden) (GstRtcElement *self);
  void (*child_failed) (GstRtcElement *self, GstObject *child,
      GstObject *source, const GError *error);
  GstStructure *(*get_stats) (GstRtcElement *self);
};

/* Work for the worker (or the notifier) that keeps @self alive. @data is
 * given to @func, then @destroy (nullable) runs. Dropped, with @destroy run,
 * when the element is in NULL. Any thread. */
typedef void (*GstRtcElementFunc) (GstRtcElement *self, gpointer data);
void gst_rtc_element_invoke (GstRtcElement *self, GstRtcElementFunc func,
    gpointer data, GDestroyNotify destroy);
void gst_rtc_element_notify (GstRtcElement *self, GstRtcElementFunc func,
    gpointer data, GDestroyNotify destroy);

/* Until the callback that the notifier runs now has returned, for a second at
 * most and not on the notifier itself: what it adds to the pipeline must not
 * miss the rest of a state change. */
void gst_rtc_element_wait_for_callback (GstRtcElement *self);

/* The worker itself; a new reference, NULL in NULL. Any thread. */
GstRtcWorker *gst_rtc_element_ref_worker (GstRtcElement *self);

/* Borrowed, worker only; NULL in NULL. */
GstRtcRoomClient *gst_rtc_element_get_client (GstRtcElement *self);
/* A new reference to the settings of the last join, NULL before one. */
GstRtcConfig *gst_rtc_element_ref_config (GstRtcElement *self);
/* Worker: in a room and PLAYING. */
gboolean gst_rtc_element_is_active (GstRtcElement *self);

/* Called before a failure is told or a promise answered. Worker. */
typedef void (*GstRtcElementDone) (GstRtcElement *self,
    const GstRtcRequest *request, const GstRtcAnswer *answer,
    const GError *error);

/**
 * GstRtcElementCall:
 * @request: what is asked
 * @severity: of the message of a failure, GST_MESSAGE_UNKNOWN for none
 * @promise: (nullable): answered exactly once
 * @done: (nullable): for the element's own books
 *
 * One request to the room on its way through the element.
 */
typedef struct _GstRtcElementCall GstRtcElementCall;

/* Copies what @request points to; takes a reference of @promise. */
GstRtcElementCall *gst_rtc_element_call_new (const GstRtcRequest *request,
    GstMessageType severity, GstPromise *promise,
    GstRtcElementDone done) G_GNUC_WARN_UNUSED_RESULT;

/* The state asked for it: where the loss of the connection or of the room
 * ends it no message is posted, since that has one of its own, and after a
 * break @done sees to it that it is asked for again. */
void gst_rtc_element_call_set_automatic (GstRtcElementCall *call);
/* Whether @error is such a failure. */
gboolean gst_rtc_element_is_broken_off (const GError *error);

/* What it asks; may be changed until it is started. */
GstRtcRequest *gst_rtc_element_call_get_request (GstRtcElementCall *call);
GstMessageType gst_rtc_element_call_get_severity (GstRtcElementCall *call);
/* Completes a PUBLISH; copies @stream. */
void gst_rtc_element_call_set_stream (GstRtcElementCall *call,
    const GstRtcStream *stream, GstRtcElementDone done);

/* Runs @func on the worker, which takes @call over, as this does. Any
 * thread. */
typedef void (*GstRtcElementCallFunc) (
    GstRtcElement *self, GstRtcElementCall *call);
void gst_rtc_element_call_invoke (
    GstRtcElement *self, GstRtcElementCall *call, GstRtcElementCallFunc func);

/* Sends it; takes @call over. Any thread. */
void gst_rtc_element_call_start (GstRtcElement *self, GstRtcElementCall *call);
/* The same at once, before what waits for the worker. Worker. */
void gst_rtc_element_call_send (GstRtcElement *self, GstRtcElementCall *call);

/* Two calls that are one to the application: the promise of @second is
 * answered when both have ended, with the first failure where there is one.
 * Both then belong to the worker. */
void gst_rtc_element_call_pair (
    GstRtcElementCall *first, GstRtcElementCall *second);

/* Ends it without sending, with @error; takes @call over. Worker, or any
 * thread for a call without @done. */
void gst_rtc_element_call_fail (
    GstRtcElement *self, GstRtcElementCall *call, const GError *error);

/* Ends it without sending, as if the server had done it; takes @call over.
 * Worker. */
void gst_rtc_element_call_succeed (
    GstRtcElement *self, GstRtcElementCall *call);

/* Ends it with @error and without a message, since that is what was wanted;
 * takes @call (nullable) over. Worker. */
void gst_rtc_element_call_drop (
    GstRtcElement *self, GstRtcElementCall *call, const GError *error);

/* Gives one up that is not started; takes @call over. A promise that it still
 * has is answered with 100001. Worker. */
void gst_rtc_element_call_free (GstRtcElementCall *call);

/* Adds what the settings say of where it happened; @config (nullable): of the
 * last join, outlives @failure. Any thread. */
void gst_rtc_element_complete_failure (
    GstRtcElement *self, GstRtcFailure *failure, GstRtcConfig *config);

/* Tells @error on the bus, from the notifier. Any thread. */
void gst_rtc_element_post_failure (GstRtcElement *self, GstMessageType severity,
    const GError *error, GstRtcOperation operation, const gchar *user_id,
    GstRtcFailureStream stream);

/* Tells a fact on the bus, from the notifier; takes @fact. Any thread. */
void gst_rtc_element_post_fact (GstRtcElement *self, GstStructure *fact);

/* A media transport with the settings and the clock of the element and the
 * ICE servers of the room. @name: for logs; @latency: receiver, ms. NULL and
 * the code of gst_rtc_peer_new (). Worker. */
GstRtcPeer *gst_rtc_element_new_peer (GstRtcElement *self, GstRtcPeerRole role,
    const gchar *name, guint latency, const GstRtcPeerListener *listener,
    gpointer user_data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
