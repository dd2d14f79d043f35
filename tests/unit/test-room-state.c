/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the state machine: every phase times every input, and every phase
 * times every operation, as tables. */
#include "rtcroomstate.h"

#include "rtcerror.h"

#define NOW 1000000
#define CONNECT_MS 10000
#define LEAVE_MS 3000
#define ATTEMPTS 3
#define DELAY_MS 300
/* Half of what the second attempt may wait, for the random number HALF. */
#define SECOND_MS 150
#define HALF 0x80000000u

/* Short names, so that the tables can be read. */
#define PHASE(name) GST_RTC_PHASE_##name
#define INPUT(name) GST_RTC_INPUT_##name
#define CUT                                                                    \
  (GST_RTC_DO_CANCEL_JOIN | GST_RTC_DO_CLOSE_SOCKET | GST_RTC_DO_ANSWER_LEAVE)
#define OUT                                                                    \
  (GST_RTC_DO_CLOSE_SOCKET | GST_RTC_DO_LEFT | GST_RTC_DO_ANSWER_LEAVE)

typedef struct
{
  GstRtcPhase phase;
  GstRtcInput input;
  GstRtcPhase next;
  guint actions;
  guint deadline_ms; /* 0 for none */
} Row;

#define AT_ONCE G_MAXUINT

#define GIVE_UP (GST_RTC_DO_ABANDON | GST_RTC_DO_LEFT | GST_RTC_DO_TELL_END)
#define AGAIN (GST_RTC_DO_ABANDON | GST_RTC_DO_TELL_ATTEMPT)
#define CUT_BACK                                                               \
  (GST_RTC_DO_ABANDON | GST_RTC_DO_LEFT | GST_RTC_DO_ANSWER_LEAVE)

/* All that changes something; each pair that is not here must change
 * nothing. OPENING and REOPENING stand at the first of two addresses,
 * CONFIGURED brings two. The first of three attempts to come back is the one
 * that fails. */
