#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""verify_fails.py INGOT SPOIL TEMPLATES NAME: TAP; the verify stage must be able to fail.  A clone
of a template, kept by the tests before this one, gets a baked-in machine-id, an SSH host key, a MAC
address of the build, a swap file and a failing unit: the assertion that is there for each must fail,
and no other.  The root file system of debian-12 grows, and its kernel takes a CPU also when it is
emulated: so nothing at all is skipped but the packages that are not named.  The clone is an overlay
of the template, whose chain verify is asked to trust; a manifest beside it says which systemd it has,
so that the probe of one comes by SMBIOS, and that of the other on the disk."""
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

ingot, spoil, name = sys.argv[1], sys.argv[2], sys.argv[4]
template = pathlib.Path(sys.argv[3]) / f"{name}.qcow2"
EXIT_VERIFY = 11
FAULTS = {"machine-id", "ssh-host-keys", "nic-address", "no-swap", "failed-units"}
# Both clones follow from the machine-id where the DHCP client makes its identity of it.
MAY_FOLLOW = {"dhcp-identity"}
SKIPPED = {"debian-12": {"packages-run"}, "debian-13": {"packages-run", "root-grown"}}
EMULATED = {"debian-12": set(), "debian-13": {"hotplug-cpu"}}  # what else may be skipped
DISK = {"debian-12": ["--disk-size", "12GiB"], "debian-13": []}
SYSTEMD = {"debian-12": "252.39-1~deb12u1", "debian-13": "257.9-1~deb13u1"}
PROBE = {"debian-12": "disk", "debian-13": "SMBIOS"}


def manifest(image):
    """What a build would have written."""
    disk = {"file": image.name, "sha256": hashlib.sha256(image.read_bytes()).hexdigest()}
    return json.dumps({"outputs": [{"format": "qcow2", "files": [disk]}],
                       "os": {"packages": [{"name": "systemd", "version": SYSTEMD[name]}]}})


def tell(number, good, what, more=""):
    print(f"{'' if good else 'not '}ok {number} - {what}")
    for line in more.splitlines() if not good else []:
        print("# " + line)


print("1..6")
if not template.exists():
    for n in range(1, 7):
        print(f"ok {n} # SKIP the template of {name} is not there")
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="ingot-verify-", dir="/var/tmp") as top:
    folder = pathlib.Path(top)
    image, key, junit = folder / "spoiled.qcow2", folder / "key", folder / "verify.xml"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(template),
                    str(image)], check=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "spoiled", "-f", str(key)],
                   check=True)
    subprocess.run([spoil, str(image), str(key)], check=True)
    image.with_suffix(".json").write_text(manifest(image))
    run = subprocess.run([ingot, "verify", str(image), "--format", "json", "--junit", str(junit),
                          "--trust-chain", *DISK[name]],
                         text=True, capture_output=True, check=False)
    tell(1, run.returncode == EXIT_VERIFY, f"ends with {EXIT_VERIFY}",
         f"it ended with {run.returncode}\n{run.stderr}")
    result = json.loads(run.stdout) if run.stdout.startswith("{") else {}
    assertions = result.get("assertions", [])
    failed = {a["name"]: a["says"] for a in assertions if a["outcome"] == "failed"}
    tell(2, FAULTS <= set(failed), "each fault fails its assertion", json.dumps(failed, indent=1))
    tell(3, set(failed) <= FAULTS | MAY_FOLLOW and len(assertions) > 20,
         "nothing else fails", json.dumps(result, indent=1))
    cases = {c.get("name") for c in ET.parse(junit).getroot().iter("testcase")
             if c.find("failure") is not None} if junit.exists() else set()
    tell(4, cases == set(failed), "the JUnit report says the same", str(cases))
    skipped = {a["name"] for a in assertions if a["outcome"] == "skipped"}
    tell(5, skipped - EMULATED[name] == SKIPPED[name], "what can be asked is not skipped", str(skipped))
    tell(6, result.get("probe") == PROBE[name], f"the probe comes by {PROBE[name]}", str(result.get("probe")))
    for fault, says in failed.items():
        print(f"# {fault}: {says}")
