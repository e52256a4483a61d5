/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/image.h"

#include "output/output.h"

#include <sys/utsname.h>

/* The format that its name alone speaks of, when that is not the one that is taken for granted. */
static const output_format *another_by_name(const char *path)
{
    for (const output_format *const *format = output_formats(); *format; format++) {
        g_autofree char *extension = g_strconcat(".", (*format)->name, NULL);
        if (g_str_has_suffix(path, extension) && g_strcmp0((*format)->driver, VM_DISK_FORMAT) != 0)
            return *format;
    }
    return NULL;
}

/* What a manifest says.  A name says too little to open a file as that, and too much to open it as
 * something else. */
static const char *known_format(const char *path, GError **error)
{
    const output_format *published = output_published_format(path);
    const output_format *named = published ? NULL : another_by_name(path);
    if (published && published->driver)
        return published->driver;
    if (!named)
        return VM_DISK_FORMAT;
    g_autofree char *hint = g_strdup_printf("if it is one, add --image-format %s", named->name);
    ingot_set_error(error, INGOT_EXIT_SEAL, hint, "only its name says that %s has the format %s",
                    path, named->name);
    return NULL;
}

static gboolean check_image_format(const char *format, GError **error)
{
    if (image_can_open(format))
        return TRUE;
    g_auto(GStrv) known = image_formats();
    g_autofree char *list = g_strjoinv(" or ", known);
    g_autofree char *hint = g_strdup_printf("--image-format is %s", list);
    ingot_set_error(error, INGOT_EXIT_USAGE, hint, "unknown image format '%s'", format);
    return FALSE;
}

image_file *image_take(struct call *c, const char *path, const struct image_options *o,
                       enum image_flags flags, GError **error)
{
    g_autofree char *cache = call_cache_dir(c);
    g_autofree char *parent = g_build_filename(cache, "work", NULL);
    const char *format = !o->format                             ? known_format(path, error)
                         : check_image_format(o->format, error) ? o->format
                                                                : NULL;
    if (!format)
        return NULL;
    flags |= (o->trust_chain ? IMAGE_TRUST_CHAIN : 0) | (o->format ? IMAGE_SURE : 0);
    return image_open_as(path, format, flags, parent, error);
}

gboolean image_named(const struct call *c, GError **error)
{
    if (!c->args[0])
        ingot_set_error(error, INGOT_EXIT_USAGE, "see --help", "no image is named");
    return c->args[0] != NULL;
}

gboolean image_probe(struct call *c, gboolean *force_tcg, GError **error)
{
    struct vm_accel accel = {0};
    struct utsname host;
    g_autofree char *cache = call_cache_dir(c);
    uname(&host);
    if (!vm_accel_probe(host.machine, cache, FALSE, c->cancel, &accel, error))
        return FALSE;
    *force_tcg = !accel.kvm;
    vm_accel_clear(&accel);
    return TRUE;
}
