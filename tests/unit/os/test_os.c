/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "os/os.h"

#include <string.h>

static void find(void **state)
{
    (void)state;
    const os_installer *di = os_installer_find("debian-installer");
    assert_non_null(di);
    assert_string_equal(di->name, "debian-installer");
    assert_null(os_installer_find("debian_installer"));
    assert_null(os_installer_find(""));
    assert_string_equal(os_installer_for_family("debian")->name, "bootstrap");
    assert_null(os_installer_for_family("plan9"));
}

static void assert_patterns(const os_installer *i, const struct os_failure *list)
{
    for (; list->pattern; list++) {
        g_autoptr(GError) error = NULL;
        gboolean references = FALSE;
        g_autoptr(GRegex) regex = g_regex_new(list->pattern, 0, 0, &error);
        if (!regex)
            fail_msg("%s: '%s': %s", i->name, list->pattern, error->message);
        assert_true(g_regex_check_replacement(list->cause, &references, NULL));
        for (int n = g_regex_get_capture_count(regex) + 1; n < 10; n++) {
            g_autofree char *reference = g_strdup_printf("\\%d", n);
            assert_null(strstr(list->cause, reference));
        }
    }
}

static void assert_phases(const os_installer *i)
{
    guint final = 0;
    for (const struct os_phase *p = i->phases; p->pattern; p++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GRegex) regex = g_regex_new(p->pattern, 0, 0, &error);
        if (!regex)
            fail_msg("%s: '%s': %s", i->name, p->pattern, error->message);
        assert_true(*p->phase);
        final += p->final;
    }
    assert_int_equal(final, 1);
}

/* A medium of its own, or packages for at least one pair of what it says that it can do. */
static void assert_source(const os_installer *i)
{
    guint pairs = 0;
    if (!i->packages) {
        assert_true(i->package && i->kernel_glob && i->initrd_glob && i->keyring);
        return;
    }
    for (const char *const *f = i->families; *f; f++)
        for (const char *const *a = i->arches; *a; a++) {
            const struct os_packages *row = i->packages(*f, *a);
            if (!row)
                continue;
            pairs++;
            assert_true(row->keyring && row->components && row->kernel && row->loader &&
                        row->loader_target && row->plain && row->wanted && row->excluded);
            assert_true(row->env_kernel && row->env_shell && row->env_modules);
            assert_string_equal(i->kernel_package(*f, *a), row->kernel);
        }
    assert_true(pairs > 0);
    assert_null(i->packages("plan9", "x86_64"));
}

/* No record leaves out what the plan and the wait stand on. */
static void complete(void **state)
{
    (void)state;
    guint count = 0;
    for (const os_installer *const *p = os_installers(); *p; p++, count++) {
        const os_installer *i = *p;
        assert_ptr_equal(os_installer_find(i->name), i);
        assert_true(i->heading && i->families[0] && i->arches[0] && i->filesystems[0]);
        assert_source(i);
        assert_true(i->kernel_package && i->base_packages[0] && i->answer && i->command_line);
        assert_true(i->memory >= 256u << 20);
        assert_phases(i);
        assert_patterns(i, i->failures);
        assert_patterns(i, i->console);
    }
    assert_true(count > 0);
}

static void free_file(void **state)
{
    (void)state;
    struct os_file *file = g_new0(struct os_file, 1);
    file->path = g_strdup("preseed.cfg");
    file->data = g_bytes_new("x", 1);
    os_file_free(file);
    os_file_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find),
        cmocka_unit_test(complete),
        cmocka_unit_test(free_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
