/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/unpack.h"

#include "base/text.h"

#include <archive_entry.h>
#include <string.h>

#define ENTRIES_MAX 1000000u

struct unpacking {
    deb_unpacked *p;
    ext *to;
    deb_queue *from;
    struct archive *a;
};

static gboolean unpack_refuse(const struct unpacking *u, const char *why, GError **error)
{
    return media_package_refuse(deb_queue_path(u->from), why, error);
}

/* Without empty and "." parts; "" is the root; NULL: a path that no package may have. */
static char *clean_path(const char *raw)
{
    g_auto(GStrv) parts = g_strsplit(raw ? raw : "..", "/", -1);
    GString *path = g_string_new(NULL);
    gboolean good = TRUE;
    for (char **part = parts; *part; part++) {
        if (strcmp(*part, "..") == 0 || strchr(*part, '\n'))
            good = FALSE;
        if (**part && strcmp(*part, ".") != 0)
            g_string_append_printf(path, "%s%s", path->len ? "/" : "", *part);
    }
    return g_string_free(path, !good);
}

/* ---- merged /usr ---- */

/* Makes "bin" a link to usr/bin before something is put into it, and the like for the others; the
 * list is debootstrap's (merge_usr).  *done: the path is such a link itself. */
static gboolean merge_usr(const struct unpacking *u, const char *path, gboolean *done,
                          GError **error)
{
    static const char *const merged[] = {"bin",   "sbin",   "lib",    "lib32",
                                         "lib64", "libo32", "libx32", NULL};
    static const struct ext_meta usual = {.mode = 0755};
    g_autofree char *first = g_strndup(path, strcspn(path, "/"));
    if (!g_strv_contains(merged, first))
        return TRUE;
    *done = strcmp(first, path) == 0;
    if (ext_look(u->to, first, NULL) != EXT_NONE)
        return TRUE;
    g_autofree char *target = g_strconcat("usr/", first, NULL);
    return ext_directory(u->to, target, &usual, error) &&
           ext_symlink(u->to, first, target, &usual, error);
}

/* ---- one entry ---- */

/* What becomes of an entry: its path, and where it is put. */
struct place {
    const char *path;
    char *at;        /* NULL: it is left out */
    gboolean listed; /* the package still has it */
};

/* Remembered, so that the preinst finds its diversion made and does not touch the files. */
static void note_diversion(const deb_unpacked *by, const char *path, const char *to)
{
    if (to)
        g_string_append_printf(by->diversions, "/%s\n/%s\n%s\n", path, to, by->name);
}

/* Another package, whose file is there, and this one: either may divert the other's. */
static gboolean divert(const struct unpacking *u, const deb_unpacked *other, struct place *where,
                       GError **error)
{
    g_autofree char *to = NULL;
    if (deb_unpacked_diverts(u->p, other, where->path, &to)) {
        note_diversion(u->p, where->path, to);
        return !to || ext_hard_link(u->to, to, where->path, error);
    }
    if (deb_unpacked_diverts(other, u->p, where->path, &to)) {
        note_diversion(other, where->path, to);
        g_free(where->at);
        where->at = g_steal_pointer(&to);
        return TRUE;
    }
    g_autofree char *why =
        g_strdup_printf("its %s is also in the package %s", where->path, other->name);
    return unpack_refuse(u, why, error);
}

/* Whether a file may be put where another package has one (Debian Policy 7.6.1, dpkg-divert). */
static gboolean check_owner(const struct unpacking *u, struct place *where, GError **error)
{
    gconstpointer owner = NULL;
    enum ext_kind kind = ext_look(u->to, where->path, &owner);
    const deb_unpacked *other = owner;
    if (kind == EXT_NONE || kind == EXT_DIRECTORY || !other || other == u->p)
        return TRUE;
    if (deb_unpacked_replaces(u->p, other)) {
        g_hash_table_add(other->lost, g_strconcat("/", where->path, NULL));
        return TRUE;
    }
    if (!deb_unpacked_replaces(other, u->p))
        return divert(u, other, where, error);
    g_clear_pointer(&where->at, g_free);
    where->listed = FALSE;
    return TRUE;
}

static gboolean copy_data(const struct unpacking *u, GChecksum *md5, GError **error)
{
    const void *block = NULL;
    size_t length = 0;
    la_int64_t offset = 0, at = 0;
    int code;
    while ((code = archive_read_data_block(u->a, &block, &length, &offset)) == ARCHIVE_OK) {
        if (offset != at)
            return unpack_refuse(u, "it has a sparse file", error);
        if (!ext_file_data(u->to, block, length, error))
            return FALSE;
        if (md5)
            g_checksum_update(md5, block, (gssize)length);
        at += (la_int64_t)length;
    }
    return code == ARCHIVE_EOF || deb_queue_finish(u->from, u->a, code, error);
}

