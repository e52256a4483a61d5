/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "commands/commands.h"
#include "image/image.h"

/* What the commands that take an image have in common. */

/* The options that say how to open it. */
struct image_options {
    gboolean trust_chain;
    char *format; /* NULL: as image_take finds it */
};

/* Its entries, for a struct of options that has one as its member image. */
#define IMAGE_FORMAT_DEFAULT "(default: what the manifest beside it says, else qcow2)"
#define IMAGE_FORMAT_ENTRY(type)                                                                   \
    {                                                                                              \
        "image-format", 0, 0, G_OPTION_ARG_STRING, COMMAND_OPTION(type, image.format),             \
            "Format of the image " IMAGE_FORMAT_DEFAULT, "qcow2|raw"                               \
    }
#define IMAGE_TRUST_ENTRY(type)                                                                    \
    {                                                                                              \
        "trust-chain", 0, 0, G_OPTION_ARG_NONE, COMMAND_OPTION(type, image.trust_chain),           \
            "Follow the backing file that the image names, whatever file that is", NULL            \
    }

/* Opens the image of a call (image_open_as), its scratch files in the cache.  flags: beside those
 * of the options.  The caller owns it. */
image_file *image_take(struct call *c, const char *path, const struct image_options *o,
                       enum image_flags flags, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the call names an image: with --list it need not.  Error: INGOT_EXIT_USAGE. */
gboolean image_named(const struct call *c, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the appliance must be emulated: it is of this host's architecture. */
gboolean image_probe(struct call *c, gboolean *force_tcg, GError **error) G_GNUC_WARN_UNUSED_RESULT;
