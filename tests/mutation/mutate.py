#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changes one token or statement of a C file at a time and runs the unit tests
of that file, which should fail. What survives is shown: a hole in the tests,
code that does nothing, or a change that makes no difference.

Nothing is changed in place: each mutant is a copy below the build folder, is
compiled alone and linked in front of the library that holds the original."""

import argparse
import dataclasses
import json
import math
import os
import pathlib
import random
import re
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = 60  # mutants of a file, unless a share is asked for
SLOWER = 5  # times its normal duration is what a test program gets
SECONDS_AT_LEAST = 3
WAITING = 5  # times as long on the clock as in the processor, on a busy machine
TOOL_SECONDS = 60
MEGABYTES = 2048

# A mutant that survives has another run of the first program with a sanitizer,
# for memory that is lost, or is touched where or when it should not be.
SANITIZER = "-fsanitize=address"
ENVIRONMENT = {
    # Those of ./dev asan, without which the leak scan may crash, and bounds.
    "ASAN_OPTIONS": "fast_unwind_on_malloc=0:malloc_context_size=40"
    f":intercept_tls_get_addr=0:max_free_fill_size=4096:hard_rss_limit_mb={MEGABYTES}",
    "GIO_USE_PROXY_RESOLVER": "dummy",
    "GST_REGISTRY_FORK": "no",
    "G_SLICE": "always-malloc",
    "G_TEST_SRCDIR": str(ROOT),
    "LSAN_OPTIONS": f"suppressions={ROOT}/tests/lib/lsan.supp",
    "MALLOC_PERTURB_": "165",
}

# Changes that make no difference, each below its reason.
EQUIVALENT = pathlib.Path(__file__).with_name("equivalent.txt")

# The files, and the test programs that have to notice a change; quick ones
# first, as the first that fails is enough.
TESTS = {
    "common/dialect/rtcjanuswire.c": ["unit/test-dialect-janus"],
    "common/rtcconfig.c": ["unit/test-config"],
    "common/rtcendpoint.c": ["unit/test-endpoint"],
    "common/rtcjson.c": ["unit/test-json", "unit/test-message"],
    "common/rtcledger.c": ["unit/test-ledger"],
    "common/rtcmessage.c": ["unit/test-message"],
    "common/rtcroomstate.c": ["unit/test-room-state"],
    "common/rtcroster.c": ["unit/test-roster"],
    "common/rtctoken.c": ["unit/test-token"],
    "common/server/rtcframescan.c": ["unit/test-frame-scan", "unit/test-guard"],
    "common/server/rtcguardstream.c": ["unit/test-guard", "unit/test-server"],
    "common/server/rtcroom.c": ["unit/test-room"],
    "gst/gstrtcsdp.c": ["element/test-sdp"],
}

# A mutant that is no C is not counted, so that the rules need not know C well.
# They do know how clang-format writes it.
HIDDEN = re.compile(
    r"""/\*.*?\*/|^\#(?:[^\n\\]|\\.)*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""",
    re.DOTALL | re.MULTILINE,
)
# What no unit test is meant to see: logs, names for a debugger, checks of our
# own bugs, and how much memory is asked for.
UNSEEN = re.compile(
    r"\b(?:GST_(?:ERROR|WARNING|INFO|DEBUG|LOG|TRACE)\w*|G_(?:DEFINE|STATIC|GNUC)\w*"
    r"|g_assert\w*|g_return_\w+|g_new0?|g_task_set_source_tag|\w+_sized_new) \("
)
TOKEN = re.compile(
    r"(?<![-\w.])(?:0x[0-9a-fA-F]+|\d+)[uUlL]*\b"
    r"|\breturn (?:TRUE|FALSE);|\b(?:break|continue);"
    r"|->|\+\+|--|<<=?|>>=?|[-+]=|[<>=!]=|&&|\|\||[<>]|(?<=[\w\])] )[-+](?=\s)"
)
SWAPS = dict(pair.split() for pair in (
    "< <=", "<= <", "> >=", ">= >", "== !=", "!= ==", "&& ||", "|| &&", "+ -", "- +",
))
CONDITION = re.compile(r"\b(?:if|while) \(")
STATEMENT = re.compile(
    r"^ +(?=((?!(?:return|goto|if|for|while|switch|g_auto\w*)\b)"
    r"(?:\*?\w[^\s;(]*|\(\*\w+\)[^\s;(]*|\*\(\w+ \*+\)\w+)"
    r"(?: (?:\(|[-+*/|&^]?=|<<=|>>=)[^;]*)?;))",
    re.MULTILINE,
)


