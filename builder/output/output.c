/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/output.h"

#include "base/digest.h"
#include "output/qemu_img.h"

#include <string.h>

#define RECORD(name) extern const output_format format_##name;
#include "output/output_formats.inc"
#undef RECORD

static const output_format *const table[] = {
#define RECORD(name) &format_##name,
#include "output/output_formats.inc"
#undef RECORD
    NULL,
};

const output_format *const *output_formats(void)
{
    return table;
}

const output_format *output_format_find(const char *name)
{
    for (const output_format *const *format = table; *format; format++)
        if (strcmp((*format)->name, name) == 0)
            return *format;
    return NULL;
}

const output_format *output_format_of_disk(const char *driver)
{
    for (const output_format *const *format = table; *format; format++)
        if (g_strcmp0((*format)->driver, driver) == 0)
            return *format;
    return NULL;
}

/* ---- what was written ---- */

void output_file_free(output_file *file)
{
    if (!file)
        return;
    g_free(file->name);
    g_free(file->sha256);
    g_free(file);
}

output_file *output_file_read(const char *folder, const char *name, GCancellable *cancel,
                              GError **error)
{
    char hex[DIGEST_HEX_LEN + 1];
    guint64 size = 0;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (!digest_file(path, hex, &size, cancel, error))
        return NULL;
    output_file *file = g_new0(output_file, 1);
    *file = (output_file){g_strdup(name), size, g_strdup(hex)};
    return file;
}

void output_result_free(output_result *result)
{
    if (!result)
        return;
    g_ptr_array_unref(result->files);
    g_free(result);
}

static gboolean output_read_all(output_result *result, const struct output_job *job,
                                const GPtrArray *names, GError **error)
{
    for (guint i = 0; i < names->len; i++) {
        output_file *file =
            output_file_read(job->folder, g_ptr_array_index(names, i), job->cancel, error);
        if (!file)
            return FALSE;
        g_ptr_array_add(result->files, file);
    }
    return TRUE;
}

output_result *output_write(const output_format *format, const struct output_job *job,
                            GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(output_result) result = g_new0(output_result, 1);
    result->format = format;
    result->files = g_ptr_array_new_with_free_func((GDestroyNotify)output_file_free);
    if (!format->write(job, names, error) || !qemu_img_size(job, &result->virtual_size, error))
        return NULL;
    progress_phase(job->progress, "digest");
    return output_read_all(result, job, names, error) ? g_steal_pointer(&result) : NULL;
}

GPtrArray *output_disks(const GPtrArray *results)
{
    GPtrArray *disks = g_ptr_array_new();
    for (guint i = 0; i < results->len; i++) {
        output_result *result = g_ptr_array_index(results, i);
        if (result->format->driver)
            g_ptr_array_add(disks, result);
    }
    return disks;
}

json_t *output_image_json(const output_result *result)
{
    const output_file *file = g_ptr_array_index(result->files, 0);
    return json_pack("{s:s, s:s, s:I, s:I, s:s}", "file", file->name, "format",
                     result->format->name, "size", (json_int_t)file->size, "virtual_size",
                     (json_int_t)result->virtual_size, "sha256", file->sha256);
}

static json_t *output_files_json(const GPtrArray *files)
{
    json_t *list = json_array();
    for (guint i = 0; i < files->len; i++) {
        const output_file *file = g_ptr_array_index(files, i);
        json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "file", file->name, "size",
                                              (json_int_t)file->size, "sha256", file->sha256));
    }
    return list;
}

json_t *output_results_json(const GPtrArray *results)
{
    json_t *list = json_array();
    for (guint i = 0; i < results->len; i++) {
        const output_result *result = g_ptr_array_index(results, i);
        json_array_append_new(list, json_pack("{s:s, s:I, s:o}", "format", result->format->name,
                                              "virtual_size", (json_int_t)result->virtual_size,
                                              "files", output_files_json(result->files)));
    }
    return list;
}

gboolean output_compact_parse(const char *text, enum output_compact *compact)
{
    *compact = g_strcmp0(text, "small") == 0 ? OUTPUT_SMALL : OUTPUT_FAST;
    return !text || *compact == OUTPUT_SMALL || strcmp(text, "fast") == 0;
}
