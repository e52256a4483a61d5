/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/mounts.h"

#include "sandbox/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* All of it by descriptors (open_tree(2), fsmount(2), Linux 5.12 and later): what is mounted is
 * opened before the root directory changes, and a mount point is looked up after that, so that no
 * link in an untrusted tree leads to a file of the host. */

struct maker {
    const struct sandbox_request *request;
    guint32 uid, gid;
    int report;
};

#define PLAIN (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* ---- sources ---- */

static int new_filesystem(const struct maker *m, const char *type, const char *const *options,
                          guint64 attributes, enum sandbox_step step, const char *what)
{
    int fs = fsopen(type, FSOPEN_CLOEXEC);
    for (const char *const *o = options; fs >= 0 && o && *o; o += 2)
        if (fsconfig(fs, FSCONFIG_SET_STRING, o[0], o[1], 0) != 0)
            fault_die(m->report, step, what);
    if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
        fault_die(m->report, step, what);
    int fd = fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attributes);
    if (fd < 0)
        fault_die(m->report, step, what);
    close(fs);
    return fd;
}

/* Without an own limit, its size is bounded by that of the sandbox, as far as there is one. */
static int new_tmpfs(const struct maker *m, const char *mode, guint64 attributes, const char *what)
{
    char uid[16], gid[16], size[24];
    guint64 memory = m->request->spec.memory;
    g_snprintf(uid, sizeof uid, "%u", m->uid);
    g_snprintf(gid, sizeof gid, "%u", m->gid);
    g_snprintf(size, sizeof size, "%" G_GUINT64_FORMAT, memory);
    const char *const options[] = {"mode", mode, "uid", uid, "gid", gid, memory ? "size" : NULL,
                                   size,   NULL};
    return new_filesystem(m, "tmpfs", options, attributes, STEP_TMPFS, what);
}

static void restrict_tree(const struct maker *m, int fd, guint64 attributes, const char *what)
{
    struct mount_attr attr = {.attr_set = attributes, .propagation = MS_PRIVATE};
    if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) != 0)
        fault_die(m->report, STEP_SOURCE, what);
}

static int copy_of(const struct maker *m, const char *path, guint64 attributes)
{
    int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (fd < 0)
        fault_die(m->report, STEP_SOURCE, path);
    restrict_tree(m, fd, attributes, path);
    return fd;
}

static gboolean is_own(const struct sandbox_mount *mount)
{
    return mount->from && g_str_has_prefix(mount->from, "sandbox:");
}

static int source_of(const struct maker *m, const struct sandbox_mount *mount)
{
    guint64 attributes = PLAIN | (mount->writable ? 0 : MOUNT_ATTR_RDONLY);
    if (is_own(mount))
        return -1;
    return mount->from ? copy_of(m, mount->from, attributes)
                       : new_tmpfs(m, "0755", attributes, mount->at);
}

/* ---- targets ---- */

/* As UID 0 of the program: what it makes belongs to it, and only what it may write to changes. */
static int make_target(const struct maker *m, const char *at, gboolean directory)
{
    g_autofree char *path = g_strdup(at);
    setfsuid(m->uid);
    setfsgid(m->gid);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0755);
        *slash = '/';
    }
    int made = directory ? mkdir(path, 0755)
                         : open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
    int problem = made < 0 ? errno : 0;
    if (made > 0)
        close(made);
    setfsuid(0);
    setfsgid(0);
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 && problem && problem != EEXIST)
        errno = problem;
    return fd;
}

static gboolean is_directory(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static void attach(const struct maker *m, int fd, const char *at)
{
    int target = make_target(m, at, is_directory(fd));
    if (target < 0 ||
        move_mount(fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
        fault_die(m->report, STEP_TARGET, at);
    close(target);
    close(fd);
}

/* ---- /proc and /dev ---- */

static const char *const nodes[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                    "/dev/random", "/dev/urandom", "/dev/tty"};
#define NODES G_N_ELEMENTS(nodes)

static const struct {
    const char *at, *to;
} links[] = {{"/dev/fd", "/proc/self/fd"},
             {"/dev/stdin", "/proc/self/fd/0"},
             {"/dev/stdout", "/proc/self/fd/1"},
             {"/dev/stderr", "/proc/self/fd/2"},
             {"/dev/ptmx", "pts/ptmx"}};

/* Without a user namespace the program is the host's root, whose files /proc/sys and the like are.
 */
static int new_proc(const struct maker *m)
{
    gboolean root = m->request->spec.kind == SANDBOX_ROOT;
    return new_filesystem(m, "proc", NULL,
                          PLAIN | MOUNT_ATTR_NOEXEC | (root ? MOUNT_ATTR_RDONLY : 0), STEP_PROC,
                          "/proc");
}

static int new_pts(const struct maker *m)
{
    char gid[16];
    g_snprintf(gid, sizeof gid, "%u", m->gid + 5); /* tty, by base-passwd's list */
    const char *const options[] = {"ptmxmode", "0666", "mode", "0620", "gid", gid, NULL};
    return new_filesystem(m, "devpts", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, STEP_DEV,
                          "/dev/pts");
}

static void fill_dev(const struct maker *m, const int *devices)
{
    attach(m, new_tmpfs(m, "0755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "/dev"), "/dev");
    for (gsize i = 0; i < NODES; i++)
        attach(m, devices[i], nodes[i]);
    attach(m, new_pts(m), "/dev/pts");
    attach(m, new_tmpfs(m, "1777", PLAIN | MOUNT_ATTR_NOEXEC, "/dev/shm"), "/dev/shm");
    for (gsize i = 0; i < G_N_ELEMENTS(links); i++)
        if (symlink(links[i].to, links[i].at) != 0 || lchown(links[i].at, m->uid, m->gid) != 0)
            fault_die(m->report, STEP_DEV, links[i].at);
}

/* ---- the root directory ---- */

/* pivot_root(2), "pivot_root(".", ".")": the old root comes to lie on top of the new one. */
static void enter_root(const struct maker *m, int root)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        /* any directory that is there for certain, because a pivot needs a mount point */
        move_mount(root, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) != 0 ||
        fchdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
        umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        fault_die(m->report, STEP_ROOT, "/");
    close(root);
}

static void attach_each(const struct maker *m, const struct sandbox_mount *mounts,
                        const int *sources)
{
    for (gsize i = 1; mounts[i].at; i++) {
        const char *own = is_own(&mounts[i]) ? mounts[i].from + strlen("sandbox:") : NULL;
        attach(m, own ? copy_of(m, own, mounts[i].writable ? 0 : MOUNT_ATTR_RDONLY) : sources[i],
               mounts[i].at);
    }
}

void mounts_enter(const struct sandbox_request *request, int report)
{
    const struct maker m = {request, request->ids.uid, request->ids.gid, report};
    const struct sandbox_mount *mounts = request->spec.mounts;
    gsize n = 0;
    while (mounts[n].at)
        n++;
    g_autofree int *sources = g_new(int, n + 1);
    for (gsize i = 0; i < n; i++)
        sources[i] = source_of(&m, &mounts[i]);
    int devices[NODES];
    for (gsize i = 0; i < NODES; i++)
        devices[i] = copy_of(&m, nodes[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    int proc = new_proc(&m);
    umask(022);
    enter_root(&m, sources[0]);
    attach(&m, proc, "/proc");
    fill_dev(&m, devices);
    attach_each(&m, mounts, sources);
}
