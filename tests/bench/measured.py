#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""measured.py REPORT LOG LIMIT PROGRAM [ARGUMENT...]: runs a program and writes what it used.

A process of its own, the subreaper of everything that the program leaves, so that what a process
read and wrote is added up for all its descendants: the kernel adds a child's account to that of the
process that reaps it.  The program gets a mount namespace of its own, and control groups where
they can be made."""
import ctypes
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
CLONE_NEWNS = 0x20000        # linux/sched.h
MS_REC_PRIVATE = 0x4000 | 0x40000  # linux/mount.h: MS_REC, MS_PRIVATE
PERIOD = 0.1                 # between two samples of memory
GROUPS = pathlib.Path("/sys/fs/cgroup")
# Hierarchy; file of the peak with page cache; keys of memory.stat that are not page cache.
VERSIONS = {1: ("memory", "memory.max_usage_in_bytes", ("total_rss", "total_shmem")),
            2: ("", "memory.peak", ("anon", "shmem"))}


class Group:
    """Control groups for one program: version 1 or 2, or none."""

    def __init__(self):
        self.version, self.folders = None, []
        name = f"ingot-bench-{os.getpid()}"
        for version, parents in ((1, ("memory", "cpuacct")), (2, ("",))):
            try:
                if version == 2:
                    (GROUPS / "cgroup.subtree_control").write_text("+memory +cpu")
                self.folders = [GROUPS / parent / name for parent in parents]
                for folder in self.folders:
                    folder.mkdir()
                if not (self.folders[0] / VERSIONS[version][1]).exists():
                    raise OSError
                self.version = version
                return
            except OSError:
                self.remove()

    def enter(self):
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def memory(self):
        lines = (self.folders[0] / "memory.stat").read_text().split("\n")
        stat = dict(line.split() for line in lines if line)
        return sum(int(stat[key]) for key in VERSIONS[self.version][2])

    def cpu_seconds(self):
        if self.version == 1:
            return int((self.folders[1] / "cpuacct.usage").read_text()) / 1e9
        lines = (self.folders[0] / "cpu.stat").read_text().split("\n")
        return int(dict(line.split() for line in lines if line)["usage_usec"]) / 1e6

    def peak_with_cache(self):
        return int((self.folders[0] / VERSIONS[self.version][1]).read_text())

    def remove(self):
        for folder in self.folders:
            try:
                for inner in sorted(folder.glob("**/"), reverse=True):
                    inner.rmdir()
            except OSError:
                pass  # still in use: harmless, and gone with the machine
        self.folders = []


def descendants(top):
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rsplit(")", 1)[1].split()[1]
            children.setdefault(int(parent), []).append(int(stat.parent.name))
        except OSError:
            continue  # it ended meanwhile
    found, todo = [], [top]
    while todo:
        todo += (new := children.get(todo.pop(), []))
        found += new
    return found


def proportional_memory(pids):
    total = 0
    for pid in pids:
        try:
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().split("\n"):
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            continue
    return total


def in_mount_namespace():
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and libc.unshare(CLONE_NEWNS) == 0:
        libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None)
        if not os.path.ismount("/run"):  # systemd-nspawn removes nothing from a disk
            libc.mount(b"tmpfs", b"/run", b"tmpfs", 0, b"mode=755")
            os.mkdir("/run/lock")


def reap(program):
    """Reaps what has ended; returns the program's status once it is known, else None."""
    status = None
    while True:
        try:
            pid, code = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == program:
            status = os.waitstatus_to_exitcode(code)


def end_all():
    """Ends what is left of the program, however often it forks; returns how many there were."""
    ended = set()
    while pids := descendants(os.getpid()):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
                ended.add(pid)
            except ProcessLookupError:
                continue
        reap(None)
    return len(ended)


def watch(program, group, limit):
    began, peak, status = time.monotonic(), 0, None
    while status is None and time.monotonic() - began < limit:
        sample = group.memory() if group.version else proportional_memory(descendants(os.getpid()))
        peak = max(peak, sample)
        signal.sigtimedwait([signal.SIGCHLD], PERIOD)
        status = reap(program)
    return status, time.monotonic() - began, peak


def sectors(path):
    """Bytes written so far to the device of a file, by everybody."""
    number = os.stat(path).st_dev
    stat = pathlib.Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/stat")
    return int(stat.read_text().split()[6]) * 512 if stat.exists() else None


def written():
    lines = pathlib.Path("/proc/self/io").read_text().split("\n")
    return int(dict(line.split(": ") for line in lines if line)["write_bytes"])


def account(group, argv, log, limit):
    os.sync()
    folder = os.path.dirname(os.path.abspath(log))
    device, before = sectors(folder), written()

    def enter():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        group.enter()
        in_mount_namespace()

    try:
        with open(log, "wb") as out:
            program = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.STDOUT, start_new_session=True,
                                       preexec_fn=enter)
        status, seconds, memory = watch(program.pid, group, limit)
    finally:
        left = end_all()
    os.sync()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"status": status, "seconds": seconds, "processes_left": left, "memory": memory,
              "cpu": group.cpu_seconds() if group.version else used.ru_utime + used.ru_stime,
              "memory_with_cache": group.peak_with_cache() if group.version else None,
              "cgroup": group.version, "written": written() - before,
              "device_written": sectors(folder) - device if device is not None else None}


def main():
    report, log, limit, argv = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    group = Group()
    try:
        pathlib.Path(report).write_text(json.dumps(account(group, argv, log, limit)))
    finally:
        group.remove()


if __name__ == "__main__":
    main()
