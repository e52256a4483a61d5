/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/closure.h"

#include "base/digest.h"
#include "media/release.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const media_chosen *m)
{
    g_assert(*m->name && *m->version && !strpbrk(m->name, "/ \n\t") &&
             !strpbrk(m->version, "/ \n\t"));
    g_assert(media_path_is_safe(m->filename) && digest_is_hex(m->sha256) && m->size);
}

/* Any bytes as a Packages file.  The same text gives the same packages. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const plain[] = {"a", NULL}, *const packages[] = {"b", NULL},
                             *const excluded[] = {"c", NULL};
    struct media_need need = {
        .base = TRUE, .plain = plain, .packages = packages, .excluded = excluded};
    g_autofree char *text = g_memdup2(data, size); /* without a NUL behind it */
    g_autoptr(media_catalog) catalog = media_catalog_new(text, size, "amd64", NULL);
    g_autoptr(media_catalog) again = media_catalog_new(text, size, "amd64", NULL);
    if (!catalog)
        return 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = media_closure(catalog, &need, &error);
    g_autoptr(GPtrArray) same = media_closure(again, &need, NULL);
    g_autoptr(GPtrArray) kernel = media_choose_kernel(catalog, "a", NULL);
    g_assert(!all == !!error && !all == !same && (!all || all->len == same->len));
    for (guint i = 0; all && i < all->len; i++)
        check(g_ptr_array_index(all, i));
    for (guint i = 0; kernel && i < kernel->len; i++)
        check(g_ptr_array_index(kernel, i));
    return 0;
}
