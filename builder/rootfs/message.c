/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_TYPE "(uayayuutbaayay)"
#define STAT_TYPE    "(uuuutttxu)"
#define REPLY_TYPE   "(uayaaya" STAT_TYPE "tay)"

GQuark tree_error_quark(void)
{
    return g_quark_from_static_string("ingot-tree-error");
}

int tree_errno(const GError *error)
{
    return error && error->domain == TREE_ERROR ? error->code : 0;
}

/* ---- encoding ---- */

static GVariant *message_from_data(GBytes *data)
{
    return data ? g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, data, TRUE)
                : g_variant_new_from_data(G_VARIANT_TYPE_BYTESTRING, "", 0, TRUE, NULL, NULL);
}

static GBytes *message_flatten(GVariant *variant)
{
    g_autoptr(GVariant) sunk = g_variant_ref_sink(variant);
    return g_variant_get_data_as_bytes(sunk);
}

GBytes *message_encode_request(const struct message_request *q)
{
    static const char *const none[] = {NULL};
    return message_flatten(g_variant_new("(u^ay^ayuutb^aay@ay)", q->op, q->path ? q->path : "",
                                         q->text ? q->text : "", q->a, q->b, q->number, q->flag,
                                         q->names ? q->names : none, message_from_data(q->data)));
}

static GVariant *message_from_stats(const GArray *stats)
{
    GVariantBuilder builder;
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a" STAT_TYPE));
    for (guint i = 0; stats && i < stats->len; i++) {
        const struct tree_stat *s = &g_array_index(stats, struct tree_stat, i);
        g_variant_builder_add(&builder, STAT_TYPE, s->mode, s->uid, s->gid, s->links, s->size,
                              s->inode, s->device, s->mtime, s->mtime_nsec);
    }
    return g_variant_builder_end(&builder);
}

GBytes *message_encode_reply(const struct message_reply *r)
{
    static const char *const none[] = {NULL};
    return message_flatten(g_variant_new("(u^ay^aay@a" STAT_TYPE "t@ay)", r->code,
                                         r->text ? r->text : "", r->names ? r->names : none,
                                         message_from_stats(r->stats), r->number,
                                         message_from_data(r->data)));
}

/* ---- decoding ---- */

void message_owner_clear(struct message_owner *owner)
{
    g_clear_pointer(&owner->names, g_strfreev);
    g_clear_pointer(&owner->stats, g_array_unref);
    g_clear_pointer(&owner->data, g_bytes_unref);
    g_clear_pointer(&owner->held, g_ptr_array_unref);
    g_clear_pointer(&owner->variant, g_variant_unref);
}

/* A child of the message that lives as long as its owner. */
static GVariant *message_child(struct message_owner *owner, gsize index)
{
    GVariant *child = g_variant_get_child_value(owner->variant, index);
    g_ptr_array_add(owner->held, child);
    return child;
}

/* NULL: not one string up to its only NUL. */
static const char *message_text(GVariant *bytes)
{
    gsize length = 0;
    const char *text = g_variant_get_fixed_array(bytes, &length, 1);
    return length && memchr(text, '\0', length) == text + length - 1 ? text : NULL;
}

static gboolean message_names(struct message_owner *owner, gsize index)
{
    GVariant *array = message_child(owner, index);
    gsize n = g_variant_n_children(array);
    owner->names = g_new0(char *, n + 1);
    for (gsize i = 0; i < n; i++) {
        g_autoptr(GVariant) child = g_variant_get_child_value(array, i);
        const char *text = message_text(child);
        if (!text)
            return FALSE;
        owner->names[i] = g_strdup(text);
    }
    return TRUE;
}

static void message_stats(struct message_owner *owner, gsize index)
{
    GVariantIter iter;
    struct tree_stat s;
    g_variant_iter_init(&iter, message_child(owner, index));
    owner->stats = g_array_new(FALSE, TRUE, sizeof s);
    while (g_variant_iter_next(&iter, STAT_TYPE, &s.mode, &s.uid, &s.gid, &s.links, &s.size,
                               &s.inode, &s.device, &s.mtime, &s.mtime_nsec))
        g_array_append_val(owner->stats, s);
}

static gboolean message_open(struct message_owner *owner, const char *type, GBytes *bytes)
{
    owner->held = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
    if (g_bytes_get_size(bytes) > MESSAGE_MAX)
        return FALSE;
    owner->variant =
        g_variant_ref_sink(g_variant_new_from_bytes(G_VARIANT_TYPE(type), bytes, FALSE));
    return g_variant_is_normal_form(owner->variant);
}

gboolean message_decode_request(GBytes *bytes, struct message_request *q,
                                struct message_owner *owner)
{
    if (!message_open(owner, REQUEST_TYPE, bytes) || !message_names(owner, 7))
        return FALSE;
    owner->data = g_variant_get_data_as_bytes(message_child(owner, 8));
    *q = (struct message_request){.op = g_variant_get_uint32(message_child(owner, 0)),
                                  .path = message_text(message_child(owner, 1)),
                                  .text = message_text(message_child(owner, 2)),
                                  .a = g_variant_get_uint32(message_child(owner, 3)),
                                  .b = g_variant_get_uint32(message_child(owner, 4)),
                                  .number = g_variant_get_uint64(message_child(owner, 5)),
                                  .flag = g_variant_get_boolean(message_child(owner, 6)),
                                  .names = (const char *const *)owner->names,
                                  .data = owner->data};
    return q->op < MESSAGE_OPS && q->path && q->text && g_bytes_get_size(q->data) <= MESSAGE_DATA;
}

