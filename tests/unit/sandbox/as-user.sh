#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# as-user.sh PROGRAM: runs a test program as an ordinary user with sub-UIDs.  When root starts it, the
# user and the sub-UIDs are in files that only a mount namespace has, so that nothing is left behind.
set -eu
[ "$(id -u)" = 0 ] || exec "$1"
id=61234
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 0711 "$dir"
{ cat /etc/passwd; echo "ingot-test:x:$id:$id::/nonexistent:/bin/sh"; } >"$dir/passwd"
echo "ingot-test:700000:65536" >"$dir/subid"
chmod 0644 "$dir/passwd" "$dir/subid"
# The build may lie where only root may go.
mkdir "$dir/sandbox"
cp "$1" "$dir/program"
cp "$(dirname "$1")/sandbox/hostile" "$dir/sandbox/hostile"
install -d -m 0700 -o "$id" -g "$id" "$dir/tmp"
export TMPDIR="$dir/tmp" HOME=/nonexistent
unshare --mount sh -euc '
    mount --bind "$1/passwd" /etc/passwd
    mount --bind "$1/subid" /etc/subuid
    mount --bind "$1/subid" /etc/subgid
    exec setpriv --reuid "$2" --regid "$2" --clear-groups "$1/program"' sh "$dir" "$id"
