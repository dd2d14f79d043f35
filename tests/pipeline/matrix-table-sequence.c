/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of 100002 to 100008 and 200001: calls at the wrong time and targets
 * that are not there. */
#include "matrix.h"
#include "matrix-provoke.h"

#define FOUND_HERE                                                             \
  .by = BY_LOCAL, .severity = GST_MESSAGE_WARNING, .seen = SEEN_NOTHING

#define OUTSIDE(name, words)                                                   \
  FOUND_HERE, .code = 100002, .symbol = "NOT_IN_ROOM",                         \
              .after = "disconnected", .id = name, .condition = words
#define ENTERED(name, words)                                                   \
  FOUND_HERE, .code = 100003, .symbol = "ALREADY_IN_ROOM", .id = name,         \
              .condition = words
#define CONNECTING(name, words)                                                \
  FOUND_HERE, .code = 100004, .symbol = "CONNECTING", .after = "connected",    \
              .id = name, .condition = words, .stage = AT_INITED,              \
              .call = {"join"}, .pending = {"join"},                           \
              .then = {{"leave"}, {"join"}}
#define PUBLISHED(name, words)                                                 \
  FOUND_HERE, .code = 100005, .symbol = "ALREADY_PUBLISHED",                   \
              .after = "connected", .id = name, .condition = words
#define UNPUBLISHED(name, words)                                               \
  FOUND_HERE, .code = 100006, .symbol = "NOT_PUBLISHED", .after = "connected", \
              .id = name, .condition = words
#define NO_USER(name, words)                                                   \
  FOUND_HERE, .code = 100007, .symbol = "UID_NOT_FOUND", .after = "connected", \
              .id = name, .condition = words, .element = MATRIX_SRC
#define INITED(name, words)                                                    \
  FOUND_HERE, .code = 100008, .symbol = "HAS_INITED", .id = name,              \
              .condition = words
#define NO_STREAM(name, words)                                                 \
  FOUND_HERE, .code = 200001, .symbol = "STREAM_ID_NOT_FOUND",                 \
              .retryable = TRUE, .after = "connected", .id = name,             \
              .condition = words, .element = MATRIX_SRC

/* What the server says of a target that it has lost meanwhile. */
#define GONE(request, number)                                                  \
  .by = BY_SERVER, .seen = SEEN_REQUEST,                                       \
  .script = {.type = GST_RTC_MESSAGE_##request,                                \
      .act = SCRIPTED_REFUSE,                                                  \
      .code = number}

