/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"

int folder_setup(void **state)
{
    *state = files_temp_dir(g_get_tmp_dir(), "ingot-format", NULL);
    return *state ? 0 : -1;
}

int folder_teardown(void **state)
{
    files_remove_tree(*state);
    g_free(*state);
    return 0;
}

char *in_folder(const char *dir, const char *name)
{
    return g_build_filename(dir, name, NULL);
}

void qemu_img(const char *const argv[])
{
    g_autoptr(GError) error = NULL;
    if (!spawn_run(argv, NULL, NULL, &error))
        fail_msg("%s", error->message);
}

char *make_overlay(const char *dir, char **content)
{
    g_autofree char *raw = in_folder(dir, "raw"), *base = in_folder(dir, "base.qcow2");
    char *overlay = in_folder(dir, "overlay.qcow2");
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

gboolean write_format(const char *format, const char *image, const char *dir, const char *name,
                      enum output_compact compact, progress *p, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const struct output_job job = {
        .image = image, .folder = dir, .name = name, .compact = compact, .progress = p};
    gboolean good = output_format_find(format)->write(&job, names, error);
    if (!good)
        return FALSE;
    g_autofree char *expected = g_strconcat(name, ".", format, NULL);
    assert_int_equal(names->len, 1);
    assert_string_equal(names->pdata[0], expected);
    return TRUE;
}

void assert_refused(const char *format, const char *image, const char *dir, int code,
                    const char *says)
{
    g_autoptr(GError) error = NULL;
    assert_false(write_format(format, image, dir, "out", OUTPUT_FAST, NULL, &error));
    assert_error_says(error, (enum ingot_exit)code, says);
}

char *events_of_format(const char *format, const char *image, const char *dir)
{
    char *events = NULL;
    g_autofree char *log = in_folder(dir, "log");
    FILE *stream = fopen(log, "w");
    assert_non_null(stream);
    progress *p = progress_new(PROGRESS_JSON, PROGRESS_NORMAL, stream, NULL);
    progress_stage(p, "export");
    assert_true(write_format(format, image, dir, "out", OUTPUT_FAST, p, NULL));
    progress_stage_end(p, TRUE, FALSE);
    progress_free(p);
    fclose(stream);
    assert_true(g_file_get_contents(log, &events, NULL, NULL));
    return events;
}
