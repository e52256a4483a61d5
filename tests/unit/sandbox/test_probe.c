/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "sandbox/sandbox.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void probed(void **state)
{
    (void)state;
    struct sandbox_host host;
    gint64 began = g_get_monotonic_time();
    assert_true(sandbox_probe(&host, NULL, NULL));
    double seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    print_message("# %s; limits: %s; %.3f s\n", host.why, host.limits, seconds);
    assert_int_equal(host.kind, SANDBOX_USER);
    assert_null(host.remedy);
    assert_true(seconds < 10);
    sandbox_host_clear(&host);
}

static void cancelled(void **state)
{
    (void)state;
    struct sandbox_host host;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_cancellable_cancel(cancel);
    assert_false(sandbox_probe(&host, cancel, &error));
    assert_true(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    sandbox_host_clear(&host);
}

/* For reasons.sh: what is found, on a line. */
static int print_it(void)
{
    struct sandbox_host host;
    if (!sandbox_probe(&host, NULL, NULL))
        return 1;
    printf("%d: %s; %s\n", (int)host.kind, host.why, host.remedy ? host.remedy : "");
    sandbox_host_clear(&host);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "print") == 0)
        return print_it();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probed),
        cmocka_unit_test(cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
