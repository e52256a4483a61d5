/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/kmod.h"

#include "base/error.h"
#include "base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define UNPACKED_MAX (128u << 20)
#define CHUNK        (64u << 10)
#define NAME_BYTES   64u  /* of a module; the kernel has 56: include/linux/moduleparam.h */
#define DEPENDS_MAX  256u /* names */

static gboolean kmod_fail(GError **error, const char *path, const char *why)
{
    g_autofree char *shown = text_printable(path, -1);
    g_autofree char *reason = text_printable(why, -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL, "cannot read the kernel module %s: %s", shown,
                    reason);
    return FALSE;
}

/* ---- names ---- */

static const char *const endings[] = {".ko", ".ko.xz", ".ko.zst", ".ko.gz"};

char *media_kmod_fold(const char *name)
{
    return g_strdelimit(g_strdup(name), "-", '_');
}

char *media_kmod_name(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++) {
        gsize length = strlen(base), ending = strlen(endings[i]);
        if (length <= ending || !g_str_has_suffix(base, endings[i]))
            continue;
        base[length - ending] = '\0';
        return media_kmod_fold(base);
    }
    return NULL;
}

/* ---- compression ---- */

static GBytes *kmod_read_all(struct archive *a, const char *path, GError **error)
{
    struct archive_entry *entry;
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree guint8 *chunk = g_malloc(CHUNK);
    la_ssize_t n = archive_read_next_header(a, &entry) < ARCHIVE_WARN ? -1 : 0;
    while (n >= 0 && (n = archive_read_data(a, chunk, CHUNK)) > 0) {
        g_byte_array_append(out, chunk, (guint)n);
        if (out->len > UNPACKED_MAX) {
            kmod_fail(error, path, "it unpacks to more than 128 MiB");
            return NULL;
        }
    }
    if (n == 0)
        return g_byte_array_free_to_bytes(g_steal_pointer(&out));
    kmod_fail(error, path,
              archive_error_string(a) ? archive_error_string(a) : "it cannot be unpacked");
    return NULL;
}

GBytes *media_kmod_unpack(const char *path, GBytes *packed, GError **error)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(packed, &size);
    if (g_str_has_suffix(path, ".ko"))
        return g_bytes_ref(packed);
    struct archive *a = archive_read_new();
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_gzip(a);
    archive_read_support_format_raw(a);
    GBytes *elf = NULL;
    if (archive_read_open_memory(a, data, size) == ARCHIVE_OK)
        elf = kmod_read_all(a, path, error);
    else
        kmod_fail(error, path, "it cannot be unpacked");
    archive_read_free(a);
    return elf;
}

/* ---- ELF (elf(5)), 64 bits, little endian: what the kernels of our architectures are ---- */

enum {
    IDENT_CLASS = 4,
    IDENT_DATA = 5,
    HEADER_SIZE = 64,
    HEADER_SHOFF = 40,
    HEADER_SHENTSIZE = 58,
    HEADER_SHNUM = 60,
    HEADER_SHSTRNDX = 62,
    SECTION_SIZE = 64,
    SECTION_TYPE = 4,
    SECTION_OFFSET = 24,
    SECTION_LENGTH = 32,
    SECTION_NOBITS = 8, /* a type: it has no bytes in the file */
};

struct view {
    const guint8 *data;
    gsize size;
};

/* at + bytes must be in the view. */
static guint64 kmod_number(struct view v, gsize at, gsize bytes)
{
    guint64 value = 0;
    for (gsize i = bytes; i-- > 0;)
        value = value << 8 | v.data[at + i];
    return value;
}

static gboolean part_of(struct view v, guint64 offset, guint64 size, struct view *part)
{
    if (offset > v.size || size > v.size - offset)
        return FALSE;
    *part = (struct view){v.data + offset, (gsize)size};
    return TRUE;
}

/* The bytes of section i of the table. */
static gboolean section(struct view file, struct view table, gsize i, struct view *bytes)
{
    struct view header;
    return part_of(table, (guint64)i * SECTION_SIZE, SECTION_SIZE, &header) &&
           kmod_number(header, SECTION_TYPE, 4) != SECTION_NOBITS &&
           part_of(file, kmod_number(header, SECTION_OFFSET, 8),
                   kmod_number(header, SECTION_LENGTH, 8), bytes);
}

static gboolean is_elf(struct view file)
{
    return file.size >= HEADER_SIZE && memcmp(file.data, "\177ELF", 4) == 0 &&
           file.data[IDENT_CLASS] == 2 && file.data[IDENT_DATA] == 1 &&
           kmod_number(file, HEADER_SHENTSIZE, 2) == SECTION_SIZE;
}

static gboolean find_modinfo(struct view file, struct view *found)
{
    static const char wanted[] = ".modinfo"; /* including the NUL */
    struct view table, names, name;
    gsize n = (gsize)kmod_number(file, HEADER_SHNUM, 2);
    if (!part_of(file, kmod_number(file, HEADER_SHOFF, 8), (guint64)n * SECTION_SIZE, &table) ||
        !section(file, table, (gsize)kmod_number(file, HEADER_SHSTRNDX, 2), &names))
        return FALSE;
    for (gsize i = 0; i < n; i++) {
        guint64 at = kmod_number(table, i * SECTION_SIZE, 4);
        if (part_of(names, at, sizeof wanted, &name) &&
            memcmp(name.data, wanted, sizeof wanted) == 0)
            return section(file, table, i, found);
    }
    return FALSE;
}

/* ---- "key=value", each ended by a NUL ---- */

static gboolean is_name(const char *name)
{
    gsize length = strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-");
    return length && !name[length] && length <= NAME_BYTES;
}

static gboolean kmod_add_names(GPtrArray *names, const char *list)
{
    g_auto(GStrv) parts = g_strsplit(list, ",", (gint)DEPENDS_MAX + 1);
    for (char **part = parts; *list && *part; part++) {
        if (!is_name(*part) || names->len >= DEPENDS_MAX)
            return FALSE;
        g_ptr_array_add(names, g_strdup(*part));
    }
    return TRUE;
}

static gboolean read_modinfo(struct view modinfo, GPtrArray *names)
{
    static const char key[] = "depends=";
    const gsize length = sizeof key - 1;
    struct view rest = modinfo;
    while (rest.size) {
        const guint8 *end = memchr(rest.data, '\0', rest.size);
        gsize n = end ? (gsize)(end - rest.data) : rest.size;
        if (n >= length && memcmp(rest.data, key, length) == 0) {
            g_autofree char *list = g_strndup((const char *)rest.data + length, n - length);
            if (!kmod_add_names(names, list))
                return FALSE;
        }
        n += end ? 1 : 0;
        rest = (struct view){rest.data + n, rest.size - n};
    }
    return TRUE;
}

char **media_kmod_depends(const char *path, GBytes *elf, GError **error)
{
    struct view file, modinfo;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    file.data = g_bytes_get_data(elf, &file.size);
    const char *why = NULL;
    if (!is_elf(file))
        why = "it is not a 64-bit little-endian ELF file";
    else if (!find_modinfo(file, &modinfo))
        why = "it has no section .modinfo";
    else if (!read_modinfo(modinfo, names))
        why = "its dependencies are not names of modules";
    if (why) {
        kmod_fail(error, path, why);
        return NULL;
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
