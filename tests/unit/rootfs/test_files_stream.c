/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "base/interrupt.h"
#include "rootfs/files_stream.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is written can be read again, and damaged archives are refused.  The disks that are made of
 * archives are in test_write_disk.c. */

/* ---- a target that writes down what it is asked ---- */

static gboolean log_make(gpointer to, const char *path, const struct names_item *item, guint64 *id,
                         GError **error)
{
    const struct names_meta *m = item->meta;
    (void)error;
    *id = 7;
    g_string_append_printf(to, "%o %s %o %u:%u %" G_GINT64_FORMAT ".%09u", item->type, path,
                           m->mode, m->uid, m->gid, m->mtime, m->mtime_nsec);
    if (item->link)
        g_string_append_printf(to, " -> %s", item->link);
    if (item->major || item->minor)
        g_string_append_printf(to, " %u,%u", item->major, item->minor);
    for (guint i = 0; m->xattrs && i < m->xattrs->len; i++) {
        const struct xattr *x = g_ptr_array_index(m->xattrs, i);
        gsize size = 0;
        const char *value = g_bytes_get_data(x->value, &size);
        g_string_append_printf(to, " %s=%.*s", x->name, (int)size, value);
    }
    g_string_append_c(to, '\n');
    return TRUE;
}

static gboolean log_data(gpointer to, const void *data, gsize length, GError **error)
{
    (void)error;
    g_string_append_len(to, data, (gssize)length);
    return TRUE;
}

static gboolean log_end(gpointer to, GError **error)
{
    (void)error;
    g_string_append(to, "|\n");
    return TRUE;
}

static gboolean log_change(gpointer to, const char *path, guint64 id, const struct names_meta *meta,
                           GError **error)
{
    const struct names_item item = {.type = S_IFDIR, .meta = meta};
    g_string_append(to, "again ");
    return log_make(to, path, &item, &id, error);
}

static gboolean log_link(gpointer to, const char *path, const char *from, guint64 id, guint links,
                         GError **error)
{
    (void)error;
    assert_int_equal(id, 7);
    g_string_append_printf(to, "%s = %s (%u)\n", path, from, links);
    return TRUE;
}

static const struct names_target log_target = {log_make,   log_data, log_end,
                                               log_change, log_link, NULL};

/* ---- */

typedef void (*filler)(names *n);

/* What a target is asked when fill puts files into its names. */
static char *said_directly(filler fill)
{
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(names) n = names_new(&log_target, said, 1);
    fill(n);
    return g_string_free(g_steal_pointer(&said), FALSE);
}

/* The same files as an archive. */
static GBytes *archived(const char *dir, filler fill)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(dir, "archive", NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char *bytes = NULL;
    gsize size = 0;
    g_autoptr(files_stream) s = files_stream_new(fd);
    fill(files_stream_names(s));
    assert_true(files_stream_finish(s, &error));
    assert_no_error(error);
    close(fd);
    assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    return g_bytes_new_take(bytes, size);
}

/* What a target is asked when these bytes come out of a pipe. */
static char *said_from(GBytes *bytes, GError **error)
{
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(names) n = names_new(&log_target, said, 1);
    FILE *f = tmpfile();
    assert_non_null(f);
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    assert_int_equal(fwrite(data, 1, size, f), size);
    rewind(f);
    gboolean good = files_stream_read(fileno(f), n, NULL, error);
    /* Whoever writes to a pipe can finish. */
    assert_true(!good || lseek(fileno(f), 0, SEEK_CUR) == (off_t)size);
    assert_int_equal(fclose(f), 0);
    return good ? g_string_free(g_steal_pointer(&said), FALSE) : NULL;
}

static void comes_back(void **state, filler fill)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = archived(*state, fill);
    g_autofree char *expected = said_directly(fill), *found = said_from(bytes, &error);
    assert_no_error(error);
    assert_string_equal(found, expected);
}

static void assert_damaged(GBytes *bytes, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = said_from(bytes, &error);
    assert_null(found);
    assert_error_says(error, INGOT_EXIT_INSTALL, says);
}

static void assert_members_damaged(const struct member *members, const char *says)
{
    g_autoptr(GBytes) bytes = tar("", members);
    assert_damaged(bytes, says);
}

/* ---- */

