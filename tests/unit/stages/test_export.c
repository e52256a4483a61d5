/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include "base/error.h"
#include "base/spawn.h"

#include <glib/gstdio.h>
#include <jansson.h>

/* From the sealed disk to the output directory, without a guest. */

static GPtrArray *no_files;

static int setup(void **state)
{
    (void)state;
    no_files = g_ptr_array_new();
    return folder_make("ingot-export");
}

static int teardown(void **state)
{
    g_ptr_array_unref(no_files);
    return folder_remove(state);
}

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void spawn_good(const char *const argv[])
{
    g_autoptr(GError) error = NULL;
    const struct spawn_options there = {.directory = folder};
    if (!spawn_run(argv, &there, NULL, &error))
        fail_msg("%s", error->message);
}

static const output_format *chosen[3];

/* With the named formats; second NULL: one only. */
static plan export_plan(const char *first, const char *second)
{
    plan p = sample_plan();
    chosen[0] = output_format_find(first);
    chosen[1] = second ? output_format_find(second) : NULL;
    p.outputs = chosen;
    p.installer = os_installers()[0];
    p.files = no_files;
    return p;
}

static build *sealed_build(const plan *p)
{
    build *b = sample_build(p, NULL);
    b->sealed = g_build_filename(b->work_dir, "sealed.qcow2", NULL);
    spawn_good(
        (const char *const[]){"qemu-img", "create", "-q", "-f", "qcow2", b->sealed, "4M", NULL});
    spawn_good((const char *const[]){"qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 64k", b->sealed,
                                     NULL});
    return b;
}

static json_t *read_manifest(void)
{
    g_autofree char *path = in_folder("web.json");
    json_t *manifest = json_load_file(path, 0, NULL);
    assert_non_null(manifest);
    return manifest;
}

static void export_and_publish(build *b)
{
    g_autoptr(GError) error = NULL;
    if (!sample_stage("export")->run(b, NULL, &error) ||
        !sample_stage("publish")->run(b, NULL, &error))
        fail_msg("%s", error->message);
}

/* Both are disks with the same content, the sums are right, and the manifest has both; its image
 * is the first one's. */
static void several_formats(void **state)
{
    (void)state;
    plan p = export_plan("qcow2", "raw");
    g_autoptr(build) b = sealed_build(&p);
    export_and_publish(b);
    spawn_good((const char *const[]){"sha256sum", "-c", "--quiet", "--strict", "SHA256SUMS", NULL});
    spawn_good((const char *const[]){"grep", "-qx", "[0-9a-f]*  web.json", "SHA256SUMS", NULL});
    spawn_good((const char *const[]){"qemu-img", "compare", "-f", "qcow2", "-F", "raw", "web.qcow2",
                                     "web.raw", NULL});
    json_t *manifest = read_manifest(), *outputs = json_object_get(manifest, "outputs");
    json_t *image = json_object_get(manifest, "image");
    assert_string_equal(json_string_value(json_object_get(image, "file")), "web.qcow2");
    assert_int_equal(json_array_size(outputs), 2);
    json_t *raw = json_array_get(outputs, 1);
    assert_string_equal(json_string_value(json_object_get(raw, "format")), "raw");
    json_t *file = json_array_get(json_object_get(raw, "files"), 0);
    g_autofree char *line =
        g_strdup_printf("%s  web.raw", json_string_value(json_object_get(file, "sha256")));
    spawn_good((const char *const[]){"grep", "-qxF", line, "SHA256SUMS", NULL});
    json_decref(manifest);
}

/* What an existing reader finds: "image" as it was. */
static void one_format(void **state)
{
    (void)state;
    plan p = export_plan("qcow2", NULL);
    g_autoptr(build) b = sealed_build(&p);
    export_and_publish(b);
    json_t *manifest = read_manifest(), *image = json_object_get(manifest, "image");
    assert_int_equal(json_object_size(image), 5);
    assert_string_equal(json_string_value(json_object_get(image, "file")), "web.qcow2");
    assert_string_equal(json_string_value(json_object_get(image, "format")), "qcow2");
    assert_int_equal(json_integer_value(json_object_get(image, "virtual_size")), 4 << 20);
    assert_int_equal(json_array_size(json_object_get(manifest, "outputs")), 1);
    json_decref(manifest);
}

/* A format fails: nothing is published, and undo leaves nothing in the output directory. */
static void all_or_none(void **state)
{
    (void)state;
    plan p = export_plan("raw", "qcow2");
    p.name = (char *)"other";
    g_autoptr(GError) error = NULL;
    g_autoptr(build) b = sealed_build(&p);
    g_autofree char *raw = in_folder("other.raw");
    assert_int_equal(g_unlink(b->sealed), 0);
    assert_false(sample_stage("export")->run(b, NULL, &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "cannot write");
    assert_false(g_file_test(raw, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(b->staging, G_FILE_TEST_IS_DIR));
    sample_stage("export")->undo(b);
    assert_false(g_file_test(b->staging, G_FILE_TEST_EXISTS));
}

/* Formats that are no disks have nothing to boot, and it says so. */
static void nothing_to_boot(void **state)
{
    (void)state;
    static const output_format archive = {.name = "archive", .share = 1};
    plan p = export_plan("qcow2", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(build) b = sealed_build(&p);
    output_result *result = g_new0(output_result, 1);
    result->format = &archive;
    result->files = g_ptr_array_new();
    g_ptr_array_add(b->outputs, result);
    assert_false(sample_stage("verify")->run(b, NULL, &error));
    assert_error_says(error, INGOT_EXIT_VERIFY, "no output of web can be booted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(several_formats),
                                       cmocka_unit_test(one_format), cmocka_unit_test(all_or_none),
                                       cmocka_unit_test(nothing_to_boot)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
