/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../folder.h"

#include "base/error.h"
#include "install/install.h"
#include "stages/kept.h"

#include <string.h>

static int setup(void **state)
{
    (void)state;
    return folder_make("ingot-kept");
}

static kept *hold(const char *key)
{
    g_autoptr(GError) error = NULL;
    kept *k = kept_hold(folder, "base", key, NULL, &error);
    assert_no_error(error);
    return k;
}

/* Writes its text as the disk; user NULL: writes half of it and fails. */
static gboolean make(const char *disk, GPtrArray *phases, gpointer user, GError **error)
{
    assert_true(g_file_set_contents(disk, user ? user : "half", -1, NULL));
    if (!user)
        return ingot_set_error(error, INGOT_EXIT_INSTALL, NULL, "the guest is gone"), FALSE;
    struct install_phase *phase = g_new0(struct install_phase, 1);
    phase->name = g_strdup("configure");
    phase->seconds = 12.5;
    g_ptr_array_add(phases, phase);
    return TRUE;
}

static void assert_disk(const kept *k, const char *text)
{
    g_autofree char *have = NULL;
    assert_true(g_file_get_contents(kept_disk(k), &have, NULL, NULL));
    assert_string_equal(have, text);
}

static void kept_and_taken(void **state)
{
    (void)state;
    gint64 age = -1;
    g_autoptr(GError) error = NULL;
    kept *k = hold("a");
    assert_null(kept_load(k, 1000, &age));
    GPtrArray *made = kept_make(k, make, (gpointer) "one", &error);
    assert_no_error(error);
    assert_int_equal(made->len, 1);
    g_ptr_array_unref(made);
    kept_free(k);

    k = hold("a");
    GPtrArray *phases = kept_load(k, 1000, &age);
    assert_non_null(phases);
    assert_true(age >= 0 && age < 100);
    const struct install_phase *phase = g_ptr_array_index(phases, 0);
    assert_string_equal(phase->name, "configure");
    assert_true(phase->seconds == 12.5);
    assert_disk(k, "one");
    g_ptr_array_unref(phases);
    kept_free(k);
}

/* A failure leaves the old disk, and nothing of the new one. */
static void failure(void **state)
{
    (void)state;
    gint64 age;
    g_autoptr(GError) error = NULL;
    g_autofree char *making = g_build_filename(folder, "stages", "base", "f.making", NULL);
    g_autoptr(kept) k = hold("f");
    assert_null(kept_make(k, make, NULL, &error));
    assert_error_says(error, INGOT_EXIT_INSTALL, "the guest is gone");
    assert_null(kept_load(k, 1000, &age));
    assert_false(g_file_test(making, G_FILE_TEST_EXISTS));
    g_clear_error(&error);
    g_ptr_array_unref(kept_make(k, make, (gpointer) "good", &error));
    assert_null(kept_make(k, make, NULL, &error));
    assert_disk(k, "good");
}

/* A disk without its whole result.json, or with one from the future, is none. */
static void damaged(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "{\"made\": 1",
                                        "[]",
                                        "{\"made\": \"yesterday\"}",
                                        "{\"made\": 99999999999, \"phases\": []}",
                                        "{\"made\": 5, \"phases\": []}"};
    gint64 age;
    g_autoptr(kept) k = hold("d");
    g_ptr_array_unref(kept_make(k, make, (gpointer) "x", NULL));
    g_autofree char *result = g_build_filename(folder, "stages", "base", "d", "result.json", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_true(g_file_set_contents(result, texts[i], -1, NULL));
        assert_null(kept_load(k, 1000, &age));
    }
}

/* Who asks for a disk that another build makes waits for it, or for the cancel. */
static void waits(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(kept) k = hold("w");
    g_cancellable_cancel(cancel);
    assert_null(kept_hold(folder, "base", "w", cancel, &error));
    assert_non_null(error);
    g_autoptr(kept) other = hold("other");
    assert_non_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kept_and_taken), cmocka_unit_test(failure),
                                       cmocka_unit_test(damaged), cmocka_unit_test(waits)};
    return cmocka_run_group_tests(tests, setup, folder_remove);
}
