/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <glib.h>

/* Texts that a boot command waits for, on the screen or on the serial console.  Private to the
 * room. Each run of white space counts as one blank, so a text can continue on the next line. */

gboolean expect_on_screen(const char *text, const char *wanted);

/* Takes the text out of serial, with all that came before it: it does not count twice. */
gboolean expect_in_serial(GString *serial, const char *wanted);

/* The last lines that say something, printable, each after "\n  "; "" when there are none.  The
 * caller owns the text. */
char *expect_last_lines(const char *text);
