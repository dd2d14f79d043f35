#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds who may include whom: layers downwards only, and each outside library
in the few files that are meant to know it. A new file gets a row in LAYERS."""

import pathlib
import re
import sys

# From the bottom up. A file includes files of lower rows, and its own header.
LAYERS = [
    "rtcaddress rtcerror rtcfiles rtcjsonscan rtclinger",
    "rtcconfig rtcjson rtcroster rtctoken rtcworker",
    "rtcmessage",
    "rtcevent rtchttp rtcrequest",
    "rtcendpoint rtcledger rtcoutbox rtcroomstate rtcsession",
    # Parts of the Janus dialect, which nobody else includes.
    "rtcjanuswire",
    "rtcjanusfeeds rtcjanuslink",
    "rtcjanusroom",
    "rtcjanusmedia",
    "rtcjanusentry rtcjanuspublish rtcjanussubscribe",
    "rtcdialect",
    "rtcroomclient",
    "rtcroomclientevents rtcroomclientmedia rtcroomreturn",
    "gstrtcahead gstrtcbus gstrtccodec gstrtcfeed gstrtchold gstrtcliveness"
    " gstrtclosses gstrtcoptions gstrtcpads gstrtcrate gstrtcsdp gstrtcserve"
    " gstrtcsettings gstrtcsources gstrtcstats",
    # Parts of a transport.
    "gstrtcpeerlog",
    "gstrtcdtls gstrtcincoming gstrtcnegotiation gstrtcoutgoing"
    " gstrtcreports gstrtcwebrtc",
    "gstrtcoutput gstrtcpeer gstrtctrack",
    "gstrtcelement gstrtctracks",
    "gstrtccall gstrtcpublisher gstrtcsinksettings gstrtcsubscription"
    " gstrtcviewer",
    "gstrtcoutputs gstrtcviewers",
    "gstrtcsink gstrtcsrc",
    "gstrtcplugin",
]

SERVER = "common/server/"

# What the server uses of common/; it never sees the client.
SERVER_MAY_USE = (
    "rtcconfig rtcerror rtcfiles rtchttp rtcjson rtcjsonscan rtcmessage "
    "rtcroster rtctoken rtcworker"
).split()

# The start of an outside header, and the files that may include it.
OUTSIDE = {
    "libsoup/": r"common/(rtcsession\.c|rtcendpoint\.c|rtchttp\.[ch]|server/.*)",
    "json-glib/": r"common/rtcjson\.c",
    "gst/webrtc/": r"gst/gstrtc(negotiation|outgoing|peer|webrtc)\.c",
    "gst/sdp/": r"gst/gstrtc(negotiation|sdp)\.[ch]",
    "nice/": r"gst/gstrtcwebrtc\.c",
    "openssl/": r"gst/gstrtcdtls\.c",
}

LEVEL = {name: level for level, row in enumerate(LAYERS) for name in row.split()}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def stem_of(name):
    """`rtcroom-private.h` is part of `rtcroom`."""
    return re.sub(r"(-private)?\.[ch]$", "", name)


def unit_of(stem):
    """A dialect stands where the interface of all dialects stands."""
    if stem not in LEVEL and stem.startswith("rtcdialect"):
        return "rtcdialect"
    return stem if stem in LEVEL else None


def check_outside(path, header):
    for start, allowed in OUTSIDE.items():
        if header.startswith(start) and not re.fullmatch(allowed, path):
            return f"{start} belongs in {allowed}"
    if path.startswith("common/") and header.startswith("gst/"):
        if header != "gst/gst.h":
            return "common/ knows nothing of GStreamer but its log"
        if path.endswith(".h"):
            return "gst/gst.h is for the log, which no header of common/ needs"
    return None


def check_own(path, other_path):
    stem = stem_of(path.rsplit("/", 1)[-1])
    other = stem_of(other_path.rsplit("/", 1)[-1])
    to_server = other_path.startswith(SERVER)
    if path.startswith(SERVER):
        if to_server or other in SERVER_MAY_USE:
            return None
        return f"the server does not use {other}"
    if to_server:
        return None if stem == "gstrtcserve" else "only gstrtcserve starts a server"
    if other == stem:
        return None
    unit, other_unit = unit_of(stem), unit_of(other)
    if unit == "rtcdialect" and other_unit == "rtcdialect":
        if stem == "rtcdialect" or other == "rtcdialect":
            return None
        return "one dialect does not know another"
    if not other_unit:
        return f"{other} has no row in the table"
    if LEVEL[other_unit] >= LEVEL[unit]:
        return f"{other} is not below {stem}"
    return None


def check_file(root, path, own):
    if not path.startswith(SERVER) and not unit_of(stem_of(path.rsplit("/", 1)[-1])):
        return [f"{path}: has no row in the table of check_includes.py"]
    faults = []
    for header in INCLUDE.findall((root / path).read_text(encoding="utf-8")):
        name = header.rsplit("/", 1)[-1]
        if name in own:
            fault = check_own(path, own[name])
        else:
            fault = check_outside(path, header)
        if fault:
            faults.append(f"{path} includes {header}: {fault}")
    return faults


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    paths = sorted(
        file.relative_to(root).as_posix()
        for folder in ("common", "gst")
        for file in (root / folder).rglob("*.[ch]")
    )
    own = {path.rsplit("/", 1)[-1]: path for path in paths if path.endswith(".h")}
    faults = [fault for path in paths for fault in check_file(root, path, own)]
    for fault in faults:
        print(fault)
    print(f"{len(paths)} files, {len(faults)} faults")
    return 1 if faults or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
