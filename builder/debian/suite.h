/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "debian/debian.h"
#include "media/source.h"

/* A suite of a Debian archive (wiki.debian.org/DebianRepository/Format): the signed InRelease has
 * the digests of the Packages files, and these have the digests of the .debs. */

typedef struct deb_suite {
    char *mirror, *name;  /* mirror: without a slash at its end */
    char **components;    /* at least one */
    const char *arch;     /* of the spec */
    deb_release *release; /* NULL until it is fetched */
} deb_suite;
void deb_suite_clear(deb_suite *suite);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(deb_suite, deb_suite_clear)

/* The suite of an archive that has this name, with components and architecture of the job's spec;
 * checks that all of them can become parts of URLs. */
gboolean deb_suite_init(deb_suite *suite, const media_job *job, const char *mirror,
                        const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Checks a word of the recipe before it becomes part of a URL: a package's name, or letters, digits
 * and the characters of more; what: its role in messages ("suite"). */
gboolean deb_suite_package_name(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean deb_suite_word(const char *what, const char *word, const char *more,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fetches and verifies the InRelease; adds it to the job's inputs. */
gboolean deb_suite_fetch(deb_suite *suite, media_job *job,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The Packages file of one component and architecture, in the best form that the mirror has; added
 * to the job's inputs.  Returns its path in the cache, owned by the caller; *index belongs to the
 * suite.  NULL with *error unset: the archive has no such file. */
char *deb_suite_index(const deb_suite *suite, media_job *job, const char *component,
                      const char *arch, const struct deb_index **index,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A package of the suite as the room media knows it; the caller owns it. */
media_package *deb_suite_package(const deb_suite *suite, const deb_package *package);
