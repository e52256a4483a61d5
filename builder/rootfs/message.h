/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/tree.h"

/* What a tree and its server say to each other: one request at a time and one reply to it, each a
 * length and a GVariant in normal form.  Both ends check everything: the server works on hostile
 * files, so what it replies may be hostile too. */

#define MESSAGE_DESCRIPTOR 3          /* the server's end */
#define MESSAGE_MAX        (8u << 20) /* bytes: a directory of 200000 names */
#define MESSAGE_DATA       (1u << 20) /* bytes of a file in one message */

enum message_op {
    MESSAGE_HELLO,
    MESSAGE_STAT,
    MESSAGE_STAT_LIST,
    MESSAGE_LIST,
    MESSAGE_GLOB,
    MESSAGE_READLINK,
    MESSAGE_READ,
    MESSAGE_WRITE,
    MESSAGE_TRUNCATE,
    MESSAGE_UNLINK,
    MESSAGE_MKDIRS,
    MESSAGE_CHMOD,
    MESSAGE_CHOWN,
    MESSAGE_SYMLINK,
    MESSAGE_USAGE,
    MESSAGE_SEND,
    MESSAGE_SEND_NAMES,
    MESSAGE_RECEIVE,
    MESSAGE_MARK,
    MESSAGE_SEND_LAYER,
    MESSAGE_OPS
};

/* What an operation does not need is NULL or 0. */
struct message_request {
    guint op; /* enum message_op */
    const char *path, *text;
    guint a, b;
    guint64 number;
    gboolean flag;
    const char *const *names;
    GBytes *data;
};

struct message_reply {
    guint code;       /* errno of the failure; 0: none */
    const char *text; /* what was read, or what failed */
    const char *const *names;
    GArray *stats; /* of struct tree_stat */
    guint64 number;
    GBytes *data;
};

/* Decoded messages own what their fields lead to. */
struct message_owner {
    GVariant *variant;
    GPtrArray *held; /* of GVariant */
    char **names;
    GArray *stats;
    GBytes *data;
};
void message_owner_clear(struct message_owner *owner);

/* The caller owns the bytes. */
GBytes *message_encode_request(const struct message_request *request);
GBytes *message_encode_reply(const struct message_reply *reply);

/* FALSE: it is not such a message.  The owner is cleared by the caller, also then. */
gboolean message_decode_request(GBytes *bytes, struct message_request *request,
                                struct message_owner *owner) G_GNUC_WARN_UNUSED_RESULT;
gboolean message_decode_reply(GBytes *bytes, struct message_reply *reply,
                              struct message_owner *owner) G_GNUC_WARN_UNUSED_RESULT;

/* An end of the connection: a socket that does not block. */
struct message_peer {
    int socket;
    GCancellable *cancel; /* ends a wait; may be NULL */
};

enum message_result { MESSAGE_GOOD, MESSAGE_CLOSED, MESSAGE_BAD, MESSAGE_CANCELLED };

/* fd: a descriptor that goes along, which stays the caller's; -1: none. */
enum message_result message_send(const struct message_peer *peer, GBytes *bytes, int fd);
/* The caller owns *bytes and the descriptor.  fd NULL: descriptors are refused. */
enum message_result message_receive(const struct message_peer *peer, GBytes **bytes, int *fd);
