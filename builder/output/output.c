/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/output.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/spawn.h"
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

/* "virtual-size" of `qemu-img info --output=json`, or -1. */
static gint64 virtual_size(const char *path, const char *format, GCancellable *cancel,
                           GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    const char *const argv[] = {"qemu-img", "info", "--output=json", "-f", format, absolute, NULL};
    const struct spawn_options options = {.cancel = cancel};
    g_autofree char *text = NULL;
    GError *local = NULL;
    if (!spawn_run(argv, &options, &text, &local)) {
        qemu_img_fail(local, path, error);
        return -1;
    }
    json_t *info = json_loads(text, 0, NULL);
    json_t *size = json_object_get(info, "virtual-size");
    gint64 value = json_is_integer(size) ? (gint64)json_integer_value(size) : -1;
    json_decref(info);
    if (value < 0)
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "qemu-img info says no virtual size for %s",
                        path);
    return value;
}

json_t *output_describe(const char *path, const char *format, GCancellable *cancel, GError **error)
{
    char hex[DIGEST_HEX_LEN + 1];
    guint64 size = 0;
    gint64 full = virtual_size(path, format, cancel, error);
    if (full < 0 || !digest_file(path, hex, &size, cancel, error))
        return NULL;
    g_autofree char *name = g_path_get_basename(path);
    return json_pack("{s:s, s:s, s:I, s:I, s:s}", "file", name, "format", format, "size",
                     (json_int_t)size, "virtual_size", (json_int_t)full, "sha256", hex);
}

gboolean output_compact_parse(const char *text, enum output_compact *compact)
{
    *compact = g_strcmp0(text, "small") == 0 ? OUTPUT_SMALL : OUTPUT_FAST;
    return !text || *compact == OUTPUT_SMALL || strcmp(text, "fast") == 0;
}
