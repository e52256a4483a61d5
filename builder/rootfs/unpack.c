/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/unpack.h"

#include <archive_entry.h>
#include <string.h>

#define ENTRIES_MAX 1000000u

struct unpacker {
    const struct rootfs_database *database;
    gpointer opened; /* by database */
    names *to;
    rootfs_queue *from;
};

/* One package. */
struct unpacking {
    const unpacker *by;
    gpointer owner;
    struct archive *a;
    guint entries;
};

static gboolean unpack_refuse(const struct unpacking *u, const char *why, GError **error)
{
    return media_package_refuse(rootfs_queue_path(u->by->from), why, error);
}

/* Names of files are lines in the databases of packaging systems. */
static char *package_path(const char *raw)
{
    return raw && !strchr(raw, '\n') ? names_clean(raw) : NULL;
}

/* ---- where the database writes ---- */

static gboolean sink_file(gpointer to, const char *path, guint mode, gint64 mtime, const void *data,
                          gsize size, GError **error)
{
    const struct names_meta meta = {.mode = mode, .mtime = mtime};
    return names_file(to, path, &meta, data, size, error);
}

static gboolean sink_directory(gpointer to, const char *path, gint64 mtime, GError **error)
{
    const struct names_meta meta = {.mode = 0755, .mtime = mtime};
    return names_directory(to, path, &meta, error);
}

static gboolean sink_exists(gpointer to, const char *path)
{
    return names_look(to, path, NULL) != NAMES_NONE;
}

static const struct rootfs_sink unpack_sink = {sink_file, sink_directory, sink_exists};

unpacker *unpacker_new(const struct rootfs_database *database, names *to, rootfs_queue *from)
{
    unpacker *u = g_new0(unpacker, 1);
    *u = (unpacker){database, database->open(&unpack_sink, to), to, from};
    return u;
}

void unpacker_free(unpacker *u)
{
    if (!u)
        return;
    u->database->close(u->opened);
    g_free(u);
}

gboolean unpacker_finish(const unpacker *u, GError **error)
{
    return u->database->finish(u->opened, error);
}

/* ---- merged /usr ---- */

static gboolean unpack_merge(names *to, const char *name, const struct names_meta *meta,
                             GError **error)
{
    g_autofree char *target = g_strconcat("usr/", name, NULL);
    return names_directory(to, target, meta, error) && names_symlink(to, name, target, meta, error);
}

gboolean unpacker_merge(const unpacker *u, GError **error)
{
    const struct names_meta usual = {.mode = 0755, .mtime = g_get_real_time() / G_USEC_PER_SEC};
    for (const struct rootfs_merged *m = u->database->merged; m->name; m++)
        if (m->always && !unpack_merge(u->to, m->name, &usual, error))
            return FALSE;
    return TRUE;
}

/* Makes "bin" a link to usr/bin before something is put into it, and likewise for the others.
 * *done: the path is such a link itself. */
static gboolean merge_usr(const struct unpacking *u, const char *path, gboolean *done,
                          GError **error)
{
    static const struct names_meta usual = {.mode = 0755};
    const struct rootfs_merged *m = u->by->database->merged;
    g_autofree char *first = g_strndup(path, strcspn(path, "/"));
    while (m->name && strcmp(m->name, first) != 0)
        m++;
    if (!m->name)
        return TRUE;
    *done = strcmp(first, path) == 0;
    return names_look(u->by->to, first, NULL) != NAMES_NONE ||
           unpack_merge(u->by->to, first, &usual, error);
}

/* ---- one entry ---- */

/* Whether a file may be put where another package has one, and where both go then. */
static gboolean unpack_settle(const struct unpacking *u, const char *path,
                              struct rootfs_place *place, GError **error)
{
    gconstpointer other = NULL;
    enum names_kind kind = names_look(u->by->to, path, &other);
    if (kind == NAMES_NONE || kind == NAMES_DIRECTORY || !other || other == u->owner)
        return TRUE;
    return u->by->database->dispute(u->owner, (gpointer)other, path, place, error) &&
           (!place->aside || names_hard_link(u->by->to, place->aside, path, error));
}

static gboolean copy_data(const struct unpacking *u, GChecksum *sum, GError **error)
{
    const void *block = NULL;
    size_t length = 0;
    la_int64_t offset = 0, at = 0;
    int code;
    while ((code = archive_read_data_block(u->a, &block, &length, &offset)) == ARCHIVE_OK) {
        if (offset != at)
            return unpack_refuse(u, "it has a sparse file", error);
        if (!names_file_data(u->by->to, block, length, error))
            return FALSE;
        if (sum)
            g_checksum_update(sum, block, (gssize)length);
        at += (la_int64_t)length;
    }
    return code == ARCHIVE_EOF || rootfs_queue_finish(u->by->from, u->a, code, error);
}

