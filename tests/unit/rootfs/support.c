/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "base/spawn.h"

int image_setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-rootfs", NULL);
    return *state ? 0 : -1;
}

int image_teardown(void **state)
{
    files_remove_tree(*state);
    g_free(*state);
    return 0;
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
    return members_write(a, members);
}

void write_ar(const char *path, const struct member *members)
{
    struct archive *a = archive_write_new();
    archive_write_set_format_ar_svr4(a);
    g_autoptr(GBytes) bytes = members_write(a, members);
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
