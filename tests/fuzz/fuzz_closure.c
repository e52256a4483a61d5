/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/debian.h"

#include "base/digest.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const deb_package *m)
{
    g_assert(*m->name && *m->version && !strpbrk(m->name, "/ \n\t") &&
             !strpbrk(m->version, "/ \n\t"));
    g_assert(deb_path_is_safe(m->filename) && digest_is_hex(m->sha256) && m->size);
}

/* Any bytes as a Packages file.  The same text gives the same packages. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const plain[] = {"a", NULL}, *const packages[] = {"b", NULL},
                             *const excluded[] = {"c", NULL};
    struct deb_need need = {
        .base = TRUE, .plain = plain, .packages = packages, .excluded = excluded};
    g_autofree char *text = g_memdup2(data, size); /* without a NUL behind it */
    g_autoptr(deb_catalog) catalog = deb_catalog_new(text, size, "amd64", NULL);
    g_autoptr(deb_catalog) again = deb_catalog_new(text, size, "amd64", NULL);
    if (!catalog)
        return 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = deb_closure(catalog, &need, &error);
    g_autoptr(GPtrArray) same = deb_closure(again, &need, NULL);
    g_autoptr(GPtrArray) kernel = deb_choose_kernel(catalog, "a", NULL);
    g_assert(!all == !!error && !all == !same && (!all || all->len == same->len));
    for (guint i = 0; all && i < all->len; i++)
        check(g_ptr_array_index(all, i));
    for (guint i = 0; kernel && i < kernel->len; i++)
        check(g_ptr_array_index(kernel, i));
    return 0;
}
