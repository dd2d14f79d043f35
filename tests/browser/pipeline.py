#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a pipeline for the browser tests and says in lines of JSON what
happens: element messages, errors, and what arrives at the pads of an rtcsrc.

    pipeline.py 'rtcsrc name=r room-id=hall'

A line on standard input such as {"action": "mute-local", "element": "s",
"options": {"audio": true}} emits an action; the end of input ends it.
"""

import array
import json
import sys
import threading
import time
import zlib

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
from gi.repository import GLib, Gst, GstApp  # noqa: E402,F401  appsink's methods

LOUD = 1000  # of 32767
WINDOW = 0.05  # seconds of sound that are loud or silent

BRANCHES = {
    "video": "queue ! videoconvert ! video/x-raw,format=GRAY8 ! appsink"
    " name=out sync=false emit-signals=true max-buffers=4 drop=true",
    "audio": "queue ! audioconvert ! audioresample !"
    " audio/x-raw,format=S16LE,channels=1,rate=48000 ! appsink"
    " name=out sync=false emit-signals=true max-buffers=200 drop=true",
}


def say(event, **fields):
    # One write for each line: several threads speak.
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


class Stream:
    """What has come out of one pad."""

    def __init__(self, pad_name, user):
        self.facts = {"pad": pad_name, "user": user, "frames": 0,
                      "distinct": 0, "loud": 0, "silent": 0,
                      "width": 0, "height": 0}
        self.last_sum = None
        self.told = 0.0

    def take_picture(self, caps, data):
        self.facts["width"] = caps.get_int("width").value
        self.facts["height"] = caps.get_int("height").value
        self.facts["frames"] += 1
        check = zlib.crc32(data)
        self.facts["distinct"] += check != self.last_sum
        self.last_sum = check

    def take_sound(self, data):
        samples = array.array("h", data[: len(data) // 2 * 2])
        step = int(48000 * WINDOW)
        self.facts["frames"] += 1
        for start in range(0, len(samples), step):
            peak = max(map(abs, samples[start:start + step]), default=0)
            self.facts["loud" if peak > LOUD else "silent"] += 1

    def tell(self):
        if time.monotonic() - self.told > 0.2:
            self.told = time.monotonic()
            say("media", **self.facts)


def on_sample(sink, medium, stream):
    sample = sink.emit("pull-sample")
    data = sample.get_buffer().extract_dup(0, sample.get_buffer().get_size())
    if medium == "video":
        stream.take_picture(sample.get_caps().get_structure(0), data)
    else:
        stream.take_sound(data)
    stream.tell()
    return Gst.FlowReturn.OK


def on_pad_added(_element, pad, pipeline):
    medium = pad.get_name().split("_")[0]
    branch = Gst.parse_bin_from_description(BRANCHES[medium], True)
    stream = Stream(pad.get_name(), pad.get_property("user-id"))
    branch.get_by_name("out").connect("new-sample", on_sample, medium, stream)
    pipeline.add(branch)
    branch.sync_state_with_parent()
    pad.link(branch.get_static_pad("sink"))


def on_message(_bus, message, loop):
    if message.type == Gst.MessageType.ERROR:
        error, _debug = message.parse_error()
        say("error", text=error.message, code=error.code)
        loop.quit()
    elif message.type == Gst.MessageType.ELEMENT:
        fact = message.get_structure()
        if fact.get_name().startswith("rtc-"):
            say("message", name=fact.get_name(), text=fact.to_string())


def obey(pipeline, line):
    command = json.loads(line)
    element = pipeline.get_by_name(command["element"])
    options = Gst.Structure.new_empty("options")
    for name, value in command.get("options", {}).items():
        options.set_value(name, value)
    users = [command["user"]] if "user" in command else []
    element.emit(command["action"], *users, options, None)


def read_commands(pipeline, loop):
    for line in sys.stdin:
        GLib.idle_add(obey, pipeline, line)
    GLib.idle_add(loop.quit)


def main():
    Gst.init(None)
    pipeline = Gst.parse_launch(sys.argv[1])
    if not isinstance(pipeline, Gst.Pipeline):  # one element alone
        element = pipeline
        pipeline = Gst.Pipeline.new()
        pipeline.add(element)
    loop = GLib.MainLoop()
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message, loop)
    elements = pipeline.iterate_elements()
    while True:
        result, element = elements.next()
        if result != Gst.IteratorResult.OK:
            break
        if element.get_factory().get_name() == "rtcsrc":
            element.connect("pad-added", on_pad_added, pipeline)
    threading.Thread(target=read_commands, args=(pipeline, loop),
                     daemon=True).start()
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)


main()
