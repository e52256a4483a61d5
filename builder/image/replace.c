/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/opened.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "base/text.h"
#include "vm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The copy beside the image is ".NAME.ingot-XXXXXX", locked by the process that writes it. */
#define STAGE_MARK   ".ingot-"
#define STAGE_RANDOM 6u /* what mkostemp(3) makes of XXXXXX */
#define CHUNK        (16u << 20)
#define XATTRS_MOST  65536u /* xattr(7): XATTR_LIST_MAX, XATTR_SIZE_MAX */

static gboolean replace_failed(GError **error, const image_file *i, const char *hint,
                               const char *what)
{
    int code = errno;
    ingot_set_error(error, INGOT_EXIT_OUTPUT, hint, "cannot %s %s: %s; it is unchanged", what,
                    i->path, g_strerror(code));
    return FALSE;
}

/* ---- before the work ---- */

static char *stage_prefix(const image_file *i)
{
    g_autofree char *name = g_path_get_basename(i->path);
    return g_strdup_printf(".%s%s", name, STAGE_MARK);
}

static void remove_when_dead(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        (void)unlink(path);
    if (fd >= 0)
        close(fd);
}

static void remove_dead_stages(const image_file *i, const char *directory)
{
    g_autofree char *prefix = stage_prefix(i);
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        if (g_str_has_prefix(name, prefix) && strlen(name) == strlen(prefix) + STAGE_RANDOM)
            remove_when_dead(path);
    }
}

/* QEMU locks bytes of the images that it has open (block/file-posix.c, RAW_LOCK_PERM_BASE); a copy
 * would pass such locks by, and a running machine would go on with the old file. */
static gboolean is_idle(const image_file *i, GError **error)
{
    struct flock found = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(i->fd, F_OFD_GETLK, &found) != 0 || found.l_type == F_UNLCK)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_SEAL, "stop the machine that uses it, or use --copy FILE",
                    "%s is in use by another program; it is unchanged", i->path);
    return FALSE;
}

static gboolean replace_has_space(const image_file *i, guint64 need, GError **error)
{
    struct statvfs info;
    if (statvfs(i->path, &info) != 0 || (guint64)info.f_bavail * info.f_frsize >= need)
        return TRUE;
    g_autofree char *size = text_size(need);
    g_autofree char *free_now = text_size((guint64)info.f_bavail * info.f_frsize);
    ingot_set_error(error, INGOT_EXIT_OUTPUT,
                    "free some space, or write the new image elsewhere: --copy FILE",
                    "replacing %s needs %s more in its file system until the old image is removed, "
                    "but only %s is free; it is unchanged",
                    i->path, size, free_now);
    return FALSE;
}

/* A file system that shares blocks needs hardly any space.  Whether it does is found by trying,
 * with a file that never has a name: open(2), O_TMPFILE, which those file systems support. */
static gboolean shares_blocks(const image_file *i, const char *directory)
{
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    gboolean shares = fd >= 0 && ioctl(fd, FICLONE, i->fd) == 0;
    if (fd >= 0)
        close(fd);
    return shares;
}

gboolean image_can_replace(const image_file *i, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(i->path);
    if (access(i->path, W_OK) != 0 || access(directory, W_OK | X_OK) != 0) {
        ingot_set_error(error, INGOT_EXIT_SEAL,
                        "let this user write the image and its directory, or use --copy FILE",
                        "cannot write the image %s: %s", i->path, g_strerror(errno));
        return FALSE;
    }
    if (i->seen.st_nlink > 1) {
        ingot_set_error(error, INGOT_EXIT_SEAL, "remove the other names, or use --copy FILE",
                        "%s has %lu names (hard links), and only this one would get the new image",
                        i->path, (unsigned long)i->seen.st_nlink);
        return FALSE;
    }
    if (!is_idle(i, error))
        return FALSE;
    remove_dead_stages(i, directory);
    return shares_blocks(i, directory) ||
           replace_has_space(i, (guint64)i->seen.st_blocks * 512, error);
}

/* ---- the copy ---- */

