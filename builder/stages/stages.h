/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/error.h"
#include "sysprep/sysprep.h"
#include "output/output.h"
#include "plan/plan.h"
#include "rootfs/tree.h"

/* The main flow: a table of stages, each a function of named inputs (its key) whose result may be
 * kept.  Running a plan: for each stage, reuse the result of that key, or run it; on failure, undo
 * in reverse. */

struct build_options {
    gboolean fresh;     /* reuse no kept result */
    gboolean offline;   /* take nothing from the network for the media */
    gboolean no_verify; /* do not boot clones of the finished image */
    const char *report; /* HTML file that tells the build, good or bad; NULL: none */
    const char *junit;  /* the same for CI servers, as JUnit XML; NULL: none */
    enum output_compact compact;
    guint keep;    /* seconds for which a failed machine is kept to look into; 0: not at all */
    guint max_age; /* seconds; older kept results are not reused, and removed */
    guint64 cache_limit; /* bytes of media and kept results after the build; 0: no limit */
};

typedef struct history history; /* stages/history.h */

/* What is happening now.  Each stage owns the fields under its name. */
typedef struct build {
    const plan *plan;
    progress *progress; /* the caller's, or silent */
    progress *silent;   /* the build's own, when the caller has none */
    const secrets *hidden;
    GCancellable *cancel; /* the build's own: the caller's cancels it, and so does a limit */
    GCancellable *caller; /* may be NULL */
    gulong caller_id;
    struct watch_limits limits; /* of every stage, for tests; a 0: the stage's own */
    struct build_options options;
    timeline *timeline; /* what happened, and when */
    history *history;   /* of earlier runs */
    char *bundle;       /* what a failure left */
    char *work_dir;     /* removed at the end, whatever the end */
    int work_lock;      /* held while the build lives, so that a dead build's directory is known */
    char *run_dir;      /* sockets of the running VM */
    int run_lock;       /* the same for it */
    char *log_dir;      /* in work_dir; kept as out/NAME.failed when the build fails */
    /* media */
    media_boot *media;
    char *initrd; /* with the answer file appended; in work_dir */
    /* install */
    char *disk;        /* in the cache; NULL: a namespace keeps layers */
    tree *tree;        /* in work_dir: the system as a namespace has it; NULL: none, or not yet */
    struct kept *kept; /* holds it while the build lives */
    /* seal */
    char *sealed; /* an overlay of disk; in work_dir; NULL: the tree is sealed */
    guest_facts *facts;
    /* export */
    char *staging;      /* in the output directory */
    GPtrArray *outputs; /* of output_result *, in the plan's order */
    /* verify */
    json_t *verified; /* NULL: not requested */
} build;

typedef struct stage {
    const char *name;
    const char *heading;
    enum ingot_exit failure; /* exit code of errors that carry none */
    struct stage_limits {
        guint still, total; /* seconds; still 0: what it waits for has limits of its own */
        guint machines;     /* installing ones, each with the recipe's limits.total */
        gboolean emulated;  /* longer when the host emulates */
        gboolean learned;   /* does the same in every build: earlier ones teach the limit */
    } limits;
    /* Which builds have durations that say something of this one's: those with the same.  NULL:
     * all, as far as this can be known before it runs.  Lives as long as the program. */
    const char *(*kind)(const build *b);
    /* SHA-256 over the inputs, owned by the caller; NULL: the stage keeps no result. */
    char *(*key)(const build *b);
    /* Takes the kept result of the key when there is a good one. */
    gboolean (*reuse)(build *b, const char *key);
    gboolean (*run)(build *b, const char *key, GError **error);
    gboolean (*wanted)(const build *b); /* NULL: always */
    void (*undo)(build *b);             /* NULL: there is nothing to undo beyond work_dir */
} stage;

const stage *const *stages_table(void); /* NULL-terminated, in running order */

build *build_new(const plan *p, const struct build_options *options, progress *reporter,
                 const secrets *hidden, GCancellable *cancel,
                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void build_free(build *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(build, build_free)

/* Runs every stage.  On failure nothing is in the output directory but NAME.failed with the logs;
 * *exit_code (never NULL) is the program's. */
gboolean build_run(build *b, enum ingot_exit *exit_code, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How the build fetches; borrowed from it. */
struct media_context build_media_context(const build *b);

/* Unpacks the packages of boot into disk, which is made: the first half of an installation by an
 * installer that is given packages. */
gboolean build_unpack(const plan *p, const media_boot *boot, const char *disk, progress *reporter,
                      GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes into dir, which is made, what the plan's machine needs to run by hand, as sh DIR/qemu.sh:
 * kernel and initrd or the medium, disk, answers, script.  Fetches the media. */
gboolean build_write_by_hand(const plan *p, const char *dir, progress *reporter,
                             GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* That script; owned by the caller. */
char *build_script_by_hand(const plan *p);

/* What `ingot sysprep` does to an untrusted image, opened with IMAGE_LOCK if it is to be replaced.
 */
struct sysprep_by_hand {
    const image_file *image;
    struct sysprep_spec spec; /* operations, what is put in; the rest is filled in */
    gboolean dry_run;         /* the image is only read, and the changes are only found out */
    const char *copy; /* gets the changed image, in the same format; must not exist.  NULL: it takes
                       * the place of the image */
    enum output_compact compact; /* of the copy */
};

/* All changes are made on an overlay: until the last of them the image is as it was.  *facts is set
 * as soon as the changes are known, even when they could not be written, and owned by the caller.
 */
gboolean build_sysprep_by_hand(const struct sysprep_by_hand *s, progress *reporter,
                               GCancellable *cancel, guest_facts **facts,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the cache ---- */

/* A directory of the cache. */
struct cache_part {
    const char *name, *heading; /* NULL ends an array */
};
const struct cache_part *build_cache_parts(void);

/* Removes what was not used for max_age seconds and no build uses: kept results, media, histories;
 * returns their number and, in *bytes, their size. */
guint build_prune_all(const char *cache_dir, guint max_age, guint64 *bytes);

/* Removes kept results older than max_age seconds that no build uses, and what builds that died
 * have left; returns the number of results and, in *bytes (may be NULL), their size. */
guint build_prune(const char *cache_dir, guint max_age, guint64 *bytes);

/* The same for the histories of recipes that were not built for that long. */
guint build_prune_history(const char *cache_dir, guint max_age, guint64 *bytes);

/* The same for media that were not used for that long; bytes is not NULL. */
guint build_prune_media(const char *cache_dir, guint max_age, guint64 *bytes);

/* Removes the least recently used media and kept results that no build uses, until at most limit
 * bytes are left; returns their number, in *freed the bytes gained, in *left what is still there.
 * */
guint build_shrink_cache(const char *cache_dir, guint64 limit, guint64 *freed, guint64 *left);

/* ---- the machine of a build that installs, in another process of this user ---- */

struct running {
    char *name, *dir; /* of the build, of its sockets */
    int pid;
};
void running_free(struct running *r);

/* The one of that build; name NULL: the only one.  command is for the hint.  Owned by the caller.
 * Error: INGOT_EXIT_USAGE, there is none or there are several. */
struct running *running_find(const char *name, const char *command,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Connects to a socket of it; owned by the caller. */
GSocket *running_connect(const struct running *r, const char *socket_name,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Says "resume" or "stop" to a machine that is kept (install/install.h).  Error: INGOT_EXIT_USAGE
 * when it is not. */
gboolean running_say(const char *name, const char *word, GError **error) G_GNUC_WARN_UNUSED_RESULT;
