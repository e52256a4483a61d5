/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/text.h"

static void sizes(void **state)
{
    static const struct {
        const char *text;
        gboolean good;
        guint64 bytes;
    } cases[] = {
        {"0", TRUE, 0},
        {"4096", TRUE, 4096},
        {"8GiB", TRUE, 8ull << 30},
        {"8G", TRUE, 8ull << 30},
        {"512 M", TRUE, 512ull << 20},
        {"1.5GiB", TRUE, 3ull << 29},
        {"1kB", TRUE, 1000},
        {"2TB", TRUE, 2000000000000},
        {"", FALSE, 0},
        {"-1", FALSE, 0},
        {"8Gib", FALSE, 0},
        {"G", FALSE, 0},
        {"1e3", FALSE, 0},
        {"0x10", FALSE, 0},
        {"99999999999T", FALSE, 0},
        {"1.3B", FALSE, 0},
        {"1..2G", FALSE, 0},
        {"nan", FALSE, 0},
        {" 1", FALSE, 0},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint64 bytes = 0;
        if (text_parse_size(cases[i].text, &bytes) != cases[i].good || bytes != cases[i].bytes)
            fail_msg("size '%s' gave %" G_GUINT64_FORMAT, cases[i].text, bytes);
    }
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        gboolean good;
        guint seconds;
    } cases[] = {
        {"90s", TRUE, 90},    {"15m", TRUE, 900}, {"1h30m", TRUE, 5400}, {"2d", TRUE, 172800},
        {"0s", TRUE, 0},      {"5", FALSE, 0},    {"m", FALSE, 0},       {"30m1h", FALSE, 0},
        {"1h1h", FALSE, 0},   {"", FALSE, 0},     {"-5m", FALSE, 0},     {"99999999999d", FALSE, 0},
        {"40000d", FALSE, 0}, {"5 m", FALSE, 0},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint seconds = 0;
        if (text_parse_duration(cases[i].text, &seconds) != cases[i].good ||
            seconds != cases[i].seconds)
            fail_msg("duration '%s' gave %u", cases[i].text, seconds);
    }
}

static void nearest(void **state)
{
    (void)state;
    static const char *const words[] = {"mirror", "media", "packages", "timezone", NULL};
    assert_string_equal(text_nearest("mirrror", words), "mirror");
    assert_string_equal(text_nearest("timezoen", words), "timezone");
    assert_string_equal(text_nearest("pakages", words), "packages");
    assert_null(text_nearest("disk", words));
    assert_null(text_nearest("", words));
    g_autofree char *long_word = g_strnfill(500, 'm');
    assert_null(text_nearest(long_word, words));
}

static void shown(void **state)
{
    (void)state;
    g_autofree char *size = text_size(1536ull << 20);
    g_autofree char *whole = text_size(8ull << 30);
    g_autofree char *brief = text_duration(14.23);
    g_autofree char *minutes = text_duration(125);
    g_autofree char *hours = text_duration(3720);
    assert_string_equal(size, "1.5 GiB");
    assert_string_equal(whole, "8 GiB");
    assert_string_equal(brief, "14.2 s");
    assert_string_equal(minutes, "2 min 05 s");
    assert_string_equal(hours, "1 h 02 min");
}

static void printable(void **state)
{
    (void)state;
    g_autofree char *a = text_printable("\033[31mred\033[0m\a\r\n", -1);
    g_autofree char *b = text_printable("caf\xc3\xa9 \xff", -1);
    g_autofree char *c = text_printable("\033[", -1);
    g_autofree char *d = text_printable("\033", -1);
    assert_string_equal(a, "red?\n");
    assert_string_equal(b, "café \xef\xbf\xbd");
    assert_string_equal(c, "");
    assert_string_equal(d, "?");
}

static void package_names(void **state)
{
    (void)state;
    static const char *const good[] = {"vim", "R", "0ad", "g++", "NetworkManager", "gtk2_engines"};
    static const char *const bad[] = {"",    "-y",  ".a",       "+a",   "a b",  "a/b",
                                      "a;b", "a\n", "a=1",      "a:b",  "$(a)", "a,b",
                                      "a'",  "a~",  "\xc3\xa4", "\xff", "*",    "a*"};
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        assert_true(text_is_package_name(good[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_false(text_is_package_name(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes), cmocka_unit_test(durations), cmocka_unit_test(nearest),
        cmocka_unit_test(shown), cmocka_unit_test(printable), cmocka_unit_test(package_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
