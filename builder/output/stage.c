/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output/output.h"

#include "base/error.h"
#include "base/files.h"
#include "output/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define SUFFIX_LEN 6u /* what mkdtemp(3) makes of XXXXXX */

/* A staging directory is in use as long as its builder lives: the builder holds flock(2) on it and
 * never lets go, the kernel does.  Unlike a process id this is right in containers, too. */
static int try_lock(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static gboolean is_stage_of(const char *entry, const char *name)
{
    gsize length = strlen(name);
    return entry[0] == '.' && strncmp(entry + 1, name, length) == 0 && entry[1 + length] == '.' &&
           strlen(entry) == length + 2 + SUFFIX_LEN && !strchr(entry + length + 2, '.');
}

static void remove_dead(const char *out_dir, const char *name)
{
    g_autoptr(GDir) dir = g_dir_open(out_dir, 0, NULL);
    const char *entry;
    while (dir && (entry = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(out_dir, entry, NULL);
        int fd = is_stage_of(entry, name) ? try_lock(path) : -1;
        if (fd < 0)
            continue;
        files_remove_tree(path);
        close(fd);
    }
}

static char *make(const char *out_dir, const char *name, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/.%s.XXXXXX", out_dir, name);
    if (g_mkdtemp_full(path, 0700) && try_lock(path) >= 0)
        return g_steal_pointer(&path);
    ingot_set_error(error, INGOT_EXIT_HOST, "choose a folder that this user may write",
                    "cannot make a staging directory in %s: %s", out_dir, g_strerror(errno));
    return NULL;
}

char *output_stage(const char *out_dir, const char *name, GError **error)
{
    if (!publish_name_is_good(name)) {
        ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL, "%s is not a name for a template", name);
        return NULL;
    }
    if (!files_mkdir(out_dir, FALSE, error))
        return NULL;
    int lock = publish_lock(out_dir, NULL, error);
    if (lock < 0)
        return NULL;
    remove_dead(out_dir, name);
    char *path = make(out_dir, name, error);
    files_unlock(lock);
    return path;
}
