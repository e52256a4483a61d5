/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "commands/commands.h"
#include "image/image.h"

/* What the commands that take an image begin with. */

#define IMAGE_TRUST_CHAIN_HELP "Follow the backing file that the image names, whatever file that is"

/* Opens the image of a call (image_open), its scratch files in the cache.  The caller owns it. */
image_file *image_take(struct call *c, const char *path, enum image_flags flags,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the call names an image: with --list it need not.  Error: INGOT_EXIT_USAGE. */
gboolean image_named(const struct call *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the appliance must be emulated: it is of this host's architecture. */
gboolean image_probe(struct call *c, gboolean *force_tcg, GError **error) G_GNUC_WARN_UNUSED_RESULT;
