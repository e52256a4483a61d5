/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/files.h"
#include "image/appliance.h"
#include "image/guest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* A host in a folder: boot/, modules/ and bin/. */
static int setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-host", NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    files_remove_tree(*state);
    g_free(*state);
    return 0;
}

static void put(const char *top, const char *name, int mode)
{
    g_autofree char *path = g_build_filename(top, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    assert_true(g_file_set_contents_full(path, "", 0, G_FILE_SET_CONTENTS_NONE, mode, NULL));
}

static char *problem(const char *top, char **remedy)
{
    g_autofree char *boot = g_build_filename(top, "boot", NULL);
    g_autofree char *modules = g_build_filename(top, "modules", NULL);
    g_autofree char *bin = g_strdup_printf("/nowhere:%s/bin", top);
    *remedy = NULL;
    return host_problem_in(boot, modules, bin, remedy);
}

static void assert_problem(const char *top, const char *says, const char *remedy_says)
{
    g_autofree char *remedy = NULL;
    g_autofree char *text = problem(top, &remedy);
    assert_non_null(text);
    assert_non_null(remedy);
    if (!strstr(text, says) || !strstr(remedy, remedy_says))
        fail_msg("'%s', '%s'", text, remedy);
}

static void causes_one_after_the_other(void **state)
{
    g_autofree char *remedy = NULL;
    assert_problem(*state, "supermin is not installed", "install the package supermin");
    put(*state, "bin/supermin", 0755);
    assert_problem(*state, "there is no kernel in", "linux-image-cloud-amd64");
    put(*state, "boot/vmlinuz-6.1.0-1-amd64", 0644);
    assert_problem(*state, "6.1.0-1-amd64 has no modules", "install a kernel package");
    put(*state, "modules/6.1.0-1-amd64/modules.dep", 0644);
    assert_null(problem(*state, &remedy));
    assert_null(remedy);
}

/* Ubuntu installs its kernels with mode 0600; root reads those, but not what a link does not lead
 * to, so the test means the same for everybody. */
static void unreadable_kernel(void **state)
{
    put(*state, "bin/supermin", 0755);
    put(*state, "boot/other", 0644);
    put(*state, "modules/6.8.0-1-generic/modules.dep", 0644);
    g_autofree char *kernel = g_build_filename(*state, "boot/vmlinuz-6.8.0-1-generic", NULL);
    assert_int_equal(symlink("nowhere", kernel), 0);
    assert_problem(*state, "is not readable by this user", "dpkg-statoverride");
}

static void version_is_a_version(void **state)
{
    (void)state;
    g_autofree char *version = guest_library_version();
    assert_true(g_regex_match_simple("^[0-9]+\\.[0-9]+\\.[0-9]+", version, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(causes_one_after_the_other, setup, teardown),
        cmocka_unit_test_setup_teardown(unreadable_kernel, setup, teardown),
        cmocka_unit_test(version_is_a_version)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
