/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sandbox/ids.h"
#include "sandbox/sandbox.h"

/* What the helper process is to do, on its way there in an anonymous file: the list of arguments of
 * a process is visible to everybody on the host. */

enum sandbox_task {
    TASK_START,  /* a program in a sandbox; an argv without items: see whether one can be made */
    TASK_OWN,    /* gives argv[0], an empty directory, to UID 0 of sandboxes */
    TASK_REMOVE, /* removes argv[0] */
};

/* The helper's descriptors. */
enum { HELPER_REQUEST = 3, HELPER_REPORT = 4, HELPER_SOCKET = 5 };

struct sandbox_request {
    enum sandbox_task task;
    struct sandbox_ids ids;
    gboolean socket; /* there is HELPER_SOCKET */
    struct sandbox_spec spec;
    GVariant *data; /* holds the strings */
};

/* The descriptor of an anonymous file, for the caller to close. */
int sandbox_request_write(const struct sandbox_request *request,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FALSE with errno set. */
gboolean sandbox_request_read(int fd, struct sandbox_request *request) G_GNUC_WARN_UNUSED_RESULT;
