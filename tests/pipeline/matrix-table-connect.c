/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of 200002 and 200003: from getconfig to the open WebSocket. */
#include "matrix.h"
#include "matrix-provoke.h"

#define BY_STATE                                                               \
  .severity = GST_MESSAGE_ERROR, .operation = "join", .automatic = TRUE

#define NO_CONFIG(name, words)                                                 \
  .by = BY_HTTP, .code = 200002, .symbol = "GET_CONFIG_ERROR",                 \
  .retryable = TRUE, .seen = SEEN_CONFIG, .after = "disconnected", .id = name, \
  .condition = words
#define NO_ADDRESS(name, words)                                                \
  .by = BY_HTTP, .code = 200003, .symbol = "NO_WEBSOCLET_URL",                 \
  .retryable = TRUE, .seen = SEEN_CONFIG, .after = "disconnected", .id = name, \
  .condition = words
#define WORKS(name, words)                                                     \
  .by = BY_NOBODY, .seen = SEEN_SESSION, .after = "connected", .id = name,     \
  .condition = words, .operation = "join", .automatic = TRUE

#define ANSWER(code, text) .status = code, .body = text
#define URLS(list) ANSWER (200, "{\"websocketUrls\":" list "}")

/* By a call: the join that follows gets a good answer. */
#define CALLED                                                                 \
  .severity = GST_MESSAGE_WARNING, .stage = AT_INITED, .call = {"join"},       \
  .finish = finish_good_config, .then = {{"join"}}

static const MatrixRow rows[] = {
    {NO_CONFIG ("status-500", "getconfig is answered with 500"), BY_STATE,
        .native_code = 500, ANSWER (500, "{}")},
    {NO_CONFIG ("status-404", "getconfig is answered with 404"), BY_STATE,
        .element = MATRIX_SRC, .native_code = 404, ANSWER (404, "not here")},
    {NO_CONFIG ("status-503-call", "the same with 503, by `join`"), CALLED,
        .native_code = 503, ANSWER (503, "")},
    {NO_CONFIG ("garbage", "getconfig is answered with what is no JSON"),
        BY_STATE, ANSWER (200, "garbage")},
    {NO_CONFIG ("list", "getconfig is answered with a list"), BY_STATE,
        ANSWER (200, "[]")},
    {NO_CONFIG ("truncated", "the answer to getconfig is cut short"), CALLED,
        ANSWER (200, "{\"websocketUrls\":[\"@URL@\"")},
    {NO_CONFIG ("empty", "the answer to getconfig is empty"), BY_STATE,
        ANSWER (200, "")},
    {NO_CONFIG ("error-field", "the answer to getconfig has an error field"),
        CALLED, .native_code = 7, .reason = "closed today",
        ANSWER (200, "{\"error\":{\"code\":7,\"reason\":\"closed today\"}}")},
    {NO_CONFIG ("refused", "nobody listens at `server-url`"), BY_STATE,
        .seen = SEEN_NOTHING, .prepare = prepare_dead_url},
    {NO_CONFIG ("refused-call", "the same, by `join`"),
        .severity = GST_MESSAGE_WARNING, .stage = AT_INITED, .call = {"join"},
        .seen = SEEN_NOTHING, .element = MATRIX_SRC,
        .prepare = prepare_dead_url, .finish = finish_good_url},
    {NO_CONFIG ("name", "the name in `server-url` cannot be resolved"),
        BY_STATE, .seen = SEEN_NOTHING, .settings = "connect-timeout=1000",
        .property = "server-url", .value = "http://nowhere.invalid:7800"},
    {NO_CONFIG ("tls", "the certificate of the server is not trusted"),
        BY_STATE, .seen = SEEN_NOTHING, .configure = configure_tls,
        .settings = "connect-timeout=5000"},
    {NO_CONFIG ("silent", "getconfig is not answered"), BY_STATE,
        .settings = "connect-timeout=500", .by = BY_TIMER,
        .prepare = prepare_stalled_config},
    {NO_CONFIG ("silent-call", "the same, by `join`"), CALLED,
        .settings = "connect-timeout=500", .by = BY_TIMER,
        .prepare = prepare_stalled_config},
    {NO_CONFIG ("cut", "the connection ends before an answer"), BY_STATE,
        .seen = SEEN_NOTHING, .prepare = prepare_cut_url},
    {NO_CONFIG ("app-unknown", "the application is not known to the server"),
        BY_STATE, .native_code = 404, .configure = configure_other_app},

    {NO_ADDRESS ("missing", "the configuration has no list of addresses"),
        BY_STATE, ANSWER (200, "{}")},
    {NO_ADDRESS ("empty", "the list of addresses is empty"), CALLED,
        URLS ("[]")},
    {NO_ADDRESS ("schemes", "the addresses are none of WebSockets"), BY_STATE,
        URLS ("[\"http://127.0.0.1/\",\"ftp://127.0.0.1/\"]")},
    {NO_ADDRESS ("dead", "nobody listens at any address"), BY_STATE,
        URLS ("[\"ws://127.0.0.1:@DEAD@/a\",\"ws://127.0.0.1:@DEAD@/b\"]")},
    {NO_ADDRESS ("dead-call", "the same, by `join`"), CALLED,
        .element = MATRIX_SRC, URLS ("[\"ws://127.0.0.1:@DEAD@/\"]")},
    {NO_ADDRESS ("no-upgrade", "the address refuses the WebSocket"), BY_STATE,
        .prepare = prepare_plain_address},
    {NO_ADDRESS ("silent", "the WebSocket handshake is not answered"), BY_STATE,
        .settings = "connect-timeout=500", .by = BY_TIMER,
        URLS ("[\"ws://127.0.0.1:@RAW@/\"]")},
    {NO_ADDRESS ("protocol", "the address speaks another subprotocol"),
        BY_STATE, .prepare = prepare_foreign_protocol},
    {NO_ADDRESS ("straight", "`server-url` of a WebSocket is dead"), BY_STATE,
        .seen = SEEN_NOTHING, .prepare = prepare_dead_websocket},

    {WORKS ("second-address", "the first address is dead, the second good"),
        URLS ("[\"ws://127.0.0.1:@DEAD@/ws\",\"@URL@\"]")},
    {WORKS ("straight", "a WebSocket address without getconfig"),
        .prepare = prepare_websocket},
    {WORKS ("every-character", "ids of every allowed character"),
        .property = "room-id", .value = "@_-.azAZ09",
        .configure = configure_nothing},
};

const MatrixPart matrix_connect = {"connect", rows, G_N_ELEMENTS (rows)};
