/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "../test.h"

#include "screen/fonts.h"

/* Frames that a test paints, pixel by pixel as a VGA would, from the fonts of this host's VGA
 * BIOS; it reads the ROM by itself, not through the room that is tested. */

struct painted {
    struct screen_frame frame;
    guint32 *pixels;
    char *rom;          /* the table of one font */
    guint cell, height; /* pixels of a character */
    guint left, top;
};

#define GREY  0xa8a8a8u
#define BLACK 0u

/* Skips the test when this host has no VGA BIOS.  cell: 8 or 9; height: 8, 14 or 16. */
struct painted *painted_new(guint width, guint height, guint cell, guint glyph_height);
void painted_free(struct painted *p);

/* One character of code page 437. */
void painted_put(struct painted *p, guint column, guint row, guint8 code, guint32 ink,
                 guint32 paper);
/* ASCII in grey on black. */
void painted_text(struct painted *p, guint column, guint row, const char *text);
/* One rectangle of pixels. */
void painted_fill(struct painted *p, guint x, guint y, guint width, guint height, guint32 colour);
/* Pixels without any order. */
void painted_noise(struct painted *p, guint32 seed);

/* The text of the frame; owned by the caller. */
char *painted_read(const struct painted *p, struct screen_reading *reading);
