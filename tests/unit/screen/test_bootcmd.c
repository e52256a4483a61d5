/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/files.h"
#include "screen/keys.h"

#include <string.h>

static char *source(const char *name)
{
    g_autofree char *path = g_build_filename(g_getenv("INGOT_TEST_SOURCE"), name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = files_read(path, 1 << 20, NULL, &error);
    assert_no_error(error);
    return text;
}

/* The steps, or the error and its hint. */
static char *answer(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(bootcmd) command = bootcmd_parse(text, &error);
    if (command)
        return bootcmd_describe(command);
    assert_int_equal(ingot_error_exit(error, INGOT_EXIT_FAILURE), INGOT_EXIT_RECIPE);
    g_autofree char *what = ingot_error_text(error);
    const char *hint = ingot_error_hint(error);
    assert_non_null(hint);
    return g_strconcat(what, "; ", hint, NULL);
}

static void vectors(void **state)
{
    g_autofree char *text = source("tests/unit/screen/bootcmd.vectors");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint count = 0, bad = 0;
    (void)state;
    for (char **line = lines; *line; line++) {
        if (**line != '|')
            continue;
        g_autofree char *input = g_strcompress(*line + ((*line)[1] ? 2 : 1));
        g_autofree char *got = answer(input);
        assert_non_null(line[1]);
        assert_true(g_str_has_prefix(line[1], "    "));
        count++;
        if (strcmp(line[1] + 4, got) == 0)
            continue;
        bad++;
        print_message("# %s\n#   expected: %s\n#   got:      %s\n", *line, line[1] + 4, got);
    }
    print_message("# %u vectors\n", count);
    assert_true(count > 80);
    assert_int_equal(bad, 0);
}

/* Each key is in the vectors, so that none is added without one. */
static void vectors_have_all_keys(void **state)
{
    g_autofree char *text = source("tests/unit/screen/bootcmd.vectors");
    gsize count;
    const struct bootcmd_key *keys = bootcmd_keys(&count);
    (void)state;
    for (gsize i = 0; i < count; i++) {
        g_autofree char *line = g_strdup_printf("\n| <%s>\n", keys[i].name);
        if (!strstr(text, line))
            fail_msg("no vector has <%s> alone", keys[i].name);
    }
}

/* The table of the documentation is the table of the program. */
static void documentation(void **state)
{
    g_autofree char *text = source("docs/boot-command.md");
    gsize count;
    const struct bootcmd_key *keys = bootcmd_keys(&count);
    g_autoptr(GString) table = g_string_new("\n| written | key |\n|---|---|\n");
    (void)state;
    for (gsize i = 0; i < count; i++)
        g_string_append_printf(table, "| `<%s>` | %s |\n", keys[i].name, keys[i].meaning);
    g_string_append_c(table, '\n');
    if (!strstr(text, table->str))
        fail_msg("docs/boot-command.md must have this table:%s", table->str);
}

static char *repeated(const char *what, gsize times)
{
    GString *out = g_string_new(NULL);
    for (gsize i = 0; i < times; i++)
        g_string_append(out, what);
    return g_string_free(out, FALSE);
}

static void bounds(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *full = repeated("ab", BOOTCMD_STEPS_MAX / 2);
    g_autofree char *steps = repeated("a", BOOTCMD_STEPS_MAX + 1);
    g_autofree char *length = repeated("<", BOOTCMD_LENGTH_MAX + 1);
    g_autofree char *words = repeated("w", BOOTCMD_TEXT_MAX + 1);
    g_autofree char *wait = g_strdup_printf("<wait \"%s\">", words);
    g_autofree char *just = g_strdup_printf("<wait \"%s\">", words + 1);
    (void)state;
    g_autoptr(bootcmd) good = bootcmd_parse(full, &error);
    assert_no_error(error);
    assert_int_equal(good->count, BOOTCMD_STEPS_MAX);
    assert_null(bootcmd_parse(steps, &error));
    assert_error_says(error, INGOT_EXIT_RECIPE, "character 16385: a boot command has at most");
    g_clear_error(&error);
    assert_null(bootcmd_parse(length, &error));
    assert_error_says(error, INGOT_EXIT_RECIPE, "at most 32768 bytes");
    g_clear_error(&error);
    assert_null(bootcmd_parse(wait, &error));
    assert_error_says(error, INGOT_EXIT_RECIPE, "longer than 256 bytes");
    g_clear_error(&error);
    g_autoptr(bootcmd) waits = bootcmd_parse(just, &error);
    assert_no_error(error);
    assert_int_equal(waits->count, 1);
}

/* Where each step is written, which errors of the typist say. */
static void columns(void **state)
{
    g_autoptr(bootcmd) command = bootcmd_parse("a<enter>b<wait \"ü\"><lt>c", NULL);
    static const guint expected[] = {1, 2, 9, 10, 20, 24};
    (void)state;
    assert_non_null(command);
    assert_int_equal(command->count, G_N_ELEMENTS(expected));
    for (gsize i = 0; i < command->count; i++)
        assert_int_equal(command->steps[i].column, expected[i]);
}

/* A US keyboard: each character of ASCII is on one key, with or without Shift. */
static void keyboard(void **state)
{
    guint with = 0;
    (void)state;
    for (int c = ' '; c < 0x7f; c++) {
        char other = keys_needs_shift((char)c) ? keys_unshifted((char)c) : keys_shifted((char)c);
        if (keys_needs_shift((char)c)) {
            with++;
            assert_int_equal(keys_shifted(other), c);
            assert_false(keys_needs_shift(other));
        } else if (c != ' ') {
            assert_int_equal(keys_unshifted(other), c);
            assert_true(keys_needs_shift(other));
        }
        assert_int_equal(keys_shifted(keys_shifted((char)c)), keys_shifted((char)c));
    }
    assert_int_equal(with, 47);
    assert_int_equal(keys_shifted('\''), '"');
    assert_int_equal(keys_shifted('6'), '^');
    assert_int_equal(keys_shifted(' '), ' ');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),       cmocka_unit_test(vectors_have_all_keys),
        cmocka_unit_test(documentation), cmocka_unit_test(bounds),
        cmocka_unit_test(columns),       cmocka_unit_test(keyboard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
