/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/connection.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVER_AT        "/" TREE_SERVER /* in the sandbox */
#define SERVER_ROOT      "/tree"
#define SERVER_PROCESSES 16u
#define SERVER_SHOWN     2000u /* bytes of what it said before it died */

struct tree {
    GSubprocess *server; /* NULL: it is gone */
    int socket;
    GCancellable *cancel; /* may be NULL */
    char *directory;
    GMutex mutex; /* one request at a time */
};

void tree_answer_clear(tree_answer *answer)
{
    message_owner_clear(&answer->owner);
}

/* ---- the end of a server ---- */

static void tree_end_server(tree *t)
{
    if (!t->server)
        return;
    close(g_steal_fd(&t->socket));
    g_subprocess_force_exit(t->server);
    (void)g_subprocess_wait(t->server, NULL, NULL);
    g_clear_object(&t->server);
}

/* What it has written; it is hostile. */
static char *tree_last_words(GSubprocess *server)
{
    g_autofree char *text = g_malloc(SERVER_SHOWN);
    gsize length = 0;
    GInputStream *stream = g_subprocess_get_stdout_pipe(server);
    if (stream)
        (void)g_input_stream_read_all(stream, text, SERVER_SHOWN, &length, NULL, NULL);
    while (length && text[length - 1] == '\n')
        length--;
    return text_printable(text, (gssize)length);
}

static gboolean tree_fail_dead(tree *t, GError **error)
{
    close(g_steal_fd(&t->socket)); /* it ends by itself, unless it hangs */
    g_subprocess_force_exit(t->server);
    (void)g_subprocess_wait(t->server, NULL, NULL);
    g_autofree char *said = tree_last_words(t->server);
    g_autofree char *how =
        g_subprocess_get_if_exited(t->server)
            ? g_strdup_printf("exit code %d", g_subprocess_get_exit_status(t->server))
            : g_strdup_printf("signal %d", g_subprocess_get_term_sig(t->server));
    ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "the server of the tree %s has ended (%s)%s%s",
                    t->directory, how, *said ? ": " : "", said);
    g_clear_object(&t->server);
    return FALSE;
}

gboolean tree_refuse(tree *t, GError **error)
{
    g_mutex_lock(&t->mutex);
    tree_end_server(t);
    g_mutex_unlock(&t->mutex);
    ingot_set_error(error, INGOT_EXIT_SEAL, NULL,
                    "the server of the tree %s broke the protocol: something in the tree may have "
                    "taken it over",
                    t->directory);
    return FALSE;
}

/* ---- one request ---- */

static gboolean tree_is_host_fault(guint code)
{
    return code == ENOSPC || code == EDQUOT || code == EROFS || code == EIO || code == EMFILE ||
           code == ENFILE || code == ENOMEM;
}

static gboolean tree_judge(tree *t, const struct message_reply *reply, GError **error)
{
    if (!reply->code)
        return TRUE;
    g_autofree char *text = text_printable(reply->text, (gssize)strnlen(reply->text, 8192));
    if (tree_is_host_fault(reply->code))
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "%s (in the host's directory %s)", text,
                        t->directory);
    else
        g_set_error_literal(error, TREE_ERROR, (int)reply->code, text);
    return FALSE;
}

static enum message_result tree_exchange(const tree *t, GBytes *request, int fd,
                                         tree_answer *answer)
{
    const struct message_peer peer = {t->socket, t->cancel};
    g_autoptr(GBytes) bytes = NULL;
    enum message_result result = message_send(&peer, request, fd);
    if (fd >= 0)
        close(fd);
    if (result == MESSAGE_GOOD)
        result = message_receive(&peer, &bytes, NULL);
    if (result == MESSAGE_GOOD && !message_decode_reply(bytes, &answer->reply, &answer->owner))
        result = MESSAGE_BAD;
    return result;
}

static gboolean tree_ask_locked(tree *t, GBytes *request, int fd, tree_answer *answer,
                                enum message_result *result, GError **error)
{
    if (!t->server) {
        if (fd >= 0)
            close(fd);
        ingot_set_error(error, INGOT_EXIT_SEAL, NULL, "the server of the tree %s is gone",
                        t->directory);
        return FALSE;
    }
    *result = tree_exchange(t, request, fd, answer);
    if (*result == MESSAGE_CLOSED)
        return tree_fail_dead(t, error);
    if (*result == MESSAGE_CANCELLED) {
        tree_end_server(t);
        (void)g_cancellable_set_error_if_cancelled(t->cancel, error);
        return FALSE;
    }
    return TRUE;
}

