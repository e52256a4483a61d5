/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/output.h"

#include "base/error.h"
#include "base/files.h"
#include "output/journal.h"
#include "output/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between the name of the template and mkdtemp(3)'s XXXXXX: marks it as ours, because
 * directories of such a name are removed. */
#define MARK       ".ingot-"
#define SUFFIX_LEN 6u

/* A staging directory is in use as long as its builder lives: the builder holds flock(2) on it and
 * never lets go, the kernel does.  Unlike a process id this is right in containers, too. */
static int staging_try_lock(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static gboolean is_stage(const char *entry)
{
    gsize length = strlen(entry), tail = strlen(MARK) + SUFFIX_LEN;
    return entry[0] == '.' && length > tail + 1 &&
           strncmp(entry + length - tail, MARK, strlen(MARK)) == 0;
}

/* Ends what the dead owner of a staging directory began, and removes it. */
static gboolean bury(const char *path, const char *out_dir, GError **error)
{
    int fd = staging_try_lock(path);
    if (fd < 0)
        return TRUE; /* somebody lives there */
    struct stat info;
    gboolean mine = fstat(fd, &info) == 0 && info.st_uid == geteuid();
    gboolean good = !mine || journal_recover(path, out_dir, error);
    if (mine && good)
        files_remove_tree(path);
    close(fd);
    return good;
}

static gboolean bury_dead(const char *out_dir, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(out_dir, 0, error);
    gboolean good = dir != NULL;
    const char *entry;
    while (good && (entry = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(out_dir, entry, NULL);
        good = !is_stage(entry) || bury(path, out_dir, error);
    }
    return good;
}

int publish_lock(const char *out_dir, GCancellable *cancel, GError **error)
{
    g_autofree char *path = g_build_filename(out_dir, ".ingot.lock", NULL);
    int lock = files_lock(path, cancel, error);
    if (lock < 0 || bury_dead(out_dir, error))
        return lock;
    files_unlock(lock);
    return -1;
}

static char *make_stage(const char *out_dir, const char *name, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/.%s" MARK "XXXXXX", out_dir, name);
    if (g_mkdtemp_full(path, 0700) && staging_try_lock(path) >= 0)
        return g_steal_pointer(&path);
    ingot_set_error(error, INGOT_EXIT_HOST, "choose a directory that this user can write to",
                    "cannot create a staging directory in %s: %s", out_dir, g_strerror(errno));
    return NULL;
}

void output_unstage(const char *staging)
{
    if (staging && !journal_pending(staging))
        files_remove_tree(staging);
}

char *output_stage(const char *out_dir, const char *name, GError **error)
{
    if (!publish_name_is_good(name)) {
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "%s is not a valid template name", name);
        return NULL;
    }
    if (!files_mkdir(out_dir, FALSE, error))
        return NULL;
    int lock = publish_lock(out_dir, NULL, error);
    if (lock < 0)
        return NULL;
    char *path = make_stage(out_dir, name, error);
    files_unlock(lock);
    return path;
}
