/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of 100001: what is refused before any I/O. */
#include "matrix.h"

#define X8 "xxxxxxxx"
#define X32 X8 X8 X8 X8
#define X128 X32 X32 X32 X32
#define NOT_UTF8 "r\377m"

#define REFUSED                                                                \
  .by = BY_LOCAL, .code = 100001, .symbol = "INVALID_PARAMS",                  \
  .severity = GST_MESSAGE_WARNING, .seen = SEEN_NOTHING

/* A property, found when the pipeline starts. */
#define PROPERTY(name, words, field, text)                                     \
  REFUSED, .severity = GST_MESSAGE_ERROR, .operation = "join",                 \
           .automatic = TRUE, .property = field, .value = text,                \
           .reason = field, .after = "disconnected", .id = name,               \
           .condition = words

/* An argument of a call before the room. */
#define ARGUMENT(name, words, field)                                           \
  REFUSED, .reason = field, .after = "disconnected", .id = name,               \
           .condition = words

/* An argument of a call inside it; the room stays as it is. */
#define INSIDE(name, words, field)                                             \
  REFUSED, .reason = field, .after = "connected", .id = name, .condition = words

/* A call without init. */
#define EARLY(action_name, ...)                                                \
  ARGUMENT (                                                                   \
      action_name "-before-init", "`" action_name "` before `init`", "init"),  \
      .stage = AT_READY, .call = {action_name, __VA_ARGS__}

