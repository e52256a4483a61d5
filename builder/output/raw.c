/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of the disk, and holes where it holds none. */
#include "output/output.h"

#include "output/qemu_img.h"

static gboolean raw_write_image(const struct output_job *job, GPtrArray *names, GError **error)
{
    static const char *const options[] = {"-O", "raw", "-m", "8", NULL};
    g_autofree char *out = qemu_img_target(job, "raw", names);
    return qemu_img_convert(job, "write", options, out, error) &&
           qemu_img_compare(job, "raw", out, error);
}

const output_format format_raw = {
    .name = "raw",
    .heading = "the plain bytes of the disk, one sparse file",
    .driver = "raw",
    .share = 1,
    .write = raw_write_image,
};
