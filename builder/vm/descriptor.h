/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <jansson.h>

#include <glib.h>

/* A firmware descriptor: a struct Firmware of QEMU's docs/interop/firmware.json, whose words the
 * names here are.  Private to the room. */

struct descriptor_file {
    const char *name; /* an absolute path */
    const char *format;
};

typedef struct descriptor {
    json_t *root;      /* what the other members point into */
    char *description; /* printable; "" when it has none */
    gboolean flash;    /* executable and nvram-template in flash memories; else in memory */
    struct descriptor_file executable, nvram_template;
    char *unusable; /* why no machine of ingot can have it; NULL: nothing speaks against it */
} descriptor;

/* From the text of a file.  NULL with INGOT_EXIT_HOST when it is none, and the error says what is
 * wrong with it.  The caller owns it. */
descriptor *descriptor_parse(const char *text, gsize length,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
void descriptor_free(descriptor *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(descriptor, descriptor_free)

gboolean descriptor_offers(const descriptor *d, const char *interface_type);
gboolean descriptor_has(const descriptor *d, const char *feature);

/* Whether it is for that machine type of that architecture, a concrete one ("pc-q35-7.2") and no
 * alias. */
gboolean descriptor_is_for(const descriptor *d, const char *arch, const char *machine);
