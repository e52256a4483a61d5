/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/catalog.h"

/* Which packages a system needs, within one suite: first a base, as debootstrap(8) works it out,
 * then names as apt(8) installs them by default, with what they recommend.  It is no solver: of
 * alternatives the one that is there already is taken, else the first that can be; a choice is not
 * taken back but for the sake of a recommended package that cannot be there.  The suite is
 * consistent, and dpkg judges the result in the guest. */

/* Lists end with NULL, and may be NULL themselves: none. */
struct media_need {
    gboolean base;               /* all that is Essential, required or important */
    const char *const *plain;    /* names of the base set, too */
    const char *const *packages; /* names whose Recommends are followed */
    const char *const *excluded; /* names that are never taken */
};

typedef struct media_chosen {
    char *name, *version, *arch; /* checked: letters, digits and what else such names may have */
    char *filename;              /* below the mirror; checked: relative, without ".." */
    char sha256[65];
    guint64 size;
    gboolean base;      /* of the base set, or what that needs */
    gboolean wanted;    /* by name */
    const char *stanza; /* where it is in the text of the catalog */
    guint source;       /* for the caller, which has put that text together */
} media_chosen;
void media_chosen_free(media_chosen *chosen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(media_chosen, media_chosen_free)

/* Of media_chosen *, sorted by name, owned by the caller.  Errors are of INGOT_EXIT_MEDIA and name
 * the package, who needs it, and what stands against it. */
GPtrArray *media_closure(const media_catalog *catalog, const struct media_need *need,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One package by its name alone; the caller owns it. */
media_chosen *media_choose(const media_catalog *catalog, const char *name,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The packages that a kernel and its modules are in, of media_chosen *: of name itself, or, when it
 * is a metapackage, of the linux-image- that it depends on. */
GPtrArray *media_choose_kernel(const media_catalog *catalog, const char *name,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