static const Row rows[] = {
    {PHASE (NEW), INPUT (INIT), PHASE (INITED), 0, 0},
    {PHASE (INITED), INPUT (JOIN), PHASE (CONFIGURING), GST_RTC_DO_FETCH_CONFIG,
        CONNECT_MS},
    {PHASE (CONFIGURING), INPUT (LEAVE), PHASE (INITED), CUT, 0},
    {PHASE (CONFIGURING), INPUT (CONFIGURED), PHASE (OPENING),
        GST_RTC_DO_OPEN_ADDRESS, CONNECT_MS},
    {PHASE (CONFIGURING), INPUT (CONFIG_FAILED), PHASE (INITED),
        GST_RTC_DO_FAIL_JOIN, 0},
    {PHASE (CONFIGURING), INPUT (TIMEOUT), PHASE (INITED), GST_RTC_DO_FAIL_JOIN,
        0},
    {PHASE (OPENING), INPUT (LEAVE), PHASE (INITED), CUT, 0},
    {PHASE (OPENING), INPUT (SOCKET_OPENED), PHASE (JOINING),
        GST_RTC_DO_SEND_JOIN, 0},
    {PHASE (OPENING), INPUT (SOCKET_UNOPENED), PHASE (OPENING),
        GST_RTC_DO_OPEN_ADDRESS, CONNECT_MS},
    {PHASE (OPENING), INPUT (TIMEOUT), PHASE (OPENING), GST_RTC_DO_OPEN_ADDRESS,
        CONNECT_MS},
    {PHASE (JOINING), INPUT (LEAVE), PHASE (INITED), CUT, 0},
    {PHASE (JOINING), INPUT (JOIN_ACCEPTED), PHASE (JOINED), GST_RTC_DO_ENTERED,
        0},
    {PHASE (JOINING), INPUT (JOIN_REFUSED), PHASE (INITED),
        GST_RTC_DO_FAIL_JOIN | GST_RTC_DO_CLOSE_SOCKET, 0},
    {PHASE (JOINING), INPUT (REMOVED), PHASE (INITED),
        GST_RTC_DO_FAIL_JOIN | GST_RTC_DO_CLOSE_SOCKET, 0},
    {PHASE (JOINING), INPUT (SOCKET_LOST), PHASE (INITED), GST_RTC_DO_FAIL_JOIN,
        0},
    {PHASE (JOINED), INPUT (LEAVE), PHASE (LEAVING), GST_RTC_DO_SEND_LEAVE,
        LEAVE_MS},
    {PHASE (JOINED), INPUT (SOCKET_LOST), PHASE (WAITING),
        GST_RTC_DO_FAIL_PENDING | GST_RTC_DO_TELL_BREAK | AGAIN, AT_ONCE},
    {PHASE (JOINED), INPUT (REMOVED), PHASE (INITED),
        GST_RTC_DO_CLOSE_SOCKET | GST_RTC_DO_LEFT, 0},
    {PHASE (WAITING), INPUT (LEAVE), PHASE (INITED), CUT_BACK, 0},
    {PHASE (WAITING), INPUT (TIMEOUT), PHASE (RECONFIGURING),
        GST_RTC_DO_FETCH_CONFIG, CONNECT_MS},
    {PHASE (RECONFIGURING), INPUT (LEAVE), PHASE (INITED), CUT_BACK, 0},
    {PHASE (RECONFIGURING), INPUT (CONFIGURED), PHASE (REOPENING),
        GST_RTC_DO_OPEN_ADDRESS, CONNECT_MS},
    {PHASE (RECONFIGURING), INPUT (CONFIG_FAILED), PHASE (WAITING), AGAIN,
        SECOND_MS},
    {PHASE (RECONFIGURING), INPUT (TIMEOUT), PHASE (WAITING), AGAIN, SECOND_MS},
    {PHASE (REOPENING), INPUT (LEAVE), PHASE (INITED), CUT_BACK, 0},
    {PHASE (REOPENING), INPUT (SOCKET_OPENED), PHASE (REJOINING),
        GST_RTC_DO_SEND_REJOIN, LEAVE_MS},
    {PHASE (REOPENING), INPUT (SOCKET_UNOPENED), PHASE (REOPENING),
        GST_RTC_DO_OPEN_ADDRESS, CONNECT_MS},
    {PHASE (REOPENING), INPUT (TIMEOUT), PHASE (REOPENING),
        GST_RTC_DO_OPEN_ADDRESS, CONNECT_MS},
    {PHASE (REJOINING), INPUT (LEAVE), PHASE (INITED), CUT_BACK, 0},
    {PHASE (REJOINING), INPUT (JOIN_ACCEPTED), PHASE (JOINED),
        GST_RTC_DO_REENTERED, 0},
    {PHASE (REJOINING), INPUT (SOCKET_LOST), PHASE (WAITING), AGAIN, SECOND_MS},
    {PHASE (REJOINING), INPUT (TIMEOUT), PHASE (WAITING), AGAIN, SECOND_MS},
    {PHASE (REJOINING), INPUT (JOIN_REFUSED), PHASE (INITED), GIVE_UP, 0},
    {PHASE (REJOINING), INPUT (REMOVED), PHASE (INITED),
        GST_RTC_DO_CLOSE_SOCKET | GST_RTC_DO_LEFT, 0},
    {PHASE (DISCONNECTED), INPUT (LEAVE), PHASE (INITED),
        GST_RTC_DO_LEFT | GST_RTC_DO_ANSWER_LEAVE, 0},
    {PHASE (LEAVING), INPUT (LEAVE_ANSWERED), PHASE (INITED), OUT, 0},
    {PHASE (LEAVING), INPUT (REMOVED), PHASE (INITED), OUT, 0},
    {PHASE (LEAVING), INPUT (TIMEOUT), PHASE (INITED), OUT, 0},
    {PHASE (LEAVING), INPUT (SOCKET_LOST), PHASE (INITED),
        GST_RTC_DO_FAIL_PENDING | GST_RTC_DO_LEFT, 0},
};

