/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/source.h"
#include "debian/suite.h"

#include "base/error.h"

/* One package of a suite, which holds a kernel and an initrd. */

static deb_package *lookup_recall(const media_job *job, const char *key)
{
    g_autoptr(GKeyFile) note = media_job_note(job, key);
    g_autofree char *sha256 = note ? g_key_file_get_string(note, MEDIA_NOTE, "sha256", NULL) : NULL;
    if (!digest_is_hex(sha256))
        return NULL;
    g_autoptr(deb_package) p = g_new0(deb_package, 1);
    p->name = g_strdup(media_job_spec(job)->package);
    p->version = g_key_file_get_string(note, MEDIA_NOTE, "version", NULL);
    p->filename = g_key_file_get_string(note, MEDIA_NOTE, "filename", NULL);
    p->size = g_key_file_get_uint64(note, MEDIA_NOTE, "size", NULL);
    g_strlcpy(p->sha256, sha256, sizeof p->sha256);
    gboolean good = p->version && p->filename && deb_path_is_safe(p->filename);
    return good ? g_steal_pointer(&p) : NULL;
}

static gboolean lookup_remember(const media_job *job, const char *key, const deb_package *p,
                                GError **error)
{
    g_autoptr(GKeyFile) fresh = g_key_file_new();
    g_key_file_set_string(fresh, MEDIA_NOTE, "version", p->version);
    g_key_file_set_string(fresh, MEDIA_NOTE, "filename", p->filename);
    g_key_file_set_string(fresh, MEDIA_NOTE, "sha256", p->sha256);
    g_key_file_set_uint64(fresh, MEDIA_NOTE, "size", p->size);
    return media_job_save_note(job, key, fresh, error);
}

/* NULL with *error unset: the index has no such package. */
static deb_package *lookup_look_up(media_job *job, const deb_suite *suite, const char *file,
                                   const struct deb_index *index, GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    const char *name = media_job_spec(job)->package;
    const struct deb_listing listing = {(char *)file, 0};
    media_key(key, "package", index->sha256, name, suite->arch);
    deb_package *known = lookup_recall(job, key);
    if (known)
        return known;
    progress_detail(media_job_context(job)->progress, "looking for %s in %s", name, file);
    g_autoptr(deb_catalog) catalog =
        deb_catalog_read(&listing, 1, suite->arch, name, media_job_context(job)->cancel, error);
    if (!catalog || !deb_catalog_has(catalog, name))
        return NULL;
    g_autoptr(deb_package) found = deb_choose(catalog, name, error);
    return found && lookup_remember(job, key, found, error) ? g_steal_pointer(&found) : NULL;
}

/* The package in the index of one architecture.  NULL with *error unset: there is no such index, or
 * the package is not in it. */
static deb_package *search_index(media_job *job, const deb_suite *suite, const char *component,
                                 const char *arch, GError **error)
{
    const struct deb_index *index = NULL;
    g_autofree char *file = deb_suite_index(suite, job, component, arch, &index, error);
    return file ? lookup_look_up(job, suite, file, index, error) : NULL;
}

/* Packages of architecture "all" may have an index of their own.  NULL with *error unset: the
 * component does not have it. */
static deb_package *search_component(media_job *job, const deb_suite *suite, const char *component,
                                     GError **error)
{
    const char *const arches[] = {suite->arch, "all"};
    for (gsize i = 0; i < G_N_ELEMENTS(arches); i++) {
        g_autoptr(GError) local = NULL;
        deb_package *found = search_index(job, suite, component, arches[i], &local);
        if (found)
            return found;
        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return NULL;
        }
    }
    return NULL;
}

static deb_package *find_package(media_job *job, const deb_suite *suite, GError **error)
{
    for (char **component = suite->components; *component; component++) {
        g_autoptr(GError) local = NULL;
        deb_package *found = search_component(job, suite, *component, &local);
        if (found)
            return found;
        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return NULL;
        }
    }
    g_autofree char *mirror = media_url_shown(suite->mirror);
    g_autofree char *components = g_strjoinv(", ", suite->components);
    ingot_set_error(error, INGOT_EXIT_MEDIA, "check the package, the suite and the component",
                    "suite %s, component %s of %s has no package %s for %s", suite->name,
                    components, mirror, media_job_spec(job)->package, suite->arch);
    return NULL;
}

media_package *deb_source_package(media_job *job, GError **error)
{
    const struct media_spec *spec = media_job_spec(job);
    g_auto(deb_suite) suite = {0};
    gboolean good = deb_suite_init(&suite, job, spec->mirror, spec->suite, error) &&
                    deb_suite_package_name(spec->package, error) &&
                    deb_suite_fetch(&suite, job, error);
    g_autoptr(deb_package) package = good ? find_package(job, &suite, error) : NULL;
    return package ? deb_suite_package(&suite, package) : NULL;
}
