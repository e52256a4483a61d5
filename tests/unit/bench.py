#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bench.py SOURCE: TAP; what tests/bench/peers measures, keeps and shows, without any peer."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(sys.argv[1]) / "tests" / "bench"
sys.dont_write_bytecode = True
sys.path.insert(0, str(BENCH))
import page
import records

MIB = 2**20
BUSY = """
import os, sys, time
block = bytearray(64 << 20)
block[::4096] = b'x' * len(block[::4096])  # every page is there
if os.fork() == 0:                          # its child, nobody's when it ends, writes half
    if os.fork() == 0:
        open(sys.argv[1] + '/orphan', 'wb').write(bytes(8 << 20))
        os.write(1, b'written')
        time.sleep(1000)
    os._exit(0)
open(sys.argv[1] + '/own', 'wb').write(bytes(8 << 20))
while time.process_time() < 0.6:
    pass
while not os.path.exists(sys.argv[1] + '/orphan') or os.path.getsize(sys.argv[1] + '/orphan') < 8 << 20:
    time.sleep(0.01)
"""
WORDS = {"media": {"with_dependencies": ["b"], "with_recommends": ["a"], "suite": "s"},
         "system": {"kernel_package": "k", "hostname": "h", "locale": "l"},
         "machine": {"accelerator": "tcg,thread=multi", "cpu": "c"}}


def measured(folder, limit, *argv):
    subprocess.run([sys.executable, str(BENCH / "measured.py"), f"{folder}/report", f"{folder}/log", str(limit),
                    *argv], check=True)
    return json.loads(pathlib.Path(folder, "report").read_text())


def everything_is_counted(folder):
    used = measured(folder, 60, sys.executable, "-c", BUSY, folder)
    assert used["status"] == 0, pathlib.Path(folder, "log").read_text()
    assert 64 * MIB <= used["memory"] < 256 * MIB, used
    assert used["cpu"] >= 0.6, used
    assert used["processes_left"] == 1, used
    assert 16 * MIB <= used["written"] < 64 * MIB or in_memory(folder), used


def in_memory(folder):
    """A file system in memory writes nothing."""
    said = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True)
    return said.stdout.strip() == "tmpfs"


def a_limit_ends_all(folder):
    used = measured(folder, 0.5, "sh", "-c", "sleep 1000 & sleep 1000")
    assert used["status"] is None and used["processes_left"] >= 1, used
    assert 0.5 <= used["seconds"] < 10, used


def failure_is_reported(folder):
    assert measured(folder, 10, "sh", "-c", "exit 3")["status"] == 3


def words_are_known(folder):
    values = records.words("http://127.0.0.1:1/debian", WORDS)
    for path in (BENCH / "config").rglob("*"):
        if path.is_file():
            unknown = set(re.findall(r"@([A-Z_]+)@", path.read_text())) - set(values)
            assert not unknown, f"{path}: {unknown}"
    names = {peer.name for peer in records.PEERS}
    assert len(names) == len(records.PEERS)
    assert {path.name for path in (BENCH / "config").iterdir()} <= names
    assert values["GUEST_HOST"] == "10.0.2.2:1"


def state():
    good = {"date": "2026-01-02", "seconds": 20.0, "cpu": 10.0, "memory": MIB, "written": MIB, "size": MIB,
            "cgroup": 1, "packages": 5, "boot": 1.5, "counts": {"error": 2, "warning": 0, "note": 0}}
    bad = {"date": "2026-01-02", "error": ["ended with 1", "a | <last> line"]}
    peers = {"mmdebstrap": dict(good, seconds=10.0), "good": good, "bad": bad}
    known = {name: {"title": "T " + name, "kind": "build", "version": "1", "runs": [run]}
             for name, run in peers.items()}
    known["new"] = {"title": "T new", "kind": "build", "runs": []}
    return {"bench": 1, "host": {"cores": 2, "accelerator": "tcg", "device_mapper": True, "udev": True},
            "peers": known}


def nothing_is_left_out(folder):
    shown, text = page.html(state()), page.markdown(state())
    for name in state()["peers"]:
        assert "T " + name in shown and "T " + name in text
    assert "T new | not measured yet |" in text
    assert "a | &lt;last&gt; line" in shown and "a \\| <last> line" in text
    assert re.search(r"T good \| 20 \| 2\.00 .* yes \| 2 errors \|", text), text


def document_is_written_between_marks(folder):
    before = f"one\n{page.BEGIN}\nold\n{page.END}\ntwo\n"
    after = page.into_document(before, state())
    assert after.startswith("one\n") and after.endswith("\ntwo\n") and "old" not in after
    assert page.into_document(after, state()) == after


TESTS = [everything_is_counted, a_limit_ends_all, failure_is_reported, words_are_known, nothing_is_left_out,
         document_is_written_between_marks]


def main():
    print(f"1..{len(TESTS)}")
    failed = 0
    for number, test in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory(dir=os.getcwd()) as folder:
            try:
                test(folder)
                print(f"ok {number} - {test.__name__}")
            except (AssertionError, KeyError, subprocess.CalledProcessError) as error:
                failed += 1
                print(f"not ok {number} - {test.__name__}\n# " + str(error).replace("\n", "\n# "))
    sys.exit(failed > 0)


main()
