/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "sandbox/diagnose.h"

#include <errno.h>
#include <string.h>

/* A host on which nothing is in the way. */
#define PLAIN                                                                                      \
    .max_user_namespaces = 1000, .unprivileged_clone = -1, .apparmor_restriction = -1,             \
    .newuidmap_has_right = TRUE

static const struct {
    struct sandbox_fault fault;
    struct host_facts facts;
    const char *text, *remedy; /* NULL: none */
} cases[] = {
    {{STEP_OUTER, ENOSPC, ""}, {PLAIN}, "user.max_user_namespaces is", "sysctl user.max_user"},
    {{STEP_INNER, ENOSPC, ""}, {PLAIN, .root = TRUE}, "user.max_user_namespaces is", "sysctl user"},
    {{STEP_OUTER, EPERM, ""},
     {.unprivileged_clone = 0},
     "kernel.unprivileged_userns_clone forbids",
     "sysctl kernel.unprivileged_userns_clone=1"},
    /* Ubuntu 23.10: no namespace at all; 24.04: one without rights, in which mounting fails. */
    {{STEP_OUTER, EACCES, ""},
     {.unprivileged_clone = 1, .apparmor_restriction = 1},
     "AppArmor",
     "profile"},
    {{STEP_NAMESPACES, EPERM, ""},
     {.apparmor_restriction = 1, .unprivileged_clone = 1},
     "AppArmor",
     "profile"},
    {{STEP_TMPFS, EACCES, "/"},
     {.apparmor_restriction = 1, .unprivileged_clone = 1},
     "AppArmor",
     "profile"},
    {{STEP_MAP, EPERM, "uid_map"},
     {.apparmor_restriction = 1, .unprivileged_clone = 1},
     "AppArmor",
     "profile"},
    {{STEP_PROC, EPERM, "/proc"},
     {PLAIN, .proc_masked = TRUE},
     "parts of /proc are masked",
     "systempaths"},
    {{STEP_NAMESPACES, EPERM, ""},
     {PLAIN, .filtered = TRUE, .root = TRUE},
     "seccomp filter of the container",
     "seccomp="},
    {{STEP_SOURCE, ENOSYS, "/usr"},
     {PLAIN, .filtered = TRUE},
     "seccomp filter of the container",
     "seccomp="},
    {{STEP_SOURCE, ENOSYS, "/usr"}, {PLAIN}, "mount_setattr(2)", "Linux 5.12"},
    {{STEP_NAMESPACES, EPERM, ""}, {PLAIN, .root = TRUE}, "CAP_SYS_ADMIN", "--cap-add SYS_ADMIN"},
    /* a mistake of the caller says nothing of the host */
    {{STEP_SOURCE, ENOENT, "/nowhere"},
     {.apparmor_restriction = 1},
     "mount /nowhere: No such",
     NULL},
    {{STEP_EXEC, EACCES, "/x"}, {PLAIN, .filtered = TRUE}, "start /x: Permission denied", NULL},
    {{99, EIO, ""}, {PLAIN}, "start: ", NULL},
};

static void faults(void **state)
{
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        diagnose_fault(&cases[i].fault, &cases[i].facts, &error);
        assert_error_says(error, INGOT_EXIT_HOST, cases[i].text);
        const char *hint = ingot_error_hint(error);
        if (!hint != !cases[i].remedy || (hint && !strstr(hint, cases[i].remedy)))
            fail_msg("%s: '%s', not '%s'", cases[i].text, hint ? hint : "(none)",
                     cases[i].remedy ? cases[i].remedy : "(none)");
    }
}

static void assert_map_hint(const struct host_facts *facts, const char *program, const char *hint)
{
    g_autoptr(GError) cause = NULL, error = NULL;
    ingot_set_error(&cause, INGOT_EXIT_HOST, NULL, "write to uid_map failed");
    diagnose_map(program, cause, facts, &error);
    assert_error_says(error, INGOT_EXIT_HOST, "cannot map its sub-UIDs: ");
    if (!strstr(ingot_error_hint(error), hint))
        fail_msg("'%s', not '%s'", ingot_error_hint(error), hint);
}

static void maps(void **state)
{
    (void)state;
    assert_map_hint(&(struct host_facts){PLAIN}, "no-such-newuidmap", "install the package uidmap");
    assert_map_hint(&(struct host_facts){.newuidmap_has_right = FALSE}, "sh", "chmod u+s");
    assert_map_hint(&(struct host_facts){PLAIN, .no_new_privs = TRUE}, "sh", "no new privileges");
    const struct host_facts ubuntu = {.newuidmap_has_right = TRUE, .apparmor_restriction = 1};
    assert_map_hint(&ubuntu, "sh", "AppArmor profile");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults),
        cmocka_unit_test(maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
