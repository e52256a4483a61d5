/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/digest.h"
#include "base/files.h"
#include "base/space.h"
#include "os/os.h"
#include "stages/kept.h"
#include "stages/space_check.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const none[] = {NULL};

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-room");
}

static plan roomy_plan(void)
{
    static const output_format *usual[2];
    plan p = sample_plan();
    usual[0] = output_format_find("qcow2");
    p.outputs = usual;
    p.installer = os_installer_find("bootstrap");
    p.required_packages = none;
    p.disk_size = 8ull << 30;
    return p;
}

/* A plain system: more than was measured, and not many times as much. */
static void estimate(void **state)
{
    (void)state;
    plan p = roomy_plan();
    struct plan_estimate room = plan_estimate(&p);
    assert_true(room.media > 205ull << 20 && room.install > 909ull << 20);
    assert_true(room.output > 203ull << 20);
    p.outputs = output_formats(); /* a raw file is not compressed */
    assert_true(plan_estimate(&p).output > room.output + (909ull << 20));
    p = roomy_plan();
    assert_true(room.media + room.install + room.work < 6ull << 30);
    static const char *const many[] = {"a", "b", "c", "d", "e", "f", "g", "h", NULL};
    p.required_packages = many;
    assert_true(plan_estimate(&p).install > room.install);
    p.disk_size = 1ull << 30;
    assert_true(plan_estimate(&p).install <= room.install);
}

/* /proc has no room at all; what the build would leave there is not there afterwards. */
static void too_little(void **state)
{
    (void)state;
    plan p = roomy_plan();
    g_autoptr(build) b = sample_build(&p, NULL);
    enum ingot_exit code = INGOT_EXIT_OK;
    g_autoptr(GError) error = NULL;
    p.out_dir = (char *)"/proc/out";
    assert_false(build_run(b, &code, &error));
    assert_int_equal(code, INGOT_EXIT_HOST);
    assert_error_says(error, INGOT_EXIT_HOST, "for the output in the file system of /proc/out");
    assert_error_says(error, INGOT_EXIT_HOST, "which has 0 B left");
}

static gboolean put_disk(const char *disk, GPtrArray *phases, gpointer user, GError **error)
{
    (void)phases;
    (void)user;
    return g_file_set_contents(disk, "a disk", -1, error);
}

/* As a build leaves it; the path of its disk, owned by the caller. */
static char *keep_disk(const struct kept_kind *kind)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key = g_strnfill(DIGEST_HEX_LEN, 'a');
    g_autoptr(kept) k = kept_hold(folder, kind, key, NULL, &error);
    g_autoptr(GPtrArray) phases = k ? kept_make(k, put_disk, NULL, &error) : NULL;
    assert_no_error(error);
    return g_strdup(kept_file(k));
}

static void put_media(guint64 size)
{
    g_autofree char *path = g_build_filename(folder, "media", "sha256", "ab", NULL);
    g_autofree char *file = g_build_filename(path, "abcd", NULL);
    g_autofree char *bytes = g_malloc0(size);
    memset(bytes, 'x', size);
    assert_true(files_mkdir(path, FALSE, NULL));
    assert_true(g_file_set_contents(file, bytes, (gssize)size, NULL));
}

static void assert_needs(const build *b, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_false(space_check_build(b, &error));
    assert_error_says(error, INGOT_EXIT_HOST, says);
}

/* What is kept is not asked for again, but for an installation that has to be. */
static void reused(void **state)
{
    (void)state;
    plan p = roomy_plan();
    guint64 left = 0;
    g_autoptr(build) b = sample_build(&p, NULL);
    g_autoptr(GError) error = NULL;
    assert_true(space_left(folder, &left));
    p.disk_size = left; /* with packages enough, more than there is */
    g_autoptr(GPtrArray) many = g_ptr_array_new();
    for (guint64 i = 0; i < left >> 26; i++)
        g_ptr_array_add(many, (gpointer) "x");
    g_ptr_array_add(many, NULL);
    p.required_packages = (const char *const *)many->pdata;
    p.answers.sources = p.installer->packages("debian", "x86_64");
    p.out_dir = (char *)"/sys/kernel"; /* not looked at: the cache comes first */
    assert_false(space_check_install(b, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "for the cache in the file system of");
    g_clear_error(&error);
    assert_false(space_check_build(b, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "for the cache in the file system of");
    g_clear_error(&error);
    g_autofree char *bare = g_build_filename(folder, "stages", "install", "none", NULL);
    g_autofree char *empty = g_build_filename(folder, "media", "locks", NULL);
    assert_true(files_mkdir(bare, FALSE, NULL) && files_mkdir(empty, FALSE, NULL));
    assert_needs(b, "for the cache in the file system of"); /* a result without a disk is none */
    g_autofree char *disk = keep_disk(&kept_install_disk);
    assert_needs(b, "for the output in the file system of");
    assert_true(g_file_set_contents(disk, "half", -1, NULL));
    assert_needs(b, "for the cache in the file system of");
    assert_int_equal(g_unlink(disk), 0);
    assert_needs(b, "for the cache in the file system of");
}

/* Base systems are for who is given packages, and media that are there are not fetched. */
static void reused_in_part(void **state)
{
    (void)state;
    plan p = roomy_plan();
    guint64 cache = 0, less = 0;
    g_autoptr(build) b = sample_build(&p, NULL);
    files_remove_tree(folder);
    assert_int_equal(g_mkdir(folder, 0700), 0);
    struct plan_estimate need = plan_estimate(&p);
    space_needed(b, &cache, NULL);
    assert_int_equal(cache, need.media + need.install + need.work);
    put_media(3 << 20);
    space_needed(b, &less, NULL);
    assert_in_range(cache - less, 3 << 20, 4 << 20);
    g_free(keep_disk(&kept_base_disk));
    space_needed(b, &cache, NULL);
    assert_int_equal(cache, less);
    p.answers.sources = p.installer->packages("debian", "x86_64");
    space_needed(b, &cache, NULL);
    assert_true(cache < plan_estimate(&p).media + plan_estimate(&p).work);
    b->options.fresh = TRUE;
    space_needed(b, &less, NULL);
    assert_int_equal(less - cache, plan_estimate(&p).install);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(estimate), cmocka_unit_test(too_little),
                                       cmocka_unit_test(reused), cmocka_unit_test(reused_in_part)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
