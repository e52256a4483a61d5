/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sysprep/sysprep.h"

#include <string.h>
#include <sys/stat.h>

#define GRUBENV_BYTES 1024 /* grub-editenv(1): the block has this size */

static const char swap_line[] = "^[ \t]*([^# \t][^ \t]*)[ \t]+[^ \t]+[ \t]+swap([ \t]|$)";

static const struct guest_line_rule fstab = {"/etc/fstab", swap_line, NULL, "a swap line"};

/* initramfs-tools(7): without a line it looks for swap by itself when the initramfs is made. */
static const struct guest_line_rule initramfs = {"/etc/initramfs-tools/{initramfs.conf,conf.d/*}",
                                                 "^[ \t]*RESUME=(?![\"']?none[\"']?[ \t]*$).*",
                                                 "RESUME=none", "a resume device"};

/* The kernel's arguments, in the sources (grub, BLS, systemd's kernel-install) and in what was
 * made of them. */
static const struct guest_line_rule arguments = {
    "/{etc/{default/{grub,grub.d/*.cfg},kernel/cmdline,sysconfig/bootloader,"
    "update-extlinux.conf},boot/{{grub,grub2}/{grub.cfg,grub.conf,menu.lst},"
    "{extlinux,syslinux}{,/*}.conf,loader/entries/*.conf,efi/EFI/*/grub.cfg}}",
    "^((?:[^#]*?[ \t\"'=])?)(?:resume(?:_offset)?=[^ \t\"']*[ \t]*)+", "\\1", "a resume device"};

/* dracut.conf(5): the module waits for the device. */
static const struct guest_line_rule dracut = {
    "/etc/dracut.conf{,.d/*.conf}",
    "^([ \t]*(?:add|force_add)_dracutmodules\\+?=[^#]*[\"' ])resume(?=[\"' ])", "\\1",
    "dracut's module for a resume device"};

static gboolean swap_remove_file(guest *g, const char *path, GError **error)
{
    struct guest_stat info;
    return guest_stat(g, path, &info, error) &&
           (!S_ISREG((mode_t)info.mode) || guest_remove_path(g, path, error));
}

/* Swap files lose their line, and are nothing but old memory then. */
static gboolean swap_remove_files(guest *g, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GRegex) regex = g_regex_new(swap_line, G_REGEX_RAW | G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!guest_read(g, "/etc/fstab", &text, error))
        return FALSE;
    g_regex_match(regex, text ? text : "", 0, &match);
    gboolean good = TRUE;
    for (; good && g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *device = g_match_info_fetch(match, 1);
        if (g_regex_match_simple("^/(?!dev/)[A-Za-z0-9_./-]+$", device, G_REGEX_RAW, 0) &&
            !strstr(device, ".."))
            good = swap_remove_file(g, device, error);
    }
    return good;
}

/* GRUB's block of variables of RHEL 8 and openSUSE; a line of it has the kernel's arguments. */
static gboolean edit_grubenv(guest *g, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    if (!guest_read(g, path, &text, error))
        return FALSE;
    g_autofree char *edited = text ? guest_edit_text(&arguments, text) : NULL;
    if (!edited || strlen(text) != GRUBENV_BYTES)
        return TRUE;
    g_autoptr(GString) block = g_string_new(edited);
    while (block->len < GRUBENV_BYTES)
        g_string_append_c(block, '#');
    return guest_write_file(g, path, block->str, error);
}

static gboolean swap_operation(guest *g, GError **error)
{
    static const char grubenv[] = "/boot/{grub,grub2,efi/EFI/*}/grubenv";
    if (!swap_remove_files(g, error) || !guest_edit(g, &fstab, error) ||
        !guest_edit(g, &initramfs, error) || !guest_edit(g, &arguments, error) ||
        !guest_edit(g, &dracut, error))
        return FALSE;
    g_auto(GStrv) paths = guest_glob(g, grubenv, error);
    gboolean good = paths != NULL;
    for (char **path = paths; good && *path; path++)
        good = edit_grubenv(g, *path, error);
    return good;
}

const sysprep_operation operation_swap = {
    .name = "swap",
    .heading = "Remove swap from fstab, with its files, and the settings for a resume device",
    .run = swap_operation,
};
