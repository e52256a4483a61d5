/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"
#include "run.h"

#include "base/error.h"

#include <sys/stat.h>

static void output(void **state)
{
    (void)state;
    g_autofree char *out = run_whole(&(struct run){.script = "echo out; echo err >&2"});
    assert_string_equal(out, "out\nerr\n");
}

static void environment(void **state)
{
    (void)state;
    static const char *const env[] = {"A=1", NULL};
    g_autofree char *out = run_whole(&(struct run){
        .script = "/busybox cat /proc/self/environ | /busybox tr '\\0' '\\n'; /busybox id; /busybox mount; /busybox ls -la / /dev/ /proc/self/fd; /busybox cat /proc/self/status; /busybox ps",
        .env = env});
    print_message("%s", out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output),
        cmocka_unit_test(environment),
    };
    if (folder_make("sandbox") != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, folder_remove);
}
