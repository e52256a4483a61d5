/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/connection.h"

#include <string.h>

#define TREE_NAME_MAX 255u /* bytes: NAME_MAX of Linux */

/* A call that answers nothing. */
static gboolean tree_tell(tree *t, const struct message_request *q, int fd, GError **error)
{
    g_auto(tree_answer) answer = {0};
    return tree_ask(t, q, fd, &answer, error);
}

/* ---- looking ---- */

gboolean tree_stat(tree *t, const char *path, gboolean follow, struct tree_stat *info,
                   GError **error)
{
    const struct message_request q = {.op = MESSAGE_STAT, .path = path, .flag = follow};
    g_auto(tree_answer) answer = {0};
    if (!tree_ask(t, &q, -1, &answer, error))
        return FALSE;
    if (answer.reply.stats->len != 1)
        return tree_refuse(t, error);
    *info = g_array_index(answer.reply.stats, struct tree_stat, 0);
    return TRUE;
}

GArray *tree_stat_list(tree *t, const char *directory, const char *const *names, GError **error)
{
    const struct message_request q = {.op = MESSAGE_STAT_LIST, .path = directory, .names = names};
    g_auto(tree_answer) answer = {0};
    if (!tree_ask(t, &q, -1, &answer, error))
        return NULL;
    if (answer.reply.stats->len == g_strv_length((char **)names))
        return g_steal_pointer(&answer.owner.stats);
    (void)tree_refuse(t, error);
    return NULL;
}

static gboolean tree_is_name(const char *name)
{
    return *name && strlen(name) <= TREE_NAME_MAX && !strchr(name, '/') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static gboolean tree_is_path(const char *path)
{
    return *path == '/';
}

static char **tree_ask_names(tree *t, const struct message_request *q,
                             gboolean (*valid)(const char *name), GError **error)
{
    g_auto(tree_answer) answer = {0};
    if (!tree_ask(t, q, -1, &answer, error))
        return NULL;
    for (char **name = answer.owner.names; *name; name++)
        if (!valid(*name)) {
            (void)tree_refuse(t, error);
            return NULL;
        }
    return g_steal_pointer(&answer.owner.names);
}

char **tree_list(tree *t, const char *directory, GError **error)
{
    const struct message_request q = {.op = MESSAGE_LIST, .path = directory};
    return tree_ask_names(t, &q, tree_is_name, error);
}

char **tree_glob(tree *t, const char *pattern, GError **error)
{
    const struct message_request q = {.op = MESSAGE_GLOB, .path = pattern};
    return tree_ask_names(t, &q, tree_is_path, error);
}

char *tree_readlink(tree *t, const char *path, GError **error)
{
    const struct message_request q = {.op = MESSAGE_READLINK, .path = path};
    g_auto(tree_answer) answer = {0};
    return tree_ask(t, &q, -1, &answer, error) ? g_strdup(answer.reply.text) : NULL;
}

gboolean tree_usage(tree *t, guint64 *bytes, GError **error)
{
    const struct message_request q = {.op = MESSAGE_USAGE, .path = "/"};
    g_auto(tree_answer) answer = {0};
    if (!tree_ask(t, &q, -1, &answer, error))
        return FALSE;
    *bytes = answer.reply.number;
    return TRUE;
}

/* ---- contents ---- */

/* *end: there is no more. */
static gboolean tree_read_piece(tree *t, const char *path, GByteArray *to, guint64 offset,
                                gsize size, gboolean *end, GError **error)
{
    const struct message_request q = {
        .op = MESSAGE_READ, .path = path, .a = (guint)MIN(size, MESSAGE_DATA), .number = offset};
    g_auto(tree_answer) answer = {0};
    if (!tree_ask(t, &q, -1, &answer, error))
        return FALSE;
    gsize got;
    const guint8 *data = g_bytes_get_data(answer.reply.data, &got);
    if (got > q.a)
        return tree_refuse(t, error);
    g_byte_array_append(to, data, (guint)got);
    *end = got < q.a;
    return TRUE;
}

GBytes *tree_read(tree *t, const char *path, guint64 offset, gsize size, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    gboolean end = FALSE;
    g_return_val_if_fail(size < G_MAXUINT, NULL);
    do {
        if (!tree_read_piece(t, path, all, offset + all->len, size - all->len, &end, error))
            return NULL;
    } while (!end && all->len < size);
    return g_byte_array_free_to_bytes(g_steal_pointer(&all));
}

gboolean tree_write(tree *t, const char *path, const void *data, gsize size, GError **error)
{
    gsize done = 0;
    do {
        gsize part = MIN(size - done, MESSAGE_DATA);
        g_autoptr(GBytes) bytes = g_bytes_new_static((const char *)data + done, part);
        const struct message_request q = {
            .op = MESSAGE_WRITE, .path = path, .number = done, .data = bytes};
        if (!tree_tell(t, &q, -1, error))
            return FALSE;
        done += part;
    } while (done < size);
    return TRUE;
}

gboolean tree_truncate(tree *t, const char *path, GError **error)
{
    const struct message_request q = {.op = MESSAGE_TRUNCATE, .path = path};
    return tree_tell(t, &q, -1, error);
}

/* ---- names ---- */

gboolean tree_unlink(tree *t, const char *path, gboolean all, GError **error)
{
    const struct message_request q = {.op = MESSAGE_UNLINK, .path = path, .flag = all};
    return tree_tell(t, &q, -1, error);
}

gboolean tree_mkdirs(tree *t, const char *path, GError **error)
{
    const struct message_request q = {.op = MESSAGE_MKDIRS, .path = path};
    return tree_tell(t, &q, -1, error);
}

gboolean tree_symlink(tree *t, const char *target, const char *path, gboolean replace,
                      GError **error)
{
    const struct message_request q = {
        .op = MESSAGE_SYMLINK, .path = path, .text = target, .flag = replace};
    return tree_tell(t, &q, -1, error);
}

/* ---- how they are ---- */

gboolean tree_chmod(tree *t, const char *path, guint mode, GError **error)
{
    const struct message_request q = {.op = MESSAGE_CHMOD, .path = path, .a = mode};
    return tree_tell(t, &q, -1, error);
}

gboolean tree_chown(tree *t, const char *path, guint uid, guint gid, GError **error)
{
    const struct message_request q = {.op = MESSAGE_CHOWN, .path = path, .a = uid, .b = gid};
    return tree_tell(t, &q, -1, error);
}

/* ---- streams ---- */

gboolean tree_send(tree *t, const char *directory, const char *const *excludes, int fd,
                   GError **error)
{
    const struct message_request q = {.op = MESSAGE_SEND, .path = directory, .names = excludes};
    return tree_tell(t, &q, fd, error);
}

gboolean tree_send_names(tree *t, const char *directory, int fd, GError **error)
{
    const struct message_request q = {.op = MESSAGE_SEND_NAMES, .path = directory};
    return tree_tell(t, &q, fd, error);
}

gboolean tree_receive(tree *t, const char *directory, int fd, GError **error)
{
    const struct message_request q = {.op = MESSAGE_RECEIVE, .path = directory};
    return tree_tell(t, &q, fd, error);
}

gboolean tree_mark(tree *t, GError **error)
{
    const struct message_request q = {.op = MESSAGE_MARK, .path = "/"};
    return tree_tell(t, &q, -1, error);
}

gboolean tree_send_layer(tree *t, gboolean changes, int fd, GError **error)
{
    const struct message_request q = {.op = MESSAGE_SEND_LAYER, .path = "/", .flag = changes};
    return tree_tell(t, &q, fd, error);
}
