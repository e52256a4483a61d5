/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "base/error.h"
#include "base/spawn.h"
#include "output/qemu_img.h"

#include <string.h>
#include <sys/stat.h>

static void compare(const char *image, const char *raw)
{
    qemu_img(
        (const char *const[]){"qemu-img", "compare", "-f", "qcow2", "-F", "raw", image, raw, NULL});
}

/* Its bytes are the disk's, and what the disk does not hold takes no room. */
static void writes_the_bytes_with_holes(void **state)
{
    struct stat info;
    gsize length = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *content = NULL, *data = NULL;
    g_autofree char *overlay = make_overlay(*state, &content);
    g_autofree char *out = in_folder(*state, "a,b -o.raw");
    if (!write_format("raw", overlay, *state, "a,b -o", OUTPUT_FAST, NULL, &error))
        fail_msg("%s", error->message);
    assert_true(g_file_get_contents(out, &data, &length, NULL));
    assert_int_equal(length, SIZE);
    assert_memory_equal(data, content, SIZE);
    assert_int_equal(stat(out, &info), 0);
    assert_in_range((guint64)info.st_blocks * 512, 1, SIZE / 2 + (64u << 10));
    compare(overlay, out);
}

static void all_of_it_is_told(void **state)
{
    g_autofree char *content = NULL;
    g_autofree char *overlay = make_overlay(*state, &content);
    g_autofree char *events = events_of_format("raw", overlay, *state);
    assert_non_null(strstr(events, "\"write\""));
    assert_non_null(strstr(events, "\"check\""));
}

/* One byte that is another one is found; one file that is no disk is another error. */
static void what_differs_is_found(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *content = NULL;
    g_autofree char *overlay = make_overlay(*state, &content);
    g_autofree char *out = in_folder(*state, "out.raw");
    const struct output_job job = {.image = overlay, .folder = *state, .name = "out"};
    assert_true(g_file_set_contents(out, content, SIZE, NULL));
    assert_true(qemu_img_compare(&job, "raw", out, &error));
    assert_no_error(error);
    content[SIZE - 7] = 'x';
    assert_true(g_file_set_contents(out, content, SIZE, NULL));
    assert_false(qemu_img_compare(&job, "raw", out, &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "differs from the disk that it was made from");
    g_clear_error(&error);
    assert_false(qemu_img_compare(&job, "qcow2", out, &error));
    assert_error_says(error, INGOT_EXIT_OUTPUT, "cannot write");
}

static void failures(void **state)
{
    g_autofree char *content = NULL;
    g_autofree char *overlay = make_overlay(*state, &content);
    g_autofree char *absent = in_folder(*state, "absent"), *deep = in_folder(*state, "no/such/dir");
    assert_refused("raw", absent, *state, INGOT_EXIT_OUTPUT, "cannot write");
    assert_refused("raw", overlay, deep, INGOT_EXIT_OUTPUT, "No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(writes_the_bytes_with_holes), TEST(all_of_it_is_told),
                                       TEST(what_differs_is_found), TEST(failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
