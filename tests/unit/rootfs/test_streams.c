/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../members.h"
#include "support.h"
#include "tree_support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Everything that a tree can have. */
static const char *const rich =
    "umask 022; mkdir -p etc usr/bin 'empty dir' deep/a/b/c && "
    "echo hello >etc/hello && ln etc/hello usr/bin/same && ln -s ../etc/hello usr/bin/link && "
    "ln usr/bin/link deep/samelink && mkfifo deep/fifo && : >deep/a/empty && "
    "printf x >\"$(printf 'deep/\\377\\n\\303\\266')\" && "
    "printf y >deep/a/$(printf '%0250d' 7) && "
    "ln -s $(printf '%0300d' 8) deep/longlink && "
    "mkdir -p deep/$(printf '%0200d' 1)/$(printf '%0200d' 2) && "
    "echo z >deep/$(printf '%0200d' 1)/$(printf '%0200d' 2)/file && "
    "truncate -s 5M deep/hole && printf data | dd of=deep/hole bs=1 seek=3000000 conv=notrunc "
    "2>/dev/null && truncate -s 3M deep/allhole && "
    "head -c 1500000 /dev/zero >deep/zeros && echo tail >>deep/zeros && "
    "cp usr/bin/link /dev/null 2>/dev/null; echo s >usr/bin/suid && chown 1000:1001 usr/bin/suid "
    "&& "
    "chmod 6755 usr/bin/suid && chmod 1777 deep/a && chmod 0 deep/a/empty && "
    "chown -h 33:44 usr/bin/link && chown 65534:65534 etc && "
    "touch -d '2001-02-03 04:05:06.123456789 UTC' etc/hello && "
    "touch -d '1960-01-01 00:00:00.25 UTC' deep/a/empty && touch -d '2300-01-01' deep/fifo && "
    "touch -h -d '2002-02-02' usr/bin/link && touch -d '2003-03-03 03:03:03.3' deep/a deep usr . ";

/* Attributes need a file of the sandbox's own UIDs; the tree's server keeps those it is given. */
static GBytes *with_attributes(void)
{
    static const guint8 acl[] = {2,    0,    0,    0,    1,    0,    6,  0,    0xff, 0xff, 0xff,
                                 0xff, 2,    0,    4,    0,    232,  3,  0,    0,    4,    0,
                                 4,    0,    0xff, 0xff, 0xff, 0xff, 16, 0,    4,    0,    0xff,
                                 0xff, 0xff, 0xff, 32,   0,    4,    0,  0xff, 0xff, 0xff, 0xff};
    static const guint8 capability[] = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    GByteArray *out = g_byte_array_new();
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    archive_write_set_format_pax(a);
    assert_int_equal(archive_write_open(a, out, NULL, member_to_array, NULL), ARCHIVE_OK);
    archive_entry_set_pathname(e, "./ping");
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, 4);
    archive_entry_xattr_add_entry(e, "user.one", "1\0\n=2", 5);
    archive_entry_xattr_add_entry(e, "user.another", "", 0);
    archive_entry_xattr_add_entry(e, "security.capability", capability, sizeof capability);
    archive_entry_xattr_add_entry(e, "system.posix_acl_access", acl, sizeof acl);
    archive_entry_xattr_add_entry(e, "security.selinux", "left out", 8);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, "ping", 4), 4);
    archive_entry_clear(e);
    archive_entry_set_pathname(e, "./dir");
    archive_entry_set_filetype(e, AE_IFDIR);
    archive_entry_set_perm(e, 0700);
    archive_entry_xattr_add_entry(e, "user.of", "dir", 3);
    archive_entry_xattr_add_entry(e, "system.posix_acl_default", acl, sizeof acl);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    archive_entry_clear(e);
    archive_entry_set_pathname(e, "./dir/below");
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0600);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    archive_entry_free(e);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return g_byte_array_free_to_bytes(out);
}

