/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's room as a state machine without any I/O: one function for
 * each phase. One thread at a time. */
#include "rtcroomstate.h"

#include "rtcerror-private.h"

static const gchar *const phase_nicks[GST_RTC_N_PHASES] = {
    [GST_RTC_PHASE_NEW] = "new",
    [GST_RTC_PHASE_INITED] = "inited",
    [GST_RTC_PHASE_CONFIGURING] = "configuring",
    [GST_RTC_PHASE_OPENING] = "opening",
    [GST_RTC_PHASE_JOINING] = "joining",
    [GST_RTC_PHASE_JOINED] = "joined",
    [GST_RTC_PHASE_WAITING] = "waiting",
    [GST_RTC_PHASE_RECONFIGURING] = "reconfiguring",
    [GST_RTC_PHASE_REOPENING] = "reopening",
    [GST_RTC_PHASE_REJOINING] = "rejoining",
    [GST_RTC_PHASE_DISCONNECTED] = "disconnected",
    [GST_RTC_PHASE_LEAVING] = "leaving",
};

static const gchar *const input_nicks[GST_RTC_N_INPUTS] = {
    [GST_RTC_INPUT_INIT] = "init",
    [GST_RTC_INPUT_JOIN] = "join",
    [GST_RTC_INPUT_LEAVE] = "leave",
    [GST_RTC_INPUT_CONFIGURED] = "configured",
    [GST_RTC_INPUT_CONFIG_FAILED] = "config-failed",
    [GST_RTC_INPUT_SOCKET_OPENED] = "socket-opened",
    [GST_RTC_INPUT_SOCKET_UNOPENED] = "socket-unopened",
    [GST_RTC_INPUT_SOCKET_LOST] = "socket-lost",
    [GST_RTC_INPUT_JOIN_ACCEPTED] = "join-accepted",
    [GST_RTC_INPUT_JOIN_REFUSED] = "join-refused",
    [GST_RTC_INPUT_LEAVE_ANSWERED] = "leave-answered",
    [GST_RTC_INPUT_REMOVED] = "removed",
    [GST_RTC_INPUT_TIMEOUT] = "timeout",
};

/* The deadline belongs to the phase: whoever enters one says when it ends. */
static GstRtcActions
enter (GstRtcRoomState *state, GstRtcPhase phase, gint64 deadline,
    GstRtcActions actions)
{
  state->phase = phase;
  state->deadline = deadline;
  return actions;
}

static GstRtcActions
go_out (GstRtcRoomState *state, GstRtcActions actions)
{
  state->address = 0;
  state->n_addresses = 0;
  state->attempt = 0;
  state->steady_at = 0;
  return enter (state, GST_RTC_PHASE_INITED, G_MAXINT64, actions);
}

static gint64
after (gint64 now, guint ms)
{
  return now + ms * (gint64)G_TIME_SPAN_MILLISECOND;
}

static GstRtcActions
open_address (GstRtcRoomState *state, guint address, gint64 now)
{
  state->address = address;
  if (address >= state->n_addresses)
    return go_out (state, GST_RTC_DO_NO_ADDRESS);
  return enter (state, GST_RTC_PHASE_OPENING,
      after (now, state->connect_timeout), GST_RTC_DO_OPEN_ADDRESS);
}

/* A join that leave cuts off: both are answered at once, since closing the
 * socket tells the server enough. */
static GstRtcActions
cut_join_off (GstRtcRoomState *state)
{
  return go_out (state, GST_RTC_DO_CANCEL_JOIN | GST_RTC_DO_CLOSE_SOCKET |
                            GST_RTC_DO_ANSWER_LEAVE);
}

static GstRtcActions
feed_new (GstRtcRoomState *state, GstRtcInput input)
{
  if (input != GST_RTC_INPUT_INIT)
    return GST_RTC_DO_NOTHING;
  return go_out (state, GST_RTC_DO_NOTHING);
}

static GstRtcActions
feed_inited (GstRtcRoomState *state, GstRtcInput input, gint64 now)
{
  if (input != GST_RTC_INPUT_JOIN)
    return GST_RTC_DO_NOTHING;
  return enter (state, GST_RTC_PHASE_CONFIGURING,
      after (now, state->connect_timeout), GST_RTC_DO_FETCH_CONFIG);
}

static GstRtcActions
feed_configuring (
    GstRtcRoomState *state, GstRtcInput input, guint value, gint64 now)
{
  switch (input) {
    case GST_RTC_INPUT_LEAVE:
      return cut_join_off (state);
    case GST_RTC_INPUT_CONFIGURED:
      state->n_addresses = value;
      return open_address (state, 0, now);
    case GST_RTC_INPUT_CONFIG_FAILED:
    case GST_RTC_INPUT_TIMEOUT:
      return go_out (state, GST_RTC_DO_FAIL_JOIN);
    default:
      return GST_RTC_DO_NOTHING;
  }
}

