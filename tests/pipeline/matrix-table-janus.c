/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of what a real Janus causes. The numbers of Janus are the native codes
 * of the failures. */
#include "matrix.h"
#include "matrix-provoke.h"

#define SECRET "the secret of the server"

#define ROW(name, words) .id = "janus-" name, .condition = "Janus: " words

#define FAILED(number, name)                                                   \
  .code = number, .symbol = name, .severity = GST_MESSAGE_WARNING

/* By the state. */
#define NO_ENTRY(name, words, number)                                          \
  ROW (name, words), FAILED (300008, "JOIN_ROOM_ERROR"),                       \
      .by = BY_SERVER, .severity = GST_MESSAGE_ERROR, .operation = "join",     \
      .automatic = TRUE, .after = "disconnected", .seen = SEEN_REQUEST,        \
      .native_code = number

/* By a call. */
#define NO_ENTRY_CALL(name, words, number)                                     \
  ROW (name, words), FAILED (300008, "JOIN_ROOM_ERROR"),                       \
      .by = BY_SERVER, .stage = AT_INITED, .call = {"join"},                   \
      .after = "disconnected", .seen = SEEN_REQUEST, .native_code = number

#define REFUSED(number, name)                                                  \
  FAILED (number, name), .by = BY_SERVER, .stage = AT_JOINED,                  \
                         .seen = SEEN_REQUEST, .after = "connected"

#define WORKS(name, words)                                                     \
  ROW (name, words), .by = BY_NOBODY, .automatic = TRUE, .operation = "join",  \
                     .seen = SEEN_SESSION, .after = "connected"

#define OPTIONS .string_ids = TRUE, .room = MATRIX_ROOM

static const JanusOptions plain = {OPTIONS};
static const JanusOptions numbers = {.room = "1234"};
static const JanusOptions roomless = {OPTIONS, .no_room = TRUE};
static const JanusOptions keyed = {
    OPTIONS, .no_room = TRUE, .admin_key = "for those who create"};
static const JanusOptions pin = {OPTIONS, .pin = "4711"};
static const JanusOptions secret = {OPTIONS, .api_secret = SECRET};
static const JanusOptions tokens = {OPTIONS, .token_secret = SECRET};
static const JanusOptions room_tokens = {
    OPTIONS, .token_secret = SECRET, .signed_tokens = TRUE};
static const JanusOptions one_publisher = {OPTIONS, .publishers = 1};
static const JanusOptions other_codec = {OPTIONS, .video_codec = "av1"};

