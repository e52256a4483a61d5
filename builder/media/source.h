/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/digest.h"
#include "media/media.h"

/* For rooms that know a packaging system (debian/): the record they implement, and the functions of
 * this room that such a record may use.  A source reads and judges what an archive says about
 * itself.  Fetching, signatures, digests and the cache stay here. */

/* One media_fetch while it runs. */
typedef struct media_job media_job;

/* Packages that are to be fetched: arrays of media_package *, none of them empty. */
struct media_choice {
    GPtrArray *system; /* sorted by name */
    GPtrArray *kernel; /* those that hold the environment's kernel and its modules */
    GPtrArray *shell;  /* the one that holds the environment's shell */
};
void media_choice_clear(struct media_choice *choice);

/* Errors are of INGOT_EXIT_MEDIA.  A source adds the indexes that it reads to the job's inputs;
 * packages are added when they are fetched. */
struct media_source {
    const struct media_format *format; /* of its packages */
    const char *kernel_glob;           /* where the kernel is in its package: fnmatch(3) */
    const char *const *shell_paths;    /* where the shell may be; NULL-terminated */
    /* The one package of a spec of kind PACKAGE; the caller owns it. */
    media_package *(*package)(media_job *job, GError **error);
    /* All packages of a spec of kind SYSTEM. */
    gboolean (*choose)(media_job *job, struct media_choice *choice, GError **error);
    /* Adds each kernel version for which the archive has installer modules (char *, each once).
     * FALSE with *error unset: the archive does not list them. */
    gboolean (*kernels)(media_job *job, GPtrArray *versions, GError **error);
};

const struct media_spec *media_job_spec(const media_job *job);
const struct media_context *media_job_context(const media_job *job);

/* Adds what went in; origin is a path or a URL (shown without its user). */
void media_job_input(media_job *job, const char *name, const char *origin, const char *sha256,
                     guint64 size);

/* The text of a file that is signed in clear by the spec's keyring, and nothing around it; name:
 * its name in messages.  The caller owns it; *length excludes the final NUL. */
char *media_job_verified_text(const media_job *job, const char *file, const char *name,
                              gsize *length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The time to compare a signed expiry date with.  It is never before a time that earlier runs have
 * proved, since this machine's clock may have been set back (media/clock.h). */
gint64 media_job_now(const media_job *job);
/* Remembers the signed date of an index that has not expired; negative: it has none. */
gboolean media_job_has_verified(const media_job *job, gint64 date,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After an index was found expired at now: warns if the clock may be the reason. */
void media_job_explain_expiry(const media_job *job, gint64 now);

/* ---- notes: earlier results, by a key over their inputs ---- */

/* The one group of a note. */
#define MEDIA_NOTE "media"

/* A key over a kind and the values that follow it: media_key(key, "url", "http://..."). */
#define media_key(key, kind, ...) media_key_of(key, kind, (const char *const[]){__VA_ARGS__, NULL})
void media_key_of(char key[DIGEST_HEX_LEN + 1], const char *kind, const char *const *values);

/* NULL if there is none that can be read; owned by the caller. */
GKeyFile *media_job_note(const media_job *job, const char *key);
gboolean media_job_save_note(const media_job *job, const char *key, GKeyFile *note,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- files, from the cache, else from the network, once ---- */

struct media_download {
    const char *url;
    const char *name;     /* its name in messages */
    const char *sha256;   /* that it must have; NULL: unknown */
    guint64 size;         /* that it must have; 0: unknown */
    guint64 max_size;     /* if size is unknown */
    const char *etag;     /* of the caller's copy, as the server sent it; NULL: none */
    const char *modified; /* likewise Last-Modified */
};

/* The URL as it may be shown: without user, password and query (which may hold a token).  The
 * caller owns it. */
char *media_url_shown(const char *url);
/* The URL without slashes at its end, so that "/" and a name can follow; the caller owns it. */
char *media_url_of_folder(const char *url);

/* A file whose digest is known.  Returns its path in the cache, owned by the caller.  absent (may
 * be NULL) is set when the server does not have it. */
char *media_obtain(media_job *job, const struct media_download *download, gboolean *absent,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a file is valid; called before it enters the cache, and again for one that is there. */
typedef gboolean (*media_check_fn)(media_job *job, const char *file, gpointer data, GError **error);

/* A file whose digest is not known in advance; requested again each time, unless offline. sha256
 * and size are set to those of the file.  Returns its path in the cache, owned by the caller. */
char *media_obtain_checked(media_job *job, const struct media_download *download,
                           media_check_fn check, gpointer data, char sha256[DIGEST_HEX_LEN + 1],
                           guint64 *size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
