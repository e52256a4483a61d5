/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "debian/debian.h"
#include "media/archive.h"

#include <sys/stat.h>
#include <unistd.h>

#define KERNEL "this is a kernel"
#define INITRD "this is an initrd"

static const struct member usual[] = {
    {.path = "boot"},
    {.path = "boot/text"},
    {.path = "boot/text/linux", .text = KERNEL},
    {.path = "boot/text/initrd.gz", .text = INITRD},
    {.path = "boot/gtk"},
    {.path = "boot/gtk/linux", .text = "another kernel"},
    {.path = "boot/gtk/initrd.gz", .text = "another initrd"},
    {.path = "readme", .text = "hello"},
    {0},
};

/* Picks one file; returns its text, owned by the caller.  member may be NULL. */
static char *pick(const char *source, const char *dir, const char *glob, char **member,
                  GError **error)
{
    g_autofree char *out = under(dir, "picked");
    struct media_pick p = {.glob = glob, .what = "kernel", .out = out};
    (void)unlink(out);
    if (!media_archive_pick(source, "the medium", &deb_format, &p, 1, NULL, error)) {
        assert_false(g_file_test(out, G_FILE_TEST_EXISTS));
        assert_null(p.member);
        return NULL;
    }
    if (member)
        *member = p.member;
    else
        g_free(p.member);
    return files_read(out, 1u << 26, NULL, NULL);
}

static char *pack_file(const char *dir, enum packing packing, const struct member *members)
{
    char *path = under(dir, "medium");
    g_autoptr(GBytes) bytes = pack(packing, members);
    write_bytes(path, bytes);
    return path;
}

static void takes_two_files_out_of_each_form(void **state)
{
    for (enum packing form = PACK_TAR; form <= PACK_DEB; form++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *medium = pack_file(*state, form, usual);
        g_autofree char *kernel = under(*state, "kernel"), *initrd = under(*state, "initrd");
        struct media_pick picks[] = {
            {.glob = "*/text/linux", .what = "kernel", .out = kernel},
            {.glob = "./boot/text/initrd.gz", .what = "initrd", .out = initrd}};
        gboolean good =
            media_archive_pick(medium, "the medium", &deb_format, picks, 2, NULL, &error);
        assert_no_error(error);
        assert_true(good);
        g_autofree char *k = files_read(kernel, 100, NULL, NULL);
        g_autofree char *i = files_read(initrd, 100, NULL, NULL);
        assert_string_equal(k, KERNEL);
        assert_string_equal(i, INITRD);
        assert_string_equal(picks[0].member, "boot/text/linux");
        assert_string_equal(picks[1].member, "boot/text/initrd.gz");
        g_free(picks[0].member);
        g_free(picks[1].member);
        assert_int_equal(unlink(kernel) + unlink(initrd), 0);
    }
}

static void make_tree(const char *dir, const struct member *members)
{
    for (const struct member *m = members; m->path; m++) {
        g_autofree char *path = under(dir, m->path);
        g_autofree char *parent = g_path_get_dirname(path);
        assert_true(files_mkdir(parent, FALSE, NULL));
        if (m->symlink)
            assert_int_equal(symlink(m->symlink, path), 0);
        else if (m->text)
            assert_true(g_file_set_contents(path, m->text, -1, NULL));
        else
            assert_true(files_mkdir(path, FALSE, NULL));
    }
}

