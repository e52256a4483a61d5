/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "screen/bootcmd.h"

/* The typist's keyboard: which keys are down, and Shift for characters that need it.  Private to
 * the room. */

struct keyboard {
    struct typist_port port;
    GArray *down; /* of guint32: keysyms */
};

void keyboard_init(struct keyboard *k, const struct typist_port *port);
/* Lets go of all keys; the port is not freed. */
void keyboard_clear(struct keyboard *k);
/* The same; an error of the port is of no use then. */
void keyboard_release_all(struct keyboard *k);

/* Errors of these: those of port->key. */
gboolean keyboard_key(struct keyboard *k, guint32 keysym, gboolean down,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean keyboard_press(struct keyboard *k, guint32 keysym,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean keyboard_type(struct keyboard *k, char c, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The character that the key produces now: with Shift down it is a different one. */
char keyboard_character(const struct keyboard *k, char c);
/* Whether a modifier other than Shift is down: then a character is a command and makes no sign. */
gboolean keyboard_is_command(const struct keyboard *k);
