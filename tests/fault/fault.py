#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fault.py SHIM DRIVE: kills a command at each of its calls that change a file.

For every N the state afterwards is the old or the new one, and the next command succeeds and leaves
nothing behind; while that one recovers it is killed at every call, too.  A run without a kill is
watched for renames that a power cut would tear.  TAP on standard output."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SHIM, DRIVE = sys.argv[1], sys.argv[2]
MOST = 1000  # calls of one command
# In memory where there is such a file system: what counts is which calls are made, and thousands of
# real syncs take minutes.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def start(argv, **fault):
    env = dict(os.environ, LD_PRELOAD=SHIM, **fault) if fault else None
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=60)


def violations(argv):
    """What a run without a kill breaks, and how many calls it makes."""
    with tempfile.NamedTemporaryFile(dir=MEMORY) as log:
        ended = start(argv, INGOT_FAULT_LOG=log.name)
        lines = log.read().decode().splitlines()
    if ended.returncode:
        return [f"exit {ended.returncode}: {ended.stderr}"], 0
    broken = [line for line in lines if not line.startswith("calls ")]
    return broken, sum(int(line.split()[1]) for line in lines if line.startswith("calls "))


class Case:
    """A command over a folder.  command("old") makes the state from which command("new") begins;
    recover is the next command, which may do something else, and mend the part of it that puts right
    what it finds; state reads what came of it: "old",
    "new", or what is wrong; left names what should not be there."""

    def command(self, top, text):
        raise NotImplementedError

    def recover(self, top):
        raise NotImplementedError

    def mend(self, top):
        return self.recover(top)

    def state(self, top):
        raise NotImplementedError

    def left(self, top):
        raise NotImplementedError


def names(top):
    return {str(path.relative_to(top)) for path in top.rglob("*")}


class Publish(Case):
    """Image, manifest and sums move as one; a build of another template puts right what is torn."""
    whole = {"a.qcow2", "a.json", "b.qcow2", "b.json", "SHA256SUMS", ".ingot.lock"}

    def command(self, top, text):
        return [DRIVE, "publish", str(top), "a", text]

    def recover(self, top):
        return [DRIVE, "publish", str(top), "b", "other"]

    def state(self, top):
        texts = {(top / name).read_text() for name in ("a.qcow2", "a.json")}
        sums = dict(reversed(line.split("  ")) for line in (top / "SHA256SUMS").read_text().splitlines())
        for name, wanted in sums.items():
            if hashlib.sha256((top / name).read_bytes()).hexdigest() != wanted:
                return f"the sum of {name} does not fit"
        return texts.pop() if len(texts) == 1 and len(sums) == 4 else f"torn: {texts} {sums}"

    def left(self, top):
        return names(top) - self.whole


class Kept(Case):
    """A kept disk and its record; the next build of the same key puts right what is torn."""
    whole = {"stages", "stages/base", "stages/base/k", "stages/base/k.lock",
             "stages/base/k/disk.qcow2", "stages/base/k/base.qcow2", "stages/base/k/result.json"}

    def command(self, top, text):
        return [DRIVE, "kept", str(top), "k", text]

    def recover(self, top):
        return [DRIVE, "load", str(top), "k", ""]

    def state(self, top):
        ended = start(self.recover(top))
        return ended.stderr if ended.returncode else ended.stdout

    def left(self, top):
        return names(top) - self.whole


class Replace(Case):
    """An image that gets changes in place, as sysprep does it; the next one changes other bytes."""
    whole = {"a.qcow2", "work"}
    byte = {"old": b"o", "new": b"n"}

    def command(self, top, text):
        if text == "old":
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", top / "a.qcow2", "4M"], check=True)
        return [DRIVE, "replace", str(top), "a.qcow2", f"0x{self.byte[text].hex()} 0"]

    def recover(self, top):
        return [DRIVE, "replace", str(top), "a.qcow2", f"0x78 {64 << 10}"]

    def mend(self, top):
        return [DRIVE, "replaceable", str(top), "a.qcow2", ""]

    def state(self, top):
        checked = subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", top / "a.qcow2"], capture_output=True)
        raw = top / "raw"
        read = subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", top / "a.qcow2", raw],
                              capture_output=True, text=True)
        if checked.returncode or read.returncode:
            return f"damaged: {checked} {read}"
        disk = raw.read_bytes()
        for text, byte in self.byte.items():
            piece = byte * (64 << 10) + b"x" * (64 << 10) + bytes(896 << 10)
            if disk == piece + piece + bytes(2 << 20):
                return text
        return f"torn: {sorted(set(disk))}"

    def left(self, top):
        return names(top) - self.whole