static void takes_files_out_of_a_directory(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = under(*state, "tree"), *link_path = under(*state, "link");
    g_autofree char *fifo = under(dir, "fifo");
    char *member = NULL;
    make_tree(dir, usual);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    g_autofree char *text = pick(dir, *state, "/boot/text/linux", &member, &error);
    assert_no_error(error);
    assert_string_equal(text, KERNEL);
    assert_string_equal(member, "boot/text/linux");
    g_free(member);
    assert_int_equal(symlink(dir, link_path), 0);
    g_autofree char *through = pick(link_path, *state, "boot/text/linux", NULL, &error);
    assert_string_equal(through, KERNEL);
    assert_null(pick(dir, *state, "fifo", NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "no file in the medium matches");
}

static void two_globs_may_name_one_file(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *medium = pack_file(*state, PACK_TAR_GZ, usual);
    g_autofree char *one = under(*state, "one"), *two = under(*state, "two");
    struct media_pick picks[] = {{.glob = "readme", .what = "kernel", .out = one},
                                 {.glob = "read*", .what = "initrd", .out = two}};
    assert_true(media_archive_pick(medium, "the medium", &deb_format, picks, 2, NULL, &error));
    g_autofree char *text = files_read(two, 100, NULL, NULL);
    assert_string_equal(text, "hello");
    g_free(picks[0].member);
    g_free(picks[1].member);
}

static void no_match_and_many(void **state)
{
    static const struct {
        const char *glob, *says;
    } cases[] = {
        {"*/vmlinuz", "no file in the medium matches the kernel path */vmlinuz"},
        {"linux", "similar paths: boot/gtk/linux, boot/text/linux"},
        {"*/linux", "matches 2 files in the medium: boot/gtk/linux, boot/text/linux"},
        {"*", "matches 5 files"},
        {"boot", "no file"},
        {"../boot/text/linux", "no file"},
        {"", "no file"},
    };
    g_autofree char *medium = pack_file(*state, PACK_TAR, usual);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(pick(medium, *state, cases[i].glob, NULL, &error));
        assert_error_says(error, INGOT_EXIT_MEDIA, cases[i].says);
    }
}

static void long_lists_are_cut(void **state)
{
    g_autoptr(GError) error = NULL;
    struct member members[30] = {0};
    for (int i = 0; i < 29; i++)
        members[i] = (struct member){.path = g_strdup_printf("%02d/linux", i), .text = "x"};
    g_autofree char *medium = pack_file(*state, PACK_TAR, members);
    assert_null(pick(medium, *state, "*/linux", NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "09/linux and 19 more");
    for (int i = 0; i < 29; i++)
        g_free((char *)members[i].path);
}

/* ---- links ---- */

static void links_are_followed_inside(void **state)
{
    static const struct member members[] = {
        {.path = "link", .symlink = "boot/vmlinuz"},
        {.path = "boot/vmlinuz", .symlink = "../usr/lib/linux-6"},
        {.path = "usr", .symlink = "/real/./usr"},
        {.path = "real/usr/lib/linux-6", .text = KERNEL},
        {.path = "top", .symlink = "../../../../real/usr/lib/linux-6"},
        {.path = "hard", .hardlink = "real/usr/lib/linux-6"},
        {0},
    };
    static const char *const globs[] = {"link", "boot/vmlinuz", "top", "hard", "[bl]*"};
    g_autofree char *medium = pack_file(*state, PACK_TAR_XZ, members);
    for (gsize i = 0; i < G_N_ELEMENTS(globs); i++) {
        g_autoptr(GError) error = NULL;
        char *member = NULL;
        g_autofree char *text = pick(medium, *state, globs[i], &member, &error);
        assert_no_error(error);
        assert_string_equal(text, KERNEL);
        assert_string_equal(member, "real/usr/lib/linux-6");
        g_free(member);
    }
}

static void links_that_lead_nowhere(void **state)
{
    static const struct member members[] = {
        {.path = "self", .symlink = "self"},
        {.path = "a", .symlink = "b"},
        {.path = "b", .symlink = "a"},
        {.path = "d", .symlink = "d/d/d"},
        {.path = "gone", .symlink = "not/there"},
        {.path = "host", .symlink = "/etc/passwd"},
        {.path = "up", .symlink = "../../../etc/passwd"},
        {.path = "folder", .symlink = "real"},
        {.path = "real"},
        {.path = "real/x", .text = "x"},
        {.path = "void", .hardlink = "not/there"},
        {0},
    };
    static const struct {
        const char *glob, *says;
    } cases[] = {{"self", "circle"},
                 {"a", "circle"},
                 {"d", "circle"},
                 {"gone", "its target is not a file"},
                 {"host", "its target is not a file"},
                 {"up", "its target is not a file"},
                 {"folder", "its target is not a file"},
                 {"void", "its target is not a file"}};
    g_autofree char *medium = pack_file(*state, PACK_TAR, members);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(pick(medium, *state, cases[i].glob, NULL, &error));
        assert_error_says(error, INGOT_EXIT_MEDIA, cases[i].says);
    }
}

