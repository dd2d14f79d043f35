/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of 300001, 300006 and 300008 that the real server causes by its
 * tokens and limits, and evictions. */
#include "matrix.h"
#include "matrix-provoke.h"

#define REFUSED(number, name)                                                  \
  .by = BY_SERVER, .code = number, .symbol = name, .retryable = TRUE,          \
  .severity = GST_MESSAGE_WARNING, .seen = SEEN_REQUEST, .after = "connected"

#define ROW(name, words) .id = name, .condition = words

/* The server with a key, by the state. */
#define BAD_TOKEN(name, words, which, word)                                    \
  ROW (name, words), REFUSED (300008, "JOIN_ROOM_ERROR"),                      \
      .severity = GST_MESSAGE_ERROR, .operation = "join", .automatic = TRUE,   \
      .after = "disconnected", .configure = configure_key, .token = which,     \
      .reason = word

/* Out of the room and told why, for good. */
#define REMOVED(name, words, word)                                             \
  ROW (name, words), REFUSED (300008, "JOIN_ROOM_ERROR"),                      \
      .retryable = FALSE, .severity = GST_MESSAGE_ERROR, .seen = SEEN_SESSION, \
      .operation = "none", .after = "disconnected",                            \
      .fact = "rtc-client-banned", .reason = word

#define WORKS(name, words)                                                     \
  ROW (name, words), .by = BY_NOBODY, .seen = SEEN_SESSION, .after = "connected"

