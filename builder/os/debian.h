/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "os/os.h"
#include "os/template.h"

/* What the installers of the Debian family have in common: the answers as values of their
 * templates, and making their files.  Private to the room. */

extern const struct os_packaging debian_packaging;

/* A file of kickstart/ and where the installer finds it. */
struct debian_source {
    const char *file, *path;
    guint mode;
    template_escape_fn escape; /* NULL: no template */
};

/* The values of every key that a template of this family may use, after the words that go into
 * shell commands as they are were checked; users from first_user on (0 is root) are made by
 * "users_script", those before it by the installer.  NULL with INGOT_EXIT_RECIPE; the caller owns
 * the table. */
GHashTable *debian_values(const struct os_answers *a, gsize first_user,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads and renders n files of kickstart/ below data_dir; an array of struct os_file *, owned by
 * the caller. */
GPtrArray *debian_files(const struct debian_source *sources, gsize n, const char *data_dir,
                        GHashTable *values, GError **error) G_GNUC_WARN_UNUSED_RESULT;
