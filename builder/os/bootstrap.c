/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "os/debian.h"

#include <string.h>

/* ingot's own installer for the Debian family.  The host fetches and verifies packages and
 * unpacks them (rooms media and rootfs).  Then the scripts of kickstart/bootstrap run twice: first
 * they configure the packages with dpkg; on a copy of that base system they apply the recipe.  They
 * run in a machine made from a kernel and busybox of the same archive, or in a sandbox.
 * docs/installers.md lists how the result differs from debian-installer's. */

static const struct debian_source settings[] = {
    {"bootstrap/values.sh", "ingot/values.sh", 0600, template_escape_shell},
    {"bootstrap/settings.sh", "ingot/settings.sh", 0644, NULL},
};
/* What configures packages has these only; system.sh recognises it by that. */
static const struct debian_source base_system_files[] = {
    {"bootstrap/base.sh", "ingot/base.sh", 0644, template_escape_shell},
    {"bootstrap/init.sh", "init", 0755, NULL},
    {"bootstrap/machine.sh", "ingot/machine.sh", 0644, NULL},
    {"bootstrap/namespace.sh", "ingot/namespace.sh", 0644, NULL},
    {"bootstrap/packages.sh", "ingot/packages.sh", 0644, NULL},
    {"bootstrap/system.sh", "ingot/system.sh", 0644, NULL},
    {"debian/target.sh", "ingot/target.sh", 0644, NULL},
};

static GPtrArray *bootstrap_answer(const struct os_answers *a, const char *data_dir, GError **error)
{
    g_autoptr(GHashTable) values = debian_values(a, 1, error);
    GPtrArray *files =
        values ? debian_files(settings, G_N_ELEMENTS(settings), data_dir, values, error) : NULL;
    GPtrArray *more = files ? debian_files(base_system_files, G_N_ELEMENTS(base_system_files),
                                           data_dir, values, error)
                            : NULL;
    if (!more) {
        g_clear_pointer(&files, g_ptr_array_unref);
        return NULL;
    }
    for (guint i = 0; i < more->len; i++)
        ((struct os_file *)g_ptr_array_index(more, i))->base_system = TRUE;
    g_ptr_array_extend_and_steal(files, more);
    return files;
}

/* The console is left for panics; everything else goes to the log channel, whose name depends on
 * the machine (vm/arch.c: a second ISA port, or the only PCI one).  norandmaps: see
 * debian_installer.c. panic=-1: a panic restarts at once, which ends the machine. */
static char *bootstrap_command_line(const struct os_answers *a)
{
    gboolean isa = strcmp(a->serial_name, "ttyS0") == 0;
    return g_strdup_printf(
        "console=%s,115200 rdinit=/init quiet panic=-1 mitigations=off norandmaps "
        "ipv6.disable=1 net.ifnames=0 ingot.log=%s",
        a->serial_name, isa ? "ttyS1" : "ttyS0");
}

/* ---- the packages ---- */

/* What debian-installer's components install beyond a recipe, in the same way: the first without
 * recommendations, the second with them. */
static const char *const plain[] = {"busybox", "locales", "pciutils", "zstd", NULL};
static const char *const wanted[] = {"initramfs-tools", "os-prober", "qemu-guest-agent", NULL};
static const char *const ubuntu_plain[] = {"busybox-initramfs", "locales", "netplan.io", "pciutils",
                                           "systemd-resolved",  "zstd",    NULL};
/* debootstrap leaves it out as well: the new system is made with a merged /usr. */
static const char *const excluded[] = {"usrmerge", NULL};
/* Drivers of the disk and what it is formatted with; one that is built in needs no file. */
static const char *const modules[] = {"virtio_pci", "virtio_blk", "ext4", "virtio_rng", NULL};
static const char *const efi_modules[] = {"virtio_pci", "virtio_blk", "ext4",      "virtio_rng",
                                          "vfat",       "nls_cp437",  "nls_ascii", NULL};

#define DEBIAN_KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"
#define UBUNTU_KEYRING "/usr/share/keyrings/ubuntu-archive-keyring.gpg"

