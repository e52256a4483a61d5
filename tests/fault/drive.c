/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that the fault harness kills: drive publish|kept|load|broken FOLDER NAME TEXT.
 *
 * publish: the template NAME of TEXT; kept: the disk NAME of TEXT is made anew; load: prints what
 * is kept as NAME, or nothing; broken: what must never be done, a rename without any sync. */
#include "base/files.h"
#include "output/output.h"
#include "stages/kept.h"

#include <stdio.h>
#include <string.h>

static gboolean put(const char *folder, const char *name, const char *extension, const char *text)
{
    g_autofree char *file = g_strdup_printf("%s/%s%s", folder, name, extension);
    return g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL);
}

static gboolean drive_publish(const char *folder, const char *name, const char *text,
                              GError **error)
{
    g_autofree char *staging = output_stage(folder, name, error);
    gboolean good = staging && put(staging, name, ".qcow2", text) &&
                    put(staging, name, ".json", text) &&
                    output_publish(staging, folder, name, "qcow2", NULL, NULL, error);
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
    g_autoptr(kept) k = kept_hold(folder, "base", name, NULL, error);
    g_autoptr(GPtrArray) phases = k ? kept_make(k, make_disk, (gpointer)text, error) : NULL;
    return phases != NULL;
}

static gboolean drive_load(const char *folder, const char *name, const char *text, GError **error)
{
    (void)text;
    gint64 age;
    g_autofree char *why = NULL, *disk = NULL;
    g_autoptr(kept) k = kept_hold(folder, "base", name, NULL, error);
    g_autoptr(GPtrArray) phases = k ? kept_load(k, 1000, &age, &why) : NULL;
    if (why)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO, "%s", why);
    if (phases && g_file_get_contents(kept_disk(k), &disk, NULL, error))
        printf("%s", disk);
    return k && !why;
}

static gboolean drive_broken(const char *folder, const char *name, const char *text, GError **error)
{
    (void)error;
    g_autofree char *from = g_strdup_printf("%s/new", folder);
    g_autofree char *to = g_build_filename(folder, name, NULL);
    return put(folder, "new", "", text) && rename(from, to) == 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        gboolean (*drive)(const char *folder, const char *name, const char *text, GError **error);
    } table[] = {{"publish", drive_publish},
                 {"kept", drive_kept},
                 {"load", drive_load},
                 {"broken", drive_broken}};
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
