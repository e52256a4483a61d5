/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/job.h"

#include "base/files.h"
#include "media/clock.h"
#include "media/verify.h"

#include <string.h>

void media_input_free(struct media_input *input)
{
    if (!input)
        return;
    g_free(input->name);
    g_free(input->origin);
    g_free(input);
}

void media_boot_free(media_boot *boot)
{
    if (!boot)
        return;
    g_free(boot->kernel);
    g_free(boot->initrd);
    g_free(boot->kernel_sha256);
    g_free(boot->initrd_sha256);
    g_free(boot->medium);
    g_free(boot->medium_sha256);
    g_clear_pointer(&boot->inputs, g_ptr_array_unref);
    g_clear_pointer(&boot->packages, g_ptr_array_unref);
    media_cache_free(boot->cache);
    g_free(boot);
}

void media_job_input(struct media_job *job, const char *name, const char *origin,
                     const char *sha256, guint64 size)
{
    struct media_input *input = g_new0(struct media_input, 1);
    input->name = g_strdup(name);
    input->origin = strstr(origin, "://") ? media_url_shown(origin) : g_strdup(origin);
    input->size = size;
    g_strlcpy(input->sha256, sha256, sizeof input->sha256);
    g_ptr_array_add(job->inputs, input);
}

gboolean media_job_init(struct media_job *job, const struct media_spec *spec,
                        const struct media_context *context, const struct media_limits *limits,
                        GError **error)
{
    *job = (struct media_job){.spec = spec,
                              .context = context,
                              .net = {.limits = limits,
                                      .proxy = spec->proxy,
                                      .progress = context->progress,
                                      .cancel = context->cancel},
                              .work_lock = -1};
    job->inputs = g_ptr_array_new_with_free_func((GDestroyNotify)media_input_free);
    job->cache = media_cache_open(context->cache_dir, context->progress, error);
    job->work = job->cache ? media_cache_temp_dir(job->cache, &job->work_lock, error) : NULL;
    return job->work != NULL;
}

void media_job_clear(struct media_job *job)
{
    files_remove_tree(job->work);
    files_unlock(job->work_lock);
    g_free(job->work);
    g_clear_pointer(&job->inputs, g_ptr_array_unref);
    media_cache_free(job->cache);
}

const struct media_format *media_job_format(const struct media_job *job)
{
    return job->spec->source ? job->spec->source->format : NULL;
}

/* ---- for sources ---- */

const struct media_spec *media_job_spec(const media_job *job)
{
    return job->spec;
}

const struct media_context *media_job_context(const media_job *job)
{
    return job->context;
}

char *media_job_verified_text(const media_job *job, const char *file, const char *name,
                              gsize *length, GError **error)
{
    char *text = NULL;
    const struct media_signature signature = {
        .keyring = job->spec->keyring, .file = file, .name = name, .work = job->work};
    return media_verify(&signature, job->net.cancel, &text, length, error) ? text : NULL;
}

static gint64 job_host_time(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

gint64 media_job_now(const media_job *job)
{
    return media_clock_now(job->cache, job_host_time(), job->net.progress);
}

gboolean media_job_has_verified(const media_job *job, gint64 date, GError **error)
{
    return media_clock_verified(job->cache, date, job->net.cancel, error);
}

void media_job_explain_expiry(const media_job *job, gint64 now)
{
    media_clock_explain(job->cache, now, job_host_time(), job->net.progress);
}

GKeyFile *media_job_note(const media_job *job, const char *key)
{
    return media_cache_note(job->cache, key);
}

gboolean media_job_save_note(const media_job *job, const char *key, GKeyFile *note, GError **error)
{
    return media_cache_save_note(job->cache, key, note, error);
}
