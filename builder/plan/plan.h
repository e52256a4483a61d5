/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "install/install.h"
#include "media/media.h"
#include "os/os.h"
#include "output/output.h"
#include "recipe/recipe.h"
#include "sandbox/sandbox.h"
#include "vm/vm.h"

#include <jansson.h>

/* Recipe, installer record and host facts resolved into the specs of the rooms below; const after
 * plan_new.  Runs nothing. */

/* What boots, out of this host's firmware descriptors; both are references. */
struct plan_firmware {
    const struct firmware_kind *asked; /* by the recipe; NULL: the usual one; set by plan_new */
    vm_firmware *template;             /* boots the template and its media; NULL: see missing */
    vm_firmware *kernel; /* boots a kernel that QEMU is given; NULL: QEMU does itself */
    GError *missing;     /* why there is no template; NULL: there is, or nobody looked */
    char **problems;     /* of descriptors that are broken; NULL-terminated; NULL: nobody looked */
};
void plan_firmware_clear(struct plan_firmware *firmware);

/* What is known of the host and of the call; borrowed while plan_new runs. */
struct plan_host {
    const char *mirror_override; /* --mirror or INGOT_MIRROR; NULL: none */
    const char *host_archive;    /* os_host_archive(); NULL: none */
    const char *host_security;   /* the same, of security updates */
    guint cpus;
    const struct vm_accel *accel;       /* NULL: not probed (check) */
    struct plan_firmware firmware;      /* all NULL: not looked for (check) */
    const struct sandbox_host *sandbox; /* NULL: not probed: plan_needs_sandbox */
    const char *isolation; /* requested by an option: "auto", "machine", "namespace"; or NULL */
    const char *site_isolation; /* what site_file allows: "machine"; NULL: everything */
    const char *site_file;
    const char *cache_dir, *data_dir, *out_dir;
};

/* Where the installer's scripts run: in a virtual machine, or in a sandbox on the host's kernel. */
enum plan_isolation { PLAN_MACHINE, PLAN_NAMESPACE };

/* What "auto" means where both are possible; site: what the site allows ("machine"), or NULL. */
enum plan_isolation plan_isolation_usual(gboolean kvm, enum sandbox_kind sandbox, const char *site);

/* Whether a plan of the recipe depends on what sandbox_probe finds; isolation: of an option, or
 * NULL. */
gboolean plan_needs_sandbox(const recipe *r, const char *isolation, gboolean kvm);

typedef struct plan plan;
struct plan {
    char *name;
    char *description; /* may be NULL */
    char *recipe_path, *recipe_digest;
    char *recipe_text;     /* masked; may be NULL */
    char *mirror_override; /* as requested; NULL: none */
    char *family, *release;
    const os_installer *installer;
    struct media_spec media;
    struct media_modules modules; /* of the installer's kernel; its strings live in store */
    struct os_answers answers;    /* its strings live in store */
    GPtrArray *files; /* of struct os_file *: what the initrd or the seed gets, the answer file
                         first */
    /* Typed at the boot loader of the medium, with its placeholders; NULL: kernel and initrd are
     * booted directly. */
    char *boot_command;
    struct vm_spec vm; /* without firmware, disk, kernel and initrd: see plan_machine */
    struct plan_firmware firmware;
    enum plan_isolation isolation;
    char *isolation_reason;    /* a sentence */
    enum sandbox_kind sandbox; /* of this host; SANDBOX_NONE: there is none, or nobody looked */
    guint64 disk_size;
    gboolean grow; /* root grows with the disk of a clone */
    struct install_limits limits;
    guint stage_limit;                    /* seconds that a stage may take; 0: what each has */
    const char *const *required_packages; /* in store */
    char *cache_dir, *data_dir, *out_dir;
    const output_format *const *outputs; /* NULL-terminated, at least one */
    char **hidden; /* secrets that no finished image may hold; NULL-terminated */

    GStringChunk *store; /* private */
    GPtrArray *pools;    /* private */
};

/* Resolves; what does not fit together is added to problems with the recipe's line.  NULL when
 * there are problems (ask recipe_problems_report) or with an error of its own (a template that
 * does not render).  hidden (may be NULL) has what the recipe's secrets are, and gets the password
 * hashes made here.  The caller owns the
 * plan; the recipe may be freed. */
plan *plan_new(const recipe *from, const struct plan_host *host, secrets *hidden,
               recipe_problems *problems, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void plan_free(plan *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(plan, plan_free)

const char *plan_isolation_name(const plan *p); /* "machine", "namespace" */

/* Bytes that a build will need, estimated; all but output in the cache. */
struct plan_estimate {
    guint64 media, install, work; /* work: of seal and verify, gone at the end */
    guint64 output;
};
struct plan_estimate plan_estimate(const plan *p);

/* The JSON schema of recipes (recipe_schema) with the names of what this program has: families,
 * installers, formats.  Owned by the caller. */
char *plan_recipe_schema(void);

/* The plan as JSON (the caller owns it) and as text for people; neither holds a secret. */
json_t *plan_to_json(const plan *p);
char *plan_to_text(const plan *p);

/* What a machine of the plan is made from; files that it does not boot from are ignored. */
struct plan_machine_files {
    const char *disk, *kernel, *initrd, *medium;
};

/* The machine in which the plan's installer runs: in a build, in what a failed one leaves, by hand.
 * It shares its strings with plan and files. */
struct vm_spec plan_machine(const plan *p, const struct plan_machine_files *files);

/* Whether the firmware is there that the machine of the installer needs, and the clones of the
 * template when they are booted too. */
gboolean plan_check_firmware(const plan *p, gboolean clones,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same as a script (vm_script), and what it calls the disk, which is beside it; the caller owns
 * both. */
char *plan_script(const plan *p, const char *kernel, const char *initrd, const char *medium);
char *plan_disk_name(const plan *p);

/* What is typed: the command with seed_url (as the guest reaches it, without '/' at its end)
 * and the other values in place of its placeholders.  The caller owns the text. */
char *plan_boot_command(const plan *p, const char *seed_url,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The plan's files (base_only: those of the base system) as rooms below take them; they belong to
 * the plan.  *n gets their number; the caller frees the list. */
struct media_file *plan_media_files(const plan *p, gboolean base_only, gsize *n);

/* Writes initrd, followed by the plan's files, to out (media_initrd_append); base_only: those of
 * the base system (struct os_file). */
gboolean plan_append_files(const plan *p, gboolean base_only, const char *initrd, const char *out,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
