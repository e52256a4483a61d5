/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/job.h"

#include "base/files.h"

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
