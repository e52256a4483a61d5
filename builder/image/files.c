/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/files.h"

#include "base/error.h"
#include "base/text.h"
#include "image/backend.h"

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
    char **paths = g->backend->glob(g, pattern, error);
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

gboolean guest_stat(guest *g, const char *path, struct guest_stat *info, GError **error)
{
    return g->backend->stat(g, path, FALSE, info, error) ||
           guest_fail(g, error, "look at %s in the guest", path);
}

gboolean guest_is_directory(guest *g, const char *path, gboolean *yes, GError **error)
{
    struct guest_stat info;
    if (!guest_stat(g, path, &info, error))
        return FALSE;
    *yes = S_ISDIR((mode_t)info.mode);
    return TRUE;
}

static void entry_clear(gpointer data)
{
    struct guest_entry *entry = data;
    g_free(entry->name);
}

GArray *guest_list(guest *g, const char *directory, GError **error)
{
    g_auto(GStrv) names = g->backend->list(g, directory, error);
    g_autoptr(GArray) infos = names ? g->backend->stat_list(g, directory, names, error) : NULL;
    if (!infos) {
        guest_fail(g, error, "read the directory %s in the guest", directory);
        return NULL;
    }
    GArray *entries = g_array_new(FALSE, TRUE, sizeof(struct guest_entry));
    g_array_set_clear_func(entries, entry_clear);
    for (guint i = 0; i < infos->len && names[i]; i++) {
        struct guest_entry entry = {g_strdup(names[i]), g_array_index(infos, struct guest_stat, i)};
        g_array_append_val(entries, entry);
    }
    return entries;
}

gboolean guest_readlink(guest *g, const char *path, char **target, GError **error)
{
    return g->backend->readlink(g, path, target, error) ||
           guest_fail(g, error, "read the link %s in the guest", path);
}

gboolean guest_mkdirs(guest *g, const char *path, GError **error)
{
    return g->backend->mkdirs(g, path, error) || guest_fail(g, error, "make %s in the guest", path);
}

gboolean guest_chmod(guest *g, const char *path, guint mode, GError **error)
{
    return g->backend->chmod(g, path, mode, error) ||
           guest_fail(g, error, "set the mode of %s in the guest", path);
}

gboolean guest_chown(guest *g, const char *path, guint uid, guint gid, GError **error)
{
    return g->backend->chown(g, path, uid, gid, error) ||
           guest_fail(g, error, "set the owner of %s in the guest", path);
}

gboolean guest_symlink(guest *g, const char *target, const char *path, GError **error)
{
    if (!g->backend->remove(g, path, FALSE, error) || !g->backend->symlink(g, target, path, error))
        return guest_fail(g, error, "make the link %s in the guest", path);
    guest_changed(g, "write", path);
    return TRUE;
}

gboolean guest_remove_path(guest *g, const char *path, GError **error)
{
    gsize length = strlen(path);
    gboolean directory = length > 1 && path[length - 1] == '/';
    g_autofree char *bare = g_strndup(path, directory ? length - 1 : length);
    if (!g->backend->remove(g, bare, directory, error))
        return guest_fail(g, error, "remove %s in the guest", bare);
    guest_changed(g, "remove", bare);
    return TRUE;
}

gboolean guest_remove_own(guest *g, const char *path, GError **error)
{
    return g->backend->remove(g, path, FALSE, error) ||
           guest_fail(g, error, "remove %s in the guest", path);
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
    struct guest_stat info;
    if (!g->backend->stat(g, path, TRUE, &info, error))
        return guest_fail(g, error, "look at %s in the guest", path);
    *size = S_ISREG((mode_t)info.mode) ? info.size : -1;
    return TRUE;
}

gboolean guest_empty_path(guest *g, const char *path, GError **error)
{
    gint64 size;
    if (!regular_size(g, path, &size, error))
        return FALSE;
    if (size <= 0)
        return TRUE;
    if (!g->backend->truncate(g, path, error))
        return guest_fail(g, error, "empty %s in the guest", path);
    guest_changed(g, "empty", path);
    return TRUE;
}

gboolean guest_empty(guest *g, const char *pattern, GError **error)
{
    g_auto(GStrv) paths = guest_glob(g, pattern, error);
    if (!paths)
        return FALSE;
    gboolean good = TRUE;
    for (char **path = paths; good && *path; path++)
        good = guest_empty_path(g, *path, error);
    return good;
}

static gboolean read_pieces(guest *g, const char *path, gint64 size, char **text, GError **error)
{
    GString *all = g_string_sized_new((gsize)size);
    gsize got = 1;
    while (got && (gint64)all->len < size) {
        gsize piece = (gsize)MIN(size - (gint64)all->len, PIECE);
        g_autofree char *data = g->backend->read(g, path, (gint64)all->len, piece, &got, error);
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

gboolean guest_read_end(guest *g, const char *path, gsize most, char **text, GError **error)
{
    gint64 size;
    gsize got = 0;
    g_autofree char *data = NULL;
    if (!regular_size(g, path, &size, error))
        return FALSE;
    if (size > 0)
        data = g->backend->read(g, path, MAX(0, size - (gint64)most), most, &got, error);
    if (size > 0 && !data)
        return guest_fail(g, error, "read %s in the guest", path);
    *text = data ? text_printable(data, (gssize)got) : g_strdup("");
    return TRUE;
}

gboolean guest_write_file(guest *g, const char *path, const char *text, GError **error)
{
    if (!g->backend->write(g, path, text, error))
        return guest_fail(g, error, "write %s in the guest", path);
    guest_changed(g, "write", path);
    return TRUE;
}

/* Remove what is there first: through a link, we would write the file that it points to. */
static gboolean put_file(guest *g, const struct guest_file *file, GError **error)
{
    const struct guest_backend *in = g->backend;
    g_autofree char *directory = g_path_get_dirname(file->path);
    if (!in->mkdirs(g, directory, error) || !in->remove(g, file->path, FALSE, error))
        return guest_fail(g, error, "make space for %s in the guest", file->path);
    if (S_ISLNK((mode_t)file->mode) ? !in->symlink(g, file->text, file->path, error)
                                    : !in->write(g, file->path, file->text, error) ||
                                          !in->chmod(g, file->path, file->mode & 07777, error))
        return guest_fail(g, error, "write %s in the guest", file->path);
    guest_changed(g, "write", file->path);
    return TRUE;
}

gboolean guest_put_files(guest *g, const struct guest_file *files, GError **error)
{
    for (; files && files->path; files++)
        if (!put_file(g, files, error))
            return FALSE;
    return TRUE;
}

static GRegex *files_compile(const struct guest_line_rule *rule)
{
    g_autoptr(GError) local = NULL;
    GRegex *regex = g_regex_new(rule->line, G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, &local);
    if (!regex)
        g_error("the pattern %s does not compile: %s", rule->line, local->message);
    return regex;
}

char *guest_edit_text(const struct guest_line_rule *rule, const char *text)
{
    g_autoptr(GRegex) regex = files_compile(rule);
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

static gboolean files_note_path(guest *g, const char *path, const char *edited, gpointer data,
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
    return each_hit(g, rule, files_note_path, found, error);
}