static void assert_same_bytes(GBytes *a, GBytes *b)
{
    gsize size;
    const void *data = g_bytes_get_data(a, &size);
    assert_int_equal(g_bytes_get_size(b), size);
    assert_memory_equal(g_bytes_get_data(b, NULL), data, size);
}

static guint count_of(GBytes *bytes, const char *text)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    const char *end = data + size, *at = data;
    guint n = 0;
    while ((at = memmem(at, (gsize)(end - at), text, strlen(text)))) {
        at += strlen(text);
        n++;
    }
    return n;
}

static void attributes_belong_to_files(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GBytes) attributes = with_attributes();
    tree_take(t, attributes);
    g_autoptr(GBytes) sent = tree_sent(t, "/", NULL);
    assert_int_equal(count_of(sent, "SCHILY.xattr.user.one=1"), 1);
    assert_int_equal(count_of(sent, "SCHILY.xattr.user.another="), 1);
    assert_int_equal(count_of(sent, "SCHILY.xattr.user.of=dir"), 1);
    assert_int_equal(count_of(sent, "SCHILY.xattr.security.capability="), 1);
    /* ./dir/below inherits none. */
    assert_int_equal(count_of(sent, "SCHILY.xattr.system.posix_acl_access="), 1);
    assert_int_equal(count_of(sent, "SCHILY.xattr.system.posix_acl_default="), 1);
    assert_int_equal(count_of(sent, "selinux"), 0);
    /* Those that an entry does not have go. */
    const struct member members[] = {{.path = "dir/"}, {.path = "ping", .text = "x"}, {0}};
    g_autoptr(GBytes) plain = tar("", members);
    tree_take(t, plain);
    g_autoptr(GBytes) again = tree_sent(t, "/", NULL);
    assert_int_equal(count_of(again, "SCHILY.xattr."), 0);
}

static void what_is_sent_is_received(void **state)
{
    (void)state;
    g_autoptr(tree) from = tree_new();
    tree_shell(from, rich);
    g_autoptr(GBytes) attributes = with_attributes();
    tree_take(from, attributes);
    g_autoptr(GBytes) first = tree_sent(from, "/", NULL);
    g_autoptr(GBytes) twice = tree_sent(from, "/", NULL);
    assert_same_bytes(first, twice);
    g_autoptr(tree) to = tree_new();
    tree_take(to, first);
    g_autoptr(GBytes) second = tree_sent(to, "/", NULL);
    assert_same_bytes(first, second);
    tree_take(to, first); /* over itself */
    g_autoptr(GBytes) third = tree_sent(to, "/", NULL);
    assert_same_bytes(first, third);
    assert_int_equal(tree_look(to, "/etc/hello").inode, tree_look(to, "/usr/bin/same").inode);
    assert_int_equal(tree_look(to, "/etc/hello").mtime_nsec, 123456789);
    assert_int_equal(tree_look(to, "/usr/bin/suid").mode, S_IFREG | 06755);
    assert_int_equal(tree_look(to, "/deep/a/empty").mtime, -315619200);
    assert_int_equal(tree_look(to, "/deep/hole").size, 5u << 20);
    /* What the hole costs is not sent. */
    assert_true(g_bytes_get_size(first) < 200000);
}

struct seen {
    GHashTable *paths; /* to how they are */
    GString *order;
};

static struct seen read_archive(GBytes *bytes)
{
    struct seen seen = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                        g_string_new(NULL)};
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    archive_read_support_format_tar(a);
    assert_int_equal(
        archive_read_open_memory(a, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)),
        ARCHIVE_OK);
    int code;
    while ((code = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
        const char *path = archive_entry_pathname(e);
        g_string_append_printf(seen.order, "%s\n", path);
        g_hash_table_insert(
            seen.paths, g_strdup(path),
            g_strdup_printf(
                "%o %d:%d %d %s%s", archive_entry_hardlink(e) ? 0 : archive_entry_mode(e),
                (int)archive_entry_uid(e), (int)archive_entry_gid(e), (int)archive_entry_size(e),
                archive_entry_hardlink(e) ? archive_entry_hardlink(e) : "",
                archive_entry_symlink(e) ? archive_entry_symlink(e) : ""));
    }
    if (code != ARCHIVE_EOF)
        fail_msg("the archive is not one: %s", archive_error_string(a));
    archive_read_free(a);
    return seen;
}

