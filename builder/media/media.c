/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/job.h"

#include "base/error.h"
#include "base/files.h"
#include "media/archive.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void media_spec_clear(struct media_spec *spec)
{
    char **const texts[] = {
        &spec->mirror,      &spec->security_mirror, &spec->suite,      &spec->components,
        &spec->arch,        &spec->package,         &spec->url,        &spec->path,
        &spec->sha256,      &spec->keyring,         &spec->signature,  &spec->proxy,
        &spec->kernel_glob, &spec->initrd_glob,     &spec->env_kernel, &spec->env_shell};
    char ***const lists[] = {&spec->plain, &spec->packages, &spec->excluded, &spec->env_modules};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        g_clear_pointer(lists[i], g_strfreev);
}

/* ---- kernel and initrd out of the medium ---- */

struct part {
    const char *what, *glob;
    char *member; /* its path inside the medium */
    char *path;   /* in the cache */
    char sha256[DIGEST_HEX_LEN + 1];
};

static void part_clear(struct part *part)
{
    g_clear_pointer(&part->member, g_free);
    g_clear_pointer(&part->path, g_free);
}

/* Its name for people: a path in the cache means nothing to them. */
static const char *medium_name(const struct media_job *job, const char *path)
{
    const struct media_input *last =
        job->inputs->len ? g_ptr_array_index(job->inputs, job->inputs->len - 1) : NULL;
    return last && job->spec->kind != MEDIA_LOCAL ? last->name : path;
}

static void part_key(char key[DIGEST_HEX_LEN + 1], const char *medium, const struct part *part)
{
    media_key(key, "member", medium, part->glob);
}

/* The files that an earlier run extracted from the same bytes.  TRUE: they are still in the cache.
 * */
static gboolean recall_part(struct media_job *job, const char *medium, struct part *part,
                            GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    if (!*medium)
        return FALSE;
    part_key(key, medium, part);
    g_autoptr(GKeyFile) note = media_cache_note(job->cache, key);
    g_autofree char *sha256 = note ? g_key_file_get_string(note, MEDIA_NOTE, "sha256", NULL) : NULL;
    part->member = note ? g_key_file_get_string(note, MEDIA_NOTE, "member", NULL) : NULL;
    if (!part->member || !digest_is_hex(sha256))
        return FALSE;
    g_strlcpy(part->sha256, sha256, sizeof part->sha256);
    part->path = media_cache_find(job->cache, sha256, job->net.cancel, error);
    return part->path != NULL;
}

static gboolean keep_part(struct media_job *job, const char *medium, struct part *part,
                          const char *file, GError **error)
{
    char key[DIGEST_HEX_LEN + 1];
    if (!digest_file(file, part->sha256, NULL, job->net.cancel, error))
        return FALSE;
    part->path = media_cache_land(job->cache, file, part->sha256, error);
    if (!part->path || !*medium)
        return part->path != NULL;
    g_autoptr(GKeyFile) note = g_key_file_new();
    part_key(key, medium, part);
    g_key_file_set_string(note, MEDIA_NOTE, "sha256", part->sha256);
    g_key_file_set_string(note, MEDIA_NOTE, "member", part->member);
    return media_cache_save_note(job->cache, key, note, error);
}

