/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "media/media.h"

/* How an installer that boots from its own medium gets its answer file: on a CD, or over HTTP from
 * this process.  Knows nothing of installers and of the machine. */

/* ---- the CD ---- */

/* No installer of today reaches it: it is for the records of subiquity (CIDATA) and anaconda
 * (OEMDRV), which look for such a CD. */

/* Writes an ISO 9660 image with Rock Ridge and Joliet names (ECMA-119; libarchive,
 * archive_write_set_format_iso9660) to path, mode 0600: what it holds may be secret.  label: the
 * volume's, 1 to 16 characters A-Z, 0-9 and '_', by which installers find it (cloud-init: CIDATA,
 * anaconda: OEMDRV).  The image depends on label and files only.  Errors:
 * INGOT_EXIT_HOST, and G_IO_ERROR of writing. */
gboolean seed_iso_write(const char *path, const char *label, const struct media_file *files,
                        gsize n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- HTTP ---- */

/* One request, also one that was refused; all texts are printable and short. */
struct seed_request {
    gint64 time; /* microseconds since 1970 (g_get_real_time) */
    char *method;
    char *path;  /* as in the list of files; "": nothing that is served */
    char *agent; /* what the client calls itself; "": nothing */
    guint status;
    gboolean first; /* that this file was sent */
};

/* Called in the main context of the server after each answer was made. */
typedef void (*seed_request_fn)(const struct seed_request *request, gpointer user);

typedef struct seed_server seed_server;

/* Serves the files (copied) to GET and HEAD at URL/PATH on a free port of 127.0.0.1 while the
 * thread's default main context runs.  The URL has 128 random bits, so that nobody else on this
 * host can guess it.  Everything else is refused: 404, or 405 for another method.  asked may be
 * NULL.  The caller owns the server.  Errors: INGOT_EXIT_HOST. */
seed_server *seed_server_new(const struct media_file *files, gsize n, seed_request_fn asked,
                             gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Do not call it from asked. */
void seed_server_free(seed_server *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(seed_server, seed_server_free)

/* "http://127.0.0.1:PORT/TOKEN", without a slash at its end.  Secret while the server lives. */
const char *seed_server_url(const seed_server *s);

/* Whether the file was sent to somebody: what a watchdog waits for. */
gboolean seed_server_sent(const seed_server *s, const char *path);

/* The requests so far (of struct seed_request *), the first SEED_REQUESTS of them; borrowed. */
#define SEED_REQUESTS 1000u
const GPtrArray *seed_server_requests(const seed_server *s);
