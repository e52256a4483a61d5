#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fails.py INGOT SOURCE [NAME…]: TAP; the real debian-installer of Debian 13, in four ways that it
cannot succeed.  Each time the build has to end with the right cause within a minute of its
happening, and leave a diagnosis that says the same."""
import hashlib
import http.server
import json
import lzma
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

INGOT, SOURCE, CHOSEN = sys.argv[1], pathlib.Path(sys.argv[2]), set(sys.argv[3:])
MIRROR = os.environ.get("INGOT_MIRROR")
EXTRA = os.environ.get("INGOT_TEST_EXTRA", "")
EXIT_INSTALL = 6
SECRET = "qu\"ote-never-used-9371"
AGAIN_SECONDS = 400  # until the installer of a machine that is started again speaks
SECONDS = 60  # between the fault and the end of the build


COMPONENTS = "main/debian-installer/binary-amd64/Packages.xz"
OTHER_KERNEL = "6.12.1+other-amd64"


def upstream(path):
    with urllib.request.urlopen(MIRROR.rstrip("/") + path, timeout=60) as answer:
        return answer.read()


def other_modules(suite):
    """The index of components, in which all modules are of another kernel, and the Release file that
    has its digests."""
    text = lzma.decompress(upstream(f"/dists/{suite}/{COMPONENTS}")).decode()
    index = lzma.compress(re.sub(r"(?m)^Kernel-Version: .*$", f"Kernel-Version: {OTHER_KERNEL}",
                                 text).encode())
    digests = {len(d): d for d in (hashlib.new(name, index).hexdigest()
                                   for name in ("md5", "sha1", "sha256"))}
    release = re.sub(r"(?m)^ ([0-9a-f]+) +\d+ " + re.escape(COMPONENTS) + "$",
                     lambda m: f" {digests[len(m[1])]} {len(index)} {COMPONENTS}",
                     upstream(f"/dists/{suite}/Release").decode())
    return {f"/dists/{suite}/{COMPONENTS}": index, f"/dists/{suite}/Release": release.encode()}


class Proxy(http.server.BaseHTTPRequestHandler):
    """The mirror; it goes away when a path like leaves is asked for, and serves what is in instead
    for these paths."""
    leaves = None
    instead = {}
    left = None  # when
    server_ended = threading.Event()

    def do_GET(self):
        if Proxy.leaves and re.search(Proxy.leaves, self.path):
            Proxy.leaves, Proxy.left = None, time.time()
            self.server.socket.close()  # the next connection is refused
            self.close_connection = True
            return None
        try:
            body = Proxy.instead.get(self.path) or upstream(self.path)
        except urllib.error.HTTPError as error:
            return self.send_error(error.code)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        return None

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True

    def run():
        try:
            server.serve_forever()
        except (OSError, ValueError):
            pass  # its socket is gone, as is wanted

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def build(top, name, url, packages="", data=None, more=""):
    recipe = top / f"{name}.yaml"
    text = (SOURCE / "recipes" / "debian-13-di.yaml").read_text()
    text = re.sub(r"(?m)^name: \S+", f"name: {name}", text)
    text = text.replace("\npackages:\n", f"\npackages:\n{packages}")
    text += more
    if EXTRA:
        text += "\nextra: |\n" + "".join(f"  {line}\n" for line in EXTRA.splitlines())
    recipe.write_text(text)
    env = dict(os.environ, INGOT_CACHE=str(top / "cache"), AGAIN_SECRET=SECRET)
    if data:
        env["INGOT_DATA"] = str(data)
    ended = subprocess.run(
        [INGOT, "build", str(recipe), "-v", "--format", "json", "--mirror", url, "--out",
         str(top / "out"), "--no-verify"], env=env, text=True, capture_output=True, check=False)
    events = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]
    return ended, events


def when(event):
    stamp = event["time"].rstrip("Z")
    return time.mktime(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


def problems_of(top, name, ended, events, wants, since):
    """What is not as it must be; since: a time, or a pattern whose last line is the fault."""
    found = []
    bundle = top / "out" / f"{name}.failed"
    errors = [e for e in events if e["event"] == "error"]
    if ended.returncode != EXIT_INSTALL or not errors:
        return [f"it ended with {ended.returncode}: {ended.stderr[-2000:]}{ended.stdout[-2000:]}"]
    if isinstance(since, str):
        lines = [e for e in events if e["event"] == "detail" and re.search(since, e["message"])]
        since = when(lines[-1]) if lines else 0
    took = when(errors[-1]) - (since or 0)
    diagnosis = json.loads((bundle / "diagnosis.json").read_text())
    print(f"# {name}: after {took:.0f} s: {diagnosis['cause']}", flush=True)
    if not 0 <= took <= SECONDS:
        found.append(f"it was known {took} s after it had happened")
    for want in wants:
        if not re.search(want, diagnosis["cause"]):
            found.append(f"the cause does not say '{want}': {diagnosis['cause']}")
    if diagnosis["stage"] != "install" or not diagnosis["evidence"] or not diagnosis.get("remedy"):
        found.append(f"the diagnosis is not whole: {json.dumps(diagnosis, indent=1)}")
    if diagnosis["cause"] not in errors[-1]["message"]:
        found.append(f"the error says something else: {errors[-1]['message']}")
    for file in ("diagnosis.txt", "console.log", "log.log", "screen.png", "qemu.sh", "recipe.yaml",
                 "preseed.cfg"):
        if not (bundle / file).is_file():
            found.append(f"{file} is not in the bundle")
    return found


def leaks(bundle):
    """The secret, however it is written, and hashes of passwords."""
    found = []
    for file in bundle.iterdir():
        text = file.read_bytes()
        found += [f"{file.name} holds {trace!r}" for trace in (b"never-used-9371", b"$y$", b"$6$")
                  if trace in text]
    return found


def comes_up(machine, console, log):
    """Reads the console until kernel and installer have spoken."""
    end = time.time() + AGAIN_SECONDS
    while time.time() < end and machine.poll() is None:
        if select.select([machine.stdout], [], [], 1)[0]:
            console += os.read(machine.stdout.fileno(), 65536)
        if b"Linux version" in console and log.exists() and b"main-menu[" in log.read_bytes():
            return True
    return False


def started_again(top, name):
    """What is wrong with the machine that qemu.sh starts."""
    script = top / "out" / f"{name}.failed" / "qemu.sh"
    env = {k: v for k, v in os.environ.items() if not k.startswith(("INGOT_", "AGAIN_"))}
    env["INGOT"] = INGOT
    ended = subprocess.run(["sh", script, top / "again"], env=env, text=True, capture_output=True,
                           stdin=subprocess.DEVNULL, check=False)
    if ended.returncode == 0 or "AGAIN_SECRET is not set" not in ended.stderr:
        return [f"without the secret: {ended.returncode}, {ended.stderr}"]
    if (top / "again").exists():
        return ["without the secret something was made"]
    console, errors = bytearray(), top / "again.err"
    began = time.time()
    with errors.open("w") as err, subprocess.Popen(
            ["sh", script, top / "again"], env=dict(env, AGAIN_SECRET=SECRET), stderr=err,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE) as machine:
        up = comes_up(machine, console, top / "again" / f"{name}.log")
        machine.kill()
    print(f"# {name}: started again in {time.time() - began:.0f} s", flush=True)
    if not up:
        return [f"it does not come up: {errors.read_text()}{console[-2000:].decode(errors='replace')}"]
    files = [f for f in (top / "again").iterdir() if f.is_file() and f.stat().st_size < 1 << 20]
    if not any(SECRET.encode() in f.read_bytes() for f in files):
        return ["its answers do not hold the secret"]
    return []


def missing_answer(top):
    """Nobody says what the password of root is."""
    data = top / "data"
    data.mkdir()
    for name in ("kickstart", "firmware"):
        shutil.copytree(SOURCE / name, data / name)
    preseed = data / "kickstart" / "debian.preseed"
    lines = preseed.read_text().splitlines(keepends=True)
    preseed.write_text("".join(l for l in lines if "passwd/root-password-crypted" not in l))
    ended, events = build(top, "missing-answer", MIRROR, data=data,
                          more="\nlate_command: 'echo ${env:AGAIN_SECRET} >/dev/null'\n")
    found = problems_of(top, "missing-answer", ended, events,
                        ["waiting at a question", "Root password:"], r"'user-setup-udeb' selected")
    return found + leaks(top / "out" / "missing-answer.failed") + started_again(top, "missing-answer")


def mirror_away(top):
    Proxy.leaves = r"/partman-base_[^/]*\.udeb$"
    ended, events = build(top, "mirror-away", serve())
    return problems_of(top, "mirror-away", ended, events, ["mirror"], Proxy.left)


def wrong_package(top):
    ended, events = build(top, "wrong-package", MIRROR, packages="  - no-such-package-at-all\n")
    return problems_of(top, "wrong-package", ended, events, ["no package no-such-package-at-all"],
                       r"Unable to locate package")


def no_modules(top):
    """The archive has made a point release since the installer was made."""
    Proxy.instead = other_modules("trixie")
    ended, events = build(top, "no-modules", serve())
    Proxy.instead = {}
    return problems_of(top, "no-modules", ended, events,
                       [r"no modules for the installer's kernel 6\.\S+-amd64, only for "
                        + re.escape(OTHER_KERNEL)], r"ingot: kernel modules: of ")


TESTS = [missing_answer, mirror_away, wrong_package, no_modules]


def main():
    chosen = [t for t in TESTS if not CHOSEN or t.__name__ in CHOSEN]
    print(f"1..{len(chosen)}")
    for number, test in enumerate(chosen, 1):
        title = test.__name__.replace("_", " ")
        if not MIRROR:
            print(f"ok {number} - {title} # SKIP INGOT_MIRROR is not set")
            continue
        with tempfile.TemporaryDirectory(prefix="ingot-fails", dir="/var/tmp") as folder:
            found = test(pathlib.Path(folder))
        print(f"{'not ' if found else ''}ok {number} - {title}", flush=True)
        for problem in found:
            print("# " + problem.replace("\n", "\n# "), flush=True)


main()
