/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that the fault harness kills: drive COMMAND FOLDER NAME TEXT.
 *
 * publish: the template NAME of TEXT; kept: the disk NAME of TEXT is made anew; load: prints what
 * is kept as NAME, or nothing; replace: the image NAME gets TEXT, a byte as 0x6f and where, as
 * sysprep does it in place (without libguestfs, which only writes to the overlay); replaceable:
 * only what comes before the work; broken: what must never be done, a rename without any sync;
 * late: the same, after a sync that a child's write made worthless. */
#include "base/files.h"
#include "base/spawn.h"
#include "image/image.h"
#include "output/output.h"
#include "stages/kept.h"

#include <stdio.h>
#include <string.h>

static gboolean put(const char *folder, const char *name, const char *extension, const char *text)
{
    g_autofree char *file = g_strdup_printf("%s/%s%s", folder, name, extension);
    return g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL);
}

static gboolean add_file(GPtrArray *files, const char *staging, const char *name,
                         const char *extension, GError **error)
{
    g_autofree char *file = g_strconcat(name, extension, NULL);
    output_file *read = output_file_read(staging, file, NULL, error);
    if (read)
        g_ptr_array_add(files, read);
    return read != NULL;
}

static gboolean drive_publish(const char *folder, const char *name, const char *text,
                              GError **error)
{
    g_autofree char *staging = output_stage(folder, name, error);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)output_file_free);
    gboolean good = staging && put(staging, name, ".qcow2", text) &&
                    put(staging, name, ".json", text) &&
                    add_file(files, staging, name, ".qcow2", error) &&
                    add_file(files, staging, name, ".json", error) &&
                    output_publish(staging, folder, files, NULL, error);
    output_unstage(staging);
    return good;
}

static gboolean make_disk(const char *disk, GPtrArray *phases, gpointer text, GError **error)
{
    (void)phases;
    g_autofree char *folder = g_path_get_dirname(disk);
    (void)error;
    return put(folder, "disk", ".qcow2", text) && put(folder, "base", ".qcow2", "base");
}

static gboolean drive_kept(const char *folder, const char *name, const char *text, GError **error)
{
    g_autoptr(kept) k = kept_hold(folder, &kept_base_disk, name, NULL, error);
    g_autoptr(GPtrArray) phases = k ? kept_make(k, make_disk, (gpointer)text, error) : NULL;
    return phases != NULL;
}

static gboolean drive_load(const char *folder, const char *name, const char *text, GError **error)
{
    (void)text;
    gint64 age;
    g_autofree char *why = NULL, *disk = NULL;
    g_autoptr(kept) k = kept_hold(folder, &kept_base_disk, name, NULL, error);
    g_autoptr(GPtrArray) phases = k ? kept_load(k, 1000, &age, &why) : NULL;
    if (why)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO, "%s", why);
    if (phases && g_file_get_contents(kept_file(k), &disk, NULL, error))
        printf("%s", disk);
    return k && !why;
}

/* "0x6f 0": this byte in 64 KiB from there, and in as many a MiB further on. */
static gboolean write_bytes(const char *disk, const char *text, GError **error)
{
    guint64 at = g_ascii_strtoull(text + strcspn(text, " "), NULL, 10);
    g_autofree char *byte = g_strndup(text, strcspn(text, " "));
    g_autofree char *one = g_strdup_printf("write -P %s %" G_GUINT64_FORMAT " 64k", byte, at);
    g_autofree char *two =
        g_strdup_printf("write -P %s %" G_GUINT64_FORMAT " 64k", byte, at + (1u << 20));
    const char *const argv[] = {"qemu-io", "-f", "qcow2", "-c", one, "-c", two, disk, NULL};
    return spawn_run(argv, NULL, NULL, error);
}

static image_file *open_replaceable(const char *folder, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *scratch = g_build_filename(folder, "work", NULL);
    g_autoptr(image_file) i = image_open(path, IMAGE_LOCK, scratch, error);
    return i && image_can_replace(i, error) ? g_steal_pointer(&i) : NULL;
}

static gboolean drive_replaceable(const char *folder, const char *name, const char *text,
                                  GError **error)
{
    (void)text;
    g_autoptr(image_file) i = open_replaceable(folder, name, error);
    return i != NULL;
}

static gboolean drive_replace(const char *folder, const char *name, const char *text,
                              GError **error)
{
    g_autoptr(image_file) i = open_replaceable(folder, name, error);
    g_autofree char *overlay = i ? image_scratch(i, "overlay.qcow2") : NULL;
    return i && image_overlay(i, overlay, 0, NULL, error) && write_bytes(overlay, text, error) &&
           image_replace(i, overlay, NULL, error);
}

static gboolean drive_broken(const char *folder, const char *name, const char *text, GError **error)
{
    (void)error;
    g_autofree char *from = g_strdup_printf("%s/new", folder);
    g_autofree char *to = g_build_filename(folder, name, NULL);
    return put(folder, "new", "", text) && rename(from, to) == 0;
}

static gboolean drive_late(const char *folder, const char *name, const char *text, GError **error)
{
    g_autofree char *from = g_strdup_printf("%s/new", folder);
    g_autofree char *to = g_build_filename(folder, name, NULL);
    const char *const argv[] = {"truncate", "-s", "1M", from, NULL};
    return put(folder, "new", "", text) && files_sync(from, error) &&
           spawn_run(argv, NULL, NULL, error) && rename(from, to) == 0 &&
           files_sync_names(folder, error);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        gboolean (*drive)(const char *folder, const char *name, const char *text, GError **error);
    } table[] = {{"publish", drive_publish},
                 {"kept", drive_kept},
                 {"load", drive_load},
                 {"replace", drive_replace},
                 {"replaceable", drive_replaceable},
                 {"broken", drive_broken},
                 {"late", drive_late}};
    g_autoptr(GError) error = NULL;
    for (gsize i = 0; argc == 5 && i < G_N_ELEMENTS(table); i++) {
        if (strcmp(table[i].name, argv[1]) != 0)
            continue;
        if (table[i].drive(argv[2], argv[3], argv[4], &error))
            return 0;
        fprintf(stderr, "%s\n", error ? error->message : "failed");
        return 1;
    }
    return 2;
}