static gboolean unpack_put_file(const struct unpacking *u, const char *path,
                                const struct names_meta *meta, la_int64_t size, GError **error)
{
    const struct rootfs_database *database = u->by->database;
    g_autoptr(GChecksum) sum =
        database->wants_digest(u->owner, path) ? g_checksum_new(database->digest) : NULL;
    if (size < 0)
        return unpack_refuse(u, "it has a file without a size", error);
    if (!names_file_begin(u->by->to, path, meta, (guint64)size, error) ||
        !copy_data(u, sum, error) || !names_file_end(u->by->to, error))
        return FALSE;
    if (sum)
        database->digested(u->owner, path, g_checksum_get_string(sum));
    return TRUE;
}

static gboolean put_symlink(const struct unpacking *u, const char *path, const char *target,
                            const struct names_meta *meta, GError **error)
{
    return target && *target ? names_symlink(u->by->to, path, target, meta, error)
                             : unpack_refuse(u, "it has a link without a target", error);
}

static gboolean put_hard_link(const struct unpacking *u, const char *path, const char *raw,
                              GError **error)
{
    g_autofree char *target = package_path(raw);
    return target ? names_hard_link(u->by->to, path, target, error)
                  : unpack_refuse(u, "a link leads out of it", error);
}

static gboolean put_entry(const struct unpacking *u, struct archive_entry *entry, const char *path,
                          GError **error)
{
    la_int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
    const struct names_meta meta = {.mode = archive_entry_perm(entry),
                                    .uid = (guint)uid,
                                    .gid = (guint)gid,
                                    .mtime = archive_entry_mtime(entry),
                                    .mtime_nsec = (guint)archive_entry_mtime_nsec(entry),
                                    .owner = u->owner};
    if (uid < 0 || uid >= G_MAXUINT32 || gid < 0 || gid >= G_MAXUINT32)
        return unpack_refuse(u, "a file has an impossible owner", error);
    if (archive_entry_hardlink(entry))
        return put_hard_link(u, path, archive_entry_hardlink(entry), error);
    switch (archive_entry_filetype(entry)) {
    case AE_IFDIR:
        return names_directory(u->by->to, path, &meta, error);
    case AE_IFLNK:
        return put_symlink(u, path, archive_entry_symlink(entry), &meta, error);
    case AE_IFREG:
        return unpack_put_file(u, path, &meta, archive_entry_size(entry), error);
    default:
        return unpack_refuse(u, "it has a device, a socket or a FIFO", error);
    }
}

static gboolean unpack_visit(const struct unpacking *u, struct archive_entry *entry,
                             const char *path, GError **error)
{
    gboolean merged = FALSE, good = TRUE;
    if (!merge_usr(u, path, &merged, error))
        return FALSE;
    struct rootfs_place place = {.at = g_strdup(path), .listed = TRUE};
    if (!merged && archive_entry_filetype(entry) != AE_IFDIR)
        good = unpack_settle(u, path, &place, error);
    if (good && place.listed)
        u->by->database->listed(u->owner, path);
    if (good && !merged && place.at)
        good = put_entry(u, entry, place.at, error);
    g_free(place.at);
    g_free(place.aside);
    return good;
}

static gboolean unpack_entry(struct unpacking *u, struct archive_entry *entry, GError **error)
{
    g_autofree char *path = package_path(archive_entry_pathname(entry));
    if (!path)
        return unpack_refuse(u, "a path leads out of it", error);
    if (u->entries++ >= ENTRIES_MAX)
        return unpack_refuse(u, "it has more than a million files", error);
    if (*path)
        return unpack_visit(u, entry, path, error);
    u->by->database->listed(u->owner, path);
    return archive_entry_filetype(entry) == AE_IFDIR ||
           unpack_refuse(u, "its root is not a directory", error);
}

static gboolean unpack_files(const unpacker *by, gpointer owner, GError **error)
{
    struct unpacking u = {.by = by, .owner = owner, .a = rootfs_queue_open(by->from, error)};
    struct archive_entry *entry;
    gboolean good = u.a != NULL;
    int code = ARCHIVE_OK;
    while (good) {
        code = archive_read_next_header(u.a, &entry);
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
            break;
        good = unpack_entry(&u, entry, error);
    }
    if (good)
        good = rootfs_queue_finish(by->from, u.a, code, error);
    archive_read_free(u.a);
    return good;
}

gboolean unpacker_take(const unpacker *u, const struct rootfs_package *package,
                       GCancellable *cancel, GError **error)
{
    gconstpointer head = NULL;
    if (!rootfs_queue_next(u->from, &head, cancel, error))
        return FALSE;
    gpointer owner = u->database->begin(u->opened, package, head, error);
    return owner && unpack_files(u, owner, error) &&
           u->database->end(u->opened, owner, head, error);
}