static const Row *
find_row (GstRtcPhase phase, GstRtcInput input)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (rows[i].phase == phase && rows[i].input == input)
      return &rows[i];
  }
  return NULL;
}

static GstRtcRoomState
make_state (GstRtcPhase phase)
{
  GstRtcRoomState state;

  gst_rtc_room_state_init (&state, CONNECT_MS, LEAVE_MS);
  state.phase = phase;
  state.deadline = NOW;
  state.reconnect_attempts = ATTEMPTS;
  state.reconnect_delay = DELAY_MS;
  state.attempt = gst_rtc_phase_is_returning (phase) ? 1 : 0;
  if (phase == PHASE (OPENING) || phase == PHASE (REOPENING))
    state.n_addresses = 2;
  return state;
}

static guint
feed (GstRtcRoomState *state, GstRtcInput input, guint value)
{
  return gst_rtc_room_state_feed (state, input, value, HALF, NOW);
}

static gint64
get_deadline (const Row *row)
{
  if (row->deadline_ms == 0)
    return G_MAXINT64;
  return NOW + (row->deadline_ms == AT_ONCE ? 0 : row->deadline_ms * 1000);
}

static void
assert_row (GstRtcPhase phase, GstRtcInput input)
{
  const Row *row = find_row (phase, input);
  const GstRtcRoomState before = make_state (phase);
  GstRtcRoomState state = before;
  const guint actions = feed (&state, input, 2);

  g_test_message (
      "%s, %s", gst_rtc_phase_get_nick (phase), gst_rtc_input_get_nick (input));
  if (!row) {
    g_assert_cmpuint (GST_RTC_DO_NOTHING, ==, actions);
    g_assert_cmpint (phase, ==, state.phase);
    g_assert_cmpint (before.deadline, ==, state.deadline);
    g_assert_cmpuint (before.address, ==, state.address);
    return;
  }
  g_assert_cmpstr (gst_rtc_phase_get_nick (row->next), ==,
      gst_rtc_phase_get_nick (state.phase));
  g_assert_cmpuint (row->actions, ==, actions);
  g_assert_cmpint (get_deadline (row), ==, state.deadline);
}

static void
test_every_phase_and_input (void)
{
  for (guint phase = 0; phase < GST_RTC_N_PHASES; phase++) {
    for (guint input = 0; input < GST_RTC_N_INPUTS; input++)
      assert_row (phase, input);
  }
}

static void
test_last_address_fails (void)
{
  GstRtcRoomState state = make_state (PHASE (OPENING));

  g_assert_cmpuint (
      GST_RTC_DO_OPEN_ADDRESS, ==, feed (&state, INPUT (SOCKET_UNOPENED), 0));
  g_assert_cmpuint (1, ==, state.address);
  g_assert_cmpuint (
      GST_RTC_DO_NO_ADDRESS, ==, feed (&state, INPUT (SOCKET_UNOPENED), 0));
  g_assert_cmpint (PHASE (INITED), ==, state.phase);
}

static void
test_no_address (void)
{
  GstRtcRoomState state = make_state (PHASE (CONFIGURING));

  g_assert_cmpuint (
      GST_RTC_DO_NO_ADDRESS, ==, feed (&state, INPUT (CONFIGURED), 0));
  g_assert_cmpint (PHASE (INITED), ==, state.phase);
}

static void
test_early_timeout (void)
{
  GstRtcRoomState state = make_state (PHASE (LEAVING));

  g_assert_cmpuint (GST_RTC_DO_NOTHING, ==,
      gst_rtc_room_state_feed (&state, INPUT (TIMEOUT), 0, HALF, NOW - 1));
  g_assert_cmpint (PHASE (LEAVING), ==, state.phase);
}

static void
test_reconnecting_off (void)
{
  GstRtcRoomState state = make_state (PHASE (JOINED));

  state.reconnect_attempts = 0;
  g_assert_cmpuint (GST_RTC_DO_FAIL_PENDING | GST_RTC_DO_TELL_END, ==,
      feed (&state, INPUT (SOCKET_LOST), 0));
  g_assert_cmpint (PHASE (DISCONNECTED), ==, state.phase);
  g_assert_cmpint (G_MAXINT64, ==, state.deadline);
}

