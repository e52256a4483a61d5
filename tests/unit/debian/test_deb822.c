/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../media/support.h"

#include "debian/debian.h"

static GHashTable *parse(const char **at, GError **error)
{
    return deb822_next(at, *at + strlen(*at), error);
}

static void reads_stanzas(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    const char *at =
        "\n \nPackage: a\nDEPENDS:  b,\n  c\n\td\nEmpty:\n# a comment\nX-Y: z  \r\n\t\n"
        "\nPackage:b";
    g_autoptr(GHashTable) one = parse(&at, &error);
    assert_no_error(error);
    assert_string_equal(deb822_get(one, "package"), "a");
    assert_string_equal(deb822_get(one, "depends"), "b,\n  c\n\td");
    assert_string_equal(deb822_get(one, "empty"), "");
    assert_string_equal(deb822_get(one, "x-y"), "z");
    assert_null(deb822_get(one, "absent"));
    g_autoptr(GHashTable) two = parse(&at, &error);
    assert_string_equal(deb822_get(two, "package"), "b");
    assert_null(parse(&at, &error));
    assert_no_error(error);
}

static void nothing_is_no_stanza(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", "   \n\t\n", "# only words\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        const char *at = texts[i];
        assert_null(parse(&at, &error));
        assert_no_error(error);
    }
}

static void refuses_what_is_not_of_the_form(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"<html>\n", "no field name"},        {" folded: first\n", "continuation"},
        {": no name\n", "no field name"},     {"-a: b\n", "no field name"},
        {"a b: c\n", "no field name"},        {"a\x01: c\n", "no field name"},
        {"\xc3\xa4: c\n", "no field name"},   {"A: b\na: c\n", "a duplicate field"},
        {"A: b\nnothing\n", "no field name"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const char *at = cases[i].text;
        assert_null(parse(&at, &error));
        assert_error_says(error, INGOT_EXIT_MEDIA, cases[i].says);
    }
}

static void refuses_nul_and_floods(void **state)
{
    (void)state;
    g_autoptr(GError) nul = NULL, many = NULL, name = NULL;
    static const char text[] = "A: b\0c\n";
    const char *at = text;
    assert_null(deb822_next(&at, text + sizeof text - 1, &nul));
    assert_error_says(nul, INGOT_EXIT_MEDIA, "NUL");
    g_autoptr(GString) fields = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append_printf(fields, "F%d: x\n", i);
    at = fields->str;
    assert_null(parse(&at, &many));
    assert_error_says(many, INGOT_EXIT_MEDIA, "too many");
    g_autofree char *longest = g_strnfill(5000, 'a');
    g_autofree char *line = g_strconcat(longest, ": b\n", NULL);
    at = line;
    assert_null(parse(&at, &name));
    assert_error_says(name, INGOT_EXIT_MEDIA, "no field name");
}

static void compares_versions_like_dpkg(void **state)
{
    (void)state;
    static const char *const rising[] = {"0",
                                         "1.0~~",
                                         "1.0~~a",
                                         "1.0~",
                                         "1.0~rc1",
                                         "1.0",
                                         "1.0-1",
                                         "1.0-1+b1",
                                         "1.0-1.1",
                                         "1.0a",
                                         "1.0+dfsg",
                                         "1.0.1",
                                         "1.2",
                                         "1.10",
                                         "1.010.1",
                                         "2a",
                                         "2+",
                                         "20250803",
                                         "20250803+deb13u7",
                                         "20250803+deb13u10",
                                         "1:0",
                                         "1:1-0.1",
                                         "2:0.1~a",
                                         "10:0"};
    for (gsize i = 0; i < G_N_ELEMENTS(rising); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(rising); j++) {
            int result = deb_version_compare(rising[i], rising[j]);
            if ((result > 0) - (result < 0) != (i > j) - (i < j))
                fail_msg("%s and %s: %d", rising[i], rising[j], result);
        }
    }
    assert_int_equal(deb_version_compare("1.0", "1.00"), 0);
    assert_int_equal(deb_version_compare("0:1.0", "1.0"), 0);
    assert_int_equal(deb_version_compare("", ""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_stanzas),
        cmocka_unit_test(nothing_is_no_stanza),
        cmocka_unit_test(refuses_what_is_not_of_the_form),
        cmocka_unit_test(refuses_nul_and_floods),
        cmocka_unit_test(compares_versions_like_dpkg),
    };
    return cmocka_run_group_tests_name("debian/deb822", tests, NULL, NULL);
}
