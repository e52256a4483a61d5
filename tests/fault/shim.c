/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A preloaded library that sees the calls with which a program changes its files.
 *
 * INGOT_FAULT_AT=N: the program is killed when it makes its N-th such call, before the call.
 * INGOT_FAULT_FROM=NAME: the calls are counted from the first call of that function on.
 * INGOT_FAULT_LOG=FILE: FILE gets a line for every rule that was broken and, at the end, "calls N".
 *
 * The rules are about power cuts, which a kill does not show, since the page cache stays:
 * - what is renamed (a directory: every file in it) has been synced since it was last written;
 * - before the next rename or removal, and at the end, the names of the directory to which
 * something was renamed have been synced, unless that directory is gone. Children do not inherit
 * it.  The calls are made by syscall(2), so that ours are not counted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEEN_MAX 4096u

struct seen {
    dev_t dev;
    ino_t ino;
    int clean;              /* synced since our last write */
    struct timespec synced; /* its time of modification then: a child may have written since */
};

static struct {
    long at, calls;
    char from[32];
    int log;
    struct seen seen[SEEN_MAX];
    unsigned n;
    char pending[PATH_MAX]; /* the directory whose names are not synced yet */
} shim = {.log = -1};

static void say(const char *what, const char *path)
{
    char line[2 * PATH_MAX];
    int n = snprintf(line, sizeof line, "%s %s\n", what, path);
    if (shim.log >= 0 && syscall(SYS_write, shim.log, line, (size_t)n) != n)
        abort();
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("INGOT_FAULT_AT"), *log = getenv("INGOT_FAULT_LOG");
    const char *from = getenv("INGOT_FAULT_FROM");
    shim.at = at ? atol(at) : 0;
    snprintf(shim.from, sizeof shim.from, "%s", from ? from : "");
    if (log)
        shim.log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    unsetenv("LD_PRELOAD");
    unsetenv("INGOT_FAULT_AT");
    unsetenv("INGOT_FAULT_FROM");
    unsetenv("INGOT_FAULT_LOG");
}

static void check_pending(void)
{
    struct stat info;
    if (shim.pending[0] && stat(shim.pending, &info) == 0)
        say("names not synced:", shim.pending);
    shim.pending[0] = '\0';
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    check_pending();
    snprintf(text, sizeof text, "%ld", shim.calls);
    say("calls", text);
}

static void count(const char *call)
{
    if (shim.from[0] && strcmp(shim.from, call) != 0)
        return;
    shim.from[0] = '\0';
    if (++shim.calls == shim.at)
        syscall(SYS_kill, getpid(), SIGKILL);
}

static struct seen *entry_of(const struct stat *info)
{
    for (unsigned i = 0; i < shim.n; i++)
        if (shim.seen[i].dev == info->st_dev && shim.seen[i].ino == info->st_ino)
            return &shim.seen[i];
    if (shim.n == SEEN_MAX)
        abort();
    shim.seen[shim.n] = (struct seen){.dev = info->st_dev, .ino = info->st_ino};
    return &shim.seen[shim.n++];
}

static int is_clean(const struct stat *info)
{
    const struct seen *s = entry_of(info);
    return s->clean && s->synced.tv_sec == info->st_mtim.tv_sec &&
           s->synced.tv_nsec == info->st_mtim.tv_nsec;
}

static void check_synced(const char *path)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return;
    if (S_ISREG(info.st_mode) && !is_clean(&info))
        say("renamed before it was synced:", path);
    DIR *dir = S_ISDIR(info.st_mode) ? opendir(path) : NULL;
    struct dirent *inner;
    while (dir && (inner = readdir(dir))) {
        char name[PATH_MAX];
        if (strcmp(inner->d_name, ".") != 0 && strcmp(inner->d_name, "..") != 0 &&
            snprintf(name, sizeof name, "%s/%s", path, inner->d_name) < (int)sizeof name)
            check_synced(name);
    }
    if (dir)
        closedir(dir);
}

static void before_rename(const char *from)
{
    count("rename");
    check_pending();
    check_synced(from);
}

static void after_rename(const char *to)
{
    snprintf(shim.pending, sizeof shim.pending, "%s", to);
    char *slash = strrchr(shim.pending, '/');
    if (slash)
        *slash = '\0';
    else
        strcpy(shim.pending, ".");
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    before_rename(from);
    int result = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
    if (result == 0)
        after_rename(to);
    return result;
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return renameat2(from_fd, from, to_fd, to, 0);
}

int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* ---- removing ---- */

int unlinkat(int fd, const char *path, int flags)
{
    count("unlink");
    check_pending();
    return (int)syscall(SYS_unlinkat, fd, path, flags);
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
    return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char *path)
{
    struct stat info;
    int directory = lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
    return unlinkat(AT_FDCWD, path, directory ? AT_REMOVEDIR : 0);
}

int link(const char *from, const char *to)
{
    count("link");
    return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int mkdir(const char *path, mode_t mode)
{
    count("mkdir");
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

/* ---- writing and syncing ---- */

static void before_write(int fd)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return;
    count("write");
    entry_of(&info)->clean = 0;
}

ssize_t write(int fd, const void *data, size_t length)
{
    before_write(fd);
    return syscall(SYS_write, fd, data, length);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t at)
{
    before_write(fd);
    return syscall(SYS_pwrite64, fd, data, length, at);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at)
{
    before_write(fd);
    return syscall(SYS_pwrite64, fd, data, length, at);
}

ssize_t copy_file_range(int from, off64_t *in, int to, off64_t *out, size_t length, unsigned flags)
{
    before_write(to);
    return syscall(SYS_copy_file_range, from, in, to, out, length, flags);
}

int ftruncate(int fd, off_t length)
{
    before_write(fd);
    return (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    before_write(fd);
    return (int)syscall(SYS_ftruncate, fd, length);
}

static void after_sync(int fd)
{
    struct stat info, pending;
    if (fstat(fd, &info) != 0)
        return;
    if (S_ISREG(info.st_mode))
        *entry_of(&info) = (struct seen){info.st_dev, info.st_ino, 1, info.st_mtim};
    else if (shim.pending[0] && stat(shim.pending, &pending) == 0 &&
             pending.st_dev == info.st_dev && pending.st_ino == info.st_ino)
        shim.pending[0] = '\0';
}

int fsync(int fd)
{
    count("fsync");
    int result = (int)syscall(SYS_fsync, fd);
    if (result == 0)
        after_sync(fd);
    return result;
}

int fdatasync(int fd)
{
    return fsync(fd);
}
