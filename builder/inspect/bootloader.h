/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "inspect/inspect.h"

/* How the guest boots, as its files say. */

typedef struct bootloader_facts {
    GPtrArray *loaders; /* const char *: "grub", "syslinux", "systemd-boot" */
    GPtrArray *lines;   /* char *: kernel command lines, each once */
    char *serial;       /* "ttyS0,115200n8", or "a login"; NULL: no serial console */
} bootloader_facts;
void bootloader_facts_free(bootloader_facts *boot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(bootloader_facts, bootloader_facts_free)

bootloader_facts *bootloader_facts_new(void); /* empty; the caller owns it */

/* The caller owns the result; NULL: error. */
bootloader_facts *bootloader_read(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the facts of a boot loader's configuration. */
void bootloader_add_text(bootloader_facts *boot, const char *text);
