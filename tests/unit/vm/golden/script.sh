#!/bin/sh
# The virtual machine of this build.  The console is here: Ctrl-A X ends it,
# Ctrl-A C is QEMU's monitor.
exec qemu-system-x86_64 \
    -name debian-13 \
    -no-user-config \
    -nodefaults \
    -display none \
    -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \
    -machine q35 \
    -accel tcg,thread=multi,tb-size=512 \
    -cpu max,-cx16 \
    -smp 2 \
    -m 1024M \
    -no-reboot \
    -kernel /cache/linux \
    -initrd /cache/initrd.gz \
    -append 'say='\''it works'\'' $HOME' \
    -blockdev driver=qcow2,node-name=disk0,discard=unmap,detect-zeroes=unmap,cache.direct=off,cache.no-flush=on,file.driver=file,file.discard=unmap,file.cache.direct=off,file.cache.no-flush=on,file.filename=/cache/disk.qcow2 \
    -device virtio-blk-pci,id=disk0,drive=disk0 \
    -netdev user,id=net0,ipv6=off \
    -device virtio-net-pci,id=net0,netdev=net0,mac=52:54:00:69:6e:67,romfile= \
    -object rng-builtin,id=rng0 \
    -device virtio-rng-pci,rng=rng0 \
    -device VGA \
    -device pvpanic \
    -chardev stdio,id=console,mux=on,signal=off \
    -serial chardev:console \
    -mon chardev=console,mode=readline \
    -chardev file,id=log,path=debian-13.log \
    -device isa-serial,chardev=log \
    -vnc unix:debian-13.vnc