static void seen_clear(struct seen *seen)
{
    g_hash_table_unref(seen->paths);
    g_string_free(seen->order, TRUE);
}

static void assert_seen(const struct seen *seen, const char *path, const char *how)
{
    const char *got = g_hash_table_lookup(seen->paths, path);
    if (!got)
        fail_msg("%s is not in the archive:\n%s", path, seen->order->str);
    assert_string_equal(got, how);
}

/* libarchive, which has not written it, reads it alike. */
static void others_read_the_archive(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    tree_shell(t, rich);
    g_autoptr(GBytes) bytes = tree_sent(t, "/", NULL);
    struct seen seen = read_archive(bytes);
    assert_true(g_str_has_prefix(seen.order->str, "./\n./deep/\n./deep/"));
    assert_seen(&seen, "./", "40755 0:0 0 ");
    assert_seen(&seen, "./etc/", "40755 65534:65534 0 ");
    assert_seen(&seen, "./etc/hello", "100644 0:0 6 ");
    assert_seen(&seen, "./usr/bin/same", "0 0:0 0 ./etc/hello");
    assert_seen(&seen, "./usr/bin/suid", "106755 1000:1001 2 ");
    assert_seen(&seen, "./deep/hole", "100644 0:0 5242880 ");
    assert_seen(&seen, "./deep/allhole", "100644 0:0 3145728 ");
    assert_seen(&seen, "./deep/\xff\n\xc3\xb6", "100644 0:0 1 ");
    assert_seen(&seen, "./deep/fifo", "10644 0:0 0 ");
    seen_clear(&seen);
}

/* So does GNU tar. */
static void tar_reads_the_archive(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    tree_shell(t, "mkdir d && truncate -s 5M d/hole && echo end >>d/hole && "
                  "echo z >d/$(printf '%0200d' 1)");
    g_autoptr(GBytes) bytes = tree_sent(t, "/", NULL);
    g_autofree char *path = g_build_filename(trees_folder(), "tar", NULL);
    g_autofree char *out = g_build_filename(trees_folder(), "untarred", NULL);
    assert_true(g_file_set_contents(path, g_bytes_get_data(bytes, NULL),
                                    (gssize)g_bytes_get_size(bytes), NULL));
    assert_int_equal(mkdir(out, 0700), 0);
    const char *const argv[] = {"tar", "-xf", path, "-C", out, NULL};
    g_autofree char *said = run_tool(argv);
    assert_string_equal(said, "");
    g_autofree char *hole = g_build_filename(out, "d/hole", NULL);
    g_autofree char *text = NULL;
    gsize size;
    assert_true(g_file_get_contents(hole, &text, &size, &error));
    assert_int_equal(size, (5u << 20) + 4);
    assert_memory_equal(text + (5u << 20), "end\n", 4);
}

static void excludes_and_directories(void **state)
{
    (void)state;
    static const char *const excludes[] = {"./proc/*", "./var/cache", "*.o", NULL};
    g_autoptr(tree) t = tree_new();
    tree_shell(t, "mkdir -p a/proc a/var/cache/x a/var/caches && touch a/proc/1 a/var/cache/y "
                  "a/var/caches/z a/var/t.o a/b a/a.b && mkdir a/a && touch a/a/c out");
    g_autoptr(GBytes) bytes = tree_sent(t, "/a", excludes);
    struct seen seen = read_archive(bytes);
    assert_string_equal(seen.order->str, "./\n./a/\n./a/c\n./a.b\n./b\n./proc/\n./var/\n"
                                         "./var/caches/\n./var/caches/z\n");
    seen_clear(&seen);
}

static void names_of_everything(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    int ends[2];
    char text[100];
    tree_shell(t, "mkdir -p a/b && touch a/b/c a/d");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(tree_send_names(t, "/a", ends[1], &error));
    ssize_t n = read(ends[0], text, sizeof text);
    close(ends[0]);
    assert_int_equal(n, 8);
    assert_memory_equal(text, "b\0b/c\0d\0", 8);
}

