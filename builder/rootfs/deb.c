/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/deb.h"

#include "base/error.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define DATA_MAX    (G_GUINT64_CONSTANT(16) << 30) /* a package's files, decompressed */
#define CONTROL_MAX ((gsize)16 << 20)              /* all of control.tar */
#define MEMBERS_MAX 100u
#define CHUNK       (256u << 10)

struct reading {
    const char *path;
    struct archive *outer; /* the ar archive */
    const struct deb_sink *calls;
    gpointer sink;
};

gboolean deb_refuse(const char *path, const char *why, GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name = text_printable(base, -1);
    g_autofree char *shown = text_printable(why ? why : "it is damaged", -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the package %s cannot be unpacked: %s", name,
                    shown);
    return FALSE;
}

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

/* Only what the name says (deb(5)): guessing would also undo a compression inside another.  The
 * filters that libarchive has no code for would run a program; they are not among these. */
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

static struct archive *open_inner(const struct reading *r, const char *suffix, GError **error)
{
    struct archive *a = archive_read_new();
    archive_read_support_format_raw(a);
    archive_read_set_read_callback(a, deb_on_read);
    archive_read_set_callback_data(a, r->outer);
    struct archive_entry *entry;
    gboolean known = support_filter(a, suffix);
    if (known && archive_read_open1(a) == ARCHIVE_OK &&
        archive_read_next_header(a, &entry) == ARCHIVE_OK)
        return a;
    deb_refuse(r->path, known ? archive_error_string(a) : "its compression is not known", error);
    archive_read_free(a);
    return NULL;
}

/* Hands the decompressed bytes of the current member to a function of a sink. */
static gboolean pour(const struct reading *r, const char *suffix, guint64 limit,
                     gboolean (*take)(gpointer, const void *, gsize, GError **), gpointer sink,
                     GError **error)
{
    struct archive *a = open_inner(r, suffix, error);
    const void *block = NULL;
    size_t length = 0;
    la_int64_t offset = 0;
    guint64 total = 0;
    int code = ARCHIVE_OK;
    gboolean good = a != NULL;
    while (good && (code = archive_read_data_block(a, &block, &length, &offset)) == ARCHIVE_OK) {
        total += length;
        good = total <= limit ? take(sink, block, length, error)
                              : deb_refuse(r->path, "it unpacks to more than it may", error);
    }
    if (good && code != ARCHIVE_EOF)
        good = deb_refuse(r->path, archive_error_string(a), error);
    archive_read_free(a);
    return good;
}

/* ---- control.tar ---- */

static gboolean gather(gpointer sink, const void *bytes, gsize length, GError **error)
{
    (void)error;
    g_byte_array_append(sink, bytes, (guint)length);
    return TRUE;
}

static gboolean add_member(const struct reading *r, struct archive *a, struct archive_entry *entry,
                           GPtrArray *members, GError **error)
{
    const char *path = archive_entry_pathname(entry);
    la_int64_t size = archive_entry_size(entry);
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return TRUE;
    if (!path || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
        size < 0 || size > (la_int64_t)CONTROL_MAX || members->len >= MEMBERS_MAX)
        return deb_refuse(r->path, "its control archive is not of the usual form", error);
    struct deb_member *m = g_new0(struct deb_member, 1);
    g_ptr_array_add(members, m);
    m->name = g_strdup(g_str_has_prefix(path, "./") ? path + 2 : path);
    m->mtime = archive_entry_mtime(entry);
    m->size = (gsize)size;
    m->data = g_malloc(m->size + 1);
    m->data[m->size] = '\0';
    return archive_read_data(a, m->data, m->size) == size ||
           deb_refuse(r->path, archive_error_string(a), error);
}

static gboolean read_members(const struct reading *r, const GByteArray *tar, GPtrArray *members,
                             GError **error)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    archive_read_support_format_tar(a);
    int code = archive_read_open_memory(a, tar->data, tar->len);
    gboolean good = code == ARCHIVE_OK || deb_refuse(r->path, archive_error_string(a), error);
    while (good && (code = archive_read_next_header(a, &entry)) == ARCHIVE_OK)
        good = add_member(r, a, entry, members, error);
    if (good && code != ARCHIVE_EOF)
        good = deb_refuse(r->path, archive_error_string(a), error);
    archive_read_free(a);
    if (good && !deb_member_find(members, "control"))
        good = deb_refuse(r->path, "it has no control file", error);
    return good;
}

static gboolean read_control(const struct reading *r, const char *suffix, GError **error)
{
    g_autoptr(GByteArray) tar = g_byte_array_new();
    g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(member_free);
    return pour(r, suffix, CONTROL_MAX, gather, tar, error) &&
           read_members(r, tar, members, error) &&
           r->calls->control(r->sink, g_steal_pointer(&members), error);
}

/* ---- the whole ---- */

/* deb(5): debian-binary, control.tar*, data.tar*; members that begin with '_' may stand between. */
static gboolean next_member(const struct reading *r, const char *want, char **suffix,
                            GError **error)
{
    struct archive_entry *entry;
    int code;
    while ((code = archive_read_next_header(r->outer, &entry)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname(entry);
        if (name && *name == '_')
            continue;
        if (!name || !g_str_has_prefix(name, want))
            break;
        *suffix = g_strdup(name + strlen(want));
        return TRUE;
    }
    g_autofree char *why = g_strdup_printf("%s is not where it must be", want);
    return deb_refuse(
        r->path, code == ARCHIVE_OK || code == ARCHIVE_EOF ? why : archive_error_string(r->outer),
        error);
}

static gboolean deb_read_all(const struct reading *r, GError **error)
{
    char version[16] = "";
    g_autofree char *none = NULL, *control = NULL, *data = NULL;
    if (!next_member(r, "debian-binary", &none, error))
        return FALSE;
    if (archive_read_data(r->outer, version, sizeof version - 1) < 4 ||
        !g_str_has_prefix(version, "2."))
        return deb_refuse(r->path, "its format is not 2.0", error);
    return next_member(r, "control.tar", &control, error) && read_control(r, control, error) &&
           next_member(r, "data.tar", &data, error) &&
           pour(r, data, DATA_MAX, r->calls->data, r->sink, error);
}

gboolean deb_read(const char *path, const struct deb_sink *calls, gpointer sink, GError **error)
{
    struct reading r = {.path = path, .outer = archive_read_new(), .calls = calls, .sink = sink};
    archive_read_support_format_ar(r.outer);
    gboolean good = archive_read_open_filename(r.outer, path, CHUNK) == ARCHIVE_OK
                        ? deb_read_all(&r, error)
                        : deb_refuse(path, archive_error_string(r.outer), error);
    archive_read_free(r.outer);
    return good;
}
