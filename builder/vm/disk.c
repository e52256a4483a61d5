/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/vm.h"

#include "base/error.h"
#include "base/spawn.h"

#include <string.h>

/* In the options of qemu-img(1) too a comma is written twice. */
static char *backing_option(const struct vm_backing *backing)
{
    g_autoptr(GString) name = g_string_new(backing->name);
    g_string_replace(name, ",", ",,", 0);
    return g_strdup_printf("backing_fmt=%s,backing_file=%s", backing->format, name->str);
}

/* A relative name is read from where the overlay is, not from here: so one beside it needs no more
 * than its name (unless QEMU would take that for a protocol), and any other its whole path. */
static char *backing_name(const char *overlay, const char *backing)
{
    g_autofree char *path = g_canonicalize_filename(backing, NULL);
    g_autofree char *here = g_path_get_dirname(overlay), *there = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    return strcmp(here, there) == 0 && !strchr(name, ':') ? g_steal_pointer(&name)
                                                          : g_steal_pointer(&path);
}

gboolean vm_disk_overlay(const char *path, guint64 size, const struct vm_backing *backing,
                         GCancellable *cancel, GError **error)
{
    g_autofree char *target = g_canonicalize_filename(path, NULL);
    g_autofree char *name = backing_name(target, backing->name);
    const struct vm_backing base = {name, backing->format};
    return vm_disk_create_on(path, size, &base, cancel, error);
}

gboolean vm_disk_create(const char *path, guint64 size, const char *backing, GCancellable *cancel,
                        GError **error)
{
    const struct vm_backing base = {backing, VM_DISK_FORMAT};
    return backing ? vm_disk_overlay(path, size, &base, cancel, error)
                   : vm_disk_create_on(path, size, NULL, cancel, error);
}

gboolean vm_disk_rebase(const char *overlay, const struct vm_backing *base, GCancellable *cancel,
                        GError **error)
{
    const struct spawn_options options = {.cancel = cancel};
    const char *const argv[] = {"qemu-img", "rebase",     "-q", "-u",       "-f",    VM_DISK_FORMAT,
                                "-F",       base->format, "-b", base->name, overlay, NULL};
    return spawn_run(argv, &options, NULL, error);
}

gboolean vm_disk_create_on(const char *path, guint64 size, const struct vm_backing *base,
                           GCancellable *cancel, GError **error)
{
    const struct spawn_options options = {.cancel = cancel};
    g_autofree char *target = g_canonicalize_filename(path, NULL);
    g_autofree char *option = base ? backing_option(base) : NULL;
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, size);
    if (!base && (size == 0 || size > G_MAXINT64)) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s cannot be a disk of %s bytes", path,
                        bytes);
        return FALSE;
    }
    const char *empty[] = {"qemu-img", "create", "-q", "-f", VM_DISK_FORMAT, target, bytes, NULL};
    const char *overlay[] = {"qemu-img",          "create", "-q",   "-f",
                             VM_DISK_FORMAT,      "-o",     option, target,
                             size ? bytes : NULL, NULL};
    return spawn_run(base ? overlay : empty, &options, NULL, error);
}
