/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "vm/vm.h"

#include <string.h>

/* What QEMU says of a disk that cannot be written, both ways. */
static void reasons(void **state)
{
    (void)state;
    static const struct {
        const char *reason, *cause, *remedy;
    } cases[] = {
        {"No space left on device", "the host's disk is full: the file system of /proc/d.qcow2 has",
         "free some space in the file system of /proc"},
        {"Input/output error", "the machine's disk: Input/output error", "dmesg"},
        {"", "no reason was given", "dmesg"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *remedy = NULL;
        g_autofree char *cause = vm_disk_fault(cases[i].reason, "/proc/d.qcow2", &remedy);
        assert_non_null(strstr(cause, cases[i].cause));
        assert_non_null(strstr(remedy, cases[i].remedy));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reasons)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
