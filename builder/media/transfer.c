/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "media/transfer.h"

#include "base/error.h"
#include "base/text.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define REDIRECTS_MAX 10L
#define POLL_MS       1000

enum trouble { TROUBLE_NONE, TROUBLE_SPLICE, TROUBLE_LARGE, TROUBLE_DISK };

struct transfer {
    const struct media_download *download;
    const struct media_net *net;
    const struct media_resume *resume;
    struct media_try *result;
    CURL *easy;
    struct curl_slist *headers;
    gboolean http, begun, ranged;
    enum trouble trouble;
    int saved_errno;
    guint64 limit;
    char message[CURL_ERROR_SIZE];
};

static const char *header(CURL *easy, const char *name)
{
    struct curl_header *found = NULL;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value
                                                                                  : NULL;
}

static long status_of(CURL *easy)
{
    long code = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* "bytes 100-199/200" (RFC 9110, 14.4) must begin where the file ends. */
static gboolean range_fits(const struct transfer *t)
{
    const char *range = header(t->easy, "Content-Range");
    guint64 first = 0;
    if (!range || g_ascii_strncasecmp(range, "bytes ", 6) != 0)
        return FALSE;
    g_autofree char *digits = g_strndup(range + 6, strspn(range + 6, "0123456789"));
    return g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, &first, NULL) &&
           first == t->result->have;
}

static gboolean start_over(struct transfer *t)
{
    t->result->have = 0;
    t->result->resumed = FALSE;
    if (ftruncate(t->resume->fd, 0) == 0)
        return TRUE;
    t->saved_errno = errno;
    t->trouble = TROUBLE_DISK;
    return FALSE;
}

/* Before the first byte of the body: is it the rest of the file, or all of it? */
static gboolean begin(struct transfer *t)
{
    t->begun = TRUE;
    if (!t->http)
        return TRUE;
    gboolean partial = status_of(t->easy) == 206;
    if (partial && (!t->ranged || !range_fits(t))) {
        t->trouble = TROUBLE_SPLICE;
        return FALSE;
    }
    if (!partial && !start_over(t))
        return FALSE;
    g_free(t->result->etag);
    g_free(t->result->modified);
    t->result->etag = g_strdup(header(t->easy, "ETag"));
    t->result->modified = g_strdup(header(t->easy, "Last-Modified"));
    if (t->resume->on_validators && !partial)
        t->resume->on_validators(t->result->etag, t->result->modified, t->resume->data);
    return TRUE;
}

static gboolean store(struct transfer *t, const char *data, gsize length)
{
    while (length) {
        ssize_t n = pwrite(t->resume->fd, data, length, (off_t)t->result->have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            t->saved_errno = n < 0 ? errno : ENOSPC;
            t->trouble = TROUBLE_DISK;
            return FALSE;
        }
        data += n;
        length -= (gsize)n;
        t->result->have += (guint64)n;
    }
    return TRUE;
}

static void transfer_tell(struct transfer *t)
{
    curl_off_t rest = -1;
    guint64 total = t->download->size;
    if (t->net->quiet)
        return;
    if (!total &&
        curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &rest) == CURLE_OK &&
        rest > 0)
        total = (guint64)rest + (t->result->resumed ? t->resume->have : 0);
    progress_amount(t->net->progress, t->download->name, t->result->have, total);
}

static size_t transfer_on_data(char *data, size_t size, size_t n, void *user)
{
    struct transfer *t = user;
    gsize length = size * n; /* size is 1 always: CURLOPT_WRITEFUNCTION(3) */
    if (!t->begun && !begin(t))
        return 0;
    if (length > t->limit - t->result->have) {
        t->trouble = TROUBLE_LARGE;
        return 0;
    }
    if (!store(t, data, length))
        return 0;
    transfer_tell(t);
    return length;
}

static void add_header(struct transfer *t, const char *name, const char *value)
{
    g_autofree char *line = g_strdup_printf("%s: %s", name, value);
    t->headers = curl_slist_append(t->headers, line);
}

/* A weak validator does not prove that the bytes are the same (RFC 9110, 13.1.5). */
static const char *resume_validator(const struct media_resume *r)
{
    if (r->etag && !g_str_has_prefix(r->etag, "W/"))
        return r->etag;
    return r->modified;
}

/* Resumes only if a changed file would be noticed: by a validator, or in the end by the digest. */
static void ask_for_rest(struct transfer *t)
{
    const char *validator = resume_validator(t->resume);
    if (!t->resume->have || t->resume->have > t->limit ||
        (!t->download->sha256 && !(t->http && validator)))
        return;
    t->result->have = t->resume->have;
    t->result->resumed = TRUE;
    t->ranged = TRUE;
    if (!t->http) {
        curl_easy_setopt(t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)t->resume->have);
        return;
    }
    g_autofree char *range = g_strdup_printf("%" G_GUINT64_FORMAT "-", t->resume->have);
    curl_easy_setopt(t->easy, CURLOPT_RANGE, range);
    if (validator)
        add_header(t, "If-Range", validator);
}

