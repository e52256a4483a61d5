/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/image.h"

#include <sys/utsname.h>

image_file *image_take(struct call *c, const char *path, enum image_flags flags, GError **error)
{
    g_autofree char *cache = call_cache_dir(c);
    g_autofree char *parent = g_build_filename(cache, "work", NULL);
    return image_open(path, flags, parent, error);
}

gboolean image_named(const struct call *c, GError **error)
{
    if (!c->args[0])
        ingot_set_error(error, INGOT_EXIT_USAGE, "--help says more", "there is no IMAGE");
    return c->args[0] != NULL;
}

gboolean image_probe(struct call *c, gboolean *force_tcg, GError **error)
{
    struct vm_accel accel = {0};
    struct utsname host;
    g_autofree char *cache = call_cache_dir(c);
    uname(&host);
    if (!vm_accel_probe(host.machine, cache, FALSE, c->cancel, &accel, error))
        return FALSE;
    *force_tcg = !accel.kvm;
    vm_accel_clear(&accel);
    return TRUE;
}
