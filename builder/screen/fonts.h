/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "screen/screen.h"

/* The fonts that firmware and text mode draw with, ordered for looking up a cell of the screen. */

/* The tallest one here (EDK2). */
#define FONT_HIGHEST 19u

/* A cell: a bit for each pixel in the colour of the letter; bit 0 of a row is its first pixel.
 * Rows that the font has not are 0. */
struct font_bits {
    guint16 rows[FONT_HIGHEST];
};

struct font_glyph {
    struct font_bits bits;
    guint16 code; /* Unicode */
};

struct font {
    const char *name;
    guint width, height;
    gboolean centred; /* its grid is in the middle of the screen; else at the top left, */
    guint margin;     /* with this many pixels around it */
    GArray *glyphs;   /* struct font_glyph; printable ASCII first */
    guint16 *slots;   /* a hash table: 1 + index in glyphs, 0: free */
};

/* All fonts, in the order in which they are tried; they belong to fonts. */
const GPtrArray *fonts_list(const screen_fonts *fonts);

/* The character that looks like this, or 0. */
guint16 font_find(const struct font *f, const struct font_bits *bits);

/* The rows of a cell that is in one colour. */
static inline guint16 font_row_mask(const struct font *f)
{
    return (guint16)((1u << f->width) - 1);
}
