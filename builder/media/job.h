/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/cache.h"
#include "media/download.h"
#include "media/media.h"

/* One media_fetch while it runs, for the files of this room. */
typedef struct media_job {
    const struct media_spec *spec;
    const struct media_context *context;
    struct media_net net;
    media_cache *cache;
    char *work; /* a private directory on the cache's file system */
    int work_lock;
    GPtrArray *inputs; /* of struct media_input * */
} media_job;

/* Fills spec, context and limits in (all borrowed) and makes the rest, which media_job_clear ends;
 * to be called also when this fails. */
gboolean media_job_init(struct media_job *job, const struct media_spec *spec,
                        const struct media_context *context, const struct media_limits *limits,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void media_job_clear(struct media_job *job);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(media_job, media_job_clear)

/* media_fetch with other limits (tests do not wait for half a minute). */
media_boot *media_fetch_within(const struct media_spec *spec, const struct media_context *context,
                               const struct media_limits *limits,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds what went in; origin is a path or a URL (shown without its user). */
void media_job_input(struct media_job *job, const char *name, const char *origin,
                     const char *sha256, guint64 size);

/* ---- obtain.c: from the cache, else from the network, once ---- */

/* A file whose digest is known.  Returns its path in the cache, owned by the caller.  absent (may
 * be NULL) is set when the server does not have it. */
char *media_obtain(struct media_job *job, const struct media_download *download, gboolean *absent,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- several.c ---- */

struct media_wish {
    struct media_download download; /* borrowed; its digest is known */
    char *path;                     /* result: in the cache; owned by the struct */
};

/* Obtains all of them, some at a time.  what: how people are told of them ("packages").  The first
 * error ends it; what is complete by then stays in the cache. */
gboolean media_obtain_all(struct media_job *job, struct media_wish *wishes, gsize n,
                          const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- names that may get new content ---- */

/* Says whether a file is what it should be; called before it comes into the cache, and again for
 * what lies there. */
typedef gboolean (*media_check_fn)(struct media_job *job, const char *file, gpointer data,
                                   GError **error);

/* A file whose digest is not known beforehand; asked for anew each time, unless offline.  sha256
 * and size get what came.  Returns its path in the cache, owned by the caller. */
char *media_obtain_checked(struct media_job *job, const struct media_download *download,
                           media_check_fn check, gpointer data, char sha256[DIGEST_HEX_LEN + 1],
                           guint64 *size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A key over a kind and the values that follow it: media_key(key, "url", "http://..."). */
#define media_key(key, kind, ...) media_key_of(key, kind, (const char *const[]){__VA_ARGS__, NULL})
void media_key_of(char key[DIGEST_HEX_LEN + 1], const char *kind, const char *const *values);

/* Whether the network may be used for url; an error that says what is missing otherwise. */
gboolean media_may_fetch(const struct media_job *job, const char *url, const char *name,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the kinds; each adds its inputs and returns the path of the medium ---- */

/* sha256 gets the digest of the medium; "" when it has none of its own (a directory, a drive). */
char *media_from_apt(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1],
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *media_from_url(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1],
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *media_from_path(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1],
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of kind PACKAGES; the caller owns the result. */
media_boot *media_from_packages(struct media_job *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;
