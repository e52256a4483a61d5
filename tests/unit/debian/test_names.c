/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "debian/debian.h"

static void assert_all(gboolean (*is)(const char *), const char *const *texts, gboolean expected)
{
    for (; *texts; texts++)
        if (is(*texts) != expected)
            fail_msg("“%s” is taken for %s", *texts, expected ? "none" : "one");
}

static void names_of_packages(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "7zip", "g++", "libstdc++6", "lib.a-b", "x-", NULL};
    static const char *const bad[] = {"",    "-a",  ".a",  "+a",  "A",  "Vim",      "a_b", "a b",
                                      "a/b", "a\n", "a:b", "a=1", "a~", "\xc3\xa4", "a,b", NULL};
    assert_all(deb_is_name, good, TRUE);
    assert_all(deb_is_name, bad, FALSE);
    assert_false(deb_is_name(NULL));
}

static void names_that_one_may_ask_for(void **state)
{
    (void)state;
    static const char *const good[] = {"7zip", "g++", "libstdc++6", "lib.a-b", "sc", NULL};
    static const char *const bad[] = {"", "a", "x-", "vim-", "Vim", "-a", "a_b", "vim\n", NULL};
    assert_all(deb_is_wanted_name, good, TRUE);
    assert_all(deb_is_wanted_name, bad, FALSE);
    g_autofree char *advice = deb_name_advice("vim-");
    assert_string_equal(advice, "apt would remove a package written like this");
    assert_null(deb_name_advice("Vim"));
}

static void versions_and_architectures(void **state)
{
    (void)state;
    static const char *const versions[] = {"1", "1:2.0~rc1+dfsg-3", "20250803+deb13u7", "a", NULL};
    static const char *const no_versions[] = {"", "-1", "1/2", "1 2", "1\n", "~1", "1_2", NULL};
    static const char *const arches[] = {"amd64", "all", "kfreebsd-amd64", NULL};
    static const char *const no_arches[] = {"", "-a", "a/b", "a b", "amd64:any", NULL};
    assert_all(deb_is_version, versions, TRUE);
    assert_all(deb_is_version, no_versions, FALSE);
    assert_all(deb_is_arch, arches, TRUE);
    assert_all(deb_is_arch, no_arches, FALSE);
}

static void names_of_architectures(void **state)
{
    (void)state;
    assert_string_equal(deb_arch_of_machine("x86_64"), "amd64");
    assert_string_equal(deb_arch_of_machine("aarch64"), "arm64");
    assert_string_equal(deb_arch_to_machine("arm64"), "aarch64");
    assert_string_equal(deb_arch_to_machine("ppc64el"), "ppc64le");
    assert_null(deb_arch_of_machine("amd64"));
    assert_null(deb_arch_to_machine("x86_64"));
    assert_null(deb_arch_to_machine(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_packages),
        cmocka_unit_test(names_that_one_may_ask_for),
        cmocka_unit_test(versions_and_architectures),
        cmocka_unit_test(names_of_architectures),
    };
    return cmocka_run_group_tests_name("debian/names", tests, NULL, NULL);
}
