#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the generated parts of README.md, between `<!-- KIND NAME -->` and
`<!-- end -->`, with the built plugin, the error table and the sources.
With --write it renews them. Finds the plugin by GST_PLUGIN_PATH, and the
program of the code matrix by its path in CODE_MATRIX."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = 77
PART = re.compile(
    r"<!-- (?P<kind>properties|codes|matrix|file)(?: (?P<name>\S+))? -->\n"
    r"(?P<body>.*?)<!-- end -->",
    re.DOTALL,
)
TYPES = {
    "gchararray": "string",
    "gboolean": "boolean",
    "guint": "unsigned",
    "gint": "integer",
    "GstValueArray": "array of strings",
    "GstStructure": "structure",
}


class NotBuilt(Exception):
    pass


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def code(text):
    return f"`{text}`"


def read_codes():
    """Rows of the table in rtcerror.c, with the numbers of the header."""
    header = (ROOT / "common/rtcerror.h").read_text(encoding="utf-8")
    source = (ROOT / "common/rtcerror.c").read_text(encoding="utf-8")
    numbers = dict(re.findall(r"GST_RTC_ERROR_(\w+) = (\d+)", header))
    row = re.compile(
        r'\{GST_RTC_ERROR_(\w+),\s*"(\w+)",\s*(?:NULL|"(\w+)"),\s*"(\w+)",'
        r'\s*(TRUE|FALSE),\s*((?:"[^"]*"\s*)+)\}'
    )
    rows = []
    for name, symbol, alias, category, retryable, text in row.findall(source):
        rows.append(
            [
                numbers[name],
                code(symbol),
                code(alias) if alias else "",
                category,
                "yes" if retryable == "TRUE" else "no",
                "".join(re.findall(r'"([^"]*)"', text)),
            ]
        )
    missing = set(numbers.values()) - {row[0] for row in rows}
    if missing:
        sys.exit(f"rtcerror.c has no row for {sorted(missing)}")
    return rows


def make_codes(_name):
    head = ["Code", "Symbol", "Alias in C", "Category", "Retryable", "Meaning"]
    return table(head, read_codes())


def make_matrix(_name):
    program = os.environ.get("CODE_MATRIX")
    if not program or not pathlib.Path(program).exists():
        raise NotBuilt("CODE_MATRIX does not name test-code-matrix")
    shown = subprocess.run(
        [program, "--print"], stdout=subprocess.PIPE, check=True, timeout=60
    )
    return shown.stdout.decode("utf-8")


def make_file(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    return f"```c\n{text.rstrip()}\n```\n"


def load_elements():
    try:
        import gi

        gi.require_version("Gst", "1.0")
        from gi.repository import GObject, Gst
    except (ImportError, ValueError) as error:
        raise NotBuilt(f"python3-gi and gir1.2-gstreamer-1.0: {error}") from error
    Gst.init(None)
    elements = {n: Gst.ElementFactory.make(n) for n in ("rtcsink", "rtcsrc")}
    if not all(elements.values()):
        raise NotBuilt("the plugin is not in GST_PLUGIN_PATH")
    return elements, GObject


def list_values(enum, gobject):
    """PyGObject gave a Python class before 3.52, and the one of GObject since."""
    if hasattr(enum, "__enum_values__"):
        return enum.__enum_values__.values()
    numbers = range(enum.minimum, enum.maximum + 1)
    return [gobject.enum_get_value(enum, number) for number in numbers]


def describe_type(pspec, gobject):
    value_type = pspec.value_type
    if value_type.is_a(gobject.TYPE_ENUM):
        values = list_values(pspec.enum_class, gobject)
        return "enum: " + ", ".join(value.value_nick for value in values)
    name = TYPES.get(value_type.name, value_type.name)
    if name == "unsigned" and pspec.maximum < 2**32 - 1:
        return f"unsigned, {pspec.minimum} to {pspec.maximum}"
    return name


def read_list(element, name, gobject):
    """PyGObject cannot read a GstValueArray; a binding turns it into text."""

    class Reader(gobject.Object):
        text = gobject.Property(type=str)

    reader = Reader()
    element.bind_property(name, reader, "text", gobject.BindingFlags.SYNC_CREATE)
    items = (reader.text or "").strip("{}<> ")
    return code(items) if items else "empty"


def describe_default(element, pspec, gobject):
    """What a new element has, which a subclass may have chosen."""
    if not pspec.flags & gobject.ParamFlags.READABLE:
        return ""
    if not pspec.flags & gobject.ParamFlags.WRITABLE:
        return "read only"
    if pspec.value_type.name == "GstValueArray":
        return read_list(element, pspec.name, gobject)
    value = element.get_property(pspec.name)
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return str(value).lower()
    if pspec.value_type.is_a(gobject.TYPE_ENUM):
        return code(value.value_nick)
    return code(value) if isinstance(value, str) else str(value)


def list_own(element):
    return {
        pspec.name: pspec
        for pspec in element.list_properties()
        if pspec.owner_type.name.startswith(("GstRtc", "GstRTC"))
    }


def make_properties(name):
    elements, gobject = load_elements()
    own = {element: list_own(elements[element]) for element in elements}
    both = [prop for prop in own["rtcsink"] if prop in own["rtcsrc"]]
    if name == "both":
        chosen, shown = both, ["rtcsink", "rtcsrc"]
    else:
        chosen = [prop for prop in own[name] if prop not in both]
        shown = [name]

    rows = []
    for prop in chosen:
        pspec = own[shown[0]][prop]
        defaults = [describe_default(elements[e], own[e][prop], gobject)
                    for e in shown]
        default = defaults[0]
        if len(set(defaults)) > 1:
            default = ", ".join(f"{e} {d}" for e, d in zip(shown, defaults))
        if not pspec.flags & gobject.ParamFlags.READABLE:
            default = "write only"
        rows.append([code(prop), describe_type(pspec, gobject), default,
                     pspec.blurb.replace("|", "\\|")])
    return table(["Property", "Type", "Default", "Meaning"], rows)


MAKERS = {
    "properties": make_properties,
    "codes": make_codes,
    "matrix": make_matrix,
    "file": make_file,
}


def main():
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    faults = []
    skipped = []

    def renew(part):
        title = " ".join(filter(None, (part["kind"], part["name"])))
        try:
            body = MAKERS[part["kind"]](part["name"])
        except NotBuilt as error:
            skipped.append(f"{title}: {error}")
            return part[0]
        if body != part["body"]:
            have = part["body"].splitlines()
            want = body.splitlines()
            faults.append(f"{title} differs from the source:")
            faults.extend("  - " + line for line in have if line not in want)
            faults.extend("  + " + line for line in want if line not in have)
        return f"<!-- {title} -->\n{body}<!-- end -->"

    renewed = PART.sub(renew, text)
    for line in skipped:
        print("not compared, " + line)
    if "--write" in sys.argv[1:]:
        readme.write_text(renewed, encoding="utf-8")
        print("README.md is " + ("renewed" if renewed != text else "up to date"))
        return SKIP if skipped else 0
    for line in faults:
        print(line)
    if faults:
        print("renew them with tests/lint/check_docs.py --write in meson devenv")
        return 1
    return SKIP if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
