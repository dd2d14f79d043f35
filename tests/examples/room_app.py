#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The application of room-app.c in Python, by introspection only: numbers,
names and categories of failures are read from the details structure."""

import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

JOIN_ATTEMPTS = 2
JOIN_AGAIN_AFTER = 300  # ms
MUTE_FOR = 500  # ms

DONE, NOTHING_SEEN, USAGE, OTHER = 0, 1, 2, 8
# The exit status and the advice for each category.
ADVICE = {
    "parameter": (3, "check the arguments of this program"),
    "sequence": (4, "change the order of the calls"),
    "internal": (5, "try again; is --server-url right, does the server run?"),
    "signaling": (6, "try again; if it goes on, look at the server"),
    "websocket": (
        7, "look at the network and at the close code (native-code)"),
}


def as_dict(structure):
    """What a GstStructure holds, without the GError, which Python has no
    value for; its number and text are fields of their own."""
    names = [structure.nth_field_name(i) for i in range(structure.n_fields())]
    return {n: structure.get_value(n) for n in names if n != "error"}


def say(text, file=sys.stdout):
    print(text, file=file, flush=True)


def complain(text):
    say(text, file=sys.stderr)


class App:
    def __init__(self, options):
        self.wanted = options.user
        self.token = options.token
        self.watched = None
        self.joins = 0
        self.resuming = False
        self.leaving = False
        self.status = NOTHING_SEEN
        self.promises = set()
        self.loop = GLib.MainLoop()
        self.pipeline = Gst.Pipeline()
        self.rtcsrc = Gst.ElementFactory.make("rtcsrc")
        if not self.rtcsrc:
            sys.exit("there is no rtcsrc; is GST_PLUGIN_PATH set?")
        self.rtcsrc.set_property("auto-join", False)
        Gst.util_set_object_arg(self.rtcsrc, "auto-subscribe", "none")
        self.rtcsrc.set_property("room-id", options.room)
        if options.server_url:
            self.rtcsrc.set_property("server-url", options.server_url)
        self.rtcsrc.connect("pad-added", self.on_pad_added)
        self.pipeline.add(self.rtcsrc)

    def run(self, seconds):
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message", self.on_message)
        GLib.timeout_add_seconds(seconds, self.on_time_over)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.call("init", "default")
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        bus.remove_signal_watch()
        return self.status

    # --- calls ---

    def call(self, name, *arguments):
        """Emits an action. The promise is kept until it has been answered:
        Python would free it, and with it the callback, when it goes out of
        scope."""
        promise = Gst.Promise.new_with_change_func(self.on_answer)
        self.promises.add(promise)
        self.rtcsrc.emit(name, *arguments, promise)

    def on_answer(self, promise):
        """Runs on a thread of the element: the reply belongs to the promise,
        so it is copied and handed to the main thread."""
        reply = promise.get_reply()
        if reply:
            self.pipeline.post_message(
                Gst.Message.new_application(self.pipeline, reply.copy()))

    def join(self):
        self.joins += 1
        self.call("join", self.token, None, None)
        return GLib.SOURCE_REMOVE

    def subscribe(self, user_id):
        self.watched = user_id
        options = Gst.Structure.new_empty("options")
        options.set_value("audio", True)
        options.set_value("video", True)
        options.set_value("screen", False)
        self.call("subscribe", user_id, options)

    def mute_video(self, mute):
        """True disables; the sound is not named and stays as it is."""
        self.resuming = not mute
        options = Gst.Structure.new_empty("options")
        options.set_value("video", mute)
        self.call("mute-remote", self.watched, options)

    def resume(self):
        if not self.leaving:
            self.mute_video(False)
        return GLib.SOURCE_REMOVE

    def leave(self):
        if not self.leaving:
            self.leaving = True
            self.call("leave")

    # --- media ---

    def on_pad_added(self, _rtcsrc, pad):
        """Runs on a thread of the element."""
        video = pad.get_name().startswith("video")
        branch = Gst.parse_bin_from_description(
            "queue ! videoconvert ! fakesink name=pictures" if video
            else "queue ! audioconvert ! fakesink", True)
        self.pipeline.add(branch)
        if video:
            self.await_picture()
        branch.sync_state_with_parent()
        if pad.link(branch.get_static_pad("sink")) != Gst.PadLinkReturn.OK:
            complain(f"{pad.get_name()} could not be linked")

    def await_picture(self):
        sink = self.pipeline.get_by_name("pictures")
        if sink:
            sink.get_static_pad("sink").add_probe(
                Gst.PadProbeType.BUFFER, self.on_picture)

    def on_picture(self, pad, _info):
        """Runs on a streaming thread."""
        caps = pad.get_current_caps()
        if not caps:
            return Gst.PadProbeReturn.OK
        size = caps.get_structure(0)
        picture = Gst.Structure.new_empty("app-picture")
        for name in ("width", "height"):
            picture.set_value(name, size.get_value(name))
        self.pipeline.post_message(
            Gst.Message.new_application(self.pipeline, picture))
        return Gst.PadProbeReturn.REMOVE

    # --- what happens ---

    def on_time_over(self):
        if self.watched:
            complain(f"no picture of {self.watched} in time")
        elif self.wanted:
            complain(f"{self.wanted} did not come in time")
        else:
            complain("nobody published in time")
        self.leave()
        return GLib.SOURCE_REMOVE

    def explain_failure(self, details):
        complain("{rtc-code} {rtc-symbol} in {operation}: {reason}".format(
            **details))
        if "native-code" in details:
            complain(f"  native-code {details['native-code']}")
        category = details["rtc-category"]
        self.status, advice = ADVICE.get(category, (OTHER, "unknown"))
        complain(f"  {category}: {advice}")

    def on_call_failed(self, details):
        """The warning on the bus has explained it; here it is known which
        step it stops."""
        operation = details["operation"]
        if (operation == "join" and details["retryable"]
                and not self.leaving and self.joins < JOIN_ATTEMPTS):
            complain("joining again")
            GLib.timeout_add(JOIN_AGAIN_AFTER, self.join)
        elif operation in ("subscribe", "mute-remote"):
            self.leave()
        else:
            self.loop.quit()

    def on_call_done(self, answer):
        operation = answer["operation"]
        if operation == "init":
            self.join()
        elif operation == "join":
            self.status = NOTHING_SEEN
            say(f"joined as {answer['user-id']}")
        elif operation == "subscribe":
            say(f"subscribed to {self.watched}")
        elif operation == "mute-remote" and not self.resuming:
            say("muted the video")
            GLib.timeout_add(MUTE_FOR, self.resume)
        elif operation == "mute-remote":
            say("resumed the video")
            self.await_picture()
        elif operation == "leave":
            say("left")
            self.loop.quit()

    def on_picture_seen(self, picture):
        if self.leaving:
            return
        size = f"{picture['width']}x{picture['height']}"
        if not self.resuming:
            say(f"first picture {size}")
            self.mute_video(True)
        else:
            say(f"picture again {size}")
            self.status = DONE
            self.leave()

    def on_fact(self, name, fact):
        user_id = fact.get("user-id")
        if name == "rtc-peer-online":
            say(f"user {user_id}")
        elif name == "rtc-peer-leave":
            say(f"user {user_id} left")
        elif name == "rtc-stream-added":
            say(f"stream of {user_id}: "
                + ("screen" if fact["screen"] else "camera"))
            if (not fact["screen"] and not self.watched and not self.leaving
                    and self.wanted in (None, user_id)):
                self.subscribe(user_id)
        elif name == "rtc-stream-removed":
            say(f"stream of {user_id} removed: {fact.get('reason')}")
            # One that is muted altogether comes back.
            if user_id == self.watched and fact.get("reason") != "muted":
                self.leave()

    def on_failure_message(self, message):
        fatal = message.type == Gst.MessageType.ERROR
        if fatal:
            error, _debug = message.parse_error()
            details = message.parse_error_details()
        else:
            error, _debug = message.parse_warning()
            details = message.parse_warning_details()
        if error.domain == "gst-rtc-error-quark" and details:
            self.explain_failure(as_dict(details))
        else:
            complain(error.message)
            if fatal:
                self.status = OTHER
        if fatal:
            self.loop.quit()

    def on_message(self, _bus, message):
        content = message.get_structure()
        if message.type == Gst.MessageType.ELEMENT:
            self.on_fact(content.get_name(), as_dict(content))
        elif message.type == Gst.MessageType.APPLICATION:
            fields = as_dict(content)
            if content.get_name() == "app-picture":
                self.on_picture_seen(fields)
            elif "rtc-code" in fields:
                self.on_call_failed(fields)
            else:
                self.on_call_done(fields)
        elif message.type in (Gst.MessageType.WARNING, Gst.MessageType.ERROR):
            self.on_failure_message(message)


def main():
    parser = argparse.ArgumentParser(
        description="Joins a room, lists it, watches one user and leaves.",
        epilog="Exit status: 0 all seen, 1 nothing seen, 2 usage; failures: "
        "3 parameter, 4 sequence, 5 internal, 6 signaling, 7 websocket, "
        "8 other.")
    parser.add_argument("--server-url", metavar="URL")
    parser.add_argument("--room", metavar="ID", default="demo")
    parser.add_argument("--user", metavar="ID", help="user to watch "
                        "(the first with a stream)")
    parser.add_argument("--token", help="for the room, where it is asked for")
    parser.add_argument("--seconds", type=int, default=10,
                        help="give up after so many (%(default)s)")
    options = parser.parse_args()
    if options.seconds < 1:
        parser.error("--seconds is at least 1")
    Gst.init(None)
    return App(options).run(options.seconds)


if __name__ == "__main__":
    sys.exit(main())
