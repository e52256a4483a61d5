/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "rootfs/ext.h"

static const struct names_meta plain = {.mode = 0644, .mtime = 1000000000};

static ext *open_new(void **state, guint kib, char **image)
{
    g_autoptr(GError) error = NULL;
    *image = make_ext4(*state, kib);
    ext *e = ext_open(*image, 0, &error);
    assert_no_error(error);
    return e;
}

static void put_text(ext *e, const char *path, const char *text)
{
    g_autoptr(GError) error = NULL;
    gboolean good = names_file(ext_names(e), path, &plain, text, strlen(text), &error);
    assert_no_error(error);
    assert_true(good);
}

static void put_link(ext *e, const char *path, const char *target)
{
    g_autoptr(GError) error = NULL;
    gboolean good = names_symlink(ext_names(e), path, target, &plain, &error);
    assert_no_error(error);
    assert_true(good);
}

static void close_clean(ext *e, const char *image)
{
    g_autoptr(GError) error = NULL;
    gboolean good = ext_close(e, &error);
    assert_no_error(error);
    assert_true(good);
    assert_clean(image);
}

static void writes_files_links_and_directories(void **state)
{
    g_autofree char *image = NULL, *stat = NULL, *where = NULL, *long_link = NULL;
    g_autoptr(GError) error = NULL;
    const struct names_meta odd = {.mode = 06755, .uid = 70000, .gid = 42, .mtime = 1234567890};
    const struct names_meta sticky = {.mode = 01777};
    ext *e = open_new(state, 32768, &image);
    char target[200] = {0};
    memset(target, 'x', sizeof target - 1);
    assert_true(names_directory(ext_names(e), "tmp", &sticky, &error));
    assert_true(names_directory(ext_names(e), "tmp", &plain, &error)); /* the first one decides */
    assert_true(names_file(ext_names(e), "usr/bin/tool", &odd, "hello", 5, &error));
    assert_true(names_hard_link(ext_names(e), "usr/bin/other", "usr/bin/tool", &error));
    put_text(e, "empty", "");
    put_link(e, "short", "usr/bin");
    put_link(e, "long", target);
    close_clean(e, image);
    assert_holds(image, "/usr/bin/other", "hello");
    assert_holds(image, "/empty", "");
    stat = debugfs(image, "stat /usr/bin/tool");
    assert_non_null(strstr(stat, "Mode:  06755"));
    assert_non_null(strstr(stat, "User: 70000   Group:    42"));
    assert_non_null(strstr(stat, "Links: 2"));
    assert_non_null(strstr(stat, "mtime: 0x499602d2"));
    where = debugfs(image, "stat /tmp");
    assert_non_null(strstr(where, "Mode:  01777"));
    long_link = debugfs(image, "stat /long");
    assert_non_null(strstr(long_link, "Size: 199"));
}

static void replaces_what_is_there(void **state)
{
    g_autofree char *image = NULL, *big = g_strnfill(300000, 'b');
    g_autoptr(GError) error = NULL;
    ext *e = open_new(state, 32768, &image);
    put_text(e, "a", big);
    put_text(e, "a", "small");
    put_link(e, "b", "a");
    put_text(e, "b", "no link now");
    assert_true(names_hard_link(ext_names(e), "c", "b", &error));
    assert_true(names_hard_link(ext_names(e), "c", "c", &error));
    put_text(e, "b", "another");
    /* dpkg leaves a directory where a package has a link, and nothing else goes there. */
    assert_true(names_directory(ext_names(e), "dir", &plain, &error));
    put_link(e, "dir", "elsewhere");
    assert_int_equal(names_look(ext_names(e), "dir", NULL), NAMES_DIRECTORY);
    assert_false(names_file(ext_names(e), "dir", &plain, "x", 1, &error));
    assert_error_says(error, INGOT_EXIT_INSTALL, "cannot make dir");
    g_clear_error(&error);
    assert_false(names_directory(ext_names(e), "a", &plain, &error));
    assert_error_says(error, INGOT_EXIT_INSTALL, "cannot create the directory a");
    close_clean(e, image);
    assert_holds(image, "/a", "small");
    assert_holds(image, "/b", "another");
    assert_holds(image, "/c", "no link now");
}

static void links_stay_inside(void **state)
{
    g_autofree char *image = NULL;
    g_autoptr(GError) error = NULL;
    ext *e = open_new(state, 32768, &image);
    put_link(e, "out", "/etc");
    put_link(e, "up", "../../../../../etc");
    put_link(e, "loop", "pool");
    put_link(e, "pool", "loop");
    put_text(e, "out/passwd", "mine");
    put_text(e, "up/shadow", "mine too");
    assert_false(names_file(ext_names(e), "loop/x", &plain, "x", 1, &error));
    assert_error_says(error, INGOT_EXIT_INSTALL, "loop/x");
    g_clear_error(&error);
    assert_false(names_file(ext_names(e), "out/passwd/x", &plain, "x", 1, &error));
    g_clear_error(&error);
    assert_false(names_file(ext_names(e), "lost+found/x", &plain, "x", 1, &error));
    g_clear_error(&error);
    assert_false(names_hard_link(ext_names(e), "x", "not/there", &error));
    assert_int_equal(names_look(ext_names(e), "out/passwd", NULL), NAMES_FILE);
    assert_int_equal(names_look(ext_names(e), "out", NULL), NAMES_LINK);
    assert_int_equal(names_look(ext_names(e), "", NULL), NAMES_DIRECTORY);
    close_clean(e, image);
    assert_holds(image, "/etc/passwd", "mine");
    assert_holds(image, "/etc/shadow", "mine too");
}

