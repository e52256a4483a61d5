/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/qmp.h"

#include "base/error.h"
#include "vm/channel.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Far above what the commands used here answer; a longer line ends the connection. */
#define LINE_LIMIT   (1u << 20)
#define EVENTS_LIMIT 1024u

/* ---- one line ---- */

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void take_event(struct qmp_message *m, json_t *event)
{
    m->kind = QMP_EVENT;
    m->name = json_string_value(event);
    m->reason = text_of(json_object_get(m->root, "data"), "reason");
}

static guint64 id_of(json_t *root)
{
    json_int_t id = json_integer_value(json_object_get(root, "id"));
    return id > 0 ? (guint64)id : 0;
}

void qmp_parse(const char *line, gsize length, struct qmp_message *m)
{
    *m = (struct qmp_message){.root = json_loadb(line, length, 0, NULL)};
    json_t *event = json_object_get(m->root, "event");
    json_t *value = json_object_get(m->root, "return");
    json_t *failure = json_object_get(m->root, "error");
    if (json_is_object(json_object_get(m->root, "QMP"))) {
        m->kind = QMP_GREETING;
    } else if (json_is_string(event)) {
        take_event(m, event);
    } else if (value) {
        m->kind = QMP_RETURN;
        m->value = value;
        m->id = id_of(m->root);
    } else if (json_is_object(failure)) {
        m->kind = QMP_FAILURE;
        m->name = text_of(failure, "desc");
        m->id = id_of(m->root);
    }
}

void qmp_message_clear(struct qmp_message *m)
{
    json_decref(m->root);
    *m = (struct qmp_message){0};
}

/* ---- a connection ---- */

struct event {
    char *name, *reason;
};

struct qmp {
    int fd;
    GString *in;
    GQueue events; /* of struct event, not delivered yet */
    GSource *source, *idle;
    qmp_event_fn event;
    gpointer user;
    guint64 last_id;
    gboolean greeted, closed;
    struct qmp_message answer; /* to last_id */
};

static void event_free(gpointer data)
{
    struct event *e = data;
    g_free(e->name);
    g_free(e->reason);
    g_free(e);
}

static void qmp_deliver(qmp *q)
{
    struct event *e;
    while ((e = g_queue_pop_head(&q->events))) {
        if (q->event)
            q->event(e->name, e->reason, q->user);
        event_free(e);
    }
}

static gboolean qmp_on_idle(gpointer data)
{
    qmp *q = data;
    channel_drop_source(&q->idle);
    qmp_deliver(q);
    return G_SOURCE_REMOVE;
}

static void queue_event(qmp *q, const struct qmp_message *m)
{
    if (g_queue_get_length(&q->events) >= EVENTS_LIMIT)
        return;
    struct event *e = g_new(struct event, 1);
    e->name = g_strdup(m->name);
    e->reason = g_strdup(m->reason);
    g_queue_push_tail(&q->events, e);
    if (q->idle)
        return;
    q->idle = g_idle_source_new();
    g_source_set_priority(q->idle, G_PRIORITY_DEFAULT);
    g_source_set_callback(q->idle, qmp_on_idle, q, NULL);
    g_source_attach(q->idle, g_main_context_get_thread_default());
}

static void take_line(qmp *q, const char *line, gsize length)
{
    struct qmp_message m;
    qmp_parse(line, length, &m);
    if (m.kind == QMP_GREETING)
        q->greeted = TRUE;
    else if (m.kind == QMP_EVENT)
        queue_event(q, &m);
    else if (m.kind != QMP_NOTHING && m.id == q->last_id && m.id && !q->answer.root) {
        q->answer = m;
        return;
    }
    qmp_message_clear(&m);
}

static void take_lines(qmp *q)
{
    char *end;
    gsize used = 0;
    while ((end = memchr(q->in->str + used, '\n', q->in->len - used))) {
        gsize length = (gsize)(end - q->in->str) - used;
        take_line(q, q->in->str + used, length);
        used += length + 1;
    }
    g_string_erase(q->in, 0, (gssize)used);
    if (q->in->len > LINE_LIMIT)
        q->closed = TRUE;
}

/* Reads what is there; FALSE when there was nothing (more). */
static gboolean qmp_read(qmp *q)
{
    char chunk[16384];
    ssize_t n = q->closed ? 0 : recv(q->fd, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR)
        return TRUE;
    if (n == 0 || (n < 0 && errno != EAGAIN))
        q->closed = TRUE;
    if (n <= 0)
        return FALSE;
    g_string_append_len(q->in, chunk, n);
    take_lines(q);
    return TRUE;
}

