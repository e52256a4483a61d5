/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/tree.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define READ_LIMIT (1 << 20)
#define PIECE      (2 << 20) /* bytes: a reply may have 4 MiB, guestfs(3) "LIBGUESTFS LIMITS" */

void guest_changed(guest *g, const char *verb, const char *path)
{
    if (!g->doing || !g->changes)
        return;
    struct guest_change *change = g_new0(struct guest_change, 1);
    change->operation = g->doing;
    change->verb = verb;
    change->path = text_printable(path, -1);
    g_ptr_array_add(g->changes, change);
}

char **guest_glob(guest *g, const char *pattern, GError **error)
{
    char **paths = guestfs_glob_expand(g->h, pattern);
    if (!paths)
        guest_fail(g, error, "look for %s in the guest", pattern);
    return paths;
}

gboolean guest_any(guest *g, const char *pattern, gboolean *found, GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, pattern, error);
    *found = paths && *paths;
    return paths != NULL;
}

gboolean guest_remove_path(guest *g, const char *path, GError **error)
{
    gsize length = strlen(path);
    gboolean directory = length > 1 && path[length - 1] == '/';
    g_autofree char *bare = g_strndup(path, directory ? length - 1 : length);
    int result = directory ? guestfs_rm_rf(g->h, bare) : guestfs_rm_f(g->h, bare);
    if (result != 0)
        return guest_fail(g, error, "remove %s in the guest", bare);
    guest_changed(g, "remove", bare);
    return TRUE;
}

gboolean guest_remove(guest *g, const char *pattern, GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, pattern, error);
    gboolean good = paths != NULL;
    for (char **path = paths; good && *path; path++)
        good = guest_remove_path(g, *path, error);
    return good;
}

/* *size gets the size of a regular file, or -1 when there is none of this name. */
static gboolean regular_size(guest *g, const char *path, gint64 *size, GError **error)
{
    struct guestfs_statns *info = guestfs_statns(g->h, path);
    *size = -1;
    if (!info) {
        int code = guestfs_last_errno(g->h);
        return code == ENOENT || code == ENOTDIR || code == ELOOP ||
               guest_fail(g, error, "look at %s in the guest", path);
    }
    if (S_ISREG((mode_t)info->st_mode))
        *size = info->st_size;
    guestfs_free_statns(info);
    return TRUE;
}

gboolean guest_empty(guest *g, const char *pattern, GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, pattern, error);
    if (!paths)
        return FALSE;
    for (char **path = paths; *path; path++) {
        gint64 size;
        if (!regular_size(g, *path, &size, error))
            return FALSE;
        if (size <= 0)
            continue;
        if (guestfs_truncate(g->h, *path) != 0)
            return guest_fail(g, error, "empty %s in the guest", *path);
        guest_changed(g, "empty", *path);
    }
    return TRUE;
}

static gboolean read_pieces(guest *g, const char *path, gint64 size, char **text, GError **error)
{
    GString *all = g_string_sized_new((gsize)size);
    size_t got = 1;
    while (got && (gint64)all->len < size) {
        int piece = (int)MIN(size - (gint64)all->len, PIECE);
        g_autofree char *data = guestfs_pread(g->h, path, piece, (gint64)all->len, &got);
        if (!data) {
            g_string_free(all, TRUE);
            return guest_fail(g, error, "read %s in the guest", path);
        }
        g_string_append_len(all, data, (gssize)got);
    }
    *text = g_string_free(all, FALSE);
    return TRUE;
}

gboolean guest_read_large(guest *g, const char *path, gint64 limit, char **text, GError **error)
{
    gint64 size;
    *text = NULL;
    if (!regular_size(g, path, &size, error))
        return FALSE;
    if (size > limit) {
        ingot_set_error(error, INGOT_EXIT_SEAL, NULL,
                        "%s in the guest has %" G_GINT64_FORMAT
                        " bytes; the limit is %" G_GINT64_FORMAT,
                        path, size, limit);
        return FALSE;
    }
    return size < 0 || read_pieces(g, path, size, text, error);
}

