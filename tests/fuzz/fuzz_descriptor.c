/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/descriptor.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as a firmware descriptor: it is refused with a reason, or can be asked everything, and
 * what a machine would get is there. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(descriptor) d = descriptor_parse((const char *)data, size, &error);
    g_assert(!d == (error != NULL));
    if (!d) {
        g_assert(*error->message && g_utf8_validate(error->message, -1, NULL));
        return 0;
    }
    (void)descriptor_offers(d, "uefi");
    (void)descriptor_has(d, "secure-boot");
    (void)descriptor_is_for(d, "x86_64", "pc-q35-7.2");
    g_assert(!strpbrk(d->description, "\n\033"));
    if (d->unusable)
        return 0;
    g_assert(g_path_is_absolute(d->executable.name));
    g_assert(!d->flash || (d->executable.format && d->nvram_template.format &&
                           g_path_is_absolute(d->nvram_template.name)));
    return 0;
}
