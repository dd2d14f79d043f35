/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of 300001 to 300008 that a server causes which answers as it likes,
 * and those of media that cannot be had. */
#include "matrix.h"
#include "matrix-provoke.h"

#define CODE(number, name) .code = number, .symbol = name, .retryable = TRUE
#define C300001 CODE (300001, "SUBSCRIBE_FAILED"), .element = MATRIX_SRC
#define C300002 CODE (300002, "UNSUBSCRIBE_FAILED"), .element = MATRIX_SRC
#define C300003 CODE (300003, "MUTE_LOCAL_ERRO")
#define C300004 CODE (300004, "MUTE_REMOTE_ERROR"), .element = MATRIX_SRC
#define C300005 CODE (300005, "LEAVE_ERROR")
#define C300006 CODE (300006, "PUBLISH_ERROR")
#define C300007 CODE (300007, "UNPUBLISH_ERRO")
#define C300008 CODE (300008, "JOIN_ROOM_ERROR")

#define ROW(name, words) .id = name, .condition = words

/* The server answers the request with @number. */
#define REFUSED(request, number)                                               \
  .by = BY_SERVER, .severity = GST_MESSAGE_WARNING, .seen = SEEN_REQUEST,      \
  .after = "connected", .reason = "on purpose",                                \
  .script = {.type = GST_RTC_MESSAGE_##request,                                \
      .act = SCRIPTED_REFUSE,                                                  \
      .code = number,                                                          \
      .text = "on purpose"}

/* Of one stream or viewer, after the request itself has ended well. */
#define MEDIA                                                                  \
  .by = BY_MEDIA, .severity = GST_MESSAGE_WARNING, .seen = SEEN_SESSION,       \
  .after = "connected"

#define BOB "bob"
#define PAUSE "audio=true, video=true"

