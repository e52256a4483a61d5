/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/bootloader.h"

#include <string.h>

#define FILES_LIMIT 64u
#define LINES_LIMIT 64u

static const struct {
    const char *name, *files;
} loaders[] = {
    {"grub", "/boot/{grub,grub2,efi/EFI/*}/grub.cfg"},
    {"syslinux", "/{boot/,}{extlinux,syslinux,}/{extlinux.conf,syslinux.cfg,isolinux.cfg}"},
    {"systemd-boot", "/{boot,boot/efi,efi}/loader/loader.conf"},
};

/* Entries of the Boot Loader Specification, which grub reads too; kernel-install(8). */
static const char entries[] = "/{boot,boot/efi,efi}/loader/entries/*.conf";

/* systemd-getty-generator(8) makes a login of console= by itself; these are made by hand. */
static const char logins[] = "/etc/systemd/system/{,*.wants/}serial-getty@*.service";

bootloader_facts *bootloader_facts_new(void)
{
    bootloader_facts *boot = g_new0(bootloader_facts, 1);
    boot->loaders = g_ptr_array_new();
    boot->lines = g_ptr_array_new_with_free_func(g_free);
    return boot;
}

void bootloader_facts_free(bootloader_facts *boot)
{
    if (!boot)
        return;
    g_ptr_array_unref(boot->loaders);
    g_ptr_array_unref(boot->lines);
    g_free(boot->serial);
    g_free(boot);
}

/* kernel-parameters, "console=": serial ports, those of ARM boards, and of hypervisors. */
static void find_console(bootloader_facts *boot, const char *line)
{
    g_auto(GStrv) words = g_strsplit_set(line, " \t\"'", -1);
    for (char **word = words; *word && !boot->serial; word++)
        if (g_regex_match_simple("^console=(tty(S|AMA|USB|SC|mxc)|hvc)[0-9]", *word, G_REGEX_RAW,
                                 0))
            boot->serial = g_strdup(*word + strlen("console="));
}

static void bootloader_add_line(bootloader_facts *boot, const char *line)
{
    if (boot->lines->len >= LINES_LIMIT)
        return;
    find_console(boot, line);
    for (guint i = 0; i < boot->lines->len; i++)
        if (strcmp(g_ptr_array_index(boot->lines, i), line) == 0)
            return;
    g_ptr_array_add(boot->lines, g_strdup(line));
}

/* "linux FILE OPTIONS" of grub, "append OPTIONS" of syslinux, "options OPTIONS" of the entries. */
void bootloader_add_text(bootloader_facts *boot, const char *text)
{
    g_autoptr(GRegex) regex =
        g_regex_new("^[ \t]*(?i:(linux(?:16|efi)?[ \t]+[^ \t]+)|append|options)[ \t]+(.*)$",
                    G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autoptr(GMatchInfo) match = NULL;
        if (!g_regex_match(regex, *line, 0, &match))
            continue;
        g_autofree char *options = g_match_info_fetch(match, 2);
        bootloader_add_line(boot, g_strstrip(options));
    }
}

static gboolean add_files(guest *g, bootloader_facts *boot, const char *pattern, guint *count,
                          GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, pattern, error);
    gboolean good = paths != NULL;
    *count = paths ? g_strv_length(paths) : 0;
    for (guint i = 0; good && i < MIN(*count, FILES_LIMIT); i++) {
        g_autofree char *text = NULL;
        good = guest_read(g, paths[i], &text, error);
        if (text)
            bootloader_add_text(boot, text);
    }
    return good;
}

static gboolean bootloader_read_all(guest *g, bootloader_facts *boot, GError **error)
{
    guint count;
    gboolean login;
    for (gsize i = 0; i < G_N_ELEMENTS(loaders); i++) {
        if (!add_files(g, boot, loaders[i].files, &count, error))
            return FALSE;
        if (count)
            g_ptr_array_add(boot->loaders, (gpointer)loaders[i].name);
    }
    if (!add_files(g, boot, entries, &count, error) || !guest_any(g, logins, &login, error))
        return FALSE;
    if (login && !boot->serial)
        boot->serial = g_strdup("a login");
    return TRUE;
}

bootloader_facts *bootloader_read(guest *g, GError **error)
{
    g_autoptr(bootloader_facts) boot = bootloader_facts_new();
    return bootloader_read_all(g, boot, error) ? g_steal_pointer(&boot) : NULL;
}