static void links_of_a_directory_stay_in_it(void **state)
{
    static const struct member members[] = {
        {.path = "tree/inside/linux", .text = KERNEL},
        {.path = "tree/good", .symlink = "inside/linux"},
        {.path = "tree/up", .symlink = "../secret"},
        {.path = "tree/loop", .symlink = ".."},
        {.path = "secret", .text = "not for you"},
        {0},
    };
    g_autoptr(GError) error = NULL, other = NULL;
    g_autofree char *dir = under(*state, "tree");
    make_tree(*state, members);
    g_autofree char *text = pick(dir, *state, "good", NULL, &error);
    assert_no_error(error);
    assert_string_equal(text, KERNEL);
    assert_null(pick(dir, *state, "up", NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "its target is not a file");
    assert_null(pick(dir, *state, "loop/*", NULL, &other));
    assert_error_says(other, INGOT_EXIT_MEDIA, "no file");
}

/* ---- hostile media ---- */

static void paths_that_climb_are_no_match(void **state)
{
    static const struct member members[] = {
        {.path = "../../linux", .text = "evil"},
        {.path = "a/../linux", .text = "evil"},
        {.path = "/abs/linux", .text = KERNEL},
        {0},
    };
    g_autoptr(GError) error = NULL;
    char *member = NULL;
    g_autofree char *medium = pack_file(*state, PACK_TAR, members);
    g_autofree char *text = pick(medium, *state, "*linux", &member, &error);
    assert_no_error(error);
    assert_string_equal(text, KERNEL);
    assert_string_equal(member, "abs/linux");
    g_free(member);
}

/* An error, or the right text: never a part of it, never a crash. */
static void cut_media_are_errors(void **state)
{
    g_autoptr(GBytes) kernel = noise(200000, 5);
    const struct member members[] = {
        {.path = "first", .text = "x"}, {.path = "linux", .data = kernel}, {0}};
    for (enum packing form = PACK_TAR; form <= PACK_DEB; form++) {
        g_autoptr(GBytes) whole = pack(form, members);
        g_autofree char *medium = under(*state, "medium");
        for (gsize part = 0; part < 16; part++) {
            g_autoptr(GError) error = NULL;
            g_autoptr(GBytes) cut =
                g_bytes_new_from_bytes(whole, 0, g_bytes_get_size(whole) * part / 16);
            write_bytes(medium, cut);
            g_autofree char *out = under(*state, "picked");
            struct media_pick p = {.glob = "linux", .what = "kernel", .out = out};
            if (media_archive_pick(medium, "the medium", &deb_format, &p, 1, NULL, &error)) {
                char is[65], should[65];
                assert_true(digest_file(out, is, NULL, NULL, NULL));
                bytes_digest(kernel, should);
                assert_string_equal(is, should);
                g_free(p.member);
            } else {
                assert_error_says(error, INGOT_EXIT_MEDIA, "the medium");
            }
            (void)unlink(out);
        }
    }
}

static void damaged_media_do_not_crash(void **state)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(42);
    g_autofree char *medium = under(*state, "medium");
    for (enum packing form = PACK_TAR; form <= PACK_DEB; form++) {
        g_autoptr(GBytes) whole = pack(form, usual);
        gsize size = g_bytes_get_size(whole);
        for (guint i = 0; i < 40; i++) {
            guint8 *data = g_memdup2(g_bytes_get_data(whole, NULL), size);
            for (guint n = 0; n < 20; n++)
                data[g_rand_int_range(random, 0, (gint32)size)] = (guint8)g_rand_int(random);
            g_autoptr(GBytes) damaged = g_bytes_new_take(data, size);
            write_bytes(medium, damaged);
            g_autofree char *text = pick(medium, *state, "boot/text/linux", NULL, NULL);
            (void)text;
        }
    }
}

