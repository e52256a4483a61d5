/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "commands/commands.h"

/* What the commands that take an image begin with. */

/* That it is there and begins as qcow2 does, before half a minute is spent on a launch; QEMU judges
 * the rest.  Error: INGOT_EXIT_SEAL. */
gboolean image_check(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the call names an image: with --list it need not.  Error: INGOT_EXIT_USAGE. */
gboolean image_named(const struct call *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the appliance must be emulated: it is of this host's architecture. */
gboolean image_probe(struct call *c, gboolean *force_tcg, GError **error) G_GNUC_WARN_UNUSED_RESULT;
