/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/kmod.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as a kernel module: what it says it depends on can be the name of a file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) elf = g_bytes_new(data, size);
    g_auto(GStrv) depends = media_kmod_depends("fuzz.ko", elf, NULL);
    for (char **d = depends; d && *d; d++)
        g_assert(**d && !strpbrk(*d, "/. \n"));
    return 0;
}