static const MatrixRow rows[] = {
    {ROW ("gone", "nobody listens"), FAILED (200003, "NO_WEBSOCLET_URL"),
        .by = BY_HTTP, .retryable = TRUE, .severity = GST_MESSAGE_ERROR,
        .operation = "join", .automatic = TRUE, .after = "disconnected",
        .seen = SEEN_NOTHING, .janus = &plain,
        .prepare = prepare_janus_is_gone},
    {ROW ("gone-call", "the same, by `join`"),
        FAILED (200003, "NO_WEBSOCLET_URL"), .by = BY_HTTP, .retryable = TRUE,
        .stage = AT_INITED, .call = {"join"}, .after = "disconnected",
        .seen = SEEN_NOTHING, .janus = &plain, .prepare = prepare_janus_is_gone,
        .finish = finish_janus_is_back},
    {ROW ("none", "the server is none"), FAILED (200003, "NO_WEBSOCLET_URL"),
        .by = BY_HTTP, .retryable = TRUE, .element = MATRIX_SRC,
        .stage = AT_INITED, .call = {"join"}, .after = "disconnected",
        .seen = SEEN_NOTHING, .janus = &plain, .prepare = prepare_janus_is_none,
        .finish = finish_janus_good_url},
    {ROW ("silent", "it does not answer the handshake"),
        FAILED (200003, "NO_WEBSOCLET_URL"), .by = BY_TIMER, .retryable = TRUE,
        .stage = AT_INITED, .call = {"join"}, .after = "disconnected",
        .seen = SEEN_NOTHING, .settings = "connect-timeout=500",
        .janus = &plain, .prepare = prepare_janus_halts,
        .finish = finish_janus_goes_on},

    {NO_ENTRY ("pin-missing", "the room has a PIN, there is none", 429),
        .janus = &pin},
    {NO_ENTRY ("pin-wrong", "the PIN of the room is another one", 433),
        .settings = "room-pin=1111", .element = MATRIX_SRC, .janus = &pin},
    {NO_ENTRY_CALL ("pin-wrong-call", "the same, by `join`", 433),
        .settings = "room-pin=1111", .janus = &pin,
        .finish = finish_janus_good_pin},
    {WORKS ("pin", "the PIN of the room"), .settings = "room-pin=4711",
        .janus = &pin},
    {NO_ENTRY (
         "secret-missing", "the server has an API secret, there is none", 403),
        .janus = &secret},
    {NO_ENTRY_CALL ("secret-wrong", "the API secret is another one", 403),
        .settings = "api-secret=another", .element = MATRIX_SRC,
        .janus = &secret, .finish = finish_janus_good_secret},
    {WORKS ("secret", "the API secret of the server"), .element = MATRIX_SRC,
        .settings = "api-secret=\"" SECRET "\"", .janus = &secret},
    {NO_ENTRY (
         "token-missing", "the server wants an API token, there is none", 403),
        .janus = &tokens},
    {NO_ENTRY ("token-expired", "the API token has expired", 403),
        .janus = &tokens, .prepare = prepare_janus_token_expired},
    {NO_ENTRY (
         "token-tampered", "the signature of the API token is wrong", 403),
        .janus = &tokens, .prepare = prepare_janus_token_tampered},
    {NO_ENTRY_CALL (
         "token-plugin", "the API token does not allow VideoRoom", 405),
        .janus = &tokens, .prepare = prepare_janus_token_other_plugin,
        .finish = prepare_janus_token},
    {WORKS ("token", "an API token"), .janus = &tokens,
        .prepare = prepare_janus_token},
    {NO_ENTRY ("room-token-missing",
         "the room wants a token, there is none of the room", 433),
        .janus = &room_tokens, .prepare = prepare_janus_token},
    {NO_ENTRY_CALL ("room-token-other", "the token is for another room", 433),
        .janus = &room_tokens, .prepare = prepare_janus_token_other_room,
        .finish = prepare_janus_room_token},
    {WORKS ("room-token", "a token of the room"), .janus = &room_tokens,
        .prepare = prepare_janus_room_token},

    {NO_ENTRY ("room-missing", "there is no such room", 426),
        .janus = &roomless},
    {NO_ENTRY_CALL ("room-missing-call", "the same, by `join`", 426),
        .element = MATRIX_SRC, .janus = &roomless,
        .finish = finish_janus_create_room},
    {NO_ENTRY ("room-not-created", "`create-room` needs a key there", 429),
        .settings = "create-room=true", .janus = &keyed},
    {WORKS ("room-created", "`create-room`"), .settings = "create-room=true",
        .janus = &roomless},
    {NO_ENTRY ("room-number", "rooms have numbers, `room-id` is none", 430),
        .janus = &numbers},
    {WORKS ("room-is-number", "rooms have numbers, and so has `room-id`"),
        .settings = "room-id=1234", .janus = &numbers},
    {NO_ENTRY_CALL ("user-there", "a user of that name is in the room", 436),
        .retryable = TRUE, .janus = &plain,
        .prepare = prepare_janus_alice_there,
        .finish = finish_janus_alice_leaves},

    {ROW ("publishers-full", "the room has as many publishers as it can"),
        REFUSED (300006, "PUBLISH_ERROR"), .retryable = TRUE,
        .call = {"publish"}, .native_code = 432, .janus = &one_publisher,
        .prepare = prepare_janus_bob_publishes,
        .finish = finish_janus_bob_stops},
    {ROW ("codec", "the room does not take the codec"),
        REFUSED (300006, "PUBLISH_ERROR"), .severity = GST_MESSAGE_ERROR,
        .stage = AT_READY, .automatic = TRUE, .operation = "publish",
        .native_code = 430, .janus = &other_codec},
    {ROW ("invisible", "an invisible user publishes"),
        REFUSED (300006, "PUBLISH_ERROR"), .retryable = TRUE,
        .settings = "visible=false", .call = {"publish"}, .janus = &plain,
        .reason = "invisible", .restarts = TRUE, .then = {{"leave"}}},
    {ROW ("visibility", "`set-user-visibility`, which it has not"),
        REFUSED (300006, "PUBLISH_ERROR"), .by = BY_LOCAL,
        .call = {"set-user-visibility", "false"}, .janus = &plain,
        .then = {{"publish"}}},
    {ROW ("publish-silent", "`publish` is not answered"),
        REFUSED (300009, "SIGNALING_TIMEOUT"), .by = BY_TIMER,
        .retryable = TRUE, .settings = "signaling-timeout=500",
        .call = {"publish"}, .janus = &plain, .prepare = prepare_janus_halts,
        .finish = finish_janus_goes_on},
    {ROW ("no-user", "`subscribe` to a user who is not in the room"),
        REFUSED (100007, "UID_NOT_FOUND"), .by = BY_LOCAL,
        .element = MATRIX_SRC, .call = {"subscribe", "carol"}, .janus = &plain,
        .prepare = prepare_janus_bob_publishes, .then = {{"leave"}}},
    {ROW ("no-stream", "`subscribe` to a screen that is not shown"),
        REFUSED (200001, "STREAM_ID_NOT_FOUND"), .by = BY_LOCAL,
        .retryable = TRUE, .element = MATRIX_SRC,
        .call = {"subscribe", "bob", "screen=true"}, .janus = &plain,
        .prepare = prepare_janus_bob_publishes, .then = {{"subscribe", "bob"}}},

    {ROW ("kicked", "kicked from the room"),
        REFUSED (300008, "JOIN_ROOM_ERROR"), .severity = GST_MESSAGE_ERROR,
        .stage = AT_PUBLISHED, .seen = SEEN_SESSION, .operation = "none",
        .after = "disconnected", .fact = "rtc-client-banned",
        .reason = "kicked", .janus = &plain, .provoke = provoke_janus_kick,
        .then = {{"join"}, {"publish"}}},
    {ROW ("killed", "the server goes without a goodbye"),
        FAILED (500001, "WEBSOCKET_FAILED"), .by = BY_TRANSPORT,
        .retryable = TRUE, .severity = GST_MESSAGE_ERROR, .stage = AT_PUBLISHED,
        .seen = SEEN_SESSION, .operation = "none", .after = "failed",
        .janus = &plain, .provoke = provoke_janus_killed,
        .finish = finish_janus_is_back,
        .then = {{"leave"}, {"join"}, {"publish"}}},
};

const MatrixPart matrix_janus = {"janus", rows, G_N_ELEMENTS (rows)};
