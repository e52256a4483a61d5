#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""schedule.py BUILDS SUITE…: builds what the tests of these suites need, runs them as jobs side by
side, one a processor, and prints where the time went; the last line is that of count.py.

A suite of short tests is one job; of the others each test is one.  Jobs start in the order of their
priority in meson (the longest should come first).  A test that uses what the test NAME left behind
is in the suite after-NAME too, and starts when that has ended."""
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# The build directory of a suite, and for a suite that is one job how many of its tests run at a
# time: guests of the suite guest wait half of their time.
SUITES = {
    "unit": ("asan", 1),
    "fuzz": ("fuzz", 1),
    "fault": ("plain", 1),
    "guest": ("plain", 2),
    "image": ("plain", None),
    "install": ("plain", None),
    "long": ("plain", None),
}
# Limits of tests are set for a machine that does nothing else.
PATIENCE = "2"
AFTER = "ingot:after-"


def introspect(build, what):
    said = subprocess.run(["meson", "introspect", what, str(build)], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return json.loads(said)


class Job:
    def __init__(self, build, name, priority, arguments, after=frozenset()):
        self.name, self.priority, self.after = name, priority, after
        self.base = name.replace("/", "-")  # of the logs
        self.log = build / "meson-logs" / f"{self.base}.junit.xml"
        self.command = ["meson", "test", "-C", str(build), "--no-rebuild", "--print-errorlogs",
                        "--logbase", self.base, "--timeout-multiplier", PATIENCE, *arguments]

    def start(self):
        print(f"-- {self.name}", flush=True)
        self.log.unlink(missing_ok=True)
        self.began = time.monotonic()
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen(self.command, stdout=self.output, stderr=self.output,
                                        stdin=subprocess.DEVNULL, start_new_session=True)
        return self.process.pid

    def end(self, status, used):
        self.seconds = time.monotonic() - self.began
        self.busy = used.ru_utime + used.ru_stime
        # The status is taken already; Popen must not wait for it.
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.output.seek(0)
        text = self.output.read().decode("utf-8", "replace")
        print(f"== {self.name}: {self.seconds:.0f} s\n{text.strip()}", flush=True)
        self.output.close()
        return self.process.returncode == 0


def jobs_of(builds, suite):
    directory, together = SUITES[suite]
    build = builds / directory
    tests = [t for t in introspect(build, "--tests") if f"ingot:{suite}" in t["suite"]]
    if together:
        priority = max((t["priority"] for t in tests), default=0)
        return [Job(build, suite, priority, ["--suite", suite, "--num-processes", str(together)])]
    return [Job(build, t["name"], t["priority"], [t["name"]],
                {s.removeprefix(AFTER) for s in t["suite"] if s.startswith(AFTER)})
            for t in tests]


def build(builds, suites):
    """Builds with all processors what the tests run; seconds, those of processors, and name of each
    build."""
    times, before = [], 0.0
    for directory in dict.fromkeys(SUITES[suite][0] for suite in suites):
        began, path = time.monotonic(), builds / directory
        print(f"-- build {directory}", flush=True)
        wanted = {f"ingot:{suite}" for suite in suites if SUITES[suite][0] == directory}
        needed = {d for t in introspect(path, "--tests") if wanted & set(t["suite"])
                  for d in t["depends"]}
        files = [os.path.relpath(f, path) for t in introspect(path, "--targets")
                 if t["id"] in needed for f in t["filename"]]
        if subprocess.run(["ninja", "-C", str(path), "--quiet", *files], check=False).returncode:
            sys.exit(f"the build in {path} failed")
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = now.ru_utime + now.ru_stime
        times.append((time.monotonic() - began, busy - before, f"build {directory}"))
        before = busy
    return times


def run(jobs, slots, running):
    """Whether all were good.  running: process to job, for who has to end them."""
    waiting, good = sorted(jobs, key=lambda job: -job.priority), True
    while waiting or running:
        unfinished = {job.name for job in [*waiting, *running.values()]}
        for job in [job for job in waiting if not job.after & unfinished][:slots - len(running)]:
            waiting.remove(job)
            running[job.start()] = job
        pid, status, used = os.wait4(-1, 0)
        if pid in running:
            good = running.pop(pid).end(status, used) and good
    return good


def end_all(running):
    for pid in running:
        try:
            os.killpg(pid, signal.SIGTERM)
        except ProcessLookupError:
            pass


def main():
    builds, suites = pathlib.Path(sys.argv[1]), sys.argv[2:]
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    times = build(builds, suites)
    jobs = [job for suite in suites for job in jobs_of(builds, suite)]
    running = {}
    try:
        good = run(jobs, max(2, os.cpu_count() or 1), running)
    except BaseException:
        end_all(running)
        raise
    print("where the time went (in brackets: of processors):")
    times += [(j.seconds, j.busy, j.name) for j in jobs]
    for seconds, busy, name in [*sorted(times, reverse=True),
                                (time.monotonic() - began, sum(t[1] for t in times), "in all")]:
        print(f"{seconds:8.0f} s ({busy:.0f} s)  {name}", flush=True)
    count = subprocess.run([sys.executable, HERE / "count.py", HERE / "expected-skips",
                            *(j.log for j in jobs)], check=False)
    sys.exit(0 if good and count.returncode == 0 else 1)


main()