static const struct os_packages table[] = {
    {.family = "debian",
     .arch = "x86_64",
     .keyring = DEBIAN_KEYRING,
     .components = "main",
     .kernel = "linux-image-cloud-amd64",
     .loader = "grub-pc",
     .loader_target = "i386-pc",
     .plain = plain,
     .wanted = wanted,
     .excluded = excluded,
     .env_kernel = "linux-image-cloud-amd64",
     .env_shell = "busybox-static",
     .env_modules = modules},
    {.family = "debian",
     .arch = "aarch64",
     .keyring = DEBIAN_KEYRING,
     .components = "main",
     .kernel = "linux-image-cloud-arm64",
     .loader = "grub-efi-arm64",
     .loader_target = "arm64-efi",
     .efi = TRUE,
     .plain = plain,
     .wanted = wanted,
     .excluded = excluded,
     .env_kernel = "linux-image-cloud-arm64",
     .env_shell = "busybox-static",
     .env_modules = efi_modules},
    {.family = "ubuntu",
     .arch = "x86_64",
     .keyring = UBUNTU_KEYRING,
     .components = "main universe",
     .kernel = "linux-image-virtual",
     .loader = "grub-pc",
     .loader_target = "i386-pc",
     .plain = ubuntu_plain,
     .wanted = wanted,
     .excluded = excluded,
     .env_kernel = "linux-image-virtual",
     .env_shell = "busybox-static",
     .env_modules = modules},
};

static const struct os_packages *packages(const char *family, const char *arch)
{
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (strcmp(table[i].family, family) == 0 && strcmp(table[i].arch, arch) == 0)
            return &table[i];
    return NULL;
}

static const char *bootstrap_kernel_package(const char *family, const char *arch)
{
    const struct os_packages *row = packages(family, arch);
    return row ? row->kernel : NULL;
}

/* ---- its messages ---- */

static const struct os_phase phases[] = {
    {"^ingot: phase: configure", "configure packages", FALSE},
    {"^ingot: phase: finish", "certificates and initramfs", FALSE},
    {"^ingot: phase: settings", "settings", FALSE},
    {"^ingot: phase: boot loader", "locale and boot loader", FALSE},
    {"^ingot: phase: end", "power-off", TRUE},
    {NULL, NULL, FALSE},
};

static const struct os_failure failures[] = {
    {"^ingot: error: (.*)", "\\1", "the lines before it in log.log say why"},
    {"No space left on device", "the disk is full", "raise disk.size in the recipe"},
    {"Out of memory: Killed process \\d+ \\(([^)]+)\\)",
     "the guest ran out of memory (\\1 was killed)", "raise vm.memory in the recipe"},
    {NULL, NULL, NULL},
};

static const struct os_failure console[] = {
    {"Kernel panic - not syncing: (.*)", "the kernel of the installer's machine panicked: \\1",
     NULL},
    {"Out of memory: Killed process \\d+ \\(([^)]+)\\)",
     "the guest ran out of memory (\\1 was killed)", "raise vm.memory in the recipe"},
    {NULL, NULL, NULL},
};

static const char *const families[] = {"debian", "ubuntu", NULL};
static const char *const arches[] = {"x86_64", "aarch64", NULL};
static const char *const filesystems[] = {"ext4", NULL};

const os_installer installer_bootstrap = {
    .name = "bootstrap",
    .heading = "ingot's own: packages unpacked on the host, configured in a small machine or a "
               "namespace",
    .families = families,
    .arches = arches,
    .filesystems = filesystems,
    .packaging = &debian_packaging,
    .packages = packages,
    .kernel_package = bootstrap_kernel_package,
    .base_packages = os_base_packages,
    .memory = G_GUINT64_CONSTANT(768) << 20,
    .namespace_script = "ingot/namespace.sh",
    .answer = bootstrap_answer,
    .command_line = bootstrap_command_line,
    .phases = phases,
    .failures = failures,
    .console = console,
};
