#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rooms.py SOURCE ROOM…: a room includes only headers of rooms before it in the list (and its own).
Also the house numbers: no function above 40 lines, no file above 600, none of the calls that the
house forbids.  Prints what breaks a rule; TAP on standard output."""
import pathlib
import re
import sys

FORBIDDEN = re.compile(r"\b(system|popen|sprintf|strcpy|strcat|gets|sleep|usleep|g_usleep)\(")


def includes(source, rooms):
    for number, room in enumerate(rooms):
        allowed = set(rooms[:number + 1])
        for file in sorted((source / "builder" / room).glob("*.[ch]")):
            for line in file.read_text().splitlines():
                found = re.match(r'#include "([a-z]+)/', line)
                if found and found.group(1) not in allowed:
                    yield f"{file.relative_to(source)} includes {found.group(1)}/, a room above"


def numbers(source):
    for file in sorted((source / "builder").rglob("*.[ch]")):
        lines = file.read_text().splitlines()
        if len(lines) > 600:
            yield f"{file.relative_to(source)} has {len(lines)} lines"
        start = None
        for number, line in enumerate(lines, 1):
            if line.startswith("{"):
                start = number
            elif line.startswith("}") and start:
                if number - start - 1 > 40:
                    yield f"{file.relative_to(source)}:{start} is a function of {number - start - 1} lines"
                start = None


def calls(source):
    for file in sorted((source / "builder").rglob("*.c")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if FORBIDDEN.search(line) and not line.lstrip().startswith(("*", "/*", "//")):
                yield f"{file.relative_to(source)}:{number}: {line.strip()}"


def licences(source):
    for part in ("builder", "tests", "kickstart", "recipes"):
        for file in sorted((source / part).rglob("*")):
            if file.suffix in (".c", ".h", ".py", ".yaml", ".preseed", ".sh", ".S") and \
                    "recipes/bad" not in str(file) and "recipes/good" not in str(file) and \
                    "SPDX-License-Identifier" not in file.read_text(errors="replace")[:300]:
                yield f"{file.relative_to(source)} has no SPDX line"


def main():
    source, rooms = pathlib.Path(sys.argv[1]), sys.argv[2:]
    checks = (("rooms depend downward only", includes(source, rooms)), ("house numbers", numbers(source)),
              ("forbidden calls", calls(source)), ("SPDX lines", licences(source)))
    print(f"1..{len(checks)}")
    for number, (name, found) in enumerate(checks, 1):
        found = list(found)
        print(f"{'not ok' if found else 'ok'} {number} - {name}")
        for text in found:
            print(f"# {text}")


main()
