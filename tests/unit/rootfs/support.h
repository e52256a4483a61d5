/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../members.h"

#include "base/error.h"
#include "base/files.h"

#include <glib/gstdio.h>

/* *state is a temporary directory. */
int image_setup(void **state);
int image_teardown(void **state);

GBytes *tar(const char *suffix, const struct member *members); /* "", ".gz", ".xz", ".zst" */

/* An ar archive of members with text or data. */
void write_ar(const char *path, const struct member *members);

/* A package NAME.deb in dir; fields: more lines of its control file, each with '\n'; control: more
 * members of control.tar, or NULL.  The caller owns the path. */
char *make_deb(const char *dir, const char *name, const char *fields, const struct member *control,
               const struct member *data);

/* An image with an ext4 file system of that many KiB at its beginning. */
char *make_ext4(const char *dir, guint kib);

/* Runs a program, of /usr/sbin too; its standard output, owned by the caller. */
char *run_tool(const char *const argv[]);
/* e2fsck finds nothing; image may end with "?offset=N". */
void assert_clean(const char *image);
/* What debugfs says to a request ("cat /etc/passwd"). */
char *debugfs(const char *image, const char *request);
void assert_holds(const char *image, const char *path, const char *text);
