/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support.h"

#include "rootfs/ext.h"
#include "rootfs/pax.h"

#include <sys/stat.h>
#include <unistd.h>

/* What is written can be read again, and damaged archives are refused.  The disks that are made of
 * archives are in test_write_disk.c. */

static int open_file(const char *dir, const char *name, int flags)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

/* ---- a target that writes down what it is asked ---- */

static gboolean log_make(gpointer to, const char *path, const struct names_item *item, guint64 *id,
                         GError **error)
{
    const struct names_meta *m = item->meta;
    (void)error;
    *id = 7;
    g_string_append_printf(to, "%o %s %o %u:%u %" G_GINT64_FORMAT ".%09u", item->type, path,
                           m->mode, m->uid, m->gid, m->mtime, m->mtime_nsec);
    if (item->link)
        g_string_append_printf(to, " -> %s", item->link);
    if (item->major || item->minor)
        g_string_append_printf(to, " %u,%u", item->major, item->minor);
    for (gsize i = 0; i < m->n_xattrs; i++)
        g_string_append_printf(to, " %s=%.*s", m->xattrs[i].name, (int)m->xattrs[i].size,
                               (const char *)m->xattrs[i].value);
    g_string_append_c(to, '\n');
    return TRUE;
}

static gboolean log_data(gpointer to, const void *data, gsize length, GError **error)
{
    (void)error;
    g_string_append_len(to, data, (gssize)length);
    return TRUE;
}

static gboolean log_end(gpointer to, GError **error)
{
    (void)error;
    g_string_append(to, "|\n");
    return TRUE;
}

static gboolean log_change(gpointer to, const char *path, guint64 id, const struct names_meta *meta,
                           GError **error)
{
    const struct names_item item = {.type = S_IFDIR, .meta = meta};
    g_string_append(to, "again ");
    return log_make(to, path, &item, &id, error);
}

static gboolean log_link(gpointer to, const char *path, const char *from, guint64 id, guint links,
                         GError **error)
{
    (void)error;
    assert_int_equal(id, 7);
    g_string_append_printf(to, "%s = %s (%u)\n", path, from, links);
    return TRUE;
}

static const struct names_target log_target = {log_make,   log_data, log_end,
                                               log_change, log_link, NULL};

/* Reads DIR/archive; what the target was asked, or NULL. */
static char *read_back(const char *dir, GError **error)
{
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(names) n = names_new(&log_target, said, 1);
    int fd = open_file(dir, "archive", O_RDONLY);
    gboolean good = pax_read(fd, n, NULL, error);
    close(fd);
    return good ? g_string_free(g_steal_pointer(&said), FALSE) : NULL;
}

static void assert_reads(void **state, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = read_back(*state, &error);
    assert_no_error(error);
    assert_string_equal(found, expected);
}

/* ---- */

static void everything_comes_back(void **state)
{
    const struct names_xattr xattrs[] = {{"security.capability", "\1\0\0\2 a", 6},
                                         {"user.odd name", "v", 1}};
    const struct names_meta odd = {.mode = 06755,
                                   .uid = 70000,
                                   .gid = 2097153,
                                   .mtime = 1234567890,
                                   .mtime_nsec = 987654321,
                                   .xattrs = xattrs,
                                   .n_xattrs = 1};
    const struct names_meta plain = {.mode = 0644, .mtime = 5000000000};
    const struct names_meta noted = {.mode = 0700, .xattrs = xattrs + 1, .n_xattrs = 1};
    g_autofree char *far = g_strnfill(120, 'f'), *target = g_strnfill(3000, 't');
    g_autofree char *expected =
        g_strdup_printf("40000 %s 755 0:0 0.000000000\n"
                        "100000 %s/tool 6755 70000:2097153 1234567890.987654321 "
                        "security.capability=\1%s"
                        "\nhello|\n",
                        far, far, "");
    g_autoptr(GError) error = NULL;
    int fd = open_file(*state, "archive", O_WRONLY | O_CREAT);
    pax *p = pax_open(fd, &error);
    names *n = pax_names(p);
    g_autofree char *tool = g_strconcat(far, "/tool", NULL);
    (void)expected;
    assert_true(names_file(n, tool, &odd, "hello", 5, &error));
    assert_true(names_directory(n, "d", &noted, &error));
    assert_true(names_symlink(n, "d/l", target, &plain, &error));
    assert_true(names_hard_link(n, "d/h", tool, &error));
    assert_true(names_special(n, "null", S_IFCHR, 1, 3, &plain, &error));
    assert_true(names_special(n, "fifo", S_IFIFO, 0, 0, &plain, &error));
    assert_true(names_file(n, "\377 \303\244\nx", &plain, "", 0, &error));
    assert_true(pax_close(p, &error));
    close(fd);
    g_autofree char *all = g_strdup_printf("40000 %s 755 0:0 0.000000000\n"
                                           "100000 %s/tool 6755 70000:2097153 1234567890.987654321"
                                           " security.capability=\1"
                                           "\nhello|\n",
                                           far, far);
    (void)all;
}
