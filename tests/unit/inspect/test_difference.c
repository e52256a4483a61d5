/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "inspect/snapshot.h"

#include <string.h>

/* A snapshot of packages "key value digest", each a word; the caller owns it. */
static snapshot *made_of(const char *const (*facts)[3])
{
    g_autoptr(GError) error = NULL;
    snapshot *s = snapshot_new();
    for (; (*facts)[0]; facts++)
        snapshot_add(s, SNAPSHOT_PACKAGES, (*facts)[0], (*facts)[1], (*facts)[2]);
    assert_true(snapshot_finish(s, &error));
    assert_no_error(error);
    return s;
}

/* "<a >b key: a -> b" a line; the caller owns it. */
static char *told(const snapshot *a, const snapshot *b)
{
    static const char marks[] = {
        [DIFFERENCE_ONLY_A] = '<', [DIFFERENCE_ONLY_B] = '>', [DIFFERENCE_CHANGED] = '!'};
    g_autoptr(GPtrArray) found = snapshot_compare(a, b);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++) {
        const struct difference *d = g_ptr_array_index(found, i);
        g_string_append_printf(out, "%c %s: %s %s%s\n", marks[d->kind], d->key, d->a ? d->a : "-",
                               d->b ? d->b : "-", d->content ? " content" : "");
    }
    return g_string_free(out, FALSE);
}

static void assert_told(const char *const (*a)[3], const char *const (*b)[3], const char *wanted)
{
    g_autoptr(snapshot) x = made_of(a);
    g_autoptr(snapshot) y = made_of(b);
    g_autofree char *found = told(x, y);
    assert_string_equal(found, wanted);
}

static const char *const nothing[][3] = {{NULL, NULL, NULL}};

static void the_same(void **state)
{
    static const char *const a[][3] = {{"b", "1", "d"}, {"a", "", NULL}, {NULL, NULL, NULL}};
    static const char *const b[][3] = {{"a", NULL, NULL}, {"b", "1", "d"}, {NULL, NULL, NULL}};
    (void)state;
    assert_told(a, b, "");
    assert_told(nothing, nothing, "");
}

static void every_kind(void **state)
{
    static const char *const a[][3] = {{"gone", "1", NULL},    {"kept", "1", NULL},
                                       {"newer", "1", NULL},   {"file", "m", "d1"},
                                       {"both", "0644", "d1"}, {NULL, NULL, NULL}};
    static const char *const b[][3] = {{"come", "2", NULL},    {"kept", "1", NULL},
                                       {"newer", "2", NULL},   {"file", "m", "d2"},
                                       {"both", "0600", "d2"}, {NULL, NULL, NULL}};
    (void)state;
    assert_told(a, b,
                "! both: 0644 0600 content\n> come: - 2\n! file: m m content\n< gone: 1 -\n"
                "! newer: 1 2\n");
    assert_told(a, nothing,
                "< both: 0644 -\n< file: m -\n< gone: 1 -\n< kept: 1 -\n< newer: 1 -\n");
    assert_told(nothing, b,
                "> both: - 0600\n> come: - 2\n> file: - m\n> kept: - 1\n> newer: - 2\n");
}

/* Two lines of one name: the one that is in both does not count, whatever the order. */
static void keys_that_come_twice(void **state)
{
    static const char *const a[][3] = {{"k", "2", NULL}, {"k", "1", NULL}, {NULL, NULL, NULL}};
    static const char *const b[][3] = {
        {"k", "3", NULL}, {"k", "2", NULL}, {"k", "4", NULL}, {NULL, NULL, NULL}};
    static const char *const twice[][3] = {{"k", "2", NULL}, {"k", "2", NULL}, {NULL, NULL, NULL}};
    static const char *const once[][3] = {{"k", "2", NULL}, {NULL, NULL, NULL}};
    (void)state;
    assert_told(a, b, "! k: 1 3\n> k: - 4\n");
    assert_told(twice, once, "< k: 2 -\n");
}

static void sections_in_order(void **state)
{
    (void)state;
    g_autoptr(snapshot) a = snapshot_new();
    g_autoptr(snapshot) b = snapshot_new();
    for (guint i = SNAPSHOT_SECTIONS; i-- > 0;)
        snapshot_add(a, (enum snapshot_section)i, "x", NULL, NULL);
    assert_true(snapshot_finish(a, NULL));
    assert_true(snapshot_finish(b, NULL));
    g_autoptr(GPtrArray) found = snapshot_compare(a, b);
    assert_int_equal(found->len, SNAPSHOT_SECTIONS);
    for (guint i = 0; i < found->len; i++) {
        const struct difference *d = g_ptr_array_index(found, i);
        assert_int_equal(d->section, i);
        assert_non_null(snapshot_section_name(d->section));
        assert_non_null(snapshot_section_heading(d->section));
    }
}

/* What is shown is printable and on one line; what cannot be told apart so is still different. */
static void hostile_names(void **state)
{
    static const char *const a[][3] = {{"a\033[2Jb\nnext: 1", "x", NULL},
                                       {"esc", "\033]0;t\a", NULL},
                                       {"raw\xff",
                                        "\xe2\x80\xae"
                                        "evil",
                                        NULL},
                                       {"same", "\xe2\x80\xae", NULL},
                                       {NULL, NULL, NULL}};
    static const char *const b[][3] = {{"same", "\xe2\x80\xad", NULL}, {NULL, NULL, NULL}};
    (void)state;
    assert_told(a, b,
                "< a\\x1b[2Jb\\x0anext: 1: x -\n< esc: \\x1b]0;t\\x07 -\n< raw\\xff: ?evil -\n"
                "! same: ? ? content\n");
}

static void long_texts_are_cut(void **state)
{
    (void)state;
    g_autofree char *same = g_strnfill(100000, 'x');
    g_autofree char *other = g_strconcat(same, "y", NULL);
    const char *const a[][3] = {{"k", same, NULL}, {same, "1", NULL}, {NULL, NULL, NULL}};
    const char *const b[][3] = {{"k", other, NULL}, {NULL, NULL, NULL}};
    g_autoptr(snapshot) x = made_of(a);
    g_autoptr(snapshot) y = made_of(b);
    g_autoptr(GPtrArray) found = snapshot_compare(x, y);
    assert_int_equal(found->len, 2);
    const struct difference *first = g_ptr_array_index(found, 0);
    const struct difference *second = g_ptr_array_index(found, 1);
    assert_string_equal(first->a, first->b);
    assert_true(first->content);
    assert_true(strlen(first->a) < 500 && strlen(second->key) < 500);
    assert_true(g_str_has_suffix(second->key, "x…"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same),          cmocka_unit_test(every_kind),
        cmocka_unit_test(sections_in_order), cmocka_unit_test(keys_that_come_twice),
        cmocka_unit_test(hostile_names),     cmocka_unit_test(long_texts_are_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