gboolean message_decode_reply(GBytes *bytes, struct message_reply *r, struct message_owner *owner)
{
    if (!message_open(owner, REPLY_TYPE, bytes) || !message_names(owner, 2))
        return FALSE;
    message_stats(owner, 3);
    owner->data = g_variant_get_data_as_bytes(message_child(owner, 5));
    *r = (struct message_reply){.code = g_variant_get_uint32(message_child(owner, 0)),
                                .text = message_text(message_child(owner, 1)),
                                .names = (const char *const *)owner->names,
                                .stats = owner->stats,
                                .number = g_variant_get_uint64(message_child(owner, 4)),
                                .data = owner->data};
    return r->text && r->code <= G_MAXINT && g_bytes_get_size(r->data) <= MESSAGE_DATA;
}

/* ---- the socket ---- */

static enum message_result message_wait(const struct message_peer *peer, gushort events)
{
    GPollFD polled[2] = {{.fd = peer->socket, .events = events}};
    gboolean both = g_cancellable_make_pollfd(peer->cancel, &polled[1]);
    while (g_poll(polled, both ? 2 : 1, -1) < 0 && errno == EINTR)
        continue;
    if (both)
        g_cancellable_release_fd(peer->cancel);
    return g_cancellable_is_cancelled(peer->cancel) ? MESSAGE_CANCELLED : MESSAGE_GOOD;
}

static gboolean message_again(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* The descriptor goes along with the first byte: unix(7), SCM_RIGHTS. */
static ssize_t message_push(int socket, const void *data, gsize size, int fd)
{
    struct iovec part = {(void *)data, size};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control.space;
        control.head = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static enum message_result message_push_all(const struct message_peer *peer, const char *data,
                                            gsize size, int fd)
{
    while (size) {
        ssize_t n = message_push(peer->socket, data, size, fd);
        if (n < 0 && !message_again())
            return MESSAGE_CLOSED;
        enum message_result waited = n < 0 || g_cancellable_is_cancelled(peer->cancel)
                                         ? message_wait(peer, G_IO_OUT)
                                         : MESSAGE_GOOD;
        if (waited != MESSAGE_GOOD)
            return waited;
        if (n < 0)
            continue;
        data += n;
        size -= (gsize)n;
        fd = -1;
    }
    return MESSAGE_GOOD;
}

enum message_result message_send(const struct message_peer *peer, GBytes *bytes, int fd)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    guint32 length = (guint32)size;
    if (size > MESSAGE_MAX)
        return MESSAGE_BAD;
    enum message_result result = message_push_all(peer, (const char *)&length, sizeof length, fd);
    return result == MESSAGE_GOOD ? message_push_all(peer, data, size, -1) : result;
}

/* Keeps one descriptor and closes any other that comes. */
static gboolean message_take(struct msghdr *message, int *fd)
{
    gboolean good = !(message->msg_flags & MSG_CTRUNC);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        if (*fd >= 0)
            close(*fd);
        memcpy(fd, CMSG_DATA(c), sizeof *fd);
    }
    return good;
}

/* One read; 0: the other end has closed. */
static ssize_t message_pull(int socket, void *data, gsize size, int *fd)
{
    struct iovec part = {data, size};
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control.space;
    }
    ssize_t n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n > 0 && fd && !message_take(&message, fd))
        return 0;
    return n;
}

static enum message_result message_pull_all(const struct message_peer *peer, char *data, gsize size,
                                            int *fd)
{
    while (size) {
        enum message_result waited = message_wait(peer, G_IO_IN);
        if (waited != MESSAGE_GOOD)
            return waited;
        ssize_t n = message_pull(peer->socket, data, size, fd);
        if (n == 0 || (n < 0 && !message_again()))
            return MESSAGE_CLOSED;
        if (n > 0) {
            data += n;
            size -= (gsize)n;
        }
    }
    return MESSAGE_GOOD;
}

enum message_result message_receive(const struct message_peer *peer, GBytes **bytes, int *fd)
{
    guint32 length = 0;
    if (fd)
        *fd = -1;
    enum message_result result = message_pull_all(peer, (char *)&length, sizeof length, fd);
    if (result == MESSAGE_GOOD && length > MESSAGE_MAX)
        result = MESSAGE_BAD;
    if (result == MESSAGE_GOOD) {
        char *data = g_malloc(length + 1);
        result = message_pull_all(peer, data, length, NULL);
        if (result == MESSAGE_GOOD)
            *bytes = g_bytes_new_take(data, length);
        else
            g_free(data);
    }
    if (result != MESSAGE_GOOD && fd && *fd >= 0)
        close(g_steal_fd(fd));
    return result;
}