gboolean guest_read(guest *g, const char *path, char **text, GError **error)
{
    return guest_read_large(g, path, READ_LIMIT, text, error);
}

gboolean guest_write_file(guest *g, const char *path, const char *text, GError **error)
{
    if (guestfs_write(g->h, path, text, strlen(text)) != 0)
        return guest_fail(g, error, "write %s in the guest", path);
    guest_changed(g, "write", path);
    return TRUE;
}

/* Remove what is there first: through a link, we would write the file that it points to. */
static gboolean tree_put_file(guest *g, const struct guest_file *file, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(file->path);
    gboolean link = S_ISLNK((mode_t)file->mode);
    if (guestfs_mkdir_p(g->h, directory) != 0 || guestfs_rm_f(g->h, file->path) != 0)
        return guest_fail(g, error, "make space for %s in the guest", file->path);
    if (link ? guestfs_ln_s(g->h, file->text, file->path) != 0
             : guestfs_write(g->h, file->path, file->text, strlen(file->text)) != 0 ||
                   guestfs_chmod(g->h, (int)(file->mode & 07777), file->path) != 0)
        return guest_fail(g, error, "write %s in the guest", file->path);
    guest_changed(g, "write", file->path);
    return TRUE;
}

gboolean guest_put_files(guest *g, const struct guest_file *files, GError **error)
{
    for (; files && files->path; files++)
        if (!tree_put_file(g, files, error))
            return FALSE;
    return TRUE;
}

static GRegex *tree_compile(const struct guest_line_rule *rule)
{
    g_autoptr(GError) local = NULL;
    GRegex *regex = g_regex_new(rule->line, G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, &local);
    if (!regex)
        g_error("the pattern %s does not compile: %s", rule->line, local->message);
    return regex;
}

char *guest_edit_text(const struct guest_line_rule *rule, const char *text)
{
    g_autoptr(GRegex) regex = tree_compile(rule);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *out = g_string_new(NULL);
    gboolean changed = FALSE;
    for (char **line = lines; *line; line++) {
        gboolean hit = g_regex_match(regex, *line, 0, NULL);
        changed |= hit;
        if (hit && !rule->replacement)
            continue;
        g_autofree char *edited =
            hit ? g_regex_replace(regex, *line, -1, 0, rule->replacement, 0, NULL) : NULL;
        g_string_append(out, edited ? edited : *line);
        if (line[1])
            g_string_append_c(out, '\n');
    }
    return g_string_free(out, !changed);
}

typedef gboolean (*edited_fn)(guest *g, const char *path, const char *edited, gpointer data,
                              GError **error);

static gboolean each_hit(guest *g, const struct guest_line_rule *rule, edited_fn hit, gpointer data,
                         GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, rule->files, error);
    gboolean good = paths != NULL;
    for (char **path = paths; good && *path; path++) {
        g_autofree char *text = NULL, *edited = NULL;
        good = guest_read(g, *path, &text, error);
        if (good && text)
            edited = guest_edit_text(rule, text);
        if (edited)
            good = hit(g, *path, edited, data, error);
    }
    return good;
}

static gboolean write_edited(guest *g, const char *path, const char *edited, gpointer data,
                             GError **error)
{
    (void)data;
    return guest_write_file(g, path, edited, error);
}

gboolean guest_edit(guest *g, const struct guest_line_rule *rule, GError **error)
{
    return each_hit(g, rule, write_edited, NULL, error);
}

static gboolean tree_note_path(guest *g, const char *path, const char *edited, gpointer data,
                               GError **error)
{
    (void)g;
    (void)edited;
    (void)error;
    g_ptr_array_add(data, g_strdup(path));
    return TRUE;
}

gboolean guest_find_line(guest *g, const struct guest_line_rule *rule, GPtrArray *found,
                         GError **error)
{
    return each_hit(g, rule, tree_note_path, found, error);
}
