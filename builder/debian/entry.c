/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debian/entry.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* Bytes without alignment: the lengths of the fields that are present, seven bits to a byte and the
 * lowest first, then what is in them.  Status is not kept. */
struct deb_entry {
    guint8 source;
    guint8 usual;      /* Filename is only the folder: the rest is usual_name */
    guint8 present[2]; /* a bit for each field */
    guint8 lengths;    /* how many bytes they take */
    guint8 bytes[];
};

G_STATIC_ASSERT(DEB_FIELDS <= 16);

#define DIGEST_BYTES (DIGEST_HEX_LEN / 2)

/* ---- fields ---- */

static gboolean is_present(const deb_entry *e, guint field)
{
    return (e->present[field / 8] >> field % 8) & 1;
}

static gsize take_length(const guint8 **at)
{
    gsize length = 0;
    guint shift = 0;
    for (; **at & 0x80; shift += 7)
        length |= (gsize)(*(*at)++ & 0x7f) << shift;
    return length | (gsize) * (*at)++ << shift;
}

static void add_length(GByteArray *bytes, gsize length)
{
    guint8 byte;
    for (; length > 0x7f; length >>= 7) {
        byte = (guint8)(0x80 | (length & 0x7f));
        g_byte_array_append(bytes, &byte, 1);
    }
    byte = (guint8)length;
    g_byte_array_append(bytes, &byte, 1);
}

struct slice entry_field(const deb_entry *entry, enum deb_field field)
{
    const guint8 *at = entry->bytes;
    const char *text = (const char *)entry->bytes + entry->lengths;
    if (!is_present(entry, field))
        return (struct slice){0};
    for (guint f = 0; f < (guint)field; f++)
        text += is_present(entry, f) ? take_length(&at) : 0;
    return (struct slice){text, take_length(&at)};
}

/* ---- storing ---- */

/* FALSE: it is no digest. */
static gboolean shorten_digest(struct slice hex, guint8 bytes[DIGEST_BYTES])
{
    for (gsize i = 0; i < hex.length; i++)
        if (!g_ascii_isxdigit(hex.text[i]))
            return FALSE;
    if (hex.length != DIGEST_HEX_LEN)
        return FALSE;
    for (gsize i = 0; i < DIGEST_BYTES; i++)
        bytes[i] = (guint8)(g_ascii_xdigit_value(hex.text[2 * i]) << 4 |
                            g_ascii_xdigit_value(hex.text[2 * i + 1]));
    return TRUE;
}

#define NAME_PARTS 6u

/* The name that a pool has for a package: NAME_VERSION_ARCH.deb, the version without its epoch. */
static void usual_name(const struct slice f[DEB_FIELDS], struct slice parts[NAME_PARTS])
{
    const struct slice line = {"_", 1}, suffix = {".deb", 4};
    struct slice version = f[DEB_FIELD_VERSION];
    const char *colon = version.length ? memchr(version.text, ':', version.length) : NULL;
    if (colon) {
        version.length -= (gsize)(colon + 1 - version.text);
        version.text = colon + 1;
    }
    const struct slice all[NAME_PARTS] = {f[DEB_FIELD_PACKAGE],      line,  version, line,
                                          f[DEB_FIELD_ARCHITECTURE], suffix};
    memcpy(parts, all, sizeof all);
}

/* Removes the usual name from the end. */
static gboolean shorten_file(const struct slice f[DEB_FIELDS], struct slice *file)
{
    struct slice parts[NAME_PARTS], left = *file;
    usual_name(f, parts);
    for (guint i = NAME_PARTS; i-- > 0;) {
        gsize n = parts[i].length;
        if (left.length < n || (n && memcmp(left.text + left.length - n, parts[i].text, n) != 0))
            return FALSE;
        left.length -= n;
    }
    if (!left.length)
        return FALSE;
    file->length = left.length;
    return TRUE;
}