static void usage_counts_links_once_and_no_holes(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    guint64 before, bytes;
    assert_true(tree_usage(t, &before, &error));
    tree_shell(t, "head -c 5000 /dev/urandom >a && ln a b && truncate -s 1G hole && echo x >>hole");
    assert_true(tree_usage(t, &bytes, &error));
    assert_int_equal(bytes - before, (8192 + 4096) + (4096 + 4096));
}

/* ---- hostile archives ---- */

static void assert_refused(tree *t, const struct member *members, int code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) archive = tar("", members);
    tree_take_from(t, archive, &error);
    if (tree_errno(error) != code)
        fail_msg("%s: %s instead of errno %d", members->path, error ? error->message : "no error",
                 code);
}

static void archives_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct member members[2];
        int code;
    } cases[] = {{{{.path = "../out", .text = "x"}}, EINVAL},
                 {{{.path = "a/../../out", .text = "x"}}, EINVAL},
                 {{{.path = "link/file", .text = "x"}}, ENOTDIR},
                 {{{.path = "slash/file", .text = "x"}}, ENOTDIR},
                 {{{.path = "a", .hardlink = "link/x"}}, ENOTDIR},
                 {{{.path = "a", .hardlink = "../x"}}, EINVAL},
                 {{{.path = "a", .hardlink = "none"}}, ENOENT},
                 {{{.path = "null", .type = AE_IFCHR}}, EPERM},
                 {{{.path = ".wh...", .text = ""}}, EINVAL},
                 {{{.path = ".", .text = "x"}}, ENOTDIR}};
    g_autoptr(tree) t = tree_new();
    tree_shell(t, "mkdir inside && ln -s inside link && ln -s / slash");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(t, cases[i].members, cases[i].code);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) inside = tree_list(t, "/inside", &error);
    assert_int_equal(g_strv_length(inside), 0);
}

static void damaged_archives_are_refused(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    const struct member members[] = {{.path = "a", .text = "some text that is cut"}, {0}};
    static const char *const suffixes[] = {"", ".gz", ".xz", ".zst"};
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) whole = tar(suffixes[i], members);
        tree_take(t, whole);
        assert_tree_text(t, "/a", "some text that is cut");
        gsize cut = *suffixes[i] ? g_bytes_get_size(whole) / 2 : 520;
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(whole, 0, cut);
        tree_take_from(t, part, &error);
        assert_non_null(error);
        assert_non_null(strstr(error->message, "the archive: "));
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text = g_bytes_new_static("this is no archive", 18);
    tree_take_from(t, text, &error);
    assert_non_null(error);
    g_clear_error(&error);
    assert_tree_text(t, "/a", "some text that is cut"); /* the server lives */
}

static void entries_replace_what_is_there(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    const struct member members[] = {{.path = "dir", .text = "now a file"},
                                     {.path = "file/", .mode = 0700, .mtime = 5},
                                     {.path = "file/in", .text = "1"},
                                     {.path = "link", .text = "no link"},
                                     {.path = "stays/", .mode = 0711, .uid = 5, .mtime = 9},
                                     {.path = "new/parents/file", .text = "2"},
                                     {.path = "/absolute", .text = "3"},
                                     {0}};
    tree_shell(t, "mkdir -p dir/sub stays && touch dir/sub/x file stays/kept && ln -s kept link");
    g_autoptr(GBytes) archive = tar(".zst", members);
    tree_take(t, archive);
    assert_tree_text(t, "/dir", "now a file");
    assert_tree_text(t, "/file/in", "1");
    assert_tree_text(t, "/link", "no link");
    assert_tree_text(t, "/stays/kept", "");
    assert_tree_text(t, "/new/parents/file", "2");
    assert_tree_text(t, "/absolute", "3");
    assert_int_equal(tree_look(t, "/stays").mode, S_IFDIR | 0711);
    assert_int_equal(tree_look(t, "/stays").uid, 5);
    assert_int_equal(tree_look(t, "/stays").mtime, 9);
    assert_int_equal(tree_look(t, "/file").mtime, 5);
}