static gboolean extract(struct media_job *job, const char *path, const char *medium,
                        struct part parts[2], GError **error)
{
    g_autofree char *kernel = g_build_filename(job->work, "kernel", NULL);
    g_autofree char *initrd = g_build_filename(job->work, "initrd", NULL);
    struct media_pick picks[] = {
        {.glob = parts[0].glob, .what = parts[0].what, .out = kernel},
        {.glob = parts[1].glob, .what = parts[1].what, .out = initrd},
    };
    progress_detail(job->net.progress, "taking kernel and initrd out of %s",
                    medium_name(job, path));
    if (!media_archive_pick(path, medium_name(job, path), media_job_format(job), picks,
                            G_N_ELEMENTS(picks), job->net.cancel, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(picks); i++) {
        part_clear(&parts[i]);
        parts[i].member = picks[i].member;
    }
    return keep_part(job, medium, &parts[0], kernel, error) &&
           keep_part(job, medium, &parts[1], initrd, error);
}

static gboolean obtain_parts(struct media_job *job, const char *path, const char *medium,
                             struct part parts[2], GError **error)
{
    g_autoptr(GError) local = NULL;
    if (recall_part(job, medium, &parts[0], &local) && recall_part(job, medium, &parts[1], &local))
        return TRUE;
    if (!local)
        return extract(job, path, medium, parts, error);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static void add_part(struct media_job *job, const struct part *part, const char *path)
{
    struct stat info;
    g_autofree char *origin = g_strdup_printf("%s in %s", part->member, path);
    guint64 size = stat(part->path, &info) == 0 ? (guint64)info.st_size : 0;
    media_job_input(job, part->what, origin, part->sha256, size);
}

static media_boot *boot_from(struct media_job *job, const char *path, const char *medium,
                             GError **error)
{
    struct part parts[] = {{.what = "kernel", .glob = job->spec->kernel_glob},
                           {.what = "initrd", .glob = job->spec->initrd_glob}};
    media_boot *boot = NULL;
    g_autofree char *name = g_strdup(medium_name(job, path));
    if (obtain_parts(job, path, medium, parts, error)) {
        add_part(job, &parts[0], name);
        add_part(job, &parts[1], name);
        boot = g_new0(media_boot, 1);
        boot->kernel = g_steal_pointer(&parts[0].path);
        boot->initrd = g_steal_pointer(&parts[1].path);
        boot->kernel_sha256 = g_strdup(parts[0].sha256);
        boot->initrd_sha256 = g_strdup(parts[1].sha256);
        boot->inputs = g_ptr_array_ref(job->inputs);
    }
    part_clear(&parts[0]);
    part_clear(&parts[1]);
    return boot;
}

/* ---- a medium that is booted as it is ---- */

/* A volume descriptor in sector 16 begins so (ECMA-119, 8.1; byte 1 is its type). */
#define ISO_OFFSET 32769
#define ISO_MAGIC  "CD001"

static gboolean check_iso(const char *path, const char *name, GError **error)
{
    char magic[sizeof ISO_MAGIC - 1] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? pread(fd, magic, sizeof magic, ISO_OFFSET) : -1;
    if (fd >= 0)
        close(fd);
    if (n == (ssize_t)sizeof magic && memcmp(magic, ISO_MAGIC, sizeof magic) == 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_MEDIA,
                    "a boot command is for ISO images and drives with one; leave it out for "
                    "archives and directories",
                    "%s is not an ISO 9660 image", name);
    return FALSE;
}

/* A drive has no digest unless one is asked for, and keys need one of what the guest gets. */
static gboolean whole_digest(struct media_job *job, const char *path,
                             char sha256[DIGEST_HEX_LEN + 1], GError **error)
{
    guint64 size = 0;
    if (*sha256)
        return TRUE;
    progress_detail(job->net.progress, "computing the digest of %s", path);
    if (!digest_file(path, sha256, &size, job->net.cancel, error))
        return FALSE;
    media_job_input(job, "medium", path, sha256, size);
    return TRUE;
}

static media_boot *boot_whole(struct media_job *job, const char *path,
                              char sha256[DIGEST_HEX_LEN + 1], GError **error)
{
    g_autofree char *name = g_strdup(medium_name(job, path));
    if (!check_iso(path, name, error) || !whole_digest(job, path, sha256, error))
        return NULL;
    media_boot *boot = g_new0(media_boot, 1);
    boot->medium = g_strdup(path);
    boot->medium_sha256 = g_strdup(sha256);
    boot->inputs = g_ptr_array_ref(job->inputs);
    return boot;
}

/* ---- the kinds ---- */

static media_boot *media_run(struct media_job *job, GError **error)
{
    char sha256[DIGEST_HEX_LEN + 1] = "";
    if (job->spec->kind == MEDIA_SYSTEM)
        return media_from_system(job, error);
    g_autofree char *path = job->spec->kind == MEDIA_PACKAGE
                                ? media_from_package(job, sha256, error)
                            : job->spec->kind == MEDIA_URL ? media_from_url(job, sha256, error)
                                                           : media_from_path(job, sha256, error);
    if (!path)
        return NULL;
    return job->spec->whole ? boot_whole(job, path, sha256, error)
                            : boot_from(job, path, sha256, error);
}

static gboolean check_spec(const struct media_spec *spec, GError **error)
{
    if (spec->kind != MEDIA_SYSTEM && !spec->whole && (!spec->kernel_glob || !spec->initrd_glob)) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, "give the paths of both inside the medium",
                        "the paths of the kernel and the initrd are not known");
        return FALSE;
    }
    if (spec->sha256 && !digest_is_hex(spec->sha256)) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, "a SHA-256 digest has 64 hexadecimal digits",
                        "“%s” is not a SHA-256 digest", spec->sha256);
        return FALSE;
    }
    if (spec->signature && !spec->keyring) {
        ingot_set_error(error, INGOT_EXIT_MEDIA, "name the keyring of the signer",
                        "there is a signature but no keyring to verify it with");
        return FALSE;
    }
    return TRUE;
}

media_boot *media_fetch_within(const struct media_spec *spec, const struct media_context *context,
                               const struct media_limits *limits, GError **error)
{
    g_auto(media_job) job = {.work_lock = -1};
    if (!check_spec(spec, error) || !media_job_init(&job, spec, context, limits, error))
        return NULL;
    media_boot *boot = media_run(&job, error);
    if (boot)
        boot->cache = g_steal_pointer(&job.cache);
    return boot;
}

media_boot *media_fetch(const struct media_spec *spec, const struct media_context *context,
                        GError **error)
{
    return media_fetch_within(spec, context, &media_limits_default, error);
}
