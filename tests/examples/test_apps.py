#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the applications of this folder and lines of gst-launch-1.0 against a
room server, and checks what they print and their exit status.

  test_apps.py app SERVER PUBLISHER COMMAND...   rtc-room-app or room_app.py
  test_apps.py launch SERVER                     gst-launch-1.0 -m
  test_apps.py demo DEMO DIRECTORY               rtc-demo, which keeps files

PUBLISHER plays the pipeline of its arguments. Prints TAP."""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

DEADLINE = 20  # seconds for anything that is waited for
USER = "alice"
MEDIA = (
    "videotestsrc is-live=true ! video/x-raw,width=320,height=240 ! "
    "out.video_0 audiotestsrc is-live=true ! out.audio_0"
).split()


class Program:
    """A process whose output, both streams together, is kept as lines."""

    def __init__(self, *command):
        self.lines = []
        self.ended = False
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def find(self, pattern):
        return next((m for m in map(re.compile(pattern).search, self.lines)
                     if m), None)

    def wait_for(self, pattern):
        with self.changed:
            self.changed.wait_for(
                lambda: self.ended or self.find(pattern), DEADLINE)
            match = self.find(pattern)
        if not match:
            raise AssertionError(f"no {pattern!r} in:\n{self.text()}")
        return match

    def finish(self, sig=None):
        """Exit status, after the signal if one is given."""
        if sig:
            self.process.send_signal(sig)
        status = self.process.wait(DEADLINE)
        self.reader.join(DEADLINE)
        return status

    def text(self):
        return "\n".join(self.lines)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(DEADLINE)
        self.process.stdout.close()


def check(condition, what, program):
    if not condition:
        raise AssertionError(f"{what}; it printed:\n{program.text()}")


def check_order(program, patterns):
    """Each pattern in a line after that of the one before."""
    lines = iter(program.lines)
    for pattern in patterns:
        check(any(re.search(pattern, line) for line in lines),
              f"no {pattern!r} in its place", program)


def check_status(program, expected, sig=None):
    status = program.finish(sig)
    check(status == expected, f"exit status {status}, not {expected}", program)


def serve(server, *options):
    return Program(server, "--listen", "http://127.0.0.1:0", *options)


def address_of(served):
    return served.wait_for(r"^http://\S+$")[0]


@contextlib.contextmanager
def room(server, *options):
    with serve(server, *options) as served:
        yield address_of(served)


@contextlib.contextmanager
def nobody():
    """An address that is taken and refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def publish(publisher, url, *options):
    return Program(*publisher, "rtcsink", "name=out", f"server-url={url}",
                   "room-id=demo", f"user-id={USER}", *options, *MEDIA)


# --- the applications ---


def watches_a_user(server, publisher, app):
    with room(server) as url, publish([publisher], url) as sender:
        sender.wait_for("new=.*connected")
        with Program(*app, "--server-url", url, "--user", USER,
                     "--seconds", "15") as program:
            check_status(program, 0)
            check_order(program, [
                "^joined as ", f"^user {USER}$", f"^stream of {USER}: camera$",
                f"^subscribed to {USER}$", "^first picture 320x240$",
                "^muted the video$", "^resumed the video$",
                "^picture again 320x240$", "^left$"])


def takes_the_first_who_comes(server, publisher, app):
    with room(server) as url, Program(
            *app, "--server-url", url, "--seconds", "15") as program:
        program.wait_for("^joined as ")
        with publish([publisher], url):
            check_status(program, 0)
        check_order(program, [f"^subscribed to {USER}$", "^left$"])


def explains_a_wrong_room(server, _publisher, app):
    with room(server) as url, Program(
            *app, "--server-url", url, "--room", "a/b") as program:
        check_status(program, 3)
        check_order(program, [
            r"100001 INVALID_PARAMS in join: room-id: ", "^  parameter: "])


def explains_a_missing_server(_server, _publisher, app):
    with nobody() as url, Program(*app, "--server-url", url) as program:
        check_status(program, 5)
        failure = r"200002 GET_CONFIG_ERROR in join: "
        check_order(program, [failure, "^  internal: ", "^joining again$",
                              failure, "^  internal: "])
        count = len([x for x in program.lines if re.search(failure, x)])
        check(count == 2, f"{count} failures told, not 2", program)


