/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/secret.h"
#include "inspect/inspect.h"

/* Making a template of an image: customisation, the operations, the policy.  Knows nothing of
 * recipes. */

/* What to add to a home's .ssh/authorized_keys. */
struct sysprep_key {
    const char *user; /* NULL ends an array */
    const char *keys; /* lines */
};

/* What is copied from this host: owners become root, modes stay. */
struct sysprep_copy {
    const char *local;     /* a file or a directory; NULL ends an array */
    const char *directory; /* of the guest, absolute; made when absent */
};

/* What else to do to an image in the same launch.  Each may be NULL.  The first three run before
 * the operations, which clean up after them, in this order; the others after, because they must
 * stay. */
struct sysprep_customise {
    const struct sysprep_copy *copies;
    const char *const *packages; /* for the guest's package manager; names are checked */
    const char *const *scripts;  /* paths on this host */
    /* crypt(5) hashes of root's password, yescrypt and, for guests that do not know it,
     * sha512crypt; "!": locked. */
    const char *root_hash, *root_hash_old;
    const struct sysprep_key *keys;
    const char *hostname;
};

/* The same as somebody asks for it: texts and paths.  Each may be NULL. */
struct sysprep_request {
    const char *root_password;   /* file:PATH (its first line), env:NAME or locked */
    const char *hostname;        /* hostname(7) */
    const char *packages;        /* NAME,NAME… */
    const char *const *ssh_keys; /* USER:FILE each */
    const char *const *copies;   /* LOCAL:GUESTDIR each */
    const char *const *scripts;  /* paths */
    const char *name,
        *cache_dir; /* of the image, and of this host's key: the salt of the password */
};

/* A request that was checked, with all that it needs of this host read. */
typedef struct customisation customisation;
void customisation_free(customisation *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(customisation, customisation_free)

/* Secrets go to hidden.  request must outlive what is made, which the caller owns.  Errors:
 * INGOT_EXIT_USAGE, which name the option of `ingot sysprep`. */
customisation *customisation_new(const struct sysprep_request *request, secrets *hidden,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL: nothing is asked for; borrowed. */
const struct sysprep_customise *customisation_spec(const customisation *c);

struct sysprep_spec {
    struct guest_spec open;
    struct inspect_spec wanted;
    gboolean no_policy;             /* only the operations */
    gboolean no_trim;               /* free space is not given back */
    const char *const *operations;  /* names, NULL-terminated; NULL: those that are not off */
    const struct guest_file *files; /* put in after the operations; NULL: none */
    const struct sysprep_customise *customise; /* NULL: nothing */
};

/* One launch: mounts, customises, runs every operation for the family, checks the policy, trims,
 * unmounts.
 * Errors: INGOT_EXIT_SEAL when the image cannot be worked on, INGOT_EXIT_POLICY (every violation in
 * one message, a line each) when the policy fails, INGOT_EXIT_HOST when libguestfs cannot start
 * here, with what to do.  The caller owns *facts (set on success only). */
gboolean sysprep_image(const struct sysprep_spec *spec, progress *p, GCancellable *cancel,
                       guest_facts **facts, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same in a tree, of which an image will be made: nothing is launched, and spec->open is not
 * read.  Errors: INGOT_EXIT_SEAL, INGOT_EXIT_POLICY, INGOT_EXIT_HOST (its disk is full). */
gboolean sysprep_tree(const struct sysprep_spec *spec, const struct guest_tree_spec *in,
                      progress *p, GCancellable *cancel, guest_facts **facts,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the operations: one record each, at the foot of its file ---- */

typedef struct sysprep_operation {
    const char *name;            /* "machine-id" */
    const char *also;            /* other names, of virt-sysprep(1), with spaces between; or NULL */
    const char *heading;         /* "Empty the machine-id, so that every clone makes its own" */
    const char *const *families; /* libguestfs package formats or distros; NULL: every Linux */
    gboolean off;                /* only if enabled */
    /* What it does, in this order; each may be NULL.  The first two are patterns as guest_remove
     * and guest_empty take them. */
    const char *remove, *empty;
    gboolean (*run)(guest *g, GError **error);
} sysprep_operation;

/* Executes the record on a launched guest. */
gboolean sysprep_operation_run(const sysprep_operation *op, guest *g,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

const sysprep_operation *const *sysprep_operations(void); /* NULL-terminated, in running order */

/* The names of the operations to run: those that are not off and those of enable, without those of
 * disable.  Both are NAME,NAME… (NULL: none), where all is every one.  The array ends with NULL,
 * its texts belong to the records; the caller frees it.  Errors: INGOT_EXIT_USAGE, a name is
 * unknown. */
const char **sysprep_choose(const char *enable, const char *disable,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The operation of this name or of this virt-sysprep name; NULL: none. */
const sysprep_operation *sysprep_operation_find(const char *name);
