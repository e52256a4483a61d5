#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rooms.py SOURCE LIBRARY ROOM…: a room includes only headers of rooms before it in the list (and its
own), of which only the public one, ROOM/ROOM.h; base/ is all public.  No two files call each other,
directly or through others: as the objects in the library have it.  A static function has its name to
itself.  Also the house numbers: no function above 40 lines, no file above 600, none of the calls that the
house forbids.  Prints what breaks a rule; TAP on standard output."""
import collections
import pathlib
import re
import subprocess
import sys

FORBIDDEN = re.compile(r"\b(system|popen|sprintf|strcpy|strcat|gets|sleep|usleep|g_usleep)\(")
# Only image/ calls libguestfs: what it is asked for can then be answered by something else, too.
LIBGUESTFS = re.compile(r"\bguestfs_\w+\(|<guestfs\.h>")

STATIC = re.compile(r"^static [^;={}#]*?\b(\w+)\(", re.MULTILINE)

# Public headers beside ROOM/ROOM.h: images are named by many and looked into by few; media are fetched
# by many, and sources of packages are implemented by few; trees and layers of them have users that
# unpack no package, and so has the layout of the disk.
SECOND = {"image/guest.h", "media/source.h", "rootfs/tree.h", "rootfs/layer.h", "rootfs/layout.h"}


def includes(source, rooms):
    for number, room in enumerate(rooms):
        allowed = set(rooms[:number + 1])
        for file in sorted((source / "builder" / room).glob("*.[ch]")):
            for line in file.read_text().splitlines():
                found = re.match(r'#include "([a-z]+)/', line)
                if found and found.group(1) not in allowed:
                    yield f"{file.relative_to(source)} includes {found.group(1)}/, a room above"


def private_headers(source, rooms):
    for room in rooms:
        for file in sorted((source / "builder" / room).glob("*.[ch]")):
            for other, header in re.findall(r'#include "([a-z]+)/([^"]+)"', file.read_text()):
                if other not in (room, "base") and header != f"{other}.h" and \
                        f"{other}/{header}" not in SECOND:
                    yield f"{file.relative_to(source)} includes {other}/{header}, which is private"


def calls_between(library):
    """Which object of the library uses a symbol of which: two names to the symbols."""
    said = subprocess.run(["nm", "-A", library], check=True, stdout=subprocess.PIPE, text=True).stdout
    defined, used = {}, []
    for line in said.splitlines():
        found = re.match(r"[^:]*:(?:.*/)?([^:/]+)\.c\.o:\s*[0-9a-f]*\s+(\S)\s+(\S+)", line)
        if found and found[2] == "U":
            used.append((found[1], found[3]))
        elif found and found[2] in "TDBR":
            defined[found[3]] = found[1]
    between = collections.defaultdict(set)
    for user, symbol in used:
        if defined.get(symbol, user) != user:
            between[user, defined[symbol]].add(symbol)
    return between


def reached(start, after):
    """Every file that start uses, directly or through others."""
    found, waiting = set(), [start]
    while waiting:
        for name in after.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def circles(library):
    between = calls_between(library)
    after = collections.defaultdict(set)
    for user, used in between:
        after[user].add(used)
    reach = {name: reached(name, after) for name in list(after)}
    for (user, used), symbols in sorted(between.items()):
        if user in reach.get(used, ()):
            yield f"{user} uses {', '.join(sorted(symbols)[:4])} of {used}, which uses it"


def shared_names(source, rooms):
    """Static functions whose name a search would find in several files."""
    files = collections.defaultdict(list)
    for room in rooms:
        for file in sorted((source / "builder" / room).glob("*.c")):
            for name in sorted(set(STATIC.findall(file.read_text()))):
                files[name].append(file)
    for name, found in sorted(files.items()):
        if len(found) > 1:
            yield f"{name} is static in " + ", ".join(str(file.relative_to(source)) for file in found)


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


def libguestfs(source):
    for file in sorted((source / "builder").rglob("*.[ch]")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if file.parent.name != "image" and LIBGUESTFS.search(line):
                yield f"{file.relative_to(source)}:{number}: {line.strip()}"


def licences(source):
    for part in ("builder", "tests", "kickstart", "recipes"):
        for file in sorted((source / part).rglob("*")):
            if file.suffix in (".c", ".h", ".py", ".yaml", ".preseed", ".sh", ".S") and \
                    "recipes/bad" not in str(file) and "recipes/good" not in str(file) and \
                    "SPDX-License-Identifier" not in file.read_text(errors="replace")[:300]:
                yield f"{file.relative_to(source)} has no SPDX line"


def main():
    source, library, rooms = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    checks = (("rooms depend downward only", includes(source, rooms)),
              ("private headers stay private", private_headers(source, rooms)),
              ("no circles of files", circles(library)),
              ("static functions have names of their own", shared_names(source, rooms)),
              ("house numbers", numbers(source)),
              ("forbidden calls", calls(source)),
              ("only image/ knows libguestfs", libguestfs(source)), ("SPDX lines", licences(source)))
    print(f"1..{len(checks)}")
    for number, (name, found) in enumerate(checks, 1):
        found = list(found)
        print(f"{'not ok' if found else 'ok'} {number} - {name}")
        for text in found:
            print(f"# {text}")


main()
