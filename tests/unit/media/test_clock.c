/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "media/clock.h"

#define DAY 86400

static void verified(media_cache *cache, gint64 date)
{
    g_autoptr(GError) error = NULL;
    assert_true(media_clock_verified(cache, date, NULL, &error));
    assert_no_error(error);
}

static void never_before_its_release(void **state)
{
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    gint64 released = media_clock_released();
    assert_true(released > 1700000000);
    assert_int_equal(media_clock_now(cache, 0, NULL), released);
    assert_int_equal(media_clock_now(cache, released + 1, NULL), released + 1);
}

/* Also by another process, and an older one does not take it back. */
static void remembers_the_newest(void **state)
{
    gint64 newest = media_clock_released() + 100 * DAY;
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    verified(cache, newest);
    verified(cache, newest - DAY);
    verified(cache, -1);
    g_autoptr(media_cache) other = media_cache_open(*state, NULL, NULL);
    assert_int_equal(media_clock_now(other, 0, NULL), newest);
    assert_int_equal(media_clock_now(other, newest + DAY, NULL), newest + DAY);
}

/* A key's holder who says 2099 keeps nobody out. */
static void a_date_too_far_off(void **state)
{
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    verified(cache, G_GINT64_CONSTANT(4092854141));
    verified(cache, G_MAXINT64);
    assert_int_equal(media_clock_now(cache, 0, NULL), media_clock_released());
}

static char *note_file(const char *dir)
{
    g_autofree char *notes = under(dir, "media", "notes");
    g_autoptr(GDir) all = g_dir_open(notes, 0, NULL);
    const char *name = g_dir_read_name(all);
    assert_non_null(name);
    char *file = under(notes, name);
    assert_null(g_dir_read_name(all));
    return file;
}

static void bad_notes(void **state)
{
    static const char *const bad[] = {"",
                                      "\x7f\xff",
                                      "[media]\n",
                                      "[media]\nnewest-release=soon\n",
                                      "[media]\nnewest-release=-5\n",
                                      "[media]\nnewest-release=9223372036854775807\n",
                                      "[media]\nnewest-release=99999999999999999999\n"};
    g_autoptr(media_cache) cache = media_cache_open(*state, NULL, NULL);
    gint64 newest = media_clock_released() + DAY;
    verified(cache, newest);
    g_autofree char *file = note_file(*state);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_true(g_file_set_contents(file, bad[i], -1, NULL));
        assert_int_equal(media_clock_now(cache, 0, NULL), media_clock_released());
        verified(cache, newest);
        assert_int_equal(media_clock_now(cache, 0, NULL), newest);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(never_before_its_release, temp_setup, temp_teardown),
        cmocka_unit_test_setup_teardown(remembers_the_newest, temp_setup, temp_teardown),
        cmocka_unit_test_setup_teardown(a_date_too_far_off, temp_setup, temp_teardown),
        cmocka_unit_test_setup_teardown(bad_notes, temp_setup, temp_teardown),
    };
    return cmocka_run_group_tests_name("media/clock", tests, NULL, NULL);
}
