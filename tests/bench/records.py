# SPDX-License-Identifier: GPL-2.0-or-later
"""The peers: one record each, cheap ones first.  Another peer is another record, and its
configuration in config/NAME, in which @WORD@ stands for a word of `words()`."""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import typing
import urllib.parse

import common

HERE = pathlib.Path(__file__).resolve().parent
# What the packages of the recipe recommend, by name for tools that install no recommendations.
RECOMMENDED = ["apparmor", "ca-certificates", "dbus", "dbus-user-session", "libglib2.0-data",
               "libpam-systemd", "ncurses-term", "publicsuffix", "shared-mime-info", "xauth",
               "xdg-user-dirs"]
NETBOOT = "debian-installer-13-netboot-amd64"

TRIXIE_TOOLS = ["mkosi", "systemd-repart", "systemd-container", "udev", "grub-pc-bin", "grub2-common",
                "debian-archive-keyring", "bubblewrap", "uidmap", "mtools", "dosfstools", "e2fsprogs",
                "zstd", "xz-utils", "cpio", "kmod"]


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    title: str
    argv: typing.Callable  # of the words, which have FOLDER (its own) and SCRATCH
    result: str | None     # the file that it leaves, in its folder
    packages: tuple = ()   # what has to be installed on the host; the first has its version
    format: str = "qcow2"  # of the result; "tar" is neither booted nor inspected
    kind: str = "build"    # or "seal": changes or copies an image that another peer made
    prepare: typing.Callable | None = None  # not timed; of the words
    firmware: str | None = None             # other than what a machine has by itself
    loop: bool = False     # needs partitions of loop devices


def words(mirror, plan):
    media, system = plan["media"], plan["system"]
    packages = sorted(set(media["with_dependencies"] + media["with_recommends"] + RECOMMENDED))
    url = urllib.parse.urlsplit(mirror)
    guest = "10.0.2.2" if url.hostname in ("127.0.0.1", "localhost", "::1") else url.hostname
    return {"MIRROR": mirror, "GUEST_HOST": guest + (f":{url.port}" if url.port else ""),
            "GUEST_PATH": url.path, "SUITE": media["suite"], "KERNEL": system["kernel_package"],
            "HOSTNAME": system["hostname"], "LOCALE": system["locale"], "SIZE": "8G",
            "PASSWORD": common.PASSWORD, "EXTRA": os.environ.get("INGOT_TEST_EXTRA", ""),
            "ACCELERATOR": plan["machine"]["accelerator"].split(",")[0],
            "CPU": plan["machine"]["cpu"], "PACKAGES_COMMA": ",".join(packages),
            "PACKAGES_SPACE": " ".join(packages), "PACKAGES_LINES": "\n".join(packages)}


def configure(peer, values):
    """Copies the configuration of a peer into its folder, every word replaced."""
    source, folder = HERE / "config" / peer.name, pathlib.Path(values["FOLDER"])
    if source.is_dir():
        shutil.copytree(source, folder, dirs_exist_ok=True)
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_text(re.sub(r"@([A-Z_]+)@", lambda m: values[m.group(1)], path.read_text()))
    if peer.prepare:
        peer.prepare(values)


def ingot_build(recipe, *options):
    """From nothing: with a cache of its own."""
    def argv(values):
        path = common.recipe(recipe, pathlib.Path(values["FOLDER"]))
        return ["env", f"INGOT_CACHE={values['FOLDER']}/cache", f"INGOT_BENCH_PASSWORD={common.PASSWORD}",
                common.INGOT, "build", "-q", "--no-verify", *options, str(path), "--out",
                values["FOLDER"] + "/out"]
    return argv


def mmdebstrap(values):
    return ["mmdebstrap", "--quiet", "--variant=important", "--include=" + values["PACKAGES_COMMA"],
            values["SUITE"], "debian.tar", values["MIRROR"]]


def debos(*options):
    return lambda values: ["debos", *options, "--artifactdir=" + values["FOLDER"], "debian.yaml"]


def fai(values):
    return ["fai-diskimage", "--verbose", "--cfdir", values["FOLDER"] + "/etc", "--cspace",
            values["FOLDER"], "--hostname", values["HOSTNAME"], "--size", values["SIZE"], "--class",
            "BENCH", "debian.qcow2"]


def netboot_iso(values):
    """Installer and boot loader on a disc as Debian's own mini.iso has them."""
    folder = pathlib.Path(values["FOLDER"])
    disc, tree = folder / "disc", folder / "netboot"
    disc.mkdir()
    subprocess.run(["mmdebstrap", "--quiet", "--variant=extract", "--include=" + NETBOOT,
                    values["SUITE"], str(tree), values["MIRROR"]], check=True, start_new_session=True)
    for name in ("linux", "initrd.gz"):
        shutil.copy(next(tree.glob(f"usr/lib/debian-installer/images/*/*/text/*/amd64/{name}")), disc)
    shutil.rmtree(tree)
    shutil.copy("/usr/lib/ISOLINUX/isolinux.bin", disc)
    shutil.copy("/usr/lib/syslinux/modules/bios/ldlinux.c32", disc)
    (disc / "isolinux.cfg").write_text("prompt 1\nlabel auto\nkernel linux\n"
                                       "append auto=true initrd=initrd.gz ---\n")
    subprocess.run(["genisoimage", "-quiet", "-rational-rock", "-b", "isolinux.bin", "-c", "boot.cat",
                    "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "-o",
                    str(folder / "netboot.iso"), str(disc)], check=True)


