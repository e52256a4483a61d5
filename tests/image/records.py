# SPDX-License-Identifier: GPL-2.0-or-later
"""Records of builds (docs/report.md) as a real one looks, and as nobody should meet one."""
import math
import random
import struct
import zlib

STAGES = (("media", "fetch and verify the installer"), ("install", "run the installer in a VM"),
          ("seal", "sysprep the image and check the policy"), ("export", "write and check the image"),
          ("verify", "boot two clones and prove that they are two machines"),
          ("publish", "move image and manifest into the output directory"))
PHASES = {"install": (("unpack", 12.6), ("boot", 5.8), ("configure packages", 96.2),
                      ("certificates and initramfs", 14.9), ("boot", 5.1),
                      ("locale and boot loader", 21.4), ("finish", 3.2)),
          "seal": (("launch", 9.1), ("inspect", 1.2), ("operations", 2.4), ("policy", 9.8), ("trim", 1.1)),
          "export": (("compress", 3.9), ("check", 1.3)),
          "verify": (("probe", 11.2), ("boot", 88.7), ("search", 20.4), ("hot-plug", 24.1),
                     ("restart", 37.5), ("power off", 7.9))}
NOT_KEPT = "runs in every build: its result is not kept"
HOSTILE = "</script><script>window.hacked=1</script><img src=http://127.0.0.1:9/x onerror='hacked=1'>\"'&\u202e\u0007"


def png(path, width, height, seed):
    """A picture of coloured blocks, as large as a screen."""
    dice = random.Random(seed)
    rows = bytearray()
    colours = [bytes((30, 30, 46)), bytes((205, 214, 244)), bytes((137, 180, 250))]
    for y in range(height):
        if y % 16 == 0:
            text = b"".join(colours[dice.choice((0, 0, 1))] * 9 for _ in range(width // 18))
            line = (text + colours[0] * width)[:3 * width]
        rows += b"\0" + (line if y % 16 < 9 else colours[0] * width)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" +
                     chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b""))
    return str(path)


def machine(folder, name, began, phases):
    length = sum(seconds for _, seconds in phases)
    samples, read, written, received, sent = [], 0, 0, 0, 0
    for n in range(int(length * 2)):
        at = n / 2
        read += int(abs(math.sin(at / 5)) * 2e6) if at < length * .4 else 20000
        written += int(abs(math.sin(at / 9)) * 5e6)
        received += 40 if at < 30 else 0
        sent += 30 if at < 30 else 0
        samples.append([at, read, written, received, sent])
    begin, told, pictures = 0, [], []
    for number, (phase, seconds) in enumerate(phases):
        told.append({"phase": phase, "begin": begin, "seconds": seconds})
        size = (720, 400) if number % 2 else (1280, 800)
        pictures.append({"at": begin, "phase": phase, "file": png(folder / f"{name}-{number}.png", *size, number),
                         "text": f"Loading Linux …\n[    {at:.2f}] {phase}" if number % 2 else None})
        begin += seconds
    # A phase with nothing new on the screen: its console.
    pictures.append({"at": begin, "phase": "last", "text": "\n".join(
        f"Unpacking package-{n} (1.{n}) over a long line that has to be broken ..." for n in range(40))})
    for picture in pictures:
        if picture.get("text") is None:
            del picture["text"]
    return {"name": name, "began": began, "phases": told, "samples": samples, "pictures": pictures}


def timed(until, reused, earlier):
    """Stages and phases, up to the one that fails (None: none)."""
    stages, phases, now, over = [], [], 0.4, False
    for name, heading in STAGES:
        if over:
            stages.append({"stage": name, "heading": heading, "outcome": "not reached",
                           "why": "the build ended before it"})
            continue
        begin = now
        for phase, seconds in () if name in reused else PHASES.get(name, ()):
            if name == until and phase == "certificates and initramfs":
                seconds = 41.5
                over = True
            entry = {"stage": name, "phase": phase, "begin": now, "seconds": seconds}
            if earlier:
                entry["expected"] = seconds * (0.6 if phase == "search" else 1.05)
            phases.append(entry)
            now += seconds
            if over:
                break
        now += 0.6
        stage = {"stage": name, "heading": heading, "begin": begin, "seconds": now - begin,
                 "reused": name in reused, "why": NOT_KEPT,
                 "outcome": "failed" if over else "reused" if name in reused else "done",
                 "earlier": earlier}
        if earlier:
            stage["expected"] = (now - begin) * 0.97
        if name == "install":
            stage["why"] = "same inputs: the kept result was reused" if name in reused else \
                "inputs changed: the recipe, packages"
        stages.append(stage)
    return stages, phases, now


