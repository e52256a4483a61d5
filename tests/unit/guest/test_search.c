/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "guest/search.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK  (256u << 10) /* that of search.c: finds across its border matter */
#define SECRET "correct-horse"

static struct archive *begin(int *fd)
{
    *fd = memfd_create("tar", MFD_CLOEXEC);
    struct archive *a = archive_write_new();
    archive_write_set_format_gnutar(a);
    assert_int_equal(archive_write_open_fd(a, *fd), ARCHIVE_OK);
    return a;
}

static void add(struct archive *a, const char *path, const void *data, gsize length)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)length);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, data, length), length);
    archive_entry_free(entry);
}

static gboolean search(struct archive *a, int fd, GArray *needles, GPtrArray *found, GError **error)
{
    archive_write_free(a);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    gboolean good = search_tar(fd, "/etc", needles, found, error);
    close(fd);
    return good;
}

/* What is found when one file has this content. */
static guint found_in(GArray *needles, const void *data, gsize length)
{
    int fd;
    struct archive *a = begin(&fd);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    add(a, "file", data, length);
    assert_true(search(a, fd, needles, found, NULL));
    return found->len;
}

static guint found_text(GArray *needles, const char *text)
{
    return found_in(needles, text, strlen(text));
}

static void names_the_file_once(void **state)
{
    (void)state;
    int fd;
    struct archive *a = begin(&fd);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, SECRET, "a secret is");
    add(a, "./empty", "", 0);
    add(a, "./a/good", "nothing", 7);
    add(a, "./a/\033[2Jbad", SECRET SECRET, 26);
    add(a, "last", "x" SECRET, 14);
    assert_true(search(a, fd, needles, found, NULL));
    assert_int_equal(found->len, 2);
    assert_string_equal(g_ptr_array_index(found, 0), "a secret is in /etc/a/bad");
    assert_string_equal(g_ptr_array_index(found, 1), "a secret is in /etc/last");
}

static void finds_across_chunks(void **state)
{
    (void)state;
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, SECRET, "x");
    for (gsize at = CHUNK - 20; at < CHUNK + 3; at++) {
        g_autofree char *data = g_malloc0(2 * CHUNK);
        assert_int_equal(found_in(needles, data, 2 * CHUNK), 0);
        memcpy(data + at, SECRET, strlen(SECRET));
        assert_int_equal(found_in(needles, data, 2 * CHUNK), 1);
    }
}

/* The end of one file and the beginning of the next are no find. */
static void files_are_apart(void **state)
{
    (void)state;
    int fd;
    struct archive *a = begin(&fd);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, SECRET, "x");
    add(a, "1", "correct-", 8);
    add(a, "2", "horse", 5);
    assert_true(search(a, fd, needles, found, NULL));
    assert_int_equal(found->len, 0);
}

static void macs_in_every_spelling(void **state)
{
    (void)state;
    g_autoptr(GArray) needles = needles_new();
    needles_add_mac(needles, "52:54:00:6B:1d:9e", "x");
    assert_int_equal(found_text(needles, "a 52:54:00:6b:1d:9e b"), 1);
    assert_int_equal(found_text(needles, "a 52:54:00:6B:1D:9E b"), 1);
    assert_int_equal(found_text(needles, "enx5254006b1d9e"), 1);
    assert_int_equal(found_text(needles, "01-52-54-00-6b-1d-9e"), 1);
    assert_int_equal(found_in(needles, "\1\x52\x54\0\x6b\x1d\x9e", 7), 1);
    assert_int_equal(found_text(needles, "52:54:00:6b:1d:9f"), 0);
}

static void bad_macs_are_no_needle(void **state)
{
    (void)state;
    g_autoptr(GArray) needles = needles_new();
    needles_add_mac(needles, "", "x");
    needles_add_mac(needles, "52:54:00:6b:1d", "x");
    needles_add_mac(needles, "52:54:00:6b:1d:9", "x");
    needles_add_mac(needles, "hello", "x");
    assert_int_equal(needles->len, 0);
    needles_add_mac(needles, "02:00:00:00:00:01", "x");
    assert_int_equal(found_in(needles, "\2\0\0\0\0\1", 6), 0);
    assert_int_equal(found_text(needles, "02:00:00:00:00:01"), 1);
}

/* "debian" as a password must not make every image unfit. */
static void short_secrets_need_a_context(void **state)
{
    (void)state;
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, "", "x");
    assert_int_equal(needles->len, 0);
    needles_add_secret(needles, "debian", "x");
    assert_int_equal(found_text(needles, "deb http://example.org/debian\n"), 0);
    assert_int_equal(found_text(needles, "d-i passwd/root-password password debian\n"), 1);
    assert_int_equal(found_text(needles, "password=debian\n"), 1);
}

static void broken_streams(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) needles = needles_new();
    needles_add_secret(needles, SECRET, "x");
    int fd;
    struct archive *a = begin(&fd);
    add(a, "file", "0123456789", 10);
    archive_write_free(a);
    assert_int_equal(ftruncate(fd, 515), 0); /* a header and three bytes of ten */
    lseek(fd, 0, SEEK_SET);
    assert_false(search_tar(fd, "/etc", needles, found, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "cannot search /etc of the guest");
    g_clear_error(&error);
    assert_int_equal(ftruncate(fd, 0), 0);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(write(fd, "this is no tar stream at all", 28), 28);
    lseek(fd, 0, SEEK_SET);
    assert_false(search_tar(fd, "/etc", needles, found, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "cannot search");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_file_once),    cmocka_unit_test(finds_across_chunks),
        cmocka_unit_test(files_are_apart),        cmocka_unit_test(macs_in_every_spelling),
        cmocka_unit_test(bad_macs_are_no_needle), cmocka_unit_test(short_secrets_need_a_context),
        cmocka_unit_test(broken_streams)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
