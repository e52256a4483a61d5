/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/progress.h"
#include "image/image.h"
#include "rootfs/rootfs.h"
#include "rootfs/tree.h"

/* The inside of one image, and what is known of it.  What its files are in (an appliance of
 * libguestfs, or a tree on this host of which the image will be made) is known to this room only:
 * backend.h. */

struct guest_tree_spec {
    tree *files;       /* stays the caller's */
    const char *name;  /* what messages call it */
    const char *place; /* a path beside which there is space for its files */
    /* Of the disk that will be made of it: what the guest says of its disk is what will be true.
     * The operation fs-uuids changes its UUID. */
    struct rootfs_layout *layout;
};

struct guest {
    const struct guest_backend *backend; /* what the files are in, and its own state */
    struct appliance *appliance;
    const struct guest_tree_spec *tree; /* borrowed */
    const char *name;                   /* what messages call the image; borrowed */
    const char *place;                  /* on this host: where what is changed is kept; borrowed */
    gboolean read_only;
    progress *p;             /* borrowed; may be NULL */
    GCancellable *cancel;    /* borrowed; may be NULL */
    char *format;            /* of packages, libguestfs name: "deb" */
    char **mountpoints;      /* mount point, device, mount point, device, …, NULL */
    char **filesystems;      /* device, type, device, type, …, NULL */
    guest_facts *facts;      /* what is known so far; NULL before guest_inspect */
    const char *doing;       /* the operation that runs; NULL: none */
    GPtrArray *changes;      /* of struct guest_change *; borrowed */
    struct guest_walk *walk; /* NULL: not requested yet */
};

/* Launches the appliance with spec->image.  spec, p and cancel must outlive the guest, which the
 * caller closes.  Call from the main thread: QEMU dies with the thread that started it.
 * Errors: INGOT_EXIT_SEAL (the image), INGOT_EXIT_HOST (libguestfs), G_IO_ERROR_CANCELLED. */
guest *guest_open(const struct guest_spec *spec, progress *p, GCancellable *cancel,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A guest in a tree.  spec, p and cancel must outlive it; no call of it waits longer than cancel,
 * with which the tree was opened.  The caller closes it.  Only Debian is recognised in a tree, and
 * programs of it are not run. */
guest *guest_open_tree(const struct guest_tree_spec *spec, progress *p, GCancellable *cancel);

/* Unmounts, flushes and stops the appliance; without it nothing written is certain to be kept. */
gboolean guest_shutdown(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void guest_close(guest *g); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(guest, guest_close)

/* Finds the one operating system of the image, mounts it and begins g->facts.  Errors:
 * INGOT_EXIT_SEAL, with what was found. */
gboolean guest_inspect(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds packages and sizes to g->facts, as they are now. */
gboolean guest_measure(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new package from texts that are made printable; in an array of guest_packages_new. */
void guest_package_add(GPtrArray *packages, const char *name, const char *version,
                       const char *arch);
GPtrArray *guest_packages_new(void);

/* Whether families (NULL: every one) has this guest's distribution or package format. */
gboolean guest_is_of(const guest *g, const char *const *families);

/* Makes "cannot <what>: …" of *error, the reason; or, when the build was cancelled or a limit has
 * ended the call, an error that says so.  Returns FALSE. */
gboolean guest_fail(guest *g, GError **error, const char *what, ...) G_GNUC_PRINTF(3, 4);

/* When a limit has ended a call: puts that in the place of *error, whatever it was, and returns
 * TRUE.  The error names operation, call and image. */
gboolean guest_limit_error(guest *g, GError **error);
