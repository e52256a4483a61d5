/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/suite.h"

#include "base/error.h"
#include "media/clock.h"
#include "media/verify.h"

#include <string.h>

#define INRELEASE_MAX (64u << 20)

void media_suite_clear(media_suite *suite)
{
    g_clear_pointer(&suite->mirror, g_free);
    g_clear_pointer(&suite->name, g_free);
    g_clear_pointer(&suite->components, g_strfreev);
    g_clear_pointer(&suite->release, deb_release_free);
}

/* ---- the recipe's words, before they become parts of URLs ---- */

static gboolean suite_refuse(const char *what, const char *word, GError **error)
{
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "“%s” is no %s of a Debian archive",
                    word ? word : "", what);
    return FALSE;
}

static gboolean check_arch(const char *arch, GError **error)
{
    return deb_is_arch(arch) || suite_refuse("architecture", arch, error);
}

gboolean media_suite_package(const char *name, GError **error)
{
    return deb_is_name(name) || suite_refuse("package", name, error);
}

gboolean media_suite_word(const char *what, const char *word, const char *more, GError **error)
{
    gboolean good = word && g_ascii_isalnum(*word) && deb_path_is_safe(word);
    for (const char *c = word; good && *c; c++)
        good = g_ascii_isalnum(*c) || strchr(more, *c);
    return good || suite_refuse(what, word, error);
}

static gboolean take_components(media_suite *suite, const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    GPtrArray *list = g_ptr_array_new();
    gboolean good = TRUE;
    for (char **word = words; good && *word; word++) {
        good = !**word || media_suite_word("component", *word, "-._+~/", error);
        if (good && **word)
            g_ptr_array_add(list, g_strdup(*word));
    }
    if (good && !list->len)
        good = media_suite_word("component", "", "", error);
    g_ptr_array_add(list, NULL);
    suite->components = (char **)g_ptr_array_free(list, FALSE);
    return good;
}

gboolean media_suite_init(media_suite *suite, const struct media_job *job, const char *mirror,
                          const char *name, GError **error)
{
    const struct media_spec *spec = job->spec;
    suite->name = g_strdup(name);
    suite->arch = spec->arch;
    if (!mirror || !spec->keyring) {
        ingot_set_error(error, INGOT_EXIT_MEDIA,
                        mirror ? "name the keyring of the archive"
                               : "give one with --mirror, INGOT_MIRROR or mirror: in the "
                                 "recipe",
                        "there is no %s to take %s from", mirror ? "keyring" : "mirror",
                        spec->package ? spec->package : "packages");
        return FALSE;
    }
    if (!media_suite_word("suite", suite->name, "-._+~/", error) ||
        !take_components(suite, spec->components ? spec->components : "main", error) ||
        !check_arch(suite->arch, error))
        return FALSE;
    suite->mirror = g_strdup(mirror);
    for (gsize n = strlen(suite->mirror); n && suite->mirror[n - 1] == '/'; n--)
        suite->mirror[n - 1] = '\0';
    return TRUE;
}

/* ---- InRelease ---- */

static gboolean check_release(struct media_job *job, const char *file, gpointer data,
                              GError **error)
{
    media_suite *suite = data;
    gsize length = 0;
    g_autofree char *text = NULL;
    g_autofree char *mirror = media_url_shown(suite->mirror);
    g_autofree char *name = g_strdup_printf("InRelease of %s from %s", suite->name, mirror);
    struct media_signature signature = {
        .keyring = job->spec->keyring, .file = file, .name = name, .work = job->work};
    if (!media_verify(&signature, job->net.cancel, &text, &length, error))
        return FALSE;
    gint64 host = g_get_real_time() / G_USEC_PER_SEC;
    gint64 now = media_clock_now(job->cache, host, job->net.progress);
    g_autoptr(GError) local = NULL;
    g_clear_pointer(&suite->release, deb_release_free);
    suite->release = deb_release_parse(text, length, suite->name, now, &local);
    if (suite->release)
        return media_clock_verified(job->cache, suite->release->date, job->net.cancel, error);
    media_clock_explain(job->cache, now, host, job->net.progress);
    g_propagate_prefixed_error(error, g_steal_pointer(&local), "%s: ", name);
    return FALSE;
}

gboolean media_suite_fetch(media_suite *suite, struct media_job *job, GError **error)
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
static char *obtain_index(struct media_job *job, const media_suite *suite, const char *path,
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

char *media_suite_index(const media_suite *suite, struct media_job *job, const char *component,
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

char *media_suite_url(const media_suite *suite, const char *filename)
{
    g_autofree char *escaped = g_uri_escape_string(filename, "/+~:", FALSE);
    return g_strdup_printf("%s/%s", suite->mirror, escaped);
}
