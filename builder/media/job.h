/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/cache.h"
#include "media/download.h"
#include "media/source.h"

/* One media_fetch while it runs, for the files of this room. */
struct media_job {
    const struct media_spec *spec;
    const struct media_context *context;
    struct media_net net;
    media_cache *cache;
    char *work; /* a private directory on the cache's file system */
    int work_lock;
    GPtrArray *inputs; /* of struct media_input * */
};

/* Fills spec, context and limits in (all borrowed) and makes the rest, which media_job_clear ends;
 * to be called also when this fails. */
gboolean media_job_init(struct media_job *job, const struct media_spec *spec,
                        const struct media_context *context, const struct media_limits *limits,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void media_job_clear(struct media_job *job);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(media_job, media_job_clear)

/* The form of the spec's packages; NULL: it names no source. */
const struct media_format *media_job_format(const struct media_job *job);

/* media_fetch with other limits (tests do not wait for half a minute). */
media_boot *media_fetch_within(const struct media_spec *spec, const struct media_context *context,
                               const struct media_limits *limits,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- parallel.c ---- */

struct media_wish {
    struct media_download download; /* borrowed; its digest is known */
    char *path;                     /* result: in the cache; owned by the struct */
};

/* Obtains all of them, several at a time.  what: their name in messages ("packages").  The first
 * error ends it; files that are complete by then stay in the cache. */
gboolean media_obtain_all(struct media_job *job, struct media_wish *wishes, gsize n,
                          const char *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the network may be used for url; an error that says what is missing otherwise. */
gboolean media_may_fetch(const struct media_job *job, const char *url, const char *name,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- the kinds; each adds its inputs and returns the path of the medium ---- */

/* sha256 gets the digest of the medium; "" when it has none of its own (a directory, a drive). */
char *media_from_package(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1],
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *media_from_url(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1],
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *media_from_path(struct media_job *job, char sha256[DIGEST_HEX_LEN + 1],
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of kind SYSTEM; the caller owns the result. */
media_boot *media_from_system(struct media_job *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;
