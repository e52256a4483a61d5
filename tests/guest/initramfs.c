/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

/* Drivers that the tests need and that a distribution's kernel may have as modules. */
static const char *const wanted[] = {"virtio_pci",   "virtio_blk",  "virtio_net",
                                     "pvpanic-mmio", "pvpanic-pci", NULL};

static void add(struct archive *cpio, const char *path, unsigned type, unsigned mode,
                const void *data, gsize length)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, type);
    archive_entry_set_perm(entry, (mode_t)mode);
    archive_entry_set_nlink(entry, 1);
    archive_entry_set_size(entry, (la_int64_t)length);
    archive_write_header(cpio, entry);
    if (length)
        archive_write_data(cpio, data, length);
    archive_entry_free(entry);
}

static gboolean add_file(struct archive *cpio, const char *path, const char *from)
{
    g_autofree char *data = NULL;
    gsize length = 0;
    if (!g_file_get_contents(from, &data, &length, NULL))
        return FALSE;
    add(cpio, path, AE_IFREG, 0755, data, length);
    return TRUE;
}

/* A module as the kernel takes it: a file that is compressed is unpacked. */
static GByteArray *read_module(const char *path)
{
    GByteArray *data = g_byte_array_new();
    struct archive *file = archive_read_new();
    struct archive_entry *entry;
    char chunk[65536];
    la_ssize_t n;
    archive_read_support_filter_all(file);
    archive_read_support_format_raw(file);
    if (archive_read_open_filename(file, path, sizeof chunk) == ARCHIVE_OK &&
        archive_read_next_header(file, &entry) == ARCHIVE_OK)
        while ((n = archive_read_data(file, chunk, sizeof chunk)) > 0)
            g_byte_array_append(data, (const guint8 *)chunk, (guint)n);
    archive_read_free(file);
    return data;
}

/* modules.dep (depmod(8)): "FILE: FILE…", what is needed from right to left. */
static char **dependencies(char **lines, const char *name)
{
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) pair = g_strsplit(*line, ":", 2);
        if (!pair[0] || !pair[1])
            continue;
        g_autofree char *base = g_path_get_basename(pair[0]);
        base[strcspn(base, ".")] = '\0';
        g_strdelimit(base, "-", '_');
        g_autofree char *want = g_strdelimit(g_strdup(name), "-", '_');
        if (strcmp(base, want) == 0) {
            g_autofree char *all = g_strconcat(pair[0], " ", pair[1], NULL);
            return g_strsplit_set(g_strstrip(all), " ", -1);
        }
    }
    return NULL;
}

static void add_module(struct archive *cpio, const char *root, const char *file, GString *order)
{
    g_autofree char *base = g_path_get_basename(file);
    g_autofree char *line = g_strconcat(base, "\n", NULL);
    if (strstr(order->str, line))
        return;
    g_autofree char *from = g_build_filename(root, file, NULL);
    g_autofree char *to = g_strconcat("modules/", base, NULL);
    GByteArray *data = read_module(from);
    add(cpio, to, AE_IFREG, 0644, data->data, data->len);
    g_byte_array_unref(data);
    g_string_append(order, line);
}

/* What is built into the kernel is not in modules.dep, and is not missed. */
static void add_modules(struct archive *cpio, const char *root)
{
    g_autofree char *path = g_build_filename(root, "modules.dep", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GString) order = g_string_new(NULL);
    if (!g_file_get_contents(path, &text, NULL, NULL))
        text = g_strdup("");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (const char *const *name = wanted; *name; name++) {
        g_auto(GStrv) files = dependencies(lines, *name);
        for (guint i = files ? g_strv_length(files) : 0; i-- > 0;)
            if (*files[i])
                add_module(cpio, root, files[i], order);
    }
    add(cpio, "modules/order", AE_IFREG, 0644, order->str, order->len);
}

gboolean initramfs_write(const char *out, const char *busybox, const char *init,
                         const char *modules)
{
    static const char *const directories[] = {"bin", "dev", "proc", "sys", "modules", NULL};
    struct archive *cpio = archive_write_new();
    archive_write_set_format_cpio_newc(cpio);
    gboolean good = archive_write_open_filename(cpio, out) == ARCHIVE_OK;
    for (const char *const *d = directories; *d; d++)
        add(cpio, *d, AE_IFDIR, 0755, NULL, 0);
    good = add_file(cpio, "bin/busybox", busybox) && add_file(cpio, "init", init) && good;
    add_modules(cpio, modules);
    good = archive_write_close(cpio) == ARCHIVE_OK && good;
    archive_write_free(cpio);
    return good;
}