static void set_limits(struct transfer *t)
{
    const struct media_limits *l = t->net->limits;
    curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)l->connect_ms);
    curl_easy_setopt(t->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)l->stall_s);
    curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, (long)l->stall_s);
    curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, (long)l->stall_rate);
    curl_easy_setopt(t->easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https,ftp,file");
    curl_easy_setopt(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
}

static void transfer_prepare(struct transfer *t)
{
    const struct media_download *d = t->download;
    curl_easy_setopt(t->easy, CURLOPT_URL, d->url);
    curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "ingot/" INGOT_VERSION);
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->message);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, transfer_on_data);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(t->easy, CURLOPT_FAILONERROR, 1L);
    if (t->net->proxy)
        curl_easy_setopt(t->easy, CURLOPT_PROXY, t->net->proxy);
    set_limits(t);
    ask_for_rest(t);
    if (d->etag)
        add_header(t, "If-None-Match", d->etag);
    if (d->modified)
        add_header(t, "If-Modified-Since", d->modified);
    if (t->headers)
        curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void wake(GCancellable *cancel, gpointer multi)
{
    (void)cancel;
    curl_multi_wakeup(multi);
}

static CURLcode transfer_run(CURL *easy, CURLM *multi, GCancellable *cancel)
{
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    int running = 1, queued = 0;
    curl_multi_add_handle(multi, easy);
    gulong id = cancel ? g_cancellable_connect(cancel, G_CALLBACK(wake), multi, NULL) : 0;
    while (running && !g_cancellable_is_cancelled(cancel)) {
        if (curl_multi_perform(multi, &running) != CURLM_OK ||
            (running && curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK))
            break;
    }
    g_cancellable_disconnect(cancel, id);
    const CURLMsg *done = curl_multi_info_read(multi, &queued);
    if (done && done->msg == CURLMSG_DONE)
        code = done->data.result;
    curl_multi_remove_handle(multi, easy);
    return code;
}

/* ---- what it means ---- */

static const CURLcode passing[] = {
    CURLE_COULDNT_RESOLVE_PROXY,
    CURLE_COULDNT_RESOLVE_HOST,
    CURLE_COULDNT_CONNECT,
    CURLE_WEIRD_SERVER_REPLY,
    CURLE_FTP_ACCEPT_FAILED,
    CURLE_FTP_ACCEPT_TIMEOUT,
    CURLE_FTP_CANT_GET_HOST,
    CURLE_PARTIAL_FILE,
    CURLE_OPERATION_TIMEDOUT,
    CURLE_SSL_CONNECT_ERROR,
    CURLE_GOT_NOTHING,
    CURLE_SEND_ERROR,
    CURLE_RECV_ERROR,
    CURLE_HTTP2,
    CURLE_HTTP2_STREAM,
    CURLE_HTTP3,
    CURLE_QUIC_CONNECT_ERROR,
    CURLE_AGAIN,
};

static gboolean passes(CURLcode code)
{
    for (gsize i = 0; i < G_N_ELEMENTS(passing); i++) {
        if (passing[i] == code)
            return TRUE;
    }
    return FALSE;
}

static const struct {
    long status;
    enum media_verdict verdict;
    const char *meaning, *hint;
} statuses[] = {
    {401, MEDIA_HOPELESS, "unauthorized", "the URL needs a user and a password"},
    {403, MEDIA_HOPELESS, "forbidden",
     "the server does not permit access to this file; a proxy may be in between"},
    {404, MEDIA_HOPELESS, "not found", "check the URL, or the mirror, suite and package"},
    {407, MEDIA_HOPELESS, "proxy authentication required", "give the proxy its user and password"},
    {408, MEDIA_AGAIN, "request timeout", NULL},
    {410, MEDIA_HOPELESS, "gone", "check the URL, or the mirror, suite and package"},
    {416, MEDIA_AFRESH, "range not satisfiable", NULL},
    {425, MEDIA_AGAIN, "too early", NULL},
    {429, MEDIA_AGAIN, "too many requests", "wait a while, or use another mirror"},
    {500, MEDIA_AGAIN, "internal server error", NULL},
    {501, MEDIA_HOPELESS, "not implemented by the server", NULL},
    {502, MEDIA_AGAIN, "bad gateway", NULL},
    {503, MEDIA_AGAIN, "service unavailable", "try again later, or use another mirror"},
    {504, MEDIA_AGAIN, "gateway timeout", NULL},
    {505, MEDIA_HOPELESS, "HTTP version not supported", NULL},
};

static enum media_verdict judge_status(struct transfer *t, long status, GError **error)
{
    enum media_verdict verdict = status >= 500 ? MEDIA_AGAIN : MEDIA_HOPELESS;
    const char *meaning = "", *hint = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
        if (statuses[i].status != status)
            continue;
        verdict = statuses[i].verdict;
        meaning = statuses[i].meaning;
        hint = statuses[i].hint;
    }
    t->result->absent = status == 403 || status == 404 || status == 410;
    g_autofree char *url = media_url_shown(t->download->url);
    ingot_set_error(error, INGOT_EXIT_MEDIA, hint,
                    "cannot fetch %s from %s: the server answered %ld%s%s%s", t->download->name,
                    url, status, *meaning ? " (" : "", meaning, *meaning ? ")" : "");
    return verdict;
}

