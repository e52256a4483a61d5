/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/qcow2.h"

#include "base/text.h"

#include <string.h>

/* qcow2.txt, "Header": offsets, all numbers big-endian. */
enum {
    AT_VERSION = 4,
    AT_BACKING_OFFSET = 8,
    AT_BACKING_SIZE = 16,
    AT_CLUSTER_BITS = 20,
    AT_SIZE = 24,
    AT_CRYPT = 32,
    AT_INCOMPATIBLE = 72,
    AT_HEADER_LENGTH = 100,
    LENGTH_2 = 72,  /* of version 2 */
    LENGTH_3 = 104, /* of version 3, at least */
    BACKING_MOST = 1023,
    CLUSTER_BITS_LEAST = 9,
    CLUSTER_BITS_MOST = 21,
};

/* "Header", bytes 72 to 79: incompatible features. */
#define BIT_CORRUPT   (1ull << 1)
#define BIT_DATA_FILE (1ull << 2)
#define BITS_KNOWN    0x1full /* dirty, corrupt, data file, compression type, extended L2 */

/* "Header extensions". */
#define EXT_BACKING_FORMAT 0xe2792acau
#define EXT_DATA_FILE      0x44415441u
#define EXT_FEATURE_NAMES  0x6803f857u
#define FEATURE_ROW        48u /* type, bit, name of 46 bytes */

struct bytes {
    const guint8 *at;
    gsize length;
};

static guint32 read_u32(struct bytes b, gsize at)
{
    guint32 value;
    memcpy(&value, b.at + at, sizeof value);
    return GUINT32_FROM_BE(value);
}

static guint64 read_u64(struct bytes b, gsize at)
{
    guint64 value;
    memcpy(&value, b.at + at, sizeof value);
    return GUINT64_FROM_BE(value);
}

/* On one line: it becomes part of a message. */
static char *printable_text(struct bytes b)
{
    gsize length = strnlen((const char *)b.at, b.length);
    return g_strdelimit(text_printable((const char *)b.at, (gssize)length), "\n\t", ' ');
}

/* "Feature name table": what the writer of the file calls a bit; may be empty. */
static char *feature_name(struct bytes table, guint bit)
{
    for (gsize at = 0; at + FEATURE_ROW <= table.length; at += FEATURE_ROW)
        if (table.at[at] == 0 && table.at[at + 1] == bit)
            return printable_text((struct bytes){table.at + at + 2, FEATURE_ROW - 2});
    return NULL;
}

static char *unknown_features(guint64 bits, struct bytes names)
{
    GString *text = g_string_new(NULL);
    for (guint bit = 0; bit < 64; bit++) {
        if (!(bits & ~BITS_KNOWN & (1ull << bit)))
            continue;
        g_autofree char *name = feature_name(names, bit);
        g_string_append_printf(text, "%sbit %u", text->len ? ", " : "", bit);
        if (name && *name)
            g_string_append_printf(text, " (%s)", name);
    }
    return g_string_free(text, text->len == 0);
}

static void read_extension(guint32 type, struct bytes data, struct qcow2_header *h,
                           struct bytes *names)
{
    if (type == EXT_BACKING_FORMAT && !h->backing_format)
        h->backing_format = printable_text(data);
    if (type == EXT_DATA_FILE) {
        h->data_file = TRUE; /* with or without its bit: who writes one means it */
        g_free(h->data_file_name);
        h->data_file_name = printable_text(data);
    }
    if (type == EXT_FEATURE_NAMES)
        *names = data;
}

/* The extensions are between the header and the end of the first cluster or the backing file's
 * name; each is padded to a multiple of 8. */
static const char *read_extensions(struct bytes b, gsize at, gsize end, struct qcow2_header *h,
                                   struct bytes *names)
{
    end = MIN(end, b.length);
    while (at + 8 <= end) {
        guint32 type = read_u32(b, at), length = read_u32(b, at + 4);
        at += 8;
        if (type == 0)
            return NULL;
        if (length > end - at)
            return "has a damaged header: an extension ends beyond it";
        read_extension(type, (struct bytes){b.at + at, length}, h, names);
        at += ((gsize)length + 7) & ~(gsize)7;
    }
    return NULL;
}

static const char *read_backing(struct bytes b, gsize cluster, struct qcow2_header *h, gsize *end)
{
    guint64 offset = read_u64(b, AT_BACKING_OFFSET);
    guint32 size = read_u32(b, AT_BACKING_SIZE);
    *end = cluster;
    if (offset == 0)
        return NULL;
    if (size == 0 || size > BACKING_MOST || offset > cluster || size > cluster - offset ||
        offset > b.length || size > b.length - offset)
        return "has a damaged header: the name of its backing file lies outside";
    struct bytes name = {b.at + offset, size};
    h->backing_file = printable_text(name);
    h->backing_plain =
        strlen(h->backing_file) == size && memcmp(h->backing_file, name.at, size) == 0;
    *end = offset;
    return NULL;
}

static const char *read_version_3(struct bytes b, gsize cluster, struct qcow2_header *h,
                                  guint64 *bits, gsize *length)
{
    if (h->version == 2)
        return NULL;
    if (b.length < LENGTH_3)
        return "is not a qcow2 image: it ends within its header";
    *bits = read_u64(b, AT_INCOMPATIBLE);
    *length = read_u32(b, AT_HEADER_LENGTH);
    return *length < LENGTH_3 || *length > cluster || *length % 8
               ? "has a damaged header: its length is impossible"
               : NULL;
}

static const char *qcow2_read_all(struct bytes b, struct qcow2_header *h)
{
    guint32 cluster_bits = read_u32(b, AT_CLUSTER_BITS);
    if (cluster_bits < CLUSTER_BITS_LEAST || cluster_bits > CLUSTER_BITS_MOST)
        return "has a damaged header: its clusters are too large";
    gsize cluster = (gsize)1 << cluster_bits, length = LENGTH_2, end = 0;
    guint64 bits = 0;
    struct bytes names = {b.at, 0};
    h->size = read_u64(b, AT_SIZE);
    h->encrypted = read_u32(b, AT_CRYPT) != 0;
    const char *why = read_version_3(b, cluster, h, &bits, &length);
    if (!why)
        why = read_backing(b, cluster, h, &end);
    if (!why)
        why = read_extensions(b, length, end, h, &names);
    h->corrupt = (bits & BIT_CORRUPT) != 0;
    h->data_file = h->data_file || (bits & BIT_DATA_FILE) != 0;
    h->unknown = unknown_features(bits, names);
    return why;
}

gboolean qcow2_begins(const guint8 *bytes, gsize length)
{
    static const guint8 magic[] = {'Q', 'F', 'I', 0xfb};
    return length >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

const char *qcow2_header_read(const guint8 *bytes, gsize length, struct qcow2_header *h)
{
    struct bytes b = {bytes, length};
    *h = (struct qcow2_header){0};
    if (length < LENGTH_2 || !qcow2_begins(bytes, length))
        return "is not a qcow2 image";
    h->version = read_u32(b, AT_VERSION);
    if (h->version != 2 && h->version != 3)
        return "is not a qcow2 image of version 2 or 3";
    return qcow2_read_all(b, h);
}

void qcow2_header_clear(struct qcow2_header *h)
{
    g_free(h->backing_file);
    g_free(h->backing_format);
    g_free(h->data_file_name);
    g_free(h->unknown);
    *h = (struct qcow2_header){0};
}
