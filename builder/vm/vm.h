/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/firmware.h"
#include "base/progress.h"

#include <gio/gio.h>

/* QEMU: its argv, which accelerator really works, and the channels to a running one.  Knows nothing
 * of operating systems. */

/* ---- the accelerator ---- */

struct vm_accel {
    gboolean kvm;   /* else TCG */
    char *reason;   /* one sentence: what was tried and what happened */
    char *cpu;      /* -cpu value that works with it */
    char *option;   /* -accel value */
    double seconds; /* what the probe took; 0: the kept answer was used */
};
void vm_accel_clear(struct vm_accel *accel);

/* Runs code in a guest under KVM (when the arch is the host's and /dev/kvm opens), in under two
 * seconds, and keeps the answer in cache_dir for this boot of the host (boot_id) and this QEMU.
 * again: do not read the kept answer.  Fails only when QEMU itself is not there
 * (INGOT_EXIT_HOST). */
gboolean vm_accel_probe(const char *arch, const char *cache_dir, gboolean again,
                        GCancellable *cancel, struct vm_accel *accel,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes what probes of earlier versions that were killed have left in cache_dir. */
void vm_probe_clear_dead(const char *cache_dir);

/* The version of the host's QEMU ("7.2.22 (Debian …)"), or NULL; owned by the caller. */
char *vm_qemu_version(void);

/* ---- the firmware ---- */

/* The firmware descriptors of this host and of ingot (QEMU's docs/interop/firmware.json), read. */
typedef struct vm_firmware_list vm_firmware_list;

/* Reads DATA_DIR/firmware, /usr/share/qemu/firmware, /etc/qemu/firmware and
 * $XDG_CONFIG_HOME/qemu/firmware.  Never fails: what cannot be read is in the problems.  The caller
 * owns it. */
vm_firmware_list *vm_firmware_list_read(const char *data_dir);
void vm_firmware_list_free(vm_firmware_list *all);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(vm_firmware_list, vm_firmware_list_free)

/* A sentence for each file that is not used because it is broken; NULL-terminated. */
const char *const *vm_firmware_list_problems(const vm_firmware_list *all);

/* One of them, for a machine.  Counted references. */
typedef struct vm_firmware {
    char *description;
    char *descriptor; /* the file that says the rest */
    char *executable; /* the image */
    char *executable_format;
    char *variables; /* empty ones, of which each machine gets a copy; NULL: executable is mapped
                        into memory, else both into flash memories */
    char *variables_format;
    gboolean smm; /* needs a machine with System Management Mode */
} vm_firmware;
vm_firmware *vm_firmware_ref(vm_firmware *firmware); /* NULL stays NULL */
void vm_firmware_unref(vm_firmware *firmware);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(vm_firmware, vm_firmware_unref)

/* The first that fits machines of the architecture and whose files are there.  Error:
 * INGOT_EXIT_HOST, with what was looked for, where, and the package that brings it.  The caller
 * owns a reference. */
vm_firmware *vm_firmware_choose(const vm_firmware_list *all, const char *arch,
                                const struct firmware_kind *kind,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The kind that starts a kernel which QEMU is given; NULL: QEMU does that itself. */
const struct firmware_kind *vm_kernel_firmware(const char *arch);

/* ---- the machine ---- */

struct vm_spec {
    char *name;
    char *arch;
    struct vm_accel accel;
    guint cpus;
    guint64 memory;                       /* bytes */
    char *disk;                           /* qcow2 file; NULL: no disk */
    char *kernel, *initrd, *command_line; /* that QEMU starts; NULL: the firmware boots */
    gboolean network;                     /* user network with one virtio NIC */
    char *cdrom;           /* ISO image or drive that is booted before the disk; NULL: none */
    char *seed;            /* a second CD, which is only read; NULL: none */
    vm_firmware *firmware; /* NULL: only with a kernel, where vm_kernel_firmware has none */
    /* Of machines that are looked at while they run; all may be left out. */
    char *mac;       /* of that NIC; NULL: the first of vm_macs() */
    gboolean closed; /* the user network answers DHCP and lets nothing out (qemu(1), restrict=on) */
    char *capture;   /* file that gets what passes the NIC, pcap(5) */
    char *port;      /* name of a virtio serial port: the channel VM_PORT */
    gboolean hotplug;      /* room for one more CPU, a disk and a NIC, and a memory balloon */
    gboolean restarts;     /* the guest may restart; else that ends QEMU */
    char **oem_strings;    /* files, each with one text without NULs that the guest finds in SMBIOS
                              (VM_OEM_MOST bytes in all); NULL: none */
    const secrets *hidden; /* masked in the logs and on the relayed console; NULL: none */
};
void vm_spec_clear(struct vm_spec *spec);

/* SMBIOS 2.1 counts the bytes of all tables in 16 bits (SMBIOS 3.7, 5.2.1), and QEMU's own are a
 * few hundred. */
#define VM_OEM_MOST (60u << 10)

/* The argv of QEMU, NULL-terminated, owned by the caller (g_ptr_array with free func).  spec->arch
 * is one that vm_accel_probe knows.  dir is where the channels' Unix sockets are: console, log, qmp
 * (ingot listens, QEMU connects) and vnc (QEMU listens); the machine waits for QMP's "cont".  dir
 * NULL: for a script that a person runs: console on standard input and output, the log channel into
 * the file NAME.log, VNC on a socket in the working directory. */
GPtrArray *vm_argv(const struct vm_spec *spec, const char *dir);

/* The -cpu value that is fastest to emulate for guests of the host's own architecture; NULL:
 * nothing better than QEMU's own choice is known.  Borrowed. */
const char *vm_emulated_cpu(void);

/* The MAC addresses that vm_argv gives to network cards, which no image may remember;
 * NULL-terminated. */
const char *const *vm_macs(void);

/* What Linux calls the port of the console in that architecture's machine: "ttyS0"; NULL: not
 * known. */
const char *vm_console_name(const char *arch);

/* The same as a POSIX shell script; owned by the caller. */
char *vm_script(const struct vm_spec *spec);

/* The address under which a guest on the user network reaches the host's loopback (QEMU's slirp).
 */
#define VM_HOST_ADDRESS "10.0.2.2"
/* A URL as the guest must write it: a loopback host becomes VM_HOST_ADDRESS (which QEMU connects to
 * 127.0.0.1).  Owned by caller. */
char *vm_guest_url(const char *url);

/* ---- a running one ---- */

typedef struct vm vm;

enum vm_channel { VM_CONSOLE, VM_LOG, VM_PORT };

/* All are called from the main loop's thread, in its default context.  NULL: not wanted. */
struct vm_events {
    /* Bytes from a serial channel, as they come. */
    void (*data)(vm *machine, enum vm_channel channel, const char *bytes, gsize length,
                 gpointer user);
    /* A QMP event: "SHUTDOWN", "GUEST_PANICKED", "RESET", … with its reason or "". */
    void (*event)(vm *machine, const char *name, const char *reason, gpointer user);
    /* QEMU is gone, with its exit status or 128 and a signal's number; nothing is called after
     * this. */
    void (*gone)(vm *machine, int exit_status, gpointer user);
    gpointer user;
};

/* Starts QEMU with its channels connected before the guest's first instruction.  dir: a private
 * directory with a short name (files_runtime_dir); log_dir: serial logs are written there as
 * console.log, log.log and port.log, and what QEMU itself says as qemu.log.  The console is also
 * relayed: dir/attach is a Unix socket that any number of people can connect to (ingot console).
 * The caller owns the vm. */
vm *vm_start(const struct vm_spec *spec, const char *dir, const char *log_dir,
             const struct vm_events *events, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Kills QEMU when it is still there and waits for its end; frees.  Not from inside an event. */
void vm_free(vm *machine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(vm, vm_free)

gboolean vm_write(vm *machine, enum vm_channel channel, const char *bytes, gsize length,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the guest: ACPI power button when gentle, else QEMU's quit. */
gboolean vm_stop(vm *machine, gboolean gentle, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the guest has moved since its start.  QEMU counts no bytes for a user network, so these are
 * packets, of the first NIC. */
struct vm_counters {
    guint64 disk_read, disk_written; /* bytes */
    guint64 received, sent;          /* packets; 0 before QEMU 7.2, which does not report them */
};
gboolean vm_counters(vm *machine, struct vm_counters *counters,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stops the guest's processors, and lets them go on. */
gboolean vm_pause(vm *machine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vm_continue(vm *machine, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The screen as a PNG file (QMP screendump). */
gboolean vm_screenshot(vm *machine, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

const char *vm_dir(const vm *machine);
GPid vm_pid(const vm *machine);

/* ---- what is added to a running one, whose spec has hotplug ---- */

/* Whether a CPU can be added to a running machine of this architecture. */
gboolean vm_can_add_cpu(const char *arch);

/* Errors of all: QEMU's own words, INGOT_EXIT_HOST.  That the guest makes use of it has to be asked
 * there. */
gboolean vm_add_cpu(vm *machine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vm_add_disk(vm *machine, const char *disk, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vm_add_nic(vm *machine, const char *mac, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a BLOCK_IO_ERROR of that reason means, as a sentence, and in *remedy what to do; both owned
 * by the caller. */
char *vm_disk_fault(const char *reason, const char *disk, char **remedy);

/* Asks the guest to leave itself so many bytes, and how many it has left itself. */
gboolean vm_balloon(vm *machine, guint64 bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean vm_balloon_now(vm *machine, guint64 *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- disks ---- */

/* What QEMU calls the format of the disks that ingot makes: machines, libguestfs and overlays have
 * no other on top. */
#define VM_DISK_FORMAT "qcow2"

/* A new disk (qemu-img create); backing NULL: empty, of size bytes; else an overlay of such a disk,
 * which can be moved together with a backing file that is beside it, of size bytes (0: as large as
 * that). */
gboolean vm_disk_create(const char *path, guint64 size, const char *backing, GCancellable *cancel,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What an overlay lies on. */
struct vm_backing {
    const char *name;   /* a path, or what else QEMU calls it */
    const char *format; /* QEMU's name for it: never guessed, since a guest has written the bytes */
};

/* The overlay on a disk of any format. */
gboolean vm_disk_overlay(const char *path, guint64 size, const struct vm_backing *backing,
                         GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Says that an overlay is one of base from now on, which must hold the same disk (qemu-img rebase
 * -u): neither is read.  The name is written into it to the letter. */
gboolean vm_disk_rebase(const char *overlay, const struct vm_backing *base, GCancellable *cancel,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The overlay on what QEMU calls by that name, a path or "json:…" (qemu(1), "-blockdev"); it is
 * written into the overlay to the letter. */
gboolean vm_disk_create_on(const char *path, guint64 size, const struct vm_backing *base,
                           GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
