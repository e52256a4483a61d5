# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# debootstrap's script for any current Debian suite, with three of its slow parts
# replaced. Sourced by debootstrap, whose functions and variables it uses.
mirror_style release
download_style apt
finddebs_style from-indices
variants - buildd fakechroot minbase
keyring /usr/share/keyrings/debian-archive-keyring.gpg

sed -e 's/^work_out_debs ()/di_work_out_debs ()/' \
	-e 's/^second_stage_install ()/di_second_stage_install ()/' \
	"$DEBOOTSTRAP_DIR/scripts/debian-common" >/tmp/debian-common
. /tmp/debian-common
. /ingot/target.sh

each_index() {
	for index in "$TARGET"/var/lib/apt/lists/*_Packages; do
		[ ! -f "$index" ] || "$1" "$index"
	done
}

# The index is fetched in the first format that can be unpacked; unxz takes twice
# as long as gunzip.
in_path() {
	if [ "$1" = unxz ] && grep -q '/Packages\.gz$' "$TARGET"/var/lib/apt/lists/*Release 2>/dev/null; then
		return 1
	fi
	command -v "$1" >/dev/null
}

# debootstrap resolves dependencies by reading the index of all packages again and again,
# 56 MB each time. One pass finds what the base system pulls in; the rest is left out.
shrink_index() {
	mv "$1" "$1.full"
	names=$(grep -F -e 'Package: ' -e 'Depends: ' -e 'Priority: required' \
		-e 'Priority: important' -e 'Essential: yes' "$1.full" |
		awk -v base=1 -v seeds="$ADDITIONAL" -f /ingot/closure.awk)
	"$PKGDETAILS" STANZAS "$1.full" $names >"$1"
}

resolve_deps() {
	cat "$TARGET"/var/lib/apt/lists/*_Packages |
		awk -v seeds="$*" -f /ingot/closure.awk | grep -Fxv usrmerge | sort | tr '\n' ' '
}

# apt finds the whole index, and does not fetch it a second time.
grow_index() {
	[ ! -f "$1.full" ] || mv "$1.full" "$1"
}

# The last line of the answer file for a question is the one that counts.
answer() {
	awk -v question="$1" '$2 == question {
		sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]*/, ""); value = $0
	} END { print value }' /preseed.cfg
}

# What the installer will install with apt, one by one and without recommendations.
foreseen() {
	echo busybox zstd pciutils laptop-detect installation-report
	[ "$(answer debian-installer/locale)" = C ] || echo locales
}

work_out_debs() {
	logger -t ingot "step: index"
	ADDITIONAL="$ADDITIONAL $(foreseen | tr '\n' ' ')"
	# After a crash here we start again, so nothing needs to be ordered or flushed.
	mount -o remount,barrier=0,noauto_da_alloc,commit=600 "$TARGET" || true
	each_index shrink_index
	di_work_out_debs
}

# One wget and one sha256sum for all packages, instead of thirty processes for each.
# Called by debootstrap, which reads on descriptor 5 what could not be fetched.
download_debs() {
	logger -t ingot "step: download"
	from=$1
	index=$2
	shift 2
	dir=var/cache/apt/archives
	leftover=
	"$PKGDETAILS" PKGS "$from" "$index" "$@" >/tmp/debs
	while read -r p ver _ _ fil checksum _; do
		if [ "$ver" = - ]; then
			leftover="$leftover $p"
			continue
		fi
		echo "$from/$fil" >&7
		echo "$checksum  $TARGET/$dir/${fil##*/}" >&8
		echo "$p $ver $from/$fil" >>"$TARGET/debootstrap/deburis"
		echo "$p $dir/${fil##*/}" >>"$TARGET/debootstrap/debpaths"
	done 7>/tmp/debs.urls 8>/tmp/debs.sums </tmp/debs
	mkdir -p "$TARGET/$dir/partial"
	tries=0
	while :; do
		wget -nv -nc -U "debootstrap/$VERSION" -P "$TARGET/$dir" -i /tmp/debs.urls || true
		if sha256sum -c /tmp/debs.sums >/tmp/debs.checked; then
			break
		fi
		tries=$((tries + 1))
		[ "$tries" -lt 5 ] || error 1 COULDNTDL "Couldn't download %s" \
			"$(grep -v ': OK$' /tmp/debs.checked | head -n 3)"
		sed -n 's/: FAILED.*//p' /tmp/debs.checked | while read -r deb; do rm -f "$deb"; done
	done
	echo >&5 "${leftover# }"
}

# The files of packages, in one pass over the list instead of one for each package.
debfor() {
	awk -v wanted="$*" 'BEGIN { n = split(wanted, name, " "); for (i = 1; i <= n; i++) want[name[i]] }
		$1 in want { print $2 }' "$TARGET/debootstrap/debpaths"
}

# Answers for dpkg, which asks nothing: the original fills the pipe byte by byte.
smallyes() {
	printf '%s\n' "$1" "$1" "$1" "$1"
}

# Two at a time: one decompressor leaves a processor idle.
extract() {
	(
		cd "$TARGET" || exit
		set -- $(debfor "$@")
		turn=0
		for deb; do
			turn=$((1 - turn))
			[ "$turn" = 0 ] || extract_deb_data "./$deb"
		done &
		turn=0
		for deb; do
			turn=$((1 - turn))
			[ "$turn" = 1 ] || extract_deb_data "./$deb"
		done
		wait $!
	)
}

# For apt-get.sh: what to install with recommendations, and what not to install at all.
# (Not grub-pc: grub-installer leaves settings for it just before.)
plan_packages() {
	mkdir -p "$TARGET/var/lib/ingot"
	if [ "$(answer popularity-contest/participate)" = false ]; then
		# pkgsel installs it, and then removes it.
		echo popularity-contest >"$TARGET/var/lib/ingot/refused"
	fi
	case $(answer base-installer/install-recommends)/$(answer base-installer/kernel/image) in
	false/* | */ | */none) return 0 ;;
	esac
	echo initramfs-tools os-prober "$(answer base-installer/kernel/image)" \
		"$(answer pkgsel/include)" >"$TARGET/var/lib/ingot/packages"
}

# First called when the core packages have been installed one by one, and are about
# to be unpacked all over again. (Not set before: debootstrap has to feign a dpkg.)
repeatn() {
	echo skip-same-version >"$TARGET/etc/dpkg/dpkg.cfg.d/ingot"
	tries=$1
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
	done
}

second_stage_install() {
	logger -t ingot "step: unpack and configure"
	mkdir -p "$TARGET/etc/dpkg/dpkg.cfg.d"
	echo force-unsafe-io >"$TARGET/etc/dpkg/dpkg.cfg.d/force-unsafe-io"
	# The installer shows no descriptions of packages.
	echo 'Acquire::Languages "none";' >"$TARGET/etc/apt/apt.conf.d/00ingot"
	put_off /usr/sbin/update-initramfs
	put_off /usr/sbin/update-grub
	put_off /usr/sbin/update-ca-certificates
	stand_in /usr/bin/apt-get </ingot/apt-get.sh
	plan_packages
	di_second_stage_install
	rm -f "$TARGET/etc/dpkg/dpkg.cfg.d/ingot"
	each_index grow_index
}
