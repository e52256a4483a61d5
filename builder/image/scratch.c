/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/scratch.h"

#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* libguestfs, lib/tmpdirs.c: mkdtemp(3) of PARENT/libguestfsXXXXXX; lib/launch-direct.c: the name
 * of the socket there.  Those of a network are shorter. */
#define DIR_PREFIX "libguestfs"
#define DIR_RANDOM 6u
#define SOCKET     "guestfsd.sock"
#define LONGEST    "/" DIR_PREFIX "XXXXXX/" SOCKET

/* ---- left-overs of dead processes in libguestfs's own directories ---- */

/* A datagram socket cannot reach one of a stream: unix(7), EPROTOTYPE when somebody has the name
 * bound, and ECONNREFUSED when nobody has.  Nothing arrives at the other end. */
static gboolean is_bound(int dir, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir, name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    gboolean refused = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0 &&
                       errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return !refused;
}

/* Nobody is bound to it once the appliance has connected; but the connection has its name. */
static gboolean is_connected(const char *path)
{
    g_autofree char *text = NULL;
    return !g_file_get_contents("/proc/net/unix", &text, NULL, NULL) || strstr(text, path);
}

/* All sockets, or files in which a network process names itself ("passt.pid"), and all dead. */
static gboolean holds_only_dead_sockets(int dir, DIR *names)
{
    gboolean found = FALSE;
    for (struct dirent *entry; (entry = readdir(names));) {
        struct stat info;
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            return FALSE;
        if (S_ISSOCK(info.st_mode) ? is_bound(dir, name) : !g_str_has_suffix(name, ".pid"))
            return FALSE;
        found |= strcmp(name, SOCKET) == 0;
    }
    return found;
}

static void remove_dead_sockets(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *names = fd >= 0 ? fdopendir(fd) : NULL;
    g_autofree char *socket_path = g_build_filename(path, SOCKET, NULL);
    gboolean dead = names && fstat(fd, &info) == 0 && info.st_uid == geteuid() &&
                    (info.st_mode & 022) == 0 && holds_only_dead_sockets(fd, names) &&
                    !is_connected(socket_path);
    if (names)
        closedir(names);
    else if (fd >= 0)
        close(fd);
    if (dead)
        files_remove_tree(path);
}

void guest_scratch_sweep(const char *parent)
{
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(parent, name, NULL);
        if (g_str_has_prefix(name, DIR_PREFIX) && strlen(name) == strlen(DIR_PREFIX) + DIR_RANDOM)
            remove_dead_sockets(path);
    }
}

/* ---- the directory of this process ---- */

static gboolean take_files(struct guest_scratch *s, guestfs_h *h, GError **error)
{
    g_autofree char *cache = files_cache_dir();
    g_autofree char *parent = g_build_filename(cache, "work", NULL);
    s->files = files_live_dir(parent, "libguestfs", &s->files_lock, error);
    if (s->files)
        guestfs_set_tmpdir(h, s->files);
    return s->files != NULL;
}

/* guestfs(3), XDG_RUNTIME_DIR: the only way to name a directory for sockets.  The whole
 * environment must be passed, because anything missing is unset. */
static gboolean set_runtime_dir(guestfs_h *h, const char *path)
{
    char **environment = g_environ_setenv(g_get_environ(), "XDG_RUNTIME_DIR", path, TRUE);
    gboolean good = guestfs_parse_environment_list(h, environment) == 0;
    g_strfreev(environment);
    return good;
}

static void take_sockets(struct guest_scratch *s, guestfs_h *h)
{
    g_autofree char *runtime = files_runtime_dir(NULL);
    s->sockets = runtime ? files_live_dir(runtime, "libguestfs", &s->sockets_lock, NULL) : NULL;
    if (s->sockets &&
        strlen(s->sockets) + sizeof LONGEST <= sizeof((struct sockaddr_un){0}).sun_path)
        (void)!set_runtime_dir(h, s->sockets);
}

/* As root libguestfs uses /tmp regardless (guestfs_get_sockdir), so that is swept. */
static void sweep_its_own(const struct guest_scratch *s, guestfs_h *h)
{
    g_autofree char *parent = guestfs_get_sockdir(h);
    if (parent && g_strcmp0(parent, s->sockets) != 0)
        guest_scratch_sweep(parent);
}

gboolean guest_scratch_take(struct guest_scratch *s, guestfs_h *h, GError **error)
{
    if (!take_files(s, h, error))
        return FALSE;
    take_sockets(s, h);
    sweep_its_own(s, h);
    return TRUE;
}

void guest_scratch_remove(struct guest_scratch *s)
{
    files_remove_tree(s->files);
    files_unlock(s->files_lock);
    files_remove_tree(s->sockets);
    files_unlock(s->sockets_lock);
    g_free(s->files);
    g_free(s->sockets);
}
