/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2 version 3 with zstd compression (qemu: docs/interop/qcow2.txt, "Compression type"; QEMU 5.1
 * and later read it). */
#include "output/output.h"

#include "base/error.h"
#include "base/spawn.h"
#include "output/qemu_img.h"

#include <string.h>

struct watch {
    progress *p;
    const char *what;
};

/* qemu-img -p writes "    (12.34/100%)" and a carriage return. */
static void on_line(const char *line, gpointer data)
{
    const struct watch *w = data;
    const char *open = strchr(line, '(');
    if (open && strstr(open, "/100%"))
        progress_percent(w->p, w->what, CLAMP(g_ascii_strtod(open + 1, NULL), 0.0, 100.0));
}

/* A cluster is what is compressed at once and, for any byte in it, decompressed at once.  Debian
 * 13: 200 MiB with clusters of 64 KiB, 186 with 256 KiB, 181 with 1 MiB, 183 with 2 MiB. */
static const char *const layouts[] = {
    [OUTPUT_FAST] = "compat=1.1,lazy_refcounts=off,compression_type=zstd",
    [OUTPUT_SMALL] = "compat=1.1,lazy_refcounts=off,compression_type=zstd,cluster_size=1M",
};

static gboolean convert(const char *image, const char *out, enum output_compact compact,
                        progress *p, GCancellable *cancel, GError **error)
{
    const char *const argv[] = {"qemu-img", "convert",        "-p",  "-f", "qcow2",
                                "-O",       "qcow2",          "-c",  "-m", "8",
                                "-o",       layouts[compact], image, out,  NULL};
    struct watch w = {p, "compress"};
    const struct spawn_options options = {.on_line = on_line, .data = &w, .cancel = cancel};
    GError *local = NULL;
    return spawn_run(argv, &options, NULL, &local) || qemu_img_fail(local, out, error);
}

/* Keys of `qemu-img check --output=json`; those that are 0 are left out. */
static gboolean judge_check(const char *text, const char *out, GError **error)
{
    static const char *const faults[] = {"corruptions", "leaks", "check-errors", NULL};
    json_t *report = json_loads(text, 0, NULL);
    gboolean good = json_is_object(report);
    for (const char *const *fault = faults; *fault; fault++)
        good = good && json_integer_value(json_object_get(report, *fault)) == 0;
    json_decref(report);
    if (!good)
        ingot_set_error(error, INGOT_EXIT_OUTPUT, "the disk of this host may be failing",
                        "%s was written, but qemu-img check finds faults in it", out);
    return good;
}

static gboolean check(const char *out, GCancellable *cancel, GError **error)
{
    const char *const argv[] = {"qemu-img", "check", "--output=json", "-f", "qcow2", out, NULL};
    const struct spawn_options options = {.cancel = cancel};
    g_autofree char *text = NULL;
    GError *local = NULL;
    if (!spawn_run(argv, &options, &text, &local))
        return qemu_img_fail(local, out, error);
    return judge_check(text, out, error);
}

static gboolean qcow2_write_image(const char *image, const char *out, enum output_compact compact,
                                  progress *p, GCancellable *cancel, GError **error)
{
    /* Absolute, so that no name is taken for an option or a protocol ("nbd:…"). */
    g_autofree char *from = g_canonicalize_filename(image, NULL);
    g_autofree char *to = g_canonicalize_filename(out, NULL);
    progress_phase(p, "compress");
    if (!convert(from, to, compact, p, cancel, error))
        return FALSE;
    progress_phase(p, "check");
    return check(to, cancel, error);
}

const output_format format_qcow2 = {
    .name = "qcow2",
    .heading = "QEMU image, compressed with zstd",
    .extension = "qcow2",
    .write = qcow2_write_image,
};
