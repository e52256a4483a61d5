/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "screen/echo.h"

#include <string.h>

static const struct echo_place nowhere = {.known = FALSE};

static struct echo_place at(guint row, guint column)
{
    return (struct echo_place){.known = TRUE, .row = row, .column = column};
}

static void assert_took(struct echo echo, guint row, guint column)
{
    assert_int_equal(echo.verdict, ECHO_TOOK);
    assert_true(echo.place.known);
    assert_int_equal(echo.place.row, row);
    assert_int_equal(echo.place.column, column);
    assert_int_equal(echo.copies, 1);
}

static void plain(void **state)
{
    struct echo_place last = at(1, 6);
    (void)state;
    assert_took(echo_compare("Boot\nboot: ", "Boot\nboot: l", 'l', &nowhere, 0), 1, 6);
    assert_took(echo_compare("Boot\nboot: l", "Boot\nboot: li", 'i', &last, 0), 1, 7);
    assert_took(echo_compare("Boot\nboot: l", "Boot\nboot: ll", 'l', &last, 0), 1, 7);
    assert_took(echo_compare("Boot\nboot: l", "Boot\nboot: l  x", 'x', &last, 2), 1, 9);
    assert_int_equal(echo_compare("boot:", "boot:", 'x', &nowhere, 0).verdict, ECHO_NOTHING);
    assert_int_equal(echo_compare("", "", 'x', &last, 0).verdict, ECHO_NOTHING);
}

/* A clock runs, a countdown counts, a line appears elsewhere. */
static void beside(void **state)
{
    struct echo_place last = at(1, 0);
    (void)state;
    assert_int_equal(echo_compare("in 10 s", "in  9 s", 'x', &nowhere, 0).verdict, ECHO_NOTHING);
    assert_int_equal(echo_compare("in 5 s", "in 4 s", 'x', &nowhere, 0).verdict, ECHO_NOTHING);
    assert_took(echo_compare("in 5 s\na", "in 4 s\nab", 'b', &last, 0), 1, 1);
    assert_took(echo_compare("in 5 s\na", "in 4 s\na4", '4', &last, 0), 1, 1);
    assert_took(echo_compare("in 5 s\n", "in 4 s\n4", '4', &nowhere, 0), 1, 0);
}

static void other(void **state)
{
    struct echo_place last = at(0, 1);
    struct echo echo = echo_compare("# ", "# y", 'z', &nowhere, 0);
    (void)state;
    assert_int_equal(echo.verdict, ECHO_OTHER);
    assert_int_equal(echo.shown, 'y');
    echo = echo_compare("#a\nin 5", "#aä\nin 4", '[', &last, 0);
    assert_int_equal(echo.verdict, ECHO_OTHER);
    assert_int_equal(echo.shown, 0xe4);
}

static void lost_blanks(void **state)
{
    struct echo_place last = at(0, 1);
    struct echo echo = echo_compare("ab", "abc", 'c', &last, 1);
    (void)state;
    assert_int_equal(echo.verdict, ECHO_SHORT);
    assert_int_equal(echo.place.column, 2);
    echo = echo_compare("ab", "ab c", 'c', &last, 2);
    assert_int_equal(echo.verdict, ECHO_SHORT);
    assert_int_equal(echo.place.column, 3);
}

static void copies(void **state)
{
    struct echo_place last = at(0, 1);
    struct echo echo = echo_compare("ab", "abbb", 'b', &last, 0);
    (void)state;
    assert_int_equal(echo.verdict, ECHO_TOOK);
    assert_int_equal(echo.place.column, 2);
    assert_int_equal(echo.copies, 2);
}

/* An editor in which the rest of the line moves. */
static void insertion(void **state)
{
    struct echo_place word = at(1, 4), last = at(1, 5);
    (void)state;
    assert_took(echo_compare("--\nlinux quiet", "--\nlinuxx quiet", 'x', &word, 0), 1, 5);
    assert_took(echo_compare("--\nlinux quiet", "--\nlinux qquiet", 'q', &last, 0), 1, 6);
    assert_took(echo_compare("--\nlinux quiet splash vga=791 panic=5",
                             "--\nlinux zquiet splash vga=791 panic=5", 'z', &nowhere, 0),
                1, 6);
}

/* At the end of the last line of a screen all lines move up. */
static void scrolling(void **state)
{
    GString *before = g_string_new(NULL), *after = g_string_new(NULL);
    (void)state;
    for (guint r = 0; r < 25; r++) {
        g_autofree char *line = g_strdup_printf("%u%.*s", r % 10, r < 24 ? 40 : 78,
                                                "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklm"
                                                "nopqrstuvwxyz0123456789abcdefghijklmn");
        g_string_append_printf(before, "%s\n", line);
        if (r > 0)
            g_string_append_printf(after, "%s\n", line);
    }
    g_string_truncate(after, after->len - 1);
    g_string_append(after, "Q\n");
    struct echo_place last = {.known = TRUE, .row = 24, .column = 74};
    struct echo echo = echo_compare(before->str, after->str, 'Q', &last, 0);
    assert_int_equal(echo.verdict, ECHO_TOOK);
    assert_int_equal(echo.place.row, 23);
    g_string_free(before, TRUE);
    g_string_free(after, TRUE);
}

static void much(void **state)
{
    struct echo_place last = at(0, 3);
    const char *menu = "Debian\nAdvanced options\nMemory test";
    const char *editor = "setparams 'Debian'\nload_video\ninsmod gzio\nlinux /vmlinuz quiet";
    (void)state;
    assert_int_equal(echo_compare(menu, editor, 'e', &nowhere, 0).verdict, ECHO_MUCH);
    assert_int_equal(echo_compare(menu, editor, 'w', &last, 0).verdict, ECHO_MUCH);
    assert_int_equal(echo_compare(menu, "", 'e', &nowhere, 0).verdict, ECHO_MUCH);
}

/* What a guest can put on a screen must not be more than odd. */
static void odd(void **state)
{
    struct echo_place far = at(G_MAXUINT, G_MAXUINT);
    g_autofree char *wide = g_strnfill(100000, 'x');
    g_autofree char *tall = g_strnfill(100000, '\n');
    (void)state;
    (void)echo_compare(wide, tall, 'x', &far, G_MAXUINT);
    (void)echo_compare(tall, wide, 'x', &nowhere, 3);
    (void)echo_compare("\xff\xfe",
                       "a\xff\xfe"
                       "b",
                       'a', &nowhere, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),       cmocka_unit_test(beside), cmocka_unit_test(other),
        cmocka_unit_test(lost_blanks), cmocka_unit_test(copies), cmocka_unit_test(insertion),
        cmocka_unit_test(scrolling),   cmocka_unit_test(much),   cmocka_unit_test(odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
