/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/debian.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_index(gpointer path, gpointer value, gpointer data)
{
    const struct deb_index *index = value;
    (void)data;
    g_assert(deb_path_is_safe(path));
    g_assert(strlen(index->sha256) == 64 && index->size <= G_MAXINT64);
}

static void check_field(gpointer name, gpointer value, gpointer data)
{
    GHashTable *versions = data;
    g_assert(*(const char *)name && value);
    g_hash_table_add(versions, value);
}

/* Any order of versions is an order: what is less one way round is more the other. */
static void compare_all(GHashTable *versions)
{
    GHashTableIter outer, inner;
    gpointer a, b;
    g_hash_table_iter_init(&outer, versions);
    while (g_hash_table_iter_next(&outer, &a, NULL)) {
        g_hash_table_iter_init(&inner, versions);
        while (g_hash_table_iter_next(&inner, &b, NULL)) {
            int there = deb_version_compare(a, b), back = deb_version_compare(b, a);
            g_assert((there > 0) == (back < 0) && (there == 0) == (back == 0));
        }
    }
}

/* Any bytes as a Release file and as stanzas. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *at = text;
    g_autoptr(deb_release) release =
        deb_release_parse(text, size, "trixie", G_GINT64_CONSTANT(1800000000), NULL);
    if (release)
        g_hash_table_foreach(release->indices, check_index, NULL);
    for (;;) {
        g_autoptr(GHashTable) fields = deb822_next(&at, text + size, NULL);
        g_autoptr(GHashTable) versions = g_hash_table_new(g_str_hash, g_str_equal);
        if (!fields)
            break;
        g_hash_table_foreach(fields, check_field, versions);
        if (g_hash_table_size(versions) < 20)
            compare_all(versions);
    }
    return 0;
}
