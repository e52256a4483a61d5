/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "output/output.h"
#include "output/qemu_img.h"

#include <string.h>

static void formats(void **state)
{
    (void)state;
    assert_ptr_equal(output_format_find("qcow2"), output_formats()[0]);
    assert_null(output_format_find("QCOW2"));
    assert_null(output_format_find(""));
    for (const output_format *const *f = output_formats(); *f; f++) {
        assert_non_null((*f)->heading);
        assert_non_null((*f)->write);
        assert_string_not_equal((*f)->extension, "json");
    }
}

static void describes(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    char hex[DIGEST_HEX_LEN + 1];
    g_autofree char *dir = files_temp_dir(g_get_tmp_dir(), "ingot-output", NULL);
    g_autofree char *path = g_build_filename(dir, "a.qcow2", NULL);
    const char *const argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", path, "5G", NULL};
    assert_true(spawn_run(argv, NULL, NULL, NULL));
    guint64 size = 0;
    assert_true(digest_file(path, hex, &size, NULL, NULL));
    json_t *o = output_describe(path, "qcow2", NULL, &error);
    assert_no_error(error);
    assert_string_equal(json_string_value(json_object_get(o, "file")), "a.qcow2");
    assert_string_equal(json_string_value(json_object_get(o, "format")), "qcow2");
    assert_string_equal(json_string_value(json_object_get(o, "sha256")), hex);
    assert_int_equal(json_integer_value(json_object_get(o, "size")), size);
    assert_true(json_integer_value(json_object_get(o, "virtual_size")) == 5ll << 30);
    json_decref(o);
    assert_null(output_describe(dir, "qcow2", NULL, &error));
    assert_non_null(error);
    files_remove_tree(dir);
}

/* The same failure is the host's when the disk is full, and the output's otherwise. */
static void causes(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    GError *cause = NULL;
    ingot_set_error(&cause, INGOT_EXIT_HOST, NULL, "qemu-img: No space left on device");
    assert_false(qemu_img_fail(cause, "/out/a.qcow2", &error));
    assert_error_says(error, INGOT_EXIT_HOST, "no room left in /out");
    g_clear_error(&error);
    cause = NULL;
    ingot_set_error(&cause, INGOT_EXIT_HOST, NULL, "qemu-img ended with status 1");
    assert_false(qemu_img_fail(cause, "/out/a.qcow2", &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "cannot write /out/a.qcow2: qemu-img ended");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(formats), cmocka_unit_test(describes),
                                       cmocka_unit_test(causes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