static enum media_verdict judge_trouble(const struct transfer *t, GError **error)
{
    g_autofree char *url = media_url_shown(t->download->url);
    g_autofree char *limit = text_size(t->limit);
    switch (t->trouble) {
    case TROUBLE_LARGE:
        ingot_set_error(error, INGOT_EXIT_MEDIA, "another file may be served in its place",
                        "%s from %s is larger than the %s it %s", t->download->name, url, limit,
                        t->download->size ? "should have" : "may have");
        return MEDIA_HOPELESS;
    case TROUBLE_DISK:
        ingot_set_error(
            error, INGOT_EXIT_HOST, "free some space, or set INGOT_CACHE to a larger disk",
            "cannot write %s to the cache: %s", t->download->name, g_strerror(t->saved_errno));
        return MEDIA_HOPELESS;
    default:
        ingot_set_error(
            error, INGOT_EXIT_MEDIA, NULL,
            "cannot continue %s from %s: the server sent a different part from the one requested",
            t->download->name, url);
        return MEDIA_AFRESH;
    }
}

static enum media_verdict judge_code(struct transfer *t, CURLcode code, GError **error)
{
    g_autofree char *url = media_url_shown(t->download->url);
    g_autofree char *why = text_printable(*t->message ? t->message : curl_easy_strerror(code), -1);
    const char *hint = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT
                           ? "only http, https, ftp and file URLs can be fetched"
                       : passes(code) ? "check the network, the proxy and the mirror"
                                      : NULL;
    ingot_set_error(error, INGOT_EXIT_MEDIA, hint, "cannot fetch %s from %s: %s", t->download->name,
                    url, why);
    t->result->absent = code == CURLE_FILE_COULDNT_READ_FILE ||
                        code == CURLE_REMOTE_FILE_NOT_FOUND ||
                        code == CURLE_FTP_COULDNT_RETR_FILE || code == CURLE_REMOTE_ACCESS_DENIED;
    /* A server that cannot give the rest of a file may still give the whole. */
    if (code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
        code == CURLE_FTP_COULDNT_USE_REST)
        return MEDIA_AFRESH;
    return passes(code) ? MEDIA_AGAIN : MEDIA_HOPELESS;
}

static enum media_verdict judge_done(struct transfer *t, GError **error)
{
    long status = t->http ? status_of(t->easy) : 0;
    t->result->not_modified = status == 304;
    if (status == 304 && (t->download->etag || t->download->modified))
        return MEDIA_DONE;
    if (t->http && status != 200 && status != 206)
        return judge_status(t, status, error);
    if (!t->begun && !begin(t)) /* an empty body */
        return judge_trouble(t, error);
    if (t->result->have >= t->download->size)
        return MEDIA_DONE;
    g_autofree char *url = media_url_shown(t->download->url);
    ingot_set_error(error, INGOT_EXIT_MEDIA, "the mirror may be changing just now; try again later",
                    "%s from %s ended after %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes",
                    t->download->name, url, t->result->have, t->download->size);
    return MEDIA_AGAIN;
}

static enum media_verdict transfer_judge(struct transfer *t, CURLcode code, GError **error)
{
    curl_off_t wait = 0;
    if (g_cancellable_set_error_if_cancelled(t->net->cancel, error))
        return MEDIA_HOPELESS;
    if (curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
        t->result->wait_seconds = (guint)MIN(wait, G_MAXINT);
    if (t->trouble != TROUBLE_NONE)
        return judge_trouble(t, error);
    if (code == CURLE_OK)
        return judge_done(t, error);
    if (code == CURLE_HTTP_RETURNED_ERROR)
        return judge_status(t, status_of(t->easy), error);
    return judge_code(t, code, error);
}

enum media_verdict media_transfer(const struct media_download *download,
                                  const struct media_net *net, const struct media_resume *resume,
                                  struct media_try *result, GError **error)
{
    struct transfer t = {.download = download, .net = net, .resume = resume, .result = result};
    t.limit = download->size ? download->size : download->max_size;
    t.http = g_ascii_strncasecmp(download->url, "http", 4) == 0;
    t.easy = curl_easy_init();
    if (!t.easy) {
        ingot_set_error(error, INGOT_EXIT_FAILURE, NULL, "cannot set up libcurl");
        return MEDIA_HOPELESS;
    }
    transfer_prepare(&t);
    if (!t.ranged && !start_over(&t)) {
        curl_easy_cleanup(t.easy);
        curl_slist_free_all(t.headers);
        return judge_trouble(&t, error);
    }
    CURLM *multi = net->connections ? net->connections : curl_multi_init();
    enum media_verdict verdict =
        transfer_judge(&t, transfer_run(t.easy, multi, net->cancel), error);
    if (multi != net->connections)
        curl_multi_cleanup(multi);
    curl_easy_cleanup(t.easy);
    curl_slist_free_all(t.headers);
    return verdict;
}
