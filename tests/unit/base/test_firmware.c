/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/firmware.h"

#include <string.h>

static void found_by_name(void **state)
{
    (void)state;
    const struct firmware_kind *kind;
    for (gsize i = 0; (kind = firmware_kind_nth(i)); i++)
        assert_ptr_equal(firmware_kind_find(kind->name), kind);
    assert_null(firmware_kind_find("efi"));
    assert_null(firmware_kind_find(NULL));
}

static void usual(void **state)
{
    (void)state;
    assert_string_equal(firmware_kind_usual("x86_64")->name, "bios");
    assert_string_equal(firmware_kind_usual("aarch64")->name, "uefi");
    assert_null(firmware_kind_usual("vax"));
    assert_null(firmware_kind_usual(NULL));
}

static void packages(void **state)
{
    (void)state;
    const struct firmware_kind *bios = firmware_kind_find("bios");
    assert_string_equal(firmware_kind_package(bios, "x86_64"), "seabios");
    assert_null(firmware_kind_package(bios, "aarch64"));
}

/* Kept results are found again as long as these stay. */
static void keys(void **state)
{
    (void)state;
    g_autofree char *none = firmware_kind_key(NULL);
    g_autofree char *bios = firmware_kind_key(firmware_kind_find("bios"));
    g_autofree char *uefi = firmware_kind_key(firmware_kind_find("uefi"));
    assert_string_equal(none, "0");
    assert_string_equal(bios, "1");
    assert_string_equal(uefi, "2");
}

/* A recipe cannot ask for what no machine has. */
static void offered(void **state)
{
    (void)state;
    assert_non_null(firmware_offered[0]);
    for (const char *const *name = firmware_offered; *name; name++)
        assert_non_null(firmware_kind_find(*name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_name), cmocka_unit_test(usual),   cmocka_unit_test(packages),
        cmocka_unit_test(keys),          cmocka_unit_test(offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