static const MatrixRow rows[] = {
    {C300001, ROW ("refused", "the server refuses a `subscribe`"),
        .stage = AT_JOINED, .call = {"subscribe", BOB},
        REFUSED (SUBSCRIBE, 300001)},
    {C300001,
        ROW ("refused-otherwise",
            "the server refuses it with a code of another kind"),
        .stage = AT_JOINED, .call = {"subscribe", BOB},
        REFUSED (SUBSCRIBE, 100003), .native_code = 100003},
    {C300001,
        ROW ("refused-automatic",
            "the server refuses an automatic subscription"),
        REFUSED (SUBSCRIBE, 300001), .automatic = TRUE,
        .operation = "subscribe"},
    {C300001, ROW ("no-session", "the answer names no media session"),
        .stage = AT_JOINED, .call = {"subscribe", BOB}, REFUSED (SUBSCRIBE, 0),
        .reason = "session",
        .script = {.type = GST_RTC_MESSAGE_SUBSCRIBE,
            .act = SCRIPTED_GARBAGE,
            .text = "{\"id\":3,\"type\":\"ok\"}"}},
    {C300001, ROW ("no-offer", "the publisher makes no offer in time"), MEDIA,
        .settings = "connect-timeout=500", .stage = AT_JOINED,
        .call = {"subscribe", BOB}, .fact = "rtc-stream-failed"},
    {C300001, ROW ("bad-offer", "the offer cannot be read"), MEDIA,
        .stage = AT_JOINED, .call = {"subscribe", BOB},
        .provoke = provoke_bad_offer, .fact = "rtc-stream-failed"},
    {C300001, ROW ("other-side", "the publisher gives the media up"), MEDIA,
        .stage = AT_JOINED, .call = {"subscribe", BOB},
        .provoke = provoke_session_closed, .fact = "rtc-stream-failed"},

    {C300002,
        ROW ("refused", "the server refuses an `unsubscribe`; the "
                        "subscription stays"),
        .stage = AT_SUBSCRIBED, .call = {"unsubscribe", BOB},
        REFUSED (UNSUBSCRIBE, 300002),
        .then = {{"mute-remote", BOB, "audio=true"}, {"unsubscribe", BOB}}},
    {C300002,
        ROW ("refused-otherwise",
            "the server refuses it with a code of another kind"),
        .stage = AT_SUBSCRIBED, .call = {"unsubscribe", BOB},
        REFUSED (UNSUBSCRIBE, 100002), .native_code = 100002},

    {C300003, ROW ("refused-mute", "the server refuses to disable"),
        .stage = AT_PUBLISHED, .call = {"mute-local", NULL, "video=true"},
        REFUSED (MUTE_LOCAL, 300003)},
    {C300003, ROW ("refused-unmute", "the server refuses to enable"),
        .stage = AT_PUBLISHED, .call = {"mute-local", NULL, "video=false"},
        .prepare = prepare_muted_local, REFUSED (MUTE_LOCAL, 300003)},
    {C300003,
        ROW ("refused-otherwise",
            "the server refuses it with a code of another kind"),
        .stage = AT_PUBLISHED, .call = {"mute-local", NULL, "audio=true"},
        REFUSED (MUTE_LOCAL, 100006), .native_code = 100006},

    {C300004, ROW ("refused-pause", "the server refuses to pause"),
        .stage = AT_SUBSCRIBED, .call = {"mute-remote", BOB, PAUSE},
        REFUSED (MUTE_REMOTE, 300004)},
    {C300004, ROW ("refused-resume", "the server refuses to resume"),
        .stage = AT_SUBSCRIBED, .call = {"mute-remote", BOB, "video=false"},
        .prepare = prepare_muted_remote, REFUSED (MUTE_REMOTE, 300004)},
    {C300004,
        ROW ("refused-otherwise",
            "the server refuses it with a code of another kind"),
        .stage = AT_SUBSCRIBED, .call = {"mute-remote", BOB, PAUSE},
        REFUSED (MUTE_REMOTE, 300001), .native_code = 300001},
    {C300004, ROW ("too-many", "64 requests are not answered yet"),
        .by = BY_LOCAL, .severity = GST_MESSAGE_WARNING, .seen = SEEN_NOTHING,
        .after = "connected", .stage = AT_SUBSCRIBED,
        .call = {"mute-remote", BOB, "video=true"},
        .prepare = prepare_many_requests, .finish = finish_many_requests,
        .reason = "64"},

    {C300005,
        ROW ("refused", "the server refuses a `leave`; the room is "
                        "left, the socket closed"),
        .stage = AT_JOINED, .call = {"leave"}, REFUSED (LEAVE, 300005),
        .after = "disconnected", .finish = finish_socket_closed,
        .then = {{"join"}, {"leave"}}},
    {C300005, ROW ("refused-published", "the same of a publisher"),
        .stage = AT_PUBLISHED, .call = {"leave"}, REFUSED (LEAVE, 100002),
        .native_code = 100002, .after = "disconnected",
        .finish = finish_socket_closed,
        .then = {{"join"}, {"publish"}, {"leave"}}},

    {C300006, ROW ("refused", "the server refuses a `publish`"),
        .stage = AT_JOINED, .call = {"publish"}, REFUSED (PUBLISH, 300006)},
    {C300006,
        ROW ("refused-otherwise",
            "the server refuses it with a code of another kind"),
        .stage = AT_JOINED, .call = {"publish"}, REFUSED (PUBLISH, 100005),
        .native_code = 100005},
    {C300006,
        ROW ("refused-automatic",
            "the server refuses the automatic publication"),
        REFUSED (PUBLISH, 300006), .severity = GST_MESSAGE_ERROR,
        .automatic = TRUE, .operation = "publish"},
    {C300006, ROW ("no-pad", "`publish` of an element without a pad"),
        .by = BY_LOCAL, .severity = GST_MESSAGE_WARNING, .seen = SEEN_NOTHING,
        .after = "connected", .stage = AT_JOINED, .call = {"publish"},
        .bare = TRUE, .reason = "pad", .finish = finish_add_pictures},
    {C300006, ROW ("no-media", "no media arrives at a pad in time"),
        .by = BY_TIMER, .severity = GST_MESSAGE_ERROR, .seen = SEEN_SESSION,
        .after = "connected", .automatic = TRUE, .operation = "publish",
        .settings = "connect-timeout=500 "
                    "appsrc is-live=true format=time ! rtc.video_0",
        .bare = TRUE, .reason = "video_0"},
    {C300006, ROW ("no-encoder", "no encoder can be had"), .by = BY_MEDIA,
        .severity = GST_MESSAGE_ERROR, .seen = SEEN_SESSION,
        .after = "connected", .automatic = TRUE, .operation = "publish",
        .settings = "video-codecs=<AV1>", .prepare = prepare_no_encoder,
        .finish = finish_new_pad},
    {C300006, ROW ("bad-answer", "a viewer answers with what cannot be read"),
        MEDIA, .operation = "publish", .stage = AT_PUBLISHED,
        .provoke = provoke_bad_answer, .then = {{"unpublish"}, {"publish"}}},
    {C300006, ROW ("no-answer", "a viewer does not answer in time"), MEDIA,
        .operation = "publish", .stage = AT_PUBLISHED,
        .settings = "connect-timeout=1500", .provoke = provoke_viewer,
        .then = {{"unpublish"}, {"publish"}}},
    {C300006, ROW ("too-many-viewers", "one viewer more than `max-viewers`"),
        MEDIA, .operation = "publish", .stage = AT_PUBLISHED,
        .settings = "max-viewers=1", .provoke = provoke_two_viewers,
        .then = {{"unpublish"}, {"publish"}}},
    {C300006,
        ROW ("visibility-refused", "the server refuses `set-user-visibility`"),
        .stage = AT_JOINED, .call = {"set-user-visibility", "false"},
        REFUSED (SET_VISIBILITY, 300006)},

    {C300007,
        ROW ("refused", "the server refuses an `unpublish`; the "
                        "publication stays"),
        .stage = AT_PUBLISHED, .call = {"unpublish"},
        REFUSED (UNPUBLISH, 300007),
        .then = {{"mute-local", NULL, "video=true"}, {"unpublish"}}},
    {C300007,
        ROW ("unknown-there",
            "the server knows of no publication; it counts as ended"),
        .stage = AT_PUBLISHED, .call = {"unpublish"},
        REFUSED (UNPUBLISH, 100006), .native_code = 100006,
        .then = {{"publish"}, {"unpublish"}}},

    {C300008, ROW ("refused", "the server refuses a `join`"),
        .stage = AT_INITED, .call = {"join"}, REFUSED (JOIN, 300008),
        .after = "disconnected"},
    {C300008,
        ROW ("refused-automatic", "the server refuses the automatic "
                                  "join"),
        REFUSED (JOIN, 300008), .severity = GST_MESSAGE_ERROR,
        .automatic = TRUE, .operation = "join", .after = "disconnected"},
    {C300008,
        ROW ("refused-otherwise",
            "the server refuses it with a code of another kind"),
        .stage = AT_INITED, .call = {"join"}, REFUSED (JOIN, 100001),
        .native_code = 100001, .after = "disconnected"},
    {C300008, ROW ("cut-off-config", "`leave` during getconfig"),
        .by = BY_LOCAL, .severity = GST_MESSAGE_WARNING, .seen = SEEN_CONFIG,
        .stage = AT_INITED, .call = {"join"}, .after = "disconnected",
        .prepare = prepare_stalled_config,
        .provoke = provoke_leave_after_config, .finish = finish_good_config,
        .reason = "leave"},
    {C300008,
        ROW ("cut-off-handshake", "`leave` during the WebSocket handshake"),
        .by = BY_LOCAL, .severity = GST_MESSAGE_WARNING, .seen = SEEN_CONFIG,
        .stage = AT_INITED, .call = {"join"}, .after = "disconnected",
        .status = 200,
        .body = "{\"websocketUrls\":[\"ws://127.0.0.1:@RAW@/\"]}",
        .provoke = provoke_leave_in_handshake, .finish = finish_good_config,
        .reason = "leave"},
    {C300008, ROW ("cut-off-join", "`leave` while `join` is not answered"),
        .by = BY_LOCAL, .severity = GST_MESSAGE_WARNING, .seen = SEEN_REQUEST,
        .stage = AT_INITED, .call = {"join"}, .after = "disconnected",
        .script = {.type = GST_RTC_MESSAGE_JOIN, .act = SCRIPTED_SILENT},
        .provoke = provoke_leave_when_seen, .reason = "leave"},
    {C300008, ROW ("banned-joining", "`client-banned` instead of an answer"),
        REFUSED (JOIN, 0), .stage = AT_INITED, .call = {"join"},
        .after = "disconnected", .reason = "banned", .retryable = FALSE,
        .script = {.type = GST_RTC_MESSAGE_JOIN,
            .act = SCRIPTED_GARBAGE,
            .text = "{\"type\":\"client-banned\",\"reason\":\"banned\"}"}},
    {C300008,
        ROW ("renew-refused",
            "the server refuses a `renew-token`; the room stays"),
        .stage = AT_JOINED, .call = {"renew-token", "t"},
        REFUSED (RENEW_TOKEN, 300008)},
};

const MatrixPart matrix_refusals = {"refusals", rows, G_N_ELEMENTS (rows)};
