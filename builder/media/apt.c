/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/job.h"

#include "base/error.h"
#include "media/release.h"
#include "media/verify.h"

#include <string.h>

/* A package of a Debian archive (wiki.debian.org/DebianRepository/Format): the signed InRelease
 * names the digests of the Packages files, these name the digest of the .deb. */

#define INRELEASE_MAX (64u << 20)

struct apt {
    char *mirror; /* without a slash at its end */
    const char *suite, *component, *arch, *package;
    media_release *release;
};

/* ---- the recipe's words, before they become parts of URLs ---- */

static gboolean check_word(const char *what, const char *word, const char *more, GError **error)
{
    gboolean good = word && g_ascii_isalnum(*word) && media_path_is_safe(word);
    for (const char *c = word; good && *c; c++)
        good = g_ascii_isalnum(*c) || strchr(more, *c);
    if (!good)
        ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "“%s” is no %s of a Debian archive",
                        word ? word : "", what);
    return good;
}

static gboolean prepare(const struct media_spec *spec, struct apt *a, GError **error)
{
    a->suite = spec->suite;
    a->component = spec->component ? spec->component : "main";
    a->arch = spec->arch;
    a->package = spec->package;
    if (!spec->mirror || !spec->keyring) {
        ingot_set_error(error, INGOT_EXIT_MEDIA,
                        spec->mirror ? "name the keyring of the archive"
                                     : "give one with --mirror, INGOT_MIRROR or mirror: in the "
                                       "recipe",
                        "there is no %s to take %s from", spec->mirror ? "keyring" : "mirror",
                        spec->package ? spec->package : "packages");
        return FALSE;
    }
    if (!check_word("suite", a->suite, "-._+~/", error) ||
        !check_word("component", a->component, "-._+~/", error) ||
        !check_word("architecture", a->arch, "-", error) ||
        !check_word("package", a->package, "-.+", error))
        return FALSE;
    a->mirror = g_strdup(spec->mirror);
    for (gsize n = strlen(a->mirror); n && a->mirror[n - 1] == '/'; n--)
        a->mirror[n - 1] = '\0';
    return TRUE;
}

/* ---- InRelease ---- */

static gboolean check_release(struct media_job *job, const char *file, gpointer data,
                              GError **error)
{
    struct apt *a = data;
    gsize length = 0;
    g_autofree char *text = NULL;
    g_autofree char *mirror = media_url_shown(a->mirror);
    g_autofree char *name = g_strdup_printf("InRelease of %s from %s", a->suite, mirror);
    struct media_signature signature = {
        .keyring = job->spec->keyring, .file = file, .name = name, .work = job->work};
    if (!media_verify(&signature, job->net.cancel, &text, &length, error))
        return FALSE;
    g_clear_pointer(&a->release, media_release_free);
    a->release =
        media_release_parse(text, length, a->suite, g_get_real_time() / G_USEC_PER_SEC, error);
    if (!a->release)
        g_prefix_error(error, "%s: ", name);
    return a->release != NULL;
}

static gboolean fetch_release(struct media_job *job, struct apt *a, GError **error)
{
    guint64 size = 0;
    char sha256[DIGEST_HEX_LEN + 1];
    g_autofree char *url = g_strdup_printf("%s/dists/%s/InRelease", a->mirror, a->suite);
    struct media_download d = {.url = url, .name = "InRelease", .max_size = INRELEASE_MAX};
    g_autofree char *path = media_obtain_checked(job, &d, check_release, a, sha256, &size, error);
    if (!path)
        return FALSE;
    media_job_input(job, "InRelease", url, sha256, size);
    return TRUE;
}

/* ---- Packages ---- */

/* By its digest first: that name never gets other content while a mirror is being updated. */
static char *obtain_index(struct media_job *job, const struct apt *a, const char *path,
                          const struct media_index *index, gboolean *absent, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *url = g_strdup_printf("%s/dists/%s/%s", a->mirror, a->suite, path);
    g_autofree char *by_hash = g_strdup_printf("%s/dists/%s/%s/by-hash/SHA256/%s", a->mirror,
                                               a->suite, folder, index->sha256);
    struct media_download d = {.url = a->release->by_hash ? by_hash : url,
                               .name = name,
                               .sha256 = index->sha256,
                               .size = index->size};
    g_autoptr(GError) local = NULL;
    char *file = media_obtain(job, &d, absent, &local);
    if (!file && *absent && a->release->by_hash) {
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

static gboolean look_up(struct media_job *job, const struct apt *a, const char *file,
                        const struct media_index *index, media_package *package, GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    media_key(key, "package", index->sha256, a->package, a->arch);
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
    progress_detail(job->net.progress, "looking for %s in %s", a->package, file);
    if (!media_packages_find(file, a->package, a->arch, job->net.cancel, package, error))
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

/* The package in the index of one architecture, in the best form that the mirror has.  FALSE with
 * *error unset: the archive has no such index. */
static gboolean search_index(struct media_job *job, const struct apt *a, const char *arch,
                             media_package *package, GError **error)
{
    static const char *const suffixes[] = {".xz", ".gz", ""};
    g_autoptr(GError) first = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        gboolean absent = FALSE;
        g_autoptr(GError) local = NULL;
        g_autofree char *path =
            g_strdup_printf("%s/binary-%s/Packages%s", a->component, arch, suffixes[i]);
        const struct media_index *index = g_hash_table_lookup(a->release->indices, path);
        g_autofree char *file = index ? obtain_index(job, a, path, index, &absent, &local) : NULL;
        if (file)
            return look_up(job, a, file, index, package, error);
        if (local && !first)
            first = g_steal_pointer(&local);
        if (first && !absent)
            break;
    }
    if (first)
        g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

/* Packages of architecture "all" may have an index of their own. */
static gboolean find_package(struct media_job *job, const struct apt *a, media_package *package,
                             GError **error)
{
    const char *const arches[] = {a->arch, "all"};
    for (gsize i = 0; i < G_N_ELEMENTS(arches); i++) {
        g_autoptr(GError) local = NULL;
        if (search_index(job, a, arches[i], package, &local) && package->filename)
            return TRUE;
        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
    }
    g_autofree char *mirror = media_url_shown(a->mirror);
    ingot_set_error(error, INGOT_EXIT_MEDIA, "check the package, the suite and the component",
                    "suite %s, component %s of %s has no package %s for %s", a->suite, a->component,
                    mirror, a->package, a->arch);
    return FALSE;
}

/* ---- the .deb ---- */

static char *fetch_deb(struct media_job *job, const struct apt *a, const media_package *package,
                       GError **error)
{
    g_autofree char *name = g_path_get_basename(package->filename);
    g_autofree char *escaped = g_uri_escape_string(package->filename, "/+~:", FALSE);
    g_autofree char *url = g_strdup_printf("%s/%s", a->mirror, escaped);
    struct media_download d = {
        .url = url, .name = name, .sha256 = package->sha256, .size = package->size};
    char *path = media_obtain(job, &d, NULL, error);
    if (path)
        media_job_input(job, name, url, package->sha256, package->size);
    return path;
}

char *media_from_apt(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1], GError **error)
{
    struct apt a = {0};
    char *path = NULL;
    g_auto(media_package) package = {0};
    if (prepare(job->spec, &a, error) && fetch_release(job, &a, error) &&
        find_package(job, &a, &package, error))
        path = fetch_deb(job, &a, &package, error);
    g_strlcpy(sha256, package.sha256, DIGEST_HEX_LEN + 1);
    media_release_free(a.release);
    g_free(a.mirror);
    return path;
}
