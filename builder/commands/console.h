/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "commands/commands.h"

#include <termios.h>

/* The parts of `ingot console`. */

#define CONSOLE_DETACH 0x1d /* Ctrl-], as in telnet and virsh console */

/* Lets each key through as it is pressed; FALSE when standard input is no terminal.  saved: for
 * console_cooked. */
gboolean console_raw(struct termios *saved);
void console_cooked(const struct termios *saved);

/* Quits the main loop. */
void console_on_cancel(GCancellable *cancel, gpointer loop);

/* Shows the text on the screen of the machine whose VNC socket this is: on a terminal until Ctrl-],
 * or the machine's end; else once. */
gboolean console_screen(struct call *c, const char *socket_path,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
