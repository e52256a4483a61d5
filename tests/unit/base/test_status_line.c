/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/status_line.h"
#include "base/text.h"

static void assert_line(const struct status_line *now, guint columns, const char *want)
{
    g_autofree char *line = status_line_text(now, columns);
    assert_string_equal(line, want);
}

static void whole(void **state)
{
    (void)state;
    struct status_line now = {.stage = "install",
                              .phase = "base system",
                              .detail = "unpacking libc6",
                              .seconds = 72,
                              .expected = 178};
    assert_line(&now, 100, "install  base system  unpacking libc6  1 min 12 s of about 3 min");
    now.expected = -1;
    assert_line(&now, 100, "install  base system  unpacking libc6  1 min 12 s");
    now.expected = 40;
    assert_line(&now, 100, "install  base system  unpacking libc6  1 min 12 s, usually about 40 s");
    now.phase = now.detail = NULL;
    now.seconds = 9.96;
    assert_line(&now, 100, "install  9 s of about 40 s");
}

/* The time is never cut away; wide characters count twice; a line stays one line. */
static void narrow(void **state)
{
    (void)state;
    struct status_line now = {
        .stage = "seal", .phase = "policy", .detail = "a\nb\tc\033[2Jd", .seconds = 5};
    assert_line(&now, 40, "seal     policy  a b cd  5 s");
    assert_line(&now, 22, "seal     policy…  5 s");
    assert_line(&now, 24, "seal     policy  a…  5 s");
    assert_line(&now, 13, "seal…  5 s");
    assert_line(&now, 5, "5 s");
    assert_line(&now, 2, "5…");
    now.detail = "日本語日本語";
    assert_line(&now, 30, "seal     policy  日本語…  5 s");
    assert_line(&now, 34, "seal     policy  日本語日本語  5 s");
}

static void about(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0.2, "1 s"},         {7.4, "7 s"},       {9.8, "10 s"},  {43, "45 s"},
                 {58, "1 min"},        {89, "1 min 30 s"}, {118, "2 min"}, {170, "3 min"},
                 {599, "10 min"},      {1234, "20 min"},   {3590, "1 h"},  {4200, "1 h 10 min"},
                 {1e9, "277 h 45 min"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = text_about(cases[i].seconds);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(narrow),
                                       cmocka_unit_test(about)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
