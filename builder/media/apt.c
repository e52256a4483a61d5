/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/suite.h"

#include "base/error.h"

/* One package of a suite, which holds a kernel and an initrd. */

static gboolean apt_look_up(struct media_job *job, const media_suite *suite, const char *file,
                            const struct media_index *index, media_package *package, GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    media_key(key, "package", index->sha256, job->spec->package, suite->arch);
    g_autoptr(GKeyFile) note = media_cache_note(job->cache, key);
    g_autofree char *sha256 = note ? g_key_file_get_string(note, MEDIA_NOTE, "sha256", NULL) : NULL;
    if (digest_is_hex(sha256)) {
        package->version = g_key_file_get_string(note, MEDIA_NOTE, "version", NULL);
        package->filename = g_key_file_get_string(note, MEDIA_NOTE, "filename", NULL);
        package->size = g_key_file_get_uint64(note, MEDIA_NOTE, "size", NULL);
        g_strlcpy(package->sha256, sha256, sizeof package->sha256);
        if (package->version && package->filename && media_path_is_safe(package->filename))
            return TRUE;
        media_package_clear(package);
    }
    progress_detail(job->net.progress, "looking for %s in %s", job->spec->package, file);
    if (!media_packages_find(file, job->spec->package, suite->arch, job->net.cancel, package,
                             error))
        return FALSE;
    if (!package->filename)
        return TRUE;
    g_autoptr(GKeyFile) fresh = g_key_file_new();
    g_key_file_set_string(fresh, MEDIA_NOTE, "version", package->version);
    g_key_file_set_string(fresh, MEDIA_NOTE, "filename", package->filename);
    g_key_file_set_string(fresh, MEDIA_NOTE, "sha256", package->sha256);
    g_key_file_set_uint64(fresh, MEDIA_NOTE, "size", package->size);
    return media_cache_save_note(job->cache, key, fresh, error);
}

/* The package in the index of one architecture.  FALSE with *error unset: there is no such index.
 */
static gboolean search_index(struct media_job *job, const media_suite *suite, const char *component,
                             const char *arch, media_package *package, GError **error)
{
    const struct media_index *index = NULL;
    g_autofree char *file = media_suite_index(suite, job, component, arch, &index, error);
    return file && apt_look_up(job, suite, file, index, package, error);
}

/* Packages of architecture "all" may have an index of their own.  FALSE with *error unset: the
 * component does not have it. */
static gboolean search_component(struct media_job *job, const media_suite *suite,
                                 const char *component, media_package *package, GError **error)
{
    const char *const arches[] = {suite->arch, "all"};
    for (gsize i = 0; i < G_N_ELEMENTS(arches); i++) {
        g_autoptr(GError) local = NULL;
        if (search_index(job, suite, component, arches[i], package, &local) && package->filename)
            return TRUE;
        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
    }
    return FALSE;
}

static gboolean find_package(struct media_job *job, const media_suite *suite,
                             media_package *package, GError **error)
{
    for (char **component = suite->components; *component; component++) {
        g_autoptr(GError) local = NULL;
        if (search_component(job, suite, *component, package, &local))
            return TRUE;
        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
    }
    g_autofree char *mirror = media_url_shown(suite->mirror);
    g_autofree char *components = g_strjoinv(", ", suite->components);
    ingot_set_error(error, INGOT_EXIT_MEDIA, "check the package, the suite and the component",
                    "suite %s, component %s of %s has no package %s for %s", suite->name,
                    components, mirror, job->spec->package, suite->arch);
    return FALSE;
}

/* ---- the .deb ---- */

static char *fetch_deb(struct media_job *job, const media_suite *suite,
                       const media_package *package, GError **error)
{
    g_autofree char *name = g_path_get_basename(package->filename);
    g_autofree char *url = media_suite_url(suite, package->filename);
    struct media_download d = {
        .url = url, .name = name, .sha256 = package->sha256, .size = package->size};
    char *path = media_obtain(job, &d, NULL, error);
    if (path)
        media_job_input(job, name, url, package->sha256, package->size);
    return path;
}

char *media_from_apt(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1], GError **error)
{
    char *path = NULL;
    g_auto(media_suite) suite = {0};
    g_auto(media_package) package = {0};
    if (media_suite_init(&suite, job, job->spec->mirror, job->spec->suite, error) &&
        media_suite_word("package", job->spec->package, "-.+", error) &&
        media_suite_fetch(&suite, job, error) && find_package(job, &suite, &package, error))
        path = fetch_deb(job, &suite, &package, error);
    g_strlcpy(sha256, package.sha256, DIGEST_HEX_LEN + 1);
    return path;
}
