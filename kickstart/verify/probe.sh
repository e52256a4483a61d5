#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Answers ingot's questions about a clone over a virtio serial port: a line is a question, the
# answer is lines KEY=VALUE and then "end".  POSIX sh, with what a small system has.
LC_ALL=C
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
port=/dev/virtio-ports/org.ingot.verify

say() {
    printf '%s=%s\n' "$1" "$2"
}

first_word() {
    read -r word _ && printf '%s' "$word"
}

# After this, whatever follows from adding or removing a device is done.
settle() {
    command -v udevadm >/dev/null && udevadm settle --timeout=60
}

# Waits until the boot has finished.
booted() {
    say state "$(timeout "${1:-600}" systemctl is-system-running --wait 2>/dev/null)"
    say multi-user "$(systemctl is-active multi-user.target 2>/dev/null)"
    systemctl --failed --plain --no-legend 2>/dev/null | while read -r unit _; do
        say failed "$unit"
    done
    systemctl list-jobs --plain --no-legend 2>/dev/null | head -n 20 | while read -r _ unit kind state; do
        say job "$unit ($kind, $state)"
    done
}

identity() {
    say machine-id "$(cat /etc/machine-id 2>/dev/null)"
    say boot-id "$(cat /proc/sys/kernel/random/boot_id)"
    say hostname "$(cat /proc/sys/kernel/hostname)"
    for seed in /var/lib/systemd/random-seed /var/lib/urandom/random-seed /var/lib/seedrng/seed.*; do
        [ -s "$seed" ] && say seed "$(sha256sum <"$seed" | first_word)"
    done
    [ -x /usr/sbin/sshd ] && say sshd yes
    for key in /etc/ssh/ssh_host_*_key.pub; do
        [ -s "$key" ] && say host-key "$(ssh-keygen -l -f "$key" 2>/dev/null | cut -d ' ' -f 2,4)"
    done
    nics
}

nics() {
    for nic in /sys/class/net/*; do
        [ -e "$nic/device" ] && say nic "${nic##*/} $(cat "$nic/address")"
    done
}

disks() {
    for disk in /sys/block/*; do
        [ -e "$disk/device" ] && say disk "${disk##*/} $(cat "$disk/size")"
    done
}

# A file system is counted once, however often it is mounted.
storage() {
    grep '^/dev/' /proc/mounts | sort -u -k 1,1 | while read -r device folder type _; do
        say mount "$device $folder $type"
    done
    tail -n +2 /proc/swaps | while read -r swap _; do say swap "$swap"; done
    # all blocks, and the size of one
    say root "$(stat -f -c '%b %S' / 2>/dev/null)"
    disks
}

processors() {
    say possible "$(cat /sys/devices/system/cpu/possible)"
    say online "$(grep -c '^processor' /proc/cpuinfo)"
    for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
        [ -d "$cpu" ] && say cpu "${cpu##*/} $(cat "$cpu/online" 2>/dev/null || echo 1)"
    done
}

memory() {
    while read -r key value _; do
        [ "$key" = MemTotal: ] && say memory "$value"
    done </proc/meminfo
}

files_of() {
    if command -v dpkg-query >/dev/null; then
        dpkg-query -L "$1"
    elif command -v rpm >/dev/null; then
        rpm -ql "$1"
    elif command -v apk >/dev/null; then
        apk info -q -L "$1" | sed 's,^,/,'
    fi 2>/dev/null
}

# Whether the loader can start the programs of a package: a program that is missing or lacks a
# library exits with 126 or 127, one that crashes with more.
run_package() {
    package=$1
    verdict="has no programs"
    programs=$(files_of "$package" | grep -E '^(/usr)?/s?bin/[^/]+$' | head -n 3)
    for program in $programs; do
        [ -x "$program" ] || continue
        timeout 60 "$program" --version </dev/null >/dev/null 2>&1
        status=$?
        if [ "$status" -ge 124 ]; then
            verdict="$program ends with $status"
            break
        fi
        verdict=runs
    done
    say package "$package $verdict"
}

# Files that contain one of these texts.
search() {
    patterns=
    for text in "$@"; do patterns="$patterns -e $text"; done
    # shellcheck disable=SC2086
    grep -rliF -s --devices=skip $patterns /etc /root /home /var/lib /var/log /var/cache 2>/dev/null |
        grep -v '^/etc/ingot-verify/' | head -n 20 | while read -r file; do say found "$file"; done
}

answer() {
    case $1 in
    booted) booted "$2" ;;
    facts)
        identity
        storage
        processors
        memory
        say kernel "$(uname -r)"
        say time "$(date +%s)"
        ;;
    run)
        shift
        for name in "$@"; do run_package "$name"; done
        ;;
    search)
        shift
        search "$@"
        ;;
    devices)
        settle
        processors
        memory
        nics
        disks
        ;;
    reboot) systemctl --no-block reboot ;;
    *) say error "unknown question" ;;
    esac
}

modprobe virtio_console 2>/dev/null
settle
exec 3<>"$port" || exit 1
printf 'hello=1\nend\n' >&3
# shellcheck disable=SC2086 # a question is words
while read -r question <&3; do
    { answer $question; echo end; } >&3 2>/dev/null
done
