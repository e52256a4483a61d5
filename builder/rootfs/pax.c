/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/pax.h"

#include "rootfs/scan.h"
#include "rootfs/xattrs.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define PAX_BLOCK   512u
#define PAX_BUFFER  (256u << 10)
#define PAX_RECORDS (512u << 10) /* bytes: libarchive refuses more than a MiB */
#define OCTAL_7     07777777u    /* the largest number in a field of 8 bytes */
#define OCTAL_11    077777777777ull

/* pax(1), "ustar Interchange Format". */
struct ustar {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
    char magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], rest[12];
};
G_STATIC_ASSERT(sizeof(struct ustar) == PAX_BLOCK);

struct pax {
    int fd;
    guint8 *buffer;
    gsize used;
    GString *records; /* of the entry at hand */
    GString *map;     /* of its extents */
};

pax *pax_new(int fd)
{
    pax *p = g_new0(pax, 1);
    *p = (pax){fd, g_malloc(PAX_BUFFER), 0, g_string_new(NULL), g_string_new(NULL)};
    return p;
}

void pax_free(pax *p)
{
    if (!p)
        return;
    g_free(p->buffer);
    g_string_free(p->records, TRUE);
    g_string_free(p->map, TRUE);
    g_free(p);
}

/* ---- bytes ---- */

gboolean pax_write_all(int fd, const void *data, gsize size)
{
    const guint8 *at = data;
    while (size) {
        GPollFD polled = {.fd = fd, .events = G_IO_OUT};
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EAGAIN)
            (void)g_poll(&polled, 1, -1);
        else if (n < 0 && errno != EINTR)
            return FALSE;
        if (n > 0) {
            at += n;
            size -= (gsize)n;
        }
    }
    return TRUE;
}

static gboolean pax_flush(pax *p, GError **error)
{
    gsize used = p->used;
    p->used = 0;
    if (pax_write_all(p->fd, p->buffer, used))
        return TRUE;
    scan_set_error(error, errno, NULL);
    return FALSE;
}

