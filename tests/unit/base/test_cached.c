/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/cached.h"

#include <string.h>

/* A made-up cache: the name says what is removed.  "busy" is refused, and "under" is until "over"
 * is gone. */
static GPtrArray *list;
static GString *gone; /* names, in their order */

static void shelf_open(void)
{
    list = cached_list_new();
    gone = g_string_new(NULL);
}

static void shelf_close(void)
{
    g_ptr_array_unref(list);
    g_string_free(gone, TRUE);
}

static gboolean has_over(void)
{
    for (guint i = 0; i < list->len; i++)
        if (g_str_has_prefix(((const cached *)g_ptr_array_index(list, i))->path, "over"))
            return TRUE;
    return FALSE;
}

static gboolean take_away(const cached *c, guint64 *freed)
{
    if (g_str_has_prefix(c->path, "busy") || (g_str_has_prefix(c->path, "under") && has_over()))
        return FALSE;
    g_string_append_printf(gone, "%s ", c->path);
    *freed += 10;
    return TRUE;
}

static void put_cached(const char *name, gint64 used)
{
    const cached c = {.path = g_strdup(name),
                      .used = used,
                      .remove = take_away,
                      .covers = g_str_has_prefix(name, "over")};
    cached_add(list, &c);
}

static void assert_shrinks(guint64 usage, guint64 limit, const char *names)
{
    shelf_open();
    guint64 freed = 1000;
    put_cached("new", 900);
    put_cached("busy", 10);
    put_cached("under", 100);
    put_cached("same-b", 200);
    put_cached("same-a", 200);
    put_cached("over", 300);
    put_cached("later", 400);
    guint before = list->len;
    guint n = cached_shrink(list, usage, limit, &freed);
    assert_string_equal(gone->str, names);
    assert_int_equal(freed, 1000 + 10 * (guint64)n);
    assert_int_equal(list->len, before - n);
    shelf_close();
}

static void the_oldest_goes_first(void **state)
{
    (void)state;
    assert_shrinks(70, 70, "");
    assert_shrinks(70, 100, "");
    assert_shrinks(0, 0, "");
    assert_shrinks(70, 69, "same-a ");
    assert_shrinks(70, 60, "same-a ");
    assert_shrinks(70, 59, "same-a same-b ");
}

/* What was under another goes as soon as that is gone, and what is busy never. */
static void order_over_what_is_in_the_way(void **state)
{
    (void)state;
    assert_shrinks(70, 40, "same-a same-b over ");
    assert_shrinks(70, 30, "same-a same-b over under ");
    assert_shrinks(70, 0, "same-a same-b over under later new ");
    assert_shrinks(G_MAXUINT64, 0, "same-a same-b over under later new ");
}

static void by_age(void **state)
{
    (void)state;
    shelf_open();
    guint64 freed = 0;
    gint64 now = g_get_real_time();
    put_cached("young", now - 50 * G_USEC_PER_SEC);
    put_cached("busy", 5);
    put_cached("old", now - 150 * G_USEC_PER_SEC);
    assert_int_equal(cached_remove_old(list, 100, &freed), 1);
    assert_string_equal(gone->str, "old ");
    assert_int_equal(cached_remove_old(list, G_MAXUINT, &freed), 0);
    assert_int_equal(cached_remove_old(list, 0, &freed), 1);
    assert_int_equal(freed, 20);
    assert_int_equal(list->len, 1);
    shelf_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_oldest_goes_first),
                                       cmocka_unit_test(order_over_what_is_in_the_way),
                                       cmocka_unit_test(by_age)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
