/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "base/digest.h"
#include "stages/stages.h"

/* The seed of a machine that boots its medium by itself.  Private to the room. */

#define SEED_LOG "seed.log" /* in log_dir: the requests to the server, a line each */

struct build_seed {
    seed_server *server;
    char *command;
    struct install_boot_command boot_command;
};

/* Starts the server; seed_end in any case. */
gboolean seed_begin(build *b, struct build_seed *seed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Stops the server; its requests go into log_dir/seed.log. */
void seed_end(const build *b, struct build_seed *seed);

/* Everything of it that the guest is given, but for the address of the server. */
void seed_add_inputs(const plan *p, digest *d);
