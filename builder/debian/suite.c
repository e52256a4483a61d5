/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/suite.h"

#include "base/error.h"

#include <string.h>

#define INRELEASE_MAX (64u << 20)

void deb_suite_clear(deb_suite *suite)
{
    g_clear_pointer(&suite->mirror, g_free);
    g_clear_pointer(&suite->name, g_free);
    g_clear_pointer(&suite->components, g_strfreev);
    g_clear_pointer(&suite->release, deb_release_free);
}

/* ---- the recipe's words, before they become parts of URLs ---- */

static gboolean suite_refuse(const char *what, const char *word, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "“%s” is not a valid %s of a Debian archive",
                    word ? word : "", what);
    return FALSE;
}

static gboolean check_arch(const char *arch, GError **error)
{
    return deb_is_arch(arch) || suite_refuse("architecture", arch, error);
}

gboolean deb_suite_package_name(const char *name, GError **error)
{
    return deb_is_name(name) || suite_refuse("package", name, error);
}

gboolean deb_suite_word(const char *what, const char *word, const char *more, GError **error)
{
    gboolean good = word && g_ascii_isalnum(*word) && deb_path_is_safe(word);
    for (const char *c = word; good && *c; c++)
        good = g_ascii_isalnum(*c) || strchr(more, *c);
    return good || suite_refuse(what, word, error);
}

static gboolean take_components(deb_suite *suite, const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    GPtrArray *list = g_ptr_array_new();
    gboolean good = TRUE;
    for (char **word = words; good && *word; word++) {
        good = !**word || deb_suite_word("component", *word, "-._+~/", error);
        if (good && **word)
            g_ptr_array_add(list, g_strdup(*word));
    }
    if (good && !list->len)
        good = deb_suite_word("component", "", "", error);
    g_ptr_array_add(list, NULL);
    suite->components = (char **)g_ptr_array_free(list, FALSE);
    return good;
}

gboolean deb_suite_init(deb_suite *suite, const media_job *job, const char *mirror,
                        const char *name, GError **error)
{
    const struct media_spec *spec = media_job_spec(job);
    suite->name = g_strdup(name);
    suite->arch = spec->arch;
    if (!mirror || !spec->keyring) {
        ingot_set_error(error, INGOT_EXIT_MEDIA,
                        mirror ? "name the keyring of the archive"
                               : "give one with --mirror, INGOT_MIRROR or mirror: in the "
                                 "recipe",
                        "no %s is known for %s", mirror ? "keyring" : "mirror",
                        spec->package ? spec->package : "packages");
        return FALSE;
    }
    if (!deb_suite_word("suite", suite->name, "-._+~/", error) ||
        !take_components(suite, spec->components ? spec->components : "main", error) ||
        !check_arch(suite->arch, error))
        return FALSE;
    suite->mirror = media_url_of_folder(mirror);
    return TRUE;
}

/* ---- InRelease ---- */

static gboolean check_release(media_job *job, const char *file, gpointer data, GError **error)
{
    deb_suite *suite = data;
    gsize length = 0;
    g_autofree char *text = NULL;
    g_autofree char *mirror = media_url_shown(suite->mirror);
    g_autofree char *name = g_strdup_printf("InRelease of %s from %s", suite->name, mirror);
    text = media_job_verified_text(job, file, name, &length, error);
    if (!text)
        return FALSE;
    gint64 now = media_job_now(job);
    g_autoptr(GError) local = NULL;
    g_clear_pointer(&suite->release, deb_release_free);
    suite->release = deb_release_parse(text, length, suite->name, now, &local);
    if (suite->release)
        return media_job_has_verified(job, suite->release->date, error);
    media_job_explain_expiry(job, now);
    g_propagate_prefixed_error(error, g_steal_pointer(&local), "%s: ", name);
    return FALSE;
}

gboolean deb_suite_fetch(deb_suite *suite, media_job *job, GError **error)
{
    guint64 size = 0;
    char sha256[DIGEST_HEX_LEN + 1];
    g_autofree char *url = g_strdup_printf("%s/dists/%s/InRelease", suite->mirror, suite->name);
    struct media_download d = {.url = url, .name = "InRelease", .max_size = INRELEASE_MAX};
    g_autofree char *path =
        media_obtain_checked(job, &d, check_release, suite, sha256, &size, error);
    if (!path)
        return FALSE;
    media_job_input(job, "InRelease", url, sha256, size);
    return TRUE;
}

/* ---- Packages ---- */

/* By its digest first: that name never gets other content while a mirror is being updated. */
static char *obtain_index(media_job *job, const deb_suite *suite, const char *path,
                          const struct deb_index *index, gboolean *absent, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *url = g_strdup_printf("%s/dists/%s/%s", suite->mirror, suite->name, path);
    g_autofree char *by_hash = g_strdup_printf("%s/dists/%s/%s/by-hash/SHA256/%s", suite->mirror,
                                               suite->name, folder, index->sha256);
    struct media_download d = {.url = suite->release->by_hash ? by_hash : url,
                               .name = name,
                               .sha256 = index->sha256,
                               .size = index->size};
    g_autoptr(GError) local = NULL;
    char *file = media_obtain(job, &d, absent, &local);
    if (!file && *absent && suite->release->by_hash) {
        g_clear_error(&local);
        d.url = url;
        file = media_obtain(job, &d, absent, &local);
    }
    if (file)
        media_job_input(job, path, url, index->sha256, index->size);
    else
        g_propagate_error(error, g_steal_pointer(&local));
    return file;
}

char *deb_suite_index(const deb_suite *suite, media_job *job, const char *component,
                      const char *arch, const struct deb_index **index, GError **error)
{
    static const char *const suffixes[] = {".xz", ".gz", ""};
    g_autoptr(GError) first = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        gboolean absent = FALSE;
        g_autoptr(GError) local = NULL;
        g_autofree char *path =
            g_strdup_printf("%s/binary-%s/Packages%s", component, arch, suffixes[i]);
        *index = g_hash_table_lookup(suite->release->indices, path);
        char *file = *index ? obtain_index(job, suite, path, *index, &absent, &local) : NULL;
        if (file)
            return file;
        if (local && !first)
            first = g_steal_pointer(&local);
        if (first && !absent)
            break;
    }
    if (first)
        g_propagate_error(error, g_steal_pointer(&first));
    return NULL;
}

/* ---- the pool ---- */

/* Decides the modes of the directories that it ships, so that it is unpacked first. */
#define FIRST "base-files"

media_package *deb_suite_package(const deb_suite *suite, const deb_package *package)
{
    g_autofree char *escaped = g_uri_escape_string(package->filename, "/+~:", FALSE);
    media_package *p = g_new0(media_package, 1);
    p->name = g_strdup(package->name);
    p->version = g_strdup(package->version);
    p->arch = g_strdup(package->arch);
    p->file = g_path_get_basename(package->filename);
    p->url = g_strdup_printf("%s/%s", suite->mirror, escaped);
    g_strlcpy(p->sha256, package->sha256, sizeof p->sha256);
    p->size = package->size;
    p->order = g_str_equal(package->name, FIRST) ? 0 : 1;
    p->automatic = deb_package_is_automatic(package);
    return p;
}
