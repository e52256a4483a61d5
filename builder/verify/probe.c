/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/probe.h"

#include "base/error.h"
#include "base/files.h"
#include "sysprep/sysprep.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SCRIPT_LIMIT (32u << 10)
#define UNIT         "/etc/systemd/system/ingot-verify.service"

static char *read_part(const struct verify_spec *spec, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(spec->data_dir, "kickstart", "verify", name, NULL);
    return files_read(path, SCRIPT_LIMIT, NULL, error);
}

/* ---- by SMBIOS ---- */

/* systemd-debug-generator(8) has taken units and drop-ins out of credentials since this version. */
#define SYSTEMD_WITH_UNITS 256u

guint verify_systemd_version(const char *text)
{
    const char *colon = strchr(text, ':'); /* the epoch of a package's version */
    guint64 version = g_ascii_strtoull(colon ? colon + 1 : text, NULL, 10);
    return version <= G_MAXUINT ? (guint)version : 0;
}

enum verify_probe probe_choose(const struct verify_spec *spec, const char *sha256)
{
    gboolean same = !spec->systemd_sha256 || g_strcmp0(spec->systemd_sha256, sha256) == 0;
    return same && spec->systemd >= SYSTEMD_WITH_UNITS ? VERIFY_PROBE_SMBIOS : VERIFY_PROBE_DISK;
}

/* systemd.system-credentials(7): pid 1 takes what begins like this from the tables of type 11; the
 * names say what the generator makes of it, or the unit that loads it. */
static const struct credential {
    const char *file, *name;
} credentials[] = {
    {"probe.sh", "ingot-verify.probe"},
    {"probe.service", "systemd.extra-unit.ingot-verify.service"},
    {"smbios.conf", "systemd.unit-dropin.ingot-verify.service"},
    {"wanted.conf", "systemd.unit-dropin.multi-user.target"},
};

static char *credential_text(const struct verify_spec *spec, const struct credential *c,
                             GError **error)
{
    g_autofree char *text = read_part(spec, c->file, error);
    if (!text)
        return NULL;
    g_autofree char *encoded = g_base64_encode((const guchar *)text, strlen(text));
    return g_strdup_printf("io.systemd.credential.binary:%s=%s", c->name, encoded);
}

static gboolean check_strings_size(gsize size, GError **error)
{
    if (size <= VM_OEM_MOST)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_FAILURE, NULL,
                    "the probe has %" G_GSIZE_FORMAT " bytes as SMBIOS strings, and %u fit", size,
                    VM_OEM_MOST);
    return FALSE;
}

char **probe_strings(const struct verify_spec *spec, GError **error)
{
    g_auto(GStrv) paths = g_new0(char *, G_N_ELEMENTS(credentials) + 1);
    gsize size = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(credentials); i++) {
        g_autofree char *text = credential_text(spec, &credentials[i], error);
        paths[i] = g_build_filename(spec->work_dir, credentials[i].name, NULL);
        size += text ? strlen(text) + 1 : 0;
        if (!text || !check_strings_size(size, error) ||
            !files_write_atomic(paths[i], text, -1, 0600, error))
            return NULL;
    }
    return g_steal_pointer(&paths);
}

/* ---- by libguestfs ---- */

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
