/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seed/seed.h"

#include "base/error.h"
#include "base/files.h"
#include "seed/names.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define LABEL_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
#define LABEL_LONGEST 16u
/* Of all files and of the volume: 1980-01-01, which every reader takes for a date. */
#define MADE 315532800

static struct archive_entry *entry_new(const char *path, guint type, guint mode)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, path);
    archive_entry_set_filetype(e, type);
    archive_entry_set_perm(e, mode);
    archive_entry_set_atime(e, MADE, 0);
    archive_entry_set_ctime(e, MADE, 0);
    archive_entry_set_birthtime(e, MADE, 0);
    archive_entry_set_mtime(e, MADE, 0);
    return e;
}

static gboolean add_directory(struct archive *a, const char *path)
{
    struct archive_entry *e = entry_new(path, AE_IFDIR, 0755);
    gboolean good = archive_write_header(a, e) == ARCHIVE_OK;
    archive_entry_free(e);
    return good;
}

/* The directories of a path, the outer ones first, each once. */
static gboolean add_parents(struct archive *a, const char *path, GHashTable *made)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *parent = g_strndup(path, (gsize)(slash - path));
        if (g_hash_table_contains(made, parent))
            continue;
        if (!add_directory(a, parent))
            return FALSE;
        g_hash_table_add(made, g_steal_pointer(&parent));
    }
    return TRUE;
}

static gboolean iso_add_file(struct archive *a, const struct media_file *file)
{
    gsize size;
    const void *data = g_bytes_get_data(file->data, &size);
    struct archive_entry *e = entry_new(file->path, AE_IFREG, file->mode);
    archive_entry_set_size(e, (la_int64_t)size);
    gboolean good = archive_write_header(a, e) == ARCHIVE_OK &&
                    (size == 0 || archive_write_data(a, data, size) == (la_ssize_t)size);
    archive_entry_free(e);
    return good;
}

static gint iso_by_path(gconstpointer a, gconstpointer b)
{
    const struct media_file *x = *(const struct media_file *const *)a;
    const struct media_file *y = *(const struct media_file *const *)b;
    return strcmp(x->path, y->path);
}

static gboolean iso_add_all(struct archive *a, const struct media_file *files, gsize n)
{
    g_autoptr(GHashTable) made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (gsize i = 0; i < n; i++)
        g_ptr_array_add(sorted, (gpointer)&files[i]);
    g_ptr_array_sort(sorted, iso_by_path);
    for (gsize i = 0; i < n; i++) {
        const struct media_file *file = g_ptr_array_index(sorted, i);
        if (!add_parents(a, file->path, made) || !iso_add_file(a, file))
            return FALSE;
    }
    return TRUE;
}

static la_ssize_t iso_collect(struct archive *a, void *image, const void *data, size_t length)
{
    (void)a;
    g_byte_array_append(image, data, (guint)length);
    return (la_ssize_t)length;
}

static gboolean make_image(struct archive *a, const char *label, const struct media_file *files,
                           gsize n, GByteArray *image)
{
    return archive_write_set_format_iso9660(a) == ARCHIVE_OK &&
           archive_write_set_options(a, "iso9660:rockridge=useful,iso9660:joliet=1,"
                                        "iso9660:iso-level=3,iso9660:zisofs=0") == ARCHIVE_OK &&
           archive_write_set_format_option(a, "iso9660", "volume-id", label) == ARCHIVE_OK &&
           archive_write_open(a, image, NULL, iso_collect, NULL) == ARCHIVE_OK &&
           iso_add_all(a, files, n) && archive_write_close(a) == ARCHIVE_OK;
}

/* ---- what libarchive takes from the clock: the volume's dates and those of the root ---- */

#define SECTOR          2048
#define FIRST           16  /* sector of the first volume descriptor (ECMA-119, 6.7.1) */
#define MOST            8   /* descriptors: libarchive writes three */
#define DATES           813 /* bytes 814 to 881 of a descriptor (8.4.26 to 8.4.29) */
#define ROOT            156 /* the root's directory record in it (8.4.18) */
#define TYPE_PRIMARY    1   /* 8.1.1 */
#define TYPE_SUPPLEMENT 2
#define TYPE_END        255
#define DEEPEST         32

/* Of a directory record (9.1). */
#define RECORD_LEAST     34
#define RECORD_EXTENT    2
#define RECORD_SIZE      10
#define RECORD_DATE      18
#define RECORD_FLAGS     25
#define RECORD_DIRECTORY 2
#define RECORD_NAME_SIZE 32
#define RECORD_NAME      33

