/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glib.h>

#define assert_no_error(e)                                                                         \
    do {                                                                                           \
        if (e)                                                                                     \
            fail_msg("unexpected error: %s", (e)->message);                                        \
    } while (0)

/* The error is there, has the code and mentions the text. */
#define assert_error_says(e, exit_code, text)                                                      \
    do {                                                                                           \
        assert_non_null(e);                                                                        \
        if (!strstr((e)->message, text))                                                           \
            fail_msg("'%s' does not say '%s'", (e)->message, text);                                \
        assert_int_equal(ingot_error_exit(e, INGOT_EXIT_FAILURE), exit_code);                      \
    } while (0)
