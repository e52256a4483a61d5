/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "output/output.h"

#include <string.h>

#define SIZE (4u << 20)

static int setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-qcow2", NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    files_remove_tree(*state);
    g_free(*state);
    return 0;
}

static char *in(const char *dir, const char *name)
{
    return g_build_filename(dir, name, NULL);
}

static void qemu_img(const char *const argv[])
{
    g_autoptr(GError) error = NULL;
    if (!spawn_run(argv, NULL, NULL, &error))
        fail_msg("%s", error->message);
}

/* A qcow2 image with a pattern in it, and an overlay of it: what a sealed disk is. */
static char *make_overlay(const char *dir, char **content)
{
    g_autofree char *raw = in(dir, "raw"), *base = in(dir, "base.qcow2");
    char *overlay = in(dir, "overlay.qcow2");
    *content = g_malloc0(SIZE);
    for (gsize i = 0; i < SIZE / 2; i++)
        (*content)[i] = (char)((i >> 8) * 31 + i);
    assert_true(g_file_set_contents(raw, *content, SIZE, NULL));
    qemu_img(
        (const char *const[]){"qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, base, NULL});
    qemu_img((const char *const[]){"qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                                   base, overlay, NULL});
    return overlay;
}

static void write_and_read(const char *dir, enum output_compact compact, const char *clusters)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *content = NULL, *info = NULL, *data = NULL;
    g_autofree char *overlay = make_overlay(dir, &content);
    g_autofree char *out = in(dir, "a,b -o.qcow2"), *back = in(dir, "back");
    assert_true(output_format_find("qcow2")->write(overlay, out, compact, NULL, NULL, &error));
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
    g_autofree char *content = NULL, *events = NULL;
    g_autofree char *overlay = make_overlay(*state, &content);
    g_autofree char *out = in(*state, "out.qcow2"), *log = in(*state, "log");
    FILE *stream = fopen(log, "w");
    assert_non_null(stream);
    progress *p = progress_new(PROGRESS_JSON, PROGRESS_NORMAL, stream, NULL);
    progress_stage(p, "export");
    assert_true(output_format_find("qcow2")->write(overlay, out, OUTPUT_FAST, p, NULL, NULL));
    progress_stage_end(p, TRUE, FALSE);
    progress_free(p);
    fclose(stream);
    assert_true(g_file_get_contents(log, &events, NULL, NULL));
    assert_non_null(strstr(events, "\"compress\""));
    assert_non_null(strstr(events, "\"check\""));
    assert_non_null(strstr(events, "100"));
}

static void assert_refused(const char *image, const char *out, int code, const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_false(output_format_find("qcow2")->write(image, out, OUTPUT_FAST, NULL, NULL, &error));
    assert_error_says(error, (enum ingot_exit)code, says);
}

static void failures(void **state)
{
    g_autofree char *content = NULL;
    g_autofree char *overlay = make_overlay(*state, &content);
    g_autofree char *out = in(*state, "out.qcow2"), *absent = in(*state, "absent");
    g_autofree char *base = in(*state, "base.qcow2"), *deep = in(*state, "no/such/dir");
    assert_refused(absent, out, INGOT_EXIT_OUTPUT, "cannot write");
    assert_refused(overlay, deep, INGOT_EXIT_OUTPUT, "No such file");
    assert_true(g_file_set_contents(base, "no image", -1, NULL));
    assert_refused(base, out, INGOT_EXIT_OUTPUT, "not in qcow2 format");
    assert_refused(overlay, out, INGOT_EXIT_OUTPUT, "cannot write");
}

static void absent_program(void **state)
{
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autoptr(GError) error = NULL;
    g_autofree char *out = in(*state, "out.qcow2");
    g_setenv("PATH", *state, TRUE);
    gboolean good = output_format_find("qcow2")->write(out, out, OUTPUT_FAST, NULL, NULL, &error);
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
    g_autofree char *out = in(*state, "out.qcow2");
    g_cancellable_cancel(cancel);
    assert_false(
        output_format_find("qcow2")->write(overlay, out, OUTPUT_FAST, NULL, cancel, &error));
    assert_error_says(error, INGOT_EXIT_INTERRUPTED, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
