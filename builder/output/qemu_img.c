/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/qemu_img.h"

#include "base/error.h"
#include "base/spawn.h"
#include "vm/vm.h"

#include <errno.h>
#include <string.h>

gboolean qemu_img_fail(GError *cause, const char *out, GError **error)
{
    g_autoptr(GError) local = cause;
    if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CANCELLED) || ingot_error_hint(local)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    g_autofree char *why = ingot_error_text(local);
    g_autofree char *folder = g_path_get_dirname(out);
    if (strstr(why, g_strerror(ENOSPC)) || strstr(why, "No space left on device"))
        ingot_set_error(error, INGOT_EXIT_HOST,
                        "free some space there, or use another output directory",
                        "there is no space left in %s", folder);
    else
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "cannot write %s: %s", out, why);
    return FALSE;
}

char *qemu_img_target(const struct output_job *job, const char *extension, GPtrArray *names)
{
    /* Absolute, so that no name is mistaken for an option or a protocol ("nbd:…"). */
    g_autofree char *folder = g_canonicalize_filename(job->folder, NULL);
    char *name = g_strdup_printf("%s.%s", job->name, extension);
    g_ptr_array_add(names, name);
    return g_build_filename(folder, name, NULL);
}

/* ---- with progress ---- */

struct qemu_img_watch {
    progress *p;
    const char *phase;
    gboolean differs; /* qemu-img compare has found a difference */
};

/* qemu-img -p writes "    (12.34/100%)" and a carriage return; compare, "Content mismatch at offset
 * N!". */
static void qemu_img_on_line(const char *line, gpointer data)
{
    struct qemu_img_watch *watch = data;
    const char *open = strchr(line, '(');
    watch->differs |= g_str_has_prefix(line, "Content mismatch");
    if (open && strstr(open, "/100%"))
        progress_percent(watch->p, watch->phase, CLAMP(g_ascii_strtod(open + 1, NULL), 0.0, 100.0));
}

static const char *qemu_img_source(const struct output_job *job)
{
    return job->image_format ? job->image_format : VM_DISK_FORMAT;
}

static gboolean qemu_img_watched(const struct output_job *job, const char *const argv[],
                                 struct qemu_img_watch *watch, GError **error)
{
    const struct spawn_options options = {
        .on_line = qemu_img_on_line, .data = watch, .cancel = job->cancel};
    progress_phase(watch->p, watch->phase);
    return spawn_run(argv, &options, NULL, error);
}

gboolean qemu_img_convert(const struct output_job *job, const char *phase,
                          const char *const *options, const char *out, GError **error)
{
    const char *const convert[] = {"qemu-img", "convert", "-p", "-f", qemu_img_source(job)};
    g_autofree char *from = g_canonicalize_filename(job->image, NULL);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    struct qemu_img_watch watch = {job->progress, phase, FALSE};
    GError *local = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(convert); i++)
        g_ptr_array_add(argv, (gpointer)convert[i]);
    for (; *options; options++)
        g_ptr_array_add(argv, (gpointer)*options);
    g_ptr_array_add(argv, from);
    g_ptr_array_add(argv, (gpointer)out);
    g_ptr_array_add(argv, NULL);
    return qemu_img_watched(job, (const char *const *)argv->pdata, &watch, &local) ||
           qemu_img_fail(local, out, error);
}

gboolean qemu_img_compare(const struct output_job *job, const char *format, const char *out,
                          GError **error)
{
    g_autofree char *from = g_canonicalize_filename(job->image, NULL);
    const char *const argv[] = {"qemu-img", "compare", "-p", "-f", qemu_img_source(job),
                                "-F",       format,    from, out,  NULL};
    struct qemu_img_watch watch = {job->progress, "check", FALSE};
    g_autoptr(GError) local = NULL;
    if (qemu_img_watched(job, argv, &watch, &local))
        return TRUE;
    if (!watch.differs)
        return qemu_img_fail(g_steal_pointer(&local), out, error);
    ingot_set_error(error, INGOT_EXIT_OUTPUT, "the disk of this host may be failing",
                    "%s was written, but differs from the disk that it was made from", out);
    return FALSE;
}

/* ---- what there is ---- */

/* "virtual-size" of `qemu-img info --output=json`. */
gboolean qemu_img_size(const struct output_job *job, guint64 *size, GError **error)
{
    g_autofree char *image = g_canonicalize_filename(job->image, NULL);
    const char *const argv[] = {"qemu-img", "info", "--output=json", "-f", qemu_img_source(job),
                                image,      NULL};
    const struct spawn_options options = {.cancel = job->cancel};
    g_autofree char *text = NULL;
    GError *local = NULL;
    if (!spawn_run(argv, &options, &text, &local))
        return qemu_img_fail(local, image, error);
    json_t *info = json_loads(text, 0, NULL);
    json_t *said = json_object_get(info, "virtual-size");
    gboolean good = json_is_integer(said) && json_integer_value(said) >= 0;
    *size = good ? (guint64)json_integer_value(said) : 0;
    json_decref(info);
    if (!good)
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL,
                        "qemu-img info reports no virtual size for %s", image);
    return good;
}
