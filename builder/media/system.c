/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/environment.h"

/* The packages that a source has chosen: one that is the medium, or those of a whole system and of
 * the environment in which they are set up. */

static void system_input(struct media_job *job, const media_package *p)
{
    media_job_input(job, p->file, p->url, p->sha256, p->size);
}

static struct media_download system_download(const media_package *p)
{
    return (struct media_download){
        .url = p->url, .name = p->file, .sha256 = p->sha256, .size = p->size};
}

char *media_from_package(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1], GError **error)
{
    g_autoptr(media_package) p = job->spec->source->package(job, error);
    if (!p)
        return NULL;
    struct media_download download = system_download(p);
    char *path = media_obtain(job, &download, NULL, error);
    g_strlcpy(sha256, p->sha256, DIGEST_HEX_LEN + 1);
    if (path)
        system_input(job, p);
    return path;
}

/* ---- a whole system ---- */

static void system_wish(GArray *wishes, const GPtrArray *packages)
{
    for (guint i = 0; i < packages->len; i++) {
        const struct media_wish wish = {.download =
                                            system_download(g_ptr_array_index(packages, i))};
        g_array_append_val(wishes, wish);
    }
}

static void system_unwish(gpointer wish)
{
    g_free(((struct media_wish *)wish)->path);
}

/* Moves the cache paths from the downloads to their packages. */
static void system_take_paths(const GPtrArray *packages, struct media_wish *wishes)
{
    for (guint i = 0; i < packages->len; i++)
        ((media_package *)g_ptr_array_index(packages, i))->path = g_steal_pointer(&wishes[i].path);
}

/* Fetches all packages of both lists. */
static gboolean system_obtain(struct media_job *job, const GPtrArray *one, const GPtrArray *other,
                              const char *what, GError **error)
{
    g_autoptr(GArray) wishes = g_array_new(FALSE, FALSE, sizeof(struct media_wish));
    g_array_set_clear_func(wishes, system_unwish);
    system_wish(wishes, one);
    if (other)
        system_wish(wishes, other);
    struct media_wish *at = (struct media_wish *)(void *)wishes->data;
    if (!media_obtain_all(job, at, wishes->len, what, error))
        return FALSE;
    system_take_paths(one, at);
    if (other)
        system_take_paths(other, at + one->len);
    return TRUE;
}

/* One line for all of them: a manifest is read by people. */
static void system_input_set(struct media_job *job, const GPtrArray *packages)
{
    guint64 size = 0;
    char hex[DIGEST_HEX_LEN + 1];
    g_autofree char *mirror = media_url_of_folder(job->spec->mirror);
    g_autoptr(digest) d = digest_new();
    for (guint i = 0; i < packages->len; i++) {
        const media_package *p = g_ptr_array_index(packages, i);
        digest_field(d, "name", p->name);
        digest_field(d, "version", p->version);
        digest_field(d, "sha256", p->sha256);
        digest_field(d, "automatic", p->automatic ? "yes" : "no");
        size += p->size;
    }
    digest_finish(d, hex);
    media_job_input(job, "packages", mirror, hex, size);
}

static media_boot *system_boot(struct media_job *job, const struct media_choice *choice,
                               GError **error)
{
    g_autoptr(media_boot) boot = g_new0(media_boot, 1);
    if (!job->spec->packages_only && !media_environment(job, choice, boot, error))
        return NULL;
    boot->inputs = g_ptr_array_ref(job->inputs);
    boot->packages = g_ptr_array_ref(choice->system);
    return g_steal_pointer(&boot);
}

static gboolean system_fetch_environment(struct media_job *job, const struct media_choice *choice,
                                         GError **error)
{
    if (!system_obtain(job, choice->kernel, choice->shell, "environment", error))
        return FALSE;
    for (guint i = 0; i < choice->kernel->len; i++)
        system_input(job, g_ptr_array_index(choice->kernel, i));
    system_input(job, g_ptr_array_index(choice->shell, 0));
    return TRUE;
}

static gboolean system_fetch(struct media_job *job, const struct media_choice *choice,
                             GError **error)
{
    if (!system_obtain(job, choice->system, NULL, "packages", error))
        return FALSE;
    system_input_set(job, choice->system);
    return job->spec->packages_only || system_fetch_environment(job, choice, error);
}

media_boot *media_from_system(struct media_job *job, GError **error)
{
    media_boot *boot = NULL;
    struct media_choice choice = {0};
    if (job->spec->source->choose(job, &choice, error) && system_fetch(job, &choice, error))
        boot = system_boot(job, &choice, error);
    media_choice_clear(&choice);
    return boot;
}
