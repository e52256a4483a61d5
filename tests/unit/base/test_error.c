/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"

#include <gio/gio.h>
#include <string.h>

static void parts(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    ingot_set_error(&error, INGOT_EXIT_MEDIA, "try again", "cannot fetch %s", "x");
    g_autofree char *text = ingot_error_text(error);
    assert_string_equal(text, "cannot fetch x");
    assert_string_equal(ingot_error_hint(error), "try again");
    assert_int_equal(ingot_error_exit(error, INGOT_EXIT_FAILURE), INGOT_EXIT_MEDIA);
    ingot_set_error(NULL, INGOT_EXIT_MEDIA, NULL, "nobody listens");
}

static void no_hint(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    ingot_set_error(&error, INGOT_EXIT_SEAL, NULL, "bad");
    assert_null(ingot_error_hint(error));
}

static void foreign(void **state)
{
    (void)state;
    g_autoptr(GError) io = g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED, "x");
    g_autoptr(GError) cancelled = g_error_new(G_IO_ERROR, G_IO_ERROR_CANCELLED, "x");
    assert_int_equal(ingot_error_exit(io, INGOT_EXIT_OUTPUT), INGOT_EXIT_OUTPUT);
    assert_int_equal(ingot_error_exit(cancelled, INGOT_EXIT_OUTPUT), INGOT_EXIT_INTERRUPTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts), cmocka_unit_test(no_hint),
                                       cmocka_unit_test(foreign)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
