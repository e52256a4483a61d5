/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "seed/seed.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>

static GPtrArray *texts; /* of GBytes: what the files hold, until the end */

static struct media_file file(const char *path, const char *text)
{
    GBytes *data = g_bytes_new_static(text, strlen(text));
    g_ptr_array_add(texts, data);
    return (struct media_file){.path = path, .data = data, .mode = 0644};
}

static char *image(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* "PATH=TEXT" of every file, in the order of the medium. */
static char *content(const char *path, const char *options, gint64 *newest)
{
    struct archive *a = archive_read_new();
    struct archive_entry *e = NULL;
    GString *all = g_string_new(NULL);
    char data[4096];
    archive_read_support_format_iso9660(a);
    if (options)
        assert_int_equal(archive_read_set_options(a, options), ARCHIVE_OK);
    assert_int_equal(archive_read_open_filename(a, path, 10240), ARCHIVE_OK);
    while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
        *newest = MAX(*newest, archive_entry_mtime(e));
        if (archive_entry_filetype(e) != AE_IFREG)
            continue;
        la_ssize_t n = archive_read_data(a, data, sizeof data);
        assert_true(n >= 0);
        g_string_append_printf(all, "%s=%.*s;", archive_entry_pathname(e), (int)n, data);
    }
    archive_read_free(a);
    return g_string_free(all, FALSE);
}

static gboolean has(const char *all, const char *one)
{
    g_autofree char *ended = g_strconcat(one, ";", NULL);
    return strstr(all, ended) != NULL;
}

static void read_back(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const struct media_file files[] = {file("user-data", "#cloud-config\n"), file("meta-data", ""),
                                       file("a/deep/Folder_1/ks.cfg", "install\n"),
                                       file("a/deep/other.with.dots-and-a-long-name.txt", "x")};
    g_autofree char *path = image("seed.iso");
    assert_true(seed_iso_write(path, "CIDATA", files, G_N_ELEMENTS(files), &error));
    assert_no_error(error);
    gint64 newest = 0;
    /* The names of Rock Ridge (Linux) and of Joliet (Windows) alike. */
    static const char *const options[] = {"iso9660:!joliet", "iso9660:!rockridge"};
    for (gsize i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *all = content(path, options[i], &newest);
        assert_true(has(all, "user-data=#cloud-config\n"));
        assert_true(has(all, "meta-data="));
        assert_true(has(all, "a/deep/Folder_1/ks.cfg=install\n"));
        assert_true(has(all, "a/deep/other.with.dots-and-a-long-name.txt=x"));
    }
    assert_true(newest <= 315532800);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

/* Where blkid(8) and installers look: the primary volume descriptor (ECMA-119, 8.4.7), and that of
 * Joliet in UCS-2. */
static void label(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const struct media_file files[] = {file("ks.cfg", "x")};
    g_autofree char *path = image("label.iso"), *data = NULL;
    gsize length = 0;
    assert_true(seed_iso_write(path, "OEMDRV", files, 1, &error));
    assert_true(g_file_get_contents(path, &data, &length, NULL));
    assert_true(length > 18 * 2048);
    assert_memory_equal(data + 16 * 2048, "\001CD001", 6);
    assert_memory_equal(data + 16 * 2048 + 40, "OEMDRV          ", 16);
    assert_memory_equal(data + 17 * 2048, "\002CD001", 6);
    assert_memory_equal(data + 17 * 2048 + 40, "\0O\0E\0M\0D\0R\0V\0 ", 14);
}

/* The clock goes on between the two. */
static void reproducible(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const struct media_file files[] = {file("b", "1"), file("a/c", "2")},
                            turned[] = {files[1], files[0]};
    g_autofree char *one = image("one.iso"), *two = image("two.iso"), *a = NULL, *b = NULL;
    gsize na = 0, nb = 0;
    assert_true(seed_iso_write(one, "CIDATA", files, 2, &error));
    gint64 second = g_get_real_time() / G_USEC_PER_SEC;
    while (g_get_real_time() / G_USEC_PER_SEC < second + 2)
        g_thread_yield();
    assert_true(seed_iso_write(two, "CIDATA", turned, 2, &error));
    assert_true(g_file_get_contents(one, &a, &na, NULL) && g_file_get_contents(two, &b, &nb, NULL));
    assert_int_equal(na, nb);
    for (gsize i = 0; i < na; i++)
        if (a[i] != b[i])
            fail_msg("they differ at byte %zu", i);
}

static void refused(void **state)
{
    static const struct {
        const char *label, *path, *says;
    } cases[] = {
        {"", "x", "is not a valid label"},
        {"cidata", "x", "is not a valid label"},
        {"SEVENTEEN_LETTERS", "x", "is not a valid label"},
        {"A,B", "x", "is not a valid label"},
        {"X", "", "it is empty or too long"},
        {"X", "/etc/passwd", "part"},
        {"X", "a/../b", "part"},
        {"X", "a//b", "part"},
        {"X", "a b", "characters other than"},
        {"X", "a%2e", "characters other than"},
    };
    (void)state;
    g_autofree char *path = image("refused.iso");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const struct media_file files[] = {file(cases[i].path, "x")};
        assert_false(seed_iso_write(path, cases[i].label, files, 1, &error));
        assert_error_says(error, INGOT_EXIT_HOST, cases[i].says);
        assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
}

static void clashes(void **state)
{
    (void)state;
    g_autoptr(GError) twice = NULL, below = NULL, nowhere = NULL;
    const struct media_file same[] = {file("a", "1"), file("a", "2")},
                            under[] = {file("a", "1"), file("a/b", "2")};
    g_autofree char *path = image("clash.iso");
    assert_false(seed_iso_write(path, "X", same, 2, &twice));
    assert_error_says(twice, INGOT_EXIT_HOST, "already in use");
    assert_false(seed_iso_write(path, "X", under, 2, &below));
    assert_error_says(below, INGOT_EXIT_HOST, "“a/b”");
    assert_false(seed_iso_write("/no/such/folder/x.iso", "X", same, 1, &nowhere));
    assert_non_null(nowhere);
    assert_non_null(strstr(nowhere->message, "/no/such/folder/x.iso"));
}

static void free_text(gpointer data)
{
    g_bytes_unref(data);
}

static int setup(void **state)
{
    (void)state;
    texts = g_ptr_array_new_with_free_func(free_text);
    return folder_make("ingot-seed");
}

static int teardown(void **state)
{
    g_ptr_array_unref(texts);
    return folder_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(read_back), cmocka_unit_test(label),
                                       cmocka_unit_test(reproducible), cmocka_unit_test(refused),
                                       cmocka_unit_test(clashes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
