/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "base/spawn.h"

#include <archive.h>

int temp_setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-rootfs", NULL);
    return *state ? 0 : -1;
}

int temp_teardown(void **state)
{
    files_remove_tree(*state);
    g_free(*state);
    return 0;
}

static la_ssize_t to_array(struct archive *a, void *array, const void *data, size_t length)
{
    (void)a;
    g_byte_array_append(array, data, (guint)length);
    return (la_ssize_t)length;
}

static void add(struct archive *a, const struct member *m)
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

static GBytes *pack(struct archive *a, const struct member *members)
{
    GByteArray *out = g_byte_array_new();
    archive_write_set_bytes_in_last_block(a, 1);
    assert_int_equal(archive_write_open(a, out, NULL, to_array, NULL), ARCHIVE_OK);
    for (const struct member *m = members; m->path; m++)
        add(a, m);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return g_byte_array_free_to_bytes(out);
}

GBytes *tar(const char *suffix, const struct member *members)
{
    struct archive *a = archive_write_new();
    if (g_str_equal(suffix, ".xz"))
        archive_write_add_filter_xz(a);
    else if (g_str_equal(suffix, ".gz"))
        archive_write_add_filter_gzip(a);
    else if (g_str_equal(suffix, ".zst"))
        archive_write_add_filter_zstd(a);
    archive_write_set_format_gnutar(a);
    return pack(a, members);
}

void write_ar(const char *path, const struct member *members)
{
    struct archive *a = archive_write_new();
    archive_write_set_format_ar_svr4(a);
    g_autoptr(GBytes) bytes = pack(a, members);
    gsize size = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

char *make_deb(const char *dir, const char *name, const char *fields, const struct member *control,
               const struct member *data)
{
    g_autofree char *text =
        g_strdup_printf("Package: %s\nVersion: 1.0\n%s%s", name, fields,
                        strstr(fields, "Architecture:") ? "" : "Architecture: amd64\n");
    struct member files[20] = {{.path = "./"}, {.path = "./control", .text = text}};
    for (gsize i = 0; control && control[i].path; i++)
        files[2 + i] = control[i];
    g_autoptr(GBytes) first = tar(".gz", files);
    g_autoptr(GBytes) second = tar(".zst", data);
    const struct member members[] = {{.path = "debian-binary", .text = "2.0\n"},
                                     {.path = "control.tar.gz", .data = first},
                                     {.path = "data.tar.zst", .data = second},
                                     {0}};
    g_autofree char *file = g_strconcat(name, "_1.0.deb", NULL);
    char *path = g_build_filename(dir, file, NULL);
    write_ar(path, members);
    return path;
}

char *run_tool(const char *const argv[])
{
    g_autoptr(GError) error = NULL;
    char *out = NULL;
    if (!spawn_run(argv, NULL, &out, &error))
        fail_msg("%s: %s", argv[0], error->message);
    return out;
}

char *make_ext4(const char *dir, guint kib)
{
    char *image = g_build_filename(dir, "ext4.raw", NULL);
    g_autofree char *size = g_strdup_printf("%uK", kib);
    (void)g_remove(image);
    g_free(run_tool((const char *[]){"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-E",
                                     "lazy_itable_init=1", image, size, NULL}));
    return image;
}

void assert_clean(const char *image)
{
    g_free(run_tool((const char *[]){"e2fsck", "-fn", image, NULL}));
}

char *debugfs(const char *image, const char *request)
{
    return run_tool((const char *[]){"debugfs", "-R", request, image, NULL});
}

void assert_holds(const char *image, const char *path, const char *text)
{
    g_autofree char *request = g_strconcat("cat ", path, NULL);
    g_autofree char *found = debugfs(image, request);
    assert_string_equal(found, text);
}
