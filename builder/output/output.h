/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/progress.h"

#include <gio/gio.h>
#include <jansson.h>

/* Finished templates: the file formats, the manifest, and the move into out/.  Knows nothing of
 * guests. */

/* How hard a format tries to be small. */
enum output_compact {
    OUTPUT_FAST, /* to write and to read */
    OUTPUT_SMALL,
};

/* "fast" or "small"; NULL is fast.  FALSE: neither. */
gboolean output_compact_parse(const char *text, enum output_compact *compact);

typedef struct output_format {
    const char *name; /* "qcow2" */
    const char *heading;
    const char *extension; /* "qcow2" */
    /* Writes image (any qcow2, with a backing chain or without) to out, and checks what it wrote.
     */
    gboolean (*write)(const char *image, const char *out, enum output_compact compact, progress *p,
                      GCancellable *cancel, GError **error);
} output_format;

const output_format *const *output_formats(void); /* NULL-terminated */
const output_format *output_format_find(const char *name);

/* The staging directory of one build in out_dir (".NAME.XXXXXX": same file system, so that a rename
 * is atomic; never mistaken for a template).  Left-overs of dead builds of that name are removed.
 * The caller owns the path and removes it with files_remove_tree. */
char *output_stage(const char *out_dir, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Moves NAME.EXT and NAME.json from the staging directory into out_dir, the image first: a manifest
 * in out/ always has its image; and rewrites SHA256SUMS (sha256sum(1) format, sorted, lines of
 * files that are gone dropped), under a lock.  All or nothing: on failure the earlier template is
 * back in its place. */
gboolean output_publish(const char *staging, const char *out_dir, const char *name,
                        const char *extension, GCancellable *cancel,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Size, virtual size and digest of a written image as a JSON object: {"file","format","size",
 * "virtual_size","sha256"}; the caller owns it. */
json_t *output_describe(const char *path, const char *format, GCancellable *cancel,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
