/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/opened.h"

#include "base/error.h"
#include "base/files.h"
#include "base/spawn.h"
#include "image/qcow2.h"
#include "vm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define OPEN_TRIES 8 /* an image that is replaced at each of them is busy */
#define SAY_RAW    "--image-format raw"

static gboolean image_refuse(GError **error, const char *hint, const char *path, const char *what)
{
    ingot_set_error(error, INGOT_EXIT_SEAL, hint, "%s %s", path, what);
    return FALSE;
}

/* ---- the header ---- */

static guint8 *read_begin(int fd, gsize *length)
{
    guint8 *bytes = g_malloc(QCOW2_HEADER_MOST);
    ssize_t n = 1;
    for (*length = 0; n > 0 && *length < QCOW2_HEADER_MOST; *length += (gsize)MAX(n, 0)) {
        n = pread(fd, bytes + *length, QCOW2_HEADER_MOST - *length, (off_t)*length);
        if (n < 0 && errno == EINTR)
            n = 1, *length -= 1; /* tried again from the same place */
    }
    return bytes;
}

/* A name that QEMU would take for a protocol ("nbd:…", "json:…") is no file. */
static gboolean is_file_name(const struct qcow2_header *h)
{
    const char *colon = strchr(h->backing_file, ':');
    return h->backing_plain &&
           (!colon || memchr(h->backing_file, '/', (gsize)(colon - h->backing_file)));
}

static gboolean judge_backing(const struct qcow2_header *h, const char *path,
                              enum image_flags flags, GError **error)
{
    g_autofree char *names = g_strdup_printf("has the backing file %s", h->backing_file);
    g_autofree char *format = g_strdup_printf("%s, whose format is %s", names,
                                              h->backing_format ? h->backing_format : "not said");
    if (!(flags & IMAGE_TRUST_CHAIN))
        return image_refuse(error,
                            "if you trust that file, add --trust-chain; or make one image of both "
                            "with qemu-img convert",
                            path, names);
    if (!is_file_name(h))
        return image_refuse(error, "make one image of both with qemu-img convert", path, names);
    /* Found out by looking, a raw disk may claim to be anything. */
    if (!h->backing_format || !image_can_open(h->backing_format))
        return image_refuse(error, "set it with qemu-img rebase -u -F", path, format);
    return TRUE;
}

static gboolean judge_header(const struct qcow2_header *h, const char *path, enum image_flags flags,
                             GError **error)
{
    if (h->data_file) {
        g_autofree char *what = g_strdup_printf("keeps its data in another file, %s",
                                                h->data_file_name ? h->data_file_name : "unnamed");
        return image_refuse(error, "make one image of both with qemu-img convert", path, what);
    }
    if (h->unknown) {
        g_autofree char *what =
            g_strdup_printf("has features that ingot does not know: %s", h->unknown);
        return image_refuse(error, "rewrite it with a qemu-img convert that knows them", path,
                            what);
    }
    if (h->encrypted)
        return image_refuse(error, "decrypt it with qemu-img convert", path, "is encrypted");
    if (h->corrupt)
        return image_refuse(error, "qemu-img check -r all may repair a copy of it", path,
                            "is marked as corrupt");
    return !h->backing_file || judge_backing(h, path, flags, error);
}

/* ---- the formats ---- */

/* What is behind a name; backing as in image_judge. */
struct image_begin {
    const image_file *image;
    const guint8 *bytes;
    gsize length;
    char **backing, **backing_format;
};

static gboolean judge_qcow2(const struct image_begin *b, GError **error)
{
    const image_file *i = b->image;
    struct qcow2_header h;
    const char *why = qcow2_header_read(b->bytes, b->length, &h);
    gboolean good =
        why ? image_refuse(error, "give a qcow2 image, or say its format: " SAY_RAW, i->path, why)
            : judge_header(&h, i->path, i->flags, error);
    if (good && h.backing_file) {
        g_autofree char *directory = g_path_get_dirname(i->path);
        *b->backing = g_canonicalize_filename(h.backing_file, directory);
        *b->backing_format = g_strdup(h.backing_format);
    }
    qcow2_header_clear(&h);
    return good;
}

