/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "image/guest.h"

#include <string.h>

static void accounts(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) all =
        accounts_parse("root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1001:B,,:/home/bob:/bin/sh\n"
                       "\n# no account\nshort:x:1:1\nminus:x:-1:0::/x:\n+nis::::::\n"
                       ":x:5:5::/x:/x\nlast:x:4294967295:7::/srv/last:/bin/sh");
    assert_int_equal(all->len, 3);
    const struct account *bob = accounts_find(all, "bob");
    assert_non_null(bob);
    assert_int_equal(bob->uid, 1000);
    assert_int_equal(bob->gid, 1001);
    assert_string_equal(bob->home, "/home/bob");
    assert_int_equal(accounts_find(all, "last")->uid, 4294967295u);
    assert_null(accounts_find(all, "bo"));
}

/* Nothing of the guest becomes part of a pattern. */
static void hostile_homes(void **state)
{
    (void)state;
    static const char *const homes[] = {
        "/",    "",     "relative", "/a/../b", "/x{y,z}", "/x*", "/proc/1",  "/dev",      "/sys/x",
        "/run", "/x y", "/x\\y",    "/x/",     "/[a]",    "/..", "/x\033[m", "/home/\xff"};
    for (gsize i = 0; i < G_N_ELEMENTS(homes); i++) {
        g_autofree char *line = g_strdup_printf("a:x:1:1::%s:/bin/sh\n", homes[i]);
        g_autoptr(GPtrArray) all = accounts_parse(line);
        assert_int_equal(all->len, 1);
        if (*((const struct account *)g_ptr_array_index(all, 0))->home)
            fail_msg("%s is taken for a home", homes[i]);
    }
}

static void pattern(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) all = accounts_parse(
        "root:x:0:0::/root:\na:x:1:1::/home/a:\nb:x:2:2::/home/x/b:\nc:x:3:3::/srv/c:\n"
        "d:x:4:4::/srv/c:\ne:x:5:5::/developer:\n");
    g_autofree char *homes = accounts_homes(all);
    assert_string_equal(homes, "/{root,home/*,home/x/b,srv/c,developer}");
}

static void limits(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < 5000; i++)
        g_string_append_printf(text, "u%u:x:%u:%u::/srv/%u:/bin/sh\n", i, i, i, i);
    g_autoptr(GPtrArray) all = accounts_parse(text->str);
    assert_int_equal(all->len, 4096);
    g_autofree char *homes = accounts_homes(all);
    g_auto(GStrv) list = g_strsplit(homes, ",", -1);
    assert_int_equal(g_strv_length(list), 2 + 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accounts), cmocka_unit_test(hostile_homes),
                                       cmocka_unit_test(pattern), cmocka_unit_test(limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