static void fill_all_kinds(names *n)
{
    g_autoptr(GPtrArray) capability = xattrs_new(), note = xattrs_new();
    const struct names_meta odd = {.mode = 06755,
                                   .uid = 70000,
                                   .gid = 2097153,
                                   .mtime = 1234567890,
                                   .mtime_nsec = 987654321,
                                   .xattrs = capability};
    const struct names_meta plain = {.mode = 0644, .mtime = 5000000000};
    const struct names_meta noted = {.mode = 01700, .xattrs = note};
    g_autofree char *part = g_strnfill(200, 'f'), *target = g_strnfill(3000, 't');
    g_autofree char *far = g_strdup_printf("%s/%s/tool", part, part);
    xattrs_add(capability, "security.capability", "\1 \2 a", 6);
    xattrs_add(note, "user.odd name", "v", 1);
    assert_true(names_directory_set(n, "", &noted, NULL));
    assert_true(names_file(n, far, &odd, "hello", 5, NULL));
    assert_true(names_directory(n, "d", &noted, NULL));
    assert_true(names_symlink(n, "d/l", target, &plain, NULL));
    assert_true(names_hard_link(n, "d/h", far, NULL));
    assert_true(names_special(n, "null", S_IFCHR, 1, 3, &plain, NULL));
    assert_true(names_special(n, "disk", S_IFBLK, 259, 70000, &plain, NULL));
    assert_true(names_special(n, "fifo", S_IFIFO, 0, 0, &plain, NULL));
    assert_true(names_file(n, "\377 \303\244\nx", &plain, "", 0, NULL));
    assert_true(names_directory_set(n, "d", &odd, NULL));
}

static void every_kind_of_file_comes_back(void **state)
{
    comes_back(state, fill_all_kinds);
}

/* Paths that lead through links, replaced files, and links to what is replaced later. */
static void fill_with_replacements(names *n)
{
    const struct names_meta plain = {.mode = 0644};
    assert_true(names_symlink(n, "lib", "usr/lib", &plain, NULL));
    assert_true(names_file(n, "lib/a", &plain, "first", 5, NULL));
    assert_true(names_hard_link(n, "lib/aside", "usr/lib/a", NULL));
    assert_true(names_hard_link(n, "lib/a", "lib/aside", NULL)); /* are one already: nothing */
    assert_true(names_file(n, "usr/lib/a", &plain, "second", 6, NULL));
    assert_true(names_symlink(n, "lib/a", "aside", &plain, NULL));
    assert_true(names_hard_link(n, "lib/b", "lib/a", NULL)); /* of a link */
    assert_true(names_directory(n, "lib", &plain, NULL));    /* is there: nothing */
}

static void replacements_come_back(void **state)
{
    comes_back(state, fill_with_replacements);
    g_autofree char *said = said_directly(fill_with_replacements);
    assert_non_null(strstr(said, "usr/lib/aside = usr/lib/a (2)\n"));
    assert_null(strstr(said, "usr/lib/a = "));
}

/* At every block of 512 bytes, also between two entries. */
static void a_missing_end_is_noticed(void **state)
{
    g_autoptr(GBytes) whole = archived(*state, fill_all_kinds);
    for (gsize at = 0; at < g_bytes_get_size(whole) - 512; at += 512) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(whole, 0, at);
        assert_damaged(part, "damaged");
    }
}

static void what_is_behind_the_end_is_read_away(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) whole = archived(*state, fill_all_kinds);
    gsize size = 0;
    const void *data = g_bytes_get_data(whole, &size);
    g_autofree guint8 *more = g_malloc0(size + 300000);
    memcpy(more, data, size);
    g_autoptr(GBytes) longer = g_bytes_new(more, size + 300000);
    g_autofree char *found = said_from(longer, &error);
    assert_no_error(error);
}

static void hostile_archives_are_refused(void **state)
{
    (void)state;
    assert_members_damaged((struct member[]){{.path = "a/../../b", .text = ""}, {0}},
                           "a path leads out of it: a/../../b");
    assert_members_damaged(
        (struct member[]){{.path = "a", .text = ""}, {.path = "b", .hardlink = "../a"}, {0}},
        "a link leads out of it: b");
    assert_members_damaged((struct member[]){{.path = "a/"}, {.path = "a", .symlink = "x"}, {0}},
                           "a link is where a directory is: a");
    g_autoptr(GBytes) text = g_bytes_new_static("no archive", 10);
    assert_damaged(text, "damaged");
}

