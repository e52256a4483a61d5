/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/progress.h"
#include "base/watch.h"
#include "image/image.h"

#include <gio/gio.h>

/* The inside of an image, through libguestfs: sysprep operations and the policy.  Knows nothing of
 * recipes. */

/* What is put into an image. */
struct guest_file {
    const char *path; /* absolute; NULL ends an array.  Directories on the way are made */
    guint mode;       /* permission bits; S_IFLNK: a symbolic link, whose target is the text */
    const char *text;
};

/* What is put into a home's .ssh/authorized_keys, beside what is there. */
struct guest_key {
    const char *user; /* NULL ends an array */
    const char *keys; /* lines */
};

/* What is copied from this host: owners become root, modes stay. */
struct guest_copy {
    const char *local;     /* a file or a directory; NULL ends an array */
    const char *directory; /* of the guest, absolute; made when absent */
};

/* What else is done to an image in the same launch.  Each may be NULL.  The first three are done
 * before the operations, which remove what they leave behind, in this order; the others after them,
 * since they must stay. */
struct seal_customise {
    const struct guest_copy *copies;
    const char *const *packages; /* for the guest's package manager; names are checked */
    const char *const *scripts;  /* paths on this host */
    /* crypt(5) hashes of root's password, yescrypt and, for guests that do not know it,
     * sha512crypt; "!": locked. */
    const char *root_hash, *root_hash_old;
    const struct guest_key *keys;
    const char *hostname;
};

struct seal_spec {
    const image_file *image;              /* our own: changed in place; a stranger's: only read */
    const char *name;                     /* what messages call it; NULL: its path */
    gboolean force_tcg;                   /* LIBGUESTFS_BACKEND_SETTINGS=force_tcg */
    const char *const *required_packages; /* NULL-terminated */
    const char *const *forbidden_macs;    /* of the VM that made it; NULL-terminated or NULL */
    const char *const *forbidden_texts;   /* secrets in clear that must not be in /etc, /var, /root,
                                             /home; NULL-terminated or NULL */
    gboolean read_only;             /* nothing is changed, and the image need not be writable */
    gboolean no_policy;             /* only the operations */
    gboolean no_trim;               /* free space is not given back */
    const char *const *operations;  /* names, NULL-terminated; NULL: those that are not off */
    const struct guest_file *files; /* put in after the operations; NULL: none */
    const struct seal_customise *customise; /* NULL: nothing */
    struct watch_limits limits;             /* of the whole launch; a 0: the default of that */
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

/* One launch: mounts, customises, runs every operation for the family, checks the policy, trims,
 * unmounts.
 * Errors: INGOT_EXIT_SEAL when the image cannot be worked on, INGOT_EXIT_POLICY (every violation in
 * one message, a line each) when the policy fails, INGOT_EXIT_HOST when libguestfs cannot start
 * here, with what to do.  The caller owns *facts (set on success only). */
gboolean guest_seal(const struct seal_spec *spec, progress *p, GCancellable *cancel,
                    guest_facts **facts, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The version of libguestfs ("1.48.6"); the caller owns the text. */
char *guest_library_version(void);

/* ---- two images compared ---- */

/* What is compared, in the order in which it is told. */
enum snapshot_section {
    SNAPSHOT_SYSTEM,
    SNAPSHOT_DISK,
    SNAPSHOT_PACKAGES,
    SNAPSHOT_MARKS,
    SNAPSHOT_KERNELS,
    SNAPSHOT_BOOT,
    SNAPSHOT_FSTAB,
    SNAPSHOT_ACCOUNTS,
    SNAPSHOT_UNITS,
    SNAPSHOT_ETC,
    SNAPSHOT_SECTIONS /* how many */
};

const char *snapshot_section_name(enum snapshot_section section);    /* "packages" */
const char *snapshot_section_heading(enum snapshot_section section); /* "Packages" */

/* The facts of one image. */
typedef struct snapshot snapshot;
void snapshot_free(snapshot *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(snapshot, snapshot_free)

/* Reads a qcow2 image without changing it: one launch of libguestfs.  Errors: as guest_seal, but
 * for the policy.  The caller owns the snapshot, which is finished. */
snapshot *guest_snapshot(const image_file *from, gboolean force_tcg, progress *p,
                         GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum difference_kind { DIFFERENCE_ONLY_A, DIFFERENCE_ONLY_B, DIFFERENCE_CHANGED };

/* Texts are printable, on one line, and cut when they are very long. */
struct difference {
    enum snapshot_section section;
    enum difference_kind kind;
    char *key;
    char *a, *b;      /* the values; NULL: not in that image */
    gboolean content; /* what is not shown differs: what is in a file */
};

/* Every difference of two finished snapshots, in the order of sections and keys; an array of struct
 * difference * that the caller owns. */
GPtrArray *snapshot_compare(const snapshot *a, const snapshot *b);

/* ---- one image: what is in it, and where it breaks the policy ---- */

enum guest_level { GUEST_NOTE, GUEST_WARNING, GUEST_ERROR };
const char *guest_level_name(enum guest_level level); /* "note" */

/* What is asked of an image. */
typedef struct guest_rule {
    const char *name;    /* "swap-partition" */
    const char *heading; /* "No swap partition" */
    enum guest_level level;
} guest_rule;

/* Every rule there is, of const guest_rule *, in the order in which they are checked; the caller
 * owns the array. */
GPtrArray *guest_rules(void);

/* Where an image breaks a rule.  Texts are printable. */
struct guest_finding {
    const guest_rule *rule;
    char *path; /* in the guest, absolute; NULL: it is not about a file */
    char *text; /* a sentence */
};

/* One thing that is said of an image; printable. */
typedef struct guest_section {
    const char *name, *heading; /* "accounts", "Accounts that have a shell" */
} guest_section;

struct guest_item {
    const guest_section *section;
    char *key, *value;
};

typedef struct guest_survey {
    GPtrArray *items;    /* of struct guest_item *, section by section */
    GPtrArray *findings; /* of struct guest_finding * */
} guest_survey;
void guest_survey_free(guest_survey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(guest_survey, guest_survey_free)

/* Looks at everything in a qcow2 image without changing it: one launch of libguestfs.  What is
 * found is no error.  Errors: as guest_snapshot.  The caller owns the survey. */
guest_survey *guest_survey_image(const image_file *from, gboolean force_tcg, progress *p,
                                 GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the operations: one record each, at the foot of its file ---- */

typedef struct guest guest; /* the launched handle and what is known of the OS: guest/handle.h */

typedef struct guest_operation {
    const char *name;            /* "machine-id" */
    const char *also;            /* other names, of virt-sysprep(1), with spaces between; or NULL */
    const char *heading;         /* "Empty the machine-id, so that every clone makes its own" */
    const char *const *families; /* libguestfs package formats or distros; NULL: every Linux */
    gboolean off;                /* only where it is asked for */
    /* What it does, in this order; each may be NULL.  The first two are patterns as guest_remove
     * and guest_empty take them. */
    const char *remove, *empty;
    gboolean (*run)(guest *g, GError **error);
} guest_operation;

/* Does what the record says, on a launched guest. */
gboolean guest_operation_run(const guest_operation *op, guest *g,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

const guest_operation *const *guest_operations(void); /* NULL-terminated, in running order */

/* The one of this name or, for who comes from virt-sysprep, of this other name; NULL: none. */
const guest_operation *guest_operation_find(const char *name);
