/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs/message.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* GVariant's normal form is the only one, so what was decoded encodes to the same bytes. */
static void check(GBytes *from, GBytes *again)
{
    g_assert(g_bytes_equal(from, again));
    g_bytes_unref(again);
}

static void as_request(GBytes *bytes)
{
    struct message_request request;
    struct message_owner owner = {0};
    if (message_decode_request(bytes, &request, &owner)) {
        g_assert(request.op < MESSAGE_OPS && request.path && request.text && request.names);
        check(bytes, message_encode_request(&request));
    }
    message_owner_clear(&owner);
}

static void as_reply(GBytes *bytes)
{
    struct message_reply reply;
    struct message_owner owner = {0};
    if (message_decode_reply(bytes, &reply, &owner)) {
        g_assert(reply.text && reply.names && reply.stats && reply.data);
        check(bytes, message_encode_reply(&reply));
    }
    message_owner_clear(&owner);
}

/* Any bytes as either message between a tree and its server. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    as_request(bytes);
    as_reply(bytes);
    return 0;
}
