/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "install/install.h"

/* An installing program in a sandbox, as a source of lines.  Private to the room; runs in the
 * thread's default main context. */

typedef struct program program;

struct program_calls {
    void (*data)(const char *bytes, gsize length, gpointer user); /* what it writes, unmasked */
    /* The last call: all that it wrote was given, and its status is as wait(2) has it. */
    void (*gone)(int status, gpointer user);
    gpointer user;
};

/* Starts spec->sandbox; what it writes goes, masked, into log.log too.  The caller owns it. */
program *program_start(const struct install_spec *spec, const struct program_calls *calls,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void program_free(program *p); /* kills what still runs; NULL is fine */
