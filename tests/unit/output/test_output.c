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
        assert_true((*f)->share > 0);
    }
}

static char *make_image(const char *dir, const char *size)
{
    char *path = g_build_filename(dir, "disk", NULL);
    const char *const argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL};
    assert_true(spawn_run(argv, NULL, NULL, NULL));
    return path;
}

static void describes(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    char hex[DIGEST_HEX_LEN + 1];
    g_autofree char *dir = files_temp_dir(g_get_tmp_dir(), "ingot-output", NULL);
    g_autofree char *path = g_build_filename(dir, "a.qcow2", NULL);
    g_autofree char *image = make_image(dir, "5G");
    const struct output_job job = {.image = image, .folder = dir, .name = "a"};
    g_autoptr(output_result) result = output_write(output_format_find("qcow2"), &job, &error);
    assert_no_error(error);
    guint64 size = 0;
    assert_true(digest_file(path, hex, &size, NULL, NULL));
    json_t *o = output_image_json(result);
    assert_string_equal(json_string_value(json_object_get(o, "file")), "a.qcow2");
    assert_string_equal(json_string_value(json_object_get(o, "format")), "qcow2");
    assert_string_equal(json_string_value(json_object_get(o, "sha256")), hex);
    assert_int_equal(json_integer_value(json_object_get(o, "size")), size);
    assert_true(json_integer_value(json_object_get(o, "virtual_size")) == 5ll << 30);
    assert_int_equal(json_object_size(o), 5);
    json_decref(o);
    assert_null(output_file_read(dir, "", NULL, &error));
    assert_non_null(error);
    files_remove_tree(dir);
}

/* Every format into one folder: no two files have one name, none is the manifest's, and the list
 * names them all with their sums. */
static void all_formats_together(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = files_temp_dir(g_get_tmp_dir(), "ingot-output", NULL);
    g_autofree char *image = make_image(dir, "1M");
    g_autoptr(GPtrArray) results =
        g_ptr_array_new_with_free_func((GDestroyNotify)output_result_free);
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    const struct output_job job = {.image = image, .folder = dir, .name = "a"};
    for (const output_format *const *f = output_formats(); *f; f++) {
        output_result *result = output_write(*f, &job, &error);
        assert_no_error(error);
        g_ptr_array_add(results, result);
        for (guint i = 0; i < result->files->len; i++) {
            const output_file *file = g_ptr_array_index(result->files, i);
            assert_true(g_hash_table_add(names, file->name));
            assert_string_not_equal(file->name, "a.json");
            assert_true(g_str_has_prefix(file->name, "a."));
        }
    }
    json_t *list = output_results_json(results), *second = json_array_get(list, 1);
    assert_int_equal(json_array_size(list), results->len);
    assert_string_equal(json_string_value(json_object_get(second, "format")), "raw");
    json_t *file = json_array_get(json_object_get(second, "files"), 0);
    assert_string_equal(json_string_value(json_object_get(file, "file")), "a.raw");
    assert_int_equal(json_integer_value(json_object_get(file, "size")), 1 << 20);
    assert_true(digest_is_hex(json_string_value(json_object_get(file, "sha256"))));
    json_decref(list);
    files_remove_tree(dir);
}

/* What can be booted is what is a disk, wherever in the list. */
static void the_disks_among_them(void **state)
{
    (void)state;
    static const output_format other = {.name = "archive"}, disk = {.name = "d", .driver = "raw"};
    output_result no = {.format = &other}, yes = {.format = &disk}, second = {.format = &disk};
    g_autoptr(GPtrArray) results = g_ptr_array_new();
    g_autoptr(GPtrArray) none = output_disks(results);
    g_ptr_array_add(results, &no);
    g_autoptr(GPtrArray) still_none = output_disks(results);
    g_ptr_array_add(results, &yes);
    g_ptr_array_add(results, &second);
    g_autoptr(GPtrArray) disks = output_disks(results);
    assert_int_equal(none->len + still_none->len, 0);
    assert_int_equal(disks->len, 2);
    assert_ptr_equal(disks->pdata[0], &yes);
    assert_ptr_equal(disks->pdata[1], &second);
}

/* The same failure is the host's when the disk is full, and the output's otherwise. */
static void causes(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    GError *cause = NULL;
    ingot_set_error(&cause, INGOT_EXIT_HOST, NULL, "qemu-img: No space left on device");
    assert_false(qemu_img_fail(cause, "/out/a.qcow2", &error));
    assert_error_says(error, INGOT_EXIT_HOST, "no space left in /out");
    g_clear_error(&error);
    cause = NULL;
    ingot_set_error(&cause, INGOT_EXIT_HOST, NULL, "qemu-img exited with status 1");
    assert_false(qemu_img_fail(cause, "/out/a.qcow2", &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "cannot write /out/a.qcow2: qemu-img ended");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(formats), cmocka_unit_test(describes),
                                       cmocka_unit_test(all_formats_together),
                                       cmocka_unit_test(the_disks_among_them),
                                       cmocka_unit_test(causes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