static GstRtcActions
feed_opening (GstRtcRoomState *state, GstRtcInput input, gint64 now)
{
  switch (input) {
    case GST_RTC_INPUT_LEAVE:
      return cut_join_off (state);
    case GST_RTC_INPUT_SOCKET_OPENED:
      /* The deadline of the request guards what follows. */
      return enter (
          state, GST_RTC_PHASE_JOINING, G_MAXINT64, GST_RTC_DO_SEND_JOIN);
    case GST_RTC_INPUT_SOCKET_UNOPENED:
    case GST_RTC_INPUT_TIMEOUT:
      return open_address (state, state->address + 1, now);
    default:
      return GST_RTC_DO_NOTHING;
  }
}

static GstRtcActions
feed_joining (GstRtcRoomState *state, GstRtcInput input)
{
  switch (input) {
    case GST_RTC_INPUT_LEAVE:
      return cut_join_off (state);
    case GST_RTC_INPUT_JOIN_ACCEPTED:
      return enter (
          state, GST_RTC_PHASE_JOINED, G_MAXINT64, GST_RTC_DO_ENTERED);
    case GST_RTC_INPUT_SOCKET_LOST:
      return go_out (state, GST_RTC_DO_FAIL_JOIN);
    case GST_RTC_INPUT_JOIN_REFUSED:
    case GST_RTC_INPUT_REMOVED:
      return go_out (state, GST_RTC_DO_FAIL_JOIN | GST_RTC_DO_CLOSE_SOCKET);
    default:
      return GST_RTC_DO_NOTHING;
  }
}

/* The next attempt, or the end where there is none left. */
static GstRtcActions
try_again (GstRtcRoomState *state, guint32 random, gint64 now)
{
  if (state->attempt >= state->reconnect_attempts)
    return go_out (
        state, GST_RTC_DO_ABANDON | GST_RTC_DO_LEFT | GST_RTC_DO_TELL_END);
  state->attempt++;
  state->delay =
      gst_rtc_get_retry_delay (state->attempt, state->reconnect_delay, random);
  return enter (state, GST_RTC_PHASE_WAITING, after (now, state->delay),
      GST_RTC_DO_ABANDON | GST_RTC_DO_TELL_ATTEMPT);
}

static GstRtcActions
lose_socket (GstRtcRoomState *state, guint32 random, gint64 now)
{
  if (state->reconnect_attempts == 0)
    return enter (state, GST_RTC_PHASE_DISCONNECTED, G_MAXINT64,
        GST_RTC_DO_FAIL_PENDING | GST_RTC_DO_TELL_END);
  if (now >= state->steady_at)
    state->attempt = 0;
  return GST_RTC_DO_FAIL_PENDING | GST_RTC_DO_TELL_BREAK |
         try_again (state, random, now);
}

static GstRtcActions
feed_joined (
    GstRtcRoomState *state, GstRtcInput input, guint32 random, gint64 now)
{
  switch (input) {
    case GST_RTC_INPUT_LEAVE:
      return enter (state, GST_RTC_PHASE_LEAVING,
          after (now, state->leave_timeout), GST_RTC_DO_SEND_LEAVE);
    case GST_RTC_INPUT_SOCKET_LOST:
      return lose_socket (state, random, now);
    case GST_RTC_INPUT_REMOVED:
      return go_out (state, GST_RTC_DO_CLOSE_SOCKET | GST_RTC_DO_LEFT);
    default:
      return GST_RTC_DO_NOTHING;
  }
}

/* Closing what there is of a socket tells the server enough. */
static GstRtcActions
leave_returning (GstRtcRoomState *state)
{
  return go_out (
      state, GST_RTC_DO_ABANDON | GST_RTC_DO_LEFT | GST_RTC_DO_ANSWER_LEAVE);
}

static GstRtcActions
feed_waiting (GstRtcRoomState *state, GstRtcInput input, gint64 now)
{
  switch (input) {
    case GST_RTC_INPUT_LEAVE:
      return leave_returning (state);
    case GST_RTC_INPUT_TIMEOUT:
      return enter (state, GST_RTC_PHASE_RECONFIGURING,
          after (now, state->connect_timeout), GST_RTC_DO_FETCH_CONFIG);
    default:
      return GST_RTC_DO_NOTHING;
  }
}

static GstRtcActions
reopen_address (
    GstRtcRoomState *state, guint address, guint32 random, gint64 now)
{
  if (address >= state->n_addresses)
    return try_again (state, random, now);
  state->address = address;
  return enter (state, GST_RTC_PHASE_REOPENING,
      after (now, state->connect_timeout), GST_RTC_DO_OPEN_ADDRESS);
}

