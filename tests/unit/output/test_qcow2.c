/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "base/error.h"
#include "base/spawn.h"

#include <string.h>

static void write_and_read(const char *dir, enum output_compact compact, const char *clusters)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *content = NULL, *info = NULL, *data = NULL;
    g_autofree char *overlay = make_overlay(dir, &content);
    g_autofree char *out = in_folder(dir, "a,b -o.qcow2"), *back = in_folder(dir, "back");
    assert_true(write_format("qcow2", overlay, dir, "a,b -o", compact, NULL, &error));
    assert_no_error(error);
    const char *const ask[] = {"qemu-img", "info", "--output=json", out, NULL};
    assert_true(spawn_run(ask, NULL, &info, NULL));
    assert_non_null(strstr(info, "\"compression-type\": \"zstd\""));
    assert_non_null(strstr(info, clusters));
    assert_null(strstr(info, "backing"));
    qemu_img((const char *const[]){"qemu-img", "convert", "-O", "raw", out, back, NULL});
    gsize length = 0;
    assert_true(g_file_get_contents(back, &data, &length, NULL));
    assert_int_equal(length, SIZE);
    assert_memory_equal(data, content, SIZE);
}

static void writes_one_file_with_all(void **state)
{
    write_and_read(*state, OUTPUT_FAST, "\"cluster-size\": 65536");
}

static void writes_a_smaller_file(void **state)
{
    write_and_read(*state, OUTPUT_SMALL, "\"cluster-size\": 1048576");
}

static void compact_by_name(void **state)
{
    (void)state;
    enum output_compact compact = OUTPUT_SMALL;
    assert_true(output_compact_parse(NULL, &compact) && compact == OUTPUT_FAST);
    assert_true(output_compact_parse("small", &compact) && compact == OUTPUT_SMALL);
    assert_true(output_compact_parse("fast", &compact) && compact == OUTPUT_FAST);
    assert_false(output_compact_parse("tiny", &compact));
}

static void percent_is_told(void **state)
{
    g_autofree char *content = NULL;
    g_autofree char *overlay = make_overlay(*state, &content);
    g_autofree char *events = events_of_format("qcow2", overlay, *state);
    assert_non_null(strstr(events, "\"compress\""));
    assert_non_null(strstr(events, "\"check\""));
    assert_non_null(strstr(events, "100"));
}

static void failures(void **state)
{
    g_autofree char *content = NULL;
    g_autofree char *overlay = make_overlay(*state, &content);
    g_autofree char *absent = in_folder(*state, "absent"), *deep = in_folder(*state, "no/such/dir");
    g_autofree char *base = in_folder(*state, "base.qcow2");
    assert_refused("qcow2", absent, *state, INGOT_EXIT_OUTPUT, "cannot write");
    assert_refused("qcow2", overlay, deep, INGOT_EXIT_OUTPUT, "No such file");
    assert_true(g_file_set_contents(base, "no image", -1, NULL));
    assert_refused("qcow2", base, *state, INGOT_EXIT_OUTPUT, "not in qcow2 format");
    assert_refused("qcow2", overlay, *state, INGOT_EXIT_OUTPUT, "cannot write");
}

static void absent_program(void **state)
{
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autoptr(GError) error = NULL;
    g_autofree char *image = in_folder(*state, "image.qcow2");
    g_setenv("PATH", *state, TRUE);
    gboolean good = write_format("qcow2", image, *state, "out", OUTPUT_FAST, NULL, &error);
    g_setenv("PATH", path, TRUE);
    assert_false(good);
    assert_error_says(error, INGOT_EXIT_HOST, "cannot start qemu-img");
    assert_non_null(ingot_error_hint(error));
}

static void cancelled(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autofree char *content = NULL;
    g_autofree char *overlay = make_overlay(*state, &content);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const struct output_job job = {
        .image = overlay, .folder = *state, .name = "out", .cancel = cancel};
    g_cancellable_cancel(cancel);
    assert_false(output_format_find("qcow2")->write(&job, names, &error));
    assert_error_says(error, INGOT_EXIT_INTERRUPTED, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(writes_one_file_with_all),
                                       TEST(writes_a_smaller_file),
                                       cmocka_unit_test(compact_by_name),
                                       TEST(percent_is_told),
                                       TEST(failures),
                                       TEST(absent_program),
                                       TEST(cancelled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
