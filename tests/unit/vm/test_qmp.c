/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../test.h"

#include "base/error.h"
#include "vm/qmp.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"

static struct qmp_message parse(const char *line)
{
    struct qmp_message m;
    qmp_parse(line, strlen(line), &m);
    return m;
}

static void kinds(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum qmp_kind kind;
        const char *name, *reason;
        guint64 id;
    } cases[] = {
        {GREETING, QMP_GREETING, NULL, NULL, 0},
        {"{\"return\": {}, \"id\": 7}", QMP_RETURN, NULL, NULL, 7},
        {"{\"return\": [], \"id\": -7}", QMP_RETURN, NULL, NULL, 0},
        {"{\"return\": 1, \"id\": \"7\"}", QMP_RETURN, NULL, NULL, 0},
        {"{\"error\": {\"class\": \"X\", \"desc\": \"no\"}, \"id\": 2}", QMP_FAILURE, "no", NULL,
         2},
        {"{\"error\": {}}", QMP_FAILURE, "", NULL, 0},
        {"{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-reset\"}}",
         QMP_EVENT, "SHUTDOWN", "guest-reset", 0},
        {"{\"event\": \"STOP\"}", QMP_EVENT, "STOP", "", 0},
        {"{\"event\": \"X\", \"data\": [1]}", QMP_EVENT, "X", "", 0},
        {"{\"event\": 3}", QMP_NOTHING, NULL, NULL, 0},
        {"{\"error\": \"text\"}", QMP_NOTHING, NULL, NULL, 0},
        {"[]", QMP_NOTHING, NULL, NULL, 0},
        {"{", QMP_NOTHING, NULL, NULL, 0},
        {"", QMP_NOTHING, NULL, NULL, 0},
        {"\xff\xfe", QMP_NOTHING, NULL, NULL, 0},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct qmp_message m = parse(cases[i].line);
        assert_int_equal(m.kind, cases[i].kind);
        assert_int_equal(m.id, cases[i].id);
        if (cases[i].name)
            assert_string_equal(m.name, cases[i].name);
        if (cases[i].reason)
            assert_string_equal(m.reason, cases[i].reason);
        qmp_message_clear(&m);
    }
}

static void deep(void **state)
{
    (void)state;
    g_autofree char *line = g_strnfill(100000, '[');
    struct qmp_message m = parse(line);
    assert_int_equal(m.kind, QMP_NOTHING);
    qmp_message_clear(&m);
}

/* ---- a connection to a thread that greets, and then has one answer per line that it gets ---- */

struct peer {
    int fd;
    const char *const *script; /* ends with NULL: then it hangs up */
    GString *sent, *events;
    GThread *thread;
    qmp *qmp;
    GError *error;
};

static gboolean read_line(int fd, GString *text)
{
    char c = 0;
    while (c != '\n' && recv(fd, &c, 1, 0) == 1)
        g_string_append_c(text, c);
    return c == '\n';
}

static gpointer answer(gpointer data)
{
    struct peer *p = data;
    for (const char *const *text = p->script; *text; text++) {
        (void)!send(p->fd, *text, strlen(*text), MSG_NOSIGNAL);
        if (!read_line(p->fd, p->sent))
            break;
    }
    shutdown(p->fd, SHUT_RDWR);
    return NULL;
}

static void on_event(const char *name, const char *reason, gpointer user)
{
    g_string_append_printf(user, "%s/%s ", name, reason);
}

static void meet(struct peer *p, const char *const *script)
{
    int fds[2];
    *p = (struct peer){.script = script, .sent = g_string_new(NULL), .events = g_string_new(NULL)};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    p->fd = fds[1];
    p->thread = g_thread_new("peer", answer, p);
    p->qmp = qmp_new(fds[0], on_event, p->events, &p->error);
}

static void part(struct peer *p)
{
    qmp_free(p->qmp);
    g_thread_join(p->thread);
    close(p->fd);
    g_clear_error(&p->error);
    g_string_free(p->sent, TRUE);
    g_string_free(p->events, TRUE);
}

#define READY "{\"return\": {}, \"id\": 1}\r\n"

/* Answers to others and of old are passed over; events wait until the main loop runs. */
static void execute(void **state)
{
    (void)state;
    static const char *const script[] = {
        GREETING, READY,
        "{\"return\": {\"old\": 1}, \"id\": 1}\n{\"return\": 5}\n{\"event\": \"STOP\"}\n"
        "{\"return\": {\"status\": \"running\"}, \"id\": 2}\n",
        NULL};
    struct peer p;
    json_t *value = NULL;
    meet(&p, script);
    assert_no_error(p.error);
    assert_true(qmp_execute(p.qmp, "query-status", NULL, &value, &p.error));
    assert_string_equal(json_string_value(json_object_get(value, "status")), "running");
    json_decref(value);
    assert_string_equal(p.events->str, "");
    while (!*p.events->str)
        g_main_context_iteration(NULL, TRUE);
    assert_string_equal(p.events->str, "STOP/ ");
    assert_true(g_str_has_prefix(p.sent->str, "{\"execute\":\"qmp_capabilities\",\"id\":1}\n"
                                              "{\"execute\":\"query-status\",\"id\":2}\n"));
    part(&p);
}

static void refused(void **state)
{
    (void)state;
    static const char *const script[] = {
        GREETING, READY,
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no disk\"}, \"id\": 2}\n", NULL};
    struct peer p;
    meet(&p, script);
    assert_false(qmp_execute(p.qmp, "eject", json_pack("{s:s}", "id", "cd0"), NULL, &p.error));
    assert_error_says(p.error, INGOT_EXIT_HOST, "QEMU refused eject: no disk");
    part(&p);
}

/* What was said before the end is told; a command after it fails at once. */
static void closed(void **state)
{
    (void)state;
    static const char *const script[] = {
        GREETING, READY "{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"guest-shutdown\"}}\n",
        NULL};
    struct peer p;
    meet(&p, script);
    assert_false(qmp_execute(p.qmp, "quit", NULL, NULL, &p.error));
    assert_error_says(p.error, INGOT_EXIT_HOST, "quit");
    qmp_drain(p.qmp);
    assert_string_equal(p.events->str, "SHUTDOWN/guest-shutdown ");
    part(&p);
}

static void no_greeting(void **state)
{
    (void)state;
    static const char *const scripts[][3] = {
        {NULL}, {"{\"return\": {}}", NULL}, {GREETING, NULL}, {GREETING, "hello\n", NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        struct peer p;
        meet(&p, scripts[i]);
        if (p.qmp)
            fail_msg("script %zu is taken for QEMU", i);
        assert_error_says(p.error, INGOT_EXIT_HOST, "QEMU");
        part(&p);
    }
}

/* A line that does not end is not kept for ever. */
static void flood(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(3 << 20, 'x');
    const char *const script[] = {GREETING, READY, text, NULL};
    struct peer p;
    meet(&p, script);
    assert_false(qmp_execute(p.qmp, "quit", NULL, NULL, &p.error));
    assert_error_says(p.error, INGOT_EXIT_HOST, "closed its control channel");
    part(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds),   cmocka_unit_test(deep),
                                       cmocka_unit_test(execute), cmocka_unit_test(refused),
                                       cmocka_unit_test(closed),  cmocka_unit_test(no_greeting),
                                       cmocka_unit_test(flood)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
