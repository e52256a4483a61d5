/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/progress.h"
#include "base/watch.h"

#include <gio/gio.h>

/* An image that is going to be opened: the only way to libguestfs and QEMU.
 *
 * An untrusted qcow2 may name other files of this host, and QEMU opens, reads and writes what it
 * names.  So the header is read here first, and what names another file is refused.  QEMU never
 * gets the path of such an image but the open file (/proc/PID/fd/N, below an overlay of our own
 * that denies it a backing file), so what was looked at is what is opened, whatever becomes of the
 * path.  The disk's contents are looked at only inside the appliance of libguestfs.
 *
 * The format is never found out by looking: whoever writes a raw disk chooses its first bytes. */

typedef struct image_file image_file;

enum image_flags {
    IMAGE_PLAIN = 0,
    IMAGE_TRUST_CHAIN = 1, /* follow a backing file: the user trusts it */
    IMAGE_LOCK = 2,        /* it is going to be replaced: one process at a time */
    IMAGE_SURE = 4,        /* somebody has said the format: a raw disk may begin as it likes */
};

/* Whether an image of that format, QEMU's name for it, can be opened; and the names of all that
 * can, owned by the caller. */
gboolean image_can_open(const char *format);
char **image_formats(void);

/* Opens and judges an untrusted image of that format.  Scratch files go into a private directory
 * below scratch_parent.  The caller owns the image (image_close).  Errors: INGOT_EXIT_SEAL, with
 * what the image names and what to do. */
image_file *image_open_as(const char *path, const char *format, enum image_flags flags,
                          const char *scratch_parent, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same of a qcow2 image. */
image_file *image_open(const char *path, enum image_flags flags, const char *scratch_parent,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A disk that this program has made, whose chain it knows.  Never for a path of somebody else's
 * file.  Opens nothing. */
image_file *image_own(const char *path);

/* The same of a file that is in another format, QEMU's name for it; it is opened below overlays
 * only. */
image_file *image_own_as(const char *path, const char *format);

void image_close(image_file *i); /* with its scratch files; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(image_file, image_close)

gboolean image_is_own(const image_file *i);

const char *image_format(const image_file *i); /* QEMU's name; borrowed */

/* What messages call it, and where it is; borrowed. */
const char *image_path(const image_file *i);

/* A path through which this process reads what was opened; owned by the caller. */
char *image_content_path(const image_file *i);

/* The path of a scratch file for an untrusted image; owned by the caller. */
char *image_scratch(const image_file *i, const char *name);

/* Makes an overlay of the image; size in bytes, 0: the image's.  It can be used while the image is
 * open. */
gboolean image_overlay(const image_file *i, const char *overlay, guint64 size, GCancellable *cancel,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a copy of an overlay of another file that holds the same disk as i: the copy is an overlay
 * of i, with the same changes. */
gboolean image_overlay_again(const image_file *i, const char *overlay, const char *copy,
                             GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether an untrusted image is still the one that was checked.  "backing": null keeps out a
 * backing file that is written into the header later, but QEMU has no such option for a data file:
 * so call this once QEMU has opened the file, before using anything that was read.  Error:
 * INGOT_EXIT_SEAL. */
gboolean image_check_same(const image_file *i, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether an image that was opened with IMAGE_LOCK can be replaced, before long work:
 * permissions, other names of the file, free space.  Removes left-overs of a replacement that was
 * killed.  Errors: INGOT_EXIT_SEAL, INGOT_EXIT_OUTPUT. */
gboolean image_can_replace(const image_file *i, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Replaces the image by one with the changes of that overlay (image_overlay of i, which is used
 * up): a copy beside the image takes them, is synced and renamed.  At any instant the old or the
 * new image is there, whole.  Owner, mode and extended attributes are kept as far as this user may.
 * Fails if somebody has changed the image meanwhile.  Errors: INGOT_EXIT_OUTPUT, with the image
 * unchanged. */
gboolean image_replace(const image_file *i, const char *overlay, GCancellable *cancel,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the inside of an image, by libguestfs: image/guest.h ---- */

typedef struct guest guest; /* the launched appliance and what is known of the system */

/* How an image is launched. */
struct guest_spec {
    const image_file *image;    /* our own: changed in place; an untrusted one: only read */
    const char *name;           /* what messages call it; NULL: its path */
    gboolean force_tcg;         /* LIBGUESTFS_BACKEND_SETTINGS=force_tcg */
    gboolean read_only;         /* nothing is changed, and the image need not be writable */
    gboolean network;           /* of the appliance */
    struct watch_limits limits; /* of the whole launch; a 0: the default of that */
};

/* Why libguestfs cannot make its appliance from this host's kernel and programs, or NULL if nothing
 * is found to be missing; *remedy gets what to do.  The caller owns both. */
char *guest_host_problem(char **remedy);

/* What is put into an image. */
struct guest_file {
    const char *path; /* absolute; NULL ends an array.  Directories on the way are made */
    guint mode;       /* permission bits; S_IFLNK: a symbolic link, whose target is the text */
    const char *text;
};

struct guest_package {
    char *name, *version, *arch;
};

/* What an operation has done, or, with read_only, would do. */
struct guest_change {
    const char *operation, *verb; /* "logs", "empty" */
    char *path;
};

/* What was found in the image. */
typedef struct guest_facts {
    char *type, *distro, *product, *arch; /* "linux", "debian", "Debian GNU/Linux 13 …", "x86_64" */
    int major, minor;
    gboolean systemd; /* is there: as its init */
    char *hostname, *root_device, *root_filesystem;
    guint64 disk_size, root_used; /* bytes */
    GPtrArray *packages;          /* of struct guest_package *, sorted by name */
    GPtrArray *operations;        /* char *: the sysprep operations that ran */
    GPtrArray *changes;           /* of struct guest_change *, in the order of their making */
} guest_facts;
void guest_facts_free(guest_facts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(guest_facts, guest_facts_free)

/* The first package of that name, or NULL; borrowed. */
const struct guest_package *guest_facts_package(const guest_facts *facts, const char *name);

/* The version of libguestfs ("1.48.6"); the caller owns the text. */
char *guest_library_version(void);
