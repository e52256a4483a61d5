/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gio/gio.h>

/* The machine of a build that installs, in this or another process of this user. */

struct running {
    char *name, *dir; /* of the build, of its sockets */
    int pid;
};
void running_free(struct running *r);

/* The one of that build; name NULL: the only one.  command is for the hint.  Owned by the caller.
 * Error: INGOT_EXIT_USAGE, there is none or there are several. */
struct running *running_find(const char *name, const char *command,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Connects to a socket of it; owned by the caller. */
GSocket *running_connect(const struct running *r, const char *socket_name,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Says "resume" or "stop" to a machine that is kept (install/install.h).  Error: INGOT_EXIT_USAGE
 * when it is not. */
gboolean running_say(const char *name, const char *word, GError **error) G_GNUC_WARN_UNUSED_RESULT;
