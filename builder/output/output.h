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

/* The staging directory of one build in out_dir (".NAME.ingot-XXXXXX": same file system, so that a
 * rename is atomic; never mistaken for a template).  What dead builds of any template left in
 * out_dir is ended or removed.  The caller owns the path and gives the directory up with
 * output_unstage. */
char *output_stage(const char *out_dir, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes it, unless it holds what the next command needs to end a broken publication.  NULL:
 * nothing. */
void output_unstage(const char *staging);

/* Moves NAME.EXT, NAME.json and a new SHA256SUMS (sha256sum(1) format, sorted, lines of files that
 * are gone dropped) from the staging directory into out_dir, under a lock.  All or nothing: on
 * failure the earlier template is back in its place; after a kill or a power cut in the middle, the
 * next output_stage or output_publish there, of any template, ends it.  Meanwhile each file is the
 * old or the new one, whole.  sha256 is the image's, NULL: it is computed. */
gboolean output_publish(const char *staging, const char *out_dir, const char *name,
                        const char *extension, const char *sha256, GCancellable *cancel,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Size, virtual size and digest of a written image as a JSON object: {"file","format","size",
 * "virtual_size","sha256"}; the caller owns it. */
json_t *output_describe(const char *path, const char *format, GCancellable *cancel,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