static GstRtcActions
feed_reconfiguring (GstRtcRoomState *state, GstRtcInput input, guint value,
    guint32 random, gint64 now)
{
  switch (input) {
    case GST_RTC_INPUT_LEAVE:
      return leave_returning (state);
    case GST_RTC_INPUT_CONFIGURED:
      state->n_addresses = value;
      return reopen_address (state, 0, random, now);
    case GST_RTC_INPUT_CONFIG_FAILED:
    case GST_RTC_INPUT_TIMEOUT:
      return try_again (state, random, now);
    default:
      return GST_RTC_DO_NOTHING;
  }
}

static GstRtcActions
feed_reopening (
    GstRtcRoomState *state, GstRtcInput input, guint32 random, gint64 now)
{
  switch (input) {
    case GST_RTC_INPUT_LEAVE:
      return leave_returning (state);
    case GST_RTC_INPUT_SOCKET_OPENED:
      return enter (state, GST_RTC_PHASE_REJOINING,
          after (now, state->leave_timeout), GST_RTC_DO_SEND_REJOIN);
    case GST_RTC_INPUT_SOCKET_UNOPENED:
    case GST_RTC_INPUT_TIMEOUT:
      return reopen_address (state, state->address + 1, random, now);
    default:
      return GST_RTC_DO_NOTHING;
  }
}

static GstRtcActions
feed_rejoining (
    GstRtcRoomState *state, GstRtcInput input, guint32 random, gint64 now)
{
  switch (input) {
    case GST_RTC_INPUT_LEAVE:
      return leave_returning (state);
    case GST_RTC_INPUT_JOIN_ACCEPTED:
      state->steady_at = after (now, GST_RTC_STEADY_MS);
      return enter (
          state, GST_RTC_PHASE_JOINED, G_MAXINT64, GST_RTC_DO_REENTERED);
    case GST_RTC_INPUT_SOCKET_LOST:
    case GST_RTC_INPUT_TIMEOUT:
      return try_again (state, random, now);
    case GST_RTC_INPUT_JOIN_REFUSED:
      /* The same again would be refused again. */
      return go_out (
          state, GST_RTC_DO_ABANDON | GST_RTC_DO_LEFT | GST_RTC_DO_TELL_END);
    case GST_RTC_INPUT_REMOVED:
      return go_out (state, GST_RTC_DO_CLOSE_SOCKET | GST_RTC_DO_LEFT);
    default:
      return GST_RTC_DO_NOTHING;
  }
}

static GstRtcActions
feed_disconnected (GstRtcRoomState *state, GstRtcInput input)
{
  if (input != GST_RTC_INPUT_LEAVE)
    return GST_RTC_DO_NOTHING;
  return go_out (state, GST_RTC_DO_LEFT | GST_RTC_DO_ANSWER_LEAVE);
}

static GstRtcActions
feed_leaving (GstRtcRoomState *state, GstRtcInput input)
{
  const GstRtcActions out =
      GST_RTC_DO_CLOSE_SOCKET | GST_RTC_DO_LEFT | GST_RTC_DO_ANSWER_LEAVE;

  switch (input) {
    case GST_RTC_INPUT_LEAVE_ANSWERED:
    case GST_RTC_INPUT_REMOVED:
    case GST_RTC_INPUT_TIMEOUT:
      return go_out (state, out);
    case GST_RTC_INPUT_SOCKET_LOST:
      /* The leave is one of those that fail. */
      return go_out (state, GST_RTC_DO_FAIL_PENDING | GST_RTC_DO_LEFT);
    default:
      return GST_RTC_DO_NOTHING;
  }
}

guint
gst_rtc_get_retry_delay (guint attempt, guint base, guint32 random)
{
  guint64 limit = base;

  if (attempt <= 1)
    return 0;
  for (guint i = 2; i < attempt && limit < GST_RTC_MAX_RECONNECT_DELAY; i++)
    limit *= 2;
  limit = MIN (limit, MAX (base, GST_RTC_MAX_RECONNECT_DELAY));
  return (guint)(random * (limit + 1) >> 32);
}

const gchar *
gst_rtc_phase_get_nick (GstRtcPhase phase)
{
  g_return_val_if_fail (phase < GST_RTC_N_PHASES, NULL);

  return phase_nicks[phase];
}

const gchar *
gst_rtc_input_get_nick (GstRtcInput input)
{
  g_return_val_if_fail (input < GST_RTC_N_INPUTS, NULL);

  return input_nicks[input];
}

