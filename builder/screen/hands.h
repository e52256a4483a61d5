/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "screen/bootcmd.h"

/* The keys of a typist: which are down, and Shift for what needs it.  Private to the room. */

struct hands {
    struct typist_port port;
    GArray *down; /* of guint32: keysyms */
};

void hands_init(struct hands *h, const struct typist_port *port);
/* Lets go of all keys; the port is not freed. */
void hands_clear(struct hands *h);
/* The same; an error of the port is of no use then. */
void hands_release_all(struct hands *h);

/* Errors of these: those of port->key. */
gboolean hands_key(struct hands *h, guint32 keysym, gboolean down,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean hands_press(struct hands *h, guint32 keysym, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean hands_type(struct hands *h, char c, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What the character's key makes now: with Shift down it is another. */
char hands_make(const struct hands *h, char c);
/* Whether a modifier other than Shift is down: then a character is a command and makes no sign. */
gboolean hands_command(const struct hands *h);