static void what_is_no_medium(void **state)
{
    g_autofree char *path = under(*state, "x"), *fifo = under(*state, "fifo");
    g_autoptr(GBytes) junk = noise(100000, 9);
    const char *const texts[] = {"", "words", "!<arch>\n", "!<arch>\nx"};
    for (gsize i = 0; i <= G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        if (i < G_N_ELEMENTS(texts))
            assert_true(g_file_set_contents(path, texts[i], -1, NULL));
        else
            write_bytes(path, junk);
        assert_null(pick(path, *state, "*", NULL, &error));
        assert_error_says(error, INGOT_EXIT_MEDIA, "the medium");
    }
    g_autoptr(GError) error = NULL, gone = NULL;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_null(pick(fifo, *state, "*", NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "neither a file");
    (void)unlink(path);
    assert_null(pick(path, *state, "*", NULL, &gone));
    assert_error_says(gone, INGOT_EXIT_MEDIA, "cannot open the medium");
}

static void an_ar_without_data_is_no_deb(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = under(*state, "x.deb");
    g_autoptr(GBytes) deb = pack(PACK_DEB, usual);
    gsize size = 0;
    char *data = g_bytes_unref_to_data(g_steal_pointer(&deb), &size);
    char *name = memmem(data, size, "data.tar", 8);
    assert_non_null(name);
    *name = 'D';
    assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
    g_free(data);
    assert_null(pick(path, *state, "*", NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "data.tar is not in its place");
}

/* A header that says so much; what follows is never written. */
static char *tar_that_claims(const char *dir, const char *octal)
{
    char block[1024] = "linux";
    guint sum = 0;
    char *path = under(dir, "claim.tar");
    memcpy(block + 100, "0000644", 8);
    memcpy(block + 124, octal, 12);
    memcpy(block + 136, "00000000000", 12);
    memcpy(block + 257, "ustar\00000", 8);
    memset(block + 148, ' ', 8);
    block[156] = '0';
    for (gsize i = 0; i < 512; i++)
        sum += (guchar)block[i];
    g_snprintf(block + 148, 8, "%06o", sum);
    assert_true(g_file_set_contents(path, block, sizeof block, NULL));
    return path;
}

static void claims_of_size(void **state)
{
    g_autoptr(GError) large = NULL, cut = NULL;
    g_autofree char *path = tar_that_claims(*state, "10000000001"); /* 1 GiB + 1 */
    assert_null(pick(path, *state, "linux", NULL, &large));
    assert_error_says(large, INGOT_EXIT_MEDIA, "larger than 1 GiB");
    g_free(path);
    path = tar_that_claims(*state, "00000100000");
    assert_null(pick(path, *state, "linux", NULL, &cut));
    assert_error_says(cut, INGOT_EXIT_MEDIA, "cannot read the medium");
}

/* A compressed tar in which one member claims 20 GiB: refused before it is unpacked. */
static void a_bomb_is_refused_by_its_label(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *tar = tar_that_claims(*state, "240000000000"), *gz = under(*state, "bomb.gz");
    gsize length = 0;
    g_autofree char *data = files_read(tar, 4096, &length, NULL);
    g_autoptr(GBytes) squeezed = squeeze(".gz", data, length);
    write_bytes(gz, squeezed);
    assert_null(pick(gz, *state, "other", NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "unpacks to more than 16 GiB");
}

static void an_empty_file_is_no_kernel(void **state)
{
    static const struct member members[] = {{.path = "linux", .text = ""}, {0}};
    g_autoptr(GError) error = NULL;
    g_autofree char *medium = pack_file(*state, PACK_TAR, members);
    assert_null(pick(medium, *state, "linux", NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "it is empty");
}

static void output_is_never_overwritten(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *medium = pack_file(*state, PACK_TAR, usual), *out = under(*state, "out");
    struct media_pick p = {.glob = "readme", .what = "kernel", .out = out};
    assert_int_equal(symlink("elsewhere", out), 0);
    assert_false(media_archive_pick(medium, "the medium", &deb_format, &p, 1, NULL, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "File exists");
    assert_true(g_file_test(out, G_FILE_TEST_IS_SYMLINK));
}

static void cancelling(void **state)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_cancellable_cancel(cancel);
    for (enum packing form = PACK_TAR; form <= PACK_DEB; form++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *medium = pack_file(*state, form, usual), *out = under(*state, "out");
        struct media_pick p = {.glob = "readme", .what = "kernel", .out = out};
        assert_false(media_archive_pick(medium, "the medium", &deb_format, &p, 1, cancel, &error));
        assert_error_says(error, INGOT_EXIT_INTERRUPTED, "");
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, temp_setup, temp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(takes_two_files_out_of_each_form),
        T(takes_files_out_of_a_directory),
        T(two_globs_may_name_one_file),
        T(no_match_and_many),
        T(long_lists_are_cut),
        T(links_are_followed_inside),
        T(links_that_lead_nowhere),
        T(links_of_a_directory_stay_in_it),
        T(paths_that_climb_are_no_match),
        T(cut_media_are_errors),
        T(damaged_media_do_not_crash),
        T(what_is_no_medium),
        T(an_ar_without_data_is_no_deb),
        T(claims_of_size),
        T(a_bomb_is_refused_by_its_label),
        T(an_empty_file_is_no_kernel),
        T(output_is_never_overwritten),
        T(cancelling),
    };
    return cmocka_run_group_tests_name("media/archive", tests, NULL, NULL);
}
