/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sysprep/sysprep.h"

/* What is put into a mounted guest (c NULL: nothing); for seal.c.  Of an image that must not
 * change, copies, packages and scripts are reported and not done. */

/* Copies, packages and scripts (customise_run.c). */
gboolean customise_before(guest *g, const struct sysprep_customise *c,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Root's password, keys and the host name (customise.c). */
gboolean customise_after(guest *g, const struct sysprep_customise *c,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The name under which changes are reported. */
#define CUSTOMISE "customise"

/* This shadow(5) text with the hash as root's password; NULL: there is no root.  This text of
 * hosts(5) with one name in the place of another.  Owned by the caller. */
char *customise_shadow(const char *text, const char *hash);
char *customise_hosts(const char *text, const char *from, const char *to);

/* This authorized_keys text (NULL: none) and those lines of keys that it does not have; owned by
 * the caller. */
char *customise_keys(const char *text, const char *keys);

/* Writes local, a file or a tree of this host, as a tar to fd, which is beside the file of that
 * path. Errors: INGOT_EXIT_SEAL if local cannot be read, INGOT_EXIT_HOST if the tar cannot be
 * written, with the file system that is full. */
gboolean customise_tar(int fd, const char *beside, const char *local,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
