/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/secret.h"

#include <glib.h>

/* What the user wrote, checked for form and typed; const after recipe_load.  The plan checks
 * whether the parts fit together (an installer that exists, a disk that is large enough). */

enum recipe_media_kind { RECIPE_MEDIA_APT, RECIPE_MEDIA_URL, RECIPE_MEDIA_PATH };

struct recipe_media {
    enum recipe_media_kind kind; /* which of apt:, url:, path: is there (exactly one is) */
    char *apt_suite;             /* apt.suite; NULL: the recipe's release */
    char *apt_package;           /* apt.package; NULL: the installer's own default */
    char *url;                   /* http, https, ftp or file URL */
    char *path;                  /* file, directory or block device; relative to the recipe */
    char *sha256;                /* of the file at url or path; lower case; NULL: none */
    char *signature;             /* URL or path of a detached OpenPGP signature; NULL: none */
    char *keyring;               /* for InRelease or signature; NULL: the distribution's */
    char *kernel, *initrd;       /* paths inside the media; NULL: the installer's own default */
};

/* For media that are booted as they are, by their own boot loader. */
struct recipe_boot {
    char *command; /* what is typed at it; NULL: kernel and initrd are booted directly */
    char *seed;    /* how the guest gets its answer file: "http" */
};

struct recipe_user {
    char *name, *fullname;
    char *password;      /* secret, in clear; NULL: none */
    char *password_hash; /* crypt(5); secret; NULL: none */
    char **groups;       /* NULL-terminated, never NULL */
    char **ssh_keys;
};

typedef struct recipe recipe;
struct recipe {
    char *path;        /* the file, as given */
    char *digest;      /* SHA-256 of its bytes */
    char *text;        /* as read, except that secrets in clear text are masked; or NULL */
    char *name;        /* [a-z0-9][a-z0-9._-]*, at most 64: names the files in out/ */
    char *description; /* may be NULL */
    char *family;      /* "debian" */
    char *release;     /* "trixie" */
    char *installer;   /* NULL: the family's default */
    char *isolation;   /* "auto" by default, "machine", "namespace" */
    char *arch;        /* "x86_64" by default */
    struct recipe_media media;
    struct recipe_boot boot;
    char *firmware;        /* a struct firmware_kind; NULL: the usual one of the arch */
    char *security_mirror; /* URL of the archive of its updates; NULL: the host's own or none */
    char *mirror;          /* URL of the package archive; NULL: the host's own or the installer's */
    char *proxy;           /* URL; NULL: none */

    guint64 disk_size; /* bytes; 8 GiB by default */
    gboolean grow;     /* root grows with the disk of a clone */
    char *filesystem;  /* "ext4" by default */
    guint64 memory;    /* bytes, for the install; 0: the installer's default */
    guint cpus;        /* for the install; 0: the host's, at most 4 */
    char **outputs;    /* names of formats, "qcow2" by default; never empty without a problem */

    char *hostname, *domain;            /* "debian", "" by default */
    char *locale, *timezone, *keyboard; /* "en_US.UTF-8", "Etc/UTC", "us" by default */
    char **packages;                    /* beyond the base packages */
    char *kernel_package;               /* NULL: the family's cloud kernel */
    char **kernel_args;                 /* "net.ifnames=0" by default */
    gboolean serial_console;            /* TRUE by default */
    struct recipe_user root;            /* name "root"; neither password nor hash: locked */
    GPtrArray *users;                   /* of struct recipe_user */
    char *extra;                        /* raw answer lines; may hold secrets; NULL: none */
    char *late_command;                 /* shell text run in the new system; NULL: none */

    guint limit_total;      /* seconds; 7200 by default */
    guint limit_inactivity; /* seconds; 900 by default */
    guint limit_stage;      /* seconds; 0: what each stage has */

    GHashTable *item_keys; /* key of a list -> GPtrArray of those of its items; private */
    GHashTable *places;    /* dotted key ("media.url", "users[0].name") -> its position; private */
    char **lines;          /* the file's lines, for carets; private */
};

void recipe_free(struct recipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(recipe, recipe_free)

/* ---- problems: all of them are found before any is shown ---- */

/* Adds "file:line:col: message" at the place of a dotted key of the recipe (an absent key: the
 * nearest parent that is there; NULL: the top).  hint may be NULL. */
typedef struct recipe_problems recipe_problems;
recipe_problems *recipe_problems_new(void);
void recipe_problems_free(recipe_problems *problems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(recipe_problems, recipe_problems_free)
void recipe_problem(recipe_problems *problems, const struct recipe *recipe, const char *key,
                    const char *hint, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* The same of a value that a later check refuses: "KEY: found VALUE, expected …, for example …". */
void recipe_problem_value(recipe_problems *problems, const struct recipe *recipe, const char *key,
                          const char *value, const char *expected, const char *hint);
guint recipe_problems_count(const recipe_problems *problems);

/* The key of an item of a list: what was refused is not in the list but has its number in the file.
 * Owned by the recipe. */
const char *recipe_item_key(const struct recipe *of, const char *key, guint item);

/* Whether the file has the key, good or bad: what is bad has its default in the struct. */
gboolean recipe_has(const struct recipe *of, const char *key);

/* FALSE and one error of INGOT_EXIT_RECIPE with every problem, in the order of the file, each as
 *   FILE:LINE:COL: message
 *       the line
 *       ^
 *   (hint: …)
 * when there is any. */
gboolean recipe_problems_report(const recipe_problems *problems,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Parses a file (at most 1 MiB).  Problems of form are added to problems, not returned; NULL with
 * an error only when the file cannot be read or is not YAML enough to go on (that error is made
 * by recipe_problems_report too).  resolve_secrets FALSE leaves ${env:NAME} and file: values
 * unread (for check and plan on a machine that does not have them): such a password is then the
 * text "<secret>".  Every secret read is added to hidden (may be NULL).  With problems, a required
 * text may be NULL: ask recipe_problems_count before going on.  The caller owns the recipe. */
struct recipe *recipe_load(const char *path, gboolean resolve_secrets, secrets *hidden,
                           recipe_problems *problems, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same of a copy: names in it that are relative, and the places of problems, are those of the
 * file `as`. */
struct recipe *recipe_load_as(const char *path, const char *as, gboolean resolve_secrets,
                              secrets *hidden, recipe_problems *problems,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The names that a key can have as its value, or the items of its list. */
struct recipe_names {
    const char *key; /* "outputs"; NULL ends an array */
    const char *const *names;
};

/* The JSON schema (draft 2020-12) of a recipe, from the parser's own table; owned by the caller.
 * known: what this room does not know, the names of records above it. */
char *recipe_schema(const struct recipe_names *known);
