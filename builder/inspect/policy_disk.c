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

static enum role gpt_role(guest *g, const char *disk, int number)
{
    g_autofree char *type = guestfs_part_get_gpt_type(g->h, disk, number);
    if (!type)
        return ROLE_OTHER;
    if (g_ascii_strcasecmp(type, GPT_SWAP) == 0)
        return ROLE_SWAP;
    return g_ascii_strcasecmp(type, GPT_BIOS_BOOT) == 0 || g_ascii_strcasecmp(type, GPT_ESP) == 0
               ? ROLE_BOOT
               : ROLE_OTHER;
}

static enum role type_role(guest *g, const char *partition)
{
    g_autofree char *disk = guestfs_part_to_dev(g->h, partition);
    g_autofree char *table = disk ? guestfs_part_get_parttype(g->h, disk) : NULL;
    int number = guestfs_part_to_partnum(g->h, partition);
    if (!table || number < 0)
        return ROLE_OTHER;
    if (strcmp(table, "gpt") == 0)
        return gpt_role(g, disk, number);
    int id = guestfs_part_get_mbr_id(g->h, disk, number);
    return id == MBR_SWAP ? ROLE_SWAP : id == MBR_ESP ? ROLE_BOOT : ROLE_OTHER;
}

/* Owned by the caller.  The member of a volume group is no file system, and has a type. */
static char *content_of(const guest *g, const char *device)
{
    for (char **pair = g->filesystems; pair[0] && pair[1]; pair += 2)
        if (strcmp(pair[0], device) == 0)
            return g_strdup(pair[1]);
    g_autofree char *type = guestfs_vfs_type(g->h, device);
    return g_strdup(type && *type ? type : "nothing known");
}

static void judge_partition(guest *g, const char *partition, GPtrArray *broken)
{
    g_autofree char *content = content_of(g, partition);
    enum role role = type_role(g, partition);
    gboolean root = strcmp(partition, g->facts->root_device) == 0;
    if (role == ROLE_SWAP || strcmp(content, "swap") == 0)
        policy_break(broken, &swap_partition, NULL, "%s is a swap partition", partition);
    else if (!root && role != ROLE_BOOT)
        policy_break(broken, &one_partition, NULL, "there is a partition besides root: %s, with %s",
                     partition, content);
}

/* File systems that are no partition: logical volumes, and whole disks. */
static void judge_others(guest *g, char **partitions, GPtrArray *broken)
{
    for (char **pair = g->filesystems; pair[0] && pair[1]; pair += 2) {
        if (g_strv_contains((const char *const *)partitions, pair[0]) ||
            strcmp(pair[0], g->facts->root_device) == 0)
            continue;
        policy_break(broken, &one_partition, NULL, "there is a file system besides root: %s (%s)",
                     pair[0], pair[1]);
    }
}

static gboolean policy_disk(guest *g, const struct inspect_spec *asked, GPtrArray *broken,
                            GError **error)
{
    (void)asked;
    g_auto(GStrv) partitions = guestfs_list_partitions(g->h);
    if (!partitions)
        return guest_fail(g, error, "list the partitions of %s", guest_image_name(g));
    for (char **partition = partitions; *partition; partition++)
        judge_partition(g, *partition, broken);
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
    g_autofree char *uuid = guestfs_vfs_uuid(g->h, g->facts->root_device);
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
