#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures the elements and the room server against peers of the same run and
prints one report.

The peers are webrtcbin wired by hand with its defaults, and a WebSocket server
of libsoup that only echoes; of the server in a flood, itself when it is calm.
A is ours, B the peer; runs follow each other as
A | A B | B A | A B ..., each in processes of its own. A ratio is that of the
two runs of one round; the report gives the median with the least and the
greatest. The noise floor is the greatest difference of two neighbouring runs
of the same kind: what lies inside it is no result.
"""

import argparse
import contextlib
import ctypes
import json
import math
import os
import re
import select
import signal
import socket
import statistics
import subprocess
import sys
import time

VIEWERS = (0, 1, 8, 16)
PICTURE = ("1280", "720", "2000000")
JOIN_PICTURE = ("640", "360", "500000")
IDLE = (1, 200)
# Of the guest that is measured: below its limit together with its burst.
FLOOD_RATE = "400"
FLOODS = ("pings", "requests", "messages", "joins")
ROOM = "bench"
PR_SET_PDEATHSIG = 1
START_LIMIT = 30
JOIN_LIMIT = 60
STOP_LIMIT = 3

libc = ctypes.CDLL(None)


class Failure(Exception):
    """A run that gave no figures."""


# --- processes ---

def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A program with lines on its stdin and stdout; killed at the end."""

    def __init__(self, *args, fds=()):
        self.name = os.path.basename(args[0])
        self.buffer = b""
        self.child = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            pass_fds=fds, preexec_fn=die_with_parent)
        self.pid = self.child.pid

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        with contextlib.suppress(OSError):
            self.child.stdin.close()
        self.child.terminate()
        try:
            self.child.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()

    def tell(self, line):
        try:
            self.child.stdin.write(line.encode() + b"\n")
            self.child.stdin.flush()
        except OSError as error:
            raise Failure(f"{self.name} is gone") from error

    def read(self, limit):
        """The next line, None at the end."""
        end = time.monotonic() + limit
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [],
                                              left)[0]:
                raise Failure(f"{self.name} said nothing for {limit} s")
            data = os.read(self.child.stdout.fileno(), 65536)
            if not data:
                return None
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def ask(self, limit=START_LIMIT):
        line = self.read(limit)
        if line is None:
            raise Failure(f"{self.name} has ended")
        return line


