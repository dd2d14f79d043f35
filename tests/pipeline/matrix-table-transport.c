/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of 300009, 300010 and 500001: silence and broken sockets. */
#include "matrix.h"
#include "matrix-provoke.h"

#define ROW(name, words) .id = name, .condition = words
#define BOB "bob"
#define MUTE "video=true"

#define SILENT(request, words, ...)                                            \
  ROW (words, "`" words "` is not answered"),                                  \
      .by = BY_TIMER, .code = 300009, .symbol = "SIGNALING_TIMEOUT",           \
      .retryable = TRUE, .severity = GST_MESSAGE_WARNING,                      \
      .seen = SEEN_REQUEST, .after = "connected",                              \
      .settings = "signaling-timeout=500", .call = {words, __VA_ARGS__},       \
      .script = {.type = GST_RTC_MESSAGE_##request, .act = SCRIPTED_SILENT}

#define DOWN(words, ...)                                                       \
  ROW (words, "`" words "` while the socket is down"),                         \
      .by = BY_LOCAL, .code = 300010, .symbol = "WEBSOCKET_NOT_CONNECTED",     \
      .retryable = TRUE, .severity = GST_MESSAGE_WARNING,                      \
      .seen = SEEN_NOTHING, .after = "failed", .stage = AT_LOST,               \
      .call = {words, __VA_ARGS__}

#define BROKEN                                                                 \
  .by = BY_TRANSPORT, .code = 500001, .symbol = "WEBSOCKET_FAILED",            \
  .retryable = TRUE, .seen = SEEN_SESSION, .restarts = TRUE

/* By itself, in a room. */
#define BREAKS(name, words)                                                    \
  ROW (name, words), BROKEN, .severity = GST_MESSAGE_ERROR,                    \
                             .operation = "none", .after = "failed",           \
                             .then = {{"leave"}, {"join"}}

/* While @words is not answered; the end of the socket is told beside it. */
#define BREAKS_IN(request, name, words, ...)                                   \
  ROW (name, "the socket breaks while `" words "` is not answered"), BROKEN,   \
      .severity = GST_MESSAGE_WARNING, .seen = SEEN_REQUEST,                   \
      .after = "failed", .and_socket = TRUE, .call = {words, __VA_ARGS__},     \
      .script = {.type = GST_RTC_MESSAGE_##request, .act = SCRIPTED_RESET}

#define WORKS(name, words)                                                     \
  ROW (name, words), .by = BY_NOBODY, .seen = SEEN_REQUEST, .after = "connected"

static const MatrixRow rows[] = {
    {SILENT (JOIN, "join"), .stage = AT_INITED, .after = "disconnected"},
    {SILENT (JOIN, "join"),
        ROW ("join-automatic", "the automatic join is not answered"),
        .call = {NULL}, .severity = GST_MESSAGE_ERROR, .automatic = TRUE,
        .operation = "join", .after = "disconnected"},
    {SILENT (LEAVE, "leave"), .stage = AT_JOINED, .after = "disconnected",
        .finish = finish_socket_closed, .then = {{"join"}, {"leave"}}},
    {SILENT (PUBLISH, "publish"), .stage = AT_JOINED,
        .finish = finish_publish_undone},
    {SILENT (PUBLISH, "publish"),
        ROW ("publish-automatic", "the automatic publication is not "
                                  "answered"),
        .call = {NULL}, .severity = GST_MESSAGE_ERROR, .automatic = TRUE,
        .operation = "publish"},
    {SILENT (UNPUBLISH, "unpublish"), .stage = AT_PUBLISHED},
    {SILENT (MUTE_LOCAL, "mute-local", NULL, MUTE), .stage = AT_PUBLISHED},
    {SILENT (SUBSCRIBE, "subscribe", BOB), .element = MATRIX_SRC,
        .stage = AT_JOINED},
    {SILENT (UNSUBSCRIBE, "unsubscribe", BOB), .element = MATRIX_SRC,
        .stage = AT_SUBSCRIBED},
    {SILENT (MUTE_REMOTE, "mute-remote", BOB, MUTE), .element = MATRIX_SRC,
        .stage = AT_SUBSCRIBED},
    {SILENT (RENEW_TOKEN, "renew-token", "t"), .stage = AT_JOINED},
    {SILENT (SET_VISIBILITY, "set-user-visibility", "false"),
        .stage = AT_JOINED},
    {SILENT (PUBLISH, "publish"),
        ROW ("wrong-id", "the answer has the id of another request"),
        .stage = AT_JOINED,
        .script = {.type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_WRONG_ID}},
    {SILENT (MUTE_LOCAL, "mute-local", NULL, MUTE),
        ROW ("too-late", "the answer comes after the time and is ignored"),
        .stage = AT_PUBLISHED,
        .script = {.type = GST_RTC_MESSAGE_MUTE_LOCAL,
            .act = SCRIPTED_LATE,
            .delay = 900},
        .finish = finish_after_late_answer},
    {WORKS ("in-time", "an answer after 2.5 s"), .stage = AT_JOINED,
        .call = {"publish"},
        .script = {.type = GST_RTC_MESSAGE_PUBLISH,
            .act = SCRIPTED_LATE,
            .delay = 2500}},
    {WORKS ("twice", "an answer that comes twice"), .stage = AT_JOINED,
        .call = {"publish"}, .then = {{"unpublish"}},
        .script = {.type = GST_RTC_MESSAGE_PUBLISH,
            .act = SCRIPTED_TWICE,
            .code = 300006}},

    {DOWN ("publish"), .then = {{"leave"}, {"join"}, {"publish"}}},
    {DOWN ("unpublish"), .stage = AT_PUBLISHED_LOST,
        .then = {{"leave"}, {"join"}, {"publish"}, {"unpublish"}}},
    {DOWN ("mute-local", NULL, MUTE), .stage = AT_PUBLISHED_LOST,
        .then = {{"leave"}, {"join"}, {"publish"}, {"mute-local", NULL, MUTE}}},
    {DOWN ("subscribe", BOB), .element = MATRIX_SRC,
        .then = {{"leave"}, {"join"}, {"subscribe", BOB}}},
    {DOWN ("unsubscribe", BOB), .element = MATRIX_SRC,
        .stage = AT_SUBSCRIBED_LOST,
        .then = {{"leave"}, {"join"}, {"subscribe", BOB},
            {"unsubscribe", BOB}}},
    {DOWN ("mute-remote", BOB, MUTE), .element = MATRIX_SRC,
        .stage = AT_SUBSCRIBED_LOST,
        .then = {{"leave"}, {"join"}, {"subscribe", BOB},
            {"mute-remote", BOB, MUTE}}},
    {DOWN ("renew-token", "t"),
        .then = {{"leave"}, {"join"}, {"renew-token", "t"}}},
    {DOWN ("set-user-visibility", "false"),
        .then = {{"leave"}, {"join"}, {"set-user-visibility", "false"}}},
    {WORKS ("leave-while-down", "`leave` while the socket is down"),
        .stage = AT_LOST, .call = {"leave"}, .after = "disconnected",
        .seen = SEEN_NOTHING, .then = {{"join"}}},

    {BREAKS ("close-1000", "the server closes with 1000"), .stage = AT_JOINED,
        .provoke = provoke_close_1000, .native_code = 1000},
    {BREAKS ("close-1011", "the server closes with 1011"),
        .stage = AT_PUBLISHED, .provoke = provoke_close_1011,
        .native_code = 1011},
    {BREAKS ("close-1006", "the connection ends without a closing frame "
                           "(1006)"),
        .element = MATRIX_SRC, .stage = AT_SUBSCRIBED,
        .provoke = provoke_reset},
    {BREAKS ("reset", "TCP is reset"), .stage = AT_JOINED,
        .provoke = provoke_tcp_reset},
    {BREAKS ("server-stops", "the server stops (1001)"), .stage = AT_JOINED,
        .configure = configure_nothing, .provoke = provoke_server_stops,
        .native_code = 1001, .then = {{"leave"}}},
    {BREAKS ("garbage", "the server sends what is no JSON"), .stage = AT_JOINED,
        .provoke = provoke_garbage},
    {BREAKS ("wrong-way", "the server sends what only clients may"),
        .stage = AT_JOINED, .provoke = provoke_wrong_way},
    {BREAKS ("binary", "the server sends a binary message"), .stage = AT_JOINED,
        .provoke = provoke_binary, .native_code = 1003},
    {BREAKS ("frame", "the server sends a malformed frame"),
        .element = MATRIX_SRC, .stage = AT_JOINED, .provoke = provoke_bad_frame,
        .native_code = 1002},

    {BREAKS_IN (PUBLISH, "publish", "publish"), .stage = AT_JOINED,
        .then = {{"leave"}, {"join"}, {"publish"}}},
    {BREAKS_IN (UNPUBLISH, "unpublish", "unpublish"), .stage = AT_PUBLISHED,
        .then = {{"leave"}, {"join"}, {"publish"}, {"unpublish"}}},
    {BREAKS_IN (MUTE_LOCAL, "mute-local", "mute-local", NULL, MUTE),
        .stage = AT_PUBLISHED,
        .then = {{"leave"}, {"join"}, {"publish"}, {"mute-local", NULL, MUTE}}},
    {BREAKS_IN (SUBSCRIBE, "subscribe", "subscribe", BOB),
        .element = MATRIX_SRC, .stage = AT_JOINED,
        .then = {{"leave"}, {"join"}, {"subscribe", BOB}}},
    {BREAKS_IN (UNSUBSCRIBE, "unsubscribe", "unsubscribe", BOB),
        .element = MATRIX_SRC, .stage = AT_SUBSCRIBED,
        .then = {{"leave"}, {"join"}, {"subscribe", BOB},
            {"unsubscribe", BOB}}},
    {BREAKS_IN (MUTE_REMOTE, "mute-remote", "mute-remote", BOB, MUTE),
        .element = MATRIX_SRC, .stage = AT_SUBSCRIBED,
        .then = {{"leave"}, {"join"}, {"subscribe", BOB},
            {"mute-remote", BOB, MUTE}}},
    {BREAKS_IN (JOIN, "join", "join"), .stage = AT_INITED,
        .after = "disconnected", .and_socket = FALSE},
    {BREAKS_IN (JOIN, "join-1011", "join"), .stage = AT_INITED,
        .after = "disconnected", .and_socket = FALSE, .native_code = 1011,
        .condition = "the server answers a `join` by closing with 1011",
        .script = {.type = GST_RTC_MESSAGE_JOIN,
            .act = SCRIPTED_CLOSE,
            .code = 1011}},
    {BREAKS_IN (JOIN, "join-automatic", "join"), .call = {NULL},
        .condition = "the socket breaks while the automatic join is not "
                     "answered",
        .severity = GST_MESSAGE_ERROR, .automatic = TRUE, .operation = "join",
        .after = "disconnected", .and_socket = FALSE},
    {BREAKS_IN (LEAVE, "leave", "leave"), .stage = AT_JOINED,
        .after = "disconnected", .and_socket = FALSE,
        .then = {{"join"}, {"leave"}}},
    {BREAKS_IN (PUBLISH, "publish-garbage", "publish"), .stage = AT_JOINED,
        .condition = "`publish` is answered with garbage",
        .script = {.type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_GARBAGE},
        .then = {{"leave"}, {"join"}, {"publish"}}},
    {WORKS ("own-close", "our own `leave` closes with 1000"),
        .stage = AT_JOINED, .call = {"leave"}, .after = "disconnected",
        .finish = finish_socket_closed, .then = {{"join"}}},
};

const MatrixPart matrix_transport = {"transport", rows, G_N_ELEMENTS (rows)};