@dataclasses.dataclass(frozen=True)
class Mutant:
    start: int
    end: int
    before: str
    after: str

    def apply(self, source):
        # Lines keep their numbers, so that equal code makes equal objects.
        lines = "\n" * (self.before.count("\n") - self.after.count("\n"))
        return source[: self.start] + self.after + lines + source[self.end :]


def closing(code, start):
    """Where the bracket at start is closed."""
    depth = 0
    for place in range(start, len(code)):
        depth += (code[place] == "(") - (code[place] == ")")
        if depth == 0:
            return place
    return start


def hide(source):
    """The code, with blanks for what is left alone, so that places agree."""
    code = HIDDEN.sub(
        lambda match: re.sub(r"[^\n]", " _"[match[0][0] in "\"'"], match[0]), source
    )
    for match in list(UNSEEN.finditer(code)):
        end = closing(code, match.end() - 1) + 1
        blank = re.sub(r"[^\n]", " ", code[match.start() : end])
        code = code[: match.start()] + blank + code[end:]
    return code


def changes_of_token(text):
    number = re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)([uUlL]*)", text)
    if number:
        value = int(number[1], 0)
        others = [value + 1, value - 1] if value else [1]
        return [f"{other}{number[2]}" for other in others]
    if text.startswith("return"):
        return ["return FALSE;" if "TRUE" in text else "return TRUE;"]
    if text in ("break;", "continue;"):
        return [";"]
    return [SWAPS[text]] if text in SWAPS else []


def spans_of_conditions(code):
    for match in CONDITION.finditer(code):
        start, end = match.end(), closing(code, match.end() - 1)
        marks = [token for token in TOKEN.findall(code[start:end]) if token in SWAPS]
        if marks not in (["=="], ["!="]):  # those are swapped anyway
            yield start, end


def spans_of_statements(code):
    for match in STATEMENT.finditer(code):
        before = code[: match.start()].rstrip()
        whole = all(match[1].count(a) == match[1].count(b) for a, b in ("()", "{}"))
        if whole and before.endswith((";", "{", "}", ")", ":", "else")):
            yield match.span(1)


def all_mutants(source):
    code = hide(source)
    mutants = [
        Mutant(*match.span(), match[0], other)
        for match in TOKEN.finditer(code)
        for other in changes_of_token(match[0])
    ]
    for start, end in spans_of_conditions(code):
        mutants.append(Mutant(start, end, source[start:end], f"!({source[start:end]})"))
    for start, end in spans_of_statements(code):
        mutants.append(Mutant(start, end, source[start:end], ";"))
    return sorted(mutants, key=lambda mutant: (mutant.start, mutant.end, mutant.after))


