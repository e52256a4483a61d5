/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/journal.h"

#include "base/error.h"
#include "base/files.h"
#include "output/publish.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

/* No template begins with a dot, so these are never files of one. */
#define FORWARD       ".journal" /* the moves have yet to be made */
#define BACK          ".back"    /* they are being reversed */
#define EARLIER       ".earlier."
#define JOURNAL_LIMIT (1u << 16)

static gboolean journal_fail(GError **error, const char *what, const char *path)
{
    int code = errno;
    ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "cannot %s %s: %s", what, path,
                    g_strerror(code));
    return FALSE;
}

static char *earlier_path(const char *staging, const char *file)
{
    g_autofree char *name = g_strconcat(EARLIER, file, NULL);
    return g_build_filename(staging, name, NULL);
}

/* ---- writing ---- */

static gboolean look_at_target(const char *path, gboolean *there, GError **error)
{
    struct stat info;
    *there = lstat(path, &info) == 0;
    if (!*there)
        return errno == ENOENT || journal_fail(error, "look at", path);
    if (S_ISREG(info.st_mode))
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_OUTPUT, "move it away", "%s is in the way: it is not a file",
                    path);
    return FALSE;
}

/* Adds one file to the journal.  Its earlier version gets a second name; where there are no hard
 * links there is no way back, only on. */
static gboolean journal_add_file(const char *staging, const char *out_dir, const char *file,
                                 json_t *files, gboolean *returns, GError **error)
{
    gboolean there;
    g_autofree char *target = g_build_filename(out_dir, file, NULL);
    g_autofree char *earlier = earlier_path(staging, file);
    if (!look_at_target(target, &there, error))
        return FALSE;
    if (there && link(target, earlier) != 0)
        *returns = FALSE;
    json_array_append_new(files, json_pack("{s:s, s:b}", "file", file, "replaced", there));
    return TRUE;
}

static gboolean write_journal(const char *staging, json_t *files, gboolean returns, GError **error)
{
    g_autofree char *path = g_build_filename(staging, FORWARD, NULL);
    json_t *journal = json_pack("{s:O, s:b}", "files", files, "returns", returns);
    char *text = json_dumps(journal, JSON_INDENT(2));
    gboolean good =
        files_write_atomic(path, text, -1, 0600, error) && files_sync_names(staging, error);
    if (!good)
        (void)unlink(path); /* the caller reports a failure, so nobody may act on it later */
    free(text);
    json_decref(journal);
    return good;
}

gboolean journal_begin(const char *staging, const char *out_dir, const char *const *names,
                       GError **error)
{
    json_t *files = json_array();
    gboolean good = TRUE, returns = TRUE;
    for (; good && *names; names++)
        good = journal_add_file(staging, out_dir, *names, files, &returns, error);
    good =
        good && files_sync_names(out_dir, error) && write_journal(staging, files, returns, error);
    json_decref(files);
    return good;
}

/* ---- replaying ---- */

/* One move; it may have been made before. */
static gboolean move_on(const char *staging, const char *out_dir, const char *file, GError **error)
{
    g_autofree char *from = g_build_filename(staging, file, NULL);
    g_autofree char *to = g_build_filename(out_dir, file, NULL);
    return !g_file_test(from, G_FILE_TEST_EXISTS) || files_rename(from, to, error);
}

static gboolean move_back(const char *staging, const char *out_dir, const char *file,
                          gboolean replaced, GError **error)
{
    g_autofree char *earlier = earlier_path(staging, file);
    g_autofree char *to = g_build_filename(out_dir, file, NULL);
    if (g_file_test(earlier, G_FILE_TEST_EXISTS))
        return files_rename(earlier, to, error);
    return replaced || unlink(to) == 0 || errno == ENOENT || journal_fail(error, "remove", to);
}

static gboolean replay_file(const char *staging, const char *out_dir, json_t *item, gboolean back,
                            GError **error)
{
    const char *file = NULL;
    int replaced = 0;
    if (json_unpack(item, "{s:s, s:b}", "file", &file, "replaced", &replaced) != 0 ||
        !publish_name_is_good(file)) {
        ingot_set_error(error, INGOT_EXIT_OUTPUT, "remove it", "the journal in %s is damaged",
                        staging);
        return FALSE;
    }
    return back ? move_back(staging, out_dir, file, replaced, error)
                : move_on(staging, out_dir, file, error);
}

static json_t *read_journal(const char *path, GError **error)
{
    g_autofree char *text = files_read(path, JOURNAL_LIMIT, NULL, error);
    json_t *journal = text ? json_loads(text, 0, NULL) : NULL;
    if (text && !journal)
        ingot_set_error(error, INGOT_EXIT_OUTPUT, "remove it", "the journal %s is damaged", path);
    return journal;
}

/* Doing it twice has the effect of once: every move first checks whether it has been made. */
static gboolean replay(const char *staging, const char *out_dir, gboolean back, GError **error)
{
    size_t i;
    json_t *item;
    g_autofree char *path = g_build_filename(staging, back ? BACK : FORWARD, NULL);
    json_t *journal = read_journal(path, error);
    gboolean good = journal != NULL;
    json_array_foreach(json_object_get(journal, "files"), i, item)
    {
        good = good && replay_file(staging, out_dir, item, back, error);
    }
    json_decref(journal);
    good = good && files_sync_names(out_dir, error);
    if (good && unlink(path) != 0)
        good = journal_fail(error, "remove", path);
    return good && files_sync_names(staging, error);
}

static gboolean journal_is_there(const char *staging, const char *name)
{
    g_autofree char *path = g_build_filename(staging, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

gboolean journal_pending(const char *staging)
{
    return journal_is_there(staging, FORWARD) || journal_is_there(staging, BACK);
}

gboolean journal_recover(const char *staging, const char *out_dir, GError **error)
{
    if (journal_is_there(staging, BACK))
        return replay(staging, out_dir, TRUE, error);
    return !journal_is_there(staging, FORWARD) || replay(staging, out_dir, FALSE, error);
}

static gboolean can_return(const char *forward)
{
    json_t *journal = read_journal(forward, NULL);
    gboolean can = json_is_true(json_object_get(journal, "returns"));
    json_decref(journal);
    return can;
}

/* The one rename turns the journal round, so that a kill from then on leads back, too. */
static gboolean journal_take_back(const char *staging, const char *out_dir, GError **error)
{
    g_autofree char *forward = g_build_filename(staging, FORWARD, NULL);
    g_autofree char *back = g_build_filename(staging, BACK, NULL);
    return can_return(forward) && files_rename(forward, back, error) &&
           replay(staging, out_dir, TRUE, error);
}

gboolean journal_commit(const char *staging, const char *out_dir, GError **error)
{
    g_autoptr(GError) local = NULL;
    if (replay(staging, out_dir, FALSE, error))
        return TRUE;
    if (!journal_take_back(staging, out_dir, &local))
        g_warning("%s is partly published; the next command that writes there completes it%s%s",
                  out_dir, local ? ": " : "", local ? local->message : "");
    return FALSE;
}
