/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/firmware.h"

#include <string.h>

/* "enrolled-keys" and "secure-boot" refuse boot loaders that are not signed, and "requires-smm" is
 * the firmware that can be made to. */
static const char *const secure[] = {"secure-boot", "enrolled-keys", "requires-smm", NULL};

/* A new kind comes last: its place is in the keys of kept results.  The first one that an
 * architecture has is the usual one there. */
static const struct firmware_kind kinds[] = {
    {.name = "bios",
     .title = "BIOS",
     .interface_type = "bios",
     .packages = {{"x86_64", "seabios"}}},
    {.name = "uefi",
     .title = "UEFI",
     .interface_type = "uefi",
     .without = secure,
     .packages = {{"x86_64", "ovmf"}, {"aarch64", "qemu-efi-aarch64"}}},
};

/* UEFI on x86_64 comes with an installer that puts a boot loader for it on its disks. */
const char *const firmware_offered[] = {"bios", NULL};

const struct firmware_kind *firmware_kind_nth(gsize n)
{
    return n < G_N_ELEMENTS(kinds) ? &kinds[n] : NULL;
}

const struct firmware_kind *firmware_kind_find(const char *name)
{
    for (gsize i = 0; name && i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

const char *firmware_kind_package(const struct firmware_kind *kind, const char *arch)
{
    for (const struct firmware_package *p = kind->packages; p->arch; p++)
        if (strcmp(p->arch, arch) == 0)
            return p->package;
    return NULL;
}

const struct firmware_kind *firmware_kind_usual(const char *arch)
{
    for (gsize i = 0; arch && i < G_N_ELEMENTS(kinds); i++)
        if (firmware_kind_package(&kinds[i], arch))
            return &kinds[i];
    return NULL;
}

char *firmware_kind_key(const struct firmware_kind *kind)
{
    return g_strdup_printf("%d", kind ? (int)(kind - kinds) + 1 : 0);
}
