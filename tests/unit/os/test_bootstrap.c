/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answers.h"

#include "base/error.h"
#include "base/spawn.h"

static const os_installer *installer(void)
{
    return os_installer_find("bootstrap");
}

/* The answers of a plan for that architecture; files owned by the caller. */
static GPtrArray *answer(const struct os_answers *from, const char *arch)
{
    g_autoptr(GError) error = NULL;
    struct os_answers a = *from;
    a.sources = installer()->packages("debian", arch);
    GPtrArray *files = installer()->answer(&a, g_getenv("INGOT_TEST_SOURCE"), &error);
    assert_no_error(error);
    return files;
}

static void golden(void **state)
{
    (void)state;
    static const struct {
        const struct os_answers *answers;
        const char *arch, *golden;
    } cases[] = {
        {&full, "x86_64", "bootstrap-full.values"},
        {&least, "x86_64", "bootstrap-least.values"},
        {&least, "aarch64", "bootstrap-efi.values"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) files = answer(cases[i].answers, cases[i].arch);
        g_autofree char *values = text_of(files, "ingot/values.sh");
        g_autofree char *base = text_of(files, "ingot/base.sh");
        g_autofree char *text = g_strconcat(base, "\n", values, NULL);
        assert_golden(cases[i].golden, text);
    }
}

/* What the machine runs is in its initrd, and a shell can read it. */
static void scripts_parse(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) files = answer(&full, "x86_64");
    gboolean init = FALSE;
    for (guint i = 0; i < files->len; i++) {
        const struct os_file *f = g_ptr_array_index(files, i);
        const char *argv[] = {"sh", "-n", NULL};
        const struct spawn_options options = {.input = f->data};
        g_autoptr(GError) error = NULL;
        gboolean good = spawn_run(argv, &options, NULL, &error);
        assert_no_error(error);
        assert_true(good);
        init |= strcmp(f->path, "init") == 0 && f->mode == 0755;
    }
    assert_true(init);
}

static GBytes *base_of(const struct os_answers *a, const char *arch)
{
    g_autoptr(GPtrArray) files = answer(a, arch);
    GByteArray *all = g_byte_array_new();
    for (guint i = 0; i < files->len; i++) {
        const struct os_file *f = g_ptr_array_index(files, i);
        gsize size;
        const void *data = g_bytes_get_data(f->data, &size);
        if (f->base_system)
            g_byte_array_append(all, data, (guint)size);
    }
    return g_byte_array_free_to_bytes(all);
}

/* Recipes that differ in what settings.sh does share their base system; and no secret is in it. */
static void base_is_shared(void **state)
{
    (void)state;
    struct os_answers other = least;
    other.timezone = full.timezone;
    other.keyboard = full.keyboard;
    g_autoptr(GBytes) one = base_of(&full, "x86_64");
    g_autoptr(GBytes) two = base_of(&other, "x86_64");
    g_autoptr(GBytes) efi = base_of(&other, "aarch64");
    assert_true(g_bytes_get_size(one) > 1000);
    assert_true(g_bytes_equal(one, two));
    assert_false(g_bytes_equal(one, efi));
}

static void command_line(void **state)
{
    (void)state;
    struct os_answers a = least;
    g_autofree char *x86 = installer()->command_line(&a);
    assert_non_null(strstr(x86, "console=ttyS0,"));
    assert_non_null(strstr(x86, "ingot.log=ttyS1"));
    a.serial_name = "ttyAMA0";
    g_autofree char *arm = installer()->command_line(&a);
    assert_non_null(strstr(arm, "console=ttyAMA0,"));
    assert_non_null(strstr(arm, "ingot.log=ttyS0"));
}

static void rows(void **state)
{
    (void)state;
    assert_string_equal(installer()->packages("debian", "x86_64")->loader, "grub-pc");
    assert_string_equal(installer()->packages("debian", "aarch64")->loader, "grub-efi-arm64");
    assert_true(installer()->packages("debian", "aarch64")->efi);
    assert_non_null(strstr(installer()->packages("ubuntu", "x86_64")->components, "universe"));
    assert_null(installer()->packages("ubuntu", "aarch64"));
    assert_null(installer()->kernel_package("ubuntu", "aarch64"));
}

static void hostile(void **state)
{
    (void)state;
    struct os_answers a = full;
    static const char *const arguments[] = {"a$(b)", NULL};
    a.kernel_args = arguments;
    a.sources = installer()->packages("debian", "x86_64");
    g_autoptr(GError) error = NULL;
    assert_null(installer()->answer(&a, g_getenv("INGOT_TEST_SOURCE"), &error));
    assert_error_says(error, INGOT_EXIT_RECIPE, "kernel argument");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),        cmocka_unit_test(base_is_shared),
        cmocka_unit_test(scripts_parse), cmocka_unit_test(command_line),
        cmocka_unit_test(rows),          cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
