/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/descriptor.h"

#include "base/error.h"
#include "base/text.h"

#include <limits.h>
#include <string.h>

static gboolean descriptor_wrong(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean descriptor_wrong(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s", text);
    return FALSE;
}

static gboolean check_texts(const json_t *object, const char *key, GError **error)
{
    const json_t *list = json_object_get(object, key);
    if (!json_is_array(list))
        return descriptor_wrong(error, "it has no list '%s'", key);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return descriptor_wrong(error, "'%s' has an item that is not a text", key);
    return TRUE;
}

static gboolean check_targets(const json_t *root, GError **error)
{
    const json_t *targets = json_object_get(root, "targets");
    if (!json_is_array(targets))
        return descriptor_wrong(error, "it has no list 'targets'");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *target = json_array_get(targets, i);
        if (!json_is_string(json_object_get(target, "architecture")))
            return descriptor_wrong(error, "a target has no 'architecture'");
        if (!check_texts(target, "machines", error))
            return FALSE;
    }
    return TRUE;
}

static void set_unusable(descriptor *d, const char *what, const char *word)
{
    if (!d->unusable) {
        g_autofree char *clean = text_printable(word, -1);
        d->unusable = g_strdup_printf("ingot knows no %s '%s'", what, clean);
    }
}

static const char *read_path(const json_t *object, const char *where, GError **error)
{
    const char *path = json_string_value(json_object_get(object, "filename"));
    if (!path)
        descriptor_wrong(error, "'%s' has no 'filename'", where);
    else if (!g_path_is_absolute(path) || strlen(path) >= PATH_MAX)
        descriptor_wrong(error, "the 'filename' of '%s' is not an absolute path", where);
    else
        return path;
    return NULL;
}

/* QEMU reads the format from the descriptor, so it need not be guessed from bytes; the machine's
 * copy of a qcow2 file is one again. */
static gboolean read_flash_file(descriptor *d, const json_t *mapping, const char *key,
                                struct descriptor_file *file, GError **error)
{
    const json_t *object = json_object_get(mapping, key);
    if (!json_is_object(object))
        return descriptor_wrong(error, "'mapping' has no '%s'", key);
    file->name = read_path(object, key, error);
    if (!file->name)
        return FALSE;
    file->format = json_string_value(json_object_get(object, "format"));
    if (!file->format)
        return descriptor_wrong(error, "'%s' has no 'format'", key);
    if (strcmp(file->format, "raw") != 0 && strcmp(file->format, "qcow2") != 0)
        set_unusable(d, "format", file->format);
    return TRUE;
}

/* Without a mode it is "split".  The others keep no variables apart from the code, so what an
 * installer writes into them would be lost or would change the host's file. */
static gboolean read_flash(descriptor *d, const json_t *mapping, GError **error)
{
    const json_t *member = json_object_get(mapping, "mode");
    const char *mode = member ? json_string_value(member) : "split";
    if (!mode)
        return descriptor_wrong(error, "the 'mode' of 'mapping' is not a text");
    d->flash = TRUE;
    if (strcmp(mode, "split") != 0) {
        set_unusable(d, "flash mode", mode);
        return TRUE;
    }
    return read_flash_file(d, mapping, "executable", &d->executable, error) &&
           read_flash_file(d, mapping, "nvram-template", &d->nvram_template, error);
}

static gboolean read_mapping(descriptor *d, GError **error)
{
    const json_t *mapping = json_object_get(d->root, "mapping");
    const char *device = json_string_value(json_object_get(mapping, "device"));
    if (!device)
        return descriptor_wrong(error, "it has no 'mapping' with a 'device'");
    if (strcmp(device, "flash") == 0)
        return read_flash(d, mapping, error);
    if (strcmp(device, "memory") != 0) {
        set_unusable(d, "device", device);
        return TRUE;
    }
    d->executable.name = read_path(mapping, "mapping", error);
    return d->executable.name != NULL;
}

static gboolean descriptor_read(descriptor *d, GError **error)
{
    if (!json_is_object(d->root))
        return descriptor_wrong(error, "it is not a JSON object");
    if (!check_texts(d->root, "interface-types", error) ||
        !check_texts(d->root, "features", error) || !check_targets(d->root, error) ||
        !read_mapping(d, error))
        return FALSE;
    const char *description = json_string_value(json_object_get(d->root, "description"));
    d->description = g_strdelimit(text_printable(description ? description : "", -1), "\n\t", ' ');
    /* Its variables are in a device of QEMU that machines of ingot do not have. */
    if (descriptor_has(d, "host-uefi-vars"))
        set_unusable(d, "feature", "host-uefi-vars");
    return TRUE;
}

descriptor *descriptor_parse(const char *text, gsize length, GError **error)
{
    json_error_t where;
    g_autoptr(descriptor) d = g_new0(descriptor, 1);
    d->root = json_loadb(text, length, 0, &where);
    if (!d->root) {
        g_autofree char *said = text_printable(where.text, -1);
        descriptor_wrong(error, "line %d, column %d: %s", where.line, where.column, said);
        return NULL;
    }
    return descriptor_read(d, error) ? g_steal_pointer(&d) : NULL;
}

void descriptor_free(descriptor *d)
{
    if (!d)
        return;
    json_decref(d->root);
    g_free(d->description);
    g_free(d->unusable);
    g_free(d);
}

static gboolean list_has(const descriptor *d, const char *key, const char *word)
{
    const json_t *list = json_object_get(d->root, key);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_string_value(json_array_get(list, i)), word) == 0)
            return TRUE;
    return FALSE;
}

gboolean descriptor_offers(const descriptor *d, const char *interface_type)
{
    return list_has(d, "interface-types", interface_type);
}

gboolean descriptor_has(const descriptor *d, const char *feature)
{
    return list_has(d, "features", feature);
}

static gboolean target_has(const json_t *target, const char *machine)
{
    const json_t *globs = json_object_get(target, "machines");
    for (size_t i = 0; i < json_array_size(globs); i++)
        if (g_pattern_match_simple(json_string_value(json_array_get(globs, i)), machine))
            return TRUE;
    return FALSE;
}

gboolean descriptor_is_for(const descriptor *d, const char *arch, const char *machine)
{
    const json_t *targets = json_object_get(d->root, "targets");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *target = json_array_get(targets, i);
        const char *name = json_string_value(json_object_get(target, "architecture"));
        if (strcmp(name, arch) == 0 && target_has(target, machine))
            return TRUE;
    }
    return FALSE;
}
