/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-replace");
}

static guint files_beside(const char *part)
{
    guint n = 0;
    const char *name;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    while ((name = g_dir_read_name(dir)))
        n += strstr(name, part) != NULL;
    return n;
}

/* An overlay with another byte at the beginning; owned by the caller. */
static char *changed_overlay(const image_file *i, const char *byte)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *command = g_strdup_printf("write -P %s 0 64k", byte);
    char *overlay = image_scratch(i, "overlay.qcow2");
    assert_true(image_overlay(i, overlay, 0, NULL, &error));
    QEMU_IO("-c", command, overlay);
    return overlay;
}

/* Through a symbolic link, which stays; owner and mode stay, the inode does not. */
static void replaced(void **state)
{
    (void)state;
    struct stat before, after, link_info;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = at("a.qcow2"), *link_path = at("link.qcow2");
    make_image("a.qcow2", "1");
    assert_int_equal(g_chmod(path, 0640), 0);
    assert_int_equal(symlink("a.qcow2", link_path), 0);
    assert_int_equal(stat(path, &before), 0);
    g_autoptr(image_file) i = open_image("link.qcow2", IMAGE_LOCK);
    assert_true(image_can_replace(i, &error));
    g_autofree char *overlay = changed_overlay(i, "2");
    assert_holds("a.qcow2", "1");
    assert_true(image_replace(i, overlay, NULL, &error));
    assert_no_error(error);
    assert_holds("a.qcow2", "2");
    assert_int_equal(stat(path, &after), 0);
    assert_int_not_equal(after.st_ino, before.st_ino);
    assert_int_equal(after.st_mode & 07777, 0640);
    assert_int_equal(after.st_uid, before.st_uid);
    assert_int_equal(lstat(link_path, &link_info), 0);
    assert_true(S_ISLNK(link_info.st_mode));
    assert_int_equal(files_beside(".ingot-"), 0);
    QEMU_IMG("check", "-q", "-f", "qcow2", "a.qcow2");
}

static void one_at_a_time(void **state)
{
    (void)state;
    make_image("b.qcow2", "1");
    g_autoptr(image_file) i = open_image("b.qcow2", IMAGE_LOCK);
    assert_refused("b.qcow2", IMAGE_LOCK, "is being changed by another ingot");
    g_autoptr(image_file) reader = open_image("b.qcow2", IMAGE_PLAIN);
    assert_non_null(reader);
}

/* Somebody else wrote to the file, or put another in its place: that stays. */
static void changed_by_another(void **state)
{
    (void)state;
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        make_image("c.qcow2", "1");
        make_image("d.qcow2", "9");
        g_autofree char *path = at("c.qcow2"), *other = at("d.qcow2");
        g_autoptr(image_file) opened = open_image("c.qcow2", IMAGE_LOCK);
        g_autofree char *overlay = changed_overlay(opened, "2");
        if (i == 0)
            assert_int_equal(rename(other, path), 0);
        else
            QEMU_IO("-c", "write -P 9 0 64k", "c.qcow2");
        assert_false(image_replace(opened, overlay, NULL, &error));
        assert_error_says(error, INGOT_EXIT_OUTPUT, "another program changed");
        assert_holds("c.qcow2", "9");
        assert_int_equal(files_beside(".ingot-"), 0);
    }
}

static void cannot_be_replaced(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = at("e.qcow2"), *name = at("f.qcow2");
    make_image("e.qcow2", "1");
    assert_int_equal(link(path, name), 0);
    g_autoptr(image_file) i = open_image("e.qcow2", IMAGE_LOCK);
    assert_false(image_can_replace(i, &error));
    assert_error_says(error, INGOT_EXIT_SEAL, "hard links");
}

/* A running machine has its disk, or the backing file of its disk, locked: shared when it only
 * reads.  As QEMU does it, with a lock of an open file. */