def trixie_tools(values):
    """A Debian 13 with mkosi and what it calls, for hosts whose own is older."""
    subprocess.run(["mmdebstrap", "--quiet", "--variant=apt", "--include=" + ",".join(TRIXIE_TOOLS),
                    values["SUITE"], values["FOLDER"] + "/../tools", values["MIRROR"]], check=True,
                   start_new_session=True)


def mkosi_trixie(values):
    """In that Debian 13: it sees the host's devices and network, and of its files its own folder."""
    return ["bwrap", "--bind", values["FOLDER"] + "/../tools", "/", "--dev-bind", "/dev", "/dev",
            "--proc", "/proc", "--bind", "/sys", "/sys", "--tmpfs", "/run", "--tmpfs", "/tmp", "--bind",
            values["FOLDER"], "/work", "--chdir", "/work", "--cap-add", "ALL", "--unshare-pid",
            "--die-with-parent", "--setenv", "PATH", "/usr/sbin:/usr/bin", "mkosi", "build"]


def on_overlay(values):
    common.overlay(pathlib.Path(values["UNSEALED"]), pathlib.Path(values["FOLDER"]) / "image.qcow2")


def copied(compact):
    return lambda values: common.sysprep_copy(values["UNSEALED"], "sealed.qcow2", compact)


def shell(*commands):
    return ["sh", "-ec", "\n".join(" ".join(command) for command in commands)]


GUESTFS = ("guestfs-tools",)
PEERS = [
    Peer("mmdebstrap", "mmdebstrap: a bare tarball, the reference", mmdebstrap, "debian.tar",
         ("mmdebstrap",), "tar"),
    Peer("ingot-namespace", "ingot: bootstrap in a namespace",
         ingot_build("debian-13", "--isolation", "namespace"), "out/debian-13.qcow2"),
    Peer("vmdb2", "vmdb2", lambda values: ["vmdb2", "debian.vmdb", "--output", "debian.img",
                                    "--log=/dev/stderr"],
         "debian.img", ("vmdb2", "kpartx", "parted"), "raw", loop=True),
    Peer("debos", "debos, without its virtual machine", debos("--disable-fakemachine"), "debian.img",
         ("debos", "debootstrap", "parted", "systemd-container", "udev"), "raw", loop=True),
    Peer("fai-diskimage", "fai-diskimage", fai, "debian.qcow2",
         ("fai-server", "fai-setup-storage", "debootstrap"), loop=True),
    Peer("grml-debootstrap", "grml-debootstrap", lambda values: ["bash", "build.sh"], "debian.img",
         ("grml-debootstrap",), "raw", loop=True),
    Peer("mkosi", "mkosi 14", lambda values: ["mkosi", "--force"], "debian.raw",
         ("mkosi", "debootstrap", "dosfstools", "ovmf"), "raw",
         firmware="/usr/share/ovmf/OVMF.fd", loop=True),
    Peer("mkosi-trixie", "mkosi 25, in a Debian 13", mkosi_trixie, "debian.raw",
         ("bubblewrap", "mmdebstrap"), "raw", prepare=trixie_tools),
    Peer("ingot-machine", "ingot: bootstrap in a machine",
         ingot_build("debian-13", "--isolation", "machine"), "out/debian-13.qcow2"),
    Peer("debos-machine", "debos in its virtual machine", debos("--fakemachine-backend=qemu"),
         "debian.img", ("debos", "qemu-system-x86"), "raw"),
    Peer("ingot-installer", "ingot: debian-installer", ingot_build("debian-13-di"),
         "out/debian-13-di.qcow2"),
    Peer("packer", "Packer with debian-installer", lambda values: ["packer", "build", "debian.json"],
         "output/debian.qcow2", ("packer", "mmdebstrap", "isolinux", "syslinux-common", "genisoimage"),
         prepare=netboot_iso),
    Peer("seal-ingot", "ingot sysprep", lambda values: common.sysprep("image.qcow2"), "image.qcow2",
         kind="seal", prepare=on_overlay),
    Peer("seal-ingot-copy", "ingot sysprep --copy", copied("fast"), "sealed.qcow2", kind="seal"),
    Peer("seal-ingot-small", "ingot sysprep --copy --compact small", copied("small"), "sealed.qcow2",
         kind="seal"),
    Peer("virt-sysprep", "virt-sysprep", lambda values: common.virt_sysprep("image.qcow2"),
         "image.qcow2", GUESTFS, kind="seal", prepare=on_overlay),
    Peer("virt-sparsify", "virt-sysprep, then virt-sparsify --compress",
         lambda values: shell(common.virt_sysprep("image.qcow2"),
                              common.virt_sparsify("image.qcow2", "sealed.qcow2", ".")),
         "sealed.qcow2", GUESTFS, kind="seal", prepare=on_overlay),
]
