/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/job.h"

#include "base/error.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The header of a bzImage: Documentation/arch/x86/boot.rst of Linux, "The Real-Mode Kernel Header".
 */
#define SECTOR         512u
#define SETUP_SECTS    0x1F1
#define MAGIC          0x202 /* "HdrS" */
#define KERNEL_VERSION 0x20E /* 2 bytes: offset of the version, less 0x200 */
#define HEADER_END     0x210
#define SETUP_MAX      (256 * SECTOR)

/* What `uname -r` will print in the guest; NULL: the image does not tell.  The caller owns it. */
static char *kernel_version(const char *path)
{
    g_autofree char *setup = g_malloc(SETUP_MAX + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? pread(fd, setup, SETUP_MAX, 0) : -1;
    if (fd >= 0)
        close(fd);
    if (n < HEADER_END || memcmp(setup + MAGIC, "HdrS", 4) != 0)
        return NULL;
    const guint8 *bytes = (const guint8 *)setup;
    gsize at = (gsize)bytes[KERNEL_VERSION] | (gsize)bytes[KERNEL_VERSION + 1] << 8;
    gsize end = bytes[SETUP_SECTS] * SECTOR;
    if (at == 0 || at >= end || at + SECTOR >= (gsize)n)
        return NULL;
    setup[n] = '\0';
    const char *text = setup + at + SECTOR;
    gsize length = strcspn(text, " ");
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isgraph(text[i]))
            return NULL;
    return length ? g_strndup(text, length) : NULL;
}

/* ---- the archive ---- */

/* One try: the installer checks again later. */
static gboolean list_kernels(const struct media_modules *modules,
                             const struct media_context *context, GPtrArray *versions,
                             GError **error)
{
    const struct media_spec archive = {.source = modules->source,
                                       .mirror = (char *)modules->mirror,
                                       .suite = (char *)modules->suite,
                                       .components = (char *)modules->component,
                                       .arch = (char *)modules->arch,
                                       .keyring = (char *)modules->keyring,
                                       .proxy = (char *)modules->proxy};
    struct media_limits once = media_limits_default;
    g_auto(media_job) job = {.work_lock = -1};
    once.attempts = 1;
    return media_job_init(&job, &archive, context, &once, error) &&
           modules->source->kernels(&job, versions, error);
}

/* ---- both ---- */

static gboolean compare_kernels(const struct media_modules *modules, const char *version,
                                GPtrArray *versions, GError **error)
{
    if (g_ptr_array_find_with_equal_func(versions, version, g_str_equal, NULL))
        return TRUE;
    gboolean none = versions->len == 0;
    g_ptr_array_add(versions, NULL);
    g_autofree char *others = g_strjoinv(" ", (char **)versions->pdata);
    g_autofree char *mirror = media_url_shown(modules->mirror);
    ingot_set_error(error, INGOT_EXIT_MEDIA, modules->remedy,
                    "%s of %s has no modules for the installer's kernel %s, %s%s", modules->suite,
                    mirror, version, none ? "nor for any other" : "only for ", others);
    return FALSE;
}

gboolean media_check_modules(const struct media_modules *modules, const char *kernel,
                             const struct media_context *context, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GPtrArray) versions = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *version =
        modules->source && modules->mirror && modules->component ? kernel_version(kernel) : NULL;
    if (!version)
        return TRUE;
    progress_detail(context->progress, "looking for modules of the kernel %s", version);
    if (list_kernels(modules, context, versions, &local))
        return compare_kernels(modules, version, versions, error);
    if (g_cancellable_set_error_if_cancelled(context->cancel, error))
        return FALSE;
    progress_detail(context->progress, "cannot find out whether the archive has them: %s",
                    local ? local->message : "it has no such index");
    return TRUE;
}
