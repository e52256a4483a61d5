/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shape of the disk: one root, nothing beside it, no swap of any kind. */
#include "inspect/policy.h"

#include "base/gpt.h"
#include "inspect/fstab.h"

#include <string.h>

/* MBR identifiers as sfdisk(8) lists them. */
#define MBR_ESP  0xef
#define MBR_SWAP 0x82

static const inspect_rule swap_partition = {"swap-partition", "No swap partition", INSPECT_ERROR};
static const inspect_rule one_partition = {
    "one-partition", "One partition with root, besides at most a BIOS boot partition or an ESP",
    INSPECT_ERROR};
static const inspect_rule swap_file = {"swap-file", "No swap file", INSPECT_ERROR};
static const inspect_rule swap_unit = {"swap-unit", "No systemd unit for swap", INSPECT_ERROR};
static const inspect_rule resume_device = {
    "resume-device", "No resume device in boot loader or initramfs", INSPECT_ERROR};

enum role { ROLE_OTHER, ROLE_ROOT, ROLE_BOOT, ROLE_SWAP };

static enum role type_role(const struct guest_partition *partition)
{
    const char *type = partition->gpt_type;
    if (!type)
        return partition->mbr_type == MBR_SWAP  ? ROLE_SWAP
               : partition->mbr_type == MBR_ESP ? ROLE_BOOT
                                                : ROLE_OTHER;
    if (g_ascii_strcasecmp(type, GPT_SWAP) == 0)
        return ROLE_SWAP;
    return g_ascii_strcasecmp(type, GPT_BIOS_BOOT) == 0 || g_ascii_strcasecmp(type, GPT_ESP) == 0
               ? ROLE_BOOT
               : ROLE_OTHER;
}

/* Owned by the caller.  The member of a volume group is no file system, and has a type. */
static char *content_of(guest *g, const char *device)
{
    for (char **pair = g->filesystems; pair[0] && pair[1]; pair += 2)
        if (strcmp(pair[0], device) == 0)
            return g_strdup(pair[1]);
    char *type = guest_filesystem_type(g, device);
    return type ? type : g_strdup("nothing known");
}

static void judge_partition(guest *g, const struct guest_partition *partition, GPtrArray *broken)
{
    const char *device = partition->device;
    g_autofree char *content = content_of(g, device);
    enum role role = type_role(partition);
    gboolean root = strcmp(device, g->facts->root_device) == 0;
    if (role == ROLE_SWAP || strcmp(content, "swap") == 0)
        policy_break(broken, &swap_partition, NULL, "%s is a swap partition", device);
    else if (!root && role != ROLE_BOOT)
        policy_break(broken, &one_partition, NULL, "there is a partition besides root: %s, with %s",
                     device, content);
}

static gboolean disk_is_partition(const GPtrArray *partitions, const char *device)
{
    for (guint i = 0; i < partitions->len; i++) {
        const struct guest_partition *partition = g_ptr_array_index(partitions, i);
        if (strcmp(partition->device, device) == 0)
            return TRUE;
    }
    return FALSE;
}

/* File systems that are no partition: logical volumes, and whole disks. */
static void judge_others(guest *g, const GPtrArray *partitions, GPtrArray *broken)
{
    for (char **pair = g->filesystems; pair[0] && pair[1]; pair += 2)
        if (!disk_is_partition(partitions, pair[0]) && strcmp(pair[0], g->facts->root_device) != 0)
            policy_break(broken, &one_partition, NULL,
                         "there is a file system besides root: %s (%s)", pair[0], pair[1]);
}

static gboolean policy_disk(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                            GError **error)
{
    (void)asked;
    g_autoptr(GPtrArray) partitions = guest_partitions(g, error);
    if (!partitions)
        return FALSE;
    for (guint i = 0; i < partitions->len; i++)
        judge_partition(g, g_ptr_array_index(partitions, i), broken);
    judge_others(g, partitions, broken);
    return TRUE;
}

static const char swap_files[] = "/{,var/}{swapfile,swap.img,swap,.swapfile}";

static const char swap_units[] =
    "/{etc,usr/lib,lib,usr/local/lib}/systemd/system/{,*.wants/}*.swap";

/* A resume device is a swap space by another name, and the initramfs waits for it when it is not
 * there: initramfs.conf(5), initramfs-tools(7); kernel-parameters "resume=". */
static const struct guest_line_rule resume_rules[] = {
    {"/etc/initramfs-tools/{initramfs.conf,conf.d/*}",
     "^[ \t]*RESUME=(?![\"']?(none|auto)?[\"']?[ \t]*$)", NULL, "a resume device (RESUME=)"},
    {"/{etc/default/grub,etc/default/grub.d/*.cfg,boot/grub/grub.cfg,boot/grub2/grub.cfg,"
     "etc/kernel/cmdline,boot/loader/entries/*.conf}",
     "^[^#]*[ \t\"']resume=", NULL, "a resume device (resume=)"},
    {NULL, NULL, NULL, NULL},
};

static gboolean policy_swap(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                            GError **error)
{
    (void)asked;
    gboolean good =
        policy_break_paths(g, swap_files, &swap_file, "there is a swap file: %s", broken, error) &&
        policy_break_paths(g, swap_units, &swap_unit, "there is a systemd unit for swap: %s",
                           broken, error);
    for (const struct guest_line_rule *rule = resume_rules; good && rule->files; rule++)
        good = policy_break_lines(g, rule, &resume_device, "names", broken, error);
    return good;
}

static gboolean policy_fstab(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                             GError **error)
{
    (void)asked;
    g_autofree char *text = NULL;
    if (!guest_read(g, "/etc/fstab", &text, error))
        return FALSE;
    g_autofree char *uuid = guest_filesystem_uuid(g, g->facts->root_device);
    fstab_judge(text, uuid ? uuid : "", broken);
    return TRUE;
}

const inspect_check check_disk = {
    .name = "disk",
    .rules = (const inspect_rule *const[]){&swap_partition, &one_partition, NULL},
    .run = policy_disk,
};

const inspect_check check_swap = {
    .name = "swap",
    .rules = (const inspect_rule *const[]){&swap_file, &swap_unit, &resume_device, NULL},
    .run = policy_swap,
};

const inspect_check check_fstab = {
    .name = "fstab",
    .rules = fstab_rules,
    .run = policy_fstab,
};
