/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan/plan.h"

#define MIB (1ull << 20)

/* Of a plain Debian 13 (docs/performance.md): 205 MiB of packages and environment are fetched, the
 * installed disk has 909 MiB and its template 203 MiB.  Rounded up, since packages differ. */
#define MEDIA_BYTES    (256 * MIB)
#define MEDIUM_BYTES   (1024 * MIB) /* an installer's ISO image */
#define SYSTEM_BYTES   (1024 * MIB)
#define PACKAGE_BYTES  (16 * MIB) /* fetched, of each further package with what it depends on … */
#define UNPACKED_BYTES (64 * MIB) /* … and unpacked */
#define SETTINGS_BYTES (256 * MIB) /* the second run on an overlay */
#define SEAL_BYTES     (128 * MIB)
#define CLONES_BYTES   (512 * MIB)

static guint64 further_packages(const plan *p)
{
    guint all = g_strv_length((char **)p->required_packages);
    guint usual = g_strv_length((char **)p->installer->base_packages);
    return all > usual ? all - usual : 0;
}

static guint64 outputs_space(const plan *p, guint64 system)
{
    guint64 all = 0;
    for (const output_format *const *format = p->outputs; *format; format++)
        all += system / (*format)->share;
    return all;
}

struct plan_estimate plan_estimate(const plan *p)
{
    guint64 more = further_packages(p);
    guint64 system = MIN(SYSTEM_BYTES + more * UNPACKED_BYTES, p->disk_size);
    struct plan_estimate need = {.work = SEAL_BYTES + CLONES_BYTES,
                                 .media = MEDIA_BYTES + more * PACKAGE_BYTES,
                                 .output = outputs_space(p, system)};
    if (p->boot_command)
        need.media = MEDIUM_BYTES;
    /* Unpacked, a system is a raw image first; debian-installer deletes what it has written. */
    need.install = p->answers.sources ? 2 * system + SETTINGS_BYTES : system + system / 2;
    return need;
}
