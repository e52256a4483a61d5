/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "output/output.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static int setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-publish", NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    files_remove_tree(*state);
    g_free(*state);
    return 0;
}

static void put(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void assert_file(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *found = files_read(path, 1u << 20, NULL, NULL);
    if (text) {
        assert_non_null(found);
        assert_string_equal(found, text);
    } else
        assert_null(found);
}

/* The sum of what a test leaves out is another one; what the file lacks is for output_publish to
 * say. */
static void add_file(GPtrArray *files, const char *name, const char *text)
{
    char hex[DIGEST_HEX_LEN + 1];
    output_file *file = g_new0(output_file, 1);
    digest_bytes(text ? text : "", text ? strlen(text) : 0, hex);
    *file = (output_file){g_strdup(name), 0, g_strdup(hex)};
    g_ptr_array_add(files, file);
}

static void free_file(gpointer file)
{
    output_file_free(file);
}

static gboolean publish(const char *out, const char *image, const char *manifest,
                        GCancellable *cancel, GError **error)
{
    g_autofree char *stage = output_stage(out, "a", NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(free_file);
    assert_non_null(stage);
    if (image)
        put(stage, "a.qcow2", image);
    if (manifest)
        put(stage, "a.json", manifest);
    add_file(files, "a.qcow2", image);
    add_file(files, "a.json", manifest);
    gboolean good = output_publish(stage, out, files, cancel, error);
    files_remove_tree(stage);
    return good;
}

static void assert_sums(const char *out, const char *image, const char *manifest)
{
    char a[DIGEST_HEX_LEN + 1], b[DIGEST_HEX_LEN + 1];
    digest_bytes(image, strlen(image), a);
    digest_bytes(manifest, strlen(manifest), b);
    g_autofree char *text = g_strdup_printf("%s  a.json\n%s  a.qcow2\n", b, a);
    assert_file(out, "SHA256SUMS", text);
}

static guint entries(const char *dir)
{
    g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
    guint n = 0;
    while (g_dir_read_name(d))
        n++;
    return n;
}

static void publishes_and_replaces(void **state)
{
    g_autoptr(GError) error = NULL;
    assert_true(publish(*state, "image 1", "manifest 1", NULL, &error));
    assert_no_error(error);
    assert_file(*state, "a.qcow2", "image 1");
    assert_file(*state, "a.json", "manifest 1");
    assert_sums(*state, "image 1", "manifest 1");
    assert_true(publish(*state, "image 2", "manifest 2", NULL, &error));
    assert_file(*state, "a.qcow2", "image 2");
    assert_sums(*state, "image 2", "manifest 2");
    assert_int_equal(entries(*state), 4); /* and .ingot.lock */
}

/* Each step fails once; what was there before is there again, with its sums. */
static void all_or_nothing(void **state)
{
    g_autoptr(GError) error = NULL;
    assert_true(publish(*state, "image 1", "manifest 1", NULL, NULL));
    assert_false(publish(*state, "image 2", NULL, NULL, &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "a.json");
    g_clear_error(&error);
    assert_false(publish(*state, NULL, "manifest 2", NULL, &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "a.qcow2");
    assert_file(*state, "a.qcow2", "image 1");
    assert_file(*state, "a.json", "manifest 1");
    assert_sums(*state, "image 1", "manifest 1");
}

static void manifest_that_cannot_be_replaced(void **state)
{
    g_autoptr(GError) error = NULL;
    assert_true(publish(*state, "image 1", "manifest 1", NULL, NULL));
    g_autofree char *json = g_build_filename(*state, "a.json", NULL);
    g_autofree char *inside = g_build_filename(json, "x", NULL);
    assert_int_equal(g_unlink(json), 0);
    assert_int_equal(g_mkdir_with_parents(inside, 0755), 0);
    assert_false(publish(*state, "image 2", "manifest 2", NULL, &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "a.json is in the way");
    assert_file(*state, "a.qcow2", "image 1");
    assert_true(g_file_test(inside, G_FILE_TEST_IS_DIR));
}

static void sums_that_cannot_be_written(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *sums = g_build_filename(*state, "SHA256SUMS", NULL);
    assert_int_equal(g_mkdir(sums, 0755), 0);
    assert_false(publish(*state, "image 1", "manifest 1", NULL, &error));
    assert_non_null(error);
    assert_file(*state, "a.qcow2", NULL);
    assert_file(*state, "a.json", NULL);
    put(*state, "a.qcow2", "image 0");
    put(*state, "a.json", "manifest 0");
    assert_false(publish(*state, "image 1", "manifest 1", NULL, NULL));
    assert_file(*state, "a.qcow2", "image 0");
    assert_file(*state, "a.json", "manifest 0");
}

static void cancelled_publishes_nothing(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_cancellable_cancel(cancel);
    assert_false(publish(*state, "image 1", "manifest 1", cancel, &error));
    assert_error_says(error, INGOT_EXIT_INTERRUPTED, "");
    assert_file(*state, "a.qcow2", NULL);
}

/* A template is as many files as its formats have written, and they move as one. */
static void any_number_of_files(void **state)
{
    static const char *const names[] = {"a.qcow2", "a.raw", "a.json", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(free_file);
    g_autofree char *stage = output_stage(*state, "a", NULL);
    g_autofree char *sums = g_build_filename(*state, "SHA256SUMS", NULL);
    for (const char *const *name = names; *name; name++) {
        put(stage, *name, *name);
        g_ptr_array_add(files, output_file_read(stage, *name, NULL, &error));
        assert_no_error(error);
    }
    assert_true(output_publish(stage, *state, files, NULL, &error));
    assert_no_error(error);
    for (const char *const *name = names; *name; name++)
        assert_file(*state, *name, *name);
    g_autofree char *text = files_read(sums, 1u << 20, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    assert_int_equal(g_strv_length(lines), G_N_ELEMENTS(names)); /* each, and the end */
    const char *const check[] = {"sha256sum", "-c", "--quiet", "--strict", "SHA256SUMS", NULL};
    const struct spawn_options there = {.directory = *state};
    if (!spawn_run(check, &there, NULL, &error))
        fail_msg("%s", error->message);
    files_remove_tree(stage);
}

/* One that cannot be replaced, in the middle of the list, keeps all others back. */
static void one_of_many_fails(void **state)
{
    static const char *const names[] = {"a.qcow2", "a.raw", "a.json", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(free_file);
    g_autofree char *stage = output_stage(*state, "a", NULL);
    g_autofree char *way = g_build_filename(*state, "a.raw", NULL);
    put(*state, "a.qcow2", "earlier");
    assert_int_equal(g_mkdir(way, 0755), 0);
    for (const char *const *name = names; *name; name++) {
        put(stage, *name, *name);
        add_file(files, *name, *name);
    }
    assert_false(output_publish(stage, *state, files, NULL, &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "a.raw is in the way");
    assert_file(*state, "a.qcow2", "earlier");
    assert_file(*state, "a.json", NULL);
    assert_file(*state, "SHA256SUMS", NULL);
    files_remove_tree(stage);
}

/* A link in the staging directory would publish what it leads to. */
static void links_are_not_published(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(free_file);
    g_autofree char *stage = output_stage(*state, "a", NULL);
    g_autofree char *image = g_build_filename(stage, "a.qcow2", NULL);
    put(stage, "a.json", "manifest");
    assert_int_equal(symlink("a.json", image), 0);
    add_file(files, "a.qcow2", "manifest");
    assert_false(output_publish(stage, *state, files, NULL, &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "cannot open");
    g_clear_error(&error);
    add_file(files, "../a.json", "manifest");
    g_ptr_array_remove_index(files, 0);
    assert_false(output_publish(stage, *state, files, NULL, &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "is not a valid file name for a template");
}

static gpointer publish_one(gpointer data)
{
    char **pair = data; /* the folder, the name */
    g_autofree char *stage = output_stage(pair[0], pair[1], NULL);
    g_autofree char *image = g_strconcat(pair[1], ".qcow2", NULL);
    g_autofree char *manifest = g_strconcat(pair[1], ".json", NULL);
    g_autofree char *image_path = g_build_filename(stage, image, NULL);
    g_autofree char *manifest_path = g_build_filename(stage, manifest, NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(free_file);
    add_file(files, image, pair[1]);
    add_file(files, manifest, "{}");
    gboolean good = g_file_set_contents(image_path, pair[1], -1, NULL) &&
                    g_file_set_contents(manifest_path, "{}", -1, NULL) &&
                    output_publish(stage, pair[0], files, NULL, NULL);
    files_remove_tree(stage);
    return GINT_TO_POINTER(good);
}

static void many_at_once_lose_no_sum(void **state)
{
    GThread *threads[8];
    char names[8][2] = {0};
    char *pairs[8][2];
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++) {
        names[i][0] = (char)('a' + i);
        pairs[i][0] = *state;
        pairs[i][1] = names[i];
        threads[i] = g_thread_new("publish", publish_one, pairs[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        assert_true(GPOINTER_TO_INT(g_thread_join(threads[i])));
    g_autofree char *path = g_build_filename(*state, "SHA256SUMS", NULL);
    g_autofree char *text = files_read(path, 1u << 20, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    assert_int_equal(g_strv_length(lines), 2 * G_N_ELEMENTS(threads) + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(publishes_and_replaces),
                                       TEST(all_or_nothing),
                                       TEST(manifest_that_cannot_be_replaced),
                                       TEST(sums_that_cannot_be_written),
                                       TEST(cancelled_publishes_nothing),
                                       TEST(any_number_of_files),
                                       TEST(one_of_many_fails),
                                       TEST(links_are_not_published),
                                       TEST(many_at_once_lose_no_sum)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