def base(result):
    return {
        "record": 1, "manifest": 1, "name": "debian-12", "result": result,
        "description": "Debian 12 for virtual machines, ready to be cloned", "built": "2026-11-22T20:21:39Z",
        "recipe": {"path": "recipes/debian-12.yaml", "sha256": "5f" * 32},
        "plan": {"system": {"family": "debian", "release": "bookworm", "installer": "bootstrap"},
                 "machine": {"architecture": "x86_64", "cpus": 2, "memory": 2 << 30, "accelerator":
                             "tcg,thread=multi", "accelerator_reason":
                             "emulation: /dev/kvm is not there; installing takes five times as long"},
                 "disk": {"size": 8 << 30}},
        "inputs": [{"name": "InRelease", "origin": "https://archive.example.org/debian/dists/bookworm/InRelease",
                    "sha256": "0a" * 32, "size": 151082},
                   {"name": "packages", "sha256": "7c" * 32, "size": 120712345}],
        "tools": {"ingot": "0.1.0", "qemu": "7.2.22", "libguestfs": "1.48.6", "libarchive": "libarchive 3.6.2",
                  "libcurl": "7.88.1"},
    }


def good(folder):
    record = base("good")
    record["stages"], record["phases"], record["seconds"] = timed(None, (), 6)
    record["image"] = {"file": "debian-12.qcow2", "format": "qcow2", "size": 218628096,
                       "virtual_size": 8 << 30, "sha256": "b3" * 32}
    packages = [{"name": f"lib{a}{b}-{n}", "version": f"1:{n}.{b}-2+deb12u1", "arch": "amd64"}
                for n in range(7) for a in ("apt", "c", "gnutls", "perl") for b in range(8)]
    record["os"] = {"product": "Debian GNU/Linux 12 (bookworm)", "arch": "x86_64", "packages": packages,
                    "root": {"device": "/dev/sda1", "filesystem": "ext4", "used": 803209216},
                    "sysprep": ["logs", "machine-id", "ssh-hostkeys", "random-seed", "dhcp-client-state",
                                "tmp-files", "bash-history", "package-manager-cache"]}
    names = ("multi-user", "failed-units", "clock", "machine-id", "ssh-host-keys", "one-root", "no-swap")
    record["verify"] = {"seconds": 190.2, "assertions": [
        {"name": n, "heading": f"what {n} asks is so in both clones",
         "outcome": "passed", "says": f"{n}: seen in a and b"} for n in names] + [
        {"name": "hotplug-cpu", "heading": "a CPU that is added comes online", "outcome": "skipped",
         "says": "the guest's kernel takes a CPU only under a hypervisor that it knows"}]}
    install = record["stages"][1]["begin"]
    record["machines"] = [machine(folder, "packages", install + 12.6, PHASES["install"][1:4]),
                          machine(folder, "system", install + 130.1, PHASES["install"][4:])]
    return record


def bad(folder):
    record = base("failed")
    record["stages"], record["phases"], record["seconds"] = timed("install", (), 6)
    record["machines"] = [machine(folder, "bad", 13.2, PHASES["install"][1:4])]
    record["failure"] = {
        "stage": "install", "phase": "certificates and initramfs", "exit": 6,
        "cause": "the installation failed in the phase \"certificates and initramfs\", after 2 min 38 s: "
                 "there is no room left on the disk",
        "remedy": "make disk.size in the recipe larger; 1.2 GiB are too little for these packages",
        "evidence": ["The last lines of its log:",
                     "  | update-initramfs: Generating /boot/initrd.img-6.1.0-37-cloud-amd64",
                     "  | zstd: error 70 : Write error : cannot write block : No space left on device",
                     "  | dpkg: error processing package initramfs-tools (--configure):" + " x" * 120],
        "bundle": "/srv/build/out/debian-12.failed"}
    return record


def hostile(folder):
    """Every text is an attack, every list is too long, numbers are absurd, files are no pictures."""
    record = bad(folder)

    def spoil(value, key=None):
        if isinstance(value, dict):
            return {k: spoil(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [spoil(v) for v in value]
        return value if key in ("stage", "outcome", "result", "file") or not isinstance(value, str) else HOSTILE
    record = spoil(record)
    record["os"] = {"packages": [{"name": HOSTILE, "version": HOSTILE}] * 30000, "sysprep": [HOSTILE] * 3000,
                    "product": HOSTILE, "root": {"used": 1e300, "filesystem": 7}}
    record["verify"] = {"seconds": -5, "assertions": [
        {"name": HOSTILE, "heading": HOSTILE, "outcome": "failed", "says": HOSTILE * 100}] * 3000}
    record["failure"]["evidence"] = [HOSTILE * 50] * 5000
    text = folder / "text.png"
    text.write_text("not a picture")
    film = record["machines"][0]
    film["pictures"] = [dict(film["pictures"][0], phase=HOSTILE, text=HOSTILE)] + \
        [{"at": 1e300, "phase": HOSTILE, "file": f} for f in (str(text), "/no/such/file", "", "/proc/self/maps")]
    film["samples"] = [[0, 0, 0, 0, 0], [1e9, 1, 1, 1, 1], [5, -3, None, "x", 1e308], "x"] + film["samples"]
    record["phases"] *= 500
    record["seconds"], record["image"] = -1e300, []
    return record


def huge(folder):
    """A record of an installation that took many times the steps."""
    record = good(folder)
    record["name"] = "a-name-that-goes-on-and-on-" * 8
    record["stages"][1]["why"] = "inputs changed: " + ", ".join(f"linux-image-{n}" for n in range(40))
    record["phases"] *= 60
    return record
