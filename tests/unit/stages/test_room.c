/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/files.h"
#include "base/room.h"
#include "os/os.h"
#include "stages/room.h"

#include <string.h>

static const char *const none[] = {NULL};

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-room");
}

static plan roomy_plan(void)
{
    plan p = sample_plan();
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
    struct plan_room room = plan_room(&p);
    assert_true(room.media > 205ull << 20 && room.install > 909ull << 20);
    assert_true(room.output > 203ull << 20);
    assert_true(room.media + room.install + room.work < 6ull << 30);
    static const char *const many[] = {"a", "b", "c", "d", "e", "f", "g", "h", NULL};
    p.required_packages = many;
    assert_true(plan_room(&p).install > room.install);
    p.disk_size = 1ull << 30;
    assert_true(plan_room(&p).install <= room.install);
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

/* What is kept is not asked for again, but for an installation that has to be. */
static void reused(void **state)
{
    (void)state;
    plan p = roomy_plan();
    guint64 left = 0;
    g_autoptr(build) b = sample_build(&p, NULL);
    g_autofree char *kept = g_build_filename(folder, "stages", "install", "aa", NULL);
    g_autoptr(GError) error = NULL;
    assert_true(room_left(folder, &left));
    p.disk_size = left; /* with packages enough, more than there is */
    g_autoptr(GPtrArray) many = g_ptr_array_new();
    for (guint64 i = 0; i < left >> 26; i++)
        g_ptr_array_add(many, (gpointer) "x");
    g_ptr_array_add(many, NULL);
    p.required_packages = (const char *const *)many->pdata;
    p.answers.sources = p.installer->packages("debian", "x86_64");
    p.out_dir = (char *)"/sys/kernel"; /* not looked at: the cache comes first */
    assert_false(room_for_install(b, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "for the cache in the file system of");
    g_clear_error(&error);
    assert_false(room_for_build(b, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "for the cache in the file system of");
    g_clear_error(&error);
    g_autofree char *media = g_build_filename(folder, "media", "x", NULL);
    assert_true(files_mkdir(kept, FALSE, NULL) && files_mkdir(media, FALSE, NULL));
    assert_false(room_for_build(b, &error));
    assert_error_says(error, INGOT_EXIT_HOST, "for the output in the file system of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(estimate), cmocka_unit_test(too_little),
                                       cmocka_unit_test(reused)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
