/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* What the administrator of a host has decided for everybody who builds on it.  A key file
 * (desktop-entry syntax) that only root writes:
 *
 *   [ingot]
 *   isolation=machine
 */
#define SITE_FILE "/etc/ingot.conf"

struct site {
    char *isolation; /* "machine"; NULL: everything is allowed */
};
void site_clear(struct site *site);

/* No file is no error.  An unknown key or value is one, of INGOT_EXIT_HOST: it was meant to forbid
 * something. */
gboolean site_read(const char *path, struct site *site, GError **error) G_GNUC_WARN_UNUSED_RESULT;
