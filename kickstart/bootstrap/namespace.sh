#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
# The first program of the sandbox (builder/sandbox) in which the new system is the root directory,
# so its own shell and programs do the work, and the files of ingot are below /run. There is no disk:
# ingot makes one later, of the files in here; its file system will have the UUID $root_uuid.
ingot=${0%/*}
target=
umask 022
chmod 1777 /run /tmp

die() {
	echo "ingot: error: $*"
	exit 1
}

. "$ingot/system.sh"
root=${disk}1

uuid_of() {
	echo "$root_uuid"
}

# ---- the boot loader: what grub-install does to the files, and no disk ----

# What grub-mkconfig asks about the disk.
answer_grub_probe() {
	stand_in /usr/sbin/grub-probe <<X
#!/bin/sh
while [ \$# -gt 0 ]; do
	case \$1 in
	--target=*) what=\${1#--target=} ;;
	-t | --target)
		what=\$2
		shift
		;;
	esac
	shift
done
case \$what in
device) echo ${disk}1 ;;
disk) echo $disk ;;
fs) echo ext2 ;;
fs_uuid) echo $root_uuid ;;
partmap) echo msdos ;;
drive | *_hint | *_hints | hints_string) ;; # of a virtio disk it knows none
abstraction | cryptodisk_uuid | partuuid | fs_label) ;;
*) exit 1 ;;
esac
X
	# The root directory is not that of a mounted file system: this would name its place on the host.
	stand_in /usr/bin/grub-mkrelpath <<'X'
#!/bin/sh
for path; do :; done
echo "$path"
X
}

# The files of util/grub-install-common.c, grub_install_copy_files; and core.img, whose prefix is a
# partition of the disk that it is on.  ingot writes both images into the disk.
install_boot_loader() {
	from=$target/usr/lib/grub/$grub_target
	to=$target/boot/grub/$grub_target
	mkdir -p "$to" "$target/boot/grub/fonts" "$target/boot/grub/locale"
	cp "$from"/*.mod "$from/boot.img" "$to" || return 1
	for data in moddep.lst command.lst fs.lst partmap.lst parttool.lst video.lst crypto.lst \
		terminal.lst modinfo.sh efiemu32.o efiemu64.o; do
		[ ! -e "$from/$data" ] || cp "$from/$data" "$to" || return 1
	done
	chmod 644 "$to"/*
	cp "$target/usr/share/grub/unicode.pf2" "$target/boot/grub/fonts" || return 1
	for language in "$target"/usr/share/locale/*/LC_MESSAGES/grub.mo; do
		[ -e "$language" ] || continue
		name=${language%/LC_MESSAGES/grub.mo}
		cp "$language" "$target/boot/grub/locale/${name##*/}.mo" || return 1
	done
	in_target grub-editenv /boot/grub/grubenv create || return 1
	in_target grub-mkimage --directory="/usr/lib/grub/$grub_target" --format="$grub_target" \
		--prefix='(,msdos1)/boot/grub' --output="/boot/grub/$grub_target/core.img" \
		ext2 part_msdos biosdisk || return 1
	answer_grub_probe
	mkdir -p /dev/disk/by-uuid
	: >"/dev/disk/by-uuid/$root_uuid"
}

forget_boot_loader() {
	[ -e "$target/usr/sbin/grub-probe.ingot" ] || return 0
	restore /usr/sbin/grub-probe
	restore /usr/bin/grub-mkrelpath
}

forbid_services
work
forget_boot_loader
permit_services
phase end
