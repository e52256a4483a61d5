#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kickstart/debian-installer/apt-get.sh with an apt-get and a dpkg-query that only write down what
# they were asked.  $1: the source directory.
set -u
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
mkdir "$top/bin" "$top/state" "$top/etc"
sed -e "s|^real=.*|real=$top/bin/real|" -e "s|^state=.*|state=$top/state|" \
    -e "s|/etc/|$top/etc/|g" "$1/kickstart/debian-installer/apt-get.sh" >"$top/apt-get" || exit 1
mkdir -p "$top/etc/apt/sources.list.d"
cat >"$top/bin/real" <<X
#!/bin/sh
echo "\$*" >>"$top/asked"
[ ! -e "$top/broken" ] || exit 100
for word; do
    case \$word in -* | *=* | install) ;; *) echo "\$word" >>"$top/there" ;; esac
done
X
cat >"$top/bin/dpkg-query" <<X
#!/bin/sh
shift 3
for name; do
    grep -qx -- "\$name" "$top/there" || exit 1
    echo installed
done
X
printf '#!/bin/sh\nexit 0\n' >"$top/bin/logger"
chmod 755 "$top/bin/"*
PATH=$top/bin:$PATH

begin() {
    : >"$top/asked"
    : >"$top/there"
    rm -f "$top/state/"* "$top/etc/kernel-img.conf" "$top/broken"
}

# Runs apt-get; then "asked" has what reached the real one, "status" how it ended.
apt_get() {
    : >"$top/asked"
    sh "$top/apt-get" "$@"
    status=$?
    asked=$(cat "$top/asked")
}

count=0
is() {
    count=$((count + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        printf '# wanted: %s\n# got:    %s\n' "$3" "$2"
    fi
}

begin
echo "deb http://a/debian trixie main" >"$top/etc/apt/sources.list"
apt_get update
is "the first update is a real one" "$asked" "update"
apt_get update
is "the same archives are not asked twice" "$asked/$status" "/0"
echo "deb http://a/debian trixie contrib" >>"$top/etc/apt/sources.list"
apt_get update
is "other archives are asked" "$asked" "update"
echo "deb http://b/debian trixie main" >"$top/etc/other"
apt_get -o "Dir::Etc::sourcelist=$top/etc/other" update
is "a list of sources on the command line counts" "$asked" \
    "-o Dir::Etc::sourcelist=$top/etc/other update"

begin
echo kernel vim wget >"$top/state/packages"
apt_get -q -y --no-remove install busybox
is "before the kernel is set up, one by one" "$asked" "-q -y --no-remove install busybox"
: >"$top/etc/kernel-img.conf"
apt_get -q -y install busybox
is "what is there is not asked for" "$asked/$status" "/0"
apt_get -q -y install wget -o APT::Status-Fd=4
is "then all at once" "$asked" \
    "-q -y -o APT::Status-Fd=4 -q -y --no-remove -o APT::Install-Recommends=true install kernel vim wget"
apt_get -q -y install -- vim kernel
is "and nothing after it" "$asked/$status" "/0"
apt_get -q -y install tree
is "what was not foreseen is installed" "$asked" "-q -y install tree"
apt_get install vim=2.0
is "a version is for the real one" "$asked" "install vim=2.0"
apt_get clean
is "other commands are for the real one" "$asked" "clean"

begin
echo kernel vim >"$top/state/packages"
: >"$top/etc/kernel-img.conf"
: >"$top/broken"
apt_get install vim
is "when all at once fails, the call itself is made" "$(tail -n 1 "$top/asked")/$status" \
    "install vim/100"
rm "$top/broken"
apt_get install vim
is "and it is not tried again" "$asked" "install vim"

begin
echo popularity-contest >"$top/state/refused"
apt_get -q -y install popularity-contest
is "what would be removed again is refused" "$asked/$status" "/1"
echo "1..$count"
