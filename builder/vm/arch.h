/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* What differs between guest architectures, as data.  Private to the room. */

/* How a guest is emulated on a host. */
struct vm_tcg {
    const char *host; /* uname(2) machine; NULL: any other */
    const char *option, *cpu;
};

struct vm_arch {
    const char *name;            /* as recipes say it: "x86_64" */
    const char *qemu;            /* the program */
    const char *package;         /* of the host that has it, for the remedy */
    const char *machine;         /* -machine: an alias of the newest version */
    const char *console;         /* Linux's name of the board's own serial port */
    gboolean cpu_hotplug;        /* the machine takes CPUs while it runs */
    const char *serial;          /* driver of the second channel; the first is the board's own */
    const char *kernel_firmware; /* the kind that starts a kernel; NULL: QEMU does */
    const char *cdrom;           /* driver of a CD drive */
    const char *cdrom_host;      /* -device that it needs; NULL: the machine has it */
    const char *cdrom_bus;       /* the bus of a drive, without its number */
    const char *const *devices;  /* -device: screen, keyboard, panic notifier; NULL-terminated */
    struct vm_tcg tcg[2];        /* the second has no host: it is for all others */
    const char *const *kvm_cpus; /* -cpu values to try in this order; NULL: no probe is known */
};

/* The PCI Express ports of a machine with hotplug. */
#define VM_PORT_DISK "hotplug-disk"
#define VM_PORT_NIC  "hotplug-nic"

/* NULL when the architecture is not known. */
const struct vm_arch *vm_arch_find(const char *name);

/* The machine's own copy of its UEFI variables: where vm_argv has it for the same arguments; owned
 * by the caller. */
struct vm_spec;
char *vm_variables_path(const struct vm_spec *spec, const char *dir);

/* For the host that this runs on. */
const struct vm_tcg *vm_arch_tcg(const struct vm_arch *arch);

/* Whether the guest's instructions are the host's. */
gboolean vm_arch_is_host(const struct vm_arch *arch);

/* The concrete machine type that arch->machine, an alias, stands for in this host's QEMU:
 * "pc-q35-7.2".  Owned by the caller; errors as of vm_arch_qemu. */
char *vm_arch_machine(const struct vm_arch *arch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same in what "-machine help" says. */
char *vm_arch_alias(const char *help, const char *alias);

/* The path of the program; NULL with INGOT_EXIT_HOST when it is not there.  Owned by caller. */
char *vm_arch_qemu(const struct vm_arch *arch, GError **error) G_GNUC_WARN_UNUSED_RESULT;