static void
test_attempts_run_out (void)
{
  GstRtcRoomState state = make_state (PHASE (JOINED));

  feed (&state, INPUT (SOCKET_LOST), 0);
  for (guint attempt = 1; attempt <= ATTEMPTS; attempt++) {
    g_assert_cmpuint (attempt, ==, state.attempt);
    state.deadline = NOW;
    g_assert_cmpuint (
        GST_RTC_DO_FETCH_CONFIG, ==, feed (&state, INPUT (TIMEOUT), 0));
    g_assert_cmpuint (attempt < ATTEMPTS ? AGAIN : GIVE_UP, ==,
        feed (&state, INPUT (CONFIG_FAILED), 0));
  }
  g_assert_cmpint (PHASE (INITED), ==, state.phase);
  g_assert_cmpint (G_MAXINT64, ==, state.deadline);
}

static void
test_last_address_of_an_attempt (void)
{
  GstRtcRoomState state = make_state (PHASE (REOPENING));

  feed (&state, INPUT (SOCKET_UNOPENED), 0);
  g_assert_cmpuint (1, ==, state.address);
  g_assert_cmpuint (AGAIN, ==, feed (&state, INPUT (SOCKET_UNOPENED), 0));
  g_assert_cmpint (PHASE (WAITING), ==, state.phase);
  state = make_state (PHASE (RECONFIGURING));
  g_assert_cmpuint (AGAIN, ==, feed (&state, INPUT (CONFIGURED), 0));
}

static void
test_attempts_begin_at_the_first_address (void)
{
  GstRtcRoomState state = make_state (PHASE (RECONFIGURING));

  state.address = 1;
  feed (&state, INPUT (CONFIGURED), 2);
  g_assert_cmpint (PHASE (REOPENING), ==, state.phase);
  g_assert_cmpuint (0, ==, state.address);
}

/* The next join owes nothing to this one. */
static void
test_going_out_forgets (void)
{
  GstRtcRoomState state = make_state (PHASE (JOINED));

  state.address = 1;
  state.n_addresses = 2;
  state.attempt = 2;
  state.steady_at = NOW + 1;
  feed (&state, INPUT (REMOVED), 0);
  g_assert_cmpuint (0, ==, state.address);
  g_assert_cmpuint (0, ==, state.n_addresses);
  g_assert_cmpuint (0, ==, state.attempt);
  g_assert_cmpint (0, ==, state.steady_at);
}

/* A server that takes everybody in and breaks at once is not hammered. */
static void
test_attempts_count_on_while_unsteady (void)
{
  GstRtcRoomState state = make_state (PHASE (REJOINING));
  GstRtcRoomState steady;

  feed (&state, INPUT (JOIN_ACCEPTED), 0);
  steady = state;
  gst_rtc_room_state_feed (
      &state, INPUT (SOCKET_LOST), 0, HALF, NOW + GST_RTC_STEADY_MS * 1000 - 1);
  g_assert_cmpuint (2, ==, state.attempt);
  g_assert_cmpuint (SECOND_MS, ==, state.delay);
  gst_rtc_room_state_feed (
      &steady, INPUT (SOCKET_LOST), 0, HALF, NOW + GST_RTC_STEADY_MS * 1000);
  g_assert_cmpuint (1, ==, steady.attempt);
  g_assert_cmpuint (0, ==, steady.delay);
}

static void
test_delays (void)
{
  static const guint limits[] = {0, 0, 300, 600, 1200, 2400, 4800, 7000, 7000};

  for (guint i = 1; i < G_N_ELEMENTS (limits); i++) {
    g_assert_cmpuint (0, ==, gst_rtc_get_retry_delay (i, DELAY_MS, 0));
    g_assert_cmpuint (
        limits[i], ==, gst_rtc_get_retry_delay (i, DELAY_MS, G_MAXUINT32));
    g_assert_cmpuint (
        limits[i] / 2, ==, gst_rtc_get_retry_delay (i, DELAY_MS, HALF));
  }
  g_assert_cmpuint (
      7000, ==, gst_rtc_get_retry_delay (1000, DELAY_MS, G_MAXUINT32));
  g_assert_cmpuint (0, ==, gst_rtc_get_retry_delay (1000, 0, G_MAXUINT32));
  g_assert_cmpuint (60000, ==, gst_rtc_get_retry_delay (9, 60000, G_MAXUINT32));
}

