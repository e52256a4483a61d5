#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""count.py SOURCE: TAP; the closing line of tests/run, from logs of this test's making."""
import json
import pathlib
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(sys.argv[1]) / "tests" / "count.py"
GOOD = '<testsuites><testsuite name="s"><testcase name="a"/><testcase name="b"/></testsuite></testsuites>'
# What a guest's console says before it fails: escapes, which XML may not have.
BAD = ('<testsuites><testsuite name="s"><testcase name="a"/><testcase name="b"><failure/>'
       '</testcase><system-err>\x1b[0;32m OK \x00</system-err></testsuite></testsuites>')
SKIPPED = ('<testsuites><testsuite name="s"><testcase name="a"/><testcase name="b">'
           '<skipped message="no gpg"/></testcase></testsuite></testsuites>')
# What meson writes when a program fails after its last test.
ENDED = json.dumps({"name": "s", "stdout": "1..1\nok 1 - a\n", "result": "ERROR"}) + "\n"
# Log, CI, what the last line is, exit code.
CASES = [
    ("all good", GOOD, "", "2 passed, 0 failed, 0 skipped", 0),
    ("a failure among escapes", BAD, "", "1 passed, 1 failed, 0 skipped", 1),
    ("a skip", SKIPPED, "", "1 passed, 0 failed, 1 skipped", 0),
    ("a skip that CI does not expect", SKIPPED, "true", "1 passed, 0 failed, 1 skipped", 1),
    ("a leak after the last test", GOOD, "", "2 passed, 1 failed, 0 skipped", 1),
    ("no log", None, "", "0 passed, 0 failed, 0 skipped", 1),
]

print(f"1..{len(CASES)}")
with tempfile.TemporaryDirectory(prefix="ingot-count") as folder:
    expected = pathlib.Path(folder) / "expected"
    expected.write_text("# none\n")
    for number, (title, text, ci, line, code) in enumerate(CASES, 1):
        log = pathlib.Path(folder) / f"{number}.junit.xml"
        if text:
            log.write_text(text)
        if "leak" in title:
            (pathlib.Path(folder) / f"{number}.json").write_text(ENDED)
        run = subprocess.run([sys.executable, str(PROGRAM), str(expected), str(log)], text=True,
                             env={"CI": ci}, capture_output=True, check=False)
        good = run.returncode == code and run.stdout.splitlines()[-1:] == [line]
        print(f"{'' if good else 'not '}ok {number} - {title}")
        if not good:
            print("# " + (run.stdout + run.stderr).replace("\n", "\n# "))
