/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/image.h"
#include "base/progress.h"
#include "vm/vm.h"

#include <jansson.h>

/* Proof that an image is golden: two throw-away clones of it run at the same time, a probe that is
 * in the clones only tells what they are, and assertions are made over that.  Knows nothing of how
 * the image was made. */

#define VERIFY_CLONES 2u
#define VERIFY_MEMORY                                                                              \
    (1ull << 30) /* of a clone, usually: a host that installs with less has little */

/* A file that holds the image; it is only read. */
struct verify_disk {
    const image_file *image;
    const char *name;   /* what messages call it; NULL: its path */
    const char *sha256; /* its digest, when that is known; NULL: it is read for it */
};

static inline const char *verify_disk_name(const struct verify_disk *d)
{
    return d->name ? d->name : image_path(d->image);
}

/* The ways of the probe into the clones. */
enum verify_probe {
    VERIFY_PROBE_DISK,   /* an overlay of the disk, changed by libguestfs */
    VERIFY_PROBE_SMBIOS, /* credentials of systemd in the tables of the machine: the disk is as it
                            is */
};
const char *verify_probe_name(enum verify_probe probe); /* "disk", "SMBIOS" */

/* The version in that of the package systemd ("257.13-1~deb13u1"); 0: it is none. */
guint verify_systemd_version(const char *package_version);

struct verify_spec {
    /* The same image in one file or in one for each clone, in any formats: then each clone proves
     * one of them.  Without a second image both clones are of the first. */
    struct verify_disk disks[VERIFY_CLONES];
    const char *arch;
    vm_firmware *firmware; /* of each clone */
    const struct vm_accel *accel;
    guint cpus;                      /* of each clone */
    guint64 memory;                  /* bytes, of each clone */
    gboolean force_tcg;              /* for libguestfs, as in struct sysprep_spec */
    const char *const *packages;     /* whose programs must run; NULL-terminated or NULL */
    const secrets *hidden;           /* masked in the logs; NULL: none */
    const char *const *foreign_macs; /* that no clone may know; NULL-terminated or NULL */
    const char *build_host;          /* a host name that no clone may have; NULL: none */
    guint64 disk_size;               /* of a larger disk that root must fill; 0: not requested */
    guint systemd;              /* version of the guest's, if known; 0: the disk takes the probe */
    const char *systemd_sha256; /* of the image in which that was found; NULL: of disks[0] */
    const char *data_dir;       /* where kickstart/verify/ is */
    const char *work_dir;       /* a directory for the overlays is made there, and removed */
    const char *log_dir;        /* gets clone-a.console.log and the like; NULL: nobody wants them */
    guint limit;                /* seconds for each thing that is waited for; 0: default */
};

enum verify_outcome { VERIFY_PASSED, VERIFY_FAILED, VERIFY_SKIPPED };

struct verify_finding {
    const char *name, *heading; /* of the assertion */
    enum verify_outcome outcome;
    char *says; /* what was seen; printable; why it was skipped or has failed */
};

typedef struct verify_result {
    GPtrArray *findings; /* of struct verify_finding *: one for each assertion, in their order */
    json_t *clones;      /* what each clone reported, by name */
    enum verify_probe probe;
    guint failed;
    double seconds;
} verify_result;
void verify_result_free(verify_result *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(verify_result, verify_result_free)

/* Runs the clones; *result is set if they ran, whatever they reported, and owned by the caller.
 * Errors: INGOT_EXIT_VERIFY if assertions have failed (all of them in the one message; *result is
 * set), INGOT_EXIT_SEAL if the probe cannot be put into the image, INGOT_EXIT_HOST if QEMU or
 * libguestfs does not start, G_IO_ERROR_CANCELLED. */
gboolean verify_run(const struct verify_spec *spec, progress *p, GCancellable *cancel,
                    verify_result **result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "passed", "failed", "skipped". */
const char *verify_outcome_name(enum verify_outcome outcome);

/* For the manifest; the caller owns it. */
json_t *verify_to_json(const verify_result *r);

/* A JUnit report: a test suite with a case for each assertion.  The caller owns the text. */
char *verify_to_junit(const verify_result *r, const char *image);

/* ---- the assertions: one record each ---- */

struct evidence; /* what was seen: verify/evidence.h */

typedef struct verify_assertion {
    const char *name, *heading;
    /* says gets what was seen.  Not called if a clone did not get as far as the assertion needs:
     * see needs. */
    enum verify_outcome (*judge)(const struct evidence *e, GString *says);
    enum verify_needs { NEEDS_NOTHING, NEEDS_BOOT, NEEDS_RESTART, NEEDS_HOTPLUG } needs;
} verify_assertion;

const verify_assertion *verify_assertions(void); /* ends with a NULL name */
