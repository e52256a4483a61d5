/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/watch.h"
#include "image/image.h"
#include "image/scratch.h"

#include <guestfs.h>

/* The launched appliance with one image, for the files of this room only.  Every libguestfs call
 * that fails is turned into a GError by guest_fail, so that a cancelled build is told apart from a
 * broken image. */

struct guest {
    guestfs_h *h;
    const struct guest_spec *spec; /* borrowed */
    char *disk;                    /* what libguestfs opens */
    progress *p;                   /* borrowed; may be NULL */
    GCancellable *cancel;          /* borrowed; may be NULL */
    gulong cancel_id;
    pid_t thread;          /* the thread that calls libguestfs: its children are the appliance's */
    char **other_children; /* the children it had before */
    GString *messages;     /* the last messages of the appliance and its QEMU */
    char *format;          /* of packages, libguestfs name: "deb" */
    char **mountpoints;    /* mount point, device, mount point, device, …, NULL */
    char **filesystems;    /* device, type, device, type, …, NULL */
    gboolean inspected;    /* by libguestfs itself: guestfs_inspect_* works */
    guest_facts *facts;    /* what is known so far; NULL before guest_inspect */
    const char *doing;     /* the operation that runs; NULL: none */
    GPtrArray *changes;    /* of struct guest_change * */
    struct guest_walk *walk; /* NULL: not requested yet */
    struct guest_scratch scratch;
    watch *watch;     /* over the calls: image/limit.c */
    const char *call; /* of libguestfs, the last: "tar_in"; interned, atomic */
};

/* Launches the appliance with spec->image.  spec, p and cancel must outlive the guest, which the
 * caller closes.  Call from the main thread: QEMU dies with the thread that started it.
 * Errors: INGOT_EXIT_SEAL (the image), INGOT_EXIT_HOST (libguestfs), G_IO_ERROR_CANCELLED. */
guest *guest_open(const struct guest_spec *spec, progress *p, GCancellable *cancel,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What messages call the image; borrowed. */
static inline const char *guest_image_name(const guest *g)
{
    return g->spec->name ? g->spec->name : image_path(g->spec->image);
}

/* Unmounts, flushes and stops the appliance; without it nothing written is certain to be kept. */
gboolean guest_shutdown(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void guest_close(guest *g); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(guest, guest_close)

/* Finds the one operating system of the image, mounts it and begins g->facts.  Errors:
 * INGOT_EXIT_SEAL, with what was found. */
gboolean guest_inspect(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Mounts again what guest_inspect has mounted, for who had to unmount it. */
gboolean guest_mount_all(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds packages and sizes to g->facts, as they are now. */
gboolean guest_measure(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A new package from texts that are made printable; in an array of guest_packages_new. */
void guest_package_add(GPtrArray *packages, const char *name, const char *version,
                       const char *arch);
GPtrArray *guest_packages_new(void);

/* Whether families (NULL: every one) has this guest's distribution or package format. */
gboolean guest_is_of(const guest *g, const char *const *families);

/* Sets *error from the last libguestfs error ("cannot <what>: …") or, when the build was
 * cancelled, to G_IO_ERROR_CANCELLED.  Returns FALSE. */
gboolean guest_fail(guest *g, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* ---- limit.c: calls that do not come back ---- */

/* Watches the calls of this thread; end has to make the running one come back.  Owned by the
 * caller. */
watch *guest_watch(guest *g, void (*end)(gpointer g));

/* libguestfs runs the call of that name now: errors name it. */
void guest_enter_call(guest *g, const char *name, gsize length);

/* When a limit has ended a call: puts that in the place of *error, whatever it was, and returns
 * TRUE.  The error names operation, call and image. */
gboolean guest_limit_error(guest *g, GError **error);

/* Why libguestfs does not launch here, as an error of INGOT_EXIT_HOST with the remedy, or of
 * INGOT_EXIT_SEAL if QEMU refuses the image (host.c).  said: libguestfs's message. */
void guest_explain_launch(guest *g, const char *said, GError **error);

/* guest_host_problem with these parts of the host. */
char *host_problem_in(const char *boot_dir, const char *modules_dir, const char *program_path,
                      char **remedy);
