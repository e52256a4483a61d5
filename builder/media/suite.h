/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/debian.h"
#include "media/job.h"

/* A suite of a Debian archive (wiki.debian.org/DebianRepository/Format): the signed InRelease names
 * the digests of the Packages files, these name the digests of the .debs. */

typedef struct media_suite {
    char *mirror, *name;  /* mirror: without a slash at its end */
    char **components;    /* at least one */
    const char *arch;     /* of the spec */
    deb_release *release; /* NULL until it is fetched */
} media_suite;
void media_suite_clear(media_suite *suite);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(media_suite, media_suite_clear)

/* The suite of that name of an archive, with components and architecture of the job's spec; checks
 * that all of them can become parts of URLs. */
gboolean media_suite_init(media_suite *suite, const struct media_job *job, const char *mirror,
                          const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Words of the recipe, before they become parts of URLs: the name of a package, or letters, digits
 * and the characters of more; what: what it is said to be ("suite"). */
gboolean media_suite_package(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean media_suite_word(const char *what, const char *word, const char *more,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fetches and verifies the InRelease; adds it to the job's inputs. */
gboolean media_suite_fetch(media_suite *suite, struct media_job *job,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The Packages file of one component and architecture, in the best form that the mirror has; added
 * to the job's inputs.  Returns its path in the cache, owned by the caller; *index belongs to the
 * suite.  NULL with *error unset: the archive has no such file. */
char *media_suite_index(const media_suite *suite, struct media_job *job, const char *component,
                        const char *arch, const struct deb_index **index,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The URL of a file of the pool; the caller owns it. */
char *media_suite_url(const media_suite *suite, const char *filename);
