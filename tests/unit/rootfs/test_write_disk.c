/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "debian/debian.h"
#include "rootfs/rootfs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB    (G_GUINT64_CONSTANT(1) << 20)
#define UUID   "5fd1b2a4-93c7-4e11-8f0a-1b2c3d4e5f60"
#define OFFSET "?offset=1048576"

/* A pax archive of entries as libarchive writes them, in DIR/archive. */
struct archiver {
    struct archive *a;
    char *path;
};

static struct archiver archiver_new(const char *dir)
{
    struct archiver to = {archive_write_new(), g_build_filename(dir, "archive", NULL)};
    archive_write_set_format_pax(to.a);
    assert_int_equal(archive_write_set_options(to.a, "xattrheader=SCHILY"), ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(to.a, to.path), ARCHIVE_OK);
    return to;
}

static struct archive_entry *entry_new(const char *path, guint type, guint mode)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, path);
    archive_entry_set_filetype(e, type);
    archive_entry_set_perm(e, mode);
    archive_entry_set_mtime(e, 1234567890, 987654321);
    archive_entry_set_size(e, 0);
    return e;
}

/* Frees the entry. */
static void entry_put(const struct archiver *to, struct archive_entry *e, const char *text)
{
    if (text)
        archive_entry_set_size(e, (la_int64_t)strlen(text));
    assert_int_equal(archive_write_header(to->a, e), ARCHIVE_OK);
    if (text)
        assert_int_equal(archive_write_data(to->a, text, strlen(text)), strlen(text));
    archive_entry_free(e);
}

static void archiver_close(struct archiver *to)
{
    g_clear_pointer(&to->path, g_free);
    assert_int_equal(archive_write_close(to->a), ARCHIVE_OK);
    archive_write_free(to->a);
}