/* The names layer refuses these; a directory never goes. */
static void impossible_places_are_refused(void **state)
{
    static const struct {
        struct member members[3];
        const char *says;
    } cases[] = {
        {{{.path = "a/"}, {.path = "a", .text = ""}, {0}}, "cannot make a in"},
        {{{.path = "a", .text = ""}, {.path = "a/b", .text = ""}, {0}}, "cannot make a/b in"},
        {{{.path = "b", .hardlink = "a"}, {0}}, "cannot link to a in"},
        {{{.path = "l", .symlink = "l"}, {.path = "l/b", .text = ""}, {0}}, "cannot make l/b in"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_members_damaged(cases[i].members, cases[i].says);
}

/* An archive of one entry by libarchive. */
static GBytes *archive_of(struct archive_entry *e)
{
    GByteArray *out = g_byte_array_new();
    struct archive *a = archive_write_new();
    archive_write_set_format_pax(a);
    assert_int_equal(archive_write_open(a, out, NULL, member_to_array, NULL), ARCHIVE_OK);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    for (la_int64_t i = 0; i < archive_entry_size(e); i++)
        assert_int_equal(archive_write_data(a, "x", 1), 1);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    archive_entry_free(e);
    return g_byte_array_free_to_bytes(out);
}

static struct archive_entry *plain_entry(la_int64_t size)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, "f");
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, size);
    return e;
}

static void attributes_without_a_place_are_refused(void **state)
{
    static const char *const names_of[] = {"system.nfs4_acl", "odd", "trusted.x",
                                           "security.selinux"};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(names_of); i++) {
        struct archive_entry *e = plain_entry(0);
        archive_entry_xattr_add_entry(e, names_of[i], "v", 1);
        g_autoptr(GBytes) bytes = archive_of(e);
        assert_damaged(bytes, "an extended attribute of an unknown kind: f");
    }
    struct archive_entry *e = plain_entry(0);
    archive_entry_acl_add_entry(e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, ARCHIVE_ENTRY_ACL_READ,
                                ARCHIVE_ENTRY_ACL_USER, 5, "five");
    g_autoptr(GBytes) bytes = archive_of(e);
    assert_damaged(bytes, "an ACL that is not an extended attribute: f");
}

static void holes_are_zeros(void **state)
{
    g_autoptr(GError) error = NULL;
    struct archive_entry *e = plain_entry(9000);
    (void)state;
    archive_entry_sparse_add_entry(e, 4096, 512);
    g_autoptr(GBytes) bytes = archive_of(e);
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(names) n = names_new(&log_target, said, 1);
    FILE *f = tmpfile();
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    assert_int_equal(fwrite(data, 1, size, f), size);
    rewind(f);
    assert_true(files_stream_read(fileno(f), n, NULL, &error));
    assert_no_error(error);
    assert_int_equal(fclose(f), 0);
    const char *content = strchr(said->str, '\n') + 1;
    assert_int_equal(said->len - (gsize)(content - said->str), 9000 + 2);
    assert_int_equal(content[4095], 0);
    assert_int_equal(content[4096], 'x');
    assert_int_equal(content[4096 + 511], 'x');
    assert_int_equal(content[4096 + 512], 0);
}

static void cancelling_ends_it(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(names) n = names_new(&log_target, said, 1);
    g_autoptr(GBytes) bytes = archived(*state, fill_all_kinds);
    g_autofree char *path = g_build_filename(*state, "archive", NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    g_cancellable_cancel(cancel);
    assert_false(files_stream_read(fd, n, cancel, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    close(fd);
}

static void nobody_reads(void **state)
{
    const struct names_meta plain = {.mode = 0644};
    g_autofree char *large = g_malloc0(1u << 20);
    g_autoptr(GError) error = NULL;
    int ends[2];
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    interrupt_survive_closed_pipes();
    g_autoptr(files_stream) s = files_stream_new(ends[1]);
    assert_false(names_file(files_stream_names(s), "large", &plain, large, 1u << 20, &error));
    assert_true(g_error_matches(error, TREE_ERROR, EPIPE));
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kind_of_file_comes_back, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(replacements_come_back, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(a_missing_end_is_noticed, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(what_is_behind_the_end_is_read_away, image_setup,
                                        image_teardown),
        cmocka_unit_test(hostile_archives_are_refused),
        cmocka_unit_test(impossible_places_are_refused),
        cmocka_unit_test(attributes_without_a_place_are_refused),
        cmocka_unit_test(holes_are_zeros),
        cmocka_unit_test_setup_teardown(cancelling_ends_it, image_setup, image_teardown),
        cmocka_unit_test(nobody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
