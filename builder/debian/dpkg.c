/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/unpacked.h"

/* Packages as dpkg unpacks them, except that configuration files go straight to their places: there
 * are no changes yet that could get lost. */

static gpointer dpkg_open(const struct rootfs_sink *sink, gpointer to)
{
    return deb_database_new(sink, to);
}

static void dpkg_close(gpointer database)
{
    deb_database_free(database);
}

static gpointer dpkg_begin(gpointer database, const struct rootfs_package *package,
                           gconstpointer head, GError **error)
{
    deb_unpacked *p = deb_unpacked_new(package->path, package->name, head, error);
    if (p)
        deb_database_add(database, p, package->automatic);
    return p;
}

static gboolean dpkg_end(gpointer database, gpointer owner, gconstpointer head, GError **error)
{
    return deb_database_put(database, owner, head, error);
}

static gboolean dpkg_finish(gpointer database, GError **error)
{
    return deb_database_finish(database, error);
}

/* ---- files of two packages ---- */

/* Remembered, so that the preinst finds its diversion made and does not touch the files. */
static void note_diversion(const deb_unpacked *by, const char *path, const char *to)
{
    if (to)
        g_string_append_printf(by->diversions, "/%s\n/%s\n%s\n", path, to, by->name);
}

/* Another package, which has its file there, and this one: either may divert the other's. */
static gboolean dpkg_divert(const deb_unpacked *p, const deb_unpacked *other, const char *path,
                            struct rootfs_place *place, GError **error)
{
    if (deb_unpacked_diverts(p, other, path, &place->aside)) {
        note_diversion(p, path, place->aside);
        return TRUE;
    }
    g_autofree char *to = NULL;
    if (deb_unpacked_diverts(other, p, path, &to)) {
        note_diversion(other, path, to);
        g_free(place->at);
        place->at = g_steal_pointer(&to);
        return TRUE;
    }
    g_autofree char *why = g_strdup_printf("its %s is also in the package %s", path, other->name);
    return media_package_refuse(p->path, why, error);
}

/* Debian Policy 7.6.1, dpkg-divert(1). */
static gboolean dpkg_dispute(gpointer owner, gpointer of, const char *path,
                             struct rootfs_place *place, GError **error)
{
    const deb_unpacked *p = owner, *other = of;
    if (deb_unpacked_replaces(p, other)) {
        g_hash_table_add(other->lost, g_strconcat("/", path, NULL));
        return TRUE;
    }
    if (!deb_unpacked_replaces(other, p))
        return dpkg_divert(p, other, path, place, error);
    g_clear_pointer(&place->at, g_free);
    place->listed = FALSE;
    return TRUE;
}

/* ---- questions about files ---- */

static void dpkg_listed(gpointer owner, const char *path)
{
    const deb_unpacked *p = owner;
    g_ptr_array_add(p->files, g_strconcat("/", *path ? path : ".", NULL));
}

static gboolean dpkg_wants_digest(gpointer owner, const char *path)
{
    const deb_unpacked *p = owner;
    return p->sums || deb_unpacked_conffile(p, path);
}

static void dpkg_digested(gpointer owner, const char *path, const char *md5)
{
    const deb_unpacked *p = owner;
    struct deb_conffile *conffile = deb_unpacked_conffile(p, path);
    if (conffile) {
        g_free(conffile->md5);
        conffile->md5 = g_strdup(md5);
    } else {
        g_string_append_printf(p->sums, "%s  %s\n", md5, path);
    }
}

/* The list is debootstrap's (merge_usr); the first three are in every system, whatever its
 * packages. */
static const struct rootfs_merged dpkg_merged[] = {
    {"bin", TRUE},    {"sbin", TRUE},    {"lib", TRUE},     {"lib32", FALSE},
    {"lib64", FALSE}, {"libo32", FALSE}, {"libx32", FALSE}, {NULL, FALSE},
};

const struct rootfs_database deb_dpkg = {
    .format = &deb_format,
    .merged = dpkg_merged,
    .digest = G_CHECKSUM_MD5,
    .open = dpkg_open,
    .close = dpkg_close,
    .begin = dpkg_begin,
    .dispute = dpkg_dispute,
    .listed = dpkg_listed,
    .wants_digest = dpkg_wants_digest,
    .digested = dpkg_digested,
    .end = dpkg_end,
    .finish = dpkg_finish,
};
