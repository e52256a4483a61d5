/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/fstab.h"

#include "inspect/finding.h"

#include <string.h>

static const char path[] = "/etc/fstab";

static const inspect_rule by_uuid = {"fstab-root-by-uuid", "fstab mounts root once, by its UUID",
                                     INSPECT_ERROR};
static const inspect_rule swap_line = {"fstab-swap", "No swap in fstab", INSPECT_ERROR};
static const inspect_rule beside_root = {
    "fstab-beside-root", "fstab mounts no file system besides root, except an ESP", INSPECT_ERROR};

const inspect_rule *const fstab_rules[] = {&by_uuid, &swap_line, &beside_root, NULL};

struct entry {
    const char *device, *folder, *type;
};

static void judge_root(const struct entry *e, const char *root_uuid, GPtrArray *broken)
{
    g_autofree char *device = g_strdelimit(g_strdup(e->device), "\"'", ' ');
    g_autofree char *bare = g_strjoinv("", (char *[]){device, NULL});
    const char *uuid = g_str_has_prefix(bare, "UUID=")                ? bare + strlen("UUID=")
                       : g_str_has_prefix(bare, "/dev/disk/by-uuid/") ? strrchr(bare, '/') + 1
                                                                      : NULL;
    if (g_str_has_prefix(bare, "PARTUUID="))
        return;
    g_autofree char *clean = uuid ? g_strstrip(g_strdup(uuid)) : NULL;
    if (!clean)
        policy_break(broken, &by_uuid, path,
                     "/etc/fstab names the root file system as %s, not by UUID", e->device);
    else if (g_ascii_strcasecmp(clean, root_uuid) != 0)
        policy_break(broken, &by_uuid, path,
                     "/etc/fstab names the root file system by the UUID %s, but it is %s", clean,
                     root_uuid);
}

/* The kernel's own file systems, removable discs and network shares are no part of the disk. */
static gboolean is_on_disk(const struct entry *e)
{
    static const char *const ours[] = {"UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=", "/dev/", NULL};
    static const char *const removable[] = {"/dev/sr", "/dev/cdrom", "/dev/scd", "/dev/fd", NULL};
    gboolean disk = FALSE;
    for (const char *const *prefix = ours; *prefix; prefix++)
        disk |= g_str_has_prefix(e->device, *prefix);
    for (const char *const *prefix = removable; *prefix; prefix++)
        disk &= !g_str_has_prefix(e->device, *prefix);
    return disk;
}

static void judge_entry(const struct entry *e, const char *root_uuid, guint *roots,
                        GPtrArray *broken)
{
    if (strcmp(e->type, "swap") == 0)
        policy_break(broken, &swap_line, path, "/etc/fstab has a swap line: %s", e->device);
    else if (strcmp(e->folder, "/") == 0) {
        (*roots)++;
        judge_root(e, root_uuid, broken);
    } else if (is_on_disk(e) && strcmp(e->folder, "/boot/efi") != 0 &&
               strcmp(e->folder, "/efi") != 0)
        policy_break(broken, &beside_root, path,
                     "/etc/fstab mounts a file system besides root: %s on %s", e->device,
                     e->folder);
}

void fstab_judge(const char *text, const char *root_uuid, GPtrArray *broken)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    guint roots = 0;
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_regex_split_simple("[ \t\r]+", g_strstrip(*line), 0, 0);
        if (**line == '#' || g_strv_length(fields) < 3)
            continue;
        const struct entry e = {fields[0], fields[1], fields[2]};
        judge_entry(&e, root_uuid, &roots, broken);
    }
    if (roots != 1)
        policy_break(broken, &by_uuid, path,
                     "/etc/fstab has %u lines for the root file system instead of one", roots);
}
