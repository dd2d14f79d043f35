/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of the state machine: every phase times every input, and every phase
 * times every operation, as tables. */
#include "rtcroomstate.h"

#include "rtcerror.h"

#define NOW 1000000
#define CONNECT_MS 10000
#define LEAVE_MS 3000

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

/* All that changes something; each pair that is not here must change
 * nothing. OPENING stands at the first of two addresses, CONFIGURED brings
 * two. */
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
    {PHASE (JOINED), INPUT (SOCKET_LOST), PHASE (DISCONNECTED),
        GST_RTC_DO_FAIL_PENDING, 0},
    {PHASE (JOINED), INPUT (REMOVED), PHASE (INITED),
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
  if (phase == PHASE (OPENING))
    state.n_addresses = 2;
  return state;
}

static void
assert_row (GstRtcPhase phase, GstRtcInput input)
{
  const Row *row = find_row (phase, input);
  const GstRtcRoomState before = make_state (phase);
  GstRtcRoomState state = before;
  const guint actions = gst_rtc_room_state_feed (&state, input, 2, NOW);

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
  g_assert_cmpint (
      row->deadline_ms ? NOW + row->deadline_ms * 1000 : G_MAXINT64, ==,
      state.deadline);
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

  g_assert_cmpuint (GST_RTC_DO_OPEN_ADDRESS, ==,
      gst_rtc_room_state_feed (&state, INPUT (SOCKET_UNOPENED), 0, NOW));
  g_assert_cmpuint (1, ==, state.address);
  g_assert_cmpuint (GST_RTC_DO_NO_ADDRESS, ==,
      gst_rtc_room_state_feed (&state, INPUT (SOCKET_UNOPENED), 0, NOW));
  g_assert_cmpint (PHASE (INITED), ==, state.phase);
}

static void
test_no_address (void)
{
  GstRtcRoomState state = make_state (PHASE (CONFIGURING));

  g_assert_cmpuint (GST_RTC_DO_NO_ADDRESS, ==,
      gst_rtc_room_state_feed (&state, INPUT (CONFIGURED), 0, NOW));
  g_assert_cmpint (PHASE (INITED), ==, state.phase);
}

static void
test_early_timeout (void)
{
  GstRtcRoomState state = make_state (PHASE (LEAVING));

  g_assert_cmpuint (GST_RTC_DO_NOTHING, ==,
      gst_rtc_room_state_feed (&state, INPUT (TIMEOUT), 0, NOW - 1));
  g_assert_cmpint (PHASE (LEAVING), ==, state.phase);
}

/* Phases in their order: new, inited, configuring, opening, joining, joined,
 * disconnected, leaving. */
#define IN_ROOM                                                                \
  {                                                                            \
    100001, 100002, 100002, 100002, 100002, 0, 0, 100002                       \
  }
static const gint objections[GST_RTC_N_OPERATIONS][GST_RTC_N_PHASES] = {
    [GST_RTC_OPERATION_NONE] = IN_ROOM,
    [GST_RTC_OPERATION_INIT] = {0, 100008, 100008, 100008, 100008, 100008,
        100008, 100008},
    [GST_RTC_OPERATION_JOIN] = {100001, 0, 100004, 100004, 100004, 100003,
        100003, 100003},
    [GST_RTC_OPERATION_LEAVE] = {100001, 100002, 0, 0, 0, 0, 0, 100002},
    [GST_RTC_OPERATION_RENEW_TOKEN] = IN_ROOM,
    [GST_RTC_OPERATION_SET_VISIBILITY] = {100001, 0, 0, 0, 0, 0, 0, 100002},
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
  g_test_add_func (
      "/room-state/every-operation-and-phase", test_every_operation_and_phase);
  return g_test_run ();
}