/* Phases in their order: new, inited, configuring, opening, joining, joined,
 * the four on the way back, disconnected, leaving. */
#define IN_ROOM                                                                \
  {                                                                            \
    100001, 100002, 100002, 100002, 100002, 0, 0, 0, 0, 0, 0, 100002           \
  }
static const gint objections[GST_RTC_N_OPERATIONS][GST_RTC_N_PHASES] = {
    [GST_RTC_OPERATION_NONE] = IN_ROOM,
    [GST_RTC_OPERATION_INIT] = {0, 100008, 100008, 100008, 100008, 100008,
        100008, 100008, 100008, 100008, 100008, 100008},
    [GST_RTC_OPERATION_JOIN] = {100001, 0, 100004, 100004, 100004, 100003,
        100003, 100003, 100003, 100003, 100003, 100003},
    [GST_RTC_OPERATION_LEAVE] = {100001, 100002, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        100002},
    [GST_RTC_OPERATION_RENEW_TOKEN] = IN_ROOM,
    [GST_RTC_OPERATION_SET_VISIBILITY] = {100001, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        100002},
    [GST_RTC_OPERATION_PUBLISH] = IN_ROOM,
    [GST_RTC_OPERATION_UNPUBLISH] = IN_ROOM,
    [GST_RTC_OPERATION_SUBSCRIBE] = IN_ROOM,
    [GST_RTC_OPERATION_UNSUBSCRIBE] = IN_ROOM,
    [GST_RTC_OPERATION_MUTE_LOCAL] = IN_ROOM,
    [GST_RTC_OPERATION_MUTE_REMOTE] = IN_ROOM,
};

static void
assert_check (GstRtcOperation operation, GstRtcPhase phase)
{
  const GstRtcRoomState state = make_state (phase);
  const gint code = objections[operation][phase];
  g_autoptr (GError) error = NULL;
  const gboolean allowed = gst_rtc_room_state_check (&state, operation, &error);

  g_test_message ("%s, %s", gst_rtc_operation_get_nick (operation),
      gst_rtc_phase_get_nick (phase));
  g_assert_cmpint (code == 0, ==, allowed);
  if (code == 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, GST_RTC_ERROR, code);
}

static void
test_every_operation_and_phase (void)
{
  for (guint operation = 0; operation < GST_RTC_N_OPERATIONS; operation++) {
    for (guint phase = 0; phase < GST_RTC_N_PHASES; phase++)
      assert_check (operation, phase);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/room-state/every-phase-and-input", test_every_phase_and_input);
  g_test_add_func ("/room-state/last-address-fails", test_last_address_fails);
  g_test_add_func ("/room-state/no-address", test_no_address);
  g_test_add_func ("/room-state/early-timeout", test_early_timeout);
  g_test_add_func ("/room-state/reconnecting-off", test_reconnecting_off);
  g_test_add_func ("/room-state/attempts-run-out", test_attempts_run_out);
  g_test_add_func ("/room-state/last-address-of-an-attempt",
      test_last_address_of_an_attempt);
  g_test_add_func ("/room-state/attempts-begin-at-the-first-address",
      test_attempts_begin_at_the_first_address);
  g_test_add_func ("/room-state/going-out-forgets", test_going_out_forgets);
  g_test_add_func ("/room-state/attempts-count-on-while-unsteady",
      test_attempts_count_on_while_unsteady);
  g_test_add_func ("/room-state/delays", test_delays);
  g_test_add_func (
      "/room-state/every-operation-and-phase", test_every_operation_and_phase);
  return g_test_run ();
}
