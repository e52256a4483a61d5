/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qcow2 version 3 with zstd compression (qemu: docs/interop/qcow2.txt, "Compression type"; QEMU 5.1
 * and later read it). */
#include "output/output.h"

#include "base/error.h"
#include "base/spawn.h"
#include "output/qemu_img.h"

#include <string.h>

/* A cluster is what is compressed at once and, for any byte in it, decompressed at once.  Debian
 * 13: 200 MiB with clusters of 64 KiB, 186 with 256 KiB, 181 with 1 MiB, 183 with 2 MiB. */
static const char *const layouts[] = {
    [OUTPUT_FAST] = "compat=1.1,lazy_refcounts=off,compression_type=zstd",
    [OUTPUT_SMALL] = "compat=1.1,lazy_refcounts=off,compression_type=zstd,cluster_size=1M",
};

/* Keys of `qemu-img check --output=json`; those that are zero are left out. */
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
                        "%s was written, but qemu-img check finds errors in it", out);
    return good;
}

static gboolean qcow2_check(const char *out, GCancellable *cancel, GError **error)
{
    const char *const argv[] = {"qemu-img", "check", "--output=json", "-f", "qcow2", out, NULL};
    const struct spawn_options options = {.cancel = cancel};
    g_autofree char *text = NULL;
    GError *local = NULL;
    if (!spawn_run(argv, &options, &text, &local))
        return qemu_img_fail(local, out, error);
    return judge_check(text, out, error);
}

static gboolean qcow2_write_image(const struct output_job *job, GPtrArray *names, GError **error)
{
    const char *const options[] = {"-O", "qcow2", "-c", "-m", "8", "-o", layouts[job->compact],
                                   NULL};
    g_autofree char *out = qemu_img_target(job, "qcow2", names);
    if (!qemu_img_convert(job, "compress", options, out, error))
        return FALSE;
    progress_phase(job->progress, "check");
    return qcow2_check(out, job->cancel, error);
}

const output_format format_qcow2 = {
    .name = "qcow2",
    .heading = "QEMU image, compressed with zstd",
    .driver = "qcow2",
    .share = 3,
    .write = qcow2_write_image,
};