static const MatrixRow rows[] = {
    {BAD_TOKEN (
        "token-expired", "the token has expired", TOKEN_EXPIRED, "expired")},
    {BAD_TOKEN ("token-room", "the token is for another room", TOKEN_OTHER_ROOM,
        "room")},
    {BAD_TOKEN ("token-user", "the token is for another user", TOKEN_OTHER_USER,
        "user")},
    {BAD_TOKEN ("token-app", "the token is for another application",
        TOKEN_OTHER_APP, "application")},
    {BAD_TOKEN ("token-tampered", "the signature of the token is wrong",
        TOKEN_TAMPERED, "signature")},
    {BAD_TOKEN (
         "token-garbage", "the token is none", TOKEN_GARBAGE, "malformed"),
        .element = MATRIX_SRC},
    {BAD_TOKEN ("token-missing", "the server wants a token, there is none",
         TOKEN_NONE, "token"),
        .element = MATRIX_SRC},
    {ROW ("token-expired-call", "the token of a `join` has expired"),
        REFUSED (300008, "JOIN_ROOM_ERROR"), .after = "disconnected",
        .configure = configure_key, .token = TOKEN_EXPIRED, .stage = AT_INITED,
        .call = {"join"}, .reason = "expired"},
    {ROW ("renew-other-room", "`renew-token` with one for another room"),
        REFUSED (300008, "JOIN_ROOM_ERROR"), .configure = configure_key,
        .token = TOKEN_GOOD, .stage = AT_JOINED,
        .call = {"renew-token", "@OTHER-ROOM@"}, .reason = "room",
        .then = {{"renew-token", "@GOOD@"}, {"publish"}}},

    {ROW ("room-full", "the room has as many visible users as it can"),
        REFUSED (300008, "JOIN_ROOM_ERROR"), .severity = GST_MESSAGE_ERROR,
        .operation = "join", .automatic = TRUE, .after = "disconnected",
        .configure = configure_one_user, .prepare = prepare_bob_there,
        .reason = "full"},
    {ROW ("room-full-invisible",
         "the room has as many invisible users as it can"),
        REFUSED (300008, "JOIN_ROOM_ERROR"), .element = MATRIX_SRC,
        .stage = AT_INITED, .call = {"join"}, .after = "disconnected",
        .configure = configure_one_user, .prepare = prepare_ghost_there,
        .finish = finish_guests_leave, .reason = "full"},
    {ROW ("too-many-rooms", "the server has as many rooms as it can"),
        REFUSED (300008, "JOIN_ROOM_ERROR"), .stage = AT_INITED,
        .call = {"join", "elsewhere"}, .after = "disconnected",
        .configure = configure_one_room, .prepare = prepare_bob_there,
        .finish = finish_guests_leave, .reason = "rooms"},

    {REMOVED ("evicted", "the same user enters again elsewhere", "again"),
        .configure = configure_nothing, .stage = AT_PUBLISHED,
        .provoke = provoke_same_user, .then = {{"join"}, {"publish"}}},
    {REMOVED ("evicted-viewer", "the same of a subscriber", "again"),
        .element = MATRIX_SRC, .configure = configure_nothing,
        .stage = AT_JOINED, .provoke = provoke_same_user, .then = {{"join"}}},
    {REMOVED (
         "token-ends-inside", "the token ends while in the room", "expired"),
        .configure = configure_key, .token = TOKEN_ENDS_SOON,
        .stage = AT_INITED, .prepare = prepare_join,
        .finish = finish_was_warned, .then = {{"join"}}},
    {WORKS ("token-renewed-inside", "it is renewed after "
                                    "`rtc-token-will-expire`"),
        .configure = configure_key, .token = TOKEN_ENDS_SOON,
        .stage = AT_INITED, .call = {"join"}, .provoke = provoke_renewal,
        .finish = finish_outlive_token, .then = {{"publish"}}},

    {ROW ("no-right-to-publish", "the token does not allow to publish"),
        REFUSED (300006, "PUBLISH_ERROR"), .configure = configure_key,
        .token = TOKEN_NO_PUBLISH, .stage = AT_JOINED, .call = {"publish"},
        .reason = "token", .then = {{"renew-token", "@GOOD@"}, {"publish"}}},
    {ROW ("no-right-automatic", "the same of the automatic publication"),
        REFUSED (300006, "PUBLISH_ERROR"), .configure = configure_key,
        .token = TOKEN_NO_PUBLISH, .severity = GST_MESSAGE_ERROR,
        .automatic = TRUE, .operation = "publish", .reason = "token"},
    {ROW ("invisible", "an invisible user publishes"),
        REFUSED (300006, "PUBLISH_ERROR"), .configure = configure_nothing,
        .settings = "visible=false", .stage = AT_JOINED, .call = {"publish"},
        .reason = "invisible",
        .then = {{"set-user-visibility", "true"}, {"publish"}}},
    {ROW ("too-many-streams", "the room has as many streams as it can"),
        REFUSED (300006, "PUBLISH_ERROR"), .configure = configure_one_stream,
        .stage = AT_JOINED, .prepare = prepare_bob_publishes,
        .call = {"publish"}, .reason = "streams",
        .finish = finish_guests_leave},
    {ROW ("no-place-to-show", "the room is full for `set-user-visibility`"),
        REFUSED (300006, "PUBLISH_ERROR"), .native_code = 300008,
        .configure = configure_one_user, .settings = "visible=false",
        .stage = AT_JOINED, .prepare = prepare_bob_there,
        .call = {"set-user-visibility", "true"}, .reason = "full",
        .finish = finish_guests_leave},

    {ROW ("no-right-to-subscribe", "the token does not allow to subscribe"),
        REFUSED (300001, "SUBSCRIBE_FAILED"), .element = MATRIX_SRC,
        .configure = configure_key, .token = TOKEN_NO_SUBSCRIBE,
        .stage = AT_JOINED, .prepare = prepare_bob_publishes,
        .call = {"subscribe", "bob"}, .reason = "token",
        .then = {{"renew-token", "@GOOD@"}, {"subscribe", "bob"}}},
    {ROW ("no-right-to-subscribe-automatic",
         "the same of an automatic subscription"),
        REFUSED (300001, "SUBSCRIBE_FAILED"), .element = MATRIX_SRC,
        .configure = configure_key, .token = TOKEN_NO_SUBSCRIBE,
        .prepare = prepare_bob_publishes, .automatic = TRUE,
        .operation = "subscribe", .reason = "token"},
    {ROW ("too-many-subscriptions",
         "the user has as many subscriptions as it can"),
        REFUSED (300001, "SUBSCRIBE_FAILED"), .element = MATRIX_SRC,
        .configure = configure_one_subscription, .stage = AT_JOINED,
        .prepare = prepare_one_subscription, .call = {"subscribe", "carol"},
        .reason = "subscriptions",
        .then = {{"unsubscribe", "bob"}, {"subscribe", "carol"}}},
};

const MatrixPart matrix_rights = {"rights", rows, G_N_ELEMENTS (rows)};
