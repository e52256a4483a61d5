/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "test.h"

#include <archive.h>
#include <archive_entry.h>
#include <gio/gio.h>
#include <string.h>

/* Archives of a test's making, written by libarchive. */

/* An entry; path NULL ends a list.  A directory when it is nothing else. */
struct member {
    const char *path, *text, *symlink, *hardlink;
    GBytes *data;     /* instead of text */
    __LA_MODE_T type; /* AE_IFCHR …; 0: as the rest says */
    guint mode;       /* 0: 0644 or 0755 */
    guint uid, gid;
    gint64 mtime;
};

static inline void member_add(struct archive *a, const struct member *m)
{
    gsize size = m->text ? strlen(m->text) : 0;
    const void *data = m->data ? g_bytes_get_data(m->data, &size) : m->text;
    struct archive_entry *e = archive_entry_new();
    gboolean file = data || m->hardlink || m->data;
    archive_entry_set_pathname(e, m->path);
    archive_entry_set_filetype(e, m->type      ? m->type
                                  : m->symlink ? AE_IFLNK
                                  : file       ? AE_IFREG
                                               : AE_IFDIR);
    archive_entry_set_perm(e, m->mode ? m->mode : file ? 0644 : 0755);
    archive_entry_set_uid(e, m->uid);
    archive_entry_set_gid(e, m->gid);
    archive_entry_set_mtime(e, m->mtime, 0);
    if (m->symlink)
        archive_entry_set_symlink(e, m->symlink);
    if (m->hardlink)
        archive_entry_set_hardlink(e, m->hardlink);
    archive_entry_set_size(e, (la_int64_t)size);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    if (size)
        assert_int_equal(archive_write_data(a, data, size), (la_ssize_t)size);
    archive_entry_free(e);
}

static inline la_ssize_t member_to_array(struct archive *a, void *array, const void *data,
                                         size_t length)
{
    (void)a;
    g_byte_array_append(array, data, (guint)length);
    return (la_ssize_t)length;
}

/* Writes members to a, whose format and filters are set, and frees it; the caller owns the
 * bytes. */
static inline GBytes *members_write(struct archive *a, const struct member *members)
{
    GByteArray *out = g_byte_array_new();
    archive_write_set_bytes_in_last_block(a, 1);
    assert_int_equal(archive_write_open(a, out, NULL, member_to_array, NULL), ARCHIVE_OK);
    for (const struct member *m = members; m->path; m++)
        member_add(a, m);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return g_byte_array_free_to_bytes(out);
}
