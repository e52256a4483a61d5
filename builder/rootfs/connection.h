/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "rootfs/message.h"

/* A tree's server, as its client sees it: tree_open and tree_close are here. */

/* What a request brought; cleared by the caller, also on error. */
typedef struct tree_answer {
    struct message_reply reply;
    struct message_owner owner;
} tree_answer;
void tree_answer_clear(tree_answer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tree_answer, tree_answer_clear)

/* Asks and waits.  fd goes along and is closed (-1: none). */
gboolean tree_ask(tree *t, const struct message_request *request, int fd, tree_answer *answer,
                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A reply is not what the request allows: ends the server. */
gboolean tree_refuse(tree *t, GError **error);
