#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bad_mirror.py INGOT SOURCE: TAP; builds debian-13 from INGOT_MIRROR through a proxy that does one
wrong thing at a time, each with an empty cache.  Each time the build has to say which file it was,
and neither the output directory nor the cache may hold anything that the mirror did not rightly
send; at last the honest mirror is used with the cache of the last failure."""
import hashlib
import http.server
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

INGOT, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
MIRROR = os.environ.get("INGOT_MIRROR")
MEDIA_FAILED = 5  # the exit code, docs/exit-codes
NAMES_OF_RESULTS = {"debian-13.failed", ".ingot.lock"}

def flipped(body):
    return body[: len(body) // 2] + bytes([body[len(body) // 2] ^ 1]) + body[len(body) // 2 + 1:]


def unsigned(body):
    return body.split(b"-----BEGIN PGP SIGNATURE")[0].split(b"\n\n", 1)[1]


INDEX = r"/binary-amd64/(by-hash/SHA256/|Packages)"

# What the proxy does, to which path, and what the error has to say.  A mirror that stops in the
# middle is in the unit tests (debian/resolve): the patience that users get takes four minutes.
FAULTS = [
    ("an altered InRelease", r"/InRelease$", flipped, "InRelease"),
    ("an InRelease without a signature", r"/InRelease$", unsigned, "InRelease"),
    ("an altered index", INDEX, flipped, "Packages"),
    ("half of an index", INDEX, lambda body: body[: len(body) // 2], "Packages"),
    ("an altered package", r"/tree_[^/]*\.deb$", flipped, "tree_"),
    ("half of a package", r"/wget_[^/]*\.deb$", lambda body: body[: len(body) // 2], "wget_"),
    ("a package that is not there", r"/vim_[^/]*\.deb$", None, "vim_"),
]


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fault = None

    def do_GET(self):
        try:
            with urllib.request.urlopen(MIRROR.rstrip("/") + self.path, timeout=60) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            return self.send_error(error.code)
        change = lambda whole: whole
        if self.fault and re.search(self.fault[1], self.path):
            change = self.fault[2]
        if change is None:
            return self.send_error(404)
        sent = change(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        try:
            self.wfile.write(sent)
        except BrokenPipeError:
            self.close_connection = True  # who has seen an error takes no more
        return None

    def log_message(self, *_):
        pass


def run(command, recipe, url, top, *options):
    env = dict(os.environ, INGOT_CACHE=str(top / "cache"))
    return subprocess.run([INGOT, command, str(recipe), "-q", "--mirror", url, *options],
                          env=env, text=True, capture_output=True, check=False, timeout=300)


def leftovers(top):
    """What is in the output directory or in the cache and should not be."""
    found = [p.name for p in (top / "out").glob("*") if p.name not in NAMES_OF_RESULTS]
    for path in (top / "cache" / "media" / "sha256").glob("**/*"):
        if path.is_file() and path.suffix != ".stat" and hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            found.append(str(path.relative_to(top)))
    for kind in ("install", "base"):
        found += [str(p) for p in (top / "cache" / "stages" / kind).glob("*") if p.is_dir()]
    return found


def verdict(number, title, problems):
    print(f"{'not ' if problems else ''}ok {number} - {title}", flush=True)
    for problem in problems:
        print("# " + problem.replace("\n", "\n# "), flush=True)


def check_fault(fault, recipe, url, top):
    Proxy.fault = fault
    shutil.rmtree(top / "cache", ignore_errors=True)
    ended = run("build", recipe, url, top, "--out", str(top / "out"))
    problems = leftovers(top)
    if ended.returncode != MEDIA_FAILED:
        problems.append(f"the exit code is {ended.returncode}:\n{ended.stderr}")
    said = [line for line in ended.stderr.splitlines() if line.startswith("ingot: ")]
    if not any(fault[3] in line for line in said):
        problems.append(f"the error does not name '{fault[3]}':\n{ended.stderr}")
    for line in said:
        print("# " + line, flush=True)
    return problems


def main():
    count = len(FAULTS) + 1
    print(f"1..{count}")
    if not MIRROR:
        for number in range(1, count + 1):
            print(f"ok {number} # SKIP INGOT_MIRROR is not set")
        return
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory(prefix="ingot-mirror") as folder:
        top = pathlib.Path(folder)
        recipe = top / "debian-13.yaml"
        text = (SOURCE / "recipes" / "debian-13.yaml").read_text()
        recipe.write_text(text + "\nroot:\n  password: ${env:INGOT_TEST_PASSWORD}\n")
        os.environ["INGOT_TEST_PASSWORD"] = "never-used-in-a-guest-3"
        for number, fault in enumerate(FAULTS, 1):
            verdict(number, fault[0], check_fault(fault, recipe, url, top))
        Proxy.fault = None
        ended = run("render", recipe, url, top, "--into", str(top / "machine"))
        verdict(count, "the honest mirror, with the same cache",
                leftovers(top) + ([ended.stderr] if ended.returncode else []))


main()
