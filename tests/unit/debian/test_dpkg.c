/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../rootfs/support.h"

#include "debian/debian.h"
#include "rootfs/ext.h"
#include "rootfs/unpack.h"

#define INFO   "/var/lib/dpkg/info/"
#define STATUS "/var/lib/dpkg/status"

/* Unpacks packages of these names (NULL-terminated) into a new image. */
static gboolean unpack(void **state, const char *const *called, char **image, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    *image = make_ext4(*state, 65536);
    for (const char *const *n = called; *n; n++)
        g_ptr_array_add(paths, g_strdup_printf("%s/%s_1.0.deb", (char *)*state, *n));
    g_autoptr(ext) e = ext_open(*image, 0, error);
    g_autoptr(rootfs_queue) q =
        rootfs_queue_new(&deb_format, (const char *const *)paths->pdata, paths->len, 2, 1u << 20);
    g_autoptr(unpacker) u = unpacker_new(&deb_dpkg, ext_names(e), q);
    for (guint i = 0; i < paths->len; i++) {
        const struct rootfs_package package = {
            .name = called[i], .path = g_ptr_array_index(paths, i), .automatic = i % 2 == 1};
        if (!unpacker_take(u, &package, NULL, error))
            return FALSE;
    }
    return unpacker_finish(u, error) && ext_close(g_steal_pointer(&e), error);
}

static char *unpack_good(void **state, const char *const *called)
{
    g_autoptr(GError) error = NULL;
    char *image = NULL;
    gboolean good = unpack(state, called, &image, &error);
    assert_no_error(error);
    assert_true(good);
    assert_clean(image);
    return image;
}

