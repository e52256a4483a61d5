/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "sandbox/request.h"

/* The two ends of a socket between the helper and the first process of the sandbox. */
enum {
    SYNC_GO = 'g',      /* to init: you are in your control groups */
    SYNC_RLIMITS = 'r', /* to init: there are none */
    SYNC_INNER = 'i',   /* from init: I have a new user namespace; to it: that is mapped */
};

/* The first process of the sandbox: mounts, drops its rights, starts the program, reaps everything,
 * and writes the program's wait status (an int) to sync. */
void init_main(const struct sandbox_request *request, int sync) G_GNUC_NORETURN;