def run(command, seconds, cwd, limited=True, **environment):
    """Whether it succeeded in time. Nobody outlives it."""

    def confine():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds),) * 2)
        if limited:
            resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES << 20,) * 2)

    process = subprocess.Popen(
        command, cwd=cwd, env={**os.environ, **ENVIRONMENT, **environment},
        preexec_fn=confine, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        return process.wait(WAITING * seconds) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


class Bench:
    """Compiles copies of one file and runs its tests with them."""

    def __init__(self, build, folder, path):
        self.build, self.folder = build, pathlib.Path(folder)
        self.copy = self.folder / pathlib.Path(path).name
        self.object = self.folder / "mutant.o"
        self.compiler = self.compile_command(path)
        self.tests = [[name, self.link_command(name), 60] for name in TESTS[path]]
        name, link, seconds = self.tests[0]
        self.tests.append([name, [*link, SANITIZER], seconds])

    def compile_command(self, path):
        rows = json.loads((self.build / "compile_commands.json").read_text("utf-8"))
        row = next(
            row for row in rows if (self.build / row["file"]).resolve() == ROOT / path
        )
        words = shlex.split(row["command"])[:-1]
        for option in ("-MQ", "-MF", "-o"):
            place = words.index(option)
            del words[place : place + 2]
        flags = [word for word in words if not re.match(r"-W(?!l)|-g|-MD", word)]
        folder = (ROOT / path).parent
        return [*flags, "-w", f"-I{folder}", self.copy, "-o", self.object]

    def link_command(self, name):
        steps = subprocess.run(
            ["ninja", "-C", self.build, "-t", "commands", f"tests/{name}"],
            check=True, capture_output=True, text=True,
        ).stdout.splitlines()
        words = shlex.split(steps[-1])
        place = words.index("-o")
        words[place + 1 : place + 2] = [self.folder / "test", self.object]
        return words

    def compile(self, source):
        """The object, or None."""
        self.copy.write_text(source, encoding="utf-8")
        if not run(self.compiler, TOOL_SECONDS, self.build):
            return None
        return self.object.read_bytes()

    def passes(self, link, seconds):
        # The sanitizer reserves more addresses than any limit would allow.
        plain = SANITIZER not in link
        if not plain and not run([*self.compiler, SANITIZER], TOOL_SECONDS, self.build):
            return False
        return run(link, TOOL_SECONDS, self.build) and run(
            [self.folder / "test"], seconds, self.folder,
            limited=plain, TMPDIR=str(self.folder),
        )

    def measure(self, source):
        """Runs the tests with the original; returns its object."""
        code = self.compile(source)
        for test in self.tests:
            start = time.monotonic()
            if code is None or not self.passes(*test[1:]):
                sys.exit(f"{test[0]} fails without any change")
            test[2] = max(SECONDS_AT_LEAST, SLOWER * (time.monotonic() - start))
        return code

    def survives(self):
        return all(self.passes(*test[1:]) for test in self.tests)


def read_equivalent():
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def describe(mutant, source):
    """The line with the change in it, as equivalent.txt has it."""
    start = source.rfind("\n", 0, mutant.start) + 1
    end = source.index("\n", mutant.end)
    change = f"[{mutant.before} -> {mutant.after or 'nothing'}]"
    line = source[start : mutant.start] + change + source[mutant.end : end]
    return " ".join(line.split())


def print_row(path, *cells):
    print(f"{path:33}" + "".join(f"{cell:>9}" for cell in cells), flush=True)


def judge_file(build, path, share, seed):
    """Prints its row and its survivors; returns how many were killed, of how
    many."""
    source = (ROOT / path).read_text(encoding="utf-8")
    mutants = all_mutants(source)
    random.Random(f"{seed} {path}").shuffle(mutants)
    count = SAMPLE if share is None else -(-len(mutants) * share // 100)
    listed, survivors = read_equivalent(), []
    killed = broken = equal = 0
    with tempfile.TemporaryDirectory(dir=build) as folder:
        bench = Bench(build, folder, path)
        known = {bench.measure(source)}
        for mutant in mutants[:count]:
            code = bench.compile(mutant.apply(source))
            if code is None:
                broken += 1
            elif code in known or f"{path}: {describe(mutant, source)}" in listed:
                equal += 1
            elif bench.survives():
                survivors.append(mutant)
            else:
                killed += 1
            known.add(code)
    judged = killed + len(survivors)
    percent = 100 * killed // judged if judged else 100
    print_row(path, judged, killed, percent, broken, equal, len(mutants))
    for mutant in sorted(survivors, key=lambda mutant: mutant.start):
        line = source.count("\n", 0, mutant.start) + 1
        print(f"  {path}:{line}: {describe(mutant, source)}", flush=True)
    return killed, judged


def main():
    parser = argparse.ArgumentParser(prog="./dev mutate", description=__doc__)
    parser.add_argument("--build", default="build-mutate", help=argparse.SUPPRESS)
    parser.add_argument("--seed", default="1", help="another sample")
    parser.add_argument(
        "--share", type=int, metavar="N", choices=range(1, 101),
        help=f"percent of all mutants of a file, rather than {SAMPLE} of them",
    )
    parser.add_argument("file", nargs="*", help=", ".join(TESTS))
    options = parser.parse_args()
    strangers = [path for path in options.file if path not in TESTS]
    if strangers:
        parser.error(f"no tests are known for {strangers[0]}")
    paths = options.file or list(TESTS)
    build = (ROOT / options.build).resolve()
    programs = sorted({f"tests/{name}" for path in paths for name in TESTS[path]})
    subprocess.run(["ninja", "-C", build, "--quiet", *programs], check=True)
    print_row("file", "mutants", "killed", "%", "broken", "equal", "of all")
    totals = [judge_file(build, path, options.share, options.seed) for path in paths]
    killed, judged = (sum(column) for column in zip(*totals))
    print_row("all", judged, killed, 100 * killed // judged if judged else 100)


if __name__ == "__main__":
    main()
