/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../rootfs/support.h"

#include "debian/debian.h"

#include <sys/stat.h>
#include <unistd.h>

static const struct member some[] = {{.path = "./"}, {.path = "./file", .text = "hello"}, {0}};

/* Reads a whole package; how many bytes its data.tar has, or -1. */
static gssize read_all(const char *path, GError **error)
{
    const void *block = NULL;
    gssize n, total = 0;
    g_autoptr(GPtrArray) members = NULL;
    g_autoptr(deb_file) deb = deb_open(path, NULL, &members, error);
    if (!deb)
        return -1;
    assert_non_null(deb_member_find(members, "control"));
    while ((n = deb_data(deb, &block, error)) > 0)
        total += n;
    return n < 0 ? n : total;
}

static char *in(void **state, const char *name)
{
    return g_build_filename(*state, name, NULL);
}

static void write_deb(const char *path, const char *suffix)
{
    const struct member files[] = {{.path = "control", .text = "Package: a\n"}, {0}};
    g_autofree char *control_name = g_strconcat("control.tar", suffix, NULL);
    g_autofree char *data_name = g_strconcat("data.tar", suffix, NULL);
    g_autoptr(GBytes) control = tar(suffix, files);
    g_autoptr(GBytes) data = tar(suffix, some);
    const struct member members[] = {{.path = "debian-binary", .text = "2.0\n"},
                                     {.path = "_later", .text = "ignored"},
                                     {.path = control_name, .data = control},
                                     {.path = data_name, .data = data},
                                     {0}};
    write_ar(path, members);
}

static void reads_each_compression(void **state)
{
    static const char *const suffixes[] = {"", ".gz", ".xz", ".zst"};
    g_autofree char *path = in(state, "a.deb");
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autoptr(GError) error = NULL;
        write_deb(path, suffixes[i]);
        gssize bytes = read_all(path, &error);
        assert_no_error(error);
        assert_true(bytes >= 2048 && bytes % 512 == 0);
    }
}

static void may_be_closed_before_its_end(void **state)
{
    g_autofree char *path = in(state, "a.deb");
    const void *block = NULL;
    g_autoptr(GError) error = NULL;
    write_deb(path, ".gz");
    g_autoptr(deb_file) deb = deb_open(path, NULL, NULL, &error);
    assert_no_error(error);
    assert_true(deb_data(deb, &block, &error) > 0);
    assert_no_error(error);
}

static void refuses_other_forms(void **state)
{
    g_autoptr(GBytes) control =
        tar(".gz", (struct member[]){{.path = "control", .text = "x"}, {0}});
    g_autoptr(GBytes) empty = tar(".gz", (struct member[]){{.path = "postinst", .text = "x"}, {0}});
    g_autoptr(GBytes) linked =
        tar(".gz", (struct member[]){{.path = "control", .symlink = "/etc/passwd"}, {0}});
    g_autoptr(GBytes) data = tar(".gz", some);
    const struct {
        const char *says;
        struct member members[5];
    } cases[] = {
        {"debian-binary is not where", {{.path = "control.tar.gz", .data = control}}},
        {"format is not 2.0", {{.path = "debian-binary", .text = "3.0\n"}}},
        {"control.tar is not where",
         {{.path = "debian-binary", .text = "2.0\n"}, {.path = "data.tar.gz", .data = data}}},
        {"data.tar is not where",
         {{.path = "debian-binary", .text = "2.0\n"}, {.path = "control.tar.gz", .data = control}}},
        {"no control file",
         {{.path = "debian-binary", .text = "2.0\n"}, {.path = "control.tar.gz", .data = empty}}},
        {"not of the usual form",
         {{.path = "debian-binary", .text = "2.0\n"}, {.path = "control.tar.gz", .data = linked}}},
        {"compression is unknown",
         {{.path = "debian-binary", .text = "2.0\n"},
          {.path = "control.tar.lz9", .data = control}}},
        /* What the name says counts: nothing is guessed. */
        {"cannot be unpacked",
         {{.path = "debian-binary", .text = "2.0\n"}, {.path = "control.tar", .data = control}}},
        {"cannot be unpacked",
         {{.path = "debian-binary", .text = "2.0\n"}, {.path = "control.tar.xz", .text = "no"}}},
    };
    g_autofree char *path = in(state, "a.deb");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        write_ar(path, cases[i].members);
        assert_int_equal(read_all(path, &error), -1);
        assert_error_says(error, INGOT_EXIT_MEDIA, "the package a.deb cannot be unpacked");
        assert_error_says(error, INGOT_EXIT_MEDIA, cases[i].says);
    }
}

static void every_truncation_is_noticed(void **state)
{
    static const char *const suffixes[] = {"", ".gz", ".xz", ".zst"};
    g_autofree char *path = in(state, "a.deb");
    for (gsize s = 0; s < G_N_ELEMENTS(suffixes); s++) {
        struct stat info;
        write_deb(path, suffixes[s]);
        assert_int_equal(stat(path, &info), 0);
        /* The last byte may be padding. */
        for (off_t n = info.st_size - 2; n >= 0; n -= n < 200 ? 1 : 7) {
            g_autoptr(GError) error = NULL;
            assert_int_equal(truncate(path, n), 0);
            assert_int_equal(read_all(path, &error), -1);
            assert_error_says(error, INGOT_EXIT_MEDIA, "cannot be unpacked");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_each_compression, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(may_be_closed_before_its_end, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(refuses_other_forms, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(every_truncation_is_noticed, image_setup, image_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
