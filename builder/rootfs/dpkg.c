/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/dpkg.h"

#include "debian/debian.h"
#include "rootfs/rootfs.h"
#include "rootfs/unpack.h"

struct dpkg_db {
    ext *to;
    deb_database *database;
};

/* ---- dpkg's files in the file system ---- */

static gboolean dpkg_file(gpointer to, const char *path, guint mode, gint64 mtime, const void *data,
                          gsize size, GError **error)
{
    const struct ext_meta meta = {.mode = mode, .mtime = mtime};
    return ext_file(to, path, &meta, data, size, error);
}

static gboolean dpkg_directory(gpointer to, const char *path, gint64 mtime, GError **error)
{
    const struct ext_meta meta = {.mode = 0755, .mtime = mtime};
    return ext_directory(to, path, &meta, error);
}

static gboolean dpkg_exists(gpointer to, const char *path)
{
    return ext_look(to, path, NULL) != EXT_NONE;
}

static const struct deb_sink dpkg_sink = {dpkg_file, dpkg_directory, dpkg_exists};

/* ---- packages ---- */

dpkg_db *dpkg_db_new(ext *to)
{
    dpkg_db *db = g_new0(dpkg_db, 1);
    db->to = to;
    db->database = deb_database_new(&dpkg_sink, to);
    return db;
}

void dpkg_db_free(dpkg_db *db)
{
    if (!db)
        return;
    deb_database_free(db->database);
    g_free(db);
}

gboolean dpkg_db_unpack(dpkg_db *db, deb_queue *from, const char *name, gboolean automatic,
                        GCancellable *cancel, GError **error)
{
    const GPtrArray *members = deb_queue_next(from, cancel, error);
    const char *path = members ? deb_queue_path(from) : NULL;
    deb_unpacked *p = members ? deb_unpacked_new(path, name, members, error) : NULL;
    if (!p)
        return FALSE;
    deb_database_add(db->database, p, automatic);
    return unpack_files(p, db->to, from, error) &&
           deb_database_put(db->database, p, members, path, error);
}

gboolean dpkg_db_finish(dpkg_db *db, GError **error)
{
    if (!deb_database_finish(db->database, error))
        return FALSE;
    GString *order = deb_database_order(db->database);
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    gboolean good = dpkg_file(db->to, ROOTFS_ORDER, 0644, now, order->str, order->len, error);
    g_string_free(order, TRUE);
    return good;
}