/* It names nothing.  But should the claim that it is raw be wrong, what is read of it, or put into
 * it, would be nonsense. */
static gboolean judge_raw(const struct image_begin *b, GError **error)
{
    return b->image->flags & IMAGE_SURE || !qcow2_begins(b->bytes, b->length) ||
           image_refuse(error, "if it is raw all the same, add " SAY_RAW, b->image->path,
                        "should be a raw image, and begins as a qcow2 image does");
}

/* What can be judged can be opened. */
static const struct image_kind {
    const char *format;
    gboolean (*judge)(const struct image_begin *b, GError **error);
} kinds[] = {{VM_DISK_FORMAT, judge_qcow2}, {"raw", judge_raw}};

static const struct image_kind *kind_of(const char *format)
{
    for (gsize n = 0; n < G_N_ELEMENTS(kinds); n++)
        if (strcmp(kinds[n].format, format) == 0)
            return &kinds[n];
    return NULL;
}

gboolean image_can_open(const char *format)
{
    return kind_of(format) != NULL;
}

char **image_formats(void)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (gsize n = 0; n < G_N_ELEMENTS(kinds); n++)
        g_strv_builder_add(names, kinds[n].format);
    return g_strv_builder_end(names);
}

gboolean image_judge(const image_file *i, int fd, char **backing, char **backing_format,
                     GError **error)
{
    gsize length;
    g_autofree guint8 *bytes = read_begin(fd, &length);
    const struct image_begin begin = {i, bytes, length, backing, backing_format};
    const struct image_kind *kind = kind_of(i->format);
    return kind ? kind->judge(&begin, error)
                : image_refuse(error, "qemu-img convert makes a qcow2 image of it", i->path,
                               "has a format that ingot does not open");
}

/* ---- opening ---- */

