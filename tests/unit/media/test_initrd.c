/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

static struct media_file file(const char *path, const char *text, guint mode)
{
    return (struct media_file){
        .path = path, .data = g_bytes_new_static(text, strlen(text)), .mode = mode};
}

static void clear(struct media_file *files, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_bytes_unref(files[i].data);
}

/* Appends to an initrd of the given text; returns the result, owned by the caller. */
static char *append(const char *dir, const char *old, const struct media_file *files, gsize n,
                    gsize *length, GError **error)
{
    g_autofree char *initrd = under(dir, "initrd"), *out = under(dir, "out");
    assert_true(g_file_set_contents(initrd, old, -1, NULL));
    if (!media_initrd_append(initrd, files, n, out, error))
        return NULL;
    char *data = files_read(out, 1u << 24, length, NULL);
    assert_non_null(data);
    return data;
}

static void assert_entry(struct archive *a, const char *path, guint mode, const char *text)
{
    char data[64] = "";
    struct archive_entry *e;
    assert_int_equal(archive_read_next_header(a, &e), ARCHIVE_OK);
    assert_string_equal(archive_entry_pathname(e), path);
    assert_int_equal(archive_entry_mode(e), mode);
    assert_int_equal(archive_entry_uid(e), 0);
    assert_int_equal(archive_entry_gid(e), 0);
    assert_int_equal(archive_entry_mtime(e), 0);
    assert_int_equal(archive_read_data(a, data, sizeof data - 1), strlen(text));
    assert_string_equal(data, text);
}

static void appends_an_archive(void **state)
{
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    struct media_file files[] = {file("usr/lib/late/run", "#!/bin/sh\n", 0755),
                                 file("preseed.cfg", "d-i x y z\n", 0600),
                                 file("usr/lib/late/empty", "", 0644)};
    g_autofree char *data = append(*state, "12345", files, 3, &length, &error);
    assert_no_error(error);
    assert_memory_equal(data, "12345\0\0\000070701", 14);
    struct archive_entry *e;
    struct archive *a = archive_read_new();
    archive_read_support_format_cpio(a);
    assert_int_equal(archive_read_open_memory(a, data + 8, length - 8), ARCHIVE_OK);
    assert_entry(a, "preseed.cfg", S_IFREG | 0600, "d-i x y z\n");
    assert_entry(a, "usr", S_IFDIR | 0755, "");
    assert_entry(a, "usr/lib", S_IFDIR | 0755, "");
    assert_entry(a, "usr/lib/late", S_IFDIR | 0755, "");
    assert_entry(a, "usr/lib/late/empty", S_IFREG | 0644, "");
    assert_entry(a, "usr/lib/late/run", S_IFREG | 0755, "#!/bin/sh\n");
    assert_int_equal(archive_read_next_header(a, &e), ARCHIVE_EOF);
    archive_read_free(a);
    clear(files, 3);
}

/* The headers of the kernel's buffer-format.rst, read without libarchive. */
static void every_header_is_aligned_and_numbered(void **state)
{
    gsize length = 0, at = 4;
    guint64 inode = 0;
    struct media_file files[] = {file("a", "x", 0644), file("b/c", "yy", 0644),
                                 file("b/dd", "zzz", 0644)};
    g_autofree char *data = append(*state, "1234", files, 3, &length, NULL);
    for (;;) {
        char hex[9] = "";
        assert_true(at % 4 == 0 && at + 110 <= length);
        assert_memory_equal(data + at, "070701", 6);
        memcpy(hex, data + at + 6, 8);
        guint64 number = g_ascii_strtoull(hex, NULL, 16);
        memcpy(hex, data + at + 54, 8);
        guint64 size = g_ascii_strtoull(hex, NULL, 16);
        memcpy(hex, data + at + 94, 8);
        guint64 name = g_ascii_strtoull(hex, NULL, 16);
        if (strcmp(data + at + 110, "TRAILER!!!") == 0)
            break;
        assert_int_equal(number, ++inode);
        at = (at + 110 + name + 3) / 4 * 4;
        at = (at + size + 3) / 4 * 4;
    }
    assert_int_equal(inode, 4);
    clear(files, 3);
}

static void the_bytes_depend_on_the_files_only(void **state)
{
    gsize la = 0, lb = 0;
    struct media_file one[] = {file("a", "x", 0644), file("b/c", "y", 0644)};
    struct media_file two[] = {one[1], one[0]};
    g_autofree char *a = append(*state, "1234", one, 2, &la, NULL);
    g_autofree char *b = append(*state, "1234", two, 2, &lb, NULL);
    assert_int_equal(la, lb);
    assert_memory_equal(a, b, la);
    clear(one, 2);
}

static void nothing_to_add_is_an_empty_archive(void **state)
{
    gsize length = 0;
    g_autofree char *data = append(*state, "", NULL, 0, &length, NULL);
    assert_non_null(memmem(data, length, "TRAILER!!!", 10));
}

static void refuses_bad_paths(void **state)
{
    static const struct {
        const char *path, *says;
    } cases[] = {
        {"", "empty"},
        {"/etc/passwd", "not relative"},
        {"../x", "part"},
        {"a/../b", "part"},
        {"a//b", "part"},
        {"a/", "part"},
        {".", "part"},
        {"./a", "part"},
        {"TRAILER!!!", "ends a cpio"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        struct media_file files[] = {file("good", "x", 0644), file(cases[i].path, "x", 0644)};
        assert_null(append(*state, "1234", files, 2, NULL, &error));
        assert_error_says(error, INGOT_EXIT_MEDIA, cases[i].says);
        clear(files, 2);
    }
    g_autofree char *longest = g_strnfill(2000, 'a');
    g_autoptr(GError) error = NULL;
    struct media_file files[] = {file(longest, "x", 0644)};
    assert_null(append(*state, "1234", files, 1, NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "too long");
    clear(files, 1);
}

static void refuses_two_of_a_name(void **state)
{
    static const char *const pairs[][2] = {{"a", "a"}, {"a", "a/b"}, {"a/b", "a"}};
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(GError) error = NULL;
        struct media_file files[] = {file(pairs[i][0], "x", 0644), file(pairs[i][1], "y", 0644)};
        assert_null(append(*state, "1234", files, 2, NULL, &error));
        assert_error_says(error, INGOT_EXIT_MEDIA, "cannot put");
        clear(files, 2);
        g_autofree char *out = under(*state, "out");
        assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
    }
}

static void a_failure_keeps_the_old_output(void **state)
{
    g_autoptr(GError) error = NULL, other = NULL;
    g_autofree char *out = under(*state, "out"), *none = under(*state, "none");
    g_autofree char *nowhere = under(*state, "no", "where");
    assert_true(g_file_set_contents(out, "old", -1, NULL));
    assert_false(media_initrd_append(none, NULL, 0, out, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "cannot read");
    assert_false(media_initrd_append(out, NULL, 0, nowhere, &other));
    assert_error_says(other, INGOT_EXIT_MEDIA, "cannot write");
    g_autofree char *data = files_read(out, 10, NULL, NULL);
    assert_string_equal(data, "old");
}

#define T(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(appends_an_archive),
        T(every_header_is_aligned_and_numbered),
        T(the_bytes_depend_on_the_files_only),
        T(nothing_to_add_is_an_empty_archive),
        T(refuses_bad_paths),
        T(refuses_two_of_a_name),
        T(a_failure_keeps_the_old_output),
    };
    return cmocka_run_group_tests_name("media/initrd", tests, NULL, NULL);
}