void
gst_rtc_room_state_init (
    GstRtcRoomState *state, guint connect_timeout, guint leave_timeout)
{
  *state = (GstRtcRoomState){
      .phase = GST_RTC_PHASE_NEW,
      .deadline = G_MAXINT64,
      .connect_timeout = connect_timeout,
      .leave_timeout = leave_timeout,
  };
}

GstRtcActions
gst_rtc_room_state_feed (GstRtcRoomState *state, GstRtcInput input, guint value,
    guint32 random, gint64 now)
{
  /* A timer that was late to be stopped. */
  if (input == GST_RTC_INPUT_TIMEOUT && now < state->deadline)
    return GST_RTC_DO_NOTHING;

  switch (state->phase) {
    case GST_RTC_PHASE_NEW:
      return feed_new (state, input);
    case GST_RTC_PHASE_INITED:
      return feed_inited (state, input, now);
    case GST_RTC_PHASE_CONFIGURING:
      return feed_configuring (state, input, value, now);
    case GST_RTC_PHASE_OPENING:
      return feed_opening (state, input, now);
    case GST_RTC_PHASE_JOINING:
      return feed_joining (state, input);
    case GST_RTC_PHASE_JOINED:
      return feed_joined (state, input, random, now);
    case GST_RTC_PHASE_WAITING:
      return feed_waiting (state, input, now);
    case GST_RTC_PHASE_RECONFIGURING:
      return feed_reconfiguring (state, input, value, random, now);
    case GST_RTC_PHASE_REOPENING:
      return feed_reopening (state, input, random, now);
    case GST_RTC_PHASE_REJOINING:
      return feed_rejoining (state, input, random, now);
    case GST_RTC_PHASE_DISCONNECTED:
      return feed_disconnected (state, input);
    case GST_RTC_PHASE_LEAVING:
      return feed_leaving (state, input);
    case GST_RTC_N_PHASES:
    default:
      g_return_val_if_reached (GST_RTC_DO_NOTHING);
  }
}

static gboolean
phase_is_connecting (GstRtcPhase phase)
{
  return phase == GST_RTC_PHASE_CONFIGURING || phase == GST_RTC_PHASE_OPENING ||
         phase == GST_RTC_PHASE_JOINING;
}

gboolean
gst_rtc_phase_is_in_room (GstRtcPhase phase)
{
  return phase == GST_RTC_PHASE_JOINED || phase == GST_RTC_PHASE_DISCONNECTED ||
         gst_rtc_phase_is_returning (phase);
}

gboolean
gst_rtc_phase_is_returning (GstRtcPhase phase)
{
  return phase == GST_RTC_PHASE_WAITING ||
         phase == GST_RTC_PHASE_RECONFIGURING ||
         phase == GST_RTC_PHASE_REOPENING || phase == GST_RTC_PHASE_REJOINING;
}

/* The code that speaks against @operation in @phase, 0 for none. */
static gint
find_objection (GstRtcPhase phase, GstRtcOperation operation)
{
  switch (operation) {
    case GST_RTC_OPERATION_INIT:
      return phase == GST_RTC_PHASE_NEW ? 0 : GST_RTC_ERROR_HAS_INITED;
    case GST_RTC_OPERATION_JOIN:
      if (phase == GST_RTC_PHASE_INITED)
        return 0;
      return phase_is_connecting (phase) ? GST_RTC_ERROR_CONNECTING
                                         : GST_RTC_ERROR_ALREADY_IN_ROOM;
    case GST_RTC_OPERATION_LEAVE:
      if (phase_is_connecting (phase) || gst_rtc_phase_is_in_room (phase))
        return 0;
      return GST_RTC_ERROR_NOT_IN_ROOM;
    case GST_RTC_OPERATION_SET_VISIBILITY:
      /* Also before a join, which then enters with it (room API 1.12). */
      if (phase != GST_RTC_PHASE_LEAVING)
        return 0;
      return GST_RTC_ERROR_NOT_IN_ROOM;
    default:
      return gst_rtc_phase_is_in_room (phase) ? 0 : GST_RTC_ERROR_NOT_IN_ROOM;
  }
}

gboolean
gst_rtc_room_state_check (
    const GstRtcRoomState *state, GstRtcOperation operation, GError **error)
{
  gint code;

  if (state->phase == GST_RTC_PHASE_NEW && operation != GST_RTC_OPERATION_INIT)
    return gst_rtc_error_set (error, GST_RTC_ERROR_INVALID_PARAMS, 0,
        "init has to be called before %s",
        gst_rtc_operation_get_nick (operation));

  code = find_objection (state->phase, operation);
  if (code == 0)
    return TRUE;
  return gst_rtc_error_set (error, code, 0, "%s: %s",
      gst_rtc_operation_get_nick (operation),
      gst_rtc_error_lookup (code)->text);
}
