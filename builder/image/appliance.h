/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/watch.h"
#include "image/handle.h"
#include "image/scratch.h"

#include <guestfs.h>

/* libguestfs's appliance with one image; for the files appliance*.c, limit.c and host.c only. */

struct guest_stat;

struct appliance {
    guestfs_h *h;
    const struct guest_spec *spec; /* borrowed */
    char *disk;                    /* what libguestfs opens */
    gulong cancel_id;
    pid_t thread;          /* the thread that calls libguestfs: its children are the appliance's */
    char **other_children; /* the children it had before */
    GString *messages;     /* the last messages of the appliance and its QEMU */
    gboolean inspected;    /* by libguestfs itself: guestfs_inspect_* works */
    struct guest_scratch scratch;
    watch *watch;     /* over the calls: limit.c */
    const char *call; /* of libguestfs, the last: "tar_in"; interned, atomic */
};

/* ---- appliance.c: its life ---- */

/* Makes g->appliance; on error, too, the caller closes the guest. */
gboolean appliance_launch(guest *g, const struct guest_spec *spec,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean appliance_shutdown(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void appliance_close(guest *g);

/* ---- appliance_failure.c ---- */

/* Sets *error to what libguestfs said last.  Returns FALSE. */
gboolean appliance_reason(guest *g, GError **error);

/* appliance_reason and guest_fail. */
#define appliance_fail(g, error, ...)                                                              \
    (appliance_reason((g), (error)), guest_fail((g), (error), __VA_ARGS__))

/* ---- limit.c: calls that do not come back ---- */

/* Watches the calls of this thread; end has to make the running one come back.  Owned by the
 * caller. */
watch *appliance_watch(guest *g, void (*end)(gpointer g));

/* libguestfs runs the call of that name now: errors name it. */
void appliance_enter_call(guest *g, const char *name, gsize length);

gboolean appliance_limit_error(guest *g, GError **error);

/* ---- host.c ---- */

/* Why libguestfs does not launch here, as an error of INGOT_EXIT_HOST with the remedy, or of
 * INGOT_EXIT_SEAL if QEMU refuses the image.  said: libguestfs's message. */
void appliance_explain_launch(guest *g, const char *said, GError **error);

/* guest_host_problem with these parts of the host. */
char *host_problem_in(const char *boot_dir, const char *modules_dir, const char *program_path,
                      char **remedy);

/* ---- the functions of the record (backend.h) ---- */

/* appliance_files.c */
gboolean appliance_stat(guest *g, const char *path, gboolean follow, struct guest_stat *info,
                        GError **error);
GArray *appliance_stat_list(guest *g, const char *directory, char *const *names, GError **error);
char **appliance_list(guest *g, const char *directory, GError **error);
char **appliance_glob(guest *g, const char *pattern, GError **error);
gboolean appliance_readlink(guest *g, const char *path, char **target, GError **error);
char *appliance_read(guest *g, const char *path, gint64 offset, gsize size, gsize *got,
                     GError **error);
gboolean appliance_write(guest *g, const char *path, const char *text, GError **error);
gboolean appliance_truncate(guest *g, const char *path, GError **error);
gboolean appliance_remove(guest *g, const char *path, gboolean all, GError **error);
gboolean appliance_mkdirs(guest *g, const char *path, GError **error);
gboolean appliance_chmod(guest *g, const char *path, guint mode, GError **error);
gboolean appliance_chown(guest *g, const char *path, guint uid, guint gid, GError **error);
gboolean appliance_symlink(guest *g, const char *target, const char *path, GError **error);

/* appliance_stream.c */
gboolean appliance_send_tar(guest *g, const char *directory, char *const *excludes, int fd,
                            GError **error);
gboolean appliance_send_names(guest *g, const char *directory, int fd, GError **error);
gboolean appliance_receive_tar(guest *g, const char *directory, int fd, GError **error);
void appliance_stop(guest *g);
gboolean appliance_upload(guest *g, const char *local, const char *path, GError **error);
char *appliance_shell(guest *g, const char *commands, GError **error);

/* appliance_inspect.c */
gboolean appliance_inspect(guest *g, GError **error);
gboolean appliance_mount_all(guest *g, GError **error); /* again, what was unmounted */
gboolean appliance_packages(guest *g, GPtrArray *packages, GError **error);

/* appliance_disk.c */
gboolean appliance_sizes(guest *g, guint64 *disk, guint64 *used, GError **error);
char *appliance_table(guest *g);
GPtrArray *appliance_partitions(guest *g, GError **error);
char *appliance_filesystem_type(guest *g, const char *device);
char *appliance_filesystem_uuid(guest *g, const char *device);
gboolean appliance_renew_uuids(guest *g, const char *const *types, GPtrArray *renewed,
                               GError **error);
gboolean appliance_renew_lvm(guest *g, GError **error);
gboolean appliance_trim(guest *g, GError **error);
