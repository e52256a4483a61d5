#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kickstart/debian-installer/net-retriever.sh with an index of the test's own.  $1: the source directory.
set -u
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
mkdir "$top/bin"
sed "s|^/ingot/net-retriever.di|$top/bin/real|" "$1/kickstart/debian-installer/net-retriever.sh" \
    >"$top/net-retriever" || exit 1
printf '#!/bin/sh\nexit 0\n' >"$top/bin/real"
printf '#!/bin/sh\necho 6.12.117+deb13-amd64\n' >"$top/bin/uname"
printf '#!/bin/sh\nshift 2\necho "$*" >>"%s/said"\n' "$top" >"$top/bin/logger"
chmod 755 "$top/bin/"*
PATH=$top/bin:$PATH
number=0

# What is logged for an index with modules of these kernels has to be the first argument.
expect() {
    want=$1 what=$2
    shift 2
    number=$((number + 1))
    : >"$top/said"
    printf 'Package: lvm2-udeb\nVersion: 1\n\nPackage: anna\nVersion: 1\n' >"$top/index"
    for kernel; do
        printf '\nPackage: ext4-modules-%s-di\nVersion: 1\nKernel-Version: %s\n' "$kernel" "$kernel" \
            >>"$top/index"
    done
    sh "$top/net-retriever" packages "$top/index"
    said=$(cat "$top/said")
    if [ "$said" = "$want" ] && grep -q '^Package: anna$' "$top/index" &&
        ! grep -q lvm2 "$top/index"; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        echo "# said '$said', expected '$want'"
    fi
}

echo 1..4
expect "" "modules of the running kernel" 6.12.107+deb13-amd64 6.12.117+deb13-amd64
expect "kernel modules: of 6.12.117+deb13-amd64: none; of others: 6.12.107+deb13-amd64" \
    "modules of another" 6.12.107+deb13-amd64 6.12.107+deb13-amd64
expect "kernel modules: of 6.12.117+deb13-amd64: none; of others: none" "no modules"
# The dots are no wildcards.
expect "kernel modules: of 6.12.117+deb13-amd64: none; of others: 6x12.117+deb13-amd64" \
    "nearly the same" 6x12.117+deb13-amd64