static int image_open_file(const image_file *i, struct stat *seen, GError **error)
{
    const char *path = i->path;
    /* O_NONBLOCK: a FIFO has no end to wait for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, seen) != 0) {
        ingot_set_error(error, INGOT_EXIT_SEAL, "check the path, and that this user can read it",
                        "cannot open the image %s: %s", path, g_strerror(errno));
    } else if (S_ISREG(seen->st_mode)) {
        return fd;
    } else {
        g_autofree char *why = g_strdup_printf("is no %s image: it is not a file", i->format);
        image_refuse(error, "give an image in a file; qemu-img convert makes one", path, why);
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The lock belongs to the file, not to its name: another process may have replaced the file
 * before we had the lock. */
static int open_locked(const image_file *i, struct stat *seen, GError **error)
{
    for (guint n = 0; n < OPEN_TRIES; n++) {
        int fd = image_open_file(i, seen, error);
        if (fd < 0)
            return -1;
        gboolean locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
        if (locked && files_is_at(fd, i->path))
            return fd;
        close(fd);
        if (!locked)
            break;
    }
    image_refuse(error, "wait until it has finished", i->path, "is being changed by another ingot");
    return -1;
}

image_file *image_open_as(const char *path, const char *format, enum image_flags flags,
                          const char *scratch_parent, GError **error)
{
    g_autoptr(image_file) i = g_new0(image_file, 1);
    char *real = realpath(path, NULL);
    i->path = g_strdup(real ? real : path);
    free(real);
    i->format = g_strdup(format);
    i->flags = flags;
    i->scratch_lock = -1;
    i->fd =
        flags & IMAGE_LOCK ? open_locked(i, &i->seen, error) : image_open_file(i, &i->seen, error);
    if (i->fd < 0 || !image_judge(i, i->fd, &i->backing, &i->backing_format, error))
        return NULL;
    i->scratch = files_live_dir(scratch_parent, "image", &i->scratch_lock, error);
    return i->scratch ? g_steal_pointer(&i) : NULL;
}

image_file *image_open(const char *path, enum image_flags flags, const char *scratch_parent,
                       GError **error)
{
    return image_open_as(path, VM_DISK_FORMAT, flags, scratch_parent, error);
}

gboolean image_is_untouched(const image_file *i)
{
    struct stat now;
    return fstat(i->fd, &now) == 0 && files_is_untouched(&i->seen, &now);
}

/* The header is checked again, too: the clock of a file system has ticks of some milliseconds,
 * in which a change leaves no trace. */
gboolean image_check_same(const image_file *i, GError **error)
{
    g_autofree char *backing = NULL, *format = NULL;
    if (image_is_own(i))
        return TRUE;
    if (!image_is_untouched(i))
        return image_refuse(error, "stop the program that writes to it, then run this again",
                            i->path, "was changed by another program while it was read");
    return image_judge(i, i->fd, &backing, &format, error);
}

image_file *image_own_as(const char *path, const char *format)
{
    image_file *i = g_new0(image_file, 1);
    i->path = g_strdup(path);
    i->format = g_strdup(format);
    i->fd = i->scratch_lock = -1;
    return i;
}

image_file *image_own(const char *path)
{
    return image_own_as(path, VM_DISK_FORMAT);
}

void image_close(image_file *i)
{
    if (!i)
        return;
    files_remove_tree(i->scratch);
    files_unlock(i->scratch_lock);
    if (i->fd >= 0)
        close(i->fd);
    g_free(i->path);
    g_free(i->format);
    g_free(i->backing);
    g_free(i->backing_format);
    g_free(i->scratch);
    g_free(i);
}

gboolean image_is_own(const image_file *i)
{
    return i->fd < 0;
}

const char *image_format(const image_file *i)
{
    return i->format;
}

const char *image_path(const image_file *i)
{
    return i->path;
}

char *image_content_path(const image_file *i)
{
    return i->fd < 0 ? g_strdup(i->path) : g_strdup_printf("/proc/self/fd/%d", i->fd);
}

char *image_scratch(const image_file *i, const char *name)
{
    return g_build_filename(i->scratch, name, NULL);
}

/* ---- overlays ---- */

static json_t *node_new(const char *format, const char *file)
{
    return json_pack("{s:s, s:{s:s, s:o}}", "driver", format, "file", "driver", "file", "filename",
                     json_string(file));
}

/* A trusted chain is opened by its names below the first file. */
static json_t *backing_node(const image_file *i)
{
    return i->backing ? node_new(i->backing_format, i->backing) : json_null();
}

char *image_json_name(const image_file *i, int fd)
{
    g_autofree char *file = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), fd);
    json_t *node = node_new(i->format, file);
    json_object_set_new(node, "backing", backing_node(i));
    char *text = json_dumps(node, JSON_COMPACT);
    char *name = g_strconcat("json:", text, NULL);
    free(text);
    json_decref(node);
    return name;
}

static gboolean overlay_failed(const image_file *i, GError *cause, GError **error)
{
    g_autoptr(GError) local = cause;
    if (g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    g_autofree char *said = ingot_error_text(local);
    ingot_set_error(error, INGOT_EXIT_SEAL,
                    "give an image that is not damaged; qemu-img check says more",
                    "cannot work on %s: %s", i->path, said);
    return FALSE;
}

/* How QEMU is given the image; owned by the caller. */
static char *qemu_name(const image_file *i)
{
    return image_is_own(i) ? g_canonicalize_filename(i->path, NULL) : image_json_name(i, i->fd);
}

gboolean image_overlay(const image_file *i, const char *overlay, guint64 size, GCancellable *cancel,
                       GError **error)
{
    GError *local = NULL;
    g_autofree char *name = qemu_name(i);
    const struct vm_backing base = {name, i->format};
    if (image_is_own(i))
        return vm_disk_overlay(overlay, size, &base, cancel, error);
    return vm_disk_create_on(overlay, size, &base, cancel, &local) ||
           overlay_failed(i, local, error);
}

gboolean image_overlay_again(const image_file *i, const char *overlay, const char *copy,
                             GCancellable *cancel, GError **error)
{
    g_autofree char *name = qemu_name(i);
    g_autoptr(GFile) from = g_file_new_for_path(overlay), to = g_file_new_for_path(copy);
    const struct vm_backing base = {name, i->format};
    return g_file_copy(from, to, G_FILE_COPY_NONE, cancel, NULL, NULL, error) &&
           vm_disk_rebase(copy, &base, cancel, error);
}
