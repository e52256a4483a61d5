/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image into facts.  Each image gets an appliance of its own: two disks of one template have the
 * same UUIDs and volume names, and a hostile file system that breaks its appliance can then say
 * nothing about the other image. */
#include "inspect/snapshot.h"

#include "base/error.h"
#include "base/gpt.h"

#include <string.h>

#define MARKS_LIMIT  (16ll << 20) /* bytes of /var/lib/apt/extended_states */
#define LOADER_LIMIT 64u          /* entries of the Boot Loader Specification */

/* ---- the disk ---- */

static const char *gpt_word(const char *type)
{
    static const char *const words[][2] = {
        {GPT_BIOS_BOOT, "BIOS boot"},         {GPT_ESP, "EFI system"},
        {GPT_EXTENDED_BOOT, "extended boot"}, {GPT_SWAP, "swap"},
        {GPT_LINUX_DATA, "Linux data"},       {GPT_ROOT_X86_64, "Linux root x86-64"},
        {GPT_ROOT_ARM64, "Linux root arm64"}, {GPT_LVM, "Linux LVM"}};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(type, words[i][0]) == 0)
            return words[i][1];
    return type;
}

static char *partition_type(const struct guest_partition *partition)
{
    if (partition->mbr_type >= 0)
        return g_strdup_printf("type 0x%02x", (unsigned)partition->mbr_type);
    return g_strdup(partition->gpt_type ? gpt_word(partition->gpt_type) : "unknown type");
}

static void add_partition(guest *g, snapshot *s, const struct guest_partition *partition)
{
    g_autofree char *key = g_strdup_printf("partition %d", partition->number);
    g_autofree char *type = partition_type(partition);
    g_autofree char *content = guest_filesystem_type(g, partition->device);
    g_autofree char *value =
        g_strdup_printf("%s, %s", type, content ? content : "nothing known in it");
    snapshot_add(s, SNAPSHOT_DISK, key, value, NULL);
}

/* What is on no partition: logical volumes, and the whole disk. */
static void add_volumes(const guest *g, snapshot *s)
{
    for (char **pair = g->filesystems; pair[0] && pair[1]; pair += 2) {
        const char *rest =
            g_str_has_prefix(pair[0], GUEST_DISK) ? pair[0] + strlen(GUEST_DISK) : NULL;
        if (!rest || !g_ascii_isdigit(*rest))
            snapshot_add(s, SNAPSHOT_DISK, rest ? "whole disk" : pair[0], pair[1], NULL);
    }
}

static gboolean snapshot_add_disk(guest *g, snapshot *s, GError **error)
{
    g_autofree char *table = guest_partition_table(g);
    snapshot_add(s, SNAPSHOT_DISK, "partition table", table ? table : "none", NULL);
    add_volumes(g, s);
    if (!table)
        return !g_cancellable_set_error_if_cancelled(g->cancel, error);
    g_autoptr(GPtrArray) partitions = guest_partitions(g, error);
    if (!partitions)
        return FALSE;
    for (guint i = 0; i < partitions->len; i++)
        add_partition(g, s, g_ptr_array_index(partitions, i));
    return TRUE;
}

/* ---- the system and its packages ---- */

static void snapshot_add_system(const guest_facts *facts, snapshot *s)
{
    g_autofree char *version = g_strdup_printf("%d.%d", facts->major, facts->minor);
    snapshot_add(s, SNAPSHOT_SYSTEM, "distribution", facts->distro, NULL);
    snapshot_add(s, SNAPSHOT_SYSTEM, "product", facts->product, NULL);
    snapshot_add(s, SNAPSHOT_SYSTEM, "version", version, NULL);
    snapshot_add(s, SNAPSHOT_SYSTEM, "architecture", facts->arch, NULL);
    snapshot_add(s, SNAPSHOT_SYSTEM, "host name", facts->hostname, NULL);
}

static gboolean snapshot_add_packages(guest *g, snapshot *s, GError **error)
{
    g_autofree char *marks = NULL;
    if (!guest_measure(g, error) ||
        !guest_read_large(g, "/var/lib/apt/extended_states", MARKS_LIMIT, &marks, error))
        return FALSE;
    for (guint i = 0; i < g->facts->packages->len; i++) {
        const struct guest_package *package = g_ptr_array_index(g->facts->packages, i);
        g_autofree char *key = g_strdup_printf("%s:%s", package->name, package->arch);
        snapshot_add(s, SNAPSHOT_PACKAGES, key, package->version, NULL);
    }
    snapshot_add_auto_marks(s, marks ? marks : "");
    return TRUE;
}

