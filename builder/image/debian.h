/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "image/handle.h"

/* What a Debian (or a derivative) is, read directly: guestfs_inspect_os looks for everything
 * that ever was an operating system and takes as long as the rest of the seal. */

/* Whether the file system mounted as / is a root with dpkg. */
gboolean debian_is_mounted(guest *g, gboolean *yes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Fills type, distro, product, arch, hostname, major and minor of g->facts, and g->format. */
gboolean debian_read(guest *g, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The installed packages: /var/lib/dpkg/status. */
gboolean debian_read_packages(guest *g, GPtrArray *packages,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Adds the packages of this dpkg status text (dpkg-query(1), "Status": want, flag, status) whose
 * status is "installed". */
void debian_parse_status(const char *text, GPtrArray *packages);

/* The value of KEY in os-release(5) text, without its quotes; NULL: none.  Owned by the caller. */
char *debian_os_release(const char *text, const char *key);
