/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/inodes.h"

struct inode_key {
    dev_t device;
    ino_t inode;
};

static guint inodes_hash(gconstpointer key)
{
    const struct inode_key *k = key;
    return (guint)(k->inode ^ (k->inode >> 32) ^ (k->device << 16));
}

static gboolean inodes_equal(gconstpointer a, gconstpointer b)
{
    const struct inode_key *x = a, *y = b;
    return x->device == y->device && x->inode == y->inode;
}

GHashTable *inodes_new(void)
{
    return g_hash_table_new_full(inodes_hash, inodes_equal, g_free, g_free);
}

gboolean inodes_add(GHashTable *inodes, const struct stat *st, const char *path,
                    const char **earlier)
{
    const struct inode_key key = {st->st_dev, st->st_ino};
    gpointer found = NULL;
    if (g_hash_table_lookup_extended(inodes, &key, NULL, &found)) {
        if (earlier)
            *earlier = found;
        return FALSE;
    }
    g_hash_table_insert(inodes, g_memdup2(&key, sizeof key), g_strdup(path));
    return TRUE;
}

gboolean inodes_has(GHashTable *inodes, const struct stat *st)
{
    const struct inode_key key = {st->st_dev, st->st_ino};
    return g_hash_table_contains(inodes, &key);
}
