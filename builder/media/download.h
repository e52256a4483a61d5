/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/digest.h"
#include "base/progress.h"
#include "media/source.h"

#include <gio/gio.h>

/* One file from a server (http, https, ftp) or a file: URL, through libcurl. */

struct media_limits {
    guint attempts;                   /* tries in a row that bring nothing new */
    guint backoff_ms, backoff_max_ms; /* the first wait between tries; doubles up to the second */
    guint connect_ms;                 /* until a connection is established */
    guint stall_s;                    /* slower than stall_rate for this long: the try has failed */
    guint stall_rate;                 /* bytes per second */
};
extern const struct media_limits media_limits_default;

/* How to reach servers; all borrowed. */
struct media_net {
    const struct media_limits *limits;
    const char *proxy; /* NULL: what the environment says (http_proxy, ...) */
    void *connections; /* a CURLM that keeps connections open, used by one thread; NULL: none */
    progress *progress;
    gboolean quiet; /* prints no amounts: it is one of several downloads */
    GCancellable *cancel;
};

typedef struct media_answer {
    gboolean not_modified; /* the caller's copy is current; nothing was written */
    gboolean absent;       /* why it failed: the server does not have (or give) such a file */
    char *etag, *modified; /* NULL: the server did not say; owned by the struct */
    char sha256[DIGEST_HEX_LEN + 1];
    guint64 size;
} media_answer;
void media_answer_clear(media_answer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(media_answer, media_answer_clear)

/* Downloads into the file part, resuming an earlier try if the server still has the same file (RFC
 * 9110, 13.1.5 and 14.2).  TRUE: part is complete and has the digest and size that were asked for.
 * FALSE: part is kept if another run can resume it, else removed.  Waits between tries; cancelling
 * ends it at once. */
gboolean media_download_run(const struct media_download *download, const struct media_net *net,
                            const char *part, media_answer *answer,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the URL needs no network. */
gboolean media_url_is_file(const char *url);
