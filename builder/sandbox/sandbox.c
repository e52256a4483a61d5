/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/sandbox.h"

#include "base/error.h"
#include "sandbox/launch.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

GSubprocess *sandbox_start(const struct sandbox_spec *spec, GError **error)
{
    struct sandbox_request request = {
        .task = TASK_START, .spec = *spec, .socket = spec->socket >= 0};
    if (!sandbox_ids_find(spec->kind, &request.ids, error))
        return NULL;
    return launch_helper(&request, NULL, error);
}

/* ---- directories ---- */

static char *output_of(GSubprocess *child)
{
    g_autoptr(GOutputStream) all = g_memory_output_stream_new_resizable();
    (void)g_output_stream_splice(all, g_subprocess_get_stdout_pipe(child),
                                 G_OUTPUT_STREAM_SPLICE_NONE, NULL, NULL);
    (void)!g_output_stream_write(all, "", 1, NULL, NULL);
    (void)g_output_stream_close(all, NULL, NULL);
    return g_memory_output_stream_steal_data(G_MEMORY_OUTPUT_STREAM(all));
}

/* Whatever a user namespace is needed for, to its end. */
static gboolean change_directory(const char *path, enum sandbox_kind kind, enum sandbox_task task,
                                 GError **error)
{
    const char *const argv[] = {path, NULL};
    struct sandbox_request request = {.task = task,
                                      .spec = {.kind = kind, .argv = argv, .socket = -1}};
    if (!sandbox_ids_find(kind, &request.ids, error))
        return FALSE;
    g_autoptr(GSubprocess) child = launch_helper(&request, NULL, error);
    if (!child)
        return FALSE;
    g_autofree char *said = output_of(child);
    if (g_subprocess_wait_check(child, NULL, NULL))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot change %s: %s", path, g_strstrip(said));
    return FALSE;
}

gboolean sandbox_make_directory(const char *path, enum sandbox_kind kind, GError **error)
{
    if (mkdir(path, 0700) != 0) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot make %s: %s", path,
                        g_strerror(errno));
        return FALSE;
    }
    return change_directory(path, kind, TASK_OWN, error);
}

gboolean sandbox_remove_directory(const char *path, enum sandbox_kind kind, GError **error)
{
    struct stat st;
    if (lstat(path, &st) != 0 && errno == ENOENT)
        return TRUE;
    return change_directory(path, kind, TASK_REMOVE, error);
}