/* Writes DIR/disk.raw of DIR/archive. */
static gboolean write_from(const char *dir, guint64 size, GCancellable *cancel, GError **error)
{
    g_autofree char *image = g_build_filename(dir, "disk.raw", NULL);
    g_autofree char *archive = g_build_filename(dir, "archive", NULL);
    const struct rootfs_disk disk = {.image = image, .layout = {.size = size, .uuid = UUID}};
    int fd = open(archive, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    gboolean good = rootfs_write_disk(&disk, fd, cancel, error);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* it is closed */
    assert_int_equal(access(image, F_OK) == 0, good);
    return good;
}

static char *written(const char *dir, guint64 size)
{
    g_autoptr(GError) error = NULL;
    gboolean good = write_from(dir, size, NULL, &error);
    assert_no_error(error);
    assert_true(good);
    char *root = g_strconcat(dir, "/disk.raw" OFFSET, NULL);
    assert_clean(root);
    return root;
}

static void assert_says(const char *root, const char *request, const char *text)
{
    g_autofree char *found = debugfs(root, request);
    if (!strstr(found, text))
        fail_msg("%s: no %s in %s", request, text, found);
}

static void put_xattrs(const struct archiver *to)
{
    /* version 2: user::rw-, user:5:r--, group::r--, mask::r--, other::---
     * (the kernel's include/uapi/linux/posix_acl_xattr.h) */
    static const char acl[] = "\2\0\0\0"
                              "\1\0\6\0\377\377\377\377"
                              "\2\0\4\0\5\0\0\0"
                              "\4\0\4\0\377\377\377\377"
                              "\20\0\4\0\377\377\377\377"
                              "\40\0\0\0\377\377\377\377";
    g_autofree char *large = g_strnfill(3000, 'L');
    struct archive_entry *e = entry_new("./ping", AE_IFREG, 0755);
    archive_entry_xattr_add_entry(e, "security.capability",
                                  "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    entry_put(to, e, "ping");
    e = entry_new("./acl", AE_IFREG, 0640);
    archive_entry_xattr_add_entry(e, "system.posix_acl_access", acl, sizeof acl - 1);
    archive_entry_xattr_add_entry(e, "user.large", large, 3000);
    entry_put(to, e, "acl");
    e = entry_new("./noted", AE_IFDIR, 0755);
    archive_entry_xattr_add_entry(e, "user.note", "of a directory", 14);
    entry_put(to, e, NULL);
}

static void put_kinds(const struct archiver *to)
{
    struct archive_entry *e = entry_new("./", AE_IFDIR, 0711);
    entry_put(to, e, NULL);
    e = entry_new("./lost+found/", AE_IFDIR, 0700);
    entry_put(to, e, NULL);
    e = entry_new("./usr/", AE_IFDIR, 02775);
    archive_entry_set_uid(e, 70000);
    archive_entry_set_gid(e, 42);
    entry_put(to, e, NULL);
    e = entry_new("./usr/tool", AE_IFREG, 06755);
    archive_entry_set_mtime(e, 5000000000, 5);
    entry_put(to, e, "hello");
    e = entry_new("./other", AE_IFREG, 0);
    archive_entry_set_hardlink(e, "./usr/tool");
    entry_put(to, e, NULL);
    e = entry_new("./link", AE_IFLNK, 0777);
    archive_entry_set_symlink(e, "usr/tool");
    entry_put(to, e, NULL);
    entry_put(to, entry_new("./fifo", AE_IFIFO, 0600), NULL);
    e = entry_new("./null", AE_IFCHR, 0666);
    archive_entry_set_rdevmajor(e, 1);
    archive_entry_set_rdevminor(e, 3);
    entry_put(to, e, NULL);
    e = entry_new("./disk", AE_IFBLK, 0660);
    archive_entry_set_rdevmajor(e, 259);
    archive_entry_set_rdevminor(e, 70000);
    entry_put(to, e, NULL);
}

static void everything_is_on_the_disk(void **state)
{
    struct archiver to = archiver_new(*state);
    put_kinds(&to);
    put_xattrs(&to);
    archiver_close(&to);
    g_autofree char *root = written(*state, 512 * MIB);
    assert_holds(root, "/other", "hello");
    assert_says(root, "stat /", "Mode:  0711");
    assert_says(root, "stat /", "mtime: 0x499602d2:eb79a2c4"); /* (nanoseconds << 2) */
    assert_says(root, "stat /usr", "Mode:  02775");
    assert_says(root, "stat /usr", "User: 70000   Group:    42");
    assert_says(root, "stat /usr/tool", "Mode:  06755");
    assert_says(root, "stat /usr/tool", "Links: 2");
    assert_says(root, "stat /usr/tool", "mtime: 0x2a05f200:00000015"); /* in the second epoch */
    assert_says(root, "stat /usr/tool", "crtime: 0x2a05f200:00000015");
    assert_says(root, "stat /link", "Fast link dest: \"usr/tool\"");
    assert_says(root, "stat /fifo", "Type: FIFO");
    assert_says(root, "stat /null", "Device major/minor number: 01:03");
    assert_says(root, "stat /disk", "Device major/minor number: 259:70000");
    assert_says(root, "stat /lost+found", "Type: directory");
    assert_says(root, "ea_list /ping", "security.capability (20) = 01 00 00 02 00 20");
    /* As on the disk: the kernel's fs/ext4/acl.h. */
    assert_says(
        root, "ea_list /acl",
        "system.posix_acl_access (28) = 01 00 00 00 01 00 06 00 02 00 04 00 05 00 00 00 04 00 "
        "04 00 10 00 04 00 20 00 00 00");
    assert_says(root, "ea_list /acl", "user.large (3000)");
    assert_says(root, "ea_list /noted", "user.note (14) = \"of a directory\"");
    assert_says(root, "stats", UUID);
    g_autofree char *raw = g_build_filename(*state, "disk.raw", NULL);
    g_autofree char *table = run_tool((const char *[]){"sfdisk", "--dump", raw, NULL});
    assert_non_null(strstr(table, "label-id: 0x5fd1b2a4"));
    assert_non_null(strstr(table, "bootable"));
}

/* Files with attributes in blocks of their own are replaced, and a directory loses its own. */
static void what_is_replaced_goes_with_its_attributes(void **state)
{
    struct archiver to = archiver_new(*state);
    for (int i = 0; i < 3; i++)
        put_xattrs(&to);
    entry_put(&to, entry_new("./acl", AE_IFREG, 0640), "plain");
    entry_put(&to, entry_new("./noted", AE_IFDIR, 0755), NULL);
    archiver_close(&to);
    g_autofree char *root = written(*state, 512 * MIB);
    g_autofree char *file = debugfs(root, "ea_list /acl"),
                    *folder = debugfs(root, "ea_list /noted");
    assert_null(strstr(file, "user."));
    assert_null(strstr(folder, "user."));
}

static void assert_not_written(void **state, guint64 size, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_false(write_from(*state, size, NULL, &error));
    assert_error_says(error, INGOT_EXIT_INSTALL, says);
}

static void damaged_archives_leave_nothing(void **state)
{
    struct archiver to = archiver_new(*state);
    struct archive_entry *e = entry_new("./acl", AE_IFREG, 0640);
    archive_entry_xattr_add_entry(e, "system.posix_acl_access", "\2\0\0\0\1", 5);
    entry_put(&to, e, "acl");
    archiver_close(&to);
    assert_not_written(state, 512 * MIB, "cannot make acl in the new file system");
    g_autofree char *path = g_build_filename(*state, "archive", NULL);
    assert_true(g_file_set_contents(path, "not an archive", -1, NULL));
    assert_not_written(state, 512 * MIB, "damaged");
}

static void too_much_for_the_disk(void **state)
{
    gsize size = 300u << 20;
    g_autofree char *large = g_strnfill(size, 'x');
    struct archiver to = archiver_new(*state);
    entry_put(&to, entry_new("./large", AE_IFREG, 0640), large);
    archiver_close(&to);
    for (guint mib = 10; mib <= 256; mib += 246) {
        g_autoptr(GError) error = NULL;
        assert_false(write_from(*state, mib * MIB, NULL, &error));
        assert_error_says(error, INGOT_EXIT_INSTALL,
                          mib == 10 ? "too small" : "do not fit on the disk: no space for large");
        assert_string_equal(ingot_error_hint(error), "raise disk.size in the recipe");
    }
}

static void uefi_is_refused(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *image = g_build_filename(*state, "disk.raw", NULL);
    const struct rootfs_disk disk = {.image = image,
                                     .layout = {.size = 512 * MIB, .efi = TRUE, .uuid = UUID}};
    assert_false(rootfs_write_disk(&disk, open("/dev/null", O_RDONLY | O_CLOEXEC), NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "UEFI");
    assert_int_equal(access(image, F_OK), -1);
}

/* ---- the same packages both ways ---- */

static const struct member first[] = {{.path = "./"},
                                      {.path = "./usr/", .mtime = 5},
                                      {.path = "./usr/bin/", .mode = 0711, .mtime = 6},
                                      {.path = "./bin/tool", .text = "one", .mtime = 7, .uid = 9},
                                      {.path = "./bin/same", .hardlink = "./bin/tool"},
                                      {.path = "./etc/", .mtime = 8},
                                      {.path = "./etc/conf", .text = "conf", .mtime = 9},
                                      {.path = "./etc/dir", .symlink = "../var/dir"},
                                      {0}};
static const struct member second[] = {{.path = "./"},
                                       {.path = "./usr/bin/", .mode = 0755, .mtime = 60},
                                       {.path = "./usr/bin/tool", .text = "two", .mode = 04755},
                                       {.path = "./etc/dir/through", .text = "a link"},
                                       {.path = "./\303\244 name", .text = ""},
                                       {0}};

static struct rootfs_content two_packages(const char *dir, struct rootfs_package packages[2])
{
    packages[0] =
        (struct rootfs_package){.name = "first", .path = make_deb(dir, "first", "", NULL, first)};
    packages[1] =
        (struct rootfs_package){.name = "second",
                                .order = 1,
                                .path = make_deb(dir, "second", "Replaces: first\n", NULL, second)};
    return (struct rootfs_content){&deb_dpkg, packages, 2, dir};
}

/* Files with what there is to know of them, but the inode's number and checksum and where the
 * content is. */
static char *listing(const char *root)
{
    const char *const paths[] = {
        "/usr",     "/usr/bin",         "/usr/bin/tool", "/usr/bin/same",  "/etc/conf", "/etc",
        "/etc/dir", "/var/dir/through", "/var",          "/\303\244 name", NULL};
    GString *all = g_string_new(NULL);
    for (const char *const *path = paths; *path; path++) {
        g_autofree char *request = g_strdup_printf("stat \"%s\"", *path);
        g_autofree char *content = g_strdup_printf("cat \"%s\"", *path);
        g_autofree char *stat = debugfs(root, request), *text = debugfs(root, content);
        const char *mode = strstr(stat, "Type:"), *rest = strstr(stat, "Inode checksum:");
        /* Made before the packages, with the time of the clock. */
        if (g_str_equal(*path, "/usr/bin"))
            rest = strstr(stat, "ctime:");
        g_string_append_printf(all, "%s %.*s %s\n", *path, (int)(rest - mode), mode,
                               strstr(stat, "Type: regular") ? text : "");
    }
    return g_string_free(all, FALSE);
}

static void both_ways_give_the_same_tree(void **state)
{
    g_autoptr(GError) error = NULL;
    struct rootfs_package packages[2];
    const struct rootfs_content content = two_packages(*state, packages);
    g_autofree char *image = g_build_filename(*state, "direct.raw", NULL);
    g_autofree char *archive = g_build_filename(*state, "archive", NULL);
    g_autofree char *direct = g_strconcat(image, OFFSET, NULL);
    const struct rootfs_spec spec = {.image = image,
                                     .format = "raw",
                                     .layout = {.size = 512 * MIB, .efi = FALSE},
                                     .content = content};
    assert_true(rootfs_make(&spec, NULL, NULL, &error));
    int fd = open(archive, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(rootfs_unpack(&content, fd, NULL, NULL, &error));
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    g_autofree char *through = written(*state, 512 * MIB);
    g_autofree char *one = listing(direct), *two = listing(through);
    assert_string_equal(one, two);
    assert_non_null(strstr(one, "Mode:  04755"));
    assert_non_null(strstr(one, "a link"));
    assert_holds(through, "/usr/bin/same", "one");
    g_autofree char *status = debugfs(direct, "cat /var/lib/dpkg/status");
    assert_holds(through, "/var/lib/dpkg/status", status);
    g_free((char *)packages[0].path);
    g_free((char *)packages[1].path);
}

static void a_reserved_name_is_refused(void **state)
{
    const struct member data[] = {{.path = "./"}, {.path = "./etc/.wh.passwd", .text = ""}, {0}};
    g_autoptr(GError) error = NULL;
    g_autofree char *path = make_deb(*state, "odd", "", NULL, data);
    const struct rootfs_package package = {.name = "odd", .path = path};
    const struct rootfs_content content = {&deb_dpkg, &package, 1, *state};
    assert_false(
        rootfs_unpack(&content, open("/dev/null", O_WRONLY | O_CLOEXEC), NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_INSTALL, "cannot make etc/.wh.passwd");
}

static void an_archive_nobody_reads(void **state)
{
    g_autoptr(GError) error = NULL;
    struct rootfs_package packages[2];
    const struct rootfs_content content = two_packages(*state, packages);
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    assert_false(rootfs_unpack(&content, ends[1], NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "cannot write the archive of the files: Broken pipe");
    g_free((char *)packages[0].path);
    g_free((char *)packages[1].path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_is_on_the_disk, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(what_is_replaced_goes_with_its_attributes, image_setup,
                                        image_teardown),
        cmocka_unit_test_setup_teardown(damaged_archives_leave_nothing, image_setup,
                                        image_teardown),
        cmocka_unit_test_setup_teardown(too_much_for_the_disk, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(uefi_is_refused, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(both_ways_give_the_same_tree, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(a_reserved_name_is_refused, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(an_archive_nobody_reads, image_setup, image_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