static void assert_refused(void **state, const char *name, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *image = NULL;
    const char *const called[] = {name, NULL};
    assert_false(unpack(state, called, &image, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, says);
}

static void the_database_is_as_after_unpack(void **state)
{
    const struct member control[] = {
        {.path = "./conffiles", .text = "/etc/z.conf\n/etc/a.conf\nremove-on-upgrade /etc/old\n"},
        {.path = "./md5sums", .text = "x  usr/bin/one\n"},
        {.path = "./postinst", .text = "#!/bin/sh\n", .mode = 0600},
        {.path = "./list", .text = "a lie\n"},
        {.path = "./triggers", .text = "interest-noawait /usr/lib/x\ninterest named\nactivate y\n"},
        {0}};
    const struct member data[] = {{.path = "./"},
                                  {.path = "./etc/"},
                                  {.path = "./etc/a.conf", .text = "hello"},
                                  {.path = "./etc/z.conf", .text = ""},
                                  {.path = "./bin/"},
                                  {.path = "./bin/one", .text = "1", .mode = 04755},
                                  {.path = "./lib64/"},
                                  {.path = "./lib64/ld.so", .symlink = "../lib/ld.so"},
                                  {0}};
    const struct member library[] = {{.path = "./"}, {.path = "./usr/lib/libx", .text = "x"}, {0}};
    g_free(make_deb(*state, "one", "Description: first\n long\n .\n text\n", control, data));
    g_free(make_deb(*state, "libx", "Multi-Arch: same\n", NULL, library));
    g_free(make_deb(*state, "doc", "Architecture: all\n", NULL, library + 2));
    g_autofree char *image = unpack_good(state, (const char *const[]){"one", "libx", NULL});
    assert_holds(image, STATUS,
                 "Package: libx\nVersion: 1.0\nMulti-Arch: same\nArchitecture: amd64\n"
                 "Status: install ok unpacked\n\n"
                 "Package: one\nVersion: 1.0\nDescription: first\n long\n .\n text\n"
                 "Architecture: amd64\nStatus: install ok unpacked\n"
                 "Conffiles:\n /etc/z.conf d41d8cd98f00b204e9800998ecf8427e\n"
                 " /etc/a.conf 5d41402abc4b2a76b9719d911017c592\n\n");
    assert_holds(image, INFO "one.list",
                 "/.\n/etc\n/etc/a.conf\n/etc/z.conf\n/bin\n/bin/one\n/lib64\n/lib64/ld.so\n");
    assert_holds(image, INFO "one.md5sums", "x  usr/bin/one\n");
    assert_holds(image, INFO "libx:amd64.md5sums",
                 "9dd4e461268c8034f5c8564e155c67a6  usr/lib/libx\n");
    assert_holds(image, INFO "format", "1\n");
    assert_holds(image, "/var/lib/dpkg/triggers/File", "/usr/lib/x one/noawait\n");
    assert_holds(image, "/var/lib/dpkg/triggers/named", "one\n");
    assert_holds(image, "/var/lib/apt/extended_states",
                 "Package: libx\nArchitecture: amd64\nAuto-Installed: 1\n\n");
    assert_holds(image, "/" DEB_ORDER, "libx amd64 libx:amd64\none amd64 one\n");
    g_autofree char *script = debugfs(image, "stat " INFO "one.postinst");
    assert_non_null(strstr(script, "Mode:  0755"));
    g_autofree char *one = debugfs(image, "stat /usr/bin/one");
    assert_non_null(strstr(one, "Mode:  04755"));
    g_autofree char *merged = debugfs(image, "stat /lib64");
    assert_non_null(strstr(merged, "Fast link dest: \"usr/lib64\""));
    g_autofree char *absent = debugfs(image, "ls -p /");
    assert_null(strstr(absent, "libx32"));
}

static void the_order_follows_pre_depends(void **state)
{
    const struct member nothing[] = {{.path = "./"}, {0}};
    g_free(make_deb(*state, "base-files", "Pre-Depends: zz\n", NULL, nothing));
    g_free(make_deb(*state, "base-passwd", "", NULL, nothing));
    g_free(make_deb(*state, "aa", "Pre-Depends: mm (>= 1) | none, virtual:any\n", NULL, nothing));
    g_free(make_deb(*state, "mm", "Pre-Depends: zz, aa\n", NULL, nothing)); /* a circle */
    g_free(make_deb(*state, "yy", "Provides: virtual (= 2)\n", NULL, nothing));
    g_free(make_deb(*state, "zz", "Architecture: all\n", NULL, nothing));
    g_autofree char *image = unpack_good(
        state, (const char *const[]){"zz", "yy", "aa", "base-files", "mm", "base-passwd", NULL});
    assert_holds(image, "/" DEB_ORDER,
                 "base-passwd amd64 base-passwd\nbase-files amd64 base-files\n"
                 "yy amd64 yy\nzz all zz\nmm amd64 mm\naa amd64 aa\n");
}

static void one_file_of_two_packages(void **state)
{
    const struct member data[] = {{.path = "./"}, {.path = "./usr/f", .text = "old"}, {0}};
    const struct member more[] = {{.path = "./"}, {.path = "./usr/f", .text = "new"}, {0}};
    const struct member preinst[] = {
        {.path = "preinst", .text = "dpkg-divert --divert \"$1.old\" \"$1\""}, {0}};
    g_free(make_deb(*state, "old", "", NULL, data));
    g_free(make_deb(*state, "new", "Replaces: x, old (<< 2)\n", NULL, more));
    g_free(make_deb(*state, "not", "Replaces: old (<< 1.0)\n", NULL, more));
    g_free(make_deb(*state, "diverts", "", preinst, more));
    g_autofree char *image = unpack_good(state, (const char *const[]){"old", "new", NULL});
    assert_holds(image, "/usr/f", "new");
    assert_holds(image, INFO "old.list", "/.\n");
    assert_holds(image, INFO "new.list", "/.\n/usr/f\n");
    g_autofree char *other = unpack_good(state, (const char *const[]){"new", "old", NULL});
    assert_holds(other, "/usr/f", "new");
    assert_holds(other, INFO "old.list", "/.\n");
    for (int i = 0; i < 2; i++) {
        g_autofree char *diverted = unpack_good(
            state, (const char *const[]){i ? "old" : "diverts", i ? "diverts" : "old", NULL});
        assert_holds(diverted, "/usr/f", "new");
        assert_holds(diverted, "/usr/f.old", "old");
        assert_holds(diverted, "/var/lib/dpkg/diversions", "/usr/f\n/usr/f.old\ndiverts\n");
        assert_holds(diverted, INFO "old.list", "/.\n/usr/f\n");
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *none = NULL;
    assert_false(unpack(state, (const char *const[]){"old", "not", NULL}, &none, &error));
    assert_error_says(error, INGOT_EXIT_MEDIA, "its usr/f is also in the package old");
}

static void hostile_files_are_refused(void **state)
{
    static const struct {
        const char *says;
        struct member data[4];
    } cases[] = {
        {"a path leads out of it", {{.path = "../x", .text = "x"}}},
        {"a path leads out of it", {{.path = "./usr/../../x", .text = "x"}}},
        {"a path leads out of it", {{.path = "./a\nb", .text = "x"}}},
        {"a link leads out of it", {{.path = "./x", .hardlink = "../../etc/passwd"}}},
        {"a device", {{.path = "./dev/sda", .type = AE_IFBLK}}},
        {"a device", {{.path = "./dev/null", .type = AE_IFCHR}}},
        {"a device", {{.path = "./fifo", .type = AE_IFIFO}}},
        {"its root is not a directory", {{.path = "./", .type = AE_IFLNK, .symlink = "/"}}},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_free(make_deb(*state, "bad", "", NULL, cases[i].data));
        assert_refused(state, "bad", cases[i].says);
    }
}

static void absolute_paths_and_links_stay_inside(void **state)
{
    const struct member data[] = {{.path = "/absolute", .text = "1"},
                                  {.path = "./link", .symlink = "/etc"},
                                  {.path = "./link/passwd", .text = "2"},
                                  {.path = "./up", .symlink = "../../../.."},
                                  {.path = "./up/top", .text = "3"},
                                  {.path = "./hard", .hardlink = "/absolute"},
                                  {0}};
    g_free(make_deb(*state, "odd", "", NULL, data));
    g_autofree char *image = unpack_good(state, (const char *const[]){"odd", NULL});
    assert_holds(image, "/absolute", "1");
    assert_holds(image, "/etc/passwd", "2");
    assert_holds(image, "/top", "3");
    assert_holds(image, "/hard", "1");
}

static void hostile_control_files_are_refused(void **state)
{
    static const struct {
        const char *fields, *says;
        struct member control[2];
    } cases[] = {
        {"\nPackage: evil\nVersion: 1\nArchitecture: all\n", "control file", {{0}}},
        {"Status: install ok installed\n", "control file", {{0}}},
        {"Conffiles:\n /etc/passwd x\n", "control file", {{0}}},
        {"# a comment\n", "control file", {{0}}},
        {"Architecture: ../../x\n", "control file", {{0}}},
        {"no field\n", "no field name", {{0}}},
        {"", "has an invalid name", {{.path = "./a.b", .text = "x"}}},
        {"", "has an invalid name", {{.path = "./../x", .text = "x"}}},
        {"", "one of its triggers", {{.path = "./triggers", .text = "interest ../status\n"}}},
        {"", "one of its triggers", {{.path = "./triggers", .text = "interest a b\n"}}},
        {"", "one of its triggers", {{.path = "./triggers", .text = "interest File\n"}}},
    };
    const struct member nothing[] = {{.path = "./"}, {0}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_free(make_deb(*state, "bad", cases[i].fields, cases[i].control, nothing));
        assert_refused(state, "bad", cases[i].says);
    }
}

static void another_package_than_expected_is_refused(void **state)
{
    const struct member nothing[] = {{.path = "./"}, {0}};
    g_autofree char *from = make_deb(*state, "good", "", NULL, nothing);
    g_autofree char *to = g_build_filename(*state, "other_1.0.deb", NULL);
    assert_int_equal(g_rename(from, to), 0);
    assert_refused(state, "other", "it is the package good, not other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_database_is_as_after_unpack, image_setup,
                                        image_teardown),
        cmocka_unit_test_setup_teardown(the_order_follows_pre_depends, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(one_file_of_two_packages, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(hostile_files_are_refused, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(absolute_paths_and_links_stay_inside, image_setup,
                                        image_teardown),
        cmocka_unit_test_setup_teardown(hostile_control_files_are_refused, image_setup,
                                        image_teardown),
        cmocka_unit_test_setup_teardown(another_package_than_expected_is_refused, image_setup,
                                        image_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
