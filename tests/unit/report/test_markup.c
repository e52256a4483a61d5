/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "report/markup.h"

#include <locale.h>
#include <string.h>

static void assert_markup(const char *text, const char *want)
{
    g_autoptr(GString) out = g_string_new(NULL);
    markup_text(out, text);
    assert_string_equal(out->str, want);
}

/* What means something to a parser, what XML cannot say, what turns text around, what is no text.
 */
static void hostile(void **state)
{
    (void)state;
    assert_markup("</script><b a='1' c=\"2\">&",
                  "&lt;/script&gt;&lt;b a=&#39;1&#39; c=&quot;2&quot;"
                  "&gt;&amp;");
    assert_markup("a\tb\nc", "a\tb\nc");
    assert_markup("\x01\x1b[2J\r\x7f", "\uFFFD\uFFFD[2J\uFFFD\uFFFD");
    assert_markup("\xc2\x85\uFFFE\uFFFF\U0001FFFE\uFDD0", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
    assert_markup("gpj.\u202Eexe\u2066", "gpj.\uFFFDexe\uFFFD");
    assert_markup("caf\xc3\xa9 \xe2\x82\xac \xff\xc3", "café € \uFFFD\uFFFD");
    assert_markup(NULL, "");
}

static void cut(void **state)
{
    (void)state;
    g_autoptr(GString) out = g_string_new(NULL);
    markup_cut(out, "<éé>", 3);
    assert_string_equal(out->str, "&lt;éé…");
    g_string_truncate(out, 0);
    markup_cut(out, "<éé>", 4);
    assert_string_equal(out->str, "&lt;éé&gt;");
}

/* Numbers have a point, wherever the program runs; the format is markup, its arguments are not. */
static void formats(void **state)
{
    (void)state;
    g_autoptr(GString) out = g_string_new(NULL);
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        print_message("# no German locale here\n");
    markup(out, "<i x=\"%s\" w=\"%.1f%%\">%u %d</i>", "\"%s", 2.25, 7u, -3);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(out->str, "<i x=\"&quot;%s\" w=\"2.2%\">7 -3</i>");
}

static void members(void **state)
{
    (void)state;
    json_t *o = json_pack("{s:s, s:f, s:i, s:[i, i, i]}", "text", "a", "big", 1e300, "minus", -4,
                          "list", 1, 2, 3);
    assert_string_equal(member_text(o, "text"), "a");
    assert_string_equal(member_text(o, "list"), "");
    assert_string_equal(member_text(NULL, "text"), "");
    assert_true(member_number(o, "big") == 1e18);
    assert_true(member_number(o, "minus") == 0);
    assert_true(member_number(o, "text") == 0);
    assert_int_equal(member_count(o, "list", 2), 2);
    assert_int_equal(member_count(o, "text", 2), 0);
    assert_null(member_at(o, "list", 3));
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hostile), cmocka_unit_test(cut),
                                       cmocka_unit_test(formats), cmocka_unit_test(members)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
