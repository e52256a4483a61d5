/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/source.h"

#include "base/error.h"
#include "base/text.h"

void media_package_free(media_package *package)
{
    if (!package)
        return;
    g_free(package->name);
    g_free(package->version);
    g_free(package->arch);
    g_free(package->file);
    g_free(package->url);
    g_free(package->path);
    g_free(package);
}

void media_choice_clear(struct media_choice *choice)
{
    g_clear_pointer(&choice->system, g_ptr_array_unref);
    g_clear_pointer(&choice->kernel, g_ptr_array_unref);
    g_clear_pointer(&choice->shell, g_ptr_array_unref);
}

gboolean media_package_refuse(const char *path, const char *why, GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name = text_printable(base, -1);
    g_autofree char *shown = text_printable(why ? why : "it is damaged", -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "the package %s cannot be unpacked: %s", name,
                    shown);
    return FALSE;
}