/* Creation and modification of the volume; no expiration, and no date from which it counts. */
static const char dates[] = "1980010100000000\0"
                            "1980010100000000\0"
                            "0000000000000000\0"
                            "0000000000000000";
/* The same in a directory record (9.1.5). */
static const guchar date[7] = {80, 1, 1, 0, 0, 0, 0};

struct image {
    guchar *data;
    gsize size;
};

static guint32 iso_number(const guchar *at)
{
    return (guint32)at[0] | (guint32)at[1] << 8 | (guint32)at[2] << 16 | (guint32)at[3] << 24;
}

/* The time stamps of Rock Ridge in a record: "TF", length, version, flags, and seven bytes for each
 * (RRIP 1.12, 4.1.6). */
static void fix_record(guchar *record)
{
    guint length = record[0], name = record[RECORD_NAME_SIZE];
    memcpy(record + RECORD_DATE, date, sizeof date);
    for (guint at = RECORD_NAME + name + !(name % 2); at + 5 <= length;) {
        guint size = record[at + 2];
        if (size < 4 || at + size > length)
            return;
        for (guint stamp = 5; record[at] == 'T' && record[at + 1] == 'F' && stamp + 7 <= size;
             stamp += 7)
            memcpy(record + at + stamp, date, sizeof date);
        at += size;
    }
}

static gboolean fix_directory(const struct image *image, const guchar *of, guint depth)
{
    gsize at = (gsize)iso_number(of + RECORD_EXTENT) * SECTOR,
          end = at + iso_number(of + RECORD_SIZE);
    if (end > image->size || depth > DEEPEST)
        return FALSE;
    while (at + RECORD_LEAST <= end) {
        guchar *record = image->data + at;
        if (record[0] == 0) { /* none crosses the end of a sector */
            at = (at / SECTOR + 1) * SECTOR;
            continue;
        }
        if (record[0] < RECORD_LEAST || at + record[0] > end)
            return FALSE;
        fix_record(record);
        gboolean itself = record[RECORD_NAME_SIZE] == 1 && record[RECORD_NAME] <= 1; /* or parent */
        if ((record[RECORD_FLAGS] & RECORD_DIRECTORY) && !itself &&
            !fix_directory(image, record, depth + 1))
            return FALSE;
        at += record[0];
    }
    return TRUE;
}

/* After the descriptors, libarchive writes in words how and when it made the image. */
static void wipe_note(const struct image *image, gsize sector)
{
    guchar *note = image->data + sector * SECTOR;
    if ((sector + 1) * SECTOR <= image->size && memcmp(note, "INFO ", 5) == 0)
        memset(note, 0, SECTOR);
}

static gboolean fix_dates(const struct image *image)
{
    for (gsize i = FIRST; i < FIRST + MOST && (i + 1) * SECTOR <= image->size; i++) {
        guchar *volume = image->data + i * SECTOR;
        if (volume[0] == TYPE_END) {
            wipe_note(image, i + 1);
            return TRUE;
        }
        if (volume[0] != TYPE_PRIMARY && volume[0] != TYPE_SUPPLEMENT)
            continue;
        memcpy(volume + DATES, dates, sizeof dates);
        memcpy(volume + ROOT + RECORD_DATE, date, sizeof date);
        if (!fix_directory(image, volume + ROOT, 0))
            return FALSE;
    }
    return FALSE;
}

static gboolean check_label(const char *label, GError **error)
{
    gsize length = strlen(label);
    if (length && length <= LABEL_LONGEST && strspn(label, LABEL_LETTERS) == length)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, "A-Z, 0-9 and '_', at most 16 of them",
                    "“%s” is not a valid label for a medium", label);
    return FALSE;
}

gboolean seed_iso_write(const char *path, const char *label, const struct media_file *files,
                        gsize n, GError **error)
{
    if (!check_label(label, error) || !seed_check_names(files, n, error))
        return FALSE;
    g_autoptr(GByteArray) data = g_byte_array_new();
    struct archive *a = archive_write_new();
    gboolean good = make_image(a, label, files, n, data);
    const struct image image = {data->data, data->len};
    if (!good || !fix_dates(&image)) {
        const char *why = archive_error_string(a);
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot make the seed medium %s: %s", path,
                        why ? why : "its directories are not as expected");
        good = FALSE;
    }
    archive_write_free(a);
    return good && files_write_atomic(path, data->data, (gssize)data->len, 0600, error);
}