def gives_up_on_who_does_not_come(server, publisher, app):
    with room(server) as url, publish([publisher], url) as sender:
        sender.wait_for("new=.*connected")
        with Program(*app, "--server-url", url, "--user", "bob",
                     "--seconds", "1") as program:
            check_status(program, 1)
            for pattern in (f"^user {USER}$", "^bob did not come in time$",
                            "^left$"):
                check(program.find(pattern), f"no {pattern!r}", program)
            check(not program.find("^subscribed"), "it subscribed", program)


def explains_a_lost_connection(server, _publisher, app):
    with serve(server) as served:
        url = address_of(served)
        with Program(*app, "--server-url", url) as program:
            program.wait_for("^joined as ")
            served.process.kill()
            check_status(program, 7)
            check_order(program, ["500001 WEBSOCKET_FAILED in none: ",
                                  "^  websocket: "])


def leaves_when_the_user_leaves(server, publisher, app):
    """Killed, so that the server is what tells, and does so soon."""
    with room(server, "--grace-time", "100") as url, publish(
            [publisher], url) as sender, Program(
            *app, "--server-url", url, "--seconds", "15") as program:
        program.wait_for("^muted the video$")
        sender.finish(signal.SIGKILL)
        check_status(program, 1)
        check_order(program, [f"^stream of {USER} removed: ", "^left$"])


def refuses_wrong_usage(_server, _publisher, app):
    for arguments in (["--seconds", "0"], ["--no-such-option"]):
        with Program(*app, *arguments) as program:
            check_status(program, 2)


# --- gst-launch-1.0 -m ---

LAUNCH = ["gst-launch-1.0", "-m"]


def receive(url, *options):
    return Program(
        *LAUNCH, "rtcsrc", "name=in", f"server-url={url}", "room-id=demo",
        *options, *"in.video_0 ! queue ! videoconvert ! fakesink".split(),
        *"in.audio_0 ! queue ! audioconvert ! fakesink".split())


def publish_for_a_moment(receiver, url):
    receiver.wait_for(r"rtc-connection-state, .*new=\(string\)connected")
    with publish(LAUNCH, url) as sender:
        receiver.wait_for("rtc-stream-added")
        for name in ("fakesink0", "fakesink1"):
            receiver.wait_for(rf'from element "{name}" \(tag\)')
        check_status(sender, 0, signal.SIGINT)


def launch_ends_with_the_stream(server):
    with room(server) as url, receive(url) as receiver:
        publish_for_a_moment(receiver, url)
        check_status(receiver, 0)
        check(receiver.find("^Got EOS from element"), "no EOS", receiver)


def launch_shows_the_events(server):
    # It stays for the leave, which comes after the end of the stream.
    with room(server) as url, receive(
            url, "on-stream-removed=wait") as receiver:
        publish_for_a_moment(receiver, url)
        receiver.wait_for("rtc-peer-leave")
        check_status(receiver, 0, signal.SIGINT)
        by_in = r'from element "in" \(element\): '
        whose = rf".*user-id=\(string\){USER}\b"
        check_order(receiver, [
            by_in + r"rtc-connection-state, .*new=\(string\)connecting",
            by_in + r"rtc-connection-state, .*new=\(string\)connected",
            by_in + r"rtc-peer-online," + whose,
            by_in + r"rtc-stream-added," + whose,
            by_in + r"rtc-stream-removed," + whose,
            by_in + r"rtc-peer-leave," + whose])


def launch_shows_the_own_server(server):
    with nobody() as url:
        pass
    with Program(*LAUNCH, "rtcsink", "name=out", "serve=true",
                 f"server-url={url}", "room-id=demo", *MEDIA) as program:
        program.wait_for(r"rtc-server-started, .*" + re.escape(url))
        program.wait_for(r"rtc-connection-state, .*new=\(string\)connected")
        check_status(program, 0, signal.SIGINT)


