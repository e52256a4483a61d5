#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# reasons.sh PROGRAM: TAP; hosts on which an ordinary user has no sandbox, each a mount namespace with
# one thing changed, and what `PROGRAM print` says there.
set -eu
if [ "$(id -u)" != 0 ]; then
    echo "1..0 # SKIP only root can change what a host has"
    exit
fi
id=61234
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 0711 "$dir"
cp "$1" "$dir/program"
{ cat /etc/passwd; echo "ingot-test:x:$id:$id::/nonexistent:/bin/sh"; } >"$dir/passwd"
echo "ingot-test:700000:65536" >"$dir/subid"
echo "ingot-test:700000:65535" >"$dir/few"
chmod 0644 "$dir/passwd" "$dir/subid" "$dir/few"
cp /usr/bin/newuidmap "$dir/powerless"
chmod 0755 "$dir/powerless"
number=0

# NAME CHANGE EXPECTED: CHANGE is run by root in the namespace, $1 is $dir and $as the way to the user.
reason() {
    number=$((number + 1))
    found=$(unshare --mount sh -euc '
        mount --bind "$1/passwd" /etc/passwd
        mount --bind "$1/subid" /etc/subuid
        mount --bind "$1/subid" /etc/subgid
        as="setpriv --reuid $2 --regid $2 --clear-groups"
        eval "$3"
        exec $as "$1/program" print' sh "$dir" "$id" "$2" 2>&1) || :
    case $found in
    $3) echo "ok $number - $1" ;;
    *) echo "not ok $number - $1"
        echo "# $found" ;;
    esac
}

echo 1..6
reason "nothing changed" : "1: *"
reason "too few sub-UIDs" 'mount --bind "$1/few" /etc/subuid' \
    "0: /etc/subuid gives no 65536 IDs to user ingot-test; *usermod --add-subuids*"
reason "no newuidmap" 'as="$as env PATH=/nowhere"' "0: *not installed: newuidmap; install the package uidmap"
reason "newuidmap without its right" \
    'mount --bind "$1/powerless" /usr/bin/newuidmap; mount --bind "$1/powerless" /usr/bin/newgidmap' \
    "0: *cannot map its sub-UIDs*chmod u+s*"
reason "no new privileges" 'as="$as --no-new-privs"' "0: *cannot map its sub-UIDs*start ingot without*"
# As in a container: what is mounted there, a namespace with fewer rights cannot take away.
reason "masked /proc" 'mount -t tmpfs none /proc/fs' "0: *parts of /proc are masked*systempaths*"
