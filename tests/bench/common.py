# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benches share: the program, recipes of a bench, the machine that boots an image."""
import json
import os
import pathlib
import re
import select
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
INGOT = os.environ.get("INGOT_TEST_PROGRAM", str(ROOT / "ingot"))
PASSWORD = "only-for-the-bench-1"


def recipe(name, into, *lines):
    """Writes a recipe of ours with a root password, and with these keys changed."""
    text = (ROOT / "recipes" / (name + ".yaml")).read_text()
    text += "\nroot:\n  password: ${env:INGOT_BENCH_PASSWORD}\n"
    extra = os.environ.get("INGOT_TEST_EXTRA")
    if extra and re.search(r"(?m)^installer: debian-installer", text):
        text += "extra: |\n" + "".join("  " + line + "\n" for line in extra.split("\n"))
    for key, value in lines:
        text = re.sub(rf"(?m)^{key}:.*$", f"{key}: {value}", text)
        name += "-" + value
    path = into / (name + ".yaml")
    path.write_text(text)
    return path


def plan(name="debian-13"):
    """The plan of a recipe of ours: the machine that this host gets, and every package."""
    said = subprocess.run([INGOT, "plan", "-q", "--format=json", str(ROOT / "recipes" / (name + ".yaml"))],
                          stdout=subprocess.PIPE, check=True)
    return json.loads(said.stdout)


def emulate_if_needed(machine):
    """libguestfs must be told what ingot finds out: that the processor's help does not work."""
    if machine["accelerator"].startswith("tcg"):
        os.environ["LIBGUESTFS_BACKEND_SETTINGS"] = "force_tcg"


def overlay(image, path, image_format="qcow2"):
    path.unlink(missing_ok=True)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", image_format, "-b",
                    str(image), str(path)], check=True)
    return path


def sysprep(image):
    return [INGOT, "sysprep", "-q", "--trust-chain", str(image)]


def sysprep_copy(image, into, compact):
    return [INGOT, "sysprep", "-q", str(image), "--copy", str(into), "--compact", compact]


def virt_sysprep(image):
    return ["virt-sysprep", "-q", "--format", "qcow2", "-a", str(image), "--no-network"]


def virt_sparsify(image, into, scratch):
    return ["virt-sparsify", "-q", "--format", "qcow2", "--convert", "qcow2", "--compress", "--tmp",
            str(scratch), str(image), str(into)]


def machine_argv(disk, machine, firmware):
    argv = ["qemu-system-x86_64", "-machine", "q35", "-accel", machine["accelerator"], "-cpu",
            machine["cpu"], "-smp", "2", "-m", "1024", "-nodefaults", "-display", "none", "-drive",
            f"file={disk},if=virtio,cache=unsafe", "-nic", "user,model=virtio-net-pci", "-device",
            "virtio-rng-pci", "-serial", "stdio"]
    return argv + (["-bios", firmware] if firmware else [])


def boot(image, scratch, machine, image_format="qcow2", firmware=None, limit=600):
    """Boots the image on a throw-away overlay, up to a login prompt on the first serial port.
    Returns the seconds that took, or None, and what the port said last."""
    disk, seen = overlay(image, scratch / "overlay.qcow2", image_format), b""
    began = time.monotonic()
    with subprocess.Popen(machine_argv(disk, machine, firmware), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as qemu:
        while b"login:" not in seen and time.monotonic() - began < limit:
            if select.select([qemu.stdout], [], [], 1)[0]:
                data = os.read(qemu.stdout.fileno(), 4096)
                if not data:
                    break
                seen = (seen + data)[-65536:]
        qemu.kill()
    took = time.monotonic() - began
    disk.unlink()
    return took if b"login:" in seen else None, seen.decode(errors="replace")