static gboolean copy_range(int from, int to, off_t begin, off_t end, GCancellable *cancel)
{
    while (begin < end) {
        off_t in = begin, out = begin;
        if (g_cancellable_is_cancelled(cancel)) {
            errno = ECANCELED;
            return FALSE;
        }
        ssize_t n = copy_file_range(from, &in, to, &out, MIN((gsize)(end - begin), CHUNK), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO; /* it has become shorter */
        if (n <= 0)
            return FALSE;
        begin += n;
    }
    return TRUE;
}

/* Holes stay holes: lseek(2), SEEK_DATA.  copy_file_range(2) shares the blocks where the file
 * system can. */
static gboolean replace_copy_data(int from, int to, off_t size, GCancellable *cancel)
{
    off_t begin = 0;
    if (ftruncate(to, size) != 0)
        return FALSE;
    while (begin < size && (begin = lseek(from, begin, SEEK_DATA)) >= 0) {
        off_t end = lseek(from, begin, SEEK_HOLE);
        if (end < 0 || !copy_range(from, to, begin, MIN(end, size), cancel))
            return FALSE;
        begin = end;
    }
    return begin >= 0 || errno == ENXIO; /* ENXIO: no data up to the end */
}

static gboolean copy_content(const image_file *i, int to, GCancellable *cancel, GError **error)
{
    if (replace_copy_data(i->fd, to, i->seen.st_size, cancel))
        return TRUE;
    return !g_cancellable_set_error_if_cancelled(cancel, error) &&
           replace_failed(error, i, "free some space, or use --copy FILE", "copy the image");
}

static void copy_xattrs(int from, int to)
{
    g_autofree char *names = g_malloc(XATTRS_MOST), *value = g_malloc(XATTRS_MOST);
    ssize_t length = flistxattr(from, names, XATTRS_MOST);
    for (char *name = names; length > 0 && name < names + length; name += strlen(name) + 1) {
        ssize_t size = fgetxattr(from, name, value, XATTRS_MOST);
        if (size >= 0)
            (void)fsetxattr(to, name, value, (gsize)size, 0);
    }
}

/* Owner and group first, because changing them clears set-id bits.  A user who may not give the
 * file away becomes its owner, and nobody gets a right that they did not have. */
static gboolean copy_rights(const image_file *i, int to)
{
    mode_t mode = i->seen.st_mode & 07777;
    if (fchown(to, i->seen.st_uid, i->seen.st_gid) != 0)
        mode &= 0700;
    copy_xattrs(i->fd, to);
    return fchmod(to, mode) == 0;
}

/* ---- the changes ---- */

static gboolean changes_failed(const image_file *i, GError *cause, GCancellable *cancel,
                               GError **error)
{
    g_autoptr(GError) local = cause;
    if (g_cancellable_set_error_if_cancelled(cancel, error))
        return FALSE;
    g_autofree char *said = ingot_error_text(local);
    ingot_set_error(error, INGOT_EXIT_OUTPUT, NULL,
                    "cannot put the changes into a copy of %s: %s; it is unchanged", i->path, said);
    return FALSE;
}

static gboolean replace_put_changes(const image_file *i, int to, const char *overlay,
                                    GCancellable *cancel, GError **error)
{
    g_autofree char *name = image_json_name(i, to);
    const struct vm_backing copy = {name, i->format};
    const struct spawn_options options = {.cancel = cancel};
    const char *const commit[] = {"qemu-img", "commit",       "-q",    "-d",
                                  "-f",       VM_DISK_FORMAT, overlay, NULL};
    GError *local = NULL;
    return (vm_disk_rebase(overlay, &copy, cancel, &local) &&
            spawn_run(commit, &options, NULL, &local)) ||
           changes_failed(i, local, cancel, error);
}

/* ---- all of it ---- */

static gboolean is_unchanged(const image_file *i)
{
    return image_is_untouched(i) && files_is_at(i->fd, i->path);
}

static gboolean move_into_place(const image_file *i, int fd, const char *stage, GError **error)
{
    if (!copy_rights(i, fd))
        return replace_failed(error, i, NULL, "write a copy of the image");
    if (!is_idle(i, error))
        return FALSE;
    if (is_unchanged(i))
        return files_rename(stage, i->path, error);
    ingot_set_error(error, INGOT_EXIT_OUTPUT,
                    "stop the program that writes to it, then run this again",
                    "another program changed %s meanwhile; its version was left in place", i->path);
    return FALSE;
}

/* The copy is checked like the original: it might have changed in between, and cannot from here
 * on. */
static gboolean replace_fill(const image_file *i, int fd, const char *overlay, GCancellable *cancel,
                             GError **error)
{
    g_autofree char *backing = NULL, *format = NULL;
    return copy_content(i, fd, cancel, error) && image_judge(i, fd, &backing, &format, error) &&
           replace_has_space(i, files_usage(overlay), error) &&
           replace_put_changes(i, fd, overlay, cancel, error);
}

gboolean image_replace(const image_file *i, const char *overlay, GCancellable *cancel,
                       GError **error)
{
    g_autofree char *directory = g_path_get_dirname(i->path);
    g_autofree char *prefix = stage_prefix(i);
    g_autofree char *stage = g_strdup_printf("%s/%sXXXXXX", directory, prefix);
    int fd = g_mkstemp_full(stage, O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return replace_failed(error, i, "let this user write there, or use --copy FILE",
                              "make a copy beside");
    gboolean good = flock(fd, LOCK_EX | LOCK_NB) == 0 &&
                    replace_fill(i, fd, overlay, cancel, error) &&
                    move_into_place(i, fd, stage, error);
    if (!good)
        (void)unlink(stage);
    close(fd);
    return good;
}