static void whiteouts_remove(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    const struct member members[] = {{.path = ".wh.tree", .text = ""},
                                     {.path = ".wh.none", .text = ""},
                                     {.path = "opaque/", .mode = 0755},
                                     {.path = "opaque/new", .text = "1"},
                                     {.path = "opaque/.wh..wh..opq", .text = ""},
                                     {.path = "opaque/later", .text = "2"},
                                     {0}};
    tree_shell(t, "mkdir -p tree/a opaque/old && touch tree/a/b opaque/old/x opaque/gone kept");
    g_autoptr(GBytes) archive = tar("", members);
    tree_take(t, archive);
    assert_int_equal(tree_look(t, "/tree").mode, 0);
    assert_int_equal(tree_look(t, "/opaque/old").mode, 0);
    assert_int_equal(tree_look(t, "/opaque/gone").mode, 0);
    assert_int_equal(tree_look(t, "/opaque/.wh..wh..opq").mode, 0);
    assert_tree_text(t, "/opaque/new", "1");
    assert_tree_text(t, "/opaque/later", "2");
    assert_tree_text(t, "/kept", "");
}

/* ---- an end that goes away ---- */

static void a_reader_that_stops_is_an_error(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    int ends[2];
    tree_shell(t, "head -c 3000000 /dev/urandom >large");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    assert_false(tree_send(t, "/", NULL, ends[1], &error));
    assert_int_equal(tree_errno(error), EPIPE);
    assert_int_equal(tree_look(t, "/large").size, 3000000); /* the server lives */
}

/* Makes so many directories of that name one in the other. */
static void make_deep(tree *t, const char *name, guint depth)
{
    g_autofree char *script =
        g_strdup_printf("n=0; while [ $n -lt %u ]; do mkdir %s && cd -P %s || exit 1; "
                        "n=$((n+1)); done",
                        depth, name, name);
    tree_shell(t, script);
}

static void depth_has_a_limit(void **state)
{
    (void)state;
    g_autoptr(tree) t = tree_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strnfill(100, 'n'), *top = g_strconcat("/", name, NULL);
    guint64 bytes;
    make_deep(t, name, 60); /* deeper than a path can say */
    assert_false(tree_usage(t, &bytes, &error));
    assert_int_equal(tree_errno(error), ENAMETOOLONG);
    g_clear_error(&error);
    assert_true(tree_unlink(t, top, TRUE, &error));
    assert_no_error(error);
    make_deep(t, "a", 990);
    assert_true(tree_usage(t, &bytes, &error));
    assert_true(tree_unlink(t, "/a", TRUE, &error));
    assert_no_error(error);
    make_deep(t, "a", 1100); /* more descriptors than the server may have open */
    assert_false(tree_usage(t, &bytes, &error));
    assert_int_equal(tree_errno(error), ENAMETOOLONG);
    g_clear_error(&error);
    assert_false(tree_unlink(t, "/a", TRUE, &error));
    assert_int_equal(tree_errno(error), ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_belong_to_files),
        cmocka_unit_test(what_is_sent_is_received),
        cmocka_unit_test(others_read_the_archive),
        cmocka_unit_test(tar_reads_the_archive),
        cmocka_unit_test(excludes_and_directories),
        cmocka_unit_test(names_of_everything),
        cmocka_unit_test(usage_counts_links_once_and_no_holes),
        cmocka_unit_test(archives_that_lead_elsewhere_are_refused),
        cmocka_unit_test(damaged_archives_are_refused),
        cmocka_unit_test(entries_replace_what_is_there),
        cmocka_unit_test(whiteouts_remove),
        cmocka_unit_test(a_reader_that_stops_is_an_error),
        cmocka_unit_test(depth_has_a_limit),
    };
    if (trees_begin("streams") != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, trees_end);
}
