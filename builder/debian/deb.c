/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/debian.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define DATA_MAX    (G_GUINT64_CONSTANT(16) << 30) /* a package's files, decompressed */
#define CONTROL_MAX ((gsize)16 << 20)              /* all of control.tar */
#define MEMBERS_MAX 100u
#define CHUNK       (256u << 10)

struct deb_file {
    char *name;
    struct archive *outer; /* the ar archive */
    struct archive *inner; /* the current member, decompressed, read through outer; or NULL */
    guint64 left;          /* how much more may come out of it */
};

static void member_free(gpointer data)
{
    struct deb_member *m = data;
    g_free(m->name);
    g_free(m->data);
    g_free(m);
}

const struct deb_member *deb_member_find(const GPtrArray *members, const char *name)
{
    for (guint i = 0; i < members->len; i++) {
        const struct deb_member *m = g_ptr_array_index(members, i);
        if (strcmp(m->name, name) == 0)
            return m;
    }
    return NULL;
}

/* ---- a compressed member of the ar archive ---- */

static la_ssize_t deb_on_read(struct archive *inner, void *data, const void **block)
{
    struct archive *outer = data;
    size_t length = 0;
    la_int64_t offset = 0;
    int code = archive_read_data_block(outer, block, &length, &offset);
    if (code == ARCHIVE_OK || code == ARCHIVE_EOF)
        return code == ARCHIVE_OK ? (la_ssize_t)length : 0;
    archive_set_error(inner, archive_errno(outer), "%s", archive_error_string(outer));
    return -1;
}

/* Only what the name says (deb(5)): guessing would also undo a compression inside another.  Filters
 * for which libarchive has no code would run a program; they are not among these. */
static gboolean support_filter(struct archive *a, const char *suffix)
{
    static const struct {
        const char *suffix;
        int (*support)(struct archive *);
    } filters[] = {
        {"", archive_read_support_filter_none},      {".gz", archive_read_support_filter_gzip},
        {".bz2", archive_read_support_filter_bzip2}, {".lzma", archive_read_support_filter_lzma},
        {".xz", archive_read_support_filter_xz},     {".zst", archive_read_support_filter_zstd},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(filters); i++)
        if (strcmp(suffix, filters[i].suffix) == 0)
            return filters[i].support(a) == ARCHIVE_OK;
    return FALSE;
}

/* Goes on to the decompressed bytes of the current member, limit of them at most. */
static gboolean open_inner(deb_file *d, const char *suffix, guint64 limit, GError **error)
{
    struct archive_entry *entry;
    g_assert(suffix); /* next_member has set it */
    archive_read_free(d->inner);
    d->inner = archive_read_new();
    g_assert(d->inner); /* out of memory, where GLib ends the program too */
    d->left = limit;
    archive_read_support_format_raw(d->inner);
    archive_read_set_read_callback(d->inner, deb_on_read);
    archive_read_set_callback_data(d->inner, d->outer);
    gboolean known = support_filter(d->inner, suffix);
    return (known && archive_read_open1(d->inner) == ARCHIVE_OK &&
            archive_read_next_header(d->inner, &entry) == ARCHIVE_OK) ||
           media_package_refuse(
               d->name, known ? archive_error_string(d->inner) : "its compression is unknown",
               error);
}

gssize deb_data(deb_file *d, const void **block, GError **error)
{
    size_t length = 0;
    la_int64_t offset = 0;
    int code = ARCHIVE_OK;
    while (length == 0 && code == ARCHIVE_OK)
        code = archive_read_data_block(d->inner, block, &length, &offset);
    if (code == ARCHIVE_EOF)
        return 0;
    if (code == ARCHIVE_OK && length <= d->left) {
        d->left -= length;
        return (gssize)length;
    }
    media_package_refuse(d->name,
                         code == ARCHIVE_OK ? "it unpacks to more than its limit"
                                            : archive_error_string(d->inner),
                         error);
    return -1;
}

/* ---- control.tar ---- */

static gboolean add_member(const deb_file *d, struct archive *a, struct archive_entry *entry,
                           GPtrArray *members, GError **error)
{
    const char *path = archive_entry_pathname(entry);
    la_int64_t size = archive_entry_size(entry);
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return TRUE;
    if (!path || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
        size < 0 || size > (la_int64_t)CONTROL_MAX || members->len >= MEMBERS_MAX)
        return media_package_refuse(d->name, "its control archive is not of the usual form", error);
    struct deb_member *m = g_new0(struct deb_member, 1);
    g_ptr_array_add(members, m);
    m->name = g_strdup(g_str_has_prefix(path, "./") ? path + 2 : path);
    m->mtime = archive_entry_mtime(entry);
    m->size = (gsize)size;
    m->data = g_malloc(m->size + 1);
    m->data[m->size] = '\0';
    return archive_read_data(a, m->data, m->size) == size ||
           media_package_refuse(d->name, archive_error_string(a), error);
}

