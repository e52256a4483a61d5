/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/guest.h"

/* What is in an image: the policy and its rules, the survey of one image, the comparison of two.
 * Nothing is changed.  Knows nothing of recipes and of sysprep. */

/* What only the maker of an image knows of it.  Each may be NULL. */
struct inspect_spec {
    const char *const *required_packages; /* NULL-terminated */
    const char *const *forbidden_macs;    /* of the VM that made it; NULL-terminated */
    const char *const *forbidden_texts;   /* secrets in clear that must not be in /etc, /var, /root,
                                             /home; NULL-terminated */
};

/* The checks that a build makes, of a guest that is mounted and measured.  Errors:
 * INGOT_EXIT_POLICY with a line for every violation of a rule whose level is INSPECT_ERROR. */
gboolean inspect_policy(guest *g, const struct inspect_spec *asked,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- what a used machine leaves: operations of sysprep remove it, checks look for it ---- */

extern const struct guest_line_rule trace_nic_rules[]; /* up to a rule without files */
/* Patterns for guest_glob. */
extern const char trace_host_keys[], trace_udev_net_rules[], trace_installer_files[],
    trace_random_seeds[], trace_dhcp_leases[], trace_cloud_init[];
/* The pattern of the histories in all homes; owned by the caller. */
char *trace_histories(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- two images compared ---- */

/* What is compared, in the order of the report. */
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

/* Reads an image without changing it: one launch of libguestfs.  Errors: as sysprep_image, but
 * for the policy.  The caller owns the snapshot, which is finished. */
snapshot *inspect_snapshot(const image_file *from, gboolean force_tcg, progress *p,
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

enum inspect_level { INSPECT_NOTE, INSPECT_WARNING, INSPECT_ERROR };
const char *inspect_level_name(enum inspect_level level); /* "note" */

/* What to check in an image. */
typedef struct inspect_rule {
    const char *name;    /* "swap-partition" */
    const char *heading; /* "No swap partition" */
    enum inspect_level level;
} inspect_rule;

/* Every rule there is, of const inspect_rule *, in the order in which they are checked; the caller
 * owns the array. */
GPtrArray *inspect_rules(void);

/* "NAME,NAME…" (NULL: none) as a list that the caller owns.  Error: INGOT_EXIT_USAGE, no rule is
 * called so. */
char **inspect_rules_named(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Where an image breaks a rule.  Texts are printable. */
struct inspect_finding {
    const inspect_rule *rule;
    char *path; /* in the guest, absolute; NULL: it is not about a file */
    char *text; /* a sentence */
};

/* One fact about an image; printable. */
typedef struct inspect_section {
    const char *name, *heading; /* "accounts", "Accounts with a shell" */
} inspect_section;

struct inspect_item {
    const inspect_section *section;
    char *key, *value;
};

typedef struct inspect_survey {
    GPtrArray *items;    /* of struct inspect_item *, section by section */
    GPtrArray *findings; /* of struct inspect_finding * */
} inspect_survey;
void inspect_survey_free(inspect_survey *survey);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(inspect_survey, inspect_survey_free)

/* Reports on everything in an image without changing it: one launch of libguestfs.  A
 * finding is not an error.  Errors: as inspect_snapshot.  The caller owns the survey. */
inspect_survey *inspect_survey_image(const image_file *from, gboolean force_tcg, progress *p,
                                     GCancellable *cancel,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Drops the findings of the rules of these names. */
void inspect_survey_ignore(inspect_survey *survey, const char *const *names);

/* How many findings are of that level. */
guint inspect_survey_count(const inspect_survey *survey, enum inspect_level level);
