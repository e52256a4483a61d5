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

/* What a format has to write. */
struct output_job {
    const char *image;        /* a disk, with a backing chain or without */
    const char *image_format; /* QEMU's name for its format; NULL: VM_DISK_FORMAT */
    const char *folder;       /* the files go there */
    const char *name;         /* they are called NAME.EXTENSION */
    enum output_compact compact;
    progress *progress;
    GCancellable *cancel;
};

typedef struct output_format {
    const char *name; /* "qcow2" */
    const char *heading;
    /* QEMU's name for the format of the first file, which is then the disk and can be a backing
     * file; NULL: no file of this format is one. */
    const char *driver;
    guint share; /* the files take at most one part in this many of what the disk holds */
    /* Writes one or several files and checks what it wrote; appends their names to names (of char
     * *, which owns them), the disk's first. */
    gboolean (*write)(const struct output_job *job, GPtrArray *names, GError **error);
} output_format;

const output_format *const *output_formats(void); /* NULL-terminated */
const output_format *output_format_find(const char *name);

/* The first whose disk QEMU calls so; NULL: none. */
const output_format *output_format_of_disk(const char *driver);

/* The format of a disk in an output directory, as the template's manifest beside it says; NULL:
 * there is none that says so.  The disk itself is not looked at. */
const output_format *output_published_format(const char *path);

/* The version of a package in that disk, and in *sha256 the disk's digest, as that manifest says;
 * NULL: it says nothing.  The caller owns both. */
char *output_published_package(const char *path, const char *package, char **sha256);

/* The staging directory of one build in out_dir (".NAME.ingot-XXXXXX": same file system, so that
 * a rename is atomic; never mistaken for a template).  Left-overs of dead builds of any template in
 * out_dir are completed or removed.  The caller owns the path and gives the directory up with
 * output_unstage. */
char *output_stage(const char *out_dir, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes it, unless it holds what the next command needs to end a broken publication.  NULL:
 * nothing. */
void output_unstage(const char *staging);

/* ---- what was written ---- */

typedef struct output_file {
    char *name; /* in its folder */
    guint64 size;
    char *sha256;
} output_file;

/* A file of folder, read once for its digest; the caller owns it. */
output_file *output_file_read(const char *folder, const char *name, GCancellable *cancel,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void output_file_free(output_file *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(output_file, output_file_free)

typedef struct output_result {
    const output_format *format;
    GPtrArray *files; /* of output_file *, never empty */
    guint64 virtual_size;
} output_result;
void output_result_free(output_result *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(output_result, output_result_free)

/* Writes one format; the caller owns the result. */
output_result *output_write(const output_format *format, const struct output_job *job,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Those of results (of output_result *) whose first file is a disk, in their order; the caller owns
 * the array. */
GPtrArray *output_disks(const GPtrArray *results);

/* For the manifest: the first file of a result as {"file","format","size","virtual_size","sha256"},
 * and all as [{"format","virtual_size","files":[{"file","size","sha256"}]}].  The caller owns them.
 */
json_t *output_image_json(const output_result *result);
json_t *output_results_json(const GPtrArray *results);

/* Moves files (of output_file *, in this order) and a new SHA256SUMS (sha256sum(1) format,
 * sorted, lines of files that are gone dropped) from the staging directory into out_dir, under a
 * lock.  All or nothing: on failure the earlier template is back in its place; after a kill or a
 * power cut in the middle, the next output_stage or output_publish there, of any template, ends it.
 * Meanwhile each file is the old or the new one, whole. */
gboolean output_publish(const char *staging, const char *out_dir, const GPtrArray *files,
                        GCancellable *cancel, GError **error) G_GNUC_WARN_UNUSED_RESULT;
