/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/digest.h"
#include "base/files.h"
#include "stages/stages.h"

#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-stages");
}

/* A kept result of that age. */
static char *kept(const char *key, gint64 age)
{
    char hex[DIGEST_HEX_LEN + 1];
    digest_bytes(key, strlen(key), hex);
    char *dir = g_build_filename(folder, "stages", "install", hex, NULL);
    g_autofree char *disk = g_build_filename(dir, "disk.qcow2", NULL);
    assert_true(files_mkdir(dir, FALSE, NULL));
    assert_true(g_file_set_contents(disk, "not empty", -1, NULL));
    gint64 then = g_get_real_time() / G_USEC_PER_SEC - age;
    struct utimbuf times = {.actime = then, .modtime = then};
    assert_int_equal(utime(dir, &times), 0);
    return dir;
}

/* What is old and free goes; what is young or in use stays. */
static void prune(void **state)
{
    (void)state;
    guint64 bytes = 0;
    g_autofree char *old = kept("old", 5000);
    g_autofree char *young = kept("young", 10);
    g_autofree char *used = kept("used", 5000);
    g_autofree char *lock_path = g_strconcat(used, ".lock", NULL);
    int lock = files_lock(lock_path, NULL, NULL);
    assert_int_equal(build_prune(folder, 1000, &bytes), 1);
    assert_true(bytes > 0);
    assert_false(g_file_test(old, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(young, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(used, G_FILE_TEST_EXISTS));
    files_unlock(lock);
    assert_int_equal(build_prune(folder, 1000, NULL), 1);
    assert_int_equal(build_prune("/no/such/cache", 0, NULL), 0);
}

static guint entries(const char *path)
{
    guint n = 0;
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    while (dir && g_dir_read_name(dir))
        n++;
    return n;
}

/* A build leaves no work directory; a dead one's is removed by the next, a living one's is not. */
static void work_directories(void **state)
{
    (void)state;
    const struct build_options options = {.max_age = 1000};
    plan p = {.name = (char *)"web", .cache_dir = folder, .out_dir = folder};
    g_autofree char *parent = g_build_filename(folder, "work", NULL);
    g_autofree char *dead = g_build_filename(parent, "web-killed", NULL);
    g_autofree char *lock = g_build_filename(dead, "lock", NULL);
    assert_true(files_mkdir(dead, TRUE, NULL));
    assert_true(g_file_set_contents(lock, "", 0, NULL));
    build *first = build_new(&p, &options, NULL, NULL, NULL, NULL);
    build *second = build_new(&p, &options, NULL, NULL, NULL, NULL);
    assert_non_null(first);
    assert_non_null(second);
    assert_false(g_file_test(dead, G_FILE_TEST_EXISTS));
    assert_int_equal(entries(parent), 2);
    build_free(first);
    build_free(second);
    assert_int_equal(entries(parent), 0);
}

/* The stages in the order that the documentation gives, each with its words. */
static void table(void **state)
{
    static const char *const order[] = {"media", "install", "seal", "export", "verify", "publish"};
    (void)state;
    gsize n = 0;
    for (const stage *const *s = stages_table(); *s; s++, n++) {
        assert_true(n < G_N_ELEMENTS(order));
        assert_string_equal((*s)->name, order[n]);
        assert_non_null((*s)->heading);
        assert_true(((*s)->key == NULL) == ((*s)->reuse == NULL));
    }
    assert_int_equal(n, G_N_ELEMENTS(order));
}

/* A cancelled build runs nothing, leaves nothing and says so. */
static void cancelled(void **state)
{
    (void)state;
    const struct build_options options = {.max_age = 1000};
    plan p = {.name = (char *)"web", .cache_dir = folder, .out_dir = (char *)"/no/such/out"};
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    enum ingot_exit code = INGOT_EXIT_OK;
    g_autoptr(build) b = build_new(&p, &options, NULL, NULL, cancel, NULL);
    g_cancellable_cancel(cancel);
    assert_false(build_run(b, &code, &error));
    assert_int_equal(code, INGOT_EXIT_INTERRUPTED);
    assert_error_says(error, INGOT_EXIT_INTERRUPTED, "nothing was left in /no/such/out");
    assert_false(g_file_test("/no/such", G_FILE_TEST_EXISTS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(prune), cmocka_unit_test(work_directories),
                                       cmocka_unit_test(table), cmocka_unit_test(cancelled)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
