/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/packages.h"
#include "debian/source.h"
#include "debian/suite.h"

/* The kernels for which an archive has debian-installer's modules: each udeb in its index names one
 * ("Kernel-Version"). */

static gboolean add_versions(const char *text, gsize length, gpointer data, GError **error)
{
    GPtrArray *versions = data;
    const char *at = text, *end = text + length;
    for (;;) {
        g_autoptr(GError) local = NULL;
        g_autoptr(GHashTable) fields = deb822_next(&at, end, &local);
        const char *version = fields ? deb822_get(fields, "kernel-version") : NULL;
        if (!fields && local)
            g_propagate_error(error, g_steal_pointer(&local));
        if (!fields)
            return !*error;
        if (version && !g_ptr_array_find_with_equal_func(versions, version, g_str_equal, NULL))
            g_ptr_array_add(versions, g_strdup(version));
    }
}

gboolean deb_source_kernels(media_job *job, GPtrArray *versions, GError **error)
{
    const struct media_spec *spec = media_job_spec(job);
    const struct deb_index *index = NULL;
    g_auto(deb_suite) suite = {0};
    if (!deb_suite_init(&suite, job, spec->mirror, spec->suite, error) ||
        !deb_suite_fetch(&suite, job, error))
        return FALSE;
    g_autofree char *file =
        deb_suite_index(&suite, job, suite.components[0], suite.arch, &index, error);
    return file &&
           packages_read(file, add_versions, versions, media_job_context(job)->cancel, error);
}