static const deb_entry *store_fields(GStringChunk *store, deb_entry *head,
                                     const struct slice f[DEB_FIELDS])
{
    g_autoptr(GByteArray) bytes = g_byte_array_sized_new(512);
    for (guint i = 0; i < DEB_FIELDS; i++)
        head->present[i / 8] |= (guint8)((f[i].length ? 1u : 0u) << i % 8);
    g_byte_array_append(bytes, (const guint8 *)head, sizeof *head);
    for (guint i = 0; i < DEB_FIELDS; i++)
        if (f[i].length)
            add_length(bytes, f[i].length);
    ((deb_entry *)bytes->data)->lengths = (guint8)(bytes->len - sizeof *head);
    for (guint i = 0; i < DEB_FIELDS; i++)
        if (f[i].length)
            g_byte_array_append(bytes, (const guint8 *)f[i].text, (guint)f[i].length);
    return (const deb_entry *)g_string_chunk_insert_len(store, (const char *)bytes->data,
                                                        (gssize)bytes->len);
}

const deb_entry *entry_store(GStringChunk *store, const deb_stanza *stanza, guint8 source)
{
    guint8 bytes[DIGEST_BYTES];
    struct slice f[DEB_FIELDS];
    memcpy(f, stanza->fields, sizeof f);
    f[DEB_FIELD_STATUS].length = 0;
    f[DEB_FIELD_SHA256] = (struct slice){
        (const char *)bytes, shorten_digest(f[DEB_FIELD_SHA256], bytes) ? sizeof bytes : 0};
    deb_entry head = {.source = source,
                      .usual = shorten_file(stanza->fields, &f[DEB_FIELD_FILENAME])};
    return store_fields(store, &head, f);
}

/* ---- packages ---- */

/* "": the stanza has none. */
static void long_digest(const deb_entry *e, char hex[DIGEST_HEX_LEN + 1])
{
    const struct slice bytes = entry_field(e, DEB_FIELD_SHA256);
    *hex = '\0';
    for (gsize i = 0; i < bytes.length; i++)
        g_snprintf(hex + 2 * i, 3, "%02x", (guint8)bytes.text[i]);
}

/* The caller owns it. */
static char *long_file(const deb_entry *e)
{
    struct slice f[DEB_FIELDS], parts[NAME_PARTS];
    char *kept = slice_copy(entry_field(e, DEB_FIELD_FILENAME));
    if (!e->usual)
        return kept;
    GString *path = g_string_new(kept);
    g_free(kept);
    for (guint i = 0; i < DEB_FIELDS; i++)
        f[i] = entry_field(e, i);
    usual_name(f, parts);
    for (guint i = 0; i < NAME_PARTS; i++)
        g_string_append_len(path, parts[i].text, (gssize)parts[i].length);
    return g_string_free(path, FALSE);
}

deb_package *entry_package(const deb_entry *entry, GError **error)
{
    g_autoptr(deb_package) p = g_new0(deb_package, 1);
    g_autofree char *size = slice_copy(entry_field(entry, DEB_FIELD_SIZE));
    long_digest(entry, p->sha256);
    p->source = entry->source;
    p->name = slice_copy(entry_field(entry, DEB_FIELD_PACKAGE));
    p->version = slice_copy(entry_field(entry, DEB_FIELD_VERSION));
    p->arch = slice_copy(entry_field(entry, DEB_FIELD_ARCHITECTURE));
    p->filename = long_file(entry);
    if (deb_is_name(p->name) && deb_is_version(p->version) && deb_is_arch(p->arch) &&
        digest_is_hex(p->sha256) && deb_path_is_safe(p->filename) &&
        g_ascii_string_to_unsigned(size, 10, 1, G_MAXINT64, &p->size, NULL))
        return g_steal_pointer(&p);
    g_autofree char *shown = text_printable(p->name, -1);
    ingot_set_error(error, INGOT_EXIT_MEDIA, NULL,
                    "the Packages file has no usable name, version, file name, size and SHA-256 "
                    "for %s",
                    shown);
    return NULL;
}