static void in_use(void **state)
{
    (void)state;
    const struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 1};
    for (guint late = 0; late < 2; late++) {
        g_autoptr(GError) error = NULL;
        make_image("used.qcow2", "1");
        g_autofree char *path = at("used.qcow2");
        g_autoptr(image_file) i = open_image("used.qcow2", IMAGE_LOCK);
        assert_true(image_can_replace(i, &error));
        g_autofree char *overlay = late ? changed_overlay(i, "2") : NULL;
        int machine = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(fcntl(machine, F_OFD_SETLK, &lock), 0);
        assert_false(late ? image_replace(i, overlay, NULL, &error) : image_can_replace(i, &error));
        assert_error_says(error, INGOT_EXIT_SEAL, "is in use by another program");
        close(machine);
        assert_holds("used.qcow2", "1");
        assert_int_equal(files_beside(".ingot-"), 0);
    }
}

/* What a killed replacement left goes; what only looks like it stays. */
static void left_overs(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *dead = at(".g.qcow2.ingot-AbCdEf"), *other = at(".g.qcow2.ingot-long-name");
    make_image("g.qcow2", "1");
    assert_true(g_file_set_contents(dead, "x", -1, NULL));
    assert_true(g_file_set_contents(other, "x", -1, NULL));
    g_autoptr(image_file) i = open_image("g.qcow2", IMAGE_LOCK);
    assert_true(image_can_replace(i, &error));
    assert_false(g_file_test(dead, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(other, G_FILE_TEST_EXISTS));
    g_unlink(other);
}

static void cancelled(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    make_image("h.qcow2", "1");
    g_autoptr(image_file) i = open_image("h.qcow2", IMAGE_LOCK);
    g_autofree char *overlay = changed_overlay(i, "2");
    g_cancellable_cancel(cancel);
    assert_false(image_replace(i, overlay, cancel, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    assert_holds("h.qcow2", "1");
    assert_int_equal(files_beside(".ingot-"), 0);
}

/* The backing file of an image is never written; its relative name still leads there. */
static void chain_in_place(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    make_image("base.qcow2", "3");
    QEMU_IMG("create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "top.qcow2");
    g_autoptr(image_file) i = open_image("top.qcow2", IMAGE_LOCK | IMAGE_TRUST_CHAIN);
    g_autofree char *overlay = changed_overlay(i, "4");
    assert_true(image_replace(i, overlay, NULL, &error));
    assert_no_error(error);
    assert_holds("top.qcow2", "4");
    assert_holds("base.qcow2", "3");
}

/* A raw image stays one, of its size, and so do its holes; what the overlay has given back becomes
 * one. */
static void raw_in_place(void **state)
{
    (void)state;
    struct stat before, after;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = at("r.raw"), *parent = at("scratch");
    QEMU_IMG("create", "-q", "-f", "raw", "r.raw", "8M");
    QEMU_IO("-f", "raw", "-c", "write -P 7 1M 1M", "r.raw");
    assert_int_equal(stat(path, &before), 0);
    g_autoptr(image_file) i = image_open_as(path, "raw", IMAGE_LOCK, parent, &error);
    assert_no_error(error);
    assert_true(image_can_replace(i, &error));
    g_autofree char *overlay = changed_overlay(i, "4");
    QEMU_IO("-c", "write -z -u 1M 1M", overlay);
    assert_true(image_replace(i, overlay, NULL, &error));
    assert_no_error(error);
    QEMU_IO("-f", "raw", "-c", "read -P 4 0 64k", path);
    QEMU_IO("-f", "raw", "-c", "read -P 0 1M 1M", path);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    assert_in_range(after.st_blocks * 512, 64 << 10, 512 << 10);
    assert_int_equal(files_beside(".ingot-"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaced),           cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(changed_by_another), cmocka_unit_test(cannot_be_replaced),
        cmocka_unit_test(left_overs),         cmocka_unit_test(in_use),
        cmocka_unit_test(cancelled),          cmocka_unit_test(chain_in_place),
        cmocka_unit_test(raw_in_place)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