static gboolean put_file(const struct unpacking *u, const char *path, const struct ext_meta *meta,
                         la_int64_t size, GError **error)
{
    struct deb_conffile *conffile = deb_unpacked_conffile(u->p, path);
    g_autoptr(GChecksum) md5 = conffile || u->p->sums ? g_checksum_new(G_CHECKSUM_MD5) : NULL;
    if (size < 0)
        return unpack_refuse(u, "it has a file without a size", error);
    if (!ext_file_begin(u->to, path, meta, (guint64)size, error) || !copy_data(u, md5, error) ||
        !ext_file_end(u->to, error))
        return FALSE;
    if (conffile) {
        g_free(conffile->md5);
        conffile->md5 = g_strdup(g_checksum_get_string(md5));
    } else if (md5) {
        g_string_append_printf(u->p->sums, "%s  %s\n", g_checksum_get_string(md5), path);
    }
    return TRUE;
}

static gboolean put_symlink(const struct unpacking *u, const char *path, const char *target,
                            const struct ext_meta *meta, GError **error)
{
    return target && *target ? ext_symlink(u->to, path, target, meta, error)
                             : unpack_refuse(u, "it has a link to nowhere", error);
}

static gboolean put_hard_link(const struct unpacking *u, const char *path, const char *raw,
                              GError **error)
{
    g_autofree char *target = clean_path(raw);
    return target ? ext_hard_link(u->to, path, target, error)
                  : unpack_refuse(u, "a link leads out of it", error);
}

static gboolean put_entry(const struct unpacking *u, struct archive_entry *entry, const char *path,
                          GError **error)
{
    la_int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
    const struct ext_meta meta = {.mode = archive_entry_perm(entry),
                                  .uid = (guint)uid,
                                  .gid = (guint)gid,
                                  .mtime = archive_entry_mtime(entry),
                                  .owner = u->p};
    if (uid < 0 || uid >= G_MAXUINT32 || gid < 0 || gid >= G_MAXUINT32)
        return unpack_refuse(u, "a file belongs to nobody who can be", error);
    if (archive_entry_hardlink(entry))
        return put_hard_link(u, path, archive_entry_hardlink(entry), error);
    switch (archive_entry_filetype(entry)) {
    case AE_IFDIR:
        return ext_directory(u->to, path, &meta, error);
    case AE_IFLNK:
        return put_symlink(u, path, archive_entry_symlink(entry), &meta, error);
    case AE_IFREG:
        return put_file(u, path, &meta, archive_entry_size(entry), error);
    default:
        return unpack_refuse(u, "it has a device, a socket or a FIFO", error);
    }
}

static gboolean place_entry(const struct unpacking *u, struct archive_entry *entry,
                            struct place *where, GError **error)
{
    gboolean merged = FALSE;
    if (!merge_usr(u, where->path, &merged, error))
        return FALSE;
    if (!merged && archive_entry_filetype(entry) != AE_IFDIR && !check_owner(u, where, error))
        return FALSE;
    if (where->listed)
        g_ptr_array_add(u->p->files, g_strconcat("/", where->path, NULL));
    return merged || !where->at || put_entry(u, entry, where->at, error);
}

static gboolean unpack_visit(const struct unpacking *u, struct archive_entry *entry, GError **error)
{
    g_autofree char *path = clean_path(archive_entry_pathname(entry));
    if (!path)
        return unpack_refuse(u, "a path leads out of it", error);
    if (u->p->files->len >= ENTRIES_MAX)
        return unpack_refuse(u, "it has more than a million files", error);
    if (!*path) {
        g_ptr_array_add(u->p->files, g_strdup("/."));
        return archive_entry_filetype(entry) == AE_IFDIR ||
               unpack_refuse(u, "its root is no directory", error);
    }
    struct place where = {.path = path, .at = g_strdup(path), .listed = TRUE};
    gboolean good = place_entry(u, entry, &where, error);
    g_free(where.at);
    return good;
}

gboolean unpack_files(deb_unpacked *p, ext *to, deb_queue *from, GError **error)
{
    struct unpacking u = {.p = p, .to = to, .from = from, .a = deb_queue_open(from, error)};
    struct archive_entry *entry;
    gboolean good = u.a != NULL;
    int code = ARCHIVE_OK;
    while (good) {
        code = archive_read_next_header(u.a, &entry);
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
            break;
        good = unpack_visit(&u, entry, error);
    }
    if (good)
        good = deb_queue_finish(from, u.a, code, error);
    archive_read_free(u.a);
    return good;
}