static gboolean read_members(const deb_file *d, const GByteArray *tar, GPtrArray *members,
                             GError **error)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    archive_read_support_format_tar(a);
    int code = archive_read_open_memory(a, tar->data, tar->len);
    gboolean good =
        code == ARCHIVE_OK || media_package_refuse(d->name, archive_error_string(a), error);
    while (good && (code = archive_read_next_header(a, &entry)) == ARCHIVE_OK)
        good = add_member(d, a, entry, members, error);
    if (good && code != ARCHIVE_EOF)
        good = media_package_refuse(d->name, archive_error_string(a), error);
    archive_read_free(a);
    if (good && !deb_member_find(members, "control"))
        good = media_package_refuse(d->name, "it has no control file", error);
    return good;
}

static GPtrArray *deb_read_control(deb_file *d, const char *suffix, GError **error)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(member_free);
    const void *block = NULL;
    gssize n;
    if (!open_inner(d, suffix, CONTROL_MAX, error))
        return NULL;
    while ((n = deb_data(d, &block, error)) > 0)
        g_byte_array_append(tar, block, (guint)n);
    return n == 0 && read_members(d, tar, members, error) ? g_steal_pointer(&members) : NULL;
}

/* ---- the whole package ---- */

/* deb(5): debian-binary, control.tar*, data.tar*; members that begin with '_' may stand between. */
static gboolean next_member(const deb_file *d, const char *want, char **suffix, GError **error)
{
    struct archive_entry *entry;
    int code;
    while ((code = archive_read_next_header(d->outer, &entry)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname(entry);
        if (name && *name == '_')
            continue;
        if (!name || !g_str_has_prefix(name, want))
            break;
        *suffix = g_strdup(name + strlen(want));
        return TRUE;
    }
    g_autofree char *why = g_strdup_printf("%s is not in its place", want);
    return media_package_refuse(
        d->name, code == ARCHIVE_OK || code == ARCHIVE_EOF ? why : archive_error_string(d->outer),
        error);
}

static gboolean deb_check_format(const deb_file *d, GError **error)
{
    char version[16] = "";
    g_autofree char *none = NULL;
    return next_member(d, "debian-binary", &none, error) &&
           ((archive_read_data(d->outer, version, sizeof version - 1) >= 4 &&
             g_str_has_prefix(version, "2.")) ||
            media_package_refuse(d->name, "its format is not 2.0", error));
}

void deb_free(deb_file *deb)
{
    if (!deb)
        return;
    archive_read_free(deb->inner);
    archive_read_free(deb->outer);
    g_free(deb->name);
    g_free(deb);
}

deb_file *deb_open(const char *path, const char *name, GPtrArray **members, GError **error)
{
    g_autofree char *control = NULL, *data = NULL;
    g_autoptr(deb_file) d = g_new0(deb_file, 1);
    d->name = g_strdup(name ? name : path);
    d->outer = archive_read_new();
    archive_read_support_format_ar(d->outer);
    if (archive_read_open_filename(d->outer, path, CHUNK) != ARCHIVE_OK) {
        media_package_refuse(d->name, archive_error_string(d->outer), error);
        return NULL;
    }
    gboolean good = deb_check_format(d, error) && next_member(d, "control.tar", &control, error);
    g_autoptr(GPtrArray) read = good ? deb_read_control(d, control, error) : NULL;
    if (!read || !next_member(d, "data.tar", &data, error) || !open_inner(d, data, DATA_MAX, error))
        return NULL;
    if (members)
        *members = g_steal_pointer(&read);
    return g_steal_pointer(&d);
}

/* ---- the record for media/ and rootfs/ ---- */

static gpointer format_open(const char *path, const char *name, gpointer *head, GError **error)
{
    return deb_open(path, name, (GPtrArray **)head, error);
}

static void format_close(gpointer deb)
{
    deb_free(deb);
}

static gssize format_data(gpointer deb, const void **block, GError **error)
{
    return deb_data(deb, block, error);
}

static gsize format_head_size(gconstpointer head)
{
    gsize size = 0;
    const GPtrArray *members = head;
    for (guint i = 0; i < members->len; i++)
        size += ((const struct deb_member *)g_ptr_array_index(members, i))->size;
    return size;
}

static void format_head_free(gpointer head)
{
    g_ptr_array_unref(head);
}

const struct media_format deb_format = {
    .what = "a .deb",
    .magic = "!<arch>\n", /* ar(5), of which a .deb is one (deb(5)) */
    .open = format_open,
    .close = format_close,
    .head_size = format_head_size,
    .head_free = format_head_free,
    .data = format_data,
    .archive = archive_read_support_format_tar,
};
