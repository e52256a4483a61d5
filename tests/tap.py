#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tap.py PROGRAM…: runs a cmocka program and passes its TAP on.  cmocka 1.1 says "not ok N # SKIP"
of a skipped test, which TAP calls a failure; a skip is "ok N # SKIP"."""
import re
import subprocess
import sys

with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True, errors="replace") as child:
    for line in child.stdout:
        print(re.sub(r"^not (ok \d+ # SKIP)", r"\1", line), end="", flush=True)
sys.exit(1 if child.returncode < 0 else child.returncode)
