/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's room as a state machine: (state, event, now) gives a new
 * state and actions. No I/O, no timer, no clock. One thread at a time. */
#pragma once

#include <glib.h>

#include "rtcrequest.h"

G_BEGIN_DECLS

typedef enum
{
  GST_RTC_PHASE_NEW,         /* before init */
  GST_RTC_PHASE_INITED,      /* out of any room */
  GST_RTC_PHASE_CONFIGURING, /* getconfig under way */
  GST_RTC_PHASE_OPENING,     /* a WebSocket is being opened */
  GST_RTC_PHASE_JOINING,     /* join request sent */
  GST_RTC_PHASE_JOINED,
  /* In the room all the while, and on the way back to its server: */
  GST_RTC_PHASE_WAITING,       /* for the time of the next attempt */
  GST_RTC_PHASE_RECONFIGURING, /* getconfig under way again */
  GST_RTC_PHASE_REOPENING,     /* a WebSocket is being opened again */
  GST_RTC_PHASE_REJOINING,     /* join sent again, with what resumes */
  GST_RTC_PHASE_DISCONNECTED,  /* in the room, socket down for good */
  GST_RTC_PHASE_LEAVING,       /* leave request sent */
  GST_RTC_N_PHASES
} GstRtcPhase;

const gchar *gst_rtc_phase_get_nick (GstRtcPhase phase);

/* What happens to it. */
typedef enum
{
  GST_RTC_INPUT_INIT,
  GST_RTC_INPUT_JOIN,
  GST_RTC_INPUT_LEAVE,
  GST_RTC_INPUT_CONFIGURED, /* value: number of addresses */
  GST_RTC_INPUT_CONFIG_FAILED,
  GST_RTC_INPUT_SOCKET_OPENED,
  GST_RTC_INPUT_SOCKET_UNOPENED, /* an address failed to open */
  GST_RTC_INPUT_SOCKET_LOST,     /* an open one broke */
  GST_RTC_INPUT_JOIN_ACCEPTED,
  GST_RTC_INPUT_JOIN_REFUSED,   /* or not answered in time */
  GST_RTC_INPUT_LEAVE_ANSWERED, /* either way */
  GST_RTC_INPUT_REMOVED,        /* evicted or removed by the server */
  GST_RTC_INPUT_TIMEOUT,        /* the deadline of the state has passed */
  GST_RTC_N_INPUTS
} GstRtcInput;

const gchar *gst_rtc_input_get_nick (GstRtcInput input);

/* What the room client has to do; the order is the client's. */
typedef enum
{
  GST_RTC_DO_NOTHING = 0,
  GST_RTC_DO_FETCH_CONFIG = 1 << 0,
  GST_RTC_DO_OPEN_ADDRESS = 1 << 1, /* number `address` of the list */
  GST_RTC_DO_SEND_JOIN = 1 << 2,
  GST_RTC_DO_SEND_LEAVE = 1 << 3,
  GST_RTC_DO_FAIL_PENDING = 1 << 4, /* all requests, with 500001 */
  GST_RTC_DO_CANCEL_JOIN = 1 << 5,  /* answers the join with 300008 */
  GST_RTC_DO_FAIL_JOIN = 1 << 6,    /* answers it with what happened */
  GST_RTC_DO_NO_ADDRESS = 1 << 7,   /* answers it with 200003 */
  GST_RTC_DO_CLOSE_SOCKET = 1 << 8,
  GST_RTC_DO_ENTERED = 1 << 9, /* the room has been entered */
  GST_RTC_DO_LEFT = 1 << 10,   /* the room is gone, roster and media too */
  GST_RTC_DO_ANSWER_LEAVE = 1 << 11,
  GST_RTC_DO_TELL_BREAK = 1 << 12,   /* the socket broke, attempts follow */
  GST_RTC_DO_ABANDON = 1 << 13,      /* what is left of the last attempt */
  GST_RTC_DO_TELL_ATTEMPT = 1 << 14, /* attempt and delay of the next one */
  GST_RTC_DO_SEND_REJOIN = 1 << 15,
  GST_RTC_DO_REENTERED = 1 << 16,
  GST_RTC_DO_TELL_END = 1 << 17 /* no attempt is left, or allowed */
} GstRtcActions;

/**
 * GstRtcRoomState:
 * @phase: where it stands
 * @address: the address being opened or in use, from 0
 * @n_addresses: known from getconfig
 * @deadline: monotonic time in microseconds at which TIMEOUT is due,
 *   G_MAXINT64 for none
 * @attempt: the attempt to come back that is due or under way, from 1; those
 *   of a connection that broke again soon after it came back count on
 * @delay: ms that it waited for
 * @steady_at: monotonic time from which on a connection counts as good
 *
 * A value that can be copied.
 */
typedef struct
{
  GstRtcPhase phase;
  guint address;
  guint n_addresses;
  gint64 deadline;
  guint attempt;
  guint delay;
  gint64 steady_at;
  guint connect_timeout;    /* ms */
  guint leave_timeout;      /* ms, of a join that is sent again too */
  guint reconnect_attempts; /* 0: none */
  guint reconnect_delay;    /* ms */
} GstRtcRoomState;

/* A connection that lasted as long starts again with the first attempt. */
#define GST_RTC_STEADY_MS 10000
#define GST_RTC_MAX_RECONNECT_DELAY 7000

/* The ms before @attempt (from 1): none for the first, then anything from 0
 * up to @base, doubled with each attempt, by the random number @random. */
guint gst_rtc_get_retry_delay (guint attempt, guint base, guint32 random);

/* Without attempts to come back. */
void gst_rtc_room_state_init (
    GstRtcRoomState *state, guint connect_timeout, guint leave_timeout);

/* Feeds @input. An input that means nothing in the phase changes nothing and
 * gives GST_RTC_DO_NOTHING. @random decides how long the next attempt waits,
 * where there is one. */
GstRtcActions gst_rtc_room_state_feed (GstRtcRoomState *state,
    GstRtcInput input, guint value, guint32 random, gint64 now);

/* Whether @operation may be called in this phase, by the documented order of
 * checks (initialised, then room state). FALSE and the code otherwise:
 * 100001, 100002, 100003, 100004, 100008. */
gboolean gst_rtc_room_state_check (
    const GstRtcRoomState *state, GstRtcOperation operation, GError **error);

/* TRUE from entry to exit, on the way back too, but not while leaving. */
gboolean gst_rtc_phase_is_in_room (GstRtcPhase phase);
/* TRUE on the way back. */
gboolean gst_rtc_phase_is_returning (GstRtcPhase phase);

G_END_DECLS
