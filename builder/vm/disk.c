/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/vm.h"

#include "base/error.h"
#include "base/spawn.h"

#include <string.h>

/* In the options of qemu-img(1) too a comma is written twice. */
static char *backing_option(const char *backing)
{
    GString *text = g_string_new(backing);
    g_string_replace(text, ",", ",,", 0);
    g_string_prepend(text, "backing_fmt=qcow2,backing_file=");
    return g_string_free(text, FALSE);
}

/* A relative path would be read from where the overlay is, not from here. */
static char *absolute(const char *path)
{
    return g_canonicalize_filename(path, NULL);
}

gboolean vm_disk_create(const char *path, guint64 size, const char *backing, GCancellable *cancel,
                        GError **error)
{
    const struct spawn_options options = {.cancel = cancel};
    g_autofree char *target = absolute(path);
    g_autofree char *base = backing ? absolute(backing) : NULL;
    g_autofree char *option = base ? backing_option(base) : NULL;
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, size);
    if (!base && (size == 0 || size > G_MAXINT64)) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s cannot be a disk of %s bytes", path,
                        bytes);
        return FALSE;
    }
    const char *empty[] = {"qemu-img", "create", "-q", "-f", "qcow2", target, bytes, NULL};
    const char *overlay[] = {"qemu-img", "create", "-q", "-f", "qcow2", "-o", option, target, NULL};
    return spawn_run(base ? overlay : empty, &options, NULL, error);
}
