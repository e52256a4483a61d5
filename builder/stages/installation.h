/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/digest.h"
#include "stages/kept.h"
#include "stages/stages.h"

/* What an installation in a machine and one in a namespace have in common.  Private to the room. */

struct install_way {
    const struct kept_kind *kept, *base; /* what is kept of an installed system, of a base system */
    /* Adds to d all that the installer is given; base_only: for the base system. */
    void (*add_inputs)(const build *b, gboolean base_only, digest *d);
    kept_make_fn make; /* makes what is kept; user: the build */
};
extern const struct install_way install_in_machine, install_in_namespace;

const struct install_way *installation_way(const plan *p); /* ways.c */

/* ---- base systems ---- */

/* The key of the base system: over its packages and hardly anything else. */
char *installation_base_key(const build *b, const struct install_way *way);

/* Whether it is kept; FALSE also if the installer is given no packages. */
gboolean installation_base_is_kept(const build *b, const struct install_way *way);

/* Whether this build uses it; says so then. */
gboolean installation_load_base(build *b, const kept *k);

/* Gives it a second name, so that it stays as long as what stands on it, whatever becomes of the
 * first.  Where there are no hard links it is copied. */
gboolean installation_share_base(const char *base, const char *name, GCancellable *cancel,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* kept_load within the limit of this build; warns if what is kept has changed. */
GPtrArray *installation_load(const build *b, const kept *k, gint64 *age);

/* ---- keys ---- */

void installation_add_media(const media_boot *boot, digest *d);
void installation_add_files(const plan *p, gboolean base_only, digest *d);

/* ---- running ---- */

/* Runs the machine or the program of spec under that name, with everything else of it filled in.
 * phases gets the phases that were seen, the timeline what was observed. */
gboolean installation_run(build *b, const char *name, struct install_spec *spec, GPtrArray *phases,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