static void long_names_are_refused(void **state)
{
    g_autofree char *image = NULL, *name = g_strnfill(256, 'n'), *path = g_strnfill(5000, 'p');
    g_autoptr(GError) error = NULL;
    ext *e = open_new(state, 32768, &image);
    assert_false(names_file(ext_names(e), name, &plain, "x", 1, &error));
    g_clear_error(&error);
    assert_false(names_directory(ext_names(e), name, &plain, &error));
    g_clear_error(&error);
    assert_false(names_directory(ext_names(e), path, &plain, &error));
    g_clear_error(&error);
    assert_false(names_symlink(ext_names(e), "l", path, &plain, &error));
    name[255] = '\0';
    put_text(e, name, "just");
    close_clean(e, image);
}

static void says_when_it_is_full(void **state)
{
    g_autofree char *image = NULL, *data = g_malloc0(1u << 20);
    g_autoptr(GError) error = NULL;
    ext *e = open_new(state, 16384, &image);
    /* A size that is a lie costs nothing. */
    assert_false(names_file_begin(ext_names(e), "huge", &plain, G_MAXUINT64, &error));
    assert_error_says(error, INGOT_EXIT_INSTALL, "do not fit on the disk");
    assert_string_equal(ingot_error_hint(error), "raise disk.size in the recipe");
    g_clear_error(&error);
    gboolean good = TRUE;
    for (int i = 0; i < 20 && good; i++) {
        g_autofree char *name = g_strdup_printf("file%d", i);
        good = names_file(ext_names(e), name, &plain, data, 1u << 20, &error);
    }
    assert_false(good);
    assert_error_says(error, INGOT_EXIT_INSTALL, "no space for file");
    ext_abandon(e);
}

static void sizes_must_be_kept(void **state)
{
    g_autofree char *image = NULL;
    g_autoptr(GError) error = NULL;
    ext *e = open_new(state, 32768, &image);
    assert_true(names_file_begin(ext_names(e), "f", &plain, 3, &error));
    assert_false(names_file_data(ext_names(e), "four", 4, &error));
    g_clear_error(&error);
    assert_false(names_file_end(ext_names(e), &error));
    ext_abandon(e);
}

/* Holes between files that were dropped: the next large one is in many pieces. */
static void fragments_are_put_together(void **state)
{
    g_autofree char *image = NULL, *small = g_strnfill(4096, 's'), *stat = NULL;
    g_autoptr(GError) error = NULL;
    ext *e = open_new(state, 65536, &image);
    for (int i = 0; i < 2000; i++) {
        g_autofree char *name = g_strdup_printf("d/%d", i);
        assert_true(names_file(ext_names(e), name, &plain, small, 4096, &error));
    }
    g_autofree char *rest = g_malloc0(34u << 20);
    assert_true(names_file(ext_names(e), "rest", &plain, rest, 34u << 20, &error));
    for (int i = 0; i < 2000; i += 2) {
        g_autofree char *name = g_strdup_printf("d/%d", i);
        put_text(e, name, "");
    }
    put_text(e, "rest", "");
    g_autofree char *large = g_strnfill(36u << 20, 'L');
    gboolean good = names_file(ext_names(e), "large", &plain, large, 36u << 20, &error);
    assert_no_error(error);
    assert_true(good);
    close_clean(e, image);
    g_autofree char *back = debugfs(image, "cat /large");
    assert_int_equal(strlen(back), 36u << 20);
    assert_int_equal(strspn(back, "L"), 36u << 20);
    stat = debugfs(image, "stat /large");
    assert_non_null(strstr(stat, "Size: 37748736"));
}

static void a_directory_of_many_files(void **state)
{
    g_autofree char *image = NULL, *list = NULL;
    g_autoptr(GError) error = NULL;
    ext *e = open_new(state, 512u << 10, &image);
    gboolean good = TRUE;
    for (int i = 0; i < 25000 && good; i++) {
        g_autofree char *name = g_strdup_printf("many/a-rather-long-name-for-a-file-%d", i);
        good = names_file(ext_names(e), name, &plain, "", 0, &error);
    }
    assert_no_error(error);
    close_clean(e, image);
    list = debugfs(image, "ls -p /many");
    assert_non_null(strstr(list, "/a-rather-long-name-for-a-file-24999/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_files_links_and_directories, image_setup,
                                        image_teardown),
        cmocka_unit_test_setup_teardown(replaces_what_is_there, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(links_stay_inside, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(long_names_are_refused, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(says_when_it_is_full, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(sizes_must_be_kept, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(fragments_are_put_together, image_setup, image_teardown),
        cmocka_unit_test_setup_teardown(a_directory_of_many_files, image_setup, image_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
