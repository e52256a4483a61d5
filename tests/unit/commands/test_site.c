/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "commands/site.h"

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-site");
}

static gboolean site_of(const char *text, struct site *site, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "site.conf", NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return site_read(path, site, error);
}

static void understood(void **state)
{
    (void)state;
    static const struct {
        const char *text, *isolation;
    } all[] = {{"", NULL},
               {"# nothing yet\n[ingot]\n", NULL},
               {"[ingot]\nisolation=auto\n", NULL},
               {"[ingot]\nisolation = machine\n", "machine"}};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        struct site site;
        g_autoptr(GError) error = NULL;
        assert_true(site_of(all[i].text, &site, &error));
        if (all[i].isolation)
            assert_string_equal(site.isolation, all[i].isolation);
        else
            assert_null(site.isolation);
        site_clear(&site);
    }
}

static void absent(void **state)
{
    (void)state;
    struct site site;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(folder, "none.conf", NULL);
    assert_true(site_read(path, &site, &error));
    assert_null(site.isolation);
}

/* It was meant to forbid something: nothing of it is ignored. */
static void refused(void **state)
{
    (void)state;
    static const char *const all[] = {"isolation=machine\n",
                                      "[ingot]\nisolation=machines\n",
                                      "[ingot]\nisolation=namespace\n",
                                      "[ingot]\nisolaton=machine\n",
                                      "[Ingot]\nisolation=machine\n",
                                      "[ingot]\nisolation=machine\n[more]\n",
                                      "[ingot\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        struct site site;
        g_autoptr(GError) error = NULL;
        assert_false(site_of(all[i], &site, &error));
        assert_int_equal(ingot_error_exit(error, 0), INGOT_EXIT_HOST);
        assert_non_null(ingot_error_hint(error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(understood), cmocka_unit_test(absent),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