gboolean tree_ask(tree *t, const struct message_request *request, int fd, tree_answer *answer,
                  GError **error)
{
    g_autoptr(GBytes) bytes = message_encode_request(request);
    enum message_result result = MESSAGE_GOOD;
    g_mutex_lock(&t->mutex);
    gboolean good = tree_ask_locked(t, bytes, fd, answer, &result, error);
    g_mutex_unlock(&t->mutex);
    if (good && result == MESSAGE_BAD)
        return tree_refuse(t, error);
    return good && tree_judge(t, &answer->reply, error);
}

/* ---- opening ---- */

static char *tree_program(const struct tree_spec *spec, GError **error)
{
    g_autofree char *program =
        spec->program ? g_strdup(spec->program) : g_file_read_link("/proc/self/exe", NULL);
    if (program && g_file_test(program, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&program);
    ingot_set_error(error, INGOT_EXIT_HOST, "start ingot again",
                    "the program %s has been replaced while it runs", program ? program : "ingot");
    return NULL;
}

/* The host's libraries, the program, and the tree. */
static GSubprocess *tree_start(const tree *t, const struct tree_spec *spec, const char *program,
                               int socket, GError **error)
{
    static const char *const host[] = {"/usr",    "/lib", "/lib32",          "/lib64",
                                       "/libx32", "/bin", "/etc/ld.so.cache"};
    static const char *const argv[] = {SERVER_AT, SERVER_ROOT, NULL};
    static const char *const env[] = {"LC_ALL=C", NULL};
    struct sandbox_mount mounts[G_N_ELEMENTS(host) + 4] = {{"/", NULL, TRUE}};
    gsize n = 1;
    for (gsize i = 0; i < G_N_ELEMENTS(host); i++)
        if (g_file_test(host[i], G_FILE_TEST_EXISTS))
            mounts[n++] = (struct sandbox_mount){host[i], host[i], FALSE};
    mounts[n++] = (struct sandbox_mount){SERVER_AT, program, FALSE};
    mounts[n++] = (struct sandbox_mount){SERVER_ROOT, t->directory, TRUE};
    const struct sandbox_spec sandbox = {.kind = spec->kind,
                                         .argv = argv,
                                         .env = env,
                                         .mounts = mounts,
                                         .socket = socket,
                                         .processes = SERVER_PROCESSES};
    return sandbox_start(&sandbox, error);
}

static gboolean tree_greet(tree *t, GError **error)
{
    const struct message_request request = {.op = MESSAGE_HELLO, .path = "/"};
    g_auto(tree_answer) answer = {0};
    if (!tree_ask(t, &request, -1, &answer, error))
        return FALSE;
    if (strcmp(answer.reply.text, INGOT_VERSION) == 0)
        return TRUE;
    ingot_set_error(error, INGOT_EXIT_HOST, "start ingot again",
                    "ingot has been replaced by another version while it runs");
    return FALSE;
}

static gboolean tree_connect(tree *t, const struct tree_spec *spec, GError **error)
{
    int ends[2];
    g_autofree char *program = tree_program(spec, error);
    if (!program)
        return FALSE;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        ingot_set_error(error, INGOT_EXIT_HOST, NULL, "cannot make a socket: %s",
                        g_strerror(errno));
        return FALSE;
    }
    t->server = tree_start(t, spec, program, ends[1], error);
    close(ends[1]);
    if (t->server)
        t->socket = ends[0];
    else
        close(ends[0]);
    return t->server && tree_greet(t, error);
}

tree *tree_open(const struct tree_spec *spec, GCancellable *cancel, GError **error)
{
    g_autoptr(tree) t = g_new0(tree, 1);
    g_mutex_init(&t->mutex);
    t->socket = -1;
    t->directory = g_strdup(spec->directory);
    t->cancel = cancel ? g_object_ref(cancel) : NULL;
    if (!g_file_test(spec->directory, G_FILE_TEST_IS_DIR) &&
        !sandbox_make_directory(spec->directory, spec->kind, error))
        return NULL;
    return tree_connect(t, spec, error) ? g_steal_pointer(&t) : NULL;
}

void tree_close(tree *t)
{
    if (!t)
        return;
    tree_end_server(t);
    g_clear_object(&t->cancel);
    g_mutex_clear(&t->mutex);
    g_free(t->directory);
    g_free(t);
}

gboolean tree_remove(const struct tree_spec *spec, GError **error)
{
    return sandbox_remove_directory(spec->directory, spec->kind, error);
}
