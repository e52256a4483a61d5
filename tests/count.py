#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""count.py EXPECTED_SKIPS JUNIT…: prints every skip, then the plain line of counts.

Fails on a failed test, on a log that is not there, on nothing run at all, and, with CI set, on a
skip that the file EXPECTED_SKIPS does not name (a name per line, '#' begins a comment).  A program
that ended badly after its last test (a leak, a crash) is a failure that meson writes into its own
log only, NAME.json beside NAME.junit.xml."""
import json
import os
import re
import sys
import xml.etree.ElementTree as ET


def read(log):
    """The log, without what a guest's console has put into it and XML may not have."""
    with open(log, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    return ET.fromstring(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "?", text).encode())


def ended_badly(log):
    """The names of the programs that failed without a failed test."""
    own = log.removesuffix(".junit.xml") + ".json"
    if not os.path.exists(own):
        return []
    with open(own, encoding="utf-8", errors="replace") as file:
        results = [json.loads(line) for line in file]
    return [r["name"] for r in results if r["result"] in ("ERROR", "TIMEOUT", "INTERRUPT")
            and "\nnot ok" not in "\n" + r.get("stdout", "")]


def main():
    expected_file, logs = sys.argv[1], sys.argv[2:]
    with open(expected_file, encoding="utf-8") as file:
        expected = {line.split("#")[0].strip() for line in file} - {""}
    passed = failed = skipped = 0
    bad = False
    for log in logs:
        if not os.path.exists(log):
            print(f"no test log: {log}")
            bad = True
            continue
        for name in ended_badly(log):
            failed += 1
            print(f"FAILED {name}: the program itself")
        for suite in read(log).iter("testsuite"):
            for case in suite.iter("testcase"):
                name = f"{suite.get('name')}/{case.get('name')}"
                if case.find("failure") is not None or case.find("error") is not None:
                    failed += 1
                    print(f"FAILED {name}")
                elif case.find("skipped") is not None:
                    skipped += 1
                    reason = case.find("skipped").get("message") or "see the log of the test"
                    known = any(name.endswith(e) for e in expected)
                    print(f"skipped {name}: {reason}")
                    if os.environ.get("CI") and not known:
                        print("  this skip is not expected in CI")
                        bad = True
                else:
                    passed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if bad or failed or not passed else 0


sys.exit(main())
