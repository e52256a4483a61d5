/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* Which packages a system needs: the closure of a list under Pre-Depends and Depends, within one
 * suite, as debootstrap(8) works it out.  It is no solver: of alternatives the one that is wanted
 * already is taken, else the first that exists; versions are not compared.  The suite is
 * consistent, and dpkg and apt judge the result in the guest. */

struct media_need {
    const char *const *wanted;   /* names; NULL-terminated */
    const char *const *excluded; /* names that are not taken even when important; or NULL */
    gboolean base;               /* all packages that are Essential, required or important too */
    const char *arch;            /* "amd64" */
};

/* One package of the closure; the texts point into the index. */
typedef struct media_chosen {
    char *name, *version, *arch, *filename, *sha256;
    guint64 size;
} media_chosen;

/* text: Packages files one after another (decompressed, verified).  Returns an array of
 * struct media_chosen *, sorted by name, owned by the caller.  Errors are of INGOT_EXIT_MEDIA and
 * name the package and who needs it. */
GPtrArray *media_closure(const char *text, gsize length, const struct media_need *need,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