/* data NULL: zeros. */
static gboolean pax_append(pax *p, const void *data, gsize size, GError **error)
{
    const guint8 *at = data;
    while (size) {
        gsize part = MIN(size, PAX_BUFFER - p->used);
        if (at)
            memcpy(p->buffer + p->used, at, part);
        else
            memset(p->buffer + p->used, 0, part);
        at = at ? at + part : NULL;
        p->used += part;
        size -= part;
        if (p->used == PAX_BUFFER && !pax_flush(p, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean pax_pad(pax *p, guint64 size, GError **error)
{
    return pax_append(p, NULL, (PAX_BLOCK - size % PAX_BLOCK) % PAX_BLOCK, error);
}

/* ---- headers ---- */

/* "LENGTH KEYWORD=VALUE\n", where LENGTH counts its own digits. */
static void pax_record(pax *p, const char *keyword, const void *value, gsize size)
{
    gsize rest = strlen(keyword) + size + 3, length = rest + 1;
    char digits[24];
    while ((gsize)g_snprintf(digits, sizeof digits, "%zu", length) + rest != length)
        length = rest + strlen(digits);
    g_string_append_printf(p->records, "%s %s=", digits, keyword);
    g_string_append_len(p->records, value, (gssize)size);
    g_string_append_c(p->records, '\n');
}

static void pax_record_number(pax *p, const char *keyword, guint64 number)
{
    char text[24];
    g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, number);
    pax_record(p, keyword, text, strlen(text));
}

static void pax_record_text(pax *p, const char *keyword, const char *text)
{
    pax_record(p, keyword, text, strlen(text));
}

/* A number that does not fit becomes a record; its field is 0 then. */
static void pax_number(pax *p, char *field, gsize size, guint64 number, const char *keyword)
{
    guint64 most = size == 8 ? OCTAL_7 : OCTAL_11;
    if (number > most) {
        pax_record_number(p, keyword, number);
        number = 0;
    }
    g_snprintf(field, size, "%0*" G_GINT64_MODIFIER "o", (int)size - 1, number);
}

/* A text that does not fit becomes a record, and what there is space for is in its field. */
static void pax_text(pax *p, char *field, gsize size, const char *text, const char *keyword)
{
    gsize length = strlen(text);
    if (length > size)
        pax_record(p, keyword, text, length);
    memcpy(field, text, MIN(length, size));
}

/* Readers disagree about the fraction of a time before 1970, so that is left out. */
static void pax_time(pax *p, char *field, const struct timespec *time)
{
    gboolean plain = time->tv_sec >= 0 && (guint64)time->tv_sec <= OCTAL_11;
    pax_number(p, field, 12, plain ? (guint64)time->tv_sec : 0, "mtime");
    if (plain && time->tv_nsec == 0)
        return;
    g_autofree char *text =
        time->tv_sec < 0
            ? g_strdup_printf("%" G_GINT64_FORMAT, (gint64)time->tv_sec)
            : g_strdup_printf("%" G_GINT64_FORMAT ".%09ld", (gint64)time->tv_sec, time->tv_nsec);
    pax_record_text(p, "mtime", text);
}

static char pax_type(const struct pax_entry *e)
{
    static const struct {
        mode_t mode;
        char type;
    } types[] = {{S_IFREG, '0'}, {S_IFLNK, '2'}, {S_IFCHR, '3'},
                 {S_IFBLK, '4'}, {S_IFDIR, '5'}, {S_IFIFO, '6'}};
    for (gsize i = 0; i < G_N_ELEMENTS(types) && !e->hard; i++)
        if ((e->st.st_mode & S_IFMT) == types[i].mode)
            return types[i].type;
    return '1';
}

static void pax_records_of_xattrs(pax *p, const GPtrArray *xattrs)
{
    for (guint i = 0; xattrs && i < xattrs->len; i++) {
        const struct xattr *x = g_ptr_array_index(xattrs, i);
        g_autofree char *keyword = g_strconcat("SCHILY.xattr.", x->name, NULL);
        gsize size;
        const void *value = g_bytes_get_data(x->value, &size);
        pax_record(p, keyword, value, size);
    }
}

/* GNU tar's format 1.0 of sparse files: tar's manual, "Storing Sparse Files". */
static void pax_records_of_holes(pax *p, const struct pax_entry *e)
{
    guint64 size = (guint64)e->st.st_size;
    pax_record_text(p, "GNU.sparse.major", "1");
    pax_record_text(p, "GNU.sparse.minor", "0");
    pax_record_text(p, "GNU.sparse.name", e->path);
    pax_record_number(p, "GNU.sparse.realsize", size);
    /* The end of the file is an extent too. */
    g_string_printf(p->map, "%u\n", e->extents->len + 1);
    for (guint i = 0; i < e->extents->len; i++) {
        const struct hole_extent *x = &g_array_index(e->extents, struct hole_extent, i);
        g_string_append_printf(p->map, "%" G_GUINT64_FORMAT "\n%" G_GUINT64_FORMAT "\n", x->offset,
                               x->length);
    }
    g_string_append_printf(p->map, "%" G_GUINT64_FORMAT "\n0\n", size);
    while (p->map->len % PAX_BLOCK)
        g_string_append_c(p->map, '\0');
}

static guint64 pax_size(const pax *p, const struct pax_entry *e)
{
    guint64 size = e->hard || !S_ISREG(e->st.st_mode) ? 0 : (guint64)e->st.st_size;
    if (!size || !e->extents)
        return size;
    size = p->map->len;
    for (guint i = 0; i < e->extents->len; i++)
        size += g_array_index(e->extents, struct hole_extent, i).length;
    return size;
}

static gboolean pax_is_ascii(const char *text)
{
    return !text || g_str_is_ascii(text);
}

static void pax_fill(pax *p, struct ustar *u, const struct pax_entry *e)
{
    gboolean device = S_ISCHR(e->st.st_mode) || S_ISBLK(e->st.st_mode);
    if (!pax_is_ascii(e->path) || !pax_is_ascii(e->link))
        pax_record_text(p, "hdrcharset", "BINARY");
    pax_text(p, u->name, sizeof u->name, e->path, "path");
    pax_text(p, u->link, sizeof u->link, e->link ? e->link : "", "linkpath");
    pax_number(p, u->mode, sizeof u->mode, e->st.st_mode & 07777, NULL);
    pax_number(p, u->uid, sizeof u->uid, e->st.st_uid, "uid");
    pax_number(p, u->gid, sizeof u->gid, e->st.st_gid, "gid");
    pax_time(p, u->mtime, &e->st.st_mtim);
    if (e->extents)
        pax_records_of_holes(p, e);
    pax_number(p, u->size, sizeof u->size, pax_size(p, e), "size");
    pax_number(p, u->major, sizeof u->major, device ? major(e->st.st_rdev) : 0, "SCHILY.devmajor");
    pax_number(p, u->minor, sizeof u->minor, device ? minor(e->st.st_rdev) : 0, "SCHILY.devminor");
    pax_records_of_xattrs(p, e->xattrs);
    u->type = pax_type(e);
}

static gboolean pax_put_header(pax *p, struct ustar *u, GError **error)
{
    const guint8 *bytes = (const guint8 *)u;
    guint sum = 0;
    memcpy(u->magic, "ustar", 6);
    memcpy(u->version, "00", 2);
    memset(u->sum, ' ', sizeof u->sum);
    for (gsize i = 0; i < sizeof *u; i++)
        sum += bytes[i];
    g_snprintf(u->sum, sizeof u->sum, "%06o", sum);
    return pax_append(p, u, sizeof *u, error);
}

static gboolean pax_put_records(pax *p, GError **error)
{
    struct ustar u = {.name = "./PaxHeaders", .mode = "0000644", .type = 'x'};
    if (!p->records->len)
        return TRUE;
    if (p->records->len > PAX_RECORDS) {
        scan_set_error(error, E2BIG, NULL);
        return FALSE;
    }
    pax_number(p, u.uid, sizeof u.uid, 0, NULL);
    pax_number(p, u.gid, sizeof u.gid, 0, NULL);
    pax_number(p, u.mtime, sizeof u.mtime, 0, NULL);
    pax_number(p, u.size, sizeof u.size, p->records->len, NULL);
    return pax_put_header(p, &u, error) && pax_append(p, p->records->str, p->records->len, error) &&
           pax_pad(p, p->records->len, error);
}

gboolean pax_put(pax *p, const struct pax_entry *entry, GError **error)
{
    struct ustar u = {0};
    g_string_truncate(p->records, 0);
    g_string_truncate(p->map, 0);
    pax_fill(p, &u, entry);
    return pax_put_records(p, error) && pax_put_header(p, &u, error);
}

/* ---- data ---- */

static gboolean pax_put_extent(pax *p, int file, guint64 offset, guint64 length, GError **error)
{
    while (length) {
        gsize part = MIN(length, PAX_BUFFER - p->used);
        ssize_t n = pread(file, p->buffer + p->used, part, (off_t)offset);
        if (n < 0) {
            scan_set_error(error, errno, NULL);
            return FALSE;
        }
        if (n == 0) {
            memset(p->buffer + p->used, 0, part);
            n = (ssize_t)part;
        }
        p->used += (gsize)n;
        offset += (guint64)n;
        length -= (guint64)n;
        if (p->used == PAX_BUFFER && !pax_flush(p, error))
            return FALSE;
    }
    return TRUE;
}

gboolean pax_put_data(pax *p, const struct pax_entry *e, int file, GError **error)
{
    const struct hole_extent whole = {0, (guint64)e->st.st_size};
    const struct hole_extent *extents =
        e->extents ? (const struct hole_extent *)(gconstpointer)e->extents->data : &whole;
    if (!pax_append(p, p->map->str, p->map->len, error))
        return FALSE;
    for (guint i = 0; i < (e->extents ? e->extents->len : 1); i++)
        if (!pax_put_extent(p, file, extents[i].offset, extents[i].length, error))
            return FALSE;
    return pax_pad(p, pax_size(p, e), error);
}

gboolean pax_put_bytes(pax *p, const void *data, gsize size, GError **error)
{
    return pax_append(p, data, size, error);
}

gboolean pax_put_end(pax *p, guint64 size, GError **error)
{
    return pax_pad(p, size, error);
}

gboolean pax_finish(pax *p, GError **error)
{
    return pax_append(p, NULL, 2 * (gsize)PAX_BLOCK, error) && pax_flush(p, error);
}
