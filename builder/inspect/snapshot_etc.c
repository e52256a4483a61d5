/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /etc as a tar stream: one call into the appliance gives types, owners, link targets and the
 * content of everything. */
#include "inspect/snapshot.h"

#include "base/digest.h"
#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define CHUNK        (256u << 10)
#define STREAM_LIMIT (256ll << 20) /* bytes; a sparse file is sent in full */
#define KEPT_LIMIT   (1u << 20)    /* bytes of a file whose contents matter */

struct tree {
    snapshot *s;
    struct archive *a;  /* borrowed */
    GHashTable *inodes; /* path to struct inode *: what hard links can point to */
    char buffer[CHUNK];
};

struct inode {
    char *value;
    char digest[DIGEST_HEX_LEN + 1];
};

static void inode_free(gpointer data)
{
    g_free(((struct inode *)data)->value);
    g_free(data);
}

/* ---- files that say something ---- */

/* Whether this is a file of settings of the boot loader; *separator as for its reader. */
static gboolean is_boot_settings(const char *path, char *separator)
{
    *separator = strcmp(path, "kernel/cmdline") == 0 ? '\0' : '=';
    return !*separator || strcmp(path, "default/grub") == 0 ||
           (g_str_has_prefix(path, "default/grub.d/") && g_str_has_suffix(path, ".cfg"));
}

static gboolean is_read(const char *path)
{
    static const char *const known[] = {"passwd", "group", "shadow", "fstab", NULL};
    char separator;
    return g_strv_contains(known, path) || is_boot_settings(path, &separator);
}

static void read_text(snapshot *s, const char *path, const char *text)
{
    char separator;
    if (strcmp(path, "passwd") == 0)
        snapshot_add_passwd(s, text);
    else if (strcmp(path, "group") == 0)
        snapshot_add_group(s, text);
    else if (strcmp(path, "shadow") == 0)
        snapshot_add_shadow(s, text);
    else if (strcmp(path, "fstab") == 0)
        snapshot_add_fstab(s, text);
    else if (is_boot_settings(path, &separator)) {
        g_autofree char *full = g_strconcat("/etc/", path, NULL);
        snapshot_add_boot_settings(s, full, text, separator);
    }
}

/* ---- one entry ---- */

static char *snapshot_etc_describe(struct archive_entry *entry)
{
    static const struct {
        __LA_MODE_T type;
        const char *word;
    } words[] = {{AE_IFREG, "file"},   {AE_IFDIR, "directory"},        {AE_IFLNK, "link"},
                 {AE_IFIFO, "fifo"},   {AE_IFCHR, "character device"}, {AE_IFBLK, "block device"},
                 {AE_IFSOCK, "socket"}};
    __LA_MODE_T type = archive_entry_filetype(entry);
    const char *word = "unknown", *target = archive_entry_symlink(entry);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (words[i].type == type)
            word = words[i].word;
    g_autofree char *device =
        type == AE_IFCHR || type == AE_IFBLK
            ? g_strdup_printf(" %u,%u", (unsigned)archive_entry_rdevmajor(entry),
                              (unsigned)archive_entry_rdevminor(entry))
            : g_strdup("");
    return g_strdup_printf("%s%s %04o %" G_GINT64_FORMAT ":%" G_GINT64_FORMAT "%s%s", word, device,
                           (unsigned)archive_entry_perm(entry), (gint64)archive_entry_uid(entry),
                           (gint64)archive_entry_gid(entry), target ? " -> " : "",
                           target ? target : "");
}

static gboolean snapshot_etc_fail(struct archive *a, GError **error)
{
    const char *why = archive_error_string(a);
    ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "cannot read /etc of the guest: %s",
                    why ? why : "the appliance sent no tar stream");
    return FALSE;
}

static gboolean within(struct archive *a, GError **error)
{
    if (archive_filter_bytes(a, 0) <= STREAM_LIMIT)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "/etc of the guest has more than %lld MiB",
                    STREAM_LIMIT >> 20);
    return FALSE;
}

/* A NUL would hide the text after it from readers of texts. */
static void snapshot_etc_keep(GString *text, const char *bytes, gsize length)
{
    gsize from = text->len;
    g_string_append_len(text, bytes, (gssize)length);
    for (gsize i = from; i < text->len; i++)
        if (!text->str[i])
            text->str[i] = '?';
}