def read_file(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def cpu_seconds(pid):
    fields = read_file(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def thread_seconds(pid):
    """CPU time of each living thread."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError):
            found[thread] = int(read_file(
                f"/proc/{pid}/task/{thread}/schedstat").split()[0]) / 1e9
    return found


def machine_idle():
    """Seconds that all cores together were idle."""
    fields = read_file("/proc/stat").split(None, 6)
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")


def resources(pid):
    rollup = read_file(f"/proc/{pid}/smaps_rollup")
    status = read_file(f"/proc/{pid}/status")

    def kib(name):
        return int(re.search(rf"^{name}:\s+(\d+)", rollup, re.M).group(1))

    return {
        "fds": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": int(re.search(r"^Threads:\s+(\d+)", status, re.M).group(1)),
        "rss": kib("Rss") / 1024,
        "pss": kib("Pss") / 1024,
    }


# --- figures ---

def slope(points):
    """Least squares, for each step on x."""
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    return (sum((x - mean_x) * (y - mean_y) for x, y in points)
            / sum((x - mean_x) ** 2 for x, _ in points))


def divide(a, b):
    """The ratio of two figures, None where it would say nothing."""
    return a / b if a > 0 and b > 0 else None


class Series:
    """The runs of one measurement in their order, ours (A) and the peer (B)."""

    def __init__(self, measure, rounds, say):
        self.runs = []
        self.repeats = []
        kinds = "A" + "".join("AB" if i % 2 == 0 else "BA"
                              for i in range(rounds))
        for number, kind in enumerate(kinds, 1):
            say(f"run {number} of {len(kinds)}, "
                f"{'ours' if kind == 'A' else 'the peer'}")
            try:
                figures = measure(kind)
            except Failure as failure:
                self.repeats.append(
                    f"run {number}, {'ours' if kind == 'A' else 'the peer'}, "
                    f"was repeated: {failure}")
                say(self.repeats[-1])
                figures = measure(kind)
            self.runs.append((kind, figures))

    def median(self, kind, key):
        return statistics.median(f[key] for k, f in self.runs if k == kind)

    def ratios(self, key):
        found = []
        rounds = self.runs[1:]
        for one, two in zip(rounds[::2], rounds[1::2]):
            ours, peer = (one, two) if one[0] == "A" else (two, one)
            found.append(divide(ours[1][key], peer[1][key]))
        return [ratio for ratio in found if ratio]

    def noise(self, key):
        """Greatest difference between neighbours of one kind, as a part."""
        found = [divide(one[1][key], two[1][key])
                 for one, two in zip(self.runs, self.runs[1:])
                 if one[0] == two[0]]
        return max((math.exp(abs(math.log(r))) - 1 for r in found if r),
                   default=0)


class Report:
    def __init__(self):
        self.rows = []
        self.notes = []

    def add(self, series, key, name, unit, target=None, more_is_better=False):
        ratios = series.ratios(key)
        if not ratios:
            self.notes.append(f"{name}: no figure above zero")
            return
        middle = statistics.median(ratios)
        noise = series.noise(key)
        if abs(math.log(middle)) <= math.log1p(noise):
            verdict = "inside the noise"
        else:
            better = (middle > 1) == more_is_better
            verdict = "better" if better else "worse"
        if target:
            reached = middle >= target if more_is_better else middle <= target
            if abs(math.log(middle / target)) <= math.log1p(noise):
                verdict += ", target undecided"
            else:
                verdict += ", target " + ("reached" if reached else "MISSED")
        sign = "≥" if more_is_better else "≤"
        self.rows.append((
            name,
            f"{series.median('A', key):.3g} {unit}",
            f"{series.median('B', key):.3g} {unit}",
            f"{middle:.2f}",
            f"{min(ratios):.2f} – {max(ratios):.2f}",
            f"± {100 * noise:.0f} %",
            f"{sign} {target:.2f}" if target else "–",
            verdict,
        ))

    def print(self):
        head = ("figure", "ours", "peer", "ratio", "least – greatest",
                "noise floor", "target", "verdict")
        table = [head, *self.rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(head))]
        print()
        for note in self.notes:
            print("- " + note)
        print()
        for number, row in enumerate(table):
            print("| " + " | ".join(
                cell.ljust(width) for cell, width in zip(row, widths)) + " |")
            if number == 0:
                print("|" + "|".join("-" * (w + 2) for w in widths) + "|")
        sys.stdout.flush()


# --- what is measured ---

class Bench:
    def __init__(self, options):
        self.options = options
        self.programs = dict(options.program)
        self.report = Report()

    def start(self, stack, name, *args, fds=()):
        return stack.enter_context(
            Process(self.programs[name], *args, fds=fds))

    def start_server(self, stack):
        server = self.start(stack, "server", "--listen", "http://127.0.0.1:0",
                            "--max-message-rate", "1000000")
        return server, server.ask()

    def start_publisher(self, stack, *args, fds=()):
        publisher = self.start(stack, "publish", *args, fds=fds)
        publisher.ask()
        return publisher

    # Time to the first picture.

    def read_joins(self, process, wanted):
        joins = []
        while len(joins) < wanted:
            joins.append(json.loads(process.ask(JOIN_LIMIT)))
        return joins

    def measure_join(self, kind):
        count = self.options.joins + 1
        with contextlib.ExitStack() as stack:
            if kind == "A":
                _, url = self.start_server(stack)
                self.start_publisher(stack, "room", url, ROOM, *JOIN_PICTURE)
                time.sleep(1)
                process = self.start(
                    stack, "join", "room", url, ROOM, str(count))
            else:
                process = self.start(stack, "join", "plain", str(count))
            cold, *warm = self.read_joins(process, count)
        self.joins[kind] += warm
        return {
            "cold": cold["picture"],
            "warm": statistics.median(join["picture"] for join in warm),
        }

    def join(self):
        self.joins = {"A": [], "B": []}
        series = self.run(self.measure_join, "join")
        self.report.add(series, "warm", "first picture after a warm join",
                        "ms", target=0.40)
        self.report.add(series, "cold", "first picture, first join of a "
                        "process", "ms")
        for kind, name in (("A", "rtcsrc"), ("B", "webrtcbin pair")):
            keys = [key for key in self.joins[kind][0] if key != "picture"]
            parts = []
            for key in [*sorted(keys, key=lambda k: statistics.median(
                    join[k] for join in self.joins[kind])), "picture"]:
                times = sorted(join[key] for join in self.joins[kind])
                parts.append(
                    f"{key} {statistics.median(times):.1f}"
                    f" (p95 {times[int(len(times) * .95)]:.1f})")
            self.report.notes.append(
                f"join by {name}, ms to, p50 of {len(self.joins[kind])}: "
                + ", ".join(parts))

    # A publisher and its viewers.

    def start_side(self, stack, kind):
        if kind == "A":
            _, url = self.start_server(stack)
            viewer = self.start(stack, "view", "room", url, ROOM)
            publisher = self.start_publisher(
                stack, "room", url, ROOM, *PICTURE)
        else:
            ends = socket.socketpair()
            fds = [str(end.fileno()) for end in ends]
            viewer = self.start(stack, "view", "plain", fds[0],
                                fds=[ends[0].fileno()])
            publisher = self.start_publisher(stack, "plain", fds[1], *PICTURE,
                                             fds=[ends[1].fileno()])
            for end in ends:
                end.close()
        viewer.ask()
        return publisher, viewer

    @staticmethod
    def received(viewer):
        viewer.tell("stat")
        return json.loads(viewer.ask())

    def add_viewers(self, publisher, viewer, count):
        publisher.tell(f"viewers {count}")
        viewer.tell(f"viewers {count}")
        end = time.monotonic() + JOIN_LIMIT
        while self.received(viewer)["live"] < count:
            if time.monotonic() > end:
                raise Failure(f"only {self.received(viewer)['live']} of "
                              f"{count} viewers got media")
            time.sleep(0.1)

    def measure_viewers(self, kind):
        figures = {}
        points = {key: [] for key in ("fds", "threads", "rss", "pss")}
        with contextlib.ExitStack() as stack:
            publisher, viewer = self.start_side(stack, kind)
            encoding = set()
            for count in VIEWERS:
                self.add_viewers(publisher, viewer, count)
                time.sleep(1.5)
                before = self.received(viewer)
                cpu, idle = cpu_seconds(publisher.pid), machine_idle()
                threads = thread_seconds(publisher.pid)
                start = time.monotonic()
                time.sleep(self.options.seconds)
                elapsed = time.monotonic() - start
                busy = 100 * (cpu_seconds(publisher.pid) - cpu) / elapsed
                idle = (machine_idle() - idle) / elapsed / os.cpu_count()
                after_threads = thread_seconds(publisher.pid)
                serving = 100 / elapsed * sum(
                    time - threads.get(thread, 0)
                    for thread, time in after_threads.items()
                    if thread not in encoding)
                after = self.received(viewer)

                figures[f"cpu{count}"] = busy
                figures[f"idle{count}"] = 100 * idle
                if not count:
                    encoding = set(after_threads)
                    continue
                figures[f"serving{count}"] = serving
                packets = max(after["packets"] - before["packets"], 1)
                figures[f"packet{count}"] = 1e4 * serving * elapsed / packets
                for key, value in resources(publisher.pid).items():
                    points[key].append((count, value))
                for key, scale in (("bytes", 8e-6), ("packets", 1)):
                    figures[f"{key}{count}"] = (
                        (after[key] - before[key]) * scale / elapsed / count)
        for key, of_key in points.items():
            figures["added-" + key] = slope(of_key)
        return figures

    def viewers(self):
        series = self.run(self.measure_viewers, "viewers")
        for count in VIEWERS:
            self.report.add(
                series, f"cpu{count}",
                f"CPU of a publisher, {count} viewers", "%",
                target=1.10)
        for count in VIEWERS[1:]:
            self.report.add(
                series, f"serving{count}",
                f"of it in the threads that serve {count} viewers", "%",
                target=1.10)
        # The one figure that a busy machine leaves comparable, where the sides
        # do not get to send the same.
        for count in VIEWERS[1:]:
            self.report.add(
                series, f"packet{count}",
                f"of it for a packet to one of {count} viewers", "us",
                target=1.10)
        self.report.add(series, "added-fds",
                        "descriptors for each viewer added", "", target=0.45)
        self.report.add(series, "added-threads",
                        "threads for each viewer added", "", target=0.95)
        self.report.add(series, "added-rss", "RSS for each viewer added",
                        "MiB", target=1.0)
        self.report.add(series, "added-pss", "PSS for each viewer added",
                        "MiB", target=1.0)
        for count in VIEWERS[1:]:
            self.report.notes.append(
                f"{count} viewers: each got "
                + ", ".join(
                    f"{series.median(kind, f'bytes{count}'):.2f} Mbit/s in "
                    f"{series.median(kind, f'packets{count}'):.0f} packets/s "
                    f"from {name}"
                    for kind, name in (("A", "rtcsink"), ("B", "the peer")))
                + "; the machine was idle for "
                + ", ".join(f"{series.median(kind, f'idle{count}'):.0f} %"
                            for kind in "AB"))

    # The room server.

    def measure_signaling(self, kind):
        figures = {}
        for idle in IDLE:
            with contextlib.ExitStack() as stack:
                if kind == "A":
                    server, url = self.start_server(stack)
                else:
                    server = self.start(stack, "echo")
                    url = server.ask()
                client = self.start(
                    stack, "signal", url.rpartition(":")[2], str(server.pid),
                    str(idle), str(min(self.options.seconds / 4, 2)))
                for key, value in json.loads(client.ask()).items():
                    figures[f"{key}{idle}"] = value
        return figures

    def signaling(self):
        series = self.run(self.measure_signaling, "signaling")
        for idle in IDLE:
            rest = f", {idle} idle"
            self.report.add(series, f"p50{idle}", "ping p50" + rest, "us")
            self.report.add(series, f"p99{idle}", "ping p99" + rest, "us")
            self.report.add(series, f"rate{idle}",
                            "messages a second" + rest, "/s",
                            target=0.4, more_is_better=True)
            self.report.add(series, f"cost{idle}",
                            "CPU of a message" + rest, "us")

    # The room server while one client abuses it: A is then, B the same server
    # left alone.

    def measure_flood(self, kind):
        figures = {}
        for flood in FLOODS:
            with contextlib.ExitStack() as stack:
                server = self.start(stack, "server",
                                    "--listen", "http://127.0.0.1:0")
                url = server.ask()
                if kind == "A":
                    self.start(stack, "flood", url.rpartition(":")[2],
                               flood).ask()
                client = self.start(
                    stack, "signal", url.rpartition(":")[2], str(server.pid),
                    "1", str(min(self.options.seconds / 4, 2)), FLOOD_RATE)
                for key, value in json.loads(client.ask()).items():
                    figures[f"{key}-{flood}"] = value
        return figures

    def flood(self):
        series = self.run(self.measure_flood, "flood")
        for flood in FLOODS:
            self.report.add(series, f"p50-{flood}",
                            f"ping p50 under a flood of {flood}", "us")
            self.report.add(series, f"p99-{flood}",
                            f"ping p99 under a flood of {flood}", "us",
                            target=5)

    def run(self, measure, name):
        def say(text):
            print(f"{name}: {text}", flush=True)

        series = Series(measure, self.options.rounds, say)
        self.report.notes += [f"{name}: {text}" for text in series.repeats]
        return series


PARTS = {"flood": Bench.flood, "join": Bench.join, "signaling": Bench.signaling,
         "viewers": Bench.viewers}


def parse_options():
    parser = argparse.ArgumentParser(
        description="Benchmarks of the elements and the room server.")
    parser.add_argument("--program", nargs=2, action="append", default=[],
                        metavar=("NAME", "PATH"), help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5,
                        help="rounds of one run each of ours and the peer (5)")
    parser.add_argument("--joins", type=int, default=8,
                        help="warm joins in a run (8)")
    parser.add_argument("--seconds", type=float, default=8,
                        help="length of a CPU window (8)")
    parser.add_argument("--only", choices=sorted(PARTS), action="append",
                        help="one part; may be repeated")
    parser.add_argument("--quick", action="store_true",
                        help="only to see that all of it runs: no result")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.joins, options.seconds = 1, 2, 1
    options.rounds = max(options.rounds, 1)
    options.joins = max(options.joins, 1)
    return options


def on_signal(number, frame):
    sys.exit(128 + number)


def main():
    options = parse_options()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    bench = Bench(options)
    started = time.monotonic()
    failed = False
    try:
        for name in options.only or sorted(PARTS):
            try:
                PARTS[name](bench)
            except Failure as failure:
                failed = True
                bench.report.notes.append(f"{name} FAILED: {failure}")
    finally:
        # What is there, also when it was ended from outside.
        bench.report.notes.insert(
            0, f"{options.rounds} rounds, {os.cpu_count()} cores, "
            f"{time.monotonic() - started:.0f} s"
            + (", QUICK: no result" if options.quick else ""))
        bench.report.print()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
