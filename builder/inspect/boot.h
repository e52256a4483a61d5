/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "inspect/inspect.h"

/* How the guest boots, as its files say. */

typedef struct boot_facts {
    GPtrArray *loaders; /* const char *: "grub", "syslinux", "systemd-boot" */
    GPtrArray *lines;   /* char *: kernel command lines, each once */
    char *serial;       /* "ttyS0,115200n8", or "a login"; NULL: no serial console */
} boot_facts;
void boot_facts_free(boot_facts *boot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(boot_facts, boot_facts_free)

boot_facts *boot_facts_new(void); /* empty; the caller owns it */

/* The caller owns the result; NULL: error. */
boot_facts *boot_read(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds what a configuration of a boot loader says. */
void boot_add_text(boot_facts *boot, const char *text);