/* text: gets the content, or NULL. */
static gboolean read_content(struct tree *t, const char *path, GString *text,
                             char hex[DIGEST_HEX_LEN + 1], GError **error)
{
    g_autoptr(digest) d = digest_new();
    la_ssize_t n;
    while ((n = archive_read_data(t->a, t->buffer, CHUNK)) > 0) {
        digest_update(d, t->buffer, (gsize)n);
        if (text)
            snapshot_etc_keep(text, t->buffer, (gsize)n);
        if (text && text->len > KEPT_LIMIT) {
            ingot_set_error(error, INGOT_EXIT_SEAL, NULL,
                            "/etc/%s in the guest has more than %u KiB", path, KEPT_LIMIT >> 10);
            return FALSE;
        }
        if (!within(t->a, error))
            return FALSE;
    }
    digest_finish(d, hex);
    return n == 0 || snapshot_etc_fail(t->a, error);
}

/* A file and its hard links are one; which of them the stream has first is chance. */
static void add_path(struct tree *t, const char *path, const struct inode *inode)
{
    g_autofree char *full = g_strconcat("/etc", *path ? "/" : "", path, NULL);
    snapshot_add(t->s, SNAPSHOT_ETC, full, inode->value, inode->digest);
}

static const char *inside(const char *path)
{
    while (g_str_has_prefix(path, "./"))
        path += 2;
    return strcmp(path, ".") == 0 ? "" : path;
}

static gboolean snapshot_etc_add_file(struct tree *t, const char *path, struct inode *inode,
                                      GError **error)
{
    g_autoptr(GString) text = is_read(path) ? g_string_new(NULL) : NULL;
    if (!read_content(t, path, text, inode->digest, error))
        return FALSE;
    if (text)
        read_text(t->s, path, text->str);
    return TRUE;
}

static void add_unit(struct tree *t, const char *path, struct archive_entry *entry)
{
    const char *target = archive_entry_symlink(entry);
    gboolean empty = archive_entry_filetype(entry) == AE_IFREG && archive_entry_size(entry) == 0;
    if (g_str_has_prefix(path, "systemd/") && (target || empty))
        snapshot_add_unit(t->s, path + strlen("systemd/"), target);
}

static gboolean snapshot_add_entry(struct tree *t, struct archive_entry *entry, GError **error)
{
    const char *raw = archive_entry_pathname(entry), *same = archive_entry_hardlink(entry);
    g_autofree char *path = g_strdup(inside(raw ? raw : "(no name)"));
    gsize length = strlen(path);
    if (length && path[length - 1] == '/')
        path[length - 1] = '\0';
    const struct inode *known = same ? g_hash_table_lookup(t->inodes, inside(same)) : NULL;
    if (known) {
        add_path(t, path, known);
        return TRUE;
    }
    struct inode *inode = g_new0(struct inode, 1);
    inode->value = snapshot_etc_describe(entry);
    g_hash_table_insert(t->inodes, g_strdup(path), inode);
    if (!same)
        add_unit(t, path, entry);
    if (archive_entry_filetype(entry) == AE_IFREG && !same &&
        !snapshot_etc_add_file(t, path, inode, error))
        return FALSE;
    add_path(t, path, inode);
    return TRUE;
}

static gboolean snapshot_etc_add_all(struct tree *t, GError **error)
{
    struct archive_entry *entry;
    int result;
    while ((result = archive_read_next_header(t->a, &entry)) == ARCHIVE_OK ||
           result == ARCHIVE_WARN)
        if (!within(t->a, error) || !snapshot_add_entry(t, entry, error))
            return FALSE;
    return result == ARCHIVE_EOF || snapshot_etc_fail(t->a, error);
}

gboolean snapshot_add_etc(snapshot *s, int fd, GError **error)
{
    struct tree *t = g_new0(struct tree, 1);
    t->s = s;
    t->a = archive_read_new();
    t->inodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, inode_free);
    archive_read_support_format_tar(t->a);
    /* Names are bytes, whatever the locale is. */
    (void)archive_read_set_options(t->a, "hdrcharset=BINARY");
    /* A failure here comes back, with its reason, from the first archive_read_next_header. */
    (void)archive_read_open_fd(t->a, fd, CHUNK);
    gboolean good = snapshot_etc_add_all(t, error);
    archive_read_free(t->a);
    g_hash_table_unref(t->inodes);
    g_free(t);
    return good;
}
