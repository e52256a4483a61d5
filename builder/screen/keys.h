/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "screen/bootcmd.h"

/* What the language and the typist know about a keyboard.  Private to the room.  The layout is
 * that of a US keyboard, QEMU's "en-us". */

#define KEYS_BACKSPACE  0xff08u
#define KEYS_LEFT_SHIFT 0xffe1u

/* In any case of letters; NULL: there is none of that name. */
const struct bootcmd_key *keys_find(const char *name, gsize length);
/* The nearest one, or NULL. */
const char *keys_nearest(const char *name);

gboolean keys_is_modifier(guint32 keysym);
gboolean keys_is_shift(guint32 keysym);

/* Of a printable character of ASCII: whether Shift is held for it, and what its key makes without
 * and with Shift. */
gboolean keys_needs_shift(char c);
char keys_unshifted(char c);
char keys_shifted(char c);