static const MatrixRow rows[] = {
    {PROPERTY ("room-id-missing", "`room-id` is not set", "room-id", NULL)},
    {PROPERTY ("room-id-empty", "`room-id` is empty", "room-id", "")},
    {PROPERTY (
        "room-id-long", "`room-id` of 129 characters", "room-id", X128 "x")},
    {PROPERTY ("room-id-space", "`room-id` with a space", "room-id", "a room")},
    {PROPERTY (
        "room-id-not-utf8", "`room-id` is not UTF-8", "room-id", NOT_UTF8)},
    {PROPERTY ("user-id-empty", "`user-id` is empty", "user-id", "")},
    {PROPERTY (
        "user-id-long", "`user-id` of 129 characters", "user-id", X128 "x")},
    {PROPERTY ("user-id-slash", "`user-id` with a slash", "user-id", "a/b")},
    {PROPERTY ("app-id-empty", "`app-id` is empty", "app-id", "")},
    {PROPERTY ("app-id-not-utf8", "`app-id` is not UTF-8", "app-id", NOT_UTF8)},
    {PROPERTY ("server-url-empty", "`server-url` is empty", "server-url", "")},
    {PROPERTY ("server-url-words", "`server-url` is no URL", "server-url",
        "not an address")},
    {PROPERTY ("server-url-scheme", "`server-url` of an unknown scheme",
        "server-url", "ftp://127.0.0.1")},
    {PROPERTY ("server-url-port", "`server-url` with port 70000", "server-url",
        "http://127.0.0.1:70000")},
    {PROPERTY ("server-url-port-0", "`server-url` with port 0", "server-url",
        "http://127.0.0.1:0")},
    {PROPERTY ("server-url-user", "`server-url` with user and password",
        "server-url", "http://user:secret@127.0.0.1")},
    {PROPERTY ("server-url-not-utf8", "`server-url` is not UTF-8", "server-url",
        "http://127.0.0.1/" NOT_UTF8)},
    {PROPERTY ("token-unprintable", "`token` with a control character", "token",
        "a\001b")},
    {PROPERTY ("token-not-utf8", "`token` is not UTF-8", "token", NOT_UTF8)},
    {PROPERTY (
        "room-pin-not-utf8", "`room-pin` is not UTF-8", "room-pin", NOT_UTF8)},
    {PROPERTY ("api-secret-not-utf8", "`api-secret` is not UTF-8", "api-secret",
        NOT_UTF8)},
    {PROPERTY ("api-token-unprintable", "`api-token` with a control character",
        "api-token", "a\001b")},
    {PROPERTY ("stun-server-scheme", "`stun-server` is no STUN address",
        "stun-server", "http://127.0.0.1")},
    {PROPERTY ("stun-server-port", "`stun-server` with port 70000",
        "stun-server", "stun://127.0.0.1:70000")},
    {PROPERTY ("turn-servers-user", "`turn-servers` without a user",
        "turn-servers", "<turn://127.0.0.1:3478>")},
    {PROPERTY ("local-addresses-name", "`local-addresses` with a name",
        "local-addresses", "<localhost>")},
    {PROPERTY ("tls-ca-file-missing", "`tls-ca-file` does not exist",
        "tls-ca-file", "/nonexistent/ca.pem")},
    {PROPERTY ("tls-ca-file-device", "`tls-ca-file` is a device", "tls-ca-file",
        "/dev/zero")},
    {PROPERTY ("media-timeout-short", "`media-timeout` of 1 ms",
        "media-timeout", "1")},
    {PROPERTY (
         "user-ids-space", "`user-ids` with a space", "user-ids", "<\"a b\">"),
        .element = MATRIX_SRC},
    {PROPERTY ("video-codecs-unknown", "`video-codecs` with an unknown name",
        "video-codecs", "<VP8, SMELL>")},
    {PROPERTY (
        "video-codecs-empty", "`video-codecs` is empty", "video-codecs", "<>")},
    {PROPERTY ("audio-codecs-video", "`audio-codecs` with a video codec",
        "audio-codecs", "<VP8>")},
    {PROPERTY ("serve-elsewhere",
         "`serve` at an address that is not "
         "loopback",
         "server-url", "http://192.0.2.1:7800"),
        .reason = "serve", .settings = "serve=true"},
    {PROPERTY ("serve-foreign-port",
         "`serve` at a port that something else owns", "server-url", NULL),
        .property = NULL,
        .settings = "serve=true "
                    "server-url=http://127.0.0.1:@RAW@",
        .by = BY_HTTP, .native_code = 404},

    {ARGUMENT ("init-null", "`init` with NULL", "app-id"),
        .call = {"init", NULL}, .then = {{"init"}, {"join"}}},
    {ARGUMENT ("init-empty", "`init` with an empty id", "app-id"),
        .call = {"init", ""}, .then = {{"init"}, {"join"}}},
    {ARGUMENT ("init-long", "`init` with 129 characters", "app-id"),
        .call = {"init", X128 "x"}, .then = {{"init", X128}, {"join"}}},
    {ARGUMENT ("init-not-utf8", "`init` with what is not UTF-8", "app-id"),
        .call = {"init", NOT_UTF8}, .then = {{"init"}, {"join"}}},

    {EARLY ("join"), .then = {{"init"}, {"join"}}},
    {EARLY ("leave"), .then = {{"init"}, {"join"}, {"leave"}}},
    {EARLY ("renew-token", "t"),
        .then = {{"init"}, {"join"}, {"renew-token", "t"}}},
    {EARLY ("set-user-visibility", "true"),
        .then = {{"init"}, {"set-user-visibility", "true"}}},
    {EARLY ("publish"), .then = {{"init"}, {"join"}, {"publish"}}},
    {EARLY ("unpublish"),
        .then = {{"init"}, {"join"}, {"publish"}, {"unpublish"}}},
    {EARLY ("mute-local", NULL, "video=true"),
        .then = {{"init"}, {"join"}, {"publish"},
            {"mute-local", NULL, "video=true"}}},
    {EARLY ("subscribe", "bob"), .element = MATRIX_SRC,
        .then = {{"init"}, {"join"}, {"subscribe", "bob"}}},
    {EARLY ("unsubscribe", "bob"), .element = MATRIX_SRC,
        .then = {{"init"}, {"join"}, {"subscribe", "bob"},
            {"unsubscribe", "bob"}}},
    {EARLY ("mute-remote", "bob", "video=true"), .element = MATRIX_SRC,
        .then = {{"init"}, {"join"}, {"subscribe", "bob"},
            {"mute-remote", "bob", "video=true"}}},

    {ARGUMENT ("call-in-null", "a call in state NULL", "NULL"),
        .severity = GST_MESSAGE_UNKNOWN, .stage = AT_NULL, .call = {"publish"}},
    {ARGUMENT ("join-room-empty", "`join` with an empty room", "room-id"),
        .stage = AT_INITED, .call = {"join", ""}, .then = {{"join"}}},
    {ARGUMENT (
         "join-room-long", "`join` with a room of 129 characters", "room-id"),
        .stage = AT_INITED, .call = {"join", X128 "x"},
        .then = {{"join", X128}}},
    {ARGUMENT ("join-user-space", "`join` with a space in the user", "user-id"),
        .stage = AT_INITED, .call = {"join", NULL, "a b"}, .then = {{"join"}}},
    {ARGUMENT ("join-user-not-utf8", "`join` with a user that is not UTF-8",
         "user-id"),
        .stage = AT_INITED, .call = {"join", NULL, NOT_UTF8},
        .then = {{"join"}}},
    {INSIDE ("join-bad-inside", "`join` with an empty room inside a room",
         "room-id"),
        .stage = AT_PUBLISHED, .call = {"join", ""},
        .then = {{"unpublish"}, {"leave"}, {"join"}}},
    {INSIDE ("renew-token-null", "`renew-token` with NULL", "token"),
        .stage = AT_JOINED, .call = {"renew-token", NULL},
        .then = {{"renew-token", "t"}}},
    {INSIDE ("renew-token-space", "`renew-token` with a space", "token"),
        .stage = AT_JOINED, .call = {"renew-token", "a b"},
        .then = {{"renew-token", "t"}}},
    {INSIDE (
         "mute-local-type", "`mute-local` with a text for `video`", "video"),
        .stage = AT_PUBLISHED, .call = {"mute-local", NULL, "video=(string)y"},
        .then = {{"mute-local", NULL, "video=true"}}},
    {INSIDE ("mute-local-number", "`mute-local` with 1 for `audio`", "audio"),
        .stage = AT_PUBLISHED, .call = {"mute-local", NULL, "audio=(int)1"},
        .then = {{"mute-local", NULL, "audio=true"}}},
    {INSIDE (
         "mute-local-unknown", "`mute-local` with an unknown option", "sound"),
        .stage = AT_PUBLISHED, .call = {"mute-local", NULL, "sound=true"},
        .then = {{"mute-local", NULL, "audio=true"}}},
    {INSIDE ("mute-local-null", "`mute-local` without options", "audio"),
        .stage = AT_PUBLISHED, .call = {"mute-local", NULL, NULL},
        .then = {{"mute-local", NULL, "audio=true"}}},
    {INSIDE ("mute-local-neither", "`mute-local` with neither audio nor video",
         "audio"),
        .stage = AT_PUBLISHED, .call = {"mute-local", NULL, "screen=false"},
        .then = {{"mute-local", NULL, "audio=true, screen=false"}}},
    {INSIDE ("subscribe-both-off", "`subscribe` with neither audio nor video",
         "audio"),
        .element = MATRIX_SRC, .stage = AT_JOINED,
        .call = {"subscribe", "bob", "audio=false, video=false"},
        .then = {{"subscribe", "bob", "audio=false, video=true"}}},
    {INSIDE (
         "subscribe-type", "`subscribe` with a text for `screen`", "screen"),
        .element = MATRIX_SRC, .stage = AT_JOINED,
        .call = {"subscribe", "bob", "screen=(string)no"},
        .then = {{"subscribe", "bob", "screen=false"}}},
    {INSIDE ("subscribe-user-null", "`subscribe` with NULL for the user",
         "user-id"),
        .element = MATRIX_SRC, .stage = AT_JOINED, .call = {"subscribe", NULL},
        .then = {{"subscribe", "bob"}}},
    {INSIDE ("subscribe-user-long", "`subscribe` to 129 characters", "user-id"),
        .element = MATRIX_SRC, .stage = AT_JOINED,
        .call = {"subscribe", X128 "x"}, .then = {{"subscribe", "bob"}}},
    {INSIDE ("unsubscribe-user-empty", "`unsubscribe` from an empty user",
         "user-id"),
        .element = MATRIX_SRC, .stage = AT_SUBSCRIBED,
        .call = {"unsubscribe", ""}, .then = {{"unsubscribe", "bob"}}},
    {INSIDE ("unsubscribe-unknown", "`unsubscribe` with an unknown option",
         "shape"),
        .element = MATRIX_SRC, .stage = AT_SUBSCRIBED,
        .call = {"unsubscribe", "bob", "shape=true"},
        .then = {{"unsubscribe", "bob"}}},
    {INSIDE ("unsubscribe-medium", "`unsubscribe` of one medium", "audio"),
        .element = MATRIX_SRC, .stage = AT_SUBSCRIBED,
        .call = {"unsubscribe", "bob", "audio=true"},
        .then = {{"unsubscribe", "bob"}}},
    {INSIDE ("mute-remote-null", "`mute-remote` without options", "video"),
        .element = MATRIX_SRC, .stage = AT_SUBSCRIBED,
        .call = {"mute-remote", "bob", NULL},
        .then = {{"mute-remote", "bob", "video=true"}}},
    {INSIDE ("mute-remote-user-not-utf8",
         "`mute-remote` of a user that is not UTF-8", "user-id"),
        .element = MATRIX_SRC, .stage = AT_SUBSCRIBED,
        .call = {"mute-remote", NOT_UTF8, "video=true"},
        .then = {{"mute-remote", "bob", "video=true"}}},
    {INSIDE ("mute-remote-type", "`mute-remote` with a number for `video`",
         "video"),
        .element = MATRIX_SRC, .stage = AT_SUBSCRIBED,
        .call = {"mute-remote", "bob", "video=(double)1.0"},
        .then = {{"mute-remote", "bob", "video=true"}}},
};

const MatrixPart matrix_parameters = {"parameters", rows, G_N_ELEMENTS (rows)};
