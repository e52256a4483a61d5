/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/probe.h"

#include "base/error.h"
#include "base/files.h"
#include "sysprep/sysprep.h"

#include <sys/stat.h>

#define SCRIPT_LIMIT (256u << 10)
#define UNIT         "/etc/systemd/system/ingot-verify.service"

static char *read_part(const struct verify_spec *spec, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(spec->data_dir, "kickstart", "verify", name, NULL);
    return files_read(path, SCRIPT_LIMIT, NULL, error);
}

gboolean probe_put(const struct verify_spec *spec, const char *path, guint64 size, progress *p,
                   GCancellable *cancel, GError **error)
{
    static const char *const none[] = {NULL};
    g_autofree char *script = read_part(spec, "probe.sh", error);
    g_autofree char *unit = script ? read_part(spec, "probe.service", error) : NULL;
    if (!unit || !image_overlay(spec->disks[0].image, path, size, cancel, error))
        return FALSE;
    const struct guest_file files[] = {
        {"/etc/ingot-verify/probe.sh", 0700, script},
        {UNIT, 0644, unit},
        {"/etc/systemd/system/multi-user.target.wants/ingot-verify.service", S_IFLNK, UNIT},
        {NULL, 0, NULL}};
    g_autoptr(image_file) own = image_own(path);
    const struct sysprep_spec put = {.open.image = own,
                                     .open.force_tcg = spec->force_tcg,
                                     .no_policy = TRUE,
                                     .no_trim = TRUE,
                                     .operations = none,
                                     .files = files};
    guest_facts *found = NULL;
    if (!sysprep_image(&put, p, cancel, &found, error))
        return FALSE;
    g_autoptr(guest_facts) facts = found;
    if (!facts->systemd)
        ingot_set_error(error, INGOT_EXIT_VERIFY,
                        "skip the clones with --no-verify; ingot inspect works on such an image",
                        "%s (%s) has no systemd, which the probe in the clones needs",
                        verify_disk_name(&spec->disks[0]), facts->product);
    return facts->systemd;
}
