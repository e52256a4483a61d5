/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "screen/screen.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A frame of a guest: two bytes for its width, two for its height, then indexes into four colours,
 * again from the start when there are too few. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const guint32 colours[] = {0, 0xa8a8a8, 0x0000a8, 0xffffff};
    if (size < 5)
        return 0;
    struct screen_frame frame = {.width = ((guint)data[0] << 8 | data[1]) % 740 + 1,
                                 .height = ((guint)data[2] << 8 | data[3]) % 420 + 1};
    gsize count = (gsize)frame.width * frame.height;
    g_autofree guint32 *pixels = g_new(guint32, count);
    for (gsize i = 0; i < count; i++)
        pixels[i] = colours[data[4 + i / 4 % (size - 4)] >> (i % 4 * 2) & 3];
    frame.pixels = pixels;
    g_autoptr(screen_fonts) fonts = screen_fonts_new();
    struct screen_reading r;
    g_autofree char *text = screen_text(&frame, fonts, &r);
    g_assert(g_utf8_validate(text, -1, NULL));
    g_assert(r.matched <= r.shown && r.shown <= r.columns * r.rows);
    g_assert(r.font || (!r.readable && !*text));
    for (const char *c = text; *c; c++)
        g_assert((guchar)*c >= ' ' || *c == '\n');
    return 0;
}