static const MatrixRow rows[] = {
    {OUTSIDE ("publish", "`publish` outside a room"), .stage = AT_INITED,
        .call = {"publish"}, .then = {{"join"}, {"publish"}}},
    {OUTSIDE ("unpublish", "`unpublish` outside a room"), .stage = AT_INITED,
        .call = {"unpublish"}, .then = {{"join"}, {"publish"}, {"unpublish"}}},
    {OUTSIDE ("mute-local", "`mute-local` outside a room"), .stage = AT_INITED,
        .call = {"mute-local", NULL, "video=true"},
        .then = {{"join"}, {"publish"}, {"mute-local", NULL, "video=true"}}},
    {OUTSIDE ("leave", "`leave` outside a room"), .stage = AT_INITED,
        .call = {"leave"}, .then = {{"join"}, {"leave"}}},
    {OUTSIDE ("renew-token", "`renew-token` outside a room"),
        .stage = AT_INITED, .call = {"renew-token", "t"},
        .then = {{"join"}, {"renew-token", "t"}}},
    {OUTSIDE ("subscribe", "`subscribe` outside a room"), .element = MATRIX_SRC,
        .stage = AT_INITED, .call = {"subscribe", "bob"},
        .then = {{"join"}, {"subscribe", "bob"}}},
    {OUTSIDE ("unsubscribe", "`unsubscribe` outside a room"),
        .element = MATRIX_SRC, .stage = AT_INITED,
        .call = {"unsubscribe", "bob"},
        .then = {{"join"}, {"subscribe", "bob"}, {"unsubscribe", "bob"}}},
    {OUTSIDE ("mute-remote", "`mute-remote` outside a room"),
        .element = MATRIX_SRC, .stage = AT_INITED,
        .call = {"mute-remote", "bob", "video=true"},
        .then = {{"join"}, {"subscribe", "bob"},
            {"mute-remote", "bob", "video=true"}}},
    {OUTSIDE ("publish-after-leave", "`publish` after `leave`"),
        .stage = AT_LEFT, .call = {"publish"}, .then = {{"join"}, {"publish"}}},
    {OUTSIDE ("subscribe-after-leave", "`subscribe` after `leave`"),
        .element = MATRIX_SRC, .stage = AT_LEFT, .call = {"subscribe", "bob"},
        .then = {{"join"}, {"subscribe", "bob"}}},
    {OUTSIDE ("leave-twice", "`leave` after `leave`"), .stage = AT_LEFT,
        .call = {"leave"}, .then = {{"join"}, {"leave"}}},
    {OUTSIDE ("publish-after-eviction", "`publish` after an eviction"),
        .stage = AT_EVICTED, .call = {"publish"},
        .then = {{"join"}, {"publish"}}},
    {OUTSIDE ("leave-after-eviction", "`leave` after an eviction"),
        .stage = AT_EVICTED, .call = {"leave"}, .then = {{"join"}, {"leave"}}},
    {OUTSIDE ("mute-remote-after-eviction", "`mute-remote` after an eviction"),
        .element = MATRIX_SRC, .stage = AT_EVICTED,
        .call = {"mute-remote", "bob", "video=true"},
        .then = {{"join"}, {"subscribe", "bob"},
            {"mute-remote", "bob", "video=true"}}},
    {OUTSIDE ("publish-cut-off", "`leave` while `publish` is not answered"),
        .stage = AT_JOINED, .call = {"publish"}, .seen = SEEN_REQUEST,
        .script = {.type = GST_RTC_MESSAGE_PUBLISH, .act = SCRIPTED_SILENT},
        .provoke = provoke_leave_when_seen, .then = {{"join"}, {"publish"}}},

    {ENTERED ("join-again", "`join` of the same room"), .after = "connected",
        .stage = AT_PUBLISHED, .call = {"join"},
        .then = {{"unpublish"}, {"leave"}, {"join"}}},
    {ENTERED ("join-other", "`join` of another room"), .after = "connected",
        .stage = AT_SUBSCRIBED, .element = MATRIX_SRC,
        .call = {"join", "elsewhere", "somebody"},
        .finish = finish_in_first_room,
        .then = {{"unsubscribe", "bob"}, {"leave"}, {"join", "elsewhere"}}},
    {ENTERED ("join-while-leaving", "`join` while `leave` is not answered"),
        .after = "disconnected", .stage = AT_JOINED, .call = {"join"},
        .script = {.type = GST_RTC_MESSAGE_LEAVE,
            .act = SCRIPTED_LATE,
            .delay = 600},
        .pending = {"leave"}, .ready = ready_leave_seen},
    {ENTERED ("join-with-lost-socket", "`join` in a room whose socket is "
                                       "down"),
        .after = "failed", .stage = AT_LOST, .call = {"join"},
        .then = {{"leave"}, {"join"}}},

    {CONNECTING ("getconfig", "`join` during getconfig"),
        .prepare = prepare_stalled_config, .ready = ready_config_seen,
        .finish = finish_release_config},
    {CONNECTING ("handshake", "`join` during the WebSocket handshake"),
        .settings = "connect-timeout=800", .status = 200,
        .body = "{\"websocketUrls\":[\"ws://127.0.0.1:@RAW@/\",\"@URL@\"]}",
        .ready = ready_handshake_seen, .finish = finish_good_config},
    {CONNECTING ("answer", "`join` while the first is not answered"),
        .script = {.type = GST_RTC_MESSAGE_JOIN,
            .act = SCRIPTED_LATE,
            .delay = 600},
        .ready = ready_join_seen},

    {PUBLISHED ("publish-twice", "`publish` when published"),
        .stage = AT_PUBLISHED, .call = {"publish"},
        .then = {{"unpublish"}, {"publish"}}},
    {PUBLISHED (
         "publish-while-pending", "`publish` while the first is not answered"),
        .stage = AT_JOINED, .call = {"publish"}, .pending = {"publish"},
        .script = {.type = GST_RTC_MESSAGE_PUBLISH,
            .act = SCRIPTED_LATE,
            .delay = 600},
        .ready = ready_publish_seen, .then = {{"unpublish"}, {"publish"}}},
    {PUBLISHED ("publish-while-unpublishing",
         "`publish` while `unpublish` is not answered"),
        .stage = AT_PUBLISHED, .call = {"publish"}, .pending = {"unpublish"},
        .script = {.type = GST_RTC_MESSAGE_UNPUBLISH,
            .act = SCRIPTED_LATE,
            .delay = 600},
        .ready = ready_unpublish_seen},
    {PUBLISHED ("publish-while-waiting",
         "`publish` while the first waits for media at a pad"),
        .stage = AT_JOINED, .call = {"publish"}, .pending = {"publish"},
        .settings = "appsrc name=late is-live=true format=time ! rtc.video_0",
        .bare = TRUE, .finish = finish_push_picture,
        .then = {{"unpublish"}, {"publish"}}},

    {UNPUBLISHED ("unpublish", "`unpublish` when not published"),
        .stage = AT_JOINED, .call = {"unpublish"},
        .then = {{"publish"}, {"unpublish"}}},
    {UNPUBLISHED ("unpublish-twice", "`unpublish` after `unpublish`"),
        .stage = AT_PUBLISHED, .call = {"unpublish"},
        .prepare = prepare_unpublish, .then = {{"publish"}, {"unpublish"}}},
    {UNPUBLISHED ("mute-local", "`mute-local` when not published"),
        .stage = AT_JOINED, .call = {"mute-local", NULL, "video=true"},
        .then = {{"publish"}, {"mute-local", NULL, "video=true"}}},
    {UNPUBLISHED ("unpublish-while-pending",
         "`unpublish` while `publish` is not answered"),
        .stage = AT_JOINED, .call = {"unpublish"}, .pending = {"publish"},
        .script = {.type = GST_RTC_MESSAGE_PUBLISH,
            .act = SCRIPTED_LATE,
            .delay = 600},
        .ready = ready_publish_seen},

    {NO_USER ("subscribe", "`subscribe` to a user who is not in the room"),
        .stage = AT_JOINED, .call = {"subscribe", "dave"},
        .then = {{"subscribe", "bob"}}},
    {NO_USER ("subscribe-self", "`subscribe` to oneself"), .stage = AT_JOINED,
        .call = {"subscribe", MATRIX_USER}, .then = {{"subscribe", "bob"}}},
    {NO_USER ("subscribe-left", "`subscribe` to a user who has just left"),
        .stage = AT_JOINED, .call = {"subscribe", "bob"},
        .prepare = prepare_bob_leaves, .finish = finish_bob_returns},
    {NO_USER ("unsubscribe", "`unsubscribe` from a user who is not there"),
        .stage = AT_SUBSCRIBED, .call = {"unsubscribe", "dave"},
        .then = {{"unsubscribe", "bob"}}},
    {NO_USER ("mute-remote", "`mute-remote` of a user who is not there"),
        .stage = AT_SUBSCRIBED, .call = {"mute-remote", "dave", "video=true"},
        .then = {{"mute-remote", "bob", "video=true"}}},
    {NO_USER ("subscribe-gone", "the server no longer knows the user of a "
                                "`subscribe`"),
        .stage = AT_JOINED, .call = {"subscribe", "bob"},
        GONE (SUBSCRIBE, 100007)},
    {NO_USER ("unsubscribe-gone",
         "the server no longer knows the user of an `unsubscribe`"),
        .stage = AT_SUBSCRIBED, .call = {"unsubscribe", "bob"},
        GONE (UNSUBSCRIBE, 100007)},
    {NO_USER ("mute-remote-gone",
         "the server no longer knows the user of a `mute-remote`"),
        .stage = AT_SUBSCRIBED, .call = {"mute-remote", "bob", "audio=true"},
        GONE (MUTE_REMOTE, 100007)},

    {INITED ("init-twice", "`init` twice with the same id"),
        .after = "disconnected", .stage = AT_INITED,
        .call = {"init", "default"}, .then = {{"join"}}},
    {INITED ("init-other", "`init` with another id; the first stays"),
        .after = "disconnected", .stage = AT_INITED, .call = {"init", "other"},
        .finish = finish_first_app, .then = {{"leave"}, {"join"}}},
    {INITED ("init-inside", "`init` in a room"), .after = "connected",
        .stage = AT_JOINED, .call = {"init", "default"}, .then = {{"publish"}}},

    {NO_STREAM ("subscribe", "`subscribe` to a user who publishes nothing"),
        .stage = AT_JOINED, .call = {"subscribe", "carol"},
        .then = {{"subscribe", "bob"}}},
    {NO_STREAM ("subscribe-screen",
         "`subscribe` to the screen of a user with a camera only"),
        .stage = AT_JOINED, .call = {"subscribe", "bob", "screen=true"},
        .then = {{"subscribe", "bob", "screen=false"}}},
    {NO_STREAM ("subscribe-removed", "`subscribe` to a stream that has just "
                                     "ended"),
        .stage = AT_JOINED, .call = {"subscribe", "bob"},
        .prepare = prepare_bob_unpublishes, .finish = finish_bob_returns},
    {NO_STREAM ("unsubscribe", "`unsubscribe` from what is not subscribed"),
        .stage = AT_JOINED, .call = {"unsubscribe", "bob"},
        .then = {{"subscribe", "bob"}, {"unsubscribe", "bob"}}},
    {NO_STREAM ("mute-remote", "`mute-remote` of what is not subscribed"),
        .stage = AT_JOINED, .call = {"mute-remote", "bob", "video=true"},
        .then = {{"subscribe", "bob"}, {"mute-remote", "bob", "video=true"}}},
    {NO_STREAM ("subscribe-gone",
         "the server no longer knows the stream of a `subscribe`"),
        .stage = AT_JOINED, .call = {"subscribe", "bob"},
        GONE (SUBSCRIBE, 200001)},
    {NO_STREAM ("unsubscribe-gone",
         "the server no longer knows the stream of an `unsubscribe`"),
        .stage = AT_SUBSCRIBED, .call = {"unsubscribe", "bob"},
        GONE (UNSUBSCRIBE, 200001)},
    {NO_STREAM ("mute-remote-gone",
         "the server no longer knows the stream of a `mute-remote`"),
        .stage = AT_SUBSCRIBED, .call = {"mute-remote", "bob", "video=true"},
        GONE (MUTE_REMOTE, 200001)},
};

const MatrixPart matrix_sequence = {"sequence", rows, G_N_ELEMENTS (rows)};