def sweep(before, argv_of, after):
    """Kills the command at its 1st, 2nd, ... call, each time from a copy of before, until it ends by
    itself.  after gets the folder and N; its problems are collected."""
    problems = []
    for at in range(1, MOST):
        with tempfile.TemporaryDirectory(dir=MEMORY) as parent:
            top = pathlib.Path(parent) / "top"
            shutil.copytree(before, top)
            ended = start(argv_of(top), INGOT_FAULT_AT=str(at))
            if ended.returncode not in (0, -9):
                problems.append(f"call {at}: exit {ended.returncode}: {ended.stderr}")
            problems += [f"call {at}: {text}" for text in after(top, at, ended.returncode)]
            if ended.returncode == 0:
                return problems, at - 1
    return problems + ["it never ended by itself"], MOST


def judge_end(case, top):
    ended = start(case.recover(top))
    if ended.returncode:
        return [f"the next command: exit {ended.returncode}: {ended.stderr}"]
    problems = [f"left: {name}" for name in sorted(case.left(top))]
    try:
        state = case.state(top)
    except OSError as error:
        state = str(error)
    return problems + ([] if state in ("old", "new") else [f"state: {state}"])


def once(case, before):
    """One kill, then the next command."""
    def after(top, _at, code):
        problems = judge_end(case, top)
        if code == 0 and not problems and case.state(top) != "new":
            problems.append("it ended well and did nothing")
        return problems
    return sweep(before, lambda top: case.command(top, "new"), after)


def fingerprint(top):
    """What is there, whatever mkdtemp made of XXXXXX and whichever process it was: most calls leave
    what the call before left."""
    return frozenset((re.sub(r"[.-]\w{6}(?=/|$)", "", str(path.relative_to(top))),
                      re.sub(rb"/proc/\d+/", b"", path.read_bytes()) if path.is_file() else b"")
                     for path in top.rglob("*"))


def twice(case, before):
    """A kill, then a kill of the command that recovers, then the next."""
    runs, seen = 0, set()

    def after(top, _at, code):
        nonlocal runs
        state = fingerprint(top)
        if code == 0 or state in seen:
            return []
        seen.add(state)
        problems, calls = sweep(top, case.mend, lambda again, *_: judge_end(case, again))
        runs += calls
        return problems
    problems, _ = sweep(before, lambda top: case.command(top, "new"), after)
    return problems, runs


class Report:
    def __init__(self):
        self.number = self.failed = 0

    def tell(self, name, problems, note=""):
        self.number += 1
        self.failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {self.number} - {name}{note}", flush=True)
        for text in problems[:20]:
            print("# " + text.strip().replace("\n", " "))


def prove_case(report, case):
    name = type(case).__name__.lower()
    with tempfile.TemporaryDirectory(dir=MEMORY) as parent:
        before = pathlib.Path(parent) / "before"
        before.mkdir()
        first, _ = violations(case.command(before, "old"))
        copy = pathlib.Path(parent) / "copy"
        shutil.copytree(before, copy)
        again, calls = violations(case.command(copy, "new"))
        report.tell(f"{name}: nothing is renamed before it is safe", first + again, f" ({calls} calls)")
        problems, kills = once(case, before)
        if kills < 10:
            problems.append("the harness saw next to nothing of the command")
        report.tell(f"{name}: killed at every call", problems, f" ({kills} kills)")
        problems, kills = twice(case, before)
        report.tell(f"{name}: killed again while it recovers", problems, f" ({kills} kills)")


def prove_harness(report):
    """A rename that nobody synced must be seen, both ways."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as top:
        broken, calls = violations([DRIVE, "broken", top, "f", "text"])
        wanted = ("renamed before it was synced:", "names not synced:")
        missed = [f"not seen: {text}" for text in wanted if not any(b.startswith(text) for b in broken)]
        report.tell("the harness sees a rename without syncs", missed + ([] if calls else ["no calls"]))
        late, _ = violations([DRIVE, "late", top, "h", "text"])
        report.tell("and one that a child wrote to after the sync",
                    [] if any(text.startswith(wanted[0]) for text in late) else ["not seen"])
        killed = start([DRIVE, "broken", top, "g", "text"], INGOT_FAULT_AT="1")
        report.tell("the harness kills", [] if killed.returncode == -9 else [f"exit {killed.returncode}"])


def main():
    report = Report()
    prove_harness(report)
    for case in (Publish(), Kept(), Replace()):
        prove_case(report, case)
    print(f"1..{report.number}")
    return 1 if report.failed else 0


sys.exit(main())