static gboolean qmp_on_readable(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    qmp *q = data;
    (void)qmp_read(q);
    if (!q->closed)
        return G_SOURCE_CONTINUE;
    channel_drop_source(&q->source);
    return G_SOURCE_REMOVE;
}

static gboolean answered(const qmp *q)
{
    return q->answer.root != NULL;
}

static gboolean greeted(const qmp *q)
{
    return q->greeted;
}

static gboolean qmp_wait_until(qmp *q, gboolean (*done)(const qmp *), const char *what,
                               GError **error)
{
    gint64 end = g_get_monotonic_time() + (gint64)QMP_LIMIT_MS * 1000;
    while (!done(q)) {
        GPollFD input = {.fd = q->fd, .events = G_IO_IN | G_IO_HUP};
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        if (q->closed || left <= 0) {
            ingot_set_error(error, INGOT_EXIT_HOST, NULL,
                            q->closed ? "QEMU closed its control channel before it answered %s"
                                      : "QEMU did not answer %s in time",
                            what);
            return FALSE;
        }
        if (g_poll(&input, 1, (gint)left + 1) > 0)
            (void)qmp_read(q);
    }
    return TRUE;
}

static gboolean send_line(qmp *q, const char *line, const char *command, GError **error)
{
    gsize length = strlen(line), sent = 0;
    gint64 end = g_get_monotonic_time() + (gint64)QMP_LIMIT_MS * 1000;
    while (sent < length) {
        ssize_t n = send(q->fd, line + sent, length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        GPollFD output = {.fd = q->fd, .events = G_IO_OUT};
        if (n > 0)
            sent += (gsize)n;
        else if (errno == EAGAIN && left > 0)
            (void)g_poll(&output, 1, (gint)left + 1);
        else if (errno != EINTR) {
            ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot tell QEMU to %s: %s", command,
                            g_strerror(errno));
            return FALSE;
        }
    }
    return TRUE;
}

static char *command_line(qmp *q, const char *command, json_t *arguments)
{
    json_t *object = json_pack("{s:s, s:I}", "execute", command, "id", (json_int_t)++q->last_id);
    if (arguments)
        json_object_set_new(object, "arguments", arguments);
    char *text = json_dumps(object, JSON_COMPACT);
    char *line = g_strdup_printf("%s\n", text ? text : "{}");
    free(text);
    json_decref(object);
    return line;
}

gboolean qmp_execute(qmp *q, const char *command, json_t *arguments, json_t **value, GError **error)
{
    g_autofree char *line = command_line(q, command, arguments);
    qmp_message_clear(&q->answer);
    if (!send_line(q, line, command, error) || !qmp_wait_until(q, answered, command, error))
        return FALSE;
    gboolean good = q->answer.kind == QMP_RETURN;
    if (!good)
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "QEMU refused %s: %s", command,
                        q->answer.name);
    else if (value)
        *value = json_incref(q->answer.value);
    qmp_message_clear(&q->answer);
    return good;
}

qmp *qmp_new(int fd, qmp_event_fn event, gpointer user, GError **error)
{
    qmp *q = g_new0(qmp, 1);
    q->fd = fd;
    q->in = g_string_new(NULL);
    q->event = event;
    q->user = user;
    g_queue_init(&q->events);
    if (!qmp_wait_until(q, greeted, "the connection", error) ||
        !qmp_execute(q, "qmp_capabilities", NULL, NULL, error)) {
        qmp_free(q);
        return NULL;
    }
    q->source = g_unix_fd_source_new(fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(q->source, (GSourceFunc)(void (*)(void))qmp_on_readable, q, NULL);
    g_source_attach(q->source, g_main_context_get_thread_default());
    return q;
}

void qmp_free(qmp *q)
{
    if (!q)
        return;
    channel_drop_source(&q->source);
    channel_drop_source(&q->idle);
    g_queue_clear_full(&q->events, event_free);
    qmp_message_clear(&q->answer);
    g_string_free(q->in, TRUE);
    close(q->fd);
    g_free(q);
}

void qmp_drain(qmp *q)
{
    gboolean more;
    do {
        more = qmp_read(q);
    } while (more);
    channel_drop_source(&q->idle);
    qmp_deliver(q);
}
