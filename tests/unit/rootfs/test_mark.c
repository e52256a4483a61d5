/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "rootfs/mark.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define END_OF_ARCHIVE 1024

static void put_text(int at, const char *text)
{
    int fd = openat(at, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static off_t changes_size(const mark *m, int root)
{
    g_autoptr(GError) error = NULL;
    struct stat st;
    g_autofree char *path = g_build_filename(folder, "out", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    (void)!mark_send(m, root, fd, &error);
    assert_no_error(error);
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    return st.st_size;
}

/* Of the same size, and soon enough for the same tick of the clock. */
static void a_change_right_after_the_mark_is_one(void **state)
{
    (void)state;
    g_autofree char *path = g_build_filename(folder, "tree", NULL);
    assert_int_equal(mkdir(path, 0700), 0);
    int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (guint i = 0; i < 50; i++) {
        g_autoptr(GError) error = NULL;
        put_text(root, "1");
        g_autoptr(mark) m = mark_take(root, &error);
        assert_no_error(error);
        assert_int_equal(changes_size(m, root), END_OF_ARCHIVE);
        g_autoptr(mark) again = mark_take(root, &error);
        assert_no_error(error);
        put_text(root, "2");
        assert_true(changes_size(again, root) > END_OF_ARCHIVE);
    }
    close(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_right_after_the_mark_is_one),
    };
    if (folder_make("mark") != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, folder_remove);
}
