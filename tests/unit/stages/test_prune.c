/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/digest.h"
#include "base/text.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#define BLOB (64u << 10)

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-prune");
}

static void set_used(const char *path, gint64 when)
{
    const struct utimbuf times = {.actime = when, .modtime = when};
    assert_int_equal(g_utime(path, &times), 0);
}

/* A file of BLOB bytes, below the cache; made is its directory when that is not NULL. */
static char *put(const char *name, gint64 used)
{
    char *path = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *bytes = g_malloc(BLOB);
    memset(bytes, 'x', BLOB);
    assert_int_equal(g_mkdir_with_parents(parent, 0700), 0);
    assert_true(g_file_set_contents(path, bytes, BLOB, NULL));
    set_used(path, used);
    return path;
}

static char *put_media(const char *text, gint64 used)
{
    char hex[DIGEST_HEX_LEN + 1];
    digest_bytes(text, strlen(text), hex);
    g_autofree char *name = g_strdup_printf("media/sha256/%.2s/%s", hex, hex);
    return put(name, used);
}

static char *put_disk(const char *text, gint64 used)
{
    char hex[DIGEST_HEX_LEN + 1];
    digest_bytes(text, strlen(text), hex);
    g_autofree char *name = g_strdup_printf("stages/install/%s/disk.qcow2", hex);
    char *path = put(name, used);
    g_autofree char *dir = g_path_get_dirname(path);
    set_used(dir, used);
    return path;
}

static gboolean is_there(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static guint64 usage_now(void)
{
    guint64 freed, left;
    assert_int_equal(build_shrink_cache(folder, G_MAXINT64, &freed, &left), 0);
    assert_int_equal(freed, 0);
    return left;
}

/* Media and disks in one order; no more goes than must. */
static void one_order(void **state)
{
    (void)state;
    guint64 freed, left;
    g_autofree char *media1 = put_media("1", 1000), *disk2 = put_disk("2", 2000);
    g_autofree char *media3 = put_media("3", 3000), *disk4 = put_disk("4", 4000);
    guint64 all = usage_now();
    assert_int_equal(build_shrink_cache(folder, all - 1, &freed, &left), 1);
    assert_true(!is_there(media1) && is_there(disk2));
    assert_true(freed >= BLOB && left == all - freed);
    assert_int_equal(build_shrink_cache(folder, left, &freed, &left), 0);
    assert_int_equal(build_shrink_cache(folder, left - BLOB - BLOB / 2, &freed, &left), 2);
    assert_true(!is_there(disk2) && !is_there(media3) && is_there(disk4));
    assert_int_equal(build_shrink_cache(folder, 1, &freed, &left), 1);
    assert_false(is_there(disk4));
    assert_true(left > 1); /* the directories, and nothing that could go */
}

/* Left by a probe of an earlier version: the directory goes that has nothing but its one file. */
static void dead_probes_go(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        gint64 used;
        gboolean goes;
    } cases[] = {{"probe-aB3dE6/probe.bin", 1000, TRUE},
                 {"probe-aB3dE7/picture.jpg", 1000, FALSE},
                 {"probe-holidays/probe.bin", 1000, FALSE},
                 {"probe-aB3dE8/probe.bin", 0, FALSE}}; /* now */
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 now = g_get_real_time() / G_USEC_PER_SEC;
        g_autofree char *file = put(cases[i].name, now);
        g_autofree char *dir = g_path_get_dirname(file);
        set_used(dir, cases[i].used ? cases[i].used : now);
        (void)build_prune(folder, G_MAXUINT, NULL);
        assert_int_equal(!is_there(dir), cases[i].goes);
        assert_int_equal(!is_there(file), cases[i].goes);
    }
}

static void dead_work_goes(void **state)
{
    (void)state;
    g_autofree char *dead = put("work/web-killed/lock", 1000);
    g_autofree char *other = put("work/web-abcdef/disk.qcow2", 1000);
    (void)build_prune(folder, G_MAXUINT, NULL);
    assert_true(!is_there(dead) && is_there(other));
}

/* Parts of the cache that lead elsewhere. */
static void links_are_not_followed(void **state)
{
    (void)state;
    guint64 bytes;
    g_autofree char *away = g_build_filename(folder, "away", NULL);
    g_autofree char *durations = g_build_filename(folder, "history", NULL);
    g_autofree char *stages = g_build_filename(folder, "stages", NULL);
    g_autofree char *work = g_build_filename(folder, "work", NULL);
    g_autofree char *json = put("away/holiday.json", 1000), *dead = put("away/web-dead12/lock", 1);
    files_remove_tree(stages);
    files_remove_tree(work);
    assert_int_equal(symlink(away, durations) | symlink(away, stages) | symlink(away, work), 0);
    (void)build_prune(folder, 0, NULL);
    (void)build_prune_history(folder, 0, &bytes);
    assert_int_equal(build_prune_media(folder, 0, &bytes), 0);
    assert_true(is_there(json) && is_there(dead));
    assert_int_equal(unlink(durations) | unlink(stages) | unlink(work), 0);
}

static void media_by_age(void **state)
{
    (void)state;
    guint64 bytes;
    (void)build_prune_media(folder, 0, &bytes); /* of the tests before */
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *old = put_media("old", now - 5000), *young = put_media("young", now - 10);
    assert_int_equal(build_prune_media(folder, 1000, &bytes), 1);
    assert_int_equal(bytes, BLOB);
    assert_true(!is_there(old) && is_there(young));
    assert_int_equal(build_prune_media("/no/such/cache", 0, &bytes), 0);
    assert_int_equal(bytes, 0);
}

/* The limit holds after a build, good or bad, and no other build is asked for it. */
static void after_a_build(void **state)
{
    (void)state;
    const plan p = sample_plan();
    for (guint with = 0; with < 2; with++) {
        const struct build_options options = {.max_age = 1000, .cache_limit = with ? 1 : 0};
        enum ingot_exit code;
        g_autoptr(GError) error = NULL;
        g_autoptr(GCancellable) cancel = g_cancellable_new();
        g_autofree char *blob = put_media("blob", 1000);
        g_autoptr(build) b = build_new(&p, &options, NULL, NULL, cancel, NULL);
        assert_non_null(b);
        g_cancellable_cancel(cancel);
        assert_true(is_there(blob));
        assert_false(build_run(b, &code, &error));
        assert_int_equal(is_there(blob), !with);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_order),      cmocka_unit_test(dead_probes_go),
        cmocka_unit_test(dead_work_goes), cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(media_by_age),   cmocka_unit_test(after_a_build)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
