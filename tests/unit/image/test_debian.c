/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "image/debian.h"
#include "image/guest.h"

#include <string.h>

static const char release[] = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n"
                              "NAME='It'\\''s'\n"
                              "VERSION_ID=13\n"
                              "BROKEN=\"no end\n"
                              "RAW=\"a\033[31mb\"\n"
                              "ID=debian";

static void assert_value(const char *key, const char *expected)
{
    g_autofree char *value = debian_os_release(release, key);
    if (expected)
        assert_string_equal(value, expected);
    else
        assert_null(value);
}

static void os_release(void **state)
{
    (void)state;
    assert_value("PRETTY_NAME", "Debian GNU/Linux 13 (trixie)");
    assert_value("NAME", "It's");
    assert_value("VERSION_ID", "13");
    assert_value("ID", "debian");
    assert_value("RAW", "ab");
    assert_value("BROKEN", NULL);
    assert_value("VERSION", NULL);
    assert_value("", NULL);
}

static void assert_package(GPtrArray *list, guint i, const char *name, const char *version,
                           const char *arch)
{
    const struct guest_package *package = g_ptr_array_index(list, i);
    assert_string_equal(package->name, name);
    assert_string_equal(package->version, version);
    assert_string_equal(package->arch, arch);
}

/* dpkg-query(1): the third word of Status is the state; what was wanted does not matter. */
static void only_installed_packages(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) list = guest_packages_new();
    debian_parse_status("Package: vim\nStatus: install ok installed\nArchitecture: amd64\n"
                        "Version: 2:9.1-2+b1\nConffiles:\n /etc/vim 123\nDescription: an\n"
                        " Version: 9 of it\n\n"
                        "Package: tree\nStatus: deinstall ok config-files\nVersion: 2\n\n"
                        "Package: half\nStatus: install reinstreq half-installed\nVersion: 2\n\n"
                        "Package: not\nStatus: purge ok not-installed\n\n"
                        "Package: screen\nStatus: hold ok installed \nVersion: 4.9~rc1-3\n"
                        "Architecture: all",
                        list);
    assert_int_equal(list->len, 2);
    assert_package(list, 0, "vim", "2:9.1-2+b1", "amd64");
    assert_package(list, 1, "screen", "4.9~rc1-3", "all");
}

static void hostile_status(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) list = guest_packages_new();
    debian_parse_status("", list);
    debian_parse_status("\n\n\n", list);
    debian_parse_status("Status: install ok installed\nVersion: 1\n\n", list);
    debian_parse_status("Package: a\nStatus: install ok installed\n\n", list);
    assert_int_equal(list->len, 0);
    debian_parse_status("Package: \033[2Ja\nStatus: install ok installed\nVersion: \xff\n", list);
    assert_int_equal(list->len, 1);
    assert_package(list, 0, "a", "\xef\xbf\xbd", "all");
    debian_parse_status("<html>\nPackage: b\n: x\n\tStatus\nStatus: install ok installed\n"
                        "Version: 1\nversion: 2\n\nPackage: c\nStatus: install ok installed\n"
                        "Version: 3\n",
                        list);
    assert_int_equal(list->len, 3);
    assert_package(list, 1, "b", "2", "all");
    assert_package(list, 2, "c", "3", "all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(os_release),
                                       cmocka_unit_test(only_installed_packages),
                                       cmocka_unit_test(hostile_status)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
