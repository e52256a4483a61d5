#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""schedule.py SOURCE: TAP; the jobs of tests/run, with a meson and a ninja of this test's making:
this meson knows the tests of a file, says when each begins and ends, and writes their logs."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(sys.argv[1]) / "tests" / "schedule.py"
MESON = r'''#!/usr/bin/env python3
import json, os, pathlib, re, sys
top = pathlib.Path(os.environ["FAKE"])
def note(text):
    with (top / "events").open("a") as file:
        file.write(text + "\n")
if sys.argv[1] == "introspect":
    build = pathlib.Path(sys.argv[3])
    print((build / (sys.argv[2].lstrip("-") + ".json")).read_text())
    sys.exit(0)
name = sys.argv[sys.argv.index("--logbase") + 1]
note("begin " + name)
if name == "waits":  # for a test that begins after it: so they run side by side
    while "begin second" not in (top / "events").read_text():
        os.sched_yield()
failed = name == "fails"
log = top / "plain" / "meson-logs" / (name + ".junit.xml")
if name != "forgets":
    log.write_text('<testsuites><testsuite name="s"><testcase name="%s">%s</testcase></testsuite>'
                   '</testsuites>' % (name, "<failure/>" if failed else ""))
print("said by " + name)
note("end " + name)
sys.exit(failed)
'''
NINJA = '#!/bin/sh\necho "built $*" >>"$FAKE/events"\n[ -z "$FAKE_BROKEN" ]\n'


def tests(*named):
    """(name, suites, priority) of each."""
    return [{"name": n, "suite": ["ingot:" + s for s in suites.split()], "priority": p,
             "depends": ["id-" + n]} for n, suites, p in named]


def schedule(listed, *suites, broken=""):
    """Exit code, what it said, what happened."""
    with tempfile.TemporaryDirectory(prefix="ingot-schedule") as folder:
        top = pathlib.Path(folder)
        (top / "bin").mkdir()
        (top / "plain" / "meson-logs").mkdir(parents=True)
        for name, text in (("meson", MESON), ("ninja", NINJA)):
            (top / "bin" / name).write_text(text)
            (top / "bin" / name).chmod(0o755)
        (top / "plain" / "tests.json").write_text(json.dumps(listed))
        (top / "plain" / "targets.json").write_text(json.dumps(
            [{"id": t["depends"][0], "filename": [str(top / "plain" / t["name"])]} for t in listed]))
        env = dict(os.environ, PATH=f"{top / 'bin'}:{os.environ['PATH']}", FAKE=folder,
                   FAKE_BROKEN=broken)
        ended = subprocess.run([sys.executable, PROGRAM, top, *suites], env=env, text=True,
                               capture_output=True, timeout=60, check=False)
        events = (top / "events").read_text().splitlines()
        return ended.returncode, ended.stdout + ended.stderr, events


def good_run():
    listed = tests(("compare", "install after-second after-waits", 8), ("second", "install", 1),
                   ("waits", "install", 9), ("other", "image", 5), ("unwanted", "long", 5))
    code, said, events = schedule(listed, "install")
    return (code == 0 and said.splitlines()[-1] == "3 passed, 0 failed, 0 skipped"
            and "where the time went" in said and "said by waits" in said
            and re.search(r"^ +\d+ s \(\d+ s\)  waits$", said, re.M)
            and re.search(r"^ +\d+ s \(\d+ s\)  build plain$", said, re.M)
            and said.splitlines()[1:3] == ["-- waits", "-- second"]
            and events[-2:] == ["begin compare", "end compare"]
            and not any("other" in e or "unwanted" in e for e in events)), said, events


def nothing_waits_for_a_test_that_is_not_run():
    listed = tests(("compare", "install after-other", 1), ("other", "long", 5))
    code, said, events = schedule(listed, "install")
    return code == 0 and events[1:] == ["begin compare", "end compare"], said, events


def others_go_past_one_that_waits():
    listed = tests(("compare", "install after-waits", 8), ("waits", "install", 9),
                   ("second", "install", 1), ("third", "install", 0))
    code, said, events = schedule(listed, "install")
    return (code == 0 and events.index("begin second") < events.index("end waits")
            < events.index("begin compare")), said, events


def builds_what_is_needed():
    code, said, events = schedule(tests(("a", "install", 0), ("b", "long", 0)), "install")
    return code == 0 and events[0].split()[-1] == "a", said, events


def a_suite_as_one_job():
    code, said, events = schedule(tests(("a", "fault", 0), ("b", "fault", 0)), "fault")
    return code == 0 and events[1:] == ["begin fault", "end fault"], said, events


def others_go_on_after_a_failure():
    code, said, events = schedule(tests(("fails", "install", 2), ("a", "install", 1)), "install")
    return (code == 1 and "end a" in events
            and said.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"), said, events


def no_log_is_a_failure():
    code, said, events = schedule(tests(("forgets", "install", 2), ("a", "install", 1)), "install")
    return code == 1 and "no test log" in said, said, events


def a_broken_build_ends_it():
    code, said, events = schedule(tests(("a", "install", 1)), "install", broken="yes")
    return code == 1 and not any("begin" in e for e in events), said, events


CASES = [good_run, nothing_waits_for_a_test_that_is_not_run, others_go_past_one_that_waits,
         builds_what_is_needed, a_suite_as_one_job, others_go_on_after_a_failure,
         no_log_is_a_failure, a_broken_build_ends_it]
print(f"1..{len(CASES)}")
for number, case in enumerate(CASES, 1):
    good, said, events = case()
    print(f"{'' if good else 'not '}ok {number} - {case.__name__.replace('_', ' ')}")
    if not good:
        print("# " + (said + "\n" + "\n".join(events)).replace("\n", "\n# "))