/* ---- /boot ---- */

static gboolean add_boot_file(guest *g, snapshot *s, const char *path, GError **error)
{
    gboolean grub = g_str_has_suffix(path, "/grub.cfg");
    if (!grub && !g_str_has_prefix(path, "/boot/loader/")) {
        snapshot_add(s, SNAPSHOT_KERNELS, path, NULL, NULL);
        return TRUE;
    }
    g_autofree char *text = NULL;
    if (!guest_read(g, path, &text, error))
        return FALSE;
    if (text && grub)
        snapshot_add_grub_cfg(s, path, text);
    else if (text)
        snapshot_add_boot_settings(s, path, text, ' ');
    return TRUE;
}

static gboolean snapshot_add_boot(guest *g, snapshot *s, GError **error)
{
    guint read = 0;
    g_auto(GStrv) paths = guest_glob(g,
                                     "/boot/{vmlinu[xz]*,kernel-*,Image*,initrd*,initramfs*,"
                                     "{grub,grub2}/grub.cfg,loader/entries/*.conf}",
                                     error);
    gboolean good = paths != NULL;
    for (char **path = paths; good && *path; path++) {
        read += g_str_has_prefix(*path, "/boot/loader/");
        if (read > LOADER_LIMIT) {
            ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "the guest has more than %u boot entries",
                            LOADER_LIMIT);
            return FALSE;
        }
        good = add_boot_file(g, s, *path, error);
    }
    return good;
}

/* ---- /etc ---- */

static gboolean read_etc(int fd, gpointer data, GError **error)
{
    return snapshot_add_etc(data, fd, error);
}

/* A /etc that is a link would lead tar out of the guest, into the appliance. */
static gboolean add_etc(guest *g, snapshot *s, GError **error)
{
    gboolean present;
    if (!guest_is_directory(g, "/etc", &present, error))
        return FALSE;
    if (!present) {
        ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "/etc in the guest is not a directory");
        return FALSE;
    }
    return stream_tar(g, "/etc", NULL, read_etc, s, error);
}

/* Without a link in /etc, the distribution's own counts. */
static gboolean add_default_target(guest *g, snapshot *s, GError **error)
{
    g_auto(GStrv) found = NULL;
    if (snapshot_has(s, SNAPSHOT_UNITS, SNAPSHOT_DEFAULT_TARGET))
        return TRUE;
    found = guest_glob(g, "/{usr/lib,lib}/systemd/system/default.target", error);
    if (!found)
        return FALSE;
    g_autofree char *target = NULL;
    if (*found && !guest_readlink(g, *found, &target, error))
        return FALSE;
    if (target)
        snapshot_add_default_target(s, target);
    return TRUE;
}

gboolean snapshot_take(guest *g, snapshot *s, GError **error)
{
    snapshot_add_system(g->facts, s);
    progress_phase(g->p, "disk and boot");
    if (!snapshot_add_disk(g, s, error) || !snapshot_add_boot(g, s, error))
        return FALSE;
    progress_phase(g->p, "packages");
    if (!snapshot_add_packages(g, s, error))
        return FALSE;
    progress_phase(g->p, "/etc");
    return add_etc(g, s, error) && add_default_target(g, s, error) && snapshot_finish(s, error);
}

snapshot *inspect_snapshot(const image_file *from, gboolean force_tcg, progress *p,
                           GCancellable *cancel, GError **error)
{
    const struct guest_spec spec = {.image = from, .force_tcg = force_tcg, .read_only = TRUE};
    g_autoptr(snapshot) s = snapshot_new();
    progress_phase(p, "launch");
    g_autoptr(guest) g = guest_open(&spec, p, cancel, error);
    if (!g)
        return NULL;
    progress_phase(p, "inspect");
    if (guest_inspect(g, error) && snapshot_take(g, s, error))
        return g_steal_pointer(&s);
    guest_limit_error(g, error);
    return NULL;
}