def check_sentence(program, sentence, debug):
    # 1 for an error on the way, 255 for a state that could not be reached.
    status = program.finish()
    check(status in (1, 255), f"exit status {status}", program)
    # gst-launch writes it between the lines of -m, and not always after one.
    check_order(program, [r"ERROR: from element \S+: " + sentence, debug])
    count = program.text().count("ERROR: from element")
    check(count == 1, f"{count} errors, not 1", program)


def launch_tells_a_wrong_room(_server):
    with Program(*LAUNCH, "rtcsrc", "room-id=a/b") as program:
        check_sentence(
            program, "A setting or an argument is not valid: room-id: ",
            "100001 INVALID_PARAMS, operation join")


def launch_tells_a_missing_server(_server):
    with nobody() as url, Program(*LAUNCH, "rtcsrc", "room-id=demo",
                                  f"server-url={url}") as program:
        check_sentence(
            program,
            "The configuration could not be had from the room server: ",
            "200002 GET_CONFIG_ERROR, operation join")


def launch_tells_a_lost_connection(server):
    with serve(server) as served:
        url = address_of(served)
        with Program(*LAUNCH, "rtcsrc", "room-id=demo",
                     f"server-url={url}", "reconnect-attempts=1") as program:
            program.wait_for(r"new=\(string\)connected")
            served.process.kill()
            check_sentence(
                program, "The connection to the room server broke: ",
                "500001 WEBSOCKET_FAILED, operation none")


def demo_keeps_serving(demo, directory):
    with Program(demo, "--seconds", "1", "--keep",
                 "--output", f"{directory}/kept") as program:
        told = program.wait_for(r"a browser can watch at (http://\S+/demo)")
        kept = program.wait_for(r"The publisher goes on: (\S+) shows it")
        check(program.find("^It works"), "no verdict", program)
        check(told.group(1) == kept.group(1), "two addresses", program)
        with urllib.request.urlopen(kept.group(1), timeout=DEADLINE) as page:
            check(b"<title>Room</title>" in page.read(), "no page", program)
        check_status(program, 0, signal.SIGINT)


APP_TESTS = [
    watches_a_user, takes_the_first_who_comes, explains_a_wrong_room,
    explains_a_missing_server, gives_up_on_who_does_not_come,
    explains_a_lost_connection, leaves_when_the_user_leaves,
    refuses_wrong_usage]
LAUNCH_TESTS = [
    launch_ends_with_the_stream, launch_shows_the_events,
    launch_shows_the_own_server,
    launch_tells_a_wrong_room, launch_tells_a_missing_server,
    launch_tells_a_lost_connection]
DEMO_TESTS = [demo_keeps_serving]


def run(tests, *arguments):
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        started = time.monotonic()
        try:
            test(*arguments)
            word = "ok"
        except (AssertionError, subprocess.TimeoutExpired) as error:
            failed += 1
            word = "not ok"
            # The runner shows this stream of a test that failed.
            print(f"{test.__name__}: {error}", file=sys.stderr, flush=True)
        print(f"{word} {number} - {test.__name__} "
              f"({time.monotonic() - started:.1f} s)", flush=True)
    return 1 if failed else 0


def end_on_signal(*_unused):
    sys.exit(1)  # unwinds, so that all programs are ended


def main():
    signal.signal(signal.SIGTERM, end_on_signal)
    kind, server, *rest = sys.argv[1:]
    if kind == "demo":
        return run(DEMO_TESTS, server, *rest)
    if kind == "launch":
        if not shutil.which(LAUNCH[0]):
            print(f"1..0 # SKIP there is no {LAUNCH[0]}")
            return 0
        return run(LAUNCH_TESTS, server)
    publisher, *app = rest
    if app[-1].endswith(".py"):
        try:
            import gi
            gi.require_version("Gst", "1.0")
        except (ImportError, ValueError):
            print("1..0 # SKIP there is no python3-gi for GStreamer")
            return 0
    return run(APP_TESTS, server, publisher, app)


if __name__ == "__main__":
    sys.exit(main())
